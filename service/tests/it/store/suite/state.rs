//! Guarantees of every store for states, counters and logs.

use std::{num::NonZeroUsize, sync::Arc, time::Duration};

use aws_sdk_dynamodb::{operation::update_item::builders::UpdateItemFluentBuilder, types::AttributeValue};
use mcp_stateful::{
    clock::epoch_seconds,
    principal::{Grant, Principal},
    session::Session,
    store::{
        IdempotencyKey, KeyedReset, LogItems, LogRange, Name, NewValue, Reset, Scope, StateProblem, Store, StoredValue,
    },
};
use tokio::time::Instant;

use super::{
    fresh, in_a_minute,
    keyed::{done, items_of},
    number, session as named, text,
};

pub(super) fn name(name: &str) -> Name<'_> {
    Name::new(name).unwrap()
}

pub(super) fn scope(label: &str) -> Scope {
    Scope::from(&named(label))
}

pub(super) fn put_json(json: impl Into<String>) -> NewValue {
    NewValue::Put(StoredValue { version: 1, json: json.into() })
}

/// Appends a character to a state.
pub(super) async fn push(store: &Store, scope: &Scope, state: &str, char: char) -> Result<(), StateProblem> {
    let mut edit = |now: &mcp_stateful::store::StateItem| {
        let json = now.value().map_or("", |value| value.json.as_str());
        Ok(put_json(format!("{json}{char}")))
    };
    store.update_state(scope, name(state), in_a_minute(), &mut edit).await
}

pub(super) async fn read(store: &Store, scope: &Scope, state: &str) -> Option<String> {
    store.state(scope, name(state)).await.unwrap().value().map(|value| value.json.clone())
}

pub(super) async fn append(store: &Store, scope: &Scope, log: &str, entry: &str) {
    store.append_to_log(scope, name(log), entry).await.unwrap();
}

pub(super) async fn entries(store: &Store, scope: &Scope, log: &str) -> Vec<String> {
    let range = LogRange { cursor: None, limit: NonZeroUsize::MAX, max_bytes: None };
    let LogItems { entries, next } = store.log(scope, name(log), range).await.unwrap();
    assert_eq!(next, None);
    entries
}

pub(super) async fn count(store: &Store, scope: &Scope, counter: &str) -> i64 {
    store.counter(scope, name(counter)).await.unwrap().count()
}

pub(super) async fn add(store: &Store, scope: &Scope, counter: &str, add: i64) -> Result<i64, StateProblem> {
    store.add_to_counter(scope, name(counter), add, in_a_minute()).await
}

pub(crate) async fn concurrent_updates_are_all_kept(store: &Store) {
    let scope = scope("writers");
    let writers: Vec<_> = (0..32)
        .map(|_| {
            let (store, scope) = (store.clone(), scope.clone());
            tokio::spawn(async move {
                for _ in 0..5 {
                    push(&store, &scope, "s", 'x').await.unwrap();
                }
            })
        })
        .collect();
    for writer in writers {
        writer.await.unwrap();
    }
    assert_eq!(read(store, &scope, "s").await.unwrap().len(), 160);
}

pub(crate) async fn state_is_absent_until_its_first_update(store: &Store) {
    let scope = scope("absent");
    assert_eq!(read(store, &scope, "s").await, None);
    push(store, &scope, "s", 'a').await.unwrap();
    push(store, &scope, "s", 'b').await.unwrap();
    assert_eq!(read(store, &scope, "s").await.as_deref(), Some("ab"));
    assert_eq!(read(store, &scope, "t").await, None);
}

pub(crate) async fn failed_edit_changes_nothing(store: &Store) {
    let scope = scope("failed");
    push(store, &scope, "s", 'a').await.unwrap();
    let mut edit = |_: &_| Err(StateProblem::Undecodable("test".into()));
    let failed = store.update_state(&scope, name("s"), in_a_minute(), &mut edit).await;
    assert_eq!(failed, Err(StateProblem::Undecodable("test".into())));
    assert_eq!(read(store, &scope, "s").await.as_deref(), Some("a"));
}

pub(crate) async fn unchanged_state_is_not_written(store: &Store) {
    let session = named("unchanged");
    let scope = Scope::from(&session);
    store.update_state(&scope, name("s"), in_a_minute(), &mut |_: &_| Ok(NewValue::Keep)).await.unwrap();
    store.update_state(&scope, name("s"), in_a_minute(), &mut |_: &_| Ok(NewValue::Clear)).await.unwrap();
    assert!(items_of(store, &session, "").await.is_empty());
}

pub(crate) async fn deleted_state_is_absent_and_can_be_written_again(store: &Store) {
    let session = named("deleted");
    let scope = Scope::from(&session);
    push(store, &scope, "s", 'a').await.unwrap();
    store.update_state(&scope, name("s"), in_a_minute(), &mut |_: &_| Ok(NewValue::Clear)).await.unwrap();
    assert_eq!(read(store, &scope, "s").await, None);
    let tombstone = items_of(store, &session, "STATE#").await.remove(0);
    let lifetime = tombstone["expiresAt"].as_n().unwrap().parse::<u64>().unwrap() - epoch_seconds();
    assert!((86_300..=86_400).contains(&lifetime), "{lifetime} s");
    push(store, &scope, "s", 'b').await.unwrap();
    assert_eq!(read(store, &scope, "s").await.as_deref(), Some("b"));
    // The value is not to expire with the tombstone that it replaces.
    assert!(!items_of(store, &session, "STATE#").await[0].contains_key("expiresAt"));
}

/// Fills a session with a state, a counter and a log of 30 entries, over several batches of a deletion.
async fn fill(store: &Store, scope: &Scope) {
    push(store, scope, "s", 'a').await.unwrap();
    push(store, scope, "t", 'b').await.unwrap();
    add(store, scope, "c", 5).await.unwrap();
    for n in 0..30 {
        append(store, scope, "l", &n.to_string()).await;
    }
}

/// Returns the states `s` and `t`, the counter `c` and the number of entries of `l`.
async fn contents(store: &Store, scope: &Scope) -> (Option<String>, Option<String>, i64, usize) {
    let (s, t) = (read(store, scope, "s").await, read(store, scope, "t").await);
    (s, t, count(store, scope, "c").await, entries(store, scope, "l").await.len())
}

pub(crate) async fn reset_clears_states_counters_and_logs(store: &Store) {
    let session = named("reset");
    let scope = Scope::from(&session);
    fill(store, &scope).await;
    store.add_note(&session, "one").await.unwrap();
    // The number counts notes only.
    assert_eq!(store.reset(&session, in_a_minute()).await, Ok(Reset { deleted: 1, complete: true }));
    assert_eq!(contents(store, &scope).await, (None, None, 0, 0));
    assert_eq!(store.reset(&session, in_a_minute()).await, Ok(Reset { deleted: 0, complete: true }));
    fill(store, &scope).await;
    assert_eq!(contents(store, &scope).await, (Some("a".into()), Some("b".into()), 5, 30));
    store.reset(&session, in_a_minute()).await.unwrap();
    assert_eq!(contents(store, &scope).await, (None, None, 0, 0));
}

pub(crate) async fn reset_leaves_the_principal_state(store: &Store) {
    let alice = Principal::named("token", &fresh("alice"), Grant::FULL);
    let session = Session::open(&alice, fresh("session"), 0).unwrap();
    let own = Scope::from(&alice);
    fill(store, &own).await;
    store.reset(&session, in_a_minute()).await.unwrap();
    assert_eq!(contents(store, &own).await, (Some("a".into()), Some("b".into()), 5, 30));
}

fn key(name: &str) -> IdempotencyKey {
    IdempotencyKey::try_from(name.to_owned()).unwrap()
}

pub(crate) async fn repeated_keyed_reset_keeps_later_states(store: &Store) {
    let session = named("keyed");
    let scope = Scope::from(&session);
    fill(store, &scope).await;
    assert_eq!(done(store.reset_once(&session, &key("k"), in_a_minute()).await.unwrap()), (0, false));
    assert_eq!(contents(store, &scope).await, (None, None, 0, 0));
    fill(store, &scope).await;
    assert_eq!(done(store.reset_once(&session, &key("k"), in_a_minute()).await.unwrap()), (0, true));
    assert_eq!(contents(store, &scope).await, (Some("a".into()), Some("b".into()), 5, 30));
}

pub(crate) async fn interrupted_keyed_reset_clears_each_state_once(store: &Store) {
    let session = named("cut");
    let scope = Scope::from(&session);
    fill(store, &scope).await;
    let kept = items_of(store, &session, "STATE#VALUE#t").await.remove(0);
    assert_eq!(done(store.reset_once(&session, &key("k"), in_a_minute()).await.unwrap()), (0, false));
    // Restores the state left by a process that died before it cleared `t`: an unfinished record.
    let mut record = items_of(store, &session, "ONCE#").await.remove(0);
    assert_eq!(record.remove("done"), Some(AttributeValue::Bool(true)));
    for item in [record, kept] {
        store.client().put_item().table_name(store.table()).set_item(Some(item)).send().await.unwrap();
    }
    push(store, &scope, "s", 'n').await.unwrap();
    push(store, &scope, "u", 'n').await.unwrap();
    push(store, &scope, "t", 'c').await.unwrap();
    add(store, &scope, "c", 7).await.unwrap();
    append(store, &scope, "l", "new").await;
    let KeyedReset::Done { .. } = store.reset_once(&session, &key("k"), in_a_minute()).await.unwrap() else {
        panic!("unfinished in a minute")
    };
    // `t` still had what was there at the first call. The others were cleared by it, or created after it.
    assert_eq!(contents(store, &scope).await, (Some("n".into()), None, 7, 1));
    assert_eq!(read(store, &scope, "u").await.as_deref(), Some("n"));
}

pub(crate) async fn reset_during_updates_keeps_only_later_ones(store: &Store) {
    let session = Arc::new(named("busy"));
    let scope = Scope::from(&*session);
    for _ in 0..20 {
        push(store, &scope, "s", 'b').await.unwrap();
        add(store, &scope, "c", 1000).await.unwrap();
    }
    let writer = {
        let (store, scope) = (store.clone(), scope.clone());
        tokio::spawn(async move {
            for _ in 0..50 {
                push(&store, &scope, "s", 'm').await.unwrap();
                add(&store, &scope, "c", 1).await.unwrap();
            }
        })
    };
    store.reset(&session, in_a_minute()).await.unwrap();
    push(store, &scope, "s", 'a').await.unwrap();
    writer.await.unwrap();
    let left = read(store, &scope, "s").await.unwrap();
    assert!(!left.contains('b') && left.contains('a') && left.len() <= 51, "{left}");
    assert!(count(store, &scope, "c").await <= 50);
}

/// Builds the request of an update of `s`, as [`Store::update_state`] sends it, on top of the present item.
async fn captured_update(store: &Store, session: &Session, json: &str) -> UpdateItemFluentBuilder {
    let item = items_of(store, session, "STATE#VALUE#s").await.remove(0);
    let request = store.client().update_item().table_name(store.table());
    request
        .key("pk", item["pk"].clone())
        .key("sk", item["sk"].clone())
        .update_expression("SET #value = :value, writes = :writes")
        .condition_expression("writes[0] = :seen")
        .expression_attribute_names("#value", "value")
        .expression_attribute_values(":value", text(json))
        .expression_attribute_values(":writes", AttributeValue::L(vec![text("delayed")]))
        .expression_attribute_values(":seen", item["writes"].as_l().unwrap()[0].clone())
}

pub(crate) async fn delayed_update_after_a_reset_is_not_applied(store: &Store) {
    let session = named("delayed");
    let scope = Scope::from(&session);
    push(store, &scope, "s", 'a').await.unwrap();
    let delayed = captured_update(store, &session, "late").await;
    store.reset(&session, in_a_minute()).await.unwrap();
    assert!(delayed.send().await.is_err());
    assert_eq!(read(store, &scope, "s").await, None);
    // A delayed first write requires that there is no item, and the tombstone is one.
    let first = store.client().put_item().table_name(store.table());
    let item = items_of(store, &session, "STATE#VALUE#s").await.remove(0);
    let first = first.set_item(Some(item)).condition_expression("attribute_not_exists(pk)").send().await;
    assert!(first.is_err());
}

pub(crate) async fn delayed_addition_after_a_reset_adds_nothing(store: &Store) {
    let session = named("delayed");
    let scope = Scope::from(&session);
    // The mark of an addition that is sent now and arrives after the reset.
    let mark = uuid::Uuid::now_v7().to_string();
    add(store, &scope, "c", 5).await.unwrap();
    store.reset(&session, in_a_minute()).await.unwrap();
    let item = items_of(store, &session, "STATE#COUNTER#c").await.remove(0);
    assert!(item["since"].as_s().unwrap() > &mark, "{item:?}");
    // Another host's clock may be behind. An addition that it sends after the reset applies.
    let mut ahead = item.clone();
    ahead.insert("since".into(), text("ffffffff-0000-7000-8000-000000000000"));
    store.client().put_item().table_name(store.table()).set_item(Some(ahead)).send().await.unwrap();
    assert_eq!(add(store, &scope, "c", 2).await, Ok(2));
    assert_eq!(count(store, &scope, "c").await, 2);
}

pub(crate) async fn malformed_state_is_never_overwritten(store: &Store) {
    let session = named("malformed");
    let scope = Scope::from(&session);
    push(store, &scope, "s", 'a').await.unwrap();
    let good = items_of(store, &session, "STATE#").await.remove(0);
    for (attribute, value) in [
        ("writes", AttributeValue::L(vec![])),
        ("writes", text("no list")),
        ("version", text("one")),
        ("value", number(1)),
        ("revision", text("one")),
    ] {
        let mut bad = good.clone();
        bad.insert(attribute.into(), value);
        store.client().put_item().table_name(store.table()).set_item(Some(bad.clone())).send().await.unwrap();
        assert_eq!(push(store, &scope, "s", 'b').await, Err(StateProblem::Malformed), "{attribute}");
        assert_eq!(items_of(store, &session, "STATE#").await, [bad], "{attribute}");
    }
}

pub(crate) async fn attributes_of_a_newer_layout_survive(store: &Store) {
    let session = named("newer");
    let scope = Scope::from(&session);
    fill(store, &scope).await;
    for sk in ["STATE#VALUE#s", "STATE#COUNTER#c"] {
        let mut item = items_of(store, &session, sk).await.remove(0);
        item.insert("future".into(), text("kept"));
        store.client().put_item().table_name(store.table()).set_item(Some(item)).send().await.unwrap();
    }
    push(store, &scope, "s", 'b').await.unwrap();
    add(store, &scope, "c", 1).await.unwrap();
    for sk in ["STATE#VALUE#s", "STATE#COUNTER#c"] {
        assert_eq!(items_of(store, &session, sk).await[0]["future"], text("kept"), "{sk}");
    }
}

pub(crate) async fn oversized_state_is_rejected_with_its_size(store: &Store) {
    let scope = scope("large");
    let write = async |bytes: usize| {
        let mut edit = |_: &_| Ok(put_json("1".repeat(bytes)));
        store.update_state(&scope, name("s"), in_a_minute(), &mut edit).await
    };
    // The largest value that is accepted is accepted by the table as well, with 16 ids of writes.
    for _ in 0..17 {
        write(400 * 1024 - 700).await.unwrap();
    }
    let problem = write(400 * 1024).await.unwrap_err();
    let StateProblem::TooLarge { bytes, limit: 409_600, .. } = problem else { panic!("{problem}") };
    assert!((409_600..411_000).contains(&bytes), "{bytes}");
    assert!(problem.to_string().contains("append the parts to a log"), "{problem}");
    assert_eq!(read(store, &scope, "s").await.unwrap().len(), 400 * 1024 - 700);
    let entry = store.append_to_log(&scope, name("l"), &"1".repeat(400 * 1024)).await.unwrap_err();
    assert!(entry.to_string().contains("split it into several entries"), "{entry}");
}

pub(crate) async fn counter_adds_and_never_overflows(store: &Store) {
    let scope = scope("counter");
    assert_eq!(count(store, &scope, "c").await, 0);
    assert_eq!(add(store, &scope, "c", -3).await, Ok(-3));
    assert_eq!(add(store, &scope, "c", 5).await, Ok(2));
    for (to_limit, beyond) in [(i64::MAX - 2, 1), (i64::MIN, i64::MIN)] {
        add(store, &scope, "c", to_limit).await.unwrap();
        let value = count(store, &scope, "c").await;
        let overflow = add(store, &scope, "c", beyond).await;
        assert_eq!(overflow, Err(StateProblem::Overflow { value, add: beyond }));
        assert_eq!(count(store, &scope, "c").await, value);
    }
}

pub(crate) async fn concurrent_additions_are_all_counted(store: &Store) {
    let scope = scope("adders");
    let adders: Vec<_> = (0..16)
        .map(|_| {
            let (store, scope) = (store.clone(), scope.clone());
            tokio::spawn(async move {
                for _ in 0..10 {
                    add(&store, &scope, "c", 2).await.unwrap();
                }
            })
        })
        .collect();
    for adder in adders {
        adder.await.unwrap();
    }
    assert_eq!(count(store, &scope, "c").await, 320);
}

pub(crate) async fn log_entries_come_back_in_order_and_pages(store: &Store) {
    let scope = scope("log");
    for n in 0..23 {
        append(store, &scope, "l", &n.to_string()).await;
        append(store, &scope, "l2", "other").await;
    }
    let (mut cursor, mut sizes, mut all) = (None::<String>, Vec::new(), Vec::new());
    loop {
        let range = LogRange { cursor: cursor.as_deref(), limit: NonZeroUsize::new(5).unwrap(), max_bytes: None };
        let page = store.log(&scope, name("l"), range).await.unwrap();
        sizes.push(page.entries.len());
        all.extend(page.entries);
        cursor = page.next;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(sizes, [5, 5, 5, 5, 3]);
    assert!(all.into_iter().eq((0..23).map(|n| n.to_string())));
    let small = LogRange { cursor: None, limit: NonZeroUsize::MAX, max_bytes: Some(1) };
    assert_eq!(store.log(&scope, name("l"), small).await.unwrap().entries, ["0"]);
}

pub(crate) async fn log_cursor_of_another_log_is_rejected(store: &Store) {
    let (one, other) = (scope("log"), scope("log"));
    for entry in ["1", "2"] {
        append(store, &one, "l", entry).await;
    }
    let first = LogRange { cursor: None, limit: NonZeroUsize::MIN, max_bytes: None };
    let cursor = store.log(&one, name("l"), first).await.unwrap().next.unwrap();
    for (scope, log, cursor) in [(&other, "l", cursor.as_str()), (&one, "m", &cursor), (&one, "l", "forged")] {
        let range = LogRange { cursor: Some(cursor), ..first };
        assert_eq!(store.log(scope, name(log), range).await, Err(StateProblem::InvalidCursor), "{scope} {log}");
    }
}

pub(crate) async fn states_of_a_handle_have_its_expiry(store: &Store) {
    let end = epoch_seconds() + 3600;
    let session = Session::create(&Principal::shared(), end).unwrap();
    let scope = Scope::from(&session);
    fill(store, &scope).await;
    push(store, &scope, "s", 'b').await.unwrap();
    for item in items_of(store, &session, "STATE#").await {
        assert_eq!(item["expiresAt"], number(end), "{item:?}");
    }
    store.reset(&session, in_a_minute()).await.unwrap();
    for item in items_of(store, &session, "STATE#").await {
        assert_eq!(item["expiresAt"], number(end), "a tombstone ends no later than its session: {item:?}");
    }
    // Expired, and not yet deleted by DynamoDB's TTL.
    fill(store, &scope).await;
    for mut item in items_of(store, &session, "STATE#").await {
        item.insert("expiresAt".into(), number(epoch_seconds() - 1));
        store.client().put_item().table_name(store.table()).set_item(Some(item)).send().await.unwrap();
    }
    assert_eq!(contents(store, &scope).await, (None, None, 0, 0));
}

pub(crate) async fn states_of_scopes_are_separate(store: &Store) {
    let shared_name = fresh("shared name");
    let (alice, bob) = (
        Principal::named("token", &fresh("alice"), Grant::FULL),
        Principal::named("token", &fresh("bob"), Grant::FULL),
    );
    let session = |principal: &Principal| Session::open(principal, shared_name.clone(), 0).unwrap();
    let scopes = [Scope::from(&alice), Scope::from(&bob), Scope::from(&session(&alice)), Scope::from(&session(&bob))];
    for (n, scope) in scopes.iter().enumerate() {
        push(store, scope, "s", char::from(b'0' + n as u8)).await.unwrap();
        add(store, scope, "c", n as i64).await.unwrap();
        append(store, scope, "l", &n.to_string()).await;
    }
    for (n, scope) in scopes.iter().enumerate() {
        let own = n.to_string();
        assert_eq!(read(store, scope, "s").await, Some(own.clone()));
        assert_eq!(count(store, scope, "c").await, n as i64);
        assert_eq!(entries(store, scope, "l").await, [own]);
    }
}

/// Returns a time that has passed, by which a call ends after its first attempt.
pub(super) fn soon() -> Instant {
    Instant::now() + Duration::from_millis(300)
}

pub(crate) async fn earlier_version_leaves_states_alone(store: &Store) {
    let session = named("older");
    let scope = Scope::from(&session);
    fill(store, &scope).await;
    store.add_note(&session, "one").await.unwrap();
    let before = items_of(store, &session, "STATE#").await;
    // The requests of an earlier version: it reads and resets the items whose keys begin with `NOTE#`.
    let query =
        store.client().query().table_name(store.table()).key_condition_expression("pk = :pk AND begins_with(sk, :n)");
    let query = query.expression_attribute_values(":pk", before[0]["pk"].clone());
    let notes = query.expression_attribute_values(":n", text("NOTE#")).send().await.unwrap();
    let [note] = notes.items() else { panic!("{notes:?}") };
    assert_eq!(note["note"], text("one"));
    // An unfinished keyed reset of an earlier version has no mark. Its repetition clears notes only.
    store.reset_once(&session, &key("k"), in_a_minute()).await.unwrap();
    fill(store, &scope).await;
    let mut record = items_of(store, &session, "ONCE#").await.remove(0);
    assert!(record.remove("done").is_some() && record.remove("mark").is_some());
    store.client().put_item().table_name(store.table()).set_item(Some(record)).send().await.unwrap();
    store.reset_once(&session, &key("k"), in_a_minute()).await.unwrap();
    assert_eq!(contents(store, &scope).await, (Some("a".into()), Some("b".into()), 5, 30));
}
