//! A counter: a number that is added to in the table.

use super::error::{Place, StateError};
use crate::{
    store::{Name, Scope, StateProblem},
    tools::Context,
};

/// A counter of a session or a principal.
#[derive(Debug)]
#[must_use = "a handle reads and writes nothing by itself"]
pub struct Counter<'a> {
    cx: &'a Context,
    scope: Scope,
    name: &'a str,
}

impl Context {
    /// Returns a counter of a session or of the principal. It begins at 0.
    ///
    /// ```
    /// # mcp_stateful::state::example::run(async |cx, session| {
    /// let calls = cx.counter(session, "calls");
    /// assert_eq!(calls.add(1).await?, 1);
    /// assert_eq!(calls.add(2).await?, 3);
    /// assert_eq!(calls.get().await?, 3);
    /// # Ok(()) }).unwrap();
    /// ```
    pub fn counter<'a>(&'a self, scope: impl Into<Scope>, name: &'a str) -> Counter<'a> {
        Counter { cx: self, scope: scope.into(), name }
    }
}

impl Counter<'_> {
    /// Adds to the number and returns the sum.
    ///
    /// An addition whose outcome is unknown is never sent again, by the server or the SDK. A tool that has to be exact
    /// adds inside [`Context::once`].
    ///
    /// # Errors
    /// [`StateError`] if the store fails or the sum exceeds 64 bits. Nothing is added then, unless the problem is
    /// [`StateProblem::Unknown`]: read before repeating the call.
    pub async fn add(&self, add: i64) -> Result<i64, StateError> {
        let name = Name::new(self.name).map_err(self.error())?;
        let sum = Box::pin(self.cx.store().add_to_counter(&self.scope, name, add, self.cx.deadline()));
        sum.await.map_err(self.error())
    }

    /// Returns the number. Strongly consistent.
    ///
    /// # Errors
    /// [`StateError`] if the store fails.
    pub async fn get(&self) -> Result<i64, StateError> {
        let name = Name::new(self.name).map_err(self.error())?;
        Ok(self.cx.store().counter(&self.scope, name).await.map_err(self.error())?.count())
    }

    fn error(&self) -> impl FnOnce(StateProblem) -> StateError {
        Place::new(self.cx, "counter", self.name, &self.scope).error()
    }
}
