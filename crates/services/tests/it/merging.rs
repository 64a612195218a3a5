//! Two contacts that turn out to be one person: what goes where, that no STOP and no text is lost or sent twice by it, and the way back.

mod stops;
mod undone;
mod visits;

use chrono::Duration;
use contract::{
    Code, PageQuery,
    accounts::Role,
    contacts::{ContactQuery, ContactView, PatchContact},
    conversations::{AddNote, ConversationAction, Draft, DraftKind},
    merging::{MergeContacts, MergePreview},
    messages::SendMessage,
};
use entity::{
    accounts::account,
    appointments::appointment,
    contacts::{consent, contact, contact_tag, suppression, tag},
    conversations::{conversation, conversation_seen, draft, note},
    messages::message,
    questions::question,
    reminders::reminder_request,
    tasks::task,
};
use rstest::rstest;
use sea_orm::{EntityTrait, QueryOrder};
use services::{Actor, Error, Principal, contacts, conversations, merging, outbox, pages};
use testkit::{Backend, World, member};
use uuid::Uuid;

const ANN: &str = "+14155550171";
const ANNE: &str = "+14155550172";

/// Anne's entry becomes Ann's.
async fn merge(w: &World, ann: &ContactView, anne: &ContactView) -> services::Result<ContactView> {
    Box::pin(merging::merge(&w.s, &w.owner, ann.id, MergeContacts { other_id: anne.id })).await
}

async fn preview(w: &World, ann: &ContactView, anne: &ContactView) -> MergePreview {
    merging::preview(&w.s, &w.owner, ann.id, MergeContacts { other_id: anne.id })
        .await
        .expect("shown")
}

async fn ledger_is_whole(w: &World) {
    services::contacts::consent::verify(&w.s)
        .await
        .expect("read")
        .expect("the ledger is whole");
}

async fn undo(w: &World, ann: &ContactView) -> services::Result<ContactView> {
    Box::pin(merging::undo(&w.s, &w.owner, ann.id)).await
}

fn refused<T: std::fmt::Debug>(asked: services::Result<T>) -> String {
    let problem = asked.expect_err("refused").problem();
    assert_eq!(problem.code, Code::Conflict, "{}", problem.detail);
    problem.detail
}

async fn both(w: &World) -> (ContactView, ContactView) {
    (w.contact("Ann", ANN).await, w.contact("Anne Weber", ANNE).await)
}

async fn thread_of(w: &World, who: &ContactView) -> Uuid {
    conversations::open_with(&w.s, &w.owner, who.id)
        .await
        .expect("a conversation")
}

/// Whose everything is, row by row, but for when people were last changed and which number they would give next.
async fn everything(w: &World) -> Vec<String> {
    let db = w.s.db().connection();
    let mut all = Vec::new();
    let mut people = contact::Entity::find()
        .order_by_asc(contact::Column::Id)
        .all(db)
        .await
        .expect("people");
    for row in &mut people {
        (row.updated_at, row.next_token) = (row.created_at, 0);
        // Sealed anew, it would be another text for the same address.
        row.email = row.email.take().map(|_| "sealed".to_owned());
    }
    macro_rules! rows {
        ($($entity:ident),+) => {$(
            let rows = $entity::Entity::find().all(db).await.expect("rows");
            let mut rows: Vec<String> = rows.iter().map(|row| format!("{row:?}")).collect();
            rows.sort();
            all.extend(rows);
        )+};
    }
    rows!(
        appointment,
        contact_tag,
        tag,
        suppression,
        conversation,
        conversation_seen,
        draft,
        note,
        message,
        question,
        reminder_request
    );
    let tasks = task::Entity::find()
        .order_by_asc(task::Column::Id)
        .all(db)
        .await
        .expect("tasks");
    let mut stands = consent::Entity::find().all(db).await.expect("consent");
    stands.retain(|row| row.state != "unknown");
    let mut stands: Vec<String> = stands
        .iter()
        .map(|row| format!("{} {} {} {}", row.contact_id, row.channel, row.purpose, row.state))
        .collect();
    stands.sort();
    all.extend(people.iter().map(|row| format!("{row:?}")));
    all.extend(tasks.iter().map(|row| format!("{row:?}")));
    all.extend(stands);
    all
}

/// Who works here and has an account.
async fn maya(w: &World) -> Actor {
    member(&w.s, w.owner.business_id, Role::Staff, "maya@x.test", "a long password").await
}

/// The same, once she is there.
async fn reader(w: &World) -> Actor {
    let account = account::Entity::find()
        .one(w.s.db().connection())
        .await
        .expect("read")
        .expect("one account");
    services::accounts::actor(&w.s, account.id, w.owner.business_id)
        .await
        .expect("read")
        .expect("a member")
}

/// Two entries with a history: texts both ways, notes, a draft, tags, a task, visits, a reminder that went out and one that is planned.
async fn with_histories(w: &World) -> (ContactView, ContactView) {
    let maya = maya(w).await;
    let (ann, anne) = both(w).await;
    w.text(ANN, "Is there parking?").await;
    w.reply(&ann, "Yes, behind the house.").await.expect("queued");
    w.appointment(&anne, 30).await;
    w.appointment(&ann, 200).await;
    w.work().await;
    w.text(ANNE, "Can I come earlier?").await;
    let patch = PatchContact {
        tags: Some(vec!["vip".to_owned(), "mornings".to_owned()]),
        notes: Some(Some("Has a dog".to_owned())),
        email: Some(Some("anne@x.test".to_owned())),
        language: Some(Some("es".to_owned())),
        ..PatchContact::default()
    };
    contacts::patch(&w.s, &w.owner, anne.id, patch).await.expect("changed");
    let patch = PatchContact {
        tags: Some(vec!["vip".to_owned()]),
        notes: Some(Some("Likes the window".to_owned())),
        ..PatchContact::default()
    };
    contacts::patch(&w.s, &w.owner, ann.id, patch).await.expect("changed");
    let thread = thread_of(w, &anne).await;
    let note = AddNote {
        body: "Call her on Monday".to_owned(),
        id: None,
    };
    conversations::notes::add(&w.s, &maya, thread, note).await.expect("noted");
    let typed = Draft {
        kind: DraftKind::Reply,
        body: "Dear Anne".to_owned(),
    };
    conversations::notes::save_draft(&w.s, &maya, thread, typed)
        .await
        .expect("kept");
    conversations::mark_read(&w.s, &maya, thread_of(w, &ann).await)
        .await
        .expect("read");
    (ann, anne)
}

#[rstest]
#[tokio::test]
async fn everything_of_both_is_the_kept_ones_and_undone_it_is_whose_it_was(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let (ann, anne) = with_histories(&w).await;
    let before = everything(&w).await;
    let preview = preview(&w, &ann, &anne).await;
    assert_eq!(preview.refused, None);
    assert_eq!(
        (preview.other.appointments, preview.other.messages, preview.other.notes),
        (1, 3, 1)
    );
    let merged = merge(&w, &ann, &anne).await.expect("merged");
    let same = |mut view: ContactView| {
        view.updated_at = view.created_at;
        view
    };
    assert_eq!(same(merged.clone()), same(preview.result), "it is what was shown before");
    assert_eq!((merged.id, merged.name.as_str(), merged.phone.as_str()), (ann.id, "Ann", ANN));
    assert_eq!(
        merged.other_phones.iter().map(|p| p.phone.as_str()).collect::<Vec<_>>(),
        [ANNE]
    );
    assert_eq!(merged.notes, "Likes the window\n\nHas a dog");
    assert_eq!(merged.tags, ["mornings", "vip"]);
    assert_eq!(
        (merged.email.as_deref(), merged.language.as_deref()),
        (Some("anne@x.test"), Some("es"))
    );
    let maya = reader(&w).await;
    let thread = pages::thread::thread(&w.s, &maya, thread_of(&w, &ann).await, Default::default())
        .await
        .expect("open");
    let said: Vec<_> = thread
        .messages
        .iter()
        .map(|m| m.body.as_str())
        .filter(|body| body.len() < 25)
        .collect();
    assert_eq!(said, ["Is there parking?", "Yes, behind the house.", "Can I come earlier?"]);
    assert_eq!((thread.notes.len(), thread.appointments.len()), (1, 2));
    assert_eq!(thread.draft.expect("kept").body, "Dear Anne");
    assert!(thread.conversation.needs_answer, "she still waits");
    undo(&w, &ann).await.expect("undone");
    let after = everything(&w).await;
    for (was, is) in before.iter().zip(&after) {
        assert_eq!(was, is);
    }
    assert_eq!(before.len(), after.len());
    ledger_is_whole(&w).await;
}

#[rstest]
#[tokio::test]
async fn the_old_address_leads_to_who_they_are_now(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (ann, anne) = with_histories(&w).await;
    let old = thread_of(&w, &anne).await;
    merge(&w, &ann, &anne).await.expect("merged");
    assert_eq!(w.see_contact(&anne).await.id, ann.id);
    let page = pages::contact::page(&w.s, &w.owner, anne.id).await.expect("her page");
    assert_eq!(
        (page.contact.id, page.merged.expect("can be undone").with.as_str()),
        (ann.id, "Anne Weber")
    );
    let thread = pages::thread::thread(&w.s, &w.owner, old, Default::default())
        .await
        .expect("the other thread");
    assert_eq!(thread.conversation.id, thread_of(&w, &ann).await);
    assert_eq!(w.thread(&anne).await.len(), w.thread(&ann).await.len());
    assert_eq!(
        w.appointment(&anne, 300).await.contact_id,
        ann.id,
        "what is booked for her is booked for Ann"
    );
    // What was written into the old thread is refused with words; who wrote it still has it.
    let reply = w.reply(&anne, "See you").await.expect_err("refused").problem();
    assert_eq!((reply.code, reply.conflicts_with), (Code::Conflict, Some(ann.id)));
    let closed = conversations::act(&w.s, &w.owner, old, ConversationAction::Close).await;
    assert!(refused(closed).contains("merged with another one"));
    // In lists she is not there any more; who keeps people in step learns of it.
    let found = contacts::list(&w.s, &w.owner, ContactQuery::default())
        .await
        .expect("people")
        .data;
    assert_eq!(found.iter().map(|c| c.id).collect::<Vec<_>>(), [ann.id]);
    let changed = ContactQuery {
        updated_since: Some("2027-01-01T00:00:00Z".to_owned()),
        ..ContactQuery::default()
    };
    let changed = contacts::list(&w.s, &w.owner, changed).await.expect("people").data;
    let tombstone = changed.iter().find(|c| c.id == anne.id).expect("among them");
    assert_eq!(tombstone.merged_into, Some(ann.id));
    let tagged = contacts::people(
        &w.s,
        &w.owner,
        ContactQuery {
            tag: Some("vip".to_owned()),
            ..Default::default()
        },
    )
    .await;
    let tagged = tagged.expect("people");
    assert_eq!(
        (tagged.page.data.len(), tagged.tags[0].people),
        (1, 1),
        "once among those with the tag"
    );
}

#[rstest]
#[tokio::test]
async fn texts_from_either_number_reach_the_one_person(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (ann, anne) = both(&w).await;
    merge(&w, &ann, &anne).await.expect("merged");
    w.text(ANNE, "It is me").await;
    assert_eq!(w.last_message(&ann).await.body, "It is me");
    w.text(ANNE, "HELP").await;
    w.work().await;
    assert_eq!(w.phone_got(ANNE).len(), 1, "who asked for help gets it there");
    assert!(w.phone_got(ANN).is_empty());
    undo(&w, &ann).await.expect("undone");
    let hers: Vec<_> = w.thread(&anne).await.into_iter().map(|m| m.direction).collect();
    assert_eq!(hers.len(), 3, "what came from her number meanwhile is hers");
    assert!(w.thread(&ann).await.is_empty());
}

#[rstest]
#[tokio::test]
async fn who_may_not_and_what_is_not_there(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (ann, anne) = both(&w).await;
    let thief = w.another_business().await;
    let asked = || MergeContacts { other_id: anne.id };
    for answer in [
        merging::merge(&w.s, &thief, ann.id, asked()).await.map(drop),
        merging::preview(&w.s, &thief, ann.id, asked()).await.map(drop),
        merging::undo(&w.s, &thief, ann.id).await.map(drop),
        merging::page(&w.s, &thief, ann.id, None, None).await.map(drop),
    ] {
        assert_eq!(answer.expect_err("another business").problem().code, Code::NotFound);
    }
    let itself = merge(&w, &ann, &ann).await.expect_err("itself").problem();
    assert_eq!((itself.code, itself.fields[0].field.as_str()), (Code::Invalid, "other_id"));
    let reader = Actor {
        who: Principal::ApiKey {
            id: Uuid::nil(),
            name: "reader".to_owned(),
            scopes: vec![services::Permission::ReadContacts],
        },
        ..w.owner.clone()
    };
    let not = merging::merge(&w.s, &reader, ann.id, asked())
        .await
        .expect_err("no right")
        .problem();
    assert_eq!(not.code, Code::NotAllowed);
    merge(&w, &ann, &anne).await.expect("merged");
    assert!(matches!(merge(&w, &ann, &anne).await, Err(Error::Problem(p)) if p.conflicts_with == Some(ann.id)));
}

#[rstest]
#[tokio::test]
async fn it_stands_in_the_timeline_with_what_both_had_done(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (ann, anne) = with_histories(&w).await;
    let thread = thread_of(&w, &anne).await;
    let me = match reader(&w).await.who {
        Principal::Member { account_id, .. } => account_id,
        who => panic!("no member: {who:?}"),
    };
    for action in [
        ConversationAction::Assign { account_id: Some(me) },
        ConversationAction::Snooze {
            until: w.clock.now() + Duration::hours(3),
        },
        ConversationAction::Reopen,
        ConversationAction::Close,
    ] {
        w.clock.advance(Duration::seconds(1));
        conversations::act(&w.s, &w.owner, thread, action).await.expect("done");
    }
    w.clock.advance(Duration::seconds(1));
    let taken_back = w.reply(&anne, "Never mind").await.expect("queued");
    let ids = contract::messages::MessageIds {
        ids: vec![taken_back.id],
    };
    outbox::cancel_many(&w.s, &w.owner, ids).await.expect("cancelled");
    w.clock.advance(Duration::seconds(1));
    merge(&w, &ann, &anne).await.expect("merged");
    let rows = pages::contact::timeline(&w.s, &w.owner, ann.id, PageQuery::default())
        .await
        .expect("rows")
        .data;
    let latest: Vec<_> = rows
        .iter()
        .take(6)
        .map(|row| (row.event.as_str(), row.detail.as_deref().unwrap_or_default()))
        .collect();
    assert_eq!(latest[0], ("contact.merged", "Anne Weber"));
    assert_eq!(latest[1], ("message.cancelled", "Never mind"));
    assert_eq!(rows[1].reason.as_deref(), Some("Cancelled by staff."));
    assert_eq!(latest[2].0, "conversation.closed");
    assert_eq!(latest[3].0, "conversation.reopened");
    assert!(
        latest[4].0 == "conversation.snoozed" && latest[4].1.starts_with("Until "),
        "{latest:?}"
    );
    assert!(
        latest[5].0 == "conversation.assigned" && latest[5].1.starts_with("To "),
        "{latest:?}"
    );
    assert_eq!(
        rows.iter().filter(|row| row.event == "contact.created").count(),
        2,
        "both were added once"
    );
    // A page of it goes on behind its last row, whoever's that was.
    let two = PageQuery {
        limit: Some(2),
        cursor: None,
    };
    let first = pages::contact::timeline(&w.s, &w.owner, ann.id, two).await.expect("page");
    let next = PageQuery {
        limit: Some(100),
        cursor: first.next_cursor,
    };
    let rest = pages::contact::timeline(&w.s, &w.owner, ann.id, next)
        .await
        .expect("page")
        .data;
    assert_eq!(first.data.into_iter().chain(rest).collect::<Vec<_>>(), rows);
}

#[rstest]
#[tokio::test]
async fn a_reply_whose_answer_was_lost_is_not_sent_again_after_a_merge(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let (ann, anne) = both(&w).await;
    let cmd = SendMessage {
        channel: None,
        contact_id: anne.id,
        body: "See you".to_owned(),
        correlation_id: Some("typed once".to_owned()),
        after_message_id: None,
        send_at: None,
    };
    let first = outbox::send(&w.s, &w.owner, cmd.clone()).await.expect("stored");
    merge(&w, &ann, &anne).await.expect("merged");
    let again = outbox::send(&w.s, &w.owner, cmd).await.expect("the same one");
    assert_eq!(again.id, first.id);
    w.work().await;
    assert_eq!(w.phone_got(ANNE), ["See you"]);
    let page = pages::contact::page(&w.s, &w.owner, ann.id).await.expect("page");
    assert_eq!(page.ledger.len(), 2, "what both had agreed to");
}

#[rstest]
#[tokio::test]
async fn who_looks_at_one_of_them_is_in_nobodys_way(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    use contract::conversations::Doing;
    let w = World::new(backend).await;
    let (ann, anne) = both(&w).await;
    w.reply(&anne, "See you").await.expect("stored");
    let thread = thread_of(&w, &anne).await;
    let maya = maya(&w).await;
    let looks = services::conversations::presence::say(&w.s, &maya, thread, Doing::Writing);
    looks.await.expect("said");
    let at = async |id: Uuid| {
        let there = services::conversations::presence::now(&w.s, &w.owner).await.expect("known");
        there.iter().any(|one| one.conversation_id == id)
    };
    assert!(at(thread).await);
    merge(&w, &ann, &anne).await.expect("merged");
    assert!(!at(thread).await);
    let kept = thread_of(&w, &ann).await;
    services::conversations::presence::say(&w.s, &maya, kept, Doing::Viewing)
        .await
        .expect("said");
    assert!(at(kept).await);
    undo(&w, &ann).await.expect("apart again");
}
