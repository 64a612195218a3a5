//! Who knocks, as far as a request tells: from where, with which browser, and whether it is known here.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::{
    extract::ConnectInfo,
    http::{Extensions, HeaderMap, HeaderValue, header},
};
use services::{Proxies, accounts::Caller};

/// The cookie that says which browser this is. It opens nothing by itself.
const DEVICE: &str = "showup_device";

/// A browser that nobody has signed in with for so long is a stranger's again.
const KEPT_SECONDS: u32 = 365 * 24 * 60 * 60;

/// Longer ones are none of ours.
const LONGEST: usize = 400;

/// Who asks.
pub fn caller(headers: &HeaderMap, extensions: &Extensions) -> Caller {
    let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
    Caller {
        address: Some(address(headers, extensions)),
        device: device(headers),
        user_agent: agent.unwrap_or_default().to_owned(),
    }
}

/// From where: by the word of the proxies that the router has named (`Proxies` among the extensions).
pub fn address(headers: &HeaderMap, extensions: &Extensions) -> IpAddr {
    let peer = extensions.get::<ConnectInfo<SocketAddr>>();
    // Without a connection it is this machine itself that asks.
    let peer = peer.map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), |ConnectInfo(peer)| peer.ip());
    let forwarded = headers
        .get_all("x-forwarded-for")
        .iter()
        .filter_map(|value| value.to_str().ok());
    let forwarded: Vec<&str> = forwarded.flat_map(|value| value.split(',')).collect();
    match extensions.get::<Proxies>() {
        Some(proxies) => proxies.who(peer, forwarded.into_iter()),
        None => peer.to_canonical(),
    }
}

fn device(headers: &HeaderMap) -> Option<String> {
    let cookies = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='));
    let value = pairs.find(|(name, _)| *name == DEVICE)?.1;
    (value.len() <= LONGEST).then(|| value.to_owned())
}

/// The cookie for `words`, which scripts can't read and other sites don't send along.
pub fn device_cookie(words: &str, https: bool) -> Option<HeaderValue> {
    let secure = if https { "; Secure" } else { "" };
    let cookie = format!("{DEVICE}={words}; Path=/; Max-Age={KEPT_SECONDS}; HttpOnly; SameSite=Lax{secure}");
    HeaderValue::from_str(&cookie).ok()
}
