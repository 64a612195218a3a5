//! What is done with one row of the list on a phone: by a swipe, to the right *No reply needed*, to the left a snooze until tomorrow, or from
//! the row's menu. It is done as with those that are ticked, so it is said there, and undone there.

use domain::snooze;
use leptos::{html, prelude::*, task::spawn_local};
use send_wrapper::SendWrapper;
use uuid::Uuid;
use wasm_bindgen::JsCast;
use web_sys::{HtmlElement, TouchEvent};

use super::bulk::{CHOICE, Ticked, act_on_many};
use crate::{
    components::Icon,
    session::{Session, use_session},
};

/// Pixels after which a finger means a direction, and after which it means the deed.
const BEGUN: f64 = 12.0;
const ENOUGH: f64 = 96.0;

/// The menu of the list's rows: one for all of them.
#[derive(Clone, Copy)]
pub struct RowMenu {
    session: Session,
    ticked: Ticked,
    of: RwSignal<Option<(Uuid, String)>>,
    sheet: NodeRef<html::Dialog>,
}

impl RowMenu {
    pub fn new() -> Self {
        Self {
            session: use_session(),
            ticked: expect_context(),
            of: RwSignal::new(None),
            sheet: NodeRef::new(),
        }
    }

    fn open(self, id: Uuid, name: String) {
        self.of.set(Some((id, name)));
        if let Some(sheet) = self.sheet.get_untracked() {
            _ = sheet.show_modal();
        }
    }

    fn act(self, id: Uuid, action: String) {
        spawn_local(async move {
            let done = act_on_many(
                vec![id],
                action,
                String::new(),
                String::new(),
                String::new(),
                None,
                String::new(),
            )
            .await;
            match done {
                Ok(_) => self.ticked.acted(),
                Err(error) => _ = self.session.problem.try_set(Some(error.0)),
            }
        });
    }

    /// The time of the preset that a swipe means.
    fn snooze(self) -> Option<String> {
        let offers = snooze::presets(self.session.now.get_untracked(), self.session.zone(), None);
        let tomorrow = offers.into_iter().find(|(words, _)| words.starts_with("Tomorrow"));
        tomorrow.map(|(_, at)| format!("snooze {}", at.to_rfc3339()))
    }

    fn swiped(self, id: Uuid, right: bool) {
        if right {
            self.act(id, "no_reply_needed".to_owned());
        } else if let Some(action) = self.snooze() {
            self.act(id, action);
        }
    }
}

/// Where a finger began, and which row is under it.
struct Swipe {
    row: HtmlElement,
    id: Uuid,
    from: (f64, f64),
    by: f64,
}

/// Follows a finger over the rows. Up and down is the browser's; only a clear movement to a side is ours.
#[derive(Clone, Copy)]
pub struct Swipes {
    menu: RowMenu,
    /// Of the browser alone, never of the server.
    now: StoredValue<Option<SendWrapper<Swipe>>>,
}

impl Swipes {
    pub fn new() -> Self {
        Self {
            menu: expect_context(),
            now: StoredValue::new(None),
        }
    }

    pub fn begin(self, event: &TouchEvent) {
        self.now.set_value(begun(event).map(SendWrapper::new));
    }

    pub fn go_on(self, event: &TouchEvent) {
        self.now.update_value(|swipe| follow(swipe, event));
    }

    /// The finger is gone; `done`: by lifting it.
    pub fn end(self, done: bool) {
        let Some(over) = self.now.try_update_value(Option::take).flatten() else {
            return;
        };
        settle(&over.row);
        if done && over.by.abs() >= ENOUGH {
            self.menu.swiped(over.id, over.by > 0.0);
        }
    }
}

fn finger(event: &TouchEvent) -> Option<(f64, f64)> {
    let all = event.touches();
    let one = all.item(0).filter(|_| all.length() == 1)?;
    Some((f64::from(one.client_x()), f64::from(one.client_y())))
}

fn begun(event: &TouchEvent) -> Option<Swipe> {
    let from = finger(event)?;
    let under = event.target()?.dyn_into::<web_sys::Element>().ok()?;
    let row: HtmlElement = under.closest("[data-focus]").ok()??.dyn_into().ok()?;
    let id = row.get_attribute("data-focus")?.parse().ok()?;
    Some(Swipe { row, id, from, by: 0.0 })
}

/// Moves the row with the finger; forgets it where the page is scrolled instead.
fn follow(swipe: &mut Option<SendWrapper<Swipe>>, event: &TouchEvent) {
    let (Some(now), Some(over)) = (finger(event), swipe.as_mut()) else {
        return;
    };
    let (x, y) = (now.0 - over.from.0, now.1 - over.from.1);
    if over.by == 0.0 && y.abs() > BEGUN.max(x.abs()) {
        *swipe = None;
        return;
    }
    if over.by != 0.0 || x.abs() > BEGUN {
        over.by = x;
        let style = over.row.style();
        _ = style.set_property("--swiped", &format!("{x}px"));
        _ = over.row.set_attribute("data-swipe", if x > 0.0 { "right" } else { "left" });
        _ = over.row.toggle_attribute_with_force("data-enough", x.abs() >= ENOUGH);
    }
}

fn settle(row: &HtmlElement) {
    _ = row.style().remove_property("--swiped");
    _ = row.remove_attribute("data-swipe");
    _ = row.remove_attribute("data-enough");
}

/// Opens the menu of a row; seen on a phone only, where the thread's own buttons are a page away.
#[component]
pub fn RowMenuButton(id: Uuid, name: String) -> impl IntoView {
    let menu = expect_context::<RowMenu>();
    let label = format!("Actions for {name}");
    view! {
        <button type="button" class="row-more btn btn-ghost btn-sm min-h-11" aria-haspopup="dialog" aria-label=label on:click=move |_| menu.open(id, name.clone())>
            <Icon icon=icondata::LuEllipsisVertical />
        </button>
    }
}

/// The menu itself: a sheet at the bottom.
#[component]
pub fn RowSheet() -> impl IntoView {
    let menu = expect_context::<RowMenu>();
    let press = move |action: Option<String>| {
        if let Some(sheet) = menu.sheet.get_untracked() {
            sheet.close();
        }
        if let (Some((id, _)), Some(action)) = (menu.of.get_untracked(), action) {
            menu.act(id, action);
        }
    };
    let deed = move |words: &'static str, action: &'static str| {
        view! {
            <button type="button" class=CHOICE on:click=move |_| press(Some(action.to_owned()))>
                {words}
            </button>
        }
    };
    view! {
        <dialog node_ref=menu.sheet class="modal modal-bottom" aria-labelledby="row-sheet-name">
            <div class="modal-box p-2">
                <h3 id="row-sheet-name" class="px-3 py-2 font-semibold">
                    {move || menu.of.get().map(|(_, name)| name)}
                </h3>
                {deed("No reply needed", "no_reply_needed")}
                <button type="button" class=CHOICE on:click=move |_| press(menu.snooze())>
                    "Snooze until tomorrow 9:00"
                </button>
                {deed("Close", "close")} {deed("Mark as unread", "mark_unread")}
                <button type="button" class=CHOICE on:click=move |_| press(None)>
                    "Cancel"
                </button>
            </div>
        </dialog>
    }
}
