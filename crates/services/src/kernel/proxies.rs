//! Who asks, where proxies stand between: only those that whoever runs the installation names are believed.

use std::net::IpAddr;

use ipnet::IpNet;

/// The proxies that are believed what they say in `X-Forwarded-For`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proxies(Vec<IpNet>);

impl Default for Proxies {
    /// Those on this machine.
    fn default() -> Self {
        Self::read("127.0.0.0/8 ::1").unwrap_or(Self(Vec::new()))
    }
}

impl Proxies {
    /// Addresses and networks with blanks or commas between: `127.0.0.1, 10.0.0.0/8`.
    ///
    /// # Errors
    /// The word that is none.
    pub fn read(words: &str) -> Result<Self, String> {
        let words = words.split([' ', ',']).filter(|word| !word.is_empty());
        let networks = words.map(|word| network(word).ok_or_else(|| word.to_owned()));
        networks.collect::<Result<_, _>>().map(Self)
    }

    fn holds(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Who asks. `peer`: who has opened the connection; `forwarded`: the addresses of `X-Forwarded-For`, as they stand there. Each proxy adds
    /// whom it heard: from the right, the first that is none of ours; what stands before came from outside.
    #[must_use]
    pub fn who<'a>(&self, peer: IpAddr, forwarded: impl DoubleEndedIterator<Item = &'a str>) -> IpAddr {
        let mut who = peer.to_canonical();
        for before in forwarded.rev() {
            if !self.holds(who) {
                break;
            }
            let Ok(before) = before.trim().parse::<IpAddr>() else { break };
            who = before.to_canonical();
        }
        who
    }
}

/// An address, or a network; of IPv4 in IPv6's clothes the former.
pub(crate) fn network(word: &str) -> Option<IpNet> {
    let network = word
        .parse::<IpNet>()
        .or_else(|_| word.parse::<IpAddr>().map(IpNet::from))
        .ok()?
        .trunc();
    match network {
        IpNet::V6(v6) if v6.prefix_len() >= 96 => match v6.addr().to_ipv4_mapped() {
            Some(v4) => IpNet::new(v4.into(), v6.prefix_len() - 96).ok(),
            None => Some(network),
        },
        _ => Some(network),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case::nobody_between("203.0.113.7", "", "203.0.113.7")]
    #[case::a_stranger_says_who_they_are("203.0.113.7", "198.51.100.1", "203.0.113.7")]
    #[case::a_proxy_on_this_machine("127.0.0.1", "203.0.113.7", "203.0.113.7")]
    #[case::who_adds_to_it_before("127.0.0.1", "198.51.100.1, 203.0.113.7", "203.0.113.7")]
    #[case::two_in_a_row("127.0.0.1", "203.0.113.7, 10.1.2.3", "203.0.113.7")]
    #[case::a_private_one_that_is_not_ours("127.0.0.1", "203.0.113.7, 192.168.1.1", "192.168.1.1")]
    #[case::nothing_but_ours("127.0.0.1", "10.1.2.3", "10.1.2.3")]
    #[case::not_an_address("127.0.0.1", "203.0.113.7, unknown", "127.0.0.1")]
    #[case::ipv4_in_ipv6("::ffff:127.0.0.1", "::ffff:203.0.113.7", "203.0.113.7")]
    #[case::of_this_machine("::1", "2001:db8::7", "2001:db8::7")]
    fn only_proxies_that_are_named_are_believed(#[case] peer: &str, #[case] forwarded: &str, #[case] who: &str) {
        let proxies = Proxies::read("127.0.0.0/8, ::1 10.0.0.0/8").expect("networks");
        let is = proxies.who(peer.parse().expect("an address"), forwarded.split(','));
        assert_eq!(is, who.parse::<IpAddr>().expect("an address"));
    }

    #[rstest]
    #[case("203.0.113.7", "203.0.113.7/32")]
    #[case("203.0.113.7/24", "203.0.113.0/24")]
    #[case("2001:db8::1/32", "2001:db8::/32")]
    #[case("::ffff:203.0.113.0/120", "203.0.113.0/24")]
    fn a_network_is_written_in_its_shortest_form(#[case] typed: &str, #[case] is: &str) {
        assert_eq!(network(typed).map(|network| network.to_string()).as_deref(), Some(is));
    }

    #[test]
    fn what_is_no_network_is_named() {
        assert_eq!(Proxies::read("127.0.0.1 here"), Err("here".to_owned()));
        assert_eq!(network("10.0.0.0/33"), None);
    }
}
