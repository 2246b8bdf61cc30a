//! `[secrets]`: where secrets are kept, and never a secret. No message repeats a value, which may be one by mistake.

use std::collections::BTreeMap;

use toml::{Table, Value};

use super::{Found, Place, tool_variables};
use crate::{environment, nearest, problem::Problem, token::Token};

const AUTH_TOKEN: &str = "auth_token";
const EXPECTED: &str = "write auth_token = { variable = \"NAME\" } for an environment variable, or { parameter_arn = \"arn:…\" } for a parameter of SSM";

/// The place of the bearer token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TokenReference {
    /// The ARN of a parameter of SSM.
    Parameter(String),
    /// The name of an environment variable.
    Variable(String),
}

/// The place of a tool's secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ToolSecret {
    /// The ARN of a parameter of SSM or of a secret of Secrets Manager, and that of the customer managed key that
    /// encrypts it.
    Stored { arn: String, key: Option<String> },
    /// The name of an environment variable.
    Variable(String),
}

/// The references of a file.
#[derive(Debug, Default)]
pub(super) struct References {
    pub(super) auth_token: Option<TokenReference>,
    pub(super) tools: BTreeMap<String, ToolSecret>,
}

impl TokenReference {
    /// Reads the token, if the reference is to a variable.
    pub(crate) fn read(&self) -> Result<Option<Token>, Problem> {
        match self {
            Self::Parameter(_) => Ok(None),
            Self::Variable(name) => read_variable(name, "the token").map(Some),
        }
    }
}

/// Reads the secrets that are in variables. Adds a problem for each variable that is not set.
pub(super) fn read_tools(
    secrets: &BTreeMap<String, ToolSecret>,
    problems: &mut Vec<Problem>,
) -> BTreeMap<String, Token> {
    let mut values = BTreeMap::new();
    for (name, secret) in secrets {
        let ToolSecret::Variable(variable) = secret else { continue };
        match read_variable(variable, name) {
            Ok(value) => drop(values.insert(name.clone(), value)),
            Err(problem) => problems.push(problem),
        }
    }
    values
}

fn read_variable(variable: &str, subject: &str) -> Result<Token, Problem> {
    environment::referenced(variable).map(Token::new).ok_or_else(|| {
        Problem::new(
            format!("the environment variable {variable}, which [secrets] names for {subject}, is not set"),
            format!("set {variable} to {subject}, such as with `read -rs {variable}; export {variable}`"),
        )
    })
}

pub(super) fn parse(table: &Table, found: &mut Found<'_>) -> References {
    let mut references = References::default();
    for (name, value) in table {
        if name == AUTH_TOKEN {
            references.auth_token = parse_token(value, found);
        } else if name.chars().any(|c| c.is_ascii_lowercase()) {
            let meant = nearest::nearest(name, [AUTH_TOKEN]).map(|meant| format!("did you mean `{meant}`?"));
            let names = "use auth_token, or a name of upper-case letters, digits and underscores for a tool's secret";
            found.unknown(name, &meant.unwrap_or_else(|| names.to_owned()));
        } else if let Some((what, fix)) = tool_variables::name_problem(name) {
            found.add(format!("invalid {name} in [secrets]: {what}"), fix);
        } else if let Some(secret) = parse_tool(name, value, found) {
            references.tools.insert(name.clone(), secret);
        }
    }
    references
}

fn parse_token(value: &Value, found: &mut Found<'_>) -> Option<TokenReference> {
    let entry = value.as_table().filter(|entry| entry.len() == 1).and_then(|entry| entry.iter().next());
    let reference = entry.and_then(|(kind, place)| token_reference(kind, place.as_str()?));
    match (&reference, found.place) {
        (None, _) => found.add("invalid auth_token: expected a reference", EXPECTED),
        (Some(TokenReference::Parameter(_)), Place::Local) => {
            found.add("a local deployment does not read parameters of SSM", "remove auth_token, or name a variable");
            return None;
        }
        _ => {}
    }
    reference
}

fn token_reference(kind: &str, place: &str) -> Option<TokenReference> {
    match kind {
        "parameter_arn" if place.starts_with("arn:") => Some(TokenReference::Parameter(place.to_owned())),
        "variable" if is_variable(place) => Some(TokenReference::Variable(place.to_owned())),
        _ => None,
    }
}

fn parse_tool(name: &str, value: &Value, found: &mut Found<'_>) -> Option<ToolSecret> {
    match (value.as_table().and_then(tool_reference), found.place) {
        (Some(ToolSecret::Stored { .. }), Place::Local) => found.add(
            format!("a local deployment does not read {name} from AWS"),
            format!("name a variable of this machine: {name} = {{ variable = \"{name}\" }}"),
        ),
        (Some(ToolSecret::Variable(_)), Place::Aws) => found.add(
            format!("a deployment on AWS does not read {name} from this machine"),
            format!(
                "store it with `aws ssm put-parameter --type SecureString --name <name> --value <value>`, and write \
                 {name} = {{ parameter_arn = \"arn:…\" }}"
            ),
        ),
        (Some(secret), _) => return Some(secret),
        (None, Place::Local) => found.add(
            format!("invalid {name}: expected a reference"),
            format!("write {name} = {{ variable = \"NAME\" }} for an environment variable of this machine"),
        ),
        (None, Place::Aws) => found.add(
            format!("invalid {name}: expected a reference"),
            format!(
                "write {name} = {{ parameter_arn = \"arn:…\" }} for a parameter of SSM, or {{ secret_arn = \"arn:…\" }} \
                 for a secret of Secrets Manager, with kms_key_arn beside it for a customer managed key"
            ),
        ),
    }
    None
}

fn tool_reference(entry: &Table) -> Option<ToolSecret> {
    let mut entry = entry.clone();
    let key = match entry.remove("kms_key_arn") {
        Some(key) => Some(key.as_str().filter(|key| is_arn(key, "kms", "key/"))?.to_owned()),
        None => None,
    };
    let mut places = entry.iter();
    let (kind, place) = places.next()?;
    let place = place.as_str().filter(|_| places.next().is_none())?.to_owned();
    match kind.as_str() {
        "parameter_arn" if is_arn(&place, "ssm", "parameter/") => Some(ToolSecret::Stored { arn: place, key }),
        "secret_arn" if is_arn(&place, "secretsmanager", "secret:") => Some(ToolSecret::Stored { arn: place, key }),
        "variable" if is_variable(&place) && key.is_none() => Some(ToolSecret::Variable(place)),
        _ => None,
    }
}

/// Returns true for an ARN of a service and a kind of resource. Terraform checks the rest of it.
fn is_arn(text: &str, service: &str, resource: &str) -> bool {
    let mut parts = text.splitn(6, ':');
    parts.next() == Some("arn")
        && parts.nth(1) == Some(service)
        && parts.nth(2).is_some_and(|rest| rest.starts_with(resource) && rest.len() > resource.len())
}

/// Returns true for a name of a variable (POSIX, section 8.1).
fn is_variable(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reference(text: &str) -> Option<ToolSecret> {
        tool_reference(text.parse::<Table>().unwrap()["s"].as_table().unwrap())
    }

    #[test]
    fn references_of_tools_are_parsed() {
        let stored = |arn: &str, key: Option<&str>| {
            Some(ToolSecret::Stored { arn: arn.to_owned(), key: key.map(str::to_owned) })
        };
        let parameter = "arn:aws:ssm:us-east-1:123456789012:parameter/team/key";
        let secret = "arn:aws-cn:secretsmanager:cn-north-1:123456789012:secret:team/key-AbCdEf:user::";
        let key = "arn:aws:kms:us-east-1:123456789012:key/1";
        assert_eq!(reference(&format!("s = {{ parameter_arn = \"{parameter}\" }}")), stored(parameter, None));
        assert_eq!(reference(&format!("s = {{ secret_arn = \"{secret}\" }}")), stored(secret, None));
        assert_eq!(
            reference(&format!("s = {{ parameter_arn = \"{parameter}\", kms_key_arn = \"{key}\" }}")),
            stored(parameter, Some(key))
        );
        assert_eq!(reference("s = { variable = \"X\" }"), Some(ToolSecret::Variable("X".to_owned())));
        for bad in [
            format!("s = {{ secret_arn = \"{parameter}\" }}"),
            format!("s = {{ parameter_arn = \"{secret}\" }}"),
            format!("s = {{ parameter_arn = \"{parameter}\", kms_key_arn = \"alias/team\" }}"),
            format!("s = {{ parameter_arn = \"{parameter}\", variable = \"X\" }}"),
            format!("s = {{ variable = \"X\", kms_key_arn = \"{key}\" }}"),
            "s = { parameter_arn = \"/team/key\" }".to_owned(),
            "s = { value = \"hidden\" }".to_owned(),
            "s = {}".to_owned(),
        ] {
            assert_eq!(reference(&bad), None, "{bad}");
        }
    }
}
