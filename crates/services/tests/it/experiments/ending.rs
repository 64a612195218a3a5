//! How a test ends: when everybody is counted, or with harm; and what counts on the way.

use chrono::Duration;
use contract::{appointments::AppointmentAction, merging::MergeContacts};
use sea_orm::{ConnectionTrait, Statement};
use services::{appointments, jobs, merging};

use super::*;

async fn act(w: &World, visit: &AppointmentView, what: AppointmentAction) {
    appointments::act(&w.s, &w.owner, visit.id, what).await.expect("marked");
}

/// All of them text this.
async fn say(w: &World, people: &[ContactView], words: &str) {
    for person in people {
        w.text(&person.phone, words).await;
    }
}

/// The jobs about tests that wait, done.
async fn jobs_of_tests(w: &World) -> usize {
    let db = w.s.db().connection();
    let table = if w.s.db().is_postgres() { "apalis.jobs" } else { "Jobs" };
    let sql = format!("SELECT job FROM {table} WHERE status = 'Pending'");
    let rows = db.query_all_raw(Statement::from_string(db.get_database_backend(), sql)).await;
    let mut done = 0;
    for row in rows.expect("jobs") {
        let payload: Vec<u8> = row.try_get_by_index(0).expect("a payload");
        if String::from_utf8_lossy(&payload).contains("\"experiment\"") {
            let job = serde_json::from_slice(&payload).expect("a job");
            Box::pin(jobs::perform(&w.s, job)).await.expect("done");
            done += 1;
        }
    }
    done
}

#[rstest]
#[tokio::test]
async fn the_better_text_is_known_when_everybody_is_counted_and_not_before(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let test = started(&w, "confirmed").await;
    assert_eq!(test.needed, 30);
    let people = people(&w, &test, 30).await;
    remind(&w, people.values().flatten()).await;
    say(&w, &people[&Arm::B], "Y").await;
    say(&w, &people[&Arm::A][..3], "Y").await;
    say(&w, &people[&Arm::A][3..5], "N").await;
    let shown = look(&w, &test).await;
    assert_eq!(
        (shown.status, shown.winner.as_deref(), shown.enrolling),
        (Status::Running, None, false)
    );
    assert!(shown.standing.starts_with("Too early"), "{}", shown.standing);
    assert_eq!(
        (shown.arms[1].hits, shown.arms[1].counted),
        (30, 30),
        "a yes is known at once"
    );
    assert_eq!((shown.arms[0].hits, shown.arms[0].counted, shown.arms[0].waiting), (3, 3, 27));
    adds_up(&w, &test).await;
    let early = experiments::adopt(&w.s, &w.owner, test.id).await.expect_err("too early");
    assert_eq!(early.problem().code, Code::Conflict);

    // As many as it takes have one of the texts: who comes now gets the one as it was, and is not in it.
    let late = w.contact("Late", "+14155559999").await;
    remind(&w, [&late]).await;
    assert!(w.phone_got(&late.phone)[0].starts_with("Hello, Bright Dental"));
    assert_eq!(rows(&w, &test).await.len(), 60);

    // The time of their visits comes: who has not said yes has not.
    w.clock.advance(Duration::hours(31));
    jobs::tick(&w.s).await.expect("looked");
    let done = see(&w, &test).await;
    assert_eq!(
        (done.status, done.winner.as_deref(), done.progress),
        (Status::Done, Some("b"), 100),
        "{done:?}"
    );
    assert!(
        done.standing.starts_with("B confirmed 90 points more (95 %: "),
        "{}",
        done.standing
    );
    adds_up(&w, &test).await;
    let tasks = w.open_tasks().await;
    assert!(
        tasks
            .iter()
            .any(|task| task.kind == "template" && task.title.contains("B confirmed 90 points more")),
        "{tasks:?}"
    );
    // What comes now changes nothing of it.
    say(&w, &people[&Arm::A][6..8], "STOP").await;
    assert_eq!(look(&w, &test).await, done);

    let adopted = experiments::adopt(&w.s, &w.owner, test.id).await.expect("taken over");
    assert_eq!(adopted.adopted_version, Some(2));
    assert_eq!(
        experiments::adopt(&w.s, &w.owner, test.id)
            .await
            .expect("once")
            .adopted_version,
        Some(2)
    );
    let text = templates::get(&w.s, &w.owner, reminder()).await.expect("the text");
    assert_eq!((text.body.as_str(), text.version), (OTHER, 2));
    let new = w.contact("New", "+14155559998").await;
    remind(&w, [&new]).await;
    assert!(is_other(&w.phone_got(&new.phone)[0]));
}

#[rstest]
#[tokio::test]
async fn a_text_that_drives_people_away_is_stopped_at_once(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let test = started(&w, "answered").await;
    let people = people(&w, &test, 7).await;
    let (in_it, later): (Vec<&ContactView>, Vec<&ContactView>) = (
        people.values().flat_map(|all| &all[..6]).collect(),
        people.values().map(|all| &all[6]).collect(),
    );
    remind(&w, in_it).await;
    say(&w, &people[&Arm::B][..4], "STOP").await;
    assert_eq!(jobs_of_tests(&w).await, 4);
    assert_eq!(see(&w, &test).await.status, Status::Running, "four may be chance");
    say(&w, &people[&Arm::B][4..5], "STOP").await;
    say(&w, &people[&Arm::A][..1], "Y").await;
    jobs_of_tests(&w).await;
    let stopped = see(&w, &test).await;
    assert_eq!((stopped.status, stopped.winner.as_deref()), (Status::Harmful, None));
    assert!(
        stopped.standing.contains("(B) asked for no more texts"),
        "{}",
        stopped.standing
    );
    assert_eq!((stopped.arms[0].opted_out, stopped.arms[1].opted_out), (0, 5));
    assert_eq!(stopped.arms[1].hits, 0, "a STOP is no answer");
    adds_up(&w, &test).await;
    let tasks = w.open_tasks().await;
    assert!(
        tasks.iter().any(|task| task.title.contains("was stopped: far more people")),
        "{tasks:?}"
    );
    let to_later = later.clone();
    remind(&w, later).await;
    for person in to_later {
        assert!(w.phone_got(&person.phone)[0].starts_with("Hello, Bright Dental"), "as it was");
    }
    let refused = experiments::adopt(&w.s, &w.owner, test.id).await.expect_err("harmful");
    assert_eq!(refused.problem().code, Code::Conflict);
}

#[rstest]
#[tokio::test]
async fn what_becomes_of_a_visit_counts_and_may_be_taken_back(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let test = started(&w, "missed").await;
    let people = people(&w, &test, 3).await;
    let visits = remind(&w, &people[&Arm::A]).await;
    act(&w, &visits[0], AppointmentAction::Cancel).await;
    w.clock.advance(Duration::hours(31));
    act(&w, &visits[1], AppointmentAction::NoShow).await;
    act(&w, &visits[2], AppointmentAction::Complete).await;
    let a = see(&w, &test).await.arms.remove(0);
    assert_eq!((a.people, a.counted, a.hits, a.not_counted, a.waiting), (3, 2, 1, 1, 0));
    adds_up(&w, &test).await;
    act(&w, &visits[1], AppointmentAction::Reopen).await;
    let a = look(&w, &test).await.arms.remove(0);
    assert_eq!((a.counted, a.hits, a.waiting), (1, 0, 1), "it was a mistake");
    act(&w, &visits[1], AppointmentAction::Complete).await;
    assert_eq!(see(&w, &test).await.arms[0].counted, 2);
    // Nobody says how these went.
    remind(&w, &people[&Arm::B]).await;
    w.clock.advance(Duration::days(16));
    let b = look(&w, &test).await.arms.remove(1);
    assert_eq!((b.people, b.counted, b.not_counted), (3, 0, 3), "{b:?}");
    adds_up(&w, &test).await;
}

#[rstest]
#[tokio::test]
async fn who_got_both_texts_under_two_names_counts_in_neither(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let test = started(&w, "confirmed").await;
    let people = people(&w, &test, 2).await;
    // Their questions have different codes: else who are one person could not be told to answer.
    for person in &people[&Arm::A] {
        let over = w.appointment(person, 200).await;
        act(&w, &over, AppointmentAction::Cancel).await;
    }
    // At different times: who are one person can't be in two chairs.
    for (person, later) in people.values().flatten().zip(0..) {
        w.appointment(person, 30 + later).await;
    }
    w.work().await;
    let (ann, anne) = (&people[&Arm::A][0], &people[&Arm::B][0]);
    w.text(&ann.phone, "Y").await;
    assert_eq!(see(&w, &test).await.arms[0].hits, 1);
    let other = MergeContacts { other_id: anne.id };
    Box::pin(merging::merge(&w.s, &w.owner, ann.id, other)).await.expect("merged");
    let shown = see(&w, &test).await;
    assert_eq!((shown.arms[0].hits, shown.arms[0].not_counted), (0, 1));
    assert_eq!((shown.arms[1].hits, shown.arms[1].not_counted), (0, 1));
    adds_up(&w, &test).await;
    // Somebody who was in no test takes the place of one who was with them.
    let ben = w.contact("Ben", "+14155559997").await;
    let other = MergeContacts {
        other_id: people[&Arm::B][1].id,
    };
    Box::pin(merging::merge(&w.s, &w.owner, ben.id, other)).await.expect("merged");
    let theirs: Vec<_> = rows(&w, &test)
        .await
        .into_iter()
        .filter(|row| row.contact_id == ben.id)
        .collect();
    assert_eq!(theirs.len(), 1);
    w.clock.advance(Duration::hours(1));
    remind(&w, [&ben]).await;
    let got = w.phone_got(&ben.phone);
    assert!(
        got.iter().all(|text| !text.starts_with("Hello")),
        "the text that is theirs: {got:?}"
    );
    adds_up(&w, &test).await;
}

#[rstest]
#[tokio::test]
async fn what_arrives_counts_and_what_the_network_never_tells_does_not(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let test = started(&w, "delivered").await;
    let people = people(&w, &test, 3).await;
    remind(&w, people.values().flatten()).await;
    for (person, status, code) in [
        (&people[&Arm::A][0], "delivered", None),
        (&people[&Arm::A][1], "undelivered", Some(30005)),
        (&people[&Arm::B][0], "delivered", None),
    ] {
        let text = w.last_message(person).await;
        let sid = text.provider_sid.clone().expect("sent");
        w.status(&text, &sid, status, code).await.expect("heard");
    }
    let shown = look(&w, &test).await;
    assert_eq!((shown.arms[0].hits, shown.arms[0].counted, shown.arms[0].waiting), (1, 2, 1));
    assert_eq!((shown.arms[1].hits, shown.arms[1].counted, shown.arms[1].waiting), (1, 1, 2));
    w.clock.advance(Duration::hours(49));
    let shown = look(&w, &test).await;
    assert_eq!((shown.arms[0].counted, shown.arms[0].not_counted), (2, 1));
    assert_eq!((shown.arms[1].counted, shown.arms[1].not_counted), (1, 2));
    adds_up(&w, &test).await;
}
