//! What all tasks of one simulator share.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, watch};

use crate::SimConfig;
use crate::state::State;

/// Webhook calls under way at once.
const MAX_CALLS_AT_ONCE: usize = 64;

pub(crate) struct Shared {
    /// The main account.
    pub account_sid: String,
    pub auth_token: String,
    pub http: reqwest::Client,
    pub calls: Semaphore,
    state: Mutex<State>,
    changed: watch::Sender<u64>,
    closed: watch::Sender<bool>,
}

impl Shared {
    pub fn new(cfg: &SimConfig) -> Result<Arc<Self>, reqwest::Error> {
        twilio::tls::install();
        let http = reqwest::Client::builder()
            .user_agent("TwilioProxy/1.1")
            .connect_timeout(Duration::from_secs(5))
            .timeout(Duration::from_secs(15))
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .no_proxy()
            .build()?;
        let state = State::new(cfg);
        Ok(Arc::new(Self {
            account_sid: cfg.account_sid.clone(),
            auth_token: cfg.auth_token.clone(),
            http,
            calls: Semaphore::new(MAX_CALLS_AT_ONCE),
            state: Mutex::new(state),
            changed: watch::Sender::new(0),
            closed: watch::Sender::new(false),
        }))
    }

    /// Looks without changing anything.
    pub fn read<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.lock())
    }

    /// Changes the state and wakes whoever watches it.
    pub fn write<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        let result = change(&mut self.lock());
        self.changed.send_modify(|n| *n += 1);
        result
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn watch(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Runs a task until it is done or the simulator is dropped.
    pub fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        let closed = self.closed();
        tokio::spawn(async move {
            tokio::select! {
                () = task => {}
                () = closed => {}
            }
        });
    }

    /// Ends when the simulator is dropped.
    pub fn closed(&self) -> impl Future<Output = ()> + Send + use<> {
        let mut closed = self.closed.subscribe();
        async move {
            let _gone = closed.wait_for(|closed| *closed).await;
        }
    }

    pub fn close(&self) {
        self.closed.send_replace(true);
    }
}
