//! What stands around every page of a signed-in person: the rail, the account menu, notices.

use std::time::Duration;

use contract::live::LiveEvent;
use leptos::{ev::SubmitEvent, html, prelude::*, server_fn::ServerFn, task::spawn_local};
use leptos_meta::Title;
use leptos_router::{
    components::{A, Outlet},
    hooks::use_location,
};

use crate::{
    accounts::{self, SignOut, SwitchBusiness},
    browser,
    components::{Awaited, Icon},
    keys::{self, Bar, Keys},
    notices::Banners,
    platform::EndLook,
    quick_replies::Quick,
    session::{Session, SessionView, use_session},
};

const TICK: Duration = Duration::from_secs(20);

/// Reads who is signed in, once, and draws the frame with the page in it.
#[component]
pub fn Layout() -> impl IntoView {
    let session = Resource::new_blocking(|| (), |()| accounts::session());
    view! { <Awaited from=session view=|view| view! { <Framed view /> } /> }
}

#[component]
fn Framed(view: SessionView) -> impl IntoView {
    let session = Session::new(view);
    provide_context(session);
    provide_context(Bar::new());
    provide_context(Quick::new());
    keep_current(session);
    view! {
        <a href="#main" rel="external" class="skip-link">
            "Skip to content"
        </a>
        <div class="grid h-dvh print:block print:h-auto grid-rows-[auto_minmax(0,1fr)_auto] md:grid-cols-[13rem_minmax(0,1fr)] md:grid-rows-[auto_minmax(0,1fr)]">
            <Head />
            <Sidebar />
            <div class="row-start-2 flex min-h-0 min-w-0 flex-col md:col-start-2 md:row-span-2 md:row-start-1">
                <Looking />
                <Banners />
                <main id="main" tabindex="-1" class="relative min-h-0 flex-1 overflow-y-auto bg-base-100 print:overflow-visible">
                    <Notices />
                    <Outlet />
                </main>
            </div>
        </div>
        <Keys />
        <div class="sr-only" aria-live="polite">
            {session.said}
        </div>
    }
}

/// Somebody who runs the installation looks into this business, and can go back.
#[component]
fn Looking() -> impl IntoView {
    let looking = use_session().me.with_value(|me| me.looking.then_some(me.business.id));
    looking.map(|business| {
        view! {
            <div role="status" class="notice notice-warning m-3 flex flex-wrap items-center gap-3">
                <p class="flex-1">"You look into this business. You can read, and change or send nothing."</p>
                <form method="post" action=EndLook::url()>
                    <input type="hidden" name="id" value=business.to_string() />
                    <button type="submit" class="btn btn-sm min-h-11">
                        "End the look"
                    </button>
                </form>
            </div>
        }
    })
}

/// The stream, the clock and the counts of an open page.
fn keep_current(session: Session) {
    Effect::new(move |_| {
        let (business, account) = session.me.with_value(|me| (me.business.id, me.account_id));
        // Who only looks into a business gets no stream of it.
        if !session.me.with_value(|me| me.looking) {
            session.live.connect(business, account);
        }
    });
    Effect::new(move |_| {
        // The server's clock goes on here, however wrong this machine's is.
        let offset = session.now.get_untracked() - browser::now();
        let ticking = set_interval_with_handle(move || session.now.set(browser::now() + offset), TICK);
        on_cleanup(move || {
            if let Ok(ticking) = ticking {
                ticking.clear();
            }
        });
    });
    session.live.refetch_on(
        |event| matches!(event, LiveEvent::Conversation(_) | LiveEvent::Task(_) | LiveEvent::Notices(_)),
        move || {
            spawn_local(async move {
                if let Ok(me) = accounts::who_am_i().await {
                    session.counts.try_set(me.counts);
                    session.open_tasks.try_set(me.open_tasks);
                    session.notifications.try_set(me.notifications);
                }
            });
        },
    );
    Effect::new(move |_| browser::pwa::badge(session.counts.read().needs_answer));
    let path = use_location().pathname;
    Effect::watch(move || path.get(), move |_, _, _| session.forget_flash(), false);
}

#[component]
fn Head() -> impl IntoView {
    let session = use_session();
    let (name, role) = session
        .me
        .with_value(|me| (me.name.clone(), if me.looking { "looking in" } else { me.role.as_str() }));
    let platform = session.me.with_value(|me| me.platform_admin);
    let menu = NodeRef::<html::Details>::new();
    let bar = expect_context::<Bar>();
    // There is no bar before a script runs.
    let scripted = RwSignal::new(false);
    Effect::new(move |_| scripted.set(true));
    let path = use_location().pathname;
    let close = move |_: &String, _: Option<&String>, _| {
        if let Some(menu) = menu.get_untracked() {
            menu.set_open(false);
        }
    };
    Effect::watch(move || path.get(), close, false);
    let leave = move |event: SubmitEvent| {
        event.prevent_default();
        let ending = session.live.ending();
        // What is told of customers is not for whoever uses this browser next.
        browser::pwa::turn_off();
        spawn_local(async move {
            match accounts::sign_out().await {
                Ok(()) => ending(),
                Err(error) => _ = session.problem.try_set(Some(error.0)),
            }
        });
    };
    view! {
        <header class="row-start-1 flex print:hidden items-center gap-2 border-b border-base-300 px-3 py-1.5 md:col-start-1 md:flex-col md:items-stretch md:border-e md:py-3">
            <p class="min-w-0 flex-1 truncate font-semibold md:px-2">{move || session.business.read().name.clone()}</p>
            <details node_ref=menu class="menu-box">
                <summary class="btn btn-ghost btn-sm min-h-11 w-full justify-start md:min-h-9">
                    <Icon icon=icondata::LuCircleUser />
                    "Account"
                    // On a phone the list of notifications is in here.
                    <span class="badge badge-primary badge-sm tabular md:hidden" class:hidden=move || session.notifications.get() == 0>
                        {move || session.notifications.get()}
                        <span class="sr-only">" new notifications"</span>
                    </span>
                </summary>
                <div class="md:start-0 md:end-auto">
                    <p class="px-2 pt-1 font-semibold">{name}</p>
                    <p class="px-2 text-sm text-muted capitalize">{role}</p>
                    <a class="link mx-2 mb-2 text-sm" href="/notifications#availability">
                        {move || if session.away.get() { "You are away" } else { "Available" }}
                    </a>
                    <Elsewhere />
                    <a class="btn btn-ghost btn-sm min-h-11 w-full justify-start md:min-h-9" href="/account">
                        <Icon icon=icondata::LuUserCog />
                        "Your account"
                    </a>
                    {platform.then(|| {
                        view! {
                            <a class="btn btn-ghost btn-sm min-h-11 w-full justify-start md:min-h-9" href="/platform" rel="external">
                                <Icon icon=icondata::LuServer />
                                "This installation"
                            </a>
                        }
                    })}
                    <MenuLink href="/waitlist" icon=icondata::LuHourglass label="Waitlist" />
                    <MenuLink href="/search" icon=icondata::LuSearch label="Search" />
                    <MenuLink href="/notifications" icon=icondata::LuBell label="Notifications" />
                    <MenuLink href="/log" icon=icondata::LuScrollText label="Message log" />
                    <MenuLink href="/reviews" icon=icondata::LuStar label="Reviews" />
                    <MenuLink href="/reports" icon=icondata::LuChartColumn label="Reports" />
                    <MenuLink href="/settings" icon=icondata::LuSettings label="Settings" />
                    <a class="btn btn-ghost btn-sm min-h-11 w-full justify-start md:min-h-9" href="/tasks/new" aria-keyshortcuts="t">
                        <Icon icon=icondata::LuListPlus />
                        "New task"
                    </a>
                    <button
                        type="button"
                        class="btn btn-ghost btn-sm min-h-11 w-full justify-start md:min-h-9"
                        class:hidden=move || !scripted.get()
                        aria-keyshortcuts=keys::aria("Control+k")
                        title=keys::hint("Control+k")
                        on:click=move |_| {
                            if let Some(menu) = menu.get_untracked() {
                                menu.set_open(false);
                            }
                            bar.toggle();
                        }
                    >
                        <Icon icon=icondata::LuCommand />
                        "Commands"
                    </button>
                    <button type="button" class="btn btn-ghost btn-sm min-h-11 w-full justify-start max-md:hidden md:min-h-9" commandfor="keys" command="show-modal">
                        <Icon icon=icondata::LuKeyboard />
                        "Keys"
                    </button>
                    <form method="post" action=SignOut::url() on:submit=leave>
                        <button type="submit" class="btn btn-ghost btn-sm min-h-11 w-full justify-start md:min-h-9">
                            <Icon icon=icondata::LuLogOut />
                            "Sign out"
                        </button>
                    </form>
                </div>
            </details>
        </header>
    }
}

/// Where else the person works. Everything on the page is another business's then, in every tab, so that all of them load anew.
#[component]
fn Elsewhere() -> impl IntoView {
    let session = use_session();
    let others = session.me.with_value(|me| me.elsewhere.clone());
    let list = others
        .into_iter()
        .map(|one| {
            let id = one.id;
            let go = move |event: SubmitEvent| {
                event.prevent_default();
                let ending = session.live.ending();
                spawn_local(async move {
                    match accounts::switch_business(id).await {
                        Ok(()) => {
                            ending();
                            browser::go("/today");
                        }
                        Err(error) => _ = session.problem.try_set(Some(error.0)),
                    }
                });
            };
            view! {
                <form method="post" action=SwitchBusiness::url() on:submit=go>
                    <input type="hidden" name="business_id" value=id.to_string() />
                    <button type="submit" class="btn btn-ghost btn-sm min-h-11 w-full justify-start md:min-h-9">
                        <Icon icon=icondata::LuStore />
                        <span class="min-w-0 truncate"><span class="sr-only">"Go to "</span>{one.name}</span>
                    </button>
                </form>
            }
        })
        .collect_view();
    view! { {list} }
}

/// A page that the bar of a phone has no room for.
#[component]
fn MenuLink(href: &'static str, icon: icondata::Icon, label: &'static str) -> impl IntoView {
    view! {
        <a class="btn btn-ghost btn-sm min-h-11 w-full justify-start md:hidden" href=href>
            <Icon icon />
            {label}
        </a>
    }
}

#[component]
fn Sidebar() -> impl IntoView {
    let session = use_session();
    let none = Signal::derive(|| 0);
    let waiting = Signal::derive(move || session.counts.read().needs_answer);
    view! {
        <nav
            aria-label="Main"
            class="row-start-3 flex print:hidden justify-around border-t border-base-300 pb-[env(safe-area-inset-bottom)] md:col-start-1 md:row-start-2 md:flex-col md:justify-start md:gap-0.5 md:overflow-y-auto md:border-t-0 md:border-e md:p-2"
        >
            <SidebarLink href="/today" icon=icondata::LuSun label="Today" count=none count_words="" />
            <SidebarLink href="/inbox" icon=icondata::LuInbox label="Inbox" count=waiting count_words="need an answer" />
            <SidebarLink href="/appointments" icon=icondata::LuCalendar label="Appointments" count=none count_words="" />
            <SidebarLink href="/contacts" icon=icondata::LuUsers label="Contacts" count=none count_words="" />
            <SidebarLink href="/tasks" icon=icondata::LuListChecks label="Tasks" count=session.open_tasks count_words="open" />
            <SidebarLink href="/waitlist" icon=icondata::LuHourglass label="Waitlist" count=none count_words="" wide=true />
            <SidebarLink href="/search" icon=icondata::LuSearch label="Search" count=none count_words="" wide=true />
            <SidebarLink href="/notifications" icon=icondata::LuBell label="Notifications" count=session.notifications count_words="new" wide=true />
            <SidebarLink href="/log" icon=icondata::LuScrollText label="Message log" count=none count_words="" wide=true />
            <SidebarLink href="/reviews" icon=icondata::LuStar label="Reviews" count=none count_words="" wide=true />
            <SidebarLink href="/reports" icon=icondata::LuChartColumn label="Reports" count=none count_words="" wide=true />
            <SidebarLink href="/settings" icon=icondata::LuSettings label="Settings" count=none count_words="" wide=true />
        </nav>
    }
}

#[component]
fn SidebarLink(
    href: &'static str,
    icon: icondata::Icon,
    label: &'static str,
    #[prop(into)] count: Signal<u32>,
    count_words: &'static str,
    /// Only where there is room; on a phone it is in the account's menu.
    #[prop(optional)]
    wide: bool,
) -> impl IntoView {
    let class = if wide { "rail-link max-md:hidden" } else { "rail-link" };
    let number = move || match count.get() {
        0 => String::new(),
        n if n >= 99 => "99+".to_owned(),
        n => n.to_string(),
    };
    view! {
        <A
            href=href
            attr:class=class
        >
            <Icon icon />
            <span>{label}</span>
            <span
                class="badge badge-primary badge-sm absolute top-1 left-1/2 ml-2 px-1.5 tabular md:static md:ml-auto"
                class:hidden=move || count.get() == 0
            >
                {number}
                <span class="sr-only">" "{count_words}</span>
            </span>
        </A>
    }
}

#[component]
fn Notices() -> impl IntoView {
    let session = use_session();
    let title = move || session.problem.with(|p| p.as_ref().map(|p| p.title.clone()));
    let detail = move || session.problem.with(|p| p.as_ref().map(|p| p.detail.clone()));
    view! {
        <div role="status">
            <p class="notice notice-warning m-3" class:hidden=move || session.live.connected.get()>
                "Reconnecting… What happens meanwhile will appear by itself."
            </p>
        </div>
        <div role="alert">
            <div class="notice notice-error m-3 flex items-start gap-3" class:hidden=move || session.problem.read().is_none()>
                <p class="flex-1">
                    <strong class="block">{title}</strong>
                    {detail}
                </p>
                <button type="button" class="btn btn-ghost btn-sm" on:click=move |_| session.problem.set(None)>
                    "Close"
                </button>
            </div>
        </div>
    }
}

/// A page that does not exist.
#[component]
pub fn NotFound() -> impl IntoView {
    #[cfg(feature = "ssr")]
    crate::error::set_status(404);
    view! {
        <Title text="Not found" />
        <main class="empty min-h-dvh content-center">
            <h1 class="text-base-content">"This page does not exist"</h1>
            <p>"The address may be mistyped, or what it showed is gone."</p>
            <a class="btn btn-primary min-h-11" href="/inbox">
                "Go to the inbox"
            </a>
        </main>
    }
}
