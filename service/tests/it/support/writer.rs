//! A client that writes notes one after the other and keeps book of what it was told; and the audit of such books.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

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

/// What is wrong with what is stored, by the writers' books.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Audit {
    /// Acknowledged and not there.
    lost: Vec<String>,
    /// There more than once.
    doubled: Vec<String>,
    /// There, and written by none.
    foreign: Vec<String>,
    /// There before an older note of the same writer.
    out_of_order: Vec<String>,
}

/// Holds the books against the stored notes; panics with all that is wrong.
pub(crate) async fn audit(server: &Server, session: &str, writers: &[Writer]) {
    let stored = server.notes(session).await;
    let mut places: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (place, note) in stored.iter().enumerate() {
        places.entry(note).or_default().push(place);
    }
    let mut found = Audit::default();
    for writer in writers {
        let mut newest = None;
        for note in &writer.book {
            match places.remove(note.text.as_str()).as_deref() {
                None if note.acknowledged => found.lost.push(note.text.clone()),
                None => {}
                Some([place]) if newest < Some(*place) => newest = Some(*place),
                Some([_]) => found.out_of_order.push(note.text.clone()),
                Some(_) => found.doubled.push(note.text.clone()),
            }
        }
    }
    found.foreign = places.into_keys().map(str::to_owned).collect();
    assert_eq!(found, Audit::default());
}
