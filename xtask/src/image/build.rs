//! Runs the builder and reads the image that it built.

use std::{
    fs::{self, File},
    io::BufReader,
    path::{Path, PathBuf},
};

use anyhow::{Context, anyhow};

use super::{Plan, Request, archive, dockerfile, elf, engine::Engine, labels, native, oci::Unpacked, static_image};
use crate::{
    cargo::{self, build::Built},
    error::ErrorExt,
    process::{self, CommandLine},
    ui,
};

/// Builds the image of a source. The builder's output goes to a log below the target directory.
pub async fn build(request: &Request<'_>, step: &ui::Step) -> anyhow::Result<Unpacked> {
    let directory = request.source.target_directory().join("image");
    fs::create_dir_all(&directory).with_context(|| format!("cannot create {}", directory.display()))?;
    let log = directory.join(format!("{}.log", request.plan.builder()));
    File::create(&log).with_context(|| format!("cannot write {}", log.display()))?;
    match request.plan {
        Plan::Native(toolchain) => {
            if let Some(flags) = native::flags() {
                step.warning(&format!("the image is built {flags}"));
            }
            let line = native::build(request.source, toolchain);
            let path = run_cargo(&line, request.source.binary(), &directory, &log, step).await?;
            static_image_of(&path, request)
        }
        Plan::Engine { engine, .. } => build_with_engine(*engine, request, &directory, &log, step).await,
    }
}

/// Runs cargo, and returns the service's binary where cargo reports it.
async fn run_cargo(
    line: &CommandLine,
    binary: &str,
    directory: &Path,
    log: &Path,
    step: &ui::Step,
) -> anyhow::Result<PathBuf> {
    let messages = directory.join("native.json");
    let line = cargo::build::with_messages(line);
    let succeeded = process::follow_with_output(&line, log, &messages, |line| step.note(&strip_ansi(line))).await?;
    require(succeeded, &line, log)?;
    let messages = fs::read_to_string(&messages).with_context(|| format!("cannot read {}", messages.display()))?;
    let built: Built = messages.lines().filter_map(cargo::build::executable).collect();
    Ok(built.executable(binary)?.to_owned())
}

fn static_image_of(path: &Path, request: &Request<'_>) -> anyhow::Result<Unpacked> {
    let binary = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    elf::require_static(&binary, request.architecture)
        .with_context(|| format!("{} cannot run in the image", path.display()))
        .hint("remove linker settings from cargo's configuration and RUSTFLAGS, or pass --builder docker")?;
    let labels = labels::for_identity(&request.identity);
    static_image::image(&binary, request.architecture, &labels, request.identity.committed_at)
}

async fn build_with_engine(
    engine: Engine,
    request: &Request<'_>,
    directory: &Path,
    log: &Path,
    step: &ui::Step,
) -> anyhow::Result<Unpacked> {
    // Another process may build another project's image from this source at the same time.
    let process = std::process::id();
    let id = TempFile(directory.join(format!("{process}.id")));
    let archive = TempFile(directory.join(format!("{process}.tar")));
    let dockerfile = dockerfile::prepare(request.source, directory)?;
    run(&engine.build(request, &dockerfile, &id.0), log, step).await?;
    let name = fs::read_to_string(&id.0).with_context(|| format!("cannot read {}", id.0.display()))?;
    run(&engine.save(name.trim(), &archive.0), log, step).await?;
    let file = File::open(&archive.0).with_context(|| format!("cannot read {}", archive.0.display()))?;
    archive::read(BufReader::new(file), request.architecture)
}

/// A file that is deleted when this is dropped.
struct TempFile(PathBuf);

impl Drop for TempFile {
    fn drop(&mut self) {
        drop(fs::remove_file(&self.0));
    }
}

/// Runs a builder and shows its output.
async fn run(line: &CommandLine, log: &Path, step: &ui::Step) -> anyhow::Result<()> {
    let succeeded = process::follow(line, log, None, |line| step.note(&strip_ansi(line))).await?;
    require(succeeded, line, log)
}

fn require(succeeded: bool, line: &CommandLine, log: &Path) -> anyhow::Result<()> {
    if succeeded {
        return Ok(());
    }
    Err(anyhow!("`{line}` failed")).hint(format!("read the end of {}", log.display()))
}

/// Removes the colour codes that some engines print even without a terminal.
fn strip_ansi(text: &str) -> String {
    let mut parts = text.split('\u{1b}');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |stripped, part| stripped + part.split_once('m').map_or("", |(_, rest)| rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colour_codes_are_removed() {
        assert_eq!(strip_ansi("\u{1b}[91m  Compiling\u{1b}[0m\u{1b}[91m memchr"), "  Compiling memchr");
        assert_eq!(strip_ansi("  Compiling memchr"), "  Compiling memchr");
    }
}
