// SPDX-License-Identifier: Apache-2.0
//! Tasks and their logs.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use time::OffsetDateTime;

use super::null_as_empty;
use super::words::open_words;

open_words! {
    /// The state of a task.
    TaskStatus {
        /// In work.
        Active = "active",
        /// Stopped by people.
        Canceled = "canceled",
        /// Done.
        Completed = "completed",
        /// Given up.
        Failed = "failed",
        /// Waits for a worker.
        Queued = "queued",
        /// Failed on one worker, and will be tried on another.
        SoftFailed = "soft-failed",
        /// Held by people.
        Paused = "paused",
    }
}

impl TaskStatus {
    /// Whether the farm will do nothing more on this task unless people ask.
    pub fn is_settled(&self) -> bool {
        matches!(self, Self::Canceled | Self::Completed | Self::Failed)
    }
}

/// The worker that a task names.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskWorker {
    /// The worker's id; empty where no worker has the task.
    pub id: String,
    /// The worker's name.
    pub name: String,
    /// The worker's network address.
    #[serde(default)]
    pub address: String,
}

/// One command of a task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Command {
    /// What to run, like `blender-render`.
    pub name: String,
    /// Its parameters, with variables not yet replaced.
    #[serde(default, deserialize_with = "null_as_empty")]
    pub parameters: Map<String, Value>,
    /// The steps it tells of; 0 where it tells of none.
    #[serde(default)]
    pub total_step_count: u64,
}

/// One line of a job's list of tasks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TaskSummary {
    /// The task's id, a UUID.
    pub id: String,
    /// The task's name, unique in its job.
    pub name: String,
    /// The task's state.
    pub status: TaskStatus,
    /// Its place in the job, from 1.
    pub index_in_job: u32,
    /// 0 to 100, higher is sooner.
    pub priority: i32,
    /// What a worker must be able to do for it, like `blender`.
    pub task_type: String,
    /// When the task last changed.
    #[serde(with = "time::serde::rfc3339")]
    pub updated: OffsetDateTime,
    /// Who has it, or had it last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worker: Option<TaskWorker>,
    /// Steps that are done.
    #[serde(default)]
    pub steps_completed: u64,
    /// Steps in all.
    #[serde(default)]
    pub steps_total: u64,
}

/// `GET /api/v3/jobs/{id}/tasks`. It costs the Manager one look-up per task: never poll it on large jobs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct JobTasksSummary {
    /// The tasks, in the order of the job.
    #[serde(default, deserialize_with = "null_as_empty")]
    pub tasks: Vec<TaskSummary>,
}

/// `GET /api/v3/tasks/{id}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// The task's id, a UUID.
    pub id: String,
    /// When it was made.
    #[serde(with = "time::serde::rfc3339")]
    pub created: OffsetDateTime,
    /// When the task last changed.
    #[serde(with = "time::serde::rfc3339")]
    pub updated: OffsetDateTime,
    /// The id of its job.
    pub job_id: String,
    /// Its place in the job, from 1.
    pub index_in_job: u32,
    /// The task's name, unique in its job.
    pub name: String,
    /// The task's state.
    pub status: TaskStatus,
    /// 0 to 100, higher is sooner.
    pub priority: i32,
    /// What a worker must be able to do for it, like `blender`.
    pub task_type: String,
    /// What last happened to it, for people.
    #[serde(default)]
    pub activity: String,
    /// What it runs.
    #[serde(default, deserialize_with = "null_as_empty")]
    pub commands: Vec<Command>,
    /// Steps that are done.
    #[serde(default)]
    pub steps_completed: u64,
    /// Steps in all.
    #[serde(default)]
    pub steps_total: u64,
    /// Who has it, or had it last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worker: Option<TaskWorker>,
    /// When a worker last worked on it.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "time::serde::rfc3339::option"
    )]
    pub last_touched: Option<OffsetDateTime>,
    /// The workers that failed at it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failed_by_workers: Option<Vec<TaskWorker>>,
}

/// `GET /api/v3/tasks/{id}/log`: where the log lies. 204 where there is none yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskLogInfo {
    /// The task's id.
    pub task_id: String,
    /// Its job's id.
    pub job_id: String,
    /// Where the log lies, mostly relative to the Manager's own address.
    pub url: String,
    /// The log's size.
    #[serde(rename = "size")]
    pub size_bytes: u64,
}

/// `POST /api/v3/tasks/{id}/setstatus`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaskStatusChange {
    /// The status asked for.
    pub status: TaskStatus,
    /// Why, for people.
    pub reason: String,
}
