//! What Twilio's error codes mean for a message, and what to do (docs/twilio.md §7).
//!
//! The table is data and not complete: Twilio knows some 1,900 codes and may change what they mean. A code that is not listed calls for a
//! person, never for an automatic retry.

mod table;

/// What an error calls for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// The person does not want it: record the opt-out, never retry, not on another channel either.
    OptedOut,
    /// This channel cannot reach the person; another one may, if they agreed to it.
    ChannelUnreachable,
    /// The address is no good for this channel: staff are asked.
    BadAddress,
    /// Something about the Twilio account, number or registration: stop its queue and tell the owner.
    Account,
    /// The text or media was not taken: never send the same again.
    Content,
    /// WhatsApp's 24 hours since the person last wrote are over: only an approved template may be sent.
    Window,
    /// Too fast: queue again with some distance.
    Pace,
    /// The day's allowance is used up: go on tomorrow.
    DailyCap,
    /// May work later: at most two retries, minutes to hours apart, while the message still makes sense.
    Transient,
    /// Its time was over before it was sent: do not send it again without a person.
    Stale,
    /// It may or may not have been sent: find out before anything else.
    Unknown,
}

/// What the same error would hit besides this message, until somebody sets it right.
///
/// Limits of pace and of the day pass by themselves, so they stop nothing and count as [`Scope::Message`], whoever they are set for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Everything of this Twilio account: nobody of the business can send.
    Account,
    /// Everything from this number, WhatsApp sender or Messaging Service.
    Sender,
    /// Only this message, this person or this country.
    Message,
}

/// When a failed message may be sent again, by itself, while it still makes sense (docs/twilio.md §7). For failures that Twilio reports
/// after it took the message; a refusal of the request is judged by [`crate::Outcome`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Retry {
    /// Not without a person.
    Never,
    /// Once after each of these delays, in seconds from the failure before; then never. The caller spreads them with jitter.
    After(&'static [u64]),
    /// When the next day begins for the carriers: midnight in California, the business's and the person's quiet hours kept.
    NextDay,
}

/// Ten minutes and two hours: a phone that was off or a network that had a bad moment.
const TRANSIENT: Retry = Retry::After(&[10 * 60, 2 * 60 * 60]);
/// Over the rate: three tries, further apart each time.
const PACE: Retry = Retry::After(&[60, 5 * 60, 30 * 60]);
/// A queue of ten hours is full: it takes hours to drain.
const QUEUE_FULL: Retry = Retry::After(&[30 * 60, 2 * 60 * 60, 6 * 60 * 60]);
/// The rate, or the number's allowance for the day: the last try comes a day later.
const WHATSAPP_LIMIT: Retry = Retry::After(&[5 * 60, 60 * 60, 24 * 60 * 60]);
/// The carrier lifts its block after 15 to 30 minutes.
const SHORT_BLOCK: Retry = Retry::After(&[30 * 60, 2 * 60 * 60]);

/// What a failure calls for when there is another channel or another template to turn to: finer than its class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Course {
    /// The person said no: record it, and say the same on no other channel.
    OptOut,
    /// The address is no good for this channel, now and later: mark it, and use another channel.
    MarkAddress,
    /// This person does not get this message here, though others do: use another channel, and do not try again soon.
    OtherChannel,
    /// Only a template may be sent now.
    SendTemplate,
    /// The template, or what it was filled with, is no good: nothing more of it, and tell the owner.
    HoldTemplate,
    /// Nothing goes out until the owner has set something right.
    Stop,
    /// Too much at once: wait, as [`Retry`] says.
    Wait,
    /// It may pass: try again, as [`Retry`] says.
    TryAgain,
    /// Whoever wrote the request made a mistake: it is no use to repeat it, and no fault of the owner or the person.
    OurFault,
    /// A person has to look at it.
    Ask,
}

/// One code.
#[derive(Debug, PartialEq, Eq)]
pub struct Entry {
    /// Twilio's number.
    pub code: i32,
    /// What it calls for.
    pub class: Class,
    /// What happened, one plain sentence for staff.
    pub words: &'static str,
    /// What to do about it, one plain sentence for staff.
    pub next_step: &'static str,
}

impl Entry {
    /// What else the same error would hit.
    #[must_use]
    pub const fn scope(&self) -> Scope {
        match self.code {
            10001 | 20003 | 20404 | 21609 | 30002 => Scope::Account,
            21212
            | 21601
            | 21606
            | 21660
            | 21701..=21705
            | 30024
            | 30032
            | 30034
            | 63001
            | 63002
            | 63007
            | 63008
            | 63020
            | 63022
            | 63051
            | 63062
            | 63101 => Scope::Sender,
            _ => Scope::Message,
        }
    }

    /// What it calls for.
    #[must_use]
    pub const fn course(&self) -> Course {
        match (self.class, self.code) {
            (_, 21654..=21656 | 21910 | 63031 | 92005 | 92006) => Course::OurFault,
            (Class::OptedOut, _) => Course::OptOut,
            (Class::ChannelUnreachable, 63003 | 63015 | 63024) | (Class::BadAddress, _) => Course::MarkAddress,
            (Class::ChannelUnreachable, _) => Course::OtherChannel,
            (Class::Window, _) => Course::SendTemplate,
            (Class::Content, 63005..=63052 | 92001..=92008) => Course::HoldTemplate,
            (Class::Account, _) => Course::Stop,
            (Class::Pace | Class::DailyCap, _) => Course::Wait,
            (Class::Transient, _) => Course::TryAgain,
            (Class::Content | Class::Stale | Class::Unknown, _) => Course::Ask,
        }
    }

    /// When it may be sent again by itself.
    #[must_use]
    pub const fn retry(&self) -> Retry {
        match (self.class, self.code) {
            (Class::Pace, 21611 | 30001) => QUEUE_FULL,
            (Class::Pace, 63018) => WHATSAPP_LIMIT,
            (Class::Pace, _) => PACE,
            (Class::Transient, 30450) => SHORT_BLOCK,
            (Class::Transient, _) => TRANSIENT,
            (Class::DailyCap, _) => Retry::NextDay,
            _ => Retry::Never,
        }
    }
}

/// What else the same error would hit; a code that is not in the table speaks of its own message only.
#[must_use]
pub fn scope(code: i32) -> Scope {
    lookup(code).map_or(Scope::Message, Entry::scope)
}

/// What a code calls for; for one that is not in the table, a person.
#[must_use]
pub fn course(code: i32) -> Course {
    lookup(code).map_or(Course::Ask, Entry::course)
}

/// When a message that failed with this code may be sent again by itself; never for a code that is not in the table.
#[must_use]
pub fn retry(code: i32) -> Retry {
    lookup(code).map_or(Retry::Never, Entry::retry)
}

/// The entry for a code, if it is in the table.
#[must_use]
pub fn lookup(code: i32) -> Option<&'static Entry> {
    table::find(code)
}

/// What happened in plain words; `Twilio error N` for a code that is not in the table.
#[must_use]
pub fn describe(code: i32) -> String {
    lookup(code).map_or_else(|| format!("Twilio error {code}"), |entry| entry.words.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_is_sorted_without_doubles_so_that_every_entry_is_found() {
        let codes: Vec<i32> = table::entries().map(|entry| entry.code).collect();
        assert!(codes.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(table::entries().all(|entry| lookup(entry.code) == Some(entry)));
    }

    /// Every code of docs/twilio.md §7 and those named elsewhere in the file, webhook errors left out.
    const NAMED: &[(Class, &[i32])] = &[
        (Class::OptedOut, &[21610, 30640, 63014, 63033]),
        (Class::ChannelUnreachable, &[63003, 63015, 63024, 63032, 63049]),
        (
            Class::BadAddress,
            &[21211, 21214, 21217, 21604, 21612, 21614, 21635, 30005, 30006],
        ),
        (
            Class::Account,
            &[
                10001, 20003, 20404, 21212, 21408, 21601, 21606, 21608, 21609, 21660, 21701, 21702, 21703, 21704, 21705, 30002,
                30024, 30032, 30034, 63001, 63002, 63007, 63008, 63020, 63022, 63051, 63062, 63101,
            ],
        ),
        (
            Class::Content,
            &[
                21602, 21617, 21620, 21654, 21655, 21656, 21910, 30004, 30007, 30019, 63005, 63006, 63013, 63021, 63026, 63027,
                63028, 63030, 63031, 63034, 63040, 63041, 63042, 63052, 92001, 92002, 92003, 92004, 92005, 92006, 92007, 92008,
            ],
        ),
        (Class::Window, &[63016]),
        (Class::Pace, &[14107, 20429, 21611, 30001, 30022, 63017, 63018]),
        (Class::DailyCap, &[30023, 30027, 63038]),
        (
            Class::Transient,
            &[
                30003, 30008, 30017, 30021, 30410, 30450, 30500, 63009, 63010, 63012, 63019, 63023, 63029, 63037,
            ],
        ),
        (
            Class::Stale,
            &[
                30036, 30610, 35111, 35112, 35113, 35114, 35115, 35116, 35117, 35118, 35119, 35120, 35121, 35122, 35123, 35124,
                35125, 35126,
            ],
        ),
        (Class::Unknown, &[20500]),
    ];

    #[test]
    fn every_code_we_know_of_is_listed_with_its_class() {
        let mut named: Vec<(i32, Class)> = NAMED
            .iter()
            .flat_map(|(class, codes)| codes.iter().map(|code| (*code, *class)))
            .collect();
        named.sort_unstable_by_key(|(code, _)| *code);
        let listed: Vec<(i32, Class)> = table::entries().map(|e| (e.code, e.class)).collect();
        assert_eq!(listed, named);
    }

    #[test]
    fn only_what_somebody_must_set_right_stops_more_than_a_message() {
        for entry in table::entries().filter(|e| e.scope() != Scope::Message) {
            assert_eq!(entry.class, Class::Account, "{}", entry.code);
            assert_eq!(entry.retry(), Retry::Never, "{}", entry.code);
        }
        for (code, expected) in [
            (20003, Scope::Account),
            (30002, Scope::Account),
            (21606, Scope::Sender),
            (30034, Scope::Sender),
            (63007, Scope::Sender),
            (21408, Scope::Message),
            (21610, Scope::Message),
            (12_345, Scope::Message),
        ] {
            assert_eq!(scope(code), expected, "{code}");
        }
    }

    #[test]
    fn only_what_passes_by_itself_is_sent_again() {
        for entry in table::entries() {
            match (entry.class, entry.retry()) {
                (Class::Transient, Retry::After(delays)) => assert!(delays.len() == 2 && delays.is_sorted(), "{}", entry.code),
                (Class::Pace, Retry::After(delays)) => assert!(delays.len() == 3 && delays.is_sorted(), "{}", entry.code),
                (Class::DailyCap, retry) => assert_eq!(retry, Retry::NextDay, "{}", entry.code),
                (_, retry) => assert_eq!(retry, Retry::Never, "{}", entry.code),
            }
        }
        assert_eq!(retry(12_345), Retry::Never);
    }

    /// What is to be done after each failure on WhatsApp (docs/twilio.md §16).
    const COURSES: &[(Course, &[i32])] = &[
        (Course::OptOut, &[63014, 63033]),
        (Course::MarkAddress, &[63003, 63015, 63024]),
        (Course::OtherChannel, &[63032, 63049]),
        (Course::SendTemplate, &[63016]),
        (
            Course::HoldTemplate,
            &[
                63005, 63006, 63013, 63021, 63026, 63027, 63028, 63030, 63034, 63040, 63041, 63042, 63052, 92001, 92002, 92003,
                92004, 92007, 92008,
            ],
        ),
        (Course::Stop, &[63001, 63002, 63007, 63008, 63020, 63022, 63051, 63062, 63101]),
        (Course::Wait, &[63017, 63018, 63038]),
        (Course::TryAgain, &[63009, 63010, 63012, 63019, 63023, 63029, 63037]),
        (Course::OurFault, &[63031, 92005, 92006]),
    ];

    #[test]
    fn every_failure_on_whatsapp_has_its_course() {
        let mut named: Vec<(i32, Course)> = COURSES
            .iter()
            .flat_map(|(course, codes)| codes.iter().map(|code| (*code, *course)))
            .collect();
        named.sort_unstable_by_key(|(code, _)| *code);
        let whatsapp = table::entries().filter(|e| e.code >= 63_000);
        assert_eq!(whatsapp.map(|e| (e.code, e.course())).collect::<Vec<_>>(), named);
        for (code, expected) in [
            (21_610, Course::OptOut),
            (21_614, Course::MarkAddress),
            (21_655, Course::OurFault),
            (30_007, Course::Ask),
            (30_034, Course::Stop),
            (12_345, Course::Ask),
        ] {
            assert_eq!(course(code), expected, "{code}");
        }
    }

    #[test]
    fn only_a_course_that_waits_has_a_time() {
        for entry in table::entries() {
            let waits = matches!(entry.course(), Course::Wait | Course::TryAgain);
            assert_eq!(waits, entry.retry() != Retry::Never, "{}", entry.code);
        }
    }

    #[test]
    fn every_entry_speaks_in_sentences() {
        for entry in table::entries() {
            assert!(entry.words.ends_with('.') && entry.next_step.ends_with('.'), "{}", entry.code);
        }
    }

    #[test]
    fn unlisted_codes_are_named_by_number() {
        assert_eq!(lookup(12_345), None);
        assert_eq!(describe(12_345), "Twilio error 12345");
        assert_eq!(describe(21_610), "This person has opted out of texts from this number.");
    }
}
