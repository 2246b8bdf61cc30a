//! What libFuzzer said: how far it got, or what it found. Reads text; runs nothing.

use std::path::PathBuf;

/// How far a run got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Progress {
    /// Inputs tried.
    pub(crate) runs: u64,
    /// The same, in a second.
    pub(crate) per_second: u64,
    /// Places of our code that some input reached.
    pub(crate) coverage: u64,
    /// Inputs worth keeping, each for what only it reached.
    pub(crate) corpus: String,
}

/// An input that broke a property, or took too long or too much.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Crash {
    /// What the property said, or libFuzzer's summary.
    pub(crate) why: String,
    /// Where the input lies.
    pub(crate) file: PathBuf,
    /// The input itself, if it is short enough for libFuzzer to print.
    pub(crate) base64: Option<String>,
}

/// How far a run got that ended well. `None` if no code of ours counted: such a run proves nothing.
pub(crate) fn progress(said: &str) -> Option<Progress> {
    let last = said.lines().rfind(|line| line.starts_with('#') && line.contains(" cov: "))?;
    let word_behind = |name: &str| last.split_whitespace().skip_while(move |word| *word != name).nth(1);
    let statistic = |name: &str| said.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
    Some(Progress {
        runs: statistic("stat::number_of_executed_units:")?,
        per_second: statistic("stat::average_exec_per_sec:")?,
        coverage: word_behind("cov:")?.parse().ok()?,
        corpus: word_behind("corp:")?.split('/').next()?.to_owned(),
    })
}

/// The input that ended a run. `None` if something else did.
pub(crate) fn crash(said: &str) -> Option<Crash> {
    let behind = |mark: &str| said.lines().find_map(|line| line.split_once(mark)).map(|(_, rest)| rest.trim());
    // libFuzzer's own lines begin with the number of its process.
    let panicked = said
        .lines()
        .skip_while(|line| !line.contains("' panicked at ") && !line.contains(") panicked at "))
        .skip(1)
        .take_while(|line| !line.starts_with("note: ") && !line.starts_with("=="))
        .collect::<Vec<_>>()
        .join("\n");
    Some(Crash {
        why: if panicked.is_empty() { behind("SUMMARY: ")?.to_owned() } else { panicked },
        file: behind("Test unit written to ")?.into(),
        base64: behind("Base64: ").map(str::to_owned),
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
    fn a_run_that_ended_well_tells_how_far_it_got() {
        let progress = progress(GOOD).unwrap();
        assert_eq!((progress.runs, progress.per_second, progress.coverage), (1_199_664, 133_296, 181));
        assert_eq!(progress.corpus, "9");
        assert_eq!(crash(GOOD), None);
    }

    #[test]
    fn a_crash_is_what_the_property_said_and_the_input() {
        let crash = crash(BAD).unwrap();
        assert_eq!(crash.why, "assertion `left == right` failed: no\n  left: 1");
        assert_eq!((crash.file, crash.base64.as_deref()), ("/x/crash-1f".into(), Some("bWFn")));
    }

    #[test]
    fn what_took_too_long_has_libfuzzer_s_own_words() {
        let said = "SUMMARY: libFuzzer: timeout\nartifact_prefix='/x/'; Test unit written to /x/timeout-1f\n";
        assert_eq!(crash(said).unwrap().why, "libFuzzer: timeout");
    }

    #[test]
    fn a_run_without_instrumentation_is_no_run() {
        assert_eq!(progress("#2\tDONE   corp: 1/1b exec/s: 0\nstat::number_of_executed_units: 2\n"), None);
    }
}
