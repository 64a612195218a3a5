//! Gets a calendar from its address. The address is a stranger's word and a credential: only public hosts are called, at every redirect
//! anew, and no part of it stands in a log or a problem.

use std::time::Duration;

use reqwest::{
    StatusCode,
    header::{ETAG, HeaderMap, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED, LOCATION},
};
use url::Url;

use crate::kernel::addresses::{Public, is_public_host};

/// How long all of it may take.
const TIMEOUT: Duration = Duration::from_secs(10);
const LARGEST: usize = 5 * 1024 * 1024;
const MOST_REDIRECTS: usize = 3;
/// Characters of an address.
const LONGEST: usize = 2_000;
/// An `ETag` longer than this is not kept.
const LONGEST_TAG: usize = 400;

/// The way to calendars.
pub(crate) struct Fetcher {
    http: reqwest::Client,
    /// Private addresses may be called, too: where the calendar of a test is.
    anywhere: bool,
}

/// A calendar, or that it is the same as before.
pub(super) enum Fetched {
    Same,
    New {
        text: String,
        etag: Option<String>,
        modified: Option<String>,
    },
}

impl Fetcher {
    /// # Panics
    /// When TLS can't be set up on this machine, which `twilio` has tried before.
    pub(crate) fn new(anywhere: bool) -> Self {
        let mut http = reqwest::Client::builder()
            .connect_timeout(Duration::from_secs(5))
            .timeout(TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .user_agent(concat!("showup/", env!("CARGO_PKG_VERSION"), " (calendar reader)"));
        if !anywhere {
            // What a name leads to is looked at and called in one: it can't lead elsewhere in between.
            http = http.dns_resolver(Public);
        }
        Self {
            http: http.build().expect("a client for calendars"),
            anywhere,
        }
    }

    /// An address as it is called.
    ///
    /// # Errors
    /// Why it is not called, in plain words.
    pub(super) fn address(&self, typed: &str) -> Result<Url, &'static str> {
        const NONE: &str = "Please give the address of a calendar in iCal format; it begins with https:// or webcal://.";
        let typed = typed.trim();
        if typed.len() > LONGEST {
            return Err(NONE);
        }
        let web = typed.get(..9).filter(|head| head.eq_ignore_ascii_case("webcal://"));
        let url = match web {
            Some(_) => Url::parse(&format!("https://{}", &typed[9..])),
            None => Url::parse(typed),
        };
        let url = url.map_err(|_| NONE)?;
        if !matches!(url.scheme(), "https" | "http") || url.host().is_none() {
            return Err(NONE);
        }
        if !self.anywhere && !is_public_host(&url) {
            return Err("This address lies in a private network, which Showup does not read from.");
        }
        Ok(url)
    }

    /// # Errors
    /// Why it could not be read, in plain words.
    pub(super) async fn fetch(&self, address: &str, etag: Option<&str>, modified: Option<&str>) -> Result<Fetched, String> {
        let all = tokio::time::timeout(TIMEOUT, self.follow(address, etag, modified)).await;
        all.unwrap_or_else(|_| Err("The calendar did not answer within ten seconds.".to_owned()))
    }

    async fn follow(&self, address: &str, etag: Option<&str>, modified: Option<&str>) -> Result<Fetched, String> {
        let mut url = self.address(address)?;
        for _ in 0..=MOST_REDIRECTS {
            let mut request = self.http.get(url.clone()).header("Accept", "text/calendar, */*;q=0.1");
            if let Some(etag) = etag {
                request = request.header(IF_NONE_MATCH, etag);
            }
            if let Some(modified) = modified {
                request = request.header(IF_MODIFIED_SINCE, modified);
            }
            let answer = request.send().await.map_err(|cause| unreached(&cause))?;
            let status = answer.status();
            if !status.is_redirection() || status == StatusCode::NOT_MODIFIED {
                return taken(answer).await;
            }
            let next = header(answer.headers(), LOCATION.as_str(), LONGEST);
            let next = next.and_then(|next| url.join(&next).ok());
            let next = next.ok_or("The calendar's address leads nowhere.")?;
            url = self.address(next.as_str())?;
        }
        Err("The calendar's address leads from one to the next more than three times.".to_owned())
    }
}

fn unreached(cause: &reqwest::Error) -> String {
    if cause.is_timeout() {
        "The calendar did not answer within ten seconds.".to_owned()
    } else {
        "The calendar could not be reached.".to_owned()
    }
}

async fn taken(mut answer: reqwest::Response) -> Result<Fetched, String> {
    match answer.status() {
        StatusCode::OK => {}
        StatusCode::NOT_MODIFIED => return Ok(Fetched::Same),
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::NOT_FOUND | StatusCode::GONE => {
            let status = answer.status().as_u16();
            return Err(format!(
                "The calendar is not given out at this address any more (answer {status}). Please copy its secret address anew."
            ));
        }
        other => return Err(format!("The calendar's server answered {}.", other.as_u16())),
    }
    let etag = header(answer.headers(), ETAG.as_str(), LONGEST_TAG);
    let modified = header(answer.headers(), LAST_MODIFIED.as_str(), LONGEST_TAG);
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|cause| unreached(&cause))? {
        if bytes.len() + chunk.len() > LARGEST {
            return Err("The calendar is larger than 5 MB. Please make a calendar of its own for visits.".to_owned());
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(Fetched::New {
        text: String::from_utf8_lossy(&bytes).into_owned(),
        etag,
        modified,
    })
}

fn header(headers: &HeaderMap, name: &str, longest: usize) -> Option<String> {
    let value = headers.get(name)?.to_str().ok()?;
    (value.len() <= longest).then(|| value.to_owned())
}
