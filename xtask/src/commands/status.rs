//! `cargo xtask status`: on AWS, or on this machine.

mod aws;
mod local;

use crate::cli;

pub(crate) fn run(args: &cli::Status) -> anyhow::Result<()> {
    if args.local { local::run(args) } else { aws::run(args) }
}
