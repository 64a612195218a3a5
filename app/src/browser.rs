//! The browser's clock and settings. Called from effects and event handlers only, never while a page is drawn.

use chrono::{DateTime, Utc};
use leptos::{prelude::*, web_sys};
use wasm_bindgen::JsCast;

/// What the browser's clock says.
pub fn now() -> DateTime<Utc> {
    #[expect(clippy::cast_possible_truncation, reason = "milliseconds of any real date fit")]
    let millis = js_sys::Date::now() as i64;
    DateTime::from_timestamp_millis(millis).unwrap_or_default()
}

/// The IANA name of the browser's time zone.
pub fn time_zone() -> Option<String> {
    let options = js_sys::Intl::DateTimeFormat::new(&js_sys::Array::new(), &js_sys::Object::new()).resolved_options();
    js_sys::Reflect::get(&options, &"timeZone".into()).ok()?.as_string()
}

/// Puts `text` on the clipboard; false where the browser has none (pages that are not served over https).
pub fn copy(text: &str) -> bool {
    let navigator = window().navigator();
    let there = js_sys::Reflect::get(&navigator, &"clipboard".into()).is_ok_and(|clipboard| clipboard.is_object());
    if there {
        let clipboard: web_sys::Clipboard = navigator.clipboard();
        _ = clipboard.write_text(text);
    }
    there
}

/// Closes an open popover; the focus goes back to the button that opened it.
pub fn close_popover(id: &str) {
    if let Some(popover) = document().get_element_by_id(id)
        && let Ok(hide) = js_sys::Reflect::get(&popover, &"hidePopover".into())
        && let Some(hide) = hide.dyn_ref::<js_sys::Function>()
    {
        // It throws if nothing is open, which is as well.
        _ = hide.call0(&popover);
    }
}

/// Where it is noted that the page at an address was loaded again because a file of it was missing.
#[cfg(feature = "hydrate")]
const LOADED_AGAIN: &str = "loaded again";

/// Goes to `address` on this site by a full load, because a file of its page did not come. Whoever is there already loads it again once;
/// then the page as the server drew it must do: it is said that something is missing, and links and forms are the browser's.
#[cfg(feature = "hydrate")]
pub fn load_page(address: &str) {
    let location = window().location();
    let here = location.pathname().unwrap_or_default() + &location.search().unwrap_or_default();
    if here != address {
        _ = location.set_href(address);
        return;
    }
    let notes = window().session_storage().ok().flatten();
    let again = notes.as_ref().and_then(|notes| notes.get_item(LOADED_AGAIN).ok()?);
    let noted = again.is_none_or(|again| again != here) && notes.is_some_and(|notes| notes.set_item(LOADED_AGAIN, &here).is_ok());
    if noted {
        _ = location.reload();
    } else {
        leave_to_browser();
    }
}

/// A page's file came, so the next that does not may be tried again.
#[cfg(feature = "hydrate")]
pub fn arrived() {
    if let Ok(Some(notes)) = window().session_storage() {
        _ = notes.remove_item(LOADED_AGAIN);
    }
}

/// Says that the page is not whole, and keeps clicks from the router, which would wait for the page for ever.
#[cfg(feature = "hydrate")]
fn leave_to_browser() {
    use wasm_bindgen::closure::Closure;
    let past = Closure::<dyn Fn(web_sys::Event)>::new(|event: web_sys::Event| event.stop_immediate_propagation());
    _ = window().add_event_listener_with_callback_and_bool("click", past.as_ref().unchecked_ref(), true);
    past.forget();
    if let (Some(body), Ok(note)) = (document().body(), document().create_element("p")) {
        note.set_class_name("notice notice-error fixed inset-x-3 top-3 z-50");
        _ = note.set_attribute("role", "alert");
        note.set_inner_html("This page could not be loaded. <a class=\"link\" href=\"\">Reload</a>");
        _ = body.append_child(&note);
    }
}
