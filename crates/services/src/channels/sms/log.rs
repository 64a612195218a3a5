//! Twilio's own list of messages, in the words that all channels share.

use chrono::{DateTime, Duration, Utc};
use domain::{consent::Channel, phone::mask_all, prices::parse_provider_price};
use entity::messages::message;
use twilio::{Client, ListQuery, ReadError};

use super::accepted;
use crate::{
    channels::{
        Found, Inbound, Logged, Sent,
        connections::{Connection, Connections, patient},
    },
    kernel::{Error, Result, Services, error::problem},
};

/// Most pages read for one message; a phone that gets more than this in a minute is nobody's customer.
const PAGES_FOR_ONE: usize = 10;

/// Most pages (of 1,000) of an account.
const PAGES: usize = 5_000;

/// An account's list since some time, newest first, page by page.
pub(crate) struct Pages<'a> {
    client: &'a Client,
    since: DateTime<Utc>,
    next: Next,
    left: usize,
}

enum Next {
    First,
    Page(String),
    End,
}

impl<'a> Pages<'a> {
    pub fn since(account: &'a Connection, since: DateTime<Utc>) -> Self {
        Self {
            client: account.client(),
            since,
            next: Next::First,
            left: PAGES,
        }
    }

    /// The next page; none after the last.
    ///
    /// # Errors
    /// When it can't be read.
    pub async fn next(&mut self) -> Result<Option<Vec<Logged>>> {
        let page = match &self.next {
            _ if self.left == 0 => return Ok(None),
            Next::End => return Ok(None),
            Next::First => {
                let query = ListQuery {
                    sent_after: Some(self.since),
                    page_size: 1000,
                    ..ListQuery::default()
                };
                patient(|| self.client.list(&query)).await
            }
            Next::Page(next) => patient(|| self.client.next(next)).await,
        };
        let page = page.map_err(unreadable)?;
        self.left -= 1;
        self.next = page.next.map_or(Next::End, Next::Page);
        Ok(Some(page.messages.into_iter().map(logged).collect()))
    }
}

fn unreadable(e: ReadError) -> Error {
    match e {
        // Nothing can be sent with these either.
        ReadError::Http { http: 401 | 403, .. } => problem(
            contract::Code::NotAllowed,
            "Twilio refuses this account's SID and auth token.",
        ),
        e => Error::Broken(format!("Twilio's log can't be read: {}", mask_all(&e.to_string()))),
    }
}

/// What a message is now; none: Twilio does not have it (any more).
///
/// # Errors
/// When it can't be asked.
pub(crate) async fn fetch(account: &Connection, sid: &str) -> Result<Option<Sent>> {
    match patient(|| account.client().fetch(sid)).await {
        Ok(record) => Ok(Some(sent(&record))),
        Err(ReadError::Http { http: 404, .. }) => Ok(None),
        Err(e) => Err(unreadable(e)),
    }
}

fn logged(record: twilio::Message) -> Logged {
    if !record.direction.starts_with("inbound") {
        return Logged::Sent(sent(&record));
    }
    let at = record.date_sent.or(record.date_created);
    Logged::Received(
        Inbound {
            channel: Channel::of_sender(&record.to),
            provider_id: record.sid,
            account: record.account_sid,
            from: record.from.unwrap_or_default(),
            to: record.to,
            body: record.body,
            attachments: record.num_media,
            segments: record.num_segments.max(1),
            handled: None,
            replied_to: None,
            button: None,
            also: None,
        },
        at,
    )
}

fn sent(record: &twilio::Message) -> Sent {
    let price = record.price.as_deref().zip(record.price_unit.as_deref());
    Sent {
        price: price.and_then(|(price, unit)| parse_provider_price(price, unit)),
        record: accepted(record),
    }
}

/// Twilio's records with the addresses and the words of this message, made since it was claimed.
pub(crate) async fn find(s: &Services, m: &message::Model) -> Found {
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
    client: &Client,
    query: &ListQuery,
    since: DateTime<Utc>,
) -> std::result::Result<Vec<twilio::Message>, ReadError> {
    let mut page = patient(|| client.list(query)).await?;
    let mut all = Vec::new();
    for _ in 0..PAGES_FOR_ONE {
        let reached = page.messages.last().and_then(|m| m.date_created).is_some_and(|at| at < since);
        all.append(&mut page.messages);
        match page.next.take().filter(|_| !reached) {
            Some(next) => page = patient(|| client.next(&next)).await?,
            None => break,
        }
    }
    Ok(all)
}
