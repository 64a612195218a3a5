//! Texts to the number that several businesses share.

use contract::Code;
use domain::consent::State;
use entity::messages::receipt;
use rstest::rstest;
use sea_orm::EntityTrait;
use services::{Actor, contacts, conversations, numbers, outbox, receiving};
use testkit::{Backend, SHARED, World};
use twilio::forms;
use uuid::Uuid;

use super::ANN;

/// A business begins a conversation with a new contact; their id.
async fn write_to(w: &World, actor: &Actor, phone: &str) -> Uuid {
    let new = contract::contacts::CreateContact {
        name: "Ann".to_owned(),
        phone: phone.to_owned(),
        ..Default::default()
    };
    let ann = contacts::create(&w.s, actor, new).await.expect("created");
    let text = contract::messages::SendMessage {
        channel: None,
        contact_id: ann.id,
        body: "Hello".to_owned(),
        correlation_id: None,
        after_message_id: None,
        send_at: None,
    };
    outbox::send(&w.s, actor, text).await.expect("queued");
    w.clock.advance(chrono::Duration::seconds(1));
    ann.id
}

#[rstest]
#[tokio::test]
async fn a_text_to_the_shared_number_goes_to_who_wrote_last_from_it(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let nails = w.business_without_number("Nails").await;
    let hair = w.business_without_number("Hair").await;
    write_to(&w, &nails, ANN).await;
    write_to(&w, &hair, ANN).await;
    write_to(&w, &nails, "+14155550172").await;
    for (from, to) in [(ANN, &hair), ("+14155550172", &nails)] {
        let mut form = w.inbound(from, "Hi");
        form.to = SHARED.to_owned();
        receiving::receive(&w.s, &form, "").await.expect("taken");
        let row = conversations::page(&w.s, to, Default::default())
            .await
            .expect("list")
            .data
            .remove(0);
        assert_eq!(row.unread, 1, "{from}");
    }
    let mut stranger = w.inbound("+14155550173", "Hi");
    stranger.to = SHARED.to_owned();
    let nobody = receiving::receive(&w.s, &stranger, "")
        .await
        .expect_err("several businesses, and nobody wrote first");
    assert_eq!(nobody.problem().code, Code::NotFound);
}

/// Those that wait for the first are one group: each of it goes its own way, in one look for all.
#[rstest]
#[tokio::test]
async fn texts_to_the_shared_number_that_come_together_each_go_to_who_wrote_last(
    #[values(Backend::Sqlite, Backend::Postgres)] backend: Backend,
) {
    let w = World::new(backend).await;
    let both = [
        w.business_without_number("Nails").await,
        w.business_without_number("Hair").await,
    ];
    let phones: Vec<String> = (10..30).map(|n| format!("+141555501{n}")).collect();
    for (n, phone) in phones.iter().enumerate() {
        write_to(&w, &both[n % 2], phone).await;
        if n.is_multiple_of(3) {
            write_to(&w, &both[(n + 1) % 2], phone).await;
        }
    }
    let last = |n: usize| both[if n.is_multiple_of(3) { n + 1 } else { n } % 2].business_id;
    let texts = phones.iter().map(String::as_str).chain(["+14155550199"]).map(|from| {
        let mut form = w.inbound(from, "Hi");
        form.to = SHARED.to_owned();
        let s = &w.s;
        async move {
            let answer = receiving::receive(s, &form, "").await;
            (form.message_sid, answer.map_err(|e| e.problem().code))
        }
    });
    let mut answers = futures::future::join_all(texts).await;
    let (_, stranger) = answers.pop().expect("an answer");
    assert_eq!(stranger, Err(Code::NotFound), "nobody wrote to them");
    for (n, (sid, answer)) in answers.into_iter().enumerate() {
        assert_eq!(answer, Ok(receiving::Received::Done));
        let row = receipt::Entity::find_by_id(sid).one(w.s.db().connection()).await;
        assert_eq!(row.expect("rows").expect("stored").business_id, last(n), "text {n}");
    }
}

/// Both come in one transaction, and the second finds what the first has changed about somebody it was not sent to. (On PostgreSQL
/// transactions run side by side, and of texts that come at the same moment either may be first.)
#[tokio::test]
async fn a_start_counts_right_after_a_stop_to_the_number_that_businesses_share() {
    let w = World::new(Backend::Sqlite).await;
    let nails = w.business_without_number("Nails").await;
    let hair = w.business_without_number("Hair").await;
    let ann_of_nails = write_to(&w, &nails, ANN).await;
    let ann_of_hair = write_to(&w, &hair, ANN).await;
    let own = "+14155550109";
    numbers::assign(&w.s, nails.business_id, own)
        .await
        .expect("a number of their own");
    let text = |to: &str, body: &str| forms::Inbound {
        to: to.to_owned(),
        ..w.inbound(ANN, body)
    };
    let said = [text(own, "START"), text(SHARED, "STOP"), text(own, "START")];
    for taken in futures::future::join_all(said.iter().map(|form| receiving::receive(&w.s, form, ""))).await {
        assert_eq!(taken.expect("taken"), receiving::Received::Done);
    }
    let consent = async |actor, ann| contacts::get(&w.s, actor, ann).await.expect("contact").consent.sms;
    assert_eq!(consent(&hair, ann_of_hair).await, State::OptedOut);
    assert_eq!(consent(&nails, ann_of_nails).await, State::OptedIn);
}
