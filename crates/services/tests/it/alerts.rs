//! What leaves its usual course is said once, in the app and by mail, and so is its end; chance is not.

use chrono::Duration;
use contract::{PageQuery, accounts::Role, alerts::AlertView, notifications::Choices};
use domain::{
    figures::{QUARTERS_A_DAY, quarter},
    selftest::{Line, Status},
};
use entity::{
    businesses::business,
    messages::{message, spend_month},
    reports::{counter_day, counter_quarter},
    selftest::self_test,
};
use rstest::rstest;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Set, sea_query::Expr};
use services::{Actor, alerts, jobs, notifications, pages, queue::Job};
use testkit::{Backend, World, member};

const OLGA: &str = "olga@x.test";
const ADAM: &str = "adam@x.test";
const SAM: &str = "sam@x.test";
const PASSWORD: &str = "a long password";

/// Four weeks of a business at which 3 of 100 texts do not arrive, and 1 of 200 people opts out.
async fn a_past(w: &World) {
    let (db, business_id) = (w.s.db().connection(), w.owner.business_id);
    let mut rows = Vec::new();
    let mut days = Vec::new();
    for ago in 2..29 {
        let at = quarter(w.clock.now()) - ago * QUARTERS_A_DAY;
        for (what, n) in [("sent", 100), ("delivered", 97), ("undelivered", 3)] {
            rows.push(counter_quarter::ActiveModel {
                business_id: Set(business_id),
                quarter: Set(at),
                what: Set(what.to_owned()),
                sort: Set(String::new()),
                place: Set(uuid::Uuid::nil()),
                type_id: Set(uuid::Uuid::nil()),
                channel: Set("sms".to_owned()),
                template: Set("reminder".to_owned()),
                n: Set(n),
            });
        }
        let day = (w.clock.now() - Duration::days(ago)).date_naive().to_string();
        for (what, n) in [("sent", 100), ("opted_out", i64::from(ago % 2 == 0))] {
            days.push(counter_day::ActiveModel {
                business_id: Set(business_id),
                day: Set(day.clone()),
                what: Set(what.to_owned()),
                n: Set(n),
            });
        }
    }
    counter_quarter::Entity::insert_many(rows)
        .exec_without_returning(db)
        .await
        .expect("a past");
    counter_day::Entity::insert_many(days)
        .exec_without_returning(db)
        .await
        .expect("a past");
}

/// Texts to so many new people, each of which ends like this.
async fn texts(w: &World, from: usize, count: usize, status: &str, code: Option<i32>) {
    for n in from..from + count {
        let somebody = Box::pin(w.contact("Somebody", &format!("+1415555{:04}", 1000 + n))).await;
        let text = w.reply(&somebody, "Hello").await.expect("queued");
        w.work().await;
        let row = message::Entity::find_by_id(text.id).one(w.s.db().connection()).await;
        let sid = row.expect("a row").expect("the text").provider_sid.expect("Twilio has it");
        w.status(&text, &sid, status, code).await.expect("heard");
    }
}

async fn look(w: &World) {
    let businesses = vec![w.owner.business_id];
    jobs::perform(&w.s, Job::LookForAlerts { businesses }).await.expect("looked");
}

async fn all(w: &World, actor: &Actor) -> Vec<AlertView> {
    let page = alerts::list(&w.s, actor, PageQuery::default()).await.expect("alerts");
    page.data
}

async fn kinds_open(w: &World) -> Vec<String> {
    let open = all(w, &w.owner).await.into_iter().filter(|one| one.ended_at.is_none());
    open.map(|one| one.kind).collect()
}

async fn banners(w: &World) -> Vec<String> {
    let notices = pages::notices::list(&w.s, &w.owner).await.expect("banners");
    notices.into_iter().map(|notice| notice.kind).collect()
}

async fn subjects(w: &World, to: &str) -> Vec<String> {
    w.post().await;
    w.sim.mails_to(to).into_iter().map(|mail| mail.subject).collect()
}

/// The jobs that look for alerts.
async fn waiting_looks(w: &World) -> usize {
    use sea_orm::{ConnectionTrait, Statement};
    let db = w.s.db().connection();
    let sql = if w.s.db().is_postgres() {
        "SELECT job FROM apalis.jobs"
    } else {
        "SELECT job FROM Jobs"
    };
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await;
    let read = |row: &sea_orm::QueryResult| -> Job {
        serde_json::from_slice(&row.try_get::<Vec<u8>>("", "job").expect("bytes")).expect("a job")
    };
    let jobs = rows.expect("jobs").iter().map(read).collect::<Vec<_>>();
    jobs.iter().filter(|job| matches!(job, Job::LookForAlerts { .. })).count()
}

#[rstest]
#[tokio::test]
async fn texts_that_stop_arriving_are_told_of_within_minutes_and_so_is_the_end(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    a_past(&w).await;
    member(&w.s, w.owner.business_id, Role::Owner, OLGA, PASSWORD).await;
    let sam = member(&w.s, w.owner.business_id, Role::Staff, SAM, PASSWORD).await;
    texts(&w, 0, 8, "undelivered", Some(30005)).await;
    let looks = waiting_looks(&w).await;
    assert!(
        (1..=3).contains(&looks),
        "a look for each minute in which something failed, not for each text: {looks}"
    );
    // However often, and by however many.
    look(&w).await;
    look(&w).await;
    let told = all(&w, &sam).await;
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!((told[0].kind.as_str(), told[0].ended_at), ("undelivered", None));
    assert!(
        told[0]
            .text
            .starts_with("8 of the last 8 texts did not arrive; usually it is 3"),
        "{told:?}"
    );
    assert!(banners(&w).await.contains(&"undelivered".to_owned()));
    assert_eq!(
        subjects(&w, OLGA).await,
        ["Bright Dental: More texts than usual do not arrive"]
    );
    let mail = w.sim.mails_to(OLGA).remove(0).text.unwrap_or_default();
    assert!(
        mail.contains("8 of the last 8") && mail.contains("http://showup.test/alerts"),
        "{mail}"
    );
    assert_eq!(w.sim.mails_to(SAM).len(), 0, "staff read it in the app");
    let list = notifications::page(&w.s, &sam, None).await.expect("told").page.data;
    let news: Vec<_> = list.iter().filter(|one| one.href == "/alerts").collect();
    assert_eq!(news.len(), 1, "{list:?}");
    let other = w.another_business().await;
    assert!(all(&w, &other).await.is_empty(), "another business hears nothing of it");

    // The night brings no texts, and nobody says that it is over.
    w.clock.advance(Duration::hours(10));
    jobs::tick(&w.s).await.expect("looked");
    assert_eq!(kinds_open(&w).await, ["undelivered"]);
    texts(&w, 100, 12, "delivered", None).await;
    w.clock.advance(Duration::minutes(6));
    jobs::tick(&w.s).await.expect("looked");
    assert_eq!(kinds_open(&w).await, [""; 0]);
    assert!(!banners(&w).await.contains(&"undelivered".to_owned()));
    assert_eq!(
        subjects(&w, OLGA).await.last().map(String::as_str),
        Some("Bright Dental: as usual again")
    );
    let ended = all(&w, &sam).await;
    assert!(ended.len() == 1 && ended[0].ended_at > Some(ended[0].began_at), "{ended:?}");

    // It comes and goes: it stands in the list, and nobody is told twice in an hour.
    texts(&w, 200, 20, "undelivered", Some(30005)).await;
    look(&w).await;
    assert_eq!((all(&w, &sam).await.len(), subjects(&w, OLGA).await.len()), (2, 2));
}

#[rstest]
#[tokio::test]
async fn what_chance_brings_is_not_told(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    a_past(&w).await;
    texts(&w, 0, 14, "delivered", None).await;
    texts(&w, 50, 2, "undelivered", Some(30005)).await;
    w.text("+14155551001", "STOP").await;
    look(&w).await;
    assert!(all(&w, &w.owner).await.is_empty());
}

#[rstest]
#[tokio::test]
async fn people_who_leave_all_at_once_are_told_of(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    a_past(&w).await;
    texts(&w, 0, 8, "delivered", None).await;
    for n in 0..7 {
        w.text(&format!("+1415555{:04}", 1000 + n), "STOP").await;
    }
    look(&w).await;
    let told = all(&w, &w.owner).await;
    assert_eq!(kinds_open(&w).await, ["opt_outs"]);
    assert!(
        told[0].text.starts_with("7 people opted out since yesterday, with "),
        "{told:?}"
    );
    // Two days later nobody left any more.
    w.clock.advance(Duration::hours(50));
    texts(&w, 100, 9, "delivered", None).await;
    look(&w).await;
    assert_eq!(kinds_open(&w).await, [""; 0]);
}

#[rstest]
#[tokio::test]
async fn a_budget_that_is_used_and_a_test_that_fails_stand_there_until_they_are_over(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let (db, id) = (w.s.db().connection(), w.owner.business_id);
    member(&w.s, id, Role::Owner, OLGA, PASSWORD).await;
    let adam = member(&w.s, id, Role::Admin, ADAM, PASSWORD).await;
    let without = Choices {
        alert_mails: false,
        ..Choices::default()
    };
    notifications::choose(&w.s, &adam, without).await.expect("kept");
    let budget = async |micros: i64| {
        business::Entity::update_many()
            .col_expr(business::Column::MonthlyBudget, Expr::value(micros))
            .filter(business::Column::Id.eq(id))
            .exec(db)
            .await
            .expect("set");
    };
    budget(1_000_000).await;
    let month = w.clock.now().format("%Y-%m").to_string();
    let spent = spend_month::ActiveModel {
        business_id: Set(id),
        month: Set(month),
        spent: Set(900_000),
    };
    spend_month::Entity::insert(spent)
        .exec_without_returning(db)
        .await
        .expect("spent");
    let line = Line {
        key: "webhook".to_owned(),
        title: "Address".to_owned(),
        status: Status::Fail,
        seen: "Nothing answers.".to_owned(),
        fix: "Look at the router.".to_owned(),
        link: String::new(),
        essential: true,
    };
    let lines = serde_json::to_string(&[line]).expect("JSON");
    let failing = self_test::ActiveModel {
        business_id: Set(id),
        state: Set("idle".to_owned()),
        done: Set(0),
        lines: Set(lines),
        failing: Set(1),
        warnings: Set(0),
        begun_at: Set(None),
        finished_at: Set(Some(w.clock.now())),
        next_at: Set(w.clock.now() + Duration::days(1)),
    };
    self_test::Entity::delete_many().exec(db).await.expect("none");
    self_test::Entity::insert(failing)
        .exec_without_returning(db)
        .await
        .expect("kept");
    look(&w).await;
    let mut kinds = kinds_open(&w).await;
    kinds.sort();
    assert_eq!(kinds, ["budget", "self_test"]);
    assert_eq!(
        subjects(&w, OLGA).await,
        ["Bright Dental: The self-test"],
        "the budget has a mail of its own"
    );
    assert_eq!(subjects(&w, ADAM).await, [""; 0], "he has turned it off");
    budget(5_000_000).await;
    self_test::Entity::update_many()
        .col_expr(self_test::Column::Lines, Expr::value("[]"))
        .col_expr(self_test::Column::Failing, Expr::value(0))
        .exec(db)
        .await
        .expect("passes");
    w.clock.advance(Duration::minutes(6));
    jobs::tick(&w.s).await.expect("looked");
    assert_eq!(kinds_open(&w).await, [""; 0]);
    let again = "Bright Dental: as usual again";
    assert_eq!(subjects(&w, OLGA).await[1..], [again, again]);
    assert_eq!(subjects(&w, ADAM).await, [""; 0]);
}

#[rstest]
#[tokio::test]
async fn two_processes_that_look_at_once_tell_it_once(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    a_past(&w).await;
    member(&w.s, w.owner.business_id, Role::Owner, OLGA, PASSWORD).await;
    texts(&w, 0, 8, "undelivered", Some(30005)).await;
    let other = w.another_process().await;
    let job = || Job::LookForAlerts {
        businesses: vec![w.owner.business_id],
    };
    let (one, two) = futures::join!(jobs::perform(&w.s, job()), jobs::perform(&other, job()));
    one.expect("looked");
    two.expect("looked");
    assert_eq!(all(&w, &w.owner).await.len(), 1);
    assert_eq!(subjects(&w, OLGA).await.len(), 1);
    let first = PageQuery {
        limit: Some(1),
        cursor: None,
    };
    let page = alerts::list(&w.s, &w.owner, first).await.expect("a page");
    assert_eq!((page.data.len(), page.next_cursor), (1, None));
    let wrong = PageQuery {
        limit: None,
        cursor: Some("nonsense".to_owned()),
    };
    assert!(alerts::list(&w.s, &w.owner, wrong).await.is_err());
}
