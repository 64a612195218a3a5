//! Texts, by Twilio.

use std::time::Duration as StdDuration;

use chrono::{DateTime, Duration, Utc};
use domain::{
    delivery::Status,
    outcome::{Accepted, Class, Failure, Outcome, Retry, Scope},
    phone::{mask, mask_all},
};
use entity::messages::message;
use twilio::{ListQuery, NewMessage, ReadError, errors};

use super::{
    Found,
    connections::{Connections, patient},
};
use crate::kernel::Services;

/// Most pages of the log read for one message; a phone that gets more than this in a minute is nobody's customer.
const PAGES: usize = 10;

/// Codes that say, whatever the status, that the account as a whole is too fast.
const OF_ACCOUNT: [i32; 2] = [14107, 20429];

pub(super) async fn send(s: &Services, m: &message::Model, validity_period: Option<StdDuration>) -> Outcome {
    let Some(account) = s.of::<Connections>().that_has(m) else {
        return Outcome::TryLater {
            reply: None,
            after: None,
            failure: failure(None, "no Twilio account is connected"),
        };
    };
    let callback = format!(
        "{}/webhooks/twilio/status?message_id={}&attempt={}",
        s.settings().public_url,
        m.id,
        m.attempts
    );
    let new = NewMessage {
        to: &m.theirs,
        from: &m.ours,
        body: &m.body,
        status_callback: Some(&callback),
        validity_period,
    };
    tracing::info!(message = %m.id, step = "call", to = %mask(&m.theirs), attempt = m.attempts, "text handed to Twilio");
    outcome(account.client().create(&new).await)
}

fn outcome(said: twilio::Outcome) -> Outcome {
    match said {
        twilio::Outcome::Accepted(message) => Outcome::Accepted(accepted(&message)),
        twilio::Outcome::Refused { http, code, message } => Outcome::Refused {
            reply: Some(http),
            failure: failure(code, &message),
        },
        twilio::Outcome::TryLater {
            http,
            code,
            retry_after,
            message,
        } => Outcome::TryLater {
            reply: http,
            after: retry_after,
            failure: Failure {
                class: if is_of_account(http, code) {
                    Class::AccountPace
                } else {
                    Class::Other
                },
                ..failure(code, &message)
            },
        },
        twilio::Outcome::Unknown { http, message } => Outcome::Unknown {
            reply: http,
            detail: message,
        },
    }
}

/// Whether an answer is about how fast the account calls, not about this text or its sender.
fn is_of_account(http: Option<u16>, code: Option<i32>) -> bool {
    let of_sender = code.and_then(errors::lookup).is_some_and(|e| e.class == errors::Class::Pace);
    match code {
        Some(code) if OF_ACCOUNT.contains(&code) => true,
        _ => http == Some(429) && !of_sender,
    }
}

/// A record of Twilio's.
pub(crate) fn accepted(said: &twilio::Message) -> Accepted {
    Accepted {
        provider_id: Some(said.sid.clone()),
        account: Some(said.account_sid.clone()).filter(|sid| !sid.is_empty()),
        said: said.status.clone(),
        status: Status::from_twilio(&said.status),
        error_code: said.error_code,
        segments: Some(said.num_segments).filter(|n| *n > 0),
    }
}

/// What one of Twilio's codes means; without one, what it said.
pub(super) fn failure(code: Option<i32>, detail: &str) -> Failure {
    let entry = code.and_then(errors::lookup);
    Failure {
        code,
        detail: detail.to_owned(),
        words: code.map_or_else(|| mask_all(detail), errors::describe),
        next_step: entry.map_or("Check the number, or call.", |e| e.todo).to_owned(),
        class: match entry.map(|e| e.class) {
            Some(errors::Class::OptedOut) => Class::OptedOut,
            Some(errors::Class::BadAddress) => Class::BadAddress,
            _ => Class::Other,
        },
        scope: match code.map(errors::scope) {
            Some(errors::Scope::Account) => Scope::Account,
            Some(errors::Scope::Sender) => Scope::Sender,
            Some(errors::Scope::Message) | None => Scope::Message,
        },
        retry: match code.map(errors::retry) {
            Some(errors::Retry::After(pauses)) => Retry::After(pauses),
            Some(errors::Retry::NextDay) => Retry::NextDay,
            Some(errors::Retry::Never) | None => Retry::Never,
        },
    }
}

/// Twilio's records with the addresses and the words of this message, made since it was claimed.
pub(super) async fn find(s: &Services, m: &message::Model) -> Found {
    let (Some(account), Some(claimed_at)) = (s.of::<Connections>().that_has(m), m.claimed_at) else {
        return Found::NotNow;
    };
    // Not by date: a message that has not left yet has no date sent.
    let query = ListQuery {
        to: Some(m.theirs.clone()),
        from: Some(m.ours.clone()),
        sent_after: None,
        sent_before: None,
        page_size: 100,
    };
    let since = claimed_at - Duration::minutes(1);
    let mut listed = match list_since(account.client(), &query, since).await {
        Ok(listed) => listed,
        Err(error) => {
            let error = mask_all(&error.to_string());
            tracing::warn!(message = %m.id, %error, "the provider's log can't be read now");
            return Found::NotNow;
        }
    };
    listed.retain(|c| !c.direction.starts_with("inbound") && c.body.trim() == m.body.trim());
    listed.retain(|c| c.date_created.is_none_or(|at| at >= since));
    listed.sort_by_key(|c| c.date_created);
    Found::These(listed.iter().map(accepted).collect())
}

/// The list's pages, newest first, down to `since`.
async fn list_since(
    client: &twilio::Client,
    query: &ListQuery,
    since: DateTime<Utc>,
) -> std::result::Result<Vec<twilio::Message>, ReadError> {
    let mut page = patient(|| client.list(query)).await?;
    let mut all = Vec::new();
    for _ in 0..PAGES {
        let reached = page.messages.last().and_then(|m| m.date_created).is_some_and(|at| at < since);
        all.append(&mut page.messages);
        match page.next.take().filter(|_| !reached) {
            Some(next) => page = patient(|| client.next(&next)).await?,
            None => break,
        }
    }
    Ok(all)
}
