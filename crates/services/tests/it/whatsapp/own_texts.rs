//! The business's own words on WhatsApp: in a template with its link, and in answers within the 24 hours.

use chrono::Duration;
use contract::{appointments::CreateAppointment, templates::SaveTemplate};
use domain::{
    language::Language,
    templates::{Kind, Which},
};
use rstest::rstest;
use sea_orm::ConnectionTrait;
use services::{appointments, pages, templates, twins};
use testkit::{Backend, World};
use twilio_sim::{ReviewPace, Verdict};

use super::{
    ANN, CHAT, got,
    templates::{ann, approved, look, sid_of, submit},
    world, writes,
};

const OWN: &str = "Hello {{ name }}, we see you on {{ date }} at the hour of {{ time }}. All about your visit is on {{ link }} for you to read.";

fn on_whatsapp(kind: Kind) -> Which {
    Which::whatsapp(kind, Language::English)
}

async fn write(w: &World, which: Which, body: &str) {
    let cmd = SaveTemplate {
        body: body.to_owned(),
        ..SaveTemplate::default()
    };
    templates::save(&w.s, &w.owner, which, cmd).await.expect("saved");
}

#[rstest]
#[case::one_visit(&[30])]
#[case::two_visits_told_of_at_once(&[29, 30])]
#[tokio::test]
async fn a_link_in_a_template_is_the_visits_own(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[case] hours: &[i64],
) {
    let w = world(backend).await;
    let ann = ann(&w).await;
    write(&w, on_whatsapp(Kind::Reminder), OWN).await;
    approved(&w).await;
    for hours in hours {
        let cmd = CreateAppointment {
            contact_id: ann.id,
            starts_at: (w.clock.now() + Duration::hours(*hours)).to_rfc3339(),
            ..CreateAppointment::default()
        };
        appointments::create(&w.s, &w.owner, cmd).await.expect("booked");
    }
    w.work().await;
    let said = got(&w, CHAT);
    let told = said
        .iter()
        .find(|body| body.starts_with("Hello Ann"))
        .unwrap_or_else(|| panic!("{said:?}"));
    assert!(told.contains("on http://showup.test/v/") && !told.contains('–'), "{told}");
}

#[rstest]
#[tokio::test]
async fn answers_within_the_day_are_in_the_words_for_whatsapp_and_texts_in_theirs(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = world(backend).await;
    w.contact("Ann", ANN).await;
    write(
        &w,
        Which::sms(Kind::Help, Language::English),
        "By text: {{ business }} helps.",
    )
    .await;
    let ask = async || {
        writes(&w, CHAT, "HELP").await;
        w.work().await;
        w.clock.advance(Duration::hours(1));
        got(&w, CHAT).pop().unwrap_or_default()
    };
    assert_eq!(
        ask().await,
        "By text: Bright Dental helps.",
        "nothing was written for WhatsApp"
    );
    write(&w, on_whatsapp(Kind::Help), "Here on WhatsApp: our {{ business }} helps you.").await;
    assert_eq!(ask().await, "Here on WhatsApp: our Bright Dental helps you.");
    write(&w, on_whatsapp(Kind::Started), "You hear from our {{ business }} again.").await;
    for word in ["STOP", "START"] {
        writes(&w, CHAT, word).await;
        w.work().await;
    }
    assert_eq!(got(&w, CHAT).pop().as_deref(), Some("You hear from our Bright Dental again."));
}

#[rstest]
#[tokio::test]
async fn words_for_whatsapp_that_cannot_be_filled_are_replaced_and_somebody_is_asked_to_look(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = world(backend).await;
    w.contact("Ann", ANN).await;
    write(&w, on_whatsapp(Kind::Help), "Here on WhatsApp: our {{ business }} helps you.").await;
    let sql = "UPDATE template_version SET body = 'Here on WhatsApp: {{ gone }}'";
    w.s.db().connection().execute_unprepared(sql).await.expect("broken");
    for _ in 0..2 {
        writes(&w, CHAT, "HELP").await;
        w.work().await;
        let said = got(&w, CHAT).pop().expect("answered");
        assert!(said.starts_with("These are messages of Bright Dental"), "{said}");
    }
    let tasks = w.open_tasks().await;
    let kinds: Vec<&str> = tasks.iter().map(|task| task.kind.as_str()).collect();
    assert_eq!(kinds, ["template"], "told of once");
}

#[rstest]
#[tokio::test]
async fn how_far_approval_has_come_stands_beside_the_text(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = world(backend).await;
    w.sim.set_review(ReviewPace {
        by_itself: false,
        ..ReviewPace::default()
    });
    let stands = async || {
        let text = pages::texts::get(&w.s, &w.owner, on_whatsapp(Kind::Reminder))
            .await
            .expect("a text");
        text.approval.expect("it is handed in")
    };
    assert_eq!(stands().await.state, "draft");
    let first = submit(&w).await;
    let rejected = Verdict {
        status: "rejected".to_owned(),
        rejection_reason: "INVALID_FORMAT. The words are not clear.".to_owned(),
        ..Verdict::default()
    };
    assert!(w.sim.set_approval(&sid_of(&w, first.id).await, &rejected));
    w.clock.advance(Duration::minutes(2));
    look(&w, first.id).await;
    let now = stands().await;
    assert_eq!((now.state.as_str(), now.is_current), ("rejected", true));
    assert!(now.words.contains("rejected") && now.reason.is_some_and(|why| why.contains("not clear")));

    write(&w, on_whatsapp(Kind::Reminder), OWN).await;
    let now = stands().await;
    assert_eq!(
        (now.state.as_str(), now.is_current),
        ("rejected", false),
        "the words are other ones by now"
    );
    let listed = twins::list(&w.s, &w.owner).await.expect("wordings");
    let of_it: Vec<_> = listed
        .iter()
        .filter(|twin| twin.kind == "reminder" && twin.language == "en")
        .collect();
    let states: Vec<&str> = of_it.iter().map(|twin| twin.state.as_str()).collect();
    assert_eq!((states, of_it[0].body.as_str()), (vec!["draft", "rejected"], OWN));
    let second = submit(&w).await;
    let fine = Verdict {
        status: "approved".to_owned(),
        ..Verdict::default()
    };
    assert!(w.sim.set_approval(&sid_of(&w, second.id).await, &fine));
    w.clock.advance(Duration::minutes(2));
    look(&w, second.id).await;
    let now = stands().await;
    assert_eq!((now.state.as_str(), now.is_current, now.reason), ("approved", true, None));
    let all = pages::texts::list(&w.s, &w.owner, Default::default()).await.expect("texts");
    let told: Vec<_> = all
        .iter()
        .filter(|text| text.approval.is_some())
        .map(|text| text.channel.as_str())
        .collect();
    let kinds = domain::whatsapp::KINDS.len();
    assert_eq!(
        told,
        vec!["whatsapp"; kinds * 2],
        "each kind that is handed in, in two languages"
    );
}
