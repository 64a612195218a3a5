//! TRIGGERS: another program has a text sent by calling an address: one of the kinds of texts that customers get, or a quick reply by its
//! name. The text is one by the API like any other: who has not agreed gets none.

use contract::{
    Code,
    messages::SendMessage,
    triggers::{Trigger, Triggered},
};
use domain::{
    delivery::Status,
    template,
    templates::{Kind, Values, Variable, Which, uses},
    triggers::{ONCE_IN, kinds, may_be_triggered},
    words::is_blank,
};
use entity::{businesses::business, contacts::contact, messages::message, triggers::trigger_call};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect, Set,
    sea_query::{LockType, OnConflict},
};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{
    businesses, contacts,
    kernel::{
        Actor, Error, Permission, Result, Services, Tx,
        error::{field, problem},
    },
    messages, outbox, quick_replies,
    templates::{self, About},
};

/// Rows removed at once.
const BATCH: u64 = 500;

/// Has a text sent. `what`: a kind of text, or the name of a quick reply. The same reference within a day is the same text.
///
/// # Errors
/// `NotFound` for a text that there is not; `Invalid` at `to` and at what the text needs and nobody has said; `MayNotSend` for who has not
/// agreed or is not known.
pub async fn fire(s: &Services, actor: &Actor, what: &str, cmd: Trigger) -> Result<Triggered> {
    actor.may(Permission::SendMessages)?;
    let mut tx = s.begin().await?;
    let business = businesses::of(&mut tx, actor.business_id).await?;
    let text = Text::of(&tx, actor, what).await?;
    let person = whom(&tx, &business, cmd.to.as_deref().unwrap_or_default()).await?;
    let call = match cmd.reference.as_deref() {
        Some(reference) => Some(call(&tx, actor.business_id, reference).await?),
        None => None,
    };
    if let Some(before) = call.as_ref().and_then(|call| call.message_id) {
        return triggered(&tx, actor.business_id, before, true).await;
    }
    let body = text.written(&mut tx, &business, &person, &cmd).await?;
    let send = SendMessage {
        channel: None,
        contact_id: person.id,
        body,
        correlation_id: None,
        after_message_id: None,
        send_at: None,
    };
    let sent = outbox::send_within(&mut tx, actor, &person, send).await?;
    if let Some(call) = call {
        let mut call = call.into_active_model();
        call.message_id = Set(Some(sent.id));
        call.update(&tx.db).await?;
    }
    tx.settle().await?;
    let answer = triggered(&tx, actor.business_id, sent.id, false).await?;
    tx.commit().await?;
    Ok(answer)
}

/// Who is meant; locked.
async fn whom(tx: &Tx, business: &business::Model, to: &str) -> Result<contact::Model> {
    let phone = domain::phone::parse(to, &business.country).map_err(|e| field("to", e.to_string()))?;
    let found = contacts::by_phone(tx.services(), &tx.db, business.id, &phone).await?;
    let Some(found) = found else {
        let why = "Nobody here has this number, so nobody has agreed to be texted. Add them with their consent (opt_in) first.";
        return Err(problem(Code::MayNotSend, why));
    };
    contacts::locked(tx, business.id, found.id).await
}

/// The row of this reference, which is ours until the end of the transaction. With a text: that was sent within a day.
async fn call(tx: &Tx, business_id: Uuid, reference: &str) -> Result<trigger_call::Model> {
    if is_blank(reference) || reference.chars().count() > 200 {
        return Err(field("reference", "A reference has 1 to 200 characters."));
    }
    let hash = hex::encode(Sha256::digest(reference.as_bytes()));
    let new = trigger_call::ActiveModel {
        id: Set(Uuid::now_v7()),
        business_id: Set(business_id),
        reference: Set(hash.clone()),
        message_id: Set(None),
        created_at: Set(tx.now),
    };
    let once = OnConflict::columns([trigger_call::Column::BusinessId, trigger_call::Column::Reference])
        .do_nothing()
        .to_owned();
    trigger_call::Entity::insert_many([new])
        .on_conflict(once)
        .exec_without_returning(&tx.db)
        .await?;
    let row = trigger_call::Entity::in_business(business_id)
        .filter(trigger_call::Column::Reference.eq(hash))
        .lock(LockType::Update)
        .one(&tx.db)
        .await?;
    let row = row.ok_or_else(|| Error::broken("a reference that was just stored is not there"))?;
    if tx.now - row.created_at < ONCE_IN {
        return Ok(row);
    }
    let mut row = row.into_active_model();
    row.message_id = Set(None);
    row.created_at = Set(tx.now);
    Ok(row.update(&tx.db).await?)
}

async fn triggered(tx: &Tx, business_id: Uuid, id: Uuid, repeated: bool) -> Result<Triggered> {
    let row = message::Entity::these(business_id, [id]).one(&tx.db).await?;
    let row = row.ok_or_else(|| Error::broken("a text that was triggered is not there"))?;
    let status: Status = messages::status(&row);
    Ok(Triggered {
        id,
        contact_id: row.contact_id,
        status: status.public().to_owned(),
        body: row.body,
        repeated,
    })
}

/// What is sent.
enum Text {
    /// As customers get it from here.
    Kind(Kind),
    /// A quick reply of the business.
    Own(String),
}

impl Text {
    async fn of(tx: &Tx, actor: &Actor, what: &str) -> Result<Self> {
        if let Ok(kind) = what.parse::<Kind>()
            && may_be_triggered(kind)
        {
            return Ok(Self::Kind(kind));
        }
        if let Some(body) = quick_replies::text_named(&tx.db, actor.business_id, what).await? {
            return Ok(Self::Own(body));
        }
        let all: Vec<&str> = kinds().collect();
        let why = format!(
            "There is no text of this name that can be triggered. There are: {}, and the quick replies by their names.",
            all.join(", ")
        );
        Err(problem(Code::NotFound, why))
    }

    async fn written(&self, tx: &mut Tx, business: &business::Model, person: &contact::Model, cmd: &Trigger) -> Result<String> {
        match self {
            Self::Kind(kind) => of_kind(tx, *kind, business, person, cmd).await,
            Self::Own(body) => own(body, business, person, cmd),
        }
    }
}

async fn of_kind(tx: &mut Tx, kind: Kind, business: &business::Model, person: &contact::Model, cmd: &Trigger) -> Result<String> {
    let mut values = Values::default();
    for variable in kind.variables() {
        if let Some(value) = cmd.value(variable.as_str()) {
            values.set(*variable, value);
        }
    }
    let which = Which::sms(kind, contacts::language::of(business, person));
    let words = templates::wording(tx.services(), &tx.db, business, which).await?;
    let missing = kind.variables().iter().find(|variable| {
        let known = matches!(variable, Variable::Business) || variable.may_be_empty() || !values.get(**variable).is_empty();
        !known && uses(&words.body, **variable)
    });
    if let Some(missing) = missing {
        return Err(needed(missing.as_str(), missing.label()));
    }
    Ok(templates::say(tx, which, About::to(business, person), values).await?.body)
}

/// Its variables as whoever sends it by hand would fill them.
fn own(body: &str, business: &business::Model, person: &contact::Model, cmd: &Trigger) -> Result<String> {
    let filled = template::fill(body, &|name| {
        let said = cmd.value(name).map(str::to_owned);
        said.or_else(|| match name {
            "name" => Some(person.name.clone()),
            "first_name" => person.name.split_whitespace().next().map(str::to_owned),
            "business" => Some(business.name.clone()),
            _ => None,
        })
        .filter(|value| !value.is_empty())
    });
    match template::variables(&filled).first() {
        Some(missing) => Err(needed(missing, "what stands there")),
        None => Ok(filled),
    }
}

fn needed(variable: &str, what: &str) -> Error {
    field(variable, format!("This text says {what}. Please give it as \"{variable}\"."))
}

/// Forgets references that are older than a day.
///
/// # Errors
/// When the database does not answer; the next time goes on.
pub async fn prune(s: &Services) -> Result<()> {
    loop {
        let old: Vec<Uuid> = trigger_call::Entity::find()
            .select_only()
            .column(trigger_call::Column::Id)
            .filter(trigger_call::Column::CreatedAt.lt(s.now() - ONCE_IN * 2))
            .limit(BATCH)
            .into_tuple()
            .all(s.read())
            .await?;
        if old.is_empty() {
            return Ok(());
        }
        trigger_call::Entity::delete_many()
            .filter(trigger_call::Column::Id.is_in(old))
            .filter(trigger_call::Column::CreatedAt.lt(s.now() - ONCE_IN * 2))
            .exec(&s.db().write)
            .await?;
    }
}
