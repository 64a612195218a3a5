//! The queries that run all the time use the index that was made for them, on both databases: their cost does not grow with history.

mod calendar;
mod changed;
mod counters;
mod keeping;
mod running;
mod strangers;
mod trail;

use chrono::{DateTime, Utc};
use domain::{delivery::Status, filters::Filters, search::Search};
use entity::{appointments::appointment, contacts::contact, conversations::conversation, messages::message};
use rstest::rstest;
use sea_orm::{
    ColumnTrait, Condition, ConnectionTrait, DbBackend, EntityTrait, QueryFilter, QuerySelect, QueryTrait, Select, Statement,
    sea_query::Expr,
};
use testkit::{Backend, TestDb};
use uuid::Uuid;

use crate::{
    appointments, calendars, contacts,
    conversations::{self, views::View},
    delivery, experiments, exports, filters, imports,
    kernel::{
        Actor, Db, Principal,
        paging::{Cursor, TimeCursor},
    },
    messages, outbox, questions, receiving, reconcile, reminders, search, sending,
    tasks::{
        self,
        list::{Which, Whose},
    },
};

/// PostgreSQL chooses by what the tables hold: one business with 20,000 messages in 200 threads, most of them long done; what
/// sleeps at others is woken by the clock, too.
const HISTORY: &str = "
SET session_replication_role = replica;
INSERT INTO message (id, business_id, conversation_id, contact_id, direction, channel, origin, purpose, status, body, segments, ours,
    theirs, theirs_key, priority, not_before, claimed_at, created_at)
  SELECT gen_random_uuid(), '00000000-0000-0000-0000-000000000000', c, c, 'outbound', 'sms', 'reply', 'transactional',
    CASE n % 1000 WHEN 0 THEN 'queued' WHEN 1 THEN 'unknown' WHEN 2 THEN 'sending' WHEN 3 THEN 'sent' ELSE 'delivered' END, 'x', 1, 'a', 'b', 'b', n % 2, t, t, t
  FROM (SELECT n, md5((n % 200)::text)::uuid AS c, now() - n * interval '1 minute' AS t FROM generate_series(1, 20000) n) rows;
INSERT INTO conversation (id, business_id, contact_id, preview, last_at, last_direction, last_status, unread, created_at, last_human_at,
    last_inbound_id, waiting_since, closed_at, snoozed_until, assignee_id)
  SELECT gen_random_uuid(), '00000000-0000-0000-0000-000000000000', gen_random_uuid(), '', t, 'inbound',
    CASE n % 500 WHEN 1 THEN 'failed' ELSE '' END, CASE n % 500 WHEN 0 THEN 1 ELSE 0 END, now(), t, gen_random_uuid(),
    CASE n % 500 WHEN 2 THEN t END, CASE WHEN n % 2 = 0 THEN t END, CASE n % 20 WHEN 3 THEN t END, CASE WHEN n % 7 > 0 THEN md5((n % 10)::text)::uuid END
  FROM (SELECT n, now() - n * interval '1 minute' AS t FROM generate_series(1, 20000) n) rows;
INSERT INTO conversation (id, business_id, contact_id, preview, last_at, last_direction, last_status, unread, created_at, snoozed_until)
  SELECT gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), '', t, 'inbound', '', 0, now(), t
  FROM (SELECT now() - n * interval '1 minute' AS t FROM generate_series(1, 2000) n) others;
INSERT INTO contact (id, business_id, name, phone, phone_key, notes, blocked, search, next_token, created_at, updated_at)
  SELECT gen_random_uuid(), '00000000-0000-0000-0000-000000000000', '', '', n::text, '', false, '', 101, now(),
    now() - n * interval '1 minute' FROM generate_series(1, 20000) n;
INSERT INTO reminder_request (id, business_id, appointment_id, contact_id, kind, due_at, status, correlation_id, created_at, updated_at)
  SELECT gen_random_uuid(), '00000000-0000-0000-0000-000000000000', gen_random_uuid(), gen_random_uuid(), '24h',
    now() - n * interval '1 minute', CASE n % 500 WHEN 0 THEN 'planned' ELSE 'sent' END, n::text, now(), now() FROM generate_series(1, 20000) n;
INSERT INTO appointment (id, business_id, contact_id, starts_at, status, staff_label, location_id, notes, token, created_at, updated_at)
  SELECT gen_random_uuid(), '00000000-0000-0000-0000-000000000000', gen_random_uuid(), now() - n * interval '1 minute', 'completed',
    CASE n % 5 WHEN 0 THEN 'Ana' ELSE 'Ben' END, md5((n % 4)::text)::uuid, '', 101, now(), now() FROM generate_series(1, 20000) n;
INSERT INTO appointment_change (id, business_id, appointment_id, revision, before, starts_at, created_at)
  SELECT gen_random_uuid(), '00000000-0000-0000-0000-000000000000', md5((n % 2000)::text)::uuid, n / 2000, '', now(), now()
  FROM generate_series(1, 20000) n;
INSERT INTO audit_event (id, business_id, actor, action, entity, entity_id, at, who, area)
  SELECT gen_random_uuid(), '00000000-0000-0000-0000-000000000000', '', '', 'appointment', md5((n % 20)::text)::uuid,
    now() - n * interval '1 minute', md5((n % 17)::text)::uuid::text, CASE n % 50 WHEN 0 THEN 'settings' ELSE 'appointments' END FROM generate_series(1, 20000) n;
INSERT INTO business (id, slug, name, contact_line, time_zone, country, quiet_start, quiet_end, cadence, hourly_limit, created_at, replan_at)
  SELECT gen_random_uuid(), n::text, '', '', 'UTC', '', 0, 0, '', 1, now(), CASE n % 500 WHEN 0 THEN now() END FROM generate_series(1, 5000) n;
INSERT INTO counter_quarter (business_id, quarter, what, sort, place, type_id, channel, template, n)
  SELECT '00000000-0000-0000-0000-000000000000', 2000000 - n / 4, CASE n % 4 WHEN 0 THEN 'sent' WHEN 1 THEN 'delivered' WHEN 2 THEN 'error' ELSE 'open' END,
    '', md5((n % 4)::text)::uuid, md5((n % 7)::text)::uuid, 'sms', 'reminder', 1 FROM generate_series(1, 40000) n;
INSERT INTO note (id, business_id, conversation_id, contact_id, author, body, created_at)
  SELECT gen_random_uuid(), '00000000-0000-0000-0000-000000000000', c, c, '', '', t
  FROM (SELECT md5((n % 20)::text)::uuid AS c, now() - n * interval '1 minute' AS t FROM generate_series(1, 20000) n) rows;
INSERT INTO consent (contact_id, channel, purpose, business_id, state, updated_at)
  SELECT gen_random_uuid(), 'sms', 'transactional', '00000000-0000-0000-0000-000000000000',
    CASE n % 500 WHEN 0 THEN 'opted_out' ELSE 'opted_in' END, now() FROM generate_series(1, 20000) n;
INSERT INTO contact_tag (contact_id, tag, business_id, search)
  SELECT gen_random_uuid(), 'new', '00000000-0000-0000-0000-000000000000', n::text FROM generate_series(1, 5000) n;
INSERT INTO saved_filter (id, business_id, account_id, name, name_key, filters, created_at)
  SELECT gen_random_uuid(), gen_random_uuid(), CASE n % 2 WHEN 0 THEN gen_random_uuid() END, '', n::text, '', now() FROM generate_series(1, 5000) n;
INSERT INTO presence (account_id, conversation_id, business_id, seen_at, writing_at)
  SELECT gen_random_uuid(), gen_random_uuid(), gen_random_uuid(), now() + n * interval '1 year', CASE n % 20 WHEN 0 THEN now() + interval '99 years' END
  FROM generate_series(1, 5000) n;
INSERT INTO calendar_source (id, business_id, name, url, next_at, created_at, updated_at)
  SELECT gen_random_uuid(), gen_random_uuid(), '', '', now() + n * interval '1 minute', now(), now() FROM generate_series(1, 5000) n;
INSERT INTO calendar_event (id, business_id, source_id, uid, recurrence, title, title_key, starts_at, state, created_at, updated_at)
  SELECT gen_random_uuid(), '00000000-0000-0000-0000-000000000000', md5((n % 50)::text)::uuid, n::text, '', '', (n % 700)::text,
    now() + n * interval '1 minute', 'linked', now(), now() FROM generate_series(1, 20000) n;
INSERT INTO message_kept (message_id, business_id, look_at)
  SELECT gen_random_uuid(), '00000000-0000-0000-0000-000000000000', now() + n * interval '1 minute' FROM generate_series(1, 5000) n;
INSERT INTO verification (id, business_id, contact_id, phone, phone_key, ticket, code, said, tries, created_at)
  SELECT gen_random_uuid(), '00000000-0000-0000-0000-000000000000', gen_random_uuid(), '', (n % 900)::text, n::text, '', '', 0,
    now() - n * interval '1 minute' FROM generate_series(1, 20000) n;
INSERT INTO experiment (id, business_id, kind, channel, language, measure, usual, worth, needed, people_before, status, enrolling, version,
    look_at, author, created_at, updated_at)
  SELECT gen_random_uuid(), gen_random_uuid(), '', '', '', '', 0, 0, 0, 0, CASE n % 100 WHEN 0 THEN 'running' ELSE 'done' END, false, 0,
    now() - n * interval '1 minute', '', now(), now() FROM generate_series(1, 5000) n;
ANALYZE experiment; ANALYZE verification; ANALYZE message_kept; ANALYZE business; ANALYZE calendar_source; ANALYZE calendar_event;
ANALYZE appointment_change; ANALYZE audit_event; ANALYZE consent; ANALYZE contact_tag; ANALYZE saved_filter; ANALYZE presence; ANALYZE note; ANALYZE appointment; ANALYZE message; ANALYZE conversation; ANALYZE reminder_request; ANALYZE contact;
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

/// What workers look for all the time.
async fn due(db: &Db, b: DbBackend, business: Uuid) {
    uses(db, b, "reminder_due", reminders::due(moment())).await;
    let to_come = appointments::clocks::to_come(business, &Cursor(moment(), Uuid::nil()));
    uses(db, b, "appointment_start", to_come).await;
    uses(db, b, "appointment_type_replan", reminders::replan::waiting()).await;
    let of_type = reminders::replan::to_come(business, business, moment(), Uuid::nil());
    uses(db, b, "appointment_of_type", of_type).await;
    let over = appointments::past::over(business, moment(), moment(), moment(), chrono::Duration::zero());
    uses(db, b, "appointment_unmarked", over.limit(40)).await;
    uses(db, b, "appointment_marked", appointments::past::marked_in(business, business)).await;
    uses(db, b, "business_replan", reminders::replan::waiting_businesses(moment())).await;
    uses(
        db,
        b,
        "appointment_series",
        appointments::series::of_series(business, business),
    )
    .await;
    uses(db, b, "experiment_running", experiments::due(moment())).await;
    uses(db, b, "calendar_source_due", calendars::due(moment())).await;
    uses(
        db,
        b,
        "calendar_event_time",
        calendars::ahead(business, business, moment()).limit(50),
    )
    .await;
    uses(db, b, "presence_seen", conversations::presence::silent(moment())).await;
    uses(db, b, "presence_writing", conversations::presence::paused(moment())).await;
    uses(db, b, "message_waiting", sending::due(moment(), 0).limit(64)).await;
    uses(db, b, "message_retry", delivery::retry::due(moment())).await;
    uses(db, b, "message_open", reconcile::silent(moment())).await;
    uses(
        db,
        b,
        "message_unclear",
        delivery::in_state(Status::Unknown, message::Column::NotBefore, moment()),
    )
    .await;
    uses(
        db,
        b,
        "message_in_flight",
        delivery::in_state(Status::Sending, message::Column::ClaimedAt, moment()),
    )
    .await;
}

/// What is asked about each text that comes in or goes out.
async fn each_text(db: &Db, b: DbBackend, business: Uuid, somebody: Uuid) {
    let several = [Uuid::nil(), somebody, Uuid::max()];
    uses(
        db,
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
    uses(db, b, "contact_phone_key", contact::Entity::find().filter(of_one.clone())).await;
    let of_two = Condition::any().add(of_one).add(contacts::with_keys(somebody, keys));
    uses(db, b, "contact_phone_key", contact::Entity::find().filter(of_two)).await;
    let changed = contacts::search::changed(business, Cursor(moment(), Uuid::nil())).limit(2_000);
    uses(db, b, "contact_changed", changed).await;
    uses(
        db,
        b,
        "question_contact",
        questions::open_of(moment(), [(business, somebody)].into_iter()),
    )
    .await;
    let keys = ["a key".to_owned(), "another".to_owned()];
    let plan = plan(db, receiving::last_senders(b, "+15005550006", keys.iter())).await;
    assert!(
        plan.contains("message_route") && !sorts(&plan) && !plan.contains("Seq Scan"),
        "a history is read:\n{plan}"
    );
    let answers = outbox::answers_since(business, somebody, moment());
    uses(db, b, "message_automatic", answers).await;
}

/// Whom a filter that few can fit begins with, and what is asked of the conversations of one step: each by their ids, and of none a history.
async fn filtered(db: &Db, b: DbBackend, business: Uuid, somebody: Uuid) {
    let tomorrow = Some(moment() + chrono::Duration::days(1));
    uses(db, b, "appointment_start", filters::with_visits(business, moment(), tomorrow)).await;
    uses(db, b, "contact_held", filters::held(business)).await;
    uses(db, b, "consent_opted_out", filters::opted_out(business)).await;
    uses(db, b, "saved_filter_own", filters::saved::of(business, Some(somebody))).await;
    uses(db, b, "saved_filter_shared", filters::saved::of(business, None)).await;
    let actor = Actor {
        business_id: business,
        who: Principal::Member {
            account_id: somebody,
            name: String::new(),
            role: contract::accounts::Role::Staff,
        },
    };
    let key = if b == DbBackend::Sqlite {
        "sqlite_autoindex_conversation_1"
    } else {
        "conversation_pkey"
    };
    for (name, value) in [
        ("is", "optedout"),
        ("is", "hold"),
        ("is", "unread"),
        ("is", "failed"),
        ("assigned", "none"),
        ("tag", "new"),
        ("location", "cfcd2084-95d5-65ef-66e7-dff9f98764da"),
        ("channel", "sms"),
        ("visit", "tomorrow"),
        ("visit", "any"),
        ("since", "7d"),
        ("until", "2027-01-01"),
    ] {
        let filter = Filters::read([(name, value)]).expect("understood");
        let fits = filters::condition(&actor, &filter, moment(), domain::zone::Zone::UTC);
        // Of as few conversations as there are here PostgreSQL reads all sooner than the five hundred of a step.
        let ids = (0..5).map(Uuid::from_u128);
        let plan = plan(db, filters::those(business, ids, &fits).build(b)).await;
        let read = plan.contains("Seq Scan") || plan.contains("SCAN ") || sorts(&plan);
        // PostgreSQL may begin with those who are on hold, have opted out or come on a day, as they are few.
        let begins = plan.contains(key)
            || ["contact_held", "consent_opted_out", "appointment_start"]
                .iter()
                .any(|few| plan.contains(&format!("using {few}")));
        assert!(begins && !read, "{name}={value} reads a history:\n{plan}");
    }
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
    due(&db, b, business).await;
    calendar::queries(&db, b, business).await;
    running::queries(&db, b, business).await;
    keeping::queries(&db, b, business).await;
    strangers::queries(&db, b, business).await;
    each_text(&db, b, business, somebody).await;
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
        "conversation_unread",
        conversation::Entity::in_business(business).filter(Expr::cust(conversations::UNREAD)),
    )
    .await;
    for before in [None, somewhere()] {
        let views = [
            ("conversation_latest", View::Latest),
            ("conversation_waiting", View::NeedsAnswer),
            ("conversation_assigned", View::Mine(Some(somebody))),
            ("conversation_unassigned", View::Unassigned),
            ("conversation_inbound", View::Unread(Some(somebody))),
            ("conversation_failed", View::Failed),
            ("conversation_asleep", View::Snoozed),
            ("conversation_open", View::Open),
            ("conversation_closed", View::Closed),
        ];
        for (index, view) in views {
            uses(
                &db,
                b,
                index,
                view.page(business, before.as_ref().map(|c| Cursor(c.0, c.1))).limit(51),
            )
            .await;
        }
    }
    filtered(&db, b, business, somebody).await;
    for before in [None, somewhere()] {
        let before = before.as_ref();
        use crate::pages::contact as person;
        uses(
            &db,
            b,
            "message_thread",
            person::texts_of(business, somebody, before).limit(51),
        )
        .await;
        uses(
            &db,
            b,
            "consent_event_timeline",
            person::said_of(business, somebody, before).limit(51),
        )
        .await;
        uses(
            &db,
            b,
            "audit_event_contact",
            person::changes_of(business, somebody, before).limit(51),
        )
        .await;
        uses(&db, b, "note_conversation", person::notes_of(somebody, before).limit(51)).await;
    }
    trail::queries(&db, b, business, somebody).await;
    counters::queries(&db, b, business).await;
    for after in [None, Some(Cursor("ann".to_owned(), somebody))] {
        let tagged = contacts::tags::people_with(business, "new", after.as_ref()).limit(51);
        uses(&db, b, "contact_tag_people", tagged).await;
        uses(&db, b, "contact_search", contacts::all(business, after).limit(51)).await;
    }
    uses(&db, b, "contact_merged", contacts::merged_into(&[somebody])).await;
    uses(&db, b, "contact_merge_kept", crate::merging::merges_of(business, somebody)).await;
    let of_tagged = if b == DbBackend::Sqlite {
        "sqlite_autoindex_conversation_2"
    } else {
        "conversation_contact_id_key"
    };
    uses(&db, b, of_tagged, search::with_people(business, [somebody, Uuid::max()])).await;
    let thread = |before| messages::newest(business, before).filter(message::Column::ConversationId.eq(somebody));
    uses(&db, b, "message_thread", thread(None)).await;
    uses(&db, b, "message_thread", thread(somewhere())).await;
    let after = messages::after(business, somebody, Cursor(moment(), Uuid::nil())).limit(21);
    uses(&db, b, "message_thread", after).await;
    uses(&db, b, "message_later", outbox::held::of_conversation(business, somebody)).await;
    for from in [None, Some((moment(), Uuid::nil()))] {
        uses(
            &db,
            b,
            "conversation_quiet",
            conversations::closing::quiet(business, moment(), from),
        )
        .await;
    }
    uses(&db, b, "business_closing", crate::businesses::rules::closing_due(moment())).await;
    uses(
        &db,
        b,
        "conversation_batch_last",
        conversations::batch::newest(business, somebody),
    )
    .await;
    uses(&db, b, "conversation_batch_open", conversations::batch::silent(moment())).await;
    files(&db, b, business).await;
    uses(&db, b, "message_business", messages::newest(business, None)).await;
    uses(&db, b, "message_business", messages::newest(business, somewhere())).await;
    uses(
        &db,
        b,
        "message_business",
        search::log::all(business, None, true, somewhere()).limit(100),
    )
    .await;
}

/// Files that are brought, and taken away.
async fn files(db: &Db, b: DbBackend, business: Uuid) {
    uses(db, b, "import_open", imports::silent(moment())).await;
    uses(db, b, "import_business", imports::latest(business, somewhere()).limit(50)).await;
    uses(db, b, "import_block_next", imports::block_at(business, 7)).await;
    uses(db, b, "import_block_refused", imports::refused_blocks(business, 7)).await;
    let named = appointments::external::by_external_id(business, "A-1");
    uses(db, b, "appointment_external", named).await;
    uses(db, b, "appointment_start", exports::visits(business, somewhere()).limit(200)).await;
}

/// Words are found by an index, newest first, and no more is read than a page takes.
#[rstest]
#[case(Backend::Sqlite)]
#[case(Backend::Postgres)]
#[tokio::test]
async fn words_are_found_by_their_index(#[case] backend: Backend) {
    let test = TestDb::new(backend).await;
    let db = Db::connect(&test.url).await.expect("opens");
    if matches!(backend, Backend::Sqlite) {
        let hits = search::index::sqlite_hits("\"word\"".to_owned(), i64::MAX, 0, 200);
        let plan = plan(&db, hits).await;
        let both = plan.contains("VIRTUAL TABLE INDEX") && plan.contains("SEARCH message_text USING INTEGER PRIMARY KEY");
        assert!(both && !sorts(&plan), "{plan}");
        return;
    }
    let words = "INSERT INTO message_text (id, business_id, created_at, words)
        SELECT id, business_id, created_at, array_to_tsvector(message_words(business_id, 'frequent ' || left(id::text, 3))) FROM message;
        ANALYZE message_text";
    for sql in [HISTORY, words] {
        db.connection().execute_unprepared(sql).await.expect("history");
    }
    let searched = Search::read("0a", moment(), domain::zone::Zone::UTC);
    let wanted = search::index::Wanted::new(&searched);
    let (words, here) = (
        search::index::postgres_words(Uuid::nil(), &wanted),
        Cursor(moment(), Uuid::nil()),
    );
    for before in [None, Some(&here)] {
        let plan = plan(&db, search::index::recent(Uuid::nil(), &wanted, before, &words, 200)).await;
        assert!(
            plan.contains("message_text_latest") && !sorts(&plan) && !plan.contains("Seq Scan"),
            "{plan}"
        );
    }
    for spans in [Ok((1_700, 1_710)), Err(1_700)] {
        let plan = plan(&db, search::index::indexed(Uuid::nil(), &wanted, &here, &words, spans, 200)).await;
        assert!(plan.contains("message_text_words") && !plan.contains("Seq Scan"), "{plan}");
    }
}

/// The visits of some days around now, and 20,000 tasks, most of them done.
const DAYS_WORK: &str = "
SET session_replication_role = replica;
INSERT INTO appointment (id, business_id, contact_id, starts_at, status, staff_label, notes, token, created_at, updated_at)
  SELECT gen_random_uuid(), '00000000-0000-0000-0000-000000000000', gen_random_uuid(), now() + n * interval '1 minute',
    CASE n % 2 WHEN 0 THEN 'scheduled' ELSE 'confirmed' END, '', '', 101, now(), now() FROM generate_series(-100, 400) n;
INSERT INTO task (id, business_id, kind, title, assignee_id, dedupe_key, notes, status, due_at, created_at, done_at)
  SELECT gen_random_uuid(), '00000000-0000-0000-0000-000000000000', CASE n % 7 WHEN 0 THEN 'call' ELSE 'by_hand' END, '',
    CASE n % 3 WHEN 0 THEN md5((n % 10)::text)::uuid END, n::text, '', CASE n % 50 WHEN 0 THEN 'open' ELSE 'done' END,
    CASE n % 4 WHEN 0 THEN t END, t, t FROM (SELECT n, now() - n * interval '1 minute' AS t FROM generate_series(1, 20000) n) rows;
ANALYZE task; ANALYZE appointment;
";

#[rstest]
#[case(Backend::Sqlite, DbBackend::Sqlite)]
#[case(Backend::Postgres, DbBackend::Postgres)]
#[tokio::test]
async fn the_lists_of_a_days_work_use_their_index(#[case] backend: Backend, #[case] b: DbBackend) {
    let test = TestDb::new(backend).await;
    let db = Db::connect(&test.url).await.expect("opens");
    if b == DbBackend::Postgres {
        db.connection().execute_unprepared(DAYS_WORK).await.expect("history");
    }
    let business = Uuid::nil();
    let somebody = Uuid::parse_str("cfcd2084-95d5-65ef-66e7-dff9f98764da").expect("the md5 of 0");
    let listed = |which: Which, whose: Whose, before| tasks::list::page(business, which, whose, before).limit(51);
    let late = Which::Overdue(moment());
    for before in [None, somewhere()] {
        let again = || before.as_ref().map(|c| Cursor(c.0, c.1));
        uses(&db, b, "task_open", listed(Which::Open, Whose::Everybodys, again())).await;
        uses(&db, b, "task_assigned", listed(Which::Open, Whose::Of(somebody), again())).await;
        uses(&db, b, "task_unassigned", listed(Which::Open, Whose::Nobodys, again())).await;
        uses(&db, b, "task_overdue", listed(late, Whose::Everybodys, again())).await;
        uses(&db, b, "task_done", listed(Which::Done, Whose::Everybodys, again())).await;
    }
    let visits = || appointment::Entity::in_business(business);
    let unmarked = appointments::day::latest_first(appointments::day::unmarked(visits(), moment())).limit(7);
    uses(&db, b, "appointment_unmarked", unmarked).await;
    let unanswered = appointments::day::soonest_first(appointments::day::unanswered(visits(), moment())).limit(7);
    uses(&db, b, "appointment_unmarked", unanswered).await;
    let of_today = appointments::day::between(business, moment(), moment() + chrono::Duration::days(1)).limit(61);
    uses(&db, b, "appointment_start", of_today).await;
}
