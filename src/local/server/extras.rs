// SPDX-License-Identifier: Apache-2.0
//! `/farmhand/v1`: what the local farm adds to the Flamenco API (`ARCHITECTURE.md`).

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use std::sync::Arc;

use super::Shared;
use super::answer::Refusal;
use crate::local::blender::Probe;

pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/farmhand/v1/health", get(health))
        .route("/farmhand/v1/blender", get(blender))
        .route("/farmhand/v1/shutdown", post(shutdown))
}

async fn health(State(state): State<Shared>) -> Json<Value> {
    let found = tokio::task::spawn_blocking({
        let state = Arc::clone(&state);
        move || state.blender()
    })
    .await;
    let blender = found.ok().and_then(Result::ok).map(|blender| blender.path);
    Json(json!({
        "version": env!("CARGO_PKG_VERSION"),
        "pid": std::process::id(),
        "url": state.url(),
        "state_dir": state.files.state_dir,
        "blender": blender,
        "slots": state.slots,
    }))
}

async fn blender(State(state): State<Shared>) -> Result<Json<Probe>, Refusal> {
    Ok(Json(state.probe().await?))
}

async fn shutdown(State(state): State<Shared>) -> StatusCode {
    state.shutdown.cancel();
    StatusCode::NO_CONTENT
}
