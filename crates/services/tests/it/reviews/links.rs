//! Short links: where they lead, who opened them, and how they end.

use chrono::Duration;
use contract::reviews::Status;
use rstest::rstest;
use services::{review_platforms, reviews, reviews::Opened};
use testkit::{Backend, World};

use super::{ANN, GOOGLE, after, agreed, asked, kept, platform, the_request};

const PHONE: &str =
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 Version/17.5 Mobile/15E148 Safari/604.1";

/// Ann was asked; the short name of her link.
async fn link(w: &World) -> String {
    let ann = agreed(w, "Ann Lee", ANN).await;
    kept(w, &ann).await;
    after(w, Duration::hours(1)).await;
    let text = asked(w, ANN).remove(0);
    let rest = text.split("/r/").nth(1).expect("a link");
    rest.chars().take_while(char::is_ascii_alphanumeric).collect()
}

async fn open(w: &World, code: &str, head: bool, agent: &str) -> Opened {
    reviews::open(&w.s, code, head, false, Some(agent)).await.expect("opened")
}

#[rstest]
#[tokio::test]
async fn people_and_machines_get_there_and_are_counted_apart(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    platform(&w, "google", GOOGLE).await;
    let code = link(&w).await;
    assert_eq!(code.len(), 7);
    let there = Opened::To(GOOGLE.to_owned());
    // Within five seconds of the text it is a machine, whatever it calls itself.
    assert_eq!(open(&w, &code, false, PHONE).await, there);
    w.clock.advance(Duration::seconds(30));
    assert_eq!(open(&w, &code, true, PHONE).await, there);
    assert_eq!(open(&w, &code, false, "WhatsApp/2.23.20.0").await, there);
    let seen = the_request(&w).await;
    assert_eq!((seen.status, seen.clicks, seen.machines), (Status::Sent, 0, 3));
    assert_eq!(open(&w, &code, false, PHONE).await, there);
    assert_eq!(open(&w, &code, false, PHONE).await, there);
    let seen = the_request(&w).await;
    assert_eq!((seen.status, seen.clicks, seen.machines), (Status::Clicked, 2, 3));
    let figures = reviews::overview(&w.s, &w.owner).await.expect("figures").figures;
    assert_eq!(
        (figures.asked, figures.opened, figures.people, figures.machines),
        (1, 1, 2, 3)
    );
}

#[rstest]
#[tokio::test]
async fn a_link_ends_with_its_time_or_its_platform_and_a_forged_one_is_nothing(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let page = platform(&w, "google", GOOGLE).await;
    let code = link(&w).await;
    for forged in ["zzzzzzz", "short", "../admin", &format!("{code}0")] {
        assert_eq!(open(&w, forged, false, PHONE).await, Opened::Nothing, "{forged}");
    }
    w.clock.advance(Duration::days(90) - Duration::seconds(1));
    assert!(matches!(open(&w, &code, false, PHONE).await, Opened::To(_)));
    w.clock.advance(Duration::seconds(1));
    let ended = open(&w, &code, false, PHONE).await;
    assert!(
        matches!(&ended, Opened::Ended { business, .. } if business == "Bright Dental"),
        "{ended:?}"
    );
    assert_eq!(the_request(&w).await.clicks, 1, "what has ended is not counted");
    // The page is gone: nobody is led there, even in time.
    w.clock.advance(-Duration::days(30));
    review_platforms::remove(&w.s, &w.owner, page.id).await.expect("removed");
    assert!(matches!(open(&w, &code, false, PHONE).await, Opened::Ended { .. }));
}
