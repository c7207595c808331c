// SPDX-License-Identifier: Apache-2.0
//! The job description, `job.json`: all that a lane knows of its job.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::error::LanesError;
use super::files;
use super::film::FilmRequest;
use super::order::scouts;
use crate::frames::FrameSet;

/// The format of job descriptions that this version writes and reads.
pub const JOB_FORMAT: u32 = 1;

/// In which order a lane takes its frames.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// Three scouts first, then the longest first where costs are known, else in order.
    #[default]
    Auto,
    /// In order.
    Sequential,
    /// The scouts alone; the rest, as with `auto`, once people have looked at them and approved.
    #[serde(rename = "scouts-then-wait")]
    ScoutsThenWait,
}

/// What renders.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Device {
    /// A GPU where there is one, else the CPU.
    #[default]
    Auto,
    /// The CPU.
    Cpu,
    /// A GPU of whatever kind.
    Gpu,
    /// NVIDIA through `OptiX`.
    Optix,
    /// NVIDIA through CUDA.
    Cuda,
    /// AMD.
    Hip,
    /// Intel.
    Oneapi,
    /// Apple.
    Metal,
}

/// Whether frames are denoised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Denoise {
    /// As the scene says.
    #[default]
    Scene,
    /// Not at all.
    Off,
}

/// What becomes of a scene or a frame that needs a file which is not there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MissingFiles {
    /// It is not rendered: Blender would draw it pink or leave it out, in silence.
    #[default]
    Fail,
    /// It is rendered without, with a notice.
    Allow,
}

/// Whether the scene is kept in memory between frames.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PersistentData {
    /// As the scene says.
    #[default]
    Scene,
    /// Kept: faster where little changes from frame to frame, at the cost of memory.
    On,
    /// Built anew for each frame.
    Off,
}

/// What people changed for this job; `None` leaves the scene's own.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct JobSettings {
    /// The camera's name.
    pub camera: Option<String>,
    /// The view layers to render.
    pub view_layers: Option<Vec<String>>,
    /// Samples per pixel.
    pub samples: Option<u32>,
    /// Size of the picture in percent of the scene's resolution.
    pub percentage: Option<u32>,
    /// Blender's name of a file format, such as `PNG` or `OPEN_EXR`.
    pub file_format: Option<String>,
    /// What renders.
    pub device: Device,
    /// Whether a lane without a usable GPU fails at once.
    pub gpu_required: bool,
    /// Whether frames are denoised.
    pub denoise: Denoise,
    /// Threads of the CPU; 0 leaves the scene's own.
    pub threads: u32,
    /// Whether scripts inside the .blend may run.
    pub auto_run: bool,
    /// What becomes of a scene or a frame that needs a file which is not there.
    pub missing_files: MissingFiles,
    /// Whether the scene is kept in memory between frames.
    pub persistent_data: PersistentData,
    /// Add-ons to enable before the scene is opened, by module or by title.
    pub addons: Vec<String>,
    /// Render although the scene's engine, or nodes of it, are of an add-on that is not there.
    pub allow_missing_addons: bool,
}

/// All that a lane knows of its job. Paths are the worker's, which may run another system than this computer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct JobDescription {
    /// [`JOB_FORMAT`].
    pub format: u32,
    /// 32 hexadecimal digits, new for each submission.
    pub submission_id: String,
    /// The job's name.
    pub name: String,
    /// The scene's file.
    pub blend_file: String,
    /// What `//` means in output paths: the folder of the artist's own file.
    pub blend_dir: String,
    /// The size of the scene's file when the job was sent.
    pub blend_size_bytes: u64,
    /// When the scene's file was last changed before the job was sent, in seconds since 1970.
    pub blend_modified_unix_secs: f64,
    /// The scene's name.
    pub scene: String,
    /// Blender's name of the scene's engine, which an unknown one loses when the file is opened.
    #[serde(default)]
    pub engine: Option<String>,
    /// Every frame of the job.
    pub frames: FrameSet,
    /// In which order a lane takes its frames.
    #[serde(default)]
    pub order: Order,
    /// The home chunk of each lane; together they are `frames`.
    pub lanes: Vec<FrameSet>,
    /// The main output as Blender's own pattern: `//` resolved, tokens kept.
    pub output: String,
    /// Whether people asked for that folder.
    #[serde(default)]
    pub output_overridden: bool,
    /// The film that the last lane puts together, where the scene writes one.
    #[serde(default)]
    pub film: Option<FilmRequest>,
    /// What people changed for this job.
    #[serde(default)]
    pub settings: JobSettings,
    /// Where an unbaked simulation starts, so that its frames are stepped through in order.
    #[serde(default)]
    pub simulation_start: Option<i32>,
    /// How many seconds frames are known to take.
    #[serde(default)]
    pub costs: Option<BTreeMap<i32, f64>>,
    /// Silence of the child after which it counts as hung.
    pub stall_timeout_secs: u64,
    /// How many times the memory after the first frame a child may use before it is started anew.
    pub memory_growth_limit: f64,
}

impl JobDescription {
    /// Reads a job description, and refuses one of another format.
    pub fn load(path: &Path) -> Result<Self, LanesError> {
        #[derive(Deserialize)]
        struct Head {
            format: u32,
        }
        let bytes = std::fs::read(path).map_err(LanesError::read(path))?;
        let damaged = |source| LanesError::Damaged {
            path: path.to_owned(),
            source,
        };
        let Head { format } = serde_json::from_slice(&bytes).map_err(damaged)?;
        if format != JOB_FORMAT {
            return Err(LanesError::Format {
                path: path.to_owned(),
                found: format,
                known: JOB_FORMAT,
            });
        }
        serde_json::from_slice(&bytes).map_err(damaged)
    }

    /// Writes the job description; it never changes after that.
    pub fn save(&self, path: &Path) -> Result<(), LanesError> {
        let bytes = serde_json::to_vec_pretty(self).map_err(|source| LanesError::Damaged {
            path: path.to_owned(),
            source,
        })?;
        files::replace_file(path, &self.submission_id, &bytes)
    }

    /// The number that the last lane goes by: that of the ordinary lanes.
    pub fn last_lane(&self) -> u32 {
        u32::try_from(self.lanes.len()).unwrap_or(u32::MAX)
    }

    /// Whether a lane renders scouts and ends, while the others wait until people have approved.
    pub fn is_scout_lane(&self, lane: u32) -> bool {
        let chunk = usize::try_from(lane)
            .ok()
            .and_then(|lane| self.lanes.get(lane));
        let scouts = scouts(&self.frames);
        self.order == Order::ScoutsThenWait
            && chunk.is_some_and(|chunk| chunk.iter().all(|frame| scouts.contains(&Some(frame))))
    }

    /// How many lanes render scouts and end; they are the first ones.
    pub fn scout_lanes(&self) -> u32 {
        let is_scout_lane = |lane: &u32| self.is_scout_lane(*lane);
        u32::try_from((0..self.last_lane()).take_while(is_scout_lane).count()).unwrap_or(u32::MAX)
    }

    /// The lane whose home chunk holds the frame; 0 where none does.
    pub fn home_lane(&self, frame: i32) -> u32 {
        let position = self
            .lanes
            .iter()
            .position(|chunk| chunk.contains(frame))
            .unwrap_or(0);
        u32::try_from(position).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    const JOB: &str = r#"{"format": 1, "submission_id": "00ff", "name": "shot",
     "blend_file": "/worker/path/shot.blend", "blend_dir": "/artist", "blend_size_bytes": 1, "blend_modified_unix_secs": 1.0,
     "scene": "Scene", "engine": "CYCLES", "frames": "1-40", "order": "auto", "lanes": ["1-20", "21-40"],
     "output": "/worker/path/frames/shot_####", "output_overridden": false, "film": null,
     "settings": {"camera": null, "view_layers": null, "samples": null, "percentage": null, "file_format": null,
                  "device": "auto", "gpu_required": false, "denoise": "scene", "threads": 0, "auto_run": false,
                  "missing_files": "fail", "persistent_data": "scene", "addons": [], "allow_missing_addons": false},
     "simulation_start": null, "costs": {"-3": 1.5}, "stall_timeout_secs": 600, "memory_growth_limit": 4.0}"#;

    /// A job of one scene, whose lanes have these home chunks.
    pub(crate) fn job(lanes: &[&str]) -> JobDescription {
        let mut job: JobDescription =
            serde_json::from_str(JOB).expect("the contract's own example");
        job.lanes = lanes
            .iter()
            .map(|chunk| chunk.parse().expect("frames"))
            .collect();
        job.frames = FrameSet::from_frames(job.lanes.iter().flat_map(FrameSet::iter));
        job.costs = None;
        job
    }

    #[test]
    fn a_job_description_is_read_and_written_as_the_contract_shows_it() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("job.json");
        std::fs::write(&path, JOB).expect("written");
        let job = JobDescription::load(&path).expect("readable");
        assert_eq!(job.costs, Some(BTreeMap::from([(-3, 1.5)])));
        assert_eq!(
            (job.last_lane(), job.home_lane(21), job.home_lane(99)),
            (2, 1, 0)
        );
        job.save(&path).expect("written");
        assert_eq!(JobDescription::load(&path).expect("readable"), job);
        let written: serde_json::Value =
            serde_json::from_slice(&std::fs::read(&path).expect("there")).expect("JSON");
        assert_eq!(
            written,
            serde_json::from_str::<serde_json::Value>(JOB).expect("JSON")
        );
    }

    #[test]
    fn a_job_description_of_another_version_says_both_versions() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("job.json");
        std::fs::write(&path, r#"{"format": 7}"#).expect("written");
        let message = JobDescription::load(&path)
            .expect_err("another version")
            .to_string();
        assert!(
            message.contains("format 7")
                && message.contains("knows 1")
                && message.contains("job.json"),
            "{message}"
        );
    }

    #[test]
    fn a_damaged_job_description_names_its_file() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = dir.path().join("job.json");
        std::fs::write(&path, JOB.get(..80).expect("long enough")).expect("written");
        let message = JobDescription::load(&path)
            .expect_err("cut short")
            .to_string();
        assert!(message.contains("job.json"), "{message}");
    }
}
