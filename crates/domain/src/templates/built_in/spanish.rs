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
        Kind::WaitlistJoined => "{{ business }}: ya se encuentra en la lista de espera. Le avisaremos cuando haya un lugar. Responda ALTO para darse de baja.",
        Kind::StillWaiting => "{{ business }}: sigue en la lista de espera. Responda S{{ token }} para quedarse o N{{ token }} para salir de ella.",
        Kind::OfferHeld => "{{ business }}: hay {{ slot }}{% if for_name %} para {{ for_name }}{% endif %}: {{ date }}, {{ time }}. Responda S{{ token }} para tomarlo o N{{ token }} para pasar. Se lo guardamos hasta {{ until }}.",
        Kind::OfferRace => "{{ business }}: hay {{ slot }}{% if for_name %} para {{ for_name }}{% endif %}: {{ date }}, {{ time }}. Responda S{{ token }} para tomarlo o N{{ token }} para pasar. Es de quien responda primero.",
        Kind::OfferWon => "{{ business }}: listo, su cita es {{ date }}, {{ time }}.{% if released %} Queda libre la del {{ released }}.{% endif %}",
        Kind::OfferLost => "{{ business }}: lo sentimos, ese lugar ya fue tomado. Usted conserva su puesto en la lista.",
        Kind::OfferLate => "{{ business }}: esa oferta terminaba a {{ until }}. Usted conserva su puesto en la lista.",
        Kind::OfferTimes => "{{ business }}: otras horas para su cita. Responda {{ times }}, o N si ninguna le conviene. Se los guardamos hasta {{ until }}.",
        Kind::TimesGone => "{{ business }}: lo sentimos, esa hora ya no se encuentra libre. Le escribiremos sobre otra.",
        Kind::Review => "{{ business }}: gracias por su visita. Nos alegra saber su parecer: {{ link }} ALTO para darse de baja.",
        Kind::Recall => "{{ business }}: ya toca la siguiente cita{% if for_name %} de {{ for_name }}{% endif %}{% if type %} ({{ type }}){% endif %}. Responda a este mensaje y buscamos una hora. ALTO para darse de baja.",
        Kind::MissedCall => "{{ business }}: disculpe, no pudimos atender su llamada. Responda a este mensaje y le ayudamos. ALTO para darse de baja.",
        Kind::Arrived => "{{ business }}: gracias, sabemos que ha llegado. Enseguida le atendemos.",
        Kind::Verification => "{{ business }}: {{ code }} es su clave para la lista de espera. Vale 10 minutos. Si no la ha pedido, ignore este mensaje.",
    }
}

/// Answered by buttons or on a page.
#[rustfmt::skip]
pub(super) const fn buttons(kind: Kind) -> &'static str {
    match kind {
        Kind::Reminder => "Hola, le escribe {{ business }}. Le recordamos {{ visit }} el {{ when }}, ¿podrá asistir? Responda ALTO para no recibir más mensajes.",
        Kind::ReminderMany => "Hola de parte de {{ business }}. Estas son sus citas del {{ date }}: {{ visits }}. Puede responder de esta manera: {{ answers }} ¡Gracias!",
        Kind::Correction => "Disculpe, en {{ business }} no entendimos su mensaje. Por favor, use uno de los botones, o responda S o N.",
        Kind::WhichVisit => "Hola de parte de {{ business }}. Tiene varias citas: {{ visits }}. Por favor, responda con una de las claves.",
        Kind::Help => "Estos son mensajes de {{ business }} sobre sus citas. Escriba aquí si nos necesita, o responda ALTO para darse de baja.",
        Kind::OptedOut => "Ya no recibirá mensajes de {{ business }}. Responda START para recibirlos de nuevo.",
        Kind::Started => "Vuelve a recibir mensajes de {{ business }} sobre sus citas. Responda ALTO para darse de baja.",
        Kind::Confirmed => "Gracias de parte de {{ business }}. Le esperamos el {{ date }} a esta hora: {{ time }}. Hasta pronto.",
        Kind::Moved => "Hola, le escribe {{ business }}. Le avisamos que {{ visit }} ahora es el {{ when }}, ¿podrá asistir? Responda ALTO para no recibir más mensajes.",
        Kind::Cancelled => "Hola de parte de {{ business }}. Su cita del {{ date }} a esta hora: {{ time }}, queda cancelada. Escríbanos si necesita otra.",
        Kind::WaitlistJoined => "Ya tiene un lugar en la lista de espera de {{ business }}. Le escribiremos cuando haya una hora libre.",
        Kind::StillWaiting => "Hola de parte de {{ business }}. Está en nuestra lista de espera. ¿Quiere seguir en ella?",
        Kind::OfferHeld => "Hola de parte de {{ business }}. Ha quedado libre una hora para {{ visit }}, el {{ date }} a esta hora: {{ time }}. Se la guardamos hasta {{ until }}. ¿La quiere?",
        Kind::OfferRace => "Hola de parte de {{ business }}. Ha quedado libre una hora para {{ visit }}, el {{ date }} a esta hora: {{ time }}. Es de quien responda primero. ¿La quiere?",
        Kind::OfferWon => "Buenas noticias de {{ business }}: la cita es suya. Le esperamos el {{ date }} a esta hora: {{ time }}. Hasta pronto.",
        Kind::OfferLost => "Lo sentimos, alguien se ha adelantado y esa hora ya no queda libre. Conserva su lugar en la lista.",
        Kind::OfferLate => "Lo sentimos, esa oferta ya no vale. Conserva su lugar en la lista.",
        Kind::OfferTimes => "Hola de parte de {{ business }}. Tenemos estas horas libres para usted: {{ times }}. ¿Cuál prefiere?",
        Kind::TimesGone => "Lo sentimos, esa hora ya no se encuentra libre. Le escribiremos sobre otra.",
        Kind::Review => "Gracias por su visita a {{ business }}. ¿Qué le ha parecido? Puede decirlo en esta página: {{ link }} ¡Gracias!",
        Kind::Recall => "Hola de parte de {{ business }}. Ya toca su siguiente cita. ¿Le buscamos una hora?",
        Kind::MissedCall => "Disculpe que en {{ business }} no pudimos atender su llamada. Escríbanos aquí y le ayudamos.",
        Kind::Arrived => "Gracias, en {{ business }} sabemos que ha llegado. Enseguida le atendemos.",
        Kind::Verification => "Su clave de un solo uso para {{ business }} es {{ code }}. Ninguno de los nuestros se la va a pedir.",
    }
}

/// Answered on a page that a button beneath it opens; an empty line begins another paragraph.
#[rustfmt::skip]
pub(super) const fn mail(kind: Kind) -> &'static str {
    match kind {
        Kind::Reminder => "{{ business }} le recuerda {{ visit }}: {{ when }}.\n\n¿Le viene bien esta hora? Confirme, por favor, o pida otra:",
        Kind::ReminderMany => "{{ business }} le recuerda {{ count }} citas:\n\n{{ visits }}\n\n{{ answers }}",
        Kind::Moved => "{% if for_name %}La cita de {{ for_name }}{% else %}Su cita{% endif %} en {{ business }} tiene otra hora: ahora es {{ when }}.\n\n¿Le viene bien esta hora? Confirme, por favor, o pida otra:",
        Kind::Review => "Gracias por su visita a {{ business }}. ¿Cómo fue?\n\nCuéntelo a otros en esta página:\n{{ link }}",
        _ => buttons(kind),
    }
}

#[rustfmt::skip]
pub(super) const fn subject(kind: Kind) -> &'static str {
    match kind {
        Kind::Reminder => "{% if for_name %}La cita de {{ for_name }}{% else %}Su cita{% endif %} en {{ business }}: {{ when }}",
        Kind::ReminderMany => "{{ count }} citas en {{ business }}",
        Kind::Correction => "No entendimos su respuesta",
        Kind::WhichVisit => "¿De qué cita se trata?",
        Kind::Help => "Cómo contactar con {{ business }}",
        Kind::OptedOut => "Ya no recibirá mensajes de {{ business }}",
        Kind::Started => "Vuelve a recibir mensajes de {{ business }}",
        Kind::Confirmed => "Le esperamos: {{ date }}, {{ time }}",
        Kind::Moved => "{% if for_name %}La cita de {{ for_name }}{% else %}Su cita{% endif %} en {{ business }} es ahora {{ when }}",
        Kind::Cancelled => "Su cita del {{ date }} queda cancelada",
        Kind::WaitlistJoined => "Ya tiene un lugar en la lista de espera de {{ business }}",
        Kind::StillWaiting => "¿Sigue en la lista de espera de {{ business }}?",
        Kind::OfferHeld | Kind::OfferRace => "Ha quedado libre una cita: {{ date }}, {{ time }}",
        Kind::OfferWon => "La cita es suya: {{ date }}, {{ time }}",
        Kind::OfferLost => "Esa hora ya no queda libre",
        Kind::OfferLate => "Esa oferta ya no vale",
        Kind::OfferTimes => "Horas para su cita en {{ business }}",
        Kind::TimesGone => "Esa hora ya no se encuentra libre",
        Kind::Review => "¿Qué tal su visita a {{ business }}?",
        Kind::Recall => "Ya toca su siguiente cita en {{ business }}",
        Kind::MissedCall => "No pudimos atender su llamada",
        Kind::Arrived => "Sabemos que ha llegado",
        Kind::Verification => "Su clave para {{ business }}",
    }
}
