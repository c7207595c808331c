// SPDX-License-Identifier: Apache-2.0
//! One job as people see it.

use time::OffsetDateTime;

use crate::farm::SUBMISSION_ID_KEY;
use crate::farm::models::{Job, JobStatus};
use crate::frames::FrameSet;
use crate::lanes::{JobProgress, SecondsLeft};

/// Metadata key: the local folder that the frames go to.
pub const OUTPUT_DIR_KEY: &str = "farmhand.output_dir";
/// Metadata key: the folder that holds the job's state folder, as workers see it.
pub const STORAGE_KEY: &str = "farmhand.storage";
/// Metadata key: the scene's local path.
pub const BLEND_FILE_KEY: &str = "farmhand.blend_file";
/// Metadata key: who sent the job; Flamenco's own add-on writes it as well.
pub const USER_NAME_KEY: &str = "user.name";

/// Job setting: how many lanes come first, and are looked at by people before the others start.
pub const SCOUT_LANES_KEY: &str = "scout_lanes";

/// Whether a job is held until people have looked at its scouts.
pub fn waits_for_approval(job: &Job) -> bool {
    job.status == JobStatus::Paused && scout_lanes(job) > 0
}

/// How many of a job's lanes people look at before the others start; 0 where none.
pub fn scout_lanes(job: &Job) -> u64 {
    let lanes = job.settings.get(SCOUT_LANES_KEY);
    lanes
        .and_then(serde_json::Value::as_u64)
        .unwrap_or_default()
}

/// A job as a snapshot shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct JobView {
    /// The farm's id of it.
    pub job_id: String,
    /// Its name.
    pub name: String,
    /// Its state.
    pub status: JobStatus,
    /// 0 to 100, higher is sooner.
    pub priority: i32,
    /// When it was sent.
    pub created: OffsetDateTime,
    /// When it last changed.
    pub updated: OffsetDateTime,
    /// What last happened to it, for people.
    pub activity: String,
    /// Who sent it.
    pub user: Option<String>,
    /// Whether the user who watches sent it.
    pub is_mine: bool,
    /// The scene's local path, where Farmhand sent it.
    pub blend_file: Option<String>,
    /// The local folder of its frames, where Farmhand sent it.
    pub output_dir: Option<String>,
    /// The folder that holds its state folder, as workers see it.
    pub storage: Option<String>,
    /// Its submission id, where Farmhand sent it.
    pub submission_id: Option<String>,
    /// Whether it is held until people have looked at its scouts.
    pub waits_for_approval: bool,
    /// How far it is; none while nothing is known.
    pub progress: Option<JobProgress>,
    /// Whether that is what somebody told of its frames, not what steps make of them.
    pub(super) progress_is_told: bool,
}

impl JobView {
    /// The view of a job. `told` is what the companion tells of it; without that, Flamenco's steps have to do.
    pub fn new(job: Job, told: Option<JobProgress>, me: Option<&str>) -> Self {
        let progress_is_told = told.is_some();
        let progress = told.or_else(|| progress_of_steps(&job));
        let waits_for_approval = waits_for_approval(&job);
        let mut metadata = job.metadata;
        let mut take = |key: &str| metadata.remove(key).filter(|value| !value.is_empty());
        let user = take(USER_NAME_KEY);
        let told_dir = || {
            let dir = progress.as_ref()?.output_dir.clone();
            (!dir.is_empty()).then_some(dir)
        };
        Self {
            is_mine: me.is_some() && user.as_deref() == me,
            user,
            blend_file: take(BLEND_FILE_KEY),
            output_dir: take(OUTPUT_DIR_KEY).or_else(told_dir),
            storage: take(STORAGE_KEY),
            submission_id: take(SUBMISSION_ID_KEY),
            job_id: job.id,
            name: job.name,
            status: job.status,
            priority: job.priority,
            created: job.created,
            updated: job.updated,
            activity: job.activity,
            waits_for_approval,
            progress,
            progress_is_told,
        }
    }

    /// Takes in what is told of its frames.
    pub(super) fn tell(&mut self, told: JobProgress) {
        if self.output_dir.is_none() && !told.output_dir.is_empty() {
            self.output_dir = Some(told.output_dir.clone());
        }
        self.progress = Some(told);
        self.progress_is_told = true;
    }

    /// Whether it can still render frames.
    pub fn is_live(&self) -> bool {
        !self.status.is_settled()
    }

    /// Whether it may change without anybody asking.
    pub(super) fn is_moving(&self) -> bool {
        self.is_live() && self.status != JobStatus::Paused
    }

    /// Frames asked for; 0 while not known.
    pub fn frames_total(&self) -> u64 {
        self.progress
            .as_ref()
            .map_or(0, |progress| progress.frames_total)
    }

    /// Frames that are done.
    pub fn frames_done(&self) -> u64 {
        self.progress
            .as_ref()
            .map_or(0, |progress| progress.frames_done)
    }

    /// Frames that were given up.
    pub fn frames_failed(&self) -> u64 {
        self.progress
            .as_ref()
            .map_or(0, |progress| progress.frames_failed)
    }

    /// How long it may still take; none while there is nothing to go by.
    pub fn seconds_left(&self) -> Option<SecondsLeft> {
        self.progress
            .as_ref()
            .and_then(|progress| progress.seconds_left)
    }

    /// The part that is done, 0 to 1, with the samples of the frames in work.
    #[expect(clippy::cast_precision_loss, reason = "a part of a bar, not a count")]
    pub fn fraction(&self) -> f64 {
        if self.status == JobStatus::Completed {
            return 1.0;
        }
        let Some(progress) = self
            .progress
            .as_ref()
            .filter(|progress| progress.frames_total > 0)
        else {
            return 0.0;
        };
        let in_work: f64 = progress
            .in_work
            .iter()
            .filter_map(|frame| Some((frame.samples_done?, frame.samples_total?)))
            .filter(|(_, total)| *total > 0)
            .map(|(done, total)| f64::from(done.min(total)) / f64::from(total))
            .sum();
        ((progress.frames_done as f64 + in_work) / progress.frames_total as f64).clamp(0.0, 1.0)
    }
}

/// What Flamenco's steps tell of a job's progress: nothing until the first step is done. The steps of a task that has none,
/// such as the last lane's, count as one; the frames are those that were asked for, where that is understood.
pub fn progress_of_steps(job: &Job) -> Option<JobProgress> {
    let asked = job
        .settings
        .get("frames")
        .and_then(|frames| frames.as_str());
    let frames = asked.and_then(|frames| frames.parse::<FrameSet>().ok());
    let frames_total = frames.map_or(job.steps_total, |frames| frames.len().min(job.steps_total));
    (job.steps_total > 0).then(|| JobProgress {
        frames_total,
        frames_done: job.steps_completed.min(frames_total),
        output_dir: job
            .metadata
            .get(OUTPUT_DIR_KEY)
            .cloned()
            .unwrap_or_default(),
        ..JobProgress::default()
    })
}
