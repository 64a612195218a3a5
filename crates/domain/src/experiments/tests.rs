use super::rates::{erf, two_sided, z};
use super::*;
use chrono::{DateTime, Duration, Utc};
use proptest::prelude::*;
use rstest::rstest;

fn count(hits: u64, of: u64) -> Count {
    Count { hits, of }
}

/// An arm of which every outcome is known.
fn tally(hits: u64, of: u64) -> Tally {
    Tally {
        people: of,
        outcome: count(hits, of),
        ..Tally::default()
    }
}

fn left(people: u64, opted_out: u64) -> Tally {
    Tally {
        people,
        opted_out,
        ..Tally::default()
    }
}

#[rstest]
#[case::confirmed(0.60, 0.70, 353)]
#[case::six_points(0.60, 0.66, 1_013)]
#[case::five_points(0.60, 0.65, 1_468)]
#[case::missed(0.15, 0.10, 683)]
#[case::missed_less(0.10, 0.07, 1_353)]
#[case::the_other_way_round(0.70, 0.60, 353)]
#[case::so_plain_that_three_would_do(0.05, 0.95, 30)]
#[case::never_to_always(0.0, 1.0, 30)]
fn so_many_people_are_needed_in_each_arm(#[case] usual: f64, #[case] other: f64, #[case] needed: u64) {
    assert_eq!(people_needed(usual, other), Some(needed));
}

#[rstest]
#[case::nothing_to_find(0.6, 0.6)]
#[case::less_than_a_tenth_of_a_point(0.6, 0.6005)]
#[case::more_than_all(0.6, 1.1)]
#[case::less_than_nothing(-0.1, 0.6)]
#[case::no_number(f64::NAN, 0.6)]
#[case::no_number_either(0.6, f64::INFINITY)]
fn what_is_no_question_takes_nobody(#[case] usual: f64, #[case] other: f64) {
    assert_eq!(people_needed(usual, other), None);
}

#[test]
fn the_day_it_is_done_is_known_before_it_begins() {
    let now = DateTime::<Utc>::UNIX_EPOCH;
    for (missing, a_day, days, why) in [
        (353, 10.0, Some(71), "706 people, ten a day"),
        (353, 706.0, Some(1), "all in a day"),
        (1_468, 8.5, Some(346), "most of a year for a small clinic"),
        (0, 3.0, Some(0), "nobody is missing"),
        (353, 0.0, None, "nobody comes"),
        (353, -1.0, None, "fewer than nobody"),
        (353, f64::NAN, None, "nobody knows how many come"),
        (353, f64::INFINITY, None, "nor are there so many"),
        (353, 0.1, None, "almost twenty years"),
        (u64::MAX, 1.0, None, "never"),
    ] {
        assert_eq!(
            reached_at(now, missing, a_day),
            days.map(|days| now + Duration::days(days)),
            "{why}"
        );
    }
}

#[rstest]
#[case::few(9, 10, "60–98 %")]
#[case::some(45, 60, "63–84 %")]
#[case::many(300, 400, "71–79 %")]
#[case::none(0, 12, "0–24 %")]
#[case::all(12, 12, "76–100 %")]
fn a_rate_is_shown_with_what_it_may_be(#[case] hits: u64, #[case] of: u64, #[case] shown: &str) {
    let interval = count(hits, of).interval().expect("a rate");
    assert_eq!(interval.to_string(), shown);
}

#[test]
fn nothing_and_more_than_all_are_no_rates() {
    for it in [count(0, 0), count(3, 0), count(11, 10)] {
        assert_eq!((it.rate(), it.interval()), (None, None));
        assert_eq!(Difference::between(it, count(1, 2)), None);
        assert_eq!(Difference::between(count(1, 2), it), None);
    }
}

#[test]
fn the_error_function_is_as_in_the_tables() {
    for (x, known) in [
        (0.0, 0.0),
        (0.1, 0.112_462_916),
        (0.5, 0.520_499_878),
        (1.0, 0.842_700_793),
        (1.5, 0.966_105_146),
        (2.0, 0.995_322_265),
        (3.0, 0.999_977_910),
        (40.0, 1.0),
    ] {
        assert!((erf(x) - known).abs() < 2e-7, "erf({x}) = {}", erf(x));
    }
    for (deviate, p) in [(0.0, 1.0), (1.0, 0.317_310_5), (1.959_964, 0.05), (-2.575_829, 0.01)] {
        assert!((two_sided(deviate) - p).abs() < 2e-7, "{deviate}");
    }
}

#[test]
fn two_rates_are_compared_as_in_the_books() {
    let close = |it: f64, known: f64| assert!((it - known).abs() < 5e-5, "{it} is not {known}");
    // The first example of Newcombe (1998), by his method 10.
    let found = Difference::between(count(48, 80), count(56, 70)).expect("two rates");
    close(found.by, 0.2);
    close(found.within.low, 0.0524);
    close(found.within.high, 0.3339);
    // (0.8 − 0.6) / √(0.6933 · 0.3067 · (1/80 + 1/70))
    close(z(count(48, 80), count(56, 70)), 2.6502);
    close(found.p, 0.0080);
    for same in [0, 50] {
        assert_eq!(z(count(same, 50), count(same, 50)), 0.0, "nobody, or everybody, of both");
    }
}

#[rstest]
#[case::b_confirmed(Measure::Confirmed, (864, 1440), (922, 1440), Some(Arm::B), "B confirmed 4 points more (95 %: 0.5 to 7.6)")]
#[case::a_confirmed(Measure::Confirmed, (922, 1440), (864, 1440), Some(Arm::A), "A confirmed 4 points more (95 %: 0.5 to 7.6)")]
#[case::less_is_better(Measure::Missed, (922, 1440), (864, 1440), Some(Arm::B), "B missed 4 points less (95 %: 0.5 to 7.6)")]
#[case::a_was_answered(Measure::Answered, (300, 400), (200, 400), Some(Arm::A), "A was answered 25 points more (95 %: 18.4 to 31.3)")]
#[case::one_point(Measure::Delivered, (9_600, 10_000), (9_700, 10_000), Some(Arm::B),
    "B was delivered 1 point more (95 %: 0.5 to 1.5)")]
#[case::chance(Measure::Confirmed, (240, 400), (244, 400), None,
    "No difference was found: B confirmed between 5.8 points less and 7.7 points more than A (95 %)")]
#[case::the_same(Measure::Missed, (40, 400), (40, 400), None,
    "No difference was found: B missed between 4.2 points less and 4.2 points more than A (95 %)")]
#[case::the_test_says_yes_and_the_interval_perhaps(
    Measure::Confirmed,
    (8, 400),
    (18, 400),
    None,
    "No difference was found: B confirmed between 0 points less and 5.2 points more than A (95 %)"
)]
#[case::the_interval_says_yes_and_the_test_perhaps(
    Measure::Confirmed,
    (130, 353),
    (114, 380),
    None,
    "No difference was found: B confirmed between 13.6 points less and 0 points less than A (95 %)"
)]
fn the_end_is_said_in_words(
    #[case] measure: Measure,
    #[case] a: (u64, u64),
    #[case] b: (u64, u64),
    #[case] winner: Option<Arm>,
    #[case] words: &str,
) {
    let standing = Standing::of(353, tally(a.0, a.1), tally(b.0, b.1));
    assert_eq!(standing.words(measure), words);
    assert_eq!(standing.winner(measure), winner);
}

#[test]
fn nobody_has_won_before_the_end() {
    for (a, b, share, why) in [
        (tally(0, 0), tally(0, 0), 0, "nobody is in it"),
        (tally(20, 150), tally(140, 150), 42, "however plain it looks"),
        (tally(20, 352), tally(300, 352), 99, "one is missing in each"),
        (tally(20, 352), tally(300, 360), 99, "one is missing in one"),
        (
            Tally {
                people: 400,
                ..tally(20, 145)
            },
            tally(300, 400),
            41,
            "the outcome of many is not known",
        ),
    ] {
        let standing = Standing::of(353, a, b);
        assert_eq!(standing, Standing::TooEarly { share }, "{why}");
        assert_eq!(standing.winner(Measure::Confirmed), None, "{why}");
        assert_eq!(standing.words(Measure::Confirmed), format!("Too early, {share} %"));
    }
    let done = Standing::of(353, tally(20, 353), tally(300, 353));
    assert_eq!(done.winner(Measure::Confirmed), Some(Arm::B));
    assert!(matches!(Standing::of(0, tally(0, 0), tally(0, 0)), Standing::TooEarly { .. }));
}

#[test]
fn nobody_has_won_while_the_outcome_of_anybody_is_to_come() {
    let some_wait = Tally {
        people: 400,
        ..tally(300, 399)
    };
    let standing = Standing::of(353, tally(200, 400), some_wait);
    assert_eq!(standing, Standing::TooEarly { share: 99 });
    assert_eq!(standing.winner(Measure::Confirmed), None);
    let never_known = Tally { out: 1, ..some_wait };
    assert_eq!(
        Standing::of(353, tally(200, 400), never_known).winner(Measure::Confirmed),
        Some(Arm::B)
    );
}

#[rstest]
#[case::nobody_yet(true, tally(0, 0), tally(0, 0), Next::GoOn)]
#[case::one_is_missing(true, tally(10, 99), tally(10, 120), Next::GoOn)]
#[case::enough_in_both(true, Tally { people: 100, ..tally(3, 5) }, Tally { people: 104, ..tally(3, 5) }, Next::Close)]
#[case::their_outcomes_are_to_come(false, Tally { people: 100, ..tally(60, 99) }, tally(60, 100), Next::GoOn)]
#[case::everybody_is_counted(false, tally(60, 100), tally(70, 104), Next::End)]
#[case::too_many_will_never_be(false, Tally { people: 102, out: 3, ..tally(60, 99) }, tally(70, 104), Next::Reopen)]
#[case::harm_does_not_wait(true, left(40, 0), left(40, 5), Next::Stop(Arm::B))]
#[case::not_for_those_who_are_counted(false, Tally { opted_out: 6, ..tally(60, 100) }, tally(60, 100), Next::Stop(Arm::A))]
fn a_test_goes_on_until_everybody_is_counted(#[case] enrolling: bool, #[case] a: Tally, #[case] b: Tally, #[case] then: Next) {
    assert_eq!(next(100, enrolling, a, b), then);
}

#[test]
fn only_what_asks_for_one_thing_can_be_compared() {
    use crate::templates::Kind;
    for kind in Kind::ALL {
        for measure in Measure::of(*kind) {
            assert!(kind.asks(), "{kind} asks nothing");
            assert!(!measure.label().is_empty() && !measure.hit().is_empty());
        }
    }
    assert!(Measure::of(Kind::Reminder).contains(&Measure::Missed));
    assert!(
        !Measure::of(Kind::OfferRace).contains(&Measure::Missed),
        "there is no visit to miss"
    );
    assert!(Measure::of(Kind::OptedOut).is_empty());
}

#[rstest]
#[case::halves(500, 500, false)]
#[case::chance(530, 470, false)]
#[case::just_within(552, 448, false)]
#[case::just_beyond(553, 447, true)]
#[case::small_and_chance(10, 0, false)]
#[case::small_and_broken(11, 0, true)]
#[case::the_other_way_round(0, 11, true)]
#[case::nobody(0, 0, false)]
fn a_split_that_chance_does_not_make_is_broken(#[case] a: u64, #[case] b: u64, #[case] broken: bool) {
    assert_eq!(split_is_broken(a, b), broken);
    // However far the test is, and whatever it would say.
    let standing = Standing::of(353, tally(a / 2, a), tally(b / 2, b));
    assert_eq!(standing == Standing::Void, broken);
    assert_eq!(
        standing.words(Measure::Answered) == "The split is broken, the result is void",
        broken
    );
}

#[rstest]
#[case::more_hits_than_people(tally(401, 400))]
#[case::more_outcomes_than_people(Tally { people: 399, ..tally(300, 400) })]
#[case::more_known_than_came(Tally { out: 1, ..tally(300, 400) })]
#[case::more_left_than_came(Tally { opted_out: 401, ..tally(300, 400) })]
fn numbers_that_do_not_add_up_say_nothing(#[case] odd: Tally) {
    // As many left the other arm, so that there is no harm to see.
    let sound = Tally {
        opted_out: odd.opted_out.min(400),
        ..tally(240, 400)
    };
    assert_eq!(Standing::of(353, odd, sound), Standing::Void);
    assert_eq!(Standing::of(353, sound, odd), Standing::Void);
}

#[rstest]
#[case::five_and_nobody(left(100, 5), left(100, 0), true)]
#[case::four_and_nobody(left(100, 4), left(100, 0), false)]
#[case::three_times_is_not_more(left(100, 6), left(100, 2), false)]
#[case::more_than_three_times(left(100, 7), left(100, 2), true)]
#[case::of_fewer_people(left(90, 6), left(100, 2), true)]
#[case::of_more_people(left(120, 7), left(100, 2), false)]
#[case::many_of_both(left(100, 30), left(100, 20), false)]
#[case::the_split_is_broken_too(left(100, 5), left(20, 0), true)]
#[case::nobody_is_in_the_other(left(5, 5), left(0, 0), true)]
fn an_arm_that_drives_people_away_is_paused_at_once(#[case] one: Tally, #[case] other: Tally, #[case] harm: bool) {
    let paused = |standing, arm| standing == Standing::Paused { arm };
    assert_eq!(paused(Standing::of(353, one, other), Arm::A), harm);
    assert_eq!(paused(Standing::of(353, other, one), Arm::B), harm);
}

#[test]
fn harm_stops_a_test_that_is_done_as_well_and_says_whose_it_is() {
    let b = Tally {
        opted_out: 12,
        ..tally(390, 400)
    };
    let standing = Standing::of(353, tally(240, 400), b);
    assert_eq!(standing.winner(Measure::Confirmed), None);
    assert_eq!(
        standing.words(Measure::Confirmed),
        "Paused: far more people who got B asked for no more texts"
    );
}

#[test]
fn who_is_in_which_arm_never_changes_and_each_test_splits_anew() {
    // Of all versions: a test that runs across an update must not be split twice.
    let arms: String = (0..24).map(|person| Arm::of(1, person).letter()).collect();
    assert_eq!(arms, "AABBBBBBAAABABBABABBBBAB");
    let both = (0..4_000).filter(|person| Arm::of(1, *person) == Arm::of(2, *person)).count();
    assert!((1_850..2_150).contains(&both), "{both} of 4000 have the same in both");
}

#[test]
fn who_got_both_texts_counts_in_neither_arm() {
    use Arm::{A, B};
    for (got, arm) in [
        (vec![], None),
        (vec![A], Some(A)),
        (vec![B, B, B], Some(B)),
        (vec![A, A, B], None),
        (vec![B, A], None),
    ] {
        assert_eq!(Arm::only(got), arm);
    }
}

#[test]
fn the_stored_words_come_back() {
    for arm in Arm::ALL {
        assert_eq!(arm.as_str().parse(), Ok(*arm));
    }
    for measure in Measure::ALL {
        assert_eq!(measure.as_str().parse(), Ok(*measure));
    }
    assert!("c".parse::<Arm>().is_err());
}

/// Numbers that look random and are the same every time (splitmix64).
fn shares(seed: u64) -> impl FnMut() -> f64 {
    let mut state = seed;
    move || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut it = state;
        it = (it ^ (it >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        it = (it ^ (it >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((it ^ (it >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// Runs of a test with these true rates, looked at twenty times on the way: how many had a winner in the end, and how many would have had one at
/// some look, had it been asked then.
fn runs(of_a: f64, of_b: f64) -> (usize, usize) {
    const NEEDED: u64 = 360;
    let (mut next, mut in_the_end, mut at_some_look) = (shares(7), 0, 0);
    for _ in 0..500 {
        let (mut a, mut b, mut tempted) = (tally(0, 0), tally(0, 0), false);
        for person in 1..=NEEDED {
            a = tally(a.outcome.hits + u64::from(next() < of_a), person);
            b = tally(b.outcome.hits + u64::from(next() < of_b), person);
            if person.is_multiple_of(NEEDED / 20) {
                tempted |= Standing::of(person, a, b).winner(Measure::Confirmed).is_some();
                let shown = Standing::of(NEEDED, a, b);
                assert_eq!(matches!(shown, Standing::TooEarly { .. }), person < NEEDED);
            }
        }
        in_the_end += usize::from(Standing::of(NEEDED, a, b).winner(Measure::Confirmed).is_some());
        at_some_look += usize::from(tempted);
    }
    (in_the_end, at_some_look)
}

#[test]
fn a_winner_that_is_none_is_found_one_time_in_twenty_and_looking_would_make_it_one_in_five() {
    let (in_the_end, at_some_look) = runs(0.6, 0.6);
    assert!((13..=40).contains(&in_the_end), "{in_the_end} of 500");
    assert!(at_some_look > 85, "{at_some_look} of 500: whoever looks that often finds one");
}

#[test]
fn a_difference_that_is_there_is_found_four_times_of_five() {
    let (in_the_end, _) = runs(0.6, 0.7);
    assert!((375..=430).contains(&in_the_end), "{in_the_end} of 500");
}

fn some_tally() -> impl Strategy<Value = Tally> {
    (0u64..2_000, 0.0..=1.0f64, 0.0..=1.0f64, 0.0..=1.0f64).prop_map(|(people, known, hit, gone)| {
        let part = |share: f64, of: u64| (share * of as f64) as u64;
        let of = part(known, people);
        Tally {
            people,
            outcome: count(part(hit, of), of),
            out: people - of,
            opted_out: part(gone, people),
        }
    })
}

proptest! {
    #[test]
    fn half_of_all_people_have_each_text_and_keep_it(test: u128, first: u128) {
        let people = 500u32;
        let arms = || (0..people).map(|n| Arm::of(test, first.wrapping_add(n.into())));
        let of_b = arms().filter(|arm| *arm == Arm::B).count();
        // Six standard errors: chance alone does not get there.
        prop_assert!((183..=317).contains(&of_b), "{} of {}", of_b, people);
        prop_assert!(arms().eq(arms()));
    }

    #[test]
    fn a_rate_lies_in_its_interval_which_gets_narrower(of in 1u64..5_000, share in 0.0..=1.0f64) {
        let it = count((share * of as f64) as u64, of);
        let (rate, near) = (it.rate().expect("a rate"), it.interval().expect("one"));
        prop_assert!(0.0 <= near.low && near.low <= rate && rate <= near.high && near.high <= 1.0);
        prop_assert!(near.low < near.high);
        let more = count(it.hits * 4, it.of * 4).interval().expect("one");
        prop_assert!(more.high - more.low < near.high - near.low);
    }

    #[test]
    fn a_smaller_difference_takes_more_people(usual in 0.1..0.5f64, small in 0.01..0.2f64, more in 1.1..2.0f64) {
        let (small, large) = (people_needed(usual, usual + small), people_needed(usual, usual + small * more));
        prop_assert!(small >= large && large >= Some(30));
    }

    #[test]
    fn two_texts_are_compared_alike_whichever_is_called_a(one in some_tally(), other in some_tally(), needed in 0u64..1_000) {
        let (ab, ba) = (Standing::of(needed, one, other), Standing::of(needed, other, one));
        for measure in Measure::ALL {
            let swapped = ba.winner(*measure).map(|arm| if arm == Arm::A { Arm::B } else { Arm::A });
            prop_assert_eq!(ab.winner(*measure), swapped);
            prop_assert!(!ab.words(*measure).is_empty());
        }
        if let (Standing::Result { difference: there }, Standing::Result { difference: back }) = (ab, ba) {
            prop_assert!((there.by + back.by).abs() < 1e-12 && (there.p - back.p).abs() < 1e-12);
            prop_assert!((there.within.low + back.within.high).abs() < 1e-12);
            prop_assert!(there.within.low <= there.by && there.by <= there.within.high);
            prop_assert!((-1.0..=1.0).contains(&there.within.low) && (-1.0..=1.0).contains(&there.within.high));
        }
    }

    #[test]
    fn before_the_end_there_is_no_winner_and_no_chance_to_read(a in some_tally(), b in some_tally(), needed in 1u64..3_000) {
        let standing = Standing::of(needed, a, b);
        if a.outcome.of.min(b.outcome.of) < needed {
            let too_soon = matches!(standing, Standing::Result { .. });
            prop_assert!(!too_soon);
            prop_assert_eq!(standing.winner(Measure::Answered), None);
        }
    }

    #[test]
    fn what_is_kept_comes_back(a in some_tally(), b in some_tally(), needed in 0u64..1_000) {
        let standing = Standing::of(needed, a, b);
        let kept = serde_json::to_string(&standing).expect("json");
        let back: Standing = serde_json::from_str(&kept).expect("what was kept");
        // The last binary digit of a number may be lost on the way; nothing that is said hangs on it.
        for measure in Measure::ALL {
            prop_assert_eq!(back.words(*measure), standing.words(*measure));
        }
        if !matches!(standing, Standing::Result { .. }) {
            prop_assert_eq!(back, standing);
        }
    }
}
