//! A client that writes notes in sequence and records the responses, and the audit of these records.

use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

use oracle::{Call, Guarantee};
use serde_json::json;

use super::{
    call,
    server::{Server, TOKEN, unpooled},
};

/// The client. Every second note has a key and is repeated until it is acknowledged. The other notes are sent once.
pub(crate) struct Writer {
    name: String,
    session: String,
    http: reqwest::Client,
    records: Vec<Note>,
    /// The longest wait for a response.
    pub(crate) slowest: Duration,
}

#[derive(Debug)]
struct Note {
    text: String,
    key: Option<String>,
    acknowledged: bool,
}

/// The outcome of one request.
#[derive(Debug, PartialEq)]
pub(crate) enum WriteOutcome {
    /// The server acknowledged the note.
    Stored,
    /// The server returned this error. The note may be stored or not.
    Refused(String),
    /// The connection ended without a response.
    NoResponse,
}

impl Writer {
    pub(crate) fn new(name: &str, session: &str) -> Self {
        let (name, session) = (name.to_owned(), session.to_owned());
        Self { name, session, http: unpooled(), records: Vec::new(), slowest: Duration::ZERO }
    }

    /// Creates several writers to one session.
    pub(crate) fn crowd(number: usize, session: &str) -> Vec<Self> {
        (0..number).map(|n| Self::new(&n.to_string(), session)).collect()
    }

    /// Sends the next note. Repeats the last note instead if it has a key and was not acknowledged.
    pub(crate) async fn write(&mut self, url: &str) -> WriteOutcome {
        if !self.owes() {
            let n = self.records.len();
            let text = format!("{}/{n}", self.name);
            let key = n.is_multiple_of(2).then(|| format!("key of {text}"));
            self.records.push(Note { text, key, acknowledged: false });
        }
        let note = self.records.last_mut().unwrap();
        let mut arguments = json!({"session_id": self.session, "note": note.text});
        if let Some(key) = &note.key {
            arguments["idempotency_key"] = key.as_str().into();
        }
        let request = self.http.post(format!("{url}/mcp/call_tool")).bearer_auth(TOKEN);
        let started = Instant::now();
        let response = match request.json(&call("add_note", arguments)).send().await {
            Ok(response) => (response.status().as_u16(), response.text().await),
            Err(_) => return WriteOutcome::NoResponse,
        };
        self.slowest = self.slowest.max(started.elapsed());
        match response {
            (200, Ok(_)) => {
                note.acknowledged = true;
                WriteOutcome::Stored
            }
            (_, Ok(text)) => WriteOutcome::Refused(text),
            (_, Err(_)) => WriteOutcome::NoResponse,
        }
    }

    /// Returns true if the last note has a key and is not acknowledged yet.
    pub(crate) fn owes(&self) -> bool {
        self.records.last().is_some_and(|note| note.key.is_some() && !note.acknowledged)
    }

    /// Returns the number of acknowledged notes.
    pub(crate) fn acknowledged(&self) -> usize {
        self.records.iter().filter(|note| note.acknowledged).count()
    }

    /// Discards the keys and acknowledgements of all notes, for a table that was deleted.
    pub(crate) fn forget(&mut self) {
        for note in &mut self.records {
            note.text = format!("forgotten {}", note.text);
            note.acknowledged = false;
            note.key = None;
        }
    }
}

/// Checks the stored notes against the responses that the writers received. Panics with every violation.
pub(crate) async fn audit(server: &Server, session: &str, writers: &[Writer]) {
    let stored = server.notes(session).await;
    let (mut violations, mut written) = (Vec::new(), HashSet::new());
    for writer in writers {
        // The oracle expects a session with one client, so each writer reads its own notes only.
        let own: HashSet<&str> = writer.records.iter().map(|note| note.text.as_str()).collect();
        let read = Call::Read(stored.iter().filter(|note| own.contains(note.as_str())).cloned().collect());
        let added: Vec<(Call, bool)> =
            writer.records.iter().map(|note| (Call::Add(note.text.clone()), note.acknowledged)).collect();
        let history = added.iter().map(|(call, acknowledged)| (call, *acknowledged)).chain([(&read, true)]);
        violations.extend(oracle::check(history));
        written.extend(own);
    }
    let unknown = stored.iter().filter(|note| !written.contains(note.as_str()));
    violations.extend(unknown.map(|note| (Guarantee::Leaked, note.clone())));
    assert_eq!(violations, []);
}
