//! The edge: everything that happens to a request before a surface sees it, and the loop that accepts connections.

mod answers;
mod auth;
mod body;
mod challenge;
mod count;
mod front;
mod gate;
mod guard;
mod health;
mod listener;
mod metadata;
mod origin;
mod router;
mod scope;

pub use answers::error_answer;
pub use front::Front;
pub use guard::Admitted;
pub use listener::{DRAIN, serve};
pub use router::{Edge, metrics};
