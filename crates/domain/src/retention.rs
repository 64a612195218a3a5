//! How long what texts say is kept.

/// What a business can choose: so many days, or for ever.
pub const CHOICES: [Option<i32>; 4] = [None, Some(2 * YEAR), Some(YEAR), Some(90)];

const YEAR: i32 = 365;

/// A choice as a form says it: the number of days; empty for ever.
#[must_use]
pub fn written(days: Option<i32>) -> String {
    days.map(|days| days.to_string()).unwrap_or_default()
}

/// The choice that a form says; none if it is none of [`CHOICES`].
#[must_use]
pub fn read(typed: &str) -> Option<Option<i32>> {
    CHOICES.into_iter().find(|days| written(*days) == typed.trim())
}

/// As a list calls it.
///
/// ```
/// assert_eq!(domain::retention::label(Some(365)), "1 year");
/// assert_eq!(domain::retention::label(None), "For ever");
/// ```
#[must_use]
pub fn label(days: Option<i32>) -> String {
    match days {
        None => "For ever".to_owned(),
        Some(YEAR) => "1 year".to_owned(),
        Some(days) if days % YEAR == 0 => format!("{} years", days / YEAR),
        Some(days) => format!("{days} days"),
    }
}

/// What stands in the place of a text whose words were removed after so many days.
#[must_use]
pub fn in_its_place(days: i32) -> String {
    format!("Text removed after {}", label(Some(days)))
}

/// Whether a choice keeps less than another one did.
#[must_use]
pub fn is_shorter(days: Option<i32>, than: Option<i32>) -> bool {
    days.is_some_and(|days| than.is_none_or(|than| days < than))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        for days in CHOICES {
            assert_eq!(read(&written(days)), Some(days));
        }
        for typed in ["1", "-90", "for ever", "90 days", "91"] {
            assert_eq!(read(typed), None, "{typed}");
        }
    }

    #[test]
    fn each_choice_has_words() {
        assert_eq!(CHOICES.map(label), ["For ever", "2 years", "1 year", "90 days"]);
        assert_eq!(in_its_place(730), "Text removed after 2 years");
    }

    #[test]
    fn a_choice_is_shorter_than_those_before_it() {
        for (n, days) in CHOICES.into_iter().enumerate() {
            for (m, than) in CHOICES.into_iter().enumerate() {
                assert_eq!(is_shorter(days, than), n > m, "{days:?} {than:?}");
            }
        }
    }
}
