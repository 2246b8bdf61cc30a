//! A build of the image's binary with fewer optimisations, in half the time. The rehearsal deploys it and the step
//! `instructions` counts it, so that CI compiles it once.

use std::{fs::File, path::PathBuf, process::Child};

use anyhow::{Context, anyhow};

use xtask::image::{
    Architecture, native,
    toolchain::{self, Toolchain},
};
use xtask::{
    cargo::{self, build},
    error::{ErrorExt, Exit},
    process::{self, CommandLine},
    source::Source,
    ui,
};

/// The differences from cargo's release profile.
const PROFILE: [(&str, &str); 3] = [("LTO", "off"), ("OPT_LEVEL", "1"), ("CODEGEN_UNITS", "16")];

/// Sets this profile for every cargo that a line starts.
pub(crate) fn with_quick_profile(line: CommandLine) -> CommandLine {
    PROFILE.iter().fold(line, |line, (setting, value)| line.env(format!("CARGO_PROFILE_RELEASE_{setting}"), *value))
}

/// The quick build on this machine, for its own architecture.
#[derive(Debug)]
pub(crate) struct Quick {
    source: Source,
    toolchain: Toolchain,
}

impl Quick {
    /// Finds the toolchain for a static binary.
    pub(crate) fn find() -> anyhow::Result<Self> {
        let source = Source::of_checkout()?;
        match toolchain::find(Architecture::of_this_machine()?, cargo::workspace_root()) {
            Ok(toolchain) => Ok(Self { source, toolchain }),
            Err(problem) => Err(anyhow!(problem.what)).hint(problem.fix).exit_code(Exit::Preflight),
        }
    }

    /// Starts the build in the background at low priority. [`Quick::build`] waits for it through cargo's lock.
    pub(crate) fn start(&self) -> anyhow::Result<BackgroundBuild> {
        let line = with_quick_profile(native::build(&self.source, &self.toolchain));
        let line = if cfg!(unix) { line.under("nice", ["-n", "19"]) } else { line };
        let log = self.source.target_directory().join("background-build.log");
        let log = File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
        Ok(BackgroundBuild(process::start(&line, &log)?))
    }

    /// Builds the binary and returns its path.
    pub(crate) fn build(&self) -> anyhow::Result<PathBuf> {
        let line = with_quick_profile(native::build(&self.source, &self.toolchain));
        ui::step("build", &line.to_string());
        build::executable_of(&line, cargo::SERVICE).exit_code(Exit::Build)
    }

    /// Describes the target and the profile, which decide the instructions that the compiler chooses.
    pub(crate) fn describe(&self) -> String {
        let profile = PROFILE.map(|(setting, value)| format!("{}={value}", setting.to_lowercase().replace('_', "-")));
        format!("{}, release with {}", self.toolchain.target, profile.join(" "))
    }
}

/// A build in the background; dropping it stops the build.
#[derive(Debug)]
pub(crate) struct BackgroundBuild(Child);

impl Drop for BackgroundBuild {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn description_matches_cargo_settings() {
        let toolchain = Toolchain { target: "t".to_owned(), compiler: None, zig: false, packs_relocations: false };
        assert_eq!(
            Quick { source: Source::of_checkout().unwrap(), toolchain }.describe(),
            "t, release with lto=off opt-level=1 codegen-units=16"
        );
        let line = with_quick_profile(CommandLine::new("cargo"));
        assert_eq!(line.value_of("CARGO_PROFILE_RELEASE_OPT_LEVEL"), Some("1".as_ref()));
        assert_eq!(line.value_of("CARGO_PROFILE_RELEASE_LTO"), Some("off".as_ref()));
    }
}
