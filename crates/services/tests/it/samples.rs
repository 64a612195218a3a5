//! The first steps of a business, and the examples it can look around with.

use contract::Code;
use entity::{appointments::appointment, contacts::contact, reminders::reminder_request};
use rstest::rstest;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use services::{appointments, businesses, contacts, pages, samples, tasks};
use testkit::{Backend, World};

const ANN: &str = "+14155550171";

async fn done(w: &World) -> Vec<String> {
    let guide = pages::guide::guide(&w.s, &w.owner).await.expect("a guide");
    guide
        .steps
        .into_iter()
        .filter(|step| step.done)
        .map(|step| step.key)
        .collect()
}

#[rstest]
#[tokio::test]
async fn each_step_is_read_off_what_is_there(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    assert_eq!(done(&w).await, ["business", "twilio", "number"]);
    samples::add(&w.s, &w.owner).await.expect("examples");
    assert_eq!(done(&w).await, ["business", "twilio", "number"], "an example is no step");
    let ann = w.contact("Ann", ANN).await;
    assert_eq!(done(&w).await, ["business", "twilio", "number", "contact"]);
    w.appointment(&ann, 30).await;
    assert_eq!(done(&w).await, ["business", "twilio", "number", "contact", "visit"]);
    w.work().await;
    let guide = pages::guide::guide(&w.s, &w.owner).await.expect("a guide");
    assert!(guide.is_done(), "{guide:?}");
    assert!(!guide.hidden);
    businesses::first_steps::hide(&w.s, &w.owner, true).await.expect("put away");
    assert!(pages::guide::guide(&w.s, &w.owner).await.expect("a guide").hidden);
}

#[rstest]
#[tokio::test]
async fn nobody_ever_texts_an_example(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let added = samples::add(&w.s, &w.owner).await.expect("examples");
    assert_eq!(added, 4);
    let again = samples::add(&w.s, &w.owner).await.expect_err("once");
    assert_eq!(again.problem().code, Code::Conflict);
    let db = w.s.db().connection();
    assert_eq!(
        reminder_request::Entity::find().count(db).await.expect("a count"),
        0,
        "nothing is planned"
    );
    let person = contact::Entity::find()
        .filter(contact::Column::Sample.eq(true))
        .all(db)
        .await
        .expect("rows")
        .remove(0);
    let person = contacts::get(&w.s, &w.owner, person.id).await.expect("an example");
    let refused = w.reply(&person, "Hello").await.expect_err("refused");
    assert_eq!(refused.problem().code, Code::MayNotSend);
    w.clock.advance(chrono::Duration::days(4));
    w.work().await;
    assert_eq!(w.sim.messages(), [], "nothing was handed over");

    // Even one that was queued by somebody else's fault.
    let ann = w.contact("Ann", ANN).await;
    w.reply(&ann, "Hello").await.expect("queued");
    let mark = contact::Entity::update_many()
        .col_expr(contact::Column::Sample, sea_orm::sea_query::Expr::value(true))
        .filter(contact::Column::Id.eq(ann.id));
    mark.exec(db).await.expect("marked");
    w.work().await;
    assert_eq!(w.sim.messages(), []);
}

#[rstest]
#[tokio::test]
async fn removing_takes_out_exactly_the_examples(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    let visit = w.appointment(&ann, 30).await;
    let garage = w.another_business().await;
    samples::add(&w.s, &garage).await.expect("theirs");
    samples::add(&w.s, &w.owner).await.expect("ours");
    let db = w.s.db().connection();
    let found = contacts::list(&w.s, &w.owner, contract::contacts::ContactQuery::default())
        .await
        .expect("a list");
    let sample = found
        .data
        .iter()
        .find(|one| one.name.starts_with("Leo"))
        .expect("Leo")
        .clone();
    let task = contract::tasks::CreateTask {
        title: "Call Leo".to_owned(),
        contact_id: Some(sample.id),
        ..contract::tasks::CreateTask::default()
    };
    tasks::create(&w.s, &w.owner, task).await.expect("a task about an example");
    // Somebody writes from an example's number after all: that one is somebody.
    let maya = found
        .data
        .iter()
        .find(|one| one.name.starts_with("Maya"))
        .expect("Maya")
        .clone();
    w.text(maya.phone.as_str(), "Hello, is this the dentist?").await;

    let gone = samples::remove(&w.s, &w.owner).await.expect("removed");
    assert_eq!(gone, 3);
    let left = contacts::list(&w.s, &w.owner, contract::contacts::ContactQuery::default())
        .await
        .expect("a list");
    let names: Vec<&str> = left.data.iter().map(|one| one.name.as_str()).collect();
    assert_eq!(names, ["Ann", "Maya Lindgren (example)"]);
    appointments::get(&w.s, &w.owner, visit.id).await.expect("hers is untouched");
    assert!(w.open_tasks().await.iter().all(|task| task.contact_id != Some(sample.id)));
    let theirs = contact::Entity::find()
        .filter(contact::Column::BusinessId.eq(garage.business_id))
        .count(db)
        .await
        .expect("a count");
    assert_eq!(theirs, 4, "another business's stay");
    let visits = appointment::Entity::find()
        .filter(appointment::Column::BusinessId.eq(w.owner.business_id))
        .count(db)
        .await
        .expect("a count");
    assert_eq!(visits, 2, "Ann's and Maya's");
    assert_eq!(samples::remove(&w.s, &w.owner).await.expect("nothing more"), 0);
}
