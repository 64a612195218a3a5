//! Configuration: environment variables (what a `.env` in the current directory says has become one by now), explained in `.env.sample`.

mod known;

use std::net::SocketAddr;

use anyhow::Context;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use services::{Clock, Credentials, Db, Email, OidcSettings, Proxies, Services, Settings, SharedKey, Twilio, vault};

use crate::{kept, metrics::MetricsToken, secret};

pub use known::{SETTINGS, environment, environment_value};

#[derive(Clone, Deserialize)]
pub struct Config {
    pub database_url: String,
    pub listen_addr: SocketAddr,
    /// Where `showup worker` answers `/health/…` and `/metrics`; nowhere without it.
    #[serde(default)]
    pub worker_listen_addr: Option<SocketAddr>,
    #[serde(default)]
    public_url: String,
    #[serde(default)]
    showup_secret_key: SecretString,
    #[serde(default)]
    showup_secret_key_previous: SecretString,
    #[serde(default)]
    pub twilio_account_sid: String,
    #[serde(default)]
    twilio_auth_token: SecretString,
    #[serde(default)]
    twilio_auth_token_previous: SecretString,
    /// `id:secret`, separated by commas.
    #[serde(default)]
    twilio_shared_keys: SecretString,
    twilio_api_url: String,
    #[serde(default)]
    twilio_from: String,
    twilio_max_per_second: Option<u32>,
    /// A file with hours of US states, where they are not those of `domain::quiet`.
    #[serde(default)]
    us_state_hours: String,
    /// The mail server, with the password to it.
    #[serde(default)]
    smtp_url: SecretString,
    #[serde(default)]
    mail_from: String,
    /// Who vouches for that mail.
    #[serde(default)]
    dkim_selector: String,
    #[serde(default)]
    dkim_domain: String,
    #[serde(default)]
    dkim_key: SecretString,
    /// A file that holds the key in its place.
    #[serde(default)]
    dkim_key_file: String,
    /// Where it comes back to if it can't be delivered, and what who hands that over knows.
    #[serde(default)]
    mail_bounce_address: String,
    #[serde(default)]
    mail_bounce_secret: SecretString,
    /// Calendars at private addresses are read, too: for tests, and where a calendar server stands beside this one.
    #[serde(default)]
    showup_allow_private_feeds: bool,
    /// Webhooks go to private addresses, too: for tests, and where their receiver stands beside this server.
    #[serde(default)]
    showup_allow_private_webhooks: bool,
    /// Seconds between two readings of a calendar.
    showup_feed_seconds: Option<u32>,
    /// Requests that a key of the API may make in a minute.
    showup_api_per_minute: Option<u32>,
    /// Proxies that are believed who asks.
    #[serde(default)]
    trusted_proxies: String,
    /// An OpenID Connect issuer at which people may sign in, too.
    #[serde(default)]
    oidc_issuer: String,
    #[serde(default)]
    oidc_client_id: String,
    #[serde(default)]
    oidc_client_secret: SecretString,
    /// A file that holds the secret in its place.
    #[serde(default)]
    oidc_client_secret_file: String,
    /// What the button says.
    #[serde(default)]
    oidc_name: String,
    #[serde(default)]
    metrics_token: SecretString,
    #[serde(default)]
    pub showup_leptos_config: String,
    /// The image says so: what is not on a volume is lost with the container. Not `/.dockerenv`, which is there on developers' and test
    /// machines too, where nothing is to be kept.
    #[serde(default)]
    showup_in_container: bool,
    /// Who runs a container without a volume means it.
    #[serde(default)]
    showup_data_may_vanish: bool,
}

impl Config {
    /// Reads the environment.
    ///
    /// # Errors
    /// Names the variable that can't be read.
    pub fn load() -> anyhow::Result<Self> {
        let environment = config::Environment::default().ignore_empty(true);
        let config = defaults()?.add_source(environment).build()?;
        config.try_deserialize().context("A setting in the environment can't be used")
    }

    /// These settings and no others: nothing is read from the environment.
    ///
    /// # Errors
    /// Names the one that can't be read.
    pub fn of(settings: &[(&str, &str)]) -> anyhow::Result<Self> {
        let mut config = defaults()?;
        for (name, value) in settings {
            config = config.set_override(*name, *value)?;
        }
        Ok(config.build()?.try_deserialize()?)
    }

    /// Where the world reaches us, without a trailing slash.
    pub fn public_url(&self) -> String {
        let url = self.public_url.trim_end_matches('/');
        if url.is_empty() {
            format!("http://{}", self.listen_addr)
        } else {
            url.to_owned()
        }
    }

    fn state_hours(&self) -> anyhow::Result<()> {
        if self.us_state_hours.is_empty() {
            return Ok(());
        }
        let json = std::fs::read_to_string(&self.us_state_hours);
        let json = json.with_context(|| format!("{} in US_STATE_HOURS can't be read", self.us_state_hours))?;
        domain::quiet::set_own_hours(&json).map_err(|why| anyhow::anyhow!("{} in US_STATE_HOURS: {why}", self.us_state_hours))
    }

    fn calendars_every(&self) -> anyhow::Result<chrono::Duration> {
        let seconds = self.showup_feed_seconds.unwrap_or(600);
        anyhow::ensure!((1..=86_400).contains(&seconds), "SHOWUP_FEED_SECONDS is from 1 to 86400");
        Ok(chrono::Duration::seconds(seconds.into()))
    }

    fn api_per_minute(&self) -> anyhow::Result<u32> {
        let requests = self.showup_api_per_minute.unwrap_or(1_200);
        let fits = (1..=1_000_000).contains(&requests);
        anyhow::ensure!(fits, "SHOWUP_API_PER_MINUTE is from 1 to 1000000");
        Ok(requests)
    }

    fn proxies(&self) -> anyhow::Result<Proxies> {
        if self.trusted_proxies.trim().is_empty() {
            return Ok(Proxies::default());
        }
        let read = Proxies::read(&self.trusted_proxies);
        read.map_err(|word| anyhow::anyhow!("TRUSTED_PROXIES: \"{word}\" is no address and no network like 10.0.0.0/8"))
    }

    /// Who may read `/metrics` from elsewhere.
    pub fn metrics_token(&self) -> MetricsToken {
        use secrecy::ExposeSecret;
        MetricsToken(Some(self.metrics_token.clone()).filter(|t| !t.expose_secret().is_empty()))
    }

    /// Opens the database, brings it up to date, and connects Twilio and the mail server if they are configured.
    ///
    /// # Errors
    /// In words for the person at the terminal.
    pub async fn services(&self) -> anyhow::Result<Services> {
        self.state_hours()?;
        self.kept()?;
        // Before the database is touched: a slip in a setting should not cost more than a sentence.
        let (twilio, email, settings) = (self.twilio()?, self.email()?, self.settings()?);
        let db = Db::connect(&self.database_url)
            .await
            .context("The database in DATABASE_URL can't be opened")?;
        migration::up(db.connection())
            .await
            .context("The database could not be brought up to date")?;
        let master = self.master(&db).await?;
        let s = Services::open(db, Clock::system(), twilio, email, settings, master).await;
        s.context("The data can't be read")
    }

    /// The same for who only looks: nothing is made, brought up to date or written. None: that is not possible now.
    pub async fn for_looking(&self) -> Option<Services> {
        if !Db::exists(&self.database_url) || self.secret_file().is_some_and(|file| !file.exists()) {
            return None;
        }
        let (twilio, email, settings) = (self.twilio().ok()?, self.email().unwrap_or_default(), self.settings().ok()?);
        let db = Db::connect(&self.database_url).await.ok()?;
        // Without keys there is nothing to open, and opening would make them.
        let ready =
            migration::missing(db.connection()).await.is_ok_and(|n| n == 0) && vault::has_keys(&db).await.unwrap_or(false);
        if !ready {
            db.close().await;
            return None;
        }
        let master = self.master(&db).await.ok()?;
        let s = Services::open(db, Clock::system(), twilio, email, settings, master)
            .await
            .ok()?;
        Some(s.for_looking())
    }

    /// Whether the secret opens the keys of the database; none where there is neither yet. Why not, in words.
    pub async fn fits_secret(&self) -> Option<Result<(), String>> {
        if !Db::exists(&self.database_url) || self.secret_file().is_some_and(|file| !file.exists()) {
            return None;
        }
        let db = Db::connect(&self.database_url).await.ok()?;
        let fits = match vault::has_keys(&db).await {
            Ok(true) => match self.master(&db).await {
                Ok(master) => Some(vault::fits(&db, &master).await.map_err(|cause| cause.to_string())),
                Err(cause) => Some(Err(format!("{cause:#}"))),
            },
            _ => None,
        };
        db.close().await;
        fits
    }

    /// In a container: the database's file and the secret must outlive it.
    fn kept(&self) -> anyhow::Result<()> {
        let writes_here = !Db::is_shared(&self.database_url) || self.secret_file().is_some();
        if !self.showup_in_container || self.showup_data_may_vanish || !writes_here {
            return Ok(());
        }
        kept::check(&Db::directory(&self.database_url))
    }

    /// Twilio, and the installation's account with its tokens, the one in use first.
    pub fn twilio(&self) -> anyhow::Result<Twilio> {
        let api = twilio::Api::new(twilio::Config::new(self.twilio_api_url.trim_end_matches('/')))
            .context("The connection to Twilio can't be set up; check TWILIO_API_URL")?;
        let sid = Some(&self.twilio_account_sid).filter(|sid| !sid.is_empty());
        let shared_keys = shared_keys(self.twilio_shared_keys.expose_secret())?;
        let tokens = [&self.twilio_auth_token, &self.twilio_auth_token_previous];
        let tokens = tokens.into_iter().filter(|t| !t.expose_secret().is_empty()).cloned();
        let account = sid.map(|sid| Credentials {
            sid: sid.clone(),
            tokens: tokens.collect(),
            shared_keys,
        });
        Ok(Twilio { api, account })
    }

    /// The mail server, if there is one.
    ///
    /// # Errors
    /// A sentence, without the password, when it can't be used.
    pub fn email(&self) -> anyhow::Result<Option<Email>> {
        if self.smtp_url.expose_secret().trim().is_empty() {
            return Ok(None);
        }
        let words = |why: String| anyhow::anyhow!(why);
        let mut email = Email::new(&self.smtp_url, &self.mail_from).map_err(words)?;
        let key = self.dkim_key()?;
        let (selector, domain) = (self.dkim_selector.trim(), self.dkim_domain.trim());
        if !key.expose_secret().is_empty() || !selector.is_empty() {
            email = email.signing(selector, domain, &key).map_err(words)?;
        }
        if !self.mail_bounce_address.trim().is_empty() {
            email = email
                .returning_to(&self.mail_bounce_address, &self.mail_bounce_secret)
                .map_err(words)?;
        }
        Ok(Some(email))
    }

    fn dkim_key(&self) -> anyhow::Result<SecretString> {
        let file = self.dkim_key_file.trim();
        if file.is_empty() {
            return Ok(self.dkim_key.clone());
        }
        let read = std::fs::read_to_string(file);
        let text = read.with_context(|| format!("{file} in DKIM_KEY_FILE can't be read"))?;
        Ok(text.into())
    }

    /// Where the installation's secret is kept; none: it is given as `SHOWUP_SECRET_KEY`.
    pub fn secret_file(&self) -> Option<std::path::PathBuf> {
        let given = !self.showup_secret_key.expose_secret().is_empty();
        (!given).then(|| Db::directory(&self.database_url).join("secret.key"))
    }

    /// The installation's secret: given, or made up the first time and kept in a file.
    async fn master(&self, db: &Db) -> anyhow::Result<vault::Master> {
        let given = |secret: &SecretString| Some(secret.clone()).filter(|s| !s.expose_secret().is_empty());
        let current = match given(&self.showup_secret_key) {
            Some(secret) => secret,
            None => {
                let file = self.secret_file().unwrap_or_default();
                secret::kept(&file, vault::has_keys(db).await?)?
            }
        };
        Ok(vault::Master::new(
            &current,
            given(&self.showup_secret_key_previous).as_ref(),
        )?)
    }

    fn settings(&self) -> anyhow::Result<Settings> {
        let default_from = match self.twilio_from.as_str() {
            "" => None,
            from => Some(domain::phone::parse(from, "").map_err(|e| anyhow::anyhow!("TWILIO_FROM: {e}"))?),
        };
        Ok(Settings {
            public_url: self.public_url(),
            default_from,
            account_per_second: self.twilio_max_per_second,
            calendars_every: self.calendars_every()?,
            private_calendars: self.showup_allow_private_feeds,
            private_webhooks: self.showup_allow_private_webhooks,
            api_per_minute: self.api_per_minute()?,
            proxies: self.proxies()?,
            oidc: self.oidc()?,
        })
    }

    /// Where people may sign in beside their password; nowhere unless it is set up.
    fn oidc(&self) -> anyhow::Result<Option<OidcSettings>> {
        let issuer = self.oidc_issuer.trim();
        if issuer.is_empty() {
            return Ok(None);
        }
        let url = url::Url::parse(issuer).context("OIDC_ISSUER is not an address like https://accounts.example.com")?;
        let near = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
        anyhow::ensure!(url.scheme() == "https" || near, "OIDC_ISSUER has to begin with https://");
        anyhow::ensure!(!self.oidc_client_id.trim().is_empty(), "OIDC_CLIENT_ID is missing");
        let client_secret = match self.oidc_client_secret_file.as_str() {
            "" => self.oidc_client_secret.clone(),
            file => {
                let read = std::fs::read_to_string(file);
                let text = read.with_context(|| format!("{file} in OIDC_CLIENT_SECRET_FILE can't be read"))?;
                text.trim().to_owned().into()
            }
        };
        anyhow::ensure!(!client_secret.expose_secret().is_empty(), "OIDC_CLIENT_SECRET is missing");
        let name = domain::words::line(&self.oidc_name);
        Ok(Some(OidcSettings {
            issuer: issuer.to_owned(),
            client_id: self.oidc_client_id.trim().to_owned(),
            client_secret,
            name: match name.as_str() {
                "" => url.host_str().unwrap_or_default().to_owned(),
                _ => name,
            },
        }))
    }
}

fn defaults() -> anyhow::Result<config::ConfigBuilder<config::builder::DefaultState>> {
    Ok(config::Config::builder()
        .set_default("database_url", "sqlite://data/showup.db?mode=rwc")?
        .set_default("listen_addr", "127.0.0.1:3000")?
        .set_default("twilio_api_url", "https://api.twilio.com")?)
}

/// `id:secret[,id:secret]…`. What is not in this shape is said without showing it.
fn shared_keys(text: &str) -> anyhow::Result<Vec<SharedKey>> {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    let mut keys: Vec<SharedKey> = Vec::new();
    for (n, part) in parts.enumerate() {
        let n = n + 1;
        let (id, secret) = part
            .split_once(':')
            .with_context(|| format!("TWILIO_SHARED_KEYS: number {n} is not id:secret"))?;
        let key = SharedKey {
            id: id.trim().to_owned(),
            secret: secret.trim().to_owned().into(),
        };
        services::numbers::accounts::shared_key(&key.id, &key.secret).map_err(|e| {
            let problem = e.problem();
            let why = problem.fields.first().map(|f| f.message.clone()).unwrap_or_default();
            anyhow::anyhow!("TWILIO_SHARED_KEYS: number {n}: {why}")
        })?;
        if keys.iter().any(|known| known.id == key.id) {
            anyhow::bail!("TWILIO_SHARED_KEYS: number {n} has the id of another");
        }
        keys.push(key);
    }
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_issuer_is_whole_or_said_to_be_not() {
        let of = |settings: &[(&str, &str)]| {
            let config = Config::of(settings).expect("read");
            config.oidc().map_err(|e| e.to_string())
        };
        assert!(of(&[]).expect("none").is_none());
        let whole = [
            ("oidc_issuer", "https://id.example.com"),
            ("oidc_client_id", "showup"),
            ("oidc_client_secret", "hidden"),
        ];
        let found = of(&whole).expect("whole").expect("one");
        assert_eq!(
            (found.name.as_str(), found.issuer.as_str()),
            ("id.example.com", "https://id.example.com")
        );
        for (without, name) in [(1, "OIDC_CLIENT_ID"), (2, "OIDC_CLIENT_SECRET")] {
            let mut part = whole.to_vec();
            part.remove(without);
            assert!(
                of(&part)
                    .err()
                    .is_some_and(|said| said.contains(name) && !said.contains("hidden"))
            );
        }
        let plain = [("oidc_issuer", "http://id.example.com"), whole[1], whole[2]];
        assert!(of(&plain).err().is_some_and(|said| said.contains("https")));
        let beside = [whole[0], whole[1], ("oidc_client_secret_file", "/nowhere/at/all")];
        assert!(of(&beside).err().is_some_and(|said| said.contains("/nowhere/at/all")));
    }

    #[test]
    fn mail_is_signed_and_comes_back_where_that_is_set_up_whole() {
        let of = |more: &[(&str, &str)]| {
            let mut settings = vec![("smtp_url", "smtp://127.0.0.1:25"), ("mail_from", "Showup <a@example.com>")];
            settings.extend(more);
            let email = Config::of(&settings).expect("read").email();
            email.map(|email| email.is_some()).map_err(|e| e.to_string())
        };
        // 32 bytes, and no more than that.
        let key = ("dkim_key", "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=");
        let (selector, domain) = (("dkim_selector", "2027"), ("dkim_domain", "example.com"));
        assert_eq!(of(&[]), Ok(true));
        assert_eq!(of(&[selector, domain, key]), Ok(true));
        for (settings, name) in [
            (vec![selector, domain], "DKIM_KEY"),
            (vec![selector, key], "DKIM_DOMAIN"),
            (vec![domain, key], "DKIM_SELECTOR"),
            (vec![selector, domain, ("dkim_key", "hidden")], "DKIM_KEY"),
            (vec![selector, domain, ("dkim_key_file", "/nowhere/at/all")], "DKIM_KEY_FILE"),
            (vec![("mail_bounce_address", "bounce@example.com")], "MAIL_BOUNCE_SECRET"),
            (
                vec![
                    ("mail_bounce_address", "bounce"),
                    ("mail_bounce_secret", "hidden, and long enough"),
                ],
                "MAIL_BOUNCE_ADDRESS",
            ),
        ] {
            let said = of(&settings).expect_err(name);
            assert!(said.contains(name) && !said.contains("hidden"), "{said}");
        }
    }

    #[test]
    fn shared_keys_are_pairs_and_what_is_none_is_said_without_showing_it() {
        let keys = shared_keys(" SK1:one , SK2:two:three, ").expect("two keys");
        let pairs: Vec<_> = keys.iter().map(|k| (k.id.as_str(), k.secret.expose_secret())).collect();
        assert_eq!(pairs, [("SK1", "one"), ("SK2", "two:three")]);
        assert!(shared_keys("").expect("none").is_empty());
        for wrong in [
            "hidden",
            "SK1:",
            ":hidden",
            "SK 1:hidden",
            "SK1:hidden hidden",
            "SK1:hidden,SK1:hidden",
        ] {
            let said = shared_keys(wrong).expect_err(wrong).to_string();
            assert!(
                said.starts_with("TWILIO_SHARED_KEYS: number ") && !said.contains("hidden"),
                "{said}"
            );
        }
    }
}
