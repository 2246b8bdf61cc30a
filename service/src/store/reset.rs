//! Deletes a session's notes: page by page, a few batches at a time, until a deadline.

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
    observe::sent,
    query::{Row, Rows, Wanted},
};
use crate::session::Session;

/// BatchWriteItem's limit.
const BATCH: usize = 25;
/// Batches that a reset keeps under way.
const BATCHES_AT_ONCE: usize = 4;
/// The pause before a batch's unprocessed rest is sent again; it doubles up to [`MAX_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const MAX_PAUSE: Duration = Duration::from_secs(1);

/// What a reset did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reset {
    /// Notes deleted; at least so many, if the deadline came first.
    pub deleted: usize,
    /// False if the deadline came first: notes may remain, and another reset goes on.
    pub complete: bool,
}

/// A note that a reset is about to delete.
#[derive(Debug, Clone)]
struct DoomedNote {
    sk: String,
    visible: bool,
}

impl Store {
    /// Deletes the session's notes, and all that were acknowledged before the call; the session's own item stays.
    /// Notes written meanwhile may survive. Goes on until `deadline` and no longer.
    ///
    /// # Errors
    /// As every call; some notes may be deleted by then, and another reset deletes the rest.
    pub async fn reset(&self, session: &Session, deadline: Instant) -> Result<Reset, StoreError> {
        let deleted = AtomicUsize::new(0);
        let complete = match tokio::time::timeout_at(deadline, self.delete_notes(session, None, &deleted)).await {
            Ok(done) => done.map(|()| true)?,
            Err(_) => false,
        };
        Ok(Reset { deleted: deleted.into_inner(), complete })
    }

    /// Deletes all notes, or those up to and with the sort key `last`, and counts as it goes: it may be dropped at any
    /// moment.
    pub(super) async fn delete_notes(
        &self,
        session: &Session,
        last: Option<&str>,
        deleted: &AtomicUsize,
    ) -> Result<(), StoreError> {
        let mut after: Option<String> = None;
        loop {
            let wanted = Wanted { after: after.as_deref(), last, ..Wanted::default() };
            let Rows { rows, next } = self.query_notes(session, wanted).await?;
            let notes: Vec<DoomedNote> = rows.into_iter().map(DoomedNote::from).collect();
            let batches: Vec<Vec<DoomedNote>> = notes.chunks(BATCH).map(<[DoomedNote]>::to_vec).collect();
            stream::iter(batches)
                .map(|batch| self.delete_batch(session, batch, deleted))
                .buffer_unordered(BATCHES_AT_ONCE)
                .try_for_each(|()| async { Ok(()) })
                .await?;
            match next {
                Some(sk) => after = Some(sk),
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
}

fn delete_request(session: &Session, sk: &str) -> Option<WriteRequest> {
    // A key is all that a delete request requires, so building one cannot fail.
    let delete = DeleteRequest::builder().set_key(Some(key(session_pk(session), sk))).build().ok()?;
    Some(WriteRequest::builder().delete_request(delete).build())
}

impl From<Row> for DoomedNote {
    fn from(row: Row) -> Self {
        Self { visible: row.is_visible(), sk: row.sk }
    }
}

/// The sort key that an unprocessed request was to delete.
fn deleted_sk(request: &WriteRequest) -> Option<&str> {
    get_text(&request.delete_request.as_ref()?.key, SK)
}
