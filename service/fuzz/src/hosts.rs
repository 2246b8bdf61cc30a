//! The Host and Origin check. Input: a Host on the first line and Origins on the others.
//!
//! Property: the service allows exactly what an independent implementation of its settings allows: a loopback
//! name or address, an IP address, a listed name or origin. The input is also tried as a prefix and suffix of
//! the listed values.

use std::{cell::LazyCell, net::IpAddr};

use axum::body::Body;
use http::{
    HeaderValue, Request, StatusCode,
    header::{HOST, ORIGIN},
    uri::Authority,
};

use crate::{lines, service::Service};

/// A path without a GET route: the check precedes routing, and a 404 is the cheapest response.
const NO_ROUTE: &str = "/mcp/call_tool";
const LISTED_HOST: &str = "mcp.example.com";
const LISTED_ORIGIN: &str = "https://app.example.com";

/// A service, and an independent implementation of its check.
struct Case {
    service: Service,
    host: fn(&str) -> bool,
    origin: fn(&str) -> bool,
}

thread_local! {
    static CASES: LazyCell<[Case; 3]> = LazyCell::new(cases);
}

fn cases() -> [Case; 3] {
    let everywhere = ["--host", "0.0.0.0", "--allow-unauthenticated"];
    let listed = ["--allowed-hosts", LISTED_HOST, "--allowed-origins", LISTED_ORIGIN];
    [
        Case { service: Service::start(&[], None), host: is_loopback, origin: is_loopback_origin },
        Case { service: Service::start(&everywhere, None), host: is_address, origin: |_| false },
        Case { service: Service::start(&listed, None), host: is_listed, origin: is_listed_origin },
    ]
}

/// Checks the property for one input.
pub fn check(input: &[u8]) {
    let mut values = lines(input);
    let host = values.next().unwrap_or_default();
    let origins: Vec<&[u8]> = values.collect();
    CASES.with(|cases| {
        for case in cases.iter() {
            case.check(host, &origins);
        }
        for extended in [[host, LISTED_HOST.as_bytes()].concat(), [LISTED_HOST.as_bytes(), host].concat()] {
            cases[2].check(&extended, &[]);
        }
        let origin = origins.first().copied().unwrap_or_default();
        for extended in [[origin, LISTED_ORIGIN.as_bytes()].concat(), [LISTED_ORIGIN.as_bytes(), origin].concat()] {
            cases[2].check(LISTED_HOST.as_bytes(), &[&extended]);
        }
    });
}

impl Case {
    fn check(&self, host: &[u8], origins: &[&[u8]]) {
        let mut request = Request::get(NO_ROUTE).header(HOST, host);
        for origin in origins {
            request = request.header(ORIGIN, *origin);
        }
        // hyper rejects an invalid header itself.
        let Ok(request) = request.body(Body::empty()) else { return };
        let lower = |value: &HeaderValue| value.to_str().map(str::to_ascii_lowercase).unwrap_or_default();
        let allowed = request.headers().get_all(HOST).iter().all(|host| (self.host)(&lower(host)))
            && request.headers().get_all(ORIGIN).iter().all(|origin| (self.origin)(&lower(origin)));
        let expected = if allowed { StatusCode::NOT_FOUND } else { StatusCode::FORBIDDEN };
        let response = self.service.send(request);
        assert_eq!(response.status, expected, "Host {:?}, Origins {origins:?}", String::from_utf8_lossy(host));
    }
}

/// Parses host and port (RFC 3986, section 3.2), without user name. The `http` crate finds the end of the
/// host but accepts anything as a port.
fn authority(text: &str) -> Option<Authority> {
    let authority: Authority = text.parse().ok()?;
    let port = text.strip_prefix(authority.host())?;
    let valid =
        port.is_empty() || port.strip_prefix(':').is_some_and(|port| port.bytes().all(|byte| byte.is_ascii_digit()));
    valid.then_some(authority)
}

fn ip_address(authority: &Authority) -> Option<IpAddr> {
    let host = authority.host();
    match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(inside) => inside.parse().ok().map(IpAddr::V6),
        None => host.parse().ok().map(IpAddr::V4),
    }
}

fn is_loopback(host: &str) -> bool {
    let Some(authority) = authority(host) else { return false };
    is_localhost(name(&authority)) || ip_address(&authority).is_some_and(|address| address.is_loopback())
}

/// Returns a host without the dot that stands for DNS's root (RFC 1034, section 3.1).
fn name(authority: &Authority) -> &str {
    let host = authority.host();
    match host.strip_suffix('.') {
        Some(name) if !name.is_empty() && !name.ends_with('.') => name,
        _ => host,
    }
}

/// Returns true for `localhost` and names below it (RFC 6761, section 6.3).
fn is_localhost(name: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty() && label.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_".contains(letter))
    };
    name == "localhost" || name.strip_suffix(".localhost").is_some_and(|below| below.split('.').all(is_label))
}

fn is_address(host: &str) -> bool {
    is_loopback(host) || authority(host).is_some_and(|authority| ip_address(&authority).is_some())
}

fn is_listed(host: &str) -> bool {
    authority(host).is_some_and(|authority| name(&authority) == LISTED_HOST)
}

/// Splits an origin into scheme and authority, with nothing after them (RFC 6454, section 7).
fn origin(text: &str) -> Option<(&str, Authority)> {
    let (scheme, rest) = text.split_once("://")?;
    Some((scheme, authority(rest)?))
}

fn is_loopback_origin(text: &str) -> bool {
    origin(text)
        .is_some_and(|(scheme, authority)| ["http", "https"].contains(&scheme) && is_loopback(authority.as_str()))
}

fn is_listed_origin(text: &str) -> bool {
    let Some(("https", authority)) = origin(text) else { return false };
    ["app.example.com", "app.example.com:443"].contains(&authority.as_str())
}
