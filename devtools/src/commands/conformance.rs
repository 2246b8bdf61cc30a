//! `cargo xtask conformance`: runs the MCP conformance suite against the service, and against its own fixtures behind
//! the service's router.

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};

use crate::{
    conformance::{
        expected::EXPECTED,
        results,
        suite::{SETS, Set, Subject, Suite},
        verdict::{self, Verdict},
    },
    server::{self, Server},
};
use xtask::{
    cargo::{self, Profile, build},
    columns,
    error::ErrorExt,
    process::CommandLine,
    ui::{self, Tone},
};

const FIXTURE: &str = "conformance-fixture";

pub(crate) fn run(keep_output: Option<&Path>) -> anyhow::Result<()> {
    let target = cargo::target_directory()?;
    let suite = Suite::install(&target)?;
    let output = match keep_output {
        Some(directory) => std::path::absolute(directory).context("invalid --keep-output: expected a path")?,
        None => target.join("tools").join("conformance-output"),
    };
    let output = server::fresh_directory(output.join("conformance-run"))?;

    let mut verdicts = judge_service(&suite, &output)?;
    verdicts.extend(judge_fixture(&suite, &output)?);
    conclude(&verdicts, &output)
}

fn build(line: &CommandLine, target: &str) -> anyhow::Result<PathBuf> {
    ui::step("build", &line.to_string());
    build::executable_of(line, target)
}

/// Runs the applicable scenarios against the service. It has no token, because the suite cannot send one.
fn judge_service(suite: &Suite, output: &Path) -> anyhow::Result<Vec<Verdict>> {
    let binary = build(&cargo::build_service(Profile::Dev), cargo::SERVICE)?;
    let port = xtask::local::ports::free_port()?;
    let store = server::fresh_directory(output.join("service"))?;
    let line = server::service(&binary, port, &store, None);
    let server = Server::start(&line, port, &store.join("server.log"))?;
    let mut verdicts = Vec::new();
    for Set { version, applicable } in SETS {
        ui::step("service", &format!("{version}, {} scenarios", applicable.len()));
        let results = output.join(format!("service-{version}"));
        for scenario in applicable {
            suite.run_scenario(&server.mcp_url(), version, scenario, &results)?;
        }
        verdicts.extend(judge(Subject::Service, version, applicable, &results)?);
    }
    Ok(verdicts)
}

/// Runs every required scenario against the fixtures.
fn judge_fixture(suite: &Suite, output: &Path) -> anyhow::Result<Vec<Verdict>> {
    let binary = build(&cargo::build_example(FIXTURE), FIXTURE)?;
    let port = xtask::local::ports::free_port()?;
    let line = CommandLine::new(binary).args(["--port", &port.to_string()]);
    let server = Server::start(&line, port, &output.join("fixture.log"))?;
    let mut verdicts = Vec::new();
    for Set { version, .. } in SETS {
        let required = suite.required(version)?;
        ui::step("fixture", &format!("{version}, {} scenarios", required.len()));
        let results = output.join(format!("fixture-{version}"));
        suite.run_set(&server.mcp_url(), version, &results)?;
        verdicts.extend(judge(Subject::Fixture, version, &required, &results)?);
    }
    Ok(verdicts)
}

fn judge<S: AsRef<str>>(
    subject: Subject,
    version: &'static str,
    scenarios: &[S],
    results: &Path,
) -> anyhow::Result<Vec<Verdict>> {
    let found = results::read(results)?;
    let checks = |scenario: &str| found.get(scenario).map(Vec::as_slice).unwrap_or_default();
    let scenarios = scenarios.iter().map(AsRef::as_ref);
    let judged: Vec<Verdict> =
        scenarios.map(|scenario| verdict::judge(subject, version, scenario, checks(scenario), EXPECTED)).collect();
    ui::result(&columns::render(&judged.iter().map(row).collect::<Vec<_>>()));
    Ok(judged)
}

fn row(verdict: &Verdict) -> Vec<String> {
    let word = match (verdict.holds(), verdict.known.is_empty()) {
        (true, true) => ui::paint(Tone::Good, "ok"),
        (true, false) => ui::paint(Tone::Note, "expected"),
        (false, _) => ui::paint(Tone::Bad, "FAILED"),
    };
    let counts = format!("{} passed, {} failed", verdict.passed, verdict.known.len() + verdict.problems.len());
    let more = verdict
        .problems
        .iter()
        .chain(&verdict.known)
        .chain(&verdict.warnings)
        .fold(String::new(), |all, line| format!("{all}\n{line}"));
    vec![word, verdict.subject.to_string(), verdict.version.to_owned(), counts, format!("{}{more}", verdict.scenario)]
}

fn conclude(verdicts: &[Verdict], output: &Path) -> anyhow::Result<()> {
    let failed = verdicts.iter().filter(|verdict| !verdict.holds()).count();
    let known: usize = verdicts.iter().map(|verdict| verdict.known.len()).sum();
    ui::result(&format!(
        "\n{} of {} scenarios passed, with {known} expected failures",
        verdicts.len() - failed,
        verdicts.len()
    ));
    if failed == 0 {
        return Ok(());
    }
    Err(anyhow!("{failed} conformance scenarios failed"))
        .hint(format!("inspect the suite's results in {}", output.display()))
}
