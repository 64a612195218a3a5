//! How a story ends: all calms down, and then the books must balance.

use std::{collections::HashSet, ops::RangeInclusive};

use chrono::Duration;
use entity::messages::{message, message_event};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use serde_json::Value;
use services::contacts::consent;
use twilio_sim::SimMessage;
use uuid::Uuid;

use super::{PHONES, story::Story};
use crate::app::list_all;

impl Story {
    /// Texts that something will still happen to by itself.
    async fn open(&self) -> Vec<Value> {
        let (messages, tasks) = (self.app.all("/messages").await, self.app.open_tasks().await);
        messages.into_iter().filter(|m| !is_over(m, &tasks)).collect()
    }

    /// Faults end, workers run and time passes, until nothing moves any more; then the books must balance.
    pub(super) async fn calm_down(&mut self) {
        let cut_off = self.cut_off();
        self.app.sim.clear_faults();
        if let Some(doomed) = self.doomed.take() {
            // What they leave behind must come to an end, too.
            doomed.kill();
        }
        assert!(self.sync().await, "nothing hides Twilio's log any more");
        self.until_nothing_moves().await;
        self.check().await;
        self.stands().await;
        self.mails_have_ended(cut_off).await;
        self.phones_are_on_record();
        self.books_balance().await;
        let ledger = Box::pin(consent::verify(&self.app.s)).await.expect("the ledger can be read");
        assert!(ledger.is_ok(), "{ledger:?}");
        for list in ["/messages", "/conversations", "/tasks?status=open", "/tasks?status=done"] {
            let theirs = list_all(&self.app.http, &self.app.url, &self.other.key, list).await;
            assert!(theirs.is_empty(), "another business sees {theirs:?}");
        }
    }

    async fn until_nothing_moves(&mut self) {
        let mut open = self.open().await;
        for _ in 0..100 {
            let workers = self.workers.take().unwrap_or_else(|| self.app.start_workers());
            self.app.clock().advance(Duration::minutes(5));
            tokio::time::sleep(std::time::Duration::from_millis(250)).await;
            open = self.open().await;
            if open.is_empty() {
                // Only with nobody at work is it sure that nothing comes up behind the look.
                workers.stop().await;
                open = self.open().await;
                if open.is_empty() {
                    break;
                }
            } else {
                self.workers = Some(workers);
            }
        }
        assert!(open.is_empty(), "still open: {open:#?}");
    }

    fn phones_are_on_record(&self) {
        for phone in PHONES {
            for text in self.app.sim.sent_to(phone) {
                let known = self.gave_up(&text.sid) || self.is_on_record(&text);
                assert!(known, "on a phone and nowhere else: {text:?}");
            }
        }
    }

    fn is_on_record(&self, text: &SimMessage) -> bool {
        let callback = text.status_callback.as_deref().unwrap_or_default();
        self.seen.iter().any(|(id, m)| {
            let sid = m["provider_sid"].as_str().unwrap_or_default();
            // With Twilio's log hidden for too long a person is asked; if an earlier try has arrived after all, that one counts.
            let of_another_try = callback.contains(id.as_str()) && (m["status"] == "unknown" || self.gave_up(sid));
            sid == text.sid || of_another_try
        })
    }

    /// What was counted as it happened is what the rows say.
    async fn books_balance(&self) {
        let mut wrong = Vec::new();
        for _ in 0..30 {
            wrong = self.miscounted().await;
            if wrong.is_empty() {
                return;
            }
            // Twilio's last reports may still be on their way.
            tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        }
        panic!("the books do not balance: {wrong:#?}");
    }

    async fn miscounted(&self) -> Vec<String> {
        let texts = message::Entity::in_business(self.app.business_id);
        let texts = texts.all(self.app.s.db().connection()).await.expect("the texts");
        let days = self.app.all("/reports/daily").await;
        let mut wrong = Vec::new();
        for (what, should) in self.by_the_rows(&texts).await {
            let kept: i64 = days.iter().filter_map(|day| day[what].as_i64()).sum();
            if !should.contains(&kept) {
                wrong.push(format!("{what}: counted {kept}, by the rows {should:?}"));
            }
        }
        let recounted = services::figures::recount::business(&self.app.s, self.app.business_id, false).await;
        wrong.extend(recounted.expect("a recount").iter().map(|one| format!("reports: {one:?}")));
        for thread in self.app.all("/conversations").await {
            let of_thread = |m: &&message::Model| m.direction == "inbound" && thread["id"] == m.conversation_id.to_string();
            let unread = texts.iter().filter(of_thread).count() as u64;
            if thread["unread"].as_u64() != Some(unread) {
                wrong.push(format!("unread {unread}: {thread}"));
            }
        }
        wrong
    }

    /// How often each thing happened, as far as rows tell: they hold how things ended, counters also what happened on the way.
    async fn by_the_rows(&self, texts: &[message::Model]) -> [(&'static str, RangeInclusive<i64>); 7] {
        let count = |wanted: &dyn Fn(&message::Model) -> bool| texts.iter().filter(|m| wanted(m)).count() as i64;
        let exactly = |n: i64| n..=n;
        let (ledger, failures) = (self.ledger().await, self.failures().await);
        let said = |state: &str| ledger.iter().filter(|row| row.state == state).count() as i64;
        let failed = count(&|m| matches!(m.status.as_str(), "failed" | "undelivered") && m.retry_at.is_none());
        // It had failed for good, and then arrived after all.
        let recovered = count(&|m| m.delivered_at.is_some() && failures.contains(&m.id));
        // One that was withdrawn may have been taken up again, and withdrawn once more.
        let cancelled = count(&|m| m.status == "cancelled");
        [
            ("received", exactly(count(&|m| m.direction == "inbound"))),
            ("sent", exactly(count(&|m| m.sent_at.is_some()))),
            ("delivered", exactly(count(&|m| m.delivered_at.is_some()))),
            ("failed", failed..=failed + recovered + self.mail.second_thoughts()),
            ("cancelled", cancelled..=i64::MAX),
            ("opted_out", exactly(said("opted_out"))),
            ("opted_in", exactly(said("opted_in"))),
        ]
    }

    /// Messages that Twilio has called failed or undelivered at some time.
    async fn failures(&self) -> HashSet<Uuid> {
        let events = message_event::Entity::find()
            .filter(message_event::Column::BusinessId.eq(self.app.business_id))
            .filter(message_event::Column::Status.is_in(["failed", "undelivered"]));
        let events = events.all(self.app.s.db().connection()).await.expect("the events");
        events.into_iter().filter_map(|event| event.message_id).collect()
    }
}

/// Nothing more will happen to it by itself.
fn is_over(m: &Value, tasks: &[Value]) -> bool {
    let is_asked = |kind: &str| tasks.iter().any(|t| t["kind"] == kind && t["contact_id"] == m["contact_id"]);
    match m["status"].as_str().unwrap_or_default() {
        // While they are on hold it waits for staff.
        "queued" => is_asked("opt_out"),
        "sending" => false,
        "unknown" => is_asked("unclear_message") && (m["to_settle"] == true || m["channel"] == "sms"),
        _ => true,
    }
}
