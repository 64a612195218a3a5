//! Mail to staff: stored first, handed over at most once, to the owners and admins of the business concerned and to nobody else.

mod told;

use std::time::Duration as StdDuration;

use chrono::Duration;
use contract::{Code, accounts::Role, mails::MailView};
use entity::{accounts::member as membership, businesses::business, mails::mail};
use rstest::rstest;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, sea_query::Expr};
use services::{Actor, Services, jobs, mails, pages};
use testkit::{Backend, Fault, FaultKind, World, member};

const OLGA: &str = "olga@x.test";
const ADAM: &str = "adam@x.test";
const SAM: &str = "sam@x.test";
const PASSWORD: &str = "a long password";

async fn olga(w: &World) -> Actor {
    member(&w.s, w.owner.business_id, Role::Owner, OLGA, PASSWORD).await
}

/// As they stand in the settings, newest first.
async fn shown(w: &World, actor: &Actor) -> Vec<MailView> {
    pages::settings::email(&w.s, actor).await.expect("the settings").mails
}

async fn state(w: &World, actor: &Actor) -> String {
    shown(w, actor).await.remove(0).state
}

async fn rows(w: &World) -> Vec<mail::Model> {
    mail::Entity::find()
        .order_by_asc(mail::Column::CreatedAt)
        .all(w.s.db().connection())
        .await
        .expect("mails")
}

async fn ask(w: &World, actor: &Actor) {
    mails::send_test(&w.s, actor).await.expect("stored");
}

fn subjects(w: &World, to: &str) -> Vec<String> {
    w.sim.mails_to(to).into_iter().map(|mail| mail.subject).collect()
}

/// Twilio refuses our credentials, or takes them again.
async fn trouble(w: &World) {
    w.sim.set_fault(Fault {
        code: Some(20003),
        ..Fault::new(FaultKind::Refuse)
    });
    // Somebody new each time, for a minute is a minute.
    let phone = format!("+1415555{:04}", w.clock.now().timestamp() / 60 % 10_000);
    let ann = Box::pin(w.contact("Ann", &phone)).await;
    w.reply(&ann, "Hello").await.expect("queued");
    w.work().await;
}

async fn recovery(w: &World) {
    w.clock.advance(Duration::minutes(6));
    w.work().await;
}

#[rstest]
#[tokio::test]
async fn a_mail_is_stored_first_and_handed_over_once(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let olga = olga(&w).await;
    ask(&w, &olga).await;
    assert_eq!(
        (rows(&w).await.len(), w.sim.mails().len()),
        (1, 0),
        "a row before anything is sent"
    );
    assert_eq!(state(&w, &olga).await, "Waiting to be handed over.");
    // However many look at it.
    let other = w.another_process().await;
    let both = futures_join(&w.s, &other).await;
    w.post().await;
    assert_eq!((both, w.sim.mails_to(OLGA).len()), (1, 1));
    assert_eq!(state(&w, &olga).await, "Handed over to the mail server.");
    let mail = w.sim.mails().remove(0);
    let row = rows(&w).await.remove(0);
    assert_eq!(mail.header("message-id"), Some(format!("<{}@showup.test>", row.id).as_str()));
    let (text, html) = (mail.text.unwrap_or_default(), mail.html.unwrap_or_default());
    for part in [text, html] {
        assert!(
            part.contains("Hello Sam Staff,") && part.contains("http://showup.test/settings"),
            "{part}"
        );
    }
    // Nothing of it can be read in the database.
    assert!(
        !format!("{row:?}").contains("x.test") && !format!("{row:?}").contains("test mail"),
        "{row:?}"
    );
}

/// Two processes at once; how many mails they saw to.
async fn futures_join(a: &Services, b: &Services) -> usize {
    let (a, b) = tokio::join!(mails::send_some(a), mails::send_some(b));
    a.expect("works") + b.expect("works")
}

#[rstest]
#[case(FaultKind::MailUnanswered, 1)]
#[case(FaultKind::MailCut, 0)]
#[tokio::test]
async fn what_is_not_known_is_never_sent_again(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[case] fault: FaultKind,
    #[case] arrived: usize,
) {
    let w = World::new(backend).await;
    let olga = olga(&w).await;
    ask(&w, &olga).await;
    w.sim.set_fault(Fault::new(fault));
    w.post().await;
    for _ in 0..30 {
        w.clock.advance(Duration::hours(1));
        mails::tick(&w.s).await.expect("looked");
        w.post().await;
    }
    assert_eq!(w.sim.mails().len(), arrived);
    let said = state(&w, &olga).await;
    assert!(
        said.starts_with("Not known whether it arrived.") && said.ends_with("It is not sent again by itself."),
        "{said}"
    );
}

#[rstest]
#[tokio::test]
async fn what_was_provably_not_taken_is_tried_again_with_growing_pauses(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let olga = olga(&w).await;
    ask(&w, &olga).await;
    w.sim.set_fault(Fault {
        code: Some(451),
        ..Fault::new(FaultKind::MailRefuse)
    });
    w.post().await;
    let said = state(&w, &olga).await;
    assert!(
        said.starts_with("Not taken yet.") && said.ends_with("Next try today at 10:01 AM."),
        "{said}"
    );
    w.clock.advance(Duration::seconds(59));
    w.post().await;
    assert_eq!(w.sim.mails().len(), 0, "not before its time");
    w.sim.set_fault(Fault::new(FaultKind::MailBusy));
    w.clock.advance(Duration::seconds(1));
    w.post().await;
    assert!(state(&w, &olga).await.ends_with("Next try today at 10:06 AM."));
    w.clock.advance(Duration::minutes(5));
    w.post().await;
    assert_eq!(w.sim.mails_to(OLGA).len(), 1);
    assert_eq!(rows(&w).await[0].attempts, 3);
}

#[rstest]
#[tokio::test]
async fn after_a_day_it_is_given_up_and_says_why(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let olga = olga(&w).await;
    ask(&w, &olga).await;
    w.sim.set_fault(Fault::new(FaultKind::MailBusy).count(1000));
    for _ in 0..30 {
        w.post().await;
        w.clock.advance(Duration::hours(1));
    }
    let said = state(&w, &olga).await;
    assert!(
        said.starts_with("Failed. Given up after a day. The mail server has no time for us"),
        "{said}"
    );
    let tries = rows(&w).await[0].attempts;
    assert!((6..=9).contains(&tries), "{tries}");
    // One that nobody was there to send is no news either.
    w.clock.advance(Duration::minutes(5));
    ask(&w, &olga).await;
    let alone = w.process_with_mail(None).await;
    w.clock.advance(Duration::hours(25));
    while mails::send_some(&alone).await.expect("looked") > 0 {}
    assert_eq!(
        state(&w, &olga).await,
        "Failed. Given up after a day. Nobody was there to hand it over."
    );
}

#[rstest]
#[tokio::test]
async fn a_refusal_stands_and_says_why(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let olga = olga(&w).await;
    ask(&w, &olga).await;
    w.sim.set_fault(Fault::new(FaultKind::MailRefuse));
    w.post().await;
    w.clock.advance(Duration::hours(2));
    w.post().await;
    let mail = shown(&w, &olga).await.remove(0);
    assert!(
        mail.failed && mail.state.starts_with("Failed. There is no such address"),
        "{mail:?}"
    );
    assert_eq!((w.sim.mails().len(), rows(&w).await[0].attempts), (0, 1));
}

#[rstest]
#[tokio::test]
async fn who_died_between_claim_and_record_leaves_it_unknown(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values(true, false)] restarted: bool,
) {
    let w = World::new(backend).await;
    let olga = olga(&w).await;
    ask(&w, &olga).await;
    let doomed = w.another_process().await;
    w.sim.set_fault(Fault {
        ms: Some(600_000),
        ..Fault::new(FaultKind::MailSlow)
    });
    let call = tokio::spawn(async move { mails::send_some(&doomed).await });
    while w.sim.mails().is_empty() {
        tokio::time::sleep(StdDuration::from_millis(5)).await;
    }
    call.abort();
    mails::tick(&w.s).await.expect("looked");
    assert_eq!(state(&w, &olga).await, "Being handed over.", "its lease is not over");
    if restarted {
        assert_eq!(mails::recover(&w.s).await.expect("looked"), 1);
    } else {
        w.clock.advance(Duration::seconds(61));
        mails::tick(&w.s).await.expect("looked");
    }
    assert!(state(&w, &olga).await.starts_with("Not known whether it arrived."));
    w.clock.advance(Duration::hours(2));
    w.post().await;
    assert_eq!(w.sim.mails().len(), 1, "once");
}

#[rstest]
#[tokio::test]
async fn a_test_mail_goes_to_who_asks_once_a_minute(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let olga = olga(&w).await;
    let adam = member(&w.s, w.owner.business_id, Role::Admin, ADAM, PASSWORD).await;
    let sam = member(&w.s, w.owner.business_id, Role::Staff, SAM, PASSWORD).await;
    ask(&w, &olga).await;
    w.clock.advance(Duration::seconds(59));
    let again = mails::send_test(&w.s, &olga).await.expect_err("too soon").problem();
    assert_eq!(again.code, Code::Conflict);
    assert!(again.detail.contains("less than a minute ago"), "{}", again.detail);
    ask(&w, &adam).await;
    w.clock.advance(Duration::seconds(1));
    ask(&w, &olga).await;
    let not_his = mails::send_test(&w.s, &sam).await.expect_err("staff").problem();
    assert_eq!(not_his.code, Code::NotAllowed);
    assert_eq!(
        pages::settings::email(&w.s, &sam).await.expect_err("staff").problem().code,
        Code::NotAllowed
    );
    w.post().await;
    assert_eq!(
        (w.sim.mails_to(OLGA).len(), w.sim.mails_to(ADAM).len(), w.sim.mails().len()),
        (2, 1, 3)
    );
}

#[rstest]
#[tokio::test]
async fn without_a_mail_server_nothing_is_stored(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let mut w = World::new(backend).await;
    w.s = w.process_with_mail(None).await;
    let olga = olga(&w).await;
    let no = mails::send_test(&w.s, &olga).await.expect_err("no mail server").problem();
    assert_eq!(no.code, Code::Conflict);
    assert!(no.detail.contains("not set up"), "{}", no.detail);
    trouble(&w).await;
    recovery(&w).await;
    assert_eq!(rows(&w).await, []);
    let view = pages::settings::email(&w.s, &olga).await.expect("the settings");
    assert_eq!((view.from, view.mails), (None, Vec::new()));
}

#[rstest]
#[tokio::test]
async fn who_manages_no_more_gets_nothing_that_waits(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let olga = olga(&w).await;
    member(&w.s, w.owner.business_id, Role::Admin, ADAM, PASSWORD).await;
    trouble(&w).await;
    membership::Entity::update_many()
        .col_expr(membership::Column::Role, Expr::value(Role::Staff.as_str()))
        .filter(membership::Column::Role.eq(Role::Admin.as_str()))
        .exec(w.s.db().connection())
        .await
        .expect("changed");
    w.post().await;
    assert_eq!((w.sim.mails_to(OLGA).len(), w.sim.mails_to(ADAM).len()), (1, 0));
    let states: Vec<String> = shown(&w, &olga).await.into_iter().map(|mail| mail.state).collect();
    assert!(
        states.contains(&"Not sent. The person is no owner or admin of this business any more.".to_owned()),
        "{states:?}"
    );
}

#[rstest]
#[tokio::test]
async fn a_customers_stop_is_nothing_to_staff_with_that_address(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let olga = olga(&w).await;
    let customer = contract::contacts::CreateContact {
        name: "Olga".to_owned(),
        phone: "+14155550171".to_owned(),
        email: Some(OLGA.to_owned()),
        ..Default::default()
    };
    services::contacts::create(&w.s, &w.owner, customer).await.expect("created");
    w.text("+14155550171", "STOP").await;
    ask(&w, &olga).await;
    w.post().await;
    assert_eq!(w.sim.mails_to(OLGA).len(), 1);
}

#[rstest]
#[tokio::test]
async fn one_business_does_not_see_the_mails_of_another(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let olga = olga(&w).await;
    ask(&w, &olga).await;
    let garage = w.another_business().await;
    let adam = member(&w.s, garage.business_id, Role::Owner, ADAM, PASSWORD).await;
    assert_eq!(shown(&w, &adam).await, []);
    assert_eq!(shown(&w, &olga).await.len(), 1);
    mails::prune(&w.s).await.expect("pruned");
    assert_eq!(rows(&w).await.len(), 1);
    w.clock.advance(Duration::days(91));
    mails::prune(&w.s).await.expect("pruned");
    assert_eq!(rows(&w).await.len(), 0);
}
