// SPDX-License-Identifier: Apache-2.0
//! The calls below `/farmhand/v1/` (`ARCHITECTURE.md`), which the local farm answers and a bare Manager does not.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::share;
use crate::farm::models::JobStatus;
use crate::farm::{Client, FarmError, Repeat, checked_id};
use crate::lanes::{FrameRecord, JobProgress};

/// The farm gives a Blender that it asks for the first time three minutes, and some more are left for the way.
const PROBE_TIMEOUT: Duration = Duration::from_secs(200);

/// `GET progress`: jobs that are not settled, and those settled in the last minute.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ProgressAnswer {
    /// By job id.
    pub jobs: BTreeMap<String, JobProgress>,
}

/// `GET jobs/{id}/frames`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct FramesAnswer {
    /// The records of the frames that are done.
    pub frames: Vec<FrameRecord>,
}

/// `POST jobs/{id}/retry`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RetryAnswer {
    /// The frames that are asked for again.
    pub frames: Vec<i32>,
}

/// Whether an answer says that the farm has no companion, as opposed to one that is away.
pub fn is_missing(error: &FarmError) -> bool {
    matches!(
        error,
        FarmError::NotFound { .. }
            | FarmError::BadAnswer { .. }
            | FarmError::Moved { .. }
            | FarmError::Refused { status: 405, .. }
    )
}

/// How far the jobs are that are not settled, or were within the last minute.
pub async fn progress(client: &Client) -> Result<BTreeMap<String, JobProgress>, FarmError> {
    let answer: ProgressAnswer = client.get_json(&["farmhand", "v1", "progress"]).await?;
    Ok(answer.jobs)
}

/// How far one job is, settled or not.
pub async fn job_progress(client: &Client, job_id: &str) -> Result<JobProgress, FarmError> {
    client
        .get_json(&["farmhand", "v1", "jobs", checked(job_id)?, "progress"])
        .await
}

/// The records of a job's finished frames.
pub async fn job_frames(client: &Client, job_id: &str) -> Result<Vec<FrameRecord>, FarmError> {
    let path = ["farmhand", "v1", "jobs", checked(job_id)?, "frames"];
    let answer: FramesAnswer = client.get_json(&path).await?;
    Ok(answer.frames)
}

/// Asks for a job's failed frames again, and says which they are.
pub async fn retry(client: &Client, job_id: &str) -> Result<Vec<i32>, FarmError> {
    let path = ["farmhand", "v1", "jobs", checked(job_id)?, "retry"];
    // The second of two retries would find nothing failed, and answer with no frames.
    let answer: RetryAnswer = client
        .post_json(&path, &Value::Null, Repeat::IfNeverSent)
        .await?;
    Ok(answer.frames)
}

/// Asks for a job's failed frames again, and says which they are; where there are none, or the farm does not know them, a
/// job that has ended or is paused goes on with what it has not done, and no frames are named.
///
/// # Errors
/// The farm's refusal of the retry also stands where the job is complete or under way.
pub async fn retry_or_requeue(client: &Client, job_id: &str) -> Result<Vec<i32>, FarmError> {
    let refusal = match retry(client, job_id).await {
        Err(error @ FarmError::Refused { status: 422, .. }) => error,
        Err(error) if is_missing(&error) => error,
        answer => return answer,
    };
    let job = client.job(job_id).await?;
    if is_missing(&refusal)
        && job.status.is_settled()
        && let Ok(Some(frames)) = share::retry(client, &job).await
        && !frames.is_empty()
    {
        return Ok(frames);
    }
    let status = job.status;
    let has_stopped = status.is_settled() || status == JobStatus::Paused;
    if status == JobStatus::Completed || !has_stopped {
        return Err(refusal);
    }
    client
        .set_job_status(job_id, JobStatus::Requeueing, "asked for again")
        .await?;
    Ok(Vec::new())
}

/// What the farm's Blender can do: the renderer's probe, in the shape that the caller knows it by.
pub async fn blender<T: DeserializeOwned>(client: &Client) -> Result<T, FarmError> {
    client
        .patient(PROBE_TIMEOUT)
        .get_json(&["farmhand", "v1", "blender"])
        .await
}

/// Ends the farm. Lanes in work are queued again at its next start.
pub async fn shutdown(client: &Client) -> Result<(), FarmError> {
    client
        .post_only(&["farmhand", "v1", "shutdown"], Repeat::IfNeverSent)
        .await
}

fn checked(job_id: &str) -> Result<&str, FarmError> {
    checked_id("a job's id", job_id)
}
