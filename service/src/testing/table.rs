//! The table of test servers: an engine in memory with faults in front of it.

use std::{future, sync::Arc, time::Duration};

use aws_sdk_dynamodb::config::http::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::{
    http::{HttpConnector, HttpConnectorFuture, SharedHttpConnector},
    orchestrator,
    result::ConnectorError,
};
use aws_smithy_types::body::SdkBody;
use serde_json::{Value, json};

use super::{Fault, Faults};
use crate::{
    config::{Backend, StateConfig},
    store::{
        Store, StoreError,
        embedded::{Engine, IN_MEMORY},
    },
};

/// A table in memory that fails on demand. Clones share it.
#[derive(Debug, Clone)]
pub struct TestTable {
    engine: Engine,
    faults: Arc<Faults>,
}

impl TestTable {
    /// Creates an engine that has no table yet.
    ///
    /// # Panics
    /// If the process has no memory for it.
    pub fn new() -> Self {
        let engine = Engine::open(IN_MEMORY.as_ref()).expect("a store in memory opens");
        Self { engine, faults: Arc::default() }
    }

    /// Creates the table that servers in processes of their own use, which do not create it themselves.
    ///
    /// # Errors
    /// [`StoreError`] if a fault prevents it.
    pub async fn create(&self, name: &str) -> Result<(), StoreError> {
        let config = StateConfig {
            backend: Backend::Embedded(IN_MEMORY.into()),
            table: name.to_owned(),
            deadline: Duration::from_secs(8),
        };
        self.store(&config, Duration::from_secs(1)).create_table().await.map(drop)
    }

    /// Opens a store on the table.
    pub(super) fn store(&self, config: &StateConfig, attempt_timeout: Duration) -> Store {
        Store::behind(SharedHttpConnector::new(self.clone()), config, attempt_timeout)
    }

    /// Returns the planned faults.
    pub fn faults(&self) -> &Faults {
        &self.faults
    }

    /// Executes a request without its fault.
    fn execute(&self, operation: &str, request: &Value) -> Value {
        let response = self.engine.dispatch(operation, &request.to_string());
        response.ok().and_then(|response| serde_json::from_str(&response).ok()).unwrap_or_default()
    }

    /// Builds the response to a write that another writer was faster than.
    fn conflict(&self, operation: &str, request: &Value) -> Value {
        if operation == "TransactWriteItems" {
            let items = request["TransactItems"].as_array().map_or(1, Vec::len);
            let mut reasons = vec![json!({"Code": "None"}); items];
            reasons[0] = json!({"Code": "TransactionConflict", "Message": "Transaction is ongoing for the item"});
            let message = "Transaction cancelled, please refer cancellation reasons for specific reasons";
            return json!({
                "__type": error_type("TransactionCanceledException"),
                "message": message,
                "CancellationReasons": reasons,
            });
        }
        let mut response = json!({
            "__type": error_type("ConditionalCheckFailedException"),
            "message": "The conditional request failed",
        });
        if request["ReturnValuesOnConditionCheckFailure"] == "ALL_OLD" {
            let key = match operation {
                "PutItem" => json!({"pk": request["Item"]["pk"], "sk": request["Item"]["sk"]}),
                _ => request["Key"].clone(),
            };
            let get = json!({"TableName": request["TableName"], "Key": key, "ConsistentRead": true});
            if let Some(item) = self.execute("GetItem", &get).get_mut("Item") {
                response["Item"] = item.take();
            }
        }
        response
    }
}

impl Default for TestTable {
    fn default() -> Self {
        Self::new()
    }
}

impl HttpConnector for TestTable {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let operation = target.rsplit('.').next().unwrap_or_default();
        let body = serde_json::from_slice(request.body().bytes().unwrap_or_default()).unwrap_or_default();
        match self.faults.strike(operation, &body) {
            None => self.engine.call(request),
            Some(Fault::Throttle) => HttpConnectorFuture::ready(rejection(&json!({
                "__type": error_type("ProvisionedThroughputExceededException"),
                "message": "The level of configured provisioned throughput for the table was exceeded",
            }))),
            Some(Fault::Silent) => HttpConnectorFuture::new(future::pending()),
            Some(Fault::WriteThenBreak) => {
                let executed = self.engine.call(request);
                HttpConnectorFuture::new(async {
                    executed.await?;
                    Err(ConnectorError::io("the connection broke before the response".into()))
                })
            }
            Some(Fault::Conflict) => {
                let (table, operation) = (self.clone(), operation.to_owned());
                HttpConnectorFuture::new(async move {
                    let conflict = tokio::task::spawn_blocking(move || table.conflict(&operation, &body)).await;
                    rejection(&conflict.map_err(|error| ConnectorError::other(error.into(), None))?)
                })
            }
        }
    }
}

fn error_type(name: &str) -> String {
    format!("com.amazonaws.dynamodb.v20120810#{name}")
}

fn rejection(body: &Value) -> Result<orchestrator::HttpResponse, ConnectorError> {
    let status = 400_u16.try_into().map_err(|_| ConnectorError::user("invalid HTTP status".into()))?;
    Ok(HttpResponse::new(status, SdkBody::from(body.to_string())))
}
