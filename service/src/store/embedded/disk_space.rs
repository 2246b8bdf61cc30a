//! Whether a full disk is why the engine failed. The engine tells SQLite's reasons in words only, so the disk is asked itself.

use std::{
    fs,
    io::{self, ErrorKind, Write},
    path::Path,
};

/// What a write takes besides its own bytes: pages, their index, and the log's heads.
const OVERHEAD: usize = 64 << 10;

/// Whether there is no room beside the database for a request of so many bytes. Tries it: nothing else tells of quotas, too.
pub(super) fn is_missing(database: &Path, bytes: usize) -> bool {
    // As SQLite names what it puts there; never the name of the database itself.
    let mut probe = database.as_os_str().to_owned();
    probe.push("-probe");
    let probe = Path::new(&probe);
    let full = write(probe, bytes + OVERHEAD)
        .is_err_and(|error| matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded));
    // It has nothing in it; the next one who looks would write over it.
    fs::remove_file(probe).ok();
    full
}

fn write(probe: &Path, bytes: usize) -> io::Result<()> {
    fs::File::create(probe)?.write_all(&vec![0; bytes])
}
