//! `[secrets]`: where secrets are kept, and never a secret. No message repeats a value, which may be one by mistake.

use toml::Table;

use super::{Found, Place};
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

impl TokenReference {
    /// Reads the token, if the reference is to a variable.
    pub(crate) fn read(&self) -> Result<Option<Token>, Problem> {
        match self {
            Self::Parameter(_) => Ok(None),
            Self::Variable(name) => match environment::referenced(name) {
                Some(token) => Ok(Some(Token::new(token))),
                None => Err(Problem::new(
                    format!("the environment variable {name}, which [secrets] names for the token, is not set"),
                    format!("set {name} to the token, such as with `read -rs {name}; export {name}`"),
                )),
            },
        }
    }
}

pub(super) fn parse(table: &Table, found: &mut Found<'_>) -> Option<TokenReference> {
    for name in table.keys().filter(|name| *name != AUTH_TOKEN) {
        found.unknown(name, &nearest::hint(name, [AUTH_TOKEN]));
    }
    let value = table.get(AUTH_TOKEN)?;
    let entry = value.as_table().filter(|entry| entry.len() == 1).and_then(|entry| entry.iter().next());
    let reference = entry.and_then(|(kind, place)| reference(kind, place.as_str()?));
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

fn reference(kind: &str, place: &str) -> Option<TokenReference> {
    // POSIX's names of variables, section 8.1.
    let is_name = |place: &str| {
        place.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && place.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    match kind {
        "parameter_arn" if place.starts_with("arn:") => Some(TokenReference::Parameter(place.to_owned())),
        "variable" if is_name(place) => Some(TokenReference::Variable(place.to_owned())),
        _ => None,
    }
}
