//! `[infra]`: variables of `infra/`. Names and types are checked here; Terraform checks the values.

use std::collections::BTreeMap;

use serde_json::Value as Json;
use toml::{Table, Value};

use super::{Found, Place};
use crate::{infra::Infra, nearest};

/// The variables that deploy sets, each with the flag or fact that decides it. Setting them twice could contradict.
const SET_BY_DEPLOY: [(&str, &str); 5] = [
    ("project_name", "it follows --project"),
    ("region", "it follows --region"),
    ("container_image", "it follows --image"),
    ("revision", "it is the revision of the source, read from git"),
    ("token_adopted", "it follows from Terraform's state"),
];

/// A variable of `infra/`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Variable {
    pub(crate) name: String,
    kind: Kind,
}

/// The type of a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Number,
    Bool,
    /// A map or an object.
    Table,
    List,
}

/// Returns the variables that a configuration declares, sorted by name.
pub(crate) fn declared(infra: &Infra) -> anyhow::Result<Vec<Variable>> {
    let files = infra.files()?;
    let texts = files.iter().filter(|(name, _)| name.ends_with(".tf"));
    let mut variables: Vec<Variable> = texts.flat_map(|(_, text)| declarations(text)).collect();
    variables.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(variables)
}

/// Parses the blocks `variable "name" { … type = kind`, in the format of `terraform fmt`.
fn declarations(text: &str) -> Vec<Variable> {
    let mut variables: Vec<Variable> = Vec::new();
    let mut open = false;
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("variable \"").and_then(|rest| rest.split('"').next()) {
            variables.push(Variable { name: name.to_owned(), kind: Kind::Text });
            open = true;
        } else if line.starts_with('}') {
            open = false;
        } else if let (true, Some(variable), Some(kind)) = (open, variables.last_mut(), type_of(line)) {
            variable.kind = kind;
            open = false;
        }
    }
    variables
}

/// Returns the type if the line is an argument `type` of a block.
fn type_of(line: &str) -> Option<Kind> {
    let rest = line.strip_prefix("  type")?.trim_start().strip_prefix('=')?.trim_start();
    let word = rest.split(|c: char| !c.is_ascii_alphabetic()).next()?;
    Some(match word {
        "number" => Kind::Number,
        "bool" => Kind::Bool,
        "map" | "object" => Kind::Table,
        "list" | "set" | "tuple" => Kind::List,
        _ => Kind::Text,
    })
}

/// Returns why a variable cannot be set, and what to do instead. The same holds for the command line.
pub(crate) fn rejection(name: &str) -> Option<(String, String)> {
    if name == "auth_token" {
        return Some((
            "the token must not be on a command line or in a file".to_owned(),
            "set own_token=true with --var, and the environment variable TF_VAR_auth_token".to_owned(),
        ));
    }
    let (_, reason) = SET_BY_DEPLOY.iter().find(|(set, _)| *set == name)?;
    Some((format!("{name} is set by deploy"), format!("remove it; {reason}")))
}

pub(super) fn parse(table: &Table, found: &mut Found<'_>) -> BTreeMap<String, Json> {
    if found.place == Place::Local {
        found.add("[infra] has no effect on this machine", "remove it, or deploy on AWS without --local");
        return BTreeMap::new();
    }
    let declared = found.variables;
    let mut variables = BTreeMap::new();
    for (name, value) in table {
        let variable = declared.iter().find(|variable| variable.name == *name);
        match (name.as_str(), variable) {
            ("auth_token", _) => {
                let fix = "refer to it in [secrets]: auth_token = { variable = \"NAME\" }";
                found.add("the token must not be in a file", fix);
            }
            ("settings" | "environment" | "secrets", _) => {
                found.add(format!("{name} is a section of its own"), format!("write them below [{name}]"));
            }
            (_, None) => {
                found.unknown(name, &nearest::hint(name, declared.iter().map(|variable| variable.name.as_str())));
            }
            (_, Some(variable)) => match rejection(name) {
                Some((what, fix)) => found.add(what, fix),
                None => variables.extend(checked(variable, value, found)),
            },
        }
    }
    variables
}

fn checked(variable: &Variable, value: &Value, found: &mut Found<'_>) -> Option<(String, Json)> {
    let Variable { name, kind } = variable;
    let (fits, expected, example) = match kind {
        Kind::Text => (value.is_str(), "text", "\"…\""),
        Kind::Number => (value.is_integer() || value.is_float(), "a number", "1"),
        Kind::Bool => (value.is_bool(), "true or false", "true"),
        Kind::Table => (value.is_table(), "a table", "{ key = … }"),
        Kind::List => (value.is_array(), "a list", "[…]"),
    };
    match json(value).filter(|_| fits) {
        Some(json) => Some((name.clone(), json)),
        None => {
            // A quoted number or boolean is the usual mistake, because tfvars and shells accept it.
            let plain = value.as_str().filter(|text| match kind {
                Kind::Number => text.parse::<f64>().is_ok(),
                Kind::Bool => text.parse::<bool>().is_ok(),
                _ => false,
            });
            let fix = format!("write {name} = {}", plain.unwrap_or(example));
            found.add(format!("invalid {name}: expected {expected}"), fix);
            None
        }
    }
}

/// Converts a value for Terraform. Terraform has no type for dates.
fn json(value: &Value) -> Option<Json> {
    Some(match value {
        Value::String(text) => Json::from(text.as_str()),
        Value::Integer(number) => Json::from(*number),
        Value::Float(number) => Json::from(serde_json::Number::from_f64(*number)?),
        Value::Boolean(value) => Json::from(*value),
        Value::Array(items) => Json::from(items.iter().map(json).collect::<Option<Vec<_>>>()?),
        Value::Table(table) => {
            let entries = table.iter().map(|(name, value)| Some((name.clone(), json(value)?)));
            Json::from(entries.collect::<Option<serde_json::Map<_, _>>>()?)
        }
        Value::Datetime(_) => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_have_the_types_of_infra() {
        let variables = declared(&Infra::Carried).unwrap();
        let kind = |name: &str| variables.iter().find(|variable| variable.name == name).map(|variable| variable.kind);
        for (name, expected) in [
            ("region", Kind::Text),
            ("fargate_cpu", Kind::Number),
            ("deletion_protection", Kind::Bool),
            ("tags", Kind::Table),
            ("oauth", Kind::Table),
            ("auth_token", Kind::Text),
        ] {
            assert_eq!(kind(name), Some(expected), "{name}");
        }
    }
}
