use std::{
    any::Any,
    collections::{BTreeMap, BTreeSet},
    mem,
    pin::Pin,
};

use chrono::{DateTime, Utc};
use contract::{Code, live::LiveEvent, messages::Direction};
use domain::delivery::Status;
use entity::{live::live_event, messages::message};
use sea_orm::{ConnectionTrait, DatabaseExecutor, DatabaseTransaction, EntityTrait, Set, Statement};
use serde::Serialize;
use uuid::Uuid;

use super::{
    actor::Principal,
    changes,
    counters::Counter,
    error::{Error, ONLY_LOOKING, Result, problem},
    events::{Event, EventKind, Recorded},
    live,
    once::{self, Once},
    queue::{self, Job},
    services::Services,
};

/// Events that cause events that cause events: a chain longer than this has no end.
const ROUNDS: usize = 8;

/// What may come of anything, and of which nothing comes but that others are told: no listener's line need say it.
pub(crate) const TOLD_ALONE: [EventKind; 2] = [EventKind::TaskRaised, EventKind::TaskSettled];

pub(crate) type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T>> + Send + 'a>>;

/// Who hears of some events. It gets all of a round at once, so that two hundred cost one statement, and may touch rows of contacts that
/// are locked already, no others: everything else is for a job.
pub(crate) struct Listener {
    /// Its room and function.
    pub name: &'static str,
    /// None: everything.
    pub hears: Option<&'static [EventKind]>,
    /// What it may record in turn; anything else is a fault of ours, which every test would show.
    pub causes: &'static [EventKind],
    pub then: for<'a> fn(&'a mut Tx, &'a [&'a Recorded]) -> BoxFuture<'a, ()>,
}

impl Listener {
    pub(crate) fn is_for(&self, event: &Event) -> bool {
        self.hears.is_none_or(|kinds| kinds.contains(&EventKind::from(event)))
    }
}

/// Why a message's cause does not want it sent any more, by message.
pub(crate) type Objections = BTreeMap<Uuid, String>;

/// How much to add, by business and counter.
pub(crate) type Counts = BTreeMap<(Uuid, Counter), i64>;
type Views = for<'a> fn(&'a mut Tx, Uuid, &'a [Changed]) -> BoxFuture<'a, Vec<LiveEvent>>;
type Recount = for<'a> fn(&'a mut Tx, Vec<(Uuid, Changed)>) -> BoxFuture<'a, ()>;
type Guard = for<'a> fn(&'a Services, DatabaseExecutor<'a>, &'a [&'a message::Model]) -> BoxFuture<'a, Objections>;

/// What the house above tells the ground floor, once, when it opens.
pub(crate) struct Wiring {
    /// In this order.
    pub listeners: &'static [Listener],
    /// Asks the owners of what messages came from whether each is still wanted.
    pub guard: Guard,
    /// What changed, as live streams show it now.
    pub views: Views,
    /// Adds to the day's counters.
    pub count: for<'a> fn(&'a mut Tx, Counts) -> BoxFuture<'a, ()>,
    /// Counts anew what has changed.
    pub recount: Recount,
}

/// A transaction that tells the whole story (law 8): what changed, what follows from it, its jobs, and at the end its counters and live
/// events.
///
/// Live events are written last and hold the state after the change, so one change is one event however often it was changed.
pub(crate) struct Tx {
    pub db: DatabaseTransaction,
    pub now: DateTime<Utc>,
    services: Services,
    recorded: Vec<Recorded>,
    /// With what is to be shown, where that is known; the rest is read at the end.
    changed: BTreeMap<(Uuid, Changed), Option<LiveEvent>>,
    counts: Counts,
    /// What was read once and holds for the whole transaction.
    memo: Vec<Box<dyn Any + Send + Sync>>,
    jobs: bool,
    texts: bool,
    /// Requests that are done, once and for all, when this commits.
    done: Vec<Once>,
    /// The first thing that was changed.
    first: Option<Uuid>,
}

/// What a live stream should show anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Changed {
    Message(Uuid),
    Conversation(Uuid),
    /// With the row of their conversation.
    Contact(Uuid),
    Appointment(Uuid),
    Task(Uuid),
    Slot(Uuid),
    Import(Uuid),
    /// Only counted: no page shows it as it changes.
    ReviewRequest(Uuid),
    /// Written once and published as a whole.
    Note(Uuid),
    /// By this account; published as a whole.
    Seen(Uuid, Uuid),
    /// Who is at this conversation.
    Presence(Uuid),
    /// The banners of the business.
    Notices,
}

impl Changed {
    /// What it is, where its own row does not say when it changed.
    fn kept(self) -> Option<(changes::Kind, Uuid)> {
        match self {
            Self::Appointment(id) => Some((changes::Kind::Appointment, id)),
            Self::Conversation(id) => Some((changes::Kind::Conversation, id)),
            Self::Task(id) => Some((changes::Kind::Task, id)),
            _ => None,
        }
    }
}

impl Services {
    pub(crate) async fn begin(&self) -> Result<Tx> {
        if self.only_looks() {
            return Err(problem(Code::NotAllowed, ONLY_LOOKING));
        }
        let mut tx = Tx {
            db: self.db().begin().await?,
            now: self.now(),
            services: self.clone(),
            recorded: Vec::new(),
            changed: BTreeMap::new(),
            counts: BTreeMap::new(),
            memo: Vec::new(),
            jobs: false,
            texts: false,
            done: Vec::new(),
            first: None,
        };
        if let Some(once) = Once::current() {
            Box::pin(tx.do_once(&once)).await?;
        }
        Ok(tx)
    }
}

impl Tx {
    pub(crate) fn services(&self) -> &Services {
        &self.services
    }

    /// What is done here is all that this request asked for: it is not done again, whoever repeats it.
    ///
    /// # Errors
    /// `Conflict` where the same request is at work elsewhere, or was done meanwhile.
    pub(crate) async fn do_once(&mut self, once: &Once) -> Result<()> {
        if !once.is_done() && !self.done.contains(once) {
            once::write(&self.db, once, self.now).await?;
            self.done.push(once.clone());
        }
        Ok(())
    }

    fn wiring(&self) -> &'static Wiring {
        self.services.of::<&'static Wiring>()
    }

    /// Something has happened; who cares hears of it when this is settled.
    pub(crate) fn record(&mut self, business_id: Uuid, by: &Principal, event: Event) {
        self.record_change(business_id, by, event, None::<()>, None::<()>);
    }

    /// The same, with what the audit trail shows of what it was and of what it is.
    pub(crate) fn record_change<B: Serialize, A: Serialize>(
        &mut self,
        business_id: Uuid,
        by: &Principal,
        event: Event,
        before: Option<B>,
        after: Option<A>,
    ) {
        if self.first.is_none() {
            self.first = event.audited().ok().and_then(|(_, _, id)| id);
        }
        self.recorded.push(Recorded {
            business_id,
            by: by.clone(),
            event,
            before: before.and_then(|value| serde_json::to_string(&value).ok()),
            after: after.and_then(|value| serde_json::to_string(&value).ok()),
        });
    }

    /// Everything that follows from what was recorded, until nothing more does. To be called before a view is made of it.
    pub(crate) async fn settle(&mut self) -> Result<()> {
        for _ in 0..ROUNDS {
            let round = mem::take(&mut self.recorded);
            if round.is_empty() {
                return Ok(());
            }
            for listener in self.wiring().listeners {
                let heard: Vec<&Recorded> = round.iter().filter(|r| listener.is_for(&r.event)).collect();
                if heard.is_empty() {
                    continue;
                }
                let before = self.recorded.len();
                (listener.then)(self, &heard).await?;
                let caused = self.recorded[before..].iter().map(|r| EventKind::from(&r.event));
                let said = |kind: &EventKind| listener.causes.contains(kind) || TOLD_ALONE.contains(kind);
                let surprise = caused.into_iter().find(|kind| !said(kind));
                debug_assert!(
                    surprise.is_none(),
                    "{} records {surprise:?}, which its line does not say",
                    listener.name
                );
            }
        }
        Err(Error::broken("events cause each other without end"))
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
            LiveEvent::Slot(slot) => Changed::Slot(slot.id),
            LiveEvent::Import(i) => Changed::Import(i.id),
            LiveEvent::Note(n) => Changed::Note(n.id),
            LiveEvent::Seen(seen) => Changed::Seen(seen.account_id, seen.conversation_id),
            LiveEvent::Presence(p) => Changed::Presence(p.conversation_id),
            LiveEvent::Notices(_) => Changed::Notices,
        };
        self.changed.insert((business_id, what), Some(event));
    }

    /// Counts one more of something that happened today.
    pub(crate) fn count(&mut self, business_id: Uuid, what: Counter) {
        self.count_more(business_id, what, 1);
    }

    /// So many more.
    pub(crate) fn count_more(&mut self, business_id: Uuid, what: Counter, n: i64) {
        *self.counts.entry((business_id, what)).or_default() += n;
    }

    /// What was read before in this transaction and holds for all of it.
    pub(crate) fn memo<T: Any + Default + Send + Sync>(&mut self) -> &mut T {
        let known = self.memo.iter().position(|one| one.is::<T>());
        let at = known.unwrap_or_else(|| {
            self.memo.push(Box::new(T::default()));
            self.memo.len() - 1
        });
        self.memo[at].downcast_mut().expect("found by its type")
    }

    /// A place to come back to: one of many things done in one transaction may turn out not to be possible.
    pub(crate) async fn mark(&self) -> Result<usize> {
        self.db.execute_unprepared("SAVEPOINT one_of_many").await?;
        Ok(self.recorded.len())
    }

    /// What was done since the mark stands.
    pub(crate) async fn keep(&self) -> Result<()> {
        self.db.execute_unprepared("RELEASE SAVEPOINT one_of_many").await?;
        Ok(())
    }

    /// What was done since the mark was not done, and nobody hears of it.
    pub(crate) async fn back_to(&mut self, mark: usize) -> Result<()> {
        self.db.execute_unprepared("ROLLBACK TO SAVEPOINT one_of_many").await?;
        self.db.execute_unprepared("RELEASE SAVEPOINT one_of_many").await?;
        self.recorded.truncate(mark);
        Ok(())
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

    /// Settles, writes counters and live events, commits, and wakes streams and workers.
    pub(crate) async fn commit(mut self) -> Result<()> {
        if let (Some(id), [once]) = (self.first, self.done.as_slice()) {
            once::made(&self.db, once, id).await?;
        }
        self.settle().await?;
        let written = self.write_events().await?;
        self.db.commit().await?;
        self.done.iter().for_each(Once::set_done);
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
        let changed = mem::take(&mut self.changed);
        let counts = mem::take(&mut self.counts);
        // Before the things are looked at: what is written last must be what was true last.
        self.one_at_a_time(changed.keys().map(|(b, _)| *b).chain(counts.keys().map(|(b, _)| *b)))
            .await?;
        let kept = changed.keys().filter_map(|(business_id, what)| {
            let (kind, id) = what.kept()?;
            Some((*business_id, kind, id))
        });
        changes::write(&self.db, self.services.now(), kept).await?;
        if !counts.is_empty() {
            (self.wiring().count)(self, counts).await?;
        }
        let figures: Vec<(Uuid, Changed)> = changed
            .iter()
            .filter(|(_, event)| event.as_ref().is_none_or(counts_as_something))
            .map(|(key, _)| *key)
            .collect();
        (self.wiring().recount)(self, figures).await?;
        let mut rows = Vec::with_capacity(changed.len());
        let mut unknown: BTreeMap<Uuid, Vec<Changed>> = BTreeMap::new();
        for ((business_id, what), event) in changed {
            match event {
                Some(event) => rows.push(self.row(business_id, &event)?),
                None => unknown.entry(business_id).or_default().push(what),
            }
        }
        for (business_id, changed) in unknown {
            for event in (self.wiring().views)(self, business_id, &changed).await? {
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
        let payload = serde_json::to_string(event).map_err(|e| Error::broken(e.to_string()))?;
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
    pub(crate) async fn one_at_a_time(&self, businesses: impl Iterator<Item = Uuid>) -> Result<()> {
        if !self.services.db().is_postgres() {
            return Ok(());
        }
        let keys: BTreeSet<i64> = businesses.map(|b| b.as_u64_pair().1 as i64).collect();
        for key in keys {
            let sql = "SELECT pg_advisory_xact_lock($1)";
            let statement = Statement::from_sql_and_values(self.db.get_database_backend(), sql, [key.into()]);
            self.db.execute_raw(statement).await?;
        }
        Ok(())
    }

    /// Makes everybody else who wants to write one of these values into this sealed column wait for the end of this transaction. Two
    /// processes may seal with different keys for a moment, and then their blind indexes differ: the unique index alone would let a value
    /// in twice.
    pub(crate) async fn take_turns(&self, field: &str, texts: impl IntoIterator<Item = String>) -> Result<()> {
        if !self.services.db().is_postgres() {
            // One writer at a time.
            return Ok(());
        }
        // In one order, so that two never wait for each other.
        let vault = self.services.vault();
        let turns: BTreeSet<i64> = texts.into_iter().map(|text| vault.turn(field, &text)).collect();
        let places: Vec<String> = (1..=turns.len()).map(|n| format!("(${n}::bigint)")).collect();
        let sql = format!(
            "SELECT pg_advisory_xact_lock(turn) FROM (VALUES {}) AS turns (turn)",
            places.join(", ")
        );
        let statement = Statement::from_sql_and_values(self.db.get_database_backend(), sql, turns.into_iter().map(Into::into));
        self.db.execute_raw(statement).await?;
        Ok(())
    }

    /// Why these messages are not wanted any more by what they came from.
    pub(crate) async fn objections(&self, messages: &[&message::Model]) -> Result<Objections> {
        (self.wiring().guard)(&self.services, (&self.db).into(), messages).await
    }
}

/// Whether what is shown of something may be counted. A customer's text is counted as it comes in, and what has just been written not yet.
fn counts_as_something(event: &LiveEvent) -> bool {
    match event {
        LiveEvent::Message(m) => m.direction == Direction::Outbound && m.status != Status::Queued.public(),
        _ => true,
    }
}

/// The same outside a transaction, as the last look before a call.
pub(crate) async fn objections(s: &Services, messages: &[&message::Model]) -> Result<Objections> {
    (s.of::<&'static Wiring>().guard)(s, s.read().into(), messages).await
}
