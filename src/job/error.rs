// SPDX-License-Identifier: Apache-2.0
//! Why a job could not be put together or sent.

use std::path::{Path, PathBuf};

use crate::blend::BlendError;
use crate::check::Finding;
use crate::config::ConfigError;
use crate::farm::FarmError;
use crate::frames::FramesError;
use crate::paths::PathsError;
use crate::stage::StageError;

/// Why a job could not be put together or sent.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum JobError {
    /// The scene file could not be read.
    #[error(transparent)]
    Blend(#[from] BlendError),
    /// A path that cannot be written down for the farm.
    #[error("the path holds characters that are no Unicode text, which no farm can be told; rename it: {}", path.display())]
    NotText {
        /// The path.
        path: PathBuf,
    },
    /// The file holds no scene at all.
    #[error("the file holds no scene; save it from Blender once more: {path}")]
    NoScene {
        /// The scene file.
        path: PathBuf,
    },
    /// The scene that was asked for is not in the file.
    #[error("there is no scene \"{name}\" in the file, only {}; choose one of them: {path}", listed(.available))]
    UnknownScene {
        /// The scene file.
        path: PathBuf,
        /// The name that was asked for.
        name: String,
        /// The names of the scenes that are there.
        available: Vec<String>,
    },
    /// The scene's own frame range cannot be used.
    #[error("the frame range of scene \"{scene}\" cannot be used: {source}")]
    Frames {
        /// The scene's name.
        scene: String,
        /// What is wrong with the range.
        source: FramesError,
    },
    /// Every frame is there already, and only missing ones were asked for.
    #[error("all {frames} frames are there already; nothing is left to render: {folder}")]
    NothingToRender {
        /// The name that the job would have had.
        name: String,
        /// How many frames there are.
        frames: u64,
        /// The output pattern.
        output: String,
        /// Where they lie.
        folder: PathBuf,
    },
    /// The checks found errors; nothing was sent.
    #[error("the scene cannot be rendered as it is: {}", .findings.iter().map(|finding| finding.message.as_str()).collect::<Vec<_>>().join(" "))]
    HeldBack {
        /// The errors.
        findings: Vec<Finding>,
    },
    /// A job that still lives renders the same frames to the same place.
    #[error(
        "job {job_id} ({name}, {status}) renders frames {frames} of this scene to the same place already; watch or cancel it, or choose another output folder: {output}"
    )]
    AlreadyThere {
        /// The job that lives.
        job_id: String,
        /// Its name.
        name: String,
        /// Its status.
        status: String,
        /// The frames that both would render.
        frames: String,
        /// The output of both.
        output: String,
    },
    /// A job of another scene writes the same files.
    #[error(
        "job {job_id} ({name}, {status}) of another scene writes frames {frames} to the same files; choose another output folder: {output}"
    )]
    OutputTaken {
        /// The job that lives.
        job_id: String,
        /// Its name.
        name: String,
        /// Its status.
        status: String,
        /// The frames that both would render.
        frames: String,
        /// The output of both.
        output: String,
    },
    /// The farm lacks the job type that lanes need.
    #[error(
        "this farm does not know the job type {job_type}; put Farmhand's script into the Manager's scripts folder: {farm}"
    )]
    NoJobType {
        /// The job type.
        job_type: String,
        /// The farm's address.
        farm: String,
    },
    /// The job's files could not be written beside the output.
    #[error(
        "the job's files cannot be written ({source}); make room or choose another output folder: {path}"
    )]
    Staging {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A path rule of the settings makes no sense.
    #[error("a path rule of yours makes no sense: {0}")]
    PathRule(#[from] PathsError),
    /// The settings cannot be read.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// A file of path rules cannot be read.
    #[error("a file of path rules that your settings name can't be read ({source}): {}", path.display())]
    PathFile {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A .blend file could not be written with the workers' paths in it.
    #[error(transparent)]
    Stage(#[from] StageError),
    /// The farm did not take the job.
    #[error(transparent)]
    Farm(#[from] FarmError),
    /// It was cancelled on the way; what was staged is removed.
    #[error("the submission was cancelled; nothing was sent")]
    Cancelled,
}

impl JobError {
    /// The error in the form of a finding, where it is one: only the farm can tell that another job has the output.
    pub fn finding(&self) -> Option<Finding> {
        let is_shared = matches!(self, Self::AlreadyThere { .. } | Self::OutputTaken { .. });
        is_shared.then(|| {
            Finding::error("output-shared", self.to_string())
                .fix_here("choose another folder with --output FOLDER or --existing new-folder, or cancel the other job")
        })
    }

    /// For `map_err` while staging `path`.
    pub(crate) fn staging(path: &Path) -> impl FnOnce(std::io::Error) -> Self + '_ {
        move |source| Self::Staging {
            path: path.to_owned(),
            source,
        }
    }
}

fn listed(names: &[String]) -> String {
    names
        .iter()
        .map(|name| format!("\"{name}\""))
        .collect::<Vec<_>>()
        .join(", ")
}
