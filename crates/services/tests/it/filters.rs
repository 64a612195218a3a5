//! What views of the inbox are narrowed by: what is left, in which order, page by page, and all of it at once.

mod saved;

use chrono::Duration;
use contract::{
    Code, Page,
    accounts::Role,
    appointments::CreateAppointment,
    businesses::SaveLocation,
    contacts::{ContactView, PatchContact},
    conversations::{BulkAction, ConversationAction as Do, ConversationQuery, ConversationRow},
};
use rstest::rstest;
use sea_orm::ConnectionTrait;
use services::{Actor, Principal, appointments, businesses::locations, contacts, conversations, filters};
use testkit::{Backend, World, member};
use uuid::Uuid;

const ANN: &str = "+14155550141";
const BEN: &str = "+14155550142";
const CAT: &str = "+14155550143";

/// A world whose owner has an account.
async fn world(backend: Backend) -> World {
    let mut w = World::new(backend).await;
    w.owner = member(&w.s, w.owner.business_id, Role::Owner, "olga@x.test", "long enough word").await;
    w
}

fn account(actor: &Actor) -> Uuid {
    match actor.who {
        Principal::Member { account_id, .. } => account_id,
        _ => panic!("no member"),
    }
}

fn shown(show: Option<&str>, cursor: Option<String>) -> ConversationQuery {
    ConversationQuery {
        show: show.map(str::to_owned),
        cursor,
        ..ConversationQuery::default()
    }
}

async fn page(w: &World, actor: &Actor, show: Option<&str>, narrowed: &str) -> services::Result<Page<ConversationRow>> {
    filters::page(&w.s, actor, shown(show, None), narrowed).await
}

async fn names(w: &World, show: Option<&str>, narrowed: &str) -> Vec<String> {
    let page = page(w, &w.owner, show, narrowed).await.expect(narrowed);
    page.data.into_iter().map(|row| row.name).collect()
}

async fn of(w: &World, person: &ContactView) -> ConversationRow {
    let all = conversations::page(&w.s, &w.owner, ConversationQuery::default())
        .await
        .expect("all")
        .data;
    all.into_iter()
        .find(|row| row.contact_id == person.id)
        .expect("their conversation")
}

async fn act(w: &World, person: &ContactView, action: Do) {
    let row = of(w, person).await;
    conversations::act(&w.s, &w.owner, row.id, action).await.expect("done");
}

async fn tag(w: &World, person: &ContactView, tag: &str) {
    let cmd = PatchContact {
        tags: Some(vec![tag.to_owned()]),
        ..PatchContact::default()
    };
    contacts::patch(&w.s, &w.owner, person.id, cmd).await.expect("tagged");
}

/// Ann, Ben and Cat, who have written in this order, a day apart.
async fn three(w: &World) -> [ContactView; 3] {
    let mut people = Vec::new();
    for (name, phone) in [("Ann", ANN), ("Ben", BEN), ("Cat", CAT)] {
        people.push(w.contact(name, phone).await);
        w.text(phone, "Is there parking?").await;
        w.clock.advance(Duration::days(1));
    }
    people.try_into().expect("three")
}

async fn visit_at(w: &World, person: &ContactView, place: Uuid, days: i64) {
    let cmd = CreateAppointment {
        contact_id: person.id,
        starts_at: (w.clock.now() + Duration::days(days)).to_rfc3339(),
        location_id: Some(place),
        ..CreateAppointment::default()
    };
    appointments::create(&w.s, &w.owner, cmd).await.expect("a visit");
}

#[rstest]
#[tokio::test]
async fn all_of_them_hold_at_once(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = world(backend).await;
    let [ann, ben, cat] = three(&w).await;
    let harbour = SaveLocation {
        name: "Harbour".to_owned(),
        ..SaveLocation::default()
    };
    let harbour = locations::save(&w.s, &w.owner, None, harbour).await.expect("a place").id;
    let me = account(&w.owner);
    tag(&w, &ann, "vip").await;
    tag(&w, &cat, "vip").await;
    visit_at(&w, &ann, harbour, 1).await;
    w.appointment(&ben, 24 * 5).await;
    w.appointment(&cat, 24 * 20).await;
    act(&w, &ben, Do::Assign { account_id: Some(me) }).await;
    act(&w, &cat, Do::Close).await;
    for (show, narrowed, expected) in [
        (None, "", vec!["Cat", "Ben", "Ann"]),
        (None, "tag=vip", vec!["Cat", "Ann"]),
        (None, "tag=VIP+", vec!["Cat", "Ann"]),
        (Some("open"), "tag=vip", vec!["Ann"]),
        (Some("closed"), "tag=vip", vec!["Cat"]),
        (None, "visit=any", vec!["Cat", "Ben", "Ann"]),
        (None, "visit=tomorrow", vec!["Ann"]),
        (None, "visit=7d", vec!["Ben", "Ann"]),
        (None, "visit=today", vec![]),
        (Some("open"), "visit=7d&tag=vip", vec!["Ann"]),
        (None, &format!("location={harbour}"), vec!["Ann"]),
        (None, &format!("location={}", Uuid::nil()), vec![]),
        (None, "location=nowhere", vec![]),
        (None, "assigned=me", vec!["Ben"]),
        (None, &format!("assigned={me}"), vec!["Ben"]),
        (None, "assigned=none", vec!["Cat", "Ann"]),
        (None, "assigned=none&tag=vip&visit=tomorrow", vec!["Ann"]),
        (Some("mine"), "is=waiting", vec!["Ben"]),
        (Some("needs_answer"), "since=2d", vec!["Ben"]),
        (None, "since=2d", vec!["Cat", "Ben"]),
        (None, "until=2d", vec!["Ben", "Ann"]),
        (None, "since=2d&until=2d", vec!["Ben"]),
        (None, "since=today", vec![]),
        (None, "channel=sms", vec!["Cat", "Ben", "Ann"]),
        (None, "channel=email", vec![]),
        (None, "is=optedout", vec![]),
        (None, "is=hold", vec![]),
    ] {
        assert_eq!(names(&w, show, narrowed).await, expected, "{show:?} {narrowed}");
    }
    w.text(ANN, "STOP").await;
    w.text(BEN, "please take me off your list").await;
    assert_eq!(names(&w, None, "is=optedout").await, ["Ann"]);
    assert_eq!(names(&w, Some("open"), "is=hold").await, ["Ben"]);
    assert_eq!(names(&w, None, "is=hold&tag=vip").await, [""; 0]);
    // What somebody has cancelled is not to come.
    let visit = next_visit(&w, &ann).await;
    appointments::act(&w.s, &w.owner, visit, contract::appointments::AppointmentAction::Cancel)
        .await
        .expect("cancelled");
    assert_eq!(names(&w, None, "visit=7d").await, ["Ben"]);
}

async fn next_visit(w: &World, person: &ContactView) -> Uuid {
    let page = services::pages::contact::page(&w.s, &w.owner, person.id)
        .await
        .expect("their page");
    page.appointments[0].id
}

#[rstest]
#[tokio::test]
async fn what_is_not_understood_is_refused_by_name(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = world(backend).await;
    three(&w).await;
    for (narrowed, name) in [
        ("visit=sometime", "visit"),
        ("is=strange", "is"),
        ("since=soon", "since"),
        ("colour=red", "colour"),
        ("channel=pigeon", "channel"),
        (&format!("tag={}", "x".repeat(600)), "filters"),
    ] {
        let refused = page(&w, &w.owner, None, narrowed).await.expect_err(narrowed);
        let problem = refused.problem();
        assert_eq!(
            (problem.code, problem.for_field(name).is_some()),
            (Code::Malformed, true),
            "{narrowed}"
        );
    }
    // Odd words are words, and what has no value says nothing.
    for odd in ["tag=%27%22", "tag=%F0%9F%99%82", "assigned=%25", "location=%25"] {
        assert_eq!(names(&w, None, odd).await, [""; 0], "{odd}");
    }
    assert_eq!(names(&w, None, "&&=&tag=&visit&tag=%00").await.len(), 3);
}

#[rstest]
#[tokio::test]
async fn another_business_has_its_own(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = world(backend).await;
    let [ann, ..] = three(&w).await;
    tag(&w, &ann, "vip").await;
    let other = w.another_business().await;
    for narrowed in [
        "tag=vip",
        "visit=any",
        "is=waiting",
        "assigned=none",
        "since=30d",
        "channel=sms",
    ] {
        assert_eq!(page(&w, &other, None, narrowed).await.expect("asked").data, [], "{narrowed}");
    }
    let theirs = format!("assigned={}", account(&w.owner));
    let terms = filters::terms(&w.s, &other, &theirs).await.expect("in words");
    assert_eq!(
        terms[0].words, "Assigned to somebody who has left",
        "names are nobody else’s business"
    );
}

/// Nothing is passed over and nothing comes twice, though most of what is looked at does not fit.
#[rstest]
#[tokio::test]
async fn pages_are_whole_where_few_of_many_fit(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = world(backend).await;
    many(&w, 1_300).await;
    for (narrowed, expected) in [("assigned=me", 130), ("assigned=none", 1_171)] {
        let (mut seen, mut cursor, mut pages) = (Vec::new(), None, 0);
        loop {
            let page = filters::page(&w.s, &w.owner, shown(None, cursor), narrowed)
                .await
                .expect("a page");
            seen.extend(page.data.iter().map(|row| (row.last_at, row.id)));
            (cursor, pages) = (page.next_cursor, pages + 1);
            assert!(pages < 40, "it ends");
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!(seen.len(), expected, "{narrowed}");
        assert!(seen.windows(2).all(|pair| pair[0] > pair[1]), "{narrowed}: latest first");
        let counted = filters::count(&w.s, &w.owner, None, narrowed).await.expect("counted");
        assert_eq!(counted as usize, expected);
    }
}

/// What is done to all of a narrowed view is done to just what it shows.
#[rstest]
#[tokio::test]
async fn all_of_it_is_what_was_filtered(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = world(backend).await;
    let [ann, _, cat] = three(&w).await;
    tag(&w, &ann, "vip").await;
    tag(&w, &cat, "vip").await;
    act(&w, &cat, Do::Close).await;
    let (show, narrowed) = (Some("open"), "tag=vip");
    assert_eq!(filters::count(&w.s, &w.owner, show, narrowed).await.expect("counted"), 1);
    let far = chrono::DateTime::from_timestamp(4_000_000_000, 0).expect("a time");
    let close = |narrowed: &'static str, as_of| {
        filters::begin(
            &w.s,
            &w.owner,
            show.map(str::to_owned),
            narrowed,
            as_of,
            BulkAction::Do(Do::Close),
        )
    };
    let long_ago = chrono::DateTime::from_timestamp(1_700_000_000, 0).expect("a time");
    let done = close(narrowed, long_ago).await.expect("done");
    assert_eq!(done.words(), "0 closed · 1 not (has a new message)");
    assert_eq!(close(narrowed, far).await.expect("done").words(), "1 closed");
    assert_eq!(names(&w, show, "").await, ["Ben"]);
    let nothing = close(narrowed, far).await.expect_err("nothing is left");
    assert_eq!(nothing.problem().code, Code::Invalid);
}

/// Filters say what they mean, and how to be without one.
#[rstest]
#[tokio::test]
async fn chips_say_it_in_words(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = world(backend).await;
    let narrowed = format!(
        "since=7d&until=2027-02-01&visit=tomorrow&tag=new+patient&assigned={}&is=hold",
        account(&w.owner)
    );
    let terms = filters::terms(&w.s, &w.owner, &narrowed).await.expect("in words");
    let words: Vec<&str> = terms.iter().map(|term| term.words.as_str()).collect();
    assert_eq!(
        words,
        [
            "On hold",
            "Assigned to Sam Staff",
            "Tag “new patient”",
            "Visit tomorrow",
            "Wrote last 7 days ago or later",
            "Wrote last on 2027-02-01 or earlier",
        ]
    );
    assert!(terms[2].without.starts_with("is=hold&assigned="));
    assert!(terms[2].without.ends_with("&visit=tomorrow&since=7d&until=2027-02-01"));
    let choices = filters::choices(&w.s, &w.owner).await.expect("choices");
    assert_eq!((choices.members.len(), choices.tags.len()), (1, 0));
}

/// So many conversations beside one, a minute apart, every tenth the owner's.
async fn many(w: &World, conversations: u32) {
    w.contact("Ann", ANN).await;
    w.text(ANN, "Hello").await;
    let me = account(&w.owner).simple().to_string();
    let sql = if w.s.db().is_postgres() {
        format!(
            "INSERT INTO contact (id, business_id, name, phone, phone_key, notes, blocked, search, next_token, created_at, updated_at)
             SELECT md5('c' || n)::uuid, business_id, 'Number ' || n, phone, n::text, '', false, '', 101, created_at, updated_at
             FROM contact, generate_series(1, {conversations}) n;
             INSERT INTO conversation (id, business_id, contact_id, preview, last_at, last_direction, last_status, unread, created_at, assignee_id)
             SELECT md5('t' || n)::uuid, business_id, md5('c' || n)::uuid, '', last_at - n * interval '1 minute', 'outbound', '', 0, created_at,
               CASE n % 10 WHEN 0 THEN '{me}'::uuid END
             FROM conversation, generate_series(1, {conversations}) n"
        )
    } else {
        format!(
            "CREATE TEMP TABLE numbers AS WITH RECURSIVE up (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM up WHERE n < {conversations})
               SELECT n, randomblob(16) AS c FROM up;
             INSERT INTO contact (id, business_id, name, phone, phone_key, notes, blocked, search, next_token, created_at, updated_at)
             SELECT c, business_id, 'Number ' || n, phone, n, '', 0, '', 101, created_at, updated_at FROM numbers, contact;
             INSERT INTO conversation (id, business_id, contact_id, preview, last_at, last_direction, last_status, unread, created_at, assignee_id)
             SELECT randomblob(16), business_id, c, '', strftime('%Y-%m-%dT%H:%M:%S', last_at, '-' || n || ' minutes') || '+00:00', 'outbound',
               '', 0, created_at, CASE n % 10 WHEN 0 THEN x'{me}' END FROM numbers, conversation"
        )
    };
    w.s.db().connection().execute_unprepared(&sql).await.expect("many");
}
