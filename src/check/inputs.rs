// SPDX-License-Identifier: Apache-2.0
//! What there is on disk of what a scene needs: looked up once, so that the rules need no disk.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::blend::{BlendError, BlendFile, Role};
use crate::frames::FrameSet;
use crate::relink::{Places, file_name, search};
use crate::trace::{self, Progress, Trace, TracedDependency};

/// Some disks know the time of a file to two seconds only.
const SAME_TIME: Duration = Duration::from_secs(2);

/// The files of a scene, and what is on disk beside.
#[derive(Debug, Default)]
pub struct Inputs {
    /// Every file.
    pub trace: Trace,
    /// Files of the names of those that are missing, below the folder of the scene.
    pub places: Places,
    /// Files that were changed after the scene was saved, each with the number of what names it in [`Trace::dependencies`].
    pub newer: Vec<(usize, PathBuf)>,
}

impl Inputs {
    /// Follows the scene's paths, and looks for what is missing below its folder; of sequences, only what these frames
    /// show is needed. Blocks.
    ///
    /// # Errors
    ///
    /// Where the file itself cannot be read; all that is wrong further on is a finding.
    pub fn look(file: &BlendFile, frames: &FrameSet) -> Result<Self, BlendError> {
        let trace = trace::trace_opened(file, Some(frames), &Progress::default())?;
        let blend_path = file.path();
        let missing = trace
            .files
            .iter()
            .filter(|file| file.missing && file.found_as.is_none());
        let names: Vec<String> = missing.filter_map(|file| file_name(&file.path)).collect();
        let places = blend_path.parent().map(|folder| search(&names, folder));
        let newer = newer(&trace, blend_path);
        Ok(Self {
            trace,
            places: places.unwrap_or_default(),
            newer,
        })
    }

    /// The .blend file.
    pub(super) fn scene(&self) -> &Path {
        let file = self.trace.files.first();
        file.map_or(Path::new(""), |file| &file.path)
    }

    /// All that rendering reads, packed things left out.
    pub(super) fn read(&self) -> impl Iterator<Item = &TracedDependency> {
        let all = self.trace.dependencies.iter();
        all.filter(|found| found.dependency.role != Role::Output && !found.dependency.is_packed)
    }

    /// Whether any file of a dependency is there.
    pub(super) fn is_there(&self, found: &TracedDependency) -> bool {
        let mut files = found
            .files
            .iter()
            .filter_map(|index| self.trace.files.get(*index));
        files.any(|file| !file.missing)
    }
}

/// What a scene shows may not be what the artist saw, where it was changed after the last save.
fn newer(trace: &Trace, blend_path: &Path) -> Vec<(usize, PathBuf)> {
    let changed = |path: &Path| fs::metadata(path).and_then(|file| file.modified()).ok();
    let Some(saved) = changed(blend_path) else {
        return Vec::new();
    };
    let mut known: HashMap<usize, Option<SystemTime>> = HashMap::new();
    let mut found = Vec::new();
    for (number, dependency) in trace.dependencies.iter().enumerate() {
        if dependency.dependency.role != Role::Input || !dependency.dependency.is_used {
            continue;
        }
        for index in &dependency.files {
            let Some(file) = trace.files.get(*index).filter(|file| !file.missing) else {
                continue;
            };
            let is_new = !known.contains_key(index);
            let time = known.entry(*index).or_insert_with(|| changed(&file.path));
            if is_new && time.is_some_and(|time| time > saved + SAME_TIME) {
                found.push((number, file.path.clone()));
            }
        }
    }
    found
}
