//! Health routes, which need no token: `/healthz` (the process is alive), `/readyz` (the table responds) and
//! the v1 server's `/mcp/health`.

use std::{sync::Arc, time::Duration};

use axum::{
    Extension, Json,
    extract::{Request, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde_json::json;
use tokio::{sync::Mutex, time::Instant};

use super::arrival::Arrival;
use crate::store::{Store, StoreError};

/// The time for which a check of the table is reused: any number of callers cost one read a second.
const REUSE: Duration = Duration::from_secs(1);

/// The longest check of the table: shorter than the usual time limits of health checkers.
const CHECK_TIMEOUT: Duration = Duration::from_millis(2500);

/// The path of the liveness check.
pub(crate) const LIVENESS: &str = "/healthz";
/// The path of the readiness check.
pub(crate) const READINESS: &str = "/readyz";
/// The path of the v1 server's health check.
pub(crate) const V1: &str = "/mcp/health";

/// The state of the health routes.
#[derive(Debug, Clone)]
pub(crate) struct Health {
    store: Store,
    revision: Arc<str>,
    last: Arc<Mutex<Option<TableCheck>>>,
}

/// The time of a check of the table, and its result.
type TableCheck = (Instant, Result<(), StoreError>);

impl Health {
    pub(crate) fn new(store: Store, revision: &str) -> Self {
        Self { store, revision: revision.into(), last: Arc::default() }
    }

    /// Checks the table in a task of its own, so that the result serves the next caller if this one disconnects.
    async fn table_responds(&self) -> Result<(), StoreError> {
        let health = self.clone();
        tokio::spawn(async move { health.check_table().await }).await.unwrap_or(Err(StoreError::Failed))
    }

    async fn check_table(&self) -> Result<(), StoreError> {
        // Held during the check, so that concurrent callers wait for its result.
        let mut last = self.last.lock().await;
        match *last {
            Some((at, result)) if at.elapsed() < REUSE => result,
            _ => {
                let result = self.store.ping(CHECK_TIMEOUT).await;
                *last = Some((Instant::now(), result));
                result
            }
        }
    }
}

/// Returns whether a request is for one of the health routes.
pub(crate) fn is_health_route(request: &Request) -> bool {
    [LIVENESS, READINESS, V1].contains(&request.uri().path())
}

/// Responds as the v1 server did.
pub(crate) async fn v1() -> Response {
    Json(json!({"status": "ok"})).into_response()
}

/// Reports that the process is alive, with its version and revision.
pub(crate) async fn liveness(State(health): State<Health>) -> Response {
    let version = env!("CARGO_PKG_VERSION");
    Json(json!({"status": "ok", "version": version, "revision": *health.revision})).into_response()
}

/// Reports whether the table responds. A service that stops is not ready, so that load balancers choose another.
pub(crate) async fn readiness(State(health): State<Health>, arrival: Option<Extension<Arrival>>) -> Response {
    if arrival.is_some_and(|Extension(arrival)| arrival.stopping) {
        return unavailable("the service is stopping");
    }
    match health.table_responds().await {
        Ok(()) => Json(json!({"status": "ready"})).into_response(),
        Err(error) => unavailable(&error.to_string()),
    }
}

fn unavailable(reason: &str) -> Response {
    let body = json!({"status": "unavailable", "reason": reason});
    (StatusCode::SERVICE_UNAVAILABLE, Json(body)).into_response()
}
