//! Signing in as a browser does, and those who try to break in.

use contract::{accounts::Role, security::FactorView};
use rstest::rstest;
use services::{
    Actor,
    accounts::{self, security},
};
use testkit::{Backend, code};

use crate::{
    app::{PATIENCE, TestApp, sign_in},
    pages::{page, post, server_function},
};

const EMAIL: &str = "sam@x.test";
const PASSWORD: &str = "a long password";

/// An authenticator in use; its secret, and the recovery codes.
pub async fn set_up_factor(app: &TestApp, actor: &Actor) -> (String, Vec<String>) {
    let begun = security::begin_factor(&app.s, actor, None, PASSWORD).await.expect("begun");
    let FactorView::Begun(begun) = begun.factor else {
        panic!("begun")
    };
    // The step before: this one's code is for signing in.
    let before = app.s.now() - chrono::Duration::seconds(30);
    let done = security::confirm_factor(&app.s, actor, None, &code(&begun.secret, before)).await;
    (begun.secret, done.expect("on").codes)
}

/// Sam, who works here and has a second factor.
async fn sam(app: &TestApp) -> (String, Vec<String>) {
    let id = accounts::add_member(&app.s, app.business_id, Role::Admin, "Sam", EMAIL, PASSWORD).await;
    let actor = accounts::actor(&app.s, id.expect("a member"), app.business_id)
        .await
        .expect("asked");
    set_up_factor(app, &actor.expect("a member")).await
}

fn browser() -> reqwest::Client {
    reqwest::Client::builder()
        .cookie_store(true)
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .expect("a client")
}

async fn get(app: &TestApp, http: &reqwest::Client, path: &str) -> reqwest::Response {
    http.get(format!("{}{path}", app.url)).send().await.expect("an answer")
}

fn location(answer: &reqwest::Response) -> &str {
    answer
        .headers()
        .get("location")
        .and_then(|to| to.to_str().ok())
        .unwrap_or_default()
}

/// Everything that a page or a program of a member could ask for is asked.
async fn assert_opens_nothing(app: &TestApp, http: &reqwest::Client) {
    let mut pages: Vec<&str> = server::router::page_paths().collect();
    let open = ["/", "/forgot", "/signin", "/signin/code", "/signup"];
    // Those with a secret in their address ask for that alone; those of the platform are not there for anybody else.
    let elsewhere = |path: &str| path.contains("{token}") || path.starts_with("/platform");
    pages.retain(|path| !open.contains(path) && !path.contains('*') && !elsewhere(path));
    assert!(pages.len() > 20, "{pages:?}");
    for path in pages {
        let path = path.replace("{id}", "0198c5d5-0000-7000-8000-000000000000");
        let answer = get(app, http, &path).await;
        assert!(
            answer.status().is_redirection() && location(&answer).starts_with("/signin"),
            "{path}: {}",
            answer.status()
        );
    }
    for path in ["/live", "/log.csv", "/contacts.csv", "/appointments.csv"] {
        let answer = get(app, http, path).await;
        let status = answer.status();
        assert!(
            status.as_u16() == 401 || location(&answer).starts_with("/signin"),
            "{path}: {status}"
        );
    }
    // What forms of the doors themselves may be posted, and what tells nothing of anybody.
    let doors = [
        "sign_in",
        "sign_up",
        "sign_out",
        "begin_sign",
        "left_flash",
        "awaits_code",
        "begin_forgot",
        "list_countries",
        "country_of_zone",
        "zone_names",
    ];
    let functions: Vec<_> = leptos::server_fn::axum::server_fn_paths().map(|(path, _)| path).collect();
    assert!(functions.len() > 40, "{functions:?}");
    for path in functions {
        if doors.iter().any(|door| path.contains(door)) {
            continue;
        }
        let asked = http
            .post(format!("{}{path}", app.url))
            .header("content-type", "application/x-www-form-urlencoded");
        let answer = asked.body("").send().await.expect("an answer");
        let status = answer.status().as_u16();
        let text = answer.text().await.unwrap_or_default();
        // Without its fields a function may not get as far as asking who it is.
        let unread = text.contains("malformed") || status == 400;
        // Doors of the platform are not there for anybody else.
        assert!(
            matches!(status, 401 | 404) || (status >= 400 && unread),
            "{path}: {status} {text}"
        );
    }
}

#[tokio::test]
async fn whoever_has_only_the_password_reaches_nothing() {
    let app = TestApp::with_clock(Backend::Sqlite).await;
    let (secret, codes) = sam(&app).await;
    let http = browser();
    sign_in(&http, &app.url, EMAIL, PASSWORD).await;
    assert_opens_nothing(&app, &http).await;
    let there = get(&app, &http, "/signin/code?next=%2Finbox").await;
    assert_eq!(there.status().as_u16(), 200);

    // Ten minutes later it is over, whatever the code.
    app.clock().advance(chrono::Duration::minutes(10));
    let late = get(&app, &http, "/signin/code?next=%2Finbox").await;
    assert!(location(&late).starts_with("/signin"), "{}", late.status());

    sign_in(&http, &app.url, EMAIL, PASSWORD).await;
    let path = form(&app, &http, "/signin/code", "sign_in_code").await;
    let typed = [("code", code(&secret, app.s.now())), ("next", "/inbox".to_owned())];
    let answer = http
        .post(format!("{}{path}", app.url))
        .header("accept", "text/html")
        .form(&typed)
        .send()
        .await;
    assert_eq!(location(&answer.expect("an answer")), "/inbox");
    assert_eq!(get(&app, &http, "/inbox").await.status().as_u16(), 200);

    // The same code again, in another browser, opens nothing; a recovery code does.
    let other = browser();
    sign_in(&other, &app.url, EMAIL, PASSWORD).await;
    let path = form(&app, &other, "/signin/code", "sign_in_code").await;
    let again = other
        .post(format!("{}{path}", app.url))
        .header("accept", "text/html")
        .form(&typed)
        .send()
        .await;
    assert!(location(&again.expect("an answer")).starts_with("/signin/code"));
    let html = get(&app, &other, "/signin/code").await.text().await.expect("a page");
    assert!(html.contains("was used already"), "{html}");
    assert_opens_nothing(&app, &other).await;
    let typed = [("code", codes[0].as_str()), ("next", "//evil.example")];
    let answer = other
        .post(format!("{}{path}", app.url))
        .header("accept", "text/html")
        .form(&typed)
        .send()
        .await;
    assert_eq!(location(&answer.expect("an answer")), "/today", "and nobody is led elsewhere");
}

/// Where the form of a server function on a page posts to, in this browser.
async fn form(app: &TestApp, http: &reqwest::Client, page: &str, name: &str) -> String {
    let html = get(app, http, page).await.text().await.expect("a page");
    let found = html
        .split("action=\"")
        .find(|rest| rest.starts_with(&format!("/api/fn/{name}")));
    let path = found.and_then(|rest| rest.split('"').next());
    path.unwrap_or_else(|| panic!("no {name} on {page}: {html}")).to_owned()
}

/// Who had signed in is nobody while somebody else's code is waited for in the same browser.
#[tokio::test]
async fn the_first_step_ends_whoever_was_signed_in() {
    let app = TestApp::with_clock(Backend::Sqlite).await;
    sam(&app).await;
    app.sign_in().await;
    sign_in(&app.http, &app.url, EMAIL, PASSWORD).await;
    let inbox = get(&app, &app.http, "/inbox").await;
    assert!(location(&inbox).starts_with("/signin"), "{}", inbox.status());
}

#[rstest]
#[tokio::test]
async fn forged_cookies_open_nothing(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::with_clock(backend).await;
    app.sign_in().await;
    let plain = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .expect("a client");
    let hash = stored(&app, "SELECT id_hash FROM session WHERE account_id IS NOT NULL").await;
    for id in [
        "AAAAAAAAAAAAAAAAAAAAAA",
        "",
        "x",
        "../../etc",
        &hash,
        "null",
        &"A".repeat(5_000),
    ] {
        let cookie = format!("showup_session={id}; showup_device={}", "a".repeat(64));
        let inbox = plain
            .get(format!("{}/inbox", app.url))
            .header("cookie", &cookie)
            .send()
            .await
            .expect("an answer");
        assert!(
            inbox.status().is_redirection() || inbox.status().is_client_error(),
            "{id}: {}",
            inbox.status()
        );
        let live = plain
            .get(format!("{}/live", app.url))
            .header("cookie", &cookie)
            .send()
            .await
            .expect("an answer");
        assert!(live.status().is_client_error(), "{id}: {}", live.status());
    }
    // Nor does the cookie that knows a device open anything by itself.
    let device = stored(&app, "SELECT hash FROM device").await;
    let cookie = format!("showup_device={device}");
    let inbox = plain
        .get(format!("{}/inbox", app.url))
        .header("cookie", cookie)
        .send()
        .await
        .expect("an answer");
    assert!(inbox.status().is_redirection());
}

async fn stored(app: &TestApp, sql: &str) -> String {
    use sea_orm::{ConnectionTrait, Statement};
    let db = app.s.db().connection();
    let row = db
        .query_one_raw(Statement::from_string(db.get_database_backend(), sql))
        .await
        .expect("read");
    row.expect("a row").try_get_by_index(0).expect("text")
}

#[rstest]
#[tokio::test]
async fn a_session_that_is_revoked_is_out_at_once_and_its_stream_ends(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::with_clock(backend).await;
    app.sign_in().await;
    let phone = browser();
    sign_in(&phone, &app.url, "olga@x.test", PASSWORD).await;
    let mut stream = get(&app, &phone, "/live?after=0").await;
    assert_eq!(stream.status().as_u16(), 200);
    let mut mine = get(&app, &app.http, "/live?after=0").await;
    let html = page(&app, "/account/security").await;
    assert!(
        html.contains("This browser") && html.contains("Sign out everywhere else"),
        "{html}"
    );
    let id = html
        .split("name=\"id\" value=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .expect("another session");
    let path = server_function(&app, "/account/security", "revoke_session").await;
    let done = post(&app, &path, &[("id", id)]).await;
    assert_eq!(location(&done), "/account/security");

    let out = get(&app, &phone, "/inbox").await;
    assert!(location(&out).starts_with("/signin"), "{}", out.status());
    let ended = tokio::time::timeout(PATIENCE, async { while let Ok(Some(_)) = stream.chunk().await {} });
    ended.await.expect("the stream ends");
    // What happens from now on is told to the one that is left.
    app.contact("Ann", "+14155550171").await;
    let told = tokio::time::timeout(PATIENCE, async {
        while let Ok(Some(piece)) = mine.chunk().await {
            if String::from_utf8_lossy(&piece).contains("Ann") {
                return true;
            }
        }
        false
    });
    assert!(told.await.expect("news"));
}

#[tokio::test]
async fn too_many_guesses_are_told_when_to_come_back() {
    let app = TestApp::with_clock(Backend::Sqlite).await;
    let path = server_function(&app, "/signin", "sign_in").await;
    let guess = async |http: &reqwest::Client, password: &str| {
        let form = [("email", "olga@x.test"), ("password", password), ("next", "/inbox")];
        http.post(format!("{}{path}", app.url))
            .form(&form)
            .send()
            .await
            .expect("an answer")
    };
    app.sign_in().await;
    let stranger = browser();
    for _ in 0..6 {
        assert_eq!(guess(&stranger, "a wrong password").await.status().as_u16(), 401);
    }
    let refused = guess(&stranger, PASSWORD).await;
    assert_eq!(refused.status().as_u16(), 429);
    let after: u64 = refused.headers()["retry-after"]
        .to_str()
        .expect("text")
        .parse()
        .expect("seconds");
    assert!((1..=60).contains(&after));
    assert!(refused.text().await.expect("words").contains("wait"), "in words, too");
    assert!(
        guess(&app.http, PASSWORD).await.status().is_success(),
        "her own browser does not wait"
    );
    app.clock().advance(chrono::Duration::seconds(60));
    assert!(guess(&stranger, PASSWORD).await.status().is_success());
}

#[tokio::test]
async fn no_other_site_changes_anything_here() {
    let app = TestApp::with_clock(Backend::Sqlite).await;
    app.sign_in().await;
    let functions: Vec<_> = leptos::server_fn::axum::server_fn_paths().map(|(path, _)| path).collect();
    let posts = ["/imports/upload", "/push/devices", "/push/shown", "/outbox", "/signin/oidc"];
    for path in functions.into_iter().chain(posts) {
        for (site, origin) in [
            ("cross-site", "https://evil.example"),
            ("same-site", "https://evil.showup.example"),
            ("none-of-these", "null"),
        ] {
            let asked = app
                .http
                .post(format!("{}{path}", app.url))
                .header("sec-fetch-site", site)
                .header("origin", origin);
            let answer = asked.body("").send().await.expect("an answer");
            assert_eq!(answer.status().as_u16(), 403, "{path} from {site}");
        }
        // A browser without the newer header says its origin.
        let asked = app
            .http
            .post(format!("{}{path}", app.url))
            .header("origin", "https://evil.example");
        assert_eq!(
            asked.body("").send().await.expect("an answer").status().as_u16(),
            403,
            "{path}"
        );
    }
}

#[tokio::test]
async fn every_page_says_what_it_may_load_and_where_it_may_be_shown() {
    let app = TestApp::known_as(Backend::Sqlite, "https://reminders.example.com").await;
    for path in [
        "/signin",
        "/signup",
        "/signin/code",
        "/health/live",
        "/api/v1/openapi.json",
        "/v/nothing",
        "/no-such-page",
    ] {
        let answer = get(&app, &browser(), path).await;
        let text = |name: &str| {
            answer
                .headers()
                .get(name)
                .and_then(|v| v.to_str().ok())
                .unwrap_or_default()
                .to_owned()
        };
        let policy = text("content-security-policy");
        assert!(
            policy.contains("frame-ancestors 'none'") && !policy.contains("unsafe-inline") && !policy.contains('*'),
            "{path}: {policy}"
        );
        assert_eq!(text("x-content-type-options"), "nosniff", "{path}");
        assert!(
            ["same-origin", "no-referrer"].contains(&text("referrer-policy").as_str()),
            "{path}"
        );
        assert!(text("strict-transport-security").starts_with("max-age="), "{path}");
    }
    let plain = TestApp::without_workers(Backend::Sqlite).await;
    let answer = get(&plain, &browser(), "/signin").await;
    assert!(!answer.headers().contains_key("strict-transport-security"), "only behind TLS");
}

/// No style stands in the markup, so that the policy needs no exception for it.
#[tokio::test]
async fn no_page_of_the_account_has_style_or_script_in_its_markup() {
    let app = TestApp::with_clock(Backend::Sqlite).await;
    app.sign_in().await;
    let path = server_function(&app, "/account/security", "begin_factor").await;
    post(&app, &path, &[("password", PASSWORD)]).await;
    let html = page(&app, "/account/security").await;
    assert!(
        html.contains("Picture for your authenticator") && html.contains("<path"),
        "{html}"
    );
    let markup: String = html
        .split("<script")
        .map(|part| part.rsplit_once("</script>").map_or(part, |(_, rest)| rest))
        .collect();
    assert!(
        !markup.contains(" style=\"") && !markup.contains("<style") && !markup.contains(" onclick="),
        "{markup}"
    );
    for script in html.split("<script").skip(1) {
        let tag = script.split('>').next().unwrap_or_default();
        assert!(tag.contains("nonce=") || tag.contains("src="), "{tag}");
    }
}

/// With nothing but forms: set up, see the codes once, and turn it off.
#[tokio::test]
async fn a_second_step_without_a_script() {
    let app = TestApp::with_clock(Backend::Sqlite).await;
    app.sign_in().await;
    let there = "/account/security";
    let path = server_function(&app, there, "begin_factor").await;
    post(&app, &path, &[("password", PASSWORD)]).await;
    let html = page(&app, there).await;
    let at = html.find("Or type this key into the app").expect("the key");
    let secret: String = html[at..]
        .split('<')
        .find(|part| part.matches(' ').count() > 6)
        .map(|part| part.split('>').next_back().unwrap_or_default().to_owned())
        .expect("the key");
    let path = server_function(&app, there, "confirm_factor").await;
    post(&app, &path, &[("code", &code(&secret, app.s.now()))]).await;
    let html = page(&app, there).await;
    assert!(
        html.contains("These are your recovery codes") && html.contains("10 of your recovery codes are left"),
        "{html}"
    );
    assert!(
        !page(&app, there).await.contains("These are your recovery codes"),
        "they are shown once"
    );

    app.clock().advance(chrono::Duration::seconds(30));
    let path = server_function(&app, there, "turn_off_factor").await;
    let now = code(&secret, app.s.now());
    post(&app, &path, &[("password", "a wrong password"), ("code", &now)]).await;
    assert!(page(&app, there).await.contains("This is not your password."));
    post(&app, &path, &[("password", PASSWORD), ("code", &now)]).await;
    assert!(page(&app, there).await.contains("Set it up"));
}
