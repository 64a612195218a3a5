//! What becomes of the conversations of somebody who has left the business: they are nobody's, in a job, for there may be many and each has
//! its customer's lock.

use std::sync::Arc;

use entity::conversations::conversation;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect, sea_query::Expr};
use uuid::Uuid;

use crate::{
    accounts, contacts,
    kernel::{Event, Principal, Result, Services, Tx, events::Recorded, queue::Job, tx::Changed},
};

/// As the timeline and the audit trail call who did it.
const LEFT: Principal = Principal::System("a member has left");

/// In one transaction.
const BATCH: usize = 100;

/// Looked for at once: no index leads from somebody to what of theirs is closed, and this is done once in a while.
const AT_ONCE: u64 = 10_000;

/// Somebody works here no more.
pub(crate) async fn members_removed(tx: &mut Tx, heard: &[&Recorded]) -> Result<()> {
    for one in heard {
        let Event::MemberRemoved(account_id) = one.event else {
            continue;
        };
        let job = Job::PassOn {
            business_id: one.business_id,
            account_id,
        };
        tx.enqueue(&job, tx.now, None).await?;
    }
    Ok(())
}

/// Takes from them what is still theirs, closed or not, if they have not come back.
///
/// # Errors
/// When the database does not answer; the job can be done again.
pub(crate) async fn pass_on(s: &Services, business_id: Uuid, account_id: Uuid) -> Result<()> {
    loop {
        let found: Vec<(Uuid, Uuid)> = conversation::Entity::in_business(business_id)
            .select_only()
            .columns([conversation::Column::Id, conversation::Column::ContactId])
            .filter(conversation::Column::AssigneeId.eq(account_id))
            .limit(AT_ONCE)
            .into_tuple()
            .all(s.read())
            .await?;
        for some in found.chunks(BATCH) {
            let mut tx = s.begin().await?;
            if accounts::is_member(&tx.db, business_id, account_id).await? {
                return Ok(());
            }
            take(&mut tx, business_id, account_id, some).await?;
            tx.commit().await?;
        }
        if (found.len() as u64) < AT_ONCE {
            return Ok(());
        }
    }
}

async fn take(tx: &mut Tx, business_id: Uuid, account_id: Uuid, some: &[(Uuid, Uuid)]) -> Result<()> {
    let people: Vec<Uuid> = some.iter().map(|(_, contact)| *contact).collect();
    contacts::locked_all(tx, &people).await?;
    let nobody: Option<Uuid> = None;
    let passed = conversation::Entity::update_many()
        .col_expr(conversation::Column::AssigneeId, Expr::value(nobody))
        .col_expr(conversation::Column::TouchedAt, Expr::value(tx.now))
        .filter(conversation::Column::BusinessId.eq(business_id))
        .filter(conversation::Column::Id.is_in(some.iter().map(|(id, _)| *id)))
        .filter(conversation::Column::AssigneeId.eq(account_id))
        .exec_with_returning(&tx.db)
        .await?;
    for row in passed {
        let id = row.id;
        let event = Event::ConversationAssigned(Arc::new(row));
        tx.record_change(business_id, &LEFT, event, None::<()>, Some(""));
        tx.mark_changed(business_id, Changed::Conversation(id));
    }
    Ok(())
}
