//! The tools' cache entries. An entry counts only while it lives and only for the very key it was written for.

use super::{
    Store, StoreError,
    item::{self, Item, get_number, get_text, number, text},
    keys::{EXPIRES_AT, cache_sk, tool_pk},
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
            .set_key(Some(item::key(tool_pk(principal, tool), cache_sk(key))))
            .consistent_read(true);
        let answer = self.send(request).await?;
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
            .set_item(Some(item::key(tool_pk(principal, tool), cache_sk(key))))
            .item(KEY, text(key))
            .item(VALUE, text(json))
            .item(EXPIRES_AT, number(entry.expires_at));
        self.send(request).await?;
        Ok(())
    }
}

fn read(item: &Item, key: &str) -> Option<CachedValue> {
    let expires_at = get_number(item, EXPIRES_AT)?;
    let value = serde_json::from_str(get_text(item, VALUE)?).ok()?;
    (get_text(item, KEY)? == key).then_some(CachedValue { value, expires_at })
}
