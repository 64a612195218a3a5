//! What the form of a waitlist says: one table for each language. `{business}` is replaced by the business's name.

use super::Part;

/// All sentences of the form in one language.
#[derive(Debug)]
pub struct Words {
    /// As `lang` says it.
    pub code: &'static str,
    /// What the language calls itself.
    pub name: &'static str,
    pub title: &'static str,
    pub heading: &'static str,
    pub lead: &'static str,
    pub your_name: &'static str,
    pub phone: &'static str,
    pub phone_hint: &'static str,
    pub types: &'static str,
    pub types_hint: &'static str,
    pub places: &'static str,
    pub places_hint: &'static str,
    pub times: &'static str,
    pub times_hint: &'static str,
    parts: [&'static str; 3],
    pub days: &'static str,
    pub days_hint: &'static str,
    pub weekdays: [&'static str; 7],
    pub notice: &'static str,
    /// Each as in `NOTICES`.
    pub notices: [&'static str; 3],
    pub notes: &'static str,
    pub notes_hint: &'static str,
    /// What they agree to. It is kept with their entry as it stands here.
    pub agree: &'static str,
    pub send_code: &'static str,
    pub code_heading: &'static str,
    pub code_sent: &'static str,
    pub code_label: &'static str,
    pub join: &'static str,
    pub no_code: &'static str,
    pub another_code: &'static str,
    pub change: &'static str,
    pub on_list: &'static str,
    pub on_list_lead: &'static str,
    pub still_waiting: &'static str,
    pub stay: &'static str,
    pub leave: &'static str,
    pub leave_question: &'static str,
    pub leave_yes: &'static str,
    pub left: &'static str,
    pub left_lead: &'static str,
    pub again: &'static str,
    pub keep_it: &'static str,
    pub questions: &'static str,
    pub look_again: &'static str,
    pub name_missing: &'static str,
    pub phone_wrong: &'static str,
    pub phone_not_here: &'static str,
    pub types_wrong: &'static str,
    pub places_wrong: &'static str,
    pub notes_long: &'static str,
    pub agree_missing: &'static str,
    pub code_wrong: &'static str,
    pub code_wrong_one_left: &'static str,
    pub code_over: &'static str,
    pub code_spent: &'static str,
    pub wait_minute: &'static str,
    pub wait_longer: &'static str,
    pub wait_tomorrow: &'static str,
    pub cannot_text: &'static str,
    pub stopped: &'static str,
}

/// Every language that the form speaks.
pub const ALL: [&Words; 2] = [&ENGLISH, &SPANISH];

impl Words {
    /// Those of the language that was asked for, else of the business, else English; both like `es` or `es-MX`.
    #[must_use]
    pub fn of(asked: Option<&str>, business: &str) -> &'static Words {
        let speaks = |code: &str| {
            let first = code.split(['-', '_']).next().unwrap_or_default();
            ALL.into_iter().find(|words| words.code.eq_ignore_ascii_case(first))
        };
        asked.and_then(speaks).or_else(|| speaks(business)).unwrap_or(&ENGLISH)
    }

    /// A sentence with the business's name in it.
    #[must_use]
    pub fn with(&self, sentence: &str, business: &str) -> String {
        sentence.replace("{business}", business)
    }

    #[must_use]
    pub const fn part(&self, part: Part) -> &'static str {
        match part {
            Part::Morning => self.parts[0],
            Part::Afternoon => self.parts[1],
            Part::Evening => self.parts[2],
        }
    }
}

/// English.
pub const ENGLISH: Words = Words {
    code: "en",
    name: "English",
    title: "Waitlist of {business}",
    heading: "Join the waitlist",
    lead: "When a time opens that suits you, {business} texts you, and you answer Y to take it.",
    your_name: "Your name",
    phone: "Your mobile number",
    phone_hint: "We text a code to it, to make sure that it is yours.",
    types: "What for?",
    types_hint: "Nothing ticked: anything.",
    places: "Where?",
    places_hint: "Nothing ticked: anywhere.",
    times: "What time of day?",
    times_hint: "Nothing ticked: any time.",
    parts: ["Mornings", "Afternoons", "Evenings"],
    days: "Which days?",
    days_hint: "Nothing ticked: any day.",
    weekdays: ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"],
    notice: "How soon before could you come?",
    notices: [
        "Tell me at least 1 hour before",
        "Tell me at least 3 hours before",
        "Tell me at least a day before",
    ],
    notes: "Anything we should know?",
    notes_hint: "You need not say anything. Please write nothing about your health that you would not put on a postcard.",
    agree: "I agree that {business} texts me when a time opens, and about visits I take. I can reply STOP at any time. Message and data \
            rates may apply.",
    send_code: "Text me a code",
    code_heading: "Type the code",
    code_sent: "If texts from {business} reach this number, a code of 6 digits arrives in a moment. It is good for 10 minutes.",
    code_label: "Code",
    join: "Join the waitlist",
    no_code: "No code after a minute?",
    another_code: "Text me another code",
    change: "Change what I typed",
    on_list: "You’re on the waitlist",
    on_list_lead: "{business} texts you when a time opens. There is nothing more to do.",
    still_waiting: "Are you still waiting for a time?",
    stay: "Yes, I still wait",
    leave: "Leave the waitlist",
    leave_question: "You get no more offers then. This page can’t undo it.",
    leave_yes: "Yes, take me off the list",
    left: "You’re not on the waitlist",
    left_lead: "You get no more offers from it.",
    again: "Join again",
    keep_it: "Whoever has this link can take you off the list. Please keep it to yourself.",
    questions: "Questions?",
    look_again: "Please look at this again:",
    name_missing: "Please give your name, up to 100 characters.",
    phone_wrong: "This does not look like a phone number. Please type it with its area code.",
    phone_not_here: "We can’t text this number. Please give a mobile number of this country.",
    types_wrong: "Please choose once more what it is for.",
    places_wrong: "Please choose once more where.",
    notes_long: "At most 500 characters, please.",
    agree_missing: "Please tick this if you want to be texted. Without it we can’t tell you of a time.",
    code_wrong: "This is not the code. Please look at the newest text.",
    code_wrong_one_left: "This is not the code. You can try once more.",
    code_over: "This code is too old. Please let us text you another one.",
    code_spent: "This code was tried too often. Please let us text you another one.",
    wait_minute: "A code was asked for just now. Please wait a minute before you ask for another one.",
    wait_longer: "Many codes were asked for just now. Please try again in a quarter of an hour.",
    wait_tomorrow: "Many codes were asked for with this number today. Please try again tomorrow, or call.",
    cannot_text: "We can’t send texts at the moment. Please call instead.",
    stopped: "Texts to this number were stopped. To get them again, text START to the number they came from, then try once more.",
};

/// Spanish.
pub const SPANISH: Words = Words {
    code: "es",
    name: "Español",
    title: "Lista de espera de {business}",
    heading: "Apúntese a la lista de espera",
    lead: "Cuando se libere una hora que le convenga, {business} le envía un mensaje y usted responde S para tomarla.",
    your_name: "Su nombre",
    phone: "Su número de móvil",
    phone_hint: "Le enviamos una clave para comprobar que es suyo.",
    types: "¿Para qué?",
    types_hint: "Sin marcar nada: cualquier cosa.",
    places: "¿Dónde?",
    places_hint: "Sin marcar nada: en cualquier lugar.",
    times: "¿A qué hora del día?",
    times_hint: "Sin marcar nada: a cualquier hora.",
    parts: ["Por la mañana", "Por la tarde", "Por la noche"],
    days: "¿Qué días?",
    days_hint: "Sin marcar nada: cualquier día.",
    weekdays: ["Lun", "Mar", "Mié", "Jue", "Vie", "Sáb", "Dom"],
    notice: "¿Con cuánta antelación podría venir?",
    notices: [
        "Avíseme al menos 1 hora antes",
        "Avíseme al menos 3 horas antes",
        "Avíseme al menos un día antes",
    ],
    notes: "¿Algo que debamos saber?",
    notes_hint: "No hace falta decir nada. No escriba sobre su salud nada que no pondría en una postal.",
    agree: "Acepto que {business} me envíe mensajes cuando se libere una hora y sobre las citas que tome. Puedo responder ALTO en cualquier \
            momento. Pueden aplicarse tarifas de mensajes y datos.",
    send_code: "Envíenme una clave",
    code_heading: "Escriba la clave",
    code_sent: "Si los mensajes de {business} llegan a este número, en un momento recibirá una clave de 6 cifras. Vale 10 minutos.",
    code_label: "Clave",
    join: "Apuntarme a la lista",
    no_code: "¿No llega después de un minuto?",
    another_code: "Envíenme otra clave",
    change: "Cambiar lo que escribí",
    on_list: "Está en la lista de espera",
    on_list_lead: "{business} le envía un mensaje cuando se libere una hora. No hay nada más que hacer.",
    still_waiting: "¿Sigue esperando una hora?",
    stay: "Sí, sigo esperando",
    leave: "Salir de la lista",
    leave_question: "No recibirá más ofertas. Esta página no puede deshacerlo.",
    leave_yes: "Sí, bórrenme de la lista",
    left: "No está en la lista de espera",
    left_lead: "No recibe más ofertas de ella.",
    again: "Apuntarme de nuevo",
    keep_it: "Quien tenga este enlace puede borrarle de la lista. Por favor, no lo comparta.",
    questions: "¿Preguntas?",
    look_again: "Revise esto, por favor:",
    name_missing: "Escriba su nombre, de hasta 100 caracteres.",
    phone_wrong: "Esto no parece un número de teléfono. Escríbalo con su código de área.",
    phone_not_here: "No podemos enviar mensajes a este número. Escriba un móvil de este país.",
    types_wrong: "Elija otra vez para qué es.",
    places_wrong: "Elija otra vez dónde.",
    notes_long: "Como máximo 500 caracteres, por favor.",
    agree_missing: "Marque esto si quiere recibir mensajes. Sin ello no podemos avisarle de una hora.",
    code_wrong: "Esta no es la clave. Mire el mensaje más reciente.",
    code_wrong_one_left: "Esta no es la clave. Puede intentarlo una vez más.",
    code_over: "Esta clave es demasiado antigua. Pida otra, por favor.",
    code_spent: "Esta clave se probó demasiadas veces. Pida otra, por favor.",
    wait_minute: "Se acaba de pedir una clave. Espere un minuto antes de pedir otra.",
    wait_longer: "Se acaban de pedir muchas claves. Inténtelo de nuevo en un cuarto de hora.",
    wait_tomorrow: "Hoy se pidieron muchas claves con este número. Inténtelo mañana, o llame.",
    cannot_text: "Ahora no podemos enviar mensajes. Por favor, llame.",
    stopped: "Los mensajes a este número se detuvieron. Para recibirlos de nuevo, envíe START al número del que llegaban e inténtelo otra vez.",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_language_that_was_asked_for_counts_then_the_businesss() {
        for (asked, business, code) in [
            (None, "en", "en"),
            (None, "es", "es"),
            (Some("en"), "es", "en"),
            (Some("es-MX"), "en", "es"),
            (Some("xx"), "es", "es"),
            (Some(""), "xx", "en"),
        ] {
            assert_eq!(Words::of(asked, business).code, code, "{asked:?} {business}");
        }
    }

    #[test]
    fn who_agrees_knows_with_whom_and_how_to_stop() {
        for (words, stop) in ALL.into_iter().zip(["STOP", "ALTO"]) {
            let agreed = words.with(words.agree, "Bright Dental");
            assert!(agreed.contains("Bright Dental") && agreed.contains(stop), "{agreed}");
        }
    }

    #[test]
    fn both_languages_name_the_business_in_the_same_sentences() {
        let named = |words: &Words| {
            [words.title, words.lead, words.agree, words.code_sent, words.on_list_lead]
                .map(|sentence| sentence.matches("{business}").count())
        };
        assert_eq!(named(&ENGLISH), [1; 5]);
        assert_eq!(named(&SPANISH), [1; 5]);
    }
}
