//! Whatever two replicas are asked, in whatever order and with whatever answers lost: the table holds what [`promise`] says.
//!
//! A failure shrinks to the shortest sequence of [`op::Op`] that shows it, and is kept in `proptest-regressions` to be tried
//! first from then on.

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

/// Both replicas on one engine in this process: nothing gets lost.
static ENGINE: LazyLock<Replicas> = LazyLock::new(|| RUNTIME.block_on(Replicas::on_an_engine()));

/// Both over HTTP, with faults between.
static ENDPOINT: LazyLock<(Replicas, DynamoDb)> = LazyLock::new(|| {
    RUNTIME.block_on(async {
        let dynamodb = DynamoDb::with_table().await;
        (Replicas::on_an_endpoint(&dynamodb), dynamodb)
    })
});

fn tried(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, max_shrink_iters: 2000, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(tried(24))]

    #[test]
    fn two_replicas_match_the_model(steps in op::sequence(Just(Trouble::None).boxed())) {
        RUNTIME.block_on(follow(&ENGINE, None, &steps))?;
    }
}

proptest! {
    #![proptest_config(tried(40))]

    #[test]
    fn two_replicas_match_the_model_with_lost_responses(steps in op::sequence(op::trouble().boxed())) {
        RUNTIME.block_on(follow(&ENDPOINT.0, Some(&ENDPOINT.1), &steps))?;
    }
}
