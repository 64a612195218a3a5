//! What the waitlist says on WhatsApp and by mail: for whom a time is, and how an offer ended, also once the day of free words is over.

use chrono::Duration;
use contract::waitlist::{AddEntry, CreateSlot, OfferStatus, SlotStatus};
use domain::{language::Language, whatsapp::KINDS};
use rstest::rstest;
use services::{jobs, queue::Job, twins, waitlist};
use testkit::{Backend, World};

use super::{
    BEN, free, see, settle, statuses, waits, waits_for,
    ways::{CLEOS_CHAT, DORAS_MAIL, approved, button, cleo, dora, prefers, tap},
};
use crate::whatsapp::world;

fn for_mia() -> AddEntry {
    AddEntry {
        for_name: Some("Mia Lee".to_owned()),
        ..AddEntry::default()
    }
}

#[rstest]
#[tokio::test]
async fn an_offer_says_for_whom_it_is_by_every_way(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w = world(backend).await;
    let (cleo, dora) = (cleo(&w).await, dora(&w).await);
    prefers(&w, &dora, "email", None).await;
    approved(&w, "offer_held").await;
    for who in [&cleo, &dora] {
        waits_for(&w, who, for_mia()).await;
        w.clock.advance(Duration::minutes(1));
    }
    free(&w, 50, CreateSlot::default()).await;
    settle(&w).await;
    let asked = w.sim.sent_to(CLEOS_CHAT).pop().expect("asked");
    assert!(
        asked.content.is_some() && asked.body.contains("A time for Mia's visit has come free"),
        "{}",
        asked.body
    );
    tap(&w, CLEOS_CHAT, "No, thank you", &button(&w, CLEOS_CHAT, 1)).await;
    settle(&w).await;
    let mail = w.sim.mails_to(DORAS_MAIL).pop().expect("asked next").text.expect("text");
    assert!(mail.contains("A time for Mia's visit has come free"), "{mail}");
}

#[rstest]
#[tokio::test]
async fn who_held_a_time_on_whatsapp_is_told_that_it_went_though_they_wrote_days_ago(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
    #[values(true, false)] handed_in: bool,
) {
    let w = world(backend).await;
    let (cleo, ben) = (cleo(&w).await, w.contact("Ben", BEN).await);
    approved(&w, "offer_held").await;
    if handed_in {
        approved(&w, "offer_lost").await;
    }
    waits(&w, &cleo).await;
    let slot = free(&w, 50, CreateSlot::default()).await;
    settle(&w).await;
    assert_eq!(w.sim.sent_to(CLEOS_CHAT).len(), 1, "asked by a template");
    waitlist::book(&w.s, &w.owner, slot.id, ben.id).await.expect("booked by hand");
    settle(&w).await;
    let said = w.sim.sent_to(CLEOS_CHAT).split_off(1);
    assert_eq!(said.len(), usize::from(handed_in), "free words may not go");
    for told in said {
        let content = told.content.expect("an approved wording");
        assert!(
            content.buttons.is_empty() && told.body.starts_with("Sorry, that time just went."),
            "{}",
            told.body
        );
    }
    assert_eq!(statuses(&see(&w, slot.id).await), [OfferStatus::Lost]);
}

#[rstest]
#[tokio::test]
async fn who_has_just_answered_is_told_in_words_that_say_more_than_a_template(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = world(backend).await;
    let cleo = cleo(&w).await;
    approved(&w, "offer_held").await;
    approved(&w, "offer_won").await;
    let later = w.appointment(&cleo, 240).await;
    let earlier = AddEntry {
        instead_of: Some(later.id),
        ..AddEntry::default()
    };
    waits_for(&w, &cleo, earlier).await;
    let slot = free(&w, 50, CreateSlot::default()).await;
    settle(&w).await;
    tap(&w, CLEOS_CHAT, "Yes, I take it", &button(&w, CLEOS_CHAT, 0)).await;
    settle(&w).await;
    assert_eq!(see(&w, slot.id).await.status, SlotStatus::Taken);
    let told = w.sim.sent_to(CLEOS_CHAT).pop().expect("told");
    assert!(told.content.is_none() && told.body.contains("is released"), "{}", told.body);
}

#[rstest]
#[tokio::test]
async fn every_built_in_wording_is_approved(#[values(Backend::Sqlite, Backend::Postgres)] backend: Backend) {
    let w: World = world(backend).await;
    let mut all = Vec::new();
    for kind in KINDS {
        for language in Language::ALL {
            let twin = twins::submit(&w.s, &w.owner, kind.as_str(), language.as_str()).await;
            all.push(twin.expect("handed in").id.expect("it is kept"));
        }
    }
    w.clock.advance(Duration::minutes(10));
    for template_id in &all {
        let job = Job::CheckTwin {
            template_id: *template_id,
        };
        jobs::perform(&w.s, job).await.expect("looked at");
    }
    let listed = twins::list(&w.s, &w.owner).await.expect("wordings");
    for twin in &listed {
        assert_eq!((twin.state.as_str(), twin.in_use), ("approved", true), "{twin:?}");
    }
    assert_eq!(listed.len(), all.len());
}
