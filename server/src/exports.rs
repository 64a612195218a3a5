//! Files to take away, as CSV (RFC 4180).

use axum::{
    body::Body,
    extract::{Path, State},
    http::header,
    response::{IntoResponse, Redirect, Response},
};
use contract::{
    Code, Problem,
    audit::AuditQuery,
    contacts::LedgerRow,
    messages::{Direction, LogRow},
    search::LogSearch,
};
use futures::{TryStreamExt, stream};
pub use services::exports::harmless;
use services::{Actor, Services, audit as trail, contacts::consent, exports, imports, search};
use tower_sessions::Session;
use uuid::Uuid;

use crate::{
    rest::{ApiError, Params},
    sessions,
};

/// Whoever is signed in; who is not is led to the door, and from there to `page` (encoded for a query).
pub(crate) async fn member(s: &Services, session: &Session, page: &str) -> Result<Result<Actor, Response>, ApiError> {
    match sessions::member(s, session).await.map_err(ApiError::into_problem) {
        Ok(actor) => Ok(Ok(actor)),
        Err(problem) if problem.code == Code::SignInNeeded => {
            Ok(Err(Redirect::to(&format!("/signin?next={page}")).into_response()))
        }
        Err(problem) => Err(problem.into()),
    }
}

/// `/contacts/{id}/consent.csv` for whoever is signed in; others are led to the door first.
pub async fn consent(State(s): State<Services>, session: Session, Path(id): Path<String>) -> Result<Response, ApiError> {
    let id: Uuid = id
        .parse()
        .map_err(|_| Problem::new(Code::NotFound, "This is not an id that we gave out."))?;
    let actor = match member(&s, &session, &format!("%2Fcontacts%2F{id}")).await? {
        Ok(actor) => actor,
        Err(to_the_door) => return Ok(to_the_door),
    };
    ledger(id, &consent::export(&s, &actor, id).await?)
}

/// `/log.csv` for whoever is signed in: the message log with the filters of its page. It is read and sent block by block, as fast as it is
/// taken, so a log of any size takes the room of a block.
pub async fn log(State(s): State<Services>, session: Session, Params(query): Params<LogSearch>) -> Result<Response, ApiError> {
    let actor = match member(&s, &session, "%2Flog").await? {
        Ok(actor) => actor,
        Err(to_the_door) => return Ok(to_the_door),
    };
    // What can't be answered is said before the file begins.
    let first = search::export(&s, &actor, query.clone()).await?;
    let blocks = stream::try_unfold((Some(first), true), move |(block, head)| {
        let (s, actor, query) = (s.clone(), actor.clone(), query.clone());
        async move {
            let Some(block) = block else { return Ok(None) };
            let file = messages(&block.data, head).map_err(|e| services::Error::Broken(format!("csv: {e}")))?;
            let next = match block.next_cursor {
                Some(cursor) => {
                    let cursor = Some(cursor);
                    Some(search::export(&s, &actor, LogSearch { cursor, ..query }).await?)
                }
                None => None,
            };
            Ok::<_, services::Error>(Some((file, (next, false))))
        }
    });
    // An answer that breaks off is no whole file, and browsers say so.
    let blocks = blocks.inspect_err(|cause| tracing::error!(%cause, "a log broke off"));
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"messages.csv\""),
    ];
    Ok((headers, Body::from_stream(blocks)).into_response())
}

/// `/contacts.csv` for whoever is signed in.
pub async fn contacts(State(s): State<Services>, session: Session) -> Result<Response, ApiError> {
    match member(&s, &session, "%2Fcontacts").await? {
        Ok(actor) => all_contacts(s, actor).await,
        Err(to_the_door) => Ok(to_the_door),
    }
}

/// `/appointments.csv` for whoever is signed in.
pub async fn appointments(State(s): State<Services>, session: Session) -> Result<Response, ApiError> {
    match member(&s, &session, "%2Fappointments").await? {
        Ok(actor) => all_appointments(s, actor).await,
        Err(to_the_door) => Ok(to_the_door),
    }
}

/// `/imports/{id}/refused.csv` for whoever is signed in.
pub async fn refused(State(s): State<Services>, session: Session, Path(id): Path<String>) -> Result<Response, ApiError> {
    let id: Uuid = id
        .parse()
        .map_err(|_| Problem::new(Code::NotFound, "This is not an id that we gave out."))?;
    match member(&s, &session, &format!("%2Fimports%2F{id}")).await? {
        Ok(actor) => refused_rows(s, actor, id).await,
        Err(to_the_door) => Ok(to_the_door),
    }
}

/// `/settings/audit.csv` for whoever is signed in: the audit trail with the filters of its page.
pub async fn audit(State(s): State<Services>, session: Session, Params(query): Params<AuditQuery>) -> Result<Response, ApiError> {
    let actor = match member(&s, &session, "%2Fsettings%2Faudit").await? {
        Ok(actor) => actor,
        Err(to_the_door) => return Ok(to_the_door),
    };
    let first = trail::export(&s, &actor, &query, None).await?;
    Ok(streamed("audit.csv", first, move |after| {
        let (s, actor, query) = (s.clone(), actor.clone(), query.clone());
        async move { trail::export(&s, &actor, &query, Some(after)).await }
    }))
}

pub(crate) async fn all_contacts(s: Services, actor: Actor) -> Result<Response, ApiError> {
    // What can't be answered is said before the file begins.
    let first = exports::contacts(&s, &actor, None).await?;
    Ok(streamed("contacts.csv", first, move |after| {
        let (s, actor) = (s.clone(), actor.clone());
        async move { exports::contacts(&s, &actor, Some(after)).await }
    }))
}

pub(crate) async fn all_appointments(s: Services, actor: Actor) -> Result<Response, ApiError> {
    let first = exports::appointments(&s, &actor, None).await?;
    Ok(streamed("appointments.csv", first, move |after| {
        let (s, actor) = (s.clone(), actor.clone());
        async move { exports::appointments(&s, &actor, Some(after)).await }
    }))
}

pub(crate) async fn refused_rows(s: Services, actor: Actor, id: Uuid) -> Result<Response, ApiError> {
    let first = imports::refused(&s, &actor, id, None).await?;
    Ok(streamed("refused.csv", first, move |after| {
        let (s, actor) = (s.clone(), actor.clone());
        async move { imports::refused(&s, &actor, id, Some(after)).await }
    }))
}

/// A file that is read and sent block by block, as fast as it is taken: one of any size takes the room of a block.
fn streamed<K, F, Fut>(name: &'static str, first: exports::Block<K>, more: F) -> Response
where
    K: Send + 'static,
    F: Fn(K) -> Fut + Clone + Send + 'static,
    Fut: Future<Output = services::Result<exports::Block<K>>> + Send,
{
    let blocks = stream::try_unfold(Some(first), move |block| {
        let more = more.clone();
        async move {
            let Some(block) = block else { return Ok(None) };
            let next = match block.next {
                Some(after) => Some(more(after).await?),
                None => None,
            };
            Ok::<_, services::Error>(Some((block.lines, next)))
        }
    });
    // An answer that breaks off is no whole file, and browsers say so.
    let blocks = blocks.inspect_err(move |cause| tracing::error!(%cause, name, "a file broke off"));
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    (headers, Body::from_stream(blocks)).into_response()
}

/// Rows of the message log. Spreadsheets take a file for their country's old letters unless it begins with a mark.
fn messages(rows: &[LogRow], head: bool) -> Result<Vec<u8>, csv::Error> {
    let mut file = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(if head { "\u{feff}".as_bytes().to_vec() } else { Vec::new() });
    if head {
        file.write_record([
            "id",
            "at",
            "direction",
            "channel",
            "kind",
            "customer",
            "text",
            "status",
            "status_words",
            "error_code",
            "error",
            "author",
            "segments",
            "cost",
            "provider_sid",
        ])?;
    }
    for LogRow {
        message: m,
        contact_name,
    } in rows
    {
        let direction = match m.direction {
            Direction::Inbound => "inbound",
            Direction::Outbound => "outbound",
        };
        let (id, at) = (
            m.id.to_string(),
            m.created_at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true),
        );
        let (code, segments) = (m.error_code.map(|code| code.to_string()), m.segments.to_string());
        let or_none = |text: &Option<String>| text.clone().unwrap_or_default();
        let cells = [
            &id,
            &at,
            direction,
            &m.channel,
            &m.kind,
            contact_name,
            &m.body,
            &m.status,
            &m.status_words,
            &or_none(&code),
            &or_none(&m.error),
            &or_none(&m.author),
            &segments,
            &or_none(&m.cost),
            &or_none(&m.provider_sid),
        ];
        file.write_record(cells.map(|cell| harmless(cell).into_owned()))?;
    }
    file.into_inner().map_err(|e| e.into_error().into())
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
