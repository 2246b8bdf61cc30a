//! Allows one change to a deployment at a time. The system releases the lock when its holder ends, however it ends.

use std::{
    fs::{File, TryLockError},
    path::Path,
    time::Duration,
};

use anyhow::{Context, anyhow};

use crate::{
    error::{ErrorExt, Exit},
    poll::{Check, poll},
    ui::Reporter,
};

/// Limit for another command, or the child of one that was killed, to finish.
const LIMIT: Duration = Duration::from_mins(3);
const POLL: Duration = Duration::from_millis(500);

/// Held while a command changes a deployment.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

impl Lock {
    /// Returns a handle for a child process that must finish even if this process is killed. The child holds the lock
    /// until it ends.
    pub(crate) fn share(&self) -> anyhow::Result<File> {
        self.file.try_clone().context("cannot share the lock")
    }
}

/// Takes the lock of a deployment's directory, or fails if another command holds it.
pub fn take(path: &Path) -> anyhow::Result<Lock> {
    attempt(path)?.ok_or_else(|| held(path))
}

/// Takes the lock, and waits some minutes for another command to release it.
pub async fn wait(path: &Path, reporter: Reporter) -> anyhow::Result<Lock> {
    let mut warned = false;
    let taken = poll(LIMIT, POLL, async || match attempt(path)? {
        Some(lock) => Ok(Check::Ready(lock)),
        None => {
            if !std::mem::replace(&mut warned, true) {
                reporter.warning("waiting for another command that changes this deployment, or for its child process");
            }
            Ok(Check::not_yet("another command holds the lock"))
        }
    });
    taken.await?.map_err(|_| held(path))
}

fn attempt(path: &Path) -> anyhow::Result<Option<Lock>> {
    let file = File::options()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .open(path)
        .with_context(|| format!("cannot open {}", path.display()))?;
    match file.try_lock() {
        // The former holder may have deleted the directory. A lock on a deleted file excludes no other command.
        Ok(()) if path.exists() => Ok(Some(Lock { file })),
        Ok(()) | Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error).with_context(|| format!("cannot lock {}", path.display())),
    }
}

fn held(path: &Path) -> anyhow::Error {
    anyhow!("another command is changing this deployment (it holds {})", path.display())
        .hint("wait until it has finished, then rerun this command")
        .exit_code(Exit::Preflight)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::exit_of;

    /// Takes a lock that was just released. A process that another test is starting may still hold its file, because it
    /// inherits every file until it runs its own program.
    fn take_released(path: &Path) -> Lock {
        let attempts = std::iter::repeat_with(|| {
            std::thread::sleep(Duration::from_millis(10));
            take(path).ok()
        });
        attempts.take(500).flatten().next().expect("the lock was released")
    }

    #[test]
    fn second_holder_is_rejected_until_the_first_ends() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("lock");
        let first = take(&path).unwrap();
        assert_eq!(exit_of(&take(&path).unwrap_err()), Exit::Preflight);
        drop(first);
        take_released(&path);
    }

    #[cfg(unix)]
    #[test]
    fn child_process_keeps_the_lock() {
        use crate::process::{self, CommandLine};
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("lock");
        let first = take(&path).unwrap();
        let log = File::create(directory.path().join("log")).unwrap();
        let mut child =
            process::start_with(&CommandLine::new("sleep").arg("30"), &log, Some(first.share().unwrap())).unwrap();
        drop(first);
        assert!(take(&path).is_err());
        child.kill().unwrap();
        child.wait().unwrap();
        take_released(&path);
    }
}
