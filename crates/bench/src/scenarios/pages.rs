//! Pages as a member's browser gets them from the server.

use crate::{load::Plan, setup::World};

/// The median of three runs.
pub struct Page {
    pub name: &'static str,
    pub p50: f64,
    pub p95: f64,
}

pub async fn run(world: &World<'_>) -> anyhow::Result<Vec<Page>> {
    let count = if world.options.quick { 20 } else { 100 };
    let cookie = world.sign_in().await?;
    let ids = world
        .db
        .texts(&format!(
            "SELECT {} FROM conversation ORDER BY id LIMIT {count}",
            world.db.hex("id")
        ))
        .await?;
    let threads: Vec<String> = ids.iter().map(|id| format!("/inbox/{id}")).collect();
    let same = |path: &str| vec![path.to_owned(); count];
    let kinds = [
        ("inbox page", same("/inbox")),
        ("thread page", threads),
        ("search for a name", same("/contacts?q=rossi")),
        ("search for a number", same("/contacts?q=415%20200%200123")),
        ("search that finds nobody", same("/contacts?q=nobodyhere")),
    ];
    let mut pages = Vec::new();
    for (name, paths) in kinds {
        let plan = Plan::new(&world.address, paths.iter().map(|path| world.page(path, &cookie)).collect());
        // The first opening of a thread marks it as read; that is another measure.
        plan.all(1).await.all_well()?;
        let (mut p50, mut p95) = (Vec::new(), Vec::new());
        for _ in 0..3 {
            let m = plan.all(1).await.all_well()?;
            p50.push(m.ms(0.5));
            p95.push(m.ms(0.95));
        }
        let median = |mut v: Vec<f64>| {
            v.sort_by(f64::total_cmp);
            v[1]
        };
        pages.push(Page {
            name,
            p50: median(p50),
            p95: median(p95),
        });
    }
    let list = Plan::new(&world.address, vec![world.api("/conversations", None); count]);
    let m = list.all(1).await.all_well()?;
    pages.push(Page {
        name: "conversations by the API",
        p50: m.ms(0.5),
        p95: m.ms(0.95),
    });
    Ok(pages)
}
