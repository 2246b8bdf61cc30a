//! Is anybody there, is it well, and is it what we think it is?

use reqwest::{Method, StatusCode};
use serde_json::json;

use super::{
    runner::{Finding, Runner},
    target::Target,
    wire::{Wire, send},
};

const ALIVE: &str = "health: /healthz";

/// Checks health without a token. False when nothing answers; then there is nothing else to check.
pub(crate) async fn check(runner: &mut Runner, target: &Target, wire: &Wire) -> bool {
    let answered = runner.check(ALIVE, alive(target, wire)).await.is_some() || !unreachable(runner);
    if !answered {
        for name in ["health: /readyz", "health: /mcp/health", "rest", "mcp 2025-11-25", "mcp 2026-07-28", "access"] {
            runner.skip(name, ALIVE);
        }
        return false;
    }
    runner
        .check("health: /readyz", async {
            let answer = send(wire.bare(Method::GET, "/readyz")).await?;
            answer.is(StatusCode::OK, &json!({"status": "ready"}))
        })
        .await;
    runner
        .check("health: /mcp/health", async {
            let answer = send(wire.bare(Method::GET, "/mcp/health")).await?;
            answer.is(StatusCode::OK, &json!({"status": "ok"}))
        })
        .await;
    true
}

async fn alive(target: &Target, wire: &Wire) -> Result<(), Finding> {
    let answer = send(wire.bare(Method::GET, "/healthz")).await?;
    answer.has_status(StatusCode::OK)?;
    let body = answer.json()?;
    if body["status"] != "ok" || !body["version"].is_string() || !body["revision"].is_string() {
        return Err(
            Finding::new("status ok, with version and revision", body.to_string()).hint("is this mcp-stateful?")
        );
    }
    match target.revision() {
        Some(revision) if body["revision"] != revision => {
            Err(Finding::new(format!("revision {revision}"), format!("revision {}", body["revision"]))
                .hint("another version answers at this address"))
        }
        _ => Ok(()),
    }
}

fn unreachable(runner: &Runner) -> bool {
    use super::runner::Outcome;
    matches!(runner.checks.last().map(|check| &check.outcome), Some(Outcome::Failed(finding)) if finding.unreachable)
}
