//! A password that was forgotten, or is changed. Asking for a new one says and costs the same whether the address has an account: what was
//! asked is stored, and looked up afterwards.

use chrono::{DateTime, Duration, Utc};
use contract::Code;
use entity::accounts::{account, password_reset};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QuerySelect, Set,
    sea_query::{Expr, LockType},
};
use secrecy::SecretString;
use uuid::Uuid;

use super::{
    Caller,
    choosing::memberships,
    devices, fitting_password, hash_password,
    invitations::address,
    sessions,
    throttle::{self, Whose},
    verify_password,
};
use crate::kernel::{
    Actor, Event, Principal, Result, Services, Tx,
    error::{field, problem},
    events::AccountLetter,
    queue::Job,
    tokens::{hash, token},
};

/// The sealed column, as `vault::SEALED` calls it.
const EMAIL: &str = "password_reset.email";

/// How long a link opens.
const STANDS: Duration = Duration::hours(1);

/// An address is written to so often in an hour.
const AN_HOUR: u64 = 3;

/// What was asked is forgotten after so long.
const KEPT: Duration = Duration::days(2);

const BY_LINK: Principal = Principal::System("a link for a new password");

/// Somebody says that they have forgotten the password of this address.
///
/// # Errors
/// `Invalid` for what can't be an address; the same answer for every other one.
pub async fn forgot(s: &Services, email: &str) -> Result<()> {
    let email = address("email", email)?;
    let mut tx = s.begin().await?;
    tx.take_turns(EMAIL, [email.clone()]).await?;
    let of_late = password_reset::Entity::find()
        .filter(password_reset::Column::EmailKey.is_in(s.vault().indexes(EMAIL, &email)))
        .filter(password_reset::Column::CreatedAt.gt(tx.now - Duration::hours(1)));
    if of_late.count(&tx.db).await? >= AN_HOUR {
        // Whoever it is has mail already; an address that nobody has is told the same.
        return Ok(());
    }
    let row = password_reset::ActiveModel {
        id: Set(Uuid::now_v7()),
        email: Set(s.vault().seal(EMAIL, &email)),
        email_key: Set(s.vault().index(EMAIL, &email)),
        account_id: Set(None),
        token_hash: Set(None),
        expires_at: Set(tx.now + STANDS),
        used_at: Set(None),
        created_at: Set(tx.now),
    };
    let row = row.insert(&tx.db).await?;
    tx.enqueue(&Job::ForgottenPassword { reset_id: row.id }, tx.now, None).await?;
    tx.commit().await
}

/// Looks up whose address that is, and writes to them. Doing it twice sends one mail.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn look_up(s: &Services, reset_id: Uuid) -> Result<()> {
    let mut tx = s.begin().await?;
    let found = password_reset::Entity::find_by_id(reset_id)
        .lock(LockType::Update)
        .one(&tx.db)
        .await?;
    let Some(row) = found.filter(|row| row.account_id.is_none() && row.used_at.is_none() && row.expires_at > tx.now) else {
        return Ok(());
    };
    let email = s.vault().open(EMAIL, &row.email).await?;
    let Some(account) = super::with_email(s, &tx.db, &email).await? else {
        return Ok(());
    };
    write(&mut tx, row, &account, email).await?;
    tx.commit().await
}

/// Looks up those whose job was lost. Of an address that nobody has nothing comes, however often.
///
/// # Errors
/// When the database does not answer; the next tick looks again.
pub(crate) async fn tick(s: &Services) -> Result<()> {
    let lost: Vec<Uuid> = password_reset::Entity::find()
        .filter(password_reset::Column::AccountId.is_null())
        .filter(password_reset::Column::CreatedAt.lte(s.now() - Duration::seconds(20)))
        .filter(password_reset::Column::CreatedAt.gt(s.now() - Duration::minutes(2)))
        .select_only()
        .column(password_reset::Column::Id)
        .limit(50)
        .into_tuple()
        .all(s.read())
        .await?;
    for id in lost {
        look_up(s, id).await?;
    }
    Ok(())
}

async fn write(tx: &mut Tx, row: password_reset::Model, account: &account::Model, email: String) -> Result<()> {
    let (id, token) = (row.id, token());
    let mut row = row.into_active_model();
    row.account_id = Set(Some(account.id));
    row.token_hash = Set(Some(hash(&token)));
    row.update(&tx.db).await?;
    let letter = AccountLetter::ResetPassword {
        reset: id,
        token: token.into(),
    };
    letter_to(tx, account.id, email, letter);
    Ok(())
}

/// A link for a new password to somebody who has just proved that the address is theirs; its secret.
pub(super) async fn begin(tx: &Tx, account_id: Uuid, email: &str) -> Result<String> {
    let (vault, token) = (tx.services().vault(), token());
    let row = password_reset::ActiveModel {
        id: Set(Uuid::now_v7()),
        email: Set(vault.seal(EMAIL, email)),
        email_key: Set(vault.index(EMAIL, email)),
        account_id: Set(Some(account_id)),
        token_hash: Set(Some(hash(&token))),
        expires_at: Set(tx.now + STANDS),
        used_at: Set(None),
        created_at: Set(tx.now),
    };
    row.insert(&tx.db).await?;
    Ok(token)
}

/// Whether a link still makes a new password, to send it.
pub(crate) async fn is_open(tx: &Tx, reset_id: Uuid) -> Result<bool> {
    let found = password_reset::Entity::find_by_id(reset_id).one(&tx.db).await?;
    Ok(found.is_some_and(|row| row.used_at.is_none() && row.expires_at > tx.now))
}

/// Whose password a link makes anew: their address.
///
/// # Errors
/// `NotFound`, saying why the link opens nothing.
pub async fn open_link(s: &Services, token: &str) -> Result<String> {
    let (_, account_id) = usable(s.read(), token, s.now(), false).await?;
    Ok(super::name_and_email(s, account_id).await?.1)
}

/// Sets a new password by a link, once. Every session of the account ends. Whoever guesses at it keeps its person out of this browser no
/// longer: what was guessed is forgotten, and the browser is known from now on. What its cookie for devices is to hold.
///
/// # Errors
/// `NotFound` for a link that opens nothing; `Invalid` for a password that is too short or too long.
pub async fn reset(s: &Services, token: &str, new: &str, caller: &Caller) -> Result<String> {
    usable(s.read(), token, s.now(), false).await?;
    let hash = hash_password(s, fitting_password(new)?).await?;
    let mut tx = s.begin().await?;
    let (_, account_id) = usable(&tx.db, token, tx.now, true).await?;
    set(&mut tx, &BY_LINK, account_id, hash, None).await?;
    let (_, email) = super::name_and_email_on(&tx, account_id).await?;
    let device = devices::came_by_link(&tx, account_id, caller).await?;
    tx.commit().await?;
    throttle::forget(s, &email);
    s.live().notify();
    Ok(device)
}

/// Sets a new password by the present one. Every other session of the account ends: those that begin at the moment that is returned count.
///
/// # Errors
/// `Invalid` at `present` when that is not the present one, and at `password` for one that is too short or too long; `TooMany` after several
/// wrong ones.
pub async fn change(s: &Services, actor: &Actor, present: &str, new: &str, current: Option<&[u8]>) -> Result<()> {
    let account = own(s, actor).await?;
    let new = fitting_password(new)?;
    is_theirs(s, &account, "present", present).await?;
    let hash = hash_password(s, new).await?;
    let mut tx = s.begin().await?;
    set(&mut tx, &actor.who, account.id, hash, current).await?;
    if let Some(current) = current {
        // Its id may be known to somebody: it gets another one next.
        sessions::renewing(&mut tx, account.id, current);
    }
    tx.commit().await?;
    s.live().notify();
    Ok(())
}

pub(super) async fn own(s: &Services, actor: &Actor) -> Result<account::Model> {
    match actor.who {
        Principal::Member { account_id, .. } => super::get(s, account_id).await,
        _ => Err(problem(Code::SignInNeeded, "Please sign in.")),
    }
}

/// Whoever sits at somebody's open browser does not change who it belongs to, nor guesses as fast as they can.
pub(super) async fn is_theirs(s: &Services, account: &account::Model, name: &str, typed: &str) -> Result<()> {
    let one = throttle::password(s, &Whose::SignedIn(account.id), None)?;
    let typed = typed.chars().take(200).collect();
    if !verify_password(s, typed, account.password_hash.clone()).await? {
        return Err(field(name, "This is not your present password."));
    }
    one.right(s);
    Ok(())
}

/// What else would open the account is closed, and its person is told.
async fn set(tx: &mut Tx, by: &Principal, account_id: Uuid, hash: String, current: Option<&[u8]>) -> Result<()> {
    account::Entity::update_many()
        .col_expr(account::Column::PasswordHash, Expr::value(hash))
        .filter(account::Column::Id.eq(account_id))
        .exec(&tx.db)
        .await?;
    close(tx, account_id).await?;
    sessions::end_all(tx, account_id, current).await?;
    everywhere(tx, by, account_id, Event::PasswordChanged).await?;
    let (_, email) = super::name_and_email_on(tx, account_id).await?;
    letter_to(tx, account_id, email, AccountLetter::PasswordChanged);
    Ok(())
}

/// Links that wait make no new password any more.
pub(super) async fn close(tx: &Tx, account_id: Uuid) -> Result<()> {
    password_reset::Entity::update_many()
        .col_expr(password_reset::Column::UsedAt, Expr::value(tx.now))
        .filter(password_reset::Column::AccountId.eq(account_id))
        .filter(Expr::cust("\"used_at\" IS NULL"))
        .exec(&tx.db)
        .await?;
    Ok(())
}

/// In the audit trail of every business that the account belongs to.
pub(super) async fn everywhere(tx: &mut Tx, by: &Principal, account_id: Uuid, event: fn(Uuid) -> Event) -> Result<()> {
    for one in memberships(&tx.db, account_id).await? {
        tx.record(one.business_id, by, event(account_id));
    }
    Ok(())
}

pub(super) fn letter_to(tx: &mut Tx, account: Uuid, to: String, letter: AccountLetter) {
    let to = SecretString::from(to);
    // No business's event: nothing is kept of it in one, and no page shows it.
    tx.record(
        Uuid::nil(),
        &Principal::System("accounts"),
        Event::AccountLetter { account, to, letter },
    );
}

async fn usable(db: &impl ConnectionTrait, token: &str, now: DateTime<Utc>, lock: bool) -> Result<(password_reset::Model, Uuid)> {
    let mut found = password_reset::Entity::find().filter(password_reset::Column::TokenHash.eq(hash(token)));
    if lock {
        found = found.lock(LockType::Update);
    }
    let unknown = "This link is not known, or was forgotten since. Please ask for a new one.";
    let refused = |why: &str| problem(Code::NotFound, why);
    let row = found.one(db).await?.ok_or_else(|| refused(unknown))?;
    let account_id = row.account_id.ok_or_else(|| refused(unknown))?;
    if row.used_at.is_some() {
        return Err(refused(
            "This link was used already, or a newer password was set since. Please ask for a new one.",
        ));
    }
    if row.expires_at <= now {
        return Err(refused(
            "This link is too old: it opened for an hour. Please ask for a new one.",
        ));
    }
    Ok((row, account_id))
}

/// Forgets what was asked long ago.
///
/// # Errors
/// When the database does not answer; the next round tries again.
pub async fn prune(s: &Services) -> Result<()> {
    password_reset::Entity::delete_many()
        .filter(password_reset::Column::CreatedAt.lt(s.now() - KEPT))
        .exec(&s.db().write)
        .await?;
    Ok(())
}
