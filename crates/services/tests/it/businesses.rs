//! Whose spelling of telephone numbers a business uses.

use contract::{
    Code,
    accounts::SignUp,
    businesses::{SaveLocation, UpdateBusiness},
    contacts::{ContactQuery, CreateContact},
};
use entity::audit::audit_event;
use migration::{Migrator, MigratorTrait};
use rstest::rstest;
use sea_orm::{ConnectionTrait, EntityTrait, Statement};
use services::{Actor, Db, Principal, Services, businesses, contacts, numbers, pages, setup};
use testkit::{Backend, NUMBER, TestDb, World};

fn sign_up(zone: &str, country: Option<&str>) -> SignUp {
    SignUp {
        business_name: "Studio".to_owned(),
        name: "Olga".to_owned(),
        email: format!("{}@x.test", uuid::Uuid::now_v7().simple()),
        password: "long enough word".to_owned(),
        time_zone: Some(zone.to_owned()),
        country: country.map(str::to_owned),
    }
}

async fn opened(s: &Services, zone: &str, country: Option<&str>, number: Option<&str>) -> Actor {
    let started = setup::open_business(s, sign_up(zone, country), number, None)
        .await
        .expect("a business");
    Actor {
        business_id: started.business_id,
        who: Principal::Operator,
    }
}

async fn country(s: &Services, actor: &Actor) -> String {
    let slug = businesses::slug(s, actor.business_id).await.expect("a slug");
    businesses::by_slug(s, &slug).await.expect("a business").country
}

async fn add(s: &Services, actor: &Actor, phone: &str) -> Result<(String, String), String> {
    let cmd = CreateContact {
        name: "Ann".to_owned(),
        phone: phone.to_owned(),
        ..CreateContact::default()
    };
    match contacts::create(s, actor, cmd).await {
        Ok(ann) => Ok((ann.phone, ann.phone_display)),
        Err(e) => Err(e.problem().for_field("phone").unwrap_or_default().to_owned()),
    }
}

#[rstest]
#[case::italy("Europe/Rome", "+390699123456", "347 123 4567", "+393471234567")]
#[case::mexico("America/Mexico_City", "+525599123456", "55 1234 5678", "+525512345678")]
#[case::india("Asia/Calcutta", "+912299123456", "98765 43210", "+919876543210")]
#[case::britain("Europe/London", "+442079460000", "07700 900123", "+447700900123")]
#[case::america("America/New_York", "+14155550100", "415 555 0171", "+14155550171")]
#[tokio::test]
async fn numbers_are_read_as_those_of_the_businesss_own_country(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[case] zone: &str,
    #[case] number: &str,
    #[case] typed: &str,
    #[case] phone: &str,
) {
    let w = World::new(backend).await;
    let by_number = opened(&w.s, "UTC", None, Some(number)).await;
    let by_zone = opened(&w.s, zone, None, None).await;
    let said = opened(&w.s, "UTC", Some(&country(&w.s, &by_zone).await), None).await;
    for actor in [&by_number, &by_zone, &said] {
        let (stored, shown) = add(&w.s, actor, typed).await.expect("added");
        assert_eq!(stored, phone);
        assert!(!shown.starts_with('+'), "shown as people there write it: {shown}");
        let query = ContactQuery {
            search: Some(typed.to_owned()),
            ..ContactQuery::default()
        };
        let found = contacts::list(&w.s, actor, query).await.expect("a list").data;
        assert_eq!(found.len(), 1, "found as it was typed");
        // And by a part of it.
        let part = typed.chars().take(typed.len() - 1).collect::<String>();
        let query = ContactQuery {
            search: Some(part),
            ..ContactQuery::default()
        };
        assert_eq!(contacts::list(&w.s, actor, query).await.expect("a list").data.len(), 1);
    }
}

#[rstest]
#[tokio::test]
async fn what_is_said_counts_before_the_number_and_that_before_the_zone(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    for (zone, said, number, is) in [
        ("Europe/Rome", Some("mx"), Some("+447912345678"), "MX"),
        ("Europe/Rome", None, Some("+447912345679"), "GB"),
        ("Europe/Rome", Some(""), None, "IT"),
        ("Europe/Rome", None, Some("06 9912 3456"), "IT"),
        ("UTC", None, None, ""),
    ] {
        let actor = opened(&w.s, zone, said, number).await;
        assert_eq!(country(&w.s, &actor).await, is, "{zone} {said:?} {number:?}");
    }
    let wrong = setup::open_business(&w.s, sign_up("UTC", Some("Italy")), None, None).await;
    let problem = wrong.expect_err("refused").problem();
    assert!(
        problem
            .for_field("country")
            .is_some_and(|words| words.contains("two letters")),
        "{problem:?}"
    );
    let unclear = setup::open_business(&w.s, sign_up("UTC", None), Some("347 123 4567"), None).await;
    assert!(unclear.expect_err("refused").problem().for_field("number").is_some());
}

#[rstest]
#[tokio::test]
async fn where_the_country_is_not_known_nothing_is_guessed(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let actor = opened(&w.s, "UTC", None, None).await;
    let words = add(&w.s, &actor, "347 123 4567").await.expect_err("refused");
    assert!(words.contains('+') && words.contains("Settings"), "{words}");
    let (phone, shown) = add(&w.s, &actor, "+39 347 123 4567").await.expect("added");
    assert_eq!((phone.as_str(), shown.as_str()), ("+393471234567", "+39 347 123 4567"));
    let banners = pages::notices::list(&w.s, &actor).await.expect("banners");
    assert_eq!(
        banners.iter().map(|b| b.kind.as_str()).collect::<Vec<_>>(),
        ["country_needed"]
    );

    let refused = numbers::assign(&w.s, actor.business_id, "06 9912 3456")
        .await
        .expect_err("refused");
    assert!(refused.problem().for_field("number").is_some());
    numbers::assign(&w.s, actor.business_id, "+39 06 9912 3456")
        .await
        .expect("a number");
    assert_eq!(country(&w.s, &actor).await, "IT", "the number says it");
    assert!(pages::notices::list(&w.s, &actor).await.expect("banners").is_empty());
    numbers::assign(&w.s, actor.business_id, "+44 7912 345678")
        .await
        .expect("another number");
    assert_eq!(country(&w.s, &actor).await, "IT", "what is known stays");
    numbers::assign(&w.s, actor.business_id, "02 9912 3456")
        .await
        .expect("one without a country code");
    let place = SaveLocation {
        name: "Centro".to_owned(),
        number: "06 9912 3456".to_owned(),
        ..SaveLocation::default()
    };
    let place = businesses::locations::save(&w.s, &actor, None, place)
        .await
        .expect("a location");
    assert_eq!(
        (place.number.as_deref(), place.number_display.as_deref()),
        (Some("+390699123456"), Some("06 9912 3456"))
    );
}

#[rstest]
#[tokio::test]
async fn a_country_is_chosen_in_the_settings_and_leaves_a_trace(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let choose = async |country: &str| {
        let cmd = UpdateBusiness {
            name: "Bright Dental".to_owned(),
            contact_line: "(415) 555-0100".to_owned(),
            time_zone: "America/New_York".to_owned(),
            country: country.to_owned(),
        };
        businesses::update(&w.s, &w.owner, cmd).await?;
        pages::settings::business(&w.s, &w.owner).await
    };
    assert_eq!(choose("gb").await.expect("saved").country, "GB");
    assert_eq!(
        choose("").await.expect("saved").country,
        "GB",
        "nothing chosen changes nothing"
    );
    let refused = choose("XX").await.expect_err("refused").problem();
    assert_eq!((refused.code, refused.fields[0].field.as_str()), (Code::Invalid, "country"));
    assert_eq!(add(&w.s, &w.owner, "07700 900123").await.expect("added").0, "+447700900123");
    let trail = audit_event::Entity::find()
        .all(w.s.db().connection())
        .await
        .expect("the trail");
    let changes = trail
        .iter()
        .filter(|e| e.action == "business.updated" && e.actor.starts_with("Olga Owner"));
    assert_eq!(
        changes.count(),
        2,
        "who did it, before and after, for what was saved and not for what was refused"
    );
}

/// Before, everybody was American: who may not be has to say it, and nobody else is asked.
#[rstest]
#[tokio::test]
async fn businesses_from_before_are_asked_where_their_number_or_zone_speaks_against_it(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let test = TestDb::empty(backend).await;
    let db = Db::connect(&test.url).await.expect("opens");
    let before = Migrator::migrations()
        .iter()
        .position(|m| m.name() == "0009_ask_for_doubtful_countries");
    Migrator::up(db.connection(), before.map(|n| n as u32))
        .await
        .expect("up to then");
    let cases: [(&str, &[&str], &str); 9] = [
        ("America/New_York", &[NUMBER], "US"),
        ("Europe/Rome", &["+390699123456"], ""),
        ("Europe/Rome", &["+14155550100"], "US"),
        ("Europe/Rome", &["+390699123457", "+14155550101"], "US"),
        ("America/Toronto", &["+525512345678"], ""),
        ("Europe/London", &[], ""),
        ("America/Mexico_City", &[], ""),
        ("US/Eastern", &[], "US"),
        ("Etc/GMT+5", &[], "US"),
    ];
    let run = async |sql: String| db.connection().execute_unprepared(&sql).await.expect("written");
    let id = |n: usize| match backend {
        Backend::Sqlite => format!("x'{n:032x}'"),
        Backend::Postgres => format!("'{}'", uuid::Uuid::from_u128(n as u128)),
    };
    for (n, (zone, phones, _)) in cases.iter().enumerate() {
        run(format!(
            "INSERT INTO business (id, slug, name, contact_line, time_zone, country, quiet_start, quiet_end, cadence, hourly_limit, created_at)
             VALUES ({}, 'b{n}', 'B', 'x', '{zone}', 'US', 0, 0, '24', 9, '2026-11-01T00:00:00Z')",
            id(n)
        ))
        .await;
        for (m, phone) in phones.iter().enumerate() {
            run(format!(
                "INSERT INTO number (id, business_id, phone, status, is_default, created_at)
                 VALUES ({}, {}, '{phone}', 'active', true, '2026-11-01T00:00:00Z')",
                id(1000 + 10 * n + m),
                id(n)
            ))
            .await;
        }
    }
    migration::up(db.connection()).await.expect("up");
    let backend = db.connection().get_database_backend();
    let rows = db
        .connection()
        .query_all_raw(Statement::from_string(backend, "SELECT country FROM business ORDER BY slug"))
        .await
        .expect("rows");
    let now: Vec<String> = rows.iter().map(|row| row.try_get_by_index(0).expect("a text")).collect();
    assert_eq!(now, cases.map(|(_, _, country)| country));
}
