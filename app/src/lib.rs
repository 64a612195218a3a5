//! Screens: pages, their parts and their server functions. Compiled twice: with `ssr` into the server, with `hydrate` into the browser.
//! One file per noun; beside them what all share: `session` (who is signed in), `forms`, `live`, `components`, `paths`.

#![recursion_limit = "256"]

mod accounts;
mod alerts;
mod appointments;
mod attendance;
mod audit;
mod browser;
mod businesses;
mod calendars;
mod codec;
mod components;
mod contacts;
mod conversations;
mod error;
mod experiments;
mod feeds;
mod flash;
mod forms;
mod imports;
mod integrations;
mod keys;
mod layout;
mod live;
mod messages;
mod notices;
mod notifications;
mod numbers;
pub mod paths;
mod platform;
mod quick_replies;
mod reports;
mod requests;
mod reviews;
mod routes;
mod search;
mod security;
mod selftest;
mod session;
mod settings;
mod setup;
#[cfg(debug_assertions)]
mod showcase;
pub mod site;
#[cfg(feature = "ssr")]
pub mod ssr;
mod tasks;
mod templates;
mod today;
mod twilio;
mod waitlist;
mod webhooks;
mod zones;

pub use error::AppError;

use leptos::prelude::*;
use leptos_meta::{MetaTags, Title, provide_meta_context};
use leptos_router::{
    Lazy, SsrMode,
    components::{ParentRoute, Route, Router, Routes},
    path,
};

/// The document around the app. Also sets the page's content security policy.
pub fn shell() -> impl IntoView {
    #[cfg(feature = "ssr")]
    if let Some(nonce) = leptos::nonce::use_nonce() {
        ssr::set_content_security_policy(&nonce);
    }
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8" />
                <meta name="viewport" content="width=device-width, initial-scale=1, viewport-fit=cover" />
                <meta name="color-scheme" content="light dark" />
                <meta name="theme-color" media="(prefers-color-scheme: light)" content="#f6f7f9" />
                <meta name="theme-color" media="(prefers-color-scheme: dark)" content="#11141a" />
                <link rel="icon" href="/favicon.svg" type="image/svg+xml" />
                <link rel="apple-touch-icon" href="/apple-touch-icon.png" />
                <meta name="mobile-web-app-capable" content="yes" />
                <meta name="apple-mobile-web-app-title" content="Showup" />
                <link rel="manifest" href="/manifest.webmanifest" />
                // Painted once all of it is there: what comes later would push aside what came before.
                <link rel="expect" href="#drawn" blocking="render" />
                <script src="/pwa/outbox.js" defer></script>
                <script src="/pwa/page.js" defer></script>
                <site::SiteLinks />
                <MetaTags />
            </head>
            <body>
                <App />
                <span id="drawn" hidden></span>
            </body>
        </html>
    }
}

#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    let title = |page: String| {
        if page.is_empty() {
            "Showup".to_owned()
        } else {
            format!("{page} · Showup")
        }
    };
    view! {
        <Title formatter=title />
        <Router>
            <Routes fallback=layout::NotFound>
                <Route path=path!("") view=accounts::Home ssr=SsrMode::Async />
                <Route path=path!("signup") view=accounts::SignUpPage ssr=SsrMode::Async />
                <Route path=path!("signin") view=accounts::SignInPage ssr=SsrMode::Async />
                <Route path=path!("invitations/:token") view={Lazy::<routes::Invitation>::new()} ssr=SsrMode::Async />
                <Route path=path!("businesses") view={Lazy::<routes::Choose>::new()} ssr=SsrMode::Async />
                <Route path=path!("forgot") view={Lazy::<routes::Forgot>::new()} ssr=SsrMode::Async />
                <Route path=path!("reset/:token") view={Lazy::<routes::Reset>::new()} ssr=SsrMode::Async />
                <Route path=path!("account/email/:token") view={Lazy::<routes::ConfirmEmail>::new()} ssr=SsrMode::Async />
                <Route path=path!("account/undo/:token") view={Lazy::<routes::UndoEmail>::new()} ssr=SsrMode::Async />
                <Route path=path!("signin/code") view=accounts::CodePage ssr=SsrMode::Async />
                <ParentRoute path=path!("platform") view={Lazy::<routes::Platform>::new()} ssr=SsrMode::Async>
                    <Route path=path!("") view={Lazy::<routes::PlatformBusinesses>::new()} ssr=SsrMode::Async />
                    <Route path=path!("businesses/:id") view={Lazy::<routes::PlatformBusiness>::new()} ssr=SsrMode::Async />
                    <Route path=path!("numbers") view={Lazy::<routes::PlatformNumbers>::new()} ssr=SsrMode::Async />
                    <Route path=path!("settings") view={Lazy::<routes::PlatformSettings>::new()} ssr=SsrMode::Async />
                    <Route path=path!("doctor") view={Lazy::<routes::PlatformDoctor>::new()} ssr=SsrMode::Async />
                </ParentRoute>
                <ParentRoute path=path!("") view=layout::Layout ssr=SsrMode::Async>
                    <ParentRoute path=path!("inbox") view={Lazy::<routes::Inbox>::new()} ssr=SsrMode::Async>
                        <Route path=path!("") view=conversations::NothingOpen ssr=SsrMode::Async />
                        <Route path=path!("filter") view={Lazy::<routes::Filter>::new()} ssr=SsrMode::Async />
                        <Route path=path!(":id") view={Lazy::<routes::Thread>::new()} ssr=SsrMode::Async />
                    </ParentRoute>
                    <Route path=path!("contacts") view={Lazy::<routes::Contacts>::new()} ssr=SsrMode::Async />
                    <Route path=path!("contacts/new") view={Lazy::<routes::NewContact>::new()} ssr=SsrMode::Async />
                    <Route path=path!("contacts/:id") view={Lazy::<routes::Contact>::new()} ssr=SsrMode::Async />
                    <Route path=path!("contacts/:id/merge") view={Lazy::<routes::MergeContact>::new()} ssr=SsrMode::Async />
                    <Route path=path!("appointments") view={Lazy::<routes::Appointments>::new()} ssr=SsrMode::Async />
                    <Route path=path!("appointments/new") view={Lazy::<routes::NewAppointment>::new()} ssr=SsrMode::Async />
                    <Route path=path!("appointments/:id") view={Lazy::<routes::Appointment>::new()} ssr=SsrMode::Async />
                    <Route path=path!("appointments/:id/edit") view={Lazy::<routes::EditAppointment>::new()} ssr=SsrMode::Async />
                    <Route path=path!("appointments/:id/offer-times") view={Lazy::<routes::OfferTimes>::new()} ssr=SsrMode::Async />
                    <Route path=path!("appointments/:id/repeat") view={Lazy::<routes::RepeatAppointment>::new()} ssr=SsrMode::Async />
                    <Route path=path!("calendars") view={Lazy::<routes::Calendars>::new()} ssr=SsrMode::Async />
                    <Route path=path!("calendars/:id") view={Lazy::<routes::Calendar>::new()} ssr=SsrMode::Async />
                    <Route path=path!("imports") view={Lazy::<routes::Imports>::new()} ssr=SsrMode::Async />
                    <Route path=path!("imports/new") view={Lazy::<routes::NewImport>::new()} ssr=SsrMode::Async />
                    <Route path=path!("imports/:id") view={Lazy::<routes::Import>::new()} ssr=SsrMode::Async />
                    <Route path=path!("tasks") view={Lazy::<routes::Tasks>::new()} ssr=SsrMode::Async />
                    <Route path=path!("tasks/new") view={Lazy::<routes::NewTask>::new()} ssr=SsrMode::Async />
                    <Route path=path!("tasks/:id") view={Lazy::<routes::Task>::new()} ssr=SsrMode::Async />
                    <Route path=path!("waitlist") view={Lazy::<routes::Waitlist>::new()} ssr=SsrMode::Async />
                    <Route path=path!("waitlist/open") view={Lazy::<routes::OpenSlot>::new()} ssr=SsrMode::Async />
                    <Route path=path!("waitlist/slots/:id") view={Lazy::<routes::Slot>::new()} ssr=SsrMode::Async />
                    <Route path=path!("waitlist/people") view={Lazy::<routes::Waiting>::new()} ssr=SsrMode::Async />
                    <Route path=path!("waitlist/new") view={Lazy::<routes::NewEntry>::new()} ssr=SsrMode::Async />
                    <Route path=path!("waitlist/people/:id") view={Lazy::<routes::EditEntry>::new()} ssr=SsrMode::Async />
                    <Route path=path!("today") view={Lazy::<routes::Today>::new()} ssr=SsrMode::Async />
                    <Route path=path!("notifications") view={Lazy::<routes::Notifications>::new()} ssr=SsrMode::Async />
                    <Route path=path!("search") view={Lazy::<routes::Search>::new()} ssr=SsrMode::Async />
                    <Route path=path!("log") view={Lazy::<routes::Log>::new()} ssr=SsrMode::Async />
                    <Route path=path!("reports") view={Lazy::<routes::Reports>::new()} ssr=SsrMode::Async />
                    <Route path=path!("alerts") view={Lazy::<routes::Alerts>::new()} ssr=SsrMode::Async />
                    <Route path=path!("attendance") view={Lazy::<routes::Attendance>::new()} ssr=SsrMode::Async />
                    <Route path=path!("reviews") view={Lazy::<routes::Reviews>::new()} ssr=SsrMode::Async />
                    <Route path=path!("components") view={Lazy::<routes::Components>::new()} ssr=SsrMode::Async />
                    <Route path=path!("setup") view={Lazy::<routes::Setup>::new()} ssr=SsrMode::Async />
                    <Route path=path!("account/security") view={Lazy::<routes::Security>::new()} ssr=SsrMode::Async />
                    <Route path=path!("account") view={Lazy::<routes::Account>::new()} ssr=SsrMode::Async />
                    <ParentRoute path=path!("") view={Lazy::<routes::SettingsFrame>::new()} ssr=SsrMode::Async>
                        <Route path=path!("settings") view={Lazy::<routes::Settings>::new()} ssr=SsrMode::Async />
                        <Route path=path!("settings/audit") view={Lazy::<routes::AuditTrail>::new()} ssr=SsrMode::Async />
                        <Route path=path!("settings/business") view={Lazy::<routes::Profile>::new()} ssr=SsrMode::Async />
                        <Route path=path!("settings/calendar") view={Lazy::<routes::Feeds>::new()} ssr=SsrMode::Async />
                        <Route path=path!("settings/email") view={Lazy::<routes::Email>::new()} ssr=SsrMode::Async />
                        <Route path=path!("settings/hours") view={Lazy::<routes::QuietHours>::new()} ssr=SsrMode::Async />
                        <Route path=path!("settings/inbox") view={Lazy::<routes::InboxRules>::new()} ssr=SsrMode::Async />
                        <Route path=path!("settings/keys") view={Lazy::<routes::ApiKeys>::new()} ssr=SsrMode::Async />
                        <Route path=path!("settings/keys/log") view={Lazy::<routes::ApiLog>::new()} ssr=SsrMode::Async />
                        <Route path=path!("settings/limits") view={Lazy::<routes::Limits>::new()} ssr=SsrMode::Async />
                        <Route path=path!("settings/locations") view={Lazy::<routes::Locations>::new()} ssr=SsrMode::Async />
                        <Route path=path!("settings/numbers") view={Lazy::<routes::Numbers>::new()} ssr=SsrMode::Async />
                        <Route path=path!("settings/own") view={Lazy::<routes::OwnSettings>::new()} ssr=SsrMode::Async />
                        <Route path=path!("settings/people") view={Lazy::<routes::People>::new()} ssr=SsrMode::Async />
                        <Route path=path!("settings/quick-replies") view={Lazy::<routes::QuickReplies>::new()} ssr=SsrMode::Async />
                        <Route path=path!("settings/reminders") view={Lazy::<routes::Reminders>::new()} ssr=SsrMode::Async />
                        <Route path=path!("settings/retention") view={Lazy::<routes::Retention>::new()} ssr=SsrMode::Async />
                        <Route path=path!("settings/reviews") view={Lazy::<routes::ReviewSettings>::new()} ssr=SsrMode::Async />
                        <Route path=path!("settings/self-test") view={Lazy::<routes::SelfTest>::new()} ssr=SsrMode::Async />
                        <Route path=path!("settings/staff") view={Lazy::<routes::StaffLabels>::new()} ssr=SsrMode::Async />
                        <Route path=path!("settings/templates") view={Lazy::<routes::Templates>::new()} ssr=SsrMode::Async />
                        <Route path=path!("settings/templates/tests") view={Lazy::<routes::Experiments>::new()} ssr=SsrMode::Async />
                        <Route path=path!("settings/templates/tests/new") view={Lazy::<routes::NewExperiment>::new()} ssr=SsrMode::Async />
                        <Route path=path!("settings/templates/tests/:id") view={Lazy::<routes::Experiment>::new()} ssr=SsrMode::Async />
                        <Route path=path!("settings/twilio") view={Lazy::<routes::Twilio>::new()} ssr=SsrMode::Async />
                        <Route path=path!("settings/types") view={Lazy::<routes::VisitTypes>::new()} ssr=SsrMode::Async />
                        <Route path=path!("settings/visits") view={Lazy::<routes::VisitRules>::new()} ssr=SsrMode::Async />
                        <Route path=path!("settings/waitlist") view={Lazy::<routes::WaitlistSettings>::new()} ssr=SsrMode::Async />
                        <Route path=path!("settings/webhooks") view={Lazy::<routes::Webhooks>::new()} ssr=SsrMode::Async />
                        <Route path=path!("settings/webhooks/:id") view={Lazy::<routes::Webhook>::new()} ssr=SsrMode::Async />
                        <Route path=path!("settings/webhooks/deliveries/:id") view={Lazy::<routes::WebhookDelivery>::new()} ssr=SsrMode::Async />
                    </ParentRoute>
                </ParentRoute>
            </Routes>
        </Router>
    }
}
