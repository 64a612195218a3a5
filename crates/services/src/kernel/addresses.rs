//! Which hosts are called at all when somebody else has given the address: those that all the world can reach. An address of a private
//! network would let strangers look around in ours.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// Whether an address names a public host; what a name leads to is for [`Public`].
pub(crate) fn is_public_host(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name.contains('.') && !name.ends_with(".local") && !name.ends_with(".internal"),
        Some(Host::Ipv4(ip)) => is_public(ip.into()),
        Some(Host::Ipv6(ip)) => is_public(ip.into()),
        None => false,
    }
}

/// Looks names up, and keeps what is not public to itself: a name of the open net may point into a private one.
pub(crate) struct Public;

impl Resolve for Public {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public = public_of(found).ok_or("the name leads to no public address")?;
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
}

/// Those that may be called; none: the name is nobody's to call.
fn public_of(found: impl Iterator<Item = SocketAddr>) -> Option<Vec<SocketAddr>> {
    let public: Vec<SocketAddr> = found.filter(|address| is_public(address.ip())).collect();
    (!public.is_empty()).then_some(public)
}

fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => ip.to_ipv4_mapped().map_or_else(|| is_public_v6(ip), is_public_v4),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let [a, b, c, _] = ip.octets();
    let special = match a {
        // This network, and what is reserved.
        0 | 240..=255 => true,
        // Carriers' own.
        100 => (64..128).contains(&b),
        192 => b == 0 && c == 0,
        // Benchmarks.
        198 => b == 18 || b == 19,
        _ => false,
    };
    !(special || ip.is_private() || ip.is_loopback() || ip.is_link_local() || ip.is_multicast() || ip.is_documentation())
}

fn is_public_v6(ip: Ipv6Addr) -> bool {
    let [first, second, ..] = ip.segments();
    // Global unicast, without documentation, Teredo, and 6to4, which wraps a v4 address.
    (0x2000..0x4000).contains(&first) && first != 0x2002 && !(first == 0x2001 && (second == 0xdb8 || second == 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A name may lead to both, and to another one each time it is looked up: only what was looked at is called.
    #[test]
    fn of_what_a_name_leads_to_only_the_public_is_kept() {
        let found = |ips: &[&str]| {
            let ips: Vec<SocketAddr> = ips.iter().map(|ip| SocketAddr::new(ip.parse().expect("an ip"), 0)).collect();
            public_of(ips.into_iter()).map(|kept| kept.iter().map(|one| one.ip().to_string()).collect::<Vec<_>>())
        };
        let public = Some(vec!["93.184.216.34".to_owned()]);
        assert_eq!(found(&["127.0.0.1", "93.184.216.34", "::1"]), public);
        for private in [
            "0.0.0.0",
            "10.0.0.1",
            "100.64.0.1",
            "127.0.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "192.168.0.1",
            "198.18.0.1",
            "224.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::127.0.0.1",
            "::ffff:127.0.0.1",
            "::ffff:169.254.169.254",
            "64:ff9b::127.0.0.1",
            "2002:7f00:1::",
            "fc00::1",
            "fd00::1",
            "fe80::1",
            "ff02::1",
        ] {
            assert_eq!(found(&[private]), None, "{private}");
        }
    }

    #[tokio::test]
    async fn a_name_that_leads_into_a_private_network_is_not_called() {
        let found = Public.resolve("localhost".parse().expect("a name")).await;
        assert!(found.is_err(), "localhost is nobody's push service");
    }
}
