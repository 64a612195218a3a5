//! The language that a business texts in, and what its texts may cost for the sake of an accent.

use contract::businesses::UpdateLanguage;
use domain::{language::Language, segments};
use entity::businesses::business;
use sea_orm::{ActiveModelTrait, IntoActiveModel, Set};
use serde_json::json;

use super::get;
use crate::kernel::{Actor, Event, Permission, Result, Services, error::field};

/// What customers are texted in who have no language of their own.
pub(crate) fn of(b: &business::Model) -> Language {
    Language::of(None, &b.language)
}

/// An SMS as it goes out: without the accents that GSM-7 lacks, where the business wants that and it saves a part.
pub(crate) fn as_sent(b: &business::Model, body: String) -> String {
    if !b.short_texts {
        return body;
    }
    segments::shortened(&body).unwrap_or(body)
}

/// Changes how the business texts. What waits to be sent stays as it was written.
///
/// # Errors
/// `NotAllowed` for staff; `Invalid` for a language that we have no texts in.
pub async fn update(s: &Services, actor: &Actor, cmd: UpdateLanguage) -> Result<()> {
    actor.may(Permission::ManageBusiness)?;
    let language = read(&cmd.language)?;
    let mut tx = s.begin().await?;
    let before = get(&tx.db, actor.business_id).await?;
    let facts = |b: &business::Model| json!({ "language": b.language, "texts_kept_short": b.short_texts });
    let was = facts(&before);
    let mut row = before.into_active_model();
    row.language = Set(language.as_str().to_owned());
    row.short_texts = Set(cmd.short_texts);
    let after = row.update(&tx.db).await?;
    tx.record_change(after.id, &actor.who, Event::BusinessChanged, Some(was), Some(facts(&after)));
    tx.commit().await
}

/// A language that somebody gave.
///
/// # Errors
/// `Invalid` for one that we have no texts in.
pub(crate) fn read(given: &str) -> Result<Language> {
    Language::read(given).ok_or_else(|| {
        field(
            "language",
            "We have no texts in this language. Please give en (English) or es (Spanish).",
        )
    })
}
