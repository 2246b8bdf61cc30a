//! Two stores on one table, and their clients.

use std::time::Duration;

use aws_sdk_dynamodb::config::retry::{RetryConfig, RetryPartition, TokenBucket};
use aws_smithy_runtime_api::client::http::SharedHttpConnector;
use mcp_stateful::store::{
    Store,
    embedded::{Engine, IN_MEMORY},
};

use crate::support::{
    dynamodb::{DynamoDb, TABLE, connector, settings},
    fast_path,
};

/// Two stores that share a table.
pub(super) struct Replicas(pub(super) [Store; 2]);

impl Replicas {
    pub(super) async fn on_an_engine() -> Self {
        let engine = Engine::open(IN_MEMORY.as_ref()).unwrap();
        let replica = || store(SharedHttpConnector::new(engine.clone()), "http://engine", "model");
        let replicas = Self([replica(), replica()]);
        assert_eq!(replicas.0[0].create_table().await, Ok(true));
        replicas
    }

    pub(super) fn on_an_endpoint(dynamodb: &DynamoDb) -> Self {
        let replica = || store(connector(), &dynamodb.endpoint, TABLE);
        Self([replica(), replica()])
    }
}

/// Creates a store whose SDK client sends each request at most twice.
fn store(connector: SharedHttpConnector, endpoint: &str, table: &str) -> Store {
    let retries = RetryConfig::standard().with_max_attempts(2).with_initial_backoff(Duration::from_millis(1));
    // The first few cases would exhaust the SDK's default retry quota.
    let unlimited = RetryPartition::custom("model").token_bucket(TokenBucket::unlimited()).build();
    let settings = settings(endpoint).retry_config(retries).retry_partition(unlimited);
    Store::with_settings(settings, connector, table, fast_path())
}
