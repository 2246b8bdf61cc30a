//! Health checks: the service responds, is ready, and is the expected revision.

use reqwest::{Method, StatusCode};
use serde_json::json;

use super::{
    runner::{Outcome, Runner},
    target::Target,
};
use crate::client::{Mismatch, RestClient, send};

const ALIVE: &str = "health: /healthz";

/// Checks health without a token. Returns false if nothing responds: then every other check is skipped.
pub(crate) async fn check(runner: &mut Runner, target: &Target, client: &RestClient) -> bool {
    let responded = runner.check(ALIVE, alive(target, client)).await.is_some() || !unreachable(runner);
    if !responded {
        for name in ["health: /readyz", "health: /mcp/health", "rest", "mcp 2025-11-25", "mcp 2026-07-28", "access"] {
            runner.skip(name, ALIVE);
        }
        return false;
    }
    runner
        .check("health: /readyz", async {
            let response = send(client.anonymous(Method::GET, "/readyz")).await?;
            response.ensure(StatusCode::OK, &json!({"status": "ready"}))
        })
        .await;
    runner
        .check("health: /mcp/health", async {
            let response = send(client.anonymous(Method::GET, "/mcp/health")).await?;
            response.ensure(StatusCode::OK, &json!({"status": "ok"}))
        })
        .await;
    true
}

async fn alive(target: &Target, client: &RestClient) -> Result<(), Mismatch> {
    let response = send(client.anonymous(Method::GET, "/healthz")).await?;
    response.ensure_status(StatusCode::OK)?;
    let body = response.json()?;
    if body["status"] != "ok" || !body["version"].is_string() || !body["revision"].is_string() {
        return Err(Mismatch::new("status ok, with version and revision", body.to_string())
            .hint("check the address: another service may be running there"));
    }
    match target.revision() {
        Some(revision) if body["revision"] != revision => {
            Err(Mismatch::new(format!("revision {revision}"), format!("revision {}", body["revision"]))
                .hint("check the address: another version responds there"))
        }
        _ => Ok(()),
    }
}

fn unreachable(runner: &Runner) -> bool {
    let last = runner.checks.last().map(|check| &check.outcome);
    matches!(last, Some(Outcome::Failed(mismatch)) if mismatch.unreachable)
}
