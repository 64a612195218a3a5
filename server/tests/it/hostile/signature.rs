//! Point 11: who can't sign learns nothing and changes nothing; who can is heard, however its signature was computed.

use rstest::rstest;
use testkit::Backend;
use twilio::signature::{SETTINGS_HEADER, sign, sign_shared};

use super::ANN;
use crate::app::{INBOUND, KEY_ID, KEY_SECRET, NUMBER, OLD_TOKEN, OTHER_NUMBER, STATUS, TestApp, sid};

type Params = Vec<(String, String)>;

/// An ordinary text, with a name that is there more than once, an empty value and letters of all kinds.
fn params(app: &TestApp) -> Params {
    let pairs = [
        ("MessageSid", sid(1).as_str()),
        ("AccountSid", app.sim.account_sid()),
        ("MessageStatus", "delivered"),
        ("From", ANN),
        ("To", NUMBER),
        ("Body", " Grüße 👋 & more = 100 %\n"),
        ("NumMedia", "0"),
        ("FromCity", ""),
        ("Digits", "5678"),
        ("Digits", "1234"),
        ("Digits", "1234"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()));
    pairs.into()
}

/// Posts a form as it is, with any signature.
async fn post(app: &TestApp, path: &str, params: &Params, signature: Option<&str>) -> u16 {
    let mut request = app.http.post(format!("{}{path}", app.url)).form(params);
    if let Some(signature) = signature {
        request = request.header("X-Twilio-Signature", signature);
    }
    request.send().await.expect("an answer").status().as_u16()
}

async fn nothing_is_stored(app: &TestApp) {
    assert!(app.all("/messages").await.is_empty() && app.all("/conversations").await.is_empty());
    assert!(app.open_tasks().await.is_empty());
}

#[rstest]
#[case::as_it_is("https://showup.example.com", "https://showup.example.com", "")]
#[case::with_the_standard_port("https://showup.example.com", "https://showup.example.com:443", "")]
#[case::with_the_port_of_plain_http("http://showup.example.com", "http://showup.example.com:80", "")]
#[case::without_our_odd_port("https://showup.example.com:8443", "https://showup.example.com", "")]
#[case::with_our_odd_port("https://showup.example.com:8443", "https://showup.example.com:8443", "")]
#[case::with_an_encoded_query(
    "https://showup.example.com",
    "https://showup.example.com",
    "?plus=%2B&at=%40&colon=%3A&space=a+b"
)]
#[case::with_a_bare_query("https://showup.example.com", "https://showup.example.com", "?at=@&colon=:")]
#[tokio::test]
async fn what_twilio_signed_is_heard_however_it_wrote_our_address(
    #[case] public_url: &str,
    #[case] signed_for: &str,
    #[case] query: &str,
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::known_as(backend, public_url).await;
    let (params, path) = (params(&app), format!("{INBOUND}{query}"));
    let signature = sign(app.sim.auth_token(), &format!("{signed_for}{path}"), &params);
    assert_eq!(post(&app, &path, &params, Some(&signature)).await, 200);
    let seen = app.all("/messages").await;
    assert_eq!(
        (seen.len(), seen[0]["body"].as_str()),
        (1, Some(" Grüße 👋 & more = 100 %\n"))
    );
}

#[rstest]
#[tokio::test]
async fn during_a_rotation_both_tokens_are_heard(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::without_workers(backend).await;
    let address = format!("{}{INBOUND}", app.url);
    for (n, token) in [app.sim.auth_token(), OLD_TOKEN].into_iter().enumerate() {
        let mut params = params(&app);
        params[0].1 = sid(n as u32);
        let signature = sign(token, &address, &params);
        assert_eq!(post(&app, INBOUND, &params, Some(&signature)).await, 200);
    }
    assert_eq!(app.all("/messages").await.len(), 2);
}

#[rstest]
#[tokio::test]
async fn what_does_not_fit_its_signature_is_refused_and_leaves_nothing(
    #[values(INBOUND, STATUS)] door: &str,
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::without_workers(backend).await;
    let (good, address, token) = (params(&app), format!("{}{door}", app.url), app.sim.auth_token());
    let signature = sign(token, &address, &good);
    let other_door = if door == INBOUND { STATUS } else { INBOUND };
    let changed = |change: &dyn Fn(&mut Params)| {
        let mut params = good.clone();
        change(&mut params);
        params
    };
    let tampered: [(&str, Params); 5] = [
        ("another sender", changed(&|p| p[3].1 = "+14155550199".to_owned())),
        ("a name more", changed(&|p| p.push(("NewName".to_owned(), "1".to_owned())))),
        ("a name less", changed(&|p| p.retain(|(name, _)| name != "FromCity"))),
        ("a trimmed value", changed(&|p| p[5].1 = p[5].1.trim().to_owned())),
        (
            "one of several values gone",
            changed(&|p| p.retain(|(_, value)| value != "5678")),
        ),
    ];
    for (what, params) in &tampered {
        assert_eq!(post(&app, door, params, Some(&signature)).await, 403, "{what}");
    }
    let wrong: [(&str, String); 8] = [
        ("a guess", "bm90IGEgc2lnbmF0dXJlIGF0IGFsbA==".to_owned()),
        ("no base64", "💥".to_owned()),
        ("empty", String::new()),
        ("another token", sign("another-token", &address, &good)),
        ("no token", sign("", &address, &good)),
        ("the other door", sign(token, &format!("{}{other_door}", app.url), &good)),
        ("another query", sign(token, &format!("{address}?a=1"), &good)),
        ("the right one in capitals", signature.to_uppercase()),
    ];
    assert_eq!(post(&app, door, &good, None).await, 403, "none");
    for (what, signature) in &wrong {
        assert_eq!(post(&app, door, &good, Some(signature)).await, 403, "{what}");
    }
    assert_eq!(
        post(&app, &format!("{door}?a=1"), &good, Some(&signature)).await,
        403,
        "a query that was not signed"
    );
    nothing_is_stored(&app).await;
}

#[rstest]
#[tokio::test]
async fn json_is_no_text_and_without_its_hash_not_even_believed(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::without_workers(backend).await;
    let body = r#"{"property": "value", "boolean": true}"#;
    let hash = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620";
    let (good, bad) = (
        format!("?bodySHA256={hash}"),
        format!("?bodySHA256={}", hash.replace('0', "1")),
    );
    let token = app.sim.auth_token();
    for (what, query, token, expected) in [
        ("without its hash", "", token, 403),
        ("with another hash", bad.as_str(), token, 403),
        ("with its hash, but not signed by our account", &good, "another-token", 403),
        ("signed, but no text", &good, token, 400),
    ] {
        let address = format!("{}{INBOUND}{query}", app.url);
        let request = app
            .http
            .post(&address)
            .header("content-type", "application/json")
            .header("X-Twilio-Signature", sign(token, &address, &Params::new()))
            .body(body);
        assert_eq!(request.send().await.expect("an answer").status().as_u16(), expected, "{what}");
    }
    nothing_is_stored(&app).await;
}

#[rstest]
#[tokio::test]
async fn a_body_of_a_megabyte_is_refused_signed_or_not_and_the_next_text_is_taken(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::without_workers(backend).await;
    let mut huge = params(&app);
    huge[5].1 = "x".repeat(1_000_000);
    let signature = sign(app.sim.auth_token(), &format!("{}{INBOUND}", app.url), &huge);
    assert_eq!(post(&app, INBOUND, &huge, Some(&signature)).await, 413);
    let unsigned = post(&app, INBOUND, &huge, None).await;
    assert!(unsigned == 413 || unsigned == 403, "{unsigned}");
    nothing_is_stored(&app).await;
    app.receives(&sid(2), ANN, "Hello").await;
    assert_eq!(app.all("/messages").await.len(), 1);
}

/// Posts a form with any settings and signatures.
async fn post_with(app: &TestApp, door: &str, params: &Params, settings: &[&str], signatures: &[&str]) -> u16 {
    let mut request = app.http.post(format!("{}{door}", app.url)).form(params);
    for settings in settings {
        request = request.header(SETTINGS_HEADER, *settings);
    }
    for signature in signatures {
        request = request.header("X-Twilio-Signature", *signature);
    }
    request.send().await.expect("an answer").status().as_u16()
}

fn settings(key: &str) -> String {
    format!("key={key},algorithm=HMAC_SHA256")
}

#[rstest]
#[tokio::test]
async fn what_is_signed_with_a_shared_key_is_heard(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::start(backend).await;
    app.sim.set_shared_key(app.sim.account_sid(), Some((KEY_ID, KEY_SECRET)));
    app.sim.inbound(ANN, NUMBER, "Hello").await;
    let thread = app.all("/conversations").await.remove(0);
    let text = app.reply(thread["contact_id"].as_str().expect("an id"), "Hello to you").await;
    app.until_status(&text["id"], "delivered").await;
    assert!(app.sim.calls().iter().all(|call| call.http.is_some_and(|http| http < 300)));
    app.sim.set_shared_key(app.sim.account_sid(), None);
    app.sim.inbound(ANN, NUMBER, "Signed as ever").await;
    assert_eq!(app.all("/messages").await.len(), 3);
}

#[rstest]
#[tokio::test]
async fn what_does_not_fit_its_shared_key_is_refused_and_leaves_nothing(
    #[values(INBOUND, STATUS)] door: &str,
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::without_workers(backend).await;
    let (form, address, token) = (params(&app), format!("{}{door}", app.url), app.sim.auth_token());
    let named = settings(KEY_ID);
    let right = sign_shared(KEY_SECRET, &address, &form);
    let old = sign(token, &address, &form);
    let sha1 = sign(KEY_SECRET, &address, &form);
    let wrong = sign_shared("another-secret", &address, &form);
    let with_token = sign_shared(token, &address, &form);
    let said_sha1 = format!("key={KEY_ID},algorithm=HMAC_SHA1");
    let unknown = format!("key={KEY_ID},algorithm=HMAC_SHA512");
    let cases: [(&str, &[&str], &[&str]); 16] = [
        ("a wrong secret", &[&named], &[&wrong]),
        ("SHA-256 with the auth token", &[&named], &[&with_token]),
        ("the same without a key", &["algorithm=HMAC_SHA256"], &[&with_token]),
        ("SHA-1 with the shared key's secret", &[&named], &[&sha1]),
        ("the same without settings", &[], &[&sha1]),
        (
            "SHA-1 with the auth token where the settings name the key",
            &[&named],
            &[&old],
        ),
        ("a key, and the settings say SHA-1", &[&said_sha1], &[&sha1]),
        ("the same with the auth token", &[&said_sha1], &[&old]),
        ("an unknown algorithm", &[&unknown], &[&right]),
        ("an unknown key", &["key=nobody,algorithm=HMAC_SHA256"], &[&right]),
        ("the right one without settings", &[], &[&right]),
        ("settings twice", &[&named, &named], &[&right]),
        ("settings twice, the second empty", &[&named, ""], &[&right]),
        ("two signatures", &[&named], &[&right, &right]),
        ("two signatures of the old way", &[], &[&old, &old]),
        ("none", &[&named], &[]),
    ];
    for (what, settings, signatures) in cases {
        assert_eq!(post_with(&app, door, &form, settings, signatures).await, 403, "{what}");
    }
    nothing_is_stored(&app).await;
    let right = sign_shared(KEY_SECRET, &format!("{}{INBOUND}", app.url), &form);
    let said = post_with(&app, INBOUND, &form, &[&named], &[&right]).await;
    assert_eq!(said, 200, "the right one");
}

#[rstest]
#[tokio::test]
async fn a_businesss_shared_key_speaks_for_its_own_account_alone(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    const OWN: &str = "AC11111111111111111111111111111111";
    let app = TestApp::without_workers(backend).await;
    let garage = app.neighbour().await;
    app.sim.set_account(OWN, "a-tenants-own-token");
    services::numbers::accounts::connect(&app.s, &garage.operator, OWN, "a-tenants-own-token".into())
        .await
        .expect("connected");
    services::numbers::accounts::add_shared_key(&app.s, &garage.operator, "SK-garage", "its-secret".into())
        .await
        .expect("added");
    let common = app.sim.account_sid();
    for (n, account, to, (id, secret), status) in [
        (1, OWN, OTHER_NUMBER, ("SK-garage", "its-secret"), 200),
        (2, common, NUMBER, (KEY_ID, KEY_SECRET), 200),
        // In another's name,
        (3, common, NUMBER, ("SK-garage", "its-secret"), 403),
        (4, OWN, OTHER_NUMBER, (KEY_ID, KEY_SECRET), 403),
        // and about another's number.
        (5, OWN, NUMBER, ("SK-garage", "its-secret"), 404),
    ] {
        let mut form = params(&app);
        form[0].1 = sid(n);
        form[1].1 = account.to_owned();
        form[4].1 = to.to_owned();
        let signature = sign_shared(secret, &format!("{}{INBOUND}", app.url), &form);
        let said = post_with(&app, INBOUND, &form, &[&settings(id)], &[&signature]).await;
        assert_eq!(said, status, "{n}");
    }
    services::numbers::accounts::remove_shared_key(&app.s, &garage.operator, "SK-garage")
        .await
        .expect("removed");
    let mut form = params(&app);
    (form[0].1, form[1].1, form[4].1) = (sid(6), OWN.to_owned(), OTHER_NUMBER.to_owned());
    let signature = sign_shared("its-secret", &format!("{}{INBOUND}", app.url), &form);
    let said = post_with(&app, INBOUND, &form, &[&settings("SK-garage")], &[&signature]).await;
    assert_eq!(said, 403, "removed");
}
