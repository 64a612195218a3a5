//! Whether the ledger is what it was when it was written.

use std::collections::HashMap;

use domain::consent::LedgerEntry;
use entity::{
    businesses::business,
    contacts::{consent, consent_event, contact},
};
use sea_orm::{ColumnTrait, DatabaseTransaction, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use super::PAGE;
use crate::kernel::{Result, Services};

/// The first row of a ledger that is not what it was when it was written, or that does not say what the state beside it says.
#[derive(Debug, PartialEq, Eq)]
pub struct BrokenRow {
    pub business: String,
    pub seq: i64,
    pub what: &'static str,
}

/// Where people stand by the ledger alone: its last row for each contact, channel and purpose.
type Stand = HashMap<(Uuid, String, String), (i64, String)>;

/// Recomputes the chain of every business, in order, and compares where people stand with what it says; `Ok(rows checked)` or the first
/// broken row. It reads a snapshot, so texts may come in meanwhile. Whoever can write the whole database can forge a whole chain; this
/// finds what was changed by hand.
///
/// # Errors
/// Only when the database does not answer.
pub async fn verify(s: &Services) -> Result<std::result::Result<u64, BrokenRow>> {
    let snapshot = s.db().snapshot().await?;
    let mut checked = 0;
    for b in business::Entity::find()
        .order_by_asc(business::Column::Id)
        .all(&snapshot)
        .await?
    {
        let found = match walk(&snapshot, &b).await? {
            Ok(stand) => {
                checked += b.ledger_seq.max(0) as u64;
                compare(&snapshot, &b, stand).await?
            }
            Err(broken) => Some(broken),
        };
        if let Some((seq, what)) = found {
            let business = b.slug;
            return Ok(Err(BrokenRow { business, seq, what }));
        }
    }
    Ok(Ok(checked))
}

async fn walk(db: &DatabaseTransaction, b: &business::Model) -> Result<std::result::Result<Stand, (i64, &'static str)>> {
    let (mut seq, mut hash) = (0, domain::consent::GENESIS.to_owned());
    let mut stand = Stand::new();
    loop {
        let rows = consent_event::Entity::in_business(b.id)
            .filter(consent_event::Column::Seq.gt(seq))
            .order_by_asc(consent_event::Column::Seq)
            .limit(PAGE)
            .all(db)
            .await?;
        if rows.is_empty() {
            break;
        }
        for row in rows {
            if row.seq != seq + 1 {
                return Ok(Err((seq + 1, "is missing")));
            }
            if row.prev_hash != hash || recompute(&row).as_deref() != Some(row.hash.as_str()) {
                return Ok(Err((row.seq, "was changed")));
            }
            (seq, hash) = (row.seq, row.hash);
            stand.insert((row.contact_id, row.channel, row.purpose), (seq, row.state));
        }
    }
    if (seq, &hash) != (b.ledger_seq, &b.ledger_hash) {
        return Ok(Err((seq + 1, "is missing at the end")));
    }
    Ok(Ok(stand))
}

/// What sending goes by is the state, not the ledger: it must be what the ledger's last word is.
async fn compare(db: &DatabaseTransaction, b: &business::Model, mut stand: Stand) -> Result<Option<(i64, &'static str)>> {
    let mut after = Uuid::nil();
    loop {
        let people: Vec<Uuid> = contact::Entity::in_business(b.id)
            .filter(contact::Column::Id.gt(after))
            .order_by_asc(contact::Column::Id)
            .limit(PAGE)
            .select_only()
            .column(contact::Column::Id)
            .into_tuple()
            .all(db)
            .await?;
        let Some(last) = people.last() else { break };
        after = *last;
        let rows = consent::Entity::find().filter(consent::Column::ContactId.is_in(people));
        for row in rows.all(db).await? {
            match stand.remove(&(row.contact_id, row.channel, row.purpose)) {
                Some((_, state)) if state == row.state => {}
                Some((seq, _)) => return Ok(Some((seq, "is not what the contact's consent says"))),
                None => return Ok(Some((b.ledger_seq + 1, "is missing: a contact's consent has no row"))),
            }
        }
    }
    let gone = stand.into_values().map(|(seq, _)| seq).min();
    Ok(gone.map(|seq| (seq, "says more than the contact's consent")))
}

fn recompute(row: &consent_event::Model) -> Option<String> {
    let entry = LedgerEntry {
        business_id: &row.business_id.to_string(),
        seq: row.seq,
        contact_id: &row.contact_id.to_string(),
        channel: row.channel.parse().ok()?,
        purpose: row.purpose.parse().ok()?,
        state: row.state.parse().ok()?,
        source: row.source.parse().ok()?,
        actor: &row.actor,
        evidence: &row.evidence,
        at: row.at,
    };
    Some(entry.hash(&row.prev_hash))
}
