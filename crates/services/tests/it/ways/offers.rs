//! Consent to offers: apart from that to hear of visits, and, where a business wants that, confirmed by whom it is about.

use contract::businesses::Ways;
use domain::consent::State;
use rstest::rstest;
use services::{
    businesses::ways,
    preferences::{self, Act},
};
use testkit::{Backend, World};

use super::{ANN, MAIL, agrees, ann, says, token};

async fn confirmed(w: &World) {
    let wanted = Ways {
        channels: vec!["sms".to_owned(), "email".to_owned()],
        learn: false,
        confirm_offers: true,
    };
    ways::set(&w.s, &w.owner, wanted).await.expect("set");
}

#[rstest]
#[tokio::test]
async fn a_yes_of_somebody_else_s_counts_once_it_is_confirmed(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = ann(&w).await;
    confirmed(&w).await;
    let seen = agrees(&w, &ann, "email", "promotional").await;
    assert_eq!(seen.offers.email, State::Unknown, "not yet");
    agrees(&w, &ann, "email", "promotional").await;
    w.work().await;
    let mails = w.sim.mails_to(MAIL);
    let [mail] = mails.as_slice() else {
        panic!("asked once a day: {mails:?}")
    };
    assert_eq!(mail.subject, "Do you want offers from Bright Dental?");
    agrees(&w, &ann, "sms", "promotional").await;
    w.work().await;
    let texts = w.phone_got(ANN);
    let [text] = texts.as_slice() else { panic!("{texts:?}") };
    assert!(
        text.starts_with("Bright Dental: would you like offers from us? Only if you reply Y"),
        "{text}"
    );
    // The page of either is the same one, and their own.
    let page = token(text, "/u/");
    assert!(preferences::act(&w.s, &page, Act::Offers(true)).await.expect("done"));
    let seen = w.see_contact(&ann).await;
    assert_eq!((seen.offers.sms, seen.offers.email), (State::OptedIn, State::OptedIn));
    // A no counts at once, and a yes of somebody else's does not undo it.
    let seen = says(&w, &ann, "sms", "promotional", "opted_out").await;
    assert_eq!(seen.offers.sms, State::OptedOut);
    let seen = agrees(&w, &ann, "sms", "promotional").await;
    assert_eq!(seen.offers.sms, State::OptedOut);
}

#[rstest]
#[tokio::test]
async fn who_has_not_agreed_to_hear_of_visits_is_not_asked_for_more(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let ann = ann(&w).await;
    says(&w, &ann, "email", "transactional", "opted_out").await;
    confirmed(&w).await;
    agrees(&w, &ann, "email", "promotional").await;
    w.work().await;
    assert!(w.sim.mails_to(MAIL).is_empty());
    let seen = w.see_contact(&ann).await;
    assert_eq!(seen.offers.email, State::OptedOut, "their no covers it");
}

/// What Ann gets offers by.
async fn agreed(w: &World, ann: &contract::contacts::ContactView) -> (State, State) {
    let seen = w.see_contact(ann).await;
    (seen.offers.sms, seen.offers.email)
}

#[rstest]
#[case::yes("Y", State::OptedIn)]
#[case::yes_in_spanish("Si", State::OptedIn)]
#[case::no("N", State::OptedOut)]
#[case::no_more_than_a_nod("ok", State::Unknown)]
#[case::something_else("What offers?", State::Unknown)]
#[tokio::test]
async fn a_y_is_enough_where_it_can_mean_nothing_else(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[case] answer: &str,
    #[case] expected: State,
) {
    let w = World::new(backend).await;
    let ann = ann(&w).await;
    confirmed(&w).await;
    agrees(&w, &ann, "sms", "promotional").await;
    w.work().await;
    w.text(ANN, answer).await;
    w.work().await;
    assert_eq!(agreed(&w, &ann).await, (expected, State::Unknown), "for texts alone");
    if expected == State::OptedIn {
        let ledger = services::contacts::consent::export(&w.s, &w.owner, ann.id)
            .await
            .expect("the ledger");
        let asked = |evidence: &str| evidence.contains("would you like offers from us?") && evidence.contains("Answered");
        assert!(
            ledger.iter().any(|row| row.source == "wrote" && asked(&row.evidence)),
            "{ledger:?}"
        );
    }
    let thanks = "Bright Dental: thank you, you get offers from us now. Reply STOP to opt out.";
    if expected == State::OptedIn {
        // Once, also when they say it again.
        w.text(ANN, answer).await;
        w.work().await;
    }
    let thanked = w.phone_got(ANN).iter().filter(|text| *text == thanks).count();
    assert_eq!(thanked, usize::from(expected == State::OptedIn));
    if answer == "What offers?" {
        assert_eq!(w.phone_got(ANN).len(), 1, "a question of theirs is no failed answer");
    }
}

#[rstest]
#[tokio::test]
async fn a_y_to_a_visit_agrees_to_nothing_more(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = ann(&w).await;
    confirmed(&w).await;
    agrees(&w, &ann, "sms", "promotional").await;
    w.work().await;
    let visit = super::due(&w, &ann).await;
    w.work().await;
    let reminder = w.phone_got(ANN).pop().expect("reminded");
    assert!(reminder.contains("Reply Y to confirm"), "no riddle for the visit: {reminder}");
    w.text(ANN, "Y").await;
    // Once more, as people do.
    w.text(ANN, "Y").await;
    w.work().await;
    assert_eq!(
        w.see_appointment(&visit).await.status,
        contract::appointments::Status::Confirmed
    );
    assert_eq!(agreed(&w, &ann).await.0, State::Unknown);
    // Asked anew the next day, after the visit was answered.
    w.clock.advance(chrono::Duration::hours(23));
    agrees(&w, &ann, "sms", "promotional").await;
    w.work().await;
    w.text(ANN, "Y").await;
    assert_eq!(agreed(&w, &ann).await.0, State::OptedIn);
}

#[rstest]
#[tokio::test]
async fn beside_a_visit_that_waits_the_number_says_that_offers_are_meant(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let ann = ann(&w).await;
    confirmed(&w).await;
    let visit = super::due(&w, &ann).await;
    w.work().await;
    agrees(&w, &ann, "sms", "promotional").await;
    w.work().await;
    let asked = w.phone_got(ANN).pop().expect("asked");
    let token: String = asked
        .split("reply Y")
        .nth(1)
        .unwrap_or_default()
        .chars()
        .take_while(char::is_ascii_digit)
        .collect();
    assert!(!token.is_empty(), "{asked}");
    w.text(ANN, &format!("Y{token}")).await;
    assert_eq!(agreed(&w, &ann).await.0, State::OptedIn);
    assert_eq!(
        w.see_appointment(&visit).await.status,
        contract::appointments::Status::Scheduled
    );
}
