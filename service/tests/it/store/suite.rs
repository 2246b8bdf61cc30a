//! Guarantees of every store, one case each.

use std::{collections::BTreeSet, num::NonZeroUsize, sync::Arc, time::Duration};

use aws_sdk_dynamodb::types::AttributeValue;
use mcp_stateful::{
    clock::epoch_seconds,
    principal::Principal,
    session::Session,
    store::{CachedValue, Cursor, NotesPage, PageRequest, Reset, Store},
};
use tokio::time::Instant;

use crate::support::fresh;

mod keyed;
mod once;
mod outside;
mod state;

pub(crate) use keyed::*;
pub(crate) use once::*;
pub(crate) use outside::*;
pub(crate) use state::*;

pub(crate) fn session(name: &str) -> Session {
    Session::open(&Principal::shared(), fresh(name), 0).unwrap()
}

fn in_a_minute() -> Instant {
    Instant::now() + Duration::from_secs(60)
}

async fn all(store: &Store, session: &Session) -> Vec<String> {
    let page = store.notes(session, PageRequest::default()).await.unwrap();
    assert_eq!(page.next, None);
    page.notes
}

/// Puts an item as another writer would.
async fn put(store: &Store, pk: &str, sk: &str, attributes: &[(&str, AttributeValue)]) {
    let mut request = store.client().put_item().table_name(store.table());
    request = request.item("pk", AttributeValue::S(pk.into())).item("sk", AttributeValue::S(sk.into()));
    for (name, value) in attributes {
        request = request.item(*name, value.clone());
    }
    request.send().await.unwrap();
}

fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.into())
}

fn number(number: u64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

pub(crate) async fn notes_come_back_in_order(store: &Store) {
    let session = session("order");
    let written: Vec<String> = (0..60).map(|n| format!("note {n}")).collect();
    for note in &written {
        store.add_note(&session, note).await.unwrap();
    }
    assert_eq!(all(store, &session).await, written);
}

pub(crate) async fn sessions_are_separate(store: &Store) {
    let (a, b) = (session("apart"), session("apart"));
    store.add_note(&a, "of a").await.unwrap();
    store.add_note(&b, "of b").await.unwrap();
    store.reset(&a, in_a_minute()).await.unwrap();
    assert_eq!(all(store, &a).await, [""; 0]);
    assert_eq!(all(store, &b).await, ["of b"]);
}

pub(crate) async fn unwritten_session_is_empty(store: &Store) {
    let session = session("unwritten");
    assert_eq!(store.notes(&session, PageRequest::default()).await, Ok(NotesPage::default()));
    assert_eq!(store.reset(&session, in_a_minute()).await, Ok(Reset { deleted: 0, complete: true }));
}

pub(crate) async fn fifty_writers_lose_and_double_nothing(store: &Store) {
    let session = Arc::new(session("crowd"));
    let writers: Vec<_> = (0..50)
        .map(|writer| {
            let (store, session) = (store.clone(), session.clone());
            tokio::spawn(async move {
                for n in 0..20 {
                    store.add_note(&session, &format!("{writer}/{n}")).await.unwrap();
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    let notes = all(store, &session).await;
    assert_eq!(notes.len(), 1000);
    assert_eq!(notes.iter().collect::<BTreeSet<_>>().len(), 1000);
    for writer in 0..50 {
        let of_writer = notes.iter().filter_map(|note| note.strip_prefix(&format!("{writer}/")));
        assert!(of_writer.eq((0..20).map(|n| n.to_string())), "the notes of writer {writer} are out of order");
    }
}

pub(crate) async fn over_a_megabyte_is_read_and_reset_whole(store: &Store) {
    let session = session("large");
    let big = "x".repeat(300_000);
    for n in 0..8 {
        store.add_note(&session, &format!("{n}{big}")).await.unwrap();
    }
    let notes = all(store, &session).await;
    assert_eq!(notes.iter().map(|note| &note[..1]).collect::<String>(), "01234567");
    assert_eq!(store.reset(&session, in_a_minute()).await, Ok(Reset { deleted: 8, complete: true }));
    assert_eq!(all(store, &session).await, [""; 0]);
}

pub(crate) async fn pages_join_without_gap_or_overlap(store: &Store) {
    let session = session("pages");
    for n in 0..23 {
        store.add_note(&session, &n.to_string()).await.unwrap();
    }
    let (mut after, mut sizes, mut notes) = (None, Vec::new(), Vec::new());
    loop {
        let request = PageRequest { after, limit: NonZeroUsize::new(5), max_bytes: None };
        let page = store.notes(&session, request).await.unwrap();
        sizes.push(page.notes.len());
        notes.extend(page.notes);
        match page.next {
            // A client receives the cursor as text and sends it back as text.
            Some(cursor) => after = Some(Cursor::decode(&session, &cursor.encode(&session)).unwrap()),
            None => break,
        }
    }
    assert_eq!(sizes, [5, 5, 5, 5, 3]);
    assert!(notes.into_iter().eq((0..23).map(|n| n.to_string())));
}

pub(crate) async fn byte_limit_yields_a_cursor(store: &Store) {
    let session = session("bytes");
    for n in 0..4 {
        store.add_note(&session, &n.to_string().repeat(100)).await.unwrap();
    }
    let page = |after, max_bytes| store.notes(&session, PageRequest { after, limit: None, max_bytes: Some(max_bytes) });
    let first = page(None, 250).await.unwrap();
    assert_eq!(first.notes.len(), 2);
    let rest = page(first.next, 250).await.unwrap();
    assert_eq!((rest.notes[0].as_bytes()[0], rest.notes.len(), rest.next), (b'2', 2, None));
    // A single note over the limit is returned all the same. Otherwise no client could read past it.
    assert_eq!(page(None, 1).await.unwrap().notes.len(), 1);
}

pub(crate) async fn expired_items_are_invisible_at_once(store: &Store) {
    let session = session("expired");
    let pk = format!("SESSION#{}", session.id());
    let now = epoch_seconds();
    put(store, &pk, "NOTE#1000000000", &[("note", text("gone")), ("expiresAt", number(now - 1))]).await;
    put(store, &pk, "NOTE#1000000001", &[("note", text("here")), ("expiresAt", number(now + 600))]).await;
    assert_eq!(all(store, &session).await, ["here"]);
    let one = PageRequest { limit: NonZeroUsize::new(1), ..PageRequest::default() };
    assert_eq!(store.notes(&session, one).await.unwrap().notes, ["here"]);
    // A reset counts the visible notes and deletes all of them, visible or not.
    assert_eq!(store.reset(&session, in_a_minute()).await.unwrap().deleted, 1);
    assert_eq!(items(store, &pk).await, [""; 0]);
}

pub(crate) async fn reset_keeps_the_session_item(store: &Store) {
    let session = session("reset");
    for n in 0..60 {
        store.add_note(&session, &n.to_string()).await.unwrap();
    }
    assert_eq!(store.reset(&session, in_a_minute()).await, Ok(Reset { deleted: 60, complete: true }));
    assert_eq!(items(store, &format!("SESSION#{}", session.id())).await, ["META"]);
}

pub(crate) async fn reset_keeps_notes_acknowledged_after_it(store: &Store) {
    let session = Arc::new(session("busy"));
    for n in 0..40 {
        store.add_note(&session, &format!("before {n}")).await.unwrap();
    }
    let writer = {
        let (store, session) = (store.clone(), session.clone());
        tokio::spawn(async move {
            for n in 0..60 {
                store.add_note(&session, &format!("meanwhile {n}")).await.unwrap();
            }
        })
    };
    let reset = store.reset(&session, in_a_minute()).await.unwrap();
    store.add_note(&session, "after").await.unwrap();
    writer.await.unwrap();
    let notes = all(store, &session).await;
    assert!(reset.complete && reset.deleted >= 40, "{reset:?}");
    assert!(!notes.iter().any(|note| note.starts_with("before")), "{notes:?}");
    assert!(notes.contains(&"after".to_owned()));
    // Each note is either counted as deleted or still stored.
    assert_eq!(notes.len() - 1 + reset.deleted, 100);
}

pub(crate) async fn v1_notes_come_first(store: &Store) {
    let session = session("old");
    let pk = format!("SESSION#{}", session.id());
    store.add_note(&session, "new").await.unwrap();
    for (second, note) in [(1_755_360_000_u64, "old 1"), (1_755_360_001, "old 2")] {
        put(store, &pk, &format!("NOTE#{second}"), &[("note", text(note)), ("ts", number(second))]).await;
    }
    assert_eq!(all(store, &session).await, ["old 1", "old 2", "new"]);
    let first = PageRequest { limit: NonZeroUsize::new(1), ..PageRequest::default() };
    let next = store.notes(&session, first).await.unwrap().next;
    let rest = PageRequest { after: next, ..PageRequest::default() };
    assert_eq!(store.notes(&session, rest).await.unwrap().notes, ["old 2", "new"]);
}

pub(crate) async fn session_item_is_updated(store: &Store) {
    let session = session("meta");
    let pk = format!("SESSION#{}", session.id());
    let old = [("userId", text("alice")), ("createdAt", number(5)), ("lastActive", number(5))];
    put(store, &pk, "META", &old).await;
    store.add_note(&session, "note").await.unwrap();
    let request = store.client().get_item().table_name(store.table()).key("pk", text(&pk)).key("sk", text("META"));
    let item = request.consistent_read(true).send().await.unwrap().item.unwrap();
    assert_eq!(item["userId"], text("alice"));
    assert_eq!(item["createdAt"], number(5));
    let last_active: u64 = item["lastActive"].as_n().unwrap().parse().unwrap();
    assert!(last_active >= epoch_seconds() - 5);
}

pub(crate) async fn cached_value_expires(store: &Store) {
    let (tool, now) = (fresh("tool"), epoch_seconds());
    let entry = |expires_at| CachedValue { value: "\"\"".to_owned(), expires_at };
    store.cache(&Principal::shared(), &tool, "key", &entry(now + 600)).await.unwrap();
    assert_eq!(store.cached(&Principal::shared(), &tool, "key").await, Ok(Some(entry(now + 600))));
    store.cache(&Principal::shared(), &tool, "key", &entry(now)).await.unwrap();
    assert_eq!(store.cached(&Principal::shared(), &tool, "key").await, Ok(None));
}

pub(crate) async fn cached_values_of_tools_are_separate(store: &Store) {
    let (tool, other, expires_at) = (fresh("tool"), fresh("tool"), epoch_seconds() + 600);
    let entry = |value: &str| CachedValue { value: value.into(), expires_at };
    store.cache(&Principal::shared(), &tool, "key", &entry("1")).await.unwrap();
    store.cache(&Principal::shared(), &other, "key", &entry("2")).await.unwrap();
    assert_eq!(store.cached(&Principal::shared(), &tool, "key").await, Ok(Some(entry("1"))));
    assert_eq!(store.cached(&Principal::shared(), &other, "key").await, Ok(Some(entry("2"))));
    assert_eq!(store.cached(&Principal::shared(), &tool, "never written").await, Ok(None));
}

pub(crate) async fn cached_value_of_an_earlier_version_is_a_miss(store: &Store) {
    let (tool, expires_at) = (fresh("tool"), epoch_seconds() + 600);
    // The layout of earlier versions, whose sort key is a hash of the key.
    let sk = format!("KEY#{}", "0".repeat(16));
    let old = [("key", text("key")), ("value", text("\"old\"")), ("expiresAt", number(expires_at))];
    put(store, &format!("TOOL#{tool}"), &sk, &old).await;
    assert_eq!(store.cached(&Principal::shared(), &tool, "key").await, Ok(None));
}

pub(crate) async fn oversized_value_is_not_cached(store: &Store) {
    let (tool, expires_at) = (fresh("tool"), epoch_seconds() + 600);
    let entry = CachedValue { value: "1".repeat(400 * 1024), expires_at };
    assert_eq!(store.cache(&Principal::shared(), &tool, "key", &entry).await, Ok(()));
    assert_eq!(store.cached(&Principal::shared(), &tool, "key").await, Ok(None));
}

pub(crate) async fn table_is_created_once(store: &Store) {
    let other = store.with_table(&fresh("table"));
    assert_eq!(other.create_table().await, Ok(true));
    assert_eq!(other.create_table().await, Ok(false));
    let ttl = other.client().describe_time_to_live().table_name(other.table()).send().await.unwrap();
    assert_eq!(ttl.time_to_live_description.unwrap().attribute_name.as_deref(), Some("expiresAt"));
}

/// Returns the sort keys of a partition.
async fn items(store: &Store, pk: &str) -> Vec<String> {
    let request = store.client().query().table_name(store.table()).key_condition_expression("pk = :pk");
    let response = request.expression_attribute_values(":pk", text(pk)).consistent_read(true).send().await.unwrap();
    response.items().iter().map(|item| item["sk"].as_s().unwrap().clone()).collect()
}
