//! A business's own Twilio account: connecting it, letting it go, and the keys it signs with.

use contract::Code;
use entity::numbers::{twilio_account, twilio_shared_key};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect, Set, sea_query::LockType};
use secrecy::{ExposeSecret, SecretString};
use twilio::{ReadError, forms};
use uuid::Uuid;

use crate::{
    channels::{
        breakers,
        connections::{Connections, KEY_SECRET, PREVIOUS_TOKEN, SHARED_KEY, TOKEN, patient, refresh},
    },
    kernel::{
        Actor, Error, Event, Permission, Result, Services, Tx,
        error::{field, problem},
    },
    messages,
};

/// Most shared keys of an account: the one in use, the next one, and some that were forgotten.
const MOST_SHARED_KEYS: usize = 20;

/// Gives the actor's business a Twilio account of its own, or that account a new auth token; the one before stays good for webhooks that
/// are signed with it. Its numbers must be in this account: from now on texts leave and arrive there.
///
/// # Errors
/// `NotAllowed` for staff; `Invalid` for a SID or token that Twilio does not know; `Conflict` for an account that is somebody else's, or
/// while a text is in the air; `Unavailable` when Twilio does not answer.
pub async fn connect(s: &Services, actor: &Actor, sid: &str, token: SecretString) -> Result<()> {
    connect_with(s, actor, sid, token, None).await
}

/// An API key (`SK…`) and its secret, which an account is called with in place of its token. The token is still what its webhooks are
/// signed with.
pub struct ApiKey {
    pub sid: String,
    pub secret: SecretString,
}

/// The same, with an API key.
///
/// # Errors
/// As `connect`; `Invalid` for a key that Twilio does not know.
pub async fn connect_with(s: &Services, actor: &Actor, sid: &str, token: SecretString, key: Option<ApiKey>) -> Result<()> {
    actor.may(Permission::ManageBusiness)?;
    let (sid, token) = valid(sid, &token)?;
    let key = key.map(valid_key).transpose()?;
    if s.of::<Connections>().common().is_some_and(|a| a.sid() == sid) {
        return Err(field(
            "account_sid",
            "This is the installation's account, which is used anyhow.",
        ));
    }
    let account = proven(s, &sid, &token, key.as_ref()).await?;
    let tx = s.begin().await?;
    let before = locked(&tx, actor.business_id).await?;
    let same = before.as_ref().filter(|row| row.sid == sid);
    if same.is_none() {
        nothing_in_the_air(&tx, actor.business_id).await?;
    }
    let seal = |field: &str, text: &str| s.vault().seal(field, text);
    let previous = match same {
        Some(row) => Some(s.vault().open(TOKEN, &row.token).await?).filter(|was| was != token.expose_secret()),
        None => None,
    };
    let (was, created_at) = (
        before.as_ref().map(|row| row.sid.clone()),
        same.map_or(tx.now, |row| row.created_at),
    );
    if same.is_none() {
        forget_shared_keys(&tx, actor.business_id).await?;
    }
    if let Some(row) = before {
        twilio_account::Entity::delete_by_id(row.sid).exec(&tx.db).await?;
    }
    let row = twilio_account::ActiveModel {
        sid: Set(sid.clone()),
        business_id: Set(actor.business_id),
        token: Set(seal(TOKEN, token.expose_secret())),
        previous_token: Set(previous.map(|text| seal(PREVIOUS_TOKEN, &text))),
        created_at: Set(created_at),
        updated_at: Set(tx.now),
        parent_sid: Set(account.parent),
        key_sid: Set(key.as_ref().map(|key| key.sid.clone())),
        key_secret: Set(key.map(|key| seal(KEY_SECRET, key.secret.expose_secret()))),
    };
    row.insert(&tx.db).await.map_err(|e| match Error::from(e) {
        e if e.is_duplicate() => problem(Code::Conflict, "Another business uses this account already."),
        e => e,
    })?;
    changed(tx, actor, was, Some(sid)).await
}

/// Lets the actor's business go back to the installation's account.
///
/// # Errors
/// `NotAllowed` for staff; `Conflict` when it has no account of its own, or while a text is in the air.
pub async fn disconnect(s: &Services, actor: &Actor) -> Result<()> {
    actor.may(Permission::ManageBusiness)?;
    let tx = s.begin().await?;
    let Some(row) = locked(&tx, actor.business_id).await? else {
        return Err(no_own_account());
    };
    nothing_in_the_air(&tx, actor.business_id).await?;
    let was = row.sid.clone();
    forget_shared_keys(&tx, actor.business_id).await?;
    row.into_active_model().delete(&tx.db).await?;
    changed(tx, actor, Some(was), None).await
}

/// Adds a key that Twilio signs webhooks of the business's own account with, or gives the one of this id another secret.
///
/// # Errors
/// `NotAllowed` for staff; `Invalid` for an id or a secret that can't be one; `Conflict` when the business has no account of its own, or
/// too many keys.
pub async fn add_shared_key(s: &Services, actor: &Actor, id: &str, secret: SecretString) -> Result<()> {
    actor.may(Permission::ManageBusiness)?;
    let id = id.trim();
    shared_key(id, &secret)?;
    let tx = s.begin().await?;
    let Some(account) = locked(&tx, actor.business_id).await? else {
        return Err(no_own_account());
    };
    let others = twilio_shared_key::Entity::in_business(actor.business_id)
        .filter(twilio_shared_key::Column::Id.ne(id))
        .all(&tx.db)
        .await?;
    if others.len() >= MOST_SHARED_KEYS {
        let why = format!("This account has {MOST_SHARED_KEYS} shared keys already. Remove those that are not used any more.");
        return Err(problem(Code::Conflict, why));
    }
    twilio_shared_key::Entity::delete_by_id((account.sid.clone(), id.to_owned()))
        .exec(&tx.db)
        .await?;
    let row = twilio_shared_key::ActiveModel {
        account_sid: Set(account.sid),
        id: Set(id.to_owned()),
        business_id: Set(actor.business_id),
        secret: Set(s.vault().seal(SHARED_KEY, secret.expose_secret())),
        created_at: Set(tx.now),
    };
    row.insert(&tx.db).await?;
    shared_key_changed(tx, actor, None, Some(id)).await
}

/// From now on nothing that is signed with this key is believed.
///
/// # Errors
/// `NotAllowed` for staff; `NotFound` when the business's account has no such key.
pub async fn remove_shared_key(s: &Services, actor: &Actor, id: &str) -> Result<()> {
    actor.may(Permission::ManageBusiness)?;
    let tx = s.begin().await?;
    let gone = twilio_shared_key::Entity::delete_many()
        .filter(twilio_shared_key::Column::BusinessId.eq(actor.business_id))
        .filter(twilio_shared_key::Column::Id.eq(id.trim()))
        .exec(&tx.db)
        .await?;
    if gone.rows_affected == 0 {
        return Err(problem(
            Code::NotFound,
            "This business's account has no shared key of this id.",
        ));
    }
    shared_key_changed(tx, actor, Some(id.trim()), None).await
}

/// What a shared key may look like.
///
/// # Errors
/// `Invalid` with a sentence about its id or its secret.
pub fn shared_key(id: &str, secret: &SecretString) -> Result<()> {
    let plain = |c: char| c.is_ascii_graphic() && !matches!(c, ',' | '=' | ':');
    if id.is_empty() || id.len() > 200 || !id.chars().all(plain) {
        return Err(field(
            "id",
            "A shared key's id is one word, as it stands in Twilio's console.",
        ));
    }
    if !is_one_word(secret.expose_secret()) {
        return Err(field("secret", "A shared key's secret is one word."));
    }
    Ok(())
}

fn is_one_word(text: &str) -> bool {
    !text.is_empty() && text.len() <= 200 && !text.chars().any(|c| c.is_control() || c.is_whitespace())
}

/// They belong to the account that is not the business's any more.
async fn forget_shared_keys(tx: &Tx, business_id: Uuid) -> Result<()> {
    twilio_shared_key::Entity::delete_many()
        .filter(twilio_shared_key::Column::BusinessId.eq(business_id))
        .exec(&tx.db)
        .await?;
    Ok(())
}

async fn shared_key_changed(mut tx: Tx, actor: &Actor, before: Option<&str>, after: Option<&str>) -> Result<()> {
    tx.record_change(actor.business_id, &actor.who, Event::SharedKeyChanged, before, after);
    let s = tx.services().clone();
    tx.commit().await?;
    refresh(&s).await
}

fn no_own_account() -> Error {
    problem(Code::Conflict, "This business has no Twilio account of its own.")
}

fn valid(sid: &str, token: &SecretString) -> Result<(String, SecretString)> {
    let sid = sid.trim();
    if !forms::is_sid(sid, &["AC"]) {
        let hint = "An account SID begins with AC and has 34 letters and digits. It stands in Twilio's console.";
        return Err(field("account_sid", hint));
    }
    let token = token.expose_secret().trim();
    if !is_one_word(token) {
        return Err(field(
            "auth_token",
            "An auth token is one word. It stands below the account SID in Twilio's console.",
        ));
    }
    Ok((sid.to_owned(), SecretString::from(token)))
}

fn valid_key(key: ApiKey) -> Result<ApiKey> {
    let sid = key.sid.trim();
    if !forms::is_sid(sid, &["SK"]) {
        return Err(field(
            "key_sid",
            "An API key's SID begins with SK. It stands in Twilio's console.",
        ));
    }
    let secret = key.secret.expose_secret().trim();
    if !is_one_word(secret) {
        return Err(field(
            "key_secret",
            "An API key's secret is one word. Twilio shows it once, when the key is made.",
        ));
    }
    Ok(ApiKey {
        sid: sid.to_owned(),
        secret: SecretString::from(secret),
    })
}

/// Twilio knows this account by its token, and by its key if there is one, and it is at work.
async fn proven(s: &Services, sid: &str, token: &SecretString, key: Option<&ApiKey>) -> Result<twilio::numbers::Account> {
    let api = s.of::<Connections>().api();
    let client = api.account(sid, token.clone());
    let unknown = "Twilio does not know this pair of account SID and auth token.";
    let account = patient(|| client.account()).await;
    let account = account.map_err(|cause| refused(&cause, "auth_token", unknown))?;
    if account.status != "active" {
        let why = format!("Twilio says that this account is {}.", account.status);
        return Err(field("account_sid", why));
    }
    if let Some(key) = key {
        let client = api.account_by_key(sid, &key.sid, key.secret.clone());
        let unknown = "Twilio does not know this API key in this account, or it may not read messages.";
        let read = patient(|| client.may_read()).await;
        read.map_err(|cause| refused(&cause, "key_secret", unknown))?;
    }
    Ok(account)
}

/// Why nothing was stored.
fn refused(cause: &ReadError, name: &str, unknown: &str) -> Error {
    match cause {
        ReadError::Http { code: Some(20008), .. } => field(
            name,
            "These are Twilio's test credentials, which nothing real can be sent with.",
        ),
        ReadError::Http {
            http: 401 | 403 | 404, ..
        } => field(name, unknown),
        ReadError::OtherAccount => field(
            "account_sid",
            "Twilio answered with another account's data. Is this the token of this very account, not of its parent?",
        ),
        ReadError::Http { http: 429, .. } => problem(
            Code::Unavailable,
            "Twilio is getting too many requests from this account at once. Nothing was changed; please try again in a minute.",
        ),
        ReadError::Unreadable => problem(
            Code::Unavailable,
            "Twilio's answer broke off or could not be read. Nothing was changed; please try again.",
        ),
        ReadError::Http { .. } | ReadError::NoAnswer(_) | ReadError::NotTwilio => {
            tracing::warn!(%cause, "an account could not be checked");
            problem(
                Code::Unavailable,
                "Twilio does not answer now. Nothing was changed; please try again.",
            )
        }
    }
}

async fn locked(tx: &Tx, business_id: Uuid) -> Result<Option<twilio_account::Model>> {
    let row = twilio_account::Entity::in_business(business_id).lock(LockType::NoKeyUpdate);
    Ok(row.one(&tx.db).await?)
}

/// What was handed to one account can't be looked up in another.
async fn nothing_in_the_air(tx: &Tx, business_id: Uuid) -> Result<()> {
    if messages::any_in_the_air(tx, business_id).await? {
        let why = "What became of a text is not known yet. Please try again in a few minutes, or settle it in the log.";
        return Err(problem(Code::Conflict, why));
    }
    Ok(())
}

async fn changed(mut tx: Tx, actor: &Actor, before: Option<String>, after: Option<String>) -> Result<()> {
    tx.record_change(actor.business_id, &actor.who, Event::AccountChanged, before, after.as_deref());
    // What the other account's breaker, or this one's, held back may go now. Texts first, as whoever claims them does.
    tx.settle().await?;
    if let Some(sid) = &after {
        // Twilio has just taken its token.
        breakers::reset(&mut tx, &breakers::of_account(sid)).await?;
    }
    let s = tx.services().clone();
    tx.commit().await?;
    refresh(&s).await
}
