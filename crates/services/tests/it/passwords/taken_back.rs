//! "This was not me": who takes an address back has it, and whoever had the account meanwhile has nothing of it.

use chrono::{DateTime, Utc};
use contract::{
    accounts::{Invite, JoinAsNew},
    feeds::CreateFeed,
    security::FactorView,
};
use entity::accounts::{device, identity};
use sea_orm::{EntityTrait, Set};
use secrecy::ExposeSecret;
use services::{
    accounts::{invitations, security},
    feeds,
};
use testkit::code;

use super::*;

const EVIL: &str = "evil@x.test";

/// Somebody who knows this person's password has another address confirmed. The secret of the link in the mail to the one before.
async fn moved(w: &World, actor: &Actor, from: &str, to: &str) -> String {
    emails::ask(&w.s, actor, to, PASSWORD).await.expect("asked");
    w.post().await;
    emails::confirm(&w.s, &link(w, to, "/account/email/"))
        .await
        .expect("confirmed");
    link(w, from, "/account/undo/")
}

async fn sign_up(w: &World, email: &str) -> services::Result<()> {
    let cmd = SignUp {
        business_name: "Copy".to_owned(),
        name: "Mallory".to_owned(),
        email: email.to_owned(),
        password: NEW.to_owned(),
        time_zone: None,
        country: None,
    };
    setup::sign_up(&w.s, cmd).await.map(drop)
}

/// Turns a second step on.
async fn second_step(w: &World, actor: &Actor) {
    let view = security::begin_factor(&w.s, actor, None, PASSWORD).await.expect("begun");
    let FactorView::Begun(begun) = view.factor else {
        panic!("it was begun")
    };
    security::confirm_factor(&w.s, actor, None, &code(&begun.secret, w.clock.now()))
        .await
        .expect("on");
}

/// An address of a calendar: its secret.
async fn calendar(w: &World, actor: &Actor) -> String {
    let cmd = CreateFeed {
        staff_label_id: String::new(),
        detail: "initials".to_owned(),
    };
    let url = feeds::create(&w.s, actor, cmd).await.expect("an address").url;
    let file = url.rsplit('/').next().and_then(|file| file.strip_suffix(".ics"));
    file.expect("a file").to_owned()
}

async fn vouched_for(w: &World, actor: &Actor, subject: &str, at: DateTime<Utc>) {
    let row = identity::ActiveModel {
        issuer: Set(format!("https://{subject}.test")),
        subject: Set(subject.to_owned()),
        account_id: Set(id(actor)),
        created_at: Set(at),
    };
    identity::Entity::insert(row)
        .exec_without_returning(w.s.db().connection())
        .await
        .expect("a row");
}

#[rstest]
#[tokio::test]
async fn an_address_is_nobody_elses_while_it_can_be_taken_back(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let actor = sam(&w).await;
    let olga = member(&w.s, w.owner.business_id, Role::Owner, "olga@x.test", PASSWORD).await;
    let undo = moved(&w, &actor, SAM, EVIL).await;

    let refused = sign_up(&w, SAM).await.expect_err("it can be taken back").problem();
    assert!(
        refused.code == Code::Conflict && refused.for_field("email").is_some(),
        "{refused:?}"
    );
    let cmd = Invite {
        email: SAM.to_owned(),
        role: Role::Staff,
    };
    let invited = invitations::invite(&w.s, &olga, cmd).await.expect("invited");
    let new = JoinAsNew {
        name: "Mallory".to_owned(),
        password: NEW.to_owned(),
    };
    let refused = invitations::accept_as_new(&w.s, invited.token.expose_secret(), new).await;
    assert_eq!(refused.expect_err("nor by an invitation").problem().code, Code::Conflict);
    emails::ask(&w.s, &olga, SAM, PASSWORD).await.expect("asked");
    w.post().await;
    let refused = emails::confirm(&w.s, &link(&w, SAM, "/account/email/")).await;
    assert_eq!(refused.expect_err("nor as another address").problem().code, Code::Conflict);

    w.clock.advance(Duration::days(6));
    emails::undo(&w.s, &undo).await.expect("taken back");

    // After the week it is anybody's.
    moved(&w, &olga, "olga@x.test", "olga@y.test").await;
    w.clock.advance(Duration::days(7) + Duration::seconds(1));
    sign_up(&w, "olga@x.test").await.expect("free");
}

#[rstest]
#[tokio::test]
async fn whoever_had_the_account_meanwhile_has_no_way_in_left(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let actor = member(&w.s, w.owner.business_id, Role::Admin, SAM, PASSWORD).await;
    assert!(sign_in(&w, SAM, PASSWORD).await);
    let own = calendar(&w, &actor).await;
    vouched_for(&w, &actor, "own", w.clock.now()).await;
    w.clock.advance(Duration::minutes(1));

    let undo = moved(&w, &actor, SAM, EVIL).await;
    w.clock.advance(Duration::minutes(1));
    assert!(sign_in(&w, EVIL, PASSWORD).await);
    browser(&w, &actor, [1]).await;
    second_step(&w, &actor).await;
    let theirs = calendar(&w, &actor).await;
    vouched_for(&w, &actor, "evil", w.clock.now()).await;
    let cmd = Invite {
        email: "worse@x.test".to_owned(),
        role: Role::Admin,
    };
    let invited = invitations::invite(&w.s, &actor, cmd).await.expect("invited");

    w.clock.advance(Duration::hours(1));
    let reset = emails::undo(&w.s, &undo).await.expect("taken back");
    assert!(!counts(&w, [1]).await, "nobody is signed in");
    let db = w.s.db().connection();
    let devices = device::Entity::find().all(db).await.expect("devices");
    assert_eq!(devices.len(), 1, "their browser is a stranger's");
    let vouched = identity::Entity::find().all(db).await.expect("identities");
    let left: Vec<&str> = vouched.iter().map(|row| row.subject.as_str()).collect();
    assert_eq!(left, ["own"]);
    assert!(feeds::read(&w.s, &theirs).await.expect("an answer").is_none());
    assert!(feeds::read(&w.s, &own).await.expect("an answer").is_some());
    let link = invitations::open_link(&w.s, invited.token.expose_secret(), None).await;
    assert!(
        link.expect_err("nor whom they invited")
            .problem()
            .detail
            .contains("taken back")
    );
    passwords::reset(&w.s, &reset, NEW, &accounts::Caller::default())
        .await
        .expect("a new password");
    let cmd = SignIn {
        email: SAM.to_owned(),
        password: NEW.to_owned(),
    };
    let entered = accounts::sign_in(&w.s, cmd, &accounts::Caller::default()).await;
    assert!(
        matches!(entered, Ok(accounts::SignedIn::In(_))),
        "no code is asked for that somebody else has set up"
    );
}

#[rstest]
#[tokio::test]
async fn a_second_step_from_before_stays_its_owners(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let actor = sam(&w).await;
    second_step(&w, &actor).await;
    w.clock.advance(Duration::minutes(1));
    let undo = moved(&w, &actor, SAM, EVIL).await;
    emails::undo(&w.s, &undo).await.expect("taken back");
    let view = security::view(&w.s, &actor, None).await.expect("a view");
    assert!(matches!(view.factor, FactorView::On { .. }), "{:?}", view.factor);
}

#[rstest]
#[tokio::test]
async fn whoever_had_the_account_is_out_even_if_the_address_is_somebodys_by_now(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let actor = sam(&w).await;
    let undo = moved(&w, &actor, SAM, EVIL).await;
    browser(&w, &actor, [1]).await;
    // A change from before such addresses were kept.
    let db = w.s.db().connection();
    db.execute_unprepared("UPDATE email_change SET before_key = NULL")
        .await
        .expect("as it was");
    sign_up(&w, SAM).await.expect("nothing is known against it");
    let refused = emails::undo(&w.s, &undo).await.expect_err("it is somebody's").problem();
    assert_eq!(refused.code, Code::Conflict);
    assert!(!counts(&w, [1]).await, "nobody is signed in all the same");
    assert!(!sign_in(&w, EVIL, PASSWORD).await, "nor by the password that somebody knew");
}
