//! Guarantees of every store for keyed calls.

use mcp_stateful::store::{Commit, IdempotencyKey, KeyedCall, NewValue, Recorded, Scope, StateProblem, Store, Write};

use super::{
    all, in_a_minute, session as named,
    state::{add, count, entries, name, push, put_json, read, scope},
};

pub(super) fn key(name: &str) -> IdempotencyKey {
    IdempotencyKey::try_from(name.to_owned()).unwrap()
}

pub(super) fn keyed(scope: &Scope, name: &str, request: &str) -> KeyedCall {
    KeyedCall::new(scope.clone(), Some(&key(name)), request.to_owned())
}

/// Builds the write that appends a character to the state `s`, as a closure would.
async fn push_write(store: &Store, scope: &Scope, char: char) -> Write {
    let base = store.state(scope, name("s")).await.unwrap();
    let json = base.value().map_or("", |value| value.json.as_str());
    let new = put_json(format!("{json}{char}"));
    Write::State { scope: scope.clone(), name: "s".into(), base, new }
}

/// Executes a keyed call as the typed layer does: looks for a result, then writes until there is no conflict.
async fn run(store: &Store, call: &KeyedCall, scope: &Scope) -> Result<Recorded, StateProblem> {
    let mut retrying = false;
    loop {
        if let Some(recorded) = store.recorded(call, retrying).await? {
            return Ok(recorded);
        }
        let (counter, log) = (String::from("c"), String::from("l"));
        let writes = [
            push_write(store, scope, 'x').await,
            Write::Counter { scope: scope.clone(), name: counter, add: 2, read: None },
            Write::Log { scope: scope.clone(), name: log, entry: "1".into() },
        ];
        match store.commit(call, &writes, "\"result\"", in_a_minute()).await? {
            Commit::Applied => return Ok(Recorded { result: "\"result\"".into(), replayed: false }),
            Commit::Recorded(recorded) => return Ok(recorded),
            Commit::Conflict => retrying = true,
        }
    }
}

pub(crate) async fn keyed_call_is_executed_once(store: &Store) {
    let session = named("once");
    let scope = Scope::from(&session);
    let recorded = |replayed| Recorded { result: "\"result\"".into(), replayed };
    assert_eq!(run(store, &keyed(&scope, "k", "tool 1"), &scope).await, Ok(recorded(false)));
    assert_eq!(run(store, &keyed(&scope, "k", "tool 1"), &scope).await, Ok(recorded(true)));
    assert_eq!(run(store, &keyed(&scope, "l", "tool 1"), &scope).await, Ok(recorded(false)));
    // Without a key, every call is a new one.
    assert_eq!(run(store, &KeyedCall::new(scope.clone(), None, "tool 1".into()), &scope).await, Ok(recorded(false)));
    assert_eq!(read(store, &scope, "s").await.as_deref(), Some("xxx"));
    assert_eq!(count(store, &scope, "c").await, 6);
    assert_eq!(entries(store, &scope, "l").await.len(), 3);
    // The record outlives a reset, so that a late repeat does not restore what it cleared.
    store.reset(&session, in_a_minute()).await.unwrap();
    assert_eq!(run(store, &keyed(&scope, "k", "tool 1"), &scope).await, Ok(recorded(true)));
    assert_eq!(read(store, &scope, "s").await, None);
}

pub(crate) async fn concurrent_calls_under_one_key_commit_once(store: &Store) {
    let scope = scope("crowd");
    for round in 0..5 {
        let callers: Vec<_> = (0..8)
            .map(|_| {
                let (store, scope) = (store.clone(), scope.clone());
                tokio::spawn(async move {
                    run(&store, &keyed(&scope, &round.to_string(), "tool 1"), &scope).await.unwrap().replayed
                })
            })
            .collect();
        let mut first = 0;
        for caller in callers {
            first += usize::from(!caller.await.unwrap());
        }
        assert_eq!((first, count(store, &scope, "c").await), (1, 2 * (round + 1)));
    }
    assert_eq!(read(store, &scope, "s").await.as_deref(), Some("xxxxx"));
}

pub(crate) async fn key_with_other_arguments_is_rejected(store: &Store) {
    let session = named("reused");
    let scope = Scope::from(&session);
    run(store, &keyed(&scope, "k", "tool 1"), &scope).await.unwrap();
    for request in ["tool 2", "another_tool 1"] {
        assert_eq!(run(store, &keyed(&scope, "k", request), &scope).await, Err(StateProblem::KeyReused), "{request}");
    }
    assert!(store.add_note_once(&session, "one", &key("k")).await.is_err());
    assert_eq!(count(store, &scope, "c").await, 2);
    // The key of a note is not one of a call, either.
    store.add_note_once(&session, "one", &key("note")).await.unwrap();
    assert_eq!(run(store, &keyed(&scope, "note", "tool 1"), &scope).await, Err(StateProblem::KeyReused));
}

pub(crate) async fn conflicting_keyed_call_writes_nothing(store: &Store) {
    let session = named("conflict");
    let scope = Scope::from(&session);
    push(store, &scope, "s", 'a').await.unwrap();
    let stale = push_write(store, &scope, 'x').await;
    push(store, &scope, "s", 'b').await.unwrap();
    let call = keyed(&scope, "k", "tool 1");
    let writes = [
        stale,
        Write::Counter { scope: scope.clone(), name: "c".into(), add: 2, read: None },
        Write::Note { session: session.clone(), note: "one".into() },
    ];
    assert_eq!(store.commit(&call, &writes, "1", in_a_minute()).await, Ok(Commit::Conflict));
    assert_eq!((read(store, &scope, "s").await.as_deref(), count(store, &scope, "c").await), (Some("ab"), 0));
    assert_eq!(all(store, &session).await, [""; 0]);
    assert_eq!(store.recorded(&call, true).await, Ok(None));
    let fresh = push_write(store, &scope, 'x').await;
    let writes = [fresh, Write::Note { session: session.clone(), note: "one".into() }];
    assert_eq!(store.commit(&call, &writes, "1", in_a_minute()).await, Ok(Commit::Applied));
    assert_eq!(read(store, &scope, "s").await.as_deref(), Some("abx"));
    assert_eq!(all(store, &session).await, ["one"]);
}

pub(crate) async fn read_state_is_guarded_by_the_transaction(store: &Store) {
    let scope = scope("guard");
    for (n, state) in ["absent", "present"].into_iter().enumerate() {
        if state == "present" {
            push(store, &scope, state, 'a').await.unwrap();
        }
        let base = store.state(&scope, name(state)).await.unwrap();
        let guard = [
            Write::State { scope: scope.clone(), name: state.into(), base, new: NewValue::Keep },
            Write::Counter { scope: scope.clone(), name: "c".into(), add: 1, read: None },
        ];
        let before = read(store, &scope, state).await;
        let unchanged = store.commit(&keyed(&scope, &format!("{n}"), "t"), &guard, "1", in_a_minute()).await;
        assert_eq!(unchanged, Ok(Commit::Applied), "{state}");
        assert_eq!(read(store, &scope, state).await, before);
        push(store, &scope, state, 'b').await.unwrap();
        let changed = store.commit(&keyed(&scope, &format!("{n}'"), "t"), &guard, "1", in_a_minute()).await;
        assert_eq!(changed, Ok(Commit::Conflict), "{state}");
    }
    assert_eq!(count(store, &scope, "c").await, 2);
}

pub(crate) async fn read_counter_is_guarded_by_the_transaction(store: &Store) {
    let scope = scope("guard");
    for (n, before) in [0, 3].into_iter().enumerate() {
        let read = store.counter(&scope, name("c")).await.unwrap();
        assert_eq!(read.count(), before);
        let write = [Write::Counter { scope: scope.clone(), name: "c".into(), add: 1, read: Some(read) }];
        let commit = async |key: &str| store.commit(&keyed(&scope, key, "t"), &write, "1", in_a_minute()).await;
        assert_eq!(commit(&format!("{n}")).await, Ok(Commit::Applied));
        assert_eq!(commit(&format!("{n}'")).await, Ok(Commit::Conflict), "it is {} by now", before + 1);
        assert_eq!(count(store, &scope, "c").await, before + 1);
        add(store, &scope, "c", 2).await.unwrap();
    }
    let overflow = [Write::Counter { scope: scope.clone(), name: "c".into(), add: i64::MAX, read: None }];
    let problem = store.commit(&keyed(&scope, "overflow", "t"), &overflow, "1", in_a_minute()).await;
    assert_eq!(problem, Err(StateProblem::Overflow { value: 6, add: i64::MAX }));
}

pub(crate) async fn transaction_limits_are_errors(store: &Store) {
    let scope = scope("limits");
    let log = |bytes: usize| Write::Log { scope: scope.clone(), name: "l".into(), entry: "1".repeat(bytes) };
    let commit = async |key: &str, writes: &[Write], result: &str| {
        store.commit(&keyed(&scope, key, "t"), writes, result, in_a_minute()).await
    };
    assert_eq!(commit("a", &vec![log(1); 99], "1").await, Ok(Commit::Applied));
    assert_eq!(commit("b", &vec![log(1); 100], "1").await, Err(StateProblem::TooManyItems(101)));
    assert_eq!(commit("c", &vec![log(390_000); 10], "1").await, Ok(Commit::Applied));
    assert!(matches!(commit("d", &vec![log(390_000); 11], "1").await, Err(StateProblem::TooManyBytes(_))));
    assert!(matches!(commit("e", &[log(410_000)], "1").await, Err(StateProblem::TooLarge { .. })));
    let result = commit("f", &[], &"1".repeat(410_000)).await.unwrap_err();
    assert!(result.to_string().contains("return less"), "{result}");
    assert_eq!(entries(store, &scope, "l").await.len(), 109);
}
