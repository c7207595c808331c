// SPDX-License-Identifier: Apache-2.0
//! Who may ask.

use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::Shared;
use super::answer::Refusal;
use crate::farm::{Secret, is_same_secret};

/// Lets a request through that brings the token; where none is asked for, one that comes from no web page.
pub async fn check(State(companion): State<Shared>, request: Request, next: Next) -> Response {
    let headers = request.headers();
    let Some(path) = &companion.options.token_file else {
        if headers.contains_key(header::ORIGIN) {
            let message = "the companion answers no web pages";
            return Refusal::new(StatusCode::FORBIDDEN, message).into_response();
        }
        return next.run(request).await;
    };
    let token = match tokio::fs::read_to_string(path).await {
        Ok(text) => Secret::new(&text),
        Err(error) => {
            tracing::error!(%error, path = %path.display(), "the file with the token cannot be read");
            let message = "the companion cannot read its token; look at its log";
            return Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, message).into_response();
        }
    };
    let given = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.strip_prefix("Bearer "))
        .unwrap_or_default();
    // An empty file is no token, whatever is given.
    if token.expose().is_empty() || !is_same_secret(given.as_bytes(), token.expose()) {
        let message =
            "the token is missing or wrong; send the companion's as Authorization: Bearer";
        return Refusal::new(StatusCode::UNAUTHORIZED, message).into_response();
    }
    next.run(request).await
}
