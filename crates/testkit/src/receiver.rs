//! Somebody else's program at a socket, which is called by webhooks and says what the test wants.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    http::{HeaderMap, Response},
    routing::post,
};
use tokio::sync::watch;

/// What it answers.
#[derive(Clone, Debug)]
pub enum Says {
    Status(u16),
    /// With how long it wants to be left alone.
    Later(u16, &'static str),
    /// To call itself elsewhere.
    Elsewhere,
    /// A gigabyte.
    Huge,
    /// Nothing, until it is told to say something else.
    Nothing,
}

/// A call that came.
#[derive(Clone, Debug)]
pub struct Call {
    pub id: String,
    pub timestamp: String,
    pub signature: String,
    pub body: String,
}

impl Call {
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).expect("JSON")
    }

    pub fn kind(&self) -> String {
        self.json()["type"].as_str().expect("a type").to_owned()
    }

    /// Whether the official library, with this secret, would have written one of the signatures.
    pub fn is_signed_with(&self, secret: &str) -> bool {
        let library = standardwebhooks::Webhook::new(secret).expect("a secret");
        let timestamp = self.timestamp.parse().expect("seconds");
        let own = library.sign(&self.id, timestamp, self.body.as_bytes()).expect("a signature");
        self.signature.split(' ').any(|one| one == own)
    }
}

struct Inner {
    calls: Mutex<Vec<Call>>,
    says: watch::Sender<Says>,
}

/// The program.
pub struct Receiver {
    inner: Arc<Inner>,
    address: std::net::SocketAddr,
}

impl Receiver {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a socket");
        let address = listener.local_addr().expect("an address");
        let inner = Arc::new(Inner {
            calls: Mutex::default(),
            says: watch::Sender::new(Says::Status(200)),
        });
        let router = Router::new().route("/hook", post(answer)).with_state(inner.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { inner, address }
    }

    pub fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    pub fn say(&self, says: Says) {
        self.inner.says.send_replace(says);
    }

    fn calls_now(&self) -> MutexGuard<'_, Vec<Call>> {
        self.inner.calls.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Every call so far, in the order in which they came.
    pub fn calls(&self) -> Vec<Call> {
        self.calls_now().clone()
    }

    /// The same, forgotten.
    pub fn take(&self) -> Vec<Call> {
        std::mem::take(&mut *self.calls_now())
    }

    /// Types of the calls that came, forgotten.
    pub fn kinds(&self) -> Vec<String> {
        self.take().iter().map(Call::kind).collect()
    }
}

async fn answer(State(inner): State<Arc<Inner>>, headers: HeaderMap, body: Bytes) -> Response<Body> {
    let text = |name: &str| headers[name].to_str().expect("text").to_owned();
    let call = Call {
        id: text("webhook-id"),
        timestamp: text("webhook-timestamp"),
        signature: text("webhook-signature"),
        body: String::from_utf8(body.to_vec()).expect("text"),
    };
    inner.calls.lock().unwrap_or_else(PoisonError::into_inner).push(call);
    let mut says = inner.says.subscribe();
    let says = says.wait_for(|says| !matches!(says, Says::Nothing)).await;
    let says = says.map_or(Says::Status(503), |says| says.clone());
    let answer = Response::builder();
    let (answer, body) = match says {
        Says::Status(code) => (answer.status(code), Body::from("so be it")),
        Says::Later(code, after) => (answer.status(code).header("retry-after", after), Body::empty()),
        Says::Elsewhere => (answer.status(308).header("location", "/hook"), Body::empty()),
        Says::Huge => (answer.status(200), endless()),
        Says::Nothing => unreachable!("it waited for something else"),
    };
    answer.body(body).expect("an answer")
}

fn endless() -> Body {
    let chunk = Bytes::from(vec![b'x'; 1 << 20]);
    Body::from_stream(futures::stream::iter(
        (0..1_024).map(move |_| Ok::<_, std::io::Error>(chunk.clone())),
    ))
}
