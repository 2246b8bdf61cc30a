//! The rehearsal: end-to-end scenarios that run the real `cargo xtask` commands against an AWS emulator on this
//! machine. The emulator runs real containers, and each command has the permissions of a deployer only.
//!
//! Judges commands by their exit codes, their events and the resources that exist afterwards. Must not call the library
//! functions behind a command. Changes a deployment only where a scenario breaks it on purpose.

mod address;
mod changed_build;
mod command;
mod daemon;
mod deployers;
mod dynamodb;
mod emulator;
mod emulator_admin;
mod engine;
mod env;
mod image;
mod leaks;
mod mounts;
mod outcome;
mod own_crate;
mod paths;
mod python;
mod report;
mod scenarios;
mod service;

pub(crate) use self::{
    dynamodb::DynamoDb,
    env::TestEnv,
    report::Report,
    scenarios::{Group, SCENARIOS, Scenario},
};
