//! Parses the output of libFuzzer: the progress of a run, or its crash. Runs nothing.

use std::path::PathBuf;

/// The progress of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Progress {
    /// Number of inputs.
    pub(crate) runs: u64,
    /// Inputs per second.
    pub(crate) per_second: u64,
    /// Places in the code that an input reached.
    pub(crate) coverage: u64,
    /// Number of inputs in the corpus: each reached a place that no other did.
    pub(crate) corpus: String,
}

/// An input that violated a property, or exceeded the limit of time or memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Crash {
    /// The panic message of the property, or libFuzzer's summary.
    pub(crate) reason: String,
    /// The file with the input.
    pub(crate) file: PathBuf,
    /// The input itself, if it is short enough for libFuzzer to print.
    pub(crate) base64: Option<String>,
}

/// Parses the output of a successful run. `None` if no instrumented code ran: such a run proves nothing.
pub(crate) fn progress(output: &str) -> Option<Progress> {
    let last = output.lines().rfind(|line| line.starts_with('#') && line.contains(" cov: "))?;
    let word_after = |name: &str| last.split_whitespace().skip_while(move |word| *word != name).nth(1);
    let statistic = |name: &str| output.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
    Some(Progress {
        runs: statistic("stat::number_of_executed_units:")?,
        per_second: statistic("stat::average_exec_per_sec:")?,
        coverage: word_after("cov:")?.parse().ok()?,
        corpus: word_after("corp:")?.split('/').next()?.to_owned(),
    })
}

/// Parses the output of a failed run. `None` if no input caused the failure.
pub(crate) fn crash(output: &str) -> Option<Crash> {
    let after = |mark: &str| output.lines().find_map(|line| line.split_once(mark)).map(|(_, rest)| rest.trim());
    // libFuzzer's own lines begin with `==` and its process ID.
    let panicked = output
        .lines()
        .skip_while(|line| !line.contains("' panicked at ") && !line.contains(") panicked at "))
        .skip(1)
        .take_while(|line| !line.starts_with("note: ") && !line.starts_with("=="))
        .collect::<Vec<_>>()
        .join("\n");
    Some(Crash {
        reason: if panicked.is_empty() { after("SUMMARY: ")?.to_owned() } else { panicked },
        file: after("Test unit written to ")?.into(),
        base64: after("Base64: ").map(str::to_owned),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "\
INFO: Loaded 1 modules   (361 inline 8-bit counters): 361 [0x5566c6a56788, 0x5566c6a568f1),
#4\tINITED cov: 164 ft: 238 corp: 2/34b exec/s: 0 rss: 27Mb
#262144\tpulse  cov: 180 ft: 254 corp: 8/45b lim: 2600 exec/s: 131072 rss: 27Mb
#1199664\tDONE   cov: 181 ft: 254 corp: 9/45b lim: 4096 exec/s: 133296 rss: 27Mb
Done 1199664 runs in 9 second(s)
stat::number_of_executed_units: 1199664
stat::average_exec_per_sec:     133296
";

    const BAD: &str = "\
#13\tINITED cov: 15506 ft: 21256 corp: 12/2201b exec/s: 0 rss: 63Mb

thread '<unnamed>' (7800) panicked at service/fuzz/src/service.rs:61:56:
assertion `left == right` failed: no
  left: 1
note: run with `RUST_BACKTRACE=1` environment variable to display a backtrace
==7800== ERROR: libFuzzer: deadly signal
SUMMARY: libFuzzer: deadly signal
artifact_prefix='/x/'; Test unit written to /x/crash-1f
Base64: bWFn
";

    #[test]
    fn successful_run_has_progress() {
        let progress = progress(GOOD).unwrap();
        assert_eq!((progress.runs, progress.per_second, progress.coverage), (1_199_664, 133_296, 181));
        assert_eq!(progress.corpus, "9");
        assert_eq!(crash(GOOD), None);
    }

    #[test]
    fn crash_has_panic_message_and_input() {
        let crash = crash(BAD).unwrap();
        assert_eq!(crash.reason, "assertion `left == right` failed: no\n  left: 1");
        assert_eq!((crash.file, crash.base64.as_deref()), ("/x/crash-1f".into(), Some("bWFn")));
    }

    #[test]
    fn timeout_has_libfuzzer_summary() {
        let output = "SUMMARY: libFuzzer: timeout\nartifact_prefix='/x/'; Test unit written to /x/timeout-1f\n";
        assert_eq!(crash(output).unwrap().reason, "libFuzzer: timeout");
    }

    #[test]
    fn run_without_instrumentation_is_rejected() {
        assert_eq!(progress("#2\tDONE   corp: 1/1b exec/s: 0\nstat::number_of_executed_units: 2\n"), None);
    }
}
