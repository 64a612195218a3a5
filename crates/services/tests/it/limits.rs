//! Limits, priorities, breakers and the budget: what is over a limit waits and says why; nothing is dropped, nothing starves.

use chrono::Duration;
use contract::{messages::LogQuery, tasks::TaskView};
use entity::{
    businesses::business,
    messages::{account_pace, message},
    numbers::number,
};
use rstest::rstest;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, sea_query::Expr};
use services::{Services, messages, numbers, outbox, pages, reconcile, sending, tasks};
use testkit::{Backend, Fault, FaultKind, NUMBER, World};

const ANN: &str = "+14155550171";

fn phone(n: usize) -> String {
    format!("+1415555{:04}", 1000 + n)
}

async fn budget(w: &World, micros: i64) {
    business::Entity::update_many()
        .col_expr(business::Column::MonthlyBudget, Expr::value(micros))
        .filter(business::Column::Id.eq(w.owner.business_id))
        .exec(w.s.db().connection())
        .await
        .expect("set");
}

async fn kinds(w: &World) -> Vec<String> {
    let shown = pages::notices::list(&w.s, &w.owner).await.expect("notices");
    shown.into_iter().map(|n| n.kind).collect()
}

#[rstest]
#[tokio::test]
async fn reminders_leave_at_their_numbers_pace_and_say_when_their_turn_is(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    numbers::set_pace(&w.s, NUMBER, 1).await.expect("set");
    // A minute's worth may run ahead; the rest gets turns, one a second.
    for n in 0..70 {
        let c = Box::pin(w.contact("Somebody", &phone(n))).await;
        Box::pin(w.appointment(&c, 30)).await;
    }
    w.work().await;
    let sent = w.sim.messages().len();
    assert!((60..=62).contains(&sent), "{sent} at once");
    let waiting = message::Entity::in_business(w.owner.business_id)
        .filter(message::Column::Status.eq("queued"))
        .all(w.s.db().connection())
        .await
        .expect("messages");
    let why = waiting[0].wait_reason.clone().unwrap_or_default();
    assert!(why.contains("turn") && why.contains("10:00 AM"), "{why}");
    for _ in 0..12 {
        w.clock.advance(Duration::seconds(1));
        w.work().await;
    }
    assert_eq!(w.sim.messages().len(), 70, "nothing is dropped");
}

#[rstest]
#[tokio::test]
async fn an_answer_to_a_customer_overtakes_reminders_that_wait_for_their_turn(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    for n in 0..80 {
        let c = Box::pin(w.contact("Somebody", &phone(n))).await;
        Box::pin(w.appointment(&c, 30)).await;
    }
    w.work().await;
    assert!(w.sim.messages().len() < 80, "some wait");
    let ann = w.contact("Ann", ANN).await;
    w.reply(&ann, "Yes, you can park there.").await.expect("queued");
    w.work().await;
    assert_eq!(w.phone_got(ANN), ["Yes, you can park there."]);
}

#[rstest]
#[tokio::test]
async fn replies_are_first_but_reminders_do_not_starve(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let chatty = w.contact("Chatty", ANN).await;
    for n in 0..5 {
        let c = Box::pin(w.contact("Somebody", &phone(n))).await;
        Box::pin(w.appointment(&c, 30)).await;
    }
    services::reminders::tick(&w.s).await.expect("fires");
    for n in 0..95 {
        w.reply(&chatty, &format!("Text {n}")).await.expect("queued");
    }
    // The hour has room for 100; all are due at once.
    w.work().await;
    let reminded = (0..5).filter(|n| !w.phone_got(&phone(*n)).is_empty()).count();
    assert_eq!((w.sim.messages().len(), reminded), (100, 5));
}

#[rstest]
#[tokio::test]
async fn several_workers_together_keep_to_the_limit(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    for n in 0..110 {
        let c = Box::pin(w.contact("Somebody", &phone(n))).await;
        w.reply(&c, "Hello").await.expect("queued");
    }
    let workers = (0..4).map(|_| async {
        let s = Box::pin(w.another_process()).await;
        sending::send_due(&s).await.expect("sends")
    });
    let handed: usize = futures::future::join_all(workers).await.into_iter().sum();
    assert_eq!((handed, w.sim.messages().len()), (100, 100));
    w.clock.advance(Duration::hours(1));
    w.work().await;
    assert_eq!(w.sim.messages().len(), 110);
}

#[rstest]
#[tokio::test]
async fn the_account_sends_no_faster_than_its_limit_from_several_workers(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::with_account_limit(backend, 10).await;
    for n in 0..40 {
        let c = Box::pin(w.contact("Somebody", &phone(n))).await;
        w.reply(&c, "Hello").await.expect("queued");
    }
    let mut sent = Vec::new();
    for _ in 0..5 {
        let workers = (0..3).map(|_| async {
            let s = Box::pin(w.another_process()).await;
            sending::send_due(&s).await.expect("sends")
        });
        futures::future::join_all(workers).await;
        sent.push(w.sim.messages().len());
        w.clock.advance(Duration::seconds(1));
    }
    // A second's worth may run ahead.
    let at_most = |second: usize| 11 + 10 * second;
    let too_fast = sent.iter().enumerate().find(|(second, sent)| **sent > at_most(*second));
    assert_eq!(too_fast, None, "{sent:?}");
    assert!(sent[0] >= 10 && sent.last() == Some(&40), "{sent:?}");
}

#[rstest]
#[tokio::test]
async fn when_twilio_says_slower_the_whole_account_rests(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    let ben = w.contact("Ben", "+14155550172").await;
    w.sim.set_fault(Fault::new(FaultKind::RateLimit).ms(30_000).count(1));
    w.reply(&ann, "Hello").await.expect("queued");
    w.work().await;
    w.reply(&ben, "Hello").await.expect("queued");
    w.work().await;
    let held = w.last_message(&ben).await;
    assert!(held.status_words.contains("takes no more"), "{}", held.status_words);
    assert!(w.sim.messages().is_empty());
    w.clock.advance(Duration::seconds(31));
    w.work().await;
    assert_eq!(w.sim.messages().len(), 2);
}

#[rstest]
#[tokio::test]
async fn after_five_failures_in_a_row_texts_wait_and_one_tries_the_way_again(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    w.sim.set_fault(Fault::new(FaultKind::ErrorBefore).count(5));
    for n in 0..5 {
        let c = Box::pin(w.contact("Somebody", &phone(n))).await;
        w.reply(&c, "Hello").await.expect("queued");
        w.work().await;
    }
    assert_eq!(kinds(&w).await, ["account_breaker"]);
    let ann = w.contact("Ann", ANN).await;
    let ben = w.contact("Ben", "+14155550172").await;
    for person in [&ann, &ben] {
        w.reply(person, "Hello").await.expect("queued");
    }
    w.work().await;
    let held = w.last_message(&ann).await;
    assert!(
        held.status == "queued" && held.status_words.contains("tried again"),
        "{}: {}",
        held.status,
        held.status_words
    );
    assert!(w.sim.messages().is_empty(), "the breaker is open");
    // One call shows whether the way is free; the other text waits for what it says.
    w.clock.advance(Duration::seconds(31));
    w.work().await;
    assert_eq!(w.sim.messages().len(), 1);
    assert!(kinds(&w).await.is_empty(), "it went through: closed again");
    w.clock.advance(Duration::seconds(11));
    w.work().await;
    assert_eq!(w.sim.messages().len(), 2);
}

#[rstest]
#[tokio::test]
async fn refused_credentials_stop_everything_at_once_and_cost_no_text(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    w.sim.set_fault(Fault::new(FaultKind::Refuse).code(20003).count(1));
    let ann = w.contact("Ann", ANN).await;
    let ben = w.contact("Ben", "+14155550172").await;
    w.reply(&ann, "Hello").await.expect("queued");
    w.work().await;
    w.reply(&ben, "Hello").await.expect("queued");
    w.work().await;
    for person in [&ann, &ben] {
        assert_eq!(w.last_message(person).await.status, "queued");
    }
    assert_eq!(kinds(&w).await, ["account_breaker"]);
    for _ in 0..4 {
        w.clock.advance(Duration::minutes(6));
        w.work().await;
    }
    assert_eq!(w.sim.messages().len(), 2, "put right, all of it leaves");
}

#[rstest]
#[tokio::test]
async fn a_number_that_may_not_send_stops_that_number_only(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let other = w.another_business().await;
    w.sim.set_fault(Fault::new(FaultKind::Refuse).code(30034).count(1));
    let ann = w.contact("Ann", ANN).await;
    w.reply(&ann, "Hello").await.expect("queued");
    w.work().await;
    assert_eq!(w.last_message(&ann).await.status, "failed");
    assert_eq!(kinds(&w).await, ["sender_breaker"]);
    w.reply(&ann, "Hello again").await.expect("queued");
    w.work().await;
    assert_eq!(
        w.last_message(&ann).await.status,
        "queued",
        "it waits instead of being refused, too"
    );
    assert!(pages::notices::list(&w.s, &other).await.expect("notices").is_empty());
    // Put right at Twilio: one text shows it, and the number is free again.
    w.clock.advance(Duration::minutes(6));
    w.work().await;
    assert!(kinds(&w).await.is_empty());
    w.reply(&ann, "And again").await.expect("queued");
    w.work().await;
    assert_eq!(w.phone_got(ANN), ["Hello again", "And again"]);
}

#[rstest]
#[tokio::test]
async fn with_the_budget_used_up_reminders_wait_and_replies_still_go(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    services::set_price(&w.s, "us", 10_000).await.expect("set");
    budget(&w, 20_000).await;
    for n in 0..3 {
        let c = Box::pin(w.contact("Somebody", &phone(n))).await;
        Box::pin(w.appointment(&c, 30)).await;
        w.work().await;
        let expected: &[&str] = if n == 0 { &[] } else { &["budget_used"] };
        assert_eq!(kinds(&w).await, expected, "after {}", n + 1);
    }
    assert_eq!(w.sim.messages().len(), 2);
    let ann = w.contact("Ann", ANN).await;
    w.reply(&ann, "Hello").await.expect("queued");
    w.work().await;
    assert_eq!(w.phone_got(ANN), ["Hello"]);
    budget(&w, 1_000_000).await;
    w.clock.advance(Duration::hours(1));
    w.work().await;
    assert_eq!(w.sim.messages().len(), 4, "with a higher budget it leaves");
}

#[rstest]
#[tokio::test]
async fn at_four_fifths_of_the_budget_staff_are_told(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    services::set_price(&w.s, "US", 10_000).await.expect("set");
    budget(&w, 50_000).await;
    let ann = w.contact("Ann", ANN).await;
    for _ in 0..4 {
        assert!(kinds(&w).await.is_empty());
        w.reply(&ann, "Hello").await.expect("queued");
        w.work().await;
    }
    assert_eq!(kinds(&w).await, ["budget_alert"]);
}

#[rstest]
#[tokio::test]
async fn what_twilio_did_not_take_is_not_charged(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    services::set_price(&w.s, "US", 10_000).await.expect("set");
    budget(&w, 12_000).await;
    w.sim.set_fault(Fault::new(FaultKind::Refuse).code(21211).count(1));
    let ann = w.contact("Ann", ANN).await;
    w.reply(&ann, "Hello").await.expect("queued");
    w.work().await;
    assert!(kinds(&w).await.is_empty(), "refused, so free");
    w.reply(&ann, "Hello").await.expect("queued");
    w.work().await;
    assert_eq!(kinds(&w).await, ["budget_used"], "what is left is not enough for a text");
}

#[rstest]
#[tokio::test]
async fn a_mornings_reminders_leave_room_for_an_answer(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let db = w.s.db().connection();
    db.execute_unprepared("UPDATE business SET hourly_limit = 20")
        .await
        .expect("a low limit");
    for n in 0..25 {
        let c = Box::pin(w.contact("Somebody", &phone(n))).await;
        Box::pin(w.appointment(&c, 30)).await;
    }
    w.work().await;
    assert_eq!(w.sim.messages().len(), 18);
    let query = LogQuery {
        show: Some("waiting".to_owned()),
        ..LogQuery::default()
    };
    let waiting = messages::list(&w.s, &w.owner, query).await.expect("the log").data;
    let why = "the last 2 of this business's 20 texts an hour are kept for replies.";
    let held = waiting.iter().filter(|m| m.status_words.ends_with(why)).count();
    assert_eq!(held, 7, "{waiting:?}");
    let ann = w.contact("Ann", ANN).await;
    for _ in 0..3 {
        w.reply(&ann, "Hello").await.expect("queued");
    }
    w.work().await;
    assert_eq!(w.phone_got(ANN).len(), 2, "the last tenth is theirs, and no more");
}

#[rstest]
#[tokio::test]
async fn a_pace_can_be_set_for_a_number(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    numbers::set_pace(&w.s, NUMBER, 30).await.expect("set");
    assert!(numbers::set_pace(&w.s, NUMBER, 0).await.is_err());
    assert!(numbers::set_pace(&w.s, "+15005550019", 5).await.is_err(), "nobody's");
    let row = number::Entity::in_business(w.owner.business_id)
        .one(w.s.db().connection())
        .await
        .expect("answers");
    assert_eq!(row.and_then(|n| n.per_second), Some(30));
}

/// Three processes on one database.
async fn three_processes(w: &World) -> Vec<Services> {
    let mut processes = Vec::new();
    for _ in 0..3 {
        processes.push(Box::pin(w.another_process()).await);
    }
    processes
}

/// All of them send what is due, at the same time; how many texts have left since the beginning.
async fn left_after_all_send(w: &World, processes: &[Services]) -> usize {
    let done = futures::future::join_all(processes.iter().map(sending::send_due)).await;
    for one in done {
        one.expect("sends");
    }
    w.sim.messages().len()
}

/// The turns of what waits, in seconds from now, the next one first.
async fn turns(w: &World) -> Vec<i64> {
    let rows = message::Entity::in_business(w.owner.business_id)
        .filter(message::Column::Status.eq("queued"))
        .all(w.s.db().connection())
        .await
        .expect("messages");
    let mut turns: Vec<i64> = rows.iter().map(|m| (m.not_before - w.clock.now()).num_seconds()).collect();
    turns.sort_unstable();
    turns
}

/// What staff read beside the texts that wait.
async fn why_they_wait(w: &World) -> Vec<String> {
    let query = LogQuery {
        show: Some("waiting".to_owned()),
        ..LogQuery::default()
    };
    let waiting = messages::list(&w.s, &w.owner, query).await.expect("the log").data;
    waiting.into_iter().map(|m| m.status_words).collect()
}

#[rstest]
#[tokio::test]
async fn reminders_from_several_workers_together_keep_to_their_numbers_pace(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    numbers::set_pace(&w.s, NUMBER, 1).await.expect("set");
    let db = w.s.db().connection();
    db.execute_unprepared("UPDATE business SET hourly_limit = 1000")
        .await
        .expect("no other limit is met");
    for n in 0..90 {
        let c = Box::pin(w.contact("Somebody", &phone(n))).await;
        Box::pin(w.appointment(&c, 30)).await;
    }
    services::reminders::tick(&w.s).await.expect("fires");
    let processes = three_processes(&w).await;
    // A minute's worth runs ahead, and the one whose turn is now.
    let at_once = left_after_all_send(&w, &processes).await;
    assert_eq!(at_once, 61);
    assert_eq!(
        turns(&w).await,
        (1..=29).collect::<Vec<i64>>(),
        "each has a turn of its own, whichever worker gave it"
    );
    let why = why_they_wait(&w).await;
    let told = "Waits for its turn on Mon, Jan 4 at 10:00 AM: text parts this number sends a second: 1.";
    assert!(why.len() == 29 && why.iter().all(|words| words == told), "{why:?}");
    for second in 1..=20 {
        w.clock.advance(Duration::seconds(1));
        let left = left_after_all_send(&w, &processes).await;
        assert_eq!(left, at_once + second, "after {second} seconds");
    }
    w.clock.advance(Duration::seconds(9));
    assert_eq!(left_after_all_send(&w, &processes).await, 90, "nothing is dropped");
}

/// Twilio queues ten hours for a sender, and who answers a customer should not wait for a machine: replies are handed over up to three
/// hours ahead of the pace. What is beyond that waits with us.
#[rstest]
#[tokio::test]
async fn replies_from_several_workers_run_three_hours_ahead_of_their_numbers_pace_and_no_further(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    numbers::set_pace(&w.s, NUMBER, 1).await.expect("set");
    let db = w.s.db().connection();
    db.execute_unprepared("UPDATE business SET hourly_limit = 1000")
        .await
        .expect("no other limit is met");
    // As long as a text may be, so that three hours' worth of parts are some two hundred texts.
    let long = "😀".repeat(1_600);
    let parts = domain::segments::count(&long).count as usize;
    let ahead = 3 * 60 * 60;
    let expected = ahead / parts + 1;
    let processes = three_processes(&w).await;
    for n in 0..expected + 5 {
        let c = Box::pin(w.contact("Somebody", &phone(n))).await;
        w.reply(&c, &long).await.expect("queued");
        // Not all in one heap, which a busy machine could not call for within the client's two seconds.
        if n % 40 == 39 {
            left_after_all_send(&w, &processes).await;
        }
    }
    let at_once = left_after_all_send(&w, &processes).await;
    assert_eq!(at_once, expected, "of {parts} parts each");
    let own: Vec<i64> = (at_once..at_once + 5).map(|n| (n * parts) as i64 - ahead as i64).collect();
    assert_eq!(turns(&w).await, own, "each has a turn of its own, whichever worker gave it");
    let why = why_they_wait(&w).await;
    let told = |words: &String| words.starts_with("Waits for its turn on Mon, Jan 4 at 10:0") && words.ends_with("a second: 1.");
    assert!(why.len() == 5 && why.iter().all(told), "{why:?}");
    for text in 1..=5 {
        w.clock.advance(Duration::seconds(parts as i64));
        let left = left_after_all_send(&w, &processes).await;
        assert_eq!(left, at_once + text, "one in {parts} seconds");
    }
}

/// What was held for an hour by one limit still keeps to the pace of its number afterwards: 60 text parts at once, then one a second.
#[rstest]
#[tokio::test]
async fn what_a_limit_held_does_not_leave_all_at_once(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let db = w.s.db().connection();
    let three_parts =
        "UPDATE business SET hourly_limit = 22, name = 'Bright Dental 😀 at the Long and Winding Road, Upper Floor'";
    db.execute_unprepared(three_parts).await.expect("a low limit");
    let phones: Vec<String> = (0..60).map(|n| format!("+1415555{n:04}")).collect();
    for phone in &phones {
        let somebody = w.contact("Somebody", phone).await;
        w.appointment(&somebody, 30).await;
    }
    let sent = || phones.iter().map(|phone| w.phone_got(phone).len()).sum::<usize>();
    // Each gets a turn, and at its turn finds the hour's limit used up.
    for _ in 0..50 {
        w.work().await;
        w.clock.advance(Duration::seconds(3));
    }
    assert_eq!(sent(), 20, "the rest is kept for replies");
    db.execute_unprepared("UPDATE business SET hourly_limit = 100")
        .await
        .expect("a high limit");
    w.clock.advance(Duration::hours(1));
    w.work().await;
    let at_once = sent() - 22;
    assert!((1..=21).contains(&at_once), "{at_once} went at once");
    for _ in 0..30 {
        w.clock.advance(Duration::seconds(3));
        w.work().await;
    }
    assert_eq!(sent(), 60);
}

/// An unregistered number: Twilio takes each text, and the carriers refuse it.
#[rstest]
#[tokio::test]
async fn a_number_whose_texts_the_carriers_refuse_stops_until_one_gets_through(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    let refused = async |text: &str| {
        w.reply(&ann, text).await.expect("queued");
        w.work().await;
        let m = w.last_message(&ann).await;
        let sid = m.provider_sid.clone().expect("taken");
        w.status(&m, &sid, "undelivered", Some(30034)).await.expect("heard");
    };
    refused("One").await;
    assert_eq!(kinds(&w).await, ["sender_breaker"]);
    w.reply(&ann, "Two").await.expect("queued");
    w.reply(&ann, "Three").await.expect("queued");
    w.work().await;
    assert_eq!(w.phone_got(ANN), ["One"], "the others wait");
    w.clock.advance(Duration::minutes(6));
    w.work().await;
    assert_eq!(w.phone_got(ANN), ["One", "Two"], "one shows whether it works again");
    assert_eq!(kinds(&w).await, ["sender_breaker"], "that Twilio takes it shows nothing");
    let thread = w.thread(&ann).await;
    let two = thread.iter().find(|m| m.body == "Two").expect("it is there").clone();
    let sid = two.provider_sid.clone().expect("taken");
    w.status(&two, &sid, "undelivered", Some(30034)).await.expect("heard");
    w.work().await;
    assert_eq!(w.phone_got(ANN).len(), 2, "it waits again, for longer");
    w.clock.advance(Duration::minutes(30));
    w.work().await;
    let thread = w.thread(&ann).await;
    let three = thread.iter().find(|m| m.body == "Three").expect("it is there").clone();
    let sid = three.provider_sid.clone().expect("taken");
    w.status(&three, &sid, "delivered", None).await.expect("heard");
    assert!(kinds(&w).await.is_empty(), "the network's word counts");
}

#[rstest]
#[tokio::test]
async fn while_twilio_is_out_of_reach_no_text_is_given_up(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let cut_off = w.process_cut_off().await;
    let ann = w.contact("Ann", ANN).await;
    w.reply(&ann, "Hello").await.expect("queued");
    for _ in 0..20 {
        sending::send_due(&cut_off).await.expect("nobody there");
        w.clock.advance(Duration::minutes(30));
    }
    let m = w.last_message(&ann).await;
    assert_eq!(m.status, "queued", "{:?}", m.error);
    assert_eq!(kinds(&w).await, ["account_breaker"]);
    w.work().await;
    assert_eq!(w.phone_got(ANN), ["Hello"], "ten hours later it leaves");
}

#[rstest]
#[tokio::test]
async fn a_day_without_twilio_ends_with_a_person(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let cut_off = w.process_cut_off().await;
    let ann = w.contact("Ann", ANN).await;
    w.reply(&ann, "Hello").await.expect("queued");
    for _ in 0..27 {
        sending::send_due(&cut_off).await.expect("nobody there");
        w.clock.advance(Duration::hours(1));
    }
    assert_eq!(w.last_message(&ann).await.status, "failed");
    assert_eq!(w.open_tasks().await.len(), 1);
}

#[rstest]
#[tokio::test]
async fn what_the_carriers_refuse_closes_by_twilios_log_where_no_callback_comes(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    reconcile::sweep(&w.s).await.expect("begins");
    let ann = w.contact("Ann", ANN).await;
    w.reply(&ann, "One").await.expect("queued");
    w.work().await;
    let m = w.last_message(&ann).await;
    let sid = m.provider_sid.clone().expect("taken");
    w.status(&m, &sid, "undelivered", Some(30034)).await.expect("heard");
    assert_eq!(kinds(&w).await, ["sender_breaker"]);
    w.clock.advance(Duration::minutes(6));
    w.sim.set_fault(Fault::new(FaultKind::NoCallbacks));
    w.sim.set_delay(std::time::Duration::from_millis(1));
    w.reply(&ann, "Two").await.expect("queued");
    w.reply(&ann, "Three").await.expect("queued");
    w.work().await;
    assert_eq!(w.phone_got(ANN).len(), 2, "one shows whether it works again");
    let patience = std::time::Duration::from_secs(180);
    let delivered = w.sim.wait_for(
        |sim| sim.messages().any(|m| m.body == "Two" && m.status == "delivered"),
        patience,
    );
    delivered.await.expect("it arrives");
    w.clock.advance(Duration::minutes(5));
    w.work().await;
    assert_eq!(w.phone_got(ANN).len(), 2, "no other goes before the first is heard of");
    reconcile::sweep(&w.s).await.expect("sweeps");
    assert!(kinds(&w).await.is_empty(), "the network's word counts, however it comes");
    w.clock.advance(Duration::minutes(6));
    w.work().await;
    assert_eq!(w.phone_got(ANN).len(), 3);
}

#[rstest]
#[tokio::test]
async fn a_text_written_long_ago_waits_for_twilio_as_any_other(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let cut_off = w.process_cut_off().await;
    let ann = w.contact("Ann", ANN).await;
    w.sim.set_fault(Fault::new(FaultKind::Refuse).code(21211));
    let m = w.reply(&ann, "Hello").await.expect("queued");
    w.work().await;
    assert_eq!(w.last_message(&ann).await.status, "failed");
    w.clock.advance(Duration::days(3));
    let ids = contract::messages::MessageIds { ids: vec![m.id] };
    outbox::retry(&w.s, &w.owner, ids).await.expect("again");
    for _ in 0..20 {
        sending::send_due(&cut_off).await.expect("nobody there");
        w.clock.advance(Duration::hours(1));
    }
    assert_eq!(w.last_message(&ann).await.status, "queued");
    for _ in 0..7 {
        sending::send_due(&cut_off).await.expect("nobody there");
        w.clock.advance(Duration::hours(1));
    }
    assert_eq!(w.last_message(&ann).await.status, "failed", "a day is enough");
}

async fn of_kind(w: &World, kind: &str) -> Vec<TaskView> {
    w.open_tasks().await.into_iter().filter(|t| t.kind == kind).collect()
}

#[rstest]
#[tokio::test]
async fn a_phone_that_asks_for_help_all_day_gets_three_answers_an_hour_and_a_person(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    for n in 0..120 {
        w.text(ANN, if n % 2 == 0 { "HELP" } else { "info" }).await;
    }
    w.work().await;
    assert_eq!(w.phone_got(ANN).len(), 3);
    let asked = of_kind(&w, "clarify").await;
    assert_eq!((asked.len(), asked[0].contact_id), (1, Some(w.holder_of(ANN).await.id)));
    let ben = w.contact("Ben", "+14155550172").await;
    w.reply(&ben, "See you soon").await.expect("queued");
    w.work().await;
    assert_eq!(w.phone_got("+14155550172"), ["See you soon"], "nobody waits for it");
    // Looked at, and it goes on: the next hour has three answers again, and only then a person is asked again.
    tasks::set_done(&w.s, &w.owner, asked[0].id, true).await.expect("done");
    w.text(ANN, "HELP").await;
    assert!(w.open_tasks().await.is_empty());
    w.clock.advance(Duration::minutes(61));
    for _ in 0..5 {
        w.text(ANN, "HELP").await;
    }
    w.work().await;
    assert_eq!((w.phone_got(ANN).len(), of_kind(&w, "clarify").await.len()), (6, 1));
}

#[rstest]
#[tokio::test]
async fn texts_that_come_together_get_three_answers_too(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    w.contact("Ann", ANN).await;
    let texts = (0..120).map(|_| w.text(ANN, "HELP"));
    futures::future::join_all(texts).await;
    w.work().await;
    assert_eq!((w.phone_got(ANN).len(), w.open_tasks().await.len()), (3, 1));
}

#[rstest]
#[tokio::test]
async fn answers_of_every_kind_count_together_and_a_stop_after_them_is_a_stop(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let (ann, _) = w.reminded("Ann", ANN).await;
    for text in ["HELP", "Can I bring my dog?", "HELP", "HELP", "HELP"] {
        w.text(ANN, text).await;
    }
    w.work().await;
    assert_eq!(w.phone_got(ANN).len(), 4, "the reminder and three answers");
    let other = w.contact("Ben", "+14155550172").await;
    w.text("+14155550172", "HELP").await;
    w.work().await;
    assert_eq!(w.thread(&other).await.len(), 2, "another phone is another phone");
    w.text(ANN, "STOP").await;
    assert_eq!(w.see_contact(&ann).await.consent.sms.as_str(), "opted_out");
}

#[rstest]
#[tokio::test]
async fn many_phones_that_ask_for_help_leave_three_quarters_of_the_hour_to_others(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    numbers::set_pace(&w.s, NUMBER, 1000).await.expect("set");
    for n in 0..60 {
        w.text(&phone(n), "HELP").await;
    }
    w.work().await;
    assert_eq!(w.sim.messages().len(), 25, "a quarter of a hundred");
    let waiting = w.last_message(&w.holder_of(&phone(59)).await).await;
    let why = "Waits until Mon, Jan 4 at 11:00 AM: 25 of this business's 100 texts an hour may be automatic answers.";
    assert_eq!(waiting.status_words, why);
    let chatty = w.contact("Chatty", ANN).await;
    for n in 0..70 {
        w.reply(&chatty, &format!("Text {n}")).await.expect("queued");
    }
    w.work().await;
    assert_eq!(w.phone_got(ANN).len(), 70);
    w.clock.advance(Duration::hours(1));
    w.work().await;
    assert_eq!(w.sim.messages().len(), 25 + 70 + 25, "the next hour has a quarter of its own");
    w.clock.advance(Duration::hours(1));
    w.work().await;
    assert_eq!(w.sim.messages().len(), 60 + 70, "nothing is dropped");
}

#[rstest]
#[tokio::test]
async fn on_a_morning_full_of_reminders_help_is_answered_and_staff_keep_the_last_of_the_hour(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    numbers::set_pace(&w.s, NUMBER, 1000).await.expect("set");
    let db = w.s.db().connection();
    db.execute_unprepared("UPDATE business SET hourly_limit = 20")
        .await
        .expect("a low limit");
    for n in 0..20 {
        let c = Box::pin(w.contact("Somebody", &phone(n))).await;
        Box::pin(w.appointment(&c, 30)).await;
    }
    w.work().await;
    assert_eq!(w.sim.messages().len(), 18);
    for n in 0..3 {
        w.text(&phone(n), "HELP").await;
    }
    w.work().await;
    assert_eq!(w.sim.messages().len(), 19, "half of what is kept");
    let ann = w.contact("Ann", ANN).await;
    w.reply(&ann, "Hello").await.expect("queued");
    w.work().await;
    assert_eq!(w.phone_got(ANN), ["Hello"]);
}

#[rstest]
#[tokio::test]
async fn help_is_answered_beyond_the_budget_up_to_a_tenth_of_it(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    services::set_price(&w.s, "US", 10_000).await.expect("set");
    budget(&w, 100_000).await;
    let ann = w.contact("Ann", ANN).await;
    for n in 0..10 {
        w.reply(&ann, &format!("Text {n}")).await.expect("queued");
    }
    w.work().await;
    for n in 0..3 {
        w.text(&phone(n), "HELP").await;
    }
    w.work().await;
    assert_eq!(w.sim.messages().len(), 11, "ten replies, and one answer for the last tenth");
    let held = w.last_message(&w.holder_of(&phone(2)).await).await;
    assert!(held.status_words.contains("budget"), "{}", held.status_words);
    for _ in 0..25 {
        w.clock.advance(Duration::hours(1));
        w.work().await;
    }
    let given_up = w.last_message(&w.holder_of(&phone(2)).await).await;
    assert_eq!(given_up.status, "cancelled", "a month later it would answer nothing");
    assert!(
        given_up
            .error
            .is_some_and(|why| why.starts_with("It could not leave within a day."))
    );
    w.reply(&ann, "Staff may write on").await.expect("queued");
    w.work().await;
    assert_eq!(w.sim.messages().len(), 12);
}

/// What was learned of the installation's account; none while it is free.
async fn learned(w: &World) -> Option<account_pace::Model> {
    account_pace::Entity::find()
        .one(w.s.db().connection())
        .await
        .expect("answers")
}

#[rstest]
#[tokio::test]
async fn after_three_times_too_fast_a_reply_leaves_within_seconds_and_before_reminders(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    for n in 0..3 {
        let c = Box::pin(w.contact("Somebody", &phone(n))).await;
        Box::pin(w.appointment(&c, 30)).await;
    }
    services::reminders::tick(&w.s).await.expect("fires");
    let ann = w.contact("Ann", ANN).await;
    w.sim.set_pace(w.sim.account_sid(), Some(0));
    w.reply(&ann, "Yes, at nine").await.expect("queued");
    let refused = || w.sim.look(|sim| sim.creates().filter(|c| c.http == Some(429)).count());
    w.work().await;
    let at_once = refused();
    for seconds in [2, 3] {
        w.clock.advance(Duration::seconds(seconds));
        w.work().await;
    }
    assert_eq!(refused(), at_once + 2, "one call tries, whatever waits");
    w.sim.set_pace(w.sim.account_sid(), None);
    let mut seconds = 0;
    while w.phone_got(ANN).is_empty() {
        w.clock.advance(Duration::seconds(1));
        w.work().await;
        seconds += 1;
        assert!(seconds <= 8, "it waits still: {}", w.last_message(&ann).await.status_words);
    }
    let first = w.sim.messages().remove(0);
    assert_eq!(first.to, ANN, "replies first");
    for _ in 0..6 {
        w.clock.advance(Duration::seconds(1));
        w.work().await;
    }
    assert_eq!(w.sim.messages().len(), 4, "nothing is dropped");
    assert!(kinds(&w).await.is_empty(), "no breaker opens for it");
}

#[rstest]
#[tokio::test]
async fn an_accounts_rate_goes_down_and_comes_up_again_for_all_workers(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let db = w.s.db().connection();
    db.execute_unprepared("UPDATE business SET hourly_limit = 1000")
        .await
        .expect("no other limit is met");
    let processes = three_processes(&w).await;
    w.sim.set_pace(w.sim.account_sid(), Some(5));
    for n in 0..40 {
        let c = Box::pin(w.contact("Somebody", &phone(n))).await;
        w.reply(&c, "Hello").await.expect("queued");
    }
    left_after_all_send(&w, &processes).await;
    let slowed = learned(&w).await.expect("it was too fast");
    assert_eq!((slowed.per_1000_s, slowed.refused), (Some(1_000), 1));
    let calls = || w.sim.look(|sim| sim.creates().count());
    let before = calls();
    assert_eq!(left_after_all_send(&w, &processes).await, w.sim.messages().len());
    assert_eq!(calls(), before, "while it rests nobody calls");
    let (mut fastest, mut seconds) = (0, 0);
    while w.sim.messages().len() < 40 {
        w.clock.advance(Duration::seconds(1));
        left_after_all_send(&w, &processes).await;
        fastest = fastest.max(learned(&w).await.and_then(|a| a.per_1000_s).unwrap_or_default());
        seconds += 1;
        assert!(seconds < 90, "{} of 40 have left", w.sim.messages().len());
    }
    assert!(fastest >= 2_000, "it comes up again: {fastest}");
    let refused = w.sim.look(|sim| sim.creates().filter(|c| c.http == Some(429)).count());
    assert!(refused < 80, "it does not hammer: {refused} refused");
    // Free: what is sent goes well, and the rate grows until nothing is left of it.
    w.sim.set_pace(w.sim.account_sid(), None);
    let ann = w.contact("Ann", ANN).await;
    for _ in 0..600 {
        if learned(&w).await.is_none() {
            break;
        }
        w.reply(&ann, "Hello").await.expect("queued");
        w.clock.advance(Duration::seconds(3));
        w.work().await;
    }
    assert_eq!(learned(&w).await, None);
}

/// A crowd that waits for one account is in nobody else's way.
#[rstest]
#[tokio::test]
async fn what_waits_for_one_account_keeps_no_other_waiting(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let garage = w.another_business().await;
    w.sim.set_account("AC11111111111111111111111111111111", "the-garage-token");
    let token = "the-garage-token".to_owned().into();
    numbers::accounts::connect(&w.s, &garage, "AC11111111111111111111111111111111", token)
        .await
        .expect("connected");
    w.sim.set_pace(w.sim.account_sid(), Some(0));
    for n in 0..80 {
        let c = Box::pin(w.contact("Somebody", &phone(n))).await;
        w.reply(&c, "Hello").await.expect("queued");
    }
    for _ in 0..3 {
        w.work().await;
        w.clock.advance(Duration::seconds(20));
    }
    let opt_in = contract::contacts::OptIn {
        channel: "sms".to_owned(),
        source: "booking".to_owned(),
    };
    let cmd = contract::contacts::CreateContact {
        name: "Cid".to_owned(),
        phone: ANN.to_owned(),
        opt_in: Some(opt_in),
        ..Default::default()
    };
    let cid = services::contacts::create(&w.s, &garage, cmd).await.expect("a contact");
    let cmd = contract::messages::SendMessage {
        channel: None,
        contact_id: cid.id,
        body: "Your car is ready".to_owned(),
        correlation_id: None,
    };
    outbox::send(&w.s, &garage, cmd).await.expect("queued");
    w.work().await;
    assert_eq!(w.phone_got(ANN), ["Your car is ready"]);
}

/// An answer that Twilio did not take for its pace leaves its place among the automatic ones, too.
#[rstest]
#[tokio::test]
async fn an_answer_that_was_too_fast_keeps_no_other_from_the_share_of_answers(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let db = w.s.db().connection();
    db.execute_unprepared("UPDATE business SET hourly_limit = 20")
        .await
        .expect("five answers an hour");
    w.sim.set_pace(w.sim.account_sid(), Some(0));
    w.text(&phone(0), "HELP").await;
    for _ in 0..8 {
        w.work().await;
        w.clock.advance(Duration::seconds(10));
    }
    w.sim.set_pace(w.sim.account_sid(), None);
    for n in 1..5 {
        w.text(&phone(n), "HELP").await;
    }
    for _ in 0..30 {
        w.work().await;
        w.clock.advance(Duration::seconds(10));
    }
    assert_eq!(
        w.sim.messages().iter().filter(|m| m.body.contains("STOP")).count(),
        5,
        "all within the hour"
    );
}

/// An account that takes nothing is asked again and again, but an answer of yesterday answers nothing.
#[rstest]
#[tokio::test]
async fn an_answer_that_an_account_keeps_waiting_for_a_day_is_given_up(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    w.sim.set_pace(w.sim.account_sid(), Some(0));
    w.text(ANN, "HELP").await;
    for _ in 0..25 {
        w.work().await;
        w.clock.advance(Duration::hours(1));
    }
    w.work().await;
    w.sim.set_pace(w.sim.account_sid(), None);
    w.clock.advance(Duration::hours(1));
    w.work().await;
    assert_eq!(w.last_message(&w.holder_of(ANN).await).await.status, "cancelled");
    assert!(w.phone_got(ANN).is_empty());
}
