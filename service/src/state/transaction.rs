//! The transaction of a keyed call: its writes are buffered, and its reads see them.

use std::{
    marker::PhantomData,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use serde::Serialize;

use super::{
    error::{Place, StateError},
    evolution::{Loaded, State},
    json::encode,
};
use crate::{
    session::Session,
    store::{CounterItem, MAX_ITEM_BYTES, Name, NewValue, Scope, StateItem, StateProblem, Write},
    tools::{Context, MAX_NOTE_BYTES, ToolError},
};

/// The writes of a keyed call, committed together after its closure.
///
/// A value that was read is guarded: if another call changes it before the commit, the closure runs again. Clones share
/// the writes.
#[derive(Debug, Clone)]
pub struct Transaction {
    cx: Context,
    writes: Arc<Mutex<Vec<Write>>>,
}

/// A state inside a transaction.
#[derive(Debug)]
#[must_use = "a handle reads and writes nothing by itself"]
pub struct TransactionState<'a, T> {
    transaction: &'a Transaction,
    scope: Scope,
    state: PhantomData<fn() -> T>,
}

/// A counter inside a transaction.
#[derive(Debug)]
#[must_use = "a handle reads and writes nothing by itself"]
pub struct TransactionCounter<'a> {
    transaction: &'a Transaction,
    scope: Scope,
    name: &'a str,
}

/// A log inside a transaction.
#[derive(Debug)]
#[must_use = "a handle writes nothing by itself"]
pub struct TransactionLog<'a, T> {
    transaction: &'a Transaction,
    scope: Scope,
    name: &'a str,
    entry: PhantomData<fn(&T)>,
}

impl Transaction {
    pub(super) fn new(cx: &Context) -> Self {
        Self { cx: cx.clone(), writes: Arc::default() }
    }

    pub(super) fn take_writes(&self) -> Vec<Write> {
        std::mem::take(&mut *self.writes())
    }

    /// Returns the state `T` of a session or of the principal.
    pub fn state<T: State>(&self, scope: impl Into<Scope>) -> TransactionState<'_, T> {
        const { assert!(Name::is_valid(T::NAME), "State::NAME must be 1 to 64 of A-Z a-z 0-9 _ . -") }
        TransactionState { transaction: self, scope: scope.into(), state: PhantomData }
    }

    /// Returns a counter of a session or of the principal.
    pub fn counter<'a>(&'a self, scope: impl Into<Scope>, name: &'a str) -> TransactionCounter<'a> {
        TransactionCounter { transaction: self, scope: scope.into(), name }
    }

    /// Returns a log of a session or of the principal.
    pub fn log<'a, T: Serialize>(&'a self, scope: impl Into<Scope>, name: &'a str) -> TransactionLog<'a, T> {
        TransactionLog { transaction: self, scope: scope.into(), name, entry: PhantomData }
    }

    /// Adds a note to a session, as `add_note` does.
    ///
    /// # Errors
    /// [`ToolError`] if the note is too long.
    pub fn add_note(&self, session: &Session, note: impl Into<String>) -> Result<(), ToolError> {
        let note = note.into();
        if note.len() > MAX_NOTE_BYTES {
            let (bytes, limit) = (note.len(), MAX_NOTE_BYTES);
            return Err(ToolError::failed(format!("the note has {bytes} bytes; the limit is {limit}: shorten it")));
        }
        self.writes().push(Write::Note { session: session.clone(), note });
        Ok(())
    }

    fn writes(&self) -> MutexGuard<'_, Vec<Write>> {
        self.writes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: State> TransactionState<'_, T> {
    /// Returns the value, with the changes that the transaction has made so far.
    ///
    /// # Errors
    /// [`ToolError`] if the store fails or the value does not decode.
    pub async fn read(&self) -> Result<T, ToolError> {
        Ok(self.load().await?.value)
    }

    /// Changes the value when the transaction commits. Returns the closure's result.
    ///
    /// # Errors
    /// [`ToolError`] if the store fails, or the value does not decode or has a newer version.
    pub async fn update<R>(&self, change: impl FnOnce(&mut T) -> R) -> Result<R, ToolError> {
        let mut loaded = self.load().await?;
        let result = change(&mut loaded.value);
        let new = loaded.into_change().map_err(self.error())?;
        self.put(new)?;
        Ok(result)
    }

    /// Deletes the value when the transaction commits.
    ///
    /// # Errors
    /// [`ToolError`] if the store fails.
    pub async fn delete(&self) -> Result<(), ToolError> {
        self.fetch().await?;
        self.put(NewValue::Clear)
    }

    async fn load(&self) -> Result<Loaded<T>, ToolError> {
        self.fetch().await?;
        let value = self.with_write(|base, new| base.with(new)).flatten();
        Ok(Loaded::new(value.as_ref()).map_err(self.error())?)
    }

    /// Reads the state from the table, unless the transaction has it already.
    async fn fetch(&self) -> Result<(), ToolError> {
        if self.with_write(|_, _| ()).is_some() {
            return Ok(());
        }
        let read = async { self.transaction.cx.store().state(&self.scope, Name::new(T::NAME)?).await };
        let base = read.await.map_err(self.error())?;
        // Another branch of the closure may have read it meanwhile, and changed it.
        if self.with_write(|_, _| ()).is_none() {
            let (scope, name) = (self.scope.clone(), T::NAME.to_owned());
            self.transaction.writes().push(Write::State { scope, name, base, new: NewValue::Keep });
        }
        Ok(())
    }

    fn put(&self, change: NewValue) -> Result<(), ToolError> {
        if let NewValue::Put(value) = &change
            && value.json.len() > MAX_ITEM_BYTES
        {
            let (bytes, limit) = (value.json.len(), MAX_ITEM_BYTES);
            let way_out = "store less, or append the parts to a log";
            return Err(self.error()(StateProblem::TooLarge { bytes, limit, way_out }).into());
        }
        // A change that leaves the value as the transaction has it keeps the earlier change.
        if change != NewValue::Keep {
            self.with_write(|_, new| *new = change);
        }
        Ok(())
    }

    /// Runs `work` on the transaction's write of this state, if there is one.
    fn with_write<R>(&self, work: impl FnOnce(&StateItem, &mut NewValue) -> R) -> Option<R> {
        self.transaction
            .writes()
            .iter_mut()
            .find_map(|write| match write {
                Write::State { scope, name, base, new } if *scope == self.scope && name == T::NAME => Some((base, new)),
                _ => None,
            })
            .map(|(base, new)| work(base, new))
    }

    fn error(&self) -> impl FnOnce(StateProblem) -> StateError {
        Place::new(&self.transaction.cx, "state", T::NAME, &self.scope).error()
    }
}

impl TransactionCounter<'_> {
    /// Adds to the number when the transaction commits. Without [`get`](Self::get), additions of other calls do not
    /// conflict with it.
    ///
    /// # Errors
    /// [`ToolError`] if the name is invalid, or the transaction's additions together exceed 64 bits.
    pub fn add(&self, add: i64) -> Result<(), ToolError> {
        Name::new(self.name).map_err(self.error())?;
        let sum = self.with_write(|sum, _| sum.checked_add(add).map(|new| *sum = new).ok_or(*sum));
        match sum {
            Some(Ok(())) => Ok(()),
            Some(Err(value)) => Err(self.error()(StateProblem::Overflow { value, add }).into()),
            None => {
                self.push(add, None);
                Ok(())
            }
        }
    }

    /// Returns the number, with the transaction's own additions. The transaction then applies only if the number is
    /// still the same.
    ///
    /// # Errors
    /// [`ToolError`] if the store fails, or the sum exceeds 64 bits.
    pub async fn get(&self) -> Result<i64, ToolError> {
        if !self.with_write(|_, read| read.is_some()).unwrap_or_default() {
            let read = async { self.transaction.cx.store().counter(&self.scope, Name::new(self.name)?).await };
            let read = read.await.map_err(self.error())?;
            if self.with_write(|_, known| *known = known.or(Some(read))).is_none() {
                self.push(0, Some(read));
            }
        }
        let (add, value) = self.with_write(|add, read| (*add, read.map_or(0, CounterItem::count))).unwrap_or_default();
        let sum = value.checked_add(add).ok_or_else(|| self.error()(StateProblem::Overflow { value, add }))?;
        Ok(sum)
    }

    fn push(&self, add: i64, read: Option<CounterItem>) {
        let (scope, name) = (self.scope.clone(), self.name.to_owned());
        self.transaction.writes().push(Write::Counter { scope, name, add, read });
    }

    fn with_write<R>(&self, work: impl FnOnce(&mut i64, &mut Option<CounterItem>) -> R) -> Option<R> {
        self.transaction
            .writes()
            .iter_mut()
            .find_map(|write| match write {
                Write::Counter { scope, name, add, read } if *scope == self.scope && name == self.name => {
                    Some((add, read))
                }
                _ => None,
            })
            .map(|(add, read)| work(add, read))
    }

    fn error(&self) -> impl FnOnce(StateProblem) -> StateError {
        Place::new(&self.transaction.cx, "counter", self.name, &self.scope).error()
    }
}

impl<T: Serialize> TransactionLog<'_, T> {
    /// Appends an entry when the transaction commits.
    ///
    /// # Errors
    /// [`ToolError`] if the name is invalid or the entry does not encode.
    pub fn append(&self, entry: &T) -> Result<(), ToolError> {
        let error = || Place::new(&self.transaction.cx, "log", self.name, &self.scope).error();
        Name::new(self.name).map_err(error())?;
        let (scope, name, entry) = (self.scope.clone(), self.name.to_owned(), encode(entry).map_err(error())?);
        self.transaction.writes().push(Write::Log { scope, name, entry });
        Ok(())
    }
}
