//! The database, what it is encrypted with, and the disk it is on.

use std::{fs, future::ready, os::unix::fs::PermissionsExt, path::PathBuf};

use contract::platform::{Check, CheckStatus as Status};
use services::{Db, doctor};

use super::{Patient, found, ok};
use crate::kept;

/// A log that is much larger than it is folded at means that something keeps it from being folded.
const LARGE_WAL: u64 = 400 * 1024 * 1024;

const MEGABYTE: u64 = 1024 * 1024;

pub(super) async fn database(patient: &Patient, name: &str) -> Option<Check> {
    let url = &patient.config.database_url;
    // Opening a SQLite file makes it.
    if !Db::exists(url) {
        let fix = "It is made by the first `showup serve`; or check DATABASE_URL and the directory this was started in.";
        return Some(found(Status::Fail, name, "There is no database yet.", fix));
    }
    let fix = "Check DATABASE_URL, and whether the database runs.";
    let db = match Db::connect(url).await {
        Ok(db) => db,
        Err(cause) => return Some(found(Status::Fail, name, format!("It can't be opened: {cause}"), fix)),
    };
    let missing = migration::missing(db.connection()).await;
    let facts = doctor::database(&db).await;
    db.close().await;
    let facts = match (missing, facts) {
        (Ok(0), Ok(facts)) => facts,
        (Ok(n @ 1..), _) => {
            let detail = format!("It lacks {n} migrations of this version.");
            return Some(found(
                Status::Warn,
                name,
                detail,
                "Run `showup migrate`; every start does it too.",
            ));
        }
        (Err(cause), _) => return Some(found(Status::Fail, name, format!("It does not answer: {cause}"), fix)),
        (_, Err(cause)) => return Some(found(Status::Fail, name, format!("It does not answer: {cause}"), fix)),
    };
    let version = facts.version;
    if let Some(damage) = facts.damage {
        let detail = format!(
            "{version} says that the file is damaged: {}",
            damage.chars().take(200).collect::<String>()
        );
        let fix = "Stop Showup, keep a copy of the file, and go back to the last backup (docs/operate.md).";
        return Some(found(Status::Fail, name, detail, fix));
    }
    let size = file(url).and_then(|file| size_of(&file));
    let wal = file(url).and_then(|mut file| {
        file.as_mut_os_string().push("-wal");
        size_of(&file)
    });
    let sizes = match (size, wal) {
        (Some(size), Some(wal)) => format!(", {} MB and {} MB of log", size / MEGABYTE, wal / MEGABYTE),
        (Some(size), None) => format!(", {} MB", size / MEGABYTE),
        _ => String::new(),
    };
    let detail = format!("{version} answers and is up to date{sizes}.");
    Some(if wal.is_some_and(|wal| wal > LARGE_WAL) {
        let fix =
            "Something reads for hours and keeps the log from being folded into the file: look for copies and backups that hang.";
        found(Status::Warn, name, detail, fix)
    } else {
        ok(name, detail)
    })
}

/// Where an SQLite database lies.
fn file(url: &str) -> Option<PathBuf> {
    let path = url.strip_prefix("sqlite:")?.trim_start_matches("//");
    let path = path.split('?').next().unwrap_or_default();
    (!path.is_empty() && path != ":memory:").then(|| PathBuf::from(path))
}

fn size_of(file: &std::path::Path) -> Option<u64> {
    fs::metadata(file).ok().map(|meta| meta.len())
}

pub(super) async fn secret_key(patient: &Patient, name: &str) -> Option<Check> {
    let kept = match patient.config.secret_file() {
        None => "Given as SHOWUP_SECRET_KEY".to_owned(),
        Some(file) => {
            let shown = file.display();
            match fs::metadata(&file) {
                Err(cause) => {
                    let detail = format!("{shown} can't be looked at ({cause}), and SHOWUP_SECRET_KEY is not set.");
                    let fix = "Bring back the secret that the database is encrypted with. A new installation makes one at its first start.";
                    return Some(found(Status::Fail, name, detail, fix));
                }
                Ok(meta) if meta.permissions().mode() & 0o077 != 0 => {
                    let detail = format!("Others than its owner may read {shown}.");
                    return Some(found(Status::Warn, name, detail, format!("chmod 600 {shown}")));
                }
                Ok(_) => format!("Kept in {shown}; keep a copy away from the database"),
            }
        }
    };
    let Some(s) = &patient.services else {
        return Some(match patient.config.fits_secret().await {
            Some(Err(why)) => {
                let fix = "Give the secret that the database was encrypted with; without it numbers and addresses are lost.";
                found(Status::Fail, name, why, fix)
            }
            _ => ok(name, format!("{kept}.")),
        });
    };
    Some(match doctor::open_some(s).await {
        Ok(0) => ok(name, format!("{kept}. Nothing is encrypted with it yet.")),
        Ok(_) => ok(name, format!("{kept}. It opens what is stored.")),
        Err(cause) => {
            let fix = "Give the secret that the database was encrypted with; without it numbers and addresses are lost.";
            found(Status::Fail, name, format!("It does not open what is stored: {cause}"), fix)
        }
    })
}

/// A copy of the database must fit beside it, and its log must be able to grow.
pub(super) async fn disk(patient: &Patient, name: &str) -> Option<Check> {
    ready(room(patient, name)).await
}

fn room(patient: &Patient, name: &str) -> Option<Check> {
    let url = &patient.config.database_url;
    if Db::is_shared(url) {
        return None;
    }
    let directory = kept::existing(&std::path::absolute(Db::directory(url)).ok()?);
    let space = rustix::fs::statvfs(&directory).ok()?;
    let free = space.f_bavail.saturating_mul(space.f_frsize);
    let needed = file(url)
        .and_then(|file| size_of(&file))
        .unwrap_or_default()
        .saturating_mul(2);
    let detail = format!("{} MB are free where the database is.", free / MEGABYTE);
    Some(if free < 100 * MEGABYTE {
        found(Status::Fail, name, detail, "Make room now: a full disk stops everything.")
    } else if free < needed {
        found(
            Status::Warn,
            name,
            detail,
            "Make room: less is free than twice what the database takes.",
        )
    } else {
        ok(name, detail)
    })
}
