//! Templates, senders and what is sent over WhatsApp, against the simulator and against what Twilio was seen to answer (docs/twilio.md §16).

use std::collections::BTreeMap;
use std::time::Duration;

use rstest::rstest;
use secrecy::SecretString;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use twilio::content::{ApprovalStatus, Button, NewContent, Shape, Submission};
use twilio::senders::{Profile, SenderStatus, SenderWebhook};
use twilio::{Api, Client, Config, NewMessage, NewTemplate, Outcome, ReadError, Taken};
use twilio_sim::{Fault, FaultKind, ReviewPace, SenderState, Sim, SimConfig, SimOfflineReason, Verdict};

const PHONE: &str = "+15550001111";
const FROM: &str = "whatsapp:+15550001111";
const TO: &str = "whatsapp:+491701234567";
const PART: &str = "AC00000000000000000000000000000002";

async fn sim() -> Sim {
    let sim = twilio_sim::start(SimConfig::default()).await.expect("it starts");
    sim.own_sender(sim.account_sid(), PHONE);
    sim
}

fn client_at(url: &str, account: &str, token: &str) -> Client {
    let mut config = Config::new(url);
    config.timeout = Duration::from_secs(3);
    let api = Api::new(config).expect("TLS works");
    api.account(account, SecretString::from(token))
}

fn client(sim: &Sim) -> Client {
    client_at(&sim.url(), sim.account_sid(), sim.auth_token())
}

fn samples(keys: &[(&str, &str)]) -> BTreeMap<String, String> {
    keys.iter()
        .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
        .collect()
}

fn shapes(body: &str) -> [Shape; 2] {
    let button = |id: &str, title: &str| Button {
        id: id.to_owned(),
        title: title.to_owned(),
    };
    [
        Shape::QuickReply {
            body: body.to_owned(),
            buttons: vec![button("{{3}}", "Confirm"), button("{{4}}", "Move it")],
        },
        Shape::Text { body: body.to_owned() },
    ]
}

const BODY: &str = "Hi {{1}}, your visit is on {{2}}. Can you come?";

fn visit() -> BTreeMap<String, String> {
    samples(&[("1", "Ana"), ("2", "Tue 4 Nov"), ("3", "c_1"), ("4", "m_1")])
}

async fn make(client: &Client, name: &str, body: &str) -> String {
    let (samples, shapes) = (visit(), shapes(body));
    let new = NewContent {
        friendly_name: name,
        language: "en",
        samples: &samples,
        shapes: &shapes,
    };
    match client.create_content(&new).await {
        Taken::Done(content) => content.sid,
        other => panic!("{other:?}"),
    }
}

async fn submit(client: &Client, sid: &str, name: &str) -> Taken<twilio::content::Approval> {
    let submission = Submission {
        name,
        category: "UTILITY",
    };
    client.submit_content(sid, &submission).await
}

async fn send(client: &Client, sid: &str, values: &BTreeMap<String, String>) -> Outcome {
    let template = NewTemplate {
        to: TO,
        from: FROM,
        content_sid: sid,
        values,
        status_callback: None,
        validity_period: None,
    };
    client.create_from_template(&template).await
}

#[tokio::test]
async fn a_template_is_made_looked_at_and_sent() {
    let sim = sim().await;
    let client = client(&sim);
    let sid = make(&client, "showup:reminder:en:1", BODY).await;
    let content = client.content(&sid).await.expect("it is there");
    assert_eq!(content.account_sid, sim.account_sid());
    assert_eq!(
        (content.friendly_name.as_str(), content.language.as_str()),
        ("showup:reminder:en:1", "en")
    );
    assert_eq!(content.samples, visit());
    let mut kept = content.shapes;
    kept.sort_by_key(|shape| shape.kind().to_owned());
    assert_eq!(kept, shapes(BODY));
    assert!(content.date_created.is_some());

    assert_eq!(
        client.approval(&sid).await.expect("a state").status,
        ApprovalStatus::Unsubmitted
    );
    let Taken::Done(approval) = submit(&client, &sid, "reminder_en_1").await else {
        panic!("it is taken")
    };
    assert_eq!(
        (approval.status, approval.content_type.as_str()),
        (ApprovalStatus::Received, "twilio/quick-reply")
    );
    let submitted = sim.look(twilio_sim::State::now);
    for (seconds, status) in [(11, ApprovalStatus::Pending), (121, ApprovalStatus::Approved)] {
        sim.set_time(submitted + Duration::from_secs(seconds));
        let approval = client.approval(&sid).await.expect("a state");
        assert_eq!((approval.status, approval.name.as_str()), (status, "reminder_en_1"));
    }
    let mut values = visit();
    values.insert("1".to_owned(), "Ben\nBecker".to_owned());
    let Outcome::Accepted(message) = send(&client, &sid, &values).await else {
        panic!("it is taken")
    };
    assert_eq!(message.body, "Hi Ben Becker, your visit is on Tue 4 Nov. Can you come?");
    assert_eq!((message.from.as_deref(), message.to.as_str()), (Some(FROM), TO));
    let sent = sim.sent_to(TO);
    let buttons = &sent[0].content.as_ref().expect("of a template").buttons;
    assert_eq!((buttons[0].id.as_str(), buttons[1].title.as_str()), ("c_1", "Move it"));
    let asked = &sim.creates_to(TO)[0];
    assert_eq!(asked.body, "", "words and a content never go together");
}

#[tokio::test]
async fn a_value_that_is_left_out_is_the_samples() {
    let sim = sim().await;
    let client = client(&sim);
    let sid = make(&client, "a", BODY).await;
    let Outcome::Accepted(message) = send(&client, &sid, &samples(&[("2", "Wed 5 Nov")])).await else {
        panic!("it is taken")
    };
    assert!(message.body.starts_with("Hi Ana,"), "{}", message.body);
}

#[tokio::test]
async fn a_rejection_says_why_and_uses_up_the_name() {
    let sim = sim().await;
    let client = client(&sim);
    let sid = make(&client, "a", "{{1}}, your visit with us is on {{2}} as you know it").await;
    assert!(matches!(submit(&client, &sid, "twice").await, Taken::Done(_)));
    let again = submit(&client, &sid, "once_more").await;
    assert!(
        matches!(again, Taken::Refused { http: 400, .. }),
        "one content is looked at once: {again:?}"
    );
    sim.set_time(sim.look(twilio_sim::State::now) + Duration::from_secs(121));
    let approval = client.approval(&sid).await.expect("a state");
    assert_eq!(approval.status, ApprovalStatus::Rejected);
    assert!(
        approval.rejection_reason.starts_with("INVALID_FORMAT"),
        "{}",
        approval.rejection_reason
    );
    let other = make(&client, "b", BODY).await;
    assert!(matches!(
        submit(&client, &other, "twice").await,
        Taken::Refused { http: 400, .. }
    ));
    client.delete_content(&sid).await.expect("it is deleted");
    client.delete_content(&sid).await.expect("gone is deleted");
    assert!(matches!(submit(&client, &other, "twice").await, Taken::Refused { .. }));
    assert!(matches!(submit(&client, &other, "Not a name").await, Taken::Refused { .. }));
    assert!(matches!(submit(&client, &other, "another").await, Taken::Done(_)));
}

#[tokio::test]
async fn what_was_looked_at_can_not_be_written_anew() {
    let sim = sim().await;
    let client = client(&sim);
    let sid = make(&client, "a", BODY).await;
    let (samples, text) = (visit(), shapes("Hello {{1}}, see you on {{2}} at ours then."));
    let other = NewContent {
        friendly_name: "b",
        language: "en",
        samples: &samples,
        shapes: &text,
    };
    let Taken::Done(content) = client.update_content(&sid, &other).await else {
        panic!("nobody has looked at it")
    };
    assert_eq!((content.sid.as_str(), content.friendly_name.as_str()), (sid.as_str(), "b"));
    let german = NewContent { language: "de", ..other };
    assert!(matches!(
        client.update_content(&sid, &german).await,
        Taken::Refused { http: 400, .. }
    ));
    assert!(matches!(submit(&client, &sid, "a").await, Taken::Done(_)));
    assert!(matches!(
        client.update_content(&sid, &other).await,
        Taken::Refused { http: 400, .. }
    ));
    let no_types = NewContent { shapes: &[], ..other };
    assert!(matches!(
        client.create_content(&no_types).await,
        Taken::Refused { code: Some(92001), .. }
    ));
}

#[tokio::test]
async fn pages_are_followed_by_their_token_and_one_sweep_tells_how_all_stand() {
    let sim = sim().await;
    let client = client(&sim);
    for n in 0..103 {
        make(&client, &format!("n{n}"), BODY).await;
    }
    let first = client.contents(None).await.expect("a page");
    assert_eq!(
        (first.contents.len(), first.contents[0].0.friendly_name.as_str()),
        (100, "n102")
    );
    assert!(first.contents.iter().all(|(_, approval)| approval.is_none()));
    let oldest = client.contents(first.next.as_deref()).await.expect("a page");
    assert_eq!((oldest.contents.len(), oldest.next), (3, None));
    let sid = &oldest.contents[2].0.sid;
    assert!(matches!(submit(&client, sid, "the_first").await, Taken::Done(_)));
    let sweep = client.contents_and_approvals(None).await.expect("a page");
    let rest = client.contents_and_approvals(sweep.next.as_deref()).await.expect("a page");
    let standing = rest.contents[2].1.as_ref().expect("how it stands");
    assert_eq!(
        (standing.name.as_str(), &standing.status),
        ("the_first", &ApprovalStatus::Received)
    );
    assert_eq!(
        rest.contents[1].1.as_ref().expect("how it stands").status,
        ApprovalStatus::Unsubmitted
    );
    let elsewhere = client
        .contents(Some("https://content.twilio.com.evil.example/v1/Content?Page=1"))
        .await;
    assert!(matches!(elsewhere, Err(ReadError::NotTwilio)));
}

#[rstest]
#[case(FaultKind::ErrorBefore, false)]
#[case(FaultKind::ErrorAfter, true)]
#[case(FaultKind::ResetAfter, true)]
#[case(FaultKind::TornAnswer, true)]
#[tokio::test]
async fn a_content_in_doubt_is_found_by_its_name(#[case] fault: FaultKind, #[case] made: bool) {
    let sim = sim().await;
    let client = client(&sim);
    sim.set_fault(Fault::new(fault).to("showup:x:1"));
    let (samples, shapes) = (visit(), shapes(BODY));
    let new = NewContent {
        friendly_name: "showup:x:1",
        language: "en",
        samples: &samples,
        shapes: &shapes,
    };
    assert!(matches!(client.create_content(&new).await, Taken::Unknown { .. }));
    let all = client.contents(None).await.expect("a page").contents;
    assert_eq!(all.iter().any(|(content, _)| content.friendly_name == "showup:x:1"), made);
}

#[tokio::test]
async fn a_submission_in_doubt_is_seen_by_its_state() {
    let sim = sim().await;
    let client = client(&sim);
    let sid = make(&client, "a", BODY).await;
    sim.set_fault(Fault::new(FaultKind::ErrorBefore).to("n1"));
    assert!(matches!(submit(&client, &sid, "n1").await, Taken::Unknown { .. }));
    assert_eq!(
        client.approval(&sid).await.expect("a state").status,
        ApprovalStatus::Unsubmitted
    );
    sim.set_fault(Fault::new(FaultKind::ResetAfter).to("n1"));
    assert!(matches!(submit(&client, &sid, "n1").await, Taken::Unknown { .. }));
    assert_eq!(client.approval(&sid).await.expect("a state").status, ApprovalStatus::Received);
    let other = make(&client, "b", BODY).await;
    sim.set_fault(Fault::new(FaultKind::RateLimit).ms(2000));
    let again = submit(&client, &other, "n2").await;
    assert!(
        matches!(again, Taken::TryLater { retry_after: Some(wait), .. } if wait == Duration::from_secs(2)),
        "{again:?}"
    );
}

/// The parent's credentials read the parent's data at all hosts but one, and look fine.
#[tokio::test]
async fn another_accounts_template_is_not_believed() {
    let sim = sim().await;
    sim.set_account(PART, "token of the part");
    sim.set_parent(PART, sim.account_sid());
    let parent = client(&sim);
    let sid = make(&parent, "a", BODY).await;
    let part = client_at(&sim.url(), PART, "token of the part");
    assert!(matches!(part.content(&sid).await, Err(ReadError::Http { http: 404, .. })));
    sim.add_api_key(sim.account_sid(), "SK00000000000000000000000000000001", "secret");
    let api = Api::new(Config::new(sim.url())).expect("TLS works");
    let confused = api.account_by_key(PART, "SK00000000000000000000000000000001", SecretString::from("secret"));
    assert!(matches!(confused.content(&sid).await, Err(ReadError::OtherAccount)));
    assert!(matches!(confused.approval(&sid).await, Err(ReadError::OtherAccount)));
    assert!(matches!(confused.contents(None).await, Err(ReadError::OtherAccount)));
    // With the parent's sid and token in the part's path a message is the part's.
    let by_parent = api.account_by_key(PART, sim.account_sid(), SecretString::from(sim.auth_token()));
    let text = NewMessage {
        to: "+14155550100",
        from: "+15550002222",
        body: "Hi",
        status_callback: None,
        validity_period: None,
    };
    assert!(matches!(by_parent.create(&text).await, Outcome::Accepted(m) if m.account_sid == PART));
}

#[rstest]
#[case(TO, "+15550001111", 21910)]
#[case("+491701234567", FROM, 21910)]
#[case(TO, "whatsapp:+15550009999", 63007)]
#[case("whatsapp:+US.1", FROM, 21211)]
#[tokio::test]
async fn ends_that_do_not_go_together_are_refused(#[case] to: &str, #[case] from: &str, #[case] code: i32) {
    let sim = sim().await;
    let text = NewMessage {
        to,
        from,
        body: "Hi",
        status_callback: None,
        validity_period: None,
    };
    let outcome = client(&sim).create(&text).await;
    assert!(
        matches!(outcome, Outcome::Refused { code: Some(c), .. } if c == code),
        "{outcome:?}"
    );
}

#[tokio::test]
async fn a_person_without_a_number_is_written_to_by_their_id() {
    let sim = sim().await;
    let person = "whatsapp:US.13491208655302741918";
    let text = NewMessage {
        to: person,
        from: FROM,
        body: "Hi",
        status_callback: None,
        validity_period: None,
    };
    assert!(matches!(client(&sim).create(&text).await, Outcome::Accepted(m) if m.to == person));
}

#[tokio::test]
async fn values_that_do_not_fit_are_refused() {
    let sim = sim().await;
    let client = client(&sim);
    let sid = make(&client, "a", BODY).await;
    let outcome = send(&client, &sid, &samples(&[("9", "x")])).await;
    assert!(matches!(outcome, Outcome::Refused { code: Some(21656), .. }), "{outcome:?}");
    let unknown = format!("HX{}", "0".repeat(32));
    let outcome = send(&client, &unknown, &visit()).await;
    assert!(matches!(outcome, Outcome::Refused { code: Some(21655), .. }), "{outcome:?}");
}

#[tokio::test]
async fn a_sender_is_seen_and_told_where_to_post() {
    let sim = sim().await;
    let client = client(&sim);
    let (senders, next) = client.senders(None).await.expect("senders");
    assert_eq!((senders.len(), next), (1, None));
    let sender = &senders[0];
    assert_eq!((sender.sender_id.as_str(), &sender.status), (FROM, &SenderStatus::Online));
    assert_eq!(sender.quality_rating.as_deref(), Some("HIGH"));
    let webhook = SenderWebhook {
        callback_url: "https://app.example/in".to_owned(),
        status_callback_url: "https://app.example/status".to_owned(),
        ..SenderWebhook::default()
    };
    let changed = client.set_sender_webhook(&sender.sid, &webhook).await.expect("it is taken");
    assert_eq!(changed.webhook.callback_url, "https://app.example/in");
    assert_eq!(changed.quality_rating, None, "the answer tells nothing else");
    let profile = Profile {
        name: "Bright Dental".to_owned(),
        about: "Dentist".to_owned(),
        emails: vec!["hi@bright.example".to_owned()],
        ..Profile::default()
    };
    client.set_sender_profile(&sender.sid, &profile).await.expect("it is taken");
    let now = client.sender(&sender.sid).await.expect("it is there");
    assert_eq!(now.status, SenderStatus::Online);
    assert_eq!(
        (now.webhook.status_callback_url.as_str(), now.webhook.callback_method.as_str()),
        ("https://app.example/status", "POST")
    );
    assert_eq!(
        (now.profile.about.as_str(), now.profile.emails[0].as_str()),
        ("Dentist", "hi@bright.example")
    );
    assert_eq!(now.profile.vertical, "Other", "what was not said stays");
    let (name, status) = now.pending_name.expect("a name is asked for");
    assert_eq!(
        (now.profile.name.as_str(), name.as_str(), status.as_str()),
        ("Simulated business", "Bright Dental", "PENDING_REVIEW")
    );
    let granted = SenderState {
        name: Some("COMPLETED".to_owned()),
        ..SenderState::default()
    };
    sim.set_sender(FROM, granted).expect("it is there");
    assert_eq!(
        client.sender(&sender.sid).await.expect("it is there").profile.name,
        "Bright Dental"
    );

    let off = SenderState {
        status: Some("OFFLINE".to_owned()),
        offline_reasons: Some(vec![SimOfflineReason {
            code: "63020".to_owned(),
            message: "Meta".to_owned(),
        }]),
        ..SenderState::default()
    };
    sim.set_sender(FROM, off).expect("it is there");
    let now = client.sender(&sender.sid).await.expect("it is there");
    assert!(!now.status.sends());
    assert_eq!(now.offline_reasons[0].code, Some(63_020));
    assert!(matches!(client.sender("PN1").await, Err(ReadError::NotTwilio)));
}

#[tokio::test]
async fn somebody_sees_that_we_write() {
    let sim = sim().await;
    let client = client(&sim);
    let sid = sim.inbound(TO, FROM, "Hello").await;
    client.show_typing(&sid).await.expect("it is shown");
    let unknown = format!("SM{}", "0".repeat(32));
    assert!(matches!(
        client.show_typing(&unknown).await,
        Err(ReadError::Http { http: 400, .. })
    ));
    assert!(matches!(client.show_typing("HX1").await, Err(ReadError::NotTwilio)));
}

#[tokio::test]
async fn a_category_may_come_back_another_one_and_an_approval_may_be_taken_back() {
    let sim = sim().await;
    sim.set_review(ReviewPace {
        by_itself: false,
        category: Some("MARKETING".to_owned()),
        ..ReviewPace::default()
    });
    let client = client(&sim);
    let sid = make(&client, "a", BODY).await;
    assert!(matches!(submit(&client, &sid, "a").await, Taken::Done(a) if a.category == "UTILITY"));
    for (word, status) in [("approved", ApprovalStatus::Approved), ("paused", ApprovalStatus::Paused)] {
        let verdict = Verdict {
            status: word.to_owned(),
            rejection_reason: String::new(),
            category: None,
            ..Verdict::default()
        };
        assert!(sim.set_approval(&sid, &verdict));
        let approval = client.approval(&sid).await.expect("a state");
        assert_eq!((approval.status, approval.category.as_str()), (status, "MARKETING"));
    }
    let verdict = Verdict {
        status: "limit_exceeded".to_owned(),
        rejection_reason: String::new(),
        category: None,
        ..Verdict::default()
    };
    sim.set_approval(&sid, &verdict);
    let status = client.approval(&sid).await.expect("a state").status;
    assert_eq!(status, ApprovalStatus::Other("limit_exceeded".to_owned()));
    assert!(!status.may_be_sent(), "what is not known is not sent");
}

/// Says `answer` to whoever has sent a request, then hangs up.
async fn server_that_says(status: &str, body: &str) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a local socket works");
    let url = format!("http://{}", listener.local_addr().expect("it is bound"));
    let answer = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    tokio::spawn(async move {
        let (mut tcp, _) = listener.accept().await.expect("a local socket works");
        let mut request = [0; 8192];
        assert!(tcp.read(&mut request).await.expect("a local socket works") > 0);
        tcp.write_all(answer.as_bytes()).await.expect("a local socket works");
    });
    url
}

const ACCOUNT: &str = "AC11111111111111111111111111111111";
const HX: &str = "HX0f1e2d3c4b5a69788796a5b4c3d2e1f0";

#[rstest]
#[case::nested(
    r#"{"sid":"HX0f1e2d3c4b5a69788796a5b4c3d2e1f0","account_sid":"AC11111111111111111111111111111111","status":"approved","whatsapp":{"type":"whatsapp","name":"n","category":"UTILITY","content_type":"twilio/quick-reply","status":"rejected","rejection_reason":"INVALID_FORMAT. Why.","allow_category_change":true},"url":"https://content.twilio.com/v1/Content/HX0f/ApprovalRequests"}"#,
    ApprovalStatus::Rejected
)]
#[case::of_another_channel(
    r#"{"sid":"HX0f1e2d3c4b5a69788796a5b4c3d2e1f0","account_sid":"AC11111111111111111111111111111111","rcs":{"status":"approved"}}"#,
    ApprovalStatus::Unsubmitted
)]
#[case::a_new_word(
    r#"{"sid":"HX0f","account_sid":"AC11111111111111111111111111111111","whatsapp":{"status":"In_Appeal"}}"#,
    ApprovalStatus::Other("in_appeal".to_owned())
)]
#[tokio::test]
async fn how_a_template_stands_is_read_under_its_channel(#[case] body: &str, #[case] status: ApprovalStatus) {
    let url = server_that_says("200 OK", body).await;
    let approval = client_at(&url, ACCOUNT, "x").approval(HX).await.expect("a state");
    assert_eq!(approval.status, status);
}

#[tokio::test]
async fn shapes_that_are_not_ours_are_kept_as_they_came() {
    let body = r#"{"sid":"HX0f1e2d3c4b5a69788796a5b4c3d2e1f0","account_sid":"AC11111111111111111111111111111111","friendly_name":null,"language":"en","variables":null,"types":{"twilio/card":{"title":"Hi","body":null,"actions":[{"index":0,"type":"URL","id":null}],"orientation":"VERTICAL"},"twilio/quick-reply":{"body":"Hi","actions":[{"id":"a","title":"Yes","extra":1}]}},"date_created":"2026-10-02T09:11:04Z","date_updated":"2026-10-02T09:11:04Z","url":"x","links":{}}"#;
    let url = server_that_says("200 OK", body).await;
    let content = client_at(&url, ACCOUNT, "x").content(HX).await.expect("a content");
    assert!(content.samples.is_empty());
    assert!(matches!(&content.shapes[0], Shape::Other { kind, json } if kind == "twilio/card" && json["title"] == "Hi"));
    assert!(matches!(&content.shapes[1], Shape::QuickReply { buttons, .. } if buttons[0].title == "Yes"));
}

#[tokio::test]
async fn a_sender_is_read_as_it_was_seen() {
    let body = r#"{"sid":"XE5c","status":"OFFLINE","sender_id":"whatsapp:+14155550123","configuration":{"waba_id":"1093","verification_method":null},"webhook":null,"profile":{"name":"Bright Dental","about":null,"emails":[{"email":"hi@bright.example","label":"Email"}],"websites":["https://bright.example"],"vertical":"Medical and Health"},"compliance":null,"properties":{"quality_rating":"LOW","messaging_limit":"250 Customers/24hr"},"offline_reasons":[{"code":"63020","message":"m","more_info":"https://x"}],"url":"x"}"#;
    let url = server_that_says("200 OK", body).await;
    let sender = client_at(&url, ACCOUNT, "x").sender("XE5c").await.expect("a sender");
    assert_eq!(
        (sender.waba_id.as_deref(), sender.webhook.callback_url.as_str()),
        (Some("1093"), "")
    );
    assert_eq!(
        (sender.profile.websites[0].as_str(), sender.profile.about.as_str()),
        ("https://bright.example", "")
    );
    assert_eq!(
        (sender.messaging_limit.as_deref(), sender.offline_reasons[0].code),
        (Some("250 Customers/24hr"), Some(63_020))
    );
    let other = r#"{"sid":"XE5c","account_sid":"AC2","status":"ONLINE","sender_id":"whatsapp:+14155550123"}"#;
    let url = server_that_says("200 OK", other).await;
    let read = client_at(&url, ACCOUNT, "x").sender("XE5c").await;
    assert!(matches!(read, Err(ReadError::OtherAccount)));
}

#[tokio::test]
async fn a_message_of_another_account_is_in_doubt() {
    let body =
        r#"{"sid":"SM00112233445566778899aabbccddeeff","account_sid":"AC22222222222222222222222222222222","status":"queued"}"#;
    let url = server_that_says("201 Created", body).await;
    let outcome = send(&client_at(&url, ACCOUNT, "x"), HX, &visit()).await;
    assert!(matches!(outcome, Outcome::Unknown { .. }), "{outcome:?}");
}
