//! Visits in calendars of staff.

use chrono::Duration;
use contract::{
    accounts::Role,
    appointments::{AppointmentAction, CreateAppointment},
    feeds::{CreateFeed, Detail},
};
use rstest::rstest;
use sea_orm::{ConnectionTrait, Statement};
use services::{Actor, Principal, accounts, appointments, businesses::staff, feeds};
use testkit::{Backend, World};

const ANN: &str = "+14155550171";

/// Somebody who can sign in.
async fn member(w: &World, name: &str, role: Role) -> Actor {
    let email = format!("{}@x.test", name.to_lowercase());
    let account_id = accounts::add_member(&w.s, w.owner.business_id, role, name, &email, "a long password")
        .await
        .expect("a member");
    let who = Principal::Member {
        account_id,
        name: name.to_owned(),
        role,
    };
    Actor {
        business_id: w.owner.business_id,
        who,
    }
}

async fn made(w: &World, actor: &Actor, detail: Detail, label: &str) -> String {
    let cmd = CreateFeed {
        staff_label_id: label.to_owned(),
        detail: detail.as_str().to_owned(),
    };
    let url = feeds::create(&w.s, actor, cmd).await.expect("an address").url;
    let secret = url
        .strip_prefix("http://showup.test/feeds/")
        .and_then(|rest| rest.strip_suffix(".ics"));
    secret.expect("an address of ours").to_owned()
}

async fn text(w: &World, secret: &str) -> String {
    feeds::read(&w.s, secret).await.expect("an answer").expect("a calendar").text
}

#[rstest]
#[tokio::test]
async fn a_calendar_tells_what_was_chosen(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ana = member(&w, "Ana", Role::Staff).await;
    let ann = w.contact("Ann Lee", ANN).await;
    let visit = |label: &str, for_name: Option<&str>, hours: i64| CreateAppointment {
        contact_id: ann.id,
        starts_at: (w.clock.now() + Duration::hours(hours)).to_rfc3339(),
        staff_label: Some(label.to_owned()),
        for_name: for_name.map(str::to_owned),
        notes: Some("a secret".to_owned()),
        ..CreateAppointment::default()
    };
    for cmd in [visit("Ana", None, 24), visit("Bo", Some("Tim"), 48)] {
        appointments::create(&w.s, &w.owner, cmd).await.expect("a visit");
    }
    let initials = text(&w, &made(&w, &ana, Detail::Initials, "").await).await;
    assert!(
        initials.contains("SUMMARY:AL\r\n") && initials.contains("SUMMARY:T\r\n"),
        "{initials}"
    );
    for hidden in ["Ann", "Lee", "Tim", "555", "secret"] {
        assert!(!initials.contains(hidden), "{hidden}: {initials}");
    }
    let names = text(&w, &made(&w, &ana, Detail::Name, "").await).await;
    assert!(
        names.contains("SUMMARY:Tim (Ann Lee)\r\n") && !names.contains("555-0171"),
        "{names}"
    );
    let phones = text(&w, &made(&w, &ana, Detail::NameAndPhone, "").await).await;
    assert!(phones.contains("(415) 555-0171") && !phones.contains("secret"), "{phones}");

    let labels = staff::list(&w.s, &ana).await.expect("labels");
    let bo = labels.iter().find(|label| label.name == "Bo").expect("a label");
    let of_bo = made(&w, &ana, Detail::Name, &bo.id.to_string()).await;
    let calendar = text(&w, &of_bo).await;
    assert_eq!(calendar.matches("BEGIN:VEVENT").count(), 1, "{calendar}");
    assert!(calendar.contains("X-WR-CALNAME:Bo · Bright Dental\r\n") && calendar.contains("X-WR-TIMEZONE:America/New_York\r\n"));
    assert!(!calendar.contains("METHOD:"), "a feed is no message");
    // A label that is renamed is the same label.
    let renamed = contract::appointment_types::SaveStaffLabel {
        name: "Robert".to_owned(),
        colour: String::new(),
    };
    staff::save(&w.s, &w.owner, Some(bo.id), renamed).await.expect("renamed");
    assert_eq!(text(&w, &of_bo).await.matches("BEGIN:VEVENT").count(), 1);
}

#[rstest]
#[tokio::test]
async fn what_is_cancelled_or_far_away_leaves_the_calendar(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ana = member(&w, "Ana", Role::Staff).await;
    let ann = w.contact("Ann Lee", ANN).await;
    let soon = w.appointment(&ann, 24).await;
    let later = w.appointment(&ann, 24 * 100).await;
    w.appointment(&ann, 24 * 200).await;
    let secret = made(&w, &ana, Detail::Initials, "").await;
    let first = feeds::read(&w.s, &secret).await.expect("an answer").expect("a calendar");
    assert_eq!(first.text.matches("BEGIN:VEVENT").count(), 2, "no more than 180 days ahead");
    let again = feeds::read(&w.s, &secret).await.expect("an answer").expect("a calendar");
    assert_eq!(
        (&again.tag, again.modified_at),
        (&first.tag, first.modified_at),
        "nothing has changed"
    );

    w.clock.advance(Duration::minutes(5));
    appointments::act(&w.s, &w.owner, later.id, AppointmentAction::Cancel)
        .await
        .expect("cancelled");
    let second = feeds::read(&w.s, &secret).await.expect("an answer").expect("a calendar");
    assert!(
        second.text.contains("STATUS:CANCELLED") && second.text.contains("SEQUENCE:1\r\n"),
        "{}",
        second.text
    );
    assert!(second.tag != first.tag && second.modified_at > first.modified_at);

    w.clock.advance(Duration::days(29));
    assert!(text(&w, &secret).await.contains("STATUS:CANCELLED"));
    w.clock.advance(Duration::days(1));
    let third = feeds::read(&w.s, &secret).await.expect("an answer").expect("a calendar");
    assert!(!third.text.contains("STATUS:CANCELLED"), "after 30 days it is gone");
    assert!(third.modified_at > second.modified_at, "which is a change, too");
    assert!(
        third.text.contains(&soon.id.to_string()),
        "what was up to 30 days ago is there"
    );
    w.clock.set(soon.starts_at + Duration::days(30) + Duration::minutes(1));
    assert!(!text(&w, &secret).await.contains(&soon.id.to_string()));
}

#[rstest]
#[tokio::test]
async fn an_address_is_kept_as_a_hash_and_ends(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (ana, bo, chief) = (
        member(&w, "Ana", Role::Staff).await,
        member(&w, "Bo", Role::Staff).await,
        member(&w, "Chief", Role::Admin).await,
    );
    let secret = made(&w, &ana, Detail::Initials, "").await;
    assert!(
        secret.len() >= 32 && secret.bytes().all(|c| c.is_ascii_alphanumeric()),
        "{secret}"
    );
    let db = w.s.db().connection();
    let sql = "SELECT hash FROM feed";
    let rows = db
        .query_all_raw(Statement::from_string(db.get_database_backend(), sql))
        .await
        .expect("rows");
    let stored: String = rows[0].try_get_by_index(0).expect("text");
    assert!(!stored.contains(&secret) && stored.len() == 64, "{stored}");
    for wrong in ["", "x", &stored, &secret.to_lowercase()] {
        assert!(feeds::read(&w.s, wrong).await.expect("an answer").is_none(), "{wrong}");
    }

    let mine = feeds::list(&w.s, &ana).await.expect("addresses");
    assert_eq!((mine.len(), mine[0].owner.as_str()), (1, "Ana"));
    assert!(
        feeds::list(&w.s, &bo).await.expect("addresses").is_empty(),
        "a colleague's are not shown"
    );
    assert_eq!(feeds::list(&w.s, &chief).await.expect("addresses").len(), 1);
    assert_eq!(
        feeds::revoke(&w.s, &bo, mine[0].id)
            .await
            .expect_err("not theirs")
            .problem()
            .status,
        404
    );
    let stranger = w.another_business().await;
    assert_eq!(
        feeds::revoke(&w.s, &stranger, mine[0].id)
            .await
            .expect_err("not theirs")
            .problem()
            .status,
        404
    );
    feeds::revoke(&w.s, &chief, mine[0].id).await.expect("revoked");
    assert!(feeds::read(&w.s, &secret).await.expect("an answer").is_none());
    assert!(feeds::list(&w.s, &ana).await.expect("addresses").is_empty());

    // Who has left the business reads nothing any more.
    let secret = made(&w, &bo, Detail::Initials, "").await;
    let Principal::Member { account_id, .. } = &bo.who else {
        panic!("a member")
    };
    let left = match db.get_database_backend() {
        sea_orm::DbBackend::Sqlite => format!("DELETE FROM member WHERE hex(account_id) = upper('{}')", account_id.simple()),
        _ => format!("DELETE FROM member WHERE account_id = '{account_id}'"),
    };
    db.execute_unprepared(&left).await.expect("left");
    assert!(feeds::read(&w.s, &secret).await.expect("an answer").is_none());
    let key = Actor {
        business_id: w.owner.business_id,
        who: Principal::Operator,
    };
    assert_eq!(
        feeds::list(&w.s, &key).await.expect_err("members alone").problem().status,
        403
    );
}
