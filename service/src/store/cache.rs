//! The tools' cache entries. An entry counts only while it lives and only for the very key it was written for.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;

use super::{
    Store, StoreError,
    keys::{EXPIRES_AT, PK, SK, cache_sk, tool_pk},
    observe::sent,
};
use crate::{clock::epoch_seconds, principal::Principal};

/// The whole key of an entry. The original's entries have none, and are not used: 64 bits of a hash prove nothing.
const KEY: &str = "key";
/// The result, as JSON text.
const VALUE: &str = "value";

/// DynamoDB's limit for an item (400 KB), less the room that keys and names take.
const MAX_ENTRY_BYTES: usize = 400 * 1024 - 512;

/// A result that was computed before, and until when it may be used (epoch seconds).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CachedValue {
    /// The result.
    pub value: String,
    /// The first second in which it is no longer valid.
    pub expires_at: u64,
}

impl Store {
    /// The value of `key` in the principal's cache of `tool`, unless it expired. Strongly consistent.
    ///
    /// # Errors
    /// As every call.
    pub async fn cached(
        &self,
        principal: &Principal,
        tool: &str,
        key: &str,
    ) -> Result<Option<CachedValue>, StoreError> {
        let request = self
            .client
            .get_item()
            .table_name(self.table())
            .key(PK, AttributeValue::S(tool_pk(principal, tool)))
            .key(SK, AttributeValue::S(cache_sk(key)))
            .consistent_read(true);
        let answer = sent(request.send()).await?;
        Ok(answer.item.and_then(|item| read(&item, key)).filter(|entry| entry.expires_at > epoch_seconds()))
    }

    /// Keeps `entry` for `key`. An entry over DynamoDB's 400 KB is left out: the cache is an aid, not a promise.
    ///
    /// # Errors
    /// As every call.
    pub async fn cache(
        &self,
        principal: &Principal,
        tool: &str,
        key: &str,
        entry: &CachedValue,
    ) -> Result<(), StoreError> {
        let json = serde_json::Value::from(entry.value.as_str()).to_string();
        if key.len() + json.len() > MAX_ENTRY_BYTES {
            return Ok(());
        }
        let request = self
            .client
            .put_item()
            .table_name(self.table())
            .item(PK, AttributeValue::S(tool_pk(principal, tool)))
            .item(SK, AttributeValue::S(cache_sk(key)))
            .item(KEY, AttributeValue::S(key.to_owned()))
            .item(VALUE, AttributeValue::S(json))
            .item(EXPIRES_AT, AttributeValue::N(entry.expires_at.to_string()));
        sent(request.send()).await?;
        Ok(())
    }
}

fn read(item: &HashMap<String, AttributeValue>, key: &str) -> Option<CachedValue> {
    let text = |name| item.get(name).and_then(|value| value.as_s().ok());
    let expires_at = item.get(EXPIRES_AT)?.as_n().ok()?.parse().ok()?;
    let value = serde_json::from_str(text(VALUE)?).ok()?;
    (text(KEY)? == key).then_some(CachedValue { value, expires_at })
}
