//! The part of a deploy that nobody commands: ECS puts the new version in place, and we look on, judge, say why it fails and
//! see to it that something serves afterwards.
//!
//! Looks at a service before and after Terraform changes it; changes nothing itself but on the way back.

pub mod address;
mod baseline;
mod cause;
mod diagnosis;
mod endpoint;
mod evaluate;
mod log_errors;
pub(crate) mod log_line;
mod progress;
mod rollback;
mod wait;

pub use self::{
    address::{Address, address},
    baseline::Before,
    diagnosis::Diagnosis,
    endpoint::serving,
    evaluate::is_crash,
    log_errors::log_errors,
    rollback::short,
    wait::{Live, wait},
};
