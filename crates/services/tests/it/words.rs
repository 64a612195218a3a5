//! Names and texts made of nothing, and those that turn what stands beside them.

use contract::{
    Code,
    accounts::{Role, SignUp},
    businesses::{SaveLocation, UpdateBusiness},
    contacts::{ContactView, CreateContact, OptIn, RecordConsent, UpdateContact},
};
use domain::consent::State;
use rstest::rstest;
use services::{Services, accounts, appointments, businesses, contacts, conversations, integrations, messages, pages, setup};
use testkit::{Backend, World, member};

const ANN: &str = "+14155550171";

const NOTHING: [&str; 8] = [
    "\u{200b}",
    "\u{2060}",
    "\u{3164}",
    "\u{2800}",
    "\u{ad}",
    "\u{202e}",
    "\u{200c}\u{200d}\u{feff}",
    " \n\u{a0} ",
];

fn field<T: std::fmt::Debug>(result: services::Result<T>) -> String {
    let problem = result.expect_err("refused").problem();
    assert_eq!(problem.code, Code::Invalid, "{problem:?}");
    problem.fields.first().map_or_else(String::new, |f| f.field.clone())
}

async fn is_nothing_about_a_contact(w: &World, ann: &ContactView, nothing: &str) {
    let (s, owner) = (&w.s, &w.owner);
    let new = CreateContact {
        name: nothing.to_owned(),
        phone: "+14155550179".to_owned(),
        ..CreateContact::default()
    };
    assert_eq!(field(contacts::create(s, owner, new.clone()).await), "name", "{nothing:?}");
    let opt_in = Some(OptIn {
        channel: "sms".to_owned(),
        source: nothing.to_owned(),
    });
    let new = CreateContact {
        name: "Ben".to_owned(),
        opt_in,
        ..new
    };
    assert_eq!(field(contacts::create(s, owner, new).await), "opt_in.source");
    let change = UpdateContact {
        id: ann.id,
        name: nothing.to_owned(),
        phone: ANN.to_owned(),
        email: None,
        time_zone: None,
        notes: None,
    };
    assert_eq!(field(contacts::update(s, owner, change).await), "name");
    let evidence = RecordConsent {
        contact_id: ann.id,
        state: State::OptedIn,
        evidence: nothing.to_owned(),
    };
    assert_eq!(field(contacts::record_consent(s, owner, evidence).await), "evidence");
    assert_eq!(field(w.reply(ann, nothing).await), "body");
}

async fn is_nothing_about_a_business(w: &World, nothing: &str) {
    let (s, owner) = (&w.s, &w.owner);
    let place = SaveLocation {
        name: nothing.to_owned(),
        ..SaveLocation::default()
    };
    assert_eq!(field(businesses::locations::save(s, owner, None, place).await), "name");
    assert_eq!(field(integrations::create_api_key(s, owner, nothing, &[]).await), "name");
    let cmd = UpdateBusiness {
        name: nothing.to_owned(),
        contact_line: "x".to_owned(),
        time_zone: "UTC".to_owned(),
        country: String::new(),
    };
    assert_eq!(field(businesses::update(s, owner, cmd.clone()).await), "name");
    let cmd = UpdateBusiness {
        name: "Bright Dental".to_owned(),
        contact_line: nothing.to_owned(),
        ..cmd
    };
    assert_eq!(field(businesses::update(s, owner, cmd).await), "contact_line");
    assert_eq!(field(businesses::create(s, nothing, "x", None, None).await), "name");
}

async fn is_nothing_to_sign_up_with(s: &Services, nothing: &str) {
    let sign_up = SignUp {
        business_name: nothing.to_owned(),
        name: "Olga".to_owned(),
        email: "olga@x.test".to_owned(),
        password: "long enough word".to_owned(),
        time_zone: None,
        country: None,
    };
    assert_eq!(field(setup::sign_up(s, sign_up.clone()).await), "business_name");
    let sign_up = SignUp {
        business_name: "Studio".to_owned(),
        name: nothing.to_owned(),
        ..sign_up
    };
    assert_eq!(field(setup::sign_up(s, sign_up).await), "name");
}

#[rstest]
#[tokio::test]
async fn what_shows_nothing_is_no_name_and_no_text(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    for nothing in NOTHING {
        is_nothing_about_a_contact(&w, &ann, nothing).await;
        is_nothing_about_a_business(&w, nothing).await;
        is_nothing_to_sign_up_with(&w.s, nothing).await;
    }
    let nobody = accounts::add_member(
        &w.s,
        w.owner.business_id,
        Role::Staff,
        "\u{2060}",
        "sam@x.test",
        "long enough word",
    )
    .await;
    assert_eq!(field(nobody), "name");
    w.work().await;
    assert!(w.phone_got(ANN).is_empty(), "nothing was paid for");
}

#[rstest]
#[tokio::test]
async fn names_turn_nothing_around_and_keep_what_joins_their_letters(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let ann = w.contact("\u{202e}Ann\u{2066} \n Lee\u{200b}", ANN).await;
    assert_eq!(ann.name, "Ann Lee");
    let dana = w.contact("می\u{200c}خواهم 👩\u{200d}👧", "+14155550172").await;
    assert_eq!(dana.name, "می\u{200c}خواهم 👩\u{200d}👧");
    let sam = member(
        &w.s,
        w.owner.business_id,
        Role::Staff,
        "\u{200b}Sam@x.test",
        "long enough word",
    )
    .await;
    assert!(!sam.label().contains('\u{200b}'));
    let cmd = contract::appointments::CreateAppointment {
        contact_id: ann.id,
        starts_at: "2027-01-07T15:00".to_owned(),
        staff_label: Some("\u{202e}Dr. Osei".to_owned()),
        notes: Some("\u{3164}".to_owned()),
        location_id: None,
        ..Default::default()
    };
    let appointment = appointments::create(&w.s, &w.owner, cmd).await.expect("a visit");
    assert_eq!(
        (appointment.staff_label.as_str(), appointment.notes.as_str()),
        ("Dr. Osei", "")
    );
    // What staff write to a customer is theirs, to the letter.
    let body = "می\u{200c}خواهم 👩\u{200d}👧 \u{200f}12:30\u{200f}";
    assert_eq!(w.reply(&ann, body).await.expect("queued").body, body);
}

#[rstest]
#[tokio::test]
async fn a_customers_text_of_nothing_is_shown_as_one(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    w.text(ANN, "\u{3164}\u{200b}").await;
    let row = conversations::page(&w.s, &w.owner, Default::default())
        .await
        .expect("rows")
        .data
        .remove(0);
    assert_eq!(row.preview, "(empty)");
    let thread = pages::thread::thread(&w.s, &w.owner, row.id, Default::default())
        .await
        .expect("a thread");
    assert_eq!(thread.messages[0].body, "(empty)");
    let query = contract::messages::LogQuery::default();
    assert_eq!(
        messages::list(&w.s, &w.owner, query).await.expect("the log").data[0].body,
        "(empty)"
    );
    w.text(ANN, "\u{202e}evil \u{2067}row").await;
    let row = conversations::page(&w.s, &w.owner, Default::default())
        .await
        .expect("rows")
        .data
        .remove(0);
    assert_eq!((row.preview.as_str(), row.phone.as_str()), ("evil row", ANN));
}
