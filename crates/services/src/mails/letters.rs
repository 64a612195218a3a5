//! Mail that opens something: an invitation, a new password, another address. It goes to an address, whoever reads there; what it holds is
//! sealed, and what it opens is looked at once more before it is handed over.

use chrono::Duration;
use contract::accounts::Role;
use domain::words;
use entity::{accounts::invitation, mails::mail};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use super::{
    store::{Kind, New, Said, store_letter},
    works,
};
use crate::{
    accounts::{emails, invitations, passwords},
    businesses,
    channels::email::Letter,
    kernel::{
        Event, Result, Tx,
        events::{AccountLetter, Recorded},
    },
};

/// What a mail about a sign-up with an address that has an account is about.
const SIGNED_UP_AGAIN: &str = "sign-up";

/// What a mail about an invitation is about.
pub(crate) fn about_invitation(id: Uuid) -> String {
    format!("invitation:{id}")
}

/// Somebody was invited, or is once more: they get their link.
pub(crate) async fn invited(tx: &mut Tx, heard: &[&Recorded]) -> Result<()> {
    if !works(tx.services()) {
        return Ok(());
    }
    for one in heard {
        let (Event::MemberInvited { invitation, token } | Event::InvitationSentAgain { invitation, token }) = &one.event else {
            continue;
        };
        let Some((row, email)) = invitations::to_send(tx, *invitation).await? else {
            continue;
        };
        let b = businesses::of(tx, one.business_id).await?;
        let (name, by) = (short(&b.name), short(&row.invited_by));
        let role = match row.role.parse() {
            Ok(Role::Owner) => "an owner",
            Ok(Role::Admin) => "an admin",
            _ => "one of the staff",
        };
        let letter = Letter::default()
            .paragraph("Hello,")
            .paragraph(format!("{by} invites you to work with {name} in Showup, as {role}."))
            .button("See the invitation", url(tx, "invitations", token))
            .paragraph("The link opens for seven days, and once.")
            .small("If you do not know what this is about, leave it: nothing happens.");
        let new = New {
            kind: Kind::Invitation,
            about: about_invitation(*invitation),
            key: key(&row),
            not_before: tx.now,
            said: Said {
                subject: format!("{name} invites you"),
                letter,
            },
        };
        store_letter(tx, (Some(b.id), None), &email, &new).await?;
    }
    Ok(())
}

/// A person hears about their account.
pub(crate) async fn about_account(tx: &mut Tx, heard: &[&Recorded]) -> Result<()> {
    if !works(tx.services()) {
        return Ok(());
    }
    for one in heard {
        let Event::AccountLetter { account, to, letter } = &one.event else {
            continue;
        };
        if matches!(letter, AccountLetter::SignedUpAgain) && was_told_today(tx, *account).await? {
            continue;
        }
        let new = written(tx, letter);
        store_letter(tx, (None, Some(*account)), to.expose_secret(), &new).await?;
    }
    Ok(())
}

/// Anybody can sign up with anybody's address: its owner hears of that once a day.
async fn was_told_today(tx: &Tx, account_id: Uuid) -> Result<bool> {
    let told = mail::Entity::find()
        .filter(mail::Column::BusinessId.is_null())
        .filter(mail::Column::About.eq(SIGNED_UP_AGAIN))
        .filter(mail::Column::CreatedAt.gt(tx.now - Duration::days(1)))
        .filter(mail::Column::AccountId.eq(account_id));
    Ok(told.one(&tx.db).await?.is_some())
}

fn written(tx: &Tx, letter: &AccountLetter) -> New {
    let begin = Letter::default().paragraph("Hello,");
    let forgot = format!("{}/forgot", tx.services().settings().public_url);
    let (kind, about, subject, letter) = match letter {
        AccountLetter::ResetPassword { reset, token } => {
            let letter = begin
                .paragraph("Somebody asked for a new password for your account in Showup.")
                .button("Choose a new password", url(tx, "reset", token))
                .paragraph("The link opens for an hour, and once.")
                .small("If it was not you, leave it: your password stays as it is.");
            (
                Kind::ResetPassword,
                format!("reset:{reset}"),
                "A new password for Showup",
                letter,
            )
        }
        AccountLetter::PasswordChanged => {
            let letter = begin
                .paragraph("The password of your account in Showup was changed. Everybody who was signed in with it has been signed out.")
                .link("If it was not you, choose a new one now", forgot);
            (Kind::Account, "password".to_owned(), "Your password was changed", letter)
        }
        AccountLetter::ConfirmEmail { change, token } => {
            let letter = begin
                .paragraph("This address is to be the one that you sign in to Showup with.")
                .button("Yes, it is mine", url(tx, "account/email", token))
                .paragraph("The link opens for a day. Until then you sign in with the address before.")
                .small("If you do not know what this is about, leave it: nothing happens.");
            (
                Kind::ChangeEmail,
                format!("email:{change}"),
                "Is this your new address?",
                letter,
            )
        }
        AccountLetter::EmailTaken => {
            let letter = begin
                .paragraph("Somebody wanted this address for their account in Showup, but you have an account with it already. Nothing was changed.")
                .link("If it was you and you have forgotten the password", forgot);
            (
                Kind::Account,
                "email".to_owned(),
                "You have an account in Showup already",
                letter,
            )
        }
        AccountLetter::EmailChanging { change, undo } => {
            let letter = begin
                .paragraph(
                    "Another e-mail address was asked for, for your account in Showup. It counts once it is confirmed there.",
                )
                .paragraph("If it was you, there is nothing to do here.")
                .button("This was not me", url(tx, "account/undo", undo))
                .paragraph(
                    "For seven days that link brings this address back, signs everybody out and lets you choose a new password.",
                );
            (
                Kind::ChangeEmail,
                format!("email:{change}"),
                "Your e-mail address is to be changed",
                letter,
            )
        }
        AccountLetter::SignedUpAgain => {
            let letter = begin
                .paragraph("Somebody wanted to make a new business in Showup with this address, but you have an account with it already.")
                .link("If it was you and you have forgotten the password", forgot)
                .small("If it was not you, leave it: nothing was changed.");
            (
                Kind::Account,
                SIGNED_UP_AGAIN.to_owned(),
                "You have an account in Showup already",
                letter,
            )
        }
    };
    New {
        kind,
        about,
        key: format!("letter:{}", Uuid::now_v7()),
        not_before: tx.now,
        said: Said {
            subject: subject.to_owned(),
            letter,
        },
    }
}

/// Why such a mail is not to be handed over any more.
pub(super) async fn objection(tx: &Tx, row: &mail::Model) -> Result<Option<&'static str>> {
    let Some((what, id)) = row.about.split_once(':') else {
        return Ok(None);
    };
    let Ok(id) = id.parse::<Uuid>() else { return Ok(None) };
    let (stands, why) = match what {
        "invitation" => {
            // A link that was made anew since opens nothing.
            let stands = invitations::to_send(tx, id)
                .await?
                .is_some_and(|(invitation, _)| key(&invitation) == row.dedupe_key);
            (stands, "The invitation was accepted, taken back or sent again meanwhile.")
        }
        "reset" => (
            passwords::is_open(tx, id).await?,
            "The link is too old, or was used meanwhile.",
        ),
        "email" => (emails::is_open(tx, id).await?, "The change was taken back meanwhile."),
        _ => (true, ""),
    };
    Ok((!stands).then_some(why))
}

/// Each link is one mail.
fn key(row: &invitation::Model) -> String {
    format!("invitation:{}:{}", row.id, row.sent_at.timestamp_millis())
}

fn url(tx: &Tx, path: &str, token: &SecretString) -> String {
    let (public, token) = (&tx.services().settings().public_url, token.expose_secret());
    format!("{public}/{path}/{token}")
}

/// Names as others have typed them: in one line, and not the whole mail.
fn short(name: &str) -> String {
    words::line(name).chars().take(60).collect()
}
