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
