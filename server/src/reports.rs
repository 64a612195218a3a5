//! Reports as files. They are small, whatever was counted: a row for each day, code or step.

use axum::{
    body::Body,
    extract::{Path, State},
    http::{HeaderMap, HeaderName, HeaderValue, header},
    response::{IntoResponse, Response},
};
use contract::{Code, Problem, reports::ReportQuery};
use futures::stream;
use services::{Actor, Services, pages::reports};
use tower_sessions::Session;

use crate::{
    exports,
    rest::{ApiError, Params},
};

/// Spreadsheets take a file for their country's old letters unless it begins with a mark.
const MARK: &str = "\u{feff}";

/// `/reports/delivery.csv` and its like, and `/reports/report.csv` with all of them, for whoever is signed in.
pub async fn file(
    State(s): State<Services>,
    session: Session,
    Path(name): Path<String>,
    Params(query): Params<ReportQuery>,
) -> Result<Response, ApiError> {
    let actor = match exports::member(&s, &session, "%2Freports").await? {
        Ok(actor) => actor,
        Err(to_the_door) => return Ok(to_the_door),
    };
    match name.strip_suffix(".csv") {
        Some(slug) => csv(s, actor, slug.to_owned(), query).await,
        None => Err(Problem::new(Code::NotFound, "There is no such file.").into()),
    }
}

/// A report, or all, as a file.
pub(crate) async fn csv(s: Services, actor: Actor, slug: String, query: ReportQuery) -> Result<Response, ApiError> {
    if slug == "report" {
        return all(s, actor, query).await;
    }
    let (report, partial) = reports::report(&s, &actor, &slug, &query).await?;
    let mut body = MARK.as_bytes().to_vec();
    body.extend(reports::as_csv(&report)?);
    Ok((headers(&format!("{slug}.csv")), still_counting(partial), body).into_response())
}

/// One report after the other, each read when it is its turn.
async fn all(s: Services, actor: Actor, query: ReportQuery) -> Result<Response, ApiError> {
    // What can't be answered is said before the file begins.
    let (slug, from, to) = reports::named(&s, &actor, &query).await?;
    let name = reports::file_name(&slug, &from, &to, "csv");
    let (_, partial) = reports::report(&s, &actor, reports::Kind::ALL[0].slug(), &query).await?;
    let blocks = stream::try_unfold(0, move |at| {
        let (s, actor, query) = (s.clone(), actor.clone(), query.clone());
        async move {
            let Some(kind) = reports::Kind::ALL.get(at) else {
                return Ok::<_, services::Error>(None);
            };
            let (report, _) = reports::report(&s, &actor, kind.slug(), &query).await?;
            let mut lines = if at == 0 { MARK.as_bytes().to_vec() } else { Vec::new() };
            lines.extend(reports::all_as_csv(&report)?);
            Ok(Some((lines, at + 1)))
        }
    });
    Ok((headers(&name), still_counting(partial), Body::from_stream(blocks)).into_response())
}

/// The day before which history is still being counted, if what is told lacks some of it: a file has no other place for that.
fn still_counting(before: Option<String>) -> HeaderMap {
    let day = before.and_then(|day| day.parse::<HeaderValue>().ok());
    day.map(|day| (HeaderName::from_static("x-partial-before"), day))
        .into_iter()
        .collect()
}

fn headers(name: &str) -> [(header::HeaderName, String); 2] {
    [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ]
}

/// `/reports/report.pdf` for whoever is signed in.
pub async fn paper(
    State(s): State<Services>,
    session: Session,
    Params(query): Params<ReportQuery>,
) -> Result<Response, ApiError> {
    match exports::member(&s, &session, "%2Freports").await? {
        Ok(actor) => pdf(s, actor, query).await,
        Err(to_the_door) => Ok(to_the_door),
    }
}

/// All reports on paper.
pub(crate) async fn pdf(s: Services, actor: Actor, query: ReportQuery) -> Result<Response, ApiError> {
    let (name, file) = reports::paper(&s, &actor, &query).await?;
    let headers = [
        (header::CONTENT_TYPE, "application/pdf".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    Ok((headers, file).into_response())
}
