// SPDX-License-Identifier: Apache-2.0
//! The job type `farmhand-render`: what it asks for, and the tasks it becomes.

use std::path::{Path, PathBuf};
use std::str::FromStr as _;
use std::sync::LazyLock;

use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;

use super::store::{NewTask, Stage};
use crate::farm::job_type;
use crate::farm::models::{AvailableJobType, Job, JobStatus, SubmittedJob};
use crate::frames::FrameSet;
use crate::lanes::files::is_submission_id;
use crate::lanes::{JobDescription, LanesError};

pub use crate::farm::job_type::JOB_TYPE;

/// The lane that depends on all others, as the renderer's `--lane` takes it.
pub const LAST_LANE: &str = "last";

/// Why a job is refused. Each names the setting, what it holds and what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CompileError {
    /// Flamenco's own words.
    #[error("job type unknown")]
    UnknownType,
    /// Flamenco's own words.
    #[error("rejecting job because its settings are outdated, refresh the job type")]
    StaleType,
    /// A setting that the type requires is absent or of another type.
    #[error(
        "the setting {key} is missing or no {expected}; send the job with this version of Farmhand"
    )]
    Missing {
        /// The setting.
        key: &'static str,
        /// What it should be.
        expected: &'static str,
    },
    /// A path leads nowhere.
    #[error("the {what} does not exist or cannot be read; check that it was not moved, and send the job again: {}", path.display())]
    NotThere {
        /// What it should be.
        what: &'static str,
        /// The path.
        path: PathBuf,
    },
    /// The job description cannot be used.
    #[error("{0}")]
    Description(#[from] LanesError),
    /// The frames cannot be read.
    #[error("{0}")]
    Frames(#[from] crate::frames::FramesError),
    /// A setting says something else than the job description.
    #[error("the setting {key} differs from the job description; send the job again: {}", path.display())]
    Differs {
        /// The setting.
        key: &'static str,
        /// The job description.
        path: PathBuf,
    },
    /// The priority is none.
    #[error("the priority {0} is not between 0 and 100")]
    Priority(i32),
    /// A job can begin queued or paused.
    #[error("a job cannot begin as {0}; ask for queued or paused")]
    InitialStatus(JobStatus),
}

/// The job type, as a submitter reads it: what the script for Managers declares.
pub fn job_type() -> &'static AvailableJobType {
    static JOB_TYPE_DECLARED: LazyLock<AvailableJobType> = LazyLock::new(declare);
    &JOB_TYPE_DECLARED
}

fn declare() -> AvailableJobType {
    let declared = job_type::declaration().clone();
    let bytes = serde_json::to_vec(&(&declared.label, &declared.settings)).unwrap_or_default();
    let digest = Sha256::digest(bytes);
    AvailableJobType {
        name: JOB_TYPE.to_owned(),
        label: declared.label,
        description: Some(declared.description),
        settings: declared.settings,
        // As long as Flamenco's own, which are SHA-1.
        etag: digest
            .iter()
            .take(20)
            .fold(String::new(), |text, byte| format!("{text}{byte:02x}")),
    }
}

/// A job that was found good, and its tasks: one per lane, and the last lane.
pub fn compile(submitted: &SubmittedJob) -> Result<(Job, Vec<NewTask>), CompileError> {
    if submitted.job_type != JOB_TYPE {
        return Err(CompileError::UnknownType);
    }
    if submitted
        .type_etag
        .as_ref()
        .is_some_and(|etag| !etag.is_empty() && *etag != job_type().etag)
    {
        return Err(CompileError::StaleType);
    }
    if !(0..=100).contains(&submitted.priority) {
        return Err(CompileError::Priority(submitted.priority));
    }
    let status = match &submitted.initial_status {
        None | Some(JobStatus::Queued) => JobStatus::Queued,
        Some(JobStatus::Paused) => JobStatus::Paused,
        Some(other) => return Err(CompileError::InitialStatus(other.clone())),
    };
    let description = described(submitted)?;
    let mut tasks: Vec<NewTask> = (0..)
        .zip(&description.lanes)
        .map(|(lane, frames)| NewTask {
            name: format!("lane-{lane} {frames}"),
            lane: lane.to_string(),
            stage: if description.is_scout_lane(lane) {
                Stage::Scouts
            } else {
                Stage::Lanes
            },
            steps_total: frames.len(),
        })
        .collect();
    tasks.push(NewTask {
        name: "last-lane".to_owned(),
        lane: LAST_LANE.to_owned(),
        stage: Stage::Last,
        steps_total: 0,
    });
    let moment = OffsetDateTime::now_utc();
    let job = Job {
        id: uuid::Uuid::new_v4().to_string(),
        name: submitted.name.clone(),
        job_type: submitted.job_type.clone(),
        type_etag: None,
        priority: submitted.priority,
        settings: submitted.settings.clone(),
        metadata: submitted.metadata.clone(),
        submitter_platform: String::new(),
        storage: None,
        worker_tag: None,
        initial_status: None,
        created: moment,
        updated: moment,
        status,
        activity: String::new(),
        steps_completed: 0,
        steps_total: description.frames.len(),
        delete_requested_at: None,
    };
    Ok((job, tasks))
}

/// Reads the job description, and holds the settings against it and against the disk.
fn described(submitted: &SubmittedJob) -> Result<JobDescription, CompileError> {
    let text = |key: &'static str| {
        submitted
            .settings
            .get(key)
            .and_then(|value| value.as_str())
            .ok_or(CompileError::Missing {
                key,
                expected: "text",
            })
    };
    let job_file = existing("job description", text("job_file")?, Path::is_file)?;
    existing("renderer", text("renderer")?, Path::is_file)?;
    existing("folder for job files", text("storage")?, Path::is_dir)?;
    existing("scene's file", text("blendfile")?, Path::is_file)?;
    let description = JobDescription::load(&job_file)?;
    let differs = |key| CompileError::Differs {
        key,
        path: job_file.clone(),
    };
    if FrameSet::from_str(text("frames")?)? != description.frames {
        return Err(differs("frames"));
    }
    let submission_id = text("submission_id")?;
    if !is_submission_id(submission_id) {
        return Err(CompileError::Missing {
            key: "submission_id",
            expected: "text of 32 hexadecimal digits",
        });
    }
    if submission_id != description.submission_id {
        return Err(differs("submission_id"));
    }
    let number = |key: &'static str| {
        let value = submitted.settings.get(key)?;
        let missing = CompileError::Missing {
            key,
            expected: "number",
        };
        Some(value.as_u64().ok_or(missing))
    };
    let lanes = number("lanes").unwrap_or(Err(CompileError::Missing {
        key: "lanes",
        expected: "number",
    }))?;
    if lanes != u64::from(description.last_lane()) {
        return Err(differs("lanes"));
    }
    let home_chunks = text("home_chunks")?
        .split(';')
        .map(FrameSet::from_str)
        .collect::<Result<Vec<_>, _>>()?;
    if home_chunks != description.lanes {
        return Err(differs("home_chunks"));
    }
    let scout_lanes = number("scout_lanes").unwrap_or(Ok(0))?;
    if scout_lanes != u64::from(description.scout_lanes()) {
        return Err(differs("scout_lanes"));
    }
    Ok(description)
}

fn existing(
    what: &'static str,
    path: &str,
    is: impl Fn(&Path) -> bool,
) -> Result<PathBuf, CompileError> {
    let path = PathBuf::from(path);
    if path.is_absolute() && is(&path) {
        Ok(path)
    } else {
        Err(CompileError::NotThere { what, path })
    }
}

#[cfg(test)]
mod tests;
