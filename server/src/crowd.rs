//! How often one address may knock at doors that ask for no sign-in but for an address that is hard to guess: the page of a visit, the
//! calendars of staff. Who guesses is let in less often than who reads.

use std::{
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use axum::{
    extract::{Request, State},
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::Response,
};
use chrono::{DateTime, Duration, Utc};
use domain::crowd::{Allowance, Crowd};
use services::Services;

/// Opening pages and pressing buttons.
const KNOCKS: Allowance = Allowance {
    at_once: 120,
    pause: Duration::milliseconds(500),
};

/// Addresses that are none: a link that was copied badly is tried a few times.
const MISSES: Allowance = Allowance {
    at_once: 20,
    pause: Duration::seconds(6),
};

/// Those who knock at one kind of door.
#[derive(Clone)]
pub struct Door {
    services: Services,
    crowds: Arc<Mutex<Crowds>>,
    /// What somebody sees who has to wait.
    busy: fn() -> Response,
}

struct Crowds {
    knocks: Crowd,
    misses: Crowd,
}

impl Door {
    pub fn new(services: Services, busy: fn() -> Response) -> Self {
        let crowds = Crowds {
            knocks: Crowd::new(KNOCKS),
            misses: Crowd::new(MISSES),
        };
        Self {
            services,
            crowds: Arc::new(Mutex::new(crowds)),
            busy,
        }
    }

    /// Nothing that could panic is done while it is held, and what is counted is whole after each step.
    fn with<T>(&self, work: impl FnOnce(&mut Crowds) -> T) -> T {
        work(&mut self.crowds.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn comes_in(&self, who: IpAddr, now: DateTime<Utc>) -> Option<Duration> {
        self.with(|crowds| {
            let wait = crowds.knocks.must_wait(who, now).max(crowds.misses.must_wait(who, now));
            if wait.is_none() {
                crowds.knocks.note(who, now);
            }
            wait
        })
    }
}

/// Lets a request in, or says how long to wait.
pub async fn limit(State(door): State<Door>, request: Request, next: Next) -> Response {
    let who = app::ssr::address(request.headers(), request.extensions());
    let now = door.services.now();
    if let Some(wait) = door.comes_in(who, now) {
        let mut response = (door.busy)();
        *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
        let seconds = wait.num_seconds() + 1;
        response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        return response;
    }
    let response = next.run(request).await;
    if response.status() == StatusCode::NOT_FOUND {
        door.with(|crowds| crowds.misses.note(who, now));
    }
    response
}
