//! How a number stands: with carriers, as a sender, and when it is given up.

use contract::conversations::{Composer, Place};
use entity::numbers::number;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};
use services::{
    numbers::{choosing, registration, release},
    pages, reminders,
};
use testkit::{Registration, member};

use super::*;

async fn row(w: &World, phone: &str) -> number::Model {
    let found = number::Entity::find().filter(number::Column::Phone.eq(phone));
    found.one(w.s.db().connection()).await.expect("rows").expect("the number")
}

async fn shown(w: &World, phone: &str) -> contract::numbers::NumberView {
    let all = numbers::list(&w.s, &w.owner).await.expect("numbers");
    all.into_iter().find(|n| n.phone == phone).expect("the number")
}

async fn check(w: &World, phone: &str) {
    let id = row(w, phone).await.id;
    jobs::perform(&w.s, Job::CheckRegistration { number_id: id })
        .await
        .expect("asked");
}

fn with_campaign(status: &str) -> Registration {
    Registration {
        campaign: Some(status.to_owned()),
        why: "The message flow does not say how people agree".to_owned(),
        ..Registration::default()
    }
}

async fn waiting(w: &World, m: &MessageView) -> String {
    see(w, &w.owner, m).await.status_words
}

#[rstest]
#[tokio::test]
async fn a_text_to_the_us_waits_until_its_number_is_registered(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    w.sim.own_number(w.sim.account_sid(), NUMBER);
    assert_eq!(shown(&w, NUMBER).await.may_send_to_us, "unknown", "nobody has asked yet");
    w.sim.set_registration(NUMBER, with_campaign("IN_PROGRESS"));
    check(&w, NUMBER).await;
    let standing = shown(&w, NUMBER).await;
    assert_eq!(standing.may_send_to_us, "wait", "{}", standing.may_send_to_us_reason);
    let ann = w.contact("Ann", ANN).await;
    let m = w.reply(&ann, "Hello").await.expect("queued");
    let maple = w.contact("Maple", "+16045550171").await;
    w.reply(&maple, "To Canada").await.expect("queued");
    w.work().await;
    assert!(w.phone_got(ANN).is_empty(), "carriers would refuse it");
    assert_eq!(w.phone_got("+16045550171"), ["To Canada"], "a campaign is a matter of the US");
    let words = waiting(&w, &m).await;
    assert!(words.contains("campaign is being looked at"), "{words}");
    // Twilio is asked every quarter of an hour, and what waited goes at once.
    w.sim.set_registration(NUMBER, with_campaign("VERIFIED"));
    w.clock.advance(Duration::minutes(16));
    jobs::tick(&w.s).await.expect("asks");
    check(&w, NUMBER).await;
    w.work().await;
    assert_eq!(shown(&w, NUMBER).await.may_send_to_us, "probably");
    assert_eq!(w.phone_got(ANN), ["Hello"]);
}

#[rstest]
#[tokio::test]
async fn who_may_not_text_the_us_says_so_where_one_writes_and_gives_up_after_a_day(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    w.sim.own_number(w.sim.account_sid(), NUMBER);
    w.sim.set_registration(NUMBER, with_campaign("FAILED"));
    let ann = w.contact("Ann", ANN).await;
    let m = w.reply(&ann, "Hello").await.expect("queued");
    check(&w, NUMBER).await;
    w.work().await;
    let words = waiting(&w, &m).await;
    assert!(words.contains("how people agree"), "{words}");
    let thread = conversations::of(&w, &ann).await;
    let Composer::Closed { reason, .. } = thread.composer else {
        panic!("open: {:?}", thread.composer)
    };
    assert!(reason.contains("rejected"), "{reason}");
    let banner = pages::notices::list(&w.s, &w.owner).await.expect("banners");
    assert!(banner.iter().any(|b| b.kind == "registration"), "{banner:?}");
    w.clock.advance(Duration::hours(25));
    w.work().await;
    let given_up = see(&w, &w.owner, &m).await;
    assert_eq!(given_up.status, "cancelled", "{}", given_up.status_words);
    assert!(w.phone_got(ANN).is_empty());
}

mod conversations {
    use super::*;

    pub async fn of(w: &World, contact: &ContactView) -> contract::conversations::Thread {
        let id = w.last_message(contact).await.conversation_id;
        pages::thread::thread(&w.s, &w.owner, id, Place::Newest)
            .await
            .expect("the thread")
    }
}

#[rstest]
#[tokio::test]
async fn what_is_seen_overrules_what_is_said(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    w.sim.own_number(w.sim.account_sid(), NUMBER);
    check(&w, NUMBER).await;
    let ann = w.contact("Ann", ANN).await;
    let m = w.reply(&ann, "Hello").await.expect("queued");
    w.work().await;
    let sid = see(&w, &w.owner, &m).await.provider_sid.expect("sent");
    w.status(&m, &sid, "undelivered", Some(30034)).await.expect("heard");
    let standing = shown(&w, NUMBER).await;
    assert_eq!(standing.may_send_to_us, "no");
    assert!(
        standing.may_send_to_us_reason.contains("30034"),
        "{}",
        standing.may_send_to_us_reason
    );
    assert_eq!(
        row(&w, NUMBER).await.us_next_at,
        Some(w.clock.now()),
        "and Twilio is asked at once"
    );
    // What arrives is the better witness, though Twilio says no by now.
    w.clock.advance(Duration::hours(2));
    w.status(&m, &sid, "delivered", None).await.expect("heard");
    w.sim.set_registration(NUMBER, with_campaign("SUSPENDED"));
    check(&w, NUMBER).await;
    assert_eq!(shown(&w, NUMBER).await.may_send_to_us, "yes");
    w.clock.advance(Duration::hours(25));
    assert_eq!(
        shown(&w, NUMBER).await.may_send_to_us,
        "no",
        "a day later that counts no more"
    );
}

#[rstest]
#[tokio::test]
async fn toll_free_numbers_are_verified_and_what_cannot_be_read_holds_nothing_back(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    const FREE: &str = "+18335550109";
    let w = World::new(backend).await;
    numbers::assign(&w.s, w.owner.business_id, FREE).await.expect("a number");
    check(&w, FREE).await;
    let standing = shown(&w, FREE).await;
    assert_eq!(
        (standing.kind.as_str(), standing.may_send_to_us.as_str()),
        ("toll_free", "unknown"),
        "it is not in this account"
    );
    w.sim.own_number(w.sim.account_sid(), FREE);
    let pending = Registration {
        toll_free: Some("IN_REVIEW".to_owned()),
        ..Registration::default()
    };
    w.sim.set_registration(FREE, pending);
    check(&w, FREE).await;
    assert_eq!(shown(&w, FREE).await.may_send_to_us, "wait");
    let (ann, maple) = (w.contact("Ann", ANN).await, w.contact("Maple", "+16045550171").await);
    w.reply(&ann, "To the US").await.expect("queued");
    w.reply(&maple, "To Canada").await.expect("queued");
    w.work().await;
    assert!(
        w.phone_got(ANN).is_empty() && w.phone_got("+16045550171").is_empty(),
        "Canada asks, too"
    );
    // That Twilio is out of reach is no news about the number.
    w.sim.set_account(w.sim.account_sid(), "another-token");
    check(&w, FREE).await;
    assert_eq!(shown(&w, FREE).await.may_send_to_us, "wait");
    let other = w.another_business().await;
    let garage = numbers::list(&w.s, &other).await.expect("numbers").remove(0);
    jobs::perform(&w.s, Job::CheckRegistration { number_id: garage.id })
        .await
        .expect("asked");
    let garage = numbers::list(&w.s, &other).await.expect("numbers").remove(0);
    assert_eq!(garage.may_send_to_us, "unknown", "{}", garage.may_send_to_us_reason);
}

#[rstest]
#[tokio::test]
async fn a_word_that_this_version_does_not_know_is_not_waved_through(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    use sea_orm::ConnectionTrait;
    let w = World::new(backend).await;
    let newer = "UPDATE number SET us_answer = 'perhaps'";
    w.s.db().connection().execute_unprepared(newer).await.expect("written");
    let ann = w.contact("Ann", ANN).await;
    w.reply(&ann, "Hello").await.expect("queued");
    w.work().await;
    assert!(w.phone_got(ANN).is_empty());
    assert_eq!(shown(&w, NUMBER).await.may_send_to_us, "no");
}

/// A reminder, what tells of a move, a reply, an answer by itself, and what is sent again.
#[rstest]
#[tokio::test]
async fn each_kind_of_text_leaves_from_the_number_that_its_path_says(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    const DEFAULT: &str = "+14155550108";
    let w = World::new(backend).await;
    numbers::assign(&w.s, w.owner.business_id, UPTOWN).await.expect("a second");
    numbers::assign(&w.s, w.owner.business_id, DEFAULT)
        .await
        .expect("the default");
    let uptown = place(&w, "Uptown", UPTOWN).await;
    let from = |phone: &str| -> Vec<String> { w.sim.sent_to(phone).into_iter().filter_map(|m| m.from).collect() };
    // Nothing else decides: the default. Then the one they know, whichever is the default by now.
    let ben = w.contact("Ben", BEN).await;
    w.reply(&ben, "Hello").await.expect("queued");
    w.work().await;
    let first = row(&w, NUMBER).await.id;
    choosing::set_default(&w.s, &w.owner, first).await.expect("chosen");
    w.reply(&ben, "Still there?").await.expect("queued");
    w.work().await;
    assert_eq!(from(BEN), [DEFAULT, DEFAULT]);
    // The place of the visit comes first: its reminder, and what tells of a move.
    let ann = w.contact("Ann", ANN).await;
    w.reply(&ann, "Hello").await.expect("queued");
    w.work().await;
    let visit = appointment_at(&w, &ann, &uptown).await;
    w.work().await;
    assert_eq!(from(ANN), [NUMBER, UPTOWN]);
    let later = (visit.starts_at + Duration::hours(3)).to_rfc3339();
    appointments::reschedule(&w, visit.id, &later).await;
    w.clock.advance(Duration::minutes(5));
    w.work().await;
    assert_eq!(from(ANN).last().map(String::as_str), Some(UPTOWN));
    // An answer by itself goes on where they are.
    w.text(ANN, "HELP").await;
    w.work().await;
    assert_eq!(from(ANN).len(), 4, "{:?}", w.phone_got(ANN));
    let paths = numbers::page(&w.s, &w.owner, None).await.expect("the page").paths;
    let said: Vec<&str> = paths.iter().map(|p| p.what.as_str()).collect();
    assert_eq!(
        said,
        [
            "Texts about visits at Uptown",
            "Everything else to people who were texted before",
            "Texts to everybody else"
        ]
    );
    let thread = conversations::of(&w, &ben).await;
    assert_eq!(thread.sender.as_deref(), Some("(415) 555-0108"), "the composer knows it");
}

mod appointments {
    use super::*;

    pub async fn reschedule(w: &World, id: uuid::Uuid, to: &str) {
        let cmd = contract::appointments::EditAppointment {
            starts_at: Some(to.to_owned()),
            ..Default::default()
        };
        services::appointments::edit(&w.s, &w.owner, id, cmd).await.expect("moved");
    }
}

#[rstest]
#[tokio::test]
async fn what_waits_to_leave_from_a_number_that_is_released_leaves_from_the_usual_one(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    numbers::assign(&w.s, w.owner.business_id, UPTOWN).await.expect("the default");
    let uptown = place(&w, "Uptown", UPTOWN).await;
    let ann = w.contact("Ann", ANN).await;
    appointment_at(&w, &ann, &uptown).await;
    let m = w.reply(&ann, "Hello").await.expect("queued");
    let id = row(&w, UPTOWN).await.id;
    let ahead = release::ahead(&w.s, &w.owner, id).await.expect("what would happen");
    assert_eq!((ahead.waiting, ahead.locations.as_slice()), (1, &["Uptown".to_owned()][..]));
    assert_eq!((ahead.instead.as_deref(), ahead.visits_ahead), (Some("(500) 555-0006"), true));
    release::release(&w.s, &w.owner, id, false).await.expect("released");
    w.work().await;
    let sent = w.sim.sent_to(ANN);
    assert!(sent.iter().all(|m| m.from.as_deref() == Some(NUMBER)), "{sent:?}");
    assert_eq!(sent.len(), 2, "the reply and the reminder");
    assert_eq!(see(&w, &w.owner, &m).await.status, "sending", "handed over");
    let (gone, left) = (shown(&w, UPTOWN).await, shown(&w, NUMBER).await);
    assert_eq!(
        (gone.status.as_str(), gone.is_default, left.is_default),
        ("released", false, true)
    );
    assert!(locations::list(&w.s, &w.owner).await.expect("places")[0].number.is_none());
    // A STOP that comes to it still counts.
    let mut stop = w.inbound(ANN, "STOP");
    stop.to = UPTOWN.to_owned();
    receiving::receive(&w.s, &stop, "raw").await.expect("taken");
    assert_eq!(w.see_contact(&ann).await.consent.sms, domain::consent::State::OptedOut);
    // It can be had again, by anybody.
    let garage = w.another_business().await;
    numbers::assign(&w.s, garage.business_id, UPTOWN).await.expect("free");
}

#[rstest]
#[tokio::test]
async fn the_last_number_goes_only_if_that_is_said(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    // An account of its own: the installation's number is none of its.
    w.sim.set_account(OWN, TOKEN);
    connect(&w.s, &w.owner).await.expect("connected");
    let ann = w.contact("Ann", ANN).await;
    let id = row(&w, NUMBER).await.id;
    let visit = w.appointment(&ann, 30).await;
    assert_eq!(
        code(&release::release(&w.s, &w.owner, id, false).await.expect_err("the last")),
        Code::Conflict
    );
    assert_eq!(shown(&w, NUMBER).await.status, "active");
    release::release(&w.s, &w.owner, id, true).await.expect("said");
    assert_eq!(
        code(&release::release(&w.s, &w.owner, id, true).await.expect_err("gone")),
        Code::NotFound
    );
    reminders::tick(&w.s).await.expect("reminders");
    w.work().await;
    assert!(w.phone_got(ANN).is_empty());
    assert!(w.see_appointment(&visit).await.reminders.iter().all(|r| r.status != "sent"));
}

#[rstest]
#[tokio::test]
async fn who_answers_help_and_start_is_obeyed(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let id = row(&w, NUMBER).await.id;
    let set = async |help: &str, start: &str| choosing::set_answers(&w.s, &w.owner, id, help, start).await;
    let asks = async |phone: &str, word: &str| {
        w.text(phone, word).await;
        w.work().await;
        w.phone_got(phone).len()
    };
    assert_eq!(asks("+14155550181", "HELP").await, 1, "both, as it comes");
    set("twilio", "twilio").await.expect("saved");
    assert_eq!(asks("+14155550182", "HELP").await, 0);
    set("we", "we").await.expect("saved");
    assert_eq!(asks("+14155550183", "HELP").await, 1);
    // Advanced Opt-Out says that it has answered.
    let mut handled = w.inbound("+14155550184", "HELP");
    handled.opt_out_type = Some("HELP".to_owned());
    receiving::receive(&w.s, &handled, "raw").await.expect("taken");
    w.work().await;
    assert_eq!(w.phone_got("+14155550184").len(), 1, "it was told not to");
    let own = contract::templates::SaveTemplate {
        body: "Welcome back: {{ business }} texts you again.".to_owned(),
        ..Default::default()
    };
    let started = services::templates::Which::sms(domain::templates::Kind::Started, domain::language::Language::English);
    services::templates::save(&w.s, &w.owner, started, own).await.expect("saved");
    asks("+14155550185", "STOP").await;
    assert_eq!(asks("+14155550185", "START").await, 1, "we say that it is on again");
    assert_eq!(
        w.phone_got("+14155550185"),
        ["Welcome back: Bright Dental texts you again."],
        "in the business's own words"
    );
    let refused = set("nobody", "we").await.expect_err("refused").problem();
    assert_eq!(named(&refused), "help_by");
    // What somebody saw who tried it.
    let tested = async |got: &str| choosing::help_tested(&w.s, &w.owner, id, got).await;
    assert_eq!(tested("two").await.expect("kept").as_str(), "both");
    assert_eq!(tested("twilio").await.expect("kept").as_str(), "twilio");
    assert_eq!(tested("none").await.expect("kept").as_str(), "we");
    assert_eq!(shown(&w, NUMBER).await.start_by, "we");
    assert_eq!(named(&tested("three").await.expect_err("refused").problem()), "got");
    let staff = member(
        &w.s,
        w.owner.business_id,
        contract::accounts::Role::Staff,
        "sam@x.test",
        "a long password",
    )
    .await;
    let refused = choosing::set_answers(&w.s, &staff, id, "we", "we").await.expect_err("staff");
    assert_eq!(code(&refused), Code::NotAllowed);
}

#[rstest]
#[tokio::test]
async fn a_whatsapp_sender_is_a_number_that_no_text_leaves_from(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let added = numbers::assign(&w.s, w.owner.business_id, " WhatsApp:+1 415 555 0188").await;
    assert_eq!(added.expect("added"), "whatsapp:+14155550188");
    let sender = shown(&w, "whatsapp:+14155550188").await;
    assert_eq!((sender.kind.as_str(), sender.is_default), ("whatsapp", false));
    assert!(shown(&w, NUMBER).await.is_default, "texts leave from where they did");
    let wrong = numbers::assign(&w.s, w.owner.business_id, "whatsapp:nobody")
        .await
        .expect_err("no number");
    assert_eq!(named(&wrong.problem()), "number");
    assert_eq!(
        code(&choosing::set_default(&w.s, &w.owner, sender.id).await.expect_err("no")),
        Code::Conflict
    );
    let ann = w.contact("Ann", ANN).await;
    w.reply(&ann, "Hello").await.expect("queued");
    w.work().await;
    assert_eq!(w.sim.sent_to(ANN)[0].from.as_deref(), Some(NUMBER));
    // What comes to it is the same person's, and no text.
    let mut chat = w.inbound("whatsapp:+14155550171", "Hi");
    chat.to = "whatsapp:+14155550188".to_owned();
    receiving::receive(&w.s, &chat, "raw").await.expect("taken");
    assert_eq!(w.last_message(&ann).await.channel, "whatsapp");
}

#[tokio::test]
async fn another_business_has_no_say_in_a_number() {
    let w = World::new(Backend::Sqlite).await;
    let garage = w.another_business().await;
    let id = row(&w, NUMBER).await.id;
    let refused = [
        choosing::set_default(&w.s, &garage, id).await,
        choosing::set_answers(&w.s, &garage, id, "we", "we").await,
        choosing::help_tested(&w.s, &garage, id, "two").await.map(drop),
        release::ahead(&w.s, &garage, id).await.map(drop),
        release::release(&w.s, &garage, id, true).await,
        registration::check_now(&w.s, &garage, id).await,
    ];
    for one in refused {
        assert_eq!(code(&one.expect_err("not theirs")), Code::NotFound);
    }
}
