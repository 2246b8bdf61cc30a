//! Runs a command line under valgrind's callgrind, and reads its counter while it runs.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, anyhow};

use xtask::{
    error::{ErrorExt, Exit},
    process::{self, CommandLine},
};

/// The time limit of a dump. Without it a machine that forbids ptrace would wait forever.
const DUMP_TIMEOUT_SECONDS: u32 = 60;

/// Callgrind's output directory, and the number of dumps in it.
#[derive(Debug)]
pub(crate) struct Callgrind {
    directory: PathBuf,
    taken: u32,
}

/// Returns valgrind's version.
pub(crate) fn version() -> anyhow::Result<String> {
    let output = process::capture(&CommandLine::new("valgrind").arg("--version")).ok().filter(|output| output.success);
    output
        .map(|output| output.stdout.trim().to_owned())
        .context("cannot run valgrind, which counts the instructions")
        .hint("install it on Linux, on Debian with `apt-get install valgrind`")
        .exit_code(Exit::Preflight)
}

impl Callgrind {
    /// Prepares callgrind to write to an empty directory.
    pub(crate) fn new(directory: &Path) -> Self {
        Self { directory: directory.to_owned(), taken: 0 }
    }

    /// Returns the line under callgrind.
    pub(crate) fn wrap(&self, line: CommandLine) -> CommandLine {
        let file = format!("--callgrind-out-file={}", self.directory.join("callgrind").display());
        line.under("valgrind", ["--tool=callgrind", &file, &self.prefix()])
    }

    /// Returns the instructions since the last call, of all threads of the process and without the kernel's.
    pub(crate) fn take(&mut self, pid: u32) -> anyhow::Result<u64> {
        let line = CommandLine::new("vgdb")
            .args([self.prefix(), format!("--pid={pid}"), format!("--cmd-time-out={DUMP_TIMEOUT_SECONDS}")])
            .arg("dump");
        let output = process::capture(&line)?;
        if !output.success {
            return Err(anyhow!("`{line}` failed: {}", output.stderr.trim()))
                .hint("allow ptrace with `sysctl kernel.yama.ptrace_scope=0`");
        }
        self.taken += 1;
        let file = self.directory.join(format!("callgrind.{}", self.taken));
        let dump = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
        total(&dump).with_context(|| format!("{} has no line `totals:`", file.display()))
    }

    /// The prefix of the files through which valgrind and vgdb communicate. The default in `/tmp` may be another
    /// user's.
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
    fn dump_ends_with_its_total() {
        let dump = "version: 1\nevents: Ir\nsummary: 5\n\nfn=(1) main\n0 12\n\ntotals: 331376849\n";
        assert_eq!(total(dump), Some(331_376_849));
        assert_eq!(total("version: 1\n"), None);
    }
}
