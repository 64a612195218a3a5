//! The world a scenario runs in: a database, a server process, the provider, a business with customers.

use std::{
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use chrono::Timelike;
use serde_json::{Value, json};

use crate::{
    Options,
    db::{Backend, Db},
    load::{Conn, Plan, request},
    machine::{Process, memory, now},
    provider::{Provider, account_sid, auth_token},
};

/// Four times this is what the servers encrypt with.
const SECRET: &str = "0123456789abcdef";

pub const NUMBER: &str = "+15005550006";
pub const EMAIL: &str = "bench@example.test";
pub const PASSWORD: &str = "a password for benchmarks";

/// A customer.
#[derive(Clone)]
pub struct Person {
    pub id: String,
    pub phone: String,
}

/// The `n`th telephone number of a made-up series; `series` is an area code.
pub fn phone(series: u32, n: usize) -> String {
    format!("+1{series}{:07}", 2_000_000 + n)
}

pub struct World<'a> {
    pub options: &'a Options,
    pub db: Db,
    pub provider: Provider,
    /// Where the server listens.
    pub address: String,
    pub people: Vec<Person>,
    url: String,
    log: PathBuf,
    slug: String,
    key: String,
    server: Option<Child>,
    /// Whether the business's number is the installation's as well (`TWILIO_FROM`).
    shares_number: bool,
}

impl Drop for World<'_> {
    fn drop(&mut self) {
        if let Some(server) = &mut self.server {
            let _ = server.kill();
            let _ = server.wait();
        }
    }
}

impl<'a> World<'a> {
    /// A fresh database with one business, and the server running.
    pub async fn new(options: &'a Options, backend: Backend, name: &str) -> anyhow::Result<Self> {
        let url = Db::create(backend, &options.dir, options.postgres.as_deref(), name).await?;
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let mut world = Self {
            options,
            provider: Provider::start().await?,
            address: format!("127.0.0.1:{port}"),
            people: Vec::new(),
            log: options.dir.join(format!("{name}.log")),
            slug: String::new(),
            key: String::new(),
            server: None,
            shares_number: false,
            // Opened once the product has made it what it wants it to be.
            db: {
                let migrated = Command::new(&options.showup)
                    .arg("migrate")
                    .env("DATABASE_URL", &url)
                    .env("SHOWUP_SECRET_KEY", SECRET.repeat(4))
                    .output();
                let migrated = migrated.with_context(|| format!("{} can't be run", options.showup.display()))?;
                ensure!(
                    migrated.status.success(),
                    "migrate: {}",
                    String::from_utf8_lossy(&migrated.stderr)
                );
                Db::open(&url).await?
            },
            url,
        };
        let zone = zone_where_it_is_noon();
        world.slug = world.admin(&[
            "create-business",
            "--name",
            "Bench",
            "--email",
            EMAIL,
            "--password",
            PASSWORD,
            "--number",
            NUMBER,
            "--hourly-limit",
            "1000000000",
            "--time-zone",
            &zone,
        ])?;
        // Not the carrier's pace is measured, but ours.
        world.admin(&["set-rate", "--number", NUMBER, "--per-second", "1000"])?;
        world.key = world.admin(&["create-api-key", "--business", &world.slug, "--name", "bench"])?;
        world.start().await?;
        Ok(world)
    }

    fn command(&self) -> anyhow::Result<Command> {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(&self.log)?;
        let mut command = Command::new(&self.options.showup);
        command
            .env("DATABASE_URL", &self.url)
            .env("LISTEN_ADDR", &self.address)
            .env("PUBLIC_URL", self.origin())
            .env("TWILIO_API_URL", format!("http://{}", self.provider.address))
            .env("TWILIO_ACCOUNT_SID", account_sid())
            .env("TWILIO_AUTH_TOKEN", auth_token())
            .env("SHOWUP_SECRET_KEY", SECRET.repeat(4))
            .env("SHOWUP_ALLOW_PRIVATE_FEEDS", "1")
            .stdin(Stdio::null())
            .stderr(log);
        if self.shares_number {
            command.env("TWILIO_FROM", NUMBER);
        }
        Ok(command)
    }

    fn admin(&self, args: &[&str]) -> anyhow::Result<String> {
        let output = self.command()?.arg("admin").args(args).output()?;
        ensure!(
            output.status.success(),
            "showup admin {} failed; see {}",
            args[0],
            self.log.display()
        );
        let text = String::from_utf8_lossy(&output.stdout);
        Ok(text.lines().last().unwrap_or_default().to_owned())
    }

    pub async fn start(&mut self) -> anyhow::Result<()> {
        self.server = Some(self.command()?.arg("serve").stdout(Stdio::null()).spawn()?);
        let ready = request("GET", "/health/ready", &self.address, &[], "");
        let since = Instant::now();
        loop {
            if let Ok(mut conn) = Conn::open(&self.address).await
                && matches!(conn.ask(&ready).await, Ok(200))
            {
                return Ok(());
            }
            ensure!(
                since.elapsed() < Duration::from_secs(60),
                "the server does not get ready; see {}",
                self.log.display()
            );
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Asks the server to end, and waits until it has.
    pub async fn stop(&mut self) -> anyhow::Result<()> {
        let Some(mut server) = self.server.take() else { return Ok(()) };
        Command::new("kill").arg("-TERM").arg(server.id().to_string()).status()?;
        for _ in 0..800 {
            if let Some(status) = server.try_wait()? {
                ensure!(status.success(), "the server ended with {status}; see {}", self.log.display());
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        server.kill()?;
        anyhow::bail!("the server did not stop within 40 s")
    }

    pub async fn restart(&mut self) -> anyhow::Result<()> {
        self.stop().await?;
        self.start().await
    }

    /// The same with or without `TWILIO_FROM`: the number that texts come to, as single businesses have it.
    pub async fn restart_sharing_number(&mut self, shares: bool) -> anyhow::Result<()> {
        self.shares_number = shares;
        self.restart().await
    }

    /// A figure of the server's memory in MB: `VmRSS` (now) or `VmHWM` (the most since its start).
    pub fn memory(&self, what: &str) -> anyhow::Result<f64> {
        memory(self.server.as_ref().context("the server runs")?.id(), what)
    }

    /// Seconds of processor time the server has used since its start; the database's own processes are not in it.
    pub fn processor(&self) -> anyhow::Result<f64> {
        Ok(Process::of(self.server.as_ref().context("the server runs")?.id())?.used)
    }

    pub fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// A webhook as Twilio posts and signs it; `path` with its query.
    pub fn webhook(&self, path: &str, form: &[(&str, &str)]) -> Vec<u8> {
        webhook(&self.address, &self.origin(), path, form)
    }

    /// A text from a customer, with the parameters Twilio sends.
    pub fn inbound(&self, sid: &str, from: &str, body: &str) -> Vec<u8> {
        inbound(&self.address, &self.origin(), sid, from, body)
    }

    /// A request to the API; a GET when there is no body.
    pub fn api(&self, path: &str, body: Option<&Value>) -> Vec<u8> {
        let bearer = format!("Bearer {}", self.key);
        let headers = [("authorization", bearer.as_str()), ("content-type", "application/json")];
        let path = format!("/api/v1{path}");
        match body {
            Some(body) => request("POST", &path, &self.address, &headers, &body.to_string()),
            None => request("GET", &path, &self.address, &headers, ""),
        }
    }

    /// Asks the API one thing, and reads its answer.
    pub async fn ask(&self, path: &str, body: Option<&Value>) -> anyhow::Result<Value> {
        let asked = Plan::new(&self.address, vec![self.api(path, body)]).keeping_bodies();
        let answer = asked.all(1).await.all_well()?;
        let (_, body) = answer.bodies.first().context("no answer")?;
        Ok(serde_json::from_slice(body)?)
    }

    /// A POST to the API that says all by its path.
    pub fn act(&self, path: &str) -> Vec<u8> {
        let bearer = format!("Bearer {}", self.key);
        let path = format!("/api/v1{path}");
        request("POST", &path, &self.address, &[("authorization", bearer.as_str())], "")
    }

    /// Makes customers who agreed to be texted, through the API; how many a second.
    pub async fn add_people(&mut self, count: usize) -> anyhow::Result<f64> {
        let requests = (0..count).map(|n| {
            let person = json!({ "name": format!("{} {}", FIRST[n % FIRST.len()], LAST[n / FIRST.len() % LAST.len()]),
                "phone": phone(415, n), "email": format!("person{n}@example.test"),
                "opt_in": { "channel": "sms", "source": "bench" } });
            self.api("/contacts", Some(&person))
        });
        let plan = Plan::new(&self.address, requests.collect()).keeping_bodies();
        let mut made = plan.all(32).await.all_well()?;
        made.bodies.sort_by_key(|(n, _)| *n);
        for (n, body) in &made.bodies {
            let contact: Value = serde_json::from_slice(body)?;
            let id = contact["id"].as_str().context("a contact has an id")?.to_owned();
            self.people.push(Person {
                id,
                phone: phone(415, *n),
            });
        }
        Ok(made.rate())
    }

    /// Signs in with the form, as a browser without JavaScript does; the cookie.
    pub async fn sign_in(&self) -> anyhow::Result<String> {
        let mut conn = Conn::open(&self.address).await?;
        conn.ask(&request("GET", "/signin", &self.address, &[("accept", "text/html")], ""))
            .await?;
        let page = String::from_utf8_lossy(&conn.body).into_owned();
        let action = page
            .split("action=\"")
            .find_map(|s| s.split_once('"').map(|(a, _)| a).filter(|a| a.starts_with("/api/fn/sign_in")));
        let action = action.context("/signin has a form")?;
        let form = [("email", EMAIL), ("password", PASSWORD), ("next", "/inbox")];
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
        let headers = [
            ("accept", "text/html"),
            ("origin", &self.origin()),
            ("sec-fetch-site", "same-origin"),
            ("content-type", "application/x-www-form-urlencoded"),
        ];
        let status = conn.ask(&request("POST", action, &self.address, &headers, &body)).await?;
        let cookie = conn.header("set-cookie").and_then(|c| c.split(';').next());
        Ok(cookie
            .with_context(|| format!("signing in answered {status} without a cookie"))?
            .to_owned())
    }

    /// A page as somebody signed in asks for it.
    pub fn page(&self, path: &str, cookie: &str) -> Vec<u8> {
        request("GET", path, &self.address, &[("accept", "text/html"), ("cookie", cookie)], "")
    }
}

/// A webhook to a server at `address`, whose address is `url` as Twilio knows it.
fn webhook(address: &str, url: &str, path: &str, form: &[(&str, &str)]) -> Vec<u8> {
    let pairs: Vec<(String, String)> = form.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    let signature = twilio::signature::sign(&auth_token(), &format!("{url}{path}"), &pairs);
    let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(form).finish();
    let headers = [
        ("content-type", "application/x-www-form-urlencoded; charset=utf-8"),
        ("user-agent", "TwilioProxy/1.1"),
        ("x-twilio-signature", &signature),
    ];
    request("POST", path, address, &headers, &body)
}

pub fn inbound(address: &str, url: &str, sid: &str, from: &str, body: &str) -> Vec<u8> {
    let account = account_sid();
    let form = [
        ("ToCountry", "US"),
        ("ToState", "CA"),
        ("SmsMessageSid", sid),
        ("NumMedia", "0"),
        ("ToCity", "OAKLAND"),
        ("FromZip", "94103"),
        ("SmsSid", sid),
        ("FromState", "CA"),
        ("SmsStatus", "received"),
        ("FromCity", "SAN FRANCISCO"),
        ("Body", body),
        ("FromCountry", "US"),
        ("To", NUMBER),
        ("ToZip", "94601"),
        ("NumSegments", "1"),
        ("MessageSid", sid),
        ("AccountSid", &account),
        ("From", from),
        ("ApiVersion", "2010-04-01"),
    ];
    webhook(address, url, "/webhooks/twilio/inbound", &form)
}

const FIRST: [&str; 40] = [
    "Ann", "Ben", "Cleo", "Dan", "Eve", "Finn", "Gail", "Hugo", "Ida", "Jon", "Kim", "Leo", "Mia", "Ned", "Olga", "Paul",
    "Quinn", "Rosa", "Sam", "Tess", "Uma", "Vic", "Wes", "Xena", "Yan", "Zoe", "Ada", "Bob", "Cora", "Dov", "Elif", "Fay", "Gus",
    "Hana", "Igor", "Joy", "Kai", "Lena", "Max", "Nora",
];
const LAST: [&str; 25] = [
    "Adams", "Berg", "Costa", "Diaz", "Evans", "Fischer", "Garcia", "Hansen", "Ito", "Jones", "Kowalski", "Lopez", "Müller",
    "Nguyen", "Okafor", "Patel", "Quist", "Rossi", "Smith", "Tanaka", "Ueda", "Varga", "Wong", "Young", "Zhang",
];

/// Reminders wait for the end of quiet hours; where it is noon there are none for long.
fn zone_where_it_is_noon() -> String {
    let east = 12 - now().hour() as i32;
    // These zones count westwards.
    format!("Etc/GMT{}{}", if east >= 0 { "-" } else { "+" }, east.abs())
}
