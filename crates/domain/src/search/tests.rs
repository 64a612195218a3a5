use proptest::prelude::*;
use rstest::rstest;

use super::*;

/// Tuesday, January 5, 2027, 3:00 PM in New York.
fn now() -> DateTime<Utc> {
    when::instant("2027-01-05T20:00:00Z").expect("a moment")
}

fn new_york() -> Zone {
    Zone::named("America/New_York").expect("known")
}

fn read(typed: &str) -> Search {
    Search::read(typed, now(), new_york())
}

fn at(text: &str) -> DateTime<Utc> {
    when::instant(text).expect("a moment")
}

fn text(text: &str, in_a_row: bool, begins: bool) -> What {
    What::Text(Text {
        text: text.to_owned(),
        in_a_row,
        begins,
    })
}

#[rstest]
#[case("parking", text("parking", false, true))]
#[case("\"late today\"", text("late today", true, false))]
#[case("“late today”", text("late today", true, false))]
#[case("from:me", What::From(From::Me))]
#[case("From:Customer", What::From(From::Customer))]
#[case("from:maya", What::From(From::Name("maya".to_owned())))]
#[case("from:\"Maya Ortiz\"", What::From(From::Name("maya ortiz".to_owned())))]
#[case("is:unread", What::Is(Is::Unread))]
#[case("is:optedout", What::Is(Is::OptedOut))]
#[case("IS:HOLD", What::Is(Is::Hold))]
#[case("assigned:me", What::Assigned(Assigned::Me))]
#[case("assigned:none", What::Assigned(Assigned::Nobody))]
#[case("assigned:@ana", What::Assigned(Assigned::Name("ana".to_owned())))]
#[case("before:2027-01-02", What::Time(None, Some(at("2027-01-02T05:00:00Z"))))]
#[case("after:today", What::Time(Some(at("2027-01-05T05:00:00Z")), None))]
#[case("after:7d", What::Time(Some(at("2026-12-29T05:00:00Z")), None))]
#[case(
    "on:yesterday",
    What::Time(Some(at("2027-01-04T05:00:00Z")), Some(at("2027-01-05T05:00:00Z")))
)]
// The clocks go forward that night, so the day has 23 hours.
#[case(
    "on:2027-03-14",
    What::Time(Some(at("2027-03-14T05:00:00Z")), Some(at("2027-03-15T04:00:00Z")))
)]
#[case("channel:whatsapp", What::Channel(Channel::Whatsapp))]
#[case("location:\"Main Street\"", What::Location("main street".to_owned()))]
#[case("tag:VIP", What::Tag("vip".to_owned()))]
#[case("tag:\"New  patient\"", What::Tag("new patient".to_owned()))]
#[case("has:visit", What::Has(Has::Visit))]
fn what_is_typed_is_understood(#[case] typed: &str, #[case] what: What) {
    let search = read(typed);
    assert_eq!(search.notes, [""; 0]);
    assert_eq!(search.terms.iter().map(|t| t.what.clone()).collect::<Vec<_>>(), [what]);
}

#[rstest]
#[case::unknown_key("subject:hello", "“subject:” is not something to search by.")]
#[case::unknown_state("is:sleepy", "“is:” knows unread, waiting, open, closed, snoozed, failed, optedout, hold.")]
#[case::nothing_behind("from:", "Something must stand right behind “from:”.")]
#[case::no_day("before:soon", "“before:” knows days like 2027-01-05, today, yesterday and 7d.")]
#[case::no_such_day("on:2027-02-30", "“on:” knows days like 2027-01-05, today, yesterday and 7d.")]
#[case::far_away("after:99999d", "“after:” knows days like 2027-01-05, today, yesterday and 7d.")]
#[case::minus_time("-after:7d", "A minus before a time means nothing.")]
fn what_is_not_understood_is_text_and_says_so(#[case] typed: &str, #[case] why: &str) {
    let search = read(typed);
    assert!(matches!(&search.terms[..], [Term { what: What::Text(_), .. }]), "{search:?}");
    assert_eq!(search.notes.len(), 1);
    assert!(search.notes[0].ends_with(why), "{:?}", search.notes);
}

#[test]
fn a_quote_that_is_not_closed_goes_to_the_end() {
    let search = read("is:open \"running late");
    assert_eq!(search.terms[1].what, text("running late", true, false));
    assert!(search.notes[0].starts_with("A quote was not closed"));
}

#[test]
fn an_address_on_the_web_and_a_time_of_day_are_words() {
    assert_eq!(read("https://example.com/a 3:30").notes, [""; 0]);
}

#[test]
fn a_minus_turns_a_term_around() {
    let search = read("late -parking -is:closed x-ray");
    let not: Vec<bool> = search.terms.iter().map(|t| t.not).collect();
    assert_eq!(not, [false, true, true, false]);
    assert!(search.is_said_in("Late for the x-ray"));
    assert!(!search.is_said_in("Late for the X-RAY: no parking"));
}

#[test]
fn only_the_last_word_may_go_on() {
    let search = read("appoint tom");
    assert!(!search.is_said_in("Your appointment is tomorrow"));
    assert!(read("appointment tom").is_said_in("Your appointment is tomorrow"));
    assert!(!read("\"appointment is tom\"").is_said_in("Your appointment is tomorrow"));
}

#[test]
fn words_in_a_row_stand_in_a_row() {
    let search = read("\"is tomorrow\"");
    assert!(search.is_said_in("It IS, tomorrow!"));
    assert!(!search.is_said_in("Tomorrow it is"));
}

#[test]
fn several_times_are_all_of_them() {
    assert_eq!(
        read("after:2027-01-01 after:2026-01-01 before:2027-01-03 before:today").time(),
        (Some(at("2027-01-01T05:00:00Z")), Some(at("2027-01-03T05:00:00Z")))
    );
}

#[test]
fn a_term_can_be_taken_out() {
    let search = read("is:open “running late” -has:task");
    assert_eq!(search.without(1), "is:open -has:task");
    assert_eq!(read(&search.without(0)).terms, search.terms[1..]);
}

#[test]
fn a_snippet_marks_what_was_found() {
    let found = snippet(&read("late park"), "I am running\nlate: no PARKING left, Late again");
    assert_eq!(found.text, "I am running late: no PARKING left, Late again");
    let words: Vec<String> = found
        .marks
        .iter()
        .map(|m| {
            found
                .text
                .chars()
                .skip(m.from as usize)
                .take((m.to - m.from) as usize)
                .collect()
        })
        .collect();
    assert_eq!(words, ["late", "PARKING", "Late"]);
}

#[test]
fn a_snippet_of_a_long_text_begins_near_what_was_found() {
    let long = format!("{}needle {}", "word ".repeat(200), "after ".repeat(200));
    let found = snippet(&read("needle"), &long);
    assert!(found.text.starts_with('…') && found.text.ends_with('…') && found.text.contains("needle"));
    assert!(found.text.chars().count() <= 182);
}

proptest! {
    #[test]
    fn whatever_is_typed_is_read_and_stays_small(typed in "\\PC{0,400}|([a-z]{0,6}:?[\"“”:-]{0,3}[ a-z0-9]{0,8}){0,60}") {
        let search = read(&typed);
        prop_assert!(search.terms.len() <= MOST_TERMS && search.notes.len() <= MOST_TERMS + 3);
        for n in 0..search.terms.len() {
            prop_assert!(search.without(n).chars().count() <= MOST_CHARACTERS + 2 * MOST_TERMS);
        }
        let found = snippet(&search, &typed);
        let length = found.text.chars().count() as u32;
        prop_assert!(length <= 182);
        prop_assert!(found.marks.iter().all(|m| m.from < m.to && m.to <= length));
        prop_assert!(found.marks.windows(2).all(|pair| pair[0].to < pair[1].from));
    }

    #[test]
    fn what_a_text_says_is_found_in_it(words in proptest::collection::vec("[a-zäöüß]{1,8}", 1..8), pick in any::<prop::sample::Index>()) {
        let body = words.join(", ");
        let word = pick.get(&words);
        prop_assert!(read(word).is_said_in(&body));
        let quoted = format!("\"{}\"", words.join(" "));
        prop_assert!(read(&quoted).is_said_in(&body));
        let minus = format!("-{word}");
        prop_assert!(!read(&minus).is_said_in(&body));
    }
}
