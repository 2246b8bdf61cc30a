//! The variables of `infra/`, from three sources. A later source wins: the environment's file, the command line, deploy
//! itself.

use std::collections::BTreeMap;

use anyhow::{Context, anyhow};
use serde_json::{Value, json};

use crate::{
    environments::{self, Environment, TokenReference, ToolSecret, Variable},
    error::{ErrorExt, Exit},
    nearest,
};

/// Variables of `infra/`: values by name.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Variables(BTreeMap<String, Value>);

impl Variables {
    /// Takes the variables of the environment, then `flags`, each of the form `NAME=VALUE`.
    ///
    /// Fails with [`Exit::Usage`] on a flag for a variable that `infra/` does not declare, or that has another way to
    /// be set.
    pub(crate) fn new(environment: &Environment, flags: &[String]) -> anyhow::Result<Self> {
        let mut variables = Self(environment.infra.clone());
        if !environment.settings.is_empty() {
            variables.set("settings", json!(environment.settings));
        }
        if !environment.tool_variables.is_empty() {
            variables.set("environment", json!(environment.tool_variables));
        }
        let secrets: serde_json::Map<_, _> = environment.tool_secrets.iter().filter_map(reference).collect();
        if !secrets.is_empty() {
            variables.set("secrets", secrets);
        }
        match &environment.auth_token {
            Some(TokenReference::Parameter(arn)) => variables.set("token_parameter_arn", arn.as_str()),
            Some(TokenReference::Variable(_)) => variables.set("own_token", true),
            None => {}
        }
        for flag in flags {
            let (name, value) = parse(flag).exit_code(Exit::Usage)?;
            check(&name, &environment.variables).exit_code(Exit::Usage)?;
            variables.0.insert(name, value);
        }
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

    /// Returns a value as it was given, if it is set and not null.
    pub(crate) fn value(&self, name: &str) -> Option<&Value> {
        self.0.get(name).filter(|value| !value.is_null())
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

    /// Returns `name=value` lines of the variables for which `shown` is true, ordered by name.
    pub(crate) fn lines(&self, shown: impl Fn(&str) -> bool) -> Vec<String> {
        let shown = self.0.iter().filter(|(name, _)| shown(name));
        shown.map(|(name, value)| format!("{name}={value}")).collect()
    }
}

/// Returns a secret's entry in the variable `secrets`.
fn reference((name, secret): (&String, &ToolSecret)) -> Option<(String, Value)> {
    let ToolSecret::Stored { arn, key } = secret else { return None };
    let entry = match key {
        Some(key) => json!({"arn": arn, "kms_key_arn": key}),
        None => json!({"arn": arn}),
    };
    Some((name.clone(), entry))
}

fn check(name: &str, declared: &[Variable]) -> anyhow::Result<()> {
    if name == "allowed_cidr" {
        return Err(anyhow!("the variable allowed_cidr cannot be set with --var")).hint("use --allowed-cidr instead");
    }
    if let Some((what, fix)) = environments::variable_rejection(name) {
        return Err(anyhow!("invalid --var {name}: {what}")).hint(fix);
    }
    let names = declared.iter().map(|variable| variable.name.as_str());
    if !names.clone().any(|declared| declared == name) {
        let hint = nearest::hint(name, names);
        return Err(anyhow!("unknown variable {name}: infra/ does not declare it")).hint(hint);
    }
    Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::infra::Infra;

    fn environment() -> Environment {
        let mut environment = Environment::default();
        environment.variables = environments::declared_variables(&Infra::Carried).unwrap();
        environment
    }

    fn given(flags: &[&str]) -> anyhow::Result<Variables> {
        let flags: Vec<String> = flags.iter().map(|flag| (*flag).to_owned()).collect();
        Variables::new(&environment(), &flags)
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
    fn environment_becomes_variables() {
        let mut environment = environment();
        environment.infra.insert("fargate_cpu".to_owned(), 512.into());
        environment.settings.insert("log".to_owned(), "debug".to_owned());
        environment.auth_token = Some(TokenReference::Variable("TEAM_TOKEN".to_owned()));
        environment.tool_variables.insert("BUCKET".to_owned(), "team-notes".to_owned());
        for (name, key) in [("API_KEY", None), ("PIN", Some("arn:key".to_owned()))] {
            environment.tool_secrets.insert(name.to_owned(), ToolSecret::Stored { arn: "arn:secret".to_owned(), key });
        }
        let variables = Variables::new(&environment, &["fargate_cpu=1024".to_owned()]).unwrap().json();
        let expected = json!({
            "environment": {"BUCKET": "team-notes"},
            "fargate_cpu": 1024,
            "own_token": true,
            "secrets": {"API_KEY": {"arn": "arn:secret"}, "PIN": {"arn": "arn:secret", "kms_key_arn": "arn:key"}},
            "settings": {"log": "debug"},
        });
        assert_eq!(variables, expected);
    }

    #[test]
    fn unknown_and_reserved_variables_are_rejected() {
        for flag in ["fargate_memroy=1024", "container_image=x", "auth_token=secret", "nonsense", "region=x"] {
            assert_eq!(crate::error::exit_of(&given(&[flag]).unwrap_err()), Exit::Usage, "{flag}");
        }
    }
}
