//! Decides the address range that may connect to the service: the requested one, or this machine alone.

use std::net::IpAddr;

use super::public_ip;
use crate::{problem::Problem, stack::Variables};

const EVERY_ADDRESS: [&str; 2] = ["0.0.0.0/0", "::/0"];

/// The addresses that may connect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Exposure {
    pub(crate) cidr: String,
    /// The whole internet may connect, because the operator asked for it.
    pub(crate) public: bool,
}

/// Returns the requested range if it is valid. Without a request, returns this machine's public address as a range.
pub(super) async fn decide(wanted: Option<&str>, variables: &Variables) -> Result<Exposure, Problem> {
    match wanted {
        Some(cidr) => parse(cidr, variables.text("allow_public").as_deref() == Some("true")),
        None => match public_ip::address().await {
            Ok(address) => Ok(Exposure { cidr: single(address), public: false }),
            Err(error) => Err(Problem::new(
                format!("cannot find this machine's public IP address: {error:#}"),
                "pass the range that may connect with `--allowed-cidr <address>/32`",
            )),
        },
    }
}

fn single(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => format!("{address}/32"),
        IpAddr::V6(address) => format!("{address}/128"),
    }
}

fn parse(cidr: &str, public: bool) -> Result<Exposure, Problem> {
    let parts = cidr
        .split_once('/')
        .and_then(|(address, prefix)| Some((address.parse::<IpAddr>().ok()?, prefix.parse::<u32>().ok()?)));
    let hint = "write one address as 203.0.113.7/32, a range as 203.0.113.0/24";
    match parts {
        Some((IpAddr::V4(address), prefix @ 0..=32)) => {
            let host_bits = u32::MAX.checked_shr(prefix).unwrap_or(0);
            if u32::from(address) & host_bits != 0 {
                let message = format!("invalid --allowed-cidr {cidr}: it has bits set after its prefix");
                return Err(Problem::new(message, hint));
            }
        }
        Some((IpAddr::V6(_), 0..=128)) => {}
        _ => return Err(Problem::new(format!("invalid --allowed-cidr {cidr}: expected address and prefix"), hint)),
    }
    Ok(Exposure { cidr: cidr.to_owned(), public: public || EVERY_ADDRESS.contains(&cidr) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_internet_is_public() {
        assert!(parse("0.0.0.0/0", false).unwrap().public);
        assert!(parse("::/0", false).unwrap().public);
        assert!(!parse("0.0.0.0/1", false).unwrap().public);
        assert!(!parse("203.0.113.7/32", false).unwrap().public);
    }

    #[test]
    fn invalid_ranges_are_rejected() {
        for bad in ["", "203.0.113.7", "203.0.113.7/33", "203.0.113.7/24", "x/32", "::1/129"] {
            assert!(parse(bad, false).is_err(), "{bad}");
        }
    }

    #[test]
    fn single_address_is_a_range() {
        assert_eq!(single("203.0.113.7".parse().unwrap()), "203.0.113.7/32");
        assert_eq!(single("2001:db8::7".parse().unwrap()), "2001:db8::7/128");
    }
}
