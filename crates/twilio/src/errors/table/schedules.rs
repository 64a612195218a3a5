//! Messages that Twilio was to send later (35xxx).

use super::{Class::Stale, Entry, entry};

pub(super) static SCHEDULES: &[Entry] = &[
    entry(
        35111,
        Stale,
        "The scheduled message had no time to be sent at.",
        "Send it again without a schedule at Twilio.",
    ),
    entry(
        35112,
        Stale,
        "The scheduled message had no start of its time window.",
        "Send it again without a schedule at Twilio.",
    ),
    entry(
        35113,
        Stale,
        "The scheduled message had no end of its time window.",
        "Send it again without a schedule at Twilio.",
    ),
    entry(
        35114,
        Stale,
        "Twilio cannot schedule for this time.",
        "Send it again without a schedule at Twilio.",
    ),
    entry(
        35115,
        Stale,
        "Twilio cannot schedule for this time.",
        "Send it again without a schedule at Twilio.",
    ),
    entry(
        35116,
        Stale,
        "Twilio cannot schedule for this time.",
        "Send it again without a schedule at Twilio.",
    ),
    entry(
        35117,
        Stale,
        "Twilio could not schedule this message.",
        "Send it again without a schedule at Twilio.",
    ),
    entry(
        35118,
        Stale,
        "Twilio schedules only for a Messaging Service.",
        "Send it again without a schedule at Twilio.",
    ),
    entry(
        35119,
        Stale,
        "Twilio could not schedule this message.",
        "Send it again without a schedule at Twilio.",
    ),
    entry(
        35120,
        Stale,
        "Twilio could not schedule this message.",
        "Send it again without a schedule at Twilio.",
    ),
    entry(
        35121,
        Stale,
        "Twilio could not schedule this message.",
        "Send it again without a schedule at Twilio.",
    ),
    entry(
        35122,
        Stale,
        "Twilio could not schedule this message.",
        "Send it again without a schedule at Twilio.",
    ),
    entry(
        35123,
        Stale,
        "Twilio could not schedule this message.",
        "Send it again without a schedule at Twilio.",
    ),
    entry(
        35124,
        Stale,
        "Twilio could not schedule this message.",
        "Send it again without a schedule at Twilio.",
    ),
    entry(
        35125,
        Stale,
        "The Twilio account has too many scheduled messages.",
        "Send it again without a schedule at Twilio.",
    ),
    entry(
        35126,
        Stale,
        "Twilio cannot schedule on this channel.",
        "Send it again without a schedule at Twilio.",
    ),
];
