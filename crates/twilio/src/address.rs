//! How Twilio writes where a message goes to or comes from (docs/twilio.md §16).

use std::fmt;

/// What stands before an address on WhatsApp.
const PREFIX: &str = "whatsapp:";
/// Longest user id, with its country.
const MAX_USER: usize = 140;

/// Where a message goes to, or comes from.
#[derive(Clone, PartialEq, Eq, Hash)]
pub enum Address {
    /// A number that texts are sent to (E.164).
    Phone(String),
    /// The same number on WhatsApp: another place, with a consent of its own.
    WhatsApp(String),
    /// Somebody on WhatsApp whose number is not told, like `US.13491208655302741918`: their id with this business, which changes when they
    /// change their number. It is no number, and no `+` may ever stand before it.
    WhatsAppUser(String),
}

impl Address {
    /// Reads what Twilio wrote; none for short codes, names and whatever else is neither a number nor a person on WhatsApp.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        match text.strip_prefix(PREFIX) {
            None if is_e164(text) => Some(Self::Phone(text.to_owned())),
            Some(rest) if is_e164(rest) => Some(Self::WhatsApp(rest.to_owned())),
            Some(rest) if is_user(rest) => Some(Self::WhatsAppUser(rest.to_owned())),
            _ => None,
        }
    }

    /// Whether it is a place on WhatsApp.
    #[must_use]
    pub const fn is_whatsapp(&self) -> bool {
        matches!(self, Self::WhatsApp(_) | Self::WhatsAppUser(_))
    }

    /// The number (E.164), where there is one.
    #[must_use]
    pub fn phone(&self) -> Option<&str> {
        match self {
            Self::Phone(phone) | Self::WhatsApp(phone) => Some(phone),
            Self::WhatsAppUser(_) => None,
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Phone(phone) => f.write_str(phone),
            Self::WhatsApp(rest) | Self::WhatsAppUser(rest) => write!(f, "{PREFIX}{rest}"),
        }
    }
}

/// Does not show who it is.
impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Phone(_) => "Phone",
            Self::WhatsApp(_) => "WhatsApp",
            Self::WhatsAppUser(_) => "WhatsAppUser",
        })
    }
}

fn is_e164(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|digits| {
        (7..=15).contains(&digits.len()) && !digits.starts_with('0') && digits.bytes().all(|b| b.is_ascii_digit())
    })
}

/// Two letters, a point, and letters, digits and points: `US.1349…`, `US.ENT.…`.
fn is_user(text: &str) -> bool {
    let Some((country, id)) = text.split_once('.') else {
        return false;
    };
    text.len() <= MAX_USER
        && country.len() == 2
        && country.bytes().all(|b| b.is_ascii_uppercase())
        && !id.is_empty()
        && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.')
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("+14155550100", Some(Address::Phone("+14155550100".into())))]
    #[case("whatsapp:+491701234567", Some(Address::WhatsApp("+491701234567".into())))]
    #[case("whatsapp:US.13491208655302741918", Some(Address::WhatsAppUser("US.13491208655302741918".into())))]
    #[case("whatsapp:US.ENT.11815799212886844830", Some(Address::WhatsAppUser("US.ENT.11815799212886844830".into())))]
    #[case("whatsapp:+US.13491208655302741918", None)]
    #[case("whatsapp:us.1", None)]
    #[case("whatsapp:US.", None)]
    #[case("whatsapp:4155550100", None)]
    #[case("US.13491208655302741918", None)]
    #[case("12345", None)]
    #[case("Salon Eva", None)]
    #[case("", None)]
    fn addresses(#[case] text: &str, #[case] address: Option<Address>) {
        assert_eq!(Address::parse(text), address);
        if let Some(address) = address {
            assert_eq!(address.to_string(), text);
            assert!(!format!("{address:?}").contains(char::is_numeric), "it does not say who");
        }
    }

    #[test]
    fn a_user_has_no_number() {
        let user = Address::parse("whatsapp:DE.1").expect("a user");
        assert!(user.is_whatsapp() && user.phone().is_none());
        let phone = Address::parse("+14155550100").expect("a number");
        assert!(!phone.is_whatsapp() && phone.phone() == Some("+14155550100"));
    }
}
