//! Whether a number may text phones in the US (docs/twilio.md §14): carriers there take nothing from an ordinary number without
//! a campaign, nor from a toll-free one without a verification; the latter goes for Canada, too.
//!
//! Pure: what Twilio says is read elsewhere and handed in. A word of Twilio's that is not known here counts as a no, with the word in the
//! reason: what is not understood is not waved through.

use crate::words::words;
use chrono::{DateTime, Duration, Utc};

/// Whether a number may text the US.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Answer {
    /// It may.
    Yes,
    /// Everything that can be read is in order; that the carriers have it on their list nobody can read.
    Probably,
    /// Somebody is looking at it.
    Wait,
    /// It may not.
    No,
    /// It could not be read.
    Unknown,
}

words!(Answer is a "registration answer": Yes = "yes", Probably = "probably", Wait = "wait", No = "no", Unknown = "unknown");

impl Answer {
    /// Whether a text to the US waits for a better one. What could not be read holds nothing back: Twilio refuses by itself.
    #[must_use]
    pub const fn holds_back(self) -> bool {
        matches!(self, Self::Wait | Self::No)
    }

    /// The best of several comes first.
    const fn rank(self) -> u8 {
        match self {
            Self::Yes => 0,
            Self::Probably => 1,
            Self::Wait => 2,
            Self::No => 3,
            Self::Unknown => 4,
        }
    }
}

/// What a sender is to the carriers of North America.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// An ordinary number of North America.
    Local,
    /// 800, 833 and so on.
    TollFree,
    /// 3 to 8 digits.
    ShortCode,
    /// An ordinary number of another country.
    Abroad,
    /// Letters.
    Name,
    /// A WhatsApp sender, which carriers have no say in.
    Whatsapp,
}

words!(Kind is a "kind of number": Local = "local", TollFree = "toll_free", ShortCode = "short_code", Abroad = "abroad", Name = "name",
    Whatsapp = "whatsapp");

impl Kind {
    /// Of a sender as it is stored: E.164, digits, letters, or `whatsapp:` and E.164.
    #[must_use]
    pub fn of(sender: &str) -> Self {
        use crate::rate_limit::{NumberKind, kind_of};
        let digits = !sender.is_empty() && sender.bytes().all(|b| b.is_ascii_digit());
        match kind_of(sender) {
            _ if digits => Self::ShortCode,
            NumberKind::WhatsApp => Self::Whatsapp,
            NumberKind::TollFree => Self::TollFree,
            NumberKind::ShortCode => Self::ShortCode,
            NumberKind::LongCode | NumberKind::Service if sender.starts_with("+1") => Self::Local,
            NumberKind::LongCode | NumberKind::Service if sender.starts_with('+') => Self::Abroad,
            NumberKind::LongCode | NumberKind::Service => Self::Name,
        }
    }

    /// As a person calls it.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Self::Local => "Local number",
            Self::TollFree => "Toll-free number",
            Self::ShortCode => "Short code",
            Self::Abroad => "Number abroad",
            Self::Name => "Name",
            Self::Whatsapp => "WhatsApp sender",
        }
    }

    /// Whether what goes from such a sender to this country (ISO alpha-2) goes by its registration.
    #[must_use]
    pub fn is_asked_in(self, country: &str) -> bool {
        match self {
            Self::TollFree => country == "CA" || is_us(country),
            Self::Whatsapp => false,
            Self::Local | Self::ShortCode | Self::Abroad | Self::Name => is_us(country),
        }
    }
}

/// The United States and the territories that go by the same rule.
#[must_use]
pub fn is_us(country: &str) -> bool {
    matches!(country, "US" | "PR" | "VI" | "GU" | "AS" | "MP")
}

/// A toll-free verification as Twilio tells of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Verification {
    /// Twilio's word.
    pub status: String,
    /// Why it was rejected, if that is said.
    pub why: String,
}

/// A campaign as Twilio tells of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Campaign {
    /// Twilio's word.
    pub status: String,
    /// What is wrong with it, if that is said.
    pub why: String,
    /// Made for tests: carriers take nothing of it.
    pub mock: bool,
    /// Twilio's word about its brand; none if that could not be read.
    pub brand: Option<String>,
}

/// What Twilio says about one number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// Of a toll-free number, if one was handed in.
    pub verification: Option<Verification>,
    /// One for each Messaging Service that the number is in, with its campaign.
    pub services: Vec<Option<Campaign>>,
}

/// An answer, and why, in words for the owner.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judgement {
    /// Whether it may.
    pub answer: Answer,
    /// Why, and what to do.
    pub reason: String,
}

fn judged(answer: Answer, reason: impl Into<String>) -> Judgement {
    Judgement {
        answer,
        reason: reason.into(),
    }
}

/// Whether a sender of this kind may text the US, by what Twilio says. None: it could not be read.
#[must_use]
pub fn judge(kind: Kind, facts: Option<&Facts>) -> Judgement {
    match (kind, facts) {
        (Kind::ShortCode, _) => judged(Answer::Yes, "Short codes are registered when they are leased."),
        (Kind::Whatsapp, _) => judged(Answer::Yes, "WhatsApp senders need no registration with carriers."),
        (Kind::Name, _) => judged(Answer::No, "Texts to the US can't come from a name. Use a number."),
        (Kind::Abroad, _) => judged(
            Answer::No,
            "US carriers take few texts from numbers abroad. Ask for a US number for customers there.",
        ),
        (Kind::Local | Kind::TollFree, None) => judged(Answer::Unknown, "Twilio did not say how the number is registered."),
        (Kind::TollFree, Some(facts)) => toll_free(facts.verification.as_ref()),
        (Kind::Local, Some(facts)) => local(&facts.services),
    }
}

fn toll_free(verification: Option<&Verification>) -> Judgement {
    let Some(found) = verification else {
        let why = "No toll-free verification was handed in. Do that in the Twilio console.";
        return judged(Answer::No, why);
    };
    match found.status.as_str() {
        "TWILIO_APPROVED" => judged(Answer::Yes, "The toll-free verification is approved."),
        "PENDING_REVIEW" | "IN_REVIEW" => judged(
            Answer::Wait,
            "The toll-free verification is being looked at; that takes three to five days.",
        ),
        "TWILIO_REJECTED" => judged(
            Answer::No,
            with_why(
                "The toll-free verification was rejected. Correct it in the Twilio console.",
                &found.why,
            ),
        ),
        other => judged(Answer::No, odd("toll-free verification", other)),
    }
}

fn local(services: &[Option<Campaign>]) -> Judgement {
    let best = services.iter().map(|campaign| of_campaign(campaign.as_ref()));
    best.min_by_key(|judgement| judgement.answer.rank()).unwrap_or_else(|| {
        let why = "It is in no Messaging Service with a campaign (A2P 10DLC). Register it in the Twilio console.";
        judged(Answer::No, why)
    })
}

fn of_campaign(campaign: Option<&Campaign>) -> Judgement {
    let Some(campaign) = campaign else {
        let why = "Its Messaging Service has no campaign (A2P 10DLC). Register one in the Twilio console.";
        return judged(Answer::No, why);
    };
    match campaign.status.as_str() {
        "VERIFIED" if campaign.mock => judged(Answer::No, "Its campaign is one for tests, which carriers take nothing from."),
        "VERIFIED" => of_brand(campaign.brand.as_deref()),
        "PENDING" | "IN_PROGRESS" => judged(
            Answer::Wait,
            "Its campaign is being looked at; that takes ten to fifteen days.",
        ),
        "FAILED" => judged(
            Answer::No,
            with_why("Its campaign was rejected. Correct it in the Twilio console.", &campaign.why),
        ),
        "SUSPENDED" => judged(
            Answer::No,
            with_why("Its campaign is suspended. Ask Twilio why.", &campaign.why),
        ),
        other => judged(Answer::No, odd("campaign", other)),
    }
}

fn of_brand(brand: Option<&str>) -> Judgement {
    match brand {
        None => judged(Answer::Probably, "Its campaign is verified; its brand could not be read."),
        Some("APPROVED") => judged(Answer::Probably, "Its campaign is verified and its brand approved."),
        Some("PENDING" | "IN_REVIEW") => judged(Answer::Wait, "The brand of its campaign is being looked at."),
        Some("FAILED") => judged(
            Answer::No,
            "The brand of its campaign was rejected. Correct it in the Twilio console.",
        ),
        Some(other) => judged(Answer::No, odd("brand of its campaign", other)),
    }
}

fn odd(what: &str, word: &str) -> String {
    let word: String = word.chars().filter(|c| !c.is_control()).take(40).collect();
    format!("Twilio says of the {what}: \"{word}\". Look at it in the Twilio console.")
}

fn with_why(words: &str, why: &str) -> String {
    let why: String = why
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
        .take(300)
        .collect();
    if why.is_empty() {
        words.to_owned()
    } else {
        format!("{words} Twilio says: {why}")
    }
}

/// What became of texts to the US from a number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Observed {
    /// The last that a carrier refused for want of registration, and Twilio's code for it.
    pub refused: Option<(DateTime<Utc>, i32)>,
    /// The last that arrived.
    pub delivered: Option<DateTime<Utc>>,
}

/// What was seen counts so long.
pub const OBSERVED: Duration = Duration::hours(24);

/// Whether Twilio's code says that a sender is not registered: 30032 (toll-free), 30034 (campaign), 30035 (not finished yet).
#[must_use]
pub const fn is_unregistered(code: i32) -> bool {
    matches!(code, 30032 | 30034 | 30035)
}

/// What was seen in the last day overrules what is said.
#[must_use]
pub fn overruled(said: Judgement, seen: Observed, now: DateTime<Utc>) -> Judgement {
    let fresh = |at: &DateTime<Utc>| now - *at < OBSERVED;
    let delivered = seen.delivered.filter(fresh);
    let refused = seen.refused.filter(|(at, _)| fresh(at));
    match (delivered, refused) {
        (Some(arrived), refused) if refused.is_none_or(|(at, _)| arrived > at) => {
            judged(Answer::Yes, "A text from it arrived there within the last day.")
        }
        (_, Some((_, code))) => {
            let why = match code {
                30032 => "it is not verified as a toll-free number",
                30035 => "its registration is not finished yet",
                _ => "it is not registered for a campaign (A2P 10DLC)",
            };
            judged(
                Answer::No,
                format!("Carriers refused a text from it: {why} (error {code}). See to it in the Twilio console."),
            )
        }
        _ => said,
    }
}

/// How long until it is worth asking Twilio again.
#[must_use]
pub const fn ask_again_after(answer: Answer) -> Duration {
    match answer {
        Answer::Wait => Duration::minutes(15),
        Answer::Unknown => Duration::hours(1),
        Answer::Yes | Answer::Probably | Answer::No => Duration::hours(24),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    fn campaign(status: &str, brand: Option<&str>) -> Option<Campaign> {
        Some(Campaign {
            status: status.to_owned(),
            brand: brand.map(str::to_owned),
            ..Campaign::default()
        })
    }

    fn in_services(services: Vec<Option<Campaign>>) -> Facts {
        Facts {
            services,
            ..Facts::default()
        }
    }

    fn verification(status: &str) -> Facts {
        Facts {
            verification: Some(Verification {
                status: status.to_owned(),
                why: "URL in the sample".to_owned(),
            }),
            ..Facts::default()
        }
    }

    #[rstest]
    #[case::local("+14155550142", Kind::Local)]
    #[case::of_canada("+16045550142", Kind::Local)]
    #[case::toll_free("+18335550142", Kind::TollFree)]
    #[case::short("12345", Kind::ShortCode)]
    #[case::short_of_eight("12345678", Kind::ShortCode)]
    #[case::abroad("+46701234567", Kind::Abroad)]
    #[case::name("SALON", Kind::Name)]
    #[case::whatsapp("whatsapp:+14155550142", Kind::Whatsapp)]
    fn a_sender_shows_what_it_is(#[case] sender: &str, #[case] kind: Kind) {
        assert_eq!(Kind::of(sender), kind);
    }

    #[rstest]
    #[case::campaign(Kind::Local, "US", true)]
    #[case::puerto_rico(Kind::Local, "PR", true)]
    #[case::campaigns_are_not_canadas(Kind::Local, "CA", false)]
    #[case::toll_free_in_canada(Kind::TollFree, "CA", true)]
    #[case::toll_free_elsewhere(Kind::TollFree, "GB", false)]
    #[case::abroad(Kind::Abroad, "US", true)]
    #[case::at_home(Kind::Abroad, "SE", false)]
    #[case::whatsapp(Kind::Whatsapp, "US", false)]
    fn registration_is_asked_where_carriers_ask_it(#[case] kind: Kind, #[case] to: &str, #[case] asked: bool) {
        assert_eq!(kind.is_asked_in(to), asked);
    }

    #[rstest]
    #[case::short_code(Kind::ShortCode, None, Answer::Yes, "Short codes")]
    #[case::name(Kind::Name, None, Answer::No, "from a name")]
    #[case::whatsapp(Kind::Whatsapp, None, Answer::Yes, "WhatsApp")]
    #[case::abroad(Kind::Abroad, None, Answer::No, "numbers abroad")]
    #[case::not_read(Kind::Local, None, Answer::Unknown, "did not say")]
    #[case::toll_free_not_read(Kind::TollFree, None, Answer::Unknown, "did not say")]
    #[case::not_handed_in(Kind::TollFree, Some(Facts::default()), Answer::No, "handed in")]
    #[case::approved(Kind::TollFree, Some(verification("TWILIO_APPROVED")), Answer::Yes, "approved")]
    #[case::pending(Kind::TollFree, Some(verification("PENDING_REVIEW")), Answer::Wait, "looked at")]
    #[case::in_review(Kind::TollFree, Some(verification("IN_REVIEW")), Answer::Wait, "looked at")]
    #[case::rejected(Kind::TollFree, Some(verification("TWILIO_REJECTED")), Answer::No, "URL in the sample")]
    #[case::new_word(Kind::TollFree, Some(verification("ESCALATED")), Answer::No, "\"ESCALATED\"")]
    #[case::in_no_service(Kind::Local, Some(Facts::default()), Answer::No, "no Messaging Service")]
    #[case::no_campaign(Kind::Local, Some(in_services(vec![None])), Answer::No, "no campaign")]
    #[case::campaign_pending(Kind::Local, Some(in_services(vec![campaign("PENDING", None)])), Answer::Wait, "looked at")]
    #[case::campaign_in_progress(Kind::Local, Some(in_services(vec![campaign("IN_PROGRESS", None)])), Answer::Wait, "looked at")]
    #[case::campaign_failed(Kind::Local, Some(in_services(vec![campaign("FAILED", None)])), Answer::No, "rejected")]
    #[case::suspended(Kind::Local, Some(in_services(vec![campaign("SUSPENDED", None)])), Answer::No, "suspended")]
    #[case::new_campaign_word(Kind::Local, Some(in_services(vec![campaign("DELETED", None)])), Answer::No, "\"DELETED\"")]
    #[case::verified(Kind::Local, Some(in_services(vec![campaign("VERIFIED", Some("APPROVED"))])), Answer::Probably, "verified")]
    #[case::brand_not_read(Kind::Local, Some(in_services(vec![campaign("VERIFIED", None)])), Answer::Probably, "could not be read")]
    #[case::brand_pending(Kind::Local, Some(in_services(vec![campaign("VERIFIED", Some("IN_REVIEW"))])), Answer::Wait, "brand")]
    #[case::brand_failed(Kind::Local, Some(in_services(vec![campaign("VERIFIED", Some("FAILED"))])), Answer::No, "brand")]
    #[case::brand_suspended(Kind::Local, Some(in_services(vec![campaign("VERIFIED", Some("SUSPENDED"))])), Answer::No, "SUSPENDED")]
    #[case::the_best_counts(Kind::Local, Some(in_services(vec![None, campaign("VERIFIED", Some("APPROVED")), campaign("FAILED", None)])),
        Answer::Probably, "verified")]
    fn what_twilio_says_is_judged(
        #[case] kind: Kind,
        #[case] facts: Option<Facts>,
        #[case] answer: Answer,
        #[case] because: &str,
    ) {
        let judgement = judge(kind, facts.as_ref());
        assert_eq!(judgement.answer, answer, "{judgement:?}");
        assert!(judgement.reason.contains(because), "{judgement:?}");
    }

    #[test]
    fn a_campaign_for_tests_sends_nothing() {
        let mut mock = campaign("VERIFIED", Some("APPROVED"));
        if let Some(mock) = &mut mock {
            mock.mock = true;
        }
        assert_eq!(judge(Kind::Local, Some(&in_services(vec![mock]))).answer, Answer::No);
    }

    fn at(hours: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + Duration::hours(hours)
    }

    #[rstest]
    #[case::nothing_seen(None, None, Answer::Probably)]
    #[case::refused(Some(90), None, Answer::No)]
    #[case::refused_long_ago(Some(76), None, Answer::Probably)]
    #[case::arrived(None, Some(99), Answer::Yes)]
    #[case::arrived_long_ago(None, Some(70), Answer::Probably)]
    #[case::arrived_since(Some(90), Some(95), Answer::Yes)]
    #[case::refused_since(Some(95), Some(90), Answer::No)]
    #[case::at_once(Some(95), Some(95), Answer::No)]
    fn what_was_seen_overrules_it(#[case] refused: Option<i64>, #[case] arrived: Option<i64>, #[case] answer: Answer) {
        let seen = Observed {
            refused: refused.map(|hours| (at(hours), 30034)),
            delivered: arrived.map(at),
        };
        let said = judged(Answer::Probably, "said");
        assert_eq!(overruled(said, seen, at(100)).answer, answer);
    }

    proptest! {
        #[test]
        fn an_answer_always_has_a_reason_and_no_word_of_twilios_opens_the_way(
            status in "[A-Z_]{0,12}", brand in proptest::option::of("[A-Z_]{0,12}"), mock: bool, toll_free: bool,
        ) {
            let (kind, facts) = if toll_free {
                (Kind::TollFree, verification(&status))
            } else {
                let campaign = Campaign { status: status.clone(), brand: brand.clone(), mock, why: String::new() };
                (Kind::Local, in_services(vec![Some(campaign)]))
            };
            let judgement = judge(kind, Some(&facts));
            prop_assert!(judgement.reason.ends_with(['.', 'e']) || judgement.reason.contains("Twilio says"));
            let known = if toll_free {
                status == "TWILIO_APPROVED"
            } else {
                status == "VERIFIED" && !mock && brand.is_none_or(|brand| brand == "APPROVED")
            };
            prop_assert_eq!(matches!(judgement.answer, Answer::Yes | Answer::Probably), known);
        }

        #[test]
        fn more_services_never_make_it_worse(statuses in proptest::collection::vec(0_usize..5, 1..4)) {
            let of = |n: &usize| match n {
                0 => None,
                1 => campaign("PENDING", None),
                2 => campaign("FAILED", None),
                3 => campaign("VERIFIED", Some("APPROVED")),
                _ => campaign("VERIFIED", Some("PENDING")),
            };
            let all: Vec<_> = statuses.iter().map(of).collect();
            let best = all.iter().map(|one| judge(Kind::Local, Some(&in_services(vec![one.clone()]))).answer.rank()).min();
            let together = judge(Kind::Local, Some(&in_services(all)));
            prop_assert_eq!(Some(together.answer.rank()), best);
        }
    }
}
