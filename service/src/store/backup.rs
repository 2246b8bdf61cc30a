//! The commands that work on the embedded store's file: backup, restore and verify. Each returns a line that reports
//! the result.

use std::path::Path;

use super::ClientError;
use crate::config::{Backend, StateConfig};

/// The reason for which the commands do not work on DynamoDB.
const ON_DYNAMODB: &str = "use its backups, or `cargo xtask export` and `cargo xtask import`";

/// Copies the store to a file, also while a server uses it.
///
/// # Errors
/// [`ClientError`] if the store is not a file or cannot be copied.
pub fn back_up(config: &StateConfig, target: &Path) -> Result<String, ClientError> {
    let source = file(config)?;
    imp::back_up(source, target)
}

/// Replaces the store by a backup. No server may use it.
///
/// # Errors
/// [`ClientError`] if the store is not a file or cannot be replaced.
pub fn restore(config: &StateConfig, source: &Path) -> Result<String, ClientError> {
    let target = file(config)?;
    imp::restore(source, target)
}

/// Checks a backup, or any other file of an embedded store, and counts its notes.
///
/// # Errors
/// [`ClientError`] if the file is not a store or is damaged.
pub fn verify(file: &Path) -> Result<String, ClientError> {
    imp::verify(file)
}

fn file(config: &StateConfig) -> Result<&Path, ClientError> {
    match &config.backend {
        Backend::Embedded(path) if path.as_os_str() != ":memory:" => Ok(path),
        Backend::Embedded(_) => Err(ClientError::NoFile(config.backend.to_string(), "set MCP_STATE_PATH to its file")),
        Backend::DynamoDb => Err(ClientError::NoFile(config.backend.to_string(), ON_DYNAMODB)),
    }
}

#[cfg(feature = "embedded")]
mod imp {
    use std::path::Path;

    use super::ClientError;
    use crate::store::embedded::{self, backup};

    pub(super) fn back_up(source: &Path, target: &Path) -> Result<String, ClientError> {
        let contents = backup::backup(source, target).map_err(|error| ClientError::Backup(error.to_string()))?;
        Ok(format!("saved {contents} of {} to {}", source.display(), target.display()))
    }

    pub(super) fn restore(source: &Path, target: &Path) -> Result<String, ClientError> {
        let restored = backup::restore(source, target).map_err(|error| ClientError::Backup(error.to_string()))?;
        let kept = restored.replaced.map(|path| format!("; the file before is {}", path.display()));
        let (contents, target) = (restored.contents, target.display());
        Ok(format!("restored {contents} to {target}{}", kept.unwrap_or_default()))
    }

    pub(super) fn verify(file: &Path) -> Result<String, ClientError> {
        let contents = embedded::verify(file).map_err(|reason| ClientError::Open {
            path: file.display().to_string(),
            reason: reason.to_string(),
            remedy: "use another backup",
        })?;
        Ok(format!("{} is whole: {contents}", file.display()))
    }
}

#[cfg(not(feature = "embedded"))]
mod imp {
    use std::path::Path;

    use super::ClientError;

    pub(super) fn back_up(_: &Path, _: &Path) -> Result<String, ClientError> {
        Err(ClientError::NotEmbedded)
    }

    pub(super) fn restore(_: &Path, _: &Path) -> Result<String, ClientError> {
        Err(ClientError::NotEmbedded)
    }

    pub(super) fn verify(_: &Path) -> Result<String, ClientError> {
        Err(ClientError::NotEmbedded)
    }
}
