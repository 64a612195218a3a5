//! A calendar server at a socket, which says what the test wants.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use axum::{
    Router,
    body::Body,
    extract::State,
    http::{HeaderMap, Response, StatusCode, header},
    routing::get,
};

/// What it answers.
#[derive(Clone)]
pub enum Says {
    Body(String),
    Status(u16),
    /// A body without an end that is worth anything.
    Huge,
    /// To itself, again and again.
    Round,
}

struct Inner {
    says: Mutex<Says>,
    whole: AtomicUsize,
}

pub struct Peer {
    inner: Arc<Inner>,
    address: std::net::SocketAddr,
}

impl Peer {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a socket");
        let address = listener.local_addr().expect("an address");
        let inner = Arc::new(Inner {
            says: Mutex::new(Says::Status(503)),
            whole: AtomicUsize::new(0),
        });
        let router = Router::new()
            .route("/secret-word/basic.ics", get(answer))
            .with_state(inner.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { inner, address }
    }

    pub fn url(&self) -> String {
        format!("http://{}/secret-word/basic.ics", self.address)
    }

    pub fn say(&self, says: Says) {
        *self.inner.says.lock().unwrap_or_else(PoisonError::into_inner) = says;
    }

    pub fn serve(&self, body: String) {
        self.say(Says::Body(body));
    }

    /// How often it gave the whole calendar.
    pub fn whole(&self) -> usize {
        self.inner.whole.load(Ordering::SeqCst)
    }
}

async fn answer(State(inner): State<Arc<Inner>>, headers: HeaderMap) -> Response<Body> {
    let says = inner.says.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let answer = Response::builder();
    let made = match says {
        Says::Status(code) => answer.status(code).body(Body::empty()),
        Says::Huge => {
            let part = || Ok::<_, std::io::Error>(vec![b'x'; 64 * 1024]);
            let parts = futures::stream::iter(std::iter::repeat_with(part).take(3_200));
            answer.body(Body::from_stream(parts))
        }
        Says::Round => answer
            .status(StatusCode::FOUND)
            .header(header::LOCATION, "/secret-word/basic.ics")
            .body(Body::empty()),
        Says::Body(body) => {
            let tag = format!("\"{}\"", body.len() * 31 + body.bytes().map(usize::from).sum::<usize>());
            if headers.get(header::IF_NONE_MATCH).is_some_and(|given| given == tag.as_str()) {
                answer.status(StatusCode::NOT_MODIFIED).body(Body::empty())
            } else {
                inner.whole.fetch_add(1, Ordering::SeqCst);
                answer
                    .header(header::ETAG, tag)
                    .header(header::CONTENT_TYPE, "text/calendar")
                    .body(Body::from(body))
            }
        }
    };
    made.expect("an answer")
}
