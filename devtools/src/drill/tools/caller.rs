//! One client: makes its calls on time, and records the outcome of each.

use std::{
    cell::Cell,
    time::{Duration, Instant},
};

use anyhow::{Context, anyhow};
use mcp_stateful::testing::CallError;
use serde_json::{Value, json};
use tokio::time::sleep;

use super::subject::{Stored, Subject};
use crate::drill::{
    client::Endpoints,
    local::Local,
    plan::Disconnect,
    raw_client::{self, NoResponse, RawClient},
};
use xtask::{client::ProtocolVersion, token::Token};

/// Pause before a call is repeated.
const REPEAT_DELAY: Duration = Duration::from_millis(100);
/// Limit for the repetitions of one call.
const REPEAT_LIMIT: Duration = Duration::from_mins(2);
/// Of a client's keyed calls, each with a multiple of this number loses its first response on purpose.
const LOSE_EVERY: usize = 8;

/// The session where clients may choose its name. The other principal uses the same one.
const SESSION: &str = "drill";

/// A client.
#[derive(Debug)]
pub(super) struct Caller<'a> {
    subject: Subject,
    local: &'a Local,
    number: usize,
    session: String,
    raw: RawClient,
    ids: Cell<u64>,
}

/// A call and its outcome.
#[derive(Debug, Clone)]
pub(super) struct Record {
    pub(super) id: String,
    pub(super) outcome: Outcome,
    pub(super) attempts: usize,
    pub(super) took: Duration,
    /// The first response was lost on purpose.
    pub(super) lost: bool,
}

/// The outcome of a call, by its last response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Acknowledged,
    /// The server states that the call had no effect.
    Refused,
    Unknown,
}

impl<'a> Caller<'a> {
    pub(super) fn new(
        subject: Subject,
        local: &'a Local,
        number: usize,
        token: Token,
        session: &str,
    ) -> anyhow::Result<Self> {
        // The balancer distributes connections, so half of the clients connect for each call.
        let raw = RawClient::new(&local.address(0), token, ProtocolVersion::V2026_07_28, number.is_multiple_of(2))?;
        Ok(Self { subject, local, number, session: session.to_owned(), raw, ids: Cell::default() })
    }

    pub(super) fn number(&self) -> usize {
        self.number
    }

    /// Makes `calls` calls, one in each `interval` if the server keeps up.
    pub(super) async fn work(&self, calls: usize, interval: Duration) -> anyhow::Result<Vec<Record>> {
        let (began, mut due, mut records) = (Instant::now(), Duration::ZERO, Vec::new());
        for count in 0..calls {
            sleep(due.saturating_sub(began.elapsed())).await;
            due += interval;
            records.push(self.call(count).await?);
        }
        Ok(records)
    }

    async fn call(&self, count: usize) -> anyhow::Result<Record> {
        let id = format!("{}-{count}", self.number);
        let (tool, arguments) = self.subject.call(&self.session, &id);
        let (keyed, began) = (self.subject.is_keyed(), Instant::now());
        let mut record = Record { id, outcome: Outcome::Unknown, attempts: 0, took: Duration::ZERO, lost: false };
        if keyed && count % LOSE_EVERY == LOSE_EVERY / 2 {
            record.attempts += 1;
            record.lost = true;
            let (_, request) = self.request(tool, &arguments)?;
            drop(raw_client::send_and_disconnect(&request, Disconnect::AfterSending).await);
        }
        loop {
            record.attempts += 1;
            record.outcome = match self.send(tool, &arguments).await? {
                Ok(_) => Outcome::Acknowledged,
                Err(failure) => outcome(failure),
            };
            if !keyed || record.outcome == Outcome::Acknowledged || began.elapsed() > REPEAT_LIMIT {
                record.took = began.elapsed();
                return Ok(record);
            }
            sleep(REPEAT_DELAY).await;
        }
    }

    /// Returns the session for all calls.
    pub(super) async fn open_session(&self) -> anyhow::Result<String> {
        let Some(tool) = self.subject.session_call() else { return Ok(SESSION.to_owned()) };
        let created = self.ask(tool, json!({})).await?;
        let session = created["result"].as_str();
        Ok(session.with_context(|| format!("{tool} returned no session: {created}"))?.to_owned())
    }

    /// Reads the state.
    pub(super) async fn read(&self) -> anyhow::Result<Stored> {
        let (tool, arguments) = self.subject.read_call(&self.session);
        let state = self.ask(tool, arguments).await?;
        self.subject.parse(&state).with_context(|| format!("{tool} returned another result than expected: {state}"))
    }

    /// Makes a call that belongs to the set-up or the check, until it is answered.
    async fn ask(&self, tool: &str, arguments: Value) -> anyhow::Result<Value> {
        let began = Instant::now();
        loop {
            match self.send(tool, &arguments).await? {
                Ok(mut result) => return Ok(result["structuredContent"].take()),
                Err(failure) if began.elapsed() > REPEAT_LIMIT => return Err(anyhow!("{tool} failed: {failure}")),
                Err(_) => sleep(REPEAT_DELAY).await,
            }
        }
    }

    async fn send(&self, tool: &str, arguments: &Value) -> anyhow::Result<Result<Value, NoResponse>> {
        let (id, request) = self.request(tool, arguments)?;
        Ok(self.raw.send(request, id).await)
    }

    fn request(&self, tool: &str, arguments: &Value) -> anyhow::Result<(u64, reqwest::Request)> {
        self.ids.set(self.ids.get() + 1);
        let (id, params) = (self.ids.get(), json!({"name": tool, "arguments": arguments}));
        Ok((id, self.raw.request(&self.local.address(0), id, "tools/call", params)?))
    }
}

/// Classifies a failure as the harness for tests of tools does.
fn outcome(failure: NoResponse) -> Outcome {
    match failure {
        NoResponse::NoConnection | NoResponse::Rejected(_) => Outcome::Refused,
        NoResponse::Tool(text) if !CallError::Tool(text.clone()).leaves_outcome_unknown() => Outcome::Refused,
        _ => Outcome::Unknown,
    }
}
