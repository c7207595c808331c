// SPDX-License-Identifier: Apache-2.0
//! Why a .blend file could not be rewritten.

use std::io;
use std::path::PathBuf;

use crate::blend::BlendError;

/// Why a .blend file could not be rewritten. Nothing is left behind then.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RewriteError {
    /// The file could not be read.
    #[error(transparent)]
    Blend(#[from] BlendError),
    /// The copy and the file are the same.
    #[error("a rewritten file has to lie elsewhere than the file itself; choose another path for it: {}", path.display())]
    SameFile {
        /// The file.
        path: PathBuf,
    },
    /// The new path has no room in its field.
    #[error(
        "the new path {replacement} of {structure}.{field} is too long by {excess_bytes} bytes: the field has room for \
         {room_bytes}; use a shorter folder: {}",
        path.display()
    )]
    TooLong {
        /// The file.
        path: PathBuf,
        /// The structure that holds the path.
        structure: &'static str,
        /// Its field.
        field: &'static str,
        /// The path that has no room.
        replacement: String,
        /// How many bytes there are too many.
        excess_bytes: usize,
        /// How many bytes a path in this field can have.
        room_bytes: usize,
    },
    /// The new path ends before its end.
    #[error(
        "the new path {replacement:?} of {structure}.{field} holds a zero, which no path can; choose another: {}",
        path.display()
    )]
    Zero {
        /// The file.
        path: PathBuf,
        /// The structure that holds the path.
        structure: &'static str,
        /// Its field.
        field: &'static str,
        /// The path with the zero.
        replacement: String,
    },
    /// The copy could not be written.
    #[error("the rewritten file can't be written ({source}); make room, or look at its folder's permissions: {}", path.display())]
    Write {
        /// The copy.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}
