//! The state of tools: values that are updated, counters, logs, and calls that are executed once.
//!
//! - [`update`] replaces a value by compare and set. No acknowledged update is lost, and none applies twice.
//! - [`counter`] adds to a number in the table itself.
//! - [`log`] appends entries and reads them in order.
//! - [`transaction`] commits the writes of a call together with its result under an idempotency key. [`outside`] does
//!   the same for an effect that the table cannot hold, as far as that is possible.
//! - [`reset`] clears all of a session.
//!
//! Values are JSON texts here. [`crate::state`] gives them types. Every protocol assumes that any response may be lost,
//! that a request may arrive late, twice or never, that a process may stop between any two requests, and that other
//! replicas do the same at the same time. The items are described in [`super::keys`].

mod attempt;
mod change;
mod counter;
mod item;
mod log;
mod mark;
mod name;
mod outside;
mod problem;
mod reset;
mod scope;
mod transaction;
mod turns;
mod update;

pub(crate) use attempt::Pace;
pub use counter::CounterItem;
pub use item::{MAX_ITEM_BYTES, NewValue, StateItem, StoredValue, WRITES_KEPT};
pub use log::{LogItems, LogRange};
pub(super) use mark::Mark;
pub use name::{MAX_NAME_BYTES, Name};
pub use outside::{AfterCrash, Intent};
pub use problem::StateProblem;
pub use scope::Scope;
pub use transaction::{Commit, KeyedCall, MAX_TRANSACTION_BYTES, MAX_TRANSACTION_ITEMS, Recorded, Write};
pub(super) use turns::Turns;
pub use update::Edit;
