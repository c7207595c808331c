// SPDX-License-Identifier: Apache-2.0
//! What is known of a farm at one moment: a pure fold of its answers. Nothing here asks or waits.

use std::collections::BTreeMap;

use time::OffsetDateTime;

use super::view::JobView;
use crate::farm::models::{Job, WorkerSummary};
use crate::lanes::JobProgress;

/// Whether the farm answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum FarmState {
    /// It has not been heard yet.
    #[default]
    Connecting,
    /// The farm on this computer is not running; it starts with the first submission.
    Stopped,
    /// It answers.
    Online,
    /// It does not answer; asking goes on.
    Offline {
        /// When its silence was first noticed.
        since: OffsetDateTime,
        /// Why, for people.
        message: String,
    },
}

/// What a farm answered in one round.
#[derive(Clone, Debug, Default)]
pub struct Answers {
    /// All its jobs.
    pub jobs: Vec<Job>,
    /// What the companion tells, by job id; none where there is no companion.
    pub progress: Option<BTreeMap<String, JobProgress>>,
    /// Its workers, where they were asked for.
    pub workers: Option<Vec<WorkerSummary>>,
}

/// What was known of a farm at one moment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Snapshot {
    /// Whether it answers.
    pub state: FarmState,
    /// Its jobs, the newest first; those last heard of while it does not answer.
    pub jobs: Vec<JobView>,
    /// Its workers.
    pub workers: Vec<WorkerSummary>,
    /// Whether it tells of single frames.
    pub tells_frames: bool,
    /// When it last answered.
    pub updated: Option<OffsetDateTime>,
}

impl Snapshot {
    /// The farm answered. `me` is the user whose jobs are "mine".
    #[must_use]
    pub fn answered(&self, answers: Answers, me: Option<&str>, now: OffsetDateTime) -> Self {
        let tells_frames = answers.progress.is_some();
        let mut told = answers.progress.unwrap_or_default();
        // The companion stops telling of a job a while after it is settled: what it told last still holds.
        let mut kept: BTreeMap<&str, &JobProgress> = BTreeMap::new();
        if tells_frames && self.tells_frames {
            let known = self.jobs.iter();
            kept.extend(
                known.filter_map(|job| Some((job.job_id.as_str(), job.progress.as_ref()?))),
            );
        }
        let view = |job: Job| {
            let progress = told
                .remove(&job.id)
                .or_else(|| kept.get(job.id.as_str()).map(|&last| last.clone()));
            JobView::new(job, progress, me)
        };
        let mut jobs: Vec<JobView> = answers.jobs.into_iter().map(view).collect();
        jobs.sort_by(|one, other| {
            other
                .created
                .cmp(&one.created)
                .then_with(|| one.job_id.cmp(&other.job_id))
        });
        Self {
            state: FarmState::Online,
            jobs,
            workers: answers.workers.unwrap_or_else(|| self.workers.clone()),
            tells_frames,
            updated: Some(now),
        }
    }

    /// The farm did not answer.
    #[must_use]
    pub fn offline(&self, message: &str, now: OffsetDateTime) -> Self {
        let since = match &self.state {
            FarmState::Offline { since, .. } => *since,
            _ => now,
        };
        let state = FarmState::Offline {
            since,
            message: message.to_owned(),
        };
        Self {
            state,
            ..self.clone()
        }
    }

    /// The farm is not running.
    #[must_use]
    pub fn stopped(&self) -> Self {
        Self {
            state: FarmState::Stopped,
            ..self.clone()
        }
    }

    /// The job of that id.
    pub fn job(&self, job_id: &str) -> Option<&JobView> {
        self.jobs.iter().find(|job| job.job_id == job_id)
    }

    /// The state in one word: `connecting`, `stopped`, `online`, `offline`.
    pub fn state_word(&self) -> &'static str {
        match self.state {
            FarmState::Connecting => "connecting",
            FarmState::Stopped => "stopped",
            FarmState::Online => "online",
            FarmState::Offline { .. } => "offline",
        }
    }

    /// The state in words, with the reason where there is one.
    pub fn message(&self) -> String {
        match &self.state {
            FarmState::Connecting => "asking the farm".to_owned(),
            FarmState::Stopped => "not running; it starts with the first submission".to_owned(),
            FarmState::Online => match self.jobs.iter().filter(|job| job.is_live()).count() {
                0 => "ready".to_owned(),
                1 => "1 job to do".to_owned(),
                many => format!("{many} jobs to do"),
            },
            FarmState::Offline { message, .. } => message.clone(),
        }
    }
}

#[cfg(test)]
mod tests;
