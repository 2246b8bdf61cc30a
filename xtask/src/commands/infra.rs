//! `cargo xtask infra --write`: writes the carried Terraform configuration out.

use crate::{cli, infra, ui};

pub(crate) fn run(args: &cli::Infra) -> anyhow::Result<()> {
    let files = infra::write(&args.write)?;
    let directory = args.write.display();
    ui::result(&format!("{files} files written to {directory}"));
    ui::progress(&format!(
        "deploy uses a directory `{}` beside the workspace's Cargo.toml in place of the carried configuration; later \
         versions of the deployer do not change it",
        infra::DIRECTORY
    ));
    Ok(())
}
