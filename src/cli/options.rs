// SPDX-License-Identifier: Apache-2.0
//! Options that several commands share.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::costs::read_costs;
use super::failure::Failure;
use crate::config::Dirs;
use crate::connect::{self, Given, Target};
use crate::frames::FrameSet;
use crate::job::{Existing, JobRequest};
use crate::lanes;

/// Which farm. How to get in is up to its entry in the settings, or the environment.
#[derive(Args, Debug, Clone)]
pub struct FarmOptions {
    /// The farm: a name of `farmhand farms`, a Manager's address, or `local` for this computer; else the one that
    /// `FARMHAND_FARM` or `farmhand farms default` names
    #[arg(long, value_name = "NAME|URL|local")]
    pub farm: Option<String>,
}

impl FarmOptions {
    /// The farm that is meant.
    pub fn target(&self, dirs: &Dirs) -> Result<Target, Failure> {
        let given = Given {
            farm: self.farm.clone(),
            ..Given::default()
        };
        Ok(connect::target(given, dirs, &connect::of_process)?)
    }
}

/// JSON instead of text.
#[derive(Args, Debug, Clone, Copy)]
pub struct JsonOption {
    /// Write JSON to standard output, for scripts
    #[arg(long)]
    pub json: bool,
}

/// Which job.
#[derive(Args, Debug, Clone)]
pub struct JobOption {
    /// The job: its id, the first characters of it, or `latest`
    #[arg(value_name = "JOB", default_value = "latest")]
    pub job: String,
}

/// What is rendered, and how.
#[derive(Args, Debug, Clone)]
#[command(next_help_heading = "What is rendered")]
pub struct SceneOptions {
    /// Frames, such as `1-10, 20, 30-100:2`; the scene's own range when absent
    #[arg(long, short, value_name = "FRAMES", allow_hyphen_values = true)]
    pub frames: Option<String>,
    /// The scene, where the file holds several
    #[arg(long, short, value_name = "NAME")]
    pub scene: Option<String>,
    /// The camera, instead of the scene's own
    #[arg(long, value_name = "NAME")]
    pub camera: Option<String>,
    /// A view layer to render; may be given several times
    #[arg(long = "view-layer", value_name = "NAME")]
    pub view_layers: Vec<String>,
    /// Samples for each pixel, instead of the scene's own
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub samples: Option<u32>,
    /// Size in percent of the scene's resolution
    #[arg(long, value_name = "PERCENT", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub percentage: Option<u32>,
    /// What computes the picture
    #[arg(long, value_enum, default_value_t = Device::Auto)]
    pub device: Device,
    /// Fail at once where no GPU can be used, instead of rendering on the CPU
    #[arg(long)]
    pub gpu_required: bool,
    /// `off` renders without denoising, on a Blender that has no denoiser
    #[arg(long, value_enum, default_value_t = Denoise::Scene)]
    pub denoise: Denoise,
    /// Run Python that is stored in the scene: scripts, and drivers that are more than arithmetic. Off by default, as in
    /// Blender itself, since a file from elsewhere could do anything with it
    #[arg(long)]
    pub auto_run: bool,
    /// Render frames although textures or other files that they need are not there
    #[arg(long)]
    pub allow_missing: bool,
    /// Keep the scene in memory between frames: `on` is faster where little changes, and takes more memory
    #[arg(long, value_enum, default_value_t = PersistentData::Scene)]
    pub persistent_data: PersistentData,
    /// Enable an add-on before the scene is opened, by module or title; may be given several times
    #[arg(long = "addon", value_name = "NAME")]
    pub addons: Vec<String>,
    /// Send in spite of the finding with this code; may be given several times
    #[arg(long, value_name = "CODE")]
    pub ignore: Vec<String>,
}

/// Where frames go, and how the work is shared out.
#[derive(Args, Debug, Clone)]
#[command(next_help_heading = "Where and how")]
pub struct PlacingOptions {
    /// Folder for the frames; the scene's own output when absent
    #[arg(long, short, value_name = "FOLDER")]
    pub output: Option<PathBuf>,
    /// What to do with frames that are there already
    #[arg(long, value_enum, default_value_t = ExistingFrames::Replace)]
    pub existing: ExistingFrames,
    /// Jobs with a higher number go first, 0 to 100
    #[arg(long, value_name = "0..100", default_value_t = 50, value_parser = clap::value_parser!(i32).range(0..=100))]
    pub priority: i32,
    /// `auto` looks at the first, middle and last frame early; `scouts-then-wait` renders these three and waits for
    /// `farmhand approve`; `sequential` keeps to the order
    #[arg(long, value_enum, default_value_t = FrameOrder::Auto)]
    pub order: FrameOrder,
    /// A JSON file with an object from frame to seconds: the longest frames go first
    #[arg(long, value_name = "FILE")]
    pub costs: Option<PathBuf>,
    /// How many lanes render at once; chosen by itself when absent
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100))]
    pub lanes: Option<u32>,
    /// The farm's job type, where it is not to choose itself: `farmhand-render` or `simple-blender-render`
    #[arg(long, value_name = "TYPE")]
    pub job_type: Option<String>,
    /// Frames in each task, for a job type without lanes; the best single size when absent
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub chunk_size: Option<u64>,
    /// The Manager's variable that names the Blender, such as `blender-4.5`; the one that fits the scene when absent
    #[arg(long, value_name = "NAME")]
    pub blender: Option<String>,
    /// Only workers with this tag render the job
    #[arg(long, value_name = "TAG")]
    pub worker_tag: Option<String>,
    /// CPU threads for each lane; 0 leaves the scene's own setting
    #[arg(long, value_name = "N")]
    pub threads: Option<u32>,
    /// Seconds without a word from Blender after which it counts as hung: it is ended, and the frame tried again
    #[arg(long, value_name = "SECONDS", default_value_t = 600, value_parser = clap::value_parser!(u64).range(1..))]
    pub stall_timeout: u64,
    /// The job's name; the file's name when absent
    #[arg(long, value_name = "NAME")]
    pub name: Option<String>,
}

/// What computes the picture.
#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum Device {
    Auto,
    Cpu,
    Gpu,
    Optix,
    Cuda,
    Hip,
    Oneapi,
    Metal,
}

/// Whether pictures are denoised.
#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denoise {
    /// As the scene says
    Scene,
    /// Never
    Off,
}

/// Whether the scene is kept in memory between frames.
#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum PersistentData {
    /// As the scene says
    Scene,
    /// Kept
    On,
    /// Built anew for each frame
    Off,
}

/// What to do with frames that are there already.
#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExistingFrames {
    /// Render them again
    Replace,
    /// Leave them, and render only what is missing
    Skip,
    /// Put this job's frames into a fresh folder beside them
    NewFolder,
}

/// In which order frames are rendered.
#[derive(ValueEnum, Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameOrder {
    /// First, middle and last frame early, then the rest
    Auto,
    /// One after the other
    Sequential,
    /// First, middle and last frame; the rest once they are approved
    ScoutsThenWait,
}

/// The request that the options make.
pub fn request(
    file: &Path,
    scene: &SceneOptions,
    placing: &PlacingOptions,
) -> Result<JobRequest, Failure> {
    let frames = scene
        .frames
        .as_deref()
        .map(str::parse::<FrameSet>)
        .transpose();
    let frames = frames.map_err(|error| Failure::usage(format!("--frames: {error}")))?;
    Ok(JobRequest {
        frames,
        scene: scene.scene.clone(),
        camera: scene.camera.clone(),
        view_layers: scene.view_layers.clone(),
        samples: scene.samples,
        percentage: scene.percentage,
        device: scene.device.into(),
        gpu_required: scene.gpu_required,
        denoise: scene.denoise.into(),
        output: placing.output.clone(),
        existing: match placing.existing {
            ExistingFrames::Replace => Existing::Replace,
            ExistingFrames::Skip => Existing::Skip,
            ExistingFrames::NewFolder => Existing::NewFolder,
        },
        priority: placing.priority,
        lanes: placing.lanes,
        job_type: placing.job_type.clone(),
        chunk_size: placing.chunk_size,
        blender: placing.blender.clone(),
        worker_tag: placing.worker_tag.clone(),
        order: placing.order.into(),
        costs: placing.costs.as_deref().map(read_costs).transpose()?,
        name: placing.name.clone(),
        threads: placing.threads,
        auto_run: scene.auto_run,
        missing_files: if scene.allow_missing {
            lanes::MissingFiles::Allow
        } else {
            lanes::MissingFiles::Fail
        },
        persistent_data: scene.persistent_data.into(),
        addons: scene.addons.clone(),
        ignored_findings: scene.ignore.clone(),
        stall_timeout_secs: placing.stall_timeout,
        ..JobRequest::new(file)
    })
}

impl From<Device> for lanes::Device {
    fn from(device: Device) -> Self {
        match device {
            Device::Auto => Self::Auto,
            Device::Cpu => Self::Cpu,
            Device::Gpu => Self::Gpu,
            Device::Optix => Self::Optix,
            Device::Cuda => Self::Cuda,
            Device::Hip => Self::Hip,
            Device::Oneapi => Self::Oneapi,
            Device::Metal => Self::Metal,
        }
    }
}

impl From<Denoise> for lanes::Denoise {
    fn from(denoise: Denoise) -> Self {
        match denoise {
            Denoise::Scene => Self::Scene,
            Denoise::Off => Self::Off,
        }
    }
}

impl From<PersistentData> for lanes::PersistentData {
    fn from(persistent_data: PersistentData) -> Self {
        match persistent_data {
            PersistentData::Scene => Self::Scene,
            PersistentData::On => Self::On,
            PersistentData::Off => Self::Off,
        }
    }
}

impl From<FrameOrder> for lanes::Order {
    fn from(order: FrameOrder) -> Self {
        match order {
            FrameOrder::Auto => Self::Auto,
            FrameOrder::Sequential => Self::Sequential,
            FrameOrder::ScoutsThenWait => Self::ScoutsThenWait,
        }
    }
}
