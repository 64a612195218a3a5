//! Signing in: the password, then a code where somebody has a second factor and the browser is not one that they trust.

use std::net::IpAddr;

use contract::{Code, accounts::SignIn};
use domain::words;
use entity::accounts::account;
use sea_orm::EntityTrait;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{
    NOBODY, SessionStart, choosing, devices, failed, second_factor, sign_in_needed,
    throttle::{self, Whose},
    verify_password, with_email,
};
use crate::kernel::{Error, Event, Result, Services, Tx, error::problem};

/// Who knocks, as far as a door can tell.
#[derive(Clone, Debug, Default)]
pub struct Caller {
    pub address: Option<IpAddr>,
    /// What the browser's cookie for devices holds.
    pub device: Option<String>,
    /// What the browser calls itself.
    pub user_agent: String,
}

/// What came of a password.
#[derive(Debug)]
pub enum SignedIn {
    In(Entry),
    /// It was right, and opens nothing yet.
    CodeNeeded(Passed),
}

/// Somebody whose password was right, while their code is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passed {
    pub account_id: Uuid,
    business_id: Option<Uuid>,
    /// Of the password that was right: another one since, and this counts no more.
    stamp: [u8; 16],
}

impl Passed {
    fn new(start: SessionStart, account: &account::Model) -> Self {
        Self {
            account_id: start.account_id,
            business_id: start.business_id,
            stamp: stamp(account),
        }
    }
}

/// A part of the hash of the password's hash: it tells whether it is the same one, and nothing of it.
fn stamp(account: &account::Model) -> [u8; 16] {
    let mut stamp = [0; 16];
    for (place, byte) in stamp.iter_mut().zip(Sha256::digest(&account.password_hash)) {
        *place = byte;
    }
    stamp
}

/// Somebody who has signed in, all the way.
#[derive(Debug)]
pub struct Entry {
    pub start: SessionStart,
    /// What the browser's cookie for devices is to hold from now on.
    pub device: String,
}

fn wrong() -> Error {
    problem(Code::WrongCredentials, "E-mail and password do not match an account.")
}

/// Signs in with e-mail and password; into the business they worked in last, else the one they joined first.
///
/// # Errors
/// `WrongCredentials`, the same and as slow for an unknown address as for a wrong password; `TooMany` after several of them, also the same.
pub async fn sign_in(s: &Services, cmd: SignIn, caller: &Caller) -> Result<SignedIn> {
    let email = words::line(&cmd.email).to_lowercase();
    let account = with_email(s, s.read(), &email).await?;
    let id = account.as_ref().map_or(Uuid::nil(), |account| account.id);
    let device = devices::known(s.read(), id, caller).await?;
    let whose = device
        .as_ref()
        .map_or(Whose::Email(&email), |device| Whose::Device(device.id));
    let one = throttle::password(s, &whose, caller.address)?;
    let hash = account
        .as_ref()
        .map_or_else(|| NOBODY.to_owned(), |a| a.password_hash.clone());
    let fits = verify_password(s, cmd.password.chars().take(200).collect(), hash).await?;
    let Some(account) = account.filter(|_| fits) else {
        failed(s, id).await?;
        return Err(wrong());
    };
    one.right(s);
    let start = start(s, &account).await?;
    let trusted = device
        .and_then(|device| device.trusted_until)
        .is_some_and(|until| until > s.now());
    if !trusted && second_factor::is_on(s.read(), account.id).await? {
        return Ok(SignedIn::CodeNeeded(Passed::new(start, &account)));
    }
    enter(s, start, caller, false).await.map(SignedIn::In)
}

/// The second step: a code of the authenticator, or a recovery code. `trust`: this browser is not asked again for 30 days.
///
/// # Errors
/// `Invalid` with a word about the code; `TooMany`; `SignInNeeded` when there is no second factor any more, or another password since.
pub async fn sign_in_with_code(s: &Services, passed: Passed, code: &str, trust: bool, caller: &Caller) -> Result<Entry> {
    let start = SessionStart {
        account_id: passed.account_id,
        business_id: passed.business_id,
    };
    // Who reads somebody's mail makes browsers known: each would be one more to guess codes in.
    let device = devices::known(s.read(), start.account_id, caller)
        .await?
        .filter(|device| !device.by_link);
    let whose = device.map_or(Whose::Account(start.account_id), |device| Whose::Device(device.id));
    let one = throttle::code(s, &whose)?;
    let mut tx = s.begin().await?;
    let account = account::Entity::find_by_id(start.account_id).one(&tx.db).await?;
    account
        .filter(|account| stamp(account) == passed.stamp)
        .ok_or_else(sign_in_needed)?;
    second_factor::take(&tx, start.account_id, code).await?;
    let entry = come_in(&mut tx, start, caller, trust).await?;
    tx.commit().await?;
    one.right(s);
    Ok(entry)
}

/// Somebody who has just signed up.
///
/// # Errors
/// When the database does not answer.
pub async fn signed_up(s: &Services, start: SessionStart, caller: &Caller) -> Result<Entry> {
    enter(s, start, caller, false).await
}

pub(super) async fn enter(s: &Services, start: SessionStart, caller: &Caller, trust: bool) -> Result<Entry> {
    let mut tx = s.begin().await?;
    let entry = come_in(&mut tx, start, caller, trust).await?;
    tx.commit().await?;
    Ok(entry)
}

/// All doors end here: the browser is known from now on, and the business sees who came in.
pub(super) async fn come_in(tx: &mut Tx, start: SessionStart, caller: &Caller, trust: bool) -> Result<Entry> {
    let device = devices::signed_in(tx, start, caller, trust).await?;
    if let Some(business_id) = start.business_id
        && let Some(actor) = super::actor_on(&tx.db, start.account_id, business_id).await?
    {
        choosing::mark(tx, start.account_id, business_id).await?;
        tx.record(business_id, &actor.who, Event::SignedIn(start.account_id));
    }
    Ok(Entry { start, device })
}

/// Where somebody goes who signs in.
pub(super) async fn start(s: &Services, account: &account::Model) -> Result<SessionStart> {
    Ok(SessionStart {
        account_id: account.id,
        business_id: choosing::last_used(s, account).await?,
    })
}
