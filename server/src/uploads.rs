//! A file that a page's form brings: read while it comes in, without a script.

use std::collections::BTreeMap;

use app::ssr;
use axum::{
    extract::{Multipart, State},
    response::{IntoResponse, Redirect, Response},
};
use contract::{Code, Problem};
use services::{
    Services,
    imports::{self, Upload},
};
use tower_sessions::Session;

use crate::{rest::ApiError, sessions};

/// What the form around the file is called.
const FORM: &str = "upload";

/// `/imports/upload` for whoever is signed in: the kind, then the file. Then to the page that shows how it would be read; if the file can't be
/// taken, back to the form, which says why.
pub async fn file(State(s): State<Services>, session: Session, form: Multipart) -> Result<Response, ApiError> {
    let mut kind = String::new();
    match take(&s, &session, form, &mut kind).await {
        Ok(id) => Ok(Redirect::to(&format!("/imports/{id}")).into_response()),
        Err(Problem {
            code: Code::SignInNeeded,
            ..
        }) => Ok(Redirect::to("/signin?next=%2Fimports%2Fnew").into_response()),
        Err(problem) => {
            let typed = BTreeMap::from([("kind".to_owned(), kind)]);
            ssr::leave(&session, FORM, typed, problem).await.map_err(|e| e.0)?;
            Ok(Redirect::to("/imports/new").into_response())
        }
    }
}

async fn take(s: &Services, session: &Session, mut form: Multipart, kind: &mut String) -> Result<uuid::Uuid, Problem> {
    let actor = sessions::member(s, session).await.map_err(ApiError::into_problem)?;
    let broke_off = |_| {
        Problem::field(
            "file",
            "The file did not come in whole, or is larger than 32 MB. Please try again.",
        )
    };
    while let Some(mut field) = form.next_field().await.map_err(broke_off)? {
        match field.name() {
            Some("kind") => {
                let mut word = field.text().await.map_err(broke_off)?;
                word.truncate(word.char_indices().nth(20).map_or(word.len(), |(at, _)| at));
                *kind = word;
            }
            Some("file") => {
                let name = field.file_name().unwrap_or_default().to_owned();
                if name.is_empty() {
                    break;
                }
                let mut upload = Upload::begin(s, &actor, kind, &name).await.map_err(said)?;
                while let Some(piece) = field.chunk().await.map_err(broke_off)? {
                    upload.push(&piece).await.map_err(said)?;
                }
                let import = upload.finish().await.map_err(said)?;
                imports::look(s, &actor, import.id).await.map_err(said)?;
                return Ok(import.id);
            }
            _ => {}
        }
    }
    Err(Problem::field("file", "Please choose a file."))
}

fn said(error: services::Error) -> Problem {
    if error.is_internal() {
        tracing::error!(cause = %error, "a file could not be taken");
    }
    error.problem()
}
