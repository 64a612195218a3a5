//! What bounds the texts of a business: how many for how much money, at what time of day, and to which countries. What a bound that is wider now has held back
//! is looked at again at once.

use chrono::{NaiveTime, Timelike};
use contract::{
    Code, FieldError, Problem,
    businesses::{CountryRule, UpdateCountries, UpdateLimits, UpdateQuietHours},
};
use domain::{
    destinations::{self, Destinations},
    prices,
};
use entity::businesses::business;
use sea_orm::{ActiveModelTrait, IntoActiveModel, Set};
use serde_json::{Value, json};

use super::locked;
use crate::kernel::{Actor, Event, Permission, Result, Services, events::Bounds};

/// Most texts an hour that can be asked for.
const HIGHEST_LIMIT: i32 = 100_000;
const CENT: i64 = 10_000;
/// A month's budget, in micro-dollars: a cent to a million dollars.
const BUDGET: std::ops::RangeInclusive<i64> = CENT..=1_000_000 * 100 * CENT;

/// Changes how many texts may leave, and for how much money.
///
/// # Errors
/// `NotAllowed` for staff; `Invalid` per field.
pub async fn update_limits(s: &Services, actor: &Actor, cmd: UpdateLimits) -> Result<()> {
    actor.may(Permission::ManageBusiness)?;
    let mut wrong = Wrong::default();
    let typed = cmd.monthly_budget.trim();
    let budget = prices::parse_dollars(typed).filter(|micros| BUDGET.contains(micros) && micros % CENT == 0);
    if budget.is_none() && !typed.is_empty() {
        wrong.mark(
            "monthly_budget",
            "Please give an amount like 25 or 12.50, from $0.01 to $1,000,000.",
        );
    }
    let digits: String = cmd.hourly_limit.chars().filter(|c| !matches!(c, ' ' | ',')).collect();
    let limit = digits.parse::<i32>().ok().filter(|n| (1..=HIGHEST_LIMIT).contains(n));
    if limit.is_none() {
        wrong.mark("hourly_limit", "Please give a whole number from 1 to 100,000.");
    }
    let limit = wrong.unless(limit)?;
    let mut tx = s.begin().await?;
    let before = locked(&tx, actor.business_id).await?;
    let wider = limit > before.hourly_limit || before.monthly_budget.is_some_and(|was| budget.is_none_or(|is| is > was));
    let was = limits(&before);
    let mut row = before.into_active_model();
    row.monthly_budget = Set(budget);
    row.hourly_limit = Set(limit);
    let after = row.update(&tx.db).await?;
    let event = Event::SendingChanged {
        wider,
        what: Bounds::Limits,
    };
    tx.record_change(after.id, &actor.who, event, Some(was), Some(limits(&after)));
    tx.commit().await
}

/// Changes at what time of a customer's day no machine texts them.
///
/// # Errors
/// `NotAllowed` for staff; `Invalid` per field.
pub async fn update_quiet_hours(s: &Services, actor: &Actor, cmd: UpdateQuietHours) -> Result<()> {
    actor.may(Permission::ManageBusiness)?;
    let mut wrong = Wrong::default();
    let times = [("quiet_start", &cmd.quiet_start), ("quiet_end", &cmd.quiet_end)];
    let [start, end] = times.map(|(name, typed)| {
        let time = parse_clock(typed);
        if time.is_none() {
            wrong.mark(name, "Please give a time of day like 21:00.");
        }
        time
    });
    let quiet = wrong.unless(start.zip(end))?;
    let mut tx = s.begin().await?;
    let before = locked(&tx, actor.business_id).await?;
    let wider = (before.state_hours && !cmd.state_hours) || (before.quiet_start, before.quiet_end) != quiet;
    let was = hours(&before);
    let mut row = before.into_active_model();
    row.state_hours = Set(cmd.state_hours);
    (row.quiet_start, row.quiet_end) = (Set(quiet.0), Set(quiet.1));
    let after = row.update(&tx.db).await?;
    let event = Event::SendingChanged {
        wider,
        what: Bounds::QuietHours,
    };
    tx.record_change(after.id, &actor.who, event, Some(was), Some(hours(&after)));
    tx.commit().await
}

/// Changes to which countries texts may go. What waits for one that is not among them any more goes on waiting, and says why.
///
/// # Errors
/// `NotAllowed` for staff; `Invalid` per field.
pub async fn update_countries(s: &Services, actor: &Actor, cmd: UpdateCountries) -> Result<()> {
    actor.may(Permission::ManageBusiness)?;
    let chosen = valid_countries(&cmd)?;
    let mut tx = s.begin().await?;
    let before = locked(&tx, actor.business_id).await?;
    // Another list may let go what waits; looking costs little.
    let wider = chosen.kept() != before.texts_to;
    let was = countries(&before);
    let mut row = before.into_active_model();
    row.texts_to = Set(chosen.kept());
    let after = row.update(&tx.db).await?;
    let event = Event::SendingChanged {
        wider,
        what: Bounds::Countries,
    };
    tx.record_change(after.id, &actor.who, event, Some(was), Some(countries(&after)));
    tx.commit().await
}

fn valid_countries(cmd: &UpdateCountries) -> Result<Destinations> {
    let mut wrong = Wrong::default();
    let chosen = match CountryRule::find(&cmd.rule) {
        None => {
            wrong.mark("rule", "Please choose one of the three.");
            None
        }
        Some(CountryRule::Home) => Some(Destinations::Home),
        Some(CountryRule::Everywhere) => Some(Destinations::Everywhere),
        Some(CountryRule::Listed) => match destinations::read(&cmd.countries) {
            Ok(all) if all.is_empty() => {
                wrong.mark("countries", "Please name at least one country.");
                None
            }
            Ok(all) => Some(Destinations::Listed(all)),
            Err(typed) => {
                let typed: String = typed.chars().take(60).collect();
                let why =
                    format!("“{typed}” is no country we know. Give names like Italy or codes like IT, with commas between.");
                wrong.mark("countries", &why);
                None
            }
        },
    };
    wrong.unless(chosen)
}

/// Where texts of a business may go.
pub(crate) fn destinations(b: &business::Model) -> Destinations {
    Destinations::stored(b.texts_to.as_deref())
}

/// Why no text of this business may go to this number (E.164), if none may.
pub(crate) fn not_texted(b: &business::Model, number: &str) -> Option<String> {
    destinations(b).objection(&b.country, number)
}

/// Where that is changed.
pub(crate) const COUNTRIES_CHANGED: &str = "Owners and admins choose the countries in Settings, under “Texts and limits”.";

/// The same as one sentence or two for whoever wants to send.
pub(crate) fn not_texted_there(b: &business::Model, number: &str) -> Option<String> {
    not_texted(b, number).map(|why| format!("{why} {COUNTRIES_CHANGED}"))
}

/// What the audit trail keeps.
fn countries(b: &business::Model) -> Value {
    let named = match destinations(b) {
        Destinations::Everywhere => CountryRule::Everywhere.words().to_owned(),
        Destinations::Home => CountryRule::Home.words().to_owned(),
        Destinations::Listed(all) => all.iter().map(|country| country.name).collect::<Vec<_>>().join(", "),
    };
    json!({ "countries": named })
}

/// What the audit trail keeps.
fn limits(b: &business::Model) -> Value {
    let budget = b.monthly_budget.map(prices::dollars);
    json!({ "monthly_budget": budget, "texts_an_hour": b.hourly_limit })
}

fn hours(b: &business::Model) -> Value {
    let clock = |minutes: i32| format!("{:02}:{:02}", minutes / 60, minutes % 60);
    json!({ "quiet_from": clock(b.quiet_start), "quiet_until": clock(b.quiet_end), "hours_of_us_states": b.state_hours })
}

fn parse_clock(typed: &str) -> Option<i32> {
    let time = NaiveTime::parse_from_str(typed.trim(), "%H:%M").ok()?;
    Some((time.hour() * 60 + time.minute()) as i32)
}

/// What is wrong with a form, field by field.
#[derive(Default)]
struct Wrong(Vec<FieldError>);

impl Wrong {
    fn mark(&mut self, field: &str, message: &str) {
        self.0.push(FieldError {
            field: field.to_owned(),
            message: message.to_owned(),
        });
    }

    /// What was typed, if nothing is wrong.
    fn unless<T>(self, value: Option<T>) -> Result<T> {
        match value {
            Some(value) if self.0.is_empty() => Ok(value),
            _ => {
                let problem = Problem::new(Code::Invalid, "Some fields need another look.");
                Err(Problem {
                    fields: self.0,
                    ..problem
                }
                .into())
            }
        }
    }
}
