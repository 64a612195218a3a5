//! The queries that run all the time use the index that was made for them, on both databases: their cost does not grow with history.

use chrono::{DateTime, Utc};
use domain::delivery::Status;
use entity::{contacts::contact, messages::message};
use rstest::rstest;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, QuerySelect, QueryTrait, Select, Statement,
    sea_query::Expr,
};
use testkit::{Backend, TestDb};
use uuid::Uuid;

use crate::{
    appointments, contacts, conversations, delivery,
    kernel::{
        Db,
        paging::{Cursor, TimeCursor},
    },
    messages, outbox, questions, receiving, reconcile, reminders, sending,
};

/// PostgreSQL chooses by what the tables hold: one business with 20,000 messages in 200 threads, most of them long done.
const HISTORY: &str = "
SET session_replication_role = replica;
INSERT INTO message (id, business_id, conversation_id, contact_id, direction, channel, origin, purpose, status, body, segments, ours,
    theirs, theirs_key, priority, not_before, claimed_at, created_at)
  SELECT gen_random_uuid(), '00000000-0000-0000-0000-000000000000', c, c, 'outbound', 'sms', 'reply', 'transactional',
    CASE n % 1000 WHEN 0 THEN 'queued' WHEN 1 THEN 'unknown' WHEN 2 THEN 'sending' WHEN 3 THEN 'sent' ELSE 'delivered' END, 'x', 1, 'a', 'b', 'b', n % 2, t, t, t
  FROM (SELECT n, md5((n % 200)::text)::uuid AS c, now() - n * interval '1 minute' AS t FROM generate_series(1, 20000) n) rows;
INSERT INTO conversation (id, business_id, contact_id, preview, last_at, last_direction, last_status, unread, created_at)
  SELECT gen_random_uuid(), '00000000-0000-0000-0000-000000000000', gen_random_uuid(), '', now() - n * interval '1 minute', 'inbound', '',
    CASE n % 500 WHEN 0 THEN 1 ELSE 0 END, now() FROM generate_series(1, 20000) n;
INSERT INTO contact (id, business_id, name, phone, phone_key, notes, blocked, search, next_token, created_at, updated_at)
  SELECT gen_random_uuid(), '00000000-0000-0000-0000-000000000000', '', '', n::text, '', false, '', 101, now(),
    now() - n * interval '1 minute' FROM generate_series(1, 20000) n;
INSERT INTO reminder_request (id, business_id, appointment_id, contact_id, kind, due_at, status, correlation_id, created_at, updated_at)
  SELECT gen_random_uuid(), '00000000-0000-0000-0000-000000000000', gen_random_uuid(), gen_random_uuid(), '24h',
    now() - n * interval '1 minute', CASE n % 500 WHEN 0 THEN 'planned' ELSE 'sent' END, n::text, now(), now() FROM generate_series(1, 20000) n;
INSERT INTO appointment (id, business_id, contact_id, starts_at, status, staff_label, notes, token, created_at, updated_at)
  SELECT gen_random_uuid(), '00000000-0000-0000-0000-000000000000', gen_random_uuid(), now() - n * interval '1 minute', 'completed', '', '',
    101, now(), now() FROM generate_series(1, 20000) n;
ANALYZE appointment; ANALYZE message; ANALYZE conversation; ANALYZE reminder_request; ANALYZE contact;
";

async fn plan(db: &Db, statement: Statement) -> String {
    let backend = statement.db_backend;
    let explain = if backend == DbBackend::Sqlite {
        "EXPLAIN QUERY PLAN"
    } else {
        "EXPLAIN"
    };
    let explained = Statement {
        sql: format!("{explain} {}", statement.sql),
        ..statement
    };
    let tx = db.begin().await.expect("a transaction");
    let column = if backend == DbBackend::Sqlite {
        "detail"
    } else {
        "QUERY PLAN"
    };
    let rows = tx.query_all_raw(explained).await.expect("a plan");
    rows.into_iter()
        .map(|row| row.try_get::<String>("", column).expect("text"))
        .collect::<Vec<_>>()
        .join("\n")
}

fn moment() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).expect("a moment")
}

fn somewhere() -> Option<TimeCursor> {
    Some(Cursor(moment(), Uuid::nil()))
}

async fn uses<E: EntityTrait>(db: &Db, backend: DbBackend, index: &str, query: Select<E>) {
    let plan = plan(db, query.build(backend)).await;
    assert!(plan.contains(index), "{index} is not used:\n{plan}");
    assert!(
        !sorts(&plan) && !plan.contains("Seq Scan"),
        "sorted by hand instead of by {index}:\n{plan}"
    );
}

/// Whether rows are sorted instead of being read in the order of an index: then a page costs as much as everything it is a page of.
/// SQLite says `USE TEMP B-TREE`, PostgreSQL has a node `Sort` or `Incremental Sort`.
fn sorts(plan: &str) -> bool {
    let mut steps = plan.lines().map(|step| step.trim_start_matches([' ', '-', '>']));
    steps.any(|step| step.contains("TEMP B-TREE") || step.starts_with("Sort ") || step.starts_with("Incremental Sort "))
}

#[rstest]
#[case(Backend::Sqlite, DbBackend::Sqlite)]
#[case(Backend::Postgres, DbBackend::Postgres)]
#[tokio::test]
async fn hot_queries_use_their_index(#[case] backend: Backend, #[case] b: DbBackend) {
    let test = TestDb::new(backend).await;
    let db = Db::connect(&test.url).await.expect("opens");
    if b == DbBackend::Postgres {
        db.connection().execute_unprepared(HISTORY).await.expect("history");
    }
    let business = Uuid::nil();
    let somebody = Uuid::parse_str("cfcd2084-95d5-65ef-66e7-dff9f98764da").expect("the md5 of 0");
    uses(&db, b, "reminder_due", reminders::due(moment())).await;
    let to_come = appointments::clocks::to_come(business, &Cursor(moment(), Uuid::nil()));
    uses(&db, b, "appointment_start", to_come).await;
    uses(&db, b, "message_waiting", sending::due(moment(), 0).limit(64)).await;
    uses(&db, b, "message_resend", delivery::retry::to_resend(moment())).await;
    uses(&db, b, "message_open", reconcile::silent(moment())).await;
    let waiting_of = message::Entity::in_business(business)
        .filter(Expr::cust(messages::WAITING))
        .filter(message::Column::ConversationId.eq(somebody));
    uses(&db, b, "message_waiting_of", waiting_of).await;
    for (index, show) in [
        ("message_trouble", messages::TROUBLE),
        ("message_waiting_log", messages::WAITING),
    ] {
        for before in [None, somewhere()] {
            let shown = messages::newest(business, before).filter(Expr::cust(show));
            uses(&db, b, index, shown).await;
        }
    }
    uses(
        &db,
        b,
        "message_unclear",
        delivery::in_state(Status::Unknown, message::Column::NotBefore, moment()),
    )
    .await;
    uses(
        &db,
        b,
        "message_in_flight",
        delivery::in_state(Status::Sending, message::Column::ClaimedAt, moment()),
    )
    .await;
    let several = [Uuid::nil(), somebody, Uuid::max()];
    uses(
        &db,
        b,
        if b == DbBackend::Sqlite {
            "sqlite_autoindex_message_1"
        } else {
            "message_pkey"
        },
        message::Entity::these(business, several),
    )
    .await;
    let keys = ["1".to_owned(), "2".to_owned()];
    let of_one = contacts::with_keys(business, keys.clone());
    uses(&db, b, "contact_phone_key", contact::Entity::find().filter(of_one.clone())).await;
    let of_two = Condition::any().add(of_one).add(contacts::with_keys(somebody, keys));
    uses(&db, b, "contact_phone_key", contact::Entity::find().filter(of_two)).await;
    let changed = contacts::search::changed(business, Cursor(moment(), Uuid::nil())).limit(2_000);
    uses(&db, b, "contact_changed", changed).await;
    uses(
        &db,
        b,
        "question_contact",
        questions::open_of(moment(), [(business, somebody)].into_iter()),
    )
    .await;
    let keys = ["a key".to_owned(), "another".to_owned()];
    let plan = plan(&db, receiving::last_senders(b, "+15005550006", keys.iter())).await;
    assert!(
        plan.contains("message_route") && !sorts(&plan) && !plan.contains("Seq Scan"),
        "a history is read:\n{plan}"
    );
    let answers = outbox::answers_since(business, somebody, moment());
    uses(&db, b, "message_automatic", answers).await;
    uses(&db, b, "conversation_unread", conversations::unread_of(business)).await;
    uses(&db, b, "conversation_latest", conversations::latest(business, None)).await;
    uses(&db, b, "conversation_latest", conversations::latest(business, somewhere())).await;
    let thread = |before| messages::newest(business, before).filter(message::Column::ConversationId.eq(somebody));
    uses(&db, b, "message_thread", thread(None)).await;
    uses(&db, b, "message_thread", thread(somewhere())).await;
    uses(&db, b, "message_business", messages::newest(business, None)).await;
    uses(&db, b, "message_business", messages::newest(business, somewhere())).await;
}
