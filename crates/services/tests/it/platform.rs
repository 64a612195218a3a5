//! Who runs the installation: suspending a business, and looking into one.

use contract::{Code, contacts::ContactQuery, messages::SendMessage, tasks::CreateTask};
use entity::{audit::audit_event, platform::platform_look};
use rstest::rstest;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter, Set};
use services::{
    Actor, Principal, accounts, appointments, businesses, contacts, conversations, messages, outbox, pages, platform, setup,
    tasks,
};
use testkit::{Backend, World};

const ANN: &str = "+14155550171";
const BEN: &str = "+14155550172";

/// Ada runs the installation and belongs to no business of it but a far one.
pub(crate) async fn ada(w: &World) -> accounts::platform::Admin {
    testkit::member(
        &w.s,
        w.owner.business_id,
        contract::accounts::Role::Owner,
        "olga@x.test",
        "olga's password",
    )
    .await;
    let far = w.business_without_number("Far Away").await;
    let actor = testkit::member(
        &w.s,
        far.business_id,
        contract::accounts::Role::Owner,
        "ada@x.test",
        "ada's password",
    )
    .await;
    let Principal::Member { account_id, .. } = actor.who else {
        panic!("a member")
    };
    let nobody = accounts::platform::admin(&w.s, account_id).await.expect_err("not yet");
    assert_eq!(nobody.problem().code, Code::NotFound);
    assert!(accounts::platform::set_admin(&w.s, "Ada@x.test", true).await.expect("made"));
    assert!(!accounts::platform::set_admin(&w.s, "ada@x.test", true).await.expect("again"));
    accounts::platform::admin(&w.s, account_id).await.expect("an admin")
}

async fn audited(w: &World, action: &str) -> usize {
    let rows = audit_event::Entity::find()
        .filter(audit_event::Column::BusinessId.eq(w.owner.business_id))
        .filter(audit_event::Column::Action.eq(action));
    rows.all(w.s.db().connection()).await.expect("rows").len()
}

#[rstest]
#[tokio::test]
async fn law_3_nothing_leaves_a_business_that_is_suspended_and_what_comes_in_counts(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let admin = ada(&w).await;
    let (ann, ben) = (w.contact("Ann", ANN).await, w.contact("Ben", BEN).await);
    w.reply(&ann, "Written before").await.expect("queued");
    w.appointment(&ben, 30).await;
    let refused = platform::suspend(&w.s, &admin, w.owner.business_id, " ")
        .await
        .expect_err("no reason");
    assert_eq!(refused.problem().code, Code::Invalid);
    platform::suspend(&w.s, &admin, w.owner.business_id, "Bills are open")
        .await
        .expect("suspended");
    let eve = contract::accounts::Invite {
        email: "eve@x.test".to_owned(),
        role: contract::accounts::Role::Staff,
    };
    let owner = contract::accounts::Role::Owner;
    let oda = testkit::member(&w.s, w.owner.business_id, owner, "oda@x.test", "a long password").await;
    let asked = services::accounts::invitations::invite(&w.s, &oda, eve).await;
    assert_eq!(
        asked.expect_err("mail leaves as little as texts").problem().code,
        Code::Conflict
    );
    let twice = platform::suspend(&w.s, &admin, w.owner.business_id, "Again")
        .await
        .expect_err("once");
    assert_eq!(twice.problem().code, Code::Conflict);

    w.work().await;
    assert_eq!(w.sim.messages(), [], "neither the reply nor the reminder leaves");
    let waits = w.last_message(&ann).await;
    assert_eq!(waits.status, "queued");
    assert!(waits.status_words.contains("suspended"), "{}", waits.status_words);
    let refused = w.reply(&ann, "Written meanwhile").await.expect_err("refused");
    assert_eq!(refused.problem().code, Code::MayNotSend);
    assert!(refused.problem().detail.contains("suspended"), "{}", refused.problem().detail);

    w.text(BEN, "Is the appointment on?").await;
    assert_eq!(
        w.last_message(&ben).await.body,
        "Is the appointment on?",
        "what comes in is stored"
    );
    w.text(ANN, "STOP").await;
    assert_eq!(
        w.see_contact(&ann).await.consent.sms,
        domain::consent::State::OptedOut,
        "a STOP counts"
    );
    let banners = pages::notices::list(&w.s, &w.owner).await.expect("banners");
    assert!(
        banners
            .iter()
            .any(|b| b.kind == "suspended" && b.text.contains("Bills are open.")),
        "{banners:?}"
    );
    w.post().await;
    let mails = w.sim.mails_to("olga@x.test");
    assert!(
        mails.iter().any(|mail| mail.subject.contains("suspended")),
        "its owner is told: {mails:?}"
    );

    platform::resume(&w.s, &admin, w.owner.business_id).await.expect("resumed");
    w.work().await;
    assert_eq!(w.phone_got(ANN), Vec::<String>::new(), "who said STOP meanwhile gets nothing");
    assert_eq!(w.phone_got(BEN).len(), 1, "the reminder that still makes sense leaves");
    assert_eq!(
        (audited(&w, "business.suspended").await, audited(&w, "business.resumed").await),
        (1, 1)
    );
}

#[rstest]
#[tokio::test]
async fn who_looks_into_a_business_reads_is_announced_and_changes_nothing(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let admin = ada(&w).await;
    let business_id = w.owner.business_id;
    let (ann, visit) = Box::pin(w.reminded("Ann", ANN)).await;
    w.text(ANN, "Where can I park?").await;
    let actor = async || accounts::actor(&w.s, admin.account_id, business_id).await.expect("an answer");
    assert!(actor().await.is_none(), "who runs the installation is no member by that");
    let unsaid = platform::look_into(&w.s, &admin, business_id, "")
        .await
        .expect_err("no reason");
    assert_eq!(unsaid.problem().code, Code::Invalid);
    platform::look_into(&w.s, &admin, business_id, "They asked for help")
        .await
        .expect("a look");
    let looker = actor().await.expect("for an hour");
    let s = w.s.for_looking();

    // Reading works, with services that can't write.
    contacts::list(&s, &looker, ContactQuery::default()).await.expect("people");
    contacts::get(&s, &looker, ann.id).await.expect("a person");
    appointments::get(&s, &looker, visit.id).await.expect("a visit");
    pages::today::today(&s, &looker).await.expect("today");
    pages::me::me(&s, &looker).await.expect("a frame");
    assert!(!w.thread(&ann).await.is_empty());

    // Every write is refused, by the permission and, where none is asked, by the services themselves.
    for services in [&w.s, &s] {
        for refused in writes(&w, services, &looker, &ann, &visit).await {
            let code = refused.expect_err("nothing is changed").problem().code;
            assert!(matches!(code, Code::NotAllowed | Code::SignInNeeded), "{code:?}");
        }
    }
    // Whoever may read may mark as read: that is for the services alone to refuse.
    let thread = conversation_of(&w, &ann).await;
    let seen = conversations::mark_read(&s, &looker, thread)
        .await
        .expect_err("nor is it read");
    assert_eq!(seen.problem().code, Code::NotAllowed);
    for refused in writes(&w, &s, &w.owner, &ann, &visit).await {
        let code = refused.expect_err("not even for the owner").problem().code;
        assert!(matches!(code, Code::NotAllowed | Code::Internal), "{code:?}");
    }

    w.post().await;
    let mails = w.sim.mails_to("olga@x.test");
    let told = mails
        .iter()
        .find(|mail| mail.subject.contains("looks in"))
        .expect("a mail to the owner");
    let text = told.text.clone().unwrap_or_default();
    assert!(text.contains("They asked for help"), "{text}");
    let banners = pages::notices::list(&w.s, &w.owner).await.expect("banners");
    assert!(
        banners
            .iter()
            .any(|b| b.kind == "looked_into" && b.text.contains("They asked for help"))
    );
    assert_eq!(audited(&w, "platform.look_began").await, 1);

    accounts::platform::end_look(&w.s, &admin, business_id).await.expect("ended");
    assert!(actor().await.is_none());
    assert_eq!(audited(&w, "platform.look_ended").await, 1);
    platform::look_into(&w.s, &admin, business_id, "Once more")
        .await
        .expect("a look");
    w.clock.advance(chrono::Duration::minutes(61));
    assert!(actor().await.is_none(), "it ends by itself");
    platform::look_into(&w.s, &admin, business_id, "And again")
        .await
        .expect("a look");
    accounts::platform::set_admin(&w.s, "ada@x.test", false)
        .await
        .expect("revoked");
    assert!(actor().await.is_none(), "who runs nothing looks nowhere");
}

#[rstest]
#[tokio::test]
async fn who_looks_already_goes_on_with_that_look_and_all_of_theirs_end_at_once(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let admin = ada(&w).await;
    let business_id = w.owner.business_id;
    for why in ["They asked for help", "In another browser"] {
        platform::look_into(&w.s, &admin, business_id, why).await.expect("a look");
    }
    assert_eq!(audited(&w, "platform.look_began").await, 1, "it is one look");
    // More than are shown, as there may be from before.
    for _ in 0..12 {
        let more = platform_look::ActiveModel {
            id: Set(uuid::Uuid::now_v7()),
            account_id: Set(admin.account_id),
            business_id: Set(business_id),
            why: Set("Before".to_owned()),
            began_at: Set(w.clock.now()),
            ends_at: Set(w.clock.now() + chrono::Duration::hours(2)),
        };
        more.insert(w.s.db().connection()).await.expect("a row");
    }
    accounts::platform::end_look(&w.s, &admin, business_id).await.expect("ended");
    let looks = accounts::platform::looks(&w.s, admin.account_id, business_id).await;
    assert!(!looks.expect("an answer"), "none is left");
    assert_eq!(audited(&w, "platform.look_ended").await, 13);
}

/// A write of each kind that staff and owners have.
async fn writes(
    w: &World,
    s: &services::Services,
    who: &Actor,
    ann: &contract::contacts::ContactView,
    visit: &contract::appointments::AppointmentView,
) -> Vec<services::Result<()>> {
    let text = SendMessage {
        channel: None,
        contact_id: ann.id,
        body: "Hello".to_owned(),
        correlation_id: None,
        after_message_id: None,
        send_at: None,
    };
    let person = contract::contacts::CreateContact {
        name: "Cy".to_owned(),
        phone: "+14155550173".to_owned(),
        ..Default::default()
    };
    let booking = contract::appointments::CreateAppointment {
        contact_id: ann.id,
        starts_at: (w.clock.now() + chrono::Duration::hours(99)).to_rfc3339(),
        ..Default::default()
    };
    let task = CreateTask {
        title: "A task".to_owned(),
        ..CreateTask::default()
    };
    let cancel = contract::appointments::AppointmentAction::Cancel;
    vec![
        outbox::send(s, who, text).await.map(drop),
        contacts::create(s, who, person).await.map(drop),
        appointments::create(s, who, booking).await.map(drop),
        appointments::act(s, who, visit.id, cancel).await.map(drop),
        tasks::create(s, who, task).await.map(drop),
        accounts::set_shortcuts(s, who, false).await,
        accounts::set_away(s, who, true).await,
        businesses::first_steps::hide(s, who, true).await,
        services::samples::add(s, who).await.map(drop),
        services::selftest::run_now(s, who).await.map(drop),
    ]
}

async fn conversation_of(w: &World, ann: &contract::contacts::ContactView) -> uuid::Uuid {
    let log = messages::list(&w.s, &w.owner, contract::messages::LogQuery::default())
        .await
        .expect("a log");
    log.data
        .iter()
        .find(|m| m.contact_id == ann.id)
        .expect("hers")
        .conversation_id
}

#[rstest]
#[tokio::test]
async fn all_businesses_are_listed_with_how_they_are(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let admin = ada(&w).await;
    Box::pin(w.reminded("Ann", ANN)).await;
    w.text(ANN, "Thanks!").await;
    let page = platform::list(&w.s, &admin, None).await.expect("a page");
    let bright = page.data.iter().find(|b| b.name == "Bright Dental").expect("it is there");
    assert_eq!(
        (bright.members, bright.sent_week, bright.failed_week, bright.suspended),
        (1, 1, 0, false)
    );
    assert!(
        bright.last_inbound.is_some() && bright.self_test.is_none() && bright.spent > 0,
        "{bright:?}"
    );
    for n in 0..20 {
        w.business_without_number(&format!("Shop {n}")).await;
    }
    let first = platform::list(&w.s, &admin, None).await.expect("a page");
    assert_eq!(first.data.len(), 20);
    let second = platform::list(&w.s, &admin, first.next_cursor.as_deref())
        .await
        .expect("the next");
    let mut ids: Vec<_> = first.data.iter().chain(&second.data).map(|b| b.id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!((ids.len(), second.next_cursor), (22, None), "each once");
    let detail = platform::get(&w.s, &admin, w.owner.business_id).await.expect("one");
    assert_eq!(detail.people.len(), 1);
    assert_eq!(detail.numbers, ["(500) 555-0006"]);
}

#[rstest]
#[tokio::test]
async fn the_door_for_new_businesses_is_opened_and_closed(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let admin = ada(&w).await;
    let new = |n: u32| contract::accounts::SignUp {
        business_name: format!("New {n}"),
        name: "Nia".to_owned(),
        email: format!("nia{n}@x.test"),
        password: "nia's password".to_owned(),
        time_zone: None,
        country: None,
    };
    setup::sign_up(&w.s, new(1)).await.expect("open");
    accounts::installation::set_sign_up(&w.s, &admin, false)
        .await
        .expect("closed");
    let refused = setup::sign_up(&w.s, new(2)).await.expect_err("closed");
    assert_eq!(refused.problem().code, Code::NotAllowed);
    setup::open_business(&w.s, new(3), None, None)
        .await
        .expect("the command line still may");
    accounts::installation::set_sign_up(&w.s, &admin, true).await.expect("open");
    setup::sign_up(&w.s, new(2)).await.expect("open again");
    let changes = platform::installed(&w.s, &admin).await.expect("settings").changes;
    assert_eq!(changes.iter().filter(|change| change.action == "sign_up.changed").count(), 2);
}
