//! One call to an endpoint. Its address is a stranger's word: only public hosts are called, what a name leads to is looked at and called in
//! one, no redirect is followed, and of what is answered only the beginning is read.

use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use domain::webhooks::{Answer, retry_after};
use reqwest::header::{CONTENT_TYPE, RETRY_AFTER};
use url::Url;

use crate::kernel::addresses::{Public, is_public_host};

/// How long a whole call may take.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(20);
/// How long the words of an answer are waited for whose status is here.
const PATIENCE: Duration = Duration::from_secs(3);
/// Bytes of an answer that are kept.
const KEPT: usize = 4_096;
/// Characters of an address.
const LONGEST: usize = 2_000;

/// The way to endpoints.
pub(crate) struct Caller {
    http: reqwest::Client,
    /// Private addresses may be called, too, and without https.
    anywhere: bool,
}

/// What is posted.
pub(super) struct Call {
    pub url: String,
    pub id: String,
    pub timestamp: i64,
    pub signature: String,
    pub body: String,
}

/// What came of it.
#[derive(Debug)]
pub(super) struct Called {
    pub answer: Answer,
    /// The beginning of what was answered.
    pub body: Option<String>,
    pub took: Duration,
    /// Why it did not arrive, in a sentence; none: it did.
    pub why: Option<String>,
}

impl Caller {
    /// # Panics
    /// When TLS can't be set up on this machine, which `twilio` has tried before.
    pub(crate) fn new(anywhere: bool) -> Self {
        Self::patient(anywhere, TIMEOUT)
    }

    fn patient(anywhere: bool, timeout: Duration) -> Self {
        let mut http = reqwest::Client::builder()
            .connect_timeout(timeout.min(Duration::from_secs(10)))
            .timeout(timeout)
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            // What grows when it is unpacked is not asked for.
            .gzip(false)
            .user_agent(concat!("showup/", env!("CARGO_PKG_VERSION"), " (webhooks)"));
        if !anywhere {
            http = http.https_only(true).dns_resolver(Public);
        }
        Self {
            http: http.build().expect("a client for webhooks"),
            anywhere,
        }
    }

    /// An address as it is called.
    ///
    /// # Errors
    /// Why it is not called, in plain words.
    pub(super) fn address(&self, typed: &str) -> Result<Url, &'static str> {
        const NONE: &str = "Please give the address that is called; it begins with https://.";
        let typed = typed.trim();
        if typed.len() > LONGEST {
            return Err("An address has at most 2,000 characters.");
        }
        let url = Url::parse(typed).map_err(|_| NONE)?;
        if !matches!(url.scheme(), "https" | "http") || url.host().is_none() {
            return Err(NONE);
        }
        if self.anywhere {
            return Ok(url);
        }
        if url.scheme() != "https" {
            return Err("Webhooks go out over https alone, so that nobody on the way reads them.");
        }
        if !is_public_host(&url) {
            return Err("This address lies in a private network, which Showup does not call.");
        }
        Ok(url)
    }

    /// Posts it; what went wrong is part of the answer.
    pub(super) async fn post(&self, call: &Call, now: DateTime<Utc>) -> Called {
        let begun = Instant::now();
        let (answer, body, why) = match self.address(&call.url) {
            Ok(url) => self.answered(url, call, now).await,
            Err(why) => (Answer::Nothing, None, Some(why.to_owned())),
        };
        Called {
            answer,
            body,
            took: begun.elapsed(),
            why,
        }
    }

    async fn answered(&self, url: Url, call: &Call, now: DateTime<Utc>) -> (Answer, Option<String>, Option<String>) {
        let request = self
            .http
            .post(url)
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", &call.id)
            .header("webhook-timestamp", call.timestamp)
            .header("webhook-signature", &call.signature)
            .body(call.body.clone());
        let answer = match request.send().await {
            Ok(answer) => answer,
            Err(cause) => return (Answer::Nothing, None, Some(unreached(&cause).to_owned())),
        };
        let code = answer.status().as_u16();
        let after = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let after = after.and_then(|value| retry_after(value, now));
        let body = beginning(answer).await;
        let why = match code {
            200..=299 => None,
            300..=399 => Some(format!(
                "It answered {code} and would be called elsewhere; redirects are not followed."
            )),
            410 => Some("It answered 410: it is gone for ever.".to_owned()),
            _ => Some(format!("It answered {code}.")),
        };
        (Answer::Status { code, after }, Some(body), why)
    }
}

fn unreached(cause: &reqwest::Error) -> &'static str {
    if cause.is_timeout() {
        "There was no answer in time."
    } else if cause.is_connect() {
        "It could not be reached, or its name leads to no public address."
    } else {
        "The connection broke before there was an answer."
    }
}

/// The first bytes of an answer, as far as they come in time. The connection ends with what is left unread.
async fn beginning(mut answer: reqwest::Response) -> String {
    let mut bytes = Vec::new();
    let reading = async {
        while bytes.len() < KEPT
            && let Ok(Some(chunk)) = answer.chunk().await
        {
            let room = KEPT - bytes.len();
            bytes.extend_from_slice(&chunk[..chunk.len().min(room)]);
        }
    };
    // What came until then is kept.
    let _ = tokio::time::timeout(PATIENCE, reading).await;
    // PostgreSQL has no U+0000 in texts.
    String::from_utf8_lossy(&bytes).replace('\0', "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::*;

    /// Somebody at a socket who says this, whoever comes, and then keeps the line open.
    async fn receiver(says: Vec<u8>, and_on: bool) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}/hook", listener.local_addr().expect("an address"));
        tokio::spawn(async move {
            while let Ok((mut line, _)) = listener.accept().await {
                let says = says.clone();
                tokio::spawn(async move {
                    let mut head = [0; 1_024];
                    let _ = line.read(&mut head).await;
                    let _ = line.write_all(&says).await;
                    while and_on && line.write_all(&says).await.is_ok() {}
                    // Until the other side hangs up.
                    while line.read(&mut head).await.is_ok_and(|n| n > 0) {}
                });
            }
        });
        url
    }

    fn call(url: String) -> Call {
        Call {
            url,
            id: "1".to_owned(),
            timestamp: 1,
            signature: "v1,x".to_owned(),
            body: "{}".to_owned(),
        }
    }

    async fn post(caller: &Caller, url: String) -> Called {
        twilio::tls::install();
        caller.post(&call(url), DateTime::UNIX_EPOCH).await
    }

    fn caller(anywhere: bool) -> Caller {
        twilio::tls::install();
        Caller::patient(anywhere, Duration::from_millis(400))
    }

    #[tokio::test]
    async fn who_does_not_answer_is_waited_for_no_longer_than_allowed() {
        let called = post(&caller(true), receiver(Vec::new(), false).await).await;
        assert_eq!(called.answer, Answer::Nothing);
        assert_eq!(called.why.as_deref(), Some("There was no answer in time."));
    }

    #[tokio::test]
    async fn of_an_answer_without_end_the_beginning_is_read() {
        let mut says = b"HTTP/1.1 200 OK\r\ncontent-length: 1073741824\r\n\r\n".to_vec();
        says.extend([b'x'; 10_000]);
        let called = post(&caller(true), receiver(says, true).await).await;
        let ok = Answer::Status { code: 200, after: None };
        assert_eq!((called.answer, called.why), (ok, None));
        assert_eq!(called.body.map(|body| body.len()), Some(KEPT));
    }

    #[tokio::test]
    async fn a_redirect_is_not_followed() {
        let elsewhere = receiver(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n".to_vec(), false).await;
        let says = format!("HTTP/1.1 307 Temporary Redirect\r\nlocation: {elsewhere}\r\ncontent-length: 0\r\n\r\n");
        let called = post(&caller(true), receiver(says.into_bytes(), false).await).await;
        assert!(matches!(called.answer, Answer::Status { code: 307, .. }), "{called:?}");
    }

    #[tokio::test]
    async fn a_wait_that_is_asked_for_is_heard() {
        let says = b"HTTP/1.1 429 Too Many Requests\r\nretry-after: 17\r\ncontent-length: 4\r\n\r\nslow".to_vec();
        let called = post(&caller(true), receiver(says, false).await).await;
        let slower = Answer::Status {
            code: 429,
            after: Some(Duration::from_secs(17)),
        };
        assert_eq!((called.answer, called.body.as_deref()), (slower, Some("slow")));
    }

    #[tokio::test]
    async fn nobody_in_a_private_network_is_called() {
        let caller = caller(false);
        for private in [
            "https://127.0.0.1/x",
            "https://2130706433/x",
            "https://0x7f.1/x",
            "https://0.0.0.0/x",
            "https://10.1.2.3/x",
            "https://169.254.169.254/latest/meta-data",
            "https://[::]/x",
            "https://[::1]/x",
            "https://[::ffff:127.0.0.1]/x",
            "https://[::ffff:a9fe:a9fe]/x",
            "https://[64:ff9b::7f00:1]/x",
            "https://[fc00::1]/x",
            "https://[fd12::1]/x",
            "https://[fe80::1]/x",
            "https://[ff02::1]/x",
            "https://localhost/x",
            "https://metadata.google.internal/x",
            "https://printer.local/x",
        ] {
            assert!(caller.address(private).is_err(), "{private}");
            let called = post(&caller, private.to_owned()).await;
            assert_eq!((called.answer, called.body), (Answer::Nothing, None), "{private}");
        }
        // A zone makes a link of its own of it, which no address of the world has.
        assert!(caller.address("https://[fe80::1%25eth0]/x").is_err());
        assert!(
            caller.address("http://example.com/x").is_err(),
            "anybody on the way would read it"
        );
        assert!(caller.address("ftp://example.com/x").is_err());
        assert!(caller.address("https://example.com/x?token=1").is_ok());
        assert!(caller.address("https://[2a00:1450:4001:800::200a]/x").is_ok());
    }

    /// What was public when it was looked at may lead elsewhere when it is called: each connection looks for itself.
    #[tokio::test]
    async fn a_name_that_leads_into_a_private_network_reaches_nobody() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let port = listener.local_addr().expect("an address").port();
        // A name that every machine knows; a dot makes it look like one of the world's.
        let url = format!("https://localhost.:{port}/x");
        let caller = caller(false);
        assert!(caller.address(&url).is_ok(), "by its name alone nobody can tell");
        let called = post(&caller, url).await;
        assert_eq!(called.answer, Answer::Nothing);
        let came = tokio::time::timeout(Duration::from_millis(50), listener.accept()).await;
        assert!(came.is_err(), "no connection was made");
    }
}
