//! What stands in texts in Spanish. GSM-7 has no á: the one that is left stands in *sáb*, and keeping texts short
//! ([`crate::segments::shortened`]) takes it out.

use chrono::{Datelike, Timelike};

use super::{Codes, Start, Visit};

pub(super) const CODES: Codes = Codes { yes: "S", or: "o" };

const DAYS: [&str; 7] = ["lun", "mar", "mié", "jue", "vie", "sáb", "dom"];
const MONTHS: [&str; 12] = [
    "ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sep", "oct", "nov", "dic",
];

/// "mar 5 ene".
pub(super) fn day(start: Start) -> String {
    let local = start.at.with_timezone(&start.place);
    let day = DAYS.get(local.weekday().num_days_from_monday() as usize).unwrap_or(&"");
    let month = MONTHS.get(local.month0() as usize).unwrap_or(&"");
    format!("{day} {} {month}", local.day())
}

/// "3:00 p. m.", with the zone behind it where that is needed.
pub(super) fn time(start: Start) -> String {
    let local = start.at.with_timezone(&start.place);
    let (afternoon, hour) = local.hour12();
    let half = if afternoon { "p. m." } else { "a. m." };
    let gap = if start.zone().is_empty() { "" } else { " " };
    format!("{hour}:{:02} {half}{gap}{}", local.minute(), start.zone())
}

/// "las 3:00 p. m.", "la 1:00 p. m."
pub(super) fn hour(start: Start) -> String {
    let (_, hour) = start.at.with_timezone(&start.place).hour12();
    let article = if hour == 1 { "la" } else { "las" };
    format!("{article} {}", time(start))
}

/// "a las 3:00 p. m."
fn at(start: Start) -> String {
    format!("a {}", hour(start))
}

/// "mar 5 ene, 3:00 p. m."
pub(super) fn short(start: Start) -> String {
    format!("{}, {}", day(start), time(start))
}

/// "Leo a las 3:00 p. m. (S101) y Mia a las 3:30 p. m. (S102)".
pub(super) fn listed(all: &[Visit], only_codes: bool) -> String {
    let one = |visit: &Visit| {
        let token = visit.token;
        let codes = if only_codes {
            format!("(S{token} o N{token})")
        } else {
            format!("(S{token})")
        };
        match visit.first_name() {
            Some(name) => format!("{name} {} {codes}", at(visit.start)),
            None => format!("{} {codes}", time(visit.start)),
        }
    };
    and(all.iter().map(one).collect())
}

pub(super) const fn answers(visits: usize, only_codes: bool) -> &'static str {
    match (only_codes, visits) {
        (true, _) => "Responda con las claves. ALTO para darse de baja.",
        (false, 2) => "S para ambas, N para otra hora, o la clave de una. Baja: ALTO.",
        (false, _) => "S para todas, N para otra hora, o la clave de una. Baja: ALTO.",
    }
}

/// What is free: "un lugar libre", "un lugar libre (limpieza)".
pub(super) fn slot(kind: Option<&str>) -> String {
    match kind {
        Some(kind) => format!("un lugar libre ({kind})"),
        None => "un lugar libre".to_owned(),
    }
}

/// "Leo a las 3:00 p. m. y Mia a las 3:30 p. m."; before the sound of an i, *y* is *e*.
fn and(mut all: Vec<String>) -> String {
    let Some(last) = all.pop() else { return String::new() };
    if all.is_empty() {
        return last;
    }
    let lower = last.to_lowercase();
    let sounds_alike = lower.starts_with(['i', 'í']) || (lower.starts_with("hi") && !lower.starts_with("hie"));
    let word = if sounds_alike { "e" } else { "y" };
    format!("{} {word} {last}", all.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zone::named;
    use rstest::rstest;

    #[rstest]
    #[case::afternoon("2027-01-05T20:00:00Z", "America/New_York", "mar 5 ene, 3:00 p. m.", "a las 3:00 p. m.")]
    #[case::one_is_singular("2027-03-02T18:00:00Z", "America/New_York", "mar 2 mar, 1:00 p. m.", "a la 1:00 p. m.")]
    #[case::one_at_night("2027-02-03T06:05:00Z", "America/New_York", "mié 3 feb, 1:05 a. m.", "a la 1:05 a. m.")]
    #[case::noon("2027-08-01T16:00:00Z", "America/New_York", "dom 1 ago, 12:00 p. m.", "a las 12:00 p. m.")]
    #[case::midnight("2027-09-03T04:00:00Z", "America/New_York", "vie 3 sep, 12:00 a. m.", "a las 12:00 a. m.")]
    #[case::a_saturday("2027-12-11T20:30:00Z", "America/New_York", "sáb 11 dic, 3:30 p. m.", "a las 3:30 p. m.")]
    #[case::elsewhere(
        "2027-01-05T20:00:00Z",
        "America/Los_Angeles",
        "mar 5 ene, 3:00 p. m. EST",
        "a las 3:00 p. m. EST"
    )]
    fn a_time_is_told_as_it_is_said(#[case] at_: &str, #[case] customer: &str, #[case] listed: &str, #[case] said: &str) {
        let start = Start {
            at: at_.parse().expect("an instant"),
            place: named("America/New_York"),
            customer: named(customer),
        };
        assert_eq!((short(start).as_str(), at(start).as_str()), (listed, said));
    }

    #[rstest]
    #[case(&["Leo"], "Leo")]
    #[case(&["Leo", "Mia"], "Leo y Mia")]
    #[case(&["Leo", "Ana", "Mia"], "Leo, Ana y Mia")]
    #[case(&["Leo", "Inés"], "Leo e Inés")]
    #[case(&["Leo", "Hilda"], "Leo e Hilda")]
    #[case(&["Leo", "Hiedra"], "Leo y Hiedra")]
    #[case(&[], "")]
    fn several_are_listed_as_they_are_said(#[case] names: &[&str], #[case] listed: &str) {
        assert_eq!(and(names.iter().map(|name| (*name).to_owned()).collect()), listed);
    }
}
