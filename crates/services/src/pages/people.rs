//! Who works in a business and who is to join it, with what became of the mails; and somebody's own account.

use contract::accounts::{AccountView, InvitationLink, InvitationView, PeopleView, Role};
use secrecy::ExposeSecret;

use crate::{
    accounts::{self, emails, invitations::Invited, members, second_factor},
    businesses,
    kernel::{Actor, Permission, Principal, Result, Services, error::problem},
    mails,
};

/// Everybody. `made`: the invitation that was just made or sent again, whose link is shown where no mail brings it.
///
/// # Errors
/// `NotAllowed`.
pub async fn view(s: &Services, actor: &Actor, made: Option<Invited>) -> Result<PeopleView> {
    actor.may(Permission::ReadMembers)?;
    let mail_works = mails::works(s);
    let mut members = members::everybody(s, s.read(), actor.business_id).await?;
    let mut open = Vec::new();
    if actor.may(Permission::ManageBusiness).is_ok() {
        open = invitations(s, actor).await?;
        let safer = second_factor::who_has(s, actor).await?;
        for one in &mut members {
            one.second_factor = Some(safer.contains(&one.member.id));
        }
    }
    Ok(PeopleView {
        members,
        invitations: open,
        mail_works,
        link: made.filter(|_| !mail_works).map(|made| link(s, &made)),
    })
}

/// Where somebody who was invited joins.
pub fn link(s: &Services, made: &Invited) -> InvitationLink {
    let (public, token) = (&s.settings().public_url, made.token.expose_secret());
    InvitationLink {
        email: made.email.clone(),
        url: format!("{public}/invitations/{token}"),
    }
}

async fn invitations(s: &Services, actor: &Actor) -> Result<Vec<InvitationView>> {
    let rows = accounts::invitations::waiting(s, s.read(), actor.business_id).await?;
    let about: Vec<String> = rows.iter().map(|(row, _)| mails::about_invitation(row.id)).collect();
    let business = businesses::get(s.read(), actor.business_id).await?;
    let mut told = mails::of_each(s, s.read(), &business, &about).await?;
    let now = s.now();
    let view = |((row, email), about): ((entity::accounts::invitation::Model, String), &String)| {
        let told = told.remove(about);
        InvitationView {
            id: row.id,
            email,
            role: row.role.parse().unwrap_or(Role::Staff),
            invited_by: row.invited_by,
            sent_at: row.sent_at,
            expires_at: row.expires_at,
            expired: row.expires_at <= now,
            mail_failed: told.as_ref().is_some_and(|(_, failed)| *failed),
            mail: told.map(|(words, _)| words),
        }
    };
    Ok(rows.into_iter().zip(&about).map(view).collect())
}

/// The account of whoever looks.
///
/// # Errors
/// `SignInNeeded` for an actor that is not a person.
pub async fn account(s: &Services, actor: &Actor) -> Result<AccountView> {
    let Principal::Member { account_id, .. } = actor.who else {
        return Err(problem(contract::Code::SignInNeeded, "Please sign in."));
    };
    let (name, email) = accounts::name_and_email(s, account_id).await?;
    Ok(AccountView {
        name,
        email,
        new_email: emails::waiting(s, account_id).await?,
        mail_works: mails::works(s),
    })
}
