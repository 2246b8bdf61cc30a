//! DynamoDB inside the process: an HTTP connector of the SDK that passes each request to an engine on SQLite.
//!
//! It opens no port and signs nothing. Several processes may share one file; SQLite's locks serialize them.

pub mod backup;
mod disk_space;
mod error;
mod inspect;
mod integrity;

use std::{
    fs,
    path::Path,
    sync::{Arc, PoisonError, RwLock},
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
use rusqlite::{Connection, ErrorCode};
use serde::{Serialize, de::DeserializeOwned};
use tokio::time::{Instant, interval_at};

use super::{
    error::{FILE_DAMAGED, NO_SPACE},
    keys::EXPIRES_AT,
    local::LocalStore,
};
use crate::telemetry::targets;
pub use error::OpenError;
use inspect::Found;
pub use inspect::{Contents, verify};
use integrity::Integrity;

/// The path of a store in memory, which ends with the process.
pub const IN_MEMORY: &str = ":memory:";

/// The interval at which expired items are deleted. Reads ignore them before that, so this only bounds the file's size.
const EXPIRY_INTERVAL: Duration = Duration::from_secs(60);

/// The time from the start to the first such deletion, during which requests wait for its reads.
const FIRST_EXPIRY: Duration = Duration::from_secs(2);

/// The largest file that is read whole before it is opened, which takes a tenth of a second. Larger files are checked
/// in the background, so that their start does not take longer.
const CHECKED_AT_START: u64 = 32 << 20;

/// An open store. Clones share it.
#[derive(Clone)]
pub struct Engine(Arc<Inner>);

struct Inner {
    /// `None` once the store is closed.
    database: RwLock<Option<Database>>,
    /// The file, unless the store is in memory.
    file: Option<Integrity>,
    found: Found,
}

impl Engine {
    /// Opens the file at `path`. Creates it and its folder if they do not exist, both readable by their owner only.
    ///
    /// # Errors [`OpenError`] if the folder or the file cannot be created or read, or if the file is not a store,
    /// damaged, or of a newer version. Such a file is not changed.
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        let text = path.to_str().ok_or(OpenError::NotUtf8)?;
        if text == IN_MEMORY {
            return Ok(Self::new(Database::memory()?, None, Found::Nothing));
        }
        create_folder(path)?;
        let found = inspect::first_page(path)?;
        create_file(path)?;
        if let Found::Database(bytes) = found {
            let connection = inspect::open_read_only(path)?;
            inspect::schema(&connection)?;
            if bytes <= CHECKED_AT_START {
                inspect::pages(&connection)?;
            }
        }
        Ok(Self::new(Database::new(text)?, Some(Integrity::new(path)), found))
    }

    fn new(database: Database, file: Option<Integrity>, found: Found) -> Self {
        Self(Arc::new(Inner { database: RwLock::new(Some(database)), file, found }))
    }

    /// Checks a file in the background that is too large to be checked at the start.
    pub(super) fn check_in_background(&self) {
        if matches!(self.0.found, Found::Database(bytes) if bytes > CHECKED_AT_START) {
            let engine = self.clone();
            tokio::task::spawn_blocking(move || engine.0.file.as_ref().map(Integrity::check));
        }
    }

    /// Deletes expired items every [`EXPIRY_INTERVAL`] until the runtime ends.
    pub(super) fn delete_expired_in_background(&self) {
        let inner = Arc::downgrade(&self.0);
        tokio::spawn(async move {
            let mut interval = interval_at(Instant::now() + FIRST_EXPIRY, EXPIRY_INTERVAL);
            loop {
                interval.tick().await;
                let Some(inner) = inner.upgrade() else { return };
                match tokio::task::spawn_blocking(move || Self(inner).delete_expired()).await {
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

    fn delete_expired(&self) -> Result<usize, DynoxideError> {
        // Works on a clone, so that closing does not wait for it: a large table takes seconds.
        let database = self.0.database.read().unwrap_or_else(PoisonError::into_inner).clone();
        match database {
            Some(database) if !self.is_damaged() => database.sweep_ttl(),
            _ => Ok(0),
        }
    }

    /// Executes one DynamoDB request, given its operation (such as `PutItem`) and its JSON body, and returns the
    /// response body. Blocks while SQLite works.
    ///
    /// # Errors
    /// DynamoDB's errors, and a validation error for operations that the store does not use.
    pub fn dispatch(&self, operation: &str, body: &str) -> Result<String, DynoxideError> {
        let database = self.0.database.read().unwrap_or_else(PoisonError::into_inner);
        let Some(db) = &*database else {
            return Err(DynoxideError::ValidationException("the embedded store is closed".to_owned()));
        };
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
    ///
    /// A damaged file is still read, so that the notes that are left can be exported. Writes would be lost with it.
    pub fn respond(&self, target: &str, body: &str) -> (u16, String) {
        let operation = target.rsplit('.').next().unwrap_or(target);
        if self.is_damaged() && !READS.contains(&operation) {
            return refused(FILE_DAMAGED);
        }
        match self.dispatch(operation, body) {
            Ok(json) => (200, json),
            Err(error) if error.status_code() >= 500 => self.failed(&error, body.len()),
            Err(error) => (error.status_code(), error.to_json()),
        }
    }

    /// Finds the cause of an internal error of the engine, which reports most of them as text only.
    fn failed(&self, error: &DynoxideError, bytes: usize) -> (u16, String) {
        if let Some(file) = &self.0.file {
            if disk_space::is_full(file.path(), bytes) {
                tracing::error!(target: targets::EMBEDDED, %error, "the disk is full");
                return refused(NO_SPACE);
            }
            if let DynoxideError::SqliteError(error) = error
                && matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase))
            {
                file.report(&error.to_string());
            }
            if file.is_damaged_after_failure() {
                return refused(FILE_DAMAGED);
            }
        }
        (error.status_code(), error.to_json())
    }

    /// Merges the log that another connection keeps open. Returns false if it could not be merged whole.
    fn merge_log(path: &Path) -> Result<bool, OpenError> {
        let connection = Connection::open(path)?;
        connection.busy_timeout(inspect::BUSY_TIMEOUT)?;
        let busy: u32 = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))?;
        Ok(busy == 0)
    }
}

/// The operations that change nothing.
const READS: [&str; 5] = ["GetItem", "Query", "Scan", "DescribeTable", "DescribeTimeToLive"];

/// Builds the response for a failure that DynamoDB does not have. It is not a 5xx, which the SDK would retry until the
/// deadline.
fn refused(code: &str) -> (u16, String) {
    (400, serde_json::json!({"__type": code}).to_string())
}

impl LocalStore for Engine {
    fn existed(&self) -> bool {
        self.0.found != Found::Nothing
    }

    fn has_table(&self, name: &str) -> bool {
        let database = self.0.database.read().unwrap_or_else(PoisonError::into_inner);
        let table = database.as_ref().and_then(|database| database.get_table_metadata(name).ok()?);
        table.is_some_and(|table| table.ttl_enabled && table.ttl_attribute.as_deref() == Some(EXPIRES_AT))
    }

    fn is_damaged(&self) -> bool {
        self.0.file.as_ref().is_some_and(Integrity::is_damaged)
    }

    /// Closes the database when the operations in progress have ended. SQLite merges its log into the file when the
    /// last connection closes.
    fn close(&self) {
        let Some(file) = &self.0.file else { return };
        file.interrupt();
        drop(self.0.database.write().unwrap_or_else(PoisonError::into_inner).take());
        if inspect::log_size(file.path()) == 0 {
            return;
        }
        match Self::merge_log(file.path()) {
            Ok(true) => {}
            Ok(false) => {
                tracing::info!(target: targets::EMBEDDED, "another process uses the store's file, and merges its log later")
            }
            Err(error) => {
                tracing::warn!(target: targets::EMBEDDED, %error, "the store's log is not merged; copy the file with its -wal")
            }
        }
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
