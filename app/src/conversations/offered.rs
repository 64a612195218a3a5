//! What a customer was offered, and what became of it: a line of their thread, behind the text that told of it.

use contract::waitlist::{OfferStatus, Offered};
use leptos::prelude::*;

use crate::components::{Icon, TimeFormat, Timestamp};

#[component]
pub fn OfferedLine(one: Offered) -> impl IntoView {
    let (taken, until) = (one.taken().cloned(), one.open_until());
    let became = became(one.status(), one.times.len() > 1);
    let times = one
        .times
        .into_iter()
        .enumerate()
        .map(|(at, time)| {
            view! {
                {(at > 0).then_some(", ")}
                <a class="link link-hover" href=format!("/waitlist/slots/{}", time.slot_id)>
                    <Timestamp at=time.starts_at say=TimeFormat::Inline place=time.time_zone />
                </a>
            }
        })
        .collect_view();
    let which = taken.map(|time| view! { " " <Timestamp at=time.starts_at say=TimeFormat::Inline place=time.time_zone /> });
    let until = until.map(|at| view! { " until " <Timestamp at say=TimeFormat::Clock /> });
    view! {
        <p class="flex flex-wrap items-center justify-center gap-x-1 px-3 py-1 text-center text-sm text-muted">
            <Icon icon=icondata::LuCalendarClock size="0.875em" />
            <span>"Offered " {times} " – " <strong class="font-semibold">{became} {which} {until}</strong></span>
        </p>
    }
}

/// What became of it; a time that was taken, or until when they can answer, is said behind that.
fn became(status: OfferStatus, several: bool) -> &'static str {
    match status {
        OfferStatus::Waiting => "its text waits to leave",
        OfferStatus::Sent => "can be answered",
        OfferStatus::Taken => "took",
        OfferStatus::Declined if several => "declined, none suits",
        OfferStatus::Declined => "declined",
        OfferStatus::Expired => "expired",
        OfferStatus::Lost => "somebody else has it",
        OfferStatus::Withdrawn => "taken back",
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use contract::waitlist::OfferedTime;
    use uuid::Uuid;

    use super::*;

    fn of(stand: &[OfferStatus]) -> Offered {
        let time = |status: &OfferStatus| OfferedTime {
            slot_id: Uuid::nil(),
            starts_at: DateTime::UNIX_EPOCH,
            time_zone: "America/New_York".to_owned(),
            status: *status,
            expires_at: None,
        };
        Offered {
            id: Uuid::nil(),
            at: DateTime::UNIX_EPOCH,
            times: stand.iter().map(time).collect(),
        }
    }

    #[test]
    fn what_became_of_several_times_is_said_in_one_word() {
        use OfferStatus as S;
        for (stand, words) in [
            (&[S::Lost, S::Taken, S::Lost][..], "took"),
            (&[S::Lost, S::Sent], "can be answered"),
            (&[S::Declined, S::Lost], "declined, none suits"),
            (&[S::Declined], "declined"),
            (&[S::Expired, S::Expired], "expired"),
            (&[S::Lost], "somebody else has it"),
            (&[S::Withdrawn], "taken back"),
        ] {
            assert_eq!(became(of(stand).status(), stand.len() > 1), words, "{stand:?}");
        }
    }
}
