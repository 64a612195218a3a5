//! A day's columns by staff label, or a week's by day, in lines of a quarter of an hour.

use chrono::{DateTime, Utc};
use contract::{
    appointments::{AppointmentView, Status},
    calendar::{Calendar, CalendarSlot, CalendarView, CalendarVisit},
};
use domain::{
    calendar::{Lane, hours, lanes, rows},
    when,
};
use leptos::prelude::*;

use super::{
    Place,
    drag::{Dragging, Ghost},
    free::FreeTime,
    lines::{Column, beside, clock},
    moving::LastChange,
};
use crate::{components::Empty, waitlist::seconds};

/// Columns of staff labels that are drawn though they have nothing on that day.
const EMPTY_COLUMNS: usize = 12;

fn columns(calendar: &Calendar, place: &Place) -> Vec<Column> {
    let visits = || calendar.visits.iter().enumerate();
    let slots = || calendar.slots.iter().enumerate();
    if calendar.view == CalendarView::Week {
        let of_day = |date: &str| visits().filter(|(_, one)| one.date == date).map(|(n, _)| n).collect();
        let column = |date: &String| Column {
            title: when::date(date).map_or_else(|| date.clone(), |day| day.format("%a %-d").to_string()),
            href: Some(place.at(CalendarView::Day, date)),
            date: date.clone(),
            staff: None,
            visits: of_day(date),
            slots: slots().filter(|(_, one)| one.date == *date).map(|(n, _)| n).collect(),
        };
        return calendar.days.iter().map(|day| column(&day.date)).collect();
    }
    let of_label = |label: &str| -> Vec<usize> {
        let hers = visits().filter(|(_, one)| one.visit.staff_label == label);
        hers.map(|(n, _)| n).collect()
    };
    let column = |label: &str| Column {
        title: if label.is_empty() {
            "Unassigned".to_owned()
        } else {
            label.to_owned()
        },
        href: None,
        date: calendar.date.clone(),
        staff: Some(label.to_owned()),
        visits: of_label(label),
        slots: slots()
            .filter(|(_, one)| one.free.staff_label == label)
            .map(|(n, _)| n)
            .collect(),
    };
    if let Some(label) = &place.staff {
        return vec![column(label)];
    }
    let mut all: Vec<Column> = Vec::new();
    for label in &calendar.staff {
        let one = column(label);
        if !(one.visits.is_empty() && one.slots.is_empty()) || all.len() < EMPTY_COLUMNS {
            all.push(one);
        }
    }
    all.push(column(""));
    all
}

/// From when until when there is something, in minutes.
fn spans(calendar: &Calendar) -> impl Iterator<Item = (i32, i32)> {
    let visits = calendar.visits.iter().map(|one| (one.from, one.until));
    visits.chain(calendar.slots.iter().map(|one| (one.from, one.until)))
}

#[component]
pub fn Grid(calendar: Calendar, place: Place, last: LastChange, drawn: Dragging) -> impl IntoView {
    let columns = columns(&calendar, &place);
    let (first, end) = hours(spans(&calendar));
    let now = (calendar.now / 60 >= first && calendar.now / 60 < end).then_some(calendar.now);
    let empty = (calendar.visits.is_empty() && calendar.slots.is_empty()).then(|| {
        view! { <Empty title="Nothing on the calendar here" next_step="A new appointment appears at its time." /> }
    });
    let running = seconds();
    drawn.shows(&calendar, &place, &columns, (first, end), last);
    let shown = columns
        .iter()
        .enumerate()
        .map(|(at, column)| {
            let today = column.date == calendar.today;
            let visits: Vec<(usize, CalendarVisit)> = column
                .visits
                .iter()
                .filter_map(|n| Some((*n, calendar.visits.get(*n)?.clone())))
                .collect();
            let slots: Vec<CalendarSlot> = column.slots.iter().filter_map(|n| calendar.slots.get(*n).cloned()).collect();
            let show_staff = column.staff.is_none() && place.staff.is_none();
            view! {
                <OneColumn at column=column.clone() visits slots clock=running first end now=now.filter(|_| today) today place=place.clone() drawn show_staff />
            }
        })
        .collect_view();
    let times = (first..end)
        .map(|hour| {
            let row = rows((hour * 60, hour * 60 + 60), first).0;
            view! { <li class=format!("cal-time row-start-{row}")>{clock(hour * 60)}</li> }
        })
        .collect_view();
    let week = calendar.view == CalendarView::Week;
    let hint = "Drag a visit, or focus it and press m or the arrows, to move it.";
    view! {
        {empty}
        <div
            class="cal panel"
            class:cal-week=week
            on:pointerdown=move |event| drawn.press(&event)
            on:pointermove=move |event| drawn.go_on(&event)
            on:pointerup=move |event| drawn.release(&event)
            on:pointercancel=move |_| drawn.give_up()
            on:pointerleave=move |_| drawn.leave()
            on:touchmove=move |event| drawn.keep_still(&event)
            on:click=move |event| drawn.clicked(&event)
            on:keydown=move |event| drawn.key(&event)
        >
            <div class="cal-body">
                <div class="cal-side" aria-hidden="true">
                    <p class="cal-head"></p>
                    <ol class="cal-lines">{times}</ol>
                </div>
                {shown}
            </div>
        </div>
        <p class="text-xs text-muted print:hidden">
            "○ not confirmed · ✓ confirmed · ⟳ wants another time · ! a reminder did not arrive · ● is here · ≈ nobody has said how long it takes · ▨ free, and who is asked. "
            {hint}
        </p>
    }
}

#[component]
fn OneColumn(
    at: usize,
    column: Column,
    visits: Vec<(usize, CalendarVisit)>,
    slots: Vec<CalendarSlot>,
    clock: RwSignal<DateTime<Utc>>,
    first: i32,
    end: i32,
    now: Option<i32>,
    today: bool,
    place: Place,
    drawn: Dragging,
    show_staff: bool,
) -> impl IntoView {
    let spans = visits.iter().map(|(_, one)| (one.from, one.until));
    let spans = spans.chain(slots.iter().map(|one| (one.from, one.until)));
    let spans: Vec<(i32, i32)> = spans.map(|(from, until)| (from, until.min(end * 60))).collect();
    let mut lanes = lanes(&spans);
    let free = slots
        .into_iter()
        .zip(lanes.split_off(visits.len()))
        .map(|(one, lane)| view! { <FreeTime one lane first end clock show_staff /> })
        .collect_view();
    let blocks = visits
        .into_iter()
        .zip(lanes)
        .map(|((n, one), lane)| view! { <Block n one lane first end place=place.clone() show_staff /> })
        .collect_view();
    let lines = (first..end)
        .map(|hour| {
            let row = rows((hour * 60, hour * 60 + 60), first).0;
            view! { <li class=format!("cal-hour row-start-{row} row-end-{}", row + 4) aria-hidden="true"></li> }
        })
        .collect_view();
    let now = now.map(|minute| {
        let row = rows((minute, minute), first).0;
        view! { <li class=format!("cal-now row-start-{row}") aria-hidden="true" data-now=""></li> }
    });
    let ghost = move || {
        let ghost = drawn.ghost().get().filter(|ghost| ghost.column == Some(at))?;
        let Ghost { from, until, words, .. } = ghost;
        let (row, last) = rows((from.max(first * 60), until.min(end * 60)), first);
        Some(
            view! { <li class=format!("cal-ghost row-start-{row} row-end-{last}") aria-hidden="true" data-ghost="">{words}</li> },
        )
    };
    let title = column.title.clone();
    let head = match column.href {
        Some(href) => view! { <a class="link link-hover" href=href>{title}</a> }.into_any(),
        None => view! { {title} }.into_any(),
    };
    view! {
        <section aria-label=column.title class="cal-column" data-column=at.to_string()>
            <h3 class="cal-head" class:cal-today=today>{head}</h3>
            <ol class="cal-lines" data-lines=at.to_string()>
                {lines}
                {free}
                {blocks}
                {now}
                {ghost}
            </ol>
        </section>
    }
}

/// What a visit's shape says, for eyes and in words.
fn mark(visit: &AppointmentView) -> (&'static str, &'static str, &'static str) {
    match visit.status {
        _ if visit.arrived_at.is_some() && visit.status.is_open() => ("arrived", "●", "Is here"),
        _ if visit.is_unreached() => ("unreached", "!", "A reminder did not arrive"),
        Status::Scheduled => ("open", "○", "Not confirmed"),
        Status::Confirmed => ("confirmed", "✓", "Confirmed"),
        Status::RescheduleRequested => ("asked", "⟳", "Wants another time"),
        Status::Completed => ("done", "✔", "Completed"),
        Status::NoShow => ("missed", "✕", "No-show"),
        Status::Cancelled => ("missed", "✕", "Cancelled"),
    }
}

#[component]
fn Block(n: usize, one: CalendarVisit, lane: Lane, first: i32, end: i32, place: Place, show_staff: bool) -> impl IntoView {
    let (row, last) = rows((one.from, one.until.min(end * 60)), first);
    let (state, shape, words) = mark(&one.visit);
    let about = if one.guessed { "≈ " } else { "" };
    let class = format!("cal-visit row-start-{row} row-end-{last} {}", beside(lane));
    let id = one.visit.id;
    let who = one.visit.who();
    let staff = Some(one.visit.staff_label.clone()).filter(|label| show_staff && !label.is_empty());
    let spoken = match &staff {
        Some(label) => format!("{}, {who}, {words}, with {label}", clock(one.from)),
        None => format!("{}, {who}, {words}", clock(one.from)),
    };
    let still = !one.visit.status.is_open();
    let move_link = (!still).then(|| {
        view! {
            <a class="cal-move print:hidden" href=place.with(Some(("move", &id.to_string()))) draggable="false">
                "Move…"
            </a>
        }
    });
    view! {
        <li class=class data-mark=state data-visit=n.to_string() data-still=still.then_some("") data-id=id.to_string()>
            <a class="cal-link" href=format!("/appointments/{id}") draggable="false" aria-label=spoken title=format!("{about}{words}")>
                <span aria-hidden="true" class="font-semibold">{shape}" "{about}{clock(one.from)}</span>
                " "
                <bdi>{who}</bdi>
                <span class="text-muted">{staff.map(|label| format!(" {label}"))}</span>
            </a>
            {move_link}
            {(!still).then(|| view! { <span class="cal-grip print:hidden" data-grip="" aria-hidden="true"></span> })}
        </li>
    }
}
