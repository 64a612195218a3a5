//! Which appointments an answer means.

/// An appointment of the customer whose reminder is inside the window ([`super::WINDOW_DAYS`]); one entry per appointment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pending<T> {
    /// The number behind `Y` and `N`, 1 to 999.
    pub token: u16,
    /// The text that asked last; one may ask about several.
    pub text: T,
    /// The answer so far: yes, no or none.
    pub answered: Option<bool>,
    /// It asks for something that a letter which may be meant for another must never give.
    pub gives_way: bool,
    /// Nothing was asked after it.
    pub asked_last: bool,
}

/// Which appointments an answer means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Which {
    /// These, by their place in the list: one, or all that a text still asks about.
    These(Vec<usize>),
    /// It may be any of several: ask once.
    AskWhich,
    /// None: a person must read it.
    Nothing,
}

/// Decides which appointments an answer means: the one with its token; without a token those unanswered, if one text asked about all of
/// them; when all are answered, all that one text asked about (the customer repeats or changes the answer). What gives way is meant by a
/// letter alone only if it was asked last and nothing else waits for its answer. Nothing is guessed.
#[must_use]
pub fn which<T: PartialEq>(token: Option<u16>, pending: &[Pending<T>]) -> Which {
    let those = |wanted: &dyn Fn(&Pending<T>) -> bool| -> Vec<usize> {
        let all = pending.iter().enumerate();
        all.filter(|(_, one)| wanted(one)).map(|(place, _)| place).collect()
    };
    if let Some(token) = token {
        let found = those(&|one| one.token == token);
        return if found.len() == 1 {
            Which::These(found)
        } else {
            Which::Nothing
        };
    }
    let asks = |one: &Pending<T>| one.answered.is_none() && !one.gives_way;
    let others_wait = pending.iter().any(asks);
    let unanswered = those(&|one| asks(one) || (one.answered.is_none() && one.asked_last && !others_wait));
    let meant = if unanswered.is_empty() {
        those(&|one| !one.gives_way || one.asked_last)
    } else {
        unanswered
    };
    let text = |place: &usize| &pending[*place].text;
    match meant.first().map(text) {
        None => Which::Nothing,
        Some(one) if meant.iter().all(|other| text(other) == one) => Which::These(meant),
        Some(_) => Which::AskWhich,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rstest::rstest;

    const OPEN: Option<bool> = None;
    const YES: Option<bool> = Some(true);

    /// Token, text, answer.
    type One = (u16, char, Option<bool>);

    fn these(places: &[usize]) -> Option<Vec<usize>> {
        Some(places.to_vec())
    }

    #[rstest]
    #[case::one_open(None, &[(101, 'a', OPEN)], these(&[0]))]
    #[case::one_open_beside_an_answered_one(None, &[(101, 'a', YES), (102, 'b', OPEN)], these(&[1]))]
    #[case::two_open(None, &[(101, 'a', OPEN), (102, 'b', OPEN)], None)]
    #[case::the_same_answer_again(None, &[(101, 'a', YES)], these(&[0]))]
    #[case::two_answered(None, &[(101, 'a', YES), (102, 'b', YES)], None)]
    #[case::none(None, &[], these(&[]))]
    #[case::its_token(Some(102), &[(101, 'a', OPEN), (102, 'b', OPEN)], these(&[1]))]
    #[case::a_change_of_mind_by_token(Some(101), &[(101, 'a', YES), (102, 'b', OPEN)], these(&[0]))]
    #[case::a_wrong_token_is_not_guessed(Some(999), &[(101, 'a', OPEN)], these(&[]))]
    #[case::a_token_without_appointments(Some(101), &[], these(&[]))]
    #[case::one_token_twice_should_not_be(Some(101), &[(101, 'a', OPEN), (101, 'b', OPEN)], these(&[]))]
    #[case::two_children_in_one_text(None, &[(101, 'a', OPEN), (102, 'a', OPEN)], these(&[0, 1]))]
    #[case::one_of_two_children(Some(102), &[(101, 'a', OPEN), (102, 'a', OPEN)], these(&[1]))]
    #[case::the_other_child_after_that(None, &[(101, 'a', OPEN), (102, 'a', YES)], these(&[0]))]
    #[case::both_children_again(None, &[(101, 'a', YES), (102, 'a', YES)], these(&[0, 1]))]
    #[case::two_children_and_something_else(None, &[(101, 'a', OPEN), (102, 'a', OPEN), (103, 'b', OPEN)], None)]
    #[case::two_children_and_something_answered(None, &[(101, 'a', OPEN), (102, 'a', OPEN), (103, 'b', YES)], these(&[0, 1]))]
    fn an_answer_means_what_one_text_asked_or_is_asked_about(
        #[case] token: Option<u16>,
        #[case] appointments: &[One],
        #[case] expected: Option<Vec<usize>>,
    ) {
        let pending: Vec<_> = appointments
            .iter()
            .map(|(token, text, answered)| Pending {
                token: *token,
                text: *text,
                answered: *answered,
                gives_way: false,
                asked_last: false,
            })
            .collect();
        let expected = match expected {
            None => Which::AskWhich,
            Some(places) if places.is_empty() => Which::Nothing,
            Some(places) => Which::These(places),
        };
        assert_eq!(which(token, &pending), expected);
    }

    /// Token, text, answer, whether it gives way; in the order in which they were asked.
    type Asked = (u16, char, Option<bool>, bool);
    const CONSENT: bool = true;
    const VISIT: bool = false;

    #[rstest]
    #[case::alone(None, &[(201, 'c', OPEN, CONSENT)], these(&[0]))]
    #[case::by_its_token(Some(201), &[(201, 'c', OPEN, CONSENT), (101, 'a', OPEN, VISIT)], these(&[0]))]
    #[case::a_visit_waits_too(None, &[(101, 'a', OPEN, VISIT), (201, 'c', OPEN, CONSENT)], these(&[0]))]
    #[case::a_visit_was_asked_about_later(None, &[(201, 'c', OPEN, CONSENT), (101, 'a', OPEN, VISIT)], these(&[1]))]
    #[case::two_visits_are_a_riddle_as_ever(None, &[(101, 'a', OPEN, VISIT), (102, 'b', OPEN, VISIT), (201, 'c', OPEN, CONSENT)], None)]
    #[case::asked_after_the_visit_was_answered(None, &[(101, 'a', YES, VISIT), (201, 'c', OPEN, CONSENT)], these(&[1]))]
    #[case::the_yes_to_the_visit_once_more(None, &[(201, 'c', OPEN, CONSENT), (101, 'a', YES, VISIT)], these(&[1]))]
    #[case::repeated(None, &[(101, 'a', YES, VISIT), (201, 'c', YES, CONSENT)], None)]
    #[case::repeated_alone(None, &[(201, 'c', YES, CONSENT)], these(&[0]))]
    fn a_letter_alone_agrees_to_nothing_that_it_may_not_mean(
        #[case] token: Option<u16>,
        #[case] asked: &[Asked],
        #[case] expected: Option<Vec<usize>>,
    ) {
        let last = asked.len() - 1;
        let pending: Vec<_> = asked
            .iter()
            .enumerate()
            .map(|(at, (token, text, answered, gives_way))| Pending {
                token: *token,
                text: *text,
                answered: *answered,
                gives_way: *gives_way,
                asked_last: at == last,
            })
            .collect();
        assert_eq!(which(token, &pending), expected.map_or(Which::AskWhich, Which::These));
    }

    proptest! {
        /// Whatever is open: a letter alone gives consent only if that was asked last, and nothing else waits for its answer.
        #[test]
        fn consent_is_never_guessed(asked in proptest::collection::vec((0..3_u8, 0..3_u8, any::<bool>()), 1..6)) {
            let last = asked.len() - 1;
            let pending: Vec<_> = asked.iter().enumerate().map(|(at, (text, answer, gives_way))| Pending {
                token: 100 + at as u16,
                text: *text,
                answered: [None, Some(true), Some(false)][usize::from(*answer)],
                gives_way: *gives_way,
                asked_last: at == last,
            }).collect();
            if let Which::These(places) = which(None, &pending) {
                let newly = places.iter().filter(|at| pending[**at].gives_way && pending[**at].answered.is_none());
                for at in newly {
                    prop_assert_eq!(*at, last);
                    let waits = pending.iter().any(|one| one.answered.is_none() && !one.gives_way);
                    prop_assert!(!waits);
                }
            }
        }
    }
}
