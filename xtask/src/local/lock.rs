//! One change to a deployment at a time: a lock that the system gives up when its holder ends, however it ends.

use std::fs::{File, TryLockError};

use anyhow::{Context, anyhow};

use super::home::Home;
use crate::error::{Advice, Exit};

/// Held while a command changes a deployment.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

/// Takes the lock of an existing home, or says that somebody has it.
pub(crate) fn take(home: &Home) -> anyhow::Result<Lock> {
    let path = home.lock();
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .with_context(|| format!("cannot open {}", path.display()))?;
    match file.try_lock() {
        // Who held it may have deleted the home meanwhile; a lock on a file that is gone keeps nobody out.
        Ok(()) if path.exists() => Ok(Lock { _file: file }),
        Ok(()) | Err(TryLockError::WouldBlock) => {
            Err(anyhow!("another command is changing this deployment (it holds {})", path.display()))
                .hint("wait until it is done, then run this again")
                .exits(Exit::Preflight)
        }
        Err(TryLockError::Error(error)) => Err(error).with_context(|| format!("cannot lock {}", path.display())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::exit_of;

    #[test]
    fn the_second_is_told_and_the_lock_ends_with_its_holder() {
        let directory = tempfile::tempdir().unwrap();
        let home = Home::at(directory.path());
        let first = take(&home).unwrap();
        assert_eq!(exit_of(&take(&home).unwrap_err()), Exit::Preflight);
        drop(first);
        take(&home).unwrap();
    }
}
