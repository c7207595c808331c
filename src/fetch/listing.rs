// SPDX-License-Identifier: Apache-2.0
//! What a farm has of a job.

use serde::{Deserialize, Serialize};

use super::error::FetchError;
use crate::farm::{Client, FarmError, checked_id};

/// A file of a job, at the farm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoteFile {
    /// Its path below the job's output root, with `/`.
    pub path: String,
    /// Its size.
    pub size_bytes: u64,
    /// Its SHA-256 in hexadecimal digits; none while the farm works it out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

/// `GET /farmhand/v1/jobs/{id}/outputs`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RemoteListing {
    /// The files below the job's output root.
    pub files: Vec<RemoteFile>,
    /// How many lie elsewhere, and are not handed out.
    #[serde(default)]
    pub elsewhere: u64,
    /// The job is settled: nothing more will come.
    #[serde(default)]
    pub is_complete: bool,
}

/// What the farm has of a job now.
pub async fn list(client: &Client, job_id: &str) -> Result<RemoteListing, FetchError> {
    let job_id = checked_id("a job's id", job_id)?;
    let path = ["farmhand", "v1", "jobs", job_id, "outputs"];
    let listed = client.get_json_with(&path, &[("sha256", "true")]).await;
    listed.map_err(|error| match error {
        FarmError::NotFound { .. } | FarmError::BadAnswer { .. } | FarmError::Moved { .. } => {
            FetchError::NoCompanion {
                url: client.base_url(),
            }
        }
        error => error.into(),
    })
}
