//! `cargo xtask export`: writes every note of a deployment to a file. Changes nothing, and the service keeps running.

use crate::{
    cli,
    commands::data_source,
    data::{self, ExportFile, IfExists},
    error::ErrorExt,
    runtime, ui,
};

const IF_EXISTS: &str = "choose another file, or pass --force to replace it";

pub(crate) fn run(args: &cli::Export) -> anyhow::Result<()> {
    runtime::until_interrupted(export(args))
}

async fn export(args: &cli::Export) -> anyhow::Result<()> {
    let source = data_source::open(args.local, &args.which).await?;
    let if_exists = if args.force { IfExists::Replace } else { IfExists::Refuse(IF_EXISTS) };
    let file = ExportFile::resume(&args.file, if_exists, &source.id)?;
    let path = file.path().display().to_string();

    let step = ui::begin("export");
    if let Some(tally) = file.resumed() {
        step.note(&format!("resuming after {tally}"));
    }
    let tally = data::export(&source.table, file, &step).await;
    let tally = tally.hint("rerun the command within an hour to resume")?;
    step.done(&format!("{tally} in {path}"));
    Ok(())
}
