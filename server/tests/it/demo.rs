//! `showup demo`, as a newcomer starts it: one file in an empty directory.

use std::{
    path::Path,
    process::{Output, Stdio},
    time::Duration,
};

use server::kept;
use services::seed;
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader},
    process::Command,
};

use crate::{
    app::{PATIENCE, sign_in},
    real::{free_port, signal},
};

/// The binary, in a directory of its own, with the settings of a real installation that must not count here.
fn showup(command: &str, directory: &Path) -> Command {
    let mut showup = Command::new(env!("CARGO_BIN_EXE_showup"));
    showup
        .arg(command)
        .current_dir(directory)
        .env("DATABASE_URL", "sqlite://real.db?mode=rwc")
        .env("TWILIO_ACCOUNT_SID", "AC11111111111111111111111111111111")
        .env("TWILIO_API_URL", "http://127.0.0.1:1")
        .env("PUBLIC_URL", "https://real.example.com")
        .env_remove("SHOWUP_SECRET_KEY")
        .env_remove("RUST_LOG")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    showup
}

fn empty() -> TempDir {
    tempfile::tempdir().expect("a directory")
}

fn is_empty(directory: &TempDir) -> bool {
    directory.path().read_dir().expect("a directory").next().is_none()
}

/// What a command that ends by itself said.
async fn ended(mut command: Command) -> Output {
    let output = tokio::time::timeout(PATIENCE, command.output()).await;
    output.expect("it ends").expect("it runs")
}

#[tokio::test]
async fn one_file_in_an_empty_directory_shows_it_all_and_leaves_nothing() {
    let (directory, temporary) = (empty(), empty());
    let (port, sim) = (free_port(), free_port());
    let mut command = showup("demo", directory.path());
    command
        .env("LISTEN_ADDR", format!("0.0.0.0:{port}"))
        .env("SIM_LISTEN", format!("127.0.0.1:{sim}"))
        .env("TMPDIR", temporary.path());
    let mut demo = command.spawn().expect("the binary runs");
    let said = introduction(&mut demo).await;
    let (here, phones) = (format!("http://127.0.0.1:{port}"), format!("http://127.0.0.1:{sim}/phones"));
    let mail = format!("http://127.0.0.1:{sim}/mail");
    for wanted in [&format!("{here}/inbox"), seed::EMAIL, seed::PASSWORD, &phones, &mail] {
        assert!(said.contains(wanted), "{wanted} in {said}");
    }

    let mut health = showup("health", directory.path());
    health.env("LISTEN_ADDR", format!("0.0.0.0:{port}"));
    let ready = ended(health).await;
    assert!(ready.status.success(), "{}", String::from_utf8_lossy(&ready.stderr));
    let http = reqwest::Client::builder().cookie_store(true);
    let http = http.redirect(reqwest::redirect::Policy::none()).build().expect("a client");
    sign_in(&http, &here, seed::EMAIL, seed::PASSWORD).await;
    let inbox = http.get(format!("{here}/inbox")).send().await.expect("an answer");
    let inbox = inbox.text().await.expect("a page");
    assert!(inbox.contains("Bright Smile Dental"), "{inbox}");
    let reminded = async {
        while !page(&http, &phones).await.contains("reminder of your visit") {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    assert!(
        tokio::time::timeout(PATIENCE, reminded).await.is_ok(),
        "no reminder on a phone"
    );
    assert!(page(&http, &mail).await.contains("mail"), "the page of its mail");

    signal(demo.id().expect("it runs"), "-TERM");
    let status = tokio::time::timeout(PATIENCE, demo.wait()).await.expect("it ends");
    let mut complaints = String::new();
    let mut log = demo.stderr.take().expect("a pipe");
    log.read_to_string(&mut complaints).await.expect("text");
    assert!(status.expect("a child").success(), "{complaints}");
    assert!(is_empty(&directory), "its working directory");
    assert!(is_empty(&temporary), "the temporary one");
}

async fn page(http: &reqwest::Client, url: &str) -> String {
    let answer = http.get(url).send().await.expect("an answer");
    assert!(answer.status().is_success(), "{url}: {}", answer.status());
    answer.text().await.expect("a page")
}

/// What it says until it is ready.
async fn introduction(demo: &mut tokio::process::Child) -> String {
    let mut lines = BufReader::new(demo.stdout.take().expect("a pipe")).lines();
    let mut said = String::new();
    let reading = async {
        while !said.contains("Ctrl-C") {
            let line = lines.next_line().await.expect("text");
            said.push_str(&line.unwrap_or_else(|| panic!("it ended: {said}")));
            said.push('\n');
        }
    };
    tokio::time::timeout(PATIENCE, reading).await.expect("it gets ready");
    said
}

#[tokio::test]
async fn a_port_that_is_taken_is_said_in_a_sentence_and_nothing_is_left() {
    let other = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let taken = other.local_addr().expect("an address").to_string();
    for setting in ["LISTEN_ADDR", "SIM_LISTEN", "SIM_SMTP_LISTEN"] {
        let (directory, temporary) = (empty(), empty());
        let mut command = showup("demo", directory.path());
        for port in ["LISTEN_ADDR", "SIM_LISTEN", "SIM_SMTP_LISTEN"] {
            command.env(port, "127.0.0.1:0");
        }
        let output = ended({
            command.env(setting, &taken).env("TMPDIR", temporary.path());
            command
        })
        .await;
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(1), "{said}");
        assert!(
            said.starts_with("showup: ") && said.lines().count() == 1,
            "one sentence: {said}"
        );
        assert!(said.contains(&taken) && said.contains(setting), "{setting}: {said}");
        assert!(is_empty(&directory) && is_empty(&temporary));
    }
}

/// Where the tests run may be a container itself, with or without a volume at the temporary directory: the answer has to fit.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn in_a_container_data_that_would_be_lost_with_it_is_refused_unless_it_may_be() {
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").expect("Linux");
    for (place, may_vanish) in [("/dev/shm", false), ("/dev/shm", true), ("", false)] {
        let directory = if place.is_empty() {
            tempfile::tempdir()
        } else {
            tempfile::tempdir_in(place)
        };
        let directory = directory.expect("a directory");
        let place = kept::existing(directory.path());
        let mut command = showup("migrate", directory.path());
        command.env("SHOWUP_IN_CONTAINER", "1");
        if may_vanish {
            command.env("SHOWUP_DATA_MAY_VANISH", "1");
        }
        let output = ended(command).await;
        let said = String::from_utf8_lossy(&output.stderr);
        let fine = may_vanish || kept::is_kept(&mounts, &place);
        assert_eq!(output.status.success(), fine, "{}: {said}", place.display());
        assert_eq!(said.contains("Mount a volume there"), !fine, "{said}");
        assert_eq!(is_empty(&directory), !fine, "nothing is made where it would be lost");
    }
}
