//! What customers are told, in whose words: the built-in texts (`domain::templates`), and those that a business has written in their place.
//! Every version is kept, and the built-in text is never further away than one of them.

mod choosing;
mod kept;
mod preview;
mod saying;
mod tried;
mod values;

pub(crate) use choosing::{Chosen, are_tried};
pub use domain::templates::Which;
pub(crate) use kept::Cache;
pub use preview::{preview, visits_to_try};
pub(crate) use saying::{About, say, say_on_whatsapp, shown, wording};
pub(crate) use values::{look_up, start};

use contract::{
    Code, FieldError, Page, Problem,
    templates::{SaveTemplate, TemplateQuery, TemplateVersionView, TemplateView, TemplateWords},
};
use domain::{
    language::Language,
    templates::{Channel, Finding, Kind, lint},
    words,
};
use entity::templates::{template, template_version};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Select, Set,
};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    businesses,
    kernel::{
        Actor, Event, Permission, Result, Services, Tx,
        error::{field, not_found, problem},
        paging,
    },
    tasks,
};

/// Most rows that a business has: one of each kind, channel and language.
const MOST: u64 = 1000;
/// Longer than any text that can be kept: what is typed by mistake is not read to its end.
const MOST_TYPED: usize = 10_000;

/// A row of a business and its newest version.
type Row = (template::Model, Option<template_version::Model>);

/// Which text is meant by three words, for somebody who wants to do this with it.
///
/// # Errors
/// `NotAllowed`; `Invalid` at the word that is none of ours.
pub fn which(actor: &Actor, what: Permission, kind: &str, channel: &str, language: &str) -> Result<Which> {
    actor.may(what)?;
    meant(kind, channel, language)
}

pub(crate) fn meant(kind: &str, channel: &str, language: &str) -> Result<Which> {
    let known = |all: Vec<&str>| all.join(", ");
    let kind = kind.parse::<Kind>().map_err(|_| {
        let all = known(Kind::ALL.iter().map(|kind| kind.as_str()).collect());
        field("kind", format!("There is no such kind of text. There are: {all}."))
    })?;
    let channel = channel.parse::<Channel>().map_err(|_| {
        let all = known(Channel::ALL.iter().map(|channel| channel.as_str()).collect());
        field("channel", format!("There is no such channel. There are: {all}."))
    })?;
    let language = language.parse::<Language>().map_err(|_| {
        let words = "We have no texts in this language. Please give en (English) or es (Spanish).";
        field("language", words)
    })?;
    Ok(Which { kind, channel, language })
}

/// The texts of the actor's business, own and built-in, in the order of kinds.
///
/// # Errors
/// `NotAllowed`; `Invalid` for a kind, channel or language that there is none of.
pub async fn list(s: &Services, actor: &Actor, query: TemplateQuery) -> Result<Vec<TemplateView>> {
    actor.may(Permission::ReadTemplates)?;
    let given = |word: Option<String>, any: &str| word.unwrap_or_else(|| any.to_owned());
    // What is asked for is something that there is.
    meant(
        &given(query.kind.clone(), Kind::Reminder.as_str()),
        &given(query.channel.clone(), Channel::Sms.as_str()),
        &given(query.language.clone(), Language::English.as_str()),
    )?;
    let asked = |word: &Option<String>, this: &str| word.as_deref().is_none_or(|word| word == this);
    let rows = of_business(actor.business_id).all(s.read()).await?;
    let wanted = Which::all().filter(|which| {
        asked(&query.kind, which.kind.as_str())
            && asked(&query.channel, which.channel.as_str())
            && asked(&query.language, which.language.as_str())
    });
    Ok(wanted
        .map(|which| view(which, rows.iter().find(|(row, _)| is(row, which))))
        .collect())
}

/// One text.
///
/// # Errors
/// `NotAllowed`.
pub async fn get(s: &Services, actor: &Actor, which: Which) -> Result<TemplateView> {
    actor.may(Permission::ReadTemplates)?;
    Ok(view(which, find(s.read(), actor.business_id, which).await?.as_ref()))
}

/// Writes a text in the place of the one there is. What waits to be sent stays as it was written.
///
/// # Errors
/// `NotAllowed` for staff; `Invalid` with everything that is wrong with it, and `Conflict` if it was changed since the version that it is
/// said to change.
pub async fn save(s: &Services, actor: &Actor, which: Which, cmd: SaveTemplate) -> Result<TemplateView> {
    actor.may(Permission::WriteTemplates)?;
    let new = acceptable(which, &cmd)?;
    change(s, actor, which, cmd.version, Some(new)).await
}

/// Back to the built-in text. What was written stays among the versions.
///
/// # Errors
/// `NotAllowed` for staff.
pub async fn reset(s: &Services, actor: &Actor, which: Which) -> Result<TemplateView> {
    actor.may(Permission::WriteTemplates)?;
    change(s, actor, which, None, None).await
}

/// A text says what it said in an earlier version.
///
/// # Errors
/// `NotAllowed` for staff; `NotFound`; `Invalid` if it would not be accepted today.
pub async fn restore(s: &Services, actor: &Actor, which: Which, version: i32) -> Result<TemplateView> {
    actor.may(Permission::WriteTemplates)?;
    let row = find(s.read(), actor.business_id, which).await?;
    let (row, _) = row.ok_or_else(|| not_found("version"))?;
    let earlier = versions_of(&row)
        .filter(template_version::Column::Number.eq(version))
        .one(s.read())
        .await?;
    let earlier = earlier.ok_or_else(|| not_found("version"))?;
    let new = match earlier.body {
        None => None,
        Some(body) => Some(acceptable(
            which,
            &SaveTemplate {
                body,
                subject: earlier.subject,
                version: None,
            },
        )?),
    };
    change(s, actor, which, None, new).await
}

/// What a text said, the newest version first.
///
/// # Errors
/// `NotAllowed`; `Malformed` for a cursor or a limit that can't be.
pub async fn versions(
    s: &Services,
    actor: &Actor,
    which: Which,
    query: contract::PageQuery,
) -> Result<Page<TemplateVersionView>> {
    actor.may(Permission::ReadTemplates)?;
    let (limit, cursor) = (
        paging::size(query.limit)?,
        paging::Cursor::<i32>::decode(query.cursor.as_deref())?,
    );
    let Some((row, _)) = find(s.read(), actor.business_id, which).await? else {
        return Ok(Page::default());
    };
    let mut rows = versions_of(&row)
        .order_by_desc(template_version::Column::Number)
        .limit(limit + 1);
    if let Some(paging::Cursor(number, _)) = cursor {
        rows = rows.filter(template_version::Column::Number.lt(number));
    }
    let page = paging::page_of(limit, rows.all(s.read()).await?, |row| paging::Cursor(row.number, row.id));
    Ok(Page {
        data: page.data.into_iter().map(version_view).collect(),
        next_cursor: page.next_cursor,
    })
}

/// What is to be kept of it, if it can be.
pub(crate) fn acceptable(which: Which, cmd: &SaveTemplate) -> Result<TemplateWords> {
    let body = words::lines(&cmd.body);
    let subject = cmd.subject.as_deref().map(words::line).filter(|subject| !subject.is_empty());
    let refused: Vec<FieldError> = lint(which.kind, which.channel, subject.as_deref(), &body)
        .into_iter()
        .filter(|finding| finding.refused)
        .map(at_its_field)
        .collect();
    if refused.is_empty() {
        return Ok(TemplateWords { subject, body });
    }
    Err(Problem {
        fields: refused,
        ..Problem::new(Code::Invalid, "This text can’t be used as it is.")
    }
    .into())
}

fn at_its_field(finding: Finding) -> FieldError {
    FieldError {
        field: if finding.of_subject { "subject" } else { "body" }.to_owned(),
        message: finding.detail,
    }
}

/// Writes a version, unless it says what is said already. `new`: none is the built-in text.
async fn change(
    s: &Services,
    actor: &Actor,
    which: Which,
    expected: Option<i32>,
    new: Option<TemplateWords>,
) -> Result<TemplateView> {
    let mut tx = s.begin().await?;
    // First, so that of two who change a text at once one waits for the other.
    businesses::texts_changed(&tx, actor.business_id).await?;
    let before = find(&tx.db, actor.business_id, which).await?;
    let number = before.as_ref().map_or(0, |(row, _)| row.versions);
    if expected.is_some_and(|expected| expected != number) {
        let words = "Somebody else has changed this text meanwhile. Please look at it as it is now.";
        return Err(problem(Code::Conflict, words));
    }
    if said(before.as_ref()) == new {
        return Ok(view(which, before.as_ref()));
    }
    if tried::is_tried(&tx.db, actor.business_id, which).await? {
        let words = "This text is being tried against another one, which would be spoiled. End the test first, then change it.";
        return Err(problem(Code::Conflict, words));
    }
    let is_own = new.is_some();
    let after = write(&tx, actor, which, before.as_ref(), new).await?;
    if let Some((row, _)) = &before {
        let key = saying::task_key(row.version_id);
        tasks::settle_key(&mut tx, actor.business_id, &key, tasks::Kind::Template, &actor.label()).await?;
    }
    let id = after.0.id;
    let event = if is_own {
        Event::TemplateChanged(id)
    } else {
        Event::TemplateReset(id)
    };
    let (was, is) = (facts(which, before.as_ref()), facts(which, Some(&after)));
    tx.record_change(actor.business_id, &actor.who, event, Some(was), Some(is));
    tx.commit().await?;
    Ok(view(which, Some(&after)))
}

async fn write(tx: &Tx, actor: &Actor, which: Which, before: Option<&Row>, new: Option<TemplateWords>) -> Result<Row> {
    let version_id = Uuid::now_v7();
    let row = match before {
        Some((row, _)) => {
            let number = row.versions + 1;
            let mut row = row.clone().into_active_model();
            row.version_id = Set(version_id);
            row.versions = Set(number);
            row.updated_at = Set(tx.now);
            row.update(&tx.db).await?
        }
        None => {
            let row = template::ActiveModel {
                id: Set(Uuid::now_v7()),
                business_id: Set(actor.business_id),
                kind: Set(which.kind.as_str().to_owned()),
                channel: Set(which.channel.as_str().to_owned()),
                language: Set(which.language.as_str().to_owned()),
                version_id: Set(version_id),
                versions: Set(1),
                updated_at: Set(tx.now),
            };
            row.insert(&tx.db).await?
        }
    };
    let (subject, body) = new.map_or((None, None), |new| (new.subject, Some(new.body)));
    let version = template_version::ActiveModel {
        id: Set(version_id),
        business_id: Set(actor.business_id),
        template_id: Set(row.id),
        number: Set(row.versions),
        subject: Set(subject),
        body: Set(body),
        author: Set(actor.author()),
        created_at: Set(tx.now),
    };
    let version = version.insert(&tx.db).await?;
    Ok((row, Some(version)))
}

/// Rows of a business with their newest versions.
fn of_business(business_id: Uuid) -> sea_orm::SelectTwo<template::Entity, template_version::Entity> {
    template::Entity::in_business(business_id)
        .limit(MOST)
        .find_also_related(template_version::Entity)
}

async fn find(db: &impl ConnectionTrait, business_id: Uuid, which: Which) -> Result<Option<Row>> {
    let row = of_business(business_id)
        .filter(template::Column::Kind.eq(which.kind.as_str()))
        .filter(template::Column::Channel.eq(which.channel.as_str()))
        .filter(template::Column::Language.eq(which.language.as_str()));
    Ok(row.one(db).await?)
}

fn versions_of(row: &template::Model) -> Select<template_version::Entity> {
    template_version::Entity::narrowed(row.business_id).filter(template_version::Column::TemplateId.eq(row.id))
}

fn is(row: &template::Model, which: Which) -> bool {
    row.kind == which.kind.as_str() && row.channel == which.channel.as_str() && row.language == which.language.as_str()
}

/// What the business has written; none where the built-in text holds.
fn said(row: Option<&Row>) -> Option<TemplateWords> {
    let (_, version) = row?;
    let version = version.as_ref()?;
    Some(TemplateWords {
        subject: version.subject.clone(),
        body: version.body.clone()?,
    })
}

/// What the audit trail keeps of it.
fn facts(which: Which, row: Option<&Row>) -> Value {
    let words = said(row).unwrap_or_else(|| built_in(which));
    json!({ "text": format!("{} · {} · {}", which.kind.label(), which.channel.label(), which.language.name()),
        "subject": words.subject, "says": words.body, "built_in": said(row).is_none() })
}

fn built_in(which: Which) -> TemplateWords {
    let words = which.built_in();
    TemplateWords {
        subject: words.subject.map(str::to_owned),
        body: words.body.to_owned(),
    }
}

fn view(which: Which, row: Option<&Row>) -> TemplateView {
    let own = said(row);
    let last = row.and_then(|(_, version)| version.as_ref());
    let names = |all: &[domain::templates::Variable]| all.iter().map(|one| one.as_str().to_owned()).collect();
    let is_own = own.is_some();
    let words = own.unwrap_or_else(|| built_in(which));
    TemplateView {
        kind: which.kind.as_str().to_owned(),
        channel: which.channel.as_str().to_owned(),
        language: which.language.as_str().to_owned(),
        subject: words.subject,
        body: words.body,
        own: is_own,
        version: row.map_or(0, |(row, _)| row.versions),
        changed_by: last.map(|version| version.author.clone()),
        changed_at: last.map(|version| version.created_at),
        built_in: built_in(which),
        variables: names(which.kind.variables()),
        needed: names(which.kind.needed()),
        approval: None,
    }
}

fn version_view(row: template_version::Model) -> TemplateVersionView {
    TemplateVersionView {
        version: row.number,
        subject: row.subject,
        body: row.body,
        changed_by: row.author,
        changed_at: row.created_at,
    }
}
