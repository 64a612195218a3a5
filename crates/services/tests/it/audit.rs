//! The audit trail: what is in it, by whose hand, how it is narrowed, and what is never in it.

use chrono::Duration;
use contract::{
    Code,
    accounts::{Role, SignIn},
    audit::{AuditQuery, AuditRow},
    businesses::{UpdateBusiness, UpdateLimits},
    contacts::CreateContact,
};
use entity::audit::audit_event;
use rstest::rstest;
use sea_orm::EntityTrait;
use services::{Actor, Principal, accounts, audit, businesses, contacts, exports, integrations, numbers, search};
use testkit::{Backend, World, member};

const ANN: &str = "+14155550171";
const PASSWORD: &str = "a long password";

async fn rows(w: &World, query: AuditQuery) -> Vec<AuditRow> {
    audit::list(&w.s, &w.owner, query).await.expect("a page").data
}

async fn of_area(w: &World, what: &str) -> Vec<AuditRow> {
    let query = AuditQuery {
        what: Some(what.to_owned()),
        ..AuditQuery::default()
    };
    rows(w, query).await
}

/// What is different, like `Name: A → B`.
fn told(row: &AuditRow) -> Vec<String> {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    let all = row.changes.iter();
    all.map(|c| format!("{}: {} → {}", text(&c.field), text(&c.before), text(&c.after)))
        .collect()
}

async fn limits(w: &World, actor: &Actor, hourly: &str) {
    let cmd = UpdateLimits {
        monthly_budget: String::new(),
        hourly_limit: hourly.to_owned(),
    };
    businesses::sending::update_limits(&w.s, actor, cmd).await.expect("changed");
}

#[rstest]
#[tokio::test]
async fn who_changed_what_is_told_with_what_it_was_before(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    limits(&w, &w.owner, "50").await;
    let found = of_area(&w, "settings").await;
    let row = found.first().expect("a row");
    assert_eq!(
        (row.title.as_str(), row.by.as_str()),
        ("Limits of texts changed", "Olga Owner")
    );
    assert_eq!(told(row), ["Texts an hour: 100 → 50"], "and nothing that is as before");
    let Principal::Member { account_id, .. } = w.owner.who else {
        panic!("the owner is a member")
    };
    assert_eq!(row.who, account_id.to_string());
    let last = audit::last_change(&w.s, &w.owner, &["business.sending_updated"]).await;
    assert_eq!(last.expect("asked").map(|last| last.by), Some("Olga Owner".to_owned()));
    let never = audit::last_change(&w.s, &w.owner, &["business.reminders_updated"]).await;
    assert_eq!(never.expect("asked"), None);
}

#[rstest]
#[tokio::test]
async fn members_consent_numbers_keys_files_and_sign_ins_are_in_it(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let sam = member(&w.s, w.owner.business_id, Role::Staff, "sam@x.test", PASSWORD).await;
    let sign_in = |password: &str| SignIn {
        email: "sam@x.test".to_owned(),
        password: password.to_owned(),
    };
    for _ in 0..3 {
        accounts::sign_in(&w.s, sign_in("guessed"), &accounts::Caller::default())
            .await
            .expect_err("wrong");
    }
    accounts::sign_in(&w.s, sign_in(PASSWORD), &accounts::Caller::default())
        .await
        .expect("in");
    accounts::signed_out(&w.s, &sam).await.expect("out");
    let ann = w.contact("Ann", ANN).await;
    w.text(ANN, "STOP").await;
    let keys = integrations::create_api_key(&w.s, &w.owner, "Website", &["contacts:read".to_owned()]).await;
    keys.expect("a key");
    let id = integrations::list_api_keys(&w.s, &w.owner).await.expect("keys")[0].id;
    assert_eq!(integrations::revoke_api_key(&w.s, &w.owner, id).await.expect("revoked"), []);
    exports::contacts(&w.s, &w.owner, None).await.expect("a file");
    audit::export(&w.s, &w.owner, &AuditQuery::default(), None)
        .await
        .expect("a file");

    let titles = async |what: &str| {
        let rows = of_area(&w, what).await;
        rows.into_iter().map(|row| (row.title, row.by)).collect::<Vec<_>>()
    };
    let pair = |title: &str, by: &str| (title.to_owned(), by.to_owned());
    let ins = titles("sign_ins").await;
    assert_eq!(
        ins,
        [pair("Signed out", "Sam Staff"), pair("Signed in", "Sam Staff")],
        "no line for each try"
    );
    let choices = audit::choices(&w.s, &w.owner).await.expect("choices");
    assert_eq!(
        choices.failed_sign_ins.iter().map(|(_, n)| *n).collect::<Vec<_>>(),
        [3],
        "they are counted"
    );
    assert!(choices.who.iter().any(|(_, name)| name == "Sam Staff"));
    assert!(choices.who.iter().any(|(_, name)| name == "API key Website"));
    assert_eq!(titles("members").await, [pair("Member added", "operator")]);
    assert_eq!(
        titles("consent").await,
        [pair("Opted out", "the customer"), pair("Agreed to texts", "Olga Owner")]
    );
    assert_eq!(
        titles("keys").await,
        [pair("API key revoked", "Olga Owner"), pair("API key made", "Olga Owner")]
    );
    assert_eq!(
        titles("exports").await,
        [
            pair("Audit trail downloaded", "Olga Owner"),
            pair("All contacts downloaded", "Olga Owner")
        ]
    );
    assert!(titles("numbers").await.contains(&pair("Number assigned", "operator")));
    // The page of a person shows consent from its ledger, once.
    let page = services::pages::contact::page(&w.s, &w.owner, ann.id).await.expect("a page");
    let consents = page.timeline.data.iter().filter(|row| row.event.starts_with("consent."));
    assert!(consents.clone().all(|row| row.kind == "consent"), "{:?}", page.timeline.data);
}

#[rstest]
#[tokio::test]
async fn filters_hold_all_at_once_and_pages_go_on_where_they_ended(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let sam = member(&w.s, w.owner.business_id, Role::Admin, "sam@x.test", PASSWORD).await;
    let Principal::Member { account_id, .. } = sam.who.clone() else {
        panic!("a member")
    };
    let ann = w.contact("Ann", ANN).await;
    w.text(ANN, "STOP").await;
    for n in 1..=5 {
        w.clock.advance(Duration::days(1));
        limits(&w, if n % 2 == 0 { &sam } else { &w.owner }, &n.to_string()).await;
    }
    let by_sam = AuditQuery {
        who: Some(account_id.to_string()),
        what: Some("settings".to_owned()),
        ..AuditQuery::default()
    };
    assert_eq!(rows(&w, by_sam.clone()).await.len(), 2);
    let today = (w.clock.now() - Duration::hours(5)).date_naive();
    let day = |ago: i64| Some((today - Duration::days(ago)).to_string());
    let some_days = AuditQuery {
        from: day(3),
        to: day(2),
        ..by_sam.clone()
    };
    assert_eq!(
        rows(&w, some_days).await.len(),
        1,
        "days of the business's own calendar, both included"
    );
    let about = AuditQuery {
        contact_id: Some(ann.id.to_string()),
        who: Some("customer".to_owned()),
        ..AuditQuery::default()
    };
    let about = rows(&w, about).await;
    assert_eq!(
        about.iter().map(|row| row.action.as_str()).collect::<Vec<_>>(),
        ["consent.opted_out"]
    );
    assert_eq!(about[0].contact_name.as_deref(), Some("Ann"));

    let mut seen = Vec::new();
    let mut cursor = None;
    loop {
        let query = AuditQuery {
            cursor,
            limit: Some(3),
            ..AuditQuery::default()
        };
        let page = audit::list(&w.s, &w.owner, query).await.expect("a page");
        seen.extend(page.data.into_iter().map(|row| row.id));
        cursor = page.next_cursor;
        if cursor.is_none() {
            break;
        }
    }
    let all: Vec<_> = rows(&w, AuditQuery::default()).await.into_iter().map(|row| row.id).collect();
    assert_eq!(seen, all, "each once, the latest first");

    for (query, name) in [
        (
            AuditQuery {
                who: Some("sam".to_owned()),
                ..AuditQuery::default()
            },
            "who",
        ),
        (
            AuditQuery {
                what: Some("weather".to_owned()),
                ..AuditQuery::default()
            },
            "what",
        ),
        (
            AuditQuery {
                from: Some("soon".to_owned()),
                ..AuditQuery::default()
            },
            "from",
        ),
        (
            AuditQuery {
                to: Some("2027-13-01".to_owned()),
                ..AuditQuery::default()
            },
            "to",
        ),
        (
            AuditQuery {
                contact_id: Some("Ann".to_owned()),
                ..AuditQuery::default()
            },
            "contact_id",
        ),
        (
            AuditQuery {
                limit: Some(101),
                ..AuditQuery::default()
            },
            "limit",
        ),
    ] {
        let refused = audit::list(&w.s, &w.owner, query).await.expect_err("refused").problem();
        assert_eq!(refused.code, Code::Malformed, "{name}");
        assert!(refused.fields.iter().any(|f| f.field == name), "{name}: {refused:?}");
    }
}

#[rstest]
#[tokio::test]
async fn only_who_may_reads_it_and_only_their_own(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    limits(&w, &w.owner, "7").await;
    let sam = member(&w.s, w.owner.business_id, Role::Staff, "sam@x.test", PASSWORD).await;
    let refused = async |actor: &Actor| {
        let list = audit::list(&w.s, actor, AuditQuery::default()).await;
        let export = audit::export(&w.s, actor, &AuditQuery::default(), None).await;
        let codes = [list.err().map(|e| e.problem().code), export.err().map(|e| e.problem().code)];
        codes == [Some(Code::NotAllowed), Some(Code::NotAllowed)]
    };
    assert!(refused(&sam).await);
    let key = |scopes: Vec<services::Permission>| Actor {
        business_id: w.owner.business_id,
        who: Principal::ApiKey {
            id: uuid::Uuid::now_v7(),
            name: "Website".to_owned(),
            scopes,
        },
    };
    assert!(refused(&key(vec![services::Permission::ReadContacts])).await);
    let reader = key(vec![services::Permission::ReadAudit]);
    assert!(
        !audit::list(&w.s, &reader, AuditQuery::default())
            .await
            .expect("a page")
            .data
            .is_empty()
    );
    let stranger = w.another_business().await;
    let theirs = audit::list(&w.s, &stranger, AuditQuery::default())
        .await
        .expect("a page")
        .data;
    assert!(
        theirs.iter().all(|row| row.action != "business.sending_updated"),
        "{theirs:?}"
    );
    // Files of everybody are not for everybody.
    for refused in [
        exports::contacts(&w.s, &sam, None).await.err(),
        exports::appointments(&w.s, &sam, None).await.err(),
        search::export(&w.s, &sam, contract::search::LogSearch::default()).await.err(),
    ] {
        assert_eq!(refused.map(|e| e.problem().code), Some(Code::NotAllowed));
    }
}

/// Every row of the business as it is told, with what stands in its columns unsealed.
async fn everything(w: &World) -> String {
    let query = AuditQuery {
        limit: Some(100),
        ..AuditQuery::default()
    };
    let mut all = format!("{:?}", rows(w, query).await);
    for row in audit_event::Entity::find().all(w.s.db().connection()).await.expect("rows") {
        all.push_str(&format!("{row:?}"));
    }
    all
}

#[rstest]
#[tokio::test]
async fn what_was_typed_as_a_secret_is_in_no_row(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    const TOKEN: &str = "0123456789abcdef0123456789abcdef";
    const SHARED: &str = "the-shared-secret-of-webhooks";
    const SID: &str = "AC22222222222222222222222222222222";
    let w = World::new(backend).await;
    let sam = member(&w.s, w.owner.business_id, Role::Staff, "sam@x.test", "my secret password").await;
    w.sim.set_account(SID, TOKEN);
    numbers::accounts::connect(&w.s, &w.owner, SID, TOKEN.to_owned().into())
        .await
        .expect("connected");
    numbers::accounts::add_shared_key(&w.s, &w.owner, "CRkey", SHARED.to_owned().into())
        .await
        .expect("a key");
    let key = integrations::create_api_key(&w.s, &w.owner, "Website", &[])
        .await
        .expect("a key");
    let feed = contract::feeds::CreateFeed {
        staff_label_id: String::new(),
        detail: "initials".to_owned(),
    };
    let feed = services::feeds::create(&w.s, &sam, feed).await.expect("an address").url;
    let secret = feed
        .rsplit('/')
        .next()
        .and_then(|file| file.split('.').next())
        .expect("a secret")
        .to_owned();
    let calendar = contract::calendars::AddCalendarSource {
        url: "https://calendar.invalid/private-token/basic.ics".to_owned(),
        name: "Salon".to_owned(),
        location_id: None,
        staff_label: None,
    };
    services::calendars::add(&w.s, &w.owner, calendar).await.expect("a calendar");
    let all = everything(&w).await;
    for action in [
        "twilio_account.changed",
        "twilio_account.shared_key",
        "api_key.created",
        "feed.created",
        "calendar.created",
    ] {
        assert!(all.contains(action), "{action} is kept: {all}");
    }
    for secret in [
        TOKEN,
        SHARED,
        key.as_str(),
        secret.as_str(),
        "my secret password",
        "private-token",
    ] {
        assert!(!all.contains(secret), "{secret} is in the trail: {all}");
    }
}

#[rstest]
#[tokio::test]
async fn a_file_of_any_size_has_every_row_once(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    for n in 0..210 {
        let cmd = CreateContact {
            name: format!("=Person {n}"),
            phone: format!("+1415555{n:04}"),
            ..CreateContact::default()
        };
        contacts::create(&w.s, &w.owner, cmd).await.expect("added");
    }
    let query = AuditQuery {
        what: Some("contacts".to_owned()),
        ..AuditQuery::default()
    };
    let mut file = Vec::new();
    let mut after = None;
    loop {
        let block = audit::export(&w.s, &w.owner, &query, after).await.expect("a block");
        file.extend(block.lines);
        after = block.next;
        if after.is_none() {
            break;
        }
    }
    let text = String::from_utf8(file).expect("UTF-8");
    assert!(text.starts_with("\u{feff}at,by,who,title,action,"), "{text}");
    assert_eq!(text.lines().count(), 211);
    assert_eq!(text.matches("contact.created").count(), 210);
    assert!(!text.contains(",=Person"), "no cell is a formula");
    assert_eq!(of_area(&w, "exports").await.len(), 1, "one file, one line");
}

#[rstest]
#[tokio::test]
async fn a_name_with_the_same_words_is_no_other_hand(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let cmd = |name: &str| UpdateBusiness {
        name: name.to_owned(),
        contact_line: "x".to_owned(),
        time_zone: "America/New_York".to_owned(),
        country: String::new(),
    };
    businesses::update(&w.s, &w.owner, cmd("New name")).await.expect("changed");
    let row = of_area(&w, "settings").await.remove(0);
    assert_eq!(
        told(&row),
        ["Contact line: (415) 555-0100 → x", "Name: Bright Dental → New name"]
    );
}
