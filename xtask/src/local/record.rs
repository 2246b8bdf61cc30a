//! The record of the process that serves a deployment. Replaced atomically, so that it is never half written.

use std::{collections::BTreeMap, fs, io, path::Path};

use anyhow::Context;
use serde::{Deserialize, Serialize};

use super::{home::Home, identity::Identity, metrics::MetricsPort};
use crate::error::ErrorExt;

/// A started service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Record {
    /// The process.
    #[serde(flatten)]
    pub(crate) identity: Identity,
    /// Its settings, with which it can be started again.
    #[serde(flatten)]
    pub(crate) launch: Launch,
    /// Its address without a path.
    pub(crate) url: String,
    /// The address of its metrics.
    pub(crate) metrics_url: Option<String>,
    /// Time of its start, in seconds since 1970.
    pub(crate) started_at: u64,
}

/// Settings of a version, enough to start it again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Launch {
    pub(crate) port: u16,
    pub(crate) metrics: MetricsPort,
    pub(crate) revision: String,
    /// The package, its version and revisions. Records of earlier versions have none.
    #[serde(default)]
    pub(crate) source: Option<String>,
    /// The settings of its environment's file, so that a rollback starts it as it ran. Records of earlier versions have
    /// none.
    #[serde(default)]
    pub(crate) settings: BTreeMap<String, String>,
    /// The variables of its tools.
    #[serde(default)]
    pub(crate) environment: BTreeMap<String, String>,
    /// The names of its tools' secrets. Their values are in its process only.
    #[serde(default)]
    pub(crate) secrets: Vec<String>,
}

impl Launch {
    /// Returns the name of the package.
    pub(crate) fn package(&self) -> Option<&str> {
        self.source.as_ref()?.split(' ').next()
    }

    /// Returns true if a version with these settings holds a port.
    pub(crate) fn uses(&self, port: u16) -> bool {
        self.port == port || self.metrics == MetricsPort::Port(port)
    }
}

/// Reads the record, if there is one.
pub(crate) fn load(home: &Home) -> anyhow::Result<Option<Record>> {
    let path = home.record();
    let text = match fs::read_to_string(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        text => text.with_context(|| format!("cannot read {}", path.display()))?,
    };
    serde_json::from_str(&text)
        .with_context(|| format!("invalid record {}", path.display()))
        .hint(format!("delete {}, then rerun the command: the process is found without it", path.display()))
        .map(Some)
}

/// Writes the record, replacing the last one.
pub(crate) fn save(home: &Home, record: &Record) -> anyhow::Result<()> {
    let path = home.record();
    let text = serde_json::to_string_pretty(record).context("cannot serialize the record")?;
    replace(&path, &text).with_context(|| format!("cannot write {}", path.display()))
}

/// Deletes the record, if there is one.
pub(crate) fn remove(home: &Home) -> anyhow::Result<()> {
    let path = home.record();
    match fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("cannot delete {}", path.display()))
        }
        _ => Ok(()),
    }
}

fn replace(path: &Path, text: &str) -> io::Result<()> {
    let draft = path.with_extension("draft");
    fs::write(&draft, text)?;
    fs::rename(&draft, path)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn example() -> Record {
        Record {
            identity: Identity { pid: 4242, start_time: 1_795_363_380, exe: "/home/bin/mcp-stateful-0".into() },
            launch: Launch {
                port: 3333,
                metrics: MetricsPort::Port(9464),
                revision: "0123456789ab".to_owned(),
                source: Some("mcp-stateful 0.1.0, revision 0123456789ab".to_owned()),
                settings: BTreeMap::new(),
                environment: BTreeMap::new(),
                secrets: Vec::new(),
            },
            url: "http://127.0.0.1:3333".to_owned(),
            metrics_url: Some("http://127.0.0.1:9464/metrics".to_owned()),
            started_at: 1_795_363_380,
        }
    }

    #[test]
    fn saved_record_is_loaded() {
        let directory = tempfile::tempdir().unwrap();
        let home = Home::at(directory.path());
        assert_eq!(load(&home).unwrap(), None);
        save(&home, &example()).unwrap();
        assert_eq!(load(&home).unwrap(), Some(example()));
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
        remove(&home).unwrap();
        remove(&home).unwrap();
        assert_eq!(load(&home).unwrap(), None);
    }

    #[test]
    fn record_is_flat() {
        let record = serde_json::to_value(example()).unwrap();
        for field in ["pid", "start_time", "exe", "url", "metrics_url", "revision", "started_at"] {
            assert!(record.get(field).is_some(), "{field}");
        }
    }

    #[test]
    fn broken_record_has_a_hint() {
        let directory = tempfile::tempdir().unwrap();
        let home = Home::at(directory.path());
        fs::write(home.record(), "{").unwrap();
        let error = load(&home).unwrap_err();
        assert!(!crate::error::hints_of(&error).is_empty());
    }
}
