//! Adds a note under an idempotency key: note and record are one transaction, so neither exists without the other.

use std::time::Duration;

use aws_sdk_dynamodb::{
    error::SdkError,
    operation::transact_write_items::TransactWriteItemsError,
    types::{Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem},
};
use sha2::{Digest, Sha256};

use super::{IdempotencyKey, KeyedError, NOT_RECORDED, NOW, check_request, new_record};
use crate::{
    clock::epoch_seconds,
    session::Session,
    store::{
        Store, StoreError,
        item::{Item, get_text, number},
        keys::{SK, hex},
        notes::note_item,
        observe::observed,
    },
};

/// The record's attribute with the sort key of the note that was written under the key.
const NOTE_SK: &str = "made";

/// The delays in milliseconds before a cancelled transaction is retried: 1.3 s in total.
///
/// Only calls under the same key conflict, and the first to complete leaves its record. The SDK retries requests that
/// the table rejects before the transaction begins, but not cancelled transactions.
const RETRY_DELAYS: [u64; 9] = [5, 10, 20, 40, 80, 160, 320, 320, 320];

/// The reasons, other than a failure of the store, for which a transaction was cancelled.
enum Conflict {
    /// The key already has a record, included if the store returned it.
    AlreadyRecorded(Option<Item>),
    /// Another transaction was changing the same items, or the table throttled this one.
    Retryable,
}

impl Store {
    /// Appends `note` once under `key`. A repeated call writes nothing. Returns true if this call was a repeat.
    ///
    /// # Errors
    /// [`KeyedError::Store`] if the store fails; the call may then be repeated. [`KeyedError::Reused`] if the key was
    /// used for another note or for another tool's call.
    pub async fn add_note_once(&self, session: &Session, note: &str, key: &IdempotencyKey) -> Result<bool, KeyedError> {
        let now = epoch_seconds();
        let item = note_item(session, note, now);
        let request = format!("add_note {}", hex(&Sha256::digest(note)));
        let mut record = new_record(&session.into(), key, &request, now);
        record.extend(item.get(SK).map(|sk| (NOTE_SK.to_owned(), sk.clone())));
        let write = async {
            match self.put_note_and_record(&item, &record, now).await? {
                None => Ok(false),
                Some(existing) => {
                    let existing = match existing {
                        Some(existing) => existing,
                        // A record that is gone by now has just expired, so a repeat may write the note again.
                        None => self.record(session, key).await?.ok_or(StoreError::Unreachable)?,
                    };
                    check_request(&existing, &request)?;
                    // This call's own transaction, of which only the response was lost, is not a repeat by the client.
                    Ok(get_text(&existing, NOTE_SK) != get_text(&record, NOTE_SK))
                }
            }
        };
        self.with_session_touch(session, now, write).await
    }

    /// Writes both items and returns `None`. Returns `Some` if the key already has a record, with the record if the
    /// store returned it.
    async fn put_note_and_record(
        &self,
        note: &Item,
        record: &Item,
        now: u64,
    ) -> Result<Option<Option<Item>>, StoreError> {
        let mut delays = RETRY_DELAYS.into_iter().map(Duration::from_millis);
        loop {
            let record = Put::builder()
                .table_name(self.table())
                .set_item(Some(record.clone()))
                .condition_expression(NOT_RECORDED)
                .expression_attribute_values(NOW, number(now))
                .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
            let note = Put::builder().table_name(self.table()).set_item(Some(note.clone()));
            let request = self
                .client
                .transact_write_items()
                .transact_items(TransactWriteItem::builder().put(built(record.build())?).build())
                .transact_items(TransactWriteItem::builder().put(built(note.build())?).build());
            let failure = match observed(request.send()).await {
                Ok(_) => return Ok(None),
                Err(failure) => failure,
            };
            match conflict(&failure.error) {
                Some(Conflict::AlreadyRecorded(record)) => return Ok(Some(record)),
                Some(Conflict::Retryable) => match delays.next() {
                    Some(delay) => tokio::time::sleep(delay).await,
                    None => return Err(StoreError::Throttled),
                },
                None => return Err(failure.into()),
            }
        }
    }
}

/// Maps a builder's error, which would be a defect of this file: every Put has all its required fields.
fn built<E>(put: Result<Put, E>) -> Result<Put, StoreError> {
    put.map_err(|_| StoreError::Failed)
}

/// Finds the conflict that cancelled a transaction. The codes are those of `CancellationReason` in DynamoDB's API
/// reference. The record is the transaction's first item.
fn conflict(error: &SdkError<TransactWriteItemsError>) -> Option<Conflict> {
    let TransactWriteItemsError::TransactionCanceledException(cancelled) = error.as_service_error()? else {
        return None;
    };
    let reasons = cancelled.cancellation_reasons();
    let record = reasons.first()?;
    if record.code() == Some("ConditionalCheckFailed") {
        return Some(Conflict::AlreadyRecorded(record.item().cloned()));
    }
    let retryable = ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"];
    let mut codes = reasons.iter().filter_map(|reason| reason.code());
    codes.any(|code| retryable.contains(&code)).then_some(Conflict::Retryable)
}
