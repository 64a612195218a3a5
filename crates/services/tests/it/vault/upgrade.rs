//! An upgrade from the time when numbers and addresses could be read.

use contract::{Code, accounts::Role, contacts::ContactQuery};
use domain::consent::State;
use migration::{Migrator, MigratorTrait};
use rstest::rstest;
use sea_orm::{
    ConnectionTrait, DbBackend, Value,
    sea_query::{Alias, Query},
};
use services::{Actor, Clock, Db, Principal, Services, Settings, Twilio, accounts, contacts};
use testkit::{Backend, TestDb, master};
use uuid::Uuid;

use super::{ANN, BEN, assert_nothing_readable, changed, find, left_behind, new};

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
        calendars_every: chrono::Duration::minutes(10),
        private_calendars: true,
        private_webhooks: true,
        api_per_minute: 1_000,
        proxies: services::Proxies::default(),
        oidc: None,
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
    accounts::add_member(&s, business_id, Role::Staff, "", "sam@x.test", "")
        .await
        .expect("the account is found, so that it needs neither name nor password");
}
