//! One contact: who it is, what they agreed to and how we know, their appointments.

use contract::{
    Code,
    appointments::AppointmentView,
    contacts::{ConsentEventView, ConsentView, ContactPage, ContactView},
    live::LiveEvent,
};
use domain::consent::State;
use leptos::{prelude::*, server_fn::ServerFn, task::spawn_local};
use leptos_router::hooks::{use_params_map, use_query_map};
use uuid::Uuid;

use super::{
    HoldNotice, LanguageHint, RecordConsent, SetContactBlocked, Tags, Timeline, UpdateContact, get_contact, merge::MergedNotice,
    new::ContactFields, set_contact_blocked,
};
use crate::{
    components::{Awaited, ConsentBadge, Empty, Icon, PersonTitle, PressButton, StatusBadge, Timestamp},
    conversations::TextContact,
    error::AppError,
    forms::{Area, Choice, FormNote, FormState, Submit},
    paths,
    session::use_session,
    waitlist::OfContact,
};

#[component]
pub fn DetailPage() -> impl IntoView {
    let params = use_params_map();
    let id = Memo::new(move |_| params.read().get("id").unwrap_or_default());
    let query = use_query_map();
    let before = Memo::new(move |_| query.read().get("before"));
    let page = Resource::new_blocking(move || (id.get(), before.get()), |(id, before)| read(id, before));
    view! {
        <div class="mx-auto flex max-w-3xl flex-col gap-4 p-4">
            <a class="link link-hover flex w-fit items-center gap-1 text-sm text-muted" href="/contacts">
                <Icon icon=icondata::LuArrowLeft />
                "All contacts"
            </a>
            <Awaited from=page view=move |page| view! { <Detail page earlier=before.get_untracked().is_some() /> } />
        </div>
    }
}

async fn read(id: String, before: Option<String>) -> Result<ContactPage, AppError> {
    let id = id
        .parse()
        .map_err(|_| AppError::new(Code::NotFound, "There is no such contact."))?;
    get_contact(id, before).await
}

/// The parts that change by themselves; the form being typed in does not. `earlier`: what is shown of what happened is not the latest.
#[component]
fn Detail(page: ContactPage, earlier: bool) -> impl IntoView {
    let session = use_session();
    let id = page.contact.id;
    let initial = page.contact.clone();
    let contact = RwSignal::new(page.contact);
    let ledger = RwSignal::new(page.ledger);
    let appointments = RwSignal::new(page.appointments);
    let hold = RwSignal::new(page.hold);
    let timeline = RwSignal::new(page.timeline);
    let merged = RwSignal::new(page.merged);
    let concerns = move |event: &LiveEvent| match event {
        LiveEvent::Contact(contact) => contact.id == id,
        LiveEvent::Appointment(appointment) => appointment.contact_id == id,
        _ => false,
    };
    session.live.refetch_on(concerns, move || {
        spawn_local(async move {
            if let Ok(page) = get_contact(id, None).await {
                contact.try_set(page.contact);
                ledger.try_set(page.ledger);
                appointments.try_set(page.appointments);
                hold.try_set(page.hold);
                merged.try_set(page.merged);
                if !earlier {
                    timeline.try_set(page.timeline);
                }
            }
        });
    });
    view! {
        <PersonTitle contact />
        <Head contact />
        {move || merged.get().map(|merged| view! { <MergedNotice id merged /> })}
        {move || hold.get().map(|hold| view! { <HoldNotice contact_id=id hold back=format!("/contacts/{id}") /> })}
        <LanguageHint contact back=format!("/contacts/{id}") />
        <div class="grid items-start gap-4 md:grid-cols-2">
            <EditForm contact=initial />
            <div class="flex flex-col gap-4">
                <Consent contact />
                <Appointments id appointments />
                <OfContact id />
            </div>
        </div>
        <Timeline id timeline earlier />
        <Ledger id ledger />
    }
}

#[component]
fn Head(contact: RwSignal<ContactView>) -> impl IntoView {
    let id = contact.with_untracked(|contact| contact.id);
    view! {
        <div class="flex flex-wrap items-center gap-x-4 gap-y-2">
            <div class="w-full min-w-0 md:w-auto md:min-w-64 md:flex-1">
                <h1><bdi>{move || contact.with(|c| c.title().to_owned())}</bdi></h1>
                <p class="tabular text-muted">{move || contact.read().phone_display.clone()}</p>
                {move || contact.with(wish).map(|words| view! { <p class="text-sm text-muted">{words}</p> })}
                {move || view! { <Tags tags=contact.read().tags.clone() /> }}
            </div>
            <TextThem contact_id=id />
            <a class="btn btn-sm min-h-11 md:min-h-8" href=format!("/contacts/{id}/merge")>
                <Icon icon=icondata::LuMerge />
                "Merge with…"
            </a>
            {move || view! { <BlockButton id blocked=contact.read().blocked back=format!("/contacts/{id}") /> }}
        </div>
    }
}

/// How they would like to be reached, if anybody has said.
fn wish(contact: &ContactView) -> Option<&'static str> {
    match contact.channels.as_ref()?.primary.as_str() {
        "email" => Some("Best reached by e-mail"),
        "sms" => Some("Best reached by text message"),
        _ => None,
    }
}

/// Leads to the conversation with this contact.
#[component]
pub fn TextThem(contact_id: Uuid) -> impl IntoView {
    view! {
        <form method="post" action=TextContact::url()>
            <input type="hidden" name="contact_id" value=contact_id.to_string() />
            <button type="submit" class="btn btn-sm min-h-11 md:min-h-8">
                <Icon icon=icondata::LuMessageSquare />
                "Text them"
            </button>
        </form>
    }
}

/// `back` is the page a browser without JavaScript returns to.
#[component]
pub fn BlockButton(id: Uuid, blocked: bool, back: String) -> impl IntoView {
    let fields = vec![("id", id.to_string()), ("blocked", (!blocked).to_string()), ("back", back)];
    let run = move || async move { Ok(LiveEvent::Contact(set_contact_blocked(id, !blocked, String::new()).await?)) };
    let words = if blocked { "Unblock" } else { "Block" };
    view! {
        <PressButton url=SetContactBlocked::url() fields run>
            <Icon icon=icondata::LuBan />
            {words}
        </PressButton>
    }
}

#[component]
fn EditForm(contact: ContactView) -> impl IntoView {
    let session = use_session();
    let action = ServerAction::<UpdateContact>::new();
    let form = FormState::new("contact", action, session.flash());
    Effect::new(move |_| {
        if let Some(Ok(contact)) = action.value().get() {
            session.live.answered(&LiveEvent::Contact(contact));
        }
    });
    view! {
        <section class="panel p-5" aria-labelledby="edit-heading">
            <h2 id="edit-heading" class="pb-3">
                "Details"
            </h2>
            <ActionForm action attr:class="flex flex-col gap-4">
                <FormNote form saved="Saved." />
                <input type="hidden" name="id" value=contact.id.to_string() />
                <input type="hidden" name="asked" value="yes" />
                <ContactFields
                    form
                    name=contact.name
                    phone=contact.phone_display
                    email=contact.email.unwrap_or_default()
                    time_zone=contact.time_zone.unwrap_or_default()
                    language=contact.language.unwrap_or_default()
                    tags=contact.tags.join(", ")
                    notes=contact.notes
                />
                <div>
                    <Submit form label="Save changes" />
                </div>
            </ActionForm>
        </section>
    }
}

#[component]
fn Consent(contact: RwSignal<ContactView>) -> impl IntoView {
    let session = use_session();
    let id = contact.with_untracked(|contact| contact.id);
    let action = ServerAction::<RecordConsent>::new();
    let form = FormState::new("consent", action, session.flash());
    Effect::new(move |_| {
        if let Some(Ok(contact)) = action.value().get() {
            session.live.answered(&LiveEvent::Contact(contact));
        }
    });
    let states = vec![
        ("opted_in".to_owned(), "They agree".to_owned()),
        ("opted_out".to_owned(), "They refuse".to_owned()),
    ];
    let about = [
        (super::TEXTS, "Texts about visits"),
        ("email:transactional", "E-mails about visits"),
        ("sms:promotional", "Offers by text"),
        ("email:promotional", "Offers by e-mail"),
    ];
    let about = about.map(|(value, words)| (value.to_owned(), words.to_owned())).to_vec();
    let dead = move || contact.with(|contact| contact.email_dead_since.is_some());
    view! {
        <section class="panel flex flex-col gap-3 p-5" aria-labelledby="consent-heading">
            <h2 id="consent-heading">"Consent"</h2>
            <table class="text-sm">
                <thead>
                    <tr class="text-muted">
                        <td></td>
                        <th scope="col" class="pb-1 text-start font-normal">"Visits"</th>
                        <th scope="col" class="pb-1 text-start font-normal">"Offers"</th>
                    </tr>
                </thead>
                <tbody>
                    <ConsentRow contact way="Texts" of=|said| said.sms />
                    <ConsentRow contact way="WhatsApp" of=|said| said.whatsapp />
                    <ConsentRow contact way="E-mail" of=|said| said.email />
                </tbody>
            </table>
            <p class="text-sm" class:hidden=move || !dead()>
                "Mail to their address comes back: nobody has it. Please ask for the right one."
            </p>
            <ActionForm action attr:class="flex flex-col gap-3">
                <FormNote form saved="Recorded." />
                <input type="hidden" name="contact_id" value=id.to_string() />
                <Choice form name="about" label="What it is about" options=about />
                <Choice form name="state" label="What they want" options=states />
                <Area
                    form
                    name="evidence"
                    label="How do you know?"
                    hint="Their words, or what they signed, and when. It is kept and cannot be changed."
                    required=true
                />
                <div>
                    <Submit form label="Record consent" />
                </div>
            </ActionForm>
        </section>
    }
}

/// What they said of one way.
#[component]
fn ConsentRow(contact: RwSignal<ContactView>, way: &'static str, of: fn(&ConsentView) -> State) -> impl IntoView {
    view! {
        <tr>
            <th scope="row" class="py-1 text-start font-normal">{way}</th>
            <td>{move || view! { <ConsentBadge state=contact.with(|c| of(&c.consent)) way_beside=true /> }}</td>
            <td>{move || view! { <ConsentBadge state=contact.with(|c| of(&c.offers)) way_beside=true /> }}</td>
        </tr>
    }
}

#[component]
fn Appointments(id: Uuid, appointments: RwSignal<Vec<AppointmentView>>) -> impl IntoView {
    let new_appointment = paths::with_query("/appointments/new", &[("contact", Some(&id.to_string()))]);
    let rows = move || {
        appointments
            .get()
            .into_iter()
            .map(|appointment| {
                view! {
                    <li>
                        <a class="row px-5" href=format!("/appointments/{}", appointment.id)>
                            <span class="min-w-0 flex-1">
                                <Timestamp at=appointment.starts_at place=appointment.time_zone />
                            </span>
                            <StatusBadge status=appointment.status />
                        </a>
                    </li>
                }
            })
            .collect_view()
    };
    view! {
        <section class="panel" aria-labelledby="visits-heading">
            <div class="flex flex-wrap items-center justify-between gap-2 px-5 pt-4 pb-3">
                <h2 id="visits-heading">"Appointments"</h2>
                <a class="btn btn-sm min-h-11 md:min-h-8" href=new_appointment>
                    <Icon icon=icondata::LuCalendarPlus />
                    "New appointment"
                </a>
            </div>
            <div class:hidden=move || !appointments.read().is_empty()>
                <Empty title="No appointments yet" next_step="A new one plans its reminders by itself." />
            </div>
            <ul>{rows}</ul>
        </section>
    }
}

#[component]
fn Ledger(id: Uuid, ledger: RwSignal<Vec<ConsentEventView>>) -> impl IntoView {
    let rows = move || {
        ledger
            .get()
            .into_iter()
            .map(|event| view! { <LedgerRow event /> })
            .collect_view()
    };
    view! {
        <section class="panel" aria-labelledby="ledger-heading">
            <div class="flex flex-wrap items-center justify-between gap-2 px-5 pt-4 pb-2">
                <h2 id="ledger-heading">"Consent history"</h2>
                <a class="btn btn-sm min-h-11 md:min-h-8" href=format!("/contacts/{id}/consent.csv") rel="external" download="">
                    <Icon icon=icondata::LuDownload />
                    "Download consent history (CSV)"
                </a>
            </div>
            <div class:hidden=move || !ledger.read().is_empty()>
                <Empty title="Nothing recorded yet" next_step="Every yes and no is kept here with its evidence." />
            </div>
            <div class="overflow-x-auto px-2 pb-2" tabindex="0" role="group" aria-label="Consent history" class:hidden=move || ledger.read().is_empty()>
                <table class="table table-sm">
                    <thead>
                        <tr>
                            <th scope="col" class="text-muted">"When"</th>
                            <th scope="col" class="text-muted">"State"</th>
                            <th scope="col" class="text-muted">"For"</th>
                            <th scope="col" class="text-muted">"From"</th>
                            <th scope="col" class="text-muted">"Evidence"</th>
                        </tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </section>
    }
}

#[component]
fn LedgerRow(event: ConsentEventView) -> impl IntoView {
    let state = match event.state {
        State::OptedIn => "Agreed",
        State::OptedOut => "Opted out",
        State::Unknown => "Not asked",
    };
    let purpose = if event.purpose == "transactional" {
        "Appointments"
    } else {
        "Offers"
    };
    let way = match event.channel.as_str() {
        "email" => "by e-mail",
        "sms" => "by text",
        _ => "",
    };
    let source = event.source.replace('_', " ");
    view! {
        <tr>
            <td class="whitespace-nowrap">
                <Timestamp at=event.at />
            </td>
            <td>{state}</td>
            <td>{purpose} <span class="block text-muted empty:hidden">{way}</span></td>
            <td>{source} <span class="block text-muted empty:hidden">{event.actor}</span></td>
            <td class="min-w-48">{event.evidence}</td>
        </tr>
    }
}
