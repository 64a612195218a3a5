//! What a customer is told: the business's own text, else the built-in one. A text of its own that can't be filled is never sent half: the
//! built-in one goes out, and somebody is asked to look.

use std::sync::Arc;

use contract::templates::TemplateWords;
use domain::{
    language::Language,
    templates::{Channel, Kind, Values, Variable, Which, fill, uses},
};
use entity::{appointments::appointment, businesses::business, contacts::contact, waitlist::slot};
use sea_orm::ConnectionTrait;
use uuid::Uuid;

use super::{
    choosing::{self, Chosen},
    kept,
    tried::Trial,
    values,
};
use crate::{
    businesses,
    channels::email::Letter,
    kernel::{Error, Result, Services, Tx},
    tasks,
};

/// Whom a text is to, from whom, and about what.
#[derive(Clone, Copy)]
pub(crate) struct About<'a> {
    pub business: &'a business::Model,
    /// None: nobody, it is only looked at.
    pub contact: Option<&'a contact::Model>,
    pub visit: Option<&'a appointment::Model>,
    /// A time that no visit of theirs has.
    pub slot: Option<&'a slot::Model>,
}

impl<'a> About<'a> {
    /// Nothing but whom it is to.
    pub(crate) const fn to(business: &'a business::Model, contact: &'a contact::Model) -> Self {
        Self {
            business,
            contact: Some(contact),
            visit: None,
            slot: None,
        }
    }
}

/// A text as it goes out.
pub(crate) struct Said {
    /// Of an e-mail.
    pub subject: Option<String>,
    pub body: String,
    /// The address of the page behind it stands in it.
    pub has_link: bool,
    /// It is one of two that are tried: whoever sends it says so (`experiments::given`).
    pub tried: Option<Chosen>,
}

impl Said {
    /// The same as a letter: an empty line begins another paragraph.
    pub(crate) fn letter(&self) -> Letter {
        let paragraphs = self.body.split("\n\n").map(str::trim).filter(|part| !part.is_empty());
        paragraphs.fold(Letter::default(), Letter::paragraph)
    }
}

/// The text of a kind for somebody. `known`: what only whoever sends it knows; the rest is looked up where the text asks for it.
pub(crate) async fn say(tx: &mut Tx, which: Which, about: About<'_>, known: Values) -> Result<Said> {
    let services = tx.services().clone();
    let trial = match about.contact {
        Some(contact) => choosing::choose(tx, about.business, contact, which).await?,
        None => None,
    };
    let (said, failed) = written(&services, &tx.db, which, about, known, trial).await?;
    if let Some((key, why)) = failed {
        let (kind, channel, language) = (which.kind.label(), which.channel.label(), which.language.name());
        let name = format!("“{kind}” ({channel}, {language})");
        let new = tasks::New {
            business_id: about.business.id,
            kind: tasks::Kind::Template,
            title: format!(
                "Your text {name} could not be sent, so the built-in one was: {why}. Please change it in Settings, Texts."
            ),
            key,
            contact_id: None,
            conversation_id: None,
            appointment_id: None,
            message_id: None,
        };
        tasks::raise(tx, new).await?;
    }
    Ok(said)
}

/// The same for somebody who wrote on WhatsApp just now: in the words that the business has written for there, else as it says it by text.
/// Only for what asks for no answer: one on WhatsApp is given by buttons, which free words have none of.
pub(crate) async fn say_on_whatsapp(
    tx: &mut Tx,
    kind: Kind,
    language: Language,
    about: About<'_>,
    known: Values,
) -> Result<Said> {
    let there = Which::whatsapp(kind, language);
    let services = tx.services().clone();
    let own = !kind.asks() && kept::own(&services, &tx.db, about.business, there).await?.is_some();
    let which = if own { there } else { Which::sms(kind, language) };
    say(tx, which, about, known).await
}

/// The same where nothing is sent.
pub(crate) async fn shown(
    s: &Services,
    db: &impl ConnectionTrait,
    which: Which,
    about: About<'_>,
    known: Values,
) -> Result<Said> {
    Ok(written(s, db, which, about, known, None).await?.0)
}

/// What is said before its variables are filled: the business's own words, else the built-in ones.
pub(crate) async fn wording(
    s: &Services,
    db: &impl ConnectionTrait,
    business: &business::Model,
    which: Which,
) -> Result<TemplateWords> {
    let own = kept::own(s, db, business, which).await?;
    Ok(own.map_or_else(|| super::built_in(which), |own| own.words.clone()))
}

/// What a text that can't be sent is known by among tasks: once for each version of it.
pub(super) fn task_key(version_id: Uuid) -> String {
    format!("template:{version_id}")
}

/// What the task about a text that could not be filled is known by, and why it could not.
type Failed = Option<(String, String)>;

async fn written(
    s: &Services,
    db: &impl ConnectionTrait,
    which: Which,
    about: About<'_>,
    mut values: Values,
    trial: Option<(Arc<Trial>, Chosen)>,
) -> Result<(Said, Failed)> {
    // Where letters alone would be a riddle, only a text that says the token can be answered.
    let needs_token = which.channel == Channel::Sms && which.kind.asks() && !values.get(Variable::Token).is_empty();
    let trial = trial.filter(|(trial, _)| !needs_token || trial.both_say(Variable::Token));
    let (words, key, tried) = match &trial {
        Some((trial, chosen)) => {
            let key = format!("experiment:{}:{}", chosen.experiment_id, chosen.arm);
            (Some(trial.words(chosen.arm).clone()), key, Some(*chosen))
        }
        None => {
            let own = kept::own(s, db, about.business, which).await?;
            let own = own.filter(|own| !needs_token || uses(&own.words.body, Variable::Token));
            let key = own.as_ref().map(|own| task_key(own.version_id)).unwrap_or_default();
            (own.map(|own| own.words.clone()), key, None)
        }
    };
    let mut failed = None;
    if let Some(words) = words {
        let subject = words.subject.as_deref();
        values::look_up(s, db, about, &[Some(&words.body), subject], &mut values).await?;
        match filled(which, about.business, subject, &words.body, &values) {
            Ok(said) => return Ok((Said { tried, ..said }, None)),
            Err(why) => failed = Some((key, why)),
        }
    }
    let words = which.built_in();
    values::look_up(s, db, about, &[Some(words.body), words.subject], &mut values).await?;
    let said = filled(which, about.business, words.subject, words.body, &values);
    let said = said.map_err(|why| Error::broken(format!("the built-in text {}: {why}", which.kind)))?;
    Ok((said, failed))
}

fn filled(
    which: Which,
    business: &business::Model,
    subject: Option<&str>,
    body: &str,
    values: &Values,
) -> std::result::Result<Said, String> {
    let has_link = uses(body, Variable::Link) && !values.get(Variable::Link).is_empty();
    let body = fill(which.kind, body, values)?;
    let subject = subject.map(|subject| fill(which.kind, subject, values)).transpose()?;
    let body = match which.channel {
        Channel::Sms => businesses::language::as_sent(business, body),
        Channel::Whatsapp | Channel::Email => body,
    };
    Ok(Said {
        subject,
        body,
        has_link,
        tried: None,
    })
}
