//! The Terraform configuration: the one that this program carries, or the project's own `infra/`.
//!
//! A project that wants to change it writes it out with `infra --write infra` and keeps it. A directory `infra/` with
//! another configuration is left alone.

mod files;

use std::{
    borrow::Cow,
    fs, io,
    path::{Path, PathBuf},
};

use anyhow::{Context, anyhow};

use crate::error::{ErrorExt, Exit};
#[cfg(feature = "aws")]
use crate::source::Workspace;

/// The directory's name in a project.
pub(crate) const DIRECTORY: &str = "infra";
/// Variables that the deployer sets. A configuration that declares them all is made for it.
const REQUIRED: [&str; 5] = ["container_image", "project_name", "region", "revision", "token_adopted"];

/// A Terraform configuration.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) enum Infra {
    /// The files that are compiled into this program.
    #[default]
    Carried,
    /// The project's own directory.
    Own(PathBuf),
}

impl Infra {
    /// The configuration in a project's root if it has one, else the carried one.
    pub(crate) fn of(root: &Path) -> Self {
        let own = root.join(DIRECTORY);
        if is_configuration(&own) { Self::Own(own) } else { Self::Carried }
    }

    /// The configuration for a command that needs no project: that of the working directory, if it is in a project.
    #[cfg(feature = "aws")]
    pub(crate) fn here() -> Self {
        Workspace::find(None).map_or(Self::Carried, |workspace| Self::of(workspace.root()))
    }

    /// Returns name and text of each file that Terraform reads: the configuration, its data and the lock file.
    pub(crate) fn files(&self) -> anyhow::Result<Vec<(String, Cow<'static, str>)>> {
        match self {
            Self::Carried => {
                let files = files::ALL.iter().filter(|(name, _)| is_read_by_terraform(Path::new(name)));
                Ok(files.map(|(name, text)| ((*name).to_owned(), Cow::Borrowed(*text))).collect())
            }
            Self::Own(directory) => read(directory).with_context(|| format!("cannot read {}", directory.display())),
        }
    }

    /// Describes its place for a plan.
    pub(crate) fn describe(&self) -> String {
        match self {
            Self::Carried => format!("carried by {} {}", crate::program::INSTALLED, env!("CARGO_PKG_VERSION")),
            Self::Own(directory) => directory.display().to_string(),
        }
    }
}

/// Writes every carried file into a directory, which must not exist or be empty. Returns the number of files.
pub(crate) fn write(directory: &Path) -> anyhow::Result<usize> {
    let occupied = fs::read_dir(directory).is_ok_and(|mut entries| entries.next().is_some());
    if occupied || (directory.exists() && !directory.is_dir()) {
        return Err(anyhow!("{} exists and is not empty; nothing was written", directory.display()))
            .hint("pass a directory that does not exist yet")
            .exit_code(Exit::Usage);
    }
    for (name, text) in files::ALL {
        let path = directory.join(name);
        let parent = path.parent().unwrap_or(directory);
        fs::create_dir_all(parent).with_context(|| format!("cannot create {}", parent.display()))?;
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(files::ALL.len())
}

fn is_configuration(directory: &Path) -> bool {
    let text: String = read(directory).unwrap_or_default().into_iter().map(|(_, text)| text).collect();
    REQUIRED.iter().all(|variable| text.contains(&format!("variable \"{variable}\"")))
}

fn read(directory: &Path) -> io::Result<Vec<(String, Cow<'static, str>)>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default().to_owned();
        if path.is_file() && is_read_by_terraform(Path::new(&name)) {
            files.push((name, Cow::Owned(fs::read_to_string(&path)?)));
        }
    }
    files.sort();
    Ok(files)
}

/// The beginnings of the names of data files that the deployer and its tests read, and Terraform does not.
const DATA_OF_THE_DEPLOYER: [&str; 3] = ["deployer-", "prices.json", "resources.json"];

/// Returns true for the configuration, the lock file of its providers, and the data that it reads.
fn is_read_by_terraform(path: &Path) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    let at_top = path.parent().is_none_or(|parent| parent.as_os_str().is_empty());
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let is_data_of_the_deployer = DATA_OF_THE_DEPLOYER.iter().any(|beginning| name.starts_with(beginning));
    at_top
        && !is_data_of_the_deployer
        && (matches!(ending, Some("tf" | "json")) || path.ends_with(".terraform.lock.hcl"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cargo::workspace_root;

    /// Every file below a directory, relative to it.
    fn all_files(directory: &Path, below: &Path) -> Vec<String> {
        let entries = fs::read_dir(directory.join(below)).unwrap().map(|entry| entry.unwrap());
        let mut files: Vec<String> = entries
            .flat_map(|entry| {
                let path = below.join(entry.file_name());
                if entry.file_type().unwrap().is_dir() {
                    all_files(directory, &path)
                } else {
                    vec![path.to_str().unwrap().replace('\\', "/")]
                }
            })
            // Terraform's own directory, of somebody who ran it here by hand.
            .filter(|name| !name.starts_with(".terraform/"))
            .collect();
        files.sort();
        files
    }

    #[test]
    fn every_file_of_infra_is_carried() {
        let mut carried: Vec<String> = files::ALL.iter().map(|(name, _)| (*name).to_owned()).collect();
        carried.sort();
        let present = all_files(&workspace_root().join(DIRECTORY), Path::new(""));
        assert_eq!(carried, present, "correct the list in xtask/src/infra/files.rs");
    }

    #[test]
    fn carried_configuration_equals_the_checkout() {
        let own = Infra::of(workspace_root());
        assert_eq!(own, Infra::Own(workspace_root().join(DIRECTORY)));
        let mut carried = Infra::Carried.files().unwrap();
        carried.sort();
        assert_eq!(carried, own.files().unwrap());
        let names: Vec<&str> = carried.iter().map(|(name, _)| name.as_str()).collect();
        for needed in ["task.tf", "fargate-zones.json", ".terraform.lock.hcl"] {
            assert!(names.contains(&needed), "{names:?}");
        }
        assert!(!names.iter().any(|name| name.contains("tests") || name.contains("policy")), "{names:?}");
    }

    #[test]
    fn written_configuration_is_the_projects_own() {
        let root = tempfile::tempdir().unwrap();
        let directory = root.path().join(DIRECTORY);
        assert_eq!(write(&directory).unwrap(), files::ALL.len());
        assert_eq!(Infra::of(root.path()), Infra::Own(directory.clone()));
        assert!(directory.join("tests").join("service.tftest.hcl").exists());
        let error = write(&directory).unwrap_err();
        assert_eq!(crate::error::exit_of(&error), Exit::Usage);
    }

    #[test]
    fn other_configuration_of_a_project_is_left_alone() {
        let root = tempfile::tempdir().unwrap();
        fs::create_dir(root.path().join(DIRECTORY)).unwrap();
        fs::write(root.path().join(DIRECTORY).join("main.tf"), "variable \"region\" {}\n").unwrap();
        assert_eq!(Infra::of(root.path()), Infra::Carried);
    }
}
