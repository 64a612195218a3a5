//! Banners: what keeps texts from going out, or soon will. They are read off the state, so one that is over is gone.

use contract::{alerts::AlertView, notices::Notice};
use domain::{prices::dollars, registration::Answer, selftest::Line};
use entity::{businesses::business, numbers::number};
use sea_orm::ConnectionTrait;

use crate::{
    accounts, alerts, businesses, calendars,
    channels::{breakers, connections},
    kernel::{Actor, Permission, Result, Services},
    numbers, selftest, spend, webhooks,
};

/// The banners of the actor's business.
///
/// # Errors
/// `NotAllowed`.
pub async fn list(s: &Services, actor: &Actor) -> Result<Vec<Notice>> {
    actor.may(Permission::ReadMessages)?;
    let business = businesses::get(s.read(), actor.business_id).await?;
    of(s, s.read(), &business).await
}

pub(crate) async fn of(s: &Services, db: &impl ConnectionTrait, b: &business::Model) -> Result<Vec<Notice>> {
    let own: Vec<number::Model> = numbers::active(db, b.id).await?;
    let mut senders: Vec<String> = own.iter().map(|number| number.phone.clone()).collect();
    senders.extend(connections::shared(s, b.id).map(str::to_owned));
    let open = breakers::open_for(s, db, b.id, &senders).await?;
    let mut notices = installation(s, db, b).await?;
    let breakers: Vec<Notice> = open.into_iter().map(|o| broken(s, b, o)).collect();
    notices.extend(breakers);
    notices.extend(budget(s, db, b).await?);
    notices.extend(alerts::without_banner(db, b.id).await?.into_iter().map(unusual));
    notices.extend(own.iter().filter_map(|number| registration(s, b, number)));
    notices.extend(country(b));
    notices.extend(calendars::failing(s, db, b.id).await?.into_iter().map(unread));
    notices.extend(webhooks::switched_off(s, db, b.id).await?.into_iter().map(told_nothing));
    notices.extend(selftest::failing(db, b.id).await?.map(not_ready));
    Ok(notices)
}

/// What whoever runs the installation does.
async fn installation(s: &Services, db: &impl ConnectionTrait, b: &business::Model) -> Result<Vec<Notice>> {
    let mut notices = Vec::new();
    if b.suspended_at.is_some() {
        let why = b.suspended_why.as_deref().unwrap_or_default();
        notices.push(Notice {
            kind: "suspended".to_owned(),
            urgent: true,
            text: format!("This business is suspended. {why}"),
            next_step:
                "No text leaves until whoever runs this installation resumes it. What customers write is kept, and STOP counts."
                    .to_owned(),
        });
    }
    for look in accounts::platform::open_looks(db, b.id, s.now()).await? {
        let who = accounts::names(db, [look.account_id]).await?.remove(&look.account_id);
        let until = domain::when::inline(look.ends_at, s.now(), businesses::zone(b));
        notices.push(Notice {
            kind: "looked_into".to_owned(),
            urgent: false,
            text: format!(
                "{}, who runs this installation, may look into this business until {until}: {}",
                who.unwrap_or_else(|| "Somebody".to_owned()),
                look.why
            ),
            next_step: "They can change and send nothing. It stands in the audit trail.".to_owned(),
        });
    }
    Ok(notices)
}

/// The self-test has found what nothing works without. Nothing is held back by it: the next text shows whether it is so.
fn not_ready(line: Line) -> Notice {
    Notice {
        kind: "self_test".to_owned(),
        urgent: true,
        text: format!("The self-test found: {}", line.seen),
        next_step: format!("{} See Settings, Self-test.", line.fix),
    }
}

/// More goes wrong than usual.
fn unusual(alert: AlertView) -> Notice {
    Notice {
        kind: alert.kind,
        urgent: false,
        text: alert.text,
        next_step: alert.next_step,
    }
}

/// A calendar that can't be read: what is moved there is not moved here.
fn unread((name, problem): (String, String)) -> Notice {
    Notice {
        kind: "calendar_failing".to_owned(),
        urgent: false,
        text: format!("The calendar {name} can't be read. {problem}"),
        next_step: "Look at Calendars; its visits stay as they were until then.".to_owned(),
    }
}

/// A program of the business's own that hears nothing any more.
fn told_nothing((host, why): (String, String)) -> Notice {
    Notice {
        kind: "webhook_disabled".to_owned(),
        urgent: false,
        text: format!("The webhook to {host} is switched off. {why}"),
        next_step: "See Webhooks in Settings. What happens meanwhile waits for 30 days.".to_owned(),
    }
}

/// A number of the US that may not text there: what would leave from it waits. That others may not is said where somebody writes.
fn registration(s: &Services, b: &business::Model, number: &number::Model) -> Option<Notice> {
    // What carriers were seen to refuse a breaker has a banner of its own for.
    let standing = numbers::registration::said(number, s.now());
    if !standing.answer.holds_back() || !number.phone.starts_with("+1") {
        return None;
    }
    Some(Notice {
        kind: "registration".to_owned(),
        urgent: standing.answer == Answer::No,
        text: format!(
            "Texts to the US from {} wait. {}",
            domain::phone::display(&number.phone, &b.country),
            standing.reason
        ),
        next_step: "See Numbers in Settings. What waits goes out as soon as it is registered.".to_owned(),
    })
}

/// Nobody has said which country's spelling the business uses, and its number and zone do not tell or were not asked before.
fn country(b: &business::Model) -> Option<Notice> {
    b.country.is_empty().then(|| Notice {
        kind: "country_needed".to_owned(),
        urgent: false,
        text: "It is not known which country your customers' numbers are from, so only numbers that start with + are taken."
            .to_owned(),
        next_step: "Choose your country in Settings.".to_owned(),
    })
}

fn broken(s: &Services, b: &business::Model, open: breakers::Open) -> Notice {
    let when = open.until.map_or_else(
        || "soon".to_owned(),
        |at| domain::when::inline(at.max(s.now()), s.now(), businesses::zone(b)),
    );
    let (kind, text) = match open.scope.strip_prefix("sender:") {
        Some(number) => (
            "sender_breaker",
            format!("Texts from {} wait. {}", domain::phone::display(number, &b.country), open.why),
        ),
        None => ("account_breaker", format!("Texts wait. {}", open.why)),
    };
    Notice {
        kind: kind.to_owned(),
        urgent: true,
        text,
        next_step: format!("It is tried again {when}; nothing is lost. Please call where it can't wait."),
    }
}

async fn budget(s: &Services, db: &impl ConnectionTrait, b: &business::Model) -> Result<Option<Notice>> {
    let Some(it) = spend::reached(db, b, s.now()).await? else {
        return Ok(None);
    };
    let (of, percent) = (format!("{} of {}", dollars(it.spent), dollars(it.budget)), it.percent);
    Ok(Some(if it.used_up {
        Notice {
            kind: "budget_used".to_owned(),
            urgent: true,
            text: format!("This month's budget for texts is used up ({of}). Reminders wait; replies still go out."),
            next_step: "Raise the budget in Settings, or call the customers.".to_owned(),
        }
    } else {
        Notice {
            kind: "budget_alert".to_owned(),
            urgent: false,
            text: format!("{percent} % of this month's budget for texts is used ({of})."),
            next_step: "At 100 % everything but replies waits. The budget is in Settings.".to_owned(),
        }
    }))
}
