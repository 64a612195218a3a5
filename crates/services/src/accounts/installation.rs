//! What is chosen for the whole installation, and what was changed for it by whom.

use contract::Code;
use entity::platform::{platform_event, platform_setting};
use sea_orm::{EntityTrait, QueryOrder, QuerySelect, Set, sea_query::OnConflict};

use super::platform::{Admin, note};
use crate::kernel::{Result, Services, error::problem};

const SIGN_UP: &str = "sign_up";
const CLOSED: &str = "closed";
const OPEN: &str = "open";

/// Changes that are shown.
const SHOWN: u64 = 20;

/// Whether anybody may sign up with a business of theirs. They may, unless somebody has said no.
///
/// # Errors
/// When the database does not answer.
pub async fn sign_up_is_open(s: &Services) -> Result<bool> {
    let found = platform_setting::Entity::find_by_id(SIGN_UP).one(s.read()).await?;
    Ok(found.is_none_or(|row| row.value != CLOSED))
}

/// Opens or closes the door for new businesses. Those that are there, and who is invited to them, are not concerned.
///
/// # Errors
/// When the database does not answer.
pub async fn set_sign_up(s: &Services, admin: &Admin, open: bool) -> Result<()> {
    let word = |open: bool| if open { OPEN } else { CLOSED }.to_owned();
    let before = sign_up_is_open(s).await?;
    let tx = s.begin().await?;
    let row = platform_setting::ActiveModel {
        name: Set(SIGN_UP.to_owned()),
        value: Set(word(open)),
        changed_at: Set(tx.now),
    };
    let change = OnConflict::column(platform_setting::Column::Name)
        .update_columns([platform_setting::Column::Value, platform_setting::Column::ChangedAt])
        .to_owned();
    platform_setting::Entity::insert(row)
        .on_conflict(change)
        .exec_without_returning(&tx.db)
        .await?;
    note(
        &tx,
        &admin.principal(),
        "sign_up.changed",
        Some(word(before)),
        Some(word(open)),
    )
    .await?;
    tx.commit().await
}

/// Who signs up where that is closed is told so.
///
/// # Errors
/// `NotAllowed`.
pub(crate) async fn may_sign_up(s: &Services) -> Result<()> {
    if sign_up_is_open(s).await? {
        return Ok(());
    }
    let why =
        "This installation takes no new businesses. Please ask whoever runs it, or somebody of your business for an invitation.";
    Err(problem(Code::NotAllowed, why))
}

/// The last changes, newest first.
pub(crate) async fn changes(s: &Services) -> Result<Vec<platform_event::Model>> {
    let rows = platform_event::Entity::find()
        .order_by_desc(platform_event::Column::At)
        .order_by_desc(platform_event::Column::Id)
        .limit(SHOWN);
    Ok(rows.all(s.read()).await?)
}
