//! `cargo xtask ci`: the one definition of green. Runs the steps in order, and stops at the first that fails.
//!
//! Before anything is built, everything that this machine lacks is reported in one list. A missing tool ends the run
//! there. A step that this machine or this user can never run is left out by name; in CI (`CI=true`) it is a failure as
//! well.

mod durations;
mod steps;

use std::time::Instant;

use anyhow::{Context, anyhow};

use self::{
    durations::Durations,
    steps::{Step, Work},
};
use crate::{
    cli,
    quick_build::Quick,
    requirements::{self, Tool, Unmet},
};
use xtask::{
    cargo, columns, environment,
    error::{ErrorExt, Exit},
    process,
    ui::{self, Tone},
};

const QUICK: &str = "run `cargo xtask ci --quick` for the steps that need Rust alone";

/// The step with which the build of the rehearsal's image begins in the background. The steps from here on wait for
/// processes.
const BACKGROUND_BUILD_FROM: &str = "test";

pub(crate) fn run(args: &cli::Ci) -> anyhow::Result<()> {
    if args.list {
        ui::result(&steps::names().join("\n"));
        return Ok(());
    }
    let selected = select(args)?;
    let plan = Plan::new(&selected);
    plan.require_tools(args.install)?;
    let mut durations = Durations::load(&cargo::target_directory()?);
    ui::result(&plan.describe(&durations));
    run_steps(&plan.steps, &mut durations)?;
    ui::result(&plan.conclusion(args.quick));
    Ok(())
}

/// The steps to run on this machine, and those that it cannot run.
struct Plan<'a> {
    steps: Vec<&'a Step>,
    left_out: Vec<(&'a Step, Unmet)>,
}

impl<'a> Plan<'a> {
    fn new(selected: &[&'a Step]) -> Self {
        let mut plan = Self { steps: Vec::new(), left_out: Vec::new() };
        for step in selected {
            match step.limit() {
                None => plan.steps.push(step),
                Some(unmet) => plan.left_out.push((step, unmet)),
            }
        }
        plan
    }

    /// Fails with the complete list unless every tool is there, after installing what is missing if that was asked for.
    fn require_tools(&self, install: bool) -> anyhow::Result<()> {
        let mut tools: Vec<Tool> = self.steps.iter().flat_map(|step| step.tools).copied().collect();
        tools.sort_unstable();
        tools.dedup();
        let mut missing = requirements::missing(&tools);
        if install && !missing.is_empty() {
            requirements::install(&missing)?;
            missing = requirements::missing(&missing);
        }
        let steps_of =
            |tool| self.steps.iter().filter(|step| step.tools.contains(&tool)).map(|step| step.name).collect();
        let mut unmet = requirements::describe(&missing, steps_of);
        if environment::is_ci() {
            unmet.extend(self.left_out.iter().map(|(_, unmet)| unmet.clone()));
        }
        let hints = ["run `cargo xtask ci --install` to install what a package manager has", QUICK];
        requirements::report(&unmet, if install { &hints[1..] } else { &hints })
    }

    /// The steps with their durations, and the steps that are left out.
    fn describe(&self, durations: &Durations) -> String {
        let rows: Vec<Vec<String>> =
            self.steps.iter().map(|step| vec![step.name.to_owned(), durations.describe(step.name)]).collect();
        let left_out = self.left_out.iter().map(|(step, unmet)| {
            format!("\n{} {}: {}\n  {}", ui::paint(Tone::Note, "left out:"), step.name, unmet.problem, unmet.remedy)
        });
        let names = self.steps.iter().map(|step| step.name);
        let head = format!("{}; {}", count(self.steps.len()), durations.total(names));
        format!("{head}\n{}{}", columns::render(&rows), left_out.collect::<String>())
    }

    /// The last line of a run without a failure. It names what was not checked.
    fn conclusion(&self, quick: bool) -> String {
        let passed = count(self.steps.len());
        let mut left_out: Vec<&str> = self.left_out.iter().map(|(step, _)| step.name).collect();
        if quick {
            left_out.extend(steps::STEPS.iter().filter(|step| !step.quick).map(|step| step.name));
        }
        if left_out.is_empty() {
            return format!("{passed} passed");
        }
        format!("{passed} passed, {} left out: {}", left_out.len(), left_out.join(", "))
    }
}

fn count(steps: usize) -> String {
    if steps == 1 { "1 step".to_owned() } else { format!("{steps} steps") }
}

fn select(args: &cli::Ci) -> anyhow::Result<Vec<&'static Step>> {
    if let Some(name) = args.only.iter().find(|name| !steps::names().contains(&name.as_str())) {
        return Err(anyhow!("unknown step `{name}`"))
            .hint(format!("the steps are: {}", steps::names().join(", ")))
            .exit_code(Exit::Usage);
    }
    let is_selected = |step: &&Step| {
        (args.only.is_empty() || args.only.iter().any(|name| name == step.name)) && (!args.quick || step.quick)
    };
    Ok(steps::STEPS.iter().filter(is_selected).collect())
}

fn run_steps(steps: &[&Step], durations: &mut Durations) -> anyhow::Result<()> {
    let builds_image = steps.iter().any(|step| step.tools.contains(&Tool::StaticLibc));
    let mut background = None;
    let mut rows = Vec::new();
    let mut result = Ok(());
    for step in steps {
        if step.name == BACKGROUND_BUILD_FROM && builds_image {
            // The step that needs the image reports why it cannot be built.
            background = Quick::find().and_then(|quick| quick.start()).ok();
        }
        let started = Instant::now();
        result = run_step(step);
        let seconds = started.elapsed().as_secs_f64();
        let word = if result.is_ok() { ui::paint(Tone::Good, "ok") } else { ui::paint(Tone::Bad, "FAILED") };
        rows.push(vec![word, format!("{seconds:>6.1} s"), step.name.to_owned()]);
        if result.is_err() {
            break;
        }
        durations.record(step.name, seconds)?;
    }
    drop(background);
    ui::result(&format!("\n{}", columns::render(&rows)));
    result
}

fn run_step(step: &Step) -> anyhow::Result<()> {
    let result = match step.work {
        Work::Run(lines) => lines().iter().try_for_each(|line| {
            ui::step(step.name, &line.to_string());
            process::run(line)
        }),
        Work::Call(function) => {
            ui::step(step.name, "");
            function()
        }
    };
    result
        .with_context(|| format!("step `{}` failed", step.name))
        .hint(format!("rerun it alone with `cargo xtask ci --only '{}'`", step.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(only: &[&str], quick: bool) -> cli::Ci {
        let only = only.iter().map(|name| (*name).to_owned()).collect();
        cli::Ci { only, list: false, quick, install: false }
    }

    fn names(args: &cli::Ci) -> Vec<&'static str> {
        select(args).unwrap().iter().map(|step| step.name).collect()
    }

    #[test]
    fn steps_are_selected_by_name() {
        assert_eq!(names(&args(&["fmt", "clippy"], false)), ["fmt", "clippy"]);
        assert_eq!(names(&args(&[], false)), steps::names());
        let error = select(&args(&["nope"], false)).unwrap_err();
        assert_eq!(xtask::error::exit_of(&error), Exit::Usage);
    }

    #[test]
    fn quick_needs_no_tool() {
        let quick = select(&args(&[], true)).unwrap();
        assert!(quick.iter().all(|step| step.tools.is_empty()));
        assert!(quick.iter().any(|step| step.name == "test"));
    }

    #[test]
    fn conclusion_names_what_was_left_out() {
        let unmet = Unmet { problem: "not here".to_owned(), remedy: "elsewhere".to_owned() };
        let (fmt, other) = (&steps::STEPS[0], &steps::STEPS[1]);
        let plan = Plan { steps: vec![fmt], left_out: vec![(other, unmet)] };
        assert_eq!(plan.conclusion(false), format!("1 step passed, 1 left out: {}", other.name));
        assert!(plan.conclusion(true).contains("rehearse"));
        let complete = Plan { steps: vec![fmt], left_out: Vec::new() };
        assert_eq!(complete.conclusion(false), "1 step passed");
    }
}
