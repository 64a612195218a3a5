//! What programs read to keep in step.

use rstest::rstest;
use sea_orm::{ConnectionTrait, DbBackend, QuerySelect};
use testkit::{Backend, TestDb};
use uuid::Uuid;

use super::{moment, uses};
use crate::{
    kernel::{
        Db,
        changes::{self, Kind},
        paging::Cursor,
    },
    waitlist,
};

const HISTORY: &str = "
SET session_replication_role = replica;
INSERT INTO last_change (id, business_id, kind, at)
  SELECT gen_random_uuid(), '00000000-0000-0000-0000-000000000000', CASE n % 3 WHEN 0 THEN 'appointment' WHEN 1 THEN 'conversation' ELSE 'task' END,
    now() + n * interval '1 minute' FROM generate_series(1, 20000) n;
INSERT INTO waitlist_entry (id, business_id, contact_id, types, locations, staff, minutes, windows, notice_minutes, priority, notes, channel,
    source, consent, consented_at, status, place, turn_at, silences, offers, answers, expires_at, link_revision, created_at, updated_at)
  SELECT gen_random_uuid(), '00000000-0000-0000-0000-000000000000', gen_random_uuid(), '', '', '', 30, '', 60, 'normal', '', 'sms', 'staff', '',
    now(), CASE n % 50 WHEN 0 THEN 'waiting' ELSE 'booked' END, 0, now(), 0, 0, 0, now(), 0, now(), now() + n * interval '1 minute'
  FROM generate_series(1, 20000) n;
ANALYZE last_change; ANALYZE waitlist_entry;
";

#[rstest]
#[case(Backend::Sqlite, DbBackend::Sqlite)]
#[case(Backend::Postgres, DbBackend::Postgres)]
#[tokio::test]
async fn what_has_changed_is_read_from_an_index(#[case] backend: Backend, #[case] b: DbBackend) {
    let test = TestDb::new(backend).await;
    let db = Db::connect(&test.url).await.expect("opens");
    if b == DbBackend::Postgres {
        db.connection().execute_unprepared(HISTORY).await.expect("history");
    }
    let here = Cursor(moment(), Uuid::nil());
    for kind in [Kind::Appointment, Kind::Conversation, Kind::Task] {
        uses(
            &db,
            b,
            "last_change_since",
            changes::after(Uuid::nil(), kind, &here).limit(51),
        )
        .await;
    }
    uses(
        &db,
        b,
        "waitlist_entry_changed",
        waitlist::entries::changed(Uuid::nil(), &here).limit(51),
    )
    .await;
}
