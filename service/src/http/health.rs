//! `/healthz`: the process is alive. `/readyz`: the table answers. `/mcp/health`: the original's. All open to everybody.

use std::{sync::Arc, time::Duration};

use axum::{
    Json,
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::json;
use tokio::{sync::Mutex, time::Instant};

use crate::store::{Store, StoreError};

/// How long one look at the table answers for: askers, however many, cost one read a second.
const FRESH: Duration = Duration::from_secs(1);

/// How long the table may take: less than those who ask usually wait.
const PATIENCE: Duration = Duration::from_millis(2500);

/// The routes, which everybody may ask, by whatever name they know the host.
pub(super) const ALIVE: &str = "/healthz";
pub(super) const READY: &str = "/readyz";
pub(super) const ORIGINAL: &str = "/mcp/health";

/// What the health routes know.
#[derive(Debug, Clone)]
pub(super) struct Health {
    store: Store,
    revision: Arc<str>,
    last: Arc<Mutex<Option<Look>>>,
}

/// One look at the table.
type Look = (Instant, Result<(), StoreError>);

impl Health {
    pub(super) fn new(store: Store, revision: &str) -> Self {
        Self { store, revision: revision.into(), last: Arc::default() }
    }

    /// Looks in a task of its own: its result serves the next who asks, should this one lose patience.
    async fn table_answers(&self) -> Result<(), StoreError> {
        let health = self.clone();
        tokio::spawn(async move { health.look().await }).await.unwrap_or(Err(StoreError::Failed))
    }

    async fn look(&self) -> Result<(), StoreError> {
        // Held across the look: those who come meanwhile take its result.
        let mut last = self.last.lock().await;
        match *last {
            Some((at, result)) if at.elapsed() < FRESH => result,
            _ => {
                let result = self.store.ping(PATIENCE).await;
                *last = Some((Instant::now(), result));
                result
            }
        }
    }
}

/// Whether a request is for one of these routes.
pub(super) fn is_asked(request: &Request) -> bool {
    [ALIVE, READY, ORIGINAL].contains(&request.uri().path())
}

pub(super) async fn original() -> Response {
    Json(json!({"status": "ok"})).into_response()
}

pub(super) async fn alive(State(health): State<Health>) -> Response {
    let version = env!("CARGO_PKG_VERSION");
    Json(json!({"status": "ok", "version": version, "revision": *health.revision})).into_response()
}

pub(super) async fn ready(State(health): State<Health>) -> Response {
    match health.table_answers().await {
        Ok(()) => Json(json!({"status": "ready"})).into_response(),
        Err(kind) => {
            let body = json!({"status": "unavailable", "reason": kind.to_string()});
            (StatusCode::SERVICE_UNAVAILABLE, Json(body)).into_response()
        }
    }
}
