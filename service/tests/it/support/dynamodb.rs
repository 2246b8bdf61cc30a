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

    /// Starts an endpoint that has the table.
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

    /// Deletes the table and all its items.
    pub(crate) fn delete_table(&self) {
        self.shared.empty();
    }

    /// Plans a fault for an operation, or for all of them with [`Plan::EVERY`].
    pub(crate) fn inject(&self, operation: &'static str, plan: Plan) {
        self.shared.faults.add(operation, plan);
    }

    /// Holds every request for `time`. Requests received meanwhile are executed at its end.
    pub(crate) fn freeze(&self, time: Duration) {
        self.shared.faults.freeze(time);
    }

    /// Removes all faults.
    pub(crate) fn heal(&self) {
        self.shared.faults.clear();
    }

    /// Rejects requests with any other session token as expired.
    pub(crate) fn require_token(&self, token: &str) {
        *self.shared.token.lock().unwrap() = Some(token.to_owned());
    }

    /// Ends every connection, as DynamoDB ends idle ones.
    pub(crate) fn hang_up(&self) {
        self.shared.hang_up.send_modify(|times| *times += 1);
    }

    /// Returns the operations requested since the table was created.
    pub(crate) fn operations(&self) -> BTreeSet<String> {
        self.shared.operations()
    }

    /// Returns the bill since the previous call.
    pub(crate) fn bill(&self) -> Bill {
        self.shared.ledger.take()
    }

    pub(crate) fn requests(&self) -> u32 {
        self.shared.requests()
    }

    /// Returns the number of requests that met a fault or an expired credential.
    pub(crate) fn struck(&self) -> u32 {
        self.shared.faults.struck()
    }
}

/// Returns the SDK's settings for an endpoint.
pub(crate) fn settings(endpoint: &str) -> Builder {
    Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .endpoint_url(endpoint)
}

/// Returns the connector that sends requests over sockets.
pub(crate) fn connector() -> SharedHttpConnector {
    SharedHttpConnector::new(Connector::builder().sleep_impl(TokioSleep::new()).build_http())
}

/// Returns a plain SDK client for an endpoint.
pub(crate) fn client(endpoint: &str) -> Client {
    let http = aws_smithy_http_client::Builder::new().build_http();
    Client::from_conf(settings(endpoint).http_client(http).build())
}

/// Returns a store on an endpoint.
pub(crate) fn store(endpoint: &str, table: &str) -> Store {
    Store::with_settings(settings(endpoint), connector(), table, super::fast_path())
}
