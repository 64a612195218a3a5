//! Days and times as other systems and spreadsheets write them.

use std::fmt;

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime, Utc};
use serde::{Deserialize, Serialize};

use crate::{when, words::words};

/// Which of 3/4 is the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Order {
    /// 3/4 is the third of April.
    DayFirst,
    /// 3/4 is the fourth of March.
    MonthFirst,
}

words!(Order is a "date order": DayFirst = "dmy", MonthFirst = "mdy");

/// What the dates of a column tell of their order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// One that begins with more than 12, as `13/4/2027`.
    pub day_first: bool,
    /// One whose second number is more than 12, as `4/13/2027`.
    pub month_first: bool,
    /// The first that could be either.
    pub either: Option<String>,
}

/// What is known of the order of a column's dates.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Known {
    /// It can be read in one way only.
    Clear,
    /// The same, because one of them shows it.
    Order(Order),
    /// Somebody has to say; this is one that could be either.
    Ask(String),
}

impl Seen {
    /// Takes in one more cell.
    pub fn note(&mut self, cell: &str) {
        let Some((first, second, _)) = numbers(cell) else { return };
        match (first > 12, second > 12) {
            (true, false) => self.day_first = true,
            (false, true) => self.month_first = true,
            (false, false) if first != second && self.either.is_none() => self.either = Some(cell.trim().to_owned()),
            _ => {}
        }
    }

    /// What follows.
    #[must_use]
    pub fn known(&self) -> Known {
        match (self.day_first, self.month_first, &self.either) {
            (true, false, _) => Known::Order(Order::DayFirst),
            (false, true, _) => Known::Order(Order::MonthFirst),
            (_, _, Some(example)) => Known::Ask(example.clone()),
            // Of two orders in one column each date shows its own.
            _ => Known::Clear,
        }
    }
}

/// `3/4/2027` and what follows it: two numbers that are a day and a month, and the rest.
fn numbers(cell: &str) -> Option<(u32, u32, &str)> {
    let text = cell.trim();
    let (first, rest) = digits(text)?;
    let sign = rest.chars().next().filter(|c| matches!(c, '/' | '-' | '.'))?;
    let (second, rest) = digits(&rest[1..])?;
    let year = rest.strip_prefix(sign)?;
    if first.len() > 2 || second.len() > 2 || !year.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    Some((first.parse().ok()?, second.parse().ok()?, year))
}

fn digits(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

/// Whether a cell is a day, however it is ordered.
#[must_use]
pub fn looks_like_one(cell: &str) -> bool {
    let read = |order| matches!(moment(cell, Some(order)), Ok(Some(_)));
    cell.chars().any(|c| !c.is_ascii_digit() && c != '.') && (read(Order::MonthFirst) || read(Order::DayFirst))
}

/// A day, a day and a time on the wall, or a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    /// It says its zone itself.
    Instant(DateTime<Utc>),
    /// By the clock of the place.
    Local(NaiveDateTime),
    /// Without a time.
    Day(NaiveDate),
}

/// Why a cell is no day, in words for who made the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DateProblem {
    /// It says nothing we understand.
    Unreadable(String),
    /// It could be either, and nobody has said which.
    Either(String),
}

impl fmt::Display for DateProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(cell) => write!(f, "\"{cell}\" can't be read as a day. Write it like 2027-01-05 15:00."),
            Self::Either(cell) => write!(f, "\"{cell}\" could be two days: choose which of its numbers is the day."),
        }
    }
}

/// Reads a day with or without a time; none for an empty cell.
///
/// # Errors
/// What is wrong with it.
pub fn moment(cell: &str, order: Option<Order>) -> Result<Option<Moment>, DateProblem> {
    let text = cell.trim();
    if text.is_empty() {
        return Ok(None);
    }
    if let Some(at) = when::instant(text) {
        return Ok(Some(Moment::Instant(at)));
    }
    let unreadable = || DateProblem::Unreadable(crate::words::preview(text, 40));
    let (day, rest) = match by_numbers(text, order)? {
        Some(found) => found,
        None => year_first(text)
            .or_else(|| by_name(text))
            .or_else(|| counted(text))
            .ok_or_else(unreadable)?,
    };
    let start = day.and_time(NaiveTime::MIN);
    when::bounded(start.and_utc()).ok_or_else(unreadable)?;
    let rest = rest.trim_start_matches(['T', 't', ',', ' ']).trim();
    if rest.is_empty() {
        return Ok(Some(Moment::Day(day)));
    }
    let time = time(rest).ok_or_else(unreadable)?;
    Ok(Some(Moment::Local(day.and_time(time))))
}

/// `3/4/2027`, `03.04.27`.
fn by_numbers(text: &str, order: Option<Order>) -> Result<Option<(NaiveDate, String)>, DateProblem> {
    let Some((first, second, rest)) = numbers(text) else {
        return Ok(None);
    };
    let Some((year, rest)) = digits(rest) else { return Ok(None) };
    let Some(year) = full_year(year) else { return Ok(None) };
    let order = match (first > 12, second > 12, order) {
        (true, _, _) => Order::DayFirst,
        (_, true, _) => Order::MonthFirst,
        (_, _, Some(order)) => order,
        _ if first == second => Order::DayFirst,
        _ => return Err(DateProblem::Either(crate::words::preview(text, 40))),
    };
    let (day, month) = match order {
        Order::DayFirst => (first, second),
        Order::MonthFirst => (second, first),
    };
    Ok(NaiveDate::from_ymd_opt(year, month, day).map(|day| (day, rest.to_owned())))
}

fn full_year(digits: &str) -> Option<i32> {
    let year: i32 = digits.parse().ok()?;
    match digits.len() {
        2 => Some(2000 + year),
        4 => Some(year),
        _ => None,
    }
}

/// `2027-01-05`, `2027/1/5`.
fn year_first(text: &str) -> Option<(NaiveDate, String)> {
    let (year, rest) = digits(text).filter(|(year, _)| year.len() == 4)?;
    let sign = rest.chars().next().filter(|c| matches!(c, '/' | '-' | '.'))?;
    let (month, rest) = digits(&rest[1..])?;
    let (day, rest) = digits(rest.strip_prefix(sign)?)?;
    let day = NaiveDate::from_ymd_opt(year.parse().ok()?, month.parse().ok()?, day.parse().ok()?)?;
    Some((day, rest.to_owned()))
}

/// The first letters of months, in English and Spanish.
const MONTHS: [&[&str]; 12] = [
    &["jan", "ene"],
    &["feb"],
    &["mar"],
    &["apr", "abr"],
    &["may"],
    &["jun"],
    &["jul"],
    &["aug", "ago"],
    &["sep", "set"],
    &["oct"],
    &["nov"],
    &["dec", "dic"],
];

/// `Tue, Jan 5, 2027 3:00 PM`, `5 de enero de 2027 15:00`.
fn by_name(text: &str) -> Option<(NaiveDate, String)> {
    let (mut month, mut day, mut year, mut rest) = (None, None, None, Vec::new());
    for word in text.split([' ', ',', '-']).filter(|word| !word.is_empty()) {
        let lower = word.to_lowercase();
        let letters = lower.trim_end_matches('.');
        let number = lower.trim_end_matches(|c: char| c.is_alphabetic() || c == '.');
        if month.is_none() && letters.len() >= 3 && letters.chars().all(char::is_alphabetic) {
            month = MONTHS
                .iter()
                .position(|names| names.iter().any(|name| letters.starts_with(name)));
            // Before it stand days of the week; "martes" begins like a month.
            if let (Some(_), "martes") = (month, letters) {
                month = None;
            }
            continue;
        }
        let is_number = number == lower || ["st", "nd", "rd", "th"].iter().any(|end| lower == format!("{number}{end}"));
        if day.is_none() && is_number && (1..=2).contains(&number.len()) {
            day = Some(number.parse::<u32>().ok()?);
        } else if year.is_none() && is_number && number.len() == 4 {
            year = Some(number.parse::<i32>().ok()?);
        } else if lower != "de" && lower != "del" && lower != "at" && lower != "las" && lower != "a" {
            rest.push(word);
        }
    }
    let day = NaiveDate::from_ymd_opt(year?, month? as u32 + 1, day?)?;
    Some((day, rest.join(" ")))
}

/// A day as a spreadsheet counts them: 46392.625 is the afternoon of January 5, 2027.
fn counted(text: &str) -> Option<(NaiveDate, String)> {
    let (days, part) = match text.split_once('.') {
        Some((days, part)) => (days, format!("0.{part}")),
        None => (text, "0".to_owned()),
    };
    let days: u64 = days.parse().ok().filter(|days| (36_526..73_050).contains(days))?;
    let day = NaiveDate::from_ymd_opt(1899, 12, 30)?.checked_add_days(Days::new(days))?;
    let minutes = (part.parse::<f64>().ok()? * 1440.0).round() as u32;
    let rest = if minutes == 0 || minutes >= 1440 {
        String::new()
    } else {
        format!("{}:{:02}", minutes / 60, minutes % 60)
    };
    Some((day, rest))
}

/// Reads a time of day: `3:00 PM`, `3pm`, `15:00`, `15h30`, `3:00 p. m.`
#[must_use]
pub fn time(cell: &str) -> Option<NaiveTime> {
    let text: String = cell
        .to_lowercase()
        .chars()
        .filter(|c| !matches!(c, ' ' | '\u{a0}' | '\u{202f}'))
        .collect();
    let text = text.replace("a.m.", "am").replace("p.m.", "pm");
    let (text, half) = match (text.strip_suffix("am"), text.strip_suffix("pm")) {
        (Some(rest), _) => (rest, Some(0)),
        (_, Some(rest)) => (rest, Some(12)),
        _ => (text.as_str(), None),
    };
    let text = text.strip_suffix("hrs").or_else(|| text.strip_suffix('h')).unwrap_or(text);
    let mut parts = text.split([':', 'h', '.']);
    let hour: u32 = number(parts.next()?)?;
    let minute = match parts.next() {
        Some(minute) if minute.len() == 2 => number(minute)?,
        Some(_) => return None,
        // "15" alone is no time; "3 pm" and "15h" are.
        None if half.is_some() || cell.contains(['h', 'H']) => 0,
        None => return None,
    };
    let second = parts.next().map_or(Some(0), number)?;
    if parts.next().is_some_and(|rest| rest.bytes().any(|b| !b.is_ascii_digit())) {
        return None;
    }
    let hour = match half {
        Some(half) if (1..=12).contains(&hour) => hour % 12 + half,
        Some(_) => return None,
        None => hour,
    };
    NaiveTime::from_hms_opt(hour, minute, second)
}

fn number(text: &str) -> Option<u32> {
    (!text.is_empty() && text.len() <= 2 && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
}

/// A question for a person, by an example: which day is it?
#[must_use]
pub fn question(example: &str) -> String {
    let said = |order| match moment(example, Some(order)) {
        Ok(Some(Moment::Day(day))) => Some(day),
        Ok(Some(Moment::Local(at))) => Some(at.date()),
        _ => None,
    };
    match (said(Order::DayFirst), said(Order::MonthFirst)) {
        (Some(one), Some(other)) => format!("Is {example} {} or {}?", spoken(one), spoken(other)),
        _ => format!("Which of the numbers of {example} is the day?"),
    }
}

fn spoken(day: NaiveDate) -> String {
    format!("{} {}, {}", day.format("%B"), day.day(), day.year())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::*;

    const D: Option<Order> = Some(Order::DayFirst);
    const M: Option<Order> = Some(Order::MonthFirst);

    #[rstest]
    #[case("2027-01-05 15:00", None, "2027-01-05T15:00:00")]
    #[case("2027-01-05T15:00", None, "2027-01-05T15:00:00")]
    #[case("2027-01-05T15:00:30", None, "2027-01-05T15:00:30")]
    #[case("2027/1/5 3:00 PM", None, "2027-01-05T15:00:00")]
    #[case("1/5/2027 3:00 PM", M, "2027-01-05T15:00:00")]
    #[case("1/5/2027 3:00 PM", D, "2027-05-01T15:00:00")]
    #[case("01/05/27 15:00", M, "2027-01-05T15:00:00")]
    #[case("13/5/2027 9:30", None, "2027-05-13T09:30:00")]
    #[case("13/5/2027 9:30", M, "2027-05-13T09:30:00")]
    #[case("5/13/2027 9:30", D, "2027-05-13T09:30:00")]
    #[case("05.01.2027 15:00", D, "2027-01-05T15:00:00")]
    #[case("5/5/2027 12:00 AM", None, "2027-05-05T00:00:00")]
    #[case("5/5/2027 12:00 PM", None, "2027-05-05T12:00:00")]
    #[case("Tue, Jan 5, 2027 3:00 PM", None, "2027-01-05T15:00:00")]
    #[case("January 5th, 2027 at 3pm", None, "2027-01-05T15:00:00")]
    #[case("5 de enero de 2027 a las 15:00", None, "2027-01-05T15:00:00")]
    #[case("martes, 5 de enero de 2027 3:00 p. m.", None, "2027-01-05T15:00:00")]
    #[case("5-Jan-2027 15:00", None, "2027-01-05T15:00:00")]
    #[case("46392.625", None, "2027-01-05T15:00:00")]
    fn times_are_read_as_they_were_meant(#[case] cell: &str, #[case] order: Option<Order>, #[case] at: &str) {
        let at: NaiveDateTime = at.parse().expect("a time");
        assert_eq!(moment(cell, order), Ok(Some(Moment::Local(at))), "{cell}");
    }

    #[rstest]
    #[case("2027-01-05", Moment::Day(NaiveDate::from_ymd_opt(2027, 1, 5).expect("a day")))]
    #[case("46392", Moment::Day(NaiveDate::from_ymd_opt(2027, 1, 5).expect("a day")))]
    #[case("2027-01-05T15:00:00-05:00", Moment::Instant(DateTime::from_timestamp(1_799_179_200, 0).expect("a moment")))]
    fn days_and_moments(#[case] cell: &str, #[case] is: Moment) {
        assert_eq!(moment(cell, None), Ok(Some(is)), "{cell}");
    }

    #[rstest]
    #[case("soon")]
    #[case("13/13/2027")]
    #[case("31/2/2027 10:00")]
    #[case("2027-01-05 25:00")]
    #[case("1/5/2027 15:00 PM")]
    #[case("1/5/1927")]
    #[case("1/5/12027")]
    #[case("15")]
    fn what_is_no_time_is_refused(#[case] cell: &str) {
        assert!(
            matches!(moment(cell, M), Err(DateProblem::Unreadable(_))),
            "{cell}: {:?}",
            moment(cell, M)
        );
    }

    #[test]
    fn what_could_be_two_days_is_asked_about() {
        assert!(matches!(moment("3/4/2027", None), Err(DateProblem::Either(_))));
        assert_eq!(question("3/4/2027"), "Is 3/4/2027 April 3, 2027 or March 4, 2027?");
        let order = |cells: &[&str]| {
            let mut seen = Seen::default();
            cells.iter().for_each(|cell| seen.note(cell));
            seen.known()
        };
        assert_eq!(order(&["3/4/2027", "13/4/2027"]), Known::Order(Order::DayFirst));
        assert_eq!(order(&["3/4/2027", "4/13/2027 10:00"]), Known::Order(Order::MonthFirst));
        assert_eq!(order(&["", "5/5/2027", "3/4/2027"]), Known::Ask("3/4/2027".to_owned()));
        assert_eq!(
            order(&["13/4/2027", "4/13/2027", "3/4/2027"]),
            Known::Ask("3/4/2027".to_owned())
        );
        assert_eq!(order(&["2027-03-04", "Ann", "5/5/2027"]), Known::Clear);
    }

    #[rstest]
    #[case("3:00 PM", Some((15, 0)))]
    #[case("3pm", Some((15, 0)))]
    #[case("03:00 p. m.", Some((15, 0)))]
    #[case("15h30", Some((15, 30)))]
    #[case("15h", Some((15, 0)))]
    #[case("9:05", Some((9, 5)))]
    #[case("15.30", Some((15, 30)))]
    #[case("15", None)]
    #[case("24:00", None)]
    #[case("noon", None)]
    #[case("", None)]
    fn times_of_day(#[case] cell: &str, #[case] is: Option<(u32, u32)>) {
        assert_eq!(time(cell), is.and_then(|(h, m)| NaiveTime::from_hms_opt(h, m, 0)), "{cell}");
    }

    proptest! {
        #[test]
        fn no_cell_breaks_the_reading(cell in "\\PC{0,40}") {
            _ = (moment(&cell, None), moment(&cell, D), time(&cell), question(&cell), looks_like_one(&cell));
        }
    }
}
