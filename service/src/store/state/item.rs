//! A state's item: its value, and what recognizes its writes.

use aws_sdk_dynamodb::types::AttributeValue;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use uuid::Uuid;

use super::{Scope, StateProblem, change::Change, mark::Mark, name::Name};
use crate::{
    clock::epoch_seconds,
    store::{
        KEY_LIFETIME_SECONDS,
        item::{Item, get_number, get_text, number, text},
        keys::{EXPIRES_AT, state_sk},
    },
};

/// The value, as JSON text. Absent in a tombstone.
pub(super) const VALUE: &str = "value";
/// The version of the value's type. Absent in a tombstone.
pub(super) const VERSION: &str = "version";
/// The number of writes, resets included.
pub(super) const REVISION: &str = "revision";
/// The ids of the last writes, newest first.
pub(super) const WRITES: &str = "writes";
/// The [`Mark`] of the value or the tombstone.
pub(super) const SINCE: &str = "since";

/// The number of writes whose ids an item keeps.
pub const WRITES_KEPT: usize = 16;

/// The size limit of DynamoDB's items.
pub const MAX_ITEM_BYTES: usize = 400 * 1024;
/// An upper bound of the size of a state's attributes without its keys and its value.
const ATTRIBUTES_BYTES: usize = 512;

/// The remedy for a state that is too large.
const USE_A_LOG: &str = "store less, or append the parts to a log";

/// The lifetime of a tombstone in seconds. No request is delayed for so long, and no keyed reset continues after it.
pub(super) const TOMBSTONE_SECONDS: u64 = KEY_LIFETIME_SECONDS;

/// A value with the version of the type that wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredValue {
    /// The version.
    pub version: u32,
    /// The value, as JSON text.
    pub json: String,
}

/// The change of a state's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NewValue {
    /// Writes a value.
    Put(StoredValue),
    /// Removes the value.
    Clear,
    /// Writes nothing. Inside a transaction, asserts that the value is still the one that was read.
    Keep,
}

/// A state as the table has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StateItem {
    /// The value, unless it expired.
    value: Option<StoredValue>,
    revision: u64,
    /// The ids of the last writes, newest first. A missing item has none.
    writes: Vec<String>,
    since: Option<Mark>,
}

impl StateItem {
    /// Returns the value, or `None` if there is none.
    pub fn value(&self) -> Option<&StoredValue> {
        self.value.as_ref()
    }

    /// Reads an item of the table.
    pub(super) fn read(item: Option<&Item>) -> Result<Self, StateProblem> {
        let Some(item) = item else { return Ok(Self::default()) };
        let ids = item.get(WRITES).and_then(|writes| writes.as_l().ok()).ok_or(StateProblem::Malformed)?;
        let ids: Option<Vec<String>> = ids.iter().map(|id| id.as_s().ok().cloned()).collect();
        let writes = ids.filter(|ids| !ids.is_empty()).ok_or(StateProblem::Malformed)?;
        let value = match item.get(VALUE) {
            None => None,
            // An item that DynamoDB's TTL has not deleted yet has no value any more.
            Some(_) if get_number(item, EXPIRES_AT).is_some_and(|at| at <= epoch_seconds()) => None,
            Some(AttributeValue::S(json)) => {
                let version = get_number(item, VERSION).and_then(|version| version.try_into().ok());
                Some(StoredValue { version: version.ok_or(StateProblem::Malformed)?, json: json.clone() })
            }
            Some(_) => return Err(StateProblem::Malformed),
        };
        let revision = get_number(item, REVISION).ok_or(StateProblem::Malformed)?;
        Ok(Self { value, revision, writes, since: get_text(item, SINCE).and_then(Mark::parse) })
    }

    /// Returns true if `id` is one of the last writes.
    pub(super) fn has_write(&self, id: &str) -> bool {
        self.writes.iter().any(|known| known == id)
    }

    /// Returns true if a write on top of `base` would still be among [`Self::has_write`]'s.
    pub(super) fn remembers_writes_after(&self, base: &Self) -> bool {
        self.revision.checked_sub(base.revision).is_some_and(|writes| writes <= WRITES_KEPT as u64)
    }

    /// Builds the write that puts `new` in place of this value.
    ///
    /// Its condition names the last write and not its number: an id never returns, so the condition cannot hold again
    /// after a reset.
    pub(super) fn change(
        &self,
        scope: &Scope,
        name: Name<'_>,
        new: &NewValue,
        id: &str,
    ) -> Result<Change, StateProblem> {
        let sk = state_sk(name);
        let bytes = scope.pk().len() + sk.len() + ATTRIBUTES_BYTES;
        let mut change = Change::new(scope, sk);
        match self.writes.first() {
            Some(last) => {
                change.name("#writes", WRITES);
                change.require("#writes[0] = :seen");
                change.value(":seen", text(last));
            }
            None => change.require("attribute_not_exists(pk)"),
        }
        let ids = std::iter::once(id).chain(self.writes.iter().map(String::as_str)).take(WRITES_KEPT);
        change.set(WRITES, AttributeValue::L(ids.map(text).collect()));
        change.set(REVISION, number(self.revision + 1));
        // A value keeps its mark while it lives. A tombstone keeps the mark of the reset that made it.
        if self.value.is_none() {
            change.set(SINCE, text(Mark::after(self.since).to_text()));
        }
        match new {
            NewValue::Put(value) => {
                let bytes = bytes + value.json.len();
                if bytes > MAX_ITEM_BYTES {
                    return Err(StateProblem::TooLarge { bytes, limit: MAX_ITEM_BYTES, way_out: USE_A_LOG });
                }
                change.bytes = bytes;
                change.set(VALUE, text(&value.json));
                change.set(VERSION, number(value.version.into()));
                change.expire_at(scope.expires_at());
            }
            NewValue::Keep if self.value.is_some() => {}
            NewValue::Keep | NewValue::Clear => {
                change.remove(VALUE);
                change.remove(VERSION);
                change.expire_at(Some(tombstone_expiry(scope)));
            }
        }
        Ok(change)
    }

    /// Returns this state with another value, as a later read inside the same transaction sees it.
    pub fn with(&self, new: &NewValue) -> Option<StoredValue> {
        match new {
            NewValue::Put(value) => Some(value.clone()),
            NewValue::Clear => None,
            NewValue::Keep => self.value.clone(),
        }
    }
}

/// Returns the expiry of a tombstone that is written now.
pub(super) fn tombstone_expiry(scope: &Scope) -> u64 {
    scope.expires_at().unwrap_or(u64::MAX).min(epoch_seconds() + TOMBSTONE_SECONDS)
}

/// Returns the id of a new write: 90 random bits in 16 characters, because an item holds 16 of them.
pub(super) fn new_write_id() -> String {
    URL_SAFE_NO_PAD.encode(&Uuid::new_v4().as_bytes()[4..])
}
