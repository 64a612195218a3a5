//! News from the server as it happens, and who on the page wants to hear it.
//!
//! The stream itself is held by a worker that all tabs of this person share (`server/src/live/worker.js` says what they tell each other).
//! A tab knows everything up to the cursor its page was drawn at, and takes in what comes after.

use std::{collections::BTreeMap, rc::Rc, sync::Arc, time::Duration};

use contract::live::LiveEvent;
use js_sys::Array;
use leptos::{ev, prelude::*};
use send_wrapper::SendWrapper;
use uuid::Uuid;
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{MessageEvent, MessagePort, SharedWorker, Worker};

type Listener = Arc<dyn Fn(&LiveEvent) + Send + Sync>;

/// Grows when tab and worker say other things to each other: tabs of before and after an upgrade must not meet in one worker.
const WORKER: &str = "/live/worker.js?v=1";
/// Several events of one change are answered with one refetch.
const TOGETHER: Duration = Duration::from_millis(250);

/// The hub: pages listen, the stream and the answers to one's own acts tell.
#[derive(Clone, Copy)]
pub struct Live {
    listeners: StoredValue<BTreeMap<u64, Listener>>,
    next: StoredValue<u64>,
    /// Id of the last event seen; a whole number, as scripts have it.
    cursor: StoredValue<f64>,
    /// In the browser only, and there on one thread only.
    line: StoredValue<Option<SendWrapper<Line>>>,
    pub connected: RwSignal<bool>,
    /// Grows whenever events were missed and everything on screen must be read again.
    pub resync: RwSignal<u32>,
}

impl Live {
    /// `cursor` is the id of the last event before the page's data was read.
    pub fn new(cursor: i64) -> Self {
        Self {
            listeners: StoredValue::new(BTreeMap::new()),
            next: StoredValue::new(0),
            cursor: StoredValue::new(cursor as f64),
            line: StoredValue::new(None),
            connected: RwSignal::new(true),
            resync: RwSignal::new(0),
        }
    }

    /// Calls `listener` with every event until the component that asks for it is gone.
    pub fn listen(self, listener: impl Fn(&LiveEvent) + Send + Sync + 'static) {
        let Some(key) = self.next.try_update_value(|next| {
            *next += 1;
            *next
        }) else {
            return;
        };
        self.listeners.update_value(|all| {
            all.insert(key, Arc::new(listener));
        });
        on_cleanup(move || {
            self.listeners.try_update_value(|all| all.remove(&key));
        });
    }

    /// Hands `event` to whoever listens.
    pub fn tell(self, event: &LiveEvent) {
        let listeners: Vec<Listener> = self
            .listeners
            .try_with_value(|all| all.values().cloned().collect())
            .unwrap_or_default();
        for listener in listeners {
            listener(event);
        }
    }

    /// Hands on what one's own act was answered with, if the stream is away. An open stream tells it too, and in order: an answer that
    /// comes late must not undo what has happened since.
    pub fn answered(self, event: &LiveEvent) {
        if !self.connected.get_untracked() {
            self.tell(event);
        }
    }

    /// Calls `refetch` shortly after an event that is `wanted`, and when events were missed.
    pub fn refetch_on(
        self,
        wanted: impl Fn(&LiveEvent) -> bool + Send + Sync + 'static,
        refetch: impl Fn() + Clone + Send + Sync + 'static,
    ) {
        let waiting = StoredValue::new(false);
        let again = refetch.clone();
        self.listen(move |event| {
            if waiting.try_get_value() == Some(false) && wanted(event) {
                waiting.set_value(true);
                let again = again.clone();
                set_timeout(
                    move || {
                        // None: the page has been left meanwhile.
                        if waiting.try_set_value(false).is_none() {
                            again();
                        }
                    },
                    TOGETHER,
                );
            }
        });
        Effect::watch(move || self.resync.get(), move |_, _, _| refetch(), false);
    }

    /// Listens to what happens in `business` as `account` may know it, until the component that asks for it is gone. In the browser only.
    pub fn connect(self, business: Uuid, account: Uuid) {
        let Some(line) = Line::open(self, &format!("{WORKER}&business={business}&account={account}")) else {
            self.connected.set(false);
            return;
        };
        let shared = matches!(line.worker, Shares::All(_));
        self.line.set_value(Some(SendWrapper::new(line)));
        self.say("join");
        let online = window_event_listener(ev::online, move |_| self.say("join"));
        let back = window_event_listener_untyped("pageshow", move |_| self.say("join"));
        let gone = window_event_listener_untyped("pagehide", move |_| self.say("leave"));
        let looked_at = window_event_listener_untyped("visibilitychange", move |_| {
            if document().visibility_state() == web_sys::VisibilityState::Visible {
                self.say("join");
            } else if !shared {
                self.say("leave");
            }
        });
        on_cleanup(move || {
            for listener in [online, back, gone, looked_at] {
                listener.remove();
            }
            self.say("leave");
            if let Some(Some(line)) = self.line.try_get_value() {
                line.hear_no_more();
            }
        });
    }

    /// What to call once the person has signed out, though this page be gone by then: the stream ends, and their other tabs ask who is there.
    pub fn ending(self) -> impl FnOnce() + 'static {
        let line = self.line.try_get_value().flatten();
        move || {
            if let Some(line) = line {
                line.say("end", 0.0);
            }
        }
    }

    fn say(self, word: &str) {
        if let (Some(Some(line)), Some(cursor)) = (self.line.try_get_value(), self.cursor.try_get_value()) {
            line.say(word, cursor);
        }
    }

    fn hear(self, news: &Array) {
        let word = news.get(0).as_string().unwrap_or_default();
        match word.as_str() {
            "event" => self.happened(
                news.get(1).as_f64().unwrap_or_default(),
                &news.get(2).as_string().unwrap_or_default(),
            ),
            "resync" => {
                self.cursor.try_set_value(news.get(1).as_f64().unwrap_or_default());
                self.resync.try_update(|n| *n += 1);
            }
            "state" => self.is_open(news.get(1).is_truthy()),
            "end" => _ = window().location().reload(),
            _ => {}
        }
    }

    fn happened(self, id: f64, data: &str) {
        if self.cursor.try_get_value().is_none_or(|cursor| id <= cursor) {
            return;
        }
        self.cursor.set_value(id);
        match serde_json::from_str::<LiveEvent>(data) {
            Ok(event) => self.tell(&event),
            // A newer server says something this page does not know: read everything again.
            Err(_) => self.resync.update(|n| *n += 1),
        }
    }

    /// Also said on the document, for whoever wants to know from outside whether the page is alive.
    fn is_open(self, open: bool) {
        self.connected.try_set(open);
        if let Some(root) = document().document_element() {
            _ = root.set_attribute("data-live", if open { "open" } else { "away" });
        }
    }
}

/// The way to the worker.
#[derive(Clone)]
struct Line {
    worker: Shares,
    _hear: Rc<Closure<dyn FnMut(MessageEvent)>>,
}

/// Whose worker it is.
#[derive(Clone)]
enum Shares {
    All(MessagePort),
    /// This tab's alone.
    Own(Worker),
}

impl Line {
    fn open(live: Live, address: &str) -> Option<Self> {
        let hear = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            if let Ok(news) = event.data().dyn_into::<Array>() {
                live.hear(&news);
            }
        });
        let there = js_sys::Reflect::has(&window(), &"SharedWorker".into()).unwrap_or_default();
        let shared = there.then(|| SharedWorker::new(address).ok()).flatten();
        let worker = match shared {
            Some(shared) => Shares::All(shared.port()),
            None => Shares::Own(Worker::new(address).ok()?),
        };
        let callback = Some(hear.as_ref().unchecked_ref());
        match &worker {
            Shares::All(port) => port.set_onmessage(callback),
            Shares::Own(worker) => worker.set_onmessage(callback),
        }
        Some(Self {
            worker,
            _hear: Rc::new(hear),
        })
    }

    fn hear_no_more(&self) {
        match &self.worker {
            Shares::All(port) => port.set_onmessage(None),
            Shares::Own(worker) => worker.terminate(),
        }
    }

    fn say(&self, word: &str, cursor: f64) {
        let words = Array::of2(&word.into(), &JsValue::from_f64(cursor));
        _ = match &self.worker {
            Shares::All(port) => port.post_message(&words),
            Shares::Own(worker) => worker.post_message(&words),
        };
    }
}
