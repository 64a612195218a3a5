//! Numbers and the Twilio account at their doors: the API, forms without a script, and who may not.

use serde_json::{Value, json};
use services::{Actor, Principal, integrations, numbers::requests};
use testkit::Backend;

use crate::{
    app::{NUMBER, TestApp},
    pages::{page, post, server_function},
};

const NUMBERS: &str = "/settings/numbers";
const TWILIO: &str = "/settings/twilio";
const BUY: &str = "+14155551000";
const OWN: &str = "AC11111111111111111111111111111111";

async fn call(app: &TestApp, method: reqwest::Method, path: &str, body: Option<Value>) -> (u16, Value) {
    let mut request = app
        .http
        .request(method, format!("{}/api/v1{path}", app.url))
        .bearer_auth(&app.key);
    if let Some(body) = body {
        request = request.json(&body);
    }
    let answer = request.send().await.expect("an answer");
    (answer.status().as_u16(), answer.json().await.unwrap_or_default())
}

fn operator() -> Actor {
    Actor {
        business_id: uuid::Uuid::nil(),
        who: Principal::Operator,
    }
}

#[rstest::rstest]
#[tokio::test]
async fn a_program_asks_for_a_number_and_sees_what_becomes_of_it(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::without_workers(backend).await;
    let (get, create) = (reqwest::Method::GET, reqwest::Method::POST);
    let (status, all) = call(&app, get.clone(), "/numbers", None).await;
    assert_eq!(status, 200);
    let number = &all["data"][0];
    assert_eq!(
        (number["phone"].as_str(), number["status"].as_str()),
        (Some(NUMBER), Some("active"))
    );
    assert_eq!(
        (&number["is_default"], &number["may_send_to_us"]),
        (&json!(true), &json!("unknown"))
    );
    assert_eq!((&number["kind"], &number["location_ids"]), (&json!("local"), &json!([])));
    let wish = json!({ "country": "US", "area_code": "415", "reason": "For uptown" });
    let (status, asked) = call(&app, create.clone(), "/number-requests", Some(wish)).await;
    assert_eq!((status, &asked["status"]), (201, &json!("requested")), "{asked}");
    let path = format!("/number-requests/{}", asked["id"].as_str().expect("an id"));
    let id = asked["id"].as_str().and_then(|id| id.parse().ok()).expect("an id");
    requests::approve_buying(&app.s, &operator(), id, BUY).await.expect("bought");
    let (status, done) = call(&app, get.clone(), &path, None).await;
    assert_eq!(
        (status, &done["status"], &done["phone"]),
        (200, &json!("active"), &json!(BUY))
    );
    let (status, wrong) = call(
        &app,
        create.clone(),
        "/number-requests",
        Some(json!({ "country": "US", "reason": "", "colour": 1 })),
    )
    .await;
    assert_eq!(status, 422, "{wrong}");
    assert!(wrong.to_string().contains("colour"), "{wrong}");
    assert_eq!(
        call(&app, get.clone(), &format!("/number-requests/{}", uuid::Uuid::now_v7()), None)
            .await
            .0,
        404
    );
    let of = Actor {
        business_id: app.business_id,
        who: Principal::Operator,
    };
    let reads = integrations::create_api_key(&app.s, &of, "reads", &["numbers:read".to_owned()])
        .await
        .expect("a key");
    let refused = app
        .http
        .post(format!("{}/api/v1/number-requests", app.url))
        .bearer_auth(&reads);
    let refused = refused.json(&json!({ "country": "US", "reason": "For uptown" })).send().await;
    assert_eq!(refused.expect("an answer").status().as_u16(), 403);
}

#[rstest::rstest]
#[tokio::test]
async fn an_owner_asks_and_chooses_without_a_script(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::without_workers(backend).await;
    app.sign_in().await;
    let html = page(&app, NUMBERS).await;
    assert!(
        html.contains("(500) 555-0006") && html.contains("Twilio was not asked yet."),
        "{html}"
    );
    let ask = server_function(&app, NUMBERS, "ask_for_number").await;
    post(
        &app,
        &ask,
        &[
            ("country", "US"),
            ("area_code", "no"),
            ("reason", "For uptown"),
            ("location_id", ""),
        ],
    )
    .await;
    let html = page(&app, NUMBERS).await;
    assert!(
        html.contains("An area code is some digits") && html.contains("For uptown"),
        "{html}"
    );
    post(
        &app,
        &ask,
        &[
            ("country", "US"),
            ("area_code", "415"),
            ("reason", "For uptown"),
            ("location_id", ""),
        ],
    )
    .await;
    assert!(page(&app, NUMBERS).await.contains("data-state=\"requested\""));
    let request = requests::open(&app.s, &operator())
        .await
        .expect("the queue")
        .remove(0)
        .request
        .id;
    requests::reject(&app.s, &operator(), request, "No budget for it.")
        .await
        .expect("rejected");
    assert!(page(&app, NUMBERS).await.contains("No budget for it."));
    let of = Actor {
        business_id: app.business_id,
        who: Principal::Operator,
    };
    let id = services::numbers::list(&app.s, &of)
        .await
        .expect("numbers")
        .remove(0)
        .id
        .to_string();
    let answers = server_function(&app, NUMBERS, "set_answers").await;
    post(&app, &answers, &[("id", &id), ("help_by", "twilio"), ("start_by", "we")]).await;
    let html = page(&app, NUMBERS).await;
    assert!(html.contains("Twilio answers, Showup does not"), "{html}");
    // Giving it up is asked about first; the last one goes only if that is said.
    let warned = page(&app, &format!("{NUMBERS}?release={id}")).await;
    assert!(
        warned.contains("Release (500) 555-0006?") && warned.contains("Release it though it is the last one"),
        "{warned}"
    );
    let release = server_function(&app, &format!("{NUMBERS}?release={id}"), "release_number").await;
    post(&app, &release, &[("id", &id), ("though_last", "yes")]).await;
    assert!(page(&app, NUMBERS).await.contains("data-state=\"released\""));
}

#[rstest::rstest]
#[tokio::test]
async fn twilio_is_connected_without_a_script_and_no_secret_is_shown(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::without_workers(backend).await;
    app.sign_in().await;
    let html = page(&app, TWILIO).await;
    assert!(
        html.contains("This installation’s account") && html.contains("/webhooks/twilio/inbound#rc=5&amp;rp=all"),
        "{html}"
    );
    let connect = server_function(&app, TWILIO, "connect_twilio").await;
    let form = [
        ("account_sid", OWN),
        ("auth_token", "the-secret-token"),
        ("key_sid", ""),
        ("key_secret", ""),
    ];
    post(&app, &connect, &form).await;
    let html = page(&app, TWILIO).await;
    assert!(
        html.contains("does not know this pair") && !html.contains("the-secret-token"),
        "{html}"
    );
    app.sim.set_account(OWN, "the-secret-token");
    post(&app, &connect, &form).await;
    let html = page(&app, TWILIO).await;
    assert!(
        html.contains("data-connection=\"own\"") && html.contains(OWN) && !html.contains("the-secret-token"),
        "{html}"
    );
    let add = server_function(&app, TWILIO, "add_shared_key").await;
    post(&app, &add, &[("id", "webhooks_key_9"), ("secret", "a-shared-secret")]).await;
    let html = page(&app, TWILIO).await;
    assert!(html.contains("webhooks_key_9") && !html.contains("a-shared-secret"), "{html}");
    let remove = server_function(&app, TWILIO, "remove_shared_key").await;
    post(&app, &remove, &[("id", "webhooks_key_9")]).await;
    assert!(!page(&app, TWILIO).await.contains("webhooks_key_9"));
    app.sim.own_number(OWN, NUMBER);
    let configure = server_function(&app, TWILIO, "configure_webhooks").await;
    post(&app, &configure, &[]).await;
    assert!(page(&app, TWILIO).await.contains("Texts to it arrive here now."));
    let url = app.sim.look(|state| state.numbers.owner(NUMBER).map(|n| n.sms_url.clone()));
    assert_eq!(url, Some(format!("{}/webhooks/twilio/inbound#rc=5&rp=all", app.url)));
    let back = server_function(&app, TWILIO, "disconnect_twilio").await;
    post(&app, &back, &[]).await;
    assert!(page(&app, TWILIO).await.contains("This installation’s account"));
}

#[tokio::test]
async fn a_test_message_shows_what_was_heard_of_it() {
    let app = TestApp::start(Backend::Sqlite).await;
    app.sign_in().await;
    let send = server_function(&app, TWILIO, "send_connection_test").await;
    let answer = post(&app, &send, &[("phone", "+14155550177"), ("correlation_id", "")]).await;
    let to = answer
        .headers()
        .get("location")
        .and_then(|l| l.to_str().ok())
        .unwrap_or_default()
        .to_owned();
    assert!(to.starts_with("/settings/twilio?test="), "{to}");
    for _ in 0..600 {
        let html = page(&app, &to).await;
        if html.contains("data-heard=\"sent\"") && html.contains("data-heard=\"delivered\"") {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    panic!("nothing was heard: {}", page(&app, &to).await);
}
