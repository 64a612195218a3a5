//! Who a conversation is given to by itself when a customer writes: by the business's rule, and never to somebody who is away or gone.
//!
//! Only what a customer writes gives a conversation away, and only one that is nobody's then. Whoever looks after one keeps it, away or not,
//! until it is closed; if they are away when it opens again, or do not work here any more, it is nobody's and the rule decides.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::Arc,
};

use chrono::{DateTime, Duration, Utc};
use contract::businesses::AssignRule;
use entity::{accounts::member, conversations::conversation};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, sea_query::Expr};
use uuid::Uuid;

use super::seen;
use crate::{
    accounts,
    businesses::{self, rules},
    kernel::{Actor, Event, Principal, Result, Tx, events::Recorded, tx::Changed},
};

/// As the timeline and the audit trail call who did it.
const RULE: Principal = Principal::System("automatic assignment");

/// How conversations were when texts came in; the closed ones are open since.
#[derive(Default)]
struct Before(HashMap<Uuid, Was>);

#[derive(Clone, Copy)]
struct Was {
    closed: bool,
    assigned: bool,
}

/// Texts are coming into these conversations. To be called while it can still be seen which were closed, and with all of a transaction's:
/// where people take turns, transactions wait for each other here, in one order.
pub(crate) async fn expect(tx: &mut Tx, threads: &[conversation::Model]) -> Result<()> {
    let mut free: BTreeSet<Uuid> = BTreeSet::new();
    for row in threads {
        let was = Was {
            closed: row.closed_at.is_some(),
            assigned: row.assignee_id.is_some(),
        };
        tx.memo::<Before>().0.insert(row.id, was);
        if was.closed || !was.assigned {
            free.insert(row.business_id);
        }
    }
    let mut turns = Vec::new();
    for id in free {
        if rules::assign(&businesses::of(tx, id).await?) == AssignRule::RoundRobin {
            turns.push(id.to_string());
        }
    }
    if turns.is_empty() {
        return Ok(());
    }
    tx.take_turns("member.assigned_at", turns).await
}

/// What came in is given to somebody, if it asks for an answer and is nobody's.
pub(crate) async fn texts_came_in(tx: &mut Tx, heard: &[&Recorded]) -> Result<()> {
    let mut of: BTreeMap<Uuid, Vec<Uuid>> = BTreeMap::new();
    for one in heard {
        if let Event::MessageReceived(m) = &one.event {
            let ids = of.entry(one.business_id).or_default();
            if !ids.contains(&m.conversation_id) {
                ids.push(m.conversation_id);
            }
        }
    }
    for (business_id, ids) in of {
        let rule = rules::assign(&businesses::of(tx, business_id).await?);
        let before = &tx.memo::<Before>().0;
        let anybodys = ids.iter().any(|id| before.get(id).is_none_or(|was| was.assigned));
        if rule != AssignRule::Off || anybodys {
            in_business(tx, business_id, rule, &ids).await?;
        }
    }
    Ok(())
}

async fn in_business(tx: &mut Tx, business_id: Uuid, rule: AssignRule, ids: &[Uuid]) -> Result<()> {
    let rows = conversation::Entity::these(business_id, ids.iter().copied())
        .all(&tx.db)
        .await?;
    let rows: HashMap<Uuid, conversation::Model> = rows.into_iter().map(|row| (row.id, row)).collect();
    let mut crew = Crew::of(tx, business_id).await?;
    let mut given: BTreeMap<Option<Uuid>, Vec<Uuid>> = BTreeMap::new();
    // In the order in which they wrote.
    for row in ids.iter().filter_map(|id| rows.get(id)) {
        let opened = tx.memo::<Before>().0.get(&row.id).is_some_and(|was| was.closed);
        let keeps = row.assignee_id.filter(|who| crew.keeps(*who, opened));
        let waits = row.waiting_since.is_some();
        let to = match (keeps, rule) {
            (Some(who), _) => Some(who),
            (None, AssignRule::LastReplied) if waits => row.replied_by.filter(|who| crew.keeps(*who, true)),
            (None, AssignRule::RoundRobin) if waits => crew.next(tx.now),
            (None, _) => None,
        };
        if to != row.assignee_id {
            given.entry(to).or_default().push(row.id);
        }
    }
    crew.remember_turns(tx).await?;
    give(tx, business_id, given).await
}

/// As many statements as there are people, however many conversations.
async fn give(tx: &mut Tx, business_id: Uuid, given: BTreeMap<Option<Uuid>, Vec<Uuid>>) -> Result<()> {
    let people: Vec<Uuid> = given.keys().flatten().copied().collect();
    let names = if people.is_empty() {
        HashMap::new()
    } else {
        accounts::names(&tx.db, people).await?
    };
    for (to, ids) in given {
        let name = to.and_then(|who| names.get(&who)).cloned().unwrap_or_default();
        let rows = conversation::Entity::update_many()
            .col_expr(conversation::Column::AssigneeId, Expr::value(to))
            .filter(conversation::Column::BusinessId.eq(business_id))
            .filter(conversation::Column::Id.is_in(ids))
            .exec_with_returning(&tx.db)
            .await?;
        for row in rows {
            tx.mark_changed(business_id, Changed::Conversation(row.id));
            let event = Event::ConversationAssigned(Arc::new(row));
            tx.record_change(business_id, &RULE, event, None::<()>, Some(&name));
        }
    }
    Ok(())
}

/// Who works in a business, and whose turn it was just now.
struct Crew {
    members: Vec<member::Model>,
    turns: BTreeSet<Uuid>,
}

impl Crew {
    async fn of(tx: &Tx, business_id: Uuid) -> Result<Self> {
        Ok(Self {
            members: accounts::crew(&tx.db, business_id).await?,
            turns: BTreeSet::new(),
        })
    }

    /// Whether a conversation of this person stays theirs. `anew`: as if it were given to them now.
    fn keeps(&self, account: Uuid, anew: bool) -> bool {
        let found = self.members.iter().find(|one| one.account_id == account);
        found.is_some_and(|one| !anew || one.away_since.is_none())
    }

    /// Whoever has waited longest for one, of those who are not away; who never had one comes first.
    fn next(&mut self, now: DateTime<Utc>) -> Option<Uuid> {
        let last = self.members.iter().filter_map(|one| one.assigned_at).max();
        let there = self.members.iter_mut().filter(|one| one.away_since.is_none());
        let next = there.min_by_key(|one| (one.assigned_at, one.id))?;
        next.assigned_at = Some(after(last, now));
        self.turns.insert(next.id);
        Some(next.account_id)
    }

    async fn remember_turns(&self, tx: &Tx) -> Result<()> {
        for member in self.members.iter().filter(|one| self.turns.contains(&one.id)) {
            accounts::had_turn(tx, member).await?;
        }
        Ok(())
    }
}

/// Now, but after the last turn there was: the order of turns must not depend on how fine or even a clock is.
fn after(last: Option<DateTime<Utc>>, now: DateTime<Utc>) -> DateTime<Utc> {
    last.map_or(now, |last| now.max(last + Duration::microseconds(1)))
}

/// Members wrote to these people, whose locks the caller holds: each conversation keeps who did so last.
pub(crate) async fn replied(tx: &Tx, written: impl IntoIterator<Item = (&Actor, Uuid)>) -> Result<()> {
    let mut last: BTreeMap<Uuid, (Uuid, Uuid)> = BTreeMap::new();
    for (actor, contact_id) in written {
        if let Some(account_id) = seen::account(actor) {
            last.insert(contact_id, (actor.business_id, account_id));
        }
    }
    let mut by_account: BTreeMap<(Uuid, Uuid), Vec<Uuid>> = BTreeMap::new();
    for (contact_id, who) in last {
        by_account.entry(who).or_default().push(contact_id);
    }
    for ((business_id, account_id), people) in by_account {
        conversation::Entity::update_many()
            .col_expr(conversation::Column::RepliedBy, Expr::value(account_id))
            .filter(conversation::Column::BusinessId.eq(business_id))
            .filter(conversation::Column::ContactId.is_in(people))
            .exec(&tx.db)
            .await?;
    }
    Ok(())
}
