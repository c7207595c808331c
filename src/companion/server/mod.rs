// SPDX-License-Identifier: Apache-2.0
//! The HTTP face (`docs/companion.md`, *What it answers*).

mod answer;
mod farm;
mod guard;
mod jobs;
mod outputs;
mod workers;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request};
use axum::http::{Method, StatusCode, Uri};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse as _, Response};

use super::state::Companion;
use answer::Refusal;

/// The largest body is a pod's name.
const BODY_LIMIT_BYTES: usize = 64 * 1024;
/// How long a call may take until its answer begins.
const CALL_LIMIT: Duration = Duration::from_secs(30);

/// What a route gets.
type Shared = Arc<Companion>;

/// Every route, behind the guard and the limits.
pub fn app(companion: Shared) -> Router {
    let guarded = Router::new()
        .merge(farm::routes())
        .merge(jobs::routes())
        .merge(outputs::routes())
        .merge(workers::routes())
        .fallback(unknown)
        .method_not_allowed_fallback(unknown)
        .layer(middleware::from_fn_with_state(
            Arc::clone(&companion),
            guard::check,
        ));
    Router::new()
        .merge(farm::open_routes())
        .merge(guarded)
        .layer(DefaultBodyLimit::max(BODY_LIMIT_BYTES))
        .layer(middleware::from_fn(within_time))
        .with_state(companion)
}

async fn within_time(request: Request, next: Next) -> Response {
    let answered = tokio::time::timeout(CALL_LIMIT, next.run(request)).await;
    answered.unwrap_or_else(|_| {
        let message = "it took too long; ask again, what was found out until now is remembered";
        Refusal::new(StatusCode::GATEWAY_TIMEOUT, message).into_response()
    })
}

async fn unknown(method: Method, uri: Uri) -> Refusal {
    let message = format!("the companion does not answer {method} {}", uri.path());
    Refusal::new(StatusCode::NOT_FOUND, message)
}
