//! Taking texts for sending, in groups: everything that must hold is checked in the transaction that takes them (law 3).
//!
//! Two workers never take the same text: rows are locked as they are picked, and what somebody else holds is left for the next round.

use std::collections::{BTreeSet, HashMap, HashSet};

use chrono::{DateTime, Duration, Utc};
use contract::live::LiveEvent;
use domain::{
    consent::Sending,
    delivery::{Status, Update},
    origin::Origin,
    outcome::{self, Class, Retry, Scope},
};
use entity::{
    conversations::conversation,
    messages::{message, message_attempt},
};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select, Set,
    sea_query::{Expr, LockBehavior, LockType},
};
use uuid::Uuid;

use super::{
    limits::Limits,
    verdict::{ClaimContext, Verdict},
};
use crate::{
    channels::{
        self,
        breakers::{self, Breakers},
        connections::{self, Connections},
    },
    contacts::{self, Look},
    conversations,
    delivery::{
        delay,
        state::{self, TURN_KEPT},
        status,
    },
    kernel::{
        Error, Result, Services, Tx,
        tx::{self, Changed},
    },
    messages::{self, WAITING, decrypted, shown},
    outbox, tasks,
};

/// How far the clocks of two machines may be apart.
const CLOCKS: Duration = Duration::seconds(2);

/// How often a text that can't be read is looked at again.
const UNREADABLE_LOOK: Duration = Duration::hours(1);

/// What a round found.
pub(super) struct Claimed {
    /// Ours to send now.
    pub go: Vec<message::Model>,
    /// Rows that anything became of, or that somebody else was at work on; 0 when it is not worth looking again at once.
    pub looked: usize,
    /// Accounts that take no more now. Texts of others may wait behind theirs.
    pub full: BTreeSet<String>,
}

/// Whether anything is due; without a transaction, so that looking often costs little.
pub(super) async fn any_due(s: &Services) -> Result<bool> {
    for priority in 0..3 {
        if due(s.now() + CLOCKS, priority).limit(1).one(s.read()).await?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Takes at most `most` of the texts that are due, past those of accounts that are `full`.
pub(super) async fn claim(s: &Services, most: u64, full: &BTreeSet<String>) -> Result<Claimed> {
    let mut tx = s.begin().await?;
    let picked = pick(&tx, most, full).await?;
    let looked = picked.len();
    if picked.is_empty() {
        tx.commit().await?;
        return Ok(Claimed {
            go: Vec::new(),
            looked,
            full: BTreeSet::new(),
        });
    }
    connections::up_to_date(&tx, picked.iter().map(|m| m.business_id)).await?;
    let mut context = ClaimContext::load(s, &mut tx, &picked).await?;
    let mut limits = Limits::load(s, &tx, &picked, &context.businesses).await?;
    // Under the account's lock, which the limits hold: two workers must not both be the one that tries whether it works again.
    context.breakers = Breakers::load(&tx.db, context.scopes(&picked)).await?;
    let verdicts = context.verdicts(tx.now, picked, &mut limits);
    let (mut go, mut deferred, mut still) = (Vec::new(), Vec::new(), 0);
    for (m, verdict) in verdicts {
        match verdict {
            Verdict::Go => go.push(m),
            Verdict::Probe(scopes) => {
                for scope in scopes {
                    breakers::probe(&mut tx, &scope).await?;
                }
                go.push(m);
            }
            Verdict::Defer(until, why) => deferred.push((m, until, why, false)),
            Verdict::Turn(at, why) => deferred.push((m, at, why, true)),
            Verdict::Unchanged => still += 1,
            Verdict::Withdraw(why) => state::withdraw(&mut tx, m, &why).await?,
            Verdict::Fail(why) => give_up(&mut tx, &context, m, why).await?,
            Verdict::Refuse => refuse(&mut tx, m).await?,
        }
    }
    let full = limits.full();
    limits.save(&mut tx).await?;
    defer(&mut tx, deferred).await?;
    context.whatsapp.set_out(&tx, &mut go).await?;
    let begun = begin_attempts(&mut tx, &mut go).await?;
    conversations::show_all(&mut tx, begun, context.people.values(), &context.on_texts()).await?;
    tx.commit().await?;
    let looked = looked - still;
    Ok(Claimed { go, looked, full })
}

/// Texts of one priority that are due, the longest waiting first. State and priority are literals, so that SQLite uses the index over
/// the waiting ones.
pub(crate) fn due(now: DateTime<Utc>, priority: i32) -> Select<message::Entity> {
    message::Entity::find()
        .filter(Expr::cust(format!("{WAITING} AND \"priority\" = {priority}")))
        .filter(message::Column::NotBefore.lte(now))
        .order_by_asc(message::Column::NotBefore)
        .order_by_asc(message::Column::Id)
}

/// The next texts: each priority has a share that the others can't take, so that replies are quick and nothing starves; what a share
/// leaves free goes to whoever is first.
async fn pick(tx: &Tx, most: u64, full: &BTreeSet<String>) -> Result<Vec<message::Model>> {
    let which = past(tx.services(), full);
    let shares = [most - most * 3 / 8, most / 4, most / 8];
    let mut picked: Vec<message::Model> = Vec::new();
    for (priority, share) in shares.into_iter().enumerate() {
        picked.extend(lock(tx, priority as i32, share.max(1), &[], &which).await?);
    }
    for priority in 0..3 {
        let left = most.saturating_sub(picked.len() as u64);
        let taken: Vec<Uuid> = picked.iter().filter(|m| m.priority == priority).map(|m| m.id).collect();
        // Only where the share was used up there can be more.
        if left == 0 || (taken.len() as u64) < shares[priority as usize].max(1) {
            continue;
        }
        picked.extend(lock(tx, priority, left, &taken, &which).await?);
    }
    picked.truncate(most as usize);
    // Clocks of several machines differ a little; a first look need not wait for that, what was told to wait waits its time out.
    picked.retain(|m| m.not_before <= tx.now || (m.attempts == 0 && m.slot_at.is_none() && m.wait_reason.is_none()));
    Ok(picked)
}

/// The texts of other accounts than these.
fn past(s: &Services, full: &BTreeSet<String>) -> Condition {
    if full.is_empty() {
        return Condition::all();
    }
    let (full_ones, others): (Vec<_>, Vec<_>) = s
        .of::<Connections>()
        .owners()
        .into_iter()
        .partition(|(_, sid)| full.contains(&breakers::of_account(sid)));
    let ids = |of: Vec<(Uuid, String)>| of.into_iter().map(|(id, _)| id).collect::<Vec<_>>();
    // Who has no account of their own goes by the installation's.
    Condition::all().add(if full.contains(&breakers::common(s)) {
        message::Column::BusinessId.is_in(ids(others))
    } else {
        message::Column::BusinessId.is_not_in(ids(full_ones))
    })
}

async fn lock(tx: &Tx, priority: i32, most: u64, without: &[Uuid], which: &Condition) -> Result<Vec<message::Model>> {
    let mut rows = due(tx.now + CLOCKS, priority).filter(which.clone()).limit(most);
    if !without.is_empty() {
        rows = rows.filter(message::Column::Id.is_not_in(without.iter().copied()));
    }
    let rows = rows.lock_with_behavior(LockType::NoKeyUpdate, LockBehavior::SkipLocked);
    let mut readable = Vec::new();
    for row in rows.all(&tx.db).await? {
        let id = row.id;
        match decrypted(tx.services(), row).await {
            Ok(row) => readable.push(row),
            Err(cause) => put_aside(tx, id, &cause).await?,
        }
    }
    Ok(readable)
}

/// A text whose number can't be read must not keep the others from going out.
async fn put_aside(tx: &Tx, id: Uuid, cause: &Error) -> Result<()> {
    tracing::error!(message = %id, %cause, "a text that waits can't be read; it is looked at again in an hour");
    let why = "Waits: the number it goes to can't be read. Whoever runs this server should look at its log.";
    message::Entity::update_many()
        .col_expr(message::Column::NotBefore, Expr::value(tx.now + UNREADABLE_LOOK))
        .col_expr(message::Column::WaitReason, Expr::value(why))
        .filter(message::Column::Id.eq(id))
        .exec(&tx.db)
        .await?;
    Ok(())
}

const REFUSED: &str = "It was not sent: this version does not know what kind of text it is.";

/// A kind of text that this version does not know (of a newer one, perhaps) is not sent: which consent and which hours it needs nobody here
/// can tell.
async fn refuse(tx: &mut Tx, m: message::Model) -> Result<()> {
    tracing::error!(message = %m.id, origin = m.origin, "a text of an origin that this version does not know; it is not sent");
    let why = REFUSED;
    let task = tasks::New {
        business_id: m.business_id,
        kind: tasks::Kind::StuckMessage,
        title: format!("{why} Please read it, and call if it matters."),
        key: format!("refused:{}", m.id),
        contact_id: Some(m.contact_id),
        conversation_id: Some(m.conversation_id),
        appointment_id: m.appointment_id,
        message_id: Some(m.id),
    };
    tasks::raise(tx, task).await?;
    state::withdraw(tx, m, why).await
}

/// It can't go, and waiting would not change that: it has failed before it was ever handed over.
async fn give_up(tx: &mut Tx, context: &ClaimContext, m: message::Model, why: &str) -> Result<()> {
    let Some(person) = context.people.get(&m.contact_id) else {
        return Ok(());
    };
    let failure = outcome::Failure {
        code: None,
        detail: String::new(),
        words: why.to_owned(),
        next_step: "Send an approved template, write by another way, or call.".to_owned(),
        class: Class::Other,
        scope: Scope::Message,
        retry: Retry::Never,
    };
    let how = state::Failure {
        update: Update::Fail,
        failure,
        retrying: false,
    };
    state::fail(tx, person, m, how).await.map(drop)
}

/// They wait, and say why and until when.
async fn defer(tx: &mut Tx, deferred: Vec<(message::Model, DateTime<Utc>, String, bool)>) -> Result<()> {
    let mut groups: HashMap<(DateTime<Utc>, String, bool), Vec<message::Model>> = HashMap::new();
    for (m, until, why, slot) in deferred {
        groups.entry((until, why, slot)).or_default().push(m);
    }
    for ((until, why, slot), group) in groups {
        metrics::counter!("showup_messages_total", "step" => "deferred").increment(group.len() as u64);
        for m in &group {
            tracing::info!(message = %m.id, step = "deferred", %until, %why, "text waits");
            tx.mark_changed(m.business_id, Changed::Message(m.id));
        }
        let mut row = message::Entity::update_many()
            .col_expr(message::Column::NotBefore, Expr::value(until))
            .col_expr(message::Column::WaitReason, Expr::value(why))
            .col_expr(message::Column::Delay, delay::undo_is_over());
        if slot {
            row = row.col_expr(message::Column::SlotAt, Expr::value(until));
        } else if until - tx.now > TURN_KEPT {
            // Its turn at its sender passes; else all that were deferred would go at once afterwards.
            row = row.col_expr(message::Column::SlotAt, Expr::value(Option::<DateTime<Utc>>::None));
        }
        row.filter(message::Column::Id.is_in(group.iter().map(|m| m.id)))
            .exec(&tx.db)
            .await?;
    }
    Ok(())
}

/// The call for a text that waited for another to the same person is made now; false if it was taken away meanwhile.
pub(super) async fn begin(s: &Services, m: &message::Model) -> Result<bool> {
    let tx = s.begin().await?;
    let ours = message::Entity::update_many()
        .col_expr(message::Column::ClaimedAt, Expr::value(tx.now))
        .filter(message::Column::Id.eq(m.id))
        .filter(message::Column::Attempts.eq(m.attempts))
        .filter(message::Column::Status.eq(Status::Sending.as_str()))
        .exec(&tx.db)
        .await?;
    message_attempt::Entity::update_many()
        .col_expr(message_attempt::Column::Begun, Expr::value(true))
        .filter(message_attempt::Column::MessageId.eq(m.id))
        .filter(message_attempt::Column::Number.eq(m.attempts))
        .exec(&tx.db)
        .await?;
    if ours.rows_affected == 0 {
        return Ok(false);
    }
    tx.commit().await?;
    Ok(true)
}

/// What has come in between the claim and the call: a text that waited its turn behind others may be a minute old.
pub(super) async fn objection(s: &Services, m: &message::Model) -> Result<Option<String>> {
    if m.attempts > 1 && status::arrival(s.read(), m).await?.is_some() {
        return Ok(Some("An earlier try was delivered after all.".to_owned()));
    }
    if let Some(why) = tx::objections(s, &[m]).await?.into_values().next() {
        return Ok(Some(why));
    }
    // The person's own word last, so that nothing lies between it and the call.
    let Some(channel) = channels::of(m) else {
        return Ok(Some(REFUSED.to_owned()));
    };
    let look = Look {
        business_id: m.business_id,
        contact_id: m.contact_id,
        channel,
        address: m.theirs.clone(),
        sending: messages::origin(m)
            .map(Origin::policy)
            .map_or(Sending::Automatic, |policy| policy.sending),
    };
    let theirs = contacts::objection(s, look).await?;
    Ok(theirs.map(str::to_owned))
}

/// From here on they are being sent, and each has a row that says so. The conversations that show it.
async fn begin_attempts(tx: &mut Tx, go: &mut [message::Model]) -> Result<Vec<conversation::Model>> {
    if go.is_empty() {
        return Ok(Vec::new());
    }
    for m in go.iter_mut() {
        // Whatever becomes of its business's account: what is heard of this call, and looked up, is heard of and looked up there.
        let account = tx.services().of::<Connections>().of(m.business_id);
        m.account_sid = account.map(|account| account.sid().to_owned());
    }
    state::claim(tx, go).await?;
    let mut attempts = Vec::with_capacity(go.len());
    let mut people = HashSet::new();
    for m in go.iter_mut() {
        attempts.push(message_attempt::ActiveModel {
            id: Set(Uuid::now_v7()),
            business_id: Set(m.business_id),
            message_id: Set(m.id),
            number: Set(m.attempts),
            started_at: Set(tx.now),
            finished_at: Set(None),
            outcome: Set(None),
            http_status: Set(None),
            error_code: Set(None),
            detail: Set(None),
            provider_sid: Set(None),
            // The others to the same person wait for this one.
            begun: Set(people.insert(m.contact_id)),
        });
        tx.publish(m.business_id, LiveEvent::Message(shown(m.clone())));
    }
    message_attempt::Entity::insert_many(attempts)
        .exec_without_returning(&tx.db)
        .await?;
    outbox::held::set_out(tx, go).await?;
    conversations::update_previews(tx, go).await
}
