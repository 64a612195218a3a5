//! A running Showup and the people at its doors.

mod calls;
mod waits;
mod webhooks;

use std::{sync::Arc, time::Duration};

use chrono::{DateTime, Utc};
use contract::accounts::SignUp;
use server::{AppState, metrics::MetricsToken, router, site::Site, workers};
use services::{
    Actor, Clock, Credentials, Db, Email, OidcSettings, Principal, Services, Settings, SharedKey, Twilio, integrations, setup,
};
use testkit::{Backend, Sim, TestClock, TestDb};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use twilio_sim::SimConfig;
use uuid::Uuid;

pub use calls::{list_all, sign_in};

pub const NUMBER: &str = "+15005550006";
/// The second business's number.
pub const OTHER_NUMBER: &str = "+15005550010";
pub const INBOUND: &str = "/webhooks/twilio/inbound";
pub const STATUS: &str = "/webhooks/twilio/status";
/// How long to wait for what must happen: far longer than it takes, even on a slow machine.
pub const PATIENCE: Duration = Duration::from_secs(180);
/// Where the clock of an app stands that was given one.
const START: &str = "2025-01-06T15:00:00Z";
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
    mail_patience: Option<Duration>,
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
    /// The mail server is waited for so long; as in production, if not given.
    mail_patience: Option<Duration>,
    /// The built site; none, if not given.
    site: Option<Site>,
    /// Where people may sign in beside their password.
    oidc: Option<OidcSettings>,
    /// Requests that a key may make in a minute; more than any test makes, if not given.
    api_per_minute: Option<u32>,
}

impl Setup {
    fn in_new_york(clock_at: &str) -> Self {
        Self {
            zone: Some("America/New_York".to_owned()),
            clock_at: Some(clock_at.parse().expect("an instant")),
            ..Self::default()
        }
    }
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
        Self::with_clock_at(backend, START).await
    }

    /// The same, and a mail server is waited for only so long.
    pub async fn with_clock_and_little_patience(backend: Backend, mail_patience: Duration) -> Self {
        let setup = Setup {
            mail_patience: Some(mail_patience),
            ..Setup::in_new_york(START)
        };
        Self::set_up(backend, setup).await
    }

    pub async fn with_clock_at(backend: Backend, at: &str) -> Self {
        Self::set_up(backend, Setup::in_new_york(at)).await
    }

    /// Behind a proxy: the world knows it by another address.
    pub async fn known_as(backend: Backend, public_url: &str) -> Self {
        let setup = Setup {
            public_url: Some(public_url.to_owned()),
            ..Setup::default()
        };
        Self::set_up(backend, setup).await
    }

    /// Where people may sign in at an OpenID Connect issuer.
    pub async fn with_oidc(backend: Backend, oidc: OidcSettings) -> Self {
        let setup = Setup {
            oidc: Some(oidc),
            ..Setup::in_new_york(START)
        };
        Self::set_up(backend, setup).await
    }

    /// Where a key may make so many requests in a minute.
    pub async fn with_requests(backend: Backend, per_minute: u32) -> Self {
        let setup = Setup {
            api_per_minute: Some(per_minute),
            ..Setup::in_new_york(START)
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
            calendars_every: chrono::Duration::minutes(10),
            private_calendars: true,
            private_webhooks: true,
            api_per_minute: setup.api_per_minute.unwrap_or(1_000_000),
            proxies: services::Proxies::default(),
            oidc: setup.oidc,
        };
        let twilio = Twilio {
            api,
            account: Some(account(&sim)),
        };
        let opened = Db::connect(&db.url).await.expect("the database opens");
        let now = clock.as_ref().map_or_else(Clock::system, TestClock::clock);
        let email = mail_server(&sim, setup.mail_patience).filter(|_| !setup.without_mail);
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
            doctor: server::doctor::Inside::default(),
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
            mail_patience: setup.mail_patience,
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
        let email = mail_server(&self.sim, self.mail_patience);
        runtime.spawn(async move {
            let db = Db::connect(&url).await.expect("the database opens");
            let api = twilio::Api::new(twilio::Config::new(sim.url())).expect("a way to Twilio");
            let twilio = Twilio {
                api,
                account: Some(account(&sim)),
            };
            let s = Services::open(db, clock, twilio, email, settings, testkit::master())
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

fn mail_server(sim: &Sim, patience: Option<Duration>) -> Option<Email> {
    let server = testkit::mail_server(sim)?;
    Some(match patience {
        Some(patience) => server.with_timeout(patience),
        None => server,
    })
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
