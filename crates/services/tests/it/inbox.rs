//! Texts coming in, the inbox they show up in, and the live events that carry them.

mod machines;
mod our_errors;
mod shared_number;
mod thread;

use std::{collections::BTreeMap, time::Duration};

use contract::{Code, accounts::Role, conversations::Composer, live::LiveEvent, messages::Direction};
use domain::consent::State;
use entity::messages::receipt;
use rstest::rstest;
use sea_orm::EntityTrait;
use services::{businesses, contacts, conversations, jobs, live, pages, queue::Job, receiving};
use testkit::{Backend, World, member};
use twilio::forms;

const ANN: &str = "+14155550171";

#[rstest]
#[tokio::test]
async fn two_hundred_repeats_of_a_text_are_one_message(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = std::sync::Arc::new(World::new(backend).await);
    let form = w.inbound(ANN, "Hello");
    let crowd: Vec<_> = (0..200)
        .map(|_| {
            let (w, form) = (w.clone(), form.clone());
            tokio::spawn(async move { receiving::receive(&w.s, &form, "").await.expect("taken") })
        })
        .collect();
    let mut done = 0;
    for call in crowd {
        done += u32::from(call.await.expect("no panic") == receiving::Received::Done);
    }
    assert_eq!(done, 1);
    let row = conversations::page(&w.s, &w.owner, Default::default())
        .await
        .expect("list")
        .data
        .remove(0);
    assert_eq!(
        (row.unread, row.preview.as_str(), row.name.as_str()),
        (1, "Hello", "(415) 555-0171")
    );
}

#[rstest]
#[tokio::test]
async fn many_texts_of_a_stranger_at_once_are_one_contact_and_all_there(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = std::sync::Arc::new(World::new(backend).await);
    let crowd: Vec<_> = (0..20)
        .map(|n| {
            let w = w.clone();
            tokio::spawn(async move { w.text(ANN, &format!("Text {n}")).await })
        })
        .collect();
    for call in crowd {
        call.await.expect("no panic");
    }
    // Those that met the first one half way were kept, and are acted on by their job.
    for row in receipt::Entity::find().all(w.s.db().connection()).await.expect("receipts") {
        jobs::perform(
            &w.s,
            Job::Receive {
                provider_sid: row.provider_sid,
            },
        )
        .await
        .expect("works");
    }
    let people = conversations::page(&w.s, &w.owner, Default::default())
        .await
        .expect("list")
        .data;
    assert_eq!((people.len(), people[0].unread), (1, 20));
}

#[rstest]
#[tokio::test]
async fn odd_bytes_survive_or_vanish_but_never_break_anything(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    w.text(ANN, "nul\u{0} bell\u{7} emoji 👩‍👩‍👧 line\nbreak").await;
    let ann = contacts::list(&w.s, &w.owner, Default::default())
        .await
        .expect("list")
        .data
        .remove(0);
    assert_eq!(w.last_message(&ann).await.body, "nul bell emoji 👩‍👩‍👧 line\nbreak");
}

#[rstest]
#[tokio::test]
async fn the_live_log_tells_everything_in_order_and_resumes_anywhere(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let (_, appointment) = w.reminded("Ann", ANN).await;
    let here = live::cursor(&w.s, w.owner.business_id).await.expect("cursor");
    w.text(ANN, "Y").await;
    let batch = live::after(&w.s, &w.owner, here).await.expect("events");
    assert!(!batch.resync);
    let kinds: Vec<_> = batch.events.iter().map(|(_, e)| e.kind()).collect();
    assert_eq!(kinds, ["message", "conversation", "appointment"]);
    let LiveEvent::Appointment(seen) = &batch.events[2].1 else {
        panic!("an appointment")
    };
    assert_eq!((seen.id, seen.status.as_str()), (appointment.id, "confirmed"));
    let ids: Vec<_> = batch.events.iter().map(|(id, _)| *id).collect();
    assert!(ids.is_sorted() && ids[0] > here);
    let rest = live::after(&w.s, &w.owner, ids[0]).await.expect("events");
    assert_eq!(rest.events.len(), 2);
    w.clock.advance(chrono::Duration::days(3));
    live::prune(&w.s).await.expect("synced");
    assert!(
        live::after(&w.s, &w.owner, here).await.expect("events").resync,
        "too old to resume"
    );
}

/// Texts that come together share a transaction, and what they change about a person shows in events that were made before.
#[rstest]
#[case::a_question(&["Is there parking?"])]
#[case::several(&["Hello", "Are you there?", "Y"])]
#[case::an_answer(&["Y"])]
#[case::opting_out(&["STOP"])]
#[case::a_change_of_mind(&["Hello", "STOP", "START", "I am back"])]
#[case::words_of_their_own(&["Hello", "Please take me off your list"])]
#[tokio::test]
async fn live_events_show_what_a_reload_shows(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[case] texts: &[&str],
) {
    let w = World::new(backend).await;
    let (ann, _) = w.reminded("Ann", ANN).await;
    let here = live::cursor(&w.s, w.owner.business_id).await.expect("cursor");
    futures::future::join_all(texts.iter().map(|text| w.text(ANN, text))).await;
    let id = conversations::open_with(&w.s, &w.owner, ann.id).await.expect("opened");
    let reloaded = pages::thread::thread(&w.s, &w.owner, id, Default::default())
        .await
        .expect("thread");
    let mut shown = (None, BTreeMap::new());
    for (_, event) in live::after(&w.s, &w.owner, here).await.expect("events").events {
        match event {
            LiveEvent::Conversation(row) => shown.0 = Some(row),
            LiveEvent::Message(m) => drop(shown.1.insert(m.id, m)),
            _ => {}
        }
    }
    assert_eq!(shown.0, Some(reloaded.conversation));
    for m in reloaded.messages.iter().filter(|m| m.direction == Direction::Inbound) {
        assert_eq!(shown.1.get(&m.id), Some(m));
    }
}

#[rstest]
#[tokio::test]
async fn the_composer_says_why_it_is_closed(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    let id = conversations::open_with(&w.s, &w.owner, ann.id).await.expect("opened");
    let composer = async || {
        pages::thread::thread(&w.s, &w.owner, id, Default::default())
            .await
            .expect("thread")
            .composer
    };
    assert_eq!(composer().await, Composer::Open);
    w.text(ANN, "STOP").await;
    let Composer::Closed { reason, next_step } = composer().await else {
        panic!("closed")
    };
    assert!(reason.contains("opted out") && next_step.contains("START"));
}

#[rstest]
#[tokio::test]
async fn reading_marks_read(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let mut w = World::new(backend).await;
    w.owner = member(&w.s, w.owner.business_id, Role::Owner, "olga@x.test", "long enough word").await;
    for n in 0..3 {
        w.text(ANN, &format!("Text {n}")).await;
    }
    let row = conversations::page(&w.s, &w.owner, Default::default())
        .await
        .expect("list")
        .data
        .remove(0);
    assert_eq!(row.unread, 3);
    conversations::mark_read(&w.s, &w.owner, row.id).await.expect("read");
    assert_eq!(
        conversations::page(&w.s, &w.owner, Default::default())
            .await
            .expect("list")
            .data[0]
            .unread,
        0
    );
}

#[rstest]
#[tokio::test]
async fn staff_do_the_daily_work_but_not_the_settings(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let staff = member(&w.s, w.owner.business_id, Role::Staff, "sam@x.test", "long enough word").await;
    let ann = w.contact("Ann", ANN).await;
    conversations::open_with(&w.s, &staff, ann.id).await.expect("staff may write");
    let cmd = contract::businesses::UpdateBusiness {
        country: String::new(),
        name: "Mine now".to_owned(),
        contact_line: "x".to_owned(),
        time_zone: "UTC".to_owned(),
    };
    let refused = businesses::update(&w.s, &staff, cmd.clone())
        .await
        .expect_err("staff may not");
    assert_eq!(refused.problem().code, Code::NotAllowed);
    let admin = member(&w.s, w.owner.business_id, Role::Admin, "ada@x.test", "long enough word").await;
    businesses::update(&w.s, &admin, cmd).await.expect("an admin may");
    assert_eq!(
        pages::settings::business(&w.s, &admin).await.expect("the settings").name,
        "Mine now"
    );
}

#[rstest]
#[tokio::test]
async fn a_stop_under_a_picture_is_a_stop(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (ann, appointment) = w.reminded("Ann", ANN).await;
    for (word, media) in [("Y", 1), ("STOP", 2)] {
        let form = forms::Inbound {
            num_media: media,
            ..w.inbound(ANN, word)
        };
        receiving::receive(&w.s, &form, "").await.expect("taken");
    }
    assert_eq!(w.see_appointment(&appointment).await.status.as_str(), "confirmed");
    assert_eq!(w.see_contact(&ann).await.consent.sms, State::OptedOut);
    assert_eq!(w.last_message(&ann).await.body, "STOP\n[2 attachment(s), not shown here]");
}

/// The other process's commit is there, its notification is not: it died between the two.
#[tokio::test]
async fn streams_look_at_the_log_even_if_nobody_tells_them_to() {
    let w = World::new(Backend::Postgres).await;
    let mut news = w.s.live().subscribe();
    let s = w.s.clone();
    let listening = tokio::spawn(async move { live::listen(&s).await });
    for look in ["at the start", "by itself, 10 s later"] {
        let told = tokio::time::timeout(Duration::from_secs(180), news.changed()).await;
        assert!(told.is_ok_and(|news| news.is_ok()), "no look {look}");
    }
    listening.abort();
}
