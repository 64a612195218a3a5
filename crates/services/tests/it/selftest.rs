//! The go-live self-test: read at the simulated Twilio, kept, run again at night, and nothing is held back by it. Our own door is closed here;
//! that it is found open is for the tests of the doors.

use chrono::Duration;
use contract::{Code, accounts::Role};
use domain::selftest::{Line, Status};
use rstest::rstest;
use services::{jobs, pages, queue::Job, selftest};
use testkit::{Backend, NUMBER, World};
use twilio_sim::{LookedAt, LookedNumber, LookedService};

const ANN: &str = "+14155550171";
const OURS: &str = "http://showup.test/webhooks/twilio/inbound#rc=5&rp=all";

async fn run(w: &World) -> Vec<Line> {
    let begun = selftest::run_now(&w.s, &w.owner).await.expect("begun");
    assert!(begun.running);
    let business_id = w.owner.business_id;
    jobs::perform(&w.s, Job::SelfTest { business_id }).await.expect("tested");
    let view = selftest::view(&w.s, &w.owner).await.expect("a view");
    assert!(!view.running && view.finished_at == Some(w.clock.now()), "{view:?}");
    view.lines
}

fn status(lines: &[Line], key: &str) -> Status {
    let line = lines
        .iter()
        .find(|line| line.key == key || line.key.starts_with(&format!("{key}:")));
    line.unwrap_or_else(|| panic!("no line {key}: {lines:?}")).status
}

/// Nothing is wrong at Twilio.
fn in_order() -> LookedAt {
    let mut look = LookedAt::default();
    let number = LookedNumber {
        sms_url: Some(OURS.to_owned()),
        ..LookedNumber::default()
    };
    look.numbers.insert(NUMBER.to_owned(), number);
    look
}

#[rstest]
#[tokio::test]
async fn what_is_wrong_at_twilio_is_a_line_each(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    w.sim.own_number(w.sim.account_sid(), NUMBER);
    w.sim.set_look(in_order());
    let lines = run(&w).await;
    for key in ["account", "number", "inbound", "service", "balance", "geo", "clock", "alerts"] {
        assert_eq!(status(&lines, key), Status::Ok, "{key}: {lines:?}");
    }
    // Nobody listens at the address of these tests.
    assert_eq!(status(&lines, "reach"), Status::Fail);

    let wrong = |change: fn(&mut LookedAt)| {
        let mut look = in_order();
        change(&mut look);
        look
    };
    for (look, key, expected) in [
        (wrong(|l| l.status = Some("suspended".into())), "account", Status::Fail),
        (wrong(|l| l.kind = Some("Trial".into())), "account", Status::Warn),
        (wrong(|l| l.missing = vec![NUMBER.into()]), "number", Status::Fail),
        (wrong(|l| l.balance = Some("1.50".into())), "balance", Status::Warn),
        (wrong(|l| l.balance = Some(String::new())), "balance", Status::Skipped),
        (wrong(|l| l.closed_countries = vec!["US".into()]), "geo", Status::Fail),
        (wrong(|l| l.ahead_seconds = 90), "clock", Status::Warn),
        (
            wrong(|l| l.alerts = vec![("11200".into(), OURS.into())]),
            "alerts",
            Status::Warn,
        ),
        (
            wrong(|l| l.alerts = vec![("11200".into(), "https://else.example/x".into())]),
            "alerts",
            Status::Ok,
        ),
        (
            wrong(|l| l.numbers.get_mut(NUMBER).expect("ours").voice_only = true),
            "number",
            Status::Fail,
        ),
        (
            wrong(|l| l.numbers.get_mut(NUMBER).expect("ours").sms_method = Some("GET".into())),
            "inbound",
            Status::Fail,
        ),
        (
            wrong(|l| l.numbers.get_mut(NUMBER).expect("ours").sms_url = Some("https://demo.twilio.com/".into())),
            "inbound",
            Status::Fail,
        ),
        (
            wrong(|l| {
                l.services = vec![LookedService {
                    name: "Reminders".into(),
                    phones: vec![NUMBER.into()],
                    ..LookedService::default()
                }];
            }),
            "inbound",
            Status::Fail,
        ),
    ] {
        w.sim.set_look(look);
        let lines = run(&w).await;
        assert_eq!(status(&lines, key), expected, "{key}: {lines:?}");
    }

    w.sim.close_account(w.sim.account_sid());
    let lines = run(&w).await;
    assert_eq!(status(&lines, "account"), Status::Fail);
    assert_eq!(
        status(&lines, "number"),
        Status::Skipped,
        "who is not known is not asked further"
    );
}

#[rstest]
#[tokio::test]
async fn it_is_kept_and_a_banner_and_holds_nothing_back(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let banners = async || {
        let all = pages::notices::list(&w.s, &w.owner).await.expect("banners");
        all.into_iter().filter(|notice| notice.kind == "self_test").count()
    };
    assert_eq!(banners().await, 0, "what was not tested says nothing");
    let mut look = in_order();
    look.missing = vec![NUMBER.to_owned()];
    w.sim.set_look(look);
    run(&w).await;
    assert_eq!(banners().await, 1);
    let ann = w.contact("Ann", ANN).await;
    w.appointment(&ann, 30).await;
    w.reply(&ann, "See you").await.expect("taken");
    w.work().await;
    assert_eq!(w.phone_got(ANN).len(), 2, "the reminder and the reply leave");

    let staff = testkit::member(&w.s, w.owner.business_id, Role::Staff, "sam@x.test", "sam's password").await;
    assert!(!selftest::view(&w.s, &staff).await.expect("may be read").may_run);
    let refused = selftest::run_now(&w.s, &staff).await.expect_err("not for staff");
    assert_eq!(refused.problem().code, Code::NotAllowed);
    let garage = w.another_business().await;
    assert!(selftest::view(&w.s, &garage).await.expect("theirs").lines.is_empty());
}

#[rstest]
#[tokio::test]
async fn it_runs_again_at_night_once(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    w.another_business().await;
    selftest::enrol(&w.s).await.expect("enrolled");
    selftest::enrol(&w.s).await.expect("twice is once");
    let view = selftest::view(&w.s, &w.owner).await.expect("a view");
    let night = view.next_at.expect("a night");
    // One to five in the morning in New York.
    assert!(
        night > w.clock.now() && night - w.clock.now() < Duration::hours(24),
        "{night}"
    );
    jobs::tick(&w.s).await.expect("a tick");
    assert!(!selftest::view(&w.s, &w.owner).await.expect("a view").running, "it is day");
    w.clock.set(night);
    jobs::tick(&w.s).await.expect("a tick");
    let view = selftest::view(&w.s, &w.owner).await.expect("a view");
    assert!(view.running, "{view:?}");
    assert_eq!(view.next_at, Some(night + Duration::days(1)));
    let business_id = w.owner.business_id;
    jobs::perform(&w.s, Job::SelfTest { business_id }).await.expect("tested");
    let first = selftest::view(&w.s, &w.owner).await.expect("a view");
    w.clock.advance(Duration::minutes(1));
    jobs::perform(&w.s, Job::SelfTest { business_id }).await.expect("twice");
    let again = selftest::view(&w.s, &w.owner).await.expect("a view");
    assert_eq!(again.finished_at, first.finished_at, "a job that comes twice does nothing");
}

#[rstest]
#[tokio::test]
async fn whatsapp_has_its_lines_where_the_business_is_on_it(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    w.sim.own_number(w.sim.account_sid(), NUMBER);
    w.sim.set_look(in_order());
    let lines = run(&w).await;
    assert!(
        lines
            .iter()
            .all(|line| !line.key.starts_with("whatsapp") && !line.key.starts_with("template"))
    );

    let w = crate::whatsapp::world(backend).await;
    let lines = run(&w).await;
    assert_eq!(status(&lines, "whatsapp"), Status::Ok);
    assert_eq!(
        status(&lines, "template:reminder"),
        Status::Warn,
        "nothing was handed in: {lines:?}"
    );
    let twin = services::twins::submit(&w.s, &w.owner, "reminder", "en")
        .await
        .expect("handed in");
    assert_eq!(
        status(&run(&w).await, "template:reminder"),
        Status::Skipped,
        "WhatsApp looks at it"
    );
    w.clock.advance(Duration::minutes(10));
    let template_id = twin.id.expect("it was handed in");
    jobs::perform(&w.s, Job::CheckTwin { template_id }).await.expect("looked at");
    let lines = run(&w).await;
    assert_eq!(status(&lines, "template:reminder"), Status::Ok, "{lines:?}");
    assert_eq!(status(&lines, "template:moved"), Status::Warn);
}
