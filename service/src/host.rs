//! Hosts as they appear in a URL or a Host header (RFC 3986, section 3.2.2).

use std::net::IpAddr;

/// Returns whether `host` is `localhost` or a loopback address.
pub(crate) fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || ip_address(host).is_some_and(|address| address.is_loopback())
}

/// Returns the address that `host` spells. An IPv6 address has brackets in a URL, and nothing else has.
pub(crate) fn ip_address(host: &str) -> Option<IpAddr> {
    match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(inside) => inside.parse().ok().map(IpAddr::V6),
        None => host.parse().ok().map(IpAddr::V4),
    }
}

/// Removes the port of an authority, if it has one.
pub(crate) fn without_port(authority: &str) -> &str {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) && !ends_inside_brackets(host) => host,
        _ => authority,
    }
}

/// Returns whether a colon after `host` belongs to an IPv6 address, as the last one in `[::1]` does.
fn ends_inside_brackets(host: &str) -> bool {
    host.starts_with('[') && !host.ends_with(']')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ipv6_needs_brackets() {
        assert!(is_loopback("[::1]"));
        for host in ["::1", "[127.0.0.1]", "[::2]", "127.0.0.1.example", ""] {
            assert!(!is_loopback(host), "{host}");
        }
    }

    #[test]
    fn port_is_removed_and_ipv6_stays_whole() {
        for (authority, host) in
            [("a:1", "a"), ("a", "a"), ("a:", "a"), ("[::1]", "[::1]"), ("[::1]:1", "[::1]"), ("a:b", "a:b")]
        {
            assert_eq!(without_port(authority), host);
        }
    }
}
