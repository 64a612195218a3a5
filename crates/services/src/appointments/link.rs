//! The links to the page that a visit's customer opens without signing in. None is stored: each is signed, for its visit and for how often
//! that visit's links were revoked, with a key of this installation that outlives a change of the other keys.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use contract::appointments::LinkView;
use domain::visit_page::{Standing, Token, is_over};
use entity::appointments::{appointment, link_key};
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, QuerySelect, Select, Set,
    sea_query::OnConflict,
};
use tokio::sync::OnceCell;
use uuid::Uuid;
use zeroize::Zeroizing;

use super::{find, locked};
use crate::kernel::{Actor, Error, Event, Permission, Result, Services};

/// The sealed column, as `vault::SEALED` calls it.
const SECRET: &str = "link_key.secret";

/// What is signed with a key of its own, each a row.
#[derive(Clone, Copy)]
pub(crate) enum Signs {
    Visits,
    /// Entries of waitlists.
    Lists,
    /// What people say of how they are reached.
    People,
    /// Places in lists of the API.
    Cursors,
}

impl Signs {
    const ALL: [Self; 4] = [Self::Visits, Self::Lists, Self::People, Self::Cursors];

    fn id(self) -> &'static str {
        match self {
            Self::Visits => "visits",
            Self::Lists => "lists",
            Self::People => "people",
            Self::Cursors => "cursors",
        }
    }
}

/// Visits made within one millisecond, of which a link may be one's: more than a computer can make.
const MOST: u64 = 200;

/// The keys, each once it was read.
#[derive(Default)]
pub(crate) struct Signing {
    visits: OnceCell<Zeroizing<[u8; 32]>>,
    lists: OnceCell<Zeroizing<[u8; 32]>>,
    people: OnceCell<Zeroizing<[u8; 32]>>,
    cursors: OnceCell<Zeroizing<[u8; 32]>>,
}

/// Makes the installation's keys, the first time it starts.
///
/// # Errors
/// When the database does not answer.
pub(crate) async fn prepare(s: &Services) -> Result<()> {
    for what in Signs::ALL {
        prepare_one(s, what.id()).await?;
    }
    Ok(())
}

async fn prepare_one(s: &Services, id: &str) -> Result<()> {
    if link_key::Entity::find_by_id(id).one(s.read()).await?.is_some() {
        return Ok(());
    }
    let secret = Zeroizing::new(hex::encode(rand::random::<[u8; 32]>()));
    let row = link_key::ActiveModel {
        id: Set(id.to_owned()),
        secret: Set(s.vault().seal(SECRET, &secret)),
        created_at: Set(s.now()),
    };
    // Two processes may start for the first time: one key is made.
    let once = OnConflict::column(link_key::Column::Id).do_nothing().to_owned();
    link_key::Entity::insert(row)
        .on_conflict(once)
        .exec_without_returning(&s.db().write)
        .await?;
    Ok(())
}

/// What links to these are signed with.
pub(crate) async fn key(s: &Services, what: Signs) -> Result<&[u8; 32]> {
    let read = || async {
        let row = link_key::Entity::find_by_id(what.id()).one(s.read()).await?;
        let row = row.ok_or_else(|| Error::broken("the key that links are signed with is missing"))?;
        let secret = Zeroizing::new(s.vault().open(SECRET, &row.secret).await?);
        let mut key = Zeroizing::new([0; 32]);
        hex::decode_to_slice(secret.as_bytes(), key.as_mut()).map_err(|_| Error::broken("a key that is none"))?;
        Ok::<_, Error>(key)
    };
    let known = s.of::<Signing>();
    let known = match what {
        Signs::Visits => &known.visits,
        Signs::Lists => &known.lists,
        Signs::People => &known.people,
        Signs::Cursors => &known.cursors,
    };
    Ok(known.get_or_try_init(read).await?)
}

/// What the API's cursors are signed with.
///
/// # Errors
/// When the database does not answer.
pub async fn of_cursors(s: &Services) -> Result<[u8; 32]> {
    Ok(*key(s, Signs::Cursors).await?)
}

/// The link to the page of a visit's customer.
///
/// # Errors
/// `NotAllowed`, `NotFound`.
pub async fn get(s: &Services, actor: &Actor, id: Uuid) -> Result<LinkView> {
    actor.may(Permission::ReadAppointments)?;
    let row = find(s.read(), actor.business_id, id).await?;
    Ok(LinkView {
        url: url(s, &row).await?,
    })
}

/// Makes every link to a visit's page that was given out open nothing any more; the one that counts from now on.
///
/// # Errors
/// `NotAllowed`, `NotFound`.
pub async fn revoke(s: &Services, actor: &Actor, id: Uuid) -> Result<LinkView> {
    actor.may(Permission::WriteAppointments)?;
    let mut tx = s.begin().await?;
    let (_, before) = locked(&tx, actor.business_id, id).await?;
    let revision = before.link_revision + 1;
    let mut row = before.into_active_model();
    row.link_revision = Set(revision);
    let after = row.update(&tx.db).await?;
    let url = url(s, &after).await?;
    tx.record(actor.business_id, &actor.who, Event::AppointmentLinksRevoked(Arc::new(after)));
    tx.commit().await?;
    Ok(LinkView { url })
}

/// The address of a visit's page.
pub(crate) async fn url(s: &Services, row: &appointment::Model) -> Result<String> {
    let token = Token::new(key(s, Signs::Visits).await?, row.id.as_u128(), row.link_revision);
    Ok(format!("{}/v/{token}", s.settings().public_url))
}

/// What is behind a link.
pub(crate) enum Found {
    Visit(Box<appointment::Model>),
    /// There was a page once: the link was revoked, or the visit is long over.
    Gone,
    Nothing,
}

/// Looks for the visit of a link, whichever business's it is: the link alone says so.
pub(crate) async fn open(s: &Services, db: &impl ConnectionTrait, token: &str, now: DateTime<Utc>) -> Result<Found> {
    let Some(token) = Token::read(token) else {
        return Ok(Found::Nothing);
    };
    for row in near(&token).all(db).await? {
        match standing(s, &token, &row, now).await? {
            Standing::Good => return Ok(Found::Visit(Box::new(row))),
            Standing::Revoked => return Ok(Found::Gone),
            Standing::Forged => {}
        }
    }
    Ok(Found::Nothing)
}

/// What a link that opened this visit is to it by now.
pub(crate) async fn recheck(s: &Services, token: &str, row: &appointment::Model, now: DateTime<Utc>) -> Result<Standing> {
    match Token::read(token) {
        Some(token) => standing(s, &token, row, now).await,
        None => Ok(Standing::Forged),
    }
}

async fn standing(s: &Services, token: &Token, row: &appointment::Model, now: DateTime<Utc>) -> Result<Standing> {
    let standing = token.standing(key(s, Signs::Visits).await?, row.id.as_u128(), row.link_revision);
    let over = is_over(row.ends_at.unwrap_or(row.starts_at), now);
    Ok(match standing {
        Standing::Good if over => Standing::Revoked,
        other => other,
    })
}

/// Visits that a link may be one's.
pub(crate) fn near(token: &Token) -> Select<appointment::Entity> {
    let (first, last) = token.ids();
    appointment::Entity::find()
        .filter(appointment::Column::Id.between(Uuid::from_u128(first), Uuid::from_u128(last)))
        .limit(MOST)
}
