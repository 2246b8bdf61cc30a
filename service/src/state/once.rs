//! Calls under an idempotency key: effect and result are one transaction.

use std::future::Future;

use serde::{Serialize, de::DeserializeOwned};

use super::{error::Place, json::encode, transaction::Transaction};
use crate::{
    store::{Commit, IdempotencyKey, KeyedCall, Pace, Recorded, Scope, StateProblem},
    tools::{Context, ToolError, UNCERTAIN},
};

/// The result of a keyed call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Once<T> {
    /// The result, the same for every repetition of the call.
    pub value: T,
    /// True if an earlier call with the same key had taken effect, so that this one changed nothing.
    pub replayed: bool,
}

impl Context {
    /// Runs `work` once under `key`: what it writes through its transaction and its result take effect together, or not
    /// at all.
    ///
    /// A repeated call with the same key, at any replica and within 24 hours, returns the first result. The same key
    /// with other arguments is an error. Without a key, the transaction still applies once, but a call that the client
    /// repeats is a new one. If other calls change what `work` has read, it runs again, so it must have no effect
    /// outside of its transaction. An error of `work` writes nothing, and a repeated call runs it again.
    ///
    /// ```
    /// use mcp_stateful::{prelude::*, state::State};
    ///
    /// #[derive(Serialize, Deserialize, Default)]
    /// struct Account {
    ///     cents: u64,
    /// }
    ///
    /// impl State for Account {
    ///     const NAME: &'static str = "account";
    /// }
    ///
    /// # mcp_stateful::state::example::run(async |cx, session| {
    /// let key = IdempotencyKey::try_from("7f3c".to_owned())?;
    /// for replayed in [false, true] {
    ///     let deposit = cx
    ///         .once(session, Some(&key), async |tx| {
    ///             tx.log::<String>(session, "bookings").append(&"deposit".to_owned())?;
    ///             tx.counter(session, "deposits").add(1)?;
    ///             tx.state::<Account>(session).update(|account| { account.cents += 500; account.cents }).await
    ///         })
    ///         .await?;
    ///     assert_eq!((deposit.value, deposit.replayed), (500, replayed));
    /// }
    /// assert_eq!(cx.counter(session, "deposits").get().await?, 1);
    /// # Ok(()) }).unwrap();
    /// ```
    ///
    /// # Errors
    /// The error of `work`. A [`StateError`](super::StateError) as [`ToolError`] if the key was used for another call,
    /// the store fails, the transaction exceeds 100 items or 4 MB, or other calls were faster until the deadline.
    pub async fn once<R, Work>(
        &self,
        scope: impl Into<Scope>,
        key: Option<&IdempotencyKey>,
        mut work: impl FnMut(Transaction) -> Work,
    ) -> Result<Once<R>, ToolError>
    where
        R: Serialize + DeserializeOwned,
        Work: Future<Output = Result<R, ToolError>>,
    {
        let scope = scope.into();
        let call = self.keyed_call(&scope, key);
        let place = Place::new(self, "the keyed call", "", &scope);
        let mut pace = Pace::until(self.deadline());
        let mut retrying = false;
        loop {
            let recorded = self.store().recorded(&call, retrying).await.map_err(place.error())?;
            if let Some(recorded) = recorded {
                return Ok(replay(&recorded).map_err(place.error())?);
            }
            let transaction = Transaction::new(self);
            let value = match work(transaction.clone()).await {
                Ok(value) => value,
                // The call may be a repetition of one that has just changed what `work` complains about.
                Err(error) => match self.store().recorded(&call, retrying).await {
                    Ok(Some(recorded)) => return Ok(replay(&recorded).map_err(place.error())?),
                    _ => return Err(error),
                },
            };
            let json = encode(&value).map_err(place.error())?;
            let writes = transaction.take_writes();
            let commit = Box::pin(self.store().commit(&call, &writes, &json, self.deadline()));
            match commit.await.map_err(|problem| keyed_error(problem, key.is_some(), place))? {
                Commit::Applied => return Ok(Once { value, replayed: false }),
                Commit::Recorded(recorded) => return Ok(replay(&recorded).map_err(place.error())?),
                Commit::Conflict => retrying = true,
            }
            if !pace.pause().await {
                return Err(place.error()(StateProblem::Contended).into());
            }
        }
    }

    /// Identifies this call among those with the same key: by its tool and its arguments.
    pub(super) fn keyed_call(&self, scope: &Scope, key: Option<&IdempotencyKey>) -> KeyedCall {
        let digest: String = self.arguments_digest().iter().map(|byte| format!("{byte:02x}")).collect();
        KeyedCall::new(scope.clone(), key, format!("{} {digest}", self.tool()))
    }
}

/// Converts the problem of a commit. The key lets the client find out about an unknown outcome.
fn keyed_error(problem: StateProblem, has_key: bool, place: Place<'_>) -> ToolError {
    match problem {
        StateProblem::Unknown(kind) if has_key => ToolError::Store { kind, consequence: UNCERTAIN },
        problem => place.error()(problem).into(),
    }
}

/// Decodes a recorded result.
pub(super) fn replay<R: DeserializeOwned>(recorded: &Recorded) -> Result<Once<R>, StateProblem> {
    let value = serde_json::from_str(&recorded.result).map_err(|error| StateProblem::Undecodable(error.to_string()))?;
    Ok(Once { value, replayed: recorded.replayed })
}
