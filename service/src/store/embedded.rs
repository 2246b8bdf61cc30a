//! DynamoDB inside the process: an HTTP connector of the SDK that passes each request to an engine on SQLite.
//!
//! It opens no port and signs nothing. Several processes may share one file; SQLite's locks serialize them.

mod disk_space;

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use aws_sdk_dynamodb::config::http::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::{
    http::{HttpConnector, HttpConnectorFuture},
    orchestrator::{self},
    result::ConnectorError,
};
use aws_smithy_types::{body::SdkBody, retry::ErrorKind};
use dynoxide::{Database, DynoxideError};
use serde::{Serialize, de::DeserializeOwned};

use super::error::NO_SPACE;
use crate::telemetry::targets;

/// The path of a store in memory, which ends with the process.
pub const IN_MEMORY: &str = ":memory:";

/// The interval at which expired items are deleted. Reads ignore them before that, so this only bounds the file's size.
const EXPIRY_INTERVAL: Duration = Duration::from_secs(60);

/// An open store. Clones share it.
#[derive(Clone)]
pub struct Engine {
    database: Database,
    file: Option<Arc<PathBuf>>,
}

/// The reasons for which a file cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder or the file cannot be created.
    #[error("{0}")]
    Create(#[from] std::io::Error),
    /// The path is not UTF-8.
    #[error("the path is not UTF-8")]
    NotUtf8,
    /// The engine's error.
    #[error("{0}")]
    Engine(#[from] DynoxideError),
}

impl Engine {
    /// Opens the file at `path`. Creates it and its folder if they do not exist, both readable by their owner only.
    ///
    /// # Errors
    /// [`OpenError`] if the folder or the file cannot be created or read, or if the file is not a store.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        match path.to_str().ok_or(OpenError::NotUtf8)? {
            IN_MEMORY => Ok(Self { database: Database::memory()?, file: None }),
            text => {
                create_folder(path)?;
                create_file(path)?;
                Ok(Self { database: Database::new(text)?, file: Some(Arc::new(path.to_owned())) })
            }
        }
    }

    /// Deletes expired items every [`EXPIRY_INTERVAL`] until the runtime ends.
    pub(super) fn delete_expired_in_background(&self) {
        let database = self.database.clone();
        tokio::spawn(async move {
            let mut interval = tokio::time::interval(EXPIRY_INTERVAL);
            loop {
                interval.tick().await;
                let database = database.clone();
                match tokio::task::spawn_blocking(move || database.sweep_ttl()).await {
                    Ok(Ok(0)) => {}
                    Ok(Ok(items)) => tracing::debug!(target: targets::EMBEDDED, items, "deleted expired items"),
                    Ok(Err(error)) => {
                        tracing::warn!(target: targets::EMBEDDED, %error, "cannot delete expired items; retrying in a minute")
                    }
                    Err(_) => return,
                }
            }
        });
    }

    /// Executes one DynamoDB request, given its operation (such as `PutItem`) and its JSON body, and returns the
    /// response body. Blocks while SQLite works.
    ///
    /// # Errors
    /// DynamoDB's errors, and a validation error for operations that the store does not use.
    pub fn dispatch(&self, operation: &str, body: &str) -> Result<String, DynoxideError> {
        let db = &self.database;
        match operation {
            "PutItem" => execute(body, |request| db.put_item(request)),
            "GetItem" => execute(body, |request| db.get_item(request)),
            "UpdateItem" => execute(body, |request| db.update_item(request)),
            "Query" => execute(body, |request| db.query(request)),
            "Scan" => execute(body, |request| db.scan(request)),
            "TransactWriteItems" => execute(body, |request| db.transact_write_items(request)),
            "BatchWriteItem" => execute(body, |request| db.batch_write_item(request)),
            "CreateTable" => execute(body, |request| db.create_table(request)),
            "DescribeTable" => execute(body, |request| db.describe_table(request)),
            "UpdateTimeToLive" => execute(body, |request| db.update_time_to_live(request)),
            "DescribeTimeToLive" => execute(body, |request| db.describe_time_to_live(request)),
            other => Err(DynoxideError::ValidationException(format!("the embedded store does not support {other}"))),
        }
    }

    /// Executes the request of DynamoDB's `X-Amz-Target` header and returns the HTTP status and the JSON body.
    pub fn respond(&self, target: &str, body: &str) -> (u16, String) {
        let operation = target.rsplit('.').next().unwrap_or(target);
        match self.dispatch(operation, body) {
            Ok(json) => (200, json),
            // Not a 5xx, which the SDK would retry until the deadline.
            Err(error) if error.status_code() >= 500 && self.is_full(body.len()) => {
                tracing::error!(target: targets::EMBEDDED, %error, "the disk is full");
                (400, serde_json::json!({"__type": NO_SPACE}).to_string())
            }
            Err(error) => (error.status_code(), error.to_json()),
        }
    }

    fn is_full(&self, bytes: usize) -> bool {
        self.file.as_ref().is_some_and(|file| disk_space::is_full(file, bytes))
    }
}

fn execute<Request: DeserializeOwned, Output: Serialize>(
    body: &str,
    run: impl FnOnce(Request) -> dynoxide::Result<Output>,
) -> Result<String, DynoxideError> {
    let request = serde_json::from_str(body).map_err(|e| DynoxideError::SerializationException(e.to_string()))?;
    serde_json::to_string(&run(request)?).map_err(|e| DynoxideError::InternalServerError(e.to_string()))
}

fn create_folder(path: &Path) -> std::io::Result<()> {
    let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.exists()) else {
        return Ok(());
    };
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// Creates the file for its owner only. SQLite gives the files beside it the same mode.
fn create_file(path: &Path) -> std::io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.append(true).create(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

impl std::fmt::Debug for Engine {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Engine")
    }
}

impl HttpConnector for Engine {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let engine = self.clone();
        HttpConnectorFuture::new(async move {
            let target = request.headers().get("x-amz-target").unwrap_or_default().to_owned();
            let body = request.body().bytes().unwrap_or_default().to_vec();
            // SQLite blocks on the disk, so it must not run on a thread of the async runtime.
            let work = move || {
                let body = String::from_utf8(body).map_err(|e| ConnectorError::user(e.into()))?;
                Ok(engine.respond(&target, &body))
            };
            let defect =
                |error: tokio::task::JoinError| ConnectorError::other(error.into(), Some(ErrorKind::ServerError));
            let (status, json) = tokio::task::spawn_blocking(work).await.map_err(defect)??;
            let status = status.try_into().map_err(|_| ConnectorError::user("invalid HTTP status".into()))?;
            Ok::<orchestrator::HttpResponse, ConnectorError>(HttpResponse::new(status, SdkBody::from(json)))
        })
    }
}
