//! Whatever happens in whatever order: customers text, also in words of their own and while no webhook reaches us; staff write, book,
//! families, too, move, cancel and decide, and write e-mails to the same people; Twilio reports early, late and twice, refuses and
//! hides its log, the mail server refuses, hangs up and takes its time; calls fail, workers come and go, time passes. After each of some
//! forty-five random steps, and once all has calmed down, the laws must hold:
//!
//! - nobody is texted after their STOP was acknowledged, or found in Twilio's log, nor while they are on hold;
//! - who is opted out or on hold stays so until a word of theirs, or a decision, that came later;
//! - whom Twilio refuses with error 21610 is opted out;
//! - Twilio is asked for a message once, unless it provably refused, and a correlation id is one message;
//! - statuses go forward;
//! - an inbound SID is one message, whether a webhook or a look at Twilio's log brought it;
//! - nothing stays waiting, in the air or unclear without a person being asked;
//! - another business sees nothing of it;
//! - the consent ledger is whole, and kept counters are what the rows say.
//!
//! And of e-mails:
//!
//! - the mail server takes a mail once, at the address it was written to, unless a person said that it did not arrive and asked for
//!   another try;
//! - of no try that the server took we say that it failed, and what may have been taken is not tried again on a guess;
//! - what counts as sent was taken, or a person says so; what waits, failed or was withdrawn was not;
//! - nothing is claimed or handed over for who wants no mails, for an address that is theirs no more, or for who is on hold; a STOP is
//!   about texts alone;
//! - what was stored is there, and ends as sent, failed, withdrawn, or before a person's eyes.
//!
//! A failure prints its seed: `HOSTILE_SEED=7 HOSTILE_CASES=1` runs that case again, `HOSTILE_CASES=200` runs more.

mod books;
mod checks;
mod mails;
mod people;
mod steps;
mod story;

use futures::future::join_all;
use rand::RngExt;
use rstest::rstest;
use testkit::{Backend, FaultKind};

use steps::{FAULTS, WITH_LOST_REPORTS, step};
use story::Story;

const PHONES: [&str; 3] = ["+14155550171", "+14155550172", "+14155550173"];
const STEPS: usize = 45;

async fn play(backend: Backend, seed: u64, faults: &[FaultKind]) {
    let mut story = Box::pin(Story::begin(backend, seed)).await;
    for _ in 0..STEPS {
        let step = step(&mut story.dice, faults);
        Box::pin(story.take(step)).await;
        Box::pin(story.check()).await;
        if story.dice.random_bool(0.3) {
            // Sometimes the workers get a moment, sometimes all happens at once.
            tokio::time::sleep(std::time::Duration::from_millis(story.dice.random_range(1..400))).await;
        }
    }
    Box::pin(story.calm_down()).await;
}

fn setting(name: &str) -> Option<u64> {
    #[expect(clippy::disallowed_methods, reason = "who runs the tests may want other cases")]
    let value = std::env::var(name);
    value.ok()?.parse().ok()
}

/// Plays several games at once, because most of each is waiting.
async fn play_all(backend: Backend, faults: &'static [FaultKind]) {
    let first = setting("HOSTILE_SEED").unwrap_or_else(rand::random);
    let cases = setting("HOSTILE_CASES").unwrap_or(6);
    let seeds: Vec<u64> = (0..cases).map(|n| first.wrapping_add(n)).collect();
    let batcher = tokio::task::LocalSet::new();
    for some in seeds.chunks(6) {
        let games = some.iter().map(|seed| {
            let game = batcher.spawn_local(play(backend, *seed, faults));
            async move { (*seed, game.await) }
        });
        for (seed, ended) in batcher.run_until(join_all(games)).await {
            assert!(ended.is_ok(), "run it again with HOSTILE_SEED={seed} HOSTILE_CASES=1");
        }
    }
}

#[rstest]
#[tokio::test]
async fn in_whatever_order_things_happen_the_laws_hold(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    play_all(backend, &FAULTS).await;
}

#[rstest]
#[tokio::test]
async fn they_hold_even_if_twilio_does_not_report(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    play_all(backend, &WITH_LOST_REPORTS).await;
}
