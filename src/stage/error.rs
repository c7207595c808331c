// SPDX-License-Identifier: Apache-2.0
//! Why files could not be put where workers find them.

use std::io;
use std::path::PathBuf;

use crate::blend::RewriteError;

/// Why files could not be put where workers find them.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StageError {
    /// A .blend file could not be written with other paths in it.
    #[error(transparent)]
    Rewrite(#[from] RewriteError),
    /// The folder of a copy could not be made.
    #[error("a folder for rewritten .blend files can't be made ({source}); make room, or look at its permissions: {}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}
