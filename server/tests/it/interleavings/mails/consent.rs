//! What customers say about mails. No door of the product takes that yet, so it is written down here as it will be there: where they stand
//! and the ledger's rows in one transaction, under the lock that a claim takes, too.

use domain::consent::{Channel, LedgerEntry, Purpose, Source, State};
use entity::{
    businesses::business,
    contacts::{consent, consent_event, contact},
};
use sea_orm::{
    ActiveModelTrait, DatabaseTransaction, EntityTrait, IntoActiveModel, QuerySelect, Set, SqliteTransactionMode,
    TransactionOptions, TransactionTrait,
    sea_query::{LockType, OnConflict},
};
use uuid::Uuid;

use crate::interleavings::story::Story;

const SAID: &str = "on the page that the mail leads to";

impl Story {
    /// A customer says whether they want mails.
    pub(in crate::interleavings) async fn say_of_mail(&self, who: usize, state: State) {
        let purposes: &[Purpose] = match state {
            State::OptedOut => &[Purpose::Transactional, Purpose::Promotional],
            _ => &[Purpose::Transactional],
        };
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..Default::default()
        };
        let begun = self.app.s.db().connection().begin_with_options(options).await;
        let tx = begun.expect("a transaction");
        let them = contact::Entity::find_by_id(self.contact_id(who)).lock(LockType::NoKeyUpdate);
        them.one(&tx).await.expect("an answer").expect("the contact");
        for purpose in purposes {
            self.append(&tx, who, *purpose, state).await;
            self.stand(&tx, who, *purpose, state).await;
        }
        tx.commit().await.expect("it is written");
    }

    async fn append(&self, tx: &DatabaseTransaction, who: usize, purpose: Purpose, state: State) {
        let head = business::Entity::find_by_id(self.app.business_id).lock(LockType::NoKeyUpdate);
        let head = head.one(tx).await.expect("an answer").expect("the business");
        let (contact_id, at) = (self.contact_id(who), self.app.s.now());
        let (seq, prev_hash) = (head.ledger_seq + 1, head.ledger_hash.clone());
        let entry = LedgerEntry {
            business_id: &head.id.to_string(),
            seq,
            contact_id: &contact_id.to_string(),
            channel: Channel::Email,
            purpose,
            state,
            source: Source::PreferencePage,
            actor: "contact",
            evidence: SAID,
            at,
        };
        let hash = entry.hash(&prev_hash);
        let row = consent_event::ActiveModel {
            id: Set(Uuid::now_v7()),
            business_id: Set(head.id),
            seq: Set(seq),
            contact_id: Set(contact_id),
            channel: Set(Channel::Email.as_str().to_owned()),
            purpose: Set(purpose.as_str().to_owned()),
            state: Set(state.as_str().to_owned()),
            source: Set(Source::PreferencePage.as_str().to_owned()),
            actor: Set("contact".to_owned()),
            evidence: Set(SAID.to_owned()),
            at: Set(at),
            prev_hash: Set(prev_hash),
            hash: Set(hash.clone()),
        };
        row.insert(tx).await.expect("a row of the ledger");
        let mut head = head.into_active_model();
        (head.ledger_seq, head.ledger_hash) = (Set(seq), Set(hash));
        head.update(tx).await.expect("the ledger's head");
    }

    async fn stand(&self, tx: &DatabaseTransaction, who: usize, purpose: Purpose, state: State) {
        let row = consent::ActiveModel {
            contact_id: Set(self.contact_id(who)),
            channel: Set(Channel::Email.as_str().to_owned()),
            purpose: Set(purpose.as_str().to_owned()),
            business_id: Set(self.app.business_id),
            state: Set(state.as_str().to_owned()),
            updated_at: Set(self.app.s.now()),
        };
        let key = [consent::Column::ContactId, consent::Column::Channel, consent::Column::Purpose];
        let replace = OnConflict::columns(key)
            .update_columns([consent::Column::State, consent::Column::UpdatedAt])
            .to_owned();
        let written = consent::Entity::insert(row).on_conflict(replace).exec_without_returning(tx);
        written.await.expect("where they stand");
    }
}
