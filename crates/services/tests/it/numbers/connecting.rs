//! The Twilio account in the settings: what is kept only once Twilio has said yes, and where it posts what comes in.

use services::{
    numbers::{
        accounts::{ApiKey, connect_with},
        webhooks,
    },
    pages,
};
use testkit::SimService;

use super::*;

const KEY: &str = "SK11111111111111111111111111111111";

fn key(secret: &str) -> Option<ApiKey> {
    Some(ApiKey {
        sid: KEY.to_owned(),
        secret: SecretString::from(secret),
    })
}

async fn connection(w: &World) -> contract::numbers::TwilioView {
    pages::twilio::connection(&w.s, &w.owner, None).await.expect("the page")
}

#[rstest]
#[tokio::test]
async fn an_account_is_called_with_an_api_key_and_signs_with_its_token(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    w.sim.set_account(OWN, TOKEN);
    w.sim.set_parent(OWN, w.sim.account_sid());
    w.sim.add_api_key(OWN, KEY, "the-key-secret");
    let try_key = async |secret: &str| connect_with(&w.s, &w.owner, OWN, TOKEN.into(), key(secret)).await;
    let refused = try_key("another-secret").await.expect_err("not known").problem();
    assert_eq!(named(&refused), "key_secret");
    assert_eq!(connection(&w).await.kind, "installation", "nothing was stored");
    try_key("the-key-secret").await.expect("connected");
    let shown = connection(&w).await;
    assert_eq!((shown.kind.as_str(), shown.key_sid.as_deref()), ("subaccount", Some(KEY)));
    assert_eq!(shown.parent_sid.as_deref(), Some(w.sim.account_sid()));
    let json = serde_json::to_string(&shown).expect("JSON");
    assert!(
        !json.contains(TOKEN) && !json.contains("the-key-secret"),
        "no secret is shown"
    );
    // The token changes at Twilio; what is sent goes by the key, here and in another process.
    let other = w.another_process().await;
    w.sim.set_account(OWN, "a-new-token");
    let ann = w.contact("Ann", ANN).await;
    write(&other, &w.owner, &ann, "Hello").await;
    sending::send_due(&other).await.expect("sent");
    assert_eq!(w.sim.sent_to(ANN)[0].account_sid, OWN);
    let known = connections::named(&w.s, Some(OWN)).expect("known");
    assert_eq!(known.keys().tokens.len(), 1);
    connect_with(&w.s, &w.owner, OWN, "a-new-token".into(), None)
        .await
        .expect("a new token");
    let shown = connection(&w).await;
    assert_eq!((shown.key_sid, shown.previous_counts), (None, true));
    let known = connections::named(&w.s, Some(OWN)).expect("known");
    assert_eq!(
        known.keys().tokens.len(),
        2,
        "what is in flight is signed with the one before"
    );
}

#[rstest]
#[case::too_fast(Fault::new(FaultKind::ReadRateLimit).count(9).ms(60_000), "too many requests")]
#[tokio::test]
async fn what_twilio_does_not_confirm_is_not_kept(#[case] fault: Fault, #[case] words: &str) {
    let w = World::new(Backend::Sqlite).await;
    w.sim.set_account(OWN, TOKEN);
    w.sim.set_fault(fault);
    let refused = connect(&w.s, &w.owner).await.expect_err("refused").problem();
    assert!(refused.detail.contains(words), "{}", refused.detail);
    w.sim.clear_faults();
    assert_eq!(connection(&w).await.kind, "installation");
}

/// Whoever answers at Twilio's address with other things than Twilio.
async fn answering(status: &str, body: &str) -> (World, Services) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("bound"));
    let answer = format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut asked = [0; 4096];
            _ = stream.read(&mut asked).await;
            _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    let w = World::new(Backend::Sqlite).await;
    let s = w.process_at(&url).await;
    (w, s)
}

#[rstest]
#[case::another_account(
    "200 OK",
    r#"{"sid":"AC22222222222222222222222222222222","status":"active"}"#,
    "another account's data"
)]
#[case::half_an_answer("200 OK", r#"{"sid":"AC11111111111111111111111111111111","stat"#, "broke off")]
#[case::no_status("200 OK", r#"{"sid":"AC11111111111111111111111111111111"}"#, "broke off")]
#[case::suspended(
    "200 OK",
    r#"{"sid":"AC11111111111111111111111111111111","status":"suspended"}"#,
    "suspended"
)]
#[case::test_credentials(
    "403 Forbidden",
    r#"{"code":20008,"message":"Resource not accessible with Test Account Credentials","status":403}"#,
    "test credentials"
)]
#[case::wrong_token(
    "401 Unauthorized",
    r#"{"code":20003,"message":"Authenticate","status":401}"#,
    "does not know this pair"
)]
#[case::broken("500 Internal Server Error", "oops", "does not answer")]
#[tokio::test]
async fn an_answer_that_is_not_twilios_keeps_nothing(#[case] status: &str, #[case] body: &str, #[case] words: &str) {
    let (_world, s) = answering(status, body).await;
    let owner = services::businesses::by_slug(&s, "bright-dental")
        .await
        .expect("the business");
    let owner = Actor {
        business_id: owner.id,
        who: Principal::Operator,
    };
    let refused = connect(&s, &owner).await.expect_err("refused").problem();
    let said = refused.fields.first().map_or(refused.detail.clone(), |f| f.message.clone());
    assert!(said.contains(words), "{said}");
    let view = pages::twilio::connection(&s, &owner, None).await.expect("the page");
    assert_eq!(view.kind, "installation");
}

#[rstest]
#[tokio::test]
async fn addresses_are_set_at_twilio_and_a_foreign_one_only_if_that_is_said(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let state = async || {
        let all = connection(&w).await.webhooks;
        let find = |one: contract::numbers::WebhookView| (one.state.unwrap_or_default(), one.was.unwrap_or_default());
        all.into_iter().map(find).next().expect("a number")
    };
    let configure = async |take_over: bool| webhooks::configure(&w.s, &w.owner, take_over).await.expect("done");
    configure(false).await;
    assert_eq!(state().await.0, "missing");
    w.sim.own_number(w.sim.account_sid(), NUMBER);
    configure(false).await;
    assert_eq!(state().await.0, "set");
    let set = w.sim.look(|s| s.numbers.owner(NUMBER).map(|n| n.sms_url.clone()));
    assert_eq!(set.as_deref(), Some("http://showup.test/webhooks/twilio/inbound#rc=5&rp=all"));
    configure(false).await;
    assert_eq!(state().await.0, "here");
    let theirs = "https://other.example/sms";
    w.sim.set_sms_url(NUMBER, theirs);
    configure(false).await;
    assert_eq!(state().await, ("foreign".to_owned(), theirs.to_owned()));
    assert_eq!(
        w.sim.look(|s| s.numbers.owner(NUMBER).map(|n| n.sms_url.clone())).as_deref(),
        Some(theirs)
    );
    configure(true).await;
    assert_eq!(
        state().await,
        ("set".to_owned(), theirs.to_owned()),
        "what stood there is kept"
    );
    // A service that posts nowhere swallows what comes to its numbers.
    let silent = SimService {
        inbound_url: None,
        defers_to_number: false,
    };
    w.sim.set_service(w.sim.account_sid(), silent);
    configure(false).await;
    assert_eq!(state().await.0, "set");
    let service = w.sim.look(|s| s.numbers.service(w.sim.account_sid()).inbound_url);
    assert_eq!(
        service.as_deref(),
        Some("http://showup.test/webhooks/twilio/inbound#rc=5&rp=all")
    );
    let refused = webhooks::configure(&w.s, &w.business_without_number("Salon").await, false).await;
    assert_eq!(code(&refused.expect_err("no number")), Code::Conflict);
}

#[rstest]
#[tokio::test]
async fn of_many_numbers_those_that_were_not_looked_at_for_longest_have_their_turn(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    for n in 0..30 {
        let phone = format!("+141555502{n:02}");
        numbers::assign(&w.s, w.owner.business_id, &phone).await.expect("a number");
    }
    for expected in [30, 31] {
        webhooks::configure(&w.s, &w.owner, false).await.expect("done");
        let looked_at = connection(&w).await.webhooks.into_iter().filter(|one| one.at.is_some());
        assert_eq!(looked_at.count(), expected);
    }
}

#[rstest]
#[tokio::test]
async fn a_test_message_that_is_refused_adds_nobody_and_that_of_the_connection_is_not_for_staff(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let test = || contract::messages::SendTest {
        phone: ANN.to_owned(),
        correlation_id: None,
    };
    let salon = w.business_without_number("Salon").await;
    w.sim.set_account(OWN, TOKEN);
    connect(&w.s, &salon).await.expect("connected");
    let refused = outbox::send_connection_test(&w.s, &salon, test())
        .await
        .expect_err("no number");
    assert_eq!(code(&refused), Code::MayNotSend);
    let people = contacts::list(&w.s, &salon, contract::contacts::ContactQuery::default()).await;
    assert!(people.expect("people").data.is_empty(), "nobody was texted");
    let staff = testkit::member(
        &w.s,
        w.owner.business_id,
        contract::accounts::Role::Staff,
        "sam@x.test",
        "a long password",
    )
    .await;
    let refused = outbox::send_connection_test(&w.s, &staff, test()).await.expect_err("staff");
    assert_eq!(code(&refused), Code::NotAllowed);
    outbox::send_test(&w.s, &staff, test())
        .await
        .expect("the log's is for everybody");
}
