//! Every setting there is; `.env.sample` explains each at length, and a test holds the two together.

/// A variable of the environment.
pub struct Setting {
    pub name: &'static str,
    pub what: &'static str,
    /// Its value is told to nobody.
    pub secret: bool,
}

const fn open(name: &'static str, what: &'static str) -> Setting {
    Setting {
        name,
        what,
        secret: false,
    }
}

const fn secret(name: &'static str, what: &'static str) -> Setting {
    Setting {
        name,
        what,
        secret: true,
    }
}

/// In the order of `.env.sample`.
pub const SETTINGS: &[Setting] = &[
    open("LISTEN_ADDR", "where the server listens"),
    open("WORKER_LISTEN_ADDR", "where a worker answers /health and /metrics"),
    open("PUBLIC_URL", "the address as seen from outside"),
    open("TRUSTED_PROXIES", "proxies that are believed who asks"),
    secret("DATABASE_URL", "the database"),
    secret("SHOWUP_SECRET_KEY", "what everything is encrypted with"),
    secret("SHOWUP_SECRET_KEY_PREVIOUS", "the one before, while it is changed"),
    open("OIDC_ISSUER", "whose accounts people may sign in with, beside the password"),
    open("OIDC_CLIENT_ID", "what Showup is called there"),
    secret("OIDC_CLIENT_SECRET", "its secret there"),
    open("OIDC_CLIENT_SECRET_FILE", "a file with that"),
    open("OIDC_NAME", "what the button says"),
    open("TWILIO_ACCOUNT_SID", "the installation's Twilio account"),
    secret("TWILIO_AUTH_TOKEN", "its auth token"),
    secret("TWILIO_AUTH_TOKEN_PREVIOUS", "the one before, while it is changed"),
    secret("TWILIO_SHARED_KEYS", "keys that webhooks may be signed with"),
    open("TWILIO_FROM", "the number for businesses without one"),
    open("US_STATE_HOURS", "a file with hours of US states"),
    open("TWILIO_MAX_PER_SECOND", "most texts a second for the account"),
    open("TWILIO_API_URL", "where Twilio's API is"),
    secret("SMTP_URL", "the mail server"),
    open("MAIL_FROM", "the sender of e-mails"),
    open(
        "DKIM_SELECTOR",
        "the name under which the key that mail is signed with is published",
    ),
    open("DKIM_DOMAIN", "the domain that signs mail"),
    secret("DKIM_KEY", "what mail is signed with"),
    open("DKIM_KEY_FILE", "a file with that"),
    open("MAIL_BOUNCE_ADDRESS", "where mail that can't be delivered comes back to"),
    secret("MAIL_BOUNCE_SECRET", "what who hands such mail over has to know"),
    open("SHOWUP_FEED_SECONDS", "time between two readings of a calendar"),
    open("SHOWUP_ALLOW_PRIVATE_FEEDS", "calendars at private addresses are read"),
    open("SHOWUP_ALLOW_PRIVATE_WEBHOOKS", "webhooks go to private addresses, too"),
    open("SHOWUP_API_PER_MINUTE", "requests that a key of the API may make in a minute"),
    secret("METRICS_TOKEN", "who may read /metrics from elsewhere"),
    open("SHOWUP_IN_CONTAINER", "it runs in a container"),
    open("SHOWUP_DATA_MAY_VANISH", "the data need not outlive the container"),
    open("RUST_LOG", "how much is logged"),
    open("SHOWUP_LEPTOS_CONFIG", "where the built site is described"),
    open("SIM_LISTEN", "where the simulated Twilio listens"),
    open("SIM_SMTP_LISTEN", "where its mail server listens"),
];

/// Names of all variables of the environment.
pub fn environment() -> Vec<String> {
    std::env::vars_os().filter_map(|(name, _)| name.into_string().ok()).collect()
}

/// What a setting is; none where it is not set or empty.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the config: it tells what was set, and nobody acts on it"
)]
pub fn environment_value(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sample_explains_every_setting_and_no_other() {
        let sample = include_str!("../../../.env.sample");
        let named: Vec<&str> = sample
            .lines()
            .filter_map(|line| line.trim_start_matches('#').split_once('='))
            .map(|(name, _)| name)
            .filter(|name| !name.is_empty() && name.bytes().all(|b| b.is_ascii_uppercase() || b == b'_'))
            .collect();
        let known: Vec<&str> = SETTINGS.iter().map(|known| known.name).collect();
        assert_eq!(known, named);
    }
}
