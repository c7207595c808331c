// SPDX-License-Identifier: Apache-2.0
//! The note that a server leaves about itself, and the lock that it holds as long as it lives.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::LocalError;
use super::state::FarmFiles;

/// What a server writes down so that others find it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerNote {
    /// Its process.
    pub pid: u32,
    /// Its address.
    pub url: String,
    /// Its port of 127.0.0.1.
    pub port: u16,
    /// Farmhand's version.
    pub version: String,
    /// When it started, in seconds since 1970.
    pub started_unix_secs: u64,
    /// Where its token lies.
    pub token_file: PathBuf,
}

impl ServerNote {
    /// The note that lies there; `None` where there is none, or none that can be read.
    pub fn read(files: &FarmFiles) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(files.note_path()).ok()?).ok()
    }

    /// Puts the note in place, whole or not at all.
    pub fn write(&self, files: &FarmFiles) -> Result<(), LocalError> {
        let path = files.note_path();
        let text = serde_json::to_vec_pretty(self).unwrap_or_default();
        let written = tempfile::NamedTempFile::new_in(&files.state_dir)
            .and_then(|file| std::fs::write(file.path(), text).map(|()| file))
            .and_then(|file| file.persist(&path).map_err(|error| error.error));
        written.map(|_| ()).map_err(LocalError::file(path))
    }
}

/// Takes the lock that only one server holds; `None` where another process holds it. The system lets go of it when the
/// process ends, however it ends.
pub fn try_lock(path: &Path) -> Result<Option<File>, LocalError> {
    let folder = path.parent().unwrap_or(path);
    std::fs::create_dir_all(folder).map_err(LocalError::file(folder))?;
    let file = File::options()
        .create(true)
        .append(true)
        .open(path)
        .map_err(LocalError::file(path))?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(source)) => Err(LocalError::file(path)(source)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_holds_the_lock_and_its_end_frees_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state").join("server.lock");
        let held = try_lock(&path).unwrap();
        assert!(held.is_some());
        assert!(try_lock(&path).unwrap().is_none());
        drop(held);
        assert!(try_lock(&path).unwrap().is_some());
    }
}
