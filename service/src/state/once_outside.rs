//! Keyed calls with an effect outside the table.

use std::future::Future;

use serde::{Serialize, de::DeserializeOwned};

use super::{
    error::Place,
    json::encode,
    once::{Once, replay},
};
use crate::{
    store::{AfterCrash, IdempotencyKey, Intent, Scope},
    telemetry::targets,
    tools::{Context, ToolError},
};

impl Context {
    /// Runs an effect outside the table, such as a payment or a mail, under `key`.
    ///
    /// The intent is recorded first, then the effect runs, then its result is recorded. A repeated call returns the
    /// recorded result, or waits while the first one runs. `after_crash` decides what it does if the first one ended
    /// without a result:
    ///
    /// - [`AfterCrash::RunAgain`] runs the effect again. Use it if the effect is safe to repeat, for example because
    ///   the other service takes the same key.
    /// - [`AfterCrash::Report`] returns an error that the outcome is unknown.
    ///
    /// **Not guaranteed:** that the effect happens exactly once. A process may stop after the effect and before its
    /// record, and nothing in the table can show which of the two happened. So the effect happens at most once with
    /// `Report` and at least once with `RunAgain`, if the key is repeated until there is a result.
    ///
    /// An error of the effect counts as such a crash, because it may have happened all the same (a time-out). Return a
    /// definite refusal, such as a declined card, as a value: it is recorded, and a repeated call gets it again.
    ///
    /// Without a key the effect simply runs.
    ///
    /// ```
    /// use mcp_stateful::{prelude::*, state::AfterCrash};
    ///
    /// # mcp_stateful::state::example::run(async |cx, session| {
    /// let key = IdempotencyKey::try_from("7f3c".to_owned())?;
    /// let charge = || async { Ok::<_, ToolError>("receipt 1".to_owned()) };
    /// let first = cx.once_outside(session, Some(&key), AfterCrash::Report, charge()).await?;
    /// let again = cx.once_outside(session, Some(&key), AfterCrash::Report, charge()).await?;
    /// assert_eq!((first.replayed, again.replayed), (false, true));
    /// assert_eq!(first.value, again.value);
    /// # Ok(()) }).unwrap();
    /// ```
    ///
    /// # Errors
    /// The error of the effect. A [`StateError`](super::StateError) as [`ToolError`] if the store fails, the key was
    /// used for another call, an earlier call is in progress at the deadline, or its outcome is unknown.
    pub async fn once_outside<R: Serialize + DeserializeOwned>(
        &self,
        scope: impl Into<Scope>,
        key: Option<&IdempotencyKey>,
        after_crash: AfterCrash,
        effect: impl Future<Output = Result<R, ToolError>>,
    ) -> Result<Once<R>, ToolError> {
        let Some(key) = key else { return Ok(Once { value: effect.await?, replayed: false }) };
        let scope = scope.into();
        let call = self.keyed_call(&scope, Some(key));
        let place = Place::new(self, "the keyed call", "", &scope);
        let (store, deadline) = (self.store(), self.deadline());
        let begin = Box::pin(store.begin_outside(&call, after_crash, deadline));
        if let Intent::Recorded(recorded) = begin.await.map_err(place.error())? {
            return Ok(replay(&recorded).map_err(place.error())?);
        }
        // Beyond the deadline another call may run the effect, so this one must not.
        let ended = tokio::time::timeout_at(deadline, effect).await;
        let value = match ended.unwrap_or_else(|_| Err(ToolError::Incomplete(LATE.to_owned()))) {
            Ok(value) => value,
            Err(error) => {
                if after_crash == AfterCrash::RunAgain {
                    // Otherwise the lease ends by itself.
                    store.release_outside(&call, deadline).await.ok();
                }
                return Err(error);
            }
        };
        let json = encode(&value).map_err(place.error())?;
        // The effect has happened, so the client gets its result. A repeated call finds none.
        if let Err(problem) = store.end_outside(&call, &json, deadline).await {
            let error = place.error()(problem).to_string();
            tracing::error!(target: targets::TOOL_ERROR, error, "the result of an effect is not recorded");
        }
        Ok(Once { value, replayed: false })
    }
}

/// The text for an effect that outlasts the call.
const LATE: &str = "the call did not end before its deadline, and its outcome is unknown: call again with the same \
                    `idempotency_key`";
