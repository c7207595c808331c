// SPDX-License-Identifier: Apache-2.0
//! What a submission needs to know of a .blend file.

mod factory;
mod libraries;
mod output;
mod scene;
mod scripts;
mod simulation;
mod zones;

use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use serde::Serialize;

use super::compression::Compression;
use super::error::BlendError;
use super::file::BlendFile;

pub use libraries::Library;
pub use output::{FileOutput, FileSlot, View, ViewsFacts, ViewsFormat};
pub use scene::{Border, CameraMarker, CyclesFacts, SceneFacts, Simplify, ViewLayer};
pub use scripts::{Script, ScriptKind};
pub use simulation::{BakedSimulation, SimulationKind, UnbakedSimulation};

/// What a .blend file says of itself.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct BlendFacts {
    /// The file.
    pub path: PathBuf,
    /// Bytes on disk.
    pub size_bytes: u64,
    /// When it was last changed, in seconds since 1970; none where the system doesn't know.
    pub modified_unix_secs: Option<f64>,
    /// The Blender that wrote it: 304 is 3.4, 500 is 5.0, 279 is 2.79.
    pub blender_version: u32,
    /// The step within that version at which Blender last changed its files.
    pub blender_subversion: i64,
    /// How the file is packed.
    pub compression: Compression,
    /// The scene that Blender opens the file with.
    pub active_scene: Option<String>,
    /// All scenes of the file, in its order.
    pub scenes: Vec<SceneFacts>,
    /// The files that it links from.
    pub libraries: Vec<Library>,
    /// Python in it that runs only where it is allowed to.
    pub scripts: Vec<Script>,
    /// Whether the cube that every new file begins with is in it, untouched.
    pub has_default_cube: bool,
}

impl BlendFacts {
    /// The scene of that name, or the active one.
    pub fn scene(&self, name: Option<&str>) -> Option<&SceneFacts> {
        let wanted = name.or(self.active_scene.as_deref());
        match wanted {
            Some(wanted) => self.scenes.iter().find(|scene| scene.name == wanted),
            None => self.scenes.first(),
        }
    }
}

/// Reads what a submission needs to know. Files of every Blender since 2.5 are understood; what an older one didn't
/// know is told as it behaved.
pub fn read_facts(path: &Path) -> Result<BlendFacts, BlendError> {
    facts_of(&BlendFile::open(path)?)
}

/// [`read_facts`] of a file that is open already.
pub fn facts_of(file: &BlendFile) -> Result<BlendFacts, BlendError> {
    let global = file.items("GLOB")?.into_iter().next();
    let current = match &global {
        Some(global) => global.follow("curscene")?,
        None => None,
    };
    let active_scene = match current {
        Some(scene) => scene.id_name()?,
        None => None,
    };
    let scenes = file.items("SC")?;
    Ok(BlendFacts {
        path: file.path().to_owned(),
        size_bytes: file.size_bytes(),
        modified_unix_secs: file
            .modified()
            .and_then(|time| time.duration_since(UNIX_EPOCH).ok())
            .map(|since| since.as_secs_f64()),
        blender_version: file.header().blender_version,
        blender_subversion: global
            .and_then(|global| global.int("subversion"))
            .unwrap_or_default(),
        compression: file.compression(),
        active_scene,
        scenes: scenes
            .iter()
            .map(SceneFacts::read)
            .collect::<Result<_, _>>()?,
        libraries: libraries::libraries(file)?,
        scripts: scripts::scripts(file)?,
        has_default_cube: factory::has_default_cube(file)?,
    })
}
