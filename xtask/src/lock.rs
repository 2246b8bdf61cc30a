//! One change to a deployment at a time: a lock that the system gives up when its holder ends, however it ends.

use std::{
    fs::{File, TryLockError},
    path::Path,
    time::{Duration, Instant},
};

use anyhow::{Context, anyhow};

use crate::{
    error::{ErrorExt, Exit},
    ui,
};

/// How long to wait for what another command, or what is left of one that was killed, still has to finish.
const PATIENCE: Duration = Duration::from_mins(3);
const POLL: Duration = Duration::from_millis(500);

/// Held while a command changes a deployment.
#[derive(Debug)]
pub struct Lock {
    file: File,
}

impl Lock {
    /// The lock for a process that has to finish even if we do not live to see it: it holds the lock as long as it has this.
    pub(crate) fn share(&self) -> anyhow::Result<File> {
        self.file.try_clone().context("cannot share the lock")
    }
}

/// Takes the lock that a file in a deployment's directory stands for, or says that somebody has it.
pub fn take(path: &Path) -> anyhow::Result<Lock> {
    attempt(path)?
        .ok_or_else(|| held(path))
        .hint("wait until it is done, then run this again")
        .exit_code(Exit::Preflight)
}

/// Takes the lock, and waits some minutes for who has it.
pub async fn wait(path: &Path) -> anyhow::Result<Lock> {
    let since = Instant::now();
    loop {
        match attempt(path)? {
            Some(lock) => return Ok(lock),
            None if since.elapsed() > PATIENCE => {
                return Err(held(path)).hint("wait until it is done, then run this again").exit_code(Exit::Preflight);
            }
            None => {}
        }
        if since.elapsed() < POLL {
            ui::warning(
                "another command is changing this deployment, or one that was interrupted still ends; waiting for it",
            );
        }
        tokio::time::sleep(POLL).await;
    }
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
        // Who held it may have deleted the home meanwhile; a lock on a file that is gone keeps nobody out.
        Ok(()) if path.exists() => Ok(Some(Lock { file })),
        Ok(()) | Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(error).with_context(|| format!("cannot lock {}", path.display())),
    }
}

fn held(path: &Path) -> anyhow::Error {
    anyhow!("another command is at work (it holds {})", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::exit_of;

    #[test]
    fn the_second_is_told_and_the_lock_ends_with_its_holder() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("lock");
        let first = take(&path).unwrap();
        assert_eq!(exit_of(&take(&path).unwrap_err()), Exit::Preflight);
        drop(first);
        take(&path).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn a_process_that_has_a_share_keeps_others_out() {
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
        take(&path).unwrap();
    }
}
