//! WhatsApp: whether messages leave from each sender, and whether the texts that may go at any time are approved.

use crate::whatsapp::Approval;

use super::{Facts, Line, Sender, Status, Wording};

const PAGE: &str = "/settings/numbers";

/// None for a business that is not on WhatsApp.
pub(super) fn lines(facts: &Facts) -> Vec<Line> {
    if facts.senders.is_empty() {
        return Vec::new();
    }
    let mut lines: Vec<Line> = facts.senders.iter().map(sender).collect();
    lines.extend(facts.wordings.iter().map(wording));
    lines
}

fn sender(sender: &Sender) -> Line {
    let line = Line::new(
        format!("whatsapp:{}", sender.phone),
        format!("WhatsApp sender {}", sender.shown),
    );
    match &sender.trouble {
        None => line.seen(Status::Ok, "It is online at WhatsApp."),
        Some(why) => line
            .seen(Status::Fail, why.clone())
            .fix("See what to do beside the sender.", PAGE),
    }
}

fn wording(wording: &Wording) -> Line {
    let line = Line::new(
        format!("template:{}:{}", wording.kind, wording.language),
        format!("“{}” as a WhatsApp template ({})", wording.label, wording.language),
    );
    let why = wording.reason.as_deref().map(|why| format!(" {why}")).unwrap_or_default();
    let seen = format!("{}{why}", wording.state.label());
    match wording.state {
        Approval::Approved if wording.is_current => line.seen(Status::Ok, seen),
        Approval::Approved => line
            .seen(
                Status::Warn,
                "What is approved is not what the text says now: the old words go out.",
            )
            .fix("Hand in what it says now.", PAGE),
        // Nobody has to do anything but wait.
        Approval::Submitted | Approval::Received | Approval::Pending => line.seen(Status::Skipped, seen),
        Approval::Draft => line
            .seen(
                Status::Warn,
                "It is not handed in: nobody gets it who has not written on WhatsApp for 24 hours.",
            )
            .fix("Hand it in for approval.", PAGE),
        Approval::Paused => line
            .seen(Status::Warn, seen)
            .fix("Text fewer people by it, or change what it says.", PAGE),
        Approval::Rejected | Approval::Disabled | Approval::Unclear => line
            .seen(Status::Warn, seen)
            .fix("Change what it says, and hand it in again.", PAGE),
    }
}
