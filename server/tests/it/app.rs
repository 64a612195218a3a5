//! A running Showup and the people at its doors.

use std::{sync::Arc, time::Duration};

use contract::accounts::SignUp;
use secrecy::SecretString;
use serde_json::{Value, json};
use server::{AccountSid, AppState, metrics::MetricsToken, router, workers};
use services::{Actor, Clock, Db, Services, Settings, Who, accounts, integrations};
use testkit::{Backend, Sim, TestDb};
use tokio_util::sync::CancellationToken;
use twilio::signature;
use twilio_sim::SimConfig;
use uuid::Uuid;

pub const NUMBER: &str = "+15005550006";
pub const OLD_TOKEN: &str = "the-token-before";

pub struct TestApp {
    pub url: String,
    pub s: Services,
    pub sim: Arc<Sim>,
    pub http: reqwest::Client,
    pub business_id: Uuid,
    pub key: String,
    stopping: CancellationToken,
    _db: TestDb,
}

impl Drop for TestApp {
    fn drop(&mut self) {
        self.stopping.cancel();
    }
}

impl TestApp {
    /// Everything in one process, as `showup serve`.
    pub async fn start(backend: Backend) -> Self {
        let app = Self::without_workers(backend).await;
        app.start_workers();
        app
    }

    pub async fn without_workers(backend: Backend) -> Self {
        twilio::tls::install();
        let db = TestDb::new(backend).await;
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let config = SimConfig {
            inbound_url: Some(format!("{url}/webhooks/twilio/inbound")),
            ..SimConfig::default()
        };
        let sim = Arc::new(twilio_sim::start(config).await.expect("the simulator starts"));
        let token = SecretString::from(sim.auth_token().to_owned());
        let client = twilio::Client::new(twilio::Config::new(sim.url(), sim.account_sid(), token.clone())).expect("a client");
        let settings = Settings {
            public_url: url.clone(),
            default_from: None,
            account_per_second: None,
            auth_tokens: vec![token, OLD_TOKEN.to_owned().into()],
        };
        let opened = Db::connect(&db.url).await.expect("the database opens");
        let s = Services::open(opened, Clock::system(), Some(client), settings, testkit::master())
            .await
            .expect("the keys are there");
        let started = accounts::open_business(&s, sign_up("Bright Dental", "olga@x.test"), Some(NUMBER), Some(1_000))
            .await
            .expect("a business");
        let key = api_key(&s, started.business_id, &[]).await;
        let stopping = CancellationToken::new();
        let state = AppState {
            services: s.clone(),
            leptos: leptos::config::LeptosOptions::builder().output_name("showup").build(),
            account_sid: AccountSid(Some(sim.account_sid().to_owned())),
            metrics_token: MetricsToken::default(),
            stopping: stopping.clone(),
        };
        let routes = router::router(state).expect("routes");
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
            stopping,
            _db: db,
        }
    }

    pub fn start_workers(&self) {
        tokio::spawn(workers::run(self.s.clone(), self.stopping.clone()));
    }

    /// A second business, and a key of its own.
    pub async fn another_key(&self) -> String {
        let started = accounts::open_business(&self.s, sign_up("Corner Garage", "gus@x.test"), None, None)
            .await
            .expect("a business");
        api_key(&self.s, started.business_id, &[]).await
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

    pub async fn messages_of(&self, contact: &str) -> Vec<Value> {
        self.get(&format!("/messages?contact_id={contact}")).await.1["data"]
            .as_array()
            .cloned()
            .unwrap_or_default()
    }

    /// Waits until `wanted` is so, looking often.
    pub async fn until<T>(&self, what: &str, mut wanted: impl AsyncFnMut() -> Option<T>) -> T {
        for _ in 0..400 {
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
fn noon_zone() -> String {
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
        who: Who::Operator,
    };
    let scopes: Vec<String> = scopes.iter().map(|s| (*s).to_owned()).collect();
    integrations::create_api_key(s, &operator, "tests", &scopes)
        .await
        .expect("a key")
}
