//! One free time: who was asked, and what staff can do with it by hand.

use contract::{Code, live::LiveEvent, waitlist::SlotView};
use domain::permissions::Permission;
use leptos::{prelude::*, task::spawn_local};
use leptos_meta::Title;
use leptos_router::{
    components::Form,
    hooks::{use_params_map, use_query_map},
};

use super::{
    AskForSlot, BOARD, BookSlot,
    board::{Offers, StopButton, is_offer, seconds},
    get_slot, list_entries, words,
};
use crate::{
    components::{Awaited, Icon, TimeFormat, Timestamp},
    contacts::list_contacts,
    error::AppError,
    forms::{Choice, Collision, FormNote, FormState, Submit},
    session::use_session,
};

pub(super) const ASK: &str = "slot-ask";
pub(super) const BOOK: &str = "slot-book";

/// A slot, who waits, and who was searched for: each person's id and what they are called.
#[derive(Clone, PartialEq, serde::Serialize, serde::Deserialize)]
struct Found {
    slot: SlotView,
    waiting: Vec<(String, String)>,
    people: Vec<(String, String)>,
}

async fn read(id: String, q: Option<String>) -> Result<Found, AppError> {
    let id = id
        .parse()
        .map_err(|_| AppError::new(Code::NotFound, "There is no such time."))?;
    let (slot, waiting, people) = futures::join!(get_slot(id), list_entries(None, None, None), list_contacts(q, None, None));
    let waiting = waiting?.data.into_iter();
    let people = people?.page.data.into_iter();
    Ok(Found {
        slot: slot?,
        waiting: waiting
            .map(|entry| {
                (
                    entry.contact_id.to_string(),
                    format!("{} · {}", entry.contact_name, entry.standing),
                )
            })
            .collect(),
        people: people
            .map(|one| (one.id.to_string(), format!("{} · {}", one.title(), one.phone_display)))
            .collect(),
    })
}

#[component]
pub fn SlotPage() -> impl IntoView {
    let (params, query) = (use_params_map(), use_query_map());
    let asked = Memo::new(move |_| (params.read().get("id").unwrap_or_default(), query.read().get("q")));
    let found = Resource::new_blocking(move || asked.get(), |(id, q)| read(id, q));
    let view = move |found: Found| view! { <Detail found q=asked.get_untracked().1.unwrap_or_default() /> };
    view! {
        <Title text="Free time" />
        <div class="mx-auto flex max-w-3xl flex-col gap-4 p-4">
            <a class="link link-hover flex w-fit items-center gap-1 text-sm text-muted" href=BOARD>
                <Icon icon=icondata::LuArrowLeft />
                "All times"
            </a>
            <Awaited from=found view />
        </div>
    }
}

#[component]
fn Detail(found: Found, q: String) -> impl IntoView {
    let session = use_session();
    let id = found.slot.id;
    let slot = RwSignal::new(found.slot);
    session.live.refetch_on(is_offer, move || {
        spawn_local(async move {
            if let Ok(new) = get_slot(id).await {
                slot.try_set(new);
            }
        });
    });
    let now = seconds();
    let head = move || {
        let slot = slot.get();
        let visit = slot.appointment_id.map(|visit| {
            view! {
                <a class="link w-fit" href=format!("/appointments/{visit}")>
                    "Open the visit"
                </a>
            }
        });
        let waits = slot
            .wait_reason
            .clone()
            .map(|why| view! { <p class="text-sm text-warning">{why}</p> });
        view! {
            <h1>
                <Timestamp at=slot.starts_at say=TimeFormat::Inline place=slot.time_zone.clone() />
            </h1>
            <p>{words::about(&slot)}</p>
            <p class="text-sm text-muted">{words::source(&slot)} " · " {slot.mode.label()} " · " {state(&slot)}</p>
            {waits}
            {visit}
        }
    };
    let offers = move || {
        let offers = slot.get().offers;
        let nobody = offers.is_empty();
        view! {
            <p class="text-sm text-muted" class:hidden=!nobody>
                "Nobody was asked yet."
            </p>
            <Offers offers now back=format!("/waitlist/slots/{id}") />
        }
    };
    let may = session.may(Permission::WriteWaitlist);
    let is_free = Memo::new(move |_| slot.read().status.is_free());
    let (waiting, people) = (StoredValue::new(found.waiting), StoredValue::new(found.people));
    let q = StoredValue::new(q);
    // Of times that one person chooses from nobody else is asked.
    let of_waitlist = slot.with_untracked(|slot| slot.purpose == "waitlist");
    let acts = move || {
        (may && is_free.get()).then(|| {
            view! {
                <div class="grid items-start gap-4 md:grid-cols-2">
                    <Book id=id.to_string() people=people.get_value() q=q.get_value() time=slot />
                    <div class="flex flex-col gap-4">
                        {of_waitlist.then(|| view! { <Ask id=id.to_string() waiting=waiting.get_value() time=slot /> })}
                        <div>
                            <StopButton id back=format!("/waitlist/slots/{id}") />
                        </div>
                    </div>
                </div>
            }
        })
    };
    view! {
        <div class="flex flex-col gap-2">{head}</div>
        <section class="panel flex flex-col gap-3 p-5" aria-labelledby="offers-heading">
            <h2 id="offers-heading">"Who was asked"</h2>
            {offers}
        </section>
        {acts}
    }
}

fn state(slot: &SlotView) -> String {
    use contract::waitlist::SlotStatus as S;
    match slot.status {
        S::Open => "Open".to_owned(),
        S::Offering => "Being offered".to_owned(),
        S::Taken => slot
            .taken_by
            .as_ref()
            .map_or("Taken".to_owned(), |by| format!("Taken, by {by}")),
        S::Expired => "Nobody took it".to_owned(),
        S::Closed => "Given up".to_owned(),
    }
}

/// Gives the time to somebody, whoever was asked.
#[component]
fn Book(id: String, people: Vec<(String, String)>, q: String, time: RwSignal<SlotView>) -> impl IntoView {
    let session = use_session();
    let here = format!("/waitlist/slots/{id}");
    let action = ServerAction::<BookSlot>::new();
    let form = FormState::new(BOOK, action, session.flash());
    Effect::new(move |_| {
        if let Some(Ok(new)) = action.value().get() {
            session.live.answered(&LiveEvent::Slot(new.clone()));
            time.try_set(new);
        }
    });
    let body = if people.is_empty() {
        view! {
            <p class="text-sm text-muted">"Nobody was found. Try another part of the name or number."</p>
        }
        .into_any()
    } else {
        let mut options = vec![(String::new(), "Choose a contact".to_owned())];
        options.extend(people);
        view! {
            <ActionForm action attr:class="flex flex-col gap-3">
                <FormNote form />
                <Collision form path="/appointments" words="Open their visit" />
                <input type="hidden" name="id" value=id />
                <Choice form name="contact_id" label="Contact" options required=true hint="Whoever it was promised to gets one kind text." />
                <div>
                    <Submit form label="Book it" />
                </div>
            </ActionForm>
        }
        .into_any()
    };
    view! {
        <section class="panel flex flex-col gap-3 p-5" aria-labelledby="book-heading">
            <h2 id="book-heading">"Book it by hand"</h2>
            <Form method="GET" action=here attr:role="search" attr:class="flex flex-wrap items-end gap-2">
                <div class="flex min-w-0 flex-1 flex-col gap-1">
                    <label for="person-search" class="field-label">
                        "Find contact"
                    </label>
                    <input id="person-search" type="search" name="q" class="input w-full" value=q placeholder="Name, phone or e-mail" />
                </div>
                <button type="submit" class="btn min-h-11">
                    <Icon icon=icondata::LuSearch />
                    "Find"
                </button>
            </Form>
            {body}
        </section>
    }
}

/// Asks one of those who wait, out of turn.
#[component]
fn Ask(id: String, waiting: Vec<(String, String)>, time: RwSignal<SlotView>) -> impl IntoView {
    let session = use_session();
    let action = ServerAction::<AskForSlot>::new();
    let form = FormState::new(ASK, action, session.flash());
    Effect::new(move |_| {
        if let Some(Ok(new)) = action.value().get() {
            session.live.answered(&LiveEvent::Slot(new.clone()));
            time.try_set(new);
        }
    });
    let body = if waiting.is_empty() {
        view! {
            <p class="text-sm text-muted">
                "Nobody waits. "
                <a class="link" href="/waitlist/new">
                    "Put somebody on the waitlist"
                </a>
            </p>
        }
        .into_any()
    } else {
        let mut options = vec![(String::new(), "Choose who waits".to_owned())];
        options.extend(waiting);
        view! {
            <ActionForm action attr:class="flex flex-col gap-3">
                <FormNote form saved="They are asked." />
                <input type="hidden" name="id" value=id />
                <Choice form name="contact_id" label="Person" options required=true />
                <div>
                    <Submit form label="Ask them now" quiet=true />
                </div>
            </ActionForm>
        }
        .into_any()
    };
    view! {
        <section class="panel flex flex-col gap-3 p-5" aria-labelledby="ask-heading">
            <h2 id="ask-heading">"Ask somebody out of turn"</h2>
            {body}
        </section>
    }
}
