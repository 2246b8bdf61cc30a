//! The time that each step took when it last passed, kept below cargo's target directory.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use anyhow::Context;

/// Seconds by the step's name.
#[derive(Debug)]
pub(super) struct Durations {
    file: PathBuf,
    seconds: BTreeMap<String, f64>,
}

impl Durations {
    /// Reads the file. One that is missing or damaged counts as empty: it is a convenience only.
    pub(super) fn load(target: &Path) -> Self {
        let file = target.join("ci-durations.json");
        let text = fs::read_to_string(&file).unwrap_or_default();
        Self { seconds: serde_json::from_str(&text).unwrap_or_default(), file }
    }

    /// Adds a step and writes the file.
    pub(super) fn record(&mut self, step: &str, seconds: f64) -> anyhow::Result<()> {
        self.seconds.insert(step.to_owned(), (seconds * 10.0).round() / 10.0);
        let text = serde_json::to_string_pretty(&self.seconds).context("cannot serialize the steps' durations")?;
        fs::write(&self.file, text).with_context(|| format!("cannot write {}", self.file.display()))
    }

    /// A step's duration in words.
    pub(super) fn describe(&self, step: &str) -> String {
        self.seconds.get(step).map_or_else(|| "not run yet".to_owned(), |seconds| format!("{seconds:.0} s last time"))
    }

    /// The sum of the steps' durations in words.
    pub(super) fn total<'a>(&self, steps: impl Iterator<Item = &'a str>) -> String {
        let known: Vec<Option<&f64>> = steps.map(|step| self.seconds.get(step)).collect();
        let seconds = known.iter().copied().flatten().sum::<f64>().round();
        let minutes = format!("{:.0} min {:02.0} s", (seconds / 60.0).floor(), seconds % 60.0);
        match known.iter().filter(|seconds| seconds.is_none()).count() {
            0 => format!("{minutes} last time"),
            unknown if unknown == known.len() => "no durations are known yet".to_owned(),
            unknown => format!("{minutes} last time, without {unknown} that have not run yet"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_survive_the_process() {
        let target = tempfile::tempdir().unwrap();
        let mut durations = Durations::load(target.path());
        assert_eq!(durations.describe("test"), "not run yet");
        durations.record("test", 83.26).unwrap();
        let durations = Durations::load(target.path());
        assert_eq!(durations.describe("test"), "83 s last time");
        assert_eq!(durations.total(["test"].into_iter()), "1 min 23 s last time");
        let partly = durations.total(["test", "other"].into_iter());
        assert_eq!(partly, "1 min 23 s last time, without 1 that have not run yet");
    }

    #[test]
    fn damaged_file_counts_as_empty() {
        let target = tempfile::tempdir().unwrap();
        fs::write(target.path().join("ci-durations.json"), "{").unwrap();
        assert_eq!(Durations::load(target.path()).total(["a"].into_iter()), "no durations are known yet");
    }
}
