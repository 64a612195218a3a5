//! What is told, to whom, and what it looks like.

use chrono::Duration;
use contract::{
    Code,
    accounts::Role,
    appointments::AppointmentAction,
    contacts::CreateContact,
    conversations::ConversationAction,
    merging::MergeContacts,
    tasks::CreateTask,
    waitlist::{AddEntry, CreateSlot},
    webhooks::AddWebhookEndpoint,
};
use rstest::rstest;
use services::{Actor, Permission, Principal, appointments, contacts, conversations, merging, tasks, waitlist, webhooks};
use testkit::{Backend, Receiver, World, member};
use uuid::Uuid;

use super::{ANN, BEN, deliver, hook, states};

#[rstest]
#[tokio::test]
async fn what_happens_is_told_thin_and_signed(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let receiver = Receiver::start().await;
    let secret = hook(&w, &receiver, &["*"], false).await;
    let ann = w.contact("Ann Lee", ANN).await;
    let visit = w.appointment(&ann, 30).await;
    appointments::act(&w.s, &w.owner, visit.id, AppointmentAction::Cancel)
        .await
        .expect("cancelled");
    assert!(receiver.calls().is_empty(), "nothing is called within a transaction");
    deliver(&w).await;
    let calls = receiver.take();
    let kinds: Vec<String> = calls.iter().map(testkit::Call::kind).collect();
    for kind in [
        "contact.created",
        "consent.changed",
        "appointment.created",
        "appointment.cancelled",
    ] {
        assert!(kinds.iter().any(|one| one == kind), "{kind}: {kinds:?}");
    }
    for call in &calls {
        assert!(call.is_signed_with(&secret.secret), "{call:?}");
        assert_eq!(call.timestamp, w.clock.now().timestamp().to_string());
        for hidden in ["Ann", "Lee", "5550171"] {
            assert!(!call.body.contains(hidden), "{hidden}: {}", call.body);
        }
    }
    let cancelled = calls
        .iter()
        .find(|call| call.kind() == "appointment.cancelled")
        .expect("told");
    let json = cancelled.json();
    assert_eq!(json["timestamp"], "2027-01-04T15:00:00Z");
    assert_eq!(json["data"]["appointment_id"], visit.id.to_string());
    assert_eq!(json["data"]["contact_id"], ann.id.to_string());
    assert_eq!(json["data"]["status"], "cancelled");
    assert_eq!(json.as_object().map(serde_json::Map::len), Some(3), "type, timestamp, data");
    let ids: std::collections::BTreeSet<String> = calls.iter().map(|call| call.id.clone()).collect();
    assert_eq!(ids.len(), calls.len(), "each has an id of its own");
    deliver(&w).await;
    assert!(receiver.take().is_empty(), "once");
    assert!(states(&w, secret.id).await.iter().all(|state| state == "delivered"));
}

#[rstest]
#[tokio::test]
async fn who_asks_for_it_is_told_what_things_look_like(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let receiver = Receiver::start().await;
    hook(&w, &receiver, &["contact.created", "message.received"], true).await;
    let ann = w.contact("Ann Lee", ANN).await;
    w.text(ANN, "Is there parking?").await;
    deliver(&w).await;
    let calls = receiver.take();
    assert_eq!(
        calls.iter().map(testkit::Call::kind).collect::<Vec<_>>(),
        ["contact.created", "message.received"]
    );
    let contact = &calls[0].json()["data"];
    assert_eq!((&contact["name"], &contact["phone"]), (&"Ann Lee".into(), &ANN.into()));
    assert_eq!(contact["id"], ann.id.to_string());
    assert_eq!(calls[1].json()["data"]["body"], "Is there parking?");
    assert!(calls.iter().all(|call| call.body.len() < 20_000));
}

/// What customers, texts, tasks and free times go through.
#[rstest]
#[tokio::test]
async fn a_days_work_is_told_in_the_words_of_the_list(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let receiver = Receiver::start().await;
    let types: Vec<&str> = domain::webhooks::EventType::ALL.iter().map(|one| one.as_str()).collect();
    hook(&w, &receiver, &types, false).await;
    let ann = w.contact("Ann", ANN).await;
    let visit = w.appointment(&ann, 30).await;
    w.work().await;
    deliver(&w).await;
    receiver.take();

    let reminder = w.last_message(&ann).await;
    let sid = reminder.provider_sid.clone().expect("handed over");
    for status in ["sent", "delivered"] {
        w.status(&reminder, &sid, status, None).await.expect("heard");
    }
    deliver(&w).await;
    assert_eq!(receiver.kinds(), ["message.sent", "message.delivered"]);

    w.text(ANN, "Y").await;
    deliver(&w).await;
    let kinds = receiver.kinds();
    assert!(kinds.contains(&"appointment.confirmed".to_owned()), "{kinds:?}");
    assert!(!kinds.contains(&"conversation.waiting".to_owned()), "nobody waits: {kinds:?}");

    w.text(ANN, "Is there parking?").await;
    w.clock.advance(Duration::seconds(1));
    w.text(ANN, "And a lift?").await;
    deliver(&w).await;
    let kinds = receiver.kinds();
    let waits = kinds.iter().filter(|kind| *kind == "conversation.waiting").count();
    assert_eq!(waits, 1, "from the first text on: {kinds:?}");

    let conversation = w.last_message(&ann).await.conversation_id;
    conversations::act(&w.s, &w.owner, conversation, ConversationAction::Close)
        .await
        .expect("closed");
    deliver(&w).await;
    assert!(receiver.kinds().contains(&"conversation.closed".to_owned()));

    let failing = w.reply(&ann, "See you").await.expect("a text");
    w.work().await;
    let sid = w.last_message(&ann).await.provider_sid.expect("handed over");
    w.status(&failing, &sid, "undelivered", Some(30_005)).await.expect("heard");
    deliver(&w).await;
    let kinds = receiver.kinds();
    assert_eq!(kinds.iter().filter(|kind| *kind == "message.failed").count(), 1, "{kinds:?}");
    assert!(kinds.contains(&"task.created".to_owned()), "a person is asked: {kinds:?}");

    // The day of the visit.
    w.clock.advance(Duration::hours(30));
    for (act, kind) in [
        (AppointmentAction::Arrive, "appointment.arrived"),
        (AppointmentAction::Complete, "appointment.completed"),
        (AppointmentAction::Reopen, "appointment.updated"),
        (AppointmentAction::NoShow, "appointment.no_show"),
    ] {
        appointments::act(&w.s, &w.owner, visit.id, act).await.expect("done");
        deliver(&w).await;
        let kinds = receiver.kinds();
        assert!(kinds.contains(&kind.to_owned()), "{kind}: {kinds:?}");
    }
    let task = CreateTask {
        title: "Send a map".to_owned(),
        ..CreateTask::default()
    };
    let task = tasks::create(&w.s, &w.owner, task).await.expect("a task");
    tasks::set_done(&w.s, &w.owner, task.id, true).await.expect("done");
    deliver(&w).await;
    assert_eq!(receiver.kinds(), ["task.created", "task.done"]);
}

#[rstest]
#[tokio::test]
async fn a_free_time_is_told_from_offer_to_end(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let receiver = Receiver::start().await;
    hook(
        &w,
        &receiver,
        &["waitlist.offered", "waitlist.taken", "waitlist.expired"],
        false,
    )
    .await;
    let ann = w.contact("Ann", ANN).await;
    let entry = AddEntry {
        contact_id: ann.id,
        ..AddEntry::default()
    };
    waitlist::add(&w.s, &w.owner, entry).await.expect("she waits");
    let slot = |hours: i64| CreateSlot {
        starts_at: (w.clock.now() + Duration::hours(hours)).to_rfc3339(),
        minutes: 30,
        ..CreateSlot::default()
    };
    let first = waitlist::create(&w.s, &w.owner, slot(50)).await.expect("a free time");
    w.work().await;
    w.work().await;
    deliver(&w).await;
    let calls = receiver.take();
    assert_eq!(
        calls.iter().map(testkit::Call::kind).collect::<Vec<_>>(),
        ["waitlist.offered"]
    );
    let data = &calls[0].json()["data"];
    assert_eq!(
        (&data["slot_id"], &data["contact_id"]),
        (&first.id.to_string().into(), &ann.id.to_string().into())
    );
    w.text(ANN, "Y").await;
    deliver(&w).await;
    assert_eq!(receiver.kinds(), ["waitlist.taken"]);
    let second = waitlist::create(&w.s, &w.owner, slot(60)).await.expect("a free time");
    waitlist::close(&w.s, &w.owner, second.id).await.expect("given up");
    deliver(&w).await;
    assert_eq!(receiver.kinds(), ["waitlist.expired"]);
}

#[rstest]
#[tokio::test]
async fn an_endpoint_hears_of_what_it_chose_in_its_own_business(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let receiver = Receiver::start().await;
    let hook = hook(&w, &receiver, &["contact.created"], false).await;
    let garage = w.another_business().await;
    let ben = CreateContact {
        name: "Ben".to_owned(),
        phone: BEN.to_owned(),
        ..CreateContact::default()
    };
    contacts::create(&w.s, &garage, ben).await.expect("a contact of theirs");
    let ann = w.contact("Ann", ANN).await;
    w.appointment(&ann, 30).await;
    // What is refused has not happened.
    let twice = CreateContact {
        name: "Ann".to_owned(),
        phone: ANN.to_owned(),
        ..CreateContact::default()
    };
    contacts::create(&w.s, &w.owner, twice).await.expect_err("there is one");
    deliver(&w).await;
    assert_eq!(receiver.kinds(), ["contact.created"]);
    // Nobody else sees it or what it was told.
    for (what, refused) in [
        ("the webhook", webhooks::get(&w.s, &garage, hook.id).await.err()),
        (
            "what it was told",
            webhooks::deliveries(&w.s, &garage, hook.id, Default::default()).await.err(),
        ),
        ("its secret", webhooks::secret(&w.s, &garage, hook.id).await.err()),
        ("its end", webhooks::remove(&w.s, &garage, hook.id).await.err()),
    ] {
        assert_eq!(refused.map(|error| error.problem().code), Some(Code::NotFound), "{what}");
    }
}

#[rstest]
#[tokio::test]
async fn who_may_not_read_it_is_not_told_it(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let receiver = Receiver::start().await;
    let add = |events: &str| AddWebhookEndpoint {
        url: receiver.url(),
        events: vec![events.to_owned()],
        full: true,
    };
    let staff = member(&w.s, w.owner.business_id, Role::Staff, "sam@x.test", "a long password").await;
    let refused = webhooks::add(&w.s, &staff, add("*")).await.expect_err("staff");
    assert_eq!(refused.problem().code, Code::NotAllowed);
    let key = Actor {
        business_id: w.owner.business_id,
        who: Principal::ApiKey {
            id: Uuid::now_v7(),
            name: "CRM".to_owned(),
            scopes: vec![Permission::ReadWebhooks, Permission::WriteWebhooks, Permission::ReadTasks],
        },
    };
    for events in ["*", "message.received", "contact.created"] {
        let refused = webhooks::add(&w.s, &key, add(events)).await.expect_err(events);
        assert_eq!(refused.problem().code, Code::NotAllowed, "{events}");
    }
    webhooks::add(&w.s, &key, add("task.created"))
        .await
        .expect("what it may read");
    // Nor may it lead elsewhere what others are told.
    let other = hook(&w, &receiver, &["message.received"], true).await;
    let cmd = contract::webhooks::EditWebhookEndpoint {
        url: Some("https://example.com/x".to_owned()),
        ..Default::default()
    };
    let refused = webhooks::edit(&w.s, &key, other.id, cmd).await.expect_err("not its to read");
    assert_eq!(refused.problem().code, Code::NotAllowed);
    assert!(webhooks::secret(&w.s, &key, other.id).await.is_err());
    assert!(webhooks::rotate_secret(&w.s, &key, other.id).await.is_err());
}

#[rstest]
#[case::no_address("", "*", "url")]
#[case::no_web_address("mailto:ann@example.com", "*", "url")]
#[case::unknown("https://example.com", "contact.eaten", "events")]
#[case::nothing("https://example.com", "", "events")]
#[tokio::test]
async fn what_can_not_be_is_said_at_its_field(#[case] url: &str, #[case] events: &str, #[case] field: &str) {
    let w = World::new(Backend::Sqlite).await;
    let cmd = AddWebhookEndpoint {
        url: url.to_owned(),
        events: events.split(' ').filter(|one| !one.is_empty()).map(str::to_owned).collect(),
        full: false,
    };
    let problem = webhooks::add(&w.s, &w.owner, cmd).await.expect_err("refused").problem();
    assert_eq!((problem.code, problem.fields[0].field.as_str()), (Code::Invalid, field));
    assert!(webhooks::list(&w.s, &w.owner).await.expect("a list").is_empty());
}

/// For a day both secrets are signed with; then the new one alone.
#[rstest]
#[tokio::test]
async fn a_secret_is_changed_in_peace(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let receiver = Receiver::start().await;
    let old = hook(&w, &receiver, &["*"], false).await;
    let new = webhooks::rotate_secret(&w.s, &w.owner, old.id).await.expect("a new secret");
    assert_ne!(old.secret, new.secret);
    assert_eq!(new.previous_secret_until, Some(w.clock.now() + Duration::hours(24)));
    assert_eq!(
        webhooks::secret(&w.s, &w.owner, old.id).await.expect("shown").secret,
        new.secret
    );
    w.clock.advance(Duration::hours(23));
    webhooks::test(&w.s, &w.owner, old.id).await.expect("a test");
    deliver(&w).await;
    let call = receiver.take().remove(0);
    assert!(call.is_signed_with(&old.secret) && call.is_signed_with(&new.secret));
    w.clock.advance(Duration::hours(1));
    webhooks::test(&w.s, &w.owner, old.id).await.expect("a test");
    deliver(&w).await;
    let call = receiver.take().remove(0);
    assert!(!call.is_signed_with(&old.secret) && call.is_signed_with(&new.secret));
    assert_eq!(call.kind(), "webhook.test");
}

/// Nobody reads address, secret, body or answer in the database.
#[rstest]
#[tokio::test]
async fn what_is_kept_of_it_is_sealed(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    use entity::webhooks::{webhook_delivery, webhook_endpoint};
    use sea_orm::EntityTrait;
    let w = World::new(backend).await;
    let receiver = Receiver::start().await;
    let made = hook(&w, &receiver, &["*"], true).await;
    webhooks::rotate_secret(&w.s, &w.owner, made.id).await.expect("a new secret");
    w.contact("Ann Lee", ANN).await;
    deliver(&w).await;
    let db = w.s.db().connection();
    let endpoints = webhook_endpoint::Entity::find().all(db).await.expect("rows");
    let deliveries = webhook_delivery::Entity::find().all(db).await.expect("rows");
    let stored = format!("{endpoints:?} {deliveries:?}");
    assert!(!deliveries.is_empty());
    for secret in ["whsec_", made.secret.as_str(), "127.0.0.1", "Ann Lee", ANN, "so be it"] {
        assert!(!stored.contains(secret), "{secret}: {stored}");
    }
}

#[rstest]
#[tokio::test]
async fn a_business_has_no_more_than_twenty(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let receiver = Receiver::start().await;
    for _ in 0..20 {
        hook(&w, &receiver, &["task.done"], false).await;
    }
    let cmd = AddWebhookEndpoint {
        url: receiver.url(),
        events: vec!["*".to_owned()],
        full: false,
    };
    let refused = webhooks::add(&w.s, &w.owner, cmd).await.expect_err("too many");
    assert_eq!(refused.problem().code, Code::Conflict);
}

#[rstest]
#[tokio::test]
async fn whose_entry_is_given_up_by_a_merge_is_named_and_so_is_its_undoing(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let receiver = Receiver::start().await;
    let (ann, anne) = (w.contact("Ann", ANN).await, w.contact("Anne", BEN).await);
    hook(&w, &receiver, &["contact.merged"], false).await;
    let other = MergeContacts { other_id: anne.id };
    Box::pin(merging::merge(&w.s, &w.owner, ann.id, other)).await.expect("merged");
    deliver(&w).await;
    Box::pin(merging::undo(&w.s, &w.owner, ann.id)).await.expect("undone");
    deliver(&w).await;
    let told: Vec<_> = receiver.take().iter().map(|call| call.json()["data"].clone()).collect();
    assert_eq!(told.len(), 2, "{told:?}");
    for (data, undone) in told.iter().zip([false, true]) {
        assert_eq!(
            (&data["id"], &data["merged_id"]),
            (&ann.id.to_string().into(), &anne.id.to_string().into())
        );
        assert_eq!(data["undone"], undone);
    }
}
