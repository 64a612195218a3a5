//! What staff see and steer: people on hold, the log, limits and budget, banners, the ledger as a file, days in numbers.

use chrono::Duration;
use contract::{
    Code,
    accounts::Role,
    businesses::{SendingView, UpdateLimits, UpdateQuietHours},
    contacts::{DecideHold, RecordConsent},
    conversations::Composer,
    messages::{LogQuery, MessageIds},
    reports::Daily,
};
use domain::consent::State;
use entity::audit::audit_event;
use rstest::rstest;
use sea_orm::{ColumnTrait, QueryFilter};
use services::{
    Actor, Error, Principal, businesses::sending, contacts, contacts::consent, conversations, outbox, pages, reports, tasks,
};
use testkit::{Backend, Fault, FaultKind, World};

const ANN: &str = "+14155550171";
const BEN: &str = "+14155550172";
const WISH: &str = "please take me off your list";

fn code(error: &Error) -> Code {
    error.problem().code
}

fn staff(w: &World) -> Actor {
    let who = match w.owner.who.clone() {
        Principal::Member { account_id, name, .. } => Principal::Member {
            account_id,
            name,
            role: Role::Staff,
        },
        other => other,
    };
    Actor {
        business_id: w.owner.business_id,
        who,
    }
}

fn bounds(budget: &str, limit: &str) -> UpdateLimits {
    UpdateLimits {
        monthly_budget: budget.to_owned(),
        hourly_limit: limit.to_owned(),
    }
}

fn hours(from: &str, until: &str) -> UpdateQuietHours {
    UpdateQuietHours {
        state_hours: false,
        quiet_start: from.to_owned(),
        quiet_end: until.to_owned(),
    }
}

async fn set(w: &World, budget: &str, limit: &str) -> SendingView {
    sending::update_limits(&w.s, &w.owner, bounds(budget, limit))
        .await
        .expect("accepted");
    pages::settings::sending(&w.s, &w.owner).await.expect("the settings")
}

async fn banners(w: &World) -> Vec<(String, bool)> {
    let all = pages::notices::list(&w.s, &w.owner).await.expect("banners");
    all.into_iter().map(|n| (n.kind, n.urgent)).collect()
}

#[rstest]
#[case::keep_texting(Backend::Sqlite, false)]
#[case::keep_texting(Backend::Postgres, false)]
#[case::opt_them_out(Backend::Sqlite, true)]
#[case::opt_them_out(Backend::Postgres, true)]
#[tokio::test]
async fn staff_decide_about_somebody_on_hold_with_their_words_in_view(#[case] backend: Backend, #[case] opt_out: bool) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    w.text(ANN, WISH).await;
    let page = pages::contact::page(&w.s, &w.owner, ann.id).await.expect("page");
    let hold = page.hold.expect("on hold");
    assert_eq!((hold.said.as_deref(), hold.since), (Some(WISH), w.clock.now()));
    let row = conversations::page(&w.s, &w.owner, Default::default())
        .await
        .expect("rows")
        .data
        .remove(0);
    assert!(row.on_hold && !row.opted_out);
    let thread = pages::thread::thread(&w.s, &w.owner, row.id, Default::default())
        .await
        .expect("thread");
    assert_eq!(thread.composer, Composer::OnHold(hold));

    // It can't be ticked off: somebody would be forgotten on hold.
    let task = w.open_tasks().await.remove(0);
    assert_eq!((task.kind.as_str(), task.kind_words()), ("opt_out", "Possible opt-out"));
    let ticked = tasks::set_done(&w.s, &w.owner, task.id, true)
        .await
        .expect_err("not yet decided");
    assert_eq!(code(&ticked), Code::Conflict);

    let cmd = DecideHold {
        contact_id: ann.id,
        opt_out,
    };
    let after = tasks::decide_hold(&w.s, &w.owner, cmd.clone()).await.expect("decided");
    let state = if opt_out { State::OptedOut } else { State::OptedIn };
    assert_eq!((after.held_since, after.consent.sms), (None, state));
    assert!(w.open_tasks().await.is_empty());
    let page = pages::contact::page(&w.s, &w.owner, ann.id).await.expect("page");
    assert_eq!(page.hold, None);
    if opt_out {
        let newest = &page.ledger[0];
        assert!(newest.evidence.contains(&format!("\"{WISH}\" (SM")), "{}", newest.evidence);
    }
    let query = contract::tasks::TaskQuery {
        status: Some("done".to_owned()),
        ..Default::default()
    };
    let done = tasks::list(&w.s, &w.owner, query).await.expect("done").data.remove(0);
    assert_eq!(done.done_by.as_deref(), Some("Olga Owner"));
    let reopened = tasks::set_done(&w.s, &w.owner, task.id, false).await.expect_err("decided");
    assert_eq!(code(&reopened), Code::Conflict);
    let again = tasks::decide_hold(&w.s, &w.owner, cmd).await.expect_err("nothing to decide");
    assert_eq!(code(&again), Code::Conflict);
}

#[rstest]
#[tokio::test]
async fn the_log_names_people_and_shows_what_waits_and_what_failed(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    w.text(BEN, "Who is this?").await;
    w.sim.set_fault(Fault::new(FaultKind::Refuse).code(21211));
    w.reply(&ann, "This fails").await.expect("queued");
    w.work().await;
    w.reply(&ann, "This waits").await.expect("queued");
    let show = async |show: &str| {
        let query = LogQuery {
            show: Some(show.to_owned()),
            ..LogQuery::default()
        };
        let page = pages::log::log(&w.s, &w.owner, query).await.expect("the log");
        page.data
            .into_iter()
            .map(|row| (row.contact_name, row.message.body))
            .collect::<Vec<_>>()
    };
    let row = |name: &str, body: &str| (name.to_owned(), body.to_owned());
    assert_eq!(show("waiting").await, [row("Ann", "This waits")]);
    assert_eq!(show("trouble").await, [row("Ann", "This fails")]);
    let all = show("").await;
    assert_eq!(all.len(), 3);
    assert!(
        all.contains(&row("(415) 555-0172", "Who is this?")),
        "known by number only: {all:?}"
    );
    let other = w.another_business().await;
    let theirs = pages::log::log(&w.s, &other, LogQuery::default()).await.expect("the log");
    assert!(theirs.data.is_empty());
    let stolen = MessageIds {
        ids: vec![w.last_message(&ann).await.id],
    };
    let acted = outbox::cancel_many(&w.s, &other, stolen).await.expect("an answer");
    assert_eq!((acted.done.len(), acted.not_done.len()), (0, 1), "of another business");
}

#[rstest]
#[tokio::test]
async fn a_higher_limit_lets_go_at_once_what_waited_for_it(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    assert_eq!(set(&w, "", "1").await.hourly_limit, 1);
    w.reply(&ann, "One").await.expect("queued");
    w.reply(&ann, "Two").await.expect("queued");
    w.work().await;
    assert_eq!(w.phone_got(ANN), ["One"]);
    let waiting = w.last_message(&ann).await;
    assert!(waiting.status_words.contains("1 texts an hour"), "{}", waiting.status_words);
    set(&w, "", "1,000").await;
    w.work().await;
    assert_eq!(w.phone_got(ANN), ["One", "Two"]);
}

#[rstest]
#[tokio::test]
async fn a_budget_warns_holds_reminders_back_and_lets_them_go_when_it_is_raised(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    // A text costs 1.2 cents until Twilio says otherwise.
    set(&w, "0.06", "100").await;
    for text in ["One", "Two", "Three", "Four"] {
        assert!(banners(&w).await.is_empty());
        w.reply(&ann, text).await.expect("queued");
        w.work().await;
    }
    assert_eq!(banners(&w).await, [("budget_alert".to_owned(), false)]);
    w.reply(&ann, "Five: replies still go out").await.expect("queued");
    w.work().await;
    assert_eq!(banners(&w).await, [("budget_used".to_owned(), true)]);
    w.appointment(&ann, 30).await;
    w.work().await;
    assert_eq!(w.phone_got(ANN).len(), 5, "the reminder waits");
    let waiting = w.last_message(&ann).await;
    assert!(waiting.status_words.contains("budget"), "{}", waiting.status_words);

    let shown = set(&w, "$1,000", "100").await;
    assert_eq!(shown.monthly_budget, Some(1_000_000_000));
    assert!(shown.spent > 30_000, "{}", shown.spent);
    w.work().await;
    assert_eq!(w.phone_got(ANN).len(), 6);
    assert!(banners(&w).await.is_empty());
    assert_eq!(
        pages::settings::sending(&w.s, &staff(&w))
            .await
            .expect("anybody may look")
            .monthly_budget,
        Some(1_000_000_000)
    );
    assert_eq!(set(&w, " ", "100").await.monthly_budget, None);
}

#[rstest]
#[tokio::test]
async fn limits_are_checked_field_by_field_and_changed_by_owners_only(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let refused = async |budget: &str, limit: &str| {
        let problem = sending::update_limits(&w.s, &w.owner, bounds(budget, limit))
            .await
            .expect_err("refused")
            .problem();
        problem.fields.into_iter().map(|f| f.field).collect::<Vec<_>>()
    };
    assert_eq!(refused("a lot", "0").await, ["monthly_budget", "hourly_limit"]);
    for budget in ["0", "-1", "12,50", "1000000.01", "0.001", "5.005"] {
        assert_eq!(refused(budget, "100").await, ["monthly_budget"], "{budget}");
    }
    for limit in ["", "100001", "-5", "1.5", "many", "99999999999999999999"] {
        assert_eq!(refused("", limit).await, ["hourly_limit"], "{limit}");
    }
    let by_staff = sending::update_limits(&w.s, &staff(&w), bounds("", "100")).await;
    assert_eq!(code(&by_staff.expect_err("staff may not")), Code::NotAllowed);
    let by_staff = sending::update_quiet_hours(&w.s, &staff(&w), hours("21:00", "08:00")).await;
    assert_eq!(code(&by_staff.expect_err("staff may not")), Code::NotAllowed);
    let on = UpdateQuietHours {
        state_hours: true,
        ..hours("21:00", "08:00")
    };
    sending::update_quiet_hours(&w.s, &w.owner, on).await.expect("accepted");
    let shown = set(&w, "", "50").await;
    assert!(
        shown.state_hours && shown.hourly_limit == 50,
        "one form leaves the other's alone"
    );
    for (start, end, wrong) in [
        ("9pm", "08:00", "quiet_start"),
        ("21:00", "24:00", "quiet_end"),
        ("21:00", "", "quiet_end"),
    ] {
        let Err(Error::Problem(problem)) = sending::update_quiet_hours(&w.s, &w.owner, hours(start, end)).await else {
            panic!("{start} to {end} is taken");
        };
        assert_eq!(problem.fields.iter().map(|f| f.field.as_str()).collect::<Vec<_>>(), [wrong]);
    }
}

/// It is 15:00 UTC, 10:00 where Ann is.
#[rstest]
#[tokio::test]
async fn reminders_keep_the_quiet_hours_that_were_set(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    w.appointment(&ann, 30).await;
    let local = w
        .clock
        .now()
        .with_timezone(&domain::zone::Zone::named("America/New_York").expect("a zone"));
    let clock = |ahead: i64| (local + Duration::hours(ahead)).format("%H:%M").to_string();
    let quiet = |from: i64, to: i64| hours(&clock(from), &clock(to));
    let set = async |cmd| {
        sending::update_quiet_hours(&w.s, &w.owner, cmd).await.expect("accepted");
        pages::settings::sending(&w.s, &w.owner).await.expect("the settings")
    };
    let shown = set(quiet(-1, 2)).await;
    assert_eq!(shown.quiet_end, (local + Duration::hours(2)).format("%H:%M").to_string());
    w.work().await;
    assert!(w.phone_got(ANN).is_empty(), "quiet now");
    set(quiet(3, 5)).await;
    w.clock.advance(Duration::hours(2));
    w.work().await;
    assert_eq!(w.phone_got(ANN).len(), 1, "not quiet any more");
}

#[rstest]
#[tokio::test]
async fn refused_credentials_are_a_banner_until_texts_go_again(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    w.sim.set_fault(Fault::new(FaultKind::Refuse).code(20003));
    w.reply(&ann, "Hello").await.expect("queued");
    w.work().await;
    assert_eq!(banners(&w).await, [("account_breaker".to_owned(), true)]);
    w.clock.advance(Duration::minutes(6));
    w.work().await;
    assert_eq!(w.phone_got(ANN), ["Hello"]);
    assert!(banners(&w).await.is_empty());
}

#[rstest]
#[tokio::test]
async fn the_whole_ledger_of_a_person_can_be_taken_away_and_that_is_written_down(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let ann = w.contact("Ann", ANN).await;
    w.contact("Ben", BEN).await;
    for n in 0..110 {
        let cmd = RecordConsent {
            contact_id: ann.id,
            state: State::OptedIn,
            evidence: format!("Said so, {n}"),
        };
        contacts::record_consent(&w.s, &w.owner, cmd).await.expect("recorded");
    }
    let rows = consent::export(&w.s, &w.owner, ann.id).await.expect("the ledger");
    assert_eq!(rows.len(), 111);
    assert!(rows.is_sorted_by_key(|row| row.seq));
    assert_eq!(
        (rows[0].source.as_str(), rows[110].evidence.as_str()),
        ("booking", "Said so, 109")
    );
    assert_eq!(rows[110].prev_hash, rows[109].hash, "a chain");
    assert_eq!(rows[1].seq, 3, "Ben's row lies between");
    let audit = audit_event::Entity::in_business(w.owner.business_id)
        .filter(audit_event::Column::Action.eq("contact.consent_exported"))
        .all(w.s.db().connection())
        .await
        .expect("the trail");
    assert_eq!(audit.iter().map(|a| a.entity_id).collect::<Vec<_>>(), [ann.id]);
    let other = w.another_business().await;
    let theirs = consent::export(&w.s, &other, ann.id).await.expect_err("not theirs");
    assert_eq!(code(&theirs), Code::NotFound);
}

#[rstest]
#[tokio::test]
async fn recent_days_are_all_there_oldest_first(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    w.text(ANN, "Hello").await;
    w.clock.advance(Duration::days(2));
    w.text(ANN, "STOP").await;
    let days = reports::recent(&w.s, &w.owner, 14).await.expect("days");
    let seen: Vec<_> = days.iter().map(|d| d.day.as_str()).collect();
    assert_eq!((seen.len(), seen[0], seen[13]), (14, "2026-12-24", "2027-01-06"));
    assert_eq!((days[11].received, days[13].received, days[13].opted_out), (1, 1, 1));
    let nothing = Daily {
        day: "2027-01-05".to_owned(),
        ..Daily::default()
    };
    assert_eq!(days[12], nothing);
}

/// Texas: not before noon on a Sunday.
#[rstest]
#[case(Backend::Sqlite)]
#[case(Backend::Postgres)]
#[tokio::test]
async fn where_a_business_wants_it_reminders_keep_to_the_hours_of_the_customers_state(
    #[case] backend: Backend,
    #[values(true, false)] wanted: bool,
) {
    let w = World::new(backend).await;
    let sunday_at_ten_in_texas = "2027-01-10T16:00:00Z".parse().expect("a moment");
    w.clock.set(sunday_at_ten_in_texas);
    let cmd = UpdateQuietHours {
        state_hours: wanted,
        ..hours("21:00", "08:00")
    };
    sending::update_quiet_hours(&w.s, &w.owner, cmd).await.expect("accepted");
    let tex = w.contact("Tex", "+12145550142").await;
    w.appointment(&tex, 30).await;
    w.work().await;
    assert_eq!(w.phone_got("+12145550142").len(), usize::from(!wanted));
    w.clock.advance(Duration::hours(2) + Duration::minutes(1));
    w.work().await;
    assert_eq!(w.phone_got("+12145550142").len(), 1);
}
