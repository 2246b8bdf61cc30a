//! `cargo xtask fuzz`: builds the fuzz targets, runs each, and prints crashes with the command that replays them.

use std::{
    path::{Path, PathBuf},
    thread,
};

use anyhow::{Context, anyhow, ensure};

use crate::{
    cli,
    fuzz::{
        instrument,
        output::{self, Crash, Progress},
        target::{self, Target},
    },
};
use xtask::{
    cargo::{
        self,
        build::{self, Built},
    },
    columns,
    error::{ErrorExt, Exit},
    process::{self, CommandLine},
    ui::{self, Tone},
};

/// The default time for each target, which `cargo xtask ci` uses.
const SECONDS: u64 = 60;
/// The number of targets that run at the same time. Each gets half a processor of CI's two, which keeps the step short.
const PARALLEL: usize = 4;

/// The task that the command line names.
#[derive(Debug, PartialEq, Eq)]
enum Task {
    Fuzz(Vec<Target>),
    Replay(Target, PathBuf),
}

pub(crate) fn run(args: &cli::Fuzz) -> anyhow::Result<()> {
    match parse(&args.targets, &target::all()?)? {
        Task::Fuzz(targets) => fuzz(&targets, &cargo::target_directory()?, args.seconds.unwrap_or(SECONDS)),
        Task::Replay(target, input) => {
            let built = build(std::slice::from_ref(&target))?;
            process::run(&target.replay(&built, &input)?)
        }
    }
}

/// Fuzzes all targets, for `cargo xtask ci`.
pub(crate) fn all() -> anyhow::Result<()> {
    fuzz(&target::all()?, &cargo::target_directory()?, SECONDS)
}

fn fuzz(targets: &[Target], target_directory: &Path, seconds: u64) -> anyhow::Result<()> {
    let built = build(targets)?;
    let mut failed = Vec::new();
    let mut rows = Vec::new();
    for group in targets.chunks(PARALLEL) {
        let names: Vec<&str> = group.iter().map(Target::name).collect();
        ui::step("fuzz", &format!("{} for {seconds} s", names.join(" and ")));
        for (target, outcome) in group.iter().zip(run_in_parallel(group, &built, target_directory, seconds)?) {
            rows.push(row(target, &outcome));
            if outcome.is_err() {
                failed.push(target.name());
            }
        }
    }
    ui::result(&columns::render(&rows));
    ensure!(failed.is_empty(), "libFuzzer found crashes in {}", failed.join(", "));
    Ok(())
}

/// Parses the arguments: targets, or a target and a file.
fn parse(words: &[String], targets: &[Target]) -> anyhow::Result<Task> {
    let find = |word: &String| {
        let names: Vec<&str> = targets.iter().map(Target::name).collect();
        let found = targets.iter().find(|target| target.name() == word).cloned();
        found
            .with_context(|| format!("unknown target `{word}`"))
            .hint(format!("the targets are: {}", names.join(", ")))
            .exit_code(Exit::Usage)
    };
    match words {
        [] => Ok(Task::Fuzz(targets.to_vec())),
        [target, file] if find(file).is_err() && Path::new(file).is_file() => {
            Ok(Task::Replay(find(target)?, file.into()))
        }
        words => Ok(Task::Fuzz(words.iter().map(find).collect::<anyhow::Result<_>>()?)),
    }
}

fn build(targets: &[Target]) -> anyhow::Result<Built> {
    ensure!(!cfg!(windows), "libFuzzer does not work with the compiler's counters on Windows; use Linux or macOS");
    let build = |line: &CommandLine| {
        ui::step("build", &line.to_string());
        build::run(line).hint("libFuzzer is written in C++; check that `c++` runs")
    };
    let wrapper = build(&instrument::build_wrapper())?;
    build(&instrument::instrumented(target::build(targets), wrapper.executable(instrument::WRAPPER)?))
}

/// The result of one target: its progress, or the description of its failure.
type Outcome = Result<Progress, String>;

fn run_in_parallel(
    targets: &[Target],
    built: &Built,
    target_directory: &Path,
    seconds: u64,
) -> anyhow::Result<Vec<Outcome>> {
    thread::scope(|scope| {
        let threads: Vec<_> =
            targets.iter().map(|target| scope.spawn(|| run_target(target, built, target_directory, seconds))).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().map_err(|_| anyhow!("internal error: a thread panicked"))?)
            .collect()
    })
}

fn run_target(target: &Target, built: &Built, target_directory: &Path, seconds: u64) -> anyhow::Result<Outcome> {
    let output = process::capture(&target.run(built, target_directory, seconds)?)?;
    if !output.success {
        let crash = output::crash(&output.stderr);
        return Ok(Err(crash.map_or(output.stderr, |crash| describe(target, &crash))));
    }
    Ok(output::progress(&output.stderr)
        .ok_or_else(|| "no instrumented code ran; run `cargo clean -p mcp-stateful` and fuzz again".to_owned()))
}

fn describe(target: &Target, crash: &Crash) -> String {
    let base64 = crash.base64.as_ref().map(|base64| format!("\ninput   {base64} (base64)")).unwrap_or_default();
    let file = crash.file.display();
    format!(
        "{}{base64}\nfile    {file}\nreplay  cargo xtask fuzz {} {file}\nkeep    copy it to {} once it is fixed",
        crash.reason,
        target.name(),
        target.seeds().display()
    )
}

fn row(target: &Target, outcome: &Outcome) -> Vec<String> {
    let (word, details) = match outcome {
        Ok(progress) => {
            let Progress { runs, per_second, coverage, corpus } = progress;
            let details = format!(
                "{runs} inputs, {per_second} per second; {coverage} places reached, {corpus} inputs in the corpus"
            );
            (ui::paint(Tone::Good, "ok"), details)
        }
        Err(details) => (ui::paint(Tone::Bad, "FAILED"), details.clone()),
    };
    vec![word, target.name().to_owned(), details]
}

#[cfg(test)]
mod tests {
    use super::*;
    use xtask::error::exit_of;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn arguments_are_targets_or_a_target_and_a_file() {
        let targets = target::all().unwrap();
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        assert_eq!(parse(&[], &targets).unwrap(), Task::Fuzz(targets.clone()));
        assert!(matches!(parse(&words(&["hosts", "cursors"]), &targets).unwrap(), Task::Fuzz(two) if two.len() == 2));
        let replay = parse(&words(&["cursors", file]), &targets).unwrap();
        assert!(
            matches!(replay, Task::Replay(target, input) if target.name() == "cursors" && input == Path::new(file))
        );
        for wrong in [&["nonsense"][..], &["cursors", "no/such/file"], &["nonsense", file]] {
            assert_eq!(exit_of(&parse(&words(wrong), &targets).unwrap_err()), Exit::Usage, "{wrong:?}");
        }
    }
}
