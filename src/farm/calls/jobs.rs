// SPDX-License-Identifier: Apache-2.0
//! Jobs that are there: read, steer, delete.

use reqwest::Method;

use super::checked_id;
use crate::farm::FarmError;
use crate::farm::client::{Client, Repeat};
use crate::farm::models::{
    Job, JobBlocklist, JobBlocklistEntry, JobDeletionInfo, JobLastRenderedImageInfo,
    JobPriorityChange, JobStatus, JobStatusChange, JobsQueryResult,
};

fn job_id(value: &str) -> Result<&str, FarmError> {
    checked_id("a job's id", value)
}

/// How large a picture is asked for; the numbers are the places in a Manager's list of pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PictureSize {
    /// At most 1920 by 1080.
    Large = 0,
    /// At most 600 by 338.
    Small = 1,
    /// At most 200 by 112.
    Tiny = 2,
}

impl Client {
    /// Every job of the farm; a Manager neither filters nor pages (3,000 jobs: 1.7 MB, 96 ms).
    pub async fn jobs(&self) -> Result<Vec<Job>, FarmError> {
        let answer: JobsQueryResult = self.get_json(&["api", "v3", "jobs"]).await?;
        Ok(answer.jobs)
    }

    /// One job.
    pub async fn job(&self, id: &str) -> Result<Job, FarmError> {
        self.get_json(&["api", "v3", "jobs", job_id(id)?]).await
    }

    /// Asks for another status; `reason` is shown to people. [`JobStatus::CancelRequested`] cancels,
    /// [`JobStatus::Requeueing`] queues again what isn't completed (everything, if the job was).
    pub async fn set_job_status(
        &self,
        id: &str,
        status: JobStatus,
        reason: &str,
    ) -> Result<(), FarmError> {
        // Requeueing twice would take tasks from workers that had already begun them anew.
        let repeat = match status {
            JobStatus::Requeueing => Repeat::IfNeverSent,
            _ => Repeat::Harmless,
        };
        let change = JobStatusChange {
            status,
            reason: reason.to_owned(),
        };
        let path = ["api", "v3", "jobs", job_id(id)?, "setstatus"];
        self.post(&path, &change, repeat, self.timeout()).await?;
        Ok(())
    }

    /// Sets the priority: 0 to 100, higher is sooner.
    pub async fn set_job_priority(&self, id: &str, priority: i32) -> Result<(), FarmError> {
        let path = ["api", "v3", "jobs", job_id(id)?, "setpriority"];
        let change = JobPriorityChange { priority };
        self.post(&path, &change, Repeat::Harmless, self.timeout())
            .await?;
        Ok(())
    }

    /// Deletes the job with its tasks and logs, perhaps a moment later. Its frames stay.
    pub async fn delete_job(&self, id: &str) -> Result<(), FarmError> {
        let path = ["api", "v3", "jobs", job_id(id)?];
        self.call(Method::DELETE, &path, Repeat::Harmless).await?;
        Ok(())
    }

    /// What else deleting the job would delete.
    pub async fn what_would_delete(&self, id: &str) -> Result<JobDeletionInfo, FarmError> {
        self.get_json(&["api", "v3", "jobs", job_id(id)?, "what-would-delete-do"])
            .await
    }

    /// The job's latest picture; none if it has none yet.
    pub async fn job_last_rendered(
        &self,
        id: &str,
    ) -> Result<Option<JobLastRenderedImageInfo>, FarmError> {
        self.optional(&["api", "v3", "jobs", job_id(id)?, "last-rendered"])
            .await
    }

    /// The farm's latest picture; none if it has none yet.
    pub async fn last_rendered(&self) -> Result<Option<JobLastRenderedImageInfo>, FarmError> {
        self.optional(&["api", "v3", "jobs", "last-rendered"]).await
    }

    /// The picture of that suffix.
    pub async fn last_rendered_picture(
        &self,
        info: &JobLastRenderedImageInfo,
        suffix: &str,
    ) -> Result<Vec<u8>, FarmError> {
        let named = format!("{}/{suffix}", info.base.trim_end_matches('/'));
        Ok(self.get_named(&named).await?.into_bytes())
    }

    /// The job's latest picture with its file name, whose extension says what it is (a Manager keeps JPEG); none if it has
    /// none yet.
    pub async fn job_picture(
        &self,
        id: &str,
        size: PictureSize,
    ) -> Result<Option<(String, Vec<u8>)>, FarmError> {
        let Some(info) = self.job_last_rendered(id).await? else {
            return Ok(None);
        };
        // From the largest to the smallest; a farm that keeps fewer gives the nearest that it has.
        let suffix = info.suffixes.get(size as usize).or(info.suffixes.last());
        let Some(suffix) = suffix else {
            return Ok(None);
        };
        let picture = self.last_rendered_picture(&info, suffix).await?;
        Ok(Some((suffix.clone(), picture)))
    }

    /// The workers that the job shuns.
    pub async fn job_blocklist(&self, id: &str) -> Result<JobBlocklist, FarmError> {
        self.get_json(&["api", "v3", "jobs", job_id(id)?, "blocklist"])
            .await
    }

    /// Lets workers that the job shuns work on it again.
    pub async fn clear_blocklist(
        &self,
        id: &str,
        entries: &[JobBlocklistEntry],
    ) -> Result<(), FarmError> {
        let path = ["api", "v3", "jobs", job_id(id)?, "blocklist"];
        self.delete_json(&path, entries).await?;
        Ok(())
    }
}
