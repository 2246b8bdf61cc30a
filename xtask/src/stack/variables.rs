//! The variables of `infra/`, from three sources. A later source wins: deploy itself, the project's file, the
//! command line.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context, anyhow};
use serde_json::Value;

use crate::{
    cargo,
    error::{ErrorExt, Exit},
    json_file, nearest,
    project::Project,
};

/// The variables that deploy sets, each with the flag or fact that decides it. Setting them twice could contradict.
const SET_BY_DEPLOY: [(&str, &str); 4] = [
    ("project_name", "it follows --project"),
    ("region", "it follows --region"),
    ("container_image", "it follows --image"),
    ("revision", "it is the revision of the source, read from git"),
];

/// Variables of `infra/`: values by name.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Variables(BTreeMap<String, Value>);

impl Variables {
    /// Reads `infra/<project>.tfvars.json`, then `flags`, each of the form `NAME=VALUE`.
    ///
    /// Fails with [`Exit::Usage`] on a variable that `infra/` does not declare, or that has another way to be set.
    pub(crate) fn load(project: &Project, flags: &[String]) -> anyhow::Result<Self> {
        let infra = cargo::workspace_root().join("infra");
        let file = infra.join(format!("{project}.tfvars.json"));
        let mut variables = Self(json_file::load(&file).exit_code(Exit::Usage)?.unwrap_or_default());
        for flag in flags {
            let (name, value) = parse(flag).exit_code(Exit::Usage)?;
            if name == "allowed_cidr" {
                return Err(anyhow!("the variable allowed_cidr cannot be set with --var"))
                    .hint("use --allowed-cidr instead")
                    .exit_code(Exit::Usage);
            }
            variables.0.insert(name, value);
        }
        variables.check(&declared(&infra)?).exit_code(Exit::Usage)?;
        Ok(variables)
    }

    /// Sets a variable, replacing its value.
    pub(crate) fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.0.insert(name.to_owned(), value.into());
    }

    /// Returns a value as text, if it is set and not null.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        match self.0.get(name)? {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            value => Some(value.to_string()),
        }
    }

    /// Returns a value as text, or `default`, which has to be the default in `infra/`.
    pub(crate) fn text_or(&self, name: &str, default: &str) -> String {
        self.text(name).unwrap_or_else(|| default.to_owned())
    }

    /// Returns a value as a number, whether it was given as one or as text, or the default of `infra/`.
    pub(crate) fn number_or(&self, name: &str, default: u32) -> u32 {
        self.text_or(name, "").parse().unwrap_or(default)
    }

    /// Returns the variables as the object that Terraform reads.
    pub(crate) fn json(&self) -> Value {
        self.0.iter().map(|(name, value)| (name.clone(), value.clone())).collect::<serde_json::Map<_, _>>().into()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns `name=value` lines, ordered by name.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.0.iter().map(|(name, value)| format!("{name}={value}")).collect()
    }

    fn check(&self, declared: &[String]) -> anyhow::Result<()> {
        for name in self.0.keys() {
            if let Some((_, reason)) = SET_BY_DEPLOY.iter().find(|(set, _)| set == name) {
                return Err(anyhow!("the variable {name} is set by deploy"))
                    .hint(format!("remove it from --var and infra/*.tfvars.json; {reason}"));
            }
            if name == "auth_token" {
                return Err(anyhow!("the token must not be on a command line or in a file"))
                    .hint("set own_token=true with --var, and the environment variable TF_VAR_auth_token");
            }
            if !declared.contains(name) {
                let hint = nearest::hint(name, declared.iter().map(String::as_str));
                return Err(anyhow!("unknown variable {name}: infra/ does not declare it").hint(hint));
            }
        }
        Ok(())
    }
}

/// Parses `NAME=VALUE`. The value is JSON if it parses as JSON, otherwise a string.
fn parse(flag: &str) -> anyhow::Result<(String, Value)> {
    let (name, value) = flag
        .split_once('=')
        .with_context(|| format!("invalid --var {flag}: expected NAME=VALUE"))
        .hint("write it as in --var fargate_memory=1024")?;
    let parsed = serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.to_owned()));
    Ok((name.to_owned(), parsed))
}

/// Returns the names of the variables that `infra/` declares, sorted.
pub(crate) fn declared_variables() -> anyhow::Result<Vec<String>> {
    declared(&cargo::workspace_root().join("infra"))
}

fn declared(infra: &Path) -> anyhow::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(infra).with_context(|| format!("cannot read {}", infra.display()))? {
        let path = entry.with_context(|| format!("cannot read {}", infra.display()))?.path();
        if path.extension().is_some_and(|ending| ending == "tf") {
            let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
            names.extend(text.lines().filter_map(declaration).map(str::to_owned));
        }
    }
    names.sort();
    Ok(names)
}

fn declaration(line: &str) -> Option<&str> {
    line.strip_prefix("variable \"")?.split('"').next()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(flags: &[&str]) -> anyhow::Result<Variables> {
        let flags: Vec<String> = flags.iter().map(|flag| (*flag).to_owned()).collect();
        Variables::load(&"no-file-for-this".parse().unwrap(), &flags)
    }

    #[test]
    fn last_value_wins_and_keeps_its_type() {
        let variables =
            given(&["fargate_memory=512", "fargate_memory=1024", "cpu_architecture=ARM64", "tags={\"a\":\"b\"}"])
                .unwrap();
        assert_eq!(variables.number_or("fargate_memory", 1), 1024);
        assert_eq!(variables.number_or("fargate_cpu", 256), 256);
        assert_eq!(variables.text_or("cpu_architecture", "X86_64"), "ARM64");
        assert_eq!(variables.json()["tags"]["a"], "b");
    }

    #[test]
    fn unknown_and_reserved_variables_are_rejected() {
        for flag in ["fargate_memroy=1024", "container_image=x", "auth_token=secret", "nonsense", "region=x"] {
            assert_eq!(crate::error::exit_of(&given(&[flag]).unwrap_err()), Exit::Usage, "{flag}");
        }
    }
}
