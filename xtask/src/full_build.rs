//! Hands a command over to `mcp-deploy`, the deployer with the AWS SDK, after building it.

use crate::{
    cargo::{self, build},
    environment,
    error::{ErrorExt, Exit},
    process::{self, CommandLine},
};

/// Builds the full deployer and runs this process's command line with it.
pub(crate) fn run() -> anyhow::Result<()> {
    let binary = build::executable_of(&cargo::build_full_deployer(), "mcp-deploy")
        .hint("fix the errors above, then rerun the command")
        .exit_code(Exit::Build)?;
    let line = CommandLine::new(binary).args(environment::own_arguments());
    process::hand_over(&line.env(environment::STARTED_BY_ALIAS, "1"))
}
