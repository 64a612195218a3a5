//! The settings of a business, as its people see them.

use contract::{
    businesses::{BusinessView, CountriesView, CountryRule, CountryView, InboxView, SendingView, StateHoursView},
    mails::EmailView,
};
use domain::{
    destinations::Destinations,
    quiet::{self, StateHours, Window},
};
use entity::businesses::business;
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use crate::{
    accounts, businesses,
    channels::{self, connections::Connections, email::Email},
    kernel::{Actor, Permission, Result, Services},
    mails,
    outbox::sender,
    spend,
};

/// The settings of the actor's business.
///
/// # Errors
/// When the database does not answer.
pub async fn business(s: &Services, actor: &Actor) -> Result<BusinessView> {
    view(s, &s.db().write, actor.business_id).await
}

pub(super) async fn view(s: &Services, db: &impl ConnectionTrait, id: Uuid) -> Result<BusinessView> {
    let b = businesses::get(db, id).await?;
    let hours = businesses::quiet(&b);
    let sender = sender(s, db, id, None, None).await?;
    Ok(BusinessView {
        id,
        cadence: businesses::cadence(&b),
        sender_display: sender.as_deref().map(|number| domain::phone::display(number, &b.country)),
        sender,
        own_account: s.of::<Connections>().own_of(id).map(|a| a.sid().to_owned()),
        language: businesses::language::of(&b),
        short_texts: b.short_texts,
        slug: b.slug,
        name: b.name,
        contact_line: b.contact_line,
        time_zone: b.time_zone,
        country: b.country,
        quiet_start: hours.start_min,
        quiet_end: hours.end_min,
    })
}

/// What bounds the sending of the actor's business.
///
/// # Errors
/// `NotAllowed`.
pub async fn sending(s: &Services, actor: &Actor) -> Result<SendingView> {
    actor.may(Permission::ReadMessages)?;
    let b = businesses::get(s.read(), actor.business_id).await?;
    sending_view(s, s.read(), b).await
}

async fn sending_view(s: &Services, db: &impl ConnectionTrait, b: business::Model) -> Result<SendingView> {
    Ok(SendingView {
        hourly_limit: b.hourly_limit.max(0) as u32,
        monthly_budget: b.monthly_budget,
        spent: spend::spent(db, &b, s.now()).await?,
        state_hours: b.state_hours,
        quiet_start: clock(businesses::quiet(&b).start_min),
        quiet_end: clock(businesses::quiet(&b).end_min),
        states: quiet::stricter_states().into_iter().map(state).collect(),
        countries: countries(&b),
    })
}

fn countries(b: &business::Model) -> CountriesView {
    let (rule, listed) = match businesses::sending::destinations(b) {
        Destinations::Everywhere => (CountryRule::Everywhere, Vec::new()),
        Destinations::Home => (CountryRule::Home, Vec::new()),
        Destinations::Listed(all) => (CountryRule::Listed, all),
    };
    let listed = listed.into_iter().map(|country| CountryView {
        code: country.code.to_owned(),
        name: country.name.to_owned(),
    });
    CountriesView {
        rule,
        listed: listed.collect(),
        home: domain::countries::find(&b.country).map(|country| country.name.to_owned()),
        shared_code: domain::destinations::shared_code(&b.country),
    }
}

fn state((state, hours): (&'static str, StateHours)) -> StateHoursView {
    let words = |window: Option<Window>| {
        window.map_or_else(
            || "not at all".to_owned(),
            |w| format!("{} to {}", clock(w.from_min), clock(w.to_min)),
        )
    };
    StateHoursView {
        state: state.to_owned(),
        weekdays: words(hours.weekdays),
        saturday: words(hours.saturday),
        sunday: words(hours.sunday),
    }
}

/// What happens to the conversations of the actor's business by itself.
///
/// # Errors
/// `NotAllowed`.
pub async fn inbox(s: &Services, actor: &Actor) -> Result<InboxView> {
    actor.may(Permission::ReadMessages)?;
    let b = businesses::get(&s.db().write, actor.business_id).await?;
    let crew = accounts::crew(s.read(), b.id).await?;
    let away = crew.iter().filter(|m| m.away_since.is_some()).map(|m| m.account_id);
    let mut away: Vec<String> = accounts::names(s.read(), away).await?.into_values().collect();
    away.sort();
    Ok(InboxView {
        assign: businesses::rules::assign(&b),
        close_after_days: b.close_after_days.and_then(|days| days.try_into().ok()),
        away,
    })
}

/// The last mails that are shown.
const MAILS: u64 = 5;

/// Whether mail can be sent, and how the last mails to the people of the actor's business stand.
///
/// # Errors
/// `NotAllowed`.
pub async fn email(s: &Services, actor: &Actor) -> Result<EmailView> {
    actor.may(Permission::ManageBusiness)?;
    let b = businesses::get(s.read(), actor.business_id).await?;
    Ok(EmailView {
        from: channels::mail_server(s).map(Email::from),
        mails: mails::latest(s, s.read(), &b, MAILS).await?,
    })
}

/// Minutes after midnight as a time of day.
fn clock(minutes: u16) -> String {
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}
