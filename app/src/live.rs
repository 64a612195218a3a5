//! News from the server as it happens: one stream for the whole app, and who on the page wants to hear it.
//!
//! The stream is resumed by id. A browser does that by itself only while it retries on its own; after an HTTP error it gives up, so we
//! keep the last id and open a new stream with `?after=`.

use std::{cell::RefCell, collections::BTreeMap, rc::Rc, sync::Arc, time::Duration};

use contract::live::LiveEvent;
use leptos::{ev, prelude::*};
use wasm_bindgen::{JsCast, closure::Closure};
use web_sys::{EventSource, MessageEvent};

type Listener = Arc<dyn Fn(&LiveEvent) + Send + Sync>;

const KINDS: [&str; 6] = ["message", "conversation", "contact", "appointment", "task", "notices"];
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(15);
/// Several events of one change are answered with one refetch.
const TOGETHER: Duration = Duration::from_millis(250);

/// The hub: pages listen, the stream and the answers to one's own acts tell.
#[derive(Clone, Copy)]
pub struct Live {
    listeners: StoredValue<BTreeMap<u64, Listener>>,
    next: StoredValue<u64>,
    /// Id of the last event seen.
    cursor: StoredValue<String>,
    pub connected: RwSignal<bool>,
    /// Grows whenever events were missed and everything on screen must be read again.
    pub resync: RwSignal<u32>,
}

impl Live {
    pub fn new(cursor: i64) -> Self {
        Self {
            listeners: StoredValue::new(BTreeMap::new()),
            next: StoredValue::new(0),
            cursor: StoredValue::new(cursor.to_string()),
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

    /// Opens the stream and keeps it open until the component that asks for it is gone. In the browser only.
    pub fn connect(self) {
        let stream = StoredValue::new_local(Stream {
            live: self,
            open: Rc::default(),
            wait: Rc::new(RefCell::new(FIRST_WAIT)),
        });
        stream.with_value(Stream::open);
        let wake = move || stream.try_with_value(Stream::wake).unwrap_or_default();
        let online = window_event_listener(ev::online, move |_| wake());
        let shown = window_event_listener_untyped("visibilitychange", move |_| {
            if document().visibility_state() == web_sys::VisibilityState::Visible {
                wake();
            }
        });
        on_cleanup(move || {
            online.remove();
            shown.remove();
            stream.try_with_value(Stream::close);
        });
    }
}

/// One open connection with the functions it calls; they live as long as it does.
struct Connection {
    source: EventSource,
    _on_event: Closure<dyn FnMut(MessageEvent)>,
    _on_resync: Closure<dyn FnMut(MessageEvent)>,
    _on_open: Closure<dyn FnMut()>,
    _on_error: Closure<dyn FnMut()>,
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.source.set_onopen(None);
        self.source.set_onerror(None);
        self.source.close();
    }
}

#[derive(Clone)]
struct Stream {
    live: Live,
    open: Rc<RefCell<Option<Connection>>>,
    wait: Rc<RefCell<Duration>>,
}

impl Stream {
    fn open(&self) {
        let Some(cursor) = self.live.cursor.try_get_value() else {
            return;
        };
        let url = crate::paths::with_query("/live", &[("after", Some(&cursor))]);
        let Ok(source) = EventSource::new(&url) else {
            return self.later();
        };
        let connection = Connection {
            _on_event: self.on_event(&source),
            _on_resync: self.on_resync(&source),
            _on_open: self.on_open(&source),
            _on_error: self.on_error(&source),
            source,
        };
        self.open.replace(Some(connection));
    }

    fn close(&self) {
        self.open.replace(None);
    }

    /// Opens again now, if nothing is open.
    fn wake(&self) {
        let closed = self
            .open
            .borrow()
            .as_ref()
            .is_none_or(|open| open.source.ready_state() == EventSource::CLOSED);
        if closed {
            self.wait.replace(FIRST_WAIT);
            self.open();
        }
    }

    /// Opens again after a pause that doubles.
    fn later(&self) {
        let wait = *self.wait.borrow();
        self.wait.replace((wait * 2).min(LONGEST_WAIT));
        let stream = self.clone();
        set_timeout(
            move || {
                let closed = stream
                    .open
                    .borrow()
                    .as_ref()
                    .is_some_and(|open| open.source.ready_state() == EventSource::CLOSED);
                if closed {
                    stream.open();
                }
            },
            wait,
        );
    }

    fn saw(live: Live, event: &MessageEvent) {
        let id = event.last_event_id();
        if !id.is_empty() {
            live.cursor.try_set_value(id);
        }
    }

    fn on_event(&self, source: &EventSource) -> Closure<dyn FnMut(MessageEvent)> {
        let live = self.live;
        let closure = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            Self::saw(live, &event);
            match event.data().as_string().map(|data| serde_json::from_str::<LiveEvent>(&data)) {
                Some(Ok(event)) => live.tell(&event),
                // A newer server says something this page does not know: read everything again.
                _ => live.resync.update(|n| *n += 1),
            }
        });
        for kind in KINDS {
            _ = source.add_event_listener_with_callback(kind, closure.as_ref().unchecked_ref());
        }
        closure
    }

    fn on_resync(&self, source: &EventSource) -> Closure<dyn FnMut(MessageEvent)> {
        let live = self.live;
        let closure = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
            Self::saw(live, &event);
            live.resync.update(|n| *n += 1);
        });
        _ = source.add_event_listener_with_callback("resync", closure.as_ref().unchecked_ref());
        closure
    }

    fn on_open(&self, source: &EventSource) -> Closure<dyn FnMut()> {
        let (live, wait) = (self.live, Rc::clone(&self.wait));
        let closure = Closure::<dyn FnMut()>::new(move || {
            wait.replace(FIRST_WAIT);
            live.connected.set(true);
        });
        source.set_onopen(Some(closure.as_ref().unchecked_ref()));
        closure
    }

    fn on_error(&self, source: &EventSource) -> Closure<dyn FnMut()> {
        let (stream, failed) = (self.clone(), source.clone());
        let closure = Closure::<dyn FnMut()>::new(move || {
            stream.live.connected.set(false);
            if failed.ready_state() == EventSource::CLOSED {
                stream.later();
            }
        });
        source.set_onerror(Some(closure.as_ref().unchecked_ref()));
        closure
    }
}
