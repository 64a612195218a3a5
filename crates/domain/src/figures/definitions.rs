//! The figures that a business is shown, and what each of them means.

use super::{Measured, Totals, What};
use crate::words::words;

/// What is told of a business.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Figure {
    NoShowRate,
    LateCancellation,
    EarlyCancellation,
    Unmarked,
    ConfirmationRate,
    ReplyRate,
    DeliveryRate,
    TimeToConfirm,
    ResponseTime,
    ResponseTimeOpen,
    CostPerKeptVisit,
    SlotsFilled,
}

words!(Figure is a "figure": NoShowRate = "no_show_rate", LateCancellation = "late_cancellation",
    EarlyCancellation = "early_cancellation", Unmarked = "unmarked", ConfirmationRate = "confirmation_rate", ReplyRate = "reply_rate",
    DeliveryRate = "delivery_rate", TimeToConfirm = "time_to_confirm", ResponseTime = "response_time", ResponseTimeOpen = "response_time_open",
    CostPerKeptVisit = "cost_per_kept_visit", SlotsFilled = "slots_filled");

/// What a figure is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    Share,
    Seconds,
    Dollars,
}

impl Figure {
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::NoShowRate => "No-show rate",
            Self::LateCancellation => "Late cancellations",
            Self::EarlyCancellation => "Early cancellations",
            Self::Unmarked => "Unmarked visits",
            Self::ConfirmationRate => "Confirmation rate",
            Self::ReplyRate => "Reply rate",
            Self::DeliveryRate => "Delivery rate",
            Self::TimeToConfirm => "Time to confirm",
            Self::ResponseTime => "Response time",
            Self::ResponseTimeOpen => "Response time when open",
            Self::CostPerKeptVisit => "Cost per kept visit",
            Self::SlotsFilled => "Free times filled",
        }
    }

    /// What it means, for whoever reads it.
    #[must_use]
    pub const fn definition(self) -> &'static str {
        match self {
            Self::NoShowRate => {
                "Of the visits that began in these days and are marked as kept or missed: the missed ones. Cancelled visits are not in it."
            }
            Self::LateCancellation => {
                "Of all visits that were to begin in these days: those cancelled less than 24 hours before."
            }
            Self::EarlyCancellation => {
                "Of all visits that were to begin in these days: those cancelled 24 hours before or earlier. More of them can be good: they take the place of missed ones."
            }
            Self::Unmarked => {
                "Of the visits that began in these days and were not cancelled: those nobody has marked as kept or missed. Above 10 % the no-show rate is not reliable."
            }
            Self::ConfirmationRate => {
                "Of the visits that begin in these days and for which a reminder left: those the customer confirmed before they began."
            }
            Self::ReplyRate => {
                "Of the same visits: those answered with yes or no. Answers that were not understood are counted apart."
            }
            Self::DeliveryRate => {
                "Of the texts written in these days whose end is known: those that arrived. Texts without a word from the network are counted apart."
            }
            Self::TimeToConfirm => {
                "From the reminder to the customer's yes, for visits that begin in these days. Half of them took no longer."
            }
            Self::ResponseTime => {
                "From a customer's first unanswered text to the reply of a person, for replies written in these days. Half of them took no longer. Automatic texts never count."
            }
            Self::ResponseTimeOpen => {
                "The same, by the time in which a location was open. Not measured where no location has opening hours. Half of them took no longer."
            }
            Self::CostPerKeptVisit => {
                "What texts about visits cost that were written in these days, divided by the visits kept in these days."
            }
            Self::SlotsFilled => "Of the times that came free in these days: those somebody of the waitlist got.",
        }
    }

    #[must_use]
    pub const fn unit(self) -> Unit {
        match self {
            Self::TimeToConfirm | Self::ResponseTime | Self::ResponseTimeOpen => Unit::Seconds,
            Self::CostPerKeptVisit => Unit::Dollars,
            _ => Unit::Share,
        }
    }

    /// Whether more of it is better; none where it may be either.
    #[must_use]
    pub const fn more_is_better(self) -> Option<bool> {
        match self {
            Self::ConfirmationRate | Self::ReplyRate | Self::DeliveryRate | Self::SlotsFilled => Some(true),
            Self::EarlyCancellation => None,
            _ => Some(false),
        }
    }

    /// What it is by these counts; `slots`: how many times were filled, and came free.
    #[must_use]
    pub fn measured(self, of: &Totals, slots: (i64, i64)) -> Measured {
        match self {
            Self::NoShowRate => of.no_show_rate(),
            Self::LateCancellation => Measured::share(of.n(What::CancelledLate), of.visits()),
            Self::EarlyCancellation => Measured::share(of.n(What::CancelledEarly), of.visits()),
            Self::Unmarked => of.unmarked_share(),
            Self::ConfirmationRate => Measured::share(of.n(What::Confirmed), of.n(What::Reminded)),
            Self::ReplyRate => Measured::share(of.n(What::Answered), of.n(What::Reminded)),
            Self::DeliveryRate => of.delivery_rate(),
            Self::TimeToConfirm => Measured::middle(&of.confirming),
            Self::ResponseTime => Measured::middle(&of.waiting),
            Self::ResponseTimeOpen => Measured::middle(&of.waiting_open),
            Self::CostPerKeptVisit => Measured::dollars_each(of.n(What::CostOfVisits), of.n(What::Kept)),
            Self::SlotsFilled => Measured::share(slots.0, slots.1),
        }
    }
}
