//! The hot paths inside, each by itself: no socket, no log, and a store in memory which none of them asks. For who changes
//! one and wants to see what that did; `cargo xtask instructions` is what holds the cost of a whole request.

#![expect(clippy::expect_used, reason = "a benchmark that cannot begin has nothing to measure")]

mod issuer;
mod service;

use std::hint::black_box;

use criterion::{BatchSize, Criterion};
use mcp_stateful::{clock::epoch_seconds, principal::Principal, session::Session, store::Cursor};

use crate::{
    issuer::Issuer,
    service::{Service, Surface},
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

/// A hot `echo_cached` through the whole router: the edge, the surface, the tool.
fn requests(criterion: &mut Criterion, service: &Service) {
    for (name, surface) in [("router/REST", Surface::Rest), ("router/MCP 2026-07-28", Surface::Mcp2026)] {
        criterion.bench_function(name, |bench| {
            bench.iter_batched(|| surface.hot_echo(), |request| service.ask(request), BatchSize::SmallInput);
        });
    }
}

/// The same without the router.
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
            let open = |id| Session::open(&principal, id, now).expect("it is a session");
            bench.iter_batched(|| id.clone(), open, BatchSize::SmallInput);
        });
    }
}

fn cursors(criterion: &mut Criterion, service: &Service) {
    let session = Session::open(&Principal::shared(), "alice@example.org".to_owned(), 0).expect("it is a session");
    let cursor = service.cursor_behind_a_note(&session);
    let text = cursor.encode(&session);
    criterion.bench_function("cursor/encode", |bench| bench.iter(|| black_box(&cursor).encode(&session)));
    criterion.bench_function("cursor/decode", |bench| bench.iter(|| Cursor::decode(&session, black_box(&text))));
}

/// A token of an issuer whose keys are known already.
fn access_token(criterion: &mut Criterion) {
    let issuer = Issuer::start();
    let token = issuer.token();
    criterion.bench_function("oauth/access token, ES256", |bench| bench.iter(|| issuer.verify(black_box(&token))));
}
