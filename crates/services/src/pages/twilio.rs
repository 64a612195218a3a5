//! The Twilio account of a business, where its numbers' texts are posted, and a test message with what was heard of it.

use contract::numbers::{HeardView, SharedKeyView, TestView, TwilioView};
use entity::{
    messages::{message, message_event},
    numbers::{twilio_account, twilio_shared_key},
};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use crate::{
    businesses,
    channels::connections::Connections,
    kernel::{Actor, Permission, Result, Services},
    messages,
    numbers::webhooks,
};

/// Callbacks of one message that are shown.
const HEARD: u64 = 20;

/// Shared keys that are shown; an account has no more.
const KEYS: u64 = 20;

/// How the actor's business is connected; `test`: a message whose callbacks are looked at.
///
/// # Errors
/// `NotAllowed` for staff.
pub async fn connection(s: &Services, actor: &Actor, test: Option<Uuid>) -> Result<TwilioView> {
    actor.may(Permission::ManageBusiness)?;
    let own = twilio_account::Entity::in_business(actor.business_id).one(s.read()).await?;
    let keys = twilio_shared_key::Entity::in_business(actor.business_id)
        .order_by_asc(twilio_shared_key::Column::Id)
        .limit(KEYS)
        .all(s.read())
        .await?;
    let common = s.of::<Connections>().common();
    let kind = match (&own, &common) {
        (Some(own), _) if own.parent_sid.is_some() => "subaccount",
        (Some(_), _) => "own",
        (None, Some(_)) => "installation",
        (None, None) => "none",
    };
    let url = &s.settings().public_url;
    Ok(TwilioView {
        kind: kind.to_owned(),
        // The installation's is no business's to know.
        account_sid: own.as_ref().map(|own| own.sid.clone()),
        parent_sid: own.as_ref().and_then(|own| own.parent_sid.clone()),
        key_sid: own.as_ref().and_then(|own| own.key_sid.clone()),
        since: own.as_ref().map(|own| own.updated_at),
        previous_counts: own.is_some_and(|own| own.previous_token.is_some()),
        shared_keys: keys
            .into_iter()
            .map(|key| SharedKeyView {
                id: key.id,
                created_at: key.created_at,
            })
            .collect(),
        webhook_inbound: webhooks::inbound_url(s),
        webhook_status: format!("{url}/webhooks/twilio/status"),
        webhooks: webhooks::found(s, actor).await?,
        test: match test {
            Some(id) => tested(s, actor, id).await?,
            None => None,
        },
    })
}

async fn tested(s: &Services, actor: &Actor, id: Uuid) -> Result<Option<TestView>> {
    let Some(row) = message::Entity::these(actor.business_id, [id]).one(s.read()).await? else {
        return Ok(None);
    };
    let row = messages::decrypted(s, row).await?;
    let country = businesses::get(s.read(), actor.business_id).await?.country;
    let heard = message_event::Entity::find()
        .filter(message_event::Column::MessageId.eq(id))
        .order_by_asc(message_event::Column::At)
        .order_by_asc(message_event::Column::Id)
        .limit(HEARD)
        .all(s.read())
        .await?;
    Ok(Some(TestView {
        message_id: id,
        to: domain::phone::display(&row.theirs, &country),
        status: row.status,
        why: row.error.or(row.wait_reason),
        sent_at: row.created_at,
        heard: heard
            .into_iter()
            .map(|event| HeardView {
                status: event.status,
                error_code: event.error_code,
                at: event.at,
            })
            .collect(),
    }))
}
