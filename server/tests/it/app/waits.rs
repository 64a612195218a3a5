//! Waiting for what workers, Twilio or time bring about.

use std::time::Duration;

use serde_json::Value;
use services::{jobs, reminders, sending, waitlist};

use super::{PATIENCE, TestApp};

impl TestApp {
    /// Waits until the message has this status.
    pub async fn until_status(&self, id: &Value, status: &str) -> Value {
        self.until(status, async || {
            let message = self.message(id).await;
            (message["status"] == status).then_some(message)
        })
        .await
    }

    /// Moves the clock on, a step a look, until `wanted` is so: for what only time brings about.
    pub async fn as_time_goes_by<T>(&self, step: chrono::Duration, what: &str, mut wanted: impl AsyncFnMut() -> Option<T>) -> T {
        let until = tokio::time::Instant::now() + PATIENCE;
        let mut steps = 0..150;
        while tokio::time::Instant::now() < until {
            if let Some(found) = wanted().await {
                return found;
            }
            // However far behind the workers of a slow machine are, time does not run away from what is waited for.
            if steps.next().is_some() {
                self.clock().advance(step);
            }
            tokio::time::sleep(Duration::from_millis(150)).await;
        }
        panic!("waited in vain: {what}");
    }

    /// Looks for due work and does what it found, as workers do every two seconds.
    pub async fn a_tick_later(&self) {
        reminders::tick(&self.s).await.expect("due reminders");
        Box::pin(waitlist::tick(&self.s)).await.expect("free times");
        jobs::tick(&self.s).await.expect("unclear texts");
        Box::pin(sending::send_due(&self.s)).await.expect("the outbox");
    }

    /// Waits until `wanted` is so, looking often.
    pub async fn until<T>(&self, what: &str, mut wanted: impl AsyncFnMut() -> Option<T>) -> T {
        let until = tokio::time::Instant::now() + PATIENCE;
        while tokio::time::Instant::now() < until {
            if let Some(found) = wanted().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("waited in vain: {what}");
    }
}
