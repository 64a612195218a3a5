//! Counters of reports: whatever happens, they say what the rows say.

mod by_hand;
mod edges;

use chrono::Duration;
use contract::{
    Code,
    appointments::{AppointmentAction, AppointmentView, CreateAppointment, MoveAppointment},
    contacts::ContactView,
    messages::MessageView,
    reports::{Figure, ReportQuery, Summary},
};
use entity::{appointments::appointment, messages::message};
use rstest::rstest;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use services::{appointments, businesses, figures::recount, outbox, pages::reports, reviews};
use testkit::{Backend, World};

const ANN: &str = "+14155550101";

/// The days around now, and as many as can be asked for.
fn all(w: &World) -> ReportQuery {
    let day = |days: i64| (w.clock.now() + Duration::days(days)).date_naive().to_string();
    ReportQuery {
        from: Some(day(-180)),
        to: Some(day(180)),
        ..ReportQuery::default()
    }
}

async fn summary(w: &World) -> Summary {
    reports::summary(&w.s, &w.owner, &all(w)).await.expect("figures")
}

fn made_of(figure: &Figure) -> (i64, i64) {
    (figure.numerator as i64, figure.denominator)
}

async fn sql(w: &World, text: &str) {
    w.s.db().connection().execute_unprepared(text).await.expect(text);
}

/// What the counters say beside the rows.
async fn differences(w: &World, repair: bool) -> Vec<recount::Difference> {
    recount::business(&w.s, w.owner.business_id, repair).await.expect("a recount")
}

async fn act(w: &World, visit: &AppointmentView, action: AppointmentAction) {
    appointments::act(&w.s, &w.owner, visit.id, action).await.expect("done");
}

async fn said(w: &World, text: &MessageView, status: &str, code: Option<i32>) {
    let row = message::Entity::find_by_id(text.id)
        .one(w.s.db().connection())
        .await
        .expect("a row")
        .expect("the text");
    let sid = row.provider_sid.expect("Twilio has it");
    w.status(text, &sid, status, code).await.expect("heard");
}

#[rstest]
#[tokio::test]
async fn a_text_counts_as_what_became_of_it_and_as_nothing_else(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    w.text(ANN, "Is there parking?").await;
    w.clock.advance(Duration::seconds(754));
    let reply = w.reply(&ann, "Yes, behind the house.").await.expect("written");
    assert_eq!(made_of(&summary(&w).await.delivery_rate), (0, 0), "it waits");
    w.clock.advance(Duration::seconds(30));
    w.work().await;
    let told = summary(&w).await;
    assert_eq!((told.response_time.value, told.response_time.denominator), (Some(754.0), 1));
    assert_eq!(told.delivery_rate.value, None, "nobody has said what became of it");
    said(&w, &reply, "undelivered", Some(30005)).await;
    let told = summary(&w).await;
    assert_eq!((made_of(&told.delivery_rate), told.delivery_rate.value), ((0, 1), Some(0.0)));
    // The network was wrong, as it sometimes is.
    said(&w, &reply, "delivered", None).await;
    for _ in 0..3 {
        said(&w, &reply, "delivered", None).await;
    }
    let told = summary(&w).await;
    assert_eq!(made_of(&told.delivery_rate), (1, 1), "it counts once, as what it is");
    let (errors, _) = reports::report(&w.s, &w.owner, "errors", &all(&w)).await.expect("a report");
    assert!(errors.rows.is_empty(), "its error is taken back: {:?}", errors.rows);
    assert_eq!(differences(&w, false).await, []);
}

#[rstest]
#[tokio::test]
async fn a_visit_counts_where_it_is_now(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (_, visit) = w.reminded("Ann", ANN).await;
    let told = summary(&w).await;
    assert_eq!(
        (made_of(&told.confirmation_rate), made_of(&told.reply_rate)),
        ((0, 1), (0, 1))
    );
    w.clock.advance(Duration::seconds(90));
    w.text(ANN, "What do you mean?").await;
    w.text(ANN, "Y").await;
    let told = summary(&w).await;
    assert_eq!(
        (made_of(&told.confirmation_rate), made_of(&told.reply_rate)),
        ((1, 1), (1, 1))
    );
    let took = told.time_to_confirm.value.expect("measured");
    assert!((80.0..=100.0).contains(&took), "{took}");

    w.clock.advance(Duration::hours(31));
    assert_eq!(
        made_of(&summary(&w).await.unmarked),
        (1, 1),
        "it has begun, and nobody has marked it"
    );
    act(&w, &visit, AppointmentAction::NoShow).await;
    let told = summary(&w).await;
    assert_eq!((made_of(&told.no_show_rate), made_of(&told.unmarked)), ((1, 1), (0, 1)));
    act(&w, &visit, AppointmentAction::Reopen).await;
    act(&w, &visit, AppointmentAction::Complete).await;
    assert_eq!(made_of(&summary(&w).await.no_show_rate), (0, 1));
    assert_eq!(differences(&w, false).await, []);
}

#[rstest]
#[tokio::test]
async fn a_cancellation_is_late_on_the_last_day(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    for hours in [23, 25, 26] {
        let visit = w.appointment(&ann, hours).await;
        act(&w, &visit, AppointmentAction::Cancel).await;
    }
    let told = summary(&w).await;
    assert_eq!(
        (made_of(&told.late_cancellation), made_of(&told.early_cancellation)),
        ((1, 3), (2, 3))
    );
}

#[rstest]
#[tokio::test]
async fn a_recount_finds_what_was_broken_and_puts_it_right(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    w.reminded("Ann", ANN).await;
    let before = summary(&w).await;
    sql(&w, "UPDATE counter_quarter SET n = n + 5 WHERE what = 'sent'").await;
    sql(&w, "DELETE FROM counter_quarter WHERE what = 'open'").await;
    sql(&w, "DELETE FROM counted WHERE template = ''").await;
    let found = differences(&w, false).await;
    let words: Vec<&str> = found.iter().map(|one| one.what.as_str()).collect();
    assert!(words.contains(&"sent") && words.contains(&"open"), "{found:?}");
    assert_eq!(differences(&w, false).await, found, "to look changes nothing");
    assert_eq!(differences(&w, true).await, found);
    assert_eq!(differences(&w, false).await, []);
    assert_eq!(summary(&w).await, before);
    // What is written about it is right, too: the next change takes back what is counted now.
    w.text(ANN, "Y").await;
    assert_eq!(differences(&w, false).await, []);
}

/// As after an upgrade: history is there, and nothing of it was ever counted.
#[rstest]
#[tokio::test]
async fn history_from_before_is_counted_and_until_then_said_to_be_partial(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    w.reminded("Ann", ANN).await;
    w.clock.advance(Duration::days(40));
    let (_, late) = w.reminded("Ben", "+14155550102").await;
    let before = summary(&w).await;
    assert_eq!(before.partial_before, None);
    sql(&w, "DELETE FROM counter_quarter").await;
    sql(&w, "DELETE FROM counted").await;
    sql(
        &w,
        "INSERT INTO recount (business_id, reached) SELECT id, 9223372036854775807 FROM business",
    )
    .await;
    assert!(summary(&w).await.partial_before.is_some(), "nobody takes this for the truth");
    // Life goes on meanwhile.
    act(&w, &late, AppointmentAction::Confirm).await;
    let mut rounds = 0;
    while summary(&w).await.partial_before.is_some() {
        services::jobs::tick(&w.s).await.expect("counted further");
        rounds += 1;
        assert!(rounds < 50, "it comes to an end");
    }
    assert_eq!(
        made_of(&summary(&w).await.confirmation_rate),
        made_of(&before.confirmation_rate)
    );
    assert_eq!(differences(&w, false).await, []);
}

#[rstest]
#[tokio::test]
async fn figures_are_narrowed_and_compared(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    let place = contract::businesses::SaveLocation {
        name: "Harbour".to_owned(),
        ..Default::default()
    };
    let here = businesses::locations::save(&w.s, &w.owner, None, place)
        .await
        .expect("a location");
    let cmd = CreateAppointment {
        contact_id: ann.id,
        starts_at: (w.clock.now() + Duration::hours(2)).to_rfc3339(),
        location_id: Some(here.id),
        ..CreateAppointment::default()
    };
    let visit = appointments::create(&w.s, &w.owner, cmd).await.expect("a visit");
    w.appointment(&ann, 5).await;
    w.clock.advance(Duration::hours(3));
    act(&w, &visit, AppointmentAction::Complete).await;
    let narrowed = |location_id: &str| ReportQuery {
        location_id: Some(location_id.to_owned()),
        ..all(&w)
    };
    let told = reports::summary(&w.s, &w.owner, &narrowed(&here.id.to_string()))
        .await
        .expect("figures");
    assert_eq!((made_of(&told.no_show_rate), told.late_cancellation.denominator), ((0, 1), 1));
    assert_eq!(summary(&w).await.late_cancellation.denominator, 2);

    let empty = contract::businesses::SaveLocation {
        name: "Hill".to_owned(),
        ..Default::default()
    };
    let empty = businesses::locations::save(&w.s, &w.owner, None, empty)
        .await
        .expect("a location");
    let told = reports::summary(&w.s, &w.owner, &narrowed(&empty.id.to_string()))
        .await
        .expect("figures");
    assert_eq!(
        (told.no_show_rate.value, told.cost_per_kept_visit.value),
        (None, None),
        "nothing to divide by"
    );

    let elsewhere = reports::summary(&w.s, &w.owner, &narrowed(&uuid::Uuid::now_v7().to_string())).await;
    assert_eq!(elsewhere.expect_err("there is none").problem().code, Code::Invalid);
    let days = |from: &str, to: &str| ReportQuery {
        from: Some(from.to_owned()),
        to: Some(to.to_owned()),
        compare: Some("previous".to_owned()),
        ..ReportQuery::default()
    };
    for (from, to) in [
        ("2025-02-30", "2025-03-01"),
        ("2027-01-02", "2027-01-01"),
        ("2025-01-01", "2026-01-02"),
    ] {
        let refused = reports::summary(&w.s, &w.owner, &days(from, to)).await;
        assert_eq!(refused.expect_err("no days").problem().code, Code::Invalid, "{from} {to}");
    }
    let quiet = reports::summary(&w.s, &w.owner, &days("2020-01-01", "2020-12-31"))
        .await
        .expect("figures");
    assert_eq!(
        (quiet.delivery_rate.value, quiet.delivery_rate.previous),
        (None, None),
        "a year without anything"
    );

    let other = w.another_business().await;
    let theirs = reports::summary(&w.s, &other, &all(&w)).await.expect("figures");
    assert_eq!(
        theirs.late_cancellation.denominator, 0,
        "another business's visits are not counted here"
    );
}

/// Whatever happens, in whatever order.
#[rstest]
#[tokio::test]
async fn random_histories_are_counted_as_their_rows_say(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values(2, 3, 5)] seed: u64,
) {
    let w = World::new(backend).await;
    let mut chance = Chance(seed);
    let mut people: Vec<ContactView> = Vec::new();
    let mut visits: Vec<AppointmentView> = Vec::new();
    for n in 0..6 {
        let person = w.contact(&format!("Person {n}"), &format!("+1415555{:04}", 200 + n)).await;
        // Every other one may be asked for a review.
        if n % 2 == 0 {
            by_hand::agrees_to_reviews(&w, &person).await;
        }
        people.push(person);
    }
    let here = by_hand::places_and_platforms(&w).await;
    for step in 0..120 {
        happen(&w, &mut chance, &people, &mut visits).await;
        if step % 40 == 39 {
            assert_eq!(differences(&w, false).await, [], "seed {seed}, step {step}");
        }
    }
    w.work().await;
    assert_eq!(differences(&w, false).await, [], "seed {seed}");
    by_hand::agrees(&w, &summary(&w).await, seed).await;
    ask_for_reviews(&w, &people, here).await;
    assert_eq!(differences(&w, false).await, [], "seed {seed}, with reviews");
    by_hand::reviews_agree(&w, &all(&w), seed).await;
}

/// Everybody has kept a visit, and whoever may be is asked how it was.
async fn ask_for_reviews(w: &World, people: &[ContactView], here: uuid::Uuid) {
    // Ten in the morning, when people are asked.
    let tomorrow = w.clock.now().date_naive().succ_opt().expect("a day");
    w.clock.set(tomorrow.and_hms_opt(15, 0, 0).expect("a time").and_utc());
    let mut visits = Vec::new();
    for (n, person) in people.iter().enumerate() {
        let cmd = CreateAppointment {
            contact_id: person.id,
            starts_at: (w.clock.now() + Duration::hours(1)).to_rfc3339(),
            // The first four are seen at a location, of whom two may be asked.
            location_id: (n < 4).then_some(here),
            ..CreateAppointment::default()
        };
        visits.push(appointments::create(&w.s, &w.owner, cmd).await.expect("a visit"));
    }
    w.clock.advance(Duration::hours(2));
    for visit in &visits {
        act(w, visit, AppointmentAction::Complete).await;
    }
    for _ in 0..3 {
        w.clock.advance(Duration::hours(1));
        reviews::tick(&w.s).await.expect("requests are looked at");
        w.work().await;
    }
    by_hand::open_links(w).await;
}

/// Numbers that look like chance and are the same each time (Knuth's MMIX).
struct Chance(u64);

impl Chance {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n
    }
}

/// One thing. Some are refused as things stand, which changes nothing.
async fn happen(w: &World, chance: &mut Chance, people: &[ContactView], visits: &mut Vec<AppointmentView>) {
    let person = &people[chance.below(people.len())];
    match chance.below(12) {
        0 | 1 => {
            let cmd = CreateAppointment {
                contact_id: person.id,
                starts_at: (w.clock.now() + Duration::hours(26 + chance.below(60) as i64)).to_rfc3339(),
                ..CreateAppointment::default()
            };
            visits.extend(appointments::create(&w.s, &w.owner, cmd).await.ok());
        }
        2 | 3 => w.work().await,
        4 => {
            let words = ["Y", "N", "What?", "Is there parking?", "STOP", "START"];
            w.text(&person.phone, words[chance.below(words.len())]).await;
        }
        5 => {
            w.reply(person, "Yes, of course.").await.ok();
        }
        6 | 7 => {
            let texts = w.thread(person).await;
            let sent: Vec<&MessageView> = texts.iter().filter(|text| text.provider_sid.is_some()).collect();
            if !sent.is_empty() {
                let text = sent[chance.below(sent.len())];
                let (status, code) = [
                    ("sent", None),
                    ("delivered", None),
                    ("undelivered", Some(30003)),
                    ("undelivered", Some(30005)),
                    ("failed", Some(30008)),
                ][chance.below(5)];
                let sid = text.provider_sid.clone().unwrap_or_default();
                w.status(text, &sid, status, code).await.ok();
            }
        }
        8 => {
            let texts = w.thread(person).await;
            if let Some(text) = texts.last() {
                outbox::retry_one(&w.s, &w.owner, text.id).await.ok();
            }
        }
        9 if !visits.is_empty() => {
            let visit = &visits[chance.below(visits.len())];
            let starts_at = w.clock.now() + Duration::hours(2 + chance.below(70) as i64);
            let cmd = MoveAppointment {
                starts_at: starts_at.to_rfc3339(),
                ..MoveAppointment::default()
            };
            appointments::reschedule(&w.s, &w.owner, visit.id, cmd).await.ok();
        }
        10 if !visits.is_empty() => {
            let visit = &visits[chance.below(visits.len())];
            let action = [
                AppointmentAction::Cancel,
                AppointmentAction::Complete,
                AppointmentAction::NoShow,
                AppointmentAction::Confirm,
                AppointmentAction::Reopen,
            ][chance.below(5)];
            appointments::act(&w.s, &w.owner, visit.id, action).await.ok();
        }
        _ => w.clock.advance(Duration::minutes(1 + chance.below(600) as i64)),
    }
}

#[rstest]
#[tokio::test]
async fn the_days_of_a_figure_are_those_of_the_business_whatever_its_clock(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    let visit = w.appointment(&ann, 30).await;
    let starts_at = appointment::Entity::find()
        .filter(appointment::Column::Id.eq(visit.id))
        .one(w.s.db().connection())
        .await
        .expect("a row")
        .expect("the visit")
        .starts_at;
    for zone in [
        "Asia/Kathmandu",
        "Australia/Lord_Howe",
        "America/New_York",
        "Pacific/Kiritimati",
    ] {
        sql(&w, &format!("UPDATE business SET time_zone = '{zone}'")).await;
        let local = starts_at.with_timezone(&domain::zone::Zone::named(zone).expect("a zone"));
        let of = |days: i64| {
            let day = (local.date_naive() + Duration::days(days)).to_string();
            ReportQuery {
                from: Some(day.clone()),
                to: Some(day),
                ..ReportQuery::default()
            }
        };
        for (days, visits) in [(-1, 0), (0, 1), (1, 0)] {
            let told = reports::summary(&w.s, &w.owner, &of(days)).await.expect("figures");
            assert_eq!(told.late_cancellation.denominator, visits, "{zone}, {days} days on");
        }
    }
}
