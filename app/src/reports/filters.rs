//! Which days, and of what: a form that leads to the same page, so that it works without a script, and the usual stretches as links.

use chrono::{Datelike, Days, NaiveDate};
use contract::reports::{Board, Choice, ReportQuery};
use leptos::prelude::*;

use super::{PATH, address};
use crate::session::use_session;

/// The usual stretches, up to today.
fn stretches(today: NaiveDate) -> [(&'static str, NaiveDate); 4] {
    let back = |days: u64| today.checked_sub_days(Days::new(days)).unwrap_or(today);
    let quarter = today.with_day(1).and_then(|day| day.with_month(today.month0() / 3 * 3 + 1));
    [
        ("Today", today),
        ("7 days", back(6)),
        ("30 days", back(29)),
        ("This quarter", quarter.unwrap_or(today)),
    ]
}

#[component]
pub fn Filters(board: Board) -> impl IntoView {
    let session = use_session();
    let today = session.now.get_untracked().with_timezone(&session.zone()).date_naive();
    let query = board.query.clone();
    let links = stretches(today)
        .into_iter()
        .map(|(words, from)| {
            let (from, to) = (from.to_string(), today.to_string());
            let current = query.from.as_ref() == Some(&from) && query.to.as_ref() == Some(&to);
            let href = address(
                PATH,
                &ReportQuery {
                    from: Some(from),
                    to: Some(to),
                    ..query.clone()
                },
            );
            view! {
                <a class="btn btn-sm min-h-11 md:min-h-9" class:btn-active=current aria-current=current.then_some("true") href=href>
                    {words}
                </a>
            }
        })
        .collect_view();
    let channels = [("sms", "Text message"), ("whatsapp", "WhatsApp"), ("email", "E-mail")].map(|(id, name)| Choice {
        id: id.to_owned(),
        name: name.to_owned(),
    });
    let compared = query.compare.as_deref() == Some("previous");
    let chosen = |text: &Option<String>| text.clone().unwrap_or_default();
    view! {
        <form method="get" action=PATH class="panel flex flex-col gap-3 p-4 print:hidden" aria-label="Which days, and of what">
            <div class="flex flex-wrap gap-2">{links}</div>
            <div class="grid gap-3 sm:grid-cols-2 lg:grid-cols-5">
                <label class="field">
                    <span>"From"</span>
                    <input name="from" type="date" class="input w-full" value=chosen(&query.from) />
                </label>
                <label class="field">
                    <span>"To"</span>
                    <input name="to" type="date" class="input w-full" value=chosen(&query.to) />
                </label>
                <Choose name="location_id" label="Location" everything="All locations" choices=board.locations chosen=chosen(&query.location_id) />
                <Choose name="type_id" label="Type of visit" everything="All types" choices=board.types chosen=chosen(&query.type_id) />
                <Choose name="channel" label="Channel" everything="All channels" choices=channels.to_vec() chosen=chosen(&query.channel) />
            </div>
            <div class="flex flex-wrap items-center justify-between gap-3">
                <label class="flex min-h-11 items-center gap-2 md:min-h-8">
                    <input type="checkbox" class="checkbox checkbox-sm" name="compare" value="previous" checked=compared />
                    "Compare with the days before, Mondays with Mondays"
                </label>
                <button class="btn btn-primary btn-sm min-h-11 md:min-h-9">"Show"</button>
            </div>
        </form>
    }
}

#[component]
fn Choose(
    name: &'static str,
    label: &'static str,
    everything: &'static str,
    choices: Vec<Choice>,
    chosen: String,
) -> impl IntoView {
    let all = Choice {
        id: String::new(),
        name: everything.to_owned(),
    };
    let options = std::iter::once(all)
        .chain(choices)
        .map(|one| {
            let selected = one.id == chosen;
            view! {
                <option value=one.id selected=selected>
                    {one.name}
                </option>
            }
        })
        .collect_view();
    view! {
        <label class="field">
            <span>{label}</span>
            <select name=name class="select w-full">
                {options}
            </select>
        </label>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quarter_begins_with_its_first_month() {
        let of = |text: &str| stretches(domain::when::date(text).expect("a day")).map(|(_, from)| from.to_string());
        assert_eq!(of("2027-02-15"), ["2027-02-15", "2027-02-09", "2027-01-17", "2027-01-01"]);
        assert_eq!(of("2027-12-31")[3], "2027-10-01");
        assert_eq!(of("2027-05-31")[3], "2027-04-01");
    }
}
