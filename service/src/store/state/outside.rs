//! Keyed calls with an effect outside the table, such as a payment or a mail.
//!
//! No protocol makes such an effect happen exactly once: a process may stop between the effect and its record. The
//! record of the key therefore states the intent first, with a lease until the call's deadline, and the result after
//! the effect. While the lease runs, no other call begins the effect. After it, a record without a result means that
//! the outcome is unknown, and the tool decides whether the effect may be repeated.

use std::time::Duration;

use aws_sdk_dynamodb::{
    error::SdkError, operation::put_item::PutItemError, types::ReturnValuesOnConditionCheckFailure,
};
use tokio::time::Instant;

use super::{
    KeyedCall, StateProblem,
    attempt::{Failure, Pace},
    change::Change,
    transaction::{CALL, RESULT, Recorded, check_record_size},
};
use crate::{
    clock::{epoch_seconds, now},
    store::{
        Store, StoreError,
        idempotency::{NOT_RECORDED, NOW, check_request, new_record, record_sk},
        item::{Item, get_number, get_text, is_visible, number, text},
        observe::observed,
    },
};

/// The record's attribute with the end of the lease, in milliseconds since the epoch.
const LEASE: &str = "lease";

/// The time after the owner's deadline until another call may consider it stopped. Covers the difference of two hosts'
/// clocks.
const LEASE_MARGIN: Duration = Duration::from_secs(5);

/// The pause between two looks at a call in progress.
const POLL: Duration = Duration::from_millis(250);

/// The treatment of a call whose predecessor with the same key ended without a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterCrash {
    /// The effect is safe to repeat, so it runs again.
    RunAgain,
    /// The effect may not be repeated, so the call reports that the outcome is unknown.
    Report,
}

/// The permission to run an effect, or its result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Intent {
    /// This call owns the lease: run the effect, then record its result.
    Run,
    /// An earlier call recorded the result.
    Recorded(Recorded),
}

impl Store {
    /// Records the intent of a call, or finds its result. Waits, until `deadline`, while an earlier call runs.
    ///
    /// # Errors
    /// [`StateProblem::InProgress`] if an earlier call still runs at the deadline, [`StateProblem::Interrupted`] if it
    /// ended without a result and `after_crash` forbids a repetition, [`StateProblem::KeyReused`] if the key was used
    /// for another request.
    pub async fn begin_outside(
        &self,
        call: &KeyedCall,
        after_crash: AfterCrash,
        deadline: Instant,
    ) -> Result<Intent, StateProblem> {
        let mut found = self.record_intent(call, deadline).await?;
        loop {
            let Some(record) = found else { return Ok(Intent::Run) };
            check_request(&record, &call.request).map_err(|_| StateProblem::KeyReused)?;
            let owner = get_text(&record, CALL).unwrap_or_default();
            if owner == call.id {
                return Ok(Intent::Run);
            }
            if let Some(result) = get_text(&record, RESULT) {
                return Ok(Intent::Recorded(Recorded { result: result.to_owned(), replayed: true }));
            }
            let lease = get_number(&record, LEASE).unwrap_or_default();
            if lease <= epoch_millis() {
                if after_crash == AfterCrash::Report {
                    return Err(StateProblem::Interrupted);
                }
                if self.take_over(call, owner, lease, deadline).await? {
                    return Ok(Intent::Run);
                }
            }
            if Instant::now() + POLL >= deadline {
                return Err(StateProblem::InProgress);
            }
            tokio::time::sleep(POLL).await;
            let record = self.get_item(&call.scope, record_sk(&call.key)).await?.filter(is_visible);
            found = match record {
                Some(record) => Some(record),
                None => self.record_intent(call, deadline).await?,
            };
        }
    }

    /// Records the result of the effect, unless another call has taken over.
    ///
    /// # Errors
    /// [`StateProblem`] if the result is too large or the store fails. A repeated call then finds no result.
    pub async fn end_outside(&self, call: &KeyedCall, result: &str, deadline: Instant) -> Result<(), StateProblem> {
        check_record_size(call, result)?;
        let mut change = own_record(call);
        change.set(RESULT, text(result));
        change.remove(LEASE);
        self.change_record(&change, deadline).await.map(drop)
    }

    /// Ends the lease of an effect that failed and is safe to repeat, so that the next call need not wait for it.
    ///
    /// # Errors
    /// [`StateProblem`] if the store fails. The lease then ends by itself.
    pub async fn release_outside(&self, call: &KeyedCall, deadline: Instant) -> Result<(), StateProblem> {
        let mut change = own_record(call);
        change.set(LEASE, number(0));
        self.change_record(&change, deadline).await.map(drop)
    }

    /// Writes the intent and returns `None`, or returns the record that exists.
    async fn record_intent(&self, call: &KeyedCall, deadline: Instant) -> Result<Option<Item>, StateProblem> {
        let now = epoch_seconds();
        let mut record = new_record(&call.scope, &call.key, &call.request, now);
        record.insert(CALL.to_owned(), text(&call.id));
        record.insert(LEASE.to_owned(), number(lease_until(deadline)));
        let request = self
            .client
            .put_item()
            .table_name(self.table())
            .set_item(Some(record))
            .condition_expression(NOT_RECORDED)
            .expression_attribute_values(NOW, number(now))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        // The SDK's retries are harmless here: a second request fails on the first one's record, which names this call.
        let Ok(sent) = tokio::time::timeout_at(deadline, observed(request.send())).await else {
            return Err(StoreError::Unreachable.into());
        };
        let failure = match sent {
            Ok(_) => return Ok(None),
            Err(failure) => failure,
        };
        match existing(&failure.error) {
            Some(Some(record)) => Ok(Some(record)),
            Some(None) => {
                let record = self.get_item(&call.scope, record_sk(&call.key)).await?;
                record.filter(is_visible).map(Some).ok_or(StoreError::Unreachable.into())
            }
            None => Err(StoreError::from(failure).into()),
        }
    }

    /// Makes this call the owner of an intent whose lease is over. Returns false if another call was faster.
    async fn take_over(
        &self,
        call: &KeyedCall,
        owner: &str,
        lease: u64,
        deadline: Instant,
    ) -> Result<bool, StateProblem> {
        let mut change = Change::new(&call.scope, record_sk(&call.key));
        change.set(CALL, text(&call.id));
        change.set(LEASE, number(lease_until(deadline)));
        change.require("#call = :owner AND #lease = :old");
        change.value(":owner", text(owner));
        change.value(":old", number(lease));
        // A request whose response was lost finds this call's id on the next look.
        self.change_record(&change, deadline).await
    }

    /// Sends a change until its outcome is known. Returns false if its condition does not hold.
    async fn change_record(&self, change: &Change, deadline: Instant) -> Result<bool, StateProblem> {
        let mut pace = Pace::until(deadline);
        loop {
            let (kind, again) = match self.send_change(change, deadline).await {
                Ok(_) => return Ok(true),
                Err(Failure::Condition(_)) => return Ok(false),
                Err(Failure::Rejected(kind)) => (kind, pace.pause_after(kind).await),
                Err(Failure::Unknown(kind)) => (kind, pace.pause().await),
                Err(Failure::Refused(kind)) => (kind, false),
            };
            if !again {
                return Err(kind.into());
            }
        }
    }
}

/// Begins a change of the record that this call owns and that has no result.
fn own_record(call: &KeyedCall) -> Change {
    let mut change = Change::new(&call.scope, record_sk(&call.key));
    change.name("#call", CALL);
    change.name("#result", RESULT);
    change.require("#call = :own AND attribute_not_exists(#result)");
    change.value(":own", text(&call.id));
    change
}

/// Returns the record that prevented an intent, if its condition did not hold.
fn existing(error: &SdkError<PutItemError>) -> Option<Option<Item>> {
    match error.as_service_error()? {
        PutItemError::ConditionalCheckFailedException(failed) => Some(failed.item.clone()),
        _ => None,
    }
}

fn lease_until(deadline: Instant) -> u64 {
    let left = deadline.saturating_duration_since(Instant::now()) + LEASE_MARGIN;
    epoch_millis() + u64::try_from(left.as_millis()).unwrap_or(u64::MAX / 2)
}

fn epoch_millis() -> u64 {
    let since = now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}
