//! Somebody is asked by e-mail to work in a business. What is stored is the hash of their link's secret; it opens for a week, once. One
//! address has one open invitation of a business; inviting it again after the week makes a new link of it.

use chrono::Duration;
use contract::{
    Code,
    accounts::{Invite, InvitedView, JoinAsNew, Role, Visitor},
};
use domain::{
    members::{Step, allowed},
    words,
};
use entity::{
    accounts::{account, invitation},
    businesses::business,
};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, Select, Set, sea_query::LockType,
};
use secrecy::SecretString;
use uuid::Uuid;

use super::{
    EMAIL as ACCOUNT_EMAIL, fitting_name, fitting_password, hash_password, is_member, join, members::check, normal_email,
};
use crate::kernel::{
    Actor, Error, Event, Permission, Principal, Result, Services, Tx,
    error::{field, not_found, problem},
    events::Recorded,
    tokens::{hash, token},
};

/// The sealed column, as `vault::SEALED` calls it.
pub(crate) const EMAIL: &str = "invitation.email";

/// How long a link opens.
const STANDS: Duration = Duration::days(7);

/// Most open invitations of a business.
const MOST: u64 = 50;

/// So many may be made in a day, and one may be sent again so soon.
const A_DAY: u64 = 100;
const AGAIN_AFTER: Duration = Duration::minutes(1);
/// Mails about one invitation: nobody is flooded from here.
const TIMES: i32 = 10;

/// A new invitation, and the secret of its link.
#[derive(Debug)]
pub struct Invited {
    pub id: Uuid,
    pub email: String,
    pub token: SecretString,
}

/// Asks somebody to join, as this.
///
/// # Errors
/// `NotAllowed` for a role that the actor may not give; `Invalid` for an address; `Conflict` for who is a member or invited already, and
/// where 50 invitations are open or the business is suspended; `TooMany`.
pub async fn invite(s: &Services, actor: &Actor, cmd: Invite) -> Result<Invited> {
    actor.may(Permission::ManageBusiness)?;
    let email = address("email", &cmd.email)?;
    let mut tx = s.begin().await?;
    check(&tx, actor, None, Step::Add(cmd.role), usize::MAX).await?;
    refuse_if_suspended(&tx, actor.business_id).await?;
    tx.take_turns(EMAIL, [email.clone()]).await?;
    if let Some(account) = super::with_email(s, &tx.db, &email).await?
        && is_member(&tx.db, actor.business_id, account.id).await?
    {
        return Err(field("email", format!("{email} works in this business already.")));
    }
    let before = open(actor.business_id)
        .filter(invitation::Column::EmailKey.is_in(s.vault().indexes(EMAIL, &email)))
        .one(&tx.db)
        .await?;
    if before.as_ref().is_some_and(|row| row.expires_at > tx.now) {
        return Err(field(
            "email",
            format!("{email} is invited already. You can send that invitation again."),
        ));
    }
    let live = open(actor.business_id).filter(invitation::Column::ExpiresAt.gt(tx.now));
    if live.count(&tx.db).await? >= MOST {
        let why = format!("{MOST} invitations are open already. Revoke those that are not needed any more.");
        return Err(problem(Code::Conflict, why));
    }
    let of_late = latest(actor.business_id).filter(invitation::Column::CreatedAt.gt(tx.now - Duration::days(1)));
    if of_late.count(&tx.db).await? >= A_DAY {
        return Err(problem(Code::TooMany, "That is enough for one day. Please go on tomorrow."));
    }
    // What has expired is over; the new one stands for itself.
    if let Some(row) = before {
        end(&tx, row).await?;
    }
    let token = token();
    let row = invitation::ActiveModel {
        id: Set(Uuid::now_v7()),
        business_id: Set(actor.business_id),
        email: Set(s.vault().seal(EMAIL, &email)),
        email_key: Set(s.vault().index(EMAIL, &email)),
        role: Set(cmd.role.as_str().to_owned()),
        token_hash: Set(hash(&token)),
        invited_by: Set(actor.who.author()),
        invited_by_id: Set(inviter(actor)),
        sent_at: Set(tx.now),
        times_sent: Set(1),
        expires_at: Set(tx.now + STANDS),
        accepted_at: Set(None),
        accepted_by: Set(None),
        revoked_at: Set(None),
        created_at: Set(tx.now),
    };
    let row = row.insert(&tx.db).await?;
    let token = SecretString::from(token);
    let event = Event::MemberInvited {
        invitation: row.id,
        token: token.clone(),
    };
    tx.record_change(actor.business_id, &actor.who, event, None::<()>, Some((&email, &row.role)));
    tx.commit().await?;
    Ok(Invited {
        id: row.id,
        email,
        token,
    })
}

/// Nothing leaves a business that is suspended, mail to strangers least of all.
async fn refuse_if_suspended(tx: &Tx, business_id: Uuid) -> Result<()> {
    let found = business::Entity::find_by_id(business_id).one(&tx.db).await?;
    if found.is_some_and(|business| business.suspended_at.is_some()) {
        let why = "This business is suspended, so nobody can be invited just now.";
        return Err(problem(Code::Conflict, why));
    }
    Ok(())
}

/// Sends it again, with a new link that opens for another week.
///
/// # Errors
/// `NotAllowed`; `NotFound`; `Conflict` for one that was accepted or revoked; `TooMany` within a minute, and after ten mails.
pub async fn send_again(s: &Services, actor: &Actor, id: Uuid) -> Result<Invited> {
    actor.may(Permission::ManageBusiness)?;
    let mut tx = s.begin().await?;
    let row = still_open(&tx, actor, id).await?;
    refuse_if_suspended(&tx, actor.business_id).await?;
    if tx.now - row.sent_at < AGAIN_AFTER {
        let why = "It was sent less than a minute ago. Please wait a moment.";
        return Err(problem(Code::TooMany, why));
    }
    if row.times_sent >= TIMES {
        let why = "It was sent several times already. Ask them to look among unwanted mail, or revoke it and invite them anew.";
        return Err(problem(Code::TooMany, why));
    }
    let times_sent = row.times_sent + 1;
    let email = s.vault().open(EMAIL, &row.email).await?;
    let token = token();
    let mut row = row.into_active_model();
    row.token_hash = Set(hash(&token));
    row.sent_at = Set(tx.now);
    row.times_sent = Set(times_sent);
    row.expires_at = Set(tx.now + STANDS);
    row.update(&tx.db).await?;
    let token = SecretString::from(token);
    let event = Event::InvitationSentAgain {
        invitation: id,
        token: token.clone(),
    };
    tx.record_change(actor.business_id, &actor.who, event, None::<()>, Some(&email));
    tx.commit().await?;
    Ok(Invited { id, email, token })
}

/// Takes an invitation back: its link opens nothing any more. Doing it twice is harmless.
///
/// # Errors
/// `NotAllowed`; `NotFound`; `Conflict` for one that was accepted.
pub async fn revoke(s: &Services, actor: &Actor, id: Uuid) -> Result<()> {
    actor.may(Permission::ManageBusiness)?;
    let mut tx = s.begin().await?;
    let row = match still_open(&tx, actor, id).await {
        Ok(row) => row,
        Err(_) if find(&tx, actor.business_id, id).await?.revoked_at.is_some() => return Ok(()),
        Err(why) => return Err(why),
    };
    let email = s.vault().open(EMAIL, &row.email).await?;
    end(&tx, row).await?;
    let event = Event::InvitationRevoked(id);
    tx.record_change(actor.business_id, &actor.who, event, Some(email), None::<()>);
    tx.commit().await
}

fn inviter(actor: &Actor) -> Option<Uuid> {
    match actor.who {
        Principal::Member { account_id, .. } => Some(account_id),
        _ => None,
    }
}

/// A link does not outlive what its inviter may: it is taken back when they have left, are something else by now, or it was not them who
/// invited.
pub(crate) async fn inviters_changed(tx: &mut Tx, heard: &[&Recorded]) -> Result<()> {
    for one in heard {
        let (account_id, since) = match one.event {
            Event::MemberRoleChanged(id) | Event::MemberRemoved(id) => (id, None),
            Event::EmailTakenBack { account, since } => (account, Some(since)),
            _ => continue,
        };
        let by = super::actor_on(&tx.db, account_id, one.business_id).await?;
        let theirs = open(one.business_id)
            .filter(invitation::Column::InvitedById.eq(account_id))
            .lock(LockType::Update);
        for row in theirs.all(&tx.db).await? {
            let stands = match since {
                Some(since) => row.created_at < since,
                None => still_may(by.as_ref(), role(&row)?),
            };
            if !stands {
                take_back(tx, one, row).await?;
            }
        }
    }
    Ok(())
}

fn still_may(by: Option<&Actor>, what: Role) -> bool {
    match by.map(|actor| &actor.who) {
        Some(Principal::Member { role, .. }) => allowed(*role, false, Step::Add(what), usize::MAX).is_ok(),
        _ => false,
    }
}

async fn take_back(tx: &mut Tx, heard: &Recorded, row: invitation::Model) -> Result<()> {
    let email = tx.services().vault().open(EMAIL, &row.email).await?;
    let event = Event::InvitationRevoked(row.id);
    end(tx, row).await?;
    tx.record_change(heard.business_id, &heard.by, event, Some(email), None::<()>);
    Ok(())
}

/// Those that wait, newest first, with their addresses.
pub(crate) async fn waiting(
    s: &Services,
    db: &impl ConnectionTrait,
    business_id: Uuid,
) -> Result<Vec<(invitation::Model, String)>> {
    // An address that was given up keeps its row, so that a few more than may be open can be here.
    let rows = open(business_id)
        .order_by_desc(invitation::Column::CreatedAt)
        .limit(MOST * 2)
        .all(db)
        .await?;
    let mut found = Vec::with_capacity(rows.len());
    for row in rows {
        let email = s.vault().open(EMAIL, &row.email).await?;
        found.push((row, email));
    }
    Ok(found)
}

/// An invitation to write about, with its address; none: it was accepted or revoked, or is too old.
pub(crate) async fn to_send(tx: &Tx, id: Uuid) -> Result<Option<(invitation::Model, String)>> {
    let found = invitation::Entity::find_by_id(id).one(&tx.db).await?;
    let stands = |row: &invitation::Model| row.accepted_at.is_none() && row.revoked_at.is_none() && row.expires_at > tx.now;
    let Some(row) = found.filter(stands) else { return Ok(None) };
    let email = tx.services().vault().open(EMAIL, &row.email).await?;
    Ok(Some((row, email)))
}

/// What whoever has the link sees. `account_id`: who is signed in there.
///
/// # Errors
/// `NotFound`, saying why the link opens nothing.
pub async fn open_link(s: &Services, token: &str, account_id: Option<Uuid>) -> Result<InvitedView> {
    let row = by_token(s.read(), token, false).await?;
    usable(&row, s.now())?;
    let email = s.vault().open(EMAIL, &row.email).await?;
    let business = business::Entity::find_by_id(row.business_id).one(s.read()).await?;
    let visitor = match account_id {
        None => Visitor::Stranger,
        Some(id) => visitor(s, &row, &email, &super::get(s, id).await?).await?,
    };
    Ok(InvitedView {
        business: business.map(|one| one.name).unwrap_or_default(),
        role: role(&row)?,
        email,
        invited_by: row.invited_by,
        expires_at: row.expires_at,
        visitor,
    })
}

async fn visitor(s: &Services, row: &invitation::Model, email: &str, account: &account::Model) -> Result<Visitor> {
    let own = s.vault().open(ACCOUNT_EMAIL, &account.email).await?;
    let name = account.name.clone();
    // Whoever invited, too: the link is for somebody else.
    if own != email {
        return Ok(Visitor::Other { name, email: own });
    }
    if is_member(s.read(), row.business_id, account.id).await? {
        let business_id = row.business_id;
        return Ok(Visitor::Member { business_id });
    }
    Ok(Visitor::Invited { name })
}

/// Joins as somebody who has an account and is signed in; the business.
///
/// # Errors
/// `NotFound` for a link that opens nothing; `Conflict` for another person's invitation, and for a member.
pub async fn accept(s: &Services, token: &str, account_id: Uuid) -> Result<Uuid> {
    let mut tx = s.begin().await?;
    let row = by_token(&tx.db, token, true).await?;
    if is_member(&tx.db, row.business_id, account_id).await? {
        // By this link or another one: they are where they wanted to be.
        return Ok(row.business_id);
    }
    usable(&row, tx.now)?;
    let email = s.vault().open(EMAIL, &row.email).await?;
    let (_, own) = super::name_and_email(s, account_id).await?;
    if own != email {
        let why = format!("This invitation is for {email}, and you are signed in as {own}. Sign out, and open the link again.");
        return Err(problem(Code::Conflict, why));
    }
    let business_id = row.business_id;
    take(&mut tx, row, account_id).await?;
    tx.commit().await?;
    Ok(business_id)
}

/// Joins with a new account; who that is, and the business.
///
/// # Errors
/// As `accept`; `Invalid` for name or password; `Conflict` when the address has an account by now, or may still be taken back by one.
pub async fn accept_as_new(s: &Services, token: &str, cmd: JoinAsNew) -> Result<(Uuid, Uuid)> {
    usable(&by_token(s.read(), token, false).await?, s.now())?;
    let name = fitting_name(&cmd.name)?;
    let hash = hash_password(s, fitting_password(&cmd.password)?).await?;
    let mut tx = s.begin().await?;
    let row = by_token(&tx.db, token, true).await?;
    usable(&row, tx.now)?;
    let email = s.vault().open(EMAIL, &row.email).await?;
    tx.take_turns(ACCOUNT_EMAIL, [email.clone()]).await?;
    if super::with_email(s, &tx.db, &email).await?.is_some() {
        return Err(super::taken());
    }
    let account_id = super::open_account(&tx, &name, &email, hash).await?;
    let business_id = row.business_id;
    take(&mut tx, row, account_id).await?;
    tx.commit().await?;
    Ok((account_id, business_id))
}

/// It is used up, and they belong to the business.
async fn take(tx: &mut Tx, row: invitation::Model, account_id: Uuid) -> Result<()> {
    let by = Principal::System("invitation");
    join(tx, &by, row.business_id, account_id, role(&row)?).await?;
    let mut row = row.into_active_model();
    row.accepted_at = Set(Some(tx.now));
    row.accepted_by = Set(Some(account_id));
    row.update(&tx.db).await?;
    Ok(())
}

async fn by_token(db: &impl ConnectionTrait, token: &str, lock: bool) -> Result<invitation::Model> {
    let mut found = invitation::Entity::find().filter(invitation::Column::TokenHash.eq(hash(token)));
    if lock {
        found = found.lock(LockType::Update);
    }
    let unknown =
        "This link does not belong to an invitation. If it was sent again since, please use the link in the newest mail.";
    found.one(db).await?.ok_or_else(|| problem(Code::NotFound, unknown))
}

fn usable(row: &invitation::Model, now: chrono::DateTime<chrono::Utc>) -> Result<()> {
    let why = if row.accepted_at.is_some() {
        "This invitation was used already. Please sign in."
    } else if row.revoked_at.is_some() {
        "This invitation was taken back. Please ask whoever invited you."
    } else if row.expires_at <= now {
        "This invitation is too old: its link opened for seven days. Please ask for a new one."
    } else {
        return Ok(());
    };
    Err(problem(Code::NotFound, why))
}

fn role(row: &invitation::Model) -> Result<Role> {
    row.role
        .parse()
        .map_err(|()| Error::broken("an invitation with an unknown role"))
}

/// An address that mail can be sent to, and that looks like what it is: letters that only look like others are those of another address,
/// and of a domain in such letters nobody sees whose it is.
pub(super) fn address(name: &str, typed: &str) -> Result<String> {
    let email = normal_email(typed).ok_or_else(|| field(name, "This does not look like an e-mail address."))?;
    let domain = words::line(typed);
    let domain = domain.rsplit('@').next().unwrap_or_default();
    if !domain.is_ascii() {
        return Err(field(
            name,
            "Please write the part after the @ in plain letters (a–z); one in other letters begins with xn-- there.",
        ));
    }
    Ok(email)
}

/// Neither accepted nor revoked. Literals, for an index over a part of the rows.
fn open(business_id: Uuid) -> Select<invitation::Entity> {
    invitation::Entity::in_business(business_id)
        .filter(invitation::Column::AcceptedAt.is_null())
        .filter(invitation::Column::RevokedAt.is_null())
}

fn latest(business_id: Uuid) -> Select<invitation::Entity> {
    invitation::Entity::in_business(business_id)
}

async fn find(tx: &Tx, business_id: Uuid, id: Uuid) -> Result<invitation::Model> {
    let found = invitation::Entity::these(business_id, [id])
        .lock(LockType::Update)
        .one(&tx.db)
        .await?;
    found.ok_or_else(|| not_found("invitation"))
}

/// One that the actor may decide about: of somebody whom they might have invited.
async fn still_open(tx: &Tx, actor: &Actor, id: Uuid) -> Result<invitation::Model> {
    let row = find(tx, actor.business_id, id).await?;
    check(tx, actor, None, Step::Add(role(&row)?), usize::MAX).await?;
    if row.accepted_at.is_some() {
        return Err(problem(Code::Conflict, "This invitation was accepted already."));
    }
    if row.revoked_at.is_some() {
        return Err(problem(
            Code::Conflict,
            "This invitation was taken back. Please invite them anew.",
        ));
    }
    Ok(row)
}

async fn end(tx: &Tx, row: invitation::Model) -> Result<()> {
    let mut row = row.into_active_model();
    row.revoked_at = Set(Some(tx.now));
    row.update(&tx.db).await?;
    Ok(())
}
