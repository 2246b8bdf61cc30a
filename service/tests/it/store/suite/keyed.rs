//! Guarantees of every store for idempotency keys, expiring sessions and principals.

use std::{collections::HashMap, num::NonZeroUsize};

use aws_sdk_dynamodb::types::AttributeValue;
use mcp_stateful::{
    clock::epoch_seconds,
    principal::{Grant, Principal},
    session::Session,
    store::{CachedValue, Cursor, IdempotencyKey, KEY_LIFETIME_SECONDS, KeyedError, KeyedReset, PageRequest, Store},
};

use super::{all, fresh, in_a_minute, number, put, session as named, text};

fn idempotency_key(name: &str) -> IdempotencyKey {
    IdempotencyKey::try_from(name.to_owned()).unwrap()
}

pub(super) fn done(reset: KeyedReset) -> (usize, bool) {
    match reset {
        KeyedReset::Done { deleted, replayed } => (deleted, replayed),
        unfinished => panic!("{unfinished:?}"),
    }
}

pub(crate) async fn keyed_note_is_written_once(store: &Store) {
    let (session, key) = (named("keyed"), idempotency_key("k"));
    assert_eq!(store.add_note_once(&session, "one", &key).await, Ok(false));
    store.add_note(&session, "two").await.unwrap();
    assert_eq!(store.add_note_once(&session, "one", &key).await, Ok(true));
    assert_eq!(store.add_note_once(&session, "one", &idempotency_key("l")).await, Ok(false));
    assert_eq!(all(store, &session).await, ["one", "two", "one"]);
    // The record outlives the note, so that a late repeat does not restore a deleted note.
    store.reset(&session, in_a_minute()).await.unwrap();
    assert_eq!(store.add_note_once(&session, "one", &key).await, Ok(true));
    assert_eq!(all(store, &session).await, [""; 0]);
}

pub(crate) async fn key_is_bound_to_one_call(store: &Store) {
    let (session, noted, reset) = (named("reused"), idempotency_key("noted"), idempotency_key("reset"));
    store.add_note_once(&session, "one", &noted).await.unwrap();
    assert_eq!(store.add_note_once(&session, "two", &noted).await, Err(KeyedError::Reused));
    assert_eq!(store.reset_once(&session, &noted, in_a_minute()).await, Err(KeyedError::Reused));
    assert_eq!(all(store, &session).await, ["one"]);
    store.reset_once(&session, &reset, in_a_minute()).await.unwrap();
    assert_eq!(store.add_note_once(&session, "one", &reset).await, Err(KeyedError::Reused));
    assert_eq!(all(store, &session).await, [""; 0]);
}

pub(crate) async fn key_is_bound_to_its_session(store: &Store) {
    let key = idempotency_key("the same");
    for _ in 0..2 {
        let session = named("own");
        assert_eq!(store.add_note_once(&session, "one", &key).await, Ok(false));
        assert_eq!(all(store, &session).await, ["one"]);
    }
}

pub(crate) async fn concurrent_calls_with_one_key_write_one_note(store: &Store) {
    let session = named("crowd");
    for round in 0..10 {
        let key = idempotency_key(&round.to_string());
        let callers: Vec<_> = (0..8)
            .map(|_| {
                let (store, session, key) = (store.clone(), session.clone(), key.clone());
                tokio::spawn(async move { store.add_note_once(&session, "one", &key).await.unwrap() })
            })
            .collect();
        let mut first = 0;
        for caller in callers {
            first += usize::from(!caller.await.unwrap());
        }
        assert_eq!((first, all(store, &session).await.len()), (1, round + 1));
    }
}

pub(crate) async fn expired_key_can_be_used_again(store: &Store) {
    let (session, key) = (named("forgotten"), idempotency_key("k"));
    store.add_note_once(&session, "one", &key).await.unwrap();
    let records = items_of(store, &session, "ONCE#").await;
    let [record] = records.as_slice() else { panic!("{records:?}") };
    let lifetime = record["expiresAt"].as_n().unwrap().parse::<u64>().unwrap() - epoch_seconds();
    assert!((KEY_LIFETIME_SECONDS - 60..=KEY_LIFETIME_SECONDS).contains(&lifetime), "{lifetime} s");
    // The record has expired and DynamoDB's TTL has not deleted it yet.
    let mut expired = record.clone();
    expired.insert("expiresAt".into(), number(epoch_seconds()));
    store.client().put_item().table_name(store.table()).set_item(Some(expired)).send().await.unwrap();
    assert_eq!(store.add_note_once(&session, "two", &key).await, Ok(false));
    assert_eq!(all(store, &session).await, ["one", "two"]);
}

pub(crate) async fn repeated_reset_keeps_later_notes(store: &Store) {
    let (session, key) = (named("reset"), idempotency_key("k"));
    for note in ["one", "two"] {
        store.add_note(&session, note).await.unwrap();
    }
    assert_eq!(done(store.reset_once(&session, &key, in_a_minute()).await.unwrap()), (2, false));
    store.add_note(&session, "later").await.unwrap();
    assert_eq!(done(store.reset_once(&session, &key, in_a_minute()).await.unwrap()), (2, true));
    assert_eq!(all(store, &session).await, ["later"]);
    assert_eq!(done(store.reset_once(&session, &idempotency_key("l"), in_a_minute()).await.unwrap()), (1, false));
    assert_eq!(all(store, &session).await, [""; 0]);
    // A reset of an empty session records that it deleted nothing.
    let (empty, key) = (named("empty"), idempotency_key("k"));
    assert_eq!(done(store.reset_once(&empty, &key, in_a_minute()).await.unwrap()), (0, false));
    store.add_note(&empty, "later").await.unwrap();
    assert_eq!(done(store.reset_once(&empty, &key, in_a_minute()).await.unwrap()), (0, true));
    assert_eq!(all(store, &empty).await, ["later"]);
}

pub(crate) async fn interrupted_keyed_reset_continues(store: &Store) {
    let (session, key) = (named("cut"), idempotency_key("k"));
    for n in 0..60 {
        store.add_note(&session, &n.to_string()).await.unwrap();
    }
    store.reset_once(&session, &key, in_a_minute()).await.unwrap();
    // Restores the state left by a process that died while deleting: an unfinished record and older notes.
    let records = items_of(store, &session, "ONCE#").await;
    let [record] = records.as_slice() else { panic!("{records:?}") };
    let mut unfinished = record.clone();
    assert_eq!(unfinished.remove("done"), Some(AttributeValue::Bool(true)));
    store.client().put_item().table_name(store.table()).set_item(Some(unfinished)).send().await.unwrap();
    put(store, &format!("SESSION#{}", session.id()), "NOTE#1755360000", &[("note", text("left over"))]).await;
    store.add_note(&session, "later").await.unwrap();
    assert_eq!(done(store.reset_once(&session, &key, in_a_minute()).await.unwrap()), (60, false));
    assert_eq!(all(store, &session).await, ["later"]);
    assert_eq!(done(store.reset_once(&session, &key, in_a_minute()).await.unwrap()), (60, true));
}

pub(crate) async fn items_of_a_handle_have_its_expiry(store: &Store) {
    let end = epoch_seconds() + 3600;
    let session = Session::create(&Principal::shared(), end).unwrap();
    store.add_note(&session, "one").await.unwrap();
    store.add_note_once(&session, "two", &idempotency_key("k")).await.unwrap();
    store.reset_once(&session, &idempotency_key("l"), in_a_minute()).await.unwrap();
    store.add_note(&session, "three").await.unwrap();
    let items = items_of(store, &session, "").await;
    assert_eq!(items.len(), 4, "the session's item, a note and two records: {items:?}");
    for item in items {
        assert_eq!(item["expiresAt"], number(end), "{item:?}");
    }
}

pub(crate) async fn principals_are_separate(store: &Store) {
    let name = fresh("shared name");
    let alice = Principal::named("token", "alice", Grant::FULL);
    let sessions: Vec<Session> = [Principal::shared(), alice.clone(), Principal::named("other", "alice", Grant::FULL)]
        .iter()
        .map(|principal| Session::open(principal, name.clone(), 0).unwrap())
        .collect();
    for (n, session) in sessions.iter().enumerate() {
        store.add_note_once(session, &n.to_string(), &idempotency_key("k")).await.unwrap();
    }
    store.reset(&sessions[2], in_a_minute()).await.unwrap();
    for (session, notes) in sessions.iter().zip([vec!["0"], vec!["1"], vec![]]) {
        assert_eq!(all(store, session).await, notes);
    }
    // A cursor is invalid for another principal's session of the same name.
    store.add_note(&sessions[0], "more").await.unwrap();
    let first = PageRequest { limit: NonZeroUsize::new(1), ..PageRequest::default() };
    let cursor = store.notes(&sessions[0], first).await.unwrap().next.unwrap().encode(&sessions[0]);
    assert!(Cursor::decode(&sessions[1], &cursor).is_err());

    let value = CachedValue { value: "kept".into(), expires_at: u64::MAX };
    store.cache(&alice, "echo_cached", &name, &value).await.unwrap();
    assert_eq!(store.cached(&alice, "echo_cached", &name).await, Ok(Some(value)));
    assert_eq!(store.cached(&Principal::shared(), "echo_cached", &name).await, Ok(None));
}

/// Returns the session's items whose sort key begins with `prefix`.
pub(super) async fn items_of(store: &Store, session: &Session, prefix: &str) -> Vec<HashMap<String, AttributeValue>> {
    let query = store.client().query().table_name(store.table());
    let query = query
        .key_condition_expression("pk = :pk AND sk BETWEEN :from AND :to")
        .expression_attribute_values(":pk", text(&partition(session)))
        .expression_attribute_values(":from", text(if prefix.is_empty() { " " } else { prefix }))
        .expression_attribute_values(":to", text(&format!("{prefix}~")));
    query.consistent_read(true).send().await.unwrap().items.unwrap_or_default()
}

fn partition(session: &Session) -> String {
    let space = session.principal().id().map(|id| format!("USER#{id}#")).unwrap_or_default();
    format!("{space}SESSION#{}", session.id())
}
