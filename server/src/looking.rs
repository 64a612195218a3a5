//! Somebody who runs the installation looks into a business: whatever a page of theirs asks for is done by services that can't write.

use app::ssr::{ACCOUNT, BUSINESS, LOOKING, OnlyLooks};
use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use services::{Services, accounts::platform};
use tower_sessions::{Session, session};
use uuid::Uuid;

/// Marks requests of a browser that looks into the business it is at.
pub async fn mark(State(s): State<Services>, mut request: Request, next: Next) -> Response {
    // Files of the site are everybody's, and no reason to read a session.
    let is_file = request.uri().path().rsplit('/').next().is_some_and(|name| name.contains('.'));
    let session = request.extensions().get::<Session>().filter(|_| !is_file).cloned();
    if let Some(session) = session
        && only_looks(&s, &session).await.unwrap_or_else(|cause| {
            tracing::warn!(%cause, "a session can't be asked whether it looks into a business");
            false
        })
    {
        request.extensions_mut().insert(OnlyLooks);
    }
    next.run(request).await
}

/// Whether this browser only looks. One whose look is over, which may have been ended in another browser, forgets the business: its person
/// chooses where to go on.
async fn only_looks(s: &Services, session: &Session) -> Result<bool, session::Error> {
    let Some(business) = session.get::<Uuid>(LOOKING).await? else {
        return Ok(false);
    };
    if session.get::<Uuid>(BUSINESS).await? != Some(business) {
        return Ok(false);
    }
    let account = session.get::<Uuid>(ACCOUNT).await?.unwrap_or_default();
    match platform::looks(s, account, business).await {
        Ok(false) => {
            session.remove::<Uuid>(LOOKING).await?;
            session.remove::<Uuid>(BUSINESS).await?;
            Ok(false)
        }
        Ok(true) => Ok(true),
        Err(cause) => {
            // What is not known to be over is not.
            tracing::warn!(%cause, "whether a look is over can't be read now");
            Ok(true)
        }
    }
}
