//! `cargo xtask new-tool`: writes a tool's file with a test, and registers it.

use std::path::Path;

use crate::{
    cli,
    new_tool::{self, Kind},
    source::Source,
    ui,
};

pub(crate) fn run(args: &cli::NewTool) -> anyhow::Result<()> {
    let source = Source::find(&args.source)?;
    let kind = Kind { state: args.state, cached: args.cached };
    let written = new_tool::write(&source, &args.name, kind)?;
    let shown = |path: &Path| path.strip_prefix(source.root()).unwrap_or(path).display().to_string();
    let (file, name, package) = (shown(&written.file), &args.name, source.name());
    ui::result(&format!("created     {file}"));
    ui::result(&format!("registered  {}", shown(&written.registration)));
    ui::progress(&format!(
        "next, in this order:\n  1. write the arguments, the result and the body of the tool in {file}\n  2. cargo test \
         --package {package} {name}\n  3. cargo xtask deploy --local"
    ));
    Ok(())
}
