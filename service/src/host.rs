//! Hosts as they appear in a URL or a Host header (RFC 3986, section 3.2.2).

use std::net::IpAddr;

/// Returns whether `host` is a loopback address, `localhost`, or a name below it (RFC 6761, section 6.3).
pub(crate) fn is_loopback(host: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty() && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
    };
    let mut labels = without_root(host).rsplit('.');
    let is_localhost = labels.next().is_some_and(|last| last.eq_ignore_ascii_case("localhost")) && labels.all(is_label);
    is_localhost || ip_address(host).is_some_and(|address| address.is_loopback())
}

/// Removes the dot at the end of a name, which stands for the root of DNS (RFC 1034, section 3.1).
pub(crate) fn without_root(host: &str) -> &str {
    host.strip_suffix('.').filter(|name| !name.is_empty() && !name.ends_with('.')).unwrap_or(host)
}

/// Returns the address that `host` spells. An IPv6 address has brackets in a URL, and nothing else has.
pub(crate) fn ip_address(host: &str) -> Option<IpAddr> {
    match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(inside) => inside.parse().ok().map(IpAddr::V6),
        None => host.parse().ok().map(IpAddr::V4),
    }
}

/// Splits an authority into host and port. The port is absent, or may be empty.
pub(crate) fn split_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) && !ends_inside_brackets(host) => {
            (host, Some(port))
        }
        _ => (authority, None),
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
    fn port_is_split_off_and_ipv6_stays_whole() {
        for (authority, host, port) in [
            ("a:1", "a", Some("1")),
            ("a", "a", None),
            ("a:", "a", Some("")),
            ("[::1]", "[::1]", None),
            ("[::1]:1", "[::1]", Some("1")),
            ("a:b", "a:b", None),
        ] {
            assert_eq!(split_port(authority), (host, port));
        }
    }

    #[test]
    fn names_below_localhost_are_loopback() {
        for name in ["localhost", "LocalHost.", "app.localhost", "a_b.c-1.LOCALHOST."] {
            assert!(is_loopback(name), "{name}");
        }
        for name in
            [".localhost", "localhost..", "a..localhost", "localhost.example", "notlocalhost", "u@localhost", "."]
        {
            assert!(!is_loopback(name), "{name}");
        }
    }
}
