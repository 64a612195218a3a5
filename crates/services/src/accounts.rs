//! Signing up, in and out; who a session belongs to.

pub mod choosing;
mod devices;
pub mod emails;
pub mod installation;
pub mod invitations;
pub mod members;
pub mod oidc;
pub mod passwords;
pub mod platform;
mod preferences;
pub mod second_factor;
pub mod security;
pub mod sessions;
mod signing_in;
mod throttle;

use std::collections::{HashMap, HashSet};

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use contract::{Code, FieldError, Problem, accounts::Role, conversations::MemberName};
use domain::words;
use entity::accounts::{account, member};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect, Select,
    Set, sea_query::Expr,
};
use serde_json::json;
use uuid::Uuid;

pub use signing_in::{Caller, Entry, Passed, SignedIn, sign_in, sign_in_with_code, signed_up};
pub(crate) use throttle::Throttle;

use crate::kernel::{
    Actor, Error, Event, Permission, Principal, Result, Services, Tx,
    counters::Counter,
    error::{field, problem, short},
    events::AccountLetter,
};

pub(crate) use preferences::{is_away, undo_seconds};
pub use preferences::{set_away, set_shortcuts, set_undo_seconds};

/// Most people of one business.
const MOST: u64 = 500;

/// The sealed column, as `vault::SEALED` calls it.
const EMAIL: &str = "account.email";

/// argon2 takes a core and 19 MiB for a moment; two at a time leave the machine to everybody else.
pub(crate) struct Passwords(tokio::sync::Semaphore);

impl Default for Passwords {
    fn default() -> Self {
        Self(tokio::sync::Semaphore::new(2))
    }
}

/// What goes into a session when somebody has signed in.
#[derive(Clone, Copy, Debug)]
pub struct SessionStart {
    pub account_id: Uuid,
    /// None: they belong to no business any more.
    pub business_id: Option<Uuid>,
}

/// Lower case, trimmed; `None` if it can't be an address. The only proof of an address is a letter that arrives, so this is lenient.
pub(crate) fn normal_email(text: &str) -> Option<String> {
    // Copied from a page, it may have brought along what nobody sees.
    let typed = words::line(text);
    let email = typed.to_lowercase();
    // The Kelvin sign and its like become another letter in lower case: that would be somebody else's address.
    if email.is_ascii() && !typed.is_ascii() {
        return None;
    }
    let (user, domain) = email.split_once('@')?;
    let fits =
        !user.is_empty() && domain.contains('.') && !domain.starts_with('.') && !domain.ends_with('.') && !domain.contains('@');
    (fits && email.len() <= 254 && !email.chars().any(|c| c.is_whitespace() || c.is_control())).then_some(email)
}

pub(crate) fn valid_password(password: &str) -> std::result::Result<(), &'static str> {
    match password.chars().count() {
        0..=7 => Err("Please choose at least 8 characters."),
        8..=200 => Ok(()),
        _ => Err("At most 200 characters, please."),
    }
}

/// Somebody tried to come in as this person: counted in their businesses and not listed, for guessing is endless.
async fn failed(s: &Services, account_id: Uuid) -> Result<()> {
    let of = member::Entity::find()
        .filter(member::Column::AccountId.eq(account_id))
        .limit(20);
    let mut tx = s.begin().await?;
    for one in of.all(&tx.db).await? {
        tx.count(one.business_id, Counter::SignInFailed);
    }
    tx.commit().await
}

/// Whoever asks goes out by the door.
///
/// # Errors
/// When the database does not answer.
pub async fn signed_out(s: &Services, actor: &Actor) -> Result<()> {
    let Principal::Member { account_id, .. } = actor.who else {
        return Ok(());
    };
    let mut tx = s.begin().await?;
    tx.record(actor.business_id, &actor.who, Event::SignedOut(account_id));
    tx.commit().await
}

/// What a member is.
///
/// # Errors
/// When it is something that nobody knows: then nothing is allowed.
fn role(member: &member::Model) -> Result<Role> {
    member.role.parse().map_err(|()| Error::broken("member with an unknown role"))
}

/// Adds somebody to a business, making the account if the address has none; whoever has one keeps its name and password. For the command
/// line and tests.
///
/// # Errors
/// `Invalid` for a bad address, or for no name and a short password where an account is to be made; `Conflict` if already a member.
pub async fn add_member(s: &Services, business_id: Uuid, role: Role, name: &str, email: &str, password: &str) -> Result<Uuid> {
    let email = normal_email(email).ok_or_else(|| field("email", "This does not look like an e-mail address."))?;
    let known = with_email(s, s.read(), &email).await?.is_some();
    let hash = if known {
        String::new()
    } else {
        hash_password(s, fitting_password(password)?).await?
    };
    let mut tx = s.begin().await?;
    tx.take_turns(EMAIL, [email.clone()]).await?;
    let id = match with_email(s, &tx.db, &email).await? {
        Some(account) => account.id,
        // Their account went away a moment ago.
        None if known => return Err(problem(Code::Conflict, "The account has just changed. Please try again.")),
        None => open_account(&tx, &fitting_name(name)?, &email, hash).await?,
    };
    join(&mut tx, &Principal::Operator, business_id, id, role).await?;
    tx.commit().await?;
    Ok(id)
}

pub(crate) fn fitting_name(name: &str) -> Result<String> {
    let name = short("name", name, 100)?;
    if name.is_empty() {
        return Err(field("name", "Please give the name of the person, up to 100 characters."));
    }
    Ok(name)
}

pub(crate) fn fitting_password(password: &str) -> Result<String> {
    valid_password(password).map_err(|m| field("password", m))?;
    Ok(password.to_owned())
}

/// A new account with its first membership.
///
/// # Errors
/// `Conflict` when the address has an account, or may still be taken back by one.
pub(crate) async fn insert_member(
    tx: &mut Tx,
    by: &Principal,
    business_id: Uuid,
    role: Role,
    name: &str,
    email: &str,
    password_hash: String,
) -> Result<Uuid> {
    tx.take_turns(EMAIL, [email.to_owned()]).await?;
    if with_email(tx.services(), &tx.db, email).await?.is_some() {
        return Err(taken());
    }
    let id = open_account(tx, name, email, password_hash).await?;
    join(tx, by, business_id, id, role).await?;
    Ok(id)
}

pub(crate) fn taken() -> Error {
    no_address("There is already an account with this e-mail. Sign in instead.")
}

/// The address of nobody's new account.
fn no_address(message: &str) -> Error {
    let fields = vec![FieldError {
        field: "email".into(),
        message: message.into(),
    }];
    let problem = Problem::new(Code::Conflict, message);
    Problem { fields, ..problem }.into()
}

/// Whose address this is.
pub(crate) async fn with_email(s: &Services, db: &impl ConnectionTrait, email: &str) -> Result<Option<account::Model>> {
    let known = account::Column::EmailKey.is_in(s.vault().indexes(EMAIL, email));
    Ok(account::Entity::find().filter(known).one(db).await?)
}

/// The caller has taken turns for the address.
///
/// # Errors
/// `Conflict` for an address that another account may still take back.
async fn open_account(tx: &Tx, name: &str, email: &str, password_hash: String) -> Result<Uuid> {
    if emails::is_held(tx, email, None).await? {
        return Err(no_address(emails::HELD));
    }
    let (id, vault) = (Uuid::now_v7(), tx.services().vault());
    let row = account::ActiveModel {
        id: Set(id),
        email: Set(vault.seal(EMAIL, email)),
        email_key: Set(Some(vault.index(EMAIL, email))),
        name: Set(name.to_owned()),
        password_hash: Set(password_hash),
        shortcuts: Set(true),
        undo_seconds: sea_orm::NotSet,
        last_business_id: Set(None),
        platform_admin: sea_orm::NotSet,
        created_at: Set(tx.now),
    };
    row.insert(&tx.db).await?;
    Ok(id)
}

/// From now on this account belongs to this business, too.
///
/// # Errors
/// `Conflict` if it does already, and when 500 people do.
pub(crate) async fn join(tx: &mut Tx, by: &Principal, business_id: Uuid, account_id: Uuid, role: Role) -> Result<()> {
    if is_member(&tx.db, business_id, account_id).await? {
        return Err(problem(Code::Conflict, "This person works in this business already."));
    }
    if member::Entity::in_business(business_id).count(&tx.db).await? >= MOST {
        return Err(problem(Code::Conflict, format!("A business has at most {MOST} people.")));
    }
    let member = member::ActiveModel {
        id: Set(Uuid::now_v7()),
        business_id: Set(business_id),
        account_id: Set(account_id),
        role: Set(role.as_str().to_owned()),
        seen_message_id: sea_orm::NotSet,
        away_since: Set(None),
        assigned_at: Set(None),
        last_in_at: Set(None),
        created_at: Set(tx.now),
    };
    member.insert(&tx.db).await.map_err(|e| match Error::from(e) {
        // Two doors at once.
        e if e.is_duplicate() => problem(Code::Conflict, "This person works in this business already."),
        e => e,
    })?;
    let name = names(&tx.db, [account_id]).await?.remove(&account_id).unwrap_or_default();
    let after = Some(json!({ "name": name, "role": role.as_str() }));
    tx.record_change(business_id, by, Event::MemberAdded(account_id), None::<()>, after);
    Ok(())
}

/// The account of a person who is signed in.
fn own(actor: &Actor) -> Result<Uuid> {
    match actor.who {
        Principal::Member { account_id, .. } => Ok(account_id),
        _ => Err(sign_in_needed()),
    }
}

/// For those who are none.
fn sign_in_needed() -> Error {
    problem(Code::SignInNeeded, "Please sign in.")
}

/// The actor of a session: a person who is still a member, or who runs the installation and looks into the business just now. Asked on every request, so that a removed member is out at once.
pub async fn actor(s: &Services, account_id: Uuid, business_id: Uuid) -> Result<Option<Actor>> {
    match actor_on(s.read(), account_id, business_id).await? {
        Some(member) => Ok(Some(member)),
        None => platform::looker(s, account_id, business_id).await,
    }
}

/// The same for what they have asked for before.
pub(crate) async fn actor_on(db: &impl ConnectionTrait, account_id: Uuid, business_id: Uuid) -> Result<Option<Actor>> {
    let member = member::Entity::in_business(business_id)
        .filter(member::Column::AccountId.eq(account_id))
        .one(db)
        .await?;
    let Some(member) = member else { return Ok(None) };
    let Some(account) = account::Entity::find_by_id(account_id).one(db).await? else {
        return Ok(None);
    };
    let role = role(&member)?;
    Ok(Some(Actor {
        business_id,
        who: Principal::Member {
            account_id,
            name: account.name,
            role,
        },
    }))
}

/// Whether this account works in this business.
pub(crate) async fn is_member(db: &impl ConnectionTrait, business_id: Uuid, account_id: Uuid) -> Result<bool> {
    let found = member::Entity::in_business(business_id).filter(member::Column::AccountId.eq(account_id));
    Ok(found.one(db).await?.is_some())
}

/// Who works in the actor's business, by name, to give work to.
///
/// # Errors
/// `NotAllowed`.
pub async fn colleagues(s: &Services, actor: &Actor) -> Result<Vec<MemberName>> {
    actor.may(Permission::ReadTasks)?;
    members(s.read(), actor.business_id).await
}

/// Who works in a business, by name.
pub(crate) async fn members(db: &impl ConnectionTrait, business_id: Uuid) -> Result<Vec<MemberName>> {
    let ids = member_ids(db, business_id).await?;
    let mut all: Vec<MemberName> = names(db, ids)
        .await?
        .into_iter()
        .map(|(account_id, name)| MemberName { account_id, name })
        .collect();
    all.sort_by(|a, b| (&a.name, a.account_id).cmp(&(&b.name, b.account_id)));
    Ok(all)
}

/// The accounts of a business, at most 500.
pub(crate) async fn member_ids(db: &impl ConnectionTrait, business_id: Uuid) -> Result<Vec<Uuid>> {
    let ids = member::Entity::in_business(business_id)
        .select_only()
        .column(member::Column::AccountId)
        .limit(500)
        .into_tuple()
        .all(db)
        .await?;
    Ok(ids)
}

/// Members whom a text names as `@Name`: by the whole name, else all who have that first name, in any case.
pub(crate) async fn mentioned(db: &impl ConnectionTrait, business_id: Uuid, text: &str) -> Result<Vec<Uuid>> {
    if !text.contains('@') {
        return Ok(Vec::new());
    }
    let all = members(db, business_id).await?;
    let ends = |rest: &str| !rest.starts_with(|c: char| c.is_alphanumeric() || c == '-');
    let first = |words: &str| {
        let word = words.split(|c: char| !c.is_alphanumeric() && c != '-').next();
        word.unwrap_or_default().to_lowercase()
    };
    let mut named = HashSet::new();
    for said in text.split('@').skip(1).map(str::to_lowercase) {
        let whole = |name: &str| said.strip_prefix(&name.to_lowercase()).is_some_and(ends);
        let mut found: Vec<_> = all.iter().filter(|m| m.name.contains(' ') && whole(&m.name)).collect();
        if found.is_empty() {
            let word = first(&said);
            found = all.iter().filter(|m| !word.is_empty() && first(&m.name) == word).collect();
        }
        named.extend(found.into_iter().map(|m| m.account_id));
    }
    Ok(named.into_iter().collect())
}

/// Everybody who works in a business, at most 500, with who is away and whose turn it was when.
pub(crate) async fn crew(db: &impl ConnectionTrait, business_id: Uuid) -> Result<Vec<member::Model>> {
    Ok(member::Entity::in_business(business_id).limit(500).all(db).await?)
}

/// It was this member's turn.
pub(crate) async fn had_turn(tx: &Tx, member: &member::Model) -> Result<()> {
    member::Entity::update_many()
        .col_expr(member::Column::AssignedAt, Expr::value(member.assigned_at))
        .filter(member::Column::Id.eq(member.id))
        .exec(&tx.db)
        .await?;
    Ok(())
}

/// An account, as its own person sees it.
///
/// # Errors
/// `SignInNeeded` when it is gone.
pub(crate) async fn get(s: &Services, id: Uuid) -> Result<account::Model> {
    let found = account::Entity::find_by_id(id).one(s.read()).await?;
    found.ok_or_else(|| problem(Code::SignInNeeded, "Please sign in."))
}

/// What somebody is called.
///
/// # Errors
/// `SignInNeeded` when the account is gone.
pub async fn name(s: &Services, id: Uuid) -> Result<String> {
    Ok(get(s, id).await?.name)
}

/// Name and e-mail of an account.
///
/// # Errors
/// `SignInNeeded` when it is gone.
pub(crate) async fn name_and_email(s: &Services, id: Uuid) -> Result<(String, String)> {
    let found = get(s, id).await?;
    let email = s.vault().open(EMAIL, &found.email).await?;
    Ok((found.name, email))
}

/// The same in a transaction.
pub(crate) async fn name_and_email_on(tx: &Tx, id: Uuid) -> Result<(String, String)> {
    let found = account::Entity::find_by_id(id).one(&tx.db).await?;
    let found = found.ok_or_else(|| problem(Code::SignInNeeded, "Please sign in."))?;
    let email = tx.services().vault().open(EMAIL, &found.email).await?;
    Ok((found.name, email))
}

/// Tells who has this address that somebody wanted to sign up with it.
pub(crate) async fn tell_of_sign_up(s: &Services, email: &str) -> Result<()> {
    let mut tx = s.begin().await?;
    if let Some(account) = with_email(s, &tx.db, email).await? {
        passwords::letter_to(&mut tx, account.id, email.to_owned(), AccountLetter::SignedUpAgain);
    }
    tx.commit().await
}

/// Somebody who works in a business and is written to: those who manage it when something is wrong with it.
pub(crate) struct Manager {
    pub account_id: Uuid,
    pub name: String,
    pub email: String,
}

/// Most people of one business that are written to.
const MANAGERS: u64 = 100;

fn managing(business_id: Uuid) -> Select<member::Entity> {
    let roles = [Role::Owner, Role::Admin].map(Role::as_str);
    member::Entity::in_business(business_id).filter(member::Column::Role.is_in(roles))
}

/// The owners and admins of a business.
pub(crate) async fn managers(tx: &Tx, business_id: Uuid) -> Result<Vec<Manager>> {
    let members = managing(business_id)
        .order_by_asc(member::Column::CreatedAt)
        .limit(MANAGERS)
        .all(&tx.db)
        .await?;
    people(tx, members.iter().map(|m| m.account_id)).await
}

/// Whose business it is.
pub(crate) async fn owners(tx: &Tx, business_id: Uuid) -> Result<Vec<Manager>> {
    let members = member::Entity::in_business(business_id)
        .filter(member::Column::Role.eq(Role::Owner.as_str()))
        .order_by_asc(member::Column::CreatedAt)
        .limit(MANAGERS)
        .all(&tx.db)
        .await?;
    people(tx, members.iter().map(|m| m.account_id)).await
}

/// These people, to write to them.
pub(crate) async fn people(tx: &Tx, ids: impl IntoIterator<Item = Uuid>) -> Result<Vec<Manager>> {
    let accounts = account::Entity::find()
        .filter(account::Column::Id.is_in(ids))
        .all(&tx.db)
        .await?;
    let mut managers = Vec::with_capacity(accounts.len());
    for one in accounts {
        match tx.services().vault().open(EMAIL, &one.email).await {
            Ok(email) => managers.push(Manager {
                account_id: one.id,
                name: one.name,
                email,
            }),
            // Whoever can't be written to must not undo what they should have heard of.
            Err(cause) => tracing::error!(account = %one.id, %cause, "an address can't be read; no mail to this person"),
        }
    }
    Ok(managers)
}

/// Whether somebody is an owner or admin of this business.
pub(crate) async fn manages(db: &impl ConnectionTrait, business_id: Uuid, account_id: Uuid) -> Result<bool> {
    let found = managing(business_id).filter(member::Column::AccountId.eq(account_id));
    Ok(found.one(db).await?.is_some())
}

/// What these accounts' people are called.
pub(crate) async fn names(db: &impl ConnectionTrait, ids: impl IntoIterator<Item = Uuid>) -> Result<HashMap<Uuid, String>> {
    let found = account::Entity::find().filter(account::Column::Id.is_in(ids)).all(db).await?;
    Ok(found.into_iter().map(|one| (one.id, one.name)).collect())
}

/// Hash of a password nobody has, so that an unknown address takes as long as a known one.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$c2hvd3VwLW5vYm9keS0x$Rs0YQ9oKyvUe3tKH0nXDu6Qmxm5v7gXwE1rDz8r8y1E";

pub(crate) async fn hash_password(s: &Services, password: String) -> Result<String> {
    let _turn = s
        .of::<Passwords>()
        .0
        .acquire()
        .await
        .map_err(|e| Error::broken(e.to_string()))?;
    tokio::task::spawn_blocking(move || Argon2::default().hash_password(password.as_bytes()).map(|h| h.to_string()))
        .await
        .map_err(|e| Error::broken(e.to_string()))?
        .map_err(|e| Error::broken(format!("argon2: {e}")))
}

async fn verify_password(s: &Services, password: String, hash: String) -> Result<bool> {
    let _turn = s
        .of::<Passwords>()
        .0
        .acquire()
        .await
        .map_err(|e| Error::broken(e.to_string()))?;
    tokio::task::spawn_blocking(move || {
        let hash = PasswordHash::new(&hash).map_err(|e| Error::broken(format!("argon2: {e}")))?;
        Ok(Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
    })
    .await
    .map_err(|e| Error::broken(e.to_string()))?
}
