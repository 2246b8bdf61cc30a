//! One client: follows its plan, retries what got lost, and records the responses.

use std::{
    cell::{Cell, RefCell},
    time::{Duration, Instant},
};

use anyhow::{Context, anyhow};
use oracle::Call;
use serde_json::{Value, json};

use super::{
    journal::{Entry, Journal},
    plan::{self, Action, Disconnect, Step},
    raw_client::{self, NoResponse, RawClient},
};
use xtask::client::ProtocolVersion;

/// Shortest pause between two calls.
const PAUSE: Duration = Duration::from_millis(20);
/// Steps a second that all clients take together where the service limits its callers. They share one token, and a step
/// with a lost response is two calls.
const LIMITED_RATE: u64 = 50;
/// Pause before a failed call is retried.
const RETRY_DELAY: Duration = Duration::from_millis(100);
/// Limit for the retries of one call: longer than Fargate takes to replace a task.
const RETRY_LIMIT: Duration = Duration::from_mins(5);
/// Limit for one client's calls, however long the drill.
const MAX_CALLS: usize = 50_000;

/// The addresses of a service, as its clients find them.
pub(crate) trait Endpoints {
    /// An address to connect to, `http://host:port`. Of several addresses each turn returns the next.
    fn address(&self, turn: usize) -> String;

    /// Returns true if the service limits the rate of its callers.
    fn is_limited(&self) -> bool;

    /// Looks the addresses up again. Clients call it when they get no response.
    fn refresh(&self) -> impl Future<Output = ()>;
}

/// A client with a session of its own.
#[derive(Debug)]
pub(super) struct Client<'a, E> {
    number: usize,
    endpoints: &'a E,
    raw: RawClient,
    /// Prefix of its notes, and the name of its session if it chooses one. Unique among all drills.
    name: String,
    /// The session has a name chosen by the client, instead of a handle from create_session.
    pub(super) named: bool,
    began: Instant,
    pause: Duration,
    ids: Cell<u64>,
    last_reset: RefCell<Option<String>>,
    pub(super) journal: RefCell<Journal>,
}

impl<'a, E: Endpoints> Client<'a, E> {
    pub(super) fn new(
        number: usize,
        endpoints: &'a E,
        raw: RawClient,
        name: String,
        named: bool,
        began: Instant,
        pause: Duration,
    ) -> Self {
        let (ids, last_reset, journal) = (Cell::default(), RefCell::default(), RefCell::default());
        Self { number, endpoints, raw, name, named, began, pause, ids, last_reset, journal }
    }

    /// Negotiates the protocol version and opens a session.
    pub(super) async fn open_session(&self) -> anyhow::Result<()> {
        match self.raw.version() {
            ProtocolVersion::V2025_11_25 => {
                let revision = self.raw.version().as_str();
                let hello =
                    json!({"protocolVersion": revision, "capabilities": {}, "clientInfo": raw_client::client_info()});
                let agreed = self.retry_until_answered("initialize", hello).await?;
                if agreed["protocolVersion"] != revision {
                    return Err(anyhow!("the service negotiated another protocol version than {revision}: {agreed}"));
                }
            }
            ProtocolVersion::V2026_07_28 => drop(self.retry_until_answered("server/discover", json!({})).await?),
        }
        let session = if self.named {
            self.name.clone()
        } else {
            let created = self.retry_until_answered("tools/call", call("create_session", json!({}))).await?;
            let session = created["structuredContent"]["session_id"].as_str();
            session.with_context(|| format!("create_session returned no session: {created}"))?.to_owned()
        };
        self.journal.borrow_mut().session = Some(session);
        Ok(())
    }

    /// Makes calls until `stop` is set.
    pub(super) async fn work(&self, stop: &Cell<bool>) -> anyhow::Result<()> {
        for count in 1..=MAX_CALLS {
            if stop.get() {
                break;
            }
            self.take(plan::step(self.number, count), count).await?;
            tokio::time::sleep(self.pause).await;
        }
        Ok(())
    }

    /// Reads the whole session.
    pub(super) async fn read(&self, disconnect: Option<Disconnect>) -> anyhow::Result<()> {
        let entry = self.begin(Call::Read(Vec::new()));
        let (mut notes, mut disconnect, mut arguments) = (Vec::new(), disconnect, self.arguments());
        loop {
            let page = self.call_tool(entry, "get_notes", &arguments, disconnect.take(), true).await?;
            let Some(page) = page else { return Ok(()) };
            let read = page["notes"].as_array().with_context(|| format!("get_notes returned no notes: {page}"))?;
            notes.extend(read.iter().map(|note| note.as_str().unwrap_or_default().to_owned()));
            match page["nextCursor"].as_str() {
                Some(cursor) => arguments["cursor"] = cursor.into(),
                None => break,
            }
        }
        let mut journal = self.journal.borrow_mut();
        journal.entries[entry].call = Call::Read(notes);
        journal.entries[entry].acknowledged = Some(self.began.elapsed());
        Ok(())
    }

    /// Deletes the session's notes, if there is a session.
    pub(super) async fn clear_session(&self) -> anyhow::Result<()> {
        if self.journal.borrow().session.is_some() {
            self.retry_until_answered("tools/call", call("reset_session", self.arguments())).await?;
        }
        Ok(())
    }

    async fn take(&self, step: Step, count: usize) -> anyhow::Result<()> {
        let mut arguments = self.arguments();
        let (tool, call, retry) = match step.action {
            Action::Read => return self.read(step.disconnect).await,
            Action::Add { keyed } => {
                let note = format!("{}/{count}", self.name);
                arguments["note"] = note.as_str().into();
                if keyed {
                    arguments["idempotency_key"] = format!("note-{count}").into();
                }
                ("add_note", Call::Add(note), keyed)
            }
            Action::Reset => ("reset_session", Call::Reset(format!("reset-{count}")), true),
            Action::RepeatReset => match self.last_reset.borrow().clone() {
                Some(key) => ("reset_session", Call::Reset(key), true),
                None => return Ok(()),
            },
        };
        if let Call::Reset(key) = &call {
            arguments["idempotency_key"] = key.as_str().into();
            *self.last_reset.borrow_mut() = Some(key.clone());
        }
        let entry = self.begin(call);
        if let Some(result) = self.call_tool(entry, tool, &arguments, step.disconnect, retry).await? {
            let mut journal = self.journal.borrow_mut();
            journal.entries[entry].acknowledged = Some(self.began.elapsed());
            journal.replayed += usize::from(result["replayed"] == true);
        }
        Ok(())
    }

    fn arguments(&self) -> Value {
        json!({"session_id": self.journal.borrow().session})
    }

    fn begin(&self, call: Call) -> usize {
        let mut journal = self.journal.borrow_mut();
        journal.entries.push(Entry::new(call, self.began.elapsed()));
        journal.entries.len() - 1
    }

    /// Calls a tool, with retries if the call may be repeated. Loses the first response if `disconnect` is set.
    async fn call_tool(
        &self,
        entry: usize,
        tool: &str,
        arguments: &Value,
        disconnect: Option<Disconnect>,
        retry: bool,
    ) -> anyhow::Result<Option<Value>> {
        let params = call(tool, arguments.clone());
        if let Some(disconnect) = disconnect {
            self.journal.borrow_mut().entries[entry].sent += 1;
            let lost = self.send_and_disconnect("tools/call", params.clone(), disconnect).await?;
            self.journal.borrow_mut().entries[entry].lost = lost;
            if !retry {
                return Ok(None);
            }
        }
        let since = Instant::now();
        loop {
            self.journal.borrow_mut().entries[entry].sent += 1;
            match self.send("tools/call", params.clone()).await? {
                Ok(mut result) => return Ok(Some(result["structuredContent"].take())),
                Err(_) if !retry => return Ok(None),
                Err(failure) => self.wait_before_retry(since, tool, &failure).await?,
            }
        }
    }

    /// Sends a request that belongs to the set-up or the clean-up, until it is answered.
    async fn retry_until_answered(&self, method: &str, params: Value) -> anyhow::Result<Value> {
        let since = Instant::now();
        loop {
            match self.send(method, params.clone()).await? {
                Ok(result) => return Ok(result),
                Err(failure) => self.wait_before_retry(since, method, &failure).await?,
            }
        }
    }

    /// Sends a request once. A rejected request ends the drill because a retry would be rejected too.
    async fn send(&self, method: &str, params: Value) -> anyhow::Result<Result<Value, NoResponse>> {
        let id = self.next_id();
        let request = self.raw.request(&self.address(id), id, method, params)?;
        let response = self.raw.send(request, id).await;
        if let Err(failure) = &response {
            self.count_error(failure);
        }
        match response {
            Err(NoResponse::Rejected(why)) => {
                Err(anyhow!("the service rejected {method} of client {}: {why}", self.number + 1))
            }
            response => Ok(response),
        }
    }

    /// Sends a request and closes the connection. Returns false if the connection failed before that.
    async fn send_and_disconnect(&self, method: &str, params: Value, disconnect: Disconnect) -> anyhow::Result<bool> {
        let id = self.next_id();
        let request = self.raw.request(&self.address(id), id, method, params)?;
        let lost = raw_client::send_and_disconnect(&request, disconnect).await;
        if let Err(failure) = &lost {
            self.count_error(failure);
        }
        Ok(lost.is_ok())
    }

    async fn wait_before_retry(&self, since: Instant, what: &str, failure: &NoResponse) -> anyhow::Result<()> {
        if since.elapsed() > RETRY_LIMIT {
            let (client, seconds) = (self.number + 1, RETRY_LIMIT.as_secs());
            return Err(anyhow!("client {client} got no response to {what} within {seconds} s; last error: {failure}"));
        }
        self.endpoints.refresh().await;
        tokio::time::sleep(RETRY_DELAY).await;
        Ok(())
    }

    fn count_error(&self, failure: &NoResponse) {
        *self.journal.borrow_mut().errors.entry(failure.kind()).or_default() += 1;
    }

    fn next_id(&self) -> u64 {
        self.ids.set(self.ids.get() + 1);
        self.ids.get()
    }

    fn address(&self, id: u64) -> String {
        self.endpoints.address(self.number.wrapping_add(usize::try_from(id).unwrap_or_default()))
    }
}

/// Returns the pause between two calls of each of `clients` clients.
pub(super) fn pause(clients: usize, limited: bool) -> Duration {
    let shared = Duration::from_millis(1000 * clients as u64 / LIMITED_RATE);
    if limited { PAUSE.max(shared) } else { PAUSE }
}

fn call(tool: &str, arguments: Value) -> Value {
    json!({"name": tool, "arguments": arguments})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drill_stays_below_the_default_limit_on_aws() {
        let task = include_str!("../../../infra/task.tf");
        let default = task.split('"').find_map(|text| text.split_once("/s,burst="));
        let limit: u64 = default.unwrap().0.parse().unwrap();
        assert!(2 * LIMITED_RATE <= limit, "{limit}");
        assert_eq!(pause(8, true), Duration::from_millis(160));
        assert_eq!((pause(8, false), pause(1, true)), (PAUSE, PAUSE));
    }
}
