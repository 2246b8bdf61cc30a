//! Deletes a session's notes page by page, a few batches at a time, until a deadline. Then clears its states.

use std::{
    collections::HashSet,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use aws_sdk_dynamodb::types::{DeleteRequest, WriteRequest};
use futures_util::{StreamExt, TryStreamExt, stream};
use tokio::time::Instant;

use super::{
    Store, StoreError,
    item::{get_text, key},
    keys::{SK, session_pk},
    observe::classified,
    query::NotesRange,
    rows::{Row, Rows},
};
use crate::session::Session;

/// The maximum number of items in a BatchWriteItem request.
pub(super) const BATCH: usize = 25;
/// The number of batches that a reset keeps in flight.
pub(super) const CONCURRENT_BATCHES: usize = 4;
/// The delay before a batch's unprocessed items are sent again. It doubles up to [`MAX_DELAY`].
const FIRST_DELAY: Duration = Duration::from_millis(20);
const MAX_DELAY: Duration = Duration::from_secs(1);

/// The result of a reset.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reset {
    /// The number of notes deleted. After a deadline it is a lower bound.
    pub deleted: usize,
    /// False if the deadline ended the reset. Notes and states may remain, and another reset continues.
    pub complete: bool,
}

/// A note to delete.
#[derive(Debug, Clone)]
pub(super) struct DoomedNote {
    pub(super) sk: String,
    pub(super) visible: bool,
}

impl Store {
    /// Deletes all notes, states, counters and logs of the session that were acknowledged before the call, until
    /// `deadline`. The session's own item stays, and writes during the call may survive.
    ///
    /// # Errors
    /// [`StoreError`] if the store fails. Some may be deleted by then, and another reset deletes the rest.
    pub async fn reset(&self, session: &Session, deadline: Instant) -> Result<Reset, StoreError> {
        let deleted = AtomicUsize::new(0);
        let work = async {
            self.delete_notes(session, None, &deleted).await?;
            self.clear_state(session, None).await
        };
        let complete = match tokio::time::timeout_at(deadline, work).await {
            Ok(done) => done.map(|()| true)?,
            Err(_) => false,
        };
        Ok(Reset { deleted: deleted.into_inner(), complete })
    }

    /// Deletes all notes, or those up to and including the sort key `last`. Adds to `deleted` after each batch, so
    /// that the count is right even if the future is dropped.
    pub(super) async fn delete_notes(
        &self,
        session: &Session,
        last: Option<&str>,
        deleted: &AtomicUsize,
    ) -> Result<(), StoreError> {
        let mut after: Option<String> = None;
        loop {
            let range = NotesRange { after: after.as_deref(), last, ..NotesRange::default() };
            let Rows { rows, next } = self.query_notes(session, range).await?;
            let notes: Vec<DoomedNote> = rows.into_iter().map(DoomedNote::from).collect();
            let batches: Vec<Vec<DoomedNote>> = notes.chunks(BATCH).map(<[DoomedNote]>::to_vec).collect();
            stream::iter(batches)
                .map(|batch| self.delete_batch(session, batch, deleted))
                .buffer_unordered(CONCURRENT_BATCHES)
                .try_for_each(|()| async { Ok(()) })
                .await?;
            match next {
                Some(sk) => after = Some(sk),
                None => return Ok(()),
            }
        }
    }

    pub(super) async fn delete_batch(
        &self,
        session: &Session,
        mut batch: Vec<DoomedNote>,
        deleted: &AtomicUsize,
    ) -> Result<(), StoreError> {
        let mut delay = FIRST_DELAY;
        loop {
            let requests: Vec<WriteRequest> =
                batch.iter().filter_map(|note| delete_request(session, &note.sk)).collect();
            let request = self.client.batch_write_item().request_items(self.table(), requests);
            let output = classified(request.send()).await?;
            let rest = output.unprocessed_items.and_then(|mut rest| rest.remove(self.table())).unwrap_or_default();
            let rest: HashSet<&str> = rest.iter().filter_map(deleted_sk).collect();
            let (left, done) = batch.into_iter().partition::<Vec<_>, _>(|note| rest.contains(note.sk.as_str()));
            deleted.fetch_add(done.iter().filter(|note| note.visible).count(), Ordering::Relaxed);
            if left.is_empty() {
                return Ok(());
            }
            batch = left;
            tokio::time::sleep(delay).await;
            delay = (delay * 2).min(MAX_DELAY);
        }
    }
}

fn delete_request(session: &Session, sk: &str) -> Option<WriteRequest> {
    // A delete request requires nothing but its key, so building one cannot fail.
    let delete = DeleteRequest::builder().set_key(Some(key(session_pk(session), sk))).build().ok()?;
    Some(WriteRequest::builder().delete_request(delete).build())
}

impl From<Row> for DoomedNote {
    fn from(row: Row) -> Self {
        Self { visible: row.is_visible(), sk: row.sk }
    }
}

/// Returns the sort key of an unprocessed delete request.
fn deleted_sk(request: &WriteRequest) -> Option<&str> {
    get_text(&request.delete_request.as_ref()?.key, SK)
}
