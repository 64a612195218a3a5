//! Mail of ours that came back, and what its readers complained of: handed to us as it is, by whoever takes in mail at the address it comes
//! back to. Only what names a mail by an address that we have given out ourselves is believed.

mod report;

use domain::{
    consent::{Channel, Source, State},
    delivery::{Status, Update},
    outcome::{Class, Failure, Retry, Scope},
    words,
};
use entity::{
    contacts::contact,
    messages::{message, message_event},
};
use sea_orm::{EntityTrait, Set};
use uuid::Uuid;

use report::Said;

use crate::{
    channels,
    contacts::{consent, dead},
    delivery::state,
    kernel::{Principal, Result, Services, Tx},
    messages::{self, locked, origin},
    tasks,
};

const MAIL: Principal = Principal::System("the mail server");

/// Whether who hands something over may do that. None: nothing comes back here.
pub fn may_hand_over(s: &Services, secret: Option<&str>) -> Option<bool> {
    let returns = channels::mail_server(s)?.returns()?;
    Some(secret.is_some_and(|secret| returns.knows(secret)))
}

/// What came of a mail that was handed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Returned {
    /// One of ours did not arrive.
    Failed,
    /// Somebody wants no more mail.
    OptedOut,
    /// It decides nothing, was heard before, or is about no mail of ours.
    Nothing,
}

/// Acts on a report.
///
/// # Errors
/// When the database does not answer.
pub async fn take(s: &Services, raw: &[u8]) -> Result<Returned> {
    let Some(report) = report::read(raw) else {
        return Ok(Returned::Nothing);
    };
    let returns = channels::mail_server(s).and_then(|server| server.returns());
    let id = returns.and_then(|returns| report.addresses.iter().find_map(|address| returns.mail(address)));
    let Some(id) = id else {
        tracing::info!("what came back names no mail of ours");
        return Ok(Returned::Nothing);
    };
    let Some(business_id) = business_of(s, id).await? else {
        return Ok(Returned::Nothing);
    };
    let mut tx = s.begin().await?;
    let found = locked(&tx, business_id, id).await?;
    let Some((person, row)) = found.filter(|(_, m)| channels::of(m) == Some(Channel::Email) && m.attempts > 0) else {
        return Ok(Returned::Nothing);
    };
    let done = match report.said {
        Said::Failed { status, detail } => failed(&mut tx, &person, row, &status, &detail).await?,
        Said::Abuse => complained(&mut tx, &person, &row).await?,
        Said::Nothing => Returned::Nothing,
    };
    tx.commit().await?;
    Ok(done)
}

async fn business_of(s: &Services, id: Uuid) -> Result<Option<Uuid>> {
    let row = message::Entity::find_by_id(id).one(s.read()).await?;
    Ok(row.map(|row| row.business_id))
}

async fn failed(tx: &mut Tx, person: &contact::Model, m: message::Model, status: &str, detail: &str) -> Result<Returned> {
    let before = messages::status(&m);
    if before.is_failure() || matches!(before, Status::Queued | Status::Cancelled) {
        return Ok(Returned::Nothing);
    }
    let said = words::line(detail).replace(&m.theirs, "…");
    let dead = channels::email::is_dead(status);
    let failure = failure(status, &said, dead);
    message_event::Entity::insert(event(tx, &m, &failure))
        .exec_without_returning(&tx.db)
        .await?;
    if dead && dead::mark(tx, &m, status).await? {
        ask_for_address(tx, person, &m).await?;
    }
    state::known(tx, &m, "the mail server").await?;
    let how = state::Failure {
        update: Update::Provider(Status::Undelivered),
        failure,
        retrying: false,
    };
    state::fail(tx, person, m, how).await?;
    Ok(Returned::Failed)
}

/// In plain words. What is wrong with us or our name there is not the address's fault.
fn failure(status: &str, said: &str, dead: bool) -> Failure {
    let full = status.ends_with(".2.2");
    let (why, next_step) = if dead {
        ("Nobody has this e-mail address.", "Please ask for the right one, or call.")
    } else if full {
        ("Their mailbox is full.", "Please call.")
    } else if status.contains(".7.") {
        (
            "Their mail server does not trust ours.",
            "Please ask who runs this installation (SPF, DKIM, DMARC), and call.",
        )
    } else {
        ("Their mail server did not take it.", "Please check the address, or call.")
    };
    Failure {
        code: None,
        detail: said.to_owned(),
        words: format!("The mail came back ({status}). {why}"),
        next_step: next_step.to_owned(),
        class: if dead { Class::BadAddress } else { Class::Other },
        scope: Scope::Message,
        retry: Retry::Never,
    }
}

fn event(tx: &Tx, m: &message::Model, failure: &Failure) -> message_event::ActiveModel {
    message_event::ActiveModel {
        id: Set(Uuid::now_v7()),
        business_id: Set(Some(m.business_id)),
        message_id: Set(Some(m.id)),
        provider_sid: Set(String::new()),
        account_sid: Set(None),
        status: Set(Status::Undelivered.as_str().to_owned()),
        error_code: Set(failure.code),
        source: Set("bounce".to_owned()),
        at: Set(tx.now),
    }
}

/// Of what a person wrote its writer hears anyhow; of what a machine did somebody has to know that this address is none.
async fn ask_for_address(tx: &mut Tx, person: &contact::Model, m: &message::Model) -> Result<()> {
    if !origin(m).is_some_and(|origin| origin.policy().owned) {
        return Ok(());
    }
    let task = tasks::New {
        business_id: m.business_id,
        kind: tasks::Kind::StuckMessage,
        title: "Mail to this person comes back: nobody has their e-mail address. Please ask for the right one.".to_owned(),
        key: format!("dead:{}", m.id),
        contact_id: Some(person.id),
        conversation_id: Some(m.conversation_id),
        appointment_id: None,
        message_id: Some(m.id),
    };
    tasks::raise(tx, task).await
}

/// They told their provider that they do not want this: the same as if they had told us.
async fn complained(tx: &mut Tx, person: &contact::Model, m: &message::Model) -> Result<Returned> {
    if consent::state_on(&tx.db, person.id, Channel::Email).await? == State::OptedOut {
        return Ok(Returned::Nothing);
    }
    let evidence = format!("Their mail provider reports a complaint about our mail ({})", m.id);
    let change = consent::Change {
        contact: person,
        channel: Channel::Email,
        state: State::OptedOut,
        source: Source::ProviderBlock,
        by: &MAIL,
        evidence: &evidence,
        at: tx.now,
    };
    consent::record(tx, change).await?;
    Ok(Returned::OptedOut)
}
