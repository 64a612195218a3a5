//! Passwords that are forgotten or changed, and other addresses: whoever asks learns nothing about others, and every other session ends.

mod taken_back;

use chrono::Duration;
use contract::{
    Code,
    accounts::{Role, SignIn, SignUp},
};
use rstest::rstest;
use sea_orm::{ConnectionTrait, Statement};
use services::{
    Actor, Principal, accounts,
    accounts::{
        emails, passwords,
        sessions::{self, Kept},
    },
    jobs, setup,
};
use testkit::{Backend, World, member};
use uuid::Uuid;

const PASSWORD: &str = "a long password";
const NEW: &str = "another long password";
const SAM: &str = "sam@x.test";

async fn sam(w: &World) -> Actor {
    member(&w.s, w.owner.business_id, Role::Staff, SAM, PASSWORD).await
}

fn id(actor: &Actor) -> Uuid {
    match actor.who {
        Principal::Member { account_id, .. } => account_id,
        _ => panic!("a member"),
    }
}

/// Looks up what was asked, and hands the mails over.
pub async fn post(w: &World) {
    let db = w.s.db().connection();
    let table = if w.s.db().is_postgres() { "apalis.jobs" } else { "Jobs" };
    let sql = format!("SELECT job FROM {table} WHERE status = 'Pending'");
    let rows = db
        .query_all_raw(Statement::from_string(db.get_database_backend(), sql))
        .await
        .expect("jobs");
    for row in rows {
        let payload: Vec<u8> = row.try_get_by_index(0).expect("a payload");
        Box::pin(jobs::perform(&w.s, serde_json::from_slice(&payload).expect("a job")))
            .await
            .expect("done");
    }
    w.post().await;
}

/// The secret after `path` in the newest mail to this address that has one.
pub fn link(w: &World, email: &str, path: &str) -> String {
    let texts: Vec<String> = w.sim.mails_to(email).into_iter().filter_map(|mail| mail.text).collect();
    let found = texts.iter().rev().find_map(|text| text.split_once(path));
    let (_, rest) = found.unwrap_or_else(|| panic!("no {path}: {texts:?}"));
    rest.chars().take_while(char::is_ascii_alphanumeric).collect()
}

fn subjects(w: &World, email: &str) -> Vec<String> {
    w.sim.mails_to(email).into_iter().map(|mail| mail.subject).collect()
}

async fn sign_in(w: &World, email: &str, password: &str) -> bool {
    let cmd = SignIn {
        email: email.to_owned(),
        password: password.to_owned(),
    };
    accounts::sign_in(&w.s, cmd, &accounts::Caller::default()).await.is_ok()
}

/// Signs a browser of theirs in.
async fn browser(w: &World, actor: &Actor, session: [u8; 1]) {
    let kept = Kept {
        data: "{}".to_owned(),
        expires_at: w.clock.now() + Duration::days(14),
        account_id: Some(id(actor)),
        user_agent: "",
    };
    sessions::create(&w.s, &session, kept).await.expect("a session");
}

async fn counts(w: &World, session: [u8; 1]) -> bool {
    sessions::load(&w.s, &session).await.expect("an answer").is_some()
}

#[rstest]
#[tokio::test]
async fn a_forgotten_password_is_made_anew_once_and_within_the_hour(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let actor = sam(&w).await;
    browser(&w, &actor, [1]).await;
    assert!(counts(&w, [1]).await);
    passwords::forgot(&w.s, " SAM@x.test ").await.expect("asked");
    post(&w).await;
    post(&w).await;
    assert_eq!(
        subjects(&w, SAM),
        ["A new password for Showup"],
        "however often it is looked up"
    );
    let token = link(&w, SAM, "/reset/");
    assert_eq!(passwords::open_link(&w.s, &token).await.expect("opens"), SAM);
    let short = passwords::reset(&w.s, &token, "short", &accounts::Caller::default())
        .await
        .expect_err("too short")
        .problem();
    assert!(short.for_field("password").is_some());
    w.clock.advance(Duration::minutes(59));
    passwords::reset(&w.s, &token, NEW, &accounts::Caller::default())
        .await
        .expect("set");
    assert!(sign_in(&w, SAM, NEW).await && !sign_in(&w, SAM, PASSWORD).await);
    assert!(!counts(&w, [1]).await, "everybody is signed out");
    let used = passwords::reset(&w.s, &token, PASSWORD, &accounts::Caller::default())
        .await
        .expect_err("once")
        .problem();
    assert!(
        used.code == Code::NotFound && used.detail.contains("used already"),
        "{used:?}"
    );
    post(&w).await;
    assert_eq!(
        subjects(&w, SAM).last().map(String::as_str),
        Some("Your password was changed")
    );

    passwords::forgot(&w.s, SAM).await.expect("asked");
    post(&w).await;
    let late = link(&w, SAM, "/reset/");
    w.clock.advance(Duration::minutes(61));
    let old = passwords::open_link(&w.s, &late).await.expect_err("too old").problem();
    assert!(old.detail.contains("too old"), "{}", old.detail);
    assert!(passwords::open_link(&w.s, "nonsense").await.is_err());
}

#[rstest]
#[tokio::test]
async fn nobody_learns_who_has_an_account(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    sam(&w).await;
    for email in [SAM, "nobody@x.test"] {
        for _ in 0..5 {
            passwords::forgot(&w.s, email).await.expect("the same answer, however often");
        }
    }
    post(&w).await;
    assert_eq!(
        (w.sim.mails_to(SAM).len(), w.sim.mails_to("nobody@x.test").len()),
        (3, 0),
        "three an hour"
    );
    w.clock.advance(Duration::minutes(61));
    passwords::forgot(&w.s, SAM).await.expect("asked");
    post(&w).await;
    assert_eq!(w.sim.mails_to(SAM).len(), 4);
    // Neither asked-for addresses nor secrets can be read in the database.
    let db = w.s.db().connection();
    let sql = "SELECT email || coalesce(token_hash, '') FROM password_reset";
    let rows = db
        .query_all_raw(Statement::from_string(db.get_database_backend(), sql))
        .await
        .expect("rows");
    let token = link(&w, SAM, "/reset/");
    for row in rows {
        let text: String = row.try_get_by_index(0).expect("text");
        assert!(!text.contains("x.test") && !text.contains(&token), "{text}");
    }
    // Who signs up with an address that has an account makes no second one; its person hears of it.
    let cmd = SignUp {
        business_name: "Copy".to_owned(),
        name: "Mallory".to_owned(),
        email: SAM.to_owned(),
        password: NEW.to_owned(),
        time_zone: None,
        country: None,
    };
    let refused = setup::sign_up(&w.s, cmd).await.expect_err("taken").problem();
    assert_eq!(refused.code, Code::Conflict);
    w.post().await;
    assert_eq!(
        subjects(&w, SAM).last().map(String::as_str),
        Some("You have an account in Showup already")
    );
}

#[rstest]
#[tokio::test]
async fn a_password_is_changed_by_who_knows_it(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let actor = sam(&w).await;
    passwords::forgot(&w.s, SAM).await.expect("asked");
    post(&w).await;
    let waiting = link(&w, SAM, "/reset/");
    w.clock.advance(Duration::minutes(1));
    let wrong = passwords::change(&w.s, &actor, "not it", NEW, None)
        .await
        .expect_err("wrong")
        .problem();
    assert!(wrong.for_field("present").is_some());
    browser(&w, &actor, [1]).await;
    browser(&w, &actor, [2]).await;
    passwords::change(&w.s, &actor, PASSWORD, NEW, Some(&[2]))
        .await
        .expect("changed");
    assert!(!counts(&w, [1]).await, "other browsers are signed out");
    assert!(counts(&w, [2]).await, "this one stays");
    assert!(
        passwords::open_link(&w.s, &waiting).await.is_err(),
        "links that waited open nothing"
    );
    assert!(sign_in(&w, SAM, NEW).await);
}

#[rstest]
#[tokio::test]
async fn another_address_counts_once_it_is_confirmed_and_can_be_taken_back(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let actor = sam(&w).await;
    member(&w.s, w.owner.business_id, Role::Staff, "ann@x.test", PASSWORD).await;
    browser(&w, &actor, [1]).await;
    let ask = async |email: &str, password: &str| emails::ask(&w.s, &actor, email, password).await;
    assert!(
        ask("new@x.test", "not it")
            .await
            .expect_err("wrong")
            .problem()
            .for_field("present")
            .is_some()
    );
    assert!(
        ask(SAM, PASSWORD)
            .await
            .expect_err("theirs")
            .problem()
            .for_field("email")
            .is_some()
    );
    // An address that somebody has is answered the same; only they are told.
    ask("ann@x.test", PASSWORD).await.expect("the same answer");
    w.post().await;
    assert_eq!(subjects(&w, "ann@x.test"), ["You have an account in Showup already"]);
    assert_eq!(subjects(&w, SAM), ["Your e-mail address is to be changed"]);

    ask("Evil@x.test", PASSWORD).await.expect("asked");
    w.post().await;
    let (confirm, undo) = (link(&w, "evil@x.test", "/account/email/"), link(&w, SAM, "/account/undo/"));
    assert!(sign_in(&w, SAM, PASSWORD).await, "nothing has changed yet");
    emails::open_link(&w.s, &confirm).await.expect("opens");
    emails::confirm(&w.s, &confirm).await.expect("confirmed");
    assert!(emails::confirm(&w.s, &confirm).await.is_err(), "once");
    assert!(sign_in(&w, "evil@x.test", PASSWORD).await && !sign_in(&w, SAM, PASSWORD).await);

    // Whoever has the address now goes on to a third one: the one before still brings it back.
    emails::ask(&w.s, &actor, "worse@x.test", PASSWORD).await.expect("asked");
    w.post().await;
    let third = link(&w, "worse@x.test", "/account/email/");
    let theirs = link(&w, "evil@x.test", "/account/undo/");
    emails::confirm(&w.s, &third).await.expect("confirmed");
    w.clock.advance(Duration::days(6));
    assert!(emails::open_undo(&w.s, &undo).await.expect("opens").confirmed);
    let reset = emails::undo(&w.s, &undo).await.expect("taken back");
    assert!(
        !sign_in(&w, SAM, PASSWORD).await,
        "the password that somebody knew opens nothing"
    );
    assert!(!counts(&w, [1]).await, "and nobody is signed in");
    assert!(emails::undo(&w.s, &theirs).await.is_err(), "nor can they take that back");
    assert!(emails::undo(&w.s, &undo).await.is_err(), "once");
    passwords::reset(&w.s, &reset, NEW, &accounts::Caller::default())
        .await
        .expect("a new password");
    assert!(sign_in(&w, SAM, NEW).await);
}

#[rstest]
#[tokio::test]
async fn an_address_that_was_taken_meanwhile_stays_whose_it_is(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let actor = sam(&w).await;
    emails::ask(&w.s, &actor, "ann@x.test", PASSWORD).await.expect("asked");
    w.post().await;
    let confirm = link(&w, "ann@x.test", "/account/email/");
    member(&w.s, w.owner.business_id, Role::Staff, "ann@x.test", PASSWORD).await;
    let taken = emails::confirm(&w.s, &confirm).await.expect_err("taken").problem();
    assert_eq!(taken.code, Code::Conflict);
    assert!(sign_in(&w, SAM, PASSWORD).await && sign_in(&w, "ann@x.test", PASSWORD).await);
    w.clock.advance(Duration::days(2));
    assert!(
        emails::open_link(&w.s, &confirm)
            .await
            .expect_err("old")
            .problem()
            .detail
            .contains("too old")
    );
}

#[rstest]
#[tokio::test]
async fn the_present_password_is_not_guessed_without_end(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let actor = sam(&w).await;
    let change = async |present: &str| passwords::change(&w.s, &actor, present, NEW, None).await;
    let ask = async |present: &str| emails::ask(&w.s, &actor, "new@x.test", present).await;
    for _ in 0..3 {
        assert_eq!(change("not it").await.expect_err("wrong").problem().code, Code::Invalid);
        assert_eq!(ask("not it").await.expect_err("wrong").problem().code, Code::Invalid);
    }
    for refused in [change(PASSWORD).await, ask(PASSWORD).await] {
        let problem = refused.expect_err("the right one waits as well").problem();
        assert!(problem.code == Code::TooMany && problem.retry_after.is_some(), "{problem:?}");
    }
    w.clock.advance(Duration::seconds(1));
    ask(PASSWORD).await.expect("asked");
    for _ in 0..5 {
        assert_eq!(
            change("not it").await.expect_err("wrong").problem().code,
            Code::Invalid,
            "who was right begins anew"
        );
    }
}

#[rstest]
#[tokio::test]
async fn a_new_password_by_mail_lets_its_person_in_however_much_others_guess(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    sam(&w).await;
    for _ in 0..6 {
        assert!(!sign_in(&w, SAM, "a guess").await);
    }
    assert!(!sign_in(&w, SAM, PASSWORD).await, "it has to wait");
    passwords::forgot(&w.s, SAM).await.expect("asked");
    post(&w).await;
    let token = link(&w, SAM, "/reset/");
    let device = passwords::reset(&w.s, &token, NEW, &accounts::Caller::default())
        .await
        .expect("set");
    assert!(sign_in(&w, SAM, NEW).await, "what was guessed is forgotten");
    for _ in 0..6 {
        assert!(!sign_in(&w, SAM, "a guess").await, "guessing goes on");
    }
    assert!(!sign_in(&w, SAM, NEW).await, "elsewhere it has to wait");
    let known = accounts::Caller {
        device: Some(device),
        ..accounts::Caller::default()
    };
    let cmd = SignIn {
        email: SAM.to_owned(),
        password: NEW.to_owned(),
    };
    accounts::sign_in(&w.s, cmd, &known)
        .await
        .expect("this browser waits for itself alone");
}
