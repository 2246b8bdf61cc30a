//! The context of the current tool call, available to all code that logs or sends a store request during the call.
//!
//! It is a task-local value and not a span of `tracing`, because a span formats its fields even if no line is written.

mod id;

use std::{
    borrow::Cow,
    future::Future,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

use crate::{principal::Principal, session::Session};
use id::CallId;

tokio::task_local! {
    static CURRENT: Arc<CallContext>;
}

/// The context of one tool call, whose fields are part of every log line of the call.
#[derive(Debug)]
pub struct CallContext {
    id: CallId,
    tool: &'static str,
    principal: Principal,
    session: OnceLock<String>,
    store_requests: AtomicU32,
}

impl CallContext {
    /// Creates the context of a call of `tool` by `principal`.
    pub fn new(tool: &'static str, principal: &Principal) -> Arc<Self> {
        let (session, store_requests) = Default::default();
        Arc::new(Self { id: CallId::next(), tool, principal: principal.clone(), session, store_requests })
    }

    /// Runs `work` with this context as the current one. Tasks that `work` spawns do not inherit it.
    pub async fn scope<T>(self: Arc<Self>, work: impl Future<Output = T>) -> T {
        CURRENT.scope(self, work).await
    }

    /// Runs synchronous `work` with this context as the current one.
    pub fn sync_scope<T>(self: &Arc<Self>, work: impl FnOnce() -> T) -> T {
        CURRENT.sync_scope(self.clone(), work)
    }

    /// Returns the id of the call.
    pub fn id(&self) -> &str {
        self.id.as_str()
    }

    /// Returns the caller.
    pub fn principal(&self) -> &Principal {
        &self.principal
    }

    /// Returns the tool's name.
    pub fn tool(&self) -> &'static str {
        self.tool
    }

    /// Returns the number of requests sent to the table so far, retries included.
    pub fn store_requests(&self) -> u32 {
        self.store_requests.load(Ordering::Relaxed)
    }

    /// Returns the names and values of the fields that every log line of the call has.
    pub(super) fn fields(&self) -> impl Iterator<Item = (&'static str, Cow<'_, str>)> {
        let session = self.session.get().map(|session| ("session", session.as_str()));
        let texts = [("call", self.id()), ("tool", self.tool), ("principal", self.principal.fingerprint())];
        let client = self.principal.client().map(|client| ("client", client.to_string().into()));
        texts.into_iter().chain(session).map(|(name, text)| (name, text.into())).chain(client)
    }
}

/// Returns the caller of the current call.
pub(crate) fn current_principal() -> Option<Principal> {
    CURRENT.try_with(|call| call.principal.clone()).ok()
}

/// Sets the session of the current call, for its log lines.
pub fn set_session(session: &Session) {
    CURRENT.try_with(|call| drop(call.session.set(session.fingerprint()))).ok();
}

/// Counts a request to the table for the current call. Does nothing outside a call, such as at start-up.
pub fn count_store_request() {
    CURRENT.try_with(|call| call.store_requests.fetch_add(1, Ordering::Relaxed)).ok();
}

/// Runs `work` on the current context, if there is one.
pub(super) fn with_current<T>(work: impl FnOnce(&CallContext) -> T) -> Option<T> {
    CURRENT.try_with(|call| work(call)).ok()
}
