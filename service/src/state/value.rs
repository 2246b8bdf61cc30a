//! A typed state: read, updated, deleted.

use std::{convert::Infallible, marker::PhantomData};

use super::{
    error::{Place, StateError},
    evolution::{Loaded, State},
};
use crate::{
    store::{Name, NewValue, Scope, StateItem, StateProblem},
    tools::{Context, ToolError},
};

/// The state `T` of a session or a principal.
#[derive(Debug)]
#[must_use = "a handle reads and writes nothing by itself"]
pub struct StateHandle<'a, T> {
    cx: &'a Context,
    scope: Scope,
    state: PhantomData<fn() -> T>,
}

impl Context {
    /// Returns the state `T` of a session or of the principal.
    ///
    /// ```
    /// use mcp_stateful::{prelude::*, state::State};
    ///
    /// #[derive(Serialize, Deserialize, Default)]
    /// struct Cart {
    ///     items: Vec<String>,
    /// }
    ///
    /// impl State for Cart {
    ///     const NAME: &'static str = "cart";
    /// }
    ///
    /// # mcp_stateful::state::example::run(async |cx, session| {
    /// let cart = cx.state::<Cart>(session);
    /// assert!(cart.read().await?.items.is_empty());
    ///
    /// let items = cart.update(|cart| { cart.items.push("tea".into()); cart.items.len() }).await?;
    /// assert_eq!(items, 1);
    /// assert_eq!(cart.read().await?.items, ["tea"]);
    ///
    /// // The principal's own cart, in all its sessions.
    /// assert!(cx.state::<Cart>(cx.principal()).read().await?.items.is_empty());
    /// # Ok(()) }).unwrap();
    /// ```
    pub fn state<T: State>(&self, scope: impl Into<Scope>) -> StateHandle<'_, T> {
        const {
            assert!(Name::is_valid(T::NAME), "State::NAME must be 1 to 64 of A-Z a-z 0-9 _ . -");
            assert!(T::READS >= T::VERSION, "State::READS must not be below State::VERSION");
        }
        StateHandle { cx: self, scope: scope.into(), state: PhantomData }
    }
}

impl<T: State> StateHandle<'_, T> {
    /// Returns the value, or its default if there is none. Strongly consistent: it includes every update that was
    /// acknowledged before, at any replica.
    ///
    /// # Errors
    /// [`StateError`] if the store fails or the value does not decode.
    pub async fn read(&self) -> Result<T, StateError> {
        let read = async {
            let item = self.cx.store().state(&self.scope, Name::new(T::NAME)?).await?;
            Ok(Loaded::new(item.value())?.value)
        };
        read.await.map_err(self.error())
    }

    /// Changes the value and returns the closure's result.
    ///
    /// An acknowledged update is applied once and never lost, whatever other replicas do at the same time. If another
    /// update comes in between, the closure runs again on the new value, until the deadline of the call. So it must
    /// have no other effect than on its argument. If it leaves the value as it was, nothing is written.
    ///
    /// # Errors
    /// [`StateError`] if the store fails, if other updates were faster until the deadline, if the stored value does not
    /// decode or has a newer version, or if the new one is too large. Nothing is changed then, unless the problem is
    /// [`StateProblem::Unknown`] or [`StateProblem::Overtaken`]: the update may have been applied.
    pub async fn update<R: Send>(&self, mut change: impl FnMut(&mut T) -> R + Send) -> Result<R, StateError> {
        let Ok(result) = self.change(|value| Ok::<R, Infallible>(change(value))).await?;
        Ok(result)
    }

    /// Changes the value as [`update`](Self::update) does, unless the closure returns an error. Then nothing is
    /// written.
    ///
    /// ```
    /// # use mcp_stateful::{prelude::*, state::State};
    /// # #[derive(Serialize, Deserialize, Default)]
    /// # struct Stock { left: u32 }
    /// # impl State for Stock { const NAME: &'static str = "stock"; }
    /// # mcp_stateful::state::example::run(async |cx, session| {
    /// let take = cx
    ///     .state::<Stock>(session)
    ///     .try_update(|stock| {
    ///         stock.left = stock.left.checked_sub(1).ok_or_else(|| ToolError::failed("sold out"))?;
    ///         Ok(stock.left)
    ///     })
    ///     .await;
    /// assert_eq!(take.unwrap_err().to_string(), "sold out");
    /// # Ok(()) }).unwrap();
    /// ```
    ///
    /// # Errors
    /// The closure's error, or a [`StateError`] as [`ToolError`].
    pub async fn try_update<R: Send>(
        &self,
        change: impl FnMut(&mut T) -> Result<R, ToolError> + Send,
    ) -> Result<R, ToolError> {
        self.change(change).await?
    }

    /// Deletes the value. A later read returns the default.
    ///
    /// # Errors
    /// [`StateError`] if the store fails.
    pub async fn delete(&self) -> Result<(), StateError> {
        self.store_change(&mut |_: &StateItem| Ok(NewValue::Clear)).await
    }

    async fn change<R: Send, E: Send>(
        &self,
        mut change: impl FnMut(&mut T) -> Result<R, E> + Send,
    ) -> Result<Result<R, E>, StateError> {
        let mut result = None;
        let mut edit = |now: &StateItem| {
            let mut loaded = Loaded::<T>::new(now.value())?;
            let outcome = change(&mut loaded.value);
            let new = if outcome.is_ok() { loaded.into_change() } else { Ok(NewValue::Keep) };
            result = Some(outcome);
            new
        };
        self.store_change(&mut edit).await?;
        // The store calls the closure before it returns without error.
        result.ok_or_else(|| self.error()(StateProblem::Malformed))
    }

    async fn store_change(&self, edit: &mut crate::store::Edit<'_>) -> Result<(), StateError> {
        let name = Name::new(T::NAME).map_err(self.error())?;
        // Boxed because it is large, and so would be every caller's future.
        let update = Box::pin(self.cx.store().update_state(&self.scope, name, self.cx.deadline(), edit));
        update.await.map_err(self.error())
    }

    fn error(&self) -> impl FnOnce(StateProblem) -> StateError {
        Place::new(self.cx, "state", T::NAME, &self.scope).error()
    }
}
