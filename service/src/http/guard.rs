//! What a request to a guarded route passes before a surface sees it, step by step: who calls, the whole body, a place among
//! those that are worked on, what the caller may do.

use std::{future::Future, sync::Arc};

use axum::{extract::Request, handler::Handler, http::request::Parts, response::Response};
use bytes::Bytes;
use futures_util::future::BoxFuture;
use tokio::time::Instant;

use super::{Edge, auth::Callers, body, challenge::Challenge, gate::Gate, scope};
use crate::{config::Limits, principal::Principal};

/// A request that was let in, which nobody makes but the guard.
#[derive(Debug)]
#[non_exhaustive]
pub struct Admitted {
    /// Who calls.
    pub principal: Principal,
    /// The request's head.
    pub head: Parts,
    /// Its body, whole.
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

    async fn let_in<F>(
        &self,
        request: Request,
        surface: impl FnOnce(Box<Admitted>) -> F,
    ) -> Result<Response, Box<Response>>
    where
        F: Future<Output = Response>,
    {
        // Waiting for an issuer's keys and for the body is part of the request's time.
        let since = Instant::now();
        let (head, body) = request.into_parts();
        let principal = self.callers.identify(&head.headers).await?;
        let body = body::read(&head.headers, body, &self.limits).await?;
        let _place = self.gate.enter()?;
        scope::check(&self.challenge, principal.grant(), &body)?;
        self.gate.in_time(since, surface(Box::new(Admitted { principal, head, body }))).await
    }
}

/// A route's handler: `surface`, which works on `state`, behind the guard.
#[derive(Debug)]
pub(super) struct Guarded<T, S> {
    guard: Arc<Guard>,
    state: Arc<T>,
    surface: S,
}

impl<T, S> Guarded<T, S> {
    pub(super) fn new<F>(guard: &Arc<Guard>, state: &Arc<T>, surface: S) -> Self
    where
        S: FnOnce(Arc<T>, Box<Admitted>) -> F,
    {
        Self { guard: guard.clone(), state: state.clone(), surface }
    }
}

impl<T, S, F> Handler<(), ()> for Guarded<T, S>
where
    T: Send + Sync + 'static,
    S: FnOnce(Arc<T>, Box<Admitted>) -> F + Copy + Send + Sync + 'static,
    F: Future<Output = Response> + Send,
{
    type Future = BoxFuture<'static, Response>;

    fn call(self, request: Request, (): ()) -> Self::Future {
        Box::pin(async move {
            let Self { guard, state, surface } = self;
            guard.let_in(request, |admitted| surface(state, admitted)).await.unwrap_or_else(|refusal| *refusal)
        })
    }
}

impl<T, S: Copy> Clone for Guarded<T, S> {
    fn clone(&self) -> Self {
        Self { guard: self.guard.clone(), state: self.state.clone(), surface: self.surface }
    }
}
