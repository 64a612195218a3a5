use proptest::prelude::*;
use rstest::rstest;

use super::*;

#[rstest]
#[case::nothing_happens((0, 0), (0, 0), Verdict::TooFew)]
#[case::four_texts_say_nothing((4, 4), (10, 1_000), Verdict::TooFew)]
#[case::a_good_day((1, 40), (30, 1_000), Verdict::Usual)]
#[case::a_bad_day((4, 40), (30, 1_000), Verdict::Usual)]
#[case::half_of_them((20, 40), (30, 1_000), Verdict::Unusual)]
#[case::all_of_the_first_eight((8, 8), (30, 1_000), Verdict::Unusual)]
#[case::a_few_of_many_is_not_enough((4, 5), (10, 1_000), Verdict::Unsure)]
#[case::always_so((30, 100), (3_000, 10_000), Verdict::Usual)]
#[case::a_new_business_has_wrong_numbers((5, 5), (0, 0), Verdict::Unsure)]
#[case::a_new_business_whose_texts_do_not_arrive((12, 12), (0, 0), Verdict::Unusual)]
#[case::rare_but_not_twice_as_many((1_600, 10_000), (1_000, 10_000), Verdict::Usual)]
#[case::on_its_way_back((11, 100), (30, 1_000), Verdict::Unsure)]
#[case::more_leave_than_get_texts((9, 3), (2, 2_000), Verdict::Unusual)]
#[case::nonsense((-3, -5), (-1, -9), Verdict::TooFew)]
fn now_is_judged_beside_the_past(#[case] now: (i64, i64), #[case] past: (i64, i64), #[case] verdict: Verdict) {
    assert_eq!(judge(Share::new(now.0, now.1), Share::new(past.0, past.1)), verdict);
}

/// Numbers that look like chance (Knuth's MMIX), from 0 to below 1.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// So many of `of`, each by chance `p`.
    fn of(&mut self, of: i64, p: f64) -> Share {
        let hits = (0..of).filter(|_| self.next() < p).count();
        Share::new(i64::try_from(hits).unwrap_or(0), of)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// A business at which nothing changes is never alarmed, however good or bad, busy or quiet it is: here each of forty stretches, beside
    /// a past of any length.
    #[test]
    fn noise_raises_no_alarm(seed: u64, p in 0.0..0.25f64, past in 0..3_000i64, n in 1..200i64) {
        let mut chance = Chance(seed);
        let past = chance.of(past, p);
        for _ in 0..40 {
            let now = chance.of(n, p);
            prop_assert_ne!(judge(now, past), Verdict::Unusual, "{:?} beside {:?}", now, past);
        }
    }

    /// Where texts arrived and three of four no longer do, it is seen before the thirtieth that fails.
    #[test]
    fn a_break_is_seen_with_few_texts(seed: u64, p in 0.0..0.08f64, past in 200..3_000i64) {
        let mut chance = Chance(seed);
        let past = chance.of(past, p);
        let mut now = Share::default();
        let seen = (0..40).any(|_| {
            let one = chance.of(1, 0.75);
            now = Share::new(now.hits + one.hits, now.of + 1);
            judge(now, past) == Verdict::Unusual
        });
        prop_assert!(seen && now.hits < 30, "{:?} beside {:?}", now, past);
    }

    /// More failures of as many texts are never less of an alarm.
    #[test]
    fn more_is_never_taken_for_less(hits in 0..60i64, of in 5..60i64, bad in 0..100i64) {
        let past = Share::new(bad, 1_000);
        let hits = hits.min(of - 1);
        if judge(Share::new(hits, of), past) == Verdict::Unusual {
            prop_assert_eq!(judge(Share::new(hits + 1, of), past), Verdict::Unusual);
        }
    }
}

/// A series as it is lived: a quiet month, a break at noon, its repair. What is said changes twice.
#[test]
fn an_alarm_begins_and_ends_once() {
    let past = Share::new(24, 1_200);
    let mut open = false;
    let mut said = Vec::new();
    // Of each quarter of an hour: written, not arrived; the last eight are looked at.
    let day: Vec<(i64, i64)> = [(6, 0); 16]
        .into_iter()
        .chain([(6, 5); 8])
        .chain([(6, 0), (7, 1), (6, 0), (5, 0)].into_iter().cycle().take(20))
        .collect();
    for end in 1..=day.len() {
        let some = &day[end.saturating_sub(8)..end];
        let now = Share::new(some.iter().map(|one| one.1).sum(), some.iter().map(|one| one.0).sum());
        let verdict = judge(now, past);
        let before = open;
        open = match verdict {
            Verdict::Unusual => true,
            Verdict::Usual => false,
            Verdict::Unsure | Verdict::TooFew => open,
        };
        if open != before {
            said.push((end, open));
        }
    }
    assert!(matches!(said[..], [(17..=19, true), (28..=32, false)]), "{said:?}");
}
