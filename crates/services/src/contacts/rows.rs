//! A contact's row: what may stand in it, and how it is written.

use contract::Code;
use domain::{
    consent::{Channel, Source, State},
    language::Language,
    words,
    zone::Zone,
};
use entity::{businesses::business, contacts::contact};
use sea_orm::{ActiveModelTrait, EntityTrait, IntoActiveModel, Set};
use uuid::Uuid;

use super::{EMAIL, FIRST_TOKEN, PHONE, consent, decrypted};
use crate::{
    accounts, businesses,
    kernel::{Error, Principal, Result, Tx, error::problem, vault::Vault},
};

/// What was typed, made sure of.
pub(super) struct Valid {
    pub(super) name: String,
    pub(super) phone: String,
    pub(super) email: Option<String>,
    pub(super) time_zone: Option<String>,
    /// None: not said; what is known stays.
    pub(super) language: Option<Option<Language>>,
    pub(super) notes: String,
}

/// What is typed about somebody.
pub(super) struct Typed<'a> {
    pub name: &'a str,
    /// Nothing was said about the name.
    pub may_be_nameless: bool,
    pub phone: &'a str,
    /// The number that stands already. A short code that wrote is none that could be typed, and stays as it is.
    pub known: Option<&'a str>,
    pub email: Option<&'a str>,
    pub time_zone: Option<&'a str>,
    pub notes: Option<&'a str>,
}

impl Valid {
    /// Somebody known by number only.
    pub(super) fn stranger(phone: &str) -> Self {
        Self {
            name: String::new(),
            phone: phone.to_owned(),
            email: None,
            time_zone: None,
            language: None,
            notes: String::new(),
        }
    }

    /// With the language they are to be texted in; none: the business's.
    pub(super) fn speaking(mut self, language: Option<&str>) -> Result<Self> {
        let given = language.map(str::trim).filter(|l| !l.is_empty());
        self.language = Some(given.map(businesses::language::read).transpose()?);
        Ok(self)
    }

    /// The language that is to be stored; none: nothing was said of it.
    pub(super) fn spoken(&self) -> Option<Option<String>> {
        self.language.map(|language| language.map(|l| l.as_str().to_owned()))
    }

    pub(super) fn check(b: &business::Model, typed: Typed<'_>) -> Result<Self> {
        let given = |text: Option<&str>| text.map(words::lines).filter(|t| !t.is_empty());
        let mut wrong = contract::Problem::new(Code::Invalid, "Some fields need another look.");
        let mut mark = |name: &str, message: String| {
            wrong.fields.push(contract::FieldError {
                field: name.into(),
                message,
            })
        };
        let name = words::line(typed.name);
        if (name.is_empty() && !typed.may_be_nameless) || name.chars().count() > 100 {
            mark("name", "Please give a name, up to 100 characters.".into());
        }
        let same = typed.known.filter(|known| *known == typed.phone.trim()).map(str::to_owned);
        let phone = same.unwrap_or_else(|| {
            domain::phone::parse(typed.phone, &b.country).unwrap_or_else(|e| {
                mark("phone", e.to_string());
                String::new()
            })
        });
        let email = given(typed.email);
        let normal = email.as_deref().and_then(accounts::normal_email);
        if email.is_some() && normal.is_none() {
            mark("email", "This does not look like an e-mail address.".into());
        }
        let time_zone = given(typed.time_zone);
        if time_zone.as_deref().is_some_and(|z| Zone::named(z).is_none()) {
            mark(
                "time_zone",
                "This is not a time zone we know. Example: America/New_York.".into(),
            );
        }
        let notes = given(typed.notes).unwrap_or_default();
        if notes.chars().count() > 2000 {
            mark("notes", "Notes can have up to 2,000 characters.".into());
        }
        if wrong.fields.is_empty() {
            Ok(Self {
                name,
                phone,
                email: normal,
                time_zone,
                language: None,
                notes,
            })
        } else {
            Err(wrong.into())
        }
    }

    /// Puts it into a row, sealed where it must be.
    fn fill(self, vault: &Vault, row: &mut contact::ActiveModel) {
        if let Some(language) = self.spoken().filter(|spoken| row.language.as_ref() != spoken) {
            row.language = Set(language);
            // It is decided; what they write from now on may be news again.
            (row.language_hint, row.language_hint_dismissed) = (Set(None), Set(false));
        }
        row.search = Set(self.name.to_lowercase());
        row.name = Set(self.name);
        if row.phone.as_ref() != &self.phone {
            row.phone_verified_at = Set(None);
        }
        row.phone_key = Set(Some(vault.index(PHONE, &self.phone)));
        row.phone = Set(vault.seal(PHONE, &self.phone));
        row.email = Set(self.email.map(|email| vault.seal(EMAIL, &email)));
        row.time_zone = Set(self.time_zone);
        row.notes = Set(self.notes);
    }
}

/// Two people added with one number at the same moment: the second gets the answer it would have got a moment later.
pub(super) fn taken(e: sea_orm::DbErr) -> Error {
    let e = Error::from(e);
    if e.is_duplicate() {
        problem(Code::Conflict, "Somebody already has this number.")
    } else {
        e
    }
}

/// A contact to be, in plain.
pub(super) fn fresh(tx: &Tx, business_id: Uuid, v: Valid) -> contact::Model {
    contact::Model {
        id: Uuid::now_v7(),
        business_id,
        language: v.spoken().flatten(),
        language_hint: None,
        language_hint_dismissed: false,
        search: v.name.to_lowercase(),
        name: v.name,
        phone: v.phone,
        phone_key: None,
        email: v.email,
        time_zone: v.time_zone,
        channels: None,
        notes: v.notes,
        blocked: false,
        held_since: None,
        next_token: FIRST_TOKEN,
        merged_into: None,
        sample: false,
        phone_verified_at: None,
        created_at: tx.now,
        updated_at: tx.now,
    }
}

/// A row as it is written.
pub(super) fn sealed(vault: &Vault, row: &contact::Model) -> contact::ActiveModel {
    let mut stored = row.clone().into_active_model().reset_all();
    stored.phone_key = Set(Some(vault.index(PHONE, &row.phone)));
    stored.phone = Set(vault.seal(PHONE, &row.phone));
    stored.email = Set(row.email.as_deref().map(|email| vault.seal(EMAIL, email)));
    stored
}

pub(super) async fn insert(tx: &mut Tx, business_id: Uuid, v: Valid) -> Result<contact::Model> {
    let row = fresh(tx, business_id, v);
    let new = sealed(tx.services().vault(), &row);
    contact::Entity::insert(new)
        .exec_without_returning(&tx.db)
        .await
        .map_err(taken)?;
    stopped_before(tx, std::slice::from_ref(&row)).await?;
    Ok(row)
}

/// A STOP belongs to the number: those of these new contacts whose number has said it are opted out from the start.
pub(super) async fn stopped_before(tx: &mut Tx, new: &[contact::Model]) -> Result<()> {
    for (row, channel, since) in consent::suppressed(tx, new).await? {
        let evidence = match channel {
            Channel::Sms | Channel::WhatsApp => "This number said STOP before",
            Channel::Email => "This address was unsubscribed before",
        };
        let change = consent::Change {
            contact: row,
            channel,
            state: State::OptedOut,
            source: Source::Keyword,
            by: &Principal::Customer,
            evidence,
            at: since,
        };
        consent::record(tx, change).await?;
    }
    Ok(())
}

pub(super) async fn write(tx: &Tx, row: contact::Model, v: Valid) -> Result<contact::Model> {
    let mut row = row.into_active_model();
    v.fill(tx.services().vault(), &mut row);
    row.updated_at = Set(tx.now);
    decrypted(tx.services(), row.update(&tx.db).await.map_err(taken)?).await
}
