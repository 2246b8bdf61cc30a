//! libFuzzer on [`mcp_stateful_fuzz::requests`].

#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| mcp_stateful_fuzz::requests::check(input));
