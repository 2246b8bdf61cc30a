//! The directory of one deployment, and what each file in it is called. Everything a deployment keeps is in here.
//!
//! Deletes this directory and nothing else.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;

use crate::{
    dirs::{self, Root},
    error::ErrorExt,
    project::Project,
    ui,
};

/// The files of a deployment.
#[derive(Debug, Clone)]
pub(crate) struct Home {
    root: PathBuf,
}

impl Home {
    /// The home of a project, whether it exists or not.
    pub(crate) fn of(project: &Project) -> anyhow::Result<Self> {
        Ok(Self { root: dirs::root(Root::Local)?.join(project.as_str()) })
    }

    /// Like [`of`](Self::of) for a command on this deployment. Prints the directory, which a variable can move.
    pub(crate) fn open(project: &Project) -> anyhow::Result<Self> {
        let home = Self::of(project)?;
        ui::step("directory", &home.root.display().to_string());
        Ok(home)
    }

    #[cfg(test)]
    pub(crate) fn at(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// The embedded store; SQLite keeps files of the same name with an ending beside it.
    pub(crate) fn notes(&self) -> PathBuf {
        self.root.join("notes.db")
    }

    pub(crate) fn token(&self) -> PathBuf {
        self.root.join("token")
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.root.join("service.log")
    }

    /// The output of the last check of settings.
    pub(crate) fn check_log(&self) -> PathBuf {
        self.root.join("check.log")
    }

    pub(crate) fn record(&self) -> PathBuf {
        self.root.join("record.json")
    }

    pub(crate) fn lock(&self) -> PathBuf {
        self.root.join("lock")
    }

    /// The binaries: the one that runs, and the one before it.
    pub(crate) fn binaries(&self) -> PathBuf {
        self.root.join("bin")
    }

    pub(crate) fn exists(&self) -> bool {
        self.root.symlink_metadata().is_ok()
    }

    /// Makes the directory, for its owner only.
    pub(crate) fn create(&self) -> anyhow::Result<()> {
        let binaries = self.binaries();
        fs::create_dir_all(&binaries).with_context(|| format!("cannot create {}", binaries.display()))?;
        dirs::create_private(&self.root)
    }

    /// Bytes of everything in here.
    pub(crate) fn size(&self) -> u64 {
        size_of(&self.root)
    }

    /// Bytes of the notes, with what SQLite has not merged yet.
    pub(crate) fn size_of_notes(&self) -> u64 {
        ["", "-wal", "-shm", "-journal"].iter().map(|ending| size_of(&with_ending(&self.notes(), ending))).sum()
    }

    /// Deletes the directory with all in it.
    pub(crate) fn delete(&self) -> anyhow::Result<()> {
        let here = self.root.display();
        if self.root.symlink_metadata().with_context(|| format!("cannot look at {here}"))?.is_symlink() {
            let refused: anyhow::Result<()> =
                Err(anyhow::anyhow!("{here} is a link to somewhere else; it was left alone"));
            return refused.hint(format!("delete the link yourself: {here}"));
        }
        fs::remove_dir_all(&self.root).with_context(|| format!("cannot delete {here}"))
    }
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Bytes of a file or of a whole directory; what cannot be read counts nothing. Links are not followed.
fn size_of(path: &Path) -> u64 {
    match path.symlink_metadata() {
        Ok(entry) if entry.is_dir() => {
            fs::read_dir(path).into_iter().flatten().flatten().map(|entry| size_of(&entry.path())).sum()
        }
        Ok(entry) => entry.len(),
        Err(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_count_with_what_sqlite_keeps_beside_them() {
        let directory = tempfile::tempdir().unwrap();
        let home = Home::at(directory.path());
        fs::write(home.notes(), "12345").unwrap();
        fs::write(with_ending(&home.notes(), "-wal"), "678").unwrap();
        fs::write(home.log(), "xx").unwrap();
        assert_eq!(home.size_of_notes(), 8);
        assert_eq!(home.size(), 10);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_is_not_followed_when_deleting() {
        let directory = tempfile::tempdir().unwrap();
        let elsewhere = directory.path().join("elsewhere");
        fs::create_dir(&elsewhere).unwrap();
        let link = directory.path().join("link");
        std::os::unix::fs::symlink(&elsewhere, &link).unwrap();
        assert!(Home::at(&link).delete().is_err());
        assert!(elsewhere.exists());
    }

    #[test]
    fn deleting_takes_the_directory_and_leaves_its_neighbours() {
        let directory = tempfile::tempdir().unwrap();
        let neighbour = Home::at(&directory.path().join("b"));
        let home = Home::at(&directory.path().join("a"));
        home.create().unwrap();
        neighbour.create().unwrap();
        home.delete().unwrap();
        assert!(!home.exists());
        assert!(neighbour.exists());
    }
}
