//! A free time between the visits: who is asked for it and how long they have, and the way to give it to somebody else.

use chrono::{DateTime, Utc};
use contract::calendar::CalendarSlot;
use domain::{
    calendar::{Lane, rows},
    permissions::Permission,
};
use leptos::prelude::*;

use super::lines::{beside, clock as shown};
use crate::{session::use_session, waitlist::words};

#[component]
pub fn FreeTime(
    one: CalendarSlot,
    lane: Lane,
    first: i32,
    end: i32,
    clock: RwSignal<DateTime<Utc>>,
    show_staff: bool,
) -> impl IntoView {
    let (row, last) = rows((one.from, one.until.min(end * 60)), first);
    let class = format!("cal-slot row-start-{row} row-end-{last} {}", beside(lane));
    let free = one.free;
    let page = format!("/waitlist/slots/{}", free.id);
    let staff = Some(free.staff_label.clone()).filter(|label| show_staff && !label.is_empty());
    let left = words::held_until(&free).map(|until| {
        view! {
            <span role="timer" class="tabular font-semibold" data-clock="">
                {move || words::left(until - clock.get())} <span class="sr-only">" left to answer"</span>
            </span>
        }
    });
    let book = use_session().may(Permission::WriteWaitlist).then(|| {
        view! {
            <a class="cal-move print:hidden" href=format!("{page}#book-heading") draggable="false">
                "Book anyway"
                <span class="sr-only">{format!(", {}", shown(one.from))}</span>
            </a>
        }
    });
    view! {
        <li class=class data-slot=free.id.to_string() data-status=free.status.to_string()>
            <a class="cal-link" href=page draggable="false" title=words::source(&free)>
                <span class="font-semibold"><span aria-hidden="true">"▨ "</span>{shown(one.from)}</span>
                " "
                <bdi>{words::asked(&free)}</bdi>
                " "
                {left}
                <span class="text-muted">{staff.map(|label| format!(" {label}"))}</span>
            </a>
            {book}
        </li>
    }
}
