//! Reads and updates a state by compare and set.
//!
//! An attempt is one write with an id of its own, on condition that the last write is still the one that was read. It
//! is repeated unchanged until its outcome is known:
//!
//! - The condition holds at most once, so a repeated or delayed request cannot apply twice.
//! - If it does not hold and the id is among the item's last writes, an earlier request of this attempt applied.
//! - If it does not hold and the id is not among them, none has applied, and none can: the last write that it requires
//!   is gone for good. The closure runs again on the new value, under a new id.
//! - A reset keeps the ids and adds its own, so both conclusions hold across it. An item disappears only by its expiry,
//!   which for a tombstone is a day away.

use aws_sdk_dynamodb::operation::update_item::{UpdateItemError, UpdateItemOutput, builders::UpdateItemFluentBuilder};
use tokio::time::Instant;

use super::{
    Scope, StateProblem,
    attempt::{Failure, Pace, classify, without_retries},
    change::Change,
    item::{NewValue, StateItem, new_write_id},
    name::Name,
};
use crate::store::{
    Store, StoreError,
    item::{Item, key},
    keys::state_sk,
    observe::observed,
};

/// The closure of an update. It may run several times, and returns the change of the value that it was given.
pub type Edit<'a> = dyn FnMut(&StateItem) -> Result<NewValue, StateProblem> + Send + 'a;

/// The outcome of an attempt.
enum Written {
    Applied,
    /// Another write was first. The item as it is now.
    Conflict(StateItem),
}

impl Store {
    /// Reads a state. Strongly consistent.
    ///
    /// # Errors
    /// [`StateProblem`] if the store fails or the item is malformed.
    pub async fn state(&self, scope: &Scope, name: Name<'_>) -> Result<StateItem, StateProblem> {
        StateItem::read(self.get_item(scope, state_sk(name)).await?.as_ref())
    }

    /// Replaces a state's value by what `edit` makes of it. Applies exactly once, or returns an error.
    ///
    /// # Errors
    /// The closure's own error, after which nothing is changed. [`StateProblem::Unknown`] and
    /// [`StateProblem::Overtaken`] if the write may have been applied; after any other problem it was not.
    pub async fn update_state(
        &self,
        scope: &Scope,
        name: Name<'_>,
        deadline: Instant,
        edit: &mut Edit<'_>,
    ) -> Result<(), StateProblem> {
        let _turn = self.turns.wait(scope.pk(), name.as_str()).await;
        let mut pace = Pace::until(deadline);
        let mut current = self.state_until(scope, name, deadline).await?;
        let mut conflicts = 0;
        loop {
            let new = edit(&current)?;
            if new == NewValue::Keep || (new == NewValue::Clear && current.value().is_none()) {
                return Ok(());
            }
            let id = new_write_id();
            let change = current.change(scope, name, &new, &id)?;
            current = match self.write_state(&current, &change, &id, deadline).await? {
                Written::Applied => return Ok(()),
                Written::Conflict(now) => now,
            };
            conflicts += 1;
            // The first conflict continues with the item that the table returned. After a pause that is stale.
            if conflicts > 1 {
                if !pace.pause().await {
                    return Err(StateProblem::Contended);
                }
                current = self.state_until(scope, name, deadline).await?;
            }
        }
    }

    async fn state_until(&self, scope: &Scope, name: Name<'_>, deadline: Instant) -> Result<StateItem, StateProblem> {
        let read = tokio::time::timeout_at(deadline, self.state(scope, name));
        read.await.unwrap_or(Err(StateProblem::Store(StoreError::Unreachable)))
    }

    /// Sends one attempt until its outcome is known.
    async fn write_state(
        &self,
        base: &StateItem,
        change: &Change,
        id: &str,
        deadline: Instant,
    ) -> Result<Written, StateProblem> {
        let mut pace = Pace::until(deadline);
        // The last failure after which the write may have been applied.
        let mut uncertain: Option<StoreError> = None;
        loop {
            let failure = match self.send_change(change, deadline).await {
                Ok(_) => return Ok(Written::Applied),
                Err(failure) => failure,
            };
            let (kind, again) = match failure {
                Failure::Condition(item) => {
                    let now = StateItem::read(item.as_ref())?;
                    if now.has_write(id) {
                        return Ok(Written::Applied);
                    }
                    let expired = item.is_none();
                    if uncertain.is_some() && !expired && !now.remembers_writes_after(base) {
                        return Err(StateProblem::Overtaken);
                    }
                    return Ok(Written::Conflict(now));
                }
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

    /// Sends an update once. A failed condition returns the item.
    pub(super) async fn send_change(
        &self,
        change: &Change,
        deadline: Instant,
    ) -> Result<UpdateItemOutput, Failure<Option<Item>>> {
        let request = change.request(&self.client, self.table());
        self.send_update(request, deadline).await
    }

    pub(super) async fn send_update(
        &self,
        request: UpdateItemFluentBuilder,
        deadline: Instant,
    ) -> Result<UpdateItemOutput, Failure<Option<Item>>> {
        let sent = observed(request.customize().config_override(without_retries()).send());
        let Ok(result) = tokio::time::timeout_at(deadline, sent).await else {
            return Err(Failure::Unknown(StoreError::Unreachable));
        };
        result.map_err(|failure| match failure.error.as_service_error() {
            Some(UpdateItemError::ConditionalCheckFailedException(failed)) => Failure::Condition(failed.item.clone()),
            _ => classify(failure),
        })
    }

    /// Reads an item. Strongly consistent.
    pub(super) async fn get_item(&self, scope: &Scope, sk: String) -> Result<Option<Item>, StoreError> {
        let key = key(scope.pk().to_owned(), sk);
        let request = self.client.get_item().table_name(self.table()).set_key(Some(key)).consistent_read(true);
        Ok(self.send(request).await?.item)
    }
}
