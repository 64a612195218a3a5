//! What stands in mails to customers and around them, in their language: a mail asks for a button to be pressed, and nobody has to answer
//! it with a letter. What most mails say is `templates`; what asks for consent is for nobody to word otherwise, and stands here.

use crate::{
    language::Language,
    templates::{Values, Variable},
    texts::{Visit, first_name, plain},
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

/// A letter about several visits of one day, the soonest first; each is answered by a button of its own.
#[must_use]
pub fn many(language: Language, business: &str, all: &[Visit]) -> Values {
    let listed: Vec<String> = all.iter().map(|visit| called(language, visit)).collect();
    let day = all.first().map(|one| one.start.day(language)).unwrap_or_default();
    let asks = match language {
        Language::English => "Do these times suit you? Please confirm each, or ask for another time:",
        Language::Spanish => "¿Le vienen bien? Confirme cada una, por favor, o pida otra hora:",
    };
    plain(business)
        .with(Variable::Date, &day)
        .with_lines(Variable::Visits, &listed)
        .with(Variable::Answers, asks)
        .with(Variable::Count, &all.len().to_string())
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

/// The same as a text, before the address of their page. `token` (1–999) goes behind the letter when they have something else to answer.
#[must_use]
pub fn confirm_offers_text(language: Language, business: &str, token: Option<u16>) -> String {
    let (business, token) = (line(business), token.map(|token| token.to_string()).unwrap_or_default());
    match language {
        Language::English => format!("{business}: would you like offers from us? Only if you reply Y{token}, or say so here:"),
        Language::Spanish => format!("{business}: ¿quiere recibir ofertas? Solo si responde S{token}, o lo dice aquí:"),
    }
}

/// Thanks who has said themselves that they want offers.
#[must_use]
pub fn offers_confirmed(language: Language, business: &str) -> String {
    let business = line(business);
    match language {
        Language::English => format!("{business}: thank you, you get offers from us now. Reply STOP to opt out."),
        Language::Spanish => format!("{business}: gracias, ya recibe nuestras ofertas. Responda ALTO para darse de baja."),
    }
}

/// What the button says that leads to the page of a time which somebody was offered.
#[must_use]
pub const fn offer_button(language: Language) -> &'static str {
    match language {
        Language::English => "Take it or pass",
        Language::Spanish => "Tomarla o pasar",
    }
}

/// The same of several times to choose from.
#[must_use]
pub const fn times_button(language: Language) -> &'static str {
    match language {
        Language::English => "Choose a time",
        Language::Spanish => "Elegir una hora",
    }
}

/// What the button says that leads to somebody's place on a waitlist.
#[must_use]
pub const fn list_button(language: Language) -> &'static str {
    match language {
        Language::English => "Your place on the waitlist",
        Language::Spanish => "Su lugar en la lista",
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
    use crate::{
        segments,
        templates::{Channel, Kind, built_in, fill},
        texts::{self, Start},
        zone::Zone,
    };
    use rstest::rstest;

    fn start() -> Start {
        let place = Zone::named("America/New_York").expect("a zone");
        Start {
            at: "2027-01-05T20:00:00Z".parse().expect("a moment"),
            place,
            customer: place,
        }
    }

    fn written(kind: Kind, language: Language, values: &Values) -> (String, String) {
        let words = built_in(kind, Channel::Email, language);
        let said = |text: &str| fill(kind, text, values).expect("a built-in text");
        (said(words.subject.expect("a mail has one")), said(words.body))
    }

    fn alone(kind: Kind, language: Language, name: Option<&str>) -> (String, String) {
        written(
            kind,
            language,
            &texts::one(language, "Bright  Dental", name, start(), Some(101)),
        )
    }

    #[rstest]
    #[case::mine(
        Kind::Reminder,
        Language::English,
        None,
        "Your visit at Bright Dental: Tue Jan 5, 3:00 PM",
        "Bright Dental reminds you of your visit on Tue Jan 5, 3:00 PM."
    )]
    #[case::a_childs(
        Kind::Reminder,
        Language::Spanish,
        Some("Tomás Ruiz"),
        "La cita de Tomás en Bright Dental: mar 5 ene, 3:00 p. m.",
        "Bright Dental le recuerda la cita de Tomás: mar 5 ene, 3:00 p. m."
    )]
    #[case::moved(
        Kind::Moved,
        Language::English,
        Some("Tom Lee"),
        "Tom's visit at Bright Dental is now on Tue Jan 5, 3:00 PM",
        "Tom's visit at Bright Dental has another time: it is now on Tue Jan 5, 3:00 PM."
    )]
    #[case::mine_is_moved(
        Kind::Moved,
        Language::Spanish,
        None,
        "Su cita en Bright Dental es ahora mar 5 ene, 3:00 p. m.",
        "Su cita en Bright Dental tiene otra hora: ahora es mar 5 ene, 3:00 p. m."
    )]
    fn a_mail_says_whose_visit_where_and_when(
        #[case] kind: Kind,
        #[case] language: Language,
        #[case] name: Option<&str>,
        #[case] subject: &str,
        #[case] says: &str,
    ) {
        let (said, body) = alone(kind, language, name);
        assert_eq!((said.as_str(), body.split("\n\n").next()), (subject, Some(says)));
        assert_eq!(body.split("\n\n").count(), 2, "{body}");
    }

    #[test]
    fn several_are_listed_one_a_line() {
        let visit = |name: &str| Visit {
            start: start(),
            name: Some(name.to_owned()),
            token: 101,
        };
        let known = many(Language::English, "Bright Dental", &[visit("Tom Lee"), visit("Mia")]);
        let (subject, body) = written(Kind::ReminderMany, Language::English, &known);
        assert_eq!(subject, "2 visits at Bright Dental");
        assert_eq!(
            body,
            "Bright Dental reminds you of 2 visits:\n\nTom, Tue Jan 5, 3:00 PM\nMia, Tue Jan 5, 3:00 PM\n\n\
             Do these times suit you? Please confirm each, or ask for another time:"
        );
    }

    #[test]
    fn thanks_for_a_yes_to_offers_are_one_segment() {
        for language in [Language::English, Language::Spanish] {
            let thanks = offers_confirmed(language, "Bright  Dental and Partners");
            assert!(thanks.starts_with("Bright Dental and Partners: "), "{thanks}");
            let is = segments::count(&thanks);
            assert_eq!((is.count, is.encoding), (1, segments::Encoding::Gsm7), "{thanks}");
        }
    }

    #[test]
    fn no_mail_asks_for_letters_or_stop() {
        let visit = Visit {
            start: start(),
            name: Some("Tom".to_owned()),
            token: 101,
        };
        for language in [Language::English, Language::Spanish] {
            let several = many(language, "X", &[visit.clone(), visit.clone()]);
            for (subject, text) in [
                alone(Kind::Reminder, language, None),
                alone(Kind::Moved, language, None),
                written(Kind::ReminderMany, language, &several),
            ] {
                assert!(!text.contains("STOP") && !text.contains("101"), "{text}");
                assert!(!subject.contains('\n') && !text.contains("\n\n\n"), "{subject}");
            }
        }
    }
}
