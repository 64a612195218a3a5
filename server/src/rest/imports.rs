use axum::{
    Json,
    body::{Body as Raw, Bytes},
    extract::{FromRequest, Request, State},
    http::{StatusCode, header},
    response::Response,
};
use contract::{
    Code, Page, PageQuery, Problem,
    imports::{CreateImport, ImportQuery, ImportStatus, ImportView},
};
use futures::StreamExt;
use services::{
    Actor, Services,
    imports::{self, Upload, Wishes},
    once,
};

use super::{ApiError, ApiKeyActor, ApiResult, Id, NoBody, Params, S, said};
use crate::{AppState, exports};

/// Bring a file of contacts or visits. Small ones are done at once (201), others in the background (202): ask for it again. As JSON, or the file
/// itself as `text/csv` with what is to be done with it in the query string. A file that is silent on consent leaves it as it is.
#[utoipa::path(post, path = "/imports", tag = "imports", params(ImportQuery), request_body = CreateImport, responses(
    (status = 201, body = ImportView), (status = 202, description = "Its rows are being done", body = ImportView),
    (status = 413, body = Problem), (status = 422, body = Problem)))]
pub async fn create(
    State(state): State<AppState>,
    ApiKeyActor(actor): ApiKeyActor,
    Params(query): Params<ImportQuery>,
    request: Request,
) -> Result<(StatusCode, Json<ImportView>), ApiError> {
    let s = &state.services;
    let kind = request.headers().get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok());
    let is_csv = kind.is_some_and(|kind| kind.trim_start().to_ascii_lowercase().starts_with("text/csv"));
    let (uploaded, wishes) = if is_csv {
        once::in_pieces(of_csv(s, &actor, query, request.into_body())).await?
    } else if said::is_json(request.headers()) {
        let body = Bytes::from_request(request, &state)
            .await
            .map_err(|_| Problem::new(Code::TooLarge, "A file has up to 32 MB. Please split it."))?;
        once::in_pieces(of_json(s, &actor, query, said::read(&body)?)).await?
    } else {
        let words = "Send JSON with the file in \"csv\", or the file itself with the header \"Content-Type: text/csv\".";
        return Err(Problem::new(Code::Malformed, words).into());
    };
    let view = imports::begin(s, &actor, uploaded.id, wishes).await?;
    let status = match view.status {
        ImportStatus::Running => StatusCode::ACCEPTED,
        _ => StatusCode::CREATED,
    };
    Ok((status, Json(view)))
}

async fn of_csv(s: &Services, actor: &Actor, query: ImportQuery, body: Raw) -> Result<(ImportView, Wishes), ApiError> {
    let kind = query
        .kind
        .as_deref()
        .ok_or_else(|| Problem::parameter("kind", "Say what the file holds: kind=contacts or kind=appointments."))?;
    let mut upload = Upload::begin(s, actor, kind, query.file_name.as_deref().unwrap_or_default()).await?;
    let mut pieces = body.into_data_stream();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|_| Problem::new(Code::Malformed, "The file broke off."))?;
        upload.push(&piece).await?;
    }
    let wishes = Wishes {
        mapping: None,
        date_order: query.date_order,
        consent: query.consent,
        include_past: query.include_past.unwrap_or_default(),
        dry_run: query.dry_run.unwrap_or_default(),
    };
    Ok((upload.finish().await?, wishes))
}

async fn of_json(s: &Services, actor: &Actor, query: ImportQuery, cmd: CreateImport) -> Result<(ImportView, Wishes), ApiError> {
    if query.kind.as_ref().is_some_and(|kind| *kind != cmd.kind) {
        return Err(Problem::parameter("kind", "The body names another kind.").into());
    }
    let name = cmd.file_name.or(query.file_name).unwrap_or_default();
    let uploaded = imports::whole(s, actor, &cmd.kind, &name, cmd.csv.as_bytes()).await;
    let uploaded = uploaded.map_err(|e| {
        // In this body the file is a field.
        let mut problem = e.problem();
        for field in problem.fields.iter_mut().filter(|field| field.field == "file") {
            "csv".clone_into(&mut field.field);
        }
        problem
    })?;
    let wishes = Wishes {
        mapping: cmd.mapping,
        date_order: cmd.date_order.or(query.date_order),
        consent: cmd.consent.or(query.consent),
        include_past: cmd.include_past || query.include_past.unwrap_or_default(),
        dry_run: cmd.dry_run || query.dry_run.unwrap_or_default(),
    };
    Ok((uploaded, wishes))
}

/// Files that were brought, the latest first.
#[utoipa::path(get, path = "/imports", tag = "imports", params(PageQuery), responses(
    (status = 200, body = Page<ImportView>), (status = 400, body = Problem)))]
pub async fn list(State(s): S, ApiKeyActor(actor): ApiKeyActor, Params(query): Params<PageQuery>) -> ApiResult<Page<ImportView>> {
    Ok(Json(imports::list(&s, &actor, query.cursor.as_deref(), query.limit).await?))
}

/// How far a file is, and what became of its rows.
#[utoipa::path(get, path = "/imports/{id}", tag = "imports", params(("id" = Uuid, Path)), responses(
    (status = 200, body = ImportView), (status = 404, body = Problem)))]
pub async fn get(State(s): S, ApiKeyActor(actor): ApiKeyActor, Id(id): Id) -> ApiResult<ImportView> {
    Ok(Json(imports::get(&s, &actor, id).await?))
}

/// Stop a file; what was saved until now stays.
#[utoipa::path(post, path = "/imports/{id}/cancel", tag = "imports", params(("id" = Uuid, Path)), responses(
    (status = 200, body = ImportView), (status = 404, body = Problem), (status = 409, description = "It is over", body = Problem)))]
pub async fn cancel(State(s): S, ApiKeyActor(actor): ApiKeyActor, Id(id): Id, _: NoBody) -> ApiResult<ImportView> {
    Ok(Json(imports::cancel(&s, &actor, id).await?))
}

/// The rows that were refused, as they came, each with the `reason`. Mended, this file can be brought again.
#[utoipa::path(get, path = "/imports/{id}/refused.csv", tag = "imports", params(("id" = Uuid, Path)), responses(
    (status = 200, body = String, content_type = "text/csv"), (status = 404, body = Problem)))]
pub async fn refused(State(s): S, ApiKeyActor(actor): ApiKeyActor, Id(id): Id) -> Result<Response, ApiError> {
    exports::refused_rows(s, actor, id).await
}

/// All contacts as CSV, UTF-8 with a mark. Brought in again it changes nothing. A cell that would be a formula in a spreadsheet has an
/// apostrophe before it; telephone numbers begin with their plus.
#[utoipa::path(get, path = "/contacts.csv", tag = "contacts", responses((status = 200, body = String, content_type = "text/csv")))]
pub async fn contacts(State(s): S, ApiKeyActor(actor): ApiKeyActor) -> Result<Response, ApiError> {
    exports::all_contacts(s, actor).await
}

/// All visits as CSV, as `/contacts.csv`.
#[utoipa::path(get, path = "/appointments.csv", tag = "appointments", responses((status = 200, body = String, content_type = "text/csv")))]
pub async fn appointments(State(s): S, ApiKeyActor(actor): ApiKeyActor) -> Result<Response, ApiError> {
    exports::all_appointments(s, actor).await
}
