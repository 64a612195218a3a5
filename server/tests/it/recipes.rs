//! The recipes of `/docs`, run as they are shown: by a shell, by Node and by Python, against a server at a socket.

use std::{path::Path, process::Stdio};

use rstest::rstest;
use serde_json::json;
use testkit::{Backend, Receiver};
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdout, Command},
};

use crate::{
    app::{PATIENCE, TestApp},
    programs_of_others::{node, python},
};

const ANN: &str = "+14155550171";

/// A copy of the recipes, with what they import beside them.
fn kitchen() -> tempfile::TempDir {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let here = tempfile::tempdir().expect("a directory");
    for file in std::fs::read_dir(root.join("docs/recipes")).expect("the recipes") {
        let file = file.expect("a file");
        std::fs::copy(file.path(), here.path().join(file.file_name())).expect("a copy");
    }
    let libraries = root.join("end2end/node_modules").canonicalize().expect("script/setup test");
    std::os::unix::fs::symlink(libraries, here.path().join("node_modules")).expect("a link");
    here
}

fn command(app: &TestApp, kitchen: &Path, file: &str) -> Command {
    let mut command = match file.rsplit('.').next() {
        Some("sh") => Command::new("bash"),
        Some("mjs") => node(),
        _ => python(),
    };
    if file.ends_with(".sh") {
        command.args(["-euo", "pipefail"]);
    }
    command
        .arg(file)
        .current_dir(kitchen)
        .env("SHOWUP_URL", &app.url)
        .env("SHOWUP_KEY", &app.key)
        .stdin(Stdio::null())
        .kill_on_drop(true);
    command
}

/// What a recipe says, line by line; what it complains of fails the test.
async fn cook(app: &TestApp, file: &str) -> Vec<String> {
    let kitchen = kitchen();
    let output = command(app, kitchen.path(), file).output().await.expect("it runs");
    let said = String::from_utf8(output.stdout).expect("text");
    assert!(
        output.status.success(),
        "{file}: {said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    said.lines().map(str::to_owned).collect()
}

#[rstest]
#[tokio::test]
async fn contacts(#[values("contacts.sh", "contacts.mjs", "contacts.py")] file: &str) {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    for _ in 0..2 {
        assert_eq!(
            cook(&app, file).await,
            ["created", "created"],
            "the answer is the first one's"
        );
    }
    let people = app.all("/contacts").await;
    assert_eq!(people.len(), 2);
    assert_eq!(
        (&people[0]["phone"], &people[0]["consent"]["sms"]),
        (&json!(ANN), &json!("opted_in"))
    );
}

#[rstest]
#[tokio::test]
async fn visit(#[values("visit.sh", "visit.mjs", "visit.py")] file: &str) {
    let app = TestApp::with_clock(Backend::Sqlite).await;
    app.contact("Ann", ANN).await;
    assert_eq!(cook(&app, file).await, ["2027-01-06T15:00:00Z", "cancelled"]);
    let visits = app.all("/appointments").await;
    assert_eq!(visits.len(), 1);
    assert_eq!(visits[0]["external_id"], "crm-4711");
}

#[rstest]
#[tokio::test]
async fn text(#[values("text.sh", "text.mjs", "text.py")] file: &str) {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    let ann = app.contact("Ann", ANN).await;
    for _ in 0..2 {
        assert_eq!(cook(&app, file).await, ["Your glasses are here."]);
    }
    assert_eq!(app.messages_of(&ann).await.len(), 1);
}

#[rstest]
#[tokio::test]
async fn sync(#[values("sync.sh", "sync.mjs", "sync.py")] file: &str) {
    let app = TestApp::with_clock(Backend::Sqlite).await;
    let ann = app.contact("Ann", ANN).await;
    let mut wanted = Vec::new();
    for n in 0..103 {
        let visit = app.appointment(&ann, 48 + n).await;
        wanted.push(format!("{visit} scheduled"));
    }
    let mut said = cook(&app, file).await;
    said.sort();
    wanted.sort();
    assert_eq!(said, wanted, "of both pages");
}

#[rstest]
#[tokio::test]
async fn trigger(#[values("trigger.sh", "trigger.mjs", "trigger.py")] file: &str) {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    let ann = app.contact("Ann", ANN).await;
    let (first, again) = (cook(&app, file).await, cook(&app, file).await);
    let sent = app.messages_of(&ann).await;
    assert_eq!(sent.len(), 1, "the same reference is the same text");
    let body = sent[0]["body"].as_str().expect("words");
    assert_eq!((first.join("\n"), again.join("\n")), (body.to_owned(), body.to_owned()));
}

/// A program that goes on.
struct Running {
    _child: Child,
    _kitchen: tempfile::TempDir,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Running {
    fn start(app: &TestApp, file: &str) -> Self {
        let kitchen = kitchen();
        let mut child = command(app, kitchen.path(), file)
            .stdout(Stdio::piped())
            .spawn()
            .expect("it runs");
        let lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        Self {
            _child: child,
            _kitchen: kitchen,
            lines,
        }
    }

    async fn line(&mut self) -> String {
        let line = tokio::time::timeout(PATIENCE, self.lines.next_line()).await;
        line.expect("in time").expect("text").expect("it goes on")
    }
}

#[rstest]
#[tokio::test]
async fn webhook_by_a_program(#[values("webhook.mjs", "webhook.py")] file: &str) {
    let app = TestApp::start(Backend::Sqlite).await;
    let mut program = Running::start(&app, file);
    assert_eq!(program.line().await, "ready");
    let ann = app.contact("Ann", ANN).await;
    assert_eq!(program.line().await, format!("contact.created {ann}"));
    let (_, hooks) = app.get("/webhook-endpoints").await;
    let path = format!(
        "/webhook-endpoints/{}/deliveries",
        hooks["data"][0]["id"].as_str().expect("an id")
    );
    app.until("it has said yes", async || {
        let (_, told) = app.get(&path).await;
        (told["data"][0]["status"] == "delivered").then_some(())
    })
    .await;
}

#[tokio::test]
async fn webhook_by_hand() {
    let app = TestApp::start(Backend::Sqlite).await;
    let receiver = Receiver::start().await;
    let kitchen = kitchen();
    let mut recipe = command(&app, kitchen.path(), "webhook.sh");
    let output = recipe.env("RECEIVER_URL", receiver.url()).output().await.expect("it runs");
    let said = String::from_utf8(output.stdout).expect("text");
    let said: Vec<&str> = said.lines().collect();
    let secret = said.first().expect("a secret");
    assert_eq!(
        &said[1..],
        ["webhook.test", "webhook.test"],
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let call = app.until("it is told", async || receiver.take().into_iter().next()).await;
    assert!(call.is_signed_with(secret), "{call:?}");
}

/// What is shown is what was run above.
#[tokio::test]
async fn the_page_shows_every_recipe_in_every_language() {
    let app = TestApp::without_workers(Backend::Sqlite).await;
    let answer = app
        .http
        .get(format!("{}/docs/recipes", app.url))
        .send()
        .await
        .expect("a page");
    let html = answer.text().await.expect("text");
    let files = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/recipes")).expect("the recipes");
    let mut shown = 0;
    for file in files {
        let name = file.expect("a file").file_name().into_string().expect("a name");
        assert!(html.contains(&format!("aria-label=\"{name}\"")), "{name}");
        shown += 1;
    }
    assert_eq!(shown, 21);
}
