// SPDX-License-Identifier: Apache-2.0
//! How far jobs are, as the local farm tells it.

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};

use super::Shared;
use super::answer::Refusal;
use crate::farm::models::{Job, JobStatus};
use crate::lanes::JobProgress;
use crate::watch::SharedJob;
use crate::watch::companion::{FramesAnswer, ProgressAnswer, RetryAnswer};
use crate::watch::share;

pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/farmhand/v1/progress", get(progress_of_all))
        .route("/farmhand/v1/jobs/{job_id}/progress", get(progress))
        .route("/farmhand/v1/jobs/{job_id}/frames", get(frames))
        .route("/farmhand/v1/jobs/{job_id}/retry", post(retry))
}

async fn progress_of_all(State(companion): State<Shared>) -> Json<ProgressAnswer> {
    let jobs: BTreeMap<String, JobProgress> = companion.look().progress.clone();
    Json(ProgressAnswer { jobs })
}

async fn progress(
    State(companion): State<Shared>,
    Path(id): Path<String>,
) -> Result<Json<JobProgress>, Refusal> {
    if let Some(progress) = companion.look().progress.get(&id) {
        return Ok(Json(progress.clone()));
    }
    let (job, mut shared) = find(&companion, &id).await?;
    let is_active = job.status == JobStatus::Active;
    blocking(move || Ok(Json(shared.progress_of_all(is_active)))).await
}

async fn frames(
    State(companion): State<Shared>,
    Path(id): Path<String>,
) -> Result<Json<FramesAnswer>, Refusal> {
    let (_, shared) = find(&companion, &id).await?;
    blocking(move || {
        Ok(Json(FramesAnswer {
            frames: shared.records(),
        }))
    })
    .await
}

async fn retry(
    State(companion): State<Shared>,
    Path(id): Path<String>,
) -> Result<Json<RetryAnswer>, Refusal> {
    let job = companion.client.job(&id).await?;
    if !job.status.is_settled() {
        let message = "the job is still in work, and its last lane tries its failed frames once more by itself: ask again when it has ended";
        return Err(Refusal::new(StatusCode::CONFLICT, message));
    }
    let root = &companion.options.share_dir;
    let asked = share::retry_below(Some(root), &companion.client, &job)
        .await?
        .ok_or_else(no_folder)?;
    if asked.frames.is_empty() && !asked.film {
        let message = "no frame of this job has failed";
        return Err(Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, message));
    }
    Ok(Json(RetryAnswer {
        frames: asked.frames,
    }))
}

/// A job, and its folder on the share.
pub async fn find(companion: &Shared, id: &str) -> Result<(Job, SharedJob), Refusal> {
    let job = companion.client.job(id).await?;
    let root = &companion.options.share_dir;
    let shared = share::find_below(Some(root), &companion.client, &job)
        .await?
        .ok_or_else(no_folder)?;
    Ok((job, shared))
}

/// The server is well; what was asked for is not there, as the local farm has it.
fn no_folder() -> Refusal {
    let message = "this job has no folder of Farmhand's on the share: it was sent by something else, or its folder was taken away";
    Refusal::new(StatusCode::CONFLICT, message)
}

/// Work on files, which may take its time on a share.
pub async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Refusal> + Send + 'static,
) -> Result<T, Refusal> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|_| Err(Refusal::closing()))
}
