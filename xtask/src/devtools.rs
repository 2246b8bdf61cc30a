//! Starts `devtools`, the developers' commands. They are a package of their own, so that no deployment compiles them.

use crate::{
    cargo,
    cli::DevArgs,
    error::{Advice, Exit},
    shell::{self, Line},
};

/// Builds `devtools` and runs one of its commands with these arguments.
pub(crate) fn run(command: &str, args: &DevArgs) -> anyhow::Result<()> {
    shell::run(&cargo::build_devtools()).exits(Exit::Build)?;
    let binary = cargo::debug_binary(&cargo::target_directory()?, "devtools");
    shell::hand_over(&Line::new(binary).arg(command).args(&args.rest))
}
