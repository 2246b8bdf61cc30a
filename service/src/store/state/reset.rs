//! Clears the states, counters and logs of a session, as a part of its reset.
//!
//! Log entries are deleted, as notes are. A state or a counter becomes a tombstone: its mark and the ids of its writes
//! stay for a day, so that a write that is delayed on its way cannot restore what the reset cleared. The tombstone's
//! mark also shows a repeated reset under the same key that it has cleared the item already.

use std::sync::atomic::AtomicUsize;

use aws_sdk_dynamodb::{error::ProvideErrorMetadata, types::AttributeValue};
use futures_util::{StreamExt, TryStreamExt, stream};

use super::{
    Scope,
    change::Change,
    counter::COUNT,
    item::{REVISION, SINCE, VALUE, VERSION, WRITES, new_write_id, tombstone_expiry},
    mark::Mark,
};
use crate::{
    session::Session,
    store::{
        Store, StoreError,
        item::{Item, get_text, key, number, text},
        keys::{LOG_PREFIX, SK, STATE_PREFIX, VALUE_PREFIX, session_pk},
        observe::observed,
        reset::{BATCH, CONCURRENT_BATCHES, DoomedNote},
    },
};

/// A state, counter or log entry, as far as a reset reads it.
#[derive(Debug)]
struct Resettable {
    sk: String,
    kind: Kind,
    /// The item's mark. A log entry's is the time in its key.
    mark: Option<Mark>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Value,
    Counter,
    Entry,
    /// Cleared already.
    Tombstone,
}

impl Store {
    /// Clears all states, counters and logs, or those up to and including the mark `last`.
    pub(in crate::store) async fn clear_state(&self, session: &Session, last: Option<Mark>) -> Result<(), StoreError> {
        let scope = Scope::from(session);
        let mut after = None;
        loop {
            let (items, next) = self.resettable(session, after).await?;
            let doomed = items.into_iter().filter(|item| last.is_none_or(|last| item.mark.is_none_or(|at| at <= last)));
            let (entries, values): (Vec<_>, Vec<_>) = doomed.partition(|item| item.kind == Kind::Entry);
            let entries: Vec<DoomedNote> =
                entries.into_iter().map(|entry| DoomedNote { sk: entry.sk, visible: false }).collect();
            let batches: Vec<Vec<DoomedNote>> = entries.chunks(BATCH).map(<[DoomedNote]>::to_vec).collect();
            let uncounted = AtomicUsize::new(0);
            stream::iter(batches)
                .map(|batch| self.delete_batch(session, batch, &uncounted))
                .buffer_unordered(CONCURRENT_BATCHES)
                .try_for_each(|()| async { Ok(()) })
                .await?;
            stream::iter(values.into_iter().filter(|item| item.kind != Kind::Tombstone))
                .map(|item| self.bury(&scope, item, last))
                .buffer_unordered(CONCURRENT_BATCHES)
                .try_for_each(|()| async { Ok(()) })
                .await?;
            match next {
                Some(sk) => after = Some(sk),
                None => return Ok(()),
            }
        }
    }

    /// Returns a mark that is not below any of the session's states, counters and log entries. `None` if there are
    /// none.
    pub(in crate::store) async fn last_mark(&self, session: &Session) -> Result<Option<Mark>, StoreError> {
        let (mut last, mut after) = (None, None);
        loop {
            let (items, next) = self.resettable(session, after).await?;
            for item in items.iter().filter(|item| item.kind != Kind::Tombstone) {
                last = last.max(item.mark).or_else(|| Some(Mark::now()));
            }
            match next {
                Some(sk) => after = Some(sk),
                None => return Ok(last.map(|last| last.max(Mark::now()))),
            }
        }
    }

    /// Replaces a state or a counter by a tombstone.
    ///
    /// The condition holds for the value that was listed and its later updates, and for nothing created after a reset.
    /// If it does not hold, the value is gone: cleared by an earlier request of this reset or by another reset.
    async fn bury(&self, scope: &Scope, item: Resettable, last: Option<Mark>) -> Result<(), StoreError> {
        let mark = Mark::after(item.mark.max(last));
        let mut change = Change::new(scope, item.sk);
        change.set(SINCE, text(mark.to_text()));
        change.require("attribute_not_exists(#since) OR #since < :since");
        change.expire_at(Some(tombstone_expiry(scope)));
        match item.kind {
            Kind::Value => {
                change.require("attribute_exists(#version)");
                change.remove(VALUE);
                change.remove(VERSION);
                change.set_to(WRITES, "list_append(:id, #writes)");
                change.value(":id", AttributeValue::L(vec![text(new_write_id())]));
                change.set_to(REVISION, "#revision + :one");
                change.value(":one", number(1));
            }
            Kind::Counter | Kind::Entry | Kind::Tombstone => {
                change.require("attribute_exists(#count)");
                change.remove(COUNT);
            }
        }
        match observed(change.request(&self.client, self.table()).send()).await {
            Ok(_) => Ok(()),
            Err(failure) if failure.error.code() == Some("ConditionalCheckFailedException") => Ok(()),
            Err(failure) => Err(failure.into()),
        }
    }

    /// Lists a page of the states, counters and log entries without their values. Strongly consistent.
    async fn resettable(
        &self,
        session: &Session,
        after: Option<String>,
    ) -> Result<(Vec<Resettable>, Option<String>), StoreError> {
        let pk = session_pk(session);
        let request = self
            .client
            .query()
            .table_name(self.table())
            .key_condition_expression("pk = :pk AND begins_with(sk, :prefix)")
            .projection_expression("sk, #since, #version, #count")
            .expression_attribute_names("#since", SINCE)
            .expression_attribute_names("#version", VERSION)
            .expression_attribute_names("#count", COUNT)
            .expression_attribute_values(":pk", text(&pk))
            .expression_attribute_values(":prefix", text(STATE_PREFIX))
            .consistent_read(true)
            .set_exclusive_start_key(after.map(|sk| key(pk.clone(), sk)));
        let output = self.send(request).await?;
        let next = output.last_evaluated_key.as_ref().and_then(|key| get_text(key, SK)).map(str::to_owned);
        Ok((output.items.unwrap_or_default().iter().filter_map(resettable).collect(), next))
    }
}

fn resettable(item: &Item) -> Option<Resettable> {
    let sk = get_text(item, SK)?.to_owned();
    let mark = |text: Option<&str>| text.and_then(Mark::parse);
    let since = mark(get_text(item, SINCE));
    let (kind, mark) = if sk.starts_with(LOG_PREFIX) {
        (Kind::Entry, mark(sk.rsplit('#').next()))
    } else if sk.starts_with(VALUE_PREFIX) {
        (if item.contains_key(VERSION) { Kind::Value } else { Kind::Tombstone }, since)
    } else {
        (if item.contains_key(COUNT) { Kind::Counter } else { Kind::Tombstone }, since)
    };
    Some(Resettable { sk, kind, mark })
}
