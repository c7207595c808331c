// SPDX-License-Identifier: Apache-2.0
//! Why the local farm could not be started, asked or stopped.

use std::path::PathBuf;

use super::blender::BlenderError;
use super::store::StoreError;
use crate::config::ConfigError;

/// Why the local farm could not be started, asked or stopped.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LocalError {
    /// There is no place for its files.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The queue cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No Blender can be used.
    #[error(transparent)]
    Blender(#[from] BlenderError),
    /// A file of its own could not be read or written.
    #[error("the local farm cannot use one of its files; check permissions and free space: {}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Another one holds the lock.
    #[error("a local farm runs already; its note lies here: {}", note_path.display())]
    AlreadyRunning {
        /// The note about it.
        note_path: PathBuf,
    },
    /// The port cannot be had.
    #[error(
        "the local farm cannot listen on 127.0.0.1:{port}; leave the port out to take a free one"
    )]
    Listen {
        /// The port asked for; 0 stands for any.
        port: u16,
        /// What the system said.
        source: std::io::Error,
    },
    /// The program that should become the server could not be started.
    #[error("the local farm cannot be started with this program: {}", program.display())]
    Spawn {
        /// The program.
        program: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// It ended at once, or did not answer in time.
    #[error("the local farm did not start: {reason}; its log lies here: {}", log_path.display())]
    NotStarted {
        /// Its last words, or how long was waited.
        reason: String,
        /// Its log.
        log_path: PathBuf,
    },
    /// It runs, but its answer was not understood.
    #[error(
        "the local farm (process {pid}) does not answer; end that process and start again: {url}"
    )]
    NoAnswer {
        /// Its process.
        pid: u32,
        /// Its address.
        url: String,
    },
    /// It did not end.
    #[error(
        "the local farm (process {pid}) has not ended after {waited_secs} s; end that process by hand"
    )]
    NotStopped {
        /// Its process.
        pid: u32,
        /// How long was waited.
        waited_secs: u64,
    },
    /// Serving failed.
    #[error("the local farm stopped serving")]
    Serve(#[source] std::io::Error),
}

impl LocalError {
    /// For `map_err` on a file of the local farm.
    pub(crate) fn file(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        |source| Self::File { path, source }
    }
}
