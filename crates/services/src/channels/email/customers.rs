//! Mail to customers: what was stored, with what goes beneath every one of them and a calendar file where it is about a visit.

use domain::{ics, language::Language, letters, origin::Origin, outcome::Outcome, visit_page::Words};
use entity::{appointments::appointment, messages::message};

use super::{Letter, Mail, answers, failed};
use crate::{
    appointments::in_calendars,
    businesses, contacts,
    kernel::{Result, Services},
    messages, preferences, review_platforms,
};

/// Hands a mail over. What it is made of is read before anything leaves, so what can't be read now is tried again.
pub(in crate::channels) async fn send(s: &Services, m: &message::Model) -> Outcome {
    let later = |words: &str| Outcome::TryLater {
        reply: None,
        after: None,
        failure: failed(None, words),
    };
    let Some(server) = super::super::mail_server(s) else {
        return later("no mail server is set up");
    };
    let enclosed = match enclosed(s, m).await {
        Ok(Some(enclosed)) => enclosed,
        Ok(None) => return answers::no_address(),
        Err(cause) => {
            tracing::error!(message = %m.id, %cause, "a mail could not be put together");
            return later("a fault on our side keeps the mail from being put together");
        }
    };
    let mail = Mail {
        id: m.id,
        to: enclosed.mailbox.as_deref().unwrap_or(&m.theirs),
        reply_to: None,
        subject: m.subject.as_deref().unwrap_or_default(),
        letter: &enclosed.letter,
        at: m.created_at,
        unsubscribe: enclosed.mailbox.is_none().then_some(enclosed.unsubscribe.as_str()),
        from: Some(&enclosed.from),
        language: enclosed.language,
        calendar: enclosed.calendar.as_deref(),
    };
    tracing::info!(message = %m.id, step = "call", attempt = m.attempts, "mail handed over");
    server.send(&mail).await
}

struct Enclosed {
    from: String,
    language: &'static str,
    letter: Letter,
    unsubscribe: String,
    calendar: Option<String>,
    /// The mailbox of a platform that invites them by its own mail, in whose place it goes.
    mailbox: Option<String>,
}

async fn enclosed(s: &Services, m: &message::Model) -> Result<Option<Enclosed>> {
    let db = s.read();
    let business = businesses::get(db, m.business_id).await?;
    let people = contacts::many(s, db, m.business_id, vec![m.contact_id]).await?;
    let Some(person) = people.get(&m.contact_id) else {
        return Ok(None);
    };
    let language = contacts::language::of(&business, person);
    if let Some(mailbox) = mailbox(s, m).await? {
        return Ok(Some(Enclosed {
            from: business.name,
            language: language.as_str(),
            letter: invitation(m, &person.name, language),
            unsubscribe: String::new(),
            calendar: None,
            mailbox: Some(mailbox),
        }));
    }
    let unsubscribe = preferences::link::url(s, person.id).await?;
    let (why, how) = letters::footer(language, &business.name, &business.contact_line);
    let base = &s.settings().public_url;
    let letter = Letter::read(&m.body, base);
    let calendar = match one_visit(s, m, &letter).await? {
        Some(visit) => {
            let words = Words::of(Some(language.as_str()), &business.language);
            let entry = in_calendars::of_customer(s, db, &business, person, &visit, words).await?;
            Some(ics::single(&entry))
        }
        None => None,
    };
    Ok(Some(Enclosed {
        from: business.name,
        language: language.as_str(),
        letter: letter.small(why).link(how, &unsubscribe),
        unsubscribe,
        calendar,
        mailbox: None,
    }))
}

/// Where it goes if a platform is to invite its customer.
async fn mailbox(s: &Services, m: &message::Model) -> Result<Option<String>> {
    let request = m.origin_id.filter(|_| messages::origin(m) == Some(Origin::Review));
    match request {
        Some(request) => review_platforms::mailbox(s, m.business_id, request).await,
        None => Ok(None),
    }
}

/// What Trustpilot reads: whom it is to invite, and at once, for the time was chosen here.
fn invitation(m: &message::Model, name: &str, language: Language) -> Letter {
    let locale = match language {
        Language::English => "en-US",
        Language::Spanish => "es-ES",
    };
    let data = serde_json::json!({
        "recipientEmail": m.theirs,
        "recipientName": name,
        "referenceId": m.origin_id.map(|id| id.to_string()).unwrap_or_default(),
        "locale": locale,
        "preferredSendTime": m.created_at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
    });
    Letter::default()
        .paragraph("Please invite this customer to write a review.")
        .data("application/json+trustpilot", &data)
}

/// The visit it is about, if it is about one alone.
async fn one_visit(s: &Services, m: &message::Model, letter: &Letter) -> Result<Option<appointment::Model>> {
    let about_visits = messages::origin(m).is_some_and(|origin| {
        matches!(
            origin,
            Origin::Reminder | Origin::Moved | Origin::OfferNews | Origin::OfferOver
        )
    });
    let Some(id) = m.appointment_id.filter(|_| about_visits && letter.buttons().count() == 1) else {
        return Ok(None);
    };
    Ok(appointment::Entity::these(m.business_id, [id]).one(s.read()).await?)
}
