//! Files that people bring: contacts and visits from a spreadsheet, and back.

mod back;

use std::{fmt::Write, time::Duration as Pause};

use chrono::Duration;
use contract::{
    Code,
    accounts::Role,
    appointments::{AppointmentQuery, AppointmentView},
    contacts::{ContactQuery, ContactView},
    imports::{ImportOptions, ImportRows, ImportStatus, ImportView},
};
use domain::consent::State;
use rstest::rstest;
use services::{
    Actor, Services, appointments, contacts,
    imports::{self, Wishes},
    jobs,
    queue::Job,
};
use testkit::{Backend, World, member};

const ANN: &str = "+14155550171";
const BOB: &str = "+14155550172";
const CY: &str = "+14155550173";

/// A world whose owner has an account.
async fn world(backend: Backend) -> World {
    let mut w = World::new(backend).await;
    w.owner = member(&w.s, w.owner.business_id, Role::Owner, "olga@x.test", "long enough word").await;
    w
}

fn wishes(consent: Option<&str>) -> Wishes {
    Wishes {
        mapping: None,
        date_order: None,
        consent: consent.map(str::to_owned),
        include_past: false,
        dry_run: false,
    }
}

async fn begun(w: &World, kind: &str, file: &str, wishes: Wishes) -> services::Result<ImportView> {
    let uploaded = imports::whole(&w.s, &w.owner, kind, "people.csv", file.as_bytes()).await?;
    Box::pin(imports::begin(&w.s, &w.owner, uploaded.id, wishes)).await
}

/// The file is brought, and its job done to the end.
async fn brought(w: &World, kind: &str, file: &str, wishes: Wishes) -> ImportView {
    let begun = begun(w, kind, file, wishes).await.expect("it starts");
    finished(&w.s, &w.owner, begun).await
}

async fn finished(s: &Services, actor: &Actor, import: ImportView) -> ImportView {
    for _ in 0..100 {
        let now = imports::get(s, actor, import.id).await.expect("there");
        if now.status != ImportStatus::Running {
            return now;
        }
        Box::pin(jobs::perform(s, Job::Import { import_id: import.id }))
            .await
            .expect("a job");
    }
    panic!("it does not end");
}

async fn refused(w: &World, import: &ImportView) -> String {
    let block = imports::refused(&w.s, &w.owner, import.id, None).await.expect("a file");
    String::from_utf8(block.lines).expect("text")
}

fn rows(created: u32, updated: u32, unchanged: u32, duplicate: u32, skipped: u32, refused: u32) -> ImportRows {
    ImportRows {
        created,
        updated,
        unchanged,
        duplicate,
        skipped,
        refused,
    }
}

async fn everybody(w: &World) -> Vec<ContactView> {
    let query = ContactQuery {
        limit: Some(100),
        ..ContactQuery::default()
    };
    contacts::list(&w.s, &w.owner, query).await.expect("contacts").data
}

async fn visits(w: &World, show: &str) -> Vec<AppointmentView> {
    let query = AppointmentQuery {
        show: Some(show.to_owned()),
        cursor: None,
    };
    appointments::list(&w.s, &w.owner, query).await.expect("visits").data
}

#[rstest]
#[tokio::test]
async fn rows_are_counted_by_what_was_saved_and_bad_ones_come_back(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = world(backend).await;
    w.contact("Ann Lee", ANN).await;
    w.contact("Bob Day", BOB).await;
    let file = "sep=;\r\nNombre;Móvil;Correo electrónico;Etiquetas\r\n\
        Ann Lee;(415) 555-0171;;\r\n\
        Bob Day;'4155550172;bob@example.com;VIP, braces\r\n\
        José Núñez;4.155550173E+09;;\r\n\
        José again;4155550173.0;;\r\n\
        Broken Excel;4.15E+09;x@example.com;\r\n\
        \"=HYPERLINK(\"\"http://x\"\")\";4155550174;not an address;\r\n\
        ;;;\r\n";
    let done = brought(&w, "contacts", file, wishes(Some("booked"))).await;
    assert_eq!(done.rows, rows(1, 1, 1, 1, 0, 2));
    assert_eq!((done.status, done.total, done.done), (ImportStatus::Done, 6, 6));
    let changed: Vec<(&str, u32)> = done.changed.iter().map(|(field, n)| (field.as_str(), *n)).collect();
    assert_eq!(changed, [("email", 1), ("tags", 1)]);
    let back = refused(&w, &done).await;
    assert!(
        back.starts_with("\u{feff}Nombre,Móvil,Correo electrónico,Etiquetas,reason\r\n"),
        "{back}"
    );
    assert!(
        back.contains("Broken Excel,4.15E+09,x@example.com,,Excel shortened this number"),
        "{back}"
    );
    assert!(
        back.contains("\"'=HYPERLINK(\"\"http://x\"\")\",4155550174"),
        "no formula: {back}"
    );
    assert_eq!(back.lines().count(), 3);
    let jose = w.holder_of(CY).await;
    assert_eq!((jose.name.as_str(), jose.consent.sms), ("José Núñez", State::OptedIn));
    let page = services::pages::contact::page(&w.s, &w.owner, jose.id).await.expect("a page");
    let why = &page.ledger[0];
    assert_eq!((why.source.as_str(), why.purpose.as_str()), ("import", "transactional"));
    assert_eq!(why.evidence, "Import of people.csv, row 4: number given for bookings");
    // Once more, all of it is known; what was mended is taken.
    let again = brought(&w, "contacts", file, wishes(Some("booked"))).await;
    assert_eq!(again.rows, rows(0, 0, 3, 1, 0, 2));
    let mended = back.replace("4.15E+09", "4155550175").replace("not an address", "");
    let last = brought(&w, "contacts", &mended, wishes(None)).await;
    assert_eq!(last.rows, rows(2, 0, 0, 0, 0, 0), "{}", refused(&w, &last).await);
}

#[rstest]
#[tokio::test]
async fn a_file_never_opts_anybody_in_who_has_refused(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = world(backend).await;
    let ann = w.contact("Ann Lee", ANN).await;
    w.text(ANN, "STOP").await;
    // Whoever had this number has said STOP; it is another person's now.
    w.contact("Bob Day", BOB).await;
    w.text(BOB, "STOP").await;
    let bob = w.holder_of(BOB).await;
    let other = contract::contacts::PatchContact {
        phone: Some("+14155550179".to_owned()),
        ..Default::default()
    };
    contacts::patch(&w.s, &w.owner, bob.id, other).await.expect("changed");
    let held = w.contact("Cy Fox", CY).await;
    w.text(CY, "please take me off your list").await;
    let held = w.see_contact(&held).await;
    assert!(held.held_since.is_some());
    let before = held.consent.sms;
    let file = format!(
        "name,phone,consent\nAnn Lee,{ANN},yes\nBo New,{BOB},yes\nCy Fox,{CY},yes\nDee,+14155550174,no\nEve,+14155550175,\n"
    );
    for consent in ["column", "booked"] {
        brought(&w, "contacts", &file, wishes(Some(consent))).await;
        assert_eq!(w.see_contact(&ann).await.consent.sms, State::OptedOut, "{consent}");
        assert_eq!(
            w.holder_of(BOB).await.consent.sms,
            State::OptedOut,
            "a STOP is its number's: {consent}"
        );
        let held = w.see_contact(&held).await;
        assert_eq!((held.consent.sms, held.held_since.is_some()), (before, true), "{consent}");
        assert_eq!(
            w.holder_of("+14155550174").await.consent.sms,
            State::OptedOut,
            "a no counts: {consent}"
        );
    }
    assert_eq!(w.holder_of("+14155550175").await.consent.sms, State::OptedIn, "booked");
    // Silent on consent, it leaves it as it is.
    let silent = format!("name,phone\nAnn Lee,{ANN}\nFay,+14155550176\n");
    brought(&w, "contacts", &silent, wishes(None)).await;
    assert_eq!(w.holder_of("+14155550176").await.consent.sms, State::Unknown);
    assert!(
        contacts::consent::verify(&w.s).await.expect("read").is_ok(),
        "the ledger is whole"
    );
}

/// A practice's file: so many visits from tomorrow on, every ten minutes.
fn schedule(many: usize) -> String {
    let mut file = "Patient,Mobile,Date,Time,Provider,Booking ID\r\n".to_owned();
    for n in 0..many {
        let slot = n % 40;
        let day = chrono::NaiveDate::from_ymd_opt(2027, 1, 13).expect("a day") + Duration::days(n as i64 / 40);
        let day = day.format("%-m/%-d/%Y");
        let (hour, minute) = (9 + slot / 6, slot % 6 * 10);
        let phone = 4_155_560_000_u64 + n as u64;
        write!(file, "Patient {n},{phone},{day},{hour}:{minute:02},Ana,B{n}\r\n").expect("a line");
    }
    file
}

#[rstest]
#[tokio::test]
async fn visits_are_booked_with_their_reminders_once(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = world(backend).await;
    let file = "Patient,Mobile,Date,Time,Provider,Booking ID,Status\n\
        Ann Lee,4155550171,1/5/2027,9:00 AM,Ana,B1,Booked\n\
        Ann Lee,4155550171,1/14/2027,3:00 PM,Ana,B2,Booked\n\
        Leo Lee,4155550171,1/14/2027,3:00 PM,Ana,B3,Booked\n\
        Bob Day,4155550172,1/15/2027,10:00,Ana,B4,Cancelled\n\
        Old Ned,4155550173,1/3/2027,10:00,Ana,B5,Booked\n\
        No Time,4155550174,1/15/2027,,Ana,B6,Booked\n";
    let done = brought(&w, "appointments", file, wishes(Some("booked"))).await;
    assert_eq!(done.rows, rows(3, 0, 0, 0, 2, 1), "{}", refused(&w, &done).await);
    let all = visits(&w, "upcoming").await;
    let shown: Vec<(String, String)> = all.iter().map(|v| (v.who(), v.starts_at.to_rfc3339())).collect();
    let at = |who: &str, at: &str| (who.to_owned(), at.to_owned());
    assert_eq!(shown.len(), 3);
    assert_eq!(
        shown[0],
        at("Ann Lee", "2027-01-05T14:00:00+00:00"),
        "by the clock of the place"
    );
    assert!(shown.contains(&at("Leo (Ann Lee)", "2027-01-14T20:00:00+00:00")), "{shown:?}");
    assert_eq!(all[0].source.as_deref(), Some("import"));
    assert!(all.iter().all(|v| !v.reminders.is_empty()), "reminders are planned");
    assert_eq!(everybody(&w).await.len(), 1, "nobody is added for what is left out");
    // The same file, then one in which a visit has moved and another was cancelled.
    let again = brought(&w, "appointments", file, wishes(Some("booked"))).await;
    assert_eq!(again.rows, rows(0, 0, 3, 0, 2, 1));
    let later = file
        .replace("1/5/2027,9:00 AM", "1/6/2027,9:00 AM")
        .replace("B3,Booked", "B3,Cancelled");
    let moved = brought(&w, "appointments", &later, wishes(None)).await;
    assert_eq!(moved.rows, rows(0, 2, 1, 0, 2, 1));
    assert_eq!(moved.changed.keys().collect::<Vec<_>>(), ["starts_at", "status"]);
    assert_eq!(visits(&w, "cancelled").await.len(), 1);
    w.clock.advance(Duration::days(9) + Duration::hours(6));
    w.work().await;
    let texts = w.phone_got(ANN);
    assert!(!texts.is_empty(), "who gave the number for bookings is reminded");
    assert!(
        texts.iter().all(|text| !text.contains("Leo")),
        "and not of what was cancelled: {texts:?}"
    );
}

#[rstest]
#[tokio::test]
async fn types_and_places_are_those_that_are_known_here(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = world(backend).await;
    let cleaning = contract::appointment_types::SaveAppointmentType {
        name: "Cleaning".to_owned(),
        minutes: 45,
        price: None,
        colour: None,
        reminders: true,
        cadence: None,
        recall_months: None,
    };
    services::businesses::types::create(&w.s, &w.owner, cleaning)
        .await
        .expect("a type");
    let file = "name,phone,starts_at,service,office\n\
        Ann Lee,4155550171,2027-01-14 15:00,cleaning,\n\
        Bob Day,4155550172,2027-01-14 16:00,Whitening,\n\
        Cy Fox,4155550173,2027-01-14 17:00,,Downtown\n";
    let done = brought(&w, "appointments", file, wishes(None)).await;
    assert_eq!(done.rows, rows(2, 0, 0, 0, 0, 1));
    assert!(
        refused(&w, &done)
            .await
            .contains("There is no location \"\"Downtown\"\" here")
    );
    let all = visits(&w, "upcoming").await;
    assert_eq!(all[0].type_name.as_deref(), Some("Cleaning"));
    assert_eq!(all[0].ends_at, Some(all[0].starts_at + Duration::minutes(45)));
    assert_eq!(
        (all[1].type_id, all[1].notes.as_str()),
        (None, "Type: Whitening"),
        "it is not lost"
    );
    let again = brought(&w, "appointments", file, wishes(None)).await;
    assert_eq!(again.rows, rows(0, 0, 2, 0, 0, 1));
}

#[rstest]
#[tokio::test]
async fn a_file_that_was_broken_off_goes_on_where_it_stood(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = world(backend).await;
    let begun = begun(&w, "appointments", &schedule(300), wishes(Some("booked")))
        .await
        .expect("it starts");
    assert_eq!(begun.status, ImportStatus::Running, "many rows are done by a job");
    let job = || Job::Import { import_id: begun.id };
    // Broken off at any moment, by any process.
    let other = w.another_process().await;
    for n in 0..12 {
        let s = if n % 2 == 0 { &w.s } else { &other };
        _ = tokio::time::timeout(Pause::from_millis(5 + 17 * n), Box::pin(jobs::perform(s, job()))).await;
        let now = imports::get(&w.s, &w.owner, begun.id).await.expect("there");
        let counted = now.rows.created + now.rows.refused + now.rows.duplicate;
        assert_eq!(now.done, counted, "what is counted is what was done");
    }
    // Both at once, to the end; a turn that found the database busy is taken again, as the queue does.
    let turn = async |s: &Services| {
        for _ in 0..50 {
            if Box::pin(jobs::perform(s, job())).await.is_ok() {
                return;
            }
        }
        panic!("no turn ends well");
    };
    tokio::join!(turn(&w.s), turn(&other));
    let done = finished(&w.s, &w.owner, begun).await;
    assert_eq!(done.rows, rows(300, 0, 0, 0, 0, 0), "{}", refused(&w, &done).await);
    let again = brought(&w, "appointments", &schedule(300), wishes(Some("booked"))).await;
    assert_eq!(again.rows, rows(0, 0, 300, 0, 0, 0), "nothing is there twice");
    other.db().close().await;
}

#[rstest]
#[tokio::test]
async fn one_that_stood_still_is_found_and_one_that_was_stopped_stays_so(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = world(backend).await;
    let begun = begun(&w, "appointments", &schedule(1500), wishes(None))
        .await
        .expect("it starts");
    Box::pin(jobs::perform(&w.s, Job::Import { import_id: begun.id }))
        .await
        .expect("a job");
    let half = imports::get(&w.s, &w.owner, begun.id).await.expect("there");
    assert_eq!(
        (half.status, half.done),
        (ImportStatus::Running, 1000),
        "others have a turn after a thousand"
    );
    let stopped = imports::cancel(&w.s, &w.owner, begun.id).await.expect("stopped");
    assert_eq!((stopped.status, stopped.rows.created), (ImportStatus::Cancelled, 1000));
    Box::pin(jobs::perform(&w.s, Job::Import { import_id: begun.id }))
        .await
        .expect("nothing to do");
    let after = imports::get(&w.s, &w.owner, begun.id).await.expect("there");
    assert_eq!(after.done, 1000, "nothing more is done");
    assert!(imports::start(&w.s, &w.owner, begun.id, false).await.is_err(), "it is over");
    w.clock.advance(Duration::days(31));
    imports::prune(&w.s).await.expect("cleaned up");
    let gone = imports::get(&w.s, &w.owner, begun.id).await.expect_err("forgotten").problem();
    assert_eq!(gone.code, Code::NotFound);
}

#[rstest]
#[tokio::test]
async fn a_trial_and_a_preview_save_nothing(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = world(backend).await;
    w.contact("Ann Lee", ANN).await;
    let file = format!("name,phone,email\nAnn Lee,{ANN},ann@example.com\nBob Day,{BOB},\nBob Again,{BOB},\nBad,123,\n");
    let uploaded = imports::whole(&w.s, &w.owner, "contacts", "x.csv", file.as_bytes())
        .await
        .expect("taken");
    imports::look(&w.s, &w.owner, uploaded.id).await.expect("looked at");
    let page = imports::page(&w.s, &w.owner, uploaded.id).await.expect("a page");
    let preview = page.preview.expect("there");
    assert_eq!((preview.rows, preview.looked_at), (rows(1, 1, 0, 1, 0, 1), 4));
    assert_eq!(preview.first[1].words, "Bob Day · +1 415-555-0172");
    assert_eq!(page.missing, ["Decide what these people have agreed to."]);
    let trial = Wishes {
        dry_run: true,
        ..wishes(Some("booked"))
    };
    let trial = Box::pin(imports::begin(&w.s, &w.owner, uploaded.id, trial))
        .await
        .expect("a trial");
    assert_eq!(
        (trial.status, trial.dry_run, trial.rows),
        (ImportStatus::Done, true, rows(1, 1, 0, 1, 0, 1))
    );
    let names: Vec<String> = everybody(&w).await.into_iter().map(|c| c.name).collect();
    assert_eq!(names, ["Ann Lee"], "nobody was added");
    assert_eq!(w.holder_of(ANN).await.email, None, "nothing was changed");
}

#[rstest]
#[tokio::test]
async fn what_can_be_read_in_two_ways_is_asked_and_remembered(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = world(backend).await;
    let file = "Kunde,Handy,Termin\nAnn Lee,4155550171,03/04/2027 15:00\n";
    let uploaded = imports::whole(&w.s, &w.owner, "appointments", "x.csv", file.as_bytes())
        .await
        .expect("taken");
    let page = imports::page(&w.s, &w.owner, uploaded.id).await.expect("a page");
    assert_eq!(page.missing.len(), 3, "{:?}", page.missing);
    let refused = imports::start(&w.s, &w.owner, uploaded.id, false)
        .await
        .expect_err("not yet")
        .problem();
    assert_eq!((refused.code, refused.fields[0].field.as_str()), (Code::Invalid, "mapping"));
    let said = |order: &str| ImportOptions {
        fields: Some(vec!["name".to_owned(), "phone".to_owned(), "starts_at".to_owned()]),
        date_order: Some(order.to_owned()),
        consent: Some("unknown".to_owned()),
        include_past: None,
    };
    let page = imports::decide(&w.s, &w.owner, uploaded.id, said(""))
        .await
        .expect("half decided");
    assert_eq!(page.missing, ["Is 03/04/2027 15:00 April 3, 2027 or March 4, 2027?"]);
    let page = imports::decide(&w.s, &w.owner, uploaded.id, said("dmy"))
        .await
        .expect("decided");
    assert_eq!(page.missing, Vec::<String>::new());
    imports::start(&w.s, &w.owner, uploaded.id, false).await.expect("it starts");
    assert_eq!(
        visits(&w, "upcoming").await[0].starts_at.to_rfc3339(),
        "2027-04-03T19:00:00+00:00"
    );
    // The next file of that system is read the same way.
    let next = "kunde,HANDY,Termin\nBob Day,4155550172,05/04/2027 15:00\n";
    let uploaded = imports::whole(&w.s, &w.owner, "appointments", "y.csv", next.as_bytes())
        .await
        .expect("taken");
    let page = imports::page(&w.s, &w.owner, uploaded.id).await.expect("a page");
    let fields: Vec<&str> = page.columns.iter().map(|column| column.field.as_str()).collect();
    assert_eq!(
        (fields, page.date_order.as_str()),
        (vec!["name", "phone", "starts_at"], "dmy")
    );
    assert_eq!(page.consent, "", "what they agreed to is decided anew");
    let wrong = |fields: &[&str]| ImportOptions {
        fields: Some(fields.iter().map(|field| (*field).to_owned()).collect()),
        ..ImportOptions::default()
    };
    for fields in [&["phone", "phone"][..], &["shoe"], &["", "", "", ""]] {
        let why = imports::decide(&w.s, &w.owner, uploaded.id, wrong(fields))
            .await
            .expect_err("refused")
            .problem();
        assert_eq!(why.code, Code::Invalid, "{fields:?}");
    }
}

#[rstest]
#[tokio::test]
async fn what_is_no_table_leaves_nothing_behind(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = world(backend).await;
    let unclosed = "name,phone\nAnn,4155550171\n\"Bob,4155550172\nCy,4155550173\n";
    for (file, words) in [
        ("", "empty"),
        ("PK\u{3}\u{4}", "workbook"),
        (unclosed, "never closed"),
        ("name,phone\n", "no rows below"),
    ] {
        let why = imports::whole(&w.s, &w.owner, "contacts", "x.csv", file.as_bytes())
            .await
            .expect_err("refused")
            .problem();
        assert!(why.code == Code::Invalid && why.detail.contains(words), "{}", why.detail);
    }
    let too_large = vec![b'x'; imports::MOST_BYTES + 1];
    let why = imports::whole(&w.s, &w.owner, "contacts", "x.csv", &too_large)
        .await
        .expect_err("refused")
        .problem();
    assert_eq!(why.code, Code::TooLarge);
    assert!(
        imports::list(&w.s, &w.owner, None, None)
            .await
            .expect("a list")
            .data
            .is_empty()
    );
    // A cell of five megabytes is refused with its row, and takes no other along.
    let long = "x".repeat(5_000_000);
    let file = format!("name,phone\nAnn,4155550171\n{long},4155550172\nCy,4155550173\n");
    let done = brought(&w, "contacts", &file, wishes(None)).await;
    assert_eq!(done.rows, rows(2, 0, 0, 0, 0, 1));
    assert!(refused(&w, &done).await.contains("32,767 characters"));
    // Without headings it says so.
    let why = begun(&w, "contacts", "Ann Lee,4155550171\nBob,4155550172\n", wishes(None))
        .await
        .expect_err("refused")
        .problem();
    assert!(why.detail.contains("No headings were found"), "{}", why.detail);
    assert_eq!(why.fields[0].field, "mapping");
}
