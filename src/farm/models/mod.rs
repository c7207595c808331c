// SPDX-License-Identifier: Apache-2.0
//! The shapes of the Flamenco v3 API, as far as submitting and watching need them.
//!
//! Names and JSON keys follow the API's own document, `flamenco-openapi.yaml` of Flamenco 3. Every model both reads and
//! writes, because the local farm answers in the same shapes. Fields that are not known here are ignored, and words that
//! are not known (a status of a later version) are kept as they came.

mod configuration;
mod events;
mod jobs;
mod shaman;
mod tasks;
mod words;
mod workers;

pub use configuration::{
    ErrorAnswer, FarmStatus, FarmStatusReport, FlamencoVersion, LOCAL_FARM_NAME, ManagerVariable,
    ManagerVariableAudience, ManagerVariables, SharedStorageLocation,
};
pub use events::JobUpdate;
pub use jobs::{
    AvailableJobSetting, AvailableJobSettingEvalInfo, AvailableJobSettingSubtype,
    AvailableJobSettingType, AvailableJobSettingVisibility, AvailableJobType, AvailableJobTypes,
    DEFAULT_PRIORITY, Job, JobBlocklist, JobBlocklistEntry, JobDeletionInfo,
    JobLastRenderedImageInfo, JobMetadata, JobPriorityChange, JobSettings, JobStatus,
    JobStatusChange, JobStorageInfo, JobsQueryResult, SubmittedJob,
};
pub use shaman::{
    ShamanCheckout, ShamanCheckoutResult, ShamanFileSpec, ShamanFileSpecWithStatus,
    ShamanFileStatus, ShamanRequirementsRequest, ShamanRequirementsResponse,
    ShamanSingleFileStatus,
};
pub use tasks::{
    Command, JobTasksSummary, Task, TaskLogInfo, TaskStatus, TaskStatusChange, TaskSummary,
    TaskWorker,
};
pub use workers::{
    Worker, WorkerList, WorkerStatus, WorkerStatusChangeRequest, WorkerSummary, WorkerTag,
    WorkerTagList, WorkerTask,
};

use serde::{Deserialize, Deserializer};

/// Reads `null` as the empty value: Go writes a slice or map that was never filled as `null`.
fn null_as_empty<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}

#[cfg(test)]
mod tests;
