//! The check of Host and Origin for every route but health. A web page from another site can reach a server on
//! this machine, by its own Origin or by DNS rebinding; the MCP specification (chapter Transports) requires
//! servers to reject such requests.

use std::sync::Arc;

use axum::{
    extract::Request,
    http::{
        HeaderName, HeaderValue, Method, StatusCode, Version,
        header::{HOST, ORIGIN, RETRY_AFTER, WWW_AUTHENTICATE},
        request::Parts,
        uri::Authority,
    },
    response::Response,
};
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};

use super::error_response::error_response;
use crate::{
    config::{AccessConfig, Allowed},
    host::{ip_address, is_loopback, split_port, without_root},
};

/// Decides by Host and Origin which requests are served.
#[derive(Debug)]
pub(crate) struct OriginPolicy {
    access: Arc<AccessConfig>,
    cors: CorsLayer,
}

/// The result of [`OriginPolicy::check`].
#[derive(Debug)]
pub(crate) enum Verdict {
    /// The request is allowed and comes from no web page.
    Allowed,
    /// The request comes from a page of an allowed origin, which may read the response (CORS).
    AllowedWithCors,
    /// The request is rejected.
    Rejected(Rejection),
}

/// The reason for which a request is rejected.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Rejection {
    /// The Host header is missing or repeated.
    MalformedHost,
    /// The host is not allowed.
    Host,
    /// The origin is not allowed.
    Origin,
}

impl Rejection {
    /// Builds the 400 or 403.
    pub(crate) fn into_response(self) -> Response {
        let (status, text) = match self {
            Self::MalformedHost => (StatusCode::BAD_REQUEST, "invalid request: expected exactly one Host header"),
            Self::Host => (
                StatusCode::FORBIDDEN,
                "this Host is not allowed; the operator can add it to the server's setting MCP_ALLOWED_HOSTS",
            ),
            Self::Origin => (
                StatusCode::FORBIDDEN,
                "this Origin is not allowed; the operator can add it to the server's setting MCP_ALLOWED_ORIGINS",
            ),
        };
        error_response(status, text)
    }
}

impl OriginPolicy {
    pub(crate) fn new(access: Arc<AccessConfig>) -> Self {
        Self { cors: cors(&access), access }
    }

    /// Decides whether a request is served.
    pub(crate) fn check(&self, request: &Request) -> Verdict {
        let (access, headers) = (&self.access, request.headers());
        let Ok(authority) = authority(request) else { return Verdict::Rejected(Rejection::MalformedHost) };
        if !host_allowed(&access.hosts, authority) && !names_resource(access, authority) {
            return Verdict::Rejected(Rejection::Host);
        }
        if headers.get_all(ORIGIN).iter().any(|origin| !origin_allowed(&access.origins, origin)) {
            return Verdict::Rejected(Rejection::Origin);
        }
        if headers.contains_key(ORIGIN) { Verdict::AllowedWithCors } else { Verdict::Allowed }
    }

    /// The layer that adds the CORS headers for allowed origins.
    pub(crate) fn cors(&self) -> &CorsLayer {
        &self.cors
    }
}

fn cors(access: &Arc<AccessConfig>) -> CorsLayer {
    let access = access.clone();
    let allowed = move |origin: &HeaderValue, _: &Parts| origin_allowed(&access.origins, origin);
    CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(allowed))
        .allow_methods([Method::GET, Method::POST, Method::DELETE])
        .allow_headers(AllowHeaders::mirror_request())
        .expose_headers([RETRY_AFTER, WWW_AUTHENTICATE, HeaderName::from_static("mcp-protocol-version")])
}

/// Returns the authority that a request is for: that of an absolute target, which replaces the Host header (RFC 9112,
/// section 3.2.2), or else that of the header. Returns `None` if the request names none.
///
/// HTTP/1.1 requires one Host header whatever the target (section 3.2).
fn authority(request: &Request) -> Result<Option<&str>, Rejection> {
    let mut hosts = request.headers().get_all(HOST).iter();
    let host = match (hosts.next(), hosts.next()) {
        (Some(host), None) => Some(host),
        (None, _) if request.version() < Version::HTTP_11 => None,
        _ => return Err(Rejection::MalformedHost),
    };
    let target = request.uri().authority().map(Authority::as_str);
    Ok(target.or_else(|| host?.to_str().ok()))
}

/// Returns whether the host is the one in the OAuth resource, which is allowed without being listed.
fn names_resource(access: &AccessConfig, authority: Option<&str>) -> bool {
    access.oauth.as_ref().is_some_and(|oauth| host_allowed(&Allowed::Listed(vec![oauth.resource.host()]), authority))
}

fn host_allowed(allowed: &Allowed, authority: Option<&str>) -> bool {
    if *allowed == Allowed::Any {
        return true;
    }
    let Some(authority) = authority else { return false };
    let (host, port) = split_port(authority);
    match allowed {
        Allowed::Any => true,
        Allowed::Loopback => is_loopback(host),
        Allowed::Addresses => is_loopback(host) || ip_address(host).is_some(),
        Allowed::Listed(names) => names.iter().any(|name| {
            let (listed, required_port) = split_port(name);
            without_root(listed).eq_ignore_ascii_case(without_root(host))
                && (required_port.is_none() || required_port == port)
        }),
    }
}

fn origin_allowed(allowed: &Allowed, origin: &HeaderValue) -> bool {
    let Ok(origin) = origin.to_str().map(str::to_ascii_lowercase) else { return false };
    match allowed {
        Allowed::Any => true,
        Allowed::Listed(origins) => {
            origins.iter().any(|listed| without_default_port(listed) == without_default_port(&origin))
        }
        Allowed::Loopback | Allowed::Addresses => {
            let authority = origin.strip_prefix("http://").or_else(|| origin.strip_prefix("https://"));
            authority.is_some_and(|authority| is_loopback(split_port(authority).0))
        }
    }
}

/// Removes the scheme's default port: `https://a:443` and `https://a` are one origin (RFC 6454, section 4).
fn without_default_port(origin: &str) -> &str {
    let port = if origin.starts_with("https://") { ":443" } else { ":80" };
    origin.strip_suffix(port).unwrap_or(origin)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(allowed: &Allowed, host: &str) -> bool {
        host_allowed(allowed, Some(host))
    }

    fn origin(allowed: &Allowed, origin: &'static str) -> bool {
        origin_allowed(allowed, &HeaderValue::from_static(origin))
    }

    #[test]
    fn loopback_is_recognized_in_every_spelling() {
        for name in [
            "localhost",
            "LOCALHOST:3333",
            "localhost.:3333",
            "app.localhost:3333",
            "127.0.0.1:3333",
            "127.8.0.1",
            "[::1]",
            "[::1]:3333",
        ] {
            assert!(host(&Allowed::Loopback, name), "{name}");
        }
        for name in [
            "evil.example",
            "localhost.evil.example",
            "10.0.0.1",
            "127.0.0.1.evil.example:3333",
            "",
            "[::2]:1",
            "[127.0.0.1]",
            "0:0:0:0:0:0:0:1:3333",
        ] {
            assert!(!host(&Allowed::Loopback, name), "{name}");
        }
    }

    #[test]
    fn addresses_exclude_names() {
        assert!(host(&Allowed::Addresses, "203.0.113.7:3333"));
        assert!(host(&Allowed::Addresses, "[2001:db8::1]:3333"));
        assert!(!host(&Allowed::Addresses, "rebound.example:3333"));
    }

    #[test]
    fn listed_host_without_port_allows_every_port() {
        let listed = Allowed::Listed(vec!["mcp.example.com".into(), "other.example.com:8443".into()]);
        assert!(host(&listed, "mcp.example.com:3333"));
        assert!(host(&listed, "MCP.example.com."));
        assert!(!host(&listed, "user@mcp.example.com"));
        assert!(host(&listed, "Other.Example.com:8443"));
        assert!(!host(&listed, "other.example.com:1"));
    }

    #[test]
    fn origins_are_compared_completely() {
        let listed = Allowed::Listed(vec!["https://app.example.com".into()]);
        assert!(origin(&listed, "https://app.example.com:443"));
        for foreign in
            ["http://app.example.com", "https://app.example.com.evil.example", "null", "https://app.example.com:444"]
        {
            assert!(!origin(&listed, foreign), "{foreign}");
        }
        for loopback in ["http://localhost:6274", "http://localhost.", "https://app.localhost:6274"] {
            assert!(origin(&Allowed::Loopback, loopback), "{loopback}");
        }
        assert!(!origin(&Allowed::Loopback, "null"));
        assert!(!origin(&Allowed::Loopback, "http://localhost.evil.example"));
    }
}
