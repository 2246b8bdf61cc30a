//! Small files of JSON that the deployer keeps: read if they exist, written completely or not at all.

use std::{fs, io, path::Path};

use anyhow::Context;
use serde::{Serialize, de::DeserializeOwned};

/// Reads a file. `None` if it does not exist. Fails if it cannot be read, or does not hold a `T`.
pub(crate) fn load<T: DeserializeOwned>(path: &Path) -> anyhow::Result<Option<T>> {
    match fs::read(path) {
        Ok(json) => serde_json::from_slice(&json).with_context(|| format!("cannot parse {}", path.display())).map(Some),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

/// Writes a file. Readers see the old content or the new, even if this process is killed.
pub(crate) fn save<T: Serialize>(path: &Path, value: &T) -> anyhow::Result<()> {
    let json = serde_json::to_vec_pretty(value).with_context(|| format!("cannot serialize {}", path.display()))?;
    let draft = path.with_extension("draft");
    let written = fs::write(&draft, json).and_then(|()| fs::rename(&draft, path));
    written.with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn saved_value_is_loaded() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.json");
        assert_eq!(load::<Vec<u8>>(&path).unwrap(), None);
        for value in [vec![1, 2], vec![3]] {
            save(&path, &value).unwrap();
            assert_eq!(load(&path).unwrap(), Some(value));
        }
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1, "no draft is left");
        fs::write(&path, "{").unwrap();
        assert!(load::<Vec<u8>>(&path).is_err());
    }
}
