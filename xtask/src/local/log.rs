//! The service's log file: opened for appending, moved aside when it is long, read from its end.

use std::{
    fs::{self, File},
    io::{self, Read, Seek, SeekFrom},
};

use anyhow::Context;

use super::home::Home;

/// From this size on the log starts anew, and the old one is kept once.
const LONG: u64 = 16 * 1024 * 1024;

/// How much of the end is read for `tail`.
const TAIL_BYTES: u64 = 32 * 1024;

/// A log opened for appending, and where the new lines begin.
#[derive(Debug)]
pub(crate) struct Log {
    pub(crate) file: File,
    pub(crate) offset: u64,
}

/// Opens the log; nobody else may be writing to it.
pub(crate) fn open(home: &Home) -> anyhow::Result<Log> {
    let path = home.log();
    let opened = || -> io::Result<Log> {
        if path.metadata().is_ok_and(|log| log.len() > LONG) {
            fs::rename(&path, path.with_extension("log.old"))?;
        }
        let file = File::options().create(true).append(true).open(&path)?;
        let offset = file.metadata()?.len();
        Ok(Log { file, offset })
    };
    opened().with_context(|| format!("cannot open {}", path.display()))
}

/// The last lines that were written after an offset. A log that cannot be read has none.
pub(crate) fn tail(home: &Home, offset: u64, lines: usize) -> Vec<String> {
    let read = || -> io::Result<Vec<u8>> {
        let mut file = File::open(home.log())?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(offset.max(length.saturating_sub(TAIL_BYTES))))?;
        let mut text = Vec::new();
        file.take(TAIL_BYTES).read_to_end(&mut text)?;
        Ok(text)
    };
    let text = read().unwrap_or_default();
    let all: Vec<String> = String::from_utf8_lossy(&text).lines().map(str::to_owned).collect();
    all[all.len().saturating_sub(lines)..].to_vec()
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    #[test]
    fn the_tail_shows_the_new_run_only() {
        let directory = tempfile::tempdir().unwrap();
        let home = Home::at(directory.path());
        fs::write(home.log(), "old\n").unwrap();
        let mut log = open(&home).unwrap();
        writeln!(log.file, "a\nb\nc").unwrap();
        assert_eq!(tail(&home, log.offset, 2), ["b", "c"]);
        assert_eq!(tail(&home, log.offset, 20), ["a", "b", "c"]);
        assert_eq!(tail(&home, 0, 20), ["old", "a", "b", "c"]);
    }

    #[test]
    fn no_log_has_no_lines() {
        let directory = tempfile::tempdir().unwrap();
        assert!(tail(&Home::at(directory.path()), 0, 20).is_empty());
    }
}
