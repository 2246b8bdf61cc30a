//! Detects a full disk after the engine failed. The engine reports SQLite's reason as text only, so this probes the
//! disk instead of parsing a message.

use std::{
    fs,
    io::{self, ErrorKind, Write},
    path::Path,
};

/// The space that a write takes besides its own bytes: pages, their index, and the headers of the write-ahead log.
const OVERHEAD: usize = 64 << 10;

/// Returns true if the disk has no space for a request of `bytes` bytes. Writes a probe file beside the database,
/// because free-space queries do not account for quotas.
pub(super) fn is_full(database: &Path, bytes: usize) -> bool {
    // SQLite names its own files beside the database in the same way.
    let mut probe = database.as_os_str().to_owned();
    probe.push("-probe");
    let probe = Path::new(&probe);
    let full = write(probe, bytes + OVERHEAD)
        .is_err_and(|error| matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded));
    // A probe that cannot be removed does no harm: the next one overwrites it.
    fs::remove_file(probe).ok();
    full
}

fn write(probe: &Path, bytes: usize) -> io::Result<()> {
    fs::File::create(probe)?.write_all(&vec![0; bytes])
}
