//! OAuth: the issuer of the accepted access tokens, the resource they are for, and their scopes.

use http::Uri;
use jsonwebtoken::Algorithm;

use super::problems::{Problems, Setting, setting};
use crate::{cli::Flags, host::is_loopback};

/// The accepted access tokens.
#[derive(Debug, Clone)]
pub struct OAuthConfig {
    /// The authorization server, exactly as in the `iss` of its tokens.
    pub issuer: String,
    /// The URL that clients use and that tokens are issued for.
    pub resource: Resource,
    /// The accepted audiences: a token's `aud` has to contain one, or a URL equivalent to one.
    pub audiences: Vec<String>,
    /// The clients whose tokens are accepted without an audience.
    pub client_ids: Vec<String>,
    /// The URL of the keys, if it is not taken from the issuer's metadata.
    pub jwks_url: Option<String>,
    /// The accepted signature algorithms, all with key pairs.
    pub algorithms: Vec<Algorithm>,
    /// The scope that permits reading.
    pub read_scope: String,
    /// The scope that permits changes.
    pub write_scope: String,
}

/// The URL of this service, as clients configure it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    text: String,
    uri: Uri,
}

impl OAuthConfig {
    /// Returns true if a token for this audience is for this server. Clients normalize the URL of the resource before
    /// they request a token, so its equivalent forms are accepted.
    pub(crate) fn accepts_audience(&self, claimed: &str) -> bool {
        self.audiences.iter().any(|audience| audience == claimed)
            || normalized(claimed)
                .is_some_and(|claimed| self.audiences.iter().any(|known| normalized(known).as_ref() == Some(&claimed)))
    }
}

/// Normalizes a URL of https or http: scheme and host in lower case, no default port, and "/" for an empty path (RFC
/// 3986, sections 6.2.2.1 and 6.2.3). Everything else is compared as it is, so `/mcp` and `/mcp/` differ. Returns
/// `None` for any other text.
fn normalized(text: &str) -> Option<String> {
    // The parser drops a fragment.
    let uri: Uri = text.parse().ok().filter(|_| !text.contains('#'))?;
    let scheme = uri.scheme_str()?.to_ascii_lowercase();
    let default_port = match scheme.as_str() {
        "https" => ":443",
        "http" => ":80",
        _ => return None,
    };
    let authority = uri.authority()?.as_str();
    let (user, host) = authority.rsplit_once('@').map_or(("", authority), |(user, host)| (user, host));
    let host = host.to_ascii_lowercase();
    let host = host.strip_suffix(default_port).or(host.strip_suffix(':')).unwrap_or(&host);
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    Some(format!("{scheme}://{user}@{host}{path}"))
}

impl Resource {
    fn new(text: &str, uri: Uri) -> Self {
        Self { text: text.to_owned(), uri }
    }

    /// Returns the URL exactly as configured, because tokens and clients compare it.
    pub fn url(&self) -> &str {
        &self.text
    }

    /// Returns the host in lower case, without a port.
    pub fn host(&self) -> String {
        self.uri.host().unwrap_or_default().to_ascii_lowercase()
    }

    /// Returns the URL of its metadata: the well-known part comes before the path (RFC 9728, section 3).
    pub fn metadata_url(&self) -> String {
        format!("{}{}", self.origin(), self.metadata_path())
    }

    /// Returns true for the paths of the metadata: with the resource's path behind the well-known part, and without,
    /// where clients look that find nothing else. The latter is one with or without a slash (RFC 3986, section 6.2.3).
    pub fn is_metadata_path(&self, path: &str) -> bool {
        path.strip_suffix('/').unwrap_or(path) == METADATA_PATH || path == self.metadata_path()
    }

    /// Returns the path of [`Resource::metadata_url`].
    pub fn metadata_path(&self) -> String {
        format!("{METADATA_PATH}{}", self.path())
    }

    fn origin(&self) -> String {
        let authority = self.uri.authority().map(|authority| authority.as_str()).unwrap_or_default();
        format!("{}://{authority}", self.uri.scheme_str().unwrap_or_default())
    }

    fn path(&self) -> &str {
        // A missing path is parsed as "/", which adds nothing to the well-known path.
        if self.uri.path() == "/" { "" } else { self.uri.path() }
    }
}

/// The well-known path of a resource's metadata, which the resource's own path follows.
pub const METADATA_PATH: &str = "/.well-known/oauth-protected-resource";

/// The supported algorithms. All of them sign with a private key.
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

/// Parses the URL of an issuer or a resource: https, or http on loopback, without user name.
pub(crate) fn web_address(text: &str) -> Option<Uri> {
    // Clients get it as a quoted string and compare it, so it must not need escapes.
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

pub(super) fn parse(problems: &mut Problems, flags: &Flags) -> Option<OAuthConfig> {
    let (Some(issuer), Some(resource)) = (setting!(flags.oauth_issuer?), setting!(flags.oauth_resource?)) else {
        reject_incomplete(problems, flags);
        return None;
    };
    let issuer = address(problems, issuer).map(|_| issuer.text.to_owned());
    let resource = address(problems, resource).map(|uri| Resource::new(resource.text, uri));
    let jwks_url = setting!(flags.oauth_jwks_url?).and_then(|url| address(problems, url).map(|_| url.text.to_owned()));
    let algorithms = algorithms(problems, &flags.oauth_algorithms);
    let read_scope = scope(problems, setting!(flags.oauth_read_scope));
    let write_scope = scope(problems, setting!(flags.oauth_write_scope));
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
        jwks_url,
        algorithms,
        read_scope,
        write_scope,
    })
}

/// Reports OAuth settings without the two that turn OAuth on. The operator expects it to be on.
fn reject_incomplete(problems: &mut Problems, flags: &Flags) {
    let given = [
        setting!(flags.oauth_issuer?),
        setting!(flags.oauth_resource?),
        setting!(flags.oauth_audience?),
        setting!(flags.oauth_client_ids?),
        setting!(flags.oauth_jwks_url?),
    ];
    for setting in given.into_iter().flatten() {
        problems.add(setting.field, "incomplete: set MCP_OAUTH_ISSUER and MCP_OAUTH_RESOURCE, both");
    }
}

fn list(value: &Option<String>) -> Vec<String> {
    let items = value.as_deref().unwrap_or_default().split(|c: char| c == ',' || c.is_whitespace());
    items.filter(|item| !item.is_empty()).map(str::to_owned).collect()
}

fn address(problems: &mut Problems, Setting { field, text }: Setting<'_>) -> Option<Uri> {
    let found = web_address(text).filter(|uri| uri.query().is_none() && !text.contains('#'));
    if found.is_none() {
        let expected = "expected https://<host>[/<path>], or http:// on loopback";
        problems.add(field, format_args!("invalid URL \"{text}\": {expected}"));
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
                let problem = format!("invalid algorithm \"{name}\": expected one of {}", names.join(", "));
                problems.add("oauth_algorithms", problem);
            }
        }
    }
    if text.trim().is_empty() {
        problems.add("oauth_algorithms", "empty: set for example RS256,ES256");
    }
    chosen
}

fn scope(problems: &mut Problems, Setting { field, text }: Setting<'_>) -> String {
    // The characters of a scope (RFC 6749, section 3.3).
    let allowed = |c: char| c.is_ascii_graphic() && c != '"' && c != '\\';
    if text.is_empty() || !text.chars().all(allowed) {
        problems.add(field, format_args!("invalid scope \"{text}\": expected one such as notes:read"));
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
    fn only_https_and_loopback_urls_are_accepted() {
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
    fn equivalent_urls_are_one_audience() {
        let accepts = |configured: &str, claimed: &str| {
            normalized(configured).is_some_and(|configured| normalized(claimed) == Some(configured))
        };
        for (configured, claimed, expected) in [
            ("https://mcp.example.com", "https://mcp.example.com/", true),
            ("https://mcp.example.com/", "https://mcp.example.com", true),
            ("https://mcp.example.com:8443", "https://mcp.example.com:8443/", true),
            ("HTTPS://MCP.Example.com:443/mcp", "https://mcp.example.com/mcp", true),
            ("http://127.0.0.1:80", "http://127.0.0.1/", true),
            ("https://mcp.example.com/mcp", "https://mcp.example.com/mcp/", false),
            ("https://mcp.example.com/mcp", "https://mcp.example.com/MCP", false),
            ("https://mcp.example.com", "https://mcp.example.com//", false),
            ("https://mcp.example.com", "http://mcp.example.com/", false),
            ("https://mcp.example.com", "https://mcp.example.com:80/", false),
            ("https://mcp.example.com", "https://mcp.example.com/?a=b", false),
            ("https://mcp.example.com", "https://mcp.example.com/#a", false),
            ("https://mcp.example.com", "https://mcp.example.com.evil.example/", false),
            ("https://mcp.example.com", "https://a@mcp.example.com/", false),
            ("api://mcp", "api://mcp/", false),
            ("mcp", "mcp/", false),
        ] {
            assert_eq!(accepts(configured, claimed), expected, "{configured} {claimed}");
        }
    }

    #[test]
    fn well_known_part_precedes_the_path() {
        let mcp = resource("https://mcp.example.com/mcp");
        assert_eq!(mcp.url(), "https://mcp.example.com/mcp");
        assert_eq!(mcp.metadata_url(), "https://mcp.example.com/.well-known/oauth-protected-resource/mcp");
        for pathless in ["https://a.example/", "https://a.example"] {
            let resource = resource(pathless);
            assert_eq!(resource.metadata_url(), "https://a.example/.well-known/oauth-protected-resource");
            assert!(resource.is_metadata_path("/.well-known/oauth-protected-resource/"));
        }
        assert!(!mcp.is_metadata_path("/.well-known/oauth-protected-resource/mcp/"));
    }
}
