// SPDX-License-Identifier: Apache-2.0
//! `/farmhand/v1`: what the local farm adds to the Flamenco API (`ARCHITECTURE.md`).

use std::collections::BTreeMap;
use std::path::Path as FilePath;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::Shared;
use super::answer::{Refusal, check_id, whole_message};
use crate::farm::models::TaskStatus;
use crate::lanes::{self, FrameRecord, JobDescription, JobProgress, LanesError};
use crate::local::blender::Probe;
use crate::local::state::{FarmState, job_state_dir};
use crate::local::store::{JobRow, StoreError};
use crate::local::watch;

pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/farmhand/v1/health", get(health))
        .route("/farmhand/v1/blender", get(blender))
        .route("/farmhand/v1/shutdown", post(shutdown))
        .route("/farmhand/v1/progress", get(progress_of_all))
        .route("/farmhand/v1/jobs/{job_id}/progress", get(progress))
        .route("/farmhand/v1/jobs/{job_id}/frames", get(frames))
        .route("/farmhand/v1/jobs/{job_id}/retry", post(retry))
}

/// What the server says of itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Health {
    /// Farmhand's version.
    pub version: String,
    /// The server's process.
    pub pid: u32,
    /// Its address.
    pub url: String,
    /// Its state folder.
    pub state_dir: String,
    /// The Blender that renders; `None` where there is none.
    pub blender: Option<String>,
    /// How many lanes run at once.
    pub slots: u32,
    /// Whether a job is in work or queued.
    pub busy: bool,
}

async fn health(State(state): State<Shared>) -> Result<Json<Health>, Refusal> {
    blocking(move || {
        let found = state.blender().ok();
        Ok(Json(Health {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            url: state.url(),
            state_dir: state.files.state_dir.to_string_lossy().into_owned(),
            blender: found.map(|blender| blender.path.to_string_lossy().into_owned()),
            slots: state.slots,
            busy: state.store.is_busy()?,
        }))
    })
    .await
}

async fn blender(State(state): State<Shared>) -> Result<Json<Probe>, Refusal> {
    // A task of its own goes on where whoever asked has left, so that its answer is there the next time.
    let probing = tokio::spawn(async move { state.probe().await });
    match probing.await {
        Ok(probe) => Ok(Json(probe?)),
        Err(_) => Err(StoreError::Closing.into()),
    }
}

async fn shutdown(State(state): State<Shared>) -> StatusCode {
    state.shutdown.cancel();
    StatusCode::NO_CONTENT
}

#[derive(Debug, Serialize)]
struct AllProgress {
    jobs: BTreeMap<String, JobProgress>,
}

async fn progress_of_all(State(state): State<Shared>) -> Result<Json<AllProgress>, Refusal> {
    blocking(move || {
        let ids = state
            .store
            .recent_job_ids(OffsetDateTime::now_utc() - watch::TOLD_AFTER_END)?;
        let jobs = ids
            .into_iter()
            .filter_map(|id| state.seen(&id).map(|seen| (id, seen)));
        Ok(Json(AllProgress {
            jobs: jobs.collect(),
        }))
    })
    .await
}

async fn progress(
    State(state): State<Shared>,
    Path(id): Path<String>,
) -> Result<Json<JobProgress>, Refusal> {
    check_id(&id, "job")?;
    blocking(move || {
        let row = state.store.job(&id)?;
        if let Some(progress) = state.seen(&id) {
            return Ok(Json(progress));
        }
        let progress = watch::progress_of(&state.store, &row).map_err(|error| unusable(&error))?;
        Ok(Json(progress))
    })
    .await
}

#[derive(Debug, Serialize)]
struct Frames {
    frames: Vec<FrameRecord>,
}

async fn frames(
    State(state): State<Shared>,
    Path(id): Path<String>,
) -> Result<Json<Frames>, Refusal> {
    check_id(&id, "job")?;
    blocking(move || {
        let row = state.store.job(&id)?;
        let frames = lanes::frame_records(&description(&row)?, &job_state_dir(&row));
        Ok(Json(Frames { frames }))
    })
    .await
}

#[derive(Debug, Serialize)]
struct Retried {
    frames: Vec<i32>,
}

async fn retry(
    State(state): State<Shared>,
    Path(id): Path<String>,
) -> Result<Json<Retried>, Refusal> {
    check_id(&id, "job")?;
    blocking(move || {
        let retried = ask_again(&state, &id)?;
        state.wake.notify_one();
        Ok(Json(retried))
    })
    .await
}

/// *Retry failed frames* of `docs/lanes.md`.
fn ask_again(state: &FarmState, id: &str) -> Result<Retried, Refusal> {
    let row = state.store.job(id)?;
    let is_at_work = state
        .store
        .tasks(id)?
        .iter()
        .any(|row| row.task.status == TaskStatus::Active);
    if is_at_work {
        let message = "the job is still in work, and its last lane tries its failed frames once more by itself: ask again when it has ended";
        return Err(Refusal::new(StatusCode::CONFLICT, message));
    }
    // Once its claims are renamed, it is too late to refuse.
    if row.job.status.is_settled() {
        state.store.check_output(&row.job)?;
    }
    let state_dir = job_state_dir(&row);
    let asked =
        lanes::retry_failed(&description(&row)?, &state_dir).map_err(|error| unusable(&error))?;
    let film_again = lanes::ask_for_film_again(&state_dir).map_err(|error| unusable(&error))?;
    if asked.is_empty() && !film_again {
        return Err(Refusal::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "no frame of this job has failed",
        ));
    }
    let lanes: Vec<String> = asked.iter().map(|(_, lane)| lane.to_string()).collect();
    state
        .store
        .requeue_lanes(id, &lanes, "failed frames were asked for again")?;
    state.forget(id);
    Ok(Retried {
        frames: asked.into_iter().map(|(frame, _)| frame).collect(),
    })
}

fn description(row: &JobRow) -> Result<JobDescription, Refusal> {
    JobDescription::load(FilePath::new(row.setting("job_file"))).map_err(|error| unusable(&error))
}

/// The job's files are gone or damaged: the server is well, what was asked for is not there.
fn unusable(error: &LanesError) -> Refusal {
    Refusal::new(StatusCode::CONFLICT, whole_message(error))
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Refusal> + Send + 'static,
) -> Result<T, Refusal> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|_| Err(StoreError::Closing.into()))
}
