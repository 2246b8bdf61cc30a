//! What has to hold for whatever reaches the service from outside. A file for each target: what its input is, and the
//! properties, which panic where they break. `cargo xtask fuzz` makes up inputs; `tests/seeds.rs` tries those that are kept.
//!
//! The service is reached by its public functions and its whole router, never by a parser that is nobody's but its own.

#![expect(clippy::expect_used, clippy::panic, reason = "a panic is how a property says that it broke")]

pub mod bodies;
pub mod cursors;
pub mod handles;
pub mod hosts;
pub mod jwts;
pub mod requests;
mod service;
pub mod tokens;

/// A property: panics if it does not hold for this input.
pub type Property = fn(&[u8]);

/// Every target, by the name of its file, its seeds and its binary.
pub const TARGETS: [(&str, Property); 7] = [
    ("bodies", bodies::hold),
    ("cursors", cursors::hold),
    ("handles", handles::hold),
    ("hosts", hosts::hold),
    ("jwts", jwts::hold),
    ("requests", requests::hold),
    ("tokens", tokens::hold),
];

/// The input's lines: what a target reads it as, so that a seed can be read and written by people.
fn lines(input: &[u8]) -> impl Iterator<Item = &[u8]> {
    input.split(|byte| *byte == b'\n')
}
