//! The rehearsal: an AWS emulator on this machine that runs real containers, and the scenarios that our own commands are put
//! through on it, each as a process of its own with the permissions that a deployer has.
//!
//! Judges commands by exit codes, by the events they print and by what is there afterwards. Must not call what a command
//! calls: nothing of a deployment is made or mended here, but what a scenario breaks on purpose.

mod address;
mod changed;
mod daemon;
mod deployers;
mod emulator;
mod emulator_admin;
mod engine;
mod env;
mod image;
mod mounts;
mod outcome;
mod paths;
mod process;
mod python;
mod report;
mod scenarios;
mod service;

pub(crate) use self::{
    env::World,
    report::Report,
    scenarios::{Lane, SCENARIOS, Scenario},
};
