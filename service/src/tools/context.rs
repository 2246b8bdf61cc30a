//! The context of one tool call: its caller, its limits, and access to what all calls share.

mod data;
mod digest;
mod environment;

use std::{fmt, sync::Arc};

use serde_json::{Map, Value};
use tokio::time::Instant;

use super::{
    error::ToolError,
    http_client::{Clients, Http},
    local_cache::LocalCache,
    session_id::SessionId,
};
use crate::{
    config::Limits,
    principal::Principal,
    store::Store,
    telemetry::{Metrics, call::CallContext},
};

pub(crate) use data::Data;
#[cfg(feature = "testing")]
pub(crate) use environment::Variables;

/// The context of one tool call. Cloning is cheap.
///
/// `tracing` inside a call needs no context: every log line has the call's id, tool, principal and session. Tasks
/// that a tool spawns do not inherit them, and they do not end with the call.
#[derive(Clone)]
pub struct Context {
    shared: Arc<Shared>,
    call: Arc<CallContext>,
    deadline: Instant,
    /// The normalized arguments, unless the tool does without.
    arguments: Option<Arc<Map<String, Value>>>,
}

/// The state that all calls share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) store: Store,
    pub(super) limits: Limits,
    pub(super) metrics: Arc<Metrics>,
    pub(super) local_cache: LocalCache,
    pub(super) http: Arc<Clients>,
    pub(super) data: Data,
}

impl Context {
    pub(super) fn new(
        shared: Arc<Shared>,
        call: Arc<CallContext>,
        deadline: Instant,
        arguments: Option<Map<String, Value>>,
    ) -> Self {
        Self { shared, call, deadline, arguments: arguments.map(Arc::new) }
    }

    /// Returns the verified caller.
    pub fn principal(&self) -> &Principal {
        self.call.principal()
    }

    /// Returns the name of the called tool.
    pub fn tool(&self) -> &'static str {
        self.call.tool()
    }

    /// Returns the id of the call, which is part of every log line of the call.
    pub fn id(&self) -> &str {
        self.call.id()
    }

    /// Returns the time at which the client gets a time-out instead of the result. Work that waits should end
    /// before.
    pub fn deadline(&self) -> Instant {
        self.deadline
    }

    /// Returns the HTTP client, which reaches public addresses only.
    pub fn http(&self) -> Http {
        Http::new(self.shared.http.clone(), self.deadline)
    }

    /// Opens a session of the caller: a handle from `create_session`, or a name. Arguments of the type
    /// [`SessionId`] are open already.
    ///
    /// # Errors
    /// [`ToolError::Invalid`] if it is neither, has expired, or belongs to another principal.
    pub fn session(&self, id: impl Into<String>) -> Result<SessionId, ToolError> {
        Ok(SessionId::open(self.principal(), id.into())?)
    }

    pub(crate) fn store(&self) -> &Store {
        &self.shared.store
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.shared.limits
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.shared.metrics
    }

    /// Returns the cache in this process that all calls share.
    pub(crate) fn local_cache(&self) -> &LocalCache {
        &self.shared.local_cache
    }

    /// Returns a SHA-256 of the call's normalized arguments without `idempotency_key`: equal for a repeated call,
    /// and different for a call with other arguments.
    pub(crate) fn arguments_digest(&self) -> [u8; 32] {
        self.arguments.as_deref().map_or_else(|| digest::digest(&Map::new()), digest::digest)
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").field("call", &self.call).finish_non_exhaustive()
    }
}
