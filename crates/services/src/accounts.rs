//! Signing up, in and out; who a session belongs to.

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc::PasswordHash},
};
use contract::{
    Code, FieldError, Problem,
    accounts::{Me, Role, SignIn, SignUp},
};
use domain::{countries, words};
use entity::accounts::{account, member, session};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, Set, sea_query::Expr};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{Actor, Error, Result, Services, Tx, Who, businesses, conversations, error::problem, live, numbers, tasks, vault};

/// The sealed column, as `vault::SEALED` calls it.
const EMAIL: &str = "account.email";

/// What goes into a session when somebody has signed in.
#[derive(Clone, Copy, Debug)]
pub struct SessionStart {
    pub account_id: Uuid,
    pub business_id: Uuid,
}

/// A business with its owner, created together.
///
/// # Errors
/// `Invalid` with one message per field; `Conflict` when the e-mail already has an account.
pub async fn sign_up(s: &Services, cmd: SignUp) -> Result<SessionStart> {
    open_business(s, cmd, None, None).await
}

/// The same for the command line, which may give the business a number (its active default sender) and an hourly limit at once.
///
/// # Errors
/// As `sign_up`; `Invalid` or `Conflict` for the number. Nothing is left behind then.
pub async fn open_business(s: &Services, cmd: SignUp, number: Option<&str>, hourly_limit: Option<i32>) -> Result<SessionStart> {
    let email = valid_sign_up(&cmd)?;
    let said = businesses::said_country(cmd.country.as_deref().unwrap_or_default())?;
    // A number without a country code is one of the country that was said, or that the zone lies in.
    let near = said
        .or_else(|| countries::of_zone(cmd.time_zone.as_deref()?))
        .map_or("", |c| c.code);
    let number = number.map(|typed| numbers::read(typed, near)).transpose()?;
    let hash = hash_password(s, cmd.password.clone()).await?;
    let mut tx = s.begin().await?;
    let new = businesses::New {
        name: &cmd.business_name,
        contact_line: &email,
        time_zone: cmd.time_zone.as_deref(),
        country: said.or_else(|| countries::evident(number.as_deref(), cmd.time_zone.as_deref())),
        hourly_limit,
    };
    let business = businesses::insert(&tx, new).await?;
    if let Some(number) = number {
        numbers::insert(&tx, business.id, &number).await?;
    }
    let account_id = insert_member(&mut tx, business.id, Role::Owner, &words::line(&cmd.name), &email, hash).await?;
    tx.commit().await?;
    Ok(SessionStart {
        account_id,
        business_id: business.id,
    })
}

fn valid_sign_up(cmd: &SignUp) -> Result<String> {
    let mut fields = Vec::new();
    let odd = |text: &str| !(1..=100).contains(&words::line(text).chars().count());
    let mut wrong = |field: &str, message: &str| {
        fields.push(FieldError {
            field: field.into(),
            message: message.into(),
        })
    };
    if odd(&cmd.business_name) {
        wrong(
            "business_name",
            "Please give the name your customers know, up to 100 characters.",
        );
    }
    if odd(&cmd.name) {
        wrong("name", "Please give your name, up to 100 characters.");
    }
    let email = normal_email(&cmd.email);
    if email.is_none() {
        wrong("email", "This does not look like an e-mail address.");
    }
    if let Err(message) = valid_password(&cmd.password) {
        wrong("password", message);
    }
    match (email, fields.is_empty()) {
        (Some(email), true) => Ok(email),
        _ => Err(Problem {
            fields,
            ..Problem::new(Code::Invalid, "Some fields need another look.")
        }
        .into()),
    }
}

/// Lower case, trimmed; `None` if it can't be an address. The only proof of an address is a letter that arrives, so this is lenient.
pub(crate) fn normal_email(text: &str) -> Option<String> {
    // Copied from a page, it may have brought along what nobody sees.
    let email = words::line(text).to_lowercase();
    let (user, domain) = email.split_once('@')?;
    let fits =
        !user.is_empty() && domain.contains('.') && !domain.starts_with('.') && !domain.ends_with('.') && !domain.contains('@');
    (fits && email.len() <= 254 && !email.chars().any(|c| c.is_whitespace() || c.is_control())).then_some(email)
}

fn valid_password(password: &str) -> std::result::Result<(), &'static str> {
    match password.chars().count() {
        0..=7 => Err("Please choose at least 8 characters."),
        8..=200 => Ok(()),
        _ => Err("At most 200 characters, please."),
    }
}

/// Signs in with e-mail and password; into the business joined first.
///
/// # Errors
/// `WrongCredentials`, the same and as slow for an unknown address as for a wrong password.
pub async fn sign_in(s: &Services, cmd: SignIn) -> Result<SessionStart> {
    let wrong = || problem(Code::WrongCredentials, "E-mail and password do not match an account.");
    let email = words::line(&cmd.email).to_lowercase();
    let account = account::Entity::find()
        .filter(account::Column::EmailKey.is_in(s.vault().indexes(EMAIL, &email)))
        .one(s.read())
        .await?;
    let hash = account
        .as_ref()
        .map_or_else(|| NOBODY.to_owned(), |a| a.password_hash.clone());
    let fits = verify_password(s, cmd.password.chars().take(200).collect(), hash).await?;
    let account = account.filter(|_| fits).ok_or_else(wrong)?;
    let first = member::Entity::find()
        .filter(member::Column::AccountId.eq(account.id))
        .order_by_asc(member::Column::CreatedAt)
        .one(s.read())
        .await?;
    let member = first.ok_or_else(|| problem(Code::NotAllowed, "This account does not belong to a business any more."))?;
    Ok(SessionStart {
        account_id: account.id,
        business_id: member.business_id,
    })
}

/// Adds somebody to a business, making the account if the address has none. For the command line and tests.
///
/// # Errors
/// `Invalid` for a bad address or a short password; `Conflict` if already a member.
pub async fn add_member(s: &Services, business_id: Uuid, role: Role, name: &str, email: &str, password: &str) -> Result<Uuid> {
    let email = normal_email(email).ok_or_else(|| crate::error::field("email", "This does not look like an e-mail address."))?;
    valid_password(password).map_err(|m| crate::error::field("password", m))?;
    let name = crate::error::short("name", name, 100)?;
    if name.is_empty() {
        return Err(crate::error::field(
            "name",
            "Please give the name of the person, up to 100 characters.",
        ));
    }
    let hash = hash_password(s, password.to_owned()).await?;
    let mut tx = s.begin().await?;
    let id = insert_member(&mut tx, business_id, role, &name, &email, hash).await?;
    tx.commit().await?;
    Ok(id)
}

pub(crate) async fn insert_member(
    tx: &mut Tx,
    business_id: Uuid,
    role: Role,
    name: &str,
    email: &str,
    password_hash: String,
) -> Result<Uuid> {
    let id = Uuid::now_v7();
    let vault = tx.services().vault();
    vault::take_turns(tx, EMAIL, [email.to_owned()]).await?;
    let known = account::Column::EmailKey.is_in(vault.indexes(EMAIL, email));
    if account::Entity::find().filter(known).one(&tx.db).await?.is_some() {
        let message = "There is already an account with this e-mail. Sign in instead.";
        let fields = vec![FieldError {
            field: "email".into(),
            message: message.into(),
        }];
        let problem = Problem::new(Code::Conflict, message);
        return Err(Problem { fields, ..problem }.into());
    }
    let row = account::ActiveModel {
        id: Set(id),
        email: Set(vault.seal(EMAIL, email)),
        email_key: Set(Some(vault.index(EMAIL, email))),
        name: Set(name.to_owned()),
        password_hash: Set(password_hash),
        created_at: Set(tx.now),
    };
    row.insert(&tx.db).await?;
    let member = member::ActiveModel {
        id: Set(Uuid::now_v7()),
        business_id: Set(business_id),
        account_id: Set(id),
        role: Set(role.as_str().to_owned()),
        seen_message_id: sea_orm::NotSet,
        created_at: Set(tx.now),
    };
    member.insert(&tx.db).await?;
    Ok(id)
}

/// The actor of a session: a person who is still a member. Asked on every request, so that a removed member is out at once.
pub async fn actor(s: &Services, account_id: Uuid, business_id: Uuid) -> Result<Option<Actor>> {
    let member = member::Entity::in_business(business_id)
        .filter(member::Column::AccountId.eq(account_id))
        .one(s.read())
        .await?;
    let Some(member) = member else { return Ok(None) };
    let Some(account) = account::Entity::find_by_id(account_id).one(s.read()).await? else {
        return Ok(None);
    };
    let role = member
        .role
        .parse()
        .map_err(|()| Error::broken("member with an unknown role"))?;
    Ok(Some(Actor {
        business_id,
        who: Who::Member {
            account_id,
            name: account.name,
            role,
        },
    }))
}

/// What the frame of every page shows.
///
/// # Errors
/// `SignInNeeded` for an actor that is not a person.
pub async fn me(s: &Services, actor: &Actor) -> Result<Me> {
    let Who::Member { account_id, role, .. } = actor.who else {
        return Err(problem(Code::SignInNeeded, "Please sign in."));
    };
    let live_cursor = live::cursor(s, actor.business_id).await?;
    let account = account::Entity::find_by_id(account_id).one(s.read()).await?;
    let account = account.ok_or_else(|| problem(Code::SignInNeeded, "Please sign in."))?;
    Ok(Me {
        account_id,
        name: account.name,
        email: vault::open(s, EMAIL, &account.email).await?,
        role,
        business: businesses::view(s, s.read(), actor.business_id).await?,
        unread: conversations::unread(s, actor).await?,
        open_tasks: tasks::open_count(s, actor).await?,
        live_cursor,
    })
}

/// Hash of a password nobody has, so that an unknown address takes as long as a known one.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$c2hvd3VwLW5vYm9keS0x$Rs0YQ9oKyvUe3tKH0nXDu6Qmxm5v7gXwE1rDz8r8y1E";

pub(crate) async fn hash_password(s: &Services, password: String) -> Result<String> {
    let _turn = s.passwords().acquire().await.map_err(|e| Error::broken(e.to_string()))?;
    tokio::task::spawn_blocking(move || Argon2::default().hash_password(password.as_bytes()).map(|h| h.to_string()))
        .await
        .map_err(|e| Error::broken(e.to_string()))?
        .map_err(|e| Error::broken(format!("argon2: {e}")))
}

async fn verify_password(s: &Services, password: String, hash: String) -> Result<bool> {
    let _turn = s.passwords().acquire().await.map_err(|e| Error::broken(e.to_string()))?;
    tokio::task::spawn_blocking(move || {
        let hash = PasswordHash::new(&hash).map_err(|e| Error::broken(format!("argon2: {e}")))?;
        Ok(Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
    })
    .await
    .map_err(|e| Error::broken(e.to_string()))?
}

/// Rows behind browser sessions. The id itself never reaches the database: who can read the table can't take a session over.
pub mod sessions {
    use chrono::{DateTime, Utc};

    use super::*;

    fn key(id: &[u8]) -> String {
        hex::encode(Sha256::digest(id))
    }

    /// A new session.
    pub async fn create(s: &Services, id: &[u8], data: String, expires_at: DateTime<Utc>) -> Result<()> {
        let row = session::ActiveModel {
            id_hash: Set(key(id)),
            data: Set(data),
            expires_at: Set(expires_at),
        };
        session::Entity::insert(row).exec_without_returning(&s.db().write).await?;
        Ok(())
    }

    /// Changes a session. One that is gone stays gone: a page still loading must not bring a signed-out session back.
    pub async fn save(s: &Services, id: &[u8], data: String, expires_at: DateTime<Utc>) -> Result<()> {
        session::Entity::update_many()
            .col_expr(session::Column::Data, Expr::value(data))
            .col_expr(session::Column::ExpiresAt, Expr::value(expires_at))
            .filter(session::Column::IdHash.eq(key(id)))
            .exec(&s.db().write)
            .await?;
        Ok(())
    }

    /// The data of a session that has not expired, and when it will.
    pub async fn load(s: &Services, id: &[u8]) -> Result<Option<(String, DateTime<Utc>)>> {
        let row = session::Entity::find_by_id(key(id))
            .filter(session::Column::ExpiresAt.gt(s.now()))
            .one(s.read())
            .await?;
        Ok(row.map(|r| (r.data, r.expires_at)))
    }

    pub async fn delete(s: &Services, id: &[u8]) -> Result<()> {
        session::Entity::delete_by_id(key(id)).exec(&s.db().write).await?;
        Ok(())
    }

    /// Removes what has expired.
    pub async fn sweep(s: &Services) -> Result<()> {
        session::Entity::delete_many()
            .filter(session::Column::ExpiresAt.lte(s.now()))
            .exec(&s.db().write)
            .await?;
        Ok(())
    }
}
