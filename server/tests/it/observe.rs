//! What an operator sees: metrics of each step, and one line in the log for each, without anybody's number in it.

use rstest::rstest;
use serde_json::Value;
use testkit::Backend;

use crate::{
    app::TestApp,
    real::{Installation, free_port},
};

const ANN: &str = "+14155550171";

#[rstest]
#[tokio::test]
async fn metrics_count_each_step_and_show_what_waits(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    server::metrics::install();
    let app = TestApp::start(backend).await;
    let ann = app.contact("Ann", ANN).await;
    let body = serde_json::json!({ "contact_id": ann, "body": "Hello" });
    app.post("/messages", body).await;
    app.until("delivered", async || {
        (app.messages_of(&ann).await.first()?["status"] == "delivered").then_some(())
    })
    .await;
    let metrics = app.http.get(format!("{}/metrics", app.url)).send().await.expect("an answer");
    assert_eq!(metrics.status().as_u16(), 200);
    let text = metrics.text().await.expect("text");
    for wanted in [
        "showup_messages_total{step=\"accepted\"}",
        "showup_messages_total{step=\"delivered\"}",
        "showup_step_seconds_bucket{step=\"claim\"",
        "showup_step_seconds_bucket{step=\"call\"",
        "showup_step_seconds_bucket{step=\"record\"",
        "showup_messages_total{step=\"stored\"}",
        "showup_queue_depth{queue=\"outbox\"} 0",
        "showup_queue_depth{queue=\"reminders\"} 0",
        "showup_queue_depth{queue=\"retries\"} 0",
        "showup_queue_oldest_seconds{queue=\"outbox\"} 0",
        "showup_breakers_open 0",
    ] {
        assert!(text.contains(wanted), "{wanted} is missing:\n{text}");
    }
    assert!(!text.contains("0171") && !text.contains("Bright"), "nobody is in it");
}

/// What a worker does is counted by the worker, and pages are not its business.
#[tokio::test]
async fn a_worker_tells_of_its_health_and_its_work_where_it_is_told_to() {
    let it = Installation::new(Backend::Postgres).await;
    let (port, worker_port) = (free_port(), free_port());
    let web = it.start("web", port).await;
    let worker = it.start_worker_listening(port, worker_port).await;
    let ann = it.contact(&web.url, ANN).await;
    it.reply(&web.url, &ann, "Hello").await;
    it.until(&web.url, "delivered", |m| m["status"] == "delivered").await;
    let get = async |path: &str| it.http.get(format!("{}{path}", worker.url)).send().await.expect("an answer");
    let metrics = get("/metrics").await.text().await.expect("text");
    for wanted in [
        "showup_messages_total{step=\"accepted\"} 1",
        "showup_step_seconds_bucket{step=\"call\"",
    ] {
        assert!(metrics.contains(wanted), "{wanted} is missing:\n{metrics}");
    }
    for path in ["/signin", "/api/v1/messages", "/webhooks/twilio/inbound"] {
        assert_eq!(get(path).await.status().as_u16(), 404, "{path}");
    }
}

#[tokio::test]
async fn metrics_are_for_this_machine_only() {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    for proxy in ["x-forwarded-for", "forwarded"] {
        let asked = app.http.get(format!("{}/metrics", app.url)).header(proxy, "203.0.113.7");
        assert_eq!(asked.send().await.expect("an answer").status().as_u16(), 403, "{proxy}");
    }
}

#[tokio::test]
async fn each_step_of_a_text_is_one_line_and_no_number_is_in_the_log() {
    let it = Installation::new(Backend::Sqlite).await;
    let file = tempfile::NamedTempFile::new().expect("a file");
    let showup = it.start_logging("serve", free_port(), file.reopen().expect("the file")).await;
    let ann = it.contact(&showup.url, ANN).await;
    it.reply(&showup.url, &ann, "Hello").await;
    it.until(&showup.url, "delivered", |m| m["status"] == "delivered").await;
    showup.kill();
    let log = std::fs::read_to_string(file.path()).expect("a log");
    let lines: Vec<Value> = log.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let steps: Vec<&str> = lines.iter().filter_map(|line| line["fields"]["step"].as_str()).collect();
    for step in ["stored", "call", "accepted", "status"] {
        assert!(steps.contains(&step), "{step} is not in {steps:?}");
    }
    let heard = lines.iter().find(|line| line["fields"]["step"] == "status").expect("a line");
    assert!(
        heard["span"]["id"].as_str().is_some_and(|id| id.len() > 20),
        "the request's id is in {heard}"
    );
    assert!(!log.contains("4155550171"), "a number is in the log");
    assert!(log.contains("+1415•••0171"), "but one can tell which");
}

/// A text that no webhook brought, by the command that operators run after an outage.
#[rstest]
#[tokio::test]
async fn the_command_line_brings_in_what_an_outage_lost(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let it = Installation::new(backend).await;
    it.sim.set_inbound_url(None);
    it.sim.inbound(ANN, crate::app::NUMBER, "Are you there?").await;
    for brought_in in [1, 0] {
        let output = it.try_to_run(&["admin", "reconcile", "--since", "36h"], free_port()).await;
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(
            said.contains(&format!("{brought_in} texts of customers brought in")),
            "{said}"
        );
    }
    let odd = it
        .try_to_run(&["admin", "reconcile", "--since", "yesterday"], free_port())
        .await;
    assert!(!odd.status.success());
}

#[tokio::test]
async fn hours_of_a_state_that_cannot_be_are_refused_with_a_sentence() {
    let it = Installation::new(Backend::Sqlite).await;
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(
        file.path(),
        "{\"Texas\": {\"weekdays\": null, \"saturday\": null, \"sunday\": null}}",
    )
    .expect("written");
    let output = it.migrate_with("US_STATE_HOURS", &file.path().to_string_lossy());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.contains("\"Texas\" is no state"), "{said}");
}
