// SPDX-License-Identifier: Apache-2.0
//! What follows from a change of status, as Flamenco's Manager has it (`task_state_machine.go` of Flamenco 3).
//!
//! Pure: the store reads the counts, asks here and writes the answer.

use crate::farm::models::{JobStatus, TaskStatus};

/// How many of a job's tasks have which status.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TaskCounts {
    /// All of them.
    pub total: u64,
    /// Completed.
    pub completed: u64,
    /// Queued, active or soft-failed: those that can still run.
    pub runnable: u64,
}

/// What happens to a job's tasks when the job gets a new status.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sweep {
    /// Those that could still run are canceled.
    Cancel,
    /// Those that are queued, soft-failed or in work are held.
    Pause,
    /// Those that are held are queued.
    Resume,
    /// Those that are not completed are queued again, and their failures forgotten.
    RequeueUnfinished,
    /// All are queued again.
    RequeueAll,
}

/// The job's next status after one of its tasks changed to `task`, and why.
///
/// One computer is one worker: the first task that fails for good fails the job, as it does on a Manager with one worker.
pub fn job_after_task(
    job: &JobStatus,
    task: &TaskStatus,
    counts: TaskCounts,
) -> Option<(JobStatus, &'static str)> {
    match task {
        TaskStatus::Active | TaskStatus::SoftFailed => match job {
            JobStatus::Active | JobStatus::CancelRequested => None,
            _ => Some((JobStatus::Active, "task became active")),
        },
        TaskStatus::Completed
            if counts.completed == counts.total && *job != JobStatus::Completed =>
        {
            Some((JobStatus::Completed, "all tasks completed"))
        }
        TaskStatus::Canceled if counts.runnable == 0 && !job.is_settled() => Some((
            JobStatus::Canceled,
            "canceled task was last runnable task of job, canceling job",
        )),
        TaskStatus::Failed if !job.is_settled() => {
            Some((JobStatus::Failed, "too many tasks failed"))
        }
        TaskStatus::Queued if *job == JobStatus::Completed => {
            Some((JobStatus::Queued, "task was queued"))
        }
        _ => None,
    }
}

/// What a job's new status does to its tasks, and the status that the job has afterwards.
///
/// `None` where people cannot ask for that status from that one.
pub fn job_on_request(from: &JobStatus, to: &JobStatus) -> Option<(Option<Sweep>, JobStatus)> {
    match to {
        JobStatus::CancelRequested | JobStatus::Canceled if !from.is_settled() => {
            Some((Some(Sweep::Cancel), JobStatus::Canceled))
        }
        JobStatus::Failed if !from.is_settled() => Some((Some(Sweep::Cancel), JobStatus::Failed)),
        JobStatus::Completed if *from != JobStatus::Completed => {
            Some((Some(Sweep::Cancel), JobStatus::Completed))
        }
        // A lane lasts for hours: to wait for it would be no pause. Its frames wait for its next run.
        JobStatus::PauseRequested | JobStatus::Paused if !from.is_settled() => {
            Some((Some(Sweep::Pause), JobStatus::Paused))
        }
        JobStatus::Queued if *from == JobStatus::Paused => {
            Some((Some(Sweep::Resume), JobStatus::Queued))
        }
        JobStatus::Queued | JobStatus::Requeueing => {
            let sweep = if *from == JobStatus::Completed {
                Sweep::RequeueAll
            } else {
                Sweep::RequeueUnfinished
            };
            Some((Some(sweep), JobStatus::Queued))
        }
        _ => None,
    }
}

/// Whether people may set a task from one status to the other.
pub fn task_on_request(from: &TaskStatus, to: &TaskStatus) -> bool {
    match to {
        TaskStatus::Queued | TaskStatus::Completed => true,
        TaskStatus::Canceled | TaskStatus::Failed | TaskStatus::Paused => !from.is_settled(),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(total: u64, completed: u64, runnable: u64) -> TaskCounts {
        TaskCounts {
            total,
            completed,
            runnable,
        }
    }

    #[test]
    fn a_job_completes_with_its_last_task_and_not_before() {
        let completed = TaskStatus::Completed;
        assert_eq!(
            job_after_task(&JobStatus::Active, &completed, counts(3, 2, 1)),
            None
        );
        let (status, _) = job_after_task(&JobStatus::Active, &completed, counts(3, 3, 0)).unwrap();
        assert_eq!(status, JobStatus::Completed);
    }

    #[test]
    fn the_first_task_that_fails_for_good_fails_the_job() {
        let (status, _) =
            job_after_task(&JobStatus::Active, &TaskStatus::Failed, counts(3, 0, 2)).unwrap();
        assert_eq!(status, JobStatus::Failed);
    }

    #[test]
    fn canceling_the_last_task_that_could_run_cancels_the_job() {
        let canceled = TaskStatus::Canceled;
        assert_eq!(
            job_after_task(&JobStatus::Active, &canceled, counts(3, 1, 1)),
            None
        );
        let (status, _) = job_after_task(&JobStatus::Active, &canceled, counts(3, 1, 0)).unwrap();
        assert_eq!(status, JobStatus::Canceled);
    }

    #[test]
    fn requeueing_takes_everything_only_where_the_job_was_completed() {
        let requeue = |from| {
            job_on_request(&from, &JobStatus::Requeueing)
                .unwrap()
                .0
                .unwrap()
        };
        assert_eq!(requeue(JobStatus::Completed), Sweep::RequeueAll);
        assert_eq!(requeue(JobStatus::Failed), Sweep::RequeueUnfinished);
        assert_eq!(requeue(JobStatus::Canceled), Sweep::RequeueUnfinished);
    }

    #[test]
    fn what_is_settled_cannot_be_canceled_paused_or_failed() {
        for from in [JobStatus::Completed, JobStatus::Failed, JobStatus::Canceled] {
            for to in [
                JobStatus::CancelRequested,
                JobStatus::PauseRequested,
                JobStatus::Failed,
            ] {
                assert_eq!(job_on_request(&from, &to), None, "{from} to {to}");
            }
        }
    }

    #[test]
    fn nobody_can_ask_for_a_status_that_only_work_gives() {
        assert_eq!(job_on_request(&JobStatus::Queued, &JobStatus::Active), None);
        assert_eq!(
            job_on_request(&JobStatus::Queued, &JobStatus::UnderConstruction),
            None
        );
        assert!(!task_on_request(&TaskStatus::Queued, &TaskStatus::Active));
        assert!(!task_on_request(
            &TaskStatus::Queued,
            &TaskStatus::SoftFailed
        ));
    }
}
