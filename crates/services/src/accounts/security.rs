//! How an account is guarded, as its own person sees and changes it. `current` is the id of the session that asks, wherever it is given.

use contract::security::{RecoveryCodes, SecurityView};
use uuid::Uuid;

use super::{devices, own, second_factor, sessions};
use crate::kernel::{Actor, Result, Services};

/// Sessions, second factor and trusted devices.
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

/// Signs one of the actor's browsers out, at its next request and at its live stream.
///
/// # Errors
/// `NotFound` for a session that is another one's or over; `SignInNeeded`.
pub async fn revoke_session(s: &Services, actor: &Actor, current: Option<&[u8]>, id: Uuid) -> Result<SecurityView> {
    sessions::revoke(s, actor, id).await?;
    view(s, actor, current).await
}

/// Signs out all of the actor's browsers but the one that asks.
///
/// # Errors
/// `SignInNeeded` for an actor that is not a person.
pub async fn revoke_other_sessions(s: &Services, actor: &Actor, current: Option<&[u8]>) -> Result<SecurityView> {
    sessions::revoke_others(s, actor, current).await?;
    view(s, actor, current).await
}

/// A device is a stranger's again.
///
/// # Errors
/// `NotFound` for one that is not the actor's; `SignInNeeded`.
pub async fn revoke_device(s: &Services, actor: &Actor, current: Option<&[u8]>, id: Uuid) -> Result<SecurityView> {
    devices::revoke(s, actor, id).await?;
    view(s, actor, current).await
}

/// Begins to set up an authenticator.
///
/// # Errors
/// `Invalid` for a wrong password; `Conflict` where there is one already; `TooMany`; `SignInNeeded`.
pub async fn begin_factor(s: &Services, actor: &Actor, current: Option<&[u8]>, password: &str) -> Result<SecurityView> {
    second_factor::begin(s, actor, password).await?;
    view(s, actor, current).await
}

/// The authenticator has told a right code: from now on one is asked for. With the recovery codes, at the only time they are seen.
///
/// # Errors
/// `Invalid` with a word about the code; `Conflict` when nothing was begun, or too long ago; `TooMany`; `SignInNeeded`.
pub async fn confirm_factor(s: &Services, actor: &Actor, current: Option<&[u8]>, code: &str) -> Result<RecoveryCodes> {
    let codes = second_factor::confirm(s, actor, code).await?;
    let security = view(s, actor, current).await?;
    Ok(RecoveryCodes { codes, security })
}

/// Ten new recovery codes in place of the old ones.
///
/// # Errors
/// `Invalid` with a word about the code; `TooMany`; `SignInNeeded`.
pub async fn renew_recovery_codes(s: &Services, actor: &Actor, current: Option<&[u8]>, code: &str) -> Result<RecoveryCodes> {
    let codes = second_factor::renew_recovery_codes(s, actor, code).await?;
    let security = view(s, actor, current).await?;
    Ok(RecoveryCodes { codes, security })
}

/// Signing in takes the password alone again, on every device.
///
/// # Errors
/// `Invalid` for a wrong password or code; `TooMany`; `SignInNeeded`.
pub async fn turn_off_factor(
    s: &Services,
    actor: &Actor,
    current: Option<&[u8]>,
    password: &str,
    code: &str,
) -> Result<SecurityView> {
    second_factor::turn_off(s, actor, password, code).await?;
    view(s, actor, current).await
}
