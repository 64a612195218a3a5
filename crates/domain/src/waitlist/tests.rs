use super::*;
use crate::zone::named;
use proptest::prelude::*;
use rstest::rstest;

/// Tuesday, January 5, 2027, 3 PM in New York.
fn afternoon() -> DateTime<Utc> {
    "2027-01-05T20:00:00Z".parse().expect("an instant")
}

fn free(staff: &str) -> Free<'_, u8> {
    Free {
        starts_at: afternoon(),
        minutes: 45,
        kind: Some(1),
        location: Some(7),
        staff,
        zone: named("America/New_York"),
    }
}

fn wish() -> Wish<u8> {
    Wish {
        minutes: 30,
        ..Wish::default()
    }
}

fn window(days: &[&str], dates: (&str, &str), times: (&str, &str)) -> Window {
    let days: Vec<String> = days.iter().map(|day| (*day).to_owned()).collect();
    Window::read(&days, (Some(dates.0), Some(dates.1)), (Some(times.0), Some(times.1))).expect("a window")
}

#[rstest]
#[case::whatever(|_: &mut Wish<u8>| {}, None)]
#[case::too_short(|w: &mut Wish<u8>| w.minutes = 46, Some(Unfit::TooShort))]
#[case::exactly_as_long(|w: &mut Wish<u8>| w.minutes = 45, None)]
#[case::another_type(|w: &mut Wish<u8>| w.kinds = vec![2, 3], Some(Unfit::Kind))]
#[case::one_of_their_types(|w: &mut Wish<u8>| w.kinds = vec![2, 1], None)]
#[case::another_place(|w: &mut Wish<u8>| w.locations = vec![8], Some(Unfit::Location))]
#[case::somebody_else(|w: &mut Wish<u8>| w.staff = vec!["Ben".to_owned()], Some(Unfit::Staff))]
#[case::their_stylist(|w: &mut Wish<u8>| w.staff = vec!["Ben".to_owned(), "Ana".to_owned()], None)]
#[case::notice_that_is_just_enough(|w: &mut Wish<u8>| w.notice_minutes = 24 * 60, None)]
#[case::notice_that_is_not(|w: &mut Wish<u8>| w.notice_minutes = 24 * 60 + 1, Some(Unfit::Notice))]
#[case::a_day_that_suits(|w: &mut Wish<u8>| w.windows = vec![window(&["tue"], ("", ""), ("", ""))], None)]
#[case::a_day_that_does_not(|w: &mut Wish<u8>| w.windows = vec![window(&["mon", "wed"], ("", ""), ("", ""))], Some(Unfit::Window))]
#[case::one_of_two_windows(|w: &mut Wish<u8>| w.windows = vec![window(&["mon"], ("", ""), ("", "")), window(&[], ("", ""), ("14:00", ""))], None)]
#[case::over_before_it_ends(|w: &mut Wish<u8>| w.windows = vec![window(&[], ("", ""), ("15:00", "15:29"))], Some(Unfit::Window))]
#[case::over_just_in_time(|w: &mut Wish<u8>| w.windows = vec![window(&[], ("", ""), ("15:00", "15:30"))], None)]
#[case::begins_too_early(|w: &mut Wish<u8>| w.windows = vec![window(&[], ("", ""), ("15:01", ""))], Some(Unfit::Window))]
#[case::from_a_date_on(|w: &mut Wish<u8>| w.windows = vec![window(&[], ("2027-01-06", ""), ("", ""))], Some(Unfit::Window))]
#[case::up_to_a_date(|w: &mut Wish<u8>| w.windows = vec![window(&[], ("", "2027-01-05"), ("", ""))], None)]
fn a_time_fits_or_says_why_not(#[case] change: fn(&mut Wish<u8>), #[case] why: Option<Unfit>) {
    let mut wish = wish();
    change(&mut wish);
    let now = afternoon() - Duration::hours(24);
    assert_eq!(wish.fits(&free("Ana"), now).err(), why);
}

#[test]
fn a_window_is_read_by_the_clock_of_the_place() {
    // Half past ten in the evening on Tuesday in New York is Wednesday in UTC.
    let late: DateTime<Utc> = "2027-01-06T03:30:00Z".parse().expect("an instant");
    let tuesday = window(&["tue"], ("", ""), ("", ""));
    assert!(tuesday.holds(late, 30, named("America/New_York")));
    assert!(!tuesday.holds(late, 30, Zone::UTC));
    let evening = window(&[], ("", ""), ("22:00", "23:59"));
    assert!(!evening.holds(late, 120, named("America/New_York")), "it ends on another day");
}

#[rstest]
#[case(&["someday"], ("", ""), ("", ""), "weekdays")]
#[case(&[], ("tomorrow", ""), ("", ""), "from_date")]
#[case(&[], ("2027-01-06", "2027-01-05"), ("", ""), "to_date")]
#[case(&[], ("", ""), ("9", ""), "from")]
#[case(&[], ("", ""), ("12:00", "12:00"), "to")]
fn a_window_that_makes_no_sense_says_which_field(
    #[case] days: &[&str],
    #[case] dates: (&str, &str),
    #[case] times: (&str, &str),
    #[case] field: &str,
) {
    let days: Vec<String> = days.iter().map(|day| (*day).to_owned()).collect();
    let read = Window::read(&days, (Some(dates.0), Some(dates.1)), (Some(times.0), Some(times.1)));
    assert_eq!(read.expect_err("refused").0, field);
}

#[rstest]
#[case::fine(Standing::default(), Turn::Now)]
#[case::quiet(Standing { quiet_until: Some(afternoon()), ..Standing::default() }, Turn::Later(afternoon()))]
#[case::one_open(Standing { open: 1, this_week: 2, ..Standing::default() }, Turn::Now)]
fn who_can_be_asked_is(#[case] standing: Standing, #[case] turn: Turn) {
    assert_eq!(standing.turn(), turn);
}

#[rstest]
#[case(Standing { obstacle: Some("They opted out.".to_owned()), quiet_until: Some(afternoon()), ..Standing::default() })]
#[case(Standing { asked: true, ..Standing::default() })]
#[case(Standing { busy: true, ..Standing::default() })]
#[case(Standing { open: 2, ..Standing::default() })]
#[case(Standing { this_week: 3, ..Standing::default() })]
fn who_cannot_be_asked_is_passed_over_with_a_reason(#[case] standing: Standing) {
    assert!(matches!(standing.turn(), Turn::Never(why) if !why.is_empty()));
}

#[test]
fn who_does_not_answer_stands_behind_everybody_who_does() {
    assert!(place(Priority::Normal, 1) < place(Priority::Urgent, SILENCES));
    assert!(place(Priority::Urgent, 0) < place(Priority::Soon, 0));
    assert!(place(Priority::Soon, 0) < place(Priority::Normal, 0));
}

#[test]
fn a_board_says_why_somebody_is_asked() {
    let (now, since) = (afternoon(), afternoon() - Duration::days(22));
    assert_eq!(
        reason(Priority::Urgent, 0, None, since, now),
        "urgent, never offered, waits 3 weeks"
    );
    let last = Some(now - Duration::hours(1));
    assert_eq!(
        reason(Priority::Normal, 2, last, now - Duration::days(1), now),
        "last offered 1 hour ago, waits 1 day, did not answer the last 2"
    );
}

#[rstest]
#[case(25 * 60, Mode::OneByOne, 30, 1)]
#[case(24 * 60, Mode::OneByOne, 30, 1)]
#[case(24 * 60 - 1, Mode::Groups, 10, 3)]
#[case(4 * 60, Mode::Groups, 10, 3)]
#[case(4 * 60 - 1, Mode::Race, 5, 10)]
#[case(45, Mode::Race, 5, 10)]
#[case(44, Mode::StaffOnly, 30, 0)]
fn how_a_time_is_offered_depends_on_how_soon_it_begins(
    #[case] minutes: i64,
    #[case] mode: Mode,
    #[case] hold: i32,
    #[case] size: i32,
) {
    let plan = Rules::default().plan(Duration::minutes(minutes));
    assert_eq!((plan.mode, plan.hold_minutes, plan.group_size), (mode, hold, size));
}

#[test]
fn rules_that_make_no_sense_say_which_field() {
    assert!(Rules::default().wrong().is_empty());
    let upside_down = Rules {
        groups_from: 10,
        race_from: 20,
        hold: 0,
        ..Rules::default()
    };
    let fields: Vec<&str> = upside_down.wrong().into_iter().map(|(field, _)| field).collect();
    assert_eq!(fields, ["groups_from", "hold"]);
}

#[rstest]
#[case("1", Some(0))]
#[case("2.", Some(1))]
#[case("3!", Some(2))]
#[case("the first", Some(0))]
#[case("The second one, please", Some(1))]
#[case("number 3 works for me", Some(2))]
#[case("Thu", Some(0))]
#[case("monday", Some(2))]
#[case("lunes", Some(2))]
#[case("Fri 10 am", Some(1))]
#[case("10:00", None)]
#[case("am", None)]
#[case("4", None)]
#[case("1 or 2", None)]
#[case("not the first", None)]
#[case("1?", None)]
#[case("Thu or Fri", None)]
#[case("no thanks", None)]
#[case("", None)]
#[case("please", None)]
fn a_choice_is_understood_or_left_to_a_person(#[case] body: &str, #[case] chosen: Option<usize>) {
    // Thursday 3 PM, Friday 10 AM, Monday 10 AM.
    let times =
        ["2027-01-07T20:00:00Z", "2027-01-08T15:00:00Z", "2027-01-11T15:00:00Z"].map(|at| at.parse().expect("an instant"));
    assert_eq!(choice(body, &times, named("America/New_York")), chosen);
}

proptest! {
    /// Whatever somebody writes, nothing breaks, and no time is chosen that was not offered.
    #[test]
    fn a_choice_is_one_of_those_that_were_offered(body in ".{0,80}", n in 0usize..4) {
        let times: Vec<DateTime<Utc>> = (0..n).map(|day| afternoon() + Duration::days(i64::try_from(day).unwrap_or(0))).collect();
        if let Some(place) = choice(&body, &times, named("America/New_York")) {
            prop_assert!(place < n);
        }
    }

    /// Every moment has exactly one way of offering, and the sooner it is the fewer are asked alone.
    #[test]
    fn a_sooner_time_is_never_offered_more_slowly(one in 0i64..3000, other in 0i64..3000) {
        let rules = Rules::default();
        let (near, far) = (one.min(other), one.max(other));
        prop_assert!(rules.plan(Duration::minutes(near)).mode >= rules.plan(Duration::minutes(far)).mode);
    }

    /// A window that is kept says the same when it is read again.
    #[test]
    fn a_window_survives_being_kept(days in prop::collection::btree_set(0usize..7, 0..7), from in 0u32..23, long in 1u32..60) {
        let names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
        let days: Vec<&str> = days.into_iter().map(|day| names[day]).collect();
        let (begins, ends) = (format!("{from:02}:00"), format!("{from:02}:{long:02}"));
        prop_assume!(long < 60);
        let one = window(&days, ("2027-01-01", "2027-12-31"), (&begins, &ends));
        let kept = serde_json::to_string(&one).expect("JSON");
        prop_assert_eq!(serde_json::from_str::<Window>(&kept).expect("a window"), one.clone());
        let ((from_date, to_date), (from, to)) = (one.dates(), one.times());
        let again = Window::read(&one.weekdays(), (from_date.as_deref(), to_date.as_deref()), (from.as_deref(), to.as_deref()));
        prop_assert_eq!(again, Ok(one));
    }
}

#[rstest]
#[case::not_yet(9, 120, None)]
#[case::texted(10, 120, Some((60, 60)))]
#[case::on_the_line(15, 120, Some((60, 60)))]
#[case::just_behind_it(16, 120, Some((75, 45)))]
#[case::called(16, 90, Some((30, 60)))]
#[case::half_an_hour(10, 90, Some((60, 30)))]
#[case::too_little(10, 40, None)]
#[case::over(130, 120, None)]
fn what_is_left_of_a_visit_begins_when_somebody_can_be_there(
    #[case] late: i64,
    #[case] long: i64,
    #[case] rest: Option<(i64, i32)>,
) {
    let begins: DateTime<Utc> = "2027-01-04T16:00:00Z".parse().expect("a moment");
    let at = |minutes| begins + Duration::minutes(minutes);
    let rules = Rules {
        no_show_after: 10,
        ..Rules::default()
    };
    let expected = rest.map(|(from, minutes)| (at(from), minutes));
    assert_eq!(rules.rest(begins, at(long), at(late)), expected);
    assert_eq!(
        Rules::default().rest(begins, at(long), at(late)),
        None,
        "only where it is wanted"
    );
}

#[test]
fn a_rule_that_is_off_is_not_kept_and_an_odd_one_is_refused() {
    let kept = serde_json::to_string(&Rules::default()).expect("JSON");
    assert!(!kept.contains("no_show"), "{kept}");
    for (minutes, fine) in [(0, true), (5, true), (240, true), (-1, false), (4, false), (241, false)] {
        let rules = Rules {
            no_show_after: minutes,
            ..Rules::default()
        };
        assert_eq!(rules.wrong().is_empty(), fine, "{minutes}");
        let back: Rules = serde_json::from_str(&serde_json::to_string(&rules).expect("JSON")).expect("rules");
        assert_eq!(back, rules);
    }
}
