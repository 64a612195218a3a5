//! What Twilio answers to a request (1xxxx and 2xxxx).

use super::{
    Class::{Account, BadAddress, Content, OptedOut, Pace, Unknown},
    Entry, entry,
};

pub(super) static REQUESTS: &[Entry] = &[
    entry(
        10001,
        Account,
        "The Twilio account is not active.",
        "Open the Twilio console and reactivate the account.",
    ),
    entry(
        14107,
        Pace,
        "Messages were handed to Twilio faster than it allows.",
        "Nothing to do; it is sent again more slowly.",
    ),
    entry(
        20003,
        Account,
        "Twilio does not accept the account's credentials.",
        "Check the account SID and the auth token in the settings.",
    ),
    entry(
        20404,
        Account,
        "Twilio does not know this account or this resource.",
        "Check the account SID and the sender in the settings.",
    ),
    entry(
        20429,
        Pace,
        "Twilio is getting too many requests at once.",
        "Nothing to do; it is sent again more slowly.",
    ),
    entry(
        20500,
        Unknown,
        "Twilio had an internal error and may or may not have sent the message.",
        "Wait until it is clear whether it was sent; do not send it again before that.",
    ),
    entry(
        21211,
        BadAddress,
        "This is not a valid phone number.",
        "Correct the phone number.",
    ),
    entry(
        21212,
        Account,
        "The number the business sends from is not valid.",
        "Check the sending number in the settings.",
    ),
    entry(
        21214,
        BadAddress,
        "This phone number cannot be reached.",
        "Ask the person for another number.",
    ),
    entry(
        21217,
        BadAddress,
        "This does not look like a phone number.",
        "Correct the phone number.",
    ),
    entry(
        21408,
        Account,
        "The Twilio account may not text this country.",
        "Allow the country under Messaging Geo Permissions in the Twilio console.",
    ),
    entry(
        21601,
        Account,
        "The number the business sends from cannot send texts.",
        "Choose a sending number that can send texts.",
    ),
    entry(21602, Content, "The message has no text.", "Write a text and send it again."),
    entry(
        21604,
        BadAddress,
        "The message has no recipient.",
        "Add a phone number to the contact.",
    ),
    entry(
        21606,
        Account,
        "The business may not send texts from this number to this destination.",
        "Choose a sending number that belongs to the Twilio account and can text this destination.",
    ),
    entry(
        21608,
        Account,
        "A Twilio trial account can only text numbers that were verified first.",
        "Upgrade the Twilio account, or verify this number in the Twilio console.",
    ),
    entry(
        21609,
        Account,
        "Twilio does not accept the address for delivery reports.",
        "Check the public address of this installation in the settings.",
    ),
    entry(
        21610,
        OptedOut,
        "This person has opted out of texts from this number.",
        "Do not text them; they can text START to receive messages again.",
    ),
    entry(
        21611,
        Pace,
        "Too many messages are already waiting to be sent from this number.",
        "Nothing to do; it is sent again later.",
    ),
    entry(
        21612,
        BadAddress,
        "This number cannot be reached by text from the business's number.",
        "Ask the person for another number, or call them.",
    ),
    entry(
        21614,
        BadAddress,
        "This is not a mobile number.",
        "Ask the person for a mobile number, or call them.",
    ),
    entry(
        21617,
        Content,
        "The message is longer than 1,600 characters.",
        "Shorten the text and send it again.",
    ),
    entry(
        21620,
        Content,
        "An attached file could not be used.",
        "Remove or replace the attachment and send it again.",
    ),
    entry(
        21635,
        BadAddress,
        "This is a landline, which cannot receive texts.",
        "Ask the person for a mobile number, or call them.",
    ),
    entry(
        21660,
        Account,
        "The sending number does not belong to this Twilio account.",
        "Check the sending number and the account SID in the settings.",
    ),
    entry(
        21701,
        Account,
        "The Messaging Service does not exist.",
        "Check the Messaging Service in the settings.",
    ),
    entry(
        21702,
        Account,
        "The Messaging Service cannot send messages.",
        "Check the Messaging Service in the Twilio console.",
    ),
    entry(
        21703,
        Account,
        "The Messaging Service has no number that could send this message.",
        "Add a suitable number to the Messaging Service in the Twilio console.",
    ),
    entry(
        21704,
        Account,
        "The Messaging Service has no phone numbers.",
        "Add a number to the Messaging Service in the Twilio console.",
    ),
    entry(
        21705,
        Account,
        "The Messaging Service is not valid.",
        "Check the Messaging Service in the settings.",
    ),
];
