//! What the environment says, and how old what is built in is.

use std::future::ready;

use chrono::{DateTime, Datelike, Months, Utc};
use contract::platform::{Check, CheckStatus as Status};
use domain::zone;

use super::{Patient, found, ok};
use crate::config::{SETTINGS, environment};

/// A misspelt setting would be a wish that nobody hears.
pub(super) async fn known(_: &Patient, name: &str) -> Option<Check> {
    let strange: Vec<String> = ready(environment())
        .await
        .into_iter()
        .filter(|name| name.starts_with("SHOWUP_") && SETTINGS.iter().all(|known| known.name != *name))
        .collect();
    Some(if strange.is_empty() {
        ok(name, "Every setting of the environment is known.")
    } else {
        found(
            Status::Warn,
            name,
            format!("Nobody reads {}.", strange.join(", ")),
            "Correct the name, or take it out; .env.sample names all settings.",
        )
    })
}

pub(super) async fn zone_data(patient: &Patient, name: &str) -> Option<Check> {
    Some(ready(age(zone::VERSION, patient.now, name)).await)
}

/// The rules change several times a year: half a year after the end of the year that they are from, they are old.
fn age(version: &str, now: DateTime<Utc>, name: &str) -> Check {
    let detail = format!("Version {version} of the IANA database.");
    let old = zone::released(version).and_then(|year| year.checked_add_months(Months::new(18)));
    if old.is_some_and(|old| now.date_naive() < old) {
        return ok(name, detail);
    }
    let detail = format!("{detail} It is {} now, and laws change clocks.", now.year());
    found(Status::Warn, name, detail, "Install a newer version of Showup.")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zone_data_grows_old() {
        let at = |text: &str| text.parse().expect("an instant");
        assert_eq!(age("2026f", at("2027-06-30T00:00:00Z"), "").status, Status::Ok);
        assert_eq!(age("2026f", at("2027-07-01T00:00:00Z"), "").status, Status::Warn);
        assert_eq!(age("unknown", at("2027-01-01T00:00:00Z"), "").status, Status::Warn);
    }
}
