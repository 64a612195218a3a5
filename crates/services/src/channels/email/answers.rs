//! What a mail server says, or does not say, put into the outcomes that every channel shares.

use domain::outcome::{Class, Failure, Outcome, Retry, Scope};
use lettre::transport::smtp::Error;

/// How far a mail came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Connect,
    SignIn,
    Sender,
    Recipient,
    /// Asked whether the text may come; none of it has left.
    Data,
    /// The text is under way: from here on only the server's word tells whether it was taken.
    Text,
}

/// Pauses before trying again, in seconds: a day in all.
pub(super) const PAUSES: Retry = Retry::After(&[60, 300, 900, 3_600, 3 * 3_600, 6 * 3_600, 6 * 3_600, 6 * 3_600]);

/// Most of what a server says that is worth showing.
const SHOWN: usize = 200;

/// The server answered with a refusal, or the way to it broke.
pub(super) fn outcome(step: Step, error: &Error, to: &str) -> Outcome {
    let Some(code) = error.status().map(u16::from) else {
        return if step == Step::Text {
            Outcome::Unknown {
                reply: None,
                detail: "The connection to the mail server broke before it said whether it took the mail.".to_owned(),
            }
        } else {
            not_reached(step, error)
        };
    };
    let said = said(error, to);
    let permanent = (500..600).contains(&code);
    match step {
        Step::Connect | Step::SignIn => turned_away(step, code, &said),
        _ if permanent => refused(step, code, &said),
        _ => Outcome::TryLater {
            reply: Some(code),
            after: None,
            failure: Failure {
                retry: PAUSES,
                ..failure(
                    code,
                    format!("The mail server did not take the mail yet: {said}"),
                    "It is tried again by itself, for a day.",
                )
            },
        },
    }
}

/// Nothing was heard for as long as we wait.
pub(super) fn no_answer(step: Step) -> Outcome {
    if step == Step::Text {
        return Outcome::Unknown {
            reply: None,
            detail: "The mail server did not say in time whether it took the mail.".to_owned(),
        };
    }
    later(
        "The mail server does not answer in time.",
        "It is tried again by itself, for a day.",
    )
}

/// What a code of a mail server's means, or what was said without one.
pub(in crate::channels) fn failed(code: Option<i32>, detail: &str) -> Failure {
    Failure {
        code,
        ..failure(0, detail.to_owned(), "Please check the address, or call.")
    }
}

/// No mail can be sent to this.
pub(super) fn no_address() -> Outcome {
    let words = "This is no address that mail can be sent to.";
    Outcome::Refused {
        reply: None,
        failure: Failure {
            class: Class::BadAddress,
            code: None,
            ..failure(0, words, "Please check the address.")
        },
    }
}

/// The mail itself could not be put together, which no second try would change.
pub(super) fn not_writable(cause: &str) -> Outcome {
    Outcome::Refused {
        reply: None,
        failure: Failure {
            code: None,
            ..failure(
                0,
                format!("The mail could not be written: {cause}."),
                "Please check its sender and its address.",
            )
        },
    }
}

fn not_reached(step: Step, error: &Error) -> Outcome {
    if error.is_tls() {
        return later(
            "The mail server can't be spoken to in secret: TLS does not come about.",
            "Please check the host in SMTP_URL and the mail server's certificate.",
        );
    }
    match step {
        Step::SignIn if error.is_client() => later(
            "The mail server knows no way to sign in that we know.",
            "Please check user and password in SMTP_URL.",
        ),
        Step::Connect if error.is_client() => later(
            "The mail server offers no TLS.",
            "Please use smtps://, or ?tls=opportunistic in SMTP_URL.",
        ),
        Step::Connect => later(
            "The mail server can't be reached.",
            "It is tried again by itself, for a day. If it stays so, please check SMTP_URL.",
        ),
        _ => later(
            "The connection to the mail server broke before it had the mail.",
            "It is tried again by itself, for a day.",
        ),
    }
}

/// Before any mail was spoken of: nothing about this one, and who runs the installation may set it right.
fn turned_away(step: Step, code: u16, said: &str) -> Outcome {
    let (words, next_step) = match (step, code) {
        (Step::SignIn, 500..) => (
            format!("The mail server does not take our user and password: {said}"),
            "Please check user and password in SMTP_URL.",
        ),
        (_, 500..) => (
            format!("The mail server turns us away: {said}"),
            "Please ask who runs the mail server.",
        ),
        _ => (
            format!("The mail server has no time for us: {said}"),
            "It is tried again by itself, for a day.",
        ),
    };
    Outcome::TryLater {
        reply: Some(code),
        after: None,
        failure: Failure {
            scope: Scope::Account,
            retry: PAUSES,
            ..failure(code, words, next_step)
        },
    }
}

fn refused(step: Step, code: u16, said: &str) -> Outcome {
    let status = status(said);
    let failure = match step {
        Step::Sender => Failure {
            scope: Scope::Sender,
            ..failure(
                code,
                format!("The mail server does not take mail from this sender: {said}"),
                "Please check MAIL_FROM.",
            )
        },
        Step::Recipient if status.is_some_and(of_address) => Failure {
            class: Class::BadAddress,
            ..failure(
                code,
                format!("There is no such address, says the mail server: {said}"),
                "Please check the address.",
            )
        },
        _ => failure(
            code,
            format!("The mail server refused the mail: {said}"),
            "Please ask who runs the mail server.",
        ),
    };
    Outcome::Refused {
        reply: Some(code),
        failure,
    }
}

/// The address is no good, and not our sender or our name with them (RFC 3463).
pub(crate) fn of_address(status: &str) -> bool {
    let sender = ["5.1.7", "5.1.8", "5.1.9"].contains(&status);
    (status.starts_with("5.1.") && !sender) || status == "5.2.1"
}

/// The enhanced status that an answer begins with, as in `5.1.1`.
fn status(said: &str) -> Option<&str> {
    let word = said.split_whitespace().next()?;
    let digits = |part: &str| (1..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
    (word.split('.').count() == 3 && word.split('.').all(digits)).then_some(word)
}

/// What it said, in one line. Many servers repeat the address, which is nobody's but its owner's.
fn said(error: &Error, to: &str) -> String {
    use std::error::Error as _;
    let said = error.source().map(ToString::to_string).unwrap_or_default();
    let said = domain::words::line(&said);
    let said = if to.is_empty() { said } else { said.replace(to, "…") };
    match said.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &said[..end]),
        None if said.is_empty() => "it did not say why".to_owned(),
        None => said,
    }
}

/// Not reached, or not far enough for this mail to matter.
fn later(words: &str, next_step: &str) -> Outcome {
    Outcome::TryLater {
        reply: None,
        after: None,
        failure: Failure {
            code: None,
            scope: Scope::Account,
            retry: PAUSES,
            ..failure(0, words, next_step)
        },
    }
}

fn failure(code: u16, words: impl Into<String>, next_step: &str) -> Failure {
    let words = words.into();
    Failure {
        code: Some(i32::from(code)),
        detail: words.clone(),
        words,
        next_step: next_step.to_owned(),
        class: Class::Other,
        scope: Scope::Message,
        retry: Retry::Never,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_to_blame_only_where_the_server_says_so() {
        for (said, bad) in [
            ("5.1.1 No such user", true),
            ("5.1.10 Null MX", true),
            ("5.2.1 Mailbox disabled", true),
            ("5.1.8 Bad sender", false),
            ("5.7.1 Relaying denied", false),
            ("5.2.2 Mailbox full", false),
            ("No such user", false),
            ("5.1 strange", false),
        ] {
            assert_eq!(status(said).is_some_and(of_address), bad, "{said}");
        }
    }

    #[test]
    fn it_is_tried_for_a_day() {
        let Retry::After(pauses) = PAUSES else { panic!("never") };
        let hours = pauses.iter().sum::<u64>() / 3_600;
        assert!((20..=24).contains(&hours), "{hours}");
        assert!(pauses.is_sorted());
    }
}
