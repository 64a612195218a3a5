//! The form by which anybody joins a waitlist, and the codes that show whose a phone is.

use std::{collections::BTreeSet, net::IpAddr};

use chrono::Duration;
use contract::{
    contacts::PatchContact,
    waitlist::{EntryQuery, EntryView},
};
use domain::consent::State;
use rstest::rstest;
use services::{
    Actor, contacts,
    contacts::consent,
    platform, waitlist,
    waitlist_form::{self, Asked, Field, Joined, Typed, list},
};
use testkit::{Backend, World};

const ANN: &str = "+14155550171";
const SLUG: &str = "bright-dental";

fn home() -> Option<IpAddr> {
    Some("192.0.2.7".parse().expect("an address"))
}

fn typed(phone: &str) -> Typed {
    Typed {
        name: "Ann Lee".to_owned(),
        phone: phone.to_owned(),
        agrees: true,
        parts: vec!["morning".to_owned()],
        notes: "After school, please".to_owned(),
        ..waitlist_form::untouched()
    }
}

/// A business whose form is on.
async fn open(backend: Backend) -> World {
    let w = World::new(backend).await;
    let on = waitlist_form::switch(&w.s, &w.owner, true).await.expect("switched on");
    assert_eq!((on.on, on.url.as_str()), (true, "http://showup.test/w/bright-dental"));
    w
}

async fn ask_from(w: &World, phone: &str, from: Option<IpAddr>) -> Asked {
    let asked = Box::pin(waitlist_form::ask(&w.s, SLUG, &typed(phone), from)).await;
    asked.expect("an answer").expect("a form").1
}

/// Asks for a code, and gives what the page knows it by.
async fn ask(w: &World, phone: &str) -> String {
    match ask_from(w, phone, home()).await {
        Asked::Sent(ticket) => ticket,
        Asked::Wrong(wrong) => panic!("{wrong:?}"),
    }
}

/// The code of the latest text with one that a phone got.
async fn code(w: &World, phone: &str) -> String {
    w.work().await;
    let texts = w.phone_got(phone);
    let with_one = texts.iter().rev().find(|text| text.contains("your code"));
    let text = with_one.unwrap_or_else(|| panic!("no code: {texts:?}"));
    let digits = text.split(|c: char| !c.is_ascii_digit()).find(|part| part.len() == 6);
    digits.unwrap_or_else(|| panic!("no code: {text}")).to_owned()
}

/// One that is not this.
fn another(code: &str) -> String {
    let number: u32 = code.parse().expect("digits");
    format!("{:06}", (number + 1) % 1_000_000)
}

async fn join(w: &World, phone: &str, ticket: &str, code: &str) -> Joined {
    let joined = Box::pin(waitlist_form::join(&w.s, SLUG, &typed(phone), (ticket, code), home())).await;
    joined.expect("an answer").expect("a form").1
}

fn on(joined: Joined) -> String {
    match joined {
        Joined::On(token) => token,
        Joined::Wrong(wrong) => panic!("{wrong:?}"),
    }
}

/// What is said is wrong with the code.
fn said(joined: Joined) -> &'static str {
    match joined {
        Joined::On(_) => "on the list",
        Joined::Wrong(wrong) => {
            assert_eq!(wrong.iter().map(|one| one.field).collect::<Vec<_>>(), [Field::Code]);
            wrong[0].says
        }
    }
}

async fn entries(w: &World, actor: &Actor) -> Vec<EntryView> {
    let all = waitlist::list(&w.s, actor, EntryQuery::default()).await;
    all.expect("the list").data
}

#[rstest]
#[tokio::test]
async fn a_stranger_joins_with_a_code_and_leaves_by_the_link(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = open(backend).await;
    let ticket = ask(&w, "(415) 555-0171").await;
    assert!(
        entries(&w, &w.owner).await.is_empty(),
        "nobody is on the list by typing a number"
    );
    let stranger = w.holder_of(ANN).await;
    assert_eq!((stranger.name.as_str(), stranger.consent.sms), ("", State::Unknown));
    assert!(stranger.phone_verified_at.is_none());

    let code = code(&w, ANN).await;
    let got = w.phone_got(ANN);
    assert_eq!(got.len(), 1);
    assert!(got[0].starts_with("Bright Dental: ") && got[0].len() <= 160, "{}", got[0]);
    // As a phone's keyboard writes it.
    let token = on(join(&w, ANN, &ticket, &format!("{} {}", &code[..3], &code[3..])).await);

    let ann = w.holder_of(ANN).await;
    assert_eq!((ann.name.as_str(), ann.consent.sms), ("Ann Lee", State::OptedIn));
    assert_eq!(ann.phone_verified_at, Some(w.clock.now()));
    let waiting = entries(&w, &w.owner).await;
    assert_eq!(waiting.len(), 1);
    let entry = &waiting[0];
    assert_eq!(
        (entry.contact_id, entry.source.as_str(), entry.for_name.as_deref()),
        (ann.id, "form", None)
    );
    assert_eq!(entry.windows[0].to.as_deref(), Some("12:00"));
    assert_eq!((entry.notes.as_str(), entry.notice_minutes), ("After school, please", 60));
    let agreed = "I agree that Bright Dental texts me when a time opens, and about visits I take. I can reply STOP at any time. Message and \
                  data rates may apply.";
    assert_eq!(entry.consent, agreed, "word for word");
    let ledger = consent::export(&w.s, &w.owner, ann.id).await.expect("the ledger");
    let row = ledger
        .iter()
        .find(|row| row.source == "waitlist_form")
        .expect("how they agreed");
    assert_eq!(row.evidence, agreed);

    // They are told, with the link that takes them off it.
    w.work().await;
    let told = w.phone_got(ANN).pop().expect("a text");
    assert!(
        told.starts_with("You're on Bright Dental's waitlist.") && told.contains("STOP"),
        "{told}"
    );
    assert!(told.ends_with(&format!(" http://showup.test/l/{token}")), "{told}");

    // The link shows, and a button leaves.
    for _ in 0..2 {
        let page = list::open(&w.s, &token).await.expect("an answer").expect("a page");
        assert!(page.waits, "looking changes nothing");
    }
    for _ in 0..2 {
        assert!(list::leave(&w.s, &token).await.expect("left"));
    }
    let page = list::open(&w.s, &token).await.expect("an answer").expect("a page");
    assert!(!page.waits && page.slug.as_deref() == Some(SLUG));
    assert!(entries(&w, &w.owner).await.is_empty());
    assert!(list::open(&w.s, "0123456789abcdefghijkl").await.expect("an answer").is_none());
    assert!(!list::leave(&w.s, &token.replace(&token[..1], "z")).await.expect("an answer"));
}

#[rstest]
#[tokio::test]
async fn nobody_learns_whether_a_number_is_known(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = open(backend).await;
    let known = w.contact("Ben Known", "+14155550172").await;
    let stopped = w.contact("Cleo Stopped", "+14155550173").await;
    w.text("+14155550173", "STOP").await;
    let blocked = w.contact("Dora Blocked", "+14155550174").await;
    contacts::set_blocked(&w.s, &w.owner, blocked.id, true)
        .await
        .expect("blocked");
    let held = w.contact("Eve Held", "+14155550175").await;
    w.text("+14155550175", "please take me off your list").await;
    assert!(w.see_contact(&held).await.held_since.is_some());
    w.work().await;
    let before: Vec<usize> = (1..=5).map(|n| w.phone_got(&format!("+1415555017{n}")).len()).collect();

    let mut answers = BTreeSet::new();
    for n in 1..=5 {
        let phone = format!("+1415555017{n}");
        let ticket = ask(&w, &phone).await;
        w.work().await;
        // Each is asked for a code, and a wrong one is wrong.
        answers.insert(said(join(&w, &phone, &ticket, "12").await));
    }
    assert_eq!(answers.len(), 1, "{answers:?}");
    let got: Vec<usize> = (1..=5)
        .zip(before)
        .map(|(n, before)| w.phone_got(&format!("+1415555017{n}")).len() - before)
        .collect();
    assert_eq!(got, [1, 1, 0, 0, 0], "who wants no texts gets none");
    assert_eq!(w.see_contact(&stopped).await.consent.sms, State::OptedOut);

    // Who is known keeps their name, whatever the form says; it is then for whom they said.
    let ticket = {
        w.clock.advance(Duration::minutes(1));
        ask(&w, &known.phone).await
    };
    let right = code(&w, &known.phone).await;
    on(join(&w, &known.phone, &ticket, &right).await);
    assert_eq!(w.see_contact(&known).await.name, "Ben Known");
    assert_eq!(entries(&w, &w.owner).await[0].for_name.as_deref(), Some("Ann Lee"));
}

#[rstest]
#[tokio::test]
async fn a_code_can_be_guessed_at_five_times(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = open(backend).await;
    let ticket = ask(&w, ANN).await;
    let right = code(&w, ANN).await;
    let wrong = another(&right);
    // What can't be a code is no guess.
    for _ in 0..9 {
        assert_eq!(
            said(join(&w, ANN, &ticket, "I have none").await),
            said(join(&w, ANN, &ticket, "").await)
        );
    }
    let mut heard = Vec::new();
    for _ in 0..6 {
        heard.push(said(join(&w, ANN, &ticket, &wrong).await));
    }
    assert_eq!(heard[0], heard[2]);
    assert!(heard[3].ends_with("You can try once more."), "{heard:?}");
    assert!(heard[4].contains("tried too often") && heard[4] == heard[5], "{heard:?}");
    assert_eq!(
        said(join(&w, ANN, &ticket, &right).await),
        heard[5],
        "the right one comes too late"
    );
    assert!(entries(&w, &w.owner).await.is_empty());
    assert_eq!(w.holder_of(ANN).await.phone_verified_at, None);

    // Another one begins anew; the first ticket opens nothing with it.
    w.clock.advance(Duration::minutes(1));
    let next = ask(&w, ANN).await;
    let right = code(&w, ANN).await;
    assert_eq!(said(join(&w, ANN, &ticket, &right).await), heard[5]);
    on(join(&w, ANN, &next, &right).await);
}

#[rstest]
#[tokio::test]
async fn many_who_guess_at_once_have_five_tries_together(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = open(backend).await;
    let ticket = ask(&w, ANN).await;
    let right = code(&w, ANN).await;
    let wrong = another(&right);
    let form = typed(ANN);
    let guess = || Box::pin(waitlist_form::join(&w.s, SLUG, &form, (&ticket, &wrong), None));
    let guesses = futures::future::join_all((0..20).map(|_| guess())).await;
    let heard: Vec<&str> = guesses
        .into_iter()
        .map(|one| said(one.expect("an answer").expect("a form").1))
        .collect();
    assert_eq!(
        heard.iter().filter(|says| !says.contains("too often")).count(),
        4,
        "{heard:?}"
    );
    assert!(said(join(&w, ANN, &ticket, &right).await).contains("too often"));
}

#[rstest]
#[tokio::test]
async fn a_code_is_good_once_and_for_ten_minutes(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = open(backend).await;
    let ticket = ask(&w, ANN).await;
    let right = code(&w, ANN).await;
    // Pressed twice, in two tabs: one entry, and both are led to it.
    let form = typed(ANN);
    let press = || Box::pin(waitlist_form::join(&w.s, SLUG, &form, (&ticket, &right), home()));
    let (one, other) = tokio::join!(press(), press());
    let (one, other) = (one.expect("an answer"), other.expect("an answer"));
    let (one, other) = (on(one.expect("a form").1), on(other.expect("a form").1));
    assert_eq!(one, other);
    assert_eq!(entries(&w, &w.owner).await.len(), 1);
    // Whoever has seen the code needs the ticket, too; and another business knows neither.
    assert!(said(join(&w, ANN, "0123456789abcdefghijklmnopqrstuvwxyz", &right).await).contains("too old"));
    // What they left does not come back by a code that was used.
    list::leave(&w.s, &one).await.expect("left");
    on(join(&w, ANN, &ticket, &right).await);
    assert!(entries(&w, &w.owner).await.is_empty());

    w.clock.advance(Duration::minutes(1));
    let ticket = ask(&w, ANN).await;
    let right = code(&w, ANN).await;
    w.clock.advance(Duration::minutes(10));
    assert!(said(join(&w, ANN, &ticket, &right).await).contains("too old"));
    assert!(entries(&w, &w.owner).await.is_empty());
}

#[rstest]
#[tokio::test]
async fn who_joins_again_waits_once_for_what_they_say_now(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = open(backend).await;
    let mut tokens = BTreeSet::new();
    for notes in ["Mornings, please", "Any time now"] {
        let form = Typed {
            notes: notes.to_owned(),
            ..typed(ANN)
        };
        let asked = Box::pin(waitlist_form::ask(&w.s, SLUG, &form, home())).await;
        let Some((_, Asked::Sent(ticket))) = asked.expect("an answer") else {
            panic!("no code");
        };
        let right = code(&w, ANN).await;
        let joined = Box::pin(waitlist_form::join(&w.s, SLUG, &form, (&ticket, &right), home())).await;
        tokens.insert(on(joined.expect("an answer").expect("a form").1));
        w.clock.advance(Duration::minutes(2));
    }
    let waiting = entries(&w, &w.owner).await;
    assert_eq!(waiting.len(), 1);
    assert_eq!((tokens.len(), waiting[0].notes.as_str()), (1, "Any time now"));
}

#[rstest]
#[tokio::test]
async fn a_thousand_requests_are_five_texts_a_day(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = open(backend).await;
    let other = w.another_business().await;
    waitlist_form::switch(&w.s, &other, true).await.expect("switched on");
    let (mut sent, mut says) = (0, BTreeSet::new());
    for n in 0..1000_u32 {
        // From everywhere, and at both businesses.
        let from = Some(IpAddr::V4((0xC633_6400 + n).into()));
        let slug = if n % 2 == 0 { SLUG } else { "corner-garage" };
        let asked = Box::pin(waitlist_form::ask(&w.s, slug, &typed(ANN), from)).await;
        match asked.expect("an answer").expect("a form").1 {
            Asked::Sent(_) => sent += 1,
            Asked::Wrong(wrong) => _ = says.insert(wrong[0].says),
        }
        w.clock.advance(Duration::seconds(20));
    }
    w.work().await;
    assert_eq!(sent, 5);
    // The first are too old by now; no phone gets more than was asked for.
    assert!(w.phone_got(ANN).len() <= 5);
    assert_eq!(says.len(), 2, "a minute, and tomorrow: {says:?}");
    w.clock.advance(Duration::days(1));
    ask(&w, ANN).await;
}

#[rstest]
#[tokio::test]
async fn one_network_and_one_business_have_their_bounds(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = open(backend).await;
    let number = |n: u32| format!("+1415556{n:04}");
    let mut sent = 0;
    for n in 0..20 {
        sent += usize::from(matches!(ask_from(&w, &number(n), home()).await, Asked::Sent(_)));
    }
    assert_eq!(sent, 12, "from one network");
    for n in 20..80 {
        let from = Some(IpAddr::V4((0xC633_6400 + n).into()));
        sent += usize::from(matches!(ask_from(&w, &number(n), from).await, Asked::Sent(_)));
    }
    assert_eq!(sent, 40, "at one business within an hour");
    w.clock.advance(Duration::hours(1));
    ask(&w, ANN).await;
}

#[rstest]
#[tokio::test]
async fn a_code_that_could_not_leave_in_time_does_not_leave(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = open(backend).await;
    ask(&w, ANN).await;
    w.clock.advance(Duration::minutes(11));
    w.work().await;
    assert!(w.phone_got(ANN).is_empty());
    assert!(w.open_tasks().await.is_empty(), "whoever waits for it asks anew");

    // One who says STOP between asking and sending gets nothing.
    ask(&w, ANN).await;
    w.text(ANN, "STOP").await;
    w.work().await;
    assert!(
        w.phone_got(ANN).iter().all(|text| !text.contains("code")),
        "{:?}",
        w.phone_got(ANN)
    );
}

#[rstest]
#[tokio::test]
async fn a_number_that_moved_on_proves_nothing(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = open(backend).await;
    let ann = w.contact("Ann", ANN).await;
    let ticket = ask(&w, ANN).await;
    let right = code(&w, ANN).await;
    let number = |phone: &str| PatchContact {
        phone: Some(phone.to_owned()),
        ..PatchContact::default()
    };
    contacts::patch(&w.s, &w.owner, ann.id, number("+14155550199"))
        .await
        .expect("another number");
    assert!(said(join(&w, ANN, &ticket, &right).await).contains("too old"));

    // And one that was proved is not proved for another.
    contacts::patch(&w.s, &w.owner, ann.id, number(ANN)).await.expect("back");
    w.clock.advance(Duration::minutes(1));
    let ticket = ask(&w, ANN).await;
    let right = code(&w, ANN).await;
    on(join(&w, ANN, &ticket, &right).await);
    assert!(w.see_contact(&ann).await.phone_verified_at.is_some());
    contacts::patch(&w.s, &w.owner, ann.id, number("+14155550199"))
        .await
        .expect("another number");
    assert!(w.see_contact(&ann).await.phone_verified_at.is_none());
}

#[rstest]
#[tokio::test]
async fn there_is_a_form_only_where_the_business_wants_one(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let at = async |slug: &str| waitlist_form::open(&w.s, slug, None).await.expect("an answer").is_some();
    assert!(!at(SLUG).await, "off until it is switched on");
    waitlist_form::switch(&w.s, &w.owner, true).await.expect("switched on");
    assert!(at(SLUG).await && !at("nobody").await && !at("corner-garage").await);
    let asked = Box::pin(waitlist_form::ask(&w.s, "nobody", &typed(ANN), home())).await;
    assert!(asked.expect("an answer").is_none());
    // Abroad is refused alike, whoever has the number.
    match ask_from(&w, "+46701234567", home()).await {
        Asked::Wrong(wrong) => assert_eq!(wrong[0].field, Field::Phone),
        Asked::Sent(_) => panic!("this business texts its own country"),
    }
    waitlist_form::switch(&w.s, &w.owner, false).await.expect("switched off");
    assert!(!at(SLUG).await);
    waitlist_form::switch(&w.s, &w.owner, true).await.expect("switched on");
    let admin = crate::platform::ada(&w).await;
    platform::suspend(&w.s, &admin, w.owner.business_id, "Bills are open")
        .await
        .expect("suspended");
    assert!(!at(SLUG).await, "nobody could be texted");
}

#[rstest]
#[tokio::test]
async fn where_is_asked_only_where_there_are_several_places(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = open(backend).await;
    let place = async |name: &str| {
        let cmd = contract::businesses::SaveLocation {
            name: name.to_owned(),
            ..Default::default()
        };
        services::businesses::locations::save(&w.s, &w.owner, None, cmd)
            .await
            .expect("a place")
            .id
    };
    let asked = async || {
        let page = waitlist_form::open(&w.s, SLUG, None)
            .await
            .expect("an answer")
            .expect("a form");
        page.places.into_iter().map(|(_, name)| name).collect::<Vec<_>>()
    };
    place("North").await;
    assert!(asked().await.is_empty(), "one place is no choice");
    let south = place("South").await;
    assert_eq!(asked().await, ["North", "South"]);

    let wish = Typed {
        places: vec![south.to_string()],
        ..typed(ANN)
    };
    let asked = waitlist_form::ask(&w.s, SLUG, &wish, home())
        .await
        .expect("an answer")
        .expect("a form")
        .1;
    let Asked::Sent(ticket) = asked else { panic!("{asked:?}") };
    let code = code(&w, ANN).await;
    let joined = Box::pin(waitlist_form::join(&w.s, SLUG, &wish, (&ticket, &code), home())).await;
    on(joined.expect("an answer").expect("a form").1);
    assert_eq!(entries(&w, &w.owner).await[0].location_ids, [south]);
    let elsewhere = Typed {
        places: vec![w.owner.business_id.to_string()],
        ..typed("+14155550172")
    };
    match waitlist_form::ask(&w.s, SLUG, &elsewhere, home())
        .await
        .expect("an answer")
        .expect("a form")
        .1
    {
        Asked::Wrong(wrong) => assert_eq!(wrong[0].field, Field::Places),
        Asked::Sent(_) => panic!("there is no such place"),
    }
}
