//! The credentials endpoint of a task on ECS: issues a session token and reports its expiry.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};

use aws_smithy_types::date_time::{DateTime, Format};
use axum::{Json, Router, extract::State, routing::get};
use mcp_stateful::clock::epoch_seconds;
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// The credentials endpoint. It issues the same token until [`Issuer::renew`] replaces it.
pub(crate) struct Issuer {
    pub(crate) url: String,
    shared: Arc<Shared>,
}

struct Shared {
    generation: AtomicU32,
    asked: AtomicU32,
    lifetime: Duration,
}

impl Issuer {
    /// Starts an endpoint that reports `lifetime` as the lifetime of its tokens.
    pub(crate) async fn start(lifetime: Duration) -> Self {
        let shared = Arc::new(Shared { generation: AtomicU32::new(1), asked: AtomicU32::new(0), lifetime });
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/credentials", listener.local_addr().unwrap());
        let router = Router::new().route("/credentials", get(issue)).with_state(shared.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, shared }
    }

    /// Returns the current token.
    pub(crate) fn token(&self) -> String {
        self.shared.token()
    }

    /// Replaces the current token.
    pub(crate) fn renew(&self) {
        self.shared.generation.fetch_add(1, Ordering::SeqCst);
    }

    /// Returns the number of requests received.
    pub(crate) fn asked(&self) -> u32 {
        self.shared.asked.load(Ordering::SeqCst)
    }
}

impl Shared {
    fn token(&self) -> String {
        format!("session-token-{}", self.generation.load(Ordering::SeqCst))
    }
}

async fn issue(State(shared): State<Arc<Shared>>) -> Json<Value> {
    shared.asked.fetch_add(1, Ordering::SeqCst);
    let expiry = DateTime::from_secs((epoch_seconds() + shared.lifetime.as_secs()).try_into().unwrap());
    let expiry = expiry.fmt(Format::DateTime).unwrap();
    let token = shared.token();
    Json(json!({"AccessKeyId": "test", "SecretAccessKey": "test", "Token": token, "Expiration": expiry}))
}
