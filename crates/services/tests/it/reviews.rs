//! Customers are asked for a review: everybody alike, once per visit and once in half a year, by their own yes; and links tell people from
//! machines.

mod links;
mod programs;

use chrono::Duration;
use contract::{
    appointments::{AppointmentAction, AppointmentView},
    contacts::{ChangeConsent, ContactView, CreateContact},
    reviews::{AddPlatform, PlatformView, RequestQuery, RequestView, Rules, Status, TypeDelay},
};
use rstest::rstest;
use services::{appointments, contacts, review_platforms, reviews, sending};
use testkit::{Backend, World};

const ANN: &str = "+14155550101";
const BEN: &str = "+14155550102";
const GOOGLE: &str = "https://search.google.com/local/writereview?placeid=ChIJN1t_tDeuEmsRUsoyG83frY4";

async fn platform(w: &World, kind: &str, url: &str) -> PlatformView {
    let cmd = AddPlatform {
        kind: kind.to_owned(),
        name: "Reviews".to_owned(),
        url: url.to_owned(),
        location_id: None,
    };
    review_platforms::add(&w.s, &w.owner, cmd).await.expect("added")
}

async fn says(w: &World, contact: &ContactView, channel: &str, state: &str) {
    let cmd = ChangeConsent {
        channel: channel.to_owned(),
        purpose: "promotional".to_owned(),
        state: state.to_owned(),
        evidence: Some("Signed at the desk".to_owned()),
    };
    contacts::change_consent(&w.s, &w.owner, contact.id, cmd)
        .await
        .expect("noted");
}

/// Somebody who agreed to texts, and to be asked for reviews.
async fn agreed(w: &World, name: &str, phone: &str) -> ContactView {
    let contact = w.contact(name, phone).await;
    says(w, &contact, "sms", "opted_in").await;
    contact
}

/// A visit that began an hour from now and was marked as kept when it ended, an hour after that.
async fn kept(w: &World, contact: &ContactView) -> AppointmentView {
    let visit = w.appointment(contact, 1).await;
    w.clock.advance(Duration::hours(2));
    act(w, &visit, AppointmentAction::Complete).await
}

async fn act(w: &World, visit: &AppointmentView, what: AppointmentAction) -> AppointmentView {
    appointments::act(&w.s, &w.owner, visit.id, what).await.expect("done")
}

async fn after(w: &World, time: Duration) {
    w.clock.advance(time);
    reviews::tick(&w.s).await.expect("requests are looked at");
    w.work().await;
}

async fn requests(w: &World) -> Vec<RequestView> {
    let page = reviews::list(&w.s, &w.owner, RequestQuery::default())
        .await
        .expect("requests");
    page.data
}

async fn the_request(w: &World) -> RequestView {
    let mut all = requests(w).await;
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

/// How somebody was asked: the texts with a link to a review.
fn asked(w: &World, phone: &str) -> Vec<String> {
    let texts = w.phone_got(phone).into_iter();
    texts.filter(|text| text.contains("/r/")).collect()
}

#[rstest]
#[tokio::test]
async fn a_kept_visit_is_asked_about_an_hour_after_its_end_and_once(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    platform(&w, "google", GOOGLE).await;
    let ann = agreed(&w, "Ann Lee", ANN).await;
    let visit = kept(&w, &ann).await;
    assert_eq!(the_request(&w).await.status, Status::Planned);
    after(&w, Duration::minutes(59)).await;
    assert!(asked(&w, ANN).is_empty(), "not yet");
    after(&w, Duration::minutes(1)).await;
    let texts = asked(&w, ANN);
    assert_eq!(texts.len(), 1);
    let begins = "Bright Dental: thank you for your visit. How was it? http://showup.test/r/";
    assert!(
        texts[0].starts_with(begins) && texts[0].ends_with("Reply STOP to opt out."),
        "{texts:?}"
    );
    let request = the_request(&w).await;
    assert_eq!((request.status, request.appointment_id), (Status::Sent, Some(visit.id)));
    // Undone and marked again, or looked at again: it is the same visit.
    act(&w, &visit, AppointmentAction::Reopen).await;
    act(&w, &visit, AppointmentAction::Complete).await;
    after(&w, Duration::days(2)).await;
    assert_eq!(asked(&w, ANN).len(), 1);
    let figures = reviews::overview(&w.s, &w.owner).await.expect("figures").figures;
    assert_eq!((figures.asked, figures.skipped), (1, 0));
}

#[rstest]
#[tokio::test]
async fn who_has_not_said_yes_to_that_is_not_asked_and_the_list_says_so(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    platform(&w, "google", GOOGLE).await;
    // Texts about visits they want, and nothing else.
    let ann = w.contact("Ann Lee", ANN).await;
    kept(&w, &ann).await;
    after(&w, Duration::hours(1)).await;
    assert!(asked(&w, ANN).is_empty());
    let request = the_request(&w).await;
    assert_eq!(request.status, Status::Skipped);
    let why = request.reason.expect("a reason");
    assert!(why.contains("has not agreed to offers and review requests"), "{why}");
    let figures = reviews::overview(&w.s, &w.owner).await.expect("figures").figures;
    assert_eq!((figures.asked, figures.skipped), (0, 1));
}

#[rstest]
#[tokio::test]
async fn nobody_is_asked_about_a_visit_that_was_missed_or_marked_days_later(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let (ann, ben) = (agreed(&w, "Ann Lee", ANN).await, agreed(&w, "Ben Orr", BEN).await);
    // Nowhere to write a review: no row at all.
    kept(&w, &ann).await;
    assert!(requests(&w).await.is_empty());
    platform(&w, "google", GOOGLE).await;
    let (missed, late) = (w.appointment(&ann, 1).await, w.appointment(&ben, 1).await);
    w.clock.advance(Duration::hours(2));
    act(&w, &missed, AppointmentAction::NoShow).await;
    assert!(requests(&w).await.is_empty());
    w.clock.advance(Duration::hours(49));
    act(&w, &late, AppointmentAction::Complete).await;
    let request = the_request(&w).await;
    assert_eq!((request.status, request.contact_id), (Status::Skipped, ben.id));
    assert!(request.reason.is_some_and(|why| why.contains("48 hours")));
    after(&w, Duration::days(1)).await;
    assert!(asked(&w, ANN).is_empty() && asked(&w, BEN).is_empty());
}

#[rstest]
#[tokio::test]
async fn a_number_is_asked_once_in_180_days(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    platform(&w, "google", GOOGLE).await;
    let ann = agreed(&w, "Ann Lee", ANN).await;
    for (round, texts) in [(1, 1), (2, 1)] {
        kept(&w, &ann).await;
        after(&w, Duration::hours(1)).await;
        assert_eq!(asked(&w, ANN).len(), texts, "round {round}");
        // To the next day, at the same hour.
        w.clock.advance(Duration::hours(21));
    }
    let skipped = requests(&w).await.remove(0);
    assert_eq!(skipped.status, Status::Skipped);
    assert!(skipped.reason.is_some_and(|why| why.contains("180 days")));
    w.clock.advance(Duration::days(179));
    kept(&w, &ann).await;
    after(&w, Duration::hours(1)).await;
    assert_eq!(asked(&w, ANN).len(), 2, "half a year is over");
}

#[rstest]
#[tokio::test]
async fn they_are_asked_by_day_only(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    platform(&w, "google", GOOGLE).await;
    let ann = agreed(&w, "Ann Lee", ANN).await;
    // The visit ends at 19:30, so that its request is due half an hour after the last moment of that day.
    w.clock.advance(Duration::minutes(7 * 60 + 30));
    kept(&w, &ann).await;
    after(&w, Duration::hours(1)).await;
    assert!(asked(&w, ANN).is_empty());
    let waits = the_request(&w).await;
    assert_eq!(waits.status, Status::Planned);
    assert!(
        waits.reason.is_some_and(|why| why.contains("Jan 5 at 9:00 AM")),
        "{:?}",
        waits.due_at
    );
    after(&w, Duration::hours(12)).await;
    assert!(asked(&w, ANN).is_empty(), "8:30 in the morning");
    after(&w, Duration::minutes(30)).await;
    assert_eq!(asked(&w, ANN).len(), 1);
}

#[rstest]
#[tokio::test]
async fn a_conversation_is_answered_first_but_nobody_is_left_out_for_it(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    platform(&w, "google", GOOGLE).await;
    let (ann, ben) = (agreed(&w, "Ann Lee", ANN).await, agreed(&w, "Ben Orr", BEN).await);
    for who in [&ann, &ben] {
        kept(&w, who).await;
        w.clock.advance(Duration::hours(-2));
    }
    w.clock.advance(Duration::hours(2));
    w.text(ANN, "My tooth hurts more than before, what did you do?").await;
    w.text(BEN, "You overcharged me, please explain the bill").await;
    after(&w, Duration::hours(1)).await;
    let waits = requests(&w).await;
    let said = |one: &RequestView| {
        one.reason
            .as_deref()
            .is_some_and(|why| why.contains("conversation is answered"))
    };
    assert!(
        waits.iter().all(|one| one.status == Status::Planned && said(one)),
        "{waits:?}"
    );
    // Ann is answered, and asked the next time that the clock looks.
    w.reply(&ann, "We are sorry. Please come in today.").await.expect("sent");
    after(&w, Duration::hours(1)).await;
    assert_eq!((asked(&w, ANN).len(), asked(&w, BEN).len()), (1, 0));
    // Ben is not, and is asked all the same: to leave him out would be to choose.
    after(&w, Duration::days(6)).await;
    assert!(asked(&w, BEN).is_empty());
    after(&w, Duration::days(1)).await;
    assert_eq!(asked(&w, BEN).len(), 1);
}

#[rstest]
#[tokio::test]
async fn a_stop_meanwhile_is_the_end_of_it_before_and_after_the_text_is_written(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    platform(&w, "google", GOOGLE).await;
    let (ann, ben) = (agreed(&w, "Ann Lee", ANN).await, agreed(&w, "Ben Orr", BEN).await);
    kept(&w, &ann).await;
    w.text(ANN, "STOP").await;
    let skipped = the_request(&w).await;
    assert_eq!(skipped.status, Status::Skipped, "at once");
    assert!(skipped.reason.is_some_and(|why| why.contains("opted out")));
    kept(&w, &ben).await;
    w.clock.advance(Duration::hours(1));
    // It is written and has not left.
    reviews::tick(&w.s).await.expect("looked at");
    w.text(BEN, "STOP").await;
    sending::send_due(&w.s).await.expect("delivery works");
    let all = requests(&w).await;
    assert!(
        all.iter().all(|one| one.status == Status::Skipped && one.asked_at.is_none()),
        "{all:?}"
    );
    assert!(asked(&w, ANN).is_empty() && asked(&w, BEN).is_empty());
}

#[rstest]
#[tokio::test]
async fn a_no_to_offers_holds_though_the_text_is_written(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    platform(&w, "google", GOOGLE).await;
    let ann = agreed(&w, "Ann Lee", ANN).await;
    kept(&w, &ann).await;
    w.clock.advance(Duration::hours(1));
    reviews::tick(&w.s).await.expect("looked at");
    // Texts about visits go on, so nothing takes the written one back: the claim asks for this consent by itself.
    says(&w, &ann, "sms", "opted_out").await;
    w.work().await;
    assert!(asked(&w, ANN).is_empty());
    let request = the_request(&w).await;
    assert_eq!(request.status, Status::Skipped);
    assert!(
        request.reason.is_some_and(|why| why.contains("wants no offers")),
        "the claim's own reason"
    );
}

#[rstest]
#[tokio::test]
async fn stopped_nothing_goes_out_and_nobody_is_planned(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    platform(&w, "google", GOOGLE).await;
    let (ann, ben) = (agreed(&w, "Ann Lee", ANN).await, agreed(&w, "Ben Orr", BEN).await);
    kept(&w, &ann).await;
    w.clock.advance(Duration::hours(1));
    reviews::tick(&w.s).await.expect("looked at");
    let rules = |stopped| Rules {
        stopped,
        ..Rules::default()
    };
    reviews::change_rules(&w.s, &w.owner, rules(true)).await.expect("stopped");
    w.work().await;
    kept(&w, &ben).await;
    after(&w, Duration::hours(2)).await;
    let request = the_request(&w).await;
    assert_eq!((request.status, request.contact_id), (Status::Skipped, ann.id));
    assert!(request.reason.is_some_and(|why| why.contains("was stopped")));
    assert!(asked(&w, ANN).is_empty() && asked(&w, BEN).is_empty());
    assert!(reviews::overview(&w.s, &w.owner).await.expect("figures").stopped);
}

#[rstest]
#[tokio::test]
async fn a_visit_that_was_not_kept_after_all_is_not_asked_about(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    platform(&w, "google", GOOGLE).await;
    let ann = agreed(&w, "Ann Lee", ANN).await;
    let visit = kept(&w, &ann).await;
    act(&w, &visit, AppointmentAction::Reopen).await;
    let request = the_request(&w).await;
    assert_eq!(request.status, Status::Skipped);
    // It was a slip: she had come.
    act(&w, &visit, AppointmentAction::Complete).await;
    after(&w, Duration::hours(1)).await;
    assert_eq!(asked(&w, ANN).len(), 1);
}

#[rstest]
#[tokio::test]
async fn two_workers_at_once_ask_once(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    platform(&w, "google", GOOGLE).await;
    let ann = agreed(&w, "Ann Lee", ANN).await;
    kept(&w, &ann).await;
    w.clock.advance(Duration::hours(1));
    let other = w.another_process().await;
    let (one, two) = futures::join!(reviews::tick(&w.s), reviews::tick(&other));
    one.and(two).expect("both look");
    w.work().await;
    assert_eq!(asked(&w, ANN).len(), 1);
}

#[rstest]
#[tokio::test]
async fn trustpilot_invites_by_its_own_mail(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let mailbox = "brightdental.test+1a2b3c4d@invite.trustpilot.com";
    let shown = platform(&w, "trustpilot", mailbox).await;
    assert_eq!(shown.url, None, "a secret is not shown again");
    let cmd = CreateContact {
        name: "Ann </script> Lee".to_owned(),
        phone: ANN.to_owned(),
        email: Some("ann@x.test".to_owned()),
        ..CreateContact::default()
    };
    let ann = contacts::create(&w.s, &w.owner, cmd).await.expect("a contact");
    says(&w, &ann, "email", "opted_in").await;
    kept(&w, &ann).await;
    after(&w, Duration::hours(1)).await;
    assert_eq!(the_request(&w).await.status, Status::Sent);
    assert!(w.sim.mails_to("ann@x.test").is_empty() && w.phone_got(ANN).is_empty());
    let mails = w.sim.mails_to(mailbox);
    assert_eq!(mails.len(), 1);
    let html = mails[0].html.clone().expect("HTML");
    let begin = "<script type=\"application/json+trustpilot\">";
    let data = html
        .split(begin)
        .nth(1)
        .and_then(|rest| rest.split("</script>").next())
        .expect("data");
    let data: serde_json::Value = serde_json::from_str(data).expect("JSON");
    assert_eq!(data["recipientEmail"], "ann@x.test");
    assert_eq!(data["recipientName"], "Ann </script> Lee");
    assert_eq!(data["preferredSendTime"], "2027-01-04T18:00:00Z");
    // The secret stands in nothing that staff or programs read.
    let thread = serde_json::to_string(&w.thread(&ann).await).expect("JSON");
    assert!(!thread.contains("1a2b3c4d"), "{thread}");
}

#[tokio::test]
async fn rules_are_looked_through_and_are_nobody_elses() {
    let w = World::new(Backend::Sqlite).await;
    let strangers = Rules {
        by_type: vec![TypeDelay {
            type_id: uuid::Uuid::nil().to_string(),
            delay_minutes: 120,
        }],
        ..Rules::default()
    };
    let early = Rules {
        delay_minutes: 5,
        ..Rules::default()
    };
    for (wrong, field) in [(strangers, "by_type"), (early, "delay_minutes")] {
        let problem = reviews::change_rules(&w.s, &w.owner, wrong)
            .await
            .expect_err("refused")
            .problem();
        assert!(problem.for_field(field).is_some(), "{problem:?}");
    }
    platform(&w, "google", GOOGLE).await;
    let other = w.another_business().await;
    let theirs = reviews::settings(&w.s, &other).await.expect("settings");
    assert!(theirs.platforms.is_empty());
}

#[tokio::test]
async fn a_platform_is_an_address_that_can_be_one() {
    let w = World::new(Backend::Sqlite).await;
    for (kind, url) in [
        ("google", "https://example.com/review"),
        ("trustpilot", "https://www.trustpilot.com/evaluate/x.test"),
        ("custom", "http://example.com"),
        ("custom", "https://user:secret@example.com/"),
        ("custom", "https://example.com:8443/"),
        ("custom", "javascript:alert(1)"),
        ("yelp", "https://www.yelp.com/"),
    ] {
        let cmd = AddPlatform {
            kind: kind.to_owned(),
            name: "X".to_owned(),
            url: url.to_owned(),
            location_id: None,
        };
        let problem = review_platforms::add(&w.s, &w.owner, cmd)
            .await
            .expect_err("refused")
            .problem();
        assert_eq!(problem.status, 422, "{kind} {url}");
        assert!(!problem.detail.contains("user:secret"), "{problem:?}");
    }
    let warned = platform(&w, "custom", "https://www.trustpilot.com/evaluate/x.test").await;
    assert!(warned.warning.is_some());
}
