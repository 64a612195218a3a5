//! Pages that a browser loads when somebody goes there. The frame, the inbox and the doors (sign in, sign up) come with the first load;
//! everything else is a file of its own beside them, so that another page costs nobody anything who does not open it. `script/weight` holds
//! the first load to its budget.

use leptos::prelude::*;
use leptos_router::{LazyRoute, lazy_route};

use crate::{appointments, businesses, contacts, messages, reports, tasks};

/// A page that comes by itself, under the name it has in the list of routes.
macro_rules! page {
    ($name:ident, $view:path) => {
        pub struct $name;

        #[lazy_route]
        impl LazyRoute for $name {
            fn data() -> Self {
                Self
            }

            fn view(_this: Self) -> AnyView {
                $view().into_any()
            }
        }
    };
}

page!(Contacts, contacts::ListPage);
page!(NewContact, contacts::NewPage);
page!(Contact, contacts::DetailPage);
page!(Appointments, appointments::ListPage);
page!(NewAppointment, appointments::NewPage);
page!(Appointment, appointments::DetailPage);
page!(Tasks, tasks::ListPage);
page!(Log, messages::LogPage);
page!(Reports, reports::ReportsPage);
page!(Settings, businesses::SettingsPage);
