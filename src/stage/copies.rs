// SPDX-License-Identifier: Apache-2.0
//! .blend files written once more, with paths that workers understand.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::StageError;
use super::share::platform_of;
use super::site::Site;
use crate::blend::{PathForm, PathSeen, Role, StoredPath, rewrite};
use crate::trace;

/// A .blend file that is written once more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copy {
    /// The artist's file.
    pub source: PathBuf,
    /// Where the copy goes, on this computer.
    pub target: PathBuf,
    /// All files that are written once more, and where each goes.
    pub(super) targets: Arc<HashMap<PathBuf, PathBuf>>,
    /// Paths in which `//` is not the file's own folder: where it leads in the file, and where in the copy.
    pub(super) bases: HashMap<u64, (PathBuf, PathBuf)>,
}

/// Writes the copies. What was written until an error stays, for whoever clears the folder away.
pub fn write_copies(copies: &[Copy], site: &Site) -> Result<(), StageError> {
    for copy in copies {
        let folder = copy.target.parent().unwrap_or(Path::new(""));
        fs::create_dir_all(folder).map_err(|source| StageError::Folder {
            path: folder.to_owned(),
            source,
        })?;
        rewrite(&copy.source, &copy.target, &mut |seen| {
            copy.choose(seen, site)
        })?;
    }
    Ok(())
}

impl Copy {
    /// The path that takes another's place in the copy; none where it stays.
    ///
    /// Where the copy lies in the same folder of the farm as what a path leads to, the new path is relative: that holds on
    /// workers of every platform. Outputs relative to the scene stay: the renderer puts them below the artist's folder.
    fn choose(&self, seen: &PathSeen<'_>, site: &Site) -> Option<Vec<u8>> {
        let parent = |path: &Path| path.parent().unwrap_or(Path::new("")).to_path_buf();
        let (from, to) = match self.bases.get(&seen.position) {
            Some(bases) => bases.clone(),
            None => (parent(&self.source), parent(&self.target)),
        };
        let stored = StoredPath::new(seen.stored);
        let written_on = platform_of(&stored, site.here);
        if stored.form() == PathForm::Bare {
            return None;
        }
        if let Some(written_on) = written_on.filter(|platform| !platform.is_like(site.here)) {
            // Where it leads on this computer is not known.
            return Some(site.moved(&stored.to_text(), written_on)?.into_bytes());
        }
        let leads = trace::resolve(&stored, &from)?;
        let moved = self.targets.get(&leads);
        let stays = match written_on {
            Some(written_on) => !site.differs(&stored.to_text(), written_on),
            None => from == to || seen.role == Role::Output,
        };
        if stays && moved.is_none() {
            return None;
        }
        let mut leads = moved.unwrap_or(&leads).to_str()?.to_owned();
        if seen.stored.ends_with(b"/") || seen.stored.ends_with(b"\\") {
            leads.push('/');
        }
        // An output's `//` would be the artist's folder.
        let relative = (seen.role != Role::Output)
            .then(|| site.relative(to.to_str()?, &leads))
            .flatten();
        let new = match relative {
            Some(relative) => relative,
            None => site.mapped(&leads).ok()??.path,
        };
        Some(new.into_bytes())
    }
}
