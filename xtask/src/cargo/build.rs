//! Runs a build, and finds its executables in cargo's messages.
//!
//! The path of an executable depends on profile, target and directories, which flags, variables and configuration files
//! set. A path that is put together here would find the executable of an earlier build.
//! <https://doc.rust-lang.org/cargo/reference/external-tools.html#json-messages>

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use anyhow::Context;
use serde::Deserialize;

use crate::process::{self, CommandLine};

/// Makes cargo write messages to stdout. Diagnostics go to stderr, as without it.
const MESSAGES: &str = "--message-format=json-render-diagnostics";

/// The executables of a build, by the name of their target.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Built(BTreeMap<String, PathBuf>);

/// Runs a build. Cargo shows its own progress.
pub fn run(line: &CommandLine) -> anyhow::Result<Built> {
    let messages = process::read(&with_messages(line))?;
    Ok(messages.lines().filter_map(executable).collect())
}

/// Builds, and returns the executable of one target.
pub fn executable_of(line: &CommandLine, target: &str) -> anyhow::Result<PathBuf> {
    Ok(run(line)?.executable(target)?.to_owned())
}

/// Adds the flag for messages to a build.
pub(crate) fn with_messages(line: &CommandLine) -> CommandLine {
    line.clone().arg(MESSAGES)
}

/// Returns target and path if a message reports an executable.
pub(crate) fn executable(message: &str) -> Option<(String, PathBuf)> {
    #[derive(Deserialize)]
    struct Message {
        target: Target,
        executable: Option<PathBuf>,
    }
    #[derive(Deserialize)]
    struct Target {
        name: String,
    }
    let message: Message = serde_json::from_str(message).ok()?;
    Some((message.target.name, message.executable?))
}

impl Built {
    /// Returns the executable of a target, such as `mcp-stateful`.
    pub fn executable(&self, target: &str) -> anyhow::Result<&Path> {
        let found = self.0.get(target).with_context(|| format!("cargo built no executable {target}"));
        found.map(PathBuf::as_path)
    }
}

impl FromIterator<(String, PathBuf)> for Built {
    fn from_iter<I: IntoIterator<Item = (String, PathBuf)>>(executables: I) -> Self {
        Self(executables.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn executable_is_where_cargo_reports_it() {
        let messages = [
            r#"{"reason":"compiler-artifact","target":{"kind":["lib"],"name":"mcp_stateful"},"executable":null}"#,
            r#"{"reason":"compiler-artifact","target":{"kind":["bin"],"name":"mcp-stateful"},"executable":"/t/x86/release/mcp-stateful"}"#,
            r#"{"reason":"build-finished","success":true}"#,
            "a line of a build tool",
        ];
        let built: Built = messages.into_iter().filter_map(executable).collect();
        assert_eq!(built.executable("mcp-stateful").unwrap(), Path::new("/t/x86/release/mcp-stateful"));
        assert!(built.executable("mcp_stateful").is_err());
    }
}
