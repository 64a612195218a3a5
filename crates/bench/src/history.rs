//! Years of history in a minute: rows that the product made itself are copied by SQL with new ids and earlier times. The columns are
//! asked of the database, so that a new one needs no change here; only what must differ from row to row is named.

use std::time::Instant;

use anyhow::ensure;

use crate::{
    db::Db,
    load::Plan,
    setup::{World, phone},
};

/// Past appointments, and texts, per customer.
pub const EACH: usize = 50;
/// Between two appointments, or two texts, of one customer.
const HOURS_APART: usize = 60;

/// Fills a fresh world with `size` texts and as many appointments of `size / 50` customers, and each appointment's reminder.
pub async fn fill(world: &mut World<'_>, size: usize) -> anyhow::Result<()> {
    let people = (size / EACH).max(1);
    let start = Instant::now();
    world.add_people(people).await?;
    // One real text each, so that everybody has a conversation.
    let texts = (0..people).map(|n| {
        world.inbound(
            &format!("SM{:032x}", 0xfeed_u128 << 96 | n as u128),
            &phone(415, n),
            "Is there parking?",
        )
    });
    Plan::new(&world.address, texts.collect()).all(32).await.all_well()?;
    // One real appointment to copy, with its reminders.
    let appointment =
        serde_json::json!({ "contact_id": world.people[0].id, "starts_at": crate::machine::now() + chrono::Duration::days(30) });
    Plan::new(&world.address, vec![world.api("/appointments", Some(&appointment))])
        .all(1)
        .await
        .all_well()?;
    world.stop().await?;
    let (made, start) = (start.elapsed().as_secs_f64(), Instant::now());
    copy(&world.db, people).await?;
    let copied = start.elapsed().as_secs_f64();
    eprintln!("      {people} customers made in {made:.0} s, history of {size} texts and visits copied in {copied:.0} s");
    world.start().await
}

async fn copy(db: &Db, people: usize) -> anyhow::Result<()> {
    if db.is_postgres() {
        // So many rows in a minute are news to its planner.
        db.run("ANALYZE").await?;
    }
    let sql = Sql {
        db,
        each: EACH,
        hours_apart: HOURS_APART,
    };
    let many = format!(
        "(SELECT contact.id AS contact_id, row_number() OVER (ORDER BY contact.id) AS n FROM contact) p CROSS JOIN {}",
        sql.series(EACH)
    );
    let times = format!("(p.n * {EACH} + k.k)");

    // Oldest first, as they would have come.
    let texts =
        format!("FROM message t JOIN {many} ON t.contact_id = p.contact_id WHERE t.direction = 'inbound' ORDER BY k.k, p.n");
    let id = sql.id(1, &times);
    let set = [("id", id), ("provider_sid", format!("'SMc0' || {}", sql.padded(&times, 30)))];
    sql.insert("message", &set, &texts).await?;

    let one =
        |table: &str| format!("FROM (SELECT * FROM {table} ORDER BY created_at LIMIT 1) t CROSS JOIN {many} ORDER BY k.k, p.n");
    let appointment = sql.id(2, &times);
    let set = [
        ("id", appointment.clone()),
        ("contact_id", "p.contact_id".to_owned()),
        ("status", "'completed'".to_owned()),
        ("starts_at", sql.earlier("t.starts_at", true)),
    ];
    sql.insert("appointment", &set, &one("appointment")).await?;
    let set = [
        ("id", sql.id(3, &times)),
        ("contact_id", "p.contact_id".to_owned()),
        ("appointment_id", appointment),
        ("status", "'yes'".to_owned()),
        ("correlation_id", format!("'bench' || {}", sql.padded(&times, 12))),
        ("due_at", sql.earlier("t.due_at", true)),
        ("expires_at", sql.earlier("t.expires_at", true)),
    ];
    sql.insert("reminder_request", &set, &one("reminder_request")).await?;

    // What the databases do by themselves in the course of years: autovacuum there, checkpoints here.
    db.run(if db.is_postgres() {
        "VACUUM ANALYZE"
    } else {
        "PRAGMA wal_checkpoint(TRUNCATE)"
    })
    .await?;
    let stored = db.number("SELECT count(*) FROM message").await?;
    ensure!(stored as usize >= people * EACH, "only {stored} texts were generated");
    Ok(())
}

/// Makes the thread of the first customer `texts` longer, one an hour.
pub async fn lengthen(world: &World<'_>, texts: usize) -> anyhow::Result<()> {
    let sql = Sql {
        db: &world.db,
        each: texts,
        hours_apart: 1,
    };
    let contact = world.people[0].id.replace('-', "");
    let id = if world.db.is_postgres() {
        format!("'{contact}'::uuid")
    } else {
        format!("unhex('{contact}')")
    };
    let from = format!(
        "FROM (SELECT * FROM message WHERE contact_id = {id} AND direction = 'inbound' ORDER BY created_at LIMIT 1) t
         CROSS JOIN (SELECT 1 AS n) p CROSS JOIN {} ORDER BY k.k",
        sql.series(texts)
    );
    let set = [
        ("id", sql.id(4, "k.k")),
        ("body", "'Is there parking? I asked ' || k.k || ' times.'".to_owned()),
        ("provider_sid", format!("'SMc4' || {}", sql.padded("k.k", 30))),
    ];
    sql.insert("message", &set, &from).await
}

/// The few expressions that the two databases write differently. `k.k` counts from 1 (newest is the largest).
struct Sql<'a> {
    db: &'a Db,
    /// The largest `k.k`.
    each: usize,
    hours_apart: usize,
}

impl Sql<'_> {
    /// `INSERT INTO table SELECT …`: the columns in `set` as given, times earlier, all others as in `t`.
    async fn insert(&self, table: &str, set: &[(&str, String)], from: &str) -> anyhow::Result<()> {
        let columns = self.db.columns(table).await?;
        let values: Vec<String> = columns
            .iter()
            .map(|column| match set.iter().find(|(name, _)| name == column) {
                Some((_, value)) => value.clone(),
                None if column.ends_with("_at") || column == "not_before" => self.earlier(&format!("t.{column}"), false),
                None => format!("t.{column}"),
            })
            .collect();
        self.db
            .run(&format!(
                "INSERT INTO {table} ({}) SELECT {} {from}",
                columns.join(", "),
                values.join(", ")
            ))
            .await
    }

    fn series(&self, count: usize) -> String {
        if self.db.is_postgres() {
            format!("generate_series(1::bigint, {count}) AS k(k)")
        } else {
            format!("(WITH RECURSIVE s(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM s WHERE k < {count}) SELECT k FROM s) k")
        }
    }

    /// A time moved back, the more the smaller `k` is; `past` puts even the newest some days before any real row.
    fn earlier(&self, column: &str, past: bool) -> String {
        let (each, apart) = (self.each, self.hours_apart);
        let hours = format!("(({each} - k.k + 1) * {apart} + {})", if past { 24 * 60 } else { 0 });
        if self.db.is_postgres() {
            format!("{column} - {hours} * interval '1 hour' - p.n * interval '7 millisecond'")
        } else {
            let seconds = format!("printf('-%.3f seconds', {hours} * 3600 + p.n * 0.007)");
            // As the product writes times.
            format!("strftime('%Y-%m-%dT%H:%M:%f', {column}, {seconds}) || '+00:00'")
        }
    }

    /// A version 7 UUID: the time goes with `k`, the rest says which table and row.
    fn id(&self, table: u8, n: &str) -> String {
        let base: i64 = 1_600_000_000_000;
        let time = format!("{base} + k.k * 3600000 * {}", self.hours_apart);
        if self.db.is_postgres() {
            format!("(lpad(to_hex({time}), 12, '0') || '7{table:03}8' || lpad(to_hex({n}), 15, '0'))::uuid")
        } else {
            format!("unhex(printf('%012x7{table:03}8%015x', {time}, {n}))")
        }
    }

    fn padded(&self, n: &str, digits: usize) -> String {
        if self.db.is_postgres() {
            format!("lpad(to_hex({n}), {digits}, '0')")
        } else {
            format!("printf('%0{digits}x', {n})")
        }
    }
}
