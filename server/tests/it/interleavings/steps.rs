//! What may happen next, as the dice will have it.

use rand::{RngExt, rngs::StdRng, seq::IndexedRandom};
use testkit::FaultKind;

use super::{
    PHONES,
    mails::{MailStep, mail_step},
};

#[derive(Debug, Clone, Copy)]
pub(super) enum Step {
    /// Staff write to a person.
    Write(usize),
    /// A program repeats a text that was written before.
    WriteAgain,
    Book(usize, i64),
    /// Two children of theirs, one after the other.
    BookFamily(usize, i64),
    Move(i64),
    Cancel,
    /// A customer texts.
    Text(usize, &'static str),
    /// Twilio hands an earlier text over once more.
    TextAgain,
    /// A customer texts, and no webhook reaches us: only Twilio's log has it.
    Lose(usize, &'static str),
    /// Twilio's log is compared with ours.
    Sync,
    /// So many times Twilio's log can't be read.
    HideLog(u32),
    /// Twilio will not take the next text to this person: it has an opt-out of theirs (error 21610).
    Bar(usize),
    /// Staff decide about somebody on hold: opted out, or texts go on.
    Decide(bool),
    /// Twilio says something about an earlier message.
    Callback(&'static str),
    /// The next call goes wrong in this way.
    Break(FaultKind),
    StopWorkers,
    StartWorkers,
    /// Workers die in the middle of whatever they do; others take their place.
    Crash,
    /// Something about e-mail.
    Mail(MailStep),
    /// So many minutes pass.
    Pass(i64),
}

const WORDS: [&str; 12] = [
    "Y",
    "N",
    "STOP",
    "START",
    "Is there parking?",
    "y101",
    "HELP",
    "YES",
    "Stop",
    "👍",
    "take me off your list",
    "leave me alone and stop texting",
];
/// What is lost is mostly what must not be.
const LOST: [&str; 6] = ["STOP", "START", "Is there parking?", "YES", "Stop", "take me off your list"];
const STATUSES: [&str; 8] = [
    "queued",
    "sending",
    "sent",
    "delivered",
    "read",
    "undelivered",
    "failed",
    "sent",
];
pub(super) const FAULTS: [FaultKind; 11] = [
    FaultKind::Refuse,
    FaultKind::RateLimit,
    FaultKind::ErrorBefore,
    FaultKind::ErrorAfter,
    FaultKind::ResetAfter,
    FaultKind::TornAnswer,
    FaultKind::StoreLate,
    FaultKind::AsyncFail,
    FaultKind::DuplicateCallbacks,
    FaultKind::ReverseCallbacks,
    FaultKind::EarlyCallback,
];
/// Twilio does not promise to report at all.
pub(super) const WITH_LOST_REPORTS: [FaultKind; 4] = [
    FaultKind::NoCallbacks,
    FaultKind::ErrorAfter,
    FaultKind::ResetAfter,
    FaultKind::StoreLate,
];

pub(super) fn step(dice: &mut StdRng, faults: &[FaultKind]) -> Step {
    if dice.random_bool(0.4) {
        return Step::Mail(mail_step(dice));
    }
    let who = dice.random_range(0..PHONES.len());
    fn pick<T: Copy>(from: &[T], dice: &mut StdRng) -> T {
        *from.choose(dice).expect("not empty")
    }
    match dice.random_range(0..100) {
        0..16 => Step::Write(who),
        16..20 => Step::WriteAgain,
        20..24 => Step::Book(who, dice.random_range(1..60)),
        24..27 => Step::BookFamily(who, dice.random_range(1..60)),
        27..31 => Step::Move(dice.random_range(1..60)),
        31..34 => Step::Cancel,
        34..50 => Step::Text(who, pick(&WORDS, dice)),
        50..54 => Step::TextAgain,
        54..62 => Step::Callback(pick(&STATUSES, dice)),
        62..72 => Step::Break(pick(faults, dice)),
        72..78 => Step::Lose(who, pick(&LOST, dice)),
        78..82 => Step::Sync,
        82..84 => Step::HideLog(dice.random_range(1..4)),
        84..87 => Step::Bar(who),
        87..90 => Step::Decide(dice.random_bool(0.5)),
        90..92 => Step::StopWorkers,
        92..94 => Step::StartWorkers,
        94..96 => Step::Crash,
        _ => Step::Pass(dice.random_range(1..90)),
    }
}
