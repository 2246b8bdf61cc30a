//! libFuzzer on [`mcp_stateful_fuzz::tokens`].

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| mcp_stateful_fuzz::tokens::check(input));
