//! One client: follows its plan, repeats what got lost, and writes down what it was told.

use std::{
    cell::{Cell, RefCell},
    time::{Duration, Instant},
};

use anyhow::{Context, anyhow};
use serde_json::{Value, json};

use super::{
    endpoints::Door,
    journal::{Call, Entry, Journal},
    plan::{self, Cut, Step, What},
    raw_client::{self, Missed, Wire},
};
use xtask::client::ProtocolVersion;

/// Between two calls.
const PAUSE: Duration = Duration::from_millis(20);
/// Between a call that failed and its repetition.
const BEFORE_REPEAT: Duration = Duration::from_millis(100);
/// How long one call is repeated: longer than a task on Fargate takes to be replaced.
const PATIENCE: Duration = Duration::from_mins(5);
/// So many calls, and no client makes more, however long the drill.
const MOST: usize = 50_000;

/// A client of one session.
#[derive(Debug)]
pub(super) struct Client<'a, D> {
    number: usize,
    door: &'a D,
    wire: Wire,
    /// No other drill's notes and sessions begin like ours.
    name: String,
    /// Its session has that name, and is not made by the service.
    pub(super) named: bool,
    began: Instant,
    ids: Cell<u64>,
    last_reset: RefCell<Option<String>>,
    pub(super) journal: RefCell<Journal>,
}

impl<'a, D: Door> Client<'a, D> {
    pub(super) fn new(number: usize, door: &'a D, wire: Wire, name: String, named: bool, began: Instant) -> Self {
        let (ids, last_reset, journal) = (Cell::default(), RefCell::default(), RefCell::default());
        Self { number, door, wire, name, named, began, ids, last_reset, journal }
    }

    /// Settles on the revision of its era, and takes a session: one by a name of its own, or one that the service makes.
    pub(super) async fn enter(&self) -> anyhow::Result<()> {
        match self.wire.era() {
            ProtocolVersion::V2025_11_25 => {
                let hello = json!({"protocolVersion": self.wire.era().as_str(), "capabilities": {}, "clientInfo": raw_client::me()});
                let settled = self.until_answered("initialize", hello).await?;
                if settled["protocolVersion"] != self.wire.era().as_str() {
                    return Err(anyhow!("the service settles on another revision than was asked for: {settled}"));
                }
            }
            ProtocolVersion::V2026_07_28 => drop(self.until_answered("server/discover", json!({})).await?),
        }
        let session = if self.named {
            self.name.clone()
        } else {
            let made = self.until_answered("tools/call", call("create_session", json!({}))).await?;
            let session = made["structuredContent"]["session_id"].as_str();
            session.with_context(|| format!("create_session names no session: {made}"))?.to_owned()
        };
        self.journal.borrow_mut().session = Some(session);
        Ok(())
    }

    /// Goes on until it is told to stop.
    pub(super) async fn work(&self, stop: &Cell<bool>) -> anyhow::Result<()> {
        for count in 1..=MOST {
            if stop.get() {
                break;
            }
            self.take(plan::step(self.number, count), count).await?;
            tokio::time::sleep(PAUSE).await;
        }
        Ok(())
    }

    /// Reads all that is stored.
    pub(super) async fn read(&self, cut: Option<Cut>) -> anyhow::Result<()> {
        let entry = self.begin(Call::Read(Vec::new()));
        let (mut notes, mut cut, mut arguments) = (Vec::new(), cut, self.arguments());
        loop {
            let Some(page) = self.ask(entry, "get_notes", &arguments, cut.take(), true).await? else { return Ok(()) };
            let read = page["notes"].as_array().with_context(|| format!("these are no notes: {page}"))?;
            notes.extend(read.iter().map(|note| note.as_str().unwrap_or_default().to_owned()));
            match page["nextCursor"].as_str() {
                Some(cursor) => arguments["cursor"] = cursor.into(),
                None => break,
            }
        }
        let mut journal = self.journal.borrow_mut();
        journal.entries[entry].call = Call::Read(notes);
        journal.entries[entry].answered = Some(self.began.elapsed());
        Ok(())
    }

    /// Empties its session, if it has come to have one.
    pub(super) async fn leave(&self) -> anyhow::Result<()> {
        if self.journal.borrow().session.is_some() {
            self.until_answered("tools/call", call("reset_session", self.arguments())).await?;
        }
        Ok(())
    }

    async fn take(&self, step: Step, count: usize) -> anyhow::Result<()> {
        let mut arguments = self.arguments();
        let (tool, call, repeats) = match step.what {
            What::Read => return self.read(step.cut).await,
            What::Add { keyed } => {
                let note = format!("{}/{count}", self.name);
                arguments["note"] = note.as_str().into();
                if keyed {
                    arguments["idempotency_key"] = format!("note-{count}").into();
                }
                ("add_note", Call::Add(note), keyed)
            }
            What::Reset => ("reset_session", Call::Reset(format!("reset-{count}")), true),
            What::ResetAgain => match self.last_reset.borrow().clone() {
                Some(key) => ("reset_session", Call::Reset(key), true),
                None => return Ok(()),
            },
        };
        if let Call::Reset(key) = &call {
            arguments["idempotency_key"] = key.as_str().into();
            *self.last_reset.borrow_mut() = Some(key.clone());
        }
        let entry = self.begin(call);
        if let Some(answer) = self.ask(entry, tool, &arguments, step.cut, repeats).await? {
            let mut journal = self.journal.borrow_mut();
            journal.entries[entry].answered = Some(self.began.elapsed());
            journal.replayed += usize::from(answer["replayed"] == true);
        }
        Ok(())
    }

    fn arguments(&self) -> Value {
        json!({"session_id": self.journal.borrow().session})
    }

    fn begin(&self, call: Call) -> usize {
        let mut journal = self.journal.borrow_mut();
        journal.entries.push(Entry::begun(call, self.began.elapsed()));
        journal.entries.len() - 1
    }

    /// Calls a tool, again if it may be repeated, until there is an answer; the first one is lost if it is to be.
    async fn ask(
        &self,
        entry: usize,
        tool: &str,
        arguments: &Value,
        cut: Option<Cut>,
        repeats: bool,
    ) -> anyhow::Result<Option<Value>> {
        let params = call(tool, arguments.clone());
        if let Some(cut) = cut {
            self.journal.borrow_mut().entries[entry].sent += 1;
            let lost = self.lose("tools/call", params.clone(), cut).await?;
            self.journal.borrow_mut().entries[entry].lost = lost;
            if !repeats {
                return Ok(None);
            }
        }
        let since = Instant::now();
        loop {
            self.journal.borrow_mut().entries[entry].sent += 1;
            match self.send("tools/call", params.clone()).await? {
                Ok(mut result) => return Ok(Some(result["structuredContent"].take())),
                Err(_) if !repeats => return Ok(None),
                Err(missed) => self.wait_to_repeat(since, tool, &missed).await?,
            }
        }
    }

    /// What comes before and after the drill, and is no call of it.
    async fn until_answered(&self, method: &str, params: Value) -> anyhow::Result<Value> {
        let since = Instant::now();
        loop {
            match self.send(method, params.clone()).await? {
                Ok(result) => return Ok(result),
                Err(missed) => self.wait_to_repeat(since, method, &missed).await?,
            }
        }
    }

    /// Sends once. What the service refuses ends the drill: repeating it would not help.
    async fn send(&self, method: &str, params: Value) -> anyhow::Result<Result<Value, Missed>> {
        let id = self.next_id();
        let request = self.wire.request(&self.address(id), id, method, params)?;
        let answer = self.wire.send(request, id).await;
        if let Err(missed) = &answer {
            self.saw(missed);
        }
        match answer {
            Err(Missed::Refused(why)) => Err(anyhow!("client {} is refused {method}: {why}", self.number + 1)),
            answer => Ok(answer),
        }
    }

    /// Sends, and closes the connection; says whether it came so far.
    async fn lose(&self, method: &str, params: Value, cut: Cut) -> anyhow::Result<bool> {
        let id = self.next_id();
        let request = self.wire.request(&self.address(id), id, method, params)?;
        let lost = raw_client::lose(&request, cut).await;
        if let Err(missed) = &lost {
            self.saw(missed);
        }
        Ok(lost.is_ok())
    }

    async fn wait_to_repeat(&self, since: Instant, what: &str, missed: &Missed) -> anyhow::Result<()> {
        if since.elapsed() > PATIENCE {
            let (client, seconds) = (self.number + 1, PATIENCE.as_secs());
            return Err(anyhow!("client {client} got no answer to {what} in {seconds} s; at last: {missed}"));
        }
        self.door.look_again().await;
        tokio::time::sleep(BEFORE_REPEAT).await;
        Ok(())
    }

    fn saw(&self, missed: &Missed) {
        *self.journal.borrow_mut().errors.entry(missed.kind()).or_default() += 1;
    }

    fn next_id(&self) -> u64 {
        self.ids.set(self.ids.get() + 1);
        self.ids.get()
    }

    fn address(&self, id: u64) -> String {
        self.door.address(self.number.wrapping_add(usize::try_from(id).unwrap_or_default()))
    }
}

fn call(tool: &str, arguments: Value) -> Value {
    json!({"name": tool, "arguments": arguments})
}
