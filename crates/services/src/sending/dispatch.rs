//! The outbox at work: claim a group, call for each outside any transaction, write down what each call said (law 2).

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    pin::pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration as StdDuration,
};

use entity::messages::message;
use tokio::{sync::Semaphore, task::JoinSet, time::Instant};
use uuid::Uuid;

use super::{
    abandoned,
    claim::{any_due, begin, claim, objection},
    record,
};
use crate::{
    channels::{self, connections::Connections},
    kernel::{Result, Services},
};

/// Calls to the provider at once in one process: mostly waiting.
const IN_FLIGHT: usize = 64;

/// A claim is worth its transaction when this many places are free; fewer only after `PATIENCE`.
const ENOUGH: u32 = 16;
const PATIENCE: StdDuration = StdDuration::from_millis(50);

/// Twilio tries for ten hours at most (seconds).
const LONGEST_VALID: i64 = 36_000;

/// Of two texts to one person the first gets this long to be settled before the second sets out.
const HEAD_START: StdDuration = StdDuration::from_millis(100);

/// How often it looks without being told: retries and turns come due, and other processes may not be able to call.
const LOOK: StdDuration = StdDuration::from_millis(500);

/// A pause when everything that was due had to be left or put off; whoever holds those rows is soon done.
const BUSY: StdDuration = StdDuration::from_millis(5);

/// Calls get this long to end when the process is asked to stop; the rest is looked up by whoever starts next.
const GRACE: StdDuration = StdDuration::from_secs(24);

/// The calls in the air, by business and message.
type InFlight = Arc<Mutex<HashSet<(Uuid, Uuid)>>>;

/// Sends what is due, as it becomes due, until `stopping`; then lets calls in the air end, at most 24 seconds.
pub async fn dispatch(s: &Services, stopping: impl Future<Output = ()>) {
    let places = Arc::new(Semaphore::new(IN_FLIGHT));
    let in_flight = InFlight::default();
    let mut stopping = pin!(stopping);
    let mut news = s.outbox().subscribe();
    loop {
        tokio::select! {
            biased;
            () = &mut stopping => break,
            () = free(&places) => {}
        }
        news.borrow_and_update();
        let sent = round(s, &places, &in_flight).await.unwrap_or_else(|cause| {
            tracing::error!(%cause, "texts could not be claimed; trying again");
            0
        });
        if sent == 0 {
            tokio::select! {
                biased;
                () = &mut stopping => break,
                _ = news.changed() => {}
                () = tokio::time::sleep(LOOK) => {}
            }
        }
    }
    drain(s, &places, &in_flight).await;
}

/// Waits until a claim is worth it.
async fn free(places: &Semaphore) {
    let enough = async { drop(places.acquire_many(ENOUGH).await) };
    if tokio::time::timeout(PATIENCE, enough).await.is_err() {
        drop(places.acquire().await);
    }
}

/// Claims what there is room for and sets the calls off; the number of rows looked at.
async fn round(s: &Services, places: &Arc<Semaphore>, in_flight: &InFlight) -> Result<usize> {
    if !any_due(s).await? {
        return Ok(0);
    }
    let (mut looked, mut full) = (0, BTreeSet::new());
    loop {
        let begun = Instant::now();
        let claimed = claim(s, places.available_permits() as u64, &full).await?;
        metrics::histogram!("showup_step_seconds", "step" => "claim").record(begun.elapsed());
        looked += claimed.looked;
        if claimed.go.is_empty() {
            tokio::time::sleep(BUSY).await;
        }
        set_off(s, places, in_flight, claimed.go).await;
        // What waits for one account keeps no other's waiting.
        full.extend(claimed.full.iter().cloned());
        if claimed.full.is_empty() || full.len() >= s.of::<Connections>().all().len() || places.available_permits() == 0 {
            return Ok(looked);
        }
    }
}

/// Makes the calls for these, each person's one after another.
async fn set_off(s: &Services, places: &Arc<Semaphore>, in_flight: &InFlight, go: Vec<message::Model>) {
    for texts in by_person(go) {
        let Ok(place) = places.clone().acquire_many_owned(texts.len() as u32).await else {
            break;
        };
        let (s, in_flight) = (s.clone(), in_flight.clone());
        lock(&in_flight).extend(texts.iter().map(|m| (m.business_id, m.id)));
        tokio::spawn(async move {
            let ids: Vec<(Uuid, Uuid)> = texts.iter().map(|m| (m.business_id, m.id)).collect();
            send_to_one(&s, texts).await;
            for id in ids {
                lock(&in_flight).remove(&id);
            }
            drop(place);
        });
    }
}

/// One person's texts, one after another: in their order, and the next one knows what became of the last. Should this process die in
/// between, those whose turn had not come were provably not sent.
async fn send_to_one(s: &Services, texts: Vec<message::Model>) {
    let mut calls = JoinSet::new();
    for (n, m) in texts.into_iter().enumerate() {
        if n > 0 {
            // Where Twilio takes its time the next one does not wait for the end of it.
            let _ = tokio::time::timeout(HEAD_START, async { while calls.join_next().await.is_some() {} }).await;
            let ours = begin(s, &m).await.unwrap_or_else(|cause| {
                tracing::error!(message = %m.id, %cause, "a text could not be begun; it is found after its lease");
                false
            });
            if !ours {
                continue;
            }
        }
        let s = s.clone();
        calls.spawn(async move { send(&s, m).await });
    }
    while calls.join_next().await.is_some() {}
}

/// Texts of one round by whom they are for.
fn by_person(go: Vec<message::Model>) -> Vec<Vec<message::Model>> {
    let mut people: Vec<Vec<message::Model>> = Vec::new();
    let mut place: HashMap<Uuid, usize> = HashMap::new();
    for m in go {
        let at = *place.entry(m.contact_id).or_insert(people.len());
        match people.get_mut(at) {
            Some(texts) => texts.push(m),
            None => people.push(vec![m]),
        }
    }
    people
}

fn lock(in_flight: &InFlight) -> std::sync::MutexGuard<'_, HashSet<(Uuid, Uuid)>> {
    in_flight.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits for the calls in the air; what has not ended by then is unclear, and said to be.
async fn drain(s: &Services, places: &Semaphore, in_flight: &InFlight) {
    if tokio::time::timeout(GRACE, places.acquire_many(IN_FLIGHT as u32))
        .await
        .is_ok()
    {
        return;
    }
    let open: Vec<(Uuid, Uuid)> = lock(in_flight).iter().copied().collect();
    tracing::warn!(
        calls = open.len(),
        "stopping before these calls have ended; they will be looked up"
    );
    for (business_id, id) in open {
        if let Err(cause) = abandoned::stop_waiting(s, business_id, id).await {
            tracing::error!(message = %id, %cause, "left as it is; it is found after its lease");
        }
    }
}

/// Sends everything that is due now and returns when all of it is settled; the number of texts handed over.
///
/// # Errors
/// When the database does not answer.
pub async fn send_due(s: &Services) -> Result<usize> {
    let (mut handed, mut full) = (0, BTreeSet::new());
    loop {
        let claimed = claim(s, IN_FLIGHT as u64, &full).await?;
        let news = claimed.full.difference(&full).count() > 0;
        full.extend(claimed.full);
        if claimed.looked == 0 && !news {
            return Ok(handed);
        }
        if claimed.go.is_empty() {
            tokio::time::sleep(BUSY).await;
        }
        handed += claimed.go.len();
        if !claimed.go.is_empty() {
            // What they are answered may let others go.
            full.clear();
        }
        let people = by_person(claimed.go).into_iter();
        futures::future::join_all(people.map(|texts| send_to_one(s, texts))).await;
    }
}

/// One claimed text: a last look at whether it may go, the call, and what it said.
async fn send(s: &Services, m: message::Model) {
    let id = m.id;
    let done = async {
        // The one moment a STOP could slip through is between the claim and this line; after it the request is open.
        if let Some(why) = objection(s, &m).await? {
            return record::put_back(s, &m, &why).await;
        }
        let begun = Instant::now();
        let said = channels::send(s, &m, validity(s, &m)).await;
        metrics::histogram!("showup_step_seconds", "step" => "call").record(begun.elapsed());
        record::record(s, m, said).await
    };
    if let Err(cause) = done.await {
        tracing::error!(message = %id, %cause, "what became of a text could not be written down; it will be looked up");
    }
}

/// How long it is to be delivered for: a phone that is switched on after the appointment has begun need not hear of it.
fn validity(s: &Services, m: &message::Model) -> Option<StdDuration> {
    let left = (m.useful_until.filter(|_| m.appointment_id.is_some())? - s.now()).num_seconds();
    Some(StdDuration::from_secs(left.clamp(60, LONGEST_VALID) as u64))
}
