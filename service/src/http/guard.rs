//! What a request to a guarded route passes before a surface sees it, step by step: who calls, the whole body, a place among
//! those that are worked on, what the caller may do. One layer of axum's: each layer clones all that lies below it for every
//! request.

use std::sync::Arc;

use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use bytes::Bytes;
use tokio::time::Instant;

use super::{Edge, auth::Callers, body, challenge::Challenge, gate::Gate, scope};
use crate::{config::Limits, principal::Principal};

/// What a surface knows of a request that was let in, in its extensions.
#[derive(Debug, Clone)]
pub struct Admitted {
    /// Who calls.
    pub principal: Principal,
    /// The request's body, which the request has, too.
    pub body: Bytes,
}

/// What the steps go by.
#[derive(Debug)]
pub(super) struct Guard {
    callers: Callers,
    limits: Arc<Limits>,
    gate: Gate,
    challenge: Challenge,
}

impl Guard {
    pub(super) fn new(edge: &Edge) -> Self {
        Self {
            callers: Callers::new(&edge.access, edge.oauth.clone()),
            limits: edge.limits.clone(),
            gate: Gate::new(&edge.limits),
            challenge: Challenge::new(edge.access.oauth.as_ref()),
        }
    }

    async fn let_in(&self, request: Request, next: Next) -> Result<Response, Box<Response>> {
        // Waiting for an issuer's keys and for the body is part of the request's time.
        let since = Instant::now();
        let (mut parts, body) = request.into_parts();
        let principal = self.callers.identify(&parts.headers).await?;
        let body = body::read(&parts.headers, body, &self.limits).await?;
        let _place = self.gate.enter()?;
        scope::check(&self.challenge, principal.grant(), &body)?;
        parts.extensions.insert(Admitted { principal, body: body.clone() });
        self.gate.in_time(since, next.run(Request::from_parts(parts, body.into()))).await
    }
}

/// The layer.
pub(super) async fn guard(State(guard): State<Arc<Guard>>, request: Request, next: Next) -> Response {
    guard.let_in(request, next).await.unwrap_or_else(|refusal| *refusal)
}
