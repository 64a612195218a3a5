//! What WhatsApp has approved of a business's texts: handed in, looked after, and chosen when a message goes out while its window is closed.
//! A wording that was handed in never changes; other words are another revision, and until that is approved the last one that was is used.

mod handing_in;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use contract::{Code, whatsapp::TwinView};
use domain::{
    language::Language,
    templates::{Channel as Way, Kind, Values, Variable, Which, lint, uses},
    texts::{self, Start},
    whatsapp::{self, Answer, Approval, Button, KINDS, Named, Twin, name, numbered},
};
use entity::{
    messages::message,
    whatsapp::{whatsapp_message, whatsapp_template},
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Set,
    sea_query::{Expr, LockType, OnConflict},
};
use uuid::Uuid;

use crate::{
    businesses,
    channels::connections::Connections,
    contacts,
    kernel::{
        Actor, Error, Event, Permission, Result, Services, Tx,
        error::{field, not_found, problem},
        queue::Job,
    },
    templates::{self, About},
};

pub(crate) use handing_in::{check, tick};

/// Most revisions of one text.
const MOST: u64 = 200;

/// What a message says by a template, where free text may not go. The same message says it once.
pub(crate) async fn carry(tx: &Tx, m: &message::Model, kind: &str, language: Language, named: &Named) -> Result<()> {
    let named = serde_json::to_string(named).map_err(|e| Error::broken(e.to_string()))?;
    let row = whatsapp_message::ActiveModel {
        message_id: Set(m.id),
        business_id: Set(m.business_id),
        kind: Set(kind.to_owned()),
        language: Set(language.as_str().to_owned()),
        named: Set(named),
        template_id: Set(None),
        content_sid: Set(None),
        variables: Set(None),
    };
    let again = OnConflict::column(whatsapp_message::Column::MessageId)
        .update_columns([
            whatsapp_message::Column::Kind,
            whatsapp_message::Column::Language,
            whatsapp_message::Column::Named,
        ])
        .to_owned();
    whatsapp_message::Entity::insert(row)
        .on_conflict(again)
        .exec_without_returning(&tx.db)
        .await?;
    Ok(())
}

/// The same of a message that tells of one visit: whatever the wordings ask for that it may go out by.
pub(crate) async fn tell_of_visit(tx: &Tx, m: &message::Model, kind: Kind, about: About<'_>, start: Start) -> Result<()> {
    let (language, name) = (told_in(about)?, about.visit.and_then(|visit| visit.for_name.as_deref()));
    let known = texts::one(language, &about.business.name, name, start, None);
    tell(tx, m, kind, about, known).await
}

/// The same of whatever else a message tells of; `known` is what only whoever sends it knows. Of a kind that has no wording there nothing is
/// carried.
pub(crate) async fn tell(tx: &Tx, m: &message::Model, kind: Kind, about: About<'_>, known: Values) -> Result<()> {
    if !KINDS.contains(&kind) {
        return Ok(());
    }
    let language = told_in(about)?;
    let rows = revisions(&tx.db, m.business_id, kind.as_str(), language.as_str()).await?;
    let newest = templates::wording(tx.services(), &tx.db, about.business, Which::whatsapp(kind, language)).await?;
    let mut wordings: Vec<&str> = rows.iter().filter(|row| may_go(row)).map(|row| row.body.as_str()).collect();
    wordings.push(&newest.body);
    let named = values(tx.services(), &tx.db, kind, about, known, &wordings).await?;
    carry(tx, m, kind.as_str(), language, &named).await
}

fn told_in(about: About<'_>) -> Result<Language> {
    let contact = about.contact.ok_or_else(|| Error::broken("a wording to nobody"))?;
    Ok(contacts::language::of(about.business, contact))
}

/// It is approved, or may be by the time that a message goes out.
fn may_go(row: &whatsapp_template::Model) -> bool {
    !matches!(approval(row), Approval::Rejected | Approval::Disabled)
}

/// What these wordings ask for.
async fn values(
    s: &Services,
    db: &impl ConnectionTrait,
    kind: Kind,
    about: About<'_>,
    mut values: Values,
    wordings: &[&str],
) -> Result<Named> {
    let asked: Vec<Option<&str>> = wordings.iter().map(|body| Some(*body)).collect();
    templates::look_up(s, db, about, &asked, &mut values).await?;
    let uses_it = |variable: &&Variable| wordings.iter().any(|body| uses(body, **variable));
    let named = kind.variables().iter().filter(uses_it);
    Ok(named
        .map(|variable| (variable.as_str().to_owned(), values.get(*variable).to_owned()))
        .collect())
}

/// What messages were to say is kept no longer.
pub(crate) async fn forget(tx: &Tx, messages: &[Uuid]) -> Result<()> {
    if messages.is_empty() {
        return Ok(());
    }
    whatsapp_message::Entity::update_many()
        .col_expr(whatsapp_message::Column::Named, Expr::value("{}"))
        .col_expr(whatsapp_message::Column::Variables, Expr::value(Option::<String>::None))
        .filter(whatsapp_message::Column::MessageId.is_in(messages.iter().copied()))
        .exec(&tx.db)
        .await?;
    Ok(())
}

/// A wording that may go out, and what a message would say by it.
#[derive(Clone)]
pub(crate) struct Wording {
    pub template_id: Uuid,
    pub content_sid: String,
    pub twin: Twin,
    /// The answers of its buttons, in their order.
    pub buttons: Vec<Answer>,
    pub named: Named,
}

/// What a message that carries something can say by a template.
pub(crate) enum Said {
    By(Box<Wording>),
    /// Nothing yet: how far the newest wording has come.
    NotBy(Approval),
}

/// What these messages can say by templates now, those of them that carry something.
pub(crate) async fn said(tx: &Tx, messages: &[&message::Model]) -> Result<HashMap<Uuid, Said>> {
    let mut all = HashMap::new();
    if messages.is_empty() {
        return Ok(all);
    }
    let carried = whatsapp_message::Entity::find()
        .filter(whatsapp_message::Column::MessageId.is_in(messages.iter().map(|m| m.id)))
        .all(&tx.db)
        .await?;
    let wanted: BTreeSet<(Uuid, &str, &str)> = carried
        .iter()
        .map(|row| (row.business_id, row.kind.as_str(), row.language.as_str()))
        .collect();
    let mut known = HashMap::new();
    for (business_id, kind, language) in wanted {
        let rows = revisions(&tx.db, business_id, kind, language).await?;
        known.insert((business_id, kind, language), rows);
    }
    for row in &carried {
        let rows = known.get(&(row.business_id, row.kind.as_str(), row.language.as_str()));
        let said = rows.map_or(Ok(Said::NotBy(Approval::Draft)), |rows| by(tx.services(), row, rows))?;
        all.insert(row.message_id, said);
    }
    Ok(all)
}

/// The newest first.
async fn revisions(
    db: &impl ConnectionTrait,
    business_id: Uuid,
    kind: &str,
    language: &str,
) -> Result<Vec<whatsapp_template::Model>> {
    let rows = whatsapp_template::Entity::in_business(business_id)
        .filter(whatsapp_template::Column::Kind.eq(kind))
        .filter(whatsapp_template::Column::Language.eq(language))
        .order_by_desc(whatsapp_template::Column::Revision)
        .limit(MOST);
    Ok(rows.all(db).await?)
}

fn by(s: &Services, carried: &whatsapp_message::Model, rows: &[whatsapp_template::Model]) -> Result<Said> {
    let named: Named = serde_json::from_str(&carried.named).map_err(|e| Error::broken(e.to_string()))?;
    Ok(newest_approved(s, carried.business_id, named, rows))
}

/// What these values would read like by the newest wording that is approved.
pub(crate) async fn preview(s: &Services, kind: Kind, about: About<'_>, start: Start) -> Result<Option<String>> {
    let (language, name) = (told_in(about)?, about.visit.and_then(|visit| visit.for_name.as_deref()));
    let known = texts::one(language, &about.business.name, name, start, None);
    let rows = revisions(s.read(), about.business.id, kind.as_str(), language.as_str()).await?;
    let wordings: Vec<&str> = rows.iter().filter(|row| may_go(row)).map(|row| row.body.as_str()).collect();
    let named = values(s, s.read(), kind, about, known, &wordings).await?;
    Ok(match newest_approved(s, about.business.id, named, &rows) {
        Said::By(wording) => Some(wording.twin.read(&wording.named)),
        Said::NotBy(_) => None,
    })
}

fn newest_approved(s: &Services, business_id: Uuid, named: Named, rows: &[whatsapp_template::Model]) -> Said {
    // Another account can't send it.
    let account = s.of::<Connections>().of(business_id);
    let ours = |row: &&whatsapp_template::Model| account.as_ref().is_some_and(|account| account.sid() == row.account_sid);
    for row in rows.iter().filter(ours).filter(|row| approval(row) == Approval::Approved) {
        let (Ok(twin), Some(content_sid)) = (numbered(&row.body), row.content_sid.clone()) else {
            continue;
        };
        let buttons: Vec<Answer> = buttons(row).iter().map(|(_, answer)| *answer).collect();
        let blank = vec![String::new(); buttons.len()];
        if twin.values(&named, &blank).is_none() {
            tracing::warn!(template = %row.id, "a wording wants a value that its message does not carry");
            continue;
        }
        return Said::By(Box::new(Wording {
            template_id: row.id,
            content_sid,
            twin,
            buttons,
            named,
        }));
    }
    Said::NotBy(rows.iter().find(ours).map_or(Approval::Draft, approval))
}

/// A message goes out by this wording, or by its own words: what its call will say.
pub(crate) async fn goes_by(tx: &Tx, m: &message::Model, wording: Option<(&Wording, &[String])>) -> Result<()> {
    let (template, sid, variables) = match wording {
        None => (None, None, None),
        Some((wording, carried)) => {
            let values = wording.twin.values(&wording.named, carried).unwrap_or_default();
            let values: BTreeMap<String, String> = values.into_iter().collect();
            let json = serde_json::to_string(&values).map_err(|e| Error::broken(e.to_string()))?;
            (Some(wording.template_id), Some(wording.content_sid.clone()), Some(json))
        }
    };
    whatsapp_message::Entity::update_many()
        .col_expr(whatsapp_message::Column::TemplateId, Expr::value(template))
        .col_expr(whatsapp_message::Column::ContentSid, Expr::value(sid))
        .col_expr(whatsapp_message::Column::Variables, Expr::value(variables))
        .filter(whatsapp_message::Column::MessageId.eq(m.id))
        .exec(&tx.db)
        .await?;
    Ok(())
}

/// Whether a message carries what a template could say.
pub(crate) async fn is_carried(tx: &Tx, m: &message::Model) -> Result<bool> {
    Ok(whatsapp_message::Entity::find_by_id(m.id).one(&tx.db).await?.is_some())
}

/// WhatsApp refused the wording that this message went out by: nothing more goes out by it until it was looked at again.
pub(crate) async fn hold(tx: &mut Tx, m: &message::Model, why: &str) -> Result<bool> {
    let carried = whatsapp_message::Entity::find_by_id(m.id).one(&tx.db).await?;
    let Some(template_id) = carried.and_then(|row| row.template_id) else {
        return Ok(false);
    };
    let row = whatsapp_template::Entity::these(m.business_id, [template_id])
        .lock(LockType::NoKeyUpdate)
        .one(&tx.db)
        .await?;
    let Some(row) = row.filter(|row| approval(row) == Approval::Approved) else {
        return Ok(true);
    };
    let mut row = row.into_active_model();
    row.status = Set(Approval::Paused.as_str().to_owned());
    row.rejection = Set(Some(why.chars().take(500).collect()));
    row.next_at = Set(Some(tx.now + chrono::Duration::minutes(1)));
    row.updated_at = Set(tx.now);
    row.update(&tx.db).await?;
    Ok(true)
}

pub(crate) fn approval(row: &whatsapp_template::Model) -> Approval {
    row.status.parse().unwrap_or(Approval::Unclear)
}

/// Titles and answers.
fn buttons(row: &whatsapp_template::Model) -> Vec<(String, Answer)> {
    let one = |line: &str| {
        let (answer, title) = Answer::read(line);
        (title.to_owned(), answer)
    };
    row.buttons.lines().map(one).collect()
}

fn written(buttons: &[Button]) -> String {
    let one = |button: &Button| format!("{}{}", button.answer.mark(), button.title);
    buttons.iter().map(one).collect::<Vec<_>>().join("\n")
}

/// Hands the wording of a kind in for approval. One that is looked at, or approved already, is not handed in again.
///
/// # Errors
/// `NotAllowed`; `NotFound` for a kind without a wording on WhatsApp; `Invalid` with what WhatsApp would reject; `Conflict` where no account
/// is connected.
pub async fn submit(s: &Services, actor: &Actor, kind: &str, language: &str) -> Result<TwinView> {
    actor.may(Permission::WriteNumbers)?;
    let language: Language = language.parse().map_err(|_| not_found("language"))?;
    let known: Option<Kind> = kind.parse().ok();
    let buttons = known.and_then(|kind| Some((kind, whatsapp::buttons(kind, language)?)));
    let (which, buttons) = buttons.ok_or_else(|| not_found("template on WhatsApp"))?;
    let account = s.of::<Connections>().of(actor.business_id);
    let account = account.ok_or_else(|| problem(Code::Conflict, "No Twilio account is connected."))?;
    let mut tx = s.begin().await?;
    // Who hands in at the same moment waits here, and finds this one.
    tx.take_turns(
        "whatsapp_template",
        [format!("{} {kind} {}", actor.business_id, language.as_str())],
    )
    .await?;
    let business = businesses::of(&mut tx, actor.business_id).await?;
    let body = templates::wording(s, &tx.db, &business, Which::whatsapp(which, language))
        .await?
        .body;
    numbered(&body).map_err(|wrong| field("body", wrong.to_string()))?;
    // Words of a time when more could stand in them.
    if let Some(wrong) = lint(which, Way::Whatsapp, None, &body)
        .into_iter()
        .find(|finding| finding.refused)
    {
        return Err(field("body", wrong.detail));
    }
    let rows = revisions(&tx.db, actor.business_id, kind, language.as_str()).await?;
    let newest = rows.first().cloned();
    let buttons = written(&buttons);
    let same = newest.as_ref().filter(|row| {
        let stands = !matches!(approval(row), Approval::Rejected | Approval::Disabled | Approval::Draft);
        stands && row.account_sid == account.sid() && row.body == body && row.buttons == buttons
    });
    if let Some(row) = same {
        return Ok(view(row));
    }
    if rows.len() as u64 >= MOST {
        return Err(problem(
            Code::Conflict,
            "This text was handed in 200 times; there is no room for more.",
        ));
    }
    let revision = newest.map_or(1, |row| row.revision + 1);
    let row = whatsapp_template::Model {
        id: Uuid::now_v7(),
        business_id: actor.business_id,
        account_sid: account.sid().to_owned(),
        kind: kind.to_owned(),
        language: language.as_str().to_owned(),
        revision,
        name: name(&business.slug, kind, language, revision),
        body,
        buttons,
        status: Approval::Submitted.as_str().to_owned(),
        said: None,
        category: None,
        rejection: None,
        content_sid: None,
        called_at: None,
        submitted_at: None,
        checked_at: None,
        checks: 0,
        next_at: Some(tx.now),
        created_by: actor.author(),
        created_at: tx.now,
        updated_at: tx.now,
    };
    let row = row.into_active_model().reset_all().insert(&tx.db).await?;
    tx.record_change(
        actor.business_id,
        &actor.who,
        Event::TwinSubmitted(row.id),
        None::<()>,
        Some(row.name.clone()),
    );
    let key = format!("twin:{}:0", row.id);
    tx.enqueue(&Job::CheckTwin { template_id: row.id }, tx.now, Some(&key))
        .await?;
    tx.commit().await?;
    let id = row.id;
    check(s, id).await?;
    let row = whatsapp_template::Entity::these(actor.business_id, [id])
        .one(&s.db().write)
        .await?;
    row.as_ref().map(view).ok_or_else(|| not_found("template"))
}

/// The wording of each text, by kind and language, that was handed in last.
pub(crate) async fn newest(s: &Services, business_id: Uuid) -> Result<HashMap<(String, String), whatsapp_template::Model>> {
    let rows = whatsapp_template::Entity::in_business(business_id)
        .order_by_asc(whatsapp_template::Column::Kind)
        .order_by_asc(whatsapp_template::Column::Language)
        .order_by_desc(whatsapp_template::Column::Revision)
        .limit(MOST)
        .all(s.read())
        .await?;
    let mut newest = HashMap::new();
    for row in rows {
        newest.entry((row.kind.clone(), row.language.clone())).or_insert(row);
    }
    Ok(newest)
}

/// Every text that has a wording on WhatsApp, in each language: what would be handed in, where that was not, and what was, the newest
/// first, up to the one in use.
///
/// # Errors
/// `NotAllowed`.
pub async fn list(s: &Services, actor: &Actor) -> Result<Vec<TwinView>> {
    actor.may(Permission::ReadNumbers)?;
    let rows = whatsapp_template::Entity::in_business(actor.business_id)
        .order_by_asc(whatsapp_template::Column::Kind)
        .order_by_asc(whatsapp_template::Column::Language)
        .order_by_desc(whatsapp_template::Column::Revision)
        .limit(MOST)
        .all(s.read())
        .await?;
    let mut used: BTreeSet<(String, String)> = BTreeSet::new();
    let mut shown = Vec::new();
    for row in rows {
        let key = (row.kind.clone(), row.language.clone());
        if used.contains(&key) {
            continue;
        }
        let mut view = view(&row);
        if approval(&row) == Approval::Approved {
            view.in_use = true;
            used.insert(key);
        }
        shown.push(view);
    }
    let business = businesses::get(s.read(), actor.business_id).await?;
    for kind in KINDS {
        for language in Language::ALL {
            let is_it = |twin: &&TwinView| twin.kind == kind.as_str() && twin.language == language.as_str();
            let words = templates::wording(s, s.read(), &business, Which::whatsapp(kind, *language)).await?;
            let at = shown.iter().position(|twin| is_it(&twin));
            // What the text says by now was not handed in.
            if shown.iter().find(is_it).is_none_or(|newest| newest.body != words.body) {
                shown.insert(at.unwrap_or(shown.len()), draft(kind, *language, words.body));
            }
        }
    }
    Ok(shown)
}

/// What would be handed in.
fn draft(kind: Kind, language: Language, body: String) -> TwinView {
    let buttons = whatsapp::buttons(kind, language).into_iter().flatten();
    TwinView {
        id: None,
        kind: kind.as_str().to_owned(),
        language: language.as_str().to_owned(),
        revision: 0,
        name: String::new(),
        body,
        buttons: buttons.map(|button| button.title.to_owned()).collect(),
        state: Approval::Draft.as_str().to_owned(),
        words: Approval::Draft.label().to_owned(),
        reason: None,
        category: None,
        in_use: false,
        submitted_at: None,
        checked_at: None,
    }
}

fn view(row: &whatsapp_template::Model) -> TwinView {
    let approval = approval(row);
    TwinView {
        id: Some(row.id),
        kind: row.kind.clone(),
        language: row.language.clone(),
        revision: row.revision,
        name: row.name.clone(),
        body: row.body.clone(),
        buttons: buttons(row).into_iter().map(|(title, _)| title).collect(),
        state: approval.as_str().to_owned(),
        words: approval.label().to_owned(),
        reason: row.rejection.clone(),
        category: row.category.clone(),
        in_use: approval == Approval::Approved,
        submitted_at: row.submitted_at,
        checked_at: row.checked_at,
    }
}
