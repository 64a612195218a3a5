//! Settings of the business.

mod countries;
mod customers_page;
mod day;
mod email;
mod inbox;
mod language;
mod lists;
mod locations;
mod own;
mod past;
mod profile;
mod reminding;
mod retention;
mod sending;
mod staff;
mod types;
mod ways;

pub use email::EmailPage;
pub use inbox::InboxRulesPage;
pub use locations::{LocationsPage, list_locations};
pub use own::OwnPage;
pub use past::VisitsPage;
pub use profile::ProfilePage;
pub use reminding::RemindersPage;
pub use retention::RetentionPage;
pub use sending::{HoursPage, LimitsPage};
pub use staff::{StaffPage, list_staff};
pub use types::{TypesPage, list_types};

use contract::businesses::CountryView;
use leptos::prelude::*;

use crate::error::AppError;

/// Countries to choose from, by name. The table stays on the server.
#[server(prefix = "/api/fn", output = crate::codec::Json)]
pub async fn list_countries() -> Result<Vec<CountryView>, AppError> {
    Ok(std::future::ready(services::businesses::all_countries()).await)
}

/// The choice of a country: how numbers without a country code are read.
pub fn country_options(countries: &[CountryView], chosen: &str) -> Vec<(String, String)> {
    let nothing = chosen.is_empty().then(|| (String::new(), "Choose your country".to_owned()));
    let all = countries.iter().map(|c| (c.code.clone(), c.name.clone()));
    nothing.into_iter().chain(all).collect()
}

/// Said wherever a country is chosen.
pub const COUNTRY_HINT: &str = "Phone numbers that are typed without a country code are read as numbers of this country.";
