//! The texts in English.

use super::Kind;

/// Answered by letters.
#[rustfmt::skip]
pub(super) const fn letters(kind: Kind) -> &'static str {
    match kind {
        Kind::Reminder => "{{ business }}: reminder of {% if for_name %}{{ for_name }}'s{% else %}your{% endif %} visit on {{ date }} at {{ time }}. Reply Y{{ token }} to confirm or N{{ token }} if you need another time. Reply STOP to opt out.",
        Kind::ReminderMany => "{{ business }}: visits on {{ date }}: {{ visits }}. {{ answers }}",
        Kind::Correction => "{{ business }}: sorry, we did not understand. Please reply Y to confirm or N if you need another time.",
        Kind::WhichVisit => "{{ business }}: you have {{ count }} visits coming up{% if listed %}, the next {{ listed }} are{% endif %}: {{ visits }}. Please reply with one of the codes.",
        Kind::Help => "{{ business }}: messages about your appointments.{% if contact %} {{ contact }}.{% endif %} Reply STOP to opt out.",
        Kind::OptedOut => "{{ business }}: you get no more messages from us. Reply START to get them again.",
        Kind::Started => "{{ business }}: you get messages about your appointments again. Reply HELP for help, STOP to opt out.",
        Kind::Confirmed => "{{ business }}: thank you. See you on {{ date }} at {{ time }}.",
        Kind::Moved => "{{ business }}: {% if for_name %}{{ for_name }}'s{% else %}your{% endif %} visit is now on {{ date }} at {{ time }}. Reply Y{{ token }} to confirm or N{{ token }} if you need another time. Reply STOP to opt out.",
        Kind::Cancelled => "{{ business }}: {% if for_name %}{{ for_name }}'s{% else %}your{% endif %} visit on {{ date }} at {{ time }} is cancelled. Reply here if you need another time.",
        Kind::WaitlistJoined => "You're on {{ business }}'s waitlist. We'll text you when a time opens. Reply STOP to opt out.",
        Kind::StillWaiting => "{{ business }}: are you still waiting for a time? Reply Y{{ token }} to stay on the list or N{{ token }} to leave it.",
        Kind::OfferHeld => "{{ business }}: {{ slot }} opened{% if for_name %} for {{ for_name }}:{% endif %} {{ date }} at {{ time }}. Reply Y{{ token }} to take it or N{{ token }} to pass. Held for you until {{ until }}.",
        Kind::OfferRace => "{{ business }}: {{ slot }} opened{% if for_name %} for {{ for_name }}:{% endif %} {{ date }} at {{ time }}. Reply Y{{ token }} to take it or N{{ token }} to pass. First to answer gets it.",
        Kind::OfferWon => "{{ business }}: you're in: {{ date }} at {{ time }}.{% if released %} Your visit on {{ released }} is released.{% endif %}",
        Kind::OfferLost => "{{ business }}: sorry, that time just went. You keep your place on the list.",
        Kind::OfferLate => "{{ business }}: that offer ended at {{ until }}. You keep your place on the list.",
        Kind::OfferTimes => "{{ business }}: other times for your visit. Reply {{ times }}, or N if none suits. Held until {{ until }}.",
        Kind::TimesGone => "{{ business }}: sorry, that time is not free any more. We will write to you about another one.",
        Kind::Review => "{{ business }}: thank you for your visit. How was it? {{ link }} Reply STOP to opt out.",
        Kind::Recall => "{{ business }}: it is time for {% if for_name %}{{ for_name }}'s{% else %}your{% endif %} next visit{% if type %} ({{ type }}){% endif %}. Reply here and we'll find a time. Reply STOP to opt out.",
        Kind::MissedCall => "{{ business }}: sorry we missed you. Reply here and we'll help. Reply STOP to opt out.",
        Kind::Arrived => "{{ business }}: thank you, we know that you are here. We'll be with you soon.",
        Kind::Verification => "{{ business }}: {{ code }} is your code for the waitlist. It is good for 10 minutes. If you did not ask for it, please ignore this text.",
    }
}

/// Answered by buttons or on a page.
#[rustfmt::skip]
pub(super) const fn buttons(kind: Kind) -> &'static str {
    match kind {
        Kind::Reminder => "Hello from {{ business }}. This is a reminder of {{ visit }} on {{ when }}. Will you come? Reply STOP to get no more of these.",
        Kind::ReminderMany => "Hello from {{ business }}. These are your visits on {{ date }}: {{ visits }}. This is how you answer: {{ answers }} Thank you!",
        Kind::Correction => "Sorry, we at {{ business }} did not understand that. Please use one of the buttons, or reply Y or N.",
        Kind::WhichVisit => "Hello from {{ business }}. Several of your visits are coming up: {{ visits }}. Please reply with one of the codes.",
        Kind::Help => "These are messages of {{ business }} about your appointments. Write here to reach us, or reply STOP to opt out.",
        Kind::OptedOut => "You get no more messages from {{ business }}. Reply START to get them again.",
        Kind::Started => "You get messages of {{ business }} about your appointments again. Reply STOP to opt out.",
        Kind::Confirmed => "Thank you from all of us at {{ business }}. See you on {{ date }} at {{ time }}. We look forward to it.",
        Kind::Moved => "Hello from {{ business }}. Please note that {{ visit }} is now on {{ when }}. Will you come? Reply STOP to get no more of these.",
        Kind::Cancelled => "Hello from {{ business }}. Your visit on {{ date }} at {{ time }} is cancelled. Write to us if you need another time.",
        Kind::WaitlistJoined => "You are on the waitlist of {{ business }}. We will write to you when a time opens.",
        Kind::StillWaiting => "Hello from {{ business }}. You are on our waitlist. Are you still waiting for a time?",
        Kind::OfferHeld => "Hello from {{ business }}. A time for {{ visit }} has come free: {{ date }} at {{ time }}. It is held for you until {{ until }}. Would you like to have it?",
        Kind::OfferRace => "Hello from {{ business }}. A time for {{ visit }} has come free: {{ date }} at {{ time }}. Whoever answers first gets it. Would you like to have it?",
        Kind::OfferWon => "Good news from {{ business }}: the time is yours. See you on {{ date }} at {{ time }}. We look forward to it.",
        Kind::OfferLost => "Sorry, that time just went. You keep your place on the list.",
        Kind::OfferLate => "Sorry, that offer has ended. You keep your place on the list.",
        Kind::OfferTimes => "Hello from {{ business }}. These times are free for you: {{ times }}. Which one suits you?",
        Kind::TimesGone => "Sorry, that time is not free any more. We will write to you about another one.",
        Kind::Review => "Thank you for your visit to {{ business }}. How was it? Please tell us on this page: {{ link }} Thank you!",
        Kind::Recall => "Hello from {{ business }}. It is time for your next visit. Shall we find a time for you?",
        Kind::MissedCall => "Sorry that we at {{ business }} missed your call. Write to us here and we will help.",
        Kind::Arrived => "Thank you, we at {{ business }} know that you are here. We will be with you soon.",
        Kind::Verification => "Your code for {{ business }} is now {{ code }}. Nobody who works with us will ever ask you for it.",
    }
}

/// Answered on a page that a button beneath it opens; an empty line begins another paragraph.
#[rustfmt::skip]
pub(super) const fn mail(kind: Kind) -> &'static str {
    match kind {
        Kind::Reminder => "{{ business }} reminds you of {{ visit }} on {{ when }}.\n\nDoes this time suit you? Please confirm, or ask for another time:",
        Kind::ReminderMany => "{{ business }} reminds you of {{ count }} visits:\n\n{{ visits }}\n\n{{ answers }}",
        Kind::Moved => "{% if for_name %}{{ for_name }}'s{% else %}Your{% endif %} visit at {{ business }} has another time: it is now on {{ when }}.\n\nDoes this time suit you? Please confirm, or ask for another time:",
        Kind::Review => "Thank you for your visit to {{ business }}. How was it?\n\nPlease tell others on this page:\n{{ link }}",
        _ => buttons(kind),
    }
}

#[rustfmt::skip]
pub(super) const fn subject(kind: Kind) -> &'static str {
    match kind {
        Kind::Reminder => "{% if for_name %}{{ for_name }}'s{% else %}Your{% endif %} visit at {{ business }}: {{ when }}",
        Kind::ReminderMany => "{{ count }} visits at {{ business }}",
        Kind::Correction => "We did not understand your answer",
        Kind::WhichVisit => "Which visit do you mean?",
        Kind::Help => "How to reach {{ business }}",
        Kind::OptedOut => "You get no more messages from {{ business }}",
        Kind::Started => "You get messages from {{ business }} again",
        Kind::Confirmed => "See you on {{ date }} at {{ time }}",
        Kind::Moved => "{% if for_name %}{{ for_name }}'s{% else %}Your{% endif %} visit at {{ business }} is now on {{ when }}",
        Kind::Cancelled => "Your visit on {{ date }} is cancelled",
        Kind::WaitlistJoined => "You are on the waitlist of {{ business }}",
        Kind::StillWaiting => "Are you still waiting for a time at {{ business }}?",
        Kind::OfferHeld | Kind::OfferRace => "A time has come free: {{ date }} at {{ time }}",
        Kind::OfferWon => "It is yours: {{ date }} at {{ time }}",
        Kind::OfferLost => "That time just went",
        Kind::OfferLate => "That offer has ended",
        Kind::OfferTimes => "Times for your visit to {{ business }}",
        Kind::TimesGone => "That time is not free any more",
        Kind::Review => "How was your visit to {{ business }}?",
        Kind::Recall => "Time for your next visit to {{ business }}",
        Kind::MissedCall => "We missed your call",
        Kind::Arrived => "We know that you are here",
        Kind::Verification => "Your code for {{ business }}",
    }
}
