// SPDX-License-Identifier: Apache-2.0
//! The token that every request must bring: whoever has it can make this computer run a job.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;

use sha2::{Digest as _, Sha256};

use super::LocalError;

/// Makes a new token and writes it to a file that only this user can read.
pub fn make(path: &Path) -> Result<String, LocalError> {
    let token = new_token();
    let folder = path.parent().unwrap_or(path);
    std::fs::create_dir_all(folder).map_err(LocalError::file(folder))?;
    // A file of an earlier server may have been opened up: it is replaced, never written into.
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(LocalError::file(path)(error));
        }
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let written = options
        .open(path)
        .and_then(|mut file| file.write_all(token.as_bytes()));
    written.map_err(LocalError::file(path))?;
    Ok(token)
}

/// Reads the token of the server that runs.
pub fn read(path: &Path) -> Result<String, LocalError> {
    let text = std::fs::read_to_string(path).map_err(LocalError::file(path))?;
    Ok(text.trim().to_owned())
}

/// 32 random bytes in hexadecimal digits. Three random UUIDs hold 366 random bits; the digest spreads them.
fn new_token() -> String {
    let drawn: [uuid::Uuid; 3] = std::array::from_fn(|_| uuid::Uuid::new_v4());
    let mut hash = Sha256::new();
    for part in drawn {
        hash.update(part.as_bytes());
    }
    hash.finalize()
        .iter()
        .fold(String::new(), |text, byte| format!("{text}{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_new_each_time_and_readable_by_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state").join("token");
        let first = make(&path).unwrap();
        let second = make(&path).unwrap();
        assert_ne!(first, second);
        assert_eq!(second.len(), 64);
        assert_eq!(read(&path).unwrap(), second);
        #[cfg(unix)]
        {
            let mode =
                std::os::unix::fs::PermissionsExt::mode(&path.metadata().unwrap().permissions());
            assert_eq!(mode & 0o777, 0o600);
        }
    }
}
