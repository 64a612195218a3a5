//! Who may take somebody into a business, change what they are in it, or end that. A business always has an owner.

use crate::permissions::Role;

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Take somebody in, as this.
    Add(Role),
    Change {
        from: Role,
        to: Role,
    },
    /// End the membership of who is this.
    Remove(Role),
}

impl Step {
    /// Makes or unmakes an owner.
    fn concerns_owners(self) -> bool {
        match self {
            Step::Add(role) | Step::Remove(role) => role == Role::Owner,
            Step::Change { from, to } => from == Role::Owner || to == Role::Owner,
        }
    }

    /// One owner less.
    fn takes_an_owner(self) -> bool {
        match self {
            Step::Add(_) => false,
            Step::Remove(role) => role == Role::Owner,
            Step::Change { from, to } => from == Role::Owner && to != Role::Owner,
        }
    }
}

/// Why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    NotManaging,
    OnlyOwners,
    LastOwner,
}

impl Refusal {
    /// For the person who asked.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Refusal::NotManaging => "Only an owner or admin of this business may do that.",
            Refusal::OnlyOwners => "Only an owner may make somebody an owner, or change or remove one.",
            Refusal::LastOwner => "A business needs an owner. Make somebody else an owner first.",
        }
    }
}

/// Whether somebody who is `by` may do this. `own`: to themselves. `owners`: how many the business has.
///
/// # Errors
/// Why not; what they may not do at all before what just now can't be done.
pub fn allowed(by: Role, own: bool, step: Step, owners: usize) -> Result<(), Refusal> {
    // Whoever wants to may leave.
    let leaves = own && matches!(step, Step::Remove(_));
    match by {
        _ if leaves => {}
        Role::Owner => {}
        Role::Admin if step.concerns_owners() => return Err(Refusal::OnlyOwners),
        Role::Admin => {}
        Role::Staff => return Err(Refusal::NotManaging),
    }
    if step.takes_an_owner() && owners <= 1 {
        return Err(Refusal::LastOwner);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rstest::rstest;

    use super::{
        Refusal::{LastOwner, NotManaging, OnlyOwners},
        Role::{Admin, Owner, Staff},
        *,
    };

    #[rstest]
    // Owners do everything, but for the last of them.
    #[case(Owner, false, Step::Add(Owner), 1, Ok(()))]
    #[case(Owner, false, Step::Add(Admin), 1, Ok(()))]
    #[case(Owner, false, Step::Add(Staff), 1, Ok(()))]
    #[case(Owner, false, Step::Change { from: Staff, to: Owner }, 1, Ok(()))]
    #[case(Owner, false, Step::Change { from: Owner, to: Staff }, 2, Ok(()))]
    #[case(Owner, false, Step::Remove(Owner), 2, Ok(()))]
    #[case(Owner, true, Step::Change { from: Owner, to: Admin }, 2, Ok(()))]
    #[case(Owner, true, Step::Change { from: Owner, to: Admin }, 1, Err(LastOwner))]
    #[case(Owner, true, Step::Change { from: Owner, to: Owner }, 1, Ok(()))]
    #[case(Owner, true, Step::Remove(Owner), 1, Err(LastOwner))]
    #[case(Owner, true, Step::Remove(Owner), 2, Ok(()))]
    // Admins manage admins and staff.
    #[case(Admin, false, Step::Add(Owner), 1, Err(OnlyOwners))]
    #[case(Admin, false, Step::Add(Admin), 1, Ok(()))]
    #[case(Admin, false, Step::Add(Staff), 1, Ok(()))]
    #[case(Admin, false, Step::Change { from: Staff, to: Admin }, 1, Ok(()))]
    #[case(Admin, false, Step::Change { from: Admin, to: Staff }, 1, Ok(()))]
    #[case(Admin, false, Step::Change { from: Staff, to: Owner }, 1, Err(OnlyOwners))]
    #[case(Admin, false, Step::Change { from: Owner, to: Staff }, 3, Err(OnlyOwners))]
    #[case(Admin, false, Step::Remove(Owner), 1, Err(OnlyOwners))]
    #[case(Admin, false, Step::Remove(Admin), 1, Ok(()))]
    #[case(Admin, false, Step::Remove(Staff), 1, Ok(()))]
    #[case(Admin, true, Step::Change { from: Admin, to: Owner }, 1, Err(OnlyOwners))]
    #[case(Admin, true, Step::Change { from: Admin, to: Staff }, 1, Ok(()))]
    #[case(Admin, true, Step::Remove(Admin), 1, Ok(()))]
    // Staff may leave.
    #[case(Staff, false, Step::Add(Staff), 1, Err(NotManaging))]
    #[case(Staff, false, Step::Change { from: Staff, to: Staff }, 1, Err(NotManaging))]
    #[case(Staff, false, Step::Remove(Staff), 1, Err(NotManaging))]
    #[case(Staff, true, Step::Change { from: Staff, to: Admin }, 1, Err(NotManaging))]
    #[case(Staff, true, Step::Remove(Staff), 1, Ok(()))]
    fn who_may_do_what(
        #[case] by: Role,
        #[case] own: bool,
        #[case] step: Step,
        #[case] owners: usize,
        #[case] expected: Result<(), Refusal>,
    ) {
        assert_eq!(allowed(by, own, step, owners), expected);
    }

    fn role() -> impl Strategy<Value = Role> {
        prop_oneof![Just(Owner), Just(Admin), Just(Staff)]
    }

    fn step() -> impl Strategy<Value = Step> {
        prop_oneof![
            role().prop_map(Step::Add),
            (role(), role()).prop_map(|(from, to)| Step::Change { from, to }),
            role().prop_map(Step::Remove),
        ]
    }

    proptest! {
        /// Whatever several people do one after another, an owner is left, and nobody but an owner makes one.
        #[test]
        fn an_owner_is_always_left(steps in prop::collection::vec((0usize..6, 0usize..6, step()), 0..60)) {
            let mut people = [Some(Owner), Some(Admin), Some(Staff), None, None, None];
            for (by, whom, step) in steps {
                let Some(role) = people[by] else { continue };
                let step = match (step, people[whom]) {
                    (Step::Add(to), None) => Step::Add(to),
                    (Step::Change { to, .. }, Some(from)) => Step::Change { from, to },
                    (Step::Remove(_), Some(was)) => Step::Remove(was),
                    _ => continue,
                };
                let owners = people.iter().flatten().filter(|role| **role == Owner).count();
                if allowed(role, by == whom, step, owners).is_err() {
                    continue;
                }
                people[whom] = match step {
                    Step::Add(to) | Step::Change { to, .. } => Some(to),
                    Step::Remove(_) => None,
                };
                let left = people.iter().flatten().filter(|role| **role == Owner).count();
                prop_assert!(left >= 1);
                prop_assert!(left <= owners || role == Owner);
            }
        }
    }
}
