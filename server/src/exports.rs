//! Files to take away, as CSV (RFC 4180).

use std::borrow::Cow;

use axum::{
    extract::{Path, State},
    http::header,
    response::{IntoResponse, Redirect, Response},
};
use contract::{Code, Problem, contacts::LedgerRow};
use services::{Services, contacts::consent};
use tower_sessions::Session;
use uuid::Uuid;

use crate::{rest::ApiError, sessions};

/// `/contacts/{id}/consent.csv` for whoever is signed in; others are led to the door first.
pub async fn consent(State(s): State<Services>, session: Session, Path(id): Path<String>) -> Result<Response, ApiError> {
    let id: Uuid = id
        .parse()
        .map_err(|_| Problem::new(Code::NotFound, "This is not an id that we gave out."))?;
    let Ok(actor) = sessions::member(&s, &session).await else {
        return Ok(Redirect::to(&format!("/signin?next=%2Fcontacts%2F{id}")).into_response());
    };
    ledger(id, &consent::export(&s, &actor, id).await?)
}

/// A contact's ledger as a file. Its name holds no name: files lie about on disks.
pub(crate) fn ledger(id: Uuid, rows: &[LedgerRow]) -> Result<Response, ApiError> {
    let body = csv(rows).map_err(|e| services::Error::Broken(format!("csv: {e}")))?;
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (
            header::CONTENT_DISPOSITION,
            format!("attachment; filename=\"consent-{id}.csv\""),
        ),
    ];
    Ok((headers, body).into_response())
}

fn csv(rows: &[LedgerRow]) -> Result<Vec<u8>, csv::Error> {
    let mut file = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(Vec::new());
    file.write_record([
        "seq",
        "at",
        "channel",
        "purpose",
        "state",
        "source",
        "actor",
        "evidence",
        "prev_hash",
        "hash",
    ])?;
    for row in rows {
        let (seq, at) = (
            row.seq.to_string(),
            row.at.to_rfc3339_opts(chrono::SecondsFormat::Micros, true),
        );
        let cells = [
            &seq,
            &at,
            &row.channel,
            &row.purpose,
            &row.state,
            &row.source,
            &row.actor,
            &row.evidence,
            &row.prev_hash,
            &row.hash,
        ];
        file.write_record(cells.map(|cell| harmless(cell).into_owned()))?;
    }
    file.into_inner().map_err(|e| e.into_error().into())
}

/// A spreadsheet takes a cell that begins like this for a formula and runs it; customers write what they like. The apostrophe says: text.
pub fn harmless(cell: &str) -> Cow<'_, str> {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        Cow::Owned(format!("'{cell}"))
    } else {
        Cow::Borrowed(cell)
    }
}
