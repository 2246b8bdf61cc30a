//! Notes: one item each, written once, read in order.

use std::{num::NonZeroUsize, pin::pin, time::Duration};

use futures_util::future::{Either, select};

use super::{
    Store, StoreError,
    item::{Item, key, number, text},
    keys::{EXPIRES_AT, InvalidCursor, META, decode_cursor, encode_cursor, new_note_sk, session_pk},
    query::{Row, Rows, Wanted},
};
use crate::{clock::epoch_seconds, json, session::Session};

/// The note's text.
pub(super) const NOTE: &str = "note";
/// When it was written, in epoch seconds.
const TS: &str = "ts";

/// How long a stored note's acknowledgement waits for the session's item. Longer, and clients would repeat the note.
const TOUCH_GRACE: Duration = Duration::from_millis(250);

/// A place between two notes of one session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor(String);

impl Cursor {
    /// Reads what [`Cursor::encode`] wrote for the same session.
    ///
    /// # Errors
    /// Any other text.
    pub fn decode(session: &Session, text: &str) -> Result<Self, InvalidCursor> {
        decode_cursor(session, text).map(Self)
    }

    /// An opaque text for the client.
    pub fn encode(&self, session: &Session) -> String {
        encode_cursor(session, &self.0)
    }
}

/// Which part of a session to read.
#[derive(Debug, Clone, Default)]
pub struct PageRequest {
    /// Where the last page ended; from the first note if there is none.
    pub after: Option<Cursor>,
    /// At most so many notes.
    pub limit: Option<NonZeroUsize>,
    /// At most so many bytes of notes, as JSON has them, but always one note.
    pub max_bytes: Option<usize>,
}

/// A part of a session, oldest note first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NotesPage {
    /// The notes.
    pub notes: Vec<String>,
    /// Where the next page begins, if there is one.
    pub next: Option<Cursor>,
}

impl Store {
    /// Appends `note`. When this returns, every later [`Store::notes`] anywhere sees it.
    ///
    /// The note and its session's item are written side by side: one round trip. The note decides; a session's item that
    /// could not be written is logged, since refusing a note that is stored would make the client write it twice.
    ///
    /// # Errors
    /// As every call. The note may be stored all the same if the answer was what got lost; [`Store::add_note_once`] can be
    /// repeated then, this cannot.
    pub async fn add_note(&self, session: &Session, note: &str) -> Result<(), StoreError> {
        let now = epoch_seconds();
        // Retries of the SDK write the same key again, so they cannot double the note.
        let item = note_item(session, note, now);
        let put = self.send(self.client.put_item().table_name(self.table()).set_item(Some(item)));
        self.beside_its_session(session, now, async { put.await.map(|_| ()) }).await
    }

    /// Runs `write`, and beside it brings the session's item up to date. `write` decides.
    pub(super) async fn beside_its_session<T, E>(
        &self,
        session: &Session,
        now: u64,
        write: impl Future<Output = Result<T, E>>,
    ) -> Result<T, E> {
        let (write, touch) = (pin!(write), pin!(self.touch_session(session, now)));
        let (written, touched) = match select(write, touch).await {
            Either::Left((written, touch)) => {
                let written = written?;
                (written, tokio::time::timeout(TOUCH_GRACE, touch).await.unwrap_or(Err(StoreError::Unreachable)))
            }
            Either::Right((touched, write)) => (write.await?, touched),
        };
        if let Err(kind) = touched {
            tracing::warn!(kind = kind.label(), "written, but the session's lastActive was not");
        }
        Ok(written)
    }

    async fn touch_session(&self, session: &Session, now: u64) -> Result<(), StoreError> {
        let set =
            "SET lastActive = :now, createdAt = if_not_exists(createdAt, :now), userId = if_not_exists(userId, :user)";
        let mut request = self
            .client
            .update_item()
            .table_name(self.table())
            .set_key(Some(key(session_pk(session), META)))
            .expression_attribute_values(":now", number(now))
            .expression_attribute_values(":user", text(session.principal().name()));
        request = match session.expires_at() {
            Some(at) => request
                .update_expression(format!("{set}, {EXPIRES_AT} = :end"))
                .expression_attribute_values(":end", number(at)),
            None => request.update_expression(set),
        };
        self.send(request).await?;
        Ok(())
    }

    /// Reads notes in the order they were written, expired ones left out. Strongly consistent; pages underneath.
    ///
    /// # Errors
    /// As every call.
    pub async fn notes(&self, session: &Session, request: PageRequest) -> Result<NotesPage, StoreError> {
        let mut page = NotesPage::default();
        let (mut bytes, mut last) = (0, None);
        let mut after = request.after.map(|Cursor(sk)| sk);
        loop {
            // One more than wanted tells whether there is a next page.
            let limit = request.limit.map(|limit| limit.get() + 1 - page.notes.len());
            let wanted = Wanted { notes: true, after: after.as_deref(), limit, ..Wanted::default() };
            let Rows { rows, next } = self.query_notes(session, wanted).await?;
            for row in rows.into_iter().filter(Row::is_visible) {
                let Some(note) = row.note else { continue };
                bytes += json_len(&note);
                let full = request.limit.is_some_and(|limit| page.notes.len() == limit.get())
                    || (!page.notes.is_empty() && request.max_bytes.is_some_and(|max| bytes > max));
                if full {
                    page.next = last.map(Cursor);
                    return Ok(page);
                }
                page.notes.push(note);
                last = Some(row.sk);
            }
            match next {
                Some(sk) => after = Some(sk),
                None => return Ok(page),
            }
        }
    }
}

/// A new note's item, under a key that no other note has.
pub(super) fn note_item(session: &Session, note: &str, now: u64) -> Item {
    let mut item = key(session_pk(session), new_note_sk());
    item.insert(NOTE.to_owned(), text(note));
    item.insert(TS.to_owned(), number(now));
    item.extend(session.expires_at().map(|at| (EXPIRES_AT.to_owned(), number(at))));
    item
}

/// What a note takes in a JSON array: quotes, comma and escapes counted.
fn json_len(note: &str) -> usize {
    let escaped = |byte: u8| match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 0x08 | 0x0c => 2,
        0..0x20 => 6,
        _ => 1,
    };
    let bytes = if json::is_plain(note) { note.len() } else { note.bytes().map(escaped).sum() };
    bytes + 3
}
