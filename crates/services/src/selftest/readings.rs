//! What is read at Twilio for a self-test: each thing once, and what can't be read is said to be unclear.

use chrono::Duration;
use domain::{
    language::Language,
    phone,
    registration::Kind,
    selftest::{Account, AtTwilio, Balance, Facts, LOST, Number, Reading, Sender, Service, Wording},
    templates::Which,
    whatsapp::{Approval, KINDS, PREFIX},
};
use entity::{businesses::business, numbers::number};
use futures::future::join_all;
use twilio::{Client, NumberSeen, ReadError};
use uuid::Uuid;

use super::{front, progress};
use crate::{
    channels::connections::{self, Connections, patient},
    kernel::{Result, Services},
    numbers::{self, registration},
    templates, twins,
};

/// Numbers and Messaging Services that are looked at.
const NUMBERS: usize = 20;
const SERVICES: usize = 20;

/// Everything that is to be judged about a business.
pub(super) async fn gather(s: &Services, b: &business::Model) -> Result<Facts> {
    let connections = s.of::<Connections>();
    let connection = connections.of(b.id);
    let mut facts = Facts {
        public_url: s.settings().public_url.clone(),
        own_account: connections.own_of(b.id).is_some(),
        account: None,
        balance: Reading::Absent,
        ahead: None,
        reach: front::reach(s).await,
        signature: None,
        numbers: Vec::new(),
        senders: Vec::new(),
        wordings: Vec::new(),
        shared: connections::shared(s, b.id).is_some(),
        services: Reading::Absent,
        geo: (!b.country.is_empty()).then(|| (b.country.clone(), Reading::Absent)),
        alerts: Reading::Absent,
    };
    progress(s, b.id, 1).await?;
    let ours = numbers::active(&s.db().read, b.id).await?;
    let ours: Vec<number::Model> = ours.into_iter().take(NUMBERS).collect();
    facts.senders = senders(s, b).await?;
    if !facts.senders.is_empty() {
        facts.wordings = wordings(s, b).await?;
    }
    let look = |row: number::Model, found| looked(s, b, row, found);
    let Some(connection) = connection else {
        facts.numbers = ours.into_iter().map(|row| look(row, Reading::Absent)).collect();
        return Ok(facts);
    };
    let client = connection.client();
    if let Some(token) = connection.token() {
        facts.signature = Some(front::signed_loop(s, connection.sid(), token).await);
    }
    let (account, ahead) = account(s, client).await;
    facts.ahead = ahead;
    let known = matches!(account, Reading::Got(_));
    facts.account = Some(account);
    progress(s, b.id, 2).await?;
    // Who is not known is not asked further: Twilio counts wrong tokens.
    if !known {
        facts.numbers = ours.into_iter().map(|row| look(row, Reading::Refused)).collect();
        return Ok(facts);
    }
    let phones: Vec<String> = ours.iter().map(|row| row.phone.clone()).collect();
    let asked = join_all(phones.iter().map(|phone| numbers_of(client, phone)));
    let (found, services) = futures::join!(asked, services(client, &phones));
    facts.numbers = ours.into_iter().zip(found).map(|(row, found)| look(row, found)).collect();
    facts.services = services;
    progress(s, b.id, 3).await?;
    let (balance, geo, alerts) = futures::join!(balance(client), geo(client, &b.country), alerts(s, client));
    facts.balance = balance;
    facts.alerts = alerts;
    if let Some((_, open)) = &mut facts.geo {
        *open = geo;
    }
    Ok(facts)
}

fn looked(s: &Services, b: &business::Model, row: number::Model, found: Reading<Vec<AtTwilio>>) -> Number {
    let asked = Kind::of(&row.phone).is_asked_in(&b.country);
    Number {
        shown: phone::display(&row.phone, &b.country),
        registration: asked.then(|| registration::standing(&row, s.now())),
        phone: row.phone,
        found,
    }
}

/// WhatsApp senders as they were seen last; they are looked at often enough.
async fn senders(s: &Services, b: &business::Model) -> Result<Vec<Sender>> {
    let rows = numbers::whatsapp::active(s.read(), b.id).await?;
    let ids: Vec<Uuid> = rows.iter().take(NUMBERS).map(|row| row.id).collect();
    let standings = numbers::whatsapp::standings(s.read(), &ids).await?;
    let look = |row: number::Model| {
        let phone = row.phone.trim_start_matches(PREFIX).to_owned();
        Sender {
            shown: phone::display(&phone, &b.country),
            trouble: numbers::whatsapp::holds_back(&row.phone, standings.get(&row.id)),
            phone,
        }
    };
    Ok(rows.into_iter().take(NUMBERS).map(look).collect())
}

/// What they may send at any time, in the language that most customers are written to in.
async fn wordings(s: &Services, b: &business::Model) -> Result<Vec<Wording>> {
    let newest = twins::newest(s, b.id).await?;
    let language = Language::of(None, &b.language);
    let mut all = Vec::with_capacity(KINDS.len());
    for kind in KINDS {
        let now = templates::wording(s, s.read(), b, Which::whatsapp(kind, language)).await?;
        let row = newest.get(&(kind.as_str().to_owned(), language.as_str().to_owned()));
        all.push(Wording {
            kind: kind.as_str().to_owned(),
            label: kind.label().to_owned(),
            language: language.as_str().to_owned(),
            state: row.map_or(Approval::Draft, twins::approval),
            reason: row.and_then(|row| row.rejection.clone()),
            is_current: row.is_some_and(|row| row.body == now.body),
        });
    }
    Ok(all)
}

fn read<T>(said: std::result::Result<T, ReadError>) -> Reading<T> {
    match said {
        Ok(value) => Reading::Got(value),
        Err(ReadError::Http { http: 401, .. }) => Reading::Refused,
        // A child account, or one whose key may not.
        Err(ReadError::Http { http: 403 | 404, .. }) => Reading::Absent,
        Err(cause) => Reading::Unclear(cause.to_string().trim_end_matches('.').to_owned()),
    }
}

/// How Twilio knows this account, and how far its clock is ahead of ours.
async fn account(s: &Services, client: &Client) -> (Reading<Account>, Option<Duration>) {
    let said = read(patient(|| client.look().account()).await);
    let Reading::Got(seen) = said else {
        return (said_of(said), None);
    };
    let ahead = seen.at.map(|at| at - s.now());
    if seen.sid != client.account_sid() {
        return (Reading::Unclear("it answered for another account".to_owned()), ahead);
    }
    let account = Account {
        sid: seen.sid,
        status: seen.status,
        kind: seen.kind,
    };
    (Reading::Got(account), ahead)
}

fn said_of<A, B>(reading: Reading<A>) -> Reading<B> {
    match reading {
        Reading::Got(_) | Reading::Absent => Reading::Absent,
        Reading::Refused => Reading::Refused,
        Reading::Unclear(why) => Reading::Unclear(why),
    }
}

/// How far Twilio's clock is ahead of ours, asked with the installation's account; none where it does not tell.
pub async fn ahead(s: &Services) -> Option<Duration> {
    let connection = s.of::<Connections>().all().into_iter().next()?;
    account(s, connection.client()).await.1
}

async fn numbers_of(client: &Client, phone: &str) -> Reading<Vec<AtTwilio>> {
    let said = patient(|| client.look().numbers(phone)).await;
    read(said.map(|all| all.into_iter().map(at_twilio).collect()))
}

fn at_twilio(seen: NumberSeen) -> AtTwilio {
    AtTwilio {
        sms: seen.sms,
        in_use: seen.status.is_empty() || seen.status == "in-use",
        sms_url: seen.sms_url,
        sms_method: seen.sms_method,
        fallback_url: seen.sms_fallback_url,
        application: !seen.sms_application_sid.is_empty(),
    }
}

/// Messaging Services with those of our numbers that are in them.
async fn services(client: &Client, ours: &[String]) -> Reading<Vec<Service>> {
    let all = match read(patient(|| client.look().services()).await) {
        Reading::Got(all) => all,
        other => return said_of(other),
    };
    let look = all.into_iter().take(SERVICES).map(|service| async move {
        let phones = patient(|| client.look().numbers_of(&service.sid)).await?;
        Ok(Service {
            name: service.name,
            inbound_url: service.inbound_request_url,
            inbound_method: service.inbound_method,
            uses_number: service.use_inbound_webhook_on_number,
            phones: phones.into_iter().filter(|phone| ours.contains(phone)).collect(),
        })
    });
    let found: std::result::Result<Vec<Service>, ReadError> = join_all(look).await.into_iter().collect();
    read(found)
}

async fn balance(client: &Client) -> Reading<Balance> {
    match read(patient(|| client.look().balance()).await) {
        Reading::Got((amount, currency)) => match hundredths(&amount) {
            Some(amount) => Reading::Got(Balance { amount, currency }),
            None => Reading::Absent,
        },
        other => said_of(other),
    }
}

/// `12.37` in hundredths; what is beyond is cut off.
fn hundredths(text: &str) -> Option<i64> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1, rest),
        None => (1, text),
    };
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let part: String = part.chars().chain("00".chars()).take(2).collect();
    let (whole, part): (i64, i64) = (whole.parse().ok()?, part.parse().ok()?);
    Some(sign * whole.checked_mul(100)?.checked_add(part)?)
}

async fn geo(client: &Client, country: &str) -> Reading<bool> {
    if country.is_empty() {
        return Reading::Absent;
    }
    match read(patient(|| client.look().may_text(country)).await) {
        Reading::Got(Some(open)) => Reading::Got(open),
        Reading::Got(None) => Reading::Absent,
        other => said_of(other),
    }
}

/// Codes of the last day's errors that mean that something did not reach us.
async fn alerts(s: &Services, client: &Client) -> Reading<Vec<String>> {
    let (since, ours) = (s.now() - Duration::days(1), &s.settings().public_url);
    let said = patient(|| client.look().alerts(since)).await;
    read(said.map(|all| {
        let lost = all
            .into_iter()
            .filter(|(code, url)| LOST.contains(&code.as_str()) && url.starts_with(ours.as_str()));
        lost.map(|(code, _)| code).collect()
    }))
}

#[cfg(test)]
mod tests {
    use super::hundredths;

    #[test]
    fn amounts_are_read_as_twilio_writes_them() {
        for (text, amount) in [
            ("12.37", Some(1237)),
            ("0", Some(0)),
            ("-3.5", Some(-350)),
            ("100.00000", Some(10_000)),
            ("", None),
            ("much", None),
        ] {
            assert_eq!(hundredths(text), amount, "{text}");
        }
    }
}
