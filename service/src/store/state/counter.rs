//! Counters: one number each, changed by addition in the table itself.
//!
//! An addition has no id that the item could keep, so it is never sent again after an unknown outcome. A reset leaves a
//! mark, and an addition applies only if its own mark is higher: one that was sent before the reset and arrives after
//! it adds nothing.

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use tokio::time::Instant;

use super::{
    Scope, StateProblem,
    attempt::{Failure, Pace},
    change::Change,
    item::SINCE,
    mark::Mark,
    name::Name,
};
use crate::{
    clock::epoch_seconds,
    store::{
        Store,
        item::{Item, get_number, get_text, text},
        keys::{EXPIRES_AT, counter_sk},
    },
};

/// The attribute with the number. Absent in a tombstone.
pub(super) const COUNT: &str = "count";

/// A counter as the table has it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct CounterItem {
    /// The number, unless it expired.
    count: Option<i64>,
    since: Option<Mark>,
}

impl CounterItem {
    /// Returns the number. A counter that does not exist has 0.
    pub fn count(self) -> i64 {
        self.count.unwrap_or_default()
    }

    pub(super) fn read(item: Option<&Item>) -> Result<Self, StateProblem> {
        let Some(item) = item else { return Ok(Self::default()) };
        let count = match item.get(COUNT) {
            Some(_) if get_number(item, EXPIRES_AT).is_some_and(|at| at <= epoch_seconds()) => None,
            Some(AttributeValue::N(count)) => Some(count.parse().map_err(|_| StateProblem::Malformed)?),
            Some(_) => return Err(StateProblem::Malformed),
            None => None,
        };
        Ok(Self { count, since: get_text(item, SINCE).and_then(Mark::parse) })
    }

    /// Returns the mark, if the counter exists.
    pub(super) fn since(self) -> Option<Mark> {
        self.since
    }

    /// Returns the problem of an addition whose condition did not hold on this counter, or `None` if a later mark lets
    /// it apply.
    pub(super) fn overflow(self, add: i64) -> Option<StateProblem> {
        let value = self.count();
        value.checked_add(add).is_none().then_some(StateProblem::Overflow { value, add })
    }
}

/// An addition to a counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Addition {
    pub(super) add: i64,
    /// The highest mark that was seen on the counter.
    pub(super) seen: Option<Mark>,
    /// The number that the counter must still have, if the caller has read it.
    pub(super) expected: Option<CounterItem>,
}

impl Addition {
    pub(super) fn change(self, scope: &Scope, name: Name<'_>) -> Change {
        let mut change = Change::new(scope, counter_sk(name));
        let mark = Mark::after(self.seen).to_text();
        change.add(COUNT, self.add);
        change.set_to(SINCE, "if_not_exists(#since, :mark)");
        change.value(":mark", text(mark));
        change.expire_at(scope.expires_at());
        change.require("attribute_not_exists(#since) OR #since < :mark");
        // DynamoDB's numbers have 38 digits, so the range of 64 bits needs a condition.
        let (operator, bound) = if self.add < 0 { (">=", i64::MIN - self.add) } else { ("<=", i64::MAX - self.add) };
        change.require(&format!("attribute_not_exists(#count) OR #count {operator} :bound"));
        change.value(":bound", AttributeValue::N(bound.to_string()));
        if let Some(expected) = self.expected {
            match expected.count {
                Some(count) => {
                    change.require("#count = :expected");
                    change.value(":expected", AttributeValue::N(count.to_string()));
                }
                None => change.require("attribute_not_exists(#count)"),
            }
        }
        change
    }
}

impl Store {
    /// Reads a counter. Strongly consistent.
    ///
    /// # Errors
    /// [`StateProblem`] if the store fails or the item is malformed.
    pub async fn counter(&self, scope: &Scope, name: Name<'_>) -> Result<CounterItem, StateProblem> {
        CounterItem::read(self.get_item(scope, counter_sk(name)).await?.as_ref())
    }

    /// Adds `add` to a counter and returns the new number.
    ///
    /// # Errors
    /// [`StateProblem::Unknown`] if the addition may have been executed. [`StateProblem::Overflow`] if the sum does not
    /// fit into 64 bits.
    pub async fn add_to_counter(
        &self,
        scope: &Scope,
        name: Name<'_>,
        add: i64,
        deadline: Instant,
    ) -> Result<i64, StateProblem> {
        let mut pace = Pace::until(deadline);
        let mut addition = Addition { add, seen: None, expected: None };
        loop {
            let request = addition.change(scope, name).request(&self.client, self.table());
            let request = request.return_values(ReturnValue::AllNew);
            match self.send_update(request, deadline).await {
                Ok(output) => return Ok(CounterItem::read(output.attributes.as_ref())?.count()),
                Err(Failure::Condition(item)) => {
                    let now = CounterItem::read(item.as_ref())?;
                    if let Some(overflow) = now.overflow(add) {
                        return Err(overflow);
                    }
                    // A reset, or the counter's first addition, came from a host whose clock is ahead.
                    addition.seen = now.since.max(addition.seen);
                    if !pace.pause().await {
                        return Err(StateProblem::Contended);
                    }
                }
                Err(Failure::Rejected(kind)) => {
                    if !pace.pause_after(kind).await {
                        return Err(StateProblem::Store(kind));
                    }
                }
                Err(Failure::Unknown(kind)) => return Err(StateProblem::Unknown(kind)),
                Err(Failure::Refused(kind)) => return Err(StateProblem::Store(kind)),
            }
        }
    }
}
