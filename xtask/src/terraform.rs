//! Terraform: the door to it, its checks and its version, and what it says. What is deployed with it is `stack`'s to know.

mod check;
pub(crate) mod command;
mod messages;
mod version;

pub use check::check;
pub use messages::{Changes, Said};
pub use version::require;
