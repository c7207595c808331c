// SPDX-License-Identifier: Apache-2.0
//! What can go wrong with the files of a state folder.

use std::path::{Path, PathBuf};

/// Why a job description or a state folder could not be used.
///
/// A claim, record or failed file that cannot be read is no error: the rules say what it means (`docs/lanes.md`).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LanesError {
    /// A file could not be read.
    #[error("cannot read a file of the job; check that the folder is mounted and readable: {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A file could not be written.
    #[error("cannot write a file of the job; check free space and permissions: {path}")]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A job description is no JSON of the known shape.
    #[error("the job description is damaged; send the job again: {path}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, and where.
        source: serde_json::Error,
    },
    /// A job description was written by another version of Farmhand.
    #[error(
        "the job description has format {found}, this version of Farmhand knows {known}; use the version that sent it, or send the job again: {path}"
    )]
    Format {
        /// The file.
        path: PathBuf,
        /// The format that it declares.
        found: u32,
        /// The format that this version reads.
        known: u32,
    },
}

impl LanesError {
    /// For `map_err` on reads of `path`.
    pub(crate) fn read(path: &Path) -> impl FnOnce(std::io::Error) -> Self + '_ {
        move |source| Self::Read {
            path: path.to_owned(),
            source,
        }
    }

    /// For `map_err` on writes of `path`.
    pub(crate) fn write(path: &Path) -> impl FnOnce(std::io::Error) -> Self + '_ {
        move |source| Self::Write {
            path: path.to_owned(),
            source,
        }
    }
}
