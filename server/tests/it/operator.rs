//! `showup admin …`, as whoever runs an installation types it: what it does, what it says, and whether a script sees that it failed.

use entity::{messages::price, numbers::number};
use rstest::rstest;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use services::Db;
use testkit::Backend;

use crate::{
    app::{NUMBER, PATIENCE},
    real::{Installation, free_port},
};

/// Runs `showup admin …` to its end: the last thing it said (code 0), or what it complained of (code 1).
async fn admin(it: &Installation, args: &[&str]) -> Result<String, String> {
    let output = it.try_to_run(&[&["admin"][..], args].concat(), free_port()).await;
    let said = String::from_utf8_lossy(&output.stdout);
    let log = String::from_utf8_lossy(&output.stderr);
    let complaint = log.lines().rfind(|line| line.starts_with("showup: "));
    match output.status.code() {
        Some(0) => Ok(said.lines().last().unwrap_or_default().to_owned()),
        Some(1) => Err(complaint
            .unwrap_or_else(|| panic!("{args:?} failed without a sentence: {log}"))
            .to_owned()),
        other => panic!("{args:?} ended with {other:?}: {log}"),
    }
}

async fn database(it: &Installation) -> Db {
    Db::connect(&it.db.url).await.expect("opens")
}

/// Changes one row, as somebody at a database's prompt would.
async fn by_hand(it: &Installation, sql: &str) {
    let db = database(it).await;
    let done = db.connection().execute_unprepared(sql).await.expect("the statement works");
    assert_eq!(done.rows_affected(), 1, "{sql}");
    db.close().await;
}

#[rstest]
#[tokio::test]
async fn a_whole_ledger_is_counted_and_one_that_was_changed_by_hand_is_named(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let it = Installation::new(backend).await;
    // Another business, whose ledger is empty, and whole.
    let garage = ["create-business", "--name", "Corner Garage", "--email", "gus@x.test"];
    assert_eq!(admin(&it, &garage).await, Ok("corner-garage".to_owned()));
    let showup = it.start("serve", free_port()).await;
    for n in 0..3 {
        it.contact(&showup.url, &format!("+1415555{:04}", 1_000 + n)).await;
    }
    let whole: Result<String, String> = Ok("The consent ledger is whole: 3 rows checked.".to_owned());
    assert_eq!(admin(&it, &["verify-ledger"]).await, whole, "beside a server at work");
    drop(showup);
    assert_eq!(admin(&it, &["verify-ledger"]).await, whole);
    let hands = [
        (
            "UPDATE consent_event SET evidence = 'never said that' WHERE seq = 2",
            "was changed",
        ),
        ("DELETE FROM consent_event WHERE seq = 2", "is missing"),
    ];
    for (sql, what) in hands {
        by_hand(&it, sql).await;
        let broken = format!("showup: The consent ledger of bright-dental is broken: row 2 {what}.");
        assert_eq!(admin(&it, &["verify-ledger"]).await, Err(broken));
    }
}

#[rstest]
#[tokio::test]
async fn a_price_is_set_or_refused_in_a_sentence(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let it = Installation::new(backend).await;
    let set = async |country: &str, dollars: &str| admin(&it, &["set-price", "--country", country, "--dollars", dollars]).await;
    let said = "A text part to US is estimated at $0.0085 from now on.";
    assert_eq!(set("us", "0.0085").await, Ok(said.to_owned()));
    let refused = [
        ("us", "a lot", "showup: a price is a number of dollars like 0.0079"),
        (
            "us",
            "11",
            "showup: A price is a country like US and 0 to 10 dollars a segment.",
        ),
        (
            "Sweden",
            "0.01",
            "showup: A price is a country like US and 0 to 10 dollars a segment.",
        ),
    ];
    for (country, dollars, why) in refused {
        assert_eq!(set(country, dollars).await, Err(why.to_owned()), "{country} {dollars}");
    }
    let db = database(&it).await;
    let prices = price::Entity::find().all(db.connection()).await.expect("prices");
    let prices: Vec<(&str, i64)> = prices.iter().map(|p| (p.country.as_str(), p.micros)).collect();
    assert_eq!(prices, [("US", 8_500)], "what was refused has changed nothing");
}

#[rstest]
#[tokio::test]
async fn a_pace_is_set_or_refused_in_a_sentence(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let it = Installation::new(backend).await;
    let set = async |number: &str, pace: &str| admin(&it, &["set-rate", "--number", number, "--per-second", pace]).await;
    let said = format!("{NUMBER} sends 30 text parts a second from now on.");
    assert_eq!(set(NUMBER, "30").await, Ok(said));
    let refused = [
        (NUMBER, "0", "showup: A number sends 1 to 1,000 text parts a second."),
        (NUMBER, "1001", "showup: A number sends 1 to 1,000 text parts a second."),
        ("+15005550019", "5", "showup: No business has this number."),
    ];
    for (number, pace, why) in refused {
        assert_eq!(set(number, pace).await, Err(why.to_owned()), "{number} {pace}");
    }
    let db = database(&it).await;
    let row = number::Entity::find()
        .filter(number::Column::Phone.eq(NUMBER))
        .one(db.connection())
        .await
        .expect("answers");
    assert_eq!(
        row.and_then(|n| n.per_second),
        Some(30),
        "what was refused has changed nothing"
    );
}

/// The token comes by a pipe, is checked at Twilio, and a server at work hears of it.
#[rstest]
#[tokio::test]
async fn a_business_gets_a_twilio_account_of_its_own_while_showup_runs(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    const OWN: &str = "AC11111111111111111111111111111111";
    const TOKEN: &str = "a-tenants-own-token";
    let it = Installation::new(backend).await;
    let showup = it.start("serve", free_port()).await;
    let connect = || {
        it.admin_with_input(
            &["connect-twilio", "--business", "bright-dental", "--account-sid", OWN],
            TOKEN,
        )
    };
    let unknown = connect().await;
    let said = String::from_utf8_lossy(&unknown.stderr).into_owned();
    assert_eq!(unknown.status.code(), Some(1), "{said}");
    assert!(
        said.contains("Twilio does not know this pair") && !said.contains(TOKEN),
        "{said}"
    );

    it.sim.set_account(OWN, TOKEN);
    let done = connect().await;
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let phone = "+14155550171";
    let contact = it.contact(&showup.url, phone).await;
    let mut own = false;
    for n in 1..=10 {
        it.reply(&showup.url, &contact, &format!("Text {n}")).await;
        let sent = it.sim.wait_for(|sim| sim.sent_to(phone).count() == n, PATIENCE).await;
        sent.expect("it is sent");
        own = it.sim.sent_to(phone)[n - 1].account_sid == OWN;
        if own {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    }
    assert!(own, "texts go through their own account within seconds");
    let back = admin(&it, &["disconnect-twilio", "--business", "bright-dental"]).await;
    assert_eq!(
        back,
        Ok("Bright Dental now texts through the installation's account.".to_owned())
    );
}

#[rstest]
#[tokio::test]
async fn a_business_is_made_in_its_country_and_its_number_is_read_as_one_of_there(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let it = Installation::new(backend).await;
    let make = async |name: &str, more: &[&str]| {
        let email = format!("{name}@x.test");
        admin(
            &it,
            &[&["create-business", "--name", name, "--email", &email][..], more].concat(),
        )
        .await
    };
    assert_eq!(
        make("roma", &["--country", "it", "--number", "06 9912 3456"]).await,
        Ok("roma".to_owned())
    );
    assert_eq!(
        make("leeds", &["--time-zone", "Europe/London", "--number", "07912 345678"]).await,
        Ok("leeds".to_owned())
    );
    assert_eq!(
        make("lagos", &["--number", "+234 802 123 4567"]).await,
        Ok("lagos".to_owned())
    );
    assert_eq!(make("nowhere", &[]).await, Ok("nowhere".to_owned()));
    let refused = make("italy", &["--country", "Italy"]).await.expect_err("refused");
    assert!(refused.contains("Give two letters like IT"), "{refused}");
    let refused = make("unclear", &["--number", "06 9912 3456"]).await.expect_err("refused");
    assert!(refused.contains("Start with + and the country code"), "{refused}");
    let db = database(&it).await;
    let mut made = Vec::new();
    for business in entity::businesses::business::Entity::find()
        .all(db.connection())
        .await
        .expect("businesses")
    {
        let numbers = number::Entity::find().filter(number::Column::BusinessId.eq(business.id));
        let phone = numbers.one(db.connection()).await.expect("answers").map(|n| n.phone);
        made.push((business.slug, business.country, phone.unwrap_or_default()));
    }
    made.retain(|(slug, ..)| slug != "bright-dental");
    made.sort();
    let made: Vec<(&str, &str, &str)> = made.iter().map(|(s, c, p)| (s.as_str(), c.as_str(), p.as_str())).collect();
    let right = [
        ("lagos", "NG", "+2348021234567"),
        ("leeds", "GB", "+447912345678"),
        ("nowhere", "", ""),
        ("roma", "IT", "+390699123456"),
    ];
    assert_eq!(made, right);
}

/// What `showup doctor` exits with, and what it says.
async fn doctor(it: &Installation, args: &[&str]) -> (Option<i32>, String) {
    doctor_at(it, free_port(), args).await
}

/// The same where a server listens at this port, which is its public address.
async fn doctor_at(it: &Installation, port: u16, args: &[&str]) -> (Option<i32>, String) {
    let output = it.try_to_run(&[&["doctor"][..], args].concat(), port).await;
    (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
}

/// What it looked at, and how each of these stands; what is not in order says what to do.
fn looked(said: &str) -> Vec<(String, String)> {
    let checks: Vec<serde_json::Value> = serde_json::from_str(said).unwrap_or_else(|e| panic!("{e}: {said}"));
    let word = |check: &serde_json::Value, name: &str| check[name].as_str().expect("a word").to_owned();
    let wrong = checks.iter().filter(|c| c["status"] != "ok");
    assert!(
        wrong.clone().all(|c| c["fix"].is_string()) && checks.iter().all(|c| c["detail"].is_string()),
        "{said}"
    );
    checks.iter().map(|c| (word(c, "name"), word(c, "status"))).collect()
}

/// Beside a running server, too, and without changing anything.
#[rstest]
#[tokio::test]
async fn the_doctor_says_what_is_in_order_and_what_to_do_where_it_is_not(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let mut it = Installation::new(backend).await;
    let port = free_port();
    let showup = it.start("serve", port).await;
    let (code, said) = doctor_at(&it, port, &["--json"]).await;
    let all = [
        "configuration",
        "database",
        "secret key",
        "disk",
        "clock",
        "time zone data",
        "public address",
        "reach",
        "live stream",
        "signed webhook",
        "Twilio",
        "e-mail",
        "push",
        "queue",
        "reminders",
        "breakers",
        "consent ledger",
    ];
    // A server of another machine has its own disk.
    let all = all
        .into_iter()
        .filter(|name| *name != "disk" || matches!(backend, Backend::Sqlite));
    let all: Vec<String> = all.map(str::to_owned).collect();
    let ok = |name: &String| (name.clone(), if name == "public address" { "warn" } else { "ok" }.to_owned());
    // The zone data that is built in grows old one day.
    let young = |(name, status): (String, String)| {
        (
            if name == "time zone data" {
                "ok".to_owned()
            } else {
                status.clone()
            },
            name,
        )
    };
    let expected: Vec<_> = all.iter().map(ok).map(young).collect();
    let seen: Vec<_> = looked(&said).into_iter().map(young).collect();
    assert_eq!((code, seen), (Some(1), expected), "{said}");
    assert!(said.contains(domain::zone::VERSION), "{said}");
    let (code, some) = doctor_at(&it, port, &["--json", "--run", "database,reach"]).await;
    let names: Vec<String> = looked(&some).into_iter().map(|(name, _)| name).collect();
    assert_eq!(
        (code, names),
        (Some(0), vec!["database".to_owned(), "reach".to_owned()]),
        "{some}"
    );
    let (code, said) = doctor(&it, &["--list"]).await;
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("signed webhook") && said.contains("consent ledger"), "{said}");
    let (code, _) = doctor(&it, &["--run", "databse"]).await;
    assert_eq!(code, Some(2), "a name that is none");
    drop(showup);
    let (_, said) = doctor(&it, &["--run", "reach"]).await;
    assert!(said.contains("WARN  reach: Nothing answers"), "{said}");

    by_hand(
        &it,
        "DELETE FROM seaql_migrations WHERE version = (SELECT max(version) FROM seaql_migrations)",
    )
    .await;
    let (code, said) = doctor(&it, &[]).await;
    assert_eq!(code, Some(1), "{said}");
    assert!(
        said.contains("WARN  database: It lacks 1 migrations") && said.contains("showup migrate"),
        "{said}"
    );

    assert_eq!(it.sim.mails(), [], "it only asks");
    it.smtp_url = String::new();
    let (_, said) = doctor(&it, &[]).await;
    assert!(
        said.contains("WARN  e-mail: There is no mail server.") && said.contains("Set SMTP_URL"),
        "{said}"
    );
    it.smtp_url = "smtp://127.0.0.1:9".to_owned();
    let (code, said) = doctor(&it, &[]).await;
    assert_eq!(code, Some(2), "{said}");
    assert!(
        said.contains("FAIL  e-mail: 127.0.0.1:9: The mail server can't be reached."),
        "{said}"
    );
    it.smtp_url = "http://showup:hidden@127.0.0.1:9".to_owned();
    let (code, said) = doctor(&it, &[]).await;
    assert_eq!(code, Some(2), "{said}");
    assert!(
        said.contains("FAIL  e-mail: SMTP_URL: ") && !said.contains("hidden"),
        "{said}"
    );
    let serve = it.try_to_run(&["serve"], free_port()).await;
    let said = String::from_utf8_lossy(&serve.stderr).into_owned();
    assert!(
        !serve.status.success() && said.contains("SMTP_URL: ") && !said.contains("hidden"),
        "{said}"
    );
    it.smtp_url = it.sim.smtp_url();

    it.sim.close_account(it.sim.account_sid());
    let (code, said) = doctor(&it, &[]).await;
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("FAIL  Twilio: "), "{said}");
}

#[rstest]
#[tokio::test]
async fn a_request_for_a_number_is_granted_once_or_turned_down(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let it = Installation::new(backend).await;
    let wish = "INSERT INTO number_request (id, business_id, country, reason, status, asked_by, created_at, updated_at) \
                SELECT id, id, 'US', 'For uptown', 'requested', 'Olga', created_at, created_at FROM business WHERE slug = 'bright-dental'";
    by_hand(&it, wish).await;
    let db = database(&it).await;
    let asked = entity::numbers::number_request::Entity::find().one(db.connection()).await;
    let id = asked.expect("rows").expect("the request").id.to_string();
    db.close().await;
    let approve = async |how: &str, phone: &str| admin(&it, &["approve-number", "--request", &id, how, phone]).await;
    assert!(approve("--owned", "nothing").await.is_err());
    let done: Result<String, String> = Ok("+14155550109 is the business's now.".to_owned());
    assert_eq!(approve("--owned", "+14155550109").await, done);
    assert_eq!(approve("--owned", "+14155550109").await, done, "repeating it is harmless");
    let other = approve("--buy", "+14155551000").await.expect_err("it has one");
    assert!(other.contains("has a number already"), "{other}");
    let no = admin(&it, &["reject-number", "--request", &id, "--why", "No budget"])
        .await
        .expect_err("too late");
    assert!(no.contains("has its number already"), "{no}");
    let added = [
        "add-number",
        "--business",
        "bright-dental",
        "--number",
        "whatsapp:+14155550188",
    ];
    assert_eq!(
        admin(&it, &added).await,
        Ok("Bright Dental now has the WhatsApp sender whatsapp:+14155550188".to_owned())
    );
}

/// What somebody attaches to a question: everything that helps, and nothing that is anybody's.
#[tokio::test]
async fn a_bundle_of_the_doctor_gives_nothing_away() {
    let mut it = Installation::new(Backend::Sqlite).await;
    it.smtp_url = "smtp://mailer:tr0ub4dor-and-three@127.0.0.1:9".to_owned();
    let (own, token) = ("AC11111111111111111111111111111111", "the-token-of-a-business");
    it.sim.set_account(own, token);
    let connect = ["connect-twilio", "--business", "bright-dental", "--account-sid", own];
    let connected = it.admin_with_input(&connect, &format!("{token}\n")).await;
    assert!(connected.status.success(), "{}", String::from_utf8_lossy(&connected.stderr));
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("bundle.json");
    let (code, _) = doctor(&it, &["--bundle", file.to_str().expect("a path")]).await;
    assert_eq!(code, Some(2), "the mail server is not there");
    let bundle = std::fs::read_to_string(&file).expect("a bundle");
    let json: serde_json::Value = serde_json::from_str(&bundle).expect("JSON");
    assert!(json["checks"].as_array().is_some_and(|checks| checks.len() > 10), "{bundle}");
    assert_eq!(json["counted_up_to_1000"]["businesses"], 1, "{bundle}");
    for secret in [
        testkit::SECRET,
        it.sim.auth_token(),
        token,
        "tr0ub4dor-and-three",
        "mailer",
        NUMBER,
        "@x.test",
    ] {
        assert!(!bundle.contains(secret), "{secret}: {bundle}");
    }
}

#[rstest]
#[tokio::test]
async fn counters_that_are_wrong_are_named_and_put_right(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let it = Installation::new(backend).await;
    let right: Result<String, String> = Ok("bright-dental: every counter agrees with its rows.".to_owned());
    assert_eq!(admin(&it, &["recount"]).await, right);
    by_hand(
        &it,
        "INSERT INTO counter_quarter (business_id, quarter, what, sort, place, type_id, channel, template, n) \
         SELECT id, 2000000, 'sent', '', id, id, 'sms', 'reply', 5 FROM business",
    )
    .await;
    let looked: Result<String, String> = Ok("bright-dental: 1 counters differ; nothing was changed.".to_owned());
    assert_eq!(admin(&it, &["recount", "--dry-run"]).await, looked);
    assert_eq!(
        admin(&it, &["recount", "--dry-run", "--business", "bright-dental"]).await,
        looked
    );
    let nobody = admin(&it, &["recount", "--business", "nobody"])
        .await
        .expect_err("there is none");
    assert!(nobody.contains("There is no such business."), "{nobody}");
    let repaired: Result<String, String> = Ok("bright-dental: 1 counters differed and are right now.".to_owned());
    assert_eq!(admin(&it, &["recount"]).await, repaired);
    assert_eq!(admin(&it, &["recount"]).await, right);
}
