//! Hands a command that needs AWS to `xtask-aws`, the deployer with the AWS SDK, which cargo builds first.

use crate::{
    cargo, environment,
    error::{Advice, Exit},
    shell::{self, Line},
};

/// Builds the full deployer and runs this process's own command line with it.
pub(crate) fn run() -> anyhow::Result<()> {
    shell::run(&cargo::build_full_deployer()).exits(Exit::Build)?;
    let binary = cargo::debug_binary(&cargo::target_directory()?, "xtask-aws");
    shell::hand_over(&Line::new(binary).args(environment::own_arguments()))
}
