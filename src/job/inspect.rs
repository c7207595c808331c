// SPDX-License-Identifier: Apache-2.0
//! The first look: read the file, choose the scene and its frames. Asks no farm.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::JobError;
use super::request::JobRequest;
use crate::blend::{self, BlendFacts, BlendFile, SceneFacts};
use crate::check::Inputs;
use crate::frames::FrameSet;

/// `Object.type` in Blender's `DNA_object_types.h`.
const CAMERA_OBJECT: i64 = 11;

/// A scene file that was read, with the scene that is meant.
#[derive(Clone, Debug)]
pub struct Inspected {
    /// The file, absolute.
    pub blend_path: PathBuf,
    /// What the file says.
    pub facts: BlendFacts,
    /// The scene that is meant.
    pub scene: SceneFacts,
    /// The frames that are meant.
    pub frames: FrameSet,
    /// The cameras of the file, where it matters which there are.
    pub cameras: Vec<String>,
    /// The files that it needs, and what is on disk of them.
    pub inputs: Arc<Inputs>,
}

/// Reads the scene file of a request, finds the scene and frames that are meant, and looks for the files that it needs.
/// Blocks while it reads.
pub fn inspect(request: &JobRequest) -> Result<Inspected, JobError> {
    let blend_path =
        std::path::absolute(&request.blend_path).unwrap_or_else(|_| request.blend_path.clone());
    // What is sent is text; a path that loses something on the way would name another file.
    for path in [Some(&blend_path), request.output.as_ref()]
        .into_iter()
        .flatten()
    {
        if path.to_str().is_none() {
            return Err(JobError::NotText { path: path.clone() });
        }
    }
    let file = BlendFile::open(&blend_path)?;
    let facts = blend::facts_of(&file)?;
    let scene = choose_scene(&facts, request.scene.as_deref(), &blend_path)?.clone();
    let frames = match &request.frames {
        Some(frames) => frames.clone(),
        None => own_frames(&scene)?,
    };
    let cameras_matter = request.camera.is_some() || !scene.has_camera;
    let cameras = if cameras_matter {
        cameras(&file)?
    } else {
        Vec::new()
    };
    Ok(Inspected {
        inputs: Arc::new(Inputs::look(&file, &frames)?),
        blend_path,
        facts,
        scene,
        frames,
        cameras,
    })
}

fn choose_scene<'a>(
    facts: &'a BlendFacts,
    wanted: Option<&str>,
    path: &Path,
) -> Result<&'a SceneFacts, JobError> {
    facts
        .scene(wanted)
        .or_else(|| facts.scenes.first().filter(|_| wanted.is_none()))
        .ok_or_else(|| match wanted {
            Some(name) if !facts.scenes.is_empty() => JobError::UnknownScene {
                path: path.to_owned(),
                name: name.to_owned(),
                available: facts
                    .scenes
                    .iter()
                    .map(|scene| scene.name.clone())
                    .collect(),
            },
            _ => JobError::NoScene {
                path: path.to_owned(),
            },
        })
}

/// The names of all cameras in the file, in its order.
fn cameras(file: &BlendFile) -> Result<Vec<String>, JobError> {
    let mut names = Vec::new();
    for object in file.items("OB")? {
        if object.int("type") == Some(CAMERA_OBJECT) {
            names.extend(object.id_name()?);
        }
    }
    Ok(names)
}

fn own_frames(scene: &SceneFacts) -> Result<FrameSet, JobError> {
    FrameSet::from_range(scene.frame_start, scene.frame_end, scene.frame_step).map_err(|source| {
        JobError::Frames {
            scene: scene.name.clone(),
            source,
        }
    })
}
