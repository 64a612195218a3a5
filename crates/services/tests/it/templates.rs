//! Texts that a business makes its own: what customers get, what is refused, what is kept, and that nobody ever gets half a text.

use contract::{
    Code, PageQuery,
    accounts::Role,
    appointment_types::SaveAppointmentType,
    appointments::{CreateAppointment, MoveAppointment, Status},
    businesses::{UpdateLanguage, UpdateReminders},
    contacts::{ChangeConsent, ContactChannels, PatchContact},
    templates::{PreviewTemplate, SaveTemplate, TemplateQuery, TemplateView},
    waitlist::OfferTimes,
};
use domain::{
    language::Language,
    templates::{Channel, Kind, Which},
};
use rstest::rstest;
use sea_orm::ConnectionTrait;
use services::{
    appointments,
    businesses::{self, types},
    contacts, reminders, templates, waitlist,
};
use testkit::{Backend, World, member};

const ANN: &str = "+14155550171";
const OWN: &str = "Dear {{ name }}, {{ business }} expects you{% if staff %} with {{ staff }}{% endif %} on {{ date }}, {{ time }}. Y{{ token }} or N{{ token }}? \
                   STOP to opt out.";

fn sms(kind: Kind) -> Which {
    Which::sms(kind, Language::English)
}

fn new(body: &str) -> SaveTemplate {
    SaveTemplate {
        body: body.to_owned(),
        ..SaveTemplate::default()
    }
}

async fn write(w: &World, which: Which, body: &str) -> TemplateView {
    templates::save(&w.s, &w.owner, which, new(body)).await.expect("saved")
}

/// What is wrong with it, by field.
async fn refused(w: &World, which: Which, cmd: SaveTemplate) -> Vec<(String, String)> {
    let refused = templates::save(&w.s, &w.owner, which, cmd)
        .await
        .expect_err("refused")
        .problem();
    assert_eq!(refused.code, Code::Invalid);
    refused.fields.into_iter().map(|f| (f.field, f.message)).collect()
}

/// A reminder of this business is broken, as an update that takes a variable away would leave it.
async fn broken(w: &World, body: &str) {
    let sql = format!("UPDATE template_version SET body = '{body}'");
    w.s.db().connection().execute_unprepared(&sql).await.expect("broken");
}

fn preview_of(body: &str) -> PreviewTemplate {
    PreviewTemplate {
        kind: "reminder".to_owned(),
        channel: "sms".to_owned(),
        language: "en".to_owned(),
        body: body.to_owned(),
        ..PreviewTemplate::default()
    }
}

#[rstest]
#[tokio::test]
async fn a_customer_gets_the_text_of_the_business_and_answers_it(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    write(&w, sms(Kind::Reminder), OWN).await;
    let ann = w.contact("Ann Lee", ANN).await;
    let cmd = CreateAppointment {
        contact_id: ann.id,
        starts_at: (w.clock.now() + chrono::Duration::hours(30)).to_rfc3339(),
        staff_label: Some("Dr. Lee".to_owned()),
        ..CreateAppointment::default()
    };
    let visit = appointments::create(&w.s, &w.owner, cmd).await.expect("booked");
    w.work().await;
    assert_eq!(
        w.phone_got(ANN),
        ["Dear Ann, Bright Dental expects you with Dr. Lee on Tue, Jan 5, 4:00 PM. Y or N? STOP to opt out."]
    );
    w.text(ANN, "Y").await;
    assert_eq!(w.see_appointment(&visit).await.status, Status::Confirmed);

    templates::reset(&w.s, &w.owner, sms(Kind::Reminder)).await.expect("reset");
    let shown = reminders::preview(&w.s, &w.owner, None, None).await.expect("shown");
    assert!(
        shown.text.starts_with("Bright Dental: reminder of your visit on "),
        "{}",
        shown.text
    );
    assert!(w.open_tasks().await.is_empty());
}

#[rstest]
#[tokio::test]
async fn every_text_that_is_sent_by_itself_can_be_ones_own(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann Lee", ANN).await;
    for (kind, body) in [
        (Kind::ReminderMany, "Own: {{ date }}: {{ visits }}. {{ answers }}"),
        (Kind::Correction, "Own: pardon, {{ name }}?"),
        (Kind::WhichVisit, "Own: which of {{ count }}? {{ visits }}"),
        (
            Kind::Help,
            "Own: {{ business }} helps{% if contact %}: {{ contact }}{% endif %}.",
        ),
        (
            Kind::Moved,
            "Own: now {{ date }} {{ time }}, Y{{ token }} or N{{ token }}? STOP ends it.",
        ),
    ] {
        write(&w, sms(kind), body).await;
    }
    let visit = w.appointment(&ann, 30).await;
    w.appointment(&ann, 31).await;
    w.work().await;
    w.text(ANN, "Where do I park?").await;
    w.work().await;
    w.text(ANN, "HELP").await;
    w.work().await;
    // What was reminded of at the very moment of a move may tell of either time.
    w.clock.advance(chrono::Duration::seconds(1));
    let later = MoveAppointment {
        starts_at: (w.clock.now() + chrono::Duration::hours(100)).to_rfc3339(),
        tell: Some(true),
        ..MoveAppointment::default()
    };
    appointments::reschedule(&w.s, &w.owner, visit.id, later)
        .await
        .expect("moved");
    w.clock.advance(chrono::Duration::minutes(10));
    w.work().await;
    let got = w.phone_got(ANN);
    for said in [
        "Own: Tue, Jan 5: 4:00 PM (Y101), 5:00 PM (Y102). Reply Y for both, N for another time, a code for one. STOP to opt out.",
        "Own: pardon, Ann?",
        "Own: Bright Dental helps",
        "Own: now ",
    ] {
        assert!(got.iter().any(|text| text.starts_with(said)), "{said}: {got:?}");
    }
    assert!(got.iter().all(|text| text.starts_with("Own: ")), "{got:?}");
}

#[rstest]
#[tokio::test]
async fn what_a_customer_must_not_get_is_refused_with_every_reason(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let all = refused(
        &w,
        sms(Kind::Reminder),
        new("See you {{ date }} {{ nme }}. Reply CANCEL to cancel."),
    )
    .await;
    let said: Vec<&str> = all.iter().map(|(_, message)| message.as_str()).collect();
    assert_eq!(all.len(), 3, "{said:?}");
    assert!(all.iter().all(|(field, _)| field == "body"));
    assert!(said.iter().any(|s| s.contains("no variable called nme")), "{said:?}");
    assert!(said.iter().any(|s| s.contains("{{ time }}")), "{said:?}");
    assert!(
        said.iter().any(|s| s.contains("CANCEL") && s.contains("no more texts")),
        "{said:?}"
    );

    let mail = Which {
        channel: Channel::Email,
        ..sms(Kind::Help)
    };
    assert_eq!(refused(&w, mail, new("We are here.")).await[0].0, "subject");
    let whatsapp = Which {
        channel: Channel::Whatsapp,
        ..sms(Kind::Help)
    };
    assert!(
        refused(&w, whatsapp, new("{{ business }} is here for you.")).await[0]
            .1
            .contains("begin")
    );
    let all = templates::list(&w.s, &w.owner, TemplateQuery::default())
        .await
        .expect("a list");
    assert!(all.iter().all(|one| !one.own && one.version == 0), "nothing was kept");
    assert_eq!(all.len(), Which::all().count());
}

#[rstest]
#[case::unknown_variable("See you {{ gone }}")]
#[case::says_nothing("{% if for_name %}x{% endif %}")]
#[case::broken("See you {% if date %}")]
#[tokio::test]
async fn a_text_that_cannot_be_filled_is_never_sent_and_somebody_is_told_once(
    #[case] body: &str,
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    write(&w, sms(Kind::Reminder), OWN).await;
    broken(&w, body).await;
    for (name, phone) in [("Ann Lee", ANN), ("Ben Ode", "+14155550172")] {
        w.reminded(name, phone).await;
        let got = w.phone_got(phone);
        assert!(got[0].starts_with("Bright Dental: reminder of your visit on "), "{got:?}");
    }
    let tasks = w.open_tasks().await;
    assert_eq!(tasks.len(), 1, "{tasks:?}");
    assert_eq!(tasks[0].kind, "template");
    assert!(tasks[0].title.contains("Reminder"), "{}", tasks[0].title);

    write(&w, sms(Kind::Reminder), "Again {{ date }} {{ time }} Y{{ token }}").await;
    assert!(w.open_tasks().await.is_empty(), "it has been changed");
    let (_, _) = w.reminded("Cem", "+14155550173").await;
    assert!(w.phone_got("+14155550173")[0].starts_with("Again "));
}

#[rstest]
#[tokio::test]
async fn where_a_letter_alone_would_be_a_riddle_only_a_text_with_its_code_is_sent(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    write(&w, sms(Kind::Reminder), "Own: {{ date }} {{ time }}. Y or N?").await;
    let ann = w.contact("Ann Lee", ANN).await;
    w.appointment(&ann, 30).await;
    w.work().await;
    w.appointment(&ann, 40).await;
    w.work().await;
    let got = w.phone_got(ANN);
    assert!(got[0].starts_with("Own: "), "{got:?}");
    assert!(got[1].starts_with("Bright Dental: ") && got[1].contains("Y102"), "{got:?}");
    assert!(w.open_tasks().await.is_empty(), "nothing is wrong with it");
}

#[rstest]
#[tokio::test]
async fn a_text_goes_out_in_the_language_of_who_reads_it_and_short(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let spanish = Which::sms(Kind::Reminder, Language::Spanish);
    let body = format!(
        "{{{{ date }}}}, {{{{ time }}}}: está apuntada. {} S{{{{ token }}}}/N{{{{ token }}}} ALTO",
        "x".repeat(40)
    );
    write(&w, spanish, &body).await;
    let luz = w.contact("Luz Marín", ANN).await;
    let cmd = PatchContact {
        language: Some(Some("es".to_owned())),
        ..PatchContact::default()
    };
    contacts::patch(&w.s, &w.owner, luz.id, cmd).await.expect("a Spanish speaker");
    w.reminded("Ann", "+14155550172").await;
    w.appointment(&luz, 30).await;
    w.work().await;
    assert!(
        w.phone_got("+14155550172")[0].starts_with("Bright Dental: reminder"),
        "hers is another text"
    );
    assert!(w.phone_got(ANN)[0].contains("esta apuntada"), "{:?}", w.phone_got(ANN));

    let shown = templates::preview(
        &w.s,
        &w.owner,
        PreviewTemplate {
            language: "es".to_owned(),
            ..preview_of(&body)
        },
    )
    .await;
    let shown = shown.expect("shown");
    assert_eq!(
        (shown.segments_as_written, shown.segments, shown.encoding.as_str()),
        (2, 1, "gsm7")
    );
    let cmd = UpdateLanguage {
        language: "en".to_owned(),
        short_texts: false,
    };
    businesses::language::update(&w.s, &w.owner, cmd).await.expect("as written");
    let shown = templates::preview(
        &w.s,
        &w.owner,
        PreviewTemplate {
            language: "es".to_owned(),
            ..preview_of(&body)
        },
    )
    .await;
    let shown = shown.expect("shown");
    assert_eq!(
        (shown.segments_as_written, shown.segments, shown.encoding.as_str()),
        (2, 2, "ucs2")
    );
    assert!(shown.warnings.iter().any(|w| w.code == "costly_letters" && !w.refused));
}

#[rstest]
#[tokio::test]
async fn every_version_is_kept_and_can_be_brought_back(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let which = sms(Kind::Confirmed);
    let first = write(&w, which, "First, {{ date }}").await;
    assert_eq!(
        (first.own, first.version, first.changed_by.as_deref()),
        (true, 1, Some("Olga Owner")),
        "{first:?}"
    );
    assert_eq!(write(&w, which, "First, {{ date }}").await.version, 1, "nothing has changed");
    let stale = SaveTemplate {
        version: Some(0),
        ..new("Mine")
    };
    let refused = templates::save(&w.s, &w.owner, which, stale)
        .await
        .expect_err("changed meanwhile");
    assert_eq!(refused.problem().code, Code::Conflict);
    let second = SaveTemplate {
        version: Some(1),
        ..new("Second")
    };
    templates::save(&w.s, &w.owner, which, second).await.expect("saved");
    let back = templates::reset(&w.s, &w.owner, which).await.expect("reset");
    assert_eq!((back.own, back.version, &back.body), (false, 3, &back.built_in.body));
    templates::restore(&w.s, &w.owner, which, 1).await.expect("restored");
    let page = |cursor| PageQuery { cursor, limit: Some(3) };
    let newest = templates::versions(&w.s, &w.owner, which, page(None))
        .await
        .expect("versions");
    let said: Vec<_> = newest.data.iter().map(|v| (v.version, v.body.as_deref())).collect();
    assert_eq!(said, [(4, Some("First, {{ date }}")), (3, None), (2, Some("Second"))]);
    let rest = templates::versions(&w.s, &w.owner, which, page(newest.next_cursor))
        .await
        .expect("versions");
    assert_eq!(rest.data.iter().map(|v| v.version).collect::<Vec<_>>(), [1]);
    assert_eq!(rest.next_cursor, None);
    for missing in [0, 5] {
        let refused = templates::restore(&w.s, &w.owner, which, missing).await.expect_err("none");
        assert_eq!(refused.problem().code, Code::NotFound);
    }
    let untouched = templates::versions(&w.s, &w.owner, sms(Kind::Help), PageQuery::default())
        .await
        .expect("none");
    assert!(untouched.data.is_empty());
}

#[rstest]
#[tokio::test]
async fn who_may_and_whose_they_are(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let sam = member(&w.s, w.owner.business_id, Role::Staff, "sam@x.test", "long enough word").await;
    let which = sms(Kind::Help);
    for refused in [
        templates::save(&w.s, &sam, which, new("Mine")).await,
        templates::reset(&w.s, &sam, which).await,
        templates::restore(&w.s, &sam, which, 1).await,
    ] {
        assert_eq!(refused.expect_err("staff").problem().code, Code::NotAllowed);
    }
    write(&w, which, "Ours").await;
    assert_eq!(templates::get(&w.s, &sam, which).await.expect("seen").body, "Ours");
    let other = w.another_business().await;
    let theirs = templates::get(&w.s, &other, which).await.expect("seen");
    assert!(!theirs.own && theirs.body.contains("{{ business }}"));
    let refused = templates::restore(&w.s, &other, which, 1).await.expect_err("not theirs");
    assert_eq!(refused.problem().code, Code::NotFound);
    let ann = w.contact("Ann", ANN).await;
    let visit = w.appointment(&ann, 30).await;
    let cmd = PreviewTemplate {
        appointment_id: Some(visit.id),
        ..preview_of("x")
    };
    let refused = templates::preview(&w.s, &other, cmd).await.expect_err("not theirs");
    assert_eq!(refused.problem().code, Code::NotFound);
    assert!(templates::visits_to_try(&w.s, &other).await.expect("none").is_empty());
}

#[rstest]
#[tokio::test]
async fn a_text_is_tried_with_a_real_visit_or_an_invented_one(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let body = "{{ name }}{{ for_name }}: {{ type }} {{ price }} {{ staff }}, {{ date }} {{ time }} {{ link }} {{ token }}";
    let shown = templates::preview(&w.s, &w.owner, preview_of(body)).await.expect("shown");
    assert!(shown.text.starts_with("Maya: cleaning 80 Dr. Lee, "), "{}", shown.text);
    assert!(shown.cost_micros.is_some_and(|micros| micros > 0) && shown.segments > 0);

    let cleaning = SaveAppointmentType {
        name: "Whitening".to_owned(),
        minutes: 45,
        price: Some(79.into()),
        colour: None,
        reminders: true,
        cadence: None,
        recall_months: None,
    };
    let cleaning = types::create(&w.s, &w.owner, cleaning).await.expect("a type");
    let ann = w.contact("Ann Lee", ANN).await;
    let cmd = CreateAppointment {
        contact_id: ann.id,
        starts_at: (w.clock.now() + chrono::Duration::hours(30)).to_rfc3339(),
        type_id: Some(cleaning.id),
        for_name: Some("Leo Lee".to_owned()),
        ..CreateAppointment::default()
    };
    let visit = appointments::create(&w.s, &w.owner, cmd).await.expect("booked");
    let tried = templates::visits_to_try(&w.s, &w.owner).await.expect("visits");
    assert_eq!(tried.len(), 1);
    assert!(
        tried[0].id == visit.id && tried[0].label.starts_with("Leo Lee · "),
        "{tried:?}"
    );
    let cmd = PreviewTemplate {
        appointment_id: Some(visit.id),
        ..preview_of(body)
    };
    let shown = templates::preview(&w.s, &w.owner, cmd).await.expect("shown");
    assert!(
        shown.text.starts_with("AnnLeo: Whitening 79 , Tue, Jan 5 4:00 PM http"),
        "{}",
        shown.text
    );

    for (appointment_id, whose) in [(None, "your visit"), (Some(visit.id), "Leo's visit")] {
        let cmd = PreviewTemplate {
            kind: "offer_held".to_owned(),
            channel: "whatsapp".to_owned(),
            appointment_id,
            ..preview_of("Hello, {{ slot }} for {{ visit }} on {{ when }} is free.")
        };
        let shown = templates::preview(&w.s, &w.owner, cmd).await.expect("shown").text;
        assert!(
            shown.contains(&format!(" for {whose} on ")) && !shown.contains("  "),
            "{shown}"
        );
    }

    let unfinished = templates::preview(&w.s, &w.owner, preview_of("{{ date }} {{ tim"))
        .await
        .expect("shown");
    assert!(unfinished.text.ends_with("{{ tim"), "{}", unfinished.text);
    assert!(
        unfinished.warnings[0].refused && unfinished.warnings[0].code == "syntax",
        "{unfinished:?}"
    );
    for (cmd, field) in [
        (
            PreviewTemplate {
                kind: "x".to_owned(),
                ..preview_of("x")
            },
            "kind",
        ),
        (
            PreviewTemplate {
                channel: "fax".to_owned(),
                ..preview_of("x")
            },
            "channel",
        ),
        (
            PreviewTemplate {
                language: "de".to_owned(),
                ..preview_of("x")
            },
            "language",
        ),
        (preview_of(&"x".repeat(10_001)), "body"),
    ] {
        let refused = templates::preview(&w.s, &w.owner, cmd).await.expect_err("refused").problem();
        assert_eq!(refused.fields[0].field, field);
    }
}

#[rstest]
#[tokio::test]
async fn a_link_in_the_text_is_not_put_behind_it_once_more(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    w.s.db()
        .connection()
        .execute_unprepared(if backend == Backend::Sqlite {
            "UPDATE business SET text_links = 1"
        } else {
            "UPDATE business SET text_links = true"
        })
        .await
        .expect("with links");
    w.reminded("Ann", ANN).await;
    write(
        &w,
        sms(Kind::Reminder),
        "Own {{ link }} {{ date }} {{ time }} Y{{ token }} STOP",
    )
    .await;
    w.reminded("Ben", "+14155550172").await;
    for phone in [ANN, "+14155550172"] {
        let got = w.phone_got(phone);
        assert_eq!(got[0].matches("/v/").count(), 1, "{got:?}");
    }
    assert!(w.phone_got("+14155550172")[0].starts_with("Own http"));
    let cmd = UpdateReminders {
        cadence: "24h".to_owned(),
    };
    businesses::reminding::update(&w.s, &w.owner, cmd).await.expect("reminds");
    let shown = reminders::preview(&w.s, &w.owner, None, None).await.expect("shown");
    assert_eq!(shown.text.matches("/v/").count(), 1, "{}", shown.text);
}

#[rstest]
#[tokio::test]
async fn every_process_sends_the_newest_text(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let other = w.another_process().await;
    write(&w, sms(Kind::Reminder), "One {{ date }} {{ time }} Y{{ token }}").await;
    let shown = async |text: &str| {
        for s in [&w.s, &other] {
            let shown = reminders::preview(s, &w.owner, None, None).await.expect("shown");
            assert!(shown.text.starts_with(text), "{}", shown.text);
        }
    };
    shown("One ").await;
    templates::save(
        &other,
        &w.owner,
        sms(Kind::Reminder),
        new("Two {{ date }} {{ time }} Y{{ token }}"),
    )
    .await
    .expect("saved");
    shown("Two ").await;
    templates::reset(&w.s, &w.owner, sms(Kind::Reminder)).await.expect("reset");
    shown("Bright Dental: reminder").await;
}

#[rstest]
#[tokio::test]
async fn a_letter_has_the_subject_and_the_words_of_the_business(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let own = SaveTemplate {
        body: "Dear {{ name }},\n\nwe see you on {{ date }} at {{ time }}.".to_owned(),
        subject: Some("See you on {{ date }}".to_owned()),
        version: None,
    };
    let mail = Which::mail(Kind::Reminder, Language::English);
    templates::save(&w.s, &w.owner, mail, own).await.expect("saved");
    let ann = w.contact("Ann Lee", ANN).await;
    let patch = PatchContact {
        email: Some(Some("ann@x.test".to_owned())),
        ..PatchContact::default()
    };
    contacts::patch(&w.s, &w.owner, ann.id, patch).await.expect("an address");
    let agrees = ChangeConsent {
        channel: "email".to_owned(),
        purpose: "transactional".to_owned(),
        state: "opted_in".to_owned(),
        evidence: Some("Signed at the desk".to_owned()),
    };
    contacts::change_consent(&w.s, &w.owner, ann.id, agrees).await.expect("noted");
    let by_mail = ContactChannels {
        primary: "email".to_owned(),
        secondary: None,
        fallback: None,
    };
    contacts::set_channels(&w.s, &w.owner, ann.id, by_mail).await.expect("noted");
    w.appointment(&ann, 30).await;
    w.work().await;
    let got = w.sim.mails_to("ann@x.test");
    assert_eq!(got.len(), 1, "{:?}", w.phone_got(ANN));
    assert_eq!(got[0].subject, "See you on Tue, Jan 5");
    let text = got[0].text.clone().unwrap_or_default().replace("\r\n", "\n");
    assert!(
        text.starts_with("Dear Ann,\n\nwe see you on Tue, Jan 5 at 4:00 PM."),
        "{text}"
    );
}

#[rstest]
#[tokio::test]
async fn times_are_shown_in_the_words_that_they_would_go_out_in(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann Lee", ANN).await;
    let visit = w.appointment(&ann, 30).await;
    let times = |starts: &[&str]| OfferTimes {
        starts: starts.iter().map(|at| (*at).to_owned()).collect(),
    };
    let two = ["2027-01-08T20:00:00Z", "2027-01-11T15:00:00Z"];
    let shown = waitlist::times::preview(&w.s, &w.owner, visit.id, times(&two))
        .await
        .expect("shown");
    assert!(shown.contains("1 Fri Jan 8, 3:00 PM; 2 Mon Jan 11, 10:00 AM"), "{shown}");
    write(
        &w,
        sms(Kind::OfferTimes),
        "Own for {{ name }}: {{ times }}? Until {{ until }}.",
    )
    .await;
    let shown = waitlist::times::preview(&w.s, &w.owner, visit.id, times(&two))
        .await
        .expect("shown");
    assert_eq!(
        shown,
        "Own for Ann: 1 Fri Jan 8, 3:00 PM; 2 Mon Jan 11, 10:00 AM? Until 10:30 AM."
    );
    waitlist::times::offer(&w.s, &w.owner, visit.id, times(&two))
        .await
        .expect("offered");
    w.work().await;
    assert!(
        w.phone_got(ANN).contains(&shown),
        "and that is what goes out: {:?}",
        w.phone_got(ANN)
    );
    for starts in [&["2027-01-08T20:00:00Z"][..], &["2027-01-08T20:00:00Z", "soon"]] {
        let refused = waitlist::times::preview(&w.s, &w.owner, visit.id, times(starts))
            .await
            .expect_err("refused");
        assert_eq!(refused.problem().fields[0].field, "starts");
    }
    let other = w.another_business().await;
    let refused = waitlist::times::preview(&w.s, &other, visit.id, times(&two))
        .await
        .expect_err("not theirs");
    assert_eq!(refused.problem().code, Code::NotFound);
}
