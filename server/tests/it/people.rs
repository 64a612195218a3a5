//! What another system does with people: finds them by tag, changes them field by field, reads what happened, and staff's form beside it.

use rstest::rstest;
use serde_json::{Value, json};
use testkit::Backend;

use crate::app::TestApp;

const ANN: &str = "+14155550171";

async fn found(app: &TestApp, query: &str) -> Vec<Value> {
    let (status, page) = app.get(&format!("/contacts?{query}")).await;
    assert_eq!(status, 200, "{page}");
    page["data"].as_array().expect("rows").clone()
}

#[rstest]
#[tokio::test]
async fn people_come_in_batches_and_are_found_by_tag(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::without_workers(backend).await;
    let batch = json!({"contacts": [
        {"name": "Ann", "phone": ANN, "tags": ["VIP"]}, {"name": "Ben", "phone": "12"}, {"name": "Cleo", "phone": "+14155550173"}]});
    let (status, done) = app.post("/contacts/batch", batch.clone()).await;
    assert_eq!(
        (status, &done["created"], &done["refused"]),
        (200, &json!(2), &json!(1)),
        "{done}"
    );
    assert_eq!(done["data"][1]["errors"][0]["pointer"], "/contacts/1/phone", "{done}");
    let (_, again) = app.post("/contacts/batch", batch).await;
    assert_eq!(again["unchanged"], 2, "{again}");
    let tagged = found(&app, "tag=vip").await;
    assert_eq!((tagged.len(), &tagged[0]["name"]), (1, &json!("Ann")), "{tagged:?}");
    assert_eq!(found(&app, "search=cle").await.len(), 1);
    assert_eq!(found(&app, "updated_since=2001-01-01T00:00:00Z").await.len(), 2);
    let (status, problem) = app.get("/contacts?updated_since=yesterday").await;
    assert_eq!((status, &problem["errors"][0]["pointer"]), (400, &json!("/updated_since")));
}

#[rstest]
#[tokio::test]
async fn what_happened_to_a_person_is_read_and_what_they_stopped_stays(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let app = TestApp::without_workers(backend).await;
    let id = app.contact("Ann", ANN).await;
    app.receives("SM00000000000000000000000000000001", ANN, "STOP").await;
    let consent = json!({"channel": "sms", "purpose": "transactional", "state": "opted_in", "evidence": "Signed"});
    let (status, problem) = app.post(&format!("/contacts/{id}/consent"), consent).await;
    assert_eq!((status, &problem["code"]), (409, &json!("conflict")), "{problem}");
    let (status, page) = app.get(&format!("/contacts/{id}/timeline?limit=2")).await;
    assert_eq!((status, page["data"].as_array().map(Vec::len)), (200, Some(2)), "{page}");
    let (status, _) = app.get(&format!("/contacts/{id}/timeline?cursor=nonsense")).await;
    assert_eq!(status, 400);
}

#[rstest]
#[tokio::test]
async fn two_that_are_one_are_merged_and_parted_again(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::without_workers(backend).await;
    let (ann, anne) = (app.contact("Ann", ANN).await, app.contact("Anne Weber", "+14155550172").await);
    let (status, shown) = app.get(&format!("/contacts/{ann}/merge?other_id={anne}")).await;
    assert_eq!(
        (status, &shown["result"]["name"], &shown["refused"]),
        (200, &json!("Ann"), &Value::Null),
        "{shown}"
    );
    let merge = format!("/contacts/{ann}/merge");
    let (status, merged) = app.post(&merge, json!({"other_id": anne})).await;
    assert_eq!((status, &merged["id"]), (200, &json!(ann)), "{merged}");
    assert_eq!(merged["other_phones"][0]["phone"], "+14155550172", "{merged}");
    // The old id leads to her; only who keeps people in step is told of it.
    let (status, led) = app.get(&format!("/contacts/{anne}")).await;
    assert_eq!((status, &led["id"]), (200, &json!(ann)), "{led}");
    let changed = found(&app, "updated_since=2001-01-01T00:00:00Z").await;
    let tombstone = changed.iter().find(|row| row["id"] == json!(anne)).expect("among them");
    assert_eq!(tombstone["merged_into"], json!(ann));
    let (status, refused) = app.post("/messages", json!({"contact_id": anne, "body": "Hello"})).await;
    assert_eq!((status, &refused["conflicts_with"]), (409, &json!(ann)), "{refused}");
    let (status, again) = app.post(&merge, json!({"other_id": anne})).await;
    assert_eq!(status, 409, "{again}");
    let (status, parted) = app.post(&format!("/contacts/{ann}/merge/undo"), json!({})).await;
    assert_eq!((status, &parted["other_phones"]), (200, &Value::Null), "{parted}");
    let (status, nothing) = app.post(&format!("/contacts/{ann}/merge/undo"), json!({})).await;
    assert_eq!(status, 409, "{nothing}");
    let (_, back) = app.get(&format!("/contacts/{anne}")).await;
    assert_eq!((&back["id"], &back["name"]), (&json!(anne), &json!("Anne Weber")));
}

#[rstest]
#[tokio::test]
async fn a_merge_that_makes_no_sense_is_refused_in_words(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let app = TestApp::without_workers(backend).await;
    let ann = app.contact("Ann", ANN).await;
    let merge = format!("/contacts/{ann}/merge");
    let (status, itself) = app.post(&merge, json!({"other_id": ann})).await;
    assert_eq!(
        (status, &itself["errors"][0]["pointer"]),
        (422, &json!("/other_id")),
        "{itself}"
    );
    let (status, unknown) = app.post(&merge, json!({"other_id": ann, "force": true})).await;
    assert_eq!(status, 422, "{unknown}");
    let (status, nobody) = app
        .post(&merge, json!({"other_id": "00000000-0000-7000-8000-000000000000"}))
        .await;
    assert_eq!((status, &nobody["code"]), (404, &json!("not_found")), "{nobody}");
    // Of another business's people nobody is told that they are there.
    let (key, anne) = (app.another_key().await, app.contact("Anne Weber", "+14155550172").await);
    let asked = json!({"other_id": anne});
    for path in [merge.clone(), format!("{merge}/undo")] {
        let (status, problem) = app
            .post_as(&key, &path, if path.ends_with("undo") { json!({}) } else { asked.clone() })
            .await;
        assert_eq!((status, &problem["code"]), (404, &json!("not_found")), "{path}: {problem}");
    }
    let key = app.key_with(&["contacts:read"]).await;
    let (status, _) = app.post_as(&key, &merge, asked).await;
    assert_eq!(status, 403, "who may only read");
}
