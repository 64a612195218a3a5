//! Files of contacts and visits at the doors: the API, the page's form, and the files to take away.

use rstest::rstest;
use serde_json::{Value, json};
use testkit::Backend;

use crate::{
    app::{PATIENCE, TestApp},
    pages::{page, post, server_function},
    real::{Installation, free_port},
};

const VISITS: &str =
    "name,phone,starts_at,external_id\r\nAnn Lee,4155550171,2025-02-03 15:00,A1\r\nBad,4.15E+09,2025-02-03 16:00,A2\r\n";

async fn file(app: &TestApp, path: &str) -> (u16, String) {
    let request = app.http.get(format!("{}/api/v1{path}", app.url)).bearer_auth(&app.key);
    let answer = request.send().await.expect("an answer");
    let status = answer.status().as_u16();
    // With its mark, which `text` takes off.
    let body = answer.bytes().await.expect("a body").to_vec();
    (status, String::from_utf8(body).expect("UTF-8"))
}

async fn raw(app: &TestApp, query: &str, body: impl Into<reqwest::Body>) -> (u16, Value) {
    let request = app
        .http
        .post(format!("{}/api/v1/imports?{query}", app.url))
        .header("content-type", "text/csv")
        .body(body);
    app.api(request, &app.key).await
}

#[rstest]
#[tokio::test]
async fn a_program_brings_a_file_and_gets_back_what_was_refused(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::with_clock(backend).await;
    let (status, trial) = app
        .post("/imports", json!({"kind": "appointments", "csv": VISITS, "dry_run": true}))
        .await;
    assert_eq!(
        (status, &trial["rows"]["created"], &trial["dry_run"]),
        (201, &json!(1), &json!(true)),
        "{trial}"
    );
    assert!(app.all("/contacts").await.is_empty(), "nothing was saved");
    let (status, done) = app.post("/imports", json!({"kind": "appointments", "csv": VISITS})).await;
    assert_eq!((status, &done["status"]), (201, &json!("done")), "{done}");
    let rows = json!({"created": 1, "updated": 0, "unchanged": 0, "duplicate": 0, "skipped": 0, "refused": 1});
    assert_eq!(done["rows"], rows);
    let id = done["id"].as_str().expect("an id");
    let (_, seen) = app.get(&format!("/imports/{id}")).await;
    assert_eq!(seen, done);
    let (status, refused) = file(&app, &format!("/imports/{id}/refused.csv")).await;
    assert_eq!(status, 200);
    assert!(
        refused.starts_with("\u{feff}name,phone,starts_at,external_id,reason\r\nBad,4.15E+09,"),
        "{refused}"
    );
    let people = app.all("/contacts").await;
    assert_eq!(
        people[0]["consent"]["sms"], "unknown",
        "a file that is silent on consent leaves it as it is"
    );
    // The file itself, as it is; and once more in what it was written in.
    let (status, again) = raw(&app, "kind=appointments&consent=booked", VISITS).await;
    assert_eq!(
        (status, &again["rows"]["updated"], &again["changed"]),
        (201, &json!(1), &json!({"consent": 1})),
        "{again}"
    );
    let wide: Vec<u8> = [0xff, 0xfe]
        .into_iter()
        .chain(VISITS.encode_utf16().flat_map(u16::to_le_bytes))
        .collect();
    let (_, wide) = raw(&app, "kind=appointments", wide).await;
    assert_eq!(
        (&wide["rows"]["unchanged"], &wide["encoding"]),
        (&json!(1), &json!("UTF-16LE")),
        "{wide}"
    );
    let other = app.another_key().await;
    let theirs = app.http.get(format!("{}/api/v1/imports/{id}", app.url));
    assert_eq!(app.api(theirs, &other).await.0, 404);
    let (_, all) = app.get("/imports?limit=2").await;
    assert_eq!(all["data"].as_array().map(Vec::len), Some(2), "{all}");
}

#[rstest]
#[tokio::test]
async fn what_cant_be_read_is_said_with_where(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::with_clock(backend).await;
    let csv = "who,cell no\nAnn,4155550171\n";
    let pointer = |problem: &Value| problem["errors"][0]["pointer"].as_str().unwrap_or_default().to_owned();
    for (body, status, at) in [
        (json!({"kind": "people", "csv": csv}), 422, "/kind"),
        (json!({"kind": "contacts", "csv": ""}), 422, "/csv"),
        (json!({"kind": "contacts", "csv": "name\nAnn\n"}), 422, "/mapping"),
        (
            json!({"kind": "contacts", "csv": csv, "mapping": {"who": "shoe"}}),
            422,
            "/mapping",
        ),
        (
            json!({"kind": "contacts", "csv": csv, "mapping": {"nobody": "name"}}),
            422,
            "/mapping",
        ),
        (json!({"kind": "contacts", "csv": csv, "consent": "perhaps"}), 422, "/consent"),
        (json!({"kind": "contacts", "csv": csv, "colour": "red"}), 422, "/colour"),
        (
            json!({"kind": "appointments", "csv": "name,phone,date,time\nAnn,4155550171,3/4/2025,9:00\n"}),
            422,
            "/date_order",
        ),
    ] {
        let (got, problem) = app.post("/imports", body.clone()).await;
        assert_eq!((got, pointer(&problem).as_str()), (status, at), "{body}: {problem}");
    }
    let (status, _) = raw(&app, "", csv).await;
    assert_eq!(status, 400, "which kind?");
    assert!(app.all("/imports").await.is_empty(), "what can't be started is not kept");
    // Heading by heading, or field by field.
    for mapping in [
        json!({"who": "name", "cell no": "phone"}),
        json!({"name": "who", "phone": "cell no"}),
    ] {
        let body = json!({"kind": "contacts", "csv": csv, "mapping": mapping});
        let (status, done) = app.post("/imports", body).await;
        assert_eq!((status, &done["rows"]["refused"]), (201, &json!(0)), "{done}");
    }
    assert_eq!(app.all("/contacts").await.len(), 1);
    let large = format!("name,phone\nAnn,4155550171\n\"{}\",4155550172\n", "x".repeat(5_000_000));
    let (status, done) = app.post("/imports", json!({"kind": "contacts", "csv": large})).await;
    assert_eq!(
        (status, &done["rows"]["refused"], &done["rows"]["unchanged"]),
        (201, &json!(1), &json!(1)),
        "{done}"
    );
}

#[tokio::test]
async fn a_large_file_is_done_in_the_background() {
    let app = TestApp::start(Backend::Sqlite).await;
    let mut csv = "name,phone\n".to_owned();
    for n in 0..600 {
        csv.push_str(&format!("Person {n},415556{n:04}\n"));
    }
    let (status, begun) = app.post("/imports", json!({"kind": "contacts", "csv": csv})).await;
    assert_eq!((status, &begun["status"]), (202, &json!("running")), "{begun}");
    let id = begun["id"].as_str().expect("an id").to_owned();
    let deadline = std::time::Instant::now() + PATIENCE;
    loop {
        let (_, now) = app.get(&format!("/imports/{id}")).await;
        if now["status"] == "done" {
            assert_eq!(now["rows"]["created"], 600, "{now}");
            break;
        }
        assert!(std::time::Instant::now() < deadline, "{now}");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    // More people than one block of a file: all of them come, each once, and bring nothing new.
    let (status, people) = file(&app, "/contacts.csv").await;
    assert_eq!((status, people.lines().count()), (200, 601));
    let (_, again) = raw(&app, "kind=contacts", people).await;
    let id = again["id"].as_str().expect("an id").to_owned();
    loop {
        let (_, now) = app.get(&format!("/imports/{id}")).await;
        if now["status"] == "done" {
            assert_eq!(now["rows"]["unchanged"], 600, "{now}");
            break;
        }
        assert!(std::time::Instant::now() < deadline, "{now}");
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
}

#[rstest]
#[tokio::test]
async fn a_page_takes_a_file_without_a_script(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::with_clock(backend).await;
    let upload = |kind: &'static str, bytes: Vec<u8>| {
        let mut form = format!(
            "--edge\r\ncontent-disposition: form-data; name=\"kind\"\r\n\r\n{kind}\r\n--edge\r\n\
             content-disposition: form-data; name=\"file\"; filename=\"list.csv\"\r\n\r\n"
        )
        .into_bytes();
        form.extend(bytes);
        form.extend(b"\r\n--edge--\r\n");
        let request = app
            .http
            .post(format!("{}/imports/upload", app.url))
            .header("content-type", "multipart/form-data; boundary=edge")
            .body(form);
        async move {
            let answer = request.send().await.expect("an answer");
            let to = answer
                .headers()
                .get("location")
                .and_then(|to| to.to_str().ok())
                .unwrap_or_default()
                .to_owned();
            (answer.status().as_u16(), to)
        }
    };
    let (status, to) = upload("contacts", b"name,phone\nAnn,4155550171\n".to_vec()).await;
    assert_eq!((status, to.as_str()), (303, "/signin?next=%2Fimports%2Fnew"), "a stranger");
    app.sign_in().await;
    let (_, to) = upload("contacts", b"PK\x03\x04...".to_vec()).await;
    assert_eq!(to, "/imports/new");
    assert!(page(&app, &to).await.contains("This is a workbook, not a CSV file."));
    let (status, to) = upload("appointments", VISITS.as_bytes().to_vec()).await;
    assert!(status == 303 && to.starts_with("/imports/"), "{status} {to}");
    let html = page(&app, &to).await;
    for words in [
        "list.csv",
        "Decide what these people have agreed to.",
        "Ann Lee · +1 415-555-0171 (assumed)",
        "Excel shortened this number",
    ] {
        assert!(html.contains(words), "{words}: {html}");
    }
    let decide = server_function(&app, &to, "decide_import").await;
    let id = to.rsplit('/').next().expect("an id");
    let form = [
        ("id", id),
        ("fields[0]", "name"),
        ("fields[1]", "phone"),
        ("fields[2]", "starts_at"),
        ("fields[3]", "external_id"),
        ("then", "start"),
    ];
    let answer = post(&app, &decide, &form).await;
    assert_eq!(answer.headers()["location"], to.as_str());
    let html = page(&app, &to).await;
    assert!(
        html.contains("Decide what these people have agreed to."),
        "it was not decided: {html}"
    );
    let decided: Vec<(&str, &str)> = form.into_iter().chain([("consent", "booked")]).collect();
    post(&app, &decide, &decided).await;
    let html = page(&app, &to).await;
    assert!(
        html.contains("data-import=\"done\"") && html.contains("Download the refused row"),
        "{html}"
    );
    let refused = page(&app, &format!("{to}/refused.csv")).await;
    assert!(
        refused.contains("Bad,4.15E+09,2025-02-03 16:00,A2,Excel shortened"),
        "{refused}"
    );
    assert!(page(&app, "/imports").await.contains("list.csv"));
    assert!(page(&app, "/contacts.csv").await.contains("Ann Lee,+14155550171"));
    assert!(page(&app, "/appointments.csv").await.contains(",A1,Ann Lee,+14155550171,"));
    assert!(page(&app, "/contacts").await.contains("href=\"/imports/new?kind=contacts\""));
}

#[rstest]
#[tokio::test]
async fn whoever_runs_it_brings_a_file_at_a_terminal(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let it = Installation::new(backend).await;
    let showup = it.start("serve", free_port()).await;
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("people.csv");
    let mut csv = "Full name;Cell;Note\r\n".to_owned();
    for n in 0..300 {
        csv.push_str(&format!("Person {n};415556{n:04};\r\n"));
    }
    csv.push_str("Broken;4,15E+09;\r\n");
    std::fs::write(&path, csv).expect("written");
    let file = path.to_str().expect("a path");
    let run = async |more: &[&str]| {
        let all = [
            &["import", "--business", "bright-dental", "--kind", "contacts"][..],
            more,
            &[file],
        ]
        .concat();
        let output = it.try_to_run(&all, free_port()).await;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    let (code, said, log) = run(&["--dry-run", "--consent", "booked"]).await;
    assert_eq!(code, Some(0), "{said} {log}");
    assert!(said.contains("Nothing was saved") && said.contains("created 300"), "{said}");
    // Beside the server, whose workers may take their part of it.
    let (code, said, log) = run(&["--consent", "booked", "--map", "Note="]).await;
    assert_eq!(code, Some(0), "{said} {log}");
    assert!(
        said.contains("created 300, updated 0, unchanged 0, duplicate 0, skipped 0, refused 1"),
        "{said}"
    );
    assert!(log.contains("301 rows"), "how far it is stands on standard error: {log}");
    let refused = std::fs::read_to_string(directory.path().join("people.refused.csv")).expect("beside the file");
    assert!(
        refused.contains("Broken,\"4,15E+09\",,Excel shortened this number"),
        "{refused}"
    );
    let people = crate::app::list_all(&it.http, &showup.url, &it.key, "/contacts").await;
    assert_eq!((people.len(), &people[0]["consent"]["sms"]), (300, &json!("opted_in")));
    let (code, _, log) = run(&["--map", "Shoe=phone"]).await;
    assert_eq!(code, Some(1));
    assert!(log.contains("no column"), "{log}");
}
