//! The page where somebody says how they are reached.

use contract::contacts::PatchContact;
use domain::consent::{Channel, State};
use rstest::rstest;
use services::{
    contacts,
    preferences::{self, Act, Preferences},
};
use testkit::{Backend, World};

use super::{MAIL, agrees, ann, due, prefers_mail};

async fn link(w: &World, contact: &contract::contacts::ContactView) -> String {
    let link = preferences::get_link(&w.s, &w.owner, contact.id).await.expect("a link");
    let token = link.url.strip_prefix("http://showup.test/u/").expect("an address of ours");
    token.to_owned()
}

async fn shown(w: &World, token: &str) -> Preferences {
    preferences::open(&w.s, token).await.expect("an answer").expect("a page")
}

async fn act(w: &World, token: &str, act: Act) {
    assert!(preferences::act(&w.s, token, act).await.expect("done"));
}

async fn ledger(w: &World, contact: &contract::contacts::ContactView) -> usize {
    let rows = contacts::consent::export(&w.s, &w.owner, contact.id).await;
    rows.expect("the ledger").len()
}

#[rstest]
#[tokio::test]
async fn one_click_ends_mail_and_nothing_else_once(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = ann(&w).await;
    prefers_mail(&w, &ann).await;
    due(&w, &ann).await;
    let token = link(&w, &ann).await;
    for _ in 0..3 {
        shown(&w, &token).await;
    }
    assert_eq!(
        w.see_contact(&ann).await.consent.email,
        State::OptedIn,
        "looking changes nothing"
    );
    act(&w, &token, Act::StopEmails { one_click: true }).await;
    let rows = ledger(&w, &ann).await;
    act(&w, &token, Act::StopEmails { one_click: true }).await;
    assert_eq!(ledger(&w, &ann).await, rows, "said twice it is said once");
    let seen = w.see_contact(&ann).await;
    assert_eq!((seen.consent.email, seen.consent.sms), (State::OptedOut, State::OptedIn));
    let last = contacts::consent::export(&w.s, &w.owner, ann.id)
        .await
        .expect("rows")
        .pop()
        .expect("one");
    assert_eq!(
        (last.channel.as_str(), last.source.as_str(), last.state.as_str()),
        ("email", "preference_page", "opted_out")
    );
    assert!(last.evidence.contains("List-Unsubscribe"), "{}", last.evidence);
    w.work().await;
    assert!(w.sim.mails_to(MAIL).is_empty(), "not even what was due");
    assert_eq!(w.phone_got(super::ANN).len(), 1);
    // Theirs to take back, there alone.
    act(&w, &token, Act::StartEmails).await;
    assert_eq!(w.see_contact(&ann).await.consent.email, State::OptedIn);
    let page = shown(&w, &token).await;
    assert_eq!((page.emails, page.texts), (Some(State::OptedIn), Some(State::OptedIn)));
}

#[rstest]
#[tokio::test]
async fn an_opt_out_belongs_to_the_address(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let first = ann(&w).await;
    act(&w, &link(&w, &first).await, Act::StopEmails { one_click: false }).await;
    let other = w.contact("Ann again", "+14155550109").await;
    let cmd = PatchContact {
        email: Some(Some(MAIL.to_owned())),
        ..PatchContact::default()
    };
    let other = contacts::patch(&w.s, &w.owner, other.id, cmd).await.expect("changed");
    assert_eq!(other.consent.email, State::OptedOut, "whoever it is filed under");
}

#[rstest]
#[tokio::test]
async fn somebody_says_what_suits_them(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = ann(&w).await;
    let token = link(&w, &ann).await;
    assert_eq!(shown(&w, &token).await.first, Channel::Sms);
    let wish = |language: &str, channel: &str| Act::Prefer {
        language: Some(language.to_owned()),
        channel: Some(channel.to_owned()),
    };
    act(&w, &token, wish("es", "email")).await;
    let page = shown(&w, &token).await;
    assert_eq!((page.first, page.words.code), (Channel::Email, "es"));
    let channels = w.see_contact(&ann).await.channels.expect("said");
    assert_eq!(
        (channels.primary.as_str(), channels.secondary.as_deref()),
        ("email", Some("sms"))
    );
    for wrong in [wish("xx", "email"), wish("en", "pigeon")] {
        let refused = preferences::act(&w.s, &token, wrong).await.expect_err("refused");
        assert_eq!(refused.problem().status, 422);
    }
    assert!(!page.offers);
    act(&w, &token, Act::Offers(true)).await;
    let seen = w.see_contact(&ann).await;
    assert_eq!((seen.offers.sms, seen.offers.email), (State::OptedIn, State::OptedIn));
    act(&w, &token, Act::Offers(false)).await;
    assert_eq!(w.see_contact(&ann).await.offers.sms, State::OptedOut);
    assert_eq!(
        w.see_contact(&ann).await.consent.sms,
        State::OptedIn,
        "visits are another matter"
    );
    agrees(&w, &ann, "sms", "transactional").await;
    act(&w, &token, Act::StopEverything).await;
    let seen = w.see_contact(&ann).await;
    assert_eq!((seen.consent.sms, seen.consent.email), (State::OptedOut, State::OptedOut));
    act(&w, &token, Act::Offers(true)).await;
    assert_eq!(
        w.see_contact(&ann).await.offers.sms,
        State::OptedOut,
        "who gets nothing gets no offers"
    );
}

#[rstest]
#[tokio::test]
async fn a_link_is_one_person_s(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = ann(&w).await;
    let token = link(&w, &ann).await;
    let last = if token.ends_with('0') { "1" } else { "0" };
    for forged in [
        format!("{}{last}", &token[..token.len() - 1]),
        String::new(),
        ann.id.to_string(),
    ] {
        assert!(
            preferences::open(&w.s, &forged).await.expect("an answer").is_none(),
            "{forged}"
        );
        let done = preferences::act(&w.s, &forged, Act::StopEverything).await.expect("an answer");
        assert!(!done, "{forged}");
    }
    assert_eq!(w.see_contact(&ann).await.consent.sms, State::OptedIn);
    w.clock.advance(chrono::Duration::days(3_000));
    assert!(
        preferences::open(&w.s, &token).await.expect("an answer").is_some(),
        "it never ends"
    );
}
