//! Whether customers come: counted as visits are marked, told in words, and guessed only while the guess proves better than the average.
//! Each marked visit is counted once, whatever it is marked as later; sums by month are all that is read.

mod counting;

use chrono::{DateTime, Utc};
use contract::attendance::{AttendancePage, AttendanceView, Quality};
use domain::{
    attendance::{self as rules, ENOUGH, History, LEAST, MEASURED_DAYS, Measured, Verdict},
    zone::Zone,
};
use entity::{
    appointments::appointment,
    attendance::{attendance_day, attendance_sum},
    businesses::business,
};
use sea_orm::{ColumnTrait, ConnectionTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use crate::{
    appointments, businesses, contacts,
    kernel::{Actor, Permission, Result, Services},
    reminders,
};

pub(crate) use counting::appointments_changed;

const CONTACT: &str = "contact";
const TYPE: &str = "type";
const LEAD: &str = "lead";
const UNANSWERED: &str = "unanswered";
const ALL: &str = "all";

/// Rows that one sum is made of at most: 25 months of each entry of one person.
const MOST: u64 = 1000;

/// What is known of whether the customer of a visit comes.
///
/// # Errors
/// `NotAllowed`, `NotFound`.
pub async fn view(s: &Services, actor: &Actor, appointment_id: Uuid) -> Result<AttendanceView> {
    actor.may(Permission::ReadAppointments)?;
    let db = s.read();
    let visit = appointments::find(db, actor.business_id, appointment_id).await?;
    let business = businesses::get(db, actor.business_id).await?;
    let zone = businesses::zone(&business);
    let known = Known::load(db, &business, &visit, s.now()).await?;
    let measured = measured(db, &business, s.now(), zone).await?;
    let shown = measured.verdict() == Verdict::Better && appointments::status(&visit)?.is_open();
    Ok(AttendanceView {
        history: known.of_person.words(),
        likely: known
            .guess()
            .filter(|_| shown)
            .map(|(guess, average)| rules::words(guess, average).to_owned()),
    })
}

/// How good the guess was in the last 90 days, and so whether it is shown.
///
/// # Errors
/// `NotAllowed`.
pub async fn page(s: &Services, actor: &Actor) -> Result<AttendancePage> {
    actor.may(Permission::ReadAppointments)?;
    let business = businesses::get(s.read(), actor.business_id).await?;
    let measured = measured(s.read(), &business, s.now(), businesses::zone(&business)).await?;
    let scores = measured.scores();
    Ok(AttendancePage {
        quality: match measured.verdict() {
            Verdict::TooFew => Quality::TooFew,
            Verdict::Better => Quality::Better,
            Verdict::NoBetter => Quality::NoBetter,
        },
        days: MEASURED_DAYS,
        visits: measured.visits,
        missed: measured.missed,
        least: LEAST,
        ours: scores.map(|(ours, _)| ours),
        average: scores.map(|(_, average)| average),
    })
}

async fn measured(db: &impl ConnectionTrait, business: &business::Model, now: DateTime<Utc>, zone: Zone) -> Result<Measured> {
    let rows = attendance_day::Entity::in_business(business.id)
        .filter(attendance_day::Column::Day.gte(rules::measured_from(now, zone).to_string()))
        .limit(MOST)
        .all(db)
        .await?;
    let sum = |of: fn(&attendance_day::Model) -> i64| rows.iter().map(of).sum();
    Ok(Measured {
        visits: sum(|row| row.visits),
        missed: sum(|row| row.missed),
        ours: sum(|row| row.ours),
        average: sum(|row| row.average),
    })
}

/// What is known of a visit before its end.
struct Known {
    of_person: History,
    of_type: History,
    of_all: History,
    of_lead: History,
    of_answer: History,
}

impl Known {
    async fn load(
        db: &impl ConnectionTrait,
        business: &business::Model,
        visit: &appointment::Model,
        now: DateTime<Utc>,
    ) -> Result<Self> {
        let from = rules::first_month(now, businesses::zone(business));
        let circumstances = Circumstances::of(db, visit).await?;
        let people = contacts::entries_of(db, visit.contact_id).await?;
        let kind = visit.type_id.map(|id| id.to_string()).unwrap_or_default();
        Ok(Self {
            of_person: sum(db, business.id, CONTACT, people.iter().map(Uuid::to_string).collect(), &from).await?,
            of_type: sum(db, business.id, TYPE, vec![kind], &from).await?,
            of_all: sum(db, business.id, ALL, vec![String::new()], &from).await?,
            of_lead: sum(db, business.id, LEAD, vec![circumstances.lead.to_owned()], &from).await?,
            of_answer: sum(db, business.id, UNANSWERED, vec![circumstances.unanswered.to_string()], &from).await?,
        })
    }

    /// How likely it is missed, and the average that this stands beside; none where no visit was ever marked.
    fn guess(&self) -> Option<(f64, f64)> {
        let average = self.of_type.rate().or(self.of_all.rate())?;
        let own = self.of_person.risk(average);
        if self.of_all.visits < ENOUGH {
            return Some((own, average));
        }
        let all = self.of_all.rate().unwrap_or(average);
        let adjusted = own * self.of_lead.factor(all) * self.of_answer.factor(all);
        Some((adjusted.min(0.95), average))
    }
}

/// What beside history tells something of a visit.
struct Circumstances {
    lead: &'static str,
    unanswered: bool,
}

impl Circumstances {
    async fn of(db: &impl ConnectionTrait, visit: &appointment::Model) -> Result<Self> {
        Ok(Self {
            lead: rules::lead(visit.created_at, visit.starts_at),
            unanswered: reminders::unanswered(db, visit.business_id, visit.id).await?,
        })
    }
}

async fn sum(db: &impl ConnectionTrait, business_id: Uuid, about: &str, parts: Vec<String>, from: &str) -> Result<History> {
    if parts.is_empty() {
        return Ok(History::default());
    }
    let rows = attendance_sum::Entity::in_business(business_id)
        .filter(attendance_sum::Column::About.eq(about))
        .filter(attendance_sum::Column::Part.is_in(parts))
        .filter(attendance_sum::Column::Month.gte(from))
        .limit(MOST)
        .all(db)
        .await?;
    let mut history = History::default();
    for row in rows {
        history.visits += u32::try_from(row.visits).unwrap_or_default();
        history.missed += u32::try_from(row.missed).unwrap_or_default();
    }
    Ok(history)
}
