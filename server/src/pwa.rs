//! Showup as an app of its own on a phone or a desk: the worker behind its pages, the page for when there is no connection, the devices
//! that take notifications, and what was written meanwhile.

use axum::{
    Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use contract::{
    Code, Problem,
    conversations::AddNote,
    messages::SendMessage,
    notifications::{AddDevice, OfflineKind, Shown, WrittenOffline},
};
use serde_json::json;
use services::{Actor, Principal, Services, conversations, notifications, outbox};
use tower_sessions::Session;

use crate::{
    rest::{ApiError, Body},
    sessions,
    site::Site,
};

/// What a script of ours may reach: this server, and scripts of this server.
const SCRIPT: &str = "default-src 'none'; script-src 'self'; connect-src 'self'";

/// The worker. It is another one with every version of the site, so that browsers offer to reload.
pub async fn worker(State(site): State<Site>) -> Response {
    script(include_str!("pwa/sw.js").replace("{{version}}", site.version()))
}

pub async fn outbox_script() -> Response {
    script(include_str!("pwa/outbox.js").to_owned())
}

pub async fn page_script() -> Response {
    script(include_str!("pwa/page.js").to_owned())
}

pub async fn offline_script() -> Response {
    script(include_str!("pwa/offline.js").to_owned())
}

fn script(text: String) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, SCRIPT),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (headers, text).into_response()
}

/// The same for everybody: it stands in the browser while there is no connection.
pub async fn offline() -> impl IntoResponse {
    let policy = "default-src 'none'; script-src 'self'; style-src 'unsafe-inline'; img-src 'self'; connect-src 'self'; \
                  base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::CACHE_CONTROL, "no-cache"),
    ];
    (headers, include_str!("pwa/offline.html"))
}

/// This browser takes notifications for whoever is signed in.
pub async fn add_device(State(s): State<Services>, session: Session, Body(new): Body<AddDevice>) -> Result<Response, ApiError> {
    let actor = sessions::member(&s, &session).await?;
    let id = session.id().map(|id| id.0.to_be_bytes());
    let id = notifications::add_device(&s, &actor, id.as_ref().map(<[u8; 16]>::as_slice), new).await?;
    Ok((StatusCode::CREATED, Json(json!({ "id": id }))).into_response())
}

/// A device has shown what it was sent.
pub async fn shown(State(s): State<Services>, session: Session, Body(it): Body<Shown>) -> Result<StatusCode, ApiError> {
    let actor = sessions::member(&s, &session).await?;
    notifications::shown(&s, &actor, it.id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Something that was written without a connection. Whatever is answered other than 401, 408, 429 and 5xx is final.
pub async fn written(State(s): State<Services>, session: Session, Body(new): Body<WrittenOffline>) -> Result<Response, ApiError> {
    let actor = sessions::member(&s, &session).await?;
    if !is_by(&new, &actor) {
        return Err(Problem::new(
            Code::SignInNeeded,
            "Somebody else has signed in here. This waits for who wrote it.",
        )
        .into());
    }
    let done = match new.kind {
        OfflineKind::Reply => {
            let contact_id = new.contact_id;
            let contact_id = contact_id.ok_or_else(|| Problem::field("contact_id", "A reply is to somebody."))?;
            let command = SendMessage {
                contact_id,
                body: new.body,
                channel: None,
                correlation_id: Some(new.id.to_string()),
                after_message_id: new.after,
                send_at: None,
            };
            json!(outbox::send(&s, &actor, command).await?)
        }
        OfflineKind::Note => {
            let note = AddNote {
                body: new.body,
                id: Some(new.id),
            };
            json!(conversations::notes::add(&s, &actor, new.conversation_id, note).await?)
        }
    };
    Ok(Json(done).into_response())
}

fn is_by(new: &WrittenOffline, actor: &Actor) -> bool {
    let by = match actor.who {
        Principal::Member { account_id, .. } => account_id == new.account_id,
        _ => false,
    };
    by && actor.business_id == new.business_id
}
