//! Which way worked for somebody before.
//!
//! The rule in words. A way is judged once its person was asked something by it three times. If a way that is open was answered at least
//! twice as often, in parts of what was asked by it, as the way that would be taken, it is taken first, and the others follow in their order.
//! Ways that were not tried often enough keep their place: silence on one question is no habit. What somebody has asked for themselves is
//! not judged at all.

/// How often somebody was asked by a way, and has answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answers<C> {
    pub way: C,
    pub asked: u32,
    pub answered: u32,
}

/// Before so many questions a way is not judged.
pub const ENOUGH: u32 = 3;

impl<C> Answers<C> {
    fn enough(&self) -> bool {
        self.asked >= ENOUGH
    }

    /// Of a hundred; more answers than questions are as good as all.
    fn percent(&self) -> u32 {
        (self.answered.min(self.asked) * 100).checked_div(self.asked).unwrap_or(0)
    }
}

/// The way that worked better than the first one of `order`, if there is one. `order` are ways that are open.
pub fn better<C: Copy + PartialEq>(order: &[C], known: &[Answers<C>]) -> Option<Answers<C>> {
    let of = |way: C| known.iter().find(|one| one.way == way && one.enough()).copied();
    let first = of(*order.first()?)?;
    let others = order.iter().skip(1).filter_map(|way| of(*way));
    let best = others.fold(None::<Answers<C>>, |best, one| match best {
        Some(best) if best.percent() >= one.percent() => Some(best),
        _ => Some(one),
    })?;
    let clearly = best.answered > 0 && best.percent() >= 2 * first.percent();
    clearly.then_some(best)
}

/// The reason, as it is shown: "Answered 4 of 5 by e-mail."
#[must_use]
pub fn reason(answered: u32, asked: u32, way: &str) -> String {
    format!("Answered {} of {asked} {way}.", answered.min(asked))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers(way: char, answered: u32, asked: u32) -> Answers<char> {
        Answers { way, asked, answered }
    }

    #[test]
    fn a_way_is_taken_first_once_it_clearly_worked_better() {
        for (known, expected) in [
            (vec![], None),
            (vec![answers('s', 0, 3), answers('e', 4, 5)], Some('e')),
            (vec![answers('s', 2, 5), answers('e', 4, 5)], Some('e')),
            (vec![answers('s', 3, 5), answers('e', 4, 5)], None),
            // Not asked often enough, on either side.
            (vec![answers('s', 0, 2), answers('e', 5, 5)], None),
            (vec![answers('s', 0, 9), answers('e', 2, 2)], None),
            (vec![answers('e', 5, 5)], None),
            // Nobody answers anywhere.
            (vec![answers('s', 0, 9), answers('e', 0, 9)], None),
            // The best of several; of equal ones the earlier.
            (vec![answers('s', 1, 9), answers('w', 3, 9), answers('e', 8, 9)], Some('e')),
            (vec![answers('s', 0, 9), answers('w', 6, 9), answers('e', 6, 9)], Some('w')),
        ] {
            assert_eq!(better(&['s', 'w', 'e'], &known).map(|one| one.way), expected, "{known:?}");
        }
        assert_eq!(better(&[], &[answers('s', 0, 3)]), None);
    }

    #[test]
    fn it_says_why() {
        assert_eq!(reason(4, 5, "by e-mail"), "Answered 4 of 5 by e-mail.");
    }
}
