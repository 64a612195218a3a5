//! Law: what a page or a message costs does not grow with history. A day's work is done on each database, every statement that was run
//! is written down, and the database is asked how it finds the rows for each. SQLite keeps no statistics here, and PostgreSQL is told
//! that the tables of history are large and not to read whole ones where it can help it, so their answers hold for any size. (A program
//! of its own, because listening to statements is a matter of the whole process.)

mod day;

use std::{
    collections::BTreeSet,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use contract::{contacts::CreateContact, messages::SendMessage};
use sea_orm::{ConnectionTrait, Statement, TransactionTrait};
use services::{contacts, outbox, receiving};
use testkit::{Backend, NUMBER, SHARED, World};
use tracing::field::{Field, Visit};
use tracing_subscriber::{Layer, filter::LevelFilter, layer::Context, prelude::*};
use uuid::Uuid;

/// Tables that stay small: a row per business, number, account, place, country or provider; a business has 500 tags and 200 quick
/// replies, a test of texts at a time of each of few, 200 staff labels, 20 calendars, 20 webhooks and 100 keys in use at most, each of its members 50 saved filters, and each who works there is at 20 conversations.
const SMALL: [&str; 27] = [
    "api_key",
    "webhook_endpoint",
    "business",
    "number",
    "whatsapp_sender",
    "whatsapp_template",
    "account",
    "twilio_account",
    "location",
    "member",
    "breaker",
    "experiment",
    "price",
    "sync_cursor",
    "data_key",
    "notification_choice",
    "tag",
    "presence",
    "quick_reply",
    "saved_filter",
    "calendar_source",
    "staff_label",
    "self_test",
    "waitlist_rules",
    "review_platform",
    "review_rules",
    "recount",
];

/// Tables of history, each with the beginning of its indexes' names. Conversations and contacts are not among them: there is one for
/// each customer, however much they write.
const HISTORY: [(&str, &str); 16] = [
    ("webhook_delivery", "webhook_delivery_"),
    ("message", "message_"),
    ("message_event", "message_event_"),
    ("message_attempt", "message_attempt_"),
    ("live_event", "live_event_"),
    ("receipt", "receipt_"),
    ("reminder_request", "reminder_"),
    ("appointment", "appointment_"),
    ("consent_event", "consent_event_"),
    ("audit_event", "audit_event_"),
    ("task", "task_"),
    ("mail", "mail_"),
    ("counter_quarter", "counter_quarter_"),
    ("counted", "counted_"),
    ("api_request", "api_request_"),
    ("api_repeat", "api_repeat_"),
];

/// Lists that a page shows in the order of an index, and stops after a page. For SQLite, whose plans do not show where one stops.
const LISTS: [&str; 15] = [
    "webhook_delivery_log",
    "api_request_business",
    "api_request_failed",
    "api_request_key",
    "audit_event_business",
    "conversation_latest",
    "conversation_open",
    "consent_opted_out",
    "contact_search",
    "contact_changed",
    "live_event_business",
    "message_business",
    "message_trouble",
    "mail_latest",
    "task_open",
];

/// What a list may ask for besides: it is what the index holds, or nearly, as few people are ever merged.
const ALSO: [(&str, &str); 5] = [
    (
        "conversation_open",
        " AND (\"closed_at\" IS NULL AND \"snoozed_until\" IS NULL)",
    ),
    ("api_request_failed", " AND (\"status\" >= 400)"),
    ("consent_opted_out", " AND (\"state\" = 'opted_out')"),
    ("contact_search", " AND \"contact\".\"merged_into\" IS NULL"),
    ("task_open", " AND (\"status\" = 'open')"),
];

/// Indexes over what waits or is unread, which is never much: what they hold may be read whole.
const OPEN: [&str; 18] = [
    "alert_open",
    "alert_look",
    "webhook_delivery_waiting",
    "webhook_delivery_open",
    "webhook_delivery_claimed",
    "message_waiting",
    "message_in_flight",
    "message_unclear",
    "receipt_waiting",
    "conversation_unread",
    "mail_waiting",
    "mail_in_flight",
    "number_request_open",
    "slot_open",
    "slot_due",
    "waitlist_entry_turn",
    "waitlist_entry_look",
    "review_request_to_do",
];

static RUN: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// How many were run.
static COUNT: AtomicUsize = AtomicUsize::new(0);

/// Writes down every statement that sqlx reports.
struct Ear;

impl<S: tracing::Subscriber> Layer<S> for Ear {
    fn on_event(&self, event: &tracing::Event<'_>, _: Context<'_, S>) {
        if event.metadata().target() == "sqlx::query" {
            let mut statement = Words(String::new());
            event.record(&mut statement);
            COUNT.fetch_add(1, Ordering::SeqCst);
            let words = statement.0.split_whitespace().collect::<Vec<_>>().join(" ");
            RUN.lock().unwrap_or_else(PoisonError::into_inner).insert(words);
        }
    }
}

/// A short statement is its own summary; a long one is told in full beside it.
struct Words(String);

impl Visit for Words {
    fn record_debug(&mut self, _: &Field, _: &dyn std::fmt::Debug) {}

    fn record_str(&mut self, field: &Field, value: &str) {
        if ["summary", "db.statement"].contains(&field.name()) && !value.trim().is_empty() {
            value.clone_into(&mut self.0);
        }
    }
}

#[tokio::test]
async fn no_statement_of_a_days_work_reads_a_history() {
    tracing_subscriber::registry()
        .with(Ear.with_filter(LevelFilter::DEBUG))
        .init();
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let w = World::new(backend).await;
        RUN.lock().unwrap_or_else(PoisonError::into_inner).clear();
        Box::pin(day::a_day(&w)).await;
        let run = RUN.lock().unwrap_or_else(PoisonError::into_inner).clone();
        assert!(run.len() > 100, "only {} statements were heard", run.len());
        let long = match backend {
            Backend::Sqlite => long_on_sqlite(&w, &run).await,
            Backend::Postgres => long_on_postgres(&w, &run).await,
        };
        assert!(long.is_empty(), "{} read too much:\n{}", long.len(), long.join("\n"));
        Box::pin(groups(&w)).await;
    }
}

/// Law: what comes together costs as many statements for sixty as for ten, known or not, on a number of its own or a shared one.
async fn groups(w: &World) {
    let texts = async |to: &str, first: usize, count: usize| {
        let before = COUNT.load(Ordering::SeqCst);
        let texts = (first..first + count).map(|n| {
            let mut form = w.inbound(&format!("+1628555{n:04}"), "Do you take new patients?");
            form.to = to.to_owned();
            async move { receiving::receive(&w.s, &form, "").await.is_ok() }
        });
        let taken = futures::future::join_all(texts).await;
        assert!(taken.iter().all(|one| *one == taken[0]), "one fate for all");
        COUNT.load(Ordering::SeqCst) - before
    };
    let same = |what: &str, few: usize, many: usize| {
        // A group more or less is a matter of the moment.
        assert!(
            many <= few + 20 && few > 3,
            "{what}: {few} statements for ten, {many} for sixty"
        );
    };
    same("strangers", texts(NUMBER, 0, 10).await, texts(NUMBER, 100, 60).await);
    same("known", texts(NUMBER, 0, 10).await, texts(NUMBER, 100, 60).await);
    same(
        "one business's shared number",
        texts(SHARED, 200, 10).await,
        texts(SHARED, 300, 60).await,
    );
    let nails = w.business_without_number("Nails").await;
    same("nobody's", texts(SHARED, 400, 10).await, texts(SHARED, 500, 60).await);
    let mut people = Vec::new();
    for n in 600..670 {
        let new = CreateContact {
            name: format!("Person {n}"),
            phone: format!("+1628555{n:04}"),
            ..CreateContact::default()
        };
        people.push(contacts::create(&w.s, &nails, new).await.expect("created").id);
    }
    let writes = async |ids: &[Uuid]| {
        let before = COUNT.load(Ordering::SeqCst);
        let texts = ids.iter().map(|id| {
            let cmd = SendMessage {
                channel: None,
                contact_id: *id,
                body: "Hello".to_owned(),
                correlation_id: None,
                after_message_id: None,
                send_at: None,
            };
            outbox::send(&w.s, &nails, cmd)
        });
        assert!(futures::future::join_all(texts).await.iter().all(Result::is_ok));
        COUNT.load(Ordering::SeqCst) - before
    };
    same("written", writes(&people[..10]).await, writes(&people[10..]).await);
    same("answers", texts(SHARED, 600, 10).await, texts(SHARED, 610, 60).await);
}

async fn long_on_postgres(w: &World, run: &BTreeSet<String>) -> Vec<String> {
    let mut long = Vec::new();
    for statement in run.iter().filter(|s| is_ours(s)) {
        let steps = generic_plan(w, statement).await;
        for what in (0..steps.len()).filter_map(|at| too_much(&steps, at)) {
            long.push(format!("{what}:\n  {}\n    {statement}", steps.join("\n  ")));
        }
    }
    long
}

/// What step `at` of a plan of PostgreSQL's reads though it should not, if there is such a thing.
fn too_much(steps: &[String], at: usize) -> Option<String> {
    let step = &steps[at];
    let table = step.split(" on ").nth(1)?.split_whitespace().next()?;
    // A bitmap's step names its index where the others name their table.
    let index = step.split(" using ").nth(1).and_then(|rest| rest.split_whitespace().next());
    let index = index.unwrap_or(table);
    if SMALL.contains(&table) || OPEN.iter().any(|open| index.starts_with(open)) {
        return None;
    }
    if step.contains("Seq Scan") {
        return Some(format!("all of {table}"));
    }
    if !step.contains("Index") || is_a_page(steps, at) {
        return None;
    }
    let history = HISTORY.iter().any(|(_, of_its_indexes)| index.starts_with(of_its_indexes));
    match details(steps, at).find_map(|line| line.strip_prefix("Index Cond: ")) {
        None => Some(format!("all of the index {index}")),
        Some(condition) if history && only_by_business(condition) => Some(format!("all of a business in {index}")),
        Some(_) => None,
    }
}

/// What a plan says about step `at`, besides how it reads.
fn details(steps: &[String], at: usize) -> impl Iterator<Item = &str> {
    let lines = steps[at + 1..].iter().map(|line| line.trim_start());
    lines.take_while(|line| !line.starts_with("->"))
}

fn only_by_business(condition: &str) -> bool {
    condition.contains("business_id") && !condition.contains(" AND ")
}

/// It is stopped after so many rows, in the order of the index, and leaves none out on the way: what a page shows is all that is read.
/// A sort, a group or a bitmap in between would want everything first.
fn is_a_page(steps: &[String], at: usize) -> bool {
    let mut above = steps[..at].iter().rev().map(|step| step.trim_start_matches([' ', '-', '>']));
    let stopped = above
        .find(|step| !step.starts_with("LockRows"))
        .is_some_and(|step| step.starts_with("Limit"));
    stopped && !details(steps, at).any(|line| line.starts_with("Filter: "))
}

/// The plan that serves for any values, in a database with a long history. With the few rows of a day every index lookups as good as any
/// other, so the planner is told that each page of those tables holds a million; and without bitmaps it shows which index serves, where
/// it would else put two small ones together.
async fn generic_plan(w: &World, statement: &str) -> Vec<String> {
    let values = (1..)
        .take_while(|n| statement.contains(&format!("${n}")))
        .map(|_| "NULL")
        .collect::<Vec<_>>();
    let tx = w.s.db().connection().begin().await.expect("a transaction");
    let tables = HISTORY.map(|(table, _)| format!("'{table}'")).join(", ");
    let ask = format!(
        "UPDATE pg_class SET relpages = 1, reltuples = 1000000 WHERE relkind = 'r' AND relname IN ({tables}); \
         SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL plan_cache_mode = force_generic_plan; \
         PREPARE asked AS {statement}"
    );
    tx.execute_unprepared(&ask).await.expect(statement);
    let arguments = if values.is_empty() {
        String::new()
    } else {
        format!("({})", values.join(", "))
    };
    let explain = Statement::from_string(tx.get_database_backend(), format!("EXPLAIN EXECUTE asked{arguments}"));
    let rows = tx.query_all_raw(explain).await.expect(statement);
    tx.execute_unprepared("DEALLOCATE asked").await.expect("forgotten");
    rows.iter().map(|row| row.try_get("", "QUERY PLAN").expect("text")).collect()
}

async fn long_on_sqlite(w: &World, run: &BTreeSet<String>) -> Vec<String> {
    let mut long = Vec::new();
    for statement in run.iter().filter(|s| is_ours(s)) {
        let steps = plan(w, statement).await;
        let sorts = steps.iter().any(|step| step.contains("TEMP B-TREE"));
        for step in &steps {
            let all_of_a_business = step.ends_with("(business_id=?)") && !small(step);
            if reads_a_history(statement, step) || (sorts && all_of_a_business) {
                long.push(format!("{step}\n    {statement}"));
            }
        }
    }
    long
}

/// The queue's tables are apalis's own.
fn is_ours(statement: &str) -> bool {
    let theirs = ["Jobs", "Workers", "PRAGMA", "apalis.", "pg_notify", "pg_advisory"];
    let verbs = ["SELECT", "INSERT", "UPDATE", "DELETE", "WITH"];
    verbs.iter().any(|verb| statement.starts_with(verb)) && !theirs.iter().any(|name| statement.contains(name))
}

async fn plan(w: &World, statement: &str) -> Vec<String> {
    let db = w.s.db().connection();
    let explain = Statement::from_string(db.get_database_backend(), format!("EXPLAIN QUERY PLAN {statement}"));
    let rows = db.query_all_raw(explain).await.expect(statement);
    rows.iter().map(|row| row.try_get("", "detail").expect("text")).collect()
}

/// How the rows are found, in which table, by which index.
fn read(step: &str) -> (&str, &str, &str) {
    let mut words = step.split_whitespace();
    let (how, table) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let index = step.split(" INDEX ").nth(1).and_then(|rest| rest.split(' ').next());
    (how, table, index.unwrap_or_default())
}

fn small(step: &str) -> bool {
    let (_, table, index) = read(step);
    SMALL.contains(&table) || OPEN.iter().any(|open| index.starts_with(open))
}

fn reads_a_history(statement: &str, step: &str) -> bool {
    let (how, table, index) = read(step);
    if small(step) {
        return false;
    }
    match how {
        // The statement's own list of values; or children of an inserted row, which SQLite looks at only while some lack their parent.
        "SCAN" => {
            // What is counted up to a limit was stopped there.
            let values = table == "news" || table == "few" || step.contains("CONSTANT ROW") || step.contains("-ROW VALUES");
            !(values || statement.starts_with("INSERT"))
        }
        // The whole of one business; a list may, if it stops and wants everything that the index holds.
        "SEARCH" if step.ends_with("(business_id=?)") => {
            let filter = statement
                .split_once(" WHERE ")
                .and_then(|(_, rest)| rest.split_once(" ORDER BY ").or_else(|| rest.split_once(" LIMIT ")));
            let also = ALSO.iter().find(|(list, _)| *list == index).map_or("", |(_, also)| also);
            let everything = |filter: &str| {
                let rest = filter.strip_prefix(&format!("\"{table}\".\"business_id\" = ?"));
                rest.is_some_and(|rest| rest.is_empty() || rest == also) || index == "message_trouble"
            };
            let page = statement.contains("LIMIT") && filter.is_some_and(|(filter, _)| everything(filter));
            !(page && LISTS.contains(&index))
        }
        _ => false,
    }
}
