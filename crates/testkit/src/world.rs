use std::{
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU32, AtomicU64, Ordering},
    },
    time::Duration as StdDuration,
};

use chrono::{DateTime, Duration, TimeZone, Utc};
use contract::{
    accounts::Role,
    appointments::{AppointmentView, CreateAppointment},
    contacts::{ContactView, CreateContact, OptIn},
    messages::{LogQuery, MessageView, SendMessage},
    tasks::{TaskQuery, TaskView},
};
use secrecy::SecretString;
use services::{
    Actor, Clock, Credentials, Db, Email, Principal, Services, Settings, Twilio, accounts, appointments, businesses, contacts,
    delivery, mails, messages, numbers, outbox, receiving, reminders, sending, tasks, vault, waitlist,
};
use twilio::forms;
use twilio_sim::{Sim, SimConfig};
use uuid::Uuid;

use crate::{Backend, TestDb};

/// The installation's number, for businesses without one of their own.
pub const SHARED: &str = "+15005550010";

/// Who mail to staff is from.
pub const MAIL_FROM: &str = "Showup <no-reply@showup.test>";

/// The business's number.
pub const NUMBER: &str = "+15005550006";

/// What every database of a test is encrypted with.
pub const SECRET: &str = "a secret for tests, known to all the world";

pub fn master() -> vault::Master {
    vault::Master::new(&SECRET.to_owned().into(), None).expect("long enough")
}

/// A clock that stands still until it is moved.
#[derive(Clone)]
pub struct TestClock {
    millis: Arc<AtomicI64>,
    /// So many times the product panics when it asks for the time.
    panics: Arc<AtomicU32>,
    /// Twilio's clock goes along.
    sim: Arc<Sim>,
}

impl TestClock {
    /// Monday, January 4, 2027, 10:00 in New York.
    fn new(sim: Arc<Sim>) -> Self {
        let start = Utc.with_ymd_and_hms(2027, 1, 4, 15, 0, 0).single().expect("a real moment");
        Self::at(sim, start)
    }

    /// A clock that stands at `start`, and Twilio's with it.
    pub fn at(sim: Arc<Sim>, start: DateTime<Utc>) -> Self {
        sim.set_time(start);
        Self {
            millis: Arc::new(AtomicI64::new(start.timestamp_millis())),
            panics: Arc::default(),
            sim,
        }
    }

    pub fn now(&self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.millis.load(Ordering::SeqCst)).expect("in range")
    }

    pub fn advance(&self, by: Duration) {
        self.set(self.now() + by);
    }

    pub fn set(&self, to: DateTime<Utc>) {
        self.millis.store(to.timestamp_millis(), Ordering::SeqCst);
        self.sim.set_time(to);
    }

    /// Makes the product panic the next `times` it asks for the time, which it does in every transaction.
    pub fn panic_next(&self, times: u32) {
        self.panics.store(times, Ordering::SeqCst);
    }

    /// This clock as the product reads it.
    pub fn clock(&self) -> Clock {
        let this = self.clone();
        Clock::from_fn(move || {
            let left = this
                .panics
                .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1));
            assert!(left.is_err(), "a panic that a test asked for");
            this.now()
        })
    }
}

/// One business ("Bright Dental", New York, 48 h and 24 h reminders) with an owner, a number, and a simulated Twilio that takes texts
/// and calls nobody back unless told to.
pub struct World {
    pub s: Services,
    pub clock: TestClock,
    pub sim: Arc<Sim>,
    pub owner: Actor,
    pub db: TestDb,
    account_per_second: Option<u32>,
    next_sid: AtomicU64,
}

impl World {
    pub async fn new(backend: Backend) -> Self {
        Self::with(backend, None).await
    }

    /// With a limit for the whole Twilio account.
    pub async fn with_account_limit(backend: Backend, per_second: u32) -> Self {
        Self::with(backend, Some(per_second)).await
    }

    async fn with(backend: Backend, account_per_second: Option<u32>) -> Self {
        twilio::tls::install();
        let db = TestDb::new(backend).await;
        let config = SimConfig {
            delay: StdDuration::from_secs(3600),
            ..SimConfig::default()
        };
        let sim = Arc::new(twilio_sim::start(config).await.expect("the simulator starts"));
        let clock = TestClock::new(sim.clone());
        let s = open(&db.url, &clock, &sim, &sim.url(), master(), account_per_second)
            .await
            .expect("the keys are there");
        let owner = business(&s, "Bright Dental", Some(NUMBER)).await;
        Self {
            s,
            clock,
            sim,
            owner,
            db,
            account_per_second,
            next_sid: AtomicU64::new(1),
        }
    }

    /// The same database opened with another secret.
    pub async fn another_process_with(&self, master: vault::Master) -> services::Result<Services> {
        let twilio = self.sim.url();
        open(&self.db.url, &self.clock, &self.sim, &twilio, master, self.account_per_second).await
    }

    /// The same database seen by a process that can't reach Twilio: nobody listens where it looks for it.
    pub async fn process_cut_off(&self) -> Services {
        let nobody = "http://127.0.0.1:9";
        open(&self.db.url, &self.clock, &self.sim, nobody, master(), None)
            .await
            .expect("the keys are there")
    }

    /// The same database seen by a process that was told of no Twilio account of the installation's.
    pub async fn process_without_account(&self) -> Services {
        let settings = self.s.settings().clone();
        let db = Db::connect(&self.db.url).await.expect("the database opens");
        let api = twilio::Api::new(twilio::Config::new(self.sim.url())).expect("a way to Twilio");
        let opened = Services::open(
            db,
            self.clock.clock(),
            Twilio { api, account: None },
            mail_server(&self.sim),
            settings,
            master(),
        )
        .await;
        opened.expect("the keys are there")
    }

    /// The same database seen by a process that was told of this mail server, or of none.
    pub async fn process_with_mail(&self, email: Option<Email>) -> Services {
        let settings = self.s.settings().clone();
        let db = Db::connect(&self.db.url).await.expect("the database opens");
        let api = twilio::Api::new(twilio::Config::new(self.sim.url())).expect("a way to Twilio");
        let account = Some(Credentials {
            sid: self.sim.account_sid().to_owned(),
            tokens: vec![self.sim.auth_token().to_owned().into()],
            shared_keys: Vec::new(),
        });
        let opened = Services::open(db, self.clock.clock(), Twilio { api, account }, email, settings, master()).await;
        opened.expect("the keys are there")
    }

    /// The same database seen by a process that was told other things.
    pub async fn process_with(&self, settings: Settings) -> Services {
        let db = Db::connect(&self.db.url).await.expect("the database opens");
        let api = twilio::Api::new(twilio::Config::new(self.sim.url())).expect("a way to Twilio");
        let opened = Services::open(
            db,
            self.clock.clock(),
            Twilio { api, account: None },
            None,
            settings,
            master(),
        )
        .await;
        opened.expect("the keys are there")
    }

    /// The same database seen by a process that looks for Twilio at this address.
    pub async fn process_at(&self, twilio_url: &str) -> Services {
        open(&self.db.url, &self.clock, &self.sim, twilio_url, master(), None)
            .await
            .expect("the keys are there")
    }

    /// The same database seen by another process.
    pub async fn another_process(&self) -> Services {
        self.another_process_with(master()).await.expect("the keys are there")
    }

    /// A second business with its own owner.
    pub async fn another_business(&self) -> Actor {
        business(&self.s, "Corner Garage", Some("+15005550009")).await
    }

    /// A business without a number of its own: it sends from the installation's.
    pub async fn business_without_number(&self, name: &str) -> Actor {
        business(&self.s, name, None).await
    }

    /// A contact who agreed to be texted.
    pub async fn contact(&self, name: &str, phone: &str) -> ContactView {
        let opt_in = Some(OptIn {
            channel: "sms".to_owned(),
            source: "booking".to_owned(),
        });
        let cmd = CreateContact {
            name: name.to_owned(),
            phone: phone.to_owned(),
            opt_in,
            ..CreateContact::default()
        };
        Box::pin(contacts::create(&self.s, &self.owner, cmd))
            .await
            .expect("a contact")
    }

    /// An appointment `hours` from now.
    pub async fn appointment(&self, contact: &ContactView, hours: i64) -> AppointmentView {
        let starts_at = (self.clock.now() + Duration::hours(hours)).to_rfc3339();
        let cmd = CreateAppointment {
            contact_id: contact.id,
            starts_at,
            ..CreateAppointment::default()
        };
        appointments::create(&self.s, &self.owner, cmd).await.expect("a visit")
    }

    pub async fn see_appointment(&self, appointment: &AppointmentView) -> AppointmentView {
        appointments::get(&self.s, &self.owner, appointment.id)
            .await
            .expect("the visit")
    }

    pub async fn see_contact(&self, contact: &ContactView) -> ContactView {
        contacts::get(&self.s, &self.owner, contact.id).await.expect("the contact")
    }

    /// Whoever has this number.
    pub async fn holder_of(&self, phone: &str) -> ContactView {
        let query = contract::contacts::ContactQuery {
            search: Some(phone.to_owned()),
            ..Default::default()
        };
        contacts::list(&self.s, &self.owner, query)
            .await
            .expect("contacts")
            .data
            .remove(0)
    }

    /// Fires due reminders and hands over every text that waits and may go now.
    pub async fn work(&self) {
        reminders::tick(&self.s).await.expect("reminders fire");
        Box::pin(waitlist::look_for_who_has_not_come(&self.s))
            .await
            .expect("who has not come");
        Box::pin(waitlist::tick(&self.s)).await.expect("free times are offered");
        Box::pin(sending::send_due(&self.s)).await.expect("delivery works");
    }

    /// Hands over every mail to staff that waits and may go now.
    pub async fn post(&self) {
        while mails::send_some(&self.s).await.expect("mails go out") > 0 {}
    }

    /// A contact with an appointment 30 hours ahead, whose reminder went out.
    pub async fn reminded(&self, name: &str, phone: &str) -> (ContactView, AppointmentView) {
        let contact = Box::pin(self.contact(name, phone)).await;
        let appointment = Box::pin(self.appointment(&contact, 30)).await;
        Box::pin(self.work()).await;
        (contact, Box::pin(self.see_appointment(&appointment)).await)
    }

    /// Staff write to a contact.
    pub async fn reply(&self, contact: &ContactView, body: &str) -> services::Result<MessageView> {
        let cmd = SendMessage {
            channel: None,
            contact_id: contact.id,
            body: body.to_owned(),
            correlation_id: None,
            after_message_id: None,
            send_at: None,
        };
        outbox::send(&self.s, &self.owner, cmd).await
    }

    /// A customer texts the business; each text has an SID of its own.
    pub async fn text(&self, from: &str, body: &str) -> receiving::Received {
        let form = self.inbound(from, body);
        receiving::receive(&self.s, &form, &raw(&form))
            .await
            .expect("the text is taken")
    }

    /// An inbound text as Twilio would send it, not yet sent.
    pub fn inbound(&self, from: &str, body: &str) -> forms::Inbound {
        let n = self.next_sid.fetch_add(1, Ordering::SeqCst);
        forms::Inbound {
            message_sid: format!("SM{n:032x}"),
            account_sid: self.sim.account_sid().to_owned(),
            messaging_service_sid: None,
            from: from.to_owned(),
            to: NUMBER.to_owned(),
            body: body.to_owned(),
            num_media: 0,
            num_segments: 1,
            opt_out_type: None,
            original_replied_message_sid: None,
            button_payload: None,
            profile_name: None,
            details: forms::InboundDetails::default(),
        }
    }

    /// Twilio says how a message is doing, with our id in the callback's URL.
    pub async fn status(&self, m: &MessageView, sid: &str, status: &str, code: Option<i32>) -> services::Result<()> {
        delivery::status_changed(&self.s, Some(m.id), &self.status_form(sid, status, code)).await
    }

    pub fn status_form(&self, sid: &str, status: &str, code: Option<i32>) -> forms::Status {
        forms::Status {
            message_sid: sid.to_owned(),
            account_sid: self.sim.account_sid().to_owned(),
            message_status: status.to_owned(),
            error_code: code,
            error_message: None,
            from: None,
            to: None,
            details: forms::StatusDetails::default(),
        }
    }

    /// A contact's messages, oldest first.
    pub async fn thread(&self, contact: &ContactView) -> Vec<MessageView> {
        let query = LogQuery {
            contact_id: Some(contact.id),
            ..LogQuery::default()
        };
        let page = messages::list(&self.s, &self.owner, query).await.expect("messages");
        page.data.into_iter().rev().collect()
    }

    pub async fn last_message(&self, contact: &ContactView) -> MessageView {
        self.thread(contact).await.pop().expect("a message")
    }

    /// What the phone of this number got.
    pub fn phone_got(&self, phone: &str) -> Vec<String> {
        self.sim.sent_to(phone).into_iter().map(|m| m.body).collect()
    }

    pub async fn open_tasks(&self) -> Vec<TaskView> {
        tasks::list(&self.s, &self.owner, TaskQuery::default())
            .await
            .expect("tasks")
            .data
    }
}

/// A text as Twilio's form.
fn raw(form: &forms::Inbound) -> String {
    let pairs = [
        ("MessageSid", form.message_sid.as_str()),
        ("AccountSid", &form.account_sid),
        ("From", &form.from),
        ("To", &form.to),
        ("Body", &form.body),
    ];
    let encode = |text: &str| text.bytes().map(|b| format!("%{b:02X}")).collect::<String>();
    pairs.map(|(name, value)| format!("{name}={}", encode(value))).join("&")
}

async fn open(
    url: &str,
    clock: &TestClock,
    sim: &Sim,
    twilio_url: &str,
    master: vault::Master,
    account_per_second: Option<u32>,
) -> services::Result<Services> {
    let db = Db::connect(url).await.expect("the database opens");
    let token = SecretString::from(sim.auth_token().to_owned());
    let mut config = twilio::Config::new(twilio_url);
    config.timeout = StdDuration::from_secs(5);
    let api = twilio::Api::new(config).expect("a way to Twilio");
    let settings = Settings {
        public_url: "http://showup.test".to_owned(),
        default_from: Some(SHARED.to_owned()),
        account_per_second,
        calendars_every: chrono::Duration::minutes(10),
        private_calendars: true,
        private_webhooks: true,
        api_per_minute: 1_000,
        proxies: services::Proxies::default(),
        oidc: None,
    };
    let account = Some(Credentials {
        sid: sim.account_sid().to_owned(),
        tokens: vec![token],
        shared_keys: Vec::new(),
    });
    Services::open(db, clock.clock(), Twilio { api, account }, mail_server(sim), settings, master).await
}

/// The simulator's, which delivers nothing.
pub fn mail_server(sim: &Sim) -> Option<Email> {
    Some(Email::new(&sim.smtp_url().into(), MAIL_FROM).expect("a mail server"))
}

async fn business(s: &Services, name: &str, number: Option<&str>) -> Actor {
    let line = "(415) 555-0100";
    let b = businesses::create(s, name, line, Some("America/New_York"), None)
        .await
        .expect("a business");
    if let Some(number) = number {
        numbers::assign(s, b.id, number).await.expect("a number");
    }
    let who = Principal::Member {
        account_id: Uuid::now_v7(),
        name: "Olga Owner".to_owned(),
        role: Role::Owner,
    };
    Actor { business_id: b.id, who }
}

/// Accounts are made in few tests only: hashing a password is slow on purpose.
pub async fn member(s: &Services, business_id: Uuid, role: Role, email: &str, password: &str) -> Actor {
    let account_id = accounts::add_member(s, business_id, role, "Sam Staff", email, password)
        .await
        .expect("a member");
    accounts::actor(s, account_id, business_id)
        .await
        .expect("the database answers")
        .expect("a member is an actor")
}
