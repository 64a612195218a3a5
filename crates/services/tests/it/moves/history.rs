//! What a visit's page tells of everything that has happened to it.

use chrono::Duration;
use contract::PageQuery;
use rstest::rstest;
use services::pages;
use testkit::{Backend, World};

use super::{ANN, after, moved, to};

#[rstest]
#[tokio::test]
async fn a_visits_history_tells_every_text_answer_and_change_in_order(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let (_, visit) = w.reminded("Ann", ANN).await;
    w.clock.advance(Duration::minutes(1));
    w.text(ANN, "Y").await;
    w.clock.advance(Duration::minutes(1));
    moved(&w, &visit, to("2027-01-07T15:00")).await;
    after(&w, Duration::minutes(3)).await;
    let page = async |limit: Option<u64>, cursor: Option<String>| {
        pages::visit::history(&w.s, &w.owner, visit.id, PageQuery { cursor, limit })
            .await
            .expect("a history")
    };
    let all = page(None, None).await.data;
    let said: Vec<_> = all
        .iter()
        .filter(|row| row.kind != "reminder")
        .map(|row| (row.title.as_str(), row.by.as_str()))
        .collect();
    assert_eq!(
        said,
        [
            ("Booked", "Olga Owner"),
            ("We wrote", "Showup"),
            ("They wrote", "customer"),
            ("Confirmed", "the customer"),
            ("Moved", "Olga Owner"),
            ("We wrote", "Showup"),
        ]
    );
    let how = all
        .iter()
        .find(|row| row.title == "Moved")
        .and_then(|row| row.detail.as_deref());
    assert_eq!(how, Some("From Tue, Jan 5 at 4:00 PM to Thu, Jan 7 at 3:00 PM."));
    // In pages it is the same.
    let (mut paged, mut cursor) = (Vec::new(), None);
    loop {
        let some = page(Some(2), cursor).await;
        paged.extend(some.data);
        cursor = some.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(paged, all);
}
