//! The name of an environment, as `--environment` takes it.

use std::{
    fs,
    path::{Path, PathBuf},
    str::FromStr,
};

use crate::{nearest, problem::Problem};

const ENDING: &str = ".toml";

/// A file in `environments/` without its ending, or the path of a file elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Name {
    Known(String),
    File(PathBuf),
}

impl Name {
    /// Returns the path of the file.
    pub(super) fn path(&self, directory: &Path) -> PathBuf {
        match self {
            Self::Known(name) => directory.join(format!("{name}{ENDING}")),
            Self::File(path) => path.clone(),
        }
    }

    /// Returns the problem of an environment without a file.
    pub(super) fn not_found(&self, directory: &Path) -> Problem {
        match self {
            Self::File(path) => Problem::new(format!("{} does not exist", path.display()), "check the path"),
            Self::Known(name) => {
                let names = names(directory);
                let path = self.path(directory);
                let create = format!("create {}, or omit --environment", path.display());
                let meant = nearest::nearest(name, names.iter().map(String::as_str));
                let hint = meant.map_or(create, |meant| format!("did you mean `--environment {meant}`?"));
                Problem::new(format!("unknown environment {name}"), hint)
            }
        }
    }
}

impl FromStr for Name {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if Path::new(text).extension().is_some_and(|ending| ending == "toml") {
            return Ok(Self::File(text.into()));
        }
        let fits = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if text.is_empty() || !text.chars().all(fits) {
            return Err(
                "expected the name of a file in environments/ without .toml, or a path that ends in .toml".into()
            );
        }
        Ok(Self::Known(text.to_owned()))
    }
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    entries.filter_map(|entry| Some(entry.file_name().to_str()?.strip_suffix(ENDING)?.to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn name_is_a_file_in_the_directory_or_a_path() {
        let directory = tempfile::tempdir().unwrap();
        let path = |text: &str| text.parse::<Name>().map(|name| name.path(directory.path()));
        assert_eq!(path("staging"), Ok(directory.path().join("staging.toml")));
        assert_eq!(path("/etc/notes.toml"), Ok("/etc/notes.toml".into()));
        for bad in ["", "../x", "a/b", "a b"] {
            assert!(path(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn similar_environment_is_suggested() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("staging.toml"), "").unwrap();
        let problem = |name: &str| Name::Known(name.to_owned()).not_found(directory.path()).fix;
        assert_eq!(problem("stagin"), "did you mean `--environment staging`?");
        assert!(problem("prod").starts_with("create "));
    }
}
