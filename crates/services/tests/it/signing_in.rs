//! Signing in: passwords, codes, devices and sessions, and who guesses at them.

mod factor;

use chrono::Duration;
use contract::{
    Code,
    accounts::{Role, SignIn},
};
use rstest::rstest;
use sea_orm::{ConnectionTrait, Statement};
use services::{
    Actor, Principal, Services,
    accounts::{self, Caller, Entry, SignedIn, security, sessions},
    mails,
};
use testkit::{Backend, World, member};
use uuid::Uuid;

const EMAIL: &str = "sam@x.test";
const PASSWORD: &str = "a long password";
const FIREFOX: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:128.0) Gecko/20100101 Firefox/128.0";
const SAFARI: &str =
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1";

fn account(actor: &Actor) -> Uuid {
    match actor.who {
        Principal::Member { account_id, .. } => account_id,
        _ => panic!("a member"),
    }
}

fn cmd(email: &str, password: &str) -> SignIn {
    SignIn {
        email: email.to_owned(),
        password: password.to_owned(),
    }
}

/// From this address, with this browser, and what its cookie holds.
fn caller(address: &str, agent: &str, device: Option<&str>) -> Caller {
    Caller {
        address: address.parse().ok(),
        device: device.map(str::to_owned),
        user_agent: agent.to_owned(),
    }
}

async fn enter(s: &Services, caller: &Caller) -> Entry {
    match accounts::sign_in(s, cmd(EMAIL, PASSWORD), caller).await.expect("signed in") {
        SignedIn::In(entry) => entry,
        SignedIn::CodeNeeded(_) => panic!("no code is needed"),
    }
}

/// What came of a wrong password: status, words, and when to try again.
async fn wrong(s: &Services, email: &str, caller: &Caller) -> (Code, String, Option<u16>) {
    let refused = accounts::sign_in(s, cmd(email, "a wrong password"), caller).await;
    let problem = refused.expect_err("refused").problem();
    (problem.code, problem.detail, problem.retry_after)
}

#[rstest]
#[tokio::test]
async fn guessing_is_slowed_and_tells_nothing_of_who_has_an_account(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    member(&w.s, w.owner.business_id, Role::Staff, EMAIL, PASSWORD).await;
    let mut told = Vec::new();
    for (email, address) in [(EMAIL, "192.0.2.1"), ("nobody@x.test", "192.0.2.2")] {
        let from = caller(address, FIREFOX, None);
        let mut all = Vec::new();
        for _ in 0..8 {
            all.push(wrong(&w.s, email, &from).await);
        }
        told.push(all);
    }
    assert_eq!(told[0], told[1], "the same words for both");
    let codes: Vec<Code> = told[0].iter().map(|(code, ..)| *code).collect();
    assert_eq!(codes[..6], [Code::WrongCredentials; 6]);
    assert_eq!(codes[6..], [Code::TooMany; 2]);
    assert!(
        told[0][6].2.is_some_and(|seconds| (1..=2).contains(&seconds)),
        "{:?}",
        told[0][6]
    );

    // The right password waits as well, from wherever; and not for long.
    let elsewhere = caller("192.0.2.3", FIREFOX, None);
    let refused = accounts::sign_in(&w.s, cmd(EMAIL, PASSWORD), &elsewhere).await;
    assert_eq!(refused.expect_err("must wait").problem().code, Code::TooMany);
    w.clock.advance(Duration::seconds(1));
    enter(&w.s, &elsewhere).await;
    assert_eq!(
        wrong(&w.s, EMAIL, &elsewhere).await.0,
        Code::WrongCredentials,
        "all is forgiven"
    );
}

#[rstest]
#[tokio::test]
async fn whoever_is_known_waits_for_nobody_elses_guesses(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    member(&w.s, w.owner.business_id, Role::Staff, EMAIL, PASSWORD).await;
    let mine = enter(&w.s, &caller("192.0.2.1", FIREFOX, None)).await.device;
    let stranger = caller("203.0.113.1", "curl/8", None);
    for _ in 0..40 {
        wrong(&w.s, EMAIL, &stranger).await;
        w.clock.advance(Duration::seconds(61));
    }
    wrong(&w.s, EMAIL, &stranger).await;
    assert_eq!(wrong(&w.s, EMAIL, &stranger).await.0, Code::TooMany);
    enter(&w.s, &caller("203.0.113.1", FIREFOX, Some(&mine))).await;
    // A word that is nobody's, or somebody else's, helps nobody.
    let made_up = "a".repeat(64);
    let as_if = caller("203.0.113.2", FIREFOX, Some(&made_up));
    assert_eq!(wrong(&w.s, EMAIL, &as_if).await.0, Code::TooMany);
    // Nor does a known device guess without end.
    let thief = caller("203.0.113.3", FIREFOX, Some(&mine));
    let mut last = Code::WrongCredentials;
    for _ in 0..7 {
        last = wrong(&w.s, EMAIL, &thief).await.0;
    }
    assert_eq!(last, Code::TooMany);
}

#[rstest]
#[tokio::test]
async fn one_address_that_tries_many_accounts_is_slowed(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let from = caller("192.0.2.9", "curl/8", None);
    for n in 0..31 {
        assert_eq!(
            wrong(&w.s, &format!("n{n}@x.test"), &from).await.0,
            Code::WrongCredentials,
            "{n}"
        );
    }
    assert_eq!(wrong(&w.s, "n99@x.test", &from).await.0, Code::TooMany);
    let elsewhere = caller("192.0.2.10", "curl/8", None);
    assert_eq!(wrong(&w.s, "n99@x.test", &elsewhere).await.0, Code::WrongCredentials);
}

/// Subjects of mails to Sam.
async fn mails_to(w: &World, address: &str) -> Vec<(String, String)> {
    while mails::send_some(&w.s).await.expect("sent") > 0 {}
    let mail = w.sim.mails_to(address);
    mail.into_iter()
        .map(|one| (one.subject, one.text.unwrap_or_default()))
        .collect()
}

#[rstest]
#[tokio::test]
async fn a_sign_in_on_a_new_device_is_told_by_mail_and_no_other(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    member(&w.s, w.owner.business_id, Role::Staff, EMAIL, PASSWORD).await;
    let first = enter(&w.s, &caller("192.0.2.1", FIREFOX, None)).await.device;
    enter(&w.s, &caller("192.0.2.1", FIREFOX, Some(&first))).await;
    assert_eq!(mails_to(&w, EMAIL).await, [], "not of the first one, nor of a known one");
    let second = enter(&w.s, &caller("192.0.2.7", SAFARI, None)).await.device;
    let told = mails_to(&w, EMAIL).await;
    assert_eq!(told.len(), 1, "{told:?}");
    let (subject, text) = &told[0];
    assert!(subject.contains("new device"), "{subject}");
    for part in [
        "Safari on an iPhone",
        "January 4, 2027",
        "change your password",
        "/account/security",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    enter(&w.s, &caller("192.0.2.7", SAFARI, Some(&second))).await;
    assert_eq!(mails_to(&w, EMAIL).await.len(), 1);

    // In one browser each person has a word of their own: what somebody has planted there never becomes another's.
    member(&w.s, w.owner.business_id, Role::Staff, "ana@x.test", PASSWORD).await;
    let shared = caller("192.0.2.7", SAFARI, Some(&second));
    let both = match accounts::sign_in(&w.s, cmd("ana@x.test", PASSWORD), &shared)
        .await
        .expect("in")
    {
        SignedIn::In(entry) => entry.device,
        SignedIn::CodeNeeded(_) => panic!("no code"),
    };
    let words: Vec<&str> = both.split('.').collect();
    assert!(words.len() == 2 && words[1] == second && words[0] != second, "{both}");
    enter(&w.s, &caller("192.0.2.7", SAFARI, Some(&both))).await;
    assert_eq!(mails_to(&w, EMAIL).await.len(), 1, "it is still known to the other");
}

/// A session of this account, as a browser has it.
async fn session(w: &World, id: u8, account: Uuid, agent: &str) -> [u8; 16] {
    let id = [id; 16];
    let kept = sessions::Kept {
        data: format!("{{\"account_id\":\"{account}\"}}"),
        expires_at: w.clock.now() + Duration::days(14),
        account_id: Some(account),
        user_agent: agent,
    };
    sessions::create(&w.s, &id, kept).await.expect("kept");
    id
}

#[rstest]
#[tokio::test]
async fn sessions_are_listed_and_revoked_by_their_own_person_alone(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let business = w.owner.business_id;
    let sam = member(&w.s, business, Role::Staff, EMAIL, PASSWORD).await;
    let ana = member(&w.s, business, Role::Owner, "ana@x.test", PASSWORD).await;
    let here = session(&w, 1, account(&sam), FIREFOX).await;
    w.clock.advance(Duration::minutes(20));
    let phone = session(&w, 2, account(&sam), SAFARI).await;
    let hers = session(&w, 3, account(&ana), FIREFOX).await;

    let seen = security::view(&w.s, &sam, Some(&here)).await.expect("a view").sessions;
    let told: Vec<(&str, bool)> = seen.iter().map(|one| (one.device.as_str(), one.this)).collect();
    assert_eq!(told, [("Firefox on Windows", true), ("Safari on an iPhone", false)]);
    // Seen to the quarter of an hour: looking again at once writes nothing.
    assert!(sessions::load(&w.s, &here).await.expect("read").is_some());
    let seen = security::view(&w.s, &sam, Some(&here)).await.expect("a view").sessions;
    assert_eq!(seen[0].seen_at, w.clock.now());
    w.clock.advance(Duration::minutes(14));
    sessions::load(&w.s, &here).await.expect("read");
    let again = security::view(&w.s, &sam, Some(&here)).await.expect("a view").sessions;
    assert_eq!(again[0].seen_at, seen[0].seen_at);

    let hers_listed = security::view(&w.s, &ana, Some(&hers)).await.expect("a view").sessions;
    let refused = security::revoke_session(&w.s, &sam, Some(&here), hers_listed[0].id).await;
    assert_eq!(refused.expect_err("not theirs").problem().status, 404);
    let left = security::revoke_session(&w.s, &sam, Some(&here), seen[1].id)
        .await
        .expect("revoked")
        .sessions;
    assert_eq!(left.len(), 1);
    assert!(sessions::load(&w.s, &phone).await.expect("read").is_none());
    assert!(!sessions::is_signed_in(&w.s, &phone, account(&sam)).await.expect("read"));
    // A page that was still loading there does not bring it back.
    let kept = sessions::Kept {
        data: "{}".to_owned(),
        expires_at: w.clock.now() + Duration::days(14),
        account_id: Some(account(&sam)),
        user_agent: SAFARI,
    };
    sessions::save(&w.s, &phone, kept).await.expect("nothing to save");
    assert!(sessions::load(&w.s, &phone).await.expect("read").is_none());

    session(&w, 4, account(&sam), SAFARI).await;
    let left = security::revoke_other_sessions(&w.s, &sam, Some(&here))
        .await
        .expect("revoked")
        .sessions;
    assert_eq!(left.iter().map(|one| one.this).collect::<Vec<_>>(), [true]);
    assert!(
        sessions::is_signed_in(&w.s, &hers, account(&ana)).await.expect("read"),
        "hers goes on"
    );
    let key = Actor {
        business_id: business,
        who: Principal::Operator,
    };
    let refused = security::view(&w.s, &key, None).await.expect_err("people alone");
    assert_eq!(refused.problem().status, 401);
    assert!(
        texts(&w, "SELECT data FROM session")
            .await
            .iter()
            .all(|data| data.starts_with("v1."))
    );
}

async fn texts(w: &World, sql: &str) -> Vec<String> {
    let db = w.s.db().connection();
    let rows = db
        .query_all_raw(Statement::from_string(db.get_database_backend(), sql))
        .await
        .expect("rows");
    rows.iter().map(|row| row.try_get_by_index(0).expect("text")).collect()
}
