//! A look at the first rows of a file as they would be read: they are done, and undone before anybody could see it.

use std::collections::HashSet;

use contract::imports::{ImportRows, Preview, PreviewRow};
use domain::imports::Outcome;
use entity::imports::import_block as block;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect, Set};
use uuid::Uuid;

use super::{BLOCK, PREVIEW, SHOWN, locked, rows::Done, run::work, seen, still_ready};
use crate::kernel::{Actor, Error, Result, Services};

/// Blocks that are looked at.
const BLOCKS: u64 = 300 / BLOCK as u64;

/// Looks at a file as it would be read now, and keeps what was seen for its page.
///
/// # Errors
/// `Conflict` for one that was started; `NotFound`, `NotAllowed`.
pub async fn look(s: &Services, actor: &Actor, id: Uuid) -> Result<()> {
    let row = seen(s, actor, id).await?;
    still_ready(&row)?;
    let blocks = block::Entity::find()
        .filter(block::Column::ImportId.eq(id))
        .order_by_asc(block::Column::Seq)
        .limit(BLOCKS)
        .all(s.read())
        .await?;
    let (mut preview, mut known) = (Preview::default(), HashSet::new());
    for one in &blocks {
        // Each in a transaction of its own, so that nobody waits long.
        let mut tx = s.begin().await?;
        let rows = work(s, &mut tx, &row, actor.clone(), one).await?;
        // Nothing of it was settled, and nobody has heard of it.
        tx.db.rollback().await?;
        for mut done in rows {
            if done.key.take().is_some_and(|key| !known.insert(key)) {
                done.outcome = Outcome::Duplicate;
                "The file has it already.".clone_into(&mut done.note);
            }
            count(&mut preview, done);
        }
    }
    let json = serde_json::to_string(&preview).map_err(|e| Error::broken(e.to_string()))?;
    let tx = s.begin().await?;
    let row = locked(&tx, actor.business_id, id).await?;
    still_ready(&row)?;
    let mut row = row.into_active_model();
    row.preview = Set(Some(s.vault().seal(PREVIEW, &json)));
    row.update(&tx.db).await?;
    tx.commit().await
}

fn count(preview: &mut Preview, done: Done) {
    let rows: &mut ImportRows = &mut preview.rows;
    *match done.outcome {
        Outcome::Created => &mut rows.created,
        Outcome::Updated => &mut rows.updated,
        Outcome::Unchanged => &mut rows.unchanged,
        Outcome::Duplicate => &mut rows.duplicate,
        Outcome::Skipped => &mut rows.skipped,
        Outcome::Refused => &mut rows.refused,
    } += 1;
    preview.looked_at += 1;
    // The first rows, and of what comes later that which somebody should know of.
    let of_note = matches!(done.outcome, Outcome::Refused | Outcome::Duplicate);
    if preview.first.len() < SHOWN / 2 || (of_note && preview.first.len() < SHOWN) {
        preview.first.push(PreviewRow {
            number: done.number,
            outcome: done.outcome.as_str().to_owned(),
            words: done.words,
            note: done.note,
        });
    }
}
