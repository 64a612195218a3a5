//! The page of a visit that its customer opens without signing in.

use chrono::Duration;
use contract::{
    appointments::{AppointmentAction, AppointmentView, Status},
    businesses::CustomersPage,
    contacts::{ContactChannels, ContactView, PatchContact},
};
use domain::consent::{Channel, State};
use rstest::rstest;
use services::{
    appointments::{self, link},
    businesses::customers_page,
    contacts::{self, consent},
    visit_page::{self, Act, Opened, VisitPage},
};
use testkit::{Backend, World};

const ANN: &str = "+14155550171";
const BEN: &str = "+14155550172";

async fn token(w: &World, visit: &AppointmentView) -> String {
    let link = link::get(&w.s, &w.owner, visit.id).await.expect("a link");
    let (before, token) = link.url.rsplit_once('/').expect("an address");
    assert_eq!(before, "http://showup.test/v");
    token.to_owned()
}

async fn page(w: &World, token: &str) -> VisitPage {
    match visit_page::open(&w.s, token).await.expect("an answer") {
        Opened::There(page) => page,
        other => panic!("{other:?}"),
    }
}

async fn act(w: &World, token: &str, act: Act) -> bool {
    match visit_page::act(&w.s, token, act).await.expect("done") {
        Opened::There(allowed) => allowed,
        other => panic!("{other:?}"),
    }
}

async fn titles(w: &World) -> Vec<String> {
    w.open_tasks().await.into_iter().map(|task| task.title).collect()
}

async fn ledger(w: &World, contact: &ContactView) -> Vec<(String, String)> {
    let rows = consent::export(&w.s, &w.owner, contact.id).await.expect("the ledger");
    rows.into_iter().map(|row| (row.source, row.actor)).collect()
}

#[rstest]
#[tokio::test]
async fn a_yes_on_the_page_is_a_yes(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (ann, visit) = w.reminded("Ann Lee", ANN).await;
    let token = token(&w, &visit).await;
    let shown = page(&w, &token).await;
    assert_eq!((shown.business.as_str(), shown.whom.as_str()), ("Bright Dental", "Ann"));
    assert_eq!((shown.starts_at, shown.place.name()), (visit.starts_at, "America/New_York"));
    assert!(shown.may_answer && !shown.may_cancel && !shown.texts_stopped);

    assert!(act(&w, &token, Act::Confirm).await);
    let confirmed = w.see_appointment(&visit).await;
    assert_eq!(confirmed.status, Status::Confirmed);
    let states: Vec<&str> = confirmed.reminders.iter().map(|r| r.status.as_str()).collect();
    assert_eq!(
        states,
        ["yes", "cancelled"],
        "the one that asked is answered, the other not needed"
    );
    assert!(act(&w, &token, Act::Confirm).await, "said twice it is the same");
    assert!(titles(&w).await.is_empty());
    let sent = w.phone_got(ANN).len();
    w.clock.advance(Duration::hours(28));
    w.work().await;
    assert_eq!(w.phone_got(ANN).len(), sent, "nothing more is asked");

    // Who changes their mind by text has been asked, and has answered.
    w.text(ANN, "N").await;
    assert_eq!(w.see_appointment(&visit).await.status, Status::RescheduleRequested);
    assert_eq!(titles(&w).await.len(), 1);
    assert!(act(&w, &token, Act::Confirm).await);
    assert_eq!(w.see_appointment(&visit).await.status, Status::Confirmed);
    assert!(titles(&w).await.is_empty(), "nobody has to find another time");
    w.text(ANN, "Y").await;
    assert_eq!(w.see_appointment(&visit).await.status, Status::Confirmed);
    assert!(w.thread(&ann).await.iter().all(|m| m.kind != "correction"));
}

#[rstest]
#[tokio::test]
async fn who_asks_for_another_time_is_called_once(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    let visit = w.appointment(&ann, 60).await;
    let token = token(&w, &visit).await;
    // Before anybody was asked by text.
    for _ in 0..2 {
        assert!(act(&w, &token, Act::AnotherTime("Mornings,\nplease".to_owned())).await);
    }
    let asked = w.see_appointment(&visit).await;
    assert_eq!(asked.status, Status::RescheduleRequested);
    assert!(
        asked.reminders.iter().all(|r| r.status == "cancelled"),
        "{:?}",
        asked.reminders
    );
    let tasks = w.open_tasks().await;
    assert_eq!(tasks.len(), 1, "{tasks:?}");
    assert!(tasks[0].title.ends_with("They wrote: Mornings, please"), "{}", tasks[0].title);
    assert_eq!(
        (tasks[0].kind.as_str(), tasks[0].appointment_id),
        ("reschedule", Some(visit.id))
    );

    let long = visit_page::act(&w.s, &token, Act::AnotherTime("x".repeat(301))).await;
    assert_eq!(long.expect_err("too much").problem().status, 422);
    // Cancelled meanwhile: nothing can be answered any more.
    appointments::act(&w.s, &w.owner, visit.id, AppointmentAction::Cancel)
        .await
        .expect("cancelled");
    assert!(act(&w, &token, Act::Confirm).await);
    assert_eq!(w.see_appointment(&visit).await.status, Status::Cancelled);
    assert!(!page(&w, &token).await.may_answer);
}

#[rstest]
#[tokio::test]
async fn an_answer_by_text_and_one_on_the_page_at_once_are_one(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (ann, visit) = w.reminded("Ann", ANN).await;
    let token = token(&w, &visit).await;
    let confirm = || visit_page::act(&w.s, &token, Act::Confirm);
    let (_, one, other) = tokio::join!(Box::pin(w.text(ANN, "Y")), Box::pin(confirm()), Box::pin(confirm()));
    one.and(other).expect("both are taken");
    assert_eq!(w.see_appointment(&visit).await.status, Status::Confirmed);
    let rows = services::pages::contact::timeline(&w.s, &w.owner, ann.id, contract::PageQuery::default())
        .await
        .expect("the timeline");
    let told = serde_json::to_string(&rows)
        .expect("JSON")
        .matches("appointment.status")
        .count();
    assert!(told <= 1, "confirmed once: {told}");
    assert!(w.open_tasks().await.is_empty());
}

#[rstest]
#[tokio::test]
async fn stop_on_the_page_is_a_stop(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    let visit = w.appointment(&ann, 60).await;
    let token = token(&w, &visit).await;
    w.reply(&ann, "See you soon").await.expect("it waits");
    assert!(act(&w, &token, Act::StopTexts).await);
    assert_eq!(w.last_message(&ann).await.status, "cancelled", "in the same transaction");
    assert_eq!(w.see_contact(&ann).await.consent.sms, State::OptedOut);
    let rows = ledger(&w, &ann).await;
    let by_page = rows.iter().filter(|row| row.0 == "preference_page").collect::<Vec<_>>();
    assert_eq!(by_page.len(), 2, "for both purposes: {rows:?}");
    assert_eq!(by_page[0].1, "the customer, on their page");
    assert!(page(&w, &token).await.texts_stopped);

    assert!(act(&w, &token, Act::StopTexts).await, "said twice it is the same");
    assert_eq!(ledger(&w, &ann).await.len(), rows.len());
    w.clock.advance(Duration::hours(40));
    w.work().await;
    assert!(w.phone_got(ANN).is_empty(), "nothing leaves any more");
    consent::verify(&w.s).await.expect("read").expect("the chain is whole");
    // The visit stands, and can still be answered.
    assert!(act(&w, &token, Act::Confirm).await);
    assert_eq!(w.see_appointment(&visit).await.status, Status::Confirmed);
    // A START by text counts, as ever.
    w.text(ANN, "START").await;
    assert!(!page(&w, &token).await.texts_stopped);
}

#[rstest]
#[tokio::test]
async fn a_customer_cancels_where_the_business_allows_it(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    let visit = w.appointment(&ann, 60).await;
    let token = token(&w, &visit).await;
    assert!(!act(&w, &token, Act::Cancel).await);
    assert_eq!(w.see_appointment(&visit).await.status, Status::Scheduled);

    let wanted = CustomersPage {
        may_cancel: true,
        text_links: false,
    };
    customers_page::set(&w.s, &w.owner, wanted).await.expect("allowed");
    assert!(page(&w, &token).await.may_cancel);
    assert!(act(&w, &token, Act::Cancel).await);
    let cancelled = w.see_appointment(&visit).await;
    assert_eq!(cancelled.status, Status::Cancelled);
    assert!(
        cancelled.reminders.iter().all(|r| r.status == "cancelled"),
        "{:?}",
        cancelled.reminders
    );
    assert!(act(&w, &token, Act::Cancel).await, "said twice it is the same");
}

#[rstest]
#[tokio::test]
async fn a_link_opens_its_own_visit_until_it_ends(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (ann, ben) = (w.contact("Ann", ANN).await, w.contact("Ben", BEN).await);
    let (anns, bens) = (w.appointment(&ann, 60).await, w.appointment(&ben, 61).await);
    let (to_ann, to_ben) = (token(&w, &anns).await, token(&w, &bens).await);
    assert_eq!(page(&w, &to_ann).await.whom, "Ann");
    assert_eq!(page(&w, &to_ben).await.whom, "Ben");
    let mixed = format!("{}{}", &to_ann[..11], &to_ben[11..]);
    for forged in [
        mixed.as_str(),
        "",
        "0",
        "0000000000000000000000",
        &to_ann.to_lowercase(),
        &anns.id.to_string(),
    ] {
        let found = visit_page::open(&w.s, forged).await.expect("an answer");
        assert!(matches!(found, Opened::Nothing), "{forged}: {found:?}");
        let done = visit_page::act(&w.s, forged, Act::Confirm).await.expect("an answer");
        assert!(matches!(done, Opened::Nothing));
    }
    let stranger = w.another_business().await;
    assert_eq!(
        link::get(&w.s, &stranger, anns.id)
            .await
            .expect_err("theirs")
            .problem()
            .status,
        404
    );
    assert_eq!(
        link::revoke(&w.s, &stranger, anns.id)
            .await
            .expect_err("theirs")
            .problem()
            .status,
        404
    );

    let new = link::revoke(&w.s, &w.owner, anns.id).await.expect("revoked");
    assert!(!new.url.ends_with(&to_ann));
    assert!(matches!(
        visit_page::open(&w.s, &to_ann).await.expect("an answer"),
        Opened::Gone
    ));
    assert!(matches!(
        visit_page::act(&w.s, &to_ann, Act::Confirm).await.expect("an answer"),
        Opened::Gone
    ));
    assert!(matches!(
        visit_page::calendar_file(&w.s, &to_ann).await.expect("an answer"),
        Opened::Gone
    ));
    assert_eq!(w.see_appointment(&anns).await.status, Status::Scheduled);
    let to_ann = token(&w, &anns).await;
    assert!(new.url.ends_with(&to_ann));
    // Another process signs with the same key.
    let there = w.another_process().await;
    assert!(matches!(
        visit_page::open(&there, &to_ann).await.expect("an answer"),
        Opened::There(_)
    ));

    w.clock.set(anns.starts_at + Duration::minutes(1));
    assert!(!page(&w, &to_ann).await.may_answer, "it has begun");
    act(&w, &to_ann, Act::Confirm).await;
    assert_eq!(w.see_appointment(&anns).await.status, Status::Scheduled);
    w.clock.set(anns.starts_at + Duration::days(30) - Duration::seconds(1));
    page(&w, &to_ann).await;
    w.clock.set(anns.starts_at + Duration::days(30));
    assert!(matches!(
        visit_page::open(&w.s, &to_ann).await.expect("an answer"),
        Opened::Gone
    ));
}

#[rstest]
#[tokio::test]
async fn a_reminder_carries_the_link_where_the_business_wants_it(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    w.reminded("Ann", ANN).await;
    assert!(!w.phone_got(ANN)[0].contains("/v/"), "off by default");
    let wanted = CustomersPage {
        may_cancel: false,
        text_links: true,
    };
    customers_page::set(&w.s, &w.owner, wanted).await.expect("chosen");
    let (_, visit) = w.reminded("Ben", BEN).await;
    let text = w.phone_got(BEN).remove(0);
    let url = text.split(' ').next_back().expect("a word");
    assert_eq!(url, link::get(&w.s, &w.owner, visit.id).await.expect("a link").url, "{text}");
}

#[rstest]
#[tokio::test]
async fn who_says_how_to_be_spoken_to_is_heard(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    let visit = w.appointment(&ann, 60).await;
    let token = token(&w, &visit).await;
    let prefer = |language: Option<&str>, channel: Option<&str>| Act::Prefer {
        language: language.map(str::to_owned),
        channel: channel.map(str::to_owned),
    };
    assert_eq!(
        (page(&w, &token).await.words.code, page(&w, &token).await.channel),
        ("en", None)
    );
    act(&w, &token, prefer(Some("es"), None)).await;
    assert_eq!(page(&w, &token).await.words.code, "es");
    assert_eq!(w.see_contact(&ann).await.language.as_deref(), Some("es"));
    for odd in [
        prefer(Some("xx"), None),
        prefer(None, Some("email")),
        prefer(None, Some("fax")),
    ] {
        assert_eq!(
            visit_page::act(&w.s, &token, odd)
                .await
                .expect_err("refused")
                .problem()
                .status,
            422
        );
    }

    let email = PatchContact {
        email: Some(Some("ann@x.test".to_owned())),
        ..PatchContact::default()
    };
    contacts::patch(&w.s, &w.owner, ann.id, email).await.expect("an address");
    assert_eq!(page(&w, &token).await.channel, Some(Channel::Sms));
    act(&w, &token, prefer(None, Some("email"))).await;
    assert_eq!(page(&w, &token).await.channel, Some(Channel::Email));
    let channels = |primary: &str, secondary: Option<&str>| ContactChannels {
        primary: primary.to_owned(),
        secondary: secondary.map(str::to_owned),
        fallback: None,
    };
    assert_eq!(w.see_contact(&ann).await.channels, Some(channels("email", Some("sms"))));
    let staff = contacts::set_channels(&w.s, &w.owner, ann.id, channels("sms", None)).await;
    assert_eq!(staff.expect("noted").channels, Some(channels("sms", None)));
    for odd in [channels("fax", None), channels("sms", Some("sms")), channels("", None)] {
        let refused = contacts::set_channels(&w.s, &w.owner, ann.id, odd).await;
        assert_eq!(refused.expect_err("refused").problem().status, 422);
    }
}

#[rstest]
#[tokio::test]
async fn the_calendar_file_is_the_visits(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    let visit = w.appointment(&ann, 60).await;
    let token = token(&w, &visit).await;
    let file = async || match visit_page::calendar_file(&w.s, &token).await.expect("an answer") {
        Opened::There(file) => file,
        other => panic!("{other:?}"),
    };
    let first = file().await;
    for line in [
        "METHOD:PUBLISH",
        "STATUS:TENTATIVE",
        "SEQUENCE:0",
        "SUMMARY:Visit at Bright Dental (Ann)",
        &format!("UID:{}@showup.test", visit.id),
        &format!("URL:http://showup.test/v/{token}"),
        "TRIGGER:-PT2H",
    ] {
        assert!(first.contains(&format!("\r\n{line}\r\n")), "{line}\n{first}");
    }
    assert!(!first.contains("ORGANIZER") && !first.contains("ATTENDEE"));
    assert_eq!(first, file().await);
    act(&w, &token, Act::Confirm).await;
    let second = file().await;
    assert!(
        second.contains("STATUS:CONFIRMED") && second.contains("SEQUENCE:1\r\n"),
        "{second}"
    );
    let google = visit_page::google(&page(&w, &token).await);
    assert!(
        google.starts_with("https://calendar.google.com/calendar/render?action=TEMPLATE&text=Visit+at+Bright+Dental"),
        "{google}"
    );
    assert!(!google.contains(&token), "Google is not told the page's address");
}
