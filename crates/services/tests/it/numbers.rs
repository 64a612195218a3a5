//! Which number and which Twilio account a text goes by: locations with numbers of their own, businesses with accounts of their own.

mod connecting;
mod requests;
mod standing;
mod trouble;

use chrono::Duration;
use contract::{
    Code, Problem,
    appointments::{AppointmentView, CreateAppointment},
    businesses::{LocationView, SaveLocation},
    contacts::{ContactView, CreateContact, OptIn},
    messages::{MessageView, SendMessage},
};
use rstest::rstest;
use secrecy::SecretString;
use services::{
    Actor, Principal, Services, appointments, businesses::locations, channels::connections, contacts, delivery, jobs, messages,
    numbers, outbox, queue::Job, receiving, reconcile, sending,
};
use testkit::{Backend, Fault, FaultKind, NUMBER, World};

const ANN: &str = "+14155550171";
const BEN: &str = "+14155550172";
const UPTOWN: &str = "+14155550109";

/// The garage's number, and the account it is in.
const GARAGE: &str = "+15005550009";
const OWN: &str = "AC11111111111111111111111111111111";
const TOKEN: &str = "the-garage-token";

fn code(e: &services::Error) -> Code {
    e.problem().code
}

/// The field a problem is about, else its code.
fn named(problem: &Problem) -> String {
    let field = problem.fields.first().map(|f| f.field.clone());
    field.unwrap_or_else(|| format!("{:?}", problem.code))
}

async fn place(w: &World, name: &str, number: &str) -> LocationView {
    let cmd = SaveLocation {
        name: name.to_owned(),
        address: "1 Main Street".to_owned(),
        number: number.to_owned(),
        ..SaveLocation::default()
    };
    locations::save(&w.s, &w.owner, None, cmd).await.expect("a location")
}

async fn appointment_at(w: &World, contact: &ContactView, place: &LocationView) -> AppointmentView {
    let cmd = CreateAppointment {
        contact_id: contact.id,
        starts_at: (w.clock.now() + Duration::hours(30)).to_rfc3339(),
        location_id: Some(place.id),
        ..CreateAppointment::default()
    };
    appointments::create(&w.s, &w.owner, cmd).await.expect("a visit")
}

#[rstest]
#[tokio::test]
async fn a_reminder_leaves_from_the_number_of_the_appointments_location_and_the_talk_goes_on_there(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    numbers::assign(&w.s, w.owner.business_id, UPTOWN)
        .await
        .expect("a second number");
    numbers::assign(&w.s, w.owner.business_id, "+14155550108")
        .await
        .expect("the default");
    let (uptown, plain) = (place(&w, "Uptown", UPTOWN).await, place(&w, "Downtown", "").await);
    let (ann, ben) = (w.contact("Ann", ANN).await, w.contact("Ben", BEN).await);
    let appointment = appointment_at(&w, &ann, &uptown).await;
    assert_eq!(appointment.location.expect("said").name, "Uptown");
    appointment_at(&w, &ben, &plain).await;
    w.work().await;
    w.reply(&ann, "See you there").await.expect("queued");
    w.work().await;
    let from = |phone: &str| -> Vec<String> { w.sim.sent_to(phone).into_iter().filter_map(|m| m.from).collect() };
    assert_eq!(from(ANN), [UPTOWN, UPTOWN]);
    assert_eq!(from(BEN), ["+14155550108"], "a location without a number is like none");
}

#[rstest]
#[tokio::test]
async fn a_location_has_a_name_of_its_own_and_a_number_of_the_businesss(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let garage = w.another_business().await;
    let uptown = place(&w, "Uptown", NUMBER).await;
    let save = async |actor: &Actor, id, name: &str, number: &str| {
        let cmd = SaveLocation {
            name: name.to_owned(),
            address: String::new(),
            number: number.to_owned(),
            ..SaveLocation::default()
        };
        locations::save(&w.s, actor, id, cmd).await
    };
    let wrong = async |actor: &Actor, id, name: &str, number: &str| {
        let refused = save(actor, id, name, number).await.expect_err("refused").problem();
        named(&refused)
    };
    assert_eq!(wrong(&w.owner, None, "Uptown", "").await, "name");
    assert_eq!(wrong(&w.owner, None, " ", "").await, "name");
    assert_eq!(wrong(&w.owner, None, "Downtown", GARAGE).await, "number");
    assert_eq!(wrong(&w.owner, None, "Downtown", "none").await, "number");
    let elsewhere = save(&garage, Some(uptown.id), "Mine now", "")
        .await
        .expect_err("another business's");
    assert_eq!(code(&elsewhere), Code::NotFound);
    assert!(locations::list(&w.s, &garage).await.expect("a list").is_empty());
    let renamed = save(&w.owner, Some(uptown.id), "North", "").await.expect("saved");
    assert_eq!((renamed.name.as_str(), renamed.number), ("North", None));
    let theirs = CreateContact {
        name: "Gus".to_owned(),
        phone: BEN.to_owned(),
        ..CreateContact::default()
    };
    let gus = contacts::create(&w.s, &garage, theirs).await.expect("a contact");
    let cmd = CreateAppointment {
        contact_id: gus.id,
        starts_at: (w.clock.now() + Duration::hours(30)).to_rfc3339(),
        location_id: Some(uptown.id),
        ..CreateAppointment::default()
    };
    let refused = appointments::create(&w.s, &garage, cmd)
        .await
        .expect_err("another business's location");
    assert_eq!(refused.problem().fields[0].field, "location_id");
}

/// The garage, with an account of its own.
async fn garage(w: &World) -> Actor {
    w.sim.set_account(OWN, TOKEN);
    let garage = w.another_business().await;
    connect(&w.s, &garage).await.expect("connected");
    garage
}

async fn connect(s: &Services, actor: &Actor) -> services::Result<()> {
    numbers::accounts::connect(s, actor, OWN, SecretString::from(TOKEN)).await
}

async fn customer(w: &World, actor: &Actor, phone: &str) -> ContactView {
    let cmd = CreateContact {
        name: "Cid".to_owned(),
        phone: phone.to_owned(),
        opt_in: Some(OptIn {
            channel: "sms".to_owned(),
            source: "booking".to_owned(),
        }),
        ..CreateContact::default()
    };
    contacts::create(&w.s, actor, cmd).await.expect("a contact")
}

async fn write(s: &Services, actor: &Actor, to: &ContactView, body: &str) -> MessageView {
    let cmd = SendMessage {
        channel: None,
        contact_id: to.id,
        body: body.to_owned(),
        correlation_id: None,
        after_message_id: None,
        send_at: None,
    };
    outbox::send(s, actor, cmd).await.expect("queued")
}

async fn see(w: &World, actor: &Actor, m: &MessageView) -> MessageView {
    let all = messages::list(&w.s, actor, Default::default()).await.expect("messages").data;
    all.into_iter().find(|seen| seen.id == m.id).expect("the message")
}

#[rstest]
#[tokio::test]
async fn a_business_with_an_account_of_its_own_texts_through_that_one(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let garage = garage(&w).await;
    let (ann, cid) = (w.contact("Ann", ANN).await, customer(&w, &garage, BEN).await);
    w.reply(&ann, "Hello").await.expect("queued");
    write(&w.s, &garage, &cid, "Your car is ready").await;
    w.work().await;
    let account = |phone: &str| w.sim.sent_to(phone).remove(0).account_sid;
    assert_eq!((account(ANN).as_str(), account(BEN).as_str()), (w.sim.account_sid(), OWN));
    // Another process that was at work before hears of a change.
    let other = w.another_process().await;
    numbers::accounts::disconnect(&w.s, &garage).await.expect("disconnected");
    write(&other, &garage, &cid, "Ready since noon").await;
    sending::send_due(&other).await.expect("sent");
    assert_eq!(w.sim.sent_to(BEN)[1].account_sid, w.sim.account_sid());
}

#[rstest]
#[tokio::test]
async fn who_has_an_account_of_their_own_never_sends_from_the_installations_number(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let salon = w.business_without_number("Salon").await;
    let cid = customer(&w, &salon, BEN).await;
    write(&w.s, &salon, &cid, "From the shared number").await;
    w.sim.set_account(OWN, TOKEN);
    connect(&w.s, &salon).await.expect("connected");
    let cmd = SendMessage {
        channel: None,
        contact_id: cid.id,
        body: "It is not in their account".to_owned(),
        correlation_id: None,
        after_message_id: None,
        send_at: None,
    };
    let refused = outbox::send(&w.s, &salon, cmd).await.expect_err("no number");
    assert_eq!(code(&refused), Code::MayNotSend);
    w.work().await;
    assert!(w.phone_got(BEN).is_empty(), "what waited does not leave from it either");
}

#[rstest]
#[tokio::test]
async fn who_was_texted_from_the_installations_number_can_still_answer_there(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let salon = w.business_without_number("Salon").await;
    let cid = customer(&w, &salon, BEN).await;
    let m = write(&w.s, &salon, &cid, "From the shared number").await;
    w.work().await;
    w.sim.set_account(OWN, TOKEN);
    connect(&w.s, &salon).await.expect("connected");
    let mut answer = w.inbound(BEN, "STOP");
    answer.to = w.sim.sent_to(BEN).remove(0).from.expect("the shared number");
    receiving::receive(&w.s, &answer, "raw").await.expect("taken");
    let cid = contacts::get(&w.s, &salon, cid.id).await.expect("the contact");
    assert_eq!(cid.consent.sms, domain::consent::State::OptedOut);
    let sid = see(&w, &salon, &m).await.provider_sid.expect("sent");
    w.status(&m, &sid, "delivered", None).await.expect("heard");
    assert_eq!(see(&w, &salon, &m).await.status, "delivered");
}

#[rstest]
#[tokio::test]
async fn an_account_is_connected_only_if_twilio_knows_it_and_nobody_else_has_it(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let garage = w.another_business().await;
    let staff = Actor {
        business_id: garage.business_id,
        who: Principal::Member {
            account_id: uuid::Uuid::now_v7(),
            name: "Sam".to_owned(),
            role: contract::accounts::Role::Staff,
        },
    };
    let refused = async |actor: &Actor, sid: &str, token: &str| {
        let refused = numbers::accounts::connect(&w.s, actor, sid, SecretString::from(token)).await;
        let problem = refused.expect_err("refused").problem();
        named(&problem)
    };
    assert_eq!(refused(&staff, OWN, TOKEN).await, "NotAllowed");
    assert_eq!(refused(&garage, "SM123", TOKEN).await, "account_sid");
    assert_eq!(refused(&garage, OWN, "two words").await, "auth_token");
    assert_eq!(refused(&garage, OWN, TOKEN).await, "auth_token", "Twilio does not know it");
    assert_eq!(refused(&garage, w.sim.account_sid(), w.sim.auth_token()).await, "account_sid");
    w.sim.set_account(OWN, TOKEN);
    connect(&w.s, &garage).await.expect("connected");
    assert_eq!(refused(&w.owner, OWN, TOKEN).await, "Conflict");
}

#[rstest]
#[tokio::test]
async fn while_a_text_is_in_the_air_the_account_is_not_changed(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    w.sim.set_account(OWN, TOKEN);
    let garage = w.another_business().await;
    let cid = customer(&w, &garage, BEN).await;
    w.sim.set_fault(Fault::new(FaultKind::ErrorAfter));
    let m = write(&w.s, &garage, &cid, "Hello").await;
    w.work().await;
    assert_eq!(see(&w, &garage, &m).await.status, "unknown");
    assert_eq!(code(&connect(&w.s, &garage).await.expect_err("too early")), Code::Conflict);
    jobs::perform(&w.s, Job::Resolve { message_id: m.id })
        .await
        .expect("looked up");
    connect(&w.s, &garage).await.expect("connected");
}

/// Each account has a log of its own: what is unclear is looked up there, and what was lost comes from there.
#[rstest]
#[tokio::test]
async fn each_accounts_log_is_compared_with_ours(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let garage = garage(&w).await;
    reconcile::sync(&w.s).await.expect("begins");
    let cid = customer(&w, &garage, BEN).await;
    w.sim.set_fault(Fault::new(FaultKind::ErrorAfter));
    let m = write(&w.s, &garage, &cid, "Your car is ready").await;
    w.work().await;
    jobs::perform(&w.s, Job::Resolve { message_id: m.id })
        .await
        .expect("looked up");
    assert!(see(&w, &garage, &m).await.provider_sid.is_some());
    w.clock.advance(Duration::minutes(1));
    w.sim.inbound(BEN, GARAGE, "STOP").await;
    w.sim.inbound(ANN, NUMBER, "Hi there").await;
    let synced = reconcile::sync(&w.s).await.expect("both logs are read");
    assert_eq!((synced.brought_in, synced.not_ours), (2, 0));
    let cid = contacts::get(&w.s, &garage, cid.id).await.expect("the contact");
    assert_eq!(cid.consent.sms, domain::consent::State::OptedOut);
    // One log that can't be read keeps nobody from reading the other.
    w.sim.close_account(OWN);
    w.clock.advance(Duration::minutes(1));
    w.sim.inbound(ANN, NUMBER, "Are you open?").await;
    reconcile::sync(&w.s).await.expect_err("one is out of reach");
    assert_eq!(w.thread(&w.holder_of(ANN).await).await.len(), 2);
    tokio::time::timeout(std::time::Duration::from_secs(180), reconcile::catch_up(&w.s))
        .await
        .expect("nobody waits for an account that is closed");
}

#[rstest]
#[tokio::test]
async fn where_the_installation_has_no_account_nobody_elses_speaks_for_it(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    garage(&w).await;
    let ann = w.contact("Ann", ANN).await;
    w.text(ANN, "STOP").await;
    let bare = w.process_without_account().await;
    let mut start = w.inbound(ANN, "START");
    start.account_sid = OWN.to_owned();
    let refused = receiving::receive(&bare, &start, "raw")
        .await
        .expect_err("another business's account");
    assert_eq!(code(&refused), Code::NotFound);
    assert_eq!(w.see_contact(&ann).await.consent.sms, domain::consent::State::OptedOut);
}

/// Whose account it is knows its token, and could sign anything with it.
#[rstest]
#[tokio::test]
async fn an_account_speaks_only_for_the_numbers_and_texts_of_its_business(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    garage(&w).await;
    let ann = w.contact("Ann", ANN).await;
    let mut stop = w.inbound(ANN, "STOP");
    stop.account_sid = OWN.to_owned();
    let refused = receiving::receive(&w.s, &stop, "raw")
        .await
        .expect_err("another account's number");
    assert_eq!(code(&refused), Code::NotFound);
    assert_ne!(w.see_contact(&ann).await.consent.sms, domain::consent::State::OptedOut);
    // A callback about a text whose answer is not there yet, and one without an id before the text has a SID.
    w.sim.set_fault(Fault::new(FaultKind::ErrorAfter));
    w.reply(&ann, "Hello").await.expect("queued");
    w.work().await;
    let m = w.last_message(&ann).await;
    let mut failed = w.status_form(&w.sim.sent_to(ANN)[0].sid, "failed", Some(21610));
    failed.account_sid = OWN.to_owned();
    let refused = delivery::status_changed(&w.s, Some(m.id), &failed)
        .await
        .expect_err("another account's text");
    assert_eq!(code(&refused), Code::NotFound);
    delivery::status_changed(&w.s, None, &failed)
        .await
        .expect("kept, for who knows what");
    jobs::perform(&w.s, Job::Resolve { message_id: m.id }).await.expect("found");
    let m = w.last_message(&ann).await;
    assert!(m.provider_sid.is_some() && m.error_code.is_none(), "{m:?}");
}

/// Shared keys are the account's: they stay when its token changes, and go with the account.
#[rstest]
#[tokio::test]
async fn an_accounts_shared_keys_stay_with_it_and_go_with_it(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let salon = w.business_without_number("Salon").await;
    let add =
        async |actor: &Actor, id: &str, secret: &str| numbers::accounts::add_shared_key(&w.s, actor, id, secret.into()).await;
    assert_eq!(
        code(&add(&salon, "SK1", "one").await.expect_err("no account")),
        Code::Conflict
    );
    let garage = garage(&w).await;
    for (id, secret) in [("", "one"), ("a,b", "one"), ("a=b", "one"), ("SK1", ""), ("SK1", "two words")] {
        let refused = add(&garage, id, secret).await.expect_err("refused").problem();
        assert!(["id", "secret"].contains(&named(&refused).as_str()), "{refused:?}");
    }
    add(&garage, "SK1", "one").await.expect("added");
    add(&garage, "SK1", "another").await.expect("another secret");
    add(&garage, "SK2", "two").await.expect("added");
    let known = |s: &Services| -> Vec<(String, String)> {
        let account = connections::named(s, Some(OWN)).expect("the account");
        let keys = account.keys().shared.iter();
        keys.map(|k| (k.id.clone(), secrecy::ExposeSecret::expose_secret(&k.secret).to_owned()))
            .collect()
    };
    let both = [("SK1".to_owned(), "another".to_owned()), ("SK2".to_owned(), "two".to_owned())];
    assert_eq!(known(&w.s), both);
    assert_eq!(known(&w.another_process().await), both, "other processes know them, too");
    w.sim.set_account(OWN, "a-new-token");
    numbers::accounts::connect(&w.s, &garage, OWN, "a-new-token".into())
        .await
        .expect("a new token");
    assert_eq!(known(&w.s), both);
    numbers::accounts::remove_shared_key(&w.s, &garage, "SK1")
        .await
        .expect("removed");
    let again = numbers::accounts::remove_shared_key(&w.s, &garage, "SK1")
        .await
        .expect_err("gone");
    assert_eq!((code(&again), known(&w.s).len()), (Code::NotFound, 1));
    numbers::accounts::disconnect(&w.s, &garage).await.expect("disconnected");
    numbers::accounts::connect(&w.s, &garage, OWN, "a-new-token".into())
        .await
        .expect("back again");
    assert!(known(&w.s).is_empty());
}
