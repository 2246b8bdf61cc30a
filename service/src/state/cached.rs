//! Results that are computed once and shared, first in this process and then by the table.

use std::{future::Future, ops::Deref, sync::Arc, time::Duration};

use serde::{Serialize, de::DeserializeOwned};

use crate::{
    clock::epoch_seconds,
    store::CachedValue,
    tools::{
        Context, ToolError,
        local_cache::{Lookup, Miss},
    },
};

/// A cached result.
#[derive(Debug)]
pub struct Cached<T> {
    /// The result. Other calls of this process share it.
    pub value: Arc<T>,
    /// True if it came from the cache.
    pub hit: bool,
}

impl<T> Deref for Cached<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl Context {
    /// Returns the cached result for `key`, or computes it and keeps it for `ttl`.
    ///
    /// The cache belongs to the principal and the tool: no other principal and no other tool sees the result. Within a
    /// replica, concurrent calls with the same key share one computation, its result and its failure. Replicas share
    /// the result through the table. A cache may miss: a result over 400 KB stays in the replica that computed it, and
    /// a result that another replica has just written may be computed again.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// # mcp_stateful::state::example::run(async |cx, _| {
    /// for hit in [false, true] {
    ///     let answer = cx.cached("question", Duration::from_secs(60), async { Ok(42) }).await?;
    ///     assert_eq!((*answer, answer.hit), (42, hit));
    /// }
    /// # Ok(()) }).unwrap();
    /// ```
    ///
    /// # Errors
    /// The error of `compute`, also for calls that waited for it. [`ToolError::Store`] if the table cannot be read.
    pub async fn cached<T: Serialize + DeserializeOwned + Send + Sync + 'static>(
        &self,
        key: &str,
        ttl: Duration,
        compute: impl Future<Output = Result<T, ToolError>>,
    ) -> Result<Cached<T>, ToolError> {
        // Principal ids have a fixed length and names of tools no NUL, so two callers never share a key.
        let local = [self.principal().id().unwrap_or_default(), "\0", self.tool(), "\0", key].concat();
        match self.local_cache().look_up(&local).await {
            Lookup::Hit(value) => {
                self.metrics().cache("local_hit");
                Ok(Cached { value, hit: true })
            }
            Lookup::Failed(error) => Err(error),
            // Boxed because it is large: a hit must not carry it along.
            Lookup::Miss(miss) => Box::pin(self.look_up_in_table(key, ttl, compute, miss)).await,
        }
    }

    /// Reads the result from the table, or computes it.
    async fn look_up_in_table<T: Serialize + DeserializeOwned + Send + Sync + 'static>(
        &self,
        key: &str,
        ttl: Duration,
        compute: impl Future<Output = Result<T, ToolError>>,
        miss: Miss<'_>,
    ) -> Result<Cached<T>, ToolError> {
        let found = match self.store().cached(self.principal(), self.tool(), key).await {
            Ok(found) => found,
            Err(kind) => return Err(miss.fail(ToolError::Store { kind, consequence: "" })),
        };
        // An entry that does not decode was written for another type, and is replaced.
        let found = found.and_then(|entry| Some((serde_json::from_str(&entry.value).ok()?, entry)));
        if let Some((value, entry)) = found {
            self.metrics().cache("table_hit");
            return Ok(Cached { value: miss.fill(value, entry.value.len(), entry.expires_at), hit: true });
        }
        let computed = match compute.await {
            Ok(value) => serde_json::to_string(&value).map(|json| (value, json)).map_err(ToolError::internal),
            Err(error) => Err(error),
        };
        let (value, json) = match computed {
            Ok(computed) => computed,
            Err(error) => return Err(miss.fail(error)),
        };
        let entry = CachedValue { value: json, expires_at: epoch_seconds() + ttl.as_secs().max(1) };
        // The result is valid even if the table rejects it, and the store has logged the reason.
        if self.store().cache(self.principal(), self.tool(), key, &entry).await.is_err() {
            self.metrics().cache("unkept");
        }
        self.metrics().cache("miss");
        Ok(Cached { value: miss.fill(value, entry.value.len(), entry.expires_at), hit: false })
    }
}
