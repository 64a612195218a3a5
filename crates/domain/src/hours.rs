//! Opening hours of a day, as people write them: `9:00-12:00, 13:30-17:00`.

use chrono::{NaiveTime, Timelike};

/// Most spans of one day.
const MOST: usize = 4;

/// Reads the hours of a day, and says them in one way: `09:00-12:00, 13:30-17:00`; empty for a closed day. None for what is not understood,
/// and for spans that overlap or end before they begin.
#[must_use]
pub fn tidy(typed: &str) -> Option<String> {
    let typed = typed.trim();
    if typed.is_empty() || typed.eq_ignore_ascii_case("closed") {
        return Some(String::new());
    }
    let spans: Vec<(u32, u32)> = typed.split([',', ';']).map(span).collect::<Option<_>>()?;
    let in_order = spans.windows(2).all(|two| matches!(two, [a, b] if a.1 <= b.0));
    if !in_order || spans.len() > MOST {
        return None;
    }
    let words: Vec<String> = spans
        .iter()
        .map(|(from, to)| format!("{}-{}", clock(*from), clock(*to)))
        .collect();
    Some(words.join(", "))
}

/// Minutes after midnight; a span may end at midnight.
fn span(typed: &str) -> Option<(u32, u32)> {
    let (from, to) = typed.split_once(['-', '–'])?;
    let (from, to) = (minutes(from)?, minutes(to)?);
    (from < to).then_some((from, to))
}

fn minutes(typed: &str) -> Option<u32> {
    let typed = typed.trim();
    if typed == "24:00" {
        return Some(24 * 60);
    }
    let hour = |text: &str| {
        text.parse::<u32>()
            .ok()
            .filter(|h| *h < 24 && text.len() <= 2)
            .map(|h| h * 60)
    };
    hour(typed).or_else(|| {
        let time = NaiveTime::parse_from_str(typed, "%H:%M").ok()?;
        Some(time.hour() * 60 + time.minute())
    })
}

fn clock(minutes: u32) -> String {
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    #[rstest]
    #[case("9:00-12:00, 13:30-17:00", Some("09:00-12:00, 13:30-17:00"))]
    #[case("9–17", Some("09:00-17:00"))]
    #[case("0:00-24:00", Some("00:00-24:00"))]
    #[case(" Closed ", Some(""))]
    #[case("", Some(""))]
    #[case("17-9", None)]
    #[case("9-12, 11-14", None)]
    #[case("9", None)]
    #[case("25-26", None)]
    #[case("nine to five", None)]
    #[case("1-2,3-4,5-6,7-8,9-10", None)]
    fn hours_are_said_in_one_way_or_refused(#[case] typed: &str, #[case] said: Option<&str>) {
        assert_eq!(tidy(typed).as_deref(), said);
    }

    proptest! {
        #[test]
        fn what_was_said_is_read_the_same_again(typed in "[0-9:,; –-]{0,40}") {
            if let Some(said) = tidy(&typed) {
                prop_assert_eq!(tidy(&said), Some(said.clone()));
            }
        }
    }
}
