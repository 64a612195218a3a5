//! Reports: what the counters say of some days, of all or of one place, type or channel. Everything that is shown, printed, written to a file
//! or answered to another system comes from here, so that nobody is told two things.

mod board;
mod files;
mod pdf;
mod tables;

pub use board::{board, summary};
pub use files::{all_as_csv, as_csv, as_rows, file_name};

use std::str::FromStr;

use chrono::{DateTime, Duration, NaiveDate};
use contract::{
    Code,
    reports::{Report, ReportQuery},
};
use domain::{
    consent::Channel,
    figures::{QUARTER, Span, quarter},
    when,
    words::line,
    zone::Zone,
};
use entity::businesses::{appointment_type, business, location};
use uuid::Uuid;

use crate::{
    businesses,
    figures::{self, Filter},
    kernel::{
        Actor, Error, Permission, Result, Services,
        error::{field, problem},
    },
};

/// Most days in one answer.
const LONGEST: i64 = 366;

/// The reports, as their addresses call them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Activity,
    Hours,
    Delivery,
    Channels,
    Errors,
    Confirmations,
    ResponseTimes,
    NoShows,
    Locations,
    Cost,
    CostOfVisits,
    Waitlist,
    Reviews,
    ReviewReasons,
}

impl Kind {
    /// In the order of the page.
    pub const ALL: [Self; 14] = [
        Self::Activity,
        Self::Hours,
        Self::Delivery,
        Self::Channels,
        Self::Errors,
        Self::Confirmations,
        Self::ResponseTimes,
        Self::NoShows,
        Self::Locations,
        Self::Cost,
        Self::CostOfVisits,
        Self::Waitlist,
        Self::Reviews,
        Self::ReviewReasons,
    ];

    #[must_use]
    pub const fn slug(self) -> &'static str {
        match self {
            Self::Activity => "activity",
            Self::Hours => "hours",
            Self::Delivery => "delivery",
            Self::Channels => "channels",
            Self::Errors => "errors",
            Self::Confirmations => "confirmations",
            Self::ResponseTimes => "response-times",
            Self::NoShows => "no-shows",
            Self::Locations => "locations",
            Self::Cost => "cost",
            Self::CostOfVisits => "cost-per-visit",
            Self::Waitlist => "waitlist",
            Self::Reviews => "reviews",
            Self::ReviewReasons => "review-reasons",
        }
    }
}

impl FromStr for Kind {
    type Err = ();

    fn from_str(slug: &str) -> std::result::Result<Self, ()> {
        Self::ALL.into_iter().find(|kind| kind.slug() == slug).ok_or(())
    }
}

/// What was asked for, understood.
struct Asked {
    business: business::Model,
    zone: Zone,
    today: NaiveDate,
    /// The quarter of an hour that it is.
    now: i64,
    span: Span,
    filter: Filter,
    /// To be compared with.
    before: Option<Span>,
    locations: Vec<location::Model>,
    types: Vec<appointment_type::Model>,
    /// Days before this one are still being counted.
    partial_before: Option<NaiveDate>,
}

fn may(actor: &Actor) -> Result<()> {
    actor.may(Permission::ReadMessages)?;
    actor.may(Permission::ReadAppointments)
}

/// What was given; forms send empty fields, too.
fn given(text: Option<&String>) -> Option<&str> {
    text.map(|text| text.trim()).filter(|text| !text.is_empty())
}

impl Asked {
    async fn of(s: &Services, actor: &Actor, query: &ReportQuery) -> Result<Self> {
        may(actor)?;
        let db = s.read();
        let business = businesses::get(db, actor.business_id).await?;
        let zone = businesses::zone(&business);
        let today = s.now().with_timezone(&zone).date_naive();
        let span = span(query, today, zone)?;
        let before = match given(query.compare.as_ref()) {
            None => None,
            Some("previous") => Some(span.before()),
            Some(_) => return Err(field("compare", "Please say previous, or leave it out.")),
        };
        let locations = businesses::locations::all(db, business.id).await?;
        let types = businesses::types::all(db, business.id).await?;
        let place = one_of("location_id", query.location_id.as_ref(), locations.iter().map(|row| row.id))?;
        let type_id = one_of("type_id", query.type_id.as_ref(), types.iter().map(|row| row.id))?;
        let channel = match given(query.channel.as_ref()) {
            None => None,
            Some(word) if word.parse::<Channel>().is_ok() => Some(word.to_owned()),
            Some(_) => return Err(field("channel", "A channel is sms, whatsapp or email.")),
        };
        let partial = figures::since_when_known(db, business.id).await?;
        let day = |reached: i64| {
            let at = DateTime::from_timestamp(reached.checked_mul(QUARTER)?, 0)?;
            Some(at.with_timezone(&zone).date_naive() + Duration::days(1))
        };
        Ok(Self {
            now: quarter(s.now()),
            partial_before: partial.map(|reached| day(reached).unwrap_or(today + Duration::days(1))),
            filter: Filter { place, type_id, channel },
            business,
            zone,
            today,
            span,
            before,
            locations,
            types,
        })
    }

    /// Whether what is told lacks something that is still being counted.
    fn partial_before(&self) -> Option<String> {
        let first = self.before.map_or(self.span.from, |before| before.from);
        let day = self.partial_before.filter(|day| first < *day);
        day.map(|day| day.to_string())
    }

    fn type_name(&self, id: Uuid) -> String {
        let found = self.types.iter().find(|row| row.id == id);
        found.map_or_else(|| "No type".to_owned(), |row| line(&row.name))
    }

    fn place_name(&self, id: Uuid) -> String {
        let found = self.locations.iter().find(|row| row.id == id);
        found.map_or_else(|| "No location".to_owned(), |row| line(&row.name))
    }

    /// The last day of it is not over.
    fn last_is_partial(&self) -> bool {
        self.span.to >= self.today
    }
}

fn span(query: &ReportQuery, today: NaiveDate, zone: Zone) -> Result<Span> {
    let date = |name: &str, text: Option<&str>| match text {
        None => Ok(None),
        Some(text) => when::date(text)
            .map(Some)
            .ok_or_else(|| field(name, "Please give a date like 2027-01-31.")),
    };
    let to = date("to", given(query.to.as_ref()))?.unwrap_or(today);
    let from = date("from", given(query.from.as_ref()))?.unwrap_or(to - Duration::days(29));
    if from > to || (to - from).num_days() >= LONGEST {
        return Err(field("from", "Please ask for 1 to 366 days."));
    }
    Ok(Span { from, to, zone })
}

fn one_of(name: &str, text: Option<&String>, mut known: impl Iterator<Item = Uuid>) -> Result<Option<Uuid>> {
    let Some(text) = given(text) else { return Ok(None) };
    let id = text.parse::<Uuid>().ok().filter(|id| known.any(|one| one == *id));
    id.map(Some).ok_or_else(|| field(name, "There is none with this id here."))
}

/// One report. `slug`: as its address calls it.
///
/// # Errors
/// `NotAllowed`; `NotFound` for a report that there is not; `Invalid` for days, or what they are narrowed by, that can't be.
pub async fn report(s: &Services, actor: &Actor, slug: &str, query: &ReportQuery) -> Result<(Report, Option<String>)> {
    may(actor)?;
    let kind: Kind = slug
        .parse()
        .map_err(|()| problem(Code::NotFound, "There is no such report."))?;
    let asked = Asked::of(s, actor, query).await?;
    let report = tables::table(s, &asked, kind).await?;
    Ok((report, asked.partial_before()))
}

/// Whose report of which days it is: the business's slug, the first day and the last.
///
/// # Errors
/// As `report`.
pub async fn named(s: &Services, actor: &Actor, query: &ReportQuery) -> Result<(String, String, String)> {
    let asked = Asked::of(s, actor, query).await?;
    Ok((asked.business.slug, asked.span.from.to_string(), asked.span.to.to_string()))
}

/// All reports of some days as a PDF, and what the file is called.
///
/// # Errors
/// As `report`.
pub async fn paper(s: &Services, actor: &Actor, query: &ReportQuery) -> Result<(String, Vec<u8>)> {
    let (country, shown) = {
        let asked = Asked::of(s, actor, query).await?;
        (asked.business.country, board(s, actor, query).await?)
    };
    let day = |text: &Option<String>| text.clone().unwrap_or_default();
    let name = file_name(&shown.slug, &day(&shown.query.from), &day(&shown.query.to), "pdf");
    // Nobody waits for it: drawing takes the time of some hundred requests.
    let now = s.now();
    let drawn = tokio::task::spawn_blocking(move || pdf::as_pdf(&shown, &country, now)).await;
    Ok((name, drawn.map_err(|e| Error::broken(e.to_string()))??))
}
