//! What staff read in a mail: what is the matter, whether anything is lost, what to do, and where.

use domain::{phone, prices::dollars, words};
use entity::{businesses::business, numbers::number_request};
use uuid::Uuid;

use super::store::Said;
use crate::channels::email::Letter;

/// Most of a business's name in a subject; more is cut off by whoever shows it.
const NAME: usize = 60;

pub(super) fn test(b: &business::Model, url: &str) -> Said {
    let letter = Letter::default()
        .paragraph(format!(
            "This is the test mail that you asked for. That you can read it means that e-mail works: Showup will write to the owners and \
             admins of {} when texts can't go out, and when the month's budget for texts is nearly used.",
            name(b)
        ))
        .button("Open Settings", format!("{url}/settings"));
    said(b, "a test mail from Showup", letter)
}

/// `number`: only those from this one.
pub(super) fn texts_wait(b: &business::Model, url: &str, number: Option<&str>, why: &str) -> Said {
    let which = texts(b, number);
    let letter = Letter::default()
        .paragraph(format!("{which} can't go out just now. {why}").trim())
        .paragraph("They wait, nothing is lost, and Showup tries again by itself. Please call people where it can't wait.")
        .button("See what waits", format!("{url}/log"))
        .link("Settings", format!("{url}/settings"));
    said(b, "texts wait", letter)
}

pub(super) fn texts_go_again(b: &business::Model, url: &str, number: Option<&str>) -> Said {
    let which = texts(b, number);
    let letter = Letter::default()
        .paragraph(format!(
            "{which} go out again. What waited and still makes sense is on its way."
        ))
        .button("See what was sent", format!("{url}/log"));
    said(b, "texts go out again", letter)
}

pub(super) fn budget_alert(b: &business::Model, url: &str, spent: i64, budget: i64) -> Said {
    let percent = i128::from(spent) * 100 / i128::from(budget.max(1));
    let letter = Letter::default()
        .paragraph(format!(
            "{percent} % of this month's budget for texts is used: {} of {}.",
            dollars(spent),
            dollars(budget)
        ))
        .paragraph("At 100 % everything but replies waits for the next month or a higher budget.")
        .button("Open Settings", format!("{url}/settings"));
    said(b, &format!("{percent} % of the budget for texts is used"), letter)
}

pub(super) fn budget_used(b: &business::Model, url: &str, spent: i64, budget: i64) -> Said {
    let letter = Letter::default()
        .paragraph(format!(
            "This month's budget for texts is used up: {} of {}. Reminders wait; replies still go out.",
            dollars(spent),
            dollars(budget)
        ))
        .paragraph("Please raise the budget in Settings, or call the customers.")
        .button("Open Settings", format!("{url}/settings"));
    said(b, "the budget for texts is used up", letter)
}

pub(super) fn number_request(b: &business::Model, url: &str, row: &number_request::Model) -> Said {
    let page = format!("{url}/settings/numbers");
    match &row.phone {
        Some(number) => {
            let number = phone::display(number, &b.country);
            let letter = Letter::default()
                .paragraph(format!("Your request for a number was granted: {number} is yours now, and texts can leave from it."))
                .paragraph("Before texts to the US are delivered, the number has to be registered with the carriers. Settings show how it stands.")
                .button("See your numbers", page);
            said(b, "your new number is there", letter)
        }
        None => {
            let why = row.why.as_deref().unwrap_or_default();
            let letter = Letter::default()
                .paragraph(format!("Your request for a number was not granted. {why}").trim())
                .button("See your requests", page);
            said(b, "no new number", letter)
        }
    }
}

pub(super) fn suspended(b: &business::Model, url: &str, why: &str) -> Said {
    let letter = Letter::default()
        .paragraph(format!("{} was suspended by whoever runs this installation of Showup: {why}", name(b)))
        .paragraph(
            "No text leaves until it is resumed: reminders wait, and replies can't be sent. What customers write is still stored and shown, \
             and a STOP still counts. Nothing is deleted. Please call customers where it can't wait.",
        )
        .button("Open Showup", url.to_owned());
    said(b, "suspended", letter)
}

pub(super) fn resumed(b: &business::Model, url: &str) -> Said {
    let letter = Letter::default()
        .paragraph(format!(
            "{} is not suspended any more. What waited and still makes sense goes out; what came too late stands in the log.",
            name(b)
        ))
        .button("See what waits", format!("{url}/log"));
    said(b, "resumed", letter)
}

pub(super) fn looked_into(b: &business::Model, url: &str, who: &str, why: &str, until: &str) -> Said {
    let letter = Letter::default()
        .paragraph(format!(
            "{who}, who runs this installation of Showup, looks into {} until {until}, and gave this reason: {why}",
            name(b)
        ))
        .paragraph(
            "They can read conversations, people and visits, and can change or send nothing. It stands in your audit trail.",
        )
        .button("Open Showup", url.to_owned());
    said(b, "somebody who runs the installation looks in", letter)
}

pub(super) fn webhook_disabled(b: &business::Model, url: &str, id: Uuid, host: &str, why: &str) -> Said {
    let letter = Letter::default()
        .paragraph(format!("The webhook of {} to {host} is switched off. {why}", name(b)))
        .paragraph(
            "What happens from now on waits for 30 days and is posted once you switch it on again. Texts are not concerned.",
        )
        .button("Look at the webhook", format!("{url}/settings/webhooks/{id}"));
    said(b, &format!("the webhook to {host} is switched off"), letter)
}

fn texts(b: &business::Model, number: Option<&str>) -> String {
    number.map_or_else(
        || format!("Texts of {}", name(b)),
        |number| format!("Texts from {}", phone::display(number, &b.country)),
    )
}

fn name(b: &business::Model) -> String {
    words::line(&b.name).chars().take(NAME).collect()
}

fn said(b: &business::Model, subject: &str, letter: Letter) -> Said {
    let name = name(b);
    Said {
        subject: format!("{name}: {subject}"),
        letter: letter.small(format!("You get this because you are an owner or an admin of {name}.")),
    }
}
