//! Reads the suite's output: one directory per scenario, with its checks as JSON.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::Context;
use serde::Deserialize;

/// The beginning of a directory's name, before the scenario and the time.
const PREFIX: &str = "server-";
/// The length of `-2026-11-22T16-43-17-327Z`.
const TIME_LENGTH: usize = 25;

/// One check of a scenario.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Check {
    pub(crate) id: String,
    pub(crate) status: Status,
    #[serde(default, rename = "errorMessage")]
    pub(crate) error: Option<String>,
}

/// The suite's verdict on a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum Status {
    Success,
    Failure,
    Warning,
    Skipped,
    Info,
}

/// Reads the checks of every scenario in a directory.
pub(crate) fn read(output: &Path) -> anyhow::Result<BTreeMap<String, Vec<Check>>> {
    let mut scenarios = BTreeMap::new();
    for entry in fs::read_dir(output).with_context(|| format!("the suite left no results in {}", output.display()))? {
        let entry = entry.with_context(|| format!("cannot read {}", output.display()))?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let checks = entry.path().join("checks.json");
        // A scenario that could not run leaves a directory without checks. `verdict` reports it as not run.
        if let (Some(scenario), true) = (scenario_of(&name), checks.exists()) {
            let text = fs::read_to_string(&checks).with_context(|| format!("cannot read {}", checks.display()))?;
            let checks: Vec<Check> =
                serde_json::from_str(&text).with_context(|| format!("cannot parse {}", checks.display()))?;
            scenarios.insert(scenario.to_owned(), checks);
        }
    }
    Ok(scenarios)
}

fn scenario_of(directory: &str) -> Option<&str> {
    let name = directory.strip_prefix(PREFIX)?;
    name.get(..name.len().checked_sub(TIME_LENGTH)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directory_name_contains_scenario() {
        assert_eq!(scenario_of("server-tools-list-2026-11-22T16-43-17-327Z"), Some("tools-list"));
        assert_eq!(scenario_of("server-server-stateless-2026-11-22T16-43-17-327Z"), Some("server-stateless"));
        assert_eq!(scenario_of("other"), None);
        assert_eq!(scenario_of("server-x"), None);
    }

    #[test]
    fn scenario_without_checks_is_left_out() {
        let directory = tempfile::tempdir().unwrap();
        let scenario = directory.path().join("server-ping-2026-11-22T16-43-17-327Z");
        fs::create_dir(&scenario).unwrap();
        fs::create_dir(directory.path().join("server-other-2026-11-22T16-43-17-327Z")).unwrap();
        fs::write(
            scenario.join("checks.json"),
            r#"[{"id":"ping","status":"FAILURE","errorMessage":"x","details":{}},{"id":"b","status":"SUCCESS"}]"#,
        )
        .unwrap();
        let read = read(directory.path()).unwrap();
        assert_eq!(read.len(), 1);
        assert_eq!(
            read["ping"][0],
            Check { id: "ping".to_owned(), status: Status::Failure, error: Some("x".to_owned()) }
        );
    }
}
