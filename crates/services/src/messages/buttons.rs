//! Buttons under messages. What a tap tells is too long to be guessed, and is kept as a hash: it says by itself which message it answers, and
//! how, but only for the person whom that message went to.

use domain::whatsapp::Answer;
use entity::{contacts::contact, messages::message, whatsapp::message_button};
use sea_orm::{EntityTrait, Set};
use uuid::Uuid;

use crate::{
    contacts,
    kernel::{Result, Tx, tokens},
};

/// Puts buttons with these answers under a message; what each of them carries, in their order. Those of an earlier try stay: it may have
/// arrived. A number stands before what cannot be guessed, and is hashed with it: who changes it has a button that is not known.
pub(crate) async fn put(tx: &Tx, m: &message::Model, answers: &[Answer]) -> Result<Vec<String>> {
    let carry = |answer: &Answer| match answer {
        Answer::Yes | Answer::No => tokens::token(),
        Answer::Choice(n) => format!("{n}.{}", tokens::token()),
    };
    let carried: Vec<String> = answers.iter().map(carry).collect();
    if carried.is_empty() {
        return Ok(carried);
    }
    let rows = carried
        .iter()
        .zip(answers)
        .map(|(token, answer)| message_button::ActiveModel {
            token_hash: Set(tokens::hash(token)),
            business_id: Set(m.business_id),
            contact_id: Set(m.contact_id),
            message_id: Set(m.id),
            yes: Set(*answer != Answer::No),
            created_at: Set(tx.now),
        });
    message_button::Entity::insert_many(rows)
        .exec_without_returning(&tx.db)
        .await?;
    Ok(carried)
}

/// A button that was tapped.
pub(crate) struct Tapped {
    pub message_id: Uuid,
    pub answer: Answer,
}

/// The button that carries this, if it is one under a message to this person.
pub(crate) async fn tapped(tx: &Tx, who: &contact::Model, carried: &str) -> Result<Option<Tapped>> {
    let row = message_button::Entity::find_by_id(tokens::hash(carried)).one(&tx.db).await?;
    let Some(row) = row.filter(|row| row.business_id == who.business_id) else {
        return Ok(None);
    };
    let theirs = row.contact_id == who.id || contacts::entries_of(&tx.db, who.id).await?.contains(&row.contact_id);
    let number = carried.split_once('.').and_then(|(n, _)| n.parse().ok());
    let answer = match (row.yes, number) {
        (true, Some(n)) => Answer::Choice(n),
        (true, None) => Answer::Yes,
        (false, _) => Answer::No,
    };
    Ok(theirs.then_some(Tapped {
        message_id: row.message_id,
        answer,
    }))
}
