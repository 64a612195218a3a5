//! The browser's clock and settings. Called from effects and event handlers only, never while a page is drawn.

use chrono::{DateTime, Utc};
pub mod pwa;

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

/// What stands in a field before the cursor, and behind it.
pub fn around_cursor(area: &web_sys::HtmlTextAreaElement) -> (String, String) {
    let text = area.value();
    let at = area.selection_start().ok().flatten().map_or(usize::MAX, |at| at as usize);
    // The browser counts in UTF-16.
    let (mut bytes, mut units) = (0, 0);
    for letter in text.chars() {
        if units >= at {
            break;
        }
        (bytes, units) = (bytes + letter.len_utf8(), units + letter.len_utf16());
    }
    (text[..bytes].to_owned(), text[bytes..].to_owned())
}

/// Says something to a server function while the page goes away, when nothing else leaves any more.
pub fn beacon(url: &str, fields: &[(&str, &str)]) {
    let Ok(form) = web_sys::UrlSearchParams::new() else { return };
    for (name, value) in fields {
        form.append(name, value);
    }
    _ = window().navigator().send_beacon_with_opt_url_search_params(url, Some(&form));
}

/// Calls when the page goes away: its tab is closed, or another page comes in its place.
pub fn when_leaving(leaving: impl Fn() + 'static) {
    Effect::new({
        let leaving = std::rc::Rc::new(leaving);
        move |_| {
            let leaving = leaving.clone();
            let listening = window_event_listener_untyped("pagehide", move |_| leaving());
            on_cleanup(move || listening.remove());
        }
    });
}

/// Changes a list whose rows are drawn anew (each has its own `data-focus`). Whoever was at a link or box of a row is at it afterwards,
/// before the next key can arrive; a list never moves under the reader.
pub fn keeping_focus<T>(change: impl FnOnce() -> T) {
    let place = document().active_element().and_then(|active| {
        let row = active.closest("[data-focus]").ok().flatten()?.get_attribute("data-focus")?;
        Some((active.tag_name(), row))
    });
    change();
    let Some((tag, row)) = place else { return };
    // The list is drawn by a task that stands in the queue already.
    leptos::task::spawn_local(async move {
        let lost = document().active_element().is_none_or(|active| active.tag_name() == "BODY");
        let again = document()
            .query_selector(&format!("[data-focus=\"{row}\"] {tag}"))
            .ok()
            .flatten();
        if let Some(again) = again
            .filter(|_| lost)
            .and_then(|again| again.dyn_into::<web_sys::HtmlElement>().ok())
        {
            let stay = web_sys::FocusOptions::new();
            stay.set_prevent_scroll(true);
            _ = again.focus_with_options(&stay);
        }
    });
}

/// Changes what is above or below in a box that scrolls, by its id. What is at its top stays there. Most browsers do that by themselves, but
/// not all; meanwhile they are told not to, or both would.
pub fn keeping_place(scroller: &str, change: impl FnOnce()) {
    let top = |element: &web_sys::Element| element.get_bounding_client_rect().top();
    let found = document().get_element_by_id(scroller);
    let found = found.and_then(|scroller| scroller.dyn_into::<web_sys::HtmlElement>().ok());
    let place = found.and_then(|scroller| {
        let start = top(&scroller);
        let rows = scroller.query_selector_all("li").ok()?;
        let mut rows = (0..rows.length()).filter_map(|n| rows.get(n)?.dyn_into::<web_sys::Element>().ok());
        let first = rows.find(|row| row.get_bounding_client_rect().bottom() > start)?;
        let at = top(&first);
        Some((scroller, first, at))
    });
    if let Some((scroller, ..)) = &place {
        _ = scroller.style().set_property("overflow-anchor", "none");
    }
    change();
    let Some((scroller, first, at)) = place else { return };
    // Drawn by then, and not painted yet.
    request_animation_frame(move || {
        let moved = top(&first) - at;
        if first.is_connected() && moved.abs() >= 1.0 {
            #[expect(clippy::cast_possible_truncation, reason = "pixels of a page")]
            scroller.set_scroll_top(scroller.scroll_top() + moved.round() as i32);
        }
        request_animation_frame(move || _ = scroller.style().remove_property("overflow-anchor"));
    });
}

/// Waits until the browser is about to paint.
pub async fn next_frame() {
    let frame = js_sys::Promise::new(&mut |done, _| {
        request_animation_frame(move || _ = done.call0(&wasm_bindgen::JsValue::UNDEFINED));
    });
    _ = wasm_bindgen_futures::JsFuture::from(frame).await;
}

/// To the end of a box that is turned upside down.
pub fn to_the_end(scroller: &str) {
    if let Some(scroller) = document().get_element_by_id(scroller) {
        scroller.set_scroll_top(0);
    }
}

/// Calls when an element is about to come into sight in a box that scrolls, by its id, and again each time what is tracked changes and it
/// still is.
pub fn when_near(
    element: NodeRef<leptos::html::Div>,
    scroller: &'static str,
    track: impl Fn() + 'static,
    near: impl Fn() + Clone + 'static,
) {
    use wasm_bindgen::closure::Closure;
    Effect::new(move |_| {
        track();
        let Some(element) = element.get() else { return };
        let near = near.clone();
        let seen = Closure::<dyn Fn(js_sys::Array)>::new(move |entries: js_sys::Array| {
            let is_near =
                |entry: wasm_bindgen::JsValue| entry.unchecked_into::<web_sys::IntersectionObserverEntry>().is_intersecting();
            if entries.iter().any(is_near) {
                near();
            }
        });
        let options = web_sys::IntersectionObserverInit::new();
        options.set_root(document().get_element_by_id(scroller).as_ref());
        // As far as one scrolls while a page is fetched.
        options.set_root_margin("800px");
        let observer = web_sys::IntersectionObserver::new_with_options(seen.as_ref().unchecked_ref(), &options);
        let Ok(observer) = observer else { return };
        observer.observe(&element);
        let kept = send_wrapper::SendWrapper::new((observer, seen));
        on_cleanup(move || kept.0.disconnect());
    });
}

/// Goes to `address` on this site by a full load, though it be the page that is shown.
pub fn go(address: &str) {
    _ = window().location().set_href(address);
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
