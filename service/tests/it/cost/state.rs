//! The DynamoDB cost of each call on a state, counter, log, cache or key.
//!
//! The table of `docs/state.md` has these figures. A value here is below 1 KB, the unit of writes.

use std::{num::NonZeroUsize, time::Duration};

use mcp_stateful::{
    clock::epoch_seconds,
    principal::Principal,
    session::Session,
    store::{
        AfterCrash, CachedValue, Commit, IdempotencyKey, Intent, KeyedCall, LogRange, Name, NewValue, Scope, StateItem,
        Store, StoredValue, Write,
    },
};
use tokio::{runtime::Handle, time::Instant};

use super::bill;
use crate::support::{
    dynamodb::{DynamoDb, TABLE, store},
    fresh,
};

struct Ledger {
    dynamodb: DynamoDb,
    store: Store,
    session: Session,
    scope: Scope,
}

impl Ledger {
    async fn open() -> Self {
        let dynamodb = DynamoDb::with_table().await;
        let store = store(&dynamodb.endpoint, TABLE);
        let session = Session::open(&Principal::shared(), fresh("cost"), 0).unwrap();
        let scope = Scope::from(&session);
        dynamodb.bill();
        Self { dynamodb, store, session, scope }
    }

    #[track_caller]
    fn assert(&self, call: &str, operations: &[(&str, u32, f64)]) {
        assert_eq!(self.dynamodb.bill(), bill(operations), "{call}");
    }

    async fn update(&self, json: &str) {
        let mut edit = |_: &StateItem| Ok(put(json));
        self.store.update_state(&self.scope, name("s"), in_a_minute(), &mut edit).await.unwrap();
    }

    fn call(&self, key: &str) -> KeyedCall {
        let key = IdempotencyKey::try_from(key.to_owned()).unwrap();
        KeyedCall::new(self.scope.clone(), Some(&key), "tool 1".to_owned())
    }
}

fn put(json: &str) -> NewValue {
    NewValue::Put(StoredValue { version: 1, json: json.to_owned() })
}

fn name(name: &str) -> Name<'_> {
    Name::new(name).unwrap()
}

fn in_a_minute() -> Instant {
    Instant::now() + Duration::from_secs(60)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn state_costs_one_read_and_one_write() {
    let ledger = Ledger::open().await;
    let (read, write) = (("GetItem", 1, 1.0), ("UpdateItem", 1, 1.0));
    ledger.update("1").await;
    ledger.assert("the first update", &[read, write]);
    for _ in 0..20 {
        ledger.update("2").await;
    }
    ledger.dynamodb.bill();
    ledger.update(&"2".repeat(500)).await;
    ledger.assert("an update of a value of 500 bytes, with the ids of 16 writes", &[read, write]);
    ledger.store.state(&ledger.scope, name("s")).await.unwrap();
    ledger.assert("a read", &[read]);
    ledger.store.update_state(&ledger.scope, name("s"), in_a_minute(), &mut |_| Ok(NewValue::Keep)).await.unwrap();
    ledger.assert("an update that changes nothing", &[read]);
    ledger.store.update_state(&ledger.scope, name("s"), in_a_minute(), &mut |_| Ok(NewValue::Clear)).await.unwrap();
    ledger.assert("a deletion", &[read, write]);
    ledger.update(&"2".repeat(10_000)).await;
    ledger.assert("an update of 10,000 bytes", &[read, ("UpdateItem", 1, 11.0)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn conflict_costs_the_write_again() {
    let ledger = Ledger::open().await;
    ledger.update("1").await;
    // Another store has turns of its own, so it can write between the read and the write.
    let other = store(&ledger.dynamodb.endpoint, TABLE);
    let mut runs = 0;
    let mut edit = |now: &StateItem| {
        runs += 1;
        if runs == 1 {
            let mut edit = |_: &StateItem| Ok(put("2"));
            let update = other.update_state(&ledger.scope, name("s"), in_a_minute(), &mut edit);
            tokio::task::block_in_place(|| Handle::current().block_on(update)).unwrap();
            ledger.dynamodb.bill();
        }
        Ok(put(&format!("{}3", now.value().unwrap().json)))
    };
    ledger.store.update_state(&ledger.scope, name("s"), in_a_minute(), &mut edit).await.unwrap();
    assert_eq!(runs, 2);
    // The table returns the item with the failed condition, so it is not read again. The engine reports no capacity
    // for the failed write, although AWS bills it.
    ledger.assert("the first conflict of an update", &[("UpdateItem", 2, 1.0)]);
    let state = ledger.store.state(&ledger.scope, name("s")).await.unwrap();
    assert_eq!(state.value().unwrap().json, "23");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn counter_costs_one_write() {
    let ledger = Ledger::open().await;
    for (call, add) in [("the first addition", 5), ("an addition", 2), ("a subtraction", -1)] {
        ledger.store.add_to_counter(&ledger.scope, name("c"), add, in_a_minute()).await.unwrap();
        ledger.assert(call, &[("UpdateItem", 1, 1.0)]);
    }
    ledger.store.counter(&ledger.scope, name("c")).await.unwrap();
    ledger.assert("a read", &[("GetItem", 1, 1.0)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn log_costs_one_write_for_each_append() {
    let ledger = Ledger::open().await;
    ledger.store.append_to_log(&ledger.scope, name("l"), "\"entry\"").await.unwrap();
    ledger.assert("an append", &[("PutItem", 1, 1.0)]);
    for _ in 0..19 {
        ledger.store.append_to_log(&ledger.scope, name("l"), "\"entry\"").await.unwrap();
    }
    ledger.dynamodb.bill();
    let range = LogRange { cursor: None, limit: NonZeroUsize::new(10).unwrap(), max_bytes: None };
    ledger.store.log(&ledger.scope, name("l"), range).await.unwrap();
    ledger.assert("a page of 10 entries", &[("Query", 1, 1.0)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn cached_result_costs_by_its_size_once() {
    let ledger = Ledger::open().await;
    let (principal, entry) = (Principal::shared(), |bytes: usize| CachedValue {
        value: "1".repeat(bytes),
        expires_at: epoch_seconds() + 600,
    });
    assert_eq!(ledger.store.cached(&principal, "tool", "key").await, Ok(None));
    ledger.assert("a miss", &[("GetItem", 1, 0.5)]);
    ledger.store.cache(&principal, "tool", "key", &entry(100)).await.unwrap();
    ledger.assert("a small result", &[("PutItem", 1, 1.0)]);
    ledger.store.cached(&principal, "tool", "key").await.unwrap();
    ledger.assert("a hit", &[("GetItem", 1, 0.5)]);
    // The key is as long as the result, and only a digest of it is stored.
    let arguments = "a".repeat(60_000);
    ledger.store.cache(&principal, "tool", &arguments, &entry(60_000)).await.unwrap();
    ledger.assert("a result of 60,000 bytes", &[("PutItem", 1, 59.0)]);
    assert!(ledger.store.cached(&principal, "tool", &arguments).await.unwrap().is_some());
    ledger.assert("a hit of 60,000 bytes", &[("GetItem", 1, 7.5)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keyed_call_costs_a_read_and_a_transaction() {
    let ledger = Ledger::open().await;
    let call = ledger.call("k");
    assert_eq!(ledger.store.recorded(&call, false).await, Ok(None));
    ledger.assert("the look for a result", &[("GetItem", 1, 1.0)]);
    let scope = || ledger.scope.clone();
    let base = StateItem::default();
    let writes = [
        Write::State { scope: scope(), name: "s".into(), base, new: put("1") },
        Write::Counter { scope: scope(), name: "c".into(), add: 1, read: None },
    ];
    assert_eq!(ledger.store.commit(&call, &writes, "1", in_a_minute()).await, Ok(Commit::Applied));
    // A transaction takes two units for each item: the record and the two writes.
    ledger.assert("the transaction", &[("TransactWriteItems", 1, 6.0)]);
    assert!(ledger.store.recorded(&ledger.call("k"), false).await.unwrap().unwrap().replayed);
    ledger.assert("a repeated call", &[("GetItem", 1, 1.0)]);
    let without_key = KeyedCall::new(scope(), None, "tool 1".into());
    assert_eq!(ledger.store.recorded(&without_key, false).await, Ok(None));
    ledger.assert("the look for a result without a key", &[]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn outside_effect_costs_two_writes() {
    let ledger = Ledger::open().await;
    let call = ledger.call("k");
    assert_eq!(ledger.store.begin_outside(&call, AfterCrash::Report, in_a_minute()).await, Ok(Intent::Run));
    ledger.assert("the intent", &[("PutItem", 1, 1.0)]);
    ledger.store.end_outside(&call, "1", in_a_minute()).await.unwrap();
    ledger.assert("the result", &[("UpdateItem", 1, 1.0)]);
    ledger.store.begin_outside(&ledger.call("k"), AfterCrash::Report, in_a_minute()).await.unwrap();
    // The engine reports no capacity for a write whose condition failed, although AWS bills it.
    ledger.assert("a repeated call", &[("PutItem", 1, 0.0)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reset_costs_one_write_for_each_state() {
    let ledger = Ledger::open().await;
    ledger.update("1").await;
    ledger.store.add_to_counter(&ledger.scope, name("c"), 1, in_a_minute()).await.unwrap();
    for _ in 0..30 {
        ledger.store.append_to_log(&ledger.scope, name("l"), "1").await.unwrap();
    }
    ledger.dynamodb.bill();
    ledger.store.reset(&ledger.session, in_a_minute()).await.unwrap();
    let operations = [("BatchWriteItem", 2, 30.0), ("Query", 2, 2.0), ("UpdateItem", 2, 2.0)];
    ledger.assert("a reset of a state, a counter and 30 log entries", &operations);
    ledger.store.reset(&ledger.session, in_a_minute()).await.unwrap();
    ledger.assert("a reset of their tombstones", &[("Query", 2, 2.0)]);
}
