//! A log: entries that are appended and read in order.

use std::{marker::PhantomData, num::NonZeroUsize};

use serde::{Serialize, de::DeserializeOwned};

use super::error::{Place, StateError};
use crate::{
    store::{LogRange, Name, Scope, StateProblem},
    tools::Context,
};

/// The number of entries of a page that sets no limit.
const DEFAULT_LIMIT: NonZeroUsize = NonZeroUsize::new(100).unwrap();

/// A log of a session or a principal.
#[derive(Debug)]
#[must_use = "a handle reads and writes nothing by itself"]
pub struct Log<'a, T> {
    cx: &'a Context,
    scope: Scope,
    name: &'a str,
    entry: PhantomData<fn() -> T>,
}

/// The part of a log to read. The default is its first 100 entries.
#[derive(Debug, Clone, Copy)]
pub struct PageRequest<'a> {
    cursor: Option<&'a str>,
    limit: NonZeroUsize,
    max_bytes: Option<usize>,
}

impl Default for PageRequest<'_> {
    fn default() -> Self {
        Self { cursor: None, limit: DEFAULT_LIMIT, max_bytes: None }
    }
}

impl<'a> PageRequest<'a> {
    /// Begins after the page that returned this cursor. `None` begins with the first entry.
    #[must_use]
    pub fn after(self, cursor: Option<&'a str>) -> Self {
        Self { cursor, ..self }
    }

    /// Sets the maximum number of entries. 0 counts as 1.
    #[must_use]
    pub fn limit(self, limit: usize) -> Self {
        Self { limit: NonZeroUsize::new(limit).unwrap_or(NonZeroUsize::MIN), ..self }
    }

    /// Sets the maximum size of the entries in bytes of JSON. A page has at least one entry all the same.
    #[must_use]
    pub fn max_bytes(self, bytes: usize) -> Self {
        Self { max_bytes: Some(bytes), ..self }
    }
}

/// A page of a log, oldest entry first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The entries.
    pub entries: Vec<T>,
    /// The cursor of the next page, if more entries follow. A client may keep it.
    pub next: Option<String>,
}

impl Context {
    /// Returns a log of a session or of the principal.
    ///
    /// ```
    /// use mcp_stateful::state::PageRequest;
    ///
    /// # mcp_stateful::state::example::run(async |cx, session| {
    /// let steps = cx.log::<String>(session, "steps");
    /// for step in ["wake up", "have tea", "work"] {
    ///     steps.append(&step.to_owned()).await?;
    /// }
    /// let first = steps.page(PageRequest::default().limit(2)).await?;
    /// assert_eq!(first.entries, ["wake up", "have tea"]);
    /// let rest = steps.page(PageRequest::default().after(first.next.as_deref())).await?;
    /// assert_eq!((rest.entries, rest.next), (vec!["work".to_owned()], None));
    /// # Ok(()) }).unwrap();
    /// ```
    pub fn log<'a, T: Serialize + DeserializeOwned>(&'a self, scope: impl Into<Scope>, name: &'a str) -> Log<'a, T> {
        Log { cx: self, scope: scope.into(), name, entry: PhantomData }
    }
}

impl<T: Serialize + DeserializeOwned> Log<'_, T> {
    /// Appends an entry. After this returns, every later page includes it.
    ///
    /// # Errors
    /// [`StateError`] if the entry is too large or the store fails. In the second case the entry may be stored: a tool
    /// that has to append once does so inside [`Context::once`].
    pub async fn append(&self, entry: &T) -> Result<(), StateError> {
        let append = async {
            let json = serde_json::to_string(entry).map_err(|error| StateProblem::Unencodable(error.to_string()))?;
            self.cx.store().append_to_log(&self.scope, Name::new(self.name)?, &json).await
        };
        append.await.map_err(self.error())
    }

    /// Returns a page of the entries in the order in which they were appended. Strongly consistent.
    ///
    /// # Errors
    /// [`StateError`] if the store fails, the cursor is not one of this log, or an entry does not decode.
    pub async fn page(&self, request: PageRequest<'_>) -> Result<Page<T>, StateError> {
        let PageRequest { cursor, limit, max_bytes } = request;
        let read = async {
            let range = LogRange { cursor, limit, max_bytes };
            let page = self.cx.store().log(&self.scope, Name::new(self.name)?, range).await?;
            let decode = |entry: &String| serde_json::from_str(entry);
            let entries: Result<Vec<T>, _> = page.entries.iter().map(decode).collect();
            let entries = entries.map_err(|error| StateProblem::Undecodable(error.to_string()))?;
            Ok(Page { entries, next: page.next })
        };
        read.await.map_err(self.error())
    }

    fn error(&self) -> impl FnOnce(StateProblem) -> StateError {
        Place::new(self.cx, "log", self.name, &self.scope).error()
    }
}
