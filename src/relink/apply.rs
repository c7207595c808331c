// SPDX-License-Identifier: Apache-2.0
//! Writes the copy, or puts it in the scene's place.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::plan::Plan;
use crate::blend::{RewriteError, rewrite};

/// Where the scene with its new paths goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Into a file that is not there yet.
    Copy(PathBuf),
    /// Into the scene's own place; what was there is kept beside it, with a `1` behind its name.
    InPlace,
}

/// Why a scene could not be given other paths. It is as it was then.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RelinkError {
    /// The copy could not be made.
    #[error(transparent)]
    Rewrite(#[from] RewriteError),
    /// Something is there already.
    #[error("there is a file already; choose another name for the copy: {}", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The scene could not be kept beside, or replaced.
    #[error("the scene could not be replaced ({source}); write a copy elsewhere instead: {}", path.display())]
    Replace {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Writes the scene with the paths of the plan, and returns where it lies.
///
/// # Errors
///
/// Where the scene cannot be read, a path has no room, the copy is there already or cannot be written.
pub fn apply(scene: &Path, plan: &Plan, target: &Target) -> Result<PathBuf, RelinkError> {
    match target {
        Target::Copy(path) => {
            if path.symlink_metadata().is_ok() {
                return Err(RelinkError::Exists { path: path.clone() });
            }
            write(scene, path, plan)?;
            Ok(path.clone())
        }
        Target::InPlace => {
            replace(scene, plan)?;
            Ok(scene.to_owned())
        }
    }
}

fn write(scene: &Path, target: &Path, plan: &Plan) -> Result<(), RewriteError> {
    rewrite(scene, target, &mut |seen| {
        plan.edits.get(&seen.position).cloned()
    })?;
    Ok(())
}

/// At every moment there is a whole file under the scene's name.
fn replace(scene: &Path, plan: &Plan) -> Result<(), RelinkError> {
    let failed = |source| RelinkError::Replace {
        path: scene.to_owned(),
        source,
    };
    let folder = scene.parent().unwrap_or(Path::new(""));
    let room = tempfile::Builder::new()
        .prefix(".farmhand-")
        .tempdir_in(folder)
        .map_err(failed)?;
    let made = room.path().join("made.blend");
    write(scene, &made, plan)?;
    let kept = room.path().join("kept.blend");
    // Where the disk knows no second names, the scene is copied.
    if fs::hard_link(scene, &kept).is_err() {
        fs::copy(scene, &kept).map_err(failed)?;
    }
    let mut backup = scene.as_os_str().to_owned();
    backup.push("1");
    fs::rename(&kept, PathBuf::from(backup)).map_err(failed)?;
    fs::rename(&made, scene).map_err(failed)
}
