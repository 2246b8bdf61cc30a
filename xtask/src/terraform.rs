//! Terraform: the door to it, its checks and its version, and what it says. What is deployed with it is `stack`'s to know.

mod check;
pub(crate) mod process;
mod said;
mod version;

pub use check::check;
pub use said::{Changes, Said};
pub use version::require;
