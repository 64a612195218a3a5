//! Somebody who runs the installation looks into a business: whatever a page of theirs asks for is done by services that can't write.

use app::ssr::{BUSINESS, LOOKING, OnlyLooks};
use axum::{extract::Request, middleware::Next, response::Response};
use tower_sessions::Session;
use uuid::Uuid;

/// Marks requests of a browser that looks into the business it is at.
pub async fn mark(mut request: Request, next: Next) -> Response {
    // Files of the site are everybody's, and no reason to read a session.
    let is_file = request.uri().path().rsplit('/').next().is_some_and(|name| name.contains('.'));
    let session = request.extensions().get::<Session>().filter(|_| !is_file).cloned();
    if let Some(session) = session {
        let looking = session.get::<Uuid>(LOOKING).await.ok().flatten();
        if looking.is_some() && looking == session.get::<Uuid>(BUSINESS).await.ok().flatten() {
            request.extensions_mut().insert(OnlyLooks);
        }
    }
    next.run(request).await
}
