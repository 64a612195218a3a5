//! Who opened a link: a person, or most likely a machine. Phones and chat programs fetch links for a preview, and scanners of mail and
//! networks fetch every link there is; none of them is anybody who wants to write a review.

use chrono::Duration;

/// A visit to a link, as far as it tells something of the visitor.
#[derive(Debug, Clone, Copy, Default)]
pub struct Hit<'a> {
    /// Only whether there is something was asked (HEAD).
    pub head: bool,
    /// It was fetched ahead, before anybody pressed anything.
    pub ahead: bool,
    /// What the program calls itself.
    pub agent: Option<&'a str>,
    /// Since the message left; none: that is not known to have happened.
    pub since_sent: Option<Duration>,
}

/// Who it was, most likely.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Visitor {
    Person,
    Machine,
}

/// Nobody reads a text and presses its link in less than this.
const TOO_SOON: Duration = Duration::seconds(5);

/// What previewers, scanners and programs call themselves, in small letters.
const MACHINES: &[&str] = &[
    "bot",
    "crawl",
    "spider",
    "slurp",
    "preview",
    "facebookexternalhit",
    "facebookcatalog",
    "meta-externalagent",
    "whatsapp/",
    "skypeuripreview",
    "embedly",
    "vkshare",
    "pinterest/",
    "flipboard",
    "iframely",
    "google-safety",
    "google-read-aloud",
    "googleimageproxy",
    "apis-google",
    "feedfetcher",
    "mediapartners",
    "barracuda",
    "proofpoint",
    "mimecast",
    "forcepoint",
    "symantec",
    "trendmicro",
    "safelinks",
    "microsoft office",
    "ms-office",
    "msoffice",
    "bitdefender",
    "kaspersky",
    "fortiguard",
    "zscaler",
    "paloalto",
    "palo alto",
    "urlscan",
    "virustotal",
    "checkmarknetwork",
    "censys",
    "headless",
    "phantomjs",
    "puppeteer",
    "playwright",
    "lighthouse",
    "python",
    "curl/",
    "wget",
    "go-http-client",
    "java/",
    "okhttp",
    "apache-httpclient",
    "libwww",
    "node-fetch",
    "undici",
    "axios",
    "got (",
    "ruby",
    "php/",
    "guzzle",
    "httpx",
    "aiohttp",
    "reqwest",
    "scrapy",
    "postman",
    "insomnia",
    "monitor",
    "uptime",
];

/// Who a visitor most likely is.
#[must_use]
pub fn visitor(hit: &Hit<'_>) -> Visitor {
    let agent = hit.agent.unwrap_or_default().to_lowercase();
    let named = MACHINES.iter().any(|name| agent.contains(name));
    let soon = hit.since_sent.is_none_or(|since| since < TOO_SOON);
    if hit.head || hit.ahead || agent.trim().is_empty() || named || soon {
        Visitor::Machine
    } else {
        Visitor::Person
    }
}
