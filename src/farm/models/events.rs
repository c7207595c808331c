// SPDX-License-Identifier: Apache-2.0
//! What a Manager tells by itself, to those who listen.

use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::jobs::{Job, JobStatus};

/// The part of a job that is told whenever it changes (`EventJobUpdate`). Settings, metadata and activity are not in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JobUpdate {
    /// The job's id.
    pub id: String,
    /// The job's name for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// When the job last changed; a Manager may tell the time of the change before.
    #[serde(with = "time::serde::rfc3339")]
    pub updated: OffsetDateTime,
    /// The job's state.
    pub status: JobStatus,
    /// The name of its job type.
    #[serde(default, rename = "type")]
    pub job_type: String,
    /// 0 to 100, higher is sooner.
    pub priority: i32,
    /// Steps (frames, mostly) that are done.
    #[serde(default)]
    pub steps_completed: u64,
    /// Steps in all; 0 until the first step is done.
    #[serde(default)]
    pub steps_total: u64,
    /// When people asked to delete it.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        with = "time::serde::rfc3339::option"
    )]
    pub delete_requested_at: Option<OffsetDateTime>,
}

impl JobUpdate {
    /// Brings a job up to date.
    pub fn bring(self, job: &mut Job) {
        if let Some(name) = self.name {
            job.name = name;
        }
        job.updated = job.updated.max(self.updated);
        job.status = self.status;
        job.priority = self.priority;
        job.steps_completed = self.steps_completed;
        job.steps_total = self.steps_total;
        job.delete_requested_at = self.delete_requested_at;
    }
}
