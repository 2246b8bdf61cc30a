//! Copies the store's file while a server uses it, and puts a copy in its place while none does.
//!
//! A plain copy of the file would miss what is in SQLite's log. `VACUUM INTO` copies one consistent state
//! (<https://www.sqlite.org/lang_vacuum.html>), and servers go on writing meanwhile.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use rusqlite::Connection;

use super::{
    create_file, create_folder,
    error::OpenError,
    inspect::{self, Contents, beside},
};
use crate::clock;

/// The reasons for which a backup or its restoration fails.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The file cannot be used.
    #[error("cannot use {path}: {reason}")]
    Unusable {
        /// The file.
        path: PathBuf,
        /// The reason.
        reason: OpenError,
    },
    /// The backup's file exists.
    #[error("{0} exists; name another file, or remove it first")]
    Exists(PathBuf),
    /// A server uses the file that would be replaced.
    #[error("a server uses {0}; stop it first")]
    InUse(PathBuf),
    /// A file cannot be written.
    #[error("cannot write {path}: {reason}")]
    Write {
        /// The file.
        path: PathBuf,
        /// The system's error.
        reason: io::Error,
    },
}

/// A restored store.
#[derive(Debug)]
pub struct Restored {
    /// The number of notes and sessions in the backup.
    pub contents: Contents,
    /// The file that was replaced, under its new name.
    pub replaced: Option<PathBuf>,
}

/// Copies the store in `source` to `target`, which must not exist, and verifies the copy.
///
/// # Errors
/// [`BackupError`] if the source is not a whole store or the target cannot be written.
pub fn backup(source: &Path, target: &Path) -> Result<Contents, BackupError> {
    if target.symlink_metadata().is_ok() {
        return Err(BackupError::Exists(target.to_owned()));
    }
    let partial = beside(target, ".partial");
    let contents = copy(source, &partial)?;
    // A link fails if the name is taken. A rename would replace a file that appeared meanwhile.
    let linked = fs::hard_link(&partial, target);
    fs::remove_file(&partial).ok();
    linked.map_err(writing(target))?;
    sync_folder(target);
    Ok(contents)
}

/// Replaces the store in `target` by a copy of `source`. Keeps the replaced file under another name.
///
/// # Errors
/// [`BackupError`] if the source is not a whole store, a server uses the target, or it cannot be written.
pub fn restore(source: &Path, target: &Path) -> Result<Restored, BackupError> {
    create_folder(target).map_err(writing(target))?;
    let partial = beside(target, ".partial");
    let contents = copy(source, &partial)?;
    if is_in_use(target) {
        fs::remove_file(&partial).ok();
        return Err(BackupError::InUse(target.to_owned()));
    }
    let replaced = set_aside(target)?;
    fs::rename(&partial, target).map_err(writing(target))?;
    sync_folder(target);
    Ok(Restored { contents, replaced })
}

/// Copies a store and verifies the copy. Overwrites what an interrupted copy left.
fn copy(source: &Path, target: &Path) -> Result<Contents, BackupError> {
    let unusable = |path: &Path| {
        let path = path.to_owned();
        move |reason| BackupError::Unusable { path, reason }
    };
    // The source is verified as well, because a copy contains the readable part of a damaged file without a trace.
    inspect::verify(source).map_err(unusable(source))?;
    if let Err(error) = fs::remove_file(target)
        && error.kind() != io::ErrorKind::NotFound
    {
        return Err(writing(target)(error));
    }
    // An empty file with the right mode, into which SQLite writes.
    create_file(target).map_err(writing(target))?;
    let copied = vacuum(source, target).and_then(|()| inspect::verify(target));
    let synced = || File::open(target)?.sync_all();
    match copied {
        Ok(contents) => synced().map(|()| contents).map_err(writing(target)),
        Err(reason) => {
            fs::remove_file(target).ok();
            Err(unusable(source)(reason))
        }
    }
}

fn vacuum(source: &Path, target: &Path) -> Result<(), OpenError> {
    let target = target.to_str().ok_or(OpenError::NotUtf8)?;
    inspect::open_read_only(source)?.execute("VACUUM INTO ?1", [target])?;
    Ok(())
}

/// Detects another process that has the file open: SQLite then refuses the exclusive mode. A file that SQLite cannot
/// open is in no server's use.
fn is_in_use(path: &Path) -> bool {
    let exclusive = || -> rusqlite::Result<()> {
        let connection = Connection::open_with_flags(path, rusqlite::OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        connection.execute_batch("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; ROLLBACK")
    };
    matches!(exclusive().map_err(OpenError::from), Err(OpenError::Locked))
}

/// Renames a file and what SQLite keeps beside it. They belong together.
fn set_aside(path: &Path) -> Result<Option<PathBuf>, BackupError> {
    let aside = beside(path, &format!(".replaced-{}", clock::epoch_seconds()));
    let mut moved = None;
    for ending in ["", "-wal", "-shm", "-journal"] {
        match fs::rename(beside(path, ending), beside(&aside, ending)) {
            Ok(()) => moved = Some(aside.clone()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(writing(path)(error)),
        }
    }
    Ok(moved)
}

/// Makes a new name durable, where the system permits to sync a folder.
fn sync_folder(path: &Path) {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        File::open(folder).and_then(|folder| folder.sync_all()).ok();
    }
}

fn writing(path: &Path) -> impl FnOnce(io::Error) -> BackupError {
    let path = path.to_owned();
    move |reason| BackupError::Write { path, reason }
}
