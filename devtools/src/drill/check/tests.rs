//! Every breach is found, and nothing that may be.

use std::time::Duration;

use super::*;
use crate::drill::journal::Entry;

/// One word for each call: `a` adds the note a, `a?` does and is never answered, `!k` resets with the key k, `!k?` without an
/// answer, `=a,b` reads a and b.
fn journal(text: &str) -> Journal {
    let entry = |word: &str| {
        let (word, answered) = word.strip_suffix('?').map_or((word, true), |word| (word, false));
        let call = if let Some(key) = word.strip_prefix('!') {
            Call::Reset(key.to_owned())
        } else if let Some(notes) = word.strip_prefix('=') {
            Call::Read(notes.split(',').filter(|note| !note.is_empty()).map(str::to_owned).collect())
        } else {
            Call::Add(word.to_owned())
        };
        Entry { answered: answered.then_some(Duration::ZERO), ..Entry::begun(call, Duration::ZERO) }
    };
    Journal { entries: text.split_whitespace().map(entry).collect(), ..Journal::default() }
}

fn breaches(text: &str) -> Vec<(Promise, String)> {
    judge([&journal(text)]).into_iter().map(|breach| (breach.promise, breach.note)).collect()
}

#[track_caller]
fn breaks(text: &str, promise: Promise, note: &str) {
    assert_eq!(breaches(text), [(promise, note.to_owned())], "{text}");
}

#[track_caller]
fn holds(text: &str) {
    assert_eq!(breaches(text), [], "{text}");
}

#[test]
fn what_was_acknowledged_is_there_once_and_in_order() {
    holds("a b =a,b c =a,b,c");
    breaks("a b =b", Promise::Lost, "a");
    breaks("a b =a", Promise::Lost, "b");
    breaks("a b =a,b,a", Promise::Duplicated, "a");
    breaks("a b =b,a", Promise::OutOfOrder, "a");
}

#[test]
fn what_nobody_answered_may_be_there_once_or_not_and_anywhere() {
    for text in ["a b? c =a,c", "a b? c =a,b,c", "a b? c =a,c,b", "b? =", "b? =b a =b,a", "b? !k =b"] {
        holds(text);
    }
    breaks("a b? =b,a,b", Promise::Duplicated, "b");
    breaks("a? b =a", Promise::Lost, "b");
}

#[test]
fn what_a_reading_shows_is_judged_even_if_the_next_one_is_right() {
    breaks("a b =a =a,b", Promise::Lost, "b");
    breaks("a =a,z !k =", Promise::Leaked, "z");
    holds("a =? =a");
}

#[test]
fn a_note_of_somebody_else_s_is_found() {
    let mine = journal("mine =mine,yours");
    let yours = journal("yours =yours");
    let breach = Breach { promise: Promise::Leaked, client: 1, note: "yours".to_owned() };
    assert_eq!(judge([&mine, &yours]), [breach]);
}

#[test]
fn a_reset_deletes_what_was_there_and_nothing_else() {
    holds("a b !k = c =c");
    breaks("a !k =a", Promise::CameBack, "a");
    breaks("a !k b =b,a", Promise::CameBack, "a");
    breaks("a !k b =", Promise::Lost, "b");
}

#[test]
fn a_reset_that_nobody_answered_may_have_deleted_all_or_some_or_nothing() {
    for text in ["a b !k? =", "a b !k? =b", "a b !k? =a,b", "a b !k? c =a,c"] {
        holds(text);
    }
    breaks("a !k? b =a", Promise::Lost, "b");
}

#[test]
fn a_reset_that_is_repeated_with_its_key_deletes_nothing_more() {
    holds("a !k b !k =b");
    holds("a !k b !k? =b");
    breaks("a !k b !k =", Promise::ResetTwice, "b");
    breaks("a !k b !k? =", Promise::ResetTwice, "b");
    breaks("a !k b !k c =b", Promise::Lost, "c");
    breaks("a !k b !k =a,b", Promise::CameBack, "a");
    // Another key is another reset.
    holds("a !k b !l =");
    breaks("a !k b !k !l =b", Promise::CameBack, "b");
    // It was gone before the repetition.
    assert!(breaches("a !k b = !k =").contains(&(Promise::Lost, "b".to_owned())));
}

#[test]
fn a_note_is_told_once_however_often_it_is_missed() {
    breaks("a b =a =a =a", Promise::Lost, "b");
}
