//! The same figures counted anew from the rows, by a way of its own.

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Utc};
use contract::reports::Summary;
use entity::{appointments::appointment, messages::message, questions::question, reminders::reminder_request};
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
