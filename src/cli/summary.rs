// SPDX-License-Identifier: Apache-2.0
//! A job with its progress: what people and scripts are shown of it.

use serde_json::{Value, json};
use time::format_description::well_known::Rfc3339;

use crate::farm::models::{Job, JobStatus};
use crate::frames::FrameSet;
use crate::job::OUTPUT_KEY;
use crate::lanes::JobProgress;
use crate::watch::{BLEND_FILE_KEY, JobView, OUTPUT_DIR_KEY, USER_NAME_KEY, waits_for_approval};

/// A job with its progress.
#[derive(Clone, Debug)]
pub struct Summary {
    pub job: Job,
    pub progress: JobProgress,
    /// A Manager's job that stands at its gate.
    pub is_at_gate: bool,
}

impl Summary {
    /// A job whose farm tells no more than the job itself does: frames are guessed from its steps.
    pub fn from_job_alone(job: Job) -> Self {
        let frames_total = frames(&job).map_or(job.steps_total, |frames| frames.len());
        let frames_done = match job.status {
            JobStatus::Completed => frames_total,
            _ => job.steps_completed.min(frames_total),
        };
        let output_dir = job
            .metadata
            .get(OUTPUT_DIR_KEY)
            .cloned()
            .unwrap_or_default();
        Self {
            job,
            progress: JobProgress {
                frames_total,
                frames_done,
                output_dir,
                ..JobProgress::default()
            },
            is_at_gate: false,
        }
    }

    /// Takes in what is new.
    pub fn update(&mut self, view: JobView) {
        self.job.status = view.status;
        self.job.priority = view.priority;
        self.job.updated = view.updated;
        self.job.activity = view.activity;
        self.is_at_gate = view.waits_for_approval;
        if let Some(progress) = view.progress {
            self.progress = progress;
        }
    }

    /// The keys that scripts rely on, and what stands beside them.
    pub fn to_json(&self) -> Value {
        let Self { job, progress, .. } = self;
        json!({
            "job_id": job.id,
            "name": job.name,
            "status": job.status,
            "frames_done": progress.frames_done,
            "frames_total": progress.frames_total,
            "frames_failed": progress.frames_failed,
            "seconds_left": progress.seconds_left,
            "in_work": progress.in_work,
            "failed": progress.failed,
            // A sum of nothing is -0.0.
            "render_secs_total": progress.render_secs_total + 0.0,
            "last_output": progress.last_output,
            "film": progress.film,
            "output": job.metadata.get(OUTPUT_KEY),
            "output_dir": progress.output_dir,
            "blend_file": self.blend_file(),
            "frames": setting(job, "frames"),
            "priority": job.priority,
            "waits_for_approval": self.waits_for_approval(),
            "user": job.metadata.get(USER_NAME_KEY),
            "created": job.created.format(&Rfc3339).ok(),
            "updated": job.updated.format(&Rfc3339).ok(),
        })
    }

    /// Whether the job waits until people have looked at its scouts.
    pub fn waits_for_approval(&self) -> bool {
        self.is_at_gate || waits_for_approval(&self.job)
    }

    /// The scene file, as the person who sent it names it.
    pub fn blend_file(&self) -> Option<&str> {
        self.job
            .metadata
            .get(BLEND_FILE_KEY)
            .map(String::as_str)
            .or_else(|| setting(&self.job, "blendfile"))
    }
}

/// A text among the job's settings.
pub fn setting<'a>(job: &'a Job, key: &str) -> Option<&'a str> {
    job.settings.get(key).and_then(Value::as_str)
}

/// The frames that a job was sent for, where it says so in a way that is understood.
pub fn frames(job: &Job) -> Option<FrameSet> {
    setting(job, "frames").and_then(|frames| frames.parse().ok())
}
