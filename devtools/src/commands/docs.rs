//! The step `docs` of `cargo xtask ci`: runs the commands of `docs/your-tools.md` in an empty directory.
//!
//! The Rust blocks of all pages for users are doc tests of the service. This step adds the shell lines.

use std::{fs, path::Path};

use anyhow::{Context, anyhow};

use crate::server::fresh_directory;
use xtask::{
    cargo,
    process::{self, CommandLine},
    ui,
};

const PAGE: &str = "docs/your-tools.md";
/// The file with the section's commands.
const SCRIPT: &str = "ten-minutes.sh";
/// The section whose blocks are files and shell lines, in the order in which a reader meets them.
const SECTION: &str = "## Ten minutes\n";

pub(crate) fn run() -> anyhow::Result<()> {
    let root = cargo::workspace_root();
    let page = fs::read_to_string(root.join(PAGE)).with_context(|| format!("cannot read {PAGE}"))?;
    let script = script(&page)?;
    // Outside of the repository, where cargo would take the new crate for a member of the workspace.
    let directory = fresh_directory(std::env::temp_dir().join(format!("mcp-stateful-docs-{}", std::process::id())))?;
    link(root, &directory.join("mcp-stateful"))?;
    fs::write(directory.join(SCRIPT), script).with_context(|| format!("cannot write {SCRIPT}"))?;
    ui::step("run", &format!("the shell lines of {PAGE}"));
    // The versions of this repository's lock file, so that a new release of a dependency breaks no check.
    let line = CommandLine::new("bash").arg(SCRIPT).directory(&directory).env("LOCK_FILE", root.join("Cargo.lock"));
    process::run(&line.env("CARGO_TARGET_DIR", cargo::target_directory()?.join("tools").join("docs")))?;
    fs::remove_dir_all(&directory).with_context(|| format!("cannot delete {}", directory.display()))
}

/// Translates the section to one script: blocks with a file's name become the file, and lines after `$` are run.
fn script(page: &str) -> anyhow::Result<String> {
    let section = page.split_once(SECTION).with_context(|| format!("{PAGE} has no section {}", SECTION.trim()))?.1;
    let section = section.split("\n## ").next().unwrap_or_default();
    let mut script = String::from("set -eux\n");
    let (mut lines, mut count) = (section.lines(), 0);
    while let Some(line) = lines.next() {
        let Some(language) = line.strip_prefix("```") else { continue };
        let block: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        if language == "console" {
            let commands = block.iter().filter_map(|line| line.strip_prefix("$ "));
            for command in commands {
                script += &format!("{command}\n");
                count += 1;
            }
            continue;
        }
        let name = block.first().and_then(|line| line.strip_prefix("# ").or(line.strip_prefix("// ")));
        let name = name.with_context(|| format!("a block of {PAGE} has no name of a file in its first line"))?;
        script += &format!("cat > {name} <<'END-OF-FILE'\n{}\nEND-OF-FILE\n", block.join("\n"));
        if name == "Cargo.toml" {
            script += "cp \"$LOCK_FILE\" Cargo.lock\n";
        }
    }
    if count == 0 { Err(anyhow!("{PAGE} has no shell lines in {}", SECTION.trim())) } else { Ok(script) }
}

#[cfg(unix)]
fn link(to: &Path, at: &Path) -> anyhow::Result<()> {
    std::os::unix::fs::symlink(to, at).with_context(|| format!("cannot create {}", at.display()))
}

#[cfg(not(unix))]
fn link(_: &Path, _: &Path) -> anyhow::Result<()> {
    Err(anyhow!("the shell lines of {PAGE} need a Unix shell"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_become_files_and_commands() {
        let page = "# T\n## Ten minutes\n\n```console\n$ cargo new a\ncreated\n```\n```toml\n# Cargo.toml\n[package]\n```\n\
                    ## Next\n```console\n$ rm -r /\n```\n";
        let script = script(page).unwrap();
        assert!(script.contains("\ncargo new a\n"), "{script}");
        assert!(
            script.contains("cat > Cargo.toml <<'END-OF-FILE'\n# Cargo.toml\n[package]\nEND-OF-FILE\n"),
            "{script}"
        );
        assert!(!script.contains("created") && !script.contains("rm -r"), "{script}");
    }

    #[test]
    fn page_without_lines_is_an_error() {
        assert!(script("## Ten minutes\ntext\n").is_err());
        assert!(script("## Ten minutes\n```toml\n[package]\n```\n").is_err());
    }
}
