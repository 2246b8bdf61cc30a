//! Fuzzing: coverage-guided by libFuzzer, on a stable compiler. What the targets hold is `service/fuzz`'s.

pub(crate) mod instrument;
pub(crate) mod output;
pub(crate) mod target;
