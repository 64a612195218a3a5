//! WHO CARES. What follows from what has happened, in this order, in the transaction in which it has happened: the only place that knows.
//! What a listener records is heard a round later, when everything of this round stands. A test prints what follows from what.

mod views;

use crate::{
    appointments::clocks,
    kernel::{Event, audit, tx::Listener},
    outbox, reminders, reports, tasks,
};

pub(crate) use views::views;

macro_rules! on {
    ($($event:pat_param)|+ => $($room:ident)::+) => {
        Listener {
            name: stringify!($($room)::+),
            hears: |event| matches!(event, $($event)|+),
            then: |tx, heard| Box::pin($($room)::+(tx, heard)),
        }
    };
}

use Event as E;

pub(crate) static LISTENERS: &[Listener] = &[
    on!(E::ContactOptedOut(_) | E::ContactBlocked(_) | E::PhoneChanged(_) => outbox::withdraw_for_contacts),
    on!(E::HoldEnded(_) | E::SendingChanged { .. } | E::AccountChanged => outbox::recheck),
    on!(E::ZoneChanged { .. } => clocks::zone_changed),
    // What was to be done about an appointment as it was; before its reminders, which may ask for a call anew.
    on!(E::AppointmentMoved(_) | E::AppointmentConfirmed(_) | E::AppointmentDeclined(_) | E::AppointmentCancelled(_)
        | E::AppointmentEnded(_) | E::AppointmentReopened(_) | E::ClockChanged(_) | E::ClockDecided(_) => tasks::appointments_changed),
    on!(E::AppointmentBooked(_) | E::AppointmentMoved(_) | E::AppointmentConfirmed(_) | E::AppointmentDeclined(_)
        | E::AppointmentCancelled(_) | E::AppointmentEnded(_) | E::AppointmentReopened(_) | E::ClockChanged(_)
        | E::ClockDecided(_) => reminders::appointments_changed),
    on!(E::MessageSent(_) | E::MessageDelivered(_) | E::MessageArrived(_) | E::MessageFailed(..)
        | E::MessageWithdrawn(_) => reminders::messages_changed),
    on!(E::HoldBegan(_) | E::HoldEnded(_) => tasks::holds_changed),
    on!(E::MessageFailed(..) => tasks::messages_failed),
    // Over everything, so that no noun can forget them.
    on!(_ => reports::count),
    on!(_ => audit::write),
    on!(_ => views::mark),
];
