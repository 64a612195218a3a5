//! What may go out on WhatsApp at this moment: from a sender that is online, freely within a day of their last message, else by an approved
//! template alone.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::{
    consent::Channel,
    whatsapp::{Approval, Go, Template, what_may_go},
};
use entity::{messages::message, numbers::number, whatsapp::whatsapp_sender};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, sea_query::Expr};
use uuid::Uuid;

use crate::{
    channels,
    contacts::whatsapp::{self as places, Place},
    kernel::{Result, Tx},
    messages::buttons,
    numbers,
    twins::{self, Said},
};

/// What is known of the WhatsApp messages of a group.
#[derive(Default)]
pub(super) struct Ways {
    pub places: HashMap<Uuid, Vec<Place>>,
    senders: HashMap<Uuid, whatsapp_sender::Model>,
    said: HashMap<Uuid, Said>,
}

fn is_whatsapp(m: &message::Model) -> bool {
    channels::of(m) == Some(Channel::WhatsApp)
}

impl Ways {
    pub(super) async fn load(tx: &Tx, picked: &[message::Model], active: &[number::Model]) -> Result<Self> {
        let ours: Vec<&message::Model> = picked.iter().filter(|m| is_whatsapp(m)).collect();
        if ours.is_empty() {
            return Ok(Self::default());
        }
        let people: Vec<Uuid> = ours.iter().map(|m| m.contact_id).collect();
        let senders: Vec<Uuid> = active
            .iter()
            .filter(|number| Channel::of_sender(&number.phone) == Channel::WhatsApp)
            .map(|number| number.id)
            .collect();
        Ok(Self {
            places: places::places(tx.services(), &tx.db, &people).await?,
            senders: numbers::whatsapp::standings(&tx.db, &senders).await?,
            said: twins::said(tx, &ours).await?,
        })
    }

    /// Where this person wrote from.
    pub(super) fn places_of(&self, person: Uuid) -> &[Place] {
        self.places.get(&person).map_or(&[], Vec::as_slice)
    }

    /// Why a message has to wait for its sender, if it has to.
    pub(super) fn holds_back(&self, number: &number::Model) -> Option<String> {
        numbers::whatsapp::holds_back(&number.phone, self.senders.get(&number.id))
    }

    /// What a message goes out as.
    pub(super) fn go(&self, now: DateTime<Utc>, m: &message::Model) -> Go {
        let template = self.said.get(&m.id).map(|said| match said {
            Said::By(wording) => Template {
                approval: Approval::Approved,
                asks: !wording.buttons.is_empty(),
            },
            Said::NotBy(approval) => Template {
                approval: *approval,
                asks: true,
            },
        });
        let place = self.places_of(m.contact_id).iter().find(|place| place.address == m.theirs);
        let until = place.and_then(|place| place.windows.get(&m.ours).copied());
        what_may_go(now, until, template)
    }

    /// These go out now: as what, with the buttons under them, and in the words that their readers see.
    pub(super) async fn set_out(&self, tx: &Tx, go: &mut [message::Model]) -> Result<()> {
        for m in go.iter_mut().filter(|m| is_whatsapp(m)) {
            let wording = match (self.go(tx.now, m), self.said.get(&m.id)) {
                (Go::Template, Some(Said::By(wording))) => wording,
                (_, Some(_)) => {
                    twins::goes_by(tx, m, None).await?;
                    continue;
                }
                (_, None) => continue,
            };
            let carried = buttons::put(tx, m, &wording.buttons).await?;
            twins::goes_by(tx, m, Some((wording, &carried))).await?;
            let body = wording.twin.read(&wording.named);
            message::Entity::update_many()
                .col_expr(message::Column::Body, Expr::value(&body))
                .filter(message::Column::Id.eq(m.id))
                .exec(&tx.db)
                .await?;
            m.body = body;
        }
        Ok(())
    }
}
