// SPDX-License-Identifier: Apache-2.0
//! What a deleted job leaves on the disk: its own folders go, its frames stay.

use std::io::{Error, ErrorKind};
use std::path::{Path, PathBuf};

use super::files::{FARMHAND_DIR, is_submission_id, staging_dir, state_dir};

/// A job that is deleted, and where its folders lie.
#[derive(Clone, Copy, Debug)]
pub struct Leftovers<'a> {
    /// The local folder that holds them.
    pub storage: &'a Path,
    /// Its submission id.
    pub submission_id: &'a str,
    /// The farm's id of it.
    pub job_id: &'a str,
    /// Whether another job has the same submission id, and needs what was staged.
    pub is_shared: bool,
    /// What must stay: a folder that holds one of these is left.
    pub kept: &'a [&'a Path],
}

impl Leftovers<'_> {
    /// Removes the state folder and the staging folder of a job that nobody renders any more, and the folder that held them
    /// where it is empty then. Answers what cannot be removed.
    pub fn remove(&self) -> Vec<(PathBuf, Error)> {
        let has_own_names =
            is_submission_id(self.submission_id) && uuid::Uuid::parse_str(self.job_id).is_ok();
        let holder = self.storage.join(FARMHAND_DIR);
        // Behind a link lies somebody else's folder.
        if !self.storage.is_absolute() || !has_own_names || !is_folder(&holder) {
            return Vec::new();
        }
        let state_dir = state_dir(self.storage, self.submission_id, self.job_id);
        let staging_dir = staging_dir(self.storage, self.submission_id);
        let staged = (!self.is_shared).then_some(staging_dir);
        let left = [Some(state_dir), staged]
            .into_iter()
            .flatten()
            .filter_map(|folder| self.remove_folder(folder))
            .collect();
        // Goes only where it is empty.
        let _ = std::fs::remove_dir(&holder);
        left
    }

    fn remove_folder(&self, folder: PathBuf) -> Option<(PathBuf, Error)> {
        let holds_more = self.kept.iter().any(|path| path.starts_with(&folder));
        if holds_more || !is_folder(&folder) {
            return None;
        }
        let error = std::fs::remove_dir_all(&folder).err()?;
        (error.kind() != ErrorKind::NotFound).then_some((folder, error))
    }
}

/// A link is none, wherever it leads.
fn is_folder(path: &Path) -> bool {
    path.symlink_metadata()
        .is_ok_and(|metadata| metadata.is_dir())
}
