//! `vectors/signature.json`: what Twilio's SDKs sign is believed, what differs from it is not (docs/twilio.md §1). The file is made by
//! `twilio-sim/tests/official_sdk/vectors.mjs`; `vectors/shared_keys.json`, for those signed with a shared key, by `shared_keys.py` beside
//! it.

use proptest::prelude::*;
use secrecy::SecretString;
use serde::Deserialize;
use twilio::signature::{Invalid, Keys, SharedKey, SignedBy, check, sign, sign_shared};

#[derive(Deserialize)]
struct Case {
    why: String,
    tokens: Vec<String>,
    /// Ids and secrets.
    #[serde(default)]
    shared_keys: Vec<(String, String)>,
    settings: Option<String>,
    url: String,
    content_type: Option<String>,
    body: String,
    signature: Option<String>,
    expect: Expect,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Expect {
    Ok,
    Missing,
    Wrong,
    Settings,
    BodyHash,
}

impl From<Expect> for Result<(), Invalid> {
    fn from(expect: Expect) -> Self {
        match expect {
            Expect::Ok => Ok(()),
            Expect::Settings => Err(Invalid::Settings),
            Expect::Missing => Err(Invalid::Missing),
            Expect::Wrong => Err(Invalid::Wrong),
            Expect::BodyHash => Err(Invalid::BodyHash),
        }
    }
}

fn secrets(tokens: &[String]) -> Vec<SecretString> {
    tokens.iter().map(|t| SecretString::from(t.as_str())).collect()
}

fn result(case: &Case) -> Result<(), Invalid> {
    let shared: Vec<SharedKey> = case.shared_keys.iter().map(|(id, secret)| shared_key(id, secret)).collect();
    let keys = Keys {
        tokens: &secrets(&case.tokens),
        shared: &shared,
    };
    let said = check(
        keys,
        case.settings.as_deref(),
        &case.url,
        case.signature.as_deref(),
        case.content_type.as_deref(),
        case.body.as_bytes(),
    );
    if let Ok(by) = said {
        let named = case.settings.as_deref().is_some_and(|s| s.contains("SHA256"));
        assert_eq!(by == SignedBy::SharedKey, named, "{}", case.why);
    }
    said.map(drop)
}

fn shared_key(id: &str, secret: &str) -> SharedKey {
    SharedKey {
        id: id.to_owned(),
        secret: secret.into(),
    }
}

/// Signed with an auth token, as most are.
fn with_tokens(
    tokens: &[SecretString],
    url: &str,
    signature: Option<&str>,
    content_type: Option<&str>,
    body: &[u8],
) -> Result<(), Invalid> {
    let keys = Keys { tokens, shared: &[] };
    check(keys, None, url, signature, content_type, body).map(drop)
}

#[test]
fn vectors() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("../vectors/signature.json")).unwrap();
    assert!(cases.len() > 50);
    for case in cases {
        assert_eq!(result(&case), case.expect.into(), "{}", case.why);
    }
}

#[test]
fn vectors_of_shared_keys() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("../vectors/shared_keys.json")).unwrap();
    assert!(cases.len() > 40);
    for case in cases {
        assert_eq!(result(&case), case.expect.into(), "{}", case.why);
    }
}

#[test]
fn a_body_that_is_not_utf8_is_no_reason_to_panic() {
    let tokens = secrets(&["12345".into()]);
    let form = Some("application/x-www-form-urlencoded");
    assert_eq!(
        with_tokens(&tokens, "https://h.example/x", Some("AAAA"), form, b"Body=%ff\xfe&%"),
        Err(Invalid::Wrong)
    );
    assert_eq!(
        with_tokens(&tokens, "not a url", Some("AAAA"), form, b""),
        Err(Invalid::Wrong)
    );
}

#[test]
fn a_megabyte_is_checked() {
    let params = vec![("Body".to_owned(), "x".repeat(1 << 20))];
    let signature = sign("12345", "https://h.example/x", &params);
    let body = format!("Body={}", params[0].1);
    let form = Some("application/x-www-form-urlencoded");
    assert_eq!(
        with_tokens(
            &secrets(&["12345".into()]),
            "https://h.example/x",
            Some(&signature),
            form,
            body.as_bytes()
        ),
        Ok(())
    );
}

proptest! {
    #[test]
    fn what_is_signed_is_believed_in_any_order(mut params: Vec<(String, String)>, turn in 0_usize..8) {
        let url = "https://h.example/webhooks?x=1";
        let signature = sign("12345", url, &params);
        let by = if params.is_empty() { 0 } else { turn % params.len() };
        params.rotate_left(by);
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(&params).finish();
        let form = Some("application/x-www-form-urlencoded");
        prop_assert_eq!(with_tokens(&secrets(&["12345".into()]), url, Some(&signature), form, body.as_bytes()), Ok(()));
    }

    #[test]
    fn neither_key_counts_for_the_others_way(secret in "[a-zA-Z0-9]{1,40}", body in "[a-z]{0,20}") {
        let url = "https://h.example/webhooks";
        let (tokens, shared) = (secrets(std::slice::from_ref(&secret)), [shared_key("SK1", &secret)]);
        let keys = Keys { tokens: &tokens, shared: &shared };
        let params = vec![("Body".to_owned(), body.clone())];
        let (old, new) = (sign(&secret, url, &params), sign_shared(&secret, url, &params));
        let (form, raw) = (Some("application/x-www-form-urlencoded"), format!("Body={body}"));
        let said = |settings, signature: &str| check(keys, settings, url, Some(signature), form, raw.as_bytes());
        let named = Some("key=SK1,algorithm=HMAC_SHA256");
        prop_assert_eq!(said(named, &new), Ok(SignedBy::SharedKey));
        prop_assert_eq!(said(None, &old), Ok(SignedBy::AuthToken));
        prop_assert!(said(named, &old).is_err() && said(None, &new).is_err());
        prop_assert!(said(Some("algorithm=HMAC_SHA256"), &new).is_err());
    }

    #[test]
    fn settings_of_any_shape_open_nothing(settings: String, signature: String, body: Vec<u8>) {
        let shared = [shared_key("SK1", "s")];
        let keys = Keys { tokens: &secrets(&["12345".into()]), shared: &shared };
        let form = Some("application/x-www-form-urlencoded");
        prop_assert!(check(keys, Some(&settings), "https://h.example/x", Some(&signature), form, &body).is_err());
    }

    #[test]
    fn anything_else_is_not(url: String, signature: String, body: Vec<u8>) {
        let form = Some("application/x-www-form-urlencoded");
        prop_assert!(with_tokens(&secrets(&["12345".into()]), &url, Some(&signature), form, &body).is_err());
    }
}
