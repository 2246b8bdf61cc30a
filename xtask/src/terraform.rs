//! Terraform: starts it, checks its version and `infra/`, and parses its output. `stack` knows what is deployed
//! with it.

mod check;
pub(crate) mod command;
pub(crate) mod env;
mod messages;
mod version;

pub use check::check;
pub use messages::{Changes, JsonOutput};
pub use version::require;
