// SPDX-License-Identifier: Apache-2.0
//! Jobs: written, read, deleted.

use std::path::PathBuf;

use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, TransactionBehavior, params};
use time::OffsetDateTime;

use super::tasks::{self, NewTask};
use super::{Store, StoreError, as_count, as_moment, as_number, now};
use crate::farm::models::{Job, JobStatus};
use crate::frames::FrameSet;

/// The metadata that names a job's output pattern.
pub const OUTPUT_KEY: &str = "farmhand.output";

/// A job, with what the local farm alone knows of it.
#[derive(Clone, Debug)]
pub struct JobRow {
    /// The job as the API shows it.
    pub job: Job,
    /// The picture that was saved last, as the worker's path.
    pub last_output_path: Option<PathBuf>,
    /// When that was.
    pub last_output_at: Option<OffsetDateTime>,
}

impl JobRow {
    /// A text setting; empty where it is absent.
    pub fn setting(&self, key: &str) -> &str {
        self.job
            .settings
            .get(key)
            .and_then(|value| value.as_str())
            .unwrap_or_default()
    }
}

const COLUMNS: &str = "id, name, job_type, priority, status, activity, settings, metadata, frames_done, frames_total, \
                       last_output, last_output_at, created, updated";

fn from_row(row: &Row<'_>) -> rusqlite::Result<JobRow> {
    let text = |index: usize| row.get::<_, String>(index);
    let status = JobStatus::from(text(4)?);
    let frames_done = as_count(row.get(8)?);
    Ok(JobRow {
        job: Job {
            id: text(0)?,
            name: text(1)?,
            job_type: text(2)?,
            type_etag: None,
            priority: row.get(3)?,
            settings: serde_json::from_str(&text(6)?).unwrap_or_default(),
            metadata: serde_json::from_str(&text(7)?).unwrap_or_default(),
            submitter_platform: String::new(),
            storage: None,
            worker_tag: None,
            initial_status: None,
            created: as_moment(&text(12)?),
            updated: as_moment(&text(13)?),
            status,
            activity: text(5)?,
            steps_completed: frames_done,
            steps_total: as_count(row.get(9)?),
            delete_requested_at: None,
        },
        last_output_path: row.get::<_, Option<String>>(10)?.map(PathBuf::from),
        last_output_at: row.get::<_, Option<String>>(11)?.as_deref().map(as_moment),
    })
}

pub(super) fn find(connection: &Connection, id: &str) -> Result<JobRow, StoreError> {
    connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM jobs WHERE id = ?1"))?
        .query_row([id], from_row)
        .optional()?
        .ok_or(StoreError::NoSuchJob)
}

/// Refuses a job that would write what another one that is not settled writes: the same frames by the same pattern.
pub(super) fn sharing_output(connection: &Connection, job: &Job) -> Result<(), StoreError> {
    let Some(output) = job.metadata.get(OUTPUT_KEY) else {
        return Ok(());
    };
    let frames = job.settings.get("frames").and_then(|value| value.as_str());
    let mut statement = connection.prepare_cached(
        "SELECT id, name, json_extract(settings, '$.frames') FROM jobs
         WHERE id <> ?1 AND status NOT IN ('canceled', 'completed', 'failed')
         AND output = ?2 ORDER BY number",
    )?;
    let mut rows = statement.query([&job.id, output])?;
    while let Some(row) = rows.next()? {
        let its_frames: Option<String> = row.get(2)?;
        if !are_apart(frames, its_frames.as_deref()) {
            return Err(StoreError::SharedOutput {
                id: row.get(0)?,
                name: row.get(1)?,
                output: output.clone(),
            });
        }
    }
    Ok(())
}

/// Whether two sets of frames have none in common; what cannot be read may be any frame.
fn are_apart(one: Option<&str>, other: Option<&str>) -> bool {
    let read = |text: Option<&str>| text.and_then(|text| text.parse::<FrameSet>().ok());
    match (read(one), read(other)) {
        (Some(one), Some(other)) => one.difference(&other) == one,
        _ => false,
    }
}

impl Store {
    /// Says whether the job's output is free; the same check is made once more when it is added.
    pub fn check_output(&self, job: &Job) -> Result<(), StoreError> {
        sharing_output(&self.lock(), job)
    }

    /// Adds a job and its tasks, all or nothing.
    pub fn add_job(&self, job: &Job, tasks: &[NewTask]) -> Result<JobRow, StoreError> {
        let mut connection = self.lock();
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        sharing_output(&transaction, job)?;
        insert(&transaction, job)?;
        tasks::insert(&transaction, &job.id, tasks)?;
        let row = find(&transaction, &job.id)?;
        transaction.commit()?;
        Ok(row)
    }

    /// Every job, oldest first.
    pub fn jobs(&self) -> Result<Vec<JobRow>, StoreError> {
        let connection = self.lock();
        let mut statement =
            connection.prepare_cached(&format!("SELECT {COLUMNS} FROM jobs ORDER BY number"))?;
        let rows = statement
            .query_map([], from_row)?
            .collect::<Result<_, _>>()?;
        Ok(rows)
    }

    /// The jobs in work, and those that changed at `since` or later, be it one of their tasks.
    pub fn stirring_jobs(&self, since: OffsetDateTime) -> Result<Vec<JobRow>, StoreError> {
        let connection = self.lock();
        let mut statement = connection.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM jobs WHERE updated >= ?1
             OR id IN (SELECT job_id FROM tasks WHERE status = 'active' UNION SELECT job_id FROM tasks WHERE updated >= ?1)
             ORDER BY number"
        ))?;
        let rows = statement
            .query_map([super::as_text(since)], from_row)?
            .collect::<Result<_, _>>()?;
        Ok(rows)
    }

    /// The ids of the jobs that are not settled, and of those that settled at `since` or later.
    pub fn recent_job_ids(&self, since: OffsetDateTime) -> Result<Vec<String>, StoreError> {
        let connection = self.lock();
        let mut statement = connection.prepare_cached(
            "SELECT id FROM jobs WHERE status NOT IN ('canceled', 'completed', 'failed') OR updated >= ?1 ORDER BY number",
        )?;
        let ids = statement
            .query_map([super::as_text(since)], |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        Ok(ids)
    }

    /// Whether a job is in work or queued; one that is paused waits for people.
    pub fn is_busy(&self) -> Result<bool, StoreError> {
        let connection = self.lock();
        let is_busy = connection
            .prepare_cached(
                "SELECT EXISTS (SELECT 1 FROM jobs WHERE status NOT IN ('canceled', 'completed', 'failed', 'paused'))",
            )?
            .query_row([], |row| row.get(0))?;
        Ok(is_busy)
    }

    /// One job.
    pub fn job(&self, id: &str) -> Result<JobRow, StoreError> {
        find(&self.lock(), id)
    }

    /// The job whose picture was saved last.
    pub fn job_of_last_output(&self) -> Result<Option<JobRow>, StoreError> {
        let connection = self.lock();
        let row = connection
            .query_row(
                &format!("SELECT {COLUMNS} FROM jobs WHERE last_output IS NOT NULL ORDER BY last_output_at DESC LIMIT 1"),
                [],
                from_row,
            )
            .optional()?;
        Ok(row)
    }

    /// Sets a job's priority, 0 to 100.
    pub fn set_priority(&self, id: &str, priority: i32) -> Result<(), StoreError> {
        let changed = self.lock().execute(
            "UPDATE jobs SET priority = ?2, updated = ?3 WHERE id = ?1",
            params![id, priority, now()],
        )?;
        if changed == 0 {
            Err(StoreError::NoSuchJob)
        } else {
            Ok(())
        }
    }

    /// Remembers the picture that was saved last.
    pub fn set_last_output(&self, id: &str, path: &str) -> Result<(), StoreError> {
        let moment = now();
        self.lock().execute(
            "UPDATE jobs SET last_output = ?2, last_output_at = ?3 WHERE id = ?1",
            params![id, path, moment],
        )?;
        Ok(())
    }

    /// Says how many frames are done; a number that is known already changes nothing, `updated` included.
    pub fn set_frames_done(&self, id: &str, frames_done: u64) -> Result<(), StoreError> {
        self.lock().execute(
            "UPDATE jobs SET frames_done = ?2, updated = ?3 WHERE id = ?1 AND frames_done <> ?2",
            params![id, as_number(frames_done), now()],
        )?;
        Ok(())
    }

    /// Forgets a job and its tasks.
    pub fn delete_job(&self, id: &str) -> Result<(), StoreError> {
        let changed = self
            .lock()
            .execute("DELETE FROM jobs WHERE id = ?1", [id])?;
        if changed == 0 {
            Err(StoreError::NoSuchJob)
        } else {
            Ok(())
        }
    }
}

fn insert(transaction: &Transaction<'_>, job: &Job) -> Result<(), StoreError> {
    let settings = serde_json::Value::Object(job.settings.clone()).to_string();
    let metadata = serde_json::to_string(&job.metadata).unwrap_or_default();
    transaction.execute(
        "INSERT INTO jobs (id, name, job_type, priority, status, activity, settings, metadata, frames_total, created, updated, output)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10, ?11)",
        params![
            job.id,
            job.name,
            job.job_type,
            job.priority,
            job.status.as_str(),
            job.activity,
            settings,
            metadata,
            as_number(job.steps_total),
            super::as_text(job.created),
            job.metadata.get(OUTPUT_KEY),
        ],
    )?;
    Ok(())
}
