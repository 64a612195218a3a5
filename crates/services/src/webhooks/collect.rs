//! Listens to what happens: a row for each endpoint that wants to hear of it, in the transaction in which it has happened.

use std::collections::{HashMap, HashSet};

use domain::webhooks::Choice;
use entity::webhooks::{webhook_delivery, webhook_endpoint};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, Set};
use uuid::Uuid;

use super::{
    BODY, Status, choice,
    payload::{self, News, Views},
};
use crate::kernel::{Result, Tx, events::Recorded};

/// An endpoint with what it wants to hear of.
type Listening = (webhook_endpoint::Model, Choice);

/// What these events tell becomes deliveries.
pub(crate) async fn collect(tx: &mut Tx, heard: &[&Recorded]) -> Result<()> {
    let endpoints = listening(tx, heard).await?;
    if endpoints.is_empty() {
        return Ok(());
    }
    let heard: Vec<&Recorded> = heard
        .iter()
        .copied()
        .filter(|one| endpoints.contains_key(&one.business_id))
        .collect();
    let news = payload::news(tx, &heard).await?;
    let mut rows = Vec::new();
    for (business_id, endpoints) in &endpoints {
        let news: Vec<&News> = news.iter().filter(|one| one.business_id == *business_id).collect();
        let views = views(tx, *business_id, endpoints, &news).await?;
        for one in news {
            let wanted = endpoints.iter().filter(|(_, choice)| choice.holds(one.event));
            rows.extend(wanted.map(|(endpoint, _)| {
                let body = if endpoint.is_full {
                    one.full(tx.now, &views)
                } else {
                    one.thin(tx.now)
                };
                row(tx, endpoint, one.event.as_str(), Some(one.about), &body)
            }));
        }
    }
    for some in rows.chunks(200) {
        webhook_delivery::Entity::insert_many(some.to_vec())
            .exec_without_returning(&tx.db)
            .await?;
    }
    Ok(())
}

/// The endpoints of these businesses. Those that are switched off are told, too, once they are on again.
async fn listening(tx: &Tx, heard: &[&Recorded]) -> Result<HashMap<Uuid, Vec<Listening>>> {
    let businesses: HashSet<Uuid> = heard.iter().map(|one| one.business_id).collect();
    let rows = webhook_endpoint::Entity::find()
        .filter(webhook_endpoint::Column::BusinessId.is_in(businesses))
        .filter(webhook_endpoint::Column::RemovedAt.is_null())
        .all(&tx.db)
        .await?;
    let mut found: HashMap<Uuid, Vec<Listening>> = HashMap::new();
    for row in rows {
        // An endpoint of a newer version hears nothing from this one; what happens is not to fail because of that.
        match choice(&row) {
            Ok(choice) => found.entry(row.business_id).or_default().push((row, choice)),
            Err(cause) => tracing::error!(endpoint = %row.id, %cause, "a webhook is told nothing"),
        }
    }
    Ok(found)
}

/// What things look like, if any endpoint is told that.
async fn views(tx: &Tx, business_id: Uuid, endpoints: &[Listening], news: &[&News]) -> Result<Views> {
    let full: Vec<&Choice> = endpoints
        .iter()
        .filter(|(endpoint, _)| endpoint.is_full)
        .map(|(_, choice)| choice)
        .collect();
    let shown: Vec<&News> = news
        .iter()
        .copied()
        .filter(|one| full.iter().any(|choice| choice.holds(one.event)))
        .collect();
    payload::views(tx, business_id, &shown).await
}

/// A delivery that is due. `about`: none for what is of nothing else.
pub(super) fn row(
    tx: &Tx,
    endpoint: &webhook_endpoint::Model,
    event: &str,
    about: Option<Uuid>,
    body: &str,
) -> webhook_delivery::ActiveModel {
    let id = Uuid::now_v7();
    webhook_delivery::ActiveModel {
        id: Set(id),
        business_id: Set(endpoint.business_id),
        endpoint_id: Set(endpoint.id),
        event: Set(event.to_owned()),
        about: Set(about.unwrap_or(id)),
        body: Set(tx.services().vault().seal(BODY, body)),
        status: Set(Status::Waiting.as_str().to_owned()),
        tries: Set(0),
        attempts: Set(0),
        next_at: Set(Some(tx.now)),
        claim: Set(None),
        claimed_at: Set(None),
        answer_status: Set(None),
        answer_body: Set(None),
        took_ms: Set(None),
        why: Set(None),
        created_at: Set(tx.now),
        done_at: Set(None),
    }
}
