// SPDX-License-Identifier: Apache-2.0
//! Jobs and job types.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use time::OffsetDateTime;

use super::null_as_empty;
use super::words::open_words;

/// The priority of a job that asks for none (0 to 100, higher is sooner).
pub const DEFAULT_PRIORITY: i32 = 50;

/// A job's settings, whose keys its job type declares.
pub type JobSettings = Map<String, Value>;

/// Free text about a job, by dotted key.
pub type JobMetadata = BTreeMap<String, String>;

open_words! {
    /// The state of a job.
    JobStatus {
        /// At least one task is in work.
        Active = "active",
        /// Stopped by people, for good.
        Canceled = "canceled",
        /// Every task is completed.
        Completed = "completed",
        /// Given up.
        Failed = "failed",
        /// Held by people.
        Paused = "paused",
        /// Being held: its tasks in work may end first.
        PauseRequested = "pause-requested",
        /// Waits for a worker.
        Queued = "queued",
        /// Being stopped.
        CancelRequested = "cancel-requested",
        /// Its tasks are being queued again.
        Requeueing = "requeueing",
        /// Its tasks are being made.
        UnderConstruction = "under-construction",
    }
}

impl JobStatus {
    /// Whether the farm will do nothing more on this job unless people ask.
    pub fn is_settled(&self) -> bool {
        matches!(self, Self::Canceled | Self::Completed | Self::Failed)
    }
}

open_words! {
    /// The type of a job setting's value.
    AvailableJobSettingType {
        /// Text.
        String = "string",
        /// A whole number of 32 bits.
        Int32 = "int32",
        /// A number.
        Float = "float",
        /// True or false.
        Bool = "bool",
    }
}

open_words! {
    /// What a text setting holds.
    AvailableJobSettingSubtype {
        /// The path of a file.
        FilePath = "file_path",
        /// The path of a folder.
        DirPath = "dir_path",
        /// A file's name.
        FileName = "file_name",
        /// The path of a folder with `/######` appended.
        HashedFilePath = "hashed_file_path",
    }
}

open_words! {
    /// Where a setting is shown.
    AvailableJobSettingVisibility {
        /// Everywhere.
        Visible = "visible",
        /// Nowhere.
        Hidden = "hidden",
        /// Where jobs are submitted.
        Submission = "submission",
        /// On the Manager's page.
        Web = "web",
    }
}

/// What is to be known of a setting's `eval`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AvailableJobSettingEvalInfo {
    /// Whether a submitter offers to follow the expression.
    #[serde(default, rename = "showLinkButton")]
    pub show_link_button: bool,
    /// What the expression gives, for people.
    #[serde(default)]
    pub description: String,
}

/// One setting that a job type declares.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AvailableJobSetting {
    /// The setting's key, unique in its job type.
    pub key: String,
    /// The type of its value.
    #[serde(rename = "type")]
    pub value_type: AvailableJobSettingType,
    /// What a text holds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subtype: Option<AvailableJobSettingSubtype>,
    /// The only values allowed; for text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub choices: Option<Vec<String>>,
    /// Limits for the setting's field in a submitter, as Blender's `bpy.props` take them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub propargs: Option<Map<String, Value>>,
    /// What the setting does, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The setting's name for people; made from the key where absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The value to begin with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Value>,
    /// A Python expression for the value to begin with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub eval: Option<String>,
    /// More about `eval`.
    #[serde(default, skip_serializing_if = "Option::is_none", rename = "evalInfo")]
    pub eval_info: Option<AvailableJobSettingEvalInfo>,
    /// Where the setting is shown; everywhere if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub visible: Option<AvailableJobSettingVisibility>,
    /// Whether a job must bring it. A Manager declares this without enforcing it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub required: Option<bool>,
    /// Whether it may be changed once the job is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub editable: Option<bool>,
}

/// One job type; `GET /api/v3/jobs/type/{name}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AvailableJobType {
    /// The name that a job gives as its type.
    pub name: String,
    /// The name for people.
    pub label: String,
    /// What it does, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Its settings.
    #[serde(default, deserialize_with = "null_as_empty")]
    pub settings: Vec<AvailableJobSetting>,
    /// Changes whenever the label or the settings do; a job that brings an old one is refused with 412.
    pub etag: String,
}

impl AvailableJobType {
    /// The declared setting of that key.
    pub fn setting(&self, key: &str) -> Option<&AvailableJobSetting> {
        self.settings.iter().find(|setting| setting.key == key)
    }
}

/// `GET /api/v3/jobs/types`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct AvailableJobTypes {
    /// Every job type of the Manager.
    #[serde(default, deserialize_with = "null_as_empty")]
    pub job_types: Vec<AvailableJobType>,
}

/// Where a job's files lie, so that deleting the job can remove them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobStorageInfo {
    /// The path that the Shaman checkout got.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shaman_checkout_id: Option<String>,
}

/// A job as it is sent; `POST /api/v3/jobs` and `POST /api/v3/jobs/check`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SubmittedJob {
    /// The job's name for people.
    pub name: String,
    /// The name of its job type.
    #[serde(rename = "type")]
    pub job_type: String,
    /// The etag of the job type that the settings were made for; without it the Manager does not compare.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub type_etag: Option<String>,
    /// 0 to 100, higher is sooner.
    #[serde(default = "default_priority")]
    pub priority: i32,
    /// The settings of its type.
    #[serde(default, deserialize_with = "null_as_empty")]
    pub settings: JobSettings,
    /// Free text about the job.
    #[serde(default, deserialize_with = "null_as_empty")]
    pub metadata: JobMetadata,
    /// The platform whose paths the settings hold: `linux`, `windows`, `darwin`, or `manager` for the Manager's own.
    pub submitter_platform: String,
    /// Where the job's files lie.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage: Option<JobStorageInfo>,
    /// The id of the worker tag whose workers alone may render it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worker_tag: Option<String>,
    /// `queued` or `paused`; queued if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initial_status: Option<JobStatus>,
}

fn default_priority() -> i32 {
    DEFAULT_PRIORITY
}

/// A job as the Manager holds it; `GET /api/v3/jobs/{id}`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// The job's id, a UUID.
    pub id: String,
    /// The job's name for people.
    pub name: String,
    /// The name of its job type.
    #[serde(rename = "type")]
    pub job_type: String,
    /// The etag of its job type at submission; a Manager leaves it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub type_etag: Option<String>,
    /// 0 to 100, higher is sooner.
    #[serde(default = "default_priority")]
    pub priority: i32,
    /// The settings, with two-way variables in place of the paths they stand for.
    #[serde(default, deserialize_with = "null_as_empty")]
    pub settings: JobSettings,
    /// Free text about the job.
    #[serde(default, deserialize_with = "null_as_empty")]
    pub metadata: JobMetadata,
    /// Empty in a Manager's answer, whatever was sent.
    #[serde(default)]
    pub submitter_platform: String,
    /// Where the job's files lie.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storage: Option<JobStorageInfo>,
    /// The id of the worker tag whose workers alone may render it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worker_tag: Option<String>,
    /// The status that was asked for at submission; a Manager leaves it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub initial_status: Option<JobStatus>,
    /// When the job was sent.
    #[serde(with = "time::serde::rfc3339")]
    pub created: OffsetDateTime,
    /// When the job last changed.
    #[serde(with = "time::serde::rfc3339")]
    pub updated: OffsetDateTime,
    /// The job's state.
    pub status: JobStatus,
    /// What last happened to it, for people.
    #[serde(default)]
    pub activity: String,
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

/// `GET /api/v3/jobs`: every job, with no filter and no paging.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct JobsQueryResult {
    /// The jobs.
    #[serde(default, deserialize_with = "null_as_empty")]
    pub jobs: Vec<Job>,
}

/// `POST /api/v3/jobs/{id}/setstatus`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobStatusChange {
    /// The status asked for.
    pub status: JobStatus,
    /// Why, for people.
    pub reason: String,
}

/// `POST /api/v3/jobs/{id}/setpriority`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobPriorityChange {
    /// 0 to 100, higher is sooner.
    pub priority: i32,
}

/// `GET /api/v3/jobs/{id}/what-would-delete-do`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobDeletionInfo {
    /// Whether the job's Shaman checkout goes with it.
    pub shaman_checkout: bool,
}

/// `GET /api/v3/jobs/{id}/last-rendered`: pictures lie at `{base}/{suffix}` below the Manager's own address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobLastRenderedImageInfo {
    /// The folder's path.
    pub base: String,
    /// The files in it, the largest picture first.
    #[serde(default, deserialize_with = "null_as_empty")]
    pub suffixes: Vec<String>,
}

/// One worker that a job shuns for one type of task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobBlocklistEntry {
    /// The worker's id.
    pub worker_id: String,
    /// The type of task that it failed at.
    pub task_type: String,
    /// The worker's name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worker_name: Option<String>,
}

/// `GET /api/v3/jobs/{id}/blocklist`.
pub type JobBlocklist = Vec<JobBlocklistEntry>;
