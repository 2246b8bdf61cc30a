//! Who may call: the three ways to tell, and which Host and Origin headers are accepted.

use std::{fmt, net::IpAddr};

use super::{
    oauth::{self, OAuthConfig},
    parse::Problems,
    tokens::{self, NamedToken},
};
use crate::cli::Flags;

/// The shortest token: 16 characters of base64 are 96 bits.
const MIN_TOKEN_BYTES: usize = 16;

/// Who may call.
#[derive(Debug, Clone)]
pub struct AccessConfig {
    /// The one token of all who share the original's sessions.
    pub token: Option<Secret>,
    /// The tokens of those who have their own.
    pub named: Vec<NamedToken>,
    /// Whose access tokens are taken.
    pub oauth: Option<OAuthConfig>,
    /// Which hosts a request may name.
    pub hosts: Allowed,
    /// Which origins a browser's page may have.
    pub origins: Allowed,
}

impl AccessConfig {
    /// Whether callers have to show who they are. If there is nothing to show, all may call and share everything.
    pub fn asks(&self) -> bool {
        self.token.is_some() || !self.named.is_empty() || self.oauth.is_some()
    }
}

/// A list of names, or what stands in for one that nobody gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Allowed {
    /// `*`.
    Any,
    /// Loopback names and addresses.
    Loopback,
    /// Loopback names, and any address written in digits: DNS rebinding, which the check is for, needs a name.
    Addresses,
    /// These, in lower case.
    Listed(Vec<String>),
}

/// A text that `Debug` does not show.
#[derive(Clone)]
pub struct Secret(String);

impl Secret {
    /// The text itself.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

pub(super) fn parse(problems: &mut Problems, flags: &Flags, listen: IpAddr, stdio: bool) -> AccessConfig {
    let token = token(problems, flags);
    let named = tokens::parse(problems, flags, token.as_ref());
    let oauth = oauth::parse(problems, flags);
    let local = listen.is_loopback();
    let access = AccessConfig {
        token,
        named,
        oauth,
        hosts: list(&flags.allowed_hosts).unwrap_or(if local { Allowed::Loopback } else { Allowed::Addresses }),
        origins: origins(problems, &flags.allowed_origins).unwrap_or(if local {
            Allowed::Loopback
        } else {
            Allowed::Listed(Vec::new())
        }),
    };
    if !local && !access.asks() && !flags.allow_unauthenticated && !stdio {
        problems.add(
            "--host",
            "MCP_HOST",
            format_args!(
                "{listen} is reachable from other machines, and neither MCP_AUTH_TOKEN nor MCP_AUTH_TOKENS nor \
                 MCP_OAUTH_ISSUER is set; set one, or pass --allow-unauthenticated"
            ),
        );
    }
    access
}

fn token(problems: &mut Problems, flags: &Flags) -> Option<Secret> {
    let token = flags.auth_token.clone().filter(|token| !token.is_empty())?;
    // RFC 6750, section 2.1: what a bearer token is made of. Anything else could not be sent in the header.
    let sendable = token.chars().all(|c| c.is_ascii_alphanumeric() || "-._~+/=".contains(c));
    if token.len() < MIN_TOKEN_BYTES || !sendable {
        problems.add(
            "the environment",
            "MCP_AUTH_TOKEN",
            format_args!("the token has to be {MIN_TOKEN_BYTES} or more of A-Z, a-z, 0-9 and -._~+/=; `openssl rand -hex 32` makes one"),
        );
    }
    Some(Secret(token))
}

fn list(given: &Option<String>) -> Option<Allowed> {
    let names: Vec<String> = given
        .as_deref()?
        .split(',')
        .map(|name| name.trim().to_ascii_lowercase())
        .filter(|name| !name.is_empty())
        .collect();
    match names.as_slice() {
        [] => None,
        names if names.iter().any(|name| name == "*") => Some(Allowed::Any),
        _ => Some(Allowed::Listed(names)),
    }
}

fn origins(problems: &mut Problems, given: &Option<String>) -> Option<Allowed> {
    let allowed = list(given)?;
    if let Allowed::Listed(origins) = &allowed {
        for origin in origins.iter().filter(|origin| !is_origin(origin)) {
            let problem = format!("\"{origin}\" is no origin; write scheme and host, such as https://app.example.com");
            problems.add("--allowed-origins", "MCP_ALLOWED_ORIGINS", problem);
        }
    }
    Some(allowed)
}

fn is_origin(text: &str) -> bool {
    text.split_once("://").is_some_and(|(scheme, rest)| !scheme.is_empty() && !rest.is_empty() && !rest.contains('/'))
}
