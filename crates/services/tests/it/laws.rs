//! The laws of docs/architecture.md, one test each at least; where a law is a whole field, its file says more.

use std::sync::Arc;

use contract::{
    Code,
    appointments::{AppointmentAction, AppointmentView, CreateAppointment, MoveAppointment},
    contacts::{ContactQuery, ContactView, CreateContact, RecordConsent, UpdateContact},
    messages::{LogQuery, MessageView, SendMessage, SettleMessage},
};
use domain::consent::State;
use entity::{
    audit::audit_event,
    contacts::consent,
    live::live_event,
    messages::{message, message_attempt},
};
use rstest::rstest;
use sea_orm::{EntityTrait, PaginatorTrait, sea_query::Expr};
use services::{
    Actor, Services, appointments, contacts, conversations, delivery, live, messages, numbers, outbox, pages, reminders, sending,
    tasks,
};
use testkit::{Backend, Fault, FaultKind, NUMBER, World};

const ANN: &str = "+14155550171";

fn of(contact: uuid::Uuid) -> LogQuery {
    LogQuery {
        contact_id: Some(contact),
        ..LogQuery::default()
    }
}

#[rstest]
#[tokio::test]
async fn law_1_a_text_is_a_row_before_anything_is_sent(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    let queued = w.reply(&ann, "Hello").await.expect("queued");
    assert_eq!((queued.status.as_str(), w.phone_got(ANN).len()), ("queued", 0));
    w.work().await;
    assert_eq!(w.phone_got(ANN), ["Hello"]);
}

#[rstest]
#[tokio::test]
async fn law_2_many_workers_at_one_message_send_it_once(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    w.reply(&ann, "Hello").await.expect("queued");
    let other = w.another_process().await;
    let crowd = (0..12).map(|i| {
        let s = if i % 2 == 0 { w.s.clone() } else { other.clone() };
        tokio::spawn(async move { sending::send_due(&s).await })
    });
    for worker in crowd.collect::<Vec<_>>() {
        worker.await.expect("no panic").expect("no error");
    }
    assert_eq!(w.phone_got(ANN), ["Hello"]);
}

#[rstest]
#[tokio::test]
async fn law_2_the_same_correlation_id_is_the_same_message(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (ann, ben) = (w.contact("Ann", ANN).await, w.contact("Ben", "+14155550172").await);
    let send = |contact_id| SendMessage {
        channel: None,
        contact_id,
        body: "Hello".to_owned(),
        correlation_id: Some("order-7".to_owned()),
        after_message_id: None,
        send_at: None,
    };
    let first = outbox::send(&w.s, &w.owner, send(ann.id)).await.expect("queued");
    let again = outbox::send(&w.s, &w.owner, send(ann.id)).await.expect("the same");
    assert_eq!(first.id, again.id);
    let somebody_else = outbox::send(&w.s, &w.owner, send(ben.id))
        .await
        .expect_err("not for another person");
    assert_eq!(somebody_else.problem().code, Code::Conflict);
    w.work().await;
    w.work().await;
    assert_eq!(w.sim.messages().len(), 1);
}

#[rstest]
#[tokio::test]
async fn law_3_a_stop_that_has_committed_is_never_followed_by_a_send(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    w.reply(&ann, "Hello").await.expect("queued");
    w.text(ANN, "Stop.").await;
    w.work().await;
    assert_eq!(w.phone_got(ANN), [""; 0]);
    let m = w.thread(&ann).await.remove(0);
    assert_eq!(
        (m.status.as_str(), m.error.as_deref()),
        ("cancelled", Some("The customer opted out."))
    );
    let refused = w.reply(&ann, "Are you sure?").await.expect_err("not after STOP");
    assert_eq!(refused.problem().code, Code::MayNotSend);
}

#[rstest]
#[tokio::test]
async fn law_3_stops_and_sends_at_the_same_moment_never_end_with_a_send_after_the_stop(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = Arc::new(World::new(backend).await);
    for round in 0..8 {
        let phone = format!("+1415555018{round}");
        let ann = w.contact("Ann", &phone).await;
        w.reply(&ann, "Hello").await.expect("queued");
        let sender = tokio::spawn({
            let w = w.clone();
            async move { sending::send_due(&w.s).await }
        });
        w.text(&phone, "STOP").await;
        sender.await.expect("no panic").expect("no error");
        let sent = w.phone_got(&phone).len();
        let state = w.thread(&ann).await.remove(0).status;
        // Either it was on its way before the STOP was in, or it was withdrawn; both agree with what the phone got.
        assert_eq!(sent == 1, state != "cancelled", "round {round}: {state}, {sent} sent");
    }
}

/// Twenty texts to one person are claimed together and set out one after another: what comes in meanwhile counts for those that have not.
#[rstest]
#[case::stop("STOP", "cancelled")]
#[case::words_of_their_own("Please take me off your list", "queued")]
#[case::a_block("(block)", "cancelled")]
#[case::another_number("(number)", "cancelled")]
#[tokio::test]
async fn law_3_what_comes_between_the_claim_and_the_call_counts(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[case] says: &str,
    #[case] ends: &str,
) {
    let w = Arc::new(World::new(backend).await);
    numbers::set_rate(&w.s, NUMBER, 100).await.expect("a fast number");
    let ann = w.contact("Ann", ANN).await;
    for n in 0..20 {
        w.reply(&ann, &format!("Text {n}")).await.expect("queued");
    }
    w.sim.set_fault(Fault::new(FaultKind::Timeout).count(20).ms(1_000));
    let sender = tokio::spawn({
        let w = w.clone();
        async move { sending::send_due(&w.s).await }
    });
    w.sim
        .wait_for(|state| state.creates().next().is_some(), std::time::Duration::from_secs(180))
        .await
        .expect("the first is out");
    match says {
        "(block)" => drop(contacts::set_blocked(&w.s, &w.owner, ann.id, true).await.expect("blocked")),
        "(number)" => {
            let cmd = UpdateContact {
                id: ann.id,
                name: "Ann".to_owned(),
                phone: "+14155550177".to_owned(),
                email: None,
                time_zone: None,
                notes: None,
            };
            contacts::update(&w.s, &w.owner, cmd).await.expect("changed");
        }
        says => drop(w.text(ANN, says).await),
    }
    let before = w.phone_got(ANN).len();
    sender.await.expect("no panic").expect("no error");
    let sent = w.phone_got(ANN).len();
    assert!(sent < 20, "all were sent before it came in");
    assert!(sent <= before + 1, "one call may be open: {before} before, {sent} in the end");
    let left = w
        .thread(&ann)
        .await
        .into_iter()
        .filter(|m| m.body.starts_with("Text") && m.provider_sid.is_none());
    let left: Vec<String> = left.map(|m| m.status).collect();
    assert_eq!(left, vec![ends; 20 - sent]);
}

#[rstest]
#[tokio::test]
async fn law_3_an_appointment_that_is_gone_since_the_claim_is_not_reminded_of(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = Arc::new(World::new(backend).await);
    numbers::set_rate(&w.s, NUMBER, 100).await.expect("a fast number");
    let ann = w.contact("Ann", ANN).await;
    let mut appointments = Vec::new();
    for hours in 30..40 {
        appointments.push(w.appointment(&ann, hours).await);
    }
    reminders::tick(&w.s).await.expect("fires");
    w.sim.set_fault(Fault::new(FaultKind::Timeout).count(10).ms(3_000));
    let sender = tokio::spawn({
        let w = w.clone();
        async move { sending::send_due(&w.s).await }
    });
    w.sim
        .wait_for(|state| state.creates().next().is_some(), std::time::Duration::from_secs(180))
        .await
        .expect("the first is out");
    let cancelled = appointments
        .iter()
        .map(|appointment| appointments::act(&w.s, &w.owner, appointment.id, AppointmentAction::Cancel));
    futures::future::try_join_all(cancelled).await.expect("cancelled");
    let before = w.phone_got(ANN).len();
    sender.await.expect("no panic").expect("no error");
    let sent = w.phone_got(ANN).len();
    assert!(sent <= before + 1 && sent < 10, "{before} before, {sent} in the end");
}

#[rstest]
#[tokio::test]
async fn law_3_consent_is_asked_in_the_claim_itself(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    w.reply(&ann, "Hello").await.expect("queued");
    // As if the STOP had not seen this text: only the claim stands between it and the phone.
    let opted_out = consent::Entity::update_many().col_expr(consent::Column::State, Expr::value("opted_out"));
    opted_out.exec(w.s.db().connection()).await.expect("changed");
    w.work().await;
    assert_eq!(w.last_message(&ann).await.status, "cancelled");
    let attempts = message_attempt::Entity::find()
        .count(w.s.db().connection())
        .await
        .expect("count");
    assert_eq!(attempts, 0, "it was never claimed");
}

#[rstest]
#[tokio::test]
async fn law_3_a_blocked_contact_gets_nothing(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    w.reply(&ann, "Hello").await.expect("queued");
    contacts::set_blocked(&w.s, &w.owner, ann.id, true).await.expect("blocked");
    w.work().await;
    assert!(w.phone_got(ANN).is_empty());
    assert_eq!(w.last_message(&ann).await.status, "cancelled");
}

#[rstest]
#[tokio::test]
async fn law_5_what_is_not_sent_says_so_and_asks_a_person(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    w.sim.set_fault(Fault::new(FaultKind::Refuse).code(21211));
    w.reply(&ann, "Hello").await.expect("queued");
    w.work().await;
    let m = w.last_message(&ann).await;
    assert_eq!((m.status.as_str(), m.error_code), ("failed", Some(21211)));
    assert!(
        m.error.is_some_and(|words| words.len() > 10 && !words.contains("21211")),
        "plain words, not a code"
    );
    let tasks = w.open_tasks().await;
    assert_eq!(tasks.len(), 1);
    assert_eq!((tasks[0].kind.as_str(), tasks[0].contact_id), ("stuck_message", Some(ann.id)));
}

fn not_found<T: std::fmt::Debug>(asked: services::Result<T>, what: &str) {
    assert_eq!(asked.expect_err(what).problem().code, Code::NotFound, "{what}");
}

async fn finds_no_contact(s: &Services, thief: &Actor, ann: &ContactView) {
    not_found(contacts::get(s, thief, ann.id).await, "get");
    not_found(pages::contact::page(s, thief, ann.id).await, "page");
    not_found(contacts::set_blocked(s, thief, ann.id, true).await, "block");
    let consent = RecordConsent {
        contact_id: ann.id,
        state: State::OptedOut,
        evidence: "x".to_owned(),
    };
    not_found(contacts::record_consent(s, thief, consent).await, "consent");
    let update = UpdateContact {
        id: ann.id,
        name: "X".to_owned(),
        phone: ANN.to_owned(),
        email: None,
        time_zone: None,
        notes: None,
    };
    not_found(contacts::update(s, thief, update).await, "update");
}

async fn finds_no_appointment(s: &Services, thief: &Actor, appointment: &AppointmentView) {
    let another = CreateAppointment {
        contact_id: appointment.contact_id,
        starts_at: "2027-02-01T10:00".to_owned(),
        ..Default::default()
    };
    not_found(appointments::create(s, thief, another).await, "create");
    not_found(appointments::get(s, thief, appointment.id).await, "visit");
    let cancelled = appointments::act(s, thief, appointment.id, AppointmentAction::Cancel).await;
    not_found(cancelled, "cancel");
    let moved = MoveAppointment {
        starts_at: "2027-02-01T10:00".to_owned(),
        ..Default::default()
    };
    not_found(appointments::reschedule(s, thief, appointment.id, moved).await, "move");
    not_found(services::reminders::send_now(s, thief, appointment.id).await, "remind");
}

async fn finds_no_text(s: &Services, thief: &Actor, ann: &ContactView, last: &MessageView) {
    let conversation = last.conversation_id;
    not_found(
        pages::thread::thread(s, thief, conversation, Default::default()).await,
        "thread",
    );
    not_found(conversations::mark_read(s, thief, conversation).await, "read");
    not_found(conversations::open_with(s, thief, ann.id).await, "open");
    let text = SendMessage {
        channel: None,
        contact_id: ann.id,
        body: "Hi".to_owned(),
        correlation_id: None,
        after_message_id: None,
        send_at: None,
    };
    not_found(outbox::send(s, thief, text).await, "send");
    not_found(messages::list(s, thief, of(ann.id)).await, "messages");
    let word = SettleMessage {
        message_id: last.id,
        arrived: true,
    };
    not_found(delivery::settle(s, thief, word).await, "settle");
}

#[rstest]
#[tokio::test]
async fn law_6_nothing_of_one_business_is_seen_or_changed_by_another(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let (ann, appointment) = w.reminded("Ann", ANN).await;
    w.text(ANN, "What?").await;
    let thief = w.another_business().await;
    let seen = live::cursor(&w.s, thief.business_id).await.expect("a cursor");
    let (s, t) = (&w.s, &thief);

    finds_no_contact(s, t, &ann).await;
    finds_no_appointment(s, t, &appointment).await;
    finds_no_text(s, t, &ann, &w.last_message(&ann).await).await;

    assert!(
        contacts::list(s, t, ContactQuery::default())
            .await
            .expect("list")
            .data
            .is_empty()
    );
    assert!(
        conversations::page(s, t, Default::default())
            .await
            .expect("list")
            .data
            .is_empty()
    );
    assert!(messages::list(s, t, LogQuery::default()).await.expect("list").data.is_empty());
    assert!(
        appointments::list(s, t, Default::default())
            .await
            .expect("list")
            .data
            .is_empty()
    );
    assert!(tasks::list(s, t, Default::default()).await.expect("list").data.is_empty());
    assert!(
        live::after(s, t, seen).await.expect("events").events.is_empty(),
        "live events are the business's own"
    );
    assert!(!live::after(s, &w.owner, 0).await.expect("events").events.is_empty());
}

#[rstest]
#[tokio::test]
async fn law_8_what_fails_leaves_no_trace_and_what_works_leaves_all(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let db = w.s.db().connection();
    let traces = async || {
        let events = live_event::Entity::find().count(db).await.expect("count");
        let audit = audit_event::Entity::find().count(db).await.expect("count");
        let texts = message::Entity::find().count(db).await.expect("count");
        (events, audit, texts)
    };
    w.contact("Ann", ANN).await;
    let (events, audit, texts) = traces().await;
    assert!(events > 0 && audit > 0);
    let again = CreateContact {
        name: "Other".to_owned(),
        phone: ANN.to_owned(),
        ..Default::default()
    };
    let refused = contacts::create(&w.s, &w.owner, again)
        .await
        .expect_err("the number is taken");
    assert_eq!(refused.problem().code, Code::Conflict);
    assert_eq!(traces().await, (events, audit, texts));
}
