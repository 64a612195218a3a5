//! Adding and finding people.

use contract::{
    Code,
    contacts::{ContactQuery, CreateContact, UpdateContact},
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
            q: Some(q.to_owned()),
            cursor: None,
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
        let page = contacts::list(&w.s, &w.owner, ContactQuery { q: None, cursor })
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
