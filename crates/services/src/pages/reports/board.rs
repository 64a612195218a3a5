//! The page of reports, and all figures at once.

use chrono::{DateTime, Datelike, NaiveDate, Utc};
use contract::reports::{Board, Card, Choice, Figure as Told, ReportQuery, Summary};
use domain::figures::{self as rules, Figure, Measured, QUARTERS_A_DAY, Span, Totals, start_of};

use super::{Asked, Kind, tables};
use crate::{
    figures,
    kernel::{Actor, Result, Services},
    spend,
};

/// The figures of some days.
struct Figures {
    totals: Totals,
    slots: (i64, i64),
}

impl Figures {
    async fn of(s: &Services, asked: &Asked, span: &Span, until: i64) -> Result<Self> {
        Ok(Self {
            totals: figures::totals(s.read(), asked.business.id, span, &asked.filter, (until, asked.now)).await?,
            slots: tables::slots(s, asked, span).await?,
        })
    }

    /// Those to be compared with: where the last day is not over, the one that it is compared with counts up to the same hour.
    async fn before(s: &Services, asked: &Asked) -> Result<Option<Self>> {
        let Some(span) = &asked.before else { return Ok(None) };
        let back = (asked.span.from - span.from).num_days();
        let until = if asked.last_is_partial() {
            asked.now - back * QUARTERS_A_DAY
        } else {
            i64::MAX
        };
        Self::of(s, asked, span, until).await.map(Some)
    }

    fn measured(&self, figure: Figure) -> Measured {
        figure.measured(&self.totals, self.slots)
    }
}

/// Every figure of these days, for another system.
///
/// # Errors
/// `NotAllowed`; `Invalid` for days, or what they are narrowed by, that can't be.
pub async fn summary(s: &Services, actor: &Actor, query: &ReportQuery) -> Result<Summary> {
    let asked = Asked::of(s, actor, query).await?;
    let now = Figures::of(s, &asked, &asked.span, i64::MAX).await?;
    let before = Figures::before(s, &asked).await?;
    let told = |figure: Figure| {
        let it = now.measured(figure);
        Told {
            value: it.value,
            numerator: it.numerator,
            denominator: it.denominator,
            low: it.low,
            high: it.high,
            p90: it.p90,
            previous: before.as_ref().and_then(|before| before.measured(figure).value),
        }
    };
    Ok(Summary {
        no_show_rate: told(Figure::NoShowRate),
        late_cancellation: told(Figure::LateCancellation),
        early_cancellation: told(Figure::EarlyCancellation),
        unmarked: told(Figure::Unmarked),
        confirmation_rate: told(Figure::ConfirmationRate),
        reply_rate: told(Figure::ReplyRate),
        delivery_rate: told(Figure::DeliveryRate),
        time_to_confirm: told(Figure::TimeToConfirm),
        response_time: told(Figure::ResponseTime),
        response_time_open: told(Figure::ResponseTimeOpen),
        cost_per_kept_visit: told(Figure::CostPerKeptVisit),
        slots_filled: told(Figure::SlotsFilled),
        from: asked.span.from.to_string(),
        to: asked.span.to.to_string(),
        partial_before: asked.partial_before(),
    })
}

/// Everything that the page of reports shows.
///
/// # Errors
/// `NotAllowed`; `Invalid` for days, or what they are narrowed by, that can't be.
pub async fn board(s: &Services, actor: &Actor, query: &ReportQuery) -> Result<Board> {
    let asked = Asked::of(s, actor, query).await?;
    let now = Figures::of(s, &asked, &asked.span, i64::MAX).await?;
    let before = Figures::before(s, &asked).await?;
    let mut reports = Vec::with_capacity(Kind::ALL.len());
    for kind in Kind::ALL {
        reports.push(tables::table(s, &asked, kind).await?);
    }
    let cards = Figure::ALL.iter().map(|figure| card(*figure, &now, before.as_ref()));
    Ok(Board {
        cards: cards.collect(),
        reports,
        query: ReportQuery {
            from: Some(asked.span.from.to_string()),
            to: Some(asked.span.to.to_string()),
            ..query.clone()
        },
        days: days(&asked.span),
        days_before: asked.before.as_ref().map(days),
        narrowed: narrowed(&asked),
        partial_before: asked.partial_before(),
        locations: choices(asked.locations.iter().map(|row| (row.id, row.name.clone()))),
        types: choices(asked.types.iter().map(|row| (row.id, row.name.clone()))),
        time_zone: asked.zone.name().to_owned(),
        slug: asked.business.slug.clone(),
        business: asked.business.name,
    })
}

fn choices(rows: impl Iterator<Item = (uuid::Uuid, String)>) -> Vec<Choice> {
    rows.map(|(id, name)| Choice {
        id: id.to_string(),
        name: domain::words::line(&name),
    })
    .collect()
}

fn card(figure: Figure, now: &Figures, before: Option<&Figures>) -> Card {
    let (it, unit) = (now.measured(figure), figure.unit());
    let then = before.map(|before| before.measured(figure));
    let trend = then.map(|then| it.trend(&then, unit)).unwrap_or_default();
    let rises = then.and_then(|then| Some(it.value? - then.value?)).filter(|by| *by != 0.0);
    let mut made_of = it.made_of(unit);
    if figure == Figure::ReplyRate {
        let unread = now.totals.n(rules::What::NotUnderstood);
        if unread > 0 {
            made_of.push_str(&format!(" {unread} more tried to answer and were not understood."));
        }
    }
    Card {
        key: figure.as_str().to_owned(),
        title: figure.title().to_owned(),
        definition: figure.definition().to_owned(),
        value: it.words(unit),
        made_of,
        good: rises
            .filter(|_| !trend.is_empty() && trend != "As before")
            .and_then(|by| figure.more_is_better().map(|better| better == (by > 0.0))),
        trend,
        doubtful: figure == Figure::NoShowRate && now.totals.no_shows_are_unreliable(),
        behind: behind(figure).map(str::to_owned),
    }
}

/// The page with the rows that a figure is made of.
const fn behind(figure: Figure) -> Option<&'static str> {
    match figure {
        Figure::NoShowRate => Some("/appointments?show=no_show"),
        Figure::LateCancellation | Figure::EarlyCancellation => Some("/appointments?show=cancelled"),
        Figure::Unmarked => Some("/appointments?show=unmarked"),
        Figure::ConfirmationRate | Figure::TimeToConfirm => Some("/appointments?show=confirmed"),
        Figure::ReplyRate => Some("/appointments?show=unanswered"),
        Figure::DeliveryRate => Some("/log?show=trouble"),
        Figure::ResponseTime | Figure::ResponseTimeOpen => Some("/inbox?show=needs_answer"),
        Figure::CostPerKeptVisit => Some("/appointments?show=completed"),
        Figure::SlotsFilled => Some("/waitlist"),
    }
}

fn days(span: &Span) -> String {
    let full = |day: NaiveDate| day.format("%b %-d, %Y").to_string();
    if span.from == span.to {
        full(span.from)
    } else if span.from.year() == span.to.year() {
        format!("{} – {}", span.from.format("%b %-d"), full(span.to))
    } else {
        format!("{} – {}", full(span.from), full(span.to))
    }
}

fn narrowed(asked: &Asked) -> Option<String> {
    let filter = &asked.filter;
    let parts: Vec<String> = [
        filter.place.map(|id| asked.place_name(id)),
        filter.type_id.map(|id| asked.type_name(id)),
        filter.channel.clone(),
    ]
    .into_iter()
    .flatten()
    .collect();
    (!parts.is_empty()).then(|| format!("Only {}", parts.join(", ")))
}

/// What this month will have cost at its end if it goes on like this.
pub(super) async fn forecast(s: &Services, asked: &Asked) -> Result<Vec<String>> {
    let now: DateTime<Utc> = s.now();
    let spent = spend::spent(s.read(), &asked.business, now).await?;
    let first = asked.today.with_day(1).unwrap_or(asked.today);
    let (began, ends) = (start_of(first, asked.zone), spend::next_month(&asked.business, now));
    let (passed, whole) = ((now - began).num_seconds().max(1), (ends - began).num_seconds());
    let so_far = rules::dollars(spent as f64 / 1e6);
    // A few hours say nothing about a month.
    if passed < 24 * 60 * 60 {
        return Ok(vec![format!("This month {so_far} so far.")]);
    }
    let will_be = (spent as f64 / passed as f64 * whole as f64) / 1e6;
    let mut said = format!(
        "This month {so_far} so far; {} at its end if it goes on like this.",
        rules::dollars(will_be)
    );
    if let Some(budget) = asked.business.monthly_budget {
        let budget = budget as f64 / 1e6;
        said.push_str(&format!(" The budget is {}", rules::dollars(budget)));
        said.push_str(if will_be > budget { ", which will not do." } else { "." });
    }
    Ok(vec![said])
}
