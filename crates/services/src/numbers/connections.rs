//! Twilio accounts: the installation's, from its environment, and those that businesses bring along (NU3). A business with an account of
//! its own sends and receives through that one alone; its limits, breakers and log are its own, too.
//!
//! Auth tokens are sealed in the database. Each process keeps the accounts in memory and looks for changes every two seconds.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, PoisonError, RwLock},
};

use contract::Code;
use domain::delivery::Status;
use entity::{messages::message, numbers::twilio_account};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect, Set,
    sea_query::{Expr, LockType},
};
use secrecy::{ExposeSecret, SecretString};
use twilio::{Api, Client, ReadError, forms};
use uuid::Uuid;

use crate::{
    Actor, Error, Permission, Result, Services, Tx, audit,
    error::{field, problem},
    messages::{self, breaker},
    tx::Touched,
    vault,
};

/// As `vault::SEALED` calls them.
const TOKEN: &str = "twilio_account.token";
const PREVIOUS_TOKEN: &str = "twilio_account.previous_token";

/// An account's name and what it signs with.
#[derive(Clone)]
pub struct Credentials {
    /// `AC…`.
    pub sid: String,
    /// The auth token in use, then the one before while it is being changed.
    pub tokens: Vec<SecretString>,
}

/// A Twilio account that texts go through, with what it takes to talk to it.
pub struct Connection {
    client: Client,
    tokens: Vec<SecretString>,
    owner: Option<Uuid>,
    /// Its token as it is stored: who sees another one there reads it anew.
    sealed: Option<String>,
}

impl Connection {
    fn new(api: &Api, known: Credentials) -> Self {
        let token = known.tokens.first().cloned().unwrap_or_default();
        Self {
            client: api.account(known.sid, token),
            tokens: known.tokens,
            owner: None,
            sealed: None,
        }
    }

    /// `AC…`.
    pub fn sid(&self) -> &str {
        self.client.account_sid()
    }

    /// What webhooks of this account may be signed with.
    pub fn tokens(&self) -> &[SecretString] {
        &self.tokens
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
    let known = s.connections().own();
    let mut own = Own::default();
    for row in rows {
        let before = known.by_business.get(&row.business_id);
        let connection = match before.filter(|a| a.sid() == row.sid && a.sealed.as_ref() == Some(&row.token)) {
            Some(same) => same.clone(),
            None => match opened(s, &row).await {
                Ok(new) => Arc::new(new),
                Err(cause) => {
                    // It must not keep the others from being heard of. Without a token nothing of it is sent or believed.
                    tracing::error!(business = %row.business_id, %cause, "a Twilio account can't be used: its token can't be opened");
                    Arc::new(with_tokens(s, &row, Vec::new()))
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

async fn opened(s: &Services, row: &twilio_account::Model) -> Result<Connection> {
    let mut tokens = vec![SecretString::from(vault::open(s, TOKEN, &row.token).await?)];
    if let Some(previous) = &row.previous_token {
        tokens.push(vault::open(s, PREVIOUS_TOKEN, previous).await?.into());
    }
    Ok(with_tokens(s, row, tokens))
}

fn with_tokens(s: &Services, row: &twilio_account::Model, tokens: Vec<SecretString>) -> Connection {
    let known = Credentials {
        sid: row.sid.clone(),
        tokens,
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
        return Err(problem(Code::Conflict, "This business has no Twilio account of its own."));
    };
    nothing_in_the_air(&tx, actor.business_id).await?;
    let was = row.sid.clone();
    row.into_active_model().delete(&tx.db).await?;
    changed(tx, actor, Some(was), None).await
}

fn valid(sid: &str, token: &SecretString) -> Result<(String, SecretString)> {
    let sid = sid.trim();
    if !forms::is_sid(sid, &["AC"]) {
        let hint = "An account SID begins with AC and has 34 letters and digits. It stands in Twilio's console.";
        return Err(field("account_sid", hint));
    }
    let token = token.expose_secret().trim();
    if token.is_empty() || token.len() > 200 || token.chars().any(|c| c.is_control() || c.is_whitespace()) {
        return Err(field(
            "auth_token",
            "An auth token is one word. It stands below the account SID in Twilio's console.",
        ));
    }
    Ok((sid.to_owned(), SecretString::from(token)))
}

/// Twilio knows this pair, and the account is at work.
async fn proven(client: &Client) -> Result<()> {
    match client.account_status().await {
        Ok(status) if status == "active" => Ok(()),
        Ok(status) => Err(field("account_sid", format!("Twilio says that this account is {status}."))),
        Err(ReadError::Http {
            http: 401 | 403 | 404, ..
        }) => Err(field(
            "auth_token",
            "Twilio does not know this pair of account SID and auth token.",
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
    tx.touch(actor.business_id, Touched::Notices);
    let s = tx.services().clone();
    tx.commit().await?;
    refresh(&s).await
}
