//! The words of the page where somebody says how they are reached: one table for each language. `{business}` is replaced by the business's
//! name.

use crate::language::Language;

/// All sentences of the page in one language.
#[derive(Debug)]
pub struct Words {
    pub code: &'static str,
    pub title: &'static str,
    pub heading: &'static str,
    pub intro: &'static str,
    pub saved: &'static str,
    pub emails: &'static str,
    pub emails_on: &'static str,
    pub emails_off: &'static str,
    pub stop_emails: &'static str,
    pub start_emails: &'static str,
    pub texts: &'static str,
    pub texts_on: &'static str,
    pub texts_off: &'static str,
    pub stop_texts: &'static str,
    pub offers: &'static str,
    pub offers_on: &'static str,
    pub offers_off: &'static str,
    pub start_offers: &'static str,
    pub stop_offers: &'static str,
    pub everything: &'static str,
    pub everything_hint: &'static str,
    pub stop_everything: &'static str,
    pub wishes: &'static str,
    pub first: &'static str,
    pub by_text: &'static str,
    pub by_email: &'static str,
    pub language: &'static str,
    pub save: &'static str,
    pub questions: &'static str,
}

impl Words {
    #[must_use]
    pub const fn of(language: Language) -> &'static Self {
        match language {
            Language::English => &ENGLISH,
            Language::Spanish => &SPANISH,
        }
    }

    /// A sentence with the business's name in it.
    #[must_use]
    pub fn with(&self, sentence: &str, business: &str) -> String {
        sentence.replace("{business}", business)
    }
}

/// What is written to the ledger as their own words.
pub mod evidence {
    pub const STOP_EMAILS: &str = "They pressed \"Stop e-mails\" on their page";
    pub const ONE_CLICK: &str = "They unsubscribed by their mail program's button (List-Unsubscribe)";
    pub const START_EMAILS: &str = "They pressed \"Get e-mails\" on their page";
    pub const MAIL_FIRST: &str = "They chose e-mail as the first way to them on their page";
    pub const STOP_TEXTS: &str = "They pressed \"Stop texts\" on their page";
    pub const START_OFFERS: &str = "They pressed \"Yes, send me offers\" on their page";
    pub const STOP_OFFERS: &str = "They pressed \"No offers\" on their page";
    pub const STOP_EVERYTHING: &str = "They pressed \"Stop everything\" on their page";
}

const ENGLISH: Words = Words {
    code: "en",
    title: "How {business} reaches you",
    heading: "How we reach you",
    intro: "Nothing changes until you press a button.",
    saved: "Saved.",
    emails: "E-mails about your visits",
    emails_on: "{business} may write to you by e-mail.",
    emails_off: "You get no e-mails from {business}.",
    stop_emails: "Stop e-mails",
    start_emails: "Get e-mails",
    texts: "Text messages about your visits",
    texts_on: "{business} may text you.",
    texts_off: "You get no texts from {business}. To get them, text START to the number they came from, or ask there.",
    stop_texts: "Stop texts",
    offers: "Offers and news",
    offers_on: "You get offers from {business}.",
    offers_off: "You get no offers from {business}.",
    start_offers: "Yes, send me offers",
    stop_offers: "No offers",
    everything: "Stop everything",
    everything_hint: "{business} will write to you no more, by any way, about any visit.",
    stop_everything: "Stop everything",
    wishes: "What suits you best",
    first: "Write to me first by",
    by_text: "Text message",
    by_email: "E-mail",
    language: "Language",
    save: "Save",
    questions: "Questions?",
};

const SPANISH: Words = Words {
    code: "es",
    title: "Cómo le escribe {business}",
    heading: "Cómo le escribimos",
    intro: "Nada cambia hasta que pulse un botón.",
    saved: "Guardado.",
    emails: "Correos sobre sus citas",
    emails_on: "{business} puede escribirle por correo electrónico.",
    emails_off: "No recibe correos de {business}.",
    stop_emails: "No más correos",
    start_emails: "Recibir correos",
    texts: "Mensajes de texto sobre sus citas",
    texts_on: "{business} puede enviarle mensajes de texto.",
    texts_off: "No recibe mensajes de {business}. Para recibirlos, envíe START al número desde el que llegaban, o pregunte allí.",
    stop_texts: "No más mensajes",
    offers: "Ofertas y novedades",
    offers_on: "Recibe ofertas de {business}.",
    offers_off: "No recibe ofertas de {business}.",
    start_offers: "Sí, quiero ofertas",
    stop_offers: "No quiero ofertas",
    everything: "No recibir nada más",
    everything_hint: "{business} no le escribirá más, por ningún medio, sobre ninguna cita.",
    stop_everything: "No recibir nada más",
    wishes: "Lo que más le conviene",
    first: "Escríbanme primero por",
    by_text: "Mensaje de texto",
    by_email: "Correo electrónico",
    language: "Idioma",
    save: "Guardar",
    questions: "¿Preguntas?",
};
