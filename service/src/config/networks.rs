//! Lists of networks in CIDR notation.

use std::net::IpAddr;

use ipnet::IpNet;

use super::problems::{Problems, Setting};

/// Parses networks and addresses, separated by commas or spaces.
pub(super) fn parse(problems: &mut Problems, Setting { field, text }: Setting<'_>) -> Vec<IpNet> {
    let mut networks = Vec::new();
    for item in text.split(|c: char| c == ',' || c.is_whitespace()).filter(|item| !item.is_empty()) {
        let network = item.parse().or_else(|_| item.parse::<IpAddr>().map(IpNet::from)).ok();
        match network {
            Some(network) if network.trunc() == network => networks.push(network),
            // A mistyped prefix length would admit other clients than the operator expects.
            Some(network) => {
                let expected = network.trunc();
                problems.add(field, format_args!("invalid network \"{item}\": expected {expected}, or an address"));
            }
            None => {
                let expected = "expected CIDR notation, such as 203.0.113.0/24 or 2001:db8::/32";
                problems.add(field, format_args!("invalid network \"{item}\": {expected}"));
            }
        }
    }
    networks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::problems::ConfigError;

    fn parsed(text: &str) -> Result<Vec<String>, ConfigError> {
        let mut problems = Problems::default();
        let networks = parse(&mut problems, Setting { field: "allowed_clients", text });
        problems.finish()?;
        Ok(networks.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn networks_and_addresses_are_parsed() {
        let text = "203.0.113.0/24, 2001:db8::/32\n198.51.100.7,2001:db8::7,,0.0.0.0/0";
        let expected = ["203.0.113.0/24", "2001:db8::/32", "198.51.100.7/32", "2001:db8::7/128", "0.0.0.0/0"];
        assert_eq!(parsed(text).unwrap(), expected);
    }

    #[test]
    fn every_invalid_network_is_reported() {
        let problem = parsed("203.0.113.7/24 mcp.example.com 203.0.113.0/33 fe80::1%eth0 *").unwrap_err().to_string();
        assert_eq!(problem.lines().count(), 5, "{problem}");
        assert!(problem.contains("\"203.0.113.7/24\": expected 203.0.113.0/24, or an address"), "{problem}");
        assert!(problem.lines().all(|line| line.starts_with("--allowed-clients (MCP_ALLOWED_CLIENTS): ")), "{problem}");
    }
}
