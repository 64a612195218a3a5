//! The language somebody is texted in, and the one they seem to write.

use contract::contacts::ContactView;
use domain::{
    language::{self, Language},
    phone::Address,
};
use entity::{businesses::business, contacts::contact};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, Set, sea_query::Expr};
use uuid::Uuid;

use super::{finish, locked_alone};
use crate::{
    businesses,
    kernel::{Actor, Permission, Result, Services, Tx, tx::Changed},
};

/// What this person is texted in: their own language, else the business's.
pub(crate) fn of(business: &business::Model, contact: &contact::Model) -> Language {
    Language::of(contact.language.as_deref(), &business.language)
}

/// What staff are told that somebody seems to write: not what they are texted in anyway, and nothing that staff have dismissed.
pub(super) fn hint(contact: &contact::Model, business: &business::Model) -> Option<Language> {
    let hint = contact.language_hint.as_deref().filter(|_| !contact.language_hint_dismissed);
    let hint = hint.and_then(|hint| hint.parse().ok());
    hint.filter(|hint| *hint != of(business, contact))
}

/// Notes that a text seems to be in another language than its writer is texted in. It is told to staff, who decide: nothing is changed by
/// it. Of somebody of whom that is noted already, or was dismissed, nothing is written. The contact is locked by the caller.
pub(crate) async fn heard(tx: &mut Tx, contact: &contact::Model, said: &str) -> Result<()> {
    let Some(seems) = language::seems(said) else { return Ok(()) };
    if contact.language_hint.as_deref() == Some(seems.as_str()) || Address::of(&contact.phone).is_machine() {
        return Ok(());
    }
    let business = businesses::of(tx, contact.business_id).await?;
    if seems == of(&business, contact) {
        return Ok(());
    }
    contact::Entity::update_many()
        .col_expr(contact::Column::LanguageHint, Expr::value(seems.as_str()))
        .col_expr(contact::Column::LanguageHintDismissed, Expr::value(false))
        .filter(contact::Column::Id.eq(contact.id))
        .exec(&tx.db)
        .await?;
    tx.mark_changed(contact.business_id, Changed::Contact(contact.id));
    Ok(())
}

/// Staff know what somebody seems to write, and leave their language as it is. They are not told of it again.
///
/// # Errors
/// `NotFound`, `NotAllowed`; `Conflict` for a contact that was merged into another.
pub async fn dismiss_hint(s: &Services, actor: &Actor, id: Uuid) -> Result<ContactView> {
    actor.may(Permission::WriteContacts)?;
    let mut tx = s.begin().await?;
    let row = locked_alone(&tx, actor.business_id, id).await?;
    let mut row = row.into_active_model();
    row.language_hint_dismissed = Set(true);
    row.update(&tx.db).await?;
    tx.mark_changed(actor.business_id, Changed::Contact(id));
    finish(tx, actor.business_id, id).await
}
