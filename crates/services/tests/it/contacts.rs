//! Adding and finding people.

use contract::{
    Code,
    contacts::{BatchStatus, ChangeConsent, ContactBatch, ContactQuery, CreateContact, PatchContact, UpdateContact},
};
use domain::consent::State;
use rstest::rstest;
use services::contacts;
use testkit::{Backend, World};

const ANN: &str = "+14155550171";

fn new(name: &str, phone: &str) -> CreateContact {
    CreateContact {
        name: name.to_owned(),
        phone: phone.to_owned(),
        ..CreateContact::default()
    }
}

#[rstest]
#[case("(415) 555-0171")]
#[case("415.555.0171")]
#[case("+1 415 555 0171")]
#[case("1-415-555-0171")]
#[tokio::test]
async fn numbers_are_taken_in_any_usual_spelling(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[case] typed: &str,
) {
    let w = World::new(backend).await;
    let ann = contacts::create(&w.s, &w.owner, new("Ann", typed)).await.expect("created");
    assert_eq!((ann.phone.as_str(), ann.phone_display.as_str()), (ANN, "(415) 555-0171"));
    assert_eq!(ann.consent.sms, State::Unknown, "a number alone is no consent");
}

#[rstest]
#[tokio::test]
async fn every_wrong_field_is_named_in_plain_words(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let cmd = CreateContact {
        email: Some("not an address".to_owned()),
        time_zone: Some("Mars/Olympus".to_owned()),
        ..new("", "12")
    };
    let problem = contacts::create(&w.s, &w.owner, cmd).await.expect_err("refused").problem();
    assert_eq!(problem.code, Code::Invalid);
    let fields: Vec<_> = problem.fields.iter().map(|f| f.field.as_str()).collect();
    assert_eq!(fields, ["name", "phone", "email", "time_zone"]);
}

#[rstest]
#[tokio::test]
async fn somebody_who_texted_first_gets_their_name_later(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    w.text(ANN, "Hello").await;
    let known = contacts::list(&w.s, &w.owner, ContactQuery::default())
        .await
        .expect("list")
        .data
        .remove(0);
    assert_eq!((known.name.as_str(), known.consent.sms), ("", State::Unknown));
    let ann = contacts::create(&w.s, &w.owner, new("Ann", ANN)).await.expect("named");
    assert_eq!((ann.id, ann.name.as_str()), (known.id, "Ann"));
}

#[rstest]
#[tokio::test]
async fn a_form_does_not_undo_a_stop(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    w.text(ANN, "STOP").await;
    let ann = w.contact("Ann", ANN).await;
    assert_eq!(ann.consent.sms, State::OptedOut);
}

#[rstest]
#[tokio::test]
async fn a_number_is_one_contacts_and_staff_are_told_whose(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    w.contact("Ann", ANN).await;
    w.text("+14155550178", "Hello").await;
    let twice = contacts::create(&w.s, &w.owner, new("Ben", ANN)).await.expect_err("refused");
    let twice = twice.problem();
    assert_eq!(
        (twice.code, twice.detail.as_str()),
        (Code::Conflict, "Ann already has this number.")
    );
    let ben = w.contact("Ben", "+14155550172").await;
    let change = async |phone: &str| {
        let cmd = UpdateContact {
            id: ben.id,
            name: "Ben".to_owned(),
            phone: phone.to_owned(),
            email: None,
            time_zone: None,
            notes: None,
        };
        let problem = contacts::update(&w.s, &w.owner, cmd).await.expect_err("refused").problem();
        problem.for_field("phone").map(str::to_owned)
    };
    assert_eq!(change(ANN).await.as_deref(), Some("Ann already has this number."));
    let stranger = "Somebody known by number only already has this number.";
    assert_eq!(change("+14155550178").await.as_deref(), Some(stranger));
    assert_eq!(w.see_contact(&ben).await.phone, "+14155550172", "it stays as it was");
}

#[rstest]
#[tokio::test]
async fn a_new_number_needs_a_new_consent(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    let cmd = UpdateContact {
        id: ann.id,
        name: "Ann".to_owned(),
        phone: "+14155550177".to_owned(),
        email: None,
        time_zone: None,
        notes: None,
    };
    let ann = contacts::update(&w.s, &w.owner, cmd).await.expect("updated");
    assert_eq!((ann.phone.as_str(), ann.consent.sms), ("+14155550177", State::Unknown));
}

#[rstest]
#[tokio::test]
async fn people_are_found_by_part_of_name_number_or_address_and_listed_in_pages(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    for n in 0..120 {
        contacts::create(
            &w.s,
            &w.owner,
            new(&format!("Person {n:03}"), &format!("+1415555{:04}", 1000 + n)),
        )
        .await
        .expect("created");
    }
    contacts::create(
        &w.s,
        &w.owner,
        CreateContact {
            email: Some("Zoe_100%@x.test".to_owned()),
            ..new("Zoë", ANN)
        },
    )
    .await
    .expect("created");
    let find = async |q: &str| {
        let query = ContactQuery {
            search: Some(q.to_owned()),
            ..ContactQuery::default()
        };
        contacts::list(&w.s, &w.owner, query)
            .await
            .expect("list")
            .data
            .into_iter()
            .map(|c| c.name)
            .collect::<Vec<_>>()
    };
    assert_eq!(find("person 01").await.len(), 10);
    assert_eq!(find("555-1007").await, ["Person 007"]);
    assert_eq!(find("zoe_100%").await, ["Zoë"]);
    assert!(find("%").await.len() == 1, "a percent sign is a percent sign");
    let mut seen = Vec::new();
    let mut cursor = None;
    loop {
        let page = contacts::list(
            &w.s,
            &w.owner,
            ContactQuery {
                cursor,
                ..ContactQuery::default()
            },
        )
        .await
        .expect("page");
        seen.extend(page.data.into_iter().map(|c| c.name));
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert_eq!(seen.len(), 121);
    assert!(seen.is_sorted(), "in order, nobody twice, nobody missing");
}

fn tagged(tags: &[&str]) -> PatchContact {
    PatchContact {
        tags: Some(tags.iter().map(|&t| t.to_owned()).collect()),
        ..PatchContact::default()
    }
}

#[rstest]
#[tokio::test]
async fn tags_are_kept_the_same_however_they_are_typed_and_the_list_is_filtered_by_them(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    let ben = w.contact("Ben", "+14155550172").await;
    let ann = contacts::patch(&w.s, &w.owner, ann.id, tagged(&["  VIP ", "vip", "Late"]))
        .await
        .expect("tagged");
    assert_eq!(ann.tags, ["late", "vip"]);
    contacts::patch(&w.s, &w.owner, ben.id, tagged(&["vip"]))
        .await
        .expect("tagged");
    let by = async |tag: &str, search: Option<&str>| {
        let query = ContactQuery {
            tag: Some(tag.to_owned()),
            search: search.map(str::to_owned),
            ..ContactQuery::default()
        };
        let page = contacts::people(&w.s, &w.owner, query).await.expect("a page");
        page.page.data.into_iter().map(|c| c.name).collect::<Vec<_>>()
    };
    assert_eq!(by("Vip", None).await, ["Ann", "Ben"]);
    assert_eq!(by("vip", Some("be")).await, ["Ben"]);
    assert_eq!(by("late", Some(&ben.phone)).await, [""; 0]);
    let changed = PatchContact {
        name: Some("Zoe".to_owned()),
        ..PatchContact::default()
    };
    let zoe = contacts::patch(&w.s, &w.owner, ann.id, changed).await.expect("renamed");
    assert_eq!(
        (zoe.tags.len(), by("vip", None).await),
        (2, vec!["Ben".to_owned(), "Zoe".to_owned()])
    );
    contacts::patch(&w.s, &w.owner, ann.id, tagged(&[]))
        .await
        .expect("taken away");
    let people = contacts::people(&w.s, &w.owner, ContactQuery::default())
        .await
        .expect("a page");
    let tags: Vec<_> = people.tags.into_iter().map(|t| (t.tag, t.people)).collect();
    assert_eq!(tags, [("vip".to_owned(), 1)]);
    let other = w.another_business().await;
    let refused = contacts::patch(&w.s, &other, ann.id, tagged(&["mine"]))
        .await
        .expect_err("not theirs");
    assert_eq!(refused.problem().code, Code::NotFound);
    let refused = contacts::patch(&w.s, &w.owner, ann.id, tagged(&["a,b"]))
        .await
        .expect_err("a comma");
    assert!(refused.problem().for_field("tags").is_some());
}

#[rstest]
#[tokio::test]
async fn the_timeline_has_everything_in_order_page_by_page(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    w.clock.advance(chrono::Duration::minutes(1));
    w.appointment(&ann, 72).await;
    w.clock.advance(chrono::Duration::minutes(1));
    w.text(ANN, "Is there parking?").await;
    w.clock.advance(chrono::Duration::minutes(1));
    w.text(ANN, "STOP").await;
    w.clock.advance(chrono::Duration::minutes(1));
    contacts::set_blocked(&w.s, &w.owner, ann.id, true).await.expect("blocked");
    let (mut seen, mut cursor) = (Vec::new(), None);
    loop {
        let query = contract::PageQuery { cursor, limit: Some(3) };
        let page = services::pages::contact::timeline(&w.s, &w.owner, ann.id, query)
            .await
            .expect("a page");
        seen.extend(page.data);
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    assert!(
        seen.is_sorted_by(|a, b| (a.at, a.id) > (b.at, b.id)),
        "the latest first, each once"
    );
    let events: Vec<&str> = seen.iter().map(|row| row.event.as_str()).collect();
    assert_eq!(events[0], "contact.blocked");
    for event in [
        "contact.created",
        "appointment.created",
        "message.inbound",
        "consent.opted_out",
    ] {
        assert!(events.contains(&event), "{event} is missing: {events:?}");
    }
    let other = w.another_business().await;
    let theirs = services::pages::contact::timeline(&w.s, &other, ann.id, contract::PageQuery::default()).await;
    assert_eq!(theirs.expect_err("not theirs").problem().code, Code::NotFound);
}

#[rstest]
#[tokio::test]
async fn what_somebody_stopped_themselves_nobody_opts_in_again(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    w.text(ANN, "STOP").await;
    let agree = ChangeConsent {
        channel: "sms".to_owned(),
        purpose: "transactional".to_owned(),
        state: "opted_in".to_owned(),
        evidence: Some("Signed a form".to_owned()),
    };
    let refused = contacts::change_consent(&w.s, &w.owner, ann.id, agree)
        .await
        .expect_err("a STOP stands");
    assert_eq!(refused.problem().code, Code::Conflict);
    assert_eq!(w.see_contact(&ann).await.consent.sms, State::OptedOut);
}

#[rstest]
#[tokio::test]
async fn a_batch_adds_changes_and_refuses_row_by_row(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let batch = async |contacts: Vec<CreateContact>| {
        let done = contacts::batch(&w.s, &w.owner, ContactBatch { contacts })
            .await
            .expect("a batch");
        done.data.iter().map(|row| row.status).collect::<Vec<_>>()
    };
    use BatchStatus::{Created, Refused, Unchanged, Updated};
    w.contact("Ben", "+14155550172").await;
    let rows = vec![
        new("Ann", ANN),
        new("", "12"),
        new("Ben", "+14155550172"),
        new("Benjamin", "+14155550172"),
    ];
    assert_eq!(batch(rows).await, [Created, Refused, Unchanged, Updated]);
    assert_eq!(batch(vec![new("Ann", ANN)]).await, [Unchanged]);
    let none = contacts::batch(&w.s, &w.owner, ContactBatch::default())
        .await
        .expect_err("none");
    assert!(none.problem().for_field("contacts").is_some());
}
