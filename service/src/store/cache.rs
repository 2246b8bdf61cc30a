//! The cached results of tools, shared by all replicas. An entry is used only before its expiry.

use super::{
    Store, StoreError,
    item::{self, Item, get_number, get_text, number, text},
    keys::{CACHE, EXPIRES_AT, cache_pk},
};
use crate::{clock::epoch_seconds, principal::Principal};

/// The result, as JSON text.
const VALUE: &str = "value";

/// DynamoDB's item limit (400 KB), less the size of keys and names.
const MAX_ENTRY_BYTES: usize = 400 * 1024 - 512;

/// A cached result and its expiry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CachedValue {
    /// The result, as JSON text.
    pub value: String,
    /// The first second, in epoch seconds, in which it is no longer valid.
    pub expires_at: u64,
}

impl Store {
    /// Returns the value of `key` in the principal's cache of `tool`, unless it expired.
    ///
    /// Eventually consistent, at half the cost: an entry that is missed is computed again.
    ///
    /// # Errors
    /// [`StoreError`] if the store fails.
    pub async fn cached(
        &self,
        principal: &Principal,
        tool: &str,
        key: &str,
    ) -> Result<Option<CachedValue>, StoreError> {
        let key = item::key(cache_pk(principal, tool, key), CACHE);
        let request = self.client.get_item().table_name(self.table()).set_key(Some(key)).consistent_read(false);
        let output = self.send(request).await?;
        Ok(output.item.and_then(|item| entry(&item)).filter(|entry| entry.expires_at > epoch_seconds()))
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
        if entry.value.len() > MAX_ENTRY_BYTES {
            return Ok(());
        }
        let request = self
            .client
            .put_item()
            .table_name(self.table())
            .set_item(Some(item::key(cache_pk(principal, tool, key), CACHE)))
            .item(VALUE, text(entry.value.as_str()))
            .item(EXPIRES_AT, number(entry.expires_at));
        self.send(request).await?;
        Ok(())
    }
}

fn entry(item: &Item) -> Option<CachedValue> {
    Some(CachedValue { value: get_text(item, VALUE)?.to_owned(), expires_at: get_number(item, EXPIRES_AT)? })
}
