//! Two texts tried against each other: the size is fixed first, one person keeps one text, nobody has won early, harm stops it.

mod ending;

use std::collections::{BTreeMap, BTreeSet};

use contract::{
    Code,
    accounts::Role,
    appointments::AppointmentView,
    contacts::ContactView,
    experiments::{ExperimentView, PlanExperiment, Status},
    templates::SaveTemplate,
};
use domain::{
    experiments::{Arm, Tally},
    language::Language,
    templates::{Kind, Which},
};
use entity::experiments::experiment_person;
use rstest::rstest;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use services::{experiments, reminders, sending, templates};
use testkit::{Backend, World, member};
use uuid::Uuid;

const AS_IT_WAS: &str = "Hello, {{ business }} sees you {{ date }} at {{ time }}. Y{{ token }} or N{{ token }}? STOP to opt out.";
const OTHER: &str = "Will you come on {{ date }} at {{ time }}? Y{{ token }} or N{{ token }}. STOP to opt out. {{ business }}";

fn reminder() -> Which {
    Which::sms(Kind::Reminder, Language::English)
}

fn plan_of(measure: &str, usual: i32, worth: i32) -> PlanExperiment {
    PlanExperiment {
        kind: "reminder".to_owned(),
        channel: "sms".to_owned(),
        language: "en".to_owned(),
        body: OTHER.to_owned(),
        subject: None,
        measure: measure.to_owned(),
        usual_percent: usual,
        worth_percent: worth,
    }
}

/// A large difference, so that thirty people with each text do.
async fn planned(w: &World, measure: &str) -> ExperimentView {
    let own = SaveTemplate {
        body: AS_IT_WAS.to_owned(),
        ..SaveTemplate::default()
    };
    templates::save(&w.s, &w.owner, reminder(), own).await.expect("written");
    let (usual, worth) = if measure == "missed" { (90, 10) } else { (10, 90) };
    experiments::plan(&w.s, &w.owner, plan_of(measure, usual, worth))
        .await
        .expect("planned")
}

async fn started(w: &World, measure: &str) -> ExperimentView {
    let test = planned(w, measure).await;
    experiments::start(&w.s, &w.owner, test.id).await.expect("started")
}

async fn see(w: &World, test: &ExperimentView) -> ExperimentView {
    experiments::get(&w.s, &w.owner, test.id).await.expect("the test")
}

async fn look(w: &World, test: &ExperimentView) -> ExperimentView {
    experiments::look(&w.s, test.id).await.expect("looked");
    see(w, test).await
}

fn arm_of(test: &ExperimentView, person: &ContactView) -> Arm {
    Arm::of(test.id.as_u128(), person.id.as_u128())
}

/// So many people of each arm, who are not written to yet.
async fn people(w: &World, test: &ExperimentView, of_each: usize) -> BTreeMap<Arm, Vec<ContactView>> {
    let mut found: BTreeMap<Arm, Vec<ContactView>> = BTreeMap::from([(Arm::A, Vec::new()), (Arm::B, Vec::new())]);
    for n in 0.. {
        if found.values().all(|people| people.len() == of_each) {
            break;
        }
        let person = w.contact(&format!("Person {n}"), &format!("+1415555{n:04}")).await;
        let same = found.get_mut(&arm_of(test, &person)).expect("an arm");
        if same.len() < of_each {
            same.push(person);
        }
    }
    found
}

/// Each has a visit in 30 hours, of which they are reminded now.
async fn remind(w: &World, people: impl IntoIterator<Item = &ContactView>) -> Vec<AppointmentView> {
    let mut visits = Vec::new();
    for person in people {
        visits.push(Box::pin(w.appointment(person, 30)).await);
    }
    Box::pin(w.work()).await;
    visits
}

async fn rows(w: &World, test: &ExperimentView) -> Vec<experiment_person::Model> {
    experiment_person::Entity::find()
        .filter(experiment_person::Column::ExperimentId.eq(test.id))
        .all(w.s.db().connection())
        .await
        .expect("rows")
}

/// The numbers that are kept are those of the people.
async fn adds_up(w: &World, test: &ExperimentView) {
    let (rows, shown) = (rows(w, test).await, see(w, test).await);
    for arm in shown.arms {
        let people = rows.iter().filter(|row| row.arm == arm.arm);
        let counted = Tally::of(people.map(|row| (row.state.parse().expect("a state"), row.opted_out_at.is_some())));
        let kept = (arm.people, arm.counted, arm.hits, arm.not_counted, arm.opted_out);
        let anew = (
            counted.people,
            counted.outcome.of,
            counted.outcome.hits,
            counted.out,
            counted.opted_out,
        );
        assert_eq!(kept, anew, "{}", arm.arm);
    }
}

fn is_other(text: &str) -> bool {
    text.starts_with("Will you come on")
}

#[rstest]
#[tokio::test]
async fn how_many_people_it_takes_is_fixed_before_anybody_is_in_it(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let (ann, _) = w.reminded("Ann", "+14155550171").await;
    let test = experiments::plan(&w.s, &w.owner, plan_of("confirmed", 60, 70))
        .await
        .expect("planned");
    assert_eq!((test.needed, test.status, test.progress), (353, Status::Planned, 0));
    assert!(
        (test.people_a_day - 1.0 / 28.0).abs() < 1e-9,
        "one in four weeks: {}",
        test.people_a_day
    );
    assert_eq!(test.expected_at, None, "that would take more than ten years");
    assert_eq!(test.arms[0].body, reminder().built_in().body);
    assert_eq!(test.arms[1].body, OTHER);
    for (n, hours) in [(1, 31), (2, 33)] {
        let ben = w.contact("Ben", &format!("+1415555018{n}")).await;
        w.appointment(&ben, hours).await;
    }
    w.work().await;
    assert!(!is_other(&w.phone_got("+14155550181")[0]), "it was not started");
    assert!(rows(&w, &test).await.is_empty());

    let twice = experiments::plan(&w.s, &w.owner, plan_of("answered", 60, 70))
        .await
        .expect_err("one at a time");
    assert_eq!(twice.problem().code, Code::Conflict);
    experiments::stop(&w.s, &w.owner, test.id).await.expect("given up");
    assert_eq!(see(&w, &test).await.status, Status::Stopped);
    let over = experiments::start(&w.s, &w.owner, test.id).await.expect_err("it is over");
    assert_eq!(over.problem().code, Code::Conflict);
    let again = experiments::plan(&w.s, &w.owner, plan_of("answered", 60, 70))
        .await
        .expect("another one");
    assert_ne!(again.id, test.id);
    let all = experiments::list(&w.s, &w.owner, contract::experiments::ExperimentQuery::default()).await;
    assert_eq!(all.expect("a list").data.len(), 2);
    assert!(!w.phone_got(&ann.phone).is_empty());
}

#[rstest]
#[case::usual(PlanExperiment { usual_percent: 101, ..plan_of("confirmed", 60, 70) }, "usual_percent")]
#[case::less_is_no_better(plan_of("confirmed", 60, 50), "worth_percent")]
#[case::more_is_no_better(plan_of("missed", 10, 15), "worth_percent")]
#[case::nothing_between(plan_of("confirmed", 60, 60), "worth_percent")]
#[case::measure(plan_of("clicked", 60, 70), "measure")]
#[case::kind(PlanExperiment { kind: "opted_out".to_owned(), ..plan_of("answered", 60, 70) }, "kind")]
#[case::whatsapp(PlanExperiment { channel: "whatsapp".to_owned(), ..plan_of("answered", 60, 70) }, "channel")]
#[case::the_same(PlanExperiment { body: reminder().built_in().body.to_owned(), ..plan_of("answered", 60, 70) }, "body")]
#[case::what_nobody_may_get(PlanExperiment { body: "Reply CANCEL".to_owned(), ..plan_of("answered", 60, 70) }, "body")]
#[tokio::test]
async fn what_cannot_be_found_out_is_refused_at_its_field(#[case] cmd: PlanExperiment, #[case] at: &str) {
    let w = World::new(Backend::Sqlite).await;
    let refused = experiments::plan(&w.s, &w.owner, cmd.clone())
        .await
        .expect_err("refused")
        .problem();
    assert_eq!(
        (refused.code, refused.fields[0].field.as_str()),
        (Code::Invalid, at),
        "{refused:?}"
    );
    let sam = member(&w.s, w.owner.business_id, Role::Staff, "sam@x.test", "long enough word").await;
    let refused = experiments::plan(&w.s, &sam, cmd).await.expect_err("not theirs").problem();
    assert_eq!(refused.code, Code::NotAllowed, "that comes first");
}

#[rstest]
#[tokio::test]
async fn one_person_keeps_one_text_whoever_sends_it_and_however_often(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let test = started(&w, "confirmed").await;
    // It knew the texts of the business before anything was tried, and does not any more.
    let other = w.another_process().await;
    let people = people(&w, &test, 4).await;
    for hours in [30, 40, 55] {
        for person in people.values().flatten() {
            w.appointment(person, hours).await;
        }
        let (one, two) = futures::join!(reminders::tick(&w.s), reminders::tick(&other));
        assert!(one.is_ok() && two.is_ok());
        let (one, two) = futures::join!(Box::pin(sending::send_due(&w.s)), Box::pin(sending::send_due(&other)));
        assert!(one.is_ok() && two.is_ok());
        w.clock.advance(chrono::Duration::hours(2));
    }
    for (arm, people) in &people {
        for person in people {
            let got = w.phone_got(&person.phone);
            assert!(got.len() >= 2, "{got:?}");
            let single: Vec<&String> = got
                .iter()
                .filter(|text| is_other(text) || text.starts_with("Hello"))
                .collect();
            assert!(!single.is_empty(), "{got:?}");
            assert!(single.iter().all(|text| is_other(text) == (*arm == Arm::B)), "{arm}: {got:?}");
        }
    }
    let rows = rows(&w, &test).await;
    assert_eq!(rows.len(), 8, "each person once");
    let who: BTreeSet<Uuid> = rows.iter().map(|row| row.contact_id).collect();
    assert_eq!(who.len(), 8);
    let shown = see(&w, &test).await;
    assert_eq!((shown.arms[0].people, shown.arms[1].people), (4, 4));
    adds_up(&w, &test).await;
}

#[rstest]
#[tokio::test]
async fn while_it_runs_the_text_stays_as_it_is_and_staff_may_end_it(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let test = started(&w, "answered").await;
    let new = SaveTemplate {
        body: "Something else on {{ date }} at {{ time }}, Y{{ token }}?".to_owned(),
        ..SaveTemplate::default()
    };
    let refused = templates::save(&w.s, &w.owner, reminder(), new.clone())
        .await
        .expect_err("tried");
    assert_eq!(refused.problem().code, Code::Conflict);
    let refused = templates::reset(&w.s, &w.owner, reminder()).await.expect_err("tried");
    assert_eq!(refused.problem().code, Code::Conflict);
    let sam = member(&w.s, w.owner.business_id, Role::Staff, "sam@x.test", "long enough word").await;
    let refused = experiments::stop(&w.s, &sam, test.id).await.expect_err("not theirs");
    assert_eq!(refused.problem().code, Code::NotAllowed);
    let stranger = w.another_business().await;
    let refused = experiments::stop(&w.s, &stranger, test.id).await.expect_err("not theirs");
    assert_eq!(refused.problem().code, Code::NotFound);

    let people = people(&w, &test, 1).await;
    let ended = experiments::stop(&w.s, &w.owner, test.id).await.expect("ended");
    assert_eq!((ended.status, ended.winner.as_deref()), (Status::Stopped, None));
    assert!(ended.standing.contains("Nothing can be said"), "{}", ended.standing);
    remind(&w, people.values().flatten()).await;
    for person in people.values().flatten() {
        assert!(w.phone_got(&person.phone)[0].starts_with("Hello, Bright Dental"), "as it was");
    }
    assert!(rows(&w, &test).await.is_empty());
    templates::save(&w.s, &w.owner, reminder(), new).await.expect("it is over");
    let adopted = experiments::adopt(&w.s, &w.owner, test.id)
        .await
        .expect_err("nothing has won");
    assert_eq!(adopted.problem().code, Code::Conflict);
}
