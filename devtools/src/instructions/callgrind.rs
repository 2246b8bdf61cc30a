//! The door to valgrind's callgrind: a line under it, and its count while that runs. Knows nothing of what is counted.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, anyhow};

use xtask::{
    error::{ErrorExt, Exit},
    process::{self, CommandLine},
};

/// Valgrind has to stop the program to answer; a machine that does not let it would never say so.
const PATIENCE_SECONDS: u32 = 60;

/// Where callgrind writes, and what it has written.
#[derive(Debug)]
pub(crate) struct Callgrind {
    directory: PathBuf,
    taken: u32,
}

/// Valgrind's version, if it is there.
pub(crate) fn version() -> anyhow::Result<String> {
    let said = process::capture(&CommandLine::new("valgrind").arg("--version")).ok().filter(|output| output.success);
    said.map(|output| output.stdout.trim().to_owned())
        .context("valgrind does not answer; it counts the instructions")
        .hint("install it, on Debian with `apt install valgrind`; there is none for macOS on ARM and for Windows")
        .exit_code(Exit::Preflight)
}

impl Callgrind {
    /// Callgrind that writes to an empty directory.
    pub(crate) fn new(directory: &Path) -> Self {
        Self { directory: directory.to_owned(), taken: 0 }
    }

    /// The line, counted.
    pub(crate) fn over(&self, line: CommandLine) -> CommandLine {
        let file = format!("--callgrind-out-file={}", self.directory.join("callgrind").display());
        line.under("valgrind", ["--tool=callgrind", &file, &self.prefix()])
    }

    /// The instructions since this was asked last, by all threads of the process; what the kernel did for it is not among them.
    pub(crate) fn take(&mut self, pid: u32) -> anyhow::Result<u64> {
        let line = CommandLine::new("vgdb")
            .args([self.prefix(), format!("--pid={pid}"), format!("--cmd-time-out={PATIENCE_SECONDS}")])
            .arg("dump");
        let said = process::capture(&line)?;
        if !said.success {
            return Err(anyhow!("`{line}` failed: {}", said.stderr.trim()))
                .hint("valgrind stops the process to read its count: see that this machine permits ptrace");
        }
        self.taken += 1;
        let file = self.directory.join(format!("callgrind.{}", self.taken));
        let dump = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        total(&dump).with_context(|| format!("{} has no total", file.display()))
    }

    /// Where the two parts of valgrind meet: without it in `/tmp`, where another user's may be.
    fn prefix(&self) -> String {
        format!("--vgdb-prefix={}", self.directory.join("vgdb").display())
    }
}

fn total(dump: &str) -> Option<u64> {
    dump.lines().rev().find_map(|line| line.strip_prefix("totals: "))?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_total_of_a_dump_is_at_its_end() {
        let dump = "version: 1\nevents: Ir\nsummary: 5\n\nfn=(1) main\n0 12\n\ntotals: 331376849\n";
        assert_eq!(total(dump), Some(331_376_849));
        assert_eq!(total("version: 1\n"), None);
    }
}
