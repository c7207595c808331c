// SPDX-License-Identifier: Apache-2.0
//! Tasks: one per lane, and the last lane.

use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, TransactionBehavior, params};

use super::changes;
use super::jobs::{self, JobRow};
use super::{Store, StoreError, as_count, as_moment, as_number, now};
use crate::farm::models::{Task, TaskStatus};

/// The type that Flamenco gives to tasks that need a Blender.
pub const TASK_TYPE: &str = "blender";

/// When a task may start: once every task of an earlier stage of its job is completed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Lanes of scouts that people look at before the job goes on.
    Scouts,
    /// The other lanes.
    Lanes,
    /// The last lane: that all others are completed is its proof that nobody else is rendering.
    Last,
}

impl Stage {
    /// As the database has it.
    fn number(self) -> u8 {
        match self {
            Self::Scouts => 0,
            Self::Lanes => 1,
            Self::Last => 2,
        }
    }
}

/// A task that is to be added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewTask {
    /// Its name, unique in its job.
    pub name: String,
    /// The lane as the renderer's `--lane` takes it: a number, or `last`.
    pub lane: String,
    /// When it may start.
    pub stage: Stage,
    /// The frames of its home chunk.
    pub steps_total: u64,
}

/// A process that renders a task. The start time tells it from a later process that got the same number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Process {
    /// The system's number for it; also that of its group.
    pub id: u32,
    /// When it started, in seconds since 1970.
    pub started_unix_secs: u64,
}

/// A task, with what the local farm alone knows of it.
#[derive(Clone, Debug)]
pub struct TaskRow {
    /// The task as the API shows it, without worker and commands, which follow from the rest.
    pub task: Task,
    /// The lane as the renderer's `--lane` takes it.
    pub lane: String,
    /// How often it ended with failure since it was last queued by people.
    pub failures: u32,
    /// The slot that has it, or had it last.
    pub slot: Option<u32>,
    /// The process that renders it.
    pub process: Option<Process>,
}

const COLUMNS: &str = "tasks.id, tasks.job_id, tasks.index_in_job, tasks.name, tasks.lane, tasks.status, tasks.activity, \
                       tasks.steps_done, tasks.steps_total, tasks.failures, tasks.slot, tasks.process_id, \
                       tasks.process_started, tasks.last_touched, tasks.created, tasks.updated, \
                       (SELECT priority FROM jobs WHERE jobs.id = tasks.job_id)";

/// The next task in turn. CROSS JOIN walks over the jobs in turn and ends at the first task, however many wait.
pub(super) const NEXT_TASK: &str = "SELECT tasks.id FROM jobs CROSS JOIN tasks ON tasks.job_id = jobs.id
    WHERE tasks.status IN ('queued', 'soft-failed') AND jobs.status IN ('queued', 'active', 'requeueing')
    AND NOT EXISTS (
    SELECT 1 FROM tasks AS other WHERE other.job_id = tasks.job_id AND other.stage < tasks.stage AND other.status <> 'completed')
    ORDER BY jobs.priority DESC, jobs.number, tasks.index_in_job LIMIT 1";

fn from_row(row: &Row<'_>) -> rusqlite::Result<TaskRow> {
    let text = |index: usize| row.get::<_, String>(index);
    let process_id: Option<u32> = row.get(11)?;
    let process_started: Option<i64> = row.get(12)?;
    Ok(TaskRow {
        task: Task {
            id: text(0)?,
            job_id: text(1)?,
            index_in_job: row.get(2)?,
            name: text(3)?,
            status: TaskStatus::from(text(5)?),
            activity: text(6)?,
            priority: row.get(16)?,
            task_type: TASK_TYPE.to_owned(),
            commands: Vec::new(),
            steps_completed: as_count(row.get(7)?),
            steps_total: as_count(row.get(8)?),
            worker: None,
            last_touched: row.get::<_, Option<String>>(13)?.as_deref().map(as_moment),
            failed_by_workers: None,
            created: as_moment(&text(14)?),
            updated: as_moment(&text(15)?),
        },
        lane: text(4)?,
        failures: row.get(9)?,
        slot: row.get(10)?,
        process: process_id
            .zip(process_started)
            .map(|(id, started)| Process {
                id,
                started_unix_secs: as_count(started),
            }),
    })
}

pub(super) fn find(connection: &Connection, id: &str) -> Result<TaskRow, StoreError> {
    connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM tasks WHERE id = ?1"))?
        .query_row([id], from_row)
        .optional()?
        .ok_or(StoreError::NoSuchTask)
}

pub(super) fn insert(
    transaction: &Transaction<'_>,
    job_id: &str,
    tasks: &[NewTask],
) -> Result<(), StoreError> {
    let moment = now();
    let mut statement = transaction.prepare_cached(
        "INSERT INTO tasks (id, job_id, index_in_job, name, lane, status, activity, steps_total, created, updated, stage)
         VALUES (?1, ?2, ?3, ?4, ?5, 'queued', '', ?6, ?7, ?7, ?8)",
    )?;
    for (index, task) in (1_i64..).zip(tasks) {
        let id = uuid::Uuid::new_v4().to_string();
        statement.execute(params![
            id,
            job_id,
            index,
            task.name,
            task.lane,
            as_number(task.steps_total),
            moment,
            task.stage.number()
        ])?;
    }
    Ok(())
}

impl Store {
    /// The tasks of a job, in its order.
    pub fn tasks(&self, job_id: &str) -> Result<Vec<TaskRow>, StoreError> {
        let connection = self.lock();
        jobs::find(&connection, job_id)?;
        let mut statement = connection.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM tasks WHERE job_id = ?1 ORDER BY index_in_job"
        ))?;
        let rows = statement
            .query_map([job_id], from_row)?
            .collect::<Result<_, _>>()?;
        Ok(rows)
    }

    /// One task.
    pub fn task(&self, id: &str) -> Result<TaskRow, StoreError> {
        find(&self.lock(), id)
    }

    /// The tasks in work.
    pub fn active_tasks(&self) -> Result<Vec<TaskRow>, StoreError> {
        let connection = self.lock();
        let mut statement = connection.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM tasks WHERE status = 'active'"
        ))?;
        let rows = statement
            .query_map([], from_row)?
            .collect::<Result<_, _>>()?;
        Ok(rows)
    }

    /// Gives the next task to a slot: of the job with the highest priority, then of the oldest, in the job's order.
    /// A task waits until all of earlier stages are completed.
    pub fn take_task(&self, slot: u32) -> Result<Option<(JobRow, TaskRow)>, StoreError> {
        let mut connection = self.lock();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let found: Option<String> = transaction
            .prepare_cached(NEXT_TASK)?
            .query_row([], |row| row.get(0))
            .optional()?;
        let Some(id) = found else { return Ok(None) };
        transaction.execute(
            "UPDATE tasks SET slot = ?2, last_touched = ?3 WHERE id = ?1",
            params![id, slot, now()],
        )?;
        changes::set_task(&transaction, &id, &TaskStatus::Active, "Started")?;
        let task = find(&transaction, &id)?;
        let job = jobs::find(&transaction, &task.task.job_id)?;
        transaction.commit()?;
        Ok(Some((job, task)))
    }

    /// Notes which process renders the task.
    pub fn set_process(&self, id: &str, process: Process) -> Result<(), StoreError> {
        self.lock().execute(
            "UPDATE tasks SET process_id = ?2, process_started = ?3, last_touched = ?4 WHERE id = ?1",
            params![id, process.id, as_number(process.started_unix_secs), now()],
        )?;
        Ok(())
    }

    /// Counts one more frame of the task, and says what it does. A job of which a frame was rendered can be rendered: the
    /// earlier failures of its lanes no longer speak against it, so that lanes that are killed again and again, or always
    /// the same one while others render, still come to their end.
    pub fn step_task(&self, id: &str, activity: &str) -> Result<(), StoreError> {
        self.change(|transaction| {
            transaction.execute(
                "UPDATE tasks SET steps_done = MIN(steps_done + 1, steps_total), activity = ?2, last_touched = ?3, updated = ?3
                 WHERE id = ?1",
                params![id, activity, now()],
            )?;
            transaction.execute(
                "UPDATE tasks SET failures = 0 WHERE failures > 0 AND status IN ('active', 'queued', 'soft-failed')
                 AND job_id = (SELECT job_id FROM tasks WHERE id = ?1)",
                [id],
            )?;
            Ok(())
        })
    }
}
