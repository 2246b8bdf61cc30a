//! Guarantees of every store for keyed calls with an effect outside the table.

use std::time::Duration;

use mcp_stateful::store::{AfterCrash, Intent, Recorded, Scope, StateProblem, Store};

use super::{
    in_a_minute,
    keyed::items_of,
    number,
    once::keyed,
    session as named,
    state::{scope, soon},
};

pub(crate) async fn result_of_an_outside_effect_is_replayed(store: &Store) {
    let scope = scope("outside");
    let call = keyed(&scope, "k", "t 1");
    assert_eq!(store.begin_outside(&call, AfterCrash::Report, in_a_minute()).await, Ok(Intent::Run));
    store.end_outside(&call, "\"paid\"", in_a_minute()).await.unwrap();
    let repeat = store.begin_outside(&keyed(&scope, "k", "t 1"), AfterCrash::Report, in_a_minute()).await;
    assert_eq!(repeat, Ok(Intent::Recorded(Recorded { result: "\"paid\"".into(), replayed: true })));
    let other = store.begin_outside(&keyed(&scope, "k", "t 2"), AfterCrash::Report, in_a_minute()).await;
    assert_eq!(other, Err(StateProblem::KeyReused));
}

pub(crate) async fn outside_effect_in_progress_is_waited_for(store: &Store) {
    let scope = scope("outside");
    let call = keyed(&scope, "k", "t 1");
    assert_eq!(store.begin_outside(&call, AfterCrash::RunAgain, in_a_minute()).await, Ok(Intent::Run));
    let early = store.begin_outside(&keyed(&scope, "k", "t 1"), AfterCrash::RunAgain, soon()).await;
    assert_eq!(early, Err(StateProblem::InProgress));
    let waiting = {
        let (store, repeat) = (store.clone(), keyed(&scope, "k", "t 1"));
        tokio::spawn(async move { store.begin_outside(&repeat, AfterCrash::RunAgain, in_a_minute()).await })
    };
    tokio::time::sleep(Duration::from_millis(100)).await;
    store.end_outside(&call, "1", in_a_minute()).await.unwrap();
    let recorded = Recorded { result: "1".into(), replayed: true };
    assert_eq!(waiting.await.unwrap(), Ok(Intent::Recorded(recorded)));
}

pub(crate) async fn interrupted_outside_effect_is_reported_or_repeated(store: &Store) {
    let session = named("outside");
    let scope = Scope::from(&session);
    let (crashed, late) = (keyed(&scope, "k", "t 1"), keyed(&scope, "k", "t 1"));
    assert_eq!(store.begin_outside(&crashed, AfterCrash::Report, in_a_minute()).await, Ok(Intent::Run));
    // The process stopped, and its lease is over.
    let mut record = items_of(store, &session, "ONCE#").await.remove(0);
    assert!(record.contains_key("lease") && !record.contains_key("result"), "{record:?}");
    record.insert("lease".into(), number(1));
    store.client().put_item().table_name(store.table()).set_item(Some(record)).send().await.unwrap();
    let reported = store.begin_outside(&keyed(&scope, "k", "t 1"), AfterCrash::Report, in_a_minute()).await;
    assert_eq!(reported, Err(StateProblem::Interrupted));
    // Of two calls that find it so, one runs.
    let other = keyed(&scope, "k", "t 1");
    let (one, two) = tokio::join!(
        store.begin_outside(&late, AfterCrash::RunAgain, soon()),
        store.begin_outside(&other, AfterCrash::RunAgain, soon()),
    );
    let (runner, loser) = if one == Ok(Intent::Run) { (&late, two) } else { (&other, one) };
    assert_eq!(loser, Err(StateProblem::InProgress));
    // The first process was only slow. Its result comes too late.
    store.end_outside(&crashed, "\"slow\"", in_a_minute()).await.unwrap();
    store.end_outside(runner, "\"second\"", in_a_minute()).await.unwrap();
    let repeat = store.begin_outside(&keyed(&scope, "k", "t 1"), AfterCrash::Report, in_a_minute()).await;
    assert_eq!(repeat, Ok(Intent::Recorded(Recorded { result: "\"second\"".into(), replayed: true })));
    // A failed effect that is safe to repeat ends its lease at once.
    let failed = keyed(&scope, "l", "t 1");
    assert_eq!(store.begin_outside(&failed, AfterCrash::RunAgain, in_a_minute()).await, Ok(Intent::Run));
    store.release_outside(&failed, in_a_minute()).await.unwrap();
    let next = store.begin_outside(&keyed(&scope, "l", "t 1"), AfterCrash::RunAgain, soon()).await;
    assert_eq!(next, Ok(Intent::Run));
}
