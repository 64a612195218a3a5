//! Colleagues at a conversation and quick replies, at their doors: by session, over the stream, through two processes.

use leptos::server_fn::axum::server_fn_paths;
use rstest::rstest;
use serde_json::Value;
use services::{accounts, conversations::presence};
use testkit::Backend;

use crate::{
    app::{NUMBER, PATIENCE, TestApp, list_all, sid, sign_in},
    pages::{page, post, server_function},
    real::{EMAIL, Installation, PASSWORD, free_port},
};

const ANN: &str = "+14155550171";
const WORD: &str = "a long password";

/// Where a server function is called that no form posts to.
fn function(name: &str) -> &'static str {
    let all = server_fn_paths().map(|(path, _)| path);
    let known = format!("/api/fn/{name}");
    let has_name = |path: &&str| {
        path.strip_prefix(known.as_str())
            .is_some_and(|hash| hash.bytes().all(|b| b.is_ascii_digit()))
    };
    all.into_iter()
        .find(has_name)
        .unwrap_or_else(|| panic!("no server function {name}"))
}

/// A browser of its own.
fn browser() -> reqwest::Client {
    let http = reqwest::Client::builder().cookie_store(true);
    http.redirect(reqwest::redirect::Policy::none()).build().expect("a client")
}

/// Calls a server function as a script does.
async fn call(http: &reqwest::Client, url: &str, name: &str, form: &[(&str, &str)]) -> (u16, Value) {
    let request = http
        .post(format!("{url}{}", function(name)))
        .header("accept", "application/json");
    let answer = request.form(form).send().await.expect("an answer");
    (answer.status().as_u16(), answer.json().await.unwrap_or_default())
}

async fn says(http: &reqwest::Client, url: &str, conversation: &str, doing: &str) -> u16 {
    let form = [("conversation_id", conversation), ("doing", doing)];
    call(http, url, "say_presence", &form).await.0
}

async fn colleague(app: &TestApp, name: &str, email: &str) -> reqwest::Client {
    let role = contract::accounts::Role::Staff;
    accounts::add_member(&app.s, app.business_id, role, name, email, WORD)
        .await
        .expect("a member");
    let http = browser();
    sign_in(&http, &app.url, email, WORD).await;
    http
}

async fn stream(http: &reqwest::Client, url: &str) -> reqwest::Response {
    let stream = http.get(format!("{url}/live?after=0")).send().await.expect("a stream");
    assert_eq!(stream.status().as_u16(), 200);
    stream
}

/// Everything until `wanted` is in it.
async fn read_until(stream: &mut reqwest::Response, wanted: &str) -> String {
    let mut text = String::new();
    let reading = async {
        while !text.contains(wanted) {
            let chunk = stream.chunk().await.expect("the stream goes on").expect("the stream goes on");
            text.push_str(&String::from_utf8_lossy(&chunk));
        }
    };
    let read = tokio::time::timeout(PATIENCE, reading).await;
    assert!(read.is_ok(), "no {wanted} came");
    text
}

async fn thread(app: &TestApp) -> String {
    app.receives(&sid(1), ANN, "Is there parking?").await;
    let rows = app.all("/conversations").await;
    rows[0]["id"].as_str().expect("an id").to_owned()
}

#[rstest]
#[tokio::test]
async fn colleagues_hear_who_is_there_and_another_business_does_not(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::without_workers(backend).await;
    let id = thread(&app).await;
    app.sign_in().await;
    let maya = colleague(&app, "Maya Lopez", "maya@x.test").await;
    app.neighbour().await;
    let gus = browser();
    sign_in(&gus, &app.url, "gus@x.test", WORD).await;

    let mut heard = stream(&app.http, &app.url).await;
    assert_eq!(says(&maya, &app.url, &id, "viewing").await, 200);
    let seen = read_until(&mut heard, "Maya Lopez").await;
    assert!(
        seen.contains("event: presence") && seen.contains("\"writing\":false"),
        "{seen}"
    );
    assert_eq!(says(&maya, &app.url, &id, "writing").await, 200);
    read_until(&mut heard, "\"writing\":true").await;
    let (status, all) = call(&app.http, &app.url, "list_presence", &[]).await;
    assert_eq!((status, &all[0]["people"][0]["name"]), (200, &Value::from("Maya Lopez")));

    assert_eq!(says(&gus, &app.url, &id, "writing").await, 404, "another business's");
    assert_eq!(
        call(&gus, &app.url, "list_presence", &[]).await,
        (200, Value::Array(Vec::new()))
    );
    assert_eq!(says(&browser(), &app.url, &id, "viewing").await, 401, "a stranger");
    assert_ne!(
        says(&maya, &app.url, &id, "sleeping").await,
        200,
        "what is not understood is refused"
    );
    assert_eq!(says(&maya, &app.url, &id, "leaving").await, 200);
    read_until(&mut heard, "\"people\":[]").await;
    // The neighbour's stream has nothing of it.
    let log = told_of_presence(&app).await;
    assert!(
        !log.is_empty() && log.iter().all(|business| *business == app.business_id),
        "{log:?}"
    );
}

/// The businesses whose streams were told of presence.
async fn told_of_presence(app: &TestApp) -> Vec<uuid::Uuid> {
    use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
    let told = entity::live::live_event::Entity::find().filter(entity::live::live_event::Column::Kind.eq("presence"));
    let rows = told.all(app.s.db().connection()).await.expect("the log");
    rows.into_iter().map(|row| row.business_id).collect()
}

/// The worker that looks for who has gone may be any process; here nobody sleeps for it.
#[tokio::test]
async fn who_falls_silent_is_told_on_the_stream() {
    let app = TestApp::with_clock(Backend::Sqlite).await;
    let id = thread(&app).await;
    app.sign_in().await;
    let maya = colleague(&app, "Maya Lopez", "maya@x.test").await;
    let mut heard = stream(&app.http, &app.url).await;
    assert_eq!(says(&maya, &app.url, &id, "viewing").await, 200);
    read_until(&mut heard, "Maya Lopez").await;
    app.clock().advance(chrono::Duration::seconds(26));
    presence::sweep(&app.s).await.expect("swept");
    read_until(&mut heard, "\"people\":[]").await;
}

#[tokio::test]
async fn who_is_there_at_one_web_process_is_heard_at_another() {
    let it = Installation::new(Backend::Postgres).await;
    let (a, b) = (it.start("web", free_port()).await, it.start("web", free_port()).await);
    sign_in(&it.http, &a.url, EMAIL, PASSWORD).await;
    it.sim.set_inbound_url(Some(format!("{}/webhooks/twilio/inbound", a.url)));
    it.sim.inbound(ANN, NUMBER, "Is there parking?").await;
    let rows = list_all(&it.http, &a.url, &it.key, "/conversations").await;
    let id = rows[0]["id"].as_str().expect("an id");
    let mut heard = stream(&it.http, &a.url).await;
    let other = browser();
    sign_in(&other, &b.url, EMAIL, PASSWORD).await;
    assert_eq!(says(&other, &b.url, id, "writing").await, 200);
    let seen = read_until(&mut heard, "\"writing\":true").await;
    assert!(seen.contains("event: presence") && seen.contains(id), "{seen}");
}

#[rstest]
#[tokio::test]
async fn quick_replies_are_written_changed_and_deleted_without_a_script(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    const PAGE: &str = "/settings/quick-replies";
    let app = TestApp::without_workers(backend).await;
    app.sign_in().await;
    assert!(page(&app, "/settings").await.contains("href=\"/settings/quick-replies\""));
    assert!(page(&app, PAGE).await.contains("No quick replies yet"));
    let save = server_function(&app, PAGE, "save_quick_reply").await;
    let form = [
        ("id", ""),
        ("name", "Parking"),
        ("body", "Behind the house, {{ nickname }}."),
        ("assign", "me"),
        ("tag", ""),
        ("task", ""),
        ("afterwards", "close"),
    ];
    assert_eq!(post(&app, &save, &form).await.status(), 302);
    let html = page(&app, PAGE).await;
    assert!(html.contains("There is no variable called nickname."), "{html}");
    assert!(
        html.contains("Behind the house, {{ nickname }}."),
        "what was typed stays: {html}"
    );

    let mut form = form;
    form[2] = ("body", "Behind the house, {{ first_name }}.");
    post(&app, &save, &form).await;
    let html = page(&app, PAGE).await;
    assert!(html.contains("assign to me · close the conversation"), "{html}");
    let after = html
        .split("name=\"id\" value=\"")
        .find(|rest| rest.as_bytes().get(8) == Some(&b'-'));
    let id = after.and_then(|rest| rest.split('"').next()).expect("an id").to_owned();
    form[0] = ("id", &id);
    form[1] = ("name", "Car park");
    post(&app, &save, &form).await;
    let html = page(&app, PAGE).await;
    assert!(html.contains("Car park") && !html.contains(">Parking<"), "{html}");

    let remove = server_function(&app, PAGE, "delete_quick_reply").await;
    let staff = colleague(&app, "Sam", "sam@x.test").await;
    let refused = staff
        .post(format!("{}{remove}", app.url))
        .form(&[("id", &id)])
        .send()
        .await
        .expect("an answer");
    assert_eq!(refused.status().as_u16(), 403);
    let shown = staff
        .get(format!("{}{PAGE}", app.url))
        .send()
        .await
        .expect("a page")
        .text()
        .await
        .expect("text");
    assert!(
        shown.contains("Car park") && !shown.contains("delete_quick_reply"),
        "staff read them: {shown}"
    );
    assert_eq!(post(&app, &remove, &[("id", &id)]).await.status(), 302);
    assert!(page(&app, PAGE).await.contains("No quick replies yet"));
}

#[rstest]
#[tokio::test]
async fn a_text_and_what_is_done_besides_is_all_or_nothing(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::without_workers(backend).await;
    let id = thread(&app).await;
    app.sign_in().await;
    app.neighbour().await;
    let gus = browser();
    sign_in(&gus, &app.url, "gus@x.test", WORD).await;
    let correlation = uuid::Uuid::now_v7().to_string();
    let form = |afterwards: &'static str| {
        [
            ("conversation_id", id.as_str()),
            ("body", "Behind the house."),
            ("correlation_id", correlation.as_str()),
            ("actions[tag]", "parking"),
            ("actions[afterwards]", afterwards),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
    };
    let run = async |http: &reqwest::Client, afterwards| {
        let form = form(afterwards);
        let pairs: Vec<(&str, &str)> = form.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        call(http, &app.url, "carry_out", &pairs).await
    };
    assert_eq!(run(&gus, "close").await.0, 404, "another business's");
    assert_eq!(run(&app.http, "visit").await.0, 422, "there is no visit to wait for");
    let contact = app.all("/conversations").await[0]["contact_id"]
        .as_str()
        .expect("an id")
        .to_owned();
    assert_eq!(app.messages_of(&contact).await.len(), 1, "nothing was sent");
    for _ in 0..2 {
        let (status, done) = run(&app.http, "close").await;
        assert_eq!(
            (status, &done["conversation"]["status"]),
            (200, &Value::from("closed")),
            "{done}"
        );
    }
    assert_eq!(app.messages_of(&contact).await.len(), 2, "once");
    let (_, ann) = app.get(&format!("/contacts/{contact}")).await;
    assert_eq!(ann["tags"], serde_json::json!(["parking"]));
}
