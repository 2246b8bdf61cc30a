//! The tools: their trait, their registry, and the calls that both APIs ([`crate::mcp`], [`crate::rest`]) make.
//!
//! A tool of this crate has a file of its own below, its `mod`, and its line in [`BUILT_IN`].

mod add_note;
mod arguments;
mod call_record;
pub mod catalog;
mod context;
mod create_session;
mod definition;
mod derived;
mod dispatch;
mod echo_cached;
mod error;
mod get_notes;
pub mod http_client;
mod idempotency;
pub(crate) mod local_cache;
mod normalize;
mod output;
mod registry;
mod rendered;
mod reset_session;
mod schema;
mod session_id;
mod tool;

pub use add_note::{AddNote, MAX_NOTE_BYTES};
pub use context::Context;
pub(crate) use context::Data;
#[cfg(feature = "testing")]
pub(crate) use context::Variables;
pub use create_session::CreateSession;
pub use definition::{Definition, Effect};
pub use dispatch::Tools;
pub use echo_cached::{EchoCached, LIFETIME_SECONDS, MAX_TEXT_BYTES};
pub use error::ToolError;
pub use get_notes::{GetNotes, MAX_LIMIT};
pub(crate) use idempotency::UNCERTAIN;
pub use output::ToolOutput;
pub(crate) use registry::list;
pub use registry::{Registration, Registry, RegistryError};
pub use reset_session::ResetSession;
pub use session_id::SessionId;
pub use tool::Tool;

/// The tools of this crate, in the order in which clients see them: the v1 server's, then the new ones.
pub const BUILT_IN: &[Registration] = &[
    Registration::of::<AddNote>(),
    Registration::of::<GetNotes>(),
    Registration::of::<EchoCached>(),
    Registration::of::<ResetSession>(),
    Registration::of::<CreateSession>(),
];
