//! A DynamoDB endpoint on loopback: the embedded engine behind HTTP, with faults in front of it.

use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
};

use axum::{
    Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::post,
};
use mcp_stateful::store::{
    Store,
    embedded::{Engine, IN_MEMORY},
};
use tokio::net::TcpListener;

/// What happens to requests of an operation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Fault {
    /// Refused as over the throughput, so many times.
    Throttle(u32),
    /// Done, but the answer never comes; so many times.
    DoneButSilent(u32),
    /// Two thirds of a batch's requests come back unprocessed, so many times.
    Unprocessed(u32),
}

/// The endpoint. It lives as long as the test's runtime.
pub(crate) struct DynamoDb {
    pub(crate) endpoint: String,
    shared: Arc<Shared>,
}

struct Shared {
    engine: Engine,
    faults: Mutex<Vec<(&'static str, Fault)>>,
    requests: AtomicU32,
    operations: Mutex<BTreeSet<String>>,
}

impl DynamoDb {
    pub(crate) async fn start() -> Self {
        let engine = Engine::open(IN_MEMORY.as_ref()).unwrap();
        let shared = Arc::new(Shared {
            engine,
            faults: Mutex::default(),
            requests: AtomicU32::new(0),
            operations: Mutex::default(),
        });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().route("/", post(answer)).with_state(shared.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { endpoint, shared }
    }

    /// An endpoint with the table in it.
    pub(crate) async fn with_table() -> Self {
        let dynamodb = Self::start().await;
        Store::with_client(client(&dynamodb.endpoint), "mcp_state").create_table().await.unwrap();
        dynamodb.shared.operations.lock().unwrap().clear();
        dynamodb
    }

    pub(crate) fn inject(&self, operation: &'static str, fault: Fault) {
        self.shared.faults.lock().unwrap().push((operation, fault));
    }

    pub(crate) fn heal(&self) {
        self.shared.faults.lock().unwrap().clear();
    }

    /// The operations that were asked for since the table was made.
    pub(crate) fn operations(&self) -> BTreeSet<String> {
        self.shared.operations.lock().unwrap().clone()
    }

    pub(crate) fn requests(&self) -> u32 {
        self.shared.requests.load(Ordering::SeqCst)
    }
}

/// A plain SDK client for an endpoint.
pub(crate) fn client(endpoint: &str) -> aws_sdk_dynamodb::Client {
    use aws_sdk_dynamodb::config::{BehaviorVersion, Config, Credentials, Region};
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static("us-east-1"))
        .credentials_provider(Credentials::new("test", "test", None, None, "test"))
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .endpoint_url(endpoint);
    aws_sdk_dynamodb::Client::from_conf(config.build())
}

impl Shared {
    /// The fault that is next for an operation; counts it down.
    fn next_fault(&self, operation: &str) -> Option<Fault> {
        let mut faults = self.faults.lock().unwrap();
        for (_, fault) in faults.iter_mut().filter(|(name, _)| *name == operation) {
            let remaining = remaining(fault);
            if *remaining > 0 {
                *remaining -= 1;
                return Some(*fault);
            }
        }
        None
    }
}

fn remaining(fault: &mut Fault) -> &mut u32 {
    match fault {
        Fault::Throttle(times) | Fault::DoneButSilent(times) | Fault::Unprocessed(times) => times,
    }
}

async fn answer(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: String) -> Response {
    shared.requests.fetch_add(1, Ordering::SeqCst);
    let target = headers["x-amz-target"].to_str().unwrap().to_owned();
    let operation = target.rsplit('.').next().unwrap();
    shared.operations.lock().unwrap().insert(operation.to_owned());
    let fault = shared.next_fault(operation);
    if let Some(Fault::Throttle(_)) = fault {
        let kind = "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException";
        return reply(400, serde_json::json!({"__type": kind, "message": "injected"}).to_string());
    }
    let (body, held_back) = match fault {
        Some(Fault::Unprocessed(_)) => hold_back(&body),
        _ => (body, None),
    };
    let engine = shared.engine.clone();
    let (status, mut json) = tokio::task::spawn_blocking(move || engine.respond(&target, &body)).await.unwrap();
    if let Some(Fault::DoneButSilent(_)) = fault {
        std::future::pending::<()>().await;
    }
    if let Some(rest) = held_back {
        let mut answer: serde_json::Value = serde_json::from_str(&json).unwrap();
        answer["UnprocessedItems"] = rest;
        json = answer.to_string();
    }
    reply(status, json)
}

/// Splits a BatchWriteItem request in what is done and what comes back.
fn hold_back(body: &str) -> (String, Option<serde_json::Value>) {
    let mut request: serde_json::Value = serde_json::from_str(body).unwrap();
    let tables = request["RequestItems"].as_object_mut().unwrap();
    let (table, items) = tables.iter_mut().next().unwrap();
    let items = items.as_array_mut().unwrap();
    let rest = items.split_off(items.len().div_ceil(3));
    let rest = if rest.is_empty() { serde_json::json!({}) } else { serde_json::json!({ table.clone(): rest }) };
    (request.to_string(), Some(rest))
}

fn reply(status: u16, json: String) -> Response {
    let headers = [("content-type", "application/x-amz-json-1.0")];
    (StatusCode::from_u16(status).unwrap(), headers, json).into_response()
}
