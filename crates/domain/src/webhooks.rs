//! What other programs are told of, and what is done when they do not take it. By Standard Webhooks (standardwebhooks.com): only a 2xx is
//! yes, a redirect is no, 410 means for ever.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::{permissions::Permission, when::mail_date, words::words};

/// What a program can be told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EventType {
    ContactCreated,
    ContactUpdated,
    ContactMerged,
    ConsentChanged,
    AppointmentCreated,
    AppointmentMoved,
    AppointmentUpdated,
    AppointmentConfirmed,
    AppointmentRescheduleRequested,
    AppointmentCancelled,
    AppointmentArrived,
    AppointmentCompleted,
    AppointmentNoShow,
    MessageReceived,
    MessageSent,
    MessageDelivered,
    MessageFailed,
    ConversationWaiting,
    ConversationClosed,
    WaitlistOffered,
    WaitlistTaken,
    WaitlistExpired,
    ReviewRequested,
    ReviewClicked,
    TaskCreated,
    TaskDone,
}

words!(EventType is a "type of event":
    ContactCreated = "contact.created", ContactUpdated = "contact.updated", ContactMerged = "contact.merged",
    ConsentChanged = "consent.changed",
    AppointmentCreated = "appointment.created", AppointmentMoved = "appointment.moved", AppointmentUpdated = "appointment.updated",
    AppointmentConfirmed = "appointment.confirmed", AppointmentRescheduleRequested = "appointment.reschedule_requested",
    AppointmentCancelled = "appointment.cancelled", AppointmentArrived = "appointment.arrived",
    AppointmentCompleted = "appointment.completed", AppointmentNoShow = "appointment.no_show",
    MessageReceived = "message.received", MessageSent = "message.sent", MessageDelivered = "message.delivered",
    MessageFailed = "message.failed",
    ConversationWaiting = "conversation.waiting", ConversationClosed = "conversation.closed",
    WaitlistOffered = "waitlist.offered", WaitlistTaken = "waitlist.taken", WaitlistExpired = "waitlist.expired",
    ReviewRequested = "review.requested", ReviewClicked = "review.clicked",
    TaskCreated = "task.created", TaskDone = "task.done");

impl EventType {
    /// What has happened, for who chooses it.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::ContactCreated => "Somebody was added",
            Self::ContactUpdated => "Something about somebody was changed",
            Self::ContactMerged => "Two entries turned out to be one person",
            Self::ConsentChanged => "Somebody may be texted now, or not any more",
            Self::AppointmentCreated => "A visit was booked",
            Self::AppointmentMoved => "A visit has another time",
            Self::AppointmentUpdated => "Something else about a visit was changed",
            Self::AppointmentConfirmed => "The customer confirmed a visit",
            Self::AppointmentRescheduleRequested => "The customer wants another time",
            Self::AppointmentCancelled => "A visit was cancelled",
            Self::AppointmentArrived => "The customer is there",
            Self::AppointmentCompleted => "A visit took place",
            Self::AppointmentNoShow => "Nobody came to a visit",
            Self::MessageReceived => "A customer wrote",
            Self::MessageSent => "A text left, by the network’s word",
            Self::MessageDelivered => "A text arrived",
            Self::MessageFailed => "A text did not arrive, and is not tried again",
            Self::ConversationWaiting => "A customer waits for an answer",
            Self::ConversationClosed => "A conversation was closed",
            Self::WaitlistOffered => "A free time was offered to somebody",
            Self::WaitlistTaken => "A free time was taken",
            Self::WaitlistExpired => "A free time was not taken",
            Self::ReviewRequested => "A customer was asked for a review",
            Self::ReviewClicked => "A customer followed the link to a review",
            Self::TaskCreated => "There is something to do",
            Self::TaskDone => "It is done",
        }
    }

    /// Who is told of it learns what one must be allowed to read: no key hears of what it may not look at.
    #[must_use]
    pub const fn needs(self) -> Permission {
        match self {
            Self::ContactCreated | Self::ContactUpdated | Self::ContactMerged | Self::ConsentChanged => Permission::ReadContacts,
            Self::ReviewRequested | Self::ReviewClicked => Permission::ReadReviews,
            Self::AppointmentCreated
            | Self::AppointmentMoved
            | Self::AppointmentUpdated
            | Self::AppointmentConfirmed
            | Self::AppointmentRescheduleRequested
            | Self::AppointmentCancelled
            | Self::AppointmentArrived
            | Self::AppointmentCompleted
            | Self::AppointmentNoShow => Permission::ReadAppointments,
            Self::MessageReceived
            | Self::MessageSent
            | Self::MessageDelivered
            | Self::MessageFailed
            | Self::ConversationWaiting
            | Self::ConversationClosed => Permission::ReadMessages,
            Self::WaitlistOffered | Self::WaitlistTaken | Self::WaitlistExpired => Permission::ReadWaitlist,
            Self::TaskCreated | Self::TaskDone => Permission::ReadTasks,
        }
    }
}

impl EventType {
    /// What one must be allowed to read besides where it is told what the thing looks like.
    #[must_use]
    pub const fn shows(self) -> Permission {
        match self {
            // With the contact who was asked.
            Self::ReviewRequested | Self::ReviewClicked => Permission::ReadContacts,
            other => other.needs(),
        }
    }
}

/// How a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// Its time comes, or what is about the same thing has to arrive before it.
    Waiting,
    /// The call is in the air.
    Sending,
    Delivered,
    /// Given up.
    Failed,
}

words!(Status is a "state of a delivery": Waiting = "waiting", Sending = "sending", Delivered = "delivered", Failed = "failed");

impl Status {
    /// For people.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Waiting => "Waiting",
            Self::Sending => "Being sent",
            Self::Delivered => "Delivered",
            Self::Failed => "Given up",
        }
    }
}

/// What an endpoint wants to hear of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Choice {
    /// Whatever there is, and will be.
    All,
    Some(Vec<EventType>),
}

impl Choice {
    /// `*`, or types; each counts once.
    ///
    /// # Errors
    /// What is wrong, in plain words.
    pub fn of<'a>(wanted: impl IntoIterator<Item = &'a str>) -> Result<Self, String> {
        let mut some = Vec::new();
        let mut all = false;
        for word in wanted {
            if word == "*" {
                all = true;
            } else if let Ok(one) = word.parse() {
                some.push(one);
            } else {
                let known: Vec<&str> = EventType::ALL.iter().map(|one| one.as_str()).collect();
                return Err(format!(
                    "There is no type of event \"{word}\". There are: *, {}.",
                    known.join(", ")
                ));
            }
        }
        some.sort_unstable();
        some.dedup();
        match (all, some.is_empty()) {
            (true, _) => Ok(Self::All),
            (false, true) => Err("Choose at least one type of event, or * for all of them.".to_owned()),
            (false, false) => Ok(Self::Some(some)),
        }
    }

    /// As it is stored: words with a space between.
    #[must_use]
    pub fn stored(&self) -> String {
        self.words().join(" ")
    }

    /// As it is shown.
    #[must_use]
    pub fn words(&self) -> Vec<&'static str> {
        match self {
            Self::All => vec!["*"],
            Self::Some(types) => types.iter().map(|one| one.as_str()).collect(),
        }
    }

    /// The types it holds today.
    #[must_use]
    pub fn types(&self) -> &[EventType] {
        match self {
            Self::All => EventType::ALL,
            Self::Some(types) => types,
        }
    }

    #[must_use]
    pub fn holds(&self, one: EventType) -> bool {
        self.types().contains(&one)
    }
}

/// What came back, or that nothing did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Not reached, no answer in time, or an address that is not called.
    Nothing,
    Status {
        code: u16,
        /// How long it asks us to wait.
        after: Option<Duration>,
    },
}

/// What follows for one delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    Delivered,
    /// Once more, after this.
    Again(Duration),
    /// So often and so long: it is left to a person.
    GivenUp,
    /// It says that it takes nothing any more, for ever.
    Gone,
}

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;

/// Seconds before each try: the first one at once, the last one after three days and more.
const SCHEDULE: [u64; 10] = [
    0,
    5,
    5 * MINUTE,
    30 * MINUTE,
    2 * HOUR,
    5 * HOUR,
    10 * HOUR,
    14 * HOUR,
    20 * HOUR,
    24 * HOUR,
];

/// Most tries by itself.
pub const TRIES: usize = SCHEDULE.len();

/// Nobody is waited for longer than this, whatever they ask for.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * HOUR);

/// Who asks to slow down without saying for how long.
const SLOWER: Duration = Duration::from_secs(30);

/// Failures in a row after which one is tried at a time, with a pause between: whatever is dead costs next to nothing.
const TROUBLE: u32 = 5;
const LONGEST_REST: u64 = MINUTE;

/// What follows the `tries`th try. `jitter` is anything from 0 to 1: what failed together does not come back together.
#[must_use]
pub fn next(tries: u32, answer: Answer, jitter: f64) -> Next {
    let after = match answer {
        Answer::Status { code: 200..=299, .. } => return Next::Delivered,
        Answer::Status { code: 410, .. } => return Next::Gone,
        Answer::Status { after, .. } => after,
        Answer::Nothing => None,
    };
    let Some(pause) = usize::try_from(tries).ok().and_then(|tries| SCHEDULE.get(tries)) else {
        return Next::GivenUp;
    };
    let pause = Duration::from_secs(*pause);
    let pause = pause + pause.mul_f64(jitter.clamp(0.0, 1.0) / 10.0);
    Next::Again(pause.max(after.unwrap_or_default().min(LONGEST_WAIT)))
}

/// How long an endpoint is left alone after an answer, `failures` of which in a row were none that it should have been.
#[must_use]
pub fn rest(failures: u32, answer: Answer) -> Duration {
    let asked = match answer {
        Answer::Status {
            code: 429 | 502 | 504,
            after,
        } => after.unwrap_or(SLOWER),
        Answer::Status { code: 503, after } => after.unwrap_or_default(),
        _ => Duration::ZERO,
    };
    let own = match failures.checked_sub(TROUBLE) {
        Some(more) => LONGEST_REST.min(1 << more.min(10)),
        None => 0,
    };
    asked.min(LONGEST_WAIT).max(Duration::from_secs(own))
}

/// How many may be under way to an endpoint at once: one to which nothing arrives is tried with one.
#[must_use]
pub const fn at_once(failures: u32) -> u64 {
    if failures < TROUBLE { 10 } else { 1 }
}

/// Whether an endpoint is switched off: for days nothing arrived, however often it was tried.
#[must_use]
pub fn is_hopeless(failures: u32, failing_since: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    failures as usize >= TRIES && now - failing_since >= TimeDelta::days(3)
}

/// `Retry-After`: seconds, or a moment.
#[must_use]
pub fn retry_after(value: &str, now: DateTime<Utc>) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let at = mail_date(value)?;
    (at - now).to_std().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    fn status(code: u16) -> Answer {
        Answer::Status { code, after: None }
    }

    #[rstest]
    #[case::taken(1, status(200), Next::Delivered)]
    #[case::taken_without_words(1, status(204), Next::Delivered)]
    #[case::taken_the_last_time(10, status(299), Next::Delivered)]
    #[case::a_redirect_is_no(1, status(301), Next::Again(Duration::from_secs(5)))]
    #[case::refused(1, status(400), Next::Again(Duration::from_secs(5)))]
    #[case::broken(2, status(500), Next::Again(Duration::from_secs(300)))]
    #[case::nobody_there(9, Answer::Nothing, Next::Again(Duration::from_secs(86_400)))]
    #[case::so_often(10, Answer::Nothing, Next::GivenUp)]
    #[case::gone_for_ever(1, status(410), Next::Gone)]
    #[case::as_it_asks(1, Answer::Status { code: 429, after: Some(Duration::from_secs(90)) }, Next::Again(Duration::from_secs(90)))]
    #[case::not_sooner_than_we_would(3, Answer::Status { code: 503, after: Some(Duration::from_secs(1)) }, Next::Again(Duration::from_secs(1_800)))]
    #[case::not_for_ever(1, Answer::Status { code: 429, after: Some(Duration::MAX) }, Next::Again(LONGEST_WAIT))]
    fn what_follows_an_answer(#[case] tries: u32, #[case] answer: Answer, #[case] follows: Next) {
        assert_eq!(next(tries, answer, 0.0), follows);
    }

    #[test]
    fn ten_tries_take_three_days_and_some_hours() {
        let mut all = Duration::ZERO;
        for tries in 1.. {
            match next(tries, Answer::Nothing, 0.0) {
                Next::Again(pause) => all += pause,
                other => {
                    assert_eq!((other, tries), (Next::GivenUp, 10));
                    break;
                }
            }
        }
        assert_eq!(all.as_secs(), 5 + 300 + 1_800 + 3_600 * (2 + 5 + 10 + 14 + 20 + 24));
    }

    #[rstest]
    #[case::once_is_nothing(1, status(500), 0)]
    #[case::in_trouble(5, status(500), 1)]
    #[case::more_trouble(8, Answer::Nothing, 8)]
    #[case::no_longer_than_a_minute(u32::MAX, Answer::Nothing, 60)]
    #[case::too_many(1, status(429), 30)]
    #[case::a_gateway(1, status(502), 30)]
    #[case::a_slow_gateway(1, status(504), 30)]
    #[case::down_for_so_long(1, Answer::Status { code: 503, after: Some(Duration::from_secs(120)) }, 120)]
    #[case::too_many_for_so_long(1, Answer::Status { code: 429, after: Some(Duration::from_secs(7)) }, 7)]
    fn an_endpoint_rests(#[case] failures: u32, #[case] answer: Answer, #[case] seconds: u64) {
        assert_eq!(rest(failures, answer).as_secs(), seconds);
    }

    #[test]
    fn an_endpoint_is_given_up_after_days_in_which_nothing_arrived() {
        let since = DateTime::from_timestamp(1_800_000_000, 0).expect("a moment");
        assert!(is_hopeless(10, since, since + TimeDelta::days(3)));
        assert!(!is_hopeless(10, since, since + TimeDelta::hours(71)), "it may be a weekend");
        assert!(!is_hopeless(9, since, since + TimeDelta::days(30)), "it was hardly tried");
    }

    #[rstest]
    #[case("120", Some(120))]
    #[case(" 0 ", Some(0))]
    #[case("Fri, 15 Jan 2027 08:01:00 GMT", Some(60))]
    #[case::past("Fri, 15 Jan 2027 07:00:00 GMT", None)]
    #[case("soon", None)]
    #[case("-5", None)]
    fn a_wait_that_is_asked_for(#[case] value: &str, #[case] seconds: Option<u64>) {
        let now = DateTime::from_timestamp(1_800_000_000, 0).expect("a moment");
        assert_eq!(retry_after(value, now).map(|wait| wait.as_secs()), seconds);
    }

    #[test]
    fn what_is_chosen_is_stored_and_read() {
        let some = Choice::of(["task.done", "contact.created", "task.done"]).expect("known");
        assert_eq!(some.stored(), "contact.created task.done");
        assert_eq!(Choice::of(some.stored().split(' ')), Ok(some.clone()));
        assert!(some.holds(EventType::TaskDone) && !some.holds(EventType::TaskCreated));
        assert_eq!(Choice::of(["*", "task.done"]), Ok(Choice::All));
        assert!(EventType::ALL.iter().all(|one| Choice::All.holds(*one)));
        assert!(Choice::of([]).is_err());
        assert!(Choice::of(["task.eaten"]).expect_err("unknown").contains("task.eaten"));
    }

    #[test]
    fn a_type_is_written_as_the_standard_wants_it() {
        for one in EventType::ALL {
            let word = one.as_str();
            assert!(
                word.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'.'),
                "{word}"
            );
            assert_eq!(word.parse(), Ok(*one));
        }
    }

    proptest! {
        #[test]
        fn whatever_is_answered_ends(tries in 0_u32..20, code in 100_u16..600, after in prop::option::of(0_u64..1_000_000), jitter in -1.0_f64..2.0) {
            let answer = Answer::Status { code, after: after.map(Duration::from_secs) };
            match next(tries, answer, jitter) {
                Next::Again(pause) => {
                    prop_assert!((tries as usize) < TRIES);
                    prop_assert!(pause <= LONGEST_WAIT.mul_f64(1.1));
                    prop_assert!(pause.as_secs() >= SCHEDULE[tries as usize]);
                }
                Next::GivenUp => prop_assert!(tries as usize >= TRIES),
                Next::Delivered => prop_assert!((200..300).contains(&code)),
                Next::Gone => prop_assert_eq!(code, 410),
            }
            prop_assert!(rest(tries, answer) <= LONGEST_WAIT);
        }
    }
}
