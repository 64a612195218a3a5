//! The page on which somebody answers a time that they were offered, who has a link and no account: plain HTML that needs no script. Looking
//! changes nothing; a button posts.

mod html;

use axum::{
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
    response::{Html, IntoResponse, Redirect, Response},
};
use services::{
    Services,
    waitlist::page::{self, Given},
};

use crate::visit_page::{broken, fields, nowhere, refused};

/// What was offered, and how it stands.
pub async fn show(State(s): State<Services>, Path(token): Path<String>) -> Response {
    match page::open(&s, &token).await {
        Ok(Some(shown)) => Html(html::offer(&token, &shown)).into_response(),
        Ok(None) => nowhere(),
        Err(cause) => broken(&cause),
    }
}

/// Takes it, or passes. Loading the page that follows does nothing again.
pub async fn answer(State(s): State<Services>, Path(token): Path<String>, body: Bytes) -> Response {
    let given = fields(&body, ["answer"]).and_then(|[answer]| given(answer.as_deref()?));
    let Some(given) = given else {
        return refused(StatusCode::UNPROCESSABLE_ENTITY);
    };
    match page::answer(&s, &token, given).await {
        Ok(true) => Redirect::to(&format!("/o/{token}")).into_response(),
        Ok(false) => nowhere(),
        Err(cause) => broken(&cause),
    }
}

fn given(answer: &str) -> Option<Given> {
    match answer {
        "yes" => Some(Given::Yes),
        "no" => Some(Given::No),
        "1" => Some(Given::Choice(1)),
        "2" => Some(Given::Choice(2)),
        "3" => Some(Given::Choice(3)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_button_of_ours_says_is_refused() {
        assert_eq!(given("yes"), Some(Given::Yes));
        assert_eq!(given("3"), Some(Given::Choice(3)));
        for strange in ["", "Yes", "0", "4", "10", "yes "] {
            assert_eq!(given(strange), None, "{strange:?}");
        }
    }
}
