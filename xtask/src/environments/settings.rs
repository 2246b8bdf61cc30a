//! `[settings]`: the service's settings. Names are checked here. The service checks the values, because it knows them.

use std::collections::BTreeMap;

use toml::{Table, Value};

use super::{Found, Place};
use crate::nearest;

/// The settings that a deployment on this machine decides itself, and the way to change each.
const SET_LOCALLY: [(&str, &str); 6] = [
    ("host", "remove it; a local deployment listens on 127.0.0.1 only"),
    ("metrics_host", "remove it; a local deployment listens on 127.0.0.1 only"),
    ("state_backend", "remove it; a local deployment has the embedded store"),
    ("state_path", "set the variable MCP_LOCAL_DIR to keep the deployments of this machine in another directory"),
    ("state_table", "use another --project for other notes"),
    ("revision", "remove it; deploy reads the revision from git"),
];

/// The settings that a deployment on AWS decides itself, and the way to change each.
const SET_ON_AWS: [(&str, &str); 17] = [
    ("host", "remove it; a task listens on its own address"),
    ("port", "set container_port in [infra]"),
    ("metrics_host", "remove it; a task serves its metrics on its loopback"),
    ("metrics_port", "remove it; a task serves its metrics on its loopback"),
    ("state_backend", "remove it; a task has its table in DynamoDB"),
    ("state_path", "remove it; a task has its table in DynamoDB"),
    ("state_table", "set table_name in [infra]"),
    ("session_ttl", "set session_ttl in [infra]"),
    ("auth_tokens", "set auth_tokens in [infra]"),
    ("oauth_issuer", "set oauth in [infra]"),
    ("oauth_resource", "set oauth in [infra]"),
    ("oauth_audience", "set oauth in [infra]"),
    ("oauth_client_ids", "set oauth in [infra]"),
    ("oauth_jwks_url", "set oauth in [infra]"),
    ("oauth_algorithms", "set oauth in [infra]"),
    ("oauth_read_scope", "set oauth in [infra]"),
    ("oauth_write_scope", "set oauth in [infra]"),
];

/// The declaration of the service's command line. Read as text, because the first build leaves the service's library
/// out.
const COMMAND_LINE: &str = include_str!("../../../service/src/cli.rs");

/// Returns the names of all settings: the variables that the service's command line declares, in lower case and without
/// `MCP_`.
pub(crate) fn declared() -> impl Iterator<Item = String> {
    let names = COMMAND_LINE.split("env = \"MCP_").skip(1).filter_map(|rest| rest.split('"').next());
    names.map(str::to_ascii_lowercase)
}

pub(super) fn parse(table: &Table, found: &mut Found<'_>) -> BTreeMap<String, String> {
    let declared: Vec<String> = declared().collect();
    let mut settings = BTreeMap::new();
    for (name, value) in table {
        if name == "auth_token" {
            found.add(
                "the token must not be in a file",
                "refer to it in [secrets]: auth_token = { variable = \"NAME\" }",
            );
        } else if !declared.contains(name) {
            // `MCP_LOG` is how the variable is written.
            let plain = name.to_ascii_lowercase();
            let plain = plain.strip_prefix("mcp_").unwrap_or(&plain);
            found.unknown(name, &nearest::hint(plain, declared.iter().map(String::as_str)));
        } else if let Some(problem) = rejection(name, found.place) {
            found.add(problem.0, problem.1);
        } else if let Some(text) = text(value) {
            settings.insert(name.clone(), text);
        } else {
            let expected = "expected text, a whole number, true or false, or a list of texts";
            found.add(format!("invalid {name}: {expected}"), format!("write it as {name} = \"…\""));
        }
    }
    settings
}

fn rejection(name: &str, place: Place) -> Option<(String, &'static str)> {
    if name == "revision" {
        return Some(("revision is set by deploy".to_owned(), "remove it; deploy reads the revision from git"));
    }
    let (set, here) = match place {
        Place::Local => (&SET_LOCALLY[..], "for a deployment on this machine"),
        Place::Aws => (&SET_ON_AWS[..], "on AWS"),
    };
    let (_, fix) = set.iter().find(|(known, _)| *known == name)?;
    Some((format!("{name} has no effect {here}"), *fix))
}

/// Returns a value as the service reads it from a variable. Lists are separated by commas.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Integer(number) => Some(number.to_string()),
        Value::Boolean(value) => Some(value.to_string()),
        Value::Array(items) => {
            let items: Option<Vec<&str>> = items.iter().map(Value::as_str).collect();
            items.map(|items| items.join(","))
        }
        Value::Float(_) | Value::Datetime(_) | Value::Table(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declared_settings_are_those_of_the_documentation() {
        let declared: Vec<String> = declared().collect();
        let documented = include_str!("../../../docs/settings.md").split("## The deployer").next().unwrap();
        let documented: Vec<String> = documented
            .lines()
            .filter_map(|line| line.strip_prefix("| `")?.split(" |").next())
            .flat_map(|names| names.split("MCP_").skip(1))
            .map(|name| name.split('`').next().unwrap().to_ascii_lowercase())
            .filter(|name| name != "auth_token")
            .collect();
        assert!(documented.len() > 25, "{documented:?}");
        for name in documented {
            assert!(declared.contains(&name), "{name}");
        }
        let known = |(name, _): &(&str, &str)| declared.iter().any(|declared| declared == name);
        assert!(SET_LOCALLY.iter().chain(&SET_ON_AWS).all(known));
    }
}
