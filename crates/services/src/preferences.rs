//! The page where somebody says how they are reached, opened by a link without signing in. Looking changes nothing. Whoever has the link
//! sees the page; the link says whose it is, and no id from outside does.

pub mod link;

use contract::contacts::PreferencesLink;
use domain::{
    consent::{Channel, Purpose, Source, State},
    fallback,
    language::Language,
    phone::Address,
    preferences::{Words, evidence},
};
use entity::contacts::contact;
use uuid::Uuid;

use crate::{
    businesses,
    contacts::{self, consent, wishes},
    kernel::{
        Actor, Permission, Principal, Result, Services, Tx,
        error::{field, not_found},
    },
};

/// How somebody is reached, as they see it.
#[derive(Debug)]
pub struct Preferences {
    pub words: &'static Words,
    pub business: String,
    /// How to reach the business; may be empty.
    pub contact_line: String,
    /// Where they stand on e-mails about their visits; none where no address of theirs is known.
    pub emails: Option<State>,
    /// The same of texts, where they have a number that can be texted.
    pub texts: Option<State>,
    /// They get offers by some way.
    pub offers: bool,
    /// The way that is tried first.
    pub first: Channel,
    pub language: Language,
}

/// Something that somebody does there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Act {
    /// `one_click`: by their mail program's own button.
    StopEmails {
        one_click: bool,
    },
    StartEmails,
    StopTexts,
    Offers(bool),
    StopEverything,
    /// A language as `Language` says it, and the way that is tried first.
    Prefer {
        language: Option<String>,
        channel: Option<String>,
    },
}

/// The address of somebody's page, for who writes to them.
///
/// # Errors
/// `NotFound`, `NotAllowed`.
pub async fn get_link(s: &Services, actor: &Actor, id: Uuid) -> Result<PreferencesLink> {
    actor.may(Permission::ReadContacts)?;
    let person = contacts::view(s, s.read(), actor.business_id, id).await?;
    Ok(PreferencesLink {
        url: link::url(s, person.id).await?,
    })
}

/// The page of a link; none where it is nobody's.
///
/// # Errors
/// When the database does not answer.
pub async fn open(s: &Services, token: &str) -> Result<Option<Preferences>> {
    let db = s.read();
    let Some((business_id, id)) = link::open(s, db, token).await? else {
        return Ok(None);
    };
    let business = businesses::get(db, business_id).await?;
    let person = person(s, business_id, id).await?;
    let language = contacts::language::of(&business, &person);
    let known = consent::all_of(db, &[person.id]).await?;
    let stands = |channel: Channel| contacts::address(&person, channel).map(|_| of(&known, &person, channel));
    let offers = |channel: &&Channel| known.get(&(person.id, **channel, Purpose::Promotional)) == Some(&State::OptedIn);
    let order = fallback::order(person.channels.as_deref(), &business.channels);
    Ok(Some(Preferences {
        words: Words::of(language),
        emails: stands(Channel::Email),
        texts: stands(Channel::Sms).filter(|_| Address::of(&person.phone).objection().is_none()),
        offers: Channel::ALL.iter().any(|channel| offers(&channel)),
        first: order.first().copied().unwrap_or_default(),
        language,
        business: business.name,
        contact_line: business.contact_line,
    }))
}

/// Whoever they are now: of a contact that was merged into another the other.
async fn person(s: &Services, business_id: Uuid, id: Uuid) -> Result<contact::Model> {
    let one = async |id: Uuid| -> Result<contact::Model> {
        let mut found = contacts::many(s, s.read(), business_id, vec![id]).await?;
        found.remove(&id).ok_or_else(|| not_found("contact"))
    };
    let person = one(id).await?;
    match person.merged_into {
        Some(kept) => one(kept).await,
        None => Ok(person),
    }
}

type Known = std::collections::HashMap<(Uuid, Channel, Purpose), State>;

fn of(known: &Known, person: &contact::Model, channel: Channel) -> State {
    let key = (person.id, channel, Purpose::Transactional);
    known.get(&key).copied().unwrap_or_default()
}

/// Does what somebody wants; what is so already changes nothing. False where the link is nobody's.
///
/// # Errors
/// `Invalid` for a language or a way that is none.
pub async fn act(s: &Services, token: &str, act: Act) -> Result<bool> {
    let Some((business_id, id)) = link::open(s, s.read(), token).await? else {
        return Ok(false);
    };
    let mut tx = s.begin().await?;
    let person = contacts::locked(&tx, business_id, id).await?;
    match act {
        Act::StopEmails { one_click } => {
            let words = if one_click {
                evidence::ONE_CLICK
            } else {
                evidence::STOP_EMAILS
            };
            say(&mut tx, &person, Channel::Email, State::OptedOut, words).await?;
        }
        Act::StartEmails => say(&mut tx, &person, Channel::Email, State::OptedIn, evidence::START_EMAILS).await?,
        Act::StopTexts => say(&mut tx, &person, Channel::Sms, State::OptedOut, evidence::STOP_TEXTS).await?,
        Act::Offers(wanted) => offers(&mut tx, &person, wanted).await?,
        Act::StopEverything => {
            for channel in Channel::ALL {
                say(&mut tx, &person, *channel, State::OptedOut, evidence::STOP_EVERYTHING).await?;
            }
        }
        Act::Prefer { language, channel } => {
            let mail = channel.as_deref() == Some(Channel::Email.as_str());
            let wish = wish(&mut tx, &person, language, channel).await?;
            // Who wants to be written to there has agreed to it, unless they have said otherwise before.
            if mail && consent::state_on(&tx.db, person.id, Channel::Email).await? == State::Unknown {
                say(&mut tx, &person, Channel::Email, State::OptedIn, evidence::MAIL_FIRST).await?;
            }
            wishes::note(&mut tx, &Principal::CustomerPage, person, wish).await?;
        }
    }
    tx.commit().await?;
    Ok(true)
}

/// What is said twice is said once. Who has no address there says nothing of it.
async fn say(tx: &mut Tx, person: &contact::Model, channel: Channel, state: State, words: &str) -> Result<()> {
    if contacts::address(person, channel).is_none() {
        return Ok(());
    }
    let known = consent::all_of(&tx.db, &[person.id]).await?;
    let promotional = known.get(&(person.id, channel, Purpose::Promotional)).copied();
    let stands = of(&known, person, channel) == state;
    if stands && (state != State::OptedOut || promotional == Some(State::OptedOut)) {
        return Ok(());
    }
    let change = change(person, channel, state, words, tx.now);
    consent::record(tx, change).await
}

/// Offers by every way that they have not refused as a whole.
async fn offers(tx: &mut Tx, person: &contact::Model, wanted: bool) -> Result<()> {
    let known = consent::all_of(&tx.db, &[person.id]).await?;
    let (state, words) = if wanted {
        (State::OptedIn, evidence::START_OFFERS)
    } else {
        (State::OptedOut, evidence::STOP_OFFERS)
    };
    for channel in Channel::ALL.iter().copied() {
        let refused = wanted && of(&known, person, channel) == State::OptedOut;
        let stands = known.get(&(person.id, channel, Purpose::Promotional)) == Some(&state);
        if refused || stands || contacts::address(person, channel).is_none() {
            continue;
        }
        let change = change(person, channel, state, words, tx.now);
        consent::record_offers(tx, change).await?;
    }
    Ok(())
}

fn change<'a>(
    contact: &'a contact::Model,
    channel: Channel,
    state: State,
    evidence: &'a str,
    at: chrono::DateTime<chrono::Utc>,
) -> consent::Change<'a> {
    consent::Change {
        contact,
        channel,
        state,
        source: Source::PreferencePage,
        by: &Principal::CustomerPage,
        evidence,
        at,
    }
}

/// The way that was chosen comes first; the others follow in the order that held.
async fn wish(tx: &mut Tx, person: &contact::Model, language: Option<String>, channel: Option<String>) -> Result<wishes::Wish> {
    let language = match language.as_deref().map(str::parse::<Language>) {
        None => None,
        Some(Ok(language)) => Some(language.as_str().to_owned()),
        Some(Err(_)) => return Err(field("language", "This language is not known here.")),
    };
    let business = businesses::of(tx, person.business_id).await?;
    let channels = match channel.as_deref().map(str::parse::<Channel>) {
        None => None,
        Some(Ok(first)) if contacts::address(person, first).is_some() => {
            let there = |way: &Channel| *way != first && contacts::address(person, *way).is_some();
            let others = fallback::order(person.channels.as_deref(), &business.channels);
            let others = others.into_iter().chain(Channel::ALL.iter().copied()).filter(there);
            let mut all = vec![first];
            for way in others {
                if !all.contains(&way) {
                    all.push(way);
                }
            }
            Some(all)
        }
        Some(_) => return Err(field("channel", "There is no way to you like that.")),
    };
    Ok(wishes::Wish { channels, language })
}
