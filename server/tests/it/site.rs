//! The built site's files, lying in a directory or inside the executable: compressed once, at build time, and kept by browsers for good.

use leptos::config::LeptosOptions;
use reqwest::{Response, StatusCode};
use rstest::rstest;
use server::site::Site;

use crate::app::TestApp;

const WASM: &str = "/pkg/showup.w.wasm";
const PLAIN: &[u8] = b"as it is";
const BR: &[u8] = b"as the build compressed it best";
const GZ: &[u8] = b"as the build compressed it for older ones";

/// A site whose compressed files are not what they claim to be, so that it is seen which one is given out.
const DIRECTORY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/site");

#[derive(rust_embed::RustEmbed)]
#[folder = "tests/site"]
struct Embedded;

#[derive(Clone, Copy)]
enum Kept {
    Lying,
    Inside,
}

async fn app(kept: Kept) -> TestApp {
    let lying = LeptosOptions::builder()
        .output_name("showup")
        .hash_files(true)
        .hash_file(format!("{DIRECTORY}/hash.txt").into())
        .site_root(DIRECTORY)
        .build();
    let site = match kept {
        Kept::Lying => Site::lying(lying),
        Kept::Inside => Site::inside(Embedded::get),
    };
    TestApp::with_site(site.expect("a site")).await
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

#[rstest]
#[tokio::test]
async fn everybody_gets_a_file_as_they_can_take_it(#[values(Kept::Lying, Kept::Inside)] kept: Kept) {
    let app = app(kept).await;
    let mut tags = Vec::new();
    for (accepted, encoding, body) in [
        ("gzip, deflate, br, zstd", "br", BR),
        ("br;q=0.5, gzip;q=1.0", "gzip", GZ),
        ("gzip", "gzip", GZ),
        ("br;q=0, gzip;q=0", "", PLAIN),
        ("identity", "", PLAIN),
    ] {
        let answer = get(&app, WASM, &[("accept-encoding", accepted)]).await;
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

#[rstest]
#[tokio::test]
async fn who_has_a_file_is_told_so_and_keeps_it(#[values(Kept::Lying, Kept::Inside)] kept: Kept) {
    let app = app(kept).await;
    let br = ("accept-encoding", "br");
    let tag = header(&get(&app, WASM, &[br]).await, "etag").to_owned();
    let again = get(&app, WASM, &[br, ("if-none-match", &tag)]).await;
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    assert_eq!(header(&again, "cache-control"), "public, max-age=31536000, immutable");
    let as_it_is = get(&app, WASM, &[("accept-encoding", "identity"), ("if-none-match", &tag)]).await;
    assert_eq!(as_it_is.status(), StatusCode::OK, "another form of it is not what they have");
}

#[rstest]
#[tokio::test]
async fn what_was_not_compressed_is_given_as_it_is_and_what_is_not_there_is_not_kept(
    #[values(Kept::Lying, Kept::Inside)] kept: Kept,
) {
    let app = app(kept).await;
    let br = ("accept-encoding", "br");
    let plain = get(&app, "/pkg/showup.c.css", &[br]).await;
    assert_eq!((plain.status(), header(&plain, "content-encoding")), (StatusCode::OK, ""));
    let robots = get(&app, "/robots.txt", &[]).await;
    assert_eq!(
        (robots.status(), header(&robots, "cache-control")),
        (StatusCode::OK, "no-store")
    );
    for path in [
        "/pkg/gone.wasm",
        "/pkg",
        "/pkg/",
        "/pkg/../../Cargo.toml",
        "/pkg/%2e%2e/%2e%2e/Cargo.toml",
    ] {
        let gone = get(&app, path, &[br]).await;
        assert_eq!(gone.status(), StatusCode::NOT_FOUND, "{path}");
        assert_eq!(header(&gone, "cache-control"), "no-store", "{path}");
    }
}

#[rstest]
#[tokio::test]
async fn a_page_names_the_files_as_the_build_did(#[values(Kept::Lying, Kept::Inside)] kept: Kept) {
    let app = app(kept).await;
    let page = get(&app, "/signin", &[]).await;
    assert_eq!(page.status(), StatusCode::OK);
    let page = page.text().await.expect("a page");
    for path in ["/pkg/showup.c.css", "/pkg/showup.j.js", WASM] {
        assert!(page.contains(path), "{path} in {page}");
        assert_eq!(get(&app, path, &[]).await.status(), StatusCode::OK, "{path}");
    }
}

#[tokio::test]
async fn the_list_of_names_inside_the_executable_is_nobody_elses_business() {
    let app = app(Kept::Inside).await;
    assert_eq!(get(&app, "/hash.txt", &[]).await.status(), StatusCode::NOT_FOUND);
}
