//! Inspects a file without changing it: whose it is, whether its format is known, and whether it is whole.
//!
//! The size and the first page are checked always. Reading every page takes a time that grows with the file, so that is
//! left to the callers.

use std::{
    fs::{self, File},
    io::{ErrorKind, Read},
    path::{Path, PathBuf},
    time::Duration,
};

use dynoxide::storage_backend::sql_builders::{GET_SCHEMA_VERSION, SCHEMA_VERSION};
use rusqlite::{Connection, OpenFlags, OptionalExtension};

use super::error::OpenError;

/// The format of the items, in SQLite's `user_version`. A version of this server that changes it counts up, and older
/// versions then leave the file alone. The engine records the format of its tables by itself.
const FORMAT: u32 = 0;

/// The first bytes of every SQLite database (<https://www.sqlite.org/fileformat.html>, section 1.3).
const MAGIC: &[u8] = b"SQLite format 3\0";
const HEADER_BYTES: usize = 100;

/// The longest wait for another process's lock.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// A file by its size and its first page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    /// The file does not exist.
    Nothing,
    /// The file has no content.
    Empty,
    /// An SQLite database, with the size of the file and its log in bytes.
    Database(u64),
}

/// The number of notes and sessions in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Contents {
    /// The notes.
    pub notes: u64,
    /// The sessions.
    pub sessions: u64,
}

impl std::fmt::Display for Contents {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} notes in {} sessions", self.notes, self.sessions)
    }
}

/// Returns the path of a file that SQLite keeps beside the database.
pub(super) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Returns the size of SQLite's write-ahead log. It is gone after a clean stop.
pub(super) fn log_size(path: &Path) -> u64 {
    fs::metadata(beside(path, "-wal")).map_or(0, |log| log.len())
}

/// Checks the size and the header of a file.
///
/// SQLite deletes a log whose database is empty or missing, and everything in it. Such a file is therefore refused
/// before SQLite opens it.
pub(super) fn first_page(path: &Path) -> Result<Found, OpenError> {
    let log = log_size(path);
    let mut header = Vec::with_capacity(HEADER_BYTES);
    let size = match File::open(path) {
        Ok(mut file) => {
            file.by_ref().take(HEADER_BYTES as u64).read_to_end(&mut header)?;
            file.metadata()?.len()
        }
        Err(error) if error.kind() == ErrorKind::NotFound && log == 0 => return Ok(Found::Nothing),
        Err(error) if error.kind() == ErrorKind::NotFound => 0,
        Err(error) => return Err(error.into()),
    };
    match size {
        0 if log == 0 => Ok(Found::Empty),
        0 => Err(damaged("it is empty or gone, and its log (the file ending in -wal) has content")),
        _ => {
            let is_pending = log > 0 || beside(path, "-journal").exists();
            check_header(&header, size, is_pending).map(|()| Found::Database(size + log))
        }
    }
}

/// Checks the first bytes of a file. `is_pending` if a log or a journal beside it has newer pages.
fn check_header(header: &[u8], size: u64, is_pending: bool) -> Result<(), OpenError> {
    if !header.starts_with(MAGIC) {
        return Err(if header.iter().all(|byte| *byte == 0) {
            damaged("it begins with zeros")
        } else {
            OpenError::Foreign
        });
    }
    let number = |at: usize| header.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map(u32::from_be_bytes);
    let (Some(pages), Some(changed), Some(counted)) = (number(28), number(24), number(92)) else {
        return Err(damaged("its header is cut off"));
    };
    let page_size = match u64::from(u16::from_be_bytes([header[16], header[17]])) {
        1 => 65536,
        size if size.is_power_of_two() && size >= 512 => size,
        _ => return Err(damaged("its header has an invalid page size")),
    };
    // The number of pages counts only if the last writer recorded it.
    let whole = u64::from(pages) * page_size;
    if changed == counted && !is_pending && size < whole {
        return Err(damaged(&format!("it is cut off: {size} of {whole} bytes are left")));
    }
    Ok(())
}

fn damaged(reason: &str) -> OpenError {
    OpenError::Damaged(reason.to_owned())
}

/// Opens a database for reading. SQLite changes nothing in it, not even what a crashed process left in the log.
pub(super) fn open_read_only(path: &Path) -> Result<Connection, OpenError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    Ok(connection)
}

/// Checks that this server wrote the database, in a format that this version knows. Returns false if it has no tables.
pub(super) fn schema(connection: &Connection) -> Result<bool, OpenError> {
    let format: u32 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let tables: u32 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    let ours = "SELECT count(*) FROM sqlite_schema WHERE name IN ('_config', '_tables')";
    let ours: u32 = connection.query_row(ours, [], |row| row.get(0))?;
    match (tables, ours) {
        (0, _) => Ok(false),
        (_, 2) => {
            let version: Option<String> = connection.query_row(GET_SCHEMA_VERSION, [], |row| row.get(0)).optional()?;
            let version = version.and_then(|version| version.trim().parse().ok()).unwrap_or(0);
            if format > FORMAT || version > SCHEMA_VERSION { Err(OpenError::Newer) } else { Ok(true) }
        }
        _ => Err(OpenError::OtherProgram),
    }
}

/// Reads every page and checks the structure of the database (<https://www.sqlite.org/pragma.html#pragma_quick_check>).
pub(super) fn pages(connection: &Connection) -> Result<(), OpenError> {
    let result: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    match result.as_str() {
        "ok" => Ok(()),
        damage => Err(damaged(damage.trim_start_matches("*** in database main ***").trim())),
    }
}

/// Checks a whole file and counts its notes and sessions.
///
/// # Errors
/// [`OpenError`] if the file has no table of this server or is damaged.
pub fn verify(path: &Path) -> Result<Contents, OpenError> {
    if !matches!(first_page(path)?, Found::Database(_)) {
        return Err(OpenError::Missing);
    }
    let connection = open_read_only(path)?;
    if !schema(&connection)? {
        return Err(OpenError::Missing);
    }
    pages(&connection)?;
    let mut contents = Contents { notes: 0, sessions: 0 };
    // The engine stores a key with its type in front.
    for table in tables(&connection)? {
        let count = |condition: &str| {
            let name = table.replace('"', "\"\"");
            connection.query_row(&format!("SELECT count(*) FROM \"{name}\" WHERE {condition}"), [], |row| {
                row.get::<_, u64>(0)
            })
        };
        contents.notes += count("sk LIKE 'S:NOTE#%'")?;
        contents.sessions += count("sk = 'S:META'")?;
    }
    Ok(contents)
}

/// Returns the names of the DynamoDB tables in a database.
fn tables(connection: &Connection) -> Result<Vec<String>, OpenError> {
    let mut select = connection.prepare("SELECT table_name FROM _tables")?;
    let names = select.query_map([], |row| row.get(0))?;
    Ok(names.collect::<Result<_, _>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn header_reveals_foreign_and_cut_files() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("notes.db");
        let connection = Connection::open(&path).unwrap();
        connection.execute_batch("CREATE TABLE t (c); INSERT INTO t VALUES (zeroblob(20000))").unwrap();
        drop(connection);
        let whole = fs::read(&path).unwrap();
        let size = whole.len() as u64;
        let with = |at: usize, bytes: &[u8]| {
            let mut changed = whole.clone();
            changed[at..at + bytes.len()].copy_from_slice(bytes);
            changed
        };
        for (case, content, log, expected) in [
            ("whole", whole.clone(), 0, Ok(Found::Database(size))),
            ("longer", [&whole[..], &[0; 4096]].concat(), 0, Ok(Found::Database(size + 4096))),
            ("half", whole[..whole.len() / 2].to_vec(), 0, Err("is cut off")),
            ("half with a log", whole[..whole.len() / 2].to_vec(), 32, Ok(Found::Database(size / 2 + 32))),
            ("a part of the header", whole[..50].to_vec(), 0, Err("header is cut off")),
            ("page size 3", with(16, &[0, 3]), 0, Err("invalid page size")),
            ("zeros", with(0, &[0; 4096]), 0, Err("zeros")),
            ("noise", with(0, b"\x81\x13\x7f\xa0"), 0, Err("another program")),
            ("text", b"dear reader".to_vec(), 0, Err("another program")),
            ("empty", Vec::new(), 0, Ok(Found::Empty)),
            ("empty with a log", Vec::new(), 32, Err("its log")),
        ] {
            fs::write(&path, content).unwrap();
            fs::write(beside(&path, "-wal"), vec![0; log]).unwrap();
            match (first_page(&path), expected) {
                (Ok(found), expected) => assert_eq!(Ok(found), expected, "{case}"),
                (Err(error), expected) => {
                    assert!(expected.is_err_and(|part| error.to_string().contains(part)), "{case}: {error}");
                }
            }
        }
        fs::remove_file(&path).unwrap();
        fs::remove_file(beside(&path, "-wal")).unwrap();
        assert_eq!(first_page(&path).unwrap(), Found::Nothing);
        fs::write(beside(&path, "-wal"), "x").unwrap();
        assert!(first_page(&path).is_err());
    }
}
