//! The cache entries of tools. An entry is used only before its expiry and only for exactly the key it was written for.

use super::{
    Store, StoreError,
    item::{self, Item, get_number, get_text, number, text},
    keys::{EXPIRES_AT, cache_sk, tool_pk},
};
use crate::{clock::epoch_seconds, principal::Principal};

/// The whole key of an entry. Entries of the v1 (Python) server have none and are ignored: the 64 hash bits in their
/// sort key do not prove that the keys are equal.
const KEY: &str = "key";
/// The result, as JSON text.
const VALUE: &str = "value";

/// DynamoDB's item limit (400 KB), less the size of keys and names.
const MAX_ENTRY_BYTES: usize = 400 * 1024 - 512;

/// A cached result and its expiry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CachedValue {
    /// The result.
    pub value: String,
    /// The first second, in epoch seconds, in which it is no longer valid.
    pub expires_at: u64,
}

impl Store {
    /// Returns the value of `key` in the principal's cache of `tool`, unless it expired. Strongly consistent.
    ///
    /// # Errors
    /// [`StoreError`] if the store fails.
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
        let output = self.send(request).await?;
        Ok(output.item.and_then(|item| entry_for(&item, key)).filter(|entry| entry.expires_at > epoch_seconds()))
    }

    /// Stores `entry` under `key`. Skips an entry over DynamoDB's 400 KB, because a cache may miss.
    ///
    /// # Errors
    /// [`StoreError`] if the store fails.
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

fn entry_for(item: &Item, key: &str) -> Option<CachedValue> {
    let expires_at = get_number(item, EXPIRES_AT)?;
    let value = serde_json::from_str(get_text(item, VALUE)?).ok()?;
    (get_text(item, KEY)? == key).then_some(CachedValue { value, expires_at })
}
