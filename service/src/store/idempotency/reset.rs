//! Resets a session under an idempotency key: deletes the notes that existed at the first request and no later
//! ones.
//!
//! The record holds their number, the last sort key and the last mark of a state, and is written before the first
//! deletion. A repeat, after a lost response or a deadline, continues with these notes. A repeat after a finished
//! reset deletes nothing.

use std::sync::atomic::AtomicUsize;

use aws_sdk_dynamodb::{error::ProvideErrorMetadata, types::AttributeValue};
use tokio::time::Instant;

use super::{IdempotencyKey, KeyedError, NOT_RECORDED, NOW, check_request, new_record};
use crate::{
    clock::epoch_seconds,
    session::Session,
    store::{
        Store, StoreError,
        item::{Item, get_number, get_text, number, text},
        observe::observed,
        query::NotesRange,
        rows::Rows,
        state::Mark,
    },
};

/// The record's request.
const REQUEST: &str = "reset_session";
/// The attribute with the number of notes at the first request.
const COUNT: &str = "deleted";
/// The attribute with the last sort key at the first request. Absent if the session had no notes.
const LAST: &str = "last";
/// The attribute with a mark that is not below any of the session's states at the first request. Absent if it had
/// none.
const MARK: &str = "mark";
/// The attribute that marks a finished reset.
const DONE: &str = "done";

/// The result of a keyed reset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyedReset {
    /// All the notes are deleted.
    Done {
        /// The number of notes at the first request, the same for every repeat.
        deleted: usize,
        /// True if an earlier call had finished the reset and this one deleted nothing.
        replayed: bool,
    },
    /// The deadline ended the deletion. Some notes may remain, and repeating the call continues.
    Deleting,
    /// The deadline ended the counting, as in a session of hundreds of megabytes. Nothing is deleted.
    Counting,
}

impl Store {
    /// Deletes, until `deadline`, the notes and states that were in the session at the first call under `key`.
    ///
    /// Another replica's note counts as later if its sort key is greater than the last one recorded, so the order
    /// is as good as the hosts' clocks. Once the reset is finished, a repeat deletes nothing.
    ///
    /// # Errors [`KeyedError::Store`] if the store fails; the call may then be repeated. [`KeyedError::Reused`] if
    /// the key was used for another request.
    pub async fn reset_once(
        &self,
        session: &Session,
        key: &IdempotencyKey,
        deadline: Instant,
    ) -> Result<KeyedReset, KeyedError> {
        let record = match self.record(session, key).await? {
            Some(record) => record,
            None => match tokio::time::timeout_at(deadline, self.record_reset(session, key)).await {
                Ok(record) => record?,
                Err(_) => return Ok(KeyedReset::Counting),
            },
        };
        check_request(&record, REQUEST)?;
        let deleted = get_number(&record, COUNT).and_then(|count| usize::try_from(count).ok()).unwrap_or_default();
        if record.contains_key(DONE) {
            return Ok(KeyedReset::Done { deleted, replayed: true });
        }
        match tokio::time::timeout_at(deadline, self.finish_reset(session, record)).await {
            Ok(finished) => finished.map(|()| KeyedReset::Done { deleted, replayed: false }).map_err(KeyedError::Store),
            Err(_) => Ok(KeyedReset::Deleting),
        }
    }

    /// Counts the notes and writes the record. Returns the existing record if another request wrote it first.
    async fn record_reset(&self, session: &Session, key: &IdempotencyKey) -> Result<Item, StoreError> {
        let now = epoch_seconds();
        let (count, last) = self.count_notes(session).await?;
        let mark = self.last_mark(session).await?;
        let mut record = new_record(&session.into(), key, REQUEST, now);
        record.insert(COUNT.to_owned(), number(count));
        record.extend(last.map(|last| (LAST.to_owned(), text(last))));
        record.extend(mark.map(|mark| (MARK.to_owned(), text(mark.to_text()))));
        let request = self
            .client
            .put_item()
            .table_name(self.table())
            .set_item(Some(record.clone()))
            .condition_expression(NOT_RECORDED)
            .expression_attribute_values(NOW, number(now));
        match observed(request.send()).await {
            Ok(_) => Ok(record),
            // Another request was first, or an earlier attempt of this one whose response was lost.
            Err(failure) if failure.error.code() == Some("ConditionalCheckFailedException") => {
                self.record(session, key).await?.ok_or(StoreError::Unreachable)
            }
            Err(failure) => Err(failure.into()),
        }
    }

    /// Returns the number of unexpired notes, and the last sort key of all notes, expired ones included.
    async fn count_notes(&self, session: &Session) -> Result<(u64, Option<String>), StoreError> {
        let (mut count, mut last, mut after) = (0, None, None::<String>);
        loop {
            let range = NotesRange { after: after.as_deref(), ..NotesRange::default() };
            let Rows { mut rows, next } = self.query_notes(session, range).await?;
            count += rows.iter().filter(|row| row.is_visible()).count() as u64;
            last = rows.pop().map(|row| row.sk).or(last);
            match next {
                Some(sk) => after = Some(sk),
                None => return Ok((count, last)),
            }
        }
    }

    async fn finish_reset(&self, session: &Session, mut record: Item) -> Result<(), StoreError> {
        if let Some(last) = get_text(&record, LAST) {
            self.delete_notes(session, Some(last), &AtomicUsize::new(0)).await?;
        }
        if let Some(mark) = get_text(&record, MARK).and_then(Mark::parse) {
            self.clear_state(session, Some(mark)).await?;
        }
        record.insert(DONE.to_owned(), AttributeValue::Bool(true));
        self.send(self.client.put_item().table_name(self.table()).set_item(Some(record))).await?;
        Ok(())
    }
}
