//! `cargo xtask deploy`: on AWS, or on this machine.

mod aws;
mod local;

use crate::cli;

pub(crate) fn run(args: &cli::Deploy) -> anyhow::Result<()> {
    if args.local { local::run(args) } else { aws::run(args) }
}
