//! How much there is on each day of a month.

use contract::calendar::{Calendar, CalendarDay, CalendarView};
use domain::when;
use leptos::prelude::*;

use super::Place;

#[component]
pub fn Month(calendar: Calendar, place: Place) -> impl IntoView {
    let month = calendar.date.get(..7).unwrap_or_default().to_owned();
    let heads = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
        .map(|day| view! { <th scope="col" class="p-1 text-start text-xs font-medium text-muted">{day}</th> })
        .collect_view();
    let weeks = calendar
        .days
        .chunks(7)
        .map(|week| {
            let days = week
                .iter()
                .map(|day| {
                    let here = day.date.starts_with(&month);
                    let today = day.date == calendar.today;
                    view! { <Day day=day.clone() href=place.at(CalendarView::Day, &day.date) here today /> }
                })
                .collect_view();
            view! { <tr>{days}</tr> }
        })
        .collect_view();
    view! {
        <table class="panel w-full table-fixed border-separate border-spacing-0">
            <caption class="sr-only">"Visits of each day"</caption>
            <thead>
                <tr>{heads}</tr>
            </thead>
            <tbody>{weeks}</tbody>
        </table>
    }
}

#[component]
fn Day(day: CalendarDay, href: String, here: bool, today: bool) -> impl IntoView {
    let date = when::date(&day.date);
    let number = date.map(|date| date.format("%-d").to_string()).unwrap_or_default();
    let spoken = date.map(|date| date.format("%A, %B %-d").to_string()).unwrap_or_default();
    let count = match day.visits {
        0 => String::new(),
        1 => "1 visit".to_owned(),
        n => format!("{n} visits"),
    };
    let class = if here {
        "flex min-h-20 flex-col gap-0.5 p-1.5 no-underline hover:bg-base-200"
    } else {
        "flex min-h-20 flex-col gap-0.5 p-1.5 text-muted no-underline hover:bg-base-200"
    };
    view! {
        <td class="border-t border-base-300 p-0 align-top">
            <a class=class href=href aria-current=today.then_some("date") data-day=day.date>
                <span class="text-sm font-semibold" class:cal-today=today aria-hidden="true">{number}</span>
                <span class="sr-only">{spoken}</span>
                <span class="text-xs empty:hidden">{count}</span>
                <span class="text-xs text-muted empty:hidden">
                    {(day.confirmed > 0).then(|| format!("✓ {} confirmed", day.confirmed))}
                </span>
                <span class="text-xs text-warning empty:hidden">
                    {(day.asked > 0).then(|| format!("⟳ {} want another time", day.asked))}
                </span>
            </a>
        </td>
    }
}
