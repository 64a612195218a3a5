//! What a customer's Y, N or anything else is an answer to. Nothing is guessed.

use std::sync::Arc;

use chrono::Duration;
use domain::{
    delivery::Status as Delivery,
    inbound::{begins_like_an_answer, words},
    origin::Origin,
    reminders::Which,
    templates::Kind,
    texts,
};
use entity::{businesses::business, contacts::contact, messages::message};
use sea_orm::{ColumnTrait, Condition, QueryFilter, QuerySelect};
use uuid::Uuid;

use super::saying::in_own_words;
use crate::{
    contacts,
    kernel::{Event, Principal, Result, Tx},
    questions::{self, Open},
    tasks,
};

/// Who says the same again so soon has pressed twice.
const SAME_AGAIN: Duration = Duration::minutes(10);

/// What a customer answered.
pub(super) struct Answer {
    pub yes: bool,
    /// It says no more than "ok" or a thumb.
    pub vague: bool,
    /// The number behind the letter.
    pub token: Option<u16>,
    /// The text they quoted; it decides by itself.
    pub quoted: Option<Uuid>,
}

/// Finds what a Y or N answers. The contact is locked by the caller.
pub(super) async fn answer(
    tx: &mut Tx,
    business: &business::Model,
    contact: &contact::Model,
    inbound: &message::Model,
    said: Answer,
) -> Result<()> {
    let mut open = questions::waiting(tx, contact, inbound).await?;
    if let Some(quoted) = said.quoted {
        let about = questions::asked_by(tx, contact, quoted).await?;
        open.retain(|one| about.contains(&one.question.subject_id));
    }
    let meant = questions::meant(said.token, &open);
    // Who has answered everything that is open answers what was open until a while ago.
    let all_answered = open.iter().all(|one| one.question.answer.is_some());
    if (meant == Which::Nothing || (all_answered && said.token.is_none() && said.quoted.is_none()))
        && let Some(late) = questions::lapsed(tx, contact, inbound, said.token, said.quoted).await?
        && open.iter().all(|one| one.asked_at < late.asked_at)
    {
        match (late.question.answer, late.question.answered_at) {
            (None, _) => return take(tx, inbound, vec![late], &said).await,
            (Some(false), _) if said.yes => return take(tx, inbound, vec![late], &said).await,
            // The same once more.
            (Some(yes), Some(at)) if yes == said.yes && tx.now - at < SAME_AGAIN => return Ok(()),
            _ => {}
        }
    }
    match meant {
        Which::These(these) => {
            let mut place = 0..;
            open.retain(|_| place.next().is_some_and(|place| these.contains(&place)));
            take(tx, inbound, open, &said).await
        }
        Which::AskWhich => ask_which(tx, business, contact, inbound, &open).await,
        Which::Nothing => {
            let what = if said.yes { "Answered yes" } else { "Answered no" };
            let title = format!("{what}, but no visit is waiting for that answer.");
            tasks::ask_to_read(tx, inbound, title).await
        }
    }
}

/// The answer to these, which one text asked.
async fn take(tx: &mut Tx, inbound: &message::Model, meant: Vec<Open>, said: &Answer) -> Result<()> {
    for open in &meant {
        if said.vague && questions::gives_way(&open.question) {
            let title =
                "They may want offers: that they do must be said plainly. Please ask, or send them the address of their page.";
            return tasks::ask_to_read(tx, inbound, title.to_owned()).await;
        }
        if perhaps_to_staff(tx, inbound, open, said).await? {
            let title = "They answered, but perhaps what was written to them last and not the reminder. Please read.";
            return tasks::ask_to_read(tx, inbound, title.to_owned()).await;
        }
    }
    for open in meant {
        let answered = questions::answer(tx, open.question, Some(inbound), said.yes).await?;
        let event = Event::Answered(Arc::new(answered), Arc::new(inbound.clone()));
        tx.record(inbound.business_id, &Principal::Customer, event);
    }
    Ok(())
}

/// Whether this may be an answer to what a person wrote to them meanwhile: an "ok" since we asked, or anything that would turn round
/// what they have answered ("N", "Does Tuesday at 3 suit you?", "Yes").
async fn perhaps_to_staff(tx: &Tx, inbound: &message::Model, open: &Open, said: &Answer) -> Result<bool> {
    if said.token.is_some() || said.quoted.is_some() {
        return Ok(false);
    }
    let question = &open.question;
    let since = match question.answer {
        Some(yes) if yes != said.yes => question.answered_at.unwrap_or(open.asked_at),
        None if said.vague => open.asked_at,
        _ => return Ok(false),
    };
    let written = message::Entity::in_business(inbound.business_id)
        .filter(message::Column::ConversationId.eq(inbound.conversation_id))
        // What was written for later was said when it went out.
        .filter(
            Condition::any()
                .add(message::Column::CreatedAt.gt(since))
                .add(message::Column::SendAt.gt(since)),
        )
        .filter(message::Column::CreatedAt.lte(inbound.created_at))
        .filter(message::Column::Origin.eq(Origin::Reply.as_str()))
        .filter(message::Column::Status.is_not_in([Delivery::Queued.as_str(), Delivery::Cancelled.as_str()]))
        .limit(1)
        .one(&tx.db)
        .await?;
    Ok(written.is_some())
}

/// Several questions wait: ask once which one is meant, after that a person reads.
async fn ask_which(
    tx: &mut Tx,
    business: &business::Model,
    contact: &contact::Model,
    inbound: &message::Model,
    open: &[Open],
) -> Result<()> {
    let beside_consent = open.iter().any(|one| questions::gives_way(&one.question));
    if beside_consent || !questions::take_correction(tx, open).await? {
        return tasks::ask_to_read(tx, inbound, "Answered without saying which visit is meant.".to_owned()).await;
    }
    let language = contacts::language::of(business, contact);
    let known = texts::which(language, &business.name, &questions::visits(business, contact, open));
    in_own_words(tx, contact, inbound, "correction", Kind::WhichVisit, known).await
}

/// A text that is neither Y, N nor a keyword: one polite correction per question, then a person reads. Who began to answer said what they
/// want, in words that a person must read at once.
pub(super) async fn other(
    tx: &mut Tx,
    business: &business::Model,
    contact: &contact::Model,
    inbound: &message::Model,
) -> Result<()> {
    let mut open = questions::waiting(tx, contact, inbound).await?;
    open.retain(|one| one.question.answer.is_none() && !questions::gives_way(&one.question));
    if open.is_empty() {
        return Ok(());
    }
    if begins_like_an_answer(words(&inbound.body)) {
        let title = "Their answer is not plainly a yes or a no. Please read and answer.";
        return tasks::ask_to_read(tx, inbound, title.to_owned()).await;
    }
    if !questions::take_correction(tx, &open).await? {
        let title = "Wrote something other than Y or N. Please read and answer.";
        return tasks::ask_to_read(tx, inbound, title.to_owned()).await;
    }
    // A family's text is answered as a whole.
    let is_one_text = open
        .windows(2)
        .all(|two| two[0].question.message_id == two[1].question.message_id);
    let language = contacts::language::of(business, contact);
    let (kind, known) = if is_one_text {
        (Kind::Correction, texts::plain(&business.name))
    } else {
        let visits = questions::visits(business, contact, &open);
        (Kind::WhichVisit, texts::which(language, &business.name, &visits))
    };
    in_own_words(tx, contact, inbound, "correction", kind, known).await
}
