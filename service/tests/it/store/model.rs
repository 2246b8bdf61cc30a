//! Model test: two replicas match [`promise`] for random sequences of operations, with and without lost responses.
//!
//! A failure shrinks to the shortest sequence of [`op::Op`] that reproduces it. `proptest-regressions` keeps it, so
//! later runs try it first.

mod op;
mod promise;
mod replicas;
mod run;

use std::sync::LazyLock;

use proptest::prelude::*;
use tokio::runtime::Runtime;

use op::Trouble;
use replicas::Replicas;
use run::follow;

use crate::support::dynamodb::DynamoDb;

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap());

/// Two replicas on one engine in this process. No response is lost.
static ENGINE: LazyLock<Replicas> = LazyLock::new(|| RUNTIME.block_on(Replicas::on_an_engine()));

/// Two replicas that reach the table over HTTP, with injected faults.
static ENDPOINT: LazyLock<(Replicas, DynamoDb)> = LazyLock::new(|| {
    RUNTIME.block_on(async {
        let dynamodb = DynamoDb::with_table().await;
        (Replicas::on_an_endpoint(&dynamodb), dynamodb)
    })
});

fn config_for(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, max_shrink_iters: 2000, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config_for(24))]

    #[test]
    fn two_replicas_match_the_model(steps in op::sequence(Just(Trouble::None).boxed())) {
        RUNTIME.block_on(follow(&ENGINE, None, &steps))?;
    }
}

proptest! {
    #![proptest_config(config_for(40))]

    #[test]
    fn two_replicas_match_the_model_with_lost_responses(steps in op::sequence(op::trouble().boxed())) {
        RUNTIME.block_on(follow(&ENDPOINT.0, Some(&ENDPOINT.1), &steps))?;
    }
}
