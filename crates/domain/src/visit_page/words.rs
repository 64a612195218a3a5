//! What the customer's page says: one table for each language. `{business}` is replaced by the business's name.

use crate::zone::Zone;
use chrono::{DateTime, Datelike, Timelike, Utc};

/// All sentences of the page in one language.
#[derive(Debug)]
pub struct Words {
    /// As `lang` and a contact's language say it.
    pub code: &'static str,
    /// What the language calls itself.
    pub name: &'static str,
    pub title: &'static str,
    pub heading: &'static str,
    pub when: &'static str,
    pub place: &'static str,
    pub what: &'static str,
    pub whom: &'static str,
    pub status: &'static str,
    pub scheduled: &'static str,
    pub confirmed: &'static str,
    pub asked: &'static str,
    pub cancelled: &'static str,
    pub over: &'static str,
    pub thanks: &'static str,
    pub will_write: &'static str,
    pub is_cancelled: &'static str,
    pub is_over: &'static str,
    pub undecided: &'static str,
    pub does_it_suit: &'static str,
    pub confirm: &'static str,
    pub ask: &'static str,
    pub ask_hint: &'static str,
    pub note: &'static str,
    pub note_too_long: &'static str,
    pub cancel: &'static str,
    pub cancel_question: &'static str,
    pub cancel_yes: &'static str,
    pub calendar: &'static str,
    pub calendar_file: &'static str,
    pub calendar_google: &'static str,
    pub calendar_title: &'static str,
    pub calendar_alarm: &'static str,
    pub reach: &'static str,
    pub channel: &'static str,
    pub by_text: &'static str,
    pub by_email: &'static str,
    pub channel_hint: &'static str,
    pub language: &'static str,
    pub save: &'static str,
    pub texts: &'static str,
    pub stop_hint: &'static str,
    pub stop: &'static str,
    pub stopped: &'static str,
    pub questions: &'static str,
    pub keep_it: &'static str,
    pub gone: &'static str,
    pub gone_hint: &'static str,
    pub nowhere: &'static str,
    pub nowhere_hint: &'static str,
    pub busy: &'static str,
    pub busy_hint: &'static str,
    pub refused: &'static str,
    pub refused_hint: &'static str,
    pub broken: &'static str,
    pub broken_hint: &'static str,
    weekdays: [&'static str; 7],
    months: [&'static str; 12],
    day: fn(&Words, &str, &str, i32, u32) -> String,
    clock: fn(u32, u32) -> String,
    /// Before an hour, of the twelve on a clock.
    at: fn(u32) -> &'static str,
    until: fn(u32) -> &'static str,
}

/// Every language that the page speaks.
pub const ALL: [&Words; 2] = [&ENGLISH, &SPANISH];

impl Words {
    /// Those of the customer, else of the business, else English; both like `es` or `es-MX`.
    #[must_use]
    pub fn of(customer: Option<&str>, business: &str) -> &'static Words {
        let speaks = |code: &str| {
            let first = code.split(['-', '_']).next().unwrap_or_default();
            ALL.into_iter().find(|words| words.code.eq_ignore_ascii_case(first))
        };
        customer.and_then(speaks).or_else(|| speaks(business)).unwrap_or(&ENGLISH)
    }

    /// A sentence with the business's name in it.
    #[must_use]
    pub fn with(&self, sentence: &str, business: &str) -> String {
        sentence.replace("{business}", business)
    }

    /// From when until when, by the clock of the place: `Tuesday, January 5, 2027 at 3:00 PM EST`.
    #[must_use]
    pub fn time(&self, starts_at: DateTime<Utc>, ends_at: Option<DateTime<Utc>>, place: Zone) -> String {
        let start = starts_at.with_timezone(&place);
        let name = |list: &[&'static str], index: u32| list.get(index as usize).copied().unwrap_or_default();
        let weekday = name(&self.weekdays, start.weekday().num_days_from_monday());
        let day = (self.day)(self, weekday, name(&self.months, start.month0()), start.year(), start.day());
        let clock = |before: fn(u32) -> &'static str, at: DateTime<Utc>| {
            let local = at.with_timezone(&place);
            format!("{} {}", before(local.hour() % 12), (self.clock)(local.hour(), local.minute()))
        };
        let begins = clock(self.at, starts_at);
        let ends = ends_at.map(|end| format!(" {}", clock(self.until, end))).unwrap_or_default();
        format!("{day} {begins}{ends} {}", start.format("%Z"))
    }
}

fn american(_: &Words, weekday: &str, month: &str, year: i32, day: u32) -> String {
    format!("{weekday}, {month} {day}, {year}")
}

fn spanish(_: &Words, weekday: &str, month: &str, year: i32, day: u32) -> String {
    format!("{weekday}, {day} de {month} de {year}")
}

fn clock(hour: u32, minute: u32, halves: [&str; 2]) -> String {
    let half = if hour < 12 { halves[0] } else { halves[1] };
    let hour = if hour.is_multiple_of(12) { 12 } else { hour % 12 };
    format!("{hour}:{minute:02} {half}")
}

/// English.
pub const ENGLISH: Words = Words {
    code: "en",
    name: "English",
    title: "Your visit at {business}",
    heading: "Your visit",
    when: "When",
    place: "Where",
    what: "What",
    whom: "For",
    status: "Status",
    scheduled: "Not confirmed yet",
    confirmed: "Confirmed",
    asked: "You asked for another time",
    cancelled: "Cancelled",
    over: "Over",
    thanks: "Thank you. {business} expects you.",
    will_write: "{business} will get in touch with you to find another time.",
    is_cancelled: "This visit is cancelled. If that is not what you want, please ask {business}.",
    is_over: "This visit is over, so nothing can be changed here any more.",
    undecided: "The clocks of this place have changed. {business} is checking the time of your visit and will tell you.",
    does_it_suit: "Does this time suit you?",
    confirm: "Confirm",
    ask: "Ask for another time",
    ask_hint: "{business} will get in touch with you.",
    note: "When would it suit you? You need not say.",
    note_too_long: "At most 300 characters, please.",
    cancel: "Cancel this visit",
    cancel_question: "Do you want to cancel? This page can't undo it.",
    cancel_yes: "Yes, cancel my visit",
    calendar: "Add it to your calendar",
    calendar_file: "Apple, Outlook and others",
    calendar_google: "Google Calendar",
    calendar_title: "Visit at {business}",
    calendar_alarm: "Your visit at {business} begins in two hours.",
    reach: "How we reach you",
    channel: "If we write to you ourselves, best by",
    by_text: "Text message",
    by_email: "E-mail",
    channel_hint: "Reminders come by e-mail once you have agreed to get them there.",
    language: "Language",
    save: "Save",
    texts: "Text messages",
    stop_hint: "{business} will send no more texts to your number, about any visit.",
    stop: "Stop texts",
    stopped: "You get no texts from {business}. To get them again, text START to the number they came from.",
    questions: "Questions?",
    keep_it: "Whoever has this link sees this page. Please keep it to yourself.",
    gone: "This link has ended",
    gone_hint: "Please ask the business that sent it for a new one.",
    nowhere: "There is nothing here",
    nowhere_hint: "Please check that you opened the whole link.",
    busy: "A moment, please",
    busy_hint: "There were too many requests from your network. Please try again in a minute.",
    refused: "This did not come from our page",
    refused_hint: "Please open your link again and press the button there. Nothing was changed.",
    broken: "Something went wrong on our side",
    broken_hint: "Please try again in a minute.",
    weekdays: ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"],
    months: [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ],
    day: american,
    clock: |hour, minute| clock(hour, minute, ["AM", "PM"]),
    at: |_| "at",
    until: |_| "to",
};

/// Spanish.
pub const SPANISH: Words = Words {
    code: "es",
    name: "Español",
    title: "Su cita en {business}",
    heading: "Su cita",
    when: "Cuándo",
    place: "Dónde",
    what: "Qué",
    whom: "Para",
    status: "Estado",
    scheduled: "Sin confirmar",
    confirmed: "Confirmada",
    asked: "Pidió otra hora",
    cancelled: "Cancelada",
    over: "Terminada",
    thanks: "Gracias. {business} le espera.",
    will_write: "{business} se comunicará con usted para encontrar otra hora.",
    is_cancelled: "Esta cita está cancelada. Si no es lo que desea, pregunte a {business}.",
    is_over: "Esta cita ya pasó; aquí no se puede cambiar nada más.",
    undecided: "La hora oficial de este lugar ha cambiado. {business} está revisando la hora de su cita y le avisará.",
    does_it_suit: "¿Le conviene esta hora?",
    confirm: "Confirmar",
    ask: "Pedir otra hora",
    ask_hint: "{business} se comunicará con usted.",
    note: "¿Cuándo le convendría? No hace falta decirlo.",
    note_too_long: "Como máximo 300 caracteres, por favor.",
    cancel: "Cancelar esta cita",
    cancel_question: "¿Desea cancelar? Esta página no puede deshacerlo.",
    cancel_yes: "Sí, cancelar mi cita",
    calendar: "Añádala a su calendario",
    calendar_file: "Apple, Outlook y otros",
    calendar_google: "Google Calendar",
    calendar_title: "Cita en {business}",
    calendar_alarm: "Su cita en {business} empieza en dos horas.",
    reach: "Cómo le contactamos",
    channel: "Si le escribimos nosotros, mejor por",
    by_text: "Mensaje de texto",
    by_email: "Correo electrónico",
    channel_hint: "Los recordatorios llegan por correo cuando haya aceptado recibirlos ahí.",
    language: "Idioma",
    save: "Guardar",
    texts: "Mensajes de texto",
    stop_hint: "{business} no enviará más mensajes a su número, sobre ninguna cita.",
    stop: "No recibir más mensajes",
    stopped: "No recibe mensajes de {business}. Para recibirlos de nuevo, envíe START al número del que llegaban.",
    questions: "¿Preguntas?",
    keep_it: "Quien tenga este enlace ve esta página. Por favor, no lo comparta.",
    gone: "Este enlace ya no sirve",
    gone_hint: "Pida uno nuevo al negocio que se lo envió.",
    nowhere: "Aquí no hay nada",
    nowhere_hint: "Compruebe que abrió el enlace completo.",
    busy: "Un momento, por favor",
    busy_hint: "Hubo demasiadas solicitudes desde su red. Inténtelo de nuevo en un minuto.",
    refused: "Esto no vino de nuestra página",
    refused_hint: "Abra de nuevo su enlace y pulse el botón allí. No se cambió nada.",
    broken: "Algo falló de nuestro lado",
    broken_hint: "Inténtelo de nuevo en un minuto.",
    weekdays: ["lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo"],
    months: [
        "enero",
        "febrero",
        "marzo",
        "abril",
        "mayo",
        "junio",
        "julio",
        "agosto",
        "septiembre",
        "octubre",
        "noviembre",
        "diciembre",
    ],
    day: spanish,
    clock: |hour, minute| clock(hour, minute, ["a. m.", "p. m."]),
    at: |hour| if hour == 1 { "a la" } else { "a las" },
    until: |hour| if hour == 1 { "hasta la" } else { "hasta las" },
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::zone::named;

    #[test]
    fn the_customers_language_counts_then_the_businesss() {
        for (customer, business, code) in [
            (None, "en", "en"),
            (None, "es", "es"),
            (Some("en"), "es", "en"),
            (Some("es-MX"), "en", "es"),
            (Some("ES"), "en", "es"),
            (Some("pt-BR"), "es", "es"),
            (Some("pt"), "sv", "en"),
        ] {
            assert_eq!(Words::of(customer, business).code, code, "{customer:?} {business}");
        }
    }

    #[test]
    fn times_are_told_by_the_clock_of_the_place() {
        let start: DateTime<Utc> = "2027-01-05T20:00:00Z".parse().expect("an instant");
        let end = Some(start + chrono::Duration::minutes(45));
        let place = named("America/New_York");
        assert_eq!(ENGLISH.time(start, None, place), "Tuesday, January 5, 2027 at 3:00 PM EST");
        assert_eq!(
            ENGLISH.time(start, end, place),
            "Tuesday, January 5, 2027 at 3:00 PM to 3:45 PM EST"
        );
        assert_eq!(
            SPANISH.time(start, end, place),
            "martes, 5 de enero de 2027 a las 3:00 p. m. hasta las 3:45 p. m. EST"
        );
        assert_eq!(
            ENGLISH.time(start, None, named("Asia/Kolkata")),
            "Wednesday, January 6, 2027 at 1:30 AM IST"
        );
        assert_eq!(
            ENGLISH.time(start + chrono::Duration::hours(9), None, place),
            "Wednesday, January 6, 2027 at 12:00 AM EST"
        );
    }

    #[test]
    fn both_languages_name_the_business_in_the_same_sentences() {
        // A sentence that forgot the name would speak of nobody.
        let named = |words: &Words| {
            [
                words.title,
                words.thanks,
                words.will_write,
                words.is_cancelled,
                words.undecided,
                words.ask_hint,
                words.calendar_title,
                words.calendar_alarm,
                words.stop_hint,
                words.stopped,
            ]
            .map(|sentence| sentence.matches("{business}").count())
        };
        assert_eq!(named(&ENGLISH), [1; 10]);
        assert_eq!(named(&SPANISH), [1; 10]);
        assert_eq!(
            ENGLISH.with(ENGLISH.title, "Bright {business}"),
            "Your visit at Bright {business}"
        );
    }
}
