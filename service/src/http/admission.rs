//! Admission to the API routes: authentication, body, rate, concurrency, scope and time, in this order.
//!
//! An [`AuthenticatedRequest`] is created here only, so no API handler can run for a request that was not admitted.

use std::{future::Future, sync::Arc, time::Duration};

use axum::{extract::Request, http::request::Parts, response::Response};
use bytes::Bytes;
use serde_json::Value;
use tokio::time::Instant;

use super::{
    arrival, authenticator::Authenticator, challenge::Challenge, limits::RequestLimits, rate_limit::RateLimits,
};
use crate::{
    config::AccessConfig,
    json,
    oauth::OAuth,
    principal::{Access, Grant, Principal},
    telemetry::Metrics,
    tools::Tools,
};

/// A request that has passed every check, with its body read.
#[derive(Debug)]
#[expect(clippy::manual_non_exhaustive, reason = "the attribute would allow the literal in the whole crate")]
pub struct AuthenticatedRequest {
    /// The caller.
    pub principal: Principal,
    /// The time at which the request began.
    pub started: Instant,
    /// The request line and headers.
    pub head: Parts,
    /// The complete body.
    pub body: Bytes,
    /// Makes the struct's literal private to this module.
    _admitted: (),
}

/// The checks before an API handler.
#[derive(Debug)]
pub(crate) struct Admission {
    authenticator: Authenticator,
    limits: RequestLimits,
    rates: Option<RateLimits>,
    challenge: Challenge,
    tools: Arc<Tools>,
}

/// Builds the response to a request over its principal's rate limit, from head, body and the time to wait.
pub(crate) type OverLimit = fn(&Parts, &[u8], Duration) -> Response;

impl Admission {
    pub(crate) fn new(
        access: &AccessConfig,
        oauth: Option<Arc<OAuth>>,
        metrics: Arc<Metrics>,
        tools: Arc<Tools>,
    ) -> Self {
        let challenge = Challenge::new(access.oauth.as_ref());
        let limits = tools.limits();
        Self {
            authenticator: Authenticator::new(access, oauth, challenge.clone(), metrics.clone()),
            rates: limits.rate.map(|limit| RateLimits::new(limit, metrics)),
            limits: RequestLimits::new(Arc::new(limits.clone())),
            challenge,
            tools,
        }
    }

    /// Runs `handler` on the request if every check passes. Returns the rejection otherwise.
    pub(crate) async fn admit<F>(
        &self,
        request: Request,
        over_limit: OverLimit,
        handler: impl FnOnce(Box<AuthenticatedRequest>) -> F,
    ) -> Response
    where
        F: Future<Output = Response>,
    {
        self.check_and_run(request, over_limit, handler).await.unwrap_or_else(|rejection| *rejection)
    }

    async fn check_and_run<F>(
        &self,
        request: Request,
        over_limit: OverLimit,
        handler: impl FnOnce(Box<AuthenticatedRequest>) -> F,
    ) -> Result<Response, Box<Response>>
    where
        F: Future<Output = Response>,
    {
        // The deadline includes the wait for an issuer's keys and for the body.
        let started = Instant::now();
        let (head, body) = request.into_parts();
        let client = arrival::client(&head.extensions);
        let principal = self.authenticator.authenticate(&head.headers, client).await?.at(client);
        let body = self.limits.read_body(&head.headers, body).await?;
        if let Some(rates) = &self.rates {
            rates.count(&principal, message_count(&body)).map_err(|wait| over_limit(&head, &body, wait))?;
        }
        let _permit = self.limits.acquire()?;
        self.check_scope(principal.grant(), &body)?;
        let request = Box::new(AuthenticatedRequest { principal, started, head, body, _admitted: () });
        self.limits.with_timeout(started, handler(request)).await
    }

    /// Returns a 403 `insufficient_scope` before the call, so that a client can ask its user for more scopes.
    ///
    /// [`Tools::call`] checks again for every path that leads to a tool. The body is parsed only for
    /// callers with limited scopes.
    fn check_scope(&self, grant: Grant, body: &[u8]) -> Result<(), Box<Response>> {
        if grant == Grant::FULL {
            return Ok(());
        }
        if !grant.read && !grant.write {
            return Err(self.challenge.insufficient_scope(grant, None).into());
        }
        // The handlers read the body in the same way, and reject what this cannot read.
        let Ok(body) = json::read(body) else { return Ok(()) };
        let messages = body.as_array().map_or(std::slice::from_ref(&body), Vec::as_slice);
        let mut needed = messages.iter().filter_map(|message| self.needed_access(message));
        match needed.find(|needed| !grant.covers(*needed)) {
            Some(needed) => Err(self.challenge.insufficient_scope(grant, Some(needed)).into()),
            None => Ok(()),
        }
    }

    /// Returns the access that a message needs: that of the called tool, or read access for resources and prompts.
    fn needed_access(&self, message: &Value) -> Option<Access> {
        match message.get("method").and_then(Value::as_str) {
            Some("resources/read" | "prompts/get") => Some(Access::Read),
            _ => self.tools.registry().required_access(called_tool(message)?),
        }
    }
}

/// Returns the number of messages in a body: those of a batch, or one.
fn message_count(body: &[u8]) -> usize {
    if body.trim_ascii_start().first() != Some(&b'[') {
        return 1;
    }
    json::read(body).ok().and_then(|body| Some(body.as_array()?.len())).unwrap_or(1)
}

/// Returns the name of the tool that a message calls, by MCP's `tools/call` or by the body of the REST route.
fn called_tool(body: &Value) -> Option<&str> {
    let mcp = body.get("method").is_some_and(|method| method == "tools/call");
    let call = if mcp { body.get("params")? } else { body };
    call.get("name")?.as_str()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn called_tool_is_found_in_mcp_and_rest_bodies() {
        assert_eq!(called_tool(&json!({"method": "tools/call", "params": {"name": "a"}, "name": "b"})), Some("a"));
        assert_eq!(called_tool(&json!({"name": "a", "arguments": {}})), Some("a"));
        for none in
            [json!([]), json!({"method": "tools/list", "params": {"name": "a"}}), json!({"name": 1}), json!(null)]
        {
            assert_eq!(called_tool(&none), None, "{none}");
        }
    }
}
