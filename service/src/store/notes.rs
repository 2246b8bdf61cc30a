//! Notes: one item each, written once, read in order, deleted with their session.

use std::{
    collections::{HashMap, HashSet},
    num::NonZeroUsize,
    pin::pin,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use aws_sdk_dynamodb::types::{AttributeValue, DeleteRequest, WriteRequest};
use futures_util::{
    StreamExt, TryStreamExt,
    future::{Either, select},
    stream,
};
use tokio::time::Instant;

use super::{
    Store, StoreError,
    keys::{
        EXPIRES_AT, InvalidCursor, META, NOTE_PREFIX, PK, SK, decode_cursor, encode_cursor, new_note_sk, session_pk,
    },
    observe::sent,
};
use crate::{clock::epoch_seconds, session::Session};

type Item = HashMap<String, AttributeValue>;

/// The note's text.
const NOTE: &str = "note";
/// When it was written, in epoch seconds.
const TS: &str = "ts";
/// Whose session it is, where nobody said.
const ANONYMOUS: &str = "anonymous";

/// How long a stored note's acknowledgement waits for the session's item. Longer, and clients would repeat the note.
const TOUCH_GRACE: Duration = Duration::from_millis(250);

/// BatchWriteItem's limit.
const BATCH: usize = 25;
/// Batches that a reset keeps under way.
const BATCHES_AT_ONCE: usize = 4;
/// The pause before a batch's unprocessed rest is sent again; it doubles up to [`MAX_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const MAX_PAUSE: Duration = Duration::from_secs(1);

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

/// What a reset did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reset {
    /// Notes deleted; at least so many, if the deadline came first.
    pub deleted: usize,
    /// False if the deadline came first: notes may remain, and another reset goes on.
    pub complete: bool,
}

impl Store {
    /// Appends `note`. When this returns, every later [`Store::notes`] anywhere sees it.
    ///
    /// The note and its session's item are written side by side: one round trip. The note decides; a session's item that
    /// could not be written is logged, since refusing a note that is stored would make the client write it twice.
    ///
    /// # Errors
    /// As every call. The note may be stored all the same if the answer was what got lost.
    pub async fn add_note(&self, session: &Session, note: &str) -> Result<(), StoreError> {
        let now = epoch_seconds();
        let put = pin!(self.put_note(session, note, now));
        let touch = pin!(self.touch_session(session, now));
        let touched = match select(put, touch).await {
            Either::Left((stored, touch)) => {
                stored?;
                tokio::time::timeout(TOUCH_GRACE, touch).await.unwrap_or(Err(StoreError::Unreachable))
            }
            Either::Right((touched, put)) => {
                put.await?;
                touched
            }
        };
        if let Err(kind) = touched {
            tracing::warn!(session = %session, kind = kind.label(), "note stored, but its session's lastActive was not");
        }
        Ok(())
    }

    async fn put_note(&self, session: &Session, note: &str, now: u64) -> Result<(), StoreError> {
        // Retries of the SDK write the same key again, so they cannot double the note.
        let request = self
            .client
            .put_item()
            .table_name(self.table())
            .item(PK, AttributeValue::S(session_pk(session)))
            .item(SK, AttributeValue::S(new_note_sk()))
            .item(NOTE, AttributeValue::S(note.to_owned()))
            .item(TS, AttributeValue::N(now.to_string()));
        sent(request.send()).await?;
        Ok(())
    }

    async fn touch_session(&self, session: &Session, now: u64) -> Result<(), StoreError> {
        let request = self
            .client
            .update_item()
            .table_name(self.table())
            .key(PK, AttributeValue::S(session_pk(session)))
            .key(SK, AttributeValue::S(META.to_owned()))
            .update_expression(
                "SET lastActive = :now, createdAt = if_not_exists(createdAt, :now), userId = if_not_exists(userId, :user)",
            )
            .expression_attribute_values(":now", AttributeValue::N(now.to_string()))
            .expression_attribute_values(":user", AttributeValue::S(ANONYMOUS.to_owned()));
        sent(request.send()).await?;
        Ok(())
    }

    /// Reads notes in the order they were written, expired ones left out. Strongly consistent; pages underneath.
    ///
    /// # Errors
    /// As every call.
    pub async fn notes(&self, session: &Session, request: PageRequest) -> Result<NotesPage, StoreError> {
        let mut page = NotesPage::default();
        let (mut bytes, mut last) = (0, None);
        let mut start = request.after.map(|Cursor(sk)| note_key(session, sk));
        loop {
            // One more than wanted tells whether there is a next page.
            let wanted = request.limit.map(|limit| limit.get() + 1 - page.notes.len());
            let (items, next) = self.query(session, "sk, note, expiresAt", start, wanted).await?;
            for (sk, note) in items.into_iter().filter_map(visible_note) {
                bytes += json_len(&note);
                let full = request.limit.is_some_and(|limit| page.notes.len() == limit.get())
                    || (!page.notes.is_empty() && request.max_bytes.is_some_and(|max| bytes > max));
                if full {
                    page.next = last.map(Cursor);
                    return Ok(page);
                }
                page.notes.push(note);
                last = Some(sk);
            }
            match next {
                Some(key) => start = Some(key),
                None => return Ok(page),
            }
        }
    }

    /// Deletes the session's notes, and all that were acknowledged before the call; the session's own item stays.
    /// Notes written meanwhile may survive. Goes on until `deadline` and no longer.
    ///
    /// # Errors
    /// As every call; some notes may be deleted by then, and another reset deletes the rest.
    pub async fn reset(&self, session: &Session, deadline: Instant) -> Result<Reset, StoreError> {
        let deleted = AtomicUsize::new(0);
        let complete = match tokio::time::timeout_at(deadline, self.delete_notes(session, &deleted)).await {
            Ok(done) => done.map(|()| true)?,
            Err(_) => false,
        };
        Ok(Reset { deleted: deleted.into_inner(), complete })
    }

    /// Deletes page by page, a few batches at a time, and counts as it goes: it may be dropped at any moment.
    async fn delete_notes(&self, session: &Session, deleted: &AtomicUsize) -> Result<(), StoreError> {
        let mut start = None;
        loop {
            let (items, next) = self.query(session, "sk, expiresAt", start, None).await?;
            let keys: Vec<DoomedNote> = items.iter().filter_map(doomed).collect();
            let batches: Vec<Vec<DoomedNote>> = keys.chunks(BATCH).map(<[DoomedNote]>::to_vec).collect();
            stream::iter(batches)
                .map(|batch| self.delete_batch(session, batch, deleted))
                .buffer_unordered(BATCHES_AT_ONCE)
                .try_for_each(|()| async { Ok(()) })
                .await?;
            match next {
                Some(key) => start = Some(key),
                None => return Ok(()),
            }
        }
    }

    async fn delete_batch(
        &self,
        session: &Session,
        mut batch: Vec<DoomedNote>,
        deleted: &AtomicUsize,
    ) -> Result<(), StoreError> {
        let mut pause = FIRST_PAUSE;
        loop {
            let requests: Vec<WriteRequest> =
                batch.iter().filter_map(|note| delete_request(session, &note.sk)).collect();
            let request = self.client.batch_write_item().request_items(self.table(), requests);
            let answer = sent(request.send()).await?;
            let rest = answer.unprocessed_items.and_then(|mut rest| rest.remove(self.table())).unwrap_or_default();
            let rest: HashSet<&str> = rest.iter().filter_map(deleted_sk).collect();
            let (left, done) = batch.into_iter().partition::<Vec<_>, _>(|note| rest.contains(note.sk.as_str()));
            deleted.fetch_add(done.iter().filter(|note| note.visible).count(), Ordering::Relaxed);
            if left.is_empty() {
                return Ok(());
            }
            batch = left;
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(MAX_PAUSE);
        }
    }

    async fn query(
        &self,
        session: &Session,
        attributes: &str,
        start: Option<Item>,
        limit: Option<usize>,
    ) -> Result<(Vec<Item>, Option<Item>), StoreError> {
        let request = self
            .client
            .query()
            .table_name(self.table())
            .key_condition_expression("pk = :pk AND begins_with(sk, :note)")
            .expression_attribute_values(":pk", AttributeValue::S(session_pk(session)))
            .expression_attribute_values(":note", AttributeValue::S(NOTE_PREFIX.to_owned()))
            .projection_expression(attributes)
            .consistent_read(true)
            .set_exclusive_start_key(start)
            .set_limit(limit.and_then(|limit| i32::try_from(limit).ok()));
        let answer = sent(request.send()).await?;
        Ok((answer.items.unwrap_or_default(), answer.last_evaluated_key.filter(|key| !key.is_empty())))
    }
}

fn note_key(session: &Session, sk: String) -> Item {
    HashMap::from([(PK.to_owned(), AttributeValue::S(session_pk(session))), (SK.to_owned(), AttributeValue::S(sk))])
}

fn delete_request(session: &Session, sk: &str) -> Option<WriteRequest> {
    // A key is all that a delete request requires, so building one cannot fail.
    let delete = DeleteRequest::builder().set_key(Some(note_key(session, sk.to_owned()))).build().ok()?;
    Some(WriteRequest::builder().delete_request(delete).build())
}

/// A note that a reset is about to delete.
#[derive(Debug, Clone)]
struct DoomedNote {
    sk: String,
    visible: bool,
}

fn doomed(item: &Item) -> Option<DoomedNote> {
    Some(DoomedNote { sk: item.get(SK)?.as_s().ok()?.clone(), visible: is_visible(item) })
}

/// The sort key that an unprocessed request was to delete.
fn deleted_sk(request: &WriteRequest) -> Option<&str> {
    request.delete_request.as_ref()?.key.get(SK)?.as_s().ok().map(String::as_str)
}

/// What a note takes in a JSON array: quotes, comma and escapes counted.
fn json_len(note: &str) -> usize {
    let escaped = |byte: u8| match byte {
        b'"' | b'\\' | b'\n' | b'\r' | b'\t' | 0x08 | 0x0c => 2,
        0..0x20 => 6,
        _ => 1,
    };
    note.bytes().map(escaped).sum::<usize>() + 3
}

/// Whether the item lives: DynamoDB may take days to delete what its TTL ended.
fn is_visible(item: &Item) -> bool {
    let expires_at: Option<u64> = item.get(EXPIRES_AT).and_then(|at| at.as_n().ok()?.parse().ok());
    expires_at.is_none_or(|at| at > epoch_seconds())
}

/// Sort key and text of a note that lives.
fn visible_note(mut item: Item) -> Option<(String, String)> {
    if !is_visible(&item) {
        return None;
    }
    match (item.remove(SK), item.remove(NOTE)) {
        (Some(AttributeValue::S(sk)), Some(AttributeValue::S(note))) => Some((sk, note)),
        _ => None,
    }
}
