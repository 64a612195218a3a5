//! The demo's year before today: visits with seasons, the reminders that went out for them, and what customers answered. Written as rows,
//! because nobody waits a year; what they count as is counted from them, as after an upgrade.

use std::collections::BTreeMap;

use chrono::{DateTime, Datelike, Duration, NaiveDate, TimeZone, Utc, Weekday};
use contract::contacts::{CreateContact, OptIn};
use domain::{delivery::Status, origin::Origin, zone::Zone};
use entity::{
    appointments::appointment,
    businesses::business,
    conversations::conversation,
    messages::{message, spend_month},
    questions::question,
    reminders::reminder_request,
    reports::counter_day,
};
use sea_orm::{
    ActiveModelTrait, EntityTrait, ExprTrait, IntoActiveModel,
    sea_query::{Expr, OnConflict},
};
use uuid::Uuid;

use super::{
    Lists, NUMBER,
    people::{REGULARS, SEASON, STAFF, TALK, TIMES, TYPES},
};
use crate::{
    businesses, contacts, figures,
    kernel::{Actor, Clock, Error, Result, Services, Tx},
};

const DAYS: i64 = 364;
/// Rows in one statement.
const GROUP: usize = 200;
/// What a text costs, in millionths of a dollar.
const PRICE: i64 = 7_900;

/// Numbers that look like chance and are the same in each demo (Knuth's MMIX).
struct Chance(u64);

impl Chance {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % n.max(1)
    }

    fn percent(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}

/// Somebody with their thread.
struct Regular {
    contact: Uuid,
    conversation: Uuid,
    phone: &'static str,
    /// What they and we wrote last.
    last: Option<message::Model>,
}

/// Everything that is to be written.
struct Past<'a> {
    tx: &'a Tx,
    business: business::Model,
    zone: Zone,
    chance: Chance,
    people: Vec<Regular>,
    visits: Vec<appointment::ActiveModel>,
    texts: Vec<message::ActiveModel>,
    reminders: Vec<reminder_request::ActiveModel>,
    questions: Vec<question::ActiveModel>,
    days: BTreeMap<(NaiveDate, &'static str), i64>,
    spent: BTreeMap<String, i64>,
}

/// Writes the year, and counts it.
pub(super) async fn write(s: &Services, robin: &Actor, lists: &Lists) -> Result<()> {
    let now = s.now();
    let then = s.at(Clock::from_fn(move || now - Duration::days(DAYS + 1)));
    let mut people = Vec::with_capacity(REGULARS.len());
    for (name, phone) in REGULARS {
        let contact = contacts::create(&then, robin, person(name, phone)).await?.id;
        people.push(Regular {
            contact,
            conversation: Uuid::now_v7(),
            phone,
            last: None,
        });
    }
    let mut tx = s.begin().await?;
    let business = businesses::of(&mut tx, robin.business_id).await?;
    let mut past = Past {
        zone: businesses::zone(&business),
        business,
        chance: Chance(2026),
        people,
        visits: Vec::new(),
        texts: Vec::new(),
        reminders: Vec::new(),
        questions: Vec::new(),
        days: BTreeMap::new(),
        spent: BTreeMap::new(),
        tx: &tx,
    };
    let today = now.with_timezone(&past.zone).date_naive();
    for day in (1..=DAYS).rev().map(|ago| today - Duration::days(ago)) {
        if !matches!(day.weekday(), Weekday::Sat | Weekday::Sun) {
            past.live(day, (today - day).num_days(), lists)?;
        }
    }
    past.keep().await?;
    tx.commit().await?;
    figures::recount::business(s, robin.business_id, true).await?;
    Ok(())
}

fn person(name: &str, phone: &str) -> CreateContact {
    CreateContact {
        name: name.to_owned(),
        phone: phone.to_owned(),
        opt_in: Some(OptIn {
            channel: "sms".to_owned(),
            source: "booking by phone".to_owned(),
        }),
        ..CreateContact::default()
    }
}

impl Past<'_> {
    /// A weekday, so many days ago.
    fn live(&mut self, day: NaiveDate, ago: i64, lists: &Lists) -> Result<()> {
        let season = SEASON.get(day.month0() as usize).copied().unwrap_or(50);
        // More people than a year ago.
        let growth = 110 - (ago / 12) as usize;
        let visits = (season * growth / 100 + self.chance.below(24)) / 12;
        for n in 0..visits.min(TIMES.len()) {
            let time = TIMES
                .get((n * 3 + self.chance.below(3)) % TIMES.len())
                .copied()
                .unwrap_or("10:00");
            self.visit(self.local(day, time), ago, lists)?;
        }
        if self.chance.percent(55) {
            self.talk(self.local(day, "09:40"))?;
        }
        Ok(())
    }

    fn local(&self, day: NaiveDate, time: &str) -> DateTime<Utc> {
        let time = chrono::NaiveTime::parse_from_str(time, "%H:%M").unwrap_or_default();
        let at = self.zone.from_local_datetime(&day.and_time(time)).earliest();
        at.map_or_else(|| day.and_time(time).and_utc(), |at| at.to_utc())
    }

    /// A visit, what was written about it, and how it went.
    fn visit(&mut self, starts_at: DateTime<Utc>, ago: i64, lists: &Lists) -> Result<()> {
        let who = self.chance.below(self.people.len());
        let kind = self.chance.below(TYPES.len());
        // Reminders have helped over the year.
        let misses = 5 + (ago / 70) as usize;
        let (status, cancelled) = match self.chance.below(100) {
            n if n < misses => ("no_show", None),
            n if n < misses + 4 => ("cancelled", Some(starts_at - Duration::hours(5))),
            n if n < misses + 9 => ("cancelled", Some(starts_at - Duration::hours(70))),
            _ => ("completed", None),
        };
        let booked = starts_at - Duration::days(3 + self.chance.below(25) as i64);
        let minutes = TYPES.get(kind).map_or(30, |(_, minutes, ..)| *minutes);
        let place = self.chance.below(lists.places.len());
        let visit = appointment::Model {
            id: Uuid::now_v7(),
            business_id: self.business.id,
            contact_id: self.contact(who)?,
            starts_at,
            status: status.to_owned(),
            staff_label: STAFF.get(self.chance.below(4)).map_or("", |(name, _)| name).to_owned(),
            notes: String::new(),
            token: 1,
            location_id: lists.places.get(place).copied(),
            time_zone: Some(self.zone.name().to_owned()),
            utc_offset: None,
            ends_at: Some(starts_at + Duration::minutes(minutes.into())),
            type_id: lists.types.get(kind).copied(),
            for_name: None,
            source: Some(appointment::Source::Staff),
            external_id: None,
            revision: 1,
            series_id: None,
            series_index: None,
            arrived_at: None,
            cancelled_at: cancelled,
            marked_in: None,
            link_revision: 0,
            created_at: booked,
            updated_at: cancelled.unwrap_or(starts_at + Duration::hours(1)),
        };
        let due = starts_at - Duration::hours(24);
        if cancelled.is_none_or(|at| at > due) {
            self.remind(who, &visit, due)?;
        }
        self.visits.push(visit.into_active_model().reset_all());
        Ok(())
    }

    fn contact(&self, who: usize) -> Result<Uuid> {
        let found = self.people.get(who).map(|one| one.contact);
        found.ok_or_else(|| Error::broken("nobody comes to the demo"))
    }

    /// The reminder of a visit, and the answer to it.
    fn remind(&mut self, who: usize, visit: &appointment::Model, due: DateTime<Utc>) -> Result<()> {
        let id = Uuid::now_v7();
        let arrives = !self.chance.percent(3);
        let text = self.ours(who, due, (Origin::Reminder, Some(id)), Some(visit.id), arrives)?;
        let answers = arrives && self.chance.percent(76);
        let yes = answers && !(visit.status == "cancelled" || self.chance.percent(4));
        let after = Duration::minutes(2 + (self.chance.below(60) * self.chance.below(10)) as i64);
        let answered_at = answers.then_some(due + after);
        let status = match (answers, yes) {
            (true, true) => "yes",
            (true, false) => "no",
            _ => "sent",
        };
        self.reminders.push(
            reminder_request::Model {
                id,
                business_id: self.business.id,
                appointment_id: visit.id,
                contact_id: visit.contact_id,
                kind: "24h".to_owned(),
                due_at: due,
                status: status.to_owned(),
                reason: None,
                correlation_id: format!("past:{id}"),
                message_id: Some(text),
                sent_at: Some(due),
                expires_at: Some(visit.starts_at),
                created_at: visit.created_at,
                updated_at: due,
            }
            .into_active_model()
            .reset_all(),
        );
        let answer = match answered_at {
            Some(at) => Some(self.theirs(who, at, if yes { "Y" } else { "N" })?),
            None => None,
        };
        self.questions.push(
            question::Model {
                id: Uuid::now_v7(),
                business_id: self.business.id,
                contact_id: visit.contact_id,
                origin: Origin::Reminder.as_str().to_owned(),
                origin_id: id,
                subject_id: visit.id,
                token: 1,
                at: visit.starts_at,
                time_zone: visit.time_zone.clone(),
                name: None,
                message_id: text,
                expires_at: visit.starts_at,
                answer: answers.then_some(yes),
                answered_at,
                answered_by: answer,
                corrected_at: None,
                created_at: due,
            }
            .into_active_model()
            .reset_all(),
        );
        Ok(())
    }

    /// Somebody asks something, and is answered.
    fn talk(&mut self, at: DateTime<Utc>) -> Result<()> {
        let who = self.chance.below(self.people.len());
        let (asked, answered) = TALK.get(self.chance.below(TALK.len())).copied().unwrap_or_default();
        let at = at + Duration::minutes(self.chance.below(420) as i64);
        self.theirs(who, at, asked)?;
        let waits = Duration::minutes(1 + (self.chance.below(12) * self.chance.below(12)) as i64);
        let reply = self.ours(who, at + waits, (Origin::Reply, None), None, true)?;
        let row = self.texts.iter_mut().rev().find(|text| text.id.try_as_ref() == Some(&reply));
        if let Some(text) = row {
            text.body.set_if_not_equals(answered.to_owned());
            text.waited_since.set_if_not_equals(Some(at));
        }
        Ok(())
    }

    /// A text of ours, which arrives or does not.
    fn ours(
        &mut self,
        who: usize,
        at: DateTime<Utc>,
        (origin, origin_id): (Origin, Option<Uuid>),
        about: Option<Uuid>,
        arrives: bool,
    ) -> Result<Uuid> {
        let body = "Bright Smile Dental: a reminder of your visit tomorrow. Reply Y to confirm, N if you can't come.";
        let (status, delivered) = if arrives {
            (
                Status::Delivered,
                Some(at + Duration::seconds(2 + self.chance.below(9) as i64)),
            )
        } else {
            (Status::Undelivered, None)
        };
        let text = message::Model {
            direction: "outbound".to_owned(),
            origin: origin.as_str().to_owned(),
            origin_id,
            status: status.as_str().to_owned(),
            error_code: (!arrives).then_some([30003, 30005, 30006][self.chance.below(3)]),
            appointment_id: about,
            attempts: 1,
            price: Some(PRICE),
            price_unit: Some("USD".to_owned()),
            price_final: true,
            sent_at: Some(at),
            delivered_at: delivered,
            author: (origin == Origin::Reply).then(|| "Robin Demo".to_owned()),
            ..self.text(who, at, body)?
        };
        self.count(at, "sent");
        self.count(at, if arrives { "delivered" } else { "failed" });
        let month = at.with_timezone(&self.zone).format("%Y-%m").to_string();
        *self.spent.entry(month).or_default() += PRICE;
        self.push(who, text)
    }

    /// A text of theirs.
    fn theirs(&mut self, who: usize, at: DateTime<Utc>, body: &str) -> Result<Uuid> {
        let text = self.text(who, at, body)?;
        self.count(at, "received");
        self.push(who, text)
    }

    fn push(&mut self, who: usize, text: message::Model) -> Result<Uuid> {
        let id = text.id;
        if let Some(one) = self.people.get_mut(who)
            && one.last.as_ref().is_none_or(|last| last.created_at <= text.created_at)
        {
            one.last = Some(text.clone());
        }
        self.texts.push(text.into_active_model().reset_all());
        Ok(id)
    }

    fn count(&mut self, at: DateTime<Utc>, what: &'static str) {
        let day = at.with_timezone(&self.zone).date_naive();
        *self.days.entry((day, what)).or_default() += 1;
    }

    /// What all texts have in common; one of theirs.
    fn text(&self, who: usize, at: DateTime<Utc>, body: &str) -> Result<message::Model> {
        let one = self
            .people
            .get(who)
            .ok_or_else(|| Error::broken("nobody comes to the demo"))?;
        let vault = self.tx.services().vault();
        let id = Uuid::now_v7();
        Ok(message::Model {
            id,
            business_id: self.business.id,
            conversation_id: one.conversation,
            contact_id: one.contact,
            direction: "inbound".to_owned(),
            channel: "sms".to_owned(),
            origin: "customer".to_owned(),
            origin_id: None,
            purpose: "transactional".to_owned(),
            status: "received".to_owned(),
            subject: None,
            body: body.to_owned(),
            segments: 1,
            ours: NUMBER.to_owned(),
            theirs: vault.seal("message.theirs", one.phone),
            theirs_key: Some(vault.index("message.theirs", one.phone)),
            account_sid: None,
            provider_sid: Some(format!("SM{}", id.simple())),
            error_code: None,
            error: None,
            correlation_id: None,
            author: None,
            appointment_id: None,
            useful_until: None,
            time_zone: None,
            attempts: 0,
            retries: 0,
            retry_at: None,
            priority: 1,
            slot_at: None,
            price: None,
            price_unit: None,
            price_final: false,
            lookups: 0,
            not_before: at,
            wait_reason: None,
            delay: None,
            send_at: None,
            waited_since: None,
            claimed_at: None,
            created_at: at,
            sent_at: None,
            delivered_at: None,
            removed_after: None,
            fallback_of: None,
            chosen_because: None,
        })
    }

    /// Writes it all.
    async fn keep(self) -> Result<()> {
        let db = &self.tx.db;
        let id = self.business.id;
        let threads: Vec<conversation::ActiveModel> = self.people.into_iter().filter_map(|one| thread(id, one)).collect();
        macro_rules! keep {
            ($table:ident, $rows:expr) => {
                for some in $rows.chunks(GROUP) {
                    $table::Entity::insert_many(some.to_vec())
                        .exec_without_returning(db)
                        .await?;
                }
            };
        }
        keep!(conversation, threads);
        keep!(appointment, self.visits);
        keep!(message, self.texts);
        keep!(reminder_request, self.reminders);
        keep!(question, self.questions);
        let days: Vec<counter_day::ActiveModel> = self
            .days
            .into_iter()
            .map(|((day, what), n)| {
                let row = counter_day::Model {
                    business_id: id,
                    day: day.to_string(),
                    what: what.to_owned(),
                    n,
                };
                row.into_active_model().reset_all()
            })
            .collect();
        let more = Expr::col((counter_day::Entity, counter_day::Column::N)).add(Expr::cust("excluded.n"));
        let key = [
            counter_day::Column::BusinessId,
            counter_day::Column::Day,
            counter_day::Column::What,
        ];
        let add = OnConflict::columns(key).value(counter_day::Column::N, more).to_owned();
        for some in days.chunks(GROUP) {
            counter_day::Entity::insert_many(some.to_vec())
                .on_conflict(add.clone())
                .exec_without_returning(db)
                .await?;
        }
        for (month, spent) in self.spent {
            let row = spend_month::Model {
                business_id: id,
                month,
                spent,
            };
            row.into_active_model().reset_all().insert(db).await?;
        }
        Ok(())
    }
}

/// All is said in it, and it is closed.
fn thread(business_id: Uuid, one: Regular) -> Option<conversation::ActiveModel> {
    let last = one.last?;
    let row = conversation::Model {
        id: one.conversation,
        business_id,
        contact_id: one.contact,
        last_message_id: Some(last.id),
        preview: last.body.clone(),
        last_at: last.created_at,
        last_direction: last.direction.clone(),
        last_status: last.status.clone(),
        last_human_at: None,
        last_inbound_id: None,
        waiting_since: None,
        closed_at: Some(last.created_at),
        snoozed_until: None,
        assignee_id: None,
        replied_by: None,
        touched_at: None,
        unread: 0,
        created_at: last.created_at,
    };
    Some(row.into_active_model().reset_all())
}
