//! What WhatsApp and Twilio's way to it say (63xxx), and templates that are not whole (92001).

use super::{
    Class::{Account, ChannelUnreachable, Content, DailyCap, OptedOut, Pace, Transient, Window},
    Entry, entry,
};

pub(super) static WHATSAPP: &[Entry] = &[
    entry(
        63001,
        Account,
        "WhatsApp does not accept the sender's credentials.",
        "Check the WhatsApp sender in the Twilio console.",
    ),
    entry(
        63003,
        ChannelUnreachable,
        "This person is not on WhatsApp.",
        "Use a text message or call, if they agreed to it.",
    ),
    entry(
        63005,
        Content,
        "WhatsApp did not accept the content.",
        "Change the text before sending again.",
    ),
    entry(
        63007,
        Account,
        "Twilio has no WhatsApp sender with this number.",
        "Check the WhatsApp sender in the settings.",
    ),
    entry(
        63010,
        Transient,
        "Twilio had an internal error with this message.",
        "Try again later.",
    ),
    entry(63012, Transient, "WhatsApp had an internal error.", "Try again later."),
    entry(
        63013,
        Content,
        "The message breaks WhatsApp's rules.",
        "Change the text before sending again.",
    ),
    entry(
        63014,
        OptedOut,
        "The person has blocked the business on WhatsApp.",
        "Do not write to them on WhatsApp.",
    ),
    entry(
        63016,
        Window,
        "More than 24 hours have passed since the person last wrote on WhatsApp.",
        "Send an approved template instead.",
    ),
    entry(
        63017,
        Pace,
        "WhatsApp messages were sent faster than allowed.",
        "Nothing to do; it is sent again more slowly.",
    ),
    entry(
        63018,
        Pace,
        "WhatsApp's sending limit is reached.",
        "It is sent again later; if it stays, WhatsApp's limit for the day may be used up.",
    ),
    entry(
        63020,
        Account,
        "There is a problem with the business's Meta account.",
        "Check the WhatsApp sender in Meta Business Manager.",
    ),
    entry(
        63021,
        Content,
        "WhatsApp says the content is not valid.",
        "Change the text before sending again.",
    ),
    entry(
        63024,
        ChannelUnreachable,
        "This person cannot be reached on WhatsApp.",
        "Use a text message or call, if they agreed to it.",
    ),
    entry(
        63026,
        Content,
        "WhatsApp flagged the sender's content as spam.",
        "Change the text, and check the sender's quality in Meta Business Manager.",
    ),
    entry(
        63027,
        Content,
        "The WhatsApp template does not exist in this language.",
        "Choose another template or language.",
    ),
    entry(
        63028,
        Content,
        "The WhatsApp template was filled with the wrong number of values.",
        "Correct the template's values.",
    ),
    entry(
        63032,
        ChannelUnreachable,
        "WhatsApp does not deliver this message to this person.",
        "Use a text message or call, if they agreed to it.",
    ),
    entry(
        63033,
        OptedOut,
        "The person has blocked the business on WhatsApp.",
        "Do not write to them on WhatsApp.",
    ),
    entry(
        63038,
        DailyCap,
        "The Twilio account's daily message limit is used up.",
        "It can be sent again tomorrow; ask Twilio for a higher limit if this happens often.",
    ),
    entry(
        63041,
        Content,
        "WhatsApp has paused this template because people complained.",
        "Use another template or improve this one.",
    ),
    entry(
        92001,
        Content,
        "The WhatsApp template is incomplete.",
        "Correct the template in the Twilio console.",
    ),
];
