//! Texts that wait by the will of who wrote them: a reply for the seconds in which it can be taken back, a text for its own time.

use chrono::{DateTime, Duration, Utc};
use contract::{
    Code,
    accounts::Role,
    contacts::ContactView,
    conversations::Place,
    messages::{ChangeLater, MessageIds, MessageView, SendMessage},
};
use entity::contacts::consent;
use rstest::rstest;
use sea_orm::{EntityTrait, sea_query::Expr};
use services::{
    Actor, accounts, conversations,
    outbox::{self, change, resume, send_now, undo},
    pages, sending, tasks,
};
use testkit::{Backend, World, member};
use uuid::Uuid;

const ANN: &str = "+14155550111";

fn code(result: services::Result<impl std::fmt::Debug>) -> Code {
    result.expect_err("it is refused").problem().code
}

/// A member with an account of their own, whose replies are held for five seconds.
async fn staff(w: &World) -> Actor {
    member(&w.s, w.owner.business_id, Role::Staff, "sam@example.com", "correct horse").await
}

fn text(contact: &ContactView, body: &str, send_at: Option<DateTime<Utc>>) -> SendMessage {
    SendMessage {
        contact_id: contact.id,
        body: body.to_owned(),
        channel: None,
        correlation_id: None,
        after_message_id: None,
        send_at,
    }
}

async fn writes(w: &World, by: &Actor, contact: &ContactView, body: &str) -> MessageView {
    outbox::send(&w.s, by, text(contact, body, None)).await.expect("a reply")
}

async fn schedules(w: &World, contact: &ContactView, body: &str, hours: i64) -> MessageView {
    let at = w.clock.now() + Duration::hours(hours);
    outbox::send(&w.s, &w.owner, text(contact, body, Some(at)))
        .await
        .expect("a text for later")
}

async fn needs_answer(w: &World, contact: &ContactView) -> bool {
    let id = conversations::open_with(&w.s, &w.owner, contact.id).await.expect("a thread");
    let thread = pages::thread::thread(&w.s, &w.owner, id, Place::Newest)
        .await
        .expect("a thread");
    thread.conversation.needs_answer
}

async fn draft(w: &World, of: &Actor, contact: &ContactView) -> Option<String> {
    let id = conversations::open_with(&w.s, of, contact.id).await.expect("a thread");
    let thread = pages::thread::thread(&w.s, of, id, Place::Newest).await.expect("a thread");
    thread.draft.map(|draft| draft.body)
}

/// The clock goes on, and what is due goes out.
async fn after(w: &World, time: Duration) {
    w.clock.advance(time);
    w.work().await;
}

async fn kept(w: &World, contact: &ContactView, id: Uuid) -> MessageView {
    let thread = w.thread(contact).await;
    thread.into_iter().find(|m| m.id == id).expect("it is kept")
}

#[rstest]
#[tokio::test]
async fn a_reply_goes_out_when_nobody_took_it_back_within_five_seconds(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let (ann, sam) = (w.contact("Ann", ANN).await, staff(&w).await);
    let held = writes(&w, &sam, &ann, "See you on Tuesday").await;
    assert_eq!(held.undo_until, Some(w.clock.now() + Duration::seconds(5)));
    after(&w, Duration::milliseconds(4_999)).await;
    assert!(w.phone_got(ANN).is_empty(), "it can still be taken back");
    after(&w, Duration::milliseconds(1)).await;
    assert_eq!(w.phone_got(ANN), ["See you on Tuesday"]);
    let late = undo(&w.s, &sam, held.id).await;
    assert_eq!(code(late), Code::Conflict);
    assert_eq!(w.last_message(&ann).await.undo_until, None);
}

#[rstest]
#[tokio::test]
async fn who_takes_a_reply_back_has_its_text_again_and_the_customer_waits_as_before(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let (ann, sam) = (w.contact("Ann", ANN).await, staff(&w).await);
    w.text(ANN, "Do you have parking?").await;
    assert!(needs_answer(&w, &ann).await);
    let held = writes(&w, &sam, &ann, "No!!").await;
    assert!(!needs_answer(&w, &ann).await);
    let undone = undo(&w.s, &sam, held.id).await.expect("taken back");
    assert_eq!((undone.status.as_str(), undone.undo_until), ("cancelled", None));
    assert_eq!(draft(&w, &sam, &ann).await.as_deref(), Some("No!!"));
    assert!(needs_answer(&w, &ann).await, "nobody has answered");
    undo(&w.s, &sam, held.id).await.expect("twice is harmless");
    after(&w, Duration::hours(1)).await;
    assert!(w.phone_got(ANN).is_empty());
}

/// What was taken back stays so, also when the browser that never heard of it hands the same reply in once more.
#[rstest]
#[tokio::test]
async fn a_repeat_of_what_was_taken_back_is_not_sent(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (ann, sam) = (w.contact("Ann", ANN).await, staff(&w).await);
    let reply = SendMessage {
        correlation_id: Some("made in the browser".to_owned()),
        ..text(&ann, "Too soon", None)
    };
    let held = outbox::send(&w.s, &sam, reply.clone()).await.expect("a reply");
    undo(&w.s, &sam, held.id).await.expect("taken back");
    let again = outbox::send(&w.s, &sam, reply).await.expect("known");
    assert_eq!((again.id, again.status.as_str()), (held.id, "cancelled"));
    after(&w, Duration::hours(1)).await;
    assert!(w.phone_got(ANN).is_empty());
}

/// At the very moment in which it is due: whoever is first has it, and never both.
#[rstest]
#[tokio::test]
async fn a_reply_is_either_sent_or_taken_back(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let sam = staff(&w).await;
    let other = w.another_process().await;
    for round in 0..24 {
        let phone = format!("+141555501{round:02}");
        let ann = w.contact("Ann", &phone).await;
        let held = writes(&w, &sam, &ann, "Now or never").await;
        w.clock.advance(Duration::seconds(5));
        let handed = async || Box::pin(sending::send_due(&other)).await;
        // Surely the one first, surely the other, and then as it comes.
        let (handed, taken_back) = match round {
            0 => (handed().await, undo(&w.s, &sam, held.id).await),
            1 => {
                let taken_back = undo(&w.s, &sam, held.id).await;
                (handed().await, taken_back)
            }
            _ => tokio::join!(handed(), async {
                for _ in 0..round * 4 {
                    tokio::task::yield_now().await;
                }
                undo(&w.s, &sam, held.id).await
            }),
        };
        handed.expect("the outbox works");
        w.work().await;
        let got = w.phone_got(&phone).len();
        if round < 2 {
            assert_eq!(taken_back.is_ok(), round == 1, "who is first has it");
        }
        match taken_back {
            Ok(view) => {
                assert_eq!((view.status.as_str(), got), ("cancelled", 0), "taken back, so never sent");
            }
            Err(why) => {
                assert_eq!((why.problem().code, got), (Code::Conflict, 1), "not taken back, so sent once");
            }
        }
    }
}

#[rstest]
#[tokio::test]
async fn how_long_is_for_each_person_to_say(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (ann, sam) = (w.contact("Ann", ANN).await, staff(&w).await);
    accounts::set_undo_seconds(&w.s, &sam, 10).await.expect("set");
    let held = writes(&w, &sam, &ann, "Held").await;
    assert_eq!(held.undo_until, Some(w.clock.now() + Duration::seconds(10)));
    undo(&w.s, &sam, held.id).await.expect("taken back");
    accounts::set_undo_seconds(&w.s, &sam, 0).await.expect("set");
    let sent = writes(&w, &sam, &ann, "At once").await;
    assert_eq!(sent.undo_until, None);
    w.work().await;
    assert_eq!(w.phone_got(ANN), ["At once"]);
    for wrong in [-1, 1, 60] {
        assert_eq!(code(accounts::set_undo_seconds(&w.s, &sam, wrong).await), Code::Invalid);
    }
}

/// Nothing but its time ends the hold: not the end of what held back others, and not the allowance for clocks that differ.
#[rstest]
#[tokio::test]
async fn nothing_shortens_the_seconds_or_brings_a_time_forward(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (ann, sam) = (w.contact("Ann", ANN).await, staff(&w).await);
    writes(&w, &sam, &ann, "Held").await;
    schedules(&w, &ann, "Tomorrow", 24).await;
    let limits = contract::businesses::UpdateLimits {
        monthly_budget: String::new(),
        hourly_limit: "900".to_owned(),
    };
    services::businesses::sending::update_limits(&w.s, &w.owner, limits)
        .await
        .expect("limits");
    w.work().await;
    after(&w, Duration::seconds(3)).await;
    assert!(w.phone_got(ANN).is_empty());
    after(&w, Duration::seconds(2)).await;
    assert_eq!(w.phone_got(ANN), ["Held"]);
}

#[rstest]
#[tokio::test]
async fn a_text_for_later_goes_out_at_its_time_and_says_it_until_then(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    let waits = schedules(&w, &ann, "How was your visit?", 26).await;
    assert_eq!(waits.status_words, "Scheduled for Tue, Jan 5 at 12:00 PM.");
    assert!(waits.is_for_later() && !waits.paused);
    after(&w, Duration::hours(26) - Duration::seconds(1)).await;
    assert!(w.phone_got(ANN).is_empty());
    after(&w, Duration::seconds(1)).await;
    assert_eq!(w.phone_got(ANN), ["How was your visit?"]);
    let id = conversations::open_with(&w.s, &w.owner, ann.id).await.expect("a thread");
    let thread = pages::thread::thread(&w.s, &w.owner, id, Place::Newest)
        .await
        .expect("a thread");
    assert_eq!(
        thread.conversation.last_at,
        w.clock.now(),
        "it stands in the inbox as of when it went out"
    );
    assert_eq!(thread.messages[0].at(), w.clock.now());
}

#[rstest]
#[tokio::test]
async fn what_is_asked_at_any_sending_is_asked_at_its_time(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    let waits = schedules(&w, &ann, "How was your visit?", 24).await;
    // As if the STOP had not seen this text: only what is asked at its time stands between it and the phone.
    let opted_out = consent::Entity::update_many().col_expr(consent::Column::State, Expr::value("opted_out"));
    opted_out.exec(w.s.db().connection()).await.expect("changed");
    after(&w, Duration::hours(25)).await;
    assert!(w.phone_got(ANN).is_empty());
    assert_eq!(kept(&w, &ann, waits.id).await.status, "cancelled");
}

#[rstest]
#[tokio::test]
async fn a_stop_ends_what_was_written_for_later(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    let waits = schedules(&w, &ann, "How was your visit?", 24).await;
    w.text(ANN, "STOP").await;
    assert!(!needs_answer(&w, &ann).await, "a STOP is done");
    after(&w, Duration::hours(25)).await;
    let got = w.phone_got(ANN);
    assert!(!got.iter().any(|body| body == "How was your visit?"), "{got:?}");
    let ended = kept(&w, &ann, waits.id).await;
    assert_eq!(
        (ended.status.as_str(), ended.error.as_deref()),
        ("cancelled", Some("The customer opted out."))
    );
}

#[rstest]
#[tokio::test]
async fn who_writes_first_pauses_it_and_a_person_decides(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    let waits = schedules(&w, &ann, "Are you coming?", 24).await;
    w.text(ANN, "I moved to another town, sorry").await;
    let paused = kept(&w, &ann, waits.id).await;
    assert!(paused.paused && paused.status_words.starts_with("Paused, because the customer wrote."));
    assert!(needs_answer(&w, &ann).await);
    after(&w, Duration::hours(48)).await;
    assert!(w.phone_got(ANN).is_empty(), "nobody has decided");
    resume(&w.s, &w.owner, waits.id).await.expect("it goes out all the same");
    w.work().await;
    assert_eq!(w.phone_got(ANN), ["Are you coming?"]);
    assert!(!needs_answer(&w, &ann).await);
}

/// Also what a machine understands, for what was written before may not fit any more; and a person hears of it.
#[rstest]
#[tokio::test]
async fn an_answer_that_needs_nobody_pauses_it_too_and_is_not_silent(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let (ann, _) = w.reminded("Ann", ANN).await;
    let waits = schedules(&w, &ann, "Will you come?", 4).await;
    w.text(ANN, "Y").await;
    let thread = w.thread(&ann).await;
    assert!(thread.iter().any(|m| m.id == waits.id && m.paused));
    assert!(needs_answer(&w, &ann).await);
}

#[rstest]
#[tokio::test]
async fn its_words_and_its_time_can_be_changed_and_it_can_go_at_once_or_never(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let (ann, sam) = (w.contact("Ann", ANN).await, staff(&w).await);
    w.text(ANN, "When do you open tomorrow?").await;
    let waits = schedules(&w, &ann, "At nine", 10).await;
    assert!(!needs_answer(&w, &ann).await, "somebody has seen to it");
    let new = ChangeLater {
        body: "At ten ✂".to_owned(),
        send_at: w.clock.now() + Duration::hours(3),
    };
    let gap = ChangeLater {
        body: "At {{ time }}".to_owned(),
        ..new.clone()
    };
    assert_eq!(code(change(&w.s, &sam, waits.id, gap).await), Code::Invalid, "a gap");
    let changed = change(&w.s, &w.owner, waits.id, new.clone()).await.expect("changed");
    assert_eq!((changed.body.as_str(), changed.send_at), ("At ten ✂", Some(new.send_at)));
    let past = ChangeLater {
        send_at: w.clock.now(),
        ..new.clone()
    };
    assert_eq!(code(change(&w.s, &w.owner, waits.id, past).await), Code::Invalid);
    send_now(&w.s, &w.owner, waits.id).await.expect("now");
    w.work().await;
    assert_eq!(w.phone_got(ANN), ["At ten ✂"]);
    assert_eq!(code(change(&w.s, &w.owner, waits.id, new).await), Code::Conflict);

    w.text(ANN, "And on Sunday?").await;
    let other = schedules(&w, &ann, "Closed", 10).await;
    let ids = MessageIds { ids: vec![other.id] };
    let done = outbox::cancel_many(&w.s, &w.owner, ids).await.expect("cancelled");
    assert_eq!(done.done, [other.id]);
    assert!(needs_answer(&w, &ann).await, "nobody has answered");
    after(&w, Duration::hours(11)).await;
    assert_eq!(w.phone_got(ANN).len(), 1);
}

#[rstest]
#[tokio::test]
async fn a_time_that_is_past_or_too_far_and_one_too_many_are_refused(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    let now = w.clock.now();
    for at in [now, now - Duration::days(1), now + Duration::days(731)] {
        let refused = outbox::send(&w.s, &w.owner, text(&ann, "Hello", Some(at))).await;
        assert_eq!(code(refused), Code::Invalid);
    }
    for n in 0..20 {
        schedules(&w, &ann, &format!("Number {n}"), 24 + n).await;
    }
    let one_more = outbox::send(&w.s, &w.owner, text(&ann, "Hello", Some(now + Duration::days(2)))).await;
    assert_eq!(code(one_more), Code::Invalid);
    writes(&w, &w.owner, &ann, "Now").await;
}

/// Another business can neither see nor touch it.
#[rstest]
#[tokio::test]
async fn another_business_finds_nothing(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (ann, stranger) = (w.contact("Ann", ANN).await, w.another_business().await);
    let waits = schedules(&w, &ann, "Hello", 24).await;
    let new = ChangeLater {
        body: "Other".to_owned(),
        send_at: w.clock.now() + Duration::hours(3),
    };
    assert_eq!(code(undo(&w.s, &stranger, waits.id).await), Code::NotFound);
    assert_eq!(code(change(&w.s, &stranger, waits.id, new).await), Code::NotFound);
    assert_eq!(code(send_now(&w.s, &stranger, waits.id).await), Code::NotFound);
    assert_eq!(code(resume(&w.s, &stranger, waits.id).await), Code::NotFound);
    assert_eq!(code(undo(&w.s, &w.owner, Uuid::now_v7()).await), Code::NotFound);
    assert_eq!(kept(&w, &ann, waits.id).await, waits, "it is as it was");
}

/// A task that the reply settled is open again.
#[rstest]
#[tokio::test]
async fn what_the_reply_had_settled_is_open_again(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (ann, _) = w.reminded("Ann", ANN).await;
    let sam = staff(&w).await;
    w.text(ANN, "yes but can we make it half past?").await;
    let open = async || {
        let all = tasks::list(&w.s, &w.owner, Default::default()).await.expect("tasks").data;
        all.into_iter().filter(|task| task.contact_id == Some(ann.id)).count()
    };
    assert_eq!(open().await, 1);
    let held = writes(&w, &sam, &ann, "Yes we can").await;
    assert_eq!(open().await, 0);
    undo(&w.s, &sam, held.id).await.expect("taken back");
    assert_eq!(open().await, 1);
}
