// SPDX-License-Identifier: Apache-2.0
//! Workers: each slot of this computer is one.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::get;
use axum::{Json, Router};
use time::OffsetDateTime;

use super::Shared;
use super::answer::{Refusal, check_id};
use crate::farm::models::{Worker, WorkerList, WorkerStatus, WorkerSummary, WorkerTagList};
use crate::local::state::FarmState;
use crate::local::store::TASK_TYPE;

pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/api/v3/worker-mgt/workers", get(list))
        .route("/api/v3/worker-mgt/workers/{worker_id}", get(one))
        .route("/api/v3/worker-mgt/tags", get(tags))
}

async fn list(State(state): State<Shared>) -> Json<WorkerList> {
    let workers = (0..state.slots).map(|slot| summary(&state, slot)).collect();
    Json(WorkerList { workers })
}

fn summary(state: &FarmState, slot: u32) -> WorkerSummary {
    let worker = state.worker(slot);
    WorkerSummary {
        id: worker.id,
        name: worker.name,
        status: WorkerStatus::Awake,
        status_change: None,
        last_seen: Some(OffsetDateTime::now_utc()),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        can_restart: false,
    }
}

async fn one(State(state): State<Shared>, Path(id): Path<String>) -> Result<Json<Worker>, Refusal> {
    check_id(&id, "worker")?;
    let summary = (0..state.slots)
        .map(|slot| summary(&state, slot))
        .find(|worker| worker.id == id);
    let summary = summary.ok_or_else(|| Refusal::new(StatusCode::NOT_FOUND, "no such worker"))?;
    Ok(Json(Worker {
        summary,
        ip_address: "127.0.0.1".to_owned(),
        platform: platform().to_owned(),
        supported_task_types: vec![TASK_TYPE.to_owned()],
        task: None,
        tags: None,
    }))
}

/// This platform as Go's `runtime.GOOS` names it.
fn platform() -> &'static str {
    if cfg!(target_os = "macos") {
        "darwin"
    } else {
        std::env::consts::OS
    }
}

async fn tags() -> Json<WorkerTagList> {
    Json(WorkerTagList::default())
}
