//! Which addresses of push services are called at all.

use url::Url;

use crate::kernel::addresses::is_public_host;

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
    if is_public_host(&url) {
        Ok(url)
    } else {
        Err("This address lies in a private network, where no push service is.")
    }
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
}
