//! The waitlist by every way: asked by text, on WhatsApp and by mail, answered by a letter, a button and on a page, within the same hold.

use chrono::Duration;
use contract::{
    appointments::Status,
    contacts::{ChangeConsent, ContactChannels, ContactView, CreateContact, OptIn},
    templates::SaveTemplate,
    waitlist::{AddEntry, CreateSlot, OfferStatus, SlotStatus},
};
use domain::{
    language::Language,
    templates::{Kind, Which},
};
use entity::whatsapp::whatsapp_template;
use rstest::rstest;
use sea_orm::{ConnectionTrait, EntityTrait};
use services::{
    contacts, jobs,
    queue::Job,
    twins,
    waitlist::{
        self,
        page::{self, Given, Stands},
    },
};
use testkit::{Backend, Fault, FaultKind, World};
use twilio_sim::{SimMail, Verdict};
use uuid::Uuid;

use super::{ANN, BEN, CLEO, after, cancel, entry, free, last, see, settle, slots_of, statuses, visit, waits, waits_for};
use crate::whatsapp::{chat, post, world, writes};

pub(super) const CLEOS_CHAT: &str = "whatsapp:+14155550103";
const DORA: &str = "+14155550104";
pub(super) const DORAS_MAIL: &str = "dora@x.test";
const ELI: &str = "+14155550105";

pub(super) async fn prefers(w: &World, who: &ContactView, primary: &str, secondary: Option<&str>) {
    let wish = ContactChannels {
        primary: primary.to_owned(),
        secondary: secondary.map(str::to_owned),
        fallback: None,
    };
    contacts::set_channels(&w.s, &w.owner, who.id, wish).await.expect("noted");
}

/// Somebody with a number and an address, who agreed to both.
pub(super) async fn dora(w: &World) -> ContactView {
    let cmd = CreateContact {
        name: "Dora".to_owned(),
        phone: DORA.to_owned(),
        email: Some(DORAS_MAIL.to_owned()),
        opt_in: Some(OptIn {
            channel: "sms".to_owned(),
            source: "booking".to_owned(),
        }),
        ..CreateContact::default()
    };
    let dora = contacts::create(&w.s, &w.owner, cmd).await.expect("a contact");
    let agrees = ChangeConsent {
        channel: "email".to_owned(),
        purpose: "transactional".to_owned(),
        state: "opted_in".to_owned(),
        evidence: Some("Signed at the desk".to_owned()),
    };
    contacts::change_consent(&w.s, &w.owner, dora.id, agrees)
        .await
        .expect("noted")
}

/// Cleo, who wishes WhatsApp alone and wrote there two days ago.
pub(super) async fn cleo(w: &World) -> ContactView {
    let cleo = w.contact("Cleo", CLEO).await;
    writes(w, CLEOS_CHAT, "Hi").await;
    prefers(w, &cleo, "whatsapp", None).await;
    w.clock.advance(Duration::hours(48));
    cleo
}

/// A wording that WhatsApp has approved.
pub(super) async fn approved(w: &World, kind: &str) -> Uuid {
    let twin = twins::submit(&w.s, &w.owner, kind, "en").await.expect("handed in");
    let template_id = twin.id.expect("it was handed in");
    w.clock.advance(Duration::minutes(10));
    jobs::perform(&w.s, Job::CheckTwin { template_id }).await.expect("looked at");
    template_id
}

/// The button of the last message in this chat, by its place.
pub(super) fn button(w: &World, chat: &str, at: usize) -> String {
    let sent = w.sim.sent_to(chat);
    let content = sent.last().and_then(|m| m.content.clone()).expect("a template");
    content.buttons[at].id.clone()
}

pub(super) async fn tap(w: &World, from: &str, title: &str, carried: &str) {
    let mut form = chat(w, from, title);
    form.button_payload = Some(carried.to_owned());
    form.details.message_type = Some("button".to_owned());
    post(w, &form).await;
}

/// The secret of the page that the last mail to somebody leads to.
pub(super) fn page_of(w: &World, address: &str) -> String {
    let mails = w.sim.mails_to(address);
    let leads = |mail: &&SimMail| mail.text.as_deref().is_some_and(|text| text.contains("/o/"));
    let mail = mails.iter().rev().find(leads).expect("a mail that leads to a page");
    let (text, html) = (mail.text.clone().expect("it has text"), mail.html.clone().expect("and looks"));
    let (_, rest) = text.split_once("/o/").expect("its address");
    let token: String = rest.chars().take_while(char::is_ascii_alphanumeric).collect();
    assert!(html.contains(&token), "both are made of one");
    token
}

pub(super) async fn stands(w: &World, token: &str) -> Stands {
    page::open(&w.s, token).await.expect("looked").expect("it is there").stands
}

#[rstest]
#[tokio::test]
async fn a_cancelled_visit_is_filled_by_text_whatsapp_and_mail_and_so_is_the_one_given_up_for_it(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = world(backend).await;
    let (ana, ben) = (w.contact("Ana", ANN).await, w.contact("Ben", BEN).await);
    let cleo = cleo(&w).await;
    let (dora, eli) = (dora(&w).await, w.contact("Eli", ELI).await);
    prefers(&w, &dora, "email", Some("sms")).await;
    approved(&w, "offer_held").await;
    let anas = w.appointment(&ana, 72).await;
    let doras = w.appointment(&dora, 240).await;
    for who in [&ben, &cleo] {
        waits(&w, who).await;
        w.clock.advance(Duration::minutes(1));
    }
    let instead = AddEntry {
        instead_of: Some(doras.id),
        ..AddEntry::default()
    };
    waits_for(&w, &dora, instead).await;
    w.clock.advance(Duration::minutes(1));
    let elis = waits(&w, &eli).await;

    cancel(&w, &anas).await;
    settle(&w).await;
    let slot = slots_of(&w).await.remove(0);
    assert!(last(&w, BEN).contains("Reply Y to take it"), "{}", last(&w, BEN));
    w.text(BEN, "N").await;
    settle(&w).await;

    let asked = w.sim.sent_to(CLEOS_CHAT).pop().expect("Cleo is asked");
    assert!(asked.body.contains("held for you until"), "{}", asked.body);
    assert!(w.phone_got(CLEO).is_empty(), "on WhatsApp alone");
    let (take, pass) = (button(&w, CLEOS_CHAT, 0), button(&w, CLEOS_CHAT, 1));
    assert!(take != pass && take.len() >= 32);
    // Who learned of it can do nothing with it.
    tap(&w, "whatsapp:+14155550199", "Yes, I take it", &take).await;
    assert_eq!(see(&w, slot.id).await.status, SlotStatus::Offering);
    after(&w, Duration::minutes(30)).await;

    let token = page_of(&w, DORAS_MAIL);
    for _ in 0..3 {
        let Stands::Open(open) = stands(&w, &token).await else {
            panic!("looking changes nothing")
        };
        assert_eq!(
            (open.times.len(), open.until.is_some(), open.instead_of.is_some()),
            (1, true, true)
        );
    }
    assert!(page::open(&w.s, "0123456789abcdefghijkl").await.expect("looked").is_none());
    assert!(page::answer(&w.s, &token, Given::Choice(2)).await.expect("nothing"));
    assert!(matches!(stands(&w, &token).await, Stands::Open(_)), "it has no number");
    assert!(page::answer(&w.s, &token, Given::Yes).await.expect("taken"));
    assert!(page::answer(&w.s, &token, Given::No).await.expect("pressed twice"));
    settle(&w).await;
    let Stands::Taken { visit: Some(url), .. } = stands(&w, &token).await else {
        panic!("it is hers")
    };
    assert!(url.contains("/v/"));
    let seen = see(&w, slot.id).await;
    assert_eq!(
        (seen.status, statuses(&seen)),
        (
            SlotStatus::Taken,
            vec![OfferStatus::Declined, OfferStatus::Expired, OfferStatus::Taken]
        )
    );
    let ways: Vec<&str> = seen.offers.iter().map(|offer| offer.channel.as_str()).collect();
    assert_eq!(ways, ["sms", "whatsapp", "email"]);
    let moved = visit(&w, &seen).await;
    assert_eq!(
        (moved.id, moved.starts_at, moved.status),
        (doras.id, anas.starts_at, Status::Confirmed)
    );
    let won = w.sim.mails_to(DORAS_MAIL).pop().expect("she is told");
    assert!(won.subject.starts_with("It is yours"), "{}", won.subject);
    assert!(
        won.text.expect("text").contains("/v/"),
        "her visit's page has the calendar file"
    );

    // Too late, on WhatsApp, and told so there once.
    let before = w.sim.sent_to(CLEOS_CHAT).len();
    tap(&w, CLEOS_CHAT, "Yes, I take it", &take).await;
    settle(&w).await;
    settle(&w).await;
    let told: Vec<String> = w.phone_got(CLEOS_CHAT).split_off(before);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].contains("You keep your place"), "{told:?}");

    // Dora's old time is Eli's.
    let chain = slots_of(&w).await.into_iter().find(|one| one.chain_of == Some(slot.id));
    let chain = chain.expect("the time that she leaves is offered");
    assert_eq!(chain.starts_at, doras.starts_at);
    w.text(ELI, "Y").await;
    settle(&w).await;
    let taken = visit(&w, &see(&w, chain.id).await).await;
    assert_eq!((taken.contact_id, taken.starts_at), (eli.id, doras.starts_at));
    assert_eq!(entry(&w, elis.id).await.status, contract::waitlist::EntryStatus::Booked);
}

#[rstest]
#[tokio::test]
async fn what_is_known_to_have_failed_goes_another_way_within_the_same_hold(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let dora = dora(&w).await;
    waits(&w, &dora).await;
    let slot = free(&w, 50, CreateSlot::default()).await;
    settle(&w).await;
    let text = w.last_message(&dora).await;
    let sid = text.provider_sid.clone().expect("taken");
    let until = see(&w, slot.id).await.offers[0].expires_at.expect("the hold runs");
    w.clock.advance(Duration::minutes(5));
    w.status(&text, &sid, "undelivered", Some(30006)).await.expect("heard");
    settle(&w).await;
    assert_eq!((w.phone_got(DORA).len(), w.sim.mails_to(DORAS_MAIL).len()), (1, 1));
    let seen = see(&w, slot.id).await;
    let [offer] = seen.offers.as_slice() else {
        panic!("one offer, by two ways: {:?}", seen.offers)
    };
    assert_eq!(
        (offer.status, offer.channel.as_str(), offer.expires_at),
        (OfferStatus::Sent, "email", Some(until))
    );
    // It may have arrived all the same: an answer counts whichever way it comes.
    w.text(DORA, "Y").await;
    settle(&w).await;
    assert_eq!(statuses(&see(&w, slot.id).await), [OfferStatus::Taken]);
    let token = page_of(&w, DORAS_MAIL);
    assert!(matches!(stands(&w, &token).await, Stands::Taken { .. }));
}

#[rstest]
#[tokio::test]
async fn once_half_of_a_hold_is_over_the_next_are_asked_instead(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (dora, ben) = (dora(&w).await, w.contact("Ben", BEN).await);
    waits(&w, &dora).await;
    w.clock.advance(Duration::minutes(1));
    waits(&w, &ben).await;
    let slot = free(&w, 50, CreateSlot::default()).await;
    settle(&w).await;
    let text = w.last_message(&dora).await;
    let sid = text.provider_sid.clone().expect("taken");
    w.clock.advance(Duration::minutes(16));
    w.status(&text, &sid, "undelivered", Some(30006)).await.expect("heard");
    settle(&w).await;
    assert!(w.sim.mails_to(DORAS_MAIL).is_empty(), "too little time would be left");
    assert_eq!(statuses(&see(&w, slot.id).await), [OfferStatus::Withdrawn, OfferStatus::Sent]);
    assert!(last(&w, BEN).contains("Held for you"));
}

#[rstest]
#[tokio::test]
async fn what_waits_in_anothers_place_is_not_sent_once_that_has_arrived(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let dora = dora(&w).await;
    waits(&w, &dora).await;
    let slot = free(&w, 50, CreateSlot::default()).await;
    settle(&w).await;
    let text = w.last_message(&dora).await;
    let sid = text.provider_sid.clone().expect("taken");
    w.status(&text, &sid, "undelivered", Some(30006)).await.expect("heard");
    w.status(&text, &sid, "delivered", None).await.expect("after all");
    settle(&w).await;
    assert!(w.sim.mails_to(DORAS_MAIL).is_empty(), "she has it");
    assert_eq!(statuses(&see(&w, slot.id).await), [OfferStatus::Sent], "and the hold goes on");
    w.text(DORA, "Y").await;
    settle(&w).await;
    assert_eq!(statuses(&see(&w, slot.id).await), [OfferStatus::Taken]);
}

#[rstest]
#[tokio::test]
async fn a_template_whose_outcome_nobody_knows_is_looked_up_and_never_sent_again(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = world(backend).await;
    let cleo = cleo(&w).await;
    approved(&w, "offer_held").await;
    waits(&w, &cleo).await;
    settle(&w).await;
    w.sim.set_fault(Fault::new(FaultKind::ResetAfter));
    let slot = free(&w, 50, CreateSlot::default()).await;
    settle(&w).await;
    let m = w.last_message(&cleo).await;
    assert_eq!((m.status.as_str(), m.channel.as_str()), ("unknown", "whatsapp"));
    assert_eq!(
        statuses(&see(&w, slot.id).await),
        [OfferStatus::Waiting],
        "nobody knows that she was asked"
    );
    w.clock.advance(Duration::minutes(2));
    jobs::perform(&w.s, Job::Resolve { message_id: m.id })
        .await
        .expect("looked up");
    settle(&w).await;
    let offers = w.sim.sent_to(CLEOS_CHAT).into_iter().filter(|m| m.content.is_some()).count();
    assert_eq!(offers, 1, "found in Twilio's log, not sent again");
    assert_eq!(statuses(&see(&w, slot.id).await), [OfferStatus::Sent]);
    tap(&w, CLEOS_CHAT, "Yes, I take it", &button(&w, CLEOS_CHAT, 0)).await;
    settle(&w).await;
    assert_eq!(statuses(&see(&w, slot.id).await), [OfferStatus::Taken]);
}

#[rstest]
#[tokio::test]
async fn an_approval_that_is_withdrawn_before_an_offer_leaves_lets_the_next_be_asked(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = world(backend).await;
    let cleo = cleo(&w).await;
    let twin = approved(&w, "offer_held").await;
    waits(&w, &cleo).await;
    settle(&w).await;
    w.clock.advance(Duration::minutes(1));
    let ben = w.contact("Ben", BEN).await;
    waits(&w, &ben).await;
    let slot = free(&w, 60, CreateSlot::default()).await;
    waitlist::tick(&w.s).await.expect("an offer is written");
    let row = whatsapp_template::Entity::find_by_id(twin).one(w.s.db().connection()).await;
    let sid = row.expect("read").and_then(|row| row.content_sid).expect("Twilio has it");
    let paused = Verdict {
        status: "paused".to_owned(),
        rejection_reason: String::new(),
        category: None,
        language: None,
    };
    assert!(w.sim.set_approval(&sid, &paused));
    whatsapp_template::Entity::update_many()
        .col_expr(whatsapp_template::Column::NextAt, sea_orm::sea_query::Expr::value(w.s.now()))
        .exec(w.s.db().connection())
        .await
        .expect("its look is due");
    jobs::perform(&w.s, Job::CheckTwin { template_id: twin })
        .await
        .expect("looked at");
    settle(&w).await;
    assert!(
        w.sim.sent_to(CLEOS_CHAT).iter().all(|m| m.content.is_none()),
        "nothing leaves"
    );
    let seen = see(&w, slot.id).await;
    assert_eq!(statuses(&seen), [OfferStatus::Withdrawn, OfferStatus::Sent]);
    assert!(last(&w, BEN).contains("Held for you"));
}

#[rstest]
#[case::by_mail("email", "STOP")]
#[tokio::test]
async fn who_opts_out_between_queueing_and_sending_gets_nothing_any_way(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[case] first: &str,
    #[case] word: &str,
) {
    let w = World::new(backend).await;
    let dora = dora(&w).await;
    prefers(&w, &dora, first, Some("sms")).await;
    waits(&w, &dora).await;
    let slot = free(&w, 50, CreateSlot::default()).await;
    waitlist::tick(&w.s).await.expect("an offer is written");
    assert_eq!(statuses(&see(&w, slot.id).await), [OfferStatus::Waiting]);
    w.text(DORA, word).await;
    settle(&w).await;
    assert!(w.phone_got(DORA).is_empty() && w.sim.mails_to(DORAS_MAIL).is_empty());
    assert_eq!(statuses(&see(&w, slot.id).await), [OfferStatus::Withdrawn]);
}

#[rstest]
#[tokio::test]
async fn a_text_of_their_own_that_cannot_be_filled_is_replaced_and_somebody_is_asked_to_look(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let dora = dora(&w).await;
    prefers(&w, &dora, "email", None).await;
    let own = SaveTemplate {
        body: "Free on {{ date }} at {{ time }}, held until {{ until }}.".to_owned(),
        subject: Some("Free: {{ date }}".to_owned()),
        version: None,
    };
    let which = Which::mail(Kind::OfferHeld, Language::English);
    services::templates::save(&w.s, &w.owner, which, own).await.expect("kept");
    let sql = "UPDATE template_version SET body = 'Free on {{ gone }}'";
    w.s.db().connection().execute_unprepared(sql).await.expect("broken");
    waits(&w, &dora).await;
    free(&w, 50, CreateSlot::default()).await;
    settle(&w).await;
    let mail = w.sim.mails_to(DORAS_MAIL).pop().expect("the built-in one goes out");
    assert!(mail.text.expect("text").contains("It is held for you until"));
    assert!(w.open_tasks().await.iter().any(|task| task.kind == "template"));
}

#[rstest]
#[tokio::test]
async fn a_page_and_a_text_at_one_moment_make_one_visit(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let (dora, ben) = (dora(&w).await, w.contact("Ben", BEN).await);
    prefers(&w, &dora, "email", None).await;
    waits(&w, &dora).await;
    waits(&w, &ben).await;
    let race = CreateSlot {
        mode: Some(contract::waitlist::Mode::Race),
        group_size: Some(2),
        ..CreateSlot::default()
    };
    let slot = free(&w, 50, race).await;
    settle(&w).await;
    let token = page_of(&w, DORAS_MAIL);
    let (pressed, _) = tokio::join!(page::answer(&w.s, &token, Given::Yes), w.text(BEN, "Y"));
    assert!(pressed.expect("heard"));
    settle(&w).await;
    let seen = see(&w, slot.id).await;
    let taken = seen.offers.iter().filter(|offer| offer.status == OfferStatus::Taken).count();
    assert_eq!((seen.status, taken), (SlotStatus::Taken, 1), "{:?}", seen.offers);
}

#[rstest]
#[tokio::test]
async fn whom_no_way_reaches_any_more_is_called(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = World::new(backend).await;
    let ben = w.contact("Ben", BEN).await;
    waits(&w, &ben).await;
    free(&w, 50, CreateSlot::default()).await;
    settle(&w).await;
    w.text(BEN, "Y").await;
    settle(&w).await;
    let won = w.last_message(&ben).await;
    assert_eq!(won.kind, "offer_news");
    let sid = won.provider_sid.clone().expect("taken");
    w.status(&won, &sid, "undelivered", Some(30006)).await.expect("heard");
    settle(&w).await;
    let tasks = w.open_tasks().await;
    assert!(
        tasks
            .iter()
            .any(|task| task.kind == "call" && task.title.contains("it is theirs")),
        "{tasks:?}"
    );
}
