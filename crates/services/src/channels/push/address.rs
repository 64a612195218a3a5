//! Which addresses of push services are called at all.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// An address longer than this is no push service's.
const LONGEST: usize = 1_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Strictness {
    /// https, to hosts that all the world can reach.
    PublicOnly,
    /// In development, where the push service of a test is on this machine.
    Anywhere,
}

impl Strictness {
    /// Who serves https serves the world.
    pub(crate) fn at(public_url: &str) -> Self {
        if public_url.starts_with("https://") {
            Self::PublicOnly
        } else {
            Self::Anywhere
        }
    }
}

/// # Errors
/// Why it is not called, in plain words.
pub(crate) fn valid(endpoint: &str, how: Strictness) -> Result<Url, &'static str> {
    const NONE: &str = "This is not the address of a push service.";
    if endpoint.len() > LONGEST {
        return Err(NONE);
    }
    let url = Url::parse(endpoint).map_err(|_| NONE)?;
    let plain = url.username().is_empty() && url.password().is_none() && url.fragment().is_none();
    if !plain || !matches!(url.scheme(), "https" | "http") {
        return Err(NONE);
    }
    if how == Strictness::Anywhere {
        return Ok(url);
    }
    if url.scheme() != "https" {
        return Err("A push service has an https address.");
    }
    let public = match url.host().ok_or(NONE)? {
        Host::Domain(name) => name.contains('.') && !name.ends_with(".local") && !name.ends_with(".internal"),
        Host::Ipv4(ip) => is_public(ip.into()),
        Host::Ipv6(ip) => is_public(ip.into()),
    };
    if public {
        Ok(url)
    } else {
        Err("This address lies in a private network, where no push service is.")
    }
}

/// Looks names up, and keeps what is not public to itself: a name of the open net may point into a private one.
pub(super) struct Public;

impl Resolve for Public {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found = tokio::net::lookup_host((name.as_str(), 0)).await?;
            let public: Vec<SocketAddr> = found.filter(|address| is_public(address.ip())).collect();
            if public.is_empty() {
                return Err("the name leads to no public address".into());
            }
            Ok(Box::new(public.into_iter()) as Addrs)
        })
    }
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

    #[test]
    fn only_public_hosts_over_https_are_called() {
        for good in [
            "https://fcm.googleapis.com/fcm/send/abc",
            "https://web.push.apple.com/QX",
            "https://[2a00:1450:4001:800::200a]/x",
            "https://8.8.8.8/x",
        ] {
            assert!(valid(good, Strictness::PublicOnly).is_ok(), "{good}");
        }
        for bad in [
            "http://fcm.googleapis.com/x",
            "https://localhost/x",
            "https://127.0.0.1/x",
            "https://2130706433/x",
            "https://10.0.0.1/x",
            "https://192.168.1.1:8080/x",
            "https://169.254.169.254/latest/meta-data",
            "https://100.64.0.1/x",
            "https://[::1]/x",
            "https://[::ffff:10.0.0.1]/x",
            "https://[fd00::1]/x",
            "https://[2002:a00:1::]/x",
            "https://printer.local/x",
            "https://user:secret@push.example.com/x",
            "file:///etc/passwd",
            "gopher://push.example.com/",
            "nonsense",
        ] {
            assert!(valid(bad, Strictness::PublicOnly).is_err(), "{bad}");
        }
        assert!(valid("http://127.0.0.1:9/x", Strictness::Anywhere).is_ok());
        assert!(valid("file:///etc/passwd", Strictness::Anywhere).is_err());
    }

    #[tokio::test]
    async fn a_name_that_leads_into_a_private_network_is_not_called() {
        let found = Public.resolve("localhost".parse().expect("a name")).await;
        assert!(found.is_err(), "localhost is nobody's push service");
    }
}
