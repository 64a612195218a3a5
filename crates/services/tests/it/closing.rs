//! Quiet conversations are closed by themselves, and no other ones.

use chrono::Duration;
use contract::{
    PageQuery,
    accounts::Role,
    appointments::AppointmentAction,
    businesses::UpdateInbox,
    contacts::ContactView,
    conversations::{AddNote, ConversationAction as Do, ConversationRow},
    messages::SendMessage,
};
use entity::{audit::audit_event, conversations::conversation};
use rstest::rstest;
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use services::{appointments, businesses::rules, conversations, jobs, outbox, pages};
use testkit::{Backend, World};

use crate::notifications::person;

const ANN: &str = "+14155550101";

async fn close_after(w: &World, days: &str) {
    let new = UpdateInbox {
        assign: "off".to_owned(),
        close_after_days: days.to_owned(),
    };
    rules::update(&w.s, &w.owner, new).await.expect("kept");
}

async fn row(w: &World, contact: &ContactView) -> ConversationRow {
    let all = conversations::page(&w.s, &w.owner, Default::default())
        .await
        .expect("the inbox");
    let mut rows = all.data.into_iter();
    rows.find(|row| row.contact_id == contact.id).expect("a conversation")
}

async fn status(w: &World, contact: &ContactView) -> String {
    row(w, contact).await.status
}

async fn act(w: &World, contact: &ContactView, what: Do) {
    let id = row(w, contact).await.id;
    conversations::act(&w.s, &w.owner, id, what).await.expect("done");
}

/// So many days later.
async fn days(w: &World, days: i64) {
    w.clock.advance(Duration::days(days));
    jobs::tick(&w.s).await.expect("a tick");
}

/// Ann asked and was answered, and the answer arrived.
async fn answered(w: &World) -> ContactView {
    let ann = w.contact("Ann", ANN).await;
    w.text(ANN, "Is there parking?").await;
    w.reply(&ann, "Yes, behind the house.").await.expect("sent");
    w.work().await;
    ann
}

#[rstest]
#[tokio::test]
async fn a_quiet_one_is_closed_after_a_fortnight_and_opened_by_whatever_they_write(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    // A new business needs to choose nothing.
    let ann = answered(&w).await;
    days(&w, 13).await;
    assert_eq!(status(&w, &ann).await, "open");
    days(&w, 1).await;
    assert_eq!(status(&w, &ann).await, "closed");
    let page = pages::contact::timeline(&w.s, &w.owner, ann.id, PageQuery::default()).await;
    let page = page.expect("a timeline").data;
    let closed: Vec<_> = page.iter().filter(|one| one.event == "conversation.closed").collect();
    assert_eq!((closed.len(), closed[0].by.as_str()), (1, "automatic closing"));
    days(&w, 1).await;
    assert_eq!(status(&w, &ann).await, "closed", "once");
    w.text(ANN, "One more thing").await;
    let seen = row(&w, &ann).await;
    assert_eq!((seen.status.as_str(), seen.needs_answer), ("open", true));
}

#[rstest]
#[tokio::test]
async fn what_waits_is_never_closed(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    close_after(&w, "3").await;
    let ann = w.contact("Ann", ANN).await;
    w.text(ANN, "Is there parking?").await;
    days(&w, 30).await;
    assert_eq!(status(&w, &ann).await, "open", "she waits for an answer");
    act(&w, &ann, Do::NoReplyNeeded).await;
    days(&w, 2).await;
    assert_eq!(status(&w, &ann).await, "open", "somebody has just dealt with it");
    let until = w.clock.now() + Duration::days(10);
    act(&w, &ann, Do::Snooze { until }).await;
    days(&w, 9).await;
    assert_eq!(status(&w, &ann).await, "snoozed");
    days(&w, 1).await;
    assert_eq!(status(&w, &ann).await, "open", "it came back to be seen");
    let note = AddNote {
        body: "She called.".to_owned(),
        id: None,
    };
    let sam = person(&w, Role::Staff, "Sam").await;
    conversations::notes::add(&w.s, &sam, row(&w, &ann).await.id, note)
        .await
        .expect("noted");
    days(&w, 2).await;
    assert_eq!(status(&w, &ann).await, "open", "a note is somebody's work, too");
    days(&w, 1).await;
    assert_eq!(status(&w, &ann).await, "closed");
    act(&w, &ann, Do::Reopen).await;
    days(&w, 2).await;
    assert_eq!(status(&w, &ann).await, "open", "who opened it wanted it open");
    days(&w, 1).await;
    assert_eq!(status(&w, &ann).await, "closed");
}

#[rstest]
#[tokio::test]
async fn a_visit_to_come_a_text_for_later_and_a_failure_keep_it_open(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    close_after(&w, "3").await;
    let ann = answered(&w).await;
    let visit = w.appointment(&ann, 24 * 30).await;
    days(&w, 4).await;
    assert_eq!(status(&w, &ann).await, "open", "she comes in a month");
    appointments::act(&w.s, &w.owner, visit.id, AppointmentAction::Cancel)
        .await
        .expect("cancelled");
    let later = SendMessage {
        channel: None,
        contact_id: ann.id,
        body: "How is the knee?".to_owned(),
        correlation_id: None,
        after_message_id: None,
        send_at: Some(w.clock.now() + Duration::days(5)),
    };
    let later = outbox::send(&w.s, &w.owner, later).await.expect("kept for later");
    days(&w, 1).await;
    assert_eq!(status(&w, &ann).await, "open", "something is still to be said");
    outbox::cancel_one(&w.s, &w.owner, later.id).await.expect("taken back");
    days(&w, 4).await;
    assert_eq!(status(&w, &ann).await, "closed");

    let bob = w.contact("Bob", "+14155550102").await;
    w.sim.set_fault(testkit::Fault {
        code: Some(30006),
        ..testkit::Fault::new(testkit::FaultKind::Refuse)
    });
    w.reply(&bob, "We are closed on Monday.").await.expect("queued");
    w.work().await;
    days(&w, 30).await;
    assert_eq!(status(&w, &bob).await, "open", "somebody must see to it");
}

#[rstest]
#[tokio::test]
async fn turned_off_it_closes_nothing_and_each_business_has_its_own_days(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    close_after(&w, "").await;
    let garage = w.another_business().await;
    let ann = answered(&w).await;
    days(&w, 300).await;
    assert_eq!(status(&w, &ann).await, "open");
    let theirs = UpdateInbox {
        assign: "off".to_owned(),
        close_after_days: "1".to_owned(),
    };
    rules::update(&w.s, &garage, theirs).await.expect("kept");
    days(&w, 2).await;
    assert_eq!(status(&w, &ann).await, "open", "another's rule is not ours");
    close_after(&w, "365").await;
    days(&w, 1).await;
    assert_eq!(status(&w, &ann).await, "open");
    close_after(&w, "30").await;
    jobs::tick(&w.s).await.expect("a tick");
    assert_eq!(status(&w, &ann).await, "closed", "what is chosen counts at once");
}

#[rstest]
#[tokio::test]
async fn many_are_closed_once_by_several_processes(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    close_after(&w, "3").await;
    for n in 0..230 {
        let one = w.contact(&format!("Number {n}"), &format!("+1415555{n:04}")).await;
        conversations::open_with(&w.s, &w.owner, one.id).await.expect("a thread");
    }
    w.clock.advance(Duration::days(4));
    let other = w.another_process().await;
    let (here, there) = tokio::join!(jobs::tick(&w.s), jobs::tick(&other));
    here.expect("a tick");
    there.expect("a tick");
    let db = w.s.db().connection();
    let open = conversation::Entity::find()
        .filter(conversation::Column::ClosedAt.is_null())
        .count(db);
    assert_eq!(open.await.expect("counted"), 0);
    let written = audit_event::Entity::find()
        .filter(audit_event::Column::Action.eq("conversation.closed"))
        .count(db);
    assert_eq!(written.await.expect("counted"), 230, "each once");
}
