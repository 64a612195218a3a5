//! `vectors/signature.json`: what Twilio's SDKs sign is believed, what differs from it is not (twilio.md 3.1). The file is made by
//! `twilio-sim/tests/official_sdk/vectors.mjs`.

use proptest::prelude::*;
use secrecy::SecretString;
use serde::Deserialize;
use twilio::signature::{Invalid, check, sign};

#[derive(Deserialize)]
struct Case {
    why: String,
    tokens: Vec<String>,
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
    BodyHash,
}

impl From<Expect> for Result<(), Invalid> {
    fn from(expect: Expect) -> Self {
        match expect {
            Expect::Ok => Ok(()),
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
    check(
        &secrets(&case.tokens),
        &case.url,
        case.signature.as_deref(),
        case.content_type.as_deref(),
        case.body.as_bytes(),
    )
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
fn a_body_that_is_not_utf8_is_no_reason_to_panic() {
    let tokens = secrets(&["12345".into()]);
    let form = Some("application/x-www-form-urlencoded");
    assert_eq!(
        check(&tokens, "https://h.example/x", Some("AAAA"), form, b"Body=%ff\xfe&%"),
        Err(Invalid::Wrong)
    );
    assert_eq!(check(&tokens, "not a url", Some("AAAA"), form, b""), Err(Invalid::Wrong));
}

#[test]
fn a_megabyte_is_checked() {
    let params = vec![("Body".to_owned(), "x".repeat(1 << 20))];
    let signature = sign("12345", "https://h.example/x", &params);
    let body = format!("Body={}", params[0].1);
    let form = Some("application/x-www-form-urlencoded");
    assert_eq!(
        check(
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
        prop_assert_eq!(check(&secrets(&["12345".into()]), url, Some(&signature), form, body.as_bytes()), Ok(()));
    }

    #[test]
    fn anything_else_is_not(url: String, signature: String, body: Vec<u8>) {
        let form = Some("application/x-www-form-urlencoded");
        prop_assert!(check(&secrets(&["12345".into()]), &url, Some(&signature), form, &body).is_err());
    }
}
