//! What two people who are one have agreed to and refused: the stricter word counts, for each number its own.

use contract::contacts::DecideHold;
use domain::consent::State;
use rstest::rstest;
use services::{contacts, tasks};
use testkit::{Backend, Fault, FaultKind, World};

use super::{ANN, ANNE, both, ledger_is_whole, merge, preview, refused, undo};

#[rstest]
#[tokio::test]
async fn a_stop_of_either_number_is_one_of_the_person_and_stays(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (ann, anne) = both(&w).await;
    w.text(ANNE, "STOP").await;
    w.reply(&ann, "See you").await.expect("waits");
    let shown = preview(&w, &ann, &anne).await;
    assert!(
        shown.warnings[0].starts_with("1 texts that wait are cancelled"),
        "{:?}",
        shown.warnings
    );
    let merged = merge(&w, &ann, &anne).await.expect("merged");
    assert_eq!(merged.consent.sms, State::OptedOut, "the stricter word counts");
    w.work().await;
    assert!(
        w.phone_got(ANN).is_empty() && w.phone_got(ANNE).is_empty(),
        "nothing after a STOP"
    );
    assert_eq!(w.last_message(&ann).await.status, "cancelled");
    // It is hers to take back, not staff's.
    let agree = contract::contacts::ChangeConsent {
        channel: "sms".to_owned(),
        purpose: "transactional".to_owned(),
        state: "opted_in".to_owned(),
        evidence: Some("said so".to_owned()),
    };
    assert!(refused(contacts::change_consent(&w.s, &w.owner, ann.id, agree).await).contains("STOP"));
    undo(&w, &ann).await.expect("undone");
    assert_eq!(w.see_contact(&ann).await.consent.sms, State::OptedIn, "it was never hers");
    assert_eq!(w.see_contact(&anne).await.consent.sms, State::OptedOut);
    ledger_is_whole(&w).await;
}

#[rstest]
#[tokio::test]
async fn a_stop_while_they_were_one_holds_for_both_afterwards(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (ann, anne) = both(&w).await;
    merge(&w, &ann, &anne).await.expect("merged");
    w.text(ANNE, "STOP").await;
    assert_eq!(w.see_contact(&ann).await.consent.sms, State::OptedOut);
    undo(&w, &ann).await.expect("undone");
    assert_eq!(w.see_contact(&ann).await.consent.sms, State::OptedOut);
    assert_eq!(w.see_contact(&anne).await.consent.sms, State::OptedOut);
}

#[rstest]
#[tokio::test]
async fn a_start_counts_for_the_number_that_says_it(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (ann, anne) = both(&w).await;
    merge(&w, &ann, &anne).await.expect("merged");
    // Texts go to Ann's number: that has said STOP, and another one's START does not change it.
    w.text(ANN, "STOP").await;
    w.text(ANNE, "START").await;
    assert_eq!(w.see_contact(&ann).await.consent.sms, State::OptedOut);
    assert!(
        w.open_tasks()
            .await
            .iter()
            .any(|task| task.title.contains("START from a further number"))
    );
    w.text(ANN, "START").await;
    assert_eq!(w.see_contact(&ann).await.consent.sms, State::OptedIn);
    // The further number says STOP and the first one START: nothing goes to the further one, also when they are two again.
    w.text(ANNE, "STOP").await;
    w.text(ANN, "START").await;
    assert_eq!(w.see_contact(&ann).await.consent.sms, State::OptedIn);
    undo(&w, &ann).await.expect("undone");
    assert_eq!(
        w.see_contact(&anne).await.consent.sms,
        State::OptedOut,
        "her number has said STOP"
    );
    assert_eq!(w.see_contact(&ann).await.consent.sms, State::OptedIn);
}

#[rstest]
#[tokio::test]
async fn a_hold_of_either_holds_the_person(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (ann, anne) = both(&w).await;
    w.text(ANNE, "please take me off your list").await;
    merge(&w, &ann, &anne).await.expect("merged");
    assert!(w.see_contact(&ann).await.held_since.is_some());
    let keep = DecideHold {
        contact_id: anne.id,
        opt_out: false,
    };
    tasks::decide_hold(&w.s, &w.owner, keep).await.expect("decided");
    undo(&w, &ann).await.expect("undone");
    assert_eq!(w.see_contact(&anne).await.held_since, None, "what was decided is decided");
}

/// What waits for a person at the moment of the merge is told of a further number as of any other.
#[rstest]
#[tokio::test]
async fn a_block_of_the_network_counts_for_the_number_it_is_about(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let (ann, anne) = both(&w).await;
    w.reply(&anne, "Hello Anne").await.expect("waits");
    merge(&w, &ann, &anne).await.expect("merged");
    w.sim.set_fault(Fault::new(FaultKind::Refuse).code(21610));
    w.work().await;
    assert_eq!(w.see_contact(&ann).await.consent.sms, State::OptedOut);
    undo(&w, &ann).await.expect("undone");
    assert_eq!(
        w.see_contact(&anne).await.consent.sms,
        State::OptedOut,
        "her number refuses texts"
    );
}
