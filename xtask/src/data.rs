//! What is in the table, as far as the deployer has to do with it: how many notes there are, out into a file, and back.
//!
//! The keys are those of `service/src/store/keys.rs`. Nothing here decides whether something is deleted.

mod count;
#[cfg(test)]
mod engine;
mod export;
mod import;
mod json;
mod tally;

pub(crate) use count::count;
pub(crate) use export::{Export, export};
pub(crate) use import::{read, write};
pub(crate) use tally::Tally;

/// The hash key's attribute.
const PK: &str = "pk";
/// The range key's attribute.
const SK: &str = "sk";

#[cfg(test)]
mod tests;
