// SPDX-License-Identifier: Apache-2.0
//! Why files could not be mended.

use std::io;
use std::path::{Path, PathBuf};

/// Why files could not be brought, copied or looked for. What was made until then is gone again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MendError {
    /// A file could not be copied.
    #[error("{} could not be copied to {} ({source}); make room there or copy it by hand, then try again", from.display(), to.display())]
    Copy {
        /// The file.
        from: PathBuf,
        /// Where it was to go.
        to: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A folder could not be read or made.
    #[error("the folder {} could not be used ({source}); look at its permissions, then try again", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Whoever waited asked for the end.
    #[error("the work on files was ended")]
    Stopped,
}

impl MendError {
    pub(super) fn folder(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Folder { path, source }
    }
}
