//! The tool call that is being worked on, for whoever logs a line or sends a request meanwhile: without being handed it,
//! and, unlike a span of `tracing`, without being formatted before a line is written.

use std::{
    future::Future,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

use crate::{principal::Principal, session::Session};

tokio::task_local! {
    static CURRENT: Arc<Call>;
}

/// What a line says of the call that it belongs to.
#[derive(Debug)]
pub struct Call {
    tool: &'static str,
    principal: Principal,
    session: OnceLock<String>,
    store_calls: AtomicU32,
}

impl Call {
    /// A call of `tool` in the name of `principal`.
    pub fn new(tool: &'static str, principal: &Principal) -> Arc<Self> {
        let (session, store_calls) = Default::default();
        Arc::new(Self { tool, principal: principal.clone(), session, store_calls })
    }

    /// Runs `work` as a part of the call. What `work` spawns is none.
    pub async fn scope<T>(self: Arc<Self>, work: impl Future<Output = T>) -> T {
        CURRENT.scope(self, work).await
    }

    /// The same for what does not wait.
    pub fn sync_scope<T>(self: &Arc<Self>, work: impl FnOnce() -> T) -> T {
        CURRENT.sync_scope(self.clone(), work)
    }

    /// The tool's name.
    pub fn tool(&self) -> &'static str {
        self.tool
    }

    /// How many requests went to the table, retries counted.
    pub fn store_calls(&self) -> u32 {
        self.store_calls.load(Ordering::Relaxed)
    }

    /// What every line of it says, by name.
    pub(super) fn fields(&self) -> impl Iterator<Item = (&'static str, &str)> {
        let session = self.session.get().map(|session| ("session", session.as_str()));
        [("tool", self.tool), ("principal", self.principal.fingerprint())].into_iter().chain(session)
    }
}

/// The current call is about `session`.
pub fn is_about(session: &Session) {
    CURRENT.try_with(|call| drop(call.session.set(session.fingerprint()))).ok();
}

/// The current call sends a request to the table. Outside of one (readiness, start-up) there is nobody to tell.
pub fn asks_the_store() {
    CURRENT.try_with(|call| call.store_calls.fetch_add(1, Ordering::Relaxed)).ok();
}

/// Shows the current call to `look`, if there is one.
pub(super) fn current<T>(look: impl FnOnce(&Call) -> T) -> Option<T> {
    CURRENT.try_with(|call| look(call)).ok()
}
