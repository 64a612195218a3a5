//! Who may bring a file, and that what was taken out is brought in again without changing anything.

use contract::{Code, appointments::Status};
use domain::consent::State;
use rstest::rstest;
use services::{appointments, contacts, exports, imports};
use testkit::Backend;

use super::{ANN, BOB, CY, brought, everybody, refused, rows, visits, wishes, world};

#[rstest]
#[tokio::test]
async fn an_import_is_its_businesss_and_needs_the_scopes_of_what_it_writes(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = world(backend).await;
    let file = "name,phone\nAnn Lee,4155550171\n";
    let done = brought(&w, "contacts", file, wishes(None)).await;
    let stranger = w.another_business().await;
    let why = imports::get(&w.s, &stranger, done.id)
        .await
        .expect_err("not theirs")
        .problem();
    assert_eq!(why.code, Code::NotFound);
    assert!(imports::refused(&w.s, &stranger, done.id, None).await.is_err());
    let owner = w.owner.clone();
    let key = |scopes: &'static str| {
        let (s, owner) = (w.s.clone(), owner.clone());
        async move {
            let scopes: Vec<String> = scopes.split(' ').map(str::to_owned).collect();
            let key = services::integrations::create_api_key(&s, &owner, "other system", &scopes)
                .await
                .expect("a key");
            services::integrations::actor(&s, &key, std::net::Ipv4Addr::LOCALHOST.into())
                .await
                .expect("known")
        }
    };
    let writes = key("contacts:write").await;
    let visits = "name,phone,starts_at\nBob,4155550172,2027-01-20 10:00\n";
    let why = imports::whole(&w.s, &writes, "appointments", "x.csv", visits.as_bytes())
        .await
        .expect_err("no scope");
    assert_eq!(why.problem().code, Code::NotAllowed);
    let uploaded = imports::whole(&w.s, &writes, "contacts", "x.csv", file.as_bytes())
        .await
        .expect("allowed");
    let done = Box::pin(imports::begin(&w.s, &writes, uploaded.id, wishes(None)))
        .await
        .expect("begun");
    assert_eq!((done.rows.unchanged, done.by.as_str()), (1, "API · other system"));
    let reads = key("contacts:read").await;
    assert!(exports::contacts(&w.s, &reads, None).await.is_ok());
    assert!(exports::appointments(&w.s, &reads, None).await.is_err());
    assert!(imports::cancel(&w.s, &reads, done.id).await.is_err());
}

#[rstest]
#[tokio::test]
async fn what_was_taken_out_and_is_brought_in_again_changes_nothing(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = world(backend).await;
    let ann = w.contact("Ann \"A\" Lee", ANN).await;
    let odd = contract::contacts::PatchContact {
        name: Some("=1+1".to_owned()),
        notes: Some(Some("two\nlines, and a \"quote\"".to_owned())),
        tags: Some(vec!["vip".to_owned(), "'=tag".to_owned()]),
        email: Some(Some("ann@example.com".to_owned())),
        language: Some(Some("es".to_owned())),
        ..Default::default()
    };
    contacts::patch(&w.s, &w.owner, ann.id, odd).await.expect("changed");
    let bob = w.contact("'t Hooft", BOB).await;
    w.text(BOB, "STOP").await;
    // Known by number only, and a machine.
    w.text(CY, "hello").await;
    w.text("68849", "Your code is 1234").await;
    for (contact, hours) in [(&ann, 50), (&ann, 80), (&bob, 60)] {
        w.appointment(contact, hours).await;
    }
    let child = contract::appointments::CreateAppointment {
        contact_id: ann.id,
        starts_at: "2027-01-08T15:00".to_owned(),
        for_name: Some("Leo".to_owned()),
        notes: Some("-1 tooth".to_owned()),
        minutes: Some(45),
        staff_label: Some("Ana".to_owned()),
        ..Default::default()
    };
    appointments::create(&w.s, &w.owner, child).await.expect("a visit");
    let gone = visits(&w, "upcoming").await[1].id;
    let cancel = contract::appointments::AppointmentAction::Cancel;
    appointments::act(&w.s, &w.owner, gone, cancel).await.expect("cancelled");

    let people = exports::contacts(&w.s, &w.owner, None).await.expect("a file");
    let people = String::from_utf8(people.lines).expect("text");
    assert!(people.starts_with("\u{feff}name,phone,"), "a mark for spreadsheets");
    assert!(
        people.contains("'=1+1,+14155550171,"),
        "no formula, and a phone as it is: {people}"
    );
    assert!(!people.contains("68849"), "a machine is nobody");
    let before = (
        everybody(&w).await,
        visits(&w, "upcoming").await,
        visits(&w, "cancelled").await,
    );
    let done = brought(&w, "contacts", &people, wishes(None)).await;
    assert_eq!(done.rows, rows(0, 0, 3, 0, 0, 0), "{}", refused(&w, &done).await);
    let booked = exports::appointments(&w.s, &w.owner, None).await.expect("a file");
    let booked = String::from_utf8(booked.lines).expect("text");
    let done = brought(&w, "appointments", &booked, wishes(None)).await;
    assert_eq!(done.rows, rows(0, 0, 4, 0, 0, 0), "{}\n{booked}", refused(&w, &done).await);
    let after = (
        everybody(&w).await,
        visits(&w, "upcoming").await,
        visits(&w, "cancelled").await,
    );
    assert_eq!(before, after);
    let stand: Vec<Status> = after
        .1
        .iter()
        .map(|v| v.status)
        .filter(|status| *status != Status::Scheduled)
        .collect();
    assert_eq!(stand, [Status::Cancelled]);
}

/// Texts, e-mails and offers are matters of their own.
#[rstest]
#[tokio::test]
async fn a_file_agrees_to_what_its_columns_say(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = world(backend).await;
    let csv = "name,phone,email,consent,agreed to e-mails,marketing consent\n\
               Ann,+14155550101,ann@x.test,yes,yes,no\n\
               Ben,+14155550102,,yes,yes,yes\n\
               Cleo,+14155550103,cleo@x.test,yes,,\n\
               Dora,+14155550104,dora@x.test,yes,perhaps,yes\n";
    let done = brought(&w, "contacts", csv, wishes(None)).await;
    assert_eq!((done.rows.created, done.rows.refused), (3, 1), "{done:?}");
    let stands = async |phone: &str| {
        let seen = w.holder_of(phone).await;
        (seen.consent.email, seen.offers.sms, seen.offers.email)
    };
    use State::{OptedIn, OptedOut, Unknown};
    assert_eq!(stands("+14155550101").await, (OptedIn, OptedOut, OptedOut));
    assert_eq!(
        stands("+14155550102").await,
        (Unknown, OptedIn, Unknown),
        "no address, no mail"
    );
    assert_eq!(
        stands("+14155550103").await,
        (Unknown, Unknown, Unknown),
        "a cell that says nothing"
    );
    // Brought once more, nothing changes; and no file takes a no back.
    let again = brought(&w, "contacts", csv, wishes(None)).await;
    assert_eq!((again.rows.unchanged, again.rows.updated), (3, 0), "{again:?}");
    brought(
        &w,
        "contacts",
        "name,phone,marketing consent\nAnn,+14155550101,yes\n",
        wishes(None),
    )
    .await;
    assert_eq!(stands("+14155550101").await, (OptedIn, OptedOut, OptedOut));
}
