//! `cargo xtask ci`: the one definition of green. Steps in order; the first that fails ends the run, by its name.

use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};

use crate::{cli, quick_build::Quick};
use xtask::{
    cargo::cargo,
    columns,
    error::{ErrorExt, Exit},
    process::{self, CommandLine},
    terraform,
    ui::{self, Tone},
};

/// What a step does.
enum Work {
    Run(fn() -> CommandLine),
    Call(fn() -> anyhow::Result<()>),
}

/// Every step, in order.
const STEPS: [(&str, Work); 12] = [
    ("fmt", Work::Run(fmt)),
    ("clippy", Work::Run(clippy)),
    ("clippy container", Work::Run(clippy_container)),
    ("doc", Work::Run(doc)),
    ("terraform", Work::Call(terraform::check)),
    ("test", Work::Run(test)),
    ("fuzz", Work::Call(super::fuzz::all)),
    ("conformance", Work::Call(|| super::conformance::run(None))),
    ("clients", Work::Call(super::clients::run)),
    ("drill", Work::Call(super::drill::in_ci)),
    // What this compiles the rehearsal deploys.
    ("instructions", Work::Call(super::instructions::in_ci)),
    ("rehearse", Work::Call(super::rehearse::all)),
];

/// From this step on there is time to spare: the image, which takes minutes to compile, is begun with it.
const WAITS: &str = "terraform";

pub(crate) fn run(args: &cli::Ci) -> anyhow::Result<()> {
    if args.list {
        ui::result(&names().join("\n"));
        return Ok(());
    }
    known(&args.only)?;
    let mut rows = Vec::new();
    let mut failed = Ok(());
    let wanted = |name: &str| args.only.is_empty() || args.only.iter().any(|only| only == name);
    let mut ahead = None;
    for (name, work) in STEPS.iter().filter(|(name, _)| wanted(name)) {
        if *name == WAITS && wanted("instructions") {
            // Who cannot is told by the step itself.
            ahead = Quick::find().and_then(|quick| quick.begin()).ok();
        }
        let started = Instant::now();
        failed = step(name, work);
        rows.push(row(name, started.elapsed(), failed.is_ok()));
        if failed.is_err() {
            break;
        }
    }
    drop(ahead);
    ui::result(&format!("\n{}", columns::render(&rows)));
    failed
}

fn step(name: &str, work: &Work) -> anyhow::Result<()> {
    let done = match work {
        Work::Run(line) => {
            ui::step(name, &line().to_string());
            process::run(&line())
        }
        Work::Call(function) => {
            ui::step(name, "");
            function()
        }
    };
    done.with_context(|| format!("step `{name}` failed"))
        .hint(format!("run it alone with `cargo xtask ci --only '{name}'`"))
}

fn row(name: &str, took: Duration, passed: bool) -> Vec<String> {
    let word = if passed { ui::paint(Tone::Good, "ok") } else { ui::paint(Tone::Bad, "FAILED") };
    vec![word, format!("{:>6.1} s", took.as_secs_f64()), name.to_owned()]
}

fn names() -> Vec<&'static str> {
    STEPS.iter().map(|(name, _)| *name).collect()
}

fn known(only: &[String]) -> anyhow::Result<()> {
    match only.iter().find(|name| !names().contains(&name.as_str())) {
        None => Ok(()),
        Some(name) => Err(anyhow!("there is no step `{name}`"))
            .hint(format!("the steps are: {}", names().join(", ")))
            .exit_code(Exit::Usage),
    }
}

fn fmt() -> CommandLine {
    cargo(["fmt", "--all", "--check"])
}

fn clippy() -> CommandLine {
    cargo(["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"])
}

/// What the image builds: the service without its embedded store.
fn clippy_container() -> CommandLine {
    cargo(["clippy", "--package", "mcp-stateful", "--no-default-features", "--locked", "--", "-D", "warnings"])
}

fn doc() -> CommandLine {
    cargo(["doc", "--workspace", "--no-deps", "--document-private-items", "--locked"])
        .env("RUSTDOCFLAGS", "-D warnings")
}

fn test() -> CommandLine {
    cargo(["test", "--workspace", "--locked"])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cargo_step_judges_warnings_and_keeps_the_lock_file() {
        for line in [clippy(), clippy_container(), doc(), test()] {
            assert!(line.to_string().contains("--locked"), "{line}");
        }
        for line in [clippy(), clippy_container()] {
            assert!(line.to_string().ends_with("-D warnings"), "{line}");
        }
    }

    #[test]
    fn a_step_is_asked_for_by_its_name() {
        assert!(known(&["clippy container".to_owned()]).is_ok());
        assert_eq!(xtask::error::exit_of(&known(&["nope".to_owned()]).unwrap_err()), Exit::Usage);
    }
}
