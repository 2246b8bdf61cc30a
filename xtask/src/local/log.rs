//! The service's log file: opened for appending, and moved aside once it is long.

use std::fs;

use anyhow::Context;

use super::home::Home;
use crate::process::LogFile;

/// Size at which a new log begins. The old one is kept once.
const ROTATE_AT: u64 = 16 * 1024 * 1024;

/// Opens the log. No service may be writing to it.
pub(crate) fn open(home: &Home) -> anyhow::Result<LogFile> {
    let path = home.log();
    if path.metadata().is_ok_and(|log| log.len() > ROTATE_AT) {
        fs::rename(&path, path.with_extension("log.old")).with_context(|| format!("cannot move {}", path.display()))?;
    }
    LogFile::append(&path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_log_is_kept_beside_a_new_one() {
        let directory = tempfile::tempdir().unwrap();
        let home = Home::at(directory.path());
        fs::write(home.log(), "old\n").unwrap();
        drop(open(&home).unwrap());
        assert_eq!(fs::read_to_string(home.log()).unwrap(), "old\n");
        fs::File::options().write(true).open(home.log()).unwrap().set_len(ROTATE_AT + 1).unwrap();
        drop(open(&home).unwrap());
        assert_eq!(fs::read_to_string(home.log()).unwrap(), "");
        assert_eq!(fs::metadata(home.log().with_extension("log.old")).unwrap().len(), ROTATE_AT + 1);
    }
}
