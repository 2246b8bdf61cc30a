//! Access: the three ways to authenticate, and the allowed clients, Host and Origin headers.

use std::net::IpAddr;

use ipnet::IpNet;

use super::{
    front::{self, Front},
    networks,
    oauth::{self, OAuthConfig},
    problems::{Problems, setting},
    rate_limit::{self, RateLimit},
    secret::Secret,
    tokens::{self, NamedToken},
};
use crate::cli::Flags;

/// The shortest token: 16 characters of base64 have 96 bits.
const MIN_TOKEN_BYTES: usize = 16;

/// The authentication of callers, and the allowed clients, hosts and origins.
#[derive(Debug, Clone)]
pub struct AccessConfig {
    /// The shared token. Its callers share the sessions of the v1 server.
    pub token: Option<Secret>,
    /// The named tokens. Each name has its own sessions.
    pub named: Vec<NamedToken>,
    /// The issuer of the accepted access tokens.
    pub oauth: Option<OAuthConfig>,
    /// The limit of failed authentications of each client; `None` for none.
    pub auth_failures: Option<RateLimit>,
    /// The front, whose word on the client's address counts.
    pub front: Front,
    /// The networks of the allowed clients; empty for all.
    pub clients: Vec<IpNet>,
    /// The hosts that a request may name.
    pub hosts: Allowed,
    /// The origins that a web page may have.
    pub origins: Allowed,
}

impl AccessConfig {
    /// Returns whether callers have to authenticate. Otherwise, all callers share all sessions.
    pub fn auth_required(&self) -> bool {
        self.token.is_some() || !self.named.is_empty() || self.oauth.is_some()
    }
}

/// The allowed names: a configured list, or one of the defaults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Allowed {
    /// `*`.
    Any,
    /// Loopback names and addresses.
    Loopback,
    /// Loopback names, and every IP address: DNS rebinding, against which the check protects, needs a name.
    Addresses,
    /// These names, in lower case.
    Listed(Vec<String>),
}

pub(super) fn parse(problems: &mut Problems, flags: &Flags, listen: IpAddr) -> AccessConfig {
    let token = token(problems, flags);
    let named = tokens::parse(problems, flags, token.as_ref());
    let oauth = oauth::parse(problems, flags);
    let front = front::parse(problems, setting!(flags.front));
    require_https(problems, front, oauth.as_ref());
    // Behind a front a loopback address is public, too.
    let local = listen.is_loopback() && front == Front::None;
    let hosts = default_hosts(front, local, oauth.is_some());
    let access = AccessConfig {
        token,
        named,
        oauth,
        auth_failures: rate_limit::parse(problems, setting!(flags.auth_failure_limit)),
        front,
        clients: setting!(flags.allowed_clients?).map_or_else(Vec::new, |list| networks::parse(problems, list)),
        hosts: list(&flags.allowed_hosts).unwrap_or(hosts),
        origins: origins(problems, &flags.allowed_origins).unwrap_or(if local {
            Allowed::Loopback
        } else {
            Allowed::Listed(Vec::new())
        }),
    };
    if !local && !access.auth_required() && !flags.allow_unauthenticated && !flags.stdio {
        let exposure = match front {
            Front::None => "accepts connections from other machines",
            _ => "serves the clients of a front",
        };
        problems.add(
            "host",
            format_args!(
                "{listen} {exposure} without authentication; set MCP_AUTH_TOKEN, \
                 MCP_AUTH_TOKENS or MCP_OAUTH_ISSUER, or pass --allow-unauthenticated"
            ),
        );
    }
    access
}

/// Returns the hosts that are allowed unless the operator lists some. The host of the OAuth resource always is.
///
/// Behind a front nothing else can connect, and a page that rebinds a name fails at the front's certificate. So a host
/// that the configuration does not know is allowed there.
fn default_hosts(front: Front, local: bool, has_resource: bool) -> Allowed {
    match front {
        Front::None if local => Allowed::Loopback,
        Front::None => Allowed::Addresses,
        front if front.facts().keeps_host && has_resource => Allowed::Listed(Vec::new()),
        _ => Allowed::Any,
    }
}

/// Reports a resource of http behind a front, whose clients use https.
fn require_https(problems: &mut Problems, front: Front, oauth: Option<&OAuthConfig>) {
    if let Some(url) = oauth.map(|oauth| oauth.resource.url()).filter(|url| front != Front::None && !is_https(url)) {
        let front = front.name();
        problems.add("oauth_resource", format_args!("invalid URL \"{url}\": expected https:// with MCP_FRONT={front}"));
    }
}

fn is_https(url: &str) -> bool {
    url.get(..8).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https://"))
}

fn token(problems: &mut Problems, flags: &Flags) -> Option<Secret> {
    let token = flags.auth_token.clone().filter(|token| !token.is_empty())?;
    // The characters of a bearer token (RFC 6750, section 2.1). A header cannot carry others.
    let valid = token.chars().all(|c| c.is_ascii_alphanumeric() || "-._~+/=".contains(c));
    if token.len() < MIN_TOKEN_BYTES || !valid {
        problems.add(
            "auth_token",
            format_args!(
                "invalid token: expected {MIN_TOKEN_BYTES} or more of A-Z, a-z, 0-9 and -._~+/=; \
                 generate one with `openssl rand -hex 32`"
            ),
        );
    }
    Some(Secret::new(token))
}

/// Parses a list. Returns `None` for an empty one.
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
            let expected = "expected scheme and host, such as https://app.example.com";
            problems.add("allowed_origins", format_args!("invalid origin \"{origin}\": {expected}"));
        }
    }
    Some(allowed)
}

fn is_origin(text: &str) -> bool {
    text.split_once("://").is_some_and(|(scheme, rest)| !scheme.is_empty() && !rest.is_empty() && !rest.contains('/'))
}
