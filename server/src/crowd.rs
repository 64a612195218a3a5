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
    response::{IntoResponse, Response},
};
use chrono::{DateTime, Duration, Utc};
use contract::{Code, Problem};
use domain::crowd::{Allowance, Crowd};
use services::Services;

use crate::rest::ApiError;

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

/// Forms that anybody may post, which write mail or try secrets.
const FORMS: [&str; 5] = [
    "/api/fn/forgot_password",
    "/api/fn/reset_password",
    "/api/fn/confirm_email",
    "/api/fn/undo_email",
    "/api/fn/join_as_new",
];

/// The form that says whether an address has an account, for it can't be otherwise: only that counts.
const SIGN_UP: &str = "/api/fn/sign_up";

/// Posting them.
const POSTS: Allowance = Allowance {
    at_once: 30,
    pause: Duration::seconds(20),
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
        Self::with_knocks(services, busy, KNOCKS)
    }

    /// For forms.
    pub fn of_forms(services: Services) -> Self {
        Self::with_knocks(services, busy_form, POSTS)
    }

    fn with_knocks(services: Services, busy: fn() -> Response, knocks: Allowance) -> Self {
        let crowds = Crowds {
            knocks: Crowd::new(knocks),
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
        return wait_a_moment((door.busy)(), wait);
    }
    let response = next.run(request).await;
    if response.status() == StatusCode::NOT_FOUND {
        door.with(|crowds| crowds.misses.note(who, now));
    }
    response
}

/// The same for forms that are posted to pages; everything else passes.
pub async fn limit_forms(State(door): State<Door>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let (form, sign_up) = (FORMS.iter().any(|form| path.starts_with(form)), path.starts_with(SIGN_UP));
    if !form && !sign_up {
        return next.run(request).await;
    }
    let (who, now) = (
        app::ssr::address(request.headers(), request.extensions()),
        door.services.now(),
    );
    let wait = if sign_up {
        door.with(|crowds| crowds.misses.must_wait(who, now))
    } else {
        door.comes_in(who, now)
    };
    if let Some(wait) = wait {
        return wait_a_moment((door.busy)(), wait);
    }
    let response = next.run(request).await;
    let refused = [StatusCode::NOT_FOUND, StatusCode::CONFLICT].contains(&response.status());
    // A browser without a script is led back to the form instead.
    let back = |to: &HeaderValue| to.as_bytes().starts_with(b"/signup");
    if refused || (sign_up && response.headers().get(header::LOCATION).is_some_and(back)) {
        door.with(|crowds| crowds.misses.note(who, now));
    }
    response
}

fn wait_a_moment(mut response: Response, wait: Duration) -> Response {
    *response.status_mut() = StatusCode::TOO_MANY_REQUESTS;
    let seconds = wait.num_seconds() + 1;
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    response
}

/// For whoever posts such forms too often.
fn busy_form() -> Response {
    let words = "That was a lot at once. Please try again in a minute.";
    ApiError::from(Problem::new(Code::TooMany, words)).into_response()
}
