// SPDX-License-Identifier: Apache-2.0
//! Which of a farm's jobs people want to see.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::state::Snapshot;
use super::view::JobView;
use crate::farm::models::JobStatus;

/// Jobs by what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Which {
    /// Every job.
    #[default]
    All,
    /// Those that can still render frames.
    Active,
    /// Those whose frames are all there.
    Done,
    /// Those that ended without, the cancelled ones included.
    Failed,
}

impl Which {
    /// Whether a job is one of these.
    pub fn includes(self, job: &JobView) -> bool {
        match self {
            Self::All => true,
            Self::Active => job.is_live(),
            Self::Done => job.status == JobStatus::Completed,
            Self::Failed => !job.is_live() && job.status != JobStatus::Completed,
        }
    }
}

impl Snapshot {
    /// The places in [`Snapshot::jobs`] of the jobs that are wanted, in order.
    pub fn choose(&self, which: Which, mine_only: bool) -> impl Iterator<Item = usize> {
        let is_wanted = move |job: &JobView| which.includes(job) && (job.is_mine || !mine_only);
        self.jobs
            .iter()
            .enumerate()
            .filter(move |(_, job)| is_wanted(job))
            .map(|(place, _)| place)
    }

    /// Whether both look the same to people: all but the time of the answer is.
    pub fn looks_like(self: &Arc<Self>, other: &Arc<Self>) -> bool {
        Arc::ptr_eq(self, other)
            || self.state == other.state
                && self.tells_frames == other.tells_frames
                && self.workers.len() == other.workers.len()
                && (self.workers.iter().zip(&other.workers))
                    .all(|(one, two)| one.name == two.name && one.status == two.status)
                && self.jobs == other.jobs
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::OffsetDateTime;

    fn job(id: &str, status: JobStatus, is_mine: bool) -> JobView {
        JobView {
            job_id: id.to_owned(),
            name: id.to_owned(),
            status,
            priority: 50,
            created: OffsetDateTime::UNIX_EPOCH,
            updated: OffsetDateTime::UNIX_EPOCH,
            activity: String::new(),
            user: None,
            is_mine,
            blend_file: None,
            output_dir: None,
            storage: None,
            submission_id: None,
            waits_for_approval: false,
            progress: None,
            progress_is_told: false,
        }
    }

    #[test]
    fn jobs_are_chosen_by_what_became_of_them_and_by_whose_they_are() {
        let snapshot = Snapshot {
            jobs: vec![
                job("a", JobStatus::Active, true),
                job("b", JobStatus::Completed, false),
                job("c", JobStatus::Failed, true),
                job("d", JobStatus::Canceled, false),
                job("e", JobStatus::Paused, false),
            ],
            ..Snapshot::default()
        };
        let chosen = |which, mine_only| snapshot.choose(which, mine_only).collect::<Vec<_>>();
        assert_eq!(chosen(Which::All, false), [0, 1, 2, 3, 4]);
        assert_eq!(chosen(Which::All, true), [0, 2]);
        assert_eq!(chosen(Which::Active, false), [0, 4]);
        assert_eq!(chosen(Which::Done, false), [1]);
        assert_eq!(chosen(Which::Failed, false), [2, 3]);
        assert_eq!(chosen(Which::Failed, true), [2]);
    }

    #[test]
    fn a_later_answer_of_the_same_looks_the_same() {
        let first = Arc::new(Snapshot {
            jobs: vec![job("a", JobStatus::Active, true)],
            ..Snapshot::default()
        });
        let later = Arc::new(Snapshot {
            updated: Some(OffsetDateTime::UNIX_EPOCH),
            ..(*first).clone()
        });
        assert!(first.looks_like(&later));
        let ended = Arc::new(Snapshot {
            jobs: vec![job("a", JobStatus::Completed, true)],
            ..(*first).clone()
        });
        assert!(!first.looks_like(&ended));
    }
}
