use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, Utc};
use contract::live::LiveEvent;
use entity::{businesses::business, live::live_event};
use sea_orm::{ConnectionTrait, DatabaseTransaction, EntityTrait, Set, Statement};
use uuid::Uuid;

use crate::{
    Result, Services, appointments, businesses, contacts, conversations, live, messages, queue,
    queue::Job,
    reports::{self, Counter},
    tasks,
};

/// A transaction that tells the whole story (law 8): what changed, its jobs, and at the end its counters and live events.
///
/// Events are written last and hold the state after the change, so one change is one event however often it was changed.
pub(crate) struct Tx {
    pub db: DatabaseTransaction,
    pub now: DateTime<Utc>,
    services: Services,
    /// With what is to be shown, where that is known; the rest is read at the end.
    changed: BTreeMap<(Uuid, Changed), Option<LiveEvent>>,
    counts: BTreeMap<(Uuid, Counter), i64>,
    businesses: HashMap<Uuid, business::Model>,
    jobs: bool,
    texts: bool,
}

/// What a live stream should show anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Changed {
    Message(Uuid),
    Conversation(Uuid),
    Contact(Uuid),
    Appointment(Uuid),
    Task(Uuid),
    /// The banners of the business.
    Notices,
}

impl Services {
    pub(crate) async fn begin(&self) -> Result<Tx> {
        Ok(Tx {
            db: self.db().begin().await?,
            now: self.now(),
            services: self.clone(),
            changed: BTreeMap::new(),
            counts: BTreeMap::new(),
            businesses: HashMap::new(),
            jobs: false,
            texts: false,
        })
    }
}

impl Tx {
    pub(crate) fn services(&self) -> &Services {
        &self.services
    }

    /// Something changed; it is read again at the end.
    pub(crate) fn mark_changed(&mut self, business_id: Uuid, what: Changed) {
        self.changed.insert((business_id, what), None);
    }

    /// Something was written that is known as a whole and locked, so it need not be read again, unless it is changed once more.
    pub(crate) fn publish(&mut self, business_id: Uuid, event: LiveEvent) {
        let what = match &event {
            LiveEvent::Message(m) => Changed::Message(m.id),
            LiveEvent::Conversation(c) => Changed::Conversation(c.id),
            LiveEvent::Contact(c) => Changed::Contact(c.id),
            LiveEvent::Appointment(a) => Changed::Appointment(a.id),
            LiveEvent::Task(t) => Changed::Task(t.id),
            LiveEvent::Notices(_) => Changed::Notices,
        };
        self.changed.insert((business_id, what), Some(event));
    }

    /// Counts one more of something that happened today.
    pub(crate) fn count(&mut self, business_id: Uuid, what: Counter) {
        *self.counts.entry((business_id, what)).or_default() += 1;
    }

    /// A business's settings, read once per transaction. Its ledger's head is not to be taken from here.
    pub(crate) async fn business(&mut self, id: Uuid) -> Result<business::Model> {
        if let Some(known) = self.businesses.get(&id) {
            return Ok(known.clone());
        }
        let row = businesses::get(&self.db, id).await?;
        self.businesses.insert(id, row.clone());
        Ok(row)
    }

    /// Puts a job into the queue with this transaction; it exists when, and only when, the transaction commits.
    pub(crate) async fn enqueue(&mut self, job: &Job, run_at: DateTime<Utc>, key: Option<&str>) -> Result<()> {
        queue::enqueue(&self.db, job, run_at, key).await?;
        self.jobs = true;
        Ok(())
    }

    /// There is a text that may go out now.
    pub(crate) fn send_soon(&mut self) {
        self.texts = true;
    }

    /// Writes counters and live events, commits, and wakes streams and workers.
    pub(crate) async fn commit(mut self) -> Result<()> {
        let written = self.write_events().await?;
        self.db.commit().await?;
        if written {
            self.services.live().notify();
        }
        if self.jobs {
            self.services.queue().notify();
        }
        if self.texts {
            self.services.outbox().notify();
        }
        Ok(())
    }

    async fn write_events(&mut self) -> Result<bool> {
        let changed = std::mem::take(&mut self.changed);
        let counts = std::mem::take(&mut self.counts);
        // Before the things are looked at: what is written last must be what was true last.
        self.one_at_a_time(changed.keys().map(|(b, _)| *b).chain(counts.keys().map(|(b, _)| *b)))
            .await?;
        reports::add(self, counts).await?;
        let mut rows = Vec::with_capacity(changed.len());
        let mut unknown: BTreeMap<Uuid, Vec<Changed>> = BTreeMap::new();
        for ((business_id, what), event) in changed {
            match event {
                Some(event) => rows.push(self.row(business_id, &event)?),
                None => unknown.entry(business_id).or_default().push(what),
            }
        }
        for (business_id, changed) in unknown {
            for event in self.events(business_id, &changed).await? {
                rows.push(self.row(business_id, &event)?);
            }
        }
        let written = !rows.is_empty();
        for some in rows.chunks(500) {
            live_event::Entity::insert_many(some.to_vec())
                .exec_without_returning(&self.db)
                .await?;
        }
        Ok(written)
    }

    fn row(&self, business_id: Uuid, event: &LiveEvent) -> Result<live_event::ActiveModel> {
        let payload = serde_json::to_string(event).map_err(|e| crate::Error::broken(e.to_string()))?;
        Ok(live_event::ActiveModel {
            business_id: Set(business_id),
            kind: Set(event.kind().to_owned()),
            payload: Set(self.services.vault().seal(live::PAYLOAD, &payload)),
            created_at: Set(self.now),
            ..Default::default()
        })
    }

    /// Ids come from a sequence when a row is written, but are seen when it commits. One writer per business at a time, from here to
    /// the commit, keeps "everything after id N" true. Taken last, so that it never waits while others wait for us. SQLite has one
    /// writer anyway.
    async fn one_at_a_time(&self, businesses: impl Iterator<Item = Uuid>) -> Result<()> {
        if !self.services.db().is_postgres() {
            return Ok(());
        }
        let mut keys: Vec<i64> = businesses.map(|b| b.as_u64_pair().1 as i64).collect();
        keys.sort_unstable();
        keys.dedup();
        for key in keys {
            let sql = "SELECT pg_advisory_xact_lock($1)";
            let statement = Statement::from_sql_and_values(self.db.get_database_backend(), sql, [key.into()]);
            self.db.execute_raw(statement).await?;
        }
        Ok(())
    }

    /// The things a business's streams should show anew, as they are now; kind by kind, each kind read at once.
    async fn events(&mut self, business_id: Uuid, changed: &[Changed]) -> Result<Vec<LiveEvent>> {
        let ids = |pick: fn(Changed) -> Option<Uuid>| changed.iter().filter_map(|t| pick(*t)).collect::<Vec<_>>();
        let (s, db) = (&self.services.clone(), &self.db);
        let mut events = Vec::with_capacity(changed.len());
        let some = ids(|t| if let Changed::Message(id) = t { Some(id) } else { None });
        if !some.is_empty() {
            events.extend(
                messages::views(db, business_id, &some)
                    .await?
                    .into_iter()
                    .map(LiveEvent::Message),
            );
        }
        let some = ids(|t| if let Changed::Conversation(id) = t { Some(id) } else { None });
        if !some.is_empty() {
            events.extend(
                conversations::rows(s, db, business_id, &some)
                    .await?
                    .into_iter()
                    .map(LiveEvent::Conversation),
            );
        }
        let some = ids(|t| if let Changed::Contact(id) = t { Some(id) } else { None });
        if !some.is_empty() {
            events.extend(
                contacts::views_of(s, db, business_id, &some)
                    .await?
                    .into_iter()
                    .map(LiveEvent::Contact),
            );
        }
        let some = ids(|t| if let Changed::Appointment(id) = t { Some(id) } else { None });
        if !some.is_empty() {
            events.extend(
                appointments::views_of(s, db, business_id, &some)
                    .await?
                    .into_iter()
                    .map(LiveEvent::Appointment),
            );
        }
        let some = ids(|t| if let Changed::Task(id) = t { Some(id) } else { None });
        if !some.is_empty() {
            events.extend(
                tasks::views_of(s, db, business_id, &some)
                    .await?
                    .into_iter()
                    .map(LiveEvent::Task),
            );
        }
        if changed.contains(&Changed::Notices) {
            let business = self.business(business_id).await?;
            events.push(LiveEvent::Notices(crate::notices::of(s, &self.db, &business).await?));
        }
        Ok(events)
    }
}
