//! Host and Origin validation, for both surfaces. A page that a browser loaded from elsewhere can reach a server on this
//! machine, by its own Origin or by DNS rebinding; the MCP transport chapter demands that such requests are refused.

use std::{net::IpAddr, sync::Arc};

use axum::{
    Router,
    extract::Request,
    http::{
        HeaderMap, HeaderName, HeaderValue, Method, StatusCode,
        header::{HOST, ORIGIN, WWW_AUTHENTICATE},
        request::Parts,
    },
    response::Response,
};
use tower::{Layer, Service};
use tower_http::cors::{AllowHeaders, AllowOrigin, CorsLayer};

use super::error_answer;
use crate::config::{AccessConfig, Allowed};

/// What requests are checked by.
#[derive(Debug)]
pub(super) struct Origins {
    access: Arc<AccessConfig>,
    cors: CorsLayer,
}

impl Origins {
    pub(super) fn new(access: Arc<AccessConfig>) -> Self {
        Self { cors: cors(&access), access }
    }

    /// Refuses a foreign Host or Origin, and lets pages of the allowed origins read the answers of `routes` (CORS).
    pub(super) async fn check(&self, routes: &Router, request: Request) -> Response {
        let (headers, access) = (request.headers(), &self.access);
        if !host_allowed(&access.hosts, headers) && !names_resource(access, headers) {
            let text = "this Host is not allowed; the operator allows it with MCP_ALLOWED_HOSTS";
            return error_answer(StatusCode::FORBIDDEN, text);
        }
        if headers.get_all(ORIGIN).iter().any(|origin| !origin_allowed(&access.origins, origin)) {
            let text = "this Origin is not allowed; the operator allows it with MCP_ALLOWED_ORIGINS";
            return error_answer(StatusCode::FORBIDDEN, text);
        }
        let Ok(answer) = match headers.contains_key(ORIGIN) {
            true => self.cors.layer(routes.clone()).call(request).await,
            false => routes.clone().call(request).await,
        };
        answer
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

/// The name that clients know the service by: who set it as the resource has allowed it.
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
        Allowed::Addresses => is_loopback(host) || address(host).is_some(),
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

/// `https://a:443` and `https://a` are one origin (RFC 6454, section 4).
fn without_default_port(origin: &str) -> &str {
    let port = if origin.starts_with("https://") { ":443" } else { ":80" };
    origin.strip_suffix(port).unwrap_or(origin)
}

fn without_port(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) && !ends_inside_brackets(host) => host,
        _ => authority,
    }
}

/// Whether a colon belongs to an IPv6 address, as the last one in `[::1]` does.
fn ends_inside_brackets(host: &str) -> bool {
    host.starts_with('[') && !host.ends_with(']')
}

/// In a URL an IPv6 address has brackets, and nothing else has (RFC 3986, section 3.2.2).
fn address(host: &str) -> Option<IpAddr> {
    match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(inside) => inside.parse().ok().map(IpAddr::V6),
        None => host.parse().ok().map(IpAddr::V4),
    }
}

fn is_loopback(host: &str) -> bool {
    host == "localhost" || address(host).is_some_and(|address| address.is_loopback())
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
    fn loopback_is_known_in_every_spelling() {
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
    fn addresses_admit_digits_and_no_other_name() {
        assert!(host(&Allowed::Addresses, "203.0.113.7:3333"));
        assert!(host(&Allowed::Addresses, "[2001:db8::1]:3333"));
        assert!(!host(&Allowed::Addresses, "rebound.example:3333"));
    }

    #[test]
    fn a_listed_name_admits_every_port_and_a_listed_port_only_itself() {
        let listed = Allowed::Listed(vec!["mcp.example.com".into(), "other.example.com:8443".into()]);
        assert!(host(&listed, "mcp.example.com:3333"));
        assert!(host(&listed, "Other.Example.com:8443"));
        assert!(!host(&listed, "other.example.com:1"));
    }

    #[test]
    fn a_missing_or_double_host_is_refused() {
        let mut headers = HeaderMap::new();
        assert!(!host_allowed(&Allowed::Loopback, &headers));
        headers.append(HOST, HeaderValue::from_static("localhost"));
        headers.append(HOST, HeaderValue::from_static("localhost"));
        assert!(!host_allowed(&Allowed::Loopback, &headers));
    }

    #[test]
    fn origins_are_compared_whole() {
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
