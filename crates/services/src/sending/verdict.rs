//! Whether a text may go now, by everything that must hold at this moment (law 3).

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, Duration, Utc};
use domain::{
    breaker::Permit,
    consent::{Channel, State, may_send_by},
    origin::{Origin, Policy},
    reminders::{AtSend, at_send},
    whatsapp::Go,
    when,
    zone::Zone,
};
use entity::{businesses::business, contacts::contact, messages::message, numbers::number};
use uuid::Uuid;

use super::{
    limits::{Capacity, Limits},
    whatsapp::Ways,
};
use crate::{
    businesses,
    channels::{
        self,
        breakers::{self, Breakers},
        connections,
    },
    contacts::{self, consent, hold},
    kernel::{Result, Services, Tx, tx::Objections},
    messages::origin,
    numbers::{self, registration},
};

/// How often texts to a person whom staff must decide about are looked at again.
const HELD_LOOK: Duration = Duration::hours(1);

/// How often texts of a business that is suspended are looked at again; when it is resumed they are looked at at once.
const SUSPENDED_LOOK: Duration = Duration::hours(1);

/// How long the others wait while one call shows whether a breaker may close.
const PROBE_LOOK: Duration = Duration::seconds(10);

/// How long a text waits for a registration, or for its country to be allowed, if it has no time of its own.
const SEEN_TO: Duration = Duration::hours(24);

/// What becomes of a text.
pub(super) enum Verdict {
    Go,
    /// Let through to see whether these breakers may close.
    Probe(Vec<String>),
    Defer(DateTime<Utc>, String),
    Turn(DateTime<Utc>, String),
    /// It waits as it did.
    Unchanged,
    Withdraw(String),
    /// It can't go as it is, now or later: who made it hears of that.
    Fail(&'static str),
    /// Nobody here knows the rules it goes by.
    Refuse,
}

/// Everything the verdicts go by, read at once for the whole group.
pub(super) struct ClaimContext {
    /// Those that could be locked.
    pub people: HashMap<Uuid, contact::Model>,
    /// Further numbers of theirs that texts may go to.
    further: HashSet<(Uuid, String)>,
    pub consents: HashMap<(Uuid, Channel), State>,
    pub businesses: HashMap<Uuid, business::Model>,
    /// Numbers that may be sent from.
    active: HashMap<(Uuid, String), number::Model>,
    /// What speaks against them where they came from.
    objections: Objections,
    services: Services,
    pub breakers: Breakers,
    pub whatsapp: Ways,
}

/// A text that waited while its person was merged into another goes on to the number it was meant for.
async fn further(
    s: &Services,
    tx: &Tx,
    people: &HashMap<Uuid, contact::Model>,
    picked: &[message::Model],
) -> Result<HashSet<(Uuid, String)>> {
    let elsewhere = |m: &&message::Model| people.get(&m.contact_id).is_some_and(|person| person.phone != m.theirs);
    let ids: HashSet<Uuid> = picked.iter().filter(elsewhere).map(|m| m.contact_id).collect();
    if ids.is_empty() {
        return Ok(HashSet::new());
    }
    contacts::reachable(s, &tx.db, &ids.into_iter().collect::<Vec<_>>()).await
}

impl ClaimContext {
    pub(super) async fn load(s: &Services, tx: &mut Tx, picked: &[message::Model]) -> Result<Self> {
        let ids: Vec<Uuid> = picked.iter().map(|m| m.contact_id).collect();
        let people = contacts::locked_if_free(tx, &ids).await?;
        let people: HashMap<Uuid, contact::Model> = people.into_iter().map(|c| (c.id, c)).collect();
        let further = further(s, tx, &people, picked).await?;
        let consents = consent::on_channels(&tx.db, &ids).await?;
        let mut businesses = HashMap::new();
        for m in picked {
            let settings = businesses::of(tx, m.business_id).await?;
            businesses.insert(m.business_id, settings);
        }
        let senders: HashSet<&str> = picked.iter().map(|m| m.ours.as_str()).collect();
        let rows = numbers::active_of(&tx.db, senders).await?;
        let whatsapp = Ways::load(tx, picked, &rows).await?;
        let all: Vec<&message::Model> = picked.iter().collect();
        Ok(Self {
            people,
            further,
            consents,
            businesses,
            active: rows.into_iter().map(|n| ((n.business_id, n.phone.clone()), n)).collect(),
            objections: tx.objections(&all).await?,
            services: s.clone(),
            breakers: Breakers::default(),
            whatsapp,
        })
    }

    /// Where these people stand on texts, as the inbox shows it.
    pub(super) fn on_texts(&self) -> HashMap<Uuid, State> {
        let texts = self.consents.iter().filter(|((_, channel), _)| *channel == Channel::Sms);
        texts.map(|((id, _), state)| (*id, *state)).collect()
    }

    /// The breakers that the calls for these texts go through.
    pub(super) fn scopes(&self, picked: &[message::Model]) -> Vec<String> {
        let scopes: HashSet<String> = picked.iter().flat_map(|m| breakers::ahead(&self.services, m)).collect();
        scopes.into_iter().collect()
    }

    pub(super) fn verdicts(
        &self,
        now: DateTime<Utc>,
        picked: Vec<message::Model>,
        limits: &mut Limits,
    ) -> Vec<(message::Model, Verdict)> {
        let mut probed = HashSet::new();
        let mut verdicts = Vec::with_capacity(picked.len());
        // Replies have the first turns, and answers come before a morning's reminders: they are few, and somebody waits for them.
        let (mut picked, last) = (picked, i32::from(Origin::Reminder.policy().priority));
        picked.sort_by_key(|m| m.priority == last);
        for m in picked {
            // Somebody else is at work on this person; the next round sees what came of it.
            let Some(person) = self.people.get(&m.contact_id) else {
                continue;
            };
            let verdict = self.verdict(now, person, &m, &probed, limits);
            if let Verdict::Probe(scopes) = &verdict {
                probed.extend(scopes.iter().cloned());
            }
            verdicts.push((m, verdict));
        }
        verdicts
    }

    /// `probed` are the breakers that a text of this round tries already.
    fn verdict(
        &self,
        now: DateTime<Utc>,
        person: &contact::Model,
        m: &message::Model,
        probed: &HashSet<String>,
        limits: &mut Limits,
    ) -> Verdict {
        let withdraw = |why: &str| Verdict::Withdraw(why.to_owned());
        let (Some(policy), Some(channel)) = (origin(m).map(Origin::policy), channels::of(m)) else {
            return Verdict::Refuse;
        };
        if person.blocked {
            return withdraw(contacts::BLOCKED);
        }
        if person.sample {
            return withdraw(contacts::SAMPLE);
        }
        let first = match channel {
            Channel::WhatsApp => contacts::whatsapp::is_theirs(person, self.whatsapp.places_of(person.id), &m.theirs),
            Channel::Sms | Channel::Email => contacts::address(person, channel).as_deref() == Some(m.theirs.as_str()),
        };
        let further = || channel == Channel::Sms && self.further.contains(&(person.id, m.theirs.clone()));
        if !(first || further()) {
            return withdraw(contacts::changed(channel));
        }
        let state = self.consents.get(&(m.contact_id, channel)).copied().unwrap_or_default();
        if let Err(reason) = may_send_by(channel, state, policy.sending) {
            return withdraw(reason);
        }
        if let Some(why) = self.objections.get(&m.id) {
            return withdraw(why);
        }
        if m.useful_until.is_some_and(|until| until <= now) {
            return withdraw(too_late(m));
        }
        if person.held_since.is_some() {
            return self.in_time(m, Verdict::Defer(now + HELD_LOOK, hold::REASON.to_owned()));
        }
        let ours = match channel {
            Channel::Sms => connections::shared(&self.services, m.business_id) == Some(m.ours.as_str()),
            Channel::WhatsApp => false,
            Channel::Email => true,
        };
        let number = self.active.get(&(m.business_id, m.ours.clone()));
        if !ours && number.is_none() {
            return withdraw("The number this was to be sent from is not active any more.");
        }
        let Some(business) = self.businesses.get(&m.business_id) else {
            return withdraw("The business does not exist any more.");
        };
        if business.suspended_at.is_some() {
            return self.in_time(m, Verdict::Defer(now + SUSPENDED_LOOK, businesses::SUSPENDED.to_owned()));
        }
        if channel == Channel::Sms
            && let Some(why) = businesses::sending::not_texted_there(business, &m.theirs)
        {
            return self.in_time(m, until_allowed(now, m, &why));
        }
        if let Some(verdict) = asleep(now, business, person, m, policy) {
            return verdict;
        }
        if let Some(why) = number.and_then(|number| registration::holds_back(number, &m.theirs, now)) {
            return self.in_time(m, until_allowed(now, m, &why));
        }
        if channel == Channel::WhatsApp {
            if let Some(why) = number.and_then(|number| self.whatsapp.holds_back(number)) {
                return self.in_time(m, until_online(now, m, &why));
            }
            if let Go::Nothing(why) = self.whatsapp.go(now, m) {
                return Verdict::Fail(why);
            }
        }
        // Before the limits: what a breaker holds back must not use them up.
        let probes = match self.breakers(now, business, m, probed) {
            Ok(probes) => probes,
            Err(held) => return self.in_time(m, held),
        };
        match limits.take(m, business) {
            Capacity::Yes if probes.is_empty() => Verdict::Go,
            Capacity::Yes => Verdict::Probe(probes),
            Capacity::Until(until, why) => self.in_time(m, Verdict::Defer(until, why)),
            Capacity::Turn(at, why) => self.in_time(m, Verdict::Turn(at, why)),
            Capacity::Unchanged => Verdict::Unchanged,
        }
    }

    /// What would wait for longer than it is useful is given up while somebody can still call.
    fn in_time(&self, m: &message::Model, held: Verdict) -> Verdict {
        match held {
            Verdict::Defer(until, why) | Verdict::Turn(until, why) if m.useful_until.is_some_and(|at| at <= until) => {
                Verdict::Withdraw(format!("{} {why}", too_late(m)))
            }
            held => held,
        }
    }

    /// The breakers this text would try, if any; or how it is held, if one is open.
    fn breakers(
        &self,
        now: DateTime<Utc>,
        b: &business::Model,
        m: &message::Model,
        probed: &HashSet<String>,
    ) -> std::result::Result<Vec<String>, Verdict> {
        let mut probes = Vec::new();
        for scope in breakers::ahead(&self.services, m) {
            match self.breakers.permit(&scope, now) {
                Permit::Yes => {}
                Permit::Probe { .. } if probed.contains(&scope) => {
                    let why = "Waits to see whether texts go through again.";
                    return Err(Verdict::Defer(now + PROBE_LOOK, why.to_owned()));
                }
                Permit::Probe { .. } => probes.push(scope),
                Permit::No { until } => {
                    let when = when::dated(until, businesses::zone(b));
                    let why = format!("Waits; it is tried again on {when}. {}", self.breakers.why(&scope));
                    return Err(Verdict::Defer(until, why));
                }
            }
        }
        Ok(probes)
    }
}

/// A text that carriers would not take, or that goes to a country the business does not text, waits until somebody has seen to that: a day
/// at most, where it is useful for good.
fn until_allowed(now: DateTime<Utc>, m: &message::Model, why: &str) -> Verdict {
    if m.useful_until.is_none() && now - m.created_at >= SEEN_TO {
        return Verdict::Withdraw(format!("It could not leave within a day. {why}"));
    }
    Verdict::Defer(now + registration::LOOK, format!("Waits: {why}"))
}

/// What waits for a sender to be online: as long as that.
fn until_online(now: DateTime<Utc>, m: &message::Model, why: &str) -> Verdict {
    match until_allowed(now, m, why) {
        Verdict::Defer(_, why) => Verdict::Defer(now + numbers::whatsapp::LOOK, why),
        other => other,
    }
}

/// Why it is not sent any more once it is of no use.
fn too_late(m: &message::Model) -> &'static str {
    if m.appointment_id.is_some() {
        "It could not leave before the visit."
    } else {
        "It could not leave within a day."
    }
}

/// How a text waits for the end of quiet hours, if it has to. What a member asks for now means now. A machine's second try of it wakes
/// nobody up; one that they asked for carries no error any more.
fn asleep(
    now: DateTime<Utc>,
    b: &business::Model,
    person: &contact::Model,
    m: &message::Model,
    policy: Policy,
) -> Option<Verdict> {
    let by_hand = m.author.is_some();
    let second_try = m.retries > 0 && m.error.is_some();
    if !(second_try || (policy.quiet && !by_hand)) {
        return None;
    }
    let near = m.time_zone.as_deref().and_then(Zone::named);
    let zone = contacts::own_zone(person).or(near).unwrap_or_else(|| businesses::zone(b));
    let quiet = businesses::quiet_of(b, &person.phone, policy.purpose);
    let Some(useful_until) = m.useful_until else {
        let at = quiet.ends_after(now, zone).filter(|at| *at > now)?;
        return Some(Verdict::Defer(at, quiet_words(b, at)));
    };
    match at_send(now, useful_until, zone, quiet) {
        AtSend::Send => None,
        AtSend::HoldUntil(at) => Some(Verdict::Defer(at, quiet_words(b, at))),
        AtSend::Skip(why) => Some(Verdict::Withdraw(why.label().to_owned())),
    }
}

fn quiet_words(b: &business::Model, until: DateTime<Utc>) -> String {
    format!(
        "Waits for the end of quiet hours: {}.",
        when::dated(until, businesses::zone(b))
    )
}
