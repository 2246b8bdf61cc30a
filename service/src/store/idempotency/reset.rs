//! A reset under an idempotency key: it deletes what was there when it was first asked for, and nothing that came later.
//!
//! The record remembers how many notes there were and the last of them, before the first is deleted. So a repeat, after a
//! lost answer or a deadline, goes on with just those, and one after a finished reset deletes nothing.

use std::sync::atomic::AtomicUsize;

use aws_sdk_dynamodb::{error::ProvideErrorMetadata, types::AttributeValue};
use tokio::time::Instant;

use super::{FREE, IdempotencyKey, KeyedError, NOW, new_record, same_request};
use crate::{
    clock::epoch_seconds,
    session::Session,
    store::{
        Store, StoreError,
        item::{Item, get_number, get_text, number, text},
        observe::attempted,
        query::{Rows, Wanted},
    },
};

/// What the record says was asked for.
const REQUEST: &str = "reset_session";
/// How many notes there were.
const COUNT: &str = "deleted";
/// The sort key of the last of them; there is none when there were no notes.
const LAST: &str = "last";
/// Whether all of them are deleted.
const DONE: &str = "done";

/// What came of a keyed reset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyedReset {
    /// All the notes are deleted.
    Done {
        /// How many there were when it was first asked for; every repeat says the same.
        deleted: usize,
        /// Whether it had been finished before, so that this call deleted nothing.
        replayed: bool,
    },
    /// The deadline came first, and some notes may remain: the same call goes on.
    Deleting,
    /// The deadline came before they were even counted: a session of hundreds of megabytes, and nothing is deleted.
    Counting,
}

impl Store {
    /// Deletes the notes that are in the session when it is first called under `key`, until `deadline`.
    ///
    /// Notes of other replicas count as later if their key is greater than the last one's, so "later" is as good as the
    /// hosts' clocks, and only until the reset is finished: a repeat after that deletes nothing.
    ///
    /// # Errors
    /// As every call, after which the same call may be repeated; [`KeyedError::Reused`] if the key stands for something else.
    pub async fn reset_once(
        &self,
        session: &Session,
        key: &IdempotencyKey,
        deadline: Instant,
    ) -> Result<KeyedReset, KeyedError> {
        let record = match self.record(session, key).await? {
            Some(record) => record,
            None => match tokio::time::timeout_at(deadline, self.open_reset(session, key)).await {
                Ok(record) => record?,
                Err(_) => return Ok(KeyedReset::Counting),
            },
        };
        same_request(&record, REQUEST)?;
        let deleted = get_number(&record, COUNT).and_then(|count| usize::try_from(count).ok()).unwrap_or_default();
        if record.contains_key(DONE) {
            return Ok(KeyedReset::Done { deleted, replayed: true });
        }
        match tokio::time::timeout_at(deadline, self.finish_reset(session, record)).await {
            Ok(finished) => finished.map(|()| KeyedReset::Done { deleted, replayed: false }).map_err(KeyedError::Store),
            Err(_) => Ok(KeyedReset::Deleting),
        }
    }

    /// Counts the notes and writes the record, unless somebody else was first: then theirs.
    async fn open_reset(&self, session: &Session, key: &IdempotencyKey) -> Result<Item, StoreError> {
        let now = epoch_seconds();
        let (count, last) = self.count_notes(session).await?;
        let mut record = new_record(session, key, REQUEST, now);
        record.insert(COUNT.to_owned(), number(count));
        record.extend(last.map(|last| (LAST.to_owned(), text(last))));
        let request = self
            .client
            .put_item()
            .table_name(self.table())
            .set_item(Some(record.clone()))
            .condition_expression(FREE)
            .expression_attribute_values(NOW, number(now));
        match attempted(request.send()).await {
            Ok(_) => Ok(record),
            // Somebody else was first, or this very request, of which an answer got lost.
            Err(refusal) if refusal.error.code() == Some("ConditionalCheckFailedException") => {
                self.record(session, key).await?.ok_or(StoreError::Unreachable)
            }
            Err(refusal) => Err(refusal.into()),
        }
    }

    /// How many notes live, and the last sort key of all that are there, living or expired.
    async fn count_notes(&self, session: &Session) -> Result<(u64, Option<String>), StoreError> {
        let (mut count, mut last, mut after) = (0, None, None::<String>);
        loop {
            let wanted = Wanted { after: after.as_deref(), ..Wanted::default() };
            let Rows { mut rows, next } = self.query_notes(session, wanted).await?;
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
        record.insert(DONE.to_owned(), AttributeValue::Bool(true));
        self.send(self.client.put_item().table_name(self.table()).set_item(Some(record))).await?;
        Ok(())
    }
}
