//! What owners and admins are told of, and when it is news.

use super::*;

async fn budget(w: &World, micros: i64) {
    business::Entity::update_many()
        .col_expr(business::Column::MonthlyBudget, Expr::value(micros))
        .filter(business::Column::Id.eq(w.owner.business_id))
        .exec(w.s.db().connection())
        .await
        .expect("set");
}

/// Texts to new people; each costs the same.
async fn texts(w: &World, from: usize, to: usize) {
    for n in from..to {
        let c = Box::pin(w.contact("Somebody", &format!("+1415555{:04}", 1000 + n))).await;
        w.reply(&c, "Hello").await.expect("queued");
        w.work().await;
    }
}

#[rstest]
#[tokio::test]
async fn owners_and_admins_hear_when_texts_wait_and_when_they_go_again(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    olga(&w).await;
    member(&w.s, w.owner.business_id, Role::Admin, ADAM, PASSWORD).await;
    member(&w.s, w.owner.business_id, Role::Staff, SAM, PASSWORD).await;
    trouble(&w).await;
    w.post().await;
    let wait = "Bright Dental: texts wait";
    for to in [OLGA, ADAM] {
        assert_eq!(subjects(&w, to), [wait]);
    }
    let text = w.sim.mails_to(OLGA).remove(0).text.unwrap_or_default();
    assert!(
        text.contains("Texts of Bright Dental can't go out just now.") && text.contains("http://showup.test/log"),
        "{text}"
    );
    recovery(&w).await;
    w.post().await;
    assert_eq!(subjects(&w, OLGA), [wait, "Bright Dental: texts go out again"]);
    assert_eq!(w.sim.mails().len(), 4, "and nobody else hears anything");
}

#[rstest]
#[tokio::test]
async fn trouble_that_comes_and_goes_is_told_once_an_hour(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    olga(&w).await;
    let (wait, again) = ("Bright Dental: texts wait", "Bright Dental: texts go out again");
    // 10:00 and over at 10:06; again from 10:06 to 10:12, of which nobody hears.
    for _ in 0..2 {
        trouble(&w).await;
        w.post().await;
        recovery(&w).await;
        w.post().await;
    }
    assert_eq!(subjects(&w, OLGA), [wait, again]);
    // A third time, and it stays: told when the hour is over.
    w.sim.set_fault(
        Fault {
            code: Some(20003),
            ..Fault::new(FaultKind::Refuse)
        }
        .count(1000),
    );
    let ann = Box::pin(w.contact("Ann", "+16285550171")).await;
    w.reply(&ann, "Hello again").await.expect("queued");
    w.work().await;
    w.post().await;
    assert_eq!(w.sim.mails().len(), 2);
    w.clock.advance(Duration::minutes(47));
    w.work().await;
    w.post().await;
    assert_eq!(w.sim.mails().len(), 2, "10:59");
    w.clock.advance(Duration::minutes(1));
    w.post().await;
    assert_eq!(subjects(&w, OLGA), [wait, again, wait]);
    // That goes on; it is no news.
    for _ in 0..5 {
        w.clock.advance(Duration::hours(2));
        w.work().await;
        w.post().await;
    }
    assert_eq!(w.sim.mails().len(), 3);
}

#[rstest]
#[tokio::test]
async fn what_was_over_before_it_could_be_told_is_not_told(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let olga = olga(&w).await;
    trouble(&w).await;
    recovery(&w).await;
    w.post().await;
    assert_eq!(w.sim.mails().len(), 0);
    assert_eq!(state(&w, &olga).await, "Not sent. It was over before this could be sent.");
    // It is told when it comes back, although that is within the same hour.
    trouble(&w).await;
    w.post().await;
    assert_eq!(subjects(&w, OLGA), ["Bright Dental: texts wait"]);
}

#[rstest]
#[tokio::test]
async fn trouble_with_one_number_is_told_to_its_business_alone(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let garage = w.another_business().await;
    member(&w.s, garage.business_id, Role::Owner, ADAM, PASSWORD).await;
    olga(&w).await;
    w.sim.set_fault(Fault {
        code: Some(21606),
        ..Fault::new(FaultKind::Refuse)
    });
    let ann = Box::pin(w.contact("Ann", "+14155550171")).await;
    w.reply(&ann, "Hello").await.expect("queued");
    w.work().await;
    w.post().await;
    assert_eq!(subjects(&w, OLGA), ["Bright Dental: texts wait"]);
    let text = w.sim.mails_to(OLGA).remove(0).text.unwrap_or_default();
    assert!(text.contains("Texts from (500) 555-0006 can't go out"), "{text}");
    assert_eq!(subjects(&w, ADAM), Vec::<String>::new());
}

#[rstest]
#[tokio::test]
async fn trouble_of_the_installations_account_is_told_to_everybody_it_concerns(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    olga(&w).await;
    // More than one transaction tells.
    for n in 0..25 {
        let shop = w.business_without_number(&format!("Shop {n:02}")).await;
        if n % 8 == 0 {
            member(&w.s, shop.business_id, Role::Owner, &format!("owner{n}@x.test"), PASSWORD).await;
        }
    }
    trouble(&w).await;
    assert_eq!(rows(&w).await.len(), 0, "many are for jobs");
    let jobs = jobs_of(&w).await;
    assert_eq!(jobs.len(), 2);
    for job in jobs.iter().chain(&jobs) {
        jobs::perform(&w.s, job.clone()).await.expect("told");
    }
    w.post().await;
    assert_eq!(w.sim.mails().len(), 5, "once each");
    assert_eq!(subjects(&w, "owner16@x.test"), ["Shop 16: texts wait"]);
}

async fn jobs_of(w: &World) -> Vec<services::queue::Job> {
    let db = w.s.db().connection();
    let sql = if w.s.db().is_postgres() {
        "SELECT job FROM apalis.jobs"
    } else {
        "SELECT job FROM Jobs"
    };
    let rows = db
        .query_all_raw(sea_orm::Statement::from_string(db.get_database_backend(), sql))
        .await
        .expect("jobs");
    let read =
        |row: &sea_orm::QueryResult| serde_json::from_slice(&row.try_get::<Vec<u8>>("", "job").expect("bytes")).expect("a job");
    let mails = |job: &services::queue::Job| matches!(job, services::queue::Job::TellOfBreaker { .. });
    rows.iter().map(read).filter(mails).collect()
}

#[rstest]
#[tokio::test]
async fn a_budget_is_told_once_a_month_and_line(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    olga(&w).await;
    texts(&w, 0, 1).await;
    let one = pages::settings::sending(&w.s, &w.owner).await.expect("settings").spent;
    budget(&w, 10 * one).await;
    texts(&w, 1, 7).await;
    w.post().await;
    assert_eq!(w.sim.mails().len(), 0, "70 %");
    texts(&w, 7, 9).await;
    w.post().await;
    assert_eq!(subjects(&w, OLGA), ["Bright Dental: 80 % of the budget for texts is used"]);
    let text = w.sim.mails_to(OLGA).remove(0).text.unwrap_or_default();
    assert!(
        text.contains("of this month's budget") && text.contains("http://showup.test/settings"),
        "{text}"
    );
    texts(&w, 9, 12).await;
    w.post().await;
    let both = [
        "Bright Dental: 80 % of the budget for texts is used",
        "Bright Dental: the budget for texts is used up",
    ];
    assert_eq!(subjects(&w, OLGA), both);
    // With more money it is used up once more, which is told no more this month.
    budget(&w, 13 * one).await;
    texts(&w, 12, 15).await;
    w.post().await;
    assert_eq!(subjects(&w, OLGA), both);
}

#[rstest]
#[tokio::test]
async fn what_is_no_news_any_more_is_not_sent_late(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let olga = olga(&w).await;
    let (wait, again) = ("Bright Dental: texts wait", "Bright Dental: texts go out again");
    trouble(&w).await;
    // In the air when it is over; and then it turns out that it was not taken.
    let set = async |from: &str, to: &str| {
        mail::Entity::update_many()
            .col_expr(mail::Column::Status, Expr::value(to))
            .filter(mail::Column::Status.eq(from))
            .filter(mail::Column::Kind.eq("texts_wait"))
            .exec(w.s.db().connection())
            .await
            .expect("set");
    };
    set("queued", "sending").await;
    recovery(&w).await;
    set("sending", "queued").await;
    w.post().await;
    assert_eq!(subjects(&w, OLGA), [again], "it was in the air, so its end is told");
    let states: Vec<String> = shown(&w, &olga).await.into_iter().map(|mail| mail.state).collect();
    assert!(
        states.contains(&"Not sent. It was over before this could be sent.".to_owned()),
        "{states:?}"
    );
    // An end that could not be told at once, and then it was none.
    w.clock.advance(Duration::hours(2));
    trouble(&w).await;
    w.post().await;
    recovery(&w).await;
    w.sim.set_fault(Fault::new(FaultKind::MailBusy));
    w.post().await;
    trouble(&w).await;
    w.clock.advance(Duration::minutes(1));
    w.post().await;
    assert_eq!(subjects(&w, OLGA), [again, wait]);
    assert!(
        shown(&w, &olga)
            .await
            .iter()
            .any(|mail| mail.state == "Not sent. Texts wait again by now."),
        "{:?}",
        shown(&w, &olga).await
    );
    recovery(&w).await;
    w.post().await;
    assert_eq!(subjects(&w, OLGA), [again, wait, again]);
}
