//! For tests: a client whose requests an engine in this process answers, as DynamoDB would.

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

/// An engine with one table in it.
#[derive(Debug, Clone)]
pub(super) struct Engine {
    database: Arc<Shared>,
    /// How many more batches it gives back in part.
    busy: Arc<AtomicU32>,
}

struct Shared(Database);

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Engine")
    }
}

impl Engine {
    pub(super) fn start() -> Self {
        let engine = Self { database: Arc::new(Shared(Database::memory().unwrap())), busy: Arc::default() };
        let table = json!({
            "TableName": TABLE,
            "BillingMode": "PAY_PER_REQUEST",
            "KeySchema": [{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            "AttributeDefinitions": [
                {"AttributeName": "pk", "AttributeType": "S"}, {"AttributeName": "sk", "AttributeType": "S"},
            ],
        });
        engine.dispatch("CreateTable", &table.to_string()).unwrap();
        engine
    }

    /// Gives back all but one item of so many batches.
    pub(super) fn be_busy(&self, batches: u32) {
        self.busy.store(batches, Ordering::SeqCst);
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
            "CreateTable" => answer(body, |request| db.create_table(request)),
            "DescribeTable" => answer(body, |request| db.describe_table(request)),
            "DeleteTable" => answer(body, |request| db.delete_table(request)),
            "BatchWriteItem" => answer(body, |request| db.batch_write_item(request)),
            "Scan" => answer(body, |request| db.scan(request)),
            other => Err(DynoxideError::ValidationException(format!("the tests do not know {other}"))),
        }
    }

    fn respond(&self, operation: &str, body: &str) -> (u16, String) {
        let is_busy = |left: u32| left.checked_sub(1);
        let busy = operation == "BatchWriteItem"
            && self.busy.fetch_update(Ordering::SeqCst, Ordering::SeqCst, is_busy).is_ok();
        let (body, rest) = if busy { hold_back(body) } else { (body.to_owned(), json!({})) };
        match self.dispatch(operation, &body) {
            Ok(json) if busy => {
                let mut answer: Value = serde_json::from_str(&json).unwrap();
                answer["UnprocessedItems"] = rest;
                (200, answer.to_string())
            }
            Ok(json) => (200, json),
            Err(error) => (error.status_code(), error.to_json()),
        }
    }
}

fn hold_back(body: &str) -> (String, Value) {
    let mut request: Value = serde_json::from_str(body).unwrap();
    let items = request["RequestItems"][TABLE].as_array_mut().unwrap();
    let rest = items.split_off(1);
    let rest = if rest.is_empty() { json!({}) } else { json!({ TABLE: rest }) };
    (request.to_string(), rest)
}

fn answer<Q: DeserializeOwned, A: Serialize>(
    body: &str,
    run: impl FnOnce(Q) -> dynoxide::Result<A>,
) -> Result<String, DynoxideError> {
    let request =
        serde_json::from_str(body).map_err(|error| DynoxideError::SerializationException(error.to_string()))?;
    Ok(serde_json::to_string(&run(request)?).unwrap())
}

impl HttpConnector for Engine {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let operation = target.rsplit('.').next().unwrap_or_default();
        let body = String::from_utf8(request.body().bytes().unwrap_or_default().to_vec()).unwrap();
        let (status, json) = self.respond(operation, &body);
        HttpConnectorFuture::ready(Ok(HttpResponse::new(status.try_into().unwrap(), SdkBody::from(json))))
    }
}

impl HttpClient for Engine {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}
