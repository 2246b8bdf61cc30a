//! DynamoDB's route with an optional delay, and `/settings`, `/counts` and `/fill` for devtools.

use std::{error::Error, sync::Arc, time::Duration};

use axum::{
    Json, Router,
    extract::State,
    http::{HeaderMap, StatusCode},
    response::{IntoResponse, Response},
    routing::{get, post, put},
};
use mcp_stateful::store::embedded::{Engine, IN_MEMORY};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicU64, Ordering};

use crate::{
    counts::Counts,
    fill::{self, Part},
    seed,
};

struct Shared {
    engine: Engine,
    delay_ms: AtomicU64,
    counts: Counts,
}

/// Builds the stand-in with its initial content.
pub(crate) fn router() -> Result<Router, Box<dyn Error + Send + Sync>> {
    let engine = Engine::open(IN_MEMORY.as_ref())?;
    seed::seed(&engine)?;
    let shared = Arc::new(Shared { engine, delay_ms: AtomicU64::new(0), counts: Counts::default() });
    Ok(Router::new()
        .route("/", post(respond))
        .route("/settings", put(set))
        .route("/counts", get(count))
        .route("/fill", put(fill))
        .with_state(shared))
}

async fn respond(State(shared): State<Arc<Shared>>, headers: HeaderMap, body: String) -> Response {
    let delay = shared.delay_ms.load(Ordering::Relaxed);
    if delay > 0 {
        tokio::time::sleep(Duration::from_millis(delay)).await;
    }
    let target = headers.get("x-amz-target").and_then(|target| target.to_str().ok()).unwrap_or_default();
    // The engine works in memory and never blocks on a disk, so it can run on the async thread.
    let (status, json) = shared.counts.counted(target, body, |body| shared.engine.respond(target, body));
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    (status, [("content-type", "application/x-amz-json-1.0")], json).into_response()
}

/// Sets the delay (`{"delay_ms": 5}`), or clears the counts and turns counting on or off (`{"count": true}`).
async fn set(State(shared): State<Arc<Shared>>, Json(settings): Json<Value>) {
    if let Some(delay) = settings["delay_ms"].as_u64() {
        shared.delay_ms.store(delay, Ordering::Relaxed);
    }
    if let Some(on) = settings["count"].as_bool() {
        shared.counts.begin(on);
    }
}

async fn count(State(shared): State<Arc<Shared>>) -> Json<Value> {
    Json(json!(shared.counts.seen()))
}

/// Writes notes (`{"notes_each": 100, "from": 0, "to": 20000}`) before it responds.
async fn fill(State(shared): State<Arc<Shared>>, Json(part): Json<Value>) -> Response {
    let number = |name: &str| part[name].as_u64().and_then(|number| usize::try_from(number).ok());
    let (Some(notes_each @ 1..), Some(from), Some(to)) = (number("notes_each"), number("from"), number("to")) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let filled = tokio::task::spawn_blocking(move || fill::fill(&shared.engine, Part { notes_each, from, to }));
    match filled.await {
        Ok(Ok(())) => StatusCode::OK.into_response(),
        Ok(Err(error)) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()).into_response(),
    }
}
