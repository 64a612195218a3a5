//! Says "look": to this process at once, and through PostgreSQL to the others. Nothing is carried but the news that there is news.

use futures::Stream;
use tokio::sync::watch;

/// Notified after a commit; whoever listens then looks at the database.
pub struct Wake {
    /// Commits of this process and of others.
    all: watch::Sender<u64>,
    /// Commits of this process, to be passed on.
    own: watch::Sender<u64>,
}

impl Default for Wake {
    fn default() -> Self {
        Self {
            all: watch::channel(0).0,
            own: watch::channel(0).0,
        }
    }
}

impl Wake {
    /// This process has committed something.
    pub(crate) fn notify(&self) {
        self.wake();
        self.own.send_modify(|n| *n = n.wrapping_add(1));
    }

    /// Another process has.
    pub(crate) fn wake(&self) {
        self.all.send_modify(|n| *n = n.wrapping_add(1));
    }

    /// Subscribe before looking, or what comes between is missed.
    pub fn subscribe(&self) -> watch::Receiver<u64> {
        self.all.subscribe()
    }

    pub(crate) fn own(&self) -> watch::Receiver<u64> {
        self.own.subscribe()
    }

    /// One item per notification (several close together may be one); for one listener.
    pub fn stream(&self) -> impl Stream<Item = ()> + Send + Unpin + 'static {
        Box::pin(futures::stream::unfold(self.subscribe(), |mut seen| async move {
            seen.changed().await.ok()?;
            Some(((), seen))
        }))
    }
}
