// SPDX-License-Identifier: Apache-2.0
//! Jobs: sent, listed, changed, deleted.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{any, get, post};
use axum::{Json, Router};

use super::Shared;
use super::answer::{Body, Refusal, check_id, unknown_status};
use crate::farm::models::{
    Job, JobBlocklist, JobDeletionInfo, JobPriorityChange, JobStatus, JobStatusChange,
    JobTasksSummary, JobsQueryResult, SubmittedJob, TaskSummary,
};
use crate::local::compile;
use crate::local::state::FarmState;
use crate::local::store::{NewTask, Store, TaskRow};

pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/api/v3/jobs", get(list).post(submit))
        .route("/api/v3/jobs/check", post(check))
        // Else it would be taken for a job's id.
        .route("/api/v3/jobs/mass-delete", any(super::unknown))
        .route("/api/v3/jobs/{job_id}", get(one).delete(delete))
        .route(
            "/api/v3/jobs/{job_id}/what-would-delete-do",
            get(what_would_delete_do),
        )
        .route("/api/v3/jobs/{job_id}/setstatus", post(set_status))
        .route("/api/v3/jobs/{job_id}/setpriority", post(set_priority))
        .route("/api/v3/jobs/{job_id}/tasks", get(tasks))
        .route("/api/v3/jobs/{job_id}/blocklist", get(blocklist))
}

async fn list(State(state): State<Shared>) -> Result<Json<JobsQueryResult>, Refusal> {
    let rows = state.store.run(Store::jobs).await?;
    let jobs = rows.into_iter().map(|row| row.job).collect();
    Ok(Json(JobsQueryResult { jobs }))
}

async fn submit(
    State(state): State<Shared>,
    Body(submitted): Body<SubmittedJob>,
) -> Result<Json<Job>, Refusal> {
    let (job, tasks) = compiled(&state, submitted).await?;
    let row = state
        .store
        .run(move |store| store.add_job(&job, &tasks))
        .await?;
    tracing::info!(job = row.job.id, name = row.job.name, "a job has come in");
    state.wake.notify_one();
    Ok(Json(row.job))
}

async fn check(
    State(state): State<Shared>,
    Body(submitted): Body<SubmittedJob>,
) -> Result<StatusCode, Refusal> {
    let (job, _tasks) = compiled(&state, submitted).await?;
    state
        .store
        .run(move |store| store.check_output(&job))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Compiles a job. Where there is no Blender to render it, it is refused now rather than left in the queue for ever.
async fn compiled(
    state: &Arc<FarmState>,
    submitted: SubmittedJob,
) -> Result<(Job, Vec<NewTask>), Refusal> {
    let state = Arc::clone(state);
    let work = move || {
        let compiled = compile::compile(&submitted)?;
        state.blender()?;
        Ok(compiled)
    };
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|_| {
        Err(Refusal::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "the local farm is closing",
        ))
    })
}

async fn one(State(state): State<Shared>, Path(id): Path<String>) -> Result<Json<Job>, Refusal> {
    check_id(&id, "job")?;
    let row = state.store.run(move |store| store.job(&id)).await?;
    Ok(Json(row.job))
}

async fn delete(
    State(state): State<Shared>,
    Path(id): Path<String>,
) -> Result<StatusCode, Refusal> {
    check_id(&id, "job")?;
    let logs_dir = state.files.logs_dir().join(&id);
    let job_id = id.clone();
    let row = state
        .store
        .run(move |store| {
            let row = store.job(&job_id)?;
            store.delete_job(&job_id)?;
            Ok(row)
        })
        .await?;
    state.add_deleted(row);
    state.forget(&id);
    state.wake.notify_one();
    if let Err(error) = tokio::fs::remove_dir_all(&logs_dir).await
        && error.kind() != std::io::ErrorKind::NotFound
    {
        tracing::warn!(%error, path = %logs_dir.display(), "the logs of a deleted job are left");
    }
    Ok(StatusCode::NO_CONTENT)
}

async fn what_would_delete_do(
    State(state): State<Shared>,
    Path(id): Path<String>,
) -> Result<Json<JobDeletionInfo>, Refusal> {
    check_id(&id, "job")?;
    state.store.run(move |store| store.job(&id)).await?;
    Ok(Json(JobDeletionInfo {
        shaman_checkout: false,
    }))
}

async fn set_status(
    State(state): State<Shared>,
    Path(id): Path<String>,
    Body(change): Body<JobStatusChange>,
) -> Result<StatusCode, Refusal> {
    check_id(&id, "job")?;
    if let JobStatus::Unknown(_) = change.status {
        return Err(unknown_status(
            JobStatus::KNOWN.iter().map(ToString::to_string),
        ));
    }
    state
        .store
        .run(move |store| store.request_job_status(&id, &change.status, &change.reason))
        .await?;
    state.wake.notify_one();
    Ok(StatusCode::NO_CONTENT)
}

async fn set_priority(
    State(state): State<Shared>,
    Path(id): Path<String>,
    Body(change): Body<JobPriorityChange>,
) -> Result<StatusCode, Refusal> {
    check_id(&id, "job")?;
    if !(0..=100).contains(&change.priority) {
        let message = format!("the priority {} is not between 0 and 100", change.priority);
        return Err(Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, message));
    }
    state
        .store
        .run(move |store| store.set_priority(&id, change.priority))
        .await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn tasks(
    State(state): State<Shared>,
    Path(id): Path<String>,
) -> Result<Json<JobTasksSummary>, Refusal> {
    check_id(&id, "job")?;
    let rows = state.store.run(move |store| store.tasks(&id)).await?;
    let tasks = rows.into_iter().map(|row| summary(&state, row)).collect();
    Ok(Json(JobTasksSummary { tasks }))
}

fn summary(state: &FarmState, row: TaskRow) -> TaskSummary {
    let task = row.task;
    TaskSummary {
        worker: Some(row.slot.map(|slot| state.worker(slot)).unwrap_or_default()),
        id: task.id,
        name: task.name,
        status: task.status,
        index_in_job: task.index_in_job,
        priority: task.priority,
        task_type: task.task_type,
        updated: task.updated,
        steps_completed: task.steps_completed,
        steps_total: task.steps_total,
    }
}

/// One computer is never blocked: a lane that fails here would fail nowhere else.
async fn blocklist(
    State(state): State<Shared>,
    Path(id): Path<String>,
) -> Result<Json<JobBlocklist>, Refusal> {
    check_id(&id, "job")?;
    state.store.run(move |store| store.job(&id)).await?;
    Ok(Json(JobBlocklist::new()))
}
