//! A family on one phone: one text for what is close together, with one answer, and each visit with a fate of its own.

use chrono::Duration;
use contract::{
    Code,
    appointments::{AppointmentAction, AppointmentView, CreateAppointment, MoveAppointment, Status},
    contacts::ContactView,
};
use rstest::rstest;
use services::{appointments, reminders};
use testkit::{Backend, Fault, FaultKind, World};

use crate::reminders::states;

const MUM: &str = "+14155550171";

/// A visit of a child, so many minutes after it is ten in the morning of the day after next.
fn visit(w: &World, mum: &ContactView, child: &str, minutes: i64) -> CreateAppointment {
    CreateAppointment {
        contact_id: mum.id,
        starts_at: (w.clock.now() + Duration::hours(48) + Duration::minutes(minutes)).to_rfc3339(),
        for_name: Some(child.to_owned()),
        ..CreateAppointment::default()
    }
}

async fn book(w: &World, mum: &ContactView, child: &str, minutes: i64) -> AppointmentView {
    let cmd = visit(w, mum, child, minutes);
    appointments::create(&w.s, &w.owner, cmd).await.expect("booked")
}

/// Leo at ten and Mia at half past, and the text about both.
async fn leo_and_mia(w: &World) -> (ContactView, AppointmentView, AppointmentView) {
    let mum = w.contact("Maria Rossi", MUM).await;
    let leo = book(w, &mum, "Leo Rossi", 0).await;
    let mia = book(w, &mum, "Mia Rossi", 30).await;
    w.work().await;
    (mum, leo, mia)
}

async fn statuses(w: &World, all: &[&AppointmentView]) -> Vec<Status> {
    let mut found = Vec::new();
    for one in all {
        found.push(w.see_appointment(one).await.status);
    }
    found
}

#[rstest]
#[tokio::test]
async fn a_mother_answers_one_text_for_two_children(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (_, leo, mia) = leo_and_mia(&w).await;
    assert_eq!(
        w.phone_got(MUM),
        [
            "Bright Dental: visits on Wed, Jan 6: Leo 10:00 AM (Y101), Mia 10:30 AM (Y102). Reply Y for both, N for another time, a code \
          for one. STOP to opt out."
        ]
    );
    w.text(MUM, "Y").await;
    assert_eq!(statuses(&w, &[&leo, &mia]).await, [Status::Confirmed, Status::Confirmed]);
    w.clock.advance(Duration::hours(25));
    w.work().await;
    assert_eq!(w.phone_got(MUM).len(), 1, "who has answered is not reminded again");
    assert!(w.open_tasks().await.is_empty());
}

#[rstest]
#[tokio::test]
async fn n_is_another_time_for_both_and_a_task_for_each(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (_, leo, mia) = leo_and_mia(&w).await;
    w.text(MUM, "N").await;
    assert_eq!(
        statuses(&w, &[&leo, &mia]).await,
        [Status::RescheduleRequested, Status::RescheduleRequested]
    );
    let tasks = w.open_tasks().await;
    assert_eq!(tasks.len(), 2);
    assert!(tasks.iter().all(|task| task.kind == "reschedule"));
    w.text(MUM, "Y").await;
    assert_eq!(
        statuses(&w, &[&leo, &mia]).await,
        [Status::Confirmed, Status::Confirmed],
        "a change of mind"
    );
    assert!(w.open_tasks().await.is_empty());
}

#[rstest]
#[tokio::test]
async fn a_code_answers_for_one_and_a_letter_then_for_the_other(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (_, leo, mia) = leo_and_mia(&w).await;
    w.text(MUM, "n102").await;
    assert_eq!(
        statuses(&w, &[&leo, &mia]).await,
        [Status::Scheduled, Status::RescheduleRequested]
    );
    w.text(MUM, "Y").await;
    assert_eq!(
        statuses(&w, &[&leo, &mia]).await,
        [Status::Confirmed, Status::RescheduleRequested]
    );
}

#[rstest]
#[tokio::test]
async fn what_is_not_understood_is_asked_about_once_for_both(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (_, leo, mia) = leo_and_mia(&w).await;
    w.text(MUM, "perhaps").await;
    w.work().await;
    assert_eq!(
        w.phone_got(MUM)[1],
        "Bright Dental: sorry, we did not understand. Please reply Y to confirm or N if you need another time."
    );
    w.text(MUM, "y").await;
    assert_eq!(statuses(&w, &[&leo, &mia]).await, [Status::Confirmed, Status::Confirmed]);
}

#[rstest]
#[case::cancelled(None)]
#[case::moved(Some(7))]
#[tokio::test]
async fn one_that_is_gone_before_the_text_leaves_is_not_in_it(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[case] moved_by_days: Option<i64>,
    #[values(true, false)] the_first: bool,
) {
    let w = World::new(backend).await;
    let mum = w.contact("Maria Rossi", MUM).await;
    let leo = book(&w, &mum, "Leo", 0).await;
    let mia = book(&w, &mum, "Mia", 30).await;
    // Written, not yet handed over.
    reminders::tick(&w.s).await.expect("fires");
    let (gone, stays) = if the_first { (&leo, &mia) } else { (&mia, &leo) };
    match moved_by_days {
        None => {
            let cancel = AppointmentAction::Cancel;
            appointments::act(&w.s, &w.owner, gone.id, cancel).await.expect("cancelled");
        }
        Some(days) => {
            let cmd = MoveAppointment {
                starts_at: (gone.starts_at + Duration::days(days)).to_rfc3339(),
                ..Default::default()
            };
            appointments::reschedule(&w.s, &w.owner, gone.id, cmd).await.expect("moved");
        }
    }
    w.work().await;
    w.work().await;
    let texts = w.phone_got(MUM);
    assert_eq!(texts.len(), 1, "{texts:?}");
    let (name, time) = if the_first { ("Mia", "10:30 AM") } else { ("Leo", "10:00 AM") };
    assert!(
        texts[0].starts_with(&format!(
            "Bright Dental: reminder of {name}'s visit on Wed, Jan 6 at {time}. Reply Y"
        )),
        "{texts:?}"
    );
    w.text(MUM, "Y").await;
    assert_eq!(w.see_appointment(stays).await.status, Status::Confirmed);
    assert_ne!(w.see_appointment(gone).await.status, Status::Confirmed);
    assert!(
        w.open_tasks().await.is_empty(),
        "nobody has to call: {:?}",
        w.open_tasks().await
    );
}

#[rstest]
#[tokio::test]
async fn one_that_was_cancelled_and_comes_back_is_told_of_again(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let mum = w.contact("Maria Rossi", MUM).await;
    let leo = book(&w, &mum, "Leo", 0).await;
    let mia = book(&w, &mum, "Mia", 30).await;
    reminders::tick(&w.s).await.expect("fires");
    for action in [AppointmentAction::Cancel, AppointmentAction::Reopen] {
        appointments::act(&w.s, &w.owner, leo.id, action).await.expect("done");
    }
    w.work().await;
    let texts = w.phone_got(MUM);
    assert_eq!(texts.len(), 1, "{texts:?}");
    w.text(MUM, "Y").await;
    assert_eq!(statuses(&w, &[&leo, &mia]).await, [Status::Confirmed, Status::Confirmed]);
}

#[rstest]
#[tokio::test]
async fn after_the_text_each_visit_goes_its_own_way(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (_, leo, mia) = leo_and_mia(&w).await;
    let cmd = MoveAppointment {
        starts_at: (leo.starts_at + Duration::days(7)).to_rfc3339(),
        ..Default::default()
    };
    appointments::reschedule(&w.s, &w.owner, leo.id, cmd).await.expect("moved");
    w.text(MUM, "Y").await;
    assert_eq!(
        statuses(&w, &[&leo, &mia]).await,
        [Status::Scheduled, Status::Confirmed],
        "the yes was to Leo's old time"
    );
}

#[rstest]
#[tokio::test]
async fn a_text_that_fails_asks_for_a_call_about_each(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let mum = w.contact("Maria Rossi", MUM).await;
    let leo = book(&w, &mum, "Leo", 0).await;
    let mia = book(&w, &mum, "Mia", 30).await;
    w.sim.set_fault(Fault::new(FaultKind::Refuse).code(21211));
    w.work().await;
    for one in [&leo, &mia] {
        assert_eq!(states(&w.see_appointment(one).await)[0], ("48h", "failed"));
    }
    let calls = w.open_tasks().await;
    let about: Vec<_> = calls
        .iter()
        .filter(|task| task.kind == "call")
        .map(|task| task.appointment_id)
        .collect();
    assert!(about.contains(&Some(leo.id)) && about.contains(&Some(mia.id)), "{calls:?}");
}

#[rstest]
#[tokio::test]
async fn what_is_not_close_together_is_told_on_its_own(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let mum = w.contact("Maria Rossi", MUM).await;
    book(&w, &mum, "Leo", 0).await;
    book(&w, &mum, "Mia", 5 * 60).await;
    w.work().await;
    assert_eq!(w.phone_got(MUM).len(), 1);
    w.clock.advance(Duration::hours(5));
    w.work().await;
    let texts = w.phone_got(MUM);
    assert_eq!(texts.len(), 2);
    assert!(
        texts[1].contains("Mia's visit on Wed, Jan 6 at 3:00 PM. Reply Y102 to confirm or N102"),
        "{texts:?}"
    );
}

#[rstest]
#[tokio::test]
async fn five_are_four_and_one(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let mum = w.contact("Maria Rossi", MUM).await;
    for (n, child) in ["Ada", "Ben", "Cid", "Dan", "Eve"].into_iter().enumerate() {
        book(&w, &mum, child, 10 * n as i64).await;
    }
    w.clock.advance(Duration::hours(1));
    w.work().await;
    let texts = w.phone_got(MUM);
    assert_eq!(texts.len(), 2, "{texts:?}");
    for child in ["Ada", "Ben", "Cid", "Dan", "Eve"] {
        assert_eq!(
            texts.iter().filter(|text| text.contains(child)).count(),
            1,
            "{child}: {texts:?}"
        );
    }
}

#[rstest]
#[tokio::test]
async fn two_children_may_come_at_one_time_and_one_child_only_once(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let mum = w.contact("Maria Rossi", MUM).await;
    book(&w, &mum, "Leo", 0).await;
    book(&w, &mum, "Mia", 0).await;
    let twice = appointments::create(&w.s, &w.owner, visit(&w, &mum, "Leo", 0)).await;
    let twice = twice.expect_err("refused");
    let problem = twice.problem();
    assert_eq!(problem.code, Code::Conflict);
    assert!(problem.detail.contains("Leo already has an appointment"), "{problem:?}");
}
