//! The state of tools, as an author's tools use it: tools defined here, called as a client calls them.

mod cached;
mod evolution;
mod once;
mod outside;
mod tools;
mod transport;

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use clap::Parser;
use mcp_stateful::{
    cli::Cli,
    config::{Config, Limits},
    principal::Principal,
    session::Session,
    store::Store,
    telemetry::Metrics,
    tools::{Registration, ToolError, Tools, catalog::Catalog},
};
use serde_json::{Value, json};

use crate::support::{
    dynamodb::{DynamoDb, TABLE, store},
    fresh,
};

/// A replica with the tools of these tests.
#[derive(Clone)]
struct Replica(Arc<Tools>);

fn limits() -> Limits {
    Config::parse(&Cli::parse_from(["test", "--state-path", ":memory:"]).flags).unwrap().0.limits
}

impl Replica {
    fn new(store: Store) -> Self {
        let catalog = Catalog::new(&limits(), tools::ALL).unwrap();
        Self(Arc::new(Tools::new(catalog, store, &limits(), Arc::new(Metrics::new("test")))))
    }

    fn with(store: Store, tools: &[Registration]) -> Self {
        let catalog = Catalog::new(&limits(), tools).unwrap();
        Self(Arc::new(Tools::new(catalog, store, &limits(), Arc::new(Metrics::new("test")))))
    }

    fn on(dynamodb: &DynamoDb) -> Self {
        Self::new(store(&dynamodb.endpoint, TABLE))
    }

    async fn call_as(&self, principal: &Principal, tool: &str, arguments: Value) -> Result<Value, ToolError> {
        let Value::Object(arguments) = arguments else { panic!("arguments are an object") };
        let deadline = tokio::time::Instant::now() + Duration::from_secs(15);
        self.0.call(principal, tool, arguments, deadline).await.map(|output| output.structured())
    }

    async fn call(&self, tool: &str, arguments: Value) -> Result<Value, ToolError> {
        self.call_as(&Principal::shared(), tool, arguments).await
    }

    async fn error(&self, tool: &str, arguments: Value) -> String {
        self.call(tool, arguments).await.unwrap_err().to_string()
    }

    async fn cart(&self, session: &str) -> Value {
        self.call("show_cart", json!({"session_id": session})).await.unwrap()
    }
}

fn session(name: &str) -> Session {
    Session::open(&Principal::shared(), name.to_owned(), 0).unwrap()
}

/// Asserts that `work` ends in time, for tests that would hang otherwise.
async fn in_time<T>(work: impl Future<Output = T>) -> T {
    let started = Instant::now();
    let result = tokio::time::timeout(Duration::from_secs(30), work).await;
    result.unwrap_or_else(|_| panic!("nothing after {:?}", started.elapsed()))
}

fn fresh_session() -> String {
    fresh("state")
}
