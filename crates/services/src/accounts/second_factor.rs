//! The second factor: codes that an authenticator tells by the time (TOTP, RFC 6238), and ten recovery codes for when it is lost. The secret is
//! sealed, recovery codes are kept as hashes. A code is taken once: its step is written down with what it opens.

mod codes;

use chrono::{DateTime, Utc};
use contract::{
    Code,
    security::{BegunFactor, FactorView},
};
use domain::second_factor::{self as rules, RECOVERY_CODES, Typed, Verdict};
use entity::accounts::{account, member, recovery_code, second_factor};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, ExprTrait, PaginatorTrait, QueryFilter, QuerySelect, Set,
    sea_query::{Expr, OnConflict},
};
use uuid::Uuid;

use super::{
    EMAIL, devices, name_and_email, own, sign_in_needed,
    throttle::{self, Whose},
    verify_password,
};
use crate::kernel::{
    Actor, Error, Event, Permission, Principal, Result, Services, Tx,
    error::{field, problem},
};

/// The sealed column, as `vault::SEALED` calls it.
const SECRET: &str = "second_factor.secret";

/// So long an authenticator may take to be set up.
const BEGUN: chrono::Duration = chrono::Duration::minutes(30);

/// Whether an account is asked for a code.
pub(super) async fn is_on(db: &impl ConnectionTrait, account_id: Uuid) -> Result<bool> {
    Ok(of(db, account_id).await?.is_some_and(|row| row.confirmed_at.is_some()))
}

async fn of(db: &impl ConnectionTrait, account_id: Uuid) -> Result<Option<second_factor::Model>> {
    Ok(second_factor::Entity::find_by_id(account_id).one(db).await?)
}

/// Which members of a business have a second factor, for those who manage it.
///
/// # Errors
/// `NotAllowed`.
pub async fn who_has(s: &Services, actor: &Actor) -> Result<Vec<Uuid>> {
    actor.may(Permission::ManageBusiness)?;
    let ids = super::member_ids(s.read(), actor.business_id).await?;
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = second_factor::Entity::find()
        .select_only()
        .column(second_factor::Column::AccountId)
        .filter(second_factor::Column::AccountId.is_in(ids))
        .filter(second_factor::Column::ConfirmedAt.is_not_null());
    Ok(rows.into_tuple().all(s.read()).await?)
}

pub(super) async fn view(s: &Services, account_id: Uuid) -> Result<FactorView> {
    let Some(row) = of(s.read(), account_id).await? else {
        return Ok(FactorView::Off);
    };
    if let Some(since) = row.confirmed_at {
        let left = recovery_code::Entity::find()
            .filter(recovery_code::Column::AccountId.eq(account_id))
            .filter(recovery_code::Column::UsedAt.is_null());
        let left = left.count(s.read()).await?;
        return Ok(FactorView::On {
            since,
            recovery_codes_left: u32::try_from(left).unwrap_or_default(),
        });
    }
    if s.now() - row.begun_at > BEGUN {
        return Ok(FactorView::Off);
    }
    let secret = s.vault().open(SECRET, &row.secret).await?;
    let (_, email) = name_and_email(s, account_id).await?;
    Ok(FactorView::Begun(BegunFactor {
        qr: codes::qr(&codes::address(&secret, &email))?,
        // With blanks, which every authenticator takes.
        secret: rules::shown(&secret).replace('-', " "),
    }))
}

/// Begins to set up an authenticator: a new secret, which asks for nothing before a code of it has come.
///
/// # Errors
/// `Invalid` for a wrong password; `Conflict` where there is one already; `TooMany`; `SignInNeeded`.
pub(super) async fn begin(s: &Services, actor: &Actor, password: &str) -> Result<()> {
    let account_id = own(actor)?;
    own_password(s, account_id, password).await?;
    let tx = s.begin().await?;
    if is_on(&tx.db, account_id).await? {
        return Err(problem(
            Code::Conflict,
            "Your second step is on already. Turn it off to set it up anew.",
        ));
    }
    let secret = codes::new_secret();
    let row = second_factor::ActiveModel {
        account_id: Set(account_id),
        secret: Set(s.vault().seal(SECRET, &secret)),
        last_step: Set(0),
        begun_at: Set(tx.now),
        confirmed_at: Set(None),
    };
    use second_factor::Column as C;
    // What was begun before and never confirmed is begun anew.
    let anew = OnConflict::column(C::AccountId)
        .update_columns([C::Secret, C::LastStep, C::BegunAt])
        .action_and_where(Expr::col((second_factor::Entity, C::ConfirmedAt)).is_null())
        .to_owned();
    second_factor::Entity::insert(row)
        .on_conflict(anew)
        .exec_without_returning(&tx.db)
        .await?;
    tx.commit().await
}

/// The authenticator has told a right code: from now on one is asked for. Gives the recovery codes, at the only time they are seen.
///
/// # Errors
/// `Invalid` with a word about the code; `Conflict` when nothing was begun, or too long ago; `TooMany`; `SignInNeeded`.
pub(super) async fn confirm(s: &Services, actor: &Actor, code: &str) -> Result<Vec<String>> {
    let account_id = own(actor)?;
    let one = throttle::code(s, &Whose::SignedIn(account_id))?;
    let mut tx = s.begin().await?;
    let row = of(&tx.db, account_id).await?;
    let row = row.filter(|row| row.confirmed_at.is_none() && tx.now - row.begun_at <= BEGUN);
    let row = row.ok_or_else(|| problem(Code::Conflict, "Please begin anew: this picture is not good any more."))?;
    let step = right_step(&tx, &row, code).await?;
    let done = second_factor::Entity::update_many()
        .col_expr(second_factor::Column::ConfirmedAt, Expr::value(Some(tx.now)))
        .col_expr(second_factor::Column::LastStep, Expr::value(step))
        .filter(second_factor::Column::AccountId.eq(account_id))
        .filter(second_factor::Column::Secret.eq(row.secret))
        .filter(second_factor::Column::ConfirmedAt.is_null())
        .exec(&tx.db)
        .await?;
    if done.rows_affected == 0 {
        return Err(problem(
            Code::Conflict,
            "This was done in another window meanwhile. Please load the page again.",
        ));
    }
    let codes = new_recovery_codes(&tx, account_id).await?;
    tx.record(actor.business_id, &actor.who, Event::SecondFactorOn(account_id));
    tx.commit().await?;
    one.right(s);
    Ok(codes)
}

/// Ten new recovery codes in place of the old ones.
///
/// # Errors
/// `Invalid` with a word about the code; `Conflict` where no code is asked for; `TooMany`; `SignInNeeded`.
pub(super) async fn renew_recovery_codes(s: &Services, actor: &Actor, code: &str) -> Result<Vec<String>> {
    let account_id = own(actor)?;
    let one = throttle::code(s, &Whose::SignedIn(account_id))?;
    let mut tx = s.begin().await?;
    needs_one(&tx, account_id).await?;
    take(&tx, account_id, code).await?;
    let codes = new_recovery_codes(&tx, account_id).await?;
    tx.record(actor.business_id, &actor.who, Event::RecoveryCodesRenewed(account_id));
    tx.commit().await?;
    one.right(s);
    Ok(codes)
}

/// Signing in takes the password alone again, on every device.
///
/// # Errors
/// `Invalid` for a wrong password or code; `Conflict` where no code is asked for; `TooMany`; `SignInNeeded`.
pub(super) async fn turn_off(s: &Services, actor: &Actor, password: &str, code: &str) -> Result<()> {
    let account_id = own(actor)?;
    own_password(s, account_id, password).await?;
    let one = throttle::code(s, &Whose::SignedIn(account_id))?;
    let mut tx = s.begin().await?;
    needs_one(&tx, account_id).await?;
    take(&tx, account_id, code).await?;
    remove(&tx, account_id).await?;
    tx.record(actor.business_id, &actor.who, Event::SecondFactorOff(account_id));
    tx.commit().await?;
    one.right(s);
    Ok(())
}

async fn needs_one(tx: &Tx, account_id: Uuid) -> Result<()> {
    if is_on(&tx.db, account_id).await? {
        return Ok(());
    }
    Err(problem(Code::Conflict, "You have no second step."))
}

/// For who has lost everything, by whoever runs this installation. Returns the person's name.
///
/// # Errors
/// `NotFound` where there is no such account; `Conflict` where it has no second factor.
pub async fn reset(s: &Services, email: &str) -> Result<String> {
    let email = domain::words::line(email).to_lowercase();
    let mut tx = s.begin().await?;
    let found = account::Entity::find()
        .filter(account::Column::EmailKey.is_in(s.vault().indexes(EMAIL, &email)))
        .one(&tx.db)
        .await?;
    let account = found.ok_or_else(|| problem(Code::NotFound, "There is no account with this e-mail address."))?;
    if of(&tx.db, account.id).await?.is_none() {
        return Err(problem(Code::Conflict, "This account has no second step."));
    }
    remove(&tx, account.id).await?;
    let works_in = member::Entity::find()
        .filter(member::Column::AccountId.eq(account.id))
        .limit(100)
        .all(&tx.db)
        .await?;
    for member in works_in {
        tx.record(member.business_id, &Principal::Operator, Event::SecondFactorOff(account.id));
    }
    tx.commit().await?;
    Ok(account.name)
}

/// One that was set up since then asks for nothing any more; whether it did.
pub(super) async fn remove_since(tx: &Tx, account_id: Uuid, since: DateTime<Utc>) -> Result<bool> {
    let found = of(&tx.db, account_id).await?;
    let Some(row) = found.filter(|row| row.confirmed_at.unwrap_or(row.begun_at) >= since) else {
        return Ok(false);
    };
    remove(tx, account_id).await?;
    Ok(row.confirmed_at.is_some())
}

async fn remove(tx: &Tx, account_id: Uuid) -> Result<()> {
    recovery_code::Entity::delete_many()
        .filter(recovery_code::Column::AccountId.eq(account_id))
        .exec(&tx.db)
        .await?;
    second_factor::Entity::delete_by_id(account_id).exec(&tx.db).await?;
    devices::forget_trust(tx, account_id).await
}

/// Takes what was typed as a code, once, with everything else in this transaction.
///
/// # Errors
/// `Invalid` with a word about the code; `SignInNeeded` where no code is asked for.
pub(super) async fn take(tx: &Tx, account_id: Uuid, text: &str) -> Result<()> {
    let row = of(&tx.db, account_id).await?.filter(|row| row.confirmed_at.is_some());
    let row = row.ok_or_else(sign_in_needed)?;
    if let Some(Typed::Recovery(code)) = rules::read(text) {
        return take_recovery(tx, account_id, &code).await;
    }
    let step = right_step(tx, &row, text).await?;
    let taken = second_factor::Entity::update_many()
        .col_expr(second_factor::Column::LastStep, Expr::value(step))
        .filter(second_factor::Column::AccountId.eq(account_id))
        // Of two who bring the same code at once, the second finds it written down.
        .filter(second_factor::Column::LastStep.lt(step))
        .exec(&tx.db)
        .await?;
    match taken.rows_affected {
        0 => Err(refused(Verdict::Used)),
        _ => Ok(()),
    }
}

async fn right_step(tx: &Tx, row: &second_factor::Model, text: &str) -> Result<i64> {
    let Some(Typed::Code(typed)) = rules::read(text) else {
        return Err(refused(Verdict::Wrong));
    };
    let secret = tx.services().vault().open(SECRET, &row.secret).await?;
    let found = codes::step_of(&secret, &typed, tx.now)?;
    match rules::judge(tx.now, found, row.last_step) {
        Verdict::Right(step) => Ok(step),
        verdict => Err(refused(verdict)),
    }
}

fn refused(verdict: Verdict) -> Error {
    field("code", rules::words(verdict))
}

async fn take_recovery(tx: &Tx, account_id: Uuid, code: &str) -> Result<()> {
    let taken = recovery_code::Entity::update_many()
        .col_expr(recovery_code::Column::UsedAt, Expr::value(Some(tx.now)))
        .filter(recovery_code::Column::AccountId.eq(account_id))
        .filter(recovery_code::Column::Hash.eq(codes::hash(account_id, code)))
        .filter(recovery_code::Column::UsedAt.is_null())
        .exec(&tx.db)
        .await?;
    match taken.rows_affected {
        0 => Err(field("code", "This recovery code is not right, or was used already.")),
        _ => Ok(()),
    }
}

async fn new_recovery_codes(tx: &Tx, account_id: Uuid) -> Result<Vec<String>> {
    recovery_code::Entity::delete_many()
        .filter(recovery_code::Column::AccountId.eq(account_id))
        .exec(&tx.db)
        .await?;
    let codes: Vec<String> = (0..RECOVERY_CODES).map(|_| codes::new_recovery_code()).collect();
    let rows = codes.iter().map(|code| recovery_code::ActiveModel {
        id: Set(Uuid::now_v7()),
        account_id: Set(account_id),
        hash: Set(codes::hash(account_id, code)),
        used_at: Set(None),
    });
    recovery_code::Entity::insert_many(rows)
        .exec_without_returning(&tx.db)
        .await?;
    Ok(codes.iter().map(|code| rules::shown(code)).collect())
}

/// Somebody who is signed in says once more that it is them.
async fn own_password(s: &Services, account_id: Uuid, password: &str) -> Result<()> {
    let one = throttle::password(s, &Whose::SignedIn(account_id), None)?;
    let account = super::get(s, account_id).await?;
    if !verify_password(s, password.chars().take(200).collect(), account.password_hash).await? {
        return Err(field("password", "This is not your password."));
    }
    one.right(s);
    Ok(())
}
