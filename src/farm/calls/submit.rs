// SPDX-License-Identifier: Apache-2.0
//! Job types, and sending a job so that it is there once, whatever happens to the answer.

use std::time::Duration;

use crate::farm::FarmError;
use crate::farm::client::{Client, Repeat};
use crate::farm::models::{AvailableJobType, AvailableJobTypes, Job, SubmittedJob};

/// The metadata key of a job's submission id, by which a job is recognised when the answer to sending it is lost.
pub const SUBMISSION_ID_KEY: &str = "farmhand.submission_id";

/// The pauses before each look for a job whose answer was lost. A Manager may still be compiling it.
const LOOK_PAUSES: [Duration; 4] = [
    Duration::from_millis(250),
    Duration::from_millis(500),
    Duration::from_secs(1),
    Duration::from_secs(2),
];

impl Client {
    /// The job types of the farm.
    pub async fn job_types(&self) -> Result<Vec<AvailableJobType>, FarmError> {
        let answer: AvailableJobTypes = self.get_json(&["api", "v3", "jobs", "types"]).await?;
        Ok(answer.job_types)
    }

    /// One job type.
    pub async fn job_type(&self, name: &str) -> Result<AvailableJobType, FarmError> {
        // These would be taken for a step up in the URL.
        if matches!(name, "" | "." | "..") {
            let value = name.to_owned();
            return Err(FarmError::BadId {
                what: "a job type's name",
                value,
            });
        }
        self.get_json(&["api", "v3", "jobs", "type", name]).await
    }

    /// Lets the farm check the job without creating it.
    pub async fn check_job(&self, job: &SubmittedJob) -> Result<(), FarmError> {
        let path = ["api", "v3", "jobs", "check"];
        self.post(&path, job, Repeat::Harmless, self.submit_timeout())
            .await?;
        Ok(())
    }

    /// Sends the job. It is never sent a second time once it may have arrived: when the answer is lost, the farm's list is
    /// searched for the job's submission id (metadata key [`SUBMISSION_ID_KEY`]).
    ///
    /// # Errors
    /// [`FarmError::StaleJobType`] where the job type changed; [`FarmError::SubmissionUnsettled`] where the answer was lost
    /// and the list does not show the job.
    pub async fn submit(&self, job: &SubmittedJob) -> Result<Job, FarmError> {
        let path = ["api", "v3", "jobs"];
        let answer = self
            .post(&path, job, Repeat::IfNeverSent, self.submit_timeout())
            .await
            .and_then(|answer| answer.json());
        match answer {
            Err(lost) if lost.is_lost_answer() => self.settle(job, &lost).await,
            answer => answer,
        }
    }

    /// Finds out whether a job whose answer was lost is there.
    async fn settle(&self, job: &SubmittedJob, lost: &FarmError) -> Result<Job, FarmError> {
        tracing::warn!(error = %lost, "the answer to a job was lost; looking for the job");
        if let Some(submission_id) = job.metadata.get(SUBMISSION_ID_KEY) {
            for pause in LOOK_PAUSES {
                tokio::time::sleep(pause).await;
                // An error here is no news: the farm could not be asked just before, either.
                let jobs = self.without_retries().jobs().await.unwrap_or_default();
                let is_it =
                    |known: &Job| known.metadata.get(SUBMISSION_ID_KEY) == Some(submission_id);
                if let Some(found) = jobs.into_iter().find(is_it) {
                    return Ok(found);
                }
            }
        }
        Err(FarmError::SubmissionUnsettled {
            reason: lost.brief(),
            url: self.shown_url(&["api", "v3", "jobs"]),
        })
    }
}
