// SPDX-License-Identifier: Apache-2.0
//! The job's own folder beside the output: `<storage>/.farmhand/<submission id>/` (`docs/lanes.md`).

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use super::error::JobError;

/// The folder below a job's storage that holds all of Farmhand's files.
pub const STATE_FOLDER: &str = ".farmhand";
/// The job description's file.
pub const JOB_FILE: &str = "job.json";
/// The renderer's file.
pub const RENDERER_FILE: &str = "render.py";

/// A staging folder that is taken back unless it is kept.
#[derive(Debug)]
pub struct Staged {
    folder: PathBuf,
    storage: PathBuf,
    kept: bool,
}

/// The staging folder of a submission.
pub fn folder(storage: &Path, submission_id: &str) -> PathBuf {
    storage.join(STATE_FOLDER).join(submission_id)
}

/// Makes the folder, then writes the job description, which may look at what it put there itself, and the renderer.
pub fn stage(
    storage: &Path,
    submission_id: &str,
    renderer: &[u8],
    describe: impl FnOnce() -> Result<Vec<u8>, JobError>,
) -> Result<Staged, JobError> {
    let folder = folder(storage, submission_id);
    // From here on whatever was made is taken back when something fails.
    let staged = Staged {
        folder: folder.clone(),
        storage: storage.to_owned(),
        kept: false,
    };
    fs::create_dir_all(&folder).map_err(JobError::staging(&folder))?;
    write_whole(&folder.join(JOB_FILE), &describe()?)?;
    write_whole(&folder.join(RENDERER_FILE), renderer)?;
    Ok(staged)
}

impl Staged {
    /// The job is on the farm: its files stay.
    pub fn keep(mut self) {
        self.kept = true;
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if self.kept {
            return;
        }
        // Best effort: what cannot be taken back is a few kilobytes in a hidden folder.
        let _ = fs::remove_dir_all(&self.folder);
        // These go only where they are empty, that is, where this submission made them or nobody needs them.
        let _ = fs::remove_dir(self.storage.join(STATE_FOLDER));
        let _ = fs::remove_dir(&self.storage);
    }
}

/// Written under a temporary name, flushed, renamed: nobody ever reads half a file.
fn write_whole(path: &Path, content: &[u8]) -> Result<(), JobError> {
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let temporary = path.with_file_name(format!(".{name}.tmp"));
    let write = || {
        let mut file = fs::File::create(&temporary)?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&temporary, path)
    };
    write().map_err(JobError::staging(path))
}

/// Whether files can be made in a folder, or in the nearest folder above it that is there. Leaves nothing behind.
pub fn is_writable(folder: &Path) -> std::io::Result<()> {
    let there = folder
        .ancestors()
        .find(|path| path.symlink_metadata().is_ok())
        .unwrap_or(folder);
    tempfile::Builder::new()
        .prefix(".farmhand-")
        .tempfile_in(there)
        .map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_staged_is_taken_back_unless_it_is_kept() {
        let home = tempfile::tempdir().unwrap();
        let storage = home.path().join("frames");
        drop(stage(&storage, "aa", b"pass", || Ok(b"{}".to_vec())).unwrap());
        assert!(!storage.exists());
        stage(&storage, "bb", b"pass", || Ok(b"{}".to_vec()))
            .unwrap()
            .keep();
        assert_eq!(
            fs::read(folder(&storage, "bb").join(JOB_FILE)).unwrap(),
            b"{}"
        );
        drop(stage(&storage, "cc", b"pass", || Ok(b"{}".to_vec())).unwrap());
        assert!(
            folder(&storage, "bb").exists(),
            "another submission's files are not touched"
        );
        assert!(!folder(&storage, "cc").exists());
    }

    #[test]
    fn a_folder_below_a_file_cannot_be_written_to() {
        let home = tempfile::tempdir().unwrap();
        fs::write(home.path().join("file"), "").unwrap();
        assert!(is_writable(&home.path().join("file").join("frames")).is_err());
        assert!(is_writable(&home.path().join("new").join("frames")).is_ok());
        assert_eq!(
            fs::read_dir(home.path()).unwrap().count(),
            1,
            "looking leaves nothing behind"
        );
        let error = stage(&home.path().join("file"), "aa", b"pass", || {
            Ok(b"{}".to_vec())
        })
        .unwrap_err();
        assert!(
            error.to_string().contains("choose another output folder"),
            "{error}"
        );
    }
}
