//! Messages whose outcome nobody knows: the call broke off, or the process died in it. They are looked up at the provider, never sent
//! again on a guess (law 2).

use std::sync::Arc;

use chrono::Duration;
use contract::{
    Code,
    messages::{MessageView, SettleMessage},
};
use domain::{delivery::Status, outcome::Accepted};
use entity::messages::{message, message_attempt, message_event};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect, Set, sea_query::Expr};
use uuid::Uuid;

use super::{accepted::accepted, state, status};
use crate::{
    channels::{self, Found},
    kernel::{
        Actor, Event, Permission, Result, Services, Tx,
        error::{not_found, problem},
        queue::Job,
    },
    messages::{self, decrypted, is_asked, locked, shown},
    tasks,
};

/// Seconds to the next look at the provider's log, by the number of looks so far. The first waits for a call that may still be worked on
/// at the other end; after a death there is none.
const LOOKS: [i64; 4] = [20, 60, 180, 300];

/// A message that is unclear for longer than this is a person's to decide, whether the log could be read or not.
const PATIENCE: Duration = Duration::minutes(14);

/// The outcome is unclear from now on; the provider's log will be looked at.
pub(crate) async fn begin(tx: &mut Tx, m: message::Model, died: bool) -> Result<()> {
    let row = state::lose(tx, m).await?;
    look_in(tx, row, if died { 0 } else { LOOKS[0] }).await
}

/// The next look, as a row first: should the job be lost, the tick finds it there.
async fn look_in(tx: &mut Tx, m: message::Model, seconds: i64) -> Result<()> {
    let mut row = m.into_active_model();
    row.not_before = Set(tx.now + Duration::seconds(seconds));
    let row = row.update(&tx.db).await?;
    let key = format!("resolve:{}:{}", row.id, row.not_before.timestamp_millis());
    tx.enqueue(&Job::Resolve { message_id: row.id }, row.not_before, Some(&key))
        .await
}

/// What a look at the provider's log showed.
enum Look {
    Found(Box<Accepted>),
    Absent,
    /// Nobody can tell but the customer.
    Never,
    /// The log can't be read now, or somebody else's equal text is on its way and can't be told from this one yet.
    Undecided,
}

/// Looks for the message in the provider's log. Found: it is bound. Not found for long: a person decides.
pub(crate) async fn resolve(s: &Services, id: Uuid) -> Result<()> {
    let row = message::Entity::find_by_id(id).one(s.read()).await?;
    let Some(m) = row.filter(|m| m.status == Status::Unknown.as_str()) else {
        return Ok(());
    };
    let m = decrypted(s, m).await?;
    let look = search(s, &m).await?;
    let mut tx = s.begin().await?;
    // Not another try of it, which the log was not searched for.
    let same = |row: &message::Model| row.status == Status::Unknown.as_str() && row.attempts == m.attempts;
    let Some((_, row)) = locked(&tx, m.business_id, id).await?.filter(|(_, row)| same(row)) else {
        return Ok(());
    };
    let waited = row.claimed_at.is_none_or(|at| tx.now - at > PATIENCE);
    match look {
        Look::Found(answer) => {
            tracing::info!(message = %id, sid = answer.provider_id, "unclear text found in the provider's log");
            Box::pin(accepted(&mut tx, row, &answer)).await?;
        }
        Look::Never => ask_person(&mut tx, row, "The mail server did not say whether it took it.").await?,
        Look::Absent if waited => ask_person(&mut tx, row, "Twilio's log does not show it.").await?,
        Look::Undecided if waited => ask_person(&mut tx, row, "Twilio's log could not be read.").await?,
        Look::Absent => {
            let lookups = row.lookups + 1;
            let mut row = row.into_active_model();
            row.lookups = Set(lookups);
            let row = row.update(&tx.db).await?;
            look_in(&mut tx, row, LOOKS.get(lookups as usize).copied().unwrap_or(300)).await?;
        }
        Look::Undecided => look_in(&mut tx, row, 60).await?,
    }
    tx.commit().await
}

async fn ask_person(tx: &mut Tx, m: message::Model, why: &str) -> Result<()> {
    let task = tasks::New {
        business_id: m.business_id,
        kind: tasks::Kind::UnclearMessage,
        title: format!("It is unclear whether a text was sent: {why} Please ask the customer, and say whether it arrived."),
        key: format!("unclear:{}", m.id),
        contact_id: Some(m.contact_id),
        conversation_id: Some(m.conversation_id),
        appointment_id: m.appointment_id,
        message_id: Some(m.id),
    };
    // It may have been asked about an earlier try.
    tasks::raise_anew(tx, task).await?;
    // A late callback still settles it; the log is looked at once a day for as long as it is unclear.
    let mut row = m.into_active_model();
    row.not_before = Set(tx.now + Duration::days(1));
    row.wait_reason = Set(Some(format!("{}. {why}", Status::Unknown.label())));
    let row = row.update(&tx.db).await?;
    messages::changed(tx, &row).await
}

/// A member's word on a text whose outcome nobody else can tell. Arrived: it counts as sent, and a reminder can be answered. Not: it has
/// failed, and may be sent again. Should Twilio speak of it after all, that counts.
///
/// # Errors
/// `NotFound`, `NotAllowed`; `Conflict` when it is known already, or Twilio's log is still being looked at.
pub async fn settle(s: &Services, actor: &Actor, cmd: SettleMessage) -> Result<MessageView> {
    actor.may(Permission::SendMessages)?;
    let mut tx = s.begin().await?;
    let found = locked(&tx, actor.business_id, cmd.message_id).await?;
    let found = found.filter(|(_, m)| m.direction == "outbound");
    let Some((_, m)) = found else {
        return Err(not_found("message"));
    };
    if m.status != Status::Unknown.as_str() {
        return Err(problem(Code::Conflict, "What became of this text is known already."));
    }
    if !is_asked(&m) {
        let why = "Twilio's log is still being looked at. Should it not tell, you will be asked within 15 minutes.";
        return Err(problem(Code::Conflict, why));
    }
    let after = if cmd.arrived { Status::Sent } else { Status::Failed };
    message_event::Entity::insert(status::by_staff(&tx, &m, after))
        .exec_without_returning(&tx.db)
        .await?;
    let (event, was) = (Event::MessageSettled(Arc::new(m.clone())), Status::Unknown.as_str());
    tx.record_change(actor.business_id, &actor.who, event, Some(was), Some(after.as_str()));
    let row = state::settle(&mut tx, &actor.who, m, cmd.arrived).await?;
    tx.commit().await?;
    Ok(shown(row))
}

/// The provider's record of this message: same addresses and text, made after the claim, and nobody else's.
async fn search(s: &Services, m: &message::Model) -> Result<Look> {
    let candidates = match channels::find(s, m).await {
        Found::These(candidates) => candidates,
        Found::NotNow => return Ok(Look::Undecided),
        Found::Never => return Ok(Look::Never),
    };
    if twin_in_the_air(s, m).await? {
        return Ok(Look::Undecided);
    }
    for candidate in candidates {
        let known = match &candidate.provider_id {
            Some(id) => taken(s, id).await?,
            None => false,
        };
        if !known {
            return Ok(Look::Found(Box::new(candidate)));
        }
    }
    Ok(Look::Absent)
}

/// Whether a record of the provider's belongs to another message of ours, or to an earlier try.
async fn taken(s: &Services, sid: &str) -> Result<bool> {
    let message = message::Entity::find()
        .filter(message::Column::ProviderSid.eq(sid))
        .one(s.read())
        .await?;
    let attempt = message_attempt::Entity::find()
        .filter(message_attempt::Column::ProviderSid.eq(sid))
        .one(s.read())
        .await?;
    Ok(message.is_some() || attempt.is_some())
}

/// An equal text to the same number whose answer we have not heard yet: its record could be taken for ours.
async fn twin_in_the_air(s: &Services, m: &message::Model) -> Result<bool> {
    let twin = message::Entity::narrowed(m.business_id)
        .filter(Expr::cust("\"status\" = 'sending'"))
        .filter(message::Column::ContactId.eq(m.contact_id))
        .filter(message::Column::Body.eq(&m.body))
        .filter(message::Column::Id.ne(m.id))
        .limit(1)
        .one(s.read())
        .await?;
    Ok(twin.is_some())
}
