//! `showup admin rotate-keys` beside a running server.

use entity::vault::data_key;
use rstest::rstest;
use sea_orm::EntityTrait;
use serde_json::json;
use services::Db;
use testkit::{Backend, Sim, TestDb};
use twilio_sim::SimConfig;

use crate::crash::{admin, free_port, post, start};

#[rstest]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keys_are_changed_beside_a_running_server(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    twilio::tls::install();
    let db = TestDb::new(backend).await;
    let sim: Sim = twilio_sim::start(SimConfig::default()).await.expect("the simulator starts");
    let slug = admin(
        &db,
        &sim,
        &["create-business", "--name", "Bright Dental", "--email", "olga@x.test"],
    );
    let key = admin(&db, &sim, &["create-api-key", "--business", &slug, "--name", "test"]);
    let showup = start(&db, &sim, free_port()).await;
    let person = |n: u32| json!({ "name": "Ann", "phone": format!("+1415555{n:04}") });
    let first = post(&showup.url, &key, "/contacts", person(0)).await;
    let last = tokio::task::block_in_place(|| admin(&db, &sim, &["rotate-keys"]));
    assert!(last.starts_with("Everything is encrypted with the new key"), "{last}");
    // The server finds by the new key what it wrote with the old one, and writes with the new one.
    assert_eq!(post(&showup.url, &key, "/contacts", person(0)).await["code"], "conflict");
    assert!(post(&showup.url, &key, "/contacts", person(1)).await["id"].is_string());
    assert!(first["id"].is_string());
    let db = Db::connect(&db.url).await.expect("opens");
    let keys = data_key::Entity::find().all(db.connection()).await.expect("keys");
    let mut states: Vec<String> = keys.into_iter().map(|key| key.state).collect();
    states.sort();
    assert_eq!(states, ["primary", "spent"]);
}
