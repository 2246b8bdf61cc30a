//! Every violation is found, and nothing else is reported.

use super::*;

/// Parses a history, one word for each call: `a` adds the note a, `!k` resets with the key k, `=a,b` reads a and b. A
/// word that ends with `?` had no response.
fn history(text: &str) -> Vec<(Call, bool)> {
    let call = |word: &str| {
        let (word, acknowledged) = word.strip_suffix('?').map_or((word, true), |word| (word, false));
        let call = if let Some(key) = word.strip_prefix('!') {
            Call::Reset(key.to_owned())
        } else if let Some(notes) = word.strip_prefix('=') {
            Call::Read(notes.split(',').filter(|note| !note.is_empty()).map(str::to_owned).collect())
        } else {
            Call::Add(word.to_owned())
        };
        (call, acknowledged)
    };
    text.split_whitespace().map(call).collect()
}

fn violations(text: &str) -> Vec<(Guarantee, String)> {
    check(history(text).iter().map(|(call, acknowledged)| (call, *acknowledged))).into_iter().collect()
}

#[track_caller]
fn violates(text: &str, guarantee: Guarantee, note: &str) {
    assert_eq!(violations(text), [(guarantee, note.to_owned())], "{text}");
}

#[track_caller]
fn holds(text: &str) {
    assert_eq!(violations(text), [], "{text}");
}

#[test]
fn acknowledged_notes_are_stored_once_and_in_order() {
    holds("a b =a,b c =a,b,c");
    violates("a b =b", Guarantee::Lost, "a");
    violates("a b =a", Guarantee::Lost, "b");
    violates("a b =a,b,a", Guarantee::Duplicated, "a");
    violates("a b =b,a", Guarantee::OutOfOrder, "a");
}

#[test]
fn note_without_response_is_optional_anywhere() {
    for text in ["a b? c =a,c", "a b? c =a,b,c", "a b? c =a,c,b", "b? =", "b? =b a =b,a", "b? !k =b"] {
        holds(text);
    }
    violates("a b? =b,a,b", Guarantee::Duplicated, "b");
    violates("a? b =a", Guarantee::Lost, "b");
}

#[test]
fn every_read_is_checked() {
    violates("a b =a =a,b", Guarantee::Lost, "b");
    violates("a =a,z !k =", Guarantee::Leaked, "z");
    holds("a =? =a");
}

#[test]
fn reset_deletes_earlier_notes_only() {
    holds("a b !k = c =c");
    violates("a !k =a", Guarantee::CameBack, "a");
    violates("a !k b =b,a", Guarantee::CameBack, "a");
    violates("a !k b =", Guarantee::Lost, "b");
}

#[test]
fn reset_without_response_may_delete_any_notes() {
    for text in ["a b !k? =", "a b !k? =b", "a b !k? =a,b", "a b !k? c =a,c"] {
        holds(text);
    }
    violates("a !k? b =a", Guarantee::Lost, "b");
}

#[test]
fn repeated_reset_deletes_nothing_more() {
    holds("a !k b !k =b");
    holds("a !k b !k? =b");
    violates("a !k b !k =", Guarantee::ResetTwice, "b");
    violates("a !k b !k? =", Guarantee::ResetTwice, "b");
    violates("a !k b !k c =b", Guarantee::Lost, "c");
    violates("a !k b !k =a,b", Guarantee::CameBack, "a");
    // Another key is another reset.
    holds("a !k b !l =");
    violates("a !k b !k !l =b", Guarantee::CameBack, "b");
    // It was gone before the repetition.
    assert!(violations("a !k b = !k =").contains(&(Guarantee::Lost, "b".to_owned())));
}

#[test]
fn violation_is_reported_once() {
    violates("a b =a =a =a", Guarantee::Lost, "b");
}
