//! Notes to devices, with a push service that really gets them.

use chrono::Duration;
use contract::{Code, accounts::Role, notifications::AddDevice};
use entity::notifications::{push_device, push_key};
use rstest::rstest;
use sea_orm::EntityTrait;
use services::{
    Actor,
    accounts::{
        passwords, security,
        sessions::{self, Kept},
    },
    notifications,
};
use testkit::{Backend, World};

use super::{
    ANN, id_of, person,
    service::{Browser, PushService, claims},
    thread,
};

/// Sam with a browser that takes notifications, and Ann who may write.
pub async fn sam_listens(w: &World, service: &PushService) -> (Actor, Browser) {
    let sam = person(w, Role::Staff, "Sam").await;
    let browser = Browser::at(service, "sams");
    notifications::add_device(&w.s, &sam, None, browser.subscription())
        .await
        .expect("known");
    w.contact("Ann", ANN).await;
    (sam, browser)
}

pub async fn push(w: &World) {
    while notifications::push_some(&w.s).await.expect("works") > 0 {}
}

async fn state(w: &World, actor: &Actor) -> String {
    let devices = notifications::page(&w.s, actor, None).await.expect("a page").devices;
    devices.into_iter().map(|device| device.state).collect::<Vec<_>>().join("\n")
}

#[rstest]
#[tokio::test]
async fn a_text_reaches_the_device_once_sealed_and_signed(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let (w, service) = (World::new(backend).await, PushService::start().await);
    let (sam, browser) = sam_listens(&w, &service).await;
    assert_eq!(state(&w, &sam).await, "Not reached yet.");
    w.text(ANN, "My knee hurts").await;
    push(&w).await;
    assert_eq!(service.taken().len(), 0, "who is looking at it has a moment to say so");
    w.clock.advance(Duration::seconds(4));
    let other = w.another_process().await;
    let (_, _) = tokio::join!(push(&w), async { notifications::push_some(&other).await.expect("works") });
    push(&w).await;
    let taken = service.taken();
    let [posted] = taken.as_slice() else {
        panic!("{} notes", taken.len())
    };
    assert_eq!(posted.to, "sams");
    let note = browser.reads(posted);
    assert_eq!((note.title.as_str(), note.badge), ("Ann wrote", 1));
    assert_eq!(note.url, format!("/inbox/{}", thread(&w).await));
    assert!(
        !note.body.contains("knee"),
        "what she wrote is for no lock screen: {}",
        note.body
    );
    for (name, value) in [("ttl", "14400"), ("urgency", "high"), ("content-encoding", "aes128gcm")] {
        assert_eq!(posted.headers[name], value);
    }
    assert_eq!(posted.headers["topic"], note.tag.replace('-', ""));
    let key = notifications::public_key(&w.s).await.expect("a key");
    let said = claims(posted, &key);
    assert_eq!(said["aud"], service.url, "with its port");
    let expires = said["exp"].as_i64().expect("a time") - w.clock.now().timestamp();
    assert!((1..=86_400).contains(&expires), "{expires}");
    assert!(said["sub"].as_str().is_some_and(|sub| sub.starts_with("mailto:")), "{said}");
    assert_eq!(state(&w, &sam).await, "Last reached today at 10:00 AM.");
}

#[rstest]
#[tokio::test]
async fn what_was_seen_in_time_is_sent_nowhere(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let (w, service) = (World::new(backend).await, PushService::start().await);
    let (sam, _) = sam_listens(&w, &service).await;
    w.text(ANN, "Hello?").await;
    notifications::look_at(&w.s, &sam, thread(&w).await).await.expect("seen");
    w.clock.advance(Duration::minutes(1));
    push(&w).await;
    assert_eq!(service.taken().len(), 0);
}

#[rstest]
#[case::not_found(404)]
#[case::gone(410)]
#[tokio::test]
async fn a_browser_that_is_gone_is_dropped_and_it_is_said(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[case] status: u16,
) {
    let (w, service) = (World::new(backend).await, PushService::start().await);
    let (sam, browser) = sam_listens(&w, &service).await;
    service.answer(status);
    for text in ["One", "Two"] {
        w.text(ANN, text).await;
        w.clock.advance(Duration::hours(2));
        push(&w).await;
    }
    assert_eq!(service.taken().len(), 1, "never called again");
    let said = state(&w, &sam).await;
    assert!(
        said.starts_with("Removed today at") && said.contains("no longer takes notifications"),
        "{said}"
    );
    // The person turns them on again.
    service.answer(201);
    notifications::add_device(&w.s, &sam, None, browser.subscription())
        .await
        .expect("known again");
    w.text(ANN, "Three").await;
    w.clock.advance(Duration::seconds(4));
    push(&w).await;
    assert_eq!(service.taken().len(), 1);
}

#[rstest]
#[tokio::test]
async fn trouble_of_a_push_service_or_of_ours_drops_no_device(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let (w, service) = (World::new(backend).await, PushService::start().await);
    let (sam, _) = sam_listens(&w, &service).await;
    service.answer(403);
    w.text(ANN, "One").await;
    w.clock.advance(Duration::seconds(4));
    push(&w).await;
    assert_eq!(service.taken().len(), 1);
    assert!(
        state(&w, &sam).await.ends_with("The push service refused it (403)."),
        "{}",
        state(&w, &sam).await
    );
    w.clock.advance(Duration::hours(1));
    push(&w).await;
    assert_eq!(service.taken().len(), 0, "the same again would be refused again");
    service.answer(503);
    w.text(ANN, "Two").await;
    w.clock.advance(Duration::seconds(4));
    push(&w).await;
    w.clock.advance(Duration::seconds(29));
    push(&w).await;
    assert_eq!(service.taken().len(), 1, "not before its time");
    service.answer(201);
    w.clock.advance(Duration::seconds(1));
    push(&w).await;
    assert_eq!(service.taken().len(), 1);
    assert!(
        state(&w, &sam).await.starts_with("Last reached today"),
        "{}",
        state(&w, &sam).await
    );
    // One that never has time is given up, and says so.
    service.answer(500);
    w.text(ANN, "Three").await;
    for _ in 0..12 {
        w.clock.advance(Duration::minutes(30));
        push(&w).await;
    }
    assert_eq!(service.taken().len(), 6);
}

#[rstest]
#[tokio::test]
async fn who_died_while_handing_over_leaves_it_to_the_next(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let (w, service) = (World::new(backend).await, PushService::start().await);
    let (_sam, _) = sam_listens(&w, &service).await;
    w.text(ANN, "One").await;
    w.clock.advance(Duration::seconds(4));
    {
        // Claimed, and then nothing: the future is dropped in the middle of its call.
        let unheard = PushService::default();
        assert!(unheard.url.is_empty());
        let call = notifications::push_some(&w.s);
        _ = tokio::time::timeout(std::time::Duration::from_millis(0), call).await;
    }
    notifications::recover(&w.s).await.expect("found");
    push(&w).await;
    assert!((1..=2).contains(&service.taken().len()), "a device shows one of a tag");
}

#[rstest]
#[tokio::test]
async fn a_test_goes_to_every_device_of_who_asks(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let (w, service) = (World::new(backend).await, PushService::start().await);
    let (sam, browser) = sam_listens(&w, &service).await;
    let olga = person(&w, Role::Owner, "Olga").await;
    let none = notifications::send_test(&w.s, &olga).await.expect_err("no device");
    assert_eq!(none.problem().code, Code::Conflict);
    assert_eq!(notifications::send_test(&w.s, &sam).await.expect("stored"), 1);
    let again = notifications::send_test(&w.s, &sam).await.expect_err("on its way");
    assert_eq!(again.problem().code, Code::Conflict);
    push(&w).await;
    let taken = service.taken();
    assert_eq!(
        (taken.len(), browser.reads(&taken[0]).title.as_str()),
        (1, "This is your test")
    );
    // A browser is one person's: the one who was signed in last.
    notifications::add_device(&w.s, &olga, None, browser.subscription())
        .await
        .expect("hers now");
    assert_eq!(state(&w, &sam).await, "");
    let device = notifications::page(&w.s, &olga, None)
        .await
        .expect("a page")
        .devices
        .remove(0)
        .id;
    let not_his = notifications::remove_device(&w.s, &sam, device).await.expect_err("hers");
    assert_eq!(not_his.problem().code, Code::NotFound);
    notifications::remove_device(&w.s, &olga, device).await.expect("removed");
    assert_eq!(state(&w, &olga).await, "");
}

#[rstest]
#[tokio::test]
async fn what_is_no_subscription_is_refused_and_secrets_are_sealed(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (w, service) = (World::new(backend).await, PushService::start().await);
    let (sam, browser) = sam_listens(&w, &service).await;
    let good = browser.subscription();
    let bad: [(&str, AddDevice); 4] = [
        (
            "endpoint",
            AddDevice {
                endpoint: "file:///etc/passwd".to_owned(),
                ..good.clone()
            },
        ),
        (
            "endpoint",
            AddDevice {
                endpoint: "nonsense".to_owned(),
                ..good.clone()
            },
        ),
        (
            "p256dh",
            AddDevice {
                p256dh: "AAAA".to_owned(),
                ..good.clone()
            },
        ),
        (
            "p256dh",
            AddDevice {
                auth: "AAAA".to_owned(),
                ..good
            },
        ),
    ];
    for (field, new) in bad {
        let refused = notifications::add_device(&w.s, &sam, None, new)
            .await
            .expect_err("refused")
            .problem();
        assert_eq!((refused.code, refused.fields[0].field.as_str()), (Code::Invalid, field));
    }
    let db = w.s.db().connection();
    let device = push_device::Entity::find().one(db).await.expect("rows").expect("a device");
    assert!(
        device.endpoint.starts_with("v1.") && device.auth.starts_with("v1."),
        "{device:?}"
    );
    let keys = push_key::Entity::find().all(db).await.expect("keys");
    assert!(keys.len() == 1 && keys[0].secret.starts_with("v1."), "made once, and sealed");
    let other = w.another_process().await;
    assert_eq!(
        notifications::public_key(&other).await.expect("a key"),
        notifications::public_key(&w.s).await.expect("a key"),
        "a restart makes no new one"
    );
}

/// Signs a browser of theirs in.
async fn signs_in(w: &World, actor: &Actor, session: [u8; 16]) {
    let kept = Kept {
        data: "{}".to_owned(),
        expires_at: w.clock.now() + Duration::days(14),
        account_id: Some(id_of(actor)),
        user_agent: "",
    };
    sessions::create(&w.s, &session, kept).await.expect("a session");
}

/// The same; it takes notifications from then on.
async fn listens(w: &World, service: &PushService, actor: &Actor, session: [u8; 16]) {
    signs_in(w, actor, session).await;
    let browser = Browser::at(service, &session[0].to_string());
    notifications::add_device(&w.s, actor, Some(&session), browser.subscription())
        .await
        .expect("known");
}

/// Those of these browsers that are still sent something.
async fn reached(w: &World, service: &PushService, actor: &Actor) -> Vec<String> {
    if notifications::send_test(&w.s, actor).await.is_err() {
        return Vec::new();
    }
    push(w).await;
    let mut to: Vec<String> = service.taken().into_iter().map(|posted| posted.to).collect();
    to.sort();
    to
}

#[rstest]
#[tokio::test]
async fn a_browser_that_is_signed_out_is_sent_nothing_more(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let (w, service) = (World::new(backend).await, PushService::start().await);
    let (sam, ana) = (person(&w, Role::Staff, "Sam").await, person(&w, Role::Staff, "Ana").await);
    for n in 1..=6 {
        listens(&w, &service, &sam, [n; 16]).await;
    }
    listens(&w, &service, &ana, [9; 16]).await;
    // Signed out there by its person, then from another browser of theirs.
    sessions::delete(&w.s, &[1; 16]).await.expect("signed out");
    assert_eq!(reached(&w, &service, &sam).await, ["2", "3", "4", "5", "6"]);
    w.clock.advance(Duration::minutes(1));
    let listed = security::view(&w.s, &sam, Some(&[3; 16])).await.expect("a view").sessions;
    let other = listed.iter().find(|one| !one.this).expect("another").id;
    security::revoke_session(&w.s, &sam, Some(&[3; 16]), other)
        .await
        .expect("revoked");
    assert_eq!(reached(&w, &service, &sam).await.len(), 4);
    security::revoke_other_sessions(&w.s, &sam, Some(&[3; 16]))
        .await
        .expect("revoked");
    assert_eq!(reached(&w, &service, &sam).await, ["3"], "but the one that asks");

    // A new password: this browser goes on, under another id, until that one is signed out.
    listens(&w, &service, &sam, [7; 16]).await;
    passwords::change(&w.s, &sam, "a long password", "another long password", Some(&[3; 16]))
        .await
        .expect("changed");
    sessions::delete(&w.s, &[3; 16]).await.expect("its id is another one");
    signs_in(&w, &sam, [8; 16]).await;
    sessions::renewed(&w.s, id_of(&sam), &[8; 16]).await.expect("renewed");
    assert_eq!(reached(&w, &service, &sam).await, ["3"]);
    sessions::delete(&w.s, &[8; 16]).await.expect("signed out");
    assert_eq!(reached(&w, &service, &sam).await.len(), 0);
    assert_eq!(reached(&w, &service, &ana).await, ["9"], "another one's goes on");

    // A page that was still loading there does not bring it back.
    let browser = Browser::at(&service, "late");
    let late = notifications::add_device(&w.s, &sam, Some(&[8; 16]), browser.subscription()).await;
    assert_eq!(late.expect_err("signed out").problem().code, Code::SignInNeeded);
}
