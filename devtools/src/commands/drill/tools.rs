//! `cargo xtask drill --local --tools`: the drill of tools with state, on the servers in `examples/`.

use std::{path::Path, time::Duration};

use anyhow::Context;

use super::or_interrupted;
use crate::{
    bench::{packages, peer::at_store},
    cli,
    drill::{
        local::Launcher,
        tools::{self, Report, Subject, Tokens},
    },
};
use mcp_stateful::{config::token_entry, testing::TestTable};
use xtask::{
    cargo::{
        self, Profile,
        build::{self, Built},
        cargo,
    },
    error::{ErrorExt, Exit},
    process::CommandLine,
    runtime, ui,
};

/// The number of calls of each tool.
const CALLS: usize = 1_000;

pub(super) fn run(profile: Profile, options: &cli::DrillOptions, beside: bool) -> anyhow::Result<()> {
    let line = build_line(profile);
    ui::step("build", &line.to_string());
    let built = build::run(&line).context("cannot build the examples").exit_code(Exit::Build)?;
    let python = beside.then(|| packages::fastmcp_with_state(&cargo::target_directory()?)).transpose()?;
    let mut subjects = Subject::OWN.to_vec();
    if beside {
        subjects.extend(Subject::PEERS);
    }
    let reports = runtime::wait_for(or_interrupted(async {
        let mut reports = Vec::new();
        for subject in subjects {
            reports.push(drill(subject, &built, python.as_deref(), options.seconds).await?);
        }
        Ok(reports)
    }))??;
    let text = match options.json {
        true => serde_json::to_string(&reports).context("cannot serialize the report")?,
        false => Report::table(&reports),
    };
    ui::result(&text);
    // The peers are measured, and promise nothing.
    reports.iter().take(Subject::OWN.len()).try_for_each(Report::verdict)
}

/// Returns the build of the examples. In the profile `dev` it has the features of the tests, so that CI compiles once.
fn build_line(profile: Profile) -> CommandLine {
    let bins = ["--bin", "cart", "--bin", "meter"];
    match profile {
        Profile::Dev => cargo(["build", "--workspace", "--locked"]).args(bins),
        Profile::Release => cargo(["build", "--release", "--locked", "--package", "cart", "--package", "meter"]),
    }
}

async fn drill(subject: Subject, built: &Built, python: Option<&Path>, seconds: u64) -> anyhow::Result<Report> {
    ui::step("drill", &format!("{CALLS} calls of the {}, for at least {seconds} s", subject.name()));
    let table = TestTable::new();
    let (endpoint, tokens) = (table.listen().await.context("the table cannot listen")?, Tokens::new());
    table.create(TABLE).await.context("the table cannot be created")?;
    let launcher = launcher(subject, built, python, &endpoint.url(), &tokens)?;
    tools::run(subject, launcher, &table, &tokens, CALLS, Duration::from_secs(seconds)).await
}

/// The name of the table that servers use by default.
const TABLE: &str = "mcp_state";

fn launcher(
    subject: Subject,
    built: &Built,
    python: Option<&Path>,
    store: &str,
    tokens: &Tokens,
) -> anyhow::Result<Launcher> {
    let store = store.to_owned();
    let script = match subject {
        Subject::Cart | Subject::Meter => {
            let binary = built.executable(subject.name())?.to_owned();
            let entries = [("first", &tokens.first), ("second", &tokens.second)];
            let entries = entries.map(|(name, token)| token_entry(name, token.reveal())).join(",");
            return Ok(Launcher::with_line(move |_| {
                let line = CommandLine::new(&binary)
                    .env("MCP_HOST", "127.0.0.1")
                    .env("MCP_PORT", "0")
                    .env("MCP_METRICS_PORT", "off")
                    .env("MCP_STATE_BACKEND", "dynamodb")
                    .env("MCP_AUTH_TOKENS", &entries)
                    .without_env(["MCP_AUTH_TOKEN".into()]);
                at_store(line, &store)
            }));
        }
        Subject::FastMcpCart | Subject::FastMcpMeter => "fastmcp_state.py",
    };
    let python = python.context("FastMCP is not installed")?.to_owned();
    Ok(Launcher::foreign(move |port| at_store(packages::script(&python, script).arg(port.to_string()), &store)))
}
