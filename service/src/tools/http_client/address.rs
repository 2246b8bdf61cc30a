//! The addresses that a request may reach, by the registries of special-purpose addresses
//! (<https://www.iana.org/assignments/iana-ipv4-special-registry>, `…/iana-ipv6-special-registry`).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::error::Refused;

/// The addresses that a request may reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// Public addresses only.
    Public,
    /// Loopback and private addresses, too.
    Private,
}

/// The kinds of addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Public,
    Loopback,
    Private,
    /// Cloud providers hand out credentials at these.
    LinkLocal,
    /// Addresses of no single machine.
    Reserved,
}

impl Reach {
    /// Checks an address.
    pub(super) fn check(self, address: IpAddr) -> Result<(), Refused> {
        let (kind, name) = match kind(address) {
            Kind::Public => return Ok(()),
            kind @ Kind::Loopback => (kind, "loopback"),
            kind @ Kind::Private => (kind, "private"),
            kind @ Kind::LinkLocal => (kind, "link-local"),
            kind @ Kind::Reserved => (kind, "reserved"),
        };
        match self {
            Self::Private if matches!(kind, Kind::Loopback | Kind::Private) => Ok(()),
            _ => Err(Refused::Address { address, kind: name }),
        }
    }
}

fn kind(address: IpAddr) -> Kind {
    match address {
        IpAddr::V4(address) => kind_of_v4(address),
        IpAddr::V6(address) => embedded_v4(address).map_or_else(|| kind_of_v6(address), kind_of_v4),
    }
}

fn kind_of_v4(address: Ipv4Addr) -> Kind {
    match address.octets() {
        [127, ..] => Kind::Loopback,
        [169, 254, ..] => Kind::LinkLocal,
        [10, ..] | [192, 168, ..] | [172, 16..=31, ..] | [100, 64..=127, ..] => Kind::Private,
        // "This network", protocol assignments, documentation, benchmarks, multicast, and the rest of class E.
        [0, ..] | [192, 0, 0 | 2, _] | [198, 18 | 19, ..] | [198, 51, 100, _] | [203, 0, 113, _] | [224..=255, ..] => {
            Kind::Reserved
        }
        _ => Kind::Public,
    }
}

fn kind_of_v6(address: Ipv6Addr) -> Kind {
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 1] => Kind::Loopback,
        // EC2's metadata and ECS's credentials for IPv6.
        [0xfd00, 0x0ec2, ..] | [0xfe80..=0xfebf, ..] => Kind::LinkLocal,
        [0xfc00..=0xfdff, ..] | [0xfec0..=0xfeff, ..] => Kind::Private,
        // Teredo, documentation, NAT64 of a local network, multicast, and everything outside of 2000::/3.
        [0x2001, 0 | 0x0db8, ..] | [0x3fff, 0..=0x0fff, ..] => Kind::Reserved,
        [0x2000..=0x3fff, ..] => Kind::Public,
        _ => Kind::Reserved,
    }
}

/// Returns the IPv4 address inside an IPv6 address: mapped, compatible, NAT64 (RFC 6052) or 6to4 (RFC 3056).
fn embedded_v4(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let join = |high: u16, low: u16| Some(Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low)));
    match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0 | 1] => None,
        [0, 0, 0, 0, 0, 0 | 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => join(high, low),
        [0x2002, high, low, ..] => join(high, low),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn special_addresses_are_recognized() {
        for (kind, addresses) in [
            (Kind::Public, "1.1.1.1 172.32.0.1 100.128.0.1 192.0.1.1 2606:4700::1 64:ff9b::1.1.1.1 2002:101:101::1"),
            (Kind::Loopback, "127.0.0.1 127.255.0.1 ::1 ::ffff:127.0.0.1 64:ff9b::127.0.0.1 2002:7f00:1::"),
            (Kind::Private, "10.1.2.3 172.16.0.1 172.31.255.255 192.168.0.1 100.64.0.1 fc00::1 fdff::1 fec0::1"),
            (Kind::Private, "::ffff:10.0.0.1 ::10.0.0.1 100.100.100.200"),
            (Kind::LinkLocal, "169.254.169.254 169.254.170.2 fe80::1 fd00:ec2::254 ::ffff:169.254.169.254"),
            (Kind::Reserved, "0.0.0.0 :: 224.0.0.1 255.255.255.255 192.0.0.8 198.18.0.1 ff02::1 2001::1 2001:db8::1"),
            (Kind::Reserved, "64:ff9b:1::1 100::1 4000::1"),
        ] {
            for address in addresses.split(' ') {
                assert_eq!(super::kind(address.parse().unwrap()), kind, "{address}");
            }
        }
    }

    #[test]
    fn private_reach_excludes_link_local_addresses() {
        let permitted = |reach: Reach, address: &str| reach.check(address.parse().unwrap()).is_ok();
        for (address, public, private) in [
            ("1.1.1.1", true, true),
            ("127.0.0.1", false, true),
            ("10.0.0.1", false, true),
            ("169.254.169.254", false, false),
            ("fd00:ec2::254", false, false),
            ("0.0.0.0", false, false),
        ] {
            assert_eq!(permitted(Reach::Public, address), public, "{address}");
            assert_eq!(permitted(Reach::Private, address), private, "{address}");
        }
    }
}
