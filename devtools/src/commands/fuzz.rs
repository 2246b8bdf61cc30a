//! `cargo xtask fuzz`: builds the targets, lets libFuzzer try to break each, and says what broke and how to see it again.

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
    cargo, columns,
    error::{ErrorExt, Exit},
    process,
    ui::{self, Tone},
};

/// What `cargo xtask ci` gives each target.
const SECONDS: u64 = 60;
/// On two processors each has half of one: more inputs would cost CI minutes that it has not.
const AT_ONCE: usize = 4;

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
enum Asked {
    Run(Vec<Target>),
    Repeat(Target, PathBuf),
}

pub(crate) fn run(args: &cli::Fuzz) -> anyhow::Result<()> {
    let asked = asked(&args.what, &target::all()?)?;
    let target_directory = cargo::target_directory()?;
    match asked {
        Asked::Run(targets) => fuzz(&targets, &target_directory, args.seconds.unwrap_or(SECONDS)),
        Asked::Repeat(target, input) => {
            build(std::slice::from_ref(&target), &target_directory)?;
            process::run(&target.repeat(&target_directory, &input))
        }
    }
}

/// All targets, as `cargo xtask ci` runs them.
pub(crate) fn all() -> anyhow::Result<()> {
    fuzz(&target::all()?, &cargo::target_directory()?, SECONDS)
}

fn fuzz(targets: &[Target], target_directory: &Path, seconds: u64) -> anyhow::Result<()> {
    build(targets, target_directory)?;
    let mut failed = Vec::new();
    let mut rows = Vec::new();
    for together in targets.chunks(AT_ONCE) {
        let names: Vec<&str> = together.iter().map(Target::name).collect();
        ui::step("fuzz", &format!("{} for {seconds} s", names.join(" and ")));
        for (target, outcome) in together.iter().zip(side_by_side(together, target_directory, seconds)?) {
            rows.push(row(target, &outcome));
            if outcome.is_err() {
                failed.push(target.name());
            }
        }
    }
    ui::result(&columns::render(&rows));
    ensure!(failed.is_empty(), "libFuzzer broke {}", failed.join(", "));
    Ok(())
}

/// The words of the command line: targets, or a target and a file.
fn asked(words: &[String], targets: &[Target]) -> anyhow::Result<Asked> {
    let find = |word: &String| {
        let names: Vec<&str> = targets.iter().map(Target::name).collect();
        let found = targets.iter().find(|target| target.name() == word).cloned();
        found
            .with_context(|| format!("there is no target `{word}`"))
            .hint(format!("the targets are: {}", names.join(", ")))
            .exit_code(Exit::Usage)
    };
    match words {
        [] => Ok(Asked::Run(targets.to_vec())),
        [target, file] if find(file).is_err() && Path::new(file).is_file() => {
            Ok(Asked::Repeat(find(target)?, file.into()))
        }
        words => Ok(Asked::Run(words.iter().map(find).collect::<anyhow::Result<_>>()?)),
    }
}

fn build(targets: &[Target], target_directory: &Path) -> anyhow::Result<()> {
    ensure!(
        !cfg!(windows),
        "libFuzzer and the compiler's counters do not work together on Windows; use Linux or macOS"
    );
    let line = instrument::instrumented(target::build(targets), target_directory)?;
    ui::step("build", &line.to_string());
    process::run(&line).hint("libFuzzer is C++: it takes a C++ compiler, `c++`")
}

/// What came of one target: how far it got, or what is to be told.
type Outcome = Result<Progress, String>;

fn side_by_side(targets: &[Target], target_directory: &Path, seconds: u64) -> anyhow::Result<Vec<Outcome>> {
    thread::scope(|scope| {
        let threads: Vec<_> =
            targets.iter().map(|target| scope.spawn(|| one(target, target_directory, seconds))).collect();
        threads.into_iter().map(|thread| thread.join().map_err(|_| anyhow!("a thread of ours panicked"))?).collect()
    })
}

fn one(target: &Target, target_directory: &Path, seconds: u64) -> anyhow::Result<Outcome> {
    let output = process::capture(&target.run(target_directory, seconds)?)?;
    if !output.success {
        let crash = output::crash(&output.stderr);
        return Ok(Err(crash.map_or(output.stderr, |crash| describe(target, &crash))));
    }
    Ok(output::progress(&output.stderr).ok_or_else(|| "it saw nothing of our code: is it instrumented?".to_owned()))
}

fn describe(target: &Target, crash: &Crash) -> String {
    let base64 = crash.base64.as_ref().map(|base64| format!("\ninput   {base64} (base64)")).unwrap_or_default();
    let file = crash.file.display();
    format!(
        "{}{base64}\nfile    {file}\nrepeat  cargo xtask fuzz {} {file}\nkeep    copy it to {} once it is mended",
        crash.why,
        target.name(),
        target.seeds().display()
    )
}

fn row(target: &Target, outcome: &Outcome) -> Vec<String> {
    let (word, told) = match outcome {
        Ok(progress) => {
            let Progress { runs, per_second, coverage, corpus } = progress;
            let told = format!("{runs} inputs, {per_second} a second; {coverage} places reached, {corpus} inputs kept");
            (ui::paint(Tone::Good, "ok"), told)
        }
        Err(told) => (ui::paint(Tone::Bad, "FAILED"), told.clone()),
    };
    vec![word, target.name().to_owned(), told]
}

#[cfg(test)]
mod tests {
    use super::*;
    use xtask::error::exit_of;

    fn words(words: &[&str]) -> Vec<String> {
        words.iter().map(|word| (*word).to_owned()).collect()
    }

    #[test]
    fn words_are_targets_or_a_target_and_a_file() {
        let targets = target::all().unwrap();
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
        assert_eq!(asked(&[], &targets).unwrap(), Asked::Run(targets.clone()));
        assert!(matches!(asked(&words(&["hosts", "cursors"]), &targets).unwrap(), Asked::Run(two) if two.len() == 2));
        let repeat = asked(&words(&["cursors", file]), &targets).unwrap();
        assert!(
            matches!(repeat, Asked::Repeat(target, input) if target.name() == "cursors" && input == Path::new(file))
        );
        for wrong in [&["nonsense"][..], &["cursors", "no/such/file"], &["nonsense", file]] {
            assert_eq!(exit_of(&asked(&words(wrong), &targets).unwrap_err()), Exit::Usage, "{wrong:?}");
        }
    }
}
