//! The pages of whoever runs the installation: hidden from everybody else, and a look into a business that changes nothing.

use contract::accounts::SignUp;
use services::{accounts, jobs, queue::Job, selftest, setup};
use testkit::Backend;

use crate::{
    app::{NUMBER, TestApp, sid, sign_in},
    looking::{changed, rows},
    pages::{page, post, server_function},
};

const ANN: &str = "+14155550171";

/// Ada has a business of her own, runs the installation, and is signed in.
async fn as_ada(app: &TestApp) {
    let far = SignUp {
        business_name: "Far Away".to_owned(),
        name: "Ada".to_owned(),
        email: "ada@x.test".to_owned(),
        password: "a long password".to_owned(),
        time_zone: None,
        country: None,
    };
    setup::open_business(&app.s, far, None, None).await.expect("a business");
    accounts::platform::set_admin(&app.s, "ada@x.test", true).await.expect("made");
    sign_in(&app.http, &app.url, "ada@x.test", "a long password").await;
}

async fn status(app: &TestApp, path: &str) -> u16 {
    let answer = app.http.get(format!("{}{path}", app.url)).send().await.expect("an answer");
    answer.status().as_u16()
}

#[tokio::test]
async fn everybody_else_finds_nothing_there() {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    let business = format!("/platform/businesses/{}", app.business_id);
    let pages = ["/platform", "/platform/doctor", "/platform/settings", business.as_str()];
    for path in pages {
        assert_eq!(status(&app, path).await, 404, "{path} for a stranger");
    }
    app.sign_in().await;
    for path in pages {
        assert_eq!(status(&app, path).await, 404, "{path} for an owner");
    }
    as_ada(&app).await;
    for path in pages {
        assert_eq!(status(&app, path).await, 200, "{path} for who runs it");
    }
    let list = page(&app, "/platform").await;
    assert!(list.contains("Bright Dental") && list.contains("Far Away"), "{list}");
    accounts::platform::set_admin(&app.s, "ada@x.test", false)
        .await
        .expect("revoked");
    assert_eq!(status(&app, "/platform").await, 404);
}

#[tokio::test]
async fn a_business_is_suspended_and_resumed_by_a_form() {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    let ann = app.contact("Ann", ANN).await;
    as_ada(&app).await;
    let here = format!("/platform/businesses/{}", app.business_id);
    let id = app.business_id.to_string();
    let path = server_function(&app, &here, "suspend_business").await;
    post(&app, &path, &[("id", &id), ("why", "")]).await;
    assert!(page(&app, &here).await.contains("Please say why"), "the reason is asked for");
    post(&app, &path, &[("id", &id), ("why", "Bills are open")]).await;
    let shown = page(&app, &here).await;
    assert!(shown.contains("Bills are open.") && shown.contains("Resume"), "{shown}");
    assert!(app.refused_reply(&ann).await.contains("suspended"));
    app.sign_in().await;
    assert!(
        page(&app, "/today")
            .await
            .contains("This business is suspended. Bills are open.")
    );
    sign_in(&app.http, &app.url, "ada@x.test", "a long password").await;
    let path = server_function(&app, &here, "resume_business").await;
    post(&app, &path, &[("id", &id)]).await;
    app.reply(&ann, "We are back").await;
}

/// Fields that server functions ask for, so that as many as possible are carried out.
fn everything(app: &TestApp, ids: &[String; 3]) -> Vec<(String, String)> {
    let [contact, appointment, conversation] = ids;
    let id = app.business_id.to_string();
    let fields = [
        ("contact_id", contact.as_str()),
        ("appointment_id", appointment),
        ("conversation_id", conversation),
        ("business_id", &id),
        ("body", "Hello"),
        ("name", "Other"),
        ("title", "Other"),
        ("why", "because"),
        ("phone", "+14155550188"),
        ("email", "other@x.test"),
        ("notes", "other"),
        ("contact_line", "other"),
        ("time_zone", "Europe/Rome"),
        ("country", "IT"),
        ("language", "es"),
        ("starts_at", "2035-01-05T15:00"),
        ("date", "2035-01-05"),
        ("time", "15:00"),
        ("monthly_budget", "5"),
        ("hourly_limit", "7"),
        ("quiet_start", "20:00"),
        ("quiet_end", "09:00"),
        ("assign", "off"),
        ("close_after_days", "3"),
        ("act", "cancel"),
        ("action", "cancel"),
        ("state", "opted_in"),
        ("source", "booking"),
        ("evidence", "said so"),
        ("address", "1 Main Street"),
        ("number", ""),
        ("url", "https://calendar.invalid/x.ics"),
        ("detail", "name"),
        ("staff_label_id", ""),
        ("minutes", "30"),
        ("on", "true"),
        ("away", "true"),
        ("seconds", "10"),
        ("blocked", "true"),
        ("page", "/inbox"),
        ("back", "/inbox"),
        ("hide", "yes"),
        ("tags", "one"),
    ];
    fields
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

#[tokio::test]
async fn a_look_into_a_business_reads_and_every_write_in_it_is_refused() {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    let ann = app.contact("Ann", ANN).await;
    let appointment = app.appointment(&ann, 48).await;
    app.receives(&sid(1), ANN, "Is there parking?").await;
    let conversation = app.all("/conversations").await.remove(0)["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    as_ada(&app).await;
    assert!(!page(&app, "/inbox").await.contains("parking"), "not without a look");
    let here = format!("/platform/businesses/{}", app.business_id);
    let path = server_function(&app, &here, "begin_look").await;
    let id = app.business_id.to_string();
    post(&app, &path, &[("id", &id), ("why", "They asked for help")]).await;
    let inbox = page(&app, "/inbox").await;
    assert!(
        inbox.contains("parking") && inbox.contains("You look into this business"),
        "{inbox}"
    );
    for path in ["/today", "/contacts", "/appointments", "/log"] {
        assert_eq!(status(&app, path).await, 200, "{path}");
    }
    // Lists that are taken away are noted, and a stream goes on after the look: neither is given.
    for path in ["/contacts.csv", "/log.csv", "/live?after=0"] {
        assert_eq!(status(&app, path).await, 403, "{path}");
    }

    let before = rows(&app).await;
    let (mut refused, mut asked) = (0, 0);
    let ids = [ann, appointment, conversation];
    // Signing in or out, and what is done to businesses rather than in them.
    let elsewhere = [
        "sign_in",
        "sign_out",
        "sign_up",
        "forgot_password",
        "end_look",
        "begin_look",
        "suspend_business",
        "resume_business",
        "set_sign_up",
        "run_doctor",
        "open_number_requests",
        "buy_number",
        "give_owned_number",
        "refuse_number",
    ];
    for (path, _) in leptos::server_fn::axum::server_fn_paths() {
        let name = path
            .trim_start_matches("/api/fn/")
            .trim_end_matches(|c: char| c.is_ascii_digit());
        if elsewhere.contains(&name) {
            continue;
        }
        for id in &ids {
            let mut form = everything(&app, &ids);
            form.push(("id".to_owned(), id.clone()));
            let answer = app
                .http
                .post(format!("{}{path}", app.url))
                .form(&form)
                .send()
                .await
                .expect("an answer");
            let status = u64::from(answer.status().as_u16());
            let told = answer.text().await.unwrap_or_default();
            // What a function answers says by itself what it is.
            let problem: serde_json::Value = serde_json::from_str(&told).unwrap_or_default();
            let status = problem["status"].as_u64().unwrap_or(status);
            asked += 1;
            refused += usize::from(status == 403 || status == 401);
            assert_ne!(status, 500, "{path}: {told}");
        }
    }
    let mut after = changed(&before, &rows(&app).await);
    // Sessions remember what a form left, and are not the business's.
    after.retain(|(table, _)| !table.ends_with("session"));
    assert!(after.is_empty(), "{after:#?}");
    assert!(asked > 100 && refused > 60, "{refused} of {asked} were refused");

    let path = server_function(&app, "/inbox", "end_look").await;
    post(&app, &path, &[("id", &id)]).await;
    assert!(!page(&app, "/inbox").await.contains("parking"), "it is over");
    assert_eq!(status(&app, "/platform").await, 200);
}

/// Ada looks into the business of the app.
async fn look_into(app: &TestApp) {
    let here = format!("/platform/businesses/{}", app.business_id);
    let path = server_function(app, &here, "begin_look").await;
    let id = app.business_id.to_string();
    post(app, &path, &[("id", &id), ("why", "They asked for help")]).await;
    assert!(page(app, "/inbox").await.contains("You look into this business"));
}

/// Ada chooses her own business to work in.
async fn goes_home(app: &TestApp) {
    let far = services::businesses::by_slug(&app.s, "far-away")
        .await
        .expect("hers")
        .id
        .to_string();
    let path = server_function(app, "/businesses", "switch_business").await;
    post(app, &path, &[("business_id", &far)]).await;
    assert!(works_at_home(app).await, "she works where she belongs");
}

async fn works_at_home(app: &TestApp) -> bool {
    let answer = app.http.get(format!("{}/today", app.url)).send().await.expect("an answer");
    answer.status() == 200 && !answer.text().await.expect("a page").contains("You look into this business")
}

#[tokio::test]
async fn a_browser_whose_look_is_over_goes_on_in_a_business_of_its_person() {
    let app = TestApp::with_clock(Backend::Sqlite).await;
    as_ada(&app).await;
    look_into(&app).await;
    app.clock().advance(chrono::Duration::minutes(61));
    assert!((300..400).contains(&status(&app, "/today").await), "it is over");
    goes_home(&app).await;
}

#[tokio::test]
async fn a_look_is_left_by_signing_in_and_by_choosing_a_business() {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    as_ada(&app).await;
    look_into(&app).await;
    goes_home(&app).await;
    look_into(&app).await;
    sign_in(&app.http, &app.url, "ada@x.test", "a long password").await;
    assert!(works_at_home(&app).await);
}

#[tokio::test]
async fn a_look_is_ended_from_any_browser_of_its_person() {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    as_ada(&app).await;
    look_into(&app).await;
    // Another session, which looks nowhere.
    sign_in(&app.http, &app.url, "ada@x.test", "a long password").await;
    let (here, id) = (
        format!("/platform/businesses/{}", app.business_id),
        app.business_id.to_string(),
    );
    assert!(page(&app, &here).await.contains("You look into it until"));
    let path = server_function(&app, &here, "end_look").await;
    post(&app, &path, &[("id", &id)]).await;
    assert!(!page(&app, &here).await.contains("You look into it until"), "it is over");
    assert!(works_at_home(&app).await, "where she worked she goes on");
}

#[tokio::test]
async fn the_self_test_finds_our_own_door_open() {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    app.sim.own_number(app.sim.account_sid(), NUMBER);
    app.sign_in().await;
    assert!(page(&app, "/settings/self-test").await.contains("It has not run yet."));
    let path = server_function(&app, "/settings/self-test", "run_self_test").await;
    post(&app, &path, &[]).await;
    assert!(page(&app, "/settings/self-test").await.contains("Testing: 0 of 4"));
    let business_id = app.business_id;
    jobs::perform(&app.s, Job::SelfTest { business_id }).await.expect("tested");
    let shown = page(&app, "/settings/self-test").await;
    for words in [
        "this installation answered",
        "one with a wrong signature was refused",
        "Twilio has (500) 555-0006",
    ] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    // What an address that is not ours answers, and what is no nonce.
    assert_eq!(status(&app, "/health/here/short").await, 404);
    let nonce = "0123456789abcdef";
    let answer = app
        .http
        .get(format!("{}/health/here/{nonce}", app.url))
        .send()
        .await
        .expect("an answer");
    let answer: serde_json::Value = answer.json().await.expect("JSON");
    assert!(selftest::is_here(
        &app.s,
        nonce,
        answer["instance"].as_str().unwrap_or_default()
    ));
    assert!(!selftest::is_here(
        &app.s,
        "another0another0",
        answer["instance"].as_str().unwrap_or_default()
    ));
}

#[tokio::test]
async fn the_first_steps_are_shown_until_they_are_put_away_and_examples_come_and_go() {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    app.sign_in().await;
    assert!(page(&app, "/today").await.contains("First steps: 3 of 6 done"));
    let path = server_function(&app, "/setup", "set_samples").await;
    post(&app, &path, &[]).await;
    assert!(page(&app, "/contacts").await.contains("Maya Lindgren (example)"));
    post(&app, &path, &[("remove", "yes")]).await;
    assert!(!page(&app, "/contacts").await.contains("(example)"));
    let path = server_function(&app, "/setup", "put_guide_away").await;
    post(&app, &path, &[("hide", "yes")]).await;
    assert!(!page(&app, "/today").await.contains("First steps"));
    assert!(page(&app, "/setup").await.contains("Show on Today again"));
}

#[tokio::test]
async fn where_signing_up_is_closed_the_page_says_so() {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    as_ada(&app).await;
    let path = server_function(&app, "/platform/settings", "set_sign_up").await;
    post(&app, &path, &[]).await;
    assert!(
        page(&app, "/signup")
            .await
            .contains("This installation takes no new businesses.")
    );
    assert!(page(&app, "/platform/settings").await.contains("Open signing up"));
}
