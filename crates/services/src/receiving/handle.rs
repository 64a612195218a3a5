//! What a customer's text does beyond the thread that it is in: consent, answers to reminders, automatic replies.

use contract::numbers::Answers;
use domain::{
    consent::{Channel, Source, State},
    inbound::{self, Meaning, parse, words},
    phone::Address,
    templates::Kind,
    texts, whatsapp,
};
use entity::{contacts::contact, messages::message};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, sea_query::Expr};
use uuid::Uuid;

use super::{
    answer::{self, Answer},
    saying::{self, in_own_words},
};
use crate::{
    appointments::arrival::{self, Here},
    businesses,
    channels::Inbound,
    contacts::{self, consent, hold},
    kernel::{Principal, Result, Tx},
    messages::{
        OUTBOUND, THEIRS,
        buttons::{self, Tapped},
    },
    numbers, reminders, tasks, waitlist,
};

/// A text that is stored, and what is known of who wrote it.
pub(super) struct Heard<'a> {
    pub text: &'a Inbound,
    pub inbound: &'a message::Model,
    pub contact: &'a contact::Model,
    pub state: State,
    /// A reminder of theirs may wait for an answer.
    pub asked: bool,
}

/// Does what a text says; about whom it changed anything but their thread.
pub(super) async fn act(tx: &mut Tx, heard: &Heard<'_>) -> Result<Vec<Uuid>> {
    let agreed = agree_by_writing(tx, heard).await?;
    let mut changed = follow(tx, heard).await?;
    if agreed && !changed.contains(&heard.contact.id) {
        changed.push(heard.contact.id);
    }
    Ok(changed)
}

async fn follow(tx: &mut Tx, heard: &Heard<'_>) -> Result<Vec<Uuid>> {
    let Heard {
        text,
        inbound,
        contact,
        state,
        asked,
    } = *heard;
    let since = Since::of(tx, contact, inbound).await?;
    // It means what it meant when they wrote it.
    let state_then = if since.opted_out { State::Unknown } else { state };
    let tapped = tapped(tx, contact, text).await?;
    let meaning = match tapped.as_ref().map(|button| button.answer) {
        Some(whatsapp::Answer::Yes) => Meaning::Yes { token: None },
        Some(whatsapp::Answer::No) => Meaning::No { token: None },
        Some(whatsapp::Answer::Choice(_)) => Meaning::Other,
        None => meaning(text, state_then),
    };
    if Address::of(&contact.phone).is_machine() && !matches!(meaning, Meaning::Stop | Meaning::Start) {
        // It is shown. Nobody there reads an answer, and a machine might answer that in turn.
        return Ok(Vec::new());
    }
    if meaning == Meaning::Stop && inbound::may_mean_the_appointment(&text.body) && !since.answered && !since.opted_in {
        reminders::perhaps_meant(tx, contact, Some(inbound), &text.body).await?;
    }
    let mut changed = vec![contact.id];
    // What a button of somebody else's says is no choice of a time, either.
    let answers = match meaning {
        Meaning::Yes { .. } | Meaning::No { .. } => true,
        Meaning::Other => asked && !domain::optout::is_opt_out(words(&inbound.body)),
        _ => false,
    };
    if tapped.is_none() && text.button.is_some() && answers {
        // A button of ours that is not known, or somebody else's: what stands on it answers nothing by itself.
        if quoted(tx, contact, text).await?.is_none() {
            let title = "They tapped a button that is not known here. Please read what they meant.";
            tasks::ask_to_read(tx, inbound, title.to_owned()).await?;
            return Ok(changed);
        }
    }
    if let Some(button) = &tapped
        && let whatsapp::Answer::Choice(n) = button.answer
    {
        waitlist::times::tapped(tx, contact, inbound, (button.message_id, n)).await?;
        return Ok(changed);
    }
    match meaning {
        // It is shown, and what they said last counts.
        Meaning::Stop if since.opted_in => return Ok(Vec::new()),
        Meaning::Start if since.opted_out => return Ok(Vec::new()),
        Meaning::Stop => {
            changed.extend(stop_elsewhere(tx, inbound, text).await?);
            // Of a further number it is news that it has said so, too.
            if state == State::OptedOut && text.known_by() == contact.phone {
                hold::end(tx, contact, &Principal::Customer).await?;
            } else {
                set_consent(tx, contact, inbound, text, State::OptedOut).await?;
                if text.channel == Channel::WhatsApp && text.handled.is_none() && state != State::OptedOut {
                    goodbye(tx, contact, inbound).await?;
                }
            }
        }
        Meaning::Start if first_has_stopped(tx, contact, text).await? => {
            consent::lift(tx, contact.business_id, text.known_by()).await?;
            let title =
                "They wrote START from a further number, and STOP from the one that texts go to: it stays so. Please read.";
            tasks::ask_to_read(tx, inbound, title.to_owned()).await?;
        }
        Meaning::Start if state != State::OptedIn || contact.held_since.is_some() || has_stopped(tx, contact, text).await? => {
            set_consent(tx, contact, inbound, text, State::OptedIn).await?;
            let (_, start_by) = numbers::answers(&tx.db, contact.business_id, &inbound.ours).await?;
            if is_ours_to_answer(text, start_by) {
                welcome_back(tx, contact, inbound).await?;
            }
        }
        Meaning::Start => return Ok(Vec::new()),
        // Nothing at all goes to somebody who opted out.
        Meaning::Help if state == State::OptedOut || contact.blocked => return Ok(Vec::new()),
        Meaning::Help if !is_ours_to_answer(text, numbers::answers(&tx.db, contact.business_id, &inbound.ours).await?.0) => {
            return Ok(Vec::new());
        }
        Meaning::Help => {
            let business = businesses::of(tx, contact.business_id).await?;
            let known = texts::reached(&business.name, &business.contact_line);
            in_own_words(tx, contact, inbound, "help", Kind::Help, known).await?;
        }
        Meaning::Yes { .. } | Meaning::No { .. } if since.answered => {
            let title = "An answer came late, after a newer one. Please read what they wrote.".to_owned();
            tasks::ask_to_read(tx, inbound, title).await?;
        }
        Meaning::Here => here(tx, heard).await?,
        Meaning::Yes { token } => answered(tx, heard, true, token).await?,
        Meaning::No { token } => answered(tx, heard, false, token).await?,
        Meaning::Other if state == State::OptedOut || contact.blocked => return Ok(Vec::new()),
        Meaning::Other if domain::optout::is_opt_out(words(&inbound.body)) => hold::begin(tx, contact, inbound).await?,
        Meaning::Other if !asked => return Ok(Vec::new()),
        Meaning::Other if waitlist::times::chosen(tx, contact, inbound).await? => {}
        Meaning::Other => {
            let business = businesses::of(tx, contact.business_id).await?;
            answer::other(tx, &business, contact, inbound).await?;
        }
    }
    Ok(changed)
}

/// Whether a HELP or START is answered from here. With Advanced Opt-Out Twilio has answered already, unless it was told not to; on WhatsApp
/// it answers with that alone.
fn is_ours_to_answer(text: &Inbound, who: Answers) -> bool {
    match who {
        _ if text.channel == Channel::WhatsApp => text.handled.is_none(),
        Answers::Twilio => false,
        Answers::We => true,
        Answers::Both => text.handled.is_none(),
    }
}

/// They get texts again, and are told so.
async fn welcome_back(tx: &mut Tx, contact: &contact::Model, inbound: &message::Model) -> Result<()> {
    // What held texts back is over by now.
    tx.settle().await?;
    let contact = contacts::locked(tx, contact.business_id, contact.id).await?;
    let business = businesses::of(tx, contact.business_id).await?;
    in_own_words(tx, &contact, inbound, "start", Kind::Started, texts::plain(&business.name)).await
}

/// They say that they are there. Where that is not plainly about one visit of today, it is a text like any other.
async fn here(tx: &mut Tx, heard: &Heard<'_>) -> Result<()> {
    match arrival::said(tx, heard.contact, heard.inbound.created_at).await? {
        Here::Marked => Ok(()),
        Here::Several => {
            let title = "They are there, and have several visits today. Please say which one it is.";
            tasks::ask_to_read(tx, heard.inbound, title.to_owned()).await
        }
        Here::Nothing => {
            let title = "They wrote that they are there, but have no visit today. Please read.";
            tasks::ask_to_read(tx, heard.inbound, title.to_owned()).await
        }
    }
}

async fn answered(tx: &mut Tx, heard: &Heard<'_>, yes: bool, token: Option<u16>) -> Result<()> {
    let business = businesses::of(tx, heard.contact.business_id).await?;
    let quoted = match tapped(tx, heard.contact, heard.text).await? {
        Some(button) => Some(button.message_id),
        None => quoted(tx, heard.contact, heard.text).await?,
    };
    let vague = yes && token.is_none() && inbound::may_only_acknowledge(&heard.text.body);
    let said = Answer {
        yes,
        vague,
        token,
        quoted,
    };
    answer::answer(tx, &business, heard.contact, heard.inbound, said).await
}

/// The button of ours that was tapped; what it carries tells by itself which question it answers, and how.
async fn tapped(tx: &Tx, contact: &contact::Model, text: &Inbound) -> Result<Option<Tapped>> {
    match &text.button {
        Some(carried) => buttons::tapped(tx, contact, carried).await,
        None => Ok(None),
    }
}

/// Who writes to the business on WhatsApp agrees to hear about their appointments there; who has said STOP, or says it now, does not. Whether
/// it was news.
async fn agree_by_writing(tx: &mut Tx, heard: &Heard<'_>) -> Result<bool> {
    let Heard {
        text, contact, state, ..
    } = *heard;
    let decides = matches!(meaning(text, state), Meaning::Stop | Meaning::Start);
    if text.channel != Channel::WhatsApp || state != State::Unknown || decides || contact.sample {
        return Ok(false);
    }
    let evidence = evidence(heard.inbound, "Wrote on WhatsApp");
    let change = consent::Change {
        contact,
        channel: Channel::WhatsApp,
        state: State::OptedIn,
        source: Source::Wrote,
        by: &Principal::Customer,
        evidence: &evidence,
        at: heard.inbound.created_at,
    };
    consent::record(tx, change).await?;
    Ok(true)
}

fn evidence(inbound: &message::Model, what: &str) -> String {
    let sid = inbound.provider_sid.as_deref().unwrap_or_default();
    format!("{what} \"{}\" ({sid})", inbound.body.chars().take(200).collect::<String>())
}

/// On WhatsApp nobody but us tells them that they are heard: once.
async fn goodbye(tx: &mut Tx, contact: &contact::Model, inbound: &message::Model) -> Result<()> {
    // What waited for them is withdrawn first, and this is not.
    tx.settle().await?;
    saying::goodbye(tx, contact, inbound).await
}

/// The text of ours which they replied to, or whose button they tapped. Plain SMS does not tell.
async fn quoted(tx: &Tx, contact: &contact::Model, text: &Inbound) -> Result<Option<Uuid>> {
    let Some(sid) = &text.replied_to else {
        return Ok(None);
    };
    let ours = message::Entity::in_business(contact.business_id)
        .filter(message::Column::ProviderSid.eq(sid))
        .filter(message::Column::ContactId.eq(contact.id))
        .one(&tx.db)
        .await?;
    Ok(ours.map(|m| m.id))
}

/// What was said since a text was written, for one that comes late: brought in after an outage, or acted on at a second try.
#[derive(Default)]
struct Since {
    opted_out: bool,
    /// By a keyword of theirs.
    opted_in: bool,
    answered: bool,
}

impl Since {
    async fn of(tx: &Tx, contact: &contact::Model, inbound: &message::Model) -> Result<Self> {
        let mut since = Self::default();
        if inbound.created_at >= tx.now {
            return Ok(since);
        }
        let later: Vec<String> = message::Entity::in_business(inbound.business_id)
            .filter(message::Column::ConversationId.eq(inbound.conversation_id))
            .filter(message::Column::CreatedAt.gt(inbound.created_at))
            .filter(message::Column::Direction.eq("inbound"))
            .order_by_desc(message::Column::CreatedAt)
            .select_only()
            .column(message::Column::Body)
            .limit(100)
            .into_tuple()
            .all(&tx.db)
            .await?;
        let later: Vec<Meaning> = later.iter().map(|body| said(body)).collect();
        since.answered = later.iter().any(|m| matches!(m, Meaning::Yes { .. } | Meaning::No { .. }));
        // Not every change is a keyword in the thread (staff, a refusal of Twilio's), and not every keyword changes anything.
        let keyword = later.iter().find(|m| matches!(m, Meaning::Stop | Meaning::Start));
        let written = consent::since(tx, contact, inbound.created_at).await?;
        let last = written.as_ref().map_or(State::Unknown, |row| consent::read(&row.state));
        let by_keyword = written.is_none_or(|row| row.source == Source::Keyword.as_str());
        (since.opted_out, since.opted_in) = match (last, keyword) {
            (State::OptedOut, _) | (State::Unknown, Some(Meaning::Stop)) => (true, false),
            (State::OptedIn, _) | (State::Unknown, Some(_)) => (false, by_keyword),
            (State::Unknown, None) => (false, false),
        };
        // Perhaps they have asked for no more texts: nobody has decided yet.
        since.opted_out |= contact.held_since.is_some_and(|at| at > inbound.created_at);
        Ok(since)
    }
}

/// What a text says, whoever wrote it; asking for no more texts in other words is as good as STOP.
fn said(body: &str) -> Meaning {
    match parse(words(body), false) {
        Meaning::Other if domain::optout::is_opt_out(words(body)) => Meaning::Stop,
        said => said,
    }
}

/// Whether a text says something that a machine acts on. Where it can't after all, a person is asked, and its sender waits from then on.
pub(super) fn is_for_the_machine(text: &Inbound, state: State, asked: bool) -> bool {
    if text.button.is_some() {
        return asked;
    }
    match meaning(text, state) {
        Meaning::Stop | Meaning::Start | Meaning::Help | Meaning::Here => true,
        Meaning::Yes { .. } | Meaning::No { .. } => asked,
        Meaning::Other => false,
    }
}

pub(super) fn meaning(text: &Inbound, state: State) -> Meaning {
    text.handled.unwrap_or_else(|| parse(&text.body, state == State::OptedOut))
}

/// A START counts for the number it came from. Texts go to the person's first one: if that has said STOP, it is for that to take it back.
async fn first_has_stopped(tx: &Tx, contact: &contact::Model, text: &Inbound) -> Result<bool> {
    let further = text.channel == Channel::Sms && text.from != contact.phone;
    Ok(further
        && consent::suppressed_since(tx, contact.business_id, &contact.phone)
            .await?
            .is_some())
}

/// Whether the number of this text has said STOP, though its person may be texted at another.
async fn has_stopped(tx: &Tx, contact: &contact::Model, text: &Inbound) -> Result<bool> {
    let further = text.channel == Channel::Sms && text.from != contact.phone;
    Ok(further
        && consent::suppressed_since(tx, contact.business_id, &text.from)
            .await?
            .is_some())
}

async fn set_consent(
    tx: &mut Tx,
    contact: &contact::Model,
    inbound: &message::Model,
    text: &Inbound,
    state: State,
) -> Result<()> {
    let evidence = evidence(
        inbound,
        if text.channel == Channel::WhatsApp {
            "On WhatsApp"
        } else {
            "Text"
        },
    );
    let change = consent::Change {
        contact,
        channel: text.channel,
        state,
        source: Source::Keyword,
        by: &Principal::Customer,
        evidence: &evidence,
        at: inbound.created_at,
    };
    consent::record_of(tx, &change, text.known_by()).await?;
    if state == State::OptedOut {
        consent::stop_elsewhere(tx, &change).await?;
    }
    Ok(())
}

/// A STOP to a number that several businesses send from means all of them: the customer can't tell them apart. Whom it stopped there.
async fn stop_elsewhere(tx: &mut Tx, inbound: &message::Model, text: &Inbound) -> Result<Vec<Uuid>> {
    if tx.services().settings().default_from.as_ref() != Some(&inbound.ours) {
        return Ok(Vec::new());
    }
    let texted: Vec<(Uuid, Uuid)> = message::Entity::find()
        .filter(message::Column::TheirsKey.is_in(tx.services().vault().indexes(THEIRS, &text.from)))
        .filter(message::Column::Ours.eq(&inbound.ours))
        .filter(Expr::cust(OUTBOUND))
        .filter(message::Column::BusinessId.ne(inbound.business_id))
        .select_only()
        .columns([message::Column::BusinessId, message::Column::ContactId])
        .distinct()
        .limit(100)
        .into_tuple()
        .all(&tx.db)
        .await?;
    let mut stopped = Vec::new();
    for (business_id, contact_id) in texted {
        let contact = contacts::locked(tx, business_id, contact_id).await?;
        if consent::state(&tx.db, contact.id).await? != State::OptedOut {
            set_consent(tx, &contact, inbound, text, State::OptedOut).await?;
            if inbound::may_mean_the_appointment(&text.body) {
                // Which business they meant they did not say; the text itself is the other one's.
                reminders::perhaps_meant(tx, &contact, None, &text.body).await?;
            }
            stopped.push(contact.id);
        }
    }
    Ok(stopped)
}
