//! Who will reach the service: the range that was asked for, or this machine alone. Never more than somebody named.

use std::net::IpAddr;

use super::public_ip;
use crate::{problem::Problem, stack::Variables};

const EVERYBODY: [&str; 2] = ["0.0.0.0/0", "::/0"];

/// The range.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Exposure {
    pub(crate) cidr: String,
    /// Everybody, asked for by name.
    pub(crate) public: bool,
}

/// The range that was asked for, if it is one; else the address of this machine.
pub(super) async fn decide(wanted: Option<&str>, variables: &Variables) -> Result<Exposure, Problem> {
    match wanted {
        Some(cidr) => given(cidr, variables.text("allow_public").as_deref() == Some("true")),
        None => match public_ip::address().await {
            Ok(address) => Ok(Exposure { cidr: alone(address), public: false }),
            Err(error) => Err(Problem::new(
                format!("this machine's address on the internet cannot be found: {error:#}"),
                "say who may reach the service: --allowed-cidr <address>/32",
            )),
        },
    }
}

fn alone(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => format!("{address}/32"),
        IpAddr::V6(address) => format!("{address}/128"),
    }
}

fn given(cidr: &str, public: bool) -> Result<Exposure, Problem> {
    let parts = cidr
        .split_once('/')
        .and_then(|(address, prefix)| Some((address.parse::<IpAddr>().ok()?, prefix.parse::<u32>().ok()?)));
    let fix = "one address is 203.0.113.7/32, a range 203.0.113.0/24";
    match parts {
        Some((IpAddr::V4(address), prefix @ 0..=32)) => {
            let behind = u32::MAX.checked_shr(prefix).unwrap_or(0);
            if u32::from(address) & behind != 0 {
                return Err(Problem::new(format!("--allowed-cidr {cidr} has bits set behind its prefix"), fix));
            }
        }
        Some((IpAddr::V6(_), 0..=128)) => {}
        _ => return Err(Problem::new(format!("--allowed-cidr {cidr} is no range of addresses"), fix)),
    }
    Ok(Exposure { cidr: cidr.to_owned(), public: public || EVERYBODY.contains(&cidr) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_has_to_be_asked_for_by_name() {
        assert!(given("0.0.0.0/0", false).unwrap().public);
        assert!(given("::/0", false).unwrap().public);
        assert!(!given("0.0.0.0/1", false).unwrap().public);
        assert!(!given("203.0.113.7/32", false).unwrap().public);
    }

    #[test]
    fn what_is_no_range_is_refused() {
        for bad in ["", "203.0.113.7", "203.0.113.7/33", "203.0.113.7/24", "x/32", "::1/129"] {
            assert!(given(bad, false).is_err(), "{bad}");
        }
    }

    #[test]
    fn one_address_is_a_range_of_one() {
        assert_eq!(alone("203.0.113.7".parse().unwrap()), "203.0.113.7/32");
        assert_eq!(alone("2001:db8::7".parse().unwrap()), "2001:db8::7/128");
    }
}
