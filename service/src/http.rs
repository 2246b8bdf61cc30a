//! The edge: everything that happens to a request before a surface sees it, and the loop that accepts connections.

mod answers;
mod auth;
mod body;
mod challenge;
mod count;
mod gate;
mod health;
mod listener;
mod metadata;
mod origin;
mod router;
mod scope;

pub use answers::error_answer;
pub use body::Body;
pub use listener::{DRAIN, serve};
pub use router::{Edge, metrics_router, router};
