//! The texts in Spanish, to "usted", in words that all of Latin America shares.
//!
//! GSM-7 has no á, í, ó and ú: one of them makes a text twice as dear, so each sentence is built without (*clave*, not *código*; *darse de
//! baja*, not *no recibir más*). The one that is left stands in *sáb*; keeping texts short ([`crate::segments::shortened`]) takes it out.

use super::Kind;

/// Answered by letters.
#[rustfmt::skip]
pub(super) const fn letters(kind: Kind) -> &'static str {
    match kind {
        Kind::Reminder => "{{ business }}: le recordamos {% if for_name %}la cita de {{ for_name }}{% else %}su cita{% endif %}: {{ date }}, {{ time }}. Responda S{{ token }} para confirmar o N{{ token }} si necesita otra hora. ALTO para darse de baja.",
        Kind::ReminderMany => "{{ business }}: citas del {{ date }}: {{ visits }}. {{ answers }}",
        Kind::Correction => "{{ business }}: disculpe, no entendimos su mensaje. Por favor, responda S para confirmar o N si necesita otra hora.",
        Kind::WhichVisit => "{{ business }}: tiene {{ count }} citas{% if listed %}, las siguientes {{ listed }} son{% endif %}: {{ visits }}. Por favor, responda con una de las claves.",
        Kind::Help => "{{ business }}: mensajes sobre sus citas.{% if contact %} {{ contact }}.{% endif %} Responda ALTO para darse de baja.",
        Kind::OptedOut => "{{ business }}: ya no le enviaremos mensajes. Responda START para recibirlos de nuevo.",
        Kind::Started => "{{ business }}: vuelve a recibir mensajes sobre sus citas. Responda HELP para ayuda o ALTO para darse de baja.",
        Kind::Confirmed => "{{ business }}: gracias. Le esperamos: {{ date }}, {{ time }}.",
        Kind::Moved => "{{ business }}: {% if for_name %}la cita de {{ for_name }}{% else %}su cita{% endif %} ahora es: {{ date }}, {{ time }}. Responda S{{ token }} para confirmar o N{{ token }} si necesita otra hora. ALTO para darse de baja.",
        Kind::Cancelled => "{{ business }}: {% if for_name %}la cita de {{ for_name }}{% else %}su cita{% endif %} queda cancelada: {{ date }}, {{ time }}. Responda a este mensaje si necesita otra hora.",
        Kind::WaitlistJoined => "Ya tiene un lugar en la lista de espera de {{ business }}. Le escribiremos cuando haya una hora libre. ALTO para darse de baja.",
        Kind::OfferHeld => "{{ business }}: hay una hora libre{% if type %} ({{ type }}){% endif %}: {{ date }}, {{ time }}. Responda S{{ token }} para tomarla o N{{ token }} para dejarla. Se la guardamos hasta: {{ until }}.",
        Kind::OfferRace => "{{ business }}: hay una hora libre{% if type %} ({{ type }}){% endif %}: {{ date }}, {{ time }}. Responda S{{ token }} para tomarla o N{{ token }} para dejarla. Es de quien responda primero.",
        Kind::OfferWon => "La hora es suya: {{ date }}, {{ time }}.{% if released %} Su cita del {{ released }} queda libre.{% endif %}",
        Kind::OfferLost => "Lo sentimos, alguien se ha adelantado y esa hora ya no queda libre. Conserva su lugar en la lista.",
        Kind::OfferLate => "Esa oferta ya no vale{% if until %}; era hasta: {{ until }}{% endif %}. Conserva su lugar.",
        Kind::OfferTimes => "{{ business }}: le ofrecemos {{ times }}. Responda con la cifra de la que prefiera.{% if contact %} {{ contact }}.{% endif %}",
        Kind::Review => "{{ business }}: gracias por su visita. Nos alegra saber su parecer: {{ link }} ALTO para darse de baja.",
        Kind::Recall => "{{ business }}: ya toca la siguiente cita{% if for_name %} de {{ for_name }}{% endif %}{% if type %} ({{ type }}){% endif %}. Responda a este mensaje y buscamos una hora. ALTO para darse de baja.",
        Kind::MissedCall => "{{ business }}: disculpe, no pudimos atender su llamada. Responda a este mensaje y le ayudamos. ALTO para darse de baja.",
        Kind::Arrived => "{{ business }}: gracias, sabemos que ha llegado. Enseguida le atendemos.",
        Kind::Verification => "{{ business }}: su clave es {{ code }}. Nadie de los nuestros se la va a pedir.",
    }
}

/// Answered by buttons or on a page.
#[rustfmt::skip]
pub(super) const fn buttons(kind: Kind) -> &'static str {
    match kind {
        Kind::Reminder => "Hola de parte de {{ business }}. Le recordamos su cita: {{ date }} a esta hora: {{ time }}. ¿Puede venir?",
        Kind::ReminderMany => "Hola de parte de {{ business }}. Estas son sus citas del {{ date }}: {{ visits }}. Puede responder de esta manera: {{ answers }} ¡Gracias!",
        Kind::Correction => "Disculpe, en {{ business }} no entendimos su mensaje. Por favor, use uno de los botones, o responda S o N.",
        Kind::WhichVisit => "Hola de parte de {{ business }}. Tiene varias citas: {{ visits }}. Por favor, responda con una de las claves.",
        Kind::Help => "Estos son mensajes de {{ business }} sobre sus citas. Escriba aquí si nos necesita, o responda ALTO para darse de baja.",
        Kind::OptedOut => "Ya no recibirá mensajes de {{ business }}. Responda START para recibirlos de nuevo.",
        Kind::Started => "Vuelve a recibir mensajes de {{ business }} sobre sus citas. Responda ALTO para darse de baja.",
        Kind::Confirmed => "Gracias de parte de {{ business }}. Le esperamos el {{ date }} a esta hora: {{ time }}. Hasta pronto.",
        Kind::Moved => "Hola de parte de {{ business }}. Su cita ahora es el {{ date }} a esta hora: {{ time }}. ¿Puede venir?",
        Kind::Cancelled => "Hola de parte de {{ business }}. Su cita del {{ date }} a esta hora: {{ time }}, queda cancelada. Escríbanos si necesita otra.",
        Kind::WaitlistJoined => "Ya tiene un lugar en la lista de espera de {{ business }}. Le escribiremos cuando haya una hora libre.",
        Kind::OfferHeld => "Hola de parte de {{ business }}. Ha quedado libre una cita el {{ date }} a esta hora: {{ time }}. Se la guardamos hasta: {{ until }}. ¿La quiere?",
        Kind::OfferRace => "Hola de parte de {{ business }}. Ha quedado libre una cita el {{ date }} a esta hora: {{ time }}. Es de quien responda primero. ¿La quiere?",
        Kind::OfferWon => "Buenas noticias de {{ business }}: la cita es suya. Le esperamos el {{ date }} a esta hora: {{ time }}. Hasta pronto.",
        Kind::OfferLost => "Lo sentimos, alguien se ha adelantado y esa hora ya no queda libre. Conserva su lugar en la lista.",
        Kind::OfferLate => "Lo sentimos, esa oferta ya no vale. Conserva su lugar en la lista.",
        Kind::OfferTimes => "Hola de parte de {{ business }}. Tenemos estas horas libres para usted: {{ times }}. ¿Cuál prefiere?",
        Kind::Review => "Gracias por su visita a {{ business }}. ¿Qué le ha parecido? Puede decirlo en esta página: {{ link }} ¡Gracias!",
        Kind::Recall => "Hola de parte de {{ business }}. Ya toca su siguiente cita. ¿Le buscamos una hora?",
        Kind::MissedCall => "Disculpe que en {{ business }} no pudimos atender su llamada. Escríbanos aquí y le ayudamos.",
        Kind::Arrived => "Gracias, en {{ business }} sabemos que ha llegado. Enseguida le atendemos.",
        Kind::Verification => "Su clave de un solo uso para {{ business }} es {{ code }}. Ninguno de los nuestros se la va a pedir.",
    }
}

pub(super) const fn subject(kind: Kind) -> &'static str {
    match kind {
        Kind::Reminder => "Su cita: {{ date }}, {{ time }}",
        Kind::ReminderMany => "Sus citas del {{ date }}",
        Kind::Correction => "No entendimos su respuesta",
        Kind::WhichVisit => "¿De qué cita se trata?",
        Kind::Help => "Cómo contactar con {{ business }}",
        Kind::OptedOut => "Ya no recibirá mensajes de {{ business }}",
        Kind::Started => "Vuelve a recibir mensajes de {{ business }}",
        Kind::Confirmed => "Le esperamos: {{ date }}, {{ time }}",
        Kind::Moved => "Su cita ahora es: {{ date }}, {{ time }}",
        Kind::Cancelled => "Su cita del {{ date }} queda cancelada",
        Kind::WaitlistJoined => "Ya tiene un lugar en la lista de espera de {{ business }}",
        Kind::OfferHeld | Kind::OfferRace => "Ha quedado libre una cita: {{ date }}, {{ time }}",
        Kind::OfferWon => "La cita es suya: {{ date }}, {{ time }}",
        Kind::OfferLost => "Esa hora ya no queda libre",
        Kind::OfferLate => "Esa oferta ya no vale",
        Kind::OfferTimes => "Horas para su cita en {{ business }}",
        Kind::Review => "¿Qué tal su visita a {{ business }}?",
        Kind::Recall => "Ya toca su siguiente cita en {{ business }}",
        Kind::MissedCall => "No pudimos atender su llamada",
        Kind::Arrived => "Sabemos que ha llegado",
        Kind::Verification => "Su clave para {{ business }}",
    }
}
