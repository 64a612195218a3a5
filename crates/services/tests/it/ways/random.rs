//! The laws with several ways: whatever happens to messages, in whatever order, nobody has two of one thing, unless the first was known to
//! have failed when the second left; and nothing leaves after a STOP.

use chrono::Duration;
use contract::messages::{MessageView, SettleMessage};
use rstest::rstest;
use services::{delivery, jobs, queue::Job};
use testkit::{Backend, Fault, FaultKind, World};

use super::{ANN, MAIL, ann, due, prefers_mail};

/// Numbers that look random and are the same each time.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// It may be with its customer, by all that is known.
fn may_be_there(m: &MessageView) -> bool {
    !matches!(m.status.as_str(), "failed" | "undelivered" | "cancelled" | "queued")
}

async fn step(w: &World, dice: &mut Dice, texts: &[MessageView], mails: &[MessageView]) {
    let mail_left = mails.iter().any(may_be_there);
    match dice.roll(8) {
        0 | 1 => w.work().await,
        2 => {
            w.clock.advance(Duration::minutes(20));
            jobs::tick(&w.s).await.expect("a tick");
        }
        3 => {
            let kinds = [
                FaultKind::MailRefuse,
                FaultKind::MailUnanswered,
                FaultKind::MailCut,
                FaultKind::MailBusy,
            ];
            w.sim.set_fault(Fault::new(kinds[dice.roll(4) as usize]));
        }
        4 | 5 => {
            let Some(m) = texts.last() else { return };
            let Some(sid) = m.provider_sid.clone() else { return };
            // Late good news of what was given up, once the other has left, is nobody's fault, and another test.
            let word = match dice.roll(3) {
                0 if !mail_left => ("delivered", None),
                1 => ("undelivered", Some(30003)),
                _ => ("undelivered", Some(30006)),
            };
            w.status(m, &sid, word.0, word.1).await.expect("heard");
        }
        6 => {
            for m in mails.iter().filter(|m| m.status == "unknown") {
                jobs::perform(&w.s, Job::Resolve { message_id: m.id }).await.expect("looked");
                let word = SettleMessage {
                    message_id: m.id,
                    arrived: dice.roll(2) == 0,
                };
                delivery::settle(&w.s, &w.owner, word).await.expect("settled");
            }
        }
        _ => {
            w.work().await;
            w.work().await;
        }
    }
}

#[rstest]
#[tokio::test]
async fn nobody_is_told_one_thing_two_ways(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    for seed in 0..10 {
        let (w, mut dice) = (World::new(backend).await, Dice(seed));
        let ann = ann(&w).await;
        if dice.roll(2) == 0 {
            prefers_mail(&w, &ann).await;
        }
        due(&w, &ann).await;
        let mut stopped: Option<(usize, usize)> = None;
        for at in 0..24 {
            let all = w.thread(&ann).await;
            let (mails, texts): (Vec<_>, Vec<_>) = all
                .into_iter()
                .filter(|m| m.kind == "reminder")
                .partition(|m| m.channel == "email");
            step(&w, &mut dice, &texts, &mails).await;
            if at == 16 && dice.roll(3) == 0 {
                w.text(ANN, "STOP").await;
                stopped = Some((w.phone_got(ANN).len(), w.sim.mails_to(MAIL).len()));
            }
            let thread = w.thread(&ann).await;
            let there: Vec<_> = thread.iter().filter(|m| m.kind == "reminder" && may_be_there(m)).collect();
            assert!(there.len() <= 1, "seed {seed}, step {at}: {there:#?}");
            let reminders: Vec<_> = thread
                .iter()
                .filter(|m| m.kind == "reminder")
                .map(|m| m.channel.as_str())
                .collect();
            assert!(reminders.len() <= 2, "seed {seed}: each way once: {reminders:?}");
            if let Some(before) = stopped {
                let now = (w.phone_got(ANN).len(), w.sim.mails_to(MAIL).len());
                assert_eq!(now, before, "seed {seed}: nothing after a STOP");
            }
        }
    }
}
