//! Saves a table to a file, whole or not at all: under the file's name there is never half an export.

use std::{
    fs::{self, File},
    io::{BufWriter, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, anyhow};

use super::{
    json,
    tally::{Kind, Tally, kind},
};
use crate::{
    aws::table::{Part, Table},
    error::{ErrorExt, Exit},
    ui::Step,
};

/// A file that is to be written. Until it is finished, it is a draft beside its place.
#[derive(Debug)]
pub(crate) struct Export {
    path: PathBuf,
    draft: PathBuf,
    file: BufWriter<File>,
}

impl Export {
    /// Opens the draft, so that a place that cannot be written to is known before anything is changed. A file that is there
    /// is not replaced.
    pub(crate) fn open(path: &Path) -> anyhow::Result<Self> {
        let path = std::path::absolute(path).with_context(|| format!("{} is no path", path.display()))?;
        if path.symlink_metadata().is_ok() {
            return Err(taken(&path)).exit_code(Exit::Usage);
        }
        let mut draft = path.clone().into_os_string();
        draft.push(".part");
        let draft = PathBuf::from(draft);
        let file = create(&draft).with_context(|| format!("cannot write {}", draft.display()));
        let file = file.hint("give --export a file in a directory that you may write to").exit_code(Exit::Usage)?;
        Ok(Self { path, draft, file: BufWriter::new(file) })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    fn add(&mut self, line: &str) -> anyhow::Result<()> {
        writeln!(self.file, "{line}").with_context(|| format!("cannot write {}", self.draft.display()))
    }

    /// Gives the file its name, once all of it is on the disk.
    fn finish(mut self) -> anyhow::Result<()> {
        let draft = self.draft.display().to_string();
        let what = || format!("cannot write {draft}");
        self.file.flush().with_context(what)?;
        self.file.get_ref().sync_all().with_context(what)?;
        // A link is refused where the name is taken; a renaming would replace what somebody put there meanwhile.
        match fs::hard_link(&self.draft, &self.path) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => return Err(taken(&self.path)),
            // Not every file system has links.
            Err(_) => {
                fs::rename(&self.draft, &self.path).with_context(|| format!("cannot write {}", self.path.display()))?;
            }
        }
        sync_directory(&self.path)
    }
}

impl Drop for Export {
    fn drop(&mut self) {
        // The draft of an export that failed is half of one, and of one that is finished it is a second name.
        drop(fs::remove_file(&self.draft));
    }
}

/// Writes every item but the tool cache, which is worth nothing.
pub(crate) async fn export(table: &Table, mut to: Export, step: &Step) -> anyhow::Result<Tally> {
    let mut tally = Tally::default();
    let mut told = 0;
    let mut from = None;
    loop {
        let page = table.scan(from, Part::Whole).await?;
        for item in page.items.iter().filter(|item| kind(item) != Kind::Cache) {
            to.add(&json::line(item).with_context(|| format!("cannot export the table {}", table.name()))?)?;
            tally.add(item);
        }
        if tally.notes() >= told + 10_000 {
            told = tally.notes();
            step.note(&tally.to_string());
        }
        from = page.next;
        if from.is_none() {
            to.finish()?;
            return Ok(tally);
        }
    }
}

fn taken(path: &Path) -> anyhow::Error {
    anyhow!("{} exists already; an export does not replace a file", path.display())
        .hint("choose another file; if this one is from an interrupted destroy, rerun without `--export`")
}

/// For its owner only: notes are nobody else's business. A draft that an interruption left is replaced.
fn create(draft: &Path) -> std::io::Result<File> {
    match fs::remove_file(draft) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(draft)
}

/// A name is on the disk when its directory is. Windows cannot open one, and does it by itself.
fn sync_directory(path: &Path) -> anyhow::Result<()> {
    match path.parent() {
        Some(directory) if cfg!(unix) => {
            let directory = File::open(directory).with_context(|| format!("cannot open {}", directory.display()))?;
            directory.sync_all().with_context(|| format!("cannot finish {}", path.display()))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_appears_whole_and_for_its_owner_only() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("notes.jsonl");
        let mut export = Export::open(&path).unwrap();
        export.add("one").unwrap();
        assert!(!path.exists());
        export.finish().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "one\n");
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1, "the draft is gone");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(path.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn what_is_there_stays_as_it_is() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("notes.jsonl");
        let export = Export::open(&path).unwrap();
        fs::write(&path, "precious").unwrap();
        assert!(export.finish().is_err());
        assert_eq!(crate::error::exit_of(&Export::open(&path).unwrap_err()), Exit::Usage);
        assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
    }

    #[test]
    fn an_export_that_fails_leaves_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("notes.jsonl");
        drop(Export::open(&path).unwrap());
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
        assert!(Export::open(&directory.path().join("no/such/place")).is_err());
    }
}
