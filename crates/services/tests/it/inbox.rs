//! Texts coming in, the inbox they show up in, and the live events that carry them.

use std::{collections::BTreeMap, time::Duration};

use contract::{Code, accounts::Role, conversations::Composer, live::LiveEvent, messages::Direction};
use domain::consent::State;
use entity::messages::{message, receipt};
use rstest::rstest;
use sea_orm::{ConnectionTrait, EntityTrait, PaginatorTrait};
use services::{Actor, businesses, contacts, conversations, jobs, live, numbers, outbox, pages, queue::Job, receiving};
use testkit::{Backend, SHARED, World, member};
use twilio::forms;
use uuid::Uuid;

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
    let row = conversations::list(&w.s, &w.owner, None).await.expect("list").data.remove(0);
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
    let people = conversations::list(&w.s, &w.owner, None).await.expect("list").data;
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
async fn an_error_of_ours_never_loses_a_text(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    let db = w.s.db().connection();
    // The part that shows a text breaks; the receipt must still be kept.
    db.execute_unprepared("ALTER TABLE conversation RENAME TO conversation_away")
        .await
        .expect("broken");
    assert_eq!(w.text(ANN, "Are you open?").await, receiving::Received::Kept);
    let sid = receipt::Entity::find()
        .one(db)
        .await
        .expect("answers")
        .expect("kept")
        .provider_sid;
    jobs::perform(
        &w.s,
        Job::Receive {
            provider_sid: sid.clone(),
        },
    )
    .await
    .expect("fails quietly");
    db.execute_unprepared("ALTER TABLE conversation_away RENAME TO conversation")
        .await
        .expect("mended");
    assert_eq!(message::Entity::find().count(db).await.expect("count"), 0);
    jobs::perform(
        &w.s,
        Job::Receive {
            provider_sid: sid.clone(),
        },
    )
    .await
    .expect("works");
    jobs::perform(&w.s, Job::Receive { provider_sid: sid })
        .await
        .expect("a repeat does nothing");
    assert_eq!(w.thread(&ann).await.len(), 1);
    assert_eq!(w.last_message(&ann).await.body, "Are you open?");
}

#[rstest]
#[tokio::test]
async fn a_panic_of_ours_never_loses_a_text(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    w.clock.panic_next(1);
    assert_eq!(
        w.text(ANN, "Are you open?").await,
        receiving::Received::Done,
        "the second try worked"
    );
    w.clock.panic_next(2);
    assert_eq!(w.text(ANN, "On Sunday, too?").await, receiving::Received::Kept);
    let rows = receipt::Entity::find().all(w.s.db().connection()).await.expect("answers");
    let kept = rows.into_iter().find(|r| r.processed_at.is_none()).expect("one waits");
    let provider_sid = kept.provider_sid;
    jobs::perform(&w.s, Job::Receive { provider_sid }).await.expect("works");
    let said: Vec<String> = w.thread(&ann).await.into_iter().map(|m| m.body).collect();
    assert_eq!(said, ["Are you open?", "On Sunday, too?"]);
}

#[rstest]
#[tokio::test]
async fn what_can_never_be_shown_ends_as_a_task(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let db = w.s.db().connection();
    db.execute_unprepared("ALTER TABLE conversation RENAME TO conversation_away")
        .await
        .expect("broken");
    w.text(ANN, "Are you open?").await;
    let sid = receipt::Entity::find()
        .one(db)
        .await
        .expect("answers")
        .expect("kept")
        .provider_sid;
    for _ in 0..6 {
        jobs::perform(
            &w.s,
            Job::Receive {
                provider_sid: sid.clone(),
            },
        )
        .await
        .expect("fails quietly");
    }
    let tasks = w.open_tasks().await;
    assert_eq!((tasks.len(), tasks[0].kind.as_str()), (1, "stuck_message"));
    assert!(tasks[0].title.contains(&sid));
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
    live::prune(&w.s).await.expect("swept");
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
    let reloaded = pages::thread::thread(&w.s, &w.owner, id, None).await.expect("thread");
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
        pages::thread::thread(&w.s, &w.owner, id, None)
            .await
            .expect("thread")
            .composer
    };
    assert_eq!(composer().await, Composer::Open);
    w.text(ANN, "STOP").await;
    let Composer::Closed { reason, todo } = composer().await else {
        panic!("closed")
    };
    assert!(reason.contains("opted out") && todo.contains("START"));
}

#[rstest]
#[tokio::test]
async fn reading_marks_read_and_a_long_thread_comes_in_pages(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    for n in 0..120 {
        w.clock.advance(chrono::Duration::seconds(1));
        w.text(ANN, &format!("Text {n}")).await;
    }
    let row = conversations::list(&w.s, &w.owner, None).await.expect("list").data.remove(0);
    assert_eq!(row.unread, 120);
    conversations::mark_read(&w.s, &w.owner, row.id).await.expect("read");
    assert_eq!(
        conversations::list(&w.s, &w.owner, None).await.expect("list").data[0].unread,
        0
    );
    let mut bodies = Vec::new();
    let mut before = None;
    loop {
        let thread = pages::thread::thread(&w.s, &w.owner, row.id, before).await.expect("thread");
        bodies.splice(0..0, thread.messages.into_iter().map(|m| m.body));
        before = thread.older;
        if before.is_none() {
            break;
        }
    }
    let expected: Vec<_> = (0..120).map(|n| format!("Text {n}")).collect();
    assert_eq!(bodies, expected);
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

/// A business begins a conversation with a new contact; their id.
async fn write_to(w: &World, actor: &Actor, phone: &str) -> Uuid {
    let new = contract::contacts::CreateContact {
        name: "Ann".to_owned(),
        phone: phone.to_owned(),
        ..Default::default()
    };
    let ann = contacts::create(&w.s, actor, new).await.expect("created");
    let text = contract::messages::SendMessage {
        channel: None,
        contact_id: ann.id,
        body: "Hello".to_owned(),
        correlation_id: None,
    };
    outbox::send(&w.s, actor, text).await.expect("queued");
    w.clock.advance(chrono::Duration::seconds(1));
    ann.id
}

#[rstest]
#[tokio::test]
async fn a_text_to_the_shared_number_goes_to_who_wrote_last_from_it(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let nails = w.business_without_number("Nails").await;
    let hair = w.business_without_number("Hair").await;
    write_to(&w, &nails, ANN).await;
    write_to(&w, &hair, ANN).await;
    write_to(&w, &nails, "+14155550172").await;
    for (from, to) in [(ANN, &hair), ("+14155550172", &nails)] {
        let mut form = w.inbound(from, "Hi");
        form.to = SHARED.to_owned();
        receiving::receive(&w.s, &form, "").await.expect("taken");
        let row = conversations::list(&w.s, to, None).await.expect("list").data.remove(0);
        assert_eq!(row.unread, 1, "{from}");
    }
    let mut stranger = w.inbound("+14155550173", "Hi");
    stranger.to = SHARED.to_owned();
    let nobody = receiving::receive(&w.s, &stranger, "")
        .await
        .expect_err("several businesses, and nobody wrote first");
    assert_eq!(nobody.problem().code, Code::NotFound);
}

/// Those that wait for the first are one group: each of it goes its own way, in one look for all.
#[rstest]
#[tokio::test]
async fn texts_to_the_shared_number_that_come_together_each_go_to_who_wrote_last(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let both = [
        w.business_without_number("Nails").await,
        w.business_without_number("Hair").await,
    ];
    let phones: Vec<String> = (10..30).map(|n| format!("+141555501{n}")).collect();
    for (n, phone) in phones.iter().enumerate() {
        write_to(&w, &both[n % 2], phone).await;
        if n.is_multiple_of(3) {
            write_to(&w, &both[(n + 1) % 2], phone).await;
        }
    }
    let last = |n: usize| both[if n.is_multiple_of(3) { n + 1 } else { n } % 2].business_id;
    let texts = phones.iter().map(String::as_str).chain(["+14155550199"]).map(|from| {
        let mut form = w.inbound(from, "Hi");
        form.to = SHARED.to_owned();
        let s = &w.s;
        async move {
            let answer = receiving::receive(s, &form, "").await;
            (form.message_sid, answer.map_err(|e| e.problem().code))
        }
    });
    let mut answers = futures::future::join_all(texts).await;
    let (_, stranger) = answers.pop().expect("an answer");
    assert_eq!(stranger, Err(Code::NotFound), "nobody wrote to them");
    for (n, (sid, answer)) in answers.into_iter().enumerate() {
        assert_eq!(answer, Ok(receiving::Received::Done));
        let row = receipt::Entity::find_by_id(sid).one(w.s.db().connection()).await;
        assert_eq!(row.expect("rows").expect("stored").business_id, last(n), "text {n}");
    }
}

/// It was acknowledged, so it counts, even while an error of ours keeps us from acting on it.
#[rstest]
#[tokio::test]
async fn a_stop_that_could_not_be_acted_on_holds_everything_until_it_is(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    w.reply(&ann, "Hello").await.expect("queued");
    let db = w.s.db().connection();
    let rename = |from: &str, to: &str| format!("ALTER TABLE {from} RENAME TO {to}");
    db.execute_unprepared(&rename("conversation", "away")).await.expect("broken");
    assert_eq!(w.text(ANN, "Stop").await, receiving::Received::Kept);
    db.execute_unprepared(&rename("away", "conversation")).await.expect("mended");
    w.work().await;
    assert!(w.phone_got(ANN).is_empty());
    let kept = receipt::Entity::find().one(db).await.expect("answers").expect("kept");
    let provider_sid = kept.provider_sid;
    jobs::perform(&w.s, Job::Receive { provider_sid }).await.expect("works");
    let shown = w.see_contact(&ann).await;
    assert_eq!((shown.consent.sms, shown.held_since), (State::OptedOut, None));
    assert_eq!(w.thread(&ann).await[0].status, "cancelled");
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

/// Both come in one transaction, and the second finds what the first has changed about somebody it was not sent to. (On PostgreSQL
/// transactions run side by side, and of texts that come at the same moment either may be first.)
#[tokio::test]
async fn a_start_counts_right_after_a_stop_to_the_number_that_businesses_share() {
    let w = World::new(Backend::Sqlite).await;
    let nails = w.business_without_number("Nails").await;
    let hair = w.business_without_number("Hair").await;
    let ann_of_nails = write_to(&w, &nails, ANN).await;
    let ann_of_hair = write_to(&w, &hair, ANN).await;
    let own = "+14155550109";
    numbers::assign(&w.s, nails.business_id, own)
        .await
        .expect("a number of their own");
    let text = |to: &str, body: &str| forms::Inbound {
        to: to.to_owned(),
        ..w.inbound(ANN, body)
    };
    let said = [text(own, "START"), text(SHARED, "STOP"), text(own, "START")];
    for taken in futures::future::join_all(said.iter().map(|form| receiving::receive(&w.s, form, ""))).await {
        assert_eq!(taken.expect("taken"), receiving::Received::Done);
    }
    let consent = async |actor, ann| contacts::get(&w.s, actor, ann).await.expect("contact").consent.sms;
    assert_eq!(consent(&hair, ann_of_hair).await, State::OptedOut);
    assert_eq!(consent(&nails, ann_of_nails).await, State::OptedIn);
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

#[rstest]
#[case::short_code("68849", "688", "short code")]
#[case::name("SUPPORT", "support", "is a name")]
#[tokio::test]
async fn a_machine_that_writes_is_shown_and_found_but_never_answered(
    #[case] sender: &str,
    #[case] needle: &str,
    #[case] why: &str,
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    for body in [
        "HELP",
        "Your code is 123456",
        "Y",
        "Reply STOP to stop texts from us",
        "no thanks?",
        "HELP",
    ] {
        w.text(sender, body).await;
    }
    w.work().await;
    assert!(w.sim.messages().is_empty(), "no answer, so no loop");
    assert!(w.open_tasks().await.is_empty(), "and nothing to do for a person");
    let row = conversations::list(&w.s, &w.owner, None).await.expect("list").data.remove(0);
    assert_eq!(
        (row.name.as_str(), row.phone_display.as_str(), row.unread),
        (sender, sender, 6)
    );
    let found = w.holder_of(needle).await;
    assert_eq!((found.phone.as_str(), found.held_since), (sender, None));
    let refused = w.reply(&found, "Hello?").await.expect_err("nobody can text it").problem();
    assert_eq!(refused.code, Code::MayNotSend);
    assert!(refused.detail.contains(why), "{}", refused.detail);
    let thread = pages::thread::thread(&w.s, &w.owner, row.id, None).await.expect("a thread");
    assert_eq!(thread.messages.len(), 6);
    let Composer::Closed { reason, .. } = thread.composer else {
        panic!("staff may write")
    };
    assert_eq!(reason, refused.detail);
}

#[rstest]
#[tokio::test]
async fn a_machine_may_be_given_a_name_and_an_appointment_but_no_reminder(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    w.text("68849", "Your parcel is on its way").await;
    let found = w.holder_of("68849").await;
    let cmd = contract::contacts::UpdateContact {
        id: found.id,
        name: "Parcels".to_owned(),
        phone: "68849".to_owned(),
        email: None,
        time_zone: None,
        notes: None,
    };
    let named = contacts::update(&w.s, &w.owner, cmd.clone()).await.expect("the number stays");
    assert_eq!((named.name.as_str(), named.phone.as_str()), ("Parcels", "68849"));
    let other = contract::contacts::UpdateContact {
        phone: "68850".to_owned(),
        ..cmd
    };
    assert!(contacts::update(&w.s, &w.owner, other).await.is_err(), "it can't be typed");
    let agreed = contract::contacts::RecordConsent {
        contact_id: found.id,
        state: State::OptedIn,
        evidence: "Said so".to_owned(),
    };
    contacts::record_consent(&w.s, &w.owner, agreed).await.expect("written down");
    w.appointment(&named, 30).await;
    w.work().await;
    assert!(w.sim.messages().is_empty());
    let asked = w.open_tasks().await;
    assert_eq!((asked.len(), asked[0].kind.as_str()), (1, "call"));
    assert!(asked[0].title.contains("short code"), "{}", asked[0].title);
}

#[rstest]
#[tokio::test]
async fn somebody_without_a_number_is_answered_by_a_person(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    for _ in 0..3 {
        w.text("whatsapp:US.13491208655302741918", "HELP").await;
    }
    w.work().await;
    assert!(w.sim.messages().is_empty(), "no text is sent to what is no number");
    assert_eq!(w.open_tasks().await.len(), 1);
}
