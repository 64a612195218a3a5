//! Twilio accounts: the installation's, from its environment, and those that businesses bring along. A business with an account of
//! its own sends and receives through that one alone; its limits, breakers and log are its own, too.
//!
//! Auth tokens are sealed in the database. Each process keeps the accounts in memory and looks for changes every two seconds.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use contract::Code;
use domain::delivery::Status;
use entity::{
    messages::message,
    numbers::{twilio_account, twilio_shared_key},
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Set,
    sea_query::{Expr, LockType},
};
use secrecy::{ExposeSecret, SecretString};
use twilio::{
    Api, Client, ReadError, forms,
    signature::{Keys, SharedKey},
};
use uuid::Uuid;

use crate::{
    Actor, Error, Permission, Result, Services, Tx, audit,
    error::{field, problem},
    messages::{self, breaker},
    tx::Changed,
    vault,
};

/// As `vault::SEALED` calls them.
const TOKEN: &str = "twilio_account.token";
const PREVIOUS_TOKEN: &str = "twilio_account.previous_token";
const SHARED_KEY: &str = "twilio_shared_key.secret";

/// Most shared keys of an account: the one in use, the next one, and some that were forgotten.
const MOST_SHARED_KEYS: usize = 20;

/// An account's name and what it signs with.
#[derive(Clone)]
pub struct Credentials {
    /// `AC…`.
    pub sid: String,
    /// The auth token in use, then the one before while it is being changed.
    pub tokens: Vec<SecretString>,
    /// Keys that webhooks may be signed with beside the tokens.
    pub shared_keys: Vec<SharedKey>,
}

/// A Twilio account that texts go through, with what it takes to talk to it.
pub struct Connection {
    client: Client,
    tokens: Vec<SecretString>,
    shared_keys: Vec<SharedKey>,
    owner: Option<Uuid>,
    /// Its token as it is stored: who sees another one there reads it anew.
    sealed: Option<String>,
    /// The same of its shared keys: ids and secrets.
    sealed_keys: Vec<(String, String)>,
}

impl Connection {
    fn new(api: &Api, known: Credentials) -> Self {
        let token = known.tokens.first().cloned().unwrap_or_default();
        Self {
            client: api.account(known.sid, token),
            tokens: known.tokens,
            shared_keys: known.shared_keys,
            owner: None,
            sealed: None,
            sealed_keys: Vec::new(),
        }
    }

    /// `AC…`.
    pub fn sid(&self) -> &str {
        self.client.account_sid()
    }

    /// What webhooks of this account may be signed with.
    pub fn keys(&self) -> Keys<'_> {
        Keys {
            tokens: &self.tokens,
            shared: &self.shared_keys,
        }
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// The one business it belongs to; none for the installation's.
    pub(crate) fn owner(&self) -> Option<Uuid> {
        self.owner
    }
}

/// The connections this process knows of.
pub(crate) struct Connections {
    api: Api,
    common: Option<Arc<Connection>>,
    own: RwLock<Arc<Own>>,
}

/// Those of businesses, found by either name.
#[derive(Default)]
struct Own {
    by_business: HashMap<Uuid, Arc<Connection>>,
    by_sid: HashMap<String, Arc<Connection>>,
}

impl Connections {
    pub(crate) fn new(api: Api, common: Option<Credentials>) -> Self {
        Self {
            common: common.map(|known| Arc::new(Connection::new(&api, known))),
            api,
            own: RwLock::default(),
        }
    }

    fn own(&self) -> Arc<Own> {
        self.own.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The account that a business brought along.
    pub(crate) fn own_of(&self, business_id: Uuid) -> Option<Arc<Connection>> {
        self.own().by_business.get(&business_id).cloned()
    }

    /// The account a business's texts go through: its own, else the installation's, if that has one.
    pub(crate) fn of(&self, business_id: Uuid) -> Option<Arc<Connection>> {
        self.own_of(business_id).or_else(|| self.common())
    }

    /// The account that a message was handed to, or is about to be; none for one that was disconnected since.
    pub(crate) fn that_has(&self, m: &message::Model) -> Option<Arc<Connection>> {
        match &m.account_sid {
            Some(sid) => self.by_sid(sid),
            None => self.of(m.business_id),
        }
    }

    pub(crate) fn by_sid(&self, sid: &str) -> Option<Arc<Connection>> {
        let common = self.common.as_ref().filter(|common| common.sid() == sid).cloned();
        common.or_else(|| self.own().by_sid.get(sid).cloned())
    }

    /// Businesses with an account of their own, and its SID.
    pub(crate) fn owners(&self) -> Vec<(Uuid, String)> {
        let own = self.own();
        own.by_business.iter().map(|(id, a)| (*id, a.sid().to_owned())).collect()
    }

    /// The installation's first.
    pub(crate) fn all(&self) -> Vec<Arc<Connection>> {
        let own = self.own();
        self.common.iter().chain(own.by_business.values()).cloned().collect()
    }

    /// The installation's.
    pub(crate) fn common(&self) -> Option<Arc<Connection>> {
        self.common.clone()
    }
}

/// The account that a webhook says it comes from, which its signature has yet to show; the installation's, if it names none we know.
pub fn named(s: &Services, sid: Option<&str>) -> Option<Arc<Connection>> {
    sid.and_then(|sid| s.connections().by_sid(sid))
        .or_else(|| s.connections().common())
}

/// Takes over what other processes, and this one, have changed.
///
/// # Errors
/// When the database does not answer.
pub async fn refresh(s: &Services) -> Result<()> {
    let rows = twilio_account::Entity::find().all(s.read()).await?;
    let mut keys = stored_keys(s).await?;
    let known = s.connections().own();
    let mut own = Own::default();
    for row in rows {
        let sealed_keys = keys.remove(&row.sid).unwrap_or_default();
        let before = known.by_business.get(&row.business_id);
        let same =
            |a: &&Arc<Connection>| a.sid() == row.sid && a.sealed.as_ref() == Some(&row.token) && a.sealed_keys == sealed_keys;
        let connection = match before.filter(same) {
            Some(same) => same.clone(),
            None => match opened(s, &row, sealed_keys).await {
                Ok(new) => Arc::new(new),
                Err(cause) => {
                    // It must not keep the others from being heard of. Without a token nothing of it is sent or believed.
                    tracing::error!(business = %row.business_id, %cause, "a Twilio account can't be used: its token can't be opened");
                    Arc::new(with_keys(s, &row, Vec::new(), Vec::new()))
                }
            },
        };
        own.by_sid.insert(row.sid, connection.clone());
        own.by_business.insert(row.business_id, connection);
    }
    *s.connections().own.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(own);
    Ok(())
}

/// For who is about to call: what another process has changed a moment ago for these businesses is known before anything is sent.
pub(crate) async fn up_to_date(tx: &Tx, businesses: impl Iterator<Item = Uuid>) -> Result<()> {
    let businesses: HashSet<Uuid> = businesses.collect();
    let stored: Vec<(Uuid, String)> = twilio_account::Entity::find()
        .filter(twilio_account::Column::BusinessId.is_in(businesses.iter().copied()))
        .select_only()
        .columns([twilio_account::Column::BusinessId, twilio_account::Column::Token])
        .into_tuple()
        .all(&tx.db)
        .await?;
    let stored: HashMap<Uuid, String> = stored.into_iter().collect();
    let own = tx.services().connections().own();
    let known = |id: &Uuid| own.by_business.get(id).map(|a| a.sealed.as_ref());
    if businesses.iter().all(|id| known(id) == stored.get(id).map(Some)) {
        return Ok(());
    }
    refresh(tx.services()).await
}

/// Refreshes for ever; every process that serves or works runs this once.
pub async fn keep_fresh(s: &Services) {
    loop {
        tokio::time::sleep(vault::REFRESH).await;
        if let Err(cause) = refresh(s).await {
            tracing::error!(%cause, "Twilio accounts could not be read; going on with those known");
        }
    }
}

/// Ids and sealed secrets of shared keys, by account.
async fn stored_keys(s: &Services) -> Result<HashMap<String, Vec<(String, String)>>> {
    let rows = twilio_shared_key::Entity::find()
        .order_by_asc(twilio_shared_key::Column::Id)
        .all(s.read())
        .await?;
    let mut keys: HashMap<String, Vec<(String, String)>> = HashMap::new();
    for row in rows {
        keys.entry(row.account_sid).or_default().push((row.id, row.secret));
    }
    Ok(keys)
}

async fn opened(s: &Services, row: &twilio_account::Model, sealed_keys: Vec<(String, String)>) -> Result<Connection> {
    let mut tokens = vec![SecretString::from(vault::open(s, TOKEN, &row.token).await?)];
    if let Some(previous) = &row.previous_token {
        tokens.push(vault::open(s, PREVIOUS_TOKEN, previous).await?.into());
    }
    let mut shared_keys = Vec::new();
    for (id, secret) in &sealed_keys {
        match vault::open(s, SHARED_KEY, secret).await {
            Ok(secret) => shared_keys.push(SharedKey {
                id: id.clone(),
                secret: secret.into(),
            }),
            // What is signed with it is not believed; everything else is.
            Err(cause) => tracing::error!(business = %row.business_id, key = id, %cause, "a shared key can't be opened"),
        }
    }
    Ok(Connection {
        sealed_keys,
        ..with_keys(s, row, tokens, shared_keys)
    })
}

fn with_keys(s: &Services, row: &twilio_account::Model, tokens: Vec<SecretString>, shared_keys: Vec<SharedKey>) -> Connection {
    let known = Credentials {
        sid: row.sid.clone(),
        tokens,
        shared_keys,
    };
    Connection {
        owner: Some(row.business_id),
        sealed: Some(row.token.clone()),
        ..Connection::new(&s.connections().api, known)
    }
}

/// Gives the actor's business a Twilio account of its own, or that account a new auth token; the one before stays good for webhooks that
/// are signed with it. Its numbers must be in this account: from now on texts leave and arrive there.
///
/// # Errors
/// `NotAllowed` for staff; `Invalid` for a SID or token that Twilio does not know; `Conflict` for an account that is somebody else's, or
/// while a text is in the air; `Unavailable` when Twilio does not answer.
pub async fn connect(s: &Services, actor: &Actor, sid: &str, token: SecretString) -> Result<()> {
    actor.may(Permission::ManageBusiness)?;
    let (sid, token) = valid(sid, &token)?;
    if s.connections().common.as_ref().is_some_and(|a| a.sid() == sid) {
        return Err(field(
            "account_sid",
            "This is the installation's account, which is used anyhow.",
        ));
    }
    proven(&s.connections().api.account(&sid, token.clone())).await?;
    let tx = s.begin().await?;
    let before = locked(&tx, actor.business_id).await?;
    let same = before.as_ref().filter(|row| row.sid == sid);
    if same.is_none() {
        nothing_in_the_air(&tx, actor.business_id).await?;
    }
    let seal = |field: &str, text: &str| s.vault().seal(field, text);
    let previous = match same {
        Some(row) => Some(vault::open(s, TOKEN, &row.token).await?).filter(|was| was != token.expose_secret()),
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

async fn shared_key_changed(tx: Tx, actor: &Actor, before: Option<&str>, after: Option<&str>) -> Result<()> {
    let change = audit::Change {
        business_id: actor.business_id,
        actor: &actor.label(),
        action: "twilio_account.shared_key",
        entity: "business",
        entity_id: actor.business_id,
        before,
        after,
    };
    audit::record(&tx, change).await?;
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

/// Seconds that who reads waits after the first, second, … answer that it was too fast (429), and the longest it waits because Twilio asks.
const READ_PAUSES: [u64; 3] = [1, 2, 4];
const LONGEST_READ_PAUSE: Duration = Duration::from_secs(15);

/// Asks again where Twilio says that it gets too many requests (429): that is pace, not failure, and reading again is always safe. After
/// some seconds, or where Twilio asks for more patience than that, the 429 is the answer.
pub(crate) async fn patient<T, A: Future<Output = std::result::Result<T, ReadError>>>(
    ask: impl Fn() -> A,
) -> std::result::Result<T, ReadError> {
    for pause in READ_PAUSES {
        match ask().await {
            Err(ReadError::Http {
                http: 429, retry_after, ..
            }) if retry_after.is_none_or(|asked| asked <= LONGEST_READ_PAUSE) => {
                let asked = retry_after.unwrap_or_default();
                tokio::time::sleep(asked.max(Duration::from_secs(pause))).await;
            }
            said => return said,
        }
    }
    ask().await
}

/// Twilio knows this pair, and the account is at work.
async fn proven(client: &Client) -> Result<()> {
    match patient(|| client.account_status()).await {
        Ok(status) if status == "active" => Ok(()),
        Ok(status) => Err(field("account_sid", format!("Twilio says that this account is {status}."))),
        Err(ReadError::Http {
            http: 401 | 403 | 404, ..
        }) => Err(field(
            "auth_token",
            "Twilio does not know this pair of account SID and auth token.",
        )),
        Err(ReadError::Http { http: 429, .. }) => Err(problem(
            Code::Unavailable,
            "Twilio is getting too many requests from this account at once. Nothing was changed; please try again in a minute.",
        )),
        Err(cause) => {
            tracing::warn!(%cause, "an account could not be checked");
            Err(problem(
                Code::Unavailable,
                "Twilio does not answer now. Nothing was changed; please try again.",
            ))
        }
    }
}

async fn locked(tx: &Tx, business_id: Uuid) -> Result<Option<twilio_account::Model>> {
    let row = twilio_account::Entity::in_business(business_id).lock(LockType::NoKeyUpdate);
    Ok(row.one(&tx.db).await?)
}

/// What was handed to one account can't be looked up in another.
async fn nothing_in_the_air(tx: &Tx, business_id: Uuid) -> Result<()> {
    for status in [Status::Sending, Status::Unknown] {
        let found = message::Entity::narrowed(business_id)
            .filter(Expr::cust(format!("\"status\" = '{}'", status.as_str())))
            .limit(1)
            .one(&tx.db)
            .await?;
        if found.is_some() {
            let why = "What became of a text is not known yet. Please try again in a few minutes, or settle it in the log.";
            return Err(problem(Code::Conflict, why));
        }
    }
    Ok(())
}

async fn changed(mut tx: Tx, actor: &Actor, before: Option<String>, after: Option<String>) -> Result<()> {
    let change = audit::Change {
        business_id: actor.business_id,
        actor: &actor.label(),
        action: "twilio_account.changed",
        entity: "business",
        entity_id: actor.business_id,
        before: before.as_deref(),
        after: after.as_deref(),
    };
    audit::record(&tx, change).await?;
    // What the other account's breaker, or this one's, held back may go now. Texts first, as whoever claims them does.
    messages::look_again(&mut tx, actor.business_id, None).await?;
    if let Some(sid) = &after {
        // Twilio has just taken its token.
        breaker::reset(&mut tx, &breaker::of_account(sid)).await?;
    }
    tx.mark_changed(actor.business_id, Changed::Notices);
    let s = tx.services().clone();
    tx.commit().await?;
    refresh(&s).await
}
