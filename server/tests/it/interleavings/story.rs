//! One business on one app, and what is done to it, step by step.

use std::collections::HashMap;

use chrono::{DateTime, Duration, Utc};
use domain::consent::State;
use rand::{SeedableRng, rngs::StdRng, seq::IndexedRandom};
use serde_json::{Value, json};
use services::reconcile;
use testkit::{Backend, Fault, FaultKind};

use super::{
    PHONES,
    mails::{Mailing, PATIENCE, address},
    people::{Said, Silence, Word},
    steps::Step,
};
use crate::app::{Doomed, Tenant, TestApp, Workers};

/// One business on one app, and all that was done to it.
pub(super) struct Story {
    pub(super) app: TestApp,
    pub(super) other: Tenant,
    pub(super) dice: StdRng,
    pub(super) workers: Option<Workers>,
    /// Beside them, those whom nobody lets finish.
    pub(super) doomed: Option<Doomed>,
    pub(super) contacts: Vec<String>,
    /// Correlation id and person of what staff wrote.
    written: Vec<(String, usize)>,
    appointments: Vec<String>,
    /// In the order they were sent.
    pub(super) said: Vec<Said>,
    /// The last word of each person.
    pub(super) last: [Word; PHONES.len()],
    /// Whose word of this step may have opened what was closed.
    pub(super) opened: Option<usize>,
    pub(super) silences: Vec<Silence>,
    pub(super) mail: Mailing,
    pub(super) seen: HashMap<String, Value>,
    began: DateTime<Utc>,
    pub(super) told: Vec<String>,
}

impl Drop for Story {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("It went like this: {:#?}", self.told);
        }
    }
}

impl Story {
    pub(super) async fn begin(backend: Backend, seed: u64) -> Self {
        let app = TestApp::with_clock_and_little_patience(backend, PATIENCE).await;
        let other = app.neighbour().await;
        // The test itself brings the webhooks of texts, or does not.
        app.sim.set_inbound_url(None);
        let mut contacts = Vec::new();
        for (who, phone) in PHONES.into_iter().enumerate() {
            let opt_in = json!({ "channel": "sms", "source": "booking" });
            let body = json!({ "name": "Somebody", "phone": phone, "email": address(who, false), "opt_in": opt_in });
            let (status, contact) = app.post("/contacts", body).await;
            assert_eq!(status, 201, "{contact}");
            contacts.push(contact["id"].as_str().expect("an id").to_owned());
        }
        let story = Self {
            workers: Some(app.start_workers()),
            doomed: Some(app.start_doomed_workers()),
            began: app.s.now(),
            app,
            other,
            dice: StdRng::seed_from_u64(seed),
            contacts,
            written: Vec::new(),
            appointments: Vec::new(),
            said: Vec::new(),
            last: [Word::Nothing; PHONES.len()],
            opened: None,
            silences: Vec::new(),
            mail: Mailing::default(),
            seen: HashMap::new(),
            told: Vec::new(),
        };
        for who in 0..PHONES.len() {
            // A program may write to nobody who has not agreed to it.
            story.say_of_mail(who, State::OptedIn).await;
        }
        story
    }

    pub(super) async fn take(&mut self, step: Step) {
        self.told.push(format!("{step:?}"));
        self.opened = None;
        // Each step has seconds of its own: Twilio's log knows whole ones, and what it tells late must find its place.
        self.app.clock().advance(Duration::seconds(2));
        match step {
            Step::Write(who) => {
                let id = format!("text-{}", self.written.len());
                self.written.push((id.clone(), who));
                self.write(&id, who).await;
            }
            Step::WriteAgain => {
                if let Some((id, who)) = self.written.choose(&mut self.dice).cloned() {
                    self.write(&id, who).await;
                }
            }
            Step::Book(who, hours) => self.book(who, Duration::hours(hours), None).await,
            Step::BookFamily(who, hours) => {
                for (child, minutes) in [("Leo", 0), ("Mia", 20)] {
                    let ahead = Duration::hours(hours) + Duration::minutes(minutes);
                    self.book(who, ahead, Some(child)).await;
                }
            }
            Step::Move(hours) => self.move_one(hours).await,
            Step::Cancel => self.cancel_one().await,
            Step::Text(who, words) => {
                self.say(who, words).await;
                self.hand_over().await;
                self.heed(who, words).await;
            }
            Step::TextAgain => self.text_again().await,
            Step::Lose(who, words) => self.say(who, words).await,
            Step::Sync => {
                if self.sync().await {
                    self.stands().await;
                }
            }
            Step::HideLog(times) => self.app.sim.set_fault(Fault::new(FaultKind::ListError).count(times)),
            Step::Bar(who) => {
                let barred = Fault::new(FaultKind::Refuse).code(21610).to(PHONES[who]);
                self.app.sim.set_fault(barred);
            }
            Step::Decide(opt_out) => self.decide(opt_out).await,
            Step::Callback(status) => self.callback(status).await,
            Step::Break(kind) => self.break_next(kind),
            Step::StopWorkers => {
                if let Some(workers) = self.workers.take() {
                    workers.stop().await;
                }
            }
            Step::StartWorkers => {
                self.workers.get_or_insert_with(|| self.app.start_workers());
            }
            Step::Crash => self.crash(),
            Step::Mail(step) => Box::pin(self.take_mail(step)).await,
            Step::Pass(minutes) => self.app.clock().advance(Duration::minutes(minutes)),
        }
    }

    async fn write(&self, id: &str, who: usize) {
        let body = json!({ "contact_id": self.contacts[who], "body": format!("About {id}"), "correlation_id": id });
        let (status, answer) = self.app.post("/messages", body).await;
        if self.is_silent(who) {
            assert_eq!(status, 409, "{answer}");
        } else if status == 409 {
            // Something that happened behind our back closed it: error 21610, or a text that workers found in Twilio's log.
            let closed = self.standing(who).await.is_closed();
            assert!(closed || self.could_open()[who], "refused without a reason: {answer}");
        } else {
            assert_eq!(status, 202, "{answer}");
        }
    }

    async fn book(&mut self, who: usize, ahead: Duration, child: Option<&str>) {
        let starts_at = (self.app.s.now() + ahead).to_rfc3339();
        let appointment = json!({ "contact_id": self.contacts[who], "starts_at": starts_at, "for_name": child });
        let (status, answer) = self.app.post("/appointments", appointment).await;
        match answer["id"].as_str() {
            Some(appointment) => self.appointments.push(appointment.to_owned()),
            // They have one at that time already.
            None => assert_eq!(status, 409, "{answer}"),
        }
    }

    async fn move_one(&mut self, hours: i64) {
        if let Some(appointment) = self.appointments.choose(&mut self.dice) {
            let (status, answer) = self
                .app
                .move_appointment(appointment, self.app.s.now() + Duration::hours(hours))
                .await;
            assert!(matches!(status, 200 | 409), "{answer}");
        }
    }

    async fn cancel_one(&mut self) {
        if let Some(appointment) = self.appointments.choose(&mut self.dice) {
            let (status, answer) = self.app.post(&format!("/appointments/{appointment}/cancel"), json!({})).await;
            assert!(matches!(status, 200 | 409), "{answer}");
        }
    }

    async fn text_again(&mut self) {
        let known: Vec<Said> = self.said.iter().filter(|s| s.known).cloned().collect();
        if let Some(said) = known.choose(&mut self.dice) {
            self.text(said).await;
        }
    }

    pub(super) fn crash(&mut self) {
        if let Some(doomed) = self.doomed.replace(self.app.start_doomed_workers()) {
            doomed.kill();
        }
    }

    fn break_next(&self, kind: FaultKind) {
        // Twilio rarely says only once that it was too fast.
        let count = if kind == FaultKind::RateLimit { 4 } else { 1 };
        let fault = Fault::new(kind).ms(300).times(3).count(count);
        self.app
            .sim
            .set_fault(if kind == FaultKind::Refuse { fault.code(30007) } else { fault });
    }

    /// Compares Twilio's log with ours; whether it could be read. What was lost is there afterwards.
    pub(super) async fn sync(&mut self) -> bool {
        if let Err(cause) = Box::pin(reconcile::reconcile(&self.app.s, self.began)).await {
            assert!(cause.to_string().contains("log can't be read"), "{cause}");
            return false;
        }
        let now = self.app.all("/messages").await;
        self.note_known(&now);
        let lost: Vec<&Said> = self.said.iter().filter(|s| !s.known).collect();
        assert!(lost.is_empty(), "Twilio's log was read, and not brought in: {lost:?}");
        true
    }

    /// A text is one message, however it reached us.
    pub(super) fn note_known(&mut self, now: &[Value]) {
        for said in &mut self.said {
            let copies = now.iter().filter(|m| m["provider_sid"] == said.sid.as_str()).count();
            let lost = copies == 0 && !said.known;
            assert!(copies == 1 || lost, "an inbound SID is one message, not {copies}: {said:?}");
            said.known = copies == 1;
        }
    }

    async fn callback(&mut self, status: &str) {
        let sent: Vec<(String, String)> = self.app.sim.look(|state| {
            let callback = |m: &twilio_sim::SimMessage| Some((m.sid.clone(), m.status_callback.clone()?));
            state.outbound().filter_map(callback).collect()
        });
        if let Some((sid, callback)) = sent.choose(&mut self.dice) {
            let path = callback.strip_prefix(&self.app.url).expect("an address of ours");
            let params = [
                ("MessageSid", sid.as_str()),
                ("AccountSid", self.app.sim.account_sid()),
                ("MessageStatus", status),
            ];
            let answer = self.app.signed(path, &params).send().await.expect("an answer");
            assert_eq!(answer.status().as_u16(), 204, "{status} about {sid}");
        }
    }
}
