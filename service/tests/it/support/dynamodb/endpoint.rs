//! The endpoint itself: takes a request, does it or not, answers or not, as the faults want it.

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

/// The table that the service uses unless it is told otherwise.
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

/// Starts one; answers with its address, too.
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
        // A client that went away is nothing to us.
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
        // What was sent is done, whether the one who asked still waits or not.
        tokio::spawn(async move { self.answer(&head.headers, body).await }).await.unwrap()
    }

    async fn answer(&self, headers: &HeaderMap, body: String) -> Response<Body> {
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
            None => reply_with(self.carry_out(target, body).await),
            Some(Fault::Throttle) => {
                refusal(400, "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException")
            }
            Some(Fault::Fail) => refusal(500, "com.amazonaws.dynamodb.v20120810#InternalServerError"),
            Some(Fault::Silent) => std::future::pending().await,
            Some(Fault::DoneButSilent) => {
                self.carry_out(target, body).await;
                std::future::pending().await
            }
            Some(Fault::DoneButCut) => cut(self.carry_out(target, body).await),
            Some(Fault::Unprocessed) => {
                let (body, rest) = hold_back(&body);
                let (status, json) = self.carry_out(target, body).await;
                let mut answer: Value = serde_json::from_str(&json).unwrap();
                answer["UnprocessedItems"] = rest;
                reply(status, answer.to_string())
            }
        }
    }

    /// Signatures are not looked at; session tokens are, where a test asked for one.
    fn admits(&self, headers: &HeaderMap) -> bool {
        let token = headers.get("x-amz-security-token").and_then(|token| token.to_str().ok());
        self.token.lock().unwrap().as_deref().is_none_or(|wanted| token == Some(wanted))
    }

    async fn carry_out(&self, target: String, body: String) -> (u16, String) {
        let engine = self.engine.lock().unwrap().clone();
        let operation = target.rsplit('.').next().unwrap().to_owned();
        let body = Ledger::ask(&operation, body);
        let answer = tokio::task::spawn_blocking(move || engine.respond(&target, &body)).await.unwrap();
        self.ledger.enter(&operation, &answer.1);
        answer
    }
}

/// Splits a BatchWriteItem request in what is done and what comes back.
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

/// The head promises the whole answer; half of it comes, then the connection ends.
fn cut((status, json): (u16, String)) -> Response<Body> {
    let half = Bytes::copy_from_slice(&json.as_bytes()[..json.len() / 2]);
    let body = Body::from_stream(stream::iter([Ok(half), Err(io::Error::other("cut"))]));
    let mut answer = reply(status, String::new()).map(|_| body);
    answer.headers_mut().insert("content-length", json.len().into());
    answer
}
