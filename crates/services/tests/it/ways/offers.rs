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
    assert!(text.starts_with("Bright Dental: would you like offers"), "{text}");
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
