// SPDX-License-Identifier: Apache-2.0
//! The HTTP face: the part of the Flamenco v3 API that submitting and watching need, and `/farmhand/v1`.

mod answer;
mod extras;
mod guard;
mod jobs;
mod meta;
mod pictures;
mod tasks;
mod workers;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::{Method, StatusCode, Uri};
use axum::middleware;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::LocalError;
use super::state::FarmState;
use answer::Refusal;
pub use extras::Health;

/// Submissions are some hundred bytes; what people write into names and metadata fits many times.
const BODY_LIMIT_BYTES: usize = 1024 * 1024;

/// How long requests in work may still take once the server is to end: less than whoever stops it waits.
const LAST_ANSWERS: Duration = Duration::from_secs(3);

/// What a route gets.
type Shared = Arc<FarmState>;

/// Every route, behind the guard.
pub fn app(state: Shared) -> Router {
    Router::new()
        .merge(meta::routes())
        .merge(jobs::routes())
        .merge(tasks::routes())
        .merge(workers::routes())
        .merge(pictures::routes())
        .merge(extras::routes())
        .fallback(unknown)
        .method_not_allowed_fallback(unknown)
        .layer(DefaultBodyLimit::max(BODY_LIMIT_BYTES))
        .layer(middleware::from_fn_with_state(
            Arc::clone(&state),
            guard::check,
        ))
        .with_state(state)
}

/// Serves on `listener` until `stop`; requests in work are answered if that takes no longer than `LAST_ANSWERS`.
pub async fn run(
    listener: TcpListener,
    stop: CancellationToken,
    state: Shared,
) -> Result<(), LocalError> {
    let serve = axum::serve(listener, app(state))
        .with_graceful_shutdown(stop.clone().cancelled_owned())
        .into_future();
    let patience = async {
        stop.cancelled().await;
        tokio::time::sleep(LAST_ANSWERS).await;
    };
    tokio::select! {
        served = serve => served.map_err(LocalError::Serve),
        () = patience => {
            tracing::warn!("requests are left without an answer: the local farm ends");
            Ok(())
        }
    }
}

async fn unknown(method: Method, uri: Uri) -> Refusal {
    if uri.path().starts_with("/api/v3/") {
        let message = format!(
            "the farm on this computer does not answer {method} {}: it renders here alone; use a Flamenco Manager for more",
            uri.path()
        );
        return Refusal::new(StatusCode::NOT_IMPLEMENTED, message);
    }
    Refusal::new(
        StatusCode::NOT_FOUND,
        format!("there is nothing at {}", uri.path()),
    )
}

#[cfg(test)]
mod tests;
