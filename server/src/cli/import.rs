//! `showup import …`: a file of contacts or visits, by the same use cases as the page.

use std::{
    collections::BTreeMap,
    io::Read,
    path::{Path, PathBuf},
};

use anyhow::Context;
use clap::Args;
use contract::imports::ImportView;
use services::{
    Actor, Principal, Services, businesses,
    imports::{self, Upload, Wishes},
};

use crate::config::Config;

#[derive(Args)]
pub struct Import {
    /// The business's slug.
    #[arg(long)]
    business: String,
    /// contacts or appointments
    #[arg(long)]
    kind: String,
    /// What a column holds, where its heading does not tell: "Cell=phone"; "Shoe size=" is not imported. As often as needed.
    #[arg(long = "map", value_name = "HEADING=FIELD")]
    mapping: Vec<String>,
    /// dmy or mdy, where dates like 3/4/2027 could be read in two ways.
    #[arg(long)]
    date_order: Option<String>,
    /// booked (the numbers were given for bookings, which agrees to texts about appointments), column (a column says it), or unknown.
    #[arg(long)]
    consent: Option<String>,
    /// Visits that are past, too.
    #[arg(long)]
    include_past: bool,
    /// Saves nothing, and says what would become of each row.
    #[arg(long)]
    dry_run: bool,
    /// Where refused rows are written, with the reason of each; without it beside the file, as NAME.refused.csv.
    #[arg(long, value_name = "FILE")]
    refused: Option<PathBuf>,
    /// The CSV file; - is standard input.
    file: PathBuf,
}

/// Brings the file, and says what became of it.
///
/// # Errors
/// In words for the person at the terminal.
pub async fn run(config: &Config, cmd: Import) -> anyhow::Result<()> {
    let s = config.services().await?;
    let done = Box::pin(bring(&s, cmd)).await;
    s.db().close().await;
    done
}

async fn bring(s: &Services, cmd: Import) -> anyhow::Result<()> {
    let business = businesses::by_slug(s, &cmd.business).await?;
    let actor = Actor {
        business_id: business.id,
        who: Principal::Operator,
    };
    let uploaded = upload(s, &actor, &cmd).await?;
    eprintln!(
        "{}: {} rows, {}, cells parted by {:?}",
        uploaded.file_name, uploaded.total, uploaded.encoding, uploaded.delimiter
    );
    let wishes = Wishes {
        mapping: mapping(&cmd.mapping)?,
        date_order: cmd.date_order,
        consent: cmd.consent,
        include_past: cmd.include_past,
        dry_run: cmd.dry_run,
    };
    imports::begin(s, &actor, uploaded.id, wishes).await?;
    let done = imports::finish(s, &actor, uploaded.id, |view| {
        eprintln!("{} of {} rows", view.done, view.total)
    })
    .await?;
    report(&done);
    if done.rows.refused > 0 {
        let path = cmd.refused.unwrap_or_else(|| beside(&cmd.file));
        write_refused(s, &actor, &done, &path).await?;
        println!("The refused rows are in {}, each with its reason.", path.display());
    }
    Ok(())
}

async fn upload(s: &Services, actor: &Actor, cmd: &Import) -> anyhow::Result<ImportView> {
    let name = cmd.file.file_name().map(|name| name.to_string_lossy().into_owned());
    let mut upload = Upload::begin(s, actor, &cmd.kind, &name.unwrap_or_default()).await?;
    let mut from: Box<dyn Read + Send> = if cmd.file == Path::new("-") {
        Box::new(std::io::stdin())
    } else {
        let file = std::fs::File::open(&cmd.file);
        Box::new(file.with_context(|| format!("{} can't be read", cmd.file.display()))?)
    };
    let mut piece = vec![0; 256 * 1024];
    loop {
        let read = from.read(&mut piece).context("the file can't be read")?;
        if read == 0 {
            break;
        }
        upload.push(&piece[..read]).await?;
    }
    Ok(upload.finish().await?)
}

fn mapping(typed: &[String]) -> anyhow::Result<Option<BTreeMap<String, String>>> {
    let pair = |text: &String| {
        let (heading, field) = text
            .split_once('=')
            .with_context(|| format!("--map takes HEADING=FIELD, not {text:?}"))?;
        Ok((heading.trim().to_owned(), field.trim().to_owned()))
    };
    let pairs: anyhow::Result<BTreeMap<String, String>> = typed.iter().map(pair).collect();
    Ok(Some(pairs?).filter(|pairs| !pairs.is_empty()))
}

fn report(done: &ImportView) {
    let rows = &done.rows;
    if done.dry_run {
        println!("Nothing was saved. This is what would have been:");
    }
    println!(
        "created {}, updated {}, unchanged {}, duplicate {}, skipped {}, refused {}",
        rows.created, rows.updated, rows.unchanged, rows.duplicate, rows.skipped, rows.refused
    );
    for (field, n) in &done.changed {
        println!("  {field} changed {n} times");
    }
    if let Some(problem) = &done.problem {
        println!("{problem}");
    }
}

fn beside(file: &Path) -> PathBuf {
    let name = file.file_stem().filter(|_| file != Path::new("-"));
    let name = name.map_or_else(|| "import".to_owned(), |name| name.to_string_lossy().into_owned());
    file.with_file_name(format!("{name}.refused.csv"))
}

async fn write_refused(s: &Services, actor: &Actor, done: &ImportView, path: &Path) -> anyhow::Result<()> {
    use std::io::Write;
    let mut file = std::fs::File::create(path).with_context(|| format!("{} can't be written", path.display()))?;
    let mut after = None;
    loop {
        let block = imports::refused(s, actor, done.id, after).await?;
        file.write_all(&block.lines)?;
        after = block.next;
        if after.is_none() {
            return Ok(file.flush()?);
        }
    }
}
