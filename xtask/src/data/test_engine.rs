//! A DynamoDB in memory for tests, which can act like a throttled table.

use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

use aws_sdk_dynamodb::{
    Client,
    config::{
        BehaviorVersion, Config, Credentials, HttpClient, Region, RuntimeComponents,
        http::{HttpRequest, HttpResponse},
    },
};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_types::body::SdkBody;
use dynoxide::{Database, DynoxideError};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};

use crate::aws::table::Table;

pub(super) const TABLE: &str = "gone-state";

/// An engine with one table.
#[derive(Debug, Clone)]
pub(super) struct TestEngine {
    database: Arc<Shared>,
    /// The number of further batches that it processes in part.
    throttled: Arc<AtomicU32>,
}

struct Shared(Database);

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Engine")
    }
}

impl TestEngine {
    pub(super) fn start() -> Self {
        let engine = Self { database: Arc::new(Shared(Database::memory().unwrap())), throttled: Arc::default() };
        engine.dispatch("CreateTable", &create_table(TABLE).to_string()).unwrap();
        engine
    }

    /// Leaves all but one item of the next batches unprocessed.
    pub(super) fn throttle(&self, batches: u32) {
        self.throttled.store(batches, Ordering::SeqCst);
    }

    pub(super) fn table(&self) -> Table {
        let config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::from_static("us-east-1"))
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .http_client(self.clone())
            .build();
        Table::with_client(Client::from_conf(config), TABLE)
    }

    fn dispatch(&self, operation: &str, body: &str) -> Result<String, DynoxideError> {
        let db = &self.database.0;
        match operation {
            "CreateTable" => handle(body, |request| db.create_table(request)),
            "DescribeTable" => handle(body, |request| db.describe_table(request)),
            "DeleteTable" => handle(body, |request| db.delete_table(request)),
            "BatchWriteItem" => handle(body, |request| db.batch_write_item(request)),
            "Scan" => handle(body, |request| db.scan(request)),
            other => Err(DynoxideError::ValidationException(format!("unknown operation {other}"))),
        }
    }

    fn respond(&self, operation: &str, body: &str) -> (u16, String) {
        let throttled = operation == "BatchWriteItem"
            && self.throttled.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
        let (body, rest) = if throttled { hold_back(body) } else { (body.to_owned(), json!({})) };
        match self.dispatch(operation, &body) {
            Ok(json) if throttled => {
                let mut response: Value = serde_json::from_str(&json).unwrap();
                response["UnprocessedItems"] = rest;
                (200, response.to_string())
            }
            Ok(json) => (200, json),
            Err(error) => (error.status_code(), error.to_json()),
        }
    }
}

/// Returns the request that creates a table with the service's keys.
pub(super) fn create_table(name: &str) -> Value {
    json!({
        "TableName": name,
        "BillingMode": "PAY_PER_REQUEST",
        "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        "AttributeDefinitions": [
            {"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "S"},
        ],
    })
}

/// Splits a batch into its first item and the rest.
fn hold_back(body: &str) -> (String, Value) {
    let mut request: Value = serde_json::from_str(body).unwrap();
    let items = request["RequestItems"][TABLE].as_array_mut().unwrap();
    let rest = items.split_off(1);
    let rest = if rest.is_empty() { json!({}) } else { json!({ TABLE: rest }) };
    (request.to_string(), rest)
}

fn handle<Q: DeserializeOwned, A: Serialize>(
    body: &str,
    run: impl FnOnce(Q) -> dynoxide::Result<A>,
) -> Result<String, DynoxideError> {
    let request =
        serde_json::from_str(body).map_err(|error| DynoxideError::SerializationException(error.to_string()))?;
    Ok(serde_json::to_string(&run(request)?).unwrap())
}

impl HttpConnector for TestEngine {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let operation = target.rsplit('.').next().unwrap_or_default();
        let body = String::from_utf8(request.body().bytes().unwrap_or_default().to_vec()).unwrap();
        let (status, json) = self.respond(operation, &body);
        HttpConnectorFuture::ready(Ok(HttpResponse::new(status.try_into().unwrap(), SdkBody::from(json))))
    }
}

impl HttpClient for TestEngine {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}
