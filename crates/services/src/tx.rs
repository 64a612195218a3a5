use chrono::{DateTime, Utc};
use contract::live::LiveEvent;
use entity::live::live_event;
use sea_orm::{ConnectionTrait, DatabaseTransaction, EntityTrait, Set, Statement};
use uuid::Uuid;

use crate::{Result, Services, appointments, contacts, conversations, live, messages, queue, queue::Job, tasks};

/// A transaction that tells the whole story (law 8): what changed, its jobs, and at the end its live events.
///
/// Events are written last and hold the state after the change, so one change is one event however often it was touched.
pub(crate) struct Tx {
    pub db: DatabaseTransaction,
    pub now: DateTime<Utc>,
    services: Services,
    touched: Vec<(Uuid, Touched)>,
    jobs: bool,
}

/// What a live stream should show anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Touched {
    Message(Uuid),
    Conversation(Uuid),
    Contact(Uuid),
    Appointment(Uuid),
    Task(Uuid),
}

impl Services {
    pub(crate) async fn begin(&self) -> Result<Tx> {
        Ok(Tx {
            db: self.db().begin().await?,
            now: self.now(),
            services: self.clone(),
            touched: Vec::new(),
            jobs: false,
        })
    }
}

impl Tx {
    pub(crate) fn services(&self) -> &Services {
        &self.services
    }

    pub(crate) fn touch(&mut self, business_id: Uuid, what: Touched) {
        if !self.touched.contains(&(business_id, what)) {
            self.touched.push((business_id, what));
        }
    }

    /// Puts a job into the queue with this transaction; it exists when, and only when, the transaction commits.
    pub(crate) async fn enqueue(&mut self, job: &Job, run_at: DateTime<Utc>, key: Option<&str>) -> Result<()> {
        queue::enqueue(&self.db, job, run_at, key).await?;
        self.jobs = true;
        Ok(())
    }

    /// Writes the live events, commits, and wakes streams and workers.
    pub(crate) async fn commit(mut self) -> Result<()> {
        let told = self.tell().await?;
        self.db.commit().await?;
        if told {
            self.services.live().wake();
        }
        if self.jobs {
            self.services.wake().wake();
        }
        Ok(())
    }

    async fn tell(&mut self) -> Result<bool> {
        let mut touched = std::mem::take(&mut self.touched);
        if touched.is_empty() {
            return Ok(false);
        }
        touched.sort();
        // Before the things are looked at: what is written last must be what was true last.
        if self.services.db().is_postgres() {
            self.serialize_events(&touched).await?;
        }
        let mut rows = Vec::with_capacity(touched.len());
        for (business_id, what) in &touched {
            let event = self.event(*business_id, *what).await?;
            let payload = serde_json::to_string(&event).map_err(|e| crate::Error::broken(e.to_string()))?;
            rows.push(live_event::ActiveModel {
                business_id: Set(*business_id),
                kind: Set(event.kind().to_owned()),
                payload: Set(self.services.vault().seal(live::PAYLOAD, &payload)),
                created_at: Set(self.now),
                ..Default::default()
            });
        }
        live_event::Entity::insert_many(rows).exec_without_returning(&self.db).await?;
        Ok(true)
    }

    /// Ids come from a sequence when a row is written, but are seen when it commits. One writer per business at a time, from here to
    /// the commit, keeps "everything after id N" true. Taken last, so that it never waits while others wait for us.
    async fn serialize_events(&self, touched: &[(Uuid, Touched)]) -> Result<()> {
        let mut businesses: Vec<Uuid> = touched.iter().map(|(b, _)| *b).collect();
        businesses.sort();
        businesses.dedup();
        for business in businesses {
            let key = business.as_u64_pair().1 as i64;
            self.execute("SELECT pg_advisory_xact_lock($1)", [key.into()]).await?;
        }
        self.execute("SELECT pg_notify($1, '')", [live::CHANNEL.into()]).await
    }

    async fn execute<const N: usize>(&self, sql: &str, values: [sea_orm::Value; N]) -> Result<()> {
        let statement = Statement::from_sql_and_values(self.db.get_database_backend(), sql, values);
        self.db.execute_raw(statement).await?;
        Ok(())
    }

    async fn event(&self, business_id: Uuid, what: Touched) -> Result<LiveEvent> {
        let s = &self.services;
        Ok(match what {
            Touched::Message(id) => LiveEvent::Message(messages::view(&self.db, business_id, id).await?),
            Touched::Conversation(id) => LiveEvent::Conversation(conversations::row(s, &self.db, business_id, id).await?),
            Touched::Contact(id) => LiveEvent::Contact(contacts::view(s, &self.db, business_id, id).await?),
            Touched::Appointment(id) => LiveEvent::Appointment(appointments::view(s, &self.db, business_id, id).await?),
            Touched::Task(id) => LiveEvent::Task(tasks::view(s, &self.db, business_id, id).await?),
        })
    }
}
