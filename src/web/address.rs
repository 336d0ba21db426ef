//! Which addresses are not of the public internet, and which of them a request may reach.
//!
//! The tables are IANA's registries of special-purpose addresses, for IPv4 and IPv6. An address that is not
//! globally reachable counts as private here, and so does a v6 address that stands for such a v4 address.
//!
//! Not everything can be checked behind a proxy, which resolves names and connects by itself: there only hosts
//! that are written as an address, or as `localhost`, are recognised.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The kind of a special-purpose address; `None` for one of the public internet.
pub(crate) fn special(address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(address) => special_v4(address),
        IpAddr::V6(address) => special_v6(address),
    }
}

/// The kind of address that `host` is by its text alone: it is an address, or a name that always means this
/// machine (RFC 6761, section 6.3).
pub(crate) fn special_host(host: &str) -> Option<&'static str> {
    if let Some(address) = literal(host) {
        return special(address);
    }
    let name = host.trim_end_matches('.').to_ascii_lowercase();
    (name == "localhost" || name.ends_with(".localhost")).then_some("a loopback address")
}

/// The address that `host` is, if it is written as one.
pub(crate) fn literal(host: &str) -> Option<IpAddr> {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let bare = bare.split_once('%').map_or(bare, |(address, _zone)| address);
    bare.parse().ok()
}

const SPECIAL: &str = "a special-purpose address";

const UNREADABLE: &str = "in letters that may stand for an address";

fn special_v4(address: Ipv4Addr) -> Option<&'static str> {
    Some(match address.octets() {
        [0, ..] => "an unspecified address",
        [127, ..] => "a loopback address",
        [169, 254, ..] => "a link-local address",
        [10, ..] | [192, 168, ..] | [172, 16..=31, ..] => "a private address",
        [100, 64..=127, ..] => "an address shared behind a carrier's NAT",
        // Port control and TURN anycast, the two global ones of 192.0.0.0/24.
        [192, 0, 0, 9 | 10] => return None,
        [192, 0, 0 | 2, _]
        | [192, 88, 99, _]
        | [198, 18 | 19, ..]
        | [198, 51, 100, _]
        | [203, 0, 113, _]
        | [240..=255, ..] => SPECIAL,
        [224..=239, ..] => "a multicast address",
        _ => return None,
    })
}

fn special_v6(address: Ipv6Addr) -> Option<&'static str> {
    let embedded = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        special_v4(Ipv4Addr::new(a, b, c, d))
    };
    Some(match address.segments() {
        [0, 0, 0, 0, 0, 0, 0, 0] => "an unspecified address",
        [0, 0, 0, 0, 0, 0, 0, 1] => "a loopback address",
        // Mapped, and translated by NAT64: the kind of the v4 address within.
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            return embedded(high, low);
        }
        // 6to4.
        [0x2002, high, low, ..] => return embedded(high, low),
        // Protocol assignments, but for those that are global: anycast and AMT, AS112, ORCHIDv2, DRIP.
        [0x2001, 1, 0, 0, 0, 0, 0, 1..=3] | [0x2001, 3, ..] | [0x2001, 4, 0x112, ..] => {
            return None;
        }
        [0x2001, 0x20..=0x3f, ..] => return None,
        // Those that begin with 0 are the long deprecated v4-compatible and v4-translated forms.
        [0 | 0x5f00, ..]
        | [0x64, 0xff9b, 1, ..]
        | [0x100, 0, 0, _, ..]
        | [0x2001, 0..=0x1ff | 0xdb8, ..]
        | [0x3fff, 0..=0xfff, ..] => SPECIAL,
        [0xfc00..=0xfdff, ..] => "a unique local address",
        [0xfe80..=0xfebf, ..] => "a link-local address",
        [0xfec0..=0xfeff, ..] => "a site-local address",
        [0xff00..=0xffff, ..] => "a multicast address",
        _ => return None,
    })
}

/// Which addresses one request may reach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rule {
    /// All of them.
    Any,
    /// Those of the public internet.
    Public,
    /// Those of the public internet, and this one.
    PublicAnd(IpAddr),
}

impl Rule {
    /// The kind of the address, if this rule refuses it.
    pub(crate) fn refuses(self, address: IpAddr) -> Option<&'static str> {
        match self {
            Self::Any => None,
            Self::PublicAnd(exempt) if exempt == address => None,
            Self::Public | Self::PublicAnd(_) => special(address),
        }
    }

    /// The kind of address that `host` is, if this rule refuses it for its text alone.
    pub(crate) fn refuses_host(self, host: &str) -> Option<&'static str> {
        match literal(host) {
            Some(address) => self.refuses(address),
            // A resolver turns it into the letters of the DNS first, and full-width or circled digits become
            // an address. Whether libcurl does so depends on its version and the locale.
            None if self != Self::Any && !host.is_ascii() => Some(UNREADABLE),
            None => match self {
                Self::Public => special_host(host),
                Self::PublicAnd(exempt) if !exempt.is_loopback() => special_host(host),
                Self::PublicAnd(_) | Self::Any => None,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_beyond_ascii_is_refused_where_any_address_is() {
        for rule in [Rule::Public, Rule::PublicAnd(Ipv4Addr::LOCALHOST.into())] {
            assert_eq!(rule.refuses_host("\u{ff11}27.0.0.1"), Some(UNREADABLE));
            assert_eq!(rule.refuses_host("xn--e1afmkfd.example"), None);
        }
        assert_eq!(Rule::Any.refuses_host("\u{ff11}27.0.0.1"), None);
    }

    fn kind(text: &str) -> Option<&'static str> {
        special(text.parse().expect("an address"))
    }

    #[test]
    fn every_block_of_the_ipv4_registry_that_is_not_global_is_special() {
        for block in [
            "0.0.0.0",
            "0.255.255.255",
            "10.0.0.0",
            "10.255.255.255",
            "100.64.0.0",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.255",
            "169.254.0.0",
            "169.254.169.254",
            "172.16.0.0",
            "172.31.255.255",
            "192.0.0.0",
            "192.0.0.8",
            "192.0.0.170",
            "192.0.0.255",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.0.0",
            "192.168.255.255",
            "198.18.0.0",
            "198.19.255.255",
            "198.51.100.7",
            "203.0.113.255",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.0",
            "255.255.255.255",
        ] {
            assert!(kind(block).is_some(), "{block}");
        }
    }

    #[test]
    fn the_neighbours_of_special_ipv4_blocks_are_public() {
        for address in [
            "1.0.0.0",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "169.253.255.255",
            "169.255.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "191.255.255.255",
            "192.0.0.9",
            "192.0.0.10",
            "192.0.1.0",
            "192.0.3.0",
            "192.88.98.255",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "198.51.99.255",
            "203.0.112.255",
            "203.0.114.0",
            "223.255.255.255",
            "8.8.8.8",
        ] {
            assert_eq!(kind(address), None, "{address}");
        }
    }

    #[test]
    fn every_block_of_the_ipv6_registry_that_is_not_global_is_special() {
        for address in [
            "::",
            "::1",
            "::7f00:1",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:2::1",
            "2001:10::1",
            "2001:1ff::1",
            "2001:db8::1",
            "3fff::1",
            "3fff:fff::1",
            "5f00::1",
            "fc00::1",
            "fdff:ffff::1",
            "fe80::1",
            "febf::1",
            "fec0::1",
            "ff02::1",
            "ffff::1",
        ] {
            assert!(kind(address).is_some(), "{address}");
        }
        for address in [
            "2001:1::1",
            "2001:3::1",
            "2001:4:112::1",
            "2001:20::1",
            "2001:30::1",
            "2001:200::1",
            "2001:db7::1",
            "2001:db9::1",
            "2606:4700::1111",
            "2a00::1",
            "3fff:1000::1",
            "64:ff9b:2::1",
            "5eff::1",
            "5f01::1",
            "fbff::1",
        ] {
            assert_eq!(kind(address), None, "{address}");
        }
    }

    #[test]
    fn a_v6_address_is_what_the_v4_address_within_it_is() {
        for prefix in ["::ffff:", "64:ff9b::"] {
            assert_eq!(kind(&format!("{prefix}127.0.0.1")), Some("a loopback address"));
            assert_eq!(kind(&format!("{prefix}10.1.2.3")), Some("a private address"));
            assert_eq!(kind(&format!("{prefix}8.8.8.8")), None);
        }
        assert_eq!(kind("2002:a9fe:a9fe::"), Some("a link-local address"));
        assert_eq!(kind("2002:808:808::"), None);
    }

    #[test]
    fn an_address_or_localhost_is_recognised_by_its_text() {
        for host in
            ["127.0.0.1", "[::1]", "[fe80::1%25eth0]", "localhost", "LOCALHOST.", "a.localhost"]
        {
            assert!(special_host(host).is_some(), "{host}");
        }
        for host in
            ["localhost.example", "example.org", "8.8.8.8", "[2606:4700::1111]", "notlocalhost"]
        {
            assert_eq!(special_host(host), None, "{host}");
        }
    }

    #[test]
    fn an_exempt_address_opens_no_other() {
        let (own, other) = (IpAddr::from([127, 0, 0, 1]), IpAddr::from([127, 0, 0, 2]));
        assert_eq!(Rule::Any.refuses(other), None);
        assert_eq!(Rule::PublicAnd(own).refuses(own), None);
        assert!(Rule::PublicAnd(own).refuses(other).is_some());
        assert!(Rule::Public.refuses(own).is_some());
    }
}
