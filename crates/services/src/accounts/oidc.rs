//! Signing in at an OpenID Connect issuer that whoever runs this installation has chosen: discovery, code flow with PKCE. Who comes for the
//! first time is linked to the account with their e-mail address, if the issuer says that it is verified; from then on to whom the issuer
//! calls by that subject. Nobody gets an account this way. A second factor is the issuer's to ask for.

mod issuer;

use chrono::{DateTime, Duration, Utc};
use contract::Code;
use domain::words;
use entity::accounts::identity;
use openidconnect::{AuthenticationFlow, CsrfToken, Nonce, PkceCodeChallenge, Scope, core::CoreResponseType};
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter, Set};
use serde::{Deserialize, Serialize};
use subtle::ConstantTimeEq;

use super::{
    Caller, Entry, choosing,
    signing_in::{come_in, start},
    with_email,
};
use crate::kernel::{Error, Event, Principal, Result, Services, Tx, error::problem};

pub(crate) use issuer::Issuer;

/// So long somebody may take at the issuer.
const PATIENCE: Duration = Duration::minutes(15);

/// Where the issuer sends people back to, beneath our address.
pub const CALLBACK: &str = "/signin/oidc/callback";

/// What somebody reads whose way there and back was not one.
pub const STALE: &str = "This sign-in was begun too long ago or in another browser, or was done already. Please begin again.";

/// What a browser's session keeps while its person is at the issuer.
#[derive(Debug, Serialize, Deserialize)]
pub struct Begun {
    state: String,
    nonce: String,
    verifier: String,
    /// Where they want to go.
    pub next: String,
    begun_at: DateTime<Utc>,
}

/// What the issuer sends them back with.
#[derive(Debug, Default, Deserialize)]
pub struct Answer {
    #[serde(default)]
    pub state: String,
    #[serde(default)]
    pub code: String,
    #[serde(default)]
    pub error: String,
    /// RFC 9207: who answers.
    #[serde(default)]
    pub iss: Option<String>,
}

/// Who the issuer says it is.
struct Person {
    subject: String,
    email: Option<String>,
    verified: bool,
}

/// What the button to an issuer says; none: there is no issuer.
pub fn name(s: &Services) -> Option<String> {
    s.settings().oidc.as_ref().map(|oidc| oidc.name.clone())
}

fn issuer(s: &Services) -> Result<&Issuer> {
    let found: &Option<Issuer> = s.of();
    let none = || {
        problem(
            Code::NotFound,
            "Signing in with another account is not set up on this installation.",
        )
    };
    found.as_ref().ok_or_else(none)
}

/// Where a browser has to go, and what its session has to keep meanwhile.
///
/// # Errors
/// `NotFound` where no issuer is set up; `Unavailable` when it does not answer.
pub async fn begin(s: &Services, next: String) -> Result<(String, Begun)> {
    let issuer = issuer(s)?;
    let client = issuer.client(s).await?;
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let (url, state, nonce) = client
        .authorize_url(
            AuthenticationFlow::<CoreResponseType>::AuthorizationCode,
            CsrfToken::new_random,
            Nonce::new_random,
        )
        .add_scope(Scope::new("email".to_owned()))
        .set_pkce_challenge(challenge)
        .url();
    let begun = Begun {
        state: state.into_secret(),
        nonce: nonce.secret().clone(),
        verifier: verifier.into_secret(),
        next,
        begun_at: s.now(),
    };
    Ok((url.into(), begun))
}

/// Somebody comes back from the issuer. `begun` is what their session kept; it is good for this one answer.
///
/// # Errors
/// `NotAllowed` in words for whoever is not let in; `Unavailable` when the issuer does not answer.
pub async fn finish(s: &Services, begun: Begun, answer: Answer, caller: &Caller) -> Result<Entry> {
    let issuer = issuer(s)?;
    let ours = bool::from(answer.state.as_bytes().ct_eq(begun.state.as_bytes()));
    if !ours || s.now() - begun.begun_at > PATIENCE {
        return Err(problem(Code::NotAllowed, STALE));
    }
    if answer.iss.as_ref().is_some_and(|iss| !issuer.is_called(iss)) {
        return Err(issuer.not_believed("the answer names another issuer"));
    }
    if !answer.error.is_empty() || answer.code.is_empty() {
        let said = format!(
            "{} did not sign you in. Please try again, or use your password.",
            issuer.name()
        );
        return Err(problem(Code::NotAllowed, said));
    }
    let person = issuer.ask(s, answer.code, begun.verifier, begun.nonce).await?;
    let mut tx = s.begin().await?;
    let account_id = whose(&mut tx, issuer, &person).await?;
    let account = super::get(s, account_id).await?;
    let entry = come_in(&mut tx, start(s, &account).await?, caller, false).await?;
    tx.commit().await?;
    Ok(entry)
}

/// An address that is what it looks like. One that has to be made fit, by dropping what nobody sees or by another alphabet's letters, could
/// become somebody else's, for whom the issuer does not vouch.
fn address(said: &str) -> Option<String> {
    let plain = said.is_ascii() && !said.is_empty() && words::line(said) == said;
    plain.then(|| said.to_ascii_lowercase())
}

/// Whom the issuer has vouched for since then is a stranger again.
pub(super) async fn forget_since(tx: &Tx, account_id: uuid::Uuid, since: DateTime<Utc>) -> Result<()> {
    identity::Entity::delete_many()
        .filter(identity::Column::AccountId.eq(account_id))
        .filter(identity::Column::CreatedAt.gte(since))
        .exec(&tx.db)
        .await?;
    Ok(())
}

/// The account of who the issuer says it is.
async fn whose(tx: &mut Tx, issuer: &Issuer, person: &Person) -> Result<uuid::Uuid> {
    let known = identity::Entity::find_by_id((issuer.url().to_owned(), person.subject.clone()));
    if let Some(known) = known.one(&tx.db).await? {
        return Ok(known.account_id);
    }
    let said = person.email.as_deref().and_then(address).filter(|_| person.verified);
    let Some(said) = said else {
        return Err(issuer.unknown("did not say that your e-mail address is verified"));
    };
    let found = with_email(tx.services(), &tx.db, &said).await?;
    let account = found.ok_or_else(|| issuer.unknown("gave an e-mail address that has no account here"))?;
    let other = identity::Entity::find()
        .filter(identity::Column::AccountId.eq(account.id))
        .filter(identity::Column::Issuer.eq(issuer.url()))
        .one(&tx.db)
        .await?;
    if other.is_some() {
        // An address that was given to somebody else there does not bring along what was its former owner's here.
        return Err(issuer.unknown("calls you by another name than before"));
    }
    let row = identity::ActiveModel {
        issuer: Set(issuer.url().to_owned()),
        subject: Set(person.subject.clone()),
        account_id: Set(account.id),
        created_at: Set(tx.now),
    };
    match row.insert(&tx.db).await.map_err(Error::from) {
        Ok(_) => {}
        // Two windows came back at once.
        Err(e) if e.is_duplicate() => return Err(problem(Code::Conflict, "Please sign in once more.")),
        Err(e) => return Err(e),
    }
    if let Some(business) = choosing::last_used(tx.services(), &account).await? {
        let (by, event) = (Principal::System("sign-in"), Event::IdentityLinked(account.id));
        tx.record_change(business, &by, event, None::<()>, Some(issuer.url()));
    }
    Ok(account.id)
}

#[cfg(test)]
mod tests {
    use super::address;

    #[test]
    fn an_address_that_had_to_be_made_fit_is_none() {
        assert_eq!(address("Kate@X.test").as_deref(), Some("kate@x.test"));
        for other in [
            "",
            " ",
            "\u{212a}ate@x.test",
            "ka\u{200b}te@x.test",
            " kate@x.test",
            "kate@x.test\n",
            "ka\u{7f}te@x.test",
        ] {
            assert_eq!(address(other), None, "{other:?}");
        }
    }
}
