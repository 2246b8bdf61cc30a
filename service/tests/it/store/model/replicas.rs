//! Two stores on one table, and the clients they have.

use std::time::Duration;

use aws_sdk_dynamodb::{
    Client,
    config::{
        BehaviorVersion, Builder, Config, Credentials, Region,
        retry::{RetryConfig, RetryPartition, TokenBucket},
    },
};
use mcp_stateful::store::{
    Store,
    embedded::{Engine, IN_MEMORY},
};

use crate::support::dynamodb::{DynamoDb, TABLE};

/// The two.
pub(super) struct Replicas(pub(super) [Store; 2]);

impl Replicas {
    pub(super) async fn on_an_engine() -> Self {
        let engine = Engine::open(IN_MEMORY.as_ref()).unwrap();
        let replica =
            || Store::with_client(client(Config::builder().http_client(engine.clone()), "http://engine"), "model");
        let replicas = Self([replica(), replica()]);
        assert_eq!(replicas.0[0].create_table().await, Ok(true));
        replicas
    }

    pub(super) fn on_an_endpoint(dynamodb: &DynamoDb) -> Self {
        let http = || Config::builder().http_client(aws_smithy_http_client::Builder::new().build_http());
        let replica = || Store::with_client(client(http(), &dynamodb.endpoint), TABLE);
        Self([replica(), replica()])
    }
}

/// A client whose calls are sent twice at the most.
fn client(builder: Builder, endpoint: &str) -> Client {
    let retries = RetryConfig::standard().with_max_attempts(2).with_initial_backoff(Duration::from_millis(1));
    let config = builder
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .retry_config(retries)
        // The SDK's own quota of retries would be spent by the first few cases.
        .retry_partition(RetryPartition::custom("model").token_bucket(TokenBucket::unlimited()).build())
        .endpoint_url(endpoint);
    Client::from_conf(config.build())
}
