//! Templates: handed in, approved, sent with buttons when the window is closed, and tapped.

use chrono::Duration;
use contract::{appointments::Status, contacts::ContactChannels, whatsapp::TwinView};
use entity::whatsapp::{message_button, whatsapp_template};
use rstest::rstest;
use sea_orm::{EntityTrait, sea_query::Expr};
use services::{contacts, jobs, queue::Job, twins};
use testkit::{Backend, Fault, FaultKind, World};
use twilio_sim::{ReviewPace, Verdict};
use uuid::Uuid;

use super::{ANN, CHAT, chat, post, world, writes};

/// Ann, who wishes WhatsApp and nothing else, and wrote there two days ago.
pub async fn ann(w: &World) -> contract::contacts::ContactView {
    let ann = w.contact("Ann", ANN).await;
    writes(w, CHAT, "Hi").await;
    let wish = ContactChannels {
        primary: "whatsapp".to_owned(),
        secondary: None,
        fallback: None,
    };
    contacts::set_channels(&w.s, &w.owner, ann.id, wish).await.expect("noted");
    w.clock.advance(Duration::hours(48));
    ann
}

pub async fn submit(w: &World) -> TwinView {
    twins::submit(&w.s, &w.owner, "reminder", "en").await.expect("handed in")
}

pub async fn look(w: &World, id: Option<Uuid>) -> TwinView {
    let template_id = id.expect("it was handed in");
    jobs::perform(&w.s, Job::CheckTwin { template_id }).await.expect("looked at");
    let all = twins::list(&w.s, &w.owner).await.expect("wordings");
    all.into_iter().find(|t| t.id == id).expect("it is there")
}

/// Handed in and approved.
pub async fn approved(w: &World) -> TwinView {
    let twin = submit(w).await;
    w.clock.advance(Duration::minutes(10));
    let twin = look(w, twin.id).await;
    assert_eq!((twin.state.as_str(), twin.in_use), ("approved", true), "{twin:?}");
    twin
}

pub async fn sid_of(w: &World, id: Option<Uuid>) -> String {
    let row = whatsapp_template::Entity::find_by_id(id.expect("it was handed in"))
        .one(w.s.db().connection())
        .await
        .expect("read");
    row.and_then(|row| row.content_sid).expect("Twilio has it")
}

#[rstest]
#[tokio::test]
async fn a_reminder_goes_out_by_an_approved_template_and_its_button_confirms_the_visit(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = world(backend).await;
    let ann = ann(&w).await;
    approved(&w).await;
    let visit = w.appointment(&ann, 30).await;
    let other = w.appointment(&ann, 60).await;
    w.work().await;
    assert!(w.phone_got(ANN).is_empty(), "not by text");
    let sent = w.sim.sent_to(CHAT);
    let content = sent.iter().find_map(|m| m.content.clone()).expect("a template");
    assert!(
        sent[0].body.contains("Bright Dental") && sent[0].body.contains("your visit"),
        "{}",
        sent[0].body
    );
    assert_eq!(
        w.last_message(&ann).await.body,
        sent.last().expect("sent").body,
        "the thread shows what they read"
    );
    assert_eq!(content.buttons.len(), 2);
    let yes = content.buttons[0].id.clone();
    assert!(yes.len() >= 32 && !yes.contains('{'), "nobody guesses it: {yes}");
    let kept = message_button::Entity::find().all(w.s.db().connection()).await.expect("read");
    assert!(kept.iter().all(|row| row.token_hash != yes), "only its hash is kept");
    // Somebody else who learned of it can do nothing with it.
    let mut stolen = chat(&w, "whatsapp:+14155550172", "Yes, I will come");
    stolen.button_payload = Some(yes.clone());
    post(&w, &stolen).await;
    assert_eq!(w.see_appointment(&visit).await.status, Status::Scheduled);
    let mut tap = chat(&w, CHAT, "Yes, I will come");
    tap.button_payload = Some(yes.clone());
    tap.details.message_type = Some("button".to_owned());
    post(&w, &tap).await;
    assert_eq!(w.see_appointment(&visit).await.status, Status::Confirmed);
    assert_eq!(
        w.see_appointment(&other).await.status,
        Status::Scheduled,
        "it decides by itself which one"
    );
    let no = content.buttons[1].id.clone();
    let mut tap = chat(&w, CHAT, "Another time");
    tap.button_payload = Some(no);
    post(&w, &tap).await;
    assert_eq!(w.see_appointment(&visit).await.status, Status::RescheduleRequested);
}

#[rstest]
#[tokio::test]
async fn a_button_that_is_not_ours_answers_nothing(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = world(backend).await;
    let ann = ann(&w).await;
    approved(&w).await;
    let visit = w.appointment(&ann, 30).await;
    w.work().await;
    let mut tap = chat(&w, CHAT, "Yes");
    tap.button_payload = Some("made-up".to_owned());
    post(&w, &tap).await;
    assert_eq!(w.see_appointment(&visit).await.status, Status::Scheduled);
    assert_eq!(w.open_tasks().await.len(), 1, "a person reads it");
    // A quoted message decides, as long as WhatsApp tells which one it was.
    let sid = w.sim.sent_to(CHAT)[0].sid.clone();
    let mut quoted = chat(&w, CHAT, "Yes");
    quoted.original_replied_message_sid = Some(sid);
    post(&w, &quoted).await;
    assert_eq!(w.see_appointment(&visit).await.status, Status::Confirmed);
}

#[rstest]
#[tokio::test]
async fn without_an_approved_template_a_closed_window_lets_nothing_out(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = world(backend).await;
    let ann = ann(&w).await;
    w.appointment(&ann, 30).await;
    w.work().await;
    assert!(w.phone_got(CHAT).is_empty());
    let m = w.last_message(&ann).await;
    assert_eq!(m.status, "failed");
    assert!(
        m.error.as_deref().is_some_and(|why| why.contains("no approved template")),
        "{:?}",
        m.error
    );
    assert_eq!(w.open_tasks().await[0].kind, "call");
}

#[rstest]
#[tokio::test]
async fn inside_the_window_it_goes_in_its_own_words_until_there_is_a_template(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = world(backend).await;
    let ann = ann(&w).await;
    writes(&w, CHAT, "Hi again").await;
    let visit = w.appointment(&ann, 30).await;
    w.work().await;
    let sent = w.sim.sent_to(CHAT);
    assert_eq!((sent.len(), sent[0].content.is_none()), (1, true));
    writes(&w, CHAT, "Y").await;
    assert_eq!(w.see_appointment(&visit).await.status, Status::Confirmed);
}

#[rstest]
#[tokio::test]
async fn an_approval_that_is_withdrawn_between_planning_and_sending_holds_the_message(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = world(backend).await;
    let ann = ann(&w).await;
    let twin = approved(&w).await;
    let visit = w.appointment(&ann, 30).await;
    services::reminders::tick(&w.s).await.expect("planned");
    assert_eq!(w.last_message(&ann).await.status, "queued");
    let paused = Verdict {
        status: "paused".to_owned(),
        rejection_reason: String::new(),
        category: None,
        ..Verdict::default()
    };
    assert!(w.sim.set_approval(&sid_of(&w, twin.id).await, &paused));
    w.clock.advance(Duration::days(1));
    look(&w, twin.id).await;
    services::sending::send_due(&w.s).await.expect("looked at");
    assert!(w.phone_got(CHAT).is_empty());
    assert_eq!(w.last_message(&ann).await.status, "failed");
    assert_eq!(w.see_appointment(&visit).await.status, Status::Scheduled);
}

#[rstest]
#[tokio::test]
async fn a_wording_of_another_account_is_neither_sent_nor_looked_at(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = world(backend).await;
    let ann = ann(&w).await;
    let twin = approved(&w).await;
    let sid = sid_of(&w, twin.id).await;
    // As it is once the business has connected another one.
    whatsapp_template::Entity::update_many()
        .col_expr(
            whatsapp_template::Column::AccountSid,
            Expr::value(format!("AC{}", "9".repeat(32))),
        )
        .exec(w.s.db().connection())
        .await
        .expect("written");
    let visit = w.appointment(&ann, 30).await;
    w.work().await;
    assert!(w.sim.creates_to(CHAT).is_empty(), "this account has no such content");
    assert_eq!(w.last_message(&ann).await.status, "failed");
    assert_eq!(w.see_appointment(&visit).await.status, Status::Scheduled);
    let paused = Verdict {
        status: "paused".to_owned(),
        ..Verdict::default()
    };
    assert!(w.sim.set_approval(&sid, &paused));
    w.clock.advance(Duration::days(2));
    assert_eq!(
        look(&w, twin.id).await.state,
        "approved",
        "what is said of it here is of no account"
    );
    // Handed in anew it is one of ours.
    let ours = approved(&w).await;
    assert_eq!((ours.id == twin.id, ours.revision), (false, twin.revision + 1));
}

#[rstest]
#[tokio::test]
async fn a_wording_that_whatsapp_pauses_while_it_is_sent_is_held_at_once(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = world(backend).await;
    let ann = ann(&w).await;
    let twin = approved(&w).await;
    w.appointment(&ann, 30).await;
    w.work().await;
    let m = w.last_message(&ann).await;
    let sid = m.provider_sid.clone().expect("taken");
    w.status(&m, &sid, "undelivered", Some(63041)).await.expect("heard");
    let twins = twins::list(&w.s, &w.owner).await.expect("wordings");
    let held = twins.iter().find(|one| one.id == twin.id).expect("it is there");
    assert_eq!(held.state, "paused");
    jobs::tick(&w.s).await.expect("the tick");
    w.work().await;
    assert_eq!(w.sim.sent_to(CHAT).len(), 1, "not by the same wording again");
    assert_eq!(w.last_message(&ann).await.status, "failed");
}

#[rstest]
#[tokio::test]
async fn what_whatsapp_finds_too_late_goes_out_by_a_template_as_the_same_message(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = world(backend).await;
    let ann = ann(&w).await;
    writes(&w, CHAT, "Hi again").await;
    w.appointment(&ann, 30).await;
    w.work().await;
    let m = w.last_message(&ann).await;
    let sid = m.provider_sid.clone().expect("taken as free text");
    approved(&w).await;
    w.status(&m, &sid, "undelivered", Some(63016)).await.expect("heard");
    jobs::tick(&w.s).await.expect("the tick");
    w.work().await;
    let sent = w.sim.sent_to(CHAT);
    assert_eq!((sent.len(), sent[1].content.is_some()), (2, true), "now by a template");
    let again = w.last_message(&ann).await;
    assert_eq!(again.id, m.id, "the same message, so it can't go out twice");
    w.reply(&ann, "And free text?")
        .await
        .expect_err("WhatsApp has said that the window is closed");
}

#[rstest]
#[tokio::test]
async fn a_lost_answer_makes_no_second_content(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values(FaultKind::ErrorAfter, FaultKind::ResetAfter)] fault: FaultKind,
) {
    let w = world(backend).await;
    w.sim.set_fault(Fault::new(fault));
    let twin = submit(&w).await;
    for _ in 0..4 {
        w.clock.advance(Duration::minutes(5));
        look(&w, twin.id).await;
    }
    let twin = look(&w, twin.id).await;
    assert_eq!(twin.state, "approved");
    assert_eq!(w.sim.look(|state| state.whatsapp.contents().len()), 1);
}

#[rstest]
#[tokio::test]
async fn a_rejection_is_told_in_words_and_a_new_revision_takes_its_place(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = world(backend).await;
    w.sim.set_review(ReviewPace {
        by_itself: false,
        ..ReviewPace::default()
    });
    let first = submit(&w).await;
    assert_eq!(submit(&w).await.id, first.id, "what is looked at is not handed in twice");
    let rejected = Verdict {
        status: "rejected".to_owned(),
        rejection_reason: "INVALID_FORMAT. The words are not clear.".to_owned(),
        category: None,
        ..Verdict::default()
    };
    assert!(w.sim.set_approval(&sid_of(&w, first.id).await, &rejected));
    w.clock.advance(Duration::minutes(2));
    let first = look(&w, first.id).await;
    assert_eq!(first.state, "rejected");
    assert!(first.reason.as_deref().is_some_and(|why| why.contains("not clear")));
    let second = submit(&w).await;
    assert_eq!(second.revision, 2);
    assert_ne!(second.name, first.name, "a name that was rejected can't be used again");
}

#[rstest]
#[tokio::test]
async fn staff_hand_nothing_in_and_unknown_kinds_are_refused(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = world(backend).await;
    twins::submit(&w.s, &w.owner, "nonsense", "en")
        .await
        .expect_err("no such kind");
    twins::submit(&w.s, &w.owner, "reminder", "fr")
        .await
        .expect_err("no such language");
    let staff = testkit::member(
        &w.s,
        w.owner.business_id,
        contract::accounts::Role::Staff,
        "sam@example.com",
        "correct horse",
    )
    .await;
    twins::submit(&w.s, &staff, "reminder", "en").await.expect_err("not staff's");
}
