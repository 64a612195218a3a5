//! WHO CARES. What follows from what has happened, in this order, in the transaction in which it has happened: the only place that knows.
//! What a listener records is heard a round later, when everything of this round stands. `map.txt` shows what follows from what; a test
//! holds it to this table.

mod views;

use crate::{
    accounts::invitations,
    alerts,
    appointments::clocks,
    attendance, confirming,
    conversations::{assigning, leaving},
    experiments, feeds, figures,
    kernel::{
        Result, Tx, audit,
        events::EventKind as E,
        tx::{Counts, Listener},
    },
    mails, merging, moves, notifications, numbers, outbox, questions, reminders, reports, reviews, tasks, waitlist, webhooks,
};

pub(crate) use views::views;

macro_rules! on {
    (every => $($room:ident)::+) => { on!(@ None, [], $($room)::+) };
    ([$($event:ident)+] => $($room:ident)::+ $(, causes [$($caused:ident)+])?) => {
        on!(@ Some(&[$(E::$event),+]), [$($(E::$caused),+)?], $($room)::+)
    };
    (@ $hears:expr, [$($caused:expr),*], $($room:ident)::+) => {
        Listener {
            name: concat!($("::", stringify!($room)),+),
            hears: $hears,
            causes: &[$($caused),*],
            then: |tx, heard| Box::pin($($room)::+(tx, heard)),
        }
    };
}

pub(crate) static LISTENERS: &[Listener] = &[
    on!([Answered] => reminders::answered, causes [AppointmentConfirmed AppointmentDeclined MessageWithdrawn RetryEnded]),
    on!([Answered] => waitlist::answered, causes [AppointmentBooked AppointmentMoved AppointmentConfirmed SlotTaken SlotEnded
        WaitlistEntryEnded]),
    on!([Answered] => confirming::answered, causes [OffersDecided]),
    on!([ContactOptedOut ContactBlocked PhoneChanged] => outbox::withdraw_for_contacts, causes [MessageWithdrawn RetryEnded]),
    on!([MessageDelivered MessageFailed] => numbers::registration::messages_changed),
    on!([NumberReleased] => outbox::leave_from_default),
    on!([HoldEnded SendingChanged AccountChanged NumberAssigned RegistrationChanged BusinessResumed] => outbox::recheck),
    on!([OffersToConfirm] => confirming::offers_to_confirm),
    on!([MessageReceived] => outbox::pause_later),
    // When it is known whether anybody waits, and before anybody is told.
    on!([MessageReceived] => assigning::texts_came_in, causes [ConversationAssigned]),
    on!([ZoneChanged] => clocks::zone_changed, causes [ClockChanged ClockDecided]),
    // What was to be done about an appointment as it was; before its reminders, which may ask for a call anew.
    on!([AppointmentMoved AppointmentRestored AppointmentConfirmed AppointmentDeclined AppointmentCancelled AppointmentEnded AppointmentReopened
        ClockChanged ClockDecided] => tasks::appointments_changed),
    // Before reminders are planned anew: what tells of a move takes the place of one that would go out at once.
    on!([AppointmentMoved AppointmentChanged AppointmentRestored AppointmentCancelled AppointmentEnded AppointmentReopened]
        => moves::appointments_changed, causes [MessageWithdrawn RetryEnded]),
    on!([AppointmentBooked AppointmentMoved AppointmentChanged AppointmentRestored AppointmentConfirmed AppointmentDeclined AppointmentCancelled AppointmentEnded
        AppointmentReopened AppointmentArrived ClockChanged ClockDecided] => reminders::appointments_changed, causes [MessageWithdrawn RetryEnded]),
    on!([MessageSent] => questions::messages_sent),
    on!([MessageSent MessageDelivered MessageArrived MessageFailed MessageWithdrawn] => reminders::messages_changed, causes [RetryEnded]),
    on!([MessageFailed MessageWithdrawn] => moves::messages_changed, causes [RetryEnded]),
    on!([SamePerson] => merging::shown_to_be_one, causes [ContactMerged MessageWithdrawn RetryEnded]),
    on!([MessageSent MessageDelivered MessageArrived MessageFailed MessageWithdrawn] => waitlist::messages_changed, causes [RetryEnded]),
    on!([ContactOptedOut ContactBlocked PhoneChanged HoldBegan] => waitlist::contacts_changed, causes [MessageWithdrawn RetryEnded]),
    on!([WaitlistEntryAdded WaitlistEntryChanged WaitlistEntryEnded] => waitlist::entries_changed, causes [MessageWithdrawn RetryEnded]),
    on!([AppointmentBooked AppointmentMoved AppointmentChanged AppointmentRestored AppointmentConfirmed AppointmentDeclined
        AppointmentCancelled AppointmentReopened AppointmentArrived AppointmentEnded] => waitlist::appointments_changed, causes [SlotOpened SlotTaken SlotEnded
        WaitlistEntryEnded MessageWithdrawn RetryEnded]),
    on!([MessageSent MessageDelivered MessageArrived MessageFailed RetryEnded Answered AnsweredOnPage AppointmentConfirmed AppointmentDeclined
        AppointmentMoved AppointmentRestored AppointmentCancelled AppointmentEnded AppointmentReopened ContactOptedOut]
        => experiments::happened),
    on!([AppointmentEnded AppointmentReopened AppointmentRestored] => reviews::appointments_changed, causes [ReviewPlanned ReviewSkipped
        MessageWithdrawn RetryEnded]),
    on!([AppointmentEnded AppointmentReopened AppointmentRestored] => attendance::appointments_changed),
    on!([ContactOptedOut ContactBlocked OffersDecided] => reviews::contacts_changed, causes [ReviewSkipped]),
    on!([MessageSent MessageDelivered MessageArrived MessageFailed MessageWithdrawn] => reviews::messages_changed, causes [ReviewAsked
        ReviewSkipped RetryEnded]),
    on!([HoldBegan HoldEnded] => tasks::holds_changed),
    on!([MessageFailed] => tasks::messages_failed),
    on!([ConversationAnswered ConversationClosed] => tasks::conversations_answered),
    on!([ConversationRestored] => tasks::conversations_restored),
    on!([MemberRemoved EmailTakenBack] => feeds::members_changed, causes [FeedRevoked]),
    on!([MemberRemoved] => notifications::members_removed),
    on!([SessionsChanged] => notifications::sessions_changed),
    on!([MemberRoleChanged MemberRemoved EmailTakenBack] => invitations::inviters_changed, causes [InvitationRevoked]),
    on!([MemberRemoved] => leaving::members_removed),
    on!([MemberInvited InvitationSentAgain] => mails::invited),
    on!([AccountLetter] => mails::about_account),
    on!([BreakerOpened BreakerClosed] => mails::breakers_changed),
    on!([BudgetReached] => mails::budgets_reached),
    on!([NumberRequestDecided] => mails::number_requests_decided),
    on!([DeviceAdded SecondFactorOn SecondFactorOff] => mails::accounts_changed),
    on!([BusinessSuspended BusinessResumed LookBegan] => mails::installation_did),
    on!([WebhookDisabled] => mails::webhooks_disabled),
    // When it is known who waits, who has been offered what, and how everything stands.
    on!([ContactAdded ContactChanged ContactBlocked ContactUnblocked ContactMerged MergeUndone ContactOptedOut ContactOptedIn OffersDecided
        AppointmentBooked AppointmentMoved AppointmentChanged AppointmentRestored AppointmentReopened AppointmentEdited AppointmentConfirmed
        AppointmentDeclined AppointmentCancelled AppointmentArrived AppointmentEnded MessageReceived MessageSent MessageOnItsWay
        MessageDelivered MessageArrived MessageFailed RetryEnded ConversationClosed ConversationReopened SlotTaken SlotEnded TaskAdded
        TaskRaised TaskDone TaskSettled ReviewAsked ReviewOpened] => webhooks::collect),
    // Last of all, when it is decided whether anybody is asked for an answer.
    on!([MessageReceived MessageFailed NoteAdded ConversationAssigned TaskAdded TaskChanged BreakerOpened BudgetReached
        NumberRequestDecided RegistrationChanged BusinessSuspended BusinessResumed LookBegan] => notifications::collect),
    on!([MessageFailed RetryEnded ContactOptedOut BreakerOpened BreakerClosed BudgetReached SelfTestChanged SendingChanged]
        => alerts::happened),
    on!([MessageReceived] => figures::received),
    // Over everything, so that no noun can forget them.
    on!(every => reports::count),
    on!(every => audit::write),
    on!(every => views::mark),
];

/// What was counted goes where it is kept: of a test of two texts with the test, all else by day.
pub(crate) async fn count(tx: &mut Tx, counts: Counts) -> Result<()> {
    let (tried, by_day) = counts.into_iter().partition(|((_, what), _)| experiments::counts(*what));
    experiments::add(tx, tried).await?;
    reports::add(tx, by_day).await
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use strum::VariantArray;

    use super::*;
    use crate::kernel::tx::TOLD_ALONE;

    /// Every event with who hears of it, and what that causes in turn.
    fn map() -> String {
        let mut map = String::new();
        for kind in E::VARIANTS {
            let name: &str = kind.into();
            writeln!(map, "{name}").expect("a line");
            for one in LISTENERS
                .iter()
                .filter(|one| one.hears.is_some_and(|kinds| kinds.contains(kind)))
            {
                let caused: Vec<&str> = one.causes.iter().map(Into::into).collect();
                let then = if caused.is_empty() {
                    String::new()
                } else {
                    format!(" -> {}", caused.join(", "))
                };
                writeln!(map, "  {}{then}", one.name.trim_start_matches("::")).expect("a line");
            }
        }
        let all = LISTENERS
            .iter()
            .filter(|one| one.hears.is_none())
            .map(|one| one.name.trim_start_matches("::"));
        writeln!(map, "everything\n  {}", all.collect::<Vec<_>>().join("\n  ")).expect("a line");
        map
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "a switch of this test, not a setting of the product")]
    fn the_map_shows_what_follows_from_what() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/src/listeners/map.txt");
        if std::env::var_os("UPDATE_MAP").is_some() {
            std::fs::write(file, map()).expect("written");
        }
        let shown = std::fs::read_to_string(file).unwrap_or_default();
        assert_eq!(shown, map(), "to write it anew: UPDATE_MAP=1 cargo test -p services the_map");
    }

    /// How many rounds an event takes until nothing more follows; none if that never happens.
    fn rounds(kind: E, seen: &mut Vec<E>) -> Option<usize> {
        if seen.contains(&kind) {
            return None;
        }
        seen.push(kind);
        let heard = LISTENERS
            .iter()
            .filter(|one| one.hears.is_none_or(|kinds| kinds.contains(&kind)));
        let caused = heard.flat_map(|one| one.causes.iter());
        let deepest = caused.map(|kind| rounds(*kind, seen)).collect::<Option<Vec<_>>>()?;
        seen.pop();
        Some(1 + deepest.into_iter().max().unwrap_or(0))
    }

    /// The longest: an answer moves a visit, which takes back a text, whose retry ends; and all that is published.
    #[test]
    fn nothing_causes_itself_and_every_chain_is_short() {
        for kind in E::VARIANTS {
            let took = rounds(*kind, &mut Vec::new());
            assert!(took.is_some_and(|rounds| rounds <= 5), "{kind:?}: {took:?}");
        }
        for one in LISTENERS {
            let hears = |kind: &E| one.hears.is_none_or(|kinds| kinds.contains(kind));
            assert!(
                !TOLD_ALONE.iter().any(hears) || one.causes.is_empty(),
                "{} causes something",
                one.name
            );
        }
    }
}
