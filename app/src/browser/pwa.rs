//! What `server/src/pwa/page.js` does for a page. Where that did not load, nothing happens.

use contract::notifications::{OfflineKind, WrittenOffline};
use leptos::prelude::*;
use serde::Deserialize;
use uuid::Uuid;
use wasm_bindgen::{JsCast, JsValue};

/// What became of something that was written without a connection.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct OutboxNews {
    #[serde(default)]
    pub id: Option<Uuid>,
    #[serde(default)]
    pub sent: bool,
    /// Why it was refused.
    #[serde(default)]
    pub problem: Option<String>,
    /// It waits in this browser.
    #[serde(default)]
    pub entry: Option<Kept>,
}

#[derive(Clone, Debug, Deserialize)]
pub struct Kept {
    pub id: Uuid,
    pub account_id: Uuid,
    pub business_id: Uuid,
    pub conversation_id: Uuid,
    pub kind: OfflineKind,
    pub body: String,
    #[serde(default)]
    pub contact_id: Option<Uuid>,
    #[serde(default)]
    pub after: Option<Uuid>,
    #[serde(default)]
    pub problem: Option<String>,
}

fn call(name: &str, with: &JsValue) -> Option<JsValue> {
    let ours = js_sys::Reflect::get(&window(), &"showup".into()).ok()?;
    let function = js_sys::Reflect::get(&ours, &name.into()).ok()?;
    let function = function.dyn_into::<js_sys::Function>().ok()?;
    function.call1(&ours, with).ok()
}

/// How many conversations need an answer, on the app's icon.
pub fn badge(count: u32) {
    _ = call("badge", &count.into());
}

/// This browser takes no notifications any more.
pub fn turn_off() {
    _ = call("turnOff", &JsValue::UNDEFINED);
}

/// `ios`, `none`, `default`, `granted` or `denied`; none before the script is there.
pub fn push_state() -> Option<String> {
    call("pushState", &JsValue::UNDEFINED)?.as_string()
}

/// Asks for notifications; what went wrong, in plain words. Must be called straight from a tap.
pub fn turn_on(key: &str) -> impl Future<Output = Result<(), String>> + use<> {
    let asked = call("turnOn", &key.into()).and_then(|promise| promise.dyn_into::<js_sys::Promise>().ok());
    async move {
        let failed = || "This did not work. Please load the page again and try once more.".to_owned();
        let answer = wasm_bindgen_futures::JsFuture::from(asked.ok_or_else(failed)?).await;
        match answer.ok().and_then(|said| said.as_string()) {
            Some(said) if said.is_empty() => Ok(()),
            Some(said) => Err(said),
            None => Err(failed()),
        }
    }
}

pub fn can_install() -> bool {
    call("canInstall", &JsValue::UNDEFINED).is_some_and(|can| can.is_truthy())
}

pub fn install() {
    _ = call("install", &JsValue::UNDEFINED);
}

/// Keeps what was written until it is sent; false where that can't be.
pub fn keep(written: &WrittenOffline) -> bool {
    let Ok(json) = serde_json::to_string(written) else {
        return false;
    };
    call("keep", &json.into()).is_some()
}

/// It was sent, or is wanted no more.
pub fn drop(id: &str) {
    _ = call("drop", &id.into());
}

/// What is kept leaves as soon as there is a connection.
pub fn wait() {
    _ = call("wait", &JsValue::UNDEFINED);
}

/// Hears of what is kept here and of what becomes of it, until the component that asks is gone.
pub fn hear(listener: impl Fn(OutboxNews) + 'static) {
    let hearing = window_event_listener_untyped("showup-outbox", move |event| {
        let detail = js_sys::Reflect::get(&event, &"detail".into())
            .ok()
            .and_then(|detail| detail.as_string());
        if let Some(news) = detail.and_then(|json| serde_json::from_str(&json).ok()) {
            listener(news);
        }
    });
    on_cleanup(move || hearing.remove());
    _ = call("tell", &JsValue::UNDEFINED);
}
