// SPDX-License-Identifier: Apache-2.0
//! The first look: read the file, choose the scene and its frames. Asks no farm.

use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use super::error::JobError;
use super::request::JobRequest;
use crate::blend::{self, BlendFacts, SceneFacts};
use crate::frames::FrameSet;

/// A scene file that was read, with the scene that is meant.
#[derive(Clone, Debug)]
pub struct Inspected {
    /// The file, absolute.
    pub blend_path: PathBuf,
    /// Its size.
    pub size_bytes: u64,
    /// When it was last written, in seconds since 1970.
    pub modified_unix_secs: f64,
    /// What the file says.
    pub facts: BlendFacts,
    /// The scene that is meant.
    pub scene: SceneFacts,
    /// The frames that are meant.
    pub frames: FrameSet,
}

/// Reads the scene file of a request and finds the scene and frames that are meant. Blocks while it reads.
pub fn inspect(request: &JobRequest) -> Result<Inspected, JobError> {
    let blend_path = std::path::absolute(&request.blend_path).unwrap_or_else(|_| request.blend_path.clone());
    let facts = blend::read_facts(&blend_path)?;
    let scene = choose_scene(&facts, request.scene.as_deref(), &blend_path)?.clone();
    let frames = match &request.frames {
        Some(frames) => frames.clone(),
        None => own_frames(&scene)?,
    };
    let (size_bytes, modified_unix_secs) = size_and_time(&blend_path);
    Ok(Inspected { blend_path, size_bytes, modified_unix_secs, facts, scene, frames })
}

fn choose_scene<'a>(facts: &'a BlendFacts, wanted: Option<&str>, path: &Path) -> Result<&'a SceneFacts, JobError> {
    let wanted = wanted.or(facts.active_scene.as_deref());
    let found = wanted.map_or_else(
        || facts.scenes.first(),
        |name| facts.scenes.iter().find(|scene| scene.name == name),
    );
    match (found, wanted) {
        (Some(scene), _) => Ok(scene),
        (None, Some(name)) if !facts.scenes.is_empty() => Err(JobError::UnknownScene {
            path: path.to_owned(),
            name: name.to_owned(),
            available: facts.scenes.iter().map(|scene| scene.name.clone()).collect(),
        }),
        (None, _) => Err(JobError::NoScene { path: path.to_owned() }),
    }
}

fn own_frames(scene: &SceneFacts) -> Result<FrameSet, JobError> {
    FrameSet::from_range(scene.frame_start, scene.frame_end, scene.frame_step)
        .map_err(|source| JobError::Frames { scene: scene.name.clone(), source })
}

fn size_and_time(path: &Path) -> (u64, f64) {
    let Ok(metadata) = path.metadata() else { return (0, 0.0) };
    let modified = metadata.modified().ok().and_then(|moment| moment.duration_since(UNIX_EPOCH).ok());
    (metadata.len(), modified.map_or(0.0, |since| since.as_secs_f64()))
}
