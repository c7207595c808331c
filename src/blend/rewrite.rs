// SPDX-License-Identifier: Apache-2.0
//! A copy of a .blend file with other paths in it, and everything else as it was.
//!
//! Blocks are found by the addresses that they had in memory, never by their place in the file, so that the text behind a
//! pointer may become longer or shorter; text in a field of fixed size has the room that it has. The copy is packed as
//! the file is, and the same input makes the same bytes. Parts that zstd packed and nothing changes in are copied as
//! they are.

mod edits;
mod error;
mod sink;

use std::io;
use std::path::Path;

use super::dependencies::{DependencyKind, Role};
use super::error::BlendError;
use super::file::BlendFile;
use edits::{Edit, Patch};
use sink::Sink;

pub use error::RewriteError;

/// Bytes that are read, and packed, at a time; as Blender does it.
const PIECE: u64 = 1024 * 1024;

/// A path of a file, as it is shown to whoever chooses another.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct PathSeen<'a> {
    /// The structure that holds it, as in [`PATH_FIELDS`](super::dependencies::PATH_FIELDS).
    pub structure: &'static str,
    /// Its field. The folder of a strip is a path of its own: field `dir` of `Strip`. Custom properties, and what a
    /// modifier hands to its geometry nodes, are `data.pointer` of `IDProperty`, where they look like paths.
    pub field: &'static str,
    /// What the path is for.
    pub kind: DependencyKind,
    /// Which way the bytes go.
    pub role: Role,
    /// The path as it is stored, in whatever encoding; never empty.
    pub stored: &'a [u8],
    /// Where it lies in the unpacked file, as in [`Place`](super::dependencies::Place).
    pub position: u64,
}

/// What was rewritten.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rewritten {
    /// Paths that were shown.
    pub seen: usize,
    /// Paths that were replaced by others.
    pub replaced: usize,
    /// Bytes of the copy.
    pub size_bytes: u64,
}

/// Writes a copy of `source` to `target` in which each path that `choose` answers another for is that other. Every path
/// of the file is shown, whether a scene uses it or not; none means that it stays.
///
/// The copy is written under a temporary name beside `target`, flushed and renamed, and has the permissions of
/// `source`, which is only read.
///
/// # Errors
///
/// Where the file can't be read or the copy can't be written, and where a new path has no room.
pub fn rewrite(
    source: &Path,
    target: &Path,
    choose: &mut dyn FnMut(&PathSeen<'_>) -> Option<Vec<u8>>,
) -> Result<Rewritten, RewriteError> {
    if is_same(source, target) {
        return Err(RewriteError::SameFile {
            path: target.to_owned(),
        });
    }
    let file = BlendFile::open(source)?;
    let Patch { edits, mut done } = edits::collect(&file, choose)?;
    let failed = |source| RewriteError::Write {
        path: target.to_owned(),
        source,
    };
    let folder = target
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    let mut temporary = tempfile::Builder::new()
        .prefix(".farmhand-")
        .suffix(".tmp")
        .tempfile_in(folder)
        .map_err(failed)?;
    let mut sink = Sink::new(temporary.as_file_mut(), file.compression());
    copy(&file, &edits, &mut sink).map_err(|trouble| match trouble {
        Trouble::Read(error) => error.into(),
        Trouble::Write(error) => failed(error),
    })?;
    sink.finish().map_err(failed)?;
    let written = || {
        // A file that only its owner may read is of no use to workers.
        let permissions = source.metadata()?.permissions();
        temporary.as_file().set_permissions(permissions)?;
        temporary.as_file().sync_all()?;
        temporary.as_file().metadata()
    };
    done.size_bytes = written().map_err(failed)?.len();
    temporary
        .persist(target)
        .map_err(|error| failed(error.error))?;
    Ok(done)
}

fn is_same(source: &Path, target: &Path) -> bool {
    match (source.canonicalize(), target.canonicalize()) {
        (Ok(source), Ok(target)) => source == target,
        _ => false,
    }
}

enum Trouble {
    Read(BlendError),
    Write(io::Error),
}

/// Copies the unpacked file piece by piece, edits in their places.
fn copy(file: &BlendFile, edits: &[Edit], sink: &mut Sink<'_>) -> Result<(), Trouble> {
    let pieces = file.pieces(PIECE);
    let mut edits = edits.iter().peekable();
    // Where the last edit ended, which may be in a later piece than where it began.
    let mut from = 0;
    let mut bytes = Vec::new();
    for piece in &pieces {
        let end = piece.start + piece.length;
        let untouched = from <= piece.start && edits.peek().is_none_or(|edit| edit.start >= end);
        if untouched && let Some(packed) = file.packed(piece).map_err(Trouble::Read)? {
            sink.copy_packed(&packed, piece.length)
                .map_err(Trouble::Write)?;
            continue;
        }
        bytes.clear();
        from = from.max(piece.start);
        while let Some(edit) = edits.next_if(|edit| edit.start < end) {
            file.append(from, edit.start, &mut bytes)
                .map_err(Trouble::Read)?;
            bytes.extend_from_slice(&edit.bytes);
            from = edit.end;
        }
        if from < end {
            file.append(from, end, &mut bytes).map_err(Trouble::Read)?;
            from = end;
        }
        sink.write(&bytes).map_err(Trouble::Write)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
