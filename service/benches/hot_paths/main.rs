//! Benchmarks of the hot paths, each by itself, to measure a change to one of them. There is no socket and no
//! log, and no path reads the in-memory store. `cargo xtask instructions` guards the cost of a whole request.

#![expect(clippy::expect_used, reason = "a benchmark without its fixture has nothing to measure")]

mod issuer;
mod service;

use std::hint::black_box;

use criterion::{BatchSize, Criterion};
use mcp_stateful::{clock::epoch_seconds, principal::Principal, session::Session, store::Cursor};

use crate::{
    issuer::Issuer,
    service::{Api, Service},
};

fn main() {
    let mut criterion = Criterion::default().configure_from_args();
    let service = Service::start();
    requests(&mut criterion, &service);
    tool(&mut criterion, &service);
    sessions(&mut criterion);
    cursors(&mut criterion, &service);
    access_token(&mut criterion);
    criterion.final_summary();
}

/// Measures a hot `echo_cached` through admission, API and tool.
fn requests(criterion: &mut Criterion, service: &Service) {
    for (name, api) in [("router/REST", Api::Rest), ("router/MCP 2026-07-28", Api::Mcp2026)] {
        criterion.bench_function(name, |bench| {
            bench.iter_batched(|| api.hot_echo(), |request| service.send(request), BatchSize::SmallInput);
        });
    }
}

/// Measures the same call without HTTP.
fn tool(criterion: &mut Criterion, service: &Service) {
    let arguments = service::hot_text();
    criterion.bench_function("tools/echo_cached, hot", |bench| {
        bench.iter_batched(|| arguments.clone(), |arguments| service.echo(arguments), BatchSize::SmallInput);
    });
}

fn sessions(criterion: &mut Criterion) {
    let (principal, now) = (Principal::shared(), epoch_seconds());
    let handle = Session::create(&principal, now + 3600).expect("the system gives random numbers").id().to_owned();
    for (name, id) in [("session/by name", "alice@example.org".to_owned()), ("session/by handle", handle)] {
        criterion.bench_function(name, |bench| {
            let open = |id| Session::open(&principal, id, now).expect("the session is valid");
            bench.iter_batched(|| id.clone(), open, BatchSize::SmallInput);
        });
    }
}

fn cursors(criterion: &mut Criterion, service: &Service) {
    let session = Session::open(&Principal::shared(), "alice@example.org".to_owned(), 0).expect("the session is valid");
    let cursor = service.second_page(&session);
    let text = cursor.encode(&session);
    criterion.bench_function("cursor/encode", |bench| bench.iter(|| black_box(&cursor).encode(&session)));
    criterion.bench_function("cursor/decode", |bench| bench.iter(|| Cursor::decode(&session, black_box(&text))));
}

/// Measures the validation of a token whose issuer's keys are cached.
fn access_token(criterion: &mut Criterion) {
    let issuer = Issuer::start();
    let token = issuer.token();
    criterion.bench_function("oauth/access token, ES256", |bench| bench.iter(|| issuer.verify(black_box(&token))));
}
