//! The laws of offers with three ways: whatever happens to messages, in whatever order, nobody is asked the same thing two ways unless the
//! first was known to have failed when the second left; one person has the time at most; and nothing leaves after a STOP on any way.

use chrono::Duration;
use contract::{
    contacts::ContactChannels,
    messages::{MessageView, SettleMessage},
    waitlist::{CreateSlot, OfferStatus},
};
use rstest::rstest;
use services::{
    contacts, delivery, jobs,
    queue::Job,
    waitlist::page::{self, Given},
};
use testkit::{Backend, Fault, FaultKind, World};

use super::{BEN, free, see, waits};
use crate::whatsapp::{world, writes};

const DORA: &str = "+14155550104";
const CHAT: &str = "whatsapp:+14155550104";
const MAIL: &str = "dora@x.test";

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

fn left(w: &World) -> (usize, usize, usize) {
    (w.phone_got(DORA).len(), w.phone_got(CHAT).len(), w.sim.mails_to(MAIL).len())
}

async fn step(w: &World, dice: &mut Dice, offers: &[MessageView]) {
    match dice.roll(9) {
        0..=2 => w.work().await,
        3 => {
            w.clock.advance(Duration::minutes(3));
            jobs::tick(&w.s).await.expect("a tick");
        }
        4 => {
            let kinds = [
                FaultKind::MailRefuse,
                FaultKind::MailUnanswered,
                FaultKind::ResetAfter,
                FaultKind::Refuse,
            ];
            let mut fault = Fault::new(kinds[dice.roll(4) as usize]);
            if fault.kind == FaultKind::Refuse {
                fault.code = Some(63024);
            }
            w.sim.set_fault(fault);
        }
        5 | 6 => {
            let known: Vec<_> = offers
                .iter()
                .filter(|m| m.provider_sid.is_some() && m.channel != "email")
                .collect();
            let Some(m) = known.last() else { return };
            let sid = m.provider_sid.clone().expect("it was taken");
            let others = offers.iter().any(|other| other.id != m.id && may_be_there(other));
            let (sms, whatsapp) = ([30003, 30006], [63003, 63032]);
            let codes = if m.channel == "sms" { sms } else { whatsapp };
            let word = match dice.roll(3) {
                // Late good news of what was given up, once another has left, is nobody's fault.
                0 if !others => ("delivered", None),
                n => ("undelivered", Some(codes[(n % 2) as usize])),
            };
            w.status(m, &sid, word.0, word.1).await.expect("heard");
        }
        7 => {
            for m in offers.iter().filter(|m| m.status == "unknown") {
                jobs::perform(&w.s, Job::Resolve { message_id: m.id }).await.expect("looked");
                let word = SettleMessage {
                    message_id: m.id,
                    arrived: dice.roll(2) == 0,
                };
                // Of what Twilio's log knew by now there is nothing left to say.
                delivery::settle(&w.s, &w.owner, word).await.ok();
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
async fn nobody_is_offered_one_time_two_ways(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let mut ways_seen = std::collections::BTreeSet::new();
    for seed in 0_u64..8 {
        let (w, mut dice) = (world(backend).await, Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
        let dora = super::ways::dora(&w).await;
        writes(&w, CHAT, "Hi").await;
        let order = ["sms", "whatsapp", "email"];
        let first = dice.roll(3) as usize;
        let wish = ContactChannels {
            primary: order[first].to_owned(),
            secondary: Some(order[(first + 1) % 3].to_owned()),
            fallback: Some(order[(first + 2) % 3].to_owned()),
        };
        contacts::set_channels(&w.s, &w.owner, dora.id, wish).await.expect("noted");
        let ben = w.contact("Ben", BEN).await;
        waits(&w, &dora).await;
        w.clock.advance(Duration::minutes(1));
        waits(&w, &ben).await;
        let slot = free(&w, 50, CreateSlot::default()).await;
        let mut stopped = None;
        for at in 0..20 {
            let thread = w.thread(&dora).await;
            let offers: Vec<_> = thread.into_iter().filter(|m| m.kind == "offer").collect();
            step(&w, &mut dice, &offers).await;
            if at == 14 {
                match dice.roll(3) {
                    0 => {
                        let way = if dice.roll(2) == 0 { DORA } else { CHAT };
                        if way == CHAT {
                            writes(&w, CHAT, "STOP").await;
                            // The one word that it was heard, where nobody else says it.
                            w.work().await;
                        } else {
                            w.text(DORA, "STOP").await;
                        }
                        stopped = Some(left(&w));
                    }
                    1 => {
                        w.text(DORA, "Y").await;
                    }
                    _ => {
                        if w.sim
                            .mails_to(MAIL)
                            .iter()
                            .any(|m| m.text.as_deref().is_some_and(|t| t.contains("/o/")))
                        {
                            page::answer(&w.s, &super::ways::page_of(&w, MAIL), Given::Yes)
                                .await
                                .expect("heard");
                        }
                    }
                }
            }
            let offers: Vec<_> = w.thread(&dora).await.into_iter().filter(|m| m.kind == "offer").collect();
            let there: Vec<_> = offers.iter().filter(|m| may_be_there(m)).collect();
            assert!(there.len() <= 1, "seed {seed}, step {at}: {there:#?}");
            for way in order {
                let by = offers.iter().filter(|m| m.channel == way).count();
                assert!(by <= 1, "seed {seed}, step {at}: each way once: {offers:#?}");
            }
            ways_seen.extend(offers.iter().map(|m| m.channel.clone()));
            let seen = see(&w, slot.id).await;
            let hers = seen.offers.iter().filter(|offer| offer.contact_id == dora.id).count();
            assert!(hers <= 1, "seed {seed}, step {at}: one offer, whatever its ways");
            let taken = seen.offers.iter().filter(|offer| offer.status == OfferStatus::Taken).count();
            assert!(taken <= 1, "seed {seed}, step {at}: one has it");
            if let Some(before) = stopped {
                assert_eq!(left(&w), before, "seed {seed}, step {at}: nothing after a STOP");
            }
        }
    }
    assert_eq!(ways_seen.len(), 3, "each way was tried: {ways_seen:?}");
}
