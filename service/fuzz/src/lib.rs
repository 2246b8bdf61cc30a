//! Fuzz targets for all input from outside. Each file describes the input of one target and its properties,
//! which panic if they are violated. `cargo xtask fuzz` generates inputs; `tests/seeds.rs` checks the kept
//! ones.
//!
//! A target calls the service's public functions or the whole service, never an internal parser.

#![expect(clippy::expect_used, clippy::panic, reason = "a violated property panics")]

pub mod bodies;
pub mod cursors;
pub mod handles;
pub mod hosts;
pub mod jwts;
pub mod requests;
mod service;
pub mod tokens;

/// A property, which panics if the input violates it.
pub type Property = fn(&[u8]);

/// Every target, with the name of its file, its seeds and its binary.
pub const TARGETS: [(&str, Property); 7] = [
    ("bodies", bodies::check),
    ("cursors", cursors::check),
    ("handles", handles::check),
    ("hosts", hosts::check),
    ("jwts", jwts::check),
    ("requests", requests::check),
    ("tokens", tokens::check),
];

/// Returns whether a text follows JSON's grammar. It may still have a part that no JSON value of the server represents.
fn is_grammatical(text: &[u8]) -> bool {
    std::str::from_utf8(text).is_ok() && serde_json::from_slice::<serde::de::IgnoredAny>(text).is_ok()
}

/// Splits the input into lines. A line-based format keeps seeds readable.
fn lines(input: &[u8]) -> impl Iterator<Item = &[u8]> {
    input.split(|byte| *byte == b'\n')
}
