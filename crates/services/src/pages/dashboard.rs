//! How the last seven days went, beside the seven before: a few numbers that are read off kept counters and the starts of short lists.

use contract::reports::Card;
use domain::{
    delivery::Status,
    figures::{self as rules, Figure, Measured, QUARTERS_A_DAY, Span, Totals, What},
};
use entity::{appointments::appointment, businesses::business, messages::message, reminders::reminder_request};
use sea_orm::{ColumnTrait, QueryFilter, QuerySelect, sea_query::Expr};
use uuid::Uuid;

use crate::{
    appointments::day,
    businesses,
    figures::{self, Filter},
    kernel::{Actor, Permission, Result, Services, counters::Counter, paging::count_to},
    reports,
};

const DAYS: i64 = 7;
/// Up to what is counted.
const COUNTED: u64 = 100;

/// The numbers of a week.
struct Week {
    totals: Totals,
    opted_out: i64,
}

impl Week {
    async fn of(s: &Services, business: &business::Model, span: &Span, until: (i64, i64)) -> Result<Self> {
        let left = reports::between(s.read(), business.id, span.from, span.to, &[Counter::OptedOut]).await?;
        Ok(Self {
            totals: figures::totals(s.read(), business.id, span, &Filter::default(), until).await?,
            opted_out: left.values().sum(),
        })
    }

    fn n(&self, what: What) -> i64 {
        self.totals.n(what)
    }
}

/// The cards of the dashboard.
///
/// # Errors
/// `NotAllowed`.
pub async fn week(s: &Services, actor: &Actor) -> Result<Vec<Card>> {
    actor.may(Permission::ReadMessages)?;
    actor.may(Permission::ReadAppointments)?;
    let business = businesses::get(s.read(), actor.business_id).await?;
    let zone = businesses::zone(&business);
    let today = s.now().with_timezone(&zone).date_naive();
    let span = Span {
        from: today - chrono::Duration::days(DAYS - 1),
        to: today,
        zone,
    };
    let now = rules::quarter(s.now());
    let this = Week::of(s, &business, &span, (i64::MAX, now)).await?;
    // Today is not over: the last day of those before counts up to the same hour.
    let same_hour = now - DAYS * QUARTERS_A_DAY;
    let before = Week::of(s, &business, &span.before(), (same_hour, now)).await?;
    let counted_from = figures::since_when_known(s.read(), business.id).await?;
    let is_counted = |span: &Span| counted_from.is_none_or(|from| from <= span.quarters().0);
    let (all_of_this, all_before) = (is_counted(&span), is_counted(&span.before()));
    let mut cards = vec![
        count(
            "sent",
            "Sent",
            "Texts written in the last 7 days that left.",
            this.n(What::Sent),
            before.n(What::Sent),
            None,
            "/log",
        ),
        measured(Figure::DeliveryRate, &this, &before),
        waiting(s, business.id).await?,
        count(
            "failed",
            "Did not arrive",
            "Texts of the last 7 days that failed for good.",
            this.totals.not_arrived(),
            before.totals.not_arrived(),
            Some(false),
            "/log?show=trouble",
        ),
        pending(s, business.id).await?,
        answers(&this, &before),
        opted_out(&this, &before),
        measured(Figure::TimeToConfirm, &this, &before),
        cost(&this, &before),
    ];
    for card in &mut cards {
        if !all_before {
            (card.trend, card.good) = (String::new(), None);
        }
        if !all_of_this {
            card.trend = "Still being counted".to_owned();
            continue;
        }
        if !card.trend.is_empty() {
            card.trend.push_str(" than the 7 days before");
            card.trend = card.trend.replace("As before than", "As in");
        }
    }
    Ok(cards)
}

fn card(key: &str, title: &str, definition: &str, value: String) -> Card {
    Card {
        key: key.to_owned(),
        title: title.to_owned(),
        definition: definition.to_owned(),
        value,
        made_of: String::new(),
        trend: String::new(),
        good: None,
        doubtful: false,
        behind: None,
    }
}

fn count(key: &str, title: &str, definition: &str, now: i64, then: i64, more_is_better: Option<bool>, behind: &str) -> Card {
    let by = now - then;
    let trend = match by {
        0 if now == 0 => String::new(),
        0 => "As before".to_owned(),
        _ => format!("{} {}", rules::thousands(by.abs()), if by > 0 { "more" } else { "fewer" }),
    };
    Card {
        trend,
        good: more_is_better.filter(|_| by != 0).map(|better| better == (by > 0)),
        behind: Some(behind.to_owned()),
        ..card(key, title, definition, rules::thousands(now))
    }
}

fn measured(figure: Figure, this: &Week, before: &Week) -> Card {
    let (it, then) = (figure.measured(&this.totals, (0, 0)), figure.measured(&before.totals, (0, 0)));
    shown(figure.as_str(), figure.title(), figure.definition(), figure, it, then)
}

fn shown(key: &str, title: &str, definition: &str, like: Figure, it: Measured, then: Measured) -> Card {
    let unit = like.unit();
    let trend = it.trend(&then, unit);
    let by = it.value.zip(then.value).map(|(now, then)| now - then).filter(|by| *by != 0.0);
    Card {
        made_of: it.made_of(unit),
        good: by
            .filter(|_| !trend.is_empty() && trend != "As before")
            .and_then(|by| like.more_is_better().map(|better| better == (by > 0.0))),
        trend,
        behind: Some("/reports".to_owned()),
        ..card(key, title, definition, it.words(unit))
    }
}

/// "Up to 100" is as good as all: somebody has to look anyway.
fn up_to(n: u32) -> String {
    if u64::from(n) < COUNTED {
        n.to_string()
    } else {
        format!("{COUNTED} or more")
    }
}

async fn waiting(s: &Services, business_id: Uuid) -> Result<Card> {
    let rows = message::Entity::narrowed(business_id).filter(Expr::cust(format!("\"status\" = '{}'", Status::Queued.as_str())));
    let n = count_to(s.read(), rows, message::Column::Id, COUNTED).await?;
    Ok(Card {
        behind: Some("/log?show=waiting".to_owned()),
        ..card(
            "waiting",
            "Waiting",
            "Texts that are written and have not left yet.",
            up_to(n),
        )
    })
}

async fn pending(s: &Services, business_id: Uuid) -> Result<Card> {
    let asked = day::unanswered(appointment::Entity::in_business(business_id), s.now());
    let ids: Vec<Uuid> = day::soonest_first(asked)
        .limit(COUNTED)
        .select_only()
        .column(appointment::Column::Id)
        .into_tuple()
        .all(s.read())
        .await?;
    let n = u32::try_from(ids.len()).unwrap_or(u32::MAX);
    let mut made_of = String::new();
    if !ids.is_empty() {
        let first: Option<Option<chrono::DateTime<chrono::Utc>>> = reminder_request::Entity::in_business(business_id)
            .filter(reminder_request::Column::AppointmentId.is_in(ids))
            .filter(reminder_request::Column::Status.eq("sent"))
            .select_only()
            .column_as(reminder_request::Column::SentAt.min(), "first")
            .into_tuple()
            .one(s.read())
            .await?;
        if let Some(first) = first.flatten() {
            made_of = format!(
                "The first was asked {} ago.",
                rules::duration((s.now() - first).num_seconds() as f64)
            );
        }
    }
    let definition = "Visits to come whose customer was asked and has not answered.";
    Ok(Card {
        made_of,
        behind: Some("/appointments?show=unanswered".to_owned()),
        ..card("pending", "To be confirmed", definition, up_to(n))
    })
}

/// Yes against no, of the visits that a reminder left for.
fn answers(this: &Week, before: &Week) -> Card {
    let share = |week: &Week| Measured::share(week.n(What::Confirmed), week.n(What::Answered));
    let (it, then) = (share(this), share(before));
    let no = it.denominator - it.numerator as i64;
    let definition = "Answers to reminders of visits that began in the last 7 days: yes before the visit, and all others.";
    let mut card = shown("answers", "Yes and no", definition, Figure::ConfirmationRate, it, then);
    card.value = format!("{} yes, {} no", rules::thousands(it.numerator as i64), rules::thousands(no));
    card
}

fn opted_out(this: &Week, before: &Week) -> Card {
    let share = |week: &Week| Measured::share(week.opted_out, week.n(What::Sent).max(week.opted_out));
    let definition = "People who asked for no more texts in the last 7 days, and their share of the texts that left.";
    let (it, then) = (share(this), share(before));
    let mut card = shown("opted_out", "Opted out", definition, Figure::NoShowRate, it, then);
    let rate = it
        .value
        .filter(|_| !it.is_few())
        .map(|rate| format!(" ({})", rules::share(rate)));
    card.value = format!("{}{}", rules::thousands(this.opted_out), rate.unwrap_or_default());
    card.behind = Some("/contacts".to_owned());
    card
}

fn cost(this: &Week, before: &Week) -> Card {
    let dollars = |week: &Week| Measured::dollars_each(week.totals.cost(), 1);
    let (it, then) = (dollars(this), dollars(before));
    let definition = "What the texts of the last 7 days cost; estimated until the provider tells its own price.";
    let mut card = shown("cost", "Cost", definition, Figure::CostPerKeptVisit, it, then);
    card.good = None;
    card.made_of = format!(
        "{} of it by the provider's own word.",
        rules::dollars(this.n(What::CostReal) as f64 / 1e6)
    );
    card
}
