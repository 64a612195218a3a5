//! One file that helps somebody else to understand what is wrong, and gives nothing away: no secret, no number, no address of anybody.

use std::{collections::BTreeMap, path::Path};

use anyhow::Context;
use contract::platform::Check;
use serde_json::json;
use services::doctor;

use super::Patient;
use crate::config::{SETTINGS, environment_value};

/// Shorter values of secrets are left: taking them out would take out words.
const SHORTEST: usize = 6;

/// Writes it, readable for its owner alone.
///
/// # Errors
/// When the file can't be written.
pub(super) async fn write(file: &Path, checks: &[Check], patient: Option<&Patient>) -> anyhow::Result<()> {
    let sizes: BTreeMap<&str, u32> = match patient.and_then(|patient| patient.services.as_ref()) {
        Some(s) => doctor::sizes(s).await.unwrap_or_default().into_iter().collect(),
        None => BTreeMap::new(),
    };
    let settings: Vec<_> = SETTINGS
        .iter()
        .filter_map(|known| {
            let value = environment_value(known.name)?;
            Some(json!({ "name": known.name, "value": if known.secret { "(set)" } else { value.as_str() } }))
        })
        .collect();
    let all = json!({
        "showup": env!("CARGO_PKG_VERSION"),
        "made_at": patient.map(|patient| patient.now),
        "system": { "os": std::env::consts::OS, "cpu": std::env::consts::ARCH },
        "zone_data": domain::zone::VERSION,
        "settings": settings,
        "counted_up_to_1000": sizes,
        "checks": checks,
    });
    let text = serde_json::to_string_pretty(&all)?;
    let secrets: Vec<String> = SETTINGS
        .iter()
        .filter(|known| known.secret)
        .filter_map(|known| environment_value(known.name))
        .collect();
    let kept = patient
        .and_then(|patient| patient.config.secret_file())
        .and_then(|file| std::fs::read_to_string(file).ok());
    let text = scrubbed(&text, secrets.into_iter().chain(kept));
    private(file, &text).with_context(|| file.display().to_string())
}

fn private(file: &Path, text: &str) -> std::io::Result<()> {
    use std::{io::Write, os::unix::fs::OpenOptionsExt};

    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(file)?;
    file.write_all(text.as_bytes())?;
    file.write_all(b"\n")
}

/// A text without these secrets and their parts, without passwords in addresses, telephone numbers and e-mail addresses.
pub fn scrubbed(text: &str, secrets: impl Iterator<Item = String>) -> String {
    let mut text = text.to_owned();
    let mut parts: Vec<String> = Vec::new();
    for secret in secrets {
        parts.extend(parts_of(secret.trim()));
    }
    // The longest first, so that no half of one is left.
    parts.sort_by_key(|part| std::cmp::Reverse(part.len()));
    for part in parts.iter().filter(|part| part.len() >= SHORTEST) {
        text = text.replace(part.as_str(), "[redacted]");
    }
    masked(&text)
}

/// What of a secret must not be seen: of an address the name and the password in it, of a list its parts.
fn parts_of(secret: &str) -> Vec<String> {
    if let Ok(url) = url::Url::parse(secret)
        && secret.contains("://")
    {
        let login = [url.username(), url.password().unwrap_or_default()];
        let plain = |part: &str| percent_encoding::percent_decode_str(part).decode_utf8_lossy().into_owned();
        return login.iter().flat_map(|part| [(*part).to_owned(), plain(part)]).collect();
    }
    let parts = secret.split([':', ',']).map(|part| part.trim().to_owned());
    parts.chain([secret.to_owned()]).collect()
}

/// Words that are numbers of telephones or addresses of people, and what stands before the @ of an address with a password.
fn masked(text: &str) -> String {
    let is_word = |c: char| c.is_alphanumeric() || "+@._-%:/".contains(c);
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(is_word) {
        let (before, from) = rest.split_at(start);
        let end = from.find(|c| !is_word(c)).unwrap_or(from.len());
        let (word, after) = from.split_at(end);
        out.push_str(before);
        out.push_str(&masked_word(word));
        rest = after;
    }
    out.push_str(rest);
    out
}

fn masked_word(word: &str) -> String {
    let digits = word.chars().filter(char::is_ascii_digit).count();
    if word.starts_with('+') && digits >= 7 {
        return "[number]".to_owned();
    }
    match word.rsplit_once('@') {
        Some((before, after)) => match before.split_once("://") {
            Some((scheme, _)) => format!("{scheme}://[redacted]@{after}"),
            None => "[address]".to_owned(),
        },
        None => word.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::scrubbed;

    #[test]
    fn nothing_that_is_somebodys_is_left() {
        let secrets = ["smtp://mailer:tr0ub4dor@mail.example.com:587", "0123456789abcdef", "a"].map(str::to_owned);
        let text = "mail.example.com refused mailer with tr0ub4dor; key 0123456789abcdef; to Ann <ann@x.test>, from +14155550171, \
                    postgres://showup:pw@db/showup";
        let said = scrubbed(text, secrets.into_iter());
        for gone in ["tr0ub4dor", "0123456789abcdef", "ann@x.test", "+14155550171", "showup:pw"] {
            assert!(!said.contains(gone), "{said}");
        }
        assert!(
            said.contains("refused") && said.contains("postgres://[redacted]@db/showup"),
            "{said}"
        );
    }
}
