//! What operators mean in a business: conditions on conversations and on messages.

use std::collections::HashSet;

use contract::appointments::Status as Visit;
use domain::{
    consent::{Channel, Purpose, State},
    search::{Assigned, From, Has, Is, Search, What},
};
use entity::{
    accounts::member,
    appointments::appointment,
    businesses::{business, location},
    contacts::{consent, contact, contact_tag},
    conversations::{conversation, note},
    messages::message,
    tasks::task,
};
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, ExprTrait, QueryFilter, QuerySelect, QueryTrait, Select,
    sea_query::{Expr, Func, SimpleExpr},
};
use uuid::Uuid;

use crate::{
    accounts, contacts, conversations,
    kernel::{Actor, Principal, Result, Services},
};

/// Members and places whose names are looked at; a business has a handful.
const MOST_NAMES: u64 = 500;

pub(crate) struct Narrow {
    /// On `conversation`.
    pub thread: Condition,
    /// On `conversation` where single messages are not asked for: what is true of its last one.
    pub last: Condition,
    /// On `message`, with that on its conversation.
    pub message: Condition,
    /// On `note`, with that on its conversation; none: no note is meant.
    pub note: Option<Condition>,
    /// On `contact`, for people who have no conversation as well.
    pub person: Condition,
    /// Places that visits must be at, if that was asked.
    pub places: Option<Vec<Uuid>>,
    /// Tags that people must have.
    pub tags: Vec<String>,
    /// An operator asks for a state that single messages have, too.
    pub message_states: bool,
    /// It says something of conversations.
    of_threads: bool,
}

/// Whether an operator is about single messages.
pub(super) fn is_of_messages(what: &What) -> bool {
    matches!(what, What::From(_) | What::Channel(_) | What::Time(..))
}

/// What is so, or must not be so.
fn unless(not: bool, condition: SimpleExpr) -> SimpleExpr {
    if not { condition.not() } else { condition }
}

pub(crate) fn exists<E: EntityTrait>(rows: Select<E>) -> SimpleExpr {
    Expr::exists(rows.select_only().expr(Expr::val(1)).into_query())
}

pub(crate) fn same(a: impl ColumnTrait, b: impl ColumnTrait) -> SimpleExpr {
    Expr::col(a.as_column_ref()).eq(Expr::col(b.as_column_ref()))
}

pub(super) async fn resolve(s: &Services, actor: &Actor, search: &mut Search, b: &business::Model) -> Result<Narrow> {
    let mut narrow = Narrow::nothing();
    let mut notes = Vec::new();
    for term in &search.terms {
        let not = term.not;
        match &term.what {
            What::Text(_) | What::Time(..) => {}
            What::From(from) => {
                let (message, note) = sender(s, actor, from).await?;
                narrow.message = narrow.message.add(unless(not, message));
                narrow.of_note(not, note);
            }
            What::Channel(channel) => {
                let on = message::Column::Channel.eq(channel.as_str());
                narrow.message = narrow.message.add(unless(not, on));
                narrow.of_note(not, None);
            }
            What::Is(is) => narrow.is(not, *is, actor),
            What::Assigned(to) => narrow.of_thread(not, assignee(s, actor, to).await?),
            What::Location(name) => {
                let places = places(s, actor.business_id, name).await?;
                if places.is_empty() {
                    notes.push(format!("No place of yours is called “{name}”."));
                }
                let there = appointment::Column::LocationId.is_in(places.iter().copied());
                narrow.of_person(not, |contact| exists(visits_of(b.id, contact).filter(there.clone())));
                if !not {
                    narrow.places = Some(places);
                }
            }
            What::Tag(tag) => {
                if !contacts::tags::is_used(s.read(), b.id, tag).await? {
                    notes.push(format!("Nobody has the tag “{tag}”."));
                }
                narrow.of_person(not, |contact| exists(tagged(tag, contact)));
                if !not {
                    narrow.tags.push(tag.clone());
                }
            }
            What::Has(has) => narrow.has(not, *has, b.id, s.now()),
        }
    }
    search.notes.append(&mut notes);
    if narrow.of_threads {
        let around = |id: SimpleExpr| {
            let thread = conversation::Entity::find().filter(Expr::col(conversation::Column::Id.as_column_ref()).eq(id));
            exists(thread.filter(narrow.thread.clone()))
        };
        narrow.message = narrow
            .message
            .clone()
            .add(around(Expr::col(message::Column::ConversationId.as_column_ref())));
        let of_note = around(Expr::col(note::Column::ConversationId.as_column_ref()));
        narrow.note = narrow.note.map(|note| note.add(of_note));
    }
    Ok(narrow)
}

/// The contact's id where a condition is asked.
pub(crate) type ContactId = Expr;

pub(crate) fn visits_of(business_id: Uuid, contact: ContactId) -> Select<appointment::Entity> {
    appointment::Entity::in_business(business_id).filter(Expr::col(appointment::Column::ContactId.as_column_ref()).eq(contact))
}

pub(crate) fn tagged(tag: &str, contact: ContactId) -> Select<contact_tag::Entity> {
    contact_tag::Entity::find()
        .filter(Expr::col(contact_tag::Column::ContactId.as_column_ref()).eq(contact))
        .filter(contact_tag::Column::Tag.eq(tag))
}

/// On `contact`: they have a conversation of which this is so.
fn has_thread(condition: SimpleExpr) -> SimpleExpr {
    let theirs = conversation::Entity::find().filter(same(conversation::Column::ContactId, contact::Column::Id));
    exists(theirs.filter(condition))
}

/// On `conversation`: it is with somebody of whom this is so.
fn with_somebody(condition: SimpleExpr) -> SimpleExpr {
    let them = contact::Entity::find().filter(same(contact::Column::Id, conversation::Column::ContactId));
    exists(them.filter(condition))
}

impl Narrow {
    /// Everything is meant.
    pub(crate) fn nothing() -> Self {
        Self {
            thread: Condition::all(),
            last: Condition::all(),
            message: Condition::all(),
            note: Some(Condition::all()),
            person: Condition::all(),
            places: None,
            tags: Vec::new(),
            message_states: false,
            of_threads: false,
        }
    }

    fn add_thread(&mut self, not: bool, condition: SimpleExpr) {
        self.of_threads = true;
        self.thread = self.thread.clone().add(unless(not, condition));
    }

    fn add_person(&mut self, not: bool, condition: SimpleExpr) {
        self.person = self.person.clone().add(unless(not, condition));
    }

    /// Something of conversations, which somebody without one does not fulfil.
    pub(crate) fn of_thread(&mut self, not: bool, condition: SimpleExpr) {
        self.add_thread(not, condition.clone());
        self.add_person(not, has_thread(condition));
    }

    /// The same of somebody, seen from their conversation and from themselves.
    pub(crate) fn of_person(&mut self, not: bool, condition: impl Fn(ContactId) -> SimpleExpr) {
        self.add_thread(not, condition(Expr::col(conversation::Column::ContactId.as_column_ref())));
        self.add_person(not, condition(Expr::col(contact::Column::Id.as_column_ref())));
    }

    /// What is true of notes; none: of no note.
    fn of_note(&mut self, not: bool, condition: Option<SimpleExpr>) {
        self.note = match (self.note.take(), condition) {
            (Some(notes), Some(condition)) => Some(notes.add(unless(not, condition))),
            (notes, None) if not => notes,
            _ => None,
        };
    }

    pub(crate) fn is(&mut self, not: bool, is: Is, actor: &Actor) {
        let (closed, snoozed) = (conversation::Column::ClosedAt, conversation::Column::SnoozedUntil);
        match is {
            Is::Unread => {
                let unread = match conversations::account(actor) {
                    Some(me) => {
                        conversations::is_unseen(actor.business_id, me).and(conversation::Column::LastInboundId.is_not_null())
                    }
                    None => conversation::Column::Unread.gt(0),
                };
                self.of_thread(not, unread);
            }
            Is::Waiting => self.of_thread(not, conversation::Column::WaitingSince.is_not_null()),
            Is::Open => self.of_thread(not, closed.is_null().and(snoozed.is_null())),
            Is::Closed => self.of_thread(not, closed.is_not_null()),
            Is::Snoozed => self.of_thread(not, closed.is_null().and(snoozed.is_not_null())),
            Is::Failed => {
                let failed = ["failed", "undelivered"];
                self.message_states = true;
                self.message = self.message.clone().add(unless(not, message::Column::Status.is_in(failed)));
                self.last = self
                    .last
                    .clone()
                    .add(unless(not, conversation::Column::LastStatus.is_in(failed)));
                self.of_note(not, None);
            }
            Is::OptedOut => self.of_person(not, |contact| {
                let out = consent::Entity::in_business(actor.business_id)
                    .filter(Expr::col(consent::Column::ContactId.as_column_ref()).eq(contact))
                    .filter(consent::Column::Channel.eq(Channel::Sms.as_str()))
                    .filter(consent::Column::Purpose.eq(Purpose::Transactional.as_str()))
                    .filter(consent::Column::State.eq(State::OptedOut.as_str()));
                exists(out)
            }),
            Is::Hold => {
                let held = contact::Column::HeldSince.is_not_null();
                self.add_person(not, held.clone());
                self.add_thread(not, with_somebody(held));
            }
        }
    }

    fn has(&mut self, not: bool, has: Has, business_id: Uuid, now: chrono::DateTime<chrono::Utc>) {
        match has {
            // One that is still to come.
            Has::Visit => {
                let open = Visit::open().map(Visit::as_str);
                let open: Vec<&str> = open.collect();
                self.of_person(not, |contact| {
                    exists(
                        visits_of(business_id, contact)
                            .filter(appointment::Column::StartsAt.gte(now))
                            .filter(appointment::Column::Status.is_in(open.clone())),
                    )
                });
            }
            // In the thread, or on the person's page.
            Has::Note => {
                let on_page = contact::Column::Notes.ne("");
                let in_thread = exists(note::Entity::find().filter(same(note::Column::ConversationId, conversation::Column::Id)));
                self.add_thread(not, in_thread.clone().or(with_somebody(on_page.clone())));
                self.add_person(not, on_page.or(has_thread(in_thread)));
            }
            Has::Task => self.of_person(not, |contact| {
                exists(
                    task::Entity::in_business(business_id)
                        .filter(Expr::col(task::Column::ContactId.as_column_ref()).eq(contact))
                        .filter(task::Column::Status.eq("open")),
                )
            }),
        }
    }
}

/// Whose messages are meant, and whose notes.
async fn sender(s: &Services, actor: &Actor, from: &From) -> Result<(SimpleExpr, Option<SimpleExpr>)> {
    let inbound = message::Column::Direction.eq("inbound");
    Ok(match from {
        From::Customer => (inbound, None),
        From::Me => {
            let message = message::Column::Author.eq(actor.author()).and(inbound.not());
            (message, Some(note::Column::Author.eq(actor.author())))
        }
        From::Name(name) => {
            let pattern = format!("%{}%", name.replace(['%', '_', '\\'], ""));
            let called = |author: SimpleExpr| Expr::from(Func::lower(author)).like(pattern.clone());
            let by_staff = called(Expr::col(message::Column::Author.as_column_ref())).and(inbound.clone().not());
            let people = contacts::search::with_all(s, actor.business_id, [name.as_str()], None).await?;
            let theirs = message::Column::ContactId.is_in(people.into_iter().map(|(_, id)| id));
            (
                by_staff.or(inbound.and(theirs)),
                Some(called(Expr::col(note::Column::Author.as_column_ref()))),
            )
        }
    })
}

async fn assignee(s: &Services, actor: &Actor, to: &Assigned) -> Result<SimpleExpr> {
    let column = conversation::Column::AssigneeId;
    Ok(match to {
        Assigned::Nobody => column.is_null(),
        Assigned::Me => match actor.who {
            Principal::Member { account_id, .. } => column.eq(account_id),
            _ => Expr::val(1).eq(0),
        },
        Assigned::Name(name) => {
            let members = member::Entity::in_business(actor.business_id)
                .select_only()
                .column(member::Column::AccountId)
                .limit(MOST_NAMES)
                .into_tuple::<Uuid>()
                .all(s.read())
                .await?;
            let names = accounts::names(s.read(), members).await?.into_iter();
            let ids = names
                .filter(|(_, called)| called.to_lowercase().contains(name.as_str()))
                .map(|(id, _)| id);
            column.is_not_null().and(column.is_in(ids))
        }
    })
}

async fn places(s: &Services, business_id: Uuid, name: &str) -> Result<Vec<Uuid>> {
    let rows = location::Entity::in_business(business_id)
        .limit(MOST_NAMES)
        .all(s.read())
        .await?;
    let called = |row: &location::Model| row.name.to_lowercase().contains(name);
    Ok(rows.into_iter().filter(called).map(|row| row.id).collect())
}

/// Which of these people are meant.
pub(super) async fn people(s: &Services, business_id: Uuid, narrow: &Narrow, ids: &[Uuid]) -> Result<HashSet<Uuid>> {
    let found: Vec<Uuid> = contact::Entity::these(business_id, ids.iter().copied())
        .filter(narrow.person.clone())
        .select_only()
        .column(contact::Column::Id)
        .into_tuple()
        .all(s.read())
        .await?;
    Ok(found.into_iter().collect())
}
