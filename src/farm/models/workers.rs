// SPDX-License-Identifier: Apache-2.0
//! Workers and worker tags.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::null_as_empty;
use super::tasks::TaskSummary;
use super::words::open_words;

open_words! {
    /// The state of a worker.
    WorkerStatus {
        /// Starting.
        Starting = "starting",
        /// Takes tasks.
        Awake = "awake",
        /// Takes no tasks.
        Asleep = "asleep",
        /// Lost, or broken.
        Error = "error",
        /// Tests itself.
        Testing = "testing",
        /// Signed off.
        Offline = "offline",
        /// Starts anew.
        Restart = "restart",
    }
}

/// A status that a worker was asked to take.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkerStatusChangeRequest {
    /// The status asked for.
    pub status: WorkerStatus,
    /// Whether its task in work may end first.
    pub is_lazy: bool,
}

/// One line of the list of workers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkerSummary {
    /// The worker's id, a UUID.
    pub id: String,
    /// The worker's name.
    pub name: String,
    /// The worker's state.
    pub status: WorkerStatus,
    /// The status it was asked to take.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_change: Option<WorkerStatusChangeRequest>,
    /// When the Manager last heard from it.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "time::serde::rfc3339::option"
    )]
    pub last_seen: Option<OffsetDateTime>,
    /// The worker's version of Flamenco.
    #[serde(default)]
    pub version: String,
    /// Whether it can restart itself.
    #[serde(default)]
    pub can_restart: bool,
}

/// `GET /api/v3/worker-mgt/workers`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkerList {
    /// The workers, those long gone included.
    #[serde(default, deserialize_with = "null_as_empty")]
    pub workers: Vec<WorkerSummary>,
}

/// The task that a worker has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct WorkerTask {
    /// The task.
    #[serde(flatten)]
    pub summary: TaskSummary,
    /// The id of its job.
    pub job_id: String,
}

/// `GET /api/v3/worker-mgt/workers/{id}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Worker {
    /// What the list says of it, too.
    #[serde(flatten)]
    pub summary: WorkerSummary,
    /// The worker's network address.
    #[serde(default)]
    pub ip_address: String,
    /// The worker's platform, as Go's `runtime.GOOS` names it.
    #[serde(default)]
    pub platform: String,
    /// The types of task it takes.
    #[serde(default, deserialize_with = "null_as_empty")]
    pub supported_task_types: Vec<String>,
    /// The task it has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub task: Option<WorkerTask>,
    /// Its tags.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tags: Option<Vec<WorkerTag>>,
}

/// A group of workers that a job can ask for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkerTag {
    /// The tag's id, a UUID.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The tag's name.
    pub name: String,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// `GET /api/v3/worker-mgt/tags`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkerTagList {
    /// The tags.
    #[serde(default, deserialize_with = "null_as_empty")]
    pub tags: Vec<WorkerTag>,
}
