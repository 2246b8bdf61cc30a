//! Looks for a secret in the files that a rehearsal leaves: those of the deployer, and the output of its commands.

use std::{
    fs::{self, File},
    io::Read,
    path::{Path, PathBuf},
};

use anyhow::Context;

/// Terraform's providers are hundreds of megabytes, with official checksums.
const PROVIDERS: &str = "providers";
const CHUNK: usize = 1 << 20;

/// Returns the files below a directory that contain the secret. Skips those whose name ends with `excepted`.
pub(super) fn files_with(secret: &str, directory: &Path, excepted: &str) -> anyhow::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).with_context(|| format!("cannot read {}", directory.display()))? {
        let entry = entry.with_context(|| format!("cannot read {}", directory.display()))?;
        let (path, name) = (entry.path(), entry.file_name());
        let kind = entry.file_type().with_context(|| format!("cannot read {}", path.display()))?;
        if kind.is_dir() && name != PROVIDERS {
            found.extend(files_with(secret, &path, excepted)?);
        } else if kind.is_file() && !name.to_string_lossy().ends_with(excepted) && contains(&path, secret.as_bytes())? {
            found.push(path);
        }
    }
    Ok(found)
}

fn contains(path: &Path, secret: &[u8]) -> anyhow::Result<bool> {
    let mut file = File::open(path).with_context(|| format!("cannot open {}", path.display()))?;
    let mut text = Vec::new();
    loop {
        let chunk = file.by_ref().take(CHUNK as u64).read_to_end(&mut text);
        if chunk.with_context(|| format!("cannot read {}", path.display()))? == 0 {
            return Ok(false);
        }
        if text.windows(secret.len()).any(|part| part == secret) {
            return Ok(true);
        }
        // The secret may lie across two chunks.
        text.drain(..text.len().saturating_sub(secret.len()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secret_is_found_in_any_file_but_the_excepted() {
        let directory = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = directory.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, text).unwrap();
            path
        };
        let across = write("a/terraform.tfstate", &format!("{}secret", " ".repeat(CHUNK - 3)));
        write("a/other", "secre t");
        write("terraform/providers/plugin", "secret");
        write("001-token.log", "secret");
        assert_eq!(files_with("secret", directory.path(), "-token.log").unwrap(), [across]);
    }
}
