//! `cargo xtask import`: writes an export into the table of a deployment. Rerunning it is safe: items are replaced
//! by key.

use crate::{cli, commands::data_source, data, error::ErrorExt, runtime, ui};

pub(crate) fn run(args: &cli::Import) -> anyhow::Result<()> {
    runtime::until_interrupted(import(args))
}

async fn import(args: &cli::Import) -> anyhow::Result<()> {
    let step = ui::begin("validate");
    let expected = data::validate(&args.file)?;
    step.done(&format!("{expected} in {}", args.file.display()));

    let source = data_source::open(args.local, &args.which).await?;
    let step = ui::begin("import");
    let imported = data::import(&args.file, &source.table, &step).await;
    let imported = imported.hint("rerun the command; items that were imported already are replaced by key")?;
    step.done(&format!("{imported} in the table {}", source.table.name()));
    Ok(())
}
