//! A client that writes notes one after the other and keeps book of what it was told; and the audit of such books.

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

/// The client. Every second note has a key, and is repeated with it until it is acknowledged; of the others each is
/// sent once.
pub(crate) struct Writer {
    name: String,
    session: String,
    http: reqwest::Client,
    book: Vec<Note>,
    /// The longest wait for an answer.
    pub(crate) slowest: Duration,
}

#[derive(Debug)]
struct Note {
    text: String,
    key: Option<String>,
    acknowledged: bool,
}

/// What became of one request.
#[derive(Debug, PartialEq)]
pub(crate) enum Told {
    /// The note is stored, says the server.
    Stored,
    /// It may be stored or not; why.
    Refused(String),
    /// The connection ended without an answer.
    Nothing,
}

impl Writer {
    pub(crate) fn new(name: &str, session: &str) -> Self {
        let (name, session) = (name.to_owned(), session.to_owned());
        Self { name, session, http: unpooled(), book: Vec::new(), slowest: Duration::ZERO }
    }

    /// Several writers to one session.
    pub(crate) fn crowd(number: usize, session: &str) -> Vec<Self> {
        (0..number).map(|n| Self::new(&n.to_string(), session)).collect()
    }

    /// Sends the next note, or the last again if it has a key and was not acknowledged.
    pub(crate) async fn write(&mut self, url: &str) -> Told {
        if !self.owes() {
            let n = self.book.len();
            let text = format!("{}/{n}", self.name);
            let key = n.is_multiple_of(2).then(|| format!("key of {text}"));
            self.book.push(Note { text, key, acknowledged: false });
        }
        let note = self.book.last_mut().unwrap();
        let mut arguments = json!({"session_id": self.session, "note": note.text});
        if let Some(key) = &note.key {
            arguments["idempotency_key"] = key.as_str().into();
        }
        let request = self.http.post(format!("{url}/mcp/call_tool")).bearer_auth(TOKEN);
        let started = Instant::now();
        let answer = match request.json(&call("add_note", arguments)).send().await {
            Ok(answer) => (answer.status().as_u16(), answer.text().await),
            Err(_) => return Told::Nothing,
        };
        self.slowest = self.slowest.max(started.elapsed());
        match answer {
            (200, Ok(_)) => {
                note.acknowledged = true;
                Told::Stored
            }
            (_, Ok(text)) => Told::Refused(text),
            (_, Err(_)) => Told::Nothing,
        }
    }

    /// Whether its last note has a key and is not acknowledged yet.
    pub(crate) fn owes(&self) -> bool {
        self.book.last().is_some_and(|note| note.key.is_some() && !note.acknowledged)
    }

    /// How many of its notes were acknowledged.
    pub(crate) fn acknowledged(&self) -> usize {
        self.book.iter().filter(|note| note.acknowledged).count()
    }

    /// Forgets all that it wrote, as the table did.
    pub(crate) fn forget(&mut self) {
        for note in &mut self.book {
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
        let own: HashSet<&str> = writer.book.iter().map(|note| note.text.as_str()).collect();
        let read = Call::Read(stored.iter().filter(|note| own.contains(note.as_str())).cloned().collect());
        let added: Vec<(Call, bool)> =
            writer.book.iter().map(|note| (Call::Add(note.text.clone()), note.acknowledged)).collect();
        let history = added.iter().map(|(call, acknowledged)| (call, *acknowledged)).chain([(&read, true)]);
        violations.extend(oracle::check(history));
        written.extend(own);
    }
    let unknown = stored.iter().filter(|note| !written.contains(note.as_str()));
    violations.extend(unknown.map(|note| (Guarantee::Leaked, note.clone())));
    assert_eq!(violations, []);
}
