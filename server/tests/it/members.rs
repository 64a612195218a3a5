//! Members, invitations, passwords and going from one business to another, over HTTP and with nothing but forms.

use contract::accounts::Role;
use rstest::rstest;
use serde_json::json;
use services::{Actor, Principal, accounts};
use testkit::Backend;

use crate::{
    app::TestApp,
    pages::{page, post, server_function},
};

const OLGA: &str = "olga@x.test";
const PASSWORD: &str = "a long password";
const EVE: &str = "eve@x.test";

/// Somebody else's browser.
fn browser() -> reqwest::Client {
    reqwest::Client::builder()
        .cookie_store(true)
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .expect("a client")
}

/// Where the form for `name` on the page at `path` posts to, in this browser.
async fn form(app: &TestApp, http: &reqwest::Client, path: &str, name: &str) -> String {
    let html = look(app, http, path).await;
    let begin = format!("action=\"/api/fn/{name}");
    let at = html
        .find(&begin)
        .unwrap_or_else(|| panic!("no form for {name} on {path}: {html}"))
        + 8;
    html[at..].split('"').next().expect("an address").to_owned()
}

async fn look(app: &TestApp, http: &reqwest::Client, path: &str) -> String {
    let answer = http.get(format!("{}{path}", app.url)).send().await.expect("an answer");
    answer.text().await.expect("a page")
}

async fn leads_to(app: &TestApp, http: &reqwest::Client, path: &str) -> String {
    let answer = http.get(format!("{}{path}", app.url)).send().await.expect("an answer");
    let to = answer.headers().get("location").and_then(|to| to.to_str().ok());
    to.unwrap_or_default().to_owned()
}

async fn send(app: &TestApp, http: &reqwest::Client, path: &str, name: &str, fields: &[(&str, &str)]) -> String {
    let action = form(app, http, path, name).await;
    let request = http
        .post(format!("{}{action}", app.url))
        .header("accept", "text/html")
        .form(fields);
    let answer = request.send().await.expect("an answer");
    assert!(answer.status().is_redirection(), "{name}: {}", answer.status());
    answer.headers()["location"].to_str().expect("an address").to_owned()
}

/// The path that a mail to this address leads to, once it has come.
async fn mailed(app: &TestApp, to: &str, path: &str) -> String {
    app.until(&format!("a mail to {to} with {path}"), async || {
        let texts: Vec<String> = app.sim.mails_to(to).into_iter().filter_map(|mail| mail.text).collect();
        let (_, rest) = texts.iter().rev().find_map(|text| text.split_once(path))?;
        let token: String = rest.chars().take_while(char::is_ascii_alphanumeric).collect();
        Some(format!("{path}{token}"))
    })
    .await
}

#[rstest]
#[tokio::test]
async fn somebody_is_invited_joins_and_is_removed(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    app.sign_in().await;
    let path = server_function(&app, "/settings/people", "invite_person").await;
    let answer = post(&app, &path, &[("email", EVE), ("role", "staff")]).await;
    assert_eq!(answer.headers()["location"], "/settings/people");
    let html = page(&app, "/settings/people").await;
    assert!(
        html.contains(EVE) && html.contains("the mail is on its way") && html.contains("Open invitations"),
        "{html}"
    );
    let link = mailed(&app, EVE, "/invitations/").await;
    let token = link.rsplit('/').next().expect("a token").to_owned();
    // Whoever invited looks at it, and is somebody else.
    let html = page(&app, &link).await;
    assert!(html.contains("Sign out, and open the link again."), "{html}");
    let eve = browser();
    let html = look(&app, &eve, &link).await;
    assert!(
        html.contains("Join Bright Dental") && html.contains("one of the staff") && html.contains(EVE),
        "{html}"
    );
    // Refused, it says why, and what was typed stays.
    let back = send(
        &app,
        &eve,
        &link,
        "join_as_new",
        &[("token", &token), ("name", "Eve"), ("password", "short")],
    )
    .await;
    assert_eq!(back, link);
    let html = look(&app, &eve, &link).await;
    assert!(
        html.contains("at least 8 characters") && html.contains("value=\"Eve\"") && !html.contains("short\""),
        "{html}"
    );
    let to = send(
        &app,
        &eve,
        &link,
        "join_as_new",
        &[("token", &token), ("name", "Eve"), ("password", PASSWORD)],
    )
    .await;
    assert_eq!(to, "/today");
    assert!(look(&app, &eve, "/today").await.contains("Bright Dental"));
    assert!(
        look(&app, &browser(), &link)
            .await
            .contains("This invitation was used already")
    );
    let html = look(&app, &eve, "/settings/people").await;
    assert!(
        html.contains(OLGA) && !html.contains("invite_person") && !html.contains("change_role"),
        "staff only look: {html}"
    );

    // An admin next, and then nobody any more.
    let eve_id = member(&app, EVE).await;
    let path = server_function(&app, "/settings/people", "change_role").await;
    post(&app, &path, &[("account_id", &eve_id), ("role", "admin")]).await;
    assert!(look(&app, &eve, "/settings/people").await.contains("invite_person"));
    let path = server_function(&app, "/settings/people", "remove_member").await;
    post(&app, &path, &[("account_id", &eve_id)]).await;
    let door = leads_to(&app, &eve, "/inbox").await;
    assert!(door.starts_with("/signin"), "{door}");
    assert_eq!(leads_to(&app, &eve, &door).await, "/businesses");
    assert!(
        look(&app, &eve, "/businesses")
            .await
            .contains("Your account belongs to no business any more")
    );
    // Signing in says so, too.
    let eve = browser();
    let there = send(
        &app,
        &eve,
        "/signin",
        "sign_in",
        &[("email", EVE), ("password", PASSWORD), ("next", "/inbox")],
    )
    .await;
    assert_eq!(there, "/businesses");
}

/// The id of somebody's account, as the API tells it.
async fn member(app: &TestApp, email: &str) -> String {
    let all = app.all("/members").await;
    let found = all.iter().find(|one| one["email"] == email).expect("a member");
    found["id"].as_str().expect("an id").to_owned()
}

#[rstest]
#[tokio::test]
async fn the_session_goes_from_one_business_to_another(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::without_workers(backend).await;
    let garage = app.neighbour().await.operator;
    accounts::add_member(&app.s, garage.business_id, Role::Staff, "", OLGA, "")
        .await
        .expect("joined");
    app.sign_in().await;
    assert!(page(&app, "/today").await.contains("Corner Garage"), "the switcher");
    let path = server_function(&app, "/today", "switch_business").await;
    let stranger = uuid::Uuid::now_v7().to_string();
    post(&app, &path, &[("business_id", &stranger)]).await;
    let html = page(&app, "/today").await;
    assert!(html.contains("You do not belong to this business."), "{html}");
    let live = async |business: uuid::Uuid| {
        let url = format!("{}/live?after=0&business={business}", app.url);
        app.http.get(url).send().await.expect("an answer").status().as_u16()
    };
    assert_eq!((live(app.business_id).await, live(garage.business_id).await), (200, 401));
    let to = post(&app, &path, &[("business_id", &garage.business_id.to_string())]).await;
    assert_eq!(to.headers()["location"], "/today");
    assert_eq!((live(app.business_id).await, live(garage.business_id).await), (401, 200));
    let html = page(&app, "/settings/people").await;
    assert!(html.contains("gus@x.test"), "{html}");
    // Signing in again goes there.
    let again = browser();
    send(
        &app,
        &again,
        "/signin",
        "sign_in",
        &[("email", OLGA), ("password", PASSWORD), ("next", "/today")],
    )
    .await;
    assert!(look(&app, &again, "/settings/people").await.contains("gus@x.test"));
    // Out there, back where they still belong.
    accounts::members::remove(&app.s, &garage, id_of(&app).await)
        .await
        .expect("removed");
    let door = leads_to(&app, &again, "/today").await;
    assert_eq!(leads_to(&app, &again, &door).await, "/businesses");
    let html = look(&app, &again, "/businesses").await;
    assert!(
        html.contains("Bright Dental") && !html.contains("no business any more"),
        "{html}"
    );
    let form = [("business_id", app.business_id.to_string())];
    let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(send(&app, &again, "/businesses", "switch_business", &form).await, "/today");
    assert!(look(&app, &again, "/settings/people").await.contains(OLGA));
}

async fn id_of(app: &TestApp) -> uuid::Uuid {
    member(app, OLGA).await.parse().expect("an id")
}

#[tokio::test]
async fn a_stream_ends_with_the_membership() {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    accounts::add_member(&app.s, app.business_id, Role::Staff, "Eve", EVE, PASSWORD)
        .await
        .expect("a member");
    let eve = browser();
    crate::app::sign_in(&eve, &app.url, EVE, PASSWORD).await;
    let mut stream = eve.get(format!("{}/live?after=0", app.url)).send().await.expect("a stream");
    let operator = Actor {
        business_id: app.business_id,
        who: Principal::Operator,
    };
    let id = member(&app, EVE).await.parse().expect("an id");
    accounts::members::remove(&app.s, &operator, id).await.expect("removed");
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    app.contact("Ann", "+14155550171").await;
    let reading = async {
        let mut text = String::new();
        while let Ok(Some(chunk)) = stream.chunk().await {
            text.push_str(&String::from_utf8_lossy(&chunk));
        }
        text
    };
    let text = tokio::time::timeout(crate::app::PATIENCE, reading).await.expect("it ends");
    assert!(!text.contains("Ann"), "{text}");
}

#[rstest]
#[tokio::test]
async fn a_forgotten_password_is_made_anew_by_mail(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    app.sign_in().await;
    let other = browser();
    let answered = async |email: &str| {
        assert_eq!(
            send(&app, &other, "/forgot", "forgot_password", &[("email", email)]).await,
            "/forgot"
        );
        look(&app, &other, "/forgot")
            .await
            .contains("If this address has an account, a mail with a link is on its way.")
    };
    assert!(answered("nobody@x.test").await && answered(OLGA).await, "the same words");
    let link = mailed(&app, OLGA, "/reset/").await;
    assert!(look(&app, &other, &link).await.contains(OLGA));
    let token = link.rsplit('/').next().expect("a token").to_owned();
    let new = "another long password";
    let to = send(&app, &other, &link, "reset_password", &[("token", &token), ("password", new)]).await;
    assert_eq!(to, "/signin?changed=password");
    assert!(look(&app, &other, &to).await.contains("Your password is changed."));
    let door = leads_to(&app, &app.http, "/inbox").await;
    assert!(door.starts_with("/signin"), "who was signed in is not any more: {door}");
    assert!(look(&app, &other, &link).await.contains("used already"));
    crate::app::sign_in(&app.http, &app.url, OLGA, new).await;
    assert_eq!(leads_to(&app, &app.http, "/inbox").await, "");
    // Changed on one's own page, this browser stays.
    let path = server_function(&app, "/account", "change_password").await;
    crate::app::sign_in(&other, &app.url, OLGA, new).await;
    post(&app, &path, &[("present", "not it"), ("password", PASSWORD)]).await;
    assert!(page(&app, "/account").await.contains("This is not your present password."));
    post(&app, &path, &[("present", new), ("password", PASSWORD)]).await;
    assert!(page(&app, "/account").await.contains("Your password is changed"));
    assert!(
        leads_to(&app, &other, "/inbox").await.starts_with("/signin"),
        "the other one does not"
    );
}

#[tokio::test]
async fn another_address_is_confirmed_and_taken_back_by_mail() {
    let app = TestApp::start(Backend::Sqlite).await;
    app.sign_in().await;
    let fields = [("email", "new@x.test"), ("present", PASSWORD)];
    let path = server_function(&app, "/account", "change_email").await;
    post(&app, &path, &fields).await;
    assert!(page(&app, "/account").await.contains("new@x.test waits to be confirmed"));
    let (confirm, undo) = (
        mailed(&app, "new@x.test", "/account/email/").await,
        mailed(&app, OLGA, "/account/undo/").await,
    );
    let token = |link: &str| link.rsplit('/').next().expect("a token").to_owned();
    let other = browser();
    assert!(look(&app, &other, &confirm).await.contains("new@x.test"));
    send(&app, &other, &confirm, "confirm_email", &[("token", &token(&confirm))]).await;
    assert!(page(&app, "/account").await.contains("new@x.test"));
    let to = send(&app, &other, &undo, "undo_email", &[("token", &token(&undo))]).await;
    assert!(to.starts_with("/reset/"), "{to}");
    assert!(leads_to(&app, &app.http, "/account").await.starts_with("/signin"));
    send(
        &app,
        &other,
        &to,
        "reset_password",
        &[("token", &token(&to)), ("password", "another long password")],
    )
    .await;
    crate::app::sign_in(&app.http, &app.url, OLGA, "another long password").await;
    assert!(page(&app, "/account").await.contains(OLGA));
}

#[tokio::test]
async fn who_asks_too_often_has_to_wait() {
    let app = TestApp::with_clock(Backend::Sqlite).await;
    let path = server_function(&app, "/forgot", "forgot_password").await;
    let mut answers = Vec::new();
    for n in 0..31 {
        let answer = post(&app, &path, &[("email", &format!("p{n}@x.test"))]).await;
        answers.push(answer.status().as_u16());
    }
    assert_eq!((answers[29], answers[30]), (302, 429), "{answers:?}");
    app.clock().advance(chrono::Duration::seconds(21));
    assert_eq!(post(&app, &path, &[("email", "p@x.test")]).await.status().as_u16(), 302);
}

#[tokio::test]
async fn without_a_mail_server_the_link_is_shown_once() {
    let app = TestApp::without_mail(Backend::Sqlite).await;
    app.sign_in().await;
    let path = server_function(&app, "/settings/people", "invite_person").await;
    post(&app, &path, &[("email", EVE), ("role", "admin")]).await;
    let link = format!("{}/invitations/", app.url);
    let html = page(&app, "/settings/people").await;
    let at = html.find(&link).unwrap_or_else(|| panic!("no link: {html}"));
    let url: String = html[at..].chars().take_while(|c| !matches!(c, '<' | '"' | '&')).collect();
    assert!(!page(&app, "/settings/people").await.contains(&link), "once");
    assert!(
        look(&app, &browser(), url.trim_start_matches(&app.url))
            .await
            .contains("an admin")
    );
    assert!(look(&app, &browser(), "/forgot").await.contains("E-mail is not set up"));
}

#[tokio::test]
async fn the_api_lists_members_to_keys_that_may_see_them() {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    accounts::add_member(&app.s, app.business_id, Role::Staff, "Eve", EVE, PASSWORD)
        .await
        .expect("a member");
    let url = |query: &str| format!("{}/api/v1/members{query}", app.url);
    let key = app.key_with(&["members:read"]).await;
    let (status, first) = app.api(app.http.get(url("?limit=1")), &key).await;
    assert_eq!(status, 200, "{first}");
    let one = &first["data"][0];
    assert_eq!(
        (&one["email"], &one["role"], &one["name"]),
        (&json!(OLGA), &json!("owner"), &json!("Olga"))
    );
    assert!(one["id"].is_string() && one["created_at"].is_string());
    let cursor = first["next_cursor"].as_str().expect("more");
    let (_, second) = app.api(app.http.get(url(&format!("?cursor={cursor}"))), &key).await;
    assert_eq!(
        (&second["data"][0]["email"], &second["next_cursor"]),
        (&json!(EVE), &json!(null))
    );
    for (query, status) in [("?limit=0", 400), ("?cursor=x", 400), ("?role=owner", 400)] {
        assert_eq!(app.api(app.http.get(url(query)), &key).await.0, status, "{query}");
    }
    let other = app.key_with(&["contacts:read"]).await;
    assert_eq!(app.api(app.http.get(url("")), &other).await.0, 403);
    let neighbour = app.neighbour().await.key;
    let (_, theirs) = app.api(app.http.get(url("")), &neighbour).await;
    assert_eq!(theirs["data"].as_array().map(Vec::len), Some(1), "their own business alone");
}
