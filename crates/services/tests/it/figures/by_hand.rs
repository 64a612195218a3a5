//! The same figures counted anew from the rows, by a way of its own.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::{DateTime, Utc};
use contract::{
    businesses::SaveLocation,
    contacts::{ChangeConsent, ContactView},
    reports::{Cell, ReportQuery, Summary},
    reviews::AddPlatform,
};
use entity::{
    appointments::appointment, messages::message, questions::question, reminders::reminder_request, reviews::review_request,
};
use sea_orm::{ConnectionTrait, Statement};
use services::{businesses::locations, contacts, pages::reports, review_platforms, reviews};
use testkit::World;
use uuid::Uuid;

use super::made_of;

/// Everything that the database holds of texts and visits.
struct Rows {
    texts: Vec<message::Model>,
    visits: Vec<appointment::Model>,
    reminders: Vec<reminder_request::Model>,
    questions: Vec<question::Model>,
    now: DateTime<Utc>,
}

impl Rows {
    async fn of(w: &World) -> Self {
        let db = w.s.db().connection();
        let (of, now) = (w.owner.business_id, w.clock.now());
        Self {
            texts: message::Entity::in_business(of).all(db).await.expect("texts"),
            visits: appointment::Entity::in_business(of).all(db).await.expect("visits"),
            reminders: reminder_request::Entity::in_business(of).all(db).await.expect("reminders"),
            questions: question::Entity::in_business(of).all(db).await.expect("questions"),
            now,
        }
    }

    fn visits(&self, wanted: impl Fn(&appointment::Model) -> bool) -> i64 {
        self.visits.iter().filter(|visit| wanted(visit)).count() as i64
    }

    fn texts(&self, wanted: impl Fn(&message::Model) -> bool) -> i64 {
        let ours = self.texts.iter().filter(|text| text.direction == "outbound");
        ours.filter(|text| wanted(text)).count() as i64
    }

    /// Visits for which a reminder has left.
    fn reminded(&self) -> HashSet<Uuid> {
        let left = self.reminders.iter().filter(|row| row.sent_at.is_some());
        left.map(|row| row.appointment_id).collect()
    }

    /// Of these the ones with an answer that fits.
    fn answered(&self, fits: impl Fn(&question::Model, &appointment::Model) -> bool) -> i64 {
        let visits: HashMap<Uuid, &appointment::Model> = self.visits.iter().map(|visit| (visit.id, visit)).collect();
        let left: HashMap<Uuid, Uuid> = self
            .reminders
            .iter()
            .filter(|row| row.sent_at.is_some())
            .map(|row| (row.id, row.appointment_id))
            .collect();
        let answered: HashSet<Uuid> = self
            .questions
            .iter()
            .filter_map(|question| {
                let visit = visits.get(left.get(&question.origin_id)?)?;
                (question.answer.is_some() && fits(question, visit)).then_some(visit.id)
            })
            .collect();
        answered.len() as i64
    }
}

/// What is told is what the rows say.
pub async fn agrees(w: &World, told: &Summary, seed: u64) {
    let rows = Rows::of(w).await;
    let is = |visit: &appointment::Model, all: &[&str]| all.contains(&visit.status.as_str());
    let (kept, missed) = (rows.visits(|v| is(v, &["completed"])), rows.visits(|v| is(v, &["no_show"])));
    let late = |visit: &appointment::Model| {
        let at = visit.cancelled_at.expect("when it was cancelled");
        (visit.starts_at - at).num_seconds() < 24 * 3_600
    };
    let cancelled_late = rows.visits(|v| is(v, &["cancelled"]) && late(v));
    let cancelled_early = rows.visits(|v| is(v, &["cancelled"]) && !late(v));
    // What has begun in this quarter of an hour may yet be marked.
    let begun = |visit: &appointment::Model| visit.starts_at.timestamp() / 900 < rows.now.timestamp() / 900;
    let open = rows.visits(|v| is(v, &["scheduled", "confirmed", "reschedule_requested"]) && begun(v));
    let every = rows.visits.len() as i64;
    let delivered = rows.texts(|t| t.delivered_at.is_some());
    let lost = |t: &message::Model| ["failed", "undelivered"].contains(&t.status.as_str());
    let not = rows.texts(|t| lost(t) && t.retry_at.is_none() && t.delivered_at.is_none());
    let reminded = rows.reminded().len() as i64;
    let yes = rows.answered(|q, v| q.answer == Some(true) && q.answered_at.is_some_and(|at| at < v.starts_at));
    let any = rows.answered(|_, _| true);
    let by_hand = [
        (&told.no_show_rate, (missed, kept + missed), "no-shows"),
        (&told.late_cancellation, (cancelled_late, every), "late"),
        (&told.early_cancellation, (cancelled_early, every), "early"),
        (&told.unmarked, (open, open + kept + missed), "unmarked"),
        (&told.delivery_rate, (delivered, delivered + not), "delivered"),
        (&told.confirmation_rate, (yes, reminded), "confirmed"),
        (&told.reply_rate, (any, reminded), "answered"),
    ];
    for (figure, should, what) in by_hand {
        assert_eq!(made_of(figure), should, "seed {seed}: {what}");
        let rate = (should.1 > 0).then(|| should.0 as f64 / should.1 as f64);
        assert_eq!(figure.value, rate, "seed {seed}: {what}");
    }
    let replies = rows.texts(|t| t.origin == "reply" && t.sent_at.is_some() && t.waited_since.is_some());
    assert_eq!(told.response_time.denominator, replies, "seed {seed}: replies");
    let cost: i64 = rows
        .texts
        .iter()
        .filter(|t| t.direction == "outbound" && t.sent_at.is_some() && t.appointment_id.is_some())
        .filter_map(|t| t.price)
        .sum();
    let dollars = told.cost_per_kept_visit.numerator;
    assert!(
        (dollars - cost as f64 / 1e6).abs() < 1e-9,
        "seed {seed}: cost {dollars} and {cost}"
    );
    assert!(
        every > 5 && delivered > 0 && reminded > 0,
        "seed {seed} tells nothing: {every} visits, {delivered} texts delivered, {reminded} reminders"
    );
}

/// Somebody who may be asked for a review.
pub async fn agrees_to_reviews(w: &World, contact: &ContactView) {
    let cmd = ChangeConsent {
        channel: "sms".to_owned(),
        purpose: "promotional".to_owned(),
        state: "opted_in".to_owned(),
        evidence: Some("Signed at the desk".to_owned()),
    };
    contacts::change_consent(&w.s, &w.owner, contact.id, cmd)
        .await
        .expect("noted");
}

/// A location with a platform of its own, and one of the business.
pub async fn places_and_platforms(w: &World) -> Uuid {
    let place = SaveLocation {
        name: "Harbour".to_owned(),
        ..SaveLocation::default()
    };
    let here = locations::save(&w.s, &w.owner, None, place).await.expect("a location");
    for (name, location_id) in [("Everywhere", None), ("Harbour page", Some(here.id))] {
        let cmd = AddPlatform {
            kind: "custom".to_owned(),
            name: name.to_owned(),
            url: format!("https://reviews.example.com/{}", name.replace(' ', "-")),
            location_id,
        };
        review_platforms::add(&w.s, &w.owner, cmd).await.expect("added");
    }
    here.id
}

/// A person and a machine open each link that was sent.
pub async fn open_links(w: &World) {
    let db = w.s.db().connection();
    let rows = review_request::Entity::in_business(w.owner.business_id)
        .all(db)
        .await
        .expect("requests");
    for row in rows.iter().filter(|row| row.status == "sent") {
        for agent in ["Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X)", "WhatsApp/2.23.20.0"] {
            reviews::open(&w.s, &row.code, false, false, Some(agent))
                .await
                .expect("opened");
        }
    }
}

/// The report of reviews and that of reasons say what SQL says of the rows.
pub async fn reviews_agree(w: &World, days: &ReportQuery, seed: u64) {
    let db = w.s.db().connection();
    let sql = "SELECT COALESCE(l.name, 'No location') AS place, p.name AS platform, \
        CAST(SUM(CASE WHEN r.status IN ('sent', 'clicked') THEN 1 ELSE 0 END) AS bigint) AS asked, \
        CAST(SUM(CASE WHEN r.status = 'failed' THEN 1 ELSE 0 END) AS bigint) AS failed, \
        CAST(SUM(CASE WHEN r.status IN ('planned', 'queued') THEN 1 ELSE 0 END) AS bigint) AS planned, \
        CAST(SUM(CASE WHEN r.status = 'skipped' THEN 1 ELSE 0 END) AS bigint) AS skipped, \
        CAST(COUNT(r.opened_at) AS bigint) AS opened, CAST(SUM(r.clicks) AS bigint) AS people, CAST(SUM(r.machines) AS bigint) AS machines \
        FROM review_request r JOIN review_platform p ON p.id = r.platform_id LEFT JOIN location l ON l.id = r.location_id \
        GROUP BY 1, 2 ORDER BY 1, 2";
    let rows = db
        .query_all_raw(Statement::from_string(db.get_database_backend(), sql))
        .await
        .expect("rows");
    let text = |row: &sea_orm::QueryResult, name: &str| row.try_get::<String>("", name).expect(name);
    let n = |row: &sea_orm::QueryResult, name: &str| row.try_get::<i64>("", name).expect(name);
    let by_hand: Vec<(String, String, Vec<i64>)> = rows
        .iter()
        .map(|row| {
            let all = ["asked", "failed", "planned", "skipped", "opened", "people", "machines"];
            (
                text(row, "place"),
                text(row, "platform"),
                all.map(|name| n(row, name)).to_vec(),
            )
        })
        .collect();
    let (report, _) = reports::report(&w.s, &w.owner, "reviews", days).await.expect("a report");
    let word = |cell: &Cell| {
        if let Cell::Text(text) = cell {
            text.clone()
        } else {
            String::new()
        }
    };
    let number = |cell: &Cell| if let Cell::Count(n) = cell { *n } else { -1 };
    let told: Vec<(String, String, Vec<i64>)> = report
        .rows
        .iter()
        .map(|row| {
            let counts = [2, 3, 4, 5, 6, 10, 11].map(|at| number(&row[at])).to_vec();
            (word(&row[0]), word(&row[1]), counts)
        })
        .collect();
    assert_eq!(told, by_hand, "seed {seed}");
    assert!(
        told.iter().map(|row| row.2[0] + row.2[3]).sum::<i64>() > 0,
        "seed {seed} tells nothing of reviews"
    );

    let rows = review_request::Entity::in_business(w.owner.business_id)
        .all(db)
        .await
        .expect("requests");
    let mut reasons: BTreeMap<String, i64> = BTreeMap::new();
    for row in rows.iter().filter(|row| row.status == "skipped") {
        let why: String = row.reason.clone().unwrap_or_default().chars().take(120).collect();
        *reasons.entry(why).or_default() += 1;
    }
    let (report, _) = reports::report(&w.s, &w.owner, "review-reasons", days)
        .await
        .expect("a report");
    let told: BTreeMap<String, i64> = report.rows.iter().map(|row| (word(&row[0]), number(&row[1]))).collect();
    assert_eq!(told, reasons, "seed {seed}");
}
