// SPDX-License-Identifier: Apache-2.0
//! Paths as Blender stores them.

use std::path::{Component, Path};

/// A path as it is stored in a file that lies in `folder`: behind `//`, where there is a way from there; else absolute.
pub(super) fn relative(path: &Path, folder: &Path) -> Vec<u8> {
    let (mut there, mut here) = (path.components().peekable(), folder.components().peekable());
    let mut shared = 0;
    while there.peek().is_some() && there.peek() == here.peek() {
        there.next();
        here.next();
        shared += 1;
    }
    // Two drives, or a path of another system.
    if shared == 0 {
        return bytes(path);
    }
    let ups = here.filter(|part| matches!(part, Component::Normal(_)));
    let mut stored = b"//".to_vec();
    stored.extend(ups.flat_map(|_| *b"../"));
    for (number, part) in there.enumerate() {
        if number > 0 {
            stored.push(b'/');
        }
        stored.extend(bytes(Path::new(part.as_os_str())));
    }
    stored
}

/// A path's bytes.
#[cfg(unix)]
pub(super) fn bytes(path: &Path) -> Vec<u8> {
    use std::os::unix::ffi::OsStrExt;
    path.as_os_str().as_bytes().to_vec()
}

/// A path's text, which Blender stores as UTF-8.
#[cfg(not(unix))]
pub(super) fn bytes(path: &Path) -> Vec<u8> {
    path.to_string_lossy().into_owned().into_bytes()
}
