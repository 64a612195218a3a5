//! Real processes of the built binary, on one database and one simulated Twilio, with lines to both that a test can hold or cut.

mod line;

use std::{
    io::Write as _,
    process::{Child, Command, ExitStatus, Output, Stdio},
    time::Duration,
};

use serde_json::{Value, json};
use services::Db;
use testkit::{Backend, Sim, TestDb};
use twilio_sim::SimConfig;

pub use line::Line;

use crate::app::{NUMBER, PATIENCE, list_all, noon_zone};

pub const EMAIL: &str = "olga@x.test";
pub const PASSWORD: &str = "a long password";

/// A database with one business, a Twilio, and a key to the API; processes are started on it.
pub struct Installation {
    pub db: TestDb,
    pub sim: Sim,
    pub key: String,
    pub http: reqwest::Client,
    /// The line to the database, if it is not direct.
    pub database_line: Option<Line>,
    /// The line to Twilio, if it is not direct.
    pub twilio_line: Option<Line>,
    /// The mail server of processes started from now on; the simulator's, until a test says otherwise.
    pub smtp_url: String,
}

impl Installation {
    pub async fn new(backend: Backend) -> Self {
        twilio::tls::install();
        let db = TestDb::new(backend).await;
        let sim = twilio_sim::start(SimConfig::default()).await.expect("the simulator starts");
        let http = reqwest::Client::builder().cookie_store(true);
        let mut it = Self {
            smtp_url: sim.smtp_url(),
            db,
            sim,
            key: String::new(),
            http: http.redirect(reqwest::redirect::Policy::none()).build().expect("a client"),
            database_line: None,
            twilio_line: None,
        };
        let zone = noon_zone();
        let business = [
            "create-business",
            "--name",
            "Bright Dental",
            "--email",
            EMAIL,
            "--password",
            PASSWORD,
        ];
        let settings = ["--number", NUMBER, "--time-zone", &zone, "--hourly-limit", "10000"];
        let slug = it.admin(&[&business[..], &settings[..]].concat());
        it.key = it.admin(&["create-api-key", "--business", &slug, "--name", "tests"]);
        it
    }

    /// Puts a line that can be held between the processes started from now on and the database (PostgreSQL only).
    pub async fn through_a_line_to_the_database(&mut self) -> Line {
        let url = url::Url::parse(&self.db.url).expect("an address");
        let to = format!("{}:{}", url.host_str().expect("a host"), url.port().expect("a port"));
        let line = Line::to(&to).await;
        self.database_line = Some(line.clone());
        line
    }

    /// Puts a line that can be held between the processes started from now on and Twilio.
    pub async fn through_a_line_to_twilio(&mut self) -> Line {
        let line = Line::to(self.sim.url().trim_start_matches("http://")).await;
        self.twilio_line = Some(line.clone());
        line
    }

    fn database_url(&self) -> String {
        let Some(line) = &self.database_line else {
            return self.db.url.clone();
        };
        let mut url = url::Url::parse(&self.db.url).expect("an address");
        url.set_ip_host(line.address.ip()).expect("it has a host");
        url.set_port(Some(line.address.port())).expect("it has a port");
        url.into()
    }

    fn command(&self, args: &[&str], port: u16) -> Command {
        let twilio = self
            .twilio_line
            .as_ref()
            .map_or_else(|| self.sim.url(), |line| format!("http://{}", line.address));
        let mut command = Command::new(env!("CARGO_BIN_EXE_showup"));
        command
            .args(args)
            .env("DATABASE_URL", self.database_url())
            .env("TWILIO_ACCOUNT_SID", self.sim.account_sid())
            .env("TWILIO_AUTH_TOKEN", self.sim.auth_token())
            .env("TWILIO_API_URL", twilio)
            .env("SMTP_URL", &self.smtp_url)
            .env("MAIL_FROM", testkit::MAIL_FROM)
            .env("SHOWUP_SECRET_KEY", testkit::SECRET)
            .env("LISTEN_ADDR", format!("127.0.0.1:{port}"))
            .env("PUBLIC_URL", format!("http://127.0.0.1:{port}"))
            .env("SHOWUP_ALLOW_PRIVATE_WEBHOOKS", "1")
            // Tests ask over and over how things stand.
            .env("SHOWUP_API_PER_MINUTE", "1000000")
            .stdin(Stdio::null());
        command
    }

    fn admin(&self, args: &[&str]) -> String {
        let output = self
            .command(&[&["admin"], args].concat(), 1)
            .output()
            .expect("the binary runs");
        assert!(
            output.status.success(),
            "{args:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        said.lines().last().unwrap_or_default().to_owned()
    }

    /// Runs `showup admin …` with something to read from standard input.
    pub async fn admin_with_input(&self, args: &[&str], input: &str) -> Output {
        let mut command = self.command(&[&["admin"], args].concat(), 1);
        let command = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the binary runs");
        let written = child.stdin.take().expect("a pipe").write_all(input.as_bytes());
        written.expect("it reads");
        // Not on this thread, where the simulator has to answer it.
        let output = tokio::task::spawn_blocking(move || child.wait_with_output().expect("it ends"));
        output.await.expect("no panic")
    }

    /// Runs a command that should end by itself soon; what it said. One that does not is ended.
    pub async fn try_to_run(&self, args: &[&str], port: u16) -> Output {
        let mut command = self.command(args, port);
        let child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        let id = child.id();
        let waiting = tokio::task::spawn_blocking(move || child.wait_with_output().expect("a child"));
        tokio::select! {
            output = waiting => output.expect("no panic"),
            () = tokio::time::sleep(PATIENCE) => {
                signal(id, "-KILL");
                panic!("{args:?} runs on")
            }
        }
    }

    /// `showup migrate` with one more setting.
    pub fn migrate_with(&self, setting: &str, value: &str) -> Output {
        let mut command = self.command(&["migrate"], 1);
        command.env(setting, value).output().expect("the binary runs")
    }

    pub fn spawn(&self, role: &str, port: u16) -> Process {
        self.spawn_with(role, port, Stdio::null())
    }

    fn spawn_with(&self, role: &str, port: u16, log: Stdio) -> Process {
        let mut command = self.command(&[role], port);
        let child = command.stdout(Stdio::null()).stderr(log).spawn().expect("the binary runs");
        Process {
            child,
            url: format!("http://127.0.0.1:{port}"),
        }
    }

    /// Starts `serve` or `web` and waits until it can do its work.
    pub async fn start(&self, role: &str, port: u16) -> Process {
        self.ready(self.spawn(role, port)).await
    }

    /// The same, with its log going into a file.
    pub async fn start_logging(&self, role: &str, port: u16, log: std::fs::File) -> Process {
        self.ready(self.spawn_with(role, port, log.into())).await
    }

    async fn ready(&self, process: Process) -> Process {
        for _ in 0..1_200 {
            if let Ok(answer) = self.http.get(format!("{}/health/ready", process.url)).send().await
                && answer.status().is_success()
            {
                return process;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("it does not get ready");
    }

    /// Starts `worker`, which has no door to ask whether it is ready. Callbacks go to the web process at `port`.
    pub fn start_worker(&self, port: u16) -> Process {
        self.spawn("worker", port)
    }

    /// The same with a port for health and metrics.
    pub async fn start_worker_listening(&self, port: u16, listen: u16) -> Process {
        let mut command = self.command(&["worker"], port);
        command.env("WORKER_LISTEN_ADDR", format!("127.0.0.1:{listen}"));
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let process = Process {
            child: child.expect("the binary runs"),
            url: format!("http://127.0.0.1:{listen}"),
        };
        self.ready(process).await
    }

    pub async fn post(&self, url: &str, path: &str, body: Value) -> (u16, Value) {
        let request = self
            .http
            .post(format!("{url}/api/v1{path}"))
            .bearer_auth(&self.key)
            .json(&body);
        let answer = request.send().await.expect("an answer");
        let status = answer.status().as_u16();
        (status, answer.json().await.unwrap_or_default())
    }

    /// A contact who agreed to be texted; their id.
    pub async fn contact(&self, url: &str, phone: &str) -> String {
        let consent = json!({ "channel": "sms", "source": "booking" });
        let body = json!({ "name": "Ann", "phone": phone, "opt_in": consent });
        let (status, contact) = self.post(url, "/contacts", body).await;
        assert_eq!(status, 201, "{contact}");
        contact["id"].as_str().expect("an id").to_owned()
    }

    pub async fn reply(&self, url: &str, contact: &str, body: &str) -> Value {
        let (status, message) = self
            .post(url, "/messages", json!({ "contact_id": contact, "body": body }))
            .await;
        assert_eq!(status, 202, "{message}");
        message
    }

    pub async fn messages(&self, url: &str) -> Vec<Value> {
        list_all(&self.http, url, &self.key, "/messages").await
    }

    /// Waits until all texts are as wanted.
    pub async fn until(&self, url: &str, what: &str, wanted: impl Fn(&Value) -> bool) -> Vec<Value> {
        let until = tokio::time::Instant::now() + PATIENCE;
        while tokio::time::Instant::now() < until {
            let all = self.messages(url).await;
            if all.iter().all(&wanted) {
                return all;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let odd: Vec<_> = self.messages(url).await.into_iter().filter(|m| !wanted(m)).collect();
        panic!("waited in vain: {what}: {odd:#?}");
    }

    /// Waits until Twilio is as wanted.
    pub async fn until_twilio(&self, what: &str, wanted: impl FnMut(&twilio_sim::State) -> bool) {
        let waited = self.sim.wait_for(wanted, PATIENCE).await;
        assert!(waited.is_ok(), "waited in vain: {what}");
    }

    /// Holds whatever wants to write to the database, until it is let go.
    pub async fn freeze(&self) -> Frozen {
        match &self.database_line {
            Some(line) => {
                line.hold();
                Frozen::Line(line.clone())
            }
            None => {
                let db = Db::connect(&self.db.url).await.expect("the database opens");
                execute(&db, "BEGIN IMMEDIATE").await;
                Frozen::File(db)
            }
        }
    }
}

async fn execute(db: &Db, sql: &str) {
    sea_orm::ConnectionTrait::execute_unprepared(db.connection(), sql)
        .await
        .expect("the statement works");
}

/// A database that takes no writes for now.
pub enum Frozen {
    Line(Line),
    File(Db),
}

impl Frozen {
    pub async fn thaw(self) {
        match self {
            Self::Line(line) => line.open(),
            Self::File(db) => {
                execute(&db, "ROLLBACK").await;
                db.close().await;
            }
        }
    }
}

/// A running `showup`. It is killed when it is dropped.
pub struct Process {
    child: Child,
    pub url: String,
}

impl Drop for Process {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _gone = self.child.wait();
    }
}

impl Process {
    /// `kill -9`: it has no chance to do anything about it.
    pub fn kill(mut self) {
        self.child.kill().expect("kill -9");
        self.child.wait().expect("gone");
    }

    /// SIGTERM: please come to an end.
    pub fn ask_to_stop(&self) {
        signal(self.child.id(), "-TERM");
    }

    /// Seconds of processor time it has used so far; Linux only.
    #[cfg(target_os = "linux")]
    pub fn processor_seconds(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).expect("it runs");
        let fields: Vec<&str> = stat.rsplit(')').next().expect("its fields").split_whitespace().collect();
        // In the user's and in the system's part of its life, in hundredths.
        [11, 12].iter().filter_map(|at| fields[*at].parse::<f64>().ok()).sum::<f64>() / 100.0
    }

    /// How it ended, if it does within this time.
    pub async fn ends_within(&mut self, time: Duration) -> Option<ExitStatus> {
        let until = tokio::time::Instant::now() + time;
        while tokio::time::Instant::now() < until {
            if let Some(status) = self.child.try_wait().expect("a child") {
                return Some(status);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        None
    }
}

pub fn signal(id: u32, signal: &str) {
    let sent = Command::new("kill")
        .arg(signal)
        .arg(id.to_string())
        .status()
        .expect("kill runs");
    assert!(sent.success(), "kill {signal} {id}");
}

pub fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.local_addr().expect("an address").port()
}
