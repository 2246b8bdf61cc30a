//! Runs the builder, and takes the image from where it left it.

use std::{
    fs::{self, File},
    io::BufReader,
    path::{Path, PathBuf},
};

use anyhow::{Context, anyhow};

use super::{
    Plan, Request, archive, elf, engine::Engine, labels, native, oci::Unpacked, static_image, toolchain::Toolchain,
};
use crate::{
    cargo,
    error::ErrorExt,
    process::{self, CommandLine},
    ui,
};

/// Builds the image of a revision.
pub async fn build(request: &Request<'_>, step: &ui::Step) -> anyhow::Result<Unpacked> {
    let target_directory = cargo::target_directory()?;
    let directory = target_directory.join("image");
    fs::create_dir_all(&directory).with_context(|| format!("cannot make {}", directory.display()))?;
    let log = directory.join(format!("{}.log", request.plan.builder()));
    File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
    match request.plan {
        Plan::Native(toolchain) => build_native(toolchain, request, &target_directory, &log, step).await,
        Plan::Engine { engine, .. } => build_by_engine(*engine, request, &directory, &log, step).await,
    }
}

async fn build_native(
    toolchain: &Toolchain,
    request: &Request<'_>,
    target_directory: &Path,
    log: &Path,
    step: &ui::Step,
) -> anyhow::Result<Unpacked> {
    run(&native::build(toolchain, target_directory), log, step).await?;
    let path = native::binary(toolchain, target_directory);
    let binary = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    elf::require_static(&binary, request.architecture)
        .with_context(|| format!("{} would not start in an image", path.display()))
        .hint("see that cargo's configuration and RUSTFLAGS leave linker and target-feature alone, or give --builder docker")?;
    let labels = labels::of(&request.revision);
    static_image::image(&binary, request.architecture, &labels, labels::committed_at(&request.revision))
}

async fn build_by_engine(
    engine: Engine,
    request: &Request<'_>,
    directory: &Path,
    log: &Path,
    step: &ui::Step,
) -> anyhow::Result<Unpacked> {
    // Another process may be building another project's image from this checkout.
    let process = std::process::id();
    let id = Passing(directory.join(format!("{process}.id")));
    let archive = Passing(directory.join(format!("{process}.tar")));
    let labels = labels::of(&request.revision);
    run(&engine.build(request.architecture, &request.revision, &labels, &id.0), log, step).await?;
    let name = fs::read_to_string(&id.0).with_context(|| format!("cannot read {}", id.0.display()))?;
    run(&engine.save(name.trim(), &archive.0), log, step).await?;
    let file = File::open(&archive.0).with_context(|| format!("cannot read {}", archive.0.display()))?;
    archive::read(BufReader::new(file), request.architecture)
}

/// A file that is not kept, whatever comes of what it was for.
struct Passing(PathBuf);

impl Drop for Passing {
    fn drop(&mut self) {
        drop(fs::remove_file(&self.0));
    }
}

/// Runs a builder, and shows what it says.
async fn run(line: &CommandLine, log: &Path, step: &ui::Step) -> anyhow::Result<()> {
    if process::follow(line, log, None, |said| step.note(&plain(said))).await? {
        return Ok(());
    }
    Err(anyhow!("`{line}` failed")).hint(format!("what it said is at the end of {}", log.display()))
}

/// What was said without its colours, which some engines send to who is no terminal.
fn plain(said: &str) -> String {
    let mut parts = said.split('\u{1b}');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |plain, part| plain + part.split_once('m').map_or("", |(_, rest)| rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_left_out() {
        assert_eq!(plain("\u{1b}[91m  Compiling\u{1b}[0m\u{1b}[91m memchr"), "  Compiling memchr");
        assert_eq!(plain("  Compiling memchr"), "  Compiling memchr");
    }
}
