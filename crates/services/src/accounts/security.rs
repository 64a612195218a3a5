//! How an account is guarded, as its own person sees it.

use contract::security::SecurityView;
use uuid::Uuid;

use super::{devices, second_factor, sessions};
use crate::kernel::{Actor, Principal, Result, Services};

/// The account of a person who is signed in.
///
/// # Errors
/// `SignInNeeded` for an actor that is none.
pub(super) fn own(actor: &Actor) -> Result<Uuid> {
    match actor.who {
        Principal::Member { account_id, .. } => Ok(account_id),
        _ => Err(devices::sign_in_needed()),
    }
}

/// Sessions, second factor and trusted devices. `current`: the id of the session that asks.
///
/// # Errors
/// `SignInNeeded` for an actor that is not a person.
pub async fn view(s: &Services, actor: &Actor, current: Option<&[u8]>) -> Result<SecurityView> {
    let account_id = own(actor)?;
    Ok(SecurityView {
        sessions: sessions::list(s, account_id, current).await?,
        factor: second_factor::view(s, account_id).await?,
        devices: devices::trusted(s, s.read(), account_id).await?,
    })
}
