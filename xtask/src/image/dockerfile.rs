//! The Dockerfile that an engine builds: the project's own, or the one that this program carries.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;

use crate::source::Source;

/// This repository's Dockerfile. Build arguments select the package.
const CARRIED: &str = include_str!("../../../Dockerfile");
/// The files that an engine does not need to see. It reads this file beside a Dockerfile that is named on its command
/// line:
/// <https://docs.docker.com/build/concepts/context/#filename-and-location>
const IGNORED: &str = "**/.git\n**/target\n**/rust-toolchain\n**/rust-toolchain.toml\nenvironments\n";

/// Returns the Dockerfile to build. The carried one is written into `directory`, which is below the target directory.
pub(super) fn prepare(source: &Source, directory: &Path) -> anyhow::Result<PathBuf> {
    let own = source.root().join("Dockerfile");
    if fs::read_to_string(&own).is_ok_and(|text| is_for_a_task(&text)) {
        return Ok(own);
    }
    let path = directory.join("Dockerfile");
    for (path, text) in [(path.clone(), CARRIED), (directory.join("Dockerfile.dockerignore"), IGNORED)] {
        fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))?;
    }
    Ok(path)
}

/// Returns true for a Dockerfile whose image starts as a task does. Any other one is for another purpose.
fn is_for_a_task(dockerfile: &str) -> bool {
    dockerfile.lines().any(|line| line.trim() == "ENTRYPOINT [\"/mcp-stateful\"]")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{cargo::workspace_root, source};

    #[test]
    fn dockerfile_of_the_project_is_used_if_it_fits() {
        let directory = tempfile::tempdir().unwrap();
        let checkout = Source::of_checkout().unwrap();
        assert_eq!(prepare(&checkout, directory.path()).unwrap(), workspace_root().join("Dockerfile"));

        let other = source::tests::example(&source::tests::cart());
        let carried = prepare(&other, directory.path()).unwrap();
        assert!(is_for_a_task(&fs::read_to_string(&carried).unwrap()));
        assert!(directory.path().join("Dockerfile.dockerignore").exists());
        assert!(!is_for_a_task("FROM scratch\nENTRYPOINT [\"/web\"]\n"));
    }
}
