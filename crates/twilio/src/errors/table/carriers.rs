//! What becomes of a text after Twilio has taken it, in its queue and in the carriers' networks (30xxx).

use super::{
    Class::{Account, BadAddress, Content, DailyCap, OptedOut, Pace, Stale, Transient},
    Entry, entry,
};

pub(super) static CARRIERS: &[Entry] = &[
    entry(
        30001,
        Pace,
        "Too many messages were waiting at Twilio, and this one was dropped.",
        "Nothing to do; it is sent again later.",
    ),
    entry(
        30002,
        Account,
        "The Twilio account is suspended.",
        "Open the Twilio console and settle why the account is suspended.",
    ),
    entry(
        30003,
        Transient,
        "The phone is switched off or out of reach.",
        "Try again later, or call the person.",
    ),
    entry(
        30004,
        Content,
        "The message was blocked on the way to the phone.",
        "Do not send the same text again; ask the person whether they block texts.",
    ),
    entry(
        30005,
        BadAddress,
        "This number is unknown or no longer in use.",
        "Ask the person for another number.",
    ),
    entry(
        30006,
        BadAddress,
        "This is a landline or a carrier that does not take texts.",
        "Ask the person for a mobile number, or call them.",
    ),
    entry(
        30007,
        Content,
        "The carrier filtered the message as unwanted.",
        "Change the text before sending again: fewer links, a clear sender.",
    ),
    entry(
        30008,
        Transient,
        "The carrier reported a failure without a reason.",
        "Try again later, or call the person.",
    ),
    entry(30017, Transient, "The carrier's network is overloaded.", "Try again later."),
    entry(
        30019,
        Content,
        "The attachment is too large for the carrier.",
        "Send it again with a smaller attachment.",
    ),
    entry(
        30021,
        Transient,
        "Twilio's Messaging Service had an internal failure.",
        "Try again later.",
    ),
    entry(
        30022,
        Pace,
        "The carriers' sending rate for this campaign was exceeded.",
        "Nothing to do; it is sent again more slowly.",
    ),
    entry(
        30023,
        DailyCap,
        "The carriers' daily limit for this business is used up.",
        "It can be sent again tomorrow; ask Twilio for a higher limit if this happens often.",
    ),
    entry(
        30024,
        Account,
        "The carrier does not know the number the business sends from.",
        "Check the number's registration in the Twilio console.",
    ),
    entry(
        30027,
        DailyCap,
        "T-Mobile's daily limit for this business is used up.",
        "It can be sent again tomorrow; ask Twilio for a higher limit if this happens often.",
    ),
    entry(
        30032,
        Account,
        "The toll-free number the business sends from is not verified.",
        "Finish the toll-free verification in the Twilio console.",
    ),
    entry(
        30034,
        Account,
        "The number the business sends from is not registered for business texts in the US (A2P 10DLC).",
        "Register the number with a campaign in the Twilio console.",
    ),
    entry(
        30036,
        Stale,
        "The message's time ran out before it could be delivered.",
        "Decide whether it still makes sense, and contact the person.",
    ),
    entry(30410, Transient, "The carrier did not answer in time.", "Try again later."),
    entry(
        30450,
        Transient,
        "The carrier has blocked messages to this phone for a short while.",
        "Try again in half an hour.",
    ),
    entry(
        30500,
        Transient,
        "Twilio or the carrier had an internal failure.",
        "Try again later.",
    ),
    entry(
        30610,
        Stale,
        "Twilio held the message back because of its own quiet hours.",
        "Decide whether it still makes sense by day, and contact the person.",
    ),
    entry(
        30640,
        OptedOut,
        "Twilio blocks texts to this person, who is known to sue over unwanted ones.",
        "Do not text them.",
    ),
];
