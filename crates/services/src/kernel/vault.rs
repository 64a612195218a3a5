//! ENCRYPTION AT REST. Phone numbers, e-mail addresses and auth tokens of Twilio accounts are sealed before they reach the database: who
//! gets the files, a dump or a backup, but not `SHOWUP_SECRET_KEY`, reads no number, no address and no token.
//!
//! - The secret gives a master key (HKDF-SHA256), which wraps random data keys (table `data_key`); each data key gives two more, one
//!   to seal with and one for blind indexes. A new secret therefore means wrapping a few keys anew, not touching a million rows.
//! - **Sealed** is `v1.<key id>.<base64url of nonce and ciphertext>`: XChaCha20-Poly1305 with a random nonce. The column's name is
//!   authenticated with it, so that a value can't be moved to another column. Text in no such shape is from before and is itself.
//! - A **blind index** finds a whole value again: `<key id>.<128 bits of HMAC-SHA256>` over column and value.
//! - [`SEALED`] lists every sealed column; changing keys (`rotation`) goes by it.
//!
//! What it does not hide: that two rows of one column hold the same value (their blind indexes are equal), how long a value is, and
//! what is not sealed at all: names, texts, notes, times. Nothing stored helps to search by a part of a number: that happens in
//! memory (`contacts::search`). A running process holds keys and plain values; who controls it reads everything. Who can write to the
//! database can still copy a sealed value to another row of its column. Losing the secret loses every number and address for good.

use std::{
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use chrono::{DateTime, Utc};
use entity::vault::data_key;
use hkdf::Hkdf;
use hmac::{Hmac, Mac};
use sea_orm::{DatabaseConnection, EntityTrait, Set};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{
    db::Db,
    error::{Error, Result},
};

/// How often a process looks for keys that another has made.
pub const REFRESH: Duration = Duration::from_secs(2);

pub(super) const VERSION: &str = "v1";

/// Shorter ones are guessed.
const SHORTEST_SECRET: usize = 32;

/// The id that stands for "not sealed at all".
pub(crate) const PLAIN: &str = "plain";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Next,
    Primary,
    Old,
    Spent,
}

impl State {
    pub fn as_str(self) -> &'static str {
        match self {
            State::Next => "next",
            State::Primary => "primary",
            State::Old => "old",
            State::Spent => "spent",
        }
    }

    pub fn of(row: &data_key::Model) -> Result<Self> {
        let all = [State::Next, State::Primary, State::Old, State::Spent];
        let state = all.into_iter().find(|state| state.as_str() == row.state);
        state.ok_or_else(|| Error::broken("a data key with an unknown state"))
    }
}

/// A sealed column.
pub(crate) struct Column {
    /// `table.column`; authenticated with every value.
    pub field: &'static str,
    /// What finds a row.
    pub key: &'static [Key],
    /// The column with the blind index, if one can search by this.
    pub index: Option<&'static str>,
}

/// A column of a primary key, and its type.
#[derive(Clone, Copy)]
pub(crate) enum Key {
    Uuid(&'static str),
    Serial(&'static str),
    Text(&'static str),
}

const ID: &[Key] = &[Key::Uuid("id")];

/// Every sealed column. One that is missing here would be lost when keys change, so sealing for it is refused in tests.
pub(crate) const SEALED: &[Column] = &[
    Column::new("contact.phone", ID, Some("phone_key")),
    Column::new("contact.email", ID, None),
    Column::new("contact_address.address", ID, Some("address_key")),
    Column::new(
        "suppression.phone",
        &[Key::Uuid("business_id"), Key::Text("phone")],
        Some("phone_key"),
    ),
    Column::new(
        "dead_address.address",
        &[Key::Uuid("business_id"), Key::Text("address")],
        Some("address_key"),
    ),
    Column::new("account.email", ID, Some("email_key")),
    Column::new("invitation.email", ID, Some("email_key")),
    Column::new("password_reset.email", ID, Some("email_key")),
    Column::new("email_change.email", ID, None),
    Column::new("email_change.before", ID, Some("before_key")),
    Column::new("session.data", &[Key::Text("id_hash")], None),
    Column::new("second_factor.secret", &[Key::Uuid("account_id")], None),
    Column::new("message.theirs", ID, Some("theirs_key")),
    Column::new("receipt.raw", &[Key::Text("provider_sid")], None),
    Column::new("live_event.payload", &[Key::Serial("id")], None),
    Column::new("audit_event.before", ID, None),
    Column::new("audit_event.after", ID, None),
    Column::new("import.columns", ID, None),
    Column::new("import.preview", ID, None),
    Column::new("import_block.rows", ID, None),
    Column::new("import_block.outcome", ID, None),
    Column::new("mail.address", ID, None),
    Column::new("mail.content", ID, None),
    Column::new("mail.why", ID, None),
    Column::new("push_key.secret", &[Key::Text("id")], None),
    Column::new("link_key.secret", &[Key::Text("id")], None),
    Column::new("push_device.endpoint", ID, Some("endpoint_key")),
    Column::new("push_device.auth", ID, None),
    Column::new("calendar_source.url", ID, None),
    Column::new("calendar_event.title", ID, Some("title_key")),
    Column::new("calendar_event.phone", ID, None),
    Column::new("api_repeat.answer", ID, None),
    Column::new("api_request.query", ID, None),
    Column::new("api_request.body", ID, None),
    Column::new("api_request.answer", ID, None),
    Column::new("verification.phone", ID, Some("phone_key")),
    Column::new("review_platform.address", ID, None),
    Column::new("review_request.phone", ID, Some("phone_key")),
    Column::new("webhook_endpoint.url", ID, None),
    Column::new("webhook_endpoint.secret", ID, None),
    Column::new("webhook_endpoint.previous_secret", ID, None),
    Column::new("webhook_delivery.body", ID, None),
    Column::new("webhook_delivery.answer_body", ID, None),
    Column::new("twilio_account.token", &[Key::Text("sid")], None),
    Column::new("twilio_account.previous_token", &[Key::Text("sid")], None),
    Column::new("twilio_account.key_secret", &[Key::Text("sid")], None),
    Column::new("twilio_shared_key.secret", &[Key::Text("account_sid"), Key::Text("id")], None),
];

impl Column {
    const fn new(field: &'static str, key: &'static [Key], index: Option<&'static str>) -> Self {
        Self { field, key, index }
    }
}

/// What the installation's secret gives: keys that wrap keys.
pub struct Master {
    wrap: XChaCha20Poly1305,
    /// While the secret is being changed: the one before.
    previous: Option<XChaCha20Poly1305>,
    turns: Zeroizing<[u8; 32]>,
}

impl Master {
    /// `secret` is any text of at least 32 characters; random ones, for nothing here slows a guesser down.
    ///
    /// # Errors
    /// A sentence for the operator when a secret is too short.
    pub fn new(secret: &SecretString, previous: Option<&SecretString>) -> Result<Self> {
        let wrap = |name: &str, secret: &SecretString| {
            let secret = secret.expose_secret();
            if secret.chars().count() < SHORTEST_SECRET {
                let hint = "for example from `openssl rand -hex 32`";
                return Err(Error::broken(format!(
                    "{name} has to be at least {SHORTEST_SECRET} random characters, {hint}"
                )));
            }
            Ok(cipher(&derive(secret.as_bytes(), "showup/wrap/v1")))
        };
        Ok(Self {
            wrap: wrap("SHOWUP_SECRET_KEY", secret)?,
            previous: previous.map(|p| wrap("SHOWUP_SECRET_KEY_PREVIOUS", p)).transpose()?,
            turns: derive(secret.expose_secret().as_bytes(), "showup/turns/v1"),
        })
    }

    pub(super) fn wrap(&self, id: &str, key: &[u8; 32]) -> String {
        URL_SAFE_NO_PAD.encode(encrypt(&self.wrap, &format!("data_key.{id}"), key))
    }

    /// The data key, and whether it took the previous secret to get it.
    pub(super) fn unwrap(&self, row: &data_key::Model) -> Result<(Zeroizing<[u8; 32]>, bool)> {
        let sealed = URL_SAFE_NO_PAD.decode(&row.wrapped).unwrap_or_default();
        let with = |cipher: &XChaCha20Poly1305| {
            let key = Zeroizing::new(decrypt(cipher, &format!("data_key.{}", row.id), &sealed)?);
            <[u8; 32]>::try_from(key.as_slice()).ok().map(Zeroizing::new)
        };
        let current = with(&self.wrap).map(|key| (key, false));
        let found = current.or_else(|| self.previous.as_ref().and_then(with).map(|key| (key, true)));
        found.ok_or_else(|| {
            Error::broken(
                "this database was encrypted with another SHOWUP_SECRET_KEY than the one given now. \
                 Give that one; if it is being changed, give it as SHOWUP_SECRET_KEY_PREVIOUS",
            )
        })
    }
}

/// Seals, opens and finds. Of the database it reads the data keys alone.
pub struct Vault {
    pub(super) master: Master,
    ring: RwLock<Arc<Ring>>,
    db: Db,
}

/// The keys of one moment, the one to seal with first.
struct Ring(Vec<(State, Arc<DataKey>)>);

struct DataKey {
    id: String,
    seal: XChaCha20Poly1305,
    index: Zeroizing<[u8; 32]>,
}

impl DataKey {
    fn new(id: &str, key: &[u8; 32]) -> Self {
        Self {
            id: id.to_owned(),
            seal: cipher(&derive(key, "showup/seal/v1")),
            index: derive(key, "showup/index/v1"),
        }
    }

    fn index(&self, field: &str, text: &str) -> String {
        let mac = mac(&self.index, field, text);
        format!("{}.{}", self.id, hex::encode(&mac[..16]))
    }
}

impl Ring {
    /// Keys that `known` has already are not unwrapped again: their wrapping may have changed to a secret this process was not given.
    fn new(master: &Master, rows: &[data_key::Model], known: Option<&Ring>) -> Result<Self> {
        let mut keys = Vec::with_capacity(rows.len());
        for row in rows.iter().filter(|row| row.id != PLAIN) {
            let known = known.and_then(|ring| ring.get(&row.id));
            let key = match known {
                Some(key) => key.clone(),
                None => Arc::new(DataKey::new(&row.id, &master.unwrap(row)?.0)),
            };
            keys.push((State::of(row)?, key));
        }
        keys.sort_by_key(|(state, _)| *state != State::Primary);
        match keys.first() {
            Some((State::Primary, _)) => Ok(Self(keys)),
            _ => Err(Error::broken("there is no data key to encrypt with")),
        }
    }

    fn get(&self, id: &str) -> Option<&Arc<DataKey>> {
        self.0.iter().map(|(_, key)| key).find(|key| key.id == id)
    }

    fn is(&self, rows: &[data_key::Model]) -> bool {
        let rows = || rows.iter().filter(|row| row.id != PLAIN);
        let here = |row: &data_key::Model| {
            self.0
                .iter()
                .any(|(state, key)| key.id == row.id && state.as_str() == row.state)
        };
        rows().count() == self.0.len() && rows().all(here)
    }
}

impl Vault {
    /// The keys of this database; the first process of all makes the first key.
    pub(crate) async fn load(db: &Db, master: Master, now: DateTime<Utc>) -> Result<Self> {
        let mut keys = rows(&db.write).await?;
        if !keys.iter().any(|row| row.state == State::Primary.as_str()) {
            // Before a first key is made: a secret that does not fit the others would only be noticed later.
            for row in keys.iter().filter(|row| row.id != PLAIN) {
                master.unwrap(row)?;
            }
            add(&db.write, &master, State::Primary, now).await?;
            keys = rows(&db.write).await?;
        }
        let ring = Arc::new(Ring::new(&master, &keys, None)?);
        Ok(Self {
            master,
            ring: RwLock::new(ring),
            db: db.clone(),
        })
    }

    fn ring(&self) -> Arc<Ring> {
        self.ring.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// `text` as it is stored in `field` (`table.column`, one of `SEALED`).
    pub(crate) fn seal(&self, field: &str, text: &str) -> String {
        debug_assert!(SEALED.iter().any(|c| c.field == field), "{field} is missing in SEALED");
        let ring = self.ring();
        let (_, key) = &ring.0[0];
        let sealed = encrypt(&key.seal, field, text.as_bytes());
        format!("{VERSION}.{}.{}", key.id, URL_SAFE_NO_PAD.encode(sealed))
    }

    /// The text that was sealed for `field`; `None` if its key is not on the ring. Text that was never sealed comes back as it is.
    fn try_open(&self, field: &str, stored: &str) -> Result<Option<String>> {
        let Some((id, sealed)) = parts(stored) else {
            return Ok(Some(stored.to_owned()));
        };
        let ring = self.ring();
        let Some(key) = ring.get(id) else { return Ok(None) };
        let open = decrypt(&key.seal, field, &sealed).and_then(|bytes| String::from_utf8(bytes).ok());
        open.map(Some)
            .ok_or_else(|| Error::broken(format!("a value in {field} was changed or was not sealed for it")))
    }

    /// The blind index to store beside a sealed value.
    pub(crate) fn index(&self, field: &str, text: &str) -> String {
        self.ring().0[0].1.index(field, text)
    }

    /// The blind indexes to look a value up by: one per key in use, normally one.
    pub(crate) fn indexes(&self, field: &str, text: &str) -> Vec<String> {
        self.ring().0.iter().map(|(_, key)| key.index(field, text)).collect()
    }

    /// Opens a stored value. A key this process has not heard of is fetched at once.
    ///
    /// # Errors
    /// When the value was tampered with, belongs to another column, or its key is gone.
    pub(crate) async fn open(&self, field: &str, stored: &str) -> Result<String> {
        if let Some(text) = self.try_open(field, stored)? {
            return Ok(text);
        }
        // Boxed, for it is rare and would make the future of everything that reads a row larger.
        Box::pin(self.refresh()).await?;
        let open = self.try_open(field, stored)?;
        open.ok_or_else(|| Error::broken(format!("a value in {field} is sealed with a key that is gone")))
    }

    /// Looks for keys that another process has made or dropped.
    ///
    /// # Errors
    /// When the database does not answer, or a new key is wrapped with a secret this process does not have.
    pub(crate) async fn refresh(&self) -> Result<()> {
        let keys = rows(&self.db.read).await?;
        let known = self.ring();
        if known.is(&keys) {
            return Ok(());
        }
        let ring = Arc::new(Ring::new(&self.master, &keys, Some(&known))?);
        *self.ring.write().unwrap_or_else(PoisonError::into_inner) = ring;
        Ok(())
    }

    /// What everybody who wants to write this value into this column waits for each other by.
    pub(super) fn turn(&self, field: &str, text: &str) -> i64 {
        let mac = mac(&self.master.turns, field, text);
        i64::from_be_bytes(mac[..8].try_into().expect("eight of 32 bytes"))
    }

    pub(super) fn primary(&self) -> String {
        self.ring().0[0].1.id.clone()
    }
}

/// Whether any data key exists: then a secret made up now would be the wrong one.
///
/// # Errors
/// When the database does not answer.
pub async fn has_keys(db: &Db) -> Result<bool> {
    Ok(rows(&db.write).await?.iter().any(|row| row.id != PLAIN))
}

/// Whether this secret opens the keys of the database.
///
/// # Errors
/// When it is another one, or the database does not answer.
pub async fn fits(db: &Db, master: &Master) -> Result<()> {
    for row in rows(&db.read).await?.iter().filter(|row| row.id != PLAIN) {
        master.unwrap(row)?;
    }
    Ok(())
}

pub(super) async fn rows(db: &DatabaseConnection) -> Result<Vec<data_key::Model>> {
    Ok(data_key::Entity::find().all(db).await?)
}

/// A new key, unless there is one in this state: of two processes that start at once, one makes it.
pub(crate) async fn add(db: &DatabaseConnection, master: &Master, state: State, now: DateTime<Utc>) -> Result<()> {
    let id = hex::encode(rand::random::<[u8; 4]>());
    let key = zeroize::Zeroizing::new(rand::random::<[u8; 32]>());
    let row = data_key::ActiveModel {
        wrapped: Set(master.wrap(&id, &key)),
        id: Set(id),
        state: Set(state.as_str().to_owned()),
        since: Set(now),
        created_at: Set(now),
    };
    data_key::Entity::insert(row)
        .on_conflict_do_nothing()
        .exec_without_returning(db)
        .await?;
    Ok(())
}

/// Key id and sealed bytes, if this is in the shape of something sealed; an old address that begins with "v1." is not.
fn parts(stored: &str) -> Option<(&str, Vec<u8>)> {
    let (id, sealed) = stored.strip_prefix(VERSION)?.strip_prefix('.')?.split_once('.')?;
    Some((id, URL_SAFE_NO_PAD.decode(sealed).ok()?))
}

fn derive(secret: &[u8], purpose: &str) -> Zeroizing<[u8; 32]> {
    let mut key = Zeroizing::new([0; 32]);
    let expanded = Hkdf::<Sha256>::new(None, secret).expand(purpose.as_bytes(), key.as_mut());
    expanded.expect("32 bytes are fewer than HKDF can give");
    key
}

fn cipher(key: &[u8; 32]) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(key.into())
}

fn mac(key: &[u8; 32], field: &str, text: &str) -> [u8; 32] {
    let mut mac = <Hmac<Sha256> as hmac::KeyInit>::new_from_slice(key).expect("HMAC takes keys of any length");
    // Fields hold no NUL, so the two can't run into each other.
    for part in [field.as_bytes(), &[0], text.as_bytes()] {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// A random nonce of 24 bytes, then the ciphertext. So many nonces that random ones never meet.
fn encrypt(cipher: &XChaCha20Poly1305, field: &str, text: &[u8]) -> Vec<u8> {
    let nonce = rand::random::<[u8; 24]>();
    let payload = Payload {
        msg: text,
        aad: field.as_bytes(),
    };
    let sealed = cipher.encrypt(&XNonce::from(nonce), payload);
    [&nonce[..], &sealed.expect("texts are shorter than 256 GiB")].concat()
}

fn decrypt(cipher: &XChaCha20Poly1305, field: &str, sealed: &[u8]) -> Option<Vec<u8>> {
    let (nonce, msg) = sealed.split_first_chunk::<24>()?;
    let aad = field.as_bytes();
    cipher.decrypt(&XNonce::from(*nonce), Payload { msg, aad }).ok()
}
