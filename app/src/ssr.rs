//! The server's side of screens: who is asking, the services, and forms that are posted without JavaScript.
//!
//! What reads for a page takes all it needs from the context before it waits for anything, for Leptos may drop a drawing, and its context
//! with it, while its data is on its way. Two reads for one page are begun together (`futures::join!`).

mod caller;

use std::{collections::BTreeMap, pin::Pin, sync::Arc, task::Poll};

use axum::http::{HeaderValue, header, request::Parts};
use chrono::{DateTime, Duration, Utc};
use contract::{
    Code, Problem,
    platform::{DoctorView, SettingView},
};
use leptos::prelude::*;
use leptos_axum::ResponseOptions;
use serde::{Deserialize, Serialize};
use services::{
    Actor, Principal, Services,
    accounts::{
        Caller, Entry, Passed, SessionStart,
        platform::Admin,
        sessions::{self, Claim},
    },
};
use tower_sessions::{Expiry, Session, cookie::time};
use uuid::Uuid;

pub use caller::{address, caller, device_cookie};

use crate::{
    error::{AppError, set_status},
    flash::{Flash, OUTCOME},
    paths,
};

/// Session key: the account that signed in (UUID).
pub const ACCOUNT: &str = "account_id";
/// Session key: the business it works in (UUID).
pub const BUSINESS: &str = "business_id";
/// Session key: the business that this browser looks into, for somebody who runs the installation (UUID).
pub const LOOKING: &str = "looking_into";
/// Session key: what the browser calls itself.
pub const AGENT: &str = "user_agent";
const PENDING: &str = "pending_sign_in";
const FLASH: &str = "flash";

/// So long the second step of signing in may take.
const PENDING_MINUTES: i64 = 10;

/// On a request of a browser that looks into a business: nothing can be written for it.
#[derive(Clone, Copy)]
pub struct OnlyLooks;

type DoctorAnswer = Pin<Box<dyn Future<Output = DoctorView> + Send>>;

/// What the server can tell of the machine it runs on, which services do not know of.
pub trait Machine: Send + Sync {
    /// What the doctor's last round has found.
    fn last(&self) -> DoctorAnswer;
    /// Looks now, unless somebody has just looked.
    fn look(&self, s: Services) -> DoctorAnswer;
    /// What the environment says, without secrets.
    fn settings(&self) -> Vec<SettingView>;
}

/// The server's [`Machine`], in the context of every page.
#[derive(Clone)]
pub struct House(Arc<dyn Machine>);

impl House {
    pub fn new(machine: impl Machine + 'static) -> Self {
        Self(Arc::new(machine))
    }
}

impl std::ops::Deref for House {
    type Target = dyn Machine;

    fn deref(&self) -> &Self::Target {
        &*self.0
    }
}

/// The server's machine.
///
/// # Errors
/// `Internal` when the server put none into the context.
pub fn house() -> Result<House, AppError> {
    use_context::<House>().ok_or_else(|| broken("no House in the Leptos context"))
}

/// Who runs the installation, with services that may write: what is done here is done to businesses, not in them.
///
/// # Errors
/// `NotFound` for everybody else, whether signed in or not.
pub async fn platform() -> Result<(Services, Admin), AppError> {
    let services = own_services()?;
    let session = session().await?;
    let account = session.get::<Uuid>(ACCOUNT).await.map_err(broken)?;
    let admin = services::accounts::platform::admin(&services, account.unwrap_or_default()).await?;
    Ok((services, admin))
}

/// From now on this browser looks into `business`; none: it goes back to `home`.
///
/// # Errors
/// `Internal` when the session can't be stored.
pub async fn look_into(business: Option<Uuid>, home: Option<Uuid>) -> Result<(), AppError> {
    let session = session().await?;
    match business {
        Some(business) => {
            session.insert(LOOKING, business).await.map_err(broken)?;
            session.insert(BUSINESS, business).await.map_err(broken)
        }
        None => {
            session.remove::<Uuid>(LOOKING).await.map_err(broken)?;
            match home {
                Some(home) => session.insert(BUSINESS, home).await.map_err(broken),
                None => session.remove::<Uuid>(BUSINESS).await.map_err(broken).map(drop),
            }
        }
    }
}

/// The business that this browser looks into.
///
/// # Errors
/// `Internal` when the session can't be read.
pub async fn looks_into() -> Result<Option<Uuid>, AppError> {
    session().await?.get::<Uuid>(LOOKING).await.map_err(broken)
}

fn only_looks() -> bool {
    with_context::<Parts, _>(|parts| parts.extensions.get::<OnlyLooks>().is_some()).unwrap_or_default()
}

/// On the heap, because what a use case keeps while it runs is large.
type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, AppError>> + Send + 'a>>;

/// Lets one look at a part of a page pass before it is drawn. Leptos looks at everything once only to learn what it has to wait for. What
/// could be drawn at that look would be drawn twice, and read twice: the browser would get the data of the first reading and the page of the
/// second, and its script stops where something happened in between.
pub async fn later() {
    let mut looked_at = false;
    std::future::poll_fn(|look| {
        if std::mem::replace(&mut looked_at, true) {
            return Poll::Ready(());
        }
        look.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}

/// The services the server put into the context; for somebody who only looks into a business, such as can't write.
///
/// # Errors
/// `Internal` when it did not.
pub fn services() -> Result<Services, AppError> {
    let services = own_services()?;
    Ok(if only_looks() { services.for_looking() } else { services })
}

/// The same for what somebody does with this browser and not in a business: they write also for who looks into one, or a look could not
/// be left by it.
///
/// # Errors
/// `Internal` when the server put none into the context.
pub fn own_services() -> Result<Services, AppError> {
    use_context::<Services>().ok_or_else(|| broken("no Services in the Leptos context"))
}

/// The member who is asking, with the business of the session.
///
/// # Errors
/// `SignInNeeded` when nobody is signed in or the membership is gone.
pub async fn actor() -> Result<Actor, AppError> {
    actor_of(&services()?, &session().await?).await
}

/// What a page of a member begins with: the services, who is asking, and what the last form left.
///
/// # Errors
/// As `actor`; then what the form left is kept for whoever signs in.
pub async fn visitor() -> Result<(Services, Actor, Option<Flash>), AppError> {
    let (services, session) = (services()?, session().await?);
    let actor = actor_of(&services, &session).await?;
    let flash = flash_of(&session).await?;
    Ok((services, actor, flash))
}

/// The same, or nobody: whose session is over is no problem.
pub async fn somebody() -> Option<Actor> {
    actor_if_any().await.ok()?
}

async fn actor_of(services: &Services, session: &Session) -> Result<Actor, AppError> {
    if let Some(claim) = claim(session).await.map_err(broken)?
        && let Some(actor) = sessions::actor(services, claim).await?
        // Who only looks is given nothing that could write.
        && (services.only_looks() || !matches!(actor.who, Principal::Platform { .. }))
    {
        return Ok(actor);
    }
    set_status(Code::SignInNeeded.status());
    Err(AppError::new(Code::SignInNeeded, "Please sign in to go on."))
}

/// What a session says of itself; none: nobody is signed in.
///
/// # Errors
/// When the session cannot be read.
pub async fn claim(session: &Session) -> Result<Option<Claim>, tower_sessions::session::Error> {
    let Some(account_id) = session.get(ACCOUNT).await? else {
        return Ok(None);
    };
    Ok(Some(Claim {
        account_id,
        business_id: session.get(BUSINESS).await?,
    }))
}

/// The account that is signed in, whether it works anywhere or not.
///
/// # Errors
/// `Internal` when the session cannot be read.
pub async fn signed_in() -> Result<Option<Uuid>, AppError> {
    let (services, session) = (services()?, session().await?);
    let Some(claim) = claim(&session).await.map_err(broken)? else {
        return Ok(None);
    };
    Ok(sessions::account(&services, claim).await?.map(|account| account.id))
}

/// The member who is asking, if they are one.
///
/// # Errors
/// `Internal` when the session cannot be read.
pub async fn actor_if_any() -> Result<Option<Actor>, AppError> {
    let (services, session) = (services()?, session().await?);
    match claim(&session).await.map_err(broken)? {
        Some(claim) => Ok(sessions::actor(&services, claim).await?),
        None => Ok(None),
    }
}

/// The same of whoever has to be signed in.
///
/// # Errors
/// `SignInNeeded`.
pub async fn account() -> Result<Uuid, AppError> {
    match signed_in().await? {
        Some(id) => Ok(id),
        None => {
            set_status(Code::SignInNeeded.status());
            Err(AppError::new(Code::SignInNeeded, "Please sign in to go on."))
        }
    }
}

/// From now on this browser works in another business of the same person.
///
/// # Errors
/// `Internal` when the session cannot be stored.
pub async fn work_in(business: Uuid) -> Result<(), AppError> {
    let session = session().await?;
    session.remove::<Uuid>(LOOKING).await.map_err(broken)?;
    session.insert(BUSINESS, business).await.map_err(broken)
}

/// The id of this session, and another one: the old one may be known to somebody.
///
/// # Errors
/// `Internal` when the session cannot be stored.
pub async fn renew_session() -> Result<(), AppError> {
    let (s, session) = (own_services()?, session().await?);
    session.cycle_id().await.map_err(broken)?;
    session.save().await.map_err(broken)?;
    if let (Some(id), Some(claim)) = (session.id(), claim(&session).await.map_err(broken)?) {
        sessions::renewed(&s, claim.account_id, &id.0.to_be_bytes()).await?;
    }
    Ok(())
}

/// Somebody whose password was right and who has yet to tell a code. Nothing that asks who is signed in finds them.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Pending {
    passed: Passed,
    until: DateTime<Utc>,
}

/// Who asks, with what their browser tells.
pub fn who_knocks() -> Caller {
    use_context::<Parts>().map_or_else(Caller::default, |parts| caller(&parts.headers, &parts.extensions))
}

/// From now on this browser is signed in, under a new session id, and known as a device.
///
/// # Errors
/// `Internal` when the session cannot be stored.
pub async fn start_session(entry: Entry) -> Result<(), AppError> {
    let agent = who_knocks().user_agent;
    know_device(&entry.device)?;
    enter(&session().await?, entry.start, &agent).await
}

/// From now on this browser is known as a device by these words.
///
/// # Errors
/// `Internal` when the server put no services into the context.
pub fn know_device(words: &str) -> Result<(), AppError> {
    let https = own_services()?.settings().public_url.starts_with("https://");
    if let (Some(options), Some(cookie)) = (use_context::<ResponseOptions>(), device_cookie(words, https)) {
        options.append_header(header::SET_COOKIE, cookie);
    }
    Ok(())
}

/// The same for a door that has the session in its hands.
///
/// # Errors
/// `Internal` when the session cannot be stored.
pub async fn enter(session: &Session, start: SessionStart, agent: &str) -> Result<(), AppError> {
    session.cycle_id().await.map_err(broken)?;
    session.remove::<Pending>(PENDING).await.map_err(broken)?;
    session.remove::<Uuid>(LOOKING).await.map_err(broken)?;
    session.insert(ACCOUNT, start.account_id).await.map_err(broken)?;
    match start.business_id {
        Some(business) => session.insert(BUSINESS, business).await.map_err(broken)?,
        None => drop(session.remove::<Uuid>(BUSINESS).await.map_err(broken)?),
    }
    session.insert(AGENT, domain::browser::kept(agent)).await.map_err(broken)
}

/// The password was right; until the code is, this browser is nobody, whoever it was before.
///
/// # Errors
/// `Internal` when the session cannot be stored.
pub async fn await_code(passed: Passed) -> Result<(), AppError> {
    let now = services()?.now();
    let session = session().await?;
    session.cycle_id().await.map_err(broken)?;
    for name in [ACCOUNT, BUSINESS, LOOKING] {
        session.remove::<Uuid>(name).await.map_err(broken)?;
    }
    session.set_expiry(Some(Expiry::OnInactivity(time::Duration::minutes(PENDING_MINUTES))));
    let pending = Pending {
        passed,
        until: now + Duration::minutes(PENDING_MINUTES),
    };
    session.insert(PENDING, pending).await.map_err(broken)
}

/// Whose code is waited for.
///
/// # Errors
/// `SignInNeeded` when nobody's is, or not any more.
pub async fn awaited() -> Result<Passed, AppError> {
    let now = services()?.now();
    let pending = session().await?.get::<Pending>(PENDING).await.map_err(broken)?;
    if let Some(pending) = pending.filter(|pending| now < pending.until) {
        return Ok(pending.passed);
    }
    set_status(Code::SignInNeeded.status());
    Err(AppError::new(
        Code::SignInNeeded,
        "That took too long. Please sign in once more.",
    ))
}

/// The id of the session that asks, to tell it from its person's others.
///
/// # Errors
/// `Internal` when it cannot be read.
pub async fn session_id() -> Result<Option<[u8; 16]>, AppError> {
    Ok(session().await?.id().map(|id| id.0.to_be_bytes()))
}

/// Forgets who was signed in, and everything else about this browser.
///
/// # Errors
/// `Internal` when the session cannot be removed.
pub async fn end_session() -> Result<(), AppError> {
    session().await?.flush().await.map_err(broken)
}

/// A form as it was posted: its name, the page it stands on, and what was typed. Passwords are never told to it.
pub struct Form {
    name: String,
    page: String,
    typed: BTreeMap<String, String>,
}

impl Form {
    pub fn new(name: impl Into<String>, page: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            page: page.into(),
            typed: BTreeMap::new(),
        }
    }

    #[must_use]
    pub fn typed(mut self, field: &str, value: &str) -> Self {
        self.typed.insert(field.to_owned(), value.to_owned());
        self
    }
}

/// The one way a posted form is answered. `work` is done; after success `next` may name the page to go to. A browser
/// without JavaScript otherwise comes back to the form's page, which finds in the session whether it worked and, if not,
/// what was typed and what is wrong with it. A script just gets the result.
///
/// # Errors
/// Whatever `work` answers.
pub fn post_form<'a, T: Send + 'a>(
    form: Form,
    work: impl Future<Output = Result<T, AppError>> + Send + 'a,
    next: impl FnOnce(&T) -> Option<String> + Send + 'a,
) -> Answer<'a, T> {
    Box::pin(async move { answer(form, work.await, next).await })
}

async fn answer<T>(form: Form, result: Result<T, AppError>, next: impl FnOnce(&T) -> Option<String>) -> Result<T, AppError> {
    let next = result.as_ref().ok().and_then(next);
    if let Some(path) = next {
        leptos_axum::redirect(paths::local(&path, "/"));
    } else if posted_by_a_browser() {
        let page = paths::local(&form.page, "/").to_owned();
        let problem = result.as_ref().err().map(|AppError(problem)| problem.clone());
        let (session, mut typed) = (session().await?, form.typed);
        if session.get::<Uuid>(ACCOUNT).await.map_err(broken)?.is_none() {
            // Anybody may post these forms: what is kept of them is little, and not for long.
            typed.values_mut().for_each(shorten);
            session.set_expiry(Some(Expiry::OnInactivity(time::Duration::minutes(PENDING_MINUTES))));
        }
        let flash = Flash {
            form: form.name,
            typed,
            problem,
        };
        session.insert(FLASH, flash).await.map_err(broken)?;
        leptos_axum::redirect(&page);
    }
    result
}

/// Names and addresses are no longer.
fn shorten(typed: &mut String) {
    if let Some((end, _)) = typed.char_indices().nth(300) {
        typed.truncate(end);
    }
}

/// Leaves for the next page what is wrong with a form that did not come by way of a server function.
///
/// # Errors
/// `Internal` when the session can't be stored.
pub async fn leave(session: &Session, form: &str, typed: BTreeMap<String, String>, problem: Problem) -> Result<(), AppError> {
    let flash = Flash {
        form: form.to_owned(),
        typed,
        problem: Some(problem),
    };
    session.insert(FLASH, flash).await.map_err(broken)
}

/// The same for an act that has more to say than that it worked: `outcome` is left for the page as if it had been typed.
///
/// # Errors
/// Whatever `work` answers.
pub fn post_bulk_form<'a, T: serde::Serialize + Send + 'a>(
    form: Form,
    work: impl Future<Output = Result<T, AppError>> + Send + 'a,
) -> Answer<'a, T> {
    Box::pin(async move {
        let result = work.await;
        let outcome = result.as_ref().ok().and_then(|done| serde_json::to_string(done).ok());
        answer(form.typed(OUTCOME, &outcome.unwrap_or_default()), result, |_| None).await
    })
}

/// The same for a single button: afterwards back to `page`, and what went wrong is shown at its top.
///
/// # Errors
/// Whatever `work` answers.
pub fn button_action<'a, T: Send + 'a>(page: &str, work: impl Future<Output = Result<T, AppError>> + Send + 'a) -> Answer<'a, T> {
    post_form(Form::new(Flash::BUTTON, page), work, |_| None)
}

/// What the last form posted without JavaScript left behind; once.
///
/// # Errors
/// `Internal` when the session cannot be read.
pub async fn take_flash() -> Result<Option<Flash>, AppError> {
    flash_of(&session().await?).await
}

async fn flash_of(session: &Session) -> Result<Option<Flash>, AppError> {
    // Looked at first: taking nothing away must not count as a change of the session.
    match session.get::<Flash>(FLASH).await.map_err(broken)? {
        Some(_) => session.remove(FLASH).await.map_err(broken),
        None => Ok(None),
    }
}

/// A page that a browser asked for, by which it can be led on to another address. Taken before anything is waited for.
pub struct Page(Option<ResponseOptions>);

impl Page {
    pub fn asked_for() -> Self {
        Self(use_context::<ResponseOptions>().filter(|_| posted_by_a_browser()))
    }

    /// What stood at its address is at `path` now. A script that asked for what to show needs no other address.
    pub fn is_now_at(self, path: &str) {
        if let (Some(options), Ok(location)) = (self.0, HeaderValue::from_str(paths::local(path, "/"))) {
            options.set_status(axum::http::StatusCode::FOUND);
            options.insert_header(header::LOCATION, location);
        }
    }
}

/// The policy for the page being made; `nonce` is the one its own scripts carry.
pub fn set_content_security_policy(nonce: &str) {
    let policy = format!(
        "default-src 'self'; script-src 'self' 'nonce-{nonce}' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self' data:; \
         connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    );
    if let (Some(options), Ok(policy)) = (use_context::<ResponseOptions>(), HeaderValue::from_str(&policy)) {
        options.insert_header(header::CONTENT_SECURITY_POLICY, policy);
    }
}

async fn session() -> Result<Session, AppError> {
    leptos_axum::extract::<Session>().await.map_err(broken)
}

/// The country that the browser's first language names: `IT` for `it-IT`.
pub fn region() -> Option<String> {
    let parts = use_context::<Parts>()?;
    let languages = parts.headers.get(header::ACCEPT_LANGUAGE)?.to_str().ok()?;
    let first = languages.split([',', ';']).next()?.trim();
    let region = first.split('-').skip(1).find(|part| part.len() == 2)?;
    Some(region.to_ascii_uppercase())
}

fn posted_by_a_browser() -> bool {
    use_context::<Parts>().is_some_and(|parts| {
        parts
            .headers
            .get(header::ACCEPT)
            .and_then(|accept| accept.to_str().ok())
            .is_some_and(|accept| accept.contains("text/html"))
    })
}

fn broken(cause: impl std::fmt::Debug) -> AppError {
    tracing::error!(?cause, "the session or the context of a page is broken");
    set_status(Code::Internal.status());
    AppError::new(Code::Internal, "Something went wrong on our side. Try again in a moment.")
}
