//! How creates end: against the simulator over HTTP, and against raw sockets that misbehave (docs/twilio.md §5).

use std::time::Duration;

use rstest::rstest;
use secrecy::SecretString;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use twilio::{Api, Client, Config, ListQuery, NewMessage, Outcome, ReadError};
use twilio_sim::{Fault, FaultKind, Sim, SimConfig};

const TO: &str = "+14155550100";
const FROM: &str = "+15550001111";
const ACCOUNT: &str = "AC00000000000000000000000000000000";
const TOKEN: &str = "a-very-secret-token";

async fn sim() -> Sim {
    twilio_sim::start(SimConfig {
        auth_token: TOKEN.into(),
        ..SimConfig::default()
    })
    .await
    .expect("it works")
}

fn client(url: &str) -> Client {
    let mut config = Config::new(url);
    config.timeout = Duration::from_secs(3);
    config.connect_timeout = Duration::from_secs(3);
    let api = Api::new(config).expect("TLS works");
    api.account(ACCOUNT, SecretString::from(TOKEN))
}

fn text<'a>(to: &'a str, body: &'a str) -> NewMessage<'a> {
    NewMessage {
        to,
        from: FROM,
        body,
        status_callback: None,
        validity_period: Some(Duration::from_secs(3600)),
    }
}

async fn send(client: &Client) -> Outcome {
    client.create(&text(TO, "See you tomorrow at 9")).await
}

/// Says `answer` to whoever has sent a request, then hangs up.
async fn server_that_says(answer: impl Into<String>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a local socket works");
    let url = format!("http://{}", listener.local_addr().expect("it is bound"));
    let answer = answer.into();
    tokio::spawn(async move {
        let (mut tcp, _) = listener.accept().await.expect("a local socket works");
        let mut request = [0; 4096];
        assert!(tcp.read(&mut request).await.expect("a local socket works") > 0);
        tcp.write_all(answer.as_bytes()).await.expect("a local socket works");
    });
    url
}

fn http(status: &str, body: &str) -> String {
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
}

#[tokio::test]
async fn accepted() {
    let sim = sim().await;
    let Outcome::Accepted(message) = send(&client(&sim.url())).await else {
        panic!("not accepted")
    };
    assert_eq!(
        (message.to.as_str(), message.from.as_deref(), message.status.as_str()),
        (TO, Some(FROM), "queued")
    );
    assert_eq!(
        (message.account_sid.as_str(), message.num_segments, message.error_code),
        (ACCOUNT, 1, None)
    );
    assert_eq!(message.direction, "outbound-api");
    assert!(message.date_created.is_some() && message.date_sent.is_none());
    assert_eq!(sim.sent_to(TO).len(), 1);
}

#[tokio::test]
async fn a_messaging_service_is_named_as_one() {
    let sim = sim().await;
    let service = format!("MG{}", "0".repeat(32));
    let outcome = client(&sim.url())
        .create(&NewMessage {
            from: &service,
            ..text(TO, "x")
        })
        .await;
    assert!(matches!(outcome, Outcome::Accepted(m) if m.from.is_none() && m.status == "accepted" && m.num_segments == 0));
}

#[rstest]
#[case("+15005550001", "x", 21211)]
#[case("+15005550002", "x", 21612)]
#[case("+15005550003", "x", 21408)]
#[case("+15005550004", "x", 21610)]
#[case("+15005550009", "x", 21614)]
#[case("", "x", 21604)]
#[case("not a number", "x", 21211)]
#[case(TO, "", 21602)]
#[tokio::test]
async fn refused(#[case] to: &str, #[case] body: &str, #[case] expected: i32) {
    let sim = sim().await;
    let outcome = client(&sim.url()).create(&text(to, body)).await;
    assert!(
        matches!(outcome, Outcome::Refused { http: 400, code: Some(code), .. } if code == expected),
        "{outcome:?}"
    );
    assert!(sim.messages().is_empty());
}

#[tokio::test]
async fn too_long_is_refused_at_1601_characters() {
    let sim = sim().await;
    let client = client(&sim.url());
    assert!(matches!(
        client.create(&text(TO, &"é".repeat(1600))).await,
        Outcome::Accepted(_)
    ));
    assert!(matches!(
        client.create(&text(TO, &"é".repeat(1601))).await,
        Outcome::Refused { code: Some(21617), .. }
    ));
}

#[tokio::test]
async fn wrong_credentials_are_refused() {
    let sim = sim().await;
    let client = Api::new(Config::new(sim.url()))
        .unwrap()
        .account(ACCOUNT, SecretString::from("wrong"));
    assert!(matches!(
        client.account_status().await,
        Err(ReadError::Http { http: 401, .. })
    ));
    assert!(matches!(
        send(&client).await,
        Outcome::Refused {
            http: 401,
            code: Some(20003),
            ..
        }
    ));
}

#[tokio::test]
async fn pace_is_try_later() {
    let sim = sim().await;
    let client = client(&sim.url());
    sim.set_fault(Fault::new(FaultKind::RateLimit).ms(3000).to(TO));
    let outcome = send(&client).await;
    let wait = Some(Duration::from_secs(3));
    assert!(
        matches!(&outcome, Outcome::TryLater { http: Some(429), code: Some(20429), retry_after, .. } if *retry_after == wait),
        "{outcome:?}"
    );
    let queue_full = client
        .create(&NewMessage {
            from: "+15005550008",
            ..text(TO, "x")
        })
        .await;
    assert!(
        matches!(
            queue_full,
            Outcome::TryLater {
                http: Some(400),
                code: Some(21611),
                ..
            }
        ),
        "{queue_full:?}"
    );
    assert!(matches!(send(&client).await, Outcome::Accepted(_)));
}

#[rstest]
#[case::error_before(FaultKind::ErrorBefore, Some(500), 0)]
#[case::error_after(FaultKind::ErrorAfter, Some(500), 1)]
#[case::hang_before(FaultKind::TimeoutBefore, None, 0)]
#[case::hang_after(FaultKind::Timeout, None, 1)]
#[case::cut(FaultKind::ResetAfter, None, 1)]
#[tokio::test]
async fn unknown_whether_sent(#[case] kind: FaultKind, #[case] http: Option<u16>, #[case] sent: usize) {
    let sim = sim().await;
    sim.set_fault(Fault::new(kind).ms(60_000));
    let outcome = send(&client(&sim.url())).await;
    assert!(
        matches!(&outcome, Outcome::Unknown { http: seen, .. } if *seen == http),
        "{outcome:?}"
    );
    assert_eq!(sim.sent_to(TO).len(), sent);
}

#[tokio::test]
async fn nobody_listens() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let outcome = send(&client(&url)).await;
    assert!(
        matches!(
            &outcome,
            Outcome::TryLater {
                http: None,
                code: None,
                ..
            }
        ),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn no_such_host() {
    let outcome = send(&client("http://no-such-host.invalid")).await;
    assert!(matches!(&outcome, Outcome::TryLater { http: None, .. }), "{outcome:?}");
}

#[tokio::test]
async fn no_connection_in_time() {
    // 192.0.2.0/24 is reserved for documentation: either nobody answers or the machine says there is no way there.
    let outcome = send(&client("http://192.0.2.1")).await;
    assert!(matches!(&outcome, Outcome::TryLater { http: None, .. }), "{outcome:?}");
}

#[rstest]
#[case::hung_up_without_a_word("", None)]
#[case::hung_up_in_the_headers("HTTP/1.1 201 Crea", None)]
#[case::hung_up_in_the_body("HTTP/1.1 201 Created\r\ncontent-length: 100\r\n\r\n{\"sid\": \"SM", Some(201))]
#[case::created_but_unreadable(&http("201 Created", "<html>"), Some(201))]
#[case::created_without_a_sid(&http("201 Created", "{\"sid\": null}"), Some(201))]
#[case::a_proxy_waited_in_vain(&http("504 Gateway Timeout", "<html>"), Some(504))]
#[case::a_proxy_was_not_given_the_request_in_time(&http("408 Request Timeout", ""), Some(408))]
#[case::internal_error_in_any_clothes(&http("400 Bad Request", "{\"code\": 20500, \"message\": \"x\"}"), Some(400))]
#[case::a_redirect_is_not_followed("HTTP/1.1 307 Temporary Redirect\r\nlocation: /x\r\ncontent-length: 0\r\n\r\n", Some(307))]
#[tokio::test]
async fn unknown_from_raw_sockets(#[case] answer: &str, #[case] http: Option<u16>) {
    let url = server_that_says(answer).await;
    let outcome = send(&client(&url)).await;
    assert!(
        matches!(&outcome, Outcome::Unknown { http: seen, .. } if *seen == http),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn too_many_requests_were_never_processed_whatever_the_status() {
    let url = server_that_says(http(
        "503 Service Unavailable",
        "{\"code\": 20429, \"message\": \"Too Many Requests\"}",
    ))
    .await;
    let outcome = send(&client(&url)).await;
    assert!(
        matches!(
            &outcome,
            Outcome::TryLater {
                http: Some(503),
                code: Some(20429),
                ..
            }
        ),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn refused_by_a_proxy_without_a_code() {
    let url = server_that_says(http("403 Forbidden", "<html>")).await;
    assert_eq!(
        send(&client(&url)).await,
        Outcome::Refused {
            http: 403,
            code: None,
            message: "HTTP 403".into()
        }
    );
}

#[tokio::test]
async fn accepted_with_hardly_more_than_a_sid() {
    let sid = format!("SM{}", "0".repeat(32));
    let url = server_that_says(http(
        "200 OK",
        &format!("{{\"sid\": \"{sid}\", \"num_segments\": 2, \"date_created\": \"soon\"}}"),
    ))
    .await;
    assert!(
        matches!(send(&client(&url)).await, Outcome::Accepted(m) if m.sid == sid && m.num_segments == 2 && m.date_created.is_none())
    );
}

#[tokio::test]
async fn fetch_and_list() {
    let sim = sim().await;
    let client = client(&sim.url());
    for n in 0..5 {
        assert!(matches!(
            client.create(&text(TO, &format!("text {n}"))).await,
            Outcome::Accepted(_)
        ));
    }
    sim.wait_for(
        |state| state.sent_to(TO).all(|m| m.status == "delivered"),
        Duration::from_secs(180),
    )
    .await
    .unwrap();
    let now = sim.messages()[0].date_created;
    let hour = chrono::Duration::hours(1);
    let query = ListQuery {
        to: Some(TO.into()),
        from: Some(FROM.into()),
        sent_after: Some(now - hour),
        sent_before: Some(now + hour),
        page_size: 2,
    };
    let first = client.list(&query).await.unwrap();
    let second = client.next(first.next.as_deref().unwrap()).await.unwrap();
    let third = client.next(second.next.as_deref().unwrap()).await.unwrap();
    let bodies: Vec<String> = [first.messages, second.messages, third.messages]
        .concat()
        .into_iter()
        .map(|m| m.body)
        .collect();
    assert_eq!(bodies, ["text 4", "text 3", "text 2", "text 1", "text 0"]);
    assert_eq!(third.next, None);
    let later = ListQuery {
        sent_after: Some(now + hour),
        ..ListQuery::default()
    };
    assert!(client.list(&later).await.unwrap().messages.is_empty());
    let sid = sim.messages()[0].sid.clone();
    let message = client.fetch(&sid).await.unwrap();
    assert_eq!(
        (message.sid, message.status.as_str(), message.price.as_deref()),
        (sid, "delivered", Some("-0.00790"))
    );
}

#[tokio::test]
async fn reading_what_is_not_there() {
    let sim = sim().await;
    let client = client(&sim.url());
    let unknown = client.fetch(&format!("SM{}", "f".repeat(32))).await;
    assert!(
        matches!(
            unknown,
            Err(ReadError::Http {
                http: 404,
                code: Some(20404),
                ..
            })
        ),
        "{unknown:?}"
    );
    assert!(matches!(client.fetch("../../x").await, Err(ReadError::NotTwilio)));
}

#[rstest]
#[case("http://evil.example/2010-04-01/Accounts/x/Messages.json")]
#[case("//evil.example/x")]
#[case("@evil.example/x")]
#[case("http://user@127.0.0.1:1/x")]
#[case("x")]
#[tokio::test]
async fn the_next_page_is_only_asked_for_at_twilio(#[case] uri: &str) {
    let next = client("http://127.0.0.1:1").next(uri).await;
    assert!(
        matches!(next, Err(ReadError::NotTwilio) | Err(ReadError::NoAnswer(_))),
        "{next:?}"
    );
    assert!(
        uri == "//evil.example/x" || matches!(next, Err(ReadError::NotTwilio)),
        "{next:?}"
    );
}

#[tokio::test]
async fn no_secret_is_shown() {
    let client = client("http://127.0.0.1:1");
    let shown = format!(
        "{client:?} {:?} {:?}",
        send(&client).await,
        client.list(&ListQuery::default()).await
    );
    assert!(!shown.contains(TOKEN) && !shown.contains("Authorization"), "{shown}");
}
