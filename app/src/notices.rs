//! Banners over every page: what keeps texts from going out, or soon will.

use contract::{live::LiveEvent, notices::Notice};
use leptos::{prelude::*, task::spawn_local};

use crate::{components::Icon, error::AppError, session::use_session};

#[cfg(feature = "ssr")]
use crate::ssr;

/// Shown at once; the others open on demand.
const SHOWN: usize = 3;

#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn list_notices() -> Result<Vec<Notice>, AppError> {
    Ok(services::pages::notices::list(&ssr::services()?, &ssr::actor().await?).await?)
}

/// A banner, and whether it has come while the page was open: only then is it read out.
#[derive(Clone, PartialEq)]
struct Shown {
    notice: Notice,
    is_new: bool,
}

/// The banners as they are now. The same fault with another time to try again is not news.
fn replaced(before: &[Shown], now: &[Notice]) -> Vec<Shown> {
    let known = |notice: &Notice| {
        before
            .iter()
            .find(|old| old.notice.kind == notice.kind && old.notice.text == notice.text)
    };
    now.iter()
        .map(|notice| Shown {
            is_new: known(notice).is_none_or(|old| old.is_new),
            notice: notice.clone(),
        })
        .collect()
}

#[component]
pub fn Banners() -> impl IntoView {
    let session = use_session();
    let first = session.notices.with_untracked(|notices| {
        notices
            .iter()
            .map(|notice| Shown {
                notice: notice.clone(),
                is_new: false,
            })
            .collect::<Vec<_>>()
    });
    let banners = RwSignal::new(first);
    let take = move |notices: &[Notice]| {
        session.notices.try_set(notices.to_vec());
        banners.try_update(|all| *all = replaced(all, notices));
    };
    session.live.listen(move |event| {
        if let LiveEvent::Notices(notices) = event {
            take(notices);
        }
    });
    let read_again = move |_: &u32, _: Option<&u32>, _| {
        spawn_local(async move {
            if let Ok(notices) = list_notices().await {
                take(&notices);
            }
        });
    };
    Effect::watch(move || session.live.resync.get(), read_again, false);
    let top = move || banners.with(|all| all.iter().take(SHOWN).cloned().collect::<Vec<_>>());
    let rest = move || banners.with(|all| all.iter().skip(SHOWN).cloned().collect::<Vec<_>>());
    let more = move || format!("and {} more", rest().len());
    // Over half a phone's screen they scroll, which must be possible by keyboard.
    let stop = move || (banners.read().len() > 1).then_some("0");
    view! {
        <section
            aria-label="Notices"
            class="max-h-[40dvh] shrink-0 overflow-y-auto border-b border-base-300 bg-base-200 p-2"
            class:hidden=move || banners.read().is_empty()
            tabindex=stop
        >
            <ul class="flex flex-col gap-2">
                <For each=top key=key let:shown>
                    <Banner shown />
                </For>
            </ul>
            <details class="pt-1" class:hidden=move || banners.read().len() <= SHOWN>
                <summary class="flex min-h-11 items-center px-2 text-sm font-semibold md:min-h-8">{more}</summary>
                <ul class="flex flex-col gap-2 pt-1">
                    <For each=rest key=key let:shown>
                        <Banner shown />
                    </For>
                </ul>
            </details>
        </section>
    }
}

fn key(shown: &Shown) -> String {
    let Notice {
        kind,
        urgent,
        text,
        next_step,
    } = &shown.notice;
    format!("{kind} {urgent} {text} {next_step}")
}

#[component]
fn Banner(shown: Shown) -> impl IntoView {
    let Shown { notice, is_new } = shown;
    let (class, icon) = if notice.urgent {
        ("notice notice-error flex items-start gap-2.5", icondata::LuOctagonAlert)
    } else {
        ("notice notice-warning flex items-start gap-2.5", icondata::LuTriangleAlert)
    };
    let role = (notice.urgent && is_new).then_some("alert");
    view! {
        <li data-notice=notice.kind>
            <div class=class role=role>
                <span class="pt-0.5">
                    <Icon icon />
                </span>
                <p class="min-w-0 text-sm">
                    <strong class="font-semibold">{notice.text}</strong>
                    " "
                    {notice.next_step}
                </p>
            </div>
        </li>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn notice(text: &str, next_step: &str) -> Notice {
        Notice {
            kind: "account_breaker".to_owned(),
            urgent: true,
            text: text.to_owned(),
            next_step: next_step.to_owned(),
        }
    }

    #[test]
    fn only_what_was_not_there_is_news() {
        let there = [Shown {
            notice: notice("Texts wait.", "Again at 3:00 PM."),
            is_new: false,
        }];
        let now = replaced(
            &there,
            &[notice("Texts wait.", "Again at 3:05 PM."), notice("Another thing.", "")],
        );
        assert_eq!(now.iter().map(|s| s.is_new).collect::<Vec<_>>(), [false, true]);
        assert_eq!(now[0].notice.next_step, "Again at 3:05 PM.");
        assert!(replaced(&now, &[]).is_empty());
    }
}
