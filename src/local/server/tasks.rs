// SPDX-License-Identifier: Apache-2.0
//! Tasks and their logs.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use super::Shared;
use super::answer::{Body, Refusal, check_id, unknown_status};
use crate::farm::models::{Command, Task, TaskLogInfo, TaskStatus, TaskStatusChange};
use crate::local::state::FarmState;
use crate::local::store::{JobRow, StoreError, TaskRow};
use crate::local::worker::{lane_command, log};

/// What Flamenco shows of a log's end.
const TAIL_BYTES: u64 = 2 * 1024;

pub fn routes() -> Router<Shared> {
    Router::new()
        .route("/api/v3/tasks/{task_id}", get(one))
        .route("/api/v3/tasks/{task_id}/logtail", get(log_tail))
        .route("/api/v3/tasks/{task_id}/log", get(log_info))
        .route("/api/v3/tasks/{task_id}/setstatus", post(set_status))
        .route("/job-files/{job_id}/{file}", get(log_file))
}

async fn task_and_job(state: &Arc<FarmState>, id: String) -> Result<(TaskRow, JobRow), Refusal> {
    check_id(&id, "task")?;
    let both = state
        .store
        .run(move |store| {
            let task = store.task(&id)?;
            let job = store.job(&task.task.job_id)?;
            Ok::<_, StoreError>((task, job))
        })
        .await?;
    Ok(both)
}

async fn one(State(state): State<Shared>, Path(id): Path<String>) -> Result<Json<Task>, Refusal> {
    let (row, job) = task_and_job(&state, id).await?;
    let worker = row.slot.map(|slot| state.worker(slot)).unwrap_or_default();
    let failed_by = if row.failures > 0 {
        vec![worker.clone()]
    } else {
        Vec::new()
    };
    let commands = tokio::task::spawn_blocking({
        let row = row.clone();
        move || command(&state, &job, &row)
    })
    .await
    .into_iter()
    .flatten()
    .collect();
    Ok(Json(Task {
        commands,
        worker: Some(worker),
        failed_by_workers: Some(failed_by),
        ..row.task
    }))
}

/// The task's command as Flamenco would show it; none where there is no Blender now.
fn command(state: &FarmState, job: &JobRow, row: &TaskRow) -> Option<Command> {
    let blender = state.blender().ok()?;
    let command = lane_command(&blender, job, row);
    let arguments: Vec<_> = command
        .arguments
        .iter()
        .map(|argument| argument.to_string_lossy())
        .collect();
    let parameters = json!({
        "exe": command.program.to_string_lossy(),
        "exeArgs": "",
        "argsBefore": [],
        "blendfile": "",
        "args": arguments,
    });
    let Value::Object(parameters) = parameters else {
        return None;
    };
    Some(Command {
        name: "blender-render".to_owned(),
        parameters,
        total_step_count: row.task.steps_total,
    })
}

async fn log_tail(
    State(state): State<Shared>,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let (row, job) = task_and_job(&state, id).await?;
    let path = state.log_path(&job.job.id, &row.task.id);
    let tail = tokio::task::spawn_blocking(move || log::tail(&path, TAIL_BYTES)).await;
    match tail {
        Ok(Ok(Some(text))) => Ok(as_text(text)),
        Ok(Ok(None)) => Ok(StatusCode::NO_CONTENT.into_response()),
        Ok(Err(error)) => Err(unreadable(&error)),
        Err(_) => Err(StoreError::Closing.into()),
    }
}

async fn log_info(
    State(state): State<Shared>,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let (row, job) = task_and_job(&state, id).await?;
    let (job_id, task_id) = (job.job.id, row.task.id);
    match tokio::fs::metadata(state.log_path(&job_id, &task_id)).await {
        Ok(metadata) => {
            let info = TaskLogInfo {
                url: format!("/job-files/{job_id}/task-{task_id}.txt"),
                task_id,
                job_id,
                size_bytes: metadata.len(),
            };
            Ok(Json(info).into_response())
        }
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Ok(StatusCode::NO_CONTENT.into_response())
        }
        Err(error) => Err(unreadable(&error)),
    }
}

/// The log that [`log_info`] names, or the job's last picture. Both ids come from the database, never from the request.
async fn log_file(
    State(state): State<Shared>,
    Path((job_id, file)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let nothing = || Refusal::new(StatusCode::NOT_FOUND, "there is no such file of this job");
    if let Some(extension) = file.strip_prefix("last-rendered.") {
        return super::pictures::picture(&state, job_id, extension).await;
    }
    let task_id = file
        .strip_prefix("task-")
        .and_then(|rest| rest.strip_suffix(".txt"));
    let (row, job) = task_and_job(&state, task_id.ok_or_else(nothing)?.to_owned()).await?;
    if job.job.id != job_id {
        return Err(nothing());
    }
    match tokio::fs::read(state.log_path(&job_id, &row.task.id)).await {
        Ok(bytes) => Ok(as_text(String::from_utf8_lossy(&bytes).into_owned())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(nothing()),
        Err(error) => Err(unreadable(&error)),
    }
}

fn as_text(text: String) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; charset=UTF-8")], text).into_response()
}

fn unreadable(error: &std::io::Error) -> Refusal {
    Refusal::new(
        StatusCode::INTERNAL_SERVER_ERROR,
        format!("a file of this job cannot be read: {error}"),
    )
}

async fn set_status(
    State(state): State<Shared>,
    Path(id): Path<String>,
    Body(change): Body<TaskStatusChange>,
) -> Result<StatusCode, Refusal> {
    check_id(&id, "task")?;
    if let TaskStatus::Unknown(_) = change.status {
        return Err(unknown_status(
            TaskStatus::KNOWN.iter().map(ToString::to_string),
        ));
    }
    state
        .store
        .run(move |store| store.request_task_status(&id, &change.status, &change.reason))
        .await?;
    state.wake.notify_one();
    Ok(StatusCode::NO_CONTENT)
}
