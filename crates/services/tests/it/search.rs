//! The search box: what it finds, in which order, and whose.

mod log;
mod many;
mod places;

use chrono::Duration;
use contract::{
    Code,
    accounts::Role,
    contacts::{ContactView, UpdateContact},
    conversations::{AddNote, ConversationQuery, ConversationRow, NoteView, Place},
    search::{LogSearch, SearchPage, SearchQuery},
};
use rstest::rstest;
use sea_orm::ConnectionTrait;
use services::{Actor, contacts, conversations, pages, search};
use testkit::{Backend, World, member};

const ANN: &str = "+14155550171";
const BEN: &str = "+14155550172";

async fn find(w: &World, q: &str) -> SearchPage {
    find_as(w, &w.owner, q).await
}

async fn find_as(w: &World, actor: &Actor, q: &str) -> SearchPage {
    let query = SearchQuery {
        q: Some(q.to_owned()),
        ..SearchQuery::default()
    };
    search::all(&w.s, actor, query).await.expect("searched")
}

/// The texts that were found, newest first.
async fn texts(w: &World, q: &str) -> Vec<String> {
    find(w, q)
        .await
        .messages
        .data
        .into_iter()
        .map(|hit| hit.snippet.text)
        .collect()
}

fn asking(q: &str) -> ConversationQuery {
    ConversationQuery {
        search: Some(q.to_owned()),
        ..ConversationQuery::default()
    }
}

/// The conversations that were found, latest activity first.
async fn threads_of(w: &World, q: &str) -> Vec<ConversationRow> {
    search::conversations(&w.s, &w.owner, asking(q)).await.expect("searched").data
}

/// Whose they are.
async fn threads(w: &World, q: &str) -> Vec<String> {
    threads_of(w, q).await.into_iter().map(|row| row.name).collect()
}

/// Ann and Ben, who have written.
async fn two_people(w: &World) -> (ContactView, ContactView) {
    let ann = w.contact("Ann Ortiz", ANN).await;
    let ben = w.contact("Ben Ödegård", BEN).await;
    w.text(ANN, "Is there PARKING near the appointment?").await;
    w.clock.advance(Duration::minutes(1));
    w.text(BEN, "Running late, don’t wait “please”. Über-late!").await;
    w.clock.advance(Duration::minutes(1));
    w.reply(&ann, "Yes: parking is behind the house.").await.expect("sent");
    w.clock.advance(Duration::minutes(1));
    (ann, ben)
}

#[rstest]
#[tokio::test]
async fn words_of_texts_are_found_newest_first(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    two_people(&w).await;
    let both = ["Yes: parking is behind the house.", "Is there PARKING near the appointment?"];
    assert_eq!(texts(&w, "parking").await, both);
    assert_eq!(texts(&w, "Parking IS").await, both);
    assert_eq!(texts(&w, "parking -behind").await, both[1..]);
    assert_eq!(texts(&w, "\"parking is\"").await, both[..1]);
    // Only the last word may go on.
    assert_eq!(texts(&w, "near appoint").await, both[1..]);
    assert_eq!(texts(&w, "appoint near").await, [""; 0]);
    for q in ["über", "ÜBER-LATE", "please", "don’t", "late run"] {
        assert_eq!(texts(&w, q).await.len(), 1, "{q}");
    }
    assert_eq!(texts(&w, "nobody").await, [""; 0]);
}

#[rstest]
#[tokio::test]
async fn a_hit_shows_the_line_and_the_words_in_it(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (ann, _) = two_people(&w).await;
    let found = find(&w, "parking house").await;
    let hit = &found.messages.data[0];
    let marked = hit
        .snippet
        .parts()
        .into_iter()
        .filter(|(marked, _)| *marked)
        .map(|(_, text)| text);
    assert_eq!(marked.collect::<Vec<_>>(), ["parking", "house"]);
    assert_eq!(
        (hit.contact_name.as_str(), hit.message_id),
        ("Ann Ortiz", w.last_message(&ann).await.id)
    );
    assert_eq!(found.terms[0].without, "house");
}

#[rstest]
#[tokio::test]
async fn people_and_their_visits_are_found_by_name_and_number(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (ann, ben) = two_people(&w).await;
    let visit = w.appointment(&ann, 30).await;
    w.appointment(&ben, 31).await;
    for q in ["ann", "ort ann", "(415) 555-0171", "5550171"] {
        let found = find(&w, q).await;
        let people: Vec<_> = found.people.iter().map(|hit| hit.contact.id).collect();
        let visits: Vec<_> = found.visits.iter().map(|visit| visit.id).collect();
        assert_eq!((people, visits), (vec![ann.id], vec![visit.id]), "{q}");
        assert!(found.people[0].conversation_id.is_some());
    }
    assert_eq!(find(&w, "on:2027-01-05").await.visits.len(), 2, "Tuesday's");
    assert_eq!(find(&w, "on:2027-01-06").await.visits, []);
}

#[rstest]
#[tokio::test]
async fn operators_narrow(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (ann, ben) = two_people(&w).await;
    w.appointment(&ann, 30).await;
    let change = UpdateContact {
        id: ben.id,
        name: ben.name.clone(),
        phone: ben.phone.clone(),
        email: None,
        time_zone: None,
        notes: Some("Likes the window".to_owned()),
    };
    contacts::update(&w.s, &w.owner, change).await.expect("changed");
    for (q, expected) in [
        ("is:unread", vec!["Ben Ödegård", "Ann Ortiz"]),
        ("is:waiting", vec!["Ben Ödegård"]),
        ("-is:waiting", vec!["Ann Ortiz"]),
        ("is:open", vec!["Ann Ortiz", "Ben Ödegård"]),
        ("is:closed", vec![]),
        ("is:snoozed", vec![]),
        ("is:failed", vec![]),
        ("is:optedout", vec![]),
        ("is:hold", vec![]),
        ("assigned:me", vec![]),
        ("assigned:@olga", vec![]),
        ("assigned:none", vec!["Ann Ortiz", "Ben Ödegård"]),
        ("has:visit", vec!["Ann Ortiz"]),
        ("-has:visit", vec!["Ben Ödegård"]),
        ("has:note", vec!["Ben Ödegård"]),
        ("location:harbour", vec![]),
        ("parking", vec!["Ann Ortiz"]),
        ("ödegård", vec!["Ben Ödegård"]),
        ("late is:waiting", vec!["Ben Ödegård"]),
        ("late is:closed", vec![]),
        ("from:me", vec!["Ann Ortiz"]),
        ("from:customer", vec!["Ann Ortiz", "Ben Ödegård"]),
        ("from:ben", vec!["Ben Ödegård"]),
        ("from:olga parking", vec!["Ann Ortiz"]),
        ("channel:sms", vec!["Ann Ortiz", "Ben Ödegård"]),
        ("channel:email", vec![]),
        ("on:today", vec!["Ann Ortiz", "Ben Ödegård"]),
        ("before:today", vec![]),
        ("after:yesterday late", vec!["Ben Ödegård"]),
        ("late before:2027-01-04", vec![]),
    ] {
        let mut found = threads(&w, q).await;
        found.sort();
        let mut expected = expected;
        expected.sort_unstable();
        assert_eq!(found, expected, "{q}");
    }
    let task = threads(&w, "has:task").await;
    assert_eq!(threads(&w, "-has:task").await.len(), 2 - task.len());
    w.text(ANN, "STOP").await;
    assert_eq!(threads(&w, "is:optedout").await, ["Ann Ortiz"]);
}

#[rstest]
#[tokio::test]
async fn what_is_not_understood_is_searched_as_text_and_said(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    w.text(ANN, "The subject: hello").await;
    let found = find(&w, "subject:hello").await;
    assert_eq!(found.messages.data.len(), 1);
    assert_eq!(
        found.notes,
        ["“subject:hello” was searched for as text. “subject:” is not something to search by."]
    );
    for odd in [
        "\"",
        "-",
        ":",
        "is:",
        "\"\" OR *",
        "a AND (b",
        "NEAR(a b)",
        "' & !",
        "%_\\",
        "words:x",
        "from:%",
        "\u{0}",
        "🙂",
        "नमस्ते ⓐ",
        "b0000",
        "\"unclosed late",
    ] {
        find(&w, odd).await;
        threads(&w, odd).await;
    }
    let long = "x ".repeat(5_000);
    assert!(
        find(&w, &long)
            .await
            .notes
            .iter()
            .any(|note| note.contains("first 300 characters"))
    );
}

#[rstest]
#[tokio::test]
async fn another_businesss_words_are_never_found(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (ann, _) = two_people(&w).await;
    w.appointment(&ann, 30).await;
    let other = w.another_business().await;
    let key = w.owner.business_id.simple().to_string();
    let tail = &key[key.len() - 12..];
    for q in [
        "parking".to_owned(),
        "park".to_owned(),
        "ann".to_owned(),
        "5550171".to_owned(),
        "from:customer".to_owned(),
        "is:open".to_owned(),
        "on:today".to_owned(),
        "has:visit".to_owned(),
        // Even somebody who knows the business's id, and how it stands in the index.
        format!("b{key}"),
        tail.to_owned(),
        format!("{tail}parking"),
    ] {
        let found = find_as(&w, &other, &q).await;
        assert_eq!(
            (found.people.len(), found.messages.data.len(), found.visits.len()),
            (0, 0, 0),
            "{q}"
        );
        let page = search::conversations(&w.s, &other, asking(&q)).await.expect("searched");
        assert_eq!(page.data, [], "{q}");
        let log = LogSearch {
            q: Some(q.clone()),
            ..LogSearch::default()
        };
        assert_eq!(search::log(&w.s, &other, log).await.expect("searched").page.data, [], "{q}");
    }
}

async fn sam(w: &World) -> Actor {
    member(&w.s, w.owner.business_id, Role::Staff, "sam@x.test", "long enough word").await
}

/// A note, in the thread with somebody.
async fn note(w: &World, by: &Actor, contact: &ContactView, body: &str) -> NoteView {
    let thread = conversations::open_with(&w.s, by, contact.id).await.expect("a thread");
    let note = AddNote {
        id: None,
        body: body.to_owned(),
    };
    conversations::notes::add(&w.s, by, thread, note).await.expect("noted")
}

#[rstest]
#[tokio::test]
async fn notes_are_found_among_the_texts_and_never_in_the_log(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (ann, ben) = two_people(&w).await;
    let written = note(&w, &sam(&w).await, &ann, "Allergic to latex, parking permit needed").await;
    let found = find(&w, "latex").await.messages.data;
    let hit = &found[0];
    assert_eq!(
        (found.len(), hit.message_id, hit.conversation_id),
        (1, written.id, written.conversation_id)
    );
    assert_eq!(
        (hit.note_by.as_deref(), hit.contact_name.as_str()),
        (Some(written.author.as_str()), "Ann Ortiz")
    );
    // Newest first, with the texts.
    assert_eq!(texts(&w, "parking").await[0], "Allergic to latex, parking permit needed");
    assert_eq!(texts(&w, "parking").await.len(), 3);
    assert_eq!(threads(&w, "latex").await, ["Ann Ortiz"]);
    for (q, notes) in [
        ("latex from:sam", 1),
        ("latex from:me", 0),
        ("latex from:customer", 0),
        ("latex -from:customer", 1),
        ("latex channel:sms", 0),
        ("latex is:failed", 0),
        ("latex is:open", 1),
        ("latex is:closed", 0),
        ("latex -parking", 0),
        ("\"to latex\"", 1),
        ("\"latex to\"", 0),
        ("latex before:today", 0),
    ] {
        assert_eq!(texts(&w, q).await.len(), notes, "{q}");
    }
    assert_eq!(threads(&w, "has:note").await, ["Ann Ortiz"]);
    assert_eq!(threads(&w, "-has:note").await, [ben.name]);
    let log = LogSearch {
        q: Some("latex".to_owned()),
        ..LogSearch::default()
    };
    assert_eq!(search::log(&w.s, &w.owner, log).await.expect("searched").page.data, []);
    let run = async |sql: &str| w.s.db().connection().execute_unprepared(sql).await.expect("done");
    run("UPDATE note SET body = 'Erased'").await;
    assert_eq!(texts(&w, "latex").await, [""; 0]);
    assert_eq!(texts(&w, "erased").await, ["Erased"]);
    run("DELETE FROM note").await;
    assert_eq!(texts(&w, "erased").await, [""; 0]);
}

#[rstest]
#[tokio::test]
async fn a_search_in_a_view_leaves_what_the_view_has(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    two_people(&w).await;
    let sam = sam(&w).await;
    let names = async |show: &str, q: &str| -> Vec<String> {
        let query = ConversationQuery {
            show: Some(show.to_owned()),
            ..asking(q)
        };
        let found = search::conversations(&w.s, &sam, query).await.expect("searched");
        found.data.into_iter().map(|row| row.name).collect()
    };
    assert_eq!(names("open", "on:today").await, ["Ann Ortiz", "Ben Ödegård"]);
    assert_eq!(names("needs_answer", "on:today").await, ["Ben Ödegård"]);
    assert_eq!(names("needs_answer", "parking").await, [""; 0]);
    assert_eq!(names("closed", "is:open").await, [""; 0]);
    let unread = async |q: &str| {
        let found = search::conversations(&w.s, &sam, asking(q)).await.expect("searched").data;
        found.into_iter().map(|row| row.name).collect::<Vec<_>>()
    };
    w.text(ANN, "Thank you for the parking space").await;
    w.text(BEN, "One more thing").await;
    assert_eq!(unread("is:unread").await.len(), 2);
    let ann = threads_of(&w, "parking").await[0].id;
    conversations::mark_read(&w.s, &sam, ann).await.expect("read");
    // Who searches has read it, whoever else has not.
    assert_eq!(unread("is:unread").await, ["Ben Ödegård"]);
    assert_eq!(unread("-is:unread").await, ["Ann Ortiz"]);
    assert_eq!(find_as(&w, &sam, "ann -is:unread").await.people.len(), 1);
    assert_eq!(find_as(&w, &sam, "ann is:unread").await.people.len(), 0);
    let strange = ConversationQuery {
        show: Some("strange".to_owned()),
        ..asking("parking")
    };
    let refused = search::conversations(&w.s, &w.owner, strange).await.expect_err("refused");
    assert_eq!(refused.problem().code, Code::Malformed);
}

#[rstest]
#[tokio::test]
async fn who_has_no_conversation_is_found_unless_one_is_asked_for(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    w.contact("Ann Ortiz", ANN).await;
    for (q, people) in [
        ("ann", 1),
        ("ann -is:closed", 1),
        ("ann -is:hold", 1),
        ("ann is:hold", 0),
        ("ann is:open", 0),
        ("ann has:note", 0),
        ("ann -has:note", 1),
    ] {
        assert_eq!(find(&w, q).await.people.len(), people, "{q}");
    }
}

#[rstest]
#[tokio::test]
async fn a_hit_opens_its_thread_around_it(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    many::history(&w, 300).await;
    let hits = find(&w, "needle").await.messages.data;
    let thread = async |place| {
        let thread = pages::thread::thread(&w.s, &w.owner, hits[0].conversation_id, place).await;
        thread.expect("a thread")
    };
    // The second newest of them is 200 texts back.
    let sought = hits[1].message_id;
    let open = thread(Place::At(sought)).await;
    let at = open.messages.iter().position(|message| message.id == sought);
    assert_eq!((open.messages.len(), at, open.newer.is_some()), (50, Some(29), true));
    assert!(open.older.is_some());
    // The last one of a page leads on.
    let last = open.messages[49].id;
    let next = thread(Place::At(last)).await;
    assert_eq!(next.messages[29].id, last);
    assert!(thread(Place::Newest).await.newer.is_none());
    let newest = thread(Place::Newest).await.messages[45].id;
    let open = thread(Place::At(newest)).await;
    assert!(
        open.newer.is_none() && open.messages[45].id == newest,
        "what is among the newest shows them"
    );

    let ben = w.contact("Ben", BEN).await;
    let of_ben = note(&w, &sam(&w).await, &ben, "Elsewhere").await;
    for (what, at) in [("a note of another thread", of_ben.id), ("nothing", hits[0].conversation_id)] {
        let missing = pages::thread::thread(&w.s, &w.owner, hits[0].conversation_id, Place::At(at)).await;
        assert_eq!(missing.expect_err(what).problem().code, Code::NotFound, "{what}");
    }
    let open = pages::thread::thread(&w.s, &w.owner, of_ben.conversation_id, Place::At(of_ben.id)).await;
    assert_eq!(open.expect("a thread").notes[0].id, of_ben.id);
}

#[rstest]
#[tokio::test]
async fn a_text_that_is_written_anew_is_found_by_its_new_words(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    two_people(&w).await;
    let run = async |sql: &str| w.s.db().connection().execute_unprepared(sql).await.expect("done");
    run("UPDATE message SET body = 'Zebra crossing' WHERE body LIKE 'Running%'").await;
    assert_eq!(texts(&w, "zebra").await, ["Zebra crossing"]);
    assert_eq!(texts(&w, "running").await, [""; 0]);
    run("UPDATE conversation SET last_message_id = NULL, last_inbound_id = NULL").await;
    run("DELETE FROM task WHERE message_id IS NOT NULL").await;
    run("DELETE FROM message WHERE body = 'Zebra crossing'").await;
    assert_eq!(texts(&w, "zebra").await, [""; 0]);
}

#[rstest]
#[tokio::test]
async fn people_are_found_by_their_tag_and_what_they_wrote_with_it(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let (ann, _) = two_people(&w).await;
    let patch = contract::contacts::PatchContact {
        tags: Some(vec!["VIP".to_owned(), "new patient".to_owned()]),
        ..Default::default()
    };
    contacts::patch(&w.s, &w.owner, ann.id, patch).await.expect("tagged");
    let cleo = w.contact("Cleo", "+14155550173").await;
    let tags = Some(vec!["vip".to_owned()]);
    let patch = contract::contacts::PatchContact {
        tags,
        ..Default::default()
    };
    contacts::patch(&w.s, &w.owner, cleo.id, patch).await.expect("tagged");
    let found = find(&w, "tag:vip").await;
    let names: Vec<_> = found.people.iter().map(|hit| hit.contact.name.as_str()).collect();
    assert_eq!(names, ["Ann Ortiz", "Cleo"], "also who has never written");
    assert_eq!(
        (found.terms.len(), found.terms[0].written.as_str()),
        (1, "tag:vip"),
        "a chip that can be taken away"
    );
    assert_eq!(threads(&w, "tag:vip").await, ["Ann Ortiz"]);
    assert_eq!(threads(&w, "tag:\"New patient\"").await, ["Ann Ortiz"]);
    assert_eq!(threads(&w, "-tag:vip").await, ["Ben Ödegård"]);
    assert_eq!(texts(&w, "tag:vip parking").await.len(), 2);
    assert!(texts(&w, "tag:vip late").await.is_empty(), "somebody else said that");
    let nobody = find(&w, "tag:gold").await;
    assert!(
        nobody.people.is_empty() && nobody.notes[0].contains("Nobody has the tag"),
        "{:?}",
        nobody.notes
    );
    let garage = w.another_business().await;
    assert!(find_as(&w, &garage, "tag:vip").await.people.is_empty());
}
