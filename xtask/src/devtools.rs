//! Starts `devtools`, which has the developers' commands. As a separate package it is not compiled for a deployment.

use anyhow::anyhow;

use crate::{
    cargo::{self, build},
    cli::DevArgs,
    error::{ErrorExt, Exit},
    process::{self, CommandLine},
    program,
};

/// Builds `devtools` and runs one of its commands with these arguments.
pub(crate) fn run(command: &str, args: &DevArgs) -> anyhow::Result<()> {
    if program::is_installed() {
        return Err(anyhow!("`{command}` works on the source of mcp-stateful only"))
            .hint("run it in a checkout of that repository, through cargo's alias xtask")
            .exit_code(Exit::Usage);
    }
    let binary = build::executable_of(&cargo::build_devtools(), "devtools")
        .hint("fix the errors above, then rerun the command")
        .exit_code(Exit::Build)?;
    process::hand_over(&CommandLine::new(binary).arg(command).args(&args.rest))
}
