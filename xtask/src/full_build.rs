//! Hands a command over to `xtask-aws`, the deployer with the AWS SDK, after building it.

use crate::{
    cargo, environment,
    error::{ErrorExt, Exit},
    process::{self, CommandLine},
};

/// Builds the full deployer and runs this process's command line with it.
pub(crate) fn run() -> anyhow::Result<()> {
    process::run(&cargo::build_full_deployer())
        .hint("fix the errors above, then rerun the command")
        .exit_code(Exit::Build)?;
    let binary = cargo::debug_binary(&cargo::target_directory()?, "xtask-aws");
    process::hand_over(&CommandLine::new(binary).args(environment::own_arguments()))
}
