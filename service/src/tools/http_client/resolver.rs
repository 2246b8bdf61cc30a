//! The resolver of connections. It returns the permitted addresses of a name only, so the address that was checked is
//! the one that is connected to.

use std::{error::Error, net::SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};

use super::{address::Reach, error::Refused};
use crate::aws;

/// Resolves names to the addresses that a request may reach.
#[derive(Debug)]
pub(super) struct Resolver {
    reach: Reach,
    /// The proxies of the environment, which usually have private addresses.
    proxies: Vec<String>,
}

impl Resolver {
    pub(super) fn new(reach: Reach) -> Self {
        Self { reach, proxies: aws::proxy_hosts() }
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let is_proxy = self.proxies.iter().any(|proxy| proxy.eq_ignore_ascii_case(name.as_str()));
        let reach = self.reach;
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let permitted = if is_proxy { found } else { permitted(found, reach)? };
            Ok(Box::new(permitted.into_iter()) as Addrs)
        })
    }
}

/// Returns the permitted ones of a name's addresses, or the refusal of the first one if there are none.
fn permitted(found: Vec<SocketAddr>, reach: Reach) -> Result<Vec<SocketAddr>, Box<dyn Error + Send + Sync>> {
    let (permitted, refused): (Vec<_>, Vec<_>) =
        found.into_iter().map(|address| reach.check(address.ip()).map(|()| address)).partition(Result::is_ok);
    match refused.into_iter().find_map(Result::err) {
        Some(refused) if permitted.is_empty() => Err(Box::<Refused>::new(refused)),
        _ => Ok(permitted.into_iter().flatten().collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forbidden_addresses_of_a_name_are_left_out() {
        let found = |addresses: &[&str]| addresses.iter().map(|address| address.parse().unwrap()).collect();
        let mixed = permitted(found(&["127.0.0.1:0", "1.1.1.1:0", "169.254.169.254:0"]), Reach::Public).unwrap();
        assert_eq!(mixed, ["1.1.1.1:0".parse().unwrap()]);
        let refused = permitted(found(&["127.0.0.1:0", "10.0.0.1:0"]), Reach::Public).unwrap_err();
        assert!(refused.to_string().contains("127.0.0.1"), "{refused}");
    }
}
