//! Receivers that are slow, broken, gone or somewhere else, and a Showup that is killed.

use chrono::Duration;
use contract::{accounts::Role, webhooks::EditWebhookEndpoint};
use rstest::rstest;
use services::{pages, webhooks};
use testkit::{Backend, Receiver, Says, World, member};

use super::{ANN, BEN, deliver, hook, see, states, switch, told, until};

#[rstest]
#[tokio::test]
async fn what_does_not_arrive_is_tried_ten_times_with_the_same_id_and_then_it_is_switched_off(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let olga = member(&w.s, w.owner.business_id, Role::Owner, "olga@x.test", "a long password").await;
    let receiver = Receiver::start().await;
    let hook = hook(&w, &receiver, &["contact.created"], false).await;
    receiver.say(Says::Status(500));
    let begun = w.clock.now();
    w.contact("Ann", ANN).await;
    deliver(&w).await;
    for tries in 2..=10 {
        let one = told(&w, hook.id).await.remove(0);
        assert_eq!((one.status.as_str(), one.attempts), ("waiting", tries - 1));
        let next = one.next_at.expect("it is tried again");
        w.clock.set(next - Duration::milliseconds(1));
        assert_eq!(deliver(&w).await, 0, "not before its time");
        // One that is in trouble rests for up to a minute more.
        w.clock.set(next + Duration::minutes(1));
        assert_eq!(deliver(&w).await, 1);
    }
    let took = w.clock.now() - begun;
    assert!(took > Duration::hours(75) && took < Duration::hours(84), "{took}");
    let calls = receiver.take();
    assert_eq!(calls.len(), 10);
    assert!(calls.iter().all(|call| call.id == calls[0].id && call.body == calls[0].body));
    assert_ne!(calls[0].timestamp, calls[9].timestamp, "each try is signed at its time");
    assert_eq!(states(&w, hook.id).await, ["failed"]);

    let seen = see(&w, hook.id).await;
    assert!(
        seen.disabled && seen.why.as_deref().is_some_and(|why| why.contains("three days")),
        "{seen:?}"
    );
    w.post().await;
    let mails = w.sim.mails();
    let mail = mails
        .iter()
        .find(|mail| mail.subject.contains("switched off"))
        .expect("a mail");
    assert!(mail.envelope_to.contains(&"olga@x.test".to_owned()), "{mail:?}");
    let notices = pages::notices::list(&w.s, &olga).await.expect("banners");
    assert!(notices.iter().any(|notice| notice.kind == "webhook_disabled"), "{notices:?}");

    // What happens meanwhile waits, and goes out when it is on again.
    receiver.say(Says::Status(200));
    w.contact("Ben", BEN).await;
    assert_eq!(deliver(&w).await, 0);
    assert!(!switch(&w, hook.id, true).await.disabled);
    assert_eq!(deliver(&w).await, 1);
    assert_eq!(states(&w, hook.id).await, ["failed", "delivered"]);
    let notices = pages::notices::list(&w.s, &olga).await.expect("banners");
    assert!(notices.iter().all(|notice| notice.kind != "webhook_disabled"));
}

#[rstest]
#[case::a_redirect(Says::Elsewhere, 308)]
#[case::refused(Says::Status(400), 400)]
#[case::broken(Says::Status(500), 500)]
#[tokio::test]
async fn only_a_yes_is_a_yes(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[case] says: Says,
    #[case] code: u16,
) {
    let w = World::new(backend).await;
    let receiver = Receiver::start().await;
    let hook = hook(&w, &receiver, &["contact.created"], false).await;
    receiver.say(says);
    w.contact("Ann", ANN).await;
    deliver(&w).await;
    assert_eq!(receiver.take().len(), 1, "a redirect is not followed");
    let one = told(&w, hook.id).await.remove(0);
    assert_eq!((one.status.as_str(), one.answer_status), ("waiting", Some(code)));
    assert!(one.why.is_some_and(|why| why.contains(&code.to_string())));
    let soon = one.next_at.expect("again") - w.clock.now();
    assert!(
        soon >= Duration::seconds(5) && soon <= Duration::milliseconds(5_500),
        "{soon}"
    );
    assert_eq!(see(&w, hook.id).await.failing_since, Some(w.clock.now()));
    receiver.say(Says::Status(204));
    w.clock.advance(Duration::seconds(6));
    deliver(&w).await;
    assert_eq!(states(&w, hook.id).await, ["delivered"]);
    assert_eq!(see(&w, hook.id).await.failing_since, None);
}

#[rstest]
#[tokio::test]
async fn who_is_gone_for_ever_is_called_no_more(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let receiver = Receiver::start().await;
    let hook = hook(&w, &receiver, &["contact.created"], false).await;
    receiver.say(Says::Status(410));
    w.contact("Ann", ANN).await;
    deliver(&w).await;
    assert!(see(&w, hook.id).await.disabled);
    assert_eq!(states(&w, hook.id).await, ["failed"]);
    w.contact("Ben", BEN).await;
    w.clock.advance(Duration::days(1));
    deliver(&w).await;
    assert_eq!(receiver.take().len(), 1);
    // Nor is it tested before somebody has switched it on.
    assert!(webhooks::test(&w.s, &w.owner, hook.id).await.is_err());
}

#[rstest]
#[tokio::test]
async fn who_asks_to_slow_down_is_left_alone_for_so_long(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let receiver = Receiver::start().await;
    let hook = hook(&w, &receiver, &["contact.created"], false).await;
    receiver.say(Says::Later(429, "120"));
    w.contact("Ann", ANN).await;
    deliver(&w).await;
    receiver.say(Says::Status(200));
    w.contact("Ben", BEN).await;
    w.clock.advance(Duration::seconds(119));
    assert_eq!(deliver(&w).await, 0, "what is new waits, too");
    w.clock.advance(Duration::seconds(1));
    assert_eq!(deliver(&w).await, 2);
    assert_eq!(states(&w, hook.id).await, ["delivered", "delivered"]);
}

#[rstest]
#[tokio::test]
async fn of_a_gigabyte_the_beginning_is_kept(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let receiver = Receiver::start().await;
    let hook = hook(&w, &receiver, &["contact.created"], false).await;
    receiver.say(Says::Huge);
    w.contact("Ann", ANN).await;
    deliver(&w).await;
    let one = told(&w, hook.id).await.remove(0);
    assert_eq!(
        (one.status.as_str(), one.answer_body.map(|body| body.len())),
        ("delivered", Some(4_096))
    );
}

/// What is about one thing arrives in order; what is about another does not wait for it.
#[rstest]
#[tokio::test]
async fn a_thing_is_told_of_in_order(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    use contract::appointments::AppointmentAction::{Cancel, Confirm};
    let w = World::new(backend).await;
    let receiver = Receiver::start().await;
    let events = ["appointment.created", "appointment.confirmed", "appointment.cancelled"];
    let hook = hook(&w, &receiver, &events, false).await;
    let ann = w.contact("Ann", ANN).await;
    let first = w.appointment(&ann, 30).await;
    receiver.say(Says::Status(500));
    deliver(&w).await;
    receiver.take();
    receiver.say(Says::Status(200));
    for act in [Confirm, Cancel] {
        services::appointments::act(&w.s, &w.owner, first.id, act)
            .await
            .expect("done");
    }
    let second = w.appointment(&ann, 60).await;
    deliver(&w).await;
    let calls = receiver.take();
    assert_eq!(calls.len(), 1, "the others wait for what was not taken: {calls:?}");
    assert_eq!(calls[0].json()["data"]["appointment_id"], second.id.to_string());
    w.clock.advance(Duration::seconds(10));
    deliver(&w).await;
    assert_eq!(receiver.kinds(), events);
    assert!(states(&w, hook.id).await.iter().all(|state| state == "delivered"));
}

/// One that never answers costs nobody else anything.
#[rstest]
#[tokio::test]
async fn a_slow_endpoint_keeps_nobody_waiting(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (slow, quick) = (Receiver::start().await, Receiver::start().await);
    let dead = hook(&w, &slow, &["*"], false).await;
    let well = hook(&w, &quick, &["*"], false).await;
    slow.say(Says::Nothing);
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let s = w.s.clone();
    let working = tokio::spawn(async move {
        webhooks::run(&s, async {
            let _ = stopped.await;
        })
        .await;
    });
    let ann = w.contact("Ann", ANN).await;
    until("the slow one is called", || !slow.calls().is_empty()).await;
    let visit = w.appointment(&ann, 30).await;
    let id = visit.id.to_string();
    until("the quick one is told meanwhile", || {
        quick.calls().iter().any(|call| call.json()["data"]["appointment_id"] == id)
    })
    .await;
    w.work().await;
    assert!(!w.phone_got(ANN).is_empty(), "nor do texts wait");
    slow.say(Says::Status(200));
    stop.send(()).expect("it works");
    working.await.expect("it ends when what is in the air was heard");
    deliver(&w).await;
    for hook in [dead, well] {
        assert!(states(&w, hook.id).await.iter().all(|state| state == "delivered"));
    }
}

/// Killed between posting and writing down what came of it: it is posted again, and its id says that it is the same.
#[rstest]
#[tokio::test]
async fn what_was_in_the_air_is_posted_again_with_its_id(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let receiver = Receiver::start().await;
    let hook = hook(&w, &receiver, &["contact.created"], false).await;
    receiver.say(Says::Nothing);
    w.contact("Ann", ANN).await;
    let doomed = w.another_process().await;
    let call = tokio::spawn(async move { webhooks::deliver_due(&doomed).await });
    until("it is called", || receiver.calls().len() == 1).await;
    call.abort();
    let _ = call.await;
    receiver.say(Says::Status(200));
    assert_eq!(states(&w, hook.id).await, ["sending"]);
    assert_eq!(deliver(&w).await, 0, "as far as anybody knows somebody is at it");
    webhooks::tick(&w.s).await.expect("a look");
    assert_eq!(deliver(&w).await, 0);
    w.clock.advance(Duration::minutes(2));
    webhooks::tick(&w.s).await.expect("a look");
    assert_eq!(deliver(&w).await, 1);
    let calls = receiver.take();
    assert_eq!(calls.len(), 2);
    assert_eq!((&calls[0].id, &calls[0].body), (&calls[1].id, &calls[1].body));
    assert_eq!(states(&w, hook.id).await, ["delivered"]);
    assert_eq!(webhooks::recover(&w.s).await.expect("nothing is left"), 0);
}

/// Two processes deliver at once: each thing once, in order.
#[rstest]
#[tokio::test]
async fn two_processes_tell_everything_once(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let receiver = Receiver::start().await;
    let hook = hook(&w, &receiver, &["appointment.created", "appointment.moved"], false).await;
    let ann = w.contact("Ann", ANN).await;
    for hours in [30, 50, 70, 90] {
        let visit = w.appointment(&ann, hours).await;
        let cmd = contract::appointments::EditAppointment {
            starts_at: Some((visit.starts_at + Duration::hours(1)).to_rfc3339()),
            ..Default::default()
        };
        services::appointments::edit(&w.s, &w.owner, visit.id, cmd)
            .await
            .expect("moved");
    }
    let other = w.another_process().await;
    let (one, two) = tokio::join!(webhooks::deliver_due(&w.s), webhooks::deliver_due(&other));
    one.expect("delivered");
    two.expect("delivered");
    deliver(&w).await;
    let calls = receiver.take();
    assert_eq!(calls.len(), 8, "{calls:?}");
    let about = |call: &testkit::Call| call.json()["data"]["appointment_id"].as_str().map(str::to_owned);
    for moved in calls
        .iter()
        .enumerate()
        .filter(|(_, call)| call.kind() == "appointment.moved")
    {
        let before = calls[..moved.0].iter().any(|call| about(call) == about(moved.1));
        assert!(before, "made before it is moved");
    }
    assert!(states(&w, hook.id).await.iter().all(|state| state == "delivered"));
}

#[rstest]
#[tokio::test]
async fn whoever_switches_it_off_is_named_and_hears_no_banner(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let receiver = Receiver::start().await;
    let hook = hook(&w, &receiver, &["contact.created"], false).await;
    receiver.say(Says::Status(500));
    w.contact("Ann", ANN).await;
    deliver(&w).await;
    let off = switch(&w, hook.id, false).await;
    assert!(
        off.disabled && off.why.as_deref().is_some_and(|why| why.contains("switched it off")),
        "{off:?}"
    );
    let notices = pages::notices::list(&w.s, &w.owner).await.expect("banners");
    assert!(notices.iter().all(|notice| notice.kind != "webhook_disabled"));
    // Where it goes can be put right meanwhile.
    let elsewhere = Receiver::start().await;
    let cmd = EditWebhookEndpoint {
        url: Some(elsewhere.url()),
        disabled: Some(false),
        ..Default::default()
    };
    webhooks::edit(&w.s, &w.owner, hook.id, cmd).await.expect("elsewhere");
    w.clock.advance(Duration::seconds(10));
    deliver(&w).await;
    assert_eq!((receiver.take().len(), elsewhere.take().len()), (1, 1));
}

/// An address that was taken while private ones were allowed, or that leads elsewhere since: it is looked at before every call.
#[rstest]
#[tokio::test]
async fn nobody_in_a_private_network_is_called(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let receiver = Receiver::start().await;
    let hook = hook(&w, &receiver, &["contact.created"], false).await;
    w.contact("Ann", ANN).await;
    let settings = services::Settings {
        private_webhooks: false,
        ..w.s.settings().clone()
    };
    let strict = w.process_with(settings).await;
    Box::pin(webhooks::deliver_due(&strict)).await.expect("a look");
    assert!(receiver.take().is_empty(), "nobody was called");
    let one = told(&w, hook.id).await.remove(0);
    assert_eq!((one.status.as_str(), one.answer_status), ("waiting", None));
    assert!(one.why.is_some_and(|why| why.contains("https")), "it says why");
    for url in [
        receiver.url(),
        "https://169.254.169.254/latest".to_owned(),
        "https://[::1]/x".to_owned(),
    ] {
        let cmd = contract::webhooks::AddWebhookEndpoint {
            url: url.clone(),
            events: vec!["*".to_owned()],
            full: false,
        };
        let problem = webhooks::add(&strict, &w.owner, cmd).await.expect_err(&url).problem();
        assert_eq!(problem.fields[0].field, "url");
    }
}

/// However much waits at an endpoint that is in trouble: who tries it sees at once whether it works by now.
#[rstest]
#[tokio::test]
async fn a_test_waits_for_nothing(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let receiver = Receiver::start().await;
    let hook = hook(&w, &receiver, &["contact.created"], false).await;
    receiver.say(Says::Later(429, "3600"));
    w.contact("Ann", ANN).await;
    deliver(&w).await;
    receiver.say(Says::Status(200));
    w.contact("Ben", BEN).await;
    receiver.take();
    assert_eq!(deliver(&w).await, 0, "it rests");
    let test = webhooks::test(&w.s, &w.owner, hook.id).await.expect("a test");
    assert_eq!(test.next_at, Some(w.clock.now()));
    deliver(&w).await;
    assert!(receiver.kinds().contains(&"webhook.test".to_owned()));
}
