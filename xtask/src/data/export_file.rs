//! The file of an export. Until the export is complete, its items are in a draft beside the file, `FILE.part`.
//!
//! So a file of that name is always a whole export. It is readable for its owner only.

use std::{
    fs::{self, File},
    io::{self, BufRead, BufReader, BufWriter, Write},
    path::{Path, PathBuf},
    time::Duration,
};

use anyhow::{Context, anyhow};

use super::{import::parse_item, tally::Tally};
use crate::{
    aws::table::Item,
    error::{ErrorExt, Exit},
};

/// The age up to which a draft is resumed. Sessions that an older draft has passed may have gained too many notes
/// since.
const MAX_DRAFT_AGE: Duration = Duration::from_hours(1);

/// The treatment of a file that exists already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IfExists {
    /// Fail with this hint.
    Refuse(&'static str),
    /// Replace it once the export is complete.
    Replace,
}

/// An export that is being written.
#[derive(Debug)]
pub(crate) struct ExportFile {
    path: PathBuf,
    draft: PathBuf,
    /// Names the table that the draft comes from. Without it, an interruption deletes the draft.
    source_file: Option<PathBuf>,
    if_exists: IfExists,
    file: BufWriter<File>,
    /// The items that are in the draft.
    pub(super) tally: Tally,
    /// The key of the draft's last item.
    pub(super) last: Option<Item>,
}

impl ExportFile {
    /// Starts an export from the beginning. An interruption deletes its draft.
    ///
    /// Fails with [`Exit::Usage`] if the file exists or its directory is not writable, so that a caller can check
    /// both before it changes anything.
    pub(crate) fn create(path: &Path, if_exists: IfExists) -> anyhow::Result<Self> {
        Self::open(path, if_exists, None)
    }

    /// Resumes the export of the same source, or starts one that can be resumed. `source` names the table.
    ///
    /// Resumes only a draft of the last hour: notes added to the sessions that it has passed are not in it.
    pub(crate) fn resume(path: &Path, if_exists: IfExists, source: &str) -> anyhow::Result<Self> {
        Self::open(path, if_exists, Some(source))
    }

    fn open(path: &Path, if_exists: IfExists, source: Option<&str>) -> anyhow::Result<Self> {
        let path = std::path::absolute(path).with_context(|| format!("invalid path {}", path.display()))?;
        if let IfExists::Refuse(hint) = if_exists
            && path.symlink_metadata().is_ok()
        {
            return Err(exists(&path)).hint(hint).exit_code(Exit::Usage);
        }
        let draft = with_suffix(&path, ".part");
        let source_file = source.map(|_| with_suffix(&path, ".part.source"));
        let opened = || -> anyhow::Result<(File, Draft)> {
            if let (Some(source), Some(file)) = (source, &source_file) {
                if let Some(resumed) = reopen(&draft, file, source)? {
                    return Ok(resumed);
                }
                fs::write(file, source)?;
            }
            Ok((create_private(&draft)?, Draft::default()))
        };
        let (file, Draft { tally, last, .. }) = opened()
            .with_context(|| format!("cannot write {}", draft.display()))
            .hint("choose a file in a directory that you can write to")
            .exit_code(Exit::Usage)?;
        Ok(Self { path, draft, source_file, if_exists, file: BufWriter::new(file), tally, last })
    }

    /// Returns the absolute path that the export will have.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the items of an interrupted export, if this one resumes it.
    pub(crate) fn resumed(&self) -> Option<&Tally> {
        self.last.as_ref().map(|_| &self.tally)
    }

    pub(super) fn add(&mut self, line: &str) -> anyhow::Result<()> {
        writeln!(self.file, "{line}").with_context(|| format!("cannot write {}", self.draft.display()))
    }

    /// Passes the lines so far to the system, so that they outlive this process.
    pub(super) fn flush(&mut self) -> anyhow::Result<()> {
        self.file.flush().with_context(|| format!("cannot write {}", self.draft.display()))
    }

    /// Gives the draft its final name, once all of it is on disk. Returns the number of items.
    pub(super) fn finish(mut self) -> anyhow::Result<Tally> {
        self.flush()?;
        self.file.get_ref().sync_all().with_context(|| format!("cannot write {}", self.draft.display()))?;
        match self.if_exists {
            IfExists::Replace => self.rename()?,
            // Unlike a rename, a link fails if another process has created the file meanwhile.
            IfExists::Refuse(hint) => match fs::hard_link(&self.draft, &self.path) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                    return Err(exists(&self.path)).hint(hint);
                }
                // Some file systems have no links.
                Err(_) => self.rename()?,
            },
        }
        sync_directory(&self.path)?;
        if let Some(source_file) = self.source_file.take() {
            fs::remove_file(&source_file).ok();
        }
        Ok(std::mem::take(&mut self.tally))
    }

    fn rename(&self) -> anyhow::Result<()> {
        fs::rename(&self.draft, &self.path).with_context(|| format!("cannot write {}", self.path.display()))
    }
}

impl Drop for ExportFile {
    fn drop(&mut self) {
        // After `finish` the draft is a second name of the export, or gone.
        if self.source_file.is_none() {
            fs::remove_file(&self.draft).ok();
        }
    }
}

/// The valid part of a draft.
#[derive(Debug, Default)]
struct Draft {
    tally: Tally,
    last: Option<Item>,
    bytes: u64,
}

/// Opens a draft to append to it. `None` if there is none of this source, or only an old one.
fn reopen(draft: &Path, source_file: &Path, source: &str) -> anyhow::Result<Option<(File, Draft)>> {
    let same_source = fs::read_to_string(source_file).is_ok_and(|found| found == source);
    let Some(modified) = draft.metadata().and_then(|file| file.modified()).ok().filter(|_| same_source) else {
        return Ok(None);
    };
    if modified.elapsed().unwrap_or_default() > MAX_DRAFT_AGE {
        return Ok(None);
    }
    let file = File::options().read(true).append(true).open(draft)?;
    let valid = read_draft(&file)?;
    // Cuts off a line that the interruption left incomplete.
    file.set_len(valid.bytes)?;
    Ok(Some((file, valid)))
}

fn read_draft(file: &File) -> io::Result<Draft> {
    let mut draft = Draft::default();
    let mut reader = BufReader::new(file);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line)? > 0 {
        let text = str::from_utf8(&line).ok().and_then(|line| line.strip_suffix('\n'));
        let Some(item) = text.and_then(|line| parse_item(line).ok()) else { break };
        draft.bytes += line.len() as u64;
        draft.tally.add(&item);
        draft.last = Some(super::key_of(&item));
        line.clear();
    }
    Ok(draft)
}

fn exists(path: &Path) -> anyhow::Error {
    anyhow!("{} exists already", path.display())
}

fn with_suffix(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Creates a draft, replacing one that an interruption left. Removing that first means never writing through a link.
fn create_private(draft: &Path) -> io::Result<File> {
    match fs::remove_file(draft) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(draft)
}

/// Writes the file's name to disk, which is part of its directory. Windows does so by itself.
fn sync_directory(path: &Path) -> anyhow::Result<()> {
    match path.parent() {
        Some(directory) if cfg!(unix) => {
            let directory = File::open(directory).with_context(|| format!("cannot open {}", directory.display()))?;
            directory.sync_all().with_context(|| format!("cannot write {}", path.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFUSE: IfExists = IfExists::Refuse("choose another file");

    fn line(n: u32) -> String {
        format!(r#"{{"Item":{{"pk":{{"S":"SESSION#a"}},"sk":{{"S":"NOTE#{n}"}}}}}}"#)
    }

    fn files(directory: &tempfile::TempDir) -> usize {
        fs::read_dir(directory.path()).unwrap().count()
    }

    #[test]
    fn file_appears_whole_and_private() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("notes.jsonl");
        let mut export = ExportFile::create(&path, REFUSE).unwrap();
        export.add("one").unwrap();
        assert!(!path.exists());
        export.finish().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "one\n");
        assert_eq!(files(&directory), 1, "the draft is gone");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn existing_file_is_kept_unless_replaced() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("notes.jsonl");
        let export = ExportFile::create(&path, REFUSE).unwrap();
        fs::write(&path, "precious").unwrap();
        assert!(export.finish().is_err());
        assert_eq!(crate::error::exit_of(&ExportFile::create(&path, REFUSE).unwrap_err()), Exit::Usage);
        assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
        let mut export = ExportFile::create(&path, IfExists::Replace).unwrap();
        export.add("new").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "precious", "an interruption keeps it");
        export.finish().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new\n");
        assert_eq!(files(&directory), 1);
    }

    #[test]
    fn interrupted_export_resumes_after_its_last_whole_line() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("notes.jsonl");
        let open = |source| ExportFile::resume(&path, REFUSE, source).unwrap();
        let mut export = open("table a");
        assert!(export.resumed().is_none());
        export.add(&line(1)).unwrap();
        export.add(&line(2)).unwrap();
        export.add("{\"Item\":").unwrap();
        drop(export);

        let mut export = open("table a");
        assert_eq!(export.resumed().unwrap().notes(), 2);
        assert_eq!(export.last.as_ref().unwrap()["sk"].as_s().unwrap(), "NOTE#2");
        export.add(&line(3)).unwrap();
        export.finish().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), format!("{}\n{}\n{}\n", line(1), line(2), line(3)));
        assert_eq!(files(&directory), 1);
    }

    #[test]
    fn draft_of_another_table_is_not_resumed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("notes.jsonl");
        let mut export = ExportFile::resume(&path, REFUSE, "table a").unwrap();
        export.add(&line(1)).unwrap();
        drop(export);
        assert!(ExportFile::resume(&path, REFUSE, "table b").unwrap().resumed().is_none());
    }

    #[test]
    fn failed_export_leaves_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("notes.jsonl");
        drop(ExportFile::create(&path, REFUSE).unwrap());
        assert_eq!(files(&directory), 0);
        assert!(ExportFile::create(&directory.path().join("no/such/directory"), REFUSE).is_err());
    }
}
