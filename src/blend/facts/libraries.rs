// SPDX-License-Identifier: Apache-2.0
//! The libraries that a file links from, and the Blenders that saved them.

use std::fs::File;
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::blend::compression::Source;
use crate::blend::error::{BlendError, Fault};
use crate::blend::file::BlendFile;
use crate::blend::header::{Header, MAX_LENGTH};

/// A file that data-blocks are linked from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Library {
    /// Its path as it is stored: with `//`.
    pub path: String,
    /// The Blender that saved it, as in [`BlendFacts`](super::BlendFacts); none where the file can't be read.
    pub blender_version: Option<u32>,
}

/// The libraries of a file that aren't packed into it; those that they link from themselves are among them.
pub(super) fn libraries(file: &BlendFile) -> Result<Vec<Library>, BlendError> {
    let mut found = Vec::new();
    for library in file.items("LI")? {
        let inside = ["packedfile", "archive_parent_library"];
        if inside.iter().any(|field| library.pointer(field).is_some()) {
            continue;
        }
        // Renamed in the sources, not in the files, until now.
        let stored = match library.text("name")? {
            Some(path) => path,
            None => library.text("filepath")?.unwrap_or_default(),
        };
        let blender_version = local_path(file, &stored)
            .and_then(|path| header_of(&path).ok())
            .map(|header| header.blender_version);
        found.push(Library {
            path: stored,
            blender_version,
        });
    }
    Ok(found)
}

/// Where a stored path leads on this computer, `//` resolved.
pub(super) fn local_path(file: &BlendFile, stored: &str) -> Option<PathBuf> {
    match stored.strip_prefix("//") {
        Some(relative) => {
            let folder = file.path().parent().unwrap_or(Path::new(""));
            let mut path = folder.to_owned();
            path.extend(relative.split(['/', '\\']));
            Some(path)
        }
        None => (!stored.is_empty()).then(|| PathBuf::from(stored)),
    }
}

fn header_of(path: &Path) -> Result<Header, Fault> {
    let (mut source, _) = Source::open(File::open(path)?)?;
    let length = usize::try_from(source.length()).unwrap_or(MAX_LENGTH);
    let mut head = vec![0; length.min(MAX_LENGTH)];
    source.read_at(0, &mut head)?;
    Header::parse(&head)
}
