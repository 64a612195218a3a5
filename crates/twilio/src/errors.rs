//! What Twilio's error codes mean for a message, and what to do (twilio.md 3.7).
//!
//! The table is data and not complete: Twilio knows some 1,900 codes and may change what they mean. A code that is not listed calls for a person, never for
//! an automatic retry.

mod table;

/// What an error calls for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// The person does not want it: record the opt-out, never retry, not on another channel either.
    OptedOut,
    /// This channel cannot reach the person; another one may, if they agreed to it.
    ChannelUnreachable,
    /// The address is no good for this channel: mark it and ask staff.
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
    pub todo: &'static str,
}

/// The entry for a code, if it is in the table.
#[must_use]
pub fn lookup(code: i32) -> Option<&'static Entry> {
    let at = table::TABLE.binary_search_by_key(&code, |entry| entry.code).ok()?;
    table::TABLE.get(at)
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
        assert!(table::TABLE.windows(2).all(|pair| pair[0].code < pair[1].code));
        assert!(table::TABLE.iter().all(|entry| lookup(entry.code) == Some(entry)));
    }

    #[test]
    fn every_entry_speaks_in_sentences() {
        for entry in table::TABLE {
            assert!(entry.words.ends_with('.') && entry.todo.ends_with('.'), "{}", entry.code);
        }
    }

    #[test]
    fn unlisted_codes_are_named_by_number() {
        assert_eq!(lookup(12_345), None);
        assert_eq!(describe(12_345), "Twilio error 12345");
        assert_eq!(describe(21_610), "This person has opted out of texts from this number.");
    }
}
