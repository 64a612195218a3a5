//! Counting as things happen: at the end of the transaction in which they do, one transaction of a business at a time.

use std::collections::{BTreeMap, HashMap};

use domain::figures::{Cells, What};
use entity::{
    appointments::appointment,
    messages::message,
    reports::{counted, counter_quarter},
    reviews::review_request,
};
use sea_orm::{
    ColumnTrait, EntityTrait, ExprTrait, QueryFilter, Set,
    sea_query::{Expr, OnConflict},
};
use uuid::Uuid;

use super::{
    Fact, Key, Sums,
    facts::{TextRow, of_reviews, of_texts, of_visits, texts, told},
    quarter,
};
use crate::kernel::{Error, Event, Result, Tx, events::Recorded, tx::Changed};

/// Rows in one statement.
const GROUP: usize = 400;

/// Customers' texts of this transaction. Each comes once and stays what it is, so nothing is kept of it but the count.
#[derive(Default)]
struct Received(BTreeMap<Uuid, Sums>);

/// Customers' texts are counted when the transaction ends.
pub(crate) async fn received(tx: &mut Tx, heard: &[&Recorded]) -> Result<()> {
    for one in heard {
        let Event::MessageReceived(m) = &one.event else { continue };
        let fact = Fact {
            key: Key {
                quarter: quarter(m.created_at),
                place: Uuid::nil(),
                type_id: Uuid::nil(),
                channel: m.channel.clone(),
                template: m.origin.clone(),
            },
            cells: Cells::from([((What::Received, String::new()), 1)]),
        };
        let sums = tx.memo::<Received>().0.entry(one.business_id).or_default();
        fact.add_to(sums, 1);
    }
    Ok(())
}

/// Counts anew what has changed. The caller has seen to it that no other transaction of these businesses does so at the same time.
pub(crate) async fn changed(tx: &mut Tx, changed: Vec<(Uuid, Changed)>) -> Result<()> {
    let mut businesses: BTreeMap<Uuid, Rows> = BTreeMap::new();
    for (business_id, what) in changed {
        match what {
            Changed::Message(id) => businesses.entry(business_id).or_default().texts.push(id),
            Changed::Appointment(id) => businesses.entry(business_id).or_default().visits.push(id),
            Changed::ReviewRequest(id) => businesses.entry(business_id).or_default().reviews.push(id),
            _ => {}
        }
    }
    let mut received = std::mem::take(&mut tx.memo::<Received>().0);
    for (business_id, rows) in businesses {
        let sums = received.entry(business_id).or_default();
        for some in rows.texts.chunks(GROUP) {
            of_changed_texts(tx, business_id, some, sums).await?;
        }
        for some in rows.visits.chunks(GROUP) {
            of_changed_visits(tx, business_id, some, sums).await?;
        }
        for some in rows.reviews.chunks(GROUP) {
            of_changed_reviews(tx, business_id, some, sums).await?;
        }
    }
    for (business_id, sums) in received {
        add(tx, business_id, sums).await?;
    }
    Ok(())
}

/// What has changed of one business.
#[derive(Default)]
struct Rows {
    texts: Vec<Uuid>,
    visits: Vec<Uuid>,
    reviews: Vec<Uuid>,
}

async fn of_changed_texts(tx: &mut Tx, business_id: Uuid, ids: &[Uuid], sums: &mut Sums) -> Result<()> {
    let known = known(tx, business_id, ids).await?;
    let rows: Vec<TextRow> = texts(message::Entity::these(business_id, ids.iter().copied()))
        .into_model()
        .all(&tx.db)
        .await?;
    // Those from customers are counted as they come in.
    let ours = rows.into_iter().filter(|row| row.direction != "inbound").collect();
    let facts = of_texts(tx, business_id, ours, &known).await?;
    settle(tx, business_id, known, facts, sums).await
}

async fn of_changed_visits(tx: &mut Tx, business_id: Uuid, ids: &[Uuid], sums: &mut Sums) -> Result<()> {
    let known = known(tx, business_id, ids).await?;
    let rows = appointment::Entity::these(business_id, ids.iter().copied())
        .all(&tx.db)
        .await?;
    let facts = of_visits(tx, business_id, rows).await?;
    settle(tx, business_id, known, facts, sums).await
}

async fn of_changed_reviews(tx: &mut Tx, business_id: Uuid, ids: &[Uuid], sums: &mut Sums) -> Result<()> {
    let known = known(tx, business_id, ids).await?;
    let rows = review_request::Entity::these(business_id, ids.iter().copied())
        .all(&tx.db)
        .await?;
    settle(tx, business_id, known, of_reviews(rows)?, sums).await
}

/// As what these are counted until now.
pub(super) async fn known(tx: &Tx, business_id: Uuid, ids: &[Uuid]) -> Result<HashMap<Uuid, Fact>> {
    let rows = counted::Entity::these(business_id, ids.iter().copied()).all(&tx.db).await?;
    rows.iter().map(|row| Ok((row.id, told(row)?))).collect()
}

/// What was counted of them is taken back, and what they are is counted. Those of `known` that are no more count as nothing.
pub(super) async fn settle(
    tx: &Tx,
    business_id: Uuid,
    mut known: HashMap<Uuid, Fact>,
    facts: Vec<(Uuid, Fact)>,
    sums: &mut Sums,
) -> Result<()> {
    let mut written = Vec::new();
    for (id, fact) in facts {
        let before = known.remove(&id);
        if before.as_ref() == Some(&fact) || (before.is_none() && fact.cells.is_empty()) {
            continue;
        }
        if let Some(before) = before {
            before.add_to(sums, -1);
        }
        fact.add_to(sums, 1);
        written.push(row(business_id, id, fact)?);
    }
    if !written.is_empty() {
        let columns = [
            counted::Column::Quarter,
            counted::Column::Place,
            counted::Column::TypeId,
            counted::Column::Channel,
            counted::Column::Template,
            counted::Column::Cells,
        ];
        let replace = OnConflict::column(counted::Column::Id).update_columns(columns).to_owned();
        counted::Entity::insert_many(written)
            .on_conflict(replace)
            .exec_without_returning(&tx.db)
            .await?;
    }
    forget(tx, known, sums).await
}

async fn forget(tx: &Tx, gone: HashMap<Uuid, Fact>, sums: &mut Sums) -> Result<()> {
    if gone.is_empty() {
        return Ok(());
    }
    for fact in gone.values() {
        fact.add_to(sums, -1);
    }
    counted::Entity::delete_many()
        .filter(counted::Column::Id.is_in(gone.into_keys()))
        .exec(&tx.db)
        .await?;
    Ok(())
}

fn row(business_id: Uuid, id: Uuid, fact: Fact) -> Result<counted::ActiveModel> {
    let cells: Vec<(&str, &str, i64)> = fact
        .cells
        .iter()
        .map(|((what, sort), n)| (what.as_str(), sort.as_str(), *n))
        .collect();
    let cells = serde_json::to_string(&cells).map_err(|e| Error::broken(e.to_string()))?;
    Ok(counted::ActiveModel {
        id: Set(id),
        business_id: Set(business_id),
        quarter: Set(fact.key.quarter),
        place: Set(fact.key.place),
        type_id: Set(fact.key.type_id),
        channel: Set(fact.key.channel),
        template: Set(fact.key.template),
        cells: Set(cells),
    })
}

/// Adds to the counters.
pub(super) async fn add(tx: &Tx, business_id: Uuid, sums: Sums) -> Result<()> {
    let rows: Vec<counter_quarter::ActiveModel> = sums
        .into_iter()
        .filter(|(_, n)| *n != 0)
        .map(|((key, what, sort), n)| counter_quarter::ActiveModel {
            business_id: Set(business_id),
            quarter: Set(key.quarter),
            what: Set(what.as_str().to_owned()),
            sort: Set(sort),
            place: Set(key.place),
            type_id: Set(key.type_id),
            channel: Set(key.channel),
            template: Set(key.template),
            n: Set(n),
        })
        .collect();
    use counter_quarter::Column as C;
    let more = Expr::col((counter_quarter::Entity, C::N)).add(Expr::cust("excluded.n"));
    let key = [
        C::BusinessId,
        C::Quarter,
        C::What,
        C::Sort,
        C::Place,
        C::TypeId,
        C::Channel,
        C::Template,
    ];
    let add = OnConflict::columns(key).value(C::N, more).to_owned();
    for some in rows.chunks(GROUP) {
        counter_quarter::Entity::insert_many(some.to_vec())
            .on_conflict(add.clone())
            .exec_without_returning(&tx.db)
            .await?;
    }
    Ok(())
}
