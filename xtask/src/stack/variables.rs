//! The variables of `infra/`: what deploy sets itself, what a project's file says, what the command line says; the later wins.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context, anyhow};
use serde_json::Value;

use crate::{
    cargo,
    error::{ErrorExt, Exit},
    nearest,
    project::Project,
};

/// What deploy decides; saying otherwise would make two truths.
const OURS: [(&str, &str); 4] = [
    ("project_name", "--project"),
    ("region", "--region"),
    ("container_image", "--image"),
    ("revision", "the source's revision, which is told by git"),
];

/// Values by name.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Variables(BTreeMap<String, Value>);

impl Variables {
    /// What `infra/<project>.tfvars.json` and the command line say.
    pub(crate) fn given(project: &Project, flags: &[String]) -> anyhow::Result<Self> {
        let infra = cargo::workspace_root().join("infra");
        let mut variables = from_file(&infra.join(format!("{project}.tfvars.json")))?;
        for flag in flags {
            let (name, value) = parse(flag).exit_code(Exit::Usage)?;
            if name == "allowed_cidr" {
                return Err(anyhow!("the variable allowed_cidr has a flag of its own"))
                    .hint("say --allowed-cidr")
                    .exit_code(Exit::Usage);
            }
            variables.0.insert(name, value);
        }
        variables.check(&declared(&infra)?).exit_code(Exit::Usage)?;
        Ok(variables)
    }

    /// Sets what deploy decides.
    pub(crate) fn set(&mut self, name: &str, value: impl Into<Value>) {
        self.0.insert(name.to_owned(), value.into());
    }

    /// A value as text, if it is given.
    pub(crate) fn text(&self, name: &str) -> Option<String> {
        match self.0.get(name)? {
            Value::Null => None,
            Value::String(text) => Some(text.clone()),
            value => Some(value.to_string()),
        }
    }

    /// A value as text, or what `infra/` has as its default.
    pub(crate) fn text_or(&self, name: &str, default: &str) -> String {
        self.text(name).unwrap_or_else(|| default.to_owned())
    }

    /// A number, however it was written, or what `infra/` has as its default.
    pub(crate) fn number_or(&self, name: &str, default: u32) -> u32 {
        self.text_or(name, "").parse().unwrap_or(default)
    }

    /// The file that Terraform reads.
    pub(crate) fn json(&self) -> Value {
        self.0.iter().map(|(name, value)| (name.clone(), value.clone())).collect::<serde_json::Map<_, _>>().into()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// `name=value`, in the order of names.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.0.iter().map(|(name, value)| format!("{name}={value}")).collect()
    }

    fn check(&self, declared: &[String]) -> anyhow::Result<()> {
        for name in self.0.keys() {
            if let Some((_, from)) = OURS.iter().find(|(ours, _)| ours == name) {
                return Err(anyhow!("the variable {name} is set by deploy")).hint(format!("it comes from {from}"));
            }
            if name == "auth_token" {
                return Err(anyhow!("a token does not belong on a command line or in a file"))
                    .hint("set own_token=true, and the token in the environment as TF_VAR_auth_token");
            }
            if !declared.contains(name) {
                let hint = nearest::hint(name, declared.iter().map(String::as_str));
                return Err(anyhow!("unknown variable {name}: infra/ does not declare it").hint(hint));
            }
        }
        Ok(())
    }
}

fn from_file(path: &Path) -> anyhow::Result<Variables> {
    match fs::read(path) {
        Ok(json) => {
            let read = serde_json::from_slice(&json).with_context(|| format!("cannot read {}", path.display()));
            read.exit_code(Exit::Usage).map(Variables)
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Variables::default()),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

/// `NAME=VALUE`: a list, an object, a number or a truth value as in JSON, and all else a string.
fn parse(flag: &str) -> anyhow::Result<(String, Value)> {
    let (name, value) = flag
        .split_once('=')
        .with_context(|| format!("--var {flag} is no variable"))
        .hint("give it as NAME=VALUE, such as --var fargate_memory=1024")?;
    let parsed = serde_json::from_str(value).unwrap_or_else(|_| Value::String(value.to_owned()));
    Ok((name.to_owned(), parsed))
}

/// The names that the configuration declares.
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
        Variables::given(&"no-file-for-this".parse().unwrap(), &flags)
    }

    #[test]
    fn values_keep_their_types_and_the_last_one_wins() {
        let variables =
            given(&["fargate_memory=512", "fargate_memory=1024", "cpu_architecture=ARM64", "tags={\"a\":\"b\"}"])
                .unwrap();
        assert_eq!(variables.number_or("fargate_memory", 1), 1024);
        assert_eq!(variables.number_or("fargate_cpu", 256), 256);
        assert_eq!(variables.text_or("cpu_architecture", "X86_64"), "ARM64");
        assert_eq!(variables.json()["tags"]["a"], "b");
    }

    #[test]
    fn what_there_is_not_or_is_ours_is_refused() {
        for flag in ["fargate_memroy=1024", "container_image=x", "auth_token=secret", "nonsense", "region=x"] {
            assert_eq!(crate::error::exit_of(&given(&[flag]).unwrap_err()), Exit::Usage, "{flag}");
        }
    }
}
