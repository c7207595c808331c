// SPDX-License-Identifier: Apache-2.0
//! Changes of status, each with all that follows from it in one transaction.

use rusqlite::{Connection, Transaction, TransactionBehavior, params};

use super::{Store, StoreError, jobs, now, tasks};
use crate::farm::models::{JobStatus, TaskStatus};
use crate::local::transitions::{self, Sweep, TaskCounts};

/// What a job says that waits for people after its scouts.
const SCOUTS_ARE_THERE: &str =
    "the scouts are rendered: look at them, then approve the job to have the rest rendered";

/// After this many failures a task is given up (Flamenco: 3 soft failures).
pub const FAILURES_ALLOWED: u32 = 3;

/// How a task's process ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// With success.
    Success,
    /// With failure; it may be tried again.
    Failure(String),
    /// Because the farm is closing: it is queued for the next start.
    Interrupted,
}

impl Store {
    /// Carries out what people asked of a job.
    pub fn request_job_status(
        &self,
        id: &str,
        to: &JobStatus,
        reason: &str,
    ) -> Result<(), StoreError> {
        self.change(|transaction| {
            let from = jobs::find(transaction, id)?.job.status;
            let Some((sweep, next)) = transitions::job_on_request(&from, to) else {
                return Err(StoreError::Transition {
                    what: "job",
                    from: from.to_string(),
                    to: to.to_string(),
                });
            };
            if let Some(sweep) = sweep {
                sweep_tasks(transaction, id, sweep, reason)?;
            }
            set_job(transaction, id, &next, reason)
        })
    }

    /// Carries out what people, or whoever watches (rule 8), asked of a task.
    pub fn request_task_status(
        &self,
        id: &str,
        to: &TaskStatus,
        reason: &str,
    ) -> Result<(), StoreError> {
        self.change(|transaction| {
            let from = tasks::find(transaction, id)?.task.status;
            if !transitions::task_on_request(&from, to) {
                return Err(StoreError::Transition {
                    what: "task",
                    from: from.to_string(),
                    to: to.to_string(),
                });
            }
            if *to == TaskStatus::Queued {
                transaction.execute("UPDATE tasks SET failures = 0 WHERE id = ?1", [id])?;
            }
            set_task(transaction, id, to, reason)
        })
    }

    /// Notes how a task's process ended. A task that was canceled, completed or queued meanwhile stays what it is.
    pub fn end_task(&self, id: &str, outcome: &Outcome) -> Result<(), StoreError> {
        self.change(|transaction| {
            let row = tasks::find(transaction, id)?;
            transaction.execute(
                "UPDATE tasks SET process_id = NULL, process_started = NULL WHERE id = ?1",
                [id],
            )?;
            if row.task.status != TaskStatus::Active {
                return Ok(());
            }
            match outcome {
                Outcome::Success => set_task(transaction, id, &TaskStatus::Completed, "Completed"),
                Outcome::Interrupted => set_task(
                    transaction,
                    id,
                    &TaskStatus::Queued,
                    "Queued again: the local farm was stopped",
                ),
                Outcome::Failure(message) => {
                    transaction.execute(
                        "UPDATE tasks SET failures = failures + 1 WHERE id = ?1",
                        [id],
                    )?;
                    let status = if row.failures + 1 >= FAILURES_ALLOWED {
                        TaskStatus::Failed
                    } else {
                        TaskStatus::SoftFailed
                    };
                    set_task(transaction, id, &status, message)
                }
            }
        })
    }

    /// Every frame is done: what is left of the job's tasks has nothing to do (rule 8).
    pub fn complete_job(&self, id: &str) -> Result<(), StoreError> {
        self.change(|transaction| {
            let open: Vec<String> = transaction
                .prepare_cached("SELECT id FROM tasks WHERE job_id = ?1 AND status <> 'completed'")?
                .query_map([id], |row| row.get(0))?
                .collect::<Result<_, _>>()?;
            for task in open {
                set_task(
                    transaction,
                    &task,
                    &TaskStatus::Completed,
                    "Completed: every frame is done",
                )?;
            }
            Ok(())
        })
    }

    /// Every frame is settled and some failed: the job has nothing left to try (rule 8).
    pub fn fail_job(&self, id: &str, reason: &str) -> Result<(), StoreError> {
        self.change(|transaction| {
            transaction.execute(
                "UPDATE tasks SET status = 'failed', activity = ?2, updated = ?3
                 WHERE job_id = ?1 AND lane = 'last' AND status IN ('queued', 'active', 'soft-failed')",
                params![id, reason, now()],
            )?;
            sweep_tasks(transaction, id, Sweep::Cancel, reason)?;
            set_job(transaction, id, &JobStatus::Failed, reason)
        })
    }

    /// Queues the lanes that hold frames which people asked for again, the last lane, and all that is not completed.
    pub fn requeue_lanes(
        &self,
        id: &str,
        lanes: &[String],
        reason: &str,
    ) -> Result<(), StoreError> {
        self.change(|transaction| {
            let from = jobs::find(transaction, id)?.job.status;
            for lane in lanes.iter().map(String::as_str).chain(["last"]) {
                transaction.execute(
                    "UPDATE tasks SET status = 'queued', failures = 0, activity = ?3, updated = ?4
                     WHERE job_id = ?1 AND lane = ?2 AND status <> 'active'",
                    params![id, lane, reason, now()],
                )?;
            }
            sweep_tasks(transaction, id, Sweep::RequeueUnfinished, reason)?;
            if from == JobStatus::Active {
                Ok(())
            } else {
                set_job(transaction, id, &JobStatus::Queued, reason)
            }
        })
    }

    /// Queues what was in work when an earlier process of the farm ended.
    pub fn recover(&self) -> Result<(), StoreError> {
        self.change(|transaction| {
            transaction.execute(
                "UPDATE tasks SET status = 'queued', process_id = NULL, process_started = NULL, updated = ?1,
                 activity = 'Queued again: the local farm ended while it was in work' WHERE status = 'active'",
                [now()],
            )?;
            Ok(())
        })
    }

    pub(super) fn change(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let mut connection = self.lock();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        work(&transaction)?;
        transaction.commit()?;
        Ok(())
    }
}

/// Whether all scouts have just ended, and no other lane has ever run: later nobody has to be asked any more.
fn waits_after_scouts(connection: &Connection, job_id: &str) -> Result<bool, StoreError> {
    let (scouts_open, scouts, waiting, begun) = connection
        .prepare_cached(
            "SELECT COUNT(*) FILTER (WHERE stage = 0 AND status <> 'completed'), COUNT(*) FILTER (WHERE stage = 0),
             COUNT(*) FILTER (WHERE stage = 1 AND status = 'queued'), COUNT(*) FILTER (WHERE stage > 0 AND last_touched IS NOT NULL)
             FROM tasks WHERE job_id = ?1",
        )?
        .query_row([job_id], |row| {
            let count = |index: usize| row.get::<_, i64>(index);
            Ok((count(0)?, count(1)?, count(2)?, count(3)?))
        })?;
    Ok(scouts > 0 && scouts_open == 0 && waiting > 0 && begun == 0)
}

fn counts(connection: &Connection, job_id: &str) -> Result<TaskCounts, StoreError> {
    let mut counts = TaskCounts::default();
    let mut statement = connection
        .prepare_cached("SELECT status, COUNT(*) FROM tasks WHERE job_id = ?1 GROUP BY status")?;
    let mut rows = statement.query([job_id])?;
    while let Some(row) = rows.next()? {
        let number = super::as_count(row.get(1)?);
        counts.total += number;
        match TaskStatus::from(row.get::<_, String>(0)?) {
            TaskStatus::Completed => counts.completed += number,
            TaskStatus::Queued | TaskStatus::Active | TaskStatus::SoftFailed => {
                counts.runnable += number;
            }
            _ => {}
        }
    }
    Ok(counts)
}

/// Sets a job's status. A settled job that comes to life again needs its output for itself, as a new one does.
fn set_job(
    transaction: &Transaction<'_>,
    id: &str,
    status: &JobStatus,
    reason: &str,
) -> Result<(), StoreError> {
    let job = jobs::find(transaction, id)?.job;
    if job.status.is_settled() && !status.is_settled() {
        jobs::sharing_output(transaction, &job)?;
    }
    let activity = format!("Changed to status \"{status}\": {reason}");
    transaction.execute(
        "UPDATE jobs SET status = ?2, activity = ?3, updated = ?4 WHERE id = ?1",
        params![id, status.as_str(), activity, now()],
    )?;
    Ok(())
}

/// Sets a task's status, and the status of its job where that follows.
pub(super) fn set_task(
    transaction: &Transaction<'_>,
    id: &str,
    status: &TaskStatus,
    activity: &str,
) -> Result<(), StoreError> {
    transaction.execute(
        "UPDATE tasks SET status = ?2, activity = ?3, updated = ?4,
         steps_done = CASE WHEN ?2 = 'completed' THEN steps_total ELSE steps_done END WHERE id = ?1",
        params![id, status.as_str(), activity, now()],
    )?;
    let job_id = tasks::find(transaction, id)?.task.job_id;
    let job = jobs::find(transaction, &job_id)?.job;
    let can_wait = !job.status.is_settled() && job.status != JobStatus::Paused;
    if *status == TaskStatus::Completed && can_wait && waits_after_scouts(transaction, &job_id)? {
        sweep_tasks(transaction, &job_id, Sweep::Pause, SCOUTS_ARE_THERE)?;
        return set_job(transaction, &job_id, &JobStatus::Paused, SCOUTS_ARE_THERE);
    }
    let Some((next, reason)) =
        transitions::job_after_task(&job.status, status, counts(transaction, &job_id)?)
    else {
        return Ok(());
    };
    if next == JobStatus::Failed {
        sweep_tasks(transaction, &job_id, Sweep::Cancel, activity)?;
        return set_job(transaction, &job_id, &next, activity);
    }
    set_job(transaction, &job_id, &next, reason)
}

fn sweep_tasks(
    transaction: &Transaction<'_>,
    job_id: &str,
    sweep: Sweep,
    reason: &str,
) -> Result<(), StoreError> {
    let (status, which) = match sweep {
        Sweep::Cancel => (
            "canceled",
            "status IN ('queued', 'active', 'soft-failed', 'paused')",
        ),
        Sweep::Pause => ("paused", "status IN ('queued', 'active', 'soft-failed')"),
        Sweep::Resume => ("queued", "status = 'paused'"),
        Sweep::RequeueUnfinished => (
            "queued",
            "status IN ('canceled', 'failed', 'paused', 'soft-failed')",
        ),
        Sweep::RequeueAll => ("queued", "status <> 'queued'"),
    };
    let steps = if sweep == Sweep::RequeueAll {
        ", steps_done = 0"
    } else {
        ""
    };
    let failures = if matches!(sweep, Sweep::RequeueAll | Sweep::RequeueUnfinished) {
        ", failures = 0"
    } else {
        ""
    };
    transaction.execute(
        &format!("UPDATE tasks SET status = ?2, activity = ?3, updated = ?4{steps}{failures} WHERE job_id = ?1 AND {which}"),
        params![job_id, status, reason, now()],
    )?;
    Ok(())
}
