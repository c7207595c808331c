// SPDX-License-Identifier: Apache-2.0
//! Who may ask. Jobs run code, so a web page that the artist happens to have open must not reach them.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::Shared;
use super::answer::Refusal;
use crate::farm::is_same_secret;

/// Lets a request through that names this computer as its host, comes from no web page and brings the token.
pub async fn check(State(state): State<Shared>, request: Request, next: Next) -> Response {
    match refusal(request.headers(), state.port, &state.token) {
        Some(refusal) => refusal.into_response(),
        None => next.run(request).await,
    }
}

fn refusal(headers: &HeaderMap, port: u16, token: &str) -> Option<Refusal> {
    let text = |name| {
        headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap_or_default())
    };
    // A name that an attacker's DNS points at 127.0.0.1 shows itself here.
    let host = text(header::HOST);
    let is_loopback = ["127.0.0.1", "localhost", "[::1]"].iter().any(|name| {
        host.strip_prefix(name)
            .and_then(|rest| rest.strip_prefix(':'))
            == Some(&port.to_string())
    });
    if !is_loopback {
        let message = format!("the local farm answers to 127.0.0.1:{port} only, not to {host:?}");
        return Some(Refusal::new(StatusCode::FORBIDDEN, message));
    }
    if headers.contains_key(header::ORIGIN) {
        return Some(Refusal::new(
            StatusCode::FORBIDDEN,
            "the local farm answers no web pages",
        ));
    }
    let given = text(header::AUTHORIZATION)
        .strip_prefix("Bearer ")
        .unwrap_or_default();
    if !is_same_secret(given.as_bytes(), token) {
        let message = "the token is missing or wrong; it lies beside the local farm's database, in the file token";
        return Some(Refusal::new(StatusCode::UNAUTHORIZED, message));
    }
    None
}
