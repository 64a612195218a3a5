//! Law: what a page or a message costs does not grow with history. A day's work is done on each database, every statement that was run
//! is written down, and the database is asked how it finds the rows for each. SQLite keeps no statistics here, and PostgreSQL is told
//! that the tables of history are large and not to read whole ones where it can help it, so their answers hold for any size. (A program
//! of its own, because listening to statements is a matter of the whole process.)

use std::{
    collections::BTreeSet,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use chrono::Duration;
use contract::{
    accounts::Role,
    appointments::{Act, AppointmentQuery, MoveAppointment},
    contacts::{ContactQuery, CreateContact, DecideHold},
    messages::{LogQuery, MessageIds, SendMessage},
    tasks::TaskQuery,
};
use sea_orm::{ConnectionTrait, Statement, TransactionTrait};
use services::{
    appointments, contacts, conversations, jobs, live, mails, outbox, pages, receiving, reconcile, reminders, reports, sending,
    tasks,
};
use testkit::{Backend, Fault, FaultKind, NUMBER, SHARED, World, member};
use tracing::field::{Field, Visit};
use tracing_subscriber::{Layer, filter::LevelFilter, layer::Context, prelude::*};
use uuid::Uuid;

/// Tables that stay small: a row per number, account, place, country or provider.
const SMALL: [&str; 10] = [
    "business",
    "number",
    "account",
    "twilio_account",
    "location",
    "member",
    "breaker",
    "price",
    "sweep",
    "data_key",
];

/// Tables of history, each with the beginning of its indexes' names. Conversations and contacts are not among them: there is one for
/// each customer, however much they write.
const HISTORY: [(&str, &str); 11] = [
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
];

/// Lists that a page shows in the order of an index, and stops after a page. For SQLite, whose plans do not show where one stops.
const LISTS: [&str; 7] = [
    "conversation_latest",
    "contact_search",
    "contact_changed",
    "live_event_business",
    "message_business",
    "message_trouble",
    "mail_latest",
];

/// Indexes over what waits or is unread, which is never much: what they hold may be read whole.
const OPEN: [&str; 7] = [
    "message_waiting",
    "message_in_flight",
    "message_unclear",
    "receipt_waiting",
    "conversation_unread",
    "mail_waiting",
    "mail_in_flight",
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
        Box::pin(a_day(&w)).await;
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

/// The plan that serves for any values, in a database with a long history. With the few rows of a day every index looks as good as any
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
            let values = table == "news" || step.contains("CONSTANT ROW") || step.contains("-ROW VALUES");
            !(values || statement.starts_with("INSERT"))
        }
        // The whole of one business; a list may, if it stops and wants everything that the index holds.
        "SEARCH" if step.ends_with("(business_id=?)") => {
            let filter = statement
                .split_once(" WHERE ")
                .and_then(|(_, rest)| rest.split_once(" ORDER BY "));
            let everything = |filter: &str| filter == format!("\"{table}\".\"business_id\" = ?") || index == "message_trouble";
            let page = statement.contains("LIMIT") && filter.is_some_and(|(filter, _)| everything(filter));
            !(page && LISTS.contains(&index))
        }
        _ => false,
    }
}

const PHONES: [&str; 6] = [
    "+14155550171",
    "+14155550172",
    "+14155550173",
    "+14155550174",
    "+14155550175",
    "+14155550176",
];

/// Everything that staff, customers and Twilio do on most days, and what the ticks do meanwhile.
async fn a_day(w: &World) {
    let (s, owner) = (&w.s, &w.owner);
    let mut people = Vec::new();
    for phone in PHONES {
        let (person, appointment) = w.reminded("Somebody", phone).await;
        people.push((person, appointment));
    }
    for (phone, text) in PHONES
        .iter()
        .zip(["Y", "N", "STOP", "Please take me off your list", "HELP", "Is there parking?"])
    {
        w.text(phone, text).await;
    }
    futures::future::join_all(PHONES.iter().map(|phone| w.text(phone, "Thank you"))).await;
    w.text("+14155550199", "Do you take new patients?").await;
    for (person, _) in [&people[0], &people[5]] {
        let reply = w.reply(person, "See you soon").await.expect("taken");
        w.work().await;
        let sent = w.last_message(person).await;
        let sid = sent.provider_sid.expect("sent");
        for status in ["sent", "undelivered"] {
            w.status(&reply, &sid, status, Some(30003).filter(|_| status == "undelivered"))
                .await
                .expect("taken");
        }
        let ids = vec![reply.id];
        outbox::retry(s, owner, MessageIds { ids: ids.clone() }).await.expect("again");
        outbox::cancel_many(s, owner, MessageIds { ids }).await.expect("taken back");
    }
    let decision = DecideHold {
        contact_id: people[3].0.id,
        opt_out: false,
    };
    tasks::decide_hold(s, owner, decision).await.expect("decided");
    let appointment = &people[5].1;
    let starts_at = (w.clock.now() + Duration::days(4)).to_rfc3339();
    appointments::reschedule(
        s,
        owner,
        appointment.id,
        MoveAppointment {
            starts_at,
            ..Default::default()
        },
    )
    .await
    .expect("moved");
    reminders::send_now(s, owner, appointment.id).await.expect("sent now");
    appointments::act(s, owner, people[4].1.id, Act::Cancel)
        .await
        .expect("cancelled");
    w.work().await;
    jobs::tick(s).await.expect("looked");
    staff_mail(w).await;
    late(w).await;
    sending::recover(s).await.expect("recovered");
    pages::backlog::backlog(s).await.expect("counted");
    screens(w, people[0].0.id).await;
    w.clock.advance(Duration::days(2));
    w.work().await;
    jobs::tick(s).await.expect("looked");
    live::prune(s).await.expect("swept");
}

/// Twilio's trouble that staff hear of by e-mail, and a mail to see whether that works.
async fn staff_mail(w: &World) {
    let s = &w.s;
    let olga = member(s, w.owner.business_id, Role::Owner, "olga@x.test", "a long password").await;
    mails::send_test(s, &olga).await.expect("stored");
    w.sim.set_fault(Fault {
        code: Some(20003),
        ..Fault::new(FaultKind::Refuse)
    });
    let person = w.holder_of(PHONES[5]).await;
    for minutes in [0, 6] {
        w.clock.advance(Duration::minutes(minutes));
        w.reply(&person, "Are you there?").await.expect("taken");
        w.work().await;
        w.post().await;
        w.clock.advance(Duration::minutes(minutes));
    }
    assert_eq!(w.sim.mails_to("olga@x.test").len(), 3);
    mails::tick(s).await.expect("looked");
    mails::recover(s).await.expect("looked");
    mails::prune(s).await.expect("swept");
    pages::settings::email(s, &olga).await.expect("shown");
}

/// Texts that an outage kept from us, and a STOP that can't be acted on at once.
async fn late(w: &World) {
    reconcile::sweep(&w.s).await.expect("compared");
    for (phone, text) in PHONES.iter().zip(["N", "Y", "START", "STOP", "Y"]) {
        w.sim.inbound(phone, NUMBER, text).await;
    }
    w.clock.advance(Duration::minutes(1));
    w.text(PHONES[0], "Y").await;
    reconcile::sweep(&w.s).await.expect("compared");
    w.text(PHONES[1], "CANCEL").await;
    let db = w.s.db().connection();
    let rename = |from: &str, to: &str| format!("ALTER TABLE {from} RENAME TO {to}");
    db.execute_unprepared(&rename("conversation", "away")).await.expect("broken");
    w.text(PHONES[5], "STOP").await;
    db.execute_unprepared(&rename("away", "conversation")).await.expect("mended");
}

async fn screens(w: &World, person: uuid::Uuid) {
    let (s, owner) = (&w.s, &w.owner);
    let inbox = conversations::list(s, owner, None).await.expect("the inbox");
    for row in &inbox.data {
        pages::thread::thread(s, owner, row.id, None).await.expect("a thread");
        conversations::mark_read(s, owner, row.id).await.expect("read");
    }
    for show in ["waiting", "trouble", ""] {
        let query = LogQuery {
            show: Some(show.to_owned()).filter(|s| !s.is_empty()),
            ..LogQuery::default()
        };
        pages::log::log(s, owner, query).await.expect("the log");
    }
    for show in ["upcoming", "past"] {
        let query = AppointmentQuery {
            show: Some(show.to_owned()),
            ..AppointmentQuery::default()
        };
        appointments::list(s, owner, query).await.expect("visits");
    }
    for q in ["", "some", "0171"] {
        let query = ContactQuery {
            q: Some(q.to_owned()),
            ..ContactQuery::default()
        };
        contacts::list(s, owner, query).await.expect("contacts");
    }
    pages::contact::page(s, owner, person).await.expect("a person");
    contacts::consent::export(s, owner, person).await.expect("a ledger");
    for task in tasks::list(s, owner, TaskQuery::default()).await.expect("tasks").data {
        tasks::set_done(s, owner, task.id, true).await.expect("done");
    }
    reports::recent(s, owner, 30).await.expect("counters");
    pages::notices::list(s, owner).await.expect("banners");
    let here = live::cursor(s, owner.business_id).await.expect("a cursor");
    live::after(s, owner, here).await.expect("events");
}
