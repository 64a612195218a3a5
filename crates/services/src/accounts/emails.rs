//! Another e-mail address for an account. It counts once who reads mail there has said so; who reads mail at the one before can take it
//! back for a week, and then the account is theirs alone: every session ends, whatever else was set up since is gone, and a new password is
//! needed. For that week the address before is nobody else's to take.

use chrono::{DateTime, Duration, Utc};
use contract::{Code, accounts::EmailChangeView};
use entity::accounts::{account, email_change};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, Set,
    sea_query::{Expr, LockType},
};
use uuid::Uuid;

use super::{
    EMAIL as ACCOUNT_EMAIL,
    choosing::memberships,
    devices, hash_password,
    invitations::address,
    oidc,
    passwords::{self, everywhere, is_theirs, letter_to, own},
    second_factor, sessions,
};
use crate::kernel::{
    Actor, Error, Event, Principal, Result, Services, Tx,
    error::{field, problem},
    events::AccountLetter,
    tokens::{hash, token},
};

/// The sealed columns, as `vault::SEALED` calls them.
const EMAIL: &str = "email_change.email";
const BEFORE: &str = "email_change.before";

/// How long the new address can be confirmed, and how long the one before can take it back.
const STANDS: Duration = Duration::days(1);
const UNDO: Duration = Duration::days(7);

/// Said to who wants an address that an account may still take back.
pub(super) const HELD: &str =
    "Another account had this address until lately, and can still take it back. Please use another one.";

/// So many in a day.
const A_DAY: u64 = 5;

/// What is long over is forgotten.
const KEPT: Duration = Duration::days(60);

const BY_LINK: Principal = Principal::System("a link for an e-mail address");

/// Asks for another address; nothing changes before it is confirmed there.
///
/// # Errors
/// `Invalid` for an address that is none, or one's own, and at `present` for a wrong password; `TooMany`.
pub async fn ask(s: &Services, actor: &Actor, new: &str, present: &str) -> Result<()> {
    let account = own(s, actor).await?;
    let email = address("email", new)?;
    let before = s.vault().open(ACCOUNT_EMAIL, &account.email).await?;
    if email == before {
        return Err(field("email", "This is your address already."));
    }
    is_theirs(s, &account, "present", present).await?;
    let mut tx = s.begin().await?;
    tx.take_turns(BEFORE, [before.clone()]).await?;
    let of_late = email_change::Entity::find()
        .filter(email_change::Column::AccountId.eq(account.id))
        .filter(email_change::Column::CreatedAt.gt(tx.now - Duration::days(1)));
    if of_late.count(&tx.db).await? >= A_DAY {
        return Err(problem(
            Code::TooMany,
            "That is enough for one day. Please try again tomorrow.",
        ));
    }
    end_waiting(&tx, account.id).await?;
    let (confirm, undo) = (token(), token());
    let row = email_change::ActiveModel {
        id: Set(Uuid::now_v7()),
        account_id: Set(account.id),
        email: Set(s.vault().seal(EMAIL, &email)),
        before: Set(s.vault().seal(BEFORE, &before)),
        before_key: Set(Some(s.vault().index(BEFORE, &before))),
        token_hash: Set(hash(&confirm)),
        undo_hash: Set(hash(&undo)),
        expires_at: Set(tx.now + STANDS),
        undo_until: Set(tx.now + UNDO),
        confirmed_at: Set(None),
        ended_at: Set(None),
        undone_at: Set(None),
        created_at: Set(tx.now),
    };
    let change = row.insert(&tx.db).await?.id;
    // Whoever asks is told the same, so that nobody learns here who has an account.
    let to_new = match super::with_email(s, &tx.db, &email).await? {
        Some(_) => AccountLetter::EmailTaken,
        None => AccountLetter::ConfirmEmail {
            change,
            token: confirm.into(),
        },
    };
    letter_to(&mut tx, account.id, email, to_new);
    let to_old = AccountLetter::EmailChanging {
        change,
        undo: undo.into(),
    };
    letter_to(&mut tx, account.id, before, to_old);
    tx.commit().await
}

async fn end_waiting(tx: &Tx, account_id: Uuid) -> Result<()> {
    email_change::Entity::update_many()
        .col_expr(email_change::Column::EndedAt, Expr::value(tx.now))
        .filter(email_change::Column::AccountId.eq(account_id))
        .filter(email_change::Column::ConfirmedAt.is_null())
        .filter(email_change::Column::EndedAt.is_null())
        .exec(&tx.db)
        .await?;
    Ok(())
}

/// An address of this account that waits to be confirmed.
pub(crate) async fn waiting(s: &Services, account_id: Uuid) -> Result<Option<String>> {
    let found = email_change::Entity::find()
        .filter(email_change::Column::AccountId.eq(account_id))
        .order_by_desc(email_change::Column::CreatedAt)
        .limit(1)
        .one(s.read())
        .await?;
    match found.filter(|row| row.confirmed_at.is_none() && row.ended_at.is_none() && row.expires_at > s.now()) {
        Some(row) => Ok(Some(s.vault().open(EMAIL, &row.email).await?)),
        None => Ok(None),
    }
}

/// Whether a link still changes an address, to send it.
pub(crate) async fn is_open(tx: &Tx, change_id: Uuid) -> Result<bool> {
    let found = email_change::Entity::find_by_id(change_id).one(&tx.db).await?;
    Ok(found.is_some_and(|row| row.undone_at.is_none()))
}

/// What a link in a mail to the new address would do.
///
/// # Errors
/// `NotFound`, saying why it opens nothing.
pub async fn open_link(s: &Services, token: &str) -> Result<EmailChangeView> {
    let row = confirmable(s.read(), token, s.now(), false).await?;
    view(s, row).await
}

/// What a link in the mail to the address before would take back.
///
/// # Errors
/// As `open_link`.
pub async fn open_undo(s: &Services, token: &str) -> Result<EmailChangeView> {
    let row = undoable(s.read(), token, s.now(), false).await?;
    view(s, row).await
}

async fn view(s: &Services, row: email_change::Model) -> Result<EmailChangeView> {
    Ok(EmailChangeView {
        email: s.vault().open(EMAIL, &row.email).await?,
        before: s.vault().open(BEFORE, &row.before).await?,
        confirmed: row.confirmed_at.is_some(),
    })
}

/// The new address is theirs, and is the account's from now on.
///
/// # Errors
/// `NotFound` for a link that opens nothing; `Conflict` when somebody else has an account with it by now, or may still take it back.
pub async fn confirm(s: &Services, token: &str) -> Result<()> {
    let mut tx = s.begin().await?;
    let row = confirmable(&tx.db, token, tx.now, true).await?;
    let (account_id, email) = (row.account_id, s.vault().open(EMAIL, &row.email).await?);
    if let Some(why) = in_the_way(&tx, account_id, &email).await? {
        return Err(why);
    }
    // Links for a new password went to another address.
    passwords::close(&tx, account_id).await?;
    move_to(&mut tx, account_id, &email).await?;
    let mut row = row.into_active_model();
    row.confirmed_at = Set(Some(tx.now));
    row.undo_until = Set(tx.now + UNDO);
    row.update(&tx.db).await?;
    tx.commit().await
}

/// It was not them: the address before is the account's again, and nobody is signed in any more, nor can be by the password that somebody
/// knew or by what they have set up since. The secret of a link that makes a new password.
///
/// # Errors
/// `NotFound` for a link that opens nothing; `Conflict` when somebody else has an account with the address by now: they are out all the same.
pub async fn undo(s: &Services, token: &str) -> Result<String> {
    undoable(s.read(), token, s.now(), false).await?;
    // Nobody knows it.
    let hash = hash_password(s, crate::kernel::tokens::token()).await?;
    let mut tx = s.begin().await?;
    let row = undoable(&tx.db, token, tx.now, true).await?;
    let (account_id, before) = (row.account_id, s.vault().open(BEFORE, &row.before).await?);
    let refused = in_the_way(&tx, account_id, &before).await?;
    shut_out(&mut tx, account_id, row.created_at, hash).await?;
    if let Some(why) = refused {
        tx.commit().await?;
        s.live().notify();
        return Err(why);
    }
    move_to(&mut tx, account_id, &before).await?;
    // With it goes whatever was asked for afterwards.
    email_change::Entity::update_many()
        .col_expr(email_change::Column::EndedAt, Expr::value(tx.now))
        .col_expr(email_change::Column::UndoneAt, Expr::value(tx.now))
        .filter(email_change::Column::AccountId.eq(account_id))
        .filter(email_change::Column::CreatedAt.gte(row.created_at))
        .exec(&tx.db)
        .await?;
    let link = passwords::begin(&tx, account_id, &before).await?;
    tx.commit().await?;
    s.live().notify();
    Ok(link)
}

/// Ends every way in that somebody had or has made since then. A second step that is older stays: it is the owner's.
async fn shut_out(tx: &mut Tx, account_id: Uuid, since: DateTime<Utc>, hash: String) -> Result<()> {
    account::Entity::update_many()
        .col_expr(account::Column::PasswordHash, Expr::value(hash))
        .filter(account::Column::Id.eq(account_id))
        .exec(&tx.db)
        .await?;
    passwords::close(tx, account_id).await?;
    sessions::end_all(tx, account_id, None).await?;
    oidc::forget_since(tx, account_id, since).await?;
    devices::forget_since(tx, account_id, since).await?;
    devices::forget_trust(tx, account_id).await?;
    if second_factor::remove_since(tx, account_id, since).await? {
        everywhere(tx, &BY_LINK, account_id, Event::SecondFactorOff).await?;
    }
    for one in memberships(&tx.db, account_id).await? {
        let event = Event::EmailTakenBack {
            account: account_id,
            since,
        };
        tx.record(one.business_id, &BY_LINK, event);
    }
    Ok(())
}

/// Why an address can't be this account's. Whoever wants one waits here for each other.
async fn in_the_way(tx: &Tx, account_id: Uuid, email: &str) -> Result<Option<Error>> {
    tx.take_turns(ACCOUNT_EMAIL, [email.to_owned()]).await?;
    let holder = super::with_email(tx.services(), &tx.db, email).await?;
    let why = if holder.is_some_and(|holder| holder.id != account_id) {
        "This address has an account of its own by now, so it can't be that of another one."
    } else if is_held(tx, email, Some(account_id)).await? {
        HELD
    } else {
        return Ok(None);
    };
    Ok(Some(problem(Code::Conflict, why)))
}

/// Whether an account may still take this address back, but for this one. If somebody else had it meanwhile, "this was not me" would come to
/// nothing.
pub(super) async fn is_held(tx: &Tx, email: &str, but: Option<Uuid>) -> Result<bool> {
    let mut found = email_change::Entity::find()
        .filter(email_change::Column::BeforeKey.is_in(tx.services().vault().indexes(BEFORE, email)))
        .filter(email_change::Column::ConfirmedAt.is_not_null())
        .filter(email_change::Column::UndoneAt.is_null())
        .filter(email_change::Column::UndoUntil.gt(tx.now));
    if let Some(own) = but {
        found = found.filter(email_change::Column::AccountId.ne(own));
    }
    Ok(found.one(&tx.db).await?.is_some())
}

/// The caller has looked that nobody is in the way.
async fn move_to(tx: &mut Tx, account_id: Uuid, email: &str) -> Result<()> {
    if super::with_email(tx.services(), &tx.db, email).await?.is_some() {
        return Ok(());
    }
    let vault = tx.services().vault();
    account::Entity::update_many()
        .col_expr(account::Column::Email, Expr::value(vault.seal(ACCOUNT_EMAIL, email)))
        .col_expr(account::Column::EmailKey, Expr::value(vault.index(ACCOUNT_EMAIL, email)))
        .filter(account::Column::Id.eq(account_id))
        .exec(&tx.db)
        .await?;
    everywhere(tx, &BY_LINK, account_id, Event::EmailChanged).await
}

async fn confirmable(db: &impl ConnectionTrait, token: &str, now: DateTime<Utc>, lock: bool) -> Result<email_change::Model> {
    let row = by(db, email_change::Column::TokenHash.eq(hash(token)), lock).await?;
    let why = if row.confirmed_at.is_some() {
        "This link was used already: the address is yours."
    } else if row.ended_at.is_some() {
        "This change was taken back, or another one was asked for since."
    } else if row.expires_at <= now {
        "This link is too old: it opened for a day. Please ask for the change again."
    } else {
        return Ok(row);
    };
    Err(problem(Code::NotFound, why))
}

async fn undoable(db: &impl ConnectionTrait, token: &str, now: DateTime<Utc>, lock: bool) -> Result<email_change::Model> {
    let row = by(db, email_change::Column::UndoHash.eq(hash(token)), lock).await?;
    let why = if row.undone_at.is_some() {
        "This was taken back already."
    } else if row.undo_until <= now {
        "This link is too old: it opened for seven days."
    } else {
        return Ok(row);
    };
    Err(problem(Code::NotFound, why))
}

async fn by(db: &impl ConnectionTrait, key: sea_orm::sea_query::SimpleExpr, lock: bool) -> Result<email_change::Model> {
    let mut found = email_change::Entity::find().filter(key);
    if lock {
        found = found.lock(LockType::Update);
    }
    let found = found.one(db).await?;
    found.ok_or_else(|| problem(Code::NotFound, "This link is not known."))
}

/// Forgets what is long over.
///
/// # Errors
/// When the database does not answer; the next round tries again.
pub async fn prune(s: &Services) -> Result<()> {
    email_change::Entity::delete_many()
        .filter(email_change::Column::CreatedAt.lt(s.now() - KEPT))
        .exec(&s.db().write)
        .await?;
    Ok(())
}
