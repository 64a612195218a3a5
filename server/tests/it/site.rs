//! The built site's files: compressed once, at build time, and kept by browsers for good.

use std::fs;

use reqwest::{Response, StatusCode};

use crate::app::TestApp;

const WASM: &[u8] = b"as it is";
const BR: &[u8] = b"as the build compressed it best";
const GZ: &[u8] = b"as the build compressed it for older ones";

/// A site whose compressed files are not what they claim to be, so that it is seen which one is given out.
async fn app() -> (TestApp, tempfile::TempDir) {
    let site = tempfile::tempdir().expect("a directory");
    let pkg = site.path().join("pkg");
    fs::create_dir(&pkg).expect("a directory");
    for (name, content) in [("a.wasm", WASM), ("a.wasm.br", BR), ("a.wasm.gz", GZ), ("plain.css", WASM)] {
        fs::write(pkg.join(name), content).expect("a file");
    }
    fs::write(site.path().join("hash.txt"), "js: a\nwasm: a\ncss: a\n").expect("a list");
    (TestApp::with_site(site.path()).await, site)
}

async fn get(app: &TestApp, path: &str, headers: &[(&str, &str)]) -> Response {
    let http = reqwest::Client::builder().no_gzip().build().expect("a client");
    let mut request = http.get(format!("{}{path}", app.url));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.send().await.expect("an answer")
}

fn header<'a>(answer: &'a Response, name: &str) -> &'a str {
    answer.headers().get(name).and_then(|v| v.to_str().ok()).unwrap_or_default()
}

#[tokio::test]
async fn everybody_gets_a_file_as_they_can_take_it() {
    let (app, _site) = app().await;
    let mut tags = Vec::new();
    for (accepted, encoding, body) in [
        ("gzip, deflate, br, zstd", "br", BR),
        ("br;q=0.5, gzip;q=1.0", "gzip", GZ),
        ("gzip", "gzip", GZ),
        ("br;q=0, gzip;q=0", "", WASM),
        ("identity", "", WASM),
    ] {
        let answer = get(&app, "/pkg/a.wasm", &[("accept-encoding", accepted)]).await;
        assert_eq!(answer.status(), StatusCode::OK, "{accepted}");
        assert_eq!(header(&answer, "content-encoding"), encoding, "{accepted}");
        assert_eq!(header(&answer, "content-type"), "application/wasm", "{accepted}");
        assert!(
            header(&answer, "vary").contains("accept-encoding"),
            "{accepted}: {:?}",
            answer.headers()
        );
        assert_eq!(header(&answer, "cache-control"), "public, max-age=31536000, immutable");
        tags.push((encoding, header(&answer, "etag").to_owned()));
        assert_eq!(answer.bytes().await.expect("a body"), body, "{accepted}");
    }
    tags.sort();
    tags.dedup();
    assert!(
        tags.len() == 3 && tags.iter().all(|(_, tag)| !tag.is_empty()),
        "each form has its own tag: {tags:?}"
    );
}

#[tokio::test]
async fn who_has_a_file_is_told_so_and_keeps_it() {
    let (app, _site) = app().await;
    let br = ("accept-encoding", "br");
    let tag = header(&get(&app, "/pkg/a.wasm", &[br]).await, "etag").to_owned();
    let again = get(&app, "/pkg/a.wasm", &[br, ("if-none-match", &tag)]).await;
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    assert_eq!(header(&again, "cache-control"), "public, max-age=31536000, immutable");
    let as_it_is = get(
        &app,
        "/pkg/a.wasm",
        &[("accept-encoding", "identity"), ("if-none-match", &tag)],
    )
    .await;
    assert_eq!(as_it_is.status(), StatusCode::OK, "another form of it is not what they have");
}

#[tokio::test]
async fn what_was_not_compressed_is_given_as_it_is_and_what_is_not_there_is_not_kept() {
    let (app, _site) = app().await;
    let plain = get(&app, "/pkg/plain.css", &[("accept-encoding", "br")]).await;
    assert_eq!((plain.status(), header(&plain, "content-encoding")), (StatusCode::OK, ""));
    let gone = get(&app, "/pkg/gone.wasm", &[("accept-encoding", "br")]).await;
    assert_eq!(gone.status(), StatusCode::NOT_FOUND);
    assert_eq!(header(&gone, "cache-control"), "no-store");
}
