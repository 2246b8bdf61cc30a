//! DynamoDB inside the process: an HTTP connector of the SDK that hands each request to an engine on SQLite.
//!
//! No port is opened and nothing is signed. Several processes may share one file; SQLite's locks keep them apart.

mod space;

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

/// The path that means: in memory, gone with the process.
pub const IN_MEMORY: &str = ":memory:";

/// How often expired items are removed. They are invisible before; this only keeps the file from growing.
const SWEEP_INTERVAL: Duration = Duration::from_secs(60);

/// An open store. Clones share it.
#[derive(Clone)]
pub struct Engine {
    database: Database,
    file: Option<Arc<PathBuf>>,
}

/// Why a file cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder or the file cannot be made.
    #[error("{0}")]
    Make(#[from] std::io::Error),
    /// A path that is no text.
    #[error("the path is not UTF-8")]
    NotUtf8,
    /// What the engine said.
    #[error("{0}")]
    Engine(#[from] DynoxideError),
}

impl Engine {
    /// Opens the file at `path`, making it and its folder, both for their owner's eyes only, where they are not there.
    ///
    /// # Errors
    /// A folder or file that cannot be made or read, or a file that is no store.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        match path.to_str().ok_or(OpenError::NotUtf8)? {
            IN_MEMORY => Ok(Self { database: Database::memory()?, file: None }),
            text => {
                make_folder(path)?;
                make_file(path)?;
                Ok(Self { database: Database::new(text)?, file: Some(Arc::new(path.to_owned())) })
            }
        }
    }

    /// Removes expired items now and then, for as long as the runtime lives.
    pub(super) fn sweep_in_background(&self) {
        let database = self.database.clone();
        tokio::spawn(async move {
            let mut interval = tokio::time::interval(SWEEP_INTERVAL);
            loop {
                interval.tick().await;
                let database = database.clone();
                match tokio::task::spawn_blocking(move || database.sweep_ttl()).await {
                    Ok(Ok(0)) => {}
                    Ok(Ok(items)) => tracing::debug!(items, "expired items removed"),
                    Ok(Err(error)) => tracing::warn!(%error, "expired items could not be removed"),
                    Err(_) => return,
                }
            }
        });
    }

    /// Answers one DynamoDB request: the operation (`PutItem`) and its JSON body. Blocks while SQLite works.
    ///
    /// # Errors
    /// What DynamoDB would refuse, and operations that the store does not use.
    pub fn dispatch(&self, operation: &str, body: &str) -> Result<String, DynoxideError> {
        let db = &self.database;
        match operation {
            "PutItem" => answer(body, |request| db.put_item(request)),
            "GetItem" => answer(body, |request| db.get_item(request)),
            "UpdateItem" => answer(body, |request| db.update_item(request)),
            "Query" => answer(body, |request| db.query(request)),
            "TransactWriteItems" => answer(body, |request| db.transact_write_items(request)),
            "BatchWriteItem" => answer(body, |request| db.batch_write_item(request)),
            "CreateTable" => answer(body, |request| db.create_table(request)),
            "DescribeTable" => answer(body, |request| db.describe_table(request)),
            "UpdateTimeToLive" => answer(body, |request| db.update_time_to_live(request)),
            "DescribeTimeToLive" => answer(body, |request| db.describe_time_to_live(request)),
            other => Err(DynoxideError::ValidationException(format!("the embedded store does not know {other}"))),
        }
    }

    /// [`Engine::dispatch`] as HTTP has it: status and JSON body, by DynamoDB's `X-Amz-Target` header.
    pub fn respond(&self, target: &str, body: &str) -> (u16, String) {
        let operation = target.rsplit('.').next().unwrap_or(target);
        match self.dispatch(operation, body) {
            Ok(json) => (200, json),
            // Not as a server's error, which would be sent again until the deadline.
            Err(error) if error.status_code() >= 500 && self.is_full(body.len()) => {
                tracing::error!(%error, "the disk is full");
                (400, serde_json::json!({"__type": NO_SPACE}).to_string())
            }
            Err(error) => (error.status_code(), error.to_json()),
        }
    }

    fn is_full(&self, bytes: usize) -> bool {
        self.file.as_ref().is_some_and(|file| space::is_missing(file, bytes))
    }
}

fn answer<Q: DeserializeOwned, A: Serialize>(
    body: &str,
    run: impl FnOnce(Q) -> dynoxide::Result<A>,
) -> Result<String, DynoxideError> {
    let request = serde_json::from_str(body).map_err(|e| DynoxideError::SerializationException(e.to_string()))?;
    serde_json::to_string(&run(request)?).map_err(|e| DynoxideError::InternalServerError(e.to_string()))
}

fn make_folder(path: &Path) -> std::io::Result<()> {
    let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty() && !folder.exists()) else {
        return Ok(());
    };
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// SQLite gives what it makes beside the file the same mode.
fn make_file(path: &Path) -> std::io::Result<()> {
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
            // SQLite waits for the disk: not on a thread that serves others.
            let work = move || {
                let body = String::from_utf8(body).map_err(|e| ConnectorError::user(e.into()))?;
                Ok(engine.respond(&target, &body))
            };
            let defect =
                |error: tokio::task::JoinError| ConnectorError::other(error.into(), Some(ErrorKind::ServerError));
            let (status, json) = tokio::task::spawn_blocking(work).await.map_err(defect)??;
            let status = status.try_into().map_err(|_| ConnectorError::user("no HTTP status".into()))?;
            Ok::<orchestrator::HttpResponse, ConnectorError>(HttpResponse::new(status, SdkBody::from(json)))
        })
    }
}
