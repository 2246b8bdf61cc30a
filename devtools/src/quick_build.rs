//! The image's binary in half the time, for it is optimised less: what the rehearsal deploys, and whose instructions are
//! counted. One build for both, so that CI compiles it once.

use std::{fs::File, path::PathBuf, process::Child};

use anyhow::{Context, anyhow};

use xtask::image::{
    Architecture, native,
    toolchain::{self, Toolchain},
};
use xtask::{
    cargo,
    error::{ErrorExt, Exit},
    process::{self, CommandLine},
    ui,
};

/// What is other than in cargo's profile for releases.
const PROFILE: [(&str, &str); 3] = [("LTO", "off"), ("OPT_LEVEL", "1"), ("CODEGEN_UNITS", "16")];

/// Has a cargo line, or the cargo of whatever else the line starts, build in this way.
pub(crate) fn quickly(line: CommandLine) -> CommandLine {
    PROFILE.iter().fold(line, |line, (setting, value)| line.env(format!("CARGO_PROFILE_RELEASE_{setting}"), *value))
}

/// This way to build, on this machine and for it.
#[derive(Debug)]
pub(crate) struct Quick(Toolchain);

impl Quick {
    /// The way, if this machine has what it takes.
    pub(crate) fn find() -> anyhow::Result<Self> {
        match toolchain::find(Architecture::of_this_machine()?) {
            Ok(toolchain) => Ok(Self(toolchain)),
            Err(problem) => Err(anyhow!(problem.what)).hint(problem.fix).exit_code(Exit::Preflight),
        }
    }

    /// Begins to build the binary beside other work, with the time that it leaves. [`Quick::build`] waits for cargo's lock, and so
    /// for this.
    pub(crate) fn begin(&self) -> anyhow::Result<Ahead> {
        let target_directory = cargo::target_directory()?;
        let line = quickly(native::build(&self.0, &target_directory));
        let line = if cfg!(unix) { line.under("nice", ["-n", "19"]) } else { line };
        let log = target_directory.join("image-ahead.log");
        let log = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        Ok(Ahead(process::start(&line, &log)?))
    }

    /// Builds the binary, and says where it is.
    pub(crate) fn build(&self) -> anyhow::Result<PathBuf> {
        let target_directory = cargo::target_directory()?;
        let line = quickly(native::build(&self.0, &target_directory));
        ui::step("build", &line.to_string());
        process::run(&line).exit_code(Exit::Build)?;
        self.binary()
    }

    /// Where the binary is, or will be.
    pub(crate) fn binary(&self) -> anyhow::Result<PathBuf> {
        Ok(native::binary(&self.0, &cargo::target_directory()?))
    }

    /// All of it that decides which instructions the compiler chooses.
    pub(crate) fn describe(&self) -> String {
        let profile = PROFILE.map(|(setting, value)| format!("{}={value}", setting.to_lowercase().replace('_', "-")));
        format!("{}, release with {}", self.0.target, profile.join(" "))
    }
}

/// A build that was begun; dropped, it ends.
#[derive(Debug)]
pub(crate) struct Ahead(Child);

impl Drop for Ahead {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_of_a_build_is_what_cargo_is_told() {
        let toolchain = Toolchain { target: "t".to_owned(), compiler: None, zig: false, packs_relocations: false };
        assert_eq!(Quick(toolchain).describe(), "t, release with lto=off opt-level=1 codegen-units=16");
        let line = quickly(CommandLine::new("cargo"));
        assert_eq!(line.value_of("CARGO_PROFILE_RELEASE_OPT_LEVEL"), Some("1".as_ref()));
        assert_eq!(line.value_of("CARGO_PROFILE_RELEASE_LTO"), Some("off".as_ref()));
    }
}
