// SPDX-License-Identifier: Apache-2.0
//! Secrets in files that their user alone can read.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use super::Dirs;

/// Why a file with a secret cannot be used, or written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SecretError {
    /// The system refuses.
    #[error("the secret cannot be read or written: {}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Others can read it.
    #[error(
        "others on this computer can read the secret (its mode is {mode:03o}); take it from them with chmod 600, and have \
         it issued anew if they may have seen it: {}",
        path.display()
    )]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its mode, as chmod takes it.
        mode: u32,
    },
    /// It holds nothing.
    #[error("there is no secret in the file; write it there: {}", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
    },
}

/// The secret that a file holds; white space around it is dropped.
///
/// # Errors
/// [`SecretError::Exposed`] where others than its user can read it; on Windows that is left to the folder's own rules.
pub fn read_secret(path: &Path) -> Result<String, SecretError> {
    let trouble = |source| SecretError::File {
        path: path.to_owned(),
        source,
    };
    let mut file = File::open(path).map_err(trouble)?;
    if let Some(mode) = shared_mode(&file.metadata().map_err(trouble)?) {
        let path = path.to_owned();
        return Err(SecretError::Exposed { path, mode });
    }
    let mut text = String::new();
    file.read_to_string(&mut text).map_err(trouble)?;
    let secret = text.trim();
    if secret.is_empty() {
        let path = path.to_owned();
        return Err(SecretError::Empty { path });
    }
    Ok(secret.to_owned())
}

/// The file that keeps the secret of the farm of that name.
pub fn secret_file(dirs: &Dirs, farm: &str) -> PathBuf {
    dirs.config.join("tokens").join(farm)
}

/// Keeps a secret for the farm of that name, and says where.
pub fn write_secret(dirs: &Dirs, farm: &str, secret: &str) -> Result<PathBuf, SecretError> {
    let path = secret_file(dirs, farm);
    write_private(&path, secret.trim().as_bytes()).map_err(|source| SecretError::File {
        path: path.clone(),
        source,
    })?;
    Ok(path)
}

/// Writes a file that its user alone can read, whole or not at all; its folder is made where there is none.
pub(super) fn write_private(path: &Path, content: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder)?;
    // Such a file is its user's alone from the beginning.
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(content)?;
    file.as_file().sync_all()?;
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// The mode of a file that others than its user can read.
pub(super) fn shared_mode(metadata: &fs::Metadata) -> Option<u32> {
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(&metadata.permissions()) & 0o777;
        (mode & 0o077 != 0).then_some(mode)
    }
    #[cfg(not(unix))]
    {
        let _ = metadata;
        None
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_secret_is_its_users_alone_and_refused_where_it_is_not() {
        let home = tempfile::tempdir().unwrap();
        let dirs = Dirs::below(home.path());
        let path = write_secret(&dirs, "studio", " hunter2\n").unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(read_secret(&path).unwrap(), "hunter2");

        for shared in [0o640, 0o604, 0o666] {
            fs::set_permissions(&path, fs::Permissions::from_mode(shared)).unwrap();
            let error = read_secret(&path).unwrap_err().to_string();
            assert!(error.contains("chmod 600"), "{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
        write_secret(&dirs, "studio", "").unwrap();
        assert!(matches!(read_secret(&path), Err(SecretError::Empty { .. })));
        assert!(matches!(
            read_secret(&dirs.config.join("absent")),
            Err(SecretError::File { .. })
        ));
    }
}
