//! Terraform: the door to it, its checks and its version, and what it says. What is deployed with it is `stack`'s to know.

mod check;
pub(crate) mod process;
mod said;
mod version;

pub(crate) use check::check;
pub(crate) use said::{Changes, Said};
pub(crate) use version::require;
