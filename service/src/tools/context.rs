//! The state that all tool calls share.

use std::sync::Arc;

use super::local_cache::LocalCache;
use crate::{store::Store, telemetry::Metrics};

/// The state that all tool calls share.
#[derive(Debug)]
pub(super) struct Context {
    pub(super) store: Store,
    pub(super) echoes: LocalCache,
    pub(super) max_answer_bytes: usize,
    pub(super) session_ttl_seconds: u64,
    pub(super) metrics: Arc<Metrics>,
}
