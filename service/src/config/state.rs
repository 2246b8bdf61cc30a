//! The backend of the table, its name and its time limit.

use std::{path::PathBuf, time::Duration};

use super::problems::{Problems, setting};
use crate::cli::Flags;

/// The table's settings.
#[derive(Debug, Clone)]
pub struct StateConfig {
    /// The backend.
    pub backend: Backend,
    /// The table's name.
    pub table: String,
    /// The longest call to the table, including retries.
    pub deadline: Duration,
}

/// The backends of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Backend {
    /// AWS, or the endpoint in `AWS_ENDPOINT_URL_DYNAMODB`.
    DynamoDb,
    /// The engine in this process, on this file.
    Embedded(PathBuf),
}

impl Backend {
    /// Returns whether the table is in this process.
    pub fn is_embedded(&self) -> bool {
        matches!(self, Self::Embedded(_))
    }
}

impl std::fmt::Display for Backend {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::DynamoDb => f.write_str("DynamoDB"),
            Self::Embedded(path) => write!(f, "the embedded store at {}", path.display()),
        }
    }
}

pub(super) fn parse(problems: &mut Problems, flags: &Flags) -> StateConfig {
    let embedded = problems.choice(setting!(flags.state_backend), &[("embedded", true), ("dynamodb", false)]);
    let backend = match embedded {
        Some(false) => Backend::DynamoDb,
        _ => Backend::Embedded(path(problems, flags)),
    };
    let table = flags.state_table.clone();
    // DynamoDB's "Naming rules": a-z A-Z 0-9 _ - . and 3 to 255 characters.
    let valid = table.chars().all(|c| c.is_ascii_alphanumeric() || "_-.".contains(c));
    if !valid || !(3..=255).contains(&table.len()) {
        let expected = "expected 3 to 255 of a-z, A-Z, 0-9, `_`, `-` and `.`";
        problems.add("state_table", format_args!("invalid table name \"{table}\": {expected}"));
    }
    StateConfig { backend, table, deadline: problems.seconds(setting!(flags.store_deadline), 1..=20) }
}

fn path(problems: &mut Problems, flags: &Flags) -> PathBuf {
    match flags.state_path.as_deref().filter(|path| !path.is_empty()) {
        Some(path) => PathBuf::from(path),
        None => match dirs::data_dir() {
            Some(data) => data.join("mcp-stateful").join("notes.db"),
            None => {
                problems.add("state_path", "no default, because this system has no data directory; set a file");
                PathBuf::new()
            }
        },
    }
}
