//! Keyed calls: the effect of a call and its result are one transaction, so that a repeated call finds the result.
//!
//! The record of the key is a part of the transaction, on condition that there is none. So of all requests of all calls
//! under a key, however late they arrive, one applies. A call recognizes its own by the id in the record, which stays
//! the same over its attempts: an attempt whose response was lost is never repeated on top of itself, even if the
//! closure ran again in between.

use aws_sdk_dynamodb::{
    operation::transact_write_items::TransactWriteItemsError,
    types::{CancellationReason, Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem},
};
use tokio::time::Instant;
use uuid::Uuid;

use super::{
    Scope, StateProblem,
    attempt::{Failure, Pace, classify, without_retries},
    change::Change,
    counter::{Addition, CounterItem},
    item::{MAX_ITEM_BYTES, NewValue, StateItem, new_write_id},
    log::entry_item,
    name::Name,
};
use crate::{
    clock::epoch_seconds,
    session::Session,
    store::{
        IdempotencyKey, Store, StoreError,
        idempotency::{NOT_RECORDED, NOW, check_request, new_record, record_sk},
        item::{Item, get_text, is_visible, number, text},
        notes::note_item,
        observe::observed,
    },
};

/// The maximum number of items in a transaction, the record included.
pub const MAX_TRANSACTION_ITEMS: usize = 100;
/// The maximum size of a transaction, the record included.
pub const MAX_TRANSACTION_BYTES: usize = 4 * 1024 * 1024;

/// The record's attribute with the id of the call that made it.
pub(super) const CALL: &str = "call";
/// The record's attribute with the result, as JSON text.
pub(super) const RESULT: &str = "result";

/// An upper bound of the size of a record's attributes without its keys, its request and its result.
const RECORD_BYTES: usize = 128;

/// The remedy for a result that is too large.
const RETURN_LESS: &str = "return less, and read the rest in another call";

/// One call under an idempotency key.
#[derive(Debug, Clone)]
pub struct KeyedCall {
    pub(super) scope: Scope,
    pub(super) key: IdempotencyKey,
    /// The tool and a digest of its arguments.
    pub(super) request: String,
    /// Distinguishes the call from its repetitions by the client.
    pub(super) id: String,
    /// False if the server made the key, so that no other call can have it.
    by_client: bool,
}

impl KeyedCall {
    /// Creates a call of `request`, which names the tool and its arguments. Without a key of the client, the server
    /// makes one, by which it recognizes its own repeated requests.
    pub fn new(scope: Scope, key: Option<&IdempotencyKey>, request: String) -> Self {
        let id = new_write_id();
        let key_or_own = key.cloned().unwrap_or_else(|| IdempotencyKey::for_call(&id));
        Self { scope, key: key_or_own, request, id, by_client: key.is_some() }
    }
}

/// The recorded result of a keyed call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// The result, as JSON text.
    pub result: String,
    /// True if another call recorded it, of which this call is a repetition.
    pub replayed: bool,
}

/// A write that a keyed call makes.
#[derive(Debug, Clone)]
pub enum Write {
    /// Replaces the value of a state, or asserts that it is still the one that was read.
    State {
        /// The owner.
        scope: Scope,
        /// The name.
        name: String,
        /// The state that was read.
        base: StateItem,
        /// The change.
        new: NewValue,
    },
    /// Adds to a counter.
    Counter {
        /// The owner.
        scope: Scope,
        /// The name.
        name: String,
        /// The number to add.
        add: i64,
        /// The counter that was read, if it was read.
        read: Option<CounterItem>,
    },
    /// Appends to a log.
    Log {
        /// The owner.
        scope: Scope,
        /// The name.
        name: String,
        /// The entry, as JSON text.
        entry: String,
    },
    /// Adds a note.
    Note {
        /// The session.
        session: Session,
        /// The text.
        note: String,
    },
}

/// The outcome of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Commit {
    /// This attempt applied.
    Applied,
    /// The call has a result already: of an earlier attempt, or of another call with the key.
    Recorded(Recorded),
    /// Other calls changed what the writes are based on. Nothing is written: read again and commit again.
    Conflict,
}

/// A part of a transaction, with its size.
struct Part {
    item: TransactWriteItem,
    bytes: usize,
}

impl Store {
    /// Returns the result of an earlier call with the same key. Strongly consistent. Sends nothing if the server made
    /// the key and `retrying` is false.
    ///
    /// # Errors
    /// [`StateProblem::KeyReused`] if the key was used for another request. Other problems if the store fails.
    pub async fn recorded(&self, call: &KeyedCall, retrying: bool) -> Result<Option<Recorded>, StateProblem> {
        if !call.by_client && !retrying {
            return Ok(None);
        }
        let record = self.get_item(&call.scope, record_sk(&call.key)).await?;
        record.filter(is_visible).map(|record| recorded(&record, call)).transpose()
    }

    /// Commits the writes of a call and its result in one transaction.
    ///
    /// # Errors
    /// [`StateProblem::Unknown`] if the transaction may have been applied: a repeat with the same key finds out. After
    /// any other problem it was not.
    pub async fn commit(
        &self,
        call: &KeyedCall,
        writes: &[Write],
        result: &str,
        deadline: Instant,
    ) -> Result<Commit, StateProblem> {
        let parts = self.parts(call, writes, result)?;
        let now = epoch_seconds();
        let commit = self.send_transaction(call, &parts, writes, deadline);
        match writes.iter().find_map(|write| if let Write::Note { session, .. } = write { Some(session) } else { None })
        {
            Some(session) => self.with_session_touch(session, now, commit).await,
            None => commit.await,
        }
    }

    async fn send_transaction(
        &self,
        call: &KeyedCall,
        parts: &[TransactWriteItem],
        writes: &[Write],
        deadline: Instant,
    ) -> Result<Commit, StateProblem> {
        let mut pace = Pace::until(deadline);
        // The last failure after which the transaction may have been applied.
        let mut uncertain: Option<StoreError> = None;
        let mut token = Uuid::new_v4().to_string();
        loop {
            let failure = match self.send_parts(parts, &token, deadline).await {
                Ok(()) => return Ok(Commit::Applied),
                Err(failure) => failure,
            };
            let (kind, again) = match failure {
                Failure::Condition(reasons) => match self.conflict(call, &reasons, writes).await? {
                    Some(commit) => return Ok(commit),
                    // DynamoDB remembers a token together with its outcome, so another attempt takes another one.
                    None => {
                        token = Uuid::new_v4().to_string();
                        (StoreError::Throttled, pace.pause().await)
                    }
                },
                Failure::Rejected(kind) => (kind, pace.pause_after(kind).await),
                Failure::Unknown(kind) => {
                    uncertain = Some(kind);
                    (kind, pace.pause().await)
                }
                Failure::Refused(kind) => (kind, false),
            };
            if !again {
                return Err(uncertain.map_or(StateProblem::Store(kind), StateProblem::Unknown));
            }
        }
    }

    /// Sends the transaction once. If the table cancelled it, returns the reasons.
    async fn send_parts(
        &self,
        parts: &[TransactWriteItem],
        token: &str,
        deadline: Instant,
    ) -> Result<(), Failure<Vec<CancellationReason>>> {
        let request = self
            .client
            .transact_write_items()
            .set_transact_items(Some(parts.to_vec()))
            .client_request_token(token)
            .customize()
            .config_override(without_retries());
        let Ok(result) = tokio::time::timeout_at(deadline, observed(request.send())).await else {
            return Err(Failure::Unknown(StoreError::Unreachable));
        };
        match result {
            Ok(_) => Ok(()),
            Err(failure) => Err(match failure.error.as_service_error() {
                Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) => {
                    Failure::Condition(cancelled.cancellation_reasons().to_vec())
                }
                _ => classify(failure),
            }),
        }
    }

    /// Finds the reason for which the transaction was cancelled. `None` if the same transaction may be sent again.
    async fn conflict(
        &self,
        call: &KeyedCall,
        reasons: &[CancellationReason],
        writes: &[Write],
    ) -> Result<Option<Commit>, StateProblem> {
        let failed = |reason: &CancellationReason| reason.code() == Some("ConditionalCheckFailed");
        let Some((record, others)) = reasons.split_first() else { return Err(StoreError::Failed.into()) };
        if failed(record) {
            let existing = match record.item() {
                Some(record) => Some(recorded(record, call)?),
                None => self.recorded(call, true).await?,
            };
            // A record that is gone by now has just expired.
            return Ok(Some(existing.map_or(Commit::Conflict, Commit::Recorded)));
        }
        for (reason, write) in others.iter().zip(writes).filter(|(reason, _)| failed(reason)) {
            if let Write::Counter { add, .. } = write
                && let Some(overflow) = CounterItem::read(reason.item())?.overflow(*add)
            {
                return Err(overflow);
            }
        }
        if others.iter().any(failed) {
            return Ok(Some(Commit::Conflict));
        }
        let passing = ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"];
        let mut codes = reasons.iter().filter_map(CancellationReason::code);
        if codes.any(|code| passing.contains(&code)) { Ok(None) } else { Err(StoreError::Failed.into()) }
    }

    fn parts(&self, call: &KeyedCall, writes: &[Write], result: &str) -> Result<Vec<TransactWriteItem>, StateProblem> {
        let mut parts = vec![self.record_part(call, result)?];
        for write in writes {
            parts.push(self.part(write)?);
        }
        if parts.len() > MAX_TRANSACTION_ITEMS {
            return Err(StateProblem::TooManyItems(parts.len()));
        }
        let bytes = parts.iter().map(|part| part.bytes).sum();
        if bytes > MAX_TRANSACTION_BYTES {
            return Err(StateProblem::TooManyBytes(bytes));
        }
        Ok(parts.into_iter().map(|part| part.item).collect())
    }

    fn record_part(&self, call: &KeyedCall, result: &str) -> Result<Part, StateProblem> {
        let bytes = check_record_size(call, result)?;
        let now = epoch_seconds();
        let mut record = new_record(&call.scope, &call.key, &call.request, now);
        record.insert(CALL.to_owned(), text(&call.id));
        record.insert(RESULT.to_owned(), text(result));
        let put = Put::builder()
            .table_name(self.table())
            .set_item(Some(record))
            .condition_expression(NOT_RECORDED)
            .expression_attribute_values(NOW, number(now))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        put_part(put, bytes)
    }

    fn part(&self, write: &Write) -> Result<Part, StateProblem> {
        match write {
            Write::State { scope, name, base, new } => {
                self.change_part(&base.change(scope, Name::new(name)?, new, &new_write_id())?)
            }
            Write::Counter { scope, name, add, read } => {
                let seen = read.and_then(CounterItem::since);
                self.change_part(&Addition { add: *add, seen, expected: *read }.change(scope, Name::new(name)?))
            }
            Write::Log { scope, name, entry } => {
                let (item, bytes) = entry_item(scope, Name::new(name)?, entry)?;
                put_part(Put::builder().table_name(self.table()).set_item(Some(item)), bytes)
            }
            Write::Note { session, note } => {
                let item = note_item(session, note, epoch_seconds());
                put_part(Put::builder().table_name(self.table()).set_item(Some(item)), note.len())
            }
        }
    }

    fn change_part(&self, change: &Change) -> Result<Part, StateProblem> {
        Ok(Part { item: change.part(self.table())?, bytes: change.bytes })
    }
}

/// Checks that a result fits into its record. Returns the record's size.
pub(super) fn check_record_size(call: &KeyedCall, result: &str) -> Result<usize, StateProblem> {
    let keys = call.scope.pk().len() + record_sk(&call.key).len();
    let bytes = keys + call.request.len() + result.len() + RECORD_BYTES;
    if bytes > MAX_ITEM_BYTES {
        return Err(StateProblem::TooLarge { bytes, limit: MAX_ITEM_BYTES, way_out: RETURN_LESS });
    }
    Ok(bytes)
}

fn put_part(put: aws_sdk_dynamodb::types::builders::PutBuilder, bytes: usize) -> Result<Part, StateProblem> {
    // A Put requires its table and its item, which both callers set.
    let put = put.build().map_err(|_| StoreError::Failed)?;
    Ok(Part { item: TransactWriteItem::builder().put(put).build(), bytes })
}

/// Reads a record of the same request. A record without a result belongs to a call that has not ended.
fn recorded(record: &Item, call: &KeyedCall) -> Result<Recorded, StateProblem> {
    check_request(record, &call.request).map_err(|_| StateProblem::KeyReused)?;
    let result = get_text(record, RESULT).ok_or(StateProblem::InProgress)?.to_owned();
    Ok(Recorded { result, replayed: get_text(record, CALL) != Some(&call.id) })
}
