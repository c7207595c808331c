// SPDX-License-Identifier: Apache-2.0
//! What is known of a farm at one moment: a pure fold of its answers. Nothing here asks or waits.

use std::collections::{BTreeMap, BTreeSet};

use time::OffsetDateTime;

use super::view::JobView;
use crate::farm::models::{Job, JobStatus, WorkerSummary};
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
    /// The ids of jobs that are not paused, and wait for people all the same.
    pub waiting: BTreeSet<String>,
}

/// What changed of a farm whose other jobs are as they were.
#[derive(Clone, Debug, Default)]
pub(super) struct Moves {
    /// Jobs that are new or changed.
    pub(super) changed: Vec<Job>,
    /// The ids of jobs that are gone.
    pub(super) gone: BTreeSet<String>,
    /// Its workers, where one of them changed.
    pub(super) workers: Option<Vec<WorkerSummary>>,
    /// What is told of single frames, by job id; none where nobody tells.
    pub(super) progress: Option<BTreeMap<String, JobProgress>>,
    /// The ids of jobs that are not paused, and wait for people all the same.
    pub(super) waiting: BTreeSet<String>,
}

impl Moves {
    /// Whether nothing changed but, perhaps, the progress.
    pub(super) fn is_none(&self) -> bool {
        self.changed.is_empty() && self.gone.is_empty() && self.workers.is_none()
    }
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
            let known = self.jobs.iter().filter(|job| job.progress_is_told);
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
        for job in &mut jobs {
            job.waits_for_approval |= answers.waiting.contains(&job.job_id);
        }
        jobs.sort_by(newest_first);
        Self {
            state: FarmState::Online,
            jobs,
            workers: answers.workers.unwrap_or_else(|| self.workers.clone()),
            tells_frames,
            updated: Some(now),
        }
    }

    /// The farm told of some changes; none where they change nothing that is shown. `me` as in [`Snapshot::answered`].
    #[must_use]
    pub(super) fn moved(
        &self,
        moves: Moves,
        me: Option<&str>,
        now: OffsetDateTime,
    ) -> Option<Self> {
        let is_news = |(id, told): (&String, &JobProgress)| {
            self.job(id)
                .is_some_and(|job| job.progress.as_ref() != Some(told))
        };
        let told = moves.progress.as_ref();
        let same_progress = !told.into_iter().flatten().any(is_news);
        let waits = |job: &JobView| {
            let is_held = job.status == JobStatus::Paused && job.waits_for_approval;
            is_held || moves.waiting.contains(&job.job_id)
        };
        let same_waits = self
            .jobs
            .iter()
            .all(|job| waits(job) == job.waits_for_approval);
        let tells_frames = moves.progress.is_some();
        if moves.is_none()
            && same_progress
            && same_waits
            && tells_frames == self.tells_frames
            && self.state == FarmState::Online
        {
            return None;
        }
        let mut told = moves.progress.unwrap_or_default();
        let mut jobs = self.jobs.clone();
        jobs.retain(|job| !moves.gone.contains(&job.job_id));
        for job in moves.changed {
            let known = jobs.iter_mut().find(|known| known.job_id == job.id);
            let last = known.as_ref().filter(|known| known.progress_is_told);
            let last = last.and_then(|known| known.progress.clone());
            let view = JobView::new(job, last, me);
            match known {
                Some(known) => *known = view,
                None => jobs.push(view),
            }
        }
        for job in &mut jobs {
            if let Some(progress) = told.remove(&job.job_id) {
                job.tell(progress);
            }
            job.waits_for_approval = waits(job);
        }
        jobs.sort_by(newest_first);
        Some(Self {
            state: FarmState::Online,
            jobs,
            workers: moves.workers.unwrap_or_else(|| self.workers.clone()),
            tells_frames,
            updated: Some(now),
        })
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

fn newest_first(one: &JobView, other: &JobView) -> std::cmp::Ordering {
    other
        .created
        .cmp(&one.created)
        .then_with(|| one.job_id.cmp(&other.job_id))
}

#[cfg(test)]
mod tests;
