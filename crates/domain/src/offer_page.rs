//! What the page says on which somebody answers what they were offered: one table for each language. `{business}` is replaced by the
//! business's name, `{until}` by an hour.

/// All sentences of the page in one language.
#[derive(Debug)]
pub struct Words {
    /// As `lang` says it.
    pub code: &'static str,
    pub heading: &'static str,
    pub heading_times: &'static str,
    pub held: &'static str,
    pub race: &'static str,
    pub what_for: &'static str,
    pub with: &'static str,
    pub whom: &'static str,
    pub place: &'static str,
    pub instead_of: &'static str,
    pub take: &'static str,
    pub pass: &'static str,
    pub none_suits: &'static str,
    pub taken: &'static str,
    pub taken_lead: &'static str,
    pub visit_link: &'static str,
    pub declined: &'static str,
    pub declined_lead: &'static str,
    pub none_suited: &'static str,
    pub none_suited_lead: &'static str,
    pub over: &'static str,
    pub over_lead: &'static str,
    pub over_times_lead: &'static str,
    pub questions: &'static str,
}

/// Every language that the page speaks.
pub const ALL: [&Words; 2] = [&ENGLISH, &SPANISH];

impl Words {
    /// Those of whoever was asked, else of the business, else English; both like `es` or `es-MX`.
    #[must_use]
    pub fn of(asked: Option<&str>, business: &str) -> &'static Words {
        let speaks = |code: &str| {
            let first = code.split(['-', '_']).next().unwrap_or_default();
            ALL.into_iter().find(|words| words.code.eq_ignore_ascii_case(first))
        };
        asked.and_then(speaks).or_else(|| speaks(business)).unwrap_or(&ENGLISH)
    }

    /// A sentence with what is named in it.
    #[must_use]
    pub fn with(&self, sentence: &str, business: &str, until: &str) -> String {
        sentence.replace("{business}", business).replace("{until}", until)
    }
}

/// English.
pub const ENGLISH: Words = Words {
    code: "en",
    heading: "A time has come free",
    heading_times: "Times for your visit",
    held: "{business} holds it for you until {until}.",
    race: "Whoever answers first gets it.",
    what_for: "What for",
    with: "With",
    whom: "For",
    place: "Where",
    instead_of: "If you take it, this visit is given up",
    take: "Yes, I take it",
    pass: "No, thank you",
    none_suits: "None of these suits me",
    taken: "It is yours",
    taken_lead: "{business} expects you. We have written to you, too.",
    visit_link: "See your visit, or put it into your calendar",
    declined: "You have passed",
    declined_lead: "You keep your place on the waitlist of {business}.",
    none_suited: "None of them suits you",
    none_suited_lead: "{business} knows, and will look for another time.",
    over: "This offer has ended",
    over_lead: "That time is not free any more, or was held no longer. You keep your place on the waitlist of {business}.",
    over_times_lead: "These times are held no longer. {business} will write to you about others.",
    questions: "Questions?",
};

/// Spanish.
pub const SPANISH: Words = Words {
    code: "es",
    heading: "Ha quedado libre una cita",
    heading_times: "Horas para su cita",
    held: "{business} se la guarda hasta {until}.",
    race: "Es de quien responda primero.",
    what_for: "Para qué",
    with: "Con",
    whom: "Para",
    place: "Dónde",
    instead_of: "Si la toma, queda libre esta cita",
    take: "Sí, la tomo",
    pass: "No, gracias",
    none_suits: "Ninguna me conviene",
    taken: "La cita es suya",
    taken_lead: "{business} le espera. También se lo hemos escrito.",
    visit_link: "Ver su cita, o ponerla en su calendario",
    declined: "Ha dejado pasar la cita",
    declined_lead: "Conserva su lugar en la lista de espera de {business}.",
    none_suited: "Ninguna le conviene",
    none_suited_lead: "{business} lo sabe y buscará otra hora.",
    over: "Esta oferta ha terminado",
    over_lead: "Esa hora ya no queda libre, o ya no se le guarda. Conserva su lugar en la lista de espera de {business}.",
    over_times_lead: "Estas horas ya no se guardan. {business} le escribirá sobre otras.",
    questions: "¿Preguntas?",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_name_the_same_in_the_same_sentences() {
        let named = |words: &Words| {
            [
                words.held,
                words.race,
                words.taken_lead,
                words.declined_lead,
                words.none_suited_lead,
                words.over_lead,
                words.over_times_lead,
            ]
            .map(|sentence| (sentence.matches("{business}").count(), sentence.matches("{until}").count()))
        };
        assert_eq!(named(&ENGLISH), named(&SPANISH));
        assert_eq!(named(&ENGLISH)[0], (1, 1));
    }

    #[test]
    fn the_page_speaks_whoever_was_asked_then_the_business() {
        for (asked, business, code) in [
            (None, "es", "es"),
            (Some("en"), "es", "en"),
            (Some("es-MX"), "en", "es"),
            (Some("xx"), "xx", "en"),
        ] {
            assert_eq!(Words::of(asked, business).code, code);
        }
    }
}
