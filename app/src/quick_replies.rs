//! Quick replies: texts that staff send with a few keys, and macros, which do something besides.

mod page;

pub use page::QuickRepliesPage;

use contract::{
    conversations::MemberName,
    quick_replies::{Actions, CarriedOut, QuickReplies, QuickReplyView},
};
use domain::snooze;
use leptos::{prelude::*, task::spawn_local};
use uuid::Uuid;

use crate::error::AppError;

#[cfg(feature = "ssr")]
use crate::ssr;

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn list_quick_replies() -> Result<QuickReplies, AppError> {
    Ok(services::quick_replies::list(&ssr::services()?, &ssr::actor().await?).await?)
}

/// A text and what is to be done besides, in one go.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn carry_out(
    conversation_id: Uuid,
    body: String,
    correlation_id: Uuid,
    #[server(default)] after: Option<Uuid>,
    #[server(default)] actions: Actions,
) -> Result<CarriedOut, AppError> {
    let command = contract::quick_replies::CarryOut {
        body,
        correlation_id,
        after_message_id: after,
        actions,
    };
    let (s, actor) = (ssr::services()?, ssr::actor().await?);
    Ok(services::quick_replies::carry_out(&s, &actor, conversation_id, command).await?)
}

/// Those of the business, read when somebody wants one, and the one that was chosen elsewhere for the open composer.
#[derive(Clone, Copy)]
pub struct Quick {
    pub all: RwSignal<QuickReplies>,
    pub chosen: RwSignal<Option<QuickReplyView>>,
    /// What there is is not known yet.
    pub reading: RwSignal<bool>,
}

impl Quick {
    pub fn new() -> Self {
        Self {
            all: RwSignal::new(QuickReplies::default()),
            chosen: RwSignal::new(None),
            reading: RwSignal::new(false),
        }
    }

    /// As they are now; what was known before stays if they can't be read.
    pub fn read(self) {
        self.reading.set(true);
        spawn_local(async move {
            if let Ok(all) = list_quick_replies().await {
                self.all.try_set(all);
            }
            self.reading.try_set(false);
        });
    }
}

/// What actions do, in words.
pub fn besides(actions: &Actions, members: &[MemberName]) -> Vec<String> {
    let mut words = Vec::new();
    match actions.assign.as_deref() {
        None => {}
        Some("me") => words.push("assign to me".to_owned()),
        Some(who) => {
            let name = members.iter().find(|m| m.account_id.to_string() == who);
            words.push(format!("assign to {}", name.map_or("somebody who has left", |m| &m.name)));
        }
    }
    if let Some(tag) = &actions.tag {
        words.push(format!("tag the person “{tag}”"));
    }
    if let Some(task) = &actions.task {
        words.push(format!("add the task “{task}”"));
    }
    match actions.afterwards.as_deref() {
        None => {}
        Some("close") => words.push("close the conversation".to_owned()),
        Some(offer) => {
            let offered = snooze::OFFERS.iter().find(|(word, _)| *word == offer);
            words.push(format!("snooze: {}", offered.map_or(offer, |(_, words)| *words)));
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_macro_says_what_it_does() {
        let actions = Actions {
            assign: Some("me".to_owned()),
            tag: Some("vip".to_owned()),
            task: Some("Call".to_owned()),
            afterwards: Some("visit".to_owned()),
        };
        let words = besides(&actions, &[]);
        assert_eq!(
            words,
            [
                "assign to me",
                "tag the person “vip”",
                "add the task “Call”",
                "snooze: Until the visit"
            ]
        );
        assert!(besides(&Actions::default(), &[]).is_empty());
    }
}
