//! Encryption at rest: what the database gives away, and keys that change while everybody works.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use contract::{
    Code,
    accounts::{Role, SignIn},
    contacts::{ContactQuery, ContactView, CreateContact, UpdateContact},
};
use domain::consent::State;
use entity::{contacts::contact, vault::data_key};
use migration::{Migrator, MigratorTrait};
use rstest::rstest;
use sea_orm::{
    ConnectionTrait, DbBackend, EntityTrait, Statement, Value,
    sea_query::{Alias, Query},
};
use services::{
    Actor, Clock, Db, Principal, Services, Settings, Twilio, accounts, contacts, live, mails, numbers, rotation, vault::Master,
};
use testkit::{Backend, Fault, FaultKind, TestDb, World, master, member};
use uuid::Uuid;

const ANN: &str = "+14155550171";
const BEN: &str = "+14155550172";

/// What must not be found in the database, in lower case: the ends of Ann's and Ben's numbers, their and Sam's addresses, and the tokens of
/// a Twilio account.
const PRIVATE: [&str; 7] = [
    "5550171",
    "5550172",
    "ann.smith@x.test",
    "ben@x.test",
    "sam@x.test",
    "the-garage-token",
    "the-garage-shared-secret",
];

const OWN: &str = "AC11111111111111111111111111111111";

/// Tables that hold numbers of their own kind: what was said between whom, the business's own numbers and its public contact line.
const ELSEWHERE: [&str; 2] = ["number", "business"];

fn new(name: &str, phone: &str, email: Option<&str>) -> CreateContact {
    CreateContact {
        name: name.to_owned(),
        phone: phone.to_owned(),
        email: email.map(str::to_owned),
        ..CreateContact::default()
    }
}

fn changed(c: &ContactView, phone: &str) -> UpdateContact {
    UpdateContact {
        id: c.id,
        name: c.name.clone(),
        phone: phone.to_owned(),
        email: c.email.clone(),
        time_zone: None,
        notes: None,
    }
}

async fn find(s: &Services, actor: &Actor, q: &str) -> Vec<String> {
    let query = ContactQuery {
        q: Some(q.to_owned()),
        cursor: None,
    };
    let found = contacts::list(s, actor, query).await.expect("list").data;
    found.into_iter().map(|c| c.name).collect()
}

async fn texts(db: &Db, sql: &str) -> Vec<String> {
    let cells = cells::<Option<String>>(db, sql).await;
    cells.into_iter().map(Option::unwrap_or_default).collect()
}

/// The first column of every row.
async fn cells<T: sea_orm::TryGetable>(db: &Db, sql: &str) -> Vec<T> {
    let db = db.connection();
    let statement = Statement::from_string(db.get_database_backend(), sql);
    let rows = db.query_all_raw(statement).await.expect("rows");
    rows.into_iter()
        .map(|row| row.try_get_by_index(0).expect("a value"))
        .collect()
}

/// Every row of every table but those of `ELSEWHERE`, as text.
async fn dump(db: &Db) -> Vec<String> {
    let tables = if db.is_postgres() {
        "SELECT table_name::text FROM information_schema.tables WHERE table_schema = 'public'"
    } else {
        "SELECT name FROM sqlite_master WHERE type = 'table'"
    };
    let mut all = Vec::new();
    for table in texts(db, tables).await {
        if ELSEWHERE.contains(&table.as_str()) {
            continue;
        }
        let rows = if db.is_postgres() {
            format!("SELECT convert_to(row_to_json(t)::text, 'UTF8') FROM {table} t")
        } else {
            let columns = texts(db, &format!("SELECT name FROM pragma_table_info('{table}')")).await;
            let columns: Vec<String> = columns.iter().map(|c| format!("coalesce(\"{c}\", '')")).collect();
            format!("SELECT CAST({} AS blob) FROM {table}", columns.join(" || '|' || "))
        };
        for row in cells::<Vec<u8>>(db, &rows).await {
            all.push(format!("{table}: {}", String::from_utf8_lossy(&row)));
        }
    }
    all
}

async fn assert_nothing_readable(db: &Db) {
    let rows = dump(db).await;
    assert!(
        rows.iter().filter(|row| row.starts_with("contact: ")).count() > 1,
        "the dump sees contacts"
    );
    for row in rows {
        let lower = row.to_lowercase();
        let found = PRIVATE.iter().find(|text| lower.contains(*text));
        assert_eq!(found, None, "{row}");
    }
}

/// Values not sealed with the primary key; the columns are written out here so that one forgotten in the code is missed by nobody.
async fn left_behind(db: &Db) -> Vec<String> {
    let sealed = [
        ("contact", "phone"),
        ("contact", "email"),
        ("suppression", "phone"),
        ("account", "email"),
        ("message", "theirs"),
        ("receipt", "raw"),
        ("live_event", "payload"),
        ("audit_event", "before"),
        ("audit_event", "after"),
        ("mail", "address"),
        ("mail", "content"),
        ("mail", "why"),
        ("twilio_account", "token"),
        ("twilio_account", "previous_token"),
        ("twilio_shared_key", "secret"),
    ];
    let primary = texts(db, "SELECT id FROM data_key WHERE state = 'primary'").await.remove(0);
    let mut left = Vec::new();
    for (table, column) in sealed {
        let sql = format!("SELECT {column} FROM {table} WHERE {column} NOT LIKE 'v1.{primary}.%'");
        left.extend(
            texts(db, &sql)
                .await
                .into_iter()
                .map(|value| format!("{table}.{column} {value}")),
        );
    }
    let sql = format!("SELECT phone_key FROM contact WHERE phone_key IS NULL OR phone_key NOT LIKE '{primary}.%'");
    left.extend(texts(db, &sql).await);
    left
}

async fn run(db: &Db, sql: &str) {
    db.connection().execute_unprepared(sql).await.expect("the statement works");
}

async fn keys(db: &Db) -> Vec<data_key::Model> {
    data_key::Entity::find().all(db.connection()).await.expect("keys")
}

async fn rotate(s: &Services) -> bool {
    rotation::rotate(s, Duration::ZERO, |_| {}).await.expect("keys change")
}

/// Ann and Ben with addresses, a member with one, an opt-out, texts, changes: something in every table.
async fn life(w: &World) -> (ContactView, ContactView) {
    let create = async |cmd| contacts::create(&w.s, &w.owner, cmd).await.expect("created");
    let ann = create(new("Ann", ANN, Some("Ann.Smith@x.test"))).await;
    let ben = create(new("Ben", "+14155550179", Some("ben@x.test"))).await;
    let ben = contacts::update(&w.s, &w.owner, changed(&ben, BEN)).await.expect("changed");
    let sam = member(&w.s, w.owner.business_id, Role::Admin, "sam@x.test", "a long password").await;
    mails::send_test(&w.s, &sam).await.expect("stored");
    w.sim.set_fault(Fault::new(FaultKind::MailRefuse));
    w.post().await;
    Box::pin(w.appointment(&ann, 30)).await;
    w.text(BEN, "Do you have time?").await;
    w.text(ANN, "STOP").await;
    w.text("+14155550171", "again").await;
    let garage = w.business_without_number("Garage").await;
    for token in ["the-garage-token", "the-garage-token-of-today"] {
        w.sim.set_account(OWN, token);
        numbers::accounts::connect(&w.s, &garage, OWN, token.into())
            .await
            .expect("connected");
    }
    numbers::accounts::add_shared_key(&w.s, &garage, "SK1", "the-garage-shared-secret".into())
        .await
        .expect("added");
    (ann, ben)
}

#[rstest]
#[tokio::test]
async fn nobody_reads_a_number_or_an_address_in_the_database(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (ann, _) = life(&w).await;
    assert_nothing_readable(w.s.db()).await;
    let seen = w.see_contact(&ann).await;
    assert_eq!((seen.phone.as_str(), seen.email.as_deref()), (ANN, Some("ann.smith@x.test")));
    let events = live::after(&w.s, &w.owner, 0).await.expect("the log").events;
    assert!(
        serde_json::to_string(&events.last().map(|e| &e.1))
            .expect("JSON")
            .contains("555")
    );
}

#[rstest]
#[tokio::test]
async fn another_secret_is_refused_in_words_and_can_be_changed(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (ann, _) = life(&w).await;
    let secret = "quite another secret, as long as it has to be".to_owned().into();
    let old = testkit::SECRET.to_owned().into();
    let refused = w.another_process_with(Master::new(&secret, None).expect("long enough")).await;
    let words = refused.err().expect("refused").to_string();
    assert!(words.contains("another SHOWUP_SECRET_KEY"), "{words}");

    let both = Master::new(&secret, Some(&old)).expect("long enough");
    let s = w.another_process_with(both).await.expect("opens with the previous secret");
    assert!(rotate(&s).await);
    let s = w.another_process_with(Master::new(&secret, None).expect("long enough")).await;
    let s = s.expect("the previous secret is not needed any more");
    assert_eq!(contacts::get(&s, &w.owner, ann.id).await.expect("Ann").phone, ANN);
    assert!(w.another_process_with(master()).await.is_err(), "nor does it open anything");
    rotation::refresh(&w.s)
        .await
        .expect_err("a running process with the old secret can't learn the new key");
    assert!(Master::new(&"short".to_owned().into(), None).is_err());
}

#[rstest]
#[tokio::test]
async fn a_value_opens_only_in_its_own_column_and_unchanged(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (ann, ben) = life(&w).await;
    run(w.s.db(), "UPDATE contact SET email = phone WHERE name = 'Ann'").await;
    let swapped = contacts::get(&w.s, &w.owner, ann.id).await.expect_err("refused");
    assert_eq!(swapped.problem().code, Code::Internal);
    assert!(swapped.to_string().contains("contact.email"), "{swapped}");
    run(
        w.s.db(),
        "UPDATE contact SET phone = substr(phone, 1, length(phone) - 8) || 'AAAAAAAA' WHERE name = 'Ben'",
    )
    .await;
    contacts::get(&w.s, &w.owner, ben.id).await.expect_err("refused");
    assert!(!rotate(&w.s).await, "what can't be opened is said");
    assert!(
        keys(w.s.db()).await.iter().any(|key| key.state == "old"),
        "and its key is kept"
    );
}

#[rstest]
#[tokio::test]
async fn sign_in_and_stop_outlive_the_keys_they_were_stored_with(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (ann, _) = life(&w).await;
    for _ in 0..3 {
        assert!(rotate(&w.s).await);
        w.clock.advance(chrono::Duration::hours(2));
    }
    assert_eq!(
        keys(w.s.db()).await.len(),
        2,
        "the first two are gone, the last is kept for a while"
    );
    assert_eq!(left_behind(w.s.db()).await, Vec::<String>::new());
    let sign_in = SignIn {
        email: " Sam@X.test".to_owned(),
        password: "a long password".to_owned(),
    };
    accounts::sign_in(&w.s, sign_in).await.expect("signed in");
    let again = accounts::add_member(&w.s, w.owner.business_id, Role::Staff, "Sam", "sam@x.test", "a long password").await;
    assert_eq!(again.expect_err("refused").problem().code, Code::Conflict);
    // The number moves to somebody else, the STOP stays with it.
    contacts::update(&w.s, &w.owner, changed(&ann, "+14155550178"))
        .await
        .expect("changed");
    assert_eq!(w.contact("Zoe", ANN).await.consent.sms, State::OptedOut);
    w.text(ANN, "START").await;
    contacts::update(&w.s, &w.owner, changed(&ann, "+14155550177"))
        .await
        .expect("changed");
    let zoe = find(&w.s, &w.owner, ANN).await;
    assert_eq!(zoe, ["Zoe"]);
    assert_eq!(
        texts(w.s.db(), "SELECT phone_key FROM suppression").await.len(),
        0,
        "START lifts it"
    );
}

#[rstest]
#[tokio::test]
async fn people_are_found_by_any_part_right_after_another_process_changed_them(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let other = w.another_process().await;
    let (_, ben) = life(&w).await;
    for s in [&w.s, &other] {
        assert_eq!(find(s, &w.owner, "50171").await, ["Ann"], "digits in the middle");
        assert_eq!(find(s, &w.owner, "(415) 555-01").await, ["Ann", "Ben"]);
        assert_eq!(
            find(s, &w.owner, "4155550172").await,
            ["Ben"],
            "a whole number as one writes it at home"
        );
        assert_eq!(find(s, &w.owner, "Smith@X").await, ["Ann"]);
        assert_eq!(find(s, &w.owner, "nobody").await, [""; 0]);
    }
    contacts::update(&other, &w.owner, changed(&ben, "+14155559999"))
        .await
        .expect("changed");
    assert_eq!(find(&w.s, &w.owner, "5999").await, ["Ben"]);
    assert_eq!(find(&w.s, &w.owner, "50172").await, [""; 0]);
    w.clock.advance(chrono::Duration::hours(1));
    contacts::create(&other, &w.owner, new("Cora", "+14155558888", Some("cora@y.test")))
        .await
        .expect("created");
    assert_eq!(find(&w.s, &w.owner, "y.test").await, ["Cora"]);
    // Stamped when its transaction began, or by a clock that is behind.
    w.clock.advance(chrono::Duration::seconds(-30));
    contacts::create(&other, &w.owner, new("Dora", "+14155557777", None))
        .await
        .expect("created");
    w.clock.advance(chrono::Duration::seconds(30));
    assert_eq!(find(&w.s, &w.owner, "57777").await, ["Dora"]);
    let elsewhere = w.another_business().await;
    assert_eq!(find(&w.s, &elsewhere, "415").await, [""; 0], "only in one's own business");
}

#[rstest]
#[tokio::test]
async fn hits_come_in_pages_in_the_order_of_the_list(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    for n in 0..120 {
        let phone = format!("+1415555{:04}", 1000 + (n * 37) % 120);
        contacts::create(&w.s, &w.owner, new(&format!("Person {:03}", (n * 7) % 60), &phone, None))
            .await
            .expect("created");
    }
    let (mut seen, mut cursor) = (Vec::new(), None);
    loop {
        let query = ContactQuery {
            q: Some("4155551".to_owned()),
            cursor,
        };
        let page = contacts::list(&w.s, &w.owner, query).await.expect("page");
        assert!(page.data.len() <= 50);
        seen.extend(page.data.into_iter().map(|c| (c.name, c.id)));
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert!(seen.is_sorted(), "in order");
    seen.dedup();
    assert_eq!(seen.len(), 120, "nobody twice, nobody missing");
}

/// Learns of keys like a server does, only more often.
fn keep_fresh(s: &Services) -> tokio::task::JoinHandle<()> {
    let s = s.clone();
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_millis(20)).await;
            rotation::refresh(&s).await.expect("refreshed");
        }
    })
}

/// Adds people and changes their numbers, reads them back and finds them; returns how many.
fn work(s: &Services, actor: &Actor, first: usize, stop: &Arc<AtomicBool>) -> tokio::task::JoinHandle<usize> {
    let (s, actor, stop) = (s.clone(), actor.clone(), stop.clone());
    tokio::spawn(async move {
        let mut n = first;
        while !stop.load(Ordering::SeqCst) {
            let (phone, other) = (format!("+1415555{n:04}"), format!("+1212555{n:04}"));
            let name = format!("Person {n}");
            let made = contacts::create(&s, &actor, new(&name, &phone, Some(&format!("p{n}@x.test"))))
                .await
                .expect("created");
            let twice = contacts::create(&s, &actor, new("Twice", &phone, None))
                .await
                .expect_err("nobody twice");
            assert_eq!(twice.problem().code, Code::Conflict);
            contacts::update(&s, &actor, changed(&made, &other)).await.expect("changed");
            assert_eq!(contacts::get(&s, &actor, made.id).await.expect("read").phone, other);
            assert_eq!(find(&s, &actor, &other[4..]).await, [name.as_str()]);
            assert_eq!(find(&s, &actor, &format!("p{n}@x")).await, [name.as_str()]);
            n += 1;
        }
        n - first
    })
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_change_while_two_processes_work_even_if_the_change_is_killed(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let (other, operator) = (w.another_process().await, w.another_process().await);
    life(&w).await;
    let stop = Arc::new(AtomicBool::new(false));
    let fresh = [keep_fresh(&w.s), keep_fresh(&other)];
    let workers = [work(&w.s, &w.owner, 1000, &stop), work(&other, &w.owner, 2000, &stop)];

    let wait = Duration::from_millis(200);
    let (said, mut heard) = tokio::sync::mpsc::unbounded_channel();
    let s = operator.clone();
    let killed = tokio::spawn(async move { rotation::rotate(&s, wait, |line| drop(said.send(line))).await });
    while let Some(line) = heard.recv().await {
        // The first column is done, the others are not.
        if line.starts_with("contact.phone") {
            break;
        }
    }
    killed.abort();
    assert!(killed.await.expect_err("killed").is_cancelled());
    let states: Vec<String> = keys(w.s.db()).await.into_iter().map(|key| key.state).collect();
    assert!(states.contains(&"old".to_owned()), "{states:?}");
    assert_ne!(left_behind(w.s.db()).await.len(), 0, "it was killed half way");

    let after_kill = w.another_process().await;
    let mut lines = Vec::new();
    let whole = rotation::rotate(&after_kill, wait, |line| lines.push(line))
        .await
        .expect("goes on");
    assert!(whole && lines[0].contains("interrupted"), "{lines:?}");
    stop.store(true, Ordering::SeqCst);
    let mut made = 2;
    for worker in workers {
        let n = worker.await.expect("no panic");
        assert!(n > 0);
        made += n;
    }
    fresh.iter().for_each(|f| f.abort());
    assert_eq!(left_behind(w.s.db()).await, Vec::<String>::new());
    let rows = contact::Entity::find().all(w.s.db().connection()).await.expect("rows");
    assert_eq!(rows.len(), made, "nobody lost, nobody twice");
}

/// A change of keys that got as far as making one.
async fn begin(w: &World) {
    let operator = w.another_process().await;
    let begun = tokio::spawn(async move { rotation::rotate(&operator, Duration::from_secs(60), |_| {}).await });
    while keys(w.s.db()).await.len() < 2 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    // Time enough to do what should wait for a minute.
    tokio::time::sleep(Duration::from_millis(200)).await;
    begun.abort();
}

#[rstest]
#[tokio::test]
async fn a_new_key_is_not_used_before_everybody_knows_it(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    begin(&w).await;
    // This process knows the new key from the start, `w.s` has not heard of it.
    let other = w.another_process().await;
    contacts::create(&other, &w.owner, new("Ann", ANN, None))
        .await
        .expect("created");
    let twice = contacts::create(&w.s, &w.owner, new("Twice", ANN, None))
        .await
        .expect_err("known");
    assert_eq!(twice.problem().code, Code::Conflict);
    assert_eq!(find(&w.s, &w.owner, ANN).await, ["Ann"]);
}

/// Two processes that use different keys for a moment.
async fn two_keys(w: &World) -> Services {
    let other = w.another_process().await;
    begin(w).await;
    rotation::refresh(&w.s).await.expect("knows the next key");
    run(w.s.db(), "UPDATE data_key SET state = 'old' WHERE state = 'primary'").await;
    run(w.s.db(), "UPDATE data_key SET state = 'primary' WHERE state = 'next'").await;
    rotation::refresh(&other).await.expect("uses the next key");
    other
}

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_processes_use_different_keys_a_number_and_an_address_are_still_one(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let other = two_keys(&w).await;
    for n in 0..25 {
        let create = |s: &Services| {
            let (s, actor, cmd) = (s.clone(), w.owner.clone(), new("Ann", &format!("+14155551{n:03}"), None));
            tokio::spawn(async move { contacts::create(&s, &actor, cmd).await })
        };
        let both = [create(&w.s), create(&other)];
        let mut made = 0;
        for one in both {
            made += usize::from(one.await.expect("no panic").is_ok());
        }
        assert_eq!(made, 1, "number {n}");
    }
    let join = |s: &Services| {
        let (s, business) = (s.clone(), w.owner.business_id);
        tokio::spawn(async move { accounts::add_member(&s, business, Role::Staff, "Sam", "sam@x.test", "a long password").await })
    };
    let (one, two) = (join(&w.s), join(&other));
    let (one, two) = (one.await.expect("no panic").is_ok(), two.await.expect("no panic").is_ok());
    assert!(one != two, "one account per address");
    // Sealed with one key, asked about with the other, both ways.
    w.text(ANN, "STOP").await;
    assert_eq!(
        contacts::create(&other, &w.owner, new("Ann", ANN, None))
            .await
            .expect("named")
            .consent
            .sms,
        State::OptedOut
    );
    assert_eq!(find(&other, &w.owner, ANN).await, ["Ann"]);
    contacts::create(&other, &w.owner, new("Ben", BEN, None))
        .await
        .expect("created");
    assert_eq!(find(&w.s, &w.owner, BEN).await, ["Ben"]);
}

#[rstest]
#[tokio::test]
async fn a_process_that_stood_still_loses_nothing(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let asleep = w.another_process().await;
    let ann = w.contact("Ann", ANN).await;
    assert!(rotate(&w.s).await);
    let seen = contacts::get(&asleep, &w.owner, ann.id)
        .await
        .expect("fetches the key it does not know");
    assert_eq!(seen.phone, ANN);
    let asleep = w.another_process().await;
    assert!(rotate(&w.s).await);
    // Written with a key that is spent.
    let ben = contacts::create(&asleep, &w.owner, new("Ben", BEN, None))
        .await
        .expect("created");
    assert_eq!(
        left_behind(w.s.db()).await.len(),
        4,
        "his number, its index, the audit and the event"
    );
    for _ in 0..2 {
        w.clock.advance(chrono::Duration::hours(2));
        rotation::prune(&w.s).await.expect("swept");
    }
    assert_eq!(keys(w.s.db()).await.len(), 1);
    assert_eq!(w.see_contact(&ben).await.phone, BEN);
    assert_eq!(left_behind(w.s.db()).await, Vec::<String>::new());
}

async fn insert(db: &Db, table: &str, row: &[(&str, Value)]) {
    let mut insert = Query::insert();
    insert
        .into_table(Alias::new(table))
        .columns(row.iter().map(|(name, _)| Alias::new(*name)));
    insert.values_panic(row.iter().map(|(_, value)| sea_orm::sea_query::Expr::value(value.clone())));
    db.connection().execute(&insert).await.expect(table);
}

/// A database as it was before there was encryption: Ann (who said STOP), Ben, and Sam's account.
async fn plain(test: &TestDb, now: chrono::DateTime<chrono::Utc>) -> (Db, Uuid) {
    let db = Db::connect(&test.url).await.expect("opens");
    let before = Migrator::migrations()
        .iter()
        .position(|m| m.name() == "0003_encryption_at_rest")
        .expect("it exists");
    Migrator::up(db.connection(), Some(before as u32)).await.expect("up to then");
    let (business, now): (Uuid, Value) = (Uuid::now_v7(), now.into());
    let text = |text: &str| Value::from(text.to_owned());
    let mut row = vec![
        ("id", business.into()),
        ("quiet_start", 0.into()),
        ("quiet_end", 0.into()),
        ("hourly_limit", 9.into()),
    ];
    row.extend(["slug", "name", "contact_line", "cadence"].map(|column| (column, text("x"))));
    row.extend([
        ("time_zone", text("UTC")),
        ("country", text("US")),
        ("created_at", now.clone()),
    ]);
    insert(&db, "business", &row).await;
    for (name, phone, email) in [("Ann", ANN, "ann.smith@x.test"), ("Ben", BEN, "ben@x.test")] {
        let search = format!("{}\n{phone}\n{email}", name.to_lowercase());
        let row = [
            ("id", Uuid::now_v7().into()),
            ("business_id", business.into()),
            ("name", text(name)),
            ("phone", text(phone)),
            ("email", text(email)),
            ("notes", text("")),
            ("blocked", false.into()),
            ("search", text(&search)),
            ("next_token", 101.into()),
            ("created_at", now.clone()),
            ("updated_at", now.clone()),
        ];
        insert(&db, "contact", &row).await;
    }
    let stop = [("business_id", business.into()), ("phone", text(ANN)), ("since", now.clone())];
    insert(&db, "suppression", &stop).await;
    let mut sam = vec![
        ("id", Uuid::now_v7().into()),
        ("created_at", now.clone()),
        ("email", text("sam@x.test")),
    ];
    sam.extend([("name", text("Sam")), ("password_hash", text(""))]);
    insert(&db, "account", &sam).await;
    let mut event = vec![
        ("business_id", business.into()),
        ("created_at", now.clone()),
        ("kind", text("x")),
    ];
    event.push(("payload", text(&format!("{{\"phone\": \"{ANN}\"}}"))));
    insert(&db, "live_event", &event).await;
    let mut change = vec![
        ("id", Uuid::now_v7().into()),
        ("business_id", business.into()),
        ("entity_id", business.into()),
    ];
    change.extend(["actor", "action", "entity"].map(|column| (column, text("x"))));
    change.extend([("at", now), ("before", text("[\"ben@x.test\"]"))]);
    insert(&db, "audit_event", &change).await;
    (db, business)
}

#[rstest]
#[tokio::test]
async fn an_upgrade_encrypts_what_is_there(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let test = TestDb::empty(backend).await;
    let clock = Clock::system();
    let settings = Settings {
        account_per_second: None,
        public_url: "http://showup.test".to_owned(),
        default_from: None,
    };
    let now = chrono::DateTime::from_timestamp(1_800_000_000, 0).expect("a moment");
    let (db, business_id) = plain(&test, now).await;
    migration::up(db.connection()).await.expect("up");
    let api = twilio::Api::new(twilio::Config::new("http://127.0.0.1:9")).expect("a way to Twilio");
    let s = Services::open(db, clock, Twilio { api, account: None }, None, settings, master())
        .await
        .expect("opens");
    assert_nothing_readable(s.db()).await;
    assert_eq!(left_behind(s.db()).await, Vec::<String>::new());
    if s.db().connection().get_database_backend() == DbBackend::Sqlite {
        let file = test.url.trim_start_matches("sqlite://").split('?').next().expect("a path");
        let bytes = [std::fs::read(file), std::fs::read(format!("{file}-wal"))]
            .map(|read| read.expect("a file"))
            .concat();
        let found = bytes.windows(7).any(|seven| seven == b"5550171");
        assert!(!found, "nor in the free pages of the file");
    }
    let who = Principal::Operator;
    let actor = Actor { business_id, who };
    assert_eq!(find(&s, &actor, "x.test").await, ["Ann", "Ben"]);
    let again = contacts::create(&s, &actor, new("Ann", ANN, None)).await.expect_err("known");
    assert_eq!(again.problem().code, Code::Conflict);
    let all = contacts::list(&s, &actor, ContactQuery::default()).await.expect("list").data;
    contacts::update(&s, &actor, changed(&all[0], "+14155550178"))
        .await
        .expect("changed");
    let zoe = contacts::create(&s, &actor, new("Zoe", ANN, None)).await.expect("created");
    assert_eq!(zoe.consent.sms, State::OptedOut, "the STOP was taken along");
    let sam = accounts::add_member(&s, business_id, Role::Staff, "Sam", "sam@x.test", "a long password").await;
    assert_eq!(sam.expect_err("known").problem().code, Code::Conflict);
}
