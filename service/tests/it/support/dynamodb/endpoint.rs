//! The endpoint itself: executes requests and sends responses, except where an injected fault prevents it.

use std::{
    collections::BTreeSet,
    convert::Infallible,
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
};

use axum::{
    body::Body,
    http::{HeaderMap, Request, Response},
};
use bytes::Bytes;
use futures_util::stream;
use http_body_util::BodyExt;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use mcp_stateful::store::embedded::{Engine, IN_MEMORY};
use serde_json::{Value, json};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
};

use super::{
    bill::Ledger,
    fault::{Fault, Faults},
};

/// The name of the table that the service uses by default.
pub(crate) const TABLE: &str = "mcp_state";

pub(super) struct Endpoint {
    engine: Mutex<Engine>,
    pub(super) faults: Faults,
    pub(super) ledger: Ledger,
    pub(super) token: Mutex<Option<String>>,
    pub(super) hang_up: watch::Sender<u32>,
    requests: AtomicU32,
    operations: Mutex<BTreeSet<String>>,
}

/// Starts an endpoint. Returns its address and its shared state.
pub(super) async fn start() -> (String, Arc<Endpoint>) {
    let endpoint = Arc::new(Endpoint {
        engine: Mutex::new(empty_engine()),
        faults: Faults::default(),
        ledger: Ledger::default(),
        token: Mutex::default(),
        hang_up: watch::Sender::new(0),
        requests: AtomicU32::new(0),
        operations: Mutex::default(),
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let shared = endpoint.clone();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(serve(stream, shared.clone()));
        }
    });
    (address, endpoint)
}

fn empty_engine() -> Engine {
    Engine::open(IN_MEMORY.as_ref()).unwrap()
}

async fn serve(stream: TcpStream, endpoint: Arc<Endpoint>) {
    let mut hang_up = endpoint.hang_up.subscribe();
    let service = service_fn(move |request| {
        let endpoint = endpoint.clone();
        async move { Ok::<_, Infallible>(endpoint.take(request).await) }
    });
    let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    tokio::select! {
        // A connection closed by the client is not an error.
        ended = connection => drop(ended),
        _ = hang_up.changed() => {}
    }
}

impl Endpoint {
    pub(super) fn empty(&self) {
        *self.engine.lock().unwrap() = empty_engine();
    }

    pub(super) fn operations(&self) -> BTreeSet<String> {
        self.operations.lock().unwrap().clone()
    }

    pub(super) fn forget_operations(&self) {
        self.operations.lock().unwrap().clear();
    }

    pub(super) fn requests(&self) -> u32 {
        self.requests.load(Ordering::SeqCst)
    }

    async fn take(self: Arc<Self>, request: Request<Incoming>) -> Response<Body> {
        let (head, body) = request.into_parts();
        let Ok(body) = body.collect().await else { return reply(400, String::new()) };
        let body = String::from_utf8(body.to_bytes().into()).unwrap();
        // A request is executed even if its client has disconnected.
        tokio::spawn(async move { self.respond(&head.headers, body).await }).await.unwrap()
    }

    async fn respond(&self, headers: &HeaderMap, body: String) -> Response<Body> {
        self.requests.fetch_add(1, Ordering::SeqCst);
        let target = headers["x-amz-target"].to_str().unwrap().to_owned();
        let operation = target.rsplit('.').next().unwrap();
        self.operations.lock().unwrap().insert(operation.to_owned());
        if !self.admits(headers) {
            self.faults.strike();
            return refusal(400, "com.amazon.coral.service#ExpiredTokenException");
        }
        self.faults.thaw().await;
        match self.faults.next(operation) {
            None => reply_with(self.execute(target, body).await),
            Some(Fault::Throttle) => {
                refusal(400, "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException")
            }
            Some(Fault::Reject(code)) => refusal(400, &format!("com.amazonaws.dynamodb.v20120810#{code}")),
            Some(Fault::Fail) => refusal(500, "com.amazonaws.dynamodb.v20120810#InternalServerError"),
            Some(Fault::Silent) => std::future::pending().await,
            Some(Fault::DoneButSilent) => {
                self.execute(target, body).await;
                std::future::pending().await
            }
            Some(Fault::DoneButCut) => cut(self.execute(target, body).await),
            Some(Fault::Unprocessed) => {
                let (body, rest) = hold_back(&body);
                let (status, json) = self.execute(target, body).await;
                let mut response: Value = serde_json::from_str(&json).unwrap();
                response["UnprocessedItems"] = rest;
                reply(status, response.to_string())
            }
        }
    }

    /// Checks the session token if a test requires one. Signatures are not checked.
    fn admits(&self, headers: &HeaderMap) -> bool {
        let token = headers.get("x-amz-security-token").and_then(|token| token.to_str().ok());
        self.token.lock().unwrap().as_deref().is_none_or(|required| token == Some(required))
    }

    async fn execute(&self, target: String, body: String) -> (u16, String) {
        let engine = self.engine.lock().unwrap().clone();
        let operation = target.rsplit('.').next().unwrap().to_owned();
        let body = Ledger::ask(&operation, body);
        let response = tokio::task::spawn_blocking(move || engine.respond(&target, &body)).await.unwrap();
        self.ledger.enter(&operation, &response.1);
        response
    }
}

/// Splits a BatchWriteItem request into the executed part and the unprocessed part.
fn hold_back(body: &str) -> (String, Value) {
    let mut request: Value = serde_json::from_str(body).unwrap();
    let tables = request["RequestItems"].as_object_mut().unwrap();
    let (table, items) = tables.iter_mut().next().unwrap();
    let items = items.as_array_mut().unwrap();
    let rest = items.split_off(items.len().div_ceil(3));
    let rest = if rest.is_empty() { json!({}) } else { json!({ table.clone(): rest }) };
    (request.to_string(), rest)
}

fn refusal(status: u16, kind: &str) -> Response<Body> {
    reply(status, json!({"__type": kind, "message": "injected"}).to_string())
}

fn reply_with((status, json): (u16, String)) -> Response<Body> {
    reply(status, json)
}

fn reply(status: u16, json: String) -> Response<Body> {
    let builder = Response::builder().status(status).header("content-type", "application/x-amz-json-1.0");
    builder.body(Body::from(json)).unwrap()
}

/// Sends the head of the full response and half of its body, then ends the connection.
fn cut((status, json): (u16, String)) -> Response<Body> {
    let half = Bytes::copy_from_slice(&json.as_bytes()[..json.len() / 2]);
    let body = Body::from_stream(stream::iter([Ok(half), Err(io::Error::other("cut"))]));
    let mut response = reply(status, String::new()).map(|_| body);
    response.headers_mut().insert("content-length", json.len().into());
    response
}
