//! A note under an idempotency key: note and record in one transaction, so there is never one without the other.

use std::time::Duration;

use aws_sdk_dynamodb::{
    error::SdkError,
    operation::transact_write_items::TransactWriteItemsError,
    types::{Put, ReturnValuesOnConditionCheckFailure, TransactWriteItem},
};
use sha2::{Digest, Sha256};

use super::{FREE, IdempotencyKey, KeyedError, NOW, new_record, same_request};
use crate::{
    clock::epoch_seconds,
    session::Session,
    store::{
        Store, StoreError,
        item::{Item, get_text, number},
        keys::{SK, hex},
        notes::note_item,
        observe::attempted,
    },
};

/// The sort key of the note that was written under the key.
const MADE: &str = "made";

/// The pauses before a transaction is sent again that another one crossed, in milliseconds: 1.3 s in all. Only calls under the
/// same key can cross, and whichever ends first leaves its record. The SDK sends again what the table refuses before it
/// begins a transaction, and not what it cancels.
const PAUSES: [u64; 9] = [5, 10, 20, 40, 80, 160, 320, 320, 320];

/// What kept a transaction from being done, other than the store's failure.
enum Crossed {
    /// The key has a record: this one, if the store said.
    Recorded(Option<Item>),
    /// Another transaction was at work on the same items, or the table throttled this one.
    Passing,
}

impl Store {
    /// Appends `note`, once under `key`: a repeat writes nothing. Answers whether this was a repeat.
    ///
    /// # Errors
    /// As every call, after which the same call may be repeated; [`KeyedError::Reused`] if the key stands for another
    /// note or another tool's call.
    pub async fn add_note_once(&self, session: &Session, note: &str, key: &IdempotencyKey) -> Result<bool, KeyedError> {
        let now = epoch_seconds();
        let item = note_item(session, note, now);
        let request = format!("add_note {}", hex(&Sha256::digest(note)));
        let mut record = new_record(session, key, &request, now);
        record.extend(item.get(SK).map(|sk| (MADE.to_owned(), sk.clone())));
        let write = async {
            match self.write_both(&item, &record, now).await? {
                None => Ok(false),
                Some(found) => {
                    let found = match found {
                        Some(found) => found,
                        // Gone between the two calls: it has just expired, and a repeat may write anew.
                        None => self.record(session, key).await?.ok_or(StoreError::Unreachable)?,
                    };
                    same_request(&found, &request)?;
                    // Our own transaction, of which only the answer got lost, is no repeat of the client's.
                    Ok(get_text(&found, MADE) != get_text(&record, MADE))
                }
            }
        };
        self.beside_its_session(session, now, write).await
    }

    /// Writes both items, or finds that the record is there already, and which if the store says.
    async fn write_both(&self, note: &Item, record: &Item, now: u64) -> Result<Option<Option<Item>>, StoreError> {
        let mut pauses = PAUSES.into_iter().map(Duration::from_millis);
        loop {
            let record = Put::builder()
                .table_name(self.table())
                .set_item(Some(record.clone()))
                .condition_expression(FREE)
                .expression_attribute_values(NOW, number(now))
                .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
            let note = Put::builder().table_name(self.table()).set_item(Some(note.clone()));
            let request = self
                .client
                .transact_write_items()
                .transact_items(TransactWriteItem::builder().put(built(record.build())?).build())
                .transact_items(TransactWriteItem::builder().put(built(note.build())?).build());
            let refusal = match attempted(request.send()).await {
                Ok(_) => return Ok(None),
                Err(refusal) => refusal,
            };
            match crossed(&refusal.error) {
                Some(Crossed::Recorded(found)) => return Ok(Some(found)),
                Some(Crossed::Passing) => match pauses.next() {
                    Some(pause) => tokio::time::sleep(pause).await,
                    None => return Err(StoreError::Throttled),
                },
                None => return Err(refusal.into()),
            }
        }
    }
}

/// All that a Put requires was given; a builder that refuses would be a defect of this file.
fn built<E>(put: Result<Put, E>) -> Result<Put, StoreError> {
    put.map_err(|_| StoreError::Failed)
}

/// The codes are those of CancellationReason in DynamoDB's API reference; the record is the transaction's first item.
fn crossed(error: &SdkError<TransactWriteItemsError>) -> Option<Crossed> {
    let TransactWriteItemsError::TransactionCanceledException(cancelled) = error.as_service_error()? else {
        return None;
    };
    let reasons = cancelled.cancellation_reasons();
    let record = reasons.first()?;
    if record.code() == Some("ConditionalCheckFailed") {
        return Some(Crossed::Recorded(record.item().cloned()));
    }
    let passing = ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"];
    let passes = reasons.iter().filter_map(|reason| reason.code()).any(|code| passing.contains(&code));
    passes.then_some(Crossed::Passing)
}
