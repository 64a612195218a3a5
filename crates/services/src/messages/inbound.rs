//! Texts from customers: stored before they are acknowledged, once per MessageSid, and never lost to an error of ours (IN2).

use chrono::Duration;
use contract::Code;
use domain::{
    consent::{Purpose, Source, State},
    delivery::Status,
    inbound::{Meaning, clean, parse},
    phone::mask,
    texts,
};
use entity::{
    contacts::contact,
    messages::{message, receipt},
};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect, Set};
use twilio::forms;
use uuid::Uuid;

use super::respond;
use crate::{
    Error, Result, Services, Tx, businesses, contacts, contacts::consent, conversations, error::problem, numbers, queue::Job,
    reminders, tasks, tx::Touched,
};

/// After so many tries at acting on a text a person gets it as a task.
pub(super) const TRIES: i32 = 5;

/// What became of a text that Twilio handed us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    /// Stored and acted on.
    Done,
    /// Stored; acting on it failed and will be tried again.
    Kept,
    /// It was here before.
    Repeat,
}

/// Takes an inbound text; `raw` is the form as it came.
///
/// # Errors
/// `NotFound` when the number is nobody's; anything else means nothing was stored and Twilio should ask again.
pub async fn receive(s: &Services, form: &forms::Inbound, raw: &str) -> Result<Received> {
    let business_id = numbers::route(s, s.read(), &form.to, &form.from).await?;
    let Some(business_id) = business_id else {
        tracing::warn!(to = %mask(&form.to), "a text came to a number that belongs to no business");
        return Err(problem(Code::NotFound, "This number belongs to no business here."));
    };
    // Two first texts of a new number at once: one of them finds the contact made by the other when it tries again.
    for _ in 0..3 {
        match receive_once(s, business_id, form, raw).await {
            Err(e) if e.is_duplicate() || is_conflict(&e) => {
                if seen(s, &form.message_sid).await? {
                    return Ok(Received::Repeat);
                }
            }
            Err(e) => return keep(s, business_id, form, raw, &e).await,
            Ok(received) => return Ok(received),
        }
    }
    keep(
        s,
        business_id,
        form,
        raw,
        &Error::broken("the contact could not be told apart"),
    )
    .await
}

/// The contact was made by another text at the same moment.
fn is_conflict(e: &Error) -> bool {
    matches!(e, Error::Problem(p) if p.code == Code::Conflict)
}

async fn seen(s: &Services, sid: &str) -> Result<bool> {
    Ok(receipt::Entity::find_by_id(sid.to_owned())
        .one(&s.db().write)
        .await?
        .is_some())
}

async fn receive_once(s: &Services, business_id: Uuid, form: &forms::Inbound, raw: &str) -> Result<Received> {
    let mut tx = s.begin().await?;
    if receipt::Entity::find_by_id(form.message_sid.clone())
        .one(&tx.db)
        .await?
        .is_some()
    {
        return Ok(Received::Repeat);
    }
    insert_receipt(&tx, business_id, form, raw, None).await?;
    apply(&mut tx, business_id, form).await?;
    tx.commit().await?;
    tracing::info!(sid = %form.message_sid, from = %mask(&form.from), "text received");
    Ok(Received::Done)
}

/// Our own logic failed: the receipt alone is kept, with a job to try again.
async fn keep(s: &Services, business_id: Uuid, form: &forms::Inbound, raw: &str, cause: &Error) -> Result<Received> {
    tracing::error!(sid = %form.message_sid, %cause, "a text could not be acted on; kept for another try");
    let mut tx = s.begin().await?;
    if let Err(e) = insert_receipt(&tx, business_id, form, raw, Some(cause)).await {
        return if e.is_duplicate() { Ok(Received::Repeat) } else { Err(e) };
    }
    try_again(&mut tx, &form.message_sid, 1).await?;
    tx.commit().await?;
    Ok(Received::Kept)
}

async fn try_again(tx: &mut Tx, sid: &str, tries: i32) -> Result<()> {
    let wait = Duration::seconds(5 * i64::from(tries * tries));
    let job = Job::Receive {
        provider_sid: sid.to_owned(),
    };
    tx.enqueue(&job, tx.now + wait, Some(&format!("receive:{sid}:{tries}"))).await
}

async fn insert_receipt(tx: &Tx, business_id: Uuid, form: &forms::Inbound, raw: &str, error: Option<&Error>) -> Result<()> {
    let row = receipt::ActiveModel {
        provider_sid: Set(form.message_sid.clone()),
        business_id: Set(business_id),
        raw: Set(raw.to_owned()),
        received_at: Set(tx.now),
        processed_at: Set(error.is_none().then_some(tx.now)),
        tries: Set(i32::from(error.is_some())),
        last_error: Set(error.map(|e| e.to_string().chars().take(500).collect())),
    };
    row.insert(&tx.db).await?;
    Ok(())
}

/// Acts on a kept text again; after the last try it becomes a task.
pub(crate) async fn receive_again(s: &Services, sid: &str) -> Result<()> {
    let waiting = receipt::Entity::find_by_id(sid.to_owned()).one(s.read()).await?;
    let Some(row) = waiting.filter(|r| r.processed_at.is_none() && r.tries < TRIES) else {
        return Ok(());
    };
    let form = forms::Inbound::parse(row.raw.as_bytes()).map_err(|e| Error::broken(e.to_string()));
    let tried = match form {
        Ok(form) => apply_kept(s, &row, &form).await,
        Err(e) => Err(e),
    };
    let Err(cause) = tried else { return Ok(()) };
    tracing::error!(%sid, %cause, tries = row.tries, "a kept text could not be acted on again");
    let (business_id, tries) = (row.business_id, row.tries + 1);
    let mut tx = s.begin().await?;
    let mut row = row.into_active_model();
    row.tries = Set(tries);
    row.last_error = Set(Some(cause.to_string().chars().take(500).collect()));
    row.update(&tx.db).await?;
    if tries < TRIES {
        try_again(&mut tx, sid, tries).await?;
    } else {
        tasks::raise(&mut tx, stuck(business_id, sid)).await?;
    }
    tx.commit().await
}

fn stuck(business_id: Uuid, sid: &str) -> tasks::New {
    tasks::New {
        business_id,
        kind: tasks::Kind::StuckMessage,
        title: format!("A customer's text is stored but could not be shown. Look it up at Twilio as {sid}."),
        key: format!("stuck:{sid}"),
        contact_id: None,
        conversation_id: None,
        appointment_id: None,
        message_id: None,
    }
}

async fn apply_kept(s: &Services, row: &receipt::Model, form: &forms::Inbound) -> Result<()> {
    let mut tx = s.begin().await?;
    let mut done = row.clone().into_active_model();
    done.processed_at = Set(Some(tx.now));
    done.update(&tx.db).await?;
    apply(&mut tx, row.business_id, form).await?;
    tx.commit().await
}

/// Contact, conversation, message and effect of a text, in the caller's transaction.
async fn apply(tx: &mut Tx, business_id: Uuid, form: &forms::Inbound) -> Result<()> {
    let contact = contacts::known_or_new(tx, business_id, &form.from).await?;
    let inbound = store(tx, &contact, form).await?;
    let state = consent::state(&tx.db, contact.id).await?;
    let business = businesses::get(&tx.db, business_id).await?;
    match meaning(form, &inbound.body, state) {
        Meaning::Stop => {
            stop_elsewhere(tx, &inbound).await?;
            if state == State::OptedOut {
                Ok(())
            } else {
                set_consent(tx, &contact, &inbound, State::OptedOut).await
            }
        }
        Meaning::Start if state != State::OptedIn => set_consent(tx, &contact, &inbound, State::OptedIn).await,
        Meaning::Start => Ok(()),
        // With Advanced Opt-Out Twilio has answered already; and nothing at all goes to somebody who opted out.
        Meaning::Help if form.opt_out_type.is_some() || state == State::OptedOut || contact.blocked => Ok(()),
        Meaning::Help => {
            let body = texts::help(&business.name, &business.contact_line);
            respond(tx, &contact, &inbound, "help", body).await
        }
        Meaning::Yes { token } => reminders::answer(tx, &business, &contact, &inbound, true, token).await,
        Meaning::No { token } => reminders::answer(tx, &business, &contact, &inbound, false, token).await,
        Meaning::Other if state == State::OptedOut || contact.blocked => Ok(()),
        Meaning::Other => reminders::other(tx, &business, &contact, &inbound).await,
    }
}

fn meaning(form: &forms::Inbound, body: &str, state: State) -> Meaning {
    match form.opt_out_type.as_deref() {
        Some("STOP") => Meaning::Stop,
        Some("START") => Meaning::Start,
        Some("HELP") => Meaning::Help,
        _ => parse(body, state == State::OptedOut),
    }
}

async fn store(tx: &mut Tx, contact: &contact::Model, form: &forms::Inbound) -> Result<message::Model> {
    let conversation = conversations::get_or_begin(tx, contact.business_id, contact.id).await?;
    let mut body = clean(&form.body);
    if form.num_media > 0 {
        let note = format!("[{} attachment(s), not shown here]", form.num_media);
        body = if body.is_empty() { note } else { format!("{body}\n{note}") };
    }
    let row = message::ActiveModel {
        id: Set(Uuid::now_v7()),
        business_id: Set(contact.business_id),
        conversation_id: Set(conversation.id),
        contact_id: Set(contact.id),
        direction: Set("inbound".to_owned()),
        channel: Set("sms".to_owned()),
        kind: Set("customer".to_owned()),
        purpose: Set(Purpose::Transactional.as_str().to_owned()),
        status: Set(Status::Received.as_str().to_owned()),
        segments: Set(form.num_segments as i32),
        body: Set(body),
        from_addr: Set(form.from.clone()),
        to_addr: Set(form.to.clone()),
        account_sid: Set(Some(form.account_sid.clone())),
        provider_sid: Set(Some(form.message_sid.clone())),
        error_code: Set(None),
        error: Set(None),
        correlation_id: Set(None),
        author: Set(None),
        reminder_id: Set(None),
        appointment_id: Set(None),
        attempts: Set(0),
        looks: Set(0),
        not_before: Set(tx.now),
        wait_reason: Set(None),
        claimed_at: Set(None),
        created_at: Set(tx.now),
        sent_at: Set(None),
        delivered_at: Set(None),
    };
    let row = row.insert(&tx.db).await?;
    conversations::add(tx, conversation, &row).await?;
    tx.touch(contact.business_id, Touched::Message(row.id));
    Ok(row)
}

async fn set_consent(tx: &mut Tx, contact: &contact::Model, inbound: &message::Model, state: State) -> Result<()> {
    let sid = inbound.provider_sid.as_deref().unwrap_or_default();
    let evidence = format!("Text \"{}\" ({sid})", inbound.body.chars().take(200).collect::<String>());
    let change = consent::Change {
        contact,
        state,
        source: Source::Keyword,
        actor: "the customer",
        evidence: &evidence,
    };
    consent::record(tx, change).await
}

/// A STOP to a number that several businesses send from means all of them: the customer can't tell them apart.
async fn stop_elsewhere(tx: &mut Tx, inbound: &message::Model) -> Result<()> {
    if tx.services().settings().default_from.as_ref() != Some(&inbound.to_addr) {
        return Ok(());
    }
    let texted: Vec<(Uuid, Uuid)> = message::Entity::find()
        .filter(message::Column::ToAddr.eq(&inbound.from_addr))
        .filter(message::Column::FromAddr.eq(&inbound.to_addr))
        .filter(message::Column::BusinessId.ne(inbound.business_id))
        .select_only()
        .columns([message::Column::BusinessId, message::Column::ContactId])
        .distinct()
        .limit(100)
        .into_tuple()
        .all(&tx.db)
        .await?;
    for (business_id, contact_id) in texted {
        let contact = contacts::locked(tx, business_id, contact_id).await?;
        if consent::state(&tx.db, contact.id).await? != State::OptedOut {
            set_consent(tx, &contact, inbound, State::OptedOut).await?;
        }
    }
    Ok(())
}
