//! The frame of every page: who is signed in, where, and what waits.

use contract::{
    Code,
    accounts::{Me, Role},
};

use super::settings;
use crate::{
    accounts, conversations,
    kernel::{Actor, Principal, Result, Services, error::problem, live},
    notifications, tasks,
};

/// What the frame of every page shows.
///
/// # Errors
/// `SignInNeeded` for an actor that is not a person.
pub async fn me(s: &Services, actor: &Actor) -> Result<Me> {
    let (account_id, role, looking) = match actor.who {
        Principal::Member { account_id, role, .. } => (account_id, role, false),
        // They see what staff see, and nothing that is somebody's own.
        Principal::Platform { account_id, .. } => (account_id, Role::Staff, true),
        _ => return Err(problem(Code::SignInNeeded, "Please sign in.")),
    };
    let live_cursor = live::cursor(s, actor.business_id).await?;
    let (name, email) = accounts::name_and_email(s, account_id).await?;
    let account = accounts::get(s, account_id).await?;
    let mut elsewhere = accounts::choosing::businesses(s, account_id).await?;
    elsewhere.retain(|one| one.id != actor.business_id);
    Ok(Me {
        account_id,
        name,
        email,
        role,
        business: settings::view(s, s.read(), actor.business_id).await?,
        counts: conversations::counts(s, actor).await?,
        open_tasks: tasks::open_count(s, actor).await?,
        notifications: if looking { 0 } else { notifications::unread(s, actor).await? },
        live_cursor,
        shortcuts: account.shortcuts,
        undo_seconds: account.undo_seconds,
        looking,
        platform_admin: account.platform_admin,
        away: accounts::is_away(s.read(), actor.business_id, account_id).await?,
        elsewhere,
    })
}
