//! What is being done, and what is not.

use chrono::Duration;
use contract::platform::{Check, CheckStatus as Status};
use services::doctor;

use super::{Patient, found, ok};

/// A text that nothing holds back and that has waited for so long is a fault.
const FAR_TOO_LATE: Duration = Duration::minutes(15);

fn broken(name: &str, cause: &services::Error) -> Check {
    found(Status::Fail, name, cause.to_string(), "Look at the database first.")
}

pub(super) async fn queue(patient: &Patient, name: &str) -> Option<Check> {
    let facts = match doctor::queue(patient.services.as_ref()?).await {
        Ok(facts) => facts,
        Err(cause) => return Some(broken(name, &cause)),
    };
    let waits = facts.oldest.map(|since| patient.now - since);
    let mut said = Vec::new();
    if let Some(waits) = waits {
        said.push(format!(
            "a text has waited for {} minutes that nothing holds back",
            waits.num_minutes()
        ));
    }
    if facts.stuck > 0 {
        said.push(format!(
            "{} texts are being called for and were not heard of any more",
            facts.stuck
        ));
    }
    if facts.unknown > 0 {
        said.push(format!("of {} texts it is not known whether they left", facts.unknown));
    }
    if said.is_empty() {
        return Some(ok(name, "Nothing waits that could go, and nothing is stuck or unclear."));
    }
    let status = if waits.is_some_and(|waits| waits > FAR_TOO_LATE) || facts.stuck > 0 {
        Status::Fail
    } else {
        Status::Warn
    };
    let detail = sentence(&said.join("; "));
    let fix = "Look whether `showup serve` or `showup worker` runs, and into its log; unclear texts are looked up by itself, then asked about in Tasks.";
    Some(found(status, name, detail, fix))
}

fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|c| c.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", chars.as_str())
}

pub(super) async fn reminders(patient: &Patient, name: &str) -> Option<Check> {
    Some(match doctor::queue(patient.services.as_ref()?).await {
        Ok(facts) if facts.overdue == 0 => ok(name, "Every reminder that is due became a text."),
        Ok(facts) => found(
            Status::Fail,
            name,
            format!("{} reminders are due and did not become texts.", facts.overdue),
            "Look whether `showup serve` or `showup worker` runs, and into its log.",
        ),
        Err(cause) => broken(name, &cause),
    })
}

pub(super) async fn breakers(patient: &Patient, name: &str) -> Option<Check> {
    let open = match doctor::open_breakers(patient.services.as_ref()?).await {
        Ok(open) => open,
        Err(cause) => return Some(broken(name, &cause)),
    };
    if open.is_empty() {
        return Some(ok(name, "Nothing holds texts back."));
    }
    let each: Vec<String> = open.iter().map(|(scope, why)| format!("{scope}: {why}")).collect();
    let fix = "Texts wait and are tried again by themselves; put right what is said there.";
    Some(found(Status::Warn, name, each.join(" "), fix))
}

pub(super) async fn ledger(patient: &Patient, name: &str) -> Option<Check> {
    Some(match doctor::ledger_heads(patient.services.as_ref()?).await {
        Ok((broken, looked)) if broken.is_empty() => ok(
            name,
            format!("The last rows of {looked} businesses are what they were; `showup admin verify-ledger` reads all."),
        ),
        Ok((broken, _)) => found(
            Status::Fail,
            name,
            format!("The last row is not what it was: {}.", broken.join(", ")),
            "Run `showup admin verify-ledger`, and compare with a backup.",
        ),
        Err(cause) => self::broken(name, &cause),
    })
}

pub(super) async fn self_tests(patient: &Patient, name: &str) -> Option<Check> {
    Some(match doctor::self_tests(patient.services.as_ref()?).await {
        Ok((_, 0)) => return None,
        Ok((failing, all)) if failing.is_empty() => ok(
            name,
            format!("The last self-tests of {all} businesses found nothing that fails."),
        ),
        Ok((failing, _)) => found(
            Status::Warn,
            name,
            format!("Something fails in the last self-test of {}.", failing.join(", ")),
            "Each business sees under Settings, Self-test what it is and what to do.",
        ),
        Err(cause) => broken(name, &cause),
    })
}

pub(super) async fn suspended(patient: &Patient, name: &str) -> Option<Check> {
    Some(match doctor::suspended(patient.services.as_ref()?).await {
        Ok(0) => return None,
        Ok(n) => ok(name, format!("{n} are suspended: nothing leaves them.")),
        Err(cause) => broken(name, &cause),
    })
}
