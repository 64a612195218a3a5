//! The log of the API, as the door writes it: beside the work, so that no request waits for it and none fails because of it.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use axum::{
    body::{Body, Bytes},
    http::{header, request::Parts},
    response::Response,
};
use contract::Problem;
use futures::TryStreamExt;
use services::{
    Actor, Services,
    integrations::requests::{self, Line, MOST_BODY},
    once::Once,
};
use tokio::sync::mpsc;
use uuid::Uuid;

/// Lines that wait to be written. What comes faster than it can be written is left out, and counted.
const MOST_WAITING: usize = 4_096;

/// Lines written at once.
const TOGETHER: usize = 200;

/// Gathers lines that come close together.
const PAUSE: Duration = Duration::from_millis(250);

/// Where lines are handed over; what writes them ends with the last clone.
#[derive(Clone)]
pub(super) struct Log(mpsc::Sender<Line>);

/// What was read of a request's body.
#[derive(Clone, Default)]
pub(super) struct Heard(Arc<Mutex<Read>>);

#[derive(Default)]
struct Read {
    beginning: Vec<u8>,
    bytes: usize,
    once: Option<Once>,
}

impl Heard {
    fn with<T>(&self, work: impl FnOnce(&mut Read) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Tells this, too, of all that is read.
    pub fn also(&self, once: Once) {
        self.with(|read| read.once = Some(once));
    }

    fn piece(&self, piece: &Bytes) {
        self.with(|read| {
            let room = MOST_BODY.saturating_sub(read.beginning.len()).min(piece.len());
            read.beginning.extend_from_slice(&piece[..room]);
            read.bytes += piece.len();
            if let Some(once) = &read.once {
                once.reads(piece);
            }
        });
    }
}

/// A body that tells what is read of it.
pub(super) fn hear(body: Body) -> (Body, Heard) {
    let heard = Heard::default();
    let listens = heard.clone();
    let pieces = body.into_data_stream().inspect_ok(move |piece| listens.piece(piece));
    (Body::from_stream(pieces), heard)
}

/// A request that was served.
pub(super) struct Asked<'a> {
    pub actor: &'a Actor,
    pub key: Uuid,
    pub parts: &'a Parts,
    pub heard: &'a Heard,
    pub took: Duration,
}

impl Log {
    pub fn new(services: Services) -> Self {
        let (sender, lines) = mpsc::channel(MOST_WAITING);
        // Without a runtime there is nobody to ask anything either: documents are made so.
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(write_all(services, lines));
        }
        Self(sender)
    }

    pub fn write(&self, s: &Services, asked: Asked<'_>, response: &Response) {
        let text = |name: header::HeaderName| {
            let value = asked.parts.headers.get(name).and_then(|v| v.to_str().ok());
            value.unwrap_or_default().to_owned()
        };
        let (body, whole) = asked
            .heard
            .with(|read| (std::mem::take(&mut read.beginning), read.bytes <= MOST_BODY));
        let problem = response.extensions().get::<Problem>();
        let line = Line {
            business_id: asked.actor.business_id,
            api_key_id: asked.key,
            at: s.now(),
            request_id: text(header::HeaderName::from_static("x-request-id")),
            method: asked.parts.method.to_string(),
            path: path(asked.parts),
            status: response.status().as_u16(),
            took: asked.took,
            ip: app::ssr::address(&asked.parts.headers, &asked.parts.extensions)
                .to_canonical()
                .to_string(),
            content_type: text(header::CONTENT_TYPE),
            body,
            whole,
            answer: problem.and_then(|problem| serde_json::to_string(problem).ok()),
        };
        if self.0.try_send(line).is_err() {
            metrics::counter!("showup_api_log_dropped_total").increment(1);
        }
    }
}

/// Beneath the door the first part of it is gone.
fn path(parts: &Parts) -> String {
    let uri = parts
        .extensions
        .get::<axum::extract::OriginalUri>()
        .map_or(&parts.uri, |original| &original.0);
    let text = uri.path_and_query().map_or("", |path| path.as_str());
    text.strip_prefix("/api/v1").unwrap_or(text).to_owned()
}

async fn write_all(s: Services, mut lines: mpsc::Receiver<Line>) {
    let mut some = Vec::with_capacity(TOGETHER);
    loop {
        let together = lines.recv_many(&mut some, TOGETHER).await;
        if together == 0 {
            return;
        }
        if let Err(cause) = requests::write(&s, std::mem::take(&mut some)).await {
            tracing::error!(%cause, "lines of the API's log were not written");
        }
        if together < TOGETHER {
            tokio::time::sleep(PAUSE).await;
        }
    }
}
