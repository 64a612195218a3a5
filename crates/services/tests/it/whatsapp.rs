//! WhatsApp: one thread with one person, a day in which they may be written to freely, templates with buttons beyond it, and a STOP that
//! holds everywhere.

mod own_texts;
mod people;
mod templates;

use chrono::Duration;
use contract::{
    Code,
    contacts::ContactView,
    messages::{MessageView, SendMessage},
};
use domain::consent::State;
use entity::contacts::consent_event;
use rstest::rstest;
use sea_orm::{ColumnTrait, QueryFilter, QueryOrder};
use services::{numbers, outbox, receiving};
use testkit::{Backend, World};
use twilio::forms;
use twilio_sim::{SenderState, SimOfflineReason};
use uuid::Uuid;

pub const SENDER: &str = "whatsapp:+14155550188";
const SENDER_PHONE: &str = "+14155550188";
pub const ANN: &str = "+14155550171";
pub const CHAT: &str = "whatsapp:+14155550171";

/// A business whose WhatsApp sender was seen online.
pub async fn world(backend: Backend) -> World {
    let w = World::new(backend).await;
    w.sim.own_sender(w.sim.account_sid(), SENDER_PHONE);
    add_sender(&w).await;
    look(&w).await;
    w
}

async fn add_sender(w: &World) {
    numbers::assign(&w.s, w.owner.business_id, SENDER).await.expect("added");
}

pub async fn sender_id(w: &World) -> Uuid {
    let all = numbers::list(&w.s, &w.owner).await.expect("numbers");
    all.into_iter().find(|n| n.phone == SENDER).expect("it is there").id
}

async fn look(w: &World) {
    numbers::whatsapp::check_now(&w.s, &w.owner, sender_id(w).await)
        .await
        .expect("looked at");
}

/// A message on WhatsApp as Twilio would post it, not yet posted.
pub fn chat(w: &World, from: &str, body: &str) -> forms::Inbound {
    let mut form = w.inbound(from, body);
    form.to = SENDER.to_owned();
    form.details.message_type = Some("text".to_owned());
    form
}

pub async fn post(w: &World, form: &forms::Inbound) -> receiving::Received {
    receiving::receive(&w.s, form, "raw").await.expect("it is taken")
}

pub async fn writes(w: &World, from: &str, body: &str) {
    let form = chat(w, from, body);
    post(w, &form).await;
}

pub async fn replies(w: &World, contact: &ContactView, body: &str) -> services::Result<MessageView> {
    w.reply(contact, body).await
}

fn got(w: &World, address: &str) -> Vec<String> {
    w.phone_got(address)
}

#[rstest]
#[tokio::test]
async fn one_person_writes_by_text_and_on_whatsapp_and_is_answered_where_they_wrote_last(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = world(backend).await;
    let ann = w.contact("Ann", ANN).await;
    w.text(ANN, "By text").await;
    let form = chat(&w, CHAT, "Hello from WhatsApp");
    assert_eq!(post(&w, &form).await, receiving::Received::Done);
    assert_eq!(
        post(&w, &form).await,
        receiving::Received::Repeat,
        "the same SID is the same message"
    );
    let thread = w.thread(&ann).await;
    let channels: Vec<&str> = thread.iter().map(|m| m.channel.as_str()).collect();
    assert_eq!(channels, ["sms", "whatsapp"], "one conversation");
    replies(&w, &ann, "Gladly").await.expect("the window is open");
    w.work().await;
    assert_eq!(got(&w, CHAT), ["Gladly"]);
    assert_eq!(w.sim.sent_to(CHAT)[0].from.as_deref(), Some(SENDER));
    assert!(got(&w, ANN).is_empty());
    w.text(ANN, "Back to texts").await;
    replies(&w, &ann, "Fine").await.expect("queued");
    w.work().await;
    assert_eq!(got(&w, ANN), ["Fine"]);
    let last = w.last_message(&ann).await;
    w.status(&last, last.provider_sid.as_deref().expect("taken"), "read", None)
        .await
        .expect("heard");
    assert_eq!(w.last_message(&ann).await.status, "read");
}

#[rstest]
#[tokio::test]
async fn who_writes_on_whatsapp_agrees_there_and_the_ledger_says_by_what(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = world(backend).await;
    writes(&w, CHAT, "Do you have time on Monday?").await;
    writes(&w, CHAT, "Or Tuesday?").await;
    let ann = w.holder_of(ANN).await;
    assert_eq!(
        (ann.consent.whatsapp, ann.consent.sms),
        (State::OptedIn, State::Unknown),
        "consent is given for each channel apart"
    );
    let rows = ledger(&w, &ann).await;
    let rows: Vec<(&str, &str, &str)> = rows
        .iter()
        .map(|row| (row.channel.as_str(), row.source.as_str(), row.purpose.as_str()))
        .collect();
    assert_eq!(rows, [("whatsapp", "wrote", "transactional")], "once, and not for offers");
    assert!(ledger(&w, &ann).await[0].evidence.contains("time on Monday"));
}

async fn ledger(w: &World, of: &ContactView) -> Vec<consent_event::Model> {
    consent_event::Entity::in_business(w.owner.business_id)
        .filter(consent_event::Column::ContactId.eq(of.id))
        .order_by_asc(consent_event::Column::Seq)
        .all(w.s.db().connection())
        .await
        .expect("the ledger")
}

#[rstest]
#[case::a_second_before(24 * 60 * 60 - 1, true)]
#[case::a_second_after(24 * 60 * 60 + 1, false)]
#[tokio::test]
async fn a_day_after_their_last_message_free_text_ends(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[case] seconds: i64,
    #[case] open: bool,
) {
    let w = world(backend).await;
    writes(&w, CHAT, "Hi").await;
    let ann = w.holder_of(ANN).await;
    w.clock.advance(Duration::seconds(seconds));
    let said = replies(&w, &ann, "Late, sorry").await;
    w.work().await;
    if open {
        said.expect("in time");
        assert_eq!(got(&w, CHAT), ["Late, sorry"]);
    } else {
        let problem = said.expect_err("too late").problem();
        assert_eq!(problem.code, Code::MayNotSend);
        assert!(problem.detail.contains("24 hours"), "{}", problem.detail);
        assert!(got(&w, CHAT).is_empty());
        // They write again, and it is open again.
        writes(&w, CHAT, "Still there?").await;
        replies(&w, &ann, "Yes").await.expect("open");
    }
}

#[rstest]
#[tokio::test]
async fn what_was_written_in_time_and_goes_out_too_late_says_so(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = world(backend).await;
    writes(&w, CHAT, "Hi").await;
    let ann = w.holder_of(ANN).await;
    let later = SendMessage {
        contact_id: ann.id,
        body: "Tomorrow evening then".to_owned(),
        channel: Some("whatsapp".to_owned()),
        correlation_id: None,
        after_message_id: None,
        send_at: Some(w.clock.now() + Duration::hours(30)),
    };
    outbox::send(&w.s, &w.owner, later).await.expect("kept for later");
    w.clock.advance(Duration::hours(31));
    w.work().await;
    let m = w.last_message(&ann).await;
    assert_eq!(m.status, "failed");
    assert!(
        m.error.as_deref().is_some_and(|why| why.contains("24 hours")),
        "{:?}",
        m.error
    );
    assert_eq!(m.body, "Tomorrow evening then", "what was written is not lost");
    assert!(got(&w, CHAT).is_empty());
    assert_eq!(w.open_tasks().await.len(), 1, "and a person sees to it");
}

#[rstest]
#[tokio::test]
async fn a_stop_on_whatsapp_stops_texts_too_and_is_answered_once(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = world(backend).await;
    let ann = w.contact("Ann", ANN).await;
    w.appointment(&ann, 30).await;
    writes(&w, CHAT, "Hi").await;
    replies(&w, &ann, "How can we help?").await.expect("queued");
    writes(&w, CHAT, "STOP").await;
    w.work().await;
    let heard = got(&w, CHAT);
    assert_eq!(
        heard.len(),
        1,
        "what waited is gone, and one word says that they are heard: {heard:?}"
    );
    assert!(heard[0].contains("no more messages"), "{}", heard[0]);
    let stands = w.see_contact(&ann).await.consent;
    assert_eq!((stands.whatsapp, stands.sms), (State::OptedOut, State::OptedOut));
    writes(&w, CHAT, "stop").await;
    writes(&w, CHAT, "HELP").await;
    w.clock.advance(Duration::hours(8));
    w.work().await;
    assert_eq!(got(&w, CHAT).len(), 1, "nothing after that");
    assert!(got(&w, ANN).is_empty(), "no reminder by text either");
    for channel in ["sms", "whatsapp"] {
        let cmd = SendMessage {
            contact_id: ann.id,
            body: "Hello?".to_owned(),
            channel: Some(channel.to_owned()),
            correlation_id: None,
            after_message_id: None,
            send_at: None,
        };
        let refused = outbox::send(&w.s, &w.owner, cmd).await.expect_err("they said STOP");
        assert_eq!(refused.problem().code, Code::MayNotSend, "{channel}");
    }
    writes(&w, CHAT, "START").await;
    w.work().await;
    let stands = w.see_contact(&ann).await.consent;
    assert_eq!(
        (stands.whatsapp, stands.sms),
        (State::OptedIn, State::OptedOut),
        "taken back where they say it"
    );
    assert_eq!(got(&w, CHAT).len(), 2, "they are told that they get messages again");
}

#[rstest]
#[tokio::test]
async fn a_stop_by_text_holds_on_whatsapp(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = world(backend).await;
    writes(&w, CHAT, "Hi").await;
    let ann = w.holder_of(ANN).await;
    replies(&w, &ann, "Hello Ann").await.expect("queued");
    w.text(ANN, "STOP").await;
    w.work().await;
    assert!(got(&w, CHAT).is_empty(), "what waited for WhatsApp is withdrawn");
    assert_eq!(w.see_contact(&ann).await.consent.whatsapp, State::OptedOut);
    writes(&w, CHAT, "Hello again").await;
    assert_eq!(
        w.see_contact(&ann).await.consent.whatsapp,
        State::OptedOut,
        "writing is no START"
    );
    replies(&w, &ann, "Hello").await.expect_err("they said STOP");
}

#[rstest]
#[tokio::test]
async fn a_stop_of_somebody_who_never_wrote_there_holds_there_all_the_same(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = world(backend).await;
    let ann = w.contact("Ann", ANN).await;
    w.text(ANN, "STOP").await;
    assert_eq!(w.see_contact(&ann).await.consent.whatsapp, State::OptedOut);
    writes(&w, CHAT, "Who are you?").await;
    replies(&w, &ann, "Bright Dental").await.expect_err("they said STOP");
}

#[rstest]
#[tokio::test]
async fn help_is_answered_by_us(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = world(backend).await;
    writes(&w, CHAT, "HELP").await;
    w.work().await;
    let heard = got(&w, CHAT);
    assert_eq!(heard.len(), 1);
    assert!(
        heard[0].contains("Bright Dental") && heard[0].contains("STOP"),
        "{}",
        heard[0]
    );
    // A service with Advanced Opt-Out has answered by itself.
    let mut form = chat(&w, CHAT, "HELP");
    form.opt_out_type = Some("HELP".to_owned());
    post(&w, &form).await;
    w.work().await;
    assert_eq!(got(&w, CHAT).len(), 1);
}

#[rstest]
#[tokio::test]
async fn a_sender_that_is_not_online_lets_messages_wait_and_says_why(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = world(backend).await;
    writes(&w, CHAT, "Hi").await;
    let ann = w.holder_of(ANN).await;
    let offline = SenderState {
        status: Some("OFFLINE".to_owned()),
        offline_reasons: Some(vec![SimOfflineReason {
            code: "63020".to_owned(),
            message: "Business Manager".to_owned(),
        }]),
        ..SenderState::default()
    };
    w.sim.set_sender(SENDER, offline).expect("it is there");
    look(&w).await;
    replies(&w, &ann, "Hello").await.expect("queued");
    w.work().await;
    let m = w.last_message(&ann).await;
    assert_eq!(m.status, "queued");
    assert!(m.status_words.contains("is not online"), "{}", m.status_words);
    assert!(got(&w, CHAT).is_empty());
    let page = numbers::page(&w.s, &w.owner, None).await.expect("the page");
    let sender = &page.senders[0];
    assert_eq!((sender.online, sender.state.as_deref()), (false, Some("OFFLINE")));
    assert!(
        sender.words.contains("Business Manager") || sender.words.len() > 40,
        "{}",
        sender.words
    );
    let online = SenderState {
        status: Some("ONLINE".to_owned()),
        offline_reasons: Some(Vec::new()),
        ..SenderState::default()
    };
    w.sim.set_sender(SENDER, online).expect("it is there");
    look(&w).await;
    w.work().await;
    assert_eq!(got(&w, CHAT), ["Hello"], "it goes as soon as it may");
}

#[rstest]
#[tokio::test]
async fn a_sender_is_set_to_post_here_and_a_foreign_address_stays_unless_it_is_taken_over(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = world(backend).await;
    let id = sender_id(&w).await;
    let view = async || numbers::page(&w.s, &w.owner, None).await.expect("the page").senders.remove(0);
    numbers::whatsapp::configure(&w.s, &w.owner, id, false).await.expect("set");
    let set = view().await;
    assert_eq!(set.callback_url.as_deref(), Some(set.callback_url_ours.as_str()), "{set:?}");
    assert_eq!(set.found.as_deref(), Some("set"));
    numbers::whatsapp::configure(&w.s, &w.owner, id, false).await.expect("again");
    assert_eq!(view().await.found.as_deref(), Some("here"), "nothing is done twice");
}

#[rstest]
#[tokio::test]
async fn another_account_speaks_for_nobody_s_sender(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = world(backend).await;
    let mut form = chat(&w, CHAT, "Hi");
    form.account_sid = format!("AC{}", "9".repeat(32));
    let refused = receiving::receive(&w.s, &form, "raw").await.expect_err("not theirs");
    assert_eq!(refused.problem().code, Code::NotFound);
    let mut form = chat(&w, CHAT, "Hi");
    form.to = "whatsapp:+14155550199".to_owned();
    let refused = receiving::receive(&w.s, &form, "raw").await.expect_err("nobody's sender");
    assert_eq!(refused.problem().code, Code::NotFound);
}

#[rstest]
#[tokio::test]
async fn what_words_cannot_show_is_shown_as_such(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = world(backend).await;
    let mut place = chat(&w, CHAT, "");
    place.details.message_type = Some("location".to_owned());
    place.details.location = Some(forms::Location {
        latitude: "52.5".to_owned(),
        longitude: "13.4".to_owned(),
        address: None,
        label: Some("Home".to_owned()),
    });
    post(&w, &place).await;
    let mut unknown = chat(&w, CHAT, "");
    unknown.details.message_type = Some("reaction".to_owned());
    post(&w, &unknown).await;
    let mut chosen = chat(&w, CHAT, "");
    chosen.details.list_title = Some("Tuesday".to_owned());
    post(&w, &chosen).await;
    let ann = w.holder_of(ANN).await;
    let bodies: Vec<String> = w.thread(&ann).await.into_iter().map(|m| m.body).collect();
    assert_eq!(
        bodies,
        [
            "[A place: Home, 52.5, 13.4]",
            "[A message that can't be shown here: reaction]",
            "Tuesday"
        ]
    );
}
