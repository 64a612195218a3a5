//! A wording on its way: made at Twilio, handed in, looked after. Each step is written down before the next one is taken, so that whoever
//! goes on after a call that broke off looks first and never makes a second one on a guess.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};
use domain::whatsapp::{Approval, Twin, numbered};
use entity::whatsapp::whatsapp_template;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Select, Set,
    sea_query::{Expr, LockType},
};
use twilio::{
    Client, Taken,
    content::{self, ApprovalStatus, Button, Content, NewContent, Shape, Submission},
};
use uuid::Uuid;

use super::{approval, buttons};
use crate::{
    channels::connections::{Connections, patient},
    kernel::{Error, Event, Principal, Result, Services, queue::Job},
};

/// Wordings that are looked at in one tick, and pages of contents that are read for one.
const SOME: u64 = 20;
const PAGES: usize = 20;

/// Whoever is at work on one has so long.
const LEASE: Duration = Duration::minutes(2);

/// After a call that broke off, or that was not taken.
const SOON: Duration = Duration::minutes(1);

/// What these texts are for; WhatsApp may see it otherwise.
const CATEGORY: &str = "UTILITY";

/// Who speaks of them.
const WHATSAPP: Principal = Principal::System("WhatsApp");

/// Goes on with those whose time has come.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn tick(s: &Services) -> Result<()> {
    let due = due(s.now()).limit(SOME).all(s.read()).await?;
    if due.is_empty() {
        return Ok(());
    }
    let mut tx = s.begin().await?;
    for row in due {
        let at = row.next_at.map_or(0, |at| at.timestamp());
        let key = format!("twin:{}:{at}", row.id);
        tx.enqueue(&Job::CheckTwin { template_id: row.id }, tx.now, Some(&key))
            .await?;
    }
    tx.commit().await
}

fn due(now: DateTime<Utc>) -> Select<whatsapp_template::Entity> {
    whatsapp_template::Entity::find()
        .filter(whatsapp_template::Column::NextAt.lte(now))
        .order_by_asc(whatsapp_template::Column::NextAt)
}

/// Takes the next steps of one wording, as far as it comes now.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn check(s: &Services, id: Uuid) -> Result<()> {
    let Some(row) = lease(s, id).await? else {
        return Ok(());
    };
    let account = s.of::<Connections>().of(row.business_id);
    // What is in another account can't be looked at by this one.
    let Some(account) = account.filter(|account| account.sid() == row.account_sid) else {
        return Ok(());
    };
    let client = account.client();
    let sid = match row.content_sid.clone() {
        Some(sid) => sid,
        None => match made(s, client, &row).await? {
            Step::Done(sid) => sid,
            Step::Later => return Ok(()),
            Step::Never(why) => return write(s, &row, News::Refused(why)).await,
        },
    };
    let said = if row.submitted_at.is_none() {
        handed_in(client, &row, &sid).await
    } else {
        Step::Later
    };
    match said {
        Step::Never(why) => return write(s, &row, News::Refused(why)).await,
        Step::Done(said) => return write(s, &row, News::Said(Box::new(said))).await,
        Step::Later if row.submitted_at.is_none() => return Ok(()),
        Step::Later => {}
    }
    match patient(|| client.approval(&sid)).await {
        Ok(said) => write(s, &row, News::Said(Box::new(said))).await,
        Err(cause) => {
            tracing::warn!(template = %id, %cause, "how a wording stands can't be read");
            Ok(())
        }
    }
}

/// The row, if nobody else is at work on it: until the lease ends nobody will be.
async fn lease(s: &Services, id: Uuid) -> Result<Option<whatsapp_template::Model>> {
    let tx = s.begin().await?;
    let row = whatsapp_template::Entity::find_by_id(id)
        .lock(LockType::NoKeyUpdate)
        .one(&tx.db)
        .await?;
    let Some(row) = row.filter(|row| row.next_at.is_some_and(|at| at <= tx.now)) else {
        return Ok(None);
    };
    let mut leased = row.clone().into_active_model();
    leased.next_at = Set(Some(tx.now + LEASE));
    leased.update(&tx.db).await?;
    tx.commit().await?;
    Ok(Some(row))
}

/// What came of a step.
enum Step<T> {
    Done(T),
    Later,
    Never(String),
}

/// What it is found by if the answer to its making is lost: used once.
fn friendly_name(row: &whatsapp_template::Model) -> String {
    format!("showup:{}:{}:{}:{}", row.id, row.kind, row.language, row.revision)
}

/// Makes the content, after looking whether an earlier call has.
async fn made(s: &Services, client: &Client, row: &whatsapp_template::Model) -> Result<Step<String>> {
    if row.called_at.is_some() {
        match found(client, &friendly_name(row)).await {
            Ok(Some(content)) => return keep(s, row, &content.sid).await.map(Step::Done),
            Ok(None) => {}
            Err(cause) => {
                tracing::warn!(template = %row.id, %cause, "whether a wording was made can't be read");
                return Ok(Step::Later);
            }
        }
    }
    let twin = numbered(&row.body).map_err(|wrong| Error::broken(wrong.to_string()))?;
    called(s, row.id).await?;
    let (samples, shapes) = (samples(&twin, row), shapes(&twin, row));
    let name = friendly_name(row);
    let new = NewContent {
        friendly_name: &name,
        language: &row.language,
        samples: &samples,
        shapes: &shapes,
    };
    match client.create_content(&new).await {
        Taken::Done(content) => keep(s, row, &content.sid).await.map(Step::Done),
        Taken::Refused { code, message, .. } => Ok(Step::Never(words(code, &message))),
        Taken::TryLater { message, .. } | Taken::Unknown { message } => {
            tracing::warn!(template = %row.id, message, "a wording may not have been made; it is looked for");
            again(s, row.id).await?;
            Ok(Step::Later)
        }
    }
}

async fn found(client: &Client, name: &str) -> std::result::Result<Option<Content>, twilio::ReadError> {
    let mut next: Option<String> = None;
    for _ in 0..PAGES {
        let page = patient(|| client.contents(next.as_deref())).await?;
        let found = page.contents.into_iter().find(|(content, _)| content.friendly_name == name);
        if let Some((content, _)) = found {
            return Ok(Some(content));
        }
        match page.next {
            Some(more) => next = Some(more),
            None => break,
        }
    }
    Ok(None)
}

/// What the reviewer sees in the places: what stands there often, and for the buttons what no person is ever told.
fn samples(twin: &Twin, row: &whatsapp_template::Model) -> BTreeMap<String, String> {
    let spanish = row.language == "es";
    let sample = |name: &String| match (name.as_str(), spanish) {
        ("business", _) => "Bright Dental",
        ("visit", false) => "your visit",
        ("visit", true) => "su cita",
        ("when", false) => "Tue Jan 5, 3:00 PM",
        ("when", true) => "mar 5 ene, 3:00 p. m.",
        ("date", false) => "Tue, Jan 5",
        ("date", true) => "mar 5 ene",
        ("time", false) => "3:00 PM",
        ("time", true) => "3:00 p. m.",
        ("link", _) => "https://www.example.com/v/AbCdEfGhIjKl",
        ("type", false) => "cleaning",
        ("type", true) => "limpieza",
        ("staff", _) => "Dr. Lee",
        ("location", _) => "Main Street",
        ("price", _) => "80",
        ("contact", false) => "Call 555-0100",
        ("contact", true) => "Llame al 555-0100",
        ("until", false) => "2:40 PM",
        ("until", true) => "las 2:40 p. m.",
        ("times", false) => "1 Tue Jan 5, 3:00 PM; 2 Wed Jan 6, 9:00 AM",
        ("times", true) => "1 mar 5 ene, 3:00 p. m.; 2 mié 6 ene, 9:00 a. m.",
        _ => "Ana",
    };
    let values = twin.names.iter().map(|name| sample(name).to_owned());
    let buttons = buttons(row)
        .into_iter()
        .enumerate()
        .map(|(at, _)| format!("answer-{}", at + 1));
    let all = values.chain(buttons).enumerate();
    all.map(|(at, value)| ((at + 1).to_string(), value)).collect()
}

fn shapes(twin: &Twin, row: &whatsapp_template::Model) -> Vec<Shape> {
    let buttons: Vec<Button> = buttons(row)
        .into_iter()
        .enumerate()
        .map(|(at, (title, _))| Button {
            id: twin.place_of_button(at),
            title,
        })
        .collect();
    let body = twin.body.clone();
    if buttons.is_empty() {
        return vec![Shape::Text { body }];
    }
    vec![Shape::QuickReply { body, buttons }]
}

/// Hands it in, after looking whether an earlier call has.
async fn handed_in(client: &Client, row: &whatsapp_template::Model, sid: &str) -> Step<content::Approval> {
    match patient(|| client.approval(sid)).await {
        Ok(said) if said.status != ApprovalStatus::Unsubmitted => return Step::Done(said),
        Ok(_) => {}
        Err(cause) => {
            tracing::warn!(template = %row.id, %cause, "how a wording stands can't be read");
            return Step::Later;
        }
    }
    let submission = Submission {
        name: &row.name,
        category: CATEGORY,
    };
    match client.submit_content(sid, &submission).await {
        // Whether it says so or not: it has it.
        Taken::Done(said) if said.status == ApprovalStatus::Unsubmitted => Step::Done(content::Approval {
            status: ApprovalStatus::Received,
            ..said
        }),
        Taken::Done(said) => Step::Done(said),
        Taken::Refused { code, message, .. } => Step::Never(words(code, &message)),
        Taken::TryLater { message, .. } | Taken::Unknown { message } => {
            tracing::warn!(template = %row.id, message, "a wording may not have been handed in; it is looked at again");
            Step::Later
        }
    }
}

fn words(code: Option<i32>, message: &str) -> String {
    let said = domain::phone::mask_all(message);
    match code.and_then(twilio::errors::lookup) {
        Some(entry) => format!("{} {said}", entry.words),
        None => said,
    }
}

/// From here on Twilio may have it.
async fn called(s: &Services, id: Uuid) -> Result<()> {
    let tx = s.begin().await?;
    whatsapp_template::Entity::update_many()
        .col_expr(whatsapp_template::Column::CalledAt, Expr::value(tx.now))
        .filter(whatsapp_template::Column::Id.eq(id))
        .exec(&tx.db)
        .await?;
    tx.commit().await
}

/// It is looked for soon.
async fn again(s: &Services, id: Uuid) -> Result<()> {
    let tx = s.begin().await?;
    whatsapp_template::Entity::update_many()
        .col_expr(whatsapp_template::Column::NextAt, Expr::value(tx.now + SOON))
        .filter(whatsapp_template::Column::Id.eq(id))
        .exec(&tx.db)
        .await?;
    tx.commit().await
}

async fn keep(s: &Services, row: &whatsapp_template::Model, sid: &str) -> Result<String> {
    let tx = s.begin().await?;
    whatsapp_template::Entity::update_many()
        .col_expr(whatsapp_template::Column::ContentSid, Expr::value(sid))
        .filter(whatsapp_template::Column::Id.eq(row.id))
        .exec(&tx.db)
        .await?;
    tx.commit().await?;
    Ok(sid.to_owned())
}

/// What is heard of a wording.
enum News {
    Said(Box<content::Approval>),
    /// Twilio declined it.
    Refused(String),
}

async fn write(s: &Services, seen: &whatsapp_template::Model, news: News) -> Result<()> {
    let mut tx = s.begin().await?;
    let row = whatsapp_template::Entity::find_by_id(seen.id)
        .lock(LockType::NoKeyUpdate)
        .one(&tx.db)
        .await?;
    let Some(row) = row else { return tx.commit().await };
    let (was, business_id, id) = (approval(&row), row.business_id, row.id);
    let is = match &news {
        News::Said(said) => Approval::from_twilio(said.status.as_str()),
        News::Refused(_) => Approval::Rejected,
    };
    let checks = if is == was { row.checks.saturating_add(1) } else { 0 };
    let submitted_at = row.submitted_at;
    let mut row = row.into_active_model();
    let reason = match news {
        News::Said(said) => {
            row.said = Set(Some(said.status.as_str().to_owned()));
            row.category = Set(Some(said.category).filter(|category| !category.is_empty()));
            row.submitted_at = Set(submitted_at.or(Some(tx.now)));
            Some(said.rejection_reason).filter(|reason| !reason.is_empty())
        }
        News::Refused(why) => Some(why),
    };
    row.status = Set(is.as_str().to_owned());
    row.rejection = Set(reason.map(|reason| reason.chars().take(500).collect()));
    row.checks = Set(checks);
    row.checked_at = Set(Some(tx.now));
    row.next_at = Set(is.look_again(checks).map(|pause| tx.now + pause));
    row.updated_at = Set(tx.now);
    row.update(&tx.db).await?;
    if is != was {
        tracing::info!(template = %id, was = was.as_str(), is = is.as_str(), "a wording on WhatsApp");
        tx.record_change(
            business_id,
            &WHATSAPP,
            Event::TwinChanged(id),
            Some(was.as_str()),
            Some(is.as_str()),
        );
    }
    tx.commit().await
}
