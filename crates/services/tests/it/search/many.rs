//! Hits page by page, among many.

use contract::search::SearchQuery;
use rstest::rstest;
use sea_orm::ConnectionTrait;
use services::search;
use testkit::{Backend, World};

use super::ANN;

#[rstest]
#[tokio::test]
async fn pages_of_hits_are_whole_and_without_repeats(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    history(&w, 3_000).await;
    for (q, expected) in [
        ("needle", 30),
        ("haystack", 2_970),
        ("hay", 3_000),
        ("needle -haystack", 30),
        ("needle -hay", 0),
        ("\"needle number\"", 30),
    ] {
        let mut seen = Vec::new();
        let mut cursor = None;
        for _ in 0..200 {
            let query = SearchQuery {
                q: Some(q.to_owned()),
                cursor,
                ..SearchQuery::default()
            };
            let page = search::all(&w.s, &w.owner, query).await.expect("searched").messages;
            seen.extend(page.data.iter().map(|hit| (hit.created_at, hit.message_id)));
            cursor = page.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(seen.len(), expected, "{q}");
        assert!(seen.windows(2).all(|pair| pair[0] > pair[1]), "{q}: newest first");
    }
}

/// So many texts, a minute apart, every hundredth of which says something of its own; in one conversation.
pub async fn history(w: &World, texts: u32) {
    let ann = w.contact("Ann", ANN).await;
    w.reply(&ann, "A beginning").await.expect("sent");
    let sql = match w.s.db().is_postgres() {
        true => format!(
            "INSERT INTO message (id, business_id, conversation_id, contact_id, direction, channel, origin, purpose, status, body, segments,
               ours, theirs, theirs_key, attempts, retries, priority, price_final, lookups, not_before, created_at)
             SELECT gen_random_uuid(), business_id, conversation_id, contact_id, direction, channel, origin, purpose, 'delivered',
               CASE n % 100 WHEN 0 THEN 'A needle number ' || n ELSE 'haystack ' || n END || CASE n % 100 WHEN 0 THEN ' in the hay' ELSE '' END,
               1, ours, theirs, theirs_key, 0, 0, 0, false, 0, not_before, created_at - n * interval '1 minute'
             FROM message, generate_series(1, {texts}) AS n"
        ),
        false => format!(
            "WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < {texts})
             INSERT INTO message (id, business_id, conversation_id, contact_id, direction, channel, origin, purpose, status, body, segments,
               ours, theirs, theirs_key, attempts, retries, priority, price_final, lookups, not_before, created_at)
             SELECT randomblob(16), business_id, conversation_id, contact_id, direction, channel, origin, purpose, 'delivered',
               CASE n % 100 WHEN 0 THEN 'A needle number ' || n ELSE 'haystack ' || n END || CASE n % 100 WHEN 0 THEN ' in the hay' ELSE '' END,
               1, ours, theirs, theirs_key, 0, 0, 0, false, 0, not_before,
               strftime('%Y-%m-%dT%H:%M:%S', created_at, '-' || n || ' minutes') || '+00:00'
             FROM message, numbers"
        ),
    };
    w.s.db().connection().execute_unprepared(&sql).await.expect("a history");
}
