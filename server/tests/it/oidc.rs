//! Signing in at an OpenID Connect issuer, which is a real one at a socket; over HTTP.

mod issuer;

use contract::accounts::Role;
use rstest::rstest;
use serde_json::{Value, json};
use services::{OidcSettings, accounts};
use testkit::Backend;

use crate::{app::TestApp, pages::page};
use issuer::{Asked, CLIENT, Issuer, SECRET};

async fn app(backend: Backend) -> (TestApp, Issuer) {
    let issuer = Issuer::start().await;
    let oidc = OidcSettings {
        issuer: issuer.url.clone(),
        client_id: CLIENT.to_owned(),
        client_secret: SECRET.to_owned().into(),
        name: "Office account".to_owned(),
    };
    (TestApp::with_oidc(backend, oidc).await, issuer)
}

/// The button is pressed; what the browser is sent to the issuer with.
async fn begin(app: &TestApp, http: &reqwest::Client, next: &str) -> Asked {
    let sent = http
        .post(format!("{}/signin/oidc", app.url))
        .form(&[("next", next)])
        .send()
        .await
        .expect("an answer");
    assert_eq!(sent.status().as_u16(), 200);
    let html = sent.text().await.expect("a page");
    let url = html
        .split("0;url=")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .expect("an address");
    let url = url::Url::parse(&url.replace("&amp;", "&")).expect("an address");
    assert!(
        url.path() == "/authorize" && url.query_pairs().any(|(name, _)| name == "code_challenge"),
        "{url}"
    );
    Asked(url.query_pairs().into_owned().collect())
}

async fn back(app: &TestApp, http: &reqwest::Client, query: &[(&str, &str)]) -> reqwest::Response {
    let url = url::Url::parse_with_params(&format!("{}/signin/oidc/callback", app.url), query).expect("an address");
    http.get(url).send().await.expect("an answer")
}

/// All the way, with what the issuer says of the person changed by `change`; where the browser is led, and what the page there says.
async fn sign_in(
    app: &TestApp,
    issuer: &Issuer,
    subject: &str,
    email: &str,
    change: impl FnOnce(&mut Value),
) -> (String, String) {
    let http = browser();
    let asked = begin(app, &http, "/inbox").await;
    let mut claims = issuer.claims(app.s.now(), &asked, subject, email);
    change(&mut claims);
    let code = issuer.signs_in(&asked, claims);
    let answer = back(app, &http, &[("code", &code), ("state", &asked.0["state"])]).await;
    let to = answer.headers()["location"].to_str().expect("text").to_owned();
    let there = http.get(format!("{}{to}", app.url)).send().await.expect("an answer");
    (to, there.text().await.expect("a page"))
}

fn browser() -> reqwest::Client {
    reqwest::Client::builder()
        .cookie_store(true)
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .expect("a client")
}

async fn count(app: &TestApp, table: &str) -> i64 {
    use sea_orm::{ConnectionTrait, Statement};
    let db = app.s.db().connection();
    let sql = format!("SELECT count(*) FROM {table}");
    let row = db
        .query_one_raw(Statement::from_string(db.get_database_backend(), sql))
        .await
        .expect("a row");
    row.expect("a row").try_get_by_index(0).expect("a number")
}

#[rstest]
#[tokio::test]
async fn who_has_an_account_signs_in_and_is_known_by_the_subject_from_then_on(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let (app, issuer) = app(backend).await;
    assert!(page(&app, "/signin").await.contains("Office account"));
    let (to, html) = sign_in(&app, &issuer, "s-1", "Olga@X.test", |_| {}).await;
    assert!(to == "/inbox" && html.contains("Inbox"), "{to}");
    assert_eq!(count(&app, "identity").await, 1);
    // The address there may change, or be nobody's: the subject stays.
    let (to, _) = sign_in(&app, &issuer, "s-1", "olga@elsewhere.test", |claims| {
        claims["email_verified"] = json!(false)
    })
    .await;
    assert_eq!(to, "/inbox");
    // Somebody who got the address after her is not her.
    let (to, html) = sign_in(&app, &issuer, "s-2", "olga@x.test", |_| {}).await;
    assert!(to == "/signin" && html.contains("by another name than before"), "{html}");
    assert_eq!((count(&app, "identity").await, count(&app, "account").await), (1, 1));
    // Her password stays.
    app.sign_in().await;
}

#[tokio::test]
async fn an_unknown_person_and_an_address_that_is_not_verified_get_words_and_nothing_else() {
    let (app, issuer) = app(Backend::Sqlite).await;
    let before = (count(&app, "account").await, count(&app, "business").await);
    let (to, html) = sign_in(&app, &issuer, "s-9", "stranger@x.test", |_| {}).await;
    assert!(
        to == "/signin" && html.contains("has no account here") && html.contains("Nothing was created"),
        "{html}"
    );
    type Change = fn(&mut Value);
    let unverified: [Change; 4] = [
        |claims| claims["email_verified"] = json!(false),
        |claims| drop(claims.as_object_mut().expect("claims").remove("email_verified")),
        |claims| drop(claims.as_object_mut().expect("claims").remove("email")),
        |claims| claims["email"] = json!(""),
    ];
    for change in unverified {
        let (to, html) = sign_in(&app, &issuer, "s-1", "olga@x.test", change).await;
        assert!(to == "/signin" && html.contains("verified"), "{html}");
    }
    assert_eq!((count(&app, "account").await, count(&app, "business").await), before);
    assert_eq!(count(&app, "identity").await, 0);
}

#[tokio::test]
async fn an_address_that_becomes_somebody_elses_in_lower_case_links_nobody() {
    let (app, issuer) = app(Backend::Sqlite).await;
    accounts::add_member(&app.s, app.business_id, Role::Staff, "Kate", "kate@x.test", "a long password")
        .await
        .expect("a member");
    for email in ["\u{212a}ate@x.test", "ka\u{200b}te@x.test", "\u{feff}kate@x.test"] {
        let (to, html) = sign_in(&app, &issuer, "s-7", email, |_| {}).await;
        assert!(to == "/signin" && html.contains("verified"), "{email:?}: {html}");
    }
    assert_eq!(count(&app, "identity").await, 0);
    sign_in(&app, &issuer, "s-8", "Kate@X.test", |_| {}).await;
    assert_eq!(count(&app, "identity").await, 1, "she herself is known");
}

#[tokio::test]
async fn a_token_that_is_not_for_this_sign_in_opens_nothing() {
    let (app, issuer) = app(Backend::Sqlite).await;
    let now = app.s.now().timestamp();
    type Change = Box<dyn FnOnce(&mut Value)>;
    let wrong: [(&str, Change); 5] = [
        ("nonce", Box::new(|claims| claims["nonce"] = json!("another"))),
        (
            "no nonce",
            Box::new(|claims| drop(claims.as_object_mut().expect("claims").remove("nonce"))),
        ),
        ("audience", Box::new(|claims| claims["aud"] = json!("another client"))),
        ("expired", Box::new(move |claims| claims["exp"] = json!(now - 60))),
        ("issuer", Box::new(|claims| claims["iss"] = json!("https://evil.example"))),
    ];
    for (what, change) in wrong {
        let (to, html) = sign_in(&app, &issuer, "s-1", "olga@x.test", change).await;
        assert!(
            to == "/signin" && html.contains("could not be verified"),
            "{what}: {to} {html}"
        );
        assert!(!html.contains("evil.example"), "causes are for the log");
    }
    assert_eq!(count(&app, "identity").await, 0);
    sign_in(&app, &issuer, "s-1", "olga@x.test", |_| {}).await;
    assert_eq!(count(&app, "identity").await, 1, "but for that, all was right");
}

#[tokio::test]
async fn a_state_counts_once_and_in_its_own_browser() {
    let (app, issuer) = app(Backend::Sqlite).await;
    let (hers, other) = (browser(), browser());
    let asked = begin(&app, &hers, "/inbox").await;
    let claims = issuer.claims(app.s.now(), &asked, "s-1", "olga@x.test");
    let code = issuer.signs_in(&asked, claims.clone());
    let answer: [(&str, &str); 2] = [("code", &code), ("state", &asked.0["state"])];
    // Sent to somebody else, it does not sign them in as her.
    assert_eq!(back(&app, &other, &answer).await.status().as_u16(), 403);
    begin(&app, &other, "/inbox").await;
    let led = back(&app, &other, &answer).await;
    assert_eq!(
        led.headers()["location"],
        "/signin",
        "another browser's state is none of its own"
    );
    assert_eq!(issuer.tokens(), 0, "nor is the code used up");

    let led = back(&app, &hers, &answer).await;
    assert_eq!(led.headers()["location"], "/inbox");
    let again = issuer.signs_in(&asked, claims);
    let replayed = back(&app, &hers, &[("code", &again), ("state", &asked.0["state"])]).await;
    assert_eq!(replayed.status().as_u16(), 403);
    assert_eq!(issuer.tokens(), 1);
}

#[tokio::test]
async fn an_answer_that_names_another_issuer_or_an_error_signs_nobody_in() {
    let (app, issuer) = app(Backend::Sqlite).await;
    for (extra, said) in [
        (("iss", "https://evil.example"), "could not be verified"),
        (("error", "access_denied"), "did not sign you in"),
    ] {
        let http = browser();
        let asked = begin(&app, &http, "/inbox").await;
        let code = issuer.signs_in(&asked, issuer.claims(app.s.now(), &asked, "s-1", "olga@x.test"));
        let led = back(&app, &http, &[("code", &code), ("state", &asked.0["state"]), extra]).await;
        assert_eq!(led.headers()["location"], "/signin");
        let html = http
            .get(format!("{}/signin", app.url))
            .send()
            .await
            .expect("an answer")
            .text()
            .await
            .expect("a page");
        assert!(html.contains(said), "{said}: {html}");
    }
    assert_eq!(issuer.tokens(), 0);
}

#[tokio::test]
async fn an_issuer_that_calls_itself_otherwise_or_is_away_is_not_asked() {
    let (app, issuer) = app(Backend::Sqlite).await;
    issuer.calls_itself("https://evil.example");
    let http = browser();
    let led = http
        .post(format!("{}/signin/oidc", app.url))
        .form(&[("next", "/inbox")])
        .send()
        .await
        .expect("an answer");
    assert_eq!(led.headers()["location"], "/signin");
    let html = http
        .get(format!("{}/signin", app.url))
        .send()
        .await
        .expect("an answer")
        .text()
        .await
        .expect("a page");
    assert!(html.contains("be reached just now"), "{html}");
}

#[tokio::test]
async fn a_token_that_somebody_else_signed_opens_nothing_and_a_new_key_is_learned() {
    let (app, issuer) = app(Backend::Sqlite).await;
    sign_in(&app, &issuer, "s-1", "olga@x.test", |_| {}).await;
    issuer.changes_its_key();
    // What it says of itself was read a moment ago, and is not read for every token that does not fit.
    let (to, html) = sign_in(&app, &issuer, "s-1", "olga@x.test", |_| {}).await;
    assert!(to == "/signin" && html.contains("could not be verified"), "{to}");
    app.clock().advance(chrono::Duration::minutes(2));
    let (to, _) = sign_in(&app, &issuer, "s-1", "olga@x.test", |_| {}).await;
    assert_eq!(to, "/inbox", "its new key was learned");
}

#[tokio::test]
async fn nobody_is_led_elsewhere_and_no_other_site_begins_it() {
    let (app, issuer) = app(Backend::Sqlite).await;
    for next in ["https://evil.example", "//evil.example", "/\\evil.example", "/signin/code"] {
        let http = browser();
        let asked = begin(&app, &http, next).await;
        let code = issuer.signs_in(&asked, issuer.claims(app.s.now(), &asked, "s-1", "olga@x.test"));
        let led = back(&app, &http, &[("code", &code), ("state", &asked.0["state"])]).await;
        assert_eq!(led.headers()["location"], "/today", "{next}");
    }
    let elsewhere = app
        .http
        .post(format!("{}/signin/oidc", app.url))
        .header("sec-fetch-site", "cross-site")
        .header("origin", "https://evil.example")
        .form(&[("next", "/inbox")]);
    assert_eq!(elsewhere.send().await.expect("an answer").status().as_u16(), 403);
    let long = "x".repeat(9_000);
    let large = app.http.post(format!("{}/signin/oidc", app.url)).form(&[("next", &long)]);
    assert_eq!(large.send().await.expect("an answer").status().as_u16(), 413);
}

#[tokio::test]
async fn without_an_issuer_there_is_no_such_way() {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    assert!(!page(&app, "/signin").await.contains("/signin/oidc"));
    let led = app
        .http
        .post(format!("{}/signin/oidc", app.url))
        .form(&[("next", "")])
        .send()
        .await
        .expect("an answer");
    assert_eq!(led.headers()["location"], "/signin");
    assert_eq!(
        back(&app, &app.http, &[("code", "x"), ("state", "y")])
            .await
            .status()
            .as_u16(),
        403
    );
}

/// A second factor is the issuer's to ask for.
#[tokio::test]
async fn whoever_comes_from_the_issuer_is_asked_for_no_code_here() {
    let (app, issuer) = app(Backend::Sqlite).await;
    let id = accounts::add_member(&app.s, app.business_id, Role::Staff, "Sam", "sam@x.test", "a long password").await;
    let sam = accounts::actor(&app.s, id.expect("a member"), app.business_id)
        .await
        .expect("asked")
        .expect("a member");
    crate::signing_in::set_up_factor(&app, &sam).await;
    let (to, _) = sign_in(&app, &issuer, "s-5", "sam@x.test", |_| {}).await;
    assert_eq!(to, "/inbox");
}
