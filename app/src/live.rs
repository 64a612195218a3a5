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
const WORKER: &str = "/live/worker.js?v=5";
/// Several events of one change are answered with one refetch.
const TOGETHER: Duration = Duration::from_millis(250);
/// How long a worker that did not load is waited for before it is asked for again: doubled each time.
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// A worker that has said nothing for so long did not load: not every browser says so.
const SILENCE: Duration = Duration::from_secs(20);

/// The hub: pages listen, the stream and the answers to one's own acts tell.
#[derive(Clone, Copy)]
pub struct Live {
    listeners: StoredValue<BTreeMap<u64, Listener>>,
    next: StoredValue<u64>,
    /// Id of the last event seen; a whole number, as scripts have it.
    cursor: StoredValue<f64>,
    /// In the browser only, and there on one thread only.
    line: StoredValue<Option<SendWrapper<Line>>>,
    /// The pause before the next try, should the worker not load.
    wait: StoredValue<Duration>,
    /// Grows with each try to reach a worker, and when one is given up.
    tries: StoredValue<u32>,
    /// Whether the worker of the last try has said anything.
    heard: StoredValue<bool>,
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
            wait: StoredValue::new(FIRST_WAIT),
            tries: StoredValue::new(0),
            heard: StoredValue::new(false),
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
        self.open(format!("{WORKER}&business={business}&account={account}").into());
        let online = window_event_listener(ev::online, move |_| self.say("join"));
        let back = window_event_listener_untyped("pageshow", move |_| self.say("join"));
        let gone = window_event_listener_untyped("pagehide", move |_| self.say("leave"));
        let looked_at = window_event_listener_untyped("visibilitychange", move |_| {
            if document().visibility_state() == web_sys::VisibilityState::Visible {
                self.say("join");
            } else if !self.is_shared() {
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

    /// Opens the line to the worker at `address`, again and again until it loads.
    fn open(self, address: Rc<str>) {
        let again = Rc::clone(&address);
        let Some(line) = Line::open(self, &address, move || self.lost(Rc::clone(&again))) else {
            self.lost(address);
            return;
        };
        self.line.set_value(Some(SendWrapper::new(line)));
        self.heard.set_value(false);
        self.tries.update_value(|n| *n += 1);
        let this = self.tries.get_value();
        self.say("join");
        set_timeout(
            move || {
                // None: the page has been left meanwhile.
                if self.heard.try_get_value() == Some(false) && self.tries.try_get_value() == Some(this) {
                    self.lost(address);
                }
            },
            SILENCE,
        );
    }

    /// The worker did not load, or broke: nothing is heard until another does.
    fn lost(self, address: Rc<str>) {
        let Some(wait) = self.wait.try_get_value() else { return };
        self.tries.update_value(|n| *n += 1);
        if let Some(Some(line)) = self.line.try_get_value() {
            line.hear_no_more();
        }
        self.is_open(false);
        self.wait.set_value((wait * 2).min(LONGEST_WAIT));
        set_timeout(
            move || {
                // None: the page has been left meanwhile.
                if self.line.try_get_value().is_some() {
                    self.open(address);
                }
            },
            wait,
        );
    }

    fn is_shared(self) -> bool {
        let line = self.line.try_get_value().flatten();
        line.is_some_and(|line| matches!(line.worker, Shares::All(..)))
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
        self.heard.try_set_value(true);
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
        if open {
            self.wait.try_set_value(FIRST_WAIT);
        }
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
    _lost: Rc<Closure<dyn FnMut()>>,
}

/// Whose worker it is.
#[derive(Clone)]
enum Shares {
    All(SharedWorker, MessagePort),
    /// This tab's alone.
    Own(Worker),
}

impl Line {
    /// `lost` is called when the worker does not load or breaks.
    fn open(live: Live, address: &str, lost: impl FnMut() + 'static) -> Option<Self> {
        let hear = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            if let Ok(news) = event.data().dyn_into::<Array>() {
                live.hear(&news);
            }
        });
        let there = js_sys::Reflect::has(&window(), &"SharedWorker".into()).unwrap_or_default();
        let shared = there.then(|| SharedWorker::new(address).ok()).flatten();
        let worker = match shared {
            Some(shared) => {
                let port = shared.port();
                Shares::All(shared, port)
            }
            None => Shares::Own(Worker::new(address).ok()?),
        };
        let lost = Closure::<dyn FnMut()>::new(lost);
        let on_message = Some(hear.as_ref().unchecked_ref());
        let on_error = Some(lost.as_ref().unchecked_ref());
        match &worker {
            Shares::All(shared, port) => {
                shared.set_onerror(on_error);
                port.set_onmessage(on_message);
            }
            Shares::Own(worker) => {
                worker.set_onerror(on_error);
                worker.set_onmessage(on_message);
            }
        }
        Some(Self {
            worker,
            _hear: Rc::new(hear),
            _lost: Rc::new(lost),
        })
    }

    fn hear_no_more(&self) {
        match &self.worker {
            Shares::All(shared, port) => {
                shared.set_onerror(None);
                port.set_onmessage(None);
            }
            Shares::Own(worker) => {
                worker.set_onerror(None);
                worker.terminate();
            }
        }
    }

    fn say(&self, word: &str, cursor: f64) {
        let words = Array::of2(&word.into(), &JsValue::from_f64(cursor));
        _ = match &self.worker {
            Shares::All(_, port) => port.post_message(&words),
            Shares::Own(worker) => worker.post_message(&words),
        };
    }
}
