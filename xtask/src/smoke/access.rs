//! Access checks: requests without the token are rejected, and so are requests of foreign web pages.

use reqwest::{Method, RequestBuilder, StatusCode};

use super::{runner::Runner, target::Target};
use crate::client::{Mismatch, RestClient, as_initialize, send};

const FOREIGN: &str = "https://evil.example";

/// Checks MCP and REST. For an open target, the checks of the token are left out.
pub(crate) async fn check(runner: &mut Runner, target: &Target, client: &RestClient) {
    let initialize = || as_initialize(client.anonymous(Method::POST, "/mcp"));
    let list_tools = || client.anonymous(Method::GET, "/mcp/list_tools");
    if !target.is_open() {
        let wrong = |request: RequestBuilder| request.bearer_auth("not-the-token");
        runner.check("access: mcp without a token is 401", unauthorized(initialize())).await;
        runner.check("access: mcp with a wrong token is 401", unauthorized(wrong(initialize()))).await;
        runner.check("access: rest without a token is 401", unauthorized(list_tools())).await;
        runner.check("access: rest with a wrong token is 401", unauthorized(wrong(list_tools()))).await;
    }
    let mcp = as_initialize(client.request(Method::POST, "/mcp"));
    runner.check("access: mcp from a foreign origin is 403", forbidden(mcp)).await;
    let rest = client.request(Method::GET, "/mcp/list_tools");
    runner.check("access: rest from a foreign origin is 403", forbidden(rest)).await;
}

async fn unauthorized(request: RequestBuilder) -> Result<(), Mismatch> {
    let response = send(request).await?;
    if response.status.is_success() {
        return Err(Mismatch::new("401 Unauthorized", response.status.to_string())
            .hint("set MCP_AUTH_TOKEN on the service, or pass --allow-open if unauthenticated access is intended"));
    }
    response.ensure_status(StatusCode::UNAUTHORIZED)?;
    match response.header("www-authenticate") {
        Some(challenge) if challenge.starts_with("Bearer") => Ok(()),
        other => {
            let got = format!("WWW-Authenticate: {}", other.unwrap_or("nothing"));
            Err(Mismatch::new("WWW-Authenticate: Bearer …", got))
        }
    }
}

async fn forbidden(request: RequestBuilder) -> Result<(), Mismatch> {
    send(request.header("origin", FOREIGN)).await?.ensure_status(StatusCode::FORBIDDEN)
}
