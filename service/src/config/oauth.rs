//! OAuth: whose access tokens are taken, for which address, and what their scopes allow.

use std::net::IpAddr;

use http::Uri;
use jsonwebtoken::Algorithm;

use super::parse::Problems;
use crate::cli::Flags;

/// Whose access tokens are taken.
#[derive(Debug, Clone)]
pub struct OAuthConfig {
    /// The authorization server, to the letter as its tokens name it.
    pub issuer: String,
    /// The address that clients use, and tokens are made for.
    pub resource: Resource,
    /// What a token's `aud` has to name one of.
    pub audiences: Vec<String>,
    /// Clients whose tokens are taken though they name no audience at all.
    pub client_ids: Vec<String>,
    /// Where the keys are, if the issuer's metadata is not to be asked.
    pub jwks_url: Option<String>,
    /// How a token may be signed; never without a key pair.
    pub algorithms: Vec<Algorithm>,
    /// The scope that lets look.
    pub read_scope: String,
    /// The scope that lets change.
    pub write_scope: String,
}

/// The address of this service, as clients write it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    text: String,
    uri: Uri,
}

impl Resource {
    fn new(text: &str, uri: Uri) -> Self {
        Self { text: text.to_owned(), uri }
    }

    /// The whole address, to the letter: it is compared, not only followed.
    pub fn url(&self) -> &str {
        &self.text
    }

    /// The host that requests name, in lower case and without a port.
    pub fn host(&self) -> String {
        self.uri.host().unwrap_or_default().to_ascii_lowercase()
    }

    /// Where its metadata is: RFC 9728, section 3, puts the well-known part before the path.
    pub fn metadata_url(&self) -> String {
        format!("{}{}", self.origin(), self.metadata_path())
    }

    /// The path of [`Resource::metadata_url`].
    pub fn metadata_path(&self) -> String {
        format!("{METADATA_PATH}{}", self.path())
    }

    fn origin(&self) -> String {
        let authority = self.uri.authority().map(|authority| authority.as_str()).unwrap_or_default();
        format!("{}://{authority}", self.uri.scheme_str().unwrap_or_default())
    }

    fn path(&self) -> &str {
        // A missing path is read as "/", and adds nothing to the well-known one.
        if self.uri.path() == "/" { "" } else { self.uri.path() }
    }
}

/// Where a resource's metadata is, before the resource's own path.
pub const METADATA_PATH: &str = "/.well-known/oauth-protected-resource";

/// The algorithms that may be chosen: all of them sign with a private key.
const ALGORITHMS: [(&str, Algorithm); 9] = [
    ("RS256", Algorithm::RS256),
    ("RS384", Algorithm::RS384),
    ("RS512", Algorithm::RS512),
    ("PS256", Algorithm::PS256),
    ("PS384", Algorithm::PS384),
    ("PS512", Algorithm::PS512),
    ("ES256", Algorithm::ES256),
    ("ES384", Algorithm::ES384),
    ("EdDSA", Algorithm::EdDSA),
];

/// Whether `text` is an address that may be asked or named: https, or http on loopback; nothing behind the path.
pub(crate) fn web_address(text: &str) -> Option<Uri> {
    // It is told to clients between quotation marks, and compared: nothing that would have to be written in another way.
    if !text.chars().all(|c| c.is_ascii_graphic() && !r#""\<>{}^`|"#.contains(c)) {
        return None;
    }
    let uri: Uri = text.parse().ok()?;
    let authority = uri.authority()?.as_str();
    let host = uri.host().filter(|host| !host.is_empty())?;
    let safe = match uri.scheme_str()? {
        "https" => true,
        "http" => is_loopback(host),
        _ => false,
    };
    (safe && !authority.contains('@')).then_some(uri)
}

fn is_loopback(host: &str) -> bool {
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
}

pub(super) fn parse(problems: &mut Problems, flags: &Flags) -> Option<OAuthConfig> {
    let issuer = given(&flags.oauth_issuer);
    let resource = given(&flags.oauth_resource);
    let (Some(issuer), Some(resource)) = (issuer, resource) else {
        alone(problems, flags);
        return None;
    };
    let issuer = address(problems, "--oauth-issuer", "MCP_OAUTH_ISSUER", issuer).map(|_| issuer.to_owned());
    let resource =
        address(problems, "--oauth-resource", "MCP_OAUTH_RESOURCE", resource).map(|uri| Resource::new(resource, uri));
    let jwks_url = given(&flags.oauth_jwks_url)
        .map(|url| address(problems, "--oauth-jwks-url", "MCP_OAUTH_JWKS_URL", url).map(|_| url.to_owned()));
    let algorithms = algorithms(problems, &flags.oauth_algorithms);
    let read_scope = scope(problems, "--oauth-read-scope", "MCP_OAUTH_READ_SCOPE", &flags.oauth_read_scope);
    let write_scope = scope(problems, "--oauth-write-scope", "MCP_OAUTH_WRITE_SCOPE", &flags.oauth_write_scope);
    let resource = resource?;
    let mut audiences = list(&flags.oauth_audience);
    if audiences.is_empty() {
        audiences.push(resource.url().to_owned());
    }
    Some(OAuthConfig {
        issuer: issuer?,
        resource,
        audiences,
        client_ids: list(&flags.oauth_client_ids),
        jwks_url: jwks_url.flatten(),
        algorithms,
        read_scope,
        write_scope,
    })
}

/// Some of the settings without the two that turn OAuth on: whoever wrote them meant to have it on.
fn alone(problems: &mut Problems, flags: &Flags) {
    for (flag, variable, value) in [
        ("--oauth-issuer", "MCP_OAUTH_ISSUER", &flags.oauth_issuer),
        ("--oauth-resource", "MCP_OAUTH_RESOURCE", &flags.oauth_resource),
        ("--oauth-audience", "MCP_OAUTH_AUDIENCE", &flags.oauth_audience),
        ("--oauth-client-ids", "MCP_OAUTH_CLIENT_IDS", &flags.oauth_client_ids),
        ("--oauth-jwks-url", "MCP_OAUTH_JWKS_URL", &flags.oauth_jwks_url),
    ] {
        if given(value).is_some() {
            problems.add(flag, variable, "needs MCP_OAUTH_ISSUER and MCP_OAUTH_RESOURCE, both");
        }
    }
}

fn given(value: &Option<String>) -> Option<&str> {
    value.as_deref().map(str::trim).filter(|value| !value.is_empty())
}

fn list(value: &Option<String>) -> Vec<String> {
    let items = value.as_deref().unwrap_or_default().split(|c: char| c == ',' || c.is_whitespace());
    items.filter(|item| !item.is_empty()).map(str::to_owned).collect()
}

fn address(problems: &mut Problems, flag: &str, variable: &str, text: &str) -> Option<Uri> {
    let found = web_address(text).filter(|uri| uri.query().is_none() && !text.contains('#'));
    if found.is_none() {
        let rule = "is no address to use here; write https://<host>[/<path>], or http:// on loopback";
        problems.add(flag, variable, format_args!("\"{text}\" {rule}"));
    }
    found
}

fn algorithms(problems: &mut Problems, text: &str) -> Vec<Algorithm> {
    let mut chosen = Vec::new();
    for name in list(&Some(text.to_owned())) {
        match ALGORITHMS.iter().find(|(known, _)| *known == name) {
            Some((_, algorithm)) => chosen.push(*algorithm),
            None => {
                let names: Vec<&str> = ALGORITHMS.iter().map(|(name, _)| *name).collect();
                let problem = format!("\"{name}\" is not one of: {}", names.join(", "));
                problems.add("--oauth-algorithms", "MCP_OAUTH_ALGORITHMS", problem);
            }
        }
    }
    if text.trim().is_empty() {
        problems.add("--oauth-algorithms", "MCP_OAUTH_ALGORITHMS", "names none; RS256,ES256 is the default");
    }
    chosen
}

fn scope(problems: &mut Problems, flag: &str, variable: &str, text: &str) -> String {
    // RFC 6749, section 3.3.
    let allowed = |c: char| c.is_ascii_graphic() && c != '"' && c != '\\';
    if text.is_empty() || !text.chars().all(allowed) {
        problems.add(flag, variable, format_args!("\"{text}\" is no scope; write one such as notes:read"));
    }
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resource(text: &str) -> Resource {
        Resource::new(text, web_address(text).unwrap())
    }

    #[test]
    fn only_https_and_loopback_are_addresses() {
        for good in [
            "https://a.example",
            "https://a.example:8443/x/y",
            "http://127.0.0.1:9/x",
            "http://[::1]:9",
            "http://localhost",
        ] {
            assert!(web_address(good).is_some(), "{good}");
        }
        for bad in [
            "http://a.example",
            "http://127.0.0.1.example",
            "a.example",
            "/mcp",
            "ftp://a.example",
            "https://",
            "https://u@a.example",
            "https://a.example/\"x",
            "",
        ] {
            assert!(web_address(bad).is_none(), "{bad}");
        }
    }

    #[test]
    fn the_well_known_part_stands_before_the_path() {
        let mcp = resource("https://mcp.example.com/mcp");
        assert_eq!(mcp.url(), "https://mcp.example.com/mcp");
        assert_eq!(mcp.metadata_url(), "https://mcp.example.com/.well-known/oauth-protected-resource/mcp");
        assert_eq!(
            resource("https://a.example/").metadata_url(),
            "https://a.example/.well-known/oauth-protected-resource"
        );
    }
}
