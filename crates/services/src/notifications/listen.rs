//! What happens, and whom it concerns.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use chrono::Duration;
use contract::notifications::{Choices, Kind, Mail};
use domain::words::line;
use entity::{
    conversations::{conversation, note},
    messages::message,
    notifications::notification,
    numbers::number_request,
};
use sea_orm::{EntityTrait, Set, sea_query::OnConflict};
use uuid::Uuid;

use super::{SOON, all_choices};
use crate::{
    accounts, appointments,
    channels::breakers,
    kernel::{Event, Principal, Result, Services, Tx, events::Recorded, queue::Job},
    mails, spend, tasks,
};

/// So much of what was written stands in the list.
const SHOWN: usize = 120;

/// So many businesses are told in the transaction of what happened; more are for jobs, each of so many.
const AT_ONCE: usize = 20;

/// What the keys of news about numbers begin with.
pub(super) const NUMBERS: &str = "number:";

/// What the keys of news about alerts begin with.
pub(crate) const ALERTS: &str = "alert:";

/// Something to be told.
struct News {
    /// Of its cause; each person's notification has its own of it.
    key: String,
    conversation_id: Option<Uuid>,
    contact_id: Option<Uuid>,
    body: String,
    /// Who did it, and need not be told.
    by: Option<Uuid>,
    to: To,
}

enum To {
    Everybody(Kind),
    One(Kind, Uuid),
    Some(Kind, Vec<Uuid>),
    /// By whose the conversation is.
    OfConversation(Option<Uuid>),
}

impl To {
    fn kind(&self, account: Uuid) -> Option<Kind> {
        match self {
            To::Everybody(kind) => Some(*kind),
            To::One(kind, who) => (*who == account).then_some(*kind),
            To::Some(kind, who) => who.contains(&account).then_some(*kind),
            To::OfConversation(None) => Some(Kind::Unassigned),
            To::OfConversation(Some(who)) if *who == account => Some(Kind::Mine),
            To::OfConversation(Some(_)) => Some(Kind::Others),
        }
    }
}

/// What these events tell whom, business by business.
pub(crate) async fn collect(tx: &mut Tx, heard: &[&Recorded]) -> Result<()> {
    let mut of: BTreeMap<Uuid, Vec<&Recorded>> = BTreeMap::new();
    let mut broken: BTreeMap<&str, BTreeSet<Uuid>> = BTreeMap::new();
    for one in heard {
        match &one.event {
            Event::BreakerOpened { scope } => _ = broken.entry(scope).or_default().insert(one.business_id),
            _ => of.entry(one.business_id).or_default().push(one),
        }
    }
    for (business_id, heard) in of {
        let news = news(tx, business_id, &heard).await?;
        tell(tx, business_id, news).await?;
    }
    for (scope, whose) in broken {
        let whose: Vec<Uuid> = whose.into_iter().collect();
        if whose.len() <= AT_ONCE {
            breaker_opened(tx, scope, &whose).await?;
            continue;
        }
        for some in whose.chunks(AT_ONCE) {
            let job = Job::NotifyOfBreaker {
                scope: scope.to_owned(),
                businesses: some.to_vec(),
            };
            tx.enqueue(&job, tx.now, None).await?;
        }
    }
    Ok(())
}

/// Tells these businesses' people that a breaker holds their texts back, if it still does.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn tell_of_breaker(s: &Services, scope: &str, businesses: &[Uuid]) -> Result<()> {
    let mut tx = s.begin().await?;
    breaker_opened(&mut tx, scope, businesses).await?;
    tx.commit().await
}

async fn breaker_opened(tx: &mut Tx, scope: &str, whose: &[Uuid]) -> Result<()> {
    let now = breakers::Breakers::load(&tx.db, vec![scope.to_owned()]).await?;
    if now.state(scope) == domain::breaker::State::Closed {
        return Ok(());
    }
    let hour = tx.now.timestamp() / 3_600;
    for id in whose {
        if mails::concerns(tx, *id, scope).await? {
            let body = format!("Texts can’t go out just now. {} They wait; nothing is lost.", now.why(scope));
            let news = alert(format!("breaker:{scope}:{hour}"), body);
            tell(tx, *id, vec![news]).await?;
        }
    }
    Ok(())
}

/// Tells everybody that something has left its usual course, or is back; once per `key`.
pub(crate) async fn tell_of_alert(tx: &mut Tx, business_id: Uuid, key: String, body: String) -> Result<()> {
    tell(tx, business_id, vec![alert(key, body)]).await
}

fn alert(key: String, body: String) -> News {
    News {
        key,
        conversation_id: None,
        contact_id: None,
        body,
        by: None,
        to: To::Everybody(Kind::Alert),
    }
}

async fn news(tx: &Tx, business_id: Uuid, heard: &[&Recorded]) -> Result<Vec<News>> {
    let ids = |one: &&Recorded| match &one.event {
        Event::MessageReceived(m) | Event::MessageFailed(m, _) => Some(m.conversation_id),
        _ => None,
    };
    let threads: BTreeSet<Uuid> = heard.iter().filter_map(ids).collect();
    let threads = if threads.is_empty() {
        Vec::new()
    } else {
        conversation::Entity::these(business_id, threads).all(&tx.db).await?
    };
    let threads: BTreeMap<Uuid, conversation::Model> = threads.into_iter().map(|row| (row.id, row)).collect();
    let mut news = Vec::new();
    for one in heard {
        let by = match one.by {
            Principal::Member { account_id, .. } => Some(account_id),
            _ => None,
        };
        match &one.event {
            Event::MessageReceived(m) => news.extend(threads.get(&m.conversation_id).and_then(|thread| received(thread, m))),
            Event::MessageFailed(m, how) if !how.retrying => news.push(News {
                key: format!("failed:{}:{}", m.id, m.attempts),
                conversation_id: Some(m.conversation_id),
                contact_id: Some(m.contact_id),
                body: short(&format!("{} {}", how.why, how.next_step)),
                by: None,
                to: match threads.get(&m.conversation_id).and_then(|thread| thread.assignee_id) {
                    Some(who) => To::One(Kind::Failed, who),
                    None => To::Everybody(Kind::Failed),
                },
            }),
            Event::ConversationAssigned(thread) => news.extend(assigned(tx, thread, one.by.author(), by)),
            Event::NoteAdded(note) => news.extend(mentions(tx, note, by).await?),
            Event::TaskAdded(id) | Event::TaskChanged(id) => news.extend(task(tx, business_id, *id, by).await?),
            Event::BudgetReached { percent, month, .. } => {
                let body = if *percent > spend::ALERT_PERCENT {
                    "This month’s budget for texts is used up. Reminders wait; replies still go out.".to_owned()
                } else {
                    format!("{percent} % of this month’s budget for texts is used.")
                };
                news.push(alert(format!("budget:{month}:{percent}"), body));
            }
            Event::NumberRequestDecided(row) => {
                let managers: Vec<Uuid> = accounts::managers(tx, business_id)
                    .await?
                    .into_iter()
                    .map(|m| m.account_id)
                    .collect();
                news.push(News {
                    to: To::Some(Kind::Alert, managers),
                    ..alert(format!("{NUMBERS}request:{}:{}", row.id, row.status), decided(row))
                });
            }
            Event::RegistrationChanged { number, news: what } if !what.is_empty() => {
                news.push(alert(
                    format!("{NUMBERS}us:{number}:{}", tx.now.timestamp()),
                    what.to_string(),
                ));
            }
            Event::BusinessSuspended { why } => {
                let body =
                    format!("This business is suspended: {why} No text leaves until it is resumed; what comes in is kept.");
                news.push(alert(format!("suspended:{}", tx.now.timestamp_millis()), body));
            }
            Event::BusinessResumed => {
                let body = "This business is not suspended any more. What waited and still makes sense goes out.".to_owned();
                news.push(alert(format!("resumed:{}", tx.now.timestamp_millis()), body));
            }
            Event::LookBegan { id, who, why, .. } => {
                let body = format!("{who}, who runs this installation, looks into this business and can change nothing: {why}");
                news.push(alert(format!("look:{id}"), short(&body)));
            }
            _ => {}
        }
    }
    Ok(news)
}

fn decided(row: &number_request::Model) -> String {
    match &row.phone {
        Some(phone) => format!("Your new number is there: {}.", domain::phone::display(phone, &row.country)),
        None => short(&format!(
            "Your request for a number was not granted. {}",
            row.why.as_deref().unwrap_or_default()
        )),
    }
}

/// A text that a machine has understood asks for nobody.
fn received(thread: &conversation::Model, m: &Arc<message::Model>) -> Option<News> {
    thread.waiting_since?;
    Some(News {
        key: format!("text:{}", m.id),
        conversation_id: Some(thread.id),
        contact_id: Some(m.contact_id),
        body: short(&m.body),
        by: None,
        to: To::OfConversation(thread.assignee_id),
    })
}

fn assigned(tx: &Tx, thread: &conversation::Model, author: String, by: Option<Uuid>) -> Option<News> {
    Some(News {
        key: format!("assigned:{}:{}", thread.id, tx.now.timestamp_millis()),
        conversation_id: Some(thread.id),
        contact_id: Some(thread.contact_id),
        body: format!("By {author}."),
        by,
        to: To::One(Kind::Assigned, thread.assignee_id?),
    })
}

async fn mentions(tx: &Tx, note: &Arc<note::Model>, by: Option<Uuid>) -> Result<Option<News>> {
    let named = accounts::mentioned(&tx.db, note.business_id, &note.body).await?;
    Ok((!named.is_empty()).then(|| News {
        key: format!("note:{}", note.id),
        conversation_id: Some(note.conversation_id),
        contact_id: Some(note.contact_id),
        body: short(&format!("{}: {}", note.author, note.body)),
        by,
        to: To::Some(Kind::Mention, named),
    }))
}

/// Once for each person that a task is given to.
async fn task(tx: &Tx, business_id: Uuid, id: Uuid, by: Option<Uuid>) -> Result<Option<News>> {
    let found = tasks::assigned(&tx.db, business_id, &[id]).await?;
    Ok(found.into_iter().next().map(|(task, who)| News {
        key: format!("task:{id}"),
        conversation_id: task.conversation_id,
        contact_id: task.contact_id,
        body: short(&task.title),
        by,
        to: To::One(Kind::Task, who),
    }))
}

fn short(text: &str) -> String {
    let text = line(text);
    if text.chars().count() <= SHOWN {
        return text;
    }
    let cut: String = text.chars().take(SHOWN - 1).collect();
    format!("{}…", cut.trim_end())
}

/// Where the people are seen whom this is about, as far as it is known.
async fn places_of(tx: &Tx, business_id: Uuid, news: &[News]) -> Result<BTreeMap<Uuid, Uuid>> {
    let people: BTreeSet<Uuid> = news.iter().filter_map(|one| one.contact_id).collect();
    let mut places = BTreeMap::new();
    for id in people {
        if let Some(place) = appointments::place_of(&tx.db, business_id, id, tx.now).await? {
            places.insert(id, place);
        }
    }
    Ok(places)
}

/// What happens nowhere in particular is everybody's.
fn is_at(chosen: &BTreeSet<Uuid>, contact_id: Option<Uuid>, places: &BTreeMap<Uuid, Uuid>) -> bool {
    let place = contact_id.and_then(|id| places.get(&id));
    place.is_none_or(|place| chosen.contains(place))
}

/// Writes down who is told what, and how. One cause is one notification to each.
async fn tell(tx: &mut Tx, business_id: Uuid, news: Vec<News>) -> Result<()> {
    if news.is_empty() {
        return Ok(());
    }
    let members = accounts::member_ids(&tx.db, business_id).await?;
    let chosen = all_choices(&tx.db, business_id).await?;
    let usual = Choices::default();
    let places = if chosen.values().any(|all| !all.places.is_empty()) {
        places_of(tx, business_id, &news).await?
    } else {
        BTreeMap::new()
    };
    let mut rows = Vec::new();
    for one in &news {
        for account in members.iter().filter(|account| Some(**account) != one.by) {
            let Some(kind) = one.to.kind(*account) else { continue };
            let all = chosen.get(account).unwrap_or(&usual);
            if all.is_narrowed(kind) && !is_at(&all.places, one.contact_id, &places) {
                continue;
            }
            let choice = all.of(kind);
            if !choice.app && !choice.push && choice.mail == Mail::Off {
                continue;
            }
            let mail_after = match choice.mail {
                Mail::Off => None,
                Mail::AtOnce => Some(SOON),
                Mail::Digest => Some(Duration::minutes(i64::from(all.digest_minutes))),
            };
            rows.push(notification::ActiveModel {
                id: Set(Uuid::now_v7()),
                business_id: Set(business_id),
                account_id: Set(*account),
                kind: Set(kind.as_str().to_owned()),
                dedupe_key: Set(one.key.clone()),
                conversation_id: Set(one.conversation_id),
                contact_id: Set(one.contact_id),
                body: Set(one.body.clone()),
                in_app: Set(choice.app),
                created_at: Set(tx.now),
                read_at: Set(None),
                push_at: Set(choice.push.then(|| tx.now + SOON)),
                mail_at: Set(mail_after.map(|after| tx.now + after)),
                if_missed: Set(choice.push && choice.mail == Mail::Off && all.mail_if_missed),
                shown_at: Set(None),
            });
        }
    }
    let once = OnConflict::columns([
        notification::Column::BusinessId,
        notification::Column::AccountId,
        notification::Column::DedupeKey,
    ])
    .do_nothing()
    .to_owned();
    for some in rows.chunks(500) {
        notification::Entity::insert_many(some.to_vec())
            .on_conflict(once.clone())
            .exec_without_returning(&tx.db)
            .await?;
    }
    // Nothing is marked as changed: whatever is told of has changed something on screen, and pages count anew with it.
    Ok(())
}
