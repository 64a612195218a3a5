//! Visits that are moved: their customer is told of the time that holds in the end, once; and a move can be undone.

mod history;

use chrono::{DateTime, Duration, Utc};
use contract::{
    Code, Problem,
    accounts::Role,
    appointments::{AppointmentAction, AppointmentView, CreateAppointment, EditAppointment, Status},
    contacts::ContactView,
};
use rstest::rstest;
use services::{Actor, appointments, moves};
use testkit::{Backend, World, member};

const ANN: &str = "+14155550101";
const BEN: &str = "+14155550102";

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("a moment")
}

/// The clock of these tests stands at Monday, January 4, 2027, 10:00 in New York.
async fn book(w: &World, who: &ContactView, local: &str, label: &str) -> AppointmentView {
    let cmd = CreateAppointment {
        contact_id: who.id,
        starts_at: local.to_owned(),
        staff_label: Some(label.to_owned()),
        minutes: Some(30),
        ..CreateAppointment::default()
    };
    appointments::create(&w.s, &w.owner, cmd).await.expect("booked")
}

fn to(local: &str) -> EditAppointment {
    EditAppointment {
        starts_at: Some(local.to_owned()),
        ..EditAppointment::default()
    }
}

fn told(local: &str) -> EditAppointment {
    EditAppointment {
        tell: Some(true),
        ..to(local)
    }
}

async fn edit(w: &World, visit: &AppointmentView, cmd: EditAppointment) -> services::Result<AppointmentView> {
    appointments::edit(&w.s, &w.owner, visit.id, cmd).await
}

async fn moved(w: &World, visit: &AppointmentView, cmd: EditAppointment) -> AppointmentView {
    edit(w, visit, cmd).await.expect("moved")
}

fn refusal<T: std::fmt::Debug>(result: services::Result<T>) -> Problem {
    result.expect_err("refused").problem()
}

async fn after(w: &World, time: Duration) {
    w.clock.advance(time);
    w.work().await;
}

#[rstest]
#[tokio::test]
async fn who_is_told_of_a_move_is_told_once_three_minutes_later(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    let visit = book(&w, &ann, "2027-01-08T15:00", "").await;
    moved(&w, &visit, told("2027-01-08T16:00")).await;
    after(&w, Duration::seconds(179)).await;
    assert!(w.phone_got(ANN).is_empty(), "a slip tells nobody");
    after(&w, Duration::seconds(1)).await;
    let said = "Bright Dental: your visit is now on Fri, Jan 8 at 4:00 PM. Reply Y to confirm or N if you need another time. Reply STOP to \
                opt out.";
    assert_eq!(w.phone_got(ANN), [said]);
    after(&w, Duration::minutes(30)).await;
    assert_eq!(w.phone_got(ANN).len(), 1, "once");
    // What it asked can be answered.
    w.text(ANN, "Y").await;
    assert_eq!(w.see_appointment(&visit).await.status, Status::Confirmed);
}

#[rstest]
#[tokio::test]
async fn several_moves_are_one_text_with_the_last_time(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    let visit = book(&w, &ann, "2027-01-08T15:00", "").await;
    moved(&w, &visit, told("2027-01-08T16:00")).await;
    after(&w, Duration::minutes(2)).await;
    // Nobody says again that it is to be told: it was about to be.
    moved(&w, &visit, to("2027-01-08T17:00")).await;
    after(&w, Duration::minutes(2)).await;
    assert!(w.phone_got(ANN).is_empty(), "the minutes begin anew");
    after(&w, Duration::minutes(10)).await;
    let got = w.phone_got(ANN);
    assert_eq!(got.len(), 1);
    assert!(got[0].contains("Fri, Jan 8 at 5:00 PM"), "{got:?}");
}

#[rstest]
#[tokio::test]
async fn moved_back_by_hand_or_by_undo_nobody_is_told(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    let visit = book(&w, &ann, "2027-01-08T15:00", "").await;
    for round in 0..2 {
        moved(&w, &visit, told("2027-01-08T16:00")).await;
        after(&w, Duration::minutes(1)).await;
        if round == 0 {
            moved(&w, &visit, told("2027-01-08T15:00")).await;
        } else {
            let back = moves::undo(&w.s, &w.owner, visit.id).await.expect("undone");
            assert_eq!(back.starts_at, visit.starts_at);
        }
        after(&w, Duration::minutes(10)).await;
        assert!(w.phone_got(ANN).is_empty(), "round {round}");
    }
    // Away and back, and away again: what they know is the first time.
    moved(&w, &visit, told("2027-01-08T16:00")).await;
    moved(&w, &visit, told("2027-01-08T17:00")).await;
    moved(&w, &visit, to("2027-01-08T15:00")).await;
    after(&w, Duration::minutes(10)).await;
    assert!(w.phone_got(ANN).is_empty());
}

#[rstest]
#[tokio::test]
async fn of_two_moves_the_second_undone_the_first_is_told(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    let visit = book(&w, &ann, "2027-01-08T15:00", "").await;
    moved(&w, &visit, told("2027-01-08T16:00")).await;
    moved(&w, &visit, told("2027-01-08T17:00")).await;
    moves::undo(&w.s, &w.owner, visit.id).await.expect("undone");
    after(&w, Duration::minutes(10)).await;
    let got = w.phone_got(ANN);
    assert_eq!(got.len(), 1, "{got:?}");
    assert!(got[0].contains("at 4:00 PM"), "{got:?}");
}

#[rstest]
#[tokio::test]
async fn who_confirmed_or_comes_soon_is_told_and_the_rest_is_staffs_to_choose(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let (ann, ben) = (w.contact("Ann", ANN).await, w.contact("Ben", BEN).await);
    let far = book(&w, &ann, "2027-01-08T15:00", "").await;
    moved(&w, &far, to("2027-01-08T16:00")).await;
    after(&w, Duration::minutes(10)).await;
    assert!(w.phone_got(ANN).is_empty(), "days ahead nobody is told unless staff say so");

    appointments::act(&w.s, &w.owner, far.id, AppointmentAction::Confirm)
        .await
        .expect("confirmed");
    let anew = moved(&w, &far, to("2027-01-08T17:00")).await;
    assert_eq!(anew.status, Status::Scheduled, "whether they come is open again");
    let waits: Vec<_> = anew.reminders.iter().filter(|r| r.status == "planned").collect();
    assert_eq!(waits.len(), 2, "and they are reminded anew");
    after(&w, Duration::minutes(10)).await;
    assert_eq!(w.phone_got(ANN).len(), 1);

    let soon = book(&w, &ben, "2027-01-06T15:00", "").await;
    w.work().await;
    let quiet = EditAppointment {
        tell: Some(false),
        ..to("2027-01-05T09:00")
    };
    let before = w.phone_got(BEN).len();
    moved(&w, &soon, quiet).await;
    moved(&w, &soon, to("2027-01-05T09:30")).await;
    after(&w, Duration::minutes(10)).await;
    let got = w.phone_got(BEN);
    assert_eq!(got.len(), before + 1, "{got:?}");
    assert!(
        got[before].contains("your visit is now on Tue, Jan 5 at 9:30 AM"),
        "one text, and no reminder beside it: {got:?}"
    );
}

#[rstest]
#[tokio::test]
async fn nothing_of_a_move_leaves_after_a_stop_or_for_a_visit_that_is_gone(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let (ann, ben) = (w.contact("Ann", ANN).await, w.contact("Ben", BEN).await);
    let (hers, his) = (
        book(&w, &ann, "2027-01-08T15:00", "").await,
        book(&w, &ben, "2027-01-08T15:00", "").await,
    );
    moved(&w, &hers, told("2027-01-08T16:00")).await;
    moved(&w, &his, told("2027-01-08T16:00")).await;
    w.text(ANN, "STOP").await;
    appointments::act(&w.s, &w.owner, his.id, AppointmentAction::Cancel)
        .await
        .expect("cancelled");
    after(&w, Duration::minutes(10)).await;
    assert!(
        w.phone_got(ANN)
            .iter()
            .chain(&w.phone_got(BEN))
            .all(|text| !text.contains("is now on"))
    );
    let calls: Vec<_> = w.open_tasks().await.into_iter().filter(|task| task.kind == "call").collect();
    assert_eq!(calls.len(), 1, "who was not told is called: {calls:?}");
    assert_eq!(calls[0].appointment_id, Some(hers.id));

    // Brought back, the time that they do not know is told.
    appointments::act(&w.s, &w.owner, his.id, AppointmentAction::Reopen)
        .await
        .expect("open again");
    after(&w, Duration::minutes(10)).await;
    assert_eq!(w.phone_got(BEN).len(), 1);
}

#[rstest]
#[tokio::test]
async fn at_night_the_text_waits_and_who_can_not_be_texted_is_called(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    let visit = book(&w, &ann, "2027-01-08T15:00", "").await;
    w.clock.set(at("2027-01-05T03:00:00Z"));
    moved(&w, &visit, told("2027-01-08T16:00")).await;
    after(&w, Duration::hours(1)).await;
    assert!(w.phone_got(ANN).is_empty(), "it is eleven at night there");
    w.clock.set(at("2027-01-05T13:00:00Z"));
    w.work().await;
    assert_eq!(w.phone_got(ANN).len(), 1);

    w.text(ANN, "STOP").await;
    moved(&w, &visit, told("2027-01-08T17:00")).await;
    let title = "Call about the visit: it was moved, and the customer was not told by text.";
    assert!(w.open_tasks().await.iter().any(|task| task.title.starts_with(title)));
}

#[rstest]
#[tokio::test]
async fn undo_brings_back_all_of_it_once_and_not_over_something_newer(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let (ann, visit) = w.reminded("Ann", ANN).await;
    w.text(ANN, "Y").await;
    let confirmed = w.see_appointment(&visit).await;
    assert_eq!(confirmed.status, Status::Confirmed);
    let later = EditAppointment {
        staff_label: Some("Ana".to_owned()),
        minutes: Some(45),
        ..to("2027-01-06T15:00")
    };
    moved(&w, &visit, later).await;
    let back = moves::undo(&w.s, &w.owner, visit.id).await.expect("undone");
    let states = |v: &AppointmentView| {
        let mut all: Vec<_> = v
            .reminders
            .iter()
            .map(|r| (r.kind.clone(), r.due_at, r.status.clone()))
            .collect();
        all.retain(|(_, due, _)| *due < confirmed.starts_at);
        all.sort();
        all
    };
    assert_eq!(
        (back.starts_at, back.ends_at, back.status, back.staff_label.as_str()),
        (confirmed.starts_at, confirmed.ends_at, Status::Confirmed, "")
    );
    let live = |v: &AppointmentView| {
        let rows: Vec<_> = states(v).into_iter().filter(|(_, _, s)| s != "cancelled").collect();
        rows
    };
    assert_eq!(live(&back), live(&confirmed), "its reminders are as they were");
    after(&w, Duration::minutes(10)).await;
    assert_eq!(w.phone_got(ANN).len(), 1, "the reminder, and no word of a move");
    // What was answered can still be answered otherwise.
    w.text(ANN, "N").await;
    assert_eq!(w.see_appointment(&visit).await.status, Status::RescheduleRequested);

    assert_eq!(
        refusal(moves::undo(&w.s, &w.owner, visit.id).await).code,
        Code::Conflict,
        "once"
    );
    moved(&w, &visit, to("2027-01-07T15:00")).await;
    appointments::act(&w.s, &w.owner, visit.id, AppointmentAction::Confirm)
        .await
        .expect("confirmed");
    let newer = refusal(moves::undo(&w.s, &w.owner, visit.id).await);
    assert!(newer.detail.contains("something newer has happened"), "{}", newer.detail);
    moved(&w, &visit, told("2027-01-07T16:00")).await;
    after(&w, Duration::minutes(10)).await;
    let late = refusal(moves::undo(&w.s, &w.owner, visit.id).await);
    assert!(late.detail.contains("has been told"), "{}", late.detail);
    assert!(ann.id == visit.contact_id);
}

#[rstest]
#[tokio::test]
async fn a_search_for_another_time_is_open_again_when_the_move_is_undone(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let (_, visit) = w.reminded("Ann", ANN).await;
    w.text(ANN, "N").await;
    let open = async || {
        let all = w.open_tasks().await;
        all.iter().filter(|task| task.kind == "reschedule").count()
    };
    assert_eq!(open().await, 1);
    w.clock.advance(Duration::minutes(5));
    moved(&w, &visit, to("2027-01-07T15:00")).await;
    assert_eq!(open().await, 0);
    let back = moves::undo(&w.s, &w.owner, visit.id).await.expect("undone");
    assert_eq!((back.status, open().await), (Status::RescheduleRequested, 1));
}

#[rstest]
#[tokio::test]
async fn two_with_one_person_at_one_time_are_for_an_owner_to_book(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let (ann, ben) = (w.contact("Ann", ANN).await, w.contact("Ben", BEN).await);
    let taken = book(&w, &ben, "2027-01-08T15:00", "Ana").await;
    let visit = book(&w, &ann, "2027-01-08T17:00", "Ana").await;
    let staff: Actor = member(&w.s, w.owner.business_id, Role::Staff, "sam@example.com", "correct horse").await;
    let over = |double_book| EditAppointment {
        double_book,
        ..to("2027-01-08T15:15")
    };
    for double_book in [false, true] {
        let no = refusal(appointments::edit(&w.s, &staff, visit.id, over(double_book)).await);
        assert_eq!((no.code, no.conflicts_with), (Code::Conflict, Some(taken.id)));
        assert_eq!(
            no.detail,
            "Ana has Ben on Fri, Jan 8 from 3:00 to 3:30 PM. Choose another time, or ask an owner or admin to book both."
        );
    }
    let warned = refusal(edit(&w, &visit, over(false)).await);
    assert_eq!(warned.conflicts_with, Some(taken.id));
    // Beside it, or longer up to it, is no conflict.
    moved(&w, &visit, to("2027-01-08T15:30")).await;
    moved(&w, &visit, to("2027-01-08T14:30")).await;
    let longer = EditAppointment {
        minutes: Some(45),
        ..EditAppointment::default()
    };
    assert_eq!(refusal(edit(&w, &visit, longer).await).conflicts_with, Some(taken.id));
    moved(&w, &visit, over(true)).await;
    // With nobody in particular nothing collides, nor with what is cancelled.
    let nobody = EditAppointment {
        staff_label: Some(String::new()),
        ..to("2027-01-08T15:00")
    };
    moved(&w, &visit, nobody).await;
    let hers = EditAppointment {
        staff_label: Some("Ana".to_owned()),
        ..EditAppointment::default()
    };
    assert_eq!(refusal(edit(&w, &visit, hers.clone()).await).conflicts_with, Some(taken.id));
    appointments::act(&w.s, &w.owner, taken.id, AppointmentAction::Cancel)
        .await
        .expect("cancelled");
    moved(&w, &visit, hers).await;
}

#[rstest]
#[tokio::test]
async fn what_else_changes_moves_nothing_and_is_refused_in_words(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    let visit = book(&w, &ann, "2027-01-08T15:00", "").await;
    let cmd = EditAppointment {
        notes: Some("Bring the x-ray".to_owned()),
        for_name: Some(Some("Leo".to_owned())),
        staff_label: Some("Ana".to_owned()),
        minutes: Some(60),
        ..EditAppointment::default()
    };
    let changed = moved(&w, &visit, cmd).await;
    assert_eq!(
        (
            changed.notes.as_str(),
            changed.for_name.as_deref(),
            changed.staff_label.as_str()
        ),
        ("Bring the x-ray", Some("Leo"), "Ana")
    );
    assert_eq!(changed.ends_at, Some(visit.starts_at + Duration::minutes(60)));
    assert_eq!(changed.reminders.len(), visit.reminders.len());
    assert!(
        changed.reminders.iter().all(|r| r.status == "planned"),
        "{:?}",
        changed.reminders
    );
    assert_eq!(changed.revision, visit.revision + 1);

    let stale = EditAppointment {
        revision: Some(visit.revision),
        ..to("2027-01-08T16:00")
    };
    assert_eq!(refusal(edit(&w, &visit, stale).await).code, Code::Conflict);
    let past = refusal(edit(&w, &visit, to("2027-01-04T09:00")).await);
    assert_eq!((past.code, past.fields[0].field.as_str()), (Code::Invalid, "starts_at"));
    let nowhere = EditAppointment {
        location_id: Some(Some(uuid::Uuid::now_v7())),
        ..EditAppointment::default()
    };
    assert_eq!(refusal(edit(&w, &visit, nowhere).await).fields[0].field, "location_id");
    appointments::act(&w.s, &w.owner, visit.id, AppointmentAction::Cancel)
        .await
        .expect("cancelled");
    assert_eq!(refusal(edit(&w, &visit, to("2027-01-08T16:00")).await).code, Code::Conflict);
    let note = EditAppointment {
        notes: Some("They called".to_owned()),
        ..EditAppointment::default()
    };
    assert_eq!(moved(&w, &visit, note).await.notes, "They called", "a note may still be made");
    let other = w.another_business().await;
    let theirs = appointments::edit(&w.s, &other, visit.id, to("2027-01-08T16:00")).await;
    assert_eq!(refusal(theirs).code, Code::NotFound);
}

#[rstest]
#[tokio::test]
async fn a_reminder_that_would_go_out_at_once_waits_for_as_long_as_the_move_may_be_a_slip(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    let visit = book(&w, &ann, "2027-01-08T15:00", "").await;
    let quiet = EditAppointment {
        tell: Some(false),
        ..to("2027-01-05T09:00")
    };
    moved(&w, &visit, quiet).await;
    w.work().await;
    assert!(w.phone_got(ANN).is_empty());
    moves::undo(&w.s, &w.owner, visit.id).await.expect("undone");
    after(&w, Duration::minutes(10)).await;
    assert!(w.phone_got(ANN).is_empty(), "undone, it never goes");
    let quiet = EditAppointment {
        tell: Some(false),
        ..to("2027-01-05T09:00")
    };
    moved(&w, &visit, quiet).await;
    after(&w, Duration::minutes(3)).await;
    let got = w.phone_got(ANN);
    assert_eq!(got.len(), 1);
    assert!(got[0].contains("reminder of your visit on Tue, Jan 5 at 9:00 AM"), "{got:?}");
}
