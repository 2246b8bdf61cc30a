//! A DynamoDB endpoint on loopback: the embedded engine behind HTTP, with faults in front of it.

mod bill;
pub(crate) mod credentials;
mod endpoint;
mod fault;

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use aws_sdk_dynamodb::{
    Client,
    config::{BehaviorVersion, Builder, Config, Credentials, Region},
};
use aws_smithy_async::rt::sleep::TokioSleep;
use aws_smithy_http_client::Connector;
use aws_smithy_runtime_api::client::http::SharedHttpConnector;
use mcp_stateful::store::Store;

pub(crate) use bill::Bill;
use endpoint::Endpoint;
pub(crate) use endpoint::TABLE;
pub(crate) use fault::{Fault, Plan};

/// The endpoint. It lives as long as the test's runtime.
pub(crate) struct DynamoDb {
    pub(crate) endpoint: String,
    shared: Arc<Endpoint>,
}

impl DynamoDb {
    pub(crate) async fn start() -> Self {
        let (endpoint, shared) = endpoint::start().await;
        Self { endpoint, shared }
    }

    /// An endpoint with the table in it.
    pub(crate) async fn with_table() -> Self {
        let dynamodb = Self::start().await;
        dynamodb.create_table().await;
        dynamodb.shared.forget_operations();
        dynamodb
    }

    pub(crate) async fn create_table(&self) {
        let store = store(&self.endpoint, TABLE);
        assert_eq!(store.create_table().await, Ok(true));
    }

    /// The table and all that is in it are gone.
    pub(crate) fn delete_table(&self) {
        self.shared.empty();
    }

    /// Plans a fault for an operation, [`Plan::EVERY`] for all of them.
    pub(crate) fn inject(&self, operation: &'static str, plan: Plan) {
        self.shared.faults.add(operation, plan);
    }

    /// Nothing is answered for so long; what was asked meanwhile is done then.
    pub(crate) fn freeze(&self, time: Duration) {
        self.shared.faults.freeze(time);
    }

    /// No fault any more.
    pub(crate) fn heal(&self) {
        self.shared.faults.clear();
    }

    /// Who has another session token than this is told that it expired.
    pub(crate) fn require_token(&self, token: &str) {
        *self.shared.token.lock().unwrap() = Some(token.to_owned());
    }

    /// Ends every connection, as DynamoDB ends idle ones.
    pub(crate) fn hang_up(&self) {
        self.shared.hang_up.send_modify(|times| *times += 1);
    }

    /// The operations that were asked for since the table was made.
    pub(crate) fn operations(&self) -> BTreeSet<String> {
        self.shared.operations()
    }

    /// What was carried out since the last time that this was asked.
    pub(crate) fn bill(&self) -> Bill {
        self.shared.ledger.take()
    }

    pub(crate) fn requests(&self) -> u32 {
        self.shared.requests()
    }

    /// How many requests met a fault or an expired credential.
    pub(crate) fn struck(&self) -> u32 {
        self.shared.faults.struck()
    }
}

/// The SDK's settings for an endpoint.
pub(crate) fn settings(endpoint: &str) -> Builder {
    Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .endpoint_url(endpoint)
}

/// What sends requests over sockets.
pub(crate) fn connector() -> SharedHttpConnector {
    SharedHttpConnector::new(Connector::builder().sleep_impl(TokioSleep::new()).build_http())
}

/// A plain SDK client for an endpoint.
pub(crate) fn client(endpoint: &str) -> Client {
    let http = aws_smithy_http_client::Builder::new().build_http();
    Client::from_conf(settings(endpoint).http_client(http).build())
}

/// A store on an endpoint.
pub(crate) fn store(endpoint: &str, table: &str) -> Store {
    Store::with_settings(settings(endpoint), connector(), table, super::fast_path())
}
