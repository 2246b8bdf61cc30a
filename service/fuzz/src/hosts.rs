//! Host and Origin. Input: a Host on the first line and Origins on the others.
//!
//! What is admitted is, by another reading than the service's own, what its settings allow: a loopback name or address, an
//! address in digits, a listed name or origin. The input is tried as an extension of what is listed, too.

use std::{cell::LazyCell, net::IpAddr};

use axum::body::Body;
use http::{
    HeaderValue, Request, StatusCode,
    header::{HOST, ORIGIN},
    uri::Authority,
};

use crate::{lines, service::Service};

/// Host and Origin are looked at before it is known that nothing is here, and nothing costs the least.
const NOWHERE: &str = "/mcp/call_tool";
const LISTED_HOST: &str = "mcp.example.com";
const LISTED_ORIGIN: &str = "https://app.example.com";

/// A service, and who may call it by another reading.
struct Reading {
    service: Service,
    host: fn(&str) -> bool,
    origin: fn(&str) -> bool,
}

thread_local! {
    static READINGS: LazyCell<[Reading; 3]> = LazyCell::new(readings);
}

fn readings() -> [Reading; 3] {
    let everywhere = ["--host", "0.0.0.0", "--allow-unauthenticated"];
    let listed = ["--allowed-hosts", LISTED_HOST, "--allowed-origins", LISTED_ORIGIN];
    [
        Reading { service: Service::start(&[], None), host: is_loopback, origin: is_loopback_origin },
        Reading { service: Service::start(&everywhere, None), host: is_address, origin: |_| false },
        Reading { service: Service::start(&listed, None), host: is_listed, origin: is_listed_origin },
    ]
}

/// Holds the property for one input.
pub fn hold(input: &[u8]) {
    let mut values = lines(input);
    let host = values.next().unwrap_or_default();
    let origins: Vec<&[u8]> = values.collect();
    READINGS.with(|readings| {
        for reading in readings.iter() {
            reading.hold(host, &origins);
        }
        for extended in [[host, LISTED_HOST.as_bytes()].concat(), [LISTED_HOST.as_bytes(), host].concat()] {
            readings[2].hold(&extended, &[]);
        }
        let origin = origins.first().copied().unwrap_or_default();
        for extended in [[origin, LISTED_ORIGIN.as_bytes()].concat(), [LISTED_ORIGIN.as_bytes(), origin].concat()] {
            readings[2].hold(LISTED_HOST.as_bytes(), &[&extended]);
        }
    });
}

impl Reading {
    fn hold(&self, host: &[u8], origins: &[&[u8]]) {
        let mut request = Request::get(NOWHERE).header(HOST, host);
        for origin in origins {
            request = request.header(ORIGIN, *origin);
        }
        // What is no header at all does not come through hyper.
        let Ok(request) = request.body(Body::empty()) else { return };
        let read = |value: &HeaderValue| value.to_str().map(str::to_ascii_lowercase).unwrap_or_default();
        let right = request.headers().get_all(HOST).iter().all(|host| (self.host)(&read(host)))
            && request.headers().get_all(ORIGIN).iter().all(|origin| (self.origin)(&read(origin)));
        let wanted = if right { StatusCode::NOT_FOUND } else { StatusCode::FORBIDDEN };
        let answer = self.service.ask(request);
        assert_eq!(answer.status, wanted, "Host {:?}, Origins {origins:?}", String::from_utf8_lossy(host));
    }
}

/// Host and port (RFC 3986, section 3.2), without anybody's user name. The `http` crate finds where the host ends, and would
/// take anything for a port.
fn authority(text: &str) -> Option<Authority> {
    let authority: Authority = text.parse().ok()?;
    let port = text.strip_prefix(authority.host())?;
    let sound =
        port.is_empty() || port.strip_prefix(':').is_some_and(|port| port.bytes().all(|byte| byte.is_ascii_digit()));
    sound.then_some(authority)
}

fn digits(authority: &Authority) -> Option<IpAddr> {
    let host = authority.host();
    match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(inside) => inside.parse().ok().map(IpAddr::V6),
        None => host.parse().ok().map(IpAddr::V4),
    }
}

fn is_loopback(host: &str) -> bool {
    let Some(authority) = authority(host) else { return false };
    authority.host() == "localhost" || digits(&authority).is_some_and(|address| address.is_loopback())
}

fn is_address(host: &str) -> bool {
    is_loopback(host) || authority(host).is_some_and(|authority| digits(&authority).is_some())
}

fn is_listed(host: &str) -> bool {
    authority(host).is_some_and(|authority| authority.host() == LISTED_HOST)
}

/// Scheme and authority, and nothing behind them (RFC 6454, section 7).
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
