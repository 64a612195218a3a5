//! Encryption at rest: what the database gives away, and keys that change while everybody works.

mod key_change;
mod upgrade;

use std::time::Duration;

use contract::{
    Code,
    accounts::{Role, SignIn},
    contacts::{ContactQuery, ContactView, CreateContact, UpdateContact},
};
use domain::consent::State;
use entity::vault::data_key;
use rstest::rstest;
use sea_orm::{ConnectionTrait, EntityTrait, Statement};
use services::{Actor, Db, Services, accounts, contacts, live, mails, numbers, rotation, vault::Master};
use testkit::{Backend, Fault, FaultKind, World, master, member};

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
        search: Some(q.to_owned()),
        ..ContactQuery::default()
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
        // The index of words has no rows of its own; its parts are tables, too, and are read.
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'message_search'"
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
        ("dead_address", "address"),
        ("account", "email"),
        ("message", "theirs"),
        ("receipt", "raw"),
        ("live_event", "payload"),
        ("audit_event", "before"),
        ("audit_event", "after"),
        ("mail", "address"),
        ("mail", "content"),
        ("mail", "why"),
        ("push_key", "secret"),
        ("link_key", "secret"),
        ("verification", "phone"),
        ("push_device", "endpoint"),
        ("push_device", "auth"),
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
        events
            .iter()
            .any(|(_, e)| serde_json::to_string(e).expect("JSON").contains("555"))
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
    accounts::sign_in(&w.s, sign_in, &accounts::Caller::default())
        .await
        .expect("signed in");
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
            search: Some("4155551".to_owned()),
            cursor,
            ..ContactQuery::default()
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
