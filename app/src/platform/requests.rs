//! Numbers that businesses ask for: buying one, giving one that is owned already, or saying no with a reason.

use contract::numbers::{CandidateView, OpenRequestView};
use leptos::prelude::*;
use leptos_meta::Title;
use uuid::Uuid;

use super::{flash, utc};
use crate::{
    components::{Awaited, Empty},
    error::AppError,
    forms::{Area, Choice, Field, FormNote, FormState, Submit},
};

#[cfg(feature = "ssr")]
use crate::ssr;

/// The page.
#[cfg(feature = "ssr")]
const HERE: &str = "/platform/numbers";

/// A request, and what could be bought for it now; why nothing, where that can't be asked.
type Offer = (OpenRequestView, Result<Vec<CandidateView>, String>);

/// Requests that Twilio is asked about for one page.
#[cfg(feature = "ssr")]
const ASKED: usize = 5;

#[cfg(feature = "ssr")]
async fn decider() -> Result<(services::Services, services::Actor), AppError> {
    let (s, admin) = ssr::platform().await?;
    let actor = admin.actor(Uuid::nil());
    Ok((s, actor))
}

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn open_number_requests() -> Result<Vec<Offer>, AppError> {
    let (s, actor) = decider().await?;
    let mut offers = Vec::new();
    for (at, open) in services::numbers::requests::open(&s, &actor).await?.into_iter().enumerate() {
        let found = if at < ASKED {
            let found = services::numbers::requests::available(&s, &actor, open.request.id).await;
            found.map_err(|cause| cause.problem().detail)
        } else {
            Err("Decide about those above first; then it is looked what can be bought for this one.".to_owned())
        };
        offers.push((open, found));
    }
    Ok(offers)
}

/// Buys this number at Twilio.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn buy_number(id: Uuid, number: String) -> Result<(), AppError> {
    let form = ssr::Form::new(format!("buy-{id}"), HERE).typed("number", &number);
    let work = async move {
        let (s, actor) = decider().await?;
        services::numbers::requests::approve_buying(&s, &actor, id, &number).await?;
        Ok(())
    };
    ssr::post_form(form, work, |_| None).await
}

/// Gives a number that is owned already, as typed.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn give_owned_number(id: Uuid, number: String) -> Result<(), AppError> {
    let form = ssr::Form::new(format!("give-{id}"), HERE).typed("number", &number);
    let work = async move {
        let (s, actor) = decider().await?;
        services::numbers::requests::approve_owned(&s, &actor, id, &number).await?;
        Ok(())
    };
    ssr::post_form(form, work, |_| None).await
}

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn refuse_number(id: Uuid, why: String) -> Result<(), AppError> {
    let form = ssr::Form::new(format!("refuse-{id}"), HERE).typed("why", &why);
    let work = async move {
        let (s, actor) = decider().await?;
        services::numbers::requests::reject(&s, &actor, id, &why).await?;
        Ok(())
    };
    ssr::post_form(form, work, |_| None).await
}

#[component]
pub fn RequestsPage() -> impl IntoView {
    let decided = RwSignal::new(0);
    let found = Resource::new_blocking(move || decided.get(), |_| open_number_requests());
    let body = move |offers: Vec<Offer>| {
        if offers.is_empty() {
            return view! { <Empty title="Nobody asks for a number" next_step="Owners and admins ask under Settings, Numbers." /> }.into_any();
        }
        let one = |offer| view! { <Request offer decided /> };
        view! { <ul class="flex flex-col gap-4">{offers.into_iter().map(one).collect_view()}</ul> }.into_any()
    };
    view! {
        <Title text="Number requests" />
        <h1>"Number requests"</h1>
        <Awaited from=found view=body />
    }
}

#[component]
fn Request(offer: Offer, decided: RwSignal<u32>) -> impl IntoView {
    let (open, found) = offer;
    let id = open.request.id;
    let (buy, give, refuse) = (
        ServerAction::<BuyNumber>::new(),
        ServerAction::<GiveOwnedNumber>::new(),
        ServerAction::<RefuseNumber>::new(),
    );
    let buy_form = FormState::new(&format!("buy-{id}"), buy, flash());
    let give_form = FormState::new(&format!("give-{id}"), give, flash());
    let refuse_form = FormState::new(&format!("refuse-{id}"), refuse, flash());
    Effect::new(move |_| {
        let done = [buy.value().get(), give.value().get(), refuse.value().get()];
        if done.iter().any(|answer| matches!(answer, Some(Ok(())))) {
            decided.update(|n| *n += 1);
        }
    });
    let place = open.location.clone().map(|place| format!(", {place}")).unwrap_or_default();
    let asked = format!("{} asked on {}.", open.request.asked_by, utc(open.request.created_at));
    let before = open
        .request
        .reason
        .clone()
        .map(|why| view! { <p class="text-sm text-error">{why}</p> });
    let buying = match found {
        Ok(numbers) if !numbers.is_empty() => {
            let option = |one: CandidateView| {
                let words = [one.phone_display, one.place, one.needs]
                    .into_iter()
                    .filter(|part| !part.is_empty());
                (one.phone, words.collect::<Vec<_>>().join(" · "))
            };
            let options: Vec<(String, String)> = numbers.into_iter().map(option).collect();
            view! {
                <ActionForm action=buy attr:class="flex flex-col gap-2">
                    <FormNote form=buy_form saved="It is theirs now." />
                    <input type="hidden" name="id" value=id.to_string() />
                    <Choice form=buy_form name="number" label="Buy one at Twilio" options required=true />
                    <div>
                        <Submit form=buy_form label="Buy and give it" />
                    </div>
                </ActionForm>
            }
            .into_any()
        }
        Ok(_) => view! { <p class="text-sm text-muted">"Twilio has no such number to sell just now."</p> }.into_any(),
        Err(why) => view! { <p class="text-sm text-muted">{why}</p> }.into_any(),
    };
    view! {
        <li class="panel flex flex-col gap-4 p-5" data-request=id.to_string()>
            <div>
                <h2>{format!("{}{place}", open.business)}</h2>
                <p>{open.request.wish.clone()}</p>
                <p class="text-sm text-muted">{asked}</p>
                {before}
            </div>
            {buying}
            <ActionForm action=give attr:class="flex flex-col gap-2">
                <FormNote form=give_form saved="It is theirs now." />
                <input type="hidden" name="id" value=id.to_string() />
                <Field form=give_form name="number" label="Or one that the account has already" kind="tel" required=true />
                <div>
                    <Submit form=give_form label="Give it" />
                </div>
            </ActionForm>
            <ActionForm action=refuse attr:class="flex flex-col gap-2">
                <FormNote form=refuse_form saved="Refused." />
                <input type="hidden" name="id" value=id.to_string() />
                <Area form=refuse_form name="why" label="Or say no" hint="The business reads this." required=true />
                <div>
                    <Submit form=refuse_form label="Refuse" />
                </div>
            </ActionForm>
        </li>
    }
}
