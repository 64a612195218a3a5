//! STOP, START, HELP, and the ledger of how it came to that.

use domain::consent::State;
use entity::contacts::consent_event;
use rstest::rstest;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, sea_query::Expr};
use services::{contacts, contacts::consent, pages};
use testkit::{Backend, World};

const ANN: &str = "+14155550171";

#[rstest]
#[tokio::test]
async fn stop_and_start_are_obeyed_at_once_and_written_down_with_their_words(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    w.text(ANN, "Stop!").await;
    assert_eq!(w.see_contact(&ann).await.consent.sms, State::OptedOut);
    w.text(ANN, "hello?").await;
    w.text(ANN, "HELP").await;
    w.work().await;
    assert!(
        w.phone_got(ANN).is_empty(),
        "not even a correction or HELP after STOP: Twilio has answered"
    );
    w.text(ANN, "yes").await;
    assert_eq!(
        w.see_contact(&ann).await.consent.sms,
        State::OptedIn,
        "YES while opted out opts in again"
    );
    let page = pages::contact::page(&w.s, &w.owner, ann.id).await.expect("page");
    let rows: Vec<_> = page
        .ledger
        .iter()
        .map(|e| (e.state, e.source.as_str(), e.purpose.as_str()))
        .collect();
    assert_eq!(
        rows,
        [
            (State::OptedIn, "keyword", "transactional"),
            (State::OptedOut, "keyword", "promotional"),
            (State::OptedOut, "keyword", "transactional"),
            (State::OptedIn, "booking", "transactional"),
        ]
    );
    assert!(
        page.ledger[1].evidence.contains("\"Stop!\" (SM"),
        "{}",
        page.ledger[1].evidence
    );
}

#[rstest]
#[tokio::test]
async fn help_says_who_and_how_to_stop(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    w.text(ANN, "help").await;
    w.work().await;
    let text = w.phone_got(ANN).pop().expect("an answer");
    for word in ["Bright Dental", "(415) 555-0100", "STOP"] {
        assert!(text.contains(word), "{text}");
    }
}

#[rstest]
#[tokio::test]
async fn with_advanced_opt_out_twilios_word_counts_and_nothing_is_answered(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    for (body, kind) in [("AIDE", "HELP"), ("ARRET", "STOP")] {
        let mut form = w.inbound(ANN, body);
        form.opt_out_type = Some(kind.to_owned());
        services::receiving::receive(&w.s, &form, "").await.expect("taken");
    }
    w.work().await;
    assert!(w.phone_got(ANN).is_empty());
    assert_eq!(w.see_contact(&ann).await.consent.sms, State::OptedOut);
}

#[rstest]
#[tokio::test]
async fn a_changed_or_missing_ledger_row_is_found(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    w.contact("Ann", ANN).await;
    w.text(ANN, "STOP").await;
    w.text(ANN, "START").await;
    assert_eq!(consent::verify(&w.s).await.expect("answers"), Ok(4));
    let db = w.s.db().connection();
    let row = |seq: i64| consent_event::Column::Seq.eq(seq);
    let set = |value: &str| {
        consent_event::Entity::update_many()
            .col_expr(consent_event::Column::Evidence, Expr::value(value))
            .filter(row(2))
    };
    let before = consent_event::Entity::find()
        .filter(row(2))
        .one(db)
        .await
        .expect("row")
        .expect("row")
        .evidence;
    set("never said that").exec(db).await.expect("tampered");
    assert_eq!(consent::verify(&w.s).await.expect("answers").expect_err("broken").seq, 2);
    set(&before).exec(db).await.expect("put back");
    assert!(consent::verify(&w.s).await.expect("answers").is_ok());
    let state = |value: &str| {
        entity::contacts::consent::Entity::update_many().col_expr(entity::contacts::consent::Column::State, Expr::value(value))
    };
    state("opted_out").exec(db).await.expect("tampered");
    let broken = consent::verify(&w.s).await.expect("answers").expect_err("broken");
    assert_eq!((broken.seq, broken.what), (4, "is not what the contact's consent says"));
    let promotional = entity::contacts::consent::Column::Purpose.eq("promotional");
    state("opted_in").exec(db).await.expect("put back");
    state("opted_out").filter(promotional).exec(db).await.expect("put back");
    assert!(consent::verify(&w.s).await.expect("answers").is_ok());
    consent_event::Entity::delete_many()
        .filter(row(4))
        .exec(db)
        .await
        .expect("deleted");
    let broken = consent::verify(&w.s)
        .await
        .expect("answers")
        .expect_err("the last row is missing");
    assert_eq!((broken.seq, broken.what), (4, "is missing at the end"));
    consent_event::Entity::delete_many()
        .filter(row(2))
        .exec(db)
        .await
        .expect("deleted");
    let broken = consent::verify(&w.s).await.expect("answers").expect_err("one in the middle");
    assert_eq!((broken.seq, broken.what), (2, "is missing"));
}

#[rstest]
#[tokio::test]
async fn many_consents_at_once_are_one_unbroken_chain(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = std::sync::Arc::new(World::new(backend).await);
    let crowd: Vec<_> = (0..20)
        .map(|n| {
            let w = w.clone();
            tokio::spawn(async move { w.contact(&format!("P{n}"), &format!("+141555502{n:02}")).await })
        })
        .collect();
    for one in crowd {
        one.await.expect("no panic");
    }
    assert_eq!(consent::verify(&w.s).await.expect("answers"), Ok(20));
}

#[rstest]
#[tokio::test]
async fn a_stop_belongs_to_the_number_not_to_the_card_it_is_filed_under(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    use contract::contacts::{CreateContact, OptIn, RecordConsent, UpdateContact};
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    w.text(ANN, "STOP").await;
    let to = async |phone: &str| {
        let cmd = UpdateContact {
            id: ann.id,
            name: "Ann".to_owned(),
            phone: phone.to_owned(),
            email: None,
            time_zone: None,
            notes: None,
        };
        contacts::update(&w.s, &w.owner, cmd).await.expect("updated").consent.sms
    };
    assert_eq!(to("+14155550172").await, State::Unknown, "another number was not asked yet");
    let opt_in = Some(OptIn {
        channel: "sms".to_owned(),
        source: "booking".to_owned(),
    });
    let cmd = CreateContact {
        name: "Ben".to_owned(),
        phone: ANN.to_owned(),
        opt_in,
        ..Default::default()
    };
    let ben = contacts::create(&w.s, &w.owner, cmd).await.expect("created");
    assert_eq!(
        ben.consent.sms,
        State::OptedOut,
        "the number that said STOP stays stopped under a new name"
    );
    let forget = RecordConsent {
        contact_id: ben.id,
        state: State::Unknown,
        evidence: "x".to_owned(),
    };
    contacts::record_consent(&w.s, &w.owner, forget)
        .await
        .expect_err("a refusal can't be forgotten by hand");
    w.text(ANN, "START").await;
    assert_eq!(w.see_contact(&ben).await.consent.sms, State::OptedIn);
}

#[rstest]
#[tokio::test]
async fn a_text_that_waits_never_goes_to_a_number_that_was_changed(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    use contract::contacts::{RecordConsent, UpdateContact};
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    w.sim.set_fault(testkit::Fault::new(testkit::FaultKind::RateLimit));
    w.reply(&ann, "Your results are in").await.expect("queued");
    w.work().await;
    let cmd = UpdateContact {
        id: ann.id,
        name: "Ann".to_owned(),
        phone: "+14155550172".to_owned(),
        email: None,
        time_zone: None,
        notes: None,
    };
    contacts::update(&w.s, &w.owner, cmd).await.expect("updated");
    let agreed = RecordConsent {
        contact_id: ann.id,
        state: State::OptedIn,
        evidence: "said so".to_owned(),
    };
    contacts::record_consent(&w.s, &w.owner, agreed).await.expect("recorded");
    w.clock.advance(chrono::Duration::minutes(5));
    w.work().await;
    assert!(w.phone_got(ANN).is_empty() && w.phone_got("+14155550172").is_empty());
}

/// Strangers who write at the same moment are noted at once; what one of their numbers said before holds for that one alone.
#[rstest]
#[tokio::test]
async fn among_strangers_who_write_together_only_whose_number_said_stop_is_opted_out(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    use contract::contacts::UpdateContact;
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    w.text(ANN, "STOP").await;
    let moved = UpdateContact {
        id: ann.id,
        name: "Ann".to_owned(),
        phone: "+14155550172".to_owned(),
        email: None,
        time_zone: None,
        notes: None,
    };
    contacts::update(&w.s, &w.owner, moved).await.expect("updated");
    let phones: Vec<String> = (10..30).map(|n| format!("+141555501{n}")).chain([ANN.to_owned()]).collect();
    let cursor = services::live::cursor(&w.s, w.owner.business_id).await.expect("a cursor");
    futures::future::join_all(phones.iter().map(|phone| w.text(phone, "Do you take new patients?"))).await;
    let told = services::live::after(&w.s, &w.owner, cursor).await.expect("events").events;
    for phone in &phones {
        let person = w.holder_of(phone).await;
        let stand = if phone == ANN { State::OptedOut } else { State::Unknown };
        assert_eq!(person.consent.sms, stand, "{phone}");
        let shown = told.iter().rev().find_map(|(_, event)| match event {
            contract::live::LiveEvent::Contact(shown) if shown.id == person.id => Some(shown),
            _ => None,
        });
        assert_eq!(shown, Some(&person), "a stream shows what a page does");
    }
    assert!(consent::verify(&w.s).await.expect("read").is_ok(), "the ledger says so, too");
}
