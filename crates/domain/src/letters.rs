//! What customers read by e-mail, in their language. The same news as in `texts`, with room for whole sentences: a mail asks for a button to
//! be pressed, and nobody has to answer it with a letter.

use crate::{
    language::Language,
    texts::{Start, Visit, first_name},
};

/// A mail to be: its subject and its paragraphs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    pub subject: String,
    pub paragraphs: Vec<String>,
}

fn line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Of whom the visit is: `your`, `Tom's`.
fn whose(language: Language, name: Option<&str>) -> (String, String) {
    let name = name.map(first_name).filter(|name| !name.is_empty());
    match (language, name) {
        (Language::English, None) => ("Your visit".to_owned(), "your visit".to_owned()),
        (Language::English, Some(name)) => (format!("{name}'s visit"), format!("{name}'s visit")),
        (Language::Spanish, None) => ("Su cita".to_owned(), "su cita".to_owned()),
        (Language::Spanish, Some(name)) => (format!("La cita de {name}"), format!("la cita de {name}")),
    }
}

/// The reminder of a visit.
#[must_use]
pub fn reminder(language: Language, business: &str, name: Option<&str>, start: Start) -> Written {
    let (business, (whose, of), when) = (line(business), whose(language, name), start.short(language));
    let (subject, says, asks) = match language {
        Language::English => (
            format!("{whose} at {business}: {when}"),
            format!("{business} reminds you of {of} on {when}."),
            "Does this time suit you? Please confirm, or ask for another time:".to_owned(),
        ),
        Language::Spanish => (
            format!("{whose} en {business}: {when}"),
            format!("{business} le recuerda {of}: {when}."),
            "¿Le viene bien esta hora? Confirme, por favor, o pida otra:".to_owned(),
        ),
    };
    Written {
        subject,
        paragraphs: vec![says, asks],
    }
}

/// The reminder of several visits of one day, the soonest first; each is answered by a button of its own.
#[must_use]
pub fn reminder_many(language: Language, business: &str, all: &[Visit]) -> Written {
    let (business, count) = (line(business), all.len());
    let (subject, says, asks) = match language {
        Language::English => (
            format!("{count} visits at {business}"),
            format!("{business} reminds you of {count} visits:"),
            "Do these times suit you? Please confirm each, or ask for another time:".to_owned(),
        ),
        Language::Spanish => (
            format!("{count} citas en {business}"),
            format!("{business} le recuerda {count} citas:"),
            "¿Le vienen bien? Confirme cada una, por favor, o pida otra hora:".to_owned(),
        ),
    };
    let listed = all.iter().map(|visit| called(language, visit)).collect::<Vec<_>>().join("\n");
    Written {
        subject,
        paragraphs: vec![says, listed, asks],
    }
}

/// One of several: "Tom, Tue Jan 5, 3:00 PM".
#[must_use]
pub fn called(language: Language, visit: &Visit) -> String {
    let when = visit.start.short(language);
    match visit.name.as_deref().map(first_name).filter(|name| !name.is_empty()) {
        Some(name) => format!("{name}, {when}"),
        None => when,
    }
}

/// Tells that a visit has another time, and asks anew.
#[must_use]
pub fn moved(language: Language, business: &str, name: Option<&str>, start: Start) -> Written {
    let (business, (whose, _), when) = (line(business), whose(language, name), start.short(language));
    let (subject, says, asks) = match language {
        Language::English => (
            format!("{whose} at {business} is now on {when}"),
            format!("{whose} at {business} has another time: it is now on {when}."),
            "Does this time suit you? Please confirm, or ask for another time:".to_owned(),
        ),
        Language::Spanish => (
            format!("{whose} en {business} es ahora {when}"),
            format!("{whose} en {business} tiene otra hora: ahora es {when}."),
            "¿Le viene bien esta hora? Confirme, por favor, o pida otra:".to_owned(),
        ),
    };
    Written {
        subject,
        paragraphs: vec![says, asks],
    }
}

/// What the button says that leads to a visit's page.
#[must_use]
pub const fn button(language: Language) -> &'static str {
    match language {
        Language::English => "Confirm or change your visit",
        Language::Spanish => "Confirmar o cambiar su cita",
    }
}

/// Asks somebody whether they want offers, because another says so.
#[must_use]
pub fn confirm_offers(language: Language, business: &str) -> Written {
    let business = line(business);
    let (subject, asks) = match language {
        Language::English => (
            format!("Do you want offers from {business}?"),
            format!(
                "{business} was told that you would like to get offers. Only you can say so: press the button and confirm it there. \
                     If you do nothing, you get none."
            ),
        ),
        Language::Spanish => (
            format!("¿Quiere recibir ofertas de {business}?"),
            format!(
                "Nos dijeron que le gustaría recibir ofertas de {business}. Solo usted puede decidirlo: pulse el botón y confírmelo \
                     allí. Si no hace nada, no recibirá ninguna."
            ),
        ),
    };
    Written {
        subject,
        paragraphs: vec![asks],
    }
}

/// What its button says.
#[must_use]
pub const fn confirm_offers_button(language: Language) -> &'static str {
    match language {
        Language::English => "Say whether you want offers",
        Language::Spanish => "Decir si quiere ofertas",
    }
}

/// The same as a text, before the address of their page.
#[must_use]
pub fn confirm_offers_text(language: Language, business: &str) -> String {
    let business = line(business);
    match language {
        Language::English => format!("{business}: would you like offers from us? Only if you confirm it here:"),
        Language::Spanish => format!("{business}: ¿quiere recibir ofertas? Solo si lo confirma aquí:"),
    }
}

/// Why somebody got this, and what the link beneath it does.
#[must_use]
pub fn footer(language: Language, business: &str, contact_line: &str) -> (String, &'static str) {
    let (business, reach) = (line(business), line(contact_line));
    let gap = if reach.is_empty() { "" } else { " " };
    match language {
        Language::English => (
            format!(
                "You get this because you are a customer of {business}.{gap}{reach}\nPlease do not answer this mail: nobody reads it."
            ),
            "How we reach you, or stop these mails",
        ),
        Language::Spanish => (
            format!("Recibe este correo porque es cliente de {business}.{gap}{reach}\nNo responda a este correo: nadie lo lee."),
            "Cómo le escribimos, o dejar de recibir estos correos",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zone::Zone;

    fn start() -> Start {
        let place = Zone::named("America/New_York").expect("a zone");
        Start {
            at: "2027-01-05T20:00:00Z".parse().expect("a moment"),
            place,
            customer: place,
        }
    }

    #[test]
    fn a_reminder_says_whose_visit_where_and_when() {
        let en = reminder(Language::English, "Bright  Dental", None, start());
        assert_eq!(en.subject, "Your visit at Bright Dental: Tue Jan 5, 3:00 PM");
        assert_eq!(
            en.paragraphs[0],
            "Bright Dental reminds you of your visit on Tue Jan 5, 3:00 PM."
        );
        let es = reminder(Language::Spanish, "Bright Dental", Some("Tomás Ruiz"), start());
        assert!(
            es.subject.starts_with("La cita de Tomás en Bright Dental: mar 5 ene"),
            "{}",
            es.subject
        );
        let moved = moved(Language::English, "Bright Dental", Some("Tom Lee"), start());
        assert_eq!(moved.subject, "Tom's visit at Bright Dental is now on Tue Jan 5, 3:00 PM");
    }

    #[test]
    fn no_mail_asks_for_letters_or_stop() {
        let visit = Visit {
            start: start(),
            name: Some("Tom".to_owned()),
            token: 101,
        };
        for language in [Language::English, Language::Spanish] {
            for mail in [
                reminder(language, "X", None, start()),
                moved(language, "X", None, start()),
                reminder_many(language, "X", &[visit.clone(), visit.clone()]),
            ] {
                let text = mail.paragraphs.join(" ");
                assert!(!text.contains("STOP") && !text.contains("Y101"), "{text}");
                assert!(!mail.subject.contains('\n') && mail.paragraphs.iter().all(|p| !p.is_empty()));
            }
        }
    }
}
