//! Texts to customers, those on WhatsApp with how far their approval has come.

use contract::templates::{ApprovalView, TemplateQuery, TemplateView};
use domain::{
    templates::{Channel, Which},
    whatsapp::{Approval, KINDS},
};

use crate::{
    kernel::{Actor, Result, Services},
    templates, twins,
};

/// The texts of the actor's business, own and built-in, in the order of kinds.
///
/// # Errors
/// `NotAllowed`; `Invalid` for a kind, channel or language that there is none of.
pub async fn list(s: &Services, actor: &Actor, query: TemplateQuery) -> Result<Vec<TemplateView>> {
    let mut all = templates::list(s, actor, query).await?;
    approvals(s, actor, &mut all).await?;
    Ok(all)
}

/// One text.
///
/// # Errors
/// `NotAllowed`.
pub async fn get(s: &Services, actor: &Actor, which: Which) -> Result<TemplateView> {
    let mut one = [templates::get(s, actor, which).await?];
    approvals(s, actor, &mut one).await?;
    let [one] = one;
    Ok(one)
}

async fn approvals(s: &Services, actor: &Actor, all: &mut [TemplateView]) -> Result<()> {
    let handed_in =
        |one: &&mut TemplateView| one.channel == Channel::Whatsapp.as_str() && KINDS.iter().any(|kind| kind.as_str() == one.kind);
    let mut ours = all.iter_mut().filter(handed_in).peekable();
    if ours.peek().is_none() {
        return Ok(());
    }
    let newest = twins::newest(s, actor.business_id).await?;
    for one in ours {
        let row = newest.get(&(one.kind.clone(), one.language.clone()));
        let state = row.map_or(Approval::Draft, twins::approval);
        one.approval = Some(ApprovalView {
            state: state.as_str().to_owned(),
            words: state.label().to_owned(),
            reason: row.and_then(|row| row.rejection.clone()),
            is_current: row.is_some_and(|row| row.body == one.body),
        });
    }
    Ok(())
}
