//! Pages that a browser loads when somebody goes there. The frame and the doors (sign in, sign up) come with the first load; beside them there
//! is one file for the inbox, one for the rest of the day's work, one for the people and their visits, one for what is looked at now and
//! then. Not more: what two files share becomes a file of its own, and a page that needs a hundred of them is slow however little they weigh.
//! The server names the files of the page that is asked for, so that they come at the same time. `script/weight` holds them to their budgets.
//!
//! A file may not come: after an upgrade an open tab asks for names that are gone, and any answer can be lost. `#[lazy_route]` would panic,
//! which ends the whole page; here the browser then goes to the page by a full load.

use leptos::prelude::*;
use leptos_router::LazyRoute;

use crate::{
    accounts, alerts, appointments, attendance, audit, businesses, calendars, contacts, conversations, experiments, feeds,
    imports, integrations, messages, notifications, numbers, platform, quick_replies, reports, requests, reviews, search,
    security, selftest, settings, setup, tasks, templates, today, twilio, waitlist, webhooks,
};

/// Only where the product is made.
#[cfg(not(debug_assertions))]
use crate::layout::NotFound as ComponentsPage;
#[cfg(debug_assertions)]
use crate::showcase::ComponentsPage;

/// A page that comes by itself: its name in the list of routes, that of the file it is in, and what draws it.
macro_rules! page {
    ($name:ident, $file:ident, $view:path) => {
        pub struct $name;

        const _: () = {
            #[cfg(feature = "hydrate")]
            #[leptos::wasm_split::wasm_split($file, wasm_split_path = ::leptos::wasm_split, preload(fetch), fallible)]
            fn draw() -> Result<AnyView, leptos::wasm_split::SplitLoaderError> {
                Ok($view().into_any())
            }

            impl LazyRoute for $name {
                fn data() -> Self {
                    Self
                }

                #[cfg(feature = "hydrate")]
                async fn preload() {
                    came(fetch().await).await;
                }

                #[cfg(feature = "hydrate")]
                async fn view(_this: Self) -> AnyView {
                    came(draw().await).await
                }

                #[cfg(not(feature = "hydrate"))]
                async fn view(_this: Self) -> AnyView {
                    leptos::prefetch_lazy_fn_on_server(stringify!($file));
                    $view().into_any()
                }
            }
        };
    };
}

/// What a page's file gave. If it did not come, nobody goes on from here: the browser is on its way to the page by a full load.
#[cfg(feature = "hydrate")]
async fn came<T>(answer: Result<T, leptos::wasm_split::SplitLoaderError>) -> T {
    match answer {
        Ok(value) => {
            crate::browser::arrived();
            value
        }
        Err(_) => {
            let there = leptos_router::hooks::use_location();
            let (path, query) = (there.pathname.get_untracked(), there.query.get_untracked().to_query_string());
            crate::browser::load_page(&format!("{path}{query}"));
            std::future::pending().await
        }
    }
}

page!(Inbox, inbox, conversations::Inbox);
page!(Thread, inbox, conversations::ThreadPage);
page!(Today, desk, today::TodayPage);
page!(Tasks, desk, tasks::ListPage);
page!(NewTask, desk, tasks::NewPage);
page!(Task, desk, tasks::DetailPage);
page!(Filter, desk, conversations::FilterPage);
page!(Search, desk, search::ResultsPage);
page!(Notifications, desk, notifications::NotificationsPage);
page!(Waitlist, desk, waitlist::BoardPage);
page!(OpenSlot, desk, waitlist::OpenSlotPage);
page!(Slot, desk, waitlist::SlotPage);
page!(Waiting, desk, waitlist::PeoplePage);
page!(NewEntry, desk, waitlist::NewEntryPage);
page!(EditEntry, desk, waitlist::EditEntryPage);
page!(Contacts, book, contacts::ListPage);
page!(NewContact, book, contacts::NewPage);
page!(Contact, book, contacts::DetailPage);
page!(MergeContact, book, contacts::MergePage);
page!(Appointments, book, appointments::ListPage);
page!(NewAppointment, book, appointments::NewPage);
page!(RepeatAppointment, book, appointments::RepeatPage);
page!(EditAppointment, book, appointments::EditPage);
page!(Appointment, book, appointments::DetailPage);
page!(OfferTimes, book, appointments::OfferTimesPage);
page!(Calendars, office, calendars::ListPage);
page!(Calendar, office, calendars::DetailPage);
page!(Imports, office, imports::ListPage);
page!(NewImport, office, imports::NewPage);
page!(Import, office, imports::DetailPage);
page!(Log, office, messages::LogPage);
page!(Reports, office, reports::ReportsPage);
page!(Alerts, office, alerts::AlertsPage);
page!(Settings, office, settings::ListPage);
page!(SettingsFrame, office, settings::Frame);
page!(ApiKeys, office, integrations::KeysPage);
page!(ApiLog, office, requests::RequestsPage);
page!(AuditTrail, office, audit::AuditPage);
page!(Email, office, businesses::EmailPage);
page!(Limits, office, businesses::LimitsPage);
page!(Retention, office, businesses::RetentionPage);
page!(Locations, office, businesses::LocationsPage);
page!(OwnSettings, office, businesses::OwnPage);
page!(Profile, office, businesses::ProfilePage);
page!(QuietHours, office, businesses::HoursPage);
page!(Reminders, office, businesses::RemindersPage);
page!(VisitRules, office, businesses::VisitsPage);
page!(Components, office, ComponentsPage);
page!(SelfTest, office, selftest::SelfTestPage);
page!(Setup, office, setup::SetupPage);
page!(Platform, office, platform::Frame);
page!(PlatformBusinesses, office, platform::ListPage);
page!(PlatformBusiness, office, platform::BusinessPage);
page!(PlatformNumbers, office, platform::RequestsPage);
page!(PlatformSettings, office, platform::InstallationPage);
page!(PlatformDoctor, office, platform::DoctorPage);
page!(InboxRules, office, businesses::InboxRulesPage);
page!(VisitTypes, office, businesses::TypesPage);
page!(Feeds, office, feeds::FeedsPage);
page!(Security, office, security::SecurityPage);
page!(StaffLabels, office, businesses::StaffPage);
page!(People, office, accounts::PeoplePage);
page!(Account, office, accounts::AccountPage);
page!(Invitation, office, accounts::InvitationPage);
page!(Choose, office, accounts::ChoosePage);
page!(Forgot, office, accounts::ForgotPage);
page!(Reset, office, accounts::ResetPage);
page!(ConfirmEmail, office, accounts::ConfirmEmailPage);
page!(UndoEmail, office, accounts::UndoEmailPage);
page!(Templates, office, templates::TemplatesPage);
page!(Experiments, office, experiments::ListPage);
page!(NewExperiment, office, experiments::NewPage);
page!(Experiment, office, experiments::OnePage);
page!(QuickReplies, office, quick_replies::QuickRepliesPage);
page!(Numbers, office, numbers::NumbersPage);
page!(Twilio, office, twilio::TwilioPage);
page!(Attendance, office, attendance::AttendancePage);
page!(Reviews, office, reviews::ReviewsPage);
page!(ReviewSettings, office, reviews::ReviewSettingsPage);
page!(WaitlistSettings, office, waitlist::WaitlistSettingsPage);
page!(Webhooks, office, webhooks::ListPage);
page!(Webhook, office, webhooks::DetailPage);
page!(WebhookDelivery, office, webhooks::DeliveryPage);
