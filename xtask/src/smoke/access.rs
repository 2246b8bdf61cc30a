//! Who is let in: nobody without the token, and no foreign web page.

use reqwest::{Method, RequestBuilder, StatusCode};

use super::{
    runner::{Finding, Runner},
    target::Target,
    wire::{Wire, as_mcp, send},
};

const FOREIGN: &str = "https://evil.example";

/// Checks both surfaces. For a target that is open, what concerns the token is left out.
pub(crate) async fn check(runner: &mut Runner, target: &Target, wire: &Wire) {
    if !target.is_open() {
        let wrong = |request: RequestBuilder| request.bearer_auth("not-the-token");
        runner.check("access: mcp without a token is 401", unauthorized(as_mcp(wire.bare(Method::POST, "/mcp")))).await;
        runner
            .check(
                "access: mcp with a wrong token is 401",
                unauthorized(wrong(as_mcp(wire.bare(Method::POST, "/mcp")))),
            )
            .await;
        runner
            .check("access: rest without a token is 401", unauthorized(wire.bare(Method::GET, "/mcp/list_tools")))
            .await;
        runner
            .check(
                "access: rest with a wrong token is 401",
                unauthorized(wrong(wire.bare(Method::GET, "/mcp/list_tools"))),
            )
            .await;
    }
    runner
        .check("access: mcp from a foreign origin is 403", forbidden(as_mcp(wire.request(Method::POST, "/mcp"))))
        .await;
    runner
        .check("access: rest from a foreign origin is 403", forbidden(wire.request(Method::GET, "/mcp/list_tools")))
        .await;
}

async fn unauthorized(request: RequestBuilder) -> Result<(), Finding> {
    let answer = send(request).await?;
    if answer.status.is_success() {
        return Err(Finding::new("401 Unauthorized", answer.status.to_string()).hint(
            "the service lets everybody in: set its MCP_AUTH_TOKEN, or say with --allow-open that this is meant",
        ));
    }
    answer.has_status(StatusCode::UNAUTHORIZED)?;
    match answer.header("www-authenticate") {
        Some(challenge) if challenge.starts_with("Bearer") => Ok(()),
        other => {
            Err(Finding::new("WWW-Authenticate: Bearer …", format!("WWW-Authenticate: {}", other.unwrap_or("nothing"))))
        }
    }
}

async fn forbidden(request: RequestBuilder) -> Result<(), Finding> {
    send(request.header("origin", FOREIGN)).await?.has_status(StatusCode::FORBIDDEN)
}
