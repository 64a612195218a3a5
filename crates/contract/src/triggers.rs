//! Texts that another program has sent by calling an address.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// To whom, and what stands in the place of variables; what is not given is known here or empty.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema, utoipa::IntoParams))]
#[cfg_attr(feature = "openapi", into_params(parameter_in = Query))]
#[serde(deny_unknown_fields)]
pub struct Trigger {
    /// The customer's number.
    #[serde(default)]
    pub to: Option<String>,
    /// Whatever the caller knows it by, 1 to 200 characters: said again within 24 hours, it is the same text.
    #[serde(default)]
    pub reference: Option<String>,
    #[serde(default)]
    pub name: Option<String>,
    #[serde(default)]
    pub for_name: Option<String>,
    #[serde(default)]
    pub date: Option<String>,
    #[serde(default)]
    pub time: Option<String>,
    #[serde(default)]
    pub r#type: Option<String>,
    #[serde(default)]
    pub staff: Option<String>,
    #[serde(default)]
    pub location: Option<String>,
    #[serde(default)]
    pub price: Option<String>,
    #[serde(default)]
    pub until: Option<String>,
    #[serde(default)]
    pub link: Option<String>,
}

impl Trigger {
    /// What stands in the place of a variable, if it was said.
    pub fn value(&self, variable: &str) -> Option<&str> {
        let said = match variable {
            "name" => &self.name,
            "for_name" => &self.for_name,
            "date" => &self.date,
            "time" => &self.time,
            "type" => &self.r#type,
            "staff" => &self.staff,
            "location" => &self.location,
            "price" => &self.price,
            "until" => &self.until,
            "link" => &self.link,
            _ => &None,
        };
        said.as_deref().map(str::trim).filter(|value| !value.is_empty())
    }
}

/// The text that came of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Triggered {
    /// The message's id.
    pub id: Uuid,
    pub contact_id: Uuid,
    /// As of the message.
    pub status: String,
    pub body: String,
    /// It was sent before, by the same reference.
    pub repeated: bool,
}
