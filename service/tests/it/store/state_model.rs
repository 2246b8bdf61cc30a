//! Model test: states, counters and keyed calls of two replicas match a model, whatever responses are lost, requests
//! rejected and processes stopped.

use std::{collections::HashMap, sync::LazyLock, time::Duration};

use mcp_stateful::{
    principal::Principal,
    session::Session,
    store::{
        Commit, IdempotencyKey, KeyedCall, Name, NewValue, Scope, StateItem, StateProblem, Store, StoreError,
        StoredValue, Write,
    },
};
use proptest::prelude::*;
use tokio::{runtime::Runtime, time::Instant};

use crate::support::{
    dynamodb::{DynamoDb, Fault, TABLE, store},
    fresh,
};

/// One operation. There is one state and one counter, so that operations collide.
#[derive(Debug, Clone, Copy)]
enum Op {
    /// Appends a word to the state.
    Update { replica: usize, trouble: Trouble },
    /// Appends a word at both replicas at the same time.
    UpdateAtBoth { trouble: Trouble },
    /// Adds to the counter.
    Add { replica: usize, add: i64, trouble: Trouble },
    /// Appends a word and adds 1 in a keyed call, which is often a repetition and sometimes a misuse of the key.
    Once { replica: usize, key: u8, arguments: u8, trouble: Trouble },
    /// Resets the session.
    Reset { replica: usize, trouble: Trouble },
}

/// A fault in the writes of one operation.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Trouble {
    None,
    /// The first attempts are rejected, then one is accepted.
    Throttled,
    /// The first attempt is executed and its response is lost.
    FirstResponseLost,
    /// Every attempt is executed and every response is lost.
    AllResponsesLost,
    /// Every attempt is answered with a failure that does not show whether it was executed. None is.
    Failing,
    /// Every attempt is rejected.
    Rejected,
    /// The process stops after it has sent the first attempt.
    Crash {
        executed: bool,
    },
}

/// The result that the caller gets.
#[derive(Debug, PartialEq)]
enum Outcome {
    Done,
    Sum(i64),
    /// The number of words after the call, and whether an earlier call with the key had the effect.
    Once {
        words: usize,
        replayed: bool,
    },
    Reused,
    Unknown,
    Throttled,
    Crashed,
}

/// The expected contents of the table.
#[derive(Debug, Default)]
struct Model {
    words: Vec<String>,
    count: i64,
    /// The arguments and the result by key.
    records: HashMap<u8, (u8, usize)>,
    written: usize,
}

impl Model {
    fn next_word(&mut self) -> String {
        self.written += 1;
        format!("w{}", self.written)
    }

    /// Returns whether a write with this fault takes effect, and its outcome if it has no other.
    fn effect(trouble: Trouble) -> (bool, Option<Outcome>) {
        match trouble {
            Trouble::None | Trouble::Throttled | Trouble::FirstResponseLost => (true, None),
            Trouble::AllResponsesLost => (true, Some(Outcome::Unknown)),
            Trouble::Failing => (false, Some(Outcome::Unknown)),
            Trouble::Rejected => (false, Some(Outcome::Throttled)),
            Trouble::Crash { executed } => (executed, Some(Outcome::Crashed)),
        }
    }
}

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap());

static TABLE_OF_MODEL: LazyLock<(DynamoDb, [Store; 2])> = LazyLock::new(|| {
    RUNTIME.block_on(async {
        let dynamodb = DynamoDb::with_table().await;
        let replicas = [store(&dynamodb.endpoint, TABLE), store(&dynamodb.endpoint, TABLE)];
        (dynamodb, replicas)
    })
});

fn trouble() -> impl Strategy<Value = Trouble> {
    prop_oneof![
        4 => Just(Trouble::None),
        1 => Just(Trouble::Throttled),
        2 => Just(Trouble::FirstResponseLost),
        1 => Just(Trouble::AllResponsesLost),
        1 => Just(Trouble::Failing),
        1 => Just(Trouble::Rejected),
        1 => any::<bool>().prop_map(|executed| Trouble::Crash { executed }),
    ]
}

fn op() -> impl Strategy<Value = Op> {
    let replica = || 0..2_usize;
    let passing = || prop_oneof![Just(Trouble::None), Just(Trouble::Throttled), Just(Trouble::FirstResponseLost)];
    prop_oneof![
        6 => (replica(), trouble()).prop_map(|(replica, trouble)| Op::Update { replica, trouble }),
        2 => passing().prop_map(|trouble| Op::UpdateAtBoth { trouble }),
        3 => (replica(), -2..5_i64, trouble()).prop_map(|(replica, add, trouble)| Op::Add { replica, add, trouble }),
        6 => (replica(), 0..3_u8, 0..2_u8, trouble())
            .prop_map(|(replica, key, arguments, trouble)| Op::Once { replica, key, arguments, trouble }),
        2 => (replica(), passing()).prop_map(|(replica, trouble)| Op::Reset { replica, trouble }),
    ]
}

/// The execution of one sequence.
struct Run {
    dynamodb: &'static DynamoDb,
    replicas: &'static [Store; 2],
    session: Session,
    scope: Scope,
    model: Model,
}

fn name(name: &str) -> Name<'_> {
    Name::new(name).unwrap()
}

impl Run {
    fn new() -> Self {
        let (dynamodb, replicas) = &*TABLE_OF_MODEL;
        let session = Session::open(&Principal::shared(), fresh("model"), 0).unwrap();
        let scope = Scope::from(&session);
        Self { dynamodb, replicas, session, scope, model: Model::default() }
    }

    fn inject(&self, operation: &'static str, trouble: Trouble) {
        self.dynamodb.heal();
        let plan = match trouble {
            Trouble::None => return,
            Trouble::Throttled => Fault::Throttle.times(2),
            Trouble::FirstResponseLost => Fault::DoneButCut.times(1),
            Trouble::AllResponsesLost => Fault::DoneButCut.always(),
            Trouble::Failing => Fault::Fail.always(),
            Trouble::Rejected => Fault::Throttle.always(),
            Trouble::Crash { executed: true } => Fault::DoneButSilent.times(1),
            Trouble::Crash { executed: false } => Fault::Silent.times(1),
        };
        self.dynamodb.inject(operation, plan);
    }

    /// Runs a call under a fault. A crash drops its future once the table has received the request.
    async fn call<T>(
        &self,
        operation: &'static str,
        trouble: Trouble,
        call: impl Future<Output = Result<T, StateProblem>>,
        outcome: impl FnOnce(T) -> Outcome,
    ) -> Outcome {
        self.inject(operation, trouble);
        let struck = self.dynamodb.struck();
        let crash = async {
            while !matches!(trouble, Trouble::Crash { .. }) || self.dynamodb.struck() == struck {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            // The table executes the request that it has received.
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        let result = tokio::select! {
            result = call => match result {
                Ok(value) => outcome(value),
                Err(StateProblem::Unknown(StoreError::Unreachable)) => Outcome::Unknown,
                Err(StateProblem::Store(StoreError::Throttled)) => Outcome::Throttled,
                Err(StateProblem::KeyReused) => Outcome::Reused,
                Err(other) => panic!("{other}"),
            },
            () = crash => Outcome::Crashed,
        };
        self.dynamodb.heal();
        result
    }

    fn deadline(trouble: Trouble) -> Instant {
        let ends_early = matches!(trouble, Trouble::AllResponsesLost | Trouble::Failing | Trouble::Rejected);
        Instant::now() + Duration::from_millis(if ends_early { 400 } else { 20_000 })
    }

    async fn push(&self, replica: usize, word: &str, trouble: Trouble) -> Result<(), StateProblem> {
        let mut edit = |now: &StateItem| Ok(pushed(now, word));
        self.replicas[replica].update_state(&self.scope, name("s"), Self::deadline(trouble), &mut edit).await
    }

    async fn once(
        &self,
        replica: usize,
        call: &KeyedCall,
        word: &str,
        deadline: Instant,
    ) -> Result<(usize, bool), StateProblem> {
        let store = &self.replicas[replica];
        loop {
            if let Some(recorded) = store.recorded(call, false).await? {
                return Ok((recorded.result.parse().unwrap(), recorded.replayed));
            }
            let base = store.state(&self.scope, name("s")).await?;
            let words = words(&base).len() + 1;
            let new = pushed(&base, word);
            let writes = [
                Write::State { scope: self.scope.clone(), name: "s".into(), base, new },
                Write::Counter { scope: self.scope.clone(), name: "c".into(), add: 1, read: None },
            ];
            match store.commit(call, &writes, &words.to_string(), deadline).await? {
                Commit::Applied => return Ok((words, false)),
                Commit::Recorded(recorded) => return Ok((recorded.result.parse().unwrap(), recorded.replayed)),
                Commit::Conflict => {}
            }
        }
    }

    async fn step(&mut self, op: Op) -> Result<(), TestCaseError> {
        match op {
            Op::Update { replica, trouble } => {
                let word = self.model.next_word();
                let call = self.push(replica, &word, trouble);
                let outcome = self.call("UpdateItem", trouble, call, |()| Outcome::Done).await;
                let (applies, expected) = Model::effect(trouble);
                prop_assert_eq!(outcome, expected.unwrap_or(Outcome::Done));
                self.model.words.extend(applies.then_some(word));
            }
            Op::UpdateAtBoth { trouble } => {
                let (one, other) = (self.model.next_word(), self.model.next_word());
                self.inject("UpdateItem", trouble);
                let results = tokio::join!(self.push(0, &one, trouble), self.push(1, &other, trouble));
                self.dynamodb.heal();
                prop_assert_eq!(results, (Ok(()), Ok(())));
                let stored = words(&self.replicas[0].state(&self.scope, name("s")).await.unwrap());
                let orders = [[one.clone(), other.clone()], [other, one]];
                let expected: Vec<_> = orders.iter().map(|order| [&self.model.words[..], order].concat()).collect();
                prop_assert!(expected.contains(&stored), "stored {:?}, expected one of {:?}", stored, expected);
                self.model.words = stored;
            }
            Op::Add { replica, add, trouble } => {
                let (store, deadline) = (&self.replicas[replica], Self::deadline(trouble));
                let call = store.add_to_counter(&self.scope, name("c"), add, deadline);
                let outcome = self.call("UpdateItem", trouble, call, Outcome::Sum).await;
                let (applies, expected) = Model::effect(trouble);
                self.model.count += if applies { add } else { 0 };
                // An addition whose response is lost is not sent again.
                let lost = (trouble == Trouble::FirstResponseLost).then_some(Outcome::Unknown);
                prop_assert_eq!(outcome, expected.or(lost).unwrap_or(Outcome::Sum(self.model.count)));
            }
            Op::Once { replica, key, arguments, trouble } => {
                let word = self.model.next_word();
                let client_key = IdempotencyKey::try_from(format!("key {key}")).unwrap();
                let call = KeyedCall::new(self.scope.clone(), Some(&client_key), format!("tool {arguments}"));
                let work = self.once(replica, &call, &word, Self::deadline(trouble));
                let done = |(words, replayed)| Outcome::Once { words, replayed };
                let outcome = self.call("TransactWriteItems", trouble, work, done).await;
                match self.model.records.get(&key) {
                    // The record is read before anything is written, so no fault strikes.
                    Some((known, words)) if *known == arguments => {
                        prop_assert_eq!(outcome, Outcome::Once { words: *words, replayed: true });
                    }
                    Some(_) => prop_assert_eq!(outcome, Outcome::Reused),
                    None => {
                        let words = self.model.words.len() + 1;
                        let (applies, expected) = Model::effect(trouble);
                        prop_assert_eq!(outcome, expected.unwrap_or(Outcome::Once { words, replayed: false }));
                        if applies {
                            self.model.words.push(word);
                            self.model.count += 1;
                            self.model.records.insert(key, (arguments, words));
                        }
                    }
                }
            }
            Op::Reset { replica, trouble } => {
                self.inject("UpdateItem", trouble);
                let deadline = Instant::now() + Duration::from_secs(20);
                let reset = self.replicas[replica].reset(&self.session, deadline).await;
                self.dynamodb.heal();
                prop_assert!(reset.is_ok_and(|reset| reset.complete));
                self.model.words.clear();
                self.model.count = 0;
            }
        }
        Ok(())
    }

    async fn check(&self, replica: usize) -> Result<(), TestCaseError> {
        let store = &self.replicas[replica];
        prop_assert_eq!(&words(&store.state(&self.scope, name("s")).await.unwrap()), &self.model.words);
        prop_assert_eq!(store.counter(&self.scope, name("c")).await.unwrap().count(), self.model.count);
        Ok(())
    }
}

fn words(state: &StateItem) -> Vec<String> {
    state.value().map_or_else(Vec::new, |value| serde_json::from_str(&value.json).unwrap())
}

fn pushed(state: &StateItem, word: &str) -> NewValue {
    let mut words = words(state);
    words.push(word.to_owned());
    NewValue::Put(StoredValue { version: 1, json: serde_json::to_string(&words).unwrap() })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 500, ..ProptestConfig::default() })]

    #[test]
    fn states_of_two_replicas_match_the_model(ops in proptest::collection::vec(op(), 1..=24)) {
        let mut run = Run::new();
        RUNTIME.block_on(async {
            for (n, op) in ops.iter().enumerate() {
                let result = match run.step(*op).await {
                    Ok(()) => run.check(n % 2).await,
                    failed => failed,
                };
                result.map_err(|error| TestCaseError::fail(format!("step {n}, {op:?}: {error}")))?;
            }
            Ok::<(), TestCaseError>(())
        })?;
    }
}
