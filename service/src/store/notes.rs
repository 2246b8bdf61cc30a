//! Notes: one item each, written once and read in order.

use std::{num::NonZeroUsize, pin::pin, time::Duration};

use futures_util::future::{Either, select};

use super::{
    Store, StoreError,
    item::{Item, key, number, text},
    keys::{EXPIRES_AT, InvalidCursor, META, NOTE, decode_cursor, encode_cursor, new_note_sk, session_pk},
    query::NotesRange,
    rows::{Row, Rows},
};
use crate::{clock::epoch_seconds, json, session::Session, telemetry::targets};

/// The attribute with the time at which a note was written, in epoch seconds.
const TS: &str = "ts";

/// The longest time for which a stored note's acknowledgement waits for the session's item. After a longer wait,
/// clients would repeat the note.
const TOUCH_GRACE: Duration = Duration::from_millis(250);

/// A position between two notes of one session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor(String);

impl Cursor {
    /// Decodes a text that [`Cursor::encode`] returned for the same session.
    ///
    /// # Errors
    /// [`InvalidCursor`] for any other text.
    pub fn decode(session: &Session, text: &str) -> Result<Self, InvalidCursor> {
        decode_cursor(session, text).map(Self)
    }

    /// Encodes the cursor as an opaque text for the client.
    pub fn encode(&self, session: &Session) -> String {
        encode_cursor(session, &self.0)
    }
}

/// The part of a session to read.
#[derive(Debug, Clone, Default)]
pub struct PageRequest {
    /// The end of the previous page. Without it, the page begins with the first note.
    pub after: Option<Cursor>,
    /// The maximum number of notes.
    pub limit: Option<NonZeroUsize>,
    /// The maximum size of the notes in bytes of JSON. A page holds at least one note all the same.
    pub max_bytes: Option<usize>,
}

/// A page of a session's notes, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NotesPage {
    /// The notes.
    pub notes: Vec<String>,
    /// The beginning of the next page, if there is one.
    pub next: Option<Cursor>,
}

impl Store {
    /// Appends `note`. After this returns, every later [`Store::notes`] at every replica includes it.
    ///
    /// The note and its session's item are written at the same time, in one round trip. The note's outcome decides. A
    /// failure to write the session's item is only logged, because an error for a stored note would make the client
    /// write it twice.
    ///
    /// # Errors
    /// [`StoreError`] if the store fails. The note may still be stored, if only the response was lost. A repeated call
    /// would then double it; use [`Store::add_note_once`] for calls that may be repeated.
    pub async fn add_note(&self, session: &Session, note: &str) -> Result<(), StoreError> {
        let now = epoch_seconds();
        // Retries write the same key again, so they cannot double the note.
        let item = note_item(session, note, now);
        let put = self.send(self.client.put_item().table_name(self.table()).set_item(Some(item)));
        self.with_session_touch(session, now, async { put.await.map(|_| ()) }).await
    }

    /// Runs `write` and updates the session's item at the same time. Returns the outcome of `write`.
    pub(in crate::store) async fn with_session_touch<T, E>(
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
            tracing::warn!(target: targets::NOTES, kind = kind.label(), "note stored, but the session's lastActive was not updated");
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

    /// Returns a page of the session's unexpired notes in the order in which they were written. Strongly consistent.
    ///
    /// Queries the table as often as it takes to fill the page.
    ///
    /// # Errors
    /// [`StoreError`] if the store fails.
    pub async fn notes(&self, session: &Session, request: PageRequest) -> Result<NotesPage, StoreError> {
        let mut page = NotesPage::default();
        let (mut bytes, mut last) = (0, None);
        let mut after = request.after.map(|Cursor(sk)| sk);
        loop {
            // One note beyond the limit shows that there is a next page.
            let limit = request.limit.map(|limit| limit.get() + 1 - page.notes.len());
            let range = NotesRange { with_text: true, after: after.as_deref(), limit, ..NotesRange::default() };
            let Rows { rows, next } = self.query_notes(session, range).await?;
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

/// Builds a new note's item, under a key that no other note has.
pub(super) fn note_item(session: &Session, note: &str, now: u64) -> Item {
    let mut item = key(session_pk(session), new_note_sk());
    item.insert(NOTE.to_owned(), text(note));
    item.insert(TS.to_owned(), number(now));
    item.extend(session.expires_at().map(|at| (EXPIRES_AT.to_owned(), number(at))));
    item
}

/// Returns the size of a note in a JSON array, with quotes, comma and escapes.
fn json_len(note: &str) -> usize {
    let escaped = |byte: u8| match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 0x08 | 0x0c => 2,
        0..0x20 => 6,
        _ => 1,
    };
    let bytes = if json::is_plain(note) { note.len() } else { note.bytes().map(escaped).sum() };
    bytes + 3
}
