// SPDX-License-Identifier: Apache-2.0
//! What concerns the farm as a whole: health, metrics, the number of workers wanted.

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};

use super::Shared;
use super::answer::Refusal;
use crate::companion::metrics;
use crate::companion::state::Wanted;

/// What anybody may ask.
pub fn open_routes() -> Router<Shared> {
    Router::new().route("/healthz", get(alive))
}

pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/metrics", get(metrics))
        .route("/farmhand/v1/health", get(health))
        .route("/farmhand/v1/wanted", get(wanted))
}

async fn alive() -> Json<Value> {
    Json(json!({"status": "ok", "version": env!("CARGO_PKG_VERSION")}))
}

async fn metrics(State(companion): State<Shared>) -> Response {
    let (lent, count) = {
        let identities = companion.identities.lock().await;
        (identities.leases().count(), identities.count())
    };
    let text = metrics::text(
        &companion.look(),
        companion.options.gpus_per_worker,
        lent,
        count,
    );
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response()
}

async fn health(State(companion): State<Shared>) -> Json<Value> {
    let look = companion.look();
    Json(json!({
        "version": env!("CARGO_PKG_VERSION"),
        "manager": companion.client.base_url(),
        "share": companion.options.share_dir,
        "manager_answers": look.manager_up,
        "kubernetes_answers": look.kubernetes_up,
        "prometheus_answers": look.prometheus_up,
    }))
}

async fn wanted(State(companion): State<Shared>) -> Result<Json<Wanted>, Refusal> {
    let message = "the Manager has not answered yet: keep what is there";
    let unknown = || Refusal::new(StatusCode::SERVICE_UNAVAILABLE, message);
    companion
        .look()
        .wanted
        .clone()
        .map(Json)
        .ok_or_else(unknown)
}
