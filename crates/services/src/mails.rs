//! MAIL TO STAFF: what owners and admins of a business are told by e-mail. They are no contacts and have not agreed to anything, so it goes
//! by none of the rules for texts, but by the same laws: a mail is stored in the transaction of its cause (law 1), claimed in a transaction,
//! called for outside any, and what became of it is written down (law 2). One cause is one mail to each of them, by its key. Where no mail
//! server is set up, nothing is stored.

mod guarding;
mod letters;
mod listen;
mod send;
mod store;
mod view;
mod words;

use chrono::Duration;
use contract::Code;
use entity::{businesses::business, mails::mail};
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder, QuerySelect};

use crate::{
    accounts, businesses,
    channels::{self, email::Letter},
    kernel::{
        Actor, Permission, Principal, Result, Services, Tx,
        error::{not_found, problem},
    },
};

pub(crate) use guarding::accounts_changed;
pub(crate) use letters::{about_account, about_invitation, invited};
pub(crate) use listen::{
    breakers_changed, budgets_reached, concerns, installation_did, number_requests_decided, tell_of_breaker, webhooks_disabled,
};
pub use send::{due, prune, recover, send_some, tick};
use store::{Kind, New};
pub(crate) use view::{latest, of_each};

/// Whether mail can be sent at all.
pub fn works(s: &Services) -> bool {
    channels::mail_server(s).is_some()
}

/// How a month went, to each of these.
pub(crate) async fn store_report(
    tx: &mut Tx,
    b: &business::Model,
    to: &[accounts::Manager],
    month: &str,
    not_before: chrono::DateTime<chrono::Utc>,
    letter: Letter,
) -> Result<()> {
    let new = New {
        kind: Kind::MonthlyReport,
        about: format!("report:{month}"),
        key: format!("report:{}:{month}", b.id),
        not_before,
        said: store::Said {
            subject: format!("{}: the report of {month}", domain::words::line(&b.name)),
            letter,
        },
    };
    store::store(tx, b, to, &new).await
}

/// That something has left its usual course, or is back, to each of these; once per `key`.
pub(crate) async fn store_alert(
    tx: &mut Tx,
    b: &business::Model,
    to: &[accounts::Manager],
    key: String,
    subject: &str,
    letter: Letter,
) -> Result<()> {
    let new = New {
        kind: Kind::Alert,
        about: key.clone(),
        key,
        not_before: tx.now,
        said: store::Said {
            subject: format!("{}: {subject}", domain::words::line(&b.name)),
            letter,
        },
    };
    store::store(tx, b, to, &new).await
}

/// One person may ask for so much.
const TEST_EVERY: Duration = Duration::minutes(1);

/// Writes a mail to whoever asks for it, to see whether mail arrives.
///
/// # Errors
/// `NotAllowed`; `Conflict` where no mail server is set up, or within a minute of the last one.
pub async fn send_test(s: &Services, actor: &Actor) -> Result<()> {
    actor.may(Permission::ManageBusiness)?;
    let Principal::Member { account_id, .. } = &actor.who else {
        return Err(problem(Code::NotAllowed, "A test mail goes to a person who is signed in."));
    };
    if channels::mail_server(s).is_none() {
        let why = "E-mail is not set up on this installation, so no test mail can be sent.";
        return Err(problem(Code::Conflict, why));
    }
    let mut tx = s.begin().await?;
    let managers = accounts::managers(&tx, actor.business_id).await?;
    let me = managers.into_iter().find(|one| one.account_id == *account_id);
    let me = me.ok_or_else(|| not_found("member"))?;
    let before = mail::Entity::in_business(actor.business_id)
        .filter(mail::Column::About.eq(about_test(&me)))
        .order_by_desc(mail::Column::CreatedAt)
        .limit(1)
        .one(&tx.db)
        .await?;
    if before.is_some_and(|before| tx.now - before.created_at < TEST_EVERY) {
        let why = "You asked for a test mail less than a minute ago. Please wait a moment before the next one.";
        return Err(problem(Code::Conflict, why));
    }
    let business = businesses::of(&mut tx, actor.business_id).await?;
    let said = words::test(&business, &s.settings().public_url);
    let new = New {
        kind: Kind::Test,
        about: about_test(&me),
        key: format!("test:{}", tx.now.timestamp() / TEST_EVERY.num_seconds()),
        not_before: tx.now,
        said,
    };
    store::store(&mut tx, &business, &[me], &new).await?;
    tx.commit().await
}

/// Writes to somebody what they asked to hear by mail, once per `key`; nothing where no mail server is set up.
pub(crate) async fn tell(
    tx: &mut Tx,
    b: &business::Model,
    to: accounts::Manager,
    key: String,
    said: (String, Letter),
) -> Result<()> {
    if channels::mail_server(tx.services()).is_none() {
        return Ok(());
    }
    let new = New {
        kind: Kind::News,
        about: "news".to_owned(),
        key,
        not_before: tx.now,
        said: store::Said {
            subject: said.0,
            letter: said.1,
        },
    };
    store::store(tx, b, &[to], &new).await
}

fn about_test(me: &accounts::Manager) -> String {
    format!("test:{}", me.account_id)
}
