//! The part of a deploy that nobody commands: ECS puts the new version in place, and we look on, judge, say why it fails and
//! see to it that something serves afterwards.
//!
//! Looks at a service before and after Terraform changes it; changes nothing itself but on the way back.

pub mod address;
mod before;
mod cause;
mod complaint;
mod diagnosis;
mod judge;
pub(crate) mod line;
mod progress;
mod serving;
mod watch;
mod way_back;

pub use self::{
    address::{Address, address},
    before::Before,
    complaint::complaint,
    diagnosis::Diagnosis,
    judge::is_crash,
    serving::serving,
    watch::{Live, wait},
    way_back::short,
};
