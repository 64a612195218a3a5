//! A business that was there before 0015 finds everything again afterwards, with what can be known of it filled in; and once more after a
//! way back.

use chrono::{DateTime, Utc};
use entity::{
    accounts::member,
    appointments::appointment::{self, Source},
    businesses::{business, staff_label},
    contacts::contact,
    conversations::{conversation, conversation_seen},
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::*;

const FIXTURE: &str = include_str!("at_0014.sql");

/// Which migrations that version had.
const OLD: u32 = EARLIER_NAMES.len() as u32;

fn id(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

/// On the day of the fixture.
fn at(time: &str) -> Option<DateTime<Utc>> {
    Some(format!("2026-11-20T{time}:00Z").parse().expect("a time"))
}

/// The fixture, with ids as the database writes them.
fn fixture(backend: Backend) -> String {
    let literal = |n: u128| match backend {
        Backend::Sqlite => format!("x'{n:032x}'"),
        Backend::Postgres => format!("'{}'", id(n)),
    };
    // Larger ones first: #1 is the beginning of #12.
    (1..100)
        .rev()
        .fold(FIXTURE.to_owned(), |sql, n| sql.replace(&format!("#{n}"), &literal(n)))
}

/// Every row of every table of ours, as text.
async fn rows(db: &Db) -> Vec<String> {
    let postgres = db.is_postgres();
    let tables = if postgres {
        "SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1"
    } else {
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name = lower(name) AND name NOT LIKE 'sqlite_%' ORDER BY 1"
    };
    let mut all = Vec::new();
    for table in texts(db, tables).await.into_iter().filter(|t| !t.ends_with("_migrations")) {
        let row = if postgres {
            "t::text".to_owned()
        } else {
            let columns = texts(db, &format!("SELECT name FROM pragma_table_info('{table}')")).await;
            let quoted: Vec<String> = columns.iter().map(|column| format!("quote(t.\"{column}\")")).collect();
            quoted.join(" || ',' || ")
        };
        let rows = texts(db, &format!("SELECT {row} FROM {table} t ORDER BY 1")).await;
        assert!(!rows.is_empty(), "the fixture has nothing in {table}");
        all.extend(rows.into_iter().map(|row| format!("{table}: {row}")));
    }
    all
}

#[rstest]
#[tokio::test]
async fn a_business_from_before_0015_loses_nothing(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let test = TestDb::empty(backend).await;
    let db = Db::connect(&test.url).await.expect("opens");
    Migrator::up(db.connection(), Some(OLD)).await.expect("the version before");
    db.connection().execute_unprepared(&fixture(backend)).await.expect("its rows");
    let (schema_before, rows_before) = (schema(&db).await, rows(&db).await);
    let newer = Migrator::migrations().len() as u32 - OLD;

    Migrator::up(db.connection(), None).await.expect("upgraded");
    everything_is_filled_in(&db).await;

    Migrator::down(db.connection(), Some(newer)).await.expect("and back");
    assert_eq!(schema(&db).await, schema_before);
    assert_eq!(rows(&db).await, rows_before);

    Migrator::up(db.connection(), None).await.expect("upgraded again");
    everything_is_filled_in(&db).await;
}

async fn everything_is_filled_in(db: &Db) {
    who_waits_and_who_wrote_last(db).await;
    what_everybody_has_seen(db).await;
    where_appointments_came_from(db).await;
    let languages = business::Entity::find().select_only().column(business::Column::Language);
    assert_eq!(
        languages.into_tuple::<String>().all(db.connection()).await,
        Ok(vec!["en".to_owned()])
    );
    let people = contact::Entity::find()
        .filter(contact::Column::Language.is_null())
        .all(db.connection());
    assert_eq!(people.await.expect("people").len(), 6, "each speaks the business's");
}

async fn who_waits_and_who_wrote_last(db: &Db) {
    let all = conversation::Entity::find()
        .order_by_asc(conversation::Column::Id)
        .all(db.connection())
        .await
        .expect("conversations");
    let told: Vec<_> = all
        .iter()
        .map(|c| (c.contact_id, c.waiting_since, c.last_human_at, c.last_inbound_id))
        .collect();
    let expected = [
        // Ann since the first of the two questions that came after the reply.
        (id(11), at("09:00"), at("10:00"), Some(id(43))),
        // Ben's answer was understood, and a reminder is nobody's words.
        (id(12), None, at("09:30"), Some(id(45))),
        // So was Cat's STOP, both times.
        (id(13), None, at("09:05"), Some(id(48))),
        (id(14), None, at("11:00"), Some(id(49))),
        (id(15), None, None, None),
        // Fay never got what was withdrawn.
        (id(16), at("09:00"), at("09:10"), Some(id(52))),
    ];
    assert_eq!(told, expected);
    for c in all {
        assert_eq!(
            (c.closed_at, c.snoozed_until, c.assignee_id),
            (None, None, None),
            "nobody has said so"
        );
    }
}

async fn what_everybody_has_seen(db: &Db) {
    let members = member::Entity::find().all(db.connection()).await.expect("members");
    let seen: Vec<_> = members.iter().map(|m| m.seen_message_id).collect();
    assert_eq!(seen, [Some(id(53)); 2], "the text that was stored last");
    let seen = conversation_seen::Entity::find()
        .order_by_asc(conversation_seen::Column::ConversationId)
        .order_by_asc(conversation_seen::Column::AccountId)
        .all(db.connection())
        .await
        .expect("rows");
    let seen: Vec<_> = seen.iter().map(|s| (s.conversation_id, s.account_id, s.message_id)).collect();
    // Of Ann's texts all but the last; of Cat's none; of the others' all, as of every conversation without a row.
    let expected = [(31, 2, 42), (31, 3, 42), (33, 2, 0), (33, 3, 0)].map(|(c, a, m)| (id(c), id(a), id(m)));
    assert_eq!(seen, expected);
}

async fn where_appointments_came_from(db: &Db) {
    let all = appointment::Entity::find()
        .order_by_asc(appointment::Column::Id)
        .all(db.connection())
        .await
        .expect("appointments");
    let sources: Vec<_> = all.iter().map(|a| a.source).collect();
    assert_eq!(sources, [None, Some(Source::Api), Some(Source::Staff)]);
    for a in &all {
        assert_eq!((a.ends_at, a.type_id, a.arrived_at, a.revision), (None, None, None, 0));
    }
    let labels = staff_label::Entity::find().all(db.connection()).await.expect("labels");
    let labels: Vec<_> = labels.iter().map(|l| (l.name.as_str(), l.created_at)).collect();
    assert_eq!(
        labels,
        [("Ana", "2026-11-01T08:00:00Z".parse().expect("a time"))],
        "once, since its first use"
    );
}
