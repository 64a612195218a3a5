//! HISTORY. How the tables came to be: `sql/`, a file for each step and database. Entities change, history does not.
//! Our own tables are recorded in `seaql_migrations`, the queue's in `_sqlx_migrations`.
//!
//! To change a table: write `sql/<next number>_<what it does>.up.sql` and `.down.sql`, and add a line to [`FILES`].

pub use sea_orm_migration::MigratorTrait;
use sea_orm_migration::prelude::*;

mod file;
mod queue;

use file::{File, file};
pub use queue::QueueError;

/// Our own tables, in this order.
const FILES: &[File] = &[
    file!(each "0001_first_tables" was "m20261120_000001_foundation"),
    file!(each "0002_priorities_paces_and_budgets" was "m20261120_000002_engine"),
    file!(each "0003_encryption_at_rest" was "m20261120_000003_sealed"),
    file!(both "0004_index_waiting_messages" was "m20261120_000004_waiting"),
    file!(each "0005_receipt_keeps_time_sent" was "m20261120_000005_late"),
    file!(both "0006_breaker_opened_by_callback" was "m20261121_000006_confirmed"),
    file!(each "0007_locations" was "m20261125_000007_locations"),
    file!(each "0008_own_twilio_accounts" was "m20261125_000008_accounts"),
    file!(both "0009_ask_for_doubtful_countries" was "m20261128_000009_country"),
    file!(each "0010_appointments_keep_their_clock" was "m20261128_000010_zones"),
    file!(each "0011_account_paces_and_shared_keys" was "m20261128_000011_pace_and_keys"),
    file!(both "0012_limits_for_automatic_answers" was "m20261128_000012_automatic"),
    file!(both "0013_route_index_of_outbound_only" was "m20261128_000013_route"),
    file!(both "0014_drop_message_retries" was "m20261128_000014_retries"),
    file!(each "0015_waiting_snoozed_assigned_and_seen"),
    file!(each "0016_appointment_types_ends_and_series"),
    file!(each "0017_calendar_sources"),
    file!(each "0018_message_origins"),
    file!(each "0019_staff_mail"),
    file!(each "0020_questions"),
    file!(both "0021_retries_lookups_and_rate_limits"),
    file!(each "0022_notes_drafts_and_inbox_views"),
    file!(each_way "0023_words_of_messages"),
    file!(each "0024_tags_and_the_timeline_of_a_person"),
    file!(each "0025_merged_people"),
    file!(each "0026_notifications_and_devices"),
    file!(each "0027_notes_once"),
    file!(both "0028_tasks_of_somebody_and_due"),
    file!(each "0029_merged_threads"),
    file!(each "0030_presence"),
    file!(each "0031_quick_replies"),
    file!(each "0032_replies_held_and_sent_later"),
    file!(each "0033_batches_that_can_be_undone"),
    file!(both "0034_find_what_stands_in_a_thread"),
    file!(each "0035_assigning_and_closing_by_rule"),
    file!(each "0036_mail_for_what_was_missed"),
    file!(each "0037_saved_filters"),
    file!(both "0038_who_is_held_or_opted_out"),
    file!(each_way "0039_types_places_and_staff"),
    file!(each "0040_past_visits"),
    file!(each "0041_failed_conversations"),
    file!(both "0042_languages"),
    file!(each "0044_imports"),
    file!(each "0046_customers_page_and_feeds"),
    file!(each "0048_changes_of_visits"),
    file!(each "0050_calendars_that_are_read"),
    file!(both "0052_several_in_one_text"),
    file!(each_way "0054_members_invitations_and_passwords"),
    file!(each "0056_sessions_and_second_factors"),
    file!(each "0058_number_requests_and_registration"),
    file!(each "0060_audit_trail_and_settings"),
    file!(each "0062_running_an_installation"),
    file!(each "0064_countries_and_retention"),
    file!(each "0066_ways_in"),
    file!(each "0068_waitlist"),
    file!(each "0070_texts_of_a_business"),
    file!(each "0071_experiments"),
    file!(each "0072_whatsapp"),
    file!(each "0073_whatsapp_templates"),
    file!(each "0074_ways_to_customers"),
    file!(each "0076_verification_and_the_waitlists_form"),
    file!(each "0080_figures"),
    file!(each "0081_monthly_report"),
    file!(each "0082_reviews"),
    file!(each "0083_who_comes"),
    file!(each "0084_outgoing_webhooks"),
    file!(each "0085_triggers"),
    file!(each "0086_requests_that_may_be_repeated"),
    file!(each "0087_keys_of_the_api"),
    file!(each "0088_log_of_the_api"),
    file!(each "0089_when_things_changed"),
    file!(each "0090_alerts"),
];

/// Our own tables.
pub struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        FILES.iter().map(|file| Box::new(*file) as Box<dyn MigrationTrait>).collect()
    }
}

/// How many of our migrations a database lacks; all of them where it has none. Changes nothing.
///
/// # Errors
/// When the database does not answer.
pub async fn missing(db: &sea_orm::DatabaseConnection) -> Result<usize, DbErr> {
    if !SchemaManager::new(db).has_table("seaql_migrations").await? {
        return Ok(FILES.len());
    }
    let done = Migrator::get_migration_models(db).await?;
    let lacks = |file: &&File| done.iter().all(|row| name_now(&row.version) != file.name);
    Ok(FILES.iter().filter(lacks).count())
}

/// Brings a database to the newest state: our tables, then the queue's.
///
/// Several processes may start at once on PostgreSQL: an advisory lock lets one of them work and the others wait.
///
/// # Errors
/// When a statement fails; on both databases a failed migration leaves nothing half done.
pub async fn up(db: &sea_orm::DatabaseConnection) -> Result<(), QueueError> {
    queue::locked(db, async {
        rename(db).await?;
        Migrator::up(db, None).await?;
        queue::up(db).await
    })
    .await
}

/// What a migration that is recorded as this is called today.
fn name_now(recorded: &str) -> &str {
    let file = FILES.iter().find(|file| file.before.contains(&recorded));
    file.map_or(recorded, |file| file.name)
}

/// What an earlier version has applied is recorded under an earlier name: it would be taken for not applied, and for one of a newer
/// version.
async fn rename(db: &sea_orm::DatabaseConnection) -> Result<(), DbErr> {
    use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, TransactionTrait};
    use sea_orm_migration::seaql_migrations::{Column, Entity};

    let tx = db.begin().await?;
    for row in Migrator::get_migration_models(&tx).await? {
        let name = name_now(&row.version);
        if name != row.version {
            Entity::update_many()
                .col_expr(Column::Version, Expr::value(name))
                .filter(Column::Version.eq(&row.version))
                .exec(&tx)
                .await?;
        }
    }
    tx.commit().await
}
