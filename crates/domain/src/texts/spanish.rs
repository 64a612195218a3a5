//! The texts in Spanish, to "usted", in words that all of Latin America shares.
//!
//! GSM-7 has no á, í, ó and ú: one of them makes a text twice as dear, so each sentence is built without (*clave*, not *código*; *darse de
//! baja*, not *no recibir más*). The one that is left stands in *sáb*; keeping texts short ([`crate::segments::shortened`]) takes it out.

use std::fmt::Write as _;

use chrono::{Datelike, Timelike};

use super::{LISTED, Offer, Start, Visit};

const DAYS: [&str; 7] = ["lun", "mar", "mié", "jue", "vie", "sáb", "dom"];
const MONTHS: [&str; 12] = [
    "ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sep", "oct", "nov", "dic",
];

/// "mar 5 ene".
fn day(start: Start) -> String {
    let local = start.at.with_timezone(&start.place);
    let day = DAYS.get(local.weekday().num_days_from_monday() as usize).unwrap_or(&"");
    let month = MONTHS.get(local.month0() as usize).unwrap_or(&"");
    format!("{day} {} {month}", local.day())
}

/// "3:00 p. m.", with the zone behind it where that is needed.
fn time(start: Start) -> String {
    let local = start.at.with_timezone(&start.place);
    let (afternoon, hour) = local.hour12();
    let half = if afternoon { "p. m." } else { "a. m." };
    let gap = if start.zone().is_empty() { "" } else { " " };
    format!("{hour}:{:02} {half}{gap}{}", local.minute(), start.zone())
}

/// "a las 3:00 p. m.", "a la 1:00 p. m."
fn at(start: Start) -> String {
    let (_, hour) = start.at.with_timezone(&start.place).hour12();
    let article = if hour == 1 { "la" } else { "las" };
    format!("a {article} {}", time(start))
}

/// "mar 5 ene, 3:00 p. m."
pub(super) fn short(start: Start) -> String {
    format!("{}, {}", day(start), time(start))
}

/// The end of a sentence: the dot of "p. m." is one already.
fn ended(sentence: String) -> String {
    if sentence.ends_with('.') { sentence } else { sentence + "." }
}

pub(super) fn reminder(business: &str, name: Option<&str>, start: Start, token: Option<u16>) -> String {
    let whose = name.map_or_else(|| "su cita".to_owned(), |name| format!("la cita de {name}"));
    let told = ended(format!("{business}: le recordamos {whose}: {}", short(start)));
    format!("{told} Responda {} ALTO para darse de baja.", choices(token))
}

pub(super) fn moved(business: &str, name: Option<&str>, start: Start, token: Option<u16>) -> String {
    let whose = name.map_or_else(|| "su cita".to_owned(), |name| format!("la cita de {name}"));
    let told = ended(format!("{business}: {whose} ahora es: {}", short(start)));
    format!("{told} Responda {} ALTO para darse de baja.", choices(token))
}

pub(super) fn reminder_many(business: &str, all: &[Visit], only_codes: bool) -> String {
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
    let listed = and(all.iter().map(one).collect());
    let day = all.first().map(|one| day(one.start)).unwrap_or_default();
    if only_codes {
        return format!("{business}: citas del {day}: {listed}. Responda con las claves. ALTO para darse de baja.");
    }
    let whole = if all.len() == 2 { "ambas" } else { "todas" };
    format!("{business}: citas del {day}: {listed}. S para {whole}, N para otra hora, o la clave de una. Baja: ALTO.")
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

pub(super) fn ask_which(business: &str, visits: &[&Visit]) -> String {
    let mut text = format!("{business}: tiene {} citas", visits.len());
    if visits.len() > LISTED {
        let _ = write!(text, ", las siguientes {LISTED} son");
    }
    let mut mark = ": ";
    for visit in visits.iter().take(LISTED) {
        let (when, token) = (short(visit.start), visit.token);
        let _ = match visit.first_name() {
            Some(name) => write!(text, "{mark}{name} {when} (S{token} o N{token})"),
            None => write!(text, "{mark}{when} (S{token} o N{token})"),
        };
        mark = "; ";
    }
    text.push_str(". Por favor, responda con una de las claves.");
    text
}

pub(super) fn correction(business: &str) -> String {
    format!(
        "{business}: disculpe, no entendimos su mensaje. Por favor, responda {}",
        choices(None)
    )
}

/// `contact`: without a full stop; may be empty.
pub(super) fn help(business: &str, contact: &str) -> String {
    let (gap, stop) = if contact.is_empty() { ("", "") } else { (" ", ".") };
    format!("{business}: mensajes sobre sus citas.{gap}{contact}{stop} Responda ALTO para darse de baja.")
}

pub(super) fn started(business: &str) -> String {
    format!("{business}: vuelve a recibir mensajes sobre sus citas. Responda HELP para ayuda o ALTO para darse de baja.")
}

pub(super) fn verification(business: &str, code: &str) -> String {
    format!("{business}: {code} es su clave para la lista de espera. Vale 10 minutos. Si no la ha pedido, ignore este mensaje.")
}

fn choices(token: Option<u16>) -> String {
    let token = token.map(|t| t.to_string()).unwrap_or_default();
    format!("S{token} para confirmar o N{token} si necesita otra hora.")
}

fn takes(token: Option<u16>) -> String {
    let token = token.map(|t| t.to_string()).unwrap_or_default();
    format!("Responda S{token} para tomarlo o N{token} para pasar.")
}

/// "hay un lugar libre (limpieza) para Leo: jue 7 ene, 3:00 p. m."
fn opened(offer: &Offer<'_>) -> String {
    let kind = offer.kind.map(str::trim).filter(|kind| !kind.is_empty());
    let what = kind.map(|kind| format!(" ({kind})")).unwrap_or_default();
    let whose = offer.first_name().map(|name| format!(" para {name}")).unwrap_or_default();
    ended(format!("hay un lugar libre{what}{whose}: {}", short(offer.start)))
}

pub(super) fn waitlist_joined(business: &str) -> String {
    format!(
        "{business}: ya se encuentra en la lista de espera. Le avisaremos cuando haya un lugar. Responda ALTO para darse de baja."
    )
}

pub(super) fn still_waiting(business: &str, token: Option<u16>) -> String {
    let token = token.map(|t| t.to_string()).unwrap_or_default();
    format!("{business}: sigue en la lista de espera. Responda S{token} para quedarse o N{token} para salir de ella.")
}

pub(super) fn offer_held(business: &str, offer: &Offer<'_>, until: Start) -> String {
    let held = ended(format!("Se lo guardamos hasta {}", at(until).trim_start_matches("a ")));
    format!("{business}: {} {} {held}", opened(offer), takes(offer.token))
}

pub(super) fn offer_race(business: &str, offer: &Offer<'_>) -> String {
    format!(
        "{business}: {} {} Es de quien responda primero.",
        opened(offer),
        takes(offer.token)
    )
}

pub(super) fn offer_won(business: &str, start: Start, released: Option<Start>) -> String {
    let won = ended(format!("{business}: listo, su cita es {}", short(start)));
    let released = released.map(|old| format!(" Queda libre la del {}.", day(old)));
    format!("{won}{}", released.unwrap_or_default())
}

pub(super) fn offer_lost(business: &str) -> String {
    format!("{business}: lo sentimos, ese lugar ya fue tomado. Usted conserva su puesto en la lista.")
}

pub(super) fn offer_late(business: &str, until: Start) -> String {
    let over = ended(format!("{business}: esa oferta terminaba {}", at(until)));
    format!("{over} Usted conserva su puesto en la lista.")
}

pub(super) fn offer_times(business: &str, starts: &[Start], until: Start) -> String {
    let listed: Vec<String> = starts
        .iter()
        .enumerate()
        .map(|(place, start)| format!("{} {}", place + 1, short(*start)))
        .collect();
    let held = ended(format!("Se los guardamos hasta {}", at(until).trim_start_matches("a ")));
    format!(
        "{business}: otras horas para su cita. Responda {}, o N si ninguna le conviene. {held}",
        listed.join("; ")
    )
}

pub(super) fn times_gone(business: &str) -> String {
    format!("{business}: lo sentimos, esa hora ya no se encuentra libre. Le escribiremos sobre otra.")
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
