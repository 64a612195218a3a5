//! The log of messages: searched, sorted, and a message to try the number with.

use contract::{Code, messages::SendTest, search::LogSearch};
use rstest::rstest;
use services::{outbox, search};
use testkit::{Backend, World};

use super::{ANN, two_people};

#[rstest]
#[tokio::test]
async fn a_test_message_goes_to_any_number_and_is_a_text_like_others(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let test = |phone: &str, id: &str| SendTest {
        phone: phone.to_owned(),
        correlation_id: Some(id.to_owned()),
    };
    let sent = outbox::send_test(&w.s, &w.owner, test("(415) 555-0171", "1"))
        .await
        .expect("sent");
    assert!(sent.body.starts_with("This is a test by "), "{}", sent.body);
    let again = outbox::send_test(&w.s, &w.owner, test(ANN, "1")).await.expect("the same");
    assert_eq!(again.id, sent.id);
    for wrong in ["", "12", "nobody"] {
        let problem = outbox::send_test(&w.s, &w.owner, test(wrong, "2"))
            .await
            .expect_err(wrong)
            .problem();
        assert!(problem.for_field("phone").is_some(), "{wrong}");
    }
    w.text(ANN, "STOP").await;
    let refused = outbox::send_test(&w.s, &w.owner, test(ANN, "3"))
        .await
        .expect_err("they opted out");
    assert_eq!(refused.problem().code, Code::MayNotSend);
}

#[rstest]
#[tokio::test]
async fn the_log_is_searched_and_sorted(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    two_people(&w).await;
    let log = async |show: &str, q: &str, sort: &str| {
        let text = |text: &str| Some(text.to_owned());
        let query = LogSearch {
            show: text(show),
            q: text(q),
            sort: text(sort),
            cursor: None,
        };
        search::log(&w.s, &w.owner, query).await
    };
    let bodies = async |show: &str, q: &str, sort: &str| -> Vec<String> {
        let found = log(show, q, sort).await.expect("the log");
        found.page.data.into_iter().map(|row| row.message.body).collect()
    };
    let newest = bodies("", "", "").await;
    let mut oldest = bodies("", "", "oldest").await;
    oldest.reverse();
    assert_eq!((newest.len(), &newest), (3, &oldest));
    assert_eq!(bodies("waiting", "", "").await, ["Yes: parking is behind the house."]);
    assert_eq!(bodies("waiting", "park", "").await.len(), 1);
    assert_eq!(bodies("", "park", "").await.len(), 2);
    assert_eq!(bodies("trouble", "park", "").await.len(), 0);
    assert_eq!(bodies("", "is:unread", "").await.len(), 3);
    for (show, sort) in [("strange", ""), ("", "strange")] {
        assert_eq!(
            log(show, "", sort).await.expect_err("refused").problem().code,
            Code::Malformed
        );
    }
}
