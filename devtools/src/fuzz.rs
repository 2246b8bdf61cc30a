//! Coverage-guided fuzzing with libFuzzer on a stable compiler. The targets and their properties are in `service/fuzz`.

pub(crate) mod instrument;
pub(crate) mod output;
pub(crate) mod target;
