//! States, counters and keyed calls while responses are lost, requests rejected and other writers in between.

use std::{collections::HashMap, time::Duration};

use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use mcp_stateful::{
    principal::Principal,
    session::Session,
    store::{
        AfterCrash, Commit, IdempotencyKey, Intent, KeyedCall, Name, NewValue, Scope, StateItem, StateProblem, Store,
        StoreError, StoredValue, Write,
    },
};
use tokio::time::Instant;

use crate::support::{
    dynamodb::{DynamoDb, Fault, TABLE, connector, settings},
    fast_path, fresh,
};

/// The longest wait for one response.
const ATTEMPT_TIMEOUT: Duration = Duration::from_millis(300);

/// Returns a store as a replica of its own has it.
fn replica(dynamodb: &DynamoDb) -> Store {
    let timeouts = TimeoutConfig::builder().operation_attempt_timeout(ATTEMPT_TIMEOUT).build();
    Store::with_settings(settings(&dynamodb.endpoint).timeout_config(timeouts), connector(), TABLE, fast_path())
}

fn session(name: &str) -> Session {
    Session::open(&Principal::shared(), fresh(name), 0).unwrap()
}

fn name(name: &str) -> Name<'_> {
    Name::new(name).unwrap()
}

fn after(time: Duration) -> Instant {
    Instant::now() + time
}

fn in_time() -> Instant {
    after(Duration::from_secs(20))
}

fn soon() -> Instant {
    after(Duration::from_millis(800))
}

/// Appends a word to the state `s`.
async fn push(store: &Store, scope: &Scope, word: &str, deadline: Instant) -> Result<(), StateProblem> {
    let mut edit = |now: &StateItem| {
        let words = now.value().map_or("", |value| value.json.as_str());
        Ok(NewValue::Put(StoredValue { version: 1, json: format!("{words}{word} ") }))
    };
    store.update_state(scope, name("s"), deadline, &mut edit).await
}

/// Returns the words of the state `s` in their order.
async fn words(store: &Store, scope: &Scope) -> Vec<String> {
    let state = store.state(scope, name("s")).await.unwrap();
    state.value().map_or("", |value| value.json.as_str()).split_whitespace().map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lost_response_does_not_double_the_update() {
    let dynamodb = DynamoDb::with_table().await;
    let (store, scope) = (replica(&dynamodb), Scope::from(&session("lost")));
    for (n, fault) in [Fault::DoneButCut, Fault::DoneButSilent, Fault::Silent, Fault::Fail].into_iter().enumerate() {
        dynamodb.inject("UpdateItem", fault.times(2));
        assert_eq!(push(&store, &scope, &n.to_string(), in_time()).await, Ok(()), "{fault:?}");
        dynamodb.heal();
    }
    assert_eq!(words(&store, &scope).await, ["0", "1", "2", "3"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn update_without_a_response_is_of_unknown_outcome() {
    let dynamodb = DynamoDb::with_table().await;
    let (store, scope) = (replica(&dynamodb), Scope::from(&session("unknown")));
    for (word, fault, stored) in [("a", Fault::DoneButCut, true), ("b", Fault::Fail, false)] {
        dynamodb.inject("UpdateItem", fault.always());
        let problem = push(&store, &scope, word, soon()).await;
        assert_eq!(problem, Err(StateProblem::Unknown(StoreError::Unreachable)), "{fault:?}");
        dynamodb.heal();
        assert_eq!(words(&store, &scope).await.contains(&word.to_owned()), stored, "{fault:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn throttled_update_waits_and_never_applies_late() {
    let dynamodb = DynamoDb::with_table().await;
    let (store, scope) = (replica(&dynamodb), Scope::from(&session("throttled")));
    for code in [Fault::Throttle, Fault::Reject("TransactionConflictException")] {
        dynamodb.inject("UpdateItem", code.times(4));
        assert_eq!(push(&store, &scope, "kept", in_time()).await, Ok(()));
        dynamodb.heal();
        dynamodb.inject("UpdateItem", code.always());
        let refused = push(&store, &scope, "refused", soon()).await;
        assert_eq!(refused, Err(StateProblem::Store(StoreError::Throttled)));
        dynamodb.heal();
    }
    assert_eq!(words(&store, &scope).await, ["kept", "kept"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rejected_credentials_are_requested_again_once() {
    let dynamodb = DynamoDb::with_table().await;
    let (store, scope) = (replica(&dynamodb), Scope::from(&session("expired")));
    dynamodb.inject("UpdateItem", Fault::Reject("ExpiredTokenException").times(1));
    assert_eq!(store.add_to_counter(&scope, name("c"), 2, in_time()).await, Ok(2));
    dynamodb.heal();
    dynamodb.inject("UpdateItem", Fault::Reject("ExpiredTokenException").always());
    let started = Instant::now();
    let denied = store.add_to_counter(&scope, name("c"), 2, in_time()).await;
    assert_eq!(denied, Err(StateProblem::Store(StoreError::Denied)));
    assert!(started.elapsed() < Duration::from_secs(5));
}

/// Lets an update lose its first response, and other writers write before it is repeated.
async fn overtaken(fault: Fault, writes: usize) -> (Result<(), StateProblem>, Vec<String>) {
    let dynamodb = DynamoDb::with_table().await;
    let (store, other, scope) = (replica(&dynamodb), replica(&dynamodb), Scope::from(&session("overtaken")));
    push(&other, &scope, "first", in_time()).await.unwrap();
    dynamodb.inject("UpdateItem", fault.times(1));
    let update = push(&store, &scope, "own", in_time());
    let others = async {
        while dynamodb.struck() == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
        for n in 0..writes {
            push(&other, &scope, &n.to_string(), in_time()).await.unwrap();
        }
    };
    let (result, ()) = tokio::join!(update, others);
    (result, words(&store, &scope).await)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn own_write_is_recognized_below_fifteen_others() {
    for (fault, writes) in [(Fault::DoneButSilent, 1), (Fault::DoneButSilent, 15), (Fault::Silent, 16)] {
        let (result, words) = overtaken(fault, writes).await;
        assert_eq!(result, Ok(()), "{fault:?} and {writes} writes");
        assert_eq!(words.iter().filter(|word| *word == "own").count(), 1, "{words:?}");
        assert_eq!(words.len(), writes + 2);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn overtaken_update_is_not_repeated() {
    for (fault, writes, own) in [(Fault::DoneButSilent, 16, 1), (Fault::Silent, 17, 0)] {
        let (result, words) = overtaken(fault, writes).await;
        assert_eq!(result, Err(StateProblem::Overtaken), "{fault:?} and {writes} writes");
        assert_eq!(words.iter().filter(|word| *word == "own").count(), own, "{words:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reset_between_two_requests_does_not_double_the_update() {
    let dynamodb = DynamoDb::with_table().await;
    let (store, other, session) = (replica(&dynamodb), replica(&dynamodb), session("reset"));
    let scope = Scope::from(&session);
    push(&other, &scope, "first", in_time()).await.unwrap();
    dynamodb.inject("UpdateItem", Fault::DoneButSilent.times(1));
    let reset = async {
        while dynamodb.struck() == 0 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
        other.reset(&session, in_time()).await.unwrap();
    };
    let (updated, ()) = tokio::join!(push(&store, &scope, "own", in_time()), reset);
    // The update applied before the reset, which cleared it. It must not return.
    assert_eq!((updated, words(&store, &scope).await), (Ok(()), vec![]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reset_with_lost_responses_keeps_later_values() {
    let dynamodb = DynamoDb::with_table().await;
    let (store, session) = (replica(&dynamodb), session("reset"));
    let scope = Scope::from(&session);
    push(&store, &scope, "before", in_time()).await.unwrap();
    store.add_to_counter(&scope, name("c"), 5, in_time()).await.unwrap();
    dynamodb.inject("UpdateItem", Fault::DoneButCut.times(2));
    let reset = store.reset(&session, in_time()).await.unwrap();
    assert!(reset.complete);
    assert_eq!(words(&store, &scope).await, [""; 0]);
    assert_eq!(store.counter(&scope, name("c")).await.unwrap().count(), 0);
    push(&store, &scope, "after", in_time()).await.unwrap();
    assert_eq!(words(&store, &scope).await, ["after"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn addition_of_unknown_outcome_is_not_sent_again() {
    let dynamodb = DynamoDb::with_table().await;
    let (store, scope) = (replica(&dynamodb), Scope::from(&session("counter")));
    let mut expected = 0;
    for (fault, executed) in
        [(Fault::DoneButCut, true), (Fault::DoneButSilent, true), (Fault::Silent, false), (Fault::Fail, false)]
    {
        dynamodb.inject("UpdateItem", fault.times(1));
        let requests = dynamodb.requests();
        let problem = store.add_to_counter(&scope, name("c"), 2, in_time()).await;
        assert_eq!(problem, Err(StateProblem::Unknown(StoreError::Unreachable)), "{fault:?}");
        assert_eq!(dynamodb.requests(), requests + 1, "{fault:?}");
        dynamodb.heal();
        expected += i64::from(executed) * 2;
        assert_eq!(store.counter(&scope, name("c")).await.unwrap().count(), expected, "{fault:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn throttled_addition_is_sent_again() {
    let dynamodb = DynamoDb::with_table().await;
    let (store, scope) = (replica(&dynamodb), Scope::from(&session("counter")));
    dynamodb.inject("UpdateItem", Fault::Throttle.times(5));
    assert_eq!(store.add_to_counter(&scope, name("c"), 2, in_time()).await, Ok(2));
    dynamodb.inject("UpdateItem", Fault::Throttle.always());
    let refused = store.add_to_counter(&scope, name("c"), 2, soon()).await;
    assert_eq!(refused, Err(StateProblem::Store(StoreError::Throttled)));
}

fn call(scope: &Scope, key: &str) -> KeyedCall {
    let key = IdempotencyKey::try_from(key.to_owned()).unwrap();
    KeyedCall::new(scope.clone(), Some(&key), "tool 1".to_owned())
}

fn addition(scope: &Scope) -> [Write; 1] {
    [Write::Counter { scope: scope.clone(), name: "c".into(), add: 1, read: None }]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keyed_call_with_lost_responses_commits_once() {
    let dynamodb = DynamoDb::with_table().await;
    let (store, scope) = (replica(&dynamodb), Scope::from(&session("once")));
    for (n, fault) in [Fault::DoneButCut, Fault::DoneButSilent, Fault::Silent, Fault::Fail].into_iter().enumerate() {
        dynamodb.inject("TransactWriteItems", fault.times(2));
        let committed = store.commit(&call(&scope, &n.to_string()), &addition(&scope), "1", in_time()).await.unwrap();
        // A transaction whose response was lost is recognized by its record as this call's own.
        let own = match committed {
            Commit::Applied => true,
            Commit::Recorded(recorded) => !recorded.replayed,
            Commit::Conflict => false,
        };
        assert!(own, "{fault:?}");
        dynamodb.heal();
        assert_eq!(store.counter(&scope, name("c")).await.unwrap().count(), n as i64 + 1, "{fault:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn repeated_keyed_call_learns_an_unknown_outcome() {
    let dynamodb = DynamoDb::with_table().await;
    let (store, scope) = (replica(&dynamodb), Scope::from(&session("once")));
    dynamodb.inject("TransactWriteItems", Fault::DoneButCut.always());
    let problem = store.commit(&call(&scope, "k"), &addition(&scope), "1", soon()).await;
    assert_eq!(problem, Err(StateProblem::Unknown(StoreError::Unreachable)));
    dynamodb.heal();
    let other = replica(&dynamodb);
    assert!(other.recorded(&call(&scope, "k"), false).await.unwrap().unwrap().replayed);
    let repeat = other.commit(&call(&scope, "k"), &addition(&scope), "1", in_time()).await;
    assert!(matches!(repeat, Ok(Commit::Recorded(recorded)) if recorded.replayed));
    assert_eq!(store.counter(&scope, name("c")).await.unwrap().count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn outside_effect_with_lost_responses_runs_once() {
    let dynamodb = DynamoDb::with_table().await;
    let (store, scope) = (replica(&dynamodb), Scope::from(&session("outside")));
    for (n, fault) in [Fault::DoneButCut, Fault::DoneButSilent, Fault::Fail].into_iter().enumerate() {
        let call_id = n.to_string();
        let own = call(&scope, &call_id);
        dynamodb.inject("PutItem", fault.times(1));
        dynamodb.inject("UpdateItem", fault.times(1));
        assert_eq!(store.begin_outside(&own, AfterCrash::Report, in_time()).await, Ok(Intent::Run), "{fault:?}");
        store.end_outside(&own, "\"paid\"", in_time()).await.unwrap();
        dynamodb.heal();
        let repeat = store.begin_outside(&call(&scope, &call_id), AfterCrash::Report, in_time()).await.unwrap();
        assert!(matches!(repeat, Intent::Recorded(recorded) if recorded.replayed), "{fault:?}");
    }
}

/// The acknowledged and the uncertain words of one client.
#[derive(Default)]
struct Journal {
    acknowledged: Vec<String>,
    uncertain: Vec<String>,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thirty_two_clients_of_three_replicas_lose_and_double_nothing() {
    let dynamodb = DynamoDb::with_table().await;
    let replicas = [replica(&dynamodb), replica(&dynamodb), replica(&dynamodb)];
    let scope = Scope::from(&session("crowd"));
    for (fault, percent) in [(Fault::Throttle, 10), (Fault::DoneButCut, 8), (Fault::Fail, 5), (Fault::DoneButSilent, 1)]
    {
        dynamodb.inject("UpdateItem", fault.percent(percent));
    }
    let clients: Vec<_> = (0..32_usize)
        .map(|client| {
            let (store, scope) = (replicas[client % 3].clone(), scope.clone());
            tokio::spawn(async move {
                let mut journal = Journal::default();
                for n in 0..6 {
                    let word = format!("{client}/{n}");
                    match push(&store, &scope, &word, after(Duration::from_secs(30))).await {
                        Ok(()) => journal.acknowledged.push(word),
                        Err(StateProblem::Unknown(_) | StateProblem::Overtaken) => journal.uncertain.push(word),
                        Err(problem) => panic!("{problem}"),
                    }
                }
                journal
            })
        })
        .collect();
    let mut journal = Journal::default();
    for client in clients {
        let client = client.await.unwrap();
        journal.acknowledged.extend(client.acknowledged);
        journal.uncertain.extend(client.uncertain);
    }
    dynamodb.heal();
    let mut stored: HashMap<String, usize> = HashMap::new();
    for word in words(&replicas[0], &scope).await {
        *stored.entry(word).or_default() += 1;
    }
    assert!(stored.values().all(|times| *times == 1), "doubled: {stored:?}");
    let lost: Vec<_> = journal.acknowledged.iter().filter(|word| !stored.contains_key(*word)).collect();
    assert!(lost.is_empty(), "lost: {lost:?}");
    assert!(journal.acknowledged.len() >= 160, "only {} of 192 were acknowledged", journal.acknowledged.len());
    let unacknowledged = stored.keys().filter(|word| !journal.acknowledged.contains(word));
    assert!(unacknowledged.clone().all(|word| journal.uncertain.contains(word)));
}
