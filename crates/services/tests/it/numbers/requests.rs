//! Asking for another number, and buying it: once, whatever Twilio's answer was.

use contract::{
    accounts::Role,
    numbers::{NumberRequestView, RequestNumber},
};
use entity::numbers::number;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use services::{integrations, numbers::requests};
use testkit::member;

use super::*;

const BUY: &str = "+14155551000";

fn operator() -> Actor {
    Actor {
        business_id: uuid::Uuid::nil(),
        who: Principal::Operator,
    }
}

fn wish() -> RequestNumber {
    RequestNumber {
        country: "us".to_owned(),
        area_code: Some("(415)".to_owned()),
        reason: "For the uptown office".to_owned(),
        location_id: None,
    }
}

async fn asked(w: &World) -> NumberRequestView {
    requests::ask(&w.s, &w.owner, wish()).await.expect("asked")
}

async fn see_request(w: &World, id: uuid::Uuid) -> NumberRequestView {
    requests::get(&w.s, &w.owner, id).await.expect("the request")
}

async fn buy(w: &World, id: uuid::Uuid) -> services::Result<NumberRequestView> {
    requests::approve_buying(&w.s, &operator(), id, BUY).await
}

async fn look_up(w: &World, id: uuid::Uuid) {
    jobs::perform(&w.s, Job::LookUpPurchase { request_id: id })
        .await
        .expect("looked up");
}

#[rstest]
#[tokio::test]
async fn a_number_is_asked_for_chosen_and_bought_with_its_address_in_one_call(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let owner = member(&w.s, w.owner.business_id, Role::Owner, "olga@x.test", "a long password").await;
    let uptown = place(&w, "Uptown", "").await;
    let cmd = RequestNumber {
        location_id: Some(uptown.id),
        ..wish()
    };
    let asked = requests::ask(&w.s, &owner, cmd).await.expect("asked");
    assert_eq!((asked.status.as_str(), asked.country.as_str()), ("requested", "US"));
    assert_eq!((asked.area_code.as_deref(), asked.phone.as_deref()), (Some("415"), None));
    let open = requests::open(&w.s, &operator()).await.expect("the queue");
    assert_eq!(
        (open[0].business.as_str(), open[0].location.as_deref()),
        ("Bright Dental", Some("Uptown"))
    );
    let shelf = requests::available(&w.s, &operator(), asked.id).await.expect("numbers");
    assert_eq!(shelf[0].phone, BUY);
    let done = buy(&w, asked.id).await.expect("bought");
    assert_eq!((done.status.as_str(), done.phone.as_deref()), ("active", Some(BUY)));
    let at_twilio = w.sim.look(|state| state.numbers.owner(BUY).cloned()).expect("owned");
    assert_eq!(at_twilio.sms_url, "http://showup.test/webhooks/twilio/inbound#rc=5&rp=all");
    assert_eq!(at_twilio.friendly_name, "Bright Dental");
    let all = numbers::list(&w.s, &owner).await.expect("numbers");
    let new = all.iter().find(|n| n.phone == BUY).expect("the new one");
    assert_eq!(
        (new.is_default, new.location_ids.as_slice()),
        (false, &[uptown.id][..]),
        "the default stays"
    );
    // Again is harmless; another number for it is not.
    buy(&w, asked.id).await.expect("nothing to do");
    let other = requests::approve_buying(&w.s, &operator(), asked.id, "+14155551001").await;
    assert_eq!(code(&other.expect_err("it has one")), Code::Conflict);
    assert_eq!(w.sim.look(|state| state.numbers.purchases()), 1);
    // Who asked hears of it.
    w.post().await;
    let mail = w.sim.mails_to("olga@x.test").pop().expect("a mail");
    assert_eq!(mail.subject, "Bright Dental: your new number is there");
    let told = services::notifications::page(&w.s, &owner, None)
        .await
        .expect("notifications")
        .page
        .data;
    assert!(
        told.iter()
            .any(|n| n.title.starts_with("Your new number is there") && n.href == "/settings/numbers")
    );
}

#[rstest]
#[case::answer_lost(FaultKind::ResetAfter)]
#[case::answer_torn(FaultKind::TornAnswer)]
#[case::error_after(FaultKind::ErrorAfter)]
#[tokio::test]
async fn an_unclear_purchase_is_looked_up_and_never_made_again(
    #[case] fault: FaultKind,
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let asked = asked(&w).await;
    w.sim.set_fault(Fault::new(fault).to(BUY));
    let done = buy(&w, asked.id).await.expect("found at once by its number");
    assert_eq!(done.phone.as_deref(), Some(BUY));
    assert_eq!(w.sim.look(|state| state.numbers.purchases()), 1);
}

#[rstest]
#[tokio::test]
async fn what_was_not_bought_after_all_is_given_back_for_another_decision(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let asked = asked(&w).await;
    w.sim.set_fault(Fault::new(FaultKind::ErrorBefore).to(BUY));
    assert_eq!(code(&buy(&w, asked.id).await.expect_err("not clear")), Code::Unavailable);
    assert_eq!(see_request(&w, asked.id).await.status, "approved");
    // Neither another number nor a no, while that is open; and asking again only looks.
    let other = requests::approve_buying(&w.s, &operator(), asked.id, "+14155551001").await;
    assert_eq!(code(&other.expect_err("one at a time")), Code::Conflict);
    let no = requests::reject(&w.s, &operator(), asked.id, "No budget").await;
    assert_eq!(code(&no.expect_err("it may be bought")), Code::Conflict);
    assert_eq!(
        code(&buy(&w, asked.id).await.expect_err("still not clear")),
        Code::Unavailable
    );
    look_up(&w, asked.id).await;
    assert_eq!(see_request(&w, asked.id).await.status, "approved");
    w.clock.advance(Duration::minutes(11));
    look_up(&w, asked.id).await;
    let back = see_request(&w, asked.id).await;
    assert_eq!((back.status.as_str(), back.phone), ("requested", None));
    assert!(back.reason.expect("why").contains("not bought"));
    assert_eq!(w.sim.look(|state| state.numbers.purchases()), 1);
    buy(&w, asked.id).await.expect("decided anew");
    assert_eq!(w.sim.look(|state| state.numbers.purchases()), 2);
}

#[rstest]
#[tokio::test]
async fn a_purchase_whose_process_ended_is_found_by_the_tick(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let asked = asked(&w).await;
    // Bought, but neither the answer nor the look afterwards came through.
    w.sim.set_fault(Fault::new(FaultKind::ErrorAfter).to(BUY));
    w.sim.set_fault(Fault::new(FaultKind::ReadRateLimit).count(1).ms(60_000));
    assert_eq!(code(&buy(&w, asked.id).await.expect_err("not clear")), Code::Unavailable);
    w.clock.advance(Duration::minutes(2));
    jobs::tick(&w.s).await.expect("looked");
    look_up(&w, asked.id).await;
    assert_eq!(see_request(&w, asked.id).await.status, "active");
    assert_eq!(w.sim.look(|state| state.numbers.purchases()), 1);
}

#[rstest]
#[case::taken(Fault::new(FaultKind::Refuse).code(21422), Code::Conflict, "not available any more")]
#[case::papers(Fault::new(FaultKind::Refuse).code(21649), Code::Conflict, "needs papers")]
#[case::too_fast(Fault::new(FaultKind::RateLimit), Code::Unavailable, "Nothing was bought")]
#[tokio::test]
async fn a_refused_purchase_says_why_and_waits_for_another_decision(
    #[case] fault: Fault,
    #[case] expected: Code,
    #[case] words: &str,
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let asked = asked(&w).await;
    w.sim.set_fault(fault.to(BUY));
    let refused = buy(&w, asked.id).await.expect_err("refused").problem();
    assert_eq!(refused.code, expected);
    assert!(refused.detail.contains(words), "{}", refused.detail);
    let back = see_request(&w, asked.id).await;
    assert_eq!(back.status, "requested");
    assert_eq!(back.reason, Some(refused.detail));
}

#[rstest]
#[tokio::test]
async fn one_number_is_bought_for_one_request_and_one_that_another_business_has_is_given_back(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let (first, second) = (asked(&w).await, asked(&w).await);
    w.sim.set_fault(Fault::new(FaultKind::ErrorBefore).to(BUY));
    assert_eq!(code(&buy(&w, first.id).await.expect_err("not clear")), Code::Unavailable);
    let refused = buy(&w, second.id).await.expect_err("it is the first's").problem();
    assert!(refused.detail.contains("another request"), "{}", refused.detail);
    assert_eq!(see_request(&w, second.id).await.status, "requested");
    // Bought after all, but somebody has given it to the garage meanwhile.
    let garage = w.another_business().await;
    numbers::assign(&w.s, garage.business_id, BUY).await.expect("the garage's");
    w.sim.own_number(w.sim.account_sid(), BUY);
    look_up(&w, first.id).await;
    let back = see_request(&w, first.id).await;
    assert_eq!((back.status.as_str(), back.phone), ("requested", None));
    assert!(back.reason.expect("why").contains("belongs to a business already"));
    requests::reject(&w.s, &operator(), first.id, "No budget")
        .await
        .expect("it can be decided");
}

#[rstest]
#[tokio::test]
async fn of_two_requests_that_are_granted_one_number_at_once_one_has_it(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let (first, second) = (asked(&w).await, asked(&w).await);
    let (one, other) = tokio::join!(buy(&w, first.id), buy(&w, second.id));
    let had = [one.is_ok(), other.is_ok()].into_iter().filter(|had| *had).count();
    assert_eq!(had, 1, "{one:?} {other:?}");
    let mut states = [
        see_request(&w, first.id).await.status,
        see_request(&w, second.id).await.status,
    ];
    states.sort_unstable();
    assert_eq!(states, ["active", "requested"], "the other one can be decided anew");
}

#[rstest]
#[tokio::test]
async fn a_purchase_in_an_account_that_is_connected_no_more_is_given_back(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let garage = garage(&w).await;
    let asked = requests::ask(&w.s, &garage, wish()).await.expect("asked");
    let see = async || requests::get(&w.s, &garage, asked.id).await.expect("the request");
    w.sim.set_fault(Fault::new(FaultKind::ErrorBefore).to(BUY));
    assert_eq!(code(&buy(&w, asked.id).await.expect_err("not clear")), Code::Unavailable);
    numbers::accounts::disconnect(&w.s, &garage).await.expect("disconnected");
    look_up(&w, asked.id).await;
    assert_eq!(see().await.status, "approved", "the account may come back");
    w.clock.advance(Duration::minutes(11));
    look_up(&w, asked.id).await;
    let back = see().await;
    assert_eq!((back.status.as_str(), back.phone), ("requested", None));
    assert!(back.reason.expect("why").contains("may have been bought there"));
}

#[rstest]
#[tokio::test]
async fn a_wrong_token_buys_nothing(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let asked = asked(&w).await;
    w.sim.set_account(w.sim.account_sid(), "another-token");
    let refused = buy(&w, asked.id).await.expect_err("refused").problem();
    assert!(refused.detail.contains("Connect it anew"), "{}", refused.detail);
    assert_eq!(see_request(&w, asked.id).await.status, "requested");
}

#[rstest]
#[tokio::test]
async fn one_that_the_account_has_is_given_or_a_no_is_said_with_a_reason(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    member(&w.s, w.owner.business_id, Role::Owner, "olga@x.test", "a long password").await;
    let (first, second) = (asked(&w).await, asked(&w).await);
    w.another_business().await;
    let taken = requests::approve_owned(&w.s, &operator(), first.id, GARAGE).await;
    assert_eq!(code(&taken.expect_err("the garage's")), Code::Conflict);
    let sid = w.sim.own_number(w.sim.account_sid(), UPTOWN).sid;
    for _ in 0..2 {
        let done = requests::approve_owned(&w.s, &operator(), first.id, UPTOWN)
            .await
            .expect("given");
        assert_eq!((done.status.as_str(), done.phone.as_deref()), ("active", Some(UPTOWN)));
    }
    let row = number::Entity::find()
        .filter(number::Column::Phone.eq(UPTOWN))
        .one(w.s.db().connection())
        .await;
    let row = row.expect("rows").expect("the number");
    assert_eq!(row.provider_sid, Some(sid));
    let no = async |why: &str| requests::reject(&w.s, &operator(), second.id, why).await;
    assert_eq!(named(&no(" ").await.expect_err("no reason").problem()), "why");
    for _ in 0..2 {
        let rejected = no("The budget is spent.").await.expect("rejected");
        assert_eq!(
            (rejected.status.as_str(), rejected.reason.as_deref()),
            ("rejected", Some("The budget is spent."))
        );
    }
    assert_eq!(code(&buy(&w, second.id).await.expect_err("rejected")), Code::Conflict);
    assert!(requests::open(&w.s, &operator()).await.expect("the queue").is_empty());
    w.post().await;
    let mails: Vec<String> = w.sim.mails_to("olga@x.test").into_iter().map(|m| m.subject).collect();
    assert_eq!(mails.len(), 2, "each is told once: {mails:?}");
}

#[rstest]
#[tokio::test]
async fn who_may_ask_and_who_may_decide(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let garage = w.another_business().await;
    let staff = member(&w.s, w.owner.business_id, Role::Staff, "sam@x.test", "a long password").await;
    let request = asked(&w).await;
    let not_asked = requests::ask(&w.s, &staff, wish()).await.expect_err("staff don't ask");
    assert_eq!(code(&not_asked), Code::NotAllowed);
    requests::get(&w.s, &staff, request.id).await.expect("staff may look");
    assert_eq!(
        code(&requests::get(&w.s, &garage, request.id).await.expect_err("another's")),
        Code::NotFound
    );
    for actor in [&w.owner, &staff, &garage] {
        let refused = [
            requests::open(&w.s, actor).await.map(drop),
            requests::available(&w.s, actor, request.id).await.map(drop),
            requests::approve_buying(&w.s, actor, request.id, BUY).await.map(drop),
            requests::approve_owned(&w.s, actor, request.id, BUY).await.map(drop),
            requests::reject(&w.s, actor, request.id, "No").await.map(drop),
        ];
        for one in refused {
            assert_eq!(code(&one.expect_err("not theirs to decide")), Code::NotAllowed);
        }
    }
    let scopes = ["numbers:read".to_owned()];
    let key = integrations::create_api_key(&w.s, &w.owner, "reads", &scopes)
        .await
        .expect("a key");
    let reads = integrations::actor(&w.s, &key, std::net::Ipv4Addr::LOCALHOST.into())
        .await
        .expect("an actor");
    numbers::list(&w.s, &reads).await.expect("it reads");
    assert_eq!(
        code(&requests::ask(&w.s, &reads, wish()).await.expect_err("no scope")),
        Code::NotAllowed
    );
}

#[rstest]
#[case::country(RequestNumber { country: "XX".to_owned(), ..wish() }, "country")]
#[case::no_country(RequestNumber { country: String::new(), ..wish() }, "country")]
#[case::area(RequestNumber { area_code: Some("41x".to_owned()), ..wish() }, "area_code")]
#[case::area_too_long(RequestNumber { area_code: Some("41555".to_owned()), ..wish() }, "area_code")]
#[case::no_reason(RequestNumber { reason: " \u{200b}".to_owned(), ..wish() }, "reason")]
#[case::long_reason(RequestNumber { reason: "x".repeat(501), ..wish() }, "reason")]
#[case::place(RequestNumber { location_id: Some(uuid::Uuid::now_v7()), ..wish() }, "location_id")]
#[tokio::test]
async fn a_request_says_what_it_needs(#[case] cmd: RequestNumber, #[case] wrong: &str) {
    let w = World::new(Backend::Sqlite).await;
    let refused = requests::ask(&w.s, &w.owner, cmd).await.expect_err("refused").problem();
    assert_eq!(named(&refused), wrong);
}

#[tokio::test]
async fn nobody_asks_without_end() {
    let w = World::new(Backend::Sqlite).await;
    for _ in 0..20 {
        asked(&w).await;
    }
    assert_eq!(
        code(&requests::ask(&w.s, &w.owner, wish()).await.expect_err("enough")),
        Code::Conflict
    );
}
