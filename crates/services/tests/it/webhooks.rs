//! Programs of others are told what happens, at a socket that says what the test wants.

mod log;
mod telling;
mod trouble;

use std::time::Duration as StdDuration;

use contract::webhooks::{
    AddWebhookEndpoint, EditWebhookEndpoint, WebhookDeliveryQuery, WebhookDeliveryView, WebhookEndpointView, WebhookSecret,
};
use services::webhooks;
use testkit::{Receiver, World};
use uuid::Uuid;

pub const ANN: &str = "+14155550171";
pub const BEN: &str = "+14155550172";

/// An endpoint of the business that hears of these.
pub async fn hook(w: &World, receiver: &Receiver, events: &[&str], full: bool) -> WebhookSecret {
    let cmd = AddWebhookEndpoint {
        url: receiver.url(),
        events: events.iter().map(|one| (*one).to_owned()).collect(),
        full,
    };
    webhooks::add(&w.s, &w.owner, cmd).await.expect("a webhook")
}

/// Everything that is due goes out.
pub async fn deliver(w: &World) -> usize {
    Box::pin(webhooks::deliver_due(&w.s)).await.expect("webhooks go out")
}

pub async fn told(w: &World, id: Uuid) -> Vec<WebhookDeliveryView> {
    let page = webhooks::deliveries(&w.s, &w.owner, id, WebhookDeliveryQuery::default()).await;
    page.expect("deliveries").data
}

/// States, the oldest first.
pub async fn states(w: &World, id: Uuid) -> Vec<String> {
    told(w, id).await.into_iter().rev().map(|one| one.status).collect()
}

pub async fn see(w: &World, id: Uuid) -> WebhookEndpointView {
    webhooks::get(&w.s, &w.owner, id).await.expect("the webhook")
}

pub async fn switch(w: &World, id: Uuid, on: bool) -> WebhookEndpointView {
    let cmd = EditWebhookEndpoint {
        disabled: Some(!on),
        ..EditWebhookEndpoint::default()
    };
    webhooks::edit(&w.s, &w.owner, id, cmd).await.expect("switched")
}

/// Waits for what other tasks do at a socket; however slow the machine is, it comes.
pub async fn until(what: &str, mut is: impl FnMut() -> bool) {
    let all = async {
        while !is() {
            tokio::time::sleep(StdDuration::from_millis(10)).await;
        }
    };
    let came = tokio::time::timeout(StdDuration::from_secs(60), all).await;
    assert!(came.is_ok(), "{what}");
}
