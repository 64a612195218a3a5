//! What somebody is told of their own account, so that they notice what was not them: a sign-in on a new device, a second factor that came or
//! went. Only they are told.

use domain::{when, words, zone::Zone};
use entity::businesses::business;
use uuid::Uuid;

use super::store::{self, Kind, New, Said};
use crate::{
    accounts, businesses,
    channels::{self, email::Letter},
    kernel::{Event, Result, Tx, events::Recorded},
};

/// One mail for each change, to whom it is about.
pub(crate) async fn accounts_changed(tx: &mut Tx, heard: &[&Recorded]) -> Result<()> {
    if channels::mail_server(tx.services()).is_none() {
        return Ok(());
    }
    for one in heard {
        let business = businesses::of(tx, one.business_id).await?;
        let Some((account_id, key, said)) = news(tx, &business, &one.event) else {
            continue;
        };
        let to = accounts::people(tx, [account_id]).await?;
        let new = New {
            kind: Kind::Account,
            about: format!("account:{account_id}"),
            key,
            not_before: tx.now,
            said,
        };
        store::store(tx, &business, &to, &new).await?;
    }
    Ok(())
}

/// Whom it is about, what it is known by, and what they read.
fn news(tx: &Tx, b: &business::Model, event: &Event) -> Option<(Uuid, String, Said)> {
    let url = &tx.services().settings().public_url;
    let at = time(tx, businesses::zone(b));
    let moment = tx.now.timestamp_millis();
    Some(match event {
        Event::DeviceAdded { account, device, words } => {
            let letter = Letter::default()
                .paragraph(format!(
                    "Somebody has signed in to your account on a device that is new to us: {words}, {at}."
                ))
                .paragraph("If that was you, there is nothing to do.")
                .paragraph("If not, somebody knows your password: sign that device out, and change your password at once.")
                .button("See where you are signed in", format!("{url}/account/security"));
            (
                *account,
                format!("device:{device}"),
                said(b, "a sign-in on a new device", letter),
            )
        }
        Event::SecondFactorOn(account) => {
            let letter = Letter::default()
                .paragraph(format!("From now on signing in to your account takes a code of your authenticator. It was turned on {at}."))
                .paragraph("Keep your recovery codes where you find them without your phone. If this was not you, ask whoever runs Showup for you.")
                .button("See how your account is guarded", format!("{url}/account/security"));
            (
                *account,
                format!("factor-on:{moment}"),
                said(b, "signing in takes a code from now on", letter),
            )
        }
        Event::SecondFactorOff(account) => {
            let letter = Letter::default()
                .paragraph(format!(
                    "Signing in to your account takes no code any more, only the password. That was changed {at}."
                ))
                .paragraph("If this was not you, change your password at once, and turn it on again.")
                .button("See how your account is guarded", format!("{url}/account/security"));
            (
                *account,
                format!("factor-off:{moment}"),
                said(b, "signing in takes no code any more", letter),
            )
        }
        _ => return None,
    })
}

fn time(tx: &Tx, zone: Zone) -> String {
    format!("on {}", when::exact(tx.now, zone))
}

fn said(b: &business::Model, subject: &str, letter: Letter) -> Said {
    let name: String = words::line(&b.name).chars().take(60).collect();
    Said {
        subject: format!("{name}: {subject}"),
        letter: letter.small("You get this because it is about your own account."),
    }
}
