//! Customers who are written to in Spanish, and what everybody may write in it.

use chrono::Duration;
use contract::{
    Code,
    appointments::{CreateAppointment, Status},
    businesses::UpdateLanguage,
    contacts::{ContactView, CreateContact, PatchContact},
};
use domain::{consent::State, language::Language};
use rstest::rstest;
use services::{appointments, businesses, contacts, pages};
use testkit::{Backend, World};

const LUZ: &str = "+14155550181";
const ANN: &str = "+14155550171";

const REMINDED: &str = "Bright Dental: le recordamos su cita: mar 5 ene, 4:00 p. m. Responda S para confirmar o N si necesita otra hora. ALTO para \
                        darse de baja.";

async fn speaks(w: &World, contact: &ContactView, language: Option<&str>) -> services::Result<ContactView> {
    let cmd = PatchContact {
        language: Some(language.map(str::to_owned)),
        ..PatchContact::default()
    };
    contacts::patch(&w.s, &w.owner, contact.id, cmd).await
}

async fn luz(w: &World) -> ContactView {
    let luz = w.contact("Luz Marín", LUZ).await;
    speaks(w, &luz, Some("es")).await.expect("a Spanish speaker")
}

async fn business_speaks(w: &World, language: &str, short_texts: bool) -> services::Result<()> {
    let cmd = UpdateLanguage {
        language: language.to_owned(),
        short_texts,
    };
    businesses::language::update(&w.s, &w.owner, cmd).await
}

#[rstest]
#[case::with_an_accent("SÍ", Status::Confirmed)]
#[case::a_letter("s", Status::Confirmed)]
#[case::the_english_letter("Y", Status::Confirmed)]
#[case::no("N", Status::RescheduleRequested)]
#[case::change("Cambiar", Status::RescheduleRequested)]
#[tokio::test]
async fn a_spanish_speaker_is_reminded_in_spanish_and_answers_in_it(
    #[case] answer: &str,
    #[case] status: Status,
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let luz = luz(&w).await;
    let visit = w.appointment(&luz, 30).await;
    w.work().await;
    assert_eq!(w.phone_got(LUZ), [REMINDED]);
    w.text(LUZ, answer).await;
    assert_eq!(w.see_appointment(&visit).await.status, status);
}

#[rstest]
#[tokio::test]
async fn several_visits_a_riddle_and_help_are_answered_in_spanish(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let luz = luz(&w).await;
    for (child, hours) in [("Leo", 30), ("Inés", 31), ("Ana", 48 + 30)] {
        let cmd = CreateAppointment {
            contact_id: luz.id,
            starts_at: (w.clock.now() + Duration::hours(hours)).to_rfc3339(),
            for_name: Some(child.to_owned()),
            ..CreateAppointment::default()
        };
        appointments::create(&w.s, &w.owner, cmd).await.expect("booked");
    }
    w.work().await;
    w.text(LUZ, "¿Hay estacionamiento cerca?").await;
    w.text(LUZ, "AYUDA").await;
    w.work().await;
    assert_eq!(
        w.phone_got(LUZ),
        [
            "Bright Dental: citas del mar 5 ene: Leo a las 4:00 p. m. (S101) e Inés a las 5:00 p. m. (S102). S para ambas, N para otra hora, o \
             la clave de una. Baja: ALTO.",
            "Bright Dental: disculpe, no entendimos su mensaje. Por favor, responda S para confirmar o N si necesita otra hora.",
            "Bright Dental: mensajes sobre sus citas. (415) 555-0100. Responda ALTO para darse de baja.",
        ]
    );
    w.text(LUZ, "S102").await;
    w.clock.advance(Duration::hours(30));
    w.work().await;
    let last = w.phone_got(LUZ).pop().expect("a text");
    assert_eq!(
        last,
        "Bright Dental: le recordamos la cita de Ana: jue 7 ene, 4:00 p. m. Responda S para confirmar o N si necesita otra hora. ALTO para \
         darse de baja."
    );
}

#[rstest]
#[case::alto("ALTO")]
#[case::enough("¡Basta!")]
#[case::no_more("No más")]
#[case::stop_it("PARE")]
#[case::to_stop("Parar")]
#[tokio::test]
async fn a_spanish_stop_word_stops_everybody_at_once(
    #[case] word: &str,
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let luz = luz(&w).await;
    let ann = w.contact("Ann", ANN).await;
    for person in [&luz, &ann] {
        w.appointment(person, 60).await;
        w.text(&person.phone, word).await;
        assert_eq!(w.see_contact(person).await.consent.sms, State::OptedOut, "{word}");
    }
    w.clock.advance(Duration::hours(40));
    w.work().await;
    assert!(
        w.phone_got(LUZ).is_empty() && w.phone_got(ANN).is_empty(),
        "not even a word of farewell"
    );
    let refused = w.reply(&luz, "Hola").await.expect_err("opted out").problem();
    assert_eq!(refused.code, Code::MayNotSend);
    assert!(
        !w.open_tasks()
            .await
            .iter()
            .any(|task| task.title.contains("Perhaps they meant")),
        "that is said of texts only"
    );
}

#[rstest]
#[tokio::test]
async fn who_has_no_language_is_texted_in_the_businesss(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    business_speaks(&w, "es", true).await.expect("set");
    let luz = w.contact("Luz", LUZ).await;
    let ann = w.contact("Ann", ANN).await;
    speaks(&w, &ann, Some("en")).await.expect("set");
    for person in [&luz, &ann] {
        w.appointment(person, 30).await;
    }
    w.work().await;
    assert_eq!(w.phone_got(LUZ), [REMINDED]);
    assert!(w.phone_got(ANN)[0].contains("reminder of your visit on Tue, Jan 5 at 4:00 PM"));
    let settings = pages::settings::business(&w.s, &w.owner).await.expect("settings");
    assert_eq!((settings.language, settings.short_texts), (Language::Spanish, true));
}

#[rstest]
#[tokio::test]
async fn a_language_that_is_switched_between_two_reminders_counts_for_the_next(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let luz = w.contact("Luz", LUZ).await;
    w.appointment(&luz, 54).await;
    w.clock.advance(Duration::hours(7));
    w.work().await;
    speaks(&w, &luz, Some("es")).await.expect("switched");
    w.clock.advance(Duration::hours(24));
    w.work().await;
    let got = w.phone_got(LUZ);
    assert_eq!(got.len(), 2, "{got:?}");
    assert!(
        got[0].starts_with("Bright Dental: reminder of your visit on Wed, Jan 6"),
        "{got:?}"
    );
    assert!(
        got[1].starts_with("Bright Dental: le recordamos su cita: mié 6 ene, 4:00 p. m."),
        "{got:?}"
    );
}

#[rstest]
#[tokio::test]
async fn a_language_of_which_there_are_no_texts_is_refused(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    for tongue in ["fr", "pt-BR", "español", "e"] {
        let problem = speaks(&w, &ann, Some(tongue)).await.expect_err(tongue).problem();
        assert!(
            problem.for_field("language").is_some_and(|why| why.contains("es (Spanish)")),
            "{tongue}"
        );
        let cmd = CreateContact {
            name: "Ben".to_owned(),
            phone: LUZ.to_owned(),
            language: Some(tongue.to_owned()),
            ..CreateContact::default()
        };
        let problem = contacts::create(&w.s, &w.owner, cmd).await.expect_err(tongue).problem();
        assert!(problem.for_field("language").is_some(), "{tongue}");
        let problem = business_speaks(&w, tongue, true).await.expect_err(tongue).problem();
        assert!(problem.for_field("language").is_some(), "{tongue}");
    }
    assert_eq!(w.see_contact(&ann).await.language, None);
    for (given, kept) in [
        (Some("es-MX"), Some("es")),
        (Some(" EN "), Some("en")),
        (Some(""), None),
        (None, None),
    ] {
        let seen = speaks(&w, &ann, given).await.expect("taken");
        assert_eq!(seen.language.as_deref(), kept, "{given:?}");
    }
}

#[rstest]
#[tokio::test]
async fn texts_are_kept_short_where_the_business_wants_that_and_it_saves_a_part(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let luz = luz(&w).await;
    let long = "Buenos días, Sra. Marín: el doctor podrá verla mañana a las 9:00 a. m.; ¿está bien así?";
    let short = "Buenos dias, Sra. Marin: el doctor podra verla mañana a las 9:00 a. m.; ¿esta bien asi?";
    let sent = w.reply(&luz, long).await.expect("sent");
    assert_eq!(
        (sent.body.as_str(), sent.segments),
        (short, 1),
        "what is stored is what is sent"
    );
    let one_part = "Sí, aquí está.";
    assert_eq!(w.reply(&luz, one_part).await.expect("sent").body, one_part);
    let with_a_heart = format!("{long} ❤");
    assert_eq!(
        w.reply(&luz, &with_a_heart).await.expect("sent").body,
        with_a_heart,
        "it would save nothing"
    );
    business_speaks(&w, "en", false).await.expect("set");
    let sent = w.reply(&luz, long).await.expect("sent");
    assert_eq!((sent.body.as_str(), sent.segments), (long, 2));
    // A Saturday is the one day whose name has such a letter.
    w.clock.advance(Duration::hours(24 * 3));
    w.appointment(&luz, 48).await;
    w.work().await;
    let reminder = w.last_message(&luz).await;
    assert!(reminder.body.contains("sáb 9 ene, 10:00 a. m."), "{}", reminder.body);
    business_speaks(&w, "en", true).await.expect("set");
    w.clock.advance(Duration::hours(24));
    w.work().await;
    let reminder = w.last_message(&luz).await;
    assert!(
        reminder.body.contains("sab 9 ene, 10:00 a. m.") && reminder.segments == 1,
        "{}",
        reminder.body
    );
}

#[rstest]
#[tokio::test]
async fn what_somebody_seems_to_write_is_a_hint_until_staff_decide(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    let hint = async || w.see_contact(&ann).await.seems_to_write;
    for plain in ["Gracias", "Y", "Hi, is there parking?", "ok 👍"] {
        w.text(ANN, plain).await;
    }
    assert_eq!(hint().await, None);
    w.text(ANN, "Hola, puedo llegar un poco tarde?").await;
    assert_eq!(hint().await, Some(Language::Spanish));
    let seen = w.see_contact(&ann).await;
    assert_eq!(seen.language, None, "nothing is changed by itself");
    let left = contacts::language::dismiss_hint(&w.s, &w.owner, ann.id)
        .await
        .expect("dismissed");
    assert_eq!((left.seems_to_write, left.language), (None, None));
    w.text(ANN, "Disculpe, no puedo el martes por la tarde").await;
    assert_eq!(hint().await, None, "they have been told once");

    let switched = speaks(&w, &ann, Some("es")).await.expect("switched");
    assert_eq!(switched.seems_to_write, None);
    w.text(ANN, "Muchas gracias por la ayuda").await;
    assert_eq!(hint().await, None, "that is what they are texted in");
    w.text(ANN, "Sorry, can you please call me? I am at the office").await;
    assert_eq!(hint().await, Some(Language::English), "the other way round");
    let (page, cmd) = (w.see_contact(&ann).await, PatchContact::default());
    let renamed = PatchContact {
        name: Some("Ann Lee".to_owned()),
        language: Some(page.language.clone()),
        ..cmd
    };
    let seen = contacts::patch(&w.s, &w.owner, ann.id, renamed).await.expect("renamed");
    assert_eq!(
        seen.seems_to_write,
        Some(Language::English),
        "a form that was saved has decided nothing"
    );
}

#[rstest]
#[tokio::test]
async fn what_everybody_of_a_business_is_texted_in_is_no_hint(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let stranger = "+14155550199";
    w.text(stranger, "Buenos días, ¿tienen una cita para mi hijo?").await;
    assert_eq!(w.holder_of(stranger).await.seems_to_write, Some(Language::Spanish));
    business_speaks(&w, "es", true).await.expect("set");
    assert_eq!(w.holder_of(stranger).await.seems_to_write, None);
    // Nobody reads what is written to a machine.
    w.text("22395", "Hola, este es su código de la cuenta").await;
    business_speaks(&w, "en", true).await.expect("set");
    assert_eq!(w.holder_of("22395").await.seems_to_write, None);
}
