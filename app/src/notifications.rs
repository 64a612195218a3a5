//! What the person was told, and how they want to be told.

mod away;
mod devices;

use std::collections::{BTreeMap, BTreeSet};

use contract::{
    live::LiveEvent,
    notifications::{Choice, Choices, Kind, Mail, NotificationView, NotificationsView},
};
use leptos::{prelude::*, task::spawn_local};
use leptos_meta::Title;
use leptos_router::hooks::use_query_map;
use uuid::Uuid;

use crate::{
    components::{Awaited, Empty, Icon, Pager, TimeFormat, Timestamp},
    error::AppError,
    forms::{Field, FormNote, FormState, Submit},
    session::use_session,
};
use away::Availability;
use devices::Devices;

#[cfg(feature = "ssr")]
use crate::ssr;

const PAGE: &str = "/notifications";

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn list_notifications(cursor: Option<String>) -> Result<NotificationsView, AppError> {
    Ok(services::notifications::page(&ssr::services()?, &ssr::actor().await?, cursor.as_deref()).await?)
}

/// One, or all of them.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn read_notifications(#[server(default)] id: Option<Uuid>) -> Result<(), AppError> {
    let work = async move { Ok(services::notifications::mark_read(&ssr::services()?, &ssr::actor().await?, id).await?) };
    ssr::button_action(PAGE, work).await
}

/// `ways`: for each kind `{kind}_app`, `{kind}_push` and `{kind}_here`, there if ticked, and `{kind}_mail`; `missed`, `alerts`; `place_{id}` for each
/// location that is ticked.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn choose_notifications(
    digest_minutes: String,
    #[server(default)] ways: BTreeMap<String, String>,
) -> Result<(), AppError> {
    let mut form = ssr::Form::new("notify", PAGE).typed("digest_minutes", &digest_minutes);
    for (name, value) in &ways {
        form = form.typed(name, value);
    }
    let work = async move {
        let choices = chosen(&digest_minutes, &ways)?;
        Ok(services::notifications::choose(&ssr::services()?, &ssr::actor().await?, choices).await?)
    };
    ssr::post_form(form, work, |()| None).await
}

#[cfg(feature = "ssr")]
fn chosen(digest_minutes: &str, ways: &BTreeMap<String, String>) -> Result<Choices, AppError> {
    use contract::Problem;
    let wrong = |field: &str, words: &str| AppError(Problem::field(field, words));
    let mut of = BTreeMap::new();
    for kind in Kind::ALL {
        let said = |way: &str| ways.get(&format!("{}_{way}", kind.as_str())).map(String::as_str);
        let mail = match said("mail") {
            None | Some("off") => Mail::Off,
            Some("at_once") => Mail::AtOnce,
            Some("digest") => Mail::Digest,
            Some(_) => return Err(wrong("mail", "E-mail comes never, at once, or when unread.")),
        };
        let choice = Choice {
            app: said("app").is_some(),
            push: said("push").is_some(),
            mail,
        };
        of.insert(kind, choice);
    }
    let narrowed = Kind::ALL
        .into_iter()
        .filter(|kind| ways.contains_key(&format!("{}_here", kind.as_str())));
    let places = ways.keys().filter_map(|name| name.strip_prefix("place_"));
    let places = places.map(|id| id.parse().map_err(|_| wrong("places", "This is not a location.")));
    let places = places.collect::<Result<_, _>>()?;
    let digest_minutes = digest_minutes.trim().parse();
    let digest_minutes = digest_minutes.map_err(|_| wrong("digest_minutes", "Please give a number of minutes."))?;
    Ok(Choices {
        of,
        digest_minutes,
        mail_if_missed: ways.contains_key("missed"),
        alert_mails: ways.contains_key("alerts"),
        narrowed: narrowed.collect(),
        places,
    })
}

#[component]
pub fn NotificationsPage() -> impl IntoView {
    let session = use_session();
    let query = use_query_map();
    let cursor = Memo::new(move |_| query.read().get("cursor"));
    let found = Resource::new_blocking(move || cursor.get(), list_notifications);
    let shown = move |view: NotificationsView| {
        session.notifications.set(view.unread);
        let choices = view.choices.clone();
        let mail_works = view.mail_works;
        view! {
            <Told view=view.clone() cursor=cursor.get_untracked() />
            <Availability />
            <Devices devices=view.devices push_key=view.push_key />
            <Ways choices mail_works places=view.places />
        }
    };
    view! {
        <Title text="Notifications" />
        <div class="mx-auto flex max-w-3xl flex-col gap-6 p-4">
            <h1>"Notifications"</h1>
            <Awaited from=found view=shown />
        </div>
    }
}

/// The list. It is kept current; what is chosen below is not drawn anew under somebody's hands.
#[component]
fn Told(view: NotificationsView, cursor: Option<String>) -> impl IntoView {
    let session = use_session();
    let shown = RwSignal::new(view);
    let at = StoredValue::new(cursor.clone());
    let again = move || {
        spawn_local(async move {
            let Some(cursor) = at.try_get_value() else { return };
            if let Ok(new) = list_notifications(cursor).await {
                session.notifications.try_set(new.unread);
                shown.try_set(new);
            }
        });
    };
    session.live.refetch_on(
        |event| matches!(event, LiveEvent::Notices(_) | LiveEvent::Conversation(_)),
        again,
    );
    let all_read = ServerAction::<ReadNotifications>::new();
    Effect::new(move |_| {
        if let Some(Ok(())) = all_read.value().get() {
            again();
        }
    });
    let list = move || {
        let page = shown.get().page;
        if page.data.is_empty() {
            return view! {
                <Empty
                    title="Nothing yet"
                    next_step="When a customer writes, a note names you or something goes wrong, it stands here."
                />
            }
            .into_any();
        }
        let rows = page.data.into_iter().map(|one| view! { <Row one /> }).collect_view();
        view! {
            <ul class="panel">{rows}</ul>
            <Pager path=PAGE.to_owned() filter=Vec::new() cursor=at.get_value() next=page.next_cursor />
        }
        .into_any()
    };
    view! {
        <section class="flex flex-col gap-2" aria-labelledby="told-heading">
            <div class="flex items-center justify-between gap-3">
                <h2 id="told-heading">"What you were told"</h2>
                <ActionForm action=all_read attr:class="contents">
                    <button type="submit" class="btn btn-sm min-h-11 md:min-h-8" class:hidden=move || shown.read().unread == 0>
                        <Icon icon=icondata::LuCheckCheck />
                        "Mark all as read"
                    </button>
                </ActionForm>
            </div>
            {list}
        </section>
    }
}

#[component]
fn Row(one: NotificationView) -> impl IntoView {
    let new = (!one.read).then(|| view! { <span class="badge badge-primary badge-sm">"New"</span> });
    let title = if one.read { "" } else { "font-semibold" };
    view! {
        <li class="row items-start py-3" data-notification=one.kind.as_str() data-read=one.read.to_string()>
            <a class="min-w-0 flex-1" href=one.href>
                <p class="flex flex-wrap items-center gap-2">
                    <span class=title>{one.title}</span>
                    {new}
                </p>
                <p class="text-sm text-muted empty:hidden" dir="auto">
                    {one.text}
                </p>
                <p class="text-sm text-muted">
                    <Timestamp at=one.created_at say=TimeFormat::Inline />
                </p>
            </a>
        </li>
    }
}

/// Which things, in which ways.
#[component]
fn Ways(choices: Choices, mail_works: bool, places: Vec<(Uuid, String)>) -> impl IntoView {
    let session = use_session();
    let action = ServerAction::<ChooseNotifications>::new();
    let form = FormState::new("notify", action, session.flash());
    // With one location there is nothing to choose.
    let several = places.len() > 1;
    let rows = Kind::ALL
        .into_iter()
        .map(|kind| view! { <Way kind choice=choices.of(kind) form mail_works several narrowed=choices.narrowed.contains(&kind) /> })
        .collect_view();
    let no_mail = (!mail_works)
        .then(|| view! { <p class="field-hint">"E-mail is not set up on this installation: no mail is sent yet."</p> });
    view! {
        <section class="panel flex flex-col gap-4 p-5" aria-labelledby="ways-heading">
            <h2 id="ways-heading">"What to tell you"</h2>
            <p class="text-sm text-muted">"What you have before your eyes when it happens is told nowhere else."</p>
            <ActionForm action attr:class="flex flex-col gap-4">
                <FormNote form saved="Saved." />
                <div class="overflow-x-auto">
                    <table class="w-full text-start">
                        <thead class="text-sm text-muted">
                            <tr>
                                <th scope="col" class="py-1 pe-3 text-start font-medium">"When"</th>
                                <th scope="col" class="px-3 font-medium">"Here"</th>
                                <th scope="col" class="px-3 font-medium">"Devices"</th>
                                <th scope="col" class="ps-3 text-start font-medium">"E-mail"</th>
                                {several.then(|| view! { <th scope="col" class="ps-3 font-medium">"My locations only"</th> })}
                            </tr>
                        </thead>
                        <tbody>{rows}</tbody>
                    </table>
                </div>
                {no_mail}
                <Field
                    form
                    name="digest_minutes"
                    label="Unread for how many minutes?"
                    value=choices.digest_minutes.to_string()
                    kind="number"
                    required=true
                    hint="Then one e-mail tells of everything you have not seen. From 1 to 1,440."
                />
                <Missed form on=choices.mail_if_missed />
                <AlertMails form on=choices.alert_mails />
                {several.then(|| view! { <Places form places chosen=choices.places /> })}
                <div>
                    <Submit form label="Save notifications" />
                </div>
            </ActionForm>
        </section>
    }
}

/// Whether a mail follows where no device has shown it.
#[component]
fn Missed(form: FormState, on: bool) -> impl IntoView {
    let on = if form.is_shown_again() {
        !form.value("missed", "").is_empty()
    } else {
        on
    };
    view! {
        <label class="flex min-h-11 items-center gap-2.5">
            <input type="checkbox" class="checkbox" name="ways[missed]" value="yes" checked=on />
            "Send me an e-mail when none of my devices has shown a notification after 10 minutes"
        </label>
    }
}

/// Whether mail comes when something has left its usual course: to owners and admins alone.
#[component]
fn AlertMails(form: FormState, on: bool) -> impl IntoView {
    let on = if form.is_shown_again() {
        !form.value("alerts", "").is_empty()
    } else {
        on
    };
    if !use_session().may_manage() {
        // What they may become later is not decided by a form that does not show it.
        return on
            .then(|| view! { <input type="hidden" name="ways[alerts]" value="yes" /> })
            .into_any();
    }
    view! {
        <label class="flex min-h-11 items-center gap-2.5">
            <input type="checkbox" class="checkbox" name="ways[alerts]" value="yes" checked=on />
            "Send me an e-mail when more texts fail or more people opt out than usual, and when that is over"
        </label>
    }
    .into_any()
}

/// The locations that the person looks after.
#[component]
fn Places(form: FormState, places: Vec<(Uuid, String)>, chosen: BTreeSet<Uuid>) -> impl IntoView {
    let boxes = places
        .into_iter()
        .map(|(id, name)| {
            let field = format!("place_{id}");
            let on = if form.is_shown_again() {
                !form.value(&field, "").is_empty()
            } else {
                chosen.contains(&id)
            };
            view! {
                <label class="flex min-h-11 items-center gap-2.5">
                    <input type="checkbox" class="checkbox" name=format!("ways[{field}]") value="yes" checked=on />
                    {name}
                </label>
            }
        })
        .collect_view();
    view! {
        <fieldset>
            <legend class="field-label">"My locations"</legend>
            {boxes}
            <p class="field-hint">
                "Counts for what is ticked under “My locations only”. A customer is at the location of their next visit, or else their last one; who has none counts for everybody. None ticked means all."
            </p>
        </fieldset>
    }
}

#[component]
fn Way(kind: Kind, choice: Choice, form: FormState, mail_works: bool, several: bool, narrowed: bool) -> impl IntoView {
    let name = kind.as_str();
    let again = form.is_shown_again();
    let ticked = move |way: &str, now: bool| {
        if again {
            !form.value(&format!("{name}_{way}"), "").is_empty()
        } else {
            now
        }
    };
    let (app, push) = (ticked("app", choice.app), ticked("push", choice.push));
    let here = ticked("here", narrowed);
    let mail = form.value(&format!("{name}_mail"), choice.mail.as_str());
    let options = [(Mail::Off, "Never"), (Mail::AtOnce, "At once"), (Mail::Digest, "When unread")];
    let options = options
        .into_iter()
        .map(|(value, words)| {
            let selected = value.as_str() == mail;
            view! {
                <option value=value.as_str() selected=selected>
                    {words}
                </option>
            }
        })
        .collect_view();
    let words = kind.words();
    view! {
        <tr class="border-t border-base-300">
            <th scope="row" class="py-2 pe-3 text-start font-normal">
                {words}
            </th>
            <td class="px-3 text-center">
                <input type="checkbox" class="checkbox" name=format!("ways[{name}_app]") value="yes" checked=app aria-label=format!("{words}: here") />
            </td>
            <td class="px-3 text-center">
                <input
                    type="checkbox"
                    class="checkbox"
                    name=format!("ways[{name}_push]")
                    value="yes"
                    checked=push
                    aria-label=format!("{words}: on my devices")
                />
            </td>
            <td class="ps-3">
                <select
                    class="select select-sm min-h-11 w-full min-w-32 md:min-h-8"
                    name=format!("ways[{name}_mail]")
                    aria-label=format!("{words}: by e-mail")
                    aria-describedby=(!mail_works).then_some("ways-heading")
                >
                    {options}
                </select>
            </td>
            {several.then(|| {
                let tick = kind.has_place().then(|| {
                    let label = format!("{words}: for my locations only");
                    view! { <input type="checkbox" class="checkbox" name=format!("ways[{name}_here]") value="yes" checked=here aria-label=label /> }
                });
                view! { <td class="ps-3 text-center">{tick}</td> }
            })}
        </tr>
    }
}
