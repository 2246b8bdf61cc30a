//! The state of tools, as their authors use it: typed values on top of the store.
//!
//! | call | meaning |
//! | --- | --- |
//! | [`Context::state`] | a value of a type: read, updated without losing another update, deleted |
//! | [`Context::counter`] | a number that is added to |
//! | [`Context::log`] | entries that are appended and read in pages |
//! | [`Context::cached`] | a result that is computed once and shared by all replicas for a time |
//! | [`Context::once`] | the effect and the result of a call under an idempotency key, in one transaction |
//! | [`Context::once_outside`] | the same for an effect outside the table, as far as that is possible |
//!
//! All but the cache name a [`Scope`]: a session, or the principal across all its sessions. A session's state expires
//! and is reset with it. The state belongs to its name and not to a tool, so several tools share it.
//!
//! Every limit and every failure is an error that names what was measured and the next step. `docs/state.md` has the
//! guarantees, the costs and the layout of the table.

mod cached;
mod counter;
mod error;
mod evolution;
#[doc(hidden)]
pub mod example;
mod json;
mod log;
mod merge;
mod once;
mod once_outside;
mod transaction;
mod value;

pub use cached::Cached;
pub use counter::Counter;
pub use error::StateError;
pub use evolution::{MigrationError, State};
pub use log::{Log, Page, PageRequest};
pub use once::Once;
pub use transaction::{Transaction, TransactionCounter, TransactionLog, TransactionState};
pub use value::StateHandle;

pub use crate::store::{AfterCrash, MAX_NAME_BYTES, Scope, StateProblem, WRITES_KEPT};
#[cfg(doc)]
use crate::tools::Context;
use crate::tools::SessionId;

impl From<&SessionId> for Scope {
    fn from(session: &SessionId) -> Self {
        Self::from(&**session)
    }
}
