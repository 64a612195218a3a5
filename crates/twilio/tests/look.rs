//! What is read of an account to see whether it is ready, against the simulator.

use secrecy::SecretString;
use twilio::{Api, Client, Config, ReadError};
use twilio_sim::{LookedAt, LookedNumber, LookedService, Sim, SimConfig};

const PHONE: &str = "+14155550100";

fn client(sim: &Sim, token: &str) -> Client {
    let api = Api::new(Config::new(sim.url())).expect("TLS works");
    api.account(sim.account_sid(), SecretString::from(token.to_owned()))
}

#[tokio::test]
async fn an_account_in_good_order_is_seen_as_such() {
    let sim = twilio_sim::start(SimConfig::default()).await.expect("it starts");
    sim.own_number(sim.account_sid(), PHONE);
    let client = client(&sim, sim.auth_token());
    let look = client.look();
    let account = look.account().await.expect("an account");
    assert_eq!((account.status.as_str(), account.kind.as_str()), ("active", "Full"));
    assert!(account.at.is_some(), "it tells its time");
    assert_eq!(
        look.balance().await.expect("a balance"),
        ("100.00".to_owned(), "USD".to_owned())
    );
    let numbers = look.numbers(PHONE).await.expect("numbers");
    assert_eq!(numbers.len(), 1);
    assert!(numbers[0].sms && numbers[0].sms_method == "POST", "{numbers:?}");
    let services = look.services().await.expect("services");
    assert_eq!(services.len(), 1, "the one that its campaign is for");
    assert_eq!(look.may_text("US").await.expect("countries"), Some(true));
    assert!(look.alerts(account.at.expect("a time")).await.expect("alerts").is_empty());
}

#[tokio::test]
async fn what_is_wrong_is_seen() {
    let sim = twilio_sim::start(SimConfig::default()).await.expect("it starts");
    sim.own_number(sim.account_sid(), PHONE);
    let voice = LookedNumber {
        voice_only: true,
        ..LookedNumber::default()
    };
    sim.set_look(LookedAt {
        status: Some("suspended".to_owned()),
        balance: Some(String::new()),
        closed_countries: vec!["IT".to_owned()],
        missing: vec!["+14155550101".to_owned()],
        numbers: [(PHONE.to_owned(), voice)].into(),
        services: vec![LookedService {
            name: "Reminders".to_owned(),
            phones: vec![PHONE.to_owned()],
            ..LookedService::default()
        }],
        alerts: vec![("11200".to_owned(), "https://x.test/".to_owned())],
        ..LookedAt::default()
    });
    let client = client(&sim, sim.auth_token());
    let look = client.look();
    assert_eq!(look.account().await.expect("an account").status, "suspended");
    assert!(matches!(look.balance().await, Err(ReadError::Http { http: 404, .. })));
    assert!(look.numbers("+14155550101").await.expect("none").is_empty());
    assert!(!look.numbers(PHONE).await.expect("one")[0].sms);
    assert_eq!(look.may_text("IT").await.expect("countries"), Some(false));
    let services = look.services().await.expect("services");
    assert_eq!(look.numbers_of(&services[0].sid).await.expect("numbers"), [PHONE]);
    assert_eq!(look.alerts(sim.look(|state| state.now())).await.expect("alerts").len(), 1);
}

#[tokio::test]
async fn who_is_not_known_sees_nothing() {
    let sim = twilio_sim::start(SimConfig::default()).await.expect("it starts");
    let client = client(&sim, "another token");
    assert!(matches!(
        client.look().account().await,
        Err(ReadError::Http { http: 401, .. })
    ));
    assert!(matches!(
        client.look().services().await,
        Err(ReadError::Http { http: 401, .. })
    ));
    assert!(matches!(
        client.look().numbers_of("not a service").await,
        Err(ReadError::NotTwilio)
    ));
}
