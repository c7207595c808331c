// SPDX-License-Identifier: Apache-2.0
//! Why a file could not be brought home.

use std::path::PathBuf;

use crate::farm::FarmError;

/// Why a file could not be brought home.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// The farm says no, or is away.
    #[error(transparent)]
    Farm(#[from] FarmError),
    /// The farm has no companion that hands out files.
    #[error(
        "this farm hands out no files; its operator runs farmhand companion beside the Manager, or take the frames from the share: {url}"
    )]
    NoCompanion {
        /// The farm's address.
        url: String,
    },
    /// A file would lie outside of the folder.
    #[error(
        "the farm names a file that would lie outside of the folder, and it is left where it is: {path:?}"
    )]
    Outside {
        /// The path as the farm gave it.
        path: String,
    },
    /// A file could not be written here.
    #[error("the file cannot be written; check permissions and free space, then fetch again: {}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// What came is not what the farm has.
    #[error("the file came damaged twice, and is left out; look at the network and at the share: {}", path.display())]
    Damaged {
        /// Where it would have been.
        path: PathBuf,
    },
}

impl FetchError {
    /// For `map_err` on a file.
    pub(super) fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::File { path, source }
    }
}
