//! A line between two programs that a test can hold or cut.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
};

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    /// Nothing passes; what was sent meanwhile passes later.
    Held,
    /// Connections end, and new ones are refused.
    Cut,
    /// Connections end, and new ones as soon as they are made: so does a database that is starting or stopping.
    Slammed,
}

impl State {
    fn is_down(self) -> bool {
        matches!(self, Self::Cut | Self::Slammed)
    }
}

/// A line between two programs, in the test's hand.
#[derive(Clone)]
pub struct Line {
    pub address: SocketAddr,
    state: Arc<watch::Sender<State>>,
    connections: Arc<AtomicUsize>,
}

impl Line {
    pub async fn to(target: &str) -> Self {
        // A port that the system gives to nobody by itself, so that it is still free when the line is opened again.
        let mut listener = None;
        while listener.is_none() {
            listener = TcpListener::bind(("127.0.0.1", rand::random_range(20_000..30_000)))
                .await
                .ok();
        }
        let listener = listener.expect("a port");
        let line = Self {
            address: listener.local_addr().expect("an address"),
            state: Arc::new(watch::Sender::new(State::Open)),
            connections: Arc::default(),
        };
        tokio::spawn(serve(
            listener,
            line.address,
            target.to_owned(),
            line.state.subscribe(),
            line.connections.clone(),
        ));
        line
    }

    pub fn open(&self) {
        self.state.send_replace(State::Open);
    }

    pub fn hold(&self) {
        self.state.send_replace(State::Held);
    }

    pub fn cut(&self) {
        self.state.send_replace(State::Cut);
    }

    pub fn slam(&self) {
        self.state.send_replace(State::Slammed);
    }

    /// How many connections were begun so far.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }
}

/// Takes connections, except while the line is cut.
async fn serve(
    mut listener: TcpListener,
    address: SocketAddr,
    target: String,
    mut state: watch::Receiver<State>,
    count: Arc<AtomicUsize>,
) {
    loop {
        let cut = async { state.wait_for(|s| *s == State::Cut).await.is_ok() };
        tokio::select! {
            cut = cut => if !cut { return },
            near = listener.accept() => {
                if let Ok((near, _)) = near {
                    count.fetch_add(1, Ordering::SeqCst);
                    tokio::spawn(join(near, target.clone(), state.clone()));
                }
                continue;
            }
        }
        drop(listener);
        if state.wait_for(|s| *s != State::Cut).await.is_err() {
            return;
        }
        listener = TcpListener::bind(address).await.expect("the port is still free");
    }
}

async fn join(near: TcpStream, target: String, state: watch::Receiver<State>) {
    if state.borrow().is_down() {
        return;
    }
    let Ok(far) = TcpStream::connect(target).await else { return };
    let ((from_near, to_near), (from_far, to_far)) = (near.into_split(), far.into_split());
    tokio::join!(pass(from_near, to_far, state.clone()), pass(from_far, to_near, state));
}

async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut state: watch::Receiver<State>) {
    let mut bytes = vec![0; 16 * 1024];
    loop {
        let read = tokio::select! {
            biased;
            _down = state.wait_for(|s| s.is_down()) => return,
            read = from.read(&mut bytes) => read,
        };
        let read = read.unwrap_or(0);
        let now = state.wait_for(|s| *s != State::Held).await.map_or(State::Cut, |s| *s);
        if now.is_down() || to.write_all(&bytes[..read]).await.is_err() {
            return;
        }
        if read == 0 {
            // A server that sees the end together with the request may drop both; what arrived should be worked on.
            tokio::time::sleep(Duration::from_millis(500)).await;
            let _gone = to.shutdown().await;
            return;
        }
    }
}
