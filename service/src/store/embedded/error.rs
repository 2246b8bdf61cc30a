//! The reasons for which a file cannot be opened as a store.

use std::io;

use dynoxide::DynoxideError;
use rusqlite::ErrorCode;

/// The reasons for which a file cannot be opened, as clauses about the file.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The operating system does not permit it.
    #[error("cannot create or read it: {0}")]
    Io(io::Error),
    /// The file or its folder cannot be written. SQLite keeps its log beside the file.
    #[error("it or its folder is read-only")]
    ReadOnly,
    /// The path is not UTF-8.
    #[error("the path is not UTF-8")]
    NotUtf8,
    /// Another program's file.
    #[error("it is not an SQLite database; another program wrote it, or it is encrypted")]
    Foreign,
    /// Another program's database.
    #[error("it is the SQLite database of another program")]
    OtherProgram,
    /// The format is newer than this version knows.
    #[error("a newer version of this server wrote it")]
    Newer,
    /// The file is damaged.
    #[error("it is damaged: {0}")]
    Damaged(String),
    /// Another process holds a lock.
    #[error("another process holds it locked")]
    Locked,
    /// The file does not exist or is empty where a store is required.
    #[error("it has no notes: it is empty or does not exist")]
    Missing,
    /// Another error of the engine.
    #[error("{0}")]
    Engine(String),
}

impl OpenError {
    /// Returns the suggested action, for the operator.
    pub(crate) fn remedy(&self) -> &'static str {
        match self {
            Self::Damaged(_) => {
                "restore a backup with `mcp-stateful restore BACKUP`, or move the file away to begin without notes"
            }
            Self::Newer => "run that version or a later one, or set another MCP_STATE_PATH",
            Self::Locked => "stop the other process, or set another MCP_STATE_PATH",
            Self::ReadOnly => "make the file and its folder writable for this user, or set another MCP_STATE_PATH",
            _ => "set another MCP_STATE_PATH",
        }
    }
}

impl From<io::Error> for OpenError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => Self::ReadOnly,
            _ => Self::Io(error),
        }
    }
}

impl From<rusqlite::Error> for OpenError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            // The first page was checked before, so another program did not write it.
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Damaged(error.to_string()),
            Some(ErrorCode::ReadOnly | ErrorCode::CannotOpen | ErrorCode::PermissionDenied) => Self::ReadOnly,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Locked,
            _ => Self::Engine(error.to_string()),
        }
    }
}

impl From<DynoxideError> for OpenError {
    fn from(error: DynoxideError) -> Self {
        match error {
            DynoxideError::SqliteError(error) => error.into(),
            other => Self::Engine(other.to_string()),
        }
    }
}
