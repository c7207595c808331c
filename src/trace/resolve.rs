// SPDX-License-Identifier: Apache-2.0
//! From paths as they are stored to paths of this computer.

use std::path::{Component, Path, PathBuf};

use crate::blend::{PathForm, StoredPath};

/// Where a stored path leads on this computer, `//` being `folder`. None where it has a form of another platform.
pub fn resolve(stored: &StoredPath, folder: &Path) -> Option<PathBuf> {
    let bytes = stored.as_bytes();
    let path = match stored.form() {
        // Blender reads backslashes as slashes in what is relative, wherever it was saved.
        PathForm::Relative => {
            let rest = bytes.get(2..).unwrap_or_default();
            let rest: Vec<u8> = rest
                .iter()
                .map(|byte| if *byte == b'\\' { b'/' } else { *byte })
                .collect();
            folder.join(native(trim_slashes(&rest)))
        }
        PathForm::Absolute => native(bytes),
        PathForm::Windows | PathForm::Unc if cfg!(windows) => native(bytes),
        PathForm::Windows | PathForm::Unc => return None,
        PathForm::Bare => folder.join(native(bytes)),
    };
    Some(normalize(&path))
}

/// The path with the current folder before it, where it is relative.
pub(super) fn absolute(path: &Path) -> PathBuf {
    normalize(&std::path::absolute(path).unwrap_or_else(|_| path.to_owned()))
}

/// Without `.` and `..`, as Blender does it: by the words alone.
fn normalize(path: &Path) -> PathBuf {
    let mut normal = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                // Above the root there is nothing.
                if normal.file_name().is_some() {
                    normal.pop();
                } else if !normal.has_root() {
                    normal.push("..");
                }
            }
            part => normal.push(part),
        }
    }
    normal
}

/// What follows `//` is below the folder, even where more slashes follow.
fn trim_slashes(bytes: &[u8]) -> &[u8] {
    let start = bytes.iter().position(|byte| *byte != b'/');
    bytes
        .get(start.unwrap_or(bytes.len())..)
        .unwrap_or_default()
}

#[cfg(unix)]
fn native(bytes: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    PathBuf::from(std::ffi::OsStr::from_bytes(bytes))
}

#[cfg(not(unix))]
fn native(bytes: &[u8]) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(bytes).into_owned())
}
