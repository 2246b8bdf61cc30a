//! Hands a command over to `xtask-aws`, the deployer with the AWS SDK, after building it.

use crate::{
    cargo::{self, build},
    environment,
    error::{ErrorExt, Exit},
    process::{self, CommandLine},
};

/// Builds the full deployer and runs this process's command line with it.
pub(crate) fn run() -> anyhow::Result<()> {
    let binary = build::executable_of(&cargo::build_full_deployer(), "xtask-aws")
        .hint("fix the errors above, then rerun the command")
        .exit_code(Exit::Build)?;
    process::hand_over(&CommandLine::new(binary).args(environment::own_arguments()))
}
