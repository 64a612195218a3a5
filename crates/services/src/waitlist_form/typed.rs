//! What somebody typed into the form, and what it means.

use contract::waitlist::Window;
use domain::{
    waitlist_form::{NOTICES, Part, spans},
    words,
};
use uuid::Uuid;

use super::FormPage;

/// Most characters of what else they say.
pub const LONGEST_NOTE: usize = 500;

/// Most of a list that are shown and may be chosen.
pub const MOST_CHOSEN: usize = 40;

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// As it was typed.
#[derive(Clone, Debug, Default)]
pub struct Typed {
    pub language: String,
    pub name: String,
    pub phone: String,
    pub types: Vec<String>,
    pub places: Vec<String>,
    pub parts: Vec<String>,
    pub days: Vec<String>,
    pub notice: String,
    pub notes: String,
    pub agrees: bool,
}

/// A part of the form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    Name,
    Phone,
    Types,
    Places,
    When,
    Notes,
    Agree,
    Code,
}

/// Something that has to be put right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wrong {
    pub field: Field,
    pub says: &'static str,
}

/// Made sure of.
pub(super) struct Valid {
    pub name: String,
    /// E.164.
    pub phone: String,
    pub type_ids: Vec<Uuid>,
    pub location_ids: Vec<Uuid>,
    pub windows: Vec<Window>,
    pub notice: u32,
    pub notes: String,
}

impl Typed {
    /// `country`: of the business; numbers without a code are of there.
    pub(super) fn valid(&self, page: &FormPage, country: &str) -> Result<Valid, Vec<Wrong>> {
        let says = page.words;
        let mut wrong = Vec::new();
        let mut mark = |field, says| wrong.push(Wrong { field, says });
        let name = words::line(&self.name);
        if name.is_empty() || name.chars().count() > 100 {
            mark(Field::Name, says.name_missing);
        }
        let phone = domain::phone::parse(&self.phone, country).unwrap_or_else(|_| {
            mark(Field::Phone, says.phone_wrong);
            String::new()
        });
        let type_ids: Option<Vec<Uuid>> = self.types.iter().map(|one| chosen(&page.types, one)).collect();
        if type_ids.is_none() {
            mark(Field::Types, says.types_wrong);
        }
        let location_ids: Option<Vec<Uuid>> = self.places.iter().map(|one| chosen(&page.places, one)).collect();
        if location_ids.is_none() {
            mark(Field::Places, says.places_wrong);
        }
        let windows = self.windows();
        let notice = self.notice.parse().ok().filter(|notice| NOTICES.contains(notice));
        if windows.is_none() || notice.is_none() {
            mark(Field::When, says.look_again);
        }
        let notes = words::lines(&self.notes);
        if notes.chars().count() > LONGEST_NOTE {
            mark(Field::Notes, says.notes_long);
        }
        if !self.agrees {
            mark(Field::Agree, says.agree_missing);
        }
        match (type_ids, location_ids, windows, notice) {
            (Some(type_ids), Some(location_ids), Some(windows), Some(notice)) if wrong.is_empty() => Ok(Valid {
                name,
                phone,
                type_ids,
                location_ids,
                windows,
                notice,
                notes,
            }),
            _ => Err(wrong),
        }
    }

    /// None for what can't be chosen.
    fn windows(&self) -> Option<Vec<Window>> {
        let parts: Vec<Part> = self.parts.iter().map(|part| part.parse().ok()).collect::<Option<_>>()?;
        let mut weekdays = Vec::with_capacity(self.days.len());
        for day in &self.days {
            let known = DAYS.iter().find(|known| **known == day.as_str())?;
            weekdays.push((*known).to_owned());
        }
        weekdays.dedup();
        if weekdays.len() == DAYS.len() {
            weekdays.clear();
        }
        let clock = |minutes: u16| format!("{:02}:{:02}", minutes / 60, minutes % 60);
        let mut windows: Vec<Window> = spans(&parts)
            .into_iter()
            .map(|(from, to)| Window {
                weekdays: weekdays.clone(),
                from: (from > 0).then(|| clock(from)),
                to: (to < 24 * 60).then(|| clock(to)),
                ..Window::default()
            })
            .collect();
        if windows.is_empty() && !weekdays.is_empty() {
            windows.push(Window {
                weekdays,
                ..Window::default()
            });
        }
        Some(windows)
    }
}

fn chosen(all: &[(Uuid, String)], id: &str) -> Option<Uuid> {
    let id = id.parse().ok()?;
    all.iter().any(|(known, _)| *known == id).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::waitlist_form::ENGLISH;
    use rstest::rstest;

    fn page() -> FormPage {
        FormPage {
            words: &ENGLISH,
            slug: "bright-dental".to_owned(),
            business: "Bright Dental".to_owned(),
            contact_line: String::new(),
            types: vec![(Uuid::from_u128(7), "Cleaning".to_owned())],
            places: vec![
                (Uuid::from_u128(1), "North".to_owned()),
                (Uuid::from_u128(2), "South".to_owned()),
            ],
        }
    }

    fn typed() -> Typed {
        Typed {
            name: " Ann  Lee ".to_owned(),
            phone: "(415) 555-0171".to_owned(),
            types: vec![Uuid::from_u128(7).to_string()],
            places: vec![Uuid::from_u128(2).to_string()],
            notice: "60".to_owned(),
            agrees: true,
            ..Typed::default()
        }
    }

    fn owned(all: &[&str]) -> Vec<String> {
        all.iter().map(|one| (*one).to_owned()).collect()
    }

    #[test]
    fn what_is_whole_is_taken() {
        let valid = typed().valid(&page(), "US").expect("whole");
        assert_eq!((valid.name.as_str(), valid.phone.as_str()), ("Ann Lee", "+14155550171"));
        assert_eq!(valid.type_ids, [Uuid::from_u128(7)]);
        assert_eq!(valid.location_ids, [Uuid::from_u128(2)]);
        assert!(valid.windows.is_empty() && valid.notes.is_empty() && valid.notice == 60);
    }

    #[rstest]
    #[case::any(&[], &[], vec![])]
    #[case::all_is_any(&["evening", "morning", "afternoon"], &["mon", "tue", "wed", "thu", "fri", "sat", "sun"], vec![])]
    #[case::mornings(&["morning"], &[], vec![(0, None, Some("12:00"))])]
    #[case::one_span(&["afternoon", "evening"], &["tue"], vec![(1, Some("12:00"), None)])]
    #[case::two_spans(&["morning", "evening"], &["mon", "wed"], vec![(2, None, Some("12:00")), (2, Some("17:00"), None)])]
    #[case::days_alone(&[], &["sat"], vec![(1, None, None)])]
    fn chips_become_windows(
        #[case] parts: &[&str],
        #[case] days: &[&str],
        #[case] windows: Vec<(usize, Option<&str>, Option<&str>)>,
    ) {
        let typed = Typed {
            parts: owned(parts),
            days: owned(days),
            ..typed()
        };
        let found = typed.valid(&page(), "US").expect("whole").windows;
        let found: Vec<_> = found
            .iter()
            .map(|w| (w.weekdays.len(), w.from.as_deref(), w.to.as_deref()))
            .collect();
        assert_eq!(found, windows);
    }

    #[rstest]
    #[case::no_name(Typed { name: "  ".to_owned(), ..typed() }, Field::Name)]
    #[case::a_novel(Typed { name: "x".repeat(101), ..typed() }, Field::Name)]
    #[case::no_number(Typed { phone: "soon".to_owned(), ..typed() }, Field::Phone)]
    #[case::anothers_type(Typed { types: vec![Uuid::from_u128(8).to_string()], ..typed() }, Field::Types)]
    #[case::no_type(Typed { types: owned(&["cleaning"]), ..typed() }, Field::Types)]
    #[case::anothers_place(Typed { places: vec![Uuid::from_u128(7).to_string()], ..typed() }, Field::Places)]
    #[case::no_part(Typed { parts: owned(&["night"]), ..typed() }, Field::When)]
    #[case::no_day(Typed { days: owned(&["someday"]), ..typed() }, Field::When)]
    #[case::another_notice(Typed { notice: "61".to_owned(), ..typed() }, Field::When)]
    #[case::long_notes(Typed { notes: "x".repeat(LONGEST_NOTE + 1), ..typed() }, Field::Notes)]
    #[case::not_agreed(Typed { agrees: false, ..typed() }, Field::Agree)]
    fn what_is_not_is_named(#[case] typed: Typed, #[case] field: Field) {
        let wrong = typed.valid(&page(), "US").err().expect("not whole");
        assert_eq!(wrong.iter().map(|one| one.field).collect::<Vec<_>>(), [field]);
    }
}
