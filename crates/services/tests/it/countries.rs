//! A business texts the countries it has chosen, and no other ones.

use chrono::Duration;
use contract::{
    Code,
    accounts::Role,
    businesses::{CountryRule, UpdateCountries},
    contacts::ContactView,
    conversations::Composer,
};
use rstest::rstest;
use sea_orm::{ConnectionTrait, Statement};
use services::{businesses::sending, pages};
use testkit::{Backend, World};

use crate::notifications::person;

const ANN: &str = "+14155550171";
const MIA: &str = "+447700900123";

async fn choose(w: &World, rule: &str, countries: &str) -> services::Result<()> {
    let new = UpdateCountries {
        rule: rule.to_owned(),
        countries: countries.to_owned(),
    };
    sending::update_countries(&w.s, &w.owner, new).await
}

async fn refusal(w: &World, to: &ContactView) -> String {
    let refused = w.reply(to, "Hello").await.expect_err("refused").problem();
    assert_eq!(refused.code, Code::MayNotSend);
    refused.detail
}

#[rstest]
#[tokio::test]
async fn a_new_business_texts_its_own_country_until_it_chooses_more(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let (ann, mia) = (w.contact("Ann", ANN).await, w.contact("Mia", MIA).await);
    w.reply(&ann, "Hello").await.expect("sent");
    let why = refusal(&w, &mia).await;
    assert!(why.contains("United Kingdom") && why.contains("Settings"), "{why}");
    choose(&w, "listed", "US, UK").await.expect("kept");
    w.reply(&mia, "Hello").await.expect("sent");
    w.work().await;
    assert_eq!(w.phone_got(MIA), ["Hello"]);
    // A list is the whole of it.
    choose(&w, "listed", "GB").await.expect("kept");
    assert!(refusal(&w, &ann).await.contains("United States"));
    choose(&w, "everywhere", "").await.expect("kept");
    w.reply(&ann, "Hello again").await.expect("sent");
}

#[rstest]
#[tokio::test]
async fn what_waits_for_a_country_that_was_taken_off_the_list_does_not_leave(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    choose(&w, "listed", "US, GB").await.expect("kept");
    let mia = w.contact("Mia", MIA).await;
    w.reply(&mia, "First").await.expect("stored");
    choose(&w, "home", "").await.expect("kept");
    w.work().await;
    let waits = w.last_message(&mia).await;
    assert_eq!((waits.status.as_str(), w.phone_got(MIA).len()), ("queued", 0));
    assert!(
        waits.status_words.starts_with("Waits: ") && waits.status_words.contains("United Kingdom"),
        "{waits:?}"
    );
    // It goes as soon as it may.
    choose(&w, "everywhere", "").await.expect("kept");
    w.work().await;
    assert_eq!(w.phone_got(MIA), ["First"]);
    // And is given up visibly if it may not for a day.
    w.reply(&mia, "Second").await.expect("stored");
    choose(&w, "home", "").await.expect("kept");
    w.work().await;
    w.clock.advance(Duration::hours(25));
    w.work().await;
    let given_up = w.last_message(&mia).await;
    assert_eq!(given_up.status, "cancelled");
    assert!(
        given_up.error.as_deref().is_some_and(|why| why.contains("United Kingdom")),
        "{given_up:?}"
    );
    assert_eq!(w.phone_got(MIA), ["First"]);
}

#[rstest]
#[tokio::test]
async fn who_writes_from_elsewhere_is_heard_and_answered_by_nobody_but_a_person(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    w.text(MIA, "HELP").await;
    w.work().await;
    assert!(w.phone_got(MIA).is_empty());
    let task = w.open_tasks().await.remove(0);
    assert!(task.title.contains("could not be answered automatically"), "{task:?}");
    let row = services::conversations::page(&w.s, &w.owner, Default::default())
        .await
        .expect("the inbox")
        .data
        .remove(0);
    let thread = pages::thread::thread(&w.s, &w.owner, row.id, Default::default())
        .await
        .expect("the thread");
    let Composer::Closed { reason, next_step } = thread.composer else {
        panic!("{:?}", thread.composer)
    };
    assert!(
        reason.contains("United Kingdom") && next_step.contains("Settings"),
        "{reason} {next_step}"
    );
    // A STOP counts from everywhere.
    w.text(MIA, "STOP").await;
    assert!(w.holder_of(MIA).await.consent.sms == domain::consent::State::OptedOut);
}

#[rstest]
#[tokio::test]
async fn a_business_from_before_there_was_a_choice_texts_everywhere(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let db = w.s.db().connection();
    let sql = "UPDATE business SET texts_to = NULL";
    db.execute_raw(Statement::from_string(db.get_database_backend(), sql))
        .await
        .expect("as an upgrade leaves it");
    let mia = w.contact("Mia", MIA).await;
    w.reply(&mia, "Hello").await.expect("sent");
    w.work().await;
    assert_eq!(w.phone_got(MIA), ["Hello"]);
    let shown = pages::settings::sending(&w.s, &w.owner)
        .await
        .expect("the settings")
        .countries;
    assert_eq!((shown.rule, shown.shared_code), (CountryRule::Everywhere, Some(1)));
}

#[rstest]
#[tokio::test]
async fn only_countries_that_we_know_are_taken_and_only_from_who_may(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let wrong = async |rule: &str, countries: &str, at: &str| {
        let refused = choose(&w, rule, countries).await.expect_err("refused").problem();
        refused.for_field(at).unwrap_or_default().to_owned()
    };
    assert!(wrong("listed", "Italy, Fraance", "countries").await.contains("“Fraance”"));
    assert!(wrong("listed", " , ", "countries").await.contains("at least one"));
    assert!(wrong("some", "", "rule").await.contains("one of the three"));
    let sam = person(&w, Role::Staff, "Sam").await;
    let new = UpdateCountries {
        rule: "everywhere".to_owned(),
        countries: String::new(),
    };
    let refused = sending::update_countries(&w.s, &sam, new).await.expect_err("refused");
    assert_eq!(refused.problem().code, Code::NotAllowed);
    choose(&w, "listed", "Italy, US").await.expect("kept");
    let shown = pages::settings::sending(&w.s, &w.owner)
        .await
        .expect("the settings")
        .countries;
    let names: Vec<&str> = shown.listed.iter().map(|country| country.name.as_str()).collect();
    assert_eq!(
        (shown.rule, names.as_slice()),
        (CountryRule::Listed, ["Italy", "United States"].as_slice())
    );
}
