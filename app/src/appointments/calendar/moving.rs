//! Moving a visit by a form, and what is said after it was moved: to when, who is told, and *Undo*.

use contract::{
    calendar::{Calendar, CalendarVisit, ChangedVisit},
    live::LiveEvent,
};
use domain::when;
use leptos::{ev::Event, prelude::*, server_fn::ServerFn, task::spawn_local};
use leptos_router::{NavigateOptions, hooks::use_navigate};
use uuid::Uuid;
use wasm_bindgen::JsCast;
use web_sys::HtmlInputElement;

use super::{
    MOVING, MoveVisit, NOBODY, Place, TellOfMove, UndoChange,
    lines::{local, reminders},
    tell_of_move, undo_change,
};
use crate::{
    appointments::telling,
    components::{Icon, PressButton},
    error::AppError,
    forms::{Choice, Collision, Field, FormNote, FormState, Submit},
    keys,
    session::use_session,
};

/// What was changed last on this page.
#[derive(Clone, Copy)]
pub struct LastChange {
    shown: RwSignal<Option<ChangedVisit>>,
    refetch: Callback<()>,
}

impl LastChange {
    pub fn new(changed: Option<ChangedVisit>, refetch: Callback<()>) -> Self {
        let Kept { shown, taken, .. } = use_context().unwrap_or_default();
        // What the address says counts once: afterwards it is old.
        if changed.is_some() && !taken.get_untracked() {
            taken.set(true);
            shown.set(changed);
        }
        Self { shown, refetch }
    }

    pub fn set(self, changed: ChangedVisit) {
        self.shown.try_set(Some(changed));
        self.refetch.run(());
    }

    fn forget(self) {
        self.shown.try_set(None);
        self.refetch.run(());
    }
}

/// It outlives a page that is drawn anew because of it.
#[derive(Clone, Copy, Default)]
pub struct Kept {
    shown: RwSignal<Option<ChangedVisit>>,
    taken: RwSignal<bool>,
    /// The time that is typed for a visit: what was asked for before its form was opened may come after it.
    typed: RwSignal<Option<(Uuid, String)>>,
}

/// The form of one visit: its time, how long it takes, who it is with, and whether its customer is told.
#[component]
pub fn MovePanel(found: CalendarVisit, calendar: Calendar, place: Place, last: LastChange) -> impl IntoView {
    let session = use_session();
    let action = ServerAction::<MoveVisit>::new();
    let form = FormState::new(MOVING, action, session.flash());
    let CalendarVisit {
        date,
        from,
        until,
        visit,
        guessed,
    } = found;
    let id = visit.id;
    let close = place.with(None);
    let navigate = use_navigate();
    let after = close.clone();
    let typed = use_context::<Kept>().unwrap_or_default().typed;
    let begins = typed.with_untracked(|typed| typed.clone().filter(|(of, _)| *of == id).map(|(_, time)| time));
    let begins = begins.unwrap_or_else(|| local(&date, from));
    let note = move |event: Event| {
        let input = event.target().and_then(|target| target.dyn_into::<HtmlInputElement>().ok());
        if let Some(input) = input.filter(|input| input.name() == "starts_at") {
            typed.set(Some((id, input.value())));
        }
    };
    Effect::new(move |_| {
        if let Some(Ok(changed)) = action.value().get() {
            typed.set(None);
            last.set(changed);
            navigate(&after, NavigateOptions::default());
        }
    });
    let minutes = if guessed { String::new() } else { (until - from).to_string() };
    let zone = calendar.time_zone.clone();
    let hint = format!("In {zone} time. {}", reminders(&visit));
    let mut labels: Vec<(String, String)> = calendar.staff.iter().map(|label| (label.clone(), label.clone())).collect();
    labels.push((NOBODY.to_owned(), "Unassigned".to_owned()));
    let staff = if visit.staff_label.is_empty() {
        NOBODY.to_owned()
    } else {
        visit.staff_label.clone()
    };
    let double = session.may_manage().then(|| {
        view! {
            <label class="flex min-h-11 items-center gap-2 md:min-h-8">
                <input type="checkbox" name="double_book" value="true" class="checkbox checkbox-sm" />
                "Double-book: the time may be taken"
            </label>
        }
    });
    let back = place.with(Some(("moved", &id.to_string())));
    view! {
        <section class="panel flex flex-col gap-3 p-4 print:hidden" aria-labelledby="moving-heading" data-moving=id.to_string()>
            <h2 id="moving-heading">{format!("Move the visit of {}", visit.who())}</h2>
            <ActionForm action attr:class="grid gap-3 sm:grid-cols-2" on:input=note>
                <div class="sm:col-span-2">
                    <FormNote form />
                    <Collision form path="/appointments" words="Open that appointment" />
                </div>
                <input type="hidden" name="id" value=id.to_string() />
                <input type="hidden" name="time_zone" value=zone />
                <input type="hidden" name="back" value=back />
                <Field form name="starts_at" label="New date and time" kind="datetime-local" value=begins hint required=true />
                <Field form name="minutes" label="Minutes (optional)" kind="number" value=minutes hint="Empty: as long as before." />
                <Choice form name="staff_label" label="Staff" options=labels value=staff />
                <Choice form name="tell" label="Text the customer the new time" options=telling() hint="Three minutes later, so that a slip tells nobody." />
                {double}
                <div class="flex gap-2 sm:col-span-2">
                    <Submit form label="Move visit" />
                    <a class="btn min-h-11" href=close on:click=move |_| typed.set(None)>
                        "Leave it"
                    </a>
                </div>
            </ActionForm>
        </section>
    }
}

/// Says what was changed last, and takes it back.
#[component]
pub fn ChangedNotice(last: LastChange, place: Place) -> impl IntoView {
    let session = use_session();
    // What was refused is said by its form.
    let refused = session
        .flash()
        .is_some_and(|flash| flash.form == MOVING && flash.problem.is_some());
    let shown = move || {
        last.shown
            .get()
            .filter(|_| !refused)
            .map(|changed| view! { <Notice changed last place=place.clone() /> })
    };
    view! { <div role="status" class="print:hidden">{shown}</div> }
}

#[component]
fn Notice(changed: ChangedVisit, last: LastChange, place: Place) -> impl IntoView {
    let session = use_session();
    let ChangedVisit { visit, tells, may_tell } = changed;
    let (id, zone) = (visit.id, session.place(&visit.time_zone));
    let at = when::dated(visit.starts_at, zone);
    let words = if may_tell {
        format!("Moved {} to {at}.", visit.who())
    } else {
        format!("Changed: {}, {at}.", visit.who())
    };
    let told = if tells {
        " The customer gets a text about it in three minutes."
    } else if may_tell {
        " The customer is not told by itself."
    } else {
        ""
    };
    let answered = move |answer: Result<Option<ChangedVisit>, AppError>| match answer {
        Ok(Some(changed)) => last.set(changed),
        Ok(None) => last.forget(),
        Err(AppError(problem)) => {
            session.problem.try_set(Some(problem));
            last.forget();
        }
    };
    let undo = move || spawn_local(async move { answered(undo_change(id, String::new()).await.map(|_| None)) });
    let tell = move || spawn_local(async move { answered(tell_of_move(id, String::new()).await.map(Some)) });
    let (back, again) = (place.with(None), place.with(Some(("moved", &id.to_string()))));
    let telling =
        (may_tell && !tells).then(|| view! { <Press url=TellOfMove::url() id back=again words="Tell them" key="" run=tell /> });
    view! {
        <div class="notice notice-success flex flex-wrap items-center gap-3" data-changed=id.to_string()>
            <p class="flex-1">{words} {told}</p>
            {telling}
            <Press url=UndoChange::url() id back words="Undo" key="z" run=undo />
        </div>
    }
}

#[component]
fn Press(
    url: &'static str,
    id: Uuid,
    back: String,
    words: &'static str,
    key: &'static str,
    run: impl Fn() + 'static,
) -> impl IntoView {
    view! {
        <form
            method="post"
            action=url
            on:submit=move |event| {
                event.prevent_default();
                run();
            }
        >
            <input type="hidden" name="id" value=id.to_string() />
            <input type="hidden" name="back" value=back />
            <button type="submit" class="btn btn-sm min-h-11 md:min-h-8" aria-keyshortcuts=keys::aria(key) title=keys::hint(key)>
                {words}
            </button>
        </form>
    }
}

/// Takes back what a form on the visit's own page has just done.
#[component]
pub fn UndoButton(id: Uuid) -> impl IntoView {
    let fields = vec![("id", id.to_string()), ("back", format!("/appointments/{id}"))];
    let run = move || async move { Ok(LiveEvent::Appointment(undo_change(id, String::new()).await?)) };
    view! {
        <PressButton url=UndoChange::url() fields run key="z">
            <Icon icon=icondata::LuUndo2 />
            "Undo"
        </PressButton>
    }
}
