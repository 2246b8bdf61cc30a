//! The service and what a user would pick instead, one after the other, on the same work and the same store.

use std::path::PathBuf;

use anyhow::Context;

use super::{build, write};
use crate::{
    bench::{
        chart,
        figures::{Figures, Image},
        image_size::{Scales, Weight},
        interleaved,
        load::Load,
        machine::{self, Machine},
        packages::Packages,
        peer::Contestant,
        report,
        schedule::{self, Bench},
    },
    cli,
};
use xtask::{cargo, problem::Problem, revision, runtime, timestamp, ui};

pub(crate) fn run(args: &cli::Bench) -> anyhow::Result<()> {
    let target = cargo::target_directory()?;
    let packages = Packages::install(&target)?;
    let image = if args.quick && !args.image { None } else { weigh()? };
    build()?;
    let directory = schedule::directory(&target)?;
    let load = Load::new(&target, &directory);
    let bench = Bench { target: &target, directory: &directory, packages: &packages, load, quick: args.quick };
    let figures = measure(&bench, image)?;
    let docs = super::docs(args);
    let results = serde_json::to_string_pretty(&figures)? + "\n";
    write(
        &docs,
        [("results.json", results), ("README.md", report::page(&figures)), ("cpu.svg", chart::cpu(&figures))],
    )?;
    ui::result(&report::goals(&figures));
    ui::result(&format!("\nall figures are in {}", docs.display()));
    Ok(())
}

/// Builds and weighs the image; where its binary is. A machine that cannot build it is told why, and can measure all else.
fn weigh() -> anyhow::Result<Option<(Weight, PathBuf)>> {
    match Scales::find() {
        Ok(scales) => Ok(Some((runtime::wait_for(scales.weigh())??, scales.binary()?))),
        Err(Problem { what, fix }) => {
            ui::warning(&format!("the image is not weighed: {what}; {fix}"));
            Ok(None)
        }
    }
}

fn measure(bench: &Bench<'_>, image: Option<(Weight, PathBuf)>) -> anyhow::Result<Figures> {
    let mut machine = Machine::look()?;
    let date = timestamp::rfc3339(timestamp::now());
    let duels = interleaved::hot_echoes(bench)?;
    let (embedded_start_ms, dynamodb_start_ms) = bench.our_starts()?;
    let image = match image {
        Some((weight, binary)) => Some(Image { weight, ready_mb: bench.ready_mb(&binary)? }),
        None => None,
    };
    let thousand_connections_mb = bench.thousand_connections()?;
    let (mut rows, mut processes, mut costs) = (Vec::new(), Vec::new(), Vec::new());
    for contestant in Contestant::ALL {
        let turn = bench.turn(contestant).with_context(|| format!("{} failed", contestant.name()))?;
        rows.extend(turn.rows);
        processes.push(turn.process);
        costs.extend(turn.costs);
    }
    machine.load_after = machine::load_average();
    Ok(Figures {
        date,
        revision: revision::of_checkout(),
        quick: bench.quick,
        machine,
        versions: bench.packages.versions()?,
        duels,
        rows,
        processes,
        costs,
        embedded_start_ms,
        dynamodb_start_ms,
        thousand_connections_mb,
        image,
    })
}
