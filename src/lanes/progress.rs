// SPDX-License-Identifier: Apache-2.0
//! What people are told while a job runs. No rule reads any of it.

use serde::{Deserialize, Serialize};

use super::film::FilmProgress;

/// Failed frames that a job's failure names.
const NAMED_AT_MOST: usize = 5;

/// What a lane's child is doing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Opening the scene.
    Loading,
    /// Rendering a frame.
    Rendering,
    /// Writing outputs.
    Saving,
    /// Putting the film together.
    Encoding,
    /// Nothing, or not known.
    #[default]
    #[serde(other)]
    Idle,
}

/// What one lane does now (`progress/<lane>.json`).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LaneProgress {
    /// The lane.
    pub lane: u32,
    /// Its run.
    pub run: String,
    /// The frame in work, where there is one.
    pub frame: Option<i32>,
    /// When the frame began, in seconds since 1970.
    #[serde(default)]
    pub started_unix_secs: Option<f64>,
    /// When this was written, in seconds since 1970.
    pub updated_unix_secs: f64,
    /// Samples done, where the engine tells.
    #[serde(default)]
    pub samples_done: Option<u32>,
    /// Samples to do, where the engine tells.
    #[serde(default)]
    pub samples_total: Option<u32>,
    /// What the child is doing.
    pub stage: Stage,
}

impl LaneProgress {
    /// Reads a progress file; `None` where it cannot be read, since it is only advice.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        serde_json::from_slice(bytes).ok()
    }
}

/// How long a job may still take: an honest range, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct SecondsLeft {
    /// It will hardly be faster than this.
    pub low: f64,
    /// It will hardly be slower than this.
    pub high: f64,
}

/// A frame that a lane renders now.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FrameInWork {
    /// The frame.
    pub frame: i32,
    /// The lane that renders it.
    pub lane: u32,
    /// When it began, in seconds since 1970.
    pub started_unix_secs: f64,
    /// Samples done, where the engine tells.
    pub samples_done: Option<u32>,
    /// Samples to do, where the engine tells.
    pub samples_total: Option<u32>,
    /// What the child is doing.
    pub stage: Stage,
}

/// A frame that failed, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FailedFrameSummary {
    /// The frame.
    pub frame: i32,
    /// A word of [`FailReason`](super::record::FailReason); one from a later version of the farm stays what it is.
    pub reason: String,
    /// Why, in a sentence for people.
    pub message: String,
    /// The file that keeps what Blender said where it died on the frame, as the worker's path.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub crash_log: Option<String>,
}

/// How far a job is, as the local farm answers it (`ARCHITECTURE.md`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct JobProgress {
    /// Frames asked for.
    pub frames_total: u64,
    /// Frames rendered, with every output whole.
    pub frames_done: u64,
    /// Frames given up.
    pub frames_failed: u64,
    /// Frames being rendered.
    pub in_work: Vec<FrameInWork>,
    /// The frames given up, with their reasons.
    pub failed: Vec<FailedFrameSummary>,
    /// How long it may still take; `None` before the first frame is done and after the last.
    pub seconds_left: Option<SecondsLeft>,
    /// Time that workers have spent on finished frames, loading included, in seconds.
    pub render_secs_total: f64,
    /// The output of the frame that was finished last, as the worker's path.
    pub last_output: Option<String>,
    /// The folder of the main output, or of the film, as the worker's path.
    pub output_dir: String,
    /// The film, where one was asked for.
    #[serde(default)]
    pub film: Option<FilmProgress>,
}

impl JobProgress {
    /// Frames that are neither done nor failed.
    pub fn frames_open(&self) -> u64 {
        self.frames_total
            .saturating_sub(self.frames_done)
            .saturating_sub(self.frames_failed)
    }

    /// Which frames failed, and why, in a sentence for people.
    pub fn failure(&self) -> String {
        let named: Vec<_> = self
            .failed
            .iter()
            .take(NAMED_AT_MOST)
            .map(|failed| {
                format!(
                    "frame {} ({}: {})",
                    failed.frame, failed.reason, failed.message
                )
            })
            .collect();
        let rest = match self.failed.len().saturating_sub(NAMED_AT_MOST) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        format!(
            "{} of {} frames failed: {}{rest}",
            self.frames_failed,
            self.frames_total,
            named.join(", ")
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_progress_of_a_job_has_the_keys_of_the_architecture_page() {
        let progress = JobProgress {
            in_work: vec![FrameInWork {
                frame: 3,
                lane: 0,
                started_unix_secs: 1.0,
                samples_done: None,
                samples_total: Some(16),
                stage: Stage::Rendering,
            }],
            seconds_left: Some(SecondsLeft {
                low: 1.0,
                high: 2.0,
            }),
            ..JobProgress::default()
        };
        let value = serde_json::to_value(&progress).expect("writable");
        let keys: Vec<_> = value
            .as_object()
            .expect("an object")
            .keys()
            .map(String::as_str)
            .collect();
        let mut expected = [
            "frames_total",
            "frames_done",
            "frames_failed",
            "in_work",
            "failed",
            "seconds_left",
            "render_secs_total",
            "last_output",
            "output_dir",
            "film",
        ];
        expected.sort_unstable();
        let mut sorted = keys.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, expected);
        assert_eq!(value["in_work"][0]["stage"], "rendering");
        assert_eq!(
            serde_json::from_value::<JobProgress>(value).expect("readable"),
            progress
        );
    }

    #[test]
    fn a_stage_of_a_later_version_reads_as_idle() {
        let lane = LaneProgress::parse(br#"{"lane": 0, "run": "a", "frame": null, "updated_unix_secs": 1.0, "stage": "dreaming"}"#);
        assert_eq!(lane.map(|lane| lane.stage), Some(Stage::Idle));
    }
}
