//! Where the mail server is and how to speak to it, as `SMTP_URL` says it.

use lettre::transport::smtp::{
    authentication::{Credentials, Mechanism},
    client::{Tls, TlsParameters},
};
use percent_encoding::percent_decode_str;
use secrecy::{ExposeSecret, SecretString};
use url::Url;

pub(super) const MECHANISMS: &[Mechanism] = &[Mechanism::Plain, Mechanism::Login];

const SUBMISSION: u16 = 587;
const SUBMISSIONS: u16 = 465;
const RELAY: u16 = 25;

pub(super) struct Server {
    pub host: String,
    pub port: u16,
    pub tls: Tls,
    pub credentials: Option<Credentials>,
}

impl Server {
    /// `smtps://` is encrypted from the first byte. `smtp://` is encrypted once both have said hello: always where there is a password,
    /// else where the server offers it; not to this machine itself. `?tls=required`, `opportunistic` or `none` says otherwise.
    pub(super) fn read(url: &SecretString) -> Result<Self, String> {
        let form = "write it as in smtp://user:password@mail.example.com:587.";
        let url = Url::parse(url.expose_secret().trim()).map_err(|_| format!("it is no address; {form}"))?;
        let host = url.host_str().filter(|host| !host.is_empty());
        let host = host.ok_or_else(|| format!("it names no mail server; {form}"))?;
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let credentials = credentials(&url)?;
        let wish = url
            .query_pairs()
            .find(|(key, _)| key == "tls")
            .map(|(_, wish)| wish.into_owned());
        let near = ["localhost", "127.0.0.1", "::1"].contains(&host.as_str());
        let parameters = || TlsParameters::new(host.clone()).map_err(|e| format!("it can't be spoken to with TLS: {e}."));
        let tls = match (url.scheme(), wish.as_deref()) {
            ("smtps", None | Some("required")) => Tls::Wrapper(parameters()?),
            ("smtp", Some("required")) => Tls::Required(parameters()?),
            ("smtp", Some("opportunistic")) => Tls::Opportunistic(parameters()?),
            ("smtp", Some("none")) => Tls::None,
            ("smtp", None) if near => Tls::None,
            ("smtp", None) if credentials.is_some() => Tls::Required(parameters()?),
            ("smtp", None) => Tls::Opportunistic(parameters()?),
            ("smtp" | "smtps", Some(_)) => return Err("tls is required, opportunistic or none.".to_owned()),
            _ => return Err(format!("it begins with smtp:// or smtps://; {form}")),
        };
        let usual = match (&tls, &credentials) {
            (Tls::Wrapper(_), _) => SUBMISSIONS,
            (_, Some(_)) | (Tls::Required(_), _) => SUBMISSION,
            _ => RELAY,
        };
        let port = url.port().unwrap_or(usual);
        Ok(Self {
            host,
            port,
            tls,
            credentials,
        })
    }

    pub(super) fn place(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }
}

fn credentials(url: &Url) -> Result<Option<Credentials>, String> {
    let plain = |text: &str| {
        let text = percent_decode_str(text).decode_utf8().map(std::borrow::Cow::into_owned);
        text.map_err(|_| "user or password can't be read; write what is no letter or digit as in %40 for @.".to_owned())
    };
    match (url.username(), url.password()) {
        ("", None) => Ok(None),
        ("", Some(_)) | (_, None) => Err("user and password belong together.".to_owned()),
        (user, Some(password)) => Ok(Some(Credentials::new(plain(user)?, plain(password)?))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(url: &str) -> Result<Server, String> {
        Server::read(&url.to_owned().into())
    }

    fn told(url: &str) -> (String, &'static str, bool) {
        let server = read(url).unwrap_or_else(|e| panic!("{url}: {e}"));
        let tls = match &server.tls {
            Tls::None => "none",
            Tls::Opportunistic(_) => "offered",
            Tls::Required(_) => "required",
            Tls::Wrapper(_) => "at once",
        };
        (server.place(), tls, server.credentials.is_some())
    }

    #[test]
    fn a_password_leaves_this_machine_encrypted_only() {
        let cases = [
            ("smtp://mail.example.com", ("mail.example.com:25", "offered", false)),
            ("smtp://u:p@mail.example.com", ("mail.example.com:587", "required", true)),
            (
                "smtp://u:p%40%2F@mail.example.com:2525",
                ("mail.example.com:2525", "required", true),
            ),
            (
                "smtp://u:p@mail.example.com:2525?tls=opportunistic",
                ("mail.example.com:2525", "offered", true),
            ),
            ("smtps://u:p@mail.example.com", ("mail.example.com:465", "at once", true)),
            (
                "smtp://mail.example.com?tls=required",
                ("mail.example.com:587", "required", false),
            ),
            (
                "smtp://mail.example.com:1025?tls=none",
                ("mail.example.com:1025", "none", false),
            ),
            ("smtp://127.0.0.1:4025", ("127.0.0.1:4025", "none", false)),
            ("smtp://u:p@localhost", ("localhost:587", "none", true)),
            ("smtp://[::1]:25", ("::1:25", "none", false)),
        ];
        for (url, (place, tls, signs_in)) in cases {
            assert_eq!(told(url), (place.to_owned(), tls, signs_in), "{url}");
        }
    }

    #[test]
    fn what_is_no_mail_server_is_said_without_the_secret() {
        for url in [
            "hidden",
            "mail.example.com:587:hidden",
            "https://u:hidden@mail.example.com",
            "smtp://",
            "smtp://hidden@mail.example.com",
            "smtp://:hidden@mail.example.com",
            "smtp://u:%FFhidden@mail.example.com",
            "smtp://u:hidden@mail.example.com?tls=perhaps",
            "smtps://u:hidden@mail.example.com?tls=none",
        ] {
            let why = read(url).err().unwrap_or_else(|| panic!("{url} was taken"));
            assert!(!why.contains("hidden") && why.ends_with('.'), "{why}");
        }
    }
}
