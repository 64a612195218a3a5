//! A row of cells as what it says of a person or a visit.

use chrono::{DateTime, NaiveDateTime, Utc};

use crate::{consent::State, words};

use super::{
    Field, Record, cells,
    cells::Phone,
    dates::{self, Moment, Order},
};

/// How the rows of a file are read.
#[derive(Debug, Clone)]
pub struct Reading {
    /// What each column holds; none: it is not read.
    pub columns: Vec<Option<Field>>,
    /// Which of a date's numbers is the day, where that was said.
    pub order: Option<Order>,
    /// Whose numbers are meant where none is said: ISO alpha-2.
    pub country: String,
}

/// What a file says of a visit's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// It is expected, or nothing is said.
    Expected,
    /// It will not take place.
    Cancelled,
    /// It took place.
    Completed,
    /// Nobody came.
    NoShow,
}

/// A time as a file says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// With its zone.
    At(DateTime<Utc>),
    /// By the clock of the place.
    Local(NaiveDateTime),
}

/// What a row says. What it says nothing of is none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// As a spreadsheet counts them.
    pub number: u32,
    /// On one line.
    pub name: Option<String>,
    /// Whom to text.
    pub phone: Option<Phone>,
    /// As it is written.
    pub email: Option<String>,
    /// As it is written.
    pub time_zone: Option<String>,
    /// As it is written.
    pub language: Option<String>,
    /// Each by itself.
    pub tags: Vec<String>,
    /// Further numbers among them.
    pub notes: Option<String>,
    /// What they have said.
    pub consent: Option<State>,
    /// The words that say it.
    pub consent_words: String,
    /// What they have said of e-mails about their visits, and the words that say it.
    pub emails: Option<(State, String)>,
    /// The same of offers.
    pub offers: Option<(State, String)>,
    /// For whom, if not for the owner of the phone.
    pub for_name: Option<String>,
    /// When it begins.
    pub start: Option<Start>,
    /// When it ends.
    pub end: Option<Start>,
    /// How long it takes.
    pub minutes: Option<i32>,
    /// The type's name.
    pub kind: Option<String>,
    /// The location's name.
    pub location: Option<String>,
    /// Who it is with.
    pub staff_label: Option<String>,
    /// What the other system calls it.
    pub external_id: Option<String>,
    /// What we call it.
    pub id: Option<String>,
    /// Whether it stands.
    pub status: Said,
}

impl Reading {
    /// Reads a row.
    ///
    /// # Errors
    /// All that is wrong with it, a sentence each.
    pub fn row(&self, record: &Record) -> Result<Row, String> {
        if record.too_long {
            return Err("A cell of this row has more than 32,767 characters.".to_owned());
        }
        let mut wrong = Vec::new();
        let row = self.read(record, &mut wrong);
        if wrong.is_empty() { Ok(row) } else { Err(wrong.join(" ")) }
    }

    /// The cell of a column that holds this, as text; none if it is empty or there is no such column.
    fn cell<'a>(&self, record: &'a Record, field: Field) -> Option<&'a str> {
        let at = self.columns.iter().position(|column| *column == Some(field))?;
        let cell = cells::plain(record.cells.get(at)?);
        (!words::is_blank(cell)).then_some(cell)
    }

    fn read(&self, record: &Record, wrong: &mut Vec<String>) -> Row {
        let cell = |field| self.cell(record, field);
        let line = |field| cell(field).map(words::line);
        // As it stands in the file: what spreadsheets do to numbers is undone where numbers are read.
        let raw = |field| {
            let at = self.columns.iter().position(|column| *column == Some(field));
            at.and_then(|at| record.cells.get(at)).map_or("", String::as_str)
        };
        let parts: Vec<String> = [line(Field::FirstName), line(Field::LastName)]
            .into_iter()
            .flatten()
            .collect();
        let name = line(Field::Name).or_else(|| (!parts.is_empty()).then(|| parts.join(" ")));
        let phone = cells::phone(raw(Field::Phone), &self.country).unwrap_or_else(|why| {
            wrong.push(why);
            None
        });
        let consent = cells::consent(raw(Field::Consent)).unwrap_or_else(|why| {
            wrong.push(why);
            None
        });
        let mut said = |field| {
            let said = cells::consent(raw(field)).unwrap_or_else(|why| {
                wrong.push(why);
                None
            });
            said.map(|state| (state, words::preview(raw(field), 40)))
        };
        let (emails, offers) = (said(Field::EmailConsent), said(Field::OffersConsent));
        let tags = cell(Field::Tags).unwrap_or_default();
        let tags = tags.split([',', ';']).flat_map(|part| part.split(":::"));
        let tags = tags.map(|tag| words::line(tag.trim_start_matches(['*', ' '])));
        let (start, end) = self.times(record, wrong);
        let minutes = cell(Field::Minutes).and_then(|text| {
            let number = text
                .trim()
                .trim_end_matches(|c: char| c.is_alphabetic() || c == '.' || c == ' ');
            let number = number.strip_suffix(".0").unwrap_or(number).parse();
            number
                .map_err(|_| wrong.push(format!("\"{}\" is no number of minutes.", words::preview(text, 40))))
                .ok()
        });
        let status = status(cell(Field::Status).unwrap_or_default()).unwrap_or_else(|why| {
            wrong.push(why);
            Said::Expected
        });
        let mut notes = cell(Field::Notes).map(words::lines);
        if let Some(others) = phone.as_ref().map(|phone| &phone.others).filter(|others| !others.is_empty()) {
            let others = format!("Further numbers: {}", others.join(", "));
            notes = Some(notes.map_or_else(|| others.clone(), |notes| format!("{notes}\n{others}")));
        }
        Row {
            number: record.number,
            name,
            phone,
            email: line(Field::Email),
            time_zone: line(Field::TimeZone),
            language: line(Field::Language),
            tags: tags.filter(|tag| !tag.is_empty()).collect(),
            notes,
            consent,
            consent_words: words::preview(raw(Field::Consent), 40),
            emails,
            offers,
            for_name: line(Field::ForName),
            start,
            end,
            minutes,
            kind: line(Field::Type),
            location: line(Field::Location),
            staff_label: line(Field::StaffLabel),
            external_id: line(Field::ExternalId),
            id: line(Field::Id),
            status,
        }
    }

    /// When a visit begins and ends, by one column or by two.
    fn times(&self, record: &Record, wrong: &mut Vec<String>) -> (Option<Start>, Option<Start>) {
        let moment = |cell: Option<&str>, wrong: &mut Vec<String>| {
            let read = cell.map(|cell| dates::moment(cell, self.order)).transpose();
            read.map(Option::flatten).unwrap_or_else(|why| {
                wrong.push(why.to_string());
                None
            })
        };
        let cell = |field| self.cell(record, field);
        let whole = cell(Field::StartsAt);
        let start = moment(whole.or_else(|| cell(Field::Date)), wrong);
        let start = match start {
            Some(Moment::Instant(at)) => Some(Start::At(at)),
            Some(Moment::Local(at)) if cell(Field::Time).is_none() => Some(Start::Local(at)),
            Some(day @ (Moment::Day(_) | Moment::Local(_))) => {
                let day = match day {
                    Moment::Local(at) => at.date(),
                    Moment::Day(day) => day,
                    Moment::Instant(at) => at.date_naive(),
                };
                let time = cell(Field::Time).map(of_day);
                match time {
                    Some(Some(time)) => Some(Start::Local(day.and_time(time))),
                    Some(None) => {
                        let shown = words::preview(cell(Field::Time).unwrap_or_default(), 40);
                        wrong.push(format!(
                            "\"{shown}\" can't be read as a time. Write it like 15:00 or 3:00 PM."
                        ));
                        None
                    }
                    None => {
                        wrong.push("The time of day is missing.".to_owned());
                        None
                    }
                }
            }
            None => None,
        };
        let end = match (cell(Field::EndsAt), start) {
            (Some(text), Some(Start::Local(at))) if dates::time(text).is_some() => {
                dates::time(text).map(|time| Start::Local(at.date().and_time(time)))
            }
            (text, _) => match moment(text, wrong) {
                Some(Moment::Instant(at)) => Some(Start::At(at)),
                Some(Moment::Local(at)) => Some(Start::Local(at)),
                _ => None,
            },
        };
        (start, end)
    }
}

/// A time of day; a spreadsheet may have written one day's beginning before it, or counted it as a part of a day.
fn of_day(text: &str) -> Option<chrono::NaiveTime> {
    let part = || {
        let part: f64 = text.trim().parse().ok()?;
        let minutes = (part * 1440.0).round();
        (0.0..1440.0).contains(&minutes).then_some(minutes as u32)
    };
    dates::time(text)
        .or_else(|| match dates::moment(text, Some(Order::MonthFirst)) {
            Ok(Some(Moment::Local(at))) => Some(at.time()),
            _ => None,
        })
        .or_else(|| part().and_then(|n| chrono::NaiveTime::from_hms_opt(n / 60, n % 60, 0)))
}

fn status(cell: &str) -> Result<Said, String> {
    let word = super::headers::normal(cell);
    match word.as_str() {
        ""
        | "scheduled"
        | "confirmed"
        | "booked"
        | "active"
        | "pending"
        | "open"
        | "new"
        | "reschedule requested"
        | "wants another time"
        | "confirmada"
        | "confirmado"
        | "programada"
        | "pendiente"
        | "unconfirmed"
        | "upcoming"
        | "accepted" => Ok(Said::Expected),
        "cancelled" | "canceled" | "cancelada" | "cancelado" | "deleted" | "declined" => Ok(Said::Cancelled),
        "completed" | "complete" | "done" | "attended" | "seen" | "completada" | "completado" | "checked out" => {
            Ok(Said::Completed)
        }
        "no show" | "noshow" | "missed" | "no asistio" | "did not attend" => Ok(Said::NoShow),
        _ => Err(format!(
            "\"{}\" is no status we know. Take the column out, or write scheduled or cancelled.",
            words::preview(cell, 40)
        )),
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn read(columns: &[(Field, &str)], order: Option<Order>) -> Result<Row, String> {
        let reading = Reading {
            columns: columns.iter().map(|(field, _)| Some(*field)).collect(),
            order,
            country: "US".to_owned(),
        };
        reading.row(&Record {
            number: 2,
            cells: columns.iter().map(|(_, cell)| (*cell).to_owned()).collect(),
            too_long: false,
        })
    }

    #[test]
    fn a_row_says_what_its_cells_say() {
        use Field as F;
        let row = read(
            &[
                (F::FirstName, " Ann "),
                (F::LastName, "Lee"),
                (F::Phone, "4155550171.0 ::: 415 555 0172"),
                (F::Tags, "VIP, * friends ::: braces"),
                (F::Notes, "'=1+1"),
                (F::Consent, "yes"),
                (F::Date, "3/4/2027"),
                (F::Time, "3:00 PM"),
                (F::EndsAt, "15:45"),
                (F::Minutes, "45 min"),
                (F::Status, "Confirmed"),
            ],
            Some(Order::MonthFirst),
        );
        let row = row.expect("readable");
        assert_eq!(row.name.as_deref(), Some("Ann Lee"));
        assert_eq!(row.phone.map(|p| p.number).as_deref(), Some("+14155550171"));
        assert_eq!(row.tags, ["VIP", "friends", "braces"]);
        assert_eq!(row.notes.as_deref(), Some("=1+1\nFurther numbers: +14155550172"));
        assert_eq!((row.consent, row.consent_words.as_str()), (Some(State::OptedIn), "yes"));
        let at = |text: &str| Some(Start::Local(text.parse().expect("a time")));
        assert_eq!((row.start, row.end), (at("2027-03-04T15:00:00"), at("2027-03-04T15:45:00")));
        assert_eq!((row.minutes, row.status), (Some(45), Said::Expected));
    }

    #[rstest]
    #[case::shortened(&[(Field::Phone, "4.15E+09")], "Excel shortened")]
    #[case::no_time(&[(Field::StartsAt, "2027-01-05")], "time of day is missing")]
    #[case::either(&[(Field::StartsAt, "3/4/2027 15:00")], "could be two days")]
    #[case::odd_time(&[(Field::Date, "2027-01-05"), (Field::Time, "noonish")], "can't be read as a time")]
    #[case::consent(&[(Field::Consent, "perhaps")], "whether this person agreed")]
    #[case::status(&[(Field::Status, "limbo")], "no status we know")]
    #[case::minutes(&[(Field::Minutes, "long")], "no number of minutes")]
    fn what_cant_be_read_is_said(#[case] cells: &[(Field, &str)], #[case] words: &str) {
        let why = read(cells, None).expect_err("refused");
        assert!(why.contains(words), "{why}");
    }

    #[test]
    fn all_that_is_wrong_is_said_at_once() {
        let why = read(&[(Field::Phone, "4.15E+09"), (Field::StartsAt, "soon")], None).expect_err("refused");
        assert!(why.contains("Excel") && why.contains("soon"), "{why}");
    }
}
