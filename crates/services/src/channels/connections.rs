//! Twilio accounts: the installation's, from its environment, and those that businesses bring along. A business with an account of
//! its own sends and receives through that one alone; its limits, breakers and log are its own, too.
//!
//! Auth tokens are sealed in the database. Each process keeps the accounts in memory and looks for changes every two seconds.

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use entity::{
    messages::message,
    numbers::{twilio_account, twilio_shared_key},
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use secrecy::{ExposeSecret, SecretString};
use twilio::{
    Api, Client, ReadError,
    signature::{Keys, SharedKey},
};
use uuid::Uuid;

use crate::kernel::{Result, Services, Tx, vault::REFRESH};

/// As `vault::SEALED` calls them.
pub(crate) const TOKEN: &str = "twilio_account.token";
pub(crate) const PREVIOUS_TOKEN: &str = "twilio_account.previous_token";
pub(crate) const KEY_SECRET: &str = "twilio_account.key_secret";
pub(crate) const SHARED_KEY: &str = "twilio_shared_key.secret";

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

    /// The auth token in use, if there is one.
    pub(crate) fn token(&self) -> Option<&SecretString> {
        self.tokens.first().filter(|token| !token.expose_secret().is_empty())
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

    pub(crate) fn api(&self) -> &Api {
        &self.api
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
    sid.and_then(|sid| s.of::<Connections>().by_sid(sid))
        .or_else(|| s.of::<Connections>().common())
}

/// The number that businesses without one send from; none for a business with a Twilio account of its own, in which that number is not.
pub(crate) fn shared(s: &Services, business_id: Uuid) -> Option<&str> {
    let own = s.of::<Connections>().own_of(business_id).is_some();
    s.settings().default_from.as_deref().filter(|_| !own)
}

/// Whether a text to this number, which is the business's, comes from the account that the number is in: nobody's account speaks for
/// another's number. The shared number is in the installation's, also for a business that has its own by now.
pub(crate) fn speaks_for(s: &Services, account_sid: &str, business_id: Uuid, number: &str) -> bool {
    let shared = s.settings().default_from.as_deref() == Some(number);
    let account = if shared {
        s.of::<Connections>().common()
    } else {
        s.of::<Connections>().of(business_id)
    };
    // Without an account nothing comes from one: the demo's texts name none.
    account.map_or(account_sid.is_empty(), |account| account.sid() == account_sid)
}

/// Takes over what other processes, and this one, have changed.
///
/// # Errors
/// When the database does not answer.
pub async fn refresh(s: &Services) -> Result<()> {
    let rows = twilio_account::Entity::find().all(s.read()).await?;
    let mut keys = stored_keys(s).await?;
    let known = s.of::<Connections>().own();
    let mut own = Own::default();
    for row in rows {
        let sealed_keys = keys.remove(&row.sid).unwrap_or_default();
        let before = known.by_business.get(&row.business_id);
        let same =
            |a: &&Arc<Connection>| a.sid() == row.sid && a.sealed.as_ref() == Some(&row.token) && a.sealed_keys == sealed_keys;
        let connection = match before.filter(same) {
            Some(same) => same.clone(),
            None => match decrypted(s, &row, sealed_keys).await {
                Ok(new) => Arc::new(new),
                Err(cause) => {
                    // It must not keep the others from being heard of. Without a token nothing of it is sent or believed.
                    tracing::error!(business = %row.business_id, %cause, "a Twilio account can't be used: its token can't be opened");
                    Arc::new(with_keys(s, &row, Vec::new(), Vec::new(), None))
                }
            },
        };
        own.by_sid.insert(row.sid, connection.clone());
        own.by_business.insert(row.business_id, connection);
    }
    *s.of::<Connections>().own.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(own);
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
    let own = tx.services().of::<Connections>().own();
    let known = |id: &Uuid| own.by_business.get(id).map(|a| a.sealed.as_ref());
    if businesses.iter().all(|id| known(id) == stored.get(id).map(Some)) {
        return Ok(());
    }
    refresh(tx.services()).await
}

/// Refreshes for ever; every process that serves or works runs this once.
pub async fn keep_fresh(s: &Services) {
    loop {
        tokio::time::sleep(REFRESH).await;
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

async fn decrypted(s: &Services, row: &twilio_account::Model, sealed_keys: Vec<(String, String)>) -> Result<Connection> {
    let mut tokens = vec![SecretString::from(s.vault().open(TOKEN, &row.token).await?)];
    if let Some(previous) = &row.previous_token {
        tokens.push(s.vault().open(PREVIOUS_TOKEN, previous).await?.into());
    }
    let mut shared_keys = Vec::new();
    for (id, secret) in &sealed_keys {
        match s.vault().open(SHARED_KEY, secret).await {
            Ok(secret) => shared_keys.push(SharedKey {
                id: id.clone(),
                secret: secret.into(),
            }),
            // What is signed with it is not believed; everything else is.
            Err(cause) => tracing::error!(business = %row.business_id, key = id, %cause, "a shared key can't be opened"),
        }
    }
    let api_key = match (&row.key_sid, &row.key_secret) {
        (Some(sid), Some(secret)) => Some((sid.clone(), s.vault().open(KEY_SECRET, secret).await?.into())),
        _ => None,
    };
    Ok(Connection {
        sealed_keys,
        ..with_keys(s, row, tokens, shared_keys, api_key)
    })
}

/// `api_key`: what it is called with in place of its token.
fn with_keys(
    s: &Services,
    row: &twilio_account::Model,
    tokens: Vec<SecretString>,
    shared_keys: Vec<SharedKey>,
    api_key: Option<(String, SecretString)>,
) -> Connection {
    let api = &s.of::<Connections>().api;
    let known = Credentials {
        sid: row.sid.clone(),
        tokens,
        shared_keys,
    };
    let new = Connection {
        owner: Some(row.business_id),
        sealed: Some(row.token.clone()),
        ..Connection::new(api, known)
    };
    match api_key {
        Some((key, secret)) => Connection {
            client: api.account_by_key(&row.sid, key, secret),
            ..new
        },
        None => new,
    }
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
