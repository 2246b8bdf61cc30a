//! The Host and Origin check of every route but health. A web page from another site can reach a server on
//! this machine, by its own Origin or by DNS rebinding; the MCP specification (chapter Transports) requires
//! servers to reject such requests.

use std::sync::Arc;

use axum::{
    http::{
        HeaderMap, HeaderName, HeaderValue, Method, StatusCode,
        header::{HOST, ORIGIN, WWW_AUTHENTICATE},
        request::Parts,
    },
    response::Response,
};
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};

use super::error_response::error_response;
use crate::{
    config::{AccessConfig, Allowed},
    host::{ip_address, is_loopback, without_port},
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

/// The header for which a request is rejected.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Rejection {
    Host,
    Origin,
}

impl Rejection {
    /// Builds the 403.
    pub(crate) fn into_response(self) -> Response {
        let text = match self {
            Self::Host => "this Host is not allowed; the operator can allow it with MCP_ALLOWED_HOSTS",
            Self::Origin => "this Origin is not allowed; the operator can allow it with MCP_ALLOWED_ORIGINS",
        };
        error_response(StatusCode::FORBIDDEN, text)
    }
}

impl OriginPolicy {
    pub(crate) fn new(access: Arc<AccessConfig>) -> Self {
        Self { cors: cors(&access), access }
    }

    /// Decides whether a request with these headers is served.
    pub(crate) fn check(&self, headers: &HeaderMap) -> Verdict {
        let access = &self.access;
        if !host_allowed(&access.hosts, headers) && !names_resource(access, headers) {
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
        .expose_headers([WWW_AUTHENTICATE, HeaderName::from_static("mcp-protocol-version")])
}

/// Returns whether the Host is the one in the OAuth resource, which is allowed without being listed.
fn names_resource(access: &AccessConfig, headers: &HeaderMap) -> bool {
    access.oauth.as_ref().is_some_and(|oauth| host_allowed(&Allowed::Listed(vec![oauth.resource.host()]), headers))
}

fn host_allowed(allowed: &Allowed, headers: &HeaderMap) -> bool {
    if *allowed == Allowed::Any {
        return true;
    }
    let mut hosts = headers.get_all(HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else { return false };
    host.to_str().is_ok_and(|host| authority_allowed(allowed, &host.to_ascii_lowercase()))
}

fn authority_allowed(allowed: &Allowed, authority: &str) -> bool {
    let host = without_port(authority);
    match allowed {
        Allowed::Any => true,
        Allowed::Loopback => is_loopback(host),
        Allowed::Addresses => is_loopback(host) || ip_address(host).is_some(),
        Allowed::Listed(names) => names.iter().any(|name| name == authority || name == host),
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
            authority.is_some_and(|authority| is_loopback(without_port(authority)))
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
        let mut headers = HeaderMap::new();
        headers.insert(HOST, HeaderValue::from_str(host).unwrap());
        host_allowed(allowed, &headers)
    }

    fn origin(allowed: &Allowed, origin: &'static str) -> bool {
        origin_allowed(allowed, &HeaderValue::from_static(origin))
    }

    #[test]
    fn loopback_is_recognized_in_every_spelling() {
        for name in ["localhost", "LOCALHOST:3333", "127.0.0.1:3333", "127.8.0.1", "[::1]", "[::1]:3333"] {
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
        assert!(host(&listed, "Other.Example.com:8443"));
        assert!(!host(&listed, "other.example.com:1"));
    }

    #[test]
    fn missing_or_repeated_host_is_rejected() {
        let mut headers = HeaderMap::new();
        assert!(!host_allowed(&Allowed::Loopback, &headers));
        headers.append(HOST, HeaderValue::from_static("localhost"));
        headers.append(HOST, HeaderValue::from_static("localhost"));
        assert!(!host_allowed(&Allowed::Loopback, &headers));
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
        assert!(origin(&Allowed::Loopback, "http://localhost:6274"));
        assert!(!origin(&Allowed::Loopback, "null"));
        assert!(!origin(&Allowed::Loopback, "http://localhost.evil.example"));
    }
}
