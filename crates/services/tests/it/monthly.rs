//! The month's report by mail: nobody gets it who did not ask, owners get it once, on the first morning of the month.

use chrono::{DateTime, Duration, TimeZone, Utc};
use contract::{Code, accounts::Role};
use rstest::rstest;
use services::{jobs, monthly};
use testkit::{Backend, World, member};

const OLGA: &str = "olga@x.test";
const ADAM: &str = "adam@x.test";
const SAM: &str = "sam@x.test";
const PASSWORD: &str = "a long password";

fn at(month: u32, day: u32, hour: u32) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2027, month, day, hour, 0, 0).single().expect("a moment")
}

/// What somebody has got by now.
async fn got(w: &World, who: &str) -> Vec<String> {
    jobs::tick(&w.s).await.expect("a tick");
    w.post().await;
    w.sim.mails_to(who).into_iter().map(|mail| mail.subject).collect()
}

#[rstest]
#[tokio::test]
async fn owners_get_it_once_and_only_where_it_was_asked_for(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let id = w.owner.business_id;
    let olga = member(&w.s, id, Role::Owner, OLGA, PASSWORD).await;
    let adam = member(&w.s, id, Role::Admin, ADAM, PASSWORD).await;
    let sam = member(&w.s, id, Role::Staff, SAM, PASSWORD).await;
    assert!(!monthly::is_on(&w.s, &olga).await.expect("read"));
    w.clock.set(at(2, 1, 15));
    assert_eq!(got(&w, OLGA).await, [""; 0], "January went by, and nobody had asked");

    let refused = monthly::set(&w.s, &sam, true).await.expect_err("staff");
    assert_eq!(refused.problem().code, Code::NotAllowed);
    monthly::set(&w.s, &adam, true).await.expect("on");
    monthly::set(&w.s, &adam, true).await.expect("it is on");
    assert!(monthly::is_on(&w.s, &sam).await.expect("read"));
    assert_eq!(got(&w, OLGA).await, [""; 0], "the first is about the month that it is now");
    w.reminded("Ann", "+14155550101").await;

    // In New York March begins at five in the morning of London, and the mail comes at eight.
    w.clock.set(at(3, 1, 4));
    assert_eq!(got(&w, OLGA).await, [""; 0]);
    w.clock.set(at(3, 1, 6));
    assert_eq!(got(&w, OLGA).await, [""; 0]);
    w.clock.set(at(3, 1, 13) + Duration::minutes(1));
    let subject = "Bright Dental: the report of 2027-02";
    assert_eq!(got(&w, OLGA).await, [subject]);
    let text = w.sim.mails_to(OLGA).remove(0).text.unwrap_or_default();
    for words in [
        "How Feb 1 – Feb 28, 2027 went.",
        "Confirmation rate: 0 of 1",
        "http://showup.test/reports/report.pdf?from=2027-02-01&to=2027-02-28",
    ] {
        assert!(text.contains(words), "{words} is missing: {text}");
    }
    let other = w.another_process().await;
    for _ in 0..3 {
        jobs::tick(&other).await.expect("a tick");
        assert_eq!(got(&w, OLGA).await.len(), 1, "however often it is looked for");
    }
    assert_eq!(
        (got(&w, ADAM).await.len(), got(&w, SAM).await.len()),
        (0, 0),
        "it goes to owners"
    );

    // Away for two months: one mail, about the last.
    w.clock.set(at(5, 2, 15));
    assert_eq!(got(&w, OLGA).await[1..], ["Bright Dental: the report of 2027-04"]);
    monthly::set(&w.s, &olga, false).await.expect("off");
    w.clock.set(at(6, 1, 15));
    assert_eq!(got(&w, OLGA).await.len(), 2);
}
