//! A running Showup and the people at its doors.

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use contract::accounts::SignUp;
use serde_json::{Value, json};
use server::{AppState, metrics::MetricsToken, router, site::Site, workers};
use services::{
    Actor, Clock, Credentials, Db, Principal, Services, Settings, SharedKey, Twilio, integrations, jobs, reminders, sending,
    setup,
};
use testkit::{Backend, Sim, TestClock, TestDb};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use twilio::signature;
use twilio_sim::SimConfig;
use uuid::Uuid;

pub const NUMBER: &str = "+15005550006";
/// The second business's number.
pub const OTHER_NUMBER: &str = "+15005550010";
pub const INBOUND: &str = "/webhooks/twilio/inbound";
pub const STATUS: &str = "/webhooks/twilio/status";
/// How long to wait for what must happen: far longer than it takes, even on a slow machine.
pub const PATIENCE: Duration = Duration::from_secs(180);
pub const OLD_TOKEN: &str = "the-token-before";
/// A key that the installation's account signs webhooks with, too.
pub const KEY_ID: &str = "webhooks_sharedkey_01";
pub const KEY_SECRET: &str = "the-shared-secret";

pub struct TestApp {
    pub url: String,
    pub s: Services,
    pub sim: Arc<Sim>,
    pub http: reqwest::Client,
    pub business_id: Uuid,
    pub key: String,
    clock: Option<TestClock>,
    stopping: CancellationToken,
    state: AppState,
    _db: TestDb,
}

impl Drop for TestApp {
    fn drop(&mut self) {
        self.stopping.cancel();
    }
}

/// How an app differs from the usual one.
#[derive(Default)]
struct Setup {
    /// Where the world believes it to be; where it listens, if not given.
    public_url: Option<String>,
    /// The business's zone; one in which it is about noon, if not given.
    zone: Option<String>,
    /// A clock that stands there until it is moved; the machine's, if not given.
    clock_at: Option<DateTime<Utc>>,
    /// Nobody has set up e-mail.
    without_mail: bool,
    /// The built site; none, if not given.
    site: Option<Site>,
}

/// No site was built: its pages name files that are not there.
fn nowhere() -> Site {
    Site::inside(|_| None).expect("nothing to read")
}

/// Workers that can be stopped before the app.
pub struct Workers {
    stopping: CancellationToken,
    task: JoinHandle<anyhow::Result<()>>,
}

impl Workers {
    /// Lets them finish what they began.
    pub async fn stop(self) {
        self.stopping.cancel();
        self.task.await.expect("no panic").expect("workers end well");
    }
}

/// Workers on a thread of their own, with their own connections, as in another process.
pub struct Doomed(Option<tokio::runtime::Runtime>);

impl Doomed {
    /// Between two instructions, wherever they are: as by `kill -9`.
    pub fn kill(mut self) {
        self.end();
    }

    fn end(&mut self) {
        if let Some(runtime) = self.0.take() {
            runtime.shutdown_background();
        }
    }
}

impl Drop for Doomed {
    fn drop(&mut self) {
        self.end();
    }
}

/// A business and a key to its API.
pub struct Tenant {
    pub key: String,
    /// Whoever runs this installation, at work on this business.
    pub operator: Actor,
}

impl TestApp {
    /// Everything in one process, as `showup serve`.
    pub async fn start(backend: Backend) -> Self {
        let app = Self::without_workers(backend).await;
        app.start_workers();
        app
    }

    pub async fn without_workers(backend: Backend) -> Self {
        Self::set_up(backend, Setup::default()).await
    }

    /// On a clock that is moved by the test, shared with the simulator: Monday, January 6, 2025, 10:00 in New York, where the business
    /// is. That is in the past for a queue that reads the database's own clock, so nothing waits there for the machine's time to come.
    pub async fn with_clock(backend: Backend) -> Self {
        Self::with_clock_at(backend, "2025-01-06T15:00:00Z").await
    }

    pub async fn with_clock_at(backend: Backend, at: &str) -> Self {
        let setup = Setup {
            zone: Some("America/New_York".to_owned()),
            clock_at: Some(at.parse().expect("an instant")),
            ..Setup::default()
        };
        Self::set_up(backend, setup).await
    }

    /// Behind a proxy: the world knows it by another address.
    pub async fn known_as(backend: Backend, public_url: &str) -> Self {
        let setup = Setup {
            public_url: Some(public_url.to_owned()),
            ..Setup::default()
        };
        Self::set_up(backend, setup).await
    }

    /// With a built site.
    pub async fn with_site(site: Site) -> Self {
        let setup = Setup {
            site: Some(site),
            ..Setup::default()
        };
        Self::set_up(Backend::Sqlite, setup).await
    }

    /// Where no mail server is set up.
    pub async fn without_mail(backend: Backend) -> Self {
        let setup = Setup {
            without_mail: true,
            ..Setup::default()
        };
        Self::set_up(backend, setup).await
    }

    async fn set_up(backend: Backend, setup: Setup) -> Self {
        twilio::tls::install();
        let db = TestDb::new(backend).await;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let config = SimConfig {
            inbound_url: Some(format!("{url}/webhooks/twilio/inbound")),
            ..SimConfig::default()
        };
        let sim = Arc::new(twilio_sim::start(config).await.expect("the simulator starts"));
        let clock = setup.clock_at.map(|at| TestClock::at(sim.clone(), at));
        let api = twilio::Api::new(twilio::Config::new(sim.url())).expect("a way to Twilio");
        let settings = Settings {
            public_url: setup.public_url.unwrap_or_else(|| url.clone()),
            default_from: None,
            account_per_second: None,
        };
        let twilio = Twilio {
            api,
            account: Some(account(&sim)),
        };
        let opened = Db::connect(&db.url).await.expect("the database opens");
        let now = clock.as_ref().map_or_else(Clock::system, TestClock::clock);
        let email = testkit::mail_server(&sim).filter(|_| !setup.without_mail);
        let s = Services::open(opened, now, twilio, email, settings, testkit::master())
            .await
            .expect("the keys are there");
        let owner = SignUp {
            time_zone: Some(setup.zone.unwrap_or_else(noon_zone)),
            ..sign_up("Bright Dental", "olga@x.test")
        };
        let started = setup::open_business(&s, owner, Some(NUMBER), Some(1_000))
            .await
            .expect("a business");
        let key = api_key(&s, started.business_id, &[]).await;
        let stopping = CancellationToken::new();
        let state = AppState {
            services: s.clone(),
            site: setup.site.unwrap_or_else(nowhere),
            metrics_token: MetricsToken::default(),
            stopping: stopping.clone(),
        };
        let routes = router::router(state.clone()).expect("routes");
        tokio::spawn(
            axum::serve(listener, routes.into_make_service_with_connect_info::<std::net::SocketAddr>())
                .with_graceful_shutdown(stopping.clone().cancelled_owned())
                .into_future(),
        );
        let http = reqwest::Client::builder()
            .cookie_store(true)
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .expect("a client");
        Self {
            url,
            s,
            sim,
            http,
            business_id: started.business_id,
            key,
            clock,
            stopping,
            state,
            _db: db,
        }
    }

    /// A second server on the same database, not listening yet.
    pub fn second_router(&self) -> axum::Router {
        router::router(self.state.clone()).expect("routes")
    }

    pub fn start_workers(&self) -> Workers {
        let stopping = self.stopping.child_token();
        let task = tokio::spawn(workers::run(self.s.clone(), stopping.clone()));
        Workers { stopping, task }
    }

    /// Workers that can be killed.
    pub fn start_doomed_workers(&self) -> Doomed {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let (url, clock, sim) = (self._db.url.clone(), self.clock().clock(), self.sim.clone());
        let (settings, stopping) = (self.s.settings().clone(), self.stopping.child_token());
        runtime.spawn(async move {
            let db = Db::connect(&url).await.expect("the database opens");
            let api = twilio::Api::new(twilio::Config::new(sim.url())).expect("a way to Twilio");
            let twilio = Twilio {
                api,
                account: Some(account(&sim)),
            };
            let s = Services::open(db, clock, twilio, testkit::mail_server(&sim), settings, testkit::master())
                .await
                .expect("the keys are there");
            workers::run(s, stopping).await
        });
        Doomed(Some(runtime))
    }

    /// The clock this app was given; see `with_clock`.
    pub fn clock(&self) -> &TestClock {
        self.clock.as_ref().expect("this app runs on the machine's clock")
    }

    /// A second business, and a key of its own.
    pub async fn another_key(&self) -> String {
        let started = setup::open_business(&self.s, sign_up("Corner Garage", "gus@x.test"), None, None)
            .await
            .expect("a business");
        api_key(&self.s, started.business_id, &[]).await
    }

    /// A second business with a number and a key of its own, on the same Twilio account.
    pub async fn neighbour(&self) -> Tenant {
        let started = setup::open_business(
            &self.s,
            sign_up("Corner Garage", "gus@x.test"),
            Some(OTHER_NUMBER),
            Some(1_000),
        )
        .await
        .expect("a business");
        Tenant {
            key: api_key(&self.s, started.business_id, &[]).await,
            operator: Actor {
                business_id: started.business_id,
                who: Principal::Operator,
            },
        }
    }

    pub async fn key_with(&self, scopes: &[&str]) -> String {
        api_key(&self.s, self.business_id, scopes).await
    }

    pub async fn get(&self, path: &str) -> (u16, Value) {
        self.api(self.http.get(format!("{}/api/v1{path}", self.url)), &self.key).await
    }

    pub async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        self.api(self.http.post(format!("{}/api/v1{path}", self.url)).json(&body), &self.key)
            .await
    }

    pub async fn post_as(&self, key: &str, path: &str, body: Value) -> (u16, Value) {
        self.api(self.http.post(format!("{}/api/v1{path}", self.url)).json(&body), key)
            .await
    }

    /// As the owner, in the session of `http`.
    pub async fn sign_in(&self) {
        sign_in(&self.http, &self.url, "olga@x.test", "a long password").await;
    }

    pub async fn api(&self, request: reqwest::RequestBuilder, key: &str) -> (u16, Value) {
        let response = request.bearer_auth(key).send().await.expect("an answer");
        let status = response.status().as_u16();
        (status, response.json().await.unwrap_or_default())
    }

    /// A contact who agreed to be texted; their id.
    pub async fn contact(&self, name: &str, phone: &str) -> String {
        let body = json!({ "name": name, "phone": phone, "opt_in": { "channel": "sms", "source": "booking" } });
        let (status, contact) = self.post("/contacts", body).await;
        assert_eq!(status, 201, "{contact}");
        contact["id"].as_str().expect("an id").to_owned()
    }

    /// Staff write to a contact; the message as it was stored.
    pub async fn reply(&self, contact: &str, body: &str) -> Value {
        let (status, message) = self.post("/messages", json!({ "contact_id": contact, "body": body })).await;
        assert_eq!(status, 202, "{message}");
        message
    }

    /// Why a text may not be written to this contact.
    pub async fn refused_reply(&self, contact: &str) -> String {
        let (status, problem) = self
            .post("/messages", json!({ "contact_id": contact, "body": "Hello?" }))
            .await;
        assert_eq!((status, problem["code"].as_str()), (409, Some("may_not_send")), "{problem}");
        problem["detail"].as_str().unwrap_or_default().to_owned()
    }

    /// An appointment at this moment; its id.
    pub async fn appointment_at(&self, contact: &str, starts_at: DateTime<Utc>) -> String {
        let body = json!({ "contact_id": contact, "starts_at": starts_at.to_rfc3339() });
        let (status, appointment) = self.post("/appointments", body).await;
        assert_eq!(status, 201, "{appointment}");
        appointment["id"].as_str().expect("an id").to_owned()
    }

    /// An appointment so many hours from now; its id.
    pub async fn appointment(&self, contact: &str, hours: i64) -> String {
        self.appointment_at(contact, self.s.now() + chrono::Duration::hours(hours))
            .await
    }

    pub async fn see_appointment(&self, appointment: &str) -> Value {
        let (status, seen) = self.get(&format!("/appointments/{appointment}")).await;
        assert_eq!(status, 200, "{seen}");
        seen
    }

    pub async fn move_appointment(&self, appointment: &str, starts_at: DateTime<Utc>) -> (u16, Value) {
        let patch = self
            .http
            .patch(format!("{}/api/v1/appointments/{appointment}", self.url))
            .json(&json!({ "starts_at": starts_at.to_rfc3339() }));
        self.api(patch, &self.key).await
    }

    /// `unknown`, `opted_in` or `opted_out`.
    pub async fn consent(&self, contact: &str) -> String {
        let (_, seen) = self.get(&format!("/contacts/{contact}")).await;
        seen["consent"]["sms"].as_str().unwrap_or_default().to_owned()
    }

    /// Open tasks, oldest first.
    pub async fn open_tasks(&self) -> Vec<Value> {
        self.all("/tasks?status=open").await
    }

    /// Kinds of the open tasks, sorted.
    pub async fn open_task_kinds(&self) -> Vec<String> {
        let tasks = self.open_tasks().await;
        let mut kinds: Vec<String> = tasks.iter().filter_map(|t| t["kind"].as_str().map(str::to_owned)).collect();
        kinds.sort();
        kinds
    }

    /// Every row of a list, page after page.
    pub async fn all(&self, path: &str) -> Vec<Value> {
        list_all(&self.http, &self.url, &self.key, path).await
    }

    pub async fn messages_of(&self, contact: &str) -> Vec<Value> {
        self.get(&format!("/messages?contact_id={contact}")).await.1["data"]
            .as_array()
            .cloned()
            .unwrap_or_default()
    }

    /// The message with this id, as it is now.
    pub async fn message(&self, id: &Value) -> Value {
        let all = self.all("/messages").await;
        all.into_iter().find(|m| m["id"] == *id).expect("the message is there")
    }

    /// Waits until the message has this status.
    pub async fn until_status(&self, id: &Value, status: &str) -> Value {
        self.until(status, async || {
            let message = self.message(id).await;
            (message["status"] == status).then_some(message)
        })
        .await
    }

    /// Moves the clock on, a step a look, until `wanted` is so: for what only time brings about.
    pub async fn as_time_goes_by<T>(&self, step: chrono::Duration, what: &str, mut wanted: impl AsyncFnMut() -> Option<T>) -> T {
        let until = tokio::time::Instant::now() + PATIENCE;
        let mut steps = 0..150;
        while tokio::time::Instant::now() < until {
            if let Some(found) = wanted().await {
                return found;
            }
            // However far behind the workers of a slow machine are, time does not run away from what is waited for.
            if steps.next().is_some() {
                self.clock().advance(step);
            }
            tokio::time::sleep(Duration::from_millis(150)).await;
        }
        panic!("waited in vain: {what}");
    }

    /// Looks for due work and does what it found, as workers do every two seconds.
    pub async fn a_tick_later(&self) {
        reminders::tick(&self.s).await.expect("due reminders");
        jobs::tick(&self.s).await.expect("unclear texts");
        Box::pin(sending::send_due(&self.s)).await.expect("the outbox");
    }

    /// Waits until `wanted` is so, looking often.
    pub async fn until<T>(&self, what: &str, mut wanted: impl AsyncFnMut() -> Option<T>) -> T {
        let until = tokio::time::Instant::now() + PATIENCE;
        while tokio::time::Instant::now() < until {
            if let Some(found) = wanted().await {
                return found;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("waited in vain: {what}");
    }

    /// A webhook as Twilio would sign it.
    pub fn signed(&self, path: &str, params: &[(&str, &str)]) -> reqwest::RequestBuilder {
        self.signed_with(self.sim.auth_token(), path, params)
    }

    pub fn signed_with(&self, token: &str, path: &str, params: &[(&str, &str)]) -> reqwest::RequestBuilder {
        let owned: Vec<(String, String)> = params.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let url = format!("{}{path}", self.url);
        let signature = signature::sign(token, &url, &owned);
        self.http.post(url).header("X-Twilio-Signature", signature).form(&owned)
    }

    /// A customer texts the business through Twilio's webhook, but past the simulator, whose network would opt people out by itself.
    pub async fn receives(&self, sid: &str, from: &str, body: &str) {
        let answer = self
            .signed(INBOUND, &self.text(sid, from, body))
            .send()
            .await
            .expect("an answer");
        assert_eq!(answer.status().as_u16(), 200, "{body}");
    }

    /// Twilio says how a message is doing; the HTTP status of the answer.
    pub async fn status_callback(&self, message: &Value, sid: &str, status: &str) -> u16 {
        self.status_callback_with(message, sid, status, &[]).await
    }

    pub async fn status_callback_with(&self, message: &Value, sid: &str, status: &str, more: &[(&str, &str)]) -> u16 {
        let path = format!("{STATUS}?message_id={}", message["id"].as_str().expect("an id"));
        let mut params = vec![
            ("MessageSid", sid),
            ("AccountSid", self.sim.account_sid()),
            ("MessageStatus", status),
        ];
        params.extend_from_slice(more);
        let answer = self.signed(&path, &params).send().await.expect("an answer");
        answer.status().as_u16()
    }

    pub fn text<'a>(&'a self, sid: &'a str, from: &'a str, body: &'a str) -> Vec<(&'a str, &'a str)> {
        vec![
            ("MessageSid", sid),
            ("AccountSid", self.sim.account_sid()),
            ("From", from),
            ("To", NUMBER),
            ("Body", body),
            ("NumMedia", "0"),
        ]
    }
}

/// Signs in as the form on the page does.
pub async fn sign_in(http: &reqwest::Client, url: &str, email: &str, password: &str) {
    let page = http.get(format!("{url}/signin")).send().await.expect("an answer");
    let status = page.status();
    let html = page.text().await.expect("a page");
    let action = html.split("action=\"").find(|rest| rest.starts_with("/api/fn/sign_in"));
    let path = action
        .and_then(|rest| rest.split('"').next())
        .unwrap_or_else(|| panic!("no form to sign in ({status}): {html}"));
    let form = [("email", email), ("password", password), ("next", "/inbox")];
    let request = http.post(format!("{url}{path}")).header("accept", "text/html").form(&form);
    let answer = request.send().await.expect("an answer");
    assert!(answer.status().is_redirection(), "{}", answer.status());
}

/// Every row of a list of the API, page after page.
pub async fn list_all(http: &reqwest::Client, url: &str, key: &str, path: &str) -> Vec<Value> {
    let mut all = Vec::new();
    let mut cursor = String::new();
    let mark = if path.contains('?') { '&' } else { '?' };
    loop {
        let address = format!("{url}/api/v1{path}{cursor}");
        let answer = http.get(&address).bearer_auth(key).send().await.expect("an answer");
        let page: Value = answer.json().await.expect("JSON");
        all.extend(
            page["data"]
                .as_array()
                .unwrap_or_else(|| panic!("{path}: {page}"))
                .iter()
                .cloned(),
        );
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("{mark}cursor={next}"),
            None => return all,
        }
    }
}

pub fn sid(n: u32) -> String {
    format!("SM{n:032x}")
}

pub fn sign_up(name: &str, email: &str) -> SignUp {
    SignUp {
        business_name: name.to_owned(),
        name: "Olga".to_owned(),
        email: email.to_owned(),
        password: "a long password".to_owned(),
        // Wherever the test runs, it is about noon there: quiet hours are other tests' business.
        time_zone: Some(noon_zone()),
        country: None,
    }
}

/// A zone in which it is between 10 and 14 o'clock now.
pub fn noon_zone() -> String {
    use chrono::Timelike;
    #[expect(clippy::disallowed_methods, reason = "this process runs on the machine's clock")]
    let hour = chrono::Utc::now().hour() as i32;
    let ahead = 12 - hour;
    // POSIX signs: Etc/GMT-3 is three hours ahead.
    if ahead == 0 {
        "Etc/GMT".to_owned()
    } else {
        format!("Etc/GMT{:+}", -ahead)
    }
}

async fn api_key(s: &Services, business_id: Uuid, scopes: &[&str]) -> String {
    let operator = Actor {
        business_id,
        who: Principal::Operator,
    };
    let scopes: Vec<String> = scopes.iter().map(|s| (*s).to_owned()).collect();
    integrations::create_api_key(s, &operator, "tests", &scopes)
        .await
        .expect("a key")
}

/// The installation's account at this Twilio, with a token that was in use before, and a key.
fn account(sim: &Sim) -> Credentials {
    Credentials {
        sid: sim.account_sid().to_owned(),
        tokens: vec![sim.auth_token().to_owned().into(), OLD_TOKEN.to_owned().into()],
        shared_keys: vec![SharedKey {
            id: KEY_ID.to_owned(),
            secret: KEY_SECRET.to_owned().into(),
        }],
    }
}
