//! The load generator: HTTP/1.1 over plain connections, requests made before the clock starts. It shares two cores with what it
//! measures, so it does as little as it can per request.

use std::{
    io,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use hdrhistogram::Histogram;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::Semaphore,
    task::JoinSet,
};

/// One connection that is kept open.
pub struct Conn {
    stream: TcpStream,
    /// What came in and was not looked at yet.
    buffer: Vec<u8>,
    /// The last answer's head, with its status line.
    pub head: String,
    pub body: Vec<u8>,
}

impl Conn {
    pub async fn open(address: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            buffer: Vec::with_capacity(16 * 1024),
            head: String::new(),
            body: Vec::new(),
        })
    }

    /// Sends one request and reads the whole answer; its status.
    pub async fn ask(&mut self, request: &[u8]) -> io::Result<u16> {
        let status = self.begin(request).await?;
        self.body.clear();
        if let Some(length) = self.header("content-length").and_then(|v| v.parse().ok()) {
            self.take(length).await?;
        } else if self.header("transfer-encoding").is_some() {
            while self.chunk().await? {}
        }
        Ok(status)
    }

    /// Sends one request and reads the head of the answer only.
    pub async fn begin(&mut self, request: &[u8]) -> io::Result<u16> {
        self.stream.write_all(request).await?;
        self.line(b"\r\n\r\n").await?;
        let status = self.head.get(9..12).and_then(|s| s.parse().ok());
        status.ok_or_else(|| io::Error::other(format!("not an answer: {}", self.head)))
    }

    /// Adds the next chunk of a chunked body to `body`; false at its end.
    pub async fn chunk(&mut self) -> io::Result<bool> {
        let head = std::mem::take(&mut self.head);
        self.line(b"\r\n").await?;
        let size = std::mem::replace(&mut self.head, head);
        let size = usize::from_str_radix(size.trim(), 16).map_err(io::Error::other)?;
        self.take(size + 2).await?;
        self.body.truncate(self.body.len() - 2);
        Ok(size > 0)
    }

    /// A header of the last answer.
    pub fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        let found = headers.find(|(here, _)| here.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.trim())
    }

    /// Reads up to and with `end` into `head`.
    async fn line(&mut self, end: &[u8]) -> io::Result<()> {
        let mut looked = 0;
        let at = loop {
            let from = looked;
            if let Some(at) = self.buffer[from..].windows(end.len()).position(|w| w == end) {
                break from + at + end.len();
            }
            looked = self.buffer.len().saturating_sub(end.len() - 1);
            self.fill().await?;
        };
        self.head.clear();
        self.head.push_str(&String::from_utf8_lossy(&self.buffer[..at]));
        self.buffer.drain(..at);
        Ok(())
    }

    async fn take(&mut self, length: usize) -> io::Result<()> {
        while self.buffer.len() < length {
            self.fill().await?;
        }
        self.body.extend(self.buffer.drain(..length));
        Ok(())
    }

    async fn fill(&mut self) -> io::Result<()> {
        if self.stream.read_buf(&mut self.buffer).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        Ok(())
    }
}

/// A whole request as bytes.
pub fn request(method: &str, path: &str, address: &str, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
    let mut text = format!("{method} {path} HTTP/1.1\r\nhost: {address}\r\n");
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    if method != "GET" {
        text.push_str(&format!("content-length: {}\r\n", body.len()));
    }
    text.push_str("\r\n");
    text.push_str(body);
    text.into_bytes()
}

/// How requests went.
pub struct Measured {
    /// Microseconds until the whole answer was there.
    pub times: Histogram<u64>,
    /// Which requests were answered with 2xx, by their place in the list.
    pub ok: Vec<usize>,
    pub failed: usize,
    pub seconds: f64,
    /// Bodies of the 2xx answers, if asked for.
    pub bodies: Vec<(usize, Vec<u8>)>,
    /// The first answer that was none of 2xx, or what broke.
    pub trouble: Option<String>,
}

impl Measured {
    pub fn new() -> Self {
        Self {
            times: histogram(),
            ok: Vec::new(),
            failed: 0,
            seconds: 0.0,
            bodies: Vec::new(),
            trouble: None,
        }
    }

    pub fn rate(&self) -> f64 {
        self.ok.len() as f64 / self.seconds.max(1e-9)
    }

    pub fn ms(&self, quantile: f64) -> f64 {
        self.times.value_at_quantile(quantile) as f64 / 1000.0
    }

    /// # Errors
    /// When anything went wrong at all.
    pub fn all_well(self) -> anyhow::Result<Self> {
        match &self.trouble {
            Some(trouble) => anyhow::bail!(
                "{} of {} requests failed: {trouble}",
                self.failed,
                self.failed + self.ok.len()
            ),
            None => Ok(self),
        }
    }

    fn add(&mut self, other: Self) {
        // Both have the same bounds.
        let _ = self.times.add(&other.times);
        self.ok.extend(other.ok);
        self.failed += other.failed;
        self.bodies.extend(other.bodies);
        self.trouble = self.trouble.take().or(other.trouble);
    }

    async fn exchange(&mut self, conn: &mut Option<Conn>, plan: &Plan, i: usize, since: Instant) {
        let answered = async {
            if conn.is_none() {
                *conn = Some(Conn::open(&plan.address).await?);
            }
            let open = conn.as_mut().ok_or(io::ErrorKind::NotConnected)?;
            let status = open.ask(&plan.requests[i]).await?;
            Ok::<_, io::Error>((status, open))
        };
        match answered.await {
            Ok((200..=299, open)) => {
                self.times.saturating_record(since.elapsed().as_micros() as u64);
                self.ok.push(i);
                if plan.keep_bodies {
                    self.bodies.push((i, open.body.clone()));
                }
            }
            Ok((_, open)) => {
                self.failed += 1;
                let start: String = String::from_utf8_lossy(&open.body).chars().take(300).collect();
                self.trouble
                    .get_or_insert_with(|| format!("{} {start}", open.head.lines().next().unwrap_or_default()));
            }
            Err(e) => {
                self.failed += 1;
                self.trouble.get_or_insert_with(|| e.to_string());
                *conn = None;
            }
        }
    }
}

pub fn histogram() -> Histogram<u64> {
    // 1 µs to 10 minutes; the bounds are right by construction.
    Histogram::new_with_bounds(1, 600_000_000, 3).unwrap_or_else(|_| unreachable!())
}

/// What is sent where.
#[derive(Clone)]
pub struct Plan {
    pub address: String,
    pub requests: Arc<Vec<Vec<u8>>>,
    pub keep_bodies: bool,
}

impl Plan {
    pub fn new(address: &str, requests: Vec<Vec<u8>>) -> Self {
        Self {
            address: address.to_owned(),
            requests: Arc::new(requests),
            keep_bodies: false,
        }
    }

    pub fn keeping_bodies(self) -> Self {
        Self {
            keep_bodies: true,
            ..self
        }
    }

    /// Closed loop: each connection sends its next request when it has its answer, until the list or the time is over.
    pub async fn saturate(&self, connections: usize, at_most: Duration) -> Measured {
        let (next, start) = (Arc::new(AtomicUsize::new(0)), Instant::now());
        self.each(connections, |plan| {
            let next = next.clone();
            async move {
                let (mut m, mut conn) = (Measured::new(), None);
                while start.elapsed() < at_most {
                    let i = next.fetch_add(1, Ordering::Relaxed);
                    if i >= plan.requests.len() {
                        break;
                    }
                    m.exchange(&mut conn, &plan, i, Instant::now()).await;
                }
                m
            }
        })
        .await
    }

    /// All of the list, as fast as `connections` go.
    pub async fn all(&self, connections: usize) -> Measured {
        self.saturate(connections, Duration::from_secs(3600)).await
    }

    /// Open loop: request `i` is due at `i / rate`, and its time counts from then, also when it had to wait for a free connection
    /// (no coordinated omission). A thread keeps the pace, because Tokio's timer has whole milliseconds.
    pub async fn at_rate(&self, rate: f64, connections: usize) -> Measured {
        let turns = Arc::new(Semaphore::new(0));
        let (next, start) = (Arc::new(AtomicUsize::new(0)), Instant::now() + Duration::from_millis(20));
        let due = move |i: usize| start + Duration::from_secs_f64(i as f64 / rate);
        let (count, pace) = (self.requests.len(), turns.clone());
        std::thread::spawn(move || {
            for i in 0..count {
                std::thread::sleep(due(i).saturating_duration_since(Instant::now()));
                pace.add_permits(1);
            }
            // One more each, so that everyone sees the end.
            pace.add_permits(connections);
        });
        self.each(connections, |plan| {
            let (turns, next) = (turns.clone(), next.clone());
            async move {
                let mut m = Measured::new();
                let mut conn = Conn::open(&plan.address).await.ok();
                while let Ok(turn) = turns.acquire().await {
                    turn.forget();
                    let i = next.fetch_add(1, Ordering::Relaxed);
                    if i >= count {
                        break;
                    }
                    m.exchange(&mut conn, &plan, i, due(i)).await;
                }
                m
            }
        })
        .await
    }

    async fn each<F: Future<Output = Measured> + Send + 'static>(&self, connections: usize, one: impl Fn(Self) -> F) -> Measured {
        let mut tasks = JoinSet::new();
        let start = Instant::now();
        for _ in 0..connections {
            tasks.spawn(one(self.clone()));
        }
        let mut all = Measured::new();
        for m in tasks.join_all().await {
            all.add(m);
        }
        all.seconds = start.elapsed().as_secs_f64();
        all
    }
}
