//! The four outcomes of a call, retries, limits, and what nobody knows.

use chrono::Duration;
use contract::{
    Code,
    contacts::ContactView,
    messages::{MessageView, SendMessage},
};
use entity::messages::{message, message_attempt, quota_hour};
use rstest::rstest;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, sea_query::Expr};
use services::{Actor, contacts, jobs, outbox, queue::Job, sending};
use testkit::{Backend, Fault, FaultKind, World};

const ANN: &str = "+14155550171";

async fn outcomes(w: &World, m: &MessageView) -> Vec<String> {
    let rows = message_attempt::Entity::in_business(w.owner.business_id)
        .filter(message_attempt::Column::MessageId.eq(m.id))
        .order_by_asc(message_attempt::Column::Number)
        .all(w.s.db().connection())
        .await;
    rows.expect("attempts")
        .into_iter()
        .map(|a| a.outcome.unwrap_or_default())
        .collect()
}

#[rstest]
#[tokio::test]
async fn an_accepted_text_has_its_sid_and_one_attempt(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    w.reply(&ann, "Hello").await.expect("queued");
    w.work().await;
    let m = w.last_message(&ann).await;
    assert_eq!(m.status, "sending");
    assert_eq!(m.provider_sid, w.sim.sent_to(ANN).first().map(|sent| sent.sid.clone()));
    assert_eq!(outcomes(&w, &m).await, ["accepted"]);
}

#[rstest]
#[tokio::test]
async fn what_twilio_did_not_take_is_tried_again_later_and_sent_once(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    w.sim.set_fault(Fault::new(FaultKind::RateLimit).count(2));
    w.reply(&ann, "Hello").await.expect("queued");
    w.work().await;
    let m = w.last_message(&ann).await;
    assert_eq!(m.status, "queued");
    assert!(
        m.status_words.contains("tried again"),
        "a waiting message says why: {}",
        m.status_words
    );
    w.work().await;
    assert_eq!(outcomes(&w, &m).await, ["try_later"], "not before its time");
    for _ in 0..2 {
        w.clock.advance(Duration::seconds(3));
        w.work().await;
    }
    assert_eq!(outcomes(&w, &m).await, ["try_later", "try_later", "accepted"]);
    assert_eq!(w.phone_got(ANN), ["Hello"]);
}

/// 429 is pace, not failure: it uses up no try, and no place in the business's hour.
#[rstest]
#[tokio::test]
async fn ten_times_too_fast_and_then_taken_it_is_sent_once_and_never_failed(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    w.sim.set_fault(Fault::new(FaultKind::RateLimit).count(10));
    w.reply(&ann, "Hello").await.expect("queued");
    let mut seconds = 0;
    while w.phone_got(ANN).is_empty() {
        w.work().await;
        let m = w.last_message(&ann).await;
        assert!(
            ["queued", "sending"].contains(&m.status.as_str()),
            "{}: {:?}",
            m.status,
            m.error
        );
        w.clock.advance(Duration::seconds(1));
        seconds += 1;
        assert!(seconds < 120, "{} calls in two minutes", w.sim.creates_to(ANN).len());
    }
    let m = w.last_message(&ann).await;
    let row = message::Entity::find_by_id(m.id)
        .one(w.s.db().connection())
        .await
        .expect("answers")
        .expect("a row");
    assert_eq!(row.attempts, 11);
    assert_eq!((w.sim.creates_to(ANN).len(), w.phone_got(ANN).len()), (11, 1));
    assert!(w.open_tasks().await.is_empty());
    let hours = quota_hour::Entity::find().all(w.s.db().connection()).await.expect("hours");
    assert_eq!(hours.iter().map(|h| h.used).sum::<i32>(), 1, "one text of the hour's");
}

#[rstest]
#[tokio::test]
async fn a_reply_waits_a_day_for_pace_and_then_a_person_is_asked(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    w.sim.set_fault(Fault::new(FaultKind::RateLimit).count(999));
    w.reply(&ann, "Hello").await.expect("queued");
    for hour in 0..27 {
        w.work().await;
        let m = w.last_message(&ann).await;
        if hour < 24 {
            assert_eq!(m.status, "queued", "after {hour} hours");
            assert!(m.status_words.contains("takes no more"), "{}", m.status_words);
        }
        w.clock.advance(Duration::hours(1));
    }
    let m = w.last_message(&ann).await;
    assert_eq!((m.status.as_str(), m.error_code), ("failed", Some(20429)));
    assert!(m.error.is_some_and(|words| words.contains("in a day")));
    assert_eq!(w.open_tasks().await.len(), 1);
    assert!(w.phone_got(ANN).is_empty());
}

#[rstest]
#[case::sent_before_the_error(Backend::Sqlite, FaultKind::ErrorAfter)]
#[case::sent_before_the_error(Backend::Postgres, FaultKind::ErrorAfter)]
#[case::connection_lost_after_it_was_taken(Backend::Sqlite, FaultKind::ResetAfter)]
#[case::connection_lost_after_it_was_taken(Backend::Postgres, FaultKind::ResetAfter)]
#[case::no_answer_in_time(Backend::Sqlite, FaultKind::Timeout)]
#[case::no_answer_in_time(Backend::Postgres, FaultKind::Timeout)]
#[tokio::test]
async fn an_unclear_outcome_is_found_in_twilios_log_and_never_sent_again(#[case] backend: Backend, #[case] fault: FaultKind) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    w.sim.set_fault(Fault::new(fault).ms(20_000));
    w.reply(&ann, "Hello").await.expect("queued");
    w.work().await;
    let m = w.last_message(&ann).await;
    assert_eq!((m.status.as_str(), m.provider_sid.as_ref()), ("unknown", None));
    w.clock.advance(Duration::minutes(1));
    w.work().await;
    jobs::perform(&w.s, Job::Resolve { message_id: m.id }).await.expect("looks");
    let m = w.last_message(&ann).await;
    assert_eq!(m.status, "sending");
    assert_eq!(m.provider_sid, w.sim.sent_to(ANN).first().map(|sent| sent.sid.clone()));
    assert_eq!(w.phone_got(ANN), ["Hello"]);
    assert!(w.open_tasks().await.is_empty());
}

#[rstest]
#[tokio::test]
async fn what_twilios_log_does_not_show_goes_to_a_person_not_out_again(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    w.sim.set_fault(Fault::new(FaultKind::ErrorBefore));
    w.reply(&ann, "Hello").await.expect("queued");
    w.work().await;
    let m = w.last_message(&ann).await;
    for minute in [0, 5, 14] {
        assert!(
            w.open_tasks().await.is_empty(),
            "nobody is bothered before minute 14: {minute}"
        );
        jobs::perform(&w.s, Job::Resolve { message_id: m.id }).await.expect("looks");
        w.clock.advance(Duration::minutes(if minute == 5 { 10 } else { 5 }));
        w.work().await;
    }
    jobs::perform(&w.s, Job::Resolve { message_id: m.id }).await.expect("looks");
    assert_eq!(w.last_message(&ann).await.status, "unknown");
    assert_eq!(w.open_tasks().await.len(), 1);
    assert!(w.phone_got(ANN).is_empty());
}

#[rstest]
#[tokio::test]
async fn two_unclear_texts_with_the_same_words_each_find_their_own_record(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    w.sim.set_fault(Fault::new(FaultKind::ErrorAfter).count(2));
    let first = w.reply(&ann, "On our way").await.expect("queued");
    let second = w.reply(&ann, "On our way").await.expect("queued");
    w.work().await;
    for m in [&first, &second] {
        jobs::perform(&w.s, Job::Resolve { message_id: m.id }).await.expect("looks");
    }
    let sids: Vec<_> = w
        .thread(&ann)
        .await
        .into_iter()
        .map(|m| m.provider_sid.expect("found"))
        .collect();
    assert_ne!(sids[0], sids[1]);
}

#[rstest]
#[tokio::test]
async fn a_claim_whose_process_died_is_unclear_not_waiting(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    let m = w.reply(&ann, "Hello").await.expect("queued");
    // A process that hangs in the call and is then gone.
    w.sim.set_fault(Fault::new(FaultKind::Timeout).ms(60_000));
    let s = w.another_process().await;
    let dying = tokio::spawn(async move { sending::send_due(&s).await });
    w.sim
        .wait_for(|state| state.messages().count() > 0, std::time::Duration::from_secs(180))
        .await
        .expect("the call is in the air");
    dying.abort();
    assert_eq!(w.last_message(&ann).await.status, "sending");
    jobs::tick(&w.s).await.expect("looks");
    assert_eq!(w.last_message(&ann).await.status, "sending", "the owner may still be at it");
    w.clock.advance(Duration::seconds(51));
    jobs::tick(&w.s).await.expect("looks");
    assert_eq!(w.last_message(&ann).await.status, "unknown");
    w.work().await;
    jobs::perform(&w.s, Job::Resolve { message_id: m.id }).await.expect("looks");
    assert_eq!(w.phone_got(ANN), ["Hello"]);
    assert_eq!(w.last_message(&ann).await.status, "sending");
}

#[rstest]
#[tokio::test]
async fn over_its_hourly_limit_a_business_waits_and_says_until_when(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    for n in 0..103 {
        w.reply(&ann, &format!("Text {n}")).await.expect("queued");
    }
    w.work().await;
    assert_eq!(w.phone_got(ANN).len(), 100);
    let held = w.last_message(&ann).await;
    assert_eq!(held.status, "queued");
    assert!(held.status_words.contains("11:00 AM"), "{}", held.status_words);
    w.clock.advance(Duration::hours(1));
    w.work().await;
    assert_eq!(w.phone_got(ANN).len(), 103, "nothing is dropped");
}

#[rstest]
#[tokio::test]
async fn twilios_block_becomes_an_opt_out(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    w.sim.set_fault(Fault::new(FaultKind::Refuse).code(21610));
    w.reply(&ann, "Hello").await.expect("queued");
    let second = w.reply(&ann, "Anybody there?").await.expect("queued");
    // In the same round it would set out a tenth of a second after the first, whatever a slow machine knows by then.
    message::Entity::update_many()
        .col_expr(message::Column::NotBefore, Expr::value(w.clock.now() + Duration::hours(1)))
        .filter(message::Column::Id.eq(second.id))
        .exec(w.s.db().connection())
        .await
        .expect("put off");
    w.work().await;
    let state = w.see_contact(&ann).await.consent.sms;
    assert_eq!(state, domain::consent::State::OptedOut);
    let statuses: Vec<_> = w.thread(&ann).await.into_iter().map(|m| m.status).collect();
    assert_eq!(statuses, ["failed", "cancelled"]);
}

#[rstest]
#[tokio::test]
async fn a_text_whose_number_cannot_be_read_keeps_nobody_waiting(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    let ben = w.contact("Ben", "+14155550172").await;
    let broken = w.reply(&ann, "Hello").await.expect("queued");
    w.reply(&ben, "Hello").await.expect("queued");
    message::Entity::update_many()
        .col_expr(message::Column::Theirs, Expr::cust("theirs || 'AAAA'"))
        .filter(message::Column::Id.eq(broken.id))
        .exec(w.s.db().connection())
        .await
        .expect("damaged");
    w.work().await;
    assert_eq!(w.phone_got("+14155550172").len(), 1);
    let row = message::Entity::find_by_id(broken.id)
        .one(w.s.db().connection())
        .await
        .expect("answers");
    let why = row.expect("there").wait_reason.unwrap_or_default();
    assert!(why.contains("can't be read"), "{why}");
}

/// Texts that are written at the same moment share a transaction: what is refused leaves the others alone, and nothing behind.
#[rstest]
#[tokio::test]
async fn of_texts_written_together_each_is_answered_for_itself(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    let ben = w.contact("Ben", "+14155550172").await;
    let cid = w.contact("Cid", "+14155550173").await;
    contacts::set_blocked(&w.s, &w.owner, cid.id, true).await.expect("blocked");
    let garage = w.another_business().await;
    let write = |actor: &Actor, to: &ContactView, body: String, id: Option<&str>| {
        let cmd = SendMessage {
            channel: None,
            contact_id: to.id,
            body,
            correlation_id: id.map(str::to_owned),
            after_message_id: None,
            send_at: None,
        };
        let (s, actor) = (&w.s, actor.clone());
        async move { outbox::send(s, &actor, cmd).await.map_err(|e| e.problem().code) }
    };
    let mut texts: Vec<_> = (0..10)
        .map(|n| write(&w.owner, if n % 2 == 0 { &ann } else { &ben }, format!("Text {n}"), None))
        .collect();
    texts.push(write(&w.owner, &ann, "Once".to_owned(), Some("once")));
    texts.push(write(&w.owner, &ann, "Once".to_owned(), Some("once")));
    texts.push(write(&w.owner, &ben, "Once".to_owned(), Some("once")));
    texts.push(write(&w.owner, &cid, "Blocked".to_owned(), None));
    texts.push(write(&garage, &ann, "Not theirs".to_owned(), None));
    let mut answers = futures::future::join_all(texts).await;
    let refused: Vec<Option<Code>> = answers.drain(12..).map(Result::err).collect();
    assert_eq!(refused, [Some(Code::Conflict), Some(Code::MayNotSend), Some(Code::NotFound)]);
    let stored: Vec<MessageView> = answers.into_iter().map(|one| one.expect("stored")).collect();
    assert_eq!(stored[10].id, stored[11].id, "the same id is the same text");
    let rows = message::Entity::find().all(w.s.db().connection()).await.expect("rows");
    assert_eq!(rows.len(), 11, "what was refused is not there");
    for (n, m) in stored.iter().enumerate().take(10) {
        assert_eq!(m.body, format!("Text {n}"), "each got its own answer");
        assert_eq!(m.contact_id, if n % 2 == 0 { ann.id } else { ben.id });
    }
    w.work().await;
    let texts = ["Text 0", "Text 2", "Text 4", "Text 6", "Text 8", "Once"];
    let got: std::collections::BTreeSet<String> = w.phone_got(ANN).into_iter().collect();
    assert_eq!((got, w.phone_got(ANN).len()), (texts.map(str::to_owned).into(), 6));
    assert_eq!(w.phone_got("+14155550173"), [""; 0]);
}

/// Having been too fast says nothing about the way there.
#[rstest]
#[tokio::test]
async fn a_connection_that_fails_after_many_429s_is_tried_again_within_seconds(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let cut_off = w.process_cut_off().await;
    let ann = w.contact("Ann", ANN).await;
    w.sim.set_rate(w.sim.account_sid(), Some(0));
    w.reply(&ann, "Hello").await.expect("queued");
    for _ in 0..6 {
        w.work().await;
        w.clock.advance(Duration::seconds(10));
    }
    assert!(w.sim.creates_to(ANN).len() > 3, "{}", w.sim.creates_to(ANN).len());
    w.sim.set_rate(w.sim.account_sid(), None);
    sending::send_due(&cut_off).await.expect("nobody there");
    w.clock.advance(Duration::seconds(7));
    w.work().await;
    assert_eq!(w.phone_got(ANN), ["Hello"]);
}

/// One works for all who came meanwhile; if their caller hangs up, the others must not notice.
#[rstest]
#[tokio::test]
async fn who_hangs_up_while_texts_are_written_breaks_nobody_elses(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    let write = |body: String| {
        let cmd = SendMessage {
            channel: None,
            contact_id: ann.id,
            body,
            correlation_id: None,
            after_message_id: None,
            send_at: None,
        };
        Box::pin(outbox::send(&w.s, &w.owner, cmd))
    };
    // As many as may work at once, then one who will work for those behind.
    let at_once = if backend == Backend::Postgres { 2 } else { 1 };
    let mut busy: Vec<_> = (0..at_once).map(|n| write(format!("Busy {n}"))).collect();
    for one in &mut busy {
        assert!(futures::poll!(one).is_pending());
    }
    let mut leader = write("Leader".to_owned());
    assert!(futures::poll!(&mut leader).is_pending());
    let mut behind: Vec<_> = (0..10).map(|n| write(format!("Behind {n}"))).collect();
    for one in &mut behind {
        assert!(futures::poll!(one).is_pending());
    }
    for one in busy {
        one.await.expect("stored");
    }
    let _ = futures::poll!(&mut leader);
    drop(leader);
    for one in behind {
        one.await.expect("stored");
    }
}
