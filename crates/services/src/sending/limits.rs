//! How much may go out now: per business and hour, per sender and second, per account, per month's budget. What is over a
//! limit waits; nothing is dropped.
//!
//! The rows are read under lock for a whole group of messages, counted down in memory, and written back once.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use chrono::{DateTime, Duration, DurationRound, Utc};
use domain::{
    origin::Share,
    rate_limit::{self, Allowance, Leave, Rate, Slot},
    when,
};
use entity::{
    businesses::business,
    messages::{message, quota_hour, sender_rate_limit},
    numbers::number,
};
use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set,
    sea_query::{Expr, LockType, OnConflict},
};
use uuid::Uuid;

use super::allowance;
use crate::{
    businesses,
    channels::{self, breakers, connections::Connections},
    kernel::{Error, Result, Services, Tx},
    messages, spend,
};

/// How far each class of messages may run ahead of its sender's pace. Twilio queues ten hours for a sender (docs/twilio.md §8), and nobody
/// who answers a customer should wait for that; a machine's texts are better kept with us, where a STOP or a cancelled appointment still
/// reaches them.
const AHEAD: [Duration; 3] = [Duration::hours(3), Duration::minutes(1), Duration::seconds(10)];

/// A budget that is used up is looked at again this often, should it have been raised elsewhere.
const BUDGET_LOOK: Duration = Duration::hours(1);

pub(super) const ACCOUNT_FULL: &str = "Waits: Twilio takes no more from this account right now. It is tried again by itself.";

/// Who was told once that the account is full is not told again for a wait as short as this.
const TOLD_ONCE: Duration = Duration::minutes(1);

/// How far an account may run ahead of the rate that was set for it, and of the one that was learned: the dispatcher looks twice a second.
const ACCOUNT_AHEAD: Duration = Duration::seconds(1);
const LEARNED_AHEAD: Duration = Duration::milliseconds(500);

/// While one call shows whether an account may go on, the others look again this soon.
const TRY_LOOK: Duration = Duration::seconds(1);

/// The account's row among the paces.
const ACCOUNT: i32 = -1;

pub(super) enum Capacity {
    Yes,
    /// It waits until then, and why.
    Until(DateTime<Utc>, String),
    /// It has a turn of its own then, and need not ask again.
    Turn(DateTime<Utc>, String),
    /// It has been told to wait, and why; nothing has changed.
    Unchanged,
}

struct Quota {
    used: i32,
    /// Automatic answers among them.
    automatic: i32,
    limit: i32,
}

impl Quota {
    /// Why nothing of this share goes out any more this hour, if so. The last tenth is kept for replies: a morning's reminders must not
    /// leave a customer without an answer. Automatic answers have a quarter, and half of that tenth: HELP is to be answered on such a
    /// morning, too, but machines that text HELP take nothing from what people and reminders need.
    fn full(&self, of: Share) -> Option<String> {
        let Self { used, automatic, limit } = *self;
        let (share, tenth) = ((limit / 4).max(1), limit / 10);
        let kept = match of {
            Share::Unbounded => 0,
            Share::Quarter => tenth / 2,
            Share::Bounded => tenth,
        };
        if of == Share::Quarter && automatic >= share {
            return Some(format!(
                "{share} of this business's {limit} texts an hour may be automatic answers."
            ));
        }
        if used >= limit {
            return Some(format!("{limit} texts an hour is this business's limit."));
        }
        (used >= limit - kept).then(|| format!("the last {kept} of this business's {limit} texts an hour are kept for replies."))
    }
}

/// The limits of a group of messages.
pub(super) struct Limits {
    now: DateTime<Utc>,
    hour: DateTime<Utc>,
    quotas: BTreeMap<Uuid, Quota>,
    paces: BTreeMap<(String, i32), DateTime<Utc>>,
    rates: HashMap<String, Rate>,
    /// Spent this month, by business with a budget.
    spent: HashMap<Uuid, i64>,
    /// Added to what was spent.
    costs: BTreeMap<Uuid, i64>,
    /// The account that each message goes through, by its breaker's name.
    accounts: HashMap<Uuid, String>,
    /// What the installation's account may send each second.
    account_rate: Option<(String, Rate)>,
    /// What was learned of accounts that were too fast.
    allowances: BTreeMap<String, Allowance>,
    /// Those of them that one of these messages tries.
    tried: BTreeSet<String>,
    /// Those that take no more now.
    full: BTreeSet<String>,
}

impl Limits {
    pub(super) async fn load(s: &Services, tx: &Tx, due: &[message::Model], of: &HashMap<Uuid, business::Model>) -> Result<Self> {
        let hour = tx
            .now
            .duration_trunc(Duration::hours(1))
            .map_err(|e| Error::broken(e.to_string()))?;
        let accounts: HashMap<Uuid, String> = due.iter().map(|m| (m.id, breakers::next_account(s, m))).collect();
        let mut keys: BTreeSet<(String, i32)> = due.iter().map(|m| (m.ours.clone(), m.priority)).collect();
        keys.extend(accounts.values().map(|account| (account.clone(), ACCOUNT)));
        // Locks first: two workers must not both find the last of a budget unspent. Accounts before hours, as `outcome` does.
        let allowances = allowance::known(tx, accounts.values().cloned().collect()).await?;
        let quotas = quotas(tx, hour, of).await?;
        let mut spent = HashMap::new();
        for b in of.values().filter(|b| b.monthly_budget.is_some()) {
            spent.insert(b.id, spend::spent(&tx.db, b, tx.now).await?);
        }
        Ok(Self {
            now: tx.now,
            hour,
            quotas,
            paces: paces(tx, &keys).await?,
            rates: rates(tx, due).await?,
            spent,
            costs: BTreeMap::new(),
            accounts,
            account_rate: s.of::<Connections>().common().and_then(|common| {
                let rate = per_second(s.settings().account_per_second?)?;
                Some((breakers::of_account(common.sid()), rate))
            }),
            allowances,
            tried: BTreeSet::new(),
            full: BTreeSet::new(),
        })
    }

    /// Whether `m` may go now; if so it is counted.
    pub(super) fn take(&mut self, m: &message::Model, b: &business::Model) -> Capacity {
        if let Some(room) = self.over_budget(m, b).or_else(|| self.over_quota(m, b)) {
            return room;
        }
        let account = self.accounts.get(&m.id).cloned().unwrap_or_default();
        let slot = self.account_slot(&account);
        if slot.at > self.now {
            self.full.insert(account);
            // Each is told once: thousands may wait, and only a few of them can go at a time.
            return match m.wait_reason.as_deref() {
                Some(ACCOUNT_FULL) if slot.at - self.now <= TOLD_ONCE => Capacity::Unchanged,
                _ => Capacity::Until(slot.at, ACCOUNT_FULL.to_owned()),
            };
        }
        if let Some(room) = self.off_pace(m, b) {
            return room;
        }
        if let Some(tries) = self.allowances.get_mut(&account).filter(|a| a.leave(self.now) == Leave::Try) {
            *tries = tries.tried(self.now);
            self.tried.insert(account.clone());
        }
        self.paces.insert((account, ACCOUNT), slot.next);
        if let Some(quota) = self.quotas.get_mut(&b.id) {
            quota.used += 1;
            quota.automatic += i32::from(share(m) == Share::Quarter);
        }
        *self.costs.entry(b.id).or_default() += m.price.unwrap_or(0);
        if let Some(spent) = self.spent.get_mut(&b.id) {
            *spent += m.price.unwrap_or(0);
        }
        Capacity::Yes
    }

    /// The account's next place, at the rate that was set for it or the one that was learned, whichever is slower.
    fn account_slot(&self, account: &str) -> Slot {
        let free = self.paces.get(&(account.to_owned(), ACCOUNT)).copied();
        let at = |at| Slot {
            at,
            next: free.unwrap_or(self.now),
        };
        let set = self.account_rate.as_ref().filter(|(common, _)| common == account);
        let set = set.map(|(_, rate)| (*rate, ACCOUNT_AHEAD));
        let learned = match self.allowances.get(account).map(|a| a.leave(self.now)) {
            Some(Leave::Rest(until)) => return at(until),
            Some(Leave::Trying(until)) => return at(until.min(self.now + TRY_LOOK)),
            Some(Leave::Try) => return at(self.now),
            Some(Leave::Paced(rate)) => Some((rate, LEARNED_AHEAD)),
            None => None,
        };
        match set.into_iter().chain(learned).min_by_key(|(rate, _)| *rate) {
            Some((rate, ahead)) => rate_limit::reserve(free, self.now, 1, rate, ahead),
            None => at(self.now),
        }
    }

    /// The accounts that take no more now: what others have waiting need not wait behind theirs.
    pub(super) fn full(&self) -> BTreeSet<String> {
        self.full.clone()
    }

    fn over_budget(&self, m: &message::Model, b: &business::Model) -> Option<Capacity> {
        let (budget, spent) = (b.monthly_budget?, self.spent.get(&b.id)?);
        // What people write goes. A customer's HELP is answered beyond the budget, too, up to a tenth of it: no machine spends more.
        let share = share(m);
        let beyond = if share == Share::Quarter { budget / 10 } else { 0 };
        let most = budget.saturating_add(beyond);
        if share == Share::Unbounded || spent + m.price.unwrap_or(0) <= most {
            return None;
        }
        let until = spend::next_month(b, self.now);
        let why = format!(
            "Waits until {}, or until the budget is raised: this month's is used up.",
            when::dated(until, businesses::zone(b))
        );
        Some(Capacity::Until(until.min(self.now + BUDGET_LOOK), why))
    }

    fn over_quota(&self, m: &message::Model, b: &business::Model) -> Option<Capacity> {
        let why = self.quotas.get(&b.id)?.full(share(m))?;
        let next = self.hour + Duration::hours(1);
        let until = when::dated(next, businesses::zone(b));
        Some(Capacity::Until(next, format!("Waits until {until}: {why}")))
    }

    fn off_pace(&mut self, m: &message::Model, b: &business::Model) -> Option<Capacity> {
        let rate = *self.rates.get(&m.ours)?;
        if m.slot_at.is_some_and(|at| at <= self.now) {
            return None;
        }
        let key = (m.ours.clone(), m.priority);
        let ahead = AHEAD.get(m.priority as usize).copied().unwrap_or(AHEAD[2]);
        let segments = u32::try_from(m.segments).unwrap_or(1).max(1);
        let slot = rate_limit::reserve(self.paces.get(&key).copied(), self.now, segments, rate, ahead);
        self.paces.insert(key, slot.next);
        if slot.at <= self.now {
            return None;
        }
        let until = when::dated(slot.at, businesses::zone(b));
        let pace = f64::from(rate.per_1000_s.get()) / 1000.0;
        let why = format!("Waits for its turn on {until}: text parts this number sends a second: {pace}.");
        Some(Capacity::Turn(slot.at, why))
    }

    pub(super) async fn save(self, tx: &mut Tx) -> Result<()> {
        for (business_id, quota) in &self.quotas {
            quota_hour::Entity::update_many()
                .col_expr(quota_hour::Column::Used, Expr::value(quota.used))
                .col_expr(quota_hour::Column::Automatic, Expr::value(quota.automatic))
                .filter(quota_hour::Column::BusinessId.eq(*business_id))
                .filter(quota_hour::Column::Hour.eq(self.hour))
                .exec(&tx.db)
                .await?;
        }
        set_paces(tx, self.paces).await?;
        for account in &self.tried {
            allowance::save(tx, account, self.allowances.get(account).copied()).await?;
        }
        for (business_id, cost) in self.costs {
            spend::add(tx, business_id, tx.now, cost).await?;
        }
        Ok(())
    }
}

/// What this message may take. One of an origin that is not known takes as little as there is; it is not sent anyhow.
fn share(m: &message::Model) -> Share {
    messages::origin(m).map_or(Share::Bounded, |origin| origin.policy().share)
}

/// These were claimed and not taken: their places in the hour are free again. In order of business, as a claim locks them.
pub(super) async fn give_back(tx: &Tx, texts: impl Iterator<Item = &message::Model>) -> Result<()> {
    let mut places: BTreeMap<(Uuid, DateTime<Utc>), (i32, i32)> = BTreeMap::new();
    for m in texts {
        let claimed = m.claimed_at.unwrap_or(tx.now).duration_trunc(Duration::hours(1));
        let hour = claimed.map_err(|e| Error::broken(e.to_string()))?;
        let (all, automatic) = places.entry((m.business_id, hour)).or_default();
        *all += 1;
        *automatic += i32::from(share(m) == Share::Quarter);
    }
    for ((business_id, hour), (all, automatic)) in places {
        let less = |column, places: i32| sea_orm::ExprTrait::sub(Expr::col(column), places);
        quota_hour::Entity::update_many()
            .col_expr(quota_hour::Column::Used, less(quota_hour::Column::Used, all))
            .col_expr(quota_hour::Column::Automatic, less(quota_hour::Column::Automatic, automatic))
            .filter(quota_hour::Column::BusinessId.eq(business_id))
            .filter(quota_hour::Column::Hour.eq(hour))
            .filter(quota_hour::Column::Used.gte(all))
            .filter(quota_hour::Column::Automatic.gte(automatic))
            .exec(&tx.db)
            .await?;
    }
    Ok(())
}

/// This hour's counts, locked in order of business.
async fn quotas(tx: &Tx, hour: DateTime<Utc>, of: &HashMap<Uuid, business::Model>) -> Result<BTreeMap<Uuid, Quota>> {
    let mut ids: Vec<Uuid> = of.keys().copied().collect();
    ids.sort();
    let fresh = ids.iter().map(|id| quota_hour::ActiveModel {
        business_id: Set(*id),
        hour: Set(hour),
        used: Set(0),
        automatic: Set(0),
    });
    let once = OnConflict::columns([quota_hour::Column::BusinessId, quota_hour::Column::Hour])
        .do_nothing()
        .to_owned();
    quota_hour::Entity::insert_many(fresh)
        .on_conflict(once)
        .exec_without_returning(&tx.db)
        .await?;
    let rows = quota_hour::Entity::find()
        .filter(quota_hour::Column::BusinessId.is_in(ids))
        .filter(quota_hour::Column::Hour.eq(hour))
        .order_by_asc(quota_hour::Column::BusinessId)
        .lock(LockType::NoKeyUpdate)
        .all(&tx.db)
        .await?;
    let limit = |id: Uuid| of.get(&id).map_or(0, |b| b.hourly_limit);
    Ok(rows
        .into_iter()
        .map(|r| {
            let quota = Quota {
                used: r.used,
                automatic: r.automatic,
                limit: limit(r.business_id),
            };
            (r.business_id, quota)
        })
        .collect())
}

/// When each sender is free again, locked in order.
async fn paces(tx: &Tx, keys: &BTreeSet<(String, i32)>) -> Result<BTreeMap<(String, i32), DateTime<Utc>>> {
    // A row to lock for each, or two workers would both find a new sender free.
    let fresh = keys.iter().map(|(sender, class)| sender_rate_limit::ActiveModel {
        sender: Set(sender.clone()),
        class: Set(*class),
        free_at: Set(tx.now),
    });
    let once = OnConflict::columns([sender_rate_limit::Column::Sender, sender_rate_limit::Column::Class])
        .do_nothing()
        .to_owned();
    sender_rate_limit::Entity::insert_many(fresh)
        .on_conflict(once)
        .exec_without_returning(&tx.db)
        .await?;
    let senders: BTreeSet<&str> = keys.iter().map(|(sender, _)| sender.as_str()).collect();
    let rows = sender_rate_limit::Entity::find()
        .filter(sender_rate_limit::Column::Sender.is_in(senders))
        .order_by_asc(sender_rate_limit::Column::Sender)
        .order_by_asc(sender_rate_limit::Column::Class)
        .lock(LockType::NoKeyUpdate)
        .all(&tx.db)
        .await?;
    let free = rows.into_iter().map(|r| ((r.sender, r.class), r.free_at));
    Ok(free.filter(|(key, _)| keys.contains(key)).collect())
}

/// Writes when each is free again; never earlier than another process has said meanwhile.
async fn set_paces(tx: &Tx, paces: BTreeMap<(String, i32), DateTime<Utc>>) -> Result<()> {
    if paces.is_empty() {
        return Ok(());
    }
    let rows = paces
        .into_iter()
        .map(|((sender, class), free_at)| sender_rate_limit::ActiveModel {
            sender: Set(sender),
            class: Set(class),
            free_at: Set(free_at),
        });
    let free = (sender_rate_limit::Entity, sender_rate_limit::Column::FreeAt);
    let later = Expr::case(
        Expr::cust("excluded.free_at > sender_rate_limit.free_at"),
        Expr::cust("excluded.free_at"),
    )
    .finally(Expr::col(free));
    let latest = OnConflict::columns([sender_rate_limit::Column::Sender, sender_rate_limit::Column::Class])
        .value(sender_rate_limit::Column::FreeAt, later)
        .to_owned();
    sender_rate_limit::Entity::insert_many(rows)
        .on_conflict(latest)
        .exec_without_returning(&tx.db)
        .await?;
    Ok(())
}

/// Segments a second of each sender: what was set for the number, else what its kind does; none for a service, which paces itself.
async fn rates(tx: &Tx, due: &[message::Model]) -> Result<HashMap<String, Rate>> {
    // Mail servers say themselves when they want to be asked more slowly.
    let texts = due.iter().filter(|m| channels::is_twilio(m));
    let senders: BTreeSet<&str> = texts.map(|m| m.ours.as_str()).collect();
    let rows = number::Entity::find()
        .filter(number::Column::Phone.is_in(senders.iter().copied()))
        .all(&tx.db)
        .await?;
    let own: HashMap<String, Rate> = rows
        .into_iter()
        .filter_map(|n| Some((n.phone, per_second(u32::try_from(n.per_second?).ok()?)?)))
        .collect();
    let rate = |sender: &str| own.get(sender).copied().or_else(|| rate_limit::kind_of(sender).rate());
    Ok(senders
        .into_iter()
        .filter_map(|sender| Some((sender.to_owned(), rate(sender)?)))
        .collect())
}

fn per_second(n: u32) -> Option<Rate> {
    let per_1000_s = std::num::NonZeroU32::new(n.checked_mul(1000)?)?;
    Some(Rate { per_1000_s })
}
