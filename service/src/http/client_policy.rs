//! The check of the client's address, before any other: `MCP_FRONT` decides where it is read, and
//! `MCP_ALLOWED_CLIENTS` which addresses are served.
//!
//! Behind a front, only the front's own part of a header counts. A request without it did not come through the front,
//! and is rejected: serving it would let a client around the front choose its address.

use std::{
    net::{IpAddr, SocketAddr},
    num::NonZeroU32,
    sync::Arc,
};

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName, StatusCode},
    response::Response,
};
use governor::{DefaultDirectRateLimiter, Quota};

use super::{
    arrival::{self, set_client},
    error_response::error_response,
};
use crate::{
    config::{AccessConfig, ClientSource},
    telemetry::targets,
};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The log lines about rejected clients.
const LOG_QUOTA: Quota = Quota::per_minute(NonZeroU32::MIN);

/// Decides by the client's address which requests are served.
#[derive(Debug)]
pub(crate) struct ClientPolicy {
    access: Arc<AccessConfig>,
    log_lines: DefaultDirectRateLimiter,
}

/// The reason for which a client is rejected.
#[derive(Debug, Clone, Copy)]
enum Rejection {
    /// The header of the front is missing, repeated or malformed.
    NoAddress,
    /// The address is in no allowed network.
    NotAllowed(Option<IpAddr>),
}

impl ClientPolicy {
    pub(crate) fn new(access: Arc<AccessConfig>) -> Self {
        Self { access, log_lines: DefaultDirectRateLimiter::direct(LOG_QUOTA) }
    }

    /// Finds the client's address and records it in the request's [`arrival::Arrival`].
    ///
    /// # Errors
    /// The 403 for a client that is not allowed, and for a request whose front did not report its address.
    pub(crate) fn admit(&self, request: &mut Request) -> Result<(), Box<Response>> {
        self.check(request).map_err(|rejection| Box::new(self.reject(rejection)))
    }

    fn check(&self, request: &mut Request) -> Result<(), Rejection> {
        let source = self.access.front.facts().client;
        if source != ClientSource::Peer {
            set_client(request, reported(source, request.headers()).ok_or(Rejection::NoAddress)?);
        }
        if self.access.clients.is_empty() {
            return Ok(());
        }
        let client = arrival::client(request.extensions());
        let allowed = |client: &IpAddr| self.access.clients.iter().any(|network| network.contains(client));
        client.as_ref().is_some_and(allowed).then_some(()).ok_or(Rejection::NotAllowed(client))
    }

    fn reject(&self, rejection: Rejection) -> Response {
        let front = self.access.front.name();
        let text = match rejection {
            Rejection::NoAddress => format!(
                "the client's address is unknown: this request did not come through the front of the server's setting \
                 MCP_FRONT, {front}"
            ),
            Rejection::NotAllowed(Some(client)) => format!(
                "clients from {client} are not allowed; the operator can add it to the server's setting \
                 MCP_ALLOWED_CLIENTS"
            ),
            Rejection::NotAllowed(None) => "the client's address is unknown".to_owned(),
        };
        if self.log_lines.check().is_ok() {
            tracing::warn!(target: targets::CLIENT_POLICY, front, reason = text, "client rejected");
        }
        error_response(StatusCode::FORBIDDEN, text)
    }
}

/// Returns the address that the front reports.
///
/// The header has to be there once. AWS does not document what a front does with several lines of one name, so one of
/// them may be the client's.
fn reported(source: ClientSource, headers: &HeaderMap) -> Option<IpAddr> {
    match source {
        ClientSource::Peer => None,
        ClientSource::Header(name) => only_line(headers, &HeaderName::from_static(name))?.parse().ok(),
        ClientSource::ForwardedFor { from_end } => {
            address(only_line(headers, &FORWARDED_FOR)?.rsplit(',').nth(from_end)?.trim())
        }
    }
}

fn only_line<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut lines = headers.get_all(name).iter();
    match (lines.next(), lines.next()) {
        (Some(line), None) => line.to_str().ok().map(str::trim),
        _ => None,
    }
}

/// Parses an address, with the client's port if the load balancer adds it (`routing.http.xff_client_port.enabled`):
/// `203.0.113.7:4711` or `[2001:db8::7]:4711`. A zone id names an interface of another machine, so it is invalid here.
fn address(text: &str) -> Option<IpAddr> {
    let bracketed = || text.strip_prefix('[')?.strip_suffix(']')?.parse().ok().map(IpAddr::V6);
    let with_port = || text.parse::<SocketAddr>().ok().filter(|_| !text.contains('%')).map(|socket| socket.ip());
    text.parse().ok().or_else(bracketed).or_else(with_port)
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;
    use crate::config::Front;

    fn client(front: Front, lines: &[(&'static str, &[u8])]) -> Option<String> {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(HeaderName::from_static(name), HeaderValue::from_bytes(value).unwrap());
        }
        reported(front.facts().client, &headers).map(|address| address.to_string())
    }

    const MAPPED: &str = "x-mcp-client-ip";
    const FORWARDED: &str = "x-forwarded-for";

    #[test]
    fn http_api_header_is_the_whole_address() {
        for (lines, expected) in [
            (&[(MAPPED, &b"203.0.113.7"[..])][..], Some("203.0.113.7")),
            (&[(MAPPED, b"2001:db8::7")], Some("2001:db8::7")),
            (&[(FORWARDED, b"198.51.100.1"), (MAPPED, b"203.0.113.7")], Some("203.0.113.7")),
            (&[(FORWARDED, b"198.51.100.1"), ("forwarded", b"for=198.51.100.1")], None),
            (&[(MAPPED, b"203.0.113.7"), (MAPPED, b"203.0.113.7")], None),
            (&[(MAPPED, b"198.51.100.1, 203.0.113.7")], None),
            (&[(MAPPED, b"203.0.113.7:4711")], None),
            (&[(MAPPED, b"fe80::1%eth0")], None),
            (&[(MAPPED, b"")], None),
            (&[(MAPPED, b"\xff")], None),
            (&[(MAPPED, b"$context.identity.sourceIp")], None),
            (&[], None),
        ] {
            assert_eq!(client(Front::HttpApi, lines).as_deref(), expected, "{lines:?}");
        }
    }

    #[test]
    fn entries_before_those_of_the_front_are_ignored() {
        for (value, alb, cloudfront) in [
            ("203.0.113.7", Some("203.0.113.7"), None),
            ("198.51.100.1, 203.0.113.7", Some("203.0.113.7"), Some("198.51.100.1")),
            ("10.0.0.1,198.51.100.1 ,\t203.0.113.7 ", Some("203.0.113.7"), Some("198.51.100.1")),
            ("unknown, \"x, y\", 203.0.113.7", Some("203.0.113.7"), None),
            ("203.0.113.7:4711", Some("203.0.113.7"), None),
            ("[2001:db8::7]:4711, [2001:db8::8]", Some("2001:db8::8"), Some("2001:db8::7")),
            ("2001:db8::7, ::ffff:203.0.113.7", Some("::ffff:203.0.113.7"), Some("2001:db8::7")),
            ("203.0.113.7, fe80::1%eth0", None, Some("203.0.113.7")),
            ("203.0.113.7, [fe80::1%1]:80", None, Some("203.0.113.7")),
            ("203.0.113.7,", None, Some("203.0.113.7")),
            ("203.0.113.7, unknown", None, Some("203.0.113.7")),
            ("203.0.113.7, 203.0.113.7.evil.example", None, Some("203.0.113.7")),
            ("0203.0.113.7", None, None),
            ("", None, None),
        ] {
            let lines = &[(FORWARDED, value.as_bytes())];
            assert_eq!(client(Front::Alb, lines).as_deref(), alb, "{value}");
            assert_eq!(client(Front::CloudFront, lines).as_deref(), cloudfront, "{value}");
        }
        let two_lines = [(FORWARDED, &b"198.51.100.1, 203.0.113.7"[..]), (FORWARDED, b"198.51.100.1, 203.0.113.7")];
        for front in [Front::Alb, Front::CloudFront] {
            assert_eq!(client(front, &two_lines), None, "{front:?}");
            assert_eq!(client(front, &[(MAPPED, b"203.0.113.7")]), None, "{front:?}");
        }
    }
}
