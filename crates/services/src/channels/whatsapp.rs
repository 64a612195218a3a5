//! Messages on WhatsApp, by Twilio: free text, or a template with its values, as the claim has decided.

use std::{collections::BTreeMap, time::Duration as StdDuration};

use domain::{outcome::Outcome, phone::mask, whatsapp::known_by};
use entity::{messages::message, whatsapp::whatsapp_message};
use sea_orm::EntityTrait;
use twilio::{NewMessage, NewTemplate};

use super::{
    connections::Connections,
    sms::{failure, outcome, status_url},
};
use crate::kernel::{Error, Result, Services};

pub(super) async fn send(s: &Services, m: &message::Model, validity_period: Option<StdDuration>) -> Outcome {
    let not_now = |why: &str| Outcome::TryLater {
        reply: None,
        after: None,
        failure: failure(None, why),
    };
    let Some(account) = s.of::<Connections>().that_has(m) else {
        return not_now("no Twilio account is connected");
    };
    // Read before anything is called: should that fail, nothing was sent.
    let template = match template(s, m).await {
        Ok(template) => template,
        Err(cause) => {
            tracing::error!(message = %m.id, %cause, "what a message goes out as can't be read");
            return not_now("the database does not answer");
        }
    };
    let callback = status_url(s, m);
    tracing::info!(
        message = %m.id, step = "call", to = %mask(known_by(&m.theirs)), attempt = m.attempts, template = template.is_some(),
        "WhatsApp message handed to Twilio"
    );
    outcome(match template {
        Some((content_sid, values)) => {
            let new = NewTemplate {
                to: &m.theirs,
                from: &m.ours,
                content_sid: &content_sid,
                values: &values,
                status_callback: Some(&callback),
                validity_period,
            };
            account.client().create_from_template(&new).await
        }
        None => {
            let new = NewMessage {
                to: &m.theirs,
                from: &m.ours,
                body: &m.body,
                status_callback: Some(&callback),
                validity_period,
            };
            account.client().create(&new).await
        }
    })
}

async fn template(s: &Services, m: &message::Model) -> Result<Option<(String, BTreeMap<String, String>)>> {
    let row = whatsapp_message::Entity::find_by_id(m.id).one(s.read()).await?;
    let Some((sid, variables)) = row.and_then(|row| row.content_sid.zip(row.variables)) else {
        return Ok(None);
    };
    let values = serde_json::from_str(&variables).map_err(|e| Error::broken(e.to_string()))?;
    Ok(Some((sid, values)))
}
