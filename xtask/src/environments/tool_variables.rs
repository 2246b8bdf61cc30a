//! `[environment]`: the environment variables of tools, in plain text. Their names are checked as `infra/` checks them,
//! with the same words (`infra/variables_tools.tf`).

use std::collections::BTreeMap;

use toml::{Table, Value};

use super::Found;

/// The variable that names the directory of the assets (`[image]`). The image and a local deployment set it.
pub(crate) const ASSETS_DIR: &str = "ASSETS_DIR";

/// The prefixes of variables that the server, the AWS SDK, ECS and the runtime read.
const RESERVED_PREFIXES: [&str; 4] = ["MCP_", "AWS_", "ECS_", "TOKIO_"];
const RESERVED: &str = "names that begin with MCP_, AWS_, ECS_ or TOKIO_ are reserved, and so is ASSETS_DIR";
const EXPECTED: &str = "expected names of upper-case letters, digits and underscores";
const MAX_NAME: usize = 128;

/// Returns why a tool's variable cannot have a name, and what to do instead.
pub(super) fn name_problem(name: &str) -> Option<(&'static str, String)> {
    let fits = name.starts_with(|c: char| c.is_ascii_uppercase())
        && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
        && name.len() <= MAX_NAME;
    if !fits {
        return Some((EXPECTED, format!("rename it, such as to {}", suggestion(name))));
    }
    let is_reserved = name == ASSETS_DIR || RESERVED_PREFIXES.iter().any(|prefix| name.starts_with(prefix));
    let fix = match name.strip_prefix("MCP_") {
        Some(setting) => {
            format!("set {} in [settings] if it is one of the server, or rename it", setting.to_lowercase())
        }
        None => "rename it".to_owned(),
    };
    is_reserved.then_some((RESERVED, fix))
}

fn suggestion(name: &str) -> String {
    let upper = name.to_ascii_uppercase();
    let name: String = upper.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    let name = name.trim_start_matches(|c: char| !c.is_ascii_uppercase());
    if name.is_empty() { "BUCKET".to_owned() } else { name.to_owned() }
}

pub(super) fn parse(table: &Table, found: &mut Found<'_>) -> BTreeMap<String, String> {
    let mut variables = BTreeMap::new();
    for (name, value) in table {
        if let Some((what, fix)) = name_problem(name) {
            found.add(format!("invalid {name} in [environment]: {what}"), fix);
            continue;
        }
        match text(value).filter(|text| !text.is_empty()) {
            Some(text) => drop(variables.insert(name.clone(), text)),
            None => found.add(
                format!("invalid {name}: expected text that is not empty, a number, true or false"),
                format!("write it as {name} = \"…\", or remove it"),
            ),
        }
    }
    variables
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Integer(number) => Some(number.to_string()),
        Value::Float(number) => Some(number.to_string()),
        Value::Boolean(value) => Some(value.to_string()),
        Value::Array(_) | Value::Datetime(_) | Value::Table(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reserved_names_are_rejected() {
        for name in ["MCP_LOG", "AWS_REGION", "ECS_CONTAINER_METADATA_URI_V4", "TOKIO_WORKER_THREADS", ASSETS_DIR] {
            assert_eq!(name_problem(name).map(|(what, _)| what), Some(RESERVED), "{name}");
        }
        for name in ["bucket", "1ST", "_X", "A-B", "", "Ä"] {
            assert_eq!(name_problem(name).map(|(what, _)| what), Some(EXPECTED), "{name}");
        }
        for name in ["BUCKET", "HTTPS_PROXY", "A1_", "ASSETS_DIR_2", "MCP"] {
            assert_eq!(name_problem(name), None, "{name}");
        }
        assert_eq!(name_problem("my-bucket").unwrap().1, "rename it, such as to MY_BUCKET");
        assert!(name_problem("MCP_LOG").unwrap().1.starts_with("set log in [settings]"));
    }

    #[test]
    fn terraform_rejects_names_with_the_same_words() {
        let infra = include_str!("../../../infra/variables_tools.tf");
        for words in [RESERVED, EXPECTED] {
            for variable in ["environment", "secrets"] {
                assert!(infra.contains(&format!("\"invalid {variable}: {words}")), "{variable}: {words}");
            }
        }
        let pattern = format!("^({}|{ASSETS_DIR}$)", RESERVED_PREFIXES.join("|"));
        assert_eq!(infra.matches(&pattern).count(), 2, "{pattern}");
    }
}
