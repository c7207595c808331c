// SPDX-License-Identifier: Apache-2.0
//! What is asked for, and what is known of the place it is asked in.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::prepare::STALL_TIMEOUT_SECS;
use crate::frames::FrameSet;
use crate::lanes::{Denoise, Device, MissingFiles, Order, PersistentData};

/// What to do with frames that are there already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Existing {
    /// Render them again.
    #[default]
    Replace,
    /// Leave them where they are whole, and render the others.
    Skip,
    /// Put this job's frames into a fresh folder beside the one that is taken.
    NewFolder,
}

/// What is asked for. Whatever is `None` is as the scene says.
#[derive(Clone, Debug, PartialEq)]
pub struct JobRequest {
    /// The scene file, on this computer.
    pub blend_path: PathBuf,
    /// The frames.
    pub frames: Option<FrameSet>,
    /// The scene's name; else the one that was open when the file was saved.
    pub scene: Option<String>,
    /// The camera's name.
    pub camera: Option<String>,
    /// The names of the view layers to render; empty means those that the scene has switched on.
    pub view_layers: Vec<String>,
    /// Samples for each pixel.
    pub samples: Option<u32>,
    /// The size in percent of the scene's resolution.
    pub percentage: Option<u32>,
    /// What computes the picture.
    pub device: Device,
    /// Fail at once where no GPU can be used.
    pub gpu_required: bool,
    /// Whether pictures are denoised.
    pub denoise: Denoise,
    /// A folder for the frames, or a pattern where it holds `#`; relative paths are relative to the current folder.
    pub output: Option<PathBuf>,
    /// What to do with frames that are there already.
    pub existing: Existing,
    /// Jobs with a higher number go first, 0 to 100.
    pub priority: i32,
    /// The number of lanes; else as many as the farm has room for.
    pub lanes: Option<u32>,
    /// The job type; else the one with lanes, where the farm knows it.
    pub job_type: Option<String>,
    /// Frames in each task, where the job type has no lanes.
    pub chunk_size: Option<u64>,
    /// The Manager's variable that names the Blender, such as `blender-4.5`; else the one that fits the scene.
    pub blender: Option<String>,
    /// The name of the worker tag whose workers alone may render the job.
    pub worker_tag: Option<String>,
    /// In which order frames are rendered.
    pub order: Order,
    /// How many seconds frames are known to take: the longest go first.
    pub costs: Option<BTreeMap<i32, f64>>,
    /// The job's name; else the scene file's.
    pub name: Option<String>,
    /// CPU threads for each lane, 0 for the scene's own setting; else some are left for the person at this computer.
    pub threads: Option<u32>,
    /// Run Python scripts that are stored in the scene.
    pub auto_run: bool,
    /// Whether a frame that needs a file which is not there is rendered without.
    pub missing_files: MissingFiles,
    /// Silence of Blender after which it counts as hung, in seconds.
    pub stall_timeout_secs: u64,
    /// Whether the scene is kept in memory between frames.
    pub persistent_data: PersistentData,
    /// Add-ons to enable before the scene is opened, by module or by title.
    pub addons: Vec<String>,
    /// Codes of findings that do not hold the job back.
    pub ignored_findings: Vec<String>,
}

impl JobRequest {
    /// A request for a whole scene as its file says.
    pub fn new(blend_path: impl Into<PathBuf>) -> Self {
        Self {
            blend_path: blend_path.into(),
            frames: None,
            scene: None,
            camera: None,
            view_layers: Vec::new(),
            samples: None,
            percentage: None,
            device: Device::default(),
            gpu_required: false,
            denoise: Denoise::default(),
            output: None,
            existing: Existing::default(),
            priority: 50,
            lanes: None,
            job_type: None,
            chunk_size: None,
            blender: None,
            worker_tag: None,
            order: Order::default(),
            costs: None,
            name: None,
            threads: None,
            auto_run: false,
            missing_files: MissingFiles::default(),
            stall_timeout_secs: STALL_TIMEOUT_SECS,
            persistent_data: PersistentData::default(),
            addons: Vec::new(),
            ignored_findings: Vec::new(),
        }
    }

    /// Whether files that are missing stand in nobody's way: it was asked for, or their finding is ignored.
    pub(super) fn renders_without_missing(&self) -> bool {
        let is_ignored = || {
            self.ignored_findings
                .iter()
                .any(|code| code == "missing-file")
        };
        self.missing_files == MissingFiles::Allow || is_ignored()
    }
}
