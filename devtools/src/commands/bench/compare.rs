//! Measures the service and its alternatives, one after the other, with the same work and the same store.

use std::path::{Path, PathBuf};

use anyhow::Context;

use super::{build, write};
use crate::{
    bench::{
        chart,
        figures::{Figures, Image},
        image_size::{ImageBuilder, ImageSize},
        interleaved,
        load_generator::LoadGenerator,
        machine::{self, Machine},
        packages::Packages,
        peer::Peer,
        report,
        schedule::{self, Bench},
    },
    cli,
};
use xtask::{cargo, problem::Problem, revision, runtime, timestamp, ui};

pub(crate) fn run(args: &cli::Bench) -> anyhow::Result<()> {
    let target = cargo::target_directory()?;
    let packages = Packages::install(&target)?;
    let image = if args.quick && !args.image { None } else { measure_image()? };
    let built = build()?;
    let directory = schedule::directory(&target)?;
    let load = LoadGenerator::new(&built, &directory)?;
    let bench = Bench { built: &built, directory: &directory, packages: &packages, load, quick: args.quick };
    let figures = measure(&bench, image)?;
    let docs = super::docs(args);
    write(&docs, [("results.json", serde_json::to_string_pretty(&figures)? + "\n")])?;
    write_page(&docs, &figures)?;
    ui::result(&report::goals(&figures));
    ui::result(&format!("\nfigures, page and chart are in {}", docs.display()));
    Ok(())
}

pub(super) fn write_page(docs: &Path, figures: &Figures) -> anyhow::Result<()> {
    write(docs, [("README.md", report::page(figures)), ("cpu.svg", chart::cpu(figures)?)])
}

/// Builds the image. Returns its size and its binary, or warns if this machine cannot build it.
fn measure_image() -> anyhow::Result<Option<(ImageSize, PathBuf)>> {
    match ImageBuilder::find() {
        Ok(builder) => Ok(Some((runtime::wait_for(builder.measure())??, builder.binary()?))),
        Err(Problem { what, fix }) => {
            ui::warning(&format!("the image is not measured: {what}; {fix}"));
            Ok(None)
        }
    }
}

fn measure(bench: &Bench<'_>, image: Option<(ImageSize, PathBuf)>) -> anyhow::Result<Figures> {
    let mut machine = Machine::detect()?;
    let date = timestamp::rfc3339(timestamp::now());
    let interleaved = interleaved::hot_echoes(bench)?;
    let (embedded_start_ms, dynamodb_start_ms) = bench.start_times()?;
    let image = match image {
        Some((size, binary)) => Some(Image { size, ready_mb: bench.ready_mb(&binary)? }),
        None => None,
    };
    let thousand_connections_mb = bench.thousand_connections()?;
    let (mut rows, mut processes, mut costs) = (Vec::new(), Vec::new(), Vec::new());
    for peer in Peer::ALL {
        let measured = bench.measure(peer).with_context(|| format!("cannot measure {}", peer.name()))?;
        rows.extend(measured.rows);
        processes.push(measured.process);
        costs.extend(measured.costs);
    }
    machine.load_after = machine::load_average();
    Ok(Figures {
        date,
        revision: revision::of_checkout(),
        quick: bench.quick,
        machine,
        versions: bench.packages.versions()?,
        interleaved,
        rows,
        processes,
        costs,
        embedded_start_ms,
        dynamodb_start_ms,
        thousand_connections_mb,
        image,
    })
}
