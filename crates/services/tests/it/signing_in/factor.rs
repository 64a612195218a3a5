//! The second factor.

use contract::security::{BegunFactor, FactorView};
use services::accounts::{Passed, passwords, second_factor, sign_in_with_code};
use testkit::code;

use super::*;

/// An authenticator that is being set up.
async fn begun(w: &World, actor: &Actor) -> BegunFactor {
    let view = security::begin_factor(&w.s, actor, None, PASSWORD).await.expect("begun");
    match view.factor {
        FactorView::Begun(begun) => begun,
        other => panic!("{other:?}"),
    }
}

/// One that is in use: its secret and the recovery codes. The next step has begun.
async fn set_up(w: &World, actor: &Actor) -> (String, Vec<String>) {
    let secret = begun(w, actor).await.secret;
    let done = security::confirm_factor(&w.s, actor, None, &code(&secret, w.clock.now()))
        .await
        .expect("on");
    w.clock.advance(Duration::seconds(30));
    (secret, done.codes)
}

/// The first step, with the right password.
async fn first_step(w: &World, caller: &Caller) -> Passed {
    match accounts::sign_in(&w.s, cmd(EMAIL, PASSWORD), caller)
        .await
        .expect("the password is right")
    {
        SignedIn::CodeNeeded(passed) => passed,
        SignedIn::In(_) => panic!("a code is needed"),
    }
}

async fn refused(w: &World, start: Passed, code: &str, caller: &Caller) -> (Code, String) {
    let problem = sign_in_with_code(&w.s, start, code, false, caller)
        .await
        .expect_err("refused")
        .problem();
    (problem.code, problem.detail)
}

async fn sam(w: &World) -> Actor {
    member(&w.s, w.owner.business_id, Role::Staff, EMAIL, PASSWORD).await
}

#[rstest]
#[tokio::test]
async fn an_authenticator_counts_once_a_code_of_it_has_come(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let sam = sam(&w).await;
    let from = caller("192.0.2.1", FIREFOX, None);
    let wrong = security::begin_factor(&w.s, &sam, None, "a wrong password").await;
    assert_eq!(
        wrong.expect_err("refused").problem().for_field("password"),
        Some("This is not your password.")
    );
    let first = begun(&w, &sam).await;
    enter(&w.s, &from).await;
    let second = begun(&w, &sam).await;
    assert!(first.secret != second.secret && first.qr.path != second.qr.path, "begun anew");
    let stored = texts(&w, "SELECT secret FROM second_factor").await;
    assert!(stored.len() == 1 && stored[0].starts_with("v1."), "{stored:?}");

    let stale = security::confirm_factor(&w.s, &sam, None, &code(&first.secret, w.clock.now())).await;
    assert_eq!(stale.expect_err("the first is none").problem().code, Code::Invalid);
    let done = security::confirm_factor(&w.s, &sam, None, &code(&second.secret, w.clock.now()))
        .await
        .expect("on");
    assert_eq!(done.codes.len(), 10);
    assert!(matches!(
        done.security.factor,
        FactorView::On {
            recovery_codes_left: 10,
            ..
        }
    ));
    let hashes = texts(&w, "SELECT hash FROM recovery_code").await;
    assert!(
        hashes.len() == 10 && done.codes.iter().all(|code| !hashes.contains(code)),
        "kept as hashes"
    );
    let again = security::begin_factor(&w.s, &sam, None, PASSWORD).await;
    assert_eq!(again.expect_err("it is on").problem().code, Code::Conflict);
    let (code, _) = refused(&w, first_step(&w, &from).await, &code(&second.secret, w.clock.now()), &from).await;
    assert_eq!(code, Code::Invalid, "the code that turned it on was used by that");

    let has = second_factor::who_has(&w.s, &w.owner).await.expect("who has one");
    assert_eq!(has, [account(&sam)]);
    assert_eq!(
        second_factor::who_has(&w.s, &sam).await.expect_err("staff").problem().status,
        403
    );
    let stranger = w.another_business().await;
    assert!(second_factor::who_has(&w.s, &stranger).await.expect("none").is_empty());
}

#[rstest]
#[tokio::test]
async fn what_was_begun_too_long_ago_is_begun_anew(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let sam = sam(&w).await;
    let begun = begun(&w, &sam).await;
    w.clock.advance(Duration::minutes(31));
    let late = security::confirm_factor(&w.s, &sam, None, &code(&begun.secret, w.clock.now())).await;
    assert_eq!(late.expect_err("too late").problem().code, Code::Conflict);
    let view = security::view(&w.s, &sam, None).await.expect("a view");
    assert_eq!(view.factor, FactorView::Off, "nor is its picture shown any more");
}

#[rstest]
#[tokio::test]
async fn a_code_of_the_step_before_or_after_is_taken_and_a_clock_that_is_off_is_called_so(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let sam = sam(&w).await;
    let (secret, _) = set_up(&w, &sam).await;
    let from = caller("192.0.2.1", FIREFOX, None);
    for off in [-120, 120] {
        let start = first_step(&w, &from).await;
        let typed = code(&secret, w.clock.now() + Duration::seconds(off));
        let (kind, said) = refused(&w, start, &typed, &from).await;
        assert!(
            kind == Code::Invalid && said.contains("clock") && said.contains("2 minutes"),
            "{said}"
        );
    }
    for off in [-30, 0, 30] {
        w.clock.advance(Duration::minutes(5));
        let start = first_step(&w, &from).await;
        let typed = code(&secret, w.clock.now() + Duration::seconds(off));
        sign_in_with_code(&w.s, start, &typed, false, &from).await.expect("taken");
        let (_, said) = refused(&w, start, &typed, &from).await;
        assert!(said.contains("used already"), "{said}");
    }
    // Nor does an older code count once a newer one was taken.
    let older = code(&secret, w.clock.now());
    let (_, said) = refused(&w, first_step(&w, &from).await, &older, &from).await;
    assert!(said.contains("used already"), "{said}");
}

#[rstest]
#[tokio::test]
async fn of_many_who_bring_the_same_code_at_once_one_comes_in(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let sam = sam(&w).await;
    let (secret, recovery) = set_up(&w, &sam).await;
    let from = caller("192.0.2.1", FIREFOX, None);
    let start = first_step(&w, &from).await;
    for typed in [code(&secret, w.clock.now()), recovery[0].clone()] {
        let all = (0..5).map(|_| sign_in_with_code(&w.s, start, &typed, false, &from));
        let all = futures::future::join_all(all).await;
        assert_eq!(all.iter().filter(|one| one.is_ok()).count(), 1, "{typed}: {all:?}");
    }
}

#[rstest]
#[tokio::test]
async fn another_password_ends_the_wait_for_a_code(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let sam = sam(&w).await;
    let (secret, _) = set_up(&w, &sam).await;
    let from = caller("192.0.2.1", FIREFOX, None);
    let start = first_step(&w, &from).await;
    passwords::change(&w.s, &sam, PASSWORD, "another long password", None)
        .await
        .expect("changed");
    let right = code(&secret, w.clock.now());
    assert_eq!(refused(&w, start, &right, &from).await.0, Code::SignInNeeded);
}

#[rstest]
#[tokio::test]
async fn each_recovery_code_opens_once(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let sam = sam(&w).await;
    let (secret, codes) = set_up(&w, &sam).await;
    let from = caller("192.0.2.1", FIREFOX, None);
    let start = first_step(&w, &from).await;
    let typed = codes[3].to_lowercase().replace('-', " ");
    sign_in_with_code(&w.s, start, &typed, false, &from)
        .await
        .expect("however it is typed");
    let (_, said) = refused(&w, start, &codes[3], &from).await;
    assert!(said.contains("used already"), "{said}");
    let left = |view: contract::security::SecurityView| match view.factor {
        FactorView::On { recovery_codes_left, .. } => recovery_codes_left,
        other => panic!("{other:?}"),
    };
    let view = security::view(&w.s, &sam, None).await.expect("a view");
    assert_eq!(left(view), 9);
    let renewed = security::renew_recovery_codes(&w.s, &sam, None, &code(&secret, w.clock.now())).await;
    let renewed = renewed.expect("ten new ones");
    assert_eq!((renewed.codes.len(), left(renewed.security)), (10, 10));
    assert_eq!(
        refused(&w, start, &codes[4], &from).await.0,
        Code::Invalid,
        "the old ones open nothing"
    );
    sign_in_with_code(&w.s, start, &renewed.codes[0], false, &from)
        .await
        .expect("a new one does");
}

#[rstest]
#[tokio::test]
async fn guessing_codes_is_slowed(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let sam = sam(&w).await;
    let (secret, _) = set_up(&w, &sam).await;
    let from = caller("192.0.2.1", FIREFOX, None);
    let start = first_step(&w, &from).await;
    let right = code(&secret, w.clock.now());
    let guess = if right == "000000" { "000001" } else { "000000" };
    for _ in 0..6 {
        assert_eq!(refused(&w, start, guess, &from).await.0, Code::Invalid);
    }
    assert_eq!(
        refused(&w, start, &right, &from).await.0,
        Code::TooMany,
        "the right one has to wait, too"
    );
    w.clock.advance(Duration::seconds(2));
    sign_in_with_code(&w.s, start, &right, false, &from)
        .await
        .expect("and then counts");
}

#[rstest]
#[tokio::test]
async fn a_browser_that_is_known_by_a_link_alone_guesses_codes_like_any_other(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let sam = sam(&w).await;
    let (secret, _) = set_up(&w, &sam).await;
    let from = caller("192.0.2.1", FIREFOX, None);
    let start = first_step(&w, &from).await;
    let right = code(&secret, w.clock.now());
    let guess = if right == "000000" { "000001" } else { "000000" };
    for _ in 0..6 {
        refused(&w, start, guess, &from).await;
    }
    passwords::forgot(&w.s, EMAIL).await.expect("asked");
    crate::passwords::post(&w).await;
    let token = crate::passwords::link(&w, EMAIL, "/reset/");
    let device = passwords::reset(&w.s, &token, PASSWORD, &from).await.expect("set");
    let known = caller("192.0.2.1", FIREFOX, Some(&device));
    let start = first_step(&w, &known).await;
    assert_eq!(refused(&w, start, guess, &known).await.0, Code::TooMany);
}

#[rstest]
#[tokio::test]
async fn a_device_that_is_trusted_is_not_asked_for_thirty_days(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let sam = sam(&w).await;
    let (secret, _) = set_up(&w, &sam).await;
    let stranger = caller("192.0.2.1", FIREFOX, None);
    let start = first_step(&w, &stranger).await;
    let entry = sign_in_with_code(&w.s, start, &code(&secret, w.clock.now()), true, &stranger)
        .await
        .expect("in");
    let known = caller("192.0.2.1", FIREFOX, Some(&entry.device));
    enter(&w.s, &known).await;
    first_step(&w, &stranger).await;
    w.clock.advance(Duration::days(30) - Duration::seconds(1));
    enter(&w.s, &known).await;
    let devices = security::view(&w.s, &sam, None).await.expect("a view").devices;
    assert_eq!(devices.len(), 1);
    w.clock.advance(Duration::seconds(1));
    let start = first_step(&w, &known).await;
    assert!(security::view(&w.s, &sam, None).await.expect("a view").devices.is_empty());

    sign_in_with_code(&w.s, start, &code(&secret, w.clock.now()), true, &known)
        .await
        .expect("in");
    let ana = member(&w.s, w.owner.business_id, Role::Owner, "ana@x.test", PASSWORD).await;
    let refused = security::revoke_device(&w.s, &ana, None, devices[0].id).await;
    assert_eq!(refused.expect_err("not hers").problem().status, 404);
    let left = security::revoke_device(&w.s, &sam, None, devices[0].id)
        .await
        .expect("revoked");
    assert!(left.devices.is_empty());
    first_step(&w, &known).await;
}

#[rstest]
#[tokio::test]
async fn turning_it_off_takes_password_and_code_and_the_operator_neither(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let sam = sam(&w).await;
    let (secret, codes) = set_up(&w, &sam).await;
    let from = caller("192.0.2.1", FIREFOX, None);
    let start = first_step(&w, &from).await;
    let trusted = sign_in_with_code(&w.s, start, &codes[9], true, &from)
        .await
        .expect("in")
        .device;
    let known = caller("192.0.2.1", FIREFOX, Some(&trusted));
    let now = code(&secret, w.clock.now());
    for (password, code, field) in [("a wrong password", now.as_str(), "password"), (PASSWORD, "12", "code")] {
        let refused = security::turn_off_factor(&w.s, &sam, None, password, code)
            .await
            .expect_err("refused");
        assert!(refused.problem().for_field(field).is_some(), "{:?}", refused.problem());
    }
    let off = security::turn_off_factor(&w.s, &sam, None, PASSWORD, &now)
        .await
        .expect("off");
    assert!(off.factor == FactorView::Off && off.devices.is_empty());
    enter(&w.s, &from).await;
    let subjects: Vec<String> = mails_to(&w, EMAIL).await.into_iter().map(|(subject, _)| subject).collect();
    assert!(
        subjects.iter().any(|s| s.contains("takes a code from now on")),
        "{subjects:?}"
    );
    assert!(subjects.iter().any(|s| s.contains("takes no code any more")), "{subjects:?}");

    set_up(&w, &sam).await;
    first_step(&w, &known).await;
    assert_eq!(
        second_factor::reset(&w.s, "nobody@x.test")
            .await
            .expect_err("nobody")
            .problem()
            .status,
        404
    );
    assert_eq!(second_factor::reset(&w.s, " SAM@x.test ").await.expect("reset"), "Sam Staff");
    enter(&w.s, &from).await;
    assert_eq!(
        second_factor::reset(&w.s, EMAIL).await.expect_err("twice").problem().status,
        409
    );
    let audited = texts(
        &w,
        "SELECT actor FROM audit_event WHERE action = 'account.second_factor_off' ORDER BY at",
    )
    .await;
    assert!(audited.len() == 2 && audited[1] == "operator", "{audited:?}");
}
