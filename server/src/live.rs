//! `/live`: what happens in the business of whoever asks, as server-sent events. An event's id is its place in the log; a client
//! resumes with `Last-Event-ID` or `?after=`. Tabs share one stream through the worker at `/live/worker.js`.

use std::{
    convert::Infallible,
    time::{Duration, Instant},
};

use axum::{
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, header},
    response::{IntoResponse, Response, Sse, sse},
};
use contract::{Code, Problem};
use futures::{Stream, StreamExt, stream};
use serde::Deserialize;
use services::{Actor, Permission, Principal, Services, live};
use tokio_util::sync::CancellationToken;
use tower_sessions::Session;
use uuid::Uuid;

use crate::{
    rest::{ApiError, Params},
    sessions,
};

/// Then the browser comes back by itself, and is asked again who it is: who left the business or signed out hears no more.
const LONGEST: Duration = Duration::from_secs(600);

/// What the worker of a browser says to whom; beside it what it may reach: this server.
pub async fn worker() -> impl IntoResponse {
    let headers = [
        (header::CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; connect-src 'self'"),
    ];
    (headers, include_str!("live/worker.js"))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resume {
    after: Option<i64>,
    /// Whose page this is for. The browser may be somebody else's by now; theirs is not handed to it.
    business: Option<Uuid>,
    account: Option<Uuid>,
}

impl Resume {
    fn is_for(&self, actor: &Actor) -> bool {
        let Principal::Member { account_id, .. } = actor.who else {
            return false;
        };
        self.business.is_none_or(|business| business == actor.business_id)
            && self.account.is_none_or(|account| account == account_id)
    }
}

pub async fn stream_events(
    State(s): State<Services>,
    State(stopping): State<CancellationToken>,
    session: Session,
    Params(resume): Params<Resume>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let actor = sessions::member(&s, &session).await?;
    if !resume.is_for(&actor) {
        return Err(Problem::new(Code::SignInNeeded, "Somebody else has signed in here. Load the page again.").into());
    }
    actor.may(Permission::ReadMessages)?;
    let last = headers
        .get("last-event-id")
        .and_then(|v| v.to_str().ok())
        .and_then(|v| v.parse().ok());
    let after = last.or(resume.after).unwrap_or(0);
    let signed_in = SignedIn::of(session, &actor);
    let events = follow(s, actor, signed_in, after)
        .take_until(stopping.cancelled_owned())
        .take_until(tokio::time::sleep(LONGEST));
    let keep_alive = sse::KeepAlive::new().interval(Duration::from_secs(15));
    // Proxies must hand every event on at once.
    let unbuffered = [(HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no"))];
    Ok((unbuffered, Sse::new(events).keep_alive(keep_alive)).into_response())
}

/// How long a stream that has nothing to tell may not know that its session was revoked.
const LOOK: Duration = Duration::from_secs(2);

/// The session behind a stream: it may be revoked while it runs, and its person may leave the business or go to another one.
struct SignedIn {
    session: Session,
    account: Uuid,
    business: Uuid,
    looked_at: Instant,
    /// Something has happened since.
    stale: bool,
}

impl SignedIn {
    fn of(session: Session, actor: &Actor) -> Self {
        let account = match actor.who {
            Principal::Member { account_id, .. } => account_id,
            _ => Uuid::nil(),
        };
        Self {
            session,
            account,
            business: actor.business_id,
            looked_at: Instant::now(),
            stale: false,
        }
    }

    /// Whether it still is, at the moment of asking. A database that does not answer ends the stream, too: the browser comes back.
    async fn holds(&mut self, s: &Services) -> bool {
        (self.looked_at, self.stale) = (Instant::now(), false);
        if self.session.load().await.is_err() {
            return false;
        }
        let Ok(now) = sessions::member(s, &self.session).await else {
            return false;
        };
        now.business_id == self.business && matches!(now.who, Principal::Member { account_id, .. } if account_id == self.account)
    }

    fn is_due(&self) -> bool {
        self.stale && self.looked_at.elapsed() >= LOOK
    }
}

/// Where a stream is: the next id to look after, and how it hears that there is more.
struct Place {
    s: Services,
    actor: Actor,
    signed_in: SignedIn,
    after: i64,
    news: tokio::sync::watch::Receiver<u64>,
    first: bool,
}

fn follow(
    s: Services,
    actor: Actor,
    signed_in: SignedIn,
    after: i64,
) -> impl Stream<Item = Result<sse::Event, Infallible>> + Send {
    // Subscribed before the log is read, so that nothing falls between.
    let news = s.live().subscribe();
    let place = Place {
        s,
        actor,
        signed_in,
        after,
        news,
        first: true,
    };
    stream::unfold(place, |mut place| async move {
        let batch = place.next().await?;
        Some((stream::iter(batch.into_iter().map(Ok)), place))
    })
    .flatten()
}

impl Place {
    /// Waits for the next events; none when the stream should end (the browser comes back by itself).
    async fn next(&mut self) -> Option<Vec<sse::Event>> {
        loop {
            self.news.borrow_and_update();
            let batch = live::after(&self.s, &self.actor, self.after).await.ok()?;
            if self.first && batch.resync {
                self.first = false;
                self.after = live::cursor(&self.s, self.actor.business_id).await.ok()?;
                return Some(vec![
                    sse::Event::default().event("resync").id(self.after.to_string()).data("{}"),
                ]);
            }
            self.first = false;
            if !batch.events.is_empty() {
                // Nothing is told to a session that was revoked before.
                return self.signed_in.holds(&self.s).await.then(|| self.events(batch.events));
            }
            if self.signed_in.is_due() && !self.signed_in.holds(&self.s).await {
                return None;
            }
            let look = self.signed_in.looked_at + LOOK;
            tokio::select! {
                changed = self.news.changed() => {
                    changed.ok()?;
                    self.signed_in.stale = true;
                }
                () = tokio::time::sleep_until(look.into()), if self.signed_in.stale => {}
            }
        }
    }

    fn events(&mut self, batch: Vec<(i64, contract::live::LiveEvent)>) -> Vec<sse::Event> {
        let mut events = Vec::with_capacity(batch.len());
        for (id, event) in batch {
            self.after = id;
            if let Ok(shown) = sse::Event::default().event(event.kind()).id(id.to_string()).json_data(&event) {
                events.push(shown);
            }
        }
        events
    }
}
