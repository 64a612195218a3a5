//! The frame of the settings: a list of all their pages, at the side where there is room, as a page of its own on a phone.

use domain::permissions::Permission;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::{components::Outlet, hooks::use_location};

use crate::{
    components::Icon,
    session::{Session, use_session},
};

/// A page of the settings: where, what, what is there, and what one must be allowed to be offered it.
struct Entry {
    href: &'static str,
    icon: icondata::Icon,
    label: &'static str,
    about: &'static str,
    needs: Option<Permission>,
}

const fn entry(href: &'static str, icon: icondata::Icon, label: &'static str, about: &'static str) -> Entry {
    Entry {
        href,
        icon,
        label,
        about,
        needs: None,
    }
}

const fn managed(href: &'static str, icon: icondata::Icon, label: &'static str, about: &'static str) -> Entry {
    Entry {
        needs: Some(Permission::ManageBusiness),
        ..entry(href, icon, label, about)
    }
}

/// A page a line, in the order of the list.
#[rustfmt::skip]
fn groups() -> [(&'static str, Vec<Entry>); 5] {
    [
        ("For yourself", vec![
            entry("/account", icondata::LuCircleUser, "Your account", "Your name, address and password."),
            entry("/account/security", icondata::LuShieldCheck, "Signing in", "A second factor, and where you are signed in."),
            entry("/notifications", icondata::LuBell, "Notifications", "What you are told of, and where."),
            entry("/settings/own", icondata::LuReply, "Your replies", "How long they can be taken back."),
            entry("/settings/calendar", icondata::LuCalendar, "Visits in your calendar", "Addresses that your own calendar reads."),
        ]),
        ("Business", vec![
            entry("/settings/business", icondata::LuBuilding2, "Business", "Name, contact line, time zone, country, language."),
            entry("/settings/locations", icondata::LuMapPin, "Locations", "Places, their numbers and opening hours."),
            entry("/settings/types", icondata::LuClock, "Types of visits", "How long they take, and their reminders."),
            entry("/settings/staff", icondata::LuTag, "Staff labels", "Who visits are with."),
            entry("/settings/visits", icondata::LuCalendarCheck, "Visits", "What becomes of them by themselves; the customer’s own page."),
            entry("/attendance", icondata::LuCalendarX, "Who comes", "How well missed visits can be guessed."),
            entry("/settings/waitlist", icondata::LuListOrdered, "Waitlist", "How free times are offered; the form for customers."),
            entry("/calendars", icondata::LuCalendarSync, "Calendars", "Calendars of others that visits come from."),
        ]),
        ("Texts", vec![
            entry("/settings/reminders", icondata::LuAlarmClock, "Reminders", "When they go out, and what they say."),
            entry("/settings/hours", icondata::LuMoon, "Quiet hours", "When no machine texts anybody."),
            entry("/settings/limits", icondata::LuGauge, "Texts and limits", "How many an hour, the month’s budget, and to which countries."),
            entry("/settings/inbox", icondata::LuInbox, "Inbox", "Who gets a conversation, and when it is closed."),
            entry("/settings/templates", icondata::LuTextCursorInput, "Texts to customers", "What reminders, answers and offers say."),
            entry("/settings/reviews", icondata::LuStar, "Reviews", "Where customers write them, and how they are asked."),
            entry("/settings/quick-replies", icondata::LuMessageSquareText, "Quick replies", "Texts that you send often."),
        ]),
        ("People and connections", vec![
            managed("/settings/people", icondata::LuUsers, "People", "Who works here, and as what."),
            managed("/settings/numbers", icondata::LuPhone, "Numbers", "Numbers that texts leave from."),
            managed("/settings/twilio", icondata::LuPlug, "Twilio", "The account behind your numbers."),
            managed("/settings/email", icondata::LuMail, "E-mail", "Whether mail to you works."),
            managed("/settings/keys", icondata::LuKeyRound, "API keys", "What other programs may do."),
            Entry {
                needs: Some(Permission::ReadWebhooks),
                ..entry("/settings/webhooks", icondata::LuWebhook, "Webhooks", "Programs that are called when something happens.")
            },
            managed("/settings/self-test", icondata::LuActivity, "Self-test", "Whether everything is in order."),
            managed("/setup", icondata::LuRocket, "First steps", "What a new business needs."),
        ]),
        ("Data", vec![
            managed("/settings/retention", icondata::LuHourglass, "Retention", "How long texts and other things are kept."),
            entry("/imports", icondata::LuUpload, "Files", "Contacts and visits brought in."),
            Entry {
                needs: Some(Permission::ReadAudit),
                ..entry("/settings/audit", icondata::LuHistory, "Audit trail", "Who changed what, and when.")
            },
        ]),
    ]
}

/// What this person is offered.
fn offered(session: Session) -> Vec<(&'static str, Vec<Entry>)> {
    let mine = |(title, entries): (&'static str, Vec<Entry>)| {
        let entries: Vec<Entry> = entries
            .into_iter()
            .filter(|entry| entry.needs.is_none_or(|what| session.may(what)))
            .collect();
        (!entries.is_empty()).then_some((title, entries))
    };
    groups().into_iter().filter_map(mine).collect()
}

#[component]
pub fn Frame() -> impl IntoView {
    let session = use_session();
    let path = use_location().pathname;
    // The list itself fills the page.
    let is_list = Memo::new(move |_| path.read().trim_end_matches('/') == "/settings");
    let groups = offered(session)
        .into_iter()
        .map(|(title, entries)| {
            let links = entries
                .into_iter()
                .map(|entry| {
                    let href = entry.href;
                    view! {
                        <li>
                            <a
                                class="settings-link"
                                href=href
                                aria-current=move || (path.read().trim_end_matches('/') == href).then_some("page")
                            >
                                <Icon icon=entry.icon />
                                {entry.label}
                            </a>
                        </li>
                    }
                })
                .collect_view();
            view! {
                <li>
                    <p class="px-2 pt-3 pb-1 text-xs font-semibold text-muted uppercase">{title}</p>
                    <ul>{links}</ul>
                </li>
            }
        })
        .collect_view();
    view! {
        <div class="flex min-h-full">
            <nav aria-label="Settings" class=move || if is_list.get() { "hidden" } else { "hidden w-56 shrink-0 border-e border-base-300 p-2 md:block" }>
                <ul>{groups}</ul>
            </nav>
            <div class="min-w-0 flex-1">
                <p class=move || if is_list.get() { "hidden" } else { "px-4 pt-3 md:hidden" }>
                    <a class="link inline-flex min-h-11 items-center gap-1" href="/settings">
                        <Icon icon=icondata::LuChevronLeft />
                        "All settings"
                    </a>
                </p>
                <Outlet />
            </div>
        </div>
    }
}

/// The list as a page.
#[component]
pub fn ListPage() -> impl IntoView {
    let session = use_session();
    let groups = offered(session)
        .into_iter()
        .map(|(title, entries)| {
            let id = format!("settings-{}", title.to_lowercase().replace(' ', "-"));
            let links = entries
                .into_iter()
                .map(|entry| {
                    view! {
                        <li>
                            <a class="flex min-h-14 items-center gap-3 px-4 py-2 hover:bg-base-200" href=entry.href>
                                <Icon icon=entry.icon />
                                <span class="min-w-0 flex-1">
                                    <span class="block font-medium">{entry.label}</span>
                                    <span class="block text-sm text-muted">{entry.about}</span>
                                </span>
                                <Icon icon=icondata::LuChevronRight />
                            </a>
                        </li>
                    }
                })
                .collect_view();
            view! {
                <section aria-labelledby=id.clone()>
                    <h2 id=id.clone() class="pb-2">{title}</h2>
                    <ul class="panel divide-y divide-base-300 overflow-hidden">{links}</ul>
                </section>
            }
        })
        .collect_view();
    view! {
        <Title text="Settings" />
        <div class="mx-auto flex max-w-2xl flex-col gap-6 p-4">
            <h1>"Settings"</h1>
            {groups}
        </div>
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_page_is_listed_once_and_every_page_of_the_settings_is_listed() {
        let listed: Vec<&str> = groups().iter().flat_map(|(_, all)| all.iter().map(|one| one.href)).collect();
        assert_eq!(listed.iter().collect::<BTreeSet<_>>().len(), listed.len(), "{listed:?}");
        let routes = include_str!("lib.rs").split("path!(\"settings/").skip(1);
        // Pages of one thing are reached from the list of such things.
        let routes = routes
            .filter_map(|rest| rest.split('"').next())
            .filter(|path| !path.contains(':'));
        for path in routes {
            let path = format!("/settings/{path}");
            // What stands below a page is reached from it.
            let reached = listed.iter().any(|page| path.starts_with(&format!("{page}/")));
            assert!(
                reached || listed.contains(&path.as_str()),
                "{path} is not in the list of the settings"
            );
        }
    }
}
